"""Response headers policies: removing, adding, overriding, CORS and Server-Timing."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.errors import ConfigError
from cdnlab.messages import Headers, Request
from cdnlab.policies import managed
from cdnlab.response_headers import Cors, ResponseHeadersPolicy, response_headers_policy

URL = "https://d111.cloudfront.net/a"
GET = Request("GET", URL)
CORS_GET = Request("GET", URL, {"Origin": "https://www.example.org"})
PREFLIGHT = Request("OPTIONS", URL, {"Origin": "https://www.example.org", "Access-Control-Request-Method": "PUT"})


def listing(*items: Any) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": list(items)}


def custom(*items: tuple[str, str, bool]) -> dict[str, Any]:
    return {"CustomHeadersConfig": listing(*({"Header": name, "Value": value, "Override": override} for name, value, override in items))}


def removing(*names: str) -> dict[str, Any]:
    return {"RemoveHeadersConfig": listing(*({"Header": name} for name in names))}


def cors(*origins: str, override: bool = False, **settings: Any) -> dict[str, Any]:
    whole = {
        "AccessControlAllowOrigins": listing(*origins),
        "AccessControlAllowHeaders": listing("X-Token"),
        "AccessControlAllowMethods": listing("GET", "PUT"),
        "AccessControlAllowCredentials": False,
        "OriginOverride": override,
    }
    return {"CorsConfig": whole | settings}


def policy(*configs: dict[str, Any]) -> ResponseHeadersPolicy:
    merged: dict[str, Any] = {"Name": "mine"}
    for config in configs:
        merged |= config
    return response_headers_policy(merged)


def answer(of: ResponseHeadersPolicy, headers: Any = (), request: Request = GET, **how: Any) -> dict[str, str]:
    result = of.apply(Headers(headers), request, **how)
    assert len({name.lower() for name in result}) == len(result), "a header twice"
    return dict(result.items())


def problems(config: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        response_headers_policy(config)
    return [(problem.code, problem.path) for problem in caught.value.problems]


SECURITY = {
    "Strict-Transport-Security": "max-age=31536000",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-XSS-Protection": "1; mode=block",
    "X-Content-Type-Options": "nosniff",
}
SIMPLE = {"Access-Control-Allow-Origin": "*"}
WITH_PREFLIGHT = {**SIMPLE, "Access-Control-Expose-Headers": "*"}
METHODS = {"Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"}


@pytest.mark.rule("POLICY-01", "POLICY-19", "POLICY-21")
@pytest.mark.parametrize(
    ("name", "id", "plain", "simple", "preflight"),
    [
        ("SimpleCORS", "60669652-455b-4ae9-85a4-c4c02393f86c", {}, SIMPLE, SIMPLE),
        ("CORS-With-Preflight", "5cc3b908-e619-4b99-88e5-2cf7f45965bd", {}, WITH_PREFLIGHT, WITH_PREFLIGHT | METHODS),
        ("SecurityHeadersPolicy", "67f7725c-6f97-4210-82d7-5512b31e9d03", SECURITY, SECURITY, SECURITY),
        ("CORS-and-SecurityHeadersPolicy", "e61eb60c-9c35-4d20-a928-2b84e02af89c", SECURITY, SECURITY | SIMPLE, SECURITY | SIMPLE),
        (
            "CORS-with-preflight-and-SecurityHeadersPolicy",
            "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
            SECURITY,
            SECURITY | WITH_PREFLIGHT,
            SECURITY | WITH_PREFLIGHT | METHODS,
        ),
    ],
)
def test_managed_policies_add_what_the_guide_says(name, id, plain, simple, preflight):
    of = response_headers_policy(managed("response-headers", id).config)
    assert of.name == name
    assert [answer(of, (), request) for request in (GET, CORS_GET, PREFLIGHT)] == [plain, simple, preflight]


@pytest.mark.rule("POLICY-18")
def test_the_managed_security_policy_overrides_only_nosniff():
    of = response_headers_policy(managed("response-headers", "SecurityHeadersPolicy").config)
    origin = {name: "the origin's" for name in SECURITY}
    assert answer(of, origin) == origin | {"X-Content-Type-Options": "nosniff"}


@pytest.mark.rule("POLICY-17")
def test_removing_comes_first_so_a_header_both_removed_and_added_is_there():
    of = policy(removing("x-powered-by", "X-Both"), custom(("X-Both", "policy", False)))
    assert answer(of, {"X-Powered-By": "PHP", "X-Both": "origin", "X-Other": "1"}) == {"X-Other": "1", "X-Both": "policy"}


@pytest.mark.rule("POLICY-18")
@pytest.mark.parametrize(("override", "value"), [(True, "policy"), (False, "origin")])
def test_overriding_decides_whose_value_is_sent(override, value):
    of = policy(custom(("X-Name", "policy", override)))
    assert answer(of, {"x-name": "origin"}).popitem()[1] == value
    assert answer(of) == {"X-Name": "policy"}
    twice = of.apply(Headers([("X-Name", "origin"), ("X-Name", "origin")]), GET)
    assert twice.getall("X-Name") == (["policy"] if override else ["origin", "origin"])


@pytest.mark.rule("POLICY-18")
def test_a_custom_header_may_be_empty():
    assert answer(policy(custom(("X-Empty", "", True)))) == {"X-Empty": ""}


# CORS


@pytest.mark.rule("POLICY-20", "POLICY-22")
@pytest.mark.parametrize(
    ("listed", "origin", "allowed"),
    [
        ("*", "https://anything.example", "*"),
        ("*", "null", "*"),
        ("http://www.example.org", "http://www.example.org", True),
        ("http://www.example.org", "https://www.example.org", False),
        ("http://www.example.org", "http://www.example.org:8080", False),
        ("http://www.example.org:8080", "http://www.example.org:8080", True),
        ("http://www.example.org:*", "http://www.example.org:8080", True),
        ("http://www.example.org:*", "http://www.example.org", True),
        ("www.example.org", "https://www.example.org", True),
        ("www.example.org", "http://www.example.org", True),
        ("*.example.org", "https://a.example.org", True),
        ("*.example.org", "https://a.b.example.org", True),
        ("*.example.org", "https://example.org", False),
        ("*.example.org", "https://evilexample.org", False),
        ("*.example.org", "https://a.example.org.evil.example", False),
        ("*.example.org", "https://evil.example/a.example.org", False),
        ("https://*.example.org", "https://a.example.org", True),
        ("https://*.example.org", "http://a.example.org", False),
        ("www.example.org", "https://wwwxexample.org", False),
        ("www.example.org", "HTTPS://WWW.EXAMPLE.ORG", True),
        ("www.example.org", "null", False),
    ],
)
def test_which_origins_are_allowed(listed, origin, allowed):
    request = Request("GET", URL, {"Origin": origin})
    expected = {"*": {"Access-Control-Allow-Origin": "*"}, True: {"Access-Control-Allow-Origin": origin}, False: {}}[allowed]
    assert answer(policy(cors(listed)), (), request) == expected
    other = policy(cors("https://other.example", listed))
    assert answer(other, (), request) == expected


@pytest.mark.rule("POLICY-21")
def test_what_cors_tells_to_whom():
    settings = {
        "AccessControlExposeHeaders": listing("X-Count", "ETag"),
        "AccessControlMaxAgeSec": 600,
        "AccessControlAllowCredentials": True,
    }
    of = policy(cors("www.example.org", **settings))
    simple = {
        "Access-Control-Allow-Origin": "https://www.example.org",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "X-Count, ETag",
    }
    preflight = {"Access-Control-Allow-Methods": "GET, PUT", "Access-Control-Allow-Headers": "X-Token", "Access-Control-Max-Age": "600"}
    assert answer(of) == {}
    assert answer(of, (), CORS_GET) == simple
    assert answer(of, (), PREFLIGHT) == simple | preflight
    assert answer(of, (), Request("OPTIONS", URL, {"Origin": "https://www.example.org"})) == simple


@pytest.mark.rule("POLICY-21")
def test_all_is_every_method():
    assert answer(policy(cors("*", AccessControlAllowMethods=listing("ALL"))), (), PREFLIGHT).items() >= METHODS.items()


@pytest.mark.rule("POLICY-18", "POLICY-28")
@pytest.mark.parametrize(
    ("override", "origin", "sent"),
    [
        (False, "https://www.example.org", "https://from.the.origin"),
        (True, "https://www.example.org", "https://www.example.org"),
        (False, "https://stranger.example", "https://from.the.origin"),
        (True, "https://stranger.example", None),
    ],
)
def test_cors_headers_of_the_origin(override, origin, sent):
    of = policy(cors("https://www.example.org", override=override))
    headers = {"Access-Control-Allow-Origin": "https://from.the.origin", "Access-Control-Allow-Credentials": "true"}
    found = answer(of, headers, Request("GET", URL, {"Origin": origin}))
    assert found.get("Access-Control-Allow-Origin") == sent
    assert found["Access-Control-Allow-Credentials"] == "true", "the policy has no say about it"
    assert answer(of, headers) == headers


# Security headers


@pytest.mark.rule("POLICY-23")
@pytest.mark.parametrize(
    ("name", "settings", "header", "value"),
    [
        ("StrictTransportSecurity", {"AccessControlMaxAgeSec": 60}, "Strict-Transport-Security", "max-age=60"),
        (
            "StrictTransportSecurity",
            {"AccessControlMaxAgeSec": 60, "IncludeSubdomains": True, "Preload": True},
            "Strict-Transport-Security",
            "max-age=60; includeSubDomains; preload",
        ),
        ("XSSProtection", {"Protection": False}, "X-XSS-Protection", "0"),
        ("XSSProtection", {"Protection": True}, "X-XSS-Protection", "1"),
        ("XSSProtection", {"Protection": True, "ModeBlock": True}, "X-XSS-Protection", "1; mode=block"),
        ("XSSProtection", {"Protection": True, "ReportUri": "/r"}, "X-XSS-Protection", "1; report=/r"),
        ("FrameOptions", {"FrameOption": "DENY"}, "X-Frame-Options", "DENY"),
        ("ReferrerPolicy", {"ReferrerPolicy": "same-origin"}, "Referrer-Policy", "same-origin"),
        ("ContentSecurityPolicy", {"ContentSecurityPolicy": "default-src 'self'"}, "Content-Security-Policy", "default-src 'self'"),
        ("ContentTypeOptions", {}, "X-Content-Type-Options", "nosniff"),
    ],
)
def test_security_headers_are_put_together_from_their_settings(name, settings, header, value):
    of = policy({"SecurityHeadersConfig": {name: {"Override": True, **settings}}})
    assert answer(of, {header: "the origin's"}) == {header: value}


# Server, Date, Server-Timing

DATE = "Thu, 01 Jan 2026 00:00:00 GMT"


@pytest.mark.rule("POLICY-24")
def test_server_and_date_are_replaced_when_removed():
    of = policy(removing("Server", "date"))
    assert answer(of, {"Server": "nginx", "Date": "yesterday"}, date=DATE) == {"Server": "CloudFront", "Date": DATE}
    assert answer(policy(removing("Server"), custom(("Server", "mine", False))), {"Server": "nginx"}) == {"Server": "mine"}


METRICS = 'cdn-cache-miss,cdn-pop;desc="LHR62-C1"'
ASKING = Request("GET", URL, {"Pragma": "no-cache, Server-Timing"})


@pytest.mark.rule("POLICY-26")
@pytest.mark.parametrize(
    ("rate", "draw", "request_", "sent"),
    [
        (100, 0.999, GET, True),
        (50, 0.49, GET, True),
        (50, 0.51, GET, False),
        (0, 0.0, GET, False),
        (0, 0.0, ASKING, True),
        (0.0001, 0.0000005, GET, True),
    ],
)
def test_server_timing_is_sampled_or_asked_for(rate, draw, request_, sent):
    of = policy({"ServerTimingHeadersConfig": {"Enabled": True, "SamplingRate": rate}})
    assert answer(of, (), request_, timing=METRICS, draw=draw) == ({"Server-Timing": METRICS} if sent else {})


@pytest.mark.rule("POLICY-26")
def test_server_timing_that_is_not_enabled_is_not_sent_even_if_asked_for():
    of = policy({"ServerTimingHeadersConfig": {"Enabled": False, "SamplingRate": 100}})
    assert answer(of, (), ASKING, timing=METRICS, draw=0.0) == {}


@pytest.mark.rule("POLICY-27")
@pytest.mark.parametrize(("hit", "value"), [(False, f"{METRICS},db;dur=53"), (True, METRICS)])
def test_the_origins_server_timing(hit, value):
    of = policy({"ServerTimingHeadersConfig": {"Enabled": True, "SamplingRate": 100}})
    assert answer(of, {"Server-Timing": "db;dur=53"}, timing=METRICS, draw=0.5, hit=hit) == {"Server-Timing": value}


# What is refused


@pytest.mark.rule("POLICY-25", "POLICY-29", "POLICY-12", "POLICY-13")
@pytest.mark.parametrize(
    ("config", "problem"),
    [
        (removing("Via"), ("InvalidArgument", "RemoveHeadersConfig.Items[0].Header")),
        (removing("X-Powered-By", "x-amz-cf-pop"), ("InvalidArgument", "RemoveHeadersConfig.Items[1].Header")),
        (removing("X-Edge-Anything"), ("InvalidArgument", "RemoveHeadersConfig.Items[0].Header")),
        (removing("content-length"), ("InvalidArgument", "RemoveHeadersConfig.Items[0].Header")),
        (removing(*(f"X-{n}" for n in range(11))), ("TooManyRemoveHeadersInResponseHeadersPolicy", "RemoveHeadersConfig")),
        (custom(*((f"X-{n}", "", True) for n in range(11))), ("TooManyCustomHeadersInResponseHeadersPolicy", "CustomHeadersConfig")),
        (custom(("X Y", "1", True)), ("InvalidArgument", "CustomHeadersConfig.Items[0]")),
        (custom(("X-Y", "a\r\nSet-Cookie: b=1", True)), ("InvalidArgument", "CustomHeadersConfig.Items[0]")),
        ({"RemoveHeadersConfig": {"Quantity": 1, "Items": []}}, ("InconsistentQuantities", "RemoveHeadersConfig.Quantity")),
        (
            cors("*", AccessControlAllowMethods={"Quantity": 2, "Items": ["GET"]}),
            ("InconsistentQuantities", "CorsConfig.AccessControlAllowMethods.Quantity"),
        ),
        (cors("*", AccessControlAllowMethods=listing("BREW")), ("InvalidArgument", "CorsConfig.AccessControlAllowMethods")),
        (cors("*", AccessControlMaxAgeSec=-1), ("InvalidArgument", "CorsConfig.AccessControlMaxAgeSec")),
        (cors(), ("InvalidArgument", "CorsConfig.AccessControlAllowOrigins")),
        (cors("https://www.example.org/"), ("InvalidArgument", "CorsConfig.AccessControlAllowOrigins")),
        (cors("example.*"), ("InvalidArgument", "CorsConfig.AccessControlAllowOrigins")),
        (cors("test.*.example.org"), ("InvalidArgument", "CorsConfig.AccessControlAllowOrigins")),
        (cors("exa*mple.org"), ("InvalidArgument", "CorsConfig.AccessControlAllowOrigins")),
        (
            {"SecurityHeadersConfig": {"XSSProtection": {"Override": True, "Protection": True, "ModeBlock": True, "ReportUri": "/r"}}},
            ("InvalidArgument", "SecurityHeadersConfig.XSSProtection"),
        ),
        (
            {"SecurityHeadersConfig": {"FrameOptions": {"Override": True, "FrameOption": "ALLOW"}}},
            ("InvalidArgument", "SecurityHeadersConfig.FrameOptions.FrameOption"),
        ),
        (
            {"SecurityHeadersConfig": {"ContentSecurityPolicy": {"Override": True, "ContentSecurityPolicy": "x" * 1784}}},
            ("TooLongCSPInResponseHeadersPolicy", "SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy"),
        ),
        (
            {"ServerTimingHeadersConfig": {"Enabled": True, "SamplingRate": 101}},
            ("InvalidArgument", "ServerTimingHeadersConfig.SamplingRate"),
        ),
    ],
)
def test_what_a_response_headers_policy_may_not_say(config, problem):
    assert problems(config) == [problem]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
FULL = {
    **cors("*", AccessControlExposeHeaders=listing("ETag"), AccessControlMaxAgeSec=5),
    **custom(("X-A", "1", True)),
    **removing("X-B"),
    **managed("response-headers", "SecurityHeadersPolicy").config,
    "ServerTimingHeadersConfig": {"Enabled": True, "SamplingRate": 100},
}


@given(st.data())
def test_any_json_in_any_field_gives_a_policy_that_works_or_a_config_error(data):
    config: Any = copy.deepcopy(FULL)
    node = config
    while True:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
            break
        node = node[key]
    node[key] = data.draw(json_values)
    try:
        of = response_headers_policy(config)
    except ConfigError as error:
        assert error.problems
    else:
        of.apply(Headers({"Server": "x"}), PREFLIGHT, timing=METRICS, draw=0.0)


header_lines = st.lists(
    st.tuples(st.sampled_from(["X-A", "x-a", "X-B", "Vary", "ETag", "Server"]), st.sampled_from(["1", "2"])), max_size=6
)


@pytest.mark.rule("POLICY-17", "POLICY-18")
@given(header_lines, st.booleans())
def test_headers_that_the_policy_does_not_name_pass_untouched(lines, override):
    of = policy(custom(("X-A", "policy", override)), removing("X-B"))
    result = of.apply(Headers(lines), GET)
    others = [(name, value) for name, value in lines if name.lower() not in ("x-a", "x-b")]
    assert [(name, value) for name, value in result.items() if name.lower() not in ("x-a", "x-b")] == others
    assert "X-B" not in result and "X-A" in result


def test_a_cors_part_can_be_made_by_hand():
    assert Cors(("https://a.example",)).allowed("https://b.example") is None


@pytest.mark.parametrize(
    "config", ["x", None, [], {"CorsConfig": 1}, {"SecurityHeadersConfig": {"FrameOptions": "DENY"}}, {"RemoveHeadersConfig": {"Items": 3}}]
)
def test_a_config_of_the_wrong_shape_is_an_error(config):
    with pytest.raises(ConfigError):
        response_headers_policy(config)
