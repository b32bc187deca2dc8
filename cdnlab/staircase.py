"""The staircase: journeys as a picture. Data in, SVG text out, the same bytes every time.

Stations stand left to right in the order in which a request meets them; milliseconds run downwards. Down to the right
goes a question, down to the left its answer, in the line of the place that gave it. So the depth of the
staircase is how far the request went, and its height is how long the viewer waited. Stations nobody asked are faint.

For an animation, whatever has `data-at` appears at that moment (milliseconds of network time), and a dot travels along
each `path.cdnlab-leg` in its `data-ms`. Stations and findings have `data-place` (the place's name) and `data-kind`, ways
`data-from`, `data-to` and `data-way` (question or answer), findings and ways their `data-state`. telling.frames has the
same moments, each with a caption.
There are no ids, so any number of pictures can stand on one page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from cdnlab import marks
from cdnlab.marks import number
from cdnlab.steps import Leg, Place
from cdnlab.telling import Event, Told, carried, events, is_question, ms_text, name, overall, play_factor, shares, twin, x_cache

__all__ = ["pair", "picture", "safe", "svg", "time_bar"]

WIDTH = 640
FONT = "system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
_TITLE, _HEAD, _FOOT = 26, 92, 46  # pixels: for a title, above the first moment, below the last
_COLUMNS = {"viewer": 84, "edge": 222, "regional": 372, "origin": 528}
_WITH_SHIELD = {"viewer": 80, "edge": 190, "regional": 306, "shield": 424, "origin": 538}
_TALL, _SHORT = 230, 84  # pixels for the time of a journey that went past the edge, and of one that did not
_LEGEND = "Read downwards: time passes. ↘ a question, ↙ its answer. Hatched: an assumed time. Faint: not asked."
# what XML forbids, other controls, and what would turn the direction of the text around it
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def safe(text: object, most: int = 0) -> str:
    """Any text made fit for HTML and SVG: escaped, without characters that XML forbids or that turn text around, cut to `most` characters.

    >>> safe("<b>"), safe("a-long-host-name", most=8)
    ('&lt;b&gt;', 'a-long-…')
    """
    plain = _UNFIT.sub("\ufffd", str(text))
    if most and len(plain) > most:
        plain = plain[: most - 1] + "…"
    return escape(plain, quote=True)


class _Frame(NamedTuple):
    """Where things are in one journey's band of the picture: columns, top, the first moment, pixels per ms, ms in all."""

    x: Mapping[str, int]
    top: float
    zero: float
    scale: float
    span: float

    def y(self, ms: float) -> float:
        return self.zero + ms * self.scale


def _span(journey: Told) -> float:
    return max([journey.latency_ms, 0.001, *(leg.at_ms + leg.ms for leg in journey.legs)])


def picture(journeys: Sequence[Told]) -> str:
    """One or more journeys as one `<svg>` for a page that has the style sheet of `marks.css()`, all to the same time scale."""
    body, height = _bands(journeys)
    label = " ".join(twin(journey) for journey in journeys)
    return (
        f'<svg class="cdnlab-staircase" viewBox="0 0 {WIDTH} {number(height)}" width="{WIDTH}" height="{number(height)}" '
        f'style="width:100%;height:auto" role="img" aria-label="{safe(label)}" font-family="{FONT}">{body}</svg>'
    )


def pair(journeys: Sequence[Told]) -> str:
    """Journeys below each other as HTML, to the same time scale: their waits can be compared by eye."""
    return f'<div class="cdnlab"><style>{marks.css()}.cdnlab{{max-width:760px}}</style>{picture(journeys)}</div>'


