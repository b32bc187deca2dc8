"""What a viewer asks of a copy beyond "send it": conditions and ranges.

A condition asks for the answer only if it has changed (304 otherwise), or only if it has not (412 otherwise). A range
asks for some of the bytes (206), which may be more than there are (416). Both are read strictly; what cannot be read
is as if it had not been sent, and the viewer gets the whole answer. (RFC 9110 sections 8.8.3, 13 and 14.)

    judge(request, headers)            304, 412 or None: what the request's conditions make of this answer
    select(request, headers, size)     Whole, Some or Unsatisfiable: the bytes that the request is to get
    wanted(headers)                    the one range that a cache may ask of whoever stands above it
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

from cdnlab.directives import parse_http_date
from cdnlab.messages import Headers, Request

__all__ = [
    "CONDITIONS",
    "Selected",
    "Some",
    "Unsatisfiable",
    "Whole",
    "entity_tags",
    "if_range_holds",
    "judge",
    "multipart",
    "parse_content_range",
    "parse_range",
    "select",
    "wanted",
]

CONDITIONS = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range")

_TAG = r'(W/)?"([\x21\x23-\x7e\x80-\U0010ffff]*)"'  # RFC 9110 section 8.8.3: no spaces, no quotation marks; W is a capital
_ENTITY_TAG = re.compile(_TAG + r"\Z")
_TAG_IN_LIST = re.compile(rf"[ \t,]*{_TAG}[ \t]*(?=,|\Z)")
_RANGE_SPEC = re.compile(r"(?:(\d+)-(\d*)|-(\d+))\Z", re.ASCII)
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)\Z", re.ASCII | re.IGNORECASE)
_ENDLESS = 10**18  # any position beyond this is simply beyond the end


# Conditions


def entity_tags(text: str) -> list[tuple[bool, str]] | None:
    """The members of a list of entity tags, each as (weak, opaque text); None when the list breaks the grammar.

    >>> entity_tags('W/"a", "b,c"'), entity_tags("abc")
    ([(True, 'a'), (False, 'b,c')], None)
    """
    tags: list[tuple[bool, str]] = []
    position = 0
    while match := _TAG_IN_LIST.match(text, position):
        tags.append((match[1] is not None, match[2]))
        position = match.end()
    return tags if tags and not text[position:].strip(" \t,") else None


def judge(request: Request, headers: Headers) -> Literal[304, 412] | None:
    """What the request's conditions make of a 2xx answer with these headers: 304, 412, or None (send it).

    In the order of RFC 9110 section 13.2.2: If-Match, else If-Unmodified-Since; then If-None-Match, else
    If-Modified-Since. Conditions that cannot be read count as absent, but an If-Match that cannot be read fails.

    >>> judge(Request("GET", "https://d.example/", Headers({"If-None-Match": 'W/"v1"'})), Headers({"ETag": '"v1"'}))
    304
    """
    asked = request.headers
    reads = request.method in ("GET", "HEAD")
    if (text := asked.joined("If-Match")) is not None:
        if not _matches(text, headers, strong=True):
            return 412
    elif (limit := _date(asked, "If-Unmodified-Since")) is not None:
        changed = _date(headers, "Last-Modified")
        if changed is not None and changed > limit:
            return 412
    if (text := asked.joined("If-None-Match")) is not None:
        if _matches(text, headers, strong=False):
            return 304 if reads else 412
    elif reads and (limit := _date(asked, "If-Modified-Since")) is not None:
        changed = _date(headers, "Last-Modified")
        if changed is not None and changed <= limit:
            return 304
    return None


def _date(headers: Headers, name: str) -> float | None:
    values = headers.getall(name)
    return parse_http_date(values[0]) if len(values) == 1 else None


def _matches(text: str, headers: Headers, *, strong: bool) -> bool:
    """Whether the answer's entity tag is in the list; `*` stands for any answer at all (RFC 9110 section 8.8.3.2)."""
    if text.strip(" \t") == "*":
        return True
    own, listed = _ENTITY_TAG.match(headers.get("ETag") or ""), entity_tags(text)
    if own is None or listed is None:
        return False
    if strong:
        return own[1] is None and (False, own[2]) in listed
    return any(opaque == own[2] for _, opaque in listed)


# Ranges

Span: TypeAlias = "tuple[int, int]"  # first and last byte, both included


class Whole(NamedTuple):
    """The viewer gets the whole body; `why` a range was not heeded, "" when there was none."""

    why: str = ""


class Some(NamedTuple):
    """The viewer gets these parts of the body, in ascending order."""

    spans: tuple[Span, ...]


class Unsatisfiable(NamedTuple):
    """The viewer asked for one range that begins after the end."""


Selected: TypeAlias = Whole | Some | Unsatisfiable


def parse_range(text: str) -> tuple[tuple[int | None, int | None], ...] | None:
    """The ranges of a Range field as written: (first, last), (first, None) for an open one, (None, n) for the last n bytes.

    None when the field breaks the grammar, or counts in something else than bytes. Source: RFC 9110 section 14.1.

    >>> parse_range("bytes=0-99, 500-, -20"), parse_range("bytes=9-3")
    (((0, 99), (500, None), (None, 20)), None)
    """
    unit, equals, listed = text.partition("=")
    if not equals or unit.lower() != "bytes":
        return None
    spans: list[tuple[int | None, int | None]] = []
    for number, member in enumerate(listed.split(",")):
        member = member.strip(" \t") if number else member.rstrip(" \t")
        if not member:
            continue
        match = _RANGE_SPEC.match(member)
        if match is None:
            return None
        first, last, suffix = match.groups()
        if suffix is not None:
            spans.append((None, _position(suffix)))
        elif not last:
            spans.append((_position(first), None))
        elif _position(first) <= _position(last):
            spans.append((_position(first), _position(last)))
        else:
            return None
    return tuple(spans) or None


