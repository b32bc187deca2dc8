"""The linter: a config that hurts gets its advice, and one that does not gets none."""

from __future__ import annotations

import json

import pytest
from configs import (
    ALL_VIEWER,
    CERTIFICATE,
    COMPLETE,
    DISABLED,
    behavior,
    bucket,
    config,
    custom,
    forwarding,
    legacy,
    listed,
    sample,
)

from cdnlab.errors import APIError, ConfigError
from cdnlab.lint import Advice, lint
from cdnlab.rules import rule

OAI = {"S3OriginConfig": {"OriginAccessIdentity": "origin-access-identity/cloudfront/E74FTE3AJFJ256A"}}
OAC = {"OriginAccessControlId": "E2QWRUHEXAMPLE"}
SIGNED = {"TrustedSigners": {"Enabled": True, **listed("self")}}


def fine(*behaviors, **changes):
    """A config with nothing to say about it, and changes."""
    return config(*behaviors, **{"origins": (custom(), bucket(**OAC)), "DefaultRootObject": "index.html", **changes})


def advice(document, *args):
    return [(each.rule, each.path) for each in lint(document, *args)]


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def grant(principal, **changes):
    return {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"} | changes


def test_a_good_config_gets_no_advice():
    assert advice(fine(behavior("photos/*", target="s3"))) == []


@pytest.mark.parametrize("name", COMPLETE)
def test_every_advice_names_a_place_a_reason_and_a_better_way(name):
    for each in lint(sample(name)):
        assert isinstance(each, Advice)
        assert each.path and each.says and each.why and each.better and rule(each.rule)
        assert str(each).startswith(f"{each.path}: ")


@pytest.mark.rule("CONF-80")
def test_an_error_page_for_the_site_hits_the_api_too():
    spa = listed(*({"ErrorCode": code, "ResponsePagePath": "/index.html", "ResponseCode": "200"} for code in (403, 404)))
    both = fine(behavior("api/*"), default=behavior(target="s3"), CustomErrorResponses=spa)
    assert advice(both) == [("CONF-80", "CustomErrorResponses.Items[0]"), ("CONF-80", "CustomErrorResponses.Items[1]")]
    assert "api/*" in lint(both)[0].says
    alone = fine(default=behavior(target="s3"), origins=(bucket(**OAC),), CustomErrorResponses=spa)
    assert advice(alone) == []
    honest = listed({"ErrorCode": 404, "ResponsePagePath": "/404.html", "ResponseCode": "404"})
    assert advice(fine(behavior("api/*"), default=behavior(target="s3"), CustomErrorResponses=honest)) == []


@pytest.mark.rule("CONF-80")
def test_errors_of_an_origin_are_not_kept_long_nor_explained_by_it():
    page = {"ErrorCode": 503, "ResponsePagePath": "/503.html", "ResponseCode": "503"}
    used = behavior("photos/*", target="s3")
    assert advice(fine(used, CustomErrorResponses=listed({"ErrorCode": 500, "ErrorCachingMinTTL": 300}))) == [
        ("CONF-80", "CustomErrorResponses.Items[0].ErrorCachingMinTTL")
    ]
    assert advice(fine(origins=(custom(),), CustomErrorResponses=listed(page))) == [("CONF-80", "CustomErrorResponses.Items[0]")]
    assert advice(fine(behavior("503.html", target="s3"), CustomErrorResponses=listed(page))) == []


@pytest.mark.rule("CONF-81")
def test_a_dead_pattern_is_named_with_its_cover():
    found = lint(fine(behavior("images/*", target="s3"), behavior("images/private/*"), behavior("a//b")))
    assert [(each.rule, each.path) for each in found] == [("CONF-81", f"CacheBehaviors.Items[{n}].PathPattern") for n in (1, 2)]
    assert "'images/*' comes first" in found[0].says and "normalised" in found[1].why


@pytest.mark.rule("CONF-82")
def test_an_open_pattern_before_a_signed_one_is_a_hole():
    hole = fine(behavior("*.jpg", target="s3"), behavior("private/*", **SIGNED))
    assert advice(hole) == [("CONF-82", "CacheBehaviors.Items[0].PathPattern")]
    exception = fine(behavior("private/logo.png", target="s3"), behavior("private/*", **SIGNED))
    assert advice(exception) == []
    assert advice(fine(behavior("private/*", **SIGNED), behavior("*.jpg", target="s3"))) == []
    assert advice(fine(behavior("private/*", target="s3", **SIGNED), IsIPV6Enabled=True)) == [("CONF-82", "IsIPV6Enabled")]


@pytest.mark.rule("CONF-83", "CONF-84", "CONF-85")
@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        (["CONF-83"], {"ForwardedValues": forwarding(Cookies={"Forward": "all"})}),
        (["CONF-83"], {"ForwardedValues": forwarding(QueryString=True)}),
        (["CONF-83"], {"ForwardedValues": forwarding(Headers=listed("User-Agent"))}),
        (["CONF-83"] * 2, {"ForwardedValues": forwarding(Headers=listed("Authorization", "X-Api-Key", "Origin"))}),
        ([], {"ForwardedValues": forwarding(Headers=listed("*"))}),
        ([], {"ForwardedValues": forwarding(QueryString=True, QueryStringCacheKeys=listed("v"))}),
        ([], {"ForwardedValues": forwarding(QueryString=True), "DefaultTTL": 0, "MaxTTL": 0}),
        (["CONF-84"], {"MinTTL": 3600}),
        ([], {"MinTTL": 1}),
        (["CONF-85"], {"Compress": True, "ForwardedValues": forwarding(Headers=listed("Accept-Encoding"))}),
        ([], {"Compress": True}),
    ],
)
def test_what_splits_the_cache_is_told(expected, changes):
    found = lint(fine(behavior("photos/*", target="s3"), default=legacy(**changes)))
    assert [each.rule for each in found] == expected
    assert all(each.path.startswith("DefaultCacheBehavior") for each in found)


