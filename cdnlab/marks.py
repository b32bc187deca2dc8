"""The visual language: the one place that owns every word, colour, shape and line style of cdnlab's pictures.

Two alphabets, which never mix. **Results** (Hit, Miss ...) have a colour, a glyph, a line and a word, so that none of them is told by
colour alone. **Places** (viewer, edge ...) have a shape and no colour. A picture says only a class name; the style sheet here
gives that class its `color`, and every shape is drawn in `currentColor`. So one drawing works in JupyterLab's light and dark
theme, on a plain page, as a file of its own and, where a site strips style sheets, in black on white.

The colours were searched for distance: any two results differ by 31 or more in CIELAB, seen with normal or with colour-blind eyes, and
each has a contrast of at least 3:1 on its paper. Text is always in the ink of the theme, never in these colours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

__all__ = [
    "BASIS",
    "COPIES",
    "EVIDENCE",
    "PLACES",
    "QUESTION",
    "RESULTS",
    "TREATMENTS",
    "Line",
    "PlaceMark",
    "Result",
    "Shape",
    "copy_box",
    "css",
    "dot",
    "drawn",
    "glyph",
    "hatch",
    "line_of",
    "number",
    "place_shape",
    "spent_box",
    "state_of",
]

Theme: TypeAlias = Literal["light", "dark"]


class Shape(NamedTuple):
    """Path data in three layers: `back` hides what lies beneath, `fill` is filled and `line` is stroked in the current colour."""

    back: str
    fill: str
    line: str


Drawer: TypeAlias = Callable[[float, float, float], Shape]


class Line(NamedTuple):
    """How an answer's way is drawn: `width` in pixels, `dash` as SVG has it, `double`, a `bar` across its start; and its `plotly` name."""

    width: float
    dash: str = ""
    double: bool = False
    bar: bool = False
    plotly: str = "solid"


@dataclass(frozen=True, slots=True)
class Result:
    """One result: the `word` on screen (`aws`: it is AWS's own), `plain` words for a place that has it, its glyph, line and two colours."""

    word: str
    aws: bool
    plain: str
    shape: Drawer
    line: Line
    light: str
    dark: str
    plotly: str

    def colour(self, theme: Theme) -> str:
        """The colour on that theme's paper."""
        return self.light if theme == "light" else self.dark


@dataclass(frozen=True, slots=True)
class PlaceMark:
    """One kind of place: the `word` on screen, AWS's `full` name for it, a `note` under it, and its shape."""

    word: str
    full: str
    note: str
    shape: Drawer


