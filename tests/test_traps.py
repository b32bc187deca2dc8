"""The traps: what people get wrong about CloudFront, each as given, when, then, asked through the public face.

Traps that a module's own tests prove stand there (path patterns, policies, validation); here are those that need the
whole way from a viewer to an origin and back.
"""

import json

import pytest
from labs import ALL_METHODS, ALL_VIEWER, Lab, behaviour, custom_origin, legacy, listed

from cdnlab.bucket import Bucket
from cdnlab.messages import Response


def s3_lab(region="eu-north-1", policy=True, default=None, **objects):
    """A lab over a public bucket."""
    bucket = Bucket("photos", region=region)
    origin = {"Id": "s3", "DomainName": f"photos.s3.{region}.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    lab = Lab(origins=[origin], default=default or behaviour("s3"))
    lab.cdn.connect(bucket)
    if policy:
        bucket.delete_public_access_block()
        statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}
        bucket.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    for key, body in objects.items():
        bucket.put_object(Key=key, Body=body)
    lab.bucket = bucket
    return lab


def caching(control, body=b"hello", **more):
    """A handler that sends one Cache-Control."""
    return lambda request: Response(200, {"Cache-Control": control, **more}, body)


# path and tiers


def test_01_an_object_fetched_by_one_edge_is_found_by_its_neighbour_in_the_regional_cache():
    lab = Lab()
    lab.get(viewer="Auckland")
    second = lab.get(viewer="Brisbane")
    assert (second.result, len(lab.asked)) == ("Miss", 1)
    assert lab.get(viewer="Brisbane").result == "Hit"


def test_02_a_post_goes_from_the_edge_to_the_origin_and_nothing_is_stored():
    lab = Lab(default=behaviour(AllowedMethods=ALL_METHODS))
    journey = lab.request("POST", "/a", (), b"data")
    assert lab.asked[0].body == b"data"
    assert not any(leg.end.kind == "regional" for leg in journey.legs)
    assert not lab.cdn.copies()


def test_03_options_listed_in_cached_methods_is_cached_apart_from_get():
    lab = Lab(default=behaviour(AllowedMethods={**ALL_METHODS, "CachedMethods": listed(["GET", "HEAD", "OPTIONS"])}))
    assert [lab.request("OPTIONS").result, lab.request("OPTIONS").result, lab.get().result] == ["Miss", "Hit", "Miss"]


@pytest.mark.rule("PATH-08")
def test_04_a_bucket_in_the_region_of_the_regional_cache_is_asked_by_the_edge_itself():
    lab = s3_lab("us-east-1", **{"a.jpg": b"x"})
    journey = lab.get("/a.jpg", viewer="New York City")
    assert journey.response.status == 200
    assert [leg.end.kind for leg in journey.legs] == ["edge", "origin", "edge", "viewer"]
    far = lab.get("/a.jpg", viewer="Auckland")
    assert "regional" in [leg.end.kind for leg in far.legs]


def test_05_a_year_of_max_age_is_no_promise_when_the_edge_is_full():
    from labs import config

    from cdnlab.cloudfront import CloudFront

    lab = Lab(caching("max-age=31536000", b"x" * 1000))
    small = CloudFront(edge_bytes=3000)
    small.connect(lab.server)
    host = small.create_distribution(DistributionConfig=config())["Distribution"]["DomainName"]
    for path in ("/a", "/b", "/c", "/a"):
        last = small.get(f"https://{host}{path}")
    assert (last.result, len(lab.asked)) == ("Miss", 3)


def test_06_ten_simultaneous_requests_for_one_key_are_one_miss_and_nine_hits():
    lab = Lab()
    lab.server.seconds = 2
    journeys = lab.cdn.play([(0.01 * n, "GET", lab.url()) for n in range(10)])
    assert [journey.log["x-edge-result-type"] for journey in journeys] == ["Miss"] + ["Hit"] * 9
    assert len(lab.asked) == 1


