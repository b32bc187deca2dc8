"""The cache key, the request to the origin, and the account of both."""

from __future__ import annotations

from typing import Any

import pytest
from configs import behavior, config
from hypothesis import given, settings
from hypothesis import strategies as st

from cdnlab.cachekey import CONDITIONAL, accept_encoding, cache_key, generated_headers, origin_request, treatments, via
from cdnlab.distribution import compile
from cdnlab.geography import Viewer
from cdnlab.messages import Headers, Request
from cdnlab.plan import OriginGroup, OriginSpec, Plan
from cdnlab.policies import managed, recipe_from_forwarded_values, recipe_from_policies
from cdnlab.recipe import CLOUDFRONT_HEADERS, Recipe, Selection

D = "d111.cloudfront.net"
URL = f"https://{D}/a.jpg"
SPEC = OriginSpec("web", "origin.example.com")
BUCKET = OriginSpec("photos", "photos.s3.eu-north-1.amazonaws.com", kind="s3")
ALL_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"})


def policies(cache: str = "CachingOptimized", request: str | None = None) -> Recipe:
    return recipe_from_policies(managed("cache", cache).config, managed("origin-request", request).config if request else None)


def legacy(**values: Any) -> Recipe:
    return recipe_from_forwarded_values({"ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}, **values}, "MinTTL": 0})


def listing(*names: str) -> dict[str, Any]:
    return {"Quantity": len(names), "Items": list(names)}


def headers_in_key(*names: str) -> Recipe:
    return Recipe(key_headers=Selection("some", names, "header"))


PLAIN = policies("CachingOptimizedForUncompressedObjects")
OPTIMIZED = policies()
ALL_VIEWER = policies("CachingOptimized", "AllViewer")
COOKIES = Recipe(key_cookies=Selection("all"))
QUERY = Recipe(key_query=Selection("all"))
LEGACY = legacy()


def request(method: str = "GET", url: str = URL, headers: Any = (), **more: Any) -> Request:
    return Request(method, url, headers, **more)


def key(recipe: Recipe, *arguments: Any, generated: Any = None, **more: Any) -> tuple[Any, ...]:
    return cache_key(recipe, request(*arguments, **more), D, generated or {})


def plan(recipe: Recipe, origin: Any = SPEC, cached: frozenset[str] = frozenset({"GET", "HEAD"})) -> Plan:
    return Plan("*", 0, origin, "allow-all", ALL_METHODS, cached, recipe)


def asked(
    recipe: Recipe, viewer: Request, spec: OriginSpec = SPEC, cached: frozenset[str] = frozenset({"GET", "HEAD"}), **more: Any
) -> Request:
    known: dict[str, Any] = {"viewer_ip": "203.0.113.9", "request_id": "id==", "pop": "LHR62-C1"}
    return origin_request(plan(recipe, spec, cached), spec, viewer, **(known | more))


def sent(recipe: Recipe, name: str, viewer: Any, method: str = "GET", **more: Any) -> str | None:
    """The value of a header at the origin, when the viewer sends these headers."""
    return asked(recipe, request(method, headers=viewer), **more).headers.joined(name)


# The key


@pytest.mark.rule("KEY-01", "KEY-02")
def test_by_default_the_key_is_domain_name_and_raw_path():
    found = cache_key(PLAIN, request(url="https://www.example.com/%7Ea//b/../c%2Fd?v=1"), D, {})
    assert found[:2] == (D, "/%7Ea//b/../c%2Fd")
    assert not any(found[2:])


@pytest.mark.rule("KEY-03")
def test_get_and_head_share_and_options_has_its_own():
    assert key(PLAIN, "GET") == key(PLAIN, "HEAD") != key(PLAIN, "OPTIONS")


@pytest.mark.rule("KEY-04", "KEY-22")
def test_protocol_and_alias_are_not_in_the_key_and_distributions_never_share():
    http, https = request(url="http://a.example/x"), request(url="https://b.example/x")
    assert cache_key(OPTIMIZED, http, D, {}) == cache_key(OPTIMIZED, https, D, {}) != cache_key(OPTIMIZED, https, "d222.cloudfront.net", {})


@pytest.mark.rule("KEY-05")
def test_what_the_recipe_does_not_name_never_splits_the_cache():
    bare = key(PLAIN)
    assert key(PLAIN, url=f"{URL}?v=2") == bare
    assert key(PLAIN, headers={"Cookie": "a=1", "User-Agent": "x", "Accept-Encoding": "br", "Host": "h.example", "Accept": "b"}) == bare


@pytest.mark.rule("KEY-06", "KEY-21")
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("?a=1&b=2", "?a=1&b=2", True),
        ("?a=1&b=2", "?b=2&a=1", False),
        ("?a=1", "?A=1", False),
        ("?a=x", "?a=X", False),
        ("?a=1;b=2", "?a=1&b=2", False),
        ("?a", "?a=", False),
        ("?a=1", "?a=1&a=1", False),
        ("?a=%20", "?a=+", False),
        ("?", "", False),
    ],
)
def test_query_strings_in_the_key(one, other, same):
    assert (key(QUERY, url=URL + one) == key(QUERY, url=URL + other)) is same


@pytest.mark.rule("KEY-07", "POLICY-06")
def test_legacy_cache_keys_let_other_parameters_share_and_pass():
    recipe = legacy(QueryString=True, QueryStringCacheKeys=listing("color"))
    assert key(recipe, url=f"{URL}?color=red&size=1") == key(recipe, url=f"{URL}?size=2&color=red") != key(recipe, url=f"{URL}?color=blue")
    assert asked(recipe, request(url=f"{URL}?color=red&size=1")).query == "color=red&size=1"


