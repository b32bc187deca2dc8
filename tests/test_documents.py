"""Configs in every form that people have them in: boto3, the CLI, CloudFormation in JSON and YAML."""

from __future__ import annotations

import json

import pytest
from configs import COMPLETE, config, listed, sample
from hypothesis import given, settings
from hypothesis import strategies as st

from cdnlab.distribution import compile
from cdnlab.documents import Document, read_config
from cdnlab.errors import ConfigError
from cdnlab.facts import json_file
from cdnlab.validation import problems

TEMPLATE = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Ttl: {Type: Number, Default: "60"}
  Stage: {Type: String, Default: prod}
  Domain: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !Not [!Condition IsProd]
Mappings:
  Classes:
    prod: {class: PriceClass_All}
Resources:
  Photos: {Type: "AWS::S3::Bucket"}
  MyOAI:
    Type: AWS::CloudFront::CloudFrontOriginAccessIdentity
  Short:
    Type: AWS::CloudFront::CachePolicy
    Properties:
      CachePolicyConfig:
        Name: short
        MinTTL: 1
        DefaultTTL: !Ref Ttl
        MaxTTL: 600
        ParametersInCacheKeyAndForwardedToOrigin:
          EnableAcceptEncodingGzip: true
          HeadersConfig: {HeaderBehavior: whitelist, Headers: [Origin]}
          CookiesConfig: {CookieBehavior: none}
          QueryStringsConfig: {QueryStringBehavior: none}
  Readers:
    Type: AWS::CloudFront::KeyGroup
    Properties:
      KeyGroupConfig: {Name: readers, Items: [K1]}
  Site:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: "true"
        HttpVersion: http2
        IPV6Enabled: true
        Comment: !Sub "${Stage} site of ${AWS::AccountId}"
        DefaultRootObject: index.html
        Aliases:
          - !Ref Domain
          - !Sub ["www.${d}", {d: !Ref Domain}]
        PriceClass: !FindInMap [Classes, !Ref Stage, class]
        ViewerCertificate:
          AcmCertificateArn: !Ref Certificate
          SslSupportMethod: sni-only
          MinimumProtocolVersion: TLSv1.2_2021
        Logging: !If [IsTest, {Bucket: logs.s3.amazonaws.com}, !Ref "AWS::NoValue"]
        Origins:
          - Id: s3
            DomainName: !GetAtt Photos.RegionalDomainName
            OriginPath: !Join ["", ["/", !Ref Stage]]
            S3OriginConfig:
              OriginAccessIdentity: !Sub "origin-access-identity/cloudfront/${MyOAI}"
          - Id: api
            DomainName: !Select [2, !Split ["/", "https://api/api.example.com/v1"]]
            OriginCustomHeaders: [{HeaderName: X-Secret, HeaderValue: s}]
            CustomOriginConfig: {OriginProtocolPolicy: https-only}
        OriginGroups:
          Quantity: 1
          Items:
            - Id: both
              FailoverCriteria: {StatusCodes: {Quantity: 1, Items: [503]}}
              Members: {Quantity: 2, Items: [{OriginId: s3}, {OriginId: api}]}
        DefaultCacheBehavior:
          TargetOriginId: s3
          ViewerProtocolPolicy: redirect-to-https
          AllowedMethods: [GET, HEAD, OPTIONS]
          CachedMethods: [GET, HEAD]
          CachePolicyId: !Ref Short
          TrustedKeyGroups: [!Ref Readers]
        CacheBehaviors:
          - PathPattern: api/*
            TargetOriginId: api
            ViewerProtocolPolicy: https-only
            AllowedMethods: [GET, HEAD, OPTIONS, PUT, PATCH, POST, DELETE]
            ForwardedValues:
              QueryString: "true"
              QueryStringCacheKeys: [v]
              Headers: [Accept]
              Cookies: {Forward: whitelist, WhitelistedNames: [session]}
            MinTTL: !Ref Ttl
            DefaultTTL: "120"
            MaxTTL: 600
          - PathPattern: both/*
            TargetOriginId: both
            ViewerProtocolPolicy: allow-all
            ForwardedValues: {QueryString: false}
        CustomErrorResponses:
          - {ErrorCode: 404, ResponseCode: 200, ResponsePagePath: /index.html, ErrorCachingMinTTL: "5"}
        Restrictions:
          GeoRestriction: {RestrictionType: whitelist, Locations: [DE, AT]}
"""


@pytest.mark.rule("CONF-06")
@pytest.mark.parametrize("name", COMPLETE)
def test_every_wrapping_of_a_config_is_taken_off(name):
    bare = sample(name)
    whole = {"Id": "E1", "ARN": "arn", "Status": "Deployed", "DomainName": "d1.cloudfront.net", "DistributionConfig": bare}
    forms = {
        "DistributionConfig": bare,
        "get-distribution-config": {"ETag": "E9", "DistributionConfig": bare},
        "get-distribution": {"ETag": "E9", "Distribution": whole},
        "create-distribution-with-tags": {"DistributionConfigWithTags": {"DistributionConfig": bare, "Tags": {"Items": []}}},
    }
    for form, document in forms.items():
        for given_as in (document, json.dumps(document), json.dumps(document, indent=2).encode()):
            read = read_config(given_as)
            assert (read.config, read.form, read.warnings) == (bare, form, ())
    read = read_config(forms["get-distribution"])
    assert (read.id, read.domain_name, read.etag) == ("E1", "d1.cloudfront.net", "E9")


@pytest.mark.rule("CONF-06")
@pytest.mark.parametrize("row", [row["file"] for row in json_file("configs", "index.json") if "Summary" in row["shape"]])
def test_a_line_of_list_distributions_is_nearly_a_config(row):
    read = read_config(sample(row))
    assert problems(read.config) == []
    assert (read.form, read.id[0], read.domain_name[-15:]) == ("list-distributions", "E", ".cloudfront.net")
    assert "has no CallerReference" in read.warnings[0]
    assert read_config({"DistributionList": {"Items": [sample(row)]}}).config == read.config


@pytest.mark.rule("CONF-06", "CONF-07")
def test_a_cloudformation_template_becomes_the_apis_config():
    read = read_config(TEMPLATE)
    assert read.form == "CloudFormation"
    assert problems(read.config, read.account) == []
    made = compile(read.config, account=read.account)
    api, both, default = made.plans
    assert made.config["Comment"] == "prod site of 111122223333"
    assert made.config["IsIPV6Enabled"] is True and "Logging" not in made.config
    assert made.aliases == ("domain", "www.domain")
    assert made.price_class == "PriceClass_All"
    assert (default.origin.domain_name, default.origin.path, default.origin.oai) == ("photos.s3.us-east-1.amazonaws.com", "/prod", "EMYOAI")
    assert default.recipe.ttls == (1, 60, 600) and default.recipe.key_headers.names == ("Origin",)
    assert default.trusted_key_groups == ("Readers",)
    assert (sorted(default.allowed_methods), sorted(default.cached_methods)) == (["GET", "HEAD", "OPTIONS"], ["GET", "HEAD"])
    assert (api.origin.domain_name, api.origin.custom_headers["X-Secret"], api.origin.http_port) == ("api", "s", 80)
    assert (api.recipe.ttls, api.recipe.key_cookies.names, len(api.allowed_methods)) == ((60, 120, 600), ("session",), 7)
    assert both.origin.status_codes == {503} and both.recipe.send_cookies.mode == "none"
    assert (made.errors[404].response_code, made.errors[404].ttl) == (200, 5)
    assert made.geo.countries == {"DE", "AT"}


@pytest.mark.rule("CONF-07")
def test_every_stand_in_is_a_warning_with_its_place():
    warnings = read_config(TEMPLATE).warnings
    where = "Resources.Site.Properties.DistributionConfig"
    assert any(
        each.startswith(f"{where}.Origins[0].DomainName: Photos.RegionalDomainName is known only once deployed") for each in warnings
    )
    assert any("parameter Domain has no default" in each for each in warnings)
    assert not any("Stage" in each for each in warnings)


@pytest.mark.rule("CONF-06")
def test_one_resource_is_read_like_a_template():
    resource = {
        "Type": "AWS::CloudFront::Distribution",
        "Properties": {
            "DistributionConfig": {
                "Enabled": True,
                "Origins": [{"Id": "a", "DomainName": {"Fn::GetAtt": ["B", "DomainName"]}, "S3OriginConfig": {}}],
                "DefaultCacheBehavior": {
                    "TargetOriginId": "a",
                    "ViewerProtocolPolicy": "allow-all",
                    "ForwardedValues": {"QueryString": False},
                },
            }
        },
    }
    read = read_config(json.dumps(resource))
    assert compile(read.config).plans[0].origin.domain_name == "b.s3.amazonaws.com"
    bare = read_config({"DistributionConfig": resource["Properties"]["DistributionConfig"] | {"Origins": [{"Id": "a"}]}})
    assert bare.config["Origins"] == listed({"Id": "a"})
    assert bare.form == "CloudFormation DistributionConfig"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("", "a document is a structure"),
        ("[]", "a document is a structure"),
        ("{", "line 1, column 2"),
        ("a: [", "neither as JSON nor as YAML"),
        ("a: *b", "aliases"),
        (b"\xff\xfe", "UTF-8"),
        ("!!python/object/apply:os.system [ls]", "neither as JSON nor as YAML"),
        ({"Resources": {}}, "exactly one distribution"),
        ({"Resources": {"A": {"Type": "AWS::CloudFront::Distribution"}, "B": {"Type": "AWS::CloudFront::Distribution"}}}, "A, B"),
        ({"Resources": {"A": {"Type": "AWS::CloudFront::Distribution", "Properties": 3}}}, "has a DistributionConfig"),
        ({"Distribution": {}}, "without a DistributionConfig"),
        ({"DistributionList": {"Items": [{}, {}]}}, "one distribution at a time"),
        (7, "a document is a structure"),
        ("[" * 100_000, "deeply"),
    ],
)
def test_what_is_no_config_is_refused_in_words(document, said):
    with pytest.raises(ConfigError) as caught:
        read_config(document)
    assert said in str(caught.value)


def test_a_field_that_is_there_twice_is_a_warning():
    assert "'Comment' is there twice" in read_config('{"Comment": "a", "Comment": "b"}').warnings[0]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.sampled_from(["${A}", "A.B", "AWS::NoValue"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Ref", "Fn::GetAtt", "Fn::Sub", "Fn::If", "Fn::Join", "Fn::Select", "Fn::Split"]), inner, max_size=1
        )
        | st.dictionaries(
            st.sampled_from(["Fn::FindInMap", "Fn::Equals", "Fn::Not", "Fn::And", "Condition", "Fn::ImportValue", "Items"]),
            inner,
            max_size=2,
        )
        | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(JSON, JSON, JSON)
def test_any_template_is_read_or_refused(part, condition, parameter):
    distribution = {
        "Type": "AWS::CloudFront::Distribution",
        "Properties": {"DistributionConfig": config() | {"Origins": part, "Aliases": part}},
    }
    template = {
        "Resources": {"D": distribution, "A": part, "P": {"Type": "AWS::CloudFront::CachePolicy", "Properties": part}},
        "Conditions": {"C": condition, "A": condition},
        "Parameters": {"A": parameter},
        "Mappings": parameter,
    }
    for document in (template, distribution, part, {"DistributionConfig": part}):
        try:
            read = read_config(document)
        except ConfigError as error:
            assert error.problems
        else:
            assert isinstance(read, Document)
            problems(read.config, read.account)


@given(st.text() | st.binary())
def test_any_text_is_read_or_refused(text):
    try:
        read_config(text)
    except ConfigError as error:
        assert error.problems
