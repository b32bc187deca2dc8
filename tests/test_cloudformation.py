"""CloudFormation's spelling, turned into the API's."""

from __future__ import annotations

import pytest

from cdnlab.cloudformation import to_api


@pytest.mark.rule("CONF-06")
@pytest.mark.parametrize(
    ("shape", "written", "api"),
    [
        ("Aliases", ["a", "b"], {"Quantity": 2, "Items": ["a", "b"]}),
        ("Aliases", [], {"Quantity": 0}),
        ("Aliases", {"Quantity": 1, "Items": ["a"]}, {"Quantity": 1, "Items": ["a"]}),
        ("TrustedSigners", ["self"], {"Enabled": True, "Quantity": 1, "Items": ["self"]}),
        ("TrustedKeyGroups", [], {"Enabled": False, "Quantity": 0}),
        ("GeoRestriction", {"RestrictionType": "none"}, {"RestrictionType": "none", "Quantity": 0}),
        (
            "GeoRestriction",
            {"RestrictionType": "whitelist", "Locations": ["DE"]},
            {"RestrictionType": "whitelist", "Items": ["DE"], "Quantity": 1},
        ),
        ("S3OriginConfig", {}, {"OriginAccessIdentity": ""}),
        ("CustomErrorResponse", {"ErrorCode": "404", "ResponseCode": 200}, {"ErrorCode": 404, "ResponseCode": "200"}),
        ("OriginShield", {"Enabled": "TRUE"}, {"Enabled": True}),
        ("LoggingConfig", {"Bucket": "b.s3.amazonaws.com"}, {"Enabled": True, "IncludeCookies": False, "Bucket": "b.s3.amazonaws.com"}),
        ("ViewerCertificate", {"IamCertificateId": "x"}, {"IAMCertificateId": "x"}),
        ("Origin", {"Id": "a", "OriginCustomHeaders": []}, {"Id": "a", "CustomHeaders": {"Quantity": 0}}),
        ("Aliases", "not a list", "not a list"),
        ("CustomErrorResponse", {"ErrorCode": "many", "Unknown": [1]}, {"ErrorCode": "many", "Unknown": [1]}),
    ],
)
def test_each_difference_is_bridged_and_nonsense_stays(shape, written, api):
    assert to_api(written, shape) == api


def test_cached_methods_move_into_the_allowed_ones():
    behavior = to_api({"AllowedMethods": ["GET", "HEAD"], "CachedMethods": ["GET", "HEAD"]}, "DefaultCacheBehavior")
    two = {"Quantity": 2, "Items": ["GET", "HEAD"]}
    assert behavior == {"AllowedMethods": {**two, "CachedMethods": two}}
    assert to_api({"CachedMethods": ["GET", "HEAD"]}, "DefaultCacheBehavior") == behavior
