"""The timeline: what happened while the simulated clock ran. Data rows in, SVG text out, the same bytes every time.

The clock runs from left to right, in seconds since the first moment shown. Each place has a lane; the lanes stand in the order in
which a request meets them, so that the length of a request's line downwards is how far it went (as in the staircase).

    Tick    a request, as one lane saw it: a glyph, perhaps a word under it
    Fuse    a copy's stay in a cache: fresh while the fuse burns, hatched once it has expired; a corner when it was evicted, a cut
            when it was invalidated; when it is re-lit or replaced the next Fuse begins
    Lane    one place with its ticks and fuses
    Wire    one request's way from lane to lane at one moment

What is left of a burning fuse is strong, what has burnt is faint, and a spark sits at the present moment.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from cdnlab.marks import COPIES, PLACES, QUESTION, RESULTS, glyph, hatch, number, place_shape
from cdnlab.staircase import FONT, safe

__all__ = ["Fuse", "Lane", "Tick", "Wire", "axis_end", "lasting", "timeline"]

WIDTH = 600  # of its own pixels; a page that has the room shows it larger
_LEFT, _RIGHT = 146, WIDTH - 18  # pixels: where the first moment and the last one are
_HEAD, _LANE, _THIN, _FOOT = 42, 50, 34, 6
_BAR, _SLIM = 18, 8  # pixels: how thick a fuse is, and a thin one
_UNITS = ((31_536_000, "year"), (86_400, "day"), (3_600, "h"), (60, "min"), (1, "s"))
_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800)
_ENDS = tuple(sorted(count * unit for unit in (10, 60, 600, 3_600, 14_400, 86_400, 864_000) for count in (1, 2, 3, 4, 5, 6, 8, 9)))
_DAY, _YEAR = 86_400, 31_536_000

_BURNT, _LEFT_TO_BURN = 0.24, 0.78  # how strong

End: TypeAlias = Literal["", "evicted", "invalidated"]
_ENDINGS: tuple[End, ...] = ("evicted", "invalidated")


@dataclass(frozen=True, slots=True)
class Tick:
    """A request `at` this second, drawn in its `state`: a result's, a copy's ("kept": a body came), "" for a plain dot.

    `word` stands under the glyph where there is room; `says` is what a pointer or a screen reader finds.
    """

    at: float
    state: str = ""
    word: str = ""
    says: str = ""


@dataclass(frozen=True, slots=True)
class Fuse:
    """A copy's stay: `lit` at this second, `out` (expired) at that one, None if it is not to be told yet.

    `gone`: when the copy left or was renewed, None while it is there; `end`: how it left, "" for a new life or a new copy.
    `label`: a word on the bar; `thin`: draw it thin, as a browser's own.
    """

    lit: float
    out: float | None
    gone: float | None = None
    end: End = ""
    label: str = ""
    thin: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """One place: its `kind` (as in marks.PLACES), the `name` beside its shape, a `note` under it, its ticks and fuses.

    `place`: the Place's own name, when the place can be selected in other pictures too.
    """

    kind: str
    name: str
    ticks: tuple[Tick, ...] = ()
    fuses: tuple[Fuse, ...] = ()
    note: str = ""
    place: str = ""

    @property
    def height(self) -> int:
        """Pixels."""
        return _THIN if self.kind == "browser" and not self.ticks else _LANE


@dataclass(frozen=True, slots=True)
class Wire:
    """One request's way `at` one second, from the lane with index `start` down to the one with index `end`."""

    at: float
    start: int
    end: int


def lasting(seconds: float) -> str:
    """A length of time for people: seconds below two minutes; one unit where that is exact, else the two largest.

    >>> lasting(90), lasting(600), lasting(3_700), lasting(86_400), lasting(31_536_000 * 2)
    ('90 s', '10 min', '1 h 1 min', '1 day', '2 years')
    """
    whole = round(seconds)
    if abs(whole) < 120:
        return f"{whole} s"
    said, rest = [], abs(whole)
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            said.append(f"{count:,} {unit}{'s' if count > 1 and unit in ('year', 'day') else ''}")
        elif said:
            break
        if len(said) == 2 or (said and not rest):
            break
    return ("-" if whole < 0 else "") + " ".join(said)


