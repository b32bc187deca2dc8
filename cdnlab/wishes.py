"""What a cache may wish for: the whole traffic between the core and the world.

The core does no I/O. A cache's work is a generator that yields one wish at a time and is sent the answer:

    Fetch   this request, from that origin           answered with a Reply
    Wait    for a fetch that is already in flight    answered with None, once the flight is over
    Spawn   this other work, in the background       answered with None, at once
    Travel  from here to there                       answered with None, on arrival

A driver turns the generators: the simulated one (driver.py) with appointments on the simulated clock, the live one
with asyncio and sockets, where only Fetch and Wait take time. Both turn the very same generators, so what a lesson
shows is what the server does.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from cdnlab.errors import OriginError
from cdnlab.messages import Request, Response

__all__ = ["Fetch", "Flight", "Reply", "Spawn", "Travel", "Wait", "Wish", "Work"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a Fetch: a Response, or the OriginError that stands for none.

    `seconds`: how long the origin thought about it; `rule`, `says`: what decided at the origin, when it can tell.
    """

    outcome: Response | OriginError
    seconds: float = 0.0
    rule: str = ""
    says: str = ""


@dataclass(frozen=True, slots=True)
class Fetch:
    """One attempt to get an answer from an origin. The answer is a Reply.

    `request`: as the origin will receive it (its URL names the origin's host); `travel_ms`: the round trip there;
    `connect_timeout`, `read_timeout`: seconds; `signed_by`: who CloudFront says it is (an oai.Identity).
    """

    request: Request
    travel_ms: float
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    signed_by: Any = None


class Flight:
    """A fetch in flight, for which others may wait. `land` ends it, whatever became of it."""

    __slots__ = ("_waiting", "over", "result")

    def __init__(self) -> None:
        self.over = False
        self.result: Any = None
        self._waiting: list[Callable[[], object]] = []

    def land(self, result: Any = None) -> None:
        """The flight is over; `result` is what its leader shares, None when there is nothing to share."""
        if self.over:
            return
        self.over, self.result = True, result
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call()

    def when_over(self, call: Callable[[], object]) -> None:
        """Call this when the flight is over; at once if it is already."""
        if self.over:
            call()
        else:
            self._waiting.append(call)


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
    """One way, half a round trip: `ms` milliseconds from one place to the next."""

    ms: float


Wish: TypeAlias = Fetch | Wait | Spawn | Travel
Work: TypeAlias = Generator[Wish, Any, T]
