"""Encryption with a KMS key: who may read an object also has to be allowed to use its key.

S3 encrypts every object. With a key of its own (`AES256`) nobody notices. With a key of AWS KMS (`aws:kms`) there are two
doors in a row: the bucket's policy, and the key's policy. CloudFront passes the second one as a service, by origin access
control, if the key's policy lets it. An origin access identity never does: KMS does not know it. The key that AWS manages
for S3 has a policy that nobody can change, so CloudFront cannot use it at all. (S3 User Guide: UsingKMSEncryption; KMS
Developer Guide: key-policies; CloudFront Developer Guide: private-content-restricting-access-to-s3.)
"""

# ruff: noqa: N803 (arguments have the names that boto3 gives them)
from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from hashlib import md5
from typing import Any

from cdnlab.bucketpolicy import Policy as KeyPolicy
from cdnlab.bucketpolicy import parse_policy
from cdnlab.bucketsettings import FIRST_REGIONS
from cdnlab.errors import InputError
from cdnlab.messages import Headers
from cdnlab.oai import Decision, Identity, evaluate
from cdnlab.objects import StoredObject
from cdnlab.ownership import ObjectOwnership
from cdnlab.s3answers import S3Error, denied
from cdnlab.s3calls import boto3_call, invalid, known

__all__ = ["Encryption", "Key"]

SSE, KEY_ID = "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"
_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")


class Key:
    """A customer managed key of AWS KMS, by its ARN, with its policy. `Bucket.add_key` makes a bucket know it.

    >>> key = Key("arn:aws:kms:eu-north-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
    >>> bool(key.decide("kms:Decrypt", Identity.oac("arn:aws:cloudfront::111122223333:distribution/E1")))
    False
    """

    def __init__(self, arn: str) -> None:
        if not isinstance(arn, str) or not _ARN.fullmatch(arn):
            raise InputError(f"{arn!r} is no ARN of a key; one looks like 'arn:aws:kms:eu-north-1:111122223333:key/1234abcd-...'")
        root = f"arn:{arn.split(':')[1]}:iam::{arn.split(':')[4]}:root"
        statement = {
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": root},
            "Action": "kms:*",
            "Resource": "*",
        }
        self.arn = arn
        self._policy: KeyPolicy = parse_policy({"Version": "2012-10-17", "Statement": [statement]})

    def put_key_policy(self, *, Policy: str, PolicyName: str = "default", KeyId: str | None = None) -> dict[str, Any]:
        """Put the key's policy (JSON text). Raises APIError MalformedPolicy, InputError."""
        if not isinstance(Policy, str) or PolicyName != "default" or KeyId not in (None, self.arn, self.arn.rsplit("/", 1)[1]):
            raise InputError("put_key_policy takes Policy=json.dumps(policy), PolicyName='default' and this key's own KeyId")
        self._policy = parse_policy(Policy)
        return {"ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": 0}}

    def get_key_policy(self) -> dict[str, Any]:
        """The key's policy, as text."""
        return {"ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": 0}, "Policy": self._policy.text, "PolicyName": "default"}

    def decide(self, action: str, identity: Identity, context: Mapping[str, Any] | None = None) -> Decision:
        """Whether the key's policy lets this caller do this with it (`kms:Decrypt`), and why."""
        return evaluate(self._policy, identity=identity, action=action, resource=self.arn, context=context)

    def __repr__(self) -> str:
        return f"Key({self.arn!r})"


