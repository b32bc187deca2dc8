"""How lesson 04 draws: words, frames (what is in the key stands in one), numbered visitors, plain tables."""

from __future__ import annotations

from cdnlab.marks import number
from cdnlab.staircase import FONT, safe

__all__ = ["BOLD", "FAINT", "MONO", "STYLE", "beside", "box", "numbered", "sheet", "words"]

BOLD, FAINT = ' font-weight="600"', ' opacity="0.7"'
MONO = " font-family=\"ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace\""
STYLE = """
.cdnlab .cdnlab-tried.cdnlab-tried{border-collapse:collapse;margin:6px 0;font-size:13px;border:0;width:auto}
.cdnlab .cdnlab-tried.cdnlab-tried caption{text-align:left;padding:2px 0;color:inherit}
.cdnlab .cdnlab-tried.cdnlab-tried tr{background:none}
.cdnlab .cdnlab-tried.cdnlab-tried :is(th,td){text-align:left;padding:3px 14px 3px 6px;border:0;max-width:none;vertical-align:top;
border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent);background:none;color:inherit;font-weight:400;white-space:normal}
.cdnlab .cdnlab-tried.cdnlab-tried thead th{white-space:nowrap}
.cdnlab .cdnlab-tried.cdnlab-tried tbody th{min-width:4.4em}
.cdnlab .cdnlab-tried.cdnlab-tried :is(thead th,.cdnlab-best>*){font-weight:600}
.cdnlab .cdnlab-tried.cdnlab-tried code{color:inherit;background:none;padding:0;overflow-wrap:anywhere}
"""
"""Tables that stand against JupyterLab's own."""


def words(x: float, y: float, text: str, size: float = 12, extra: str = "") -> str:
    """A line of text. `extra`: more attributes, such as BOLD."""
    return f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="currentColor"{extra}>{safe(text)}</text>'


def box(x: float, y: float, wide: float, high: float, width: float = 1.0, extra: str = "") -> str:
    """A frame, its line `width` pixels thick."""
    where = f'x="{number(x)}" y="{number(y)}" width="{number(wide)}" height="{number(high)}"'
    return f'<rect {where} fill="none" stroke="currentColor" stroke-width="{number(width)}"{extra}/>'


def numbered(order: int, y: float) -> str:
    """A viewer, at the left: a circle with a number."""
    ring = f'<circle cx="12" cy="{number(y)}" r="10" fill="none" stroke="currentColor" stroke-width="1.2"/>'
    return ring + words(12, y + 4, str(order), 11.5, ' text-anchor="middle"')


def sheet(parts: list[str], wide: float, high: float, said: str) -> str:
    """One picture, `wide` by `high` pixels. `said`: what a screen reader says of it."""
    size = f'viewBox="0 0 {number(wide)} {number(high)}" width="{number(wide)}" style="max-width:100%;height:auto;flex:none"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{safe(said)}" font-family="{FONT}">{"".join(parts)}</svg>'
    )


def beside(*pictures: str) -> str:
    """Pictures side by side; on a narrow page one below the other, so that their text stays as large as it is."""
    return f'<div style="display:flex;flex-wrap:wrap;gap:4px 10px;align-items:flex-start;margin:4px 0 12px">{"".join(pictures)}</div>'
