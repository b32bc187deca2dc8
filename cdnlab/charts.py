"""Charts: numbers in, one drawing out, three times over: a plotly figure to work with, an SVG to keep, a sentence to read.

A Chart is a frozen value, made by one of two functions:

    curve(x, series, ...)    lines; a gap where there is None; levels across it; one x picked out, with the values there
    bands(x, parts, ...)     parts of a whole, stacked on each other

    chart.figure()           a plotly figure in the project's own small template
    chart.svg()              the same as SVG text: what a page shows without a kernel, with the sentence as its label
    chart.twin               what both show, in words

Colours come from `marks` alone. A page's SVG follows the theme by its style sheet; a plotly figure cannot and has those
between (`tints.py`). plotly is imported by `figure()`, and by nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Literal

from cdnlab.axes import Axis, Scale, ticks
from cdnlab.errors import InputError
from cdnlab.marks import RESULTS, line_of
from cdnlab.staircase import FONT
from cdnlab.tints import GRID, rgb, template, tint

__all__ = ["Axis", "Chart", "Series", "bands", "curve"]

WIDTH, HEIGHT = 600, 310
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, WIDTH - 30, 42, HEIGHT - 48
_BROAD, _FAINT, _FILL = 9, 0.7, 0.45  # pixels; how strong: a broad line, a band
_RUNS = 6  # of a line: more than these are not told one by one


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one part of a stack: a value for every x, None for a gap.

    `state`: the result (a key of marks.RESULTS) whose colour and line it has; "" is a line in the ink. `broad`: drawn
    broad and faint, so that another line can be seen to run along it.
    """

    name: str
    y: tuple[float | None, ...]
    state: str = ""
    broad: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """What `curve` and `bands` make; see there."""

    kind: Literal["curve", "bands"]
    x: tuple[float, ...]
    series: tuple[Series, ...]
    x_axis: Axis
    y_axis: Axis
    mark: float | None = None
    levels: Mapping[str, float] = field(default_factory=dict)

    @property
    def twin(self) -> str:
        """What the chart shows, in words: every line's course, and the values at the x picked out."""
        x, y = self.x_axis.text, self.y_axis.text
        told = [f"{self.y_axis.title}, by {self.x_axis.title}."]
        told += [f"{each.name}: {_course(self.x, each.y, x, y)}." for each in self.series]
        if self.mark is not None:
            told.append(f"At {x(self.mark)}: {', '.join(f'{each.name} {_or_nothing(each.y[self._marked], y)}' for each in self.series)}.")
        return " ".join(told)

    @property
    def _marked(self) -> int:
        return self.x.index(self.mark) if self.mark is not None else -1

    @property
    def _tops(self) -> tuple[tuple[float | None, ...], ...]:
        """Where each series ends upwards: its own values, or, in a stack, the sum so far."""
        if self.kind == "curve":
            return tuple(each.y for each in self.series)
        sums, so_far = [], [0.0] * len(self.x)
        for each in self.series:
            so_far = [low + (more or 0.0) for low, more in zip(so_far, each.y, strict=True)]
            sums.append(tuple(so_far))
        return tuple(sums)

    def _scales(self) -> tuple[Scale, Scale]:
        values = [value for top in self._tops for value in top if value is not None]
        shown = [level for level in self.levels.values() if level > 0 or not self.y_axis.log]
        return Scale.of(self.x_axis, self.x, False), Scale.of(self.y_axis, [*values, *shown], True)

    def _named_levels(self) -> list[tuple[str, float]]:
        """What is written along each level that can be shown, and where it is; levels of one height share a name."""
        words: dict[float, str] = {}
        for word, level in self.levels.items():
            if level > 0 or not self.y_axis.log:
                words[level] = f"{words[level]} = {word}" if level in words else word
        return [(f"{word} {self.y_axis.text(level)}", level) for level, word in words.items()]

    def _level_ends(self, level: float) -> bool:
        """Whether a level's name has more room at the right end than at the left."""
        _, scale = self._scales()

        def room(order: int) -> float:
            return min((abs(scale.at(y) - scale.at(level)) for top in self._tops if (y := top[order]) is not None), default=1.0)

        return room(-1) > room(0)

    def _points(self) -> list[tuple[float, str]]:
        """The values at the x picked out, each with what is written beside it; lines that meet there share one."""
        met: dict[float, str] = {}
        for top, each in zip(self._tops, self.series, strict=True):
            value, own = top[self._marked], each.y[self._marked]
            if value is not None and own is not None:
                met[value] = f"{met[value]} = {each.name}" if value in met else f"{self.y_axis.text(own)} {each.name}"
        return list(met.items())

    # ---- plotly

    def figure(self) -> Any:
        """A plotly figure, as wide as there is room; charts with as many series and levels have as many traces."""
        from plotly.graph_objects import Figure, Scatter

        xs, ys = self._scales()
        traces = [Scatter(self._trace(each)) for each in self.series]
        named: list[tuple[str, float | None]] = [*self._named_levels()]
        for text, level in named + [("", None)] * (len(self.levels) - len(named)):
            right = level is not None and self._level_ends(level)
            line = {"color": rgb(tint()), "width": 1, "dash": "dot"}
            traces.append(
                Scatter(
                    x=[xs.low, xs.high],
                    y=[level, level],
                    mode="lines+text",
                    line=line,
                    text=["\u2002", f"{text}\u2002"] if right else [f"\u2002{text}", "\u2002"],  # plotly never fills a text that was empty
                    textposition=["top right", "top left"],
                    hoverinfo="skip",
                    showlegend=False,
                )
            )
        points = self._points() if self.mark is not None else []
        marker = {"color": rgb(tint()), "size": 9, "symbol": "circle"}
        left = self.mark is not None and xs.at(self.mark) > 0.6
        traces.append(
            Scatter(
                x=[self.mark] * len(points),
                y=[value for value, _ in points],
                text=[f"<b>{text}</b>" for _, text in points],
                mode="markers+text",
                textposition="bottom left" if left else "bottom right",
                marker=marker,
                hoverinfo="skip",
                showlegend=False,
                cliponaxis=False,
            )
        )
        layout = {"template": template(), "autosize": True, "xaxis": _plotly_axis(self.x_axis, xs), "yaxis": _plotly_axis(self.y_axis, ys)}
        return Figure(traces, layout)

    def _trace(self, each: Series) -> dict[str, Any]:
        line = line_of(each.state)
        colour = tint(each.state)
        drawn = {"color": rgb(colour, _FAINT if each.broad else 1), "width": _BROAD if each.broad else line.width, "dash": line.plotly}
        said = [f"{self.x_axis.text(x)}: {each.name} {_or_nothing(y, self.y_axis.text)}" for x, y in zip(self.x, each.y, strict=True)]
        own = {"x": list(self.x), "y": list(each.y), "name": each.name, "mode": "lines", "line": drawn, "text": said, "hoverinfo": "text"}
        return own | ({"stackgroup": "parts", "fillcolor": rgb(colour, _FILL)} if self.kind == "bands" else {})

    # ---- SVG

    def svg(self) -> str:
        """The chart as SVG text, labelled with the twin; the same bytes every time."""
        xs, ys = self._scales()

        def across(x: float) -> float:
            return _LEFT + xs.at(x) * (_RIGHT - _LEFT)

        def down(y: float) -> float:
            return _BOTTOM - ys.at(y) * (_BOTTOM - _TOP)

        parts = [*self._frame(across, down), *self._legend()]
        floor: Sequence[float | None] = [0.0] * len(self.x)
        for each, top in zip(self.series, self._tops, strict=True):
            path = _way([(across(x), down(y)) if y is not None else None for x, y in zip(self.x, top, strict=True)])
            if self.kind == "bands":
                back = [(across(x), down(y or 0.0)) for x, y in zip(self.x, floor, strict=True)]
                area = f"{path} L {' L '.join(f'{x:.1f} {y:.1f}' for x, y in reversed(back))} Z"
                parts.append(_dressed(each, f'<path d="{area}" fill="currentColor" fill-opacity="{_FILL}"/>'))
                floor = top
            parts.append(_dressed(each, f'<path d="{path}" {_stroke(each)}/>'))
        for text, level in self._named_levels():
            right, y = self._level_ends(level), down(level)
            parts.append(f'<path d="M {_LEFT} {y:.1f} H {_RIGHT}" stroke="currentColor" stroke-dasharray="1 3"/>')
            parts.append(_words(_RIGHT - 4 if right else _LEFT + 4, y - 5, text, "end" if right else "start"))
        if self.mark is not None:
            x, left = across(self.mark), xs.at(self.mark) > 0.6
            for value, text in self._points():
                parts.append(f'<circle cx="{x:.1f}" cy="{down(value):.1f}" r="4.5" fill="currentColor"/>')
                parts.append(_words(x - 7 if left else x + 7, down(value) + 16, text, "end" if left else "start", bold=True))
        size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="720" style="max-width:100%;height:auto"'
        label = escape(self.twin, quote=True)
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{label}" font-family="{FONT}">{"".join(parts)}</svg>'

    def _frame(self, across: Callable[[float], float], down: Callable[[float], float]) -> list[str]:
        xs, ys = self._scales()
        parts = []
        for tick in ticks(self.x_axis, xs):
            parts.append(f'<path d="M {across(tick):.1f} {_TOP} V {_BOTTOM}" stroke="currentColor" opacity="{GRID}"/>')
            parts.append(_words(across(tick), _BOTTOM + 16, self.x_axis.text(tick), "middle"))
        for tick in ticks(self.y_axis, ys):
            parts.append(f'<path d="M {_LEFT} {down(tick):.1f} H {_RIGHT}" stroke="currentColor" opacity="{GRID}"/>')
            parts.append(_words(_LEFT - 7, down(tick) + 4, self.y_axis.text(tick), "end"))
        parts.append(_words((_LEFT + _RIGHT) / 2, HEIGHT - 10, self.x_axis.title, "middle"))
        parts.append(f'<g transform="translate(14 {(_TOP + _BOTTOM) / 2:g}) rotate(-90)">{_words(0, 0, self.y_axis.title, "middle")}</g>')
        return parts

    def _legend(self) -> list[str]:
        parts, x = [], float(_LEFT)
        for each in self.series:
            parts.append(_dressed(each, f'<path d="M {x:g} 18 h 30" {_stroke(each)}/>'))
            parts.append(_words(x + 37, 22, each.name, "start"))
            x += 62 + 6.6 * len(each.name)
        return parts