@pytest.mark.rule("KEY-08", "KEY-09")
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([("product", "Acme")], [("Product", "Acme")], True),
        ([("Product", "Acme")], [("Product", "acme")], False),
        ([("Product", "a,b")], [("Product", "a, b")], False),
        ([("Product", "a"), ("X", "1")], [("X", "2"), ("Product", "a")], True),
        ([], [("Product", "")], False),
        ([("Product", "a"), ("Product", "b")], [("Product", "a, b")], False),
        ([("Product", "a"), ("Product", "b")], [("Product", "b"), ("Product", "a")], False),
        ([("Product", "a"), ("Size", "1")], [("Size", "1"), ("Product", "a")], True),
    ],
)
def test_headers_in_the_key(one, other, same):
    recipe = headers_in_key("PRODUCT", "size")
    assert (key(recipe, headers=one) == key(recipe, headers=other)) is same


@pytest.mark.rule("KEY-10", "KEY-11")
def test_accept_encoding_splits_the_cache_only_as_far_as_it_is_offered():
    offers = ["gzip, deflate, br", "br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip", "deflate", None]
    keys = [key(OPTIMIZED, headers={"Accept-Encoding": offer} if offer else {}) for offer in offers]
    assert keys[0] == keys[1] and keys[3] == keys[4] and len(set(keys)) == 3
    assert accept_encoding(OPTIMIZED, request(headers=[("Accept-Encoding", "gzip"), ("Accept-Encoding", "br")])) == "br,gzip"
    assert accept_encoding(PLAIN, request(headers={"Accept-Encoding": "gzip"})) is None


@pytest.mark.rule("POLICY-16")
def test_accept_encoding_listed_by_hand_is_an_ordinary_header():
    recipe = legacy(Headers=listing("Accept-Encoding"))
    assert key(recipe, headers={"Accept-Encoding": "gzip"}) != key(recipe, headers={"Accept-Encoding": "gzip, br"})
    assert sent(recipe, "Accept-Encoding", {"Accept-Encoding": "deflate"}) == "deflate"


@pytest.mark.rule("KEY-14", "KEY-15", "KEY-16", "KEY-17", "KEY-18")
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a=1; b=2", "b=2; a=1", True),
        ("a=1", "a=1; $Version=1", True),
        ("a=1", "a=1; CloudFront-Signature=x", True),
        ("CloudFront-Policy=1", "CloudFront-Policy=2", True),
        ("a=1", "A=1", False),
        ("a=x", "a=X", False),
        ("a=1; a=2", "a=2; a=1", False),
        ("nonsense", "other nonsense", True),
        ("a=1; nonsense", "", True),
    ],
)
def test_cookies_in_the_key(one, other, same):
    assert (key(COOKIES, headers={"Cookie": one}) == key(COOKIES, headers={"Cookie": other})) is same


@pytest.mark.rule("KEY-19")
def test_a_viewer_cannot_choose_the_country_that_is_in_the_key():
    recipe = policies("Amplify")
    real = {"CloudFront-Viewer-Country": "PT"}
    honest, forged = key(recipe, generated=real), key(recipe, headers={"CloudFront-Viewer-Country": "DE"}, generated=real)
    assert honest == forged != key(recipe, generated={"CloudFront-Viewer-Country": "DE"}) != key(recipe, generated={})


@pytest.mark.rule("KEY-12", "IN-02")
def test_host_in_the_key_splits_aliases_unless_the_origin_is_a_bucket():
    recipe = headers_in_key("Host")
    assert key(recipe, url="https://a.example/x") != key(recipe, url="https://b.example/x")
    assert key(recipe, url="https://a.example/x") == key(recipe, url=f"https://{D}/x", headers={"host": "a.example"})
    assert key(recipe.without_host(), url="https://a.example/x") == key(recipe.without_host(), url="https://b.example/x")
    assert sent(recipe, "Host", {"Host": "a.example"}) == "a.example"
    assert sent(recipe, "Host", {"Host": "a.example"}, spec=BUCKET) == BUCKET.domain_name


@pytest.mark.rule("KEY-12")
def test_a_compiled_plan_for_a_bucket_has_no_host_in_its_key():
    amplify = managed("cache", "Amplify").id
    made = compile(config(behavior("bucket/*", "s3", CachePolicyId=amplify), default=behavior(CachePolicyId=amplify)))
    assert "host" in made.plan_for("/x").recipe.keyed_headers
    assert "host" not in made.plan_for("/bucket/x").recipe.keyed_headers


# The request to the origin


@pytest.mark.rule("IN-01", "IN-02")
@pytest.mark.parametrize(
    ("recipe", "spec", "host"),
    [
        (PLAIN, SPEC, "origin.example.com"),
        (LEGACY, SPEC, "origin.example.com"),
        (ALL_VIEWER, SPEC, "www.example.com"),
        (policies(request="HostHeaderOnly"), SPEC, "www.example.com"),
        (policies(request="AllViewerExceptHostHeader"), SPEC, "origin.example.com"),
        (legacy(Headers=listing("Host")), SPEC, "www.example.com"),
        (legacy(Headers=listing("*")), SPEC, "www.example.com"),
        (PLAIN, BUCKET, BUCKET.domain_name),
        (ALL_VIEWER, BUCKET, "www.example.com"),
        (policies(request="AllViewerExceptHostHeader"), BUCKET, BUCKET.domain_name),
        (legacy(Headers=listing("*")), BUCKET, BUCKET.domain_name),
    ],
)
def test_which_host_the_origin_gets(recipe, spec, host):
    assert sent(recipe, "Host", {"Host": "www.example.com"}, spec=spec) == host
    assert asked(recipe, request(url="https://www.example.com/"), spec).headers.getall("Host") == [host]


