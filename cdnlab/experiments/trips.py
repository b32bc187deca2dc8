"""Lesson 07: is a page that nobody may keep worth a CDN?

The page is made anew for every request, so every request goes to Stockholm. Two ways are laid over each other, round trip by
round trip: straight there, and by way of the viewer's edge. The round trips come from `roundtrips`, which is a model and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from cdnlab.controls import Button, Choice, Predict, Press, Text
from cdnlab.distance import region
from cdnlab.geography import Viewer, cities, find_city
from cdnlab.marks import hatch, number
from cdnlab.panels import Panel
from cdnlab.roundtrips import Load, direct, through_edge
from cdnlab.staircase import FONT, safe
from cdnlab.telling import ms_text, name

__all__ = ["PAGE", "Trips", "model", "panel", "say", "view"]

PAGE = 40_000
"""The size of the page in bytes."""

NEW, OPEN = ("new", "already open")
KEPT, ANEW = ("kept open", "opened anew")
STOCKHOLM = region("eu-north-1")


@dataclass(frozen=True, slots=True)
class Trips:
    """Both ways for one viewer: `straight` and `by_edge`. `lit`: may the second one be shown? `guess`: what was predicted."""

    straight: Load
    by_edge: Load
    lit: bool
    guess: str | None = None


def model(presses: Sequence[Press], *, city: str, viewers: str = NEW, origins: str = KEPT, guess: str | None = None) -> Trips:
    """Both ways from this city. `viewers`: is the viewer's connection new? `origins`: does the edge keep one open to the origin?

    >>> trips = model((), city="Auckland")
    >>> trips.straight.far, trips.by_edge.near, trips.by_edge.far
    (4, 4, 1)
    """
    viewer, new = Viewer(city), viewers == NEW
    straight = direct(viewer, STOCKHOLM, size=PAGE, new=new)
    by_edge = through_edge(viewer, STOCKHOLM, size=PAGE, new=new, kept_open=origins == KEPT)
    return Trips(straight, by_edge, bool(presses), guess)


# ---- the words

SLOWER, SAME, FASTER = "longer: one more stop", "the same: the way is as long as before", "shorter"


def _counted(load: Load) -> str:
    """Its round trips, told by length: "4 round trips of 18 ms and 1 of 275 ms"."""
    kinds = [(far, [trip.ms for trip in load.trips if trip.far is far]) for far in (False, True)]
    told = [f"{len(all_)} {'round trip' + 's' * (len(all_) > 1)} of {ms_text(all_[0])}" for _, all_ in kinds if all_]
    return " and ".join([told[0], *(each.replace(" round trips", "").replace(" round trip", "") for each in told[1:])])


def say(trips: Trips) -> str:
    """The text twin: both ways, counted, and that this is a model."""
    viewer, origin = name(trips.straight.viewer), trips.straight.origin.city
    head = f"From {viewer} straight to {origin}: {_counted(trips.straight)}, {ms_text(trips.straight.ms)} in all."
    if not trips.lit:
        return f"{head} Through the edge: not loaded yet."
    edge = trips.by_edge.edge
    other = f"Through edge {edge.code if edge else ''}: {_counted(trips.by_edge)}, {ms_text(trips.by_edge.ms)} in all."
    return f"{head} {other} A model: it counts round trips."


def comment(trips: Trips) -> str:
    """One line on what is worth noticing, reckoned from both ways; never canned."""
    if not trips.lit:
        return "Predict, then press “Load the page”."
    straight, by_edge = trips.straight.ms, trips.by_edge.ms
    if by_edge < 0.9 * straight:
        gone = f"the long way was gone {_times(trips.by_edge.far)}, not {_times(trips.straight.far)}"
        return f"Nothing was cached, and the wait is {straight / by_edge:.1f} times shorter: {gone}."
    if trips.straight.far == trips.by_edge.far == 1:
        return f"With a connection open already there is nothing to save: {ms_text(by_edge - straight)} more for the stop at the edge."
    return "Nothing gained: the edge, too, had to shake hands the long way. It is the open connection that makes the difference."


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def outcome(trips: Trips) -> str:
    """What the edge does to the wait under the starting conditions, from the chosen city."""
    if not trips.lit:
        return ""
    city = trips.straight.viewer.code or trips.straight.viewer.city
    first = model((), city=city)
    less = "shorter" if first.by_edge.ms < first.straight.ms else "longer"
    waits = f"{ms_text(first.by_edge.ms)} instead of {ms_text(first.straight.ms)}"
    return f"On a new connection from {name(trips.straight.viewer)} the wait is {less}: {waits}."


# ---- the picture

WIDTH = 600  # of its own pixels; a page that has the room shows it larger
_LEFT, _RIGHT, _HIGH = 112, 524, 26


def _text(x: float, y: float, words: str, *, size: float = 12, anchor: str = "start", extra: str = "") -> str:
    where = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}" text-anchor="{anchor}"'
    return f'<text class="cdnlab-halo" {where} fill="currentColor"{extra}>{safe(words)}</text>'


def _row(load: Load, y: float, scale: float, lit: bool) -> str:
    """One way: a box a round trip, as wide as it takes; hatched where its milliseconds are assumed, pale where they are fitted."""
    edge = load.edge
    parts = [_text(8, y + 14, f"through {edge.code}" if edge else "straight", size=13.5, extra=' font-weight="600"')]
    if not lit:
        return "".join([*parts, _text(_LEFT, y + 18, "?", size=18)])
    near, far = load.near, load.far
    parts.append(_text(8, y + 29, f"{near} short, {far} long" if edge else f"{far} long", size=11))
    x, tight = float(_LEFT), any(not trip.far and trip.ms * scale < 7 * len(trip.what) + 6 for trip in load.trips)
    if edge and tight:
        parts.append(_text(_LEFT, y - 5, "TCP, TLS, request" if near > 1 else "request", size=11))
    for (what, is_far), group in groupby(load.trips, key=lambda trip: (trip.what, trip.far)):
        start = x
        for trip in group:
            wide = trip.ms * scale
            shade = 0.24 if trip.basis == "fitted" else 0
            if trip.basis == "assumed":
                parts.append(f'<path d="{hatch(x, y, wide, _HIGH)}" stroke="currentColor" stroke-width="0.8" fill="none" opacity="0.55"/>')
            box = f'x="{number(x)}" y="{number(y)}" width="{number(wide)}" height="{_HIGH}"'
            parts.append(f'<rect {box} fill="currentColor" fill-opacity="{shade}" stroke="currentColor" stroke-width="1.2"/>')
            x += wide
        word = {"more": "more bytes"}.get(what, what)
        if x - start >= 7 * len(word) + 6 and (is_far or not tight):
            parts.append(_text((start + x) / 2, y + 17, word, anchor="middle"))
        elif tight and not is_far and what == "more":
            parts.append(_text(start, y - 5, word, size=11))
    parts.append(_text(x + 8, y + 18, ms_text(load.ms), size=13.5, extra=' font-weight="600"'))
    return "".join(parts)


def view(trips: Trips) -> str:
    """The comment, and both ways on one scale of milliseconds."""
    longest = max(trips.straight.ms, trips.by_edge.ms)
    scale = (_RIGHT - _LEFT) / longest
    top = 30 if trips.guess else 6
    parts = [_row(trips.straight, top, scale, True), _row(trips.by_edge, top + 54, scale, trips.lit)]
    if trips.guess:
        word = f"you: {trips.guess.partition(':')[0]}"
        box = f'x="{_LEFT}" y="2" width="{number(6.6 * len(word) + 12)}" height="18" rx="4"'
        parts.append(f'<rect {box} fill="none" stroke="currentColor" stroke-width="1.4" stroke-dasharray="4 3"/>')
        parts.append(_text(_LEFT + 6, 15, word, size=11.5))
    keys = (
        (f'<path d="{hatch(0, 0, 22, 11)}" stroke="currentColor" stroke-width="0.8" fill="none"/>', 0.0, "a round trip, assumed"),
        ("", 0.24, "fitted"),
    )
    x, y = float(_LEFT), top + 96
    for lines, shade, word in keys:
        sign = f'{lines}<rect width="22" height="11" fill="currentColor" fill-opacity="{shade}" stroke="currentColor"/>'
        parts.append(f'<g transform="translate({number(x)} {y})">{sign}</g>{_text(x + 28, y + 9, word, size=11)}')
        x += 44 + 6.1 * len(word)
    parts.append(_text(x, y + 9, "model: counts round trips", size=11, extra=' font-style="italic"'))
    said = safe(say(trips))
    size = f'viewBox="0 0 {WIDTH} {y + 16}" width="{WIDTH * 6 // 5}" role="img" aria-label="{said}" font-family="{FONT}"'
    return f'<p><strong>{safe(comment(trips))}</strong></p><svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'


def panel() -> Panel[Trips]:
    """The experiment: predict, load the page, then turn the two connections."""
    return Panel(
        "A page that nobody may keep",
        [
            Predict(
                "guess",
                "Every request for this page must go to Stockholm. What does an edge in between do to the wait of a viewer in Auckland?",
                (SLOWER, SAME, FASTER),
                outcome,
            ),
            Text("city", "Viewer's city", "Auckland", suggestions=lambda: (city.label for city in cities()), accept=find_city),
            Choice("viewers", "Viewer's connection", (NEW, OPEN)),
            Choice("origins", "Edge's connection to the origin", (KEPT, ANEW)),
            Button("Load the page", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
        caption=lambda trips: f"{say(trips)} Made with cdnlab.",
    )
