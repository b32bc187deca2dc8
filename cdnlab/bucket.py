# ruff: noqa: N803 (arguments have the names that boto3 gives them)
"""A bucket: an S3 that answers CloudFront, not an S3.

Three doors lead to the same objects. The owner's door has boto3's calls (`put_object` ...). The REST endpoint answers
whoever asks by HTTP, as far as the bucket policy lets them. The website endpoint shows what everybody may see, with
index documents and HTML errors. `answer` takes a request at the moment it arrives and tells, beside the response, which
decision lay behind it. What cdnlab does not model of S3, it refuses by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from cdnlab.bucketrest import Answered, Asked, RestEndpoint, host_of, key_of
from cdnlab.clock import Clock, seconds_since_epoch
from cdnlab.errors import APIError, InputError, OriginError
from cdnlab.faults import Breakable
from cdnlab.messages import Headers, Request, Response
from cdnlab.oai import ANONYMOUS, OWNER, Decision, Identity
from cdnlab.objects import StoredObject
from cdnlab.s3answers import Ids, S3Error, check_key, encoded, error_response
from cdnlab.s3calls import StreamingBody, boto3_call, headers_of, metadata_of, object_answer
from cdnlab.website import website_error, website_response
from cdnlab.wishes import Reply

__all__ = ["Answered", "Bucket"]


class Bucket(Breakable, RestEndpoint):
    """A bucket of this name in an AWS Region. Its methods in snake case are boto3's calls; they act as the owner.

    `clock`: what time it is for `put_object` (connecting the bucket to a CloudFront gives it that one's clock);
    `seconds`: how long it thinks about an answer; `created`: epoch seconds or ISO text, if the bucket is to be so new that its
    global name still redirects for a day; `fault`: None, or what is wrong with it (as for WebServer). Raises APIError
    InvalidBucketName, UnknownName for the Region.

    >>> photos = Bucket("photos", region="eu-north-1")
    >>> photos.put_object(Key="cat.jpg", Body=b"meow", ContentType="image/jpeg")["ETag"]
    '"4a4be40c96ac6314e91d93f38043a634"'
    >>> photos.answer(Request("GET", f"https://{photos.endpoint}/cat.jpg"), at=0.0).decision.why
    'there is no bucket policy, so nobody allows an anonymous caller s3:GetObject on arn:aws:s3:::photos/cat.jpg'
    """

    def __init__(
        self,
        name: str,
        region: str = "us-east-1",
        clock: Clock | None = None,
        *,
        account: str = "111122223333",
        seconds: float = 0.0,
        created: str | float | datetime | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(name, region, clock, account, seed)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 1e6:
            raise InputError(f"Bucket {name!r}: seconds is {seconds!r}; give the thinking time as a number of seconds, 0 or more")
        self.seconds, self.created = float(seconds), None if created is None else seconds_since_epoch(created)
        self._ids = Ids(f"{seed} {name}")

    # --- the doors for everybody

    def answer(self, request: Request, at: float, identity: Identity | None = None, *, source_ip: str | None = None) -> Answered:
        """The answer to a request that arrives at this moment (seconds since the epoch), and the decision behind it.

        The request's URL picks the endpoint: one of `rest_hosts` or `website_hosts`. `identity`: who signed it, None for
        nobody; `source_ip`: where it comes from, if the policy is to know. Raises OriginError when nobody listens: a
        website endpoint knows no HTTPS.
        """
        asked = Asked.of(request, identity or ANONYMOUS, at, source_ip, self._ids.next())
        self.accept(at)
        if request.host in self.website_hosts:
            return self._answer_as_website(asked)
        try:
            answered = self.rest(asked)
        except S3Error as error:
            response = error_response(error, asked.ids, at, head=request.method == "HEAD")
            answered = Answered(response, _decision(error))
        return answered._replace(response=self.with_cors(asked, answered.response))

    def _answer_as_website(self, asked: Asked) -> Answered:
        request, at = asked.request, asked.at
        if request.scheme == "https":
            raise OriginError(
                "connect-timeout", f"{request.host} does not speak HTTPS: use http-only as origin protocol policy", status=504
            )
        anonymous = asked._replace(identity=ANONYMOUS, query={})
        decisions: list[Decision] = []

        def read(key: str) -> StoredObject:
            try:
                found, decision = self.readable(anonymous, check_key(key))
            except S3Error as error:
                decisions.append(_decision(error))
                raise
            decisions.append(decision)
            return found

        try:
            if (host := host_of(request)) not in self.website_hosts:
                raise S3Error("NoSuchBucket", "The specified bucket does not exist", 404, {"BucketName": host}, rule="S3-20")
            response = website_response(self._website, self.name, request, key_of(request), read, asked.ids, at)
        except S3Error as error:
            return Answered(website_error(error, request, asked.ids, at), _decision(error))
        first = decisions[0] if decisions else Decision(response.status < 400, None, "the website configuration answers by itself", "S3-45")
        return Answered(self.with_cors(asked, response), first)

    def receive(self, request: Request, at: float, signed_by: Any = None) -> Reply:
        """The bucket as CloudFront's origin: the answer, and which decision lay behind it."""
        if not isinstance(signed_by, Identity | None):
            raise InputError(f"signed_by is {signed_by!r}; give an oai.Identity or None")
        try:
            response, decision = self.answer(request, at, signed_by)
        except OriginError as error:
            return Reply(error, self.seconds, "S3-40", str(error))
        rule = {304: "S3-14", 206: "S3-15"}.get(response.status, decision.rule)
        return Reply(response, self.seconds, rule, f"answers {response.status}: {decision.why}")

    # --- the owner's door

    def _call(self, method: str, key: str, headers: Headers, query: Mapping[str, Any] | None = None, body: bytes = b"") -> Response:
        """One request of the owner's, now. Raises S3Error."""
        given = {name: str(value) for name, value in (query or {}).items() if value is not None}
        target = quote(key, safe="/-_.~") + (f"?{urlencode(given)}" if given else "")
        at = self.now()
        self.accept(at)
        request = Request(method, f"https://{self.endpoint}/{target}", headers, body)
        return self.rest(Asked.of(request, OWNER, at, None, self._ids.next())).response

    @boto3_call
    def put_object(
        self,
        *,
        Key: str,
        Body: Any = b"",
        ACL: str | None = None,
        CacheControl: str | None = None,
        ContentDisposition: str | None = None,
        ContentEncoding: str | None = None,
        ContentLanguage: str | None = None,
        ContentLength: int | None = None,
        ContentMD5: str | None = None,
        ContentType: str | None = None,
        Expires: datetime | str | float | None = None,
        GrantFullControl: str | None = None,
        GrantRead: str | None = None,
        GrantReadACP: str | None = None,
        GrantWriteACP: str | None = None,
        IfMatch: str | None = None,
        IfNoneMatch: str | None = None,
        Metadata: Mapping[str, str] | None = None,
        SSEKMSKeyId: str | None = None,
        ServerSideEncryption: str | None = None,
        StorageClass: str | None = None,
        WebsiteRedirectLocation: str | None = None,
    ) -> dict[str, Any]:
        """Put an object: `Body` is bytes, a text (UTF-8) or a file. Answers with ETag. Raises APIError, InputError."""
        body = _bytes_of(Body)
        if ContentLength is not None and ContentLength != len(body):
            raise InputError(f"ContentLength is {ContentLength!r}, but Body has {len(body)} bytes; leave it out")
        given = {
            **{"ACL": ACL, "CacheControl": CacheControl, "ContentDisposition": ContentDisposition, "ContentEncoding": ContentEncoding},
            **{"ContentLanguage": ContentLanguage, "ContentMD5": ContentMD5, "ContentType": ContentType, "Expires": Expires},
            **{"GrantFullControl": GrantFullControl, "GrantRead": GrantRead, "GrantReadACP": GrantReadACP, "GrantWriteACP": GrantWriteACP},
            **{"IfMatch": IfMatch, "IfNoneMatch": IfNoneMatch, "ServerSideEncryption": ServerSideEncryption},
            **{"SSEKMSKeyId": SSEKMSKeyId, "StorageClass": StorageClass, "WebsiteRedirectLocation": WebsiteRedirectLocation},
        }
        response = self._call("PUT", _key(Key), headers_of(given, Metadata), body=body)
        told = object_answer(response)
        names = ("ResponseMetadata", "ETag", "ServerSideEncryption", "SSEKMSKeyId")
        return {name: told[name] for name in names if name in told} | _versions(response)

    @boto3_call
    def get_object(
        self,
        *,
        Key: str,
        IfMatch: str | None = None,
        IfModifiedSince: datetime | str | float | None = None,
        IfNoneMatch: str | None = None,
        IfUnmodifiedSince: datetime | str | float | None = None,
        Range: str | None = None,
        VersionId: str | None = None,
    ) -> dict[str, Any]:
        """The object, its bytes in `Body.read()`. Raises APIError NoSuchKey, PreconditionFailed, InvalidRange, 304."""
        given = {"IfMatch": IfMatch, "IfModifiedSince": IfModifiedSince, "IfNoneMatch": IfNoneMatch, "IfUnmodifiedSince": IfUnmodifiedSince}
        response = self._call("GET", _key(Key), headers_of({**given, "Range": Range}), {"versionId": VersionId})
        return object_answer(_changed(response)) | {"Body": StreamingBody(response.body)}

    @boto3_call
    def head_object(
        self,
        *,
        Key: str,
        IfMatch: str | None = None,
        IfModifiedSince: datetime | str | float | None = None,
        IfNoneMatch: str | None = None,
        IfUnmodifiedSince: datetime | str | float | None = None,
        Range: str | None = None,
        VersionId: str | None = None,
    ) -> dict[str, Any]:
        """What get_object says, without the bytes. Raises APIError; a HEAD has no body, so its code is only the status (404)."""
        given = {"IfMatch": IfMatch, "IfModifiedSince": IfModifiedSince, "IfNoneMatch": IfNoneMatch, "IfUnmodifiedSince": IfUnmodifiedSince}
        try:
            return object_answer(_changed(self._call("HEAD", _key(Key), headers_of({**given, "Range": Range}), {"versionId": VersionId})))
        except S3Error as error:
            raise APIError(str(error.status), HTTPStatus(error.status).phrase, error.status) from None

    @boto3_call
    def delete_object(self, *, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        """Delete an object, or with versioning put a delete marker; no matter if there is none."""
        response = self._call("DELETE", _key(Key), Headers(), {"versionId": VersionId})
        return {"ResponseMetadata": metadata_of(response)} | _versions(response)

    @boto3_call
    def list_objects_v2(
        self,
        *,
        ContinuationToken: str | None = None,
        Delimiter: str | None = None,
        EncodingType: str | None = None,
        MaxKeys: int | None = None,
        Prefix: str | None = None,
        StartAfter: str | None = None,
    ) -> dict[str, Any]:
        """One page of the listing: `Contents`, `CommonPrefixes`, and `NextContinuationToken` while `IsTruncated`. Raises APIError."""
        given = {"continuation-token": ContinuationToken, "delimiter": Delimiter, "encoding-type": EncodingType, "prefix": Prefix}
        given |= {"max-keys": MaxKeys if MaxKeys is None else str(MaxKeys), "start-after": StartAfter}
        _check_texts(given)
        self.accept(self.now())
        page, fields, encode = self.listing({name: value for name, value in given.items() if value is not None} | {"list-type": "2"})
        answer = self._done(Name=self.name, IsTruncated=page.truncated)
        answer |= {name: value for name, value in fields.items() if value is not None}
        if page.objects:
            answer["Contents"] = [self._entry(each, encode) for each in page.objects]
        if page.prefixes:
            answer["CommonPrefixes"] = [{"Prefix": encoded(each, encode)} for each in page.prefixes]
        return answer

    @boto3_call
    def list_object_versions(self, *, Prefix: str = "") -> dict[str, Any]:
        """Every version and delete marker under a prefix, newest first for each key, on one page."""
        _check_texts({"Prefix": Prefix})
        self.accept(self.now())
        found = [(each, latest) for each, latest in self.objects.versions() if each.key.startswith(Prefix)]
        marks = {"Versions": False, "DeleteMarkers": True}
        lists = {name: [self._version(*each) for each in found if each[0].deleted is deleted] for name, deleted in marks.items()}
        return self._done(Name=self.name, Prefix=Prefix, IsTruncated=False) | {name: each for name, each in lists.items() if each}

    @boto3_call
    def head_bucket(self) -> dict[str, Any]:
        """That the bucket exists, and its Region."""
        return self._done(BucketRegion=self.region)

    @boto3_call
    def get_bucket_location(self) -> dict[str, Any]:
        """The bucket's Region; None stands for us-east-1."""
        return self._done(LocationConstraint=None if self.region == "us-east-1" else self.region)

    def _entry(self, object: StoredObject, encode: bool) -> dict[str, Any]:
        modified = datetime.fromtimestamp(object.modified, UTC)
        entry = {"Key": encoded(object.key, encode), "LastModified": modified, "ETag": object.etag, "Size": len(object.data)}
        return entry | {"StorageClass": object.headers.get("x-amz-storage-class", "STANDARD")}

    def _version(self, object: StoredObject, latest: bool) -> dict[str, Any]:
        names = ("Key", "LastModified") if object.deleted else ("Key", "LastModified", "ETag", "Size", "StorageClass")
        entry = self._entry(object, False)
        return {name: entry[name] for name in names} | {"VersionId": object.version, "IsLatest": latest}

    def __repr__(self) -> str:
        return f"Bucket({self.name!r}, region={self.region!r}, {len(self.objects)} objects)"


def _decision(error: S3Error) -> Decision:
    """The decision behind a refusal; where no policy was asked, S3's own words."""
    if error.decision is not None:
        return error.decision
    return Decision(False, None, f"{error.code}: {error.message}", error.rule or "S3-16")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise InputError(f"Key is {key!r}; write a text such as 'cat.jpg'")
    return check_key(key)


def _check_texts(given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            raise InputError(f"{name} is {value!r}; write a text")


def _bytes_of(body: Any) -> bytes:
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        try:
            return body.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"Body: character {error.start} cannot be written as UTF-8; give bytes") from None
    if not isinstance(body, bytes | bytearray | memoryview):
        raise InputError(f"Body is {type(body).__name__}; give bytes, a text or an open file")
    return bytes(body)


def _changed(response: Response) -> Response:
    """The response, unless it says that nothing has changed: boto3 raises that as an error."""
    if response.status == 304:
        raise APIError("304", "Not Modified", 304)
    return response


def _versions(response: Response) -> dict[str, Any]:
    headers = response.headers
    found = {"VersionId": headers["x-amz-version-id"]} if "x-amz-version-id" in headers else {}
    return found | ({"DeleteMarker": True} if "x-amz-delete-marker" in headers else {})