@pytest.mark.rule("IN-03")
@pytest.mark.parametrize(
    ("recipe", "agent"),
    [
        (PLAIN, "Amazon CloudFront"),
        (LEGACY, "Amazon CloudFront"),
        (ALL_VIEWER, "curl/8"),
        (policies(request="UserAgentRefererHeaders"), "curl/8"),
        (headers_in_key("user-agent"), "curl/8"),
    ],
)
def test_which_user_agent_the_origin_gets(recipe, agent):
    assert sent(recipe, "User-Agent", {"User-Agent": "curl/8"}) == agent
    assert sent(recipe, "User-Agent", {}) == "Amazon CloudFront"


@pytest.mark.rule("IN-04")
@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ([], "2.2.2.2"),
        (["1.1.1.1"], "1.1.1.1,2.2.2.2"),
        (["1.1.1.1,3.3.3.3"], "1.1.1.1,3.3.3.3,2.2.2.2"),
        (["1.1.1.1", "3.3.3.3"], "1.1.1.1,3.3.3.3,2.2.2.2"),
    ],
)
@pytest.mark.parametrize("recipe", [PLAIN, ALL_VIEWER, LEGACY])
def test_the_viewers_address_is_appended(recipe, lines, value):
    viewer = request(headers=[("X-Forwarded-For", line) for line in lines])
    assert asked(recipe, viewer, viewer_ip="2.2.2.2").headers.getall("X-Forwarded-For") == [value]


@pytest.mark.rule("IN-05", "IN-06", "IN-07")
@pytest.mark.parametrize("recipe", [PLAIN, ALL_VIEWER, LEGACY])
def test_what_cloudfront_always_says(recipe):
    viewer = request(headers={"Via": "1.0 fred", "X-Amz-Cf-Id": "forged", "Connection": "close, X-Foo"}, version="HTTP/2.0")
    found = asked(recipe, viewer)
    assert found.headers.getall("Via") == [f"1.0 fred, {via('HTTP/2.0', 'LHR62-C1')}"]
    assert via("HTTP/2.0", "LHR62-C1").startswith("2.0 ") and via("HTTP/1.1", "LHR62-C1") != via("HTTP/1.1", "NRT57-P1")
    assert found.headers.getall("X-Amz-Cf-Id") == ["id=="]
    assert found.headers.getall("Connection") == ["Keep-Alive"]
    assert found.version == "HTTP/1.1"


DEFAULT = (
    "Cache-Control Content-Length Content-MD5 Content-Type Date From Max-Forwards Origin Pragma Request-Range Transfer-Encoding Warning"
)
CONFIGURED = "Accept Accept-Charset Accept-Language Expect Referer X-HTTP-Method-Override"
NEVER = "Proxy-Authorization Proxy-Connection Proxy-Authenticate TE Trailer Upgrade X-Edge-Location X-Forwarded-Proto X-Real-IP"


@pytest.mark.rule("IN-08", "IN-09", "IN-10", "IN-11")
@pytest.mark.parametrize(
    ("names", "under_policy", "under_legacy", "all_viewer", "all_legacy"),
    [
        (DEFAULT, True, True, True, True),
        (CONFIGURED, False, False, True, True),
        (NEVER, False, False, False, False),
        ("X-Unknown Sec-Fetch-Mode DNT", False, True, True, True),
    ],
)
def test_the_table_of_request_headers(names, under_policy, under_legacy, all_viewer, all_legacy):
    for name in names.split():
        for recipe, passes in (
            (PLAIN, under_policy),
            (LEGACY, under_legacy),
            (ALL_VIEWER, all_viewer),
            (legacy(Headers=listing("*")), all_legacy),
        ):
            assert sent(recipe, name, {name.lower(): "1"}) == ("1" if passes else None), (name, recipe.send_by)


@pytest.mark.rule("IN-09", "POLICY-02", "POLICY-05")
@pytest.mark.parametrize("name", [*CONFIGURED.split(), "X-Unknown"])
def test_listing_a_header_sends_it(name):
    assert sent(headers_in_key(name), name, {name.upper(): "1"}) == "1"
    assert sent(Recipe(send_headers=Selection("some", (name,))), name, {name: "1"}) == "1"
    assert sent(legacy(Headers=listing(name)), name, {name: "1"}) == "1"


@pytest.mark.rule("IN-35")
def test_what_an_origin_request_policy_excepts_is_not_sent():
    recipe = Recipe(send_headers=Selection("all-except", ("Origin", "X-A")))
    assert [sent(recipe, name, {name: "1"}) for name in ("Origin", "X-A", "X-B", "Pragma")] == [None, None, "1", "1"]