def test_07_with_cookies_forwarded_even_by_an_origin_request_policy_only_the_origin_sees_all_ten():
    lab = Lab(default=behaviour(OriginRequestPolicyId=ALL_VIEWER))
    lab.cdn.play([(0, "GET", lab.url())] * 10)
    assert len(lab.asked) == 10


def test_08_with_no_store_and_min_ttl_zero_the_origin_sees_all_ten_and_nothing_is_reused():
    lab = Lab(caching("no-store"), default=behaviour(cache=legacy()))
    journeys = lab.cdn.play([(0, "GET", lab.url())] * 10)
    assert len(lab.asked) == 10
    assert {journey.result for journey in journeys} == {"Miss"}
    assert lab.get().result == "Miss"


def test_09_with_price_class_100_a_viewer_in_india_is_served_from_north_america_europe_or_israel():
    from cdnlab.geography import edge

    journey = Lab(PriceClass="PriceClass_100").get(viewer="Delhi")
    assert journey.response.status == 200
    assert edge(journey.edge).price_region in ("US", "EU")


# routing


def test_12_the_pattern_sees_the_normalised_path_and_the_origin_the_raw_one():
    behaviours = [
        {"PathPattern": pattern, **behaviour(ViewerProtocolPolicy=policy)}
        for pattern, policy in (("/a/b*", "https-only"), ("/a*", "allow-all"))
    ]
    lab = Lab(behaviours=behaviours)
    journey = lab.request("GET", "/a/b/..?c=1", scheme="http")
    assert journey.response.status == 200
    assert lab.asked[0].path == "/a/b/.."


def test_14_the_default_root_object_is_for_the_root_only():
    lab = s3_lab(**{"index.html": b"home", "docs/index.html": b"docs"})
    lab.cdn.update_distribution(
        Id=lab.id,
        IfMatch=lab.etag,
        DistributionConfig={**lab.cdn.get_distribution_config(Id=lab.id)["DistributionConfig"], "DefaultRootObject": "index.html"},
    )
    assert lab.get("/").response.body == b"home"
    assert lab.get("/docs/").response.status in (403, 404)


def test_15_the_origin_path_is_put_before_the_path_and_known_to_the_origin_only():
    lab = Lab(origins=[custom_origin(OriginPath="/production")])
    journey = lab.get("/a")
    assert lab.asked[0].path == "/production/a"
    assert journey.log["cs-uri-stem"] == "/a"
    assert {held.path for held in lab.cdn.copies()} == {"/a"}
    lab.cdn.create_invalidation(DistributionId=lab.id, InvalidationBatch={"CallerReference": "1", "Paths": listed(["/a"])})
    assert not lab.cdn.copies()


def test_19_a_name_in_dns_that_is_no_alias_gets_403():
    assert Lab().get(headers={"Host": "www.example.org"}).response.status == 403


def test_22_changing_the_origin_does_not_purge_what_is_cached():
    lab = Lab()
    lab.get()
    the_config = lab.cdn.get_distribution_config(Id=lab.id)["DistributionConfig"]
    the_config["Origins"]["Items"][0]["DomainName"] = "new.example.com"
    lab.cdn.update_distribution(Id=lab.id, IfMatch=lab.etag, DistributionConfig=the_config)
    assert lab.get().response.body == b"hello"
    lab.clock.advance(61)
    assert lab.get("/other").response.status == 502


# cache key


def test_23_without_query_strings_in_the_key_the_second_version_is_a_hit_with_the_firsts_body():
    lab = Lab(lambda request: Response(200, {}, request.target.encode()))
    first, second = lab.get("/a?v=1"), lab.get("/a?v=2")
    assert (second.result, second.response.body) == ("Hit", first.response.body) == ("Hit", b"/a")


def test_24_with_all_query_strings_in_the_key_their_order_matters():
    lab = Lab(default=behaviour(cache=legacy(QueryString=True)))
    lab.get("/a?a=1&b=2")
    lab.get("/a?b=2&a=1")
    assert len(lab.asked) == 2


