"""Pictures of lesson 07: the origin on its cable, and a live channel's segments. Data in, SVG text out, the same bytes every time.

cable   viewer, edge, regional cache, and at the end of a cable the origin: its plug in the socket, or out of it
strip   segments by number: those that the origin's playlist names, those that each viewer's did, those that the edge has
"""

from __future__ import annotations

from collections.abc import Sequence

from cdnlab.cloudfront import Held
from cdnlab.experiments.sources import Act
from cdnlab.marks import PLACES, QUESTION, RESULTS, copy_box, drawn, glyph, line_of, number, place_shape, spent_box, state_of
from cdnlab.staircase import FONT, safe
from cdnlab.steps import Place
from cdnlab.telling import carried, is_question, name, overall
from cdnlab.timeline import lasting

__all__ = ["cable", "strip"]

WIDTH = 600  # of their own pixels; a page that has the room shows them larger
_X = {"viewer": 40, "edge": 158, "regional": 298, "origin": 532}
_Y, _HALF = 78, {"viewer": 14, "edge": 12, "regional": 26, "origin": 16}
_SOCKET = 432  # pixels: where the origin's side of the cable begins


def _text(x: float, y: float, words: str, *, size: float = 12, anchor: str = "middle", extra: str = "") -> str:
    where = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}" text-anchor="{anchor}"'
    return f'<text class="cdnlab-halo" {where} fill="currentColor"{extra}>{safe(words)}</text>'


def _stroke(path: str, width: float = 1.4, extra: str = "") -> str:
    return f'<path d="{path}" fill="none" stroke="currentColor" stroke-width="{number(width)}"{extra}/>'


def cable(
    kind: str,
    state: str,
    act: Act,
    copies: Sequence[Held],
    *,
    read: str = "",
    guess: str = "",
    played: bool = True,
    quiet: float = 0.0,
    title: str = "",
) -> str:
    """The way from the viewer to an origin of this `kind` in this `state`; `act`: the latest viewer's, whose ways are drawn if `played`.

    `read`: what that viewer got, in words; `guess`: what somebody predicted; `quiet`: seconds for which the origin is still left alone.
    """
    held = {copy.place: copy for copy in copies if copy.path == act.journey.request.path}
    parts = [
        _stroke(f"M {_X['viewer'] + 14} {_Y} H {_X['edge'] - 12} M {_X['edge'] + 12} {_Y} H {_X['regional'] - 26}", 1, ' opacity="0.4"')
    ]
    parts.append(_cord(state))
    parts += _ways(act, state) if played else []
    remembers = f"{act.journey.response.status}, " if act.journey.response.status >= 400 else ""
    parts += [_station(place, held.get(place), remembers) for place in act.journey.way]
    if quiet:
        parts.append(_text(264, _Y + 71, f"no new try for {lasting(quiet)}", size=11, anchor="start", extra=' font-weight="600"'))
    parts.append(_text(_X["origin"], _Y + 50, kind, size=11.5))
    sign = {"healthy": "", "unplugged": "no answer"}.get(state, f"answers {state}")
    if sign:
        parts.append(f"{glyph('error', _X['origin'] - 34, _Y - 36, 6)}{_text(_X['origin'] - 22, _Y - 32, sign, size=12.5, anchor='start')}")
    if read:
        verb = "reads" if played else "read"
        told = f"the viewer {verb} {read}"
        parts.append(glyph(overall(act.journey), 16, 20, 6) + _text(30, 24, told, size=12.5, anchor="start"))
    if guess:
        box = f'x="8" y="{_Y + 58}" width="{number(6.2 * len(guess) + 42)}" height="19" rx="4"'
        parts.append(f'<rect {box} fill="none" stroke="currentColor" stroke-width="1.4" stroke-dasharray="4 3"/>')
        parts.append(_text(15, _Y + 71, f"you: {guess}", size=11.5, anchor="start"))
    size = f'viewBox="0 0 {WIDTH} 160" width="{WIDTH * 6 // 5}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="cdnlab-cable" {size} role="img" aria-label="{safe(title)}" '
        f'font-family="{FONT}">{"".join(parts)}</svg>'
    )


