"""The viewer's response: what CloudFront takes out of an origin's answer, and what it puts in.

The work is split in two, because a copy is stored once and sent many times.

    clean_headers(headers, recipe)     once, when an answer arrives: hop-by-hop fields, Set-Cookie, Vary, S3's own ids
    compress(response, offered)        once, if the behaviour compresses: gzip or Brotli
    viewer_response(copy, request ...) each time: conditions, ranges, HEAD, Age, X-Cache, Via, X-Amz-Cf-Pop, X-Amz-Cf-Id

Everything else, Date and Server among it, reaches the viewer as the origin sent it.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from typing import Any

from cdnlab import ranges
from cdnlab.cachekey import via
from cdnlab.copies import Copy
from cdnlab.directives import http_date, parse_cache_control
from cdnlab.errorpages import https_location
from cdnlab.messages import Body, Headers, Request, Response
from cdnlab.plan import Plan
from cdnlab.recipe import Recipe

__all__ = ["COMPRESSED_TYPES", "clean_headers", "compress", "https_location", "viewer_response"]

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "upgrade"})
_REPLACED = frozenset({"age", "via", "x-amz-cf-id", "x-amz-cf-pop", "x-cache"})
_S3_IDS = frozenset({"x-amz-id-2", "x-amz-request-id"})
_DEVICES = tuple(f"CloudFront-Is-{device}-Viewer" for device in ("Android", "Desktop", "IOS", "Mobile", "SmartTV", "Tablet"))


def clean_headers(headers: Headers, recipe: Recipe, *, s3: bool = False, at: float | None = None) -> Headers:
    """An origin's headers without what never reaches a viewer; done once, when the answer arrives.

    `s3`: the origin is a bucket; `at`: when the answer arrived, seconds since the epoch, for an origin that sent no Date.
    Source: RequestAndResponseBehaviorCustomOrigin, RequestAndResponseBehaviorS3Origin.

    >>> sent = Headers({"Connection": "close, X-Debug", "X-Debug": "1", "Set-Cookie": "a=1", "Vary": "User-Agent", "ETag": '"v1"'})
    >>> clean_headers(sent, Recipe())
    Headers([('ETag', '"v1"')])
    """
    named = {each.strip(" \t").lower() for each in (headers.joined("Connection") or "").split(",")}
    chunked = "Transfer-Encoding" in headers
    gone = _HOP_BY_HOP | _REPLACED | named
    if s3:
        gone |= _S3_IDS
    if not recipe.cookies_forwarded:
        gone |= {"set-cookie"}
    if chunked:
        gone |= {"content-length", "transfer-encoding"}
    kept: list[tuple[str, str]] = []
    for name, value in headers.items():
        low = name.lower()
        if low == "vary" and low not in named:
            if all(each.lower() != "vary" for each, _ in kept) and (vary := _kept_vary(headers, recipe)):
                kept.append((name, vary))
        elif low not in gone:
            kept.append((name, value))
    if chunked:
        kept.append(("Transfer-Encoding", "chunked"))
    if at is not None and "Date" not in headers:
        kept.append(("Date", http_date(at)))
    return Headers(kept)


def _kept_vary(headers: Headers, recipe: Recipe) -> str:
    members = [each.strip(" \t") for each in (headers.joined("Vary") or "").split(",")]
    return ", ".join(each for each in members if each and _varies(each, recipe))


def _varies(name: str, recipe: Recipe) -> bool:
    low = name.lower()
    if low == "*":
        return recipe.ttls.min <= 0
    if low in ("accept-encoding", "cookie") or recipe.send_headers.takes(name) or recipe.key_headers.takes(name):
        return True
    return low == "user-agent" and any(recipe.send_headers.takes(device) or device in recipe.generated for device in _DEVICES)


# Compression


def _types(family: str, names: str) -> frozenset[str]:
    return frozenset(family + name for name in names.split())


COMPRESSED_TYPES = (  # ServingCompressedFiles: 48 media types, and no others
    _types("application/", "dash+xml eot font font-sfnt javascript json opentype otf pdf pkcs7-mime protobuf rss+xml truetype ttf")
    | _types("application/", "vnd.apple.mpegurl vnd.mapbox-vector-tile vnd.ms-fontobject wasm xhtml+xml xml x-font-opentype")
    | _types("application/", "x-font-truetype x-font-ttf x-httpd-cgi x-javascript x-mpegurl x-opentype x-otf x-perl x-ttf")
    | _types("font/", "eot opentype otf ttf")
    | _types("image/", "svg+xml")
    | _types("text/", "css csv html javascript js plain richtext tab-separated-values xml x-component x-java-source x-script")
    | _types("", "vnd.apple.mpegurl")
)
SMALLEST, LARGEST = 1_000, 10_000_000  # bytes, by Content-Length
_ETAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\U0010ffff]*")\Z')


def compress(response: Response, offered: str | None, *, version: str = "HTTP/1.1") -> Response:
    """The answer compressed, if CloudFront would; else the same answer. Done once, before the answer is stored.

    `offered`: what the cache key says of Accept-Encoding: "br,gzip", "gzip" or "br"; anything else is no offer, which is
    also right for a behaviour that does not compress. `version`: the viewer's. Source: ServingCompressedFiles.

    >>> page = Response(200, {"Content-Type": "text/html", "Content-Length": "4000", "ETag": '"v1"'}, b"<p>hello" * 500)
    >>> small = compress(page, "gzip")
    >>> small.headers["Content-Encoding"], small.headers["ETag"], len(small.body) < 100
    ('gzip', 'W/"v1"', True)
    """
    codings = (offered or "").split(",")
    coding = "br" if "br" in codings else "gzip" if "gzip" in codings else ""
    if not coding or version == "HTTP/1.0" or not _compressible(response):
        return response
    data = _brotli(response.body) if coding == "br" else gzip.compress(response.body, 6, mtime=0)
    fields: list[tuple[str, str]] = []
    for name, value in response.headers.items():
        low = name.lower()
        if low == "content-length":
            fields += [("Content-Encoding", coding), (name, str(len(data)))]
        elif low == "etag":
            if (tag := _ETAG.match(value)) and len(response.headers.getall("ETag")) == 1:
                fields.append((name, f"W/{tag[2]}"))
        elif low != "vary":
            fields.append((name, value))
    vary = [each.strip(" \t") for each in (response.headers.joined("Vary") or "").split(",") if each.strip(" \t")]
    if not {"accept-encoding", "*"} & {each.lower() for each in vary}:
        vary.append("Accept-Encoding")
    return Response(response.status, Headers([*fields, ("Vary", ", ".join(vary))]), data)


def _compressible(response: Response) -> bool:
    headers, content = response.headers, response.content
    length = headers.get("Content-Length") or ""
    media_type = (headers.get("Content-Type") or "").partition(";")[0].strip(" \t").lower()
    return (
        response.status in (200, 403, 404)
        and "Content-Encoding" not in headers
        and "Transfer-Encoding" not in headers
        and media_type in COMPRESSED_TYPES
        and length.isascii()
        and length.isdigit()
        and len(length) < 12
        and SMALLEST <= int(length) <= LARGEST
        and not content.open
        and not content.failed
        and len(content) == int(length)
    )


def _brotli(data: bytes) -> bytes:
    import brotli  # type: ignore[import-untyped]

    return bytes(brotli.compress(data, quality=5))


# The response

_X_CACHE = {word: f"{word} from cloudfront" for word in ("Hit", "Miss", "RefreshHit", "Error", "Redirect")}
_ASKS = (*ranges.CONDITIONS, "Range")
_CONTENT = ("Content-Encoding", "Content-Language", "Content-Length", "Content-Range", "Content-Type", "Transfer-Encoding")


def viewer_response(
    copy: Copy,
    request: Request,
    plan: Plan,
    *,
    x_cache: str,
    age: int | None,
    pop: str,
    request_id: str,
    cut: bool = True,
    **policy: Any,
) -> Response:
    """What the viewer gets of a copy.

    `x_cache`: CloudFront's word for how it was come by (Hit, Miss, RefreshHit, Error); `age`: whole seconds since it
    left the origin, None if it just came from there; `pop`: code of the edge (AKL50-C1); `request_id`: the X-Amz-Cf-Id;
    `cut`: False sends the whole body whatever the Range, as when the origin answered a Range with 200; `policy`: what the
    behaviour's response headers policy wants to know besides (date, timing, draw).
    """
    headers, status, content = copy.headers, copy.status, copy.content
    if age is None:
        if copy.born < copy.requested_at:
            age = int(copy.requested_at - copy.born)
    else:
        said = headers.joined("Cache-Control")
        if said is not None and (fields := parse_cache_control(said).named_fields):
            headers = headers.without(*(name for name in fields if name in headers))
    asked = request.headers
    if len(asked) and plan.recipe.caching and 200 <= status < 300 and any(name in asked for name in _ASKS):
        status, headers, content = _asked_for(copy, headers, request, request_id, cut)
    if "Content-Length" not in headers and _measured(status, headers, content, request.method):
        headers = headers.with_("Content-Length", str(len(content)))
    if request.version != "HTTP/1.1" and "Transfer-Encoding" in headers:
        headers = headers.without("Transfer-Encoding")
    if plan.response_headers is not None:
        headers = plan.response_headers.apply(headers, request, hit=age is not None, **policy)
    more = [] if age is None else [("Age", str(age))]
    word = "Error" if status >= 400 else x_cache
    more += [
        ("X-Cache", _X_CACHE.get(word) or f"{word} from cloudfront"),
        ("Via", via(request.version, pop)),
        ("X-Amz-Cf-Pop", pop),
        ("X-Amz-Cf-Id", request_id),
    ]
    return Response(status, headers.plus(more), Body() if request.method == "HEAD" else content)


def _measured(status: int, headers: Headers, content: Body, method: str) -> bool:
    """Whether the body's size may be told: it is all here, and belongs to the answer."""
    told = "Transfer-Encoding" in headers or (method == "HEAD" and not len(content))
    return not (told or content.open or status in (204, 304) or status < 200)


