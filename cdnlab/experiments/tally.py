"""Who answered: requests counted, and drawn as three lanes, by the depth to which each one went.

A lane is a place (an edge's shelf, the regional cache, the origin), a tick is a request, in the order of time. The lane says
what the viewer reads, which is the same word for two of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cdnlab.journey import Journey
from cdnlab.marks import glyph, number, place_shape
from cdnlab.staircase import FONT, safe
from cdnlab.steps import Place
from cdnlab.telling import name

__all__ = ["Tally", "depth", "lanes", "tally"]

_WIDTH, _LEFT, _RIGHT, _ROW = 720, 196, 572, 40
_TICK_MS = 1.2  # network time between two ticks when the picture is played


class Tally(NamedTuple):
    """How many requests were answered by an edge, by a regional cache, by the origin."""

    edge: int
    regional: int
    origin: int


def depth(journey: Journey) -> str:
    """The kind of place that answered: edge, regional, origin."""
    if journey.origin_requests:
        return "origin"
    return "edge" if journey.result == "Hit" else "regional"


def tally(journeys: Sequence[Journey]) -> Tally:
    """Count who answered.

    >>> tally([])
    Tally(edge=0, regional=0, origin=0)
    """
    found = [depth(journey) for journey in journeys]
    return Tally(*(found.count(kind) for kind in Tally._fields))


def lanes(journeys: Sequence[Journey], way: Sequence[Place], beside: Tally | None = None) -> str:
    """Three lanes of ticks, an svg. `way`: edge, regional cache, origin; `beside`: counts to compare with, those with the second tier."""
    counts = tally(journeys)
    found = [depth(journey) for journey in journeys]
    step = (_RIGHT - _LEFT) / max(200, len(journeys))
    rows = []
    for order, (kind, count, place) in enumerate(zip(Tally._fields, counts, way, strict=True)):
        top, look = order * _ROW, "miss" if kind == "origin" else "hit"
        who = {"edge": "at an edge", "regional": "regional cache", "origin": f"origin {name(place)}"}[kind]
        reads = "viewers read Hit" if kind == "edge" else "viewers read Miss"
        head = place_shape(kind, 22, top + 19, 9) + _words(44, top + 17, who, 13, bold=True) + _words(44, top + 32, reads, 11)
        rail = f'<path d="M{_LEFT} {number(top + 33.5)}H{_RIGHT}" stroke="currentColor" opacity="0.3" fill="none"/>'
        ticks = "".join(
            f'<path d="M{number(_LEFT + (at + 0.5) * step)} {top + 10}v22" data-at="{number(at * _TICK_MS)}"/>'
            for at, answered in enumerate(found)
            if answered == kind
        )
        marks = f'<g class="cdnlab-{look}" stroke="currentColor" stroke-width="1.6" fill="none">{ticks}</g>'
        told = glyph(look, _RIGHT + 18, top + 18, 5.5) + _words(_RIGHT + 31, top + 23, str(count), 14, bold=True)
        then = "" if beside is None else _words(_RIGHT + 68, top + 23, f"with it: {beside[order]}", 11.5)
        faint = ' opacity="0.5"' if kind == "regional" and beside is not None else ""
        rows.append(f"<g{faint}>{head}{rail}</g>{marks}{told}{then}")
    said = f"Who answered the {len(journeys)} requests: an edge {counts.edge}, regional cache {counts.regional}, origin {counts.origin}."
    high = 3 * _ROW + 20
    foot = _words(_LEFT, high - 6, f"{len(journeys)} requests, each a tick where its answer was found", 11)
    head = f'viewBox="0 0 {_WIDTH} {high}" width="{_WIDTH}" role="img" aria-label="{safe(said)}" font-family="{FONT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {head}>{"".join(rows)}{foot}</svg>'


def _words(x: float, y: float, text: str, size: float, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="currentColor"{weight}>{safe(text)}</text>'
