"""Policies: what makes the cache key, what reaches the origin, and how long an answer may be kept.

A cache behaviour says this in one of two languages. Today's: a cache policy (key and TTLs) and perhaps an origin
request policy (what is sent in addition). The old one: ForwardedValues, where whatever is forwarded is also in the
key. Both are front ends of one Recipe, the only thing that the rest of cdnlab reads.

The policies that AWS manages are a table in `data/managed_policies.toml`, written as the API would return them, so
that a managed policy and one of your own go the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypeAlias

from cdnlab.errors import ConfigError, Problem, UnknownName
from cdnlab.facts import toml_file
from cdnlab.freshness import TTLs
from cdnlab.recipe import CLOUDFRONT_HEADERS, NO_REQUEST_POLICY, Kind, Mode, Recipe, Selection, generated_by, sent_selection

__all__ = [
    "ManagedPolicy",
    "Recipe",
    "Selection",
    "listed",
    "managed",
    "managed_policies",
    "policy_problems",
    "recipe_from_forwarded_values",
    "recipe_from_policies",
]

PolicyKind: TypeAlias = Literal["cache", "origin-request", "response-headers"]

_ORIGIN_REQUEST_ONLY = {  # KEY-13
    f"cloudfront-viewer-{what}" for what in ("address", "asn", "tls", "ja3-fingerprint", "ja4-fingerprint")
}
# KEY-12: "caching based on header values is supported: no" in RequestAndResponseBehaviorCustomOrigin's table
_HOP = frozenset({"connection", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding"})
_NEVER_IN_KEY = _HOP | {"cache-control", "content-length", "cookie", "max-forwards", "pragma", "request-range", "upgrade", "x-amz-cf-id"}
_NEVER_IN_KEY |= {"x-forwarded-proto", "x-real-ip"}
_CLOUDFRONT = frozenset(name.lower() for name in CLOUDFRONT_HEADERS)


# Front end 1: a cache policy and an origin request policy


def recipe_from_policies(
    cache_policy: Mapping[str, Any],
    origin_request_policy: Mapping[str, Any] | None = None,
    names: tuple[str, str] | None = None,
    path: str = "",
) -> Recipe:
    """The recipe of a CachePolicyConfig and, if there is one, an OriginRequestPolicyConfig, as botocore has them.

    `names`: what to call the two policies when explaining, if not by their own `Name`; `path`: where in a bigger
    config they are used, for messages. Raises ConfigError with every problem that a policy has.

    >>> recipe = recipe_from_policies(managed("cache", "CachingDisabled").config, managed("origin-request", "AllViewer").config)
    >>> recipe.caching, str(recipe.send_headers), recipe.send_by
    (False, 'all', 'origin request policy AllViewer')
    """
    problems: list[Problem] = []
    for config in (cache_policy, {} if origin_request_policy is None else origin_request_policy):
        if not isinstance(config, Mapping):
            raise ConfigError([_bad(path, config, "a policy's config is a structure", '{"Name": ...}')])
    cache_name, request_name = names or (_name(cache_policy), _name(origin_request_policy))
    where = _join(path, "ParametersInCacheKeyAndForwardedToOrigin")
    inside = _mapping(
        {"ParametersInCacheKeyAndForwardedToOrigin": _PATH_ONLY} | dict(cache_policy),
        "ParametersInCacheKeyAndForwardedToOrigin",
        where,
        problems,
    )
    key = [_read(inside, part, "cache", where, problems) for part in _PARTS]
    more = [Selection(kind=part.kind) for part in _PARTS]
    extra: tuple[str, ...] = ()
    if origin_request_policy is not None:
        more = [_read(origin_request_policy, part, "origin-request", path, problems) for part in _PARTS]
        extra = _added(origin_request_policy)
    ttls = _ttls(cache_policy, path, problems)
    if problems:
        raise ConfigError(problems)
    sent = [sent_selection(keyed, added) for keyed, added in zip(key, more, strict=True)]
    return Recipe(
        key[0],
        key[1],
        key[2],
        sent[0],
        sent[1],
        sent[2],
        gzip=bool(inside.get("EnableAcceptEncodingGzip")),
        brotli=bool(inside.get("EnableAcceptEncodingBrotli")),
        ttls=ttls,
        key_by=f"cache policy {cache_name}".strip(),
        send_by=NO_REQUEST_POLICY if origin_request_policy is None else f"origin request policy {request_name}".strip(),
        generated=(*generated_by(key[0]), *extra),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    kind: Kind
    config: str
    behaviour: str
    names: str
    modes: Mapping[PolicyKind, Mapping[str, Mode]]
    quota: str


_USUAL: dict[str, Mode] = {"none": "none", "whitelist": "some", "allExcept": "all-except", "all": "all"}
_PARTS = (
    _Part(
        "header",
        "HeadersConfig",
        "HeaderBehavior",
        "Headers",
        {
            "cache": {"none": "none", "whitelist": "some"},
            "origin-request": {
                "none": "none",
                "whitelist": "some",
                "allViewer": "all",
                "allViewerAndWhitelistCloudFront": "all",
                "allExcept": "all-except",
            },
        },
        "TooManyHeadersIn",
    ),
    _Part("cookie", "CookiesConfig", "CookieBehavior", "Cookies", {"cache": _USUAL, "origin-request": _USUAL}, "TooManyCookiesIn"),
    _Part(
        "query",
        "QueryStringsConfig",
        "QueryStringBehavior",
        "QueryStrings",
        {"cache": _USUAL, "origin-request": _USUAL},
        "TooManyQueryStringsIn",
    ),
)


def _read(config: Mapping[str, Any], part: _Part, policy: PolicyKind, path: str, problems: list[Problem]) -> Selection:
    where = _join(path, part.config)
    inside = _mapping(config, part.config, where, problems)
    names = listed(inside, part.names, where, problems)
    legal, found = part.modes[policy], inside.get(part.behaviour)
    mode = legal.get(found) if isinstance(found, str) else None
    if mode is None:
        if inside:
            problems.append(_bad(f"{where}.{part.behaviour}", found, "there is no such behaviour", ", ".join(legal)))
        return Selection(kind=part.kind)
    lists = mode in ("some", "all-except") or found == "allViewerAndWhitelistCloudFront"
    if lists != bool(names):
        rule = f"{found} needs at least one name" if lists else f"{found} goes without names; leave {part.names} out"
        problems.append(_bad(f"{where}.{part.names}", ", ".join(names) or "no names", rule))
    if part.kind == "header":
        _check_headers(names, str(found), policy, f"{where}.{part.names}", problems)
    return Selection(mode, names if mode != "all" else (), part.kind)


def _check_headers(names: tuple[str, ...], behaviour: str, policy: str, path: str, problems: list[Problem]) -> None:
    for name in names:
        low = name.lower()
        if policy == "cache" and (low in _NEVER_IN_KEY or low.startswith("x-edge-")):
            hint = "; cookies have their own setting, CookiesConfig" if low == "cookie" else ""
            problems.append(_bad(path, name, f"this header cannot be in the cache key{hint}"))
        elif policy == "cache" and low in _ORIGIN_REQUEST_ONLY:
            problems.append(_bad(path, name, "this header can be in an origin request policy only"))
        elif policy == "origin-request" and behaviour == "whitelist" and low == "authorization":
            problems.append(_bad(path, name, "put it in the cache policy, or send all viewer headers; it cannot be listed here"))
        elif behaviour == "allViewerAndWhitelistCloudFront" and low not in _CLOUDFRONT:
            known = UnknownName("CloudFront header", name, CLOUDFRONT_HEADERS)
            problems.append(_bad(path, name, f"only headers that CloudFront adds can be listed here: {known}"))


def _added(config: Mapping[str, Any]) -> tuple[str, ...]:
    headers = _mapping(config, "HeadersConfig", "", [])
    if headers.get("HeaderBehavior") not in ("whitelist", "allViewerAndWhitelistCloudFront"):
        return ()
    return generated_by(Selection("some", listed(headers, "Headers", "", []), "header"))


def policy_problems(kind: Literal["cache", "origin-request"], config: Mapping[str, Any]) -> list[Problem]:
    """Everything that AWS would not accept in a policy of your own, its quotas included; [] when it is fine.

    Source: cloudfront-limits (10 names of each sort in a policy).

    >>> shape = {"HeadersConfig": {"HeaderBehavior": "some"}, "CookiesConfig": {"CookieBehavior": "none"}, "QueryStringsConfig": {}}
    >>> policy_problems("origin-request", shape)[0].path
    'HeadersConfig.HeaderBehavior'
    """
    if not isinstance(config, Mapping):
        return [_bad("", config, "a policy's config is a structure", '{"Name": ...}')]
    problems: list[Problem] = []
    where, inside = "", config
    if kind == "cache":
        _ttls(config, "", problems)
        where = "ParametersInCacheKeyAndForwardedToOrigin"
        inside = _mapping({where: _PATH_ONLY} | dict(config), where, where, problems)
    for part in _PARTS:
        _read(inside, part, kind, where, problems)
        names = listed(_mapping(inside, part.config, "", []), part.names, "", [])
        if len(names) > _QUOTA or sum(map(len, names)) > _QUOTA_BYTES:
            code = part.quota + ("CachePolicy" if kind == "cache" else "OriginRequestPolicy")
            path = f"{_join(where, part.config)}.{part.names}"
            rule = "too many names, or too long ones"
            problems.append(Problem(code, path, str(len(names)), rule, f"{_QUOTA} names, {_QUOTA_BYTES} characters"))
    return problems


_QUOTA, _QUOTA_BYTES = 10, 1024
_PATH_ONLY = {  # a cache policy that leaves its parameters out, which AWS's model allows: nothing but the path is in the key
    "EnableAcceptEncodingGzip": False,
    "HeadersConfig": {"HeaderBehavior": "none"},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
}


# Front end 2: ForwardedValues


def recipe_from_forwarded_values(behaviour: Mapping[str, Any], path: str = "") -> Recipe:
    """The recipe of a cache behaviour with ForwardedValues, MinTTL, DefaultTTL and MaxTTL.

    `path`: where the behaviour stands in its config, for messages. Raises ConfigError with every problem.

    >>> recipe = recipe_from_forwarded_values({"ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "none"}}, "MinTTL": 0})
    >>> str(recipe.key_query), recipe.ttls
    ('all', TTLs(min=0, default=86400, max=31536000))
    """
    problems: list[Problem] = []
    where = _join(path, "ForwardedValues")
    values = _mapping(behaviour, "ForwardedValues", where, problems)
    headers = listed(values, "Headers", where, problems)
    everything = "*" in headers
    if not everything:
        _check_headers(headers, "", "cache", f"{where}.Headers", problems)
    key_headers = Selection("all" if everything else "some" if headers else "none", () if everything else headers, "header")
    cookies = _forwarded_cookies(values, where, problems)
    forwards = values.get("QueryString", False)
    if not isinstance(forwards, bool):
        problems.append(_bad(f"{where}.QueryString", forwards, "say whether query strings are forwarded", "true, false"))
    keys = listed(values, "QueryStringCacheKeys", where, problems)
    all_query = Selection("all" if forwards else "none")
    ttls = _ttls(behaviour, path, problems)
    if problems:
        raise ConfigError(problems)
    by_hand = everything or key_headers.lists("Accept-Encoding")
    return Recipe(
        key_headers,
        cookies,
        Selection("some", keys) if forwards and keys else all_query,
        key_headers,
        cookies,
        all_query,
        gzip=not by_hand,
        ttls=ttls,
        legacy=True,
        key_by="ForwardedValues",
        send_by="ForwardedValues",
        generated=generated_by(key_headers),
    )


def _forwarded_cookies(values: Mapping[str, Any], path: str, problems: list[Problem]) -> Selection:
    where = _join(path, "Cookies")
    cookies = values.get("Cookies")
    if cookies is None:
        return Selection(kind="cookie")
    forward = cookies.get("Forward") if isinstance(cookies, Mapping) else None
    modes: dict[str, Mode] = {"none": "none", "whitelist": "some", "all": "all"}
    if not isinstance(forward, str) or forward not in modes:
        problems.append(_bad(f"{where}.Forward", forward, "there is no such selection", "none, whitelist, all"))
        return Selection(kind="cookie")
    names = listed(cookies, "WhitelistedNames", where, problems) if forward == "whitelist" else ()
    if forward == "whitelist" and not names:
        problems.append(_bad(f"{where}.WhitelistedNames", "no names", "whitelist needs at least one name"))
    return Selection(modes[forward], names, "cookie")


# What both front ends read


def listed(config: Mapping[str, Any], name: str, path: str, problems: list[Problem]) -> tuple[str, ...]:
    """The texts of an API list, {"Quantity": n, "Items": [...]}; what is wrong with it is added to `problems`.

    >>> listed({"Headers": {"Quantity": 1, "Items": ["Host"]}}, "Headers", "", [])
    ('Host',)
    """
    where, found = _join(path, name), config.get(name)
    if found is None:
        return ()
    items = found.get("Items") or () if isinstance(found, Mapping) else None
    if items is None or isinstance(items, str) or not isinstance(items, Iterable):
        problems.append(_bad(where, found, "this is a list", '{"Quantity": 1, "Items": ["name"]}'))
        return ()
    texts = tuple(items)
    if bad := [item for item in texts if not isinstance(item, str) or not item]:
        problems.append(_bad(f"{where}.Items", bad[0], "this is a list of names"))
        return ()
    if found.get("Quantity") != len(texts):
        rule = f"Items has {len(texts)}; Quantity must say the same number"
        problems.append(Problem("InconsistentQuantities", f"{where}.Quantity", repr(found.get("Quantity")), rule, str(len(texts))))
    return texts


def _mapping(config: Any, name: str, path: str, problems: list[Problem]) -> Mapping[str, Any]:
    found = config.get(name) if isinstance(config, Mapping) else None
    if isinstance(found, Mapping):
        return found
    problems.append(_bad(path, "nothing" if found is None else found, f"{name} is required, and holds settings of its own"))
    return {}


def _ttls(config: Any, path: str, problems: list[Problem]) -> TTLs:
    config = config if isinstance(config, Mapping) else {}
    given: dict[str, float | None] = {}
    for name in ("MinTTL", "DefaultTTL", "MaxTTL"):
        value = config.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            problems.append(_bad(_join(path, name), value, "a TTL is a whole number of seconds", "0 or more"))
            value = None
        given[name] = value
    low = given["MinTTL"] or 0
    default = max(86400, low) if given["DefaultTTL"] is None else given["DefaultTTL"]
    high = max(31536000, default) if given["MaxTTL"] is None else given["MaxTTL"]
    for name, less, more, other in (("MinTTL", low, default, "DefaultTTL"), ("DefaultTTL", default, high, "MaxTTL")):
        if less > more:
            found = f"{less}" + ("" if given[name] is not None else " (the default)")
            rule = f"MinTTL <= DefaultTTL <= MaxTTL, and {other} is {more}"
            problems.append(Problem("InvalidTTLOrder", _join(path, name), found, rule, f"0 to {more}"))
    return TTLs(low, default, high)


def _bad(path: str, found: object, rule: str, legal: str = "") -> Problem:
    return Problem("InvalidArgument", path, found if isinstance(found, str) else repr(found), rule, legal)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _name(config: Mapping[str, Any] | None) -> str:
    return str((config or {}).get("Name", "")).removeprefix("Managed-")


# The policies that AWS manages


@dataclass(frozen=True, slots=True)
class ManagedPolicy:
    """One managed policy: its `id`, `kind`, `name` and `config`, in the API's shape (shared: do not change it)."""

    id: str
    kind: PolicyKind
    name: str
    config: Mapping[str, Any] = field(repr=False)


@cache
def managed_policies(kind: PolicyKind) -> tuple[ManagedPolicy, ...]:
    """Every managed policy of one kind. Source: using-managed-cache-policies and its two sister pages.

    >>> len(managed_policies("cache")), len(managed_policies("origin-request")), len(managed_policies("response-headers"))
    (7, 8, 5)
    """
    tables = toml_file("managed_policies.toml")
    if kind not in tables:
        raise UnknownName("kind of policy", kind, tables)
    return tuple(ManagedPolicy(row["id"], kind, _name(row["config"]), row["config"]) for row in tables[kind])


def managed(kind: PolicyKind, name_or_id: str) -> ManagedPolicy:
    """The managed policy with this name ("CachingOptimized", "Managed-CachingOptimized") or id. Raises UnknownName.

    >>> managed("cache", "CachingOptimized").id
    '658327ea-f89d-4fab-a63d-7e88639e58f6'
    """
    policies = managed_policies(kind)
    for policy in policies:
        if name_or_id in (policy.id, policy.name, f"Managed-{policy.name}"):
            return policy
    known = [each for policy in policies for each in (policy.name, policy.id)]
    raise UnknownName(f"{kind} policy", name_or_id, known, "the managed ones are " + ", ".join(policy.name for policy in policies))