def _station(place: Place, held: Held | None, remembers: str) -> str:
    x, mark = _X[place.kind], PLACES[place.kind]
    parts = [place_shape(place.kind, x, _Y), _text(x, _Y + 35, name(place), size=13, extra=' font-weight="600"')]
    if place.kind in ("viewer", "edge", "regional"):
        parts.append(_text(x, _Y + 50, mark.word, size=11))
    if place.kind == "origin":
        parts.append(_text(x, _Y + 64, mark.note, size=10.5, extra=' font-style="italic"'))
    if held is not None:
        fresh = held.fresh_for > 0
        parts.append(drawn((copy_box if fresh else spent_box)(x, _Y - 30, 7)))
        told = f"{remembers}fresh for {lasting(held.fresh_for)}" if fresh else f"expired {lasting(-held.fresh_for)} ago"
        parts.append(_text(x + 13, _Y - 26, told, size=11, anchor="start"))
    elif place.kind in ("edge", "regional"):
        parts.append(_text(x, _Y - 26, "no copy", size=11, extra=' opacity="0.7"'))
    return f'<g data-place="{safe(place)}" data-kind="{place.kind}">{"".join(parts)}</g>'


def _cord(state: str) -> str:
    """The cable: from the regional cache to a plug, from a socket to the origin."""
    left, right = _X["regional"] + _HALF["regional"], _X["origin"] - _HALF["origin"]
    socket = f"M {_SOCKET} {_Y - 13} h 14 a 8 13 0 0 1 0 26 h -14 Z M {_SOCKET + 22} {_Y} H {right}"
    if state == "unplugged":
        x, y = 384, _Y + 30
        cord = f"M {left} {_Y} C {left + 36} {_Y} {x - 46} {y} {x} {y}"
        word = _text(x + 20, _Y + 57, "unplugged", size=12, extra=' font-weight="600"')
    else:
        x, y, word = _SOCKET - 36, _Y, ""
        cord = f"M {left} {_Y} H {x}"
    plug = f"M {x} {y} a 9 11 0 0 1 9 -11 h 13 v 22 h -13 a 9 11 0 0 1 -9 -11 Z M {x + 22} {y - 6} h 11 M {x + 22} {y + 6} h 11"
    return f'<g class="cdnlab-cord">{_stroke(cord, 3)}{_stroke(socket, 3)}{_stroke(plug, 2.4)}{word}</g>'


def _ways(act: Act, state: str) -> list[str]:
    """The request's ways: questions above the line, answers below it in the line of the result."""
    parts = []
    for leg, brought in carried(act.journey):
        asks, (start, end) = is_question(leg), (leg.start.kind, leg.end.kind)
        way = 1 if asks else -1
        x1, x2 = _X[start] + way * (_HALF[start] + 4), _X[end] - way * (_HALF[end] + 4)
        if state == "unplugged" and end == "origin":
            x2 = _SOCKET - 20  # this is as far as it gets
        y = _Y - 7 if asks else _Y + 7
        look = QUESTION if asks else line_of(brought)
        dash = f' stroke-dasharray="{look.dash}" stroke-linecap="round"' if look.dash else ""
        moment = f'data-at="{number(leg.at_ms)}"'
        tip = f"M {number(x2 - way * 7)} {y - 4} L {number(x2)} {y} L {number(x2 - way * 7)} {y + 4}"
        line = f'<path class="cdnlab-leg" {moment} data-ms="{number(leg.ms)}" d="M {x1} {y} L {x2} {y}" fill="none" '
        line += f'stroke="currentColor" stroke-width="{number(look.width)}"{dash}/>'
        colour = f' class="cdnlab-{brought}"' if brought and not asks else ""
        parts.append(f"<g{colour} {moment}>{line}{_stroke(tip, 1.6)}</g>")
    return parts


