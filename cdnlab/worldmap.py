"""The world as SVG: our own coastline, places on it, and the ways between them as great circles.

The land is Natural Earth's (`data/land_110m.csv`), drawn in Natural Earth's projection without a grid and without the
network. The map is cut through the Bering Strait, at 169 degrees west, where hardly a way passes; one that does is drawn
in two pieces. A WorldMap shows the whole world, or the part of it that a few places need. Its ways carry the moments
at which they are travelled, as the staircase's do, so that both can be played at once; what stands at a place is drawn
by `marks`.

Source of the projection: B. Jenny and T. Patterson's polynomials, as d3-geo has them (geoNaturalEarth1Raw).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from html import escape
from itertools import pairwise
from typing import NamedTuple

from cdnlab.facts import table
from cdnlab.marks import number, place_shape
from cdnlab.steps import Place

__all__ = ["FONT", "Label", "WorldMap", "land"]

_CUT, _NORTH, _SOUTH = -169.0, 80.0, -56.0  # degrees: the left edge, the upper and the lower one
_BASE = 720  # pixels that the whole world is wide at scale 1
_SMALLEST, _CLOSEST = 2.0, 0.55  # pixels: islands smaller than this are left out, and bends flatter than this

FONT = 'font-family="system-ui, sans-serif"'
_Point = tuple[float, float]


def _raw(lat: float, lon: float) -> _Point:
    along, up = math.radians((lon - _CUT) % 360 - 180), math.radians(lat)
    up2 = up * up
    up4 = up2 * up2
    x = along * (0.8707 - 0.131979 * up2 + up4 * (-0.013791 + up4 * (0.003971 * up2 - 0.001529 * up4)))
    y = up * (1.007226 + up2 * (0.015085 + up4 * (-0.044475 + 0.028874 * up2 - 0.005916 * up4)))
    return x, y


_SCALE, _TOP = _BASE / (2 * 0.8707 * math.pi), _raw(_NORTH, 0)[1]
_HEIGHT = (_TOP - _raw(_SOUTH, 0)[1]) * _SCALE


def _pixels(lat: float, lon: float) -> _Point:
    x, y = _raw(lat, lon)
    return _BASE / 2 + x * _SCALE, (_TOP - y) * _SCALE


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
        outline = [_pixels(lat, lon) for lat, lon in ring]
        xs, ys = [x for x, _ in outline], [y for _, y in outline]
        small = max(max(xs) - min(xs), max(ys) - min(ys)) < _SMALLEST
        if small or min(lat for lat, _ in ring) < -60 or any(abs(b - a) > _BASE / 2 for a, b in pairwise(xs)):
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


def _filled(start: _Point, end: _Point, every: float) -> Iterable[_Point]:
    """Points on a straight line, `every` so many pixels; none on one that jumps from one edge of the world to the other."""
    count = max(1, round(math.dist(start, end) / every))
    if count * every < _BASE / 2:
        for i in range(count + 1):
            yield start[0] + (end[0] - start[0]) * i / count, start[1] + (end[1] - start[1]) * i / count


class Label(NamedTuple):
    """A word or two for a spot on the map, at (x, y) pixels; it finds its own place beside it."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class WorldMap:
    """A map of `width` by `height` pixels, `scale` times as large as the whole world on 720; (left, top) is its corner there.

    `spots`: places that stand a little aside, because on the map they would hide each other.

    >>> whole = WorldMap()
    >>> [round(each) for each in whole.pixels(Place("Auckland", kind="viewer", code="", lat=-36.85, lon=174.76))]
    [666, 262]
    """

    width: float = _BASE
    height: float = math.floor(_HEIGHT)
    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0
    spots: Mapping[Place, _Point] = field(default_factory=dict)

    @classmethod
    def around(
        cls, places: Iterable[Place], *, width: float = _BASE, height: float = 330, margin: float = 48, largest: float = 4.0
    ) -> WorldMap:
        """The map of this size that shows these places, in their order, and the ways from one to the next.

        `margin`: pixels to leave around them; `largest`: the scale not to exceed.
        """
        stops = list(places)
        points = [_pixels(stop.lat, stop.lon) for stop in stops]
        points += [_pixels(lat, lon) for a, b in pairwise(stops) for lat, lon in _between(a, b, 24)]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        wide, high = max(xs) - min(xs), max(ys) - min(ys)
        scale = min((width - 2 * margin) / max(wide, 1), (height - 2 * margin) / max(high, 1), largest)
        scale = max(scale, width / _BASE)
        x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        left = min(max(x - width / scale / 2, 0), max(0.0, _BASE - width / scale))
        top = min(max(y - height / scale / 2, -margin / scale), max(0.0, _HEIGHT + margin / scale - height / scale))
        return cls(width, height, scale, left, top)

    def apart(self, places: Iterable[Place], *, least: float = 24) -> WorldMap:
        """The same map with these places at least so many pixels from each other, if there is room; earlier ones stay where they are."""
        spots: dict[Place, _Point] = {}
        for place in places:
            x, y = self._moved(_pixels(place.lat, place.lon))
            ring = [(math.cos(math.tau * i / 12) * far, math.sin(math.tau * i / 12) * far) for far in (least, 2 * least) for i in range(12)]
            tries = [(x, y), *((x + dx, y + dy) for dx, dy in ring)]
            inside = [(a, b) for a, b in tries if 12 <= a <= self.width - 12 and 12 <= b <= self.height - 12] or tries[:1]
            room = [min([math.dist(spot, other) for other in spots.values()], default=math.inf) for spot in inside]
            free = [spot for spot, distance in zip(inside, room, strict=True) if distance >= least - 0.01]
            spots[place] = free[0] if free else inside[room.index(max(room))]
        return replace(self, spots=spots)

    def pixels(self, place: Place) -> _Point:
        """Where a place is drawn, in pixels from the upper left corner."""
        return self.spots.get(place) or self._moved(_pixels(place.lat, place.lon))

    def _moved(self, point: _Point) -> _Point:
        return (point[0] - self.left) * self.scale, (point[1] - self.top) * self.scale

    def track(self, a: Place, b: Place) -> str:
        """Path data of the great circle from a to b; in two pieces where it passes the edge of the world."""
        data, previous = "", math.inf
        for x, y in self.along(a, b):
            data += f"{'M' if abs(x - previous) > _BASE / 2 * self.scale else 'L'}{number(x)} {number(y)}"
            previous = x
        return data

    def along(self, a: Place, b: Place, *, every: float = 0) -> list[_Point]:
        """Points on the great circle from a to b, in pixels; `every` so many pixels at least, if given."""
        bend = math.hypot(a.lat - b.lat, (a.lon - b.lon + 180) % 360 - 180)
        pieces = max(1, min(48, round(bend / 3)))
        line = [self._moved(_pixels(lat, lon)) for lat, lon in _between(a, b, pieces)]
        (ax, ay), (bx, by) = ((p - q, r - s) for (p, r), (q, s) in ((self.pixels(a), line[0]), (self.pixels(b), line[-1])))
        shares = [i / (len(line) - 1) for i in range(len(line))]
        points = [(x + ax * (1 - t) + bx * t, y + ay * (1 - t) + by * t) for t, (x, y) in zip(shares, line, strict=True)]
        return [spot for start, end in pairwise(points) for spot in _filled(start, end, every)] if every else points

    def midway(self, a: Place, b: Place) -> _Point:
        """The middle of the way from a to b, in pixels."""
        return self._moved(_pixels(*_between(a, b, 2)[1]))

    def way(self, a: Place, b: Place, at_ms: float, ms: float, style: str = "") -> str:
        """A way as it is travelled: a leg that can be played, from `at_ms` of network time, in `ms`. `style`: SVG attributes."""
        moments = f'data-at="{number(at_ms)}" data-ms="{number(ms)}"'
        return f'<path class="cdnlab-leg" {moments} d="{self.track(a, b)}" fill="none" stroke="currentColor" {style}/>'

    def marked(self, place: Place, r: float = 7) -> str:
        """A place's shape, where it lies."""
        return f'<g data-place="{escape(place)}">{place_shape(place.kind, *self.pixels(place), r)}</g>'

    def labels(self, wanted: Sequence[Label], *, free_of: Sequence[_Point] = (), lines: Sequence[_Point] = (), size: float = 12.5) -> str:
        """Labels beside their spots, each where it hides neither another one, nor a mark, nor a line if that can be.

        `free_of`: where marks stand; `lines`: points on lines.
        """
        taken = [(x - 9, y - 9, x + 9, y + 9) for x, y in free_of] + [(x - 2, y - 2, x + 2, y + 2) for x, y in lines]
        parts = []
        for x, y, text in wanted:
            wide = len(text) * size * 0.56
            spots = [(x + 14, y + 4, "start"), (x - 14, y + 4, "end"), (x, y - 16, "middle"), (x, y + 26, "middle")]
            spots += [(x + 10, y + 24, "start"), (x - 10, y + 24, "end"), (x + 10, y - 14, "start"), (x - 10, y - 14, "end")]
            spots += [(x + 18, y + 4, "start"), (x - 18, y + 4, "end"), (x, y + 42, "middle"), (x, y - 28, "middle")]
            boxes = []
            for at, line, anchor in spots:
                start = at - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
                boxes.append((start, line - size, start + wide, line + 3))
            near = [each for each in taken if each[0] < x + wide + 20 and each[2] > x - wide - 20 and abs(each[1] - y) < 60]
            costs = [self._cost(box, near) for box in boxes]
            best = costs.index(min(costs))
            at, line, anchor = spots[best]
            taken.append(boxes[best])
            where = f'x="{number(at)}" y="{number(line)}" text-anchor="{anchor}" font-size="{number(size)}"'
            parts.append(f'<text class="cdnlab-halo" {where} fill="currentColor">{escape(text)}</text>')
        return "\n".join(parts)

    def _cost(self, box: tuple[float, float, float, float], taken: Sequence[tuple[float, float, float, float]]) -> float:
        """How bad it would be to write here: pixels that hide something, and many more for what falls off the map."""
        left, top, right, bottom = box
        off = max(0, 4 - left) + max(0, right - self.width + 4) + max(0, 4 - top) + max(0, bottom - self.height + 4)
        hidden = sum(max(0, min(right, r) - max(left, x)) * max(0, min(bottom, b) - max(top, t)) for x, t, r, b in taken)
        return hidden + 1000 * off

    def sheet(self, content: str, title: str = "", *, at: _Point | None = None) -> str:
        """The map with `content` on it, as an svg element that says `title` to a screen reader.

        `at`: where it lies inside a larger picture; it is then cut off at its own edges.
        """
        moved = f"translate({number(-self.left * self.scale)} {number(-self.top * self.scale)}) scale({round(self.scale / 2, 4)})"
        size = f'width="{number(self.width)}" height="{number(self.height)}"'
        if at is None:
            head = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(self.width)} {number(self.height)}" {FONT}'
            head += f' role="img" aria-label="{escape(title)}"'
        else:
            head = f'x="{number(at[0])}" y="{number(at[1])}" overflow="hidden"'
        return f'<svg {head} {size}><path d="{land()}" transform="{moved}" fill="currentColor" opacity="0.13"/>{content}</svg>'
