"""How S3 puts its answers: an object's headers, conditions and ranges, errors and listings in XML.

Nothing here knows a bucket; it turns an object and a request into a response. S3 keeps to RFC 9110 with a few ways of
its own: one range is served, several give the whole object, an entity tag is understood without its quotation marks,
and a range of an empty object is always out of range. Errors are XML with a code, a message and two ids. (S3 API
Reference: GetObject, HeadObject, ListObjects, ListObjectsV2, ErrorResponses.)
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import quote

from cdnlab import ranges
from cdnlab.clock import iso
from cdnlab.directives import http_date
from cdnlab.errors import APIError
from cdnlab.messages import Headers, Request, Response
from cdnlab.oai import Decision
from cdnlab.objects import Listing, StoredObject

__all__ = ["Ids", "S3Error", "check_key", "denied", "error_response", "listing_xml", "object_response", "unchunked", "xml"]

XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class S3Error(APIError):
    """A refusal of S3's: what APIError has, further `fields` of the XML, `headers`, the `decision` behind it and the `rule`."""

    def __init__(
        self,
        code: str,
        message: str,
        status: int,
        fields: Mapping[str, object] | None = None,
        *,
        headers: Iterable[tuple[str, str]] = (),
        decision: Decision | None = None,
        rule: str = "",
    ) -> None:
        super().__init__(code, message, status, fields)
        self.fields, self.headers, self.decision = dict(fields or {}), tuple(headers), decision
        self.rule = rule or (decision.rule if decision is not None else "")


def check_key(key: str) -> str:
    """The key, if it can be one. Raises S3Error KeyTooLongError or InvalidURI: a key is 1 to 1,024 bytes of UTF-8.

    >>> check_key("2026/cat.jpg")
    '2026/cat.jpg'
    """
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise S3Error("InvalidURI", f"Couldn't parse the specified URI: the key {key!r} is not Unicode text", 400, rule="S3-17") from None
    if not size:
        message = "Couldn't parse the specified URI: the key is empty; write a name such as 'cat.jpg'"
        raise S3Error("InvalidURI", message, 400, rule="S3-17")
    if size > 1024:
        fields = {"Size": size, "MaxSizeAllowed": 1024}
        raise S3Error("KeyTooLongError", "Your key is too long", 400, fields, rule="S3-17")
    return key


def denied(decision: Decision) -> S3Error:
    """S3's plain 403: it never says why; `decision` does."""
    return S3Error("AccessDenied", "Access Denied", 403, decision=decision)


class Ids:
    """The two ids of every answer: made from a seed and a count, so that the same requests get the same ids.

    >>> request_id, host_id = Ids("photos").next()
    >>> len(request_id), len(host_id)
    (16, 76)
    """

    def __init__(self, seed: str) -> None:
        self._seed, self._count = seed, 0

    def next(self) -> tuple[str, str]:
        """x-amz-request-id and x-amz-id-2 of the next answer."""
        self._count += 1
        digest = hashlib.sha512(f"{self._seed} request {self._count}".encode()).digest()
        return base64.b32encode(digest[:10]).decode(), base64.b64encode(digest[7:64]).decode()


def common_headers(ids: tuple[str, str], at: float) -> list[tuple[str, str]]:
    """What stands in every answer of S3's."""
    return [("x-amz-id-2", ids[1]), ("x-amz-request-id", ids[0]), ("Date", http_date(at)), ("Server", "AmazonS3")]


def xml(name: str, fields: Mapping[str, object], *, xmlns: str = "") -> str:
    """An XML element with its fields as child elements, nested mappings and lists included."""
    attribute = f' xmlns="{xmlns}"' if xmlns else ""
    return f"<{name}{attribute}>{''.join(_children(fields))}</{name}>"


def _children(fields: Mapping[str, object]) -> Iterable[str]:
    for name, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Mapping):
                yield xml(name, each)
            elif each is not None:
                text = str(each).lower() if isinstance(each, bool) else str(each)
                yield f"<{name}>{_safe(text)}</{name}>"


def _safe(text: str) -> str:
    """Text for XML 1.0; what cannot stand in it at all is written as a reference, as S3 does."""
    return "".join(each if each >= " " else f"&#x{ord(each):x};" for each in escape(text))


def xml_response(
    status: int, document: str, ids: tuple[str, str], at: float, headers: Iterable[tuple[str, str]] = (), *, head: bool = False
) -> Response:
    """An answer in XML; none of it for a HEAD."""
    body = (_DECLARATION + document).encode("utf-8", "replace")
    fields = [*common_headers(ids, at), *headers, ("Content-Type", "application/xml")]
    return Response(status, [*fields, *([] if head else [("Content-Length", str(len(body)))])], b"" if head else body)


def error_response(error: S3Error, ids: tuple[str, str], at: float, *, head: bool = False) -> Response:
    """S3's answer for an error: XML with code, message, what it is about, and the two ids."""
    fields = {"Code": error.code, "Message": error.message, **error.fields, "RequestId": ids[0], "HostId": ids[1]}
    return xml_response(error.status, xml("Error", fields), ids, at, error.headers, head=head)


