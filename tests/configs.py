"""Configs for tests: a small legal one, and ways to change one field of it."""

from __future__ import annotations

import copy
from typing import Any

from cdnlab.facts import json_file

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
SIMPLE_CORS = "60669652-455b-4ae9-85a4-c4c02393f86c"
ACM = "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
CERTIFICATE = {"ACMCertificateArn": ACM, "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"}
ALL_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]
COMPLETE = [row["file"] for row in json_file("configs", "index.json") if row["shape"] == "DistributionConfig"]

Config = dict[str, Any]


def sample(name: str) -> Config:
    """A copy of a published config."""
    return copy.deepcopy(json_file("configs", name))


def listed(*items: Any) -> Config:
    """A list as the API has it."""
    return {"Quantity": len(items), **({"Items": list(items)} if items else {})}


def custom(id: str = "www", domain: str = "www.example.com", **changes: Any) -> Config:
    """A custom origin."""
    return {
        "Id": id,
        "DomainName": domain,
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
    } | changes


def bucket(id: str = "s3", domain: str = "photos.s3.eu-north-1.amazonaws.com", **changes: Any) -> Config:
    """An S3 origin without identity."""
    return {"Id": id, "DomainName": domain, "S3OriginConfig": {"OriginAccessIdentity": ""}} | changes


def behavior(pattern: str = "", target: str = "www", **changes: Any) -> Config:
    """A behaviour with a cache policy; the default one when there is no pattern."""
    path = {"PathPattern": pattern} if pattern else {}
    return path | {"TargetOriginId": target, "ViewerProtocolPolicy": "redirect-to-https", "CachePolicyId": OPTIMIZED} | changes


def legacy(pattern: str = "", target: str = "www", **changes: Any) -> Config:
    """A behaviour with ForwardedValues."""
    made = behavior(pattern, target, ForwardedValues={"QueryString": False, "Cookies": {"Forward": "none"}}, MinTTL=0)
    del made["CachePolicyId"]
    return made | changes


def forwarding(**values: Any) -> Config:
    """ForwardedValues."""
    return {"QueryString": False, "Cookies": {"Forward": "none"}} | values


def methods(*allowed: str, cached: tuple[str, ...] = ()) -> Config:
    """AllowedMethods, with CachedMethods inside if there are any."""
    return listed(*allowed) | ({"CachedMethods": listed(*cached)} if cached else {})


def config(*behaviors: Config, origins: tuple[Config, ...] = (), default: Config | None = None, **changes: Any) -> Config:
    """A legal DistributionConfig with these behaviours."""
    return {
        "CallerReference": "test",
        "Comment": "",
        "Enabled": True,
        "Origins": listed(*(origins or (custom(), bucket()))),
        "DefaultCacheBehavior": default or behavior(),
        "CacheBehaviors": listed(*behaviors),
    } | changes


def put(document: Config, path: str, value: Any) -> Config:
    """A copy with one field set (or, for the value ..., removed): `put(config, "Origins.Items.0.Id", "x")`."""
    made = copy.deepcopy(document)
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    node: Any = made
    for part in way:
        node = node[part]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return made