def _position(digits: str) -> int:
    digits = digits.lstrip("0")
    return _ENDLESS if len(digits) > 18 else int(digits or "0")


def _resolved(span: tuple[int | None, int | None], size: int) -> Span | None:
    """The bytes that a range means in a body of this size; None when it has none of them."""
    first, last = span
    if first is None:
        assert last is not None  # noqa: S101 (parse_range never makes (None, None))
        return (max(0, size - last), size - 1) if last and size else None
    return (first, size - 1 if last is None else min(last, size - 1)) if first < size else None


def select(request: Request, headers: Headers, size: int) -> Selected:
    """Which bytes of a 200 answer with these headers and this size (bytes) the request is to get.

    One range is served, or unsatisfiable. Several are served if they ascend, do not overlap and are all valid. In all
    other cases, and when the origin sent the body in chunks, the viewer gets the whole body. Source: RangeGETs.

    >>> select(Request("GET", "https://d.example/", Headers({"Range": "bytes=-20"})), Headers(), 100)
    Some(spans=((80, 99),))
    """
    text = request.headers.joined("Range")
    if text is None or request.method != "GET":
        return Whole()
    asked = parse_range(text)
    if asked is None:
        return Whole(f"Range: {text} cannot be read")
    if "Transfer-Encoding" in headers:
        return Whole("the origin sent the body in chunks")
    if not if_range_holds(request.headers, headers):
        return Whole("If-Range names another version")
    found = [_resolved(span, size) for span in asked]
    spans = [span for span in found if span is not None]
    if len(found) == 1 and not spans:
        # An empty body has no last bytes, and yet the range is satisfiable (RFC 9110 section 14.1.2): send the empty body.
        return Whole("the body is empty") if size == 0 and asked[0][0] is None and asked[0][1] else Unsatisfiable()
    if len(spans) < len(found):
        return Whole("not all of the ranges are valid")
    if any(later[0] <= earlier[1] for earlier, later in pairwise(spans)):
        return Whole("the ranges overlap or do not ascend")
    return Some(tuple(spans))


def if_range_holds(asked: Headers, headers: Headers) -> bool:
    """Whether a Range counts, as far as If-Range goes: no If-Range, the same strong entity tag, or the same date exactly.

    >>> if_range_holds(Headers({"If-Range": 'W/"v1"'}), Headers({"ETag": 'W/"v1"'}))
    False
    """
    values = asked.getall("If-Range")
    if not values:
        return True
    if len(values) > 1:
        return False
    tag = _ENTITY_TAG.match(values[0])
    if tag:
        own = _ENTITY_TAG.match(headers.get("ETag") or "")
        return own is not None and tag[1] is None and own[1] is None and tag[2] == own[2]
    date = _date(asked, "If-Range")
    return date is not None and date == _date(headers, "Last-Modified")


def wanted(headers: Headers, method: str = "GET") -> Span | None:
    """The one range, with both ends, that a cache may ask of whoever stands above it; None: ask for the whole object.

    Open, suffix and several ranges, and those with If-Range, are cut from the whole (CloudFront may ask for more than the viewer did).

    >>> wanted(Headers({"Range": "bytes=0-99"})), wanted(Headers({"Range": "bytes=500-"}))
    ((0, 99), None)
    """
    text = headers.joined("Range")
    if text is None or method != "GET" or "If-Range" in headers:
        return None
    asked = parse_range(text)
    if asked is None or len(asked) != 1:
        return None
    first, last = asked[0]
    return None if first is None or last is None or last >= _ENDLESS else (first, last)


def parse_content_range(text: str | None) -> tuple[int, int, int | None] | None:
    """(first, last, size of the whole object or None) of a 206's Content-Range; None for anything else.

    >>> parse_content_range("bytes 0-99/1234"), parse_content_range("bytes 9-3/1234")
    ((0, 99, 1234), None)
    """
    match = _CONTENT_RANGE.match(text or "")
    if match is None:
        return None
    first, last = _position(match[1]), _position(match[2])
    total = None if match[3] == "*" else _position(match[3])
    return (first, last, total) if first <= last and (total is None or last < total) else None


def multipart(body: bytes, spans: tuple[Span, ...], content_type: str | None, boundary: str) -> bytes:
    """The body of a multipart/byteranges answer: each part with its own Content-Range (RFC 9110 section 14.6).

    `boundary`: must not occur in the body.

    >>> multipart(b"abcdef", ((0, 1), (4, 5)), "text/plain", "cut").count(b"Content-Range: bytes ")
    2
    """
    parts: list[bytes] = []
    for first, last in spans:
        kind = f"Content-Type: {content_type}\r\n" if content_type else ""
        head = f"\r\n--{boundary}\r\n{kind}Content-Range: bytes {first}-{last}/{len(body)}\r\n\r\n"
        parts += [head.encode("utf-8", "surrogateescape"), body[first : last + 1]]
    return b"".join([*parts, f"\r\n--{boundary}--\r\n".encode()])
