"""Path patterns: which behaviour answers for a path.

    *   any number of characters, also none, also `/`
    ?   exactly one character

A leading `/` is implied, case counts, the query string does not. Before matching, CloudFront normalises the path as
RFC 3986 says; the cache key and the origin still see the raw path. The first matching behaviour of the list wins, so
a matcher holds all patterns of a distribution as one regular expression, and remembers the paths it has seen: seventy-five
behaviours cost what one costs.

How a wildcard is found, also a hostile one, is told in `wildcards.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from cdnlab.wildcards import expression, symbols

__all__ = ["PathMatcher", "covers", "matches", "normalised", "overlap"]

_MEMO, _MEMO_LENGTH = 8192, 512  # paths remembered, and the longest of them
_ESCAPED_UNRESERVED = re.compile(r"%(?:2[DdEe]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe])")
_SLASHES = re.compile(r"//+")
_DOTS = re.compile(r"/\.{1,2}(?:/|\Z)")


def normalised(path: str) -> str:
    """The path as patterns see it: unreserved characters decoded, `//` and dot segments collapsed; `%2F` stays.

    Source: RFC 3986 sections 5.2.4 and 6.2.2; that `//` collapses first is cdnlab's choice (rule ROUTE-05).

    >>> normalised("/%70ics//./b/%2e%2e/cat%2Fdog.jpg")
    '/pics/cat%2Fdog.jpg'
    """
    if "%" in path:
        path = _ESCAPED_UNRESERVED.sub(lambda found: chr(int(found[0][1:], 16)), path)
    if "//" in path:
        path = _SLASHES.sub("/", path)
    if not _DOTS.search(path):
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            if kept:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _with_slash(pattern: str) -> str:
    return pattern if pattern.startswith("/") else "/" + pattern


def _regex(pattern: str) -> str:
    return expression(symbols(_with_slash(pattern)))


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_regex(pattern), re.DOTALL)


def matches(pattern: str, path: str) -> bool:
    """Whether a path pattern matches a raw path.

    >>> matches("images/*.jpg", "/images/a/b.jpg"), matches("*.jpg", "/LOGO.JPG"), matches("*.doc?", "/a.doc")
    (True, False, False)
    """
    return _compiled(pattern).match(normalised(path)) is not None


class PathMatcher:
    """Finds the first of many patterns that matches a raw path.

    `patterns`: in the order of the config. `number(path)` is the position of the first that matches, or
    `len(patterns)` when none does.

    >>> PathMatcher(["images/private/*", "images/*"]).number("/images/cat.jpg")
    1
    """

    __slots__ = ("_memo", "_none", "_search")

    def __init__(self, patterns: Sequence[str]) -> None:
        self._none = len(patterns)
        self._memo: dict[str, int] = {}
        self._search = re.compile("|".join(f"{_regex(each)}()" for each in patterns), re.DOTALL).match if patterns else None

    def number(self, path: str) -> int:
        """The position of the first pattern that matches."""
        number = self._memo.get(path)
        if number is None:
            number = self._none
            if self._search and (found := self._search(normalised(path))):
                number = (found.lastindex or 0) - 1
            if len(path) <= _MEMO_LENGTH:
                if len(self._memo) >= _MEMO:
                    self._memo.clear()
                self._memo[path] = number
        return number


def covers(wide: str, narrow: str) -> bool:
    """Whether every path that `narrow` matches is certainly matched by `wide` too. False also means: cannot tell.

    >>> covers("images/*", "/images/private/*"), covers("*.jpg", "images/*")
    (True, False)
    """
    # `narrow` is read as a text in which `?` and `*` are symbols of their own: only a `?` or `*` of `wide` may take
    # its `?`, and only a `*` of `wide` its `*`. Runs of wildcards are sorted, so that `*?` and `?*` are the same.
    text, pattern = (re.sub(r"[*?]{2,}", _sorted_run, _with_slash(each)) for each in (narrow, wide))
    reach = {0}
    for symbol in pattern:
        if symbol == "*":
            reach = set(range(min(reach), len(text) + 1))
        elif symbol == "?":
            reach = {at + 1 for at in reach if at < len(text) and text[at] != "*"}
        else:
            reach = {at + 1 for at in reach if at < len(text) and text[at] == symbol}
        if not reach:
            return False
    return len(text) in reach


def _sorted_run(run: re.Match[str]) -> str:
    return "?" * run[0].count("?") + "*" * ("*" in run[0])


def overlap(one: str, other: str) -> bool:
    """Whether some path is matched by both patterns.

    >>> overlap("*.jpg", "private/*"), overlap("*.jpg", "*.png")
    (True, False)
    """
    left, right = _with_slash(one), _with_slash(other)
    # reach[j]: after `i` symbols of left, some text fits them and the first `j` symbols of right
    reach = [all(symbol == "*" for symbol in right[:j]) for j in range(len(right) + 1)]
    for symbol in left:
        before, reach = reach, [reach[0] and symbol == "*"]
        for j, other_symbol in enumerate(right):
            if symbol == "*" or other_symbol == "*":
                fits = before[j + 1] or reach[j] or before[j]
            else:
                fits = before[j] and ("?" in (symbol, other_symbol) or symbol == other_symbol)
            reach.append(fits)
    return reach[-1]
