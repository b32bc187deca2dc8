"""Policies: the managed ones, the two front ends of a recipe, and the table of what two policies send together."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cdnlab.errors import ConfigError, UnknownName
from cdnlab.facts import data_path
from cdnlab.freshness import TTLs
from cdnlab.policies import managed, managed_policies, policy_problems, recipe_from_forwarded_values, recipe_from_policies
from cdnlab.recipe import CLOUDFRONT_HEADERS, Recipe, Selection, sent_selection

NONE: dict[str, Any] = {"HeaderBehavior": "none"}


def names(*items: str) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": list(items)}


def part(behaviour: str, key: str, field: str, items: tuple[str, ...]) -> dict[str, Any]:
    return {key: behaviour} | ({field: names(*items)} if items else {})


def parts(headers: Any = ("none",), cookies: Any = ("none",), query: Any = ("none",)) -> dict[str, Any]:
    """The three settings of a policy, each (behaviour, name, name ...)."""
    return {
        "HeadersConfig": part(headers[0], "HeaderBehavior", "Headers", headers[1:]),
        "CookiesConfig": part(cookies[0], "CookieBehavior", "Cookies", cookies[1:]),
        "QueryStringsConfig": part(query[0], "QueryStringBehavior", "QueryStrings", query[1:]),
    }


def cache_policy(gzip: bool = False, brotli: bool = False, **settings: Any) -> dict[str, Any]:
    ttls = {name: settings.pop(name) for name in ("MinTTL", "DefaultTTL", "MaxTTL") if name in settings}
    inside = {"EnableAcceptEncodingGzip": gzip, "EnableAcceptEncodingBrotli": brotli, **parts(**settings)}
    return {"Name": "mine", "MinTTL": 0, **ttls, "ParametersInCacheKeyAndForwardedToOrigin": inside}


def request_policy(**settings: Any) -> dict[str, Any]:
    return {"Name": "ours", **parts(**settings)}


def legacy(
    headers: tuple[str, ...] = (), cookies: Any = ("none",), query: bool = False, keys: tuple[str, ...] = (), **ttls: int
) -> dict[str, Any]:
    values: dict[str, Any] = {"QueryString": query, "Cookies": part(cookies[0], "Forward", "WhitelistedNames", cookies[1:])}
    if headers:
        values["Headers"] = names(*headers)
    if keys:
        values["QueryStringCacheKeys"] = names(*keys)
    return {"ForwardedValues": values, "MinTTL": 0, **ttls}


def problems(call: Any, *arguments: Any) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        call(*arguments)
    return [(problem.code, problem.path) for problem in caught.value.problems]


# The managed policies, against the tables of the guide

OVERRIDES = "host origin x-http-method x-http-method-override x-method-override"
CACHE = [
    ("CachingOptimized", "658327ea-f89d-4fab-a63d-7e88639e58f6", (1, 86400, 31536000), "", "none", "none", True, True),
    (
        "CachingOptimizedForUncompressedObjects",
        "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
        (1, 86400, 31536000),
        "",
        "none",
        "none",
        False,
        False,
    ),
    ("CachingDisabled", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", (0, 0, 0), "", "none", "none", False, False),
    ("UseOriginCacheControlHeaders", "83da9c7e-98b4-4e11-a168-04f0df8e2c65", (0, 0, 31536000), OVERRIDES, "all", "none", True, True),
    (
        "UseOriginCacheControlHeaders-QueryStrings",
        "4cc15a8a-d715-48a4-82b8-cc0b614638fe",
        (0, 0, 31536000),
        OVERRIDES,
        "all",
        "all",
        True,
        True,
    ),
    (
        "Elemental-MediaPackage",
        "08627262-05a9-4f76-9ded-b50ca2e3a84f",
        (0, 86400, 31536000),
        "origin",
        "none",
        "aws.manifestfilter, start, end, m",
        True,
        False,
    ),
    (
        "Amplify",
        "2e54312d-136d-493c-8eb9-b001f22f67d2",
        (2, 2, 600),
        "authorization host CloudFront-Viewer-Country",
        "all",
        "all",
        True,
        True,
    ),
]


@pytest.mark.rule("POLICY-01")
@pytest.mark.parametrize(("name", "id", "ttls", "headers", "cookies", "query", "gzip", "brotli"), CACHE)
def test_managed_cache_policies_are_as_the_guide_has_them(name, id, ttls, headers, cookies, query, gzip, brotli):
    policy = managed("cache", id)
    assert policy == managed("cache", name) == managed("cache", f"Managed-{name}")
    recipe = recipe_from_policies(policy.config)
    assert recipe.ttls == TTLs(*ttls)
    assert [*recipe.keyed_headers, *recipe.keyed_generated] == headers.split()
    assert (str(recipe.key_cookies), str(recipe.key_query), recipe.gzip, recipe.brotli) == (cookies, query, gzip, brotli)
    assert (recipe.key_by, recipe.send_by) == (f"cache policy {name}", "no origin request policy")


ACR = "Access-Control-Request-Headers, Access-Control-Request-Method"
ORIGIN_REQUEST = [
    ("AllViewer", "216adef6-5c7f-47e4-b989-5492eafa07d3", "all", "all", "all", 0),
    ("AllViewerAndCloudFrontHeaders-2022-06", "33f36d7e-f396-46d9-90e0-52428a34d9dc", "all", "all", "all", 21),
    ("AllViewerExceptHostHeader", "b689b0a8-53d0-40ab-baf2-68738e2966ac", "all except Host", "all", "all", 0),
    ("CORS-CustomOrigin", "59781a5b-3903-41f3-afcb-af62929ccde1", "Origin", "none", "none", 0),
    ("CORS-S3Origin", "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf", f"Origin, {ACR}", "none", "none", 0),
    (
        "Elemental-MediaTailor-PersonalizedManifests",
        "775133bc-15f2-49f9-abea-afb2e0bf67d2",
        f"Origin, {ACR}, User-Agent, X-Forwarded-For",
        "none",
        "all",
        0,
    ),
    ("HostHeaderOnly", "bf0718e1-ba1e-49d1-88b1-f726733018ae", "Host", "none", "none", 0),
    ("UserAgentRefererHeaders", "acba4595-bd28-49b8-b9fe-13317c0390fa", "User-Agent, Referer", "none", "none", 0),
]


@pytest.mark.rule("POLICY-01", "POLICY-05")
@pytest.mark.parametrize(("name", "id", "headers", "cookies", "query", "generated"), ORIGIN_REQUEST)
def test_managed_origin_request_policies_are_as_the_guide_has_them(name, id, headers, cookies, query, generated):
    policy = managed("origin-request", id)
    assert policy.name == name
    recipe = recipe_from_policies(managed("cache", "CachingOptimized").config, policy.config)
    assert (str(recipe.send_headers), str(recipe.send_cookies), str(recipe.send_query)) == (headers, cookies, query)
    assert (recipe.key_headers.mode, recipe.key_cookies.mode, recipe.key_query.mode) == ("none", "none", "none")
    assert len(recipe.generated) == generated and set(recipe.generated) <= set(CLOUDFRONT_HEADERS)
    assert recipe.send_by == f"origin request policy {name}"


@pytest.mark.rule("POLICY-01")
@pytest.mark.parametrize("kind", ["cache", "origin-request", "response-headers"])
def test_managed_policies_have_the_shape_of_the_api(kind):
    """Oracle: botocore's own validation of the calls that would create them."""
    botocore_session = pytest.importorskip("botocore.session")
    from botocore.validate import ParamValidator

    shapes = {
        "cache": "CachePolicyConfig",
        "origin-request": "OriginRequestPolicyConfig",
        "response-headers": "ResponseHeadersPolicyConfig",
    }
    shape = botocore_session.get_session().get_service_model("cloudfront").shape_for(shapes[kind])
    for policy in managed_policies(kind):
        report = ParamValidator().validate(dict(policy.config), shape)
        assert not report.has_errors(), f"{policy.name}: {report.generate_report()}"


