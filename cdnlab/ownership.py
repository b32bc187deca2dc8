"""Whose an object is, and whether ACLs count: the part of a bucket that S3 calls Object Ownership.

A new bucket is `BucketOwnerEnforced`: everything in it is the bucket owner's, ACLs are off, and the policy alone decides.
Whoever wants to open an object to an origin access identity by ACL, as was usual once, must first choose another
setting; then an object belongs to whoever put it (with `BucketOwnerPreferred` to the bucket's owner, if it was put with
bucket-owner-full-control), and the bucket's policy does not reach objects that are somebody else's. A grant can only
add: an explicit Deny of the policy still beats it. (S3 User Guide: about-object-ownership, acl-overview,
how-s3-evaluates-access-control.)
"""

# ruff: noqa: N803 (arguments have the names that boto3 gives them)
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from cdnlab.acls import acl_answer, granting, grants_of, parse_acl, public_grant, said
from cdnlab.bucketsettings import BucketSettings
from cdnlab.messages import Headers, Request
from cdnlab.oai import OWNER, Decision, Identity
from cdnlab.objects import Grant, StoredObject
from cdnlab.s3answers import S3Error
from cdnlab.s3calls import boto3_call, headers_of, invalid, known

__all__ = ["ObjectOwnership"]

SETTINGS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
# What an ACL's permission allows: on an object, and on the bucket.
_ON_OBJECT = {"s3:GetObject": "READ", "s3:GetObjectVersion": "READ", "s3:GetObjectAcl": "READ_ACP", "s3:PutObjectAcl": "WRITE_ACP"}
_ON_BUCKET = {"s3:ListBucket": "READ", "s3:ListBucketVersions": "READ", "s3:PutObject": "WRITE", "s3:GetBucketAcl": "READ_ACP"}


