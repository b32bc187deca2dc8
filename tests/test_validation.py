"""The validator: what AWS refuses, as a table; what it takes; and that no JSON at all can crash it."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest
from configs import (
    ACM,
    ALL_METHODS,
    ALL_VIEWER,
    CERTIFICATE,
    COMPLETE,
    OPTIMIZED,
    SIMPLE_CORS,
    behavior,
    bucket,
    config,
    custom,
    forwarding,
    legacy,
    listed,
    methods,
    put,
    sample,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cdnlab
from cdnlab.account import Account
from cdnlab.distribution import Distribution, compile
from cdnlab.errors import ConfigError
from cdnlab.shapes import error_status, look, operation, shape_of
from cdnlab.validation import check, examine, problems

SAMPLES = {name: sample(name) for name in COMPLETE}


def only(document, account=None):
    """The one problem of a config that has one thing wrong."""
    found = problems(document, account)
    assert len(found) == 1, [str(each) for each in found]
    return found[0]


def refused(code, path, document, account=None):
    """A config with one thing wrong, refused with this code at this path."""
    problem = only(document, account)
    assert (problem.code, problem.path) == (code, path), str(problem)
    assert problem.rule and (problem.found or problem.path)
    return problem


# shapes


@pytest.mark.rule("CONF-01")
@pytest.mark.parametrize("field", ["CallerReference", "Origins", "DefaultCacheBehavior", "Comment", "Enabled"])
def test_a_required_field_that_is_missing_is_named(field):
    assert ("InvalidArgument", field) in [(each.code, each.path) for each in problems(put(config(), field, ...))]


@pytest.mark.rule("CONF-01", "CONF-04")
@pytest.mark.parametrize(
    ("path", "value", "legal"),
    [
        ("Enabled", "true", "true or false; leave out the quotation marks"),
        ("Comment", 7, 'text, such as "abc"; write "7"'),
        ("Comment", None, "leave the field out"),
        ("DefaultCacheBehavior.Compress", 1, "true or false"),
        ("CacheBehaviors.Items.0.MinTTL", "60", "a whole number"),
        ("CacheBehaviors.Items.0.MinTTL", True, "a whole number"),
        ("CacheBehaviors.Items.0.MinTTL", 1.5, "a whole number"),
        ("CacheBehaviors.Items.0.ForwardedValues.Cookies.Forward", ["all"], "text"),
        ("Origins.Items.0.CustomOriginConfig.HTTPPort", "80", "a whole number"),
        ("Origins.Items.0.Id", {"a": 1}, "text"),
        ("Origins.Items", "www", "a list"),
        ("CacheBehaviors", [], "CloudFormation a plain list"),
        ("PriceClass", "PriceClass_300", "PriceClass_100, PriceClass_200, PriceClass_All"),
        ("HttpVersion", "http4", "http1.1, http2, http3, http2and3"),
        ("DefaultCacheBehavior.ViewerProtocolPolicy", "redirect", "did you mean redirect-to-https?"),
        ("Origins.Items.0.CustomOriginConfig.OriginProtocolPolicy", "HTTPS", "http-only, match-viewer, https-only"),
    ],
)
def test_a_wrong_value_is_told_with_its_path_however_deep(path, value, legal):
    document = put(config(legacy("a/*")), path, value)
    where = path.replace(".Items.0", ".Items[0]")
    problem = next(each for each in problems(document) if each.path == where)
    assert problem.code == "InvalidArgument"
    assert legal in problem.legal


@pytest.mark.rule("CONF-02")
@pytest.mark.parametrize(
    "path", ["Origins", "CacheBehaviors", "DefaultCacheBehavior.AllowedMethods", "DefaultCacheBehavior.AllowedMethods.CachedMethods"]
)
def test_quantity_is_the_number_of_items(path):
    document = config(behavior("a/*"), default=behavior(AllowedMethods=methods("GET", "HEAD", cached=("GET", "HEAD"))))
    problem = refused("InconsistentQuantities", f"{path}.Quantity", put(document, f"{path}.Quantity", 9))
    assert problem.found == "9"


@pytest.mark.rule("CONF-02")
def test_a_list_of_nothing_needs_no_items():
    assert problems(config() | {"Aliases": {"Quantity": 0}, "CustomErrorResponses": {"Quantity": 0, "Items": []}}) == []


@pytest.mark.rule("CONF-03")
@pytest.mark.parametrize(("wrong", "right"), [("DefaultTtl", "DefaultTTL"), ("ViewerProtocolPolcy", "ViewerProtocolPolicy")])
def test_a_misspelt_field_is_refused_with_the_right_spelling(wrong, right):
    document = config(default=legacy())
    document["DefaultCacheBehavior"][wrong] = document["DefaultCacheBehavior"].pop(right, 60)
    said = next(each for each in problems(document) if each.path == f"DefaultCacheBehavior.{wrong}")
    assert said.legal == f"did you mean {right}?"


@pytest.mark.rule("CONF-03")
def test_a_field_that_nobody_knows_is_a_warning_and_silent_when_idle():
    assert check(config(NewThing={"Enabled": True})) == (
        "NewThing: not a field that this botocore's model of the API knows here; cdnlab does not look at it",
    )
    assert check(config(NewThing={"Enabled": False}, Other="", Third=None)) == ()


def test_a_security_policy_of_the_future_is_a_warning():
    document = config(ViewerCertificate=CERTIFICATE | {"MinimumProtocolVersion": "TLSv1.3_2031"})
    assert "TLSv1.3_2031" in check(document)[0]
    refused(
        "InvalidMinimumProtocolVersion",
        "ViewerCertificate.MinimumProtocolVersion",
        put(document, "ViewerCertificate.MinimumProtocolVersion", "TLS1.2"),
    )


def test_every_code_that_the_source_uses_is_one_of_the_api():
    calls = ("CreateDistribution", "UpdateDistribution", "CreateInvalidation")
    declared = {shape.name for name in calls for shape in operation(name).error_shapes}
    text = "".join(
        (Path(cdnlab.__file__).parent / f"{name}.py").read_text() for name in ("validation", "check_origins", "check_behaviors", "shapes")
    )
    used = set(re.findall(r'"((?:Invalid|TooMany|NoSuch|Illegal|Inconsistent)[A-Za-z]+|TrustedKeyGroupDoesNotExist)"', text))
    assert len(used) > 25
    assert used <= declared


def test_error_codes_have_the_status_of_the_model():
    assert (error_status("NoSuchOrigin"), error_status("PreconditionFailed"), error_status("NotACode")) == (404, 412, 400)


# the distribution


@pytest.mark.rule("CONF-08")
def test_a_comment_has_up_to_128_characters():
    assert problems(config(Comment="x" * 128)) == []
    refused("InvalidArgument", "Comment", config(Comment="x" * 129))


@pytest.mark.rule("CONF-09")
@pytest.mark.parametrize("name", ["/index.html", "a b.html", "x" * 256, "index.html?x=1", "früh.html", "a%20b"])
def test_a_bad_default_root_object_is_refused(name):
    refused("InvalidDefaultRootObject", "DefaultRootObject", config(DefaultRootObject=name))


@pytest.mark.rule("CONF-09")
@pytest.mark.parametrize("name", ["", "index.html", "dir/index.html", "a~b$c'd\"e&f*", "x" * 255])
def test_a_good_default_root_object_is_taken(name):
    assert problems(config(DefaultRootObject=name)) == []


@pytest.mark.rule("CONF-10")
@pytest.mark.parametrize(
    "alias", ["https://a.example", "a.example/x", "w*.example.com", "a.*.example", "*", "", "a b.example", "x.cloudfront.net"]
)
def test_what_is_no_host_name_is_no_alias(alias):
    refused("InvalidArgument", "Aliases.Items[0]", config(Aliases=listed(alias), ViewerCertificate=CERTIFICATE))


@pytest.mark.rule("CONF-10", "CONF-33")
def test_aliases_are_names_each_once_and_up_to_a_hundred():
    assert problems(config(Aliases=listed("a.example", "*.example.com", "single"), ViewerCertificate=CERTIFICATE)) == []
    refused("InvalidArgument", "Aliases.Items[1]", config(Aliases=listed("a.example", "A.example"), ViewerCertificate=CERTIFICATE))
    many = [f"a{number}.example" for number in range(101)]
    refused("TooManyDistributionCNAMEs", "Aliases.Quantity", config(Aliases=listed(*many), ViewerCertificate=CERTIFICATE))


@pytest.mark.rule("CONF-11")
@pytest.mark.parametrize("certificate", [{}, {"CloudFrontDefaultCertificate": True}])
def test_an_alias_needs_a_certificate_of_its_own(certificate):
    refused("InvalidViewerCertificate", "ViewerCertificate", config(Aliases=listed("a.example"), ViewerCertificate=certificate))


@pytest.mark.rule("CONF-12")
@pytest.mark.parametrize(
    ("code", "field", "change"),
    [
        ("InvalidViewerCertificate", "ACMCertificateArn", {"ACMCertificateArn": ACM.replace("us-east-1", "eu-west-1")}),
        ("InvalidViewerCertificate", "IAMCertificateId", {"IAMCertificateId": "ASCAEXAMPLE"}),
        ("InvalidViewerCertificate", "CloudFrontDefaultCertificate", {"CloudFrontDefaultCertificate": True}),
        ("InvalidViewerCertificate", "SSLSupportMethod", {"SSLSupportMethod": ""}),
        ("InvalidProtocolSettings", "MinimumProtocolVersion", {"MinimumProtocolVersion": "SSLv3"}),
    ],
)
def test_a_certificate_has_one_source_and_says_how_viewers_are_told_apart(code, field, change):
    document = config(ViewerCertificate={name: value for name, value in (CERTIFICATE | change).items() if value != ""})
    refused(code, f"ViewerCertificate.{field}", document)


@pytest.mark.rule("CONF-13", "CONF-14")
@pytest.mark.parametrize(
    ("code", "field", "error"),
    [
        ("InvalidErrorCode", "ErrorCode", {"ErrorCode": 412}),
        ("InvalidErrorCode", "ErrorCode", {"ErrorCode": 200}),
        ("InvalidResponseCode", "ResponseCode", {"ErrorCode": 404, "ResponsePagePath": "/e.html", "ResponseCode": "302"}),
        ("InvalidArgument", "ResponseCode", {"ErrorCode": 404, "ResponsePagePath": "/e.html", "ResponseCode": 200}),
        ("InvalidArgument", "ResponseCode", {"ErrorCode": 404, "ResponsePagePath": "/e.html"}),
        ("InvalidArgument", "ResponsePagePath", {"ErrorCode": 404, "ResponseCode": "200"}),
        ("InvalidArgument", "ResponsePagePath", {"ErrorCode": 404, "ResponsePagePath": "e.html", "ResponseCode": "200"}),
        ("InvalidArgument", "ErrorCachingMinTTL", {"ErrorCode": 404, "ErrorCachingMinTTL": -1}),
    ],
)
def test_a_bad_error_response_is_refused(code, field, error):
    found = problems(config(CustomErrorResponses=listed(error)))
    assert (code, f"CustomErrorResponses.Items[0].{field}") == (found[0].code, found[0].path)


@pytest.mark.rule("CONF-13", "CONF-14")
def test_an_error_response_may_only_set_how_long_the_error_is_kept():
    empty = {"ErrorCode": 403, "ResponsePagePath": "", "ResponseCode": "", "ErrorCachingMinTTL": 0}
    assert problems(config(CustomErrorResponses=listed({"ErrorCode": 404, "ErrorCachingMinTTL": 5}, empty))) == []
    refused(
        "InvalidArgument",
        "CustomErrorResponses.Items[1].ErrorCode",
        config(CustomErrorResponses=listed({"ErrorCode": 404}, {"ErrorCode": 404})),
    )


def geo(kind, *countries):
    return config(Restrictions={"GeoRestriction": {"RestrictionType": kind, **listed(*countries)}})


@pytest.mark.rule("CONF-15", "CONF-16")
def test_geographic_restrictions_name_countries_that_exist():
    for document in (geo("none"), geo("whitelist", "LI"), geo("blacklist", "MC", "UM", "XK")):
        assert problems(document) == []
    where = "Restrictions.GeoRestriction"
    refused("InvalidGeoRestrictionParameter", f"{where}.Items", geo("none", "DE"))
    refused("InvalidGeoRestrictionParameter", f"{where}.Items", geo("whitelist"))
    refused("InvalidGeoRestrictionParameter", f"{where}.Items[1]", geo("whitelist", "DE", "DE"))
    refused("InvalidGeoRestrictionParameter", f"{where}.RestrictionType", geo("allow"))
    assert refused("InvalidLocationCode", f"{where}.Items[0]", geo("whitelist", "de")).legal == "did you mean DE?"
    refused("InvalidLocationCode", f"{where}.Items[0]", geo("whitelist", "XX"))
    refused("InvalidLocationCode", f"{where}.Items[0]", geo("whitelist", "Germany"))


@pytest.mark.rule("CONF-17")
def test_logging_names_a_bucket_by_its_host_name():
    good = {"Enabled": True, "IncludeCookies": False, "Bucket": "logs.s3.amazonaws.com", "Prefix": "a/"}
    assert problems(config(Logging=good)) == []
    assert problems(config(Logging={"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""})) == []
    for wrong in ("", "logs"):
        refused("InvalidArgument", "Logging.Bucket", config(Logging=good | {"Bucket": wrong}))
    refused("InvalidArgument", "Logging.Prefix", config(Logging=good | {"Prefix": "/a"}))


# origins


@pytest.mark.rule("CONF-20")
def test_a_behaviour_names_an_origin_that_exists():
    problem = refused("NoSuchOrigin", "CacheBehaviors.Items[0].TargetOriginId", config(behavior("a/*", target="wwww")))
    assert problem.legal == "did you mean 'www'?"
    refused("InvalidArgument", "Origins.Items[1].Id", config(origins=(custom("www"), custom("www", "b.example"))))
    assert {each.code for each in problems(config(origins=(custom(""),)))} == {"InvalidArgument", "NoSuchOrigin"}


@pytest.mark.rule("CONF-21")
@pytest.mark.parametrize(
    "origin", [{"Id": "www", "DomainName": "www.example.com"}, custom() | {"S3OriginConfig": {"OriginAccessIdentity": ""}}]
)
def test_an_origin_has_exactly_one_type(origin):
    refused("InvalidOrigin", "Origins.Items[0]", config(origins=(origin,)))


@pytest.mark.rule("CONF-22")
@pytest.mark.parametrize(
    "domain", ["https://www.example.com", "www.example.com/path", "www.example.com:8080", "192.0.2.1", "", "a..b", "a b", "x" * 254, "-a.b"]
)
def test_an_origin_is_named_by_a_host_name(domain):
    refused("InvalidArgument", "Origins.Items[0].DomainName", config(origins=(custom(domain=domain),)))


@pytest.mark.rule("CONF-22")
@pytest.mark.parametrize("domain", ["www.example.com", "localhost", "my_bucket.example", "xn--bcher-kva.example", "2024.example"])
def test_any_host_name_may_be_an_origin(domain):
    assert problems(config(origins=(custom(domain=domain),))) == []


@pytest.mark.rule("CONF-23")
@pytest.mark.parametrize("path", ["production", "/production/", "/", "/a b", "/a?b", "/" + "x" * 255])
def test_an_origin_path_begins_and_does_not_end_with_a_slash(path):
    refused("InvalidRelativePath", "Origins.Items[0].OriginPath", config(origins=(custom(OriginPath=path),)))


@pytest.mark.rule("CONF-24")
@pytest.mark.parametrize(
    "domain",
    ["b.s3-website-us-east-1.amazonaws.com", "b.s3-website.eu-central-1.amazonaws.com", "www.example.com", "b.s3-accelerate.amazonaws.com"],
)
def test_an_s3_origin_is_a_rest_endpoint(domain):
    document = config(origins=(bucket("www", domain),))
    problem = refused("InvalidOrigin", "Origins.Items[0].DomainName", document)
    assert "CustomOriginConfig" in problem.rule + problem.legal


@pytest.mark.rule("CONF-24")
@pytest.mark.parametrize(
    "domain",
    [
        "b.s3.amazonaws.com",
        "b.s3.eu-north-1.amazonaws.com",
        "b.s3-us-west-2.amazonaws.com",
        "b.c.s3.dualstack.us-east-1.amazonaws.com",
        "b.s3.cn-north-1.amazonaws.com.cn",
        "ap-111122223333.s3-accesspoint.eu-west-1.amazonaws.com",
    ],
)
def test_every_spelling_of_a_buckets_endpoint_is_one(domain):
    assert problems(config(origins=(bucket("www", domain),))) == []


@pytest.mark.rule("CONF-25", "CONF-26")
@pytest.mark.parametrize(
    ("code", "path", "value"),
    [
        ("InvalidArgument", "ConnectionAttempts", 0),
        ("InvalidArgument", "ConnectionAttempts", 4),
        ("InvalidArgument", "ConnectionTimeout", 11),
        ("InvalidArgument", "ResponseCompletionTimeout", 29),
        ("InvalidOriginReadTimeout", "CustomOriginConfig.OriginReadTimeout", 0),
        ("InvalidOriginReadTimeout", "CustomOriginConfig.OriginReadTimeout", 121),
        ("InvalidOriginKeepaliveTimeout", "CustomOriginConfig.OriginKeepaliveTimeout", 301),
        ("InvalidArgument", "CustomOriginConfig.HTTPPort", 81),
        ("InvalidArgument", "CustomOriginConfig.HTTPSPort", 65536),
        ("InvalidArgument", "CustomOriginConfig.HTTPPort", 0),
    ],
)
def test_numbers_of_an_origin_have_bounds(code, path, value):
    refused(code, f"Origins.Items[0].{path}", put(config(), f"Origins.Items.0.{path}", value))


@pytest.mark.rule("CONF-27")
@pytest.mark.parametrize(
    "name",
    [
        "Cache-Control",
        "host",
        "Cookie",
        "If-None-Match",
        "TE",
        "Via",
        "X-Amz-Date",
        "x-edge-location",
        "X-Real-IP",
        "Range",
        "not a name",
        "",
    ],
)
def test_some_headers_cannot_be_added_for_an_origin(name):
    header = {"HeaderName": name, "HeaderValue": "x"}
    refused(
        "InvalidArgument", "Origins.Items[0].CustomHeaders.Items[0].HeaderName", config(origins=(custom(CustomHeaders=listed(header)),))
    )


@pytest.mark.rule("CONF-27")
def test_custom_headers_have_quotas():
    def headers(*pairs):
        return config(origins=(custom(CustomHeaders=listed(*({"HeaderName": name, "HeaderValue": value} for name, value in pairs))),))

    path = "Origins.Items[0].CustomHeaders"
    assert (
        problems(
            headers(
                *((f"X-{n}", "v") for n in range(30)),
            )
        )
        == []
    )
    refused("TooManyOriginCustomHeaders", f"{path}.Quantity", headers(*((f"X-{n}", "v") for n in range(31))))
    refused("InvalidArgument", f"{path}.Items[0].HeaderValue", headers(("X-A", "v" * 1784)))
    refused("InvalidArgument", f"{path}.Items[0].HeaderValue", headers(("X-A", "a\r\nX-B: c")))
    refused("InvalidArgument", f"{path}.Items[1].HeaderName", headers(("X-A", "1"), ("x-a", "2")))
    refused("InvalidArgument", path, headers(*((f"X-{n}", "v" * 1700) for n in range(7))))


@pytest.mark.rule("CONF-28")
def test_an_origin_shield_stands_in_a_region_that_offers_it():
    assert problems(config(origins=(custom(OriginShield={"Enabled": True, "OriginShieldRegion": "eu-west-2"}),))) == []
    assert problems(config(origins=(custom(OriginShield={"Enabled": False}),))) == []
    for shield in ({"Enabled": True}, {"Enabled": True, "OriginShieldRegion": "eu-north-1"}):
        refused("InvalidArgument", "Origins.Items[0].OriginShield.OriginShieldRegion", config(origins=(custom(OriginShield=shield),)))


@pytest.mark.rule("CONF-29", "CONF-30")
def test_an_origin_shows_one_identity_of_the_right_kind():
    def s3(oai="", **changes):
        return config(origins=(custom(), bucket(**changes) | {"S3OriginConfig": {"OriginAccessIdentity": oai}}))

    path, oai = "Origins.Items[1]", "origin-access-identity/cloudfront/E74FTE3AJFJ256A"
    assert problems(s3(oai)) == problems(s3(oai, OriginAccessControlId="")) == problems(s3(OriginAccessControlId="E2QWRUHEXAMPLE")) == []
    for wrong in ("E74FTE3AJFJ256A", "origin-access-identity/cloudfront/", "origin-access-identity/s3/E1"):
        refused("InvalidOriginAccessIdentity", f"{path}.S3OriginConfig.OriginAccessIdentity", s3(wrong))
    refused("IllegalOriginAccessConfiguration", f"{path}.OriginAccessControlId", s3(oai, OriginAccessControlId="E2"))
    document = config(origins=(custom(OriginAccessControlId="E2"),))
    refused("InvalidDomainNameForOriginAccessControl", "Origins.Items[0].OriginAccessControlId", document)
    for host in ("abc.lambda-url.us-east-1.on.aws", "x.egress.a.mediapackagev2.us-west-2.amazonaws.com"):
        assert problems(config(origins=(custom(domain=host, OriginAccessControlId="E2"),))) == []


def group(id="both", members=("www", "s3"), codes=(500, 503)):
    members = listed(*({"OriginId": member} for member in members))
    return {"Id": id, "Members": members, "FailoverCriteria": {"StatusCodes": listed(*codes)}}


@pytest.mark.rule("CONF-31", "CONF-32", "ROUTE-09")
def test_an_origin_group_has_two_members_and_codes_that_fail_over():
    def grouped(*groups):
        return config(default=behavior(target="both"), OriginGroups=listed(*groups))

    path = "OriginGroups.Items[0]"
    assert problems(grouped(group(codes=(400, 403, 404, 416, 429, 500, 502, 503, 504)))) == []
    refused("NoSuchOrigin", f"{path}.Members.Items[1].OriginId", grouped(group(members=("www", "s4"))))
    refused("InvalidArgument", f"{path}.Members", grouped(group(members=("www", "www"))))
    refused("InvalidArgument", f"{path}.Members.Items", grouped(group(members=("www",))))
    refused("InvalidArgument", f"{path}.FailoverCriteria.StatusCodes.Items[0]", grouped(group(codes=(401,))))
    refused("InvalidArgument", "OriginGroups.Items[1].Id", grouped(group(), group()))
    assert problems(grouped(group(codes=())))[0].path == f"{path}.FailoverCriteria.StatusCodes.Items"


@pytest.mark.rule("CONF-33")
def test_a_distribution_has_quotas():
    origins = tuple(custom(f"o{n}") for n in range(101))
    refused("TooManyOrigins", "Origins.Quantity", config(origins=origins, default=behavior(target="o1")))
    refused("TooManyCacheBehaviors", "CacheBehaviors.Quantity", config(*(behavior(f"p{n}/*") for n in range(76))))
    assert problems(config(*(behavior(f"p{n}/*") for n in range(75)))) == []
    groups = [group(f"g{n}") for n in range(11)]
    refused("TooManyOriginGroupsPerDistribution", "OriginGroups.Quantity", config(OriginGroups=listed(*groups)))


# behaviours


@pytest.mark.rule("CONF-40")
@pytest.mark.parametrize("pattern", ["a b", "", "x" * 256, "a|b", "^/api/.*$", "[a-z]/*", "ä/*", "a%20b", "a#b", "<x>", "a\\b"])
def test_a_pattern_has_characters_that_patterns_may_have(pattern):
    refused(
        "InvalidArgument", "CacheBehaviors.Items[0].PathPattern", put(config(behavior("x")), "CacheBehaviors.Items.0.PathPattern", pattern)
    )


@pytest.mark.rule("CONF-40")
def test_a_pattern_belongs_to_one_behaviour_and_never_to_the_default():
    assert problems(config(behavior("images/*.jpg"), behavior("/_next/*"), behavior("*~$a'@:+&\"?"), behavior("x" * 255))) == []
    refused("InvalidArgument", "CacheBehaviors.Items[1].PathPattern", config(behavior("a/*"), behavior("/a/*")))
    refused("InvalidArgument", "DefaultCacheBehavior.PathPattern", config(default=behavior("a/*")))


@pytest.mark.rule("CONF-41")
def test_braces_in_a_pattern_are_a_warning():
    assert "takes them literally" in check(config(behavior("*.{png,jpg}")))[0]


@pytest.mark.rule("CONF-42", "CONF-44")
@pytest.mark.parametrize(
    ("field", "allowed"),
    [
        ("AllowedMethods", methods("GET")),
        ("AllowedMethods", methods("GET", "GET")),
        ("AllowedMethods", methods("GET", "HEAD", "POST")),
        ("AllowedMethods", methods("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH")),
        ("AllowedMethods", methods("HEAD", "OPTIONS")),
        ("AllowedMethods.CachedMethods", methods("GET", "HEAD", cached=("GET",))),
        ("AllowedMethods.CachedMethods", methods("GET", "HEAD", cached=("GET", "HEAD", "OPTIONS"))),
        ("AllowedMethods.CachedMethods", methods(*ALL_METHODS, cached=("GET", "HEAD", "POST"))),
    ],
)
def test_methods_come_in_three_sets(field, allowed):
    problem = refused("InvalidArgument", f"DefaultCacheBehavior.{field}", config(default=behavior(AllowedMethods=allowed)))
    assert "GET, HEAD" in problem.legal or "AllowedMethods has" in problem.legal


@pytest.mark.rule("CONF-42", "CONF-43")
def test_the_three_sets_are_legal_and_a_fourth_one_is_a_warning():
    for count in (2, 3, 7):
        allowed = methods(*reversed(ALL_METHODS[:count]), cached=("HEAD", "GET"))
        assert check(config(default=behavior(AllowedMethods=allowed))) == ()
    assert (
        "cdnlab allows GET, HEAD, OPTIONS, POST"
        in check(config(default=behavior(AllowedMethods=methods("GET", "HEAD", "OPTIONS", "POST"))))[0]
    )


@pytest.mark.rule("CONF-45", "CONF-46")
def test_signers_that_are_enabled_exist():
    def trusting(*groups, enabled=True):
        return config(default=behavior(TrustedKeyGroups={"Enabled": enabled, **listed(*groups)}))

    account = Account(key_groups=("g1", "g2", "g3", "g4", "g5"))
    path = "DefaultCacheBehavior.TrustedKeyGroups"
    assert problems(trusting("g1", "g4"), account) == []
    refused("InvalidArgument", f"{path}.Enabled", trusting(), account)
    refused("TrustedKeyGroupDoesNotExist", f"{path}.Items[0]", trusting("g9"), account)
    refused("TooManyKeyGroupsAssociatedToDistribution", f"{path}.Quantity", trusting("g1", "g2", "g3", "g4", "g5"), account)
    assert "need no signature" in check(trusting("g1", enabled=False), account)[0]
    assert problems(sample("reject_trusted_signers_quantity0.json"))[-1].path == "DefaultCacheBehavior.TrustedSigners.Enabled"


@pytest.mark.rule("CONF-47", "CONF-48", "CONF-49")
def test_a_behaviour_speaks_one_of_two_languages():
    where = "DefaultCacheBehavior"
    refused("InvalidArgument", f"{where}.ForwardedValues", config(default=behavior(ForwardedValues=forwarding())))
    refused("InvalidArgument", f"{where}.CachePolicyId", config(default={"TargetOriginId": "www", "ViewerProtocolPolicy": "allow-all"}))
    for ttl in ("MinTTL", "DefaultTTL", "MaxTTL"):
        refused("InvalidArgument", f"{where}.{ttl}", config(default=behavior(**{ttl: 0})))
    refused("InvalidArgument", f"{where}.OriginRequestPolicyId", config(default=legacy(OriginRequestPolicyId=ALL_VIEWER)))
    assert problems(config(default=behavior(OriginRequestPolicyId=ALL_VIEWER, ResponseHeadersPolicyId=SIMPLE_CORS))) == []
    assert problems(config(default=legacy(CachePolicyId="", OriginRequestPolicyId="", ResponseHeadersPolicyId=SIMPLE_CORS))) == []


@pytest.mark.rule("CONF-50")
@pytest.mark.parametrize(
    ("code", "field"),
    [
        ("NoSuchCachePolicy", "CachePolicyId"),
        ("NoSuchOriginRequestPolicy", "OriginRequestPolicyId"),
        ("NoSuchResponseHeadersPolicy", "ResponseHeadersPolicyId"),
    ],
)
def test_a_policy_that_does_not_exist_is_refused(code, field):
    for id in ("00000000-1111-2222-3333-444444444444", "CachingOptimized", OPTIMIZED[:-1] + "7", "x"):
        refused(code, f"DefaultCacheBehavior.{field}", config(default=behavior(**{field: id})))


@pytest.mark.rule("CONF-51")
@pytest.mark.parametrize("id", ["658327ea-f89d-4fab-a63d-7e88639e5ABC", "658327ea-f89d-4fab-a63d-7e886EXAMPLE"])
def test_an_id_disguised_as_in_the_documentation_is_understood(id):
    assert OPTIMIZED in check(config(default=behavior(CachePolicyId=id)))[0]
    assert compile(config(default=behavior(CachePolicyId=id))).plans[0].recipe.key_by == "cache policy CachingOptimized"


@pytest.mark.rule("CONF-52")
@pytest.mark.parametrize(
    ("ttls", "field"),
    [
        ({"MinTTL": 60, "DefaultTTL": 30}, "MinTTL"),
        ({"MinTTL": 0, "DefaultTTL": 86400, "MaxTTL": 3600}, "DefaultTTL"),
        ({"MinTTL": 0, "MaxTTL": 3600}, "DefaultTTL"),
    ],
)
def test_ttls_are_in_order(ttls, field):
    refused("InvalidTTLOrder", f"CacheBehaviors.Items[0].{field}", config(legacy("a/*") | ttls))


@pytest.mark.rule("CONF-52")
@pytest.mark.parametrize(
    "ttls",
    [
        {},
        {"MinTTL": 0},
        {"MinTTL": 0, "DefaultTTL": 0, "MaxTTL": 0},
        {"MinTTL": 100_000},
        {"MinTTL": 0, "DefaultTTL": 40_000_000},
        {"DefaultTTL": 60},
    ],
)
def test_ttls_that_are_left_out_take_defaults_that_fit(ttls):
    document = config(legacy("a/*") | ttls)
    assert problems(document) == []


def test_a_negative_ttl_is_refused():
    refused("InvalidArgument", "DefaultCacheBehavior.MinTTL", config(default=legacy(MinTTL=-1)))


@pytest.mark.rule("CONF-53", "CONF-54", "CONF-55", "CONF-33")
@pytest.mark.parametrize(
    ("code", "path", "values"),
    [
        ("InvalidForwardCookies", "Cookies.WhitelistedNames", {"Cookies": {"Forward": "whitelist"}}),
        ("InvalidForwardCookies", "Cookies.WhitelistedNames", {"Cookies": {"Forward": "all", "WhitelistedNames": listed("a")}}),
        ("InvalidArgument", "QueryString", {"QueryStringCacheKeys": listed("color")}),
        ("InvalidArgument", "Headers", {"Headers": listed("*", "Accept")}),
        ("InvalidArgument", "Headers", {"Headers": listed("Cookie")}),
        ("TooManyHeadersInForwardedValues", "Headers.Quantity", {"Headers": listed(*(f"X-{n}" for n in range(11)))}),
        (
            "TooManyCookieNamesInWhiteList",
            "Cookies.WhitelistedNames.Quantity",
            {"Cookies": {"Forward": "whitelist", "WhitelistedNames": listed(*"abcdefghijk")}},
        ),
        (
            "TooManyQueryStringParameters",
            "QueryStringCacheKeys.Quantity",
            {"QueryString": True, "QueryStringCacheKeys": listed(*"abcdefghijk")},
        ),
    ],
)
def test_forwarded_values_make_sense(code, path, values):
    refused(code, f"DefaultCacheBehavior.ForwardedValues.{path}", config(default=legacy(ForwardedValues=forwarding(**values))))


@pytest.mark.rule("CONF-55")
def test_all_headers_are_forwarded_only_without_a_min_ttl_and_host_never_to_s3():
    everything = forwarding(Headers=listed("*"))
    assert problems(config(default=legacy(ForwardedValues=everything))) == []
    refused("InvalidArgument", "DefaultCacheBehavior.MinTTL", config(default=legacy(ForwardedValues=everything, MinTTL=1)))
    host = legacy("x/*", target="s3", ForwardedValues=forwarding(Headers=listed("host")))
    refused("InvalidHeadersForS3Origin", "CacheBehaviors.Items[0].ForwardedValues.Headers", config(host))


@pytest.mark.rule("CONF-56")
def test_functions_have_events_and_versions():
    function = {"FunctionARN": "arn:aws:cloudfront::111122223333:function/a", "EventType": "viewer-request"}
    edge = {"LambdaFunctionARN": "arn:aws:lambda:us-east-1:111122223333:function:a:3", "EventType": "origin-request"}

    def functions(*items):
        return config(default=behavior(FunctionAssociations=listed(*items)))

    def lambdas(*items):
        return config(default=behavior(LambdaFunctionAssociations=listed(*items)))

    where = "DefaultCacheBehavior"
    assert problems(functions(function)) == problems(lambdas(edge)) == []
    path = f"{where}.FunctionAssociations.Items"
    refused("InvalidFunctionAssociation", f"{path}[0].EventType", functions(function | {"EventType": "origin-request"}))
    refused("InvalidFunctionAssociation", f"{path}[1].EventType", functions(function, function))
    name = edge["LambdaFunctionARN"].removesuffix(":3")
    for arn in (name, f"{name}:$LATEST", f"{name}:live", edge["LambdaFunctionARN"].replace("us-east-1", "eu-west-1")):
        refused(
            "InvalidLambdaFunctionAssociation",
            f"{where}.LambdaFunctionAssociations.Items[0].LambdaFunctionARN",
            lambdas(edge | {"LambdaFunctionARN": arn}),
        )
    both = behavior(FunctionAssociations=listed(function), LambdaFunctionAssociations=listed(edge))
    assert problems(config(default=both)) == []
    both["LambdaFunctionAssociations"] = listed(edge | {"EventType": "viewer-response"})
    refused("InvalidFunctionAssociation", f"{where}.LambdaFunctionAssociations.Items[0].EventType", config(default=both))
    assert problems(functions(*[function] * 3))[0].code == "TooManyFunctionAssociations"
    assert problems(lambdas(*[edge] * 5))[0].code == "TooManyLambdaFunctionAssociations"


@pytest.mark.rule("CONF-57")
def test_a_web_acl_is_the_arn_of_a_global_one_or_the_id_of_a_classic_one():
    arn = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/mine/473e64fd-f30b-4765-81a0-62ad96dd167a"
    for legal in ("", arn, "473e64fd-f30b-4765-81a0-62ad96dd167a"):
        assert problems(config(WebACLId=legal)) == []
    for wrong in ("mine", arn.replace("global", "regional").replace("us-east-1", "eu-west-1"), arn.replace(":wafv2:", ":lambda:")):
        refused("InvalidWebACLId", "WebACLId", config(WebACLId=wrong))


# warnings


@pytest.mark.rule("CONF-70", "CONF-71")
@pytest.mark.parametrize(
    ("path", "value", "idle"),
    [
        ("WebACLId", "arn:aws:wafv2:us-east-1:111122223333:global/webacl/a/b", ""),
        ("Staging", True, False),
        ("ContinuousDeploymentPolicyId", "abc", ""),
        ("AnycastIpListId", "abc", ""),
        ("ConnectionMode", "tenant-only", "direct"),
        ("TenantConfig", {"ParameterDefinitions": [{"Name": "n", "Definition": {"StringSchema": {"Required": True}}}]}, {}),
        ("ViewerMtlsConfig", {"Mode": "required"}, {}),
        ("Logging", {"Enabled": True, "Bucket": "b.s3.amazonaws.com"}, {"Enabled": False, "IncludeCookies": False, "Bucket": ""}),
        ("DefaultCacheBehavior.SmoothStreaming", True, False),
        ("DefaultCacheBehavior.RealtimeLogConfigArn", "arn:aws:cloudfront::111122223333:realtime-log-config/a", ""),
        ("DefaultCacheBehavior.FieldLevelEncryptionId", "abc", ""),
        ("DefaultCacheBehavior.GrpcConfig", {"Enabled": True}, {"Enabled": False}),
        (
            "DefaultCacheBehavior.FunctionAssociations",
            listed({"FunctionARN": "arn:aws:cloudfront::111122223333:function/a", "EventType": "viewer-request"}),
            {"Quantity": 0},
        ),
        (
            "DefaultCacheBehavior.LambdaFunctionAssociations",
            listed({"LambdaFunctionARN": "a:1", "EventType": "origin-request"}),
            {"Quantity": 0},
        ),
        ("DefaultCacheBehavior.TrustedSigners", {"Enabled": True, **listed("self")}, {"Enabled": False, "Quantity": 0}),
        ("Origins.Items.0.CustomOriginConfig.IpAddressType", "dualstack", "ipv4"),
        ("Origins.Items.0.CustomOriginConfig.OriginMtlsConfig", {"ClientCertificateArn": "arn:x"}, {"ClientCertificateArn": ""}),
    ],
)
def test_what_is_not_modelled_is_a_warning_when_it_matters(path, value, idle):
    warnings = compile(put(config(), path, value)).warnings
    assert [warning for warning in warnings if warning.startswith(path.replace(".Items.0", ".Items[0]"))]
    assert compile(put(config(), path, idle)).warnings == ()


@pytest.mark.rule("CONF-72")
def test_an_origin_group_behind_a_post_is_a_warning():
    document = config(default=behavior(target="both", AllowedMethods=methods(*ALL_METHODS)), OriginGroups=listed(group()))
    assert "never fail over" in check(document)[0]


def test_an_oac_on_what_is_no_bucket_is_a_warning():
    assert "does not" in check(config(origins=(custom(domain="a.lambda-url.us-east-1.on.aws", OriginAccessControlId="E2"),)))[0]


# all of it


@pytest.mark.parametrize("name", COMPLETE)
def test_every_published_config_is_taken(name):
    assert problems(SAMPLES[name]) == []
    assert json.dumps(SAMPLES[name])  # looking at it did not change it
    assert sample(name) == SAMPLES[name]


@pytest.mark.rule("CONF-04")
def test_all_problems_are_told_at_once():
    document = config(behavior("a b"), behavior("x", target="nobody"), DefaultRootObject="/x", Comment="x" * 200)
    with pytest.raises(ConfigError) as caught:
        compile(document)
    codes = [problem.code for problem in caught.value.problems]
    assert sorted(codes) == ["InvalidArgument", "InvalidArgument", "InvalidDefaultRootObject", "NoSuchOrigin"]
    assert caught.value.code == codes[0] and caught.value.path == caught.value.problems[0].path
    assert "4 problems" in str(caught.value)


def test_a_wrapped_config_says_how_to_unwrap_it():
    said = problems({"ETag": "E1", "DistributionConfig": config()})[0]
    assert said.path == "DistributionConfig" and "read_config" in said.legal


def test_nesting_without_end_is_refused_not_a_crash():
    deep: dict = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(ConfigError):
        compile(config(Unknown=deep))
    assert len(problems(put(config(), "DefaultCacheBehavior.ForwardedValues", deep))) > 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(["*", "/a", "GET", "whitelist"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.just("Items") | st.just("Quantity"), inner, max_size=4)
    ),
    max_leaves=12,
)


def places(node, way=()):
    """Every place in a document where something stands."""
    yield way
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inside:
        yield from places(value, (*way, key))


@st.composite
def mutated(draw):
    """A published config with one to three values replaced, dropped or doubled."""
    document = copy.deepcopy(SAMPLES[draw(st.sampled_from(COMPLETE))])
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(places(document))[1:]))
        node = document
        for part in way:
            node = node[part]
        match draw(st.sampled_from(["replace", "drop", "borrow"])):
            case "replace":
                node[last] = draw(JSON)
            case "drop" if len(document) > 1:
                del node[last]
            case "borrow":
                node[last] = copy.deepcopy(draw(st.sampled_from([value for value in document.values()])))
    return document


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(mutated() | JSON)
def test_any_json_is_a_distribution_or_a_config_error(document):
    try:
        made = compile(document)
    except ConfigError as error:
        assert error.problems and all(problem.code and str(problem) for problem in error.problems)
    else:
        assert isinstance(made, Distribution)
        assert made.config == document
        assert made.explain()
        assert made.plan_for("/x") in made.plans


@given(JSON)
def test_looking_at_a_shape_never_raises(document):
    for name in ("DistributionConfig", "CachePolicyConfig", "InvalidationBatch", "KeyGroupConfig"):
        assert isinstance(look(document, shape_of(name)).problems, list)
    assert examine(document).problems


def test_our_walk_of_the_shapes_finds_what_botocores_validator_finds():
    from botocore.validate import ParamValidator

    document = config(legacy("a/*"))
    shape = operation("CreateDistribution").input_shape.members["DistributionConfig"]
    for path in [way for way in places(document) if way][:80]:
        broken = put(document, ".".join(map(str, path)), object())
        assert ParamValidator().validate(broken, shape).has_errors()
        assert problems(broken), path