def test_an_unknown_managed_policy_names_the_close_ones():
    with pytest.raises(UnknownName, match="did you mean 'CachingOptimized'"):
        managed("cache", "CachingOptimised")
    with pytest.raises(UnknownName, match="did you mean '658327ea-f89d-4fab-a63d-7e88639e58f6'"):
        managed("cache", "658327ea-f89d-4fab-a63d-7e88639e58f7")
    with pytest.raises(UnknownName, match="the managed ones are AllViewer"):
        managed("origin-request", "zzz")
    with pytest.raises(UnknownName, match="unknown kind of policy"):
        managed_policies("caches")  # type: ignore[arg-type]


# What two policies send together: the guide's table of four by four. Values a, b, c, d; the cache policy lists a and b,
# the origin request policy lists b and c.

TABLE = {  # (cache policy, origin request policy): sent to the origin
    ("none", "none"): "",
    ("none", "all"): "abcd",
    ("none", "whitelist"): "bc",
    ("none", "allExcept"): "ad",
    ("all", "none"): "abcd",
    ("all", "all"): "abcd",
    ("all", "whitelist"): "abcd",
    ("all", "allExcept"): "abcd",
    ("whitelist", "none"): "ab",
    ("whitelist", "all"): "abcd",
    ("whitelist", "whitelist"): "abc",
    ("whitelist", "allExcept"): "abd",
    ("allExcept", "none"): "cd",
    ("allExcept", "all"): "abcd",
    ("allExcept", "whitelist"): "bcd",
    ("allExcept", "allExcept"): "d",
}
KEYED = {"none": "", "all": "abcd", "whitelist": "ab", "allExcept": "cd"}


