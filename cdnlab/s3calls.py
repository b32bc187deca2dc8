"""A bucket's calls in boto3's shape: keyword arguments, checked configurations, streaming bodies.

What is learned on a Bucket has to run on AWS, so its methods have boto3's names, arguments and answers. boto3 takes
`Bucket=` in every call; here the object is the bucket, so it may be left out. An argument that S3 has and cdnlab does
not model is refused like a misspelt one: nothing is ignored.
"""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from cdnlab.clock import seconds_since_epoch
from cdnlab.directives import http_date, parse_http_date
from cdnlab.errors import InputError
from cdnlab.messages import Headers, Response
from cdnlab.s3answers import S3Error

__all__ = ["StreamingBody", "boto3_call", "header_value", "headers_of", "invalid", "known", "object_answer", "text"]

P = ParamSpec("P")
R = TypeVar("R")
B = TypeVar("B")

HEADER_OF = {
    "ACL": "x-amz-acl",
    "CacheControl": "Cache-Control",
    "ContentDisposition": "Content-Disposition",
    "ContentEncoding": "Content-Encoding",
    "ContentLanguage": "Content-Language",
    "ContentMD5": "Content-MD5",
    "ContentType": "Content-Type",
    "Expires": "Expires",
    "GrantFullControl": "x-amz-grant-full-control",
    "GrantRead": "x-amz-grant-read",
    "GrantReadACP": "x-amz-grant-read-acp",
    "GrantWrite": "x-amz-grant-write",
    "GrantWriteACP": "x-amz-grant-write-acp",
    "IfMatch": "If-Match",
    "IfModifiedSince": "If-Modified-Since",
    "IfNoneMatch": "If-None-Match",
    "IfUnmodifiedSince": "If-Unmodified-Since",
    "Range": "Range",
    "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "StorageClass": "x-amz-storage-class",
    "WebsiteRedirectLocation": "x-amz-website-redirect-location",
}
"""boto3's name of an argument or answer, and the header that carries it."""


def boto3_call(method: Callable[Concatenate[B, P], R]) -> Callable[Concatenate[B, P], R]:
    """Make a method take keyword arguments only, `Bucket=` among them, and name what it does not know (InputError)."""
    parameters = [each for each in inspect.signature(method).parameters.values() if each.name != "self"]
    legal = [each.name for each in parameters]
    needed = [each.name for each in parameters if each.default is inspect.Parameter.empty]

    @wraps(method)
    def checked(self: Any, *args: Any, **given: Any) -> R:
        name = method.__name__
        if args:
            raise InputError(f"{name}() only accepts keyword arguments: {', '.join(legal) or 'none'}")
        bucket = given.pop("Bucket", None)
        if bucket is not None and bucket != self.name:
            raise S3Error("NoSuchBucket", f"The specified bucket does not exist: this one is {self.name!r}", 404, {"BucketName": bucket})
        for argument in given:
            if argument not in legal:
                close = get_close_matches(argument, legal, n=1)
                hint = f"did you mean {close[0]}?" if close else f"it takes {', '.join(legal) or 'no arguments'}"
                raise InputError(f"{name}() has no argument {argument!r} here; {hint}")
        for argument in needed:
            if argument not in given:
                raise InputError(f"{name}() needs {argument}=; it takes {', '.join(legal)}")
        version = given.get("VersionId")
        if version is not None and not (isinstance(version, str) and version.isascii()):
            raise InputError(f"VersionId={version!r} is no version id; take one from put_object's answer or list_object_versions()")
        return cast("Callable[..., R]", method)(self, **given)

    return cast("Callable[Concatenate[B, P], R]", checked)


def header_value(name: str, value: Any) -> str:
    """An argument as the text of its header; times may be datetimes, ISO texts or HTTP dates. Raises InputError."""
    if name in ("Expires", "IfModifiedSince", "IfUnmodifiedSince") and not (isinstance(value, str) and parse_http_date(value) is not None):
        try:
            return http_date(seconds_since_epoch(value))
        except InputError:
            if name == "Expires" and isinstance(value, str):
                return value  # S3 keeps any text as Expires; what a cache makes of it is the cache's business
            raise InputError(f"{name}={value!r} is no time; give a datetime, '2026-01-01T00:00:00Z' or an HTTP date") from None
    if not isinstance(value, str) or not value.isascii():
        raise InputError(f"{name}={value!r} is not a text of ASCII characters, as a header needs")
    return value


