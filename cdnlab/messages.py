"""Requests, responses, headers and bodies: the values that travel.

All are checked at birth, so an invalid one cannot exist, and none changes afterwards (a change makes a new value).
The one exception is a Body whose bytes are still arriving: an origin hands out head and Body together, the cache
publishes both at once, and a Body that ends too early says `failed`, so that nobody keeps it.

A request keeps its target exactly as it was received: `%2e`, `//` and an empty query are the viewer's own words, and
CloudFront's key, signatures and origin all depend on them. (RFC 9110 for fields and methods, RFC 3986 for URLs.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self, TypeAlias

from multidict import CIMultiDict

from cdnlab.errors import MessageError

__all__ = ["Body", "Headers", "Request", "Response", "Url", "split_url"]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")  # RFC 9110 section 5.6.2
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # RFC 9110 section 5.5: no CR, LF, NUL or other controls
_BAD_URL = re.compile(r"[^\x21-\x7e]")
_URL = re.compile(r"(?i:(https?))://([^/?#]*)([^?#]*)(?:\?([^#]*))?(#.*)?\Z", re.DOTALL)
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_])?\.?|\[[0-9A-Fa-f:.]+\])\Z")

HeaderSource: TypeAlias = "Headers | Mapping[str, str] | Iterable[tuple[str, str]]"


class Headers:
    """An ordered, case-insensitive multi-mapping of header fields; it never changes.

    `headers["Name"]` is the first value, `getall` every one; `with_`, `plus` and `without` make new Headers.
    Raises MessageError for a name that is not a token or a value with a line break. Source: RFC 9110 section 5.

    >>> headers = Headers([("Set-Cookie", "a=1"), ("set-cookie", "b=2")])
    >>> headers["SET-COOKIE"], headers.getall("Set-Cookie")
    ('a=1', ['a=1', 'b=2'])
    """

    __slots__ = ("_fields",)
    _fields: CIMultiDict[str]

    def __init__(self, source: HeaderSource = ()) -> None:
        if isinstance(source, Headers):
            self._fields = source._fields
            return
        try:
            pairs = list(source.items() if isinstance(source, Mapping) else source)
            for name, value in pairs:
                _check_field(name, value)
        except (TypeError, ValueError) as error:
            if isinstance(error, MessageError):
                raise
            raise MessageError(f"headers are a mapping or pairs of texts, not {source!r}") from None
        self._fields = CIMultiDict((name, value.strip(" \t")) for name, value in pairs)

    @classmethod
    def _of(cls, fields: CIMultiDict[str]) -> Self:
        new = cls.__new__(cls)
        new._fields = fields
        return new

    def __getitem__(self, name: str) -> str:
        return self._fields[name]

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first value of a field, or the default."""
        return self._fields.get(name, default)

    def getall(self, name: str) -> list[str]:
        """Every value of a field in order; an empty list when it is absent."""
        return self._fields.getall(name, [])

    def joined(self, name: str) -> str | None:
        """All values of a list-valued field as one, separated by `, ` (RFC 9110 section 5.2); None when absent."""
        values = self._fields.getall(name, None)
        return None if values is None else ", ".join(values)

    def __contains__(self, name: object) -> bool:
        return name in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._fields)

    def keys(self) -> Iterable[str]:
        """The names, each once."""
        return dict.fromkeys(self._fields)

    def values(self) -> Iterable[str]:
        """The values, one for each field line."""
        return self._fields.values()

    def items(self) -> Iterable[tuple[str, str]]:
        """(name, value) for each field line, in order."""
        return self._fields.items()

    def with_(self, name: str, value: str) -> Headers:
        """The same headers with this field set to one value, in its old place if it had one."""
        _check_field(name, value)
        fields = self._fields.copy()
        fields[name] = value
        return Headers._of(fields)

    def plus(self, pairs: Iterable[tuple[str, str]]) -> Headers:
        """The same headers with these field lines added at the end."""
        fields = self._fields.copy()
        for name, value in pairs:
            _check_field(name, value)
            fields.add(name, value)
        return Headers._of(fields)

    def without(self, *names: str) -> Headers:
        """The same headers without these fields."""
        fields = self._fields.copy()
        for name in names:
            fields.popall(name, None)
        return Headers._of(fields)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Headers):
            return [(n.lower(), v) for n, v in self.items()] == [(n.lower(), v) for n, v in other.items()]
        if isinstance(other, Mapping):
            return self == Headers(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(tuple((name.lower(), value) for name, value in self.items()))

    def __repr__(self) -> str:
        return f"Headers({list(self._fields.items())!r})"


def _check_field(name: Any, value: Any) -> None:
    if not isinstance(name, str) or not _TOKEN.match(name):
        raise MessageError(f"header name {name!r} is not a token; letters, digits and hyphens work, such as 'Cache-Control'")
    if not isinstance(value, str):
        raise MessageError(f"header {name}: the value is {value!r}; write it as text")
    if _BAD_VALUE.search(value):
        raise MessageError(f"header {name}: the value {value!r} has a control character or a line break; remove it")


@dataclass(frozen=True, slots=True)
class Url:
    """The parts of an absolute http(s) URL; `target` (path and query) is exactly as written."""

    scheme: str
    host: str
    port: int | None
    path: str
    query: str | None

    @property
    def target(self) -> str:
        """Path and query, as they stand in the request line."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @property
    def authority(self) -> str:
        """Host, with the port when one was written."""
        return self.host if self.port is None else f"{self.host}:{self.port}"


def split_url(url: str) -> Url:
    """The parts of an absolute http or https URL, nothing decoded. Raises MessageError. Source: RFC 3986.

    >>> split_url("https://D.example/a%20b?").target
    '/a%20b?'
    """
    if not isinstance(url, str):
        raise MessageError(f"a URL is a text such as 'https://host/path', not {url!r}")
    return _split_url(url)


@lru_cache(maxsize=4096)
def _split_url(url: str) -> Url:
    if bad := _BAD_URL.search(url):
        raise MessageError(f"URL {_short(url)}: character {bad[0]!r} at position {bad.start()} cannot stand in a URL; percent-encode it")
    match = _URL.match(url)
    if not match:
        raise MessageError(f"URL {_short(url)}: it must be absolute and start with http:// or https://")
    scheme, authority, path, query, fragment = match.groups()
    if fragment is not None:
        raise MessageError(f"URL {_short(url)}: the part {fragment!r} never leaves a browser; leave it out")
    host, port = authority, None
    if "@" in authority:
        raise MessageError(f"URL {_short(url)}: a user name does not belong in it; send it in an Authorization header")
    if (colon := authority.rfind(":")) > authority.rfind("]"):
        host, digits = authority[:colon], authority[colon + 1 :]
        if not (digits.isascii() and digits.isdigit() and 0 < int(digits[:6]) < 65536):
            raise MessageError(f"URL {_short(url)}: port {digits!r} is not a number from 1 to 65535")
        port = int(digits)
    if not _HOST.match(host):
        raise MessageError(f"URL {_short(url)}: host {host!r} is not a host name; write one such as 'd111.cloudfront.net'")
    return Url(scheme.lower(), host.lower(), port, path or "/", query)


def _short(url: str) -> str:
    return repr(url if len(url) <= 80 else url[:77] + "...")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: `method`, absolute `url`, `headers`, `body` (bytes), `version` ("HTTP/1.1").

    The target is kept exactly as received. Raises MessageError for what HTTP does not allow. Source: RFC 9110.

    >>> request = Request("GET", "https://d111.cloudfront.net/cat.jpg?v=1")
    >>> request.host, request.path, request.query
    ('d111.cloudfront.net', '/cat.jpg', 'v=1')
    """

    method: str
    url: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    version: str = "HTTP/1.1"
    parts: Url = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.method, str) or not _TOKEN.match(self.method):
            raise MessageError(f"method {self.method!r} is not a token; GET, HEAD, POST ... work")
        if self.version not in ("HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/3.0"):
            raise MessageError(f"version {self.version!r} is not HTTP/1.0, HTTP/1.1, HTTP/2.0 or HTTP/3.0")
        if not isinstance(self.headers, Headers):
            object.__setattr__(self, "headers", Headers(self.headers))
        object.__setattr__(self, "body", _checked_bytes("request", self.body))
        object.__setattr__(self, "parts", split_url(self.url))

    @property
    def scheme(self) -> str:
        """http or https."""
        return self.parts.scheme

    @property
    def host(self) -> str:
        """The URL's host, in lower case, without a port."""
        return self.parts.host

    @property
    def path(self) -> str:
        """The raw path, nothing decoded."""
        return self.parts.path

    @property
    def query(self) -> str | None:
        """The raw query; None when the URL has no `?`, "" when nothing follows it."""
        return self.parts.query

    @property
    def target(self) -> str:
        """Path and query as they stand in the request line."""
        return self.parts.target


