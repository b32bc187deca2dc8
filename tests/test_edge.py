"""The edge's own decisions: its list of checks, the default root object, error pages, and CloudFront's words for a result."""

import pytest
from labs import ALL_METHODS, DISABLED, Lab, behaviour, legacy, listed, rules_of

from cdnlab import edge
from cdnlab.geography import Viewer
from cdnlab.messages import Response


@pytest.mark.rule("CHECK-01")
def test_the_checks_stand_in_one_list_in_the_order_the_ledger_names():
    assert [check.__name__ for check in edge.CHECKS] == [
        "check_limits",
        "check_body",
        "check_enabled",
        "check_country",
        "check_protocol",
        "check_method",
        "check_signature",
    ]


@pytest.mark.rule("CHECK-02")
def test_a_url_of_8192_bytes_is_served_and_one_more_gets_414():
    lab = Lab()
    room = 8192 - len(lab.url("/"))
    assert lab.get("/" + "a" * room).response.status == 200
    too_long = lab.get("/" + "a" * (room + 1))
    assert (too_long.response.status, too_long.result) == (414, "Error")
    assert len(lab.asked) == 1


@pytest.mark.rule("CHECK-02")
def test_headers_over_the_limit_get_494():
    assert Lab().get(headers={"X-Big": "a" * 32768}).response.status == 494
    assert Lab().get(headers={"X-Big": "a" * 32000}).response.status == 200


@pytest.mark.rule("CHECK-03")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_get_with_a_body_gets_403(method):
    lab = Lab()
    assert lab.request(method, body=b"x").response.status == 403
    assert not lab.asked


@pytest.mark.rule("CHECK-04")
def test_a_host_that_is_no_alias_gets_403():
    lab = Lab()
    journey = lab.get(headers={"Host": "shop.example.com"})
    assert (journey.response.status, journey.result) == (403, "Error")
    assert b"could not be satisfied" in journey.response.body
    assert not lab.asked


@pytest.mark.rule("CHECK-05")
def test_a_disabled_distribution_serves_nobody():
    lab = Lab(Enabled=False)
    assert lab.get().response.status == 403


@pytest.mark.rule("CHECK-06")
@pytest.mark.parametrize(
    ("kind", "countries", "viewer", "status"),
    [
        ("whitelist", ["LI"], Viewer(country="LI"), 200),
        ("whitelist", ["LI"], Viewer("Lisbon"), 403),
        ("whitelist", ["LI"], Viewer(ip="203.0.113.9"), 200),
        ("blacklist", ["MC"], Viewer(country="MC"), 403),
        ("blacklist", ["MC"], Viewer("Nice", country="FR"), 200),
        ("blacklist", ["MC"], Viewer(ip="203.0.113.9"), 200),
        ("none", [], Viewer("Lisbon"), 200),
    ],
)
def test_geo_restriction_judges_the_viewers_country_and_serves_the_unknown(kind, countries, viewer, status):
    lab = Lab(Restrictions={"GeoRestriction": {"RestrictionType": kind, **listed(countries)}})
    journey = lab.get(viewer=viewer)
    assert journey.response.status == status
    if status == 403:
        assert journey.detailed == "ClientGeoBlocked"
        assert journey.log["x-edge-detailed-result-type"] == "ClientGeoBlocked"


@pytest.mark.rule("CHECK-06")
def test_a_blocked_viewer_is_refused_also_when_the_object_is_cached():
    lab = Lab(Restrictions={"GeoRestriction": {"RestrictionType": "blacklist", **listed(["MC"])}})
    neighbour = lab.get(viewer=Viewer("Nice", country="FR"))
    blocked = lab.get(viewer=Viewer(country="MC"))
    assert (neighbour.edge, neighbour.response.status) == (blocked.edge, 200)
    assert blocked.response.status == 403


@pytest.mark.rule("CHECK-07")
def test_https_only_refuses_http():
    lab = Lab(default=behaviour(ViewerProtocolPolicy="https-only"))
    assert lab.request("GET", scheme="http").response.status == 403
    assert lab.get().response.status == 200


@pytest.mark.rule("CHECK-08")
@pytest.mark.parametrize(
    ("method", "version", "status"),
    [
        ("GET", "HTTP/1.1", 301),
        ("HEAD", "HTTP/1.0", 301),
        ("POST", "HTTP/1.1", 307),
        ("DELETE", "HTTP/2.0", 307),
        ("POST", "HTTP/1.0", 403),
    ],
)
def test_http_is_redirected_to_https_with_the_method_kept_where_it_matters(method, version, status):
    lab = Lab(default=behaviour(ViewerProtocolPolicy="redirect-to-https", AllowedMethods=ALL_METHODS))
    journey = lab.request(method, "/a?b=1", scheme="http", version=version)
    assert journey.response.status == status
    if status != 403:
        assert journey.response.headers["Location"] == lab.url("/a?b=1")
        assert journey.result == "Redirect"
        assert journey.response.headers["X-Cache"] == "Redirect from cloudfront"
    assert not lab.asked


