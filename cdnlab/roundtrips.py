"""A model of what an edge does for an answer that no cache may keep: it counts round trips.

A page that is made anew for every request must come from the origin every time. Still its viewer gains, because most of the
waiting is not for the page. A new connection first shakes hands, once for TCP and once or twice for TLS, and then starts slowly: so
many bytes, a round trip, twice as many. Every one of these costs the whole way there and back. With an edge between,
the viewer shakes hands with a neighbour, and the long way is gone once, over a connection that the edge keeps open.

    direct          TCP, TLS, request and first bytes, more bytes       each the whole way
    through_edge    the same, each only to the edge; and once, in the middle, the way from there to the origin

This is a model and no measurement. It knows no loss, no queues and no thinking time, both ways are equally good roads, and a
connection that is in use sends any answer in one go. The milliseconds of a round trip are those of
`distance` and `geography`. (TRIP-01 to TRIP-05)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from cdnlab.distance import rtt
from cdnlab.errors import InputError, UnknownName
from cdnlab.geography import LAST_MILE_MS, EdgeSite, nearest_edge, reach
from cdnlab.steps import Basis, Place
from cdnlab.viewers import Viewer

__all__ = ["FIRST_BYTES", "TLS", "Load", "Trip", "direct", "more_trips", "through_edge"]

FIRST_BYTES = 14_600
"""What a new connection sends before it must wait: ten segments of 1,460 bytes (RFC 6928)."""

TLS = {"none": 0, "TLS 1.3": 1, "TLS 1.2": 2}
"""Round trips that each version's handshake takes (RFC 8446 section 2, RFC 5246 section 7.3)."""


class Trip(NamedTuple):
    """One round trip: for `what`; `far` when the origin is at its other end; `ms`, and the `basis` of that number."""

    what: Literal["TCP", "TLS", "request", "more"]
    far: bool
    ms: float
    basis: Basis


@dataclass(frozen=True, slots=True)
class Load:
    """One answer's loading: its round `trips` in order. `edge`: the place in between, None when there is none."""

    viewer: Place
    origin: Place
    trips: tuple[Trip, ...]
    edge: Place | None = None

    @property
    def ms(self) -> float:
        """Milliseconds until the last byte is there."""
        return sum(trip.ms for trip in self.trips)

    @property
    def near(self) -> int:
        """Round trips between viewer and edge."""
        return sum(not trip.far for trip in self.trips)

    @property
    def far(self) -> int:
        """Round trips to the origin and back."""
        return sum(trip.far for trip in self.trips)


def more_trips(size: int) -> int:
    """Round trips that an answer of `size` bytes takes on a new connection beyond the first. Raises InputError.

    >>> [more_trips(size) for size in (14_600, 14_601, 43_800, 100_000)]
    [0, 1, 1, 2]
    """
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= 10**12:
        raise InputError(f"size is {size!r}; give the answer's size as a whole number of bytes, 0 to 10^12")
    trips, sent, window = 0, FIRST_BYTES, FIRST_BYTES
    while sent < size:
        window *= 2
        sent += window
        trips += 1
    return trips


def _shake_hands(tls: str, *, far: bool, ms: float, basis: Basis) -> list[Trip]:
    if tls not in TLS:
        raise UnknownName("handshake", tls, TLS)
    return [Trip("TCP", far, ms, basis), *[Trip("TLS", far, ms, basis)] * TLS[tls]]


def direct(viewer: Viewer | str, origin: Place, *, size: int = FIRST_BYTES, tls: str = "TLS 1.3", new: bool = True) -> Load:
    """An answer of `size` bytes straight from the origin. `new`: over a new connection; else over one that is in use.

    Raises UnknownName (viewer, handshake), InputError (size).

    >>> from cdnlab.distance import region
    >>> load = direct("Auckland", region("eu-north-1"), size=40_000)
    >>> load.far, [trip.what for trip in load.trips], round(load.ms)
    (4, ['TCP', 'TLS', 'request', 'more'], 1140)
    """
    viewer = Viewer.of(viewer)
    ms, more = LAST_MILE_MS + rtt(viewer.place, origin).ms, more_trips(size)
    opening = _shake_hands(tls, far=True, ms=ms, basis="assumed")
    asking, rest = Trip("request", True, ms, "assumed"), Trip("more", True, ms, "assumed")
    return Load(viewer.place, origin, (*opening, asking, *[rest] * more) if new else (asking,))


def through_edge(
    viewer: Viewer | str,
    origin: Place,
    *,
    size: int = FIRST_BYTES,
    tls: str = "TLS 1.3",
    new: bool = True,
    kept_open: bool = True,
    edge: EdgeSite | None = None,
) -> Load:
    """The same answer by way of the viewer's edge, which may not keep it and asks the origin itself, as for dynamic content.

    `kept_open`: the edge has a connection to the origin that is in use; else it opens one, over which the answer's later bytes come
    as slowly as they would directly. `edge`: another one than the nearest. Raises what `direct` raises.

    >>> from cdnlab.distance import region
    >>> load = through_edge("Auckland", region("eu-north-1"), size=40_000)
    >>> (load.near, load.far), round(load.ms)
    ((4, 1), 347)
    >>> round(through_edge("Auckland", region("eu-north-1"), size=40_000, kept_open=False).ms)
    1155
    """
    viewer = Viewer.of(viewer)
    site = nearest_edge(viewer) if edge is None else edge
    near, far = reach(viewer, site), rtt(site.place, origin)
    trips = _shake_hands(tls, far=False, ms=near.ms, basis=near.basis) if new else []
    trips.append(Trip("request", False, near.ms, near.basis))
    if not kept_open:
        trips += _shake_hands(tls, far=True, ms=far.ms, basis=far.basis)
    trips.append(Trip("request", True, far.ms, far.basis))
    # Bytes are passed on as they come, so of two slow starts the one over the longer way is waited for.
    slow = [Trip("more", True, far.ms, far.basis)] if not kept_open else []
    slow += [Trip("more", False, near.ms, near.basis)] if new else []
    if slow:
        trips += [max(slow, key=lambda trip: trip.ms)] * more_trips(size)
    return Load(viewer.place, origin, tuple(trips), site.place)
