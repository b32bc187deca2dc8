"""Who asks a bucket, whether its policy lets them, and which statement decided.

Three callers matter here. An anonymous one sent no signature. An origin access identity (OAI) is a user that CloudFront
signs as; a bucket policy names it by its ARN or by its canonical user id. With origin access control (OAC), CloudFront
signs as its own service and tells for which distribution (`aws:SourceArn`): a policy has to name the service, and
should name the distribution, or else any distribution of any account may read.

A policy is held against a request statement by statement. One Deny that fits decides; else one Allow that fits; else
nobody allowed it, and that is a no. (IAM User Guide: reference_policies_evaluation-logic; CloudFront Developer Guide:
private-content-restricting-access-to-s3.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import indent
from typing import Any, Literal, NamedTuple, Self

from cdnlab.bucketpolicy import OAI_ARN, Policy, Statement, parse_policy
from cdnlab.conditions import Context, context_of, like, resolved
from cdnlab.errors import InputError

__all__ = ["ANONYMOUS", "DEFAULT_REGIONS", "FIRST_REGIONS", "OWNER", "Deciding", "Decision", "Identity", "evaluate"]

CLOUDFRONT = "cloudfront.amazonaws.com"
_DISTRIBUTION = re.compile(r"arn:aws[a-z-]*:cloudfront::(\d{12}):distribution/[A-Z0-9]+", re.ASCII)

FIRST_REGIONS = frozenset(
    ("us-east-1", "us-west-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "sa-east-1", "us-gov-west-1")
)
"""Regions from before 2014: their website endpoints are written with a dash, and they still know the old signatures."""

DEFAULT_REGIONS = FIRST_REGIONS | frozenset(
    ("us-east-2", "ca-central-1", "eu-central-1", "eu-west-2", "eu-west-3", "eu-north-1", "ap-south-1", "ap-northeast-2", "ap-northeast-3")
)
"""Regions that every account has. The others, all opened after 20 March 2019, are opt-in; there an OAI does not work."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who sends a request to a bucket. Make one with `oai`, `oac` or `user`, or use ANONYMOUS.

    `kind`: anonymous, oai, service (CloudFront by origin access control), user (of IAM) or owner (of the bucket: may do
    anything); `arn`, `canonical_user`: as a policy would name it; `source_arn`: the distribution that a service asks for.

    >>> print(Identity.oai("E74FTE3AJFJ256A").arn)
    arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E74FTE3AJFJ256A
    """

    kind: Literal["anonymous", "oai", "service", "user", "owner"]
    id: str = ""
    arn: str = ""
    canonical_user: str = ""
    service: str = ""
    account: str = ""
    source_arn: str = ""

    @classmethod
    def oai(cls, id: str, canonical_user: str = "") -> Self:
        """The origin access identity `id` (E74FTE3AJFJ256A), with its S3CanonicalUserId of 64 hex digits. Raises InputError."""
        if not re.fullmatch(r"[A-Z0-9]+", id):
            raise InputError(f"{id!r} is no id of an origin access identity; one looks like 'E74FTE3AJFJ256A'")
        if canonical_user and not re.fullmatch(r"[0-9a-f]{64}", canonical_user):
            raise InputError(f"canonical user {canonical_user!r} is not 64 hex digits")
        return cls("oai", id, OAI_ARN + id, canonical_user)

    @classmethod
    def oac(cls, distribution_arn: str) -> Self:
        """CloudFront itself, asking for this distribution (`arn:aws:cloudfront::<account>:distribution/<id>`). Raises InputError."""
        match = _DISTRIBUTION.fullmatch(distribution_arn)
        if not match:
            raise InputError(
                f"{distribution_arn!r} is no ARN of a distribution; one looks like 'arn:aws:cloudfront::111122223333:distribution/E1'"
            )
        return cls("service", service=CLOUDFRONT, account=match[1], source_arn=distribution_arn)

    @classmethod
    def user(cls, arn: str) -> Self:
        """A user, role or root of an AWS account, by ARN. Raises InputError."""
        match = re.fullmatch(r"arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):.+", arn, re.ASCII)
        if not match:
            raise InputError(f"{arn!r} is no ARN of a user or role; one looks like 'arn:aws:iam::111122223333:user/ann'")
        return cls("user", arn=arn, account=match[1])

    @property
    def signed(self) -> bool:
        """Whether its requests carry a signature."""
        return self.kind != "anonymous"

    def context(self) -> dict[str, Any]:
        """The condition keys that tell about the caller."""
        if self.kind == "anonymous":
            return {"aws:PrincipalType": "Anonymous", "aws:userid": "anonymous", "aws:PrincipalAccount": "anonymous"}
        known = {
            "aws:PrincipalArn": self.arn,
            "aws:PrincipalServiceName": self.service,
            "aws:SourceArn": self.source_arn,
            "aws:SourceAccount": self.account if self.kind == "service" else "",
            "aws:PrincipalAccount": self.account if self.kind == "user" else "",
        }
        return {key: value for key, value in known.items() if value} | {"aws:PrincipalIsAWSService": self.kind == "service"}

    def is_named(self, kind: str, name: str) -> bool:
        """Whether a principal of a policy is this caller."""
        if kind == "*":
            return True
        if kind == "AWS":
            whole_account = self.kind == "user" and (name == self.account or re.fullmatch(rf"arn:[^:]+:iam::{self.account}:root", name))
            return bool(whole_account) or (name == self.arn)
        return bool(name) and name == {"CanonicalUser": self.canonical_user, "Service": self.service}.get(kind)

    def __str__(self) -> str:
        return {
            "anonymous": "an anonymous caller",
            "oai": f"the origin access identity {self.id}",
            "service": f"CloudFront for {self.source_arn.rsplit('/', 1)[-1]}",
            "user": self.arn,
            "owner": "the bucket's owner",
        }[self.kind]


ANONYMOUS = Identity("anonymous")
OWNER = Identity("owner")


@dataclass(frozen=True, slots=True)
class Deciding:
    """The statement that decided: its `index` (from 0), its `sid` ("" if it has none), and its `text`, which is JSON."""

    index: int
    sid: str
    text: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy says to one request: `allowed`, the `statement` that decided (None: none did), `why`, and the `rule`.

    It prints itself with the statement's own text.
    """

    allowed: bool
    statement: Deciding | None
    why: str
    rule: str

    def __bool__(self) -> bool:
        return self.allowed

    def __str__(self) -> str:
        said = f"{'allowed' if self.allowed else 'denied'}: {self.why} [{self.rule}]"
        text = self.statement.text if self.statement is not None else ""
        return said + ("\n" + indent(json.dumps(json.loads(text), indent=2), "  ") if text else "")


