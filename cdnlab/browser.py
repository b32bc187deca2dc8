"""A browser's own cache: the last cache before the eye, and the one that nobody but its owner can empty.

It reads the same headers as CloudFront and obeys them alone: no policy, no invalidation and no MinTTL reaches it. This is a
model of a browser, no browser: GET only, one copy a URL, room for everything, `Vary` not looked at, nobody presses reload.

    open(url, now, ask)    a fresh copy is shown without asking                              own copy
                           an expired one makes it ask: 304, the copy gets a new life        confirmed
                           another answer is shown, and kept if it may be                    sent

How long a copy is fresh is `freshness.browser_lifetime`. Where the headers say nothing, browsers guess; this one takes
a tenth of the time since `Last-Modified`, which is RFC 9111's own example.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from cdnlab.directives import parse_cache_control, parse_http_date
from cdnlab.freshness import browser_lifetime
from cdnlab.messages import Headers, Response

__all__ = ["BrowserCache", "Opened", "Source"]

Source: TypeAlias = Literal["own copy", "confirmed", "sent"]
GUESS = 0.1


class Opened(NamedTuple):
    """What somebody got to see: the `response`, and where it came from."""

    response: Response
    source: Source


@dataclass(frozen=True, slots=True)
class _Kept:
    response: Response
    fresh_until: float


class BrowserCache:
    """One person's browser, empty at first.

    >>> browser, asked = BrowserCache(), []
    >>> def ask(headers):
    ...     asked.append(dict(headers))
    ...     return Response(304 if headers else 200, {"Cache-Control": "max-age=60", "ETag": '"v1"'}, b"" if headers else b"hello")
    >>> [browser.open("https://www.example.com/", now, ask).source for now in (0.0, 59.0, 60.0, 61.0)]
    ['sent', 'own copy', 'confirmed', 'own copy']
    >>> asked
    [{}, {'If-None-Match': '"v1"'}]
    """

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def open(self, url: str, now: float, ask: Callable[[dict[str, str]], Response]) -> Opened:
        """Show what is at a URL at `now`, in seconds since the epoch.

        `ask`: sends a GET with these headers and returns the answer, which counts as received at `now`. What it raises
        passes through. Source: RFC 9111 sections 4.2 to 4.3; BRW-01, BRW-02, BRW-03.
        """
        kept = self._kept.get(url)
        if kept is not None and now < kept.fresh_until:
            return Opened(kept.response, "own copy")
        answer = ask(_conditions(kept.response.headers) if kept is not None else {})
        if answer.status == 304 and kept is not None:
            shown = Response(kept.response.status, _renewed(kept.response.headers, answer.headers), kept.response.body)
            self._keep(url, shown, now)
            return Opened(shown, "confirmed")
        self._keep(url, answer, now)
        return Opened(answer, "sent")

    def holds(self, url: str, now: float) -> float | None:
        """Seconds that its copy of a URL is still fresh (0 or less: expired); None when it has none."""
        kept = self._kept.get(url)
        return None if kept is None else kept.fresh_until - now

    def forget(self) -> None:
        """Empty it: what its owner can do, and nobody else."""
        self._kept.clear()

    def _keep(self, url: str, response: Response, now: float) -> None:
        said = parse_cache_control(response.headers.joined("Cache-Control") or "")
        if response.status != 200 or said.no_store:
            self._kept.pop(url, None)
            return
        lasts = browser_lifetime(response.headers, now)
        self._kept[url] = _Kept(response, now + (_guess(response.headers, now) if lasts is None else lasts))


def _conditions(headers: Headers) -> dict[str, str]:
    """How one asks whether a copy has changed; nothing for a copy without a mark to quote."""
    pairs = {"If-None-Match": headers.get("ETag"), "If-Modified-Since": headers.get("Last-Modified")}
    return {name: value for name, value in pairs.items() if value is not None}


def _renewed(old: Headers, new: Headers) -> list[tuple[str, str]]:
    """A copy's headers after a 304: those that came with it, and the old ones that it did not mention (RFC 9111 section 3.2)."""
    return [*((name, value) for name, value in old.items() if name not in new and name.lower() != "age"), *new.items()]


def _guess(headers: Headers, now: float) -> float:
    """For how many more seconds a browser uses what says nothing about time."""
    changed = parse_http_date(headers.get("Last-Modified"), now)
    if changed is None:
        return 0.0
    date = parse_http_date(headers.get("Date"), now)
    made = now if date is None else date
    return max(0.0, GUESS * (made - changed) - (now - made))
