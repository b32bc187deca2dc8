"""Wildcards: `*` stands for any run of characters, also none; `?` for exactly one.

Path patterns, bucket policies and the Resource of a signed policy all speak this small language. What they match comes
from outside, and so may the patterns (`*a*a*a*a*b`). The part after each `*` is taken at its first fit and never given
back: for wildcards that finds a match if there is one, and no input makes it slow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

__all__ = ["Symbol", "Wild", "expression", "matcher", "symbols"]


class Wild(Enum):
    """A symbol that is not itself: ONE character, or a RUN of them."""

    ONE = "?"
    RUN = "*"


Symbol: TypeAlias = str | Wild


def symbols(pattern: str) -> list[Symbol]:
    """The symbols of a pattern.

    >>> symbols("a*")
    ['a', <Wild.RUN: '*'>]
    """
    return [Wild(character) if character in "*?" else character for character in pattern]


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
    found = re.compile(expression(symbols(pattern)), re.DOTALL).match
    shortest = len(pattern) - len(rest)
    return lambda text: len(text) >= shortest and found(text) is not None
