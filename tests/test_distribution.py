"""Compiling: lossless in and out, defaults filled in, behaviours by path, and Plans that explain themselves."""

from __future__ import annotations

import copy
import dataclasses

import pytest
from configs import (
    ALL_METHODS,
    ALL_VIEWER,
    CERTIFICATE,
    COMPLETE,
    DISABLED,
    SIMPLE_CORS,
    behavior,
    bucket,
    config,
    custom,
    legacy,
    listed,
    methods,
    sample,
)

from cdnlab.account import Account
from cdnlab.distribution import Distribution, compile, dead_patterns
from cdnlab.plan import ErrorRule, OriginGroup, OriginSpec


def plan(document, path="/x"):
    return compile(document).plan_for(path)


@pytest.mark.rule("CONF-05")
@pytest.mark.parametrize("name", COMPLETE)
def test_a_config_comes_out_as_it_went_in(name):
    given = sample(name)
    distribution = compile(given)
    assert distribution.config == sample(name)
    given["Comment"] = "changed afterwards"
    distribution.config["Comment"] = "changed in a copy"
    assert distribution.config == sample(name)


def test_a_distribution_and_its_plans_never_change():
    distribution = compile(config())
    for value, name in ((distribution, "enabled"), (distribution.plans[0], "pattern"), (distribution.plans[0].origin, "path")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, "x")
    with pytest.raises(TypeError):
        distribution.errors[404] = ErrorRule(404)  # type: ignore[index]


def test_what_the_config_leaves_out_has_aws_defaults():
    distribution = compile(config(default=legacy()))
    default = distribution.plans[-1]
    assert distribution.price_class == "PriceClass_All"
    assert distribution.geo.kind == "none" and not distribution.geo.countries
    assert (default.allowed_methods, default.cached_methods) == (frozenset({"GET", "HEAD"}),) * 2
    assert default.recipe.ttls == (0, 86400, 31536000)
    assert (default.compress, default.response_headers, default.signed, default.is_default, default.number) == (False, None, False, True, 0)
    assert default.origin == OriginSpec("www", "www.example.com", protocol_policy="https-only")
    assert distribution.arn == "arn:aws:cloudfront::111122223333:distribution/EDFDVBD6EXAMPLE"


def test_an_origin_is_compiled_with_everything_it_says():
    origin = custom(
        OriginPath="/production",
        ConnectionAttempts=2,
        ConnectionTimeout=5,
        ResponseCompletionTimeout=90,
        CustomHeaders=listed({"HeaderName": "X-Secret", "HeaderValue": "s"}),
        OriginShield={"Enabled": True, "OriginShieldRegion": "eu-west-2"},
    )
    origin["CustomOriginConfig"] |= {
        "HTTPPort": 8080,
        "OriginReadTimeout": 60,
        "OriginKeepaliveTimeout": 9,
        "OriginProtocolPolicy": "match-viewer",
    }
    spec = plan(config(origins=(origin,))).origin
    assert isinstance(spec, OriginSpec)
    assert (spec.kind, spec.path, spec.protocol_policy, spec.http_port, spec.https_port) == (
        "custom",
        "/production",
        "match-viewer",
        8080,
        443,
    )
    assert (spec.connection_attempts, spec.connection_timeout, spec.read_timeout, spec.keepalive_timeout) == (2, 5, 60, 9)
    assert (spec.completion_timeout, spec.shield_region, spec.custom_headers["x-secret"]) == (90, "eu-west-2", "s")


def test_a_bucket_is_asked_with_its_identity_over_the_viewers_protocol():
    oai = bucket("www") | {
        "S3OriginConfig": {"OriginAccessIdentity": "origin-access-identity/cloudfront/E74FTE3AJFJ256A", "OriginReadTimeout": 7}
    }
    spec = plan(config(origins=(oai,))).origin
    assert (spec.kind, spec.oai, spec.oac, spec.protocol_policy, spec.read_timeout) == ("s3", "E74FTE3AJFJ256A", "", "match-viewer", 7)
    assert plan(config(origins=(bucket("www", OriginAccessControlId="E2"),))).origin.oac == "E2"
    assert (
        plan(config(origins=(custom("www", OriginShield={"Enabled": False, "OriginShieldRegion": "eu-west-2"}),))).origin.shield_region
        is None
    )