@pytest.mark.rule("IN-12", "IN-13")
@pytest.mark.parametrize(
    ("recipe", "method", "cached", "passes"),
    [
        *(
            (recipe, method, {"GET", "HEAD"}, passes)
            for recipe in (PLAIN, LEGACY)
            for method, passes in (
                ("GET", False),
                ("HEAD", False),
                ("OPTIONS", True),
                ("POST", True),
                ("PUT", True),
                ("PATCH", True),
                ("DELETE", True),
            )
        ),
        (PLAIN, "OPTIONS", {"GET", "HEAD", "OPTIONS"}, False),
        (headers_in_key("authorization"), "GET", {"GET", "HEAD"}, True),
        (policies("Amplify"), "GET", {"GET", "HEAD"}, True),
        (ALL_VIEWER, "GET", {"GET", "HEAD"}, True),
        (ALL_VIEWER, "OPTIONS", {"GET", "HEAD", "OPTIONS"}, True),
        (policies(request="AllViewerExceptHostHeader"), "GET", {"GET", "HEAD"}, True),
        (legacy(Headers=listing("*")), "GET", {"GET", "HEAD"}, True),
        (policies("CachingDisabled"), "GET", {"GET", "HEAD"}, False),
    ],
)
def test_authorization_depends_on_the_method_unless_configured(recipe, method, cached, passes):
    assert sent(recipe, "Authorization", {"Authorization": "Basic x"}, method, cached=frozenset(cached)) == ("Basic x" if passes else None)


@pytest.mark.rule("IN-14")
@pytest.mark.parametrize("recipe", [PLAIN, ALL_VIEWER, LEGACY, headers_in_key("X-Secret", "User-Agent")])
def test_custom_headers_overwrite(recipe):
    spec = OriginSpec("web", "origin.example.com", custom_headers=Headers({"X-Secret": "s3cret", "User-Agent": "mine"}))
    found = asked(recipe, request(headers=[("x-secret", "guess"), ("X-SECRET", "again"), ("User-Agent", "curl")]), spec)
    assert found.headers.getall("X-Secret") == ["s3cret"] and found.headers.getall("User-Agent") == ["mine"]


@pytest.mark.rule("IN-15", "IN-17")
@pytest.mark.parametrize("path", ["/a", "/", "/a%20b//../c%2F", "/%7euser/"])
def test_origin_path_is_put_before_the_raw_path(path):
    spec = OriginSpec("web", "origin.example.com", path="/production")
    assert asked(PLAIN, request(url=f"https://{D}{path}"), spec).path == "/production" + path
    assert cache_key(PLAIN, request(url=f"https://{D}{path}"), D, {})[1] == path


@pytest.mark.rule("IN-16")
@pytest.mark.parametrize(
    ("recipe", "target"),
    [
        (PLAIN, "/a.jpg"),
        (QUERY, "/a.jpg?b=2&x&a=1&b="),
        (ALL_VIEWER, "/a.jpg?b=2&x&a=1&b="),
        (Recipe(key_query=Selection("some", ("b",))), "/a.jpg?b=2&b="),
        (Recipe(key_query=Selection("some", ("b",)), send_query=Selection("some", ("a",))), "/a.jpg?b=2&a=1&b="),
        (Recipe(send_query=Selection("all-except", ("b",))), "/a.jpg?x&a=1"),
        (legacy(QueryString=True), "/a.jpg?b=2&x&a=1&b="),
    ],
)
def test_the_origin_gets_the_parameters_that_are_sent(recipe, target):
    assert asked(recipe, request(url=f"{URL}?b=2&x&a=1&b=")).target == target


@pytest.mark.rule("IN-16", "KEY-21")
def test_an_empty_query_stays_empty():
    assert asked(QUERY, request(url=f"{URL}?")).target == "/a.jpg?" and asked(QUERY, request()).target == "/a.jpg"


@pytest.mark.rule("IN-18", "IN-19")
@pytest.mark.parametrize(
    ("kind", "policy", "viewer", "url"),
    [
        ("custom", "http-only", "https", "http://o.example:8080/"),
        ("custom", "http-only", "http", "http://o.example:8080/"),
        ("custom", "https-only", "http", "https://o.example:8443/"),
        ("custom", "match-viewer", "http", "http://o.example:8080/"),
        ("custom", "match-viewer", "https", "https://o.example:8443/"),
        ("s3", "match-viewer", "http", "http://o.example/"),
        ("s3", "http-only", "https", "https://o.example/"),
    ],
)
def test_protocol_and_port_towards_the_origin(kind, policy, viewer, url):
    spec = OriginSpec("o", "o.example", kind=kind, protocol_policy=policy, http_port=8080, https_port=8443)
    assert asked(PLAIN, request(url=f"{viewer}://{D}/"), spec).url == url
    usual = OriginSpec("o", "o.example", kind=kind, protocol_policy=policy)
    assert ":80" not in asked(PLAIN, request(url=f"{viewer}://{D}/"), usual).url


@pytest.mark.rule("IN-20")
@pytest.mark.parametrize(
    ("method", "cacheable", "asked_as"), [("HEAD", True, "GET"), ("HEAD", False, "HEAD"), ("GET", True, "GET"), ("POST", False, "POST")]
)
def test_a_head_is_fetched_as_get_if_the_answer_may_be_cached(method, cacheable, asked_as):
    assert asked(PLAIN, request(method), cacheable=cacheable).method == asked_as


def test_the_body_reaches_the_origin():
    assert asked(PLAIN, request("POST", headers={"Content-Length": "4"}, body=b"data"), cacheable=False).body == b"data"