def svg(journeys: Sequence[Told], caption: str = "") -> str:
    """Journeys as one SVG file that needs nothing else, for light and dark readers, with a caption.

    Without a `caption`, each journey's viewer and wait. The file says nothing about the machine it was made on.
    """
    body, height = _bands(journeys)
    shown = caption or ", ".join(f"{name(journey.viewer)}: {ms_text(journey.latency_ms)}" for journey in journeys)
    lines = _wrapped(shown, 92)
    parts = [_text(20, height + 16 + 16 * row, safe(line), size=12.5) for row, line in enumerate(lines)]
    parts.append(_text(20, height + 18 + 16 * len(lines), _basis_line(journeys), size=10.5, extra=' opacity="0.8"'))
    total = height + 32 + 16 * len(lines)
    label = safe(" ".join(twin(journey) for journey in journeys))
    size = f'viewBox="0 0 {WIDTH} {number(total)}" width="{WIDTH}" height="{number(total)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="cdnlab" {size} role="img" aria-label="{label}" font-family="{FONT}">'
        f"<title>{label}</title><style>{marks.css(alone=True)}</style>"
        f'<rect class="cdnlab-back" width="{WIDTH}" height="{number(total)}" fill="none"/>{body}{"".join(parts)}</svg>\n'
    )


def _wrapped(words: str, most: int) -> list[str]:
    lines = [""]
    for word in words.split():
        if len(lines[-1]) + len(word) + 1 > most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _basis_line(journeys: Sequence[Told]) -> str:
    """How much of the time rests on what."""
    sums: dict[str, float] = {}
    for share in (share for journey in journeys for share in shares(journey)):
        sums[share.basis] = sums.get(share.basis, 0.0) + share.total
    told = [f"{basis} {ms_text(sums[basis])}" for basis in marks.BASIS if basis in sums]
    return "Simulated. Time on the way: " + ", ".join(told) + "." if told else "Simulated."


def _bands(journeys: Sequence[Told]) -> tuple[str, float]:
    """The picture's content and its height in pixels."""
    longest = max(journeys, key=_span)
    deep = any(is_question(leg) and leg.start.kind != "viewer" for leg in longest.legs)
    scale = (_TALL if deep else _SHORT) / _span(longest)
    kinds = {place.kind for journey in journeys for place in (*journey.way, *(leg.end for leg in journey.legs))}
    columns = _WITH_SHIELD if "shield" in kinds else _COLUMNS
    parts, top = [], 4.0
    for order, journey in enumerate(journeys):
        if len(journeys) > 1:
            if order:
                parts.append(f'<path d="M 16 {number(top)} H {WIDTH - 16}" stroke="currentColor" opacity="0.3"/>')
            parts.append(_text(20, top + 20, _title(order, journey, journeys[0]), size=12.5))
            top += _TITLE
        frame = _Frame(columns, top, top + _HEAD, scale, _span(journey))
        parts.append(_band(journey, frame))
        top = frame.y(frame.span) + _FOOT
    parts.append(_text(20, top + 6, _LEGEND, size=10, extra=' opacity="0.8"'))
    return "".join(parts), top + 16


def _title(order: int, journey: Told, first: Told) -> str:
    later = journey.started - first.started
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if later >= size:
            count = int(later // size)
            when = f", {count} {unit}{'s' if count > 1 else ''} after the first"
            break
    else:
        when = ""
    who = f'<tspan font-weight="600">{order + 1}. {safe(name(journey.viewer), 30)}</tspan>'
    return f"{who} asks for {safe(journey.request.target, 40)}{when}"


def _band(journey: Told, frame: _Frame) -> str:
    told = events(journey)
    factor = f'data-span="{number(frame.span)}" data-play="{number(frame.span * play_factor(journey))}"'
    parts = [_axis(frame), _stations(journey, frame, told), _waits(journey, frame)]
    parts += [_leg(leg, state, frame) for leg, state in carried(journey) if {leg.start.kind, leg.end.kind} <= frame.x.keys()]
    parts += [_mark(event, told, journey, frame) for event in told if event.place.kind in frame.x]
    return f'<g class="cdnlab-journey" {factor}>{"".join(parts)}{_reading(journey, frame)}</g>'


def _text(x: float, y: float, words: str, *, size: float = 11.5, anchor: str = "start", weight: int = 400, extra: str = "") -> str:
    """A line of text; `words` is markup already."""
    heavy = f' font-weight="{weight}"' if weight != 400 else ""
    where = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}" text-anchor="{anchor}"'
    return f'<text class="cdnlab-halo" {where} fill="currentColor"{heavy}{extra}>{words}</text>'