class Encryption(ObjectOwnership):
    """The encryption of a bucket's objects: its default, and who can read through it."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.keys: dict[str, Key] = {}
        self._default: tuple[str, str] = ("AES256", "")
        self._configured: Mapping[str, Any] | None = None

    def add_key(self, key: Key) -> None:
        """Let objects of this bucket be encrypted with this key. Raises InputError for a key of another Region."""
        if not isinstance(key, Key) or key.arn.split(":")[3] != self.region:
            raise InputError(f"{key!r} is no Key in {self.region}; S3 wants a key of the bucket's own Region")
        self.keys[key.arn] = key

    def encrypted(self, object: StoredObject, headers: Headers, identity: Identity) -> StoredObject:
        """The object as it is kept, with what the request or the bucket's default says about encryption. Raises S3Error."""
        given = SSE in headers or KEY_ID in headers
        algorithm, key = (headers.get(SSE) or "AES256", headers.get(KEY_ID) or "") if given else self._default
        if algorithm == "aws:kms:dsse":
            message = "A header you provided implies functionality that is not implemented: cdnlab does not model aws:kms:dsse"
            raise S3Error("NotImplemented", message, 501, rule="S3-32")
        if algorithm not in ("AES256", "aws:kms") or (key and algorithm != "aws:kms"):
            fields = {"ArgumentName": SSE, "ArgumentValue": algorithm}
            raise S3Error("InvalidArgument", "The encryption method specified is not supported; AES256 and aws:kms work here", 400, fields)
        if algorithm == "AES256":
            return object
        arn = self._arn(key)
        self._check_key("kms:GenerateDataKey", arn, identity)
        etag = md5(arn.encode() + object.data, usedforsecurity=False).hexdigest()  # with SSE-KMS it is not the MD5 of the content
        return replace(object, headers=object.headers.plus([(SSE, "aws:kms"), (KEY_ID, arn)]), etag=f'"{etag}"')

    def check_decrypt(self, object: StoredObject, identity: Identity) -> None:
        """Refuse a caller who may not use the object's key. Raises S3Error."""
        if object.headers.get(SSE) == "aws:kms":
            self._check_key("kms:Decrypt", object.headers[KEY_ID], identity)

    def _arn(self, key: str) -> str:
        if not key:
            return f"arn:{self.partition}:kms:{self.region}:{self.account}:alias/aws/s3"
        found = next((arn for arn in self.keys if key in (arn, arn.rsplit("/", 1)[1])), None)
        if found is None:
            known_keys = ", ".join(self.keys) or "none; make one with cdnlab.encryption.Key and give it to bucket.add_key"
            raise S3Error("KMS.NotFoundException", f"Key {key!r:.120} does not exist; known: {known_keys}", 400)
        return found

    def _check_key(self, action: str, arn: str, identity: Identity) -> None:
        if identity.kind == "owner":
            return
        if identity.kind == "anonymous" or (identity.kind == "oai" and self.region in FIRST_REGIONS):
            message = "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4."
            fields = {"ArgumentName": "Authorization", "ArgumentValue": "null"}
            rule, why = ("OAI-10", _NO_OAI) if identity.kind == "oai" else ("S3-68", "nobody reads an object with a KMS key unsigned")
            raise S3Error("InvalidArgument", message, 400, fields, decision=Decision(False, None, why, rule))
        if identity.kind == "oai":
            message = "No account found for the given parameters"
            raise S3Error("KMS.UnrecognizedClientException", message, 400, decision=Decision(False, None, _NO_OAI, "OAI-10"))
        key = self.keys.get(arn)
        if key is None:
            if identity.kind == "user" and identity.account == self.account:
                return
            why = f"the key {arn} is managed by AWS, and its policy, which nobody can change, does not let {identity} in"
            raise denied(Decision(False, None, why, "S3-68"))
        decision = key.decide(action, identity, {"kms:ViaService": f"s3.{self.region}.amazonaws.com", "kms:CallerAccount": self.account})
        if not decision:
            why = f"the bucket's policy allows it, but the policy of the key {arn} does not: {decision.why}"
            raise denied(replace(decision, why=why, rule="S3-68"))

    # --- boto3's calls

    @boto3_call
    def put_bucket_encryption(self, *, ServerSideEncryptionConfiguration: Mapping[str, Any]) -> dict[str, Any]:
        """How objects are encrypted from now on if their PUT says nothing. Raises APIError."""
        path = "ServerSideEncryptionConfiguration"
        known(path, ServerSideEncryptionConfiguration, "Rules")
        rules = ServerSideEncryptionConfiguration.get("Rules")
        if not isinstance(rules, list | tuple) or len(rules) != 1:
            raise invalid(f"{path}.Rules", rules, "write one rule")
        known(f"{path}.Rules[0]", rules[0], "ApplyServerSideEncryptionByDefault", "BucketKeyEnabled")
        default = rules[0].get("ApplyServerSideEncryptionByDefault", {})
        known(f"{path}.Rules[0].ApplyServerSideEncryptionByDefault", default, "SSEAlgorithm", "KMSMasterKeyID")
        algorithm, key = default.get("SSEAlgorithm"), default.get("KMSMasterKeyID") or ""
        if algorithm not in ("AES256", "aws:kms") or (key and algorithm == "AES256") or not isinstance(key, str):
            raise invalid(f"{path}.Rules[0].ApplyServerSideEncryptionByDefault", default, 'write {"SSEAlgorithm": "AES256"} or "aws:kms"')
        self._default = algorithm, self._arn(key) if key else ""
        self._configured = deepcopy(ServerSideEncryptionConfiguration)
        return self._done()

    @boto3_call
    def get_bucket_encryption(self) -> dict[str, Any]:
        """The default encryption; AES256 when nothing was set."""
        usual = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}
        return self._done(ServerSideEncryptionConfiguration=deepcopy(dict(self._configured or usual)))

    @boto3_call
    def delete_bucket_encryption(self) -> dict[str, Any]:
        """Back to AES256."""
        self._default, self._configured = ("AES256", ""), None
        return self._done(204)


_NO_OAI = "an origin access identity cannot use keys of AWS KMS (SSE-KMS): use origin access control, and let the key's policy allow it"