def test_25_legacy_query_string_keys_send_all_and_key_on_the_listed():
    lab = Lab(default=behaviour(cache=legacy(QueryString=True, QueryStringCacheKeys=listed(["color"]))))
    lab.get("/a?color=red&size=1")
    assert lab.asked[0].query == "color=red&size=1"
    assert lab.get("/a?color=red&size=2").result == "Hit"


def test_26_a_key_headers_name_ignores_case_and_its_value_does_not():
    lab = Lab(default=behaviour(cache=legacy(Headers=listed(["Product"]))))
    results = [lab.get(headers={name: value}).result for name, value in (("Product", "Acme"), ("product", "Acme"), ("product", "acme"))]
    assert results == ["Miss", "Hit", "Miss"]


def test_27_http_and_https_viewers_share_one_copy_even_with_match_viewer():
    origin = custom_origin()
    origin["CustomOriginConfig"]["OriginProtocolPolicy"] = "match-viewer"
    lab = Lab(origins=[origin])
    lab.request("GET", scheme="http")
    assert lab.get().result == "Hit"
    assert [request.scheme for request in lab.asked] == ["http"]


def test_28_accept_encoding_is_normalised_before_it_makes_a_key():
    lab = Lab()
    same = ["gzip, deflate, br", "br;q=1.0, gzip;q=0.8, *;q=0.1"]
    assert [lab.get(headers={"Accept-Encoding": value}).result for value in same] == ["Miss", "Hit"]
    assert lab.asked[0].headers["Accept-Encoding"] == "br,gzip"
    lab.get(headers={"Accept-Encoding": "deflate"})
    assert lab.asked[1].headers["Accept-Encoding"] == "identity"
    lab.get("/b")
    assert "Accept-Encoding" not in lab.asked[2].headers


def test_29_vary_on_what_is_not_in_the_key_is_removed_and_selects_nothing():
    lab = Lab(lambda request: Response(200, {"Vary": "User-Agent"}, b"x"))
    first = lab.get(headers={"User-Agent": "a"})
    second = lab.get(headers={"User-Agent": "b"})
    assert (second.result, "Vary" in first.response.headers, "Vary" in second.response.headers) == ("Hit", False, False)


def test_31_a_cached_set_cookie_is_replayed_to_the_next_viewer():
    lab = Lab(
        lambda request: Response(200, {"Set-Cookie": "session=1", "Cache-Control": "max-age=60"}, b"x"),
        default=behaviour(cache=legacy(Cookies={"Forward": "all"})),
    )
    lab.get()
    hit = lab.get()
    assert (hit.result, hit.response.headers["Set-Cookie"]) == ("Hit", "session=1")


# freshness


def test_32_caching_optimized_keeps_no_store_for_one_second():
    lab = Lab(caching("no-store"))
    lab.get()
    assert lab.get().result == "Hit"
    lab.clock.advance(1)
    assert lab.get().result != "Hit"


@pytest.mark.parametrize(("control", "kept"), [("max-age=10", 60), ("max-age=86400", 3600), ("max-age=10, s-maxage=600", 600)])
def test_33_the_lifetime_is_clamped_and_the_header_travels_on(control, kept):
    lab = Lab(caching(control), default=behaviour(cache=legacy(60, 600, 3600)))
    first = lab.get()
    assert first.response.headers["Cache-Control"] == control
    lab.clock.advance(kept - 2)
    assert lab.get().result == "Hit"
    lab.clock.advance(2)
    assert lab.get().result == "Miss"


def test_36_a_viewers_no_cache_does_not_force_a_refresh():
    lab = Lab()
    lab.get()
    assert lab.get(headers={"Cache-Control": "no-cache", "Pragma": "no-cache"}).result == "Hit"
    assert len(lab.asked) == 1


def test_37_expiry_is_a_question_and_a_304_restarts_the_lifetime():
    lab = s3_lab(**{"a.jpg": b"cat"}, default=behaviour("s3", cache=legacy(0, 60, 60)))
    lab.get("/a.jpg")
    lab.clock.advance(61)
    asked = lab.get("/a.jpg")
    assert (asked.result, asked.response.body) == ("RefreshHit", b"cat")
    assert "If-None-Match" in asked.origin_requests[0].headers
    lab.clock.advance(30)
    assert lab.get("/a.jpg").result == "Hit"