def headers_of(arguments: Mapping[str, Any], metadata: Any = None) -> Headers:
    """The headers that carry these arguments; what is None was not given. `metadata`: names and values of x-amz-meta-*."""
    pairs = [(HEADER_OF[name], header_value(name, value)) for name, value in arguments.items() if value is not None]
    if not isinstance(metadata, Mapping | None):
        raise InputError(f"Metadata={metadata!r} is not a mapping of names to texts")
    for name, value in (metadata or {}).items():
        pairs.append((f"x-amz-meta-{str(name).lower()}", header_value(f"Metadata[{name!r}]", value)))
    return Headers(pairs)


class StreamingBody(io.BytesIO):
    """The `Body` of an answer: `read()`, `iter_chunks()`, `iter_lines()`, as boto3's has.

    >>> StreamingBody(b"meow").read(2)
    b'me'
    """

    def iter_chunks(self, chunk_size: int = 1024) -> Iterator[bytes]:
        """The rest of the body in chunks of this many bytes."""
        while chunk := self.read(chunk_size):
            yield chunk

    def iter_lines(self) -> Iterator[bytes]:
        """The rest of the body line by line, without line ends."""
        yield from self.read().splitlines()


def object_answer(response: Response) -> dict[str, Any]:
    """The answer of get_object or head_object, without Body: boto3's names for what the headers say."""
    headers = response.headers
    answer: dict[str, Any] = {"ResponseMetadata": metadata_of(response)}
    times = {"LastModified": "Last-Modified", "Expires": "Expires"}
    texts = {name: field for name, field in HEADER_OF.items() if name not in ("Expires", "Range") and not name.startswith("If")} | {
        "AcceptRanges": "Accept-Ranges",
        "ContentRange": "Content-Range",
        "ETag": "ETag",
        "ReplicationStatus": "x-amz-replication-status",
        "VersionId": "x-amz-version-id",
    }
    for name, field in times.items():
        seconds = parse_http_date(headers.get(field))
        if seconds is not None:
            answer[name] = datetime.fromtimestamp(seconds, UTC)
        elif field in headers:
            answer["ExpiresString"] = headers[field]
    answer |= {name: headers[field] for name, field in texts.items() if field in headers}
    if "Content-Length" in headers:
        answer["ContentLength"] = int(headers["Content-Length"])
    start = "x-amz-meta-"
    return answer | {"Metadata": {name[len(start) :]: value for name, value in headers.items() if name.lower().startswith(start)}}


def metadata_of(response: Response) -> dict[str, Any]:
    """The ResponseMetadata of an answer."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    ids = {"RequestId": headers.get("x-amz-request-id", ""), "HostId": headers.get("x-amz-id-2", "")}
    return {**ids, "HTTPStatusCode": response.status, "HTTPHeaders": headers, "RetryAttempts": 0}


# --- configurations


def known(path: str, value: Any, *names: str) -> None:
    """Refuse what is not a mapping of these names. Raises S3Error InvalidArgument."""
    if not isinstance(value, Mapping):
        raise invalid(path, value, f"write a mapping with {', '.join(names)}")
    for name in value:
        if name not in names:
            raise invalid(f"{path}.{name}", value[name], f"cdnlab knows here: {', '.join(names)}")


def text(path: str, value: Any) -> str:
    """A text that is not empty. Raises S3Error InvalidArgument."""
    if not isinstance(value, str) or not value:
        raise invalid(path, value, "write a text that is not empty")
    return value


def invalid(path: str, found: object, legal: str, code: str = "InvalidArgument") -> S3Error:
    """The refusal of a configuration: the place, what stands there, what would work."""
    return S3Error(code, f"{path} is {found!r:.100}; {legal}", 400, {"ArgumentName": path})