def axis_end(now: float, least: float = 120) -> float:
    """Where the axis should end so that some future is left: a round number of seconds, at least `least`.

    >>> axis_end(0), axis_end(115), axis_end(4_000)
    (120.0, 180.0, 4800.0)
    """
    wanted = max(least, now * 1.12)
    return float(next((end for end in _ENDS if end >= wanted), math.ceil(wanted / _YEAR) * _YEAR))


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a moment stands on the paper."""

    end: float
    now: float

    def x(self, at: float) -> float:
        return _LEFT + min(max(at, 0.0), self.end) / self.end * (_RIGHT - _LEFT)


def timeline(
    lanes: Sequence[Lane],
    *,
    now: float,
    end: float | None = None,
    wires: Sequence[Wire] = (),
    flags: Mapping[str, float] | None = None,
    title: str = "",
) -> str:
    """The lanes from second 0 to `end` (default: some way past `now`) as one `<svg>` for a page with the style sheet of `marks.css()`.

    `now`: the present second; `flags`: dashed marks by their word ("you"); `title`: what the picture says to a screen reader.
    """
    scale = _Scale(axis_end(now) if end is None else float(end), now)
    middles, y = [], float(_HEAD)
    for lane in lanes:
        middles.append(y + lane.height / 2)
        y += lane.height
    rows = list(zip(lanes, middles, strict=True))
    starts = {wire.start for wire in wires}
    parts = [_axis(scale, y), *(_rail(lane, middle) for lane, middle in rows)]
    parts += [_fuse(fuse, middle, scale) for lane, middle in rows for fuse in lane.fuses]
    parts += [_present(scale, y), *(_flag(word, at, scale, y) for word, at in (flags or {}).items())]
    parts += [_wire(wire, middles, scale) for wire in wires]
    parts += [_ticks(lane, middle, scale, above=row in starts) for row, (lane, middle) in enumerate(rows)]
    legend, bottom = _legend(lanes, now, y + 10)
    parts.append(legend)
    high = number(bottom + 20 + _FOOT)
    size = f'viewBox="0 0 {WIDTH} {high}" width="{WIDTH * 6 // 5}" style="max-width:100%;height:auto"'
    head = f'class="cdnlab-timeline" {size} role="img" aria-label="{safe(title)}" font-family="{FONT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {head}>{"".join(parts)}</svg>'


def _text(x: float, y: float, words: str, *, size: float = 12, anchor: str = "start", extra: str = "") -> str:
    where = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}" text-anchor="{anchor}"'
    return f'<text class="cdnlab-halo" {where} fill="currentColor"{extra}>{safe(words)}</text>'


def _stroke(path: str, width: float = 1.0, extra: str = "") -> str:
    return f'<path d="{path}" fill="none" stroke="currentColor" stroke-width="{number(width)}"{extra}/>'


def _axis(scale: _Scale, bottom: float) -> str:
    """The seconds along the top, with a faint line down from each."""
    least = scale.end * 64 / (_RIGHT - _LEFT)
    unit = next((unit for unit in (_YEAR, _DAY) if least > unit), 0)
    step = math.ceil(least / unit) * unit if unit else next(each for each in _STEPS if each >= least)
    parts = []
    for count in range(int(scale.end / step) + 1):
        x = scale.x(count * step)
        parts.append(_stroke(f"M {number(x)} 22 V {number(bottom)}", 0.6, ' opacity="0.22"'))
        parts.append(_text(x, 16, lasting(count * step), size=11, anchor="middle", extra=' opacity="0.85"'))
    return "".join(parts)


def _rail(lane: Lane, y: float) -> str:
    """The place's shape and name, and the line along which its time runs."""
    r = {"browser": 15.0, "regional": 8.0}.get(lane.kind, 9.0)
    parts = [_stroke(f"M {_LEFT} {number(y)} H {_RIGHT}", 1, ' opacity="0.3"'), place_shape(lane.kind, 20, y, r)]
    parts.append(_text(40, y + (4 if not lane.note else -2), lane.name, size=12.5, extra=' font-weight="600"'))
    if lane.note:
        parts.append(_text(40, y + 12, lane.note, size=10))
    said = f"<title>{safe(PLACES[lane.kind].word)} {safe(lane.name)}</title>"
    which = f' data-place="{safe(lane.place)}" tabindex="0"' if lane.place else ""
    return f"<g{which}>{said}{''.join(parts)}</g>"


