"""Buckets behind CloudFront: both endpoints, OriginPath, faults, and the first day of a new bucket."""

import json

import pytest
from labs import behaviour, config, custom_origin, rules_of

from cdnlab import Bucket, CloudFront
from cdnlab.faults import FAULTS


def s3_origin(bucket, host=None, **more):
    """An S3 origin without an identity: its REST endpoint."""
    return {"Id": "www", "DomainName": host or bucket.endpoint, "S3OriginConfig": {"OriginAccessIdentity": ""}, **more}


def website_origin(bucket, protocol="http-only", **more):
    """The bucket's website endpoint: a custom origin."""
    origin = custom_origin("www", bucket.website_hosts[0], **more)
    origin["CustomOriginConfig"]["OriginProtocolPolicy"] = protocol
    return origin


def site(*, listing=True, region="eu-north-1", **more):
    """A CloudFront and a bucket that everybody may read (and list), with a small website in it."""
    cdn, bucket = CloudFront(), Bucket("site", region=region, **more)
    cdn.connect(bucket)
    bucket.delete_public_access_block()
    allowed = [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*"}]
    if listing:
        allowed.append({"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::site"})
    bucket.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": allowed}))
    bucket.put_bucket_website(WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "sorry.html"}})
    for key in ("index.html", "docs/index.html", "sorry.html", "v2/index.html", "v2/docs/index.html"):
        bucket.put_object(Key=key, Body=key, ContentType="text/html", CacheControl="max-age=60")
    return cdn, bucket


def behind(cdn, origin, **more):
    """The host of a distribution over one origin."""
    made = cdn.create_distribution(DistributionConfig=config(behaviour("www"), (), [origin], reference=str(origin), **more))
    return made["Distribution"]["DomainName"]


@pytest.mark.rule("S3-42", "S3-43", "S3-44")
@pytest.mark.parametrize(
    ("path", "rest", "website"),
    [
        ("/index.html", (200, b"index.html"), (200, b"index.html")),
        ("/", (200, b"<?xml"), (200, b"index.html")),
        ("/docs/", (404, b"<?xml"), (200, b"docs/index.html")),
        ("/docs", (404, b"<?xml"), (302, b"<html>")),
        ("/nothing", (404, b"<?xml"), (404, b"sorry.html")),
    ],
)
def test_the_two_endpoints_of_one_bucket_answer_differently_through_cloudfront(path, rest, website):
    cdn, bucket = site()
    for origin, (status, body) in ((s3_origin(bucket), rest), (website_origin(bucket), website)):
        response = cdn.get(f"https://{behind(cdn, origin)}{path}").response
        assert (response.status, response.body[: len(body)]) == (status, body)


def test_a_websites_redirect_is_passed_on_and_leads_through_cloudfront():
    cdn, bucket = site()
    host = behind(cdn, website_origin(bucket))
    moved = cdn.get(f"https://{host}/docs").response
    assert moved.headers["Location"] == "/docs/"
    assert cdn.get(f"https://{host}{moved.headers['Location']}").response.body == b"docs/index.html"


def test_an_error_document_carries_its_own_lifetime_into_the_caches():
    cdn, bucket = site()
    host = behind(cdn, website_origin(bucket))
    assert cdn.get(f"https://{host}/nothing").response.status == 404
    cdn.clock.advance(50)  # longer than ErrorCachingMinTTL: the document's max-age=60 counts
    assert cdn.get(f"https://{host}/nothing").origin_requests == ()


@pytest.mark.rule("S3-40")
@pytest.mark.parametrize(
    ("protocol", "scheme", "status"), [("https-only", "http", 504), ("match-viewer", "https", 504), ("match-viewer", "http", 200)]
)
def test_a_website_endpoint_asked_by_https_is_a_504(protocol, scheme, status):
    cdn, bucket = site()
    journey = cdn.get(f"{scheme}://{behind(cdn, website_origin(bucket, protocol))}/")
    assert journey.response.status == status


@pytest.mark.rule("S3-41")
def test_a_website_endpoint_shows_a_private_bucket_to_nobody():
    cdn, bucket = site()
    bucket.delete_bucket_policy()
    assert cdn.get(f"https://{behind(cdn, website_origin(bucket))}/").response.status == 403


@pytest.mark.parametrize("endpoint", [s3_origin, website_origin])
def test_origin_path_is_a_folder_of_the_bucket(endpoint):
    cdn, bucket = site()
    host = behind(cdn, endpoint(bucket, OriginPath="/v2"), DefaultRootObject="index.html")
    journey = cdn.get(f"https://{host}/docs/index.html")
    assert (journey.response.body, journey.origin_requests[0].path) == (b"v2/docs/index.html", "/v2/docs/index.html")
    assert cdn.get(f"https://{host}/").response.body == b"v2/index.html"
    assert {held.path for held in cdn.copies()} == {"/docs/index.html", "/index.html"}


def test_a_website_behind_an_origin_path_redirects_to_a_path_that_names_the_folder_twice():
    cdn, bucket = site()
    host = behind(cdn, website_origin(bucket, OriginPath="/v2"))
    assert cdn.get(f"https://{host}/docs").response.headers["Location"] == "/v2/docs/"  # the bucket knows nothing of OriginPath


@pytest.mark.rule("S3-11")
def test_without_the_right_to_list_a_missing_key_is_403_at_both_endpoints():
    cdn, bucket = site(listing=False)
    for origin in (s3_origin(bucket), website_origin(bucket)):
        assert cdn.get(f"https://{behind(cdn, origin)}/nothing").response.status == 403


@pytest.mark.rule("ORIGIN-08", "STALE-03")
@pytest.mark.parametrize("endpoint", [s3_origin, website_origin])
@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in ("cuts", "bad certificate")] + [503])
def test_a_broken_bucket_is_stood_in_for_by_the_old_copy(endpoint, fault):
    cdn, bucket = site()
    host = behind(cdn, endpoint(bucket))
    cdn.get(f"https://{host}/index.html")
    bucket.fault = fault
    cdn.clock.advance(61)
    old = cdn.get(f"https://{host}/index.html")
    assert (old.response.status, old.response.body) == (200, b"index.html")
    assert "STALE-03" in rules_of(old)
    assert cdn.get(f"https://{host}/docs/index.html").response.status in (502, 503, 504)
    bucket.fault = None
    cdn.clock.advance(11)
    assert cdn.get(f"https://{host}/docs/index.html").response.status == 200


@pytest.mark.rule("S3-22", "TTL-12")
def test_the_global_name_of_a_new_bucket_redirects_viewers_past_cloudfront_for_a_day():
    cdn, bucket = site(region="eu-west-1", created="2026-01-01T00:00:00Z")
    host = behind(cdn, s3_origin(bucket, "site.s3.amazonaws.com"))
    for _ in range(2):
        sent_away = cdn.get(f"https://{host}/index.html")
        assert sent_away.response.status == 307
        assert sent_away.response.headers["Location"] == "https://site.s3.eu-west-1.amazonaws.com/index.html"
        assert len(sent_away.origin_requests) == 1  # a 307 without Cache-Control is not cached
    regional = behind(cdn, s3_origin(bucket))
    assert cdn.get(f"https://{regional}/index.html").response.status == 200
    cdn.clock.advance(86_400)
    assert cdn.get(f"https://{host}/index.html").response.status == 200