def _axis(frame: _Frame) -> str:
    """Faint lines across, at round numbers of milliseconds."""
    least = 26 / frame.scale
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)
    parts = []
    for tick in range(int(frame.span / step + 0.2) + 1):
        y, ms = number(frame.y(tick * step)), tick * step
        words = f"{ms / 1000:g} s" if frame.span >= 5000 else f"{ms:g} ms" if tick == 0 else f"{ms:g}"
        parts.append(f'<path d="M 44 {y} H {WIDTH - 16}" stroke="currentColor" stroke-width="0.6" opacity="0.2"/>')
        parts.append(_text(38, float(y) + 3.5, words, size=10, anchor="end", extra=' opacity="0.8"'))
    return "".join(parts)


def _stations(journey: Told, frame: _Frame, told: Sequence[Event]) -> str:
    """The heads of the columns, and the lines down from them."""
    there: dict[str, Place] = {}
    for place in (journey.viewer, *journey.way, *(leg.end for leg in journey.legs)):
        there.setdefault(place.kind, place)
    asked = {"viewer", *(event.place.kind for event in told)}
    return "".join(_station(kind, there.get(kind), kind in asked, frame, journey.edge) for kind in frame.x)


def _station(kind: str, place: Place | None, asked: bool, frame: _Frame, edge: str) -> str:
    mark, x, top = marks.PLACES[kind], frame.x[kind], frame.top
    called = name(place) if place is not None else edge if kind == "edge" else "none"
    code = f" {safe(place.code, 18)}" if place is not None and kind == "origin" and place.city and place.code else ""
    below = 82 if mark.note else 68
    dash = "" if asked else ' stroke-dasharray="1 5"'
    down = f'<path d="M {x} {number(top + below)} V {number(frame.y(frame.span) + 6)}" stroke="currentColor" opacity="0.3"{dash}/>'
    parts = [
        down,
        marks.place_shape(kind, x, top + 18),
        _text(x, top + 48, safe(called, 17), size=13, anchor="middle", weight=600),
        _text(x, top + 62, safe(mark.word) + code, size=11, anchor="middle"),
    ]
    if mark.note:
        parts.append(_text(x, top + 75, mark.note, size=10, anchor="middle", extra=' font-style="italic"'))
    if not asked:
        parts.append(_text(x, frame.zero + 8, "not asked", size=10.5, anchor="middle"))
    faint = "" if asked else ' opacity="0.5"'
    which = f' data-place="{safe(place)}"' if place is not None else ""
    return f'<g class="cdnlab-station"{which} data-kind="{kind}"{faint}>{"".join(parts)}</g>'


def _waits(journey: Told, frame: _Frame) -> str:
    """Bars on the columns: how long the viewer waited, and how long each place had the request."""
    x, end = frame.x["viewer"], number(frame.y(journey.latency_ms))
    parts = [f'<path class="cdnlab-wait" d="M {x} {number(frame.zero)} V {end}" stroke="currentColor" stroke-width="3.5" fill="none"/>']
    for kind in frame.x:
        came = [leg.at_ms + leg.ms for leg in journey.legs if leg.end.kind == kind and is_question(leg)]
        left = [leg.at_ms for leg in journey.legs if leg.start.kind == kind and not is_question(leg)]
        if kind != "viewer" and came and left:
            way = f"M {frame.x[kind]} {number(frame.y(min(came)))} V {number(frame.y(max(left)))}"
            parts.append(f'<path d="{way}" stroke="currentColor" stroke-width="5" opacity="0.16" fill="none"/>')
    return "".join(parts)


