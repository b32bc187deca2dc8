"""A URL cut into the parts that a signature distinguishes, for the lessons' pictures.

What the text that is signed is made of is underlined: for a canned policy scheme, host, path, own query and the moment it ends, for a
custom one the policy itself. The signature and the key's id stand beside that text. Any text can be cut, also one that is no URL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cdnlab.staircase import safe
from cdnlab.tokens import PARAMETERS

__all__ = ["STYLE", "Segment", "cut", "shown"]

SIGNED = ("scheme", "host", "path", "own query", "Expires")
"""The segments that a canned policy is made of."""


class Segment(NamedTuple):
    """One part of a URL: its `name`, and its `text` with the separator before it."""

    name: str
    text: str


def cut(url: str) -> tuple[Segment, ...]:
    """The parts of a URL, in their order; joined, their texts are the URL again.

    >>> [segment.name for segment in cut("https://d/a?x=1&Expires=5&y=2")]
    ['scheme', 'host', 'path', 'own query', 'Expires', 'own query']
    """
    start, question, query = url.partition("?")
    scheme, colon, rest = start.partition("://") if "://" in start else ("", "", start)
    host, slash, path = rest.partition("/")
    parts = [Segment("scheme", scheme + colon), Segment("host", host), Segment("path", slash + path)]
    sign = question
    for part in query.split("&") if question else ():
        name = part.partition("=")[0]
        kind = name if name in PARAMETERS else "own query"
        if kind == parts[-1].name == "own query":
            parts[-1] = Segment(kind, f"{parts[-1].text}{sign}{part}")
        else:
            parts.append(Segment(kind, sign + part))
        sign = "&"
    return tuple(part for part in parts if part.text)


STYLE = """
.cdnlab .cdnlab-picture .cdnlab-url{display:flex;flex-wrap:wrap;gap:6px 3px;margin:6px 0;align-items:stretch}
.cdnlab .cdnlab-picture .cdnlab-url span{display:inline-flex;flex-direction:column;padding:2px 5px 3px;
border:1px solid transparent;min-width:0}
.cdnlab .cdnlab-picture .cdnlab-url small{font-size:11.5px;line-height:1.3}
.cdnlab .cdnlab-picture .cdnlab-url code{font:13px/1.4 ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;
color:inherit;background:none;padding:0;overflow-wrap:anywhere;border-bottom:2px dashed color-mix(in srgb,currentColor 30%,transparent)}
.cdnlab .cdnlab-picture .cdnlab-url .cdnlab-signed code{border-bottom:2px solid}
.cdnlab .cdnlab-picture .cdnlab-url .cdnlab-changed{border:2px solid;border-radius:4px}
.cdnlab .cdnlab-picture .cdnlab-url .cdnlab-gone{border:2px dashed;border-radius:4px}
.cdnlab .cdnlab-picture .cdnlab-url .cdnlab-changed small,.cdnlab .cdnlab-picture .cdnlab-url .cdnlab-gone small{font-weight:600}
"""


def shown(url: str, was: str = "", most: int = 24) -> str:
    """The segments as HTML. `was`: another URL; what differs from it is framed, what is gone from it is named.

    `most`: characters of a signature; what is longer loses its middle.

    >>> "cdnlab-changed" in shown("http://d/a", "https://d/a"), "cdnlab-changed" in shown("http://d/a")
    (True, False)
    """
    now, before = cut(url), cut(was or url)
    word = "moved" if sorted(_order(now)) == sorted(_order(before)) and _order(now) != _order(before) else "changed"
    fresh = [part for part, old in zip(now, before, strict=False) if part.name != old.name] if word == "moved" else _new(now, before)
    signed = ("Policy",) if "Policy" in _order(now) else SIGNED
    pieces = [_piece(part, word if part in fresh else "", signed, most) for part in now]
    gone = [_piece(part, "gone", signed, most) for part in before if part.name not in _order(now)]
    return f'<div class="cdnlab-url">{"".join([*pieces, *gone])}</div>'


def _order(parts: Sequence[Segment]) -> list[str]:
    return [part.name for part in parts]


def _new(now: Sequence[Segment], before: Sequence[Segment]) -> list[Segment]:
    """What was not there before; a separator alone makes no difference."""
    old = {(part.name, part.text.lstrip("?&")) for part in before}
    return [part for part in now if (part.name, part.text.lstrip("?&")) not in old]


def _piece(part: Segment, note: str, signed: Sequence[str], most: int) -> str:
    names = ["cdnlab-signed"] * (part.name in signed) + ["cdnlab-gone" if note == "gone" else "cdnlab-changed"] * bool(note)
    kind = f' class="{" ".join(names)}"' if names else ""
    text = "" if note == "gone" else f"<code>{safe(_short(part, most))}</code>"
    return f"<span{kind}><small>{safe(f'{part.name}, {note}' if note else part.name)}</small>{text}</span>"


def _short(part: Segment, most: int) -> str:
    """The text of a segment; a long signature or policy loses its middle."""
    name, equals, value = part.text.partition("=")
    if part.name not in ("Signature", "Policy") or len(value) <= most:
        return part.text
    return f"{name}{equals}{value[: most // 2]}…{value[-(most // 2) :]}"