@pytest.mark.rule("CONF-86")
def test_plain_http_and_old_tls_are_told():
    def origin(policy, domain="www.example.com"):
        made = custom(domain=domain)
        made["CustomOriginConfig"]["OriginProtocolPolicy"] = policy
        return fine(origins=(made,))

    path = "Origins.Items[0].CustomOriginConfig.OriginProtocolPolicy"
    website = "b.s3-website-us-east-1.amazonaws.com"
    assert advice(origin("http-only")) == [("CONF-86", path)]
    assert advice(origin("https-only")) == advice(origin("match-viewer")) == []
    assert "REST endpoint" in lint(origin("http-only", website))[0].better
    assert "504" in lint(origin("https-only", website))[0].why
    assert advice(fine(origins=(custom(),), default=behavior(ViewerProtocolPolicy="allow-all", **SIGNED))) == [
        ("CONF-86", "DefaultCacheBehavior.ViewerProtocolPolicy")
    ]
    old = fine(origins=(custom(),), ViewerCertificate=CERTIFICATE | {"MinimumProtocolVersion": "TLSv1_2016"})
    assert advice(old) == [("CONF-86", "ViewerCertificate.MinimumProtocolVersion")]
    assert advice(fine(origins=(custom(),), ViewerCertificate=CERTIFICATE)) == []


@pytest.mark.rule("CONF-87", "CONF-88", "CONF-89")
def test_a_bucket_has_its_own_name_an_identity_and_a_root_object():
    def s3(identity, **changes):
        return fine(origins=(bucket(**identity),), default=behavior(target="s3", **changes))

    assert advice(s3(OAC)) == []
    assert advice(s3({})) == [("CONF-88", "Origins.Items[0]")]
    assert advice(s3(OAI)) == [("CONF-88", "Origins.Items[0].S3OriginConfig.OriginAccessIdentity")]
    host = s3(OAC, CachePolicyId=DISABLED, OriginRequestPolicyId=ALL_VIEWER)
    assert advice(host) == [("CONF-87", "DefaultCacheBehavior")]
    assert advice(s3(OAC) | {"DefaultRootObject": ""}) == [("CONF-89", "DefaultRootObject")]
    assert advice(fine()) == [("CONF-89", "Origins.Items[1]")]


@pytest.mark.rule("CONF-90")
def test_a_public_statement_beside_an_identity_leaves_the_door_open():
    document = fine(origins=(bucket(**OAC),), default=behavior(target="s3"))
    arn = "arn:aws:cloudfront::111122223333:distribution/E1"
    cloudfront = grant({"Service": "cloudfront.amazonaws.com"}, Condition={"StringEquals": {"AWS:SourceArn": arn}})
    assert advice(document, {"photos": policy(cloudfront)}) == []
    assert advice(document, {"photos": policy(cloudfront, grant("*"))}) == [("CONF-90", "bucket policy of photos")]
    assert advice(document, {"another": policy(grant("*"))}) == []
    older = fine(origins=(bucket(**OAI),), default=behavior(target="s3"))
    user = {"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E74FTE3AJFJ256A"}
    assert advice(older, {"photos": policy(grant(user))})[1:] == []
    assert advice(older, {"photos": policy(cloudfront)})[1:] == [("CONF-90", "bucket policy of photos")]


@pytest.mark.rule("OAI-04")
def test_a_policy_that_lets_any_distribution_in_is_a_confused_deputy():
    document = fine(origins=(bucket(**OAC),), default=behavior(target="s3"))
    service = {"Service": "cloudfront.amazonaws.com"}
    assert advice(document, {"photos": policy(grant(service))}) == [("OAI-04", "bucket policy of photos")]
    assert advice(document, {"photos": policy(grant(service, Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}))}) == []
    assert advice(document, {"photos": policy(grant(service, Effect="Deny"))}) == []


def test_what_cannot_be_read_is_refused_not_linted():
    with pytest.raises(ConfigError):
        lint(config(DefaultRootObject="/x"))
    with pytest.raises(APIError):
        lint(fine(), {"photos": "{"})