def curve(
    x: Sequence[float],
    series: Sequence[Series],
    *,
    x_axis: Axis,
    y_axis: Axis,
    mark: float | None = None,
    levels: Mapping[str, float] | None = None,
) -> Chart:
    """Lines over x. `mark`: one of the x, to be picked out; `levels`: named heights, drawn across.

    Raises InputError when the x do not rise, a series is of another length, or a logarithmic axis gets a 0 (a gap is None).

    >>> chart = curve((1, 2, 4), [Series("cost", (3, 3, 5))], x_axis=Axis("GB"), y_axis=Axis("USD"), mark=4)
    >>> chart.twin
    'USD, by GB. cost: 3 at 1, the same until 2, rising to 5 at 4. At 4: cost 5.'
    """
    return _checked(Chart("curve", tuple(x), tuple(series), x_axis, y_axis, mark, MappingProxyType(dict(levels or {}))))


def bands(x: Sequence[float], parts: Sequence[Series], *, x_axis: Axis, y_axis: Axis, mark: float | None = None) -> Chart:
    """Parts of a whole over x, stacked in the order given. Raises as `curve` does, and for a gap, a negative part, or a logarithmic y.

    >>> bands((0, 1), [Series("hits", (0, 3), "hit"), Series("misses", (2, 1), "miss")], x_axis=Axis("s"), y_axis=Axis("requests")).twin
    'requests, by s. hits: 0 at 0, rising to 3 at 1. misses: 2 at 0, falling to 1 at 1.'
    """
    for each in parts:
        if bad := [value for value in each.y if value is None or not value >= 0]:
            raise InputError(f"bands: {each.name!r} has {bad[0]!r}; a part of a whole is 0 or more, at every x")
    if y_axis.log:
        raise InputError("bands: parts cannot be added up on a logarithmic axis; give y_axis log=False")
    return _checked(Chart("bands", tuple(x), tuple(parts), x_axis, y_axis, mark))