@pytest.mark.parametrize(("control", "status"), [("max-age=60", 200), ("max-age=60, stale-if-error=0", 503)])
def test_38_an_expired_copy_stands_in_for_a_503_and_the_origin_is_left_alone_for_ten_seconds(control, status):
    lab = Lab(caching(control))
    lab.get()
    lab.server.fault = 503
    lab.clock.advance(61)
    assert lab.get().response.status == status
    again = lab.get()
    assert (again.response.status, again.origin_requests) == (status, ())


def test_39_a_404_from_the_origin_goes_to_the_viewer_although_an_old_copy_is_there():
    lab = Lab()
    lab.get()
    lab.server.fault = 404
    lab.clock.advance(61)
    assert lab.get().response.status == 404


def test_40_inside_stale_while_revalidate_two_viewers_get_the_old_body_and_the_origin_one_request():
    lab = Lab(caching("max-age=10, stale-while-revalidate=60"))
    lab.get()
    lab.clock.advance(15)
    pair = lab.cdn.play([(0, "GET", lab.url())] * 2)
    assert [journey.response.body for journey in pair] == [b"hello"] * 2
    assert all(journey.latency_ms < 50 for journey in pair)
    lab.clock.advance(1)
    assert len(lab.asked) == 2
    lab.clock.advance(200)
    assert lab.get().latency_ms > 50


def test_41_stale_while_revalidate_is_bounded_by_the_max_ttl():
    lab = Lab(caching("max-age=10, stale-while-revalidate=600"), default=behaviour(cache=legacy(0, 30, 30)))
    lab.get()
    lab.clock.advance(35)
    assert not lab.get().origin_requests
    lab.clock.advance(100)
    assert lab.get().origin_requests


@pytest.mark.parametrize(
    ("status", "control", "seconds"),
    [
        (404, "", 10),
        (403, "", 0),
        (403, "max-age=60", 60),
        (404, "max-age=3", 10),
        (404, "no-store", 0),
        (500, "no-store", 10),
        (416, "max-age=60", 0),
        (410, "", 10),
        (502, "max-age=30", 30),
    ],
)
def test_42_errors_are_cached_by_their_own_table(status, control, seconds):
    lab = Lab(lambda request: Response(status, {"Cache-Control": control} if control else {}, b"no"))
    lab.get()
    if seconds:
        lab.clock.advance(seconds - 1)
        lab.get()
        assert len(lab.asked) == 1
        lab.clock.advance(1.5)
    lab.get()
    assert len(lab.asked) == 2