def unchunked(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    """The headers and body of a PUT without the chunks that SDKs cut a body into to sign them (`aws-chunked`).

    Raises S3Error IncompleteBody when the chunks do not add up. Source: S3 API, sigv4-streaming.
    """
    if not (headers.get("x-amz-content-sha256") or "").startswith("STREAMING-"):
        return headers, body
    pieces: list[bytes] = []
    position = 0
    while match := _CHUNK.match(body, position):
        size, start = int(match[1], 16), match.end()
        if not size:
            rest = [each.strip() for each in (headers.joined("Content-Encoding") or "").split(",")]
            kept = ", ".join(each for each in rest if each and each != "aws-chunked")
            return (headers.with_("Content-Encoding", kept) if kept else headers.without("Content-Encoding")), b"".join(pieces)
        if body[start + size : start + size + 2] != b"\r\n":
            break
        pieces.append(body[start : start + size])
        position = start + size + 2
    raise S3Error("IncompleteBody", "The request body terminated unexpectedly", 400, rule="S3-19")


_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[^\r\n]*)?\r\n")


# --- one object


def object_response(
    object: StoredObject, request: Request, ids: tuple[str, str], at: float, extra: Iterable[tuple[str, str]] = (), status: int = 200
) -> Response:
    """The object as this GET or HEAD asked for it: 200, 206, or 304. Raises S3Error with 412 or 416.

    `extra`: further headers, which replace stored ones of the same name; `status`: of a website's error document.
    """
    headers = Headers(common_headers(ids, at)).plus([("Last-Modified", http_date(object.modified)), ("ETag", object.etag)])
    headers = headers.plus([*object.headers.items(), ("Accept-Ranges", "bytes")])
    for name, value in extra:
        headers = headers.with_(name, value)
    if status != 200:
        return _with_body(status, headers, object.data, request)
    judged = ranges.judge(Request("GET", request.url, _read_leniently(request.headers)), headers)
    if judged == 412:
        failed = "If-Match" if "If-Match" in request.headers else "If-Unmodified-Since"
        raise S3Error(
            "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412, {"Condition": failed}, rule="S3-14"
        )
    if judged == 304:
        return Response(
            304, headers.without("Content-Type", "Accept-Ranges", "Content-Encoding", "Content-Language", "Content-Disposition")
        )
    span = _span(request, headers, len(object.data))
    if span is None:
        return _with_body(200, headers, object.data, request)
    first, last = span
    headers = headers.plus([("Content-Range", f"bytes {first}-{last}/{len(object.data)}")])
    return _with_body(206, headers, object.data[first : last + 1], request)


def _with_body(status: int, headers: Headers, body: bytes, request: Request) -> Response:
    return Response(status, headers.plus([("Content-Length", str(len(body)))]), b"" if request.method == "HEAD" else body)


def _read_leniently(asked: Headers) -> Headers:
    """The request's conditions with quotation marks around an entity tag that came without."""
    for name in ("If-Match", "If-None-Match"):
        text = asked.get(name, "") or ""
        if text and text != "*" and not any(mark in text for mark in '", '):
            asked = asked.with_(name, f'"{text}"')
    return asked


def _span(request: Request, headers: Headers, size: int) -> tuple[int, int] | None:
    """The first and the last byte to send; None: send them all. Raises S3Error InvalidRange."""
    text = request.headers.joined("Range")
    asked = ranges.parse_range(text) if text else None
    if asked is None or len(asked) != 1 or not ranges.if_range_holds(request.headers, headers):
        return None
    chosen = ranges.select(Request("GET", request.url, request.headers), headers, size)
    if isinstance(chosen, ranges.Some):
        return chosen.spans[0]
    fields = {"RangeRequested": text, "ActualObjectSize": size}
    raise S3Error(
        "InvalidRange", "The requested range is not satisfiable", 416, fields, headers=[("Content-Range", f"bytes */{size}")], rule="S3-15"
    )


# --- a listing


def listing_xml(name: str, asked: Mapping[str, object], listing: Listing, encode: bool) -> str:
    """A page of a listing. `asked`: the elements that repeat the request; `encode`: whether keys are URL-encoded."""
    fields: dict[str, object] = {"Name": name, **asked, "IsTruncated": listing.truncated}
    fields["Contents"] = [
        {
            "Key": encoded(each.key, encode),
            "LastModified": iso(each.modified).replace("Z", ".000Z"),
            "ETag": each.etag,
            "Size": len(each.data),
            "StorageClass": each.headers.get("x-amz-storage-class", "STANDARD"),
        }
        for each in listing.objects
    ]
    fields["CommonPrefixes"] = [{"Prefix": encoded(each, encode)} for each in listing.prefixes]
    return xml("ListBucketResult", fields, xmlns=XMLNS)


def encoded(text: str, encode: bool) -> str:
    """A key as `encoding-type=url` gives it."""
    return quote(text, safe="/-_.~*") if encode else text
