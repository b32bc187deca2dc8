"""The REST endpoint of a bucket: HTTP requests in, S3's answers out, as far as the policy lets the caller.

The order of S3's questions is what makes its answers surprising. First, may you do this? Only then, is it there? So a
caller who may read but not list gets 403 for a missing key, not 404: S3 does not tell what is not in a bucket to those
who may not see what is. (S3 API Reference: GetObject, HeadObject, PutObject, DeleteObject, ListObjects, ListObjectsV2;
S3 User Guide: VirtualHosting.)
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote_to_bytes

from cdnlab.bucketsettings import DEFAULT_REGIONS, FIRST_REGIONS
from cdnlab.cors import cors_headers, preflight_headers
from cdnlab.encryption import SSE, Encryption
from cdnlab.messages import Headers, Request, Response
from cdnlab.oai import Decision, Identity
from cdnlab.objects import Listing, StoredObject
from cdnlab.replication import status_of
from cdnlab.s3answers import (
    XMLNS,
    S3Error,
    check_key,
    common_headers,
    denied,
    encoded,
    listing_xml,
    object_response,
    unchunked,
    xml_response,
)

__all__ = ["Answered", "Asked", "RestEndpoint"]

STORED = ("Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires")
STORED_AMZ = ("x-amz-website-redirect-location", "x-amz-storage-class")
STORAGE_CLASSES = ("STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR")  # those that can be read at once
NOT_MODELLED = (
    *("x-amz-copy-source", "x-amz-tagging", "x-amz-server-side-encryption-customer-algorithm", "x-amz-server-side-encryption-context"),
    "x-amz-object-lock-mode",
)
OVERRIDES = tuple(f"response-{name.lower()}" for name in STORED)
DAY = 86_400.0
# What `?name` of an object or of the bucket is called in an action.
OF_OBJECT = {"acl": "Acl", "tagging": "Tagging", "torrent": "Torrent", "retention": "Retention", "legal-hold": "LegalHold"}
OF_BUCKET = {
    "accelerate": "AccelerateConfiguration",
    "acl": "BucketAcl",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "notification": "BucketNotification",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}


class Answered(NamedTuple):
    """What became of a request: the `response`, and the `decision` behind it."""

    response: Response
    decision: Decision


class Asked(NamedTuple):
    """A request that arrived: who sent it, at which moment, from where, and the ids of its answer."""

    request: Request
    identity: Identity
    at: float
    source_ip: str | None
    ids: tuple[str, str]
    query: Mapping[str, str]

    @classmethod
    def of(cls, request: Request, identity: Identity, at: float, source_ip: str | None, ids: tuple[str, str]) -> Asked:
        """With the query string read; what S3 does not know in it, it ignores."""
        return cls(request, identity, at, source_ip, ids, dict(parse_qsl(request.query or "", keep_blank_values=True, errors="replace")))


def key_of(request: Request) -> str:
    """The key that a path means: percent-decoded, and `+` is a space, as S3 reads it. Raises S3Error InvalidURI."""
    raw = request.path[1:].replace("+", "%20")
    try:
        if re.search("%(?![0-9A-Fa-f]{2})", raw):
            raise ValueError(raw)
        key = unquote_to_bytes(raw).decode()
    except ValueError:
        raise S3Error("InvalidURI", "Couldn't parse the specified URI.", 400, {"URI": request.path}, rule="S3-17") from None
    return check_key(key) if key else ""


def host_of(request: Request) -> str:
    """The host that a request names: its Host header, else its URL's; without a port."""
    return (request.headers.get("Host") or request.host).rsplit(":", 1)[0].lower()


