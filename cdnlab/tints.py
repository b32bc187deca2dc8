"""Colours for a drawing that cannot follow the theme, as a plotly figure cannot, and the template that is made of them.

A result has one colour for light paper and one for dark. Somewhere on the way from the one to the other lies a
colour that stands out equally well from both papers, at about 4.3 to 1; where both ends are on one side of it, the nearer end.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from cdnlab.marks import INK, PAPER, RESULTS
from cdnlab.staircase import FONT

__all__ = ["GRID", "between", "contrast", "rgb", "template", "tint"]

GRID = 0.3
"""How strong the lines of a grid are."""


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21, as WCAG 2 reckons it.

    >>> round(contrast(INK["light"], PAPER["light"]), 1)
    17.4
    """
    low, high = sorted((_luminance(_channels(one)), _luminance(_channels(other))))
    return (high + 0.05) / (low + 0.05)


@cache
def between(light: str, dark: str) -> tuple[int, int, int]:
    """The colour on the way from one for light paper to one for dark paper whose contrast with both papers is most alike."""
    papers = [_luminance(_channels(paper)) + 0.05 for paper in PAPER.values()]
    wanted = math.sqrt(papers[0] * papers[1]) - 0.05
    ends = _channels(light), _channels(dark)

    def mixed(share: float) -> tuple[float, float, float]:
        red, green, blue = (one + share * (other - one) for one, other in zip(*ends, strict=True))
        return red, green, blue

    best = min(range(257), key=lambda step: abs(_luminance(mixed(step / 256)) - wanted))
    red, green, blue = map(round, mixed(best / 256))
    return red, green, blue


def rgb(colour: tuple[int, int, int], alpha: float = 1) -> str:
    """A colour as plotly wants it.

    >>> rgb((1, 2, 3), 0.5)
    'rgba(1,2,3,0.5)'
    """
    return f"rgba({','.join(map(str, colour))},{alpha:g})"


def tint(state: str = "") -> tuple[int, int, int]:
    """The colour of a result (a key of marks.RESULTS) between the two themes; of the ink, for ""."""
    return between(RESULTS[state].light, RESULTS[state].dark) if state else between(INK["light"], INK["dark"])


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return red, green, blue


def _luminance(channels: tuple[float, float, float]) -> float:
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in channels)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@cache
def template() -> Any:
    """The project's template, in place of plotly's default: nothing painted but what the marks say, and it does not zoom."""
    from plotly.graph_objects import layout

    ink, grid, clear = rgb(tint()), rgb(tint(), GRID), rgb(tint(), 0)
    axis = {
        "gridcolor": grid,
        "zerolinecolor": grid,
        "linecolor": grid,
        "tickcolor": grid,
        "fixedrange": True,
        "automargin": True,
        "ticklabeloverflow": "allow",
        "title": {"font": {"size": 13}},
    }
    return layout.Template(
        layout={
            "paper_bgcolor": clear,
            "plot_bgcolor": clear,
            "font": {"color": ink, "family": FONT, "size": 13},
            "xaxis": axis,
            "yaxis": axis,
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemclick": False, "itemdoubleclick": False},
            "margin": {"l": 64, "r": 30, "t": 34, "b": 48},
            "height": 330,
            "hovermode": "x",
            "hoverlabel": {"bgcolor": PAPER["light"], "font": {"color": INK["light"]}},
            "dragmode": False,
            "showlegend": True,
        }
    )
