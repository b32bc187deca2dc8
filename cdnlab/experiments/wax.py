"""How far a signed request comes, as a picture: the seal is looked at first, the cache after it.

A signature is drawn as a wax seal: whole, broken, or missing. The edge has two rooms, and who does not get past the first one never
sees the second, whatever lies there.
"""

from __future__ import annotations

from cdnlab.journey import Journey
from cdnlab.marks import copy_box, drawn, glyph, number, place_shape
from cdnlab.staircase import FONT, safe
from cdnlab.telling import overall

__all__ = ["way"]

_WIDE, _HIGH, _Y = 720, 152, 80
_VIEWER, _SEAL, _CACHE, _ORIGIN = 44, 222, 396, 640
_MS = 60.0  # network time that the picture gives to one stretch
_LOUD = ' text-anchor="middle" font-weight="600"'
_SEALS = {
    "SIGN-01": "the seal holds",
    "SIGN-04": "no seal",
    "SIGN-05": "an unknown seal",
    "SIGN-11": "the seal is broken",
    "SIGN-14": "it holds, but too late",
}
_RIM = (
    "M -22 0 q -3 -6 2 -10 q 0 -7 7 -8 q 3 -6 10 -4 q 5 -4 10 1 q 7 0 8 7 q 6 3 5 9 q 4 6 -2 10 q 0 8 -8 9 q -4 6 -10 3 q -6 4 -11 -2 "
    "q -8 0 -8 -7 q -5 -2 -3 -8 Z"
)
_KEY = "M -10 0 a 5 5 0 1 1 10 0 a 5 5 0 1 1 -10 0 M 0 0 H 11 M 7 0 V 5 M 11 0 V 5"
_CRACK = "M -4 -28 L 4 -15 L -4 -5 L 5 5 L -4 15 L 3 28"


def _words(x: float, y: float, text: str, size: float = 13, extra: str = ' text-anchor="middle"') -> str:
    return f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="currentColor"{extra}>{safe(text)}</text>'


def _wax(state: str) -> str:
    """The seal: whole, broken in two, or a dashed place where there is none."""
    turn = f'<g transform="translate({_SEAL} {_Y})" fill="none" stroke="currentColor" stroke-width="1.8">'
    if state == "missing":
        return f'{turn}<circle r="20" stroke-dasharray="4 4"/></g>'
    crack = f'<path d="{_CRACK}" style="stroke:var(--cdnlab-paper)" stroke-width="7"/><path d="{_CRACK}"/>' if state == "broken" else ""
    return f'{turn}<path d="{_RIM}"/><path d="{_KEY}"/>{crack}</g>'


def _leg(stretch: int, start: float, end: float) -> str:
    """One stretch, walked after so many others: above on the way there, below on the way back."""
    y = _Y - 8 if end > start else _Y + 10
    tip = 5 if end > start else -5
    head = f"M {number(end - tip)} {y - 4} L {number(end)} {y} L {number(end - tip)} {y + 4}"
    moment = f'data-at="{number(stretch * _MS)}"'
    line = f'<path class="cdnlab-leg" {moment} data-ms="{number(_MS)}" d="M {number(start)} {y} H {number(end)}"/>'
    return f'<g fill="none" stroke="currentColor" stroke-width="1.6">{line}<path {moment} d="{head}"/></g>'


def way(journey: Journey | None, *, warm: bool, sealed: bool, says: str) -> str:
    """Viewer, edge with its two rooms, origin, as SVG. `journey`: None before the link was opened; `warm`: a copy lies at the edge;
    `sealed`: the request carries a signature; `says`: what the picture shows, for a screen reader.
    """
    copy = drawn(copy_box(_CACHE, _Y, 16)) if warm else _words(_CACHE, _Y + 5, "empty", 13, ' text-anchor="middle" opacity="0.75"')
    parts = [
        place_shape("viewer", _VIEWER, _Y, 13) + _words(_VIEWER, _Y + 36, "viewer"),
        '<rect x="132" y="22" width="356" height="124" rx="3" fill="none" stroke="currentColor" stroke-width="1.6"/>',
        _words(132, 15, "edge", 13, ""),
        _words(_SEAL, _Y + 54, "1  the signature") + _words(_CACHE, _Y + 54, "2  the cache") + copy,
        '<path d="M 309 30 V 138" stroke="currentColor" stroke-width="1" stroke-dasharray="3 5" opacity="0.6"/>',
        place_shape("origin", _ORIGIN, _Y, 15) + _words(_ORIGIN, _Y + 36, "origin"),
    ]
    if journey is None:
        parts.append(_wax("whole" if sealed else "missing"))
    else:
        rule = next(step.rule for step in journey.steps if step.rule.startswith("SIGN"))
        parts.append(_wax({"SIGN-04": "missing", "SIGN-11": "broken"}.get(rule, "whole")))
        parts.append(_words(_SEAL, 42, _SEALS.get(rule, "refused"), 13, _LOUD))
        parts += _walked(journey, passes=rule == "SIGN-01")
    size = f'viewBox="0 0 {_WIDE} {_HIGH}" width="{_WIDE}" role="img" aria-label="{safe(says)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">{"".join(parts)}</svg>'


def _walked(journey: Journey, *, passes: bool) -> list[str]:
    """The request's way to the place that answered, and the answer's way back."""
    state, legs = overall(journey), [_leg(0, 62, _SEAL - 30)]
    if passes:
        legs.append(_leg(1, _SEAL + 30, _CACHE - 26))
        if journey.origin_requests:
            legs += [_leg(2, _CACHE + 26, _ORIGIN - 22), _leg(3, _ORIGIN - 22, _CACHE + 26)]
        legs.append(_leg(len(legs), _CACHE - 26, _SEAL + 30))
    legs.append(_leg(len(legs), _SEAL - 30, 62))
    arrives = f'data-at="{number(len(legs) * _MS)}"'
    answer = glyph(state, 88, _Y + 32, 7) + _words(114, _Y + 37, str(journey.response.status), 14, _LOUD)
    found = (
        ""
        if not passes
        else f'<g data-at="{number(2 * _MS)}">{glyph(state, _CACHE - 26, 38, 6)}{_words(_CACHE + 12, 42, journey.result, 13, _LOUD)}</g>'
    )
    return [*legs, found, f"<g {arrives}>{answer}</g>"]