def _checked_bytes(where: str, body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, bytearray | memoryview):
        return bytes(body)
    hint = f"; encode it: {body[:20]!r}.encode()" if isinstance(body, str) else ""
    raise MessageError(f"{where} body is {type(body).__name__}, not bytes{hint}")


class Body:
    """The bytes of a response, perhaps still arriving.

    `size`: bytes announced by Content-Length, None if the origin did not say. A Body is `open` until `end` or `fail`;
    it has `failed` when it ended short of its size. `when_done(f)` calls f(body) once it is over.

    >>> body = Body(b"half", size=8)
    >>> body.failed, bytes(body)
    (True, b'half')
    """

    __slots__ = ("_chunks", "_waiting", "failed", "open", "size")

    def __init__(self, data: bytes = b"", *, size: int | None = None, open: bool = False) -> None:
        self._chunks: list[bytes] = [data] if data else []
        self._waiting: list[Callable[[Body], object]] = []
        self.size = size
        self.open = True
        self.failed = False
        if not open:
            self.end()

    def feed(self, chunk: bytes) -> None:
        """More bytes have arrived."""
        self._chunks.append(chunk)

    def end(self) -> None:
        """No more bytes will come. The Body has failed if fewer came than announced."""
        self._finish(self.size is not None and len(self) < self.size)

    def fail(self) -> None:
        """The origin went away in the middle."""
        self._finish(True)

    def _finish(self, failed: bool) -> None:
        if not self.open:
            return
        self.open, self.failed = False, failed
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call(self)

    def when_done(self, call: Callable[[Body], object]) -> None:
        """Call this with the Body once it is over; at once if it is already."""
        if self.open:
            self._waiting.append(call)
        else:
            call(self)

    def __bytes__(self) -> bytes:
        if len(self._chunks) != 1:
            self._chunks = [b"".join(self._chunks)]
        return self._chunks[0]

    def __len__(self) -> int:
        return sum(map(len, self._chunks))

    def __repr__(self) -> str:
        state = "arriving" if self.open else "failed" if self.failed else "complete"
        return f"Body({len(self)} of {self.size if self.size is not None else len(self)} bytes, {state})"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response: `status`, `headers`, `body` (bytes; `content` is the Body they arrive in).

    Raises MessageError for what HTTP does not allow. Source: RFC 9110.

    >>> Response(200, {"Content-Type": "text/plain"}, b"hello").body
    b'hello'
    """

    status: int
    headers: Headers = field(default_factory=Headers)
    content: Body = field(default_factory=Body)

    def __init__(self, status: int, headers: HeaderSource = (), body: bytes | Body = b"") -> None:
        if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 599:
            raise MessageError(f"status {status!r} is not a whole number from 100 to 599")
        object.__setattr__(self, "status", status)
        object.__setattr__(self, "headers", headers if isinstance(headers, Headers) else Headers(headers))
        object.__setattr__(self, "content", body if isinstance(body, Body) else Body(_checked_bytes("response", body)))

    @property
    def body(self) -> bytes:
        """The bytes that have arrived so far; all of them unless the Body is still open."""
        return bytes(self.content)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Response):
            return NotImplemented
        return (self.status, self.headers, self.body) == (other.status, other.headers, other.body)

    def __hash__(self) -> int:
        return hash((self.status, self.headers, self.body))

    def __repr__(self) -> str:
        return f"Response({self.status}, {dict(self.headers.items())!r}, {self.content!r})"