def test_43_an_s3_error_is_cached_for_a_second_even_with_error_caching_min_ttl_zero():
    lab = s3_lab(default=behaviour("s3"))
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": ["arn:aws:s3:::photos/*", "arn:aws:s3:::photos"],
            }
        ],
    }
    lab.bucket.put_bucket_policy(Policy=json.dumps(policy))
    the_config = lab.cdn.get_distribution_config(Id=lab.id)["DistributionConfig"]
    the_config["CustomErrorResponses"] = listed([{"ErrorCode": 404, "ErrorCachingMinTTL": 0}])
    lab.cdn.update_distribution(Id=lab.id, IfMatch=lab.etag, DistributionConfig=the_config)
    assert lab.get("/none.jpg").response.status == 404
    assert not lab.get("/none.jpg").origin_requests
    lab.clock.advance(1)
    assert lab.get("/none.jpg").origin_requests


@pytest.mark.parametrize(
    ("status", "headers", "cached"),
    [(307, {}, False), (307, {"Cache-Control": "max-age=60"}, True), (301, {}, True), (302, {}, True), (308, {}, False)],
)
def test_45_redirects_are_cached_and_never_followed(status, headers, cached):
    lab = Lab(lambda request: Response(status, {"Location": "https://elsewhere.example/", **headers}))
    assert lab.get().response.headers["Location"] == "https://elsewhere.example/"
    assert (lab.get().result == "Hit") is cached


def test_46_ranges_that_do_not_ascend_get_the_whole_body():
    lab = Lab(caching("max-age=60", bytes(500)))
    lab.get()
    assert lab.get(headers={"Range": "bytes=300-400,100-200"}).response.status == 200
    assert lab.get(headers={"Range": "bytes=100-200"}).response.status == 206


def test_46_a_chunked_origin_gets_no_partial_answers():
    lab = Lab(lambda request: Response(200, {"Transfer-Encoding": "chunked"}, bytes(500)))
    lab.get()
    assert lab.get(headers={"Range": "bytes=100-200"}).response.status == 200


def test_48_vary_star_with_min_ttl_zero_asks_each_time_and_in_full():
    lab = Lab(caching("max-age=60", **{"Vary": "*", "ETag": '"1"'}), default=behaviour(cache=legacy()))
    lab.get()
    again = lab.get()
    assert (again.result, "If-None-Match" in again.origin_requests[0].headers) == ("Miss", False)


# access to the origin


def test_63_an_identity_beside_a_public_statement_closes_nothing():
    from cdnlab.messages import Request

    lab = s3_lab(**{"a.jpg": b"x"})
    direct = lab.bucket.receive(Request("GET", "https://photos.s3.eu-north-1.amazonaws.com/a.jpg"), lab.clock.now())
    assert direct.outcome.status == 200


def test_64_who_may_not_list_gets_403_for_a_missing_key_and_that_403_is_not_remembered():
    lab = s3_lab()
    assert lab.get("/missing").response.status == 403
    assert lab.get("/missing").origin_requests


def oac_lab(source_arn=None, behavior="always"):
    """A lab over a private bucket that trusts CloudFront for one distribution."""
    bucket = Bucket("photos", region="eu-north-1")
    lab = Lab(default=behaviour())
    lab.cdn.connect(bucket)
    bucket.put_object(Key="a.jpg", Body=b"x")
    access = {"Name": "n", "SigningProtocol": "sigv4", "SigningBehavior": behavior, "OriginAccessControlOriginType": "s3"}
    oac = lab.cdn.create_origin_access_control(OriginAccessControlConfig=access)["OriginAccessControl"]["Id"]
    origin = {
        "Id": "www",
        "DomainName": "photos.s3.eu-north-1.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "OriginAccessControlId": oac,
    }
    lab.cdn.update_distribution(
        Id=lab.id,
        IfMatch=lab.etag,
        DistributionConfig={**lab.cdn.get_distribution_config(Id=lab.id)["DistributionConfig"], "Origins": listed([origin])},
    )
    arn = source_arn or lab.cdn.get_distribution(Id=lab.id)["Distribution"]["ARN"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::photos/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": arn}},
    }
    bucket.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return lab


@pytest.mark.parametrize(
    ("behavior", "headers", "status"),
    [("always", {}, 200), ("always", {"Authorization": "mine"}, 200), ("no-override", {}, 200), ("never", {}, 403)],
)
def test_67_cloudfront_signs_for_an_oac_as_its_signing_behavior_says(behavior, headers, status):
    assert oac_lab(behavior=behavior).get("/a.jpg", headers=headers).response.status == status


def test_67_no_override_signs_although_the_viewer_sent_an_authorization_that_was_removed():
    assert oac_lab(behavior="no-override").get("/a.jpg", headers={"Authorization": "mine"}).response.status == 200


def test_68_an_oac_policy_with_another_distributions_arn_refuses():
    lab = oac_lab("arn:aws:cloudfront::111122223333:distribution/E111111111111")
    journey = lab.get("/a.jpg")
    assert (journey.response.status, b"AccessDenied" in journey.response.body) == (403, True)


# headers, failover, invalidation


def test_71_a_star_in_the_middle_of_an_invalidation_path_is_a_literal():
    lab = Lab()
    lab.get("/images/a.jpg")
    lab.get("/images/*.jpg")
    lab.cdn.create_invalidation(DistributionId=lab.id, InvalidationBatch={"CallerReference": "1", "Paths": listed(["/images/*.jpg"])})
    assert {held.path for held in lab.cdn.copies()} == {"/images/a.jpg"}


def test_72_query_strings_in_the_key_must_be_invalidated_too():
    lab = Lab(default=behaviour(cache=legacy(QueryString=True)))
    for path in ("/a.jpg", "/a.jpg?v=1", "/a.jpgx"):
        lab.get(path)

    def invalidate(path):
        lab.cdn.create_invalidation(DistributionId=lab.id, InvalidationBatch={"CallerReference": path, "Paths": listed([path])})
        return sorted({(held.path, held.key.query) for held in lab.cdn.copies()}, key=str)

    assert len(lab.cdn.preview_invalidation(lab.id, "/a.jpg")) == 2
    assert invalidate("/a.jpg") == [("/a.jpg", "v=1"), ("/a.jpgx", None)]
    assert invalidate("/a.jpg*") == []


def test_73_an_invalidation_reaches_every_edge_and_every_regional_cache():
    lab = Lab()
    for city in ("Auckland", "Brisbane", "Lisbon"):
        lab.get(viewer=city)
    lab.cdn.create_invalidation(DistributionId=lab.id, InvalidationBatch={"CallerReference": "1", "Paths": listed(["/*"])})
    assert lab.get(viewer="Brisbane").origin_requests


def test_73_an_invalidation_removes_a_remembered_error():
    lab = Lab(lambda request: Response(404))
    lab.get()
    lab.cdn.create_invalidation(DistributionId=lab.id, InvalidationBatch={"CallerReference": "1", "Paths": listed(["/a"])})
    lab.answer = caching("max-age=60")
    assert lab.get().response.status == 200


def test_76_a_dead_primary_delays_failover_by_all_its_attempts():
    from cdnlab.webserver import WebServer

    group = {
        "Id": "both",
        "FailoverCriteria": {"StatusCodes": listed([503])},
        "Members": listed([{"OriginId": "www"}, {"OriginId": "spare"}]),
    }
    lab = Lab(
        default=behaviour("both"), origins=[custom_origin(), custom_origin("spare", "spare.example.com")], OriginGroups=listed([group])
    )
    lab.cdn.connect(WebServer("spare.example.com", lambda request: Response(200, {}, b"spare")))
    lab.server.fault = "hangs"
    journey = lab.get()
    assert journey.response.body == b"spare"
    assert 30_000 < journey.latency_ms < 31_000
    lab.server.fault = "silent"
    assert 90_000 < lab.get("/b").latency_ms < 91_000


def test_80_x_forwarded_for_is_appended_to():
    lab = Lab()
    journey = lab.get(headers={"X-Forwarded-For": "1.1.1.1"})
    assert lab.asked[0].headers["X-Forwarded-For"] == f"1.1.1.1,{journey.viewer_ip}"


def test_81_a_custom_header_of_the_origin_overwrites_the_viewers():
    lab = Lab(origins=[custom_origin(CustomHeaders=listed([{"HeaderName": "X-Secret", "HeaderValue": "right"}]))])
    lab.get(headers={"X-Secret": "wrong"})
    assert lab.asked[0].headers.getall("X-Secret") == ["right"]


def test_82_the_origin_sees_amazon_cloudfront_as_the_user_agent():
    lab = Lab()
    lab.get(headers={"User-Agent": "curl/8.0"})
    assert lab.asked[0].headers["User-Agent"] == "Amazon CloudFront"


@pytest.mark.parametrize(("size", "coding"), [(999, None), (1000, "gzip")])
def test_83_from_a_thousand_bytes_on_an_answer_is_compressed_and_its_etag_weakened(size, coding):
    lab = Lab(lambda request: Response(200, {"Content-Type": "text/css", "ETag": '"e"'}, b"a" * size), default=behaviour(Compress=True))
    headers = lab.get(headers={"Accept-Encoding": "gzip"}).response.headers
    assert (headers.get("Content-Encoding"), headers["ETag"]) == (coding, 'W/"e"' if coding else '"e"')