def chosen(behaviour: str, *items: str) -> tuple[str, ...]:
    return (behaviour, *items) if behaviour in ("whitelist", "allExcept") else (behaviour,)


@pytest.mark.rule("POLICY-02", "POLICY-03", "POLICY-04", "POLICY-05")
@pytest.mark.parametrize("thing", ["query", "cookies"])
@pytest.mark.parametrize(("cached", "requested"), TABLE)
def test_what_two_policies_send_together(cached, requested, thing):
    recipe = recipe_from_policies(cache_policy(**{thing: chosen(cached, "a", "b")}), request_policy(**{thing: chosen(requested, "b", "c")}))
    key, send = getattr(recipe, f"key_{thing}"), getattr(recipe, f"send_{thing}")
    assert "".join(each for each in "abcd" if key.takes(each)) == KEYED[cached]
    assert "".join(each for each in "abcd" if send.takes(each)) == TABLE[cached, requested]


HEADER_BEHAVIOURS = {"none": "none", "all": "allViewer", "whitelist": "whitelist", "allExcept": "allExcept"}


@pytest.mark.rule("POLICY-03", "POLICY-05")
@pytest.mark.parametrize("cached", ["none", "whitelist"])
@pytest.mark.parametrize("requested", HEADER_BEHAVIOURS)
def test_what_two_policies_send_together_of_headers(cached, requested):
    recipe = recipe_from_policies(
        cache_policy(headers=chosen(cached, "X-A", "X-B")),
        request_policy(headers=(HEADER_BEHAVIOURS[requested], *chosen(requested, "x-b", "X-C")[1:])),
    )
    sent = "".join(each for each in "abcd" if recipe.send_headers.takes(f"x-{each}"))
    assert sent == TABLE[cached, requested]
    assert recipe.keyed_headers == (("x-a", "x-b") if cached == "whitelist" else ())


@pytest.mark.rule("POLICY-02")
def test_without_an_origin_request_policy_exactly_the_key_is_sent():
    recipe = recipe_from_policies(cache_policy(headers=("whitelist", "Accept"), cookies=("allExcept", "x"), query=("all",)))
    assert (recipe.send_headers, recipe.send_cookies, recipe.send_query) == (recipe.key_headers, recipe.key_cookies, recipe.key_query)


modes = st.sampled_from(["none", "some", "all", "all-except"])
cookie_names = st.lists(st.text("ab*?", min_size=1, max_size=3), min_size=1, max_size=3).map(tuple)