def _fuse(fuse: Fuse, y: float, scale: _Scale) -> str:
    """A bar from the lighting to its end: burnt, left to burn, expired; a spark where it burns now."""
    high = _SLIM if fuse.thin else _BAR
    top, lit = y - high / 2, scale.x(fuse.lit)
    if fuse.out is None:
        right = max(scale.x(scale.now), lit + 12)
        told = f"<title>a copy since {lasting(fuse.lit)}</title>"
        return f"<g>{told}{_block(lit, right, top, high, _BURNT)}{_spark(right, y, 8)}{_text(right + 13, y + 5, '?', size=14)}</g>"
    gone = scale.now if fuse.gone is None else fuse.gone
    fresh_end = fuse.out if fuse.gone is None else min(fuse.out, gone)
    now, out = scale.x(min(max(scale.now, fuse.lit), fresh_end)), scale.x(fresh_end)
    parts = [_block(lit, now, top, high, _BURNT), _block(now, out, top, high, _LEFT_TO_BURN)]
    if gone > fuse.out:
        left, right = out, scale.x(gone)
        parts.append(_stroke(hatch(left, top, right - left, high), 0.9, ' opacity="0.8"') + _block(left, right, top, high, 0))
    if fresh_end > fuse.lit and not fuse.thin:
        parts.append(_stroke(f"M {number(lit)} {number(top - 5)} V {number(top + high + 5)}", 1.6))
    if fuse.gone is None and fuse.lit <= scale.now < fuse.out:
        parts.append(_spark(now, y, 5 if fuse.thin else 8))
    if fresh_end > scale.end:
        tip = f"M {_RIGHT} {number(top)} L {_RIGHT + 12} {number(y)} L {_RIGHT} {number(top + high)} Z"
        parts.append(f'<path d="{tip}" fill="currentColor"/>')
    if fuse.gone is not None:
        parts.append(_ending(fuse.end, scale.x(fuse.gone), top, high))
    if fuse.label and out - lit >= 7 * len(fuse.label) + 10:
        parts.append(_text(lit + 7, top - 4, fuse.label, size=11))
    return f"<g><title>{safe(_said(fuse, fuse.out, scale.now))}</title>{''.join(parts)}</g>"


def _said(fuse: Fuse, out: float, now: float) -> str:
    told = f"lit at {lasting(fuse.lit)}, " + (f"burns until {lasting(out)}" if out > now else f"went out at {lasting(out)}")
    return told if fuse.gone is None else f"{told}; {fuse.end or 'renewed'} at {lasting(fuse.gone)}"


def _block(left: float, right: float, top: float, high: float, shade: float) -> str:
    if right <= left:
        return ""
    box = f'x="{number(left)}" y="{number(top)}" width="{number(right - left)}" height="{number(high)}"'
    return f'<rect {box} fill="currentColor" fill-opacity="{shade}" stroke="currentColor" stroke-width="1"/>'


def _spark(x: float, y: float, r: float) -> str:
    """Eight rays: here it burns."""
    rays = ((math.cos(turn * math.pi / 4), math.sin(turn * math.pi / 4), r if turn % 2 == 0 else r * 0.7) for turn in range(8))
    path = " ".join(f"M {number(x + a * 2)} {number(y + b * 2)} L {number(x + a * long)} {number(y + b * long)}" for a, b, long in rays)
    back = f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(r * 0.9)}" class="cdnlab-back" fill="none"/>'
    return f'<g class="cdnlab-spark">{back}{_stroke(path, 1.7)}</g>'


def _ending(end: End, x: float, top: float, high: float) -> str:
    """A folded corner: pushed out. A cut: invalidated. Nothing: the next one begins here."""
    if end == "evicted":
        fold = high * 0.7
        corner = f"M {number(x - fold)} {number(top)} L {number(x)} {number(top + fold)}"
        away = f'<path d="{corner} H {number(x + 1)} V {number(top - 1)} Z" class="cdnlab-back" fill="none"/>'
        return away + _stroke(f"{corner} H {number(x - fold)} Z", 1.2)
    if end == "invalidated":
        slant, low = high * 0.35, top + high + 5
        lines = (f"M {number(x + by - slant)} {number(low)} L {number(x + by + slant)} {number(top - 5)}" for by in (-2.5, 2.5))
        return _stroke(" ".join(lines), 2)
    return ""