def number(value: float) -> str:
    """A coordinate as text, to a tenth, the same on every machine.

    >>> number(12.04), number(-0.04), number(3.25)
    ('12', '0', '3.2')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _path(*parts: str | float) -> str:
    return " ".join(part if isinstance(part, str) else number(part) for part in parts)


def _circle(x: float, y: float, r: float) -> str:
    return _path("M", x - r, y, "A", r, r, "0 1 1", x + r, y, "A", r, r, "0 1 1", x - r, y, "Z")


def _polygon(points: list[tuple[float, float]]) -> str:
    return _path("M", *(part for x, y in points for part in ("L", x, y)), "Z").replace("M L", "M", 1)


def _rectangle(x: float, y: float, width: float, height: float, corner: float = 0) -> str:
    if not corner:
        return _path("M", x, y, "h", width, "v", height, "h", -width, "Z")
    c, bend = corner, ("a", corner, corner, "0 0 1")
    across, down = width - 2 * c, height - 2 * c
    return _path(
        "M", x + c, y, "h", across, *bend, c, c, "v", down, *bend, -c, c, "h", -across, *bend, -c, -c, "v", -down, *bend, c, -c, "Z"
    )


def _hit(x: float, y: float, r: float) -> Shape:
    return Shape("", _circle(x, y, r), "")


def _refresh(x: float, y: float, r: float) -> Shape:
    turn = r * 1.15
    a, b = math.radians(-20), math.radians(-75)
    start, end = (x + turn * math.cos(a), y + turn * math.sin(a)), (x + turn * math.cos(b), y + turn * math.sin(b))
    arc = _path("M", *start, "A", turn, turn, "0 1 1", *end)
    tip = _polygon([(end[0] + r * 0.72, end[1] + r * 0.12), (end[0] - r * 0.12, end[1] - r * 0.5), (end[0] + r * 0.04, end[1] + r * 0.62)])
    return Shape(_circle(x, y, r * 1.5), _circle(x, y, r * 0.62) + " " + tip, arc)


def _stale(x: float, y: float, r: float) -> Shape:
    half = _path("M", x, y - r, "A", r, r, "0 0 0", x, y + r, "Z")
    return Shape(_circle(x, y, r), half, _circle(x, y, r))


def _miss(x: float, y: float, r: float) -> Shape:
    return Shape(_circle(x, y, r), "", _circle(x, y, r))


def _error(x: float, y: float, r: float) -> Shape:
    s, c = r * 0.95, r * 0.5
    cross = _path("M", x - c, y - c, "L", x + c, y + c, "M", x + c, y - c, "L", x - c, y + c)
    square = _rectangle(x - s, y - s, 2 * s, 2 * s)
    return Shape(square, "", f"{square} {cross}")


def _blocked(x: float, y: float, r: float) -> Shape:
    around = [(x + r * 1.08 * math.cos(math.radians(a)), y + r * 1.08 * math.sin(math.radians(a))) for a in range(22, 382, 45)]
    octagon = _polygon(around)
    return Shape(octagon, _rectangle(x - r * 0.62, y - r * 0.22, r * 1.24, r * 0.44), octagon)


def _redirect(x: float, y: float, r: float) -> Shape:
    bent = _path("M", x - r * 0.7, y + r, "V", y - r * 0.1, "H", x + r * 0.5)
    tip = _polygon([(x + r * 0.35, y - r * 0.75), (x + r * 1.15, y - r * 0.1), (x + r * 0.35, y + r * 0.55)])
    return Shape(_circle(x, y, r * 1.3), tip, bent)


def dot(x: float, y: float, r: float) -> Shape:
    """A plain arrival, without a result."""
    return Shape("", _circle(x, y, r * 0.5), "")


def copy_box(x: float, y: float, r: float) -> Shape:
    """A copy in a cache: a parcel. Sign of the state "kept"."""
    box = _rectangle(x - r, y - r * 0.8, 2 * r, r * 1.7)
    return Shape(box, "", _path(box, "M", x - r, y - r * 0.2, "h", 2 * r, "M", x, y - r * 0.8, "v", r * 0.6))


def spent_box(x: float, y: float, r: float) -> Shape:
    """A copy that has expired and is still there: a parcel in broken lines. Sign of the state "expired"."""
    corner = r * 0.55
    parts: list[str | float] = []
    for across, down in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        at_x, at_y = x + across * r, y + down * r * 0.85
        parts += ["M", at_x - across * corner, at_y, "L", at_x, at_y, "L", at_x, at_y - down * corner]
    return Shape(_rectangle(x - r, y - r * 0.85, 2 * r, r * 1.7), "", _path(*parts))


COPIES: Mapping[str, tuple[str, Drawer]] = MappingProxyType({"kept": ("copy stays", copy_box), "expired": ("copy expired", spent_box)})
"""What can be said of a copy that is no result: words and sign, drawn in the ink."""

RESULTS: Mapping[str, Result] = MappingProxyType(
    {
        "hit": Result("Hit", True, "has a copy", _hit, Line(3.6), "#13476C", "#19A8FB", "circle"),
        "refresh": Result("RefreshHit", True, "copy confirmed", _refresh, Line(1.4, double=True), "#0CA07E", "#D2F9EF", "circle-dot"),
        "stale": Result(
            "old copy served",
            False,
            "serves its old copy",
            _stale,
            Line(2.4, "11 6", plotly="longdash"),
            "#9C9616",
            "#825B0A",
            "diamond-tall",
        ),
        "miss": Result("Miss", True, "no copy", _miss, Line(1.5), "#7D280A", "#FEAB71", "circle-open"),
        "error": Result("Error", True, "an error", _error, Line(2.6, "0.1 5.5", plotly="dot"), "#F22FD3", "#B2099E", "square-x-open"),
        "blocked": Result(
            "refused at the edge", False, "refused at the edge", _blocked, Line(2, bar=True), "#0F0D0E", "#9E9493", "octagon-open"
        ),
        "redirect": Result("Redirect", True, "redirects", _redirect, Line(1.5), "#1A1A1A", "#E8E8E8", "arrow-right"),
    }
)
"""Every result by its state. Redirect has no colour of its own: its two are the ink."""

INK, PAPER = {"light": "#1A1A1A", "dark": "#E8E8E8"}, {"light": "#FFFFFF", "dark": "#111111"}

_STATES = {
    "Hit": "hit",
    "RefreshHit": "refresh",
    "OriginShieldHit": "hit",
    "Miss": "miss",
    "MissGeneratedResponse": "miss",
    "Redirect": "redirect",
}


def state_of(result: str) -> str:
    """The state with which AWS's result word is drawn; every word not known as a success is an error.

    >>> state_of("RefreshHit"), state_of("LimitExceeded")
    ('refresh', 'error')
    """
    return _STATES.get(result, "error")


QUESTION = Line(1.2)
"""How a question's way is drawn, in the ink."""


