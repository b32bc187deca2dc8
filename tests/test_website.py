"""A bucket as a website: index documents, redirects, error documents, and who may look."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.bucket import Bucket
from cdnlab.errors import APIError, OriginError
from cdnlab.messages import Request
from cdnlab.oai import OWNER, Identity

OAI = Identity.oai("E1")
SITE = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "404.html"}}
READ = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*"}
LIST = {"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::site"}
PAGES = {
    "index.html": "home",
    "docs/index.html": "docs",
    "docs/a.html": "a",
    "404.html": "not here",
    "file": "plain",
    "both": "object",
    "both/index.html": "index",
}


def site(config=SITE, *, statements=(READ, LIST), pages=PAGES, region="eu-north-1"):
    made = Bucket("site", region)
    for key, text in pages.items():
        made.put_object(Key=key, Body=text, ContentType="text/html")
    made.delete_public_access_block()
    if statements:
        made.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    if config is not None:
        made.put_bucket_website(WebsiteConfiguration=config)
    return made


def ask(made, path="/", method="GET", headers=(), identity=None, host=None, scheme="http"):
    return made.answer(Request(method, f"{scheme}://{host or made.website_endpoint}{path}", headers), 0.0, identity).response


@pytest.mark.rule("S3-42", "S3-43", "S3-44")
@pytest.mark.parametrize(
    ("path", "status", "body", "location"),
    [
        ("/", 200, b"home", None),
        ("/docs/", 200, b"docs", None),
        ("/docs/a.html", 200, b"a", None),
        ("/docs", 302, None, "/docs/"),
        ("/docs?x=1", 302, None, "/docs/"),
        ("/both", 200, b"object", None),
        ("/both/", 200, b"index", None),
        ("/file/", 404, b"not here", None),
        ("/nothing", 404, b"not here", None),
        ("/nothing/", 404, b"not here", None),
        ("/docs/index.html/", 404, b"not here", None),
        ("//", 404, b"not here", None),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_the_website_answers_to_a_path(path, status, body, location, method):
    response = ask(site(), path, method)
    assert response.status == status
    assert response.headers.get("Location") == location
    if body is not None:
        assert response.body == (b"" if method == "HEAD" else body)
        assert response.headers["Content-Length"] == str(len(body))


@pytest.mark.rule("S3-41")
@pytest.mark.parametrize("identity", [None, OAI, OWNER, Identity.oac("arn:aws:cloudfront::111122223333:distribution/E1")])
def test_it_shows_what_everybody_may_read_whoever_asks(identity):
    oai = {**READ, "Principal": {"AWS": OAI.arn}}
    closed = site(statements=(oai,))
    assert ask(closed, "/", identity=identity).status == 403
    assert ask(site(), "/", identity=identity).status == 200
    without_list = site(statements=(READ,))
    assert ask(without_list, "/nothing", identity=identity).status == 403
    assert ask(without_list, "/docs", identity=identity).status == 302


@pytest.mark.rule("S3-44")
def test_errors_are_html_and_say_when_the_error_document_is_missing_too():
    plain = ask(site({"IndexDocument": {"Suffix": "index.html"}}), "/%3Cno%3E")
    assert plain.status == 404
    assert plain.headers["Content-Type"] == "text/html; charset=utf-8"
    assert plain.headers["x-amz-error-code"] == "NoSuchKey"
    assert b"<h1>404 Not Found</h1>\n<ul>\n<li>Code: NoSuchKey</li>\n<li>Message: The specified key does not exist.</li>\n" in plain.body
    assert b"<li>Key: &lt;no&gt;</li>\n<li>RequestId: " in plain.body
    missing = ask(site({**SITE, "ErrorDocument": {"Key": "gone.html"}}), "/no")
    assert b"An Error Occurred While Attempting to Retrieve a Custom Error Document" in missing.body
    forbidden = ask(site(statements=({**READ, "Resource": "arn:aws:s3:::site/404.html"},)), "/docs/a.html")
    assert (forbidden.status, forbidden.body) == (403, b"not here")
    unreadable = ask(site(), "/%ff")
    assert (unreadable.status, unreadable.headers["Content-Type"]) == (400, "text/html; charset=utf-8")


@pytest.mark.rule("S3-44", "S3-42")
def test_a_page_answers_conditions_and_ranges_and_an_error_document_does_not():
    made = site()
    etag = made.head_object(Key="index.html")["ETag"]
    assert ask(made, "/", headers={"If-None-Match": etag}).status == 304
    assert ask(made, "/", headers={"Range": "bytes=0-1"}).body == b"ho"
    error = ask(made, "/no", headers={"If-None-Match": made.head_object(Key="404.html")["ETag"], "Range": "bytes=0-1"})
    assert (error.status, error.body) == (404, b"not here")
    assert ask(made, "/", headers={"If-Match": '"x"'}).status == 412


@pytest.mark.rule("S3-40")
def test_it_speaks_http_only_and_knows_get_and_head_only():
    made = site()
    request = Request("GET", f"https://{made.website_endpoint}/")
    with pytest.raises(OriginError, match="http-only") as caught:
        made.answer(request, 0.0)
    assert (caught.value.kind, caught.value.status) == ("connect-timeout", 504)
    reply = made.receive(request, 0.0)
    assert (reply.outcome.kind, reply.rule) == ("connect-timeout", "S3-40")
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert ask(made, "/", method).status == 405


@pytest.mark.rule("S3-45")
def test_redirecting_everything():
    made = site({"RedirectAllRequestsTo": {"HostName": "www.example.com", "Protocol": "https"}})
    response = ask(made, "/a%20b?x=1")
    assert (response.status, response.headers["Location"]) == (301, "https://www.example.com/a%20b?x=1")
    assert ask(site({"RedirectAllRequestsTo": {"HostName": "www.example.com"}}), "/").headers["Location"] == "http://www.example.com/"


def routed(*rules):
    return site({**SITE, "RoutingRules": list(rules)})


@pytest.mark.rule("S3-45")
@pytest.mark.parametrize(
    ("rule", "path", "status", "location"),
    [
        (
            {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "new/"}},
            "/old/a%20b",
            301,
            "http://{host}/new/a%20b",
        ),
        (
            {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyWith": "gone.html"}},
            "/old/x/y",
            301,
            "http://{host}/gone.html",
        ),
        ({"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyWith": "gone.html"}}, "/docs/", 200, None),
        (
            {
                "Condition": {"HttpErrorCodeReturnedEquals": "404"},
                "Redirect": {"HostName": "x.example", "ReplaceKeyPrefixWith": "report/", "HttpRedirectCode": "302"},
            },
            "/no.html",
            302,
            "http://x.example/report/no.html",
        ),
        ({"Condition": {"HttpErrorCodeReturnedEquals": 403}, "Redirect": {"HostName": "x.example"}}, "/no.html", 404, None),
        (
            {"Condition": {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "a"}, "Redirect": {"HostName": "x.example"}},
            "/no",
            404,
            None,
        ),
        ({"Redirect": {"Protocol": "https"}}, "/docs/", 301, "https://{host}/docs/"),
    ],
)
def test_routing_rules(rule, path, status, location):
    made = routed(rule)
    response = ask(made, path)
    assert response.status == status
    assert response.headers.get("Location") == (location and location.replace("{host}", made.website_endpoint))


@pytest.mark.rule("S3-45")
def test_an_object_can_redirect_at_the_website_but_not_at_the_rest_endpoint():
    made = site()
    made.put_object(Key="page1.html", Body="old", WebsiteRedirectLocation="/page2.html")
    response = ask(made, "/page1.html")
    assert (response.status, response.headers["Location"]) == (301, "/page2.html")
    rest = ask(made, "/page1.html", host=made.endpoint, scheme="https")
    assert (rest.status, rest.body, rest.headers["x-amz-website-redirect-location"]) == (200, b"old", "/page2.html")


@pytest.mark.rule("S3-20")
def test_a_foreign_host_header_means_another_website():
    response = ask(site(), "/", headers={"Host": "www.example.com"})
    assert (response.status, response.headers["x-amz-error-code"]) == (404, "NoSuchBucket")


@pytest.mark.rule("S3-46")
def test_a_bucket_that_is_no_website_says_so():
    made = site(None)
    response = ask(made)
    assert response.status == 404
    assert b"<li>Code: NoSuchWebsiteConfiguration</li>" in response.body
    with pytest.raises(APIError, match="NoSuchWebsiteConfiguration"):
        made.get_bucket_website()
    made.put_bucket_website(WebsiteConfiguration=SITE)
    config = made.get_bucket_website()
    assert {name: config[name] for name in SITE} == SITE
    made.delete_bucket_website()
    assert ask(made).status == 404


@pytest.mark.rule("S3-47")
@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("us-east-1", "site.s3-website-us-east-1.amazonaws.com"),
        ("eu-west-1", "site.s3-website-eu-west-1.amazonaws.com"),
        ("ap-northeast-1", "site.s3-website-ap-northeast-1.amazonaws.com"),
        ("us-gov-west-1", "site.s3-website-us-gov-west-1.amazonaws.com"),
        ("us-east-2", "site.s3-website.us-east-2.amazonaws.com"),
        ("eu-north-1", "site.s3-website.eu-north-1.amazonaws.com"),
        ("ap-northeast-2", "site.s3-website.ap-northeast-2.amazonaws.com"),
        ("cn-north-1", "site.s3-website.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_the_website_endpoints_name_has_a_dash_in_old_regions(region, endpoint):
    made = site(region=region, statements=())
    made.put_bucket_policy(Policy=json.dumps({"Statement": [READ]}).replace("arn:aws:", f"arn:{made.partition}:"))
    assert made.website_endpoint == endpoint
    assert [ask(made, host=host).status for host in made.website_hosts] == [200, 200]
    assert set(made.website_hosts) <= set(made.hosts)


@pytest.mark.rule("S3-45")
@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "IndexDocument"),
        ([], "mapping"),
        ({"IndexDocument": {"Suffix": ""}}, "IndexDocument.Suffix"),
        ({"IndexDocument": {"Suffix": "a/b"}}, "not well formed"),
        ({"IndexDocument": {"Suffix": "i"}, "ErrorDoc": {}}, "ErrorDoc"),
        ({"IndexDocument": {"Suffix": "i"}, "ErrorDocument": {"Key": 1}}, "ErrorDocument.Key"),
        ({"RedirectAllRequestsTo": {"HostName": "x"}, "IndexDocument": {"Suffix": "i"}}, "stands alone"),
        ({"RedirectAllRequestsTo": {"HostName": "x", "Protocol": "ftp"}}, "http or https"),
        ({"RedirectAllRequestsTo": {"HostName": "a\nb"}}, "host name"),
        ({**SITE, "RoutingRules": [{"Redirect": {"HostName": "a b"}}]}, "host name"),
        ({**SITE, "RoutingRules": [{"Redirect": {"ReplaceKeyWith": "\ud800"}}]}, "Unicode"),
        ({**SITE, "RoutingRules": {}}, "at most 50"),
        ({**SITE, "RoutingRules": [{"Redirect": {}}]}, r"RoutingRules\[0\].Redirect"),
        ({**SITE, "RoutingRules": [{"Redirect": {"HostName": "x"}, "Condition": {}}]}, "KeyPrefixEquals"),
        ({**SITE, "RoutingRules": [{"Redirect": {"ReplaceKeyWith": "x", "ReplaceKeyPrefixWith": "y"}}]}, "not both"),
        ({**SITE, "RoutingRules": [{"Redirect": {"HttpRedirectCode": "200"}}]}, "301 to 308"),
        ({**SITE, "RoutingRules": [{"Redirect": {"Protocol": "x"}}]}, "http or https"),
        ({**SITE, "RoutingRules": [{"Redirect": {"HostName": "x"}, "Condition": {"HttpErrorCodeReturnedEquals": "200"}}]}, "error status"),
    ],
)
def test_a_configuration_that_s3_would_refuse_is_refused(config, says):
    with pytest.raises(APIError, match=says):
        site(config)


@pytest.mark.rule("S3-41")
@given(st.text(max_size=20), st.sampled_from(["GET", "HEAD", "POST", "X"]))
def test_a_closed_website_never_shows_a_page(path, method):
    from urllib.parse import quote

    made = site(statements=())
    for each in (f"/{quote(path, errors='replace')}", "/", "/docs/"):
        response = ask(made, each, method)
        assert 400 <= response.status < 500
        assert not any(text.encode() + b"\n" in response.body or response.body == text.encode() for text in PAGES.values())