def selection(mode: str, listed: tuple[str, ...]) -> Selection:
    return Selection(mode, listed if mode in ("some", "all-except") else (), "cookie")  # type: ignore[arg-type]


@pytest.mark.rule("POLICY-03", "POLICY-04", "POLICY-15")
@settings(max_examples=500)
@example("some", ("??",), "all-except", ("?*",), "a")
@given(modes, cookie_names, modes, cookie_names, st.text("abc", min_size=1, max_size=3))
def test_whatever_either_policy_selects_is_sent_unless_both_except(key_mode, key_names, mode, more_names, name):
    key, more = selection(key_mode, key_names), selection(mode, more_names)
    sent = sent_selection(key, more).takes(name)
    if key.mode == more.mode == "all-except":
        assert sent is (key.takes(name) and more.takes(name))
    else:
        assert sent is (key.takes(name) or more.takes(name))


def test_a_recipe_sends_what_is_in_its_key_even_if_only_the_key_was_given():
    recipe = Recipe(key_headers=Selection("some", ("Accept",)), key_query=Selection("all"), send_query=Selection("none"))
    assert recipe.send_headers.takes("accept") and recipe.send_query.takes("x")


# Selections


@pytest.mark.rule("KEY-08", "KEY-14", "KEY-06", "POLICY-07")
@pytest.mark.parametrize(
    ("kind", "listed", "name", "taken"),
    [
        ("header", "Accept-Language", "accept-LANGUAGE", True),
        ("header", "X-*", "X-Anything", False),
        ("cookie", "Session", "Session", True),
        ("cookie", "Session", "session", False),
        ("cookie", "wp-*", "wp-", True),
        ("cookie", "wp-*", "xwp-1", False),
        ("cookie", "*wordpress*", "my_wordpress_id", True),
        ("cookie", "id?", "id7", True),
        ("cookie", "id?", "id", False),
        ("cookie", "id?", "id77", False),
        ("cookie", "a.b", "axb", False),
        ("query", "V", "v", False),
        ("query", "v*", "v1", False),
    ],
)
def test_names_match_as_their_kind_does(kind, listed, name, taken):
    assert Selection("some", (listed,), kind).takes(name) is taken
    assert Selection("all-except", (listed,), kind).takes(name) is not taken


# ForwardedValues


@pytest.mark.rule("POLICY-06")
@pytest.mark.parametrize(
    ("forwards", "keys", "in_key", "sent"),
    [(False, (), "none", "none"), (True, (), "all", "all"), (True, ("color",), "color", "all"), (False, ("color",), "none", "none")],
)
def test_legacy_query_strings(forwards, keys, in_key, sent):
    recipe = recipe_from_forwarded_values(legacy(query=forwards, keys=keys))
    assert (str(recipe.key_query), str(recipe.send_query)) == (in_key, sent)


@pytest.mark.rule("POLICY-07")
@pytest.mark.parametrize(("cookies", "shown"), [(("none",), "none"), (("all",), "all"), (("whitelist", "wp-*", "id"), "wp-*, id")])
def test_legacy_cookies_that_are_forwarded_are_in_the_key(cookies, shown):
    recipe = recipe_from_forwarded_values(legacy(cookies=cookies))
    assert str(recipe.key_cookies) == str(recipe.send_cookies) == shown
    assert recipe.cookies_forwarded is (shown != "none")
    assert recipe.key_cookies.takes("wp-7") is (shown != "none")