def line_of(state: str) -> Line:
    """The line of an answer in this state; an answer without a result, as an origin gives it, is a plain line in the ink."""
    return RESULTS[state].line if state in RESULTS else Line(2)


def _viewer(x: float, y: float, r: float) -> Shape:
    return Shape(_circle(x, y, r), "", _circle(x, y, r))


def _edge(x: float, y: float, r: float) -> Shape:
    square = _rectangle(x - r * 0.75, y - r * 0.75, r * 1.5, r * 1.5)
    return Shape(square, "", square)


def _regional(x: float, y: float, r: float) -> Shape:
    wide = _rectangle(x - r * 1.9, y - r * 0.9, r * 3.8, r * 1.8, r * 0.6)
    return Shape(wide, "", wide)


def _shield(x: float, y: float, r: float) -> Shape:
    pentagon = _polygon([(x + r * 1.15 * math.cos(math.radians(a)), y + r * 1.15 * math.sin(math.radians(a))) for a in range(90, 450, 72)])
    return Shape(pentagon, "", pentagon)


def _origin(x: float, y: float, r: float) -> Shape:
    w, lid = r * 1.05, r * 0.36
    top, bottom = y - r * 0.85, y + r * 0.85
    wall = _path("M", x - w, top, "V", bottom, "A", w, lid, "0 0 0", x + w, bottom, "V", top)
    cover = _path("M", x - w, top, "A", w, lid, "0 1 1", x + w, top, "A", w, lid, "0 1 1", x - w, top, "Z")
    return Shape(f"{wall} Z {cover}", "", f"{wall} {cover}")


def _browser(x: float, y: float, r: float) -> Shape:
    slot = _rectangle(x - r * 0.6, y - r * 0.16, r * 1.2, r * 0.32, r * 0.1)
    return Shape(slot, "", slot)


PLACES: Mapping[str, PlaceMark] = MappingProxyType(
    {
        "viewer": PlaceMark("viewer", "viewer", "", _viewer),
        "browser": PlaceMark("browser's cache", "browser's cache", "", _browser),
        "edge": PlaceMark("edge", "edge location, POP", "", _edge),
        "regional": PlaceMark("regional cache", "regional edge cache", "", _regional),
        "shield": PlaceMark("shield", "Origin Shield", "", _shield),
        "origin": PlaceMark("origin", "origin", "definitive version", _origin),
        "service": PlaceMark("CloudFront", "CloudFront", "", _edge),
    }
)
"""Every kind of place, in the order in which a request meets them."""

EVIDENCE: Mapping[str, str] = MappingProxyType(
    {
        "documented": "a page of AWS's documentation says so",
        "api-model": "AWS's own service model says so",
        "observed": "seen in captured answers; AWS does not document it",
        "our choice": "AWS is silent here; cdnlab had to pick one",
    }
)
"""The grades of evidence, and what each means."""

BASIS: Mapping[str, str] = MappingProxyType(
    {
        "measured": "a published measurement between these two places",
        "fitted": "from the distance, by a line fitted to measurements",
        "assumed": "ours; there is no measurement to be had",
    }
)
"""On what a latency rests, and what each word means."""

TREATMENTS: Mapping[str, str] = MappingProxyType(
    {
        "in key": "part of the cache key, and sent to the origin",
        "sent": "sent to the origin, not part of the cache key",
        "added": "added by CloudFront",
        "dropped": "stays at the edge",
    }
)
"""What became of something the viewer sent."""


