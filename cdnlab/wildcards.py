"""Wildcards: `*` stands for any run of characters, also none; `?` for exactly one.

Path patterns, bucket policies and the Resource of a signed policy all speak this small language. What they match comes
from outside, and so may the patterns (`*a*a*a*a*b`). The part after each `*` is taken at its first fit and never given
back: for wildcards that finds a match if there is one, and no input makes it slow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

__all__ = ["Symbol", "Wild", "expression", "matcher", "matcher_of", "symbols"]

_SHORT = 256  # symbols: to make a regular expression of more takes longer than to match it
_WORK = 1_000_000  # symbols times characters: what a regular expression may have to look at


class Wild(Enum):
    """A symbol that is not itself: ONE character, or a RUN of them."""

    ONE = "?"
    RUN = "*"


Symbol: TypeAlias = str | Wild
_WILD: dict[str, Symbol] = {wild.value: wild for wild in Wild}


def symbols(pattern: str) -> list[Symbol]:
    """The symbols of a pattern.

    >>> symbols("a*")
    ['a', <Wild.RUN: '*'>]
    """
    return [_WILD.get(character, character) for character in pattern]


def expression(pattern: Iterable[Symbol]) -> str:
    """A regular expression (for re.match, with re.DOTALL) that holds for the texts these symbols stand for.

    >>> bool(re.match(expression(symbols("*.doc?")), "/a.docx"))
    True
    """
    pieces: list[list[Symbol]] = [[]]
    for symbol in pattern:
        if symbol is Wild.RUN:
            pieces.append([])
        else:
            pieces[-1].append(symbol)
    head, *tails = pieces
    text = _literal(head)
    if not tails:
        return text + r"\Z"
    *middle, last = tails
    for part in middle:
        if part:
            text += f"(?>.*?{_literal(part)})"
    if not last:
        return text
    # what follows the last `*` must stand at the end: look back from there rather than try every place
    return text + f".{{{len(last)},}}+(?<={_literal(last)})\\Z"


def _literal(part: Iterable[Symbol]) -> str:
    return "".join("." if symbol is Wild.ONE else re.escape(str(symbol)) for symbol in part)


@lru_cache(maxsize=4096)
def matcher(pattern: str) -> Callable[[str], object]:
    """A test that is true of the texts a pattern stands for. The two commonest kinds need no regular expression.

    >>> bool(matcher("/videos/*")("/videos/a/b.ts")), bool(matcher("ca?")("Cat"))
    (True, False)
    """
    head, *rest = pattern.split("*")
    if "?" not in head and not rest:
        return lambda text: text == pattern
    if "?" not in head and rest == [""]:
        return lambda text: text.startswith(head)
    return matcher_of(symbols(pattern))


def matcher_of(pattern: Sequence[Symbol]) -> Callable[[str], bool]:
    """A test that is true of the texts these symbols stand for.

    >>> matcher_of(["a", Wild.RUN, "?"])("abc?"), matcher_of(["a", Wild.RUN, "?"])("abc")
    (True, False)
    """
    shortest = sum(symbol is not Wild.RUN for symbol in pattern)
    found = re.compile(expression(pattern), re.DOTALL).match if len(pattern) <= _SHORT else None

    def test(text: str) -> bool:
        if len(text) < shortest:
            return False
        if found is not None and len(pattern) * len(text) <= _WORK:
            return found(text) is not None
        return _scan(pattern, text)

    return test


def _scan(pattern: Iterable[Symbol], text: str) -> bool:
    """One pass over the text. Bit i of `reached`: what was read so far fits the first i symbols that are no RUN (Shift-And)."""
    takes: dict[str, int] = {}
    runs, ones, bit = 0, 0, 1
    for symbol in pattern:
        if symbol is Wild.RUN:
            runs |= bit
            continue
        if symbol is Wild.ONE:
            ones |= bit
        else:
            takes[str(symbol)] = takes.get(str(symbol), 0) | bit
        bit <<= 1
    takes = {character: bits | ones for character, bits in takes.items()}
    reached = 1
    for character in text:
        reached = (reached & takes.get(character, ones)) << 1 | reached & runs
        if not reached:
            return False
    return reached & bit != 0
