"""What caches hold, and what they say to each other.

A cache holds Copies: an answer's head and Body, and how long it may be used. A cache that has none, or only an expired
one, makes an Ask of whoever stands above it, and gets an Answer: a Copy, and how it was come by. The edge, the
regional cache, the shield and the way to the origin all speak these three words, which is why they can be stacked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from cdnlab.cachekey import CacheKey
from cdnlab.freshness import Lifetime
from cdnlab.messages import Body, Headers, Request
from cdnlab.plan import ErrorRule, Plan
from cdnlab.steps import Place

__all__ = ["Answer", "Ask", "Copy", "Part"]

State = Literal["hit", "refresh", "stale", "miss", "error"]

_OF_THE_BODY = {
    "content-length",
    "content-encoding",
    "content-type",
    "content-range",
    "etag",
    "connection",
    "transfer-encoding",
    "vary",
    "via",
    "server",
}
HEAD_BYTES = 300  # what a stored head weighs in the shelf's accounts: our choice


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of an object: from offset `first`; `total` is the size of the whole object, None if unknown."""

    first: int
    total: int | None


@dataclass(eq=False, slots=True)
class Copy:
    """One answer as a cache holds it.

    `headers`: as the viewer will get them, less what changes each time; `content`: the Body, perhaps still arriving;
    `life`: how long it may be used and why; `requested_at`: when the request for it went upstream; `born`: the same,
    less the Age it came with; `fresh_until`; `retry_at`: after a failed revalidation, when the origin may be asked
    again; all in seconds since the epoch. `part`: set when this is not the whole object; `origin`: host that
    it came from; `failure`: the kind of failure that a remembered error stands for, "" when the origin did answer.
    """

    status: int
    headers: Headers
    content: Body
    life: Lifetime
    requested_at: float
    born: float
    fresh_until: float
    retry_at: float = 0.0
    part: Part | None = None
    origin: str = ""
    failure: str = ""

    @property
    def size(self) -> int:
        """Bytes on the shelf: the body and a little for the head."""
        return HEAD_BYTES + (self.content.size if self.content.size is not None and self.content.open else len(self.content))

    @property
    def etag(self) -> str | None:
        """The entity tag it was sent with."""
        return self.headers.get("ETag")

    def age(self, now: float) -> int:
        """Whole seconds since it left the origin."""
        return max(0, int(now - self.born))

    def fresh(self, now: float) -> bool:
        """May it be used without asking?"""
        return now < self.fresh_until and self.life.keep == "reuse"

    def has(self, wanted: tuple[int, int] | None) -> bool:
        """Does it hold these bytes (first, last), or everything when None is given?"""
        if self.part is None:
            return True
        return wanted is not None and self.part.first <= wanted[0] and wanted[1] < self.part.first + len(self.content)

    def revalidates(self) -> bool:
        """May the origin be asked whether it changed, and is there something to compare?"""
        return self.life.conditional and self.part is None and ("ETag" in self.headers or "Last-Modified" in self.headers)

    def covers_failure(self, now: float) -> bool:
        """May it stand in, expired as it is, for an origin that fails?"""
        window = self.life.stale_if_error
        return self.status < 400 and self.part is None and self.life.keep != "drop" and (window is None or now < self.fresh_until + window)

    def headers_with(self, news: Headers) -> Headers:
        """Its head as a 304 updates it: the news win, but for what describes the body (RFC 9111 section 3.2)."""
        told = {name.lower() for name in news} - _OF_THE_BODY
        kept = [(name, value) for name, value in self.headers.items() if name.lower() not in told]
        return Headers([*kept, *((name, value) for name, value in news.items() if name.lower() in told)])

    def renewed(self, headers: Headers, life: Lifetime, requested_at: float, born: float) -> Copy:
        """The same body with a new life: what a 304 makes of an expired copy (RFC 9111 section 4.3.4)."""
        return replace(
            self, headers=headers, life=life, requested_at=requested_at, born=born, fresh_until=requested_at + life.seconds, retry_at=0.0
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to the next place: the viewer's `request`, the `plan` it falls under, and what the asker knows.

    `key`: the cache key; `cacheable`: whether an answer may come from a cache at all; `known`: the asker's own expired
    copy, so that the answer may be "unchanged"; `wanted`: the only bytes wanted (first, last), or None for all;
    `errors`: the distribution's error rules; `viewer_ip`, `id`, `pop`, `generated`: what the origin request will tell.
    """

    request: Request
    plan: Plan
    key: CacheKey
    cacheable: bool
    errors: Mapping[int, ErrorRule]
    viewer_ip: str
    id: str
    pop: str
    distribution: str = ""
    generated: Mapping[str, str] = field(default_factory=dict)
    known: Copy | None = None
    wanted: tuple[int, int] | None = None

    def error_ttl(self, status: int) -> float:
        """ErrorCachingMinTTL of a status: seconds."""
        rule = self.errors.get(status)
        return 10.0 if rule is None else rule.ttl


@dataclass(frozen=True, slots=True)
class Answer:
    """A Copy and how it was come by.

    `state`: hit (was there, fresh), refresh (was there, expired, and is still good), stale (expired, sent all the same), miss (came from
    above), error (the origin failed or said so); `failure`: the kind of an origin's failure, "" when it answered; `shared`: whether it was
    another request's answer that this one waited for; `tier`: whose shelf it stood on, None if it came from the origin; `shield`: whether
    that was an Origin Shield's.
    """

    copy: Copy
    state: State
    failure: str = ""
    shared: bool = False
    tier: Place | None = None
    shield: bool = False
