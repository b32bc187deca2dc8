"""Access control lists: the older way to let somebody in, object by object.

An ACL is a list of grants: a grantee (a canonical user, or a group such as everybody) and a permission. It can only add,
never deny. Before OAC and bucket policies, an object was opened to an origin access identity by a grant of READ to its
canonical user. S3 has a few ACLs with names (`private`, `public-read` ...); a public one names the group of all users, or
of all that have an AWS account. (S3 User Guide: acl-overview, access-control-block-public-access.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cdnlab.messages import Headers
from cdnlab.oai import Identity
from cdnlab.objects import Grant
from cdnlab.s3answers import S3Error
from cdnlab.s3calls import invalid, known

__all__ = ["ALL_USERS", "CANNED", "GRANT_HEADERS", "Grant", "acl_answer", "granting", "grants_of", "parse_acl", "public_grant", "said"]

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
PERMISSIONS = ("FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP")
CANNED = ("private", "public-read", "public-read-write", "authenticated-read", "bucket-owner-read", "bucket-owner-full-control")
GRANT_HEADERS = {f"x-amz-grant-{name.lower().replace('_', '-')}": name for name in PERMISSIONS}
_USER = re.compile(r"[0-9a-f]{64}")
_GRANTEE = re.compile(r'\s*(id|uri|emailAddress)\s*=\s*"?([^",]+?)"?\s*(?:,|\Z)')


def said(grant: Grant) -> str:
    """A grant for people.

    >>> said(Grant(ALL_USERS, "READ"))
    'READ to everybody'
    """
    who = {ALL_USERS: "everybody", AUTHENTICATED: "everybody with an AWS account", LOG_DELIVERY: "S3's log delivery"}
    return f"{grant.permission} to {who.get(grant.grantee, f'the canonical user {grant.grantee[:8]}...')}"


def granting(acl: Iterable[Grant], identity: Identity, permission: str, *, ignore_public: bool = False) -> Grant | None:
    """The grant that gives this caller the permission; None when none does.

    >>> granting([Grant(ALL_USERS, "READ")], Identity("anonymous"), "READ")
    Grant(grantee='http://acs.amazonaws.com/groups/global/AllUsers', permission='READ')
    """
    groups = {ALL_USERS, AUTHENTICATED} if identity.signed else {ALL_USERS}
    names = {identity.canonical_user} - {""} | (set() if ignore_public else groups)
    return next((each for each in acl if each.grantee in names and each.permission in (permission, "FULL_CONTROL")), None)


def public_grant(acl: Iterable[Grant]) -> Grant | None:
    """The grant that makes an ACL public: one to all users, or to all authenticated ones."""
    return next((each for each in acl if each.grantee in (ALL_USERS, AUTHENTICATED)), None)


def grants_of(headers: Headers, owner: str, bucket_owner: str) -> tuple[Grant, ...] | None:
    """The ACL that a request's x-amz-acl or x-amz-grant-* headers ask for; None without them. Raises S3Error."""
    canned = headers.get("x-amz-acl")
    given = [(name, permission) for name, permission in GRANT_HEADERS.items() if name in headers]
    if canned is not None and given:
        raise S3Error("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed", 400, rule="S3-67")
    if canned is not None:
        return _canned(canned, owner, bucket_owner)
    if not given:
        return None
    return tuple(Grant(each, permission) for name, permission in given for each in _grantees(name, headers.joined(name) or ""))


def _canned(name: str, owner: str, bucket_owner: str) -> tuple[Grant, ...]:
    if name not in CANNED:
        raise invalid("x-amz-acl", name, f"known here: {', '.join(CANNED)}")
    mine = Grant(owner, "FULL_CONTROL")
    more = {
        "public-read": (Grant(ALL_USERS, "READ"),),
        "public-read-write": (Grant(ALL_USERS, "READ"), Grant(ALL_USERS, "WRITE")),
        "authenticated-read": (Grant(AUTHENTICATED, "READ"),),
        "bucket-owner-read": (Grant(bucket_owner, "READ"),),
        "bucket-owner-full-control": (Grant(bucket_owner, "FULL_CONTROL"),),
    }
    return tuple(dict.fromkeys((mine, *more.get(name, ()))))


def _grantees(name: str, text: str) -> list[str]:
    found, end = [], 0
    while match := _GRANTEE.match(text, end):
        found.append(_grantee(name, match[1], match[2]))
        end = match.end()
    if not found or text[end:].strip():
        raise invalid(name, text, 'write id="64 hex digits" or uri="http://acs.amazonaws.com/groups/global/AllUsers"')
    return found


def _grantee(path: str, kind: str, value: str) -> str:
    if kind == "emailAddress":
        raise S3Error("UnresolvableGrantByEmailAddress", "The e-mail address you provided does not match any account on record.", 400)
    if kind == "uri" and value not in (ALL_USERS, AUTHENTICATED, LOG_DELIVERY):
        raise S3Error("InvalidArgument", "Invalid group uri", 400, {"ArgumentName": "uri", "ArgumentValue": value}, rule="S3-67")
    if kind == "id" and not _USER.fullmatch(value):
        raise S3Error("InvalidArgument", "Invalid id", 400, {"ArgumentName": path, "ArgumentValue": value}, rule="S3-67")
    return value


def parse_acl(policy: Any) -> tuple[Grant, ...]:
    """The grants of boto3's AccessControlPolicy. Raises APIError InvalidArgument with the place and what would work."""
    known("AccessControlPolicy", policy, "Grants", "Owner")
    grants = policy.get("Grants", [])
    if not isinstance(grants, list | tuple):
        raise invalid(
            "AccessControlPolicy.Grants", grants, 'write [{"Grantee": {"Type": "CanonicalUser", "ID": ...}, "Permission": "READ"}]'
        )
    return tuple(_grant(each, f"AccessControlPolicy.Grants[{number}]") for number, each in enumerate(grants))


def _grant(raw: Any, path: str) -> Grant:
    known(path, raw, "Grantee", "Permission")
    grantee, permission = raw.get("Grantee"), raw.get("Permission")
    known(f"{path}.Grantee", grantee, "Type", "ID", "URI", "DisplayName", "EmailAddress")
    if permission not in PERMISSIONS:
        raise invalid(f"{path}.Permission", permission, f"write one of {', '.join(PERMISSIONS)}")
    names = {"CanonicalUser": ("id", "ID"), "Group": ("uri", "URI"), "AmazonCustomerByEmail": ("emailAddress", "EmailAddress")}
    if grantee.get("Type") not in names:
        raise invalid(f"{path}.Grantee.Type", grantee.get("Type"), f"write one of {', '.join(names)}")
    kind, field = names[grantee["Type"]]
    value = grantee.get(field)
    if not isinstance(value, str):
        raise invalid(f"{path}.Grantee.{field}", value, "write a text")
    return Grant(_grantee(f"{path}.Grantee.{field}", kind, value), permission)


def acl_answer(acl: Iterable[Grant], owner: str) -> dict[str, Any]:
    """Owner and Grants as boto3 gives them."""
    grants = []
    for grantee, permission in acl:
        who: Mapping[str, str] = {"Type": "Group", "URI": grantee} if "/" in grantee else {"Type": "CanonicalUser", "ID": grantee}
        grants.append({"Grantee": who, "Permission": permission})
    return {"Owner": {"ID": owner}, "Grants": grants}