@pytest.mark.rule("CHECK-09")
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"])
def test_a_method_that_is_not_allowed_gets_403_not_405(method):
    lab = Lab()
    journey = lab.request(method)
    assert (journey.response.status, journey.detailed) == (403, "InvalidRequestMethod")
    assert not lab.asked


@pytest.mark.rule("CHECK-10")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_default_root_object_answers_for_the_root_only_and_for_every_method(method):
    lab = Lab(DefaultRootObject="index.html", default=behaviour(AllowedMethods=ALL_METHODS))
    lab.request(method, "/")
    lab.request(method, "/docs/")
    assert [request.path for request in lab.asked] == ["/index.html", "/docs/"]


@pytest.mark.rule("CHECK-10")
def test_the_default_root_object_may_be_a_path_and_chooses_its_own_behaviour():
    lab = Lab(DefaultRootObject="site/index.html", behaviours=[{"PathPattern": "site/*", **behaviour(cache=DISABLED)}])
    lab.get("/")
    lab.get("/")
    assert [request.path for request in lab.asked] == ["/site/index.html"] * 2


def errors(*rules):
    return {"CustomErrorResponses": listed(rules)}


def site(request):
    if request.path == "/err/404.html":
        return Response(200, {"Cache-Control": "max-age=300", "Content-Type": "text/html"}, b"sorry")
    return Response(404 if request.path != "/down" else 503, {}, b"from the origin")


@pytest.mark.rule("CHECK-11")
def test_a_custom_error_page_replaces_the_body_and_if_asked_the_status():
    rule = {"ErrorCode": 404, "ResponsePagePath": "/err/404.html", "ResponseCode": "200", "ErrorCachingMinTTL": 10}
    lab = Lab(site, **errors(rule))
    journey = lab.get("/missing")
    assert (journey.response.status, journey.response.body) == (200, b"sorry")
    assert (journey.result, journey.log["sc-status"]) == ("Error", "200")
    lab.get("/missing")
    lab.get("/missing-too")
    assert [request.path for request in lab.asked] == ["/missing", "/err/404.html", "/missing-too"]


@pytest.mark.rule("CHECK-11")
def test_the_error_page_is_fetched_by_the_first_behaviour_that_matches_its_path():
    rule = {"ErrorCode": 404, "ResponsePagePath": "/err/404.html", "ResponseCode": "404"}
    lab = Lab(site, behaviours=[{"PathPattern": "err/*", **behaviour(cache=DISABLED)}], **errors(rule))
    assert lab.get("/x").response.body == b"sorry"
    assert lab.get("/y").response.body == b"sorry"
    assert [request.path for request in lab.asked].count("/err/404.html") == 2


@pytest.mark.rule("CHECK-12")
def test_when_the_error_page_itself_is_missing_the_viewer_gets_its_error():
    rule = {"ErrorCode": 503, "ResponsePagePath": "/err/gone.html", "ResponseCode": "200"}
    lab = Lab(site, **errors(rule))
    assert lab.get("/down").response.status == 404


def test_a_rule_with_only_a_ttl_tunes_how_long_an_error_is_kept():
    lab = Lab(site, **errors({"ErrorCode": 404, "ErrorCachingMinTTL": 300}))
    lab.get("/missing")
    lab.clock.advance(200)
    lab.get("/missing")
    assert len(lab.asked) == 1


def test_a_geo_block_may_have_a_custom_error_page():
    rule = {"ErrorCode": 403, "ResponsePagePath": "/err/404.html", "ResponseCode": "403"}
    lab = Lab(site, Restrictions={"GeoRestriction": {"RestrictionType": "whitelist", **listed(["LI"])}}, **errors(rule))
    journey = lab.get("/a")
    assert (journey.response.status, journey.response.body, journey.detailed) == (403, b"sorry", "ClientGeoBlocked")


def test_results_are_told_in_cloudfronts_words():
    lab = Lab(
        lambda request: Response(
            304 if "If-None-Match" in request.headers else 200,
            {"Cache-Control": "max-age=60", "ETag": '"1"'},
            b"" if "If-None-Match" in request.headers else b"hello",
        )
    )
    words = []
    for seconds in (0, 1, 60):
        lab.clock.advance(seconds)
        journey = lab.get()
        words.append((journey.result, journey.response.headers["X-Cache"], journey.response.headers.get("Age") is not None))
    assert words == [
        ("Miss", "Miss from cloudfront", False),
        ("Hit", "Hit from cloudfront", True),
        ("RefreshHit", "RefreshHit from cloudfront", True),
    ]


