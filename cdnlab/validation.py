"""The validator that talks: everything AWS would refuse in a DistributionConfig, all at once.

First the shapes, read from AWS's own service model: types, required fields, quantities, legal words. Then the meaning:
origins that exist, TTLs in order, methods that go together. Every problem has AWS's error code, the path of the field,
what was found, the rule and what would be legal. What AWS takes but cdnlab does not model is a warning, never a silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cdnlab.account import Account
from cdnlab.check_behaviors import behaviors, check_behaviors
from cdnlab.check_origins import check_origin_groups, check_origins
from cdnlab.errors import ConfigError, Problem
from cdnlab.facts import table
from cdnlab.fields import Field
from cdnlab.shapes import Findings, Said, look
from cdnlab.unmodelled import warn_of_unmodelled

__all__ = ["check", "examine", "problems"]

MAX_ALIASES = 100
ERROR_CODES = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
RESPONSE_CODES = ("200", *map(str, ERROR_CODES))
_ROOT_OBJECT = re.compile(r"[A-Za-z0-9_\-.*$/~\"'&]{0,255}\Z")
_ALIAS = re.compile(r"(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_\-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_\-]*[A-Za-z0-9_])?)*\Z")
_ACM = re.compile(r"arn:[^:]*:acm:([^:]*):")
_WEB_ACL = re.compile(
    r"arn:[^:]*:wafv2:us-east-1:[^:]*:global/webacl/.+|arn:[^:]*:waf::[^:]*:webacl/.+|[0-9A-Za-z]{8}(?:-[0-9A-Za-z]{4}){3}-[0-9A-Za-z]{12}"
)
_NOT_IN_COUNTRIES = frozenset({"BV", "TK", "UM"})  # countries of ISO 3166-1 too small for the table of countries


def problems(config: object, account: Account | None = None) -> list[Problem]:
    """Everything AWS would refuse in a DistributionConfig; [] when it would take it.

    `account`: the policies and key groups the config may refer to (default: only what AWS manages). Takes any value and
    never raises. Source: the API reference of DistributionConfig, distribution-web-values-specify.

    >>> print(problems({"Comment": "no more than this"})[0])
    CallerReference: found nothing; CallerReference is required; legal: text, such as "abc" [InvalidArgument]
    """
    return examine(config, account).problems


def check(config: object, account: Account | None = None) -> tuple[str, ...]:
    """Raise ConfigError with every problem of a DistributionConfig; return its warnings when it has none."""
    findings = examine(config, account)
    if findings.problems:
        raise ConfigError(findings.problems)
    return tuple(dict.fromkeys(f"{path}: {says}" for path, says in findings.warnings))


def examine(config: object, account: Account | None = None) -> Findings:
    """Problems and warnings of a DistributionConfig together."""
    account = account or Account()
    findings = look(config, "DistributionConfig")
    if not isinstance(config, Mapping):
        return findings
    if wrapped := next((name for name in ("DistributionConfig", "Distribution", "Resources", "Properties") if name in config), None):
        rule = "this is a document with a DistributionConfig inside"
        findings.problems.insert(
            0, Problem("InvalidArgument", wrapped, "", rule, "the DistributionConfig itself; read_config takes it out")
        )
    field = Field(config, "", findings)
    _check_names(field)
    _check_certificate(field)
    check_origins(field, account)
    check_origin_groups(field)
    check_behaviors(field, account)
    _check_errors(field)
    _check_geo(field)
    _check_logging(field)
    _check_web_acl(field)
    if not findings.problems:
        warn_of_unmodelled(field, behaviors(field))
    return findings


def _check_names(config: Field) -> None:
    comment = config.text("Comment")
    if len(comment) > 128:
        config.refuse("InvalidArgument", "Comment", f"{comment[:20]}...", f"{len(comment)} characters", "up to 128 characters")
    root = config.text("DefaultRootObject")
    if root.startswith("/"):
        config.refuse("InvalidDefaultRootObject", "DefaultRootObject", root, "no slash in front", root.lstrip("/"))
    elif not _ROOT_OBJECT.match(root):
        legal = "up to 255 of A-Z a-z 0-9 _ - . * $ / ~ \" ' &"
        config.refuse("InvalidDefaultRootObject", "DefaultRootObject", root, "too long, or a character that cannot be in it", legal)
    aliases = config.items("Aliases")
    if len(aliases) > MAX_ALIASES:
        config.refuse("TooManyDistributionCNAMEs", "Aliases.Quantity", len(aliases), "too many names", f"up to {MAX_ALIASES}")
    seen: set[str] = set()
    for alias in aliases:
        name = alias.value
        if not isinstance(name, str):
            continue
        low = name.lower()
        if "*" in name.removeprefix("*."):
            alias.refuse("InvalidArgument", "", name, "a * stands only for whole labels on the left", "*.example.com")
        elif len(name) > 253 or not _ALIAS.match(name):
            alias.refuse("InvalidArgument", "", name, "not a domain name", "www.example.com or *.example.com, without protocol or path")
        elif low.endswith(".cloudfront.net"):
            alias.refuse("InvalidArgument", "", name, "names under cloudfront.net are CloudFront's own", "a name of your own domain")
        elif low in seen:
            alias.refuse("InvalidArgument", "", name, "this name is there twice", "each name once")
        seen.add(low)


def _check_certificate(config: Field) -> None:
    certificate = config.node("ViewerCertificate")
    acm, iam = certificate.text("ACMCertificateArn"), certificate.text("IAMCertificateId")
    old = certificate.text("Certificate") if certificate.text("CertificateSource") in ("acm", "iam") else ""
    own, method = acm or iam or old, certificate.text("SSLSupportMethod")
    if acm and iam:
        certificate.refuse(
            "InvalidViewerCertificate", "IAMCertificateId", iam, "a certificate from ACM or from IAM, not both", "one of the two"
        )
    if own and certificate.flag("CloudFrontDefaultCertificate"):
        rule = "CloudFront's certificate or your own, not both"
        certificate.refuse("InvalidViewerCertificate", "CloudFrontDefaultCertificate", True, rule, "false, or no other certificate")
    if own and not method:
        rule = "a certificate of your own needs to know how viewers are told apart"
        certificate.refuse("InvalidViewerCertificate", "SSLSupportMethod", Said("nothing"), rule, "sni-only, vip")
    if (region := _ACM.match(acm)) and region[1] not in ("us-east-1", ""):
        rule = "CloudFront takes certificates of ACM in one Region only"
        certificate.refuse("InvalidViewerCertificate", "ACMCertificateArn", acm, rule, "a certificate in us-east-1")
    if own and method == "sni-only" and certificate.text("MinimumProtocolVersion") == "SSLv3":
        rule = "viewers that know SNI speak TLS"
        certificate.refuse("InvalidProtocolSettings", "MinimumProtocolVersion", "SSLv3", rule, "TLSv1 or newer, such as TLSv1.2_2021")
    if config.items("Aliases") and not own:
        rule = "other domain names need a certificate that covers them"
        legal = "ACMCertificateArn with SSLSupportMethod sni-only, or no Aliases"
        config.refuse("InvalidViewerCertificate", "ViewerCertificate", Said("no certificate of your own"), rule, legal)


def _check_errors(config: Field) -> None:
    seen: set[int] = set()
    for error in config.items("CustomErrorResponses"):
        code, page, response = error.whole("ErrorCode"), error.text("ResponsePagePath"), error.text("ResponseCode")
        if code is not None and code not in ERROR_CODES:
            legal = ", ".join(map(str, ERROR_CODES))
            error.refuse("InvalidErrorCode", "ErrorCode", code, "errors with this status cannot be customised", legal)
        elif code in seen:
            error.refuse("InvalidArgument", "ErrorCode", code, "this code is there twice", "each code once")
        seen.add(code or 0)
        if response and response not in RESPONSE_CODES:
            error.refuse(
                "InvalidResponseCode", "ResponseCode", response, "a page cannot be sent with this status", ", ".join(RESPONSE_CODES)
            )
        if bool(page) != bool(response):
            name, other = ("ResponseCode", "ResponsePagePath") if page else ("ResponsePagePath", "ResponseCode")
            error.refuse(
                "InvalidArgument", name, Said("nothing"), f"{other} is set, and the two go together", f"both or neither; {name} too"
            )
        if page and (not page.startswith("/") or len(page) > 4096 or re.search(r"\s", page)):
            error.refuse("InvalidArgument", "ResponsePagePath", page, "a path begins with / and has no spaces", "/errors/404.html")
        ttl = error.whole("ErrorCachingMinTTL")
        if ttl is not None and ttl < 0:
            error.refuse("InvalidArgument", "ErrorCachingMinTTL", ttl, "a TTL is not negative", "0 or more seconds")


def _check_geo(config: Field) -> None:
    restriction = config.node("Restrictions").node("GeoRestriction")
    kind, items = restriction.text("RestrictionType"), config.node("Restrictions").items("GeoRestriction")
    if kind == "none" and items:
        rule = "RestrictionType is none, which goes without countries"
        restriction.refuse(
            "InvalidGeoRestrictionParameter", "Items", Said(f"{len(items)} countries"), rule, "no Items, or whitelist, or blacklist"
        )
    if kind in ("whitelist", "blacklist") and not items and not restriction.whole("Quantity"):
        rule = f"a {kind} needs countries"
        restriction.refuse("InvalidGeoRestrictionParameter", "Items", Said("nothing"), rule, 'at least one, such as "DE"')
    known = {row["iso2"] for row in table("countries.csv")} | _NOT_IN_COUNTRIES
    seen: set[str] = set()
    for item in items:
        code = item.value
        if not isinstance(code, str):
            continue
        if code not in known:
            upper = code.upper()
            legal = f"did you mean {upper}?" if upper in known else "two upper-case letters of ISO 3166-1, such as DE"
            item.refuse("InvalidLocationCode", "", code, "not the code of a country", legal)
        elif code in seen:
            item.refuse("InvalidGeoRestrictionParameter", "", code, "this country is there twice", "each country once")
        seen.add(code)


def _check_logging(config: Field) -> None:
    logging = config.node("Logging")
    bucket, prefix = logging.text("Bucket"), logging.text("Prefix")
    if logging.flag("Enabled") and ".s3" not in bucket:
        rule = "standard logging needs a bucket to write to" if not bucket else "the bucket is named by its host name"
        logging.refuse("InvalidArgument", "Bucket", bucket, rule, "my-logs.s3.amazonaws.com")
    if prefix.startswith("/") or len(prefix) > 256:
        logging.refuse("InvalidArgument", "Prefix", prefix, "no slash in front, at most 256 characters", prefix.lstrip("/")[:40] or "logs/")


def _check_web_acl(config: Field) -> None:
    acl = config.text("WebACLId")
    if acl and not (_WEB_ACL.fullmatch(acl) or ":placeholder:" in acl):
        legal = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/name/id, or the id of a WAF Classic web ACL"
        config.refuse("InvalidWebACLId", "WebACLId", acl, "not a web ACL for CloudFront", legal)