# ---- the channel

_LEFT, _ROW = 112, 30


def strip(acts: Sequence[Act], newest: int, copies: Sequence[Held], *, most: int = 5) -> str:
    """Segments by number, left to right: those that the latest `most` viewers were named, those the edge has, those the channel names now.

    `newest`: the channel's newest segment now.
    """
    shown = [act for act in acts if act.segments][-most:]
    held = sorted(
        {
            int(copy.path.rpartition("_")[2].removesuffix(".ts"))
            for copy in copies
            if copy.path.endswith(".ts") and copy.place.kind == "edge"
        }
    )
    window = len(shown[0].segments) if shown else 0
    named = [number_ for act in shown for number_, _ in act.segments] + list(range(newest - window + 1, newest + 1))
    first, last = min(named), max(named)
    step = min(36.0, (WIDTH - _LEFT - 16) / (last - first + 1))

    def x(segment: int) -> float:
        return _LEFT + (segment - first + 0.5) * step

    parts, said, y = [], [], 22.0
    every = next(each for each in (1, 2, 5, 10, 20, 50, 100) if each * step >= 26)
    parts.append(_text(8, 14, "segment", size=11, anchor="start"))
    parts += [_text(x(each), 14, str(each), size=11, extra=' opacity="0.85"') for each in range(first, last + 1) if each % every == 0]
    for act in shown:
        results = [journey.result for _, journey in act.segments]
        parts.append(_text(8, y + 17, f"viewer at {lasting(act.at)}", size=12, anchor="start"))
        parts.append(_window(x(act.segments[0][0]), x(act.segments[-1][0]), y, step))
        for segment, journey in act.segments:
            parts.append(glyph(state_of(journey.result), x(segment), y + 13, min(6.0, step / 2.6)))
        counts = ", ".join(f"{results.count(word)} {word}" for word in dict.fromkeys(results))
        said.append(f"viewer at {lasting(act.at)}: segments {act.segments[0][0]} to {act.segments[-1][0]}, {counts}")
        y += _ROW
    parts.append(_text(8, y + 17, "edge's copies", size=12, anchor="start"))
    parts += [drawn(copy_box(x(each), y + 13, min(6.0, step / 2.6))) for each in held if first <= each <= last]
    y += _ROW
    parts.append(_text(8, y + 17, "channel now", size=12, anchor="start"))
    parts.append(_window(x(newest - window + 1), x(newest), y, step))
    y += _ROW
    met, at = {state_of(journey.result) for act in shown for _, journey in act.segments}, 16.0
    signs = [(glyph(state, 0, 0, 5), result.word) for state, result in RESULTS.items() if state in met]
    for sign, word in [
        *signs,
        (drawn(copy_box(0, 0, 5)), "copy at the edge"),
        (_stroke("M -8 -6 h 16 v 12 h -16 Z", 1.2), "named by a playlist"),
    ]:
        parts.append(
            f'<g transform="translate({number(at)} {number(y + 12)})">{sign}</g>{_text(at + 14, y + 16, word, size=11, anchor="start")}'
        )
        at += 34 + 6.1 * len(word)
    said.append(f"the channel names {newest - window + 1} to {newest} now")
    size = f'viewBox="0 0 {WIDTH} {number(y + _ROW)}" width="{WIDTH * 6 // 5}"'
    title = safe("Segments. " + "; ".join(said) + ".")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="cdnlab-strip" {size} role="img" aria-label="{title}" '
        f'font-family="{FONT}">{"".join(parts)}</svg>'
    )


def _window(left: float, right: float, y: float, step: float) -> str:
    """What a playlist names: a frame round its segments."""
    wide = right - left + step - 3
    return _stroke(f"M {number(left - step / 2 + 1.5)} {number(y + 1)} h {number(wide)} v 24 h {number(-wide)} Z", 1.2, ' opacity="0.75"')
