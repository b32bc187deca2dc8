"""What AWS refuses in the origins and origin groups of a distribution."""

from __future__ import annotations

import re

from cdnlab.account import Account
from cdnlab.facts import table
from cdnlab.fields import Field, alternatives
from cdnlab.shapes import Said

__all__ = ["check_origin_groups", "check_origins", "is_s3_host", "is_website_endpoint", "shield_regions"]

MAX_ORIGINS, MAX_GROUPS, MAX_CUSTOM_HEADERS = 100, 10, 30
FAILOVER_CODES = (400, 403, 404, 416, 429, 500, 502, 503, 504)
_FORBIDDEN = re.compile(  # add-origin-custom-headers
    r"(cache-control|connection|content-length|cookie|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since"
    r"|max-forwards|pragma|proxy-authorization|proxy-connection|range|request-range|te|trailer|transfer-encoding|upgrade|via"
    r"|x-amz-.*|x-edge-.*|x-real-ip)\Z"
)
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_\-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_\-]*[A-Za-z0-9_])?)*\Z")
_S3 = re.compile(r".+\.s3(?:[.\-](?!website|accelerate)[a-z0-9\-]+)?(?:\.[a-z0-9\-]+)?\.amazonaws\.com(?:\.cn)?\Z")
_ACCESS_POINT = re.compile(r".+\.s3-accesspoint(?:\.dualstack)?\.[a-z0-9\-]+\.amazonaws\.com(?:\.cn)?\Z")
_WEBSITE = re.compile(r".+\.s3-website[.\-][a-z0-9\-]+\.amazonaws\.com(?:\.cn)?\Z")
_OAI = re.compile(r"origin-access-identity/cloudfront/[A-Z0-9]+\Z")
_OAC_HOSTS = (".on.aws", ".mediastore.", ".mediapackagev2.")  # Lambda function URLs, MediaStore, MediaPackage v2


def is_s3_host(host: str) -> bool:
    """Whether a host name is a bucket's REST endpoint.

    >>> is_s3_host("b.s3.eu-north-1.amazonaws.com"), is_s3_host("b.s3-website-us-east-1.amazonaws.com"), is_s3_host("example.com")
    (True, False, False)
    """
    host = host.lower()
    return len(host) <= 255 and bool(_S3.match(host) or _ACCESS_POINT.match(host))


def is_website_endpoint(host: str) -> bool:
    """Whether a host name is a bucket's website endpoint, in either spelling.

    >>> is_website_endpoint("b.s3-website-us-east-1.amazonaws.com"), is_website_endpoint("b.s3-website.eu-central-1.amazonaws.com")
    (True, True)
    """
    return len(host) <= 255 and bool(_WEBSITE.match(host.lower()))


def shield_regions() -> tuple[str, ...]:
    """The Regions that offer Origin Shield."""
    return tuple(row["region"] for row in table("regional_edge_caches.csv"))


def check_origins(config: Field, account: Account | None = None) -> None:
    """Every origin, and the list of them (rules CONF-20 to CONF-30); `account`: the OAIs and OACs there are."""
    origins = config.items("Origins")
    if len(origins) > MAX_ORIGINS:
        config.refuse("TooManyOrigins", "Origins.Quantity", len(origins), "too many origins", f"up to {MAX_ORIGINS}")
    seen: dict[str, str] = {}
    for origin in origins:
        id = origin.text("Id")
        if origin.given("Id") and not id:
            origin.refuse("InvalidArgument", "Id", id, "an origin needs an id", 'any text, such as "photos"')
        elif id and id in seen:
            origin.refuse("InvalidArgument", "Id", id, f"{seen[id]} has this id already", "ids that are unique in the distribution")
        seen.setdefault(id, origin.path)
        _check_origin(origin)
        _check_known(origin, account or Account())


def _check_origin(origin: Field) -> None:
    _check_domain(origin)
    path = origin.text("OriginPath")
    if path and (not path.startswith("/") or path.endswith("/") or len(path) > 255 or re.search(r"[\s?#]", path)):
        origin.refuse(
            "InvalidRelativePath", "OriginPath", path, "starts with / and does not end with one, at most 255 characters", "/production"
        )
    origin.between("ConnectionAttempts", 1, 3)
    origin.between("ConnectionTimeout", 1, 10, unit=" seconds")
    _check_custom_headers(origin)
    _check_shield(origin)
    _check_type(origin)
    _check_identity(origin)


