"""The only source of time.

A cache is a machine about time, so nothing else in cdnlab may look at a clock. The lessons use a SimulatedClock, which
stands still until somebody pushes it; the live server uses the WallClock. Both tell the time as seconds since the
Unix epoch (UTC), with a fraction.

The SimulatedClock also keeps appointments: calls to be made when their moment comes. Pushing the clock over a moment
makes its call at that moment, in order, so a day passes in one line and everything due in it happens on time.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from cdnlab.errors import ClockError

__all__ = ["Clock", "SimulatedClock", "WallClock", "iso", "seconds_since_epoch"]


class Clock(Protocol):
    """Anything that can tell the time in seconds since the epoch."""

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""


def seconds_since_epoch(moment: str | float | datetime) -> float:
    """An ISO 8601 text, a datetime or a number, as seconds since the epoch. Without a zone, UTC is meant.

    Raises ClockError for anything else.

    >>> seconds_since_epoch("2026-01-01T00:00:00Z")
    1767225600.0
    """
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            raise ClockError(f"cannot read {moment!r} as a time; write it like '2026-01-01T00:00:00Z'") from None
    if isinstance(moment, datetime):
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if isinstance(moment, bool) or not isinstance(moment, int | float) or not abs(moment) < math.inf:
        raise ClockError(f"cannot read {moment!r} as a time; give seconds since the epoch or an ISO 8601 text")
    if not 0 <= moment < 253_402_300_800:
        raise ClockError(f"{moment!r} is outside the years 1970 to 9999")
    return float(moment)


def iso(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 text in UTC, to the second.

    >>> iso(1767225661.5)
    '2026-01-01T00:01:01Z'
    """
    return datetime.fromtimestamp(math.floor(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class SimulatedClock:
    """A clock that goes only when it is told to, and only forwards.

    `start`: ISO 8601 text, datetime or seconds since the epoch. Raises ClockError when it cannot be read.

    >>> clock = SimulatedClock("2026-01-01T00:00:00Z")
    >>> clock.advance(61)
    >>> print(clock)
    2026-01-01T00:01:01Z
    """

    __slots__ = ("_appointments", "_made", "_now")

    def __init__(self, start: str | float | datetime = "2026-01-01T00:00:00Z") -> None:
        self._now = seconds_since_epoch(start)
        self._appointments: list[tuple[float, int, Callable[[], object]]] = []
        self._made = 0

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Push the clock forwards by some seconds, keeping every appointment on the way.

        Raises ClockError for a negative or unreadable step.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not abs(seconds) < math.inf:
            raise ClockError(f"cannot advance the clock by {seconds!r}; give a number of seconds, such as 61")
        if seconds < 0:
            raise ClockError(f"cannot advance the clock by {seconds!r} s: time only goes forwards; build a new CloudFront to start over")
        target = seconds_since_epoch(self._now + min(seconds, 1e12))
        while self._appointments and self._appointments[0][0] <= target:
            self.step()
        self._now = target

    def at(self, moment: float, call: Callable[[], object]) -> None:
        """Make an appointment: `call()` when the clock reaches `moment` (seconds since the epoch)."""
        self._made += 1
        heapq.heappush(self._appointments, (max(moment, self._now), self._made, call))

    def step(self) -> bool:
        """Go to the next appointment and keep it; False when there is none."""
        if not self._appointments:
            return False
        moment, _, call = heapq.heappop(self._appointments)
        self._now = max(moment, self._now)
        call()
        return True

    def skip(self, seconds: float) -> bool:
        """Go forwards if nothing is due on the way, and say whether that was so."""
        target = self._now + seconds
        if self._appointments and self._appointments[0][0] <= target:
            return False
        self._now = target
        return True

    def __str__(self) -> str:
        return iso(self._now)

    def __repr__(self) -> str:
        return f"SimulatedClock({iso(self._now)!r})"


class WallClock:
    """The computer's own clock, for the live server."""

    __slots__ = ()

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def __repr__(self) -> str:
        return "WallClock()"
