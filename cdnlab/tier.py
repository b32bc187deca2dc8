"""A cache tier: the one caching mechanism that edge, regional cache and shield share.

A tier has a shelf (`store`), a place, and somebody to ask (`above`). For each Ask:

    1  a fresh copy on the shelf is the answer                                                    Hit
    2  an expired copy inside its stale-while-revalidate window is the answer too, and one
       background request finds out whether it changed                                            old copy
    3  if somebody is already asking for the same key, wait, and look again                       collapsing
    4  otherwise ask above, handing over the expired copy, if there is one:
         unchanged (304)       the copy gets a new life                                           RefreshHit
         another answer        replaces it, if it may be kept                                     Miss
         the origin fails      the expired copy, if it may still be used                          old copy
                               else the failure itself, kept for a while                          Error

How long an answer may be kept was settled when it came from the origin (`Copy.life`); a tier only obeys. So a copy on
a lower tier expires when the one above it does.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from typing import NamedTuple, Protocol, TypeAlias

from cdnlab.cachekey import CacheKey
from cdnlab.clock import Clock
from cdnlab.copies import Answer, Ask, Copy
from cdnlab.steps import Place, Trail
from cdnlab.storage import Store
from cdnlab.wishes import Flight, Spawn, Wait, Work

__all__ = ["Chosen", "PartKey", "Tier", "Upstream"]


Chosen: TypeAlias = Callable[[CacheKey, Copy], bool]


class Upstream(Protocol):
    """Whoever can be asked: another tier, the way to one, or the way to the origin."""

    def answer(self, ask: Ask, trail: Trail) -> Work[Answer]:
        """Answer one Ask."""


class PartKey(NamedTuple):
    """Where some bytes of an object stand on the shelf: the cache key, and offsets of the first and last byte."""

    key: CacheKey
    first: int
    last: int


class Tier:
    """One cache. `place`: where it stands; `above`: whom it asks; `capacity`: bytes on its shelf; `clock`: its time."""

    __slots__ = ("_flights", "_parts", "above", "clock", "place", "store")

    def __init__(self, place: Place, above: Upstream, clock: Clock, capacity: int) -> None:
        self.place, self.above, self.clock = place, above, clock
        self.store: Store[CacheKey | PartKey, Copy] = Store(capacity)
        self._flights: dict[Hashable, Flight] = {}
        self._parts: dict[CacheKey, list[PartKey]] = {}

    def held(self) -> Iterator[tuple[CacheKey, Copy]]:
        """(cache key, copy) of everything on the shelf, least recently used first."""
        return ((shelf.key if isinstance(shelf, PartKey) else shelf, copy) for shelf, copy in self.store.items())

    def purge(self, chosen: Chosen) -> int:
        """Drop every copy that is `chosen` by its cache key and itself; the number of copies that went."""
        gone = [shelf for shelf, copy in self.store.items() if chosen(shelf.key if isinstance(shelf, PartKey) else shelf, copy)]
        return sum(self.store.discard(shelf) for shelf in gone)

    def answer(self, ask: Ask, trail: Trail) -> Work[Answer]:
        """Answer from the shelf if possible, from above otherwise."""
        if not ask.cacheable:
            if trail.explain:
                trail.note(self.place, "PATH-10", f"{ask.request.method} under {ask.plan.recipe.key_by} is not cached here", "miss")
            return (yield from self.above.answer(ask, trail))
        collapses = ask.plan.recipe.collapses
        lane: Hashable = ask.key if ask.wanted is None else (ask.key, ask.wanted)
        while True:
            now = self.clock.now()
            copy = self._find(ask, now)
            if copy is not None:
                if copy.fresh(now):
                    return self._hit(copy, now, trail)
                if not trail.background and now < copy.fresh_until + copy.life.stale_while_revalidate:
                    if lane not in self._flights:
                        yield Spawn(self._refresh(replace(ask, known=copy), lane))
                    if trail.explain:
                        trail.note(
                            self.place,
                            "STALE-01",
                            "the copy has expired, but may be sent while a background request asks for news",
                            "stale",
                        )
                    return Answer(copy, "stale", tier=self.place)
                if now < copy.retry_at and copy.covers_failure(now):
                    if trail.explain:
                        trail.note(
                            self.place,
                            "STALE-04",
                            f"the origin failed a moment ago; old copy, no new try for {copy.retry_at - now:.0f} s",
                            "stale",
                        )
                    return Answer(copy, "stale", tier=self.place)
            flight = self._flights.get(lane) if collapses else None
            if flight is None:
                return (yield from self._lead(replace(ask, known=copy or ask.known), copy, lane, trail))
            if trail.explain:
                trail.note(self.place, "PATH-09", "the same key is already being fetched: wait for that answer")
            yield Wait(flight)
            if isinstance(flight.result, Answer):
                if trail.explain:
                    trail.note(self.place, "PATH-09", "the answer the first request got serves this one too", "hit")
                shared = flight.result
                return replace(shared, state="hit" if shared.state in ("miss", "refresh") else shared.state, shared=True)

    def _find(self, ask: Ask, now: float) -> Copy | None:
        """The whole object if it is here, else a fresh part that has the wanted bytes."""
        copy = self.store.get(ask.key)
        if copy is not None or ask.wanted is None:
            return copy
        for shelf in self._parts.get(ask.key, ()):
            part = self.store.get(shelf)
            if part is not None and part.has(ask.wanted) and part.fresh(now):
                return part
        return None

    def _hit(self, copy: Copy, now: float, trail: Trail) -> Answer:
        if trail.explain:
            what = "copy" if copy.status < 400 else f"remembered {copy.status}"
            trail.note(
                self.place,
                "PATH-04",
                f"{what} found, {copy.age(now)} s old, fresh for another {copy.fresh_until - now:.0f} s",
                "hit" if copy.status < 400 else "error",
            )
        return Answer(copy, "hit" if copy.status < 400 else "error", tier=self.place)

    def _lead(self, ask: Ask, copy: Copy | None, lane: Hashable, trail: Trail) -> Work[Answer]:
        """Ask above on behalf of everybody who waits in this lane. Whatever happens, the flight lands."""
        if trail.explain:
            seen = (
                "no copy" if copy is None else f"the copy expired {self.clock.now() - copy.fresh_until:.0f} s ago: ask whether it changed"
            )
            trail.note(self.place, "PATH-02" if self.place.kind == "edge" else "PATH-03", seen, "miss" if copy is None else "expired")
        flight = Flight()
        self._flights.setdefault(lane, flight)
        shared: Answer | None = None
        try:
            answer = yield from self.above.answer(ask, trail)
            answer = self._keep(ask, copy, answer, trail)
            shared = answer if answer.copy.life.shareable else None
            return answer
        finally:
            if self._flights.get(lane) is flight:
                del self._flights[lane]
            flight.land(shared)

    def _keep(self, ask: Ask, copy: Copy | None, answer: Answer, trail: Trail) -> Answer:
        """Put the answer on the shelf if it may stand there, and say what it means for this tier."""
        new, now = answer.copy, self.clock.now()
        if answer.state == "stale":
            return answer if copy is not None else replace(answer, state="miss")
        if copy is not None and new.content is copy.content:
            self._put(ask.key, new)
            if trail.explain:
                trail.note(self.place, "TTL-20", f"unchanged: the copy is good for another {new.fresh_until - now:.0f} s", "refresh")
            return replace(answer, state="refresh", tier=self.place)
        if (answer.failure or new.status >= 500) and copy is not None and copy.covers_failure(now):
            pause = max(new.life.seconds, ask.error_ttl(new.status))
            copy.retry_at = now + pause
            if trail.explain:
                trail.note(self.place, "STALE-03", f"the origin failed, so the old copy is sent; next try in {pause:.0f} s", "stale")
            return Answer(copy, "stale", failure=answer.failure, tier=self.place)
        if ask.known is not None and new.content is ask.known.content:
            return answer  # only the tier below had the body; a 304 brings none to keep here
        if new.life.keep != "drop":
            self._put(ask.key, new)
            if trail.explain:
                rule = "PATH-05" if self.place.kind == "edge" else "PATH-03"
                trail.note(self.place, rule, self._kept(new, now), "" if new.content.failed else "kept")
        return replace(answer, state="error" if new.status >= 400 else "miss")

    @staticmethod
    def _kept(copy: Copy, now: float) -> str:
        if copy.content.failed:
            return "the body ended too early: nothing is kept"
        if copy.status >= 400:
            return f"the error is remembered for {copy.fresh_until - now:.0f} s"
        if copy.life.keep == "fallback":
            return "a copy stays only in case the origin fails"
        if copy.life.keep == "revalidate":
            return "a copy stays, to be checked with the origin each time"
        return f"a copy stays, fresh for {copy.fresh_until - now:.0f} s"

    def _put(self, key: CacheKey, copy: Copy) -> None:
        """Publish the copy at once; take it back if its body ends too early."""
        shelf: CacheKey | PartKey = key
        if copy.part is not None:
            shelf = PartKey(key, copy.part.first, copy.part.first + len(copy.content) - 1)
            parts = [each for each in self._parts.get(key, ()) if each in self.store and each != shelf]
            self._parts[key] = [shelf, *parts]
        self.store.put(shelf, copy, copy.size)
        copy.content.when_done(lambda body: self.store.discard(shelf, copy) if body.failed else None)

    def _refresh(self, ask: Ask, lane: Hashable) -> Work[None]:
        """A background request: ask above, keep the news, tell nobody."""
        yield from self._lead(ask, ask.known, lane, Trail(self.clock, explain=False, background=True))
