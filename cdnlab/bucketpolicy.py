"""A bucket policy as S3 accepts it: its grammar, what S3 refuses, and when it counts as public.

A policy is JSON: statements, each with an Effect, a Principal, Actions, Resources and perhaps a Condition. Nothing of it
may be ignored, so everything is checked when the policy is read; what cannot be understood is refused with S3's own
message, the place in the policy and what would work. Two depths:

    parse_policy(text)                  the grammar alone, as any AWS service reads it
    parse_policy(text, bucket="photos") what S3 checks in addition when the policy is put on that bucket

Public means: some statement allows something to nobody in particular. S3 assumes the worst and lets itself be convinced
by fixed values only. (IAM User Guide: reference_policies_grammar; S3 User Guide: access-control-block-public-access.)
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any, NoReturn

from cdnlab.conditions import Test, check_variables, like, malformed, parse_condition
from cdnlab.facts import table

__all__ = ["OAI_ARN", "Policy", "Statement", "is_public", "parse_policy", "public_statement"]

OAI_ARN = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity "
"""The ARN of an origin access identity, without its id. The spaces are part of it."""

MAX_BYTES = 20 * 1024  # BucketPolicies page: bucket policies are limited to 20 KB
_ELEMENTS = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
_KINDS = ("AWS", "CanonicalUser", "Service", "Federated")
_PRINCIPAL = {
    "AWS": re.compile(
        r"\*|\d{12}|arn:aws[a-z-]*:(iam::\d{12}:(root|(user|role)/[^*?]+)|sts::\d{12}:(assumed-role|federated-user)/[^*?]+)"
        rf"|{OAI_ARN}[A-Z0-9]+",
        re.ASCII,
    ),
    "CanonicalUser": re.compile(r"[0-9a-f]{64}"),
    "Service": re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)"),
    "Federated": re.compile(r"[^*?\s]+"),
}
_PRINCIPAL_WANTS = {
    "AWS": f"write \"*\", an account's 12 digits, the ARN of an IAM user or role, or '{OAI_ARN}<Id>'; no wildcard inside an ARN",
    "CanonicalUser": "write the 64 hex digits of a canonical user id",
    "Service": "write a service such as cloudfront.amazonaws.com",
    "Federated": "write a provider such as cognito-identity.amazonaws.com",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: `index` (from 0), `sid`, `effect` (Allow or Deny), and whom, what and where it speaks of.

    `principals`: pairs of kind (AWS, CanonicalUser, Service, Federated; `*` for everyone) and name. The `not_` flags
    tell that the element was NotPrincipal, NotAction or NotResource. `tests`: its Condition; `variables`: whether `${...}` counts;
    `text`: its JSON.
    """

    index: int
    sid: str
    effect: str
    principals: tuple[tuple[str, str], ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    tests: tuple[Test, ...]
    not_principal: bool = False
    not_action: bool = False
    not_resource: bool = False
    variables: bool = False
    text: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        return f"statement {self.index}" + (f" {self.sid!r}" if self.sid else "")


@dataclass(frozen=True, slots=True)
class Policy:
    """A checked policy: `version` of the language, `id`, `statements`, and `text`, the JSON without white space.

    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}}')
    >>> policy.version, policy.statements[0].actions
    ('2008-10-17', ('s3:GetObject',))
    """

    version: str
    id: str
    statements: tuple[Statement, ...]
    text: str

    def as_read(self, oais: Mapping[str, str]) -> str:
        """The policy as S3 gives it back: a canonical user that is an origin access identity shows as its ARN.

        `oais`: canonical user ids by identity id. Source: contract of the 2021 guide, private-content-restricting-access-to-s3.
        """
        arns = {canonical: OAI_ARN + id for id, canonical in oais.items()}
        document = json.loads(self.text)
        for statement in _listed(document["Statement"]):
            for element in ("Principal", "NotPrincipal"):
                if isinstance(statement.get(element), dict):
                    statement[element] = _with_arns(statement[element], arns)
        return json.dumps(document, separators=(",", ":"))


def _with_arns(principal: dict[str, Any], arns: Mapping[str, str]) -> dict[str, Any]:
    users = _listed(principal.get("CanonicalUser", []))
    known = [arns[user] for user in users if user in arns]
    if not known:
        return principal
    aws, rest = _listed(principal.get("AWS", [])) + known, [user for user in users if user not in arns]
    kept = {kind: names for kind, names in principal.items() if kind not in ("AWS", "CanonicalUser")}
    some = {kind: names[0] if len(names) == 1 else names for kind, names in (("AWS", aws), ("CanonicalUser", rest)) if names}
    return some | kept


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# --- reading


def parse_policy(
    policy: str | bytes | Mapping[str, Any], *, bucket: str = "", partition: str = "aws", oais: Mapping[str, str] | None = None
) -> Policy:
    """A policy, checked. Give `bucket` to check it as S3 does when it is put there.

    `oais`: canonical user ids by identity id; an ARN of an identity that is not among them is refused, as S3 does.
    Raises APIError MalformedPolicy (400) with S3's message, the place and what would work.
    """
    text, document = _read(policy)
    for name in document:
        if name not in ("Version", "Id", "Statement"):
            raise malformed(f"Unknown field {name}", name, document[name], "a policy has Version, Id and Statement")
    version = document.get("Version", "2008-10-17")
    if version not in ("2008-10-17", "2012-10-17"):
        raise malformed("The policy must contain a valid version string", "Version", version, "write 2012-10-17")
    id = document.get("Id", "")
    if not isinstance(id, str):
        raise malformed("Invalid policy syntax", "Id", id, "write a text")
    if "Statement" not in document:
        raise malformed("Missing required field Statement", "Statement", None, "write a list of statements")
    raw = _listed(document["Statement"])
    if not raw:
        raise malformed("Could not parse the policy: Statement is empty!", "Statement", raw, "write at least one statement")
    place = "Statement[{}]" if isinstance(document["Statement"], list) else "Statement"
    statements = tuple(_statement(index, each, place.format(index), version == "2012-10-17", oais) for index, each in enumerate(raw))
    if bucket:
        if len(text) > MAX_BYTES:
            raise malformed("Policy is too large", "policy", f"{len(text)} characters", "a bucket policy has at most 20 KB")
        for statement in statements:
            _check_for_s3(statement, place.format(statement.index), bucket, partition)
    return Policy(version, id, statements, text)


def _read(policy: str | bytes | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    wanted = 'write {"Version": "2012-10-17", "Statement": [...]}'
    try:
        text = policy.decode() if isinstance(policy, bytes) else policy if isinstance(policy, str) else json.dumps(policy)
        if not text.lstrip(" \t\r\n").startswith("{"):
            raise malformed("Policies must be valid JSON and the first byte must be '{'", "policy", text, wanted)
        # Numbers stay as they were written: quotation marks around them are optional in a policy.
        document = json.loads(text, object_pairs_hook=_no_repeats, parse_int=str, parse_float=str, parse_constant=_no_constant)
        return json.dumps(document, separators=(",", ":")), document
    except (ValueError, TypeError, RecursionError) as error:
        raise malformed("This policy contains invalid Json", "policy", str(error)[:200], wanted) from None


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _statement(index: int, raw: Any, path: str, variables: bool, oais: Mapping[str, str] | None) -> Statement:
    if not isinstance(raw, dict):
        raise malformed("Invalid policy syntax", path, raw, 'write {"Effect": ..., "Principal": ..., "Action": ..., "Resource": ...}')
    for name in raw:
        if name not in _ELEMENTS:
            close = get_close_matches(name, _ELEMENTS, n=1)
            legal = f"did you mean {close[0]}?" if close else f"a statement has {', '.join(_ELEMENTS)}"
            raise malformed(f"Unknown field {name}", f"{path}.{name}", raw[name], legal)
    sid = raw.get("Sid", "")
    if not isinstance(sid, str):
        raise malformed("Invalid policy syntax", f"{path}.Sid", sid, "write a text")
    if "Effect" not in raw:
        raise malformed("Missing required field Effect", f"{path}.Effect", None, "write Allow or Deny")
    if raw["Effect"] not in ("Allow", "Deny"):
        raise malformed("Invalid effect", f"{path}.Effect", raw["Effect"], "write Allow or Deny")
    principal, action, resource = (_one_of(raw, name, path) for name in ("Principal", "Action", "Resource"))
    actions = _texts(raw[action], f"{path}.{action}", 'write "s3:GetObject" or a list of actions')
    for each in actions:
        if not re.fullmatch(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+", each):
            raise malformed("Policy has invalid action", f"{path}.{action}", each, "write service:Action, such as s3:GetObject")
    resources = _texts(raw[resource], f"{path}.{resource}", 'write an ARN, such as "arn:aws:s3:::photos/*", or a list of them')
    for each in resources if variables else ():
        check_variables(each, f"{path}.{resource}")
        if "${" in ":".join(each.split(":", 5)[:5]):
            raise malformed("Policy has invalid resource", f"{path}.{resource}", each, "a variable stands after the fifth colon only")
    return Statement(
        index,
        sid,
        raw["Effect"],
        tuple(_principals(raw[principal], f"{path}.{principal}", oais)),
        actions,
        resources,
        parse_condition(raw["Condition"], f"{path}.Condition", variables=variables) if "Condition" in raw else (),
        principal == "NotPrincipal",
        action == "NotAction",
        resource == "NotResource",
        variables,
        json.dumps(raw),
    )


def _one_of(raw: Mapping[str, Any], name: str, path: str) -> str:
    """Which of `Action` and `NotAction` (and so on) the statement has; it must be exactly one."""
    found = [each for each in (name, f"Not{name}") if each in raw]
    if not found:
        raise malformed(f"Missing required field {name}", f"{path}.{name}", None, f"write {name} or Not{name}")
    if len(found) > 1:
        raise malformed("Invalid policy syntax", f"{path}.Not{name}", raw[f"Not{name}"], f"write {name} or Not{name}, not both")
    return found[0]


def _texts(raw: Any, path: str, legal: str) -> tuple[str, ...]:
    values = _listed(raw)
    if not values or not all(isinstance(each, str) for each in values):
        raise malformed("Invalid policy syntax", path, raw, legal)
    return tuple(values)


def _principals(raw: Any, path: str, oais: Mapping[str, str] | None) -> Iterator[tuple[str, str]]:
    if raw == "*":
        yield "*", "*"
        return
    if not isinstance(raw, dict) or not raw:
        raise malformed("Invalid principal in policy", path, raw, 'write "*" or {"AWS": ...}, {"Service": ...}, {"CanonicalUser": ...}')
    for kind, names in raw.items():
        if kind not in _KINDS:
            raise malformed("Invalid principal in policy", f"{path}.{kind}", names, f"known kinds: {', '.join(_KINDS)}")
        for name in _texts(names, f"{path}.{kind}", _PRINCIPAL_WANTS[kind]):
            if not _PRINCIPAL[kind].fullmatch(name):
                raise malformed("Invalid principal in policy", f"{path}.{kind}", name, _PRINCIPAL_WANTS[kind])
            if name.startswith(OAI_ARN) and oais is not None and name.removeprefix(OAI_ARN) not in oais:
                known = ", ".join(sorted(oais)) or "none"
                raise malformed(
                    "Invalid principal in policy", f"{path}.{kind}", name, f"this origin access identity does not exist; known: {known}"
                )
            yield ("*", "*") if (kind, name) == ("AWS", "*") else (kind, name)


# --- what S3 checks in addition


@cache
def _words() -> tuple[dict[str, str], dict[str, str]]:
    """S3's actions in lower case, with object or bucket; the condition keys in lower case, with the actions they go with."""
    rows = table("s3_policy_words.csv")
    actions = {f"s3:{row['name']}".lower(): row["applies_to"] for row in rows if row["kind"] == "action"}
    return actions, {row["name"].lower(): row["applies_to"].lower() for row in rows if row["kind"] == "key"}


def _meant(action: str) -> list[str]:
    """The actions of S3 that a pattern covers."""
    return [each for each in _words()[0] if like(action.lower(), each)]


def _check_for_s3(statement: Statement, path: str, bucket: str, partition: str) -> None:
    for action in statement.actions:
        if not _meant(action):
            close = get_close_matches(action, [f"s3:{row['name']}" for row in table("s3_policy_words.csv") if row["kind"] == "action"], n=1)
            hint = f"did you mean {close[0]}?" if close else "write an action of S3, such as s3:GetObject"
            raise malformed("Policy has invalid action", f"{path}.{'Not' * statement.not_action}Action", action, hint)
    names = [_name_of(each, f"{path}.{'Not' * statement.not_resource}Resource", bucket, partition) for each in statement.resources]
    if not statement.not_action and not statement.not_resource:
        covered = {"bucket": any(like(name, bucket) for name in names), "object": any("/" in name or "*" in name for name in names)}
        for action in statement.actions:
            kinds = {_words()[0][each] for each in _meant(action)}
            if not any(covered[kind] for kind in kinds):
                (kind,) = kinds
                legal = f"{action} needs arn:{partition}:s3:::{bucket}" + ("/*" if kind == "object" else "") + " among the resources"
                raise malformed("Action does not apply to any resource(s) in statement", f"{path}.Action", action, legal)
    for test in statement.tests:
        _check_key(test, statement, path)


def _name_of(resource: str, path: str, bucket: str, partition: str) -> str:
    """What stands behind `arn:aws:s3:::`."""
    start = f"arn:{partition}:s3:::"
    name = resource if resource == "*" else resource.removeprefix(start) if resource.startswith(start) else ""
    if not like(name.split("/", 1)[0], bucket):
        raise malformed("Policy has invalid resource", path, resource, f"write {start}{bucket} or {start}{bucket}/*")
    return name


def _check_key(test: Test, statement: Statement, path: str) -> None:
    keys, key = _words()[1], test.key.lower()
    place = f"{path}.Condition.{test.operator}"
    if not key.startswith(("aws:", "s3:")):
        return
    name = key.split("/", 1)[0] + "/" if "/" in key else key
    if name not in keys:
        close = get_close_matches(key, keys, n=1)
        raise malformed("Policy has an invalid condition key", place, test.key, f"did you mean {close[0]}?" if close else "no such key")
    goes_with = {f"s3:{each}" for each in keys[name].split()}
    for action in () if keys[name] == "any" or statement.not_action else statement.actions:
        if not goes_with.intersection(_meant(action)):
            legal = f"{test.key} goes with {' and '.join(sorted(goes_with))} only, not with {action}"
            raise malformed("Conditions do not apply to combination of actions and resources in statement", place, test.key, legal)


# --- public or not


_FIXES = {
    *("aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount", "aws:userid"),
    *("aws:principalarn", "aws:principalaccount", "aws:principalorgid"),
    *("s3:dataaccesspointaccount", "s3:x-amz-server-side-encryption-aws-kms-key-id"),
}


def is_public(policy: Policy) -> bool:
    """Whether S3 Block Public Access calls this policy public.

    >>> is_public(parse_policy({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}}))
    True
    """
    return public_statement(policy) is not None


def public_statement(policy: Policy) -> Statement | None:
    """The first statement that makes the policy public; None when it is not."""
    return next((each for each in policy.statements if each.effect == "Allow" and not _narrow(each)), None)


def _narrow(statement: Statement) -> bool:
    open_to_anyone = statement.not_principal or any(kind in ("*", "Federated") for kind, _ in statement.principals)
    return not open_to_anyone or any(_fixes(test) for test in statement.tests)


def _fixes(test: Test) -> bool:
    """Whether a test lets only fixed values pass: values without wildcard or variable, and no way round them."""
    if test.if_exists or test.quantifier == "ForAllValues":
        return False
    if test.key.lower() == "aws:sourceip":
        return test.base == "IpAddress" and all(map(_narrow_range, test.values))
    if test.base not in ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"):
        return False
    if test.key.lower() == "s3:dataaccesspointarn":  # the access point's name may be a wildcard, its account may not
        return all(re.match(r"arn:[^:*?$]+:s3:[^:]*:\d{12}:", value) for value in test.values)
    return test.key.lower() in _FIXES and not any(mark in value for value in test.values for mark in ("*", "?", "${"))


def _narrow_range(text: str) -> bool:
    network = ipaddress.ip_network(text, strict=False)
    return network.prefixlen >= (8 if network.version == 4 else 32)  # private ranges are no broader than /8