def _asked_for(copy: Copy, headers: Headers, request: Request, request_id: str, cut: bool) -> tuple[int, Headers, Body]:
    """Status, headers and Body for a request with conditions or ranges."""
    judged = ranges.judge(request, headers) if request.method in ("GET", "HEAD") else None
    if judged == 304:
        gone = (*_CONTENT, "Last-Modified") if "ETag" in headers else _CONTENT
        return 304, headers.without(*gone), Body()
    if judged == 412:
        return 412, headers.without(*_CONTENT), Body()
    if not cut or request.method != "GET" or "Range" not in request.headers:
        return copy.status, headers, copy.content
    if copy.part is not None:
        return _from_part(copy, headers, request)
    if copy.status != 200 or copy.content.open or copy.content.failed:
        return copy.status, headers, copy.content
    body = copy.content
    size = len(body)
    selected = ranges.select(request, headers, size)
    if isinstance(selected, ranges.Unsatisfiable):
        return 416, headers.without(*_CONTENT).with_("Content-Range", f"bytes */{size}"), Body()
    if isinstance(selected, ranges.Whole):
        return copy.status, headers, body
    if len(selected.spans) == 1:
        return _one_part(headers, bytes(body), *selected.spans[0], 0, size)
    data = bytes(body)
    boundary = _boundary(data, request_id)
    parts = ranges.multipart(data, selected.spans, headers.get("Content-Type"), boundary)
    head = headers.with_("Content-Type", f"multipart/byteranges; boundary={boundary}").with_("Content-Length", str(len(parts)))
    return 206, head, Body(parts)


