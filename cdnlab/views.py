"""Pictures that several experiments share: requests on the map, how long each of them waited, boxes in a row.

All are pure: data in, SVG text out. They speak the visual language of `marks` and carry the moments of network
time, so that a panel can play them; the staircase shows the same journeys from the side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Protocol

from cdnlab.marks import copy_box, drawn, glyph, line_of, number, spent_box
from cdnlab.steps import Place
from cdnlab.telling import Told, events, is_question, ms_text, name, overall, station, x_cache
from cdnlab.worldmap import FONT, Label, WorldMap

__all__ = ["CopyShown", "beside", "chain", "in_order", "journey_map", "long_way", "parcel", "played", "waits"]

WIDTH = 720
_WORLD, _CLOSE, _HIGH = 452, 260, 290  # pixels: how wide the world and the close-up are, and how high both
_LEFT, _LONG = 168, 300  # pixels: where the bars begin, and how long the longest is


class CopyShown(Protocol):
    """A copy in a cache, as `CloudFront.copies()` lists them."""

    @property
    def place(self) -> Place: ...
    @property
    def fresh_for(self) -> float: ...


def journey_map(
    ways: Sequence[Sequence[Place]],
    *,
    journey: Told | None = None,
    copies: Sequence[CopyShown] = (),
    lifetime: float = 1.0,
    title: str = "",
) -> str:
    """The world with `ways` (each from a viewer to an origin) drawn faintly, and beside it, enlarged, what lies round the first one.

    `journey`: the latest one, drawn as it can be played. `copies` stand as parcels beside their place: full with a fuse
    while fresh (of `lifetime` seconds), hollow once expired. `title`: what the picture says to a screen reader.
    """
    here = ways[0]
    regional = next((place for place in here if place.kind == "regional"), here[0])
    near = [place for way in ways if regional in way for place in way if place.kind != "origin"]
    far = [place for way in ways for place in way if place.kind in ("regional", "shield", "origin") or place == here[0]]
    whole = WorldMap.around([*here[1:], *far], width=_WORLD, height=_HIGH, margin=24).apart(in_order(far), least=15)
    close = WorldMap.around(near, width=_CLOSE, height=_HIGH, margin=52, largest=9.0).apart(in_order(near), least=44)
    wires = sorted({pair for way in ways for pair in pairwise(way)})
    parts = []
    for chart, x, r in ((whole, 0, 5.0), (close, WIDTH - _CLOSE, 8.0)):
        faint = "".join(f'<path d="{chart.track(a, b)}" fill="none" stroke="currentColor" opacity="0.3"/>' for a, b in wires)
        marks = "".join(chart.marked(place, r) for place in chart.spots)
        shown = [held for held in copies if held.place in chart.spots and (chart is close or held.place not in close.spots)]
        shelf = {held.place: beside(chart, held.place) for held in shown}
        kept = {event.place: event.at_ms for event in events(journey) if event.state == "kept"} if journey is not None else {}
        parcels = "".join(parcel(held, *shelf[held.place], lifetime, kept.get(held.place)) for held in shown)
        words = [Label(*chart.pixels(place), station(place) if place.kind == "edge" else name(place)) for place in chart.spots]
        lines = [point for a, b in wires for point in chart.along(a, b, every=5)]
        labels = chart.labels(words, free_of=[*chart.spots.values(), *shelf.values()], lines=lines, size=12)
        parts.append(chart.sheet(f"{faint}{played(chart, journey)}{marks}{parcels}{labels}", at=(x, 0)))
    frame = f'<path d="M{WIDTH - _CLOSE + 0.5} .5h{_CLOSE - 1}v{_HIGH - 1}h{1 - _CLOSE}z" fill="none" stroke="currentColor" opacity="0.4"/>'
    caption = _words(WIDTH - _CLOSE + 10, 18, "close up")
    head = f'viewBox="0 0 {WIDTH} {_HIGH}" width="{WIDTH}" role="img" aria-label="{escape(title)}" {FONT}'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {head}>{"".join(parts)}{frame}{caption}</svg>'


def long_way(a: Place, b: Place, text: str, *, title: str) -> str:
    """The world with one bold way from a to b, its two ends named, and a `text` at its middle."""
    chart = WorldMap.around([a, b], width=WIDTH, height=330, margin=50)
    arc = f'<path d="{chart.track(a, b)}" fill="none" stroke="currentColor" stroke-width="2.5"/>'
    words = [Label(*chart.pixels(place), station(place)) for place in (a, b)] + [Label(*chart.midway(a, b), text)]
    return chart.sheet(
        arc + chart.marked(b, 10) + chart.marked(a, 8) + chart.labels(words, lines=chart.along(a, b, every=5), size=15), title
    )


def chain(boxes: Sequence[tuple[str, str, str]], *, title: str) -> str:
    """Boxes in a row with arrows between them; each has a head, what it is here, and a note."""
    wide = (WIDTH - 6 - 38 * (len(boxes) - 1)) / len(boxes)
    parts = []
    for order, (head, what, note) in enumerate(boxes):
        x, right = 3 + order * (wide + 38), wide - 16
        sides = f"h{number(right)}a8 8 0 0 1 8 8v76a8 8 0 0 1 -8 8h{number(-right)}a8 8 0 0 1 -8 -8v-76a8 8 0 0 1 8 -8z"
        parts.append(f'<path d="M{number(x + 8)} 6{sides}" fill="none" stroke="currentColor" stroke-width="1.6"/>')
        if order:
            parts.append(f'<path d="M{number(x - 31)} 52h24m-7-6l8 6l-8 6" fill="none" stroke="currentColor" stroke-width="1.6"/>')
        for y, text, look in (
            (30, head, 'font-weight="600" font-size="15"'),
            (56, what, 'font-size="11.5"'),
            (80, note, 'font-size="12.5"'),
        ):
            parts.append(f'<text x="{number(x + wide / 2)}" y="{y}" text-anchor="middle" fill="currentColor" {look}>{escape(text)}</text>')
    head = f'viewBox="0 0 {WIDTH} 104" width="{WIDTH}" role="img" aria-label="{escape(title)}" {FONT}'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {head}>{"".join(parts)}</svg>'


def in_order(places: Iterable[Place]) -> list[Place]:
    """Each place once; those that matter most for the picture first, because they stay where they are."""
    return sorted(dict.fromkeys(places), key=lambda place: ("regional", "shield", "origin", "edge", "viewer", "service").index(place.kind))


def played(chart: WorldMap, journey: Told | None) -> str:
    """The journey's ways: questions thin, answers in the line of the result."""
    if journey is None:
        return ""
    state = overall(journey)
    look = line_of(state)
    style = f'stroke-width="{number(look.width)}"' + (f' stroke-dasharray="{look.dash}"' if look.dash else "")
    ways = [chart.way(leg.start, leg.end, leg.at_ms, leg.ms, "" if is_question(leg) else style) for leg in journey.legs]
    return f'<g class="cdnlab-{state}">{"".join(ways)}</g>'


