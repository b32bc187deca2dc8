"""What a request is made of, as the cache key reads it: codings, cookies and query parameters.

Three things a viewer sends have a structure that the key cares about. Accept-Encoding is reduced to gzip and br, because
its many spellings mean the same few things. Cookies are single name-value pairs, sorted by name. A query string is a
list of parameters between `&`; nothing in it is decoded, and its order stays.
"""

from __future__ import annotations

import re
from functools import lru_cache

from cdnlab.messages import Headers
from cdnlab.recipe import Recipe, Selection
from cdnlab.tokens import COOKIE

__all__ = ["accepted_coding", "chosen_query", "cookies_of", "cookies_text", "encoding_part", "kept_cookies", "parameters", "signs"]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_ZERO = re.compile(r"q\s*=\s*0(\.0*)?\Z")  # RFC 9110 section 12.4.2: a weight of 0 means "not acceptable"

Cookies = tuple[tuple[str, str], ...]


@lru_cache(maxsize=1024)
def accepted_coding(value: str, gzip: bool, brotli: bool) -> str | None:
    """Accept-Encoding reduced to what may be cached: "br,gzip", "br", "gzip", or None when the viewer offers neither.

    A coding with weight 0 is not offered, and `*` names no coding. Source: cache-key-understand-cache-policy.

    >>> accepted_coding("br;q=1.0, gzip;q=0.8, *;q=0.1", True, True)
    'br,gzip'
    """
    offered = set()
    for element in value.lower().split(","):
        coding, *weights = (part.strip() for part in element.split(";"))
        if not any(_ZERO.match(weight) for weight in weights):
            offered.add(coding)
    return ",".join(coding for coding, on in (("br", brotli), ("gzip", gzip)) if on and coding in offered) or None


def cookies_of(headers: Headers) -> Cookies | None:
    """The viewer's cookies in order, all Cookie lines together; () without any, None when they are malformed.

    Malformed is a part that is not name=value, or whose name is not a token (rule KEY-20).

    >>> cookies_of(Headers([("Cookie", "b=2; a=1"), ("Cookie", "c=3")]))
    (('b', '2'), ('a', '1'), ('c', '3'))
    """
    lines = headers.getall("Cookie")
    return _parsed("; ".join(lines)) if lines else ()


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Cookies | None:
    pairs = []
    for part in text.split(";"):
        name, equals, value = part.strip(" \t").partition("=")
        if not (name or equals):
            continue
        if not equals or not _TOKEN.match(name):
            return None
        pairs.append((name, value))
    return tuple(pairs)


def signs(name: str) -> bool:
    """Whether a cookie is one of CloudFront's own, which carry a signature."""
    return name.startswith(COOKIE)


def kept_cookies(cookies: Cookies | None, takes: Selection) -> Cookies:
    """The cookies that a Selection takes, sorted by name; never `$Version` and the like, nor CloudFront's own.

    >>> kept_cookies((("b", "2"), ("$Version", "1"), ("a", "1")), Selection("all", kind="cookie"))
    (('a', '1'), ('b', '2'))
    """
    if not cookies or takes.mode == "none":
        return ()
    return tuple(
        sorted((pair for pair in cookies if not pair[0].startswith("$") and not signs(pair[0]) and takes.takes(pair[0])), key=_by_name)
    )


def _by_name(pair: tuple[str, str]) -> str:
    return pair[0]


def cookies_text(cookies: Cookies) -> str:
    """Cookies as one Cookie header.

    >>> cookies_text((("a", "1"), ("b", "2")))
    'a=1; b=2'
    """
    return "; ".join(f"{name}={value}" for name, value in cookies)


def parameters(query: str | None) -> list[tuple[str, str]]:
    """(name, the parameter as written) for everything between two `&`; only `&` separates, nothing is decoded.

    >>> parameters("color=red;size=l&flag")
    [('color', 'color=red;size=l'), ('flag', 'flag')]
    """
    return [] if query is None else [(part.partition("=")[0], part) for part in query.split("&")]


def chosen_query(query: str | None, takes: Selection) -> str | None:
    """The part of a query that a Selection takes, in the viewer's order; None when nothing is left.

    >>> chosen_query("b=2&x=9&a=1", Selection("some", ("a", "b")))
    'b=2&a=1'
    """
    if query is None or takes.mode == "none":
        return None
    if takes.mode == "all":
        return query
    kept = [part for name, part in parameters(query) if takes.takes(name)]
    return "&".join(kept) if kept else None


def encoding_part(recipe: Recipe, headers: Headers) -> str | None:
    """The normalised Accept-Encoding of a request under a recipe; None when the recipe does not normalise it."""
    if not (recipe.gzip or recipe.brotli):
        return None
    value = headers.joined("Accept-Encoding")
    return None if value is None else accepted_coding(value, recipe.gzip, recipe.brotli)
