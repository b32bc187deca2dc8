"""A real S3-compatible server in the place of a Bucket.

In the core the signature of an origin access control is a value: who signed. Here it becomes bytes. The request that
CloudFront would send to the bucket is signed with Signature Version 4 by botocore, for the Host that the server expects,
and goes out through a socket to the one host that the user named. Where CloudFront does not sign (no OAC, signing
behaviour `never`, or `no-override` with an Authorization that the viewer sent and the policies let through), the request
goes out as it is, and the server judges.

The path is sent as it stands, to the last `%2F`; the signature covers its canonical form, which the server works out from
what it receives. Redirects are not followed: whatever comes back is the origin's answer. A real server knows access keys,
not distributions, so which distribution may read is for its own policy to say.

Time stays simulated. An answer takes the way on the map, to the Region that the bucket stands for, and `seconds` of
thinking; how long the server really took is not counted, so the same requests make the same journeys. Only a timeout is
real: it lasts as long here as on the simulated clock. The signature carries the real time, for the server checks it
against its own clock. (IAM User Guide: reference_sigv-create-signed-request; CloudFront Developer Guide:
private-content-restricting-access-to-s3.)
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from cdnlab.bucketsettings import check_name, rest_hosts
from cdnlab.distance import place_in
from cdnlab.errors import InputError, MessageError, OriginError
from cdnlab.faults import Breakable
from cdnlab.messages import Body, Headers, Request, Response, split_url
from cdnlab.oai import Identity
from cdnlab.s3answers import S3Error, unchunked
from cdnlab.wishes import Fetch, Reply

__all__ = ["S3Endpoint"]

CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0  # as CloudFront has them unless an origin says otherwise
_OF_THE_CONNECTION = frozenset({"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"})
_OURS = frozenset({"host", "content-length", "expect"})
_OF_A_SIGNATURE = frozenset({"authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"})
_CODE = re.compile(rb"<Code>([A-Za-z.]{1,80})</Code>")
_CHUNK = 65536


class _Keys:
    """An access key, its secret, and a session token if they are temporary; it prints as none of them."""

    __slots__ = ("access", "secret", "token")

    def __init__(self, access: str, secret: str, token: str) -> None:
        self.access, self.secret, self.token = access, secret, token

    def __repr__(self) -> str:
        return "(keys, not shown)"


class S3Endpoint(Breakable):
    """The bucket `name` on the S3-compatible server at `endpoint_url` (`http://127.0.0.1:9000`), as an origin to connect.

    It answers under the names that the bucket has on AWS in `region`, so that a distribution's config needs no change;
    on the map it stands there. `access_key`, `secret_key` (and `session_token`, if the keys are temporary): what
    CloudFront's signatures are made with; they are never shown. `signing_region`: the Region in the signature, if the
    server wants another. `path_style`: whether the bucket stands in the path (`/photos/cat.jpg`) or in the Host
    (`photos.s3.example.com`); the connection goes to the named host either way. `seconds`: simulated thinking time.
    `fault`: as for a Bucket.

    Raises InputError for a URL that is none, keys that are no texts, UnknownName for the Region, APIError
    InvalidBucketName. Nothing is asked before the first request.

    >>> photos = S3Endpoint("photos", endpoint_url="http://127.0.0.1:9000", access_key="AKIDEXAMPLE", secret_key="never shown")
    >>> photos
    S3Endpoint('photos', endpoint_url='http://127.0.0.1:9000', region='us-east-1')
    >>> photos.endpoint
    'photos.s3.us-east-1.amazonaws.com'
    """

    def __init__(
        self,
        name: str,
        *,
        endpoint_url: str,
        region: str = "us-east-1",
        access_key: str,
        secret_key: str,
        session_token: str = "",
        signing_region: str = "",
        path_style: bool = True,
        seconds: float = 0.0,
    ) -> None:
        self.name, self.region = check_name(name), region
        self.place = place_in(region, f"bucket {name}", kind="origin", code=name)
        self.hosts = rest_hosts(name, region)
        self.endpoint = self.hosts[0]
        url = split_url(endpoint_url)
        if url.path != "/" or url.query is not None:
            raise InputError(f"endpoint_url {endpoint_url!r} has a path; give scheme, host and port, such as 'http://127.0.0.1:9000'")
        for word, text in (("access_key", access_key), ("secret_key", secret_key), ("session_token", session_token)):
            needed = word != "session_token"
            if not isinstance(text, str) or (needed and not text) or not text.isascii() or not text.isprintable():
                raise InputError(f"{word} must be a text of visible ASCII characters, as the server's keys are; it is not shown here")
        if not isinstance(signing_region, str) or not re.fullmatch(r"[A-Za-z0-9-]*", signing_region):
            raise InputError(f"signing_region {signing_region!r} is no name of a Region; leave it out, or write one such as 'us-east-1'")
        if not isinstance(path_style, bool):
            raise InputError(f"path_style is {path_style!r}; True: the bucket stands in the path, False: in the Host")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 1e6:
            raise InputError(f"S3Endpoint {name!r}: seconds is {seconds!r}; give the thinking time as a number of seconds, 0 or more")
        self.endpoint_url = f"{url.scheme}://{url.authority}"
        self.signing_region, self.path_style, self.seconds = signing_region or region, path_style, float(seconds)
        usual = 443 if url.scheme == "https" else 80
        self._tls, self._address = url.scheme == "https", (url.host.strip("[]"), url.port or usual)
        authority = url.host if url.port in (None, usual) else url.authority
        if not path_style and authority.startswith("["):
            raise InputError(f"endpoint_url {endpoint_url!r}: a bucket's name cannot stand before an IPv6 address; use path_style=True")
        self.server_host = authority if path_style else f"{name}.{authority}"
        self._keys = _Keys(access_key, secret_key, session_token)

    def receive(self, request: Request, at: float, signed_by: Any = None) -> Reply:
        """The server's answer to a request, with the time limits that origins have by default."""
        return self.fetch(Fetch(request, 0.0, CONNECT_SECONDS, READ_SECONDS, signed_by), at)

    def fetch(self, fetch: Fetch, at: float) -> Reply:
        """The server's answer to a Fetch, signed if CloudFront signs it, within its time limits. Raises InputError."""
        signer = fetch.signed_by
        if not isinstance(signer, Identity | None):
            raise InputError(f"signed_by is {signer!r}; give an oai.Identity or None")
        signed = signer is not None and signer.signed
        method, body = fetch.request.method, fetch.request.body
        headers = self._headers(fetch.request, signed)
        target = (f"/{self.name}" if self.path_style else "") + fetch.request.target
        how = f"signed with Signature Version 4 for {signer}" if signed else "not signed by CloudFront"
        try:
            "".join(headers.values()).encode()  # before anything is signed or sent
            if signed:
                headers, body = _unchunked(headers, body)
                headers = self._sign(method, target, headers.without(*_OF_A_SIGNATURE), body)
            response = self._send(method, target, headers, body, fetch)
        except OriginError as error:
            return Reply(error, 0.0, "S3REAL-05", str(error))
        except UnicodeError:
            return Reply(OriginError("invalid", "a header of the request has characters that cannot be written as UTF-8"), 0.0, "S3REAL-05")
        if "Range" in headers and response.status == 200 and "Content-Range" in response.headers:
            response = Response(206, response.headers, response.content)  # some servers say 200 to a part, which no cache may believe
        code = _CODE.search(response.body[:4096]) if response.status >= 400 else None
        says = f"{self.server_host} answers {response.status}{f' {code[1].decode()}' if code else ''} to a request {how}"
        return Reply(response, self.seconds, "S3REAL-01" if signed else "S3REAL-02", says)

    # --- the request

    def _headers(self, request: Request, signed: bool) -> Headers:
        """What is sent of the request's fields, with the Host that the server expects."""
        named = {each.strip().lower() for each in (request.headers.joined("Connection") or "").split(",")}
        left_out = _OURS | _OF_THE_CONNECTION | named
        kept = [(name, value) for name, value in request.headers.items() if name.lower() not in left_out]
        return Headers([("Host", self.server_host), *kept])

    def _sign(self, method: str, target: str, headers: Headers, body: bytes) -> Headers:
        """The headers with botocore's signature over Host, every x-amz-* field and the canonical form of the target."""
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        covered = [(name, value) for name, value in headers.items() if name.lower() == "host" or name.lower().startswith("x-amz-")]
        scheme = "https" if self._tls else "http"
        asked = AWSRequest(method=method, url=f"{scheme}://{self.server_host}{_canonical(target)}", data=body)
        for name in dict.fromkeys(name.lower() for name, _ in covered):
            asked.headers[name] = ",".join(headers.getall(name))
        S3SigV4Auth(Credentials(self._keys.access, self._keys.secret, self._keys.token or None), "s3", self.signing_region).add_auth(asked)
        rest = headers.without(*(name for name, _ in covered))
        return Headers([*asked.headers.items(), *rest.items()])

    # --- the wire

    def _send(self, method: str, target: str, headers: Headers, body: bytes, fetch: Fetch) -> Response:
        """One request on a connection of its own. Raises OriginError for everything that is no answer."""
        connection = self._connect(fetch.connect_timeout)
        try:
            connection.sock.settimeout(max(fetch.read_timeout, 0.001))
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value.encode())
            if body or method in ("PUT", "POST", "PATCH"):
                connection.putheader("Content-Length", str(len(body)))
            connection.putheader("Connection", "close")
            connection.endheaders(body or None)
            with connection.getresponse() as answer:
                return Response(answer.status, _answered(answer.headers), _body(answer, method))
        except TimeoutError:
            late = f"{self.server_host}: no answer within {fetch.read_timeout:g} s"
            raise OriginError("read-timeout", late, status=504, seconds=fetch.read_timeout) from None
        except MessageError as error:
            raise OriginError("invalid", f"{self.server_host} answered what is not HTTP: {error}") from None
        except (OSError, http.client.HTTPException) as error:
            raise OriginError("invalid", f"{self.server_host} closed the connection without an answer ({_named(error)})") from None
        finally:
            connection.close()

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        """A connection to the named host. Raises OriginError: dns, refused, connect-timeout or tls."""
        host, port = self._address
        connection = http.client.HTTPConnection(host, port)
        try:
            connection.sock = socket.create_connection((host, port), timeout=max(timeout, 0.001))
            if self._tls:
                name = host if self.path_style else f"{self.name}.{host}"
                connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=name)
            return connection
        except (OSError, UnicodeError) as error:
            connection.close()
            raise self._unreachable(error, timeout) from None

    def _unreachable(self, error: OSError | UnicodeError, timeout: float) -> OriginError:
        host, port = self._address
        if isinstance(error, socket.gaierror | UnicodeError):
            return OriginError("dns", f"{host} cannot be resolved")
        if isinstance(error, TimeoutError):
            return OriginError("connect-timeout", f"{host}:{port}: no connection within {timeout:g} s", status=504, seconds=timeout)
        if isinstance(error, ssl.SSLError):
            return OriginError("tls", f"{host}:{port} and cdnlab do not agree on TLS ({_named(error)})")
        return OriginError("refused", f"{host}:{port} refused the connection ({_named(error)})")

    def __repr__(self) -> str:
        return f"S3Endpoint({self.name!r}, endpoint_url={self.endpoint_url!r}, region={self.region!r})"


