"""What AWS refuses in the cache behaviours of a distribution."""

from __future__ import annotations

import re
from collections import Counter

from cdnlab.account import Account, PolicyKind
from cdnlab.check_origins import is_s3_host
from cdnlab.errors import ConfigError
from cdnlab.fields import Field, alternatives
from cdnlab.policies import recipe_from_forwarded_values
from cdnlab.shapes import Said

__all__ = ["LEGAL_METHODS", "PATTERN_CHARACTERS", "behaviors", "check_behaviors"]

MAX_BEHAVIORS, MAX_KEY_GROUPS, MAX_SIGNERS, MAX_NAMES = 75, 4, 5, 10
LEGAL_METHODS = (
    frozenset({"GET", "HEAD"}),
    frozenset({"GET", "HEAD", "OPTIONS"}),
    frozenset({"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}),
)
# not among AWS's three, but in published templates: taken as it is, with a warning (CONF-43)
SEEN_METHODS = (frozenset({"GET", "HEAD", "OPTIONS", "POST"}),)
PATTERN_CHARACTERS = re.compile(r"[A-Za-z0-9_\-.*$/~\"'@:+&?]")
# not on AWS's list, but published templates have them: literal characters, with a warning (CONF-41)
SEEN_CHARACTERS = frozenset("{},()!;=")
_LAMBDA = re.compile(r"arn:[^:]*:lambda:([^:]*):[^:]*:function:[^:]+(?::(.*))?\Z")
_METHODS_SAY = "{GET, HEAD}, {GET, HEAD, OPTIONS} or all seven: GET, HEAD, OPTIONS, PUT, PATCH, POST, DELETE"


def behaviors(config: Field) -> list[Field]:
    """All cache behaviours in matching order; the default one is the last."""
    return [*config.items("CacheBehaviors"), config.node("DefaultCacheBehavior")]


def check_behaviors(config: Field, account: Account) -> None:
    """Every behaviour, and the list of them (rules CONF-40 to CONF-56)."""
    listed = config.items("CacheBehaviors")
    if len(listed) > MAX_BEHAVIORS:
        config.refuse("TooManyCacheBehaviors", "CacheBehaviors.Quantity", len(listed), "too many behaviours", f"up to {MAX_BEHAVIORS}")
    default = config.node("DefaultCacheBehavior")
    if default.given("PathPattern"):
        default.refuse(
            "InvalidArgument",
            "PathPattern",
            default.text("PathPattern"),
            "the default behaviour has no pattern: it is always *",
            "no PathPattern",
        )
    seen: dict[str, str] = {}
    for behavior in listed:
        _check_pattern(behavior, seen)
    s3 = {origin.text("Id"): is_s3_host(origin.text("DomainName")) and origin.given("S3OriginConfig") for origin in config.items("Origins")}
    targets = {*s3, *(group.text("Id") for group in config.items("OriginGroups"))}
    for behavior in behaviors(config):
        target = behavior.text("TargetOriginId")
        if targets and behavior.given("TargetOriginId") and target not in targets:
            behavior.refuse(
                "NoSuchOrigin", "TargetOriginId", target, "no origin or origin group has this id", alternatives(target, targets)
            )
        _check_methods(behavior)
        _check_signers(behavior, account)
        _check_policies(behavior, account)
        _check_forwarded(behavior, s3.get(target, False))
        _check_functions(behavior)


def _check_pattern(behavior: Field, seen: dict[str, str]) -> None:
    pattern = behavior.text("PathPattern")
    if not behavior.given("PathPattern"):
        return
    strange = {character for character in pattern if not PATTERN_CHARACTERS.match(character)}
    if not pattern or len(pattern) > 255:
        behavior.refuse("InvalidArgument", "PathPattern", pattern, f"{len(pattern)} characters", "1 to 255 characters")
    elif strange - SEEN_CHARACTERS:
        shown = " ".join(sorted(strange - SEEN_CHARACTERS)[:5])
        legal = "A-Z a-z 0-9 _ - . * $ / ~ \" ' @ : + & and ?"
        behavior.refuse("InvalidArgument", "PathPattern", pattern, f"a pattern cannot have {shown!r}", legal)
    elif strange:
        shown = " ".join(sorted(strange))
        behavior.warn(
            "PathPattern",
            f"{pattern!r} has {shown}, which AWS does not list for patterns; cdnlab takes them literally: only * and ? are wildcards",
        )
    same = "/" + pattern.removeprefix("/")
    if pattern and same in seen:
        behavior.refuse("InvalidArgument", "PathPattern", pattern, f"{seen[same]} has this pattern already", "patterns that differ")
    seen.setdefault(same, behavior.path)


def _check_methods(behavior: Field) -> None:
    allowed = behavior.node("AllowedMethods")
    items, cached = behavior.texts("AllowedMethods"), allowed.texts("CachedMethods")
    methods, caching = frozenset(items), frozenset(cached)
    if items and (methods not in LEGAL_METHODS or len(items) != len(methods)):
        if methods in SEEN_METHODS and len(items) == len(methods):
            says = f"AWS allows {_METHODS_SAY}; cdnlab allows {', '.join(sorted(methods))} as this config asks"
            behavior.warn("AllowedMethods", says)
        else:
            behavior.refuse("InvalidArgument", "AllowedMethods", Said(", ".join(items)), "AWS knows three sets of methods", _METHODS_SAY)
    if cached and (caching not in LEGAL_METHODS[:2] or len(cached) != len(caching)):
        rule = "responses to GET and HEAD are cached, and to OPTIONS if you ask for it"
        allowed.refuse("InvalidArgument", "CachedMethods", Said(", ".join(cached)), rule, "{GET, HEAD} or {GET, HEAD, OPTIONS}")
    elif items and not caching <= methods:
        missing = ", ".join(sorted(caching - methods))
        allowed.refuse(
            "InvalidArgument",
            "CachedMethods",
            Said(", ".join(cached)),
            f"{missing} is cached but not allowed",
            "methods that AllowedMethods has",
        )


def _check_signers(behavior: Field, account: Account) -> None:
    for kind in ("TrustedKeyGroups", "TrustedSigners"):
        trusted, items = behavior.node(kind), behavior.texts(kind)
        if trusted.flag("Enabled") and not items and not trusted.whole("Quantity"):
            trusted.refuse("InvalidArgument", "Enabled", True, "enabled, but nobody is listed", "at least one item, or Enabled false")
        elif items and not trusted.flag("Enabled"):
            trusted.warn("Enabled", f"{len(items)} listed but not enabled: requests need no signature")
    groups, signers = behavior.items("TrustedKeyGroups"), behavior.items("TrustedSigners")
    if len(groups) > MAX_KEY_GROUPS:
        behavior.refuse(
            "TooManyKeyGroupsAssociatedToDistribution",
            "TrustedKeyGroups.Quantity",
            len(groups),
            "too many key groups",
            f"up to {MAX_KEY_GROUPS}",
        )
    if len(signers) > MAX_SIGNERS:
        behavior.refuse("TooManyTrustedSigners", "TrustedSigners.Quantity", len(signers), "too many signers", f"up to {MAX_SIGNERS}")
    for group in groups:
        if isinstance(group.value, str) and group.value not in account.key_groups:
            group.refuse(
                "TrustedKeyGroupDoesNotExist",
                "",
                group.value,
                "no key group has this id",
                alternatives(group.value, account.key_groups, "create_key_group makes one, adopt takes one over"),
            )


_POLICY_FIELDS: tuple[tuple[str, PolicyKind, str], ...] = (
    ("CachePolicyId", "cache", "NoSuchCachePolicy"),
    ("OriginRequestPolicyId", "origin-request", "NoSuchOriginRequestPolicy"),
    ("ResponseHeadersPolicyId", "response-headers", "NoSuchResponseHeadersPolicy"),
)


def _check_policies(behavior: Field, account: Account) -> None:
    for name, kind, code in _POLICY_FIELDS:
        id = behavior.text(name)
        if id and account.policy(kind, id) is None:
            close = alternatives(id, account.names(kind)) if len(id) == 36 else ""
            legal = "the id of a managed policy, or of one that create_ made or adopt took over"
            behavior.refuse(code, name, id, "there is no such policy", close if close.startswith("did") else legal)
        elif id and (meant := account.meant(kind, id)):
            behavior.warn(name, f"{id!r} is disguised as in AWS's documentation; read as the managed policy {meant}")
    cache, legacy = behavior.text("CachePolicyId"), behavior.given("ForwardedValues")
    if not behavior.given("TargetOriginId") and not behavior.given("ViewerProtocolPolicy"):
        return  # there is no behaviour here at all, which the shapes have told
    if cache and legacy:
        behavior.refuse(
            "InvalidArgument",
            "ForwardedValues",
            behavior.value["ForwardedValues"],
            "cannot be used with a cache policy",
            "CachePolicyId or ForwardedValues, not both",
        )
    if not cache and not legacy:
        behavior.refuse(
            "InvalidArgument",
            "CachePolicyId",
            Said("nothing"),
            "a behaviour has a cache policy or ForwardedValues",
            "CachePolicyId, such as 658327ea-f89d-4fab-a63d-7e88639e58f6 (CachingOptimized)",
        )
    for name in ("MinTTL", "DefaultTTL", "MaxTTL"):
        if cache and behavior.given(name):
            behavior.refuse(
                "InvalidArgument", name, behavior.value[name], "cannot be used with a cache policy, which has its own", f"no {name} here"
            )
    if behavior.text("OriginRequestPolicyId") and not cache:
        behavior.refuse(
            "InvalidArgument",
            "OriginRequestPolicyId",
            behavior.text("OriginRequestPolicyId"),
            "needs a cache policy beside it",
            "CachePolicyId in place of ForwardedValues",
        )


def _check_forwarded(behavior: Field, s3: bool) -> None:
    if not behavior.given("ForwardedValues") or behavior.text("CachePolicyId"):
        return
    values = behavior.node("ForwardedValues")
    cookies = values.node("Cookies")
    forward, names = cookies.text("Forward"), cookies.items("WhitelistedNames")
    if forward == "whitelist" and not names:
        cookies.refuse(
            "InvalidForwardCookies", "WhitelistedNames", Said("no names"), "Forward is whitelist, which needs names", "at least one name"
        )
    elif forward in ("none", "all") and names:
        cookies.refuse(
            "InvalidForwardCookies",
            "WhitelistedNames",
            Said(f"{len(names)} names"),
            f"Forward is {forward}, which goes without names",
            "no WhitelistedNames, or Forward whitelist",
        )
    keys, headers = values.items("QueryStringCacheKeys"), values.texts("Headers")
    if keys and not values.flag("QueryString"):
        values.refuse(
            "InvalidArgument", "QueryString", values.flag("QueryString"), "cannot be false when QueryStringCacheKeys lists names", "true"
        )
    for field, listed, code in (
        (cookies.at("WhitelistedNames"), names, "TooManyCookieNamesInWhiteList"),
        (values.at("QueryStringCacheKeys"), keys, "TooManyQueryStringParameters"),
        (values.at("Headers"), headers, "TooManyHeadersInForwardedValues"),
    ):
        if len(listed) > MAX_NAMES:
            behavior.findings.add(code, f"{field}.Quantity", len(listed), "too many names", f"up to {MAX_NAMES}")
    if "*" in headers and len(headers) > 1:
        values.refuse(
            "InvalidArgument", "Headers", Said(", ".join(headers)), "* means all headers, and stands alone", "* or a list of names"
        )
    if "*" in headers and behavior.whole("MinTTL"):
        behavior.refuse("InvalidArgument", "MinTTL", behavior.whole("MinTTL"), "all headers are forwarded, so nothing is cached", "0")
    if s3 and "host" in (header.lower() for header in headers):
        values.refuse(
            "InvalidHeadersForS3Origin", "Headers", Said("Host"), "an S3 bucket is found by its own host name", "a list without Host"
        )
    _check_recipe(behavior)


def _check_recipe(behavior: Field) -> None:
    """The recipe's own reading of ForwardedValues and TTLs, where the shapes are right and nothing was said yet."""
    told = [problem.path for problem in behavior.findings.problems]
    if any(path.startswith(behavior.path + ".") or path == behavior.path for path in told if ".ForwardedValues" in path or "TTL" in path):
        return
    try:
        recipe_from_forwarded_values(behavior.value, behavior.path)
    except ConfigError as error:
        behavior.findings.problems.extend(error.problems)


def _check_functions(behavior: Field) -> None:
    events: Counter[str] = Counter()
    lambdas, functions = behavior.items("LambdaFunctionAssociations"), behavior.items("FunctionAssociations")
    for items, field, most, code in (
        (lambdas, "LambdaFunctionAssociations", 4, "TooManyLambdaFunctionAssociations"),
        (functions, "FunctionAssociations", 2, "TooManyFunctionAssociations"),
    ):
        if len(items) > most:
            behavior.refuse(code, f"{field}.Quantity", len(items), "too many functions for one behaviour", f"up to {most}")
    for item in [*lambdas, *functions]:
        event = item.text("EventType")
        events[event] += 1
        code = "InvalidFunctionAssociation" if item in functions else "InvalidLambdaFunctionAssociation"
        if event and events[event] == 2:
            item.refuse(code, "EventType", event, "another function has this event already", "one function for each event")
        if code == "InvalidFunctionAssociation" and event.startswith("origin-"):
            item.refuse(code, "EventType", event, "a CloudFront function sees viewer events only", "viewer-request, viewer-response")
        if code == "InvalidLambdaFunctionAssociation" and (arn := _LAMBDA.match(item.text("LambdaFunctionARN"))):
            _check_lambda(item, arn[1], arn[2] or "")
        if functions and item not in functions and event.startswith("viewer-") and events[event] == 1:
            rule = "Lambda@Edge and CloudFront functions cannot both see the viewer events of one behaviour"
            item.refuse("InvalidFunctionAssociation", "EventType", event, rule, "origin-request, origin-response, or one kind of function")


def _check_lambda(item: Field, region: str, version: str) -> None:
    code, name = "InvalidLambdaFunctionAssociation", item.text("LambdaFunctionARN")
    if not version.isdigit():
        rule = "needs the ARN of a version; an alias or $LATEST will not do"
        item.refuse(code, "LambdaFunctionARN", name, rule, "...:function:name:1")
    if region != "us-east-1":
        item.refuse(code, "LambdaFunctionARN", name, "Lambda@Edge takes functions of one Region only", "a function in us-east-1")