def _check_domain(origin: Field) -> None:
    domain = origin.text("DomainName")
    if not origin.given("DomainName"):
        return
    wrong = ""
    if "://" in domain:
        wrong = "leave out the protocol"
    elif "/" in domain:
        wrong = "leave out the path; OriginPath is the place for it"
    elif ":" in domain:
        wrong = "leave out the port; HTTPPort and HTTPSPort are the places for it"
    elif re.fullmatch(r"[0-9.]+", domain):
        wrong = "an IP address cannot be an origin; give it a name"
    elif len(domain) > 253 or not _NAME.match(domain):
        wrong = "not a domain name"
    if wrong:
        origin.refuse("InvalidArgument", "DomainName", domain, wrong, "photos.s3.eu-north-1.amazonaws.com or www.example.com")


def _check_custom_headers(origin: Field) -> None:
    headers = origin.items("CustomHeaders")
    if len(headers) > MAX_CUSTOM_HEADERS:
        origin.refuse(
            "TooManyOriginCustomHeaders", "CustomHeaders.Quantity", len(headers), "too many headers", f"up to {MAX_CUSTOM_HEADERS}"
        )
    total = 0
    seen: set[str] = set()
    for header in headers:
        name, value = header.text("HeaderName"), header.text("HeaderValue")
        total += len(name) + len(value)
        low = name.lower()
        if header.given("HeaderName") and (not _TOKEN.match(name) or len(name) > 256):
            header.refuse("InvalidArgument", "HeaderName", name, "not the name of a header", "up to 256 letters, digits and hyphens")
        elif _FORBIDDEN.match(low):
            header.refuse(
                "InvalidArgument",
                "HeaderName",
                name,
                "CloudFront cannot add this header to origin requests",
                "a name of your own, such as X-Origin-Secret",
            )
        elif low in seen:
            header.refuse("InvalidArgument", "HeaderName", name, "this header is there twice", "each name once")
        seen.add(low)
        if len(value) > 1783 or _CONTROL.search(value):
            header.refuse("InvalidArgument", "HeaderValue", value, "too long, or has control characters", "up to 1783 visible characters")
    if total > 10240:
        origin.refuse("InvalidArgument", "CustomHeaders", total, "names and values together are too long", "up to 10240 characters")


def _check_shield(origin: Field) -> None:
    shield = origin.node("OriginShield")
    if not shield.flag("Enabled"):
        return
    region, known = shield.text("OriginShieldRegion"), shield_regions()
    if region not in known:
        shield.refuse(
            "InvalidArgument", "OriginShieldRegion", region, "Origin Shield needs a Region that offers it", alternatives(region, known)
        )


def _check_type(origin: Field) -> None:
    kinds = [name for name in ("S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig") if origin.given(name)]
    if len(kinds) != 1:
        seen = Said(" and ".join(kinds) or "no origin type")
        origin.refuse("InvalidOrigin", "", seen, "an origin has exactly one type", "S3OriginConfig, CustomOriginConfig or VpcOriginConfig")
        return
    kind = origin.node(kinds[0])
    domain = origin.text("DomainName")
    kind.between("OriginReadTimeout", 1, 120, "InvalidOriginReadTimeout", " seconds")
    kind.between("OriginKeepaliveTimeout", 1, 300, "InvalidOriginKeepaliveTimeout", " seconds")
    complete, read = origin.whole("ResponseCompletionTimeout"), kind.whole("OriginReadTimeout") or 30
    if complete and complete < read:
        origin.refuse(
            "InvalidArgument", "ResponseCompletionTimeout", complete, "must not be less than OriginReadTimeout", f"{read} seconds or more"
        )
    if kinds[0] == "S3OriginConfig" and domain and not is_s3_host(domain):
        why = (
            "a website endpoint is not an S3 origin: use CustomOriginConfig"
            if is_website_endpoint(domain)
            else "not the name of an S3 bucket"
        )
        origin.refuse(
            "InvalidOrigin", "DomainName", domain, why, "bucket.s3.region.amazonaws.com, or CustomOriginConfig in place of S3OriginConfig"
        )
    if kinds[0] == "CustomOriginConfig":
        for name in ("HTTPPort", "HTTPSPort"):
            port = kind.whole(name)
            if port is not None and port not in (80, 443) and not 1024 <= port <= 65535:
                kind.refuse("InvalidArgument", name, port, "CloudFront does not connect to this port", "80, 443, or 1024 to 65535")


