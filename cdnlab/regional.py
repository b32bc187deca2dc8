"""Regional edge caches and Origin Shield: the second shelf, and who goes past it.

A regional edge cache stands between many edge locations and the origins. It has a larger shelf, so it remembers what
an edge had to drop, and what one edge fetched is there for its neighbours. Three kinds of request go past it, from
the edge straight to the origin (PATH-06, PATH-07, PATH-08). Origin Shield is one more tier of the same kind, in one
Region, chosen per origin; everything on its way to that origin goes through it.

A hop is added by wrapping: `Hop` is a tier some milliseconds away, `Upstairs` chooses between hops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cdnlab.copies import Answer, Ask
from cdnlab.geography import rtt
from cdnlab.plan import OriginGroup, OriginSpec, Plan
from cdnlab.steps import Place, Trail
from cdnlab.tier import Tier, Upstream
from cdnlab.wishes import Travel, Work

__all__ = ["Hop", "Shielded", "Upstairs", "goes_past", "shield_region"]

_PROXY_METHODS = frozenset({"PUT", "POST", "PATCH", "OPTIONS", "DELETE"})


class Hop:
    """A tier that is some way off: the way there, its answer, and the way back."""

    __slots__ = ("_basis", "_half", "_start", "tier")

    def __init__(self, start: Place, tier: Tier) -> None:
        way = rtt(start, tier.place)
        self._start, self.tier, self._half, self._basis = start, tier, way.ms / 2, way.basis

    def answer(self, ask: Ask, trail: Trail) -> Work[Answer]:
        """Travel, ask, travel back."""
        if trail.explain:
            trail.leg(self._start, self.tier.place, self._half, self._basis)
        yield Travel(self._half)
        answer = yield from self.tier.answer(ask, trail)
        if trail.explain:
            trail.leg(self.tier.place, self._start, self._half, self._basis)
        yield Travel(self._half)
        return answer


def goes_past(ask: Ask, regional: Place, region_of: Callable[[OriginSpec], str]) -> tuple[str, str] | None:
    """(rule, reason) when a request does not use the regional edge cache; None when it does.

    `region_of`: the AWS Region an origin stands in, "" when it stands in none. Source: HowCloudFrontWorks.
    """
    method = ask.request.method
    if method in _PROXY_METHODS:
        return "PATH-06", f"{method} goes past the regional cache, straight to the origin"
    if not ask.plan.recipe.caching:
        return "PATH-07", "nothing of this behaviour can be cached, so the request goes past the regional cache"
    spec = _primary(ask.plan)
    if spec.kind == "s3" and region_of(spec) == regional.region:
        return "PATH-08", f"the bucket is in {regional.region}, as the regional cache is, so the edge asks the bucket itself"
    return None


def _primary(plan: Plan) -> OriginSpec:
    return plan.origin.members[0] if isinstance(plan.origin, OriginGroup) else plan.origin


def shield_region(plan: Plan) -> str | None:
    """The Region of the Origin Shield that a Plan's (primary) origin has; None without one."""
    return _primary(plan).shield_region


class Shielded:
    """The way to the origins from one place, through the origin's Origin Shield if it has one.

    `shield`: from a Region's name, the Hop to the shield there; None when that shield is this very place.
    """

    __slots__ = ("_place", "_shield", "_straight")

    def __init__(self, place: Place, straight: Upstream, shield: Callable[[str], Hop | None]) -> None:
        self._place, self._straight, self._shield = place, straight, shield

    def answer(self, ask: Ask, trail: Trail) -> Work[Answer]:
        """Ask the origin, past its shield."""
        region = shield_region(ask.plan)
        hop = self._shield(region) if region else None
        if hop is None or region is None:
            return (yield from self._straight.answer(ask, trail))
        trail.shields += (region,)
        if trail.explain:
            trail.note(self._place, "PATH-15", f"the origin has Origin Shield in {region}: ask there")
        answer = yield from hop.answer(ask, trail)
        return replace(answer, shield=True) if answer.state == "hit" else answer


class Upstairs:
    """Whom an edge asks: its regional edge cache, or the origins straight away."""

    __slots__ = ("_edge", "_hop", "_region_of", "_straight")

    def __init__(self, edge: Place, hop: Hop, straight: Upstream, region_of: Callable[[OriginSpec], str]) -> None:
        self._edge, self._hop, self._straight, self._region_of = edge, hop, straight, region_of

    def answer(self, ask: Ask, trail: Trail) -> Work[Answer]:
        """Ask the regional cache unless the request goes past it."""
        past = goes_past(ask, self._hop.tier.place, self._region_of)
        if past is None:
            return (yield from self._hop.answer(ask, trail))
        if trail.explain:
            trail.note(self._edge, *past)
        return (yield from self._straight.answer(ask, trail))
