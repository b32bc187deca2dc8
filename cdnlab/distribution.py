"""A distribution: the config that was given, and the Plans it was compiled into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cdnlab.plan import ErrorRule, GeoRestriction, OriginGroup, OriginSpec, Plan

__all__ = ["Distribution", "ErrorRule", "GeoRestriction", "OriginGroup", "OriginSpec", "Plan"]


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """One compiled distribution; it never changes.

    `plans`: one per behaviour in matching order, the default last; `errors`: rule by status code; `aliases`: lower case;
    `log_cookies`: the log's cs(Cookie) field is filled; `warnings`: what this config sets that cdnlab does not model.
    """

    id: str
    domain_name: str
    arn: str
    config: dict[str, Any]
    enabled: bool
    aliases: tuple[str, ...]
    default_root_object: str
    plans: tuple[Plan, ...]
    errors: Mapping[int, ErrorRule]
    price_class: str
    geo: GeoRestriction
    log_cookies: bool = False
    warnings: tuple[str, ...] = ()
    _memo: dict[str, Plan] = field(default_factory=dict, repr=False)

    def plan_for(self, path: str) -> Plan:
        """The Plan of the first behaviour whose pattern matches this raw path."""
        raise NotImplementedError