@pytest.mark.rule("IN-21")
@pytest.mark.parametrize("name", sorted(CONDITIONAL))
@pytest.mark.parametrize("recipe", [PLAIN, ALL_VIEWER, LEGACY])
def test_conditions_and_ranges_are_the_caches_to_send(recipe, name):
    viewer = {name.title(): '"theirs"'}
    assert sent(recipe, name, viewer) is None
    assert sent(recipe, name, viewer, extra=[(name, '"theirs"')]) == '"theirs"'
    assert asked(recipe, request(headers=viewer), extra=[(name, '"ours"')]).headers.getall(name) == ['"ours"']


@pytest.mark.rule("IN-22", "KEY-10")
@pytest.mark.parametrize(
    ("recipe", "offer", "value"),
    [
        (OPTIMIZED, "gzip, deflate, br", "br,gzip"),
        (OPTIMIZED, "gzip", "gzip"),
        (OPTIMIZED, "deflate", "identity"),
        (OPTIMIZED, None, None),
        (ALL_VIEWER, "deflate, gzip;q=0.5", "gzip"),
        (policies("Elemental-MediaPackage"), "gzip, br", "gzip"),
        (policies("Elemental-MediaPackage"), "br", "identity"),
        (PLAIN, "gzip, br", None),
        (policies("CachingDisabled", "AllViewer"), "gzip, br", "gzip, br"),
        (LEGACY, "gzip, br", "gzip"),
        (LEGACY, "br", "identity"),
    ],
)
def test_the_accept_encoding_that_the_origin_gets(recipe, offer, value):
    assert sent(recipe, "Accept-Encoding", {"Accept-Encoding": offer} if offer else {}) == value


@pytest.mark.rule("KEY-15", "KEY-16", "KEY-17", "IN-23")
@pytest.mark.parametrize(
    ("recipe", "lines", "value"),
    [
        (PLAIN, ["b=2; a=1"], None),
        (COOKIES, ["b=2; a=1"], "a=1; b=2"),
        (COOKIES, ["b=2", "a=1"], "a=1; b=2"),
        (COOKIES, ["$Version=1; b=2; CloudFront-Signature=x"], "b=2"),
        (COOKIES, ["CloudFront-Signature=x"], None),
        (COOKIES, ["b=2; nonsense"], None),
        (ALL_VIEWER, ["b=2; a=1"], "a=1; b=2"),
        (Recipe(send_cookies=Selection("some", ("wp-*",))), ["wp-2=x; a=1; wp-1=y"], "wp-1=y; wp-2=x"),
        (Recipe(key_cookies=Selection("some", ("a",)), send_cookies=Selection("some", ("c",))), ["c=3; b=2; a=1"], "a=1; c=3"),
        (policies(request="CORS-S3Origin"), ["a=1"], None),
    ],
)
def test_the_cookies_that_the_origin_gets(recipe, lines, value):
    found = asked(recipe, request(headers=[("Cookie", line) for line in lines])).headers.getall("Cookie")
    assert found == ([] if value is None else [value])


@pytest.mark.rule("IN-24", "IN-25", "IN-27")
def test_cloudfront_headers_reach_only_origins_that_ask_and_cannot_be_forged():
    viewer = request(headers={"cloudfront-viewer-country": "XX", "CloudFront-Viewer-ASN": "666"})
    made = generated_headers(viewer, Viewer("Lisbon"))
    for recipe in (PLAIN, LEGACY, ALL_VIEWER, legacy(Headers=listing("*"))):
        found = asked(recipe, viewer, generated=made).headers
        assert not [name for name in found if name.lower().startswith("cloudfront-")]
    found = asked(policies(request="AllViewerAndCloudFrontHeaders-2022-06"), viewer, generated=made).headers
    assert found.getall("CloudFront-Viewer-Country") == ["PT"] and "CloudFront-Viewer-ASN" not in found
    assert len([name for name in found if name.startswith("CloudFront-")]) == 14
    assert asked(policies("Amplify"), viewer, generated=made).headers.getall("CloudFront-Viewer-Country") == ["PT"]
    assert "CloudFront-Viewer-Country" not in asked(policies("Amplify"), viewer, generated={}).headers


# The account


def rows(recipe: Recipe, viewer: Request, spec: OriginSpec = SPEC, **more: Any) -> dict[tuple[str, str, bool], Any]:
    return {(row.kind, row.name, row.added): row for row in treatments(plan(recipe, spec), viewer, **more)}


@pytest.mark.rule("IN-36")
def test_the_account_of_a_plain_request():
    viewer = request(url=f"{URL}?v=1", headers={"User-Agent": "curl/8", "Accept": "*/*", "Accept-Encoding": "gzip, br", "Cookie": "a=1"})
    found = rows(OPTIMIZED, viewer, viewer_ip="203.0.113.9", request_id="id==", pop="LHR62-C1")
    told = {key: (row.in_key, row.sent) for key, row in found.items()}
    assert told == {
        ("header", "Host", False): (False, False),
        ("header", "User-Agent", False): (False, False),
        ("header", "Accept", False): (False, False),
        ("header", "Accept-Encoding", False): (False, False),
        ("header", "Cookie", False): (False, False),
        ("header", "Host", True): (False, True),
        ("header", "User-Agent", True): (False, True),
        ("header", "X-Forwarded-For", True): (False, True),
        ("header", "Via", True): (False, True),
        ("header", "X-Amz-Cf-Id", True): (False, True),
        ("header", "Connection", True): (False, True),
        ("header", "Accept-Encoding", True): (True, True),
        ("cookie", "a", False): (False, False),
        ("query", "v", False): (False, False),
    }
    assert found["header", "Accept-Encoding", True].value == "br,gzip"
    assert (
        found["header", "Accept", False].why
        == "removed by default (table of request headers); cache policy CachingOptimized does not send it"
    )