def _leg(leg: Leg, state: str, frame: _Frame) -> str:
    """One way: a thin line for a question, the line of the result for an answer; ticks across it where the time is assumed."""
    x1, x2 = frame.x[leg.start.kind], frame.x[leg.end.kind]
    y1, y2 = frame.y(leg.at_ms), frame.y(leg.at_ms + leg.ms)
    long = math.hypot(x2 - x1, y2 - y1) or 1.0
    ux, uy = (x2 - x1) / long, (y2 - y1) / long

    def line(aside: float, width: float, dash: str = "", travelled: str = "") -> str:
        dashes = f' stroke-dasharray="{dash}" stroke-linecap="round"' if dash else ""
        start, end = (x1 - uy * aside, y1 + ux * aside), (x2 - uy * aside, y2 + ux * aside)
        way = f"M {number(start[0])} {number(start[1])} L {number(end[0])} {number(end[1])}"
        return f'<path{travelled} d="{way}" fill="none" stroke="currentColor" stroke-width="{number(width)}"{dashes}/>'

    moments = f'data-at="{number(leg.at_ms)}"'
    moves = f' class="cdnlab-leg" {moments} data-ms="{number(leg.ms)}"'
    look = marks.QUESTION if is_question(leg) else marks.line_of(state)
    parts = [line(2, look.width, "", moves), line(-2, look.width)] if look.double else [line(0, look.width, look.dash, moves)]
    tip, size = (x2 - ux * 9, y2 - uy * 9), 3 + look.width * 0.6
    back = (tip[0] - ux * size * 1.7, tip[1] - uy * size * 1.7)
    corners = [tip, (back[0] - uy * size, back[1] + ux * size), (back[0] + uy * size, back[1] - ux * size)]
    parts.append(f'<path d="M {" L ".join(f"{number(x)} {number(y)}" for x, y in corners)} Z" fill="currentColor"/>')
    if look.bar:
        at = (x1 + ux * 11, y1 + uy * 11)
        ends = [(at[0] - uy * side, at[1] + ux * side) for side in (-8, 8)]
        parts.append(f'<path d="M {" L ".join(f"{number(x)} {number(y)}" for x, y in ends)}" stroke="currentColor" stroke-width="3"/>')
    if leg.basis == "assumed":
        parts.append(_ticks((x1, y1), (ux, uy), long))
    way = "question" if is_question(leg) else "answer"
    colour = f" cdnlab-{state}" if state in marks.RESULTS else ""
    ends_at = f'data-from="{leg.start.kind}" data-to="{leg.end.kind}" data-way="{way}" data-state="{state}"'
    return f'<g class="cdnlab-way{colour}" {moments} {ends_at}>{"".join(parts)}</g>'


def _ticks(start: tuple[float, float], unit: tuple[float, float], long: float) -> str:
    """Short strokes across the middle of a line: the hatch of what is assumed."""
    parts = []
    for at in range(int(long * 0.36), int(long * 0.64), 6):
        x, y = start[0] + unit[0] * at, start[1] + unit[1] * at
        parts.append(f"M {number(x - 3)} {number(y + 4)} L {number(x + 3)} {number(y - 4)}")
    return f'<path class="cdnlab-assumed" d="{" ".join(parts)}" stroke="currentColor" stroke-width="0.9" opacity="0.7"/>' if parts else ""