class ObjectOwnership(BucketSettings):
    """The ownership controls and ACLs of a bucket, and what they change in `decide`.

    >>> photos = ObjectOwnership("photos", "eu-north-1", None, "111122223333", 0)
    >>> photos.get_bucket_ownership_controls()["OwnershipControls"]["Rules"]
    [{'ObjectOwnership': 'BucketOwnerEnforced'}]
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._ownership: str | None = "BucketOwnerEnforced"
        self._acl: tuple[Grant, ...] = ()

    @property
    def owner_id(self) -> str:
        """The canonical user id of the bucket's owner: 64 hex digits, made from the account."""
        return sha256(f"canonical user of {self.account}".encode()).hexdigest()

    @property
    def _enforced(self) -> bool:
        return self._ownership == "BucketOwnerEnforced"

    def decide(
        self, action: str, key: str | None, request: Request, identity: Identity, at: float, source_ip: str | None = None, **more: Any
    ) -> Decision:
        """Whether this caller may do this action of S3, by the bucket's policy and, unless they are off, by ACLs; and why."""
        decision = super().decide(action, key, request, identity, at, source_ip, **more)
        if self._enforced or decision.rule in ("OAI-07", "S3-08", "IAM-03"):
            return decision
        found = None if key is None else self.objects.find(key, more.get("s3_VersionId"))
        whose = found.owner if found is not None and action in _ON_OBJECT else ""
        if whose and decision:
            why = f"{key!r} belongs to whoever put it ({whose[:8]}...), not to the bucket's owner, so the bucket's policy does not reach it"
            decision = Decision(False, None, why, "S3-66")
        if decision:
            return decision
        if whose and whose == self._canonical(identity):
            return Decision(True, None, f"{identity} put {key!r} and owns it", "S3-66")
        on_object = found is not None and action in _ON_OBJECT
        acl = found.acl if on_object and found is not None else self._acl if action in _ON_BUCKET else ()
        permission = _ON_OBJECT.get(action) if on_object else _ON_BUCKET.get(action, "")
        caller = replace(identity, canonical_user=self._canonical(identity))
        grant = granting(acl, caller, permission or "", ignore_public=self._blocks("IgnorePublicAcls"))
        if grant is not None:
            return Decision(
                True, None, f"the ACL of {key!r} grants {said(grant)}" if on_object else f"the bucket's ACL grants {said(grant)}", "S3-65"
            )
        return decision

    def _canonical(self, identity: Identity) -> str:
        """The canonical user that a caller is; "" for nobody."""
        mine = identity.kind == "owner" or (identity.kind == "user" and identity.account == self.account)
        service = sha256(identity.service.encode()).hexdigest() if identity.kind == "service" else ""
        return self.owner_id if mine else identity.canonical_user or service

    def owned(self, object: StoredObject, headers: Headers, identity: Identity) -> StoredObject:
        """The object as it is kept: whose it is, and with the ACL that its PUT asked for. Raises S3Error."""
        writer = self._canonical(identity) or self.owner_id
        given = headers.get("x-amz-acl")
        full = given == "bucket-owner-full-control"
        if self._enforced:
            if not full and grants_of(headers, self.owner_id, self.owner_id) is not None:
                raise _no_acls()
            return object
        theirs = writer != self.owner_id and not (full and self._ownership == "BucketOwnerPreferred")
        owner = writer if theirs else self.owner_id
        acl = grants_of(headers, owner, self.owner_id)
        self._check_public(acl or (), identity)
        return replace(object, owner=owner if theirs else "", acl=acl or ())

    def _check_public(self, acl: tuple[Grant, ...], identity: Identity) -> None:
        if self._blocks("BlockPublicAcls") and (grant := public_grant(acl)):
            why = f"public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access, and this one grants {said(grant)}"
            message = f"Access Denied: {why}" if identity.kind == "owner" else "Access Denied"
            raise S3Error("AccessDenied", message, 403, decision=Decision(False, None, why, "S3-64"))

    # --- boto3's calls

    @boto3_call
    def put_bucket_ownership_controls(self, *, OwnershipControls: Mapping[str, Any]) -> dict[str, Any]:
        """Choose BucketOwnerEnforced (ACLs off), BucketOwnerPreferred or ObjectWriter. Raises APIError."""
        known("OwnershipControls", OwnershipControls, "Rules")
        rules = OwnershipControls.get("Rules")
        if not isinstance(rules, list | tuple) or len(rules) != 1:
            raise invalid("OwnershipControls.Rules", rules, "write one rule")
        known("OwnershipControls.Rules[0]", rules[0], "ObjectOwnership")
        setting = rules[0].get("ObjectOwnership")
        if setting not in SETTINGS:
            raise invalid("OwnershipControls.Rules[0].ObjectOwnership", setting, f"write one of {', '.join(SETTINGS)}")
        if setting == "BucketOwnerEnforced" and any(grantee != self.owner_id for grantee, _ in self._acl):
            message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
            raise S3Error("InvalidBucketAclWithObjectOwnership", message, 400)
        self._ownership = setting
        return self._done()

    @boto3_call
    def get_bucket_ownership_controls(self) -> dict[str, Any]:
        """The setting of Object Ownership. Raises APIError OwnershipControlsNotFoundError."""
        setting = self._have(self._ownership, "OwnershipControlsNotFoundError", "The bucket ownership controls were not found")
        return self._done(OwnershipControls={"Rules": [{"ObjectOwnership": setting}]})

    @boto3_call
    def delete_bucket_ownership_controls(self) -> dict[str, Any]:
        """Without a setting it is as with ObjectWriter."""
        self._ownership = None
        return self._done(204)

    @boto3_call
    def put_object_acl(
        self,
        *,
        Key: str,
        ACL: str | None = None,
        AccessControlPolicy: Mapping[str, Any] | None = None,
        GrantFullControl: str | None = None,
        GrantRead: str | None = None,
        GrantReadACP: str | None = None,
        GrantWriteACP: str | None = None,
        VersionId: str | None = None,
    ) -> dict[str, Any]:
        """Set an object's ACL: one with a name, grants, or a whole policy. Raises APIError AccessControlListNotSupported ..."""
        found = self._object(Key, VersionId)
        given = {"ACL": ACL, "GrantFullControl": GrantFullControl, "GrantRead": GrantRead}
        acl = self._acl_given(AccessControlPolicy, {**given, "GrantReadACP": GrantReadACP, "GrantWriteACP": GrantWriteACP}, found.owner)
        self.objects.replace(found, replace(found, acl=acl))
        return self._done()

    @boto3_call
    def get_object_acl(self, *, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        """An object's owner and grants; while ACLs are off, full control for the bucket's owner and nothing else."""
        found = self._object(Key, VersionId)
        owner = found.owner or self.owner_id
        return self._done(**self._listed((), self.owner_id) if self._enforced else self._listed(found.acl, owner))

    @boto3_call
    def put_bucket_acl(
        self,
        *,
        ACL: str | None = None,
        AccessControlPolicy: Mapping[str, Any] | None = None,
        GrantFullControl: str | None = None,
        GrantRead: str | None = None,
        GrantReadACP: str | None = None,
        GrantWrite: str | None = None,
        GrantWriteACP: str | None = None,
    ) -> dict[str, Any]:
        """Set the bucket's own ACL: READ lets list it, WRITE lets put into it. Raises APIError AccessControlListNotSupported ..."""
        given = {"ACL": ACL, "GrantFullControl": GrantFullControl, "GrantRead": GrantRead, "GrantWrite": GrantWrite}
        self._acl = self._acl_given(AccessControlPolicy, {**given, "GrantReadACP": GrantReadACP, "GrantWriteACP": GrantWriteACP}, "")
        return self._done()

    @boto3_call
    def get_bucket_acl(self) -> dict[str, Any]:
        """The bucket's owner and grants."""
        return self._done(**self._listed(self._acl, self.owner_id))

    def _listed(self, acl: tuple[Grant, ...], owner: str) -> dict[str, Any]:
        return acl_answer(acl or [Grant(owner, "FULL_CONTROL")], owner)

    def _object(self, key: Any, version: str | None) -> StoredObject:
        self.accept(self.now())
        found = self.objects.find(key, version)
        if found is None or found.deleted:
            raise S3Error("NoSuchKey", "The specified key does not exist.", 404, {"Key": key})
        return found

    def _acl_given(self, policy: Mapping[str, Any] | None, given: Mapping[str, str | None], owner: str) -> tuple[Grant, ...]:
        asked = grants_of(headers_of(given), owner or self.owner_id, self.owner_id)
        if (asked is None) == (policy is None):
            message = "give an ACL by its name, grants, or an AccessControlPolicy, and one of them only"
            raise S3Error("MissingSecurityHeader" if asked is None else "UnexpectedContent", message, 400)
        acl = parse_acl(policy) if asked is None else asked
        if self._enforced:
            raise _no_acls()
        self._check_public(acl, OWNER)
        return acl


def _no_acls() -> S3Error:
    return S3Error("AccessControlListNotSupported", "The bucket does not allow ACLs", 400, rule="S3-63")