@pytest.mark.rule("IN-36")
@pytest.mark.parametrize(
    ("recipe", "headers", "row", "why"),
    [
        (headers_in_key("Accept"), {"Accept": "a"}, ("header", "Accept", False), "in the cache key by cache policy, and so sent"),
        (ALL_VIEWER, {"Accept": "a"}, ("header", "Accept", False), "sent by origin request policy AllViewer"),
        (
            LEGACY,
            {"X-Any": "a"},
            ("header", "X-Any", False),
            "ForwardedValues lets headers pass that are not in the table of request headers",
        ),
        (LEGACY, {"X-Real-IP": "a"}, ("header", "X-Real-IP", False), "never sent (table of request headers)"),
        (ALL_VIEWER, {"CloudFront-Viewer-City": "a"}, ("header", "CloudFront-Viewer-City", False), "only CloudFront itself says this"),
        (COOKIES, {"Cookie": "a"}, ("header", "Cookie", False), "malformed: no cookie of it is used"),
        (COOKIES, {"Cookie": "$Path=/; a=1"}, ("cookie", "$Path", False), "names that begin with $ are dropped"),
        (
            COOKIES,
            {"Cookie": "CloudFront-Policy=1"},
            ("cookie", "CloudFront-Policy", False),
            "CloudFront's own signature cookies stay with CloudFront",
        ),
        (PLAIN, {"Cookie": "a=1"}, ("cookie", "a", False), "cache policy CachingOptimizedForUncompressedObjects does not send it"),
        (
            LEGACY,
            {"Accept": "a"},
            ("header", "Accept", False),
            "removed by default (table of request headers); ForwardedValues does not send it",
        ),
        (
            policies(request="CORS-S3Origin"),
            {"X-A": "a"},
            ("header", "X-A", False),
            "neither cache policy CachingOptimized nor origin request policy CORS-S3Origin sends it",
        ),
        (ALL_VIEWER, {"Cookie": "a=1"}, ("cookie", "a", False), "sent by origin request policy AllViewer; not in the cache key"),
    ],
)
def test_the_account_names_what_decided(recipe, headers, row, why):
    assert rows(recipe, request(headers=headers))[row].why == why


@pytest.mark.rule("IN-36", "POLICY-04")
def test_the_account_tells_of_a_parameter_in_the_key_that_is_kept_back():
    inside = {"EnableAcceptEncodingGzip": False, "HeadersConfig": {"HeaderBehavior": "none"}, "CookiesConfig": {"CookieBehavior": "none"}}
    except_a = {"QueryStringBehavior": "allExcept", "QueryStrings": listing("a")}
    except_b = {"QueryStringBehavior": "allExcept", "QueryStrings": listing("b")}
    cache = {"Name": "mine", "MinTTL": 0, "ParametersInCacheKeyAndForwardedToOrigin": {**inside, "QueryStringsConfig": except_a}}
    more = {
        "Name": "ours",
        "HeadersConfig": inside["HeadersConfig"],
        "CookiesConfig": inside["CookiesConfig"],
        "QueryStringsConfig": except_b,
    }
    recipe, viewer = recipe_from_policies(cache, more), request(url=f"{URL}?a=1&b=2&c=3")
    assert cache_key(recipe, viewer, D, {}).query == "b=2&c=3" and asked(recipe, viewer).query == "c=3"
    row = rows(recipe, viewer)["query", "b", False]
    assert (row.in_key, row.sent, row.why) == (
        True,
        False,
        "in the cache key by cache policy mine, but kept back by origin request policy ours",
    )


@pytest.mark.rule("IN-36")
def test_the_account_follows_the_request_that_reached_the_second_origin():
    second = OriginSpec("spare", "spare.example.com", custom_headers=Headers({"X-Spare": "1"}))
    group = plan(OPTIMIZED, OriginGroup("both", (SPEC, second), frozenset({503})))
    viewer = request(headers={"If-None-Match": '"old"'})
    reached = origin_request(group, second, viewer, viewer_ip="203.0.113.9", request_id="id==", extra=[("If-None-Match", '"ours"')])
    account = treatments(group, viewer, viewer_ip="203.0.113.9", request_id="id==", sent=reached)
    assert [(row.name, row.value) for row in account if row.kind == "header" and row.sent] == list(reached.headers.items())
    primary = treatments(group, viewer)
    assert next(row.value for row in primary if row.name == "Host" and row.added) == SPEC.domain_name


@pytest.mark.rule("IN-36")
@pytest.mark.parametrize(
    "recipe", [policies("Amplify"), policies("Amplify", "CORS-S3Origin"), legacy(Headers=listing("*"), QueryString=True)]
)
def test_what_is_not_looked_up_has_nothing_in_a_key(recipe):
    viewer = request("POST", f"{URL}?v=1", {"Authorization": "x", "Cookie": "a=1", "Accept-Encoding": "br"})
    cached, not_cached = (treatments(plan(recipe), viewer, generated=GENERATED, cacheable=cacheable) for cacheable in (True, False))
    assert any(row.in_key for row in cached) and not any(row.in_key for row in not_cached)
    assert [(row.name, row.value, row.sent) for row in cached] == [(row.name, row.value, row.sent) for row in not_cached]
    assert not [row for row in not_cached if row.why.startswith("in the cache key")]