class RestEndpoint(Encryption):
    """The part of a Bucket that answers at `<bucket>.s3.<region>.amazonaws.com`.

    `created`: seconds since the epoch, if the bucket is new.
    """

    created: float | None

    def _decide(self, asked: Asked, action: str, key: str | None, **more: Any) -> Decision:
        return self.decide(action, key, asked.request, asked.identity, asked.at, asked.source_ip, **more)

    def _allow(self, asked: Asked, action: str, key: str | None, **more: Any) -> Decision:
        decision = self._decide(asked, action, key, **more)
        if not decision:
            raise denied(decision)
        return decision

    def rest(self, asked: Asked) -> Answered:
        """The REST endpoint's answer. Raises S3Error for every refusal."""
        self._check_host(asked)
        self._check_signature(asked)
        method, key = asked.request.method, key_of(asked.request)
        if method == "OPTIONS":
            return self._preflight(asked, key)
        if method in ("GET", "HEAD"):
            answered = self._get(asked, key) if key else self._get_bucket(asked)
        elif method == "PUT" and key:
            answered = self._put(asked, key)
        elif method == "DELETE" and key:
            answered = self._delete(asked, key)
        elif method in ("PUT", "DELETE"):
            decision = self._allow(asked, "s3:CreateBucket" if method == "PUT" else "s3:DeleteBucket", None)
            raise _not_implemented(f"{method} of a whole bucket", decision)
        elif method == "POST" and (asked.request.headers.get("Content-Type") or "").lower().startswith("multipart/form-data"):
            raise _not_implemented("POST of a form", self._allow(asked, "s3:PutObject", key or None))
        else:
            allow = [("Allow", "HEAD, DELETE, GET, PUT" if key else "HEAD, GET")]
            fields = {"Method": method, "ResourceType": "OBJECT" if key else "BUCKET"}
            message = "The specified method is not allowed against this resource."
            raise S3Error("MethodNotAllowed", message, 405, fields, headers=allow, rule="S3-18")
        return answered

    # --- before anything else

    def _check_host(self, asked: Asked) -> None:
        host = host_of(asked.request)
        if host not in self.rest_hosts:
            if asked.identity.signed:
                message = (
                    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
                )
                raise S3Error("SignatureDoesNotMatch", message, 403, {"CanonicalRequestHost": host}, rule="S3-20")
            raise S3Error("NoSuchBucket", "The specified bucket does not exist", 404, {"BucketName": host}, rule="S3-20")
        if host != self.global_endpoint or self.region == "us-east-1":
            return
        if self.region not in DEFAULT_REGIONS:
            message = f"The {self.region} location constraint is incompatible for the region specific endpoint this request was sent to."
            raise S3Error("IllegalLocationConstraintException", message, 400, rule="S3-21")
        if self.created is not None and asked.at < self.created + DAY:
            message = (
                "Please re-send this request to the specified temporary endpoint. "
                "Continue to use the original request endpoint for future requests."
            )
            location = f"{asked.request.scheme}://{self.endpoint}{asked.request.target}"
            fields = {"Endpoint": self.endpoint, "Bucket": self.name}
            raise S3Error("TemporaryRedirect", message, 307, fields, headers=[("Location", location)], rule="S3-22")

    def _check_signature(self, asked: Asked) -> None:
        sent = asked.request.headers.get("Authorization")
        if asked.query.keys() & {"X-Amz-Algorithm", "AWSAccessKeyId"}:
            if asked.identity.signed or sent is not None:
                message = (
                    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the "
                    "Authorization header should be specified"
                )
                raise S3Error("InvalidArgument", message, 400, {"ArgumentName": "Authorization"}, rule="S3-70")
            raise S3Error("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403, rule="S3-70")
        if asked.identity.signed or sent is None:
            return
        if sent.startswith(("AWS ", "AWS4-HMAC-SHA256 ", "AWS4-ECDSA-P256-SHA256 ")):
            message = "The AWS Access Key Id you provided does not exist in our records."
            raise S3Error("InvalidAccessKeyId", message, 403, rule="S3-23")
        fields = {"ArgumentName": "Authorization", "ArgumentValue": sent}
        raise S3Error("InvalidArgument", "Unsupported Authorization Type", 400, fields, rule="S3-23")

    # --- one object

    def readable(self, asked: Asked, key: str) -> tuple[StoredObject, Decision]:
        """The object that the request asks for, if the caller may read it. Raises S3Error: 403, 404 or 405."""
        version = asked.query.get("versionId")
        extra = {"s3_VersionId": version} if version else {}
        decision = self._allow(asked, "s3:GetObjectVersion" if version else "s3:GetObject", key, **extra)
        found = self.objects.find(key, version)
        if found is not None and not found.deleted:
            return found, decision
        may_list = self._decide(asked, "s3:ListBucket", None)
        if not may_list:
            why = f"there is no {key!r}, and S3 tells so only to callers who may list the bucket: {may_list.why}"
            raise denied(replace(may_list, why=why, rule="S3-11"))
        told = replace(may_list, why=f"there is no {key!r}, and the caller may know: {may_list.why}", rule="S3-10")
        marker = [] if found is None else [("x-amz-delete-marker", "true"), ("x-amz-version-id", found.version)]
        if version and found is not None:
            fields = {"Method": asked.request.method, "ResourceType": "DeleteMarker"}
            message = "The specified method is not allowed against this resource."
            raise S3Error("MethodNotAllowed", message, 405, fields, headers=[*marker, ("Allow", "DELETE")], decision=told, rule="S3-26")
        if version:
            fields = {"Key": key, "VersionId": version}
            raise S3Error("NoSuchVersion", "The specified version does not exist.", 404, fields, decision=told)
        raise S3Error("NoSuchKey", "The specified key does not exist.", 404, {"Key": key}, headers=marker, decision=told)

    def _get(self, asked: Asked, key: str) -> Answered:
        for name in asked.query.keys() & OF_OBJECT.keys():
            raise _not_implemented(f"?{name}", self._allow(asked, f"s3:GetObject{OF_OBJECT[name]}", key))
        found, decision = self.readable(asked, key)
        self.check_decrypt(found, asked.identity)
        overrides = {name.removeprefix("response-"): asked.query[name] for name in OVERRIDES if name in asked.query}
        if overrides and not asked.identity.signed:
            message = "Request specific response headers cannot be used for anonymous GET requests."
            raise S3Error("InvalidRequest", message, 400, rule="S3-25")
        extra = [*self._version_headers(found, asked.at), *((name.title(), value) for name, value in overrides.items())]
        return Answered(object_response(found, asked.request, asked.ids, asked.at, extra), decision)

    def _version_headers(self, object: StoredObject, at: float) -> list[tuple[str, str]]:
        headers = [] if SSE in object.headers else [(SSE, "AES256")]
        if self.objects.versioning:
            headers.append(("x-amz-version-id", object.version))
        status = "REPLICA" if object.replica else status_of(self.sendings.get(object.version, []), at)
        return [*headers, ("x-amz-replication-status", status)] if status else headers

    def _put(self, asked: Asked, key: str) -> Answered:
        headers = asked.request.headers
        if asked.identity.kind == "oai" and self.region not in FIRST_REGIONS and "x-amz-content-sha256" not in headers:
            message = "Missing required header for this request: x-amz-content-sha256"
            raise S3Error("InvalidRequest", message, 400, rule="OAI-08")
        decision = self._allow(asked, "s3:PutObject", key)
        headers, body = unchunked(headers, asked.request.body)
        self._check_put(headers, body, key)
        kept = [(name, headers[name]) for name in STORED if name in headers]
        kept += [
            (name.lower(), value) for name, value in headers.items() if name.lower() in STORED_AMZ or name.lower().startswith("x-amz-meta-")
        ]
        kept = kept if "Content-Type" in headers else [*kept, ("Content-Type", "binary/octet-stream")]
        made = self.owned(StoredObject(key, body, asked.at // 1, Headers(kept)), headers, asked.identity)
        made = self.encrypted(made, headers, asked.identity)
        stored = self.objects.put(replace(made, version=self.objects.next_version()))
        self.replicate(stored, asked.at)
        fields = [
            *common_headers(asked.ids, asked.at),
            ("ETag", stored.etag),
            *((name, value) for name, value in stored.headers.items() if name.startswith(SSE)),
            *self._version_headers(stored, asked.at),
            ("Content-Length", "0"),
        ]
        return Answered(Response(200, fields), decision)

    def _check_put(self, headers: Headers, body: bytes, key: str) -> None:
        for name in NOT_MODELLED:
            if name in headers:
                raise _not_implemented(name, None)
        if headers.get("x-amz-storage-class", "STANDARD") not in STORAGE_CLASSES:
            raise S3Error(
                "InvalidStorageClass", f"The storage class you specified is not valid; {', '.join(STORAGE_CLASSES)} work here", 400
            )
        target = headers.get("x-amz-website-redirect-location")
        if target is not None and not target.startswith(("/", "http://", "https://")):
            message = "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."
            raise S3Error("InvalidRedirectLocation", message, 400, rule="S3-19")
        digest = headers.get("Content-MD5")
        if digest is not None and digest != base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode():
            raise S3Error("BadDigest", "The Content-MD5 you specified did not match what we received.", 400, rule="S3-19")
        there = self.objects.find(key)
        etag = there.etag if there is not None and not there.deleted else ""
        if headers.get("If-None-Match") not in (None, "*"):
            raise _not_implemented("If-None-Match other than * in a PUT", None)
        wanted = headers.get("If-Match")
        if ("If-None-Match" in headers and etag) or (wanted is not None and etag and wanted.strip('"') != etag.strip('"')):
            fields = {"Condition": "If-None-Match" if "If-None-Match" in headers else "If-Match"}
            raise S3Error("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412, fields, rule="S3-31")
        if wanted is not None and not etag:
            raise S3Error("NoSuchKey", "The specified key does not exist.", 404, {"Key": key}, rule="S3-31")

    def _delete(self, asked: Asked, key: str) -> Answered:
        version = asked.query.get("versionId")
        extra = {"s3_VersionId": version} if version else {}
        decision = self._allow(asked, "s3:DeleteObjectVersion" if version else "s3:DeleteObject", key, **extra)
        gone = self.objects.delete(key, version, asked.at // 1)
        headers = common_headers(asked.ids, asked.at)
        if gone is not None and self.objects.versioning:
            headers += [("x-amz-version-id", gone.version), *([("x-amz-delete-marker", "true")] if gone.deleted else [])]
            if version is None:
                self.replicate(gone, asked.at)
        return Answered(Response(204, headers), decision)

    def _preflight(self, asked: Asked, key: str) -> Answered:
        method = asked.request.headers.get("Access-Control-Request-Method") or "null"
        rules = self._cors[0] if self._cors else ()
        extra = preflight_headers(rules, asked.request.headers, {"Method": method, "ResourceType": "OBJECT" if key else "BUCKET"})
        fields = [*common_headers(asked.ids, asked.at), *extra, ("Content-Length", "0")]
        return Answered(Response(200, fields), Decision(True, None, "a rule of the CORS configuration allows it", "S3-62"))

    def with_cors(self, asked: Asked, response: Response) -> Response:
        """The response with the Access-Control-* headers that a browser of an allowed origin needs."""
        extra = cors_headers(self._cors[0], asked.request.method, asked.request.headers) if self._cors else []
        return Response(response.status, response.headers.plus(extra), response.content) if extra else response

    # --- the bucket itself

    def _get_bucket(self, asked: Asked) -> Answered:
        if asked.request.method == "HEAD":
            decision = self._allow(asked, "s3:ListBucket", None)
            region = ("x-amz-bucket-region", self.region)
            return Answered(Response(200, [*common_headers(asked.ids, asked.at), region, ("Content-Type", "application/xml")]), decision)
        for name in asked.query.keys() & OF_BUCKET.keys():
            decision = self._allow(asked, f"s3:Get{OF_BUCKET[name]}", None)
            if name != "location":
                raise _not_implemented(f"?{name}", decision)
            document = f'<LocationConstraint xmlns="{XMLNS}">{"" if self.region == "us-east-1" else self.region}</LocationConstraint>'
            return Answered(xml_response(200, document, asked.ids, asked.at), decision)
        for name in asked.query.keys() & {"versions", "uploads"}:
            action = "s3:ListBucketVersions" if name == "versions" else "s3:ListBucketMultipartUploads"
            raise _not_implemented(f"?{name}", self._allow(asked, action, None))
        known = {f"s3_{name}": asked.query[name] for name in ("prefix", "delimiter") if name in asked.query}
        decision = self._allow(asked, "s3:ListBucket", None, **known, **{"s3_max-keys": asked.query.get("max-keys", "1000")})
        listing, fields, encode = self.listing(asked.query)
        return Answered(xml_response(200, listing_xml(self.name, fields, listing, encode), asked.ids, asked.at), decision)

    def listing(self, query: Mapping[str, str]) -> tuple[Listing, dict[str, object], bool]:
        """A page of the listing, the elements that go with it, and whether keys are URL-encoded. Raises S3Error InvalidArgument."""
        second = query.get("list-type") == "2"
        if query.get("list-type") not in (None, "2"):
            raise _bad("list-type", query["list-type"], "Invalid List Type; 2 works")
        if query.get("encoding-type") not in (None, "url"):
            raise _bad("encoding-type", query["encoding-type"], "Invalid Encoding Method specified in Request")
        encode, count = "encoding-type" in query, query.get("max-keys", "1000")
        if not re.fullmatch(r"\d{1,10}", count, re.ASCII) or int(count) > 2**31 - 1:
            raise _bad("max-keys", count, "Provided max-keys not an integer or within integer range")
        prefix, delimiter, limit = query.get("prefix", ""), query.get("delimiter", ""), min(int(count), 1000)
        token, start = query.get("continuation-token"), query.get("start-after" if second else "marker", "")
        after = _from_token(token) if second and token is not None else start
        page = self.objects.page(prefix, delimiter, after, limit)
        fields: dict[str, object] = {"Prefix": encoded(prefix, encode)}
        if second:
            fields |= {"ContinuationToken": token, "StartAfter": encoded(start, encode) if start else None}
            fields |= {"KeyCount": len(page.objects) + len(page.prefixes)}
            fields |= {"NextContinuationToken": _token(page.last) if page.truncated else None}
        else:
            fields |= {"Marker": encoded(start, encode), "NextMarker": encoded(page.last, encode) if page.truncated and delimiter else None}
        fields |= {
            "MaxKeys": limit,
            "Delimiter": encoded(delimiter, encode) if delimiter else None,
            "EncodingType": "url" if encode else None,
        }
        return page, fields, encode


def _not_implemented(what: str, decision: Decision | None) -> S3Error:
    message = f"A header you provided implies functionality that is not implemented: cdnlab does not model {what}"
    return S3Error("NotImplemented", message, 501, decision=decision, rule="S3-32")


def _bad(name: str, value: str, message: str) -> S3Error:
    return S3Error("InvalidArgument", message, 400, {"ArgumentName": name, "ArgumentValue": value}, rule="S3-27")


def _token(key: str) -> str:
    return base64.urlsafe_b64encode(f"1{key}".encode()).decode()


def _from_token(token: str) -> str:
    try:
        text = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True).decode()
    except ValueError:
        text = ""
    if not text.startswith("1"):
        raise _bad("continuation-token", token, "The continuation token provided is incorrect")
    return text[1:]
