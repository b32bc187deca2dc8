"""The world as SVG: our own coastline, places on it, and the ways between them as great circles.

The land is Natural Earth's (`data/land_110m.csv`), drawn in Natural Earth's projection without a grid and without the
network. The map is cut through the Bering Strait, at 169 degrees west, where hardly a way passes; one that does is drawn
in two pieces. A way carries the moments at which it is travelled, as the staircase's ways do, so that both can be played
at once; what stands at a place is drawn by `marks`.

Source of the projection: B. Jenny and T. Patterson's polynomials, as d3-geo has them (geoNaturalEarth1Raw).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from itertools import pairwise

from cdnlab.facts import table
from cdnlab.marks import number, place_shape
from cdnlab.steps import Place

__all__ = ["HEIGHT", "WIDTH", "label", "land", "marked", "pixels", "sheet", "track", "way"]

WIDTH, HEIGHT = 720, 338
"""The size of the map, in pixels."""

_CUT, _NORTH = -169.0, 80.0  # degrees: the left edge, and the upper one
_SCALE = WIDTH / (2 * 0.8707 * math.pi)
_SMALLEST, _CLOSEST = 2.0, 0.55  # pixels: islands smaller than this are left out, and bends flatter than this

_Point = tuple[float, float]


def _raw(lat: float, lon: float) -> _Point:
    along, up = math.radians((lon - _CUT) % 360 - 180), math.radians(lat)
    up2 = up * up
    up4 = up2 * up2
    x = along * (0.8707 - 0.131979 * up2 + up4 * (-0.013791 + up4 * (0.003971 * up2 - 0.001529 * up4)))
    y = up * (1.007226 + up2 * (0.015085 + up4 * (-0.044475 + 0.028874 * up2 - 0.005916 * up4)))
    return x, y


_TOP = _raw(_NORTH, 0)[1]


def pixels(lat: float, lon: float) -> _Point:
    """Where degrees lie on the map, in pixels from its upper left corner.

    >>> [round(each) for each in pixels(-36.85, 174.76)]
    [656, 254]
    """
    x, y = _raw(lat, lon)
    return WIDTH / 2 + x * _SCALE, (_TOP - y) * _SCALE


def _flattened(line: Sequence[_Point], slack: float) -> list[_Point]:
    """The line without the bends that stay within `slack` pixels of it (Douglas and Peucker)."""
    if len(line) < 3:
        return list(line)
    (x1, y1), (x2, y2) = line[0], line[-1]
    length = math.hypot(x2 - x1, y2 - y1)

    def off(point: _Point) -> float:
        x, y = point
        return abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length if length else math.hypot(x - x1, y - y1)

    middle = max(range(1, len(line) - 1), key=lambda i: off(line[i]))
    if off(line[middle]) <= slack:
        return [line[0], line[-1]]
    return _flattened(line[: middle + 1], slack)[:-1] + _flattened(line[middle:], slack)


def _rings() -> Iterable[list[_Point]]:
    ring: list[_Point] = []
    for row in (*table("land_110m.csv"), {"lon": "", "lat": ""}):
        if row["lon"]:
            ring.append((float(row["lat"]), float(row["lon"])))
        elif ring:
            yield ring
            ring = []


@cache
def land() -> str:
    """Path data of all land but Antarctica, to be filled; in half pixels and relative, which is shorter."""
    parts = []
    for ring in _rings():
        outline = [pixels(lat, lon) for lat, lon in ring]
        xs, ys = [x for x, _ in outline], [y for _, y in outline]
        small = max(max(xs) - min(xs), max(ys) - min(ys)) < _SMALLEST
        if small or min(lat for lat, _ in ring) < -60 or any(abs(b - a) > WIDTH / 2 for a, b in pairwise(xs)):
            continue
        halves = [(round(2 * x), round(2 * y)) for x, y in _flattened(outline, _CLOSEST)]
        if len(halves) > 3:
            steps = (f"{x2 - x1} {y2 - y1}" for (x1, y1), (x2, y2) in pairwise(halves[:-1]))
            parts.append(f"M{halves[0][0]} {halves[0][1]}l{' '.join(steps).replace(' -', '-')}z")
    return "".join(parts)


def _between(a: Place, b: Place, pieces: int) -> list[_Point]:
    """Points along the great circle from a to b, in degrees."""

    def vector(place: Place) -> tuple[float, float, float]:
        lat, lon = math.radians(place.lat), math.radians(place.lon)
        return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)

    u, v = vector(a), vector(b)
    angle = math.acos(max(-1.0, min(1.0, sum(p * q for p, q in zip(u, v, strict=True)))))
    if angle < 1e-9 or math.pi - angle < 1e-9:  # the same spot, or its antipode: every way is as long as any other
        return [(a.lat, a.lon), (b.lat, b.lon)]
    points = []
    for i in range(pieces + 1):
        p, q = (math.sin(share * angle) / math.sin(angle) for share in (1 - i / pieces, i / pieces))
        x, y, z = (p * s + q * t for s, t in zip(u, v, strict=True))
        points.append((math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))))
    return points


def track(a: Place, b: Place) -> str:
    """Path data of the great circle from a to b; in two pieces where it passes the map's edge.

    >>> track(Place("a", kind="edge", code="a"), Place("b", kind="edge", code="b"))
    'M339.1 167L339.1 167'
    """
    km_degrees = math.hypot(a.lat - b.lat, a.lon - b.lon)
    line = [pixels(lat, lon) for lat, lon in _between(a, b, max(1, min(48, round(km_degrees / 3))))]
    data, previous = "", None
    for x, y in line:
        jump = previous is None or abs(x - previous) > WIDTH / 2
        data += f"{'M' if jump else 'L'}{number(x)} {number(y)}"
        previous = x
    return data


def way(a: Place, b: Place, at_ms: float, ms: float, *, style: str = "") -> str:
    """A way as it is travelled: a leg that can be played, from `at_ms` of network time, in `ms`. `style`: SVG attributes."""
    moments = f'data-at="{number(at_ms)}" data-ms="{number(ms)}"'
    return f'<path class="cdnlab-leg" {moments} d="{track(a, b)}" fill="none" stroke="currentColor" {style}/>'


def marked(place: Place, r: float = 6) -> str:
    """A place's shape, where it lies."""
    return place_shape(place.kind, *pixels(place.lat, place.lon), r)


def label(place: Place, text: str, dx: float = 0, dy: float = -10, *, anchor: str = "middle") -> str:
    """A word or two beside a place, in the theme's ink, with a halo in its paper."""
    x, y = pixels(place.lat, place.lon)
    where = f'x="{number(x + dx)}" y="{number(y + dy)}" text-anchor="{anchor}"'
    return f'<text class="cdnlab-halo" {where} font-size="12" fill="currentColor">{escape(text)}</text>'


def sheet(content: str, title: str, *, height: float = HEIGHT) -> str:
    """The map with `content` on it, as an svg element that says `title` to a screen reader."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="cdnlab" viewBox="0 0 {WIDTH} {number(height)}" role="img" '
        f'aria-label="{escape(title)}" width="{WIDTH}" font-family="system-ui, sans-serif">'
        f'<path d="{land()}" transform="scale(.5)" fill="currentColor" opacity="0.14"/>{content}</svg>'
    )