def _canonical(target: str) -> str:
    """A request target in the form that Signature Version 4 covers: decoded and encoded again, parameters sorted.

    >>> _canonical("/photos/a+b(1)%2fc?y=&x=a+b")
    '/photos/a%2Bb%281%29/c?x=a%20b&y='
    """
    path, mark, query = target.partition("?")
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    )
    return quote(unquote_to_bytes(path), safe="/-_.~") + mark + "&".join(f"{name}={value}" for name, value in pairs)


def _unchunked(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    """Without the chunks that the viewer's SDK signed: CloudFront's signature takes the place of the viewer's."""
    try:
        return unchunked(headers, body)
    except S3Error:
        return headers, body  # the server will say what is wrong with it


def _answered(fields: http.client.HTTPMessage) -> Headers:
    """The fields of an answer, without those of the connection. Raises MessageError."""
    if fields.defects:
        raise MessageError(f"its header has a line that is no field ({type(fields.defects[0]).__name__})")
    return Headers([(name, value) for name, value in fields.items() if name.lower() not in _OF_THE_CONNECTION])


def _body(answer: http.client.HTTPResponse, method: str) -> Body:
    """The body of an answer; failed, with what came of it, when the server broke off or fell silent."""
    length = answer.length
    pieces: list[bytes] = []
    try:
        while piece := answer.read(_CHUNK):
            pieces.append(piece)
        missing = bool(length) and sum(map(len, pieces)) < (length or 0)
    except http.client.IncompleteRead as error:
        pieces.append(error.partial)
        missing = True
    except (OSError, http.client.HTTPException):
        missing = True
    body = Body(b"".join(pieces), size=length if method != "HEAD" else None, open=True)
    if missing:
        body.fail()
    else:
        body.end()
    return body


def _named(error: Exception) -> str:
    """What kind of trouble it was, without the words of a server in it."""
    return getattr(error, "strerror", None) or type(error).__name__
