"""CloudFormation's spelling of a distribution, turned into the API's.

The two differ in form, not in meaning: a plain list in place of {"Quantity": n, "Items": [...]}, other capitals
(`AcmCertificateArn`, `IPV6Enabled`), numbers as text, and defaults that the API wants written out. The API's own shapes say
what a value must become; only what has another name is listed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdnlab.shapes import Shape, shape_of

__all__ = ["DISTRIBUTION", "to_api"]

DISTRIBUTION = "AWS::CloudFront::Distribution"
_RENAMED = {
    "DistributionConfig": {"IPV6Enabled": "IsIPV6Enabled", "CNAMEs": "Aliases"},
    "Origin": {"OriginCustomHeaders": "CustomHeaders"},
    "GeoRestriction": {"Locations": "Items"},
}
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "DistributionConfig": {"CallerReference": "cloudformation", "Comment": ""},
    "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443},
    "S3OriginConfig": {"OriginAccessIdentity": ""},
    "ForwardedValues": {"Cookies": {"Forward": "none"}},
    "LoggingConfig": {"Enabled": True, "IncludeCookies": False},
    "CachePolicyConfig": {"DefaultTTL": 86400, "MaxTTL": 31536000, "MinTTL": 0},
}
_CHOICES = ("TrustedSigners", "TrustedKeyGroups")  # lists that have an Enabled in the API


def to_api(value: Any, shape: str | Shape) -> Any:
    """A value as CloudFormation writes it, as the API's shape has it. What does not fit stays as it is.

    >>> to_api({"Forward": "whitelist", "WhitelistedNames": ["a"]}, "CookiePreference")
    {'Forward': 'whitelist', 'WhitelistedNames': {'Quantity': 1, 'Items': ['a']}}
    >>> to_api({"AcmCertificateArn": "arn", "SslSupportMethod": "sni-only"}, "ViewerCertificate")
    {'ACMCertificateArn': 'arn', 'SSLSupportMethod': 'sni-only'}
    """
    shape = shape_of(shape) if isinstance(shape, str) else shape
    kind = shape.type_name
    if kind == "structure":
        return _structure(value, shape)
    if kind == "list":
        return [to_api(item, shape.member) for item in value] if isinstance(value, list) else value
    if kind in ("integer", "long") and isinstance(value, str) and value.strip().lstrip("-").isdigit() and len(value) < 20:
        return int(value)
    if kind == "boolean" and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if kind == "string" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _structure(value: Any, shape: Shape) -> Any:
    members = shape.members
    if isinstance(value, list) and "Items" in members:
        counted = {"Quantity": len(value), **({"Items": value} if value else {})}
        value = {"Enabled": bool(value), **counted} if shape.name in _CHOICES else counted
    if not isinstance(value, Mapping):
        return value
    value = {**_DEFAULTS.get(shape.name, {}), **value}
    renamed = _RENAMED.get(shape.name, {})
    capitals = {name.casefold(): name for name in members}
    found: dict[Any, Any] = {}
    for name, item in value.items():
        api = renamed.get(name) or (capitals.get(name.casefold(), name) if isinstance(name, str) else name)
        found[api] = item
    if "AllowedMethods" in members:
        _nest_cached_methods(found)
    if "Items" in members and "Quantity" in members and isinstance(found.get("Items", []), list):
        found.setdefault("Quantity", len(found.get("Items", [])))
    return {name: to_api(item, members[name]) if name in members else item for name, item in found.items()}


def _nest_cached_methods(behavior: dict[Any, Any]) -> None:
    """CloudFormation has CachedMethods beside AllowedMethods, the API inside it."""
    cached = behavior.pop("CachedMethods", None)
    allowed = behavior.get("AllowedMethods")
    if isinstance(allowed, list) or (allowed is None and cached is not None):
        items = allowed or ["GET", "HEAD"]
        behavior["AllowedMethods"] = {"Quantity": len(items), "Items": items}
    if isinstance(cached, list) and isinstance(behavior.get("AllowedMethods"), Mapping):
        nested = {"Quantity": len(cached), "Items": cached}
        behavior["AllowedMethods"] = {**behavior["AllowedMethods"], "CachedMethods": nested}
    elif cached is not None:
        behavior["CachedMethods"] = cached