def _mark(event: Event, told: Sequence[Event], journey: Told, frame: _Frame) -> str:
    """A finding: its glyph on the column, its words beside it where no line runs."""
    x, y = frame.x[event.place.kind], frame.y(event.at_ms)
    drawn = marks.glyph(event.state, x, y)
    word = f'<tspan font-weight="600">{safe(event.word)}</tspan>' if event.word else ""
    gap = ' dx="5"' if word else ""
    words = word + (f"<tspan{gap}>{safe(event.plain, 26)}</tspan>" if event.plain else "")
    spot = _spot(event, told, journey, frame)
    room = x - 16 - max((other for other in frame.x.values() if other < x), default=0)
    if spot[2] == "end" and word and event.plain and 6.1 * len(event.word + event.plain) > room:
        drawn += _text(spot[0], spot[1] - 14, word, anchor="end")
        words = safe(event.plain, 26)
    if event.place != next(other.place for other in told if other.place.kind == event.place.kind):
        drawn += _text(spot[0], spot[1] + 13, safe(name(event.place), 16), anchor=spot[2])
    text = _text(spot[0], spot[1], words, anchor=spot[2]) if words else ""
    which = f'data-place="{safe(event.place)}" data-kind="{event.place.kind}" data-state="{event.state}"'
    return f'<g class="cdnlab-mark" data-at="{number(event.at_ms)}" {which}>{drawn}{text}</g>'


def _spot(event: Event, told: Sequence[Event], journey: Told, frame: _Frame) -> tuple[float, float, str]:
    """Where an event's words stand, and on which side of that point, so that no line runs through them."""
    x, y = frame.x[event.place.kind], frame.y(event.at_ms)
    asks_on = any(leg.start == event.place and is_question(leg) for leg in journey.legs)
    if event.place.kind == "origin" or (event.arrival and not asks_on):
        return x + 11, y + 4, "start"
    if event.state == "kept":
        return x + 11, y + 15, "start"
    if not event.arrival:
        return x - 10, y - 8, "end"
    later = [frame.y(other.at_ms) for other in told if other.place.kind == event.place.kind and other.at_ms > event.at_ms]
    left = [frame.y(leg.at_ms) for leg in journey.legs if leg.start == event.place and not is_question(leg)]
    room_below = min([*later, *left[-1:]], default=y) - y
    return (x - 9, y + 15, "end") if room_below >= 18 else (x - 8, y - 8, "end")


def _reading(journey: Told, frame: _Frame) -> str:
    """Where the answer arrives: what the viewer reads, and after how long."""
    x, y = frame.x["viewer"], frame.y(journey.latency_ms)
    last = frame.y(frame.span) + 32
    words = (
        f'<tspan font-weight="700" font-size="15">{ms_text(journey.latency_ms)}</tspan><tspan dx="10">The viewer reads</tspan>'
        f'<tspan dx="5" font-weight="600">{journey.response.status}</tspan><tspan dx="8">X-Cache:</tspan>'
        f'<tspan dx="5" font-weight="600">{safe(x_cache(journey), 40)}</tspan>'
    )
    glyph = marks.glyph(overall(journey), x, y)
    return (
        f'<g class="cdnlab-mark" data-at="{number(journey.latency_ms)}" data-place="{safe(journey.viewer)}" data-kind="viewer" '
        f'data-state="{overall(journey)}">'
        f"{glyph}{_text(20, last, words, size=12)}</g>"
    )


def time_bar(journey: Told) -> str:
    """Where the time went as one bar: measured is filled, fitted is pale, assumed is hatched, waiting is empty."""
    told = shares(journey)
    total = sum(share.total for share in told) or 1.0
    parts, x = [], 1.0
    for share in told:
        width = share.total / total * (WIDTH - 2)
        shade = {"measured": 0.62, "fitted": 0.24}.get(share.basis, 0.0)
        box = f'x="{number(x)}" y="2" width="{number(width)}" height="14"'
        if share.basis == "assumed":
            parts.append(f'<path d="{marks.hatch(x, 2, width, 14)}" stroke="currentColor" stroke-width="0.9" fill="none"/>')
        parts.append(f'<rect {box} fill="currentColor" fill-opacity="{shade}" stroke="currentColor" stroke-width="1"/>')
        x += width
    label = ", ".join(f"{share.basis or 'not travelling'} {ms_text(share.total)}" for share in told)
    size = f'viewBox="0 0 {WIDTH} 18" width="{WIDTH}" height="18" style="width:100%;height:auto"'
    return f'<svg {size} role="img" aria-label="{safe(label)}">{"".join(parts)}</svg>'
