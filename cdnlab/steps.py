"""What a request leaves behind: places, steps, legs, and the trail that collects them.

Every decision in cdnlab is written down as a Step: where it was taken, by which rule, what was seen and what follows.
The lesson's picture, the access-log line, the exercise's check and the test all read the same steps. They cost nothing
when nobody asked for them: callers look at `trail.explain` before they put a sentence together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from cdnlab.clock import Clock
from cdnlab.messages import Request
from cdnlab.rules import Rule, rule

__all__ = ["Basis", "Leg", "Place", "Step", "Trail", "Treatment"]

Kind = Literal["viewer", "edge", "regional", "shield", "origin", "service"]
Basis = Literal["measured", "fitted", "assumed"]


class Place(str):
    """Where something happens; prints as its name ("edge AKL").

    `kind`: viewer, edge, regional, shield, origin or service; `code`: AKL, ap-southeast-2, photos ...; `city`;
    `lat`, `lon`: degrees; `region`: the AWS Region it stands in, or "".

    >>> place = Place("edge AKL", kind="edge", code="AKL", city="Auckland", lat=-37.0, lon=174.8)
    >>> place.kind, f"{place}"
    ('edge', 'edge AKL')
    """

    kind: Kind
    code: str
    city: str
    lat: float
    lon: float
    region: str

    def __new__(cls, name: str, *, kind: Kind, code: str, city: str = "", lat: float = 0.0, lon: float = 0.0, region: str = "") -> Self:
        new = super().__new__(cls, name)
        new.kind, new.code, new.city, new.lat, new.lon, new.region = kind, code, city, lat, lon, region
        return new


@dataclass(frozen=True, slots=True)
class Step:
    """One decision: at `place`, by the rule with id `rule`, `says` what was seen and what follows.

    `at_ms`: milliseconds after the viewer sent the request; `state`: how to draw it (hit, refresh, stale, miss, error,
    blocked, redirect; "expired" for a copy that is found but too old, "kept" for one that stays; "" for a plain remark).
    """

    place: Place
    rule: str
    says: str
    at_ms: float
    state: str = ""

    @property
    def cited(self) -> Rule:
        """The ledger's entry for this step's rule."""
        return rule(self.rule)

    @property
    def evidence(self) -> str:
        """documented, api-model, observed or our choice."""
        return self.cited.evidence

    @property
    def source(self) -> str:
        """The page or section that the rule comes from."""
        return self.cited.source

    def __str__(self) -> str:
        return f"{self.at_ms:7.1f} ms  {self.place}: {self.says} [{self.rule}]"


@dataclass(frozen=True, slots=True)
class Leg:
    """A way travelled once, from `start` to `end`: `ms` one way, on which `basis`, beginning at `at_ms`."""

    start: Place
    end: Place
    ms: float
    basis: Basis
    at_ms: float


@dataclass(frozen=True, slots=True)
class Treatment:
    """What became of one thing the viewer sent, or CloudFront added, on its way to the cache key and the origin.

    `kind`: header, cookie or query; `name`; `value`; `in_key`: part of the cache key; `sent`: reached the origin (or
    would, on a miss) as it was; `why`: the policy or table that decided.
    """

    kind: Literal["header", "cookie", "query"]
    name: str
    value: str
    in_key: bool
    sent: bool
    why: str
    added: bool = False


class Trail:
    """The record of one request under way. `explain`: whether anybody wants the steps.

    `origin_loads`: for each of the `origin_requests` the origin's Region ("" outside AWS) and the bytes of the body that came;
    `shields`: the Regions whose Origin Shield was asked.
    """

    __slots__ = (
        "background",
        "clock",
        "explain",
        "legs",
        "origin_loads",
        "origin_requests",
        "origin_statuses",
        "shields",
        "started",
        "steps",
        "treatments",
    )

    def __init__(self, clock: Clock, *, explain: bool = True, background: bool = False) -> None:
        self.clock, self.explain, self.background = clock, explain, background
        self.started = clock.now()
        self.steps: list[Step] = []
        self.legs: list[Leg] = []
        self.treatments: tuple[Treatment, ...] = ()
        self.origin_requests: list[Request] = []
        self.origin_statuses: list[int] = []
        self.origin_loads: tuple[tuple[str, int], ...] = ()
        self.shields: tuple[str, ...] = ()

    def at_ms(self) -> float:
        """Milliseconds since the viewer sent the request."""
        return (self.clock.now() - self.started) * 1000

    def note(self, place: Place, rule: str, says: str, state: str = "", *, ago_ms: float = 0.0) -> None:
        """Write down a decision taken now, or `ago_ms` milliseconds ago, at a place whose news travelled since."""
        self.steps.append(Step(place, rule, says, self.at_ms() - ago_ms, state))

    def leg(self, start: Place, end: Place, ms: float, basis: Basis, *, ago_ms: float = 0.0) -> None:
        """Write down a way that begins now, or began `ago_ms` milliseconds ago."""
        self.legs.append(Leg(start, end, ms, basis, self.at_ms() - ago_ms))