# Promises

COMMON = [
    "Host",
    "User-Agent",
    "Accept",
    "Accept-Encoding",
    "Cookie",
    "Authorization",
    "Origin",
    "X-Forwarded-For",
    "Via",
    "Connection",
    "If-None-Match",
]
ODD = ["X-A", "X-Edge-B", "Proxy-C", "X-Amz-Cf-Id", "CloudFront-Viewer-Country", "Referer", "Range", "Upgrade", "Content-Type", "X-Secret"]
VALUES = {
    "Accept-Encoding": ["gzip, br", "gzip", "br;q=0, *", "deflate", ""],
    "Cookie": ["a=1; b=2", "b=2; a=1", "$v=1; CloudFront-Policy=x; a=1", "broken", "c=", "a=1"],
    "Connection": ["Keep-Alive", "close"],
    "CloudFront-Viewer-Country": ["PT", "XX"],
}


@st.composite
def viewer_requests(draw: st.DrawFn) -> Request:
    lines = []
    for name in draw(st.lists(st.sampled_from(COMMON + ODD), max_size=8)):
        value = draw(st.sampled_from(VALUES.get(name, ["1", "x, y", ""])))
        lines.append((draw(st.sampled_from([name, name.lower(), name.upper()])), value))
    query = draw(st.none() | st.lists(st.sampled_from(["a=1", "b=2", "a", "c=", "", "utm=9"]), max_size=4).map("&".join))
    url = (
        draw(st.sampled_from(["http", "https"]))
        + f"://{draw(st.sampled_from([D, 'www.example.com']))}/x"
        + ("" if query is None else f"?{query}")
    )
    return Request(draw(st.sampled_from(["GET", "HEAD", "OPTIONS", "POST"])), url, lines)


def settings_of(draw: st.DrawFn, part: str, key: str, field: str, behaviours: list[str], names: list[str]) -> dict[str, Any]:
    behaviour = draw(st.sampled_from(behaviours))
    setting: dict[str, Any] = {key: behaviour}
    if behaviour in ("whitelist", "allExcept", "allViewerAndWhitelistCloudFront"):
        pool = list(CLOUDFRONT_HEADERS) if behaviour.endswith("CloudFront") else names
        setting[field] = listing(*draw(st.lists(st.sampled_from(pool), min_size=1, max_size=4, unique=True)))
    return {part: setting}


KEYABLE = [
    "Host",
    "User-Agent",
    "Accept",
    "Origin",
    "X-A",
    "authorization",
    "Referer",
    "CloudFront-Viewer-Country",
    "X-Forwarded-For",
    "X-Secret",
    "Accept-Encoding",
]
USUAL = ["none", "whitelist", "allExcept", "all"]


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    cookies, query = ["a", "b", "c", "a*"], ["a", "b", "utm", ""]
    if draw(st.integers(0, 3)) == 0:
        names = draw(st.lists(st.sampled_from(KEYABLE), max_size=4, unique=True)) if draw(st.booleans()) else ["*"]
        return legacy(QueryString=draw(st.booleans()), Cookies={"Forward": draw(st.sampled_from(["none", "all"]))}, Headers=listing(*names))
    query.remove("")
    inside: dict[str, Any] = {"EnableAcceptEncodingGzip": draw(st.booleans()), "EnableAcceptEncodingBrotli": draw(st.booleans())}
    inside |= settings_of(draw, "HeadersConfig", "HeaderBehavior", "Headers", ["none", "whitelist"], KEYABLE)
    inside |= settings_of(draw, "CookiesConfig", "CookieBehavior", "Cookies", USUAL, cookies)
    inside |= settings_of(draw, "QueryStringsConfig", "QueryStringBehavior", "QueryStrings", USUAL, query)
    cache = {"Name": "k", "MinTTL": 0, "ParametersInCacheKeyAndForwardedToOrigin": inside}
    if draw(st.booleans()):
        return recipe_from_policies(cache)
    behaviours = ["none", "whitelist", "allViewer", "allViewerAndWhitelistCloudFront", "allExcept"]
    listable = [name for name in KEYABLE if name != "authorization"]
    more: dict[str, Any] = {"Name": "s"}
    more |= settings_of(draw, "HeadersConfig", "HeaderBehavior", "Headers", behaviours, listable)
    more |= settings_of(draw, "CookiesConfig", "CookieBehavior", "Cookies", USUAL, cookies)
    more |= settings_of(draw, "QueryStringsConfig", "QueryStringBehavior", "QueryStrings", USUAL, query)
    return recipe_from_policies(cache, more)


specs = st.sampled_from([SPEC, BUCKET, OriginSpec("c", "c.example", path="/p", custom_headers=Headers({"X-Secret": "s", "X-Own": "o"}))])
extras = st.sampled_from([(), (("If-None-Match", '"ours"'),), (("If-None-Match", "1"),), (("Range", "bytes=0-9"),)])
GENERATED = {"CloudFront-Viewer-Country": "PT", "CloudFront-Forwarded-Proto": "https"}