def _check_identity(origin: Field) -> None:
    oai, oac = origin.node("S3OriginConfig").text("OriginAccessIdentity"), origin.text("OriginAccessControlId")
    domain = origin.text("DomainName").lower()
    if oai and not _OAI.match(oai):
        legal = "origin-access-identity/cloudfront/E... or nothing at all"
        origin.refuse("InvalidOriginAccessIdentity", "S3OriginConfig.OriginAccessIdentity", oai, "not the path of an OAI", legal)
    if oai and oac:
        rule = "an origin has an OAI or an OAC, not both"
        origin.refuse(
            "IllegalOriginAccessConfiguration", "OriginAccessControlId", oac, rule, 'an empty OriginAccessIdentity ("") beside it'
        )
    if oac and origin.given("CustomOriginConfig") and not (is_s3_host(domain) or any(part in domain for part in _OAC_HOSTS)):
        rule = "an OAC signs requests for S3 buckets, MediaStore, MediaPackage v2 and Lambda function URLs only"
        origin.refuse(
            "InvalidDomainNameForOriginAccessControl", "OriginAccessControlId", oac, rule, "no OAC; guard the origin with a custom header"
        )


def _check_known(origin: Field, account: Account) -> None:
    """That the OAI or OAC is one of the account's, and of the origin's type (rules OAI-11, OAI-12)."""
    path, oac = origin.node("S3OriginConfig").text("OriginAccessIdentity"), origin.text("OriginAccessControlId")
    oai = path.rpartition("/")[2] if _OAI.match(path) else ""
    elsewhere = "in this account; it is taken for one that exists on AWS, where an unknown one would be refused; adopt takes it over"
    if oai and (known := account.origin_access_identities) is not None and oai not in known:
        if known and oai not in account.elsewhere:
            legal = alternatives(oai, known, "create_cloud_front_origin_access_identity makes one")
            rule = "this account has no such OAI; adopt takes over one that exists on AWS"
            origin.refuse("InvalidOriginAccessIdentity", "S3OriginConfig.OriginAccessIdentity", path, rule, legal)
        else:
            origin.warn("S3OriginConfig.OriginAccessIdentity", f"there is no OAI {oai} {elsewhere}")
    controls = account.origin_access_controls
    if not oac or controls is None:
        return
    if oac in controls:
        kind, wanted = controls[oac]["OriginAccessControlOriginType"], _type_of(origin)
        if kind != wanted and (wanted or is_s3_host(origin.text("DomainName"))):
            rule = f"the origin type and the OAC's origin type differ: this OAC is for {kind}"
            legal = f"an OAC whose OriginAccessControlOriginType is {wanted}" if wanted else "S3OriginConfig in place of CustomOriginConfig"
            origin.refuse("InvalidOriginAccessControl", "OriginAccessControlId", oac, rule, legal)
    elif controls and oac not in account.elsewhere:
        legal = alternatives(oac, controls, "create_origin_access_control makes one")
        rule = "this account has no such OAC; adopt takes over one that exists on AWS"
        origin.refuse("InvalidOriginAccessControl", "OriginAccessControlId", oac, rule, legal)
    else:
        origin.warn("OriginAccessControlId", f"there is no OAC {oac} {elsewhere}. Until then it always signs")


def _type_of(origin: Field) -> str:
    """The type that an OAC for this origin has; "" when no OAC fits it as it is written."""
    if origin.given("S3OriginConfig"):
        return "s3"
    types = {".on.aws": "lambda", ".mediastore.": "mediastore", ".mediapackagev2.": "mediapackagev2"}
    return next((kind for part, kind in types.items() if part in origin.text("DomainName").lower()), "")


def check_origin_groups(config: Field) -> None:
    """Origin groups: two different members that exist, and status codes that may cause a failover (rules CONF-31, CONF-32)."""
    groups = config.items("OriginGroups")
    if len(groups) > MAX_GROUPS:
        config.refuse("TooManyOriginGroupsPerDistribution", "OriginGroups.Quantity", len(groups), "too many groups", f"up to {MAX_GROUPS}")
    origins = {origin.text("Id") for origin in config.items("Origins")}
    taken = set(origins)
    for group in groups:
        id = group.text("Id")
        if group.given("Id") and (not id or id in taken):
            group.refuse("InvalidArgument", "Id", id, "this id is taken, or empty", "ids that no origin and no other group has")
        taken.add(id)
        members = [member.text("OriginId") for member in group.items("Members")]
        for member in group.items("Members"):
            name = member.text("OriginId")
            if member.given("OriginId") and name not in origins:
                member.refuse("NoSuchOrigin", "OriginId", name, "no origin has this id", alternatives(name, origins))
        if len(members) == 2 and members[0] == members[1]:
            group.refuse(
                "InvalidArgument", "Members", Said(f"{members[0][:80]!r} twice"), "the two members must differ", "a primary and a secondary"
            )
        for code in group.node("FailoverCriteria").items("StatusCodes"):
            if isinstance(code.value, int) and code.value not in FAILOVER_CODES:
                code.refuse(
                    "InvalidArgument", "", code.value, "not a status that can cause a failover", ", ".join(map(str, FAILOVER_CODES))
                )