def test_names_left_over_from_a_legacy_whitelist_do_not_count():
    recipe = recipe_from_forwarded_values(
        {"ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "all", "WhitelistedNames": names("a")}}, "MinTTL": 0}
    )
    assert str(recipe.key_cookies) == "all"


@pytest.mark.rule("POLICY-08", "POLICY-16")
def test_forwarding_all_legacy_headers_means_no_caching():
    recipe = recipe_from_forwarded_values(legacy(headers=("*",)))
    assert (recipe.caching, recipe.collapses, recipe.gzip, str(recipe.send_headers)) == (False, False, False, "all")


@pytest.mark.rule("POLICY-16")
@pytest.mark.parametrize(("headers", "gzip"), [((), True), (("Origin",), True), (("accept-encoding",), False)])
def test_legacy_settings_normalise_to_gzip_only(headers, gzip):
    recipe = recipe_from_forwarded_values(legacy(headers=headers))
    assert (recipe.gzip, recipe.brotli) == (gzip, False)
    assert recipe.keyed_headers == tuple(name.lower() for name in headers)


def test_legacy_headers_that_cloudfront_makes_are_made():
    recipe = recipe_from_forwarded_values(legacy(headers=("cloudfront-is-mobile-viewer", "Origin")))
    assert recipe.generated == recipe.keyed_generated == ("CloudFront-Is-Mobile-Viewer",)
    assert recipe.keyed_headers == ("origin",)


# What follows from a recipe


@pytest.mark.rule("POLICY-09", "POLICY-14")
@pytest.mark.parametrize(
    ("recipe", "caching", "cookies", "collapses"),
    [
        (recipe_from_policies(cache_policy()), True, False, True),
        (recipe_from_policies(cache_policy(DefaultTTL=0, MaxTTL=0)), False, False, False),
        (recipe_from_policies(cache_policy(DefaultTTL=0)), True, False, True),
        (recipe_from_policies(cache_policy(cookies=("whitelist", "a"))), True, True, False),
        (recipe_from_policies(cache_policy(), request_policy(cookies=("all",))), True, True, False),
        (recipe_from_forwarded_values(legacy(cookies=("whitelist", "a"))), True, True, False),
        (recipe_from_forwarded_values(legacy(DefaultTTL=0, MaxTTL=0)), False, False, False),
    ],
)
def test_whether_a_recipe_caches_and_collapses(recipe, caching, cookies, collapses):
    assert (recipe.caching, recipe.cookies_forwarded, recipe.collapses) == (caching, cookies, collapses)


@pytest.mark.rule("POLICY-10")
@pytest.mark.parametrize(
    ("given_ttls", "ttls"),
    [
        ({}, (0, 86400, 31536000)),
        ({"MinTTL": 5}, (5, 86400, 31536000)),
        ({"MinTTL": 100000}, (100000, 100000, 31536000)),
        ({"MinTTL": 40000000}, (40000000, 40000000, 40000000)),
        ({"DefaultTTL": 40000000}, (0, 40000000, 40000000)),
        ({"MinTTL": 0, "DefaultTTL": 0, "MaxTTL": 0}, (0, 0, 0)),
    ],
)
def test_ttls_that_are_not_given(given_ttls, ttls):
    assert recipe_from_policies(cache_policy(**given_ttls)).ttls == TTLs(*ttls)
    assert recipe_from_forwarded_values(legacy() | given_ttls).ttls == TTLs(*ttls)


@pytest.mark.rule("POLICY-11")
@pytest.mark.parametrize(
    ("ttls", "path"),
    [
        ({"MinTTL": 90, "DefaultTTL": 60, "MaxTTL": 3600}, "MinTTL"),
        ({"DefaultTTL": 86400, "MaxTTL": 3600}, "DefaultTTL"),
        ({"MaxTTL": 3600}, "DefaultTTL"),
    ],
)
def test_ttls_out_of_order_are_refused(ttls, path):
    assert problems(recipe_from_policies, cache_policy(**ttls)) == [("InvalidTTLOrder", path)]
    assert problems(recipe_from_forwarded_values, legacy(**ttls), "DefaultCacheBehavior") == [
        ("InvalidTTLOrder", f"DefaultCacheBehavior.{path}")
    ]


# What is refused

KEY = "ParametersInCacheKeyAndForwardedToOrigin"


@pytest.mark.rule("KEY-12", "KEY-13", "POLICY-30")
@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"headers": ("whitelist", "Cookie")}, "HeadersConfig.Headers"),
        ({"headers": ("whitelist", "connection")}, "HeadersConfig.Headers"),
        ({"headers": ("whitelist", "X-Edge-Location")}, "HeadersConfig.Headers"),
        ({"headers": ("whitelist", "CloudFront-Viewer-Address")}, "HeadersConfig.Headers"),
        ({"headers": ("whitelist", "CloudFront-Viewer-JA3-Fingerprint")}, "HeadersConfig.Headers"),
        ({"headers": ("whitelist",)}, "HeadersConfig.Headers"),
        ({"headers": ("allExcept", "Host")}, "HeadersConfig.HeaderBehavior"),
        ({"headers": ("allViewer",)}, "HeadersConfig.HeaderBehavior"),
        ({"cookies": ("some", "a")}, "CookiesConfig.CookieBehavior"),
        ({"cookies": ("all", "a")}, "CookiesConfig.Cookies"),
        ({"query": ("none", "a")}, "QueryStringsConfig.QueryStrings"),
        ({"query": ("allExcept",)}, "QueryStringsConfig.QueryStrings"),
    ],
)
def test_what_a_cache_policy_may_not_say(settings, path):
    assert problems(recipe_from_policies, cache_policy(**settings)) == [("InvalidArgument", f"{KEY}.{path}")]
    assert [problem.path for problem in policy_problems("cache", cache_policy(**settings))] == [f"{KEY}.{path}"]


