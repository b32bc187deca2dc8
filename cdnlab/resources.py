"""The Resource of a signed policy: which URLs it opens.

A Resource is a URL with wildcards, cut into four sections, and a wildcard stays within its own:

    https  ://  d111.cloudfront.net  /videos/*  ? quality=*
    protocol    domain               path         query

There are four ways out of a section. A `*` at the end of the path covers any query, too. A `*` at the end of the domain,
with nothing behind it, covers path and query. A pattern that begins with `*` and names no protocol means any protocol. And
a lone `*` means everything.

The `?` that begins the query may be written as `?` or as `\\?`, because AWS's guide has recommended both. A plain `?` is
also the wildcard for one character. cdnlab reads the first one as the beginning of the query when the request has a
query, and as a wildcard when it has none (our choice). Within the query `\\?` is a question mark and nothing else.
(Source: private-content-creating-signed-url-custom-policy.)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from cdnlab.wildcards import Symbol, matcher, matcher_of, symbols

__all__ = ["Address", "Section", "covers", "sections"]

_PROTOCOL = re.compile(r"([A-Za-z0-9+.\-*?]*)://")


class Address(NamedTuple):
    """A request's URL as a signature sees it: the signing parameters are gone, and so is a port that goes without saying.

    `query`: None when the URL has no parameter of its own.

    >>> str(Address("https", "d111.cloudfront.net", "/cat.jpg", "size=large"))
    'https://d111.cloudfront.net/cat.jpg?size=large'
    """

    scheme: str
    domain: str
    path: str
    query: str | None

    def __str__(self) -> str:
        base = f"{self.scheme}://{self.domain}{self.path}"
        return base if self.query is None else f"{base}?{self.query}"


class Section(NamedTuple):
    """One section of a Resource beside the same of a request: its `name`, the `pattern`, what was `found`, whether it `fits`."""

    name: str
    pattern: str
    found: str
    fits: bool

    def __str__(self) -> str:
        return f"{self.name} {self.found or '(none)'} {'fits' if self.fits else 'does not fit'} {self.pattern or '(none)'}"


class _Cut(NamedTuple):
    """A pattern, cut: None for a section that may be anything."""

    scheme: str | None
    domain: str | None
    path: str | None
    query: str | None


def _cut(pattern: str, has_query: bool) -> _Cut | None:
    """The sections of a pattern, as a request with or without a query makes it read; "" for no query. None: it is no URL."""
    if not pattern.strip("*"):
        return _Cut(None, None, None, None) if pattern else None
    found = _PROTOCOL.match(pattern)
    if not found and not pattern.startswith("*"):
        return None
    scheme, rest = (found[1], pattern[found.end() :]) if found else (None, pattern)
    domain, slash, path = rest.partition("/")
    if not slash:
        return _Cut(scheme, domain, None, None) if domain.endswith("*") else _Cut(scheme, domain, "/", "")
    path, query = _split_query(slash + path, has_query)
    return _Cut(scheme, domain, path, None if query == "" and path.endswith("*") else query)


def _split_query(text: str, has_query: bool) -> tuple[str, str]:
    path, escaped, query = text.partition("\\?")
    if not escaped and has_query:
        path, _, query = text.partition("?")
    return path, query


_Test = Callable[[str], object]


@lru_cache(maxsize=4096)
def _tests(pattern: str, has_query: bool) -> tuple[_Test, _Test, _Test, _Test] | None:
    cut = _cut(pattern, has_query)
    if cut is None:
        return None
    # host names and schemes have no case (RFC 3986 section 3)
    texts = (cut.scheme and cut.scheme.lower(), cut.domain and cut.domain.lower(), cut.path)
    scheme, domain, path = (_anything if text is None else matcher(text) for text in texts)
    if cut.query is None or "\\?" not in cut.query:
        return scheme, domain, path, _anything if cut.query is None else matcher(cut.query)
    pieces: list[Symbol] = []
    for number, piece in enumerate(cut.query.split("\\?")):
        pieces += ["?", *symbols(piece)] if number else symbols(piece)
    return scheme, domain, path, matcher_of(pieces)


def _anything(text: str) -> bool:
    return True


def covers(pattern: str, address: Address) -> bool:
    """Whether a Resource opens this address.

    >>> address = Address("https", "d111.cloudfront.net", "/dir/a.jpg", "any=thing")
    >>> covers("https://d111.cloudfront.net/dir/*", address), covers("https://d111.cloudfront.net/*.jpg", address)
    (True, False)
    """
    if "?" not in pattern and "\\" not in pattern:
        # the two commonest kinds, without cutting: no wildcard at all, and one `*` at the end of the path
        star = pattern.find("*")
        if star < 0 or (star == len(pattern) - 1 and pattern.count("/") > 2):
            url = str(address)
            if url == pattern or (star > 0 and url.startswith(pattern[:-1])):
                return True
    scheme, domain, path, query = address
    tests = _tests(pattern, query is not None)
    if tests is None:
        return False
    return bool(tests[2](path) and tests[3](query or "") and tests[1](domain) and tests[0](scheme))


def sections(pattern: str, address: Address) -> tuple[Section, ...]:
    """The same comparison for people: each section of a Resource beside the request's. () when the pattern is no URL.

    >>> found = sections("http://d111.cloudfront.net/a*", Address("https", "d111.cloudfront.net", "/b", None))
    >>> [each.name for each in found if not each.fits]
    ['protocol', 'path']
    """
    cut, tests = _cut(pattern, address.query is not None), _tests(pattern, address.query is not None)
    if cut is None or tests is None:
        return ()
    found = (address.scheme, address.domain, address.path, address.query or "")
    return tuple(
        Section(name, "*" if text is None else text, has, bool(test(has)))
        for name, text, has, test in zip(("protocol", "domain", "path", "query"), cut, found, tests, strict=True)
    )