def _checked(chart: Chart) -> Chart:
    names = [each.name for each in chart.series]
    if not names or len(set(names)) != len(names):
        raise InputError(f"{chart.kind}: series need names that differ, and at least one; got {names}")
    if len(chart.x) < 2 or not all(low < high for low, high in pairwise(chart.x)):
        raise InputError(f"{chart.kind}: x must be two or more numbers that rise; got {len(chart.x)}, from {chart.x[:1]} to {chart.x[-1:]}")
    for each in chart.series:
        if len(each.y) != len(chart.x):
            raise InputError(f"{chart.kind}: {each.name!r} has {len(each.y)} values for {len(chart.x)} x; give one each, None for a gap")
        if each.state and each.state not in RESULTS:
            raise InputError(f"{chart.kind}: {each.name!r} has no state {each.state!r}; there are {', '.join(RESULTS)}")
        _drawable(f"{chart.kind}: {each.name!r}", each.y, chart.y_axis)
    _drawable(f"{chart.kind}: x", chart.x, chart.x_axis)
    if chart.mark is not None and chart.mark not in chart.x:
        raise InputError(f"{chart.kind}: mark {chart.mark!r} is not one of the x; add it to them, with its values")
    return chart


def _drawable(what: str, values: Sequence[float | None], axis: Axis) -> None:
    for value in values:
        if value is not None and not math.isfinite(value):
            raise InputError(f"{what} has {value!r}, which no axis shows; None leaves a gap")
        if value is not None and axis.log and value <= 0:
            raise InputError(f"{what} has {value!r}, which a logarithmic axis does not show; None leaves a gap")