@pytest.mark.rule("IN-13", "POLICY-30")
@pytest.mark.parametrize(
    "headers",
    [
        ("whitelist", "Authorization"),
        ("allViewerAndWhitelistCloudFront", "Origin"),
        ("allViewerAndWhitelistCloudFront",),
        ("allViewer", "Host"),
        ("all",),
    ],
)
def test_what_an_origin_request_policy_may_not_say(headers):
    (problem,) = problems(recipe_from_policies, cache_policy(), request_policy(headers=headers))
    assert problem[1].startswith("HeadersConfig.")


@pytest.mark.rule("POLICY-12")
def test_a_wrong_quantity_is_refused_wherever_it_stands():
    config = cache_policy(cookies=("whitelist", "a"))
    config[KEY]["CookiesConfig"]["Cookies"]["Quantity"] = 2
    assert problems(recipe_from_policies, config) == [("InconsistentQuantities", f"{KEY}.CookiesConfig.Cookies.Quantity")]
    behaviour = legacy(headers=("Origin",))
    del behaviour["ForwardedValues"]["Headers"]["Quantity"]
    assert problems(recipe_from_forwarded_values, behaviour) == [("InconsistentQuantities", "ForwardedValues.Headers.Quantity")]


@pytest.mark.rule("POLICY-13")
def test_a_policy_of_your_own_keeps_within_the_quotas():
    fine = request_policy(headers=("whitelist", *(f"X-{number}" for number in range(10))))
    assert policy_problems("origin-request", fine) == []
    eleven = request_policy(headers=("whitelist", *(f"X-{number}" for number in range(11))))
    assert [problem.code for problem in policy_problems("origin-request", eleven)] == ["TooManyHeadersInOriginRequestPolicy"]
    long = cache_policy(query=("whitelist", "q" * 600, "r" * 600))
    assert [problem.code for problem in policy_problems("cache", long)] == ["TooManyQueryStringsInCachePolicy"]
    assert recipe_from_policies(cache_policy(), eleven).send_headers.takes("x-10")


def test_all_problems_are_told_at_once_with_their_paths():
    config = cache_policy(headers=("whitelist", "Cookie"), cookies=("maybe",), MinTTL=-1)
    behaviour = "CacheBehaviors.Items[0]"
    with pytest.raises(ConfigError) as caught:
        recipe_from_policies(config, None, None, behaviour)
    paths = [problem.path for problem in caught.value.problems]
    assert paths == [f"{behaviour}.{KEY}.HeadersConfig.Headers", f"{behaviour}.{KEY}.CookiesConfig.CookieBehavior", f"{behaviour}.MinTTL"]
    assert "legal: none, whitelist, allExcept, all" in str(caught.value)