def beside(chart: WorldMap, place: Place) -> tuple[float, float]:
    """Where a place's parcel stands: under it, or over it where the map ends."""
    x, y = chart.pixels(place)
    return (x, y + 19) if y + 30 < chart.height else (x, y - 17)


def parcel(held: CopyShown, x: float, y: float, lifetime: float, kept_at: float | None) -> str:
    """A copy as a parcel at (x, y), its fuse `lifetime` seconds long; it appears at `kept_at` if it was put there on show."""
    left = max(0.0, min(1.0, held.fresh_for / lifetime))
    fuse = f'<path d="M{number(x - 7)} {number(y - 9)}h{number(14 * left)}" stroke="currentColor" stroke-width="2.5"/>' if left else ""
    full = f'<rect x="{number(x - 6)}" y="{number(y - 4.8)}" width="12" height="10.2" fill="currentColor" opacity="0.55"/>' if left else ""
    moment = "" if kept_at is None else f' data-at="{number(kept_at)}"'
    what = f"copy at {station(held.place)}: {'fresh' if left else 'expired'}"
    box = drawn((copy_box if left else spent_box)(x, y, 6))
    return f'<g data-place="{escape(held.place)}"{moment}><title>{escape(what)}</title>{box}{full}{fuse}</g>'


def _words(x: float, y: float, text: str, anchor: str = "start") -> str:
    where = f'x="{number(x)}" y="{number(y)}" text-anchor="{anchor}" font-size="12.5"'
    return f'<text class="cdnlab-halo" {where} fill="currentColor">{escape(text)}</text>'


def waits(journeys: Sequence[Told], *, longest_ms: float = 0, predicted_ms: Mapping[int, float] | None = None, most: int = 6) -> str:
    """One bar a request, all to one scale, the latest `most` of them; a dashed line labelled "you" where a wait was predicted.

    `longest_ms`: what the scale must reach at least; `predicted_ms`: by the request's position, 0 first.
    """
    guesses = dict(predicted_ms or {})
    shown = list(enumerate(journeys))[-most:]
    scale = _LONG / max([longest_ms, 1.0, *(journey.latency_ms for _, journey in shown), *guesses.values()])
    parts, y = [], 4.0
    for order, journey in shown:
        state, long = overall(journey), max(2.0, journey.latency_ms * scale)
        bar = f'<path d="M{_LEFT} {number(y + 9)}h{number(long)}" stroke="currentColor" stroke-width="9"/>'
        parts.append(_words(_LEFT - 10, y + 13.5, f"{order + 1}. {name(journey.viewer)}", "end"))
        parts.append(f'<g class="cdnlab-{state}">{bar}</g>{glyph(state, _LEFT + long + 15, y + 9, 5.5)}')
        parts.append(_words(_LEFT + long + 28, y + 13.5, f"{ms_text(journey.latency_ms)}  {x_cache(journey)}"))
        if order in guesses:
            x = number(_LEFT + guesses[order] * scale)
            parts.append(
                f'<path d="M{_LEFT} {number(y + 18)}H{x}v-17" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="4 3"/>'
            )
            parts.append(_words(float(x) + 6, y + 27, f"you: about {ms_text(guesses[order])}"))
            y += 15
        y += 23
    said = "; ".join(f"{order + 1}. {name(each.viewer)}: {ms_text(each.latency_ms)}, {x_cache(each)}" for order, each in shown)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {number(y + 4)}" width="{WIDTH}" role="img" '
        f'aria-label="{escape("Waits. " + said)}" {FONT}>{"".join(parts)}</svg>'
    )