def test_an_error_from_the_origin_is_an_error_from_cloudfront_also_when_it_is_remembered():
    lab = Lab(lambda request: Response(404, {}, b"no"))
    for _ in range(2):
        journey = lab.get()
        assert (journey.response.status, journey.response.headers["X-Cache"], journey.result) == (404, "Error from cloudfront", "Error")
    assert len(lab.asked) == 1


def test_an_old_copy_sent_for_a_failing_origin_says_refresh_hit():
    lab = Lab()
    lab.get()
    lab.server.fault = 503
    lab.clock.advance(100)
    journey = lab.get()
    assert (journey.response.status, journey.response.body, journey.response.headers["X-Cache"]) == (
        200,
        b"hello",
        "RefreshHit from cloudfront",
    )
    assert "STALE-03" in rules_of(journey)


def test_head_is_answered_from_a_get_without_a_body():
    lab = Lab()
    head = lab.request("HEAD")
    assert (head.response.status, head.response.body, head.response.headers["Content-Length"]) == (200, b"", "5")
    assert lab.get().result == "Hit"
    assert [request.method for request in lab.asked] == ["GET"]


def test_options_that_may_be_cached_has_its_own_copy_and_passes_no_regional_cache():
    methods = {**ALL_METHODS, "CachedMethods": listed(["GET", "HEAD", "OPTIONS"])}
    lab = Lab(default=behaviour(AllowedMethods=methods))
    assert [lab.request("OPTIONS").result for _ in range(2)] == ["Miss", "Hit"]
    assert lab.get().result == "Miss"
    assert [request.method for request in lab.asked] == ["OPTIONS", "GET"]
    assert {held.place.kind for held in lab.cdn.copies() if held.key.method == "OPTIONS"} == {"edge"}


@pytest.mark.parametrize("settings", [legacy(), None])
def test_two_aliases_and_two_protocols_share_one_copy(settings):
    certificate = {"ACMCertificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/1", "SSLSupportMethod": "sni-only"}
    lab = Lab(default=behaviour(cache=settings), Aliases=listed(["a.example.com", "*.example.net"]), ViewerCertificate=certificate)
    results = [
        lab.cdn.get(f"{scheme}://{host}/a").result
        for scheme in ("http", "https")
        for host in (lab.host, "a.example.com", "x.y.example.net")
    ]
    assert results == ["Miss"] + ["Hit"] * 5


def test_a_remembered_failure_is_told_with_the_same_page():
    lab = Lab()
    lab.server.fault = "refuses"
    first, second = lab.get(), lab.get()
    assert not second.origin_requests
    assert b"could not be satisfied" in first.response.body
    assert b"could not be satisfied" in second.response.body
    assert (first.detailed, second.detailed) == ("OriginConnectError", "Error")


def test_the_error_pages_origin_learns_which_request_failed():
    rule = {"ErrorCode": 404, "ResponsePagePath": "/err/404.html", "ResponseCode": "404"}
    policy = legacy(Headers=listed(["CloudFront-Error-Uri", "CloudFront-Error-Args"]))
    lab = Lab(site, default=behaviour(cache=policy), **errors(rule))
    lab.get("/gone?x=1")
    page = lab.asked[-1]
    assert (page.path, page.headers["CloudFront-Error-Uri"], page.headers["CloudFront-Error-Args"]) == ("/err/404.html", "/gone", "x=1")


@pytest.mark.parametrize(("ask", "timed"), [({}, False), ({"Pragma": "server-timing"}, True)])
def test_server_timing_tells_what_the_edge_did(ask, timed):
    lab = Lab()
    config = {"Name": "timing", "ServerTimingHeadersConfig": {"Enabled": True, "SamplingRate": 0.0}}
    id = lab.cdn.create_response_headers_policy(ResponseHeadersPolicyConfig=config)["ResponseHeadersPolicy"]["Id"]
    the_config = lab.cdn.get_distribution_config(Id=lab.id)["DistributionConfig"]
    the_config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] = id
    lab.cdn.update_distribution(Id=lab.id, IfMatch=lab.etag, DistributionConfig=the_config)
    words = [lab.get(headers=ask).response.headers.get("Server-Timing", "") for _ in range(2)]
    assert ["cdn-cache-miss" in words[0], "cdn-cache-hit" in words[1]] == [timed, timed]