WRONG: list[Any] = [
    {KEY: None},
    {KEY: []},
    {KEY: {"HeadersConfig": "x"}},
    {KEY: {"HeadersConfig": {"HeaderBehavior": []}}},
]


@pytest.mark.parametrize("config", WRONG)
def test_a_config_of_the_wrong_shape_is_an_error_with_a_path(config):
    with pytest.raises(ConfigError):
        recipe_from_policies(config)
    assert policy_problems("cache", config)


@pytest.mark.parametrize(
    "behaviour",
    [
        {},
        "x",
        None,
        {"ForwardedValues": 7},
        {"ForwardedValues": {"QueryString": "yes", "Cookies": {"Forward": "none"}}},
        {"ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "some"}}},
        {"ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "whitelist"}}},
        {"ForwardedValues": {"QueryString": True, "Cookies": "all"}},
        {"ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "none"}, "Headers": ["Host"]}},
        {"ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "none"}, "Headers": {"Quantity": 1, "Items": [3]}}},
        {"ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "none"}, "Headers": names("Cookie")}},
        {"ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "none"}}, "MinTTL": 1.5},
    ],
)
def test_forwarded_values_of_the_wrong_shape_are_an_error_with_a_path(behaviour):
    with pytest.raises(ConfigError) as caught:
        recipe_from_forwarded_values(behaviour)
    assert caught.value.path


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def read_request_policy(config: Any) -> Recipe:
    return recipe_from_policies(cache_policy(), config)


SOUND = [
    (recipe_from_policies, cache_policy(headers=("whitelist", "A"), cookies=("all",), query=("allExcept", "q"), MaxTTL=99999999)),
    (read_request_policy, request_policy(headers=("allViewerAndWhitelistCloudFront", "CloudFront-Viewer-City"), query=("allExcept", "q"))),
    (recipe_from_forwarded_values, legacy(headers=("A",), cookies=("whitelist", "c"), query=True, keys=("q",), MaxTTL=99999999)),
]


@pytest.mark.parametrize(("front_end", "sound"), SOUND)
@given(data=st.data())
def test_any_json_in_any_field_gives_a_recipe_or_a_config_error(front_end, sound, data):
    """Fuzz: one field of a sound config is replaced by anything."""
    config: dict[str, Any] = copy.deepcopy(sound)
    front_end(config)
    node: Any = config
    while True:
        key = data.draw(st.sampled_from(sorted(node)))
        if not isinstance(node[key], dict) or data.draw(st.booleans()):
            break
        node = node[key]
    node[key] = data.draw(json_values)
    try:
        front_end(config)
    except ConfigError as error:
        assert error.problems


def test_the_recipes_of_real_configs():
    """Every sample config that uses ForwardedValues or a managed policy makes recipes."""
    made = 0
    for row in json.loads(data_path("configs", "index.json").read_text()):
        if row["shape"] != "DistributionConfig":
            continue
        config = json.loads(data_path("configs", row["file"]).read_text())
        for behaviour in [config["DefaultCacheBehavior"], *(config.get("CacheBehaviors") or {}).get("Items", [])]:
            if "ForwardedValues" in behaviour:
                recipe = recipe_from_forwarded_values(behaviour)
                assert recipe.legacy and recipe.key_by == "ForwardedValues"
                made += 1
            elif any(policy.id == behaviour["CachePolicyId"] for policy in managed_policies("cache")):
                assert not recipe_from_policies(managed("cache", behaviour["CachePolicyId"]).config).legacy
                made += 1
    assert made > 20


def test_without_host_changes_only_host():
    amplify = recipe_from_policies(managed("cache", "Amplify").config, managed("origin-request", "HostHeaderOnly").config)
    bare = amplify.without_host()
    assert bare.keyed_headers == ("authorization",) and not bare.send_headers.takes("Host")
    assert bare.keyed_generated == amplify.keyed_generated and bare.ttls == amplify.ttls
    optimized = recipe_from_policies(managed("cache", "CachingOptimized").config)
    assert optimized.without_host() is optimized
    assert Recipe(key_headers=Selection("some", ("Host",))).without_host().plain