# ---- words


def _or_nothing(value: float | None, text: Callable[[float], str]) -> str:
    return "nothing" if value is None else text(value)


def _course(xs: Sequence[float], ys: Sequence[float | None], x: Callable[[float], str], y: Callable[[float], str]) -> str:
    """How a line goes, run by run."""
    known = [(at, value) for at, value in zip(xs, ys, strict=True) if value is not None]
    if not known:
        return "nothing to show"
    runs: list[tuple[str, float, float]] = []
    for (_, before), (at, value) in pairwise(known):
        way = "rising to" if value > before else "falling to" if value < before else "same"
        if runs and runs[-1][0] == way:
            runs.pop()
        runs.append((way, at, value))
    if len(runs) > _RUNS:
        values = [value for _, value in known]
        return f"between {y(min(values))} and {y(max(values))}, {y(known[0][1])} at {x(known[0][0])}, {y(values[-1])} at {x(known[-1][0])}"
    told = [f"{y(known[0][1])} at {x(known[0][0])}"]
    told += [f"the same until {x(at)}" if way == "same" else f"{way} {y(value)} at {x(at)}" for way, at, value in runs]
    return ", ".join(told)


# ---- plotly's side


def _plotly_axis(axis: Axis, scale: Scale) -> dict[str, Any]:
    ends = [math.log10(scale.low), math.log10(scale.high)] if axis.log else [scale.low, scale.high]
    shown = ticks(axis, scale)
    named = {"tickvals": shown, "ticktext": [axis.text(tick) for tick in shown]}
    more = 1e-6 * (ends[1] - ends[0])  # a tick right at an end may be lost to rounding
    return {"type": "log" if axis.log else "linear", "title": {"text": axis.title}, "range": [ends[0] - more, ends[1] + more]} | named


# ---- SVG's side


def _way(points: Sequence[tuple[float, float] | None]) -> str:
    parts, pen = [], "M"
    for point in points:
        if point is not None:
            parts.append(f"{pen} {point[0]:.1f} {point[1]:.1f}")
        pen = "M" if point is None else "L"
    return " ".join(parts)


def _dressed(each: Series, shape: str) -> str:
    return f'<g class="cdnlab-{each.state}">{shape}</g>' if each.state else shape


def _stroke(each: Series) -> str:
    line = line_of(each.state)
    dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
    faint = f' stroke-opacity="{_FAINT}"' if each.broad else ""
    return f'fill="none" stroke="currentColor" stroke-width="{_BROAD if each.broad else line.width:g}"{dash}{faint}'


def _words(x: float, y: float, text: str, anchor: str, *, bold: bool = False) -> str:
    where = f'x="{x:.1f}" y="{y:.1f}" font-size="12" text-anchor="{anchor}"'
    weight = ' font-weight="600"' if bold else ""
    return f'<text class="cdnlab-halo" {where} fill="currentColor"{weight}>{escape(text)}</text>'