def _present(scale: _Scale, bottom: float) -> str:
    x = scale.x(scale.now)
    label = _text(x, 32, f"now, {lasting(scale.now)}", size=11, anchor="end" if x > _RIGHT - 40 else "middle", extra=' font-weight="600"')
    return f'<g class="cdnlab-now">{_stroke(f"M {number(x)} 36 V {number(bottom + 4)}", 1.4)}{label}</g>'


def _flag(word: str, at: float, scale: _Scale, bottom: float) -> str:
    """A prediction: a dashed line with its word at the foot."""
    x = scale.x(at)
    words = f"{word}: {lasting(at)}" + (" ▸" if at > scale.end else "")
    side = ("end", -6) if x > _RIGHT - 60 else ("start", 6)
    pole = _stroke(f"M {number(x)} {_HEAD} V {number(bottom + 8)}", 1.6, ' stroke-dasharray="4 3"')
    return f'<g class="cdnlab-flag">{pole}{_text(x + side[1], bottom + 7, words, size=11.5, anchor=side[0])}</g>'


def _wire(wire: Wire, middles: Sequence[float], scale: _Scale) -> str:
    x, deep = scale.x(wire.at), middles[wire.end] - 9
    tip = f"M {number(x - 3.4)} {number(deep - 5)} L {number(x)} {number(deep)} L {number(x + 3.4)} {number(deep - 5)}"
    return _stroke(f"M {number(x)} {number(middles[wire.start] + 8)} V {number(deep)} {tip}", QUESTION.width)


def _ticks(lane: Lane, y: float, scale: _Scale, *, above: bool) -> str:
    """The glyphs of a lane, and the words that have room (`above` the glyph where wires leave it below); news before repetition."""
    ticks, placed = lane.ticks, dict[int, tuple[float, float]]()
    repeats = [order > 0 and ticks[order - 1].state == tick.state for order, tick in enumerate(ticks)]
    for order in sorted(range(len(ticks)), key=lambda order: (repeats[order], order)):
        x, half = scale.x(ticks[order].at), 3.1 * len(ticks[order].word) + 1.5
        if half > 2 and all(x + half <= left or right <= x - half for left, right in placed.values()):
            placed[order] = (x - half, x + half)
    parts = []
    for order, tick in enumerate(ticks):
        x, said = scale.x(tick.at), tick.says or f"{tick.word} at {lasting(tick.at)}"
        word = _text(x, y - 11 if above else y + 20, tick.word, size=10.5, anchor="middle") if order in placed else ""
        parts.append(f"<g><title>{safe(said)}</title>{glyph(tick.state, x, y, 6)}{word}</g>")
    return "".join(parts)


def _legend(lanes: Sequence[Lane], now: float, y: float) -> tuple[str, float]:
    """What the signs in this picture mean, those only that occur, in as many rows as it takes; and where the last row begins."""
    states = {tick.state for lane in lanes for tick in lane.ticks}
    fuses = [fuse for lane in lanes for fuse in lane.fuses]
    entries = [(glyph(state, 0, 0, 5), result.word) for state, result in RESULTS.items() if state in states]
    words = {"kept": "body sent"}
    entries += [(glyph(state, 0, 0, 5), words.get(state, said)) for state, (said, _) in COPIES.items() if state in states]
    if any(fuse.out is None or fuse.out > fuse.lit for fuse in fuses):
        entries.append((_block(-9, 0, -5, 10, _BURNT) + _block(0, 9, -5, 10, _LEFT_TO_BURN), "fresh: burnt, left to burn"))
    if any(fuse.out is not None and (now if fuse.gone is None else fuse.gone) > fuse.out for fuse in fuses):
        entries.append((_stroke(hatch(-9, -5, 18, 10), 0.9) + _block(-9, 9, -5, 10, 0), "not fresh: asks first"))
    ended = {fuse.end for fuse in fuses}
    entries += [(_block(-9, 6, -5, 10, _BURNT) + _ending(end, 6, -5, 10), end) for end in _ENDINGS if end in ended]
    parts, x = [], 24.0
    for sign, said in entries:
        if x + 14 + 6.1 * len(said) > WIDTH:
            x, y = 24.0, y + 20
        parts.append(f'<g transform="translate({number(x)} {number(y + 14)})">{sign}</g>{_text(x + 14, y + 18, said, size=11)}')
        x += 14 + 6.1 * len(said) + 20
    return "".join(parts), y
