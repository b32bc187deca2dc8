"""CloudFormation's intrinsic functions, one by one."""

from __future__ import annotations

import pytest
from configs import config

from cdnlab.intrinsics import ABSENT, Resolver, stand_in
from cdnlab.validation import problems

TEMPLATE = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "prod"},
        "Size": {"Type": "Number"},
        "Kind": {"Type": "String", "AllowedValues": ["a", "b"]},
    },
    "Mappings": {"M": {"prod": {"x": "found"}}},
    "Conditions": {
        "Yes": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]},
        "Either": {"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]},
        "Loop": {"Condition": "Loop"},
    },
    "Resources": {"Web": {"Type": "AWS::S3::Bucket"}, "Key": {"Type": "AWS::CloudFront::PublicKey"}},
}


@pytest.mark.rule("CONF-07")
@pytest.mark.parametrize(
    ("value", "result", "warns"),
    [
        ({"Ref": "Stage"}, "prod", False),
        ({"Ref": "AWS::Region"}, "us-east-1", False),
        ({"Ref": "Size"}, 0, True),
        ({"Ref": "Kind"}, "a", True),
        ({"Ref": "Web"}, "web", True),
        ({"Ref": "Key"}, "KKEY", True),
        ({"Ref": "Nothing"}, "Nothing", True),
        ({"Fn::GetAtt": "Web.RegionalDomainName"}, "web.s3.us-east-1.amazonaws.com", True),
        ({"Fn::GetAtt": ["Web", "Arn"]}, "arn:aws:placeholder:us-east-1:111122223333:Web", True),
        ({"Fn::GetAtt": []}, "placeholder", True),
        ({"Fn::GetAtt": ["Rewrite", "Version"]}, "1", True),
        ({"Ref": "RewriteVersion"}, "1", True),
        ({"Fn::Sub": "${Stage}-${!Stage}-${AWS::AccountId}"}, "prod-${Stage}-111122223333", False),
        ({"Fn::Sub": ["${a}/${Stage}", {"a": {"Ref": "Stage"}}]}, "prod/prod", False),
        ({"Fn::Sub": 7}, "placeholder", True),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 1, True]]}, "a-prod-1-true", False),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"], False),
        ({"Fn::Select": ["1", {"Fn::Split": ["/", "a/b"]}]}, "b", False),
        ({"Fn::Select": [9, ["a"]]}, "placeholder", True),
        ({"Fn::FindInMap": ["M", {"Ref": "Stage"}, "x"]}, "found", False),
        ({"Fn::FindInMap": ["M", "test", "x"]}, "placeholder", True),
        ({"Fn::ImportValue": "Other-Export"}, "OtherExport", True),
        ({"Fn::If": ["Yes", "a", "b"]}, "a", False),
        ({"Fn::If": ["No", "a", "b"]}, "b", False),
        ({"Fn::If": ["Both", "a", "b"]}, "b", False),
        ({"Fn::If": ["Either", "a", "b"]}, "a", False),
        ({"Fn::If": ["Unheard", "a", "b"]}, "a", True),
        ({"Fn::Cidr": []}, "placeholder", True),
        ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}, False),
        ([{"Ref": "AWS::NoValue"}, 1], [1], False),
        ({"Ref": "AWS::NoValue"}, ABSENT, False),
        ({"Condition": {"StringEquals": {}}}, {"Condition": {"StringEquals": {}}}, False),
    ],
)
def test_a_function_is_worked_out_or_replaced_with_a_warning(value, result, warns):
    resolver = Resolver(TEMPLATE)
    assert resolver.resolve(value, "here") == result
    assert bool(resolver.warnings) is warns
    assert all(path.startswith("here") and says for path, says in resolver.warnings)


def test_a_condition_that_asks_for_itself_ends():
    assert Resolver(TEMPLATE).resolve({"Fn::If": ["Loop", "a", "b"]}) in ("a", "b")


@pytest.mark.parametrize(
    ("kind", "attribute", "looks"),
    [
        ("AWS::S3::Bucket", "WebsiteURL", "http://web.s3-website-us-east-1.amazonaws.com"),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "DNSName", "web.us-east-1.elb.amazonaws.com"),
        ("AWS::Lambda::Url", "FunctionUrl", "https://web.lambda-url.us-east-1.on.aws/"),
        ("AWS::CloudFront::OriginAccessControl", "Id", "EWEB"),
        ("AWS::CertificateManager::Certificate", "", "arn:aws:placeholder:us-east-1:111122223333:Web"),
    ],
)
def test_a_stand_in_looks_like_the_real_thing(kind, attribute, looks):
    assert stand_in("Web", kind, attribute) == looks


@pytest.mark.rule("CONF-57")
@pytest.mark.parametrize(
    "value", [{"Ref": "Acl"}, {"Ref": "Given"}, {"Fn::GetAtt": ["Acl", "Arn"]}, {"Fn::ImportValue": "acl"}, {"Fn::Base64": "x"}]
)
def test_what_stands_in_for_a_web_acl_is_taken_for_one(value):
    acl = Resolver({"Parameters": {"Given": {"Type": "String"}}}).resolve(value, "Resources.D.Properties.DistributionConfig.WebACLId")
    assert problems(config(WebACLId=acl)) == []