def evaluate(
    policy: Policy | str | Mapping[str, Any] | None,
    *,
    identity: Identity,
    action: str,
    resource: str,
    context: Mapping[str, Any] | None = None,
) -> Decision:
    """Whether a policy allows this caller this action (`s3:GetObject`) on this resource (an ARN), and why.

    `context`: further condition keys of the request; several values as a list. No policy allows nothing, except to the
    owner. Raises APIError MalformedPolicy for a policy that cannot be read, and nothing else.

    >>> policy = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:Get*", "Resource": "arn:aws:s3:::photos/*"}}
    >>> print(evaluate(policy, identity=ANONYMOUS, action="s3:GetObject", resource="arn:aws:s3:::photos/cat.jpg"))
    allowed: statement 0 allows everyone s3:GetObject on arn:aws:s3:::photos/cat.jpg [IAM-02]
      {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:Get*",
        "Resource": "arn:aws:s3:::photos/*"
      }
    """
    if policy is not None and not isinstance(policy, Policy):
        policy = parse_policy(policy)
    what = f"{action} on {resource}"
    if identity.kind == "owner":
        return Decision(True, None, f"the owner may do {what}", "IAM-05")
    if policy is None:
        return Decision(False, None, f"there is no bucket policy, so nobody allows {identity} {what}", "IAM-01")
    keys = context_of({**(context or {}), **identity.context()})
    allowing: Statement | None = None
    misses: list[_Miss] = []
    for statement in policy.statements:
        miss = _miss(statement, identity, action, resource, keys)
        if miss is not None:
            misses.append(miss)
        elif statement.effect == "Deny":
            return Decision(False, _deciding(statement), f"{statement} denies {identity} {what}", "IAM-03")
        elif allowing is None:
            allowing = statement
    if allowing is not None:
        whom = "everyone" if not allowing.not_principal and ("*", "*") in allowing.principals else str(identity)
        return Decision(True, _deciding(allowing), f"{allowing} allows {whom} {what}", "IAM-02")
    return Decision(False, None, f"no statement allows {identity} {what}{_nearest(misses)}", "IAM-01")


def _deciding(statement: Statement) -> Deciding:
    return Deciding(statement.index, statement.sid, statement.text)


class _Miss(NamedTuple):
    """Why a statement does not fit: how far the request got through it, and what stopped it."""

    depth: int
    statement: Statement
    says: str


def _miss(statement: Statement, identity: Identity, action: str, resource: str, keys: Context) -> _Miss | None:
    if any(identity.is_named(kind, name) for kind, name in statement.principals) == statement.not_principal:
        return _Miss(0, statement, f"does not speak of {identity}")
    if any(like(each.lower(), action.lower()) for each in statement.actions) == statement.not_action:
        return _Miss(1, statement, f"does not speak of {action}")
    if any(_covers(each, resource, keys, statement) for each in statement.resources) == statement.not_resource:
        return _Miss(2, statement, f"does not speak of {resource}")
    for test in statement.tests:
        if not test.holds(keys):
            return _Miss(3, statement, f"does not fit: {test.says(keys)}")
    return None


def _covers(pattern: str, resource: str, keys: Context, statement: Statement) -> bool:
    parts = resolved(pattern, keys, statement.variables)
    return parts is not None and like(parts, resource)


def _nearest(misses: list[_Miss]) -> str:
    """The Allow that came nearest; it is what a person would look at first."""
    near = max((miss for miss in misses if miss.statement.effect == "Allow"), key=lambda miss: miss.depth, default=None)
    return f" ({near.statement} {near.says})" if near is not None else ""