def glyph(state: str, x: float, y: float, r: float = 6) -> str:
    """The glyph of a state as SVG, centred on (x, y): a result's, a copy's, a plain dot for "" (an arrival without a result).

    >>> glyph("hit", 10, 10, 5)
    '<g class="cdnlab-hit"><path d="M 5 10 A 5 5 0 1 1 15 10 A 5 5 0 1 1 5 10 Z" fill="currentColor"/></g>'
    """
    if state not in RESULTS:
        shape = COPIES[state][1] if state in COPIES else dot
        return f"<g>{drawn(shape(x, y, r))}</g>"
    return f'<g class="cdnlab-{state}">{drawn(RESULTS[state].shape(x, y, r), 1.8)}</g>'


def place_shape(kind: str, x: float, y: float, r: float = 13) -> str:
    """The shape of a kind of place as SVG, outlined in the current colour."""
    return drawn(PLACES[kind].shape(x, y, r), 1.6)


def drawn(shape: Shape, width: float = 1.5) -> str:
    """A Shape as SVG path elements."""
    back = f'<path d="{shape.back}" class="cdnlab-back" fill="none"/>' if shape.back else ""
    fill = f'<path d="{shape.fill}" fill="currentColor"/>' if shape.fill else ""
    line = f'<path d="{shape.line}" fill="none" stroke="currentColor" stroke-width="{number(width)}"/>' if shape.line else ""
    return back + fill + line


def hatch(x: float, y: float, width: float, height: float, gap: float = 5) -> str:
    """Path data of diagonal lines inside a rectangle: the sign of what is assumed. Lines, not a pattern, so that it needs no id."""
    parts: list[str | float] = []
    for step in range(1, math.ceil((width + height) / gap)):
        at = step * gap
        left, right = max(0.0, at - height), min(at, width)
        parts += ["M", x + left, y + (at - left), "L", x + right, y + (at - right)]
    return _path(*parts)


def _colours(theme: Theme) -> str:
    pairs = {name: result.colour(theme) for name, result in RESULTS.items() if name != "redirect"}
    pairs |= {"ink": INK[theme], "paper": PAPER[theme]}
    return "".join(f"--cdnlab-{name}:{value};" for name, value in pairs.items())


def css(*, alone: bool = False) -> str:
    """The style sheet of the alphabet: colours as custom properties, a class for each result, paper, hatch.

    `alone`: for an SVG file that stands by itself, which follows only the reader's colour scheme, and in which every
    class has its colours spelled out, because not every program that shows SVG knows custom properties.
    """
    if alone:
        return _plain_css("light") + "@media (prefers-color-scheme:dark){" + _plain_css("dark") + "}"
    light, dark = _colours("light"), _colours("dark")
    jupyter = "--cdnlab-ink:var(--jp-content-font-color0);--cdnlab-paper:var(--jp-layout-color0);"
    return (
        f".cdnlab{{{light}}}@media (prefers-color-scheme:dark){{.cdnlab{{{dark}}}}}"
        f'body[data-jp-theme-light="true"] .cdnlab{{{light}{jupyter}}}body[data-jp-theme-light="false"] .cdnlab{{{dark}{jupyter}}}'
        f"body.vscode-light .cdnlab{{{light}}}body.vscode-dark .cdnlab{{{dark}}}"
        ".cdnlab{color:var(--cdnlab-ink);background:var(--cdnlab-paper)}.cdnlab .cdnlab-back{fill:var(--cdnlab-paper)}"
        + "".join(f".cdnlab .cdnlab-{name}{{color:var(--cdnlab-{name})}}" for name in RESULTS if name != "redirect")
        + ".cdnlab text.cdnlab-halo{stroke:var(--cdnlab-paper);stroke-width:3.5px;paint-order:stroke}"
        ".cdnlab .cdnlab-hatch{background:repeating-linear-gradient(135deg,transparent 0 3px,currentColor 3px 4px)}"
    )


def _plain_css(theme: Theme) -> str:
    ink, paper = INK[theme], PAPER[theme]
    rules = f".cdnlab{{color:{ink}}}.cdnlab-back{{fill:{paper}}}text.cdnlab-halo{{stroke:{paper};stroke-width:3.5px;paint-order:stroke}}"
    return rules + "".join(f".cdnlab-{name}{{color:{result.colour(theme)}}}" for name, result in RESULTS.items())