@pytest.mark.rule("ROUTE-09")
def test_a_behaviour_may_lead_to_an_origin_group():
    group = {
        "Id": "both",
        "Members": listed({"OriginId": "s3"}, {"OriginId": "www"}),
        "FailoverCriteria": {"StatusCodes": listed(500, 404)},
    }
    target = plan(config(default=behavior(target="both"), OriginGroups=listed(group))).origin
    assert isinstance(target, OriginGroup)
    assert [member.id for member in target.members] == ["s3", "www"]
    assert target.status_codes == {404, 500}


def test_behaviours_errors_geography_and_names_are_compiled():
    errors = listed({"ErrorCode": 404, "ResponsePagePath": "/e.html", "ResponseCode": "200", "ErrorCachingMinTTL": 3}, {"ErrorCode": 503})
    distribution = compile(
        config(
            behavior(
                "api/*",
                AllowedMethods=methods(*ALL_METHODS, cached=("GET", "HEAD", "OPTIONS")),
                ResponseHeadersPolicyId=SIMPLE_CORS,
                Compress=True,
            ),
            CustomErrorResponses=errors,
            Restrictions={"GeoRestriction": {"RestrictionType": "blacklist", **listed("MC")}},
            Aliases=listed("WWW.Example.com"),
            ViewerCertificate=CERTIFICATE,
            PriceClass="PriceClass_100",
            DefaultRootObject="index.html",
            Enabled=False,
            Logging={"Enabled": False, "IncludeCookies": True, "Bucket": "", "Prefix": ""},
            CacheTagConfig={"HeaderName": "Cache-Tag"},
        ),
        id="E1",
        domain_name="D1.cloudfront.net",
    )
    api = distribution.plans[0]
    assert (len(api.allowed_methods), len(api.cached_methods), api.compress, api.response_headers.name) == (7, 3, True, "SimpleCORS")
    assert distribution.errors[404] == ErrorRule(404, 3.0, "/e.html", 200)
    assert distribution.errors[503] == ErrorRule(503, 10.0, None, None)
    assert (distribution.geo.kind, distribution.geo.countries) == ("blacklist", {"MC"})
    assert (distribution.aliases, distribution.domain_name, distribution.id) == (("www.example.com",), "d1.cloudfront.net", "E1")
    assert (distribution.price_class, distribution.default_root_object, distribution.enabled) == ("PriceClass_100", "index.html", False)
    assert (distribution.log_cookies, distribution.cache_tag_header) == (True, "Cache-Tag")


def test_policies_of_the_account_are_used_by_id():
    parameters = {
        "EnableAcceptEncodingGzip": False,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "whitelist", "QueryStrings": listed("v")},
    }
    mine = {"Name": "mine", "MinTTL": 1, "DefaultTTL": 2, "MaxTTL": 3, "ParametersInCacheKeyAndForwardedToOrigin": parameters}
    made = compile(config(default=behavior(CachePolicyId="my-id")), account=Account(cache_policies={"my-id": mine}))
    assert (made.plans[0].recipe.ttls, made.plans[0].recipe.key_by) == ((1, 2, 3), "cache policy mine")


def test_trusted_signers_are_carried_only_when_enabled():
    account = Account(key_groups=("g1", "g2"))
    groups = {"Enabled": True, **listed("g1", "g2")}
    assert compile(config(default=behavior(TrustedKeyGroups=groups)), account=account).plans[0].trusted_key_groups == ("g1", "g2")
    off = compile(config(default=behavior(TrustedKeyGroups=groups | {"Enabled": False})), account=account).plans[0]
    assert (off.trusted_key_groups, off.signed) == ((), False)
    assert compile(config(default=behavior(TrustedSigners={"Enabled": True, **listed("self")}))).plans[0].trusted_signers == ("self",)


@pytest.mark.rule("ROUTE-01", "ROUTE-06")
def test_the_first_behaviour_that_matches_takes_the_path():
    distribution = compile(config(behavior("images/*"), behavior("images/private/*", target="s3"), behavior("*.jpg", target="s3")))
    assert distribution.plan_for("/images/private/a.jpg").number == 0
    assert distribution.plan_for("/a.jpg").number == 2
    assert distribution.plan_for("/A.JPG").is_default
    assert [each.number for each in distribution.plans] == [0, 1, 2, 3]


