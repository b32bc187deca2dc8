"""Two strings, one under the other, byte under byte, with the first byte that differs in a box.

A signature fails over one byte, and most often it is one that nobody sees: a line break at the end, an é in another
spelling. So every byte has its own place here, and one that cannot be shown is written as an escape.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cdnlab.staircase import safe

__all__ = ["STYLE", "difference", "said", "side_by_side", "side_by_side_html"]

_ESCAPES = {9: "\\t", 10: "\\n", 13: "\\r", 32: " "}
_BEFORE, _AFTER = 240, 240  # bytes that are shown before and after the difference, of a long string
STYLE = """
.cdnlab-page .cdnlab-bytes{overflow-x:auto;white-space:pre;border:0;padding:0}
.cdnlab-page .cdnlab-bytes .cdnlab-first{outline:2px solid;border-radius:1px;font-weight:700;
background:color-mix(in srgb,currentColor 14%,transparent)}
.cdnlab-page .cdnlab-bytes .cdnlab-label{display:inline-block;opacity:.75}
"""


def difference(one: str | bytes, other: str | bytes) -> int | None:
    """The index of the first byte that differs (text counts in UTF-8); None when there is none.

    >>> difference("https://d/a", "http://d/a"), difference("same", "same"), difference("a", "a\\n")
    (4, None, 1)
    """
    left, right = _bytes(one), _bytes(other)
    if left == right:
        return None
    shorter = min(len(left), len(right))
    low, high = 0, shorter  # the prefixes of length `low` are equal
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def said(one: str | bytes, other: str | bytes, names: tuple[str, str] = ("signed", "edge")) -> str:
    """The difference as a sentence.

    >>> said("a", "a\\n")
    'They differ at byte 1: signed ends here, edge has \\\\n.'
    """
    at = difference(one, other)
    if at is None:
        size = len(_bytes(one))
        return f"They are the same, {size:,} byte{'s' if size != 1 else ''}."
    left, right = _bytes(one), _bytes(other)
    here = ", ".join(
        f"{name} {'ends here' if at >= len(text) else f'has {_named(text[at])}'}" for name, text in zip(names, (left, right), strict=True)
    )
    return f"They differ at byte {at:,}: {here}."


def side_by_side(one: str | bytes, other: str | bytes, names: tuple[str, str] = ("signed", "edge"), width: int = 96) -> str:
    """Both strings as lines of text, a `^` under the first byte that differs. Long ones are cut around it.

    >>> print(side_by_side("http://d/a", "https://d/a"))
    signed  http://d/a
    edge    https://d/a
                ^ byte 4
    """
    edge = max(map(len, names)) + 2
    lines = []
    for row in _rows(_bytes(one), _bytes(other), max(20, width - edge)):
        for name, cells in zip(names, row.cells, strict=True):
            lines.append((name.ljust(edge) + "".join(cells)).rstrip())
        if row.mark is not None:
            before = sum(len(cell) for cell in row.cells[0][: row.mark])
            lines.append(" " * (edge + before) + "^" * max(1, len(row.cells[0][row.mark].rstrip())) + f" byte {row.start + row.mark:,}")
    return "\n".join(lines)


def side_by_side_html(one: str | bytes, other: str | bytes, names: tuple[str, str] = ("signed", "edge"), width: int = 88) -> str:
    """The same for a page that has `STYLE`: the byte is in a box, and a sentence says which it is."""
    edge = max(map(len, names)) + 2
    lines = []
    for row in _rows(_bytes(one), _bytes(other), width):
        for name, cells in zip(names, row.cells, strict=True):
            parts = [safe(cell) for cell in cells]
            if row.mark is not None:
                parts[row.mark] = f'<b class="cdnlab-first">{parts[row.mark] or " "}</b>'
            lines.append(f'<span class="cdnlab-label">{safe(name.ljust(edge))}</span>{"".join(parts)}')
    told = "\n".join(lines)
    return f'<p>{safe(said(one, other, names))}</p><pre class="cdnlab-bytes" tabindex="0">{told}</pre>'


class _Row(NamedTuple):
    """One row of both strings: the index of its first byte, both rows of cells, and the cell of the first difference, if it is here."""

    start: int
    cells: tuple[list[str], list[str]]
    mark: int | None


def _rows(left: bytes, right: bytes, width: int) -> Iterator[_Row]:
    at = difference(left, right)
    longest = max(len(left), len(right))
    begin, end = 0, longest
    if longest > 4 * (_BEFORE + _AFTER):
        centre = at or 0
        begin, end = max(0, centre - _BEFORE), min(longest, centre + _AFTER)
    while begin < end:
        rows: tuple[list[str], list[str]] = ([], [])
        used, start, mark = 0, begin, None
        while begin < end:
            pair = [_cell(text[begin : begin + 1]) for text in (left, right)]
            size = max(map(len, pair))
            if used + size > width and used:
                break
            if begin == at:
                mark = begin - start
            for cells, cell in zip(rows, pair, strict=True):
                cells.append(cell.ljust(size))
            used += size
            begin += 1
        yield _Row(start, rows, mark)


def _cell(byte: bytes) -> str:
    if not byte:
        return ""
    code = byte[0]
    return chr(code) if 32 < code < 127 else _ESCAPES.get(code, f"\\x{code:02x}")


def _named(code: int) -> str:
    return "a space" if code == 32 else _cell(bytes([code]))


def _bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "backslashreplace") if isinstance(text, str) else bytes(text)
