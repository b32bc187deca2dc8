"""Pictures that several experiments share: requests on the map, and how long each of them waited.

Both are pure: journeys in, SVG text out. They speak the visual language of `marks` and carry the moments of network
time, so that a panel can play them; the staircase shows the same journeys from the side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Protocol

from cdnlab.marks import copy_box, drawn, glyph, line_of, number
from cdnlab.steps import Place
from cdnlab.telling import Told, events, is_question, ms_text, name, overall, station, x_cache
from cdnlab.worldmap import Label, WorldMap

__all__ = ["CopyShown", "journey_map", "waits"]

_FONT = 'font-family="system-ui, sans-serif"'
_LEFT, _LONG = 168, 300  # pixels: where the bars begin, and how long the longest is


class CopyShown(Protocol):
    """A copy in a cache, as `CloudFront.copies()` lists them."""

    @property
    def place(self) -> Place: ...
    @property
    def fresh_for(self) -> float: ...


def journey_map(
    stops: Sequence[Place],
    *,
    journey: Told | None = None,
    copies: Sequence[CopyShown] = (),
    lifetime: float = 1.0,
    wires: Sequence[tuple[Place, Place]] = (),
    title: str = "",
    height: float = 380,
) -> str:
    """The world round these stops, with the latest `journey` as it can be played.

    `copies` stand as parcels beside their place: full with a fuse while fresh (of `lifetime` seconds), hollow once expired.
    `wires`: ways to draw faintly. `title`: what the picture says to a screen reader.
    """
    fixed = sorted(dict.fromkeys(stops), key=lambda place: ("regional", "shield", "edge", "origin", "viewer", "service").index(place.kind))
    chart = WorldMap.around([*stops], height=height, margin=44).apart(fixed)
    parts = [f'<path d="{chart.track(a, b)}" fill="none" stroke="currentColor" opacity="0.3"/>' for a, b in wires]
    kept: dict[Place, float] = {}
    if journey is not None:
        kept = {event.place: event.at_ms for event in events(journey) if event.state == "kept"}
        look, state = line_of(overall(journey)), overall(journey)
        style = f'stroke-width="{number(look.width)}"' + (f' stroke-dasharray="{look.dash}"' if look.dash else "")
        ways = [chart.way(leg.start, leg.end, leg.at_ms, leg.ms, "" if is_question(leg) else style) for leg in journey.legs]
        parts.append(f'<g class="cdnlab-{state}">{"".join(ways)}</g>')
    parts += [chart.marked(place) for place in fixed]
    shelf = {held.place: _beside(chart, held.place) for held in copies if held.place in chart.spots}
    parts += [_parcel(held, *shelf[held.place], lifetime, kept.get(held.place)) for held in copies if held.place in shelf]
    words = [Label(*chart.pixels(place), station(place)) for place in fixed]
    return chart.sheet("".join(parts) + chart.labels(words, free_of=[*chart.spots.values(), *shelf.values()]), title)


def _beside(chart: WorldMap, place: Place) -> tuple[float, float]:
    """Where a place's parcels stand: under it, or over it where the map ends."""
    x, y = chart.pixels(place)
    return (x, y + 19) if y + 30 < chart.height else (x, y - 17)


def _parcel(held: CopyShown, x: float, y: float, lifetime: float, kept_at: float | None) -> str:
    left = max(0.0, min(1.0, held.fresh_for / lifetime))
    fuse = f'<path d="M{number(x - 7)} {number(y - 9)}h{number(14 * left)}" stroke="currentColor" stroke-width="2.5"/>' if left else ""
    full = f'<rect x="{number(x - 6)}" y="{number(y - 4.8)}" width="12" height="10.2" fill="currentColor" opacity="0.55"/>' if left else ""
    moment = "" if kept_at is None else f' data-at="{number(kept_at)}"'
    what = f"copy at {station(held.place)}: {'fresh' if left else 'expired'}"
    return f'<g data-place="{escape(held.place)}"{moment}><title>{escape(what)}</title>{drawn(copy_box(x, y, 6))}{full}{fuse}</g>'


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
            parts.append(f'<path d="M{_LEFT} {number(y + 18)}H{x}v-17" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="4 3"/>')
            parts.append(_words(float(x) + 6, y + 27, f"you: about {ms_text(guesses[order])}"))
            y += 15
        y += 23
    said = "; ".join(f"{order + 1}. {name(each.viewer)}: {ms_text(each.latency_ms)}, {x_cache(each)}" for order, each in shown)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {number(y + 4)}" width="720" role="img" '
        f'aria-label="{escape("Waits. " + said)}" {_FONT}>{"".join(parts)}</svg>'
    )