@pytest.mark.rule("ROUTE-05")
def test_the_raw_path_is_only_normalised_for_matching():
    distribution = compile(config(behavior("/a/b*"), behavior("/a*")))
    assert distribution.plan_for("/a/b/..").pattern == "/a*"
    assert distribution.plan_for("/a/b/%2e%2e/x").pattern == "/a*"
    assert distribution.plan_for("/%61/b").pattern == "/a/b*"


@pytest.mark.rule("ROUTE-07")
def test_seventy_five_behaviours_are_asked_as_one():
    distribution = compile(config(*(behavior(f"dir{n}/*.jpg") for n in range(75))))
    for number in (0, 37, 74):
        assert distribution.plan_for(f"/dir{number}/a/b.jpg").number == number
    assert distribution.plan_for("/elsewhere").is_default


@pytest.mark.rule("CONF-81")
def test_dead_patterns_are_found_with_what_covers_them():
    distribution = compile(
        config(behavior("images/*"), behavior("images/private/*"), behavior("a//b"), behavior("x/../y"), behavior("*.js"))
    )
    assert [(plan.pattern, earlier and earlier.pattern) for plan, earlier in dead_patterns(distribution)] == [
        ("images/private/*", "images/*"),
        ("a//b", None),
        ("x/../y", None),
    ]


@pytest.mark.rule("CONF-60")
def test_a_plan_says_in_words_what_the_config_means():
    spa = compile(sample("spa_oac_6behaviors_api.json"))
    words = str(spa.plans[-1])
    for part in (
        "Default (*)",
        "from      api-gateway-origin (a1b2c3d4e5.execute-api.ap-northeast-1.amazonaws.com) over HTTPS",
        "HTTPS is served; HTTP is redirected to it; GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE allowed",
        "cached    nothing",
        "key       path [cache policy CachingDisabled]",
        "headers all except Host; cookies all; query all [origin request policy AllViewerExceptHostHeader]",
    ):
        assert part in words
    first = spa.plans[0].explain()
    for part in (
        "0: *.html",
        "signed for the OAC EYGA7QDDPPEJI",
        "1 day unless the origin says (1 s to 1 year)",
        "Accept-Encoding (br and gzip)",
        "compress  yes",
    ):
        assert part in first
    assert "Error 404 becomes /index.html with status 404, and is kept for at least 10 s." in spa.explain()
    assert "all headers are forwarded" in str(compile(sample("cli_custom_origin_update.json")).plans[0])
    assert "Only viewers in US" in compile(sample("custodian_geo_whitelist_3behaviors.json")).explain()
    assert "it serves nobody" in compile(sample("oac_function_disabled.json")).explain()
    assert str(spa) == "Distribution EDFDVBD6EXAMPLE (d111111abcdef8.cloudfront.net), 6 behaviours"


@pytest.mark.rule("CONF-60")
def test_words_cover_groups_shields_signers_and_policies():
    group = {"Id": "both", "Members": listed({"OriginId": "s3"}, {"OriginId": "www"}), "FailoverCriteria": {"StatusCodes": listed(503)}}
    shielded = custom(OriginShield={"Enabled": True, "OriginShieldRegion": "us-east-1"})
    document = config(
        behavior("a/*", target="both", TrustedSigners={"Enabled": True, **listed("self")}, ResponseHeadersPolicyId=SIMPLE_CORS),
        behavior("b/*", CachePolicyId=DISABLED, OriginRequestPolicyId=ALL_VIEWER, Compress=True),
        origins=(shielded, bucket()),
        OriginGroups=listed(group),
    )
    one, two, _ = compile(document).plans
    assert "if that fails or answers 503: www" in one.explain() and "Origin Shield in us-east-1" in one.explain()
    assert "signed    by self" in one.explain() and "response headers policy SimpleCORS" in one.explain()
    assert "the key has no Accept-Encoding: no" in two.explain()


def test_compiling_does_not_touch_the_config():
    document = config(legacy("a/*"))
    before = copy.deepcopy(document)
    assert isinstance(compile(document), Distribution)
    assert document == before
