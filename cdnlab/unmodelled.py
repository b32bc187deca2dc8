"""What a config may set and AWS would take, but cdnlab does not model: one sentence each, so that nothing is silent."""

from __future__ import annotations

import re

from cdnlab.check_origins import is_s3_host
from cdnlab.fields import Field
from cdnlab.oai import DEFAULT_REGIONS

__all__ = ["warn_of_unmodelled"]

_DISTRIBUTION = {
    "WebACLId": "the web ACL is not asked; requests it would block are served",
    "ContinuousDeploymentPolicyId": "continuous deployment is not modelled; no traffic goes to a staging distribution",
    "Staging": "a staging distribution is served like any other",
    "AnycastIpListId": "static anycast addresses are not modelled; viewers reach the nearest edge",
    "TenantConfig": "multi-tenant distributions are not modelled; parameters such as {{name}} stay as they are written",
    "ViewerMtlsConfig": "client certificates of viewers are not asked for",
    "ConnectionFunctionAssociation": "the connection function is not run",
}
_BEHAVIOR = {
    "LambdaFunctionAssociations": "Lambda@Edge functions are not run; requests and responses pass unchanged",
    "FunctionAssociations": "CloudFront functions are not run; requests and responses pass unchanged",
    "RealtimeLogConfigArn": "no real-time log records are delivered",
    "FieldLevelEncryptionId": "form fields are not encrypted",
    "SmoothStreaming": "Microsoft Smooth Streaming is not modelled; the files are served as ordinary objects",
    "GrpcConfig": "gRPC is not modelled; requests are plain HTTP",
}
_S3_REGION = re.compile(r"\.s3[.\-](?:dualstack\.)?([a-z]{2,4}(?:-[a-z]+)+-\d)\.amazonaws\.com")
_PROXY_METHODS = frozenset({"PUT", "POST", "PATCH", "DELETE"})


def warn_of_unmodelled(config: Field, behaviors: list[Field]) -> None:
    """Add a warning for every such field that is set to something that matters (rules CONF-70 to CONF-72)."""
    for name, says in _DISTRIBUTION.items():
        if config.matters(name):
            config.warn(name, says)
    if config.text("ConnectionMode") == "tenant-only":
        config.warn("ConnectionMode", "distribution tenants are not modelled; cdnlab serves this distribution under its own name")
    if config.node("Logging").flag("Enabled"):
        config.warn("Logging", "no log file is delivered to the bucket; journey.log has the line that would be in it")
    groups = {group.text("Id") for group in config.items("OriginGroups")}
    with_oai = {origin.text("Id") for origin in config.items("Origins") if origin.node("S3OriginConfig").text("OriginAccessIdentity")}
    for behavior in behaviors:
        for name, says in _BEHAVIOR.items():
            if behavior.matters(name):
                behavior.warn(name, says)
        if behavior.node("TrustedSigners").flag("Enabled"):
            says = "cdnlab trusts the key pairs (APKA...) that adopt(public_keys=...) took over for this account, and no other account's"
            behavior.warn("TrustedSigners", says)
        if behavior.text("TargetOriginId") in groups and _PROXY_METHODS & set(behavior.texts("AllowedMethods")):
            says = "AWS may refuse PUT, POST, PATCH and DELETE with an origin group; they never fail over"
            behavior.warn("AllowedMethods", says)
        if behavior.text("TargetOriginId") in with_oai and (writes := _PROXY_METHODS & set(behavior.texts("AllowedMethods"))):
            says = "an OAI is not made for them: S3 refuses POST, and in most Regions PUT without x-amz-content-sha256; use an OAC"
            behavior.warn("AllowedMethods", f"{', '.join(sorted(writes))}: {says}")
    for group in config.items("OriginGroups"):
        if group.text("SelectionCriteria") == "media-quality-based":
            group.warn("SelectionCriteria", "media quality is not measured; the group fails over by status code and connection errors")
    for origin in config.items("Origins"):
        _warn_of_origin(origin)


def _warn_of_origin(origin: Field) -> None:
    custom = origin.node("CustomOriginConfig")
    if origin.matters("VpcOriginConfig"):
        origin.warn("VpcOriginConfig", "a VPC origin is reached like any other server of its name")
    if custom.matters("OriginMtlsConfig"):
        custom.warn("OriginMtlsConfig", "no client certificate is shown to the origin")
    if custom.text("IpAddressType") in ("ipv6", "dualstack"):
        custom.warn("IpAddressType", "the choice between IPv4 and IPv6 is not modelled")
    region = _S3_REGION.search(origin.text("DomainName").lower())
    if region and region[1] not in DEFAULT_REGIONS and origin.node("S3OriginConfig").text("OriginAccessIdentity"):
        says = f"an OAI does not work in {region[1]} (opt-in, or opened later): S3 answers 403; use an OAC"
        origin.warn("S3OriginConfig.OriginAccessIdentity", says)
    oac = origin.text("OriginAccessControlId")
    if oac and not is_s3_host(origin.text("DomainName")):
        origin.warn("OriginAccessControlId", "only S3 buckets look at the OAC's signature in cdnlab; this origin does not")
