"""A distribution: the config that was given, and the Plans it was compiled into.

`compile` checks a config, fills in every default, looks up every policy, and ties behaviours to origins. What comes out
never changes; an update compiles a new one. The config itself is kept as it was given, to the last field.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from cdnlab.account import Account
from cdnlab.errors import ConfigError, Problem
from cdnlab.messages import Headers
from cdnlab.pathpattern import PathMatcher, covers, normalised
from cdnlab.plan import ErrorRule, GeoRestriction, OriginGroup, OriginSpec, Plan
from cdnlab.policies import recipe_from_forwarded_values, recipe_from_policies
from cdnlab.recipe import Recipe
from cdnlab.response_headers import ResponseHeadersPolicy, response_headers_policy
from cdnlab.validation import check

__all__ = ["Distribution", "ErrorRule", "GeoRestriction", "OriginGroup", "OriginSpec", "Plan", "compile", "dead_patterns"]

_GET_HEAD = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """One compiled distribution; it never changes.

    `plans`: one per behaviour in matching order, the default last; `errors`: rule by status code; `aliases`: lower case;
    `price_class`: PriceClass_100, PriceClass_200 or PriceClass_All; `log_cookies`: the log's cs(Cookie) field is filled;
    `cache_tag_header`: the origin's header with cache tags, or ""; `warnings`: what should be known of this config, such
    as what it sets that cdnlab does not model, a sentence each, beginning with the field's path.
    """

    id: str
    domain_name: str
    arn: str
    enabled: bool
    aliases: tuple[str, ...]
    default_root_object: str
    plans: tuple[Plan, ...]
    errors: Mapping[int, ErrorRule]
    price_class: str
    geo: GeoRestriction
    log_cookies: bool = False
    cache_tag_header: str = ""
    warnings: tuple[str, ...] = ()
    _config: dict[str, Any] = field(default_factory=dict, repr=False)
    _matcher: PathMatcher = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_matcher", PathMatcher([plan.pattern for plan in self.plans if not plan.is_default]))

    @property
    def config(self) -> dict[str, Any]:
        """The DistributionConfig as it was given (a copy)."""
        return copy.deepcopy(self._config)

    def plan_for(self, path: str) -> Plan:
        """The Plan for a raw path: the first behaviour whose pattern matches it, else the default one."""
        return self.plans[self._matcher.number(path)]

    def explain(self) -> str:
        """What the config means, behaviour by behaviour."""
        state = "" if self.enabled else "; disabled: it serves nobody"
        names = ", ".join((self.domain_name, *self.aliases))
        lines = [f"Distribution {self.id} answers for {names}{state}."]
        if self.geo.kind != "none":
            only = "Only viewers in" if self.geo.kind == "whitelist" else "Nobody in"
            lines.append(f"{only} {', '.join(sorted(self.geo.countries))} gets an answer; an unknown country does.")
        if self.default_root_object:
            lines.append(f"A request for / gets /{self.default_root_object}.")
        lines += [f"\n{plan.explain()}" for plan in self.plans]
        lines += [f"\n{rule}" for rule in self.errors.values()]
        lines += [f"\nNote: {warning}" for warning in self.warnings]
        return "\n".join(lines)

    def __str__(self) -> str:
        return f"Distribution {self.id} ({self.domain_name}), {len(self.plans)} behaviours"


def compile(
    config: Mapping[str, Any],
    *,
    id: str = "EDFDVBD6EXAMPLE",
    domain_name: str = "d111111abcdef8.cloudfront.net",
    arn: str = "",
    account: Account | None = None,
) -> Distribution:
    """A DistributionConfig, as boto3 takes it, compiled.

    `id`, `domain_name`, `arn`: what AWS gave the distribution; `account`: the policies and key groups it may refer to
    (default: those that AWS manages). Raises ConfigError with everything that AWS would refuse.

    >>> from cdnlab.facts import json_file
    >>> distribution = compile(json_file("configs", "spa_oac_6behaviors_api.json"))
    >>> distribution.plan_for("/app.js").pattern, distribution.plan_for("/api/items").is_default
    ('*.js', True)
    """
    account = account or Account()
    try:
        warnings = check(config, account)
        kept = copy.deepcopy(dict(config))
    except RecursionError:
        rule = "the config is nested too deeply"
        raise ConfigError([Problem("InvalidArgument", "", "", rule, "a DistributionConfig is nested nine levels deep")]) from None
    read = _Reader(kept, account)
    return Distribution(
        id=id,
        domain_name=domain_name.lower(),
        arn=arn or f"arn:aws:cloudfront::111122223333:distribution/{id}",
        enabled=kept["Enabled"],
        aliases=tuple(alias.lower() for alias in _items(kept, "Aliases")),
        default_root_object=kept.get("DefaultRootObject", ""),
        plans=read.plans(),
        errors=read.errors(),
        price_class=kept["PriceClass"] if kept.get("PriceClass", "None") != "None" else "PriceClass_All",
        geo=read.geo(),
        log_cookies=kept.get("Logging", {}).get("IncludeCookies", False),
        cache_tag_header=kept.get("CacheTagConfig", {}).get("HeaderName", ""),
        warnings=warnings,
        _config=kept,
    )


def dead_patterns(distribution: Distribution) -> tuple[tuple[Plan, Plan | None], ...]:
    """The behaviours that can never match, each with the earlier one that takes all its paths.

    Only what is certain; None in place of the earlier one: no path is like this after normalisation.

    >>> from cdnlab.facts import json_file
    >>> dead_patterns(compile(json_file("configs", "template_s3_mediapackage_live.json")))
    ()
    """
    dead: list[tuple[Plan, Plan | None]] = []
    for plan in distribution.plans[:-1]:
        fixed = "/" + plan.pattern.removeprefix("/").split("*")[0].split("?")[0]
        if normalised(fixed + "x") != fixed + "x" or "//" in plan.pattern:
            dead.append((plan, None))
        elif earlier := next((each for each in distribution.plans[: plan.number] if covers(each.pattern, plan.pattern)), None):
            dead.append((plan, earlier))
    return tuple(dead)


def _items(node: Mapping[str, Any], name: str) -> list[Any]:
    return list((node.get(name) or {}).get("Items") or ())


class _Reader:
    """Reads a config that has been checked: every required field is there and every value is legal."""

    def __init__(self, config: Mapping[str, Any], account: Account) -> None:
        self.config, self.account = config, account
        origins = {origin["Id"]: _origin(origin) for origin in _items(config, "Origins")}
        self.targets: dict[str, OriginSpec | OriginGroup] = dict(origins)
        for group in _items(config, "OriginGroups"):
            first, second = (origins[member["OriginId"]] for member in _items(group, "Members"))
            codes = frozenset(_items(group["FailoverCriteria"], "StatusCodes"))
            self.targets[group["Id"]] = OriginGroup(group["Id"], (first, second), codes)

    def plans(self) -> tuple[Plan, ...]:
        listed = _items(self.config, "CacheBehaviors")
        plans = [self._plan(behavior, number, f"CacheBehaviors.Items[{number}]") for number, behavior in enumerate(listed)]
        return (*plans, self._plan(self.config["DefaultCacheBehavior"], len(listed), "DefaultCacheBehavior"))

    def _plan(self, behavior: Mapping[str, Any], number: int, path: str) -> Plan:
        allowed = behavior.get("AllowedMethods") or {}
        return Plan(
            pattern=behavior.get("PathPattern", "*"),
            number=number,
            origin=self.targets[behavior["TargetOriginId"]],
            viewer_protocol=behavior["ViewerProtocolPolicy"],
            allowed_methods=frozenset(allowed.get("Items") or _GET_HEAD),
            cached_methods=frozenset(_items(allowed, "CachedMethods") or _GET_HEAD),
            recipe=self._recipe(behavior, path),
            compress=behavior.get("Compress", False),
            response_headers=self._response_headers(behavior, path),
            trusted_key_groups=_enabled(behavior, "TrustedKeyGroups"),
            trusted_signers=_enabled(behavior, "TrustedSigners"),
            is_default="PathPattern" not in behavior,
        )

    def _recipe(self, behavior: Mapping[str, Any], path: str) -> Recipe:
        if not (cache_id := behavior.get("CachePolicyId")):
            return recipe_from_forwarded_values(behavior, path)
        request_id = behavior.get("OriginRequestPolicyId")
        cache, request = self.account.policy("cache", cache_id), request_id and self.account.policy("origin-request", request_id)
        recipe = recipe_from_policies(cache or {}, request or None, path=f"{path}.CachePolicyId")
        target = self.targets[behavior["TargetOriginId"]]
        origins = target.members if isinstance(target, OriginGroup) else (target,)
        return recipe.without_host() if all(origin.kind == "s3" for origin in origins) else recipe

    def _response_headers(self, behavior: Mapping[str, Any], path: str) -> ResponseHeadersPolicy | None:
        if not (id := behavior.get("ResponseHeadersPolicyId")):
            return None
        return response_headers_policy(self.account.policy("response-headers", id) or {}, path=f"{path}.ResponseHeadersPolicyId")

    def errors(self) -> Mapping[int, ErrorRule]:
        rules = {}
        for error in _items(self.config, "CustomErrorResponses"):
            code, page = error["ErrorCode"], error.get("ResponsePagePath") or None
            response = int(error["ResponseCode"]) if page else None
            rules[code] = ErrorRule(code, float(error.get("ErrorCachingMinTTL", 10)), page, response)
        return MappingProxyType(rules)

    def geo(self) -> GeoRestriction:
        restriction = self.config.get("Restrictions", {}).get("GeoRestriction", {})
        return GeoRestriction(restriction.get("RestrictionType", "none"), frozenset(restriction.get("Items") or ()))


def _enabled(behavior: Mapping[str, Any], name: str) -> tuple[str, ...]:
    signers = behavior.get(name) or {}
    return tuple(signers.get("Items") or ()) if signers.get("Enabled") else ()


def _origin(origin: Mapping[str, Any]) -> OriginSpec:
    s3, vpc = origin.get("S3OriginConfig"), origin.get("VpcOriginConfig")
    kind = origin.get("CustomOriginConfig") or vpc or s3 or {}
    shield = origin.get("OriginShield") or {}
    return OriginSpec(
        id=origin["Id"],
        domain_name=origin["DomainName"].lower(),
        path=origin.get("OriginPath", ""),
        kind="s3" if s3 is not None else "custom",
        custom_headers=Headers([(each["HeaderName"], each["HeaderValue"]) for each in _items(origin, "CustomHeaders")]),
        connection_attempts=origin.get("ConnectionAttempts", 3),
        connection_timeout=float(origin.get("ConnectionTimeout", 10)),
        read_timeout=float(kind.get("OriginReadTimeout", 30)),
        keepalive_timeout=float(kind.get("OriginKeepaliveTimeout", 5)),
        completion_timeout=float(origin["ResponseCompletionTimeout"]) if origin.get("ResponseCompletionTimeout") else None,
        protocol_policy=kind.get("OriginProtocolPolicy", "match-viewer"),
        http_port=kind.get("HTTPPort", 80),
        https_port=kind.get("HTTPSPort", 443),
        shield_region=shield.get("OriginShieldRegion") if shield.get("Enabled") else None,
        oai=(s3 or {}).get("OriginAccessIdentity", "").rpartition("/")[2],
        oac=origin.get("OriginAccessControlId", ""),
    )