def _from_part(copy: Copy, headers: Headers, request: Request) -> tuple[int, Headers, Body]:
    """What a stored part gives of a range; the part as it is when it holds something else."""
    part, span = copy.part, ranges.wanted(request.headers)
    if part is None or span is None or copy.content.open or not part.first <= span[0] < part.first + len(copy.content):
        return copy.status, headers, copy.content
    return _one_part(headers, bytes(copy.content), span[0], min(span[1], part.first + len(copy.content) - 1), part.first, part.total)


def _one_part(headers: Headers, data: bytes, first: int, last: int, start: int, total: int | None) -> tuple[int, Headers, Body]:
    """A 206 with the bytes first to last of the whole object, cut from `data`, which begins at byte `start`."""
    cut = data[first - start : last + 1 - start]
    size = "*" if total is None else total
    return 206, headers.with_("Content-Range", f"bytes {first}-{last}/{size}").with_("Content-Length", str(len(cut))), Body(cut)


def _boundary(data: bytes, request_id: str) -> str:
    """A boundary that does not occur in the data, the same for the same request."""
    boundary = hashlib.md5(request_id.encode(), usedforsecurity=False).hexdigest()
    while boundary.encode() in data:
        boundary = hashlib.md5(boundary.encode(), usedforsecurity=False).hexdigest()
    return boundary
