"""What a cache may wish for: the whole traffic between the core and the world.

The core does no I/O. A cache's work is a generator that yields one wish at a time and is sent the answer:

    Fetch   this request, from that origin           answered with a Response, or an OriginError as a value
    Wait    for a fetch that is already in flight    answered with None, once the flight is over
    Spawn   this other work, in the background       answered at once
    Travel  from here to there                       answered on arrival (the live driver answers at once)

A driver turns the generators: the simulated one with an event loop over the simulated clock, the live one with
asyncio and sockets. Both turn the very same generators, so what a lesson shows is what the server does.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from cdnlab.messages import Request

__all__ = ["Fetch", "Flight", "Spawn", "Travel", "Wait", "Wish", "Work"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fetch:
    """One attempt to get an answer from an origin.

    `request`: as the origin will receive it (its URL names the origin's host); `travel_ms`: round trip to the origin;
    `connect_timeout`, `read_timeout`: seconds. The answer is a Response, or an OriginError (returned, not raised).
    """

    request: Request
    travel_ms: float
    connect_timeout: float = 10.0
    read_timeout: float = 30.0


@dataclass(eq=False, slots=True)
class Flight:
    """A fetch in flight, which others may wait for. `over` once it has landed; `result` is what its leader shares."""

    over: bool = False
    result: Any = None
    waiting: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait until this flight is over."""

    flight: Flight


@dataclass(frozen=True, slots=True)
class Spawn:
    """Do this work in the background; nobody waits for it."""

    work: Generator[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Travel:
    """Half a round trip: `ms` milliseconds from one place to the next."""

    ms: float


Wish: TypeAlias = Fetch | Wait | Spawn | Travel
Work: TypeAlias = Generator[Wish, Any, T]