@pytest.mark.rule("IN-36")
@settings(max_examples=400)
@given(recipes(), viewer_requests(), specs, extras)
def test_the_account_agrees_with_the_request_the_origin_gets(recipe, viewer, spec, extra):
    known: dict[str, Any] = {"viewer_ip": "203.0.113.9", "request_id": "id==", "pop": "LHR62-C1", "generated": GENERATED, "extra": extra}
    of = plan(recipe, spec)
    reached = origin_request(of, spec, viewer, **known)
    account = treatments(of, viewer, **known)
    headers = [row for row in account if row.kind == "header"]
    # what reached the origin is exactly what the account says was sent
    assert [(row.name, row.value) for row in headers if row.sent] == list(reached.headers.items())
    assert all(row.sent for row in account if row.added) and all(row.why for row in account)
    # and the viewer's own things are all there, once each, in order
    host = [] if "Host" in viewer.headers else [("Host", viewer.parts.authority)]
    assert [(row.name, row.value) for row in headers if not row.added] == [*host, *viewer.headers.items()]
    cookies = sorted(((row.name, row.value) for row in account if row.kind == "cookie" and row.sent), key=lambda pair: pair[0])
    assert "; ".join(f"{name}={value}" for name, value in cookies) == (reached.headers.get("Cookie") or "")
    parameters = [row for row in account if row.kind == "query"]
    assert len(parameters) == len([each for each in (viewer.query or "").split("&") if each])
    assert [row.name for row in parameters if row.sent] == [each.partition("=")[0] for each in (reached.query or "").split("&") if each]


@pytest.mark.rule("IN-36", "KEY-05")
@settings(max_examples=400)
@given(recipes(), viewer_requests(), specs)
def test_the_account_agrees_with_the_key(recipe, viewer, spec):
    found = cache_key(recipe, viewer, D, GENERATED)
    account = treatments(plan(recipe, spec), viewer, generated=GENERATED)
    in_key = [row for row in account if row.in_key]
    own = [
        (row.name.lower(), row.value)
        for row in in_key
        if row.kind == "header" and not (row.added or row.name.lower() in ("accept-encoding", "cookie"))
    ]
    mine = [(name, value) for name, value in found.headers if not name.startswith("CloudFront-") and name != "accept-encoding"]
    own = [(name, value) for name, value in own if not name.startswith("cloudfront-")]
    assert sorted(own) == sorted(mine)
    assert sorted((row.name, row.value) for row in in_key if row.kind == "cookie") == sorted(found.cookies)
    assert [row.name for row in in_key if row.kind == "query"] == [
        each.partition("=")[0] for each in (found.query or "").split("&") if each
    ]
    if found.encoding is not None:
        assert [row.value for row in in_key if row.name.lower() == "accept-encoding"] == [found.encoding]


@pytest.mark.rule("KEY-08", "KEY-15")
@given(recipes(), viewer_requests(), st.randoms())
def test_the_order_and_case_of_header_names_never_change_the_key(recipe, viewer, random):
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, value in viewer.headers.items():
        groups.setdefault(name.lower(), []).append((random.choice([str.upper, str.lower, str.title])(name), value))
    shuffled = random.sample(sorted(groups), len(groups))
    other = Request(viewer.method, viewer.url, [line for name in shuffled for line in groups[name]])
    assert cache_key(recipe, viewer, D, GENERATED) == cache_key(recipe, other, D, GENERATED)
    assert hash(cache_key(recipe, viewer, D, GENERATED)) == hash(cache_key(recipe, other, D, GENERATED))


@pytest.mark.rule("POLICY-02", "KEY-01")
@settings(max_examples=300)
@given(recipes(), viewer_requests(), viewer_requests())
def test_two_requests_with_one_key_ask_the_origin_for_the_same(recipe, one, other):
    """What is in the key reaches the origin alike; only what was never in the key may differ."""
    if cache_key(recipe, one, D, GENERATED) != cache_key(recipe, other, D, GENERATED):
        other = Request(other.method if "OPTIONS" in (one.method, other.method) else one.method, one.url, one.headers)
        if cache_key(recipe, one, D, GENERATED) != cache_key(recipe, other, D, GENERATED):
            return
    a, b = (asked(recipe, each, generated=GENERATED) for each in (one, other))
    assert a.path == b.path
    for name in (*recipe.keyed_headers, *recipe.keyed_generated):
        if name not in ("x-forwarded-for", "via") and not (recipe.key_cookies.mode == "none" and name == "cookie"):
            assert a.headers.getall(name) == b.headers.getall(name), name
    if recipe.send_query == recipe.key_query:
        assert a.query == b.query
    if recipe.send_cookies == recipe.key_cookies:
        assert a.headers.getall("Cookie") == b.headers.getall("Cookie")


@pytest.mark.rule("POLICY-02")
@settings(max_examples=300)
@given(recipes(), viewer_requests())
def test_everything_in_the_key_reaches_a_custom_origin(recipe, viewer):
    blocks = (
        recipe.key_query.mode == recipe.send_query.mode == "all-except"
        or recipe.key_cookies.mode == recipe.send_cookies.mode == "all-except"
    )
    found, reached = cache_key(recipe, viewer, D, GENERATED), asked(recipe, viewer, generated=GENERATED)
    for name, value in found.headers:
        if name.lower() not in CONDITIONAL:
            assert any(value == line or value in line.split(",") for line in reached.headers.getall(name)) or name in (
                "via",
                "x-forwarded-for",
            ), name
    if found.encoding is not None:
        assert reached.headers.getall("Accept-Encoding") == [found.encoding]
    if not blocks:
        assert set(found.cookies) <= {
            (name, value) for name, _, value in (each.partition("=") for each in (reached.headers.get("Cookie") or "").split("; "))
        }
        assert set((found.query or "").split("&")) - {""} <= set((reached.query or "").split("&"))
