"""Repairs of a custom policy's form: a policy that cannot be read, read all the same.

A signed policy cannot be changed without breaking the signature. To find out whether one word in it is all that is wrong, the
word is changed and the signature is held against the old text: if the edge's verifier is content, it is.
"""

from __future__ import annotations

import ast
import ipaddress
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from cdnlab.cases import Case, Change, Note, short, with_parameters
from cdnlab.signedpolicy import SignedPolicy, custom_text, parse_network, parse_signed_policy
from cdnlab.tokenrepairs import number_in
from cdnlab.tokens import decoded, encoded

__all__ = ["mended_policy", "with_policy"]

_FAR = 4_102_444_800  # 2100-01-01


def with_policy(case: Case, text: bytes) -> Case:
    """The case as if the policy had said this, with the signature held against what it does say."""
    token = case.token
    document = case.text if case.text is not None else decoded((token.policy if token else None) or "") or b""
    return replace(with_parameters(case, {"Policy": encoded(text)}), text=document)


# -- the form


def mended_policy(case: Case) -> Iterator[Change]:
    """A custom policy that cannot be read, read all the same: what would have to be written differently."""
    token = case.token
    document = decoded(token.policy or "") if token else None
    if not document or len(document) > 32768:
        return
    notes: list[Note] = []
    value = _loosely(document, notes)
    if value is None:
        return
    for policy in _policies(value, notes, case.ip):
        made = custom_text(policy.resource or "*", policy.expires, policy.starts, policy.address or None).encode()
        if isinstance(parse_signed_policy(made), SignedPolicy) and notes:
            yield Change(with_policy(case, made), tuple(dict.fromkeys(notes)))


def _first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def _loosely(document: bytes, notes: list[Note]) -> Any:
    """A JSON value out of a text that is nearly JSON; None if it is not even that."""
    if document[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in document[:8]:
        notes.append(Note("not UTF-8", "the policy is in UTF-16", "Write the policy in UTF-8, without a byte order mark."))
        text = document.decode("utf-16-le" if document[1:2] == b"\0" else "utf-16", "replace")
    else:
        text = document.decode("utf-8", "replace")
    if text.startswith("\ufeff"):
        text = text[1:]
        if not notes:
            notes.append(
                Note("byte order mark", "the policy begins with a byte order mark", "Save the policy as UTF-8 without a byte order mark.")
            )
    for attempt in range(3):
        try:
            value = json.loads(text, object_pairs_hook=_first, parse_constant=str)
        except (ValueError, RecursionError):
            pass
        else:
            if not isinstance(value, str):
                return value
            notes.append(Note("JSON twice", "the policy is a JSON text inside a JSON text", "Turn the policy into JSON once."))
            text = value
            continue
        if attempt == 0 and len(text) < 8192:
            fix = "Write the policy as JSON: names and texts in double quotation marks, no comma before a bracket that closes."
            try:
                value = ast.literal_eval(text.strip())
            except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
                text = re.sub(r",\s*(?=[}\]])", "", text.strip())
                notes.append(Note("not quite JSON", "the policy is not JSON", fix))
            else:
                notes.append(Note("not quite JSON", "the policy is written as a programming language would print it", fix))
                return value
    return None


def _policies(value: Any, notes: list[Note], ip: str) -> Iterator[SignedPolicy]:
    """The policies that a value may mean. Notes are taken on the way."""
    if isinstance(value, dict) and "Condition" in value:
        notes.append(Note("Statement left out", "the policy has no Statement", 'Put the statement into {"Statement":[...]}.'))
        value = {"Statement": [value]}
    policy = _right_names(value, ("Statement",), notes, "the policy")
    if policy is None or "Statement" not in policy:
        return
    statements = policy["Statement"]
    if not isinstance(statements, list):
        statements = [statements]
    if len(statements) > 1:
        says = f"the policy has {len(statements)} statements"
        notes.append(Note("two statements", says, "Make one policy for each Resource: a policy has exactly one statement."))
    before = len(notes)
    for statement in statements[:5]:
        del notes[before:]
        if (read := _read_statement(statement, notes, ip)) is not None:
            yield read


def _read_statement(value: Any, notes: list[Note], ip: str) -> SignedPolicy | None:
    statement = _right_names(value, ("Resource", "Condition"), notes, "the statement")
    if statement is None:
        return None
    resource = statement.get("Resource")
    if isinstance(resource, list) and resource:
        notes.append(
            Note(
                "list of resources",
                f"Resource is a list of {len(resource)}",
                "Give one Resource as text; for several files use a * or several signed URLs.",
            )
        )
        resource = resource[0]
    if resource is not None and not isinstance(resource, str):
        return None
    condition = _right_names(statement.get("Condition", {}), ("DateLessThan", "DateGreaterThan", "IpAddress"), notes, "Condition")
    if condition is None:
        return None
    if "DateLessThan" not in condition:
        notes.append(
            Note(
                "DateLessThan missing",
                "the policy has no DateLessThan",
                'Give the policy an end: "Condition":{"DateLessThan":{"AWS:EpochTime":<seconds>}} is required.',
            )
        )
    expires = _moment(condition.get("DateLessThan", {"AWS:EpochTime": _FAR}), "DateLessThan", notes)
    starts = _moment(condition["DateGreaterThan"], "DateGreaterThan", notes) if "DateGreaterThan" in condition else None
    if expires is None or ("DateGreaterThan" in condition and starts is None):
        return None
    address = _address(condition["IpAddress"], notes, ip) if "IpAddress" in condition else ""
    return SignedPolicy(resource, expires, starts, address)


def _right_names(value: Any, wanted: tuple[str, ...], notes: list[Note], where: str) -> dict[str, Any] | None:
    """An object by its right names: nearly right ones are taken for what they mean, and strange ones are left out."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict) or len(value) > 100:
        return None
    right: dict[str, Any] = {}
    for name, inner in value.items():
        meant = name if name in wanted else _meant(str(name), wanted)
        if meant is None:
            fix = f"Leave {short(name, 40)} out of the policy: only {', '.join(wanted)} may stand there."
            notes.append(Note("name that does not belong", f"{short(name, 40)} stands in {where}", fix))
        elif meant != name and meant not in value:
            notes.append(
                Note("misspelt name", f"{short(name, 40)} is not {meant}", f"Write {meant}: upper and lower case count in a policy.")
            )
            right[meant] = inner
        elif meant == name:
            right[name] = inner
    return right


def _meant(name: str, wanted: tuple[str, ...]) -> str | None:
    plain = {re.sub("[^a-z]", "", each.lower()): each for each in wanted}
    own = re.sub("[^a-z]", "", name.lower()[:60])
    short_names = {each.rpartition(":")[2].lower(): each for each in wanted}
    close = get_close_matches(own, plain, n=1, cutoff=0.75)
    return plain.get(own) or short_names.get(own) or (plain[close[0]] if close else None)


def _moment(value: Any, name: str, notes: list[Note]) -> int | None:
    path = f"{name}.AWS:EpochTime"
    if isinstance(value, dict):
        inner = _right_names(value, ("AWS:EpochTime",), notes, name)
        if not inner:
            return None
        value = inner["AWS:EpochTime"]
    else:
        notes.append(Note("AWS:EpochTime left out", f"{name} is {short(value, 40)}", f'Write "{name}":{{"AWS:EpochTime":<seconds>}}.'))
    if type(value) is int and abs(value) < 2**63:
        return value
    fix = f"Write {path} as a plain whole number of seconds since 1970 (UTC), without quotation marks, point or exponent"
    if isinstance(value, float) and abs(value) < 2**53:
        notes.append(Note("epoch not whole", f"{path} is {value!r}", f"{fix}: {int(value)}."))
        return int(value)
    number = number_in(value) if isinstance(value, str) else None
    if number is not None:
        plain = str(value).strip().isdigit()
        notes.append(Note("quoted epoch" if plain else "date instead of seconds", f"{path} is {short(value, 40)}", f"{fix}: {number}."))
        return number
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        notes.append(Note("epoch out of reach", f"{path} is {short(value, 40)}", f"{fix}."))
        return _FAR if name == "DateLessThan" else 0
    return None


def _address(value: Any, notes: list[Note], ip: str) -> str:
    """The one range that is meant, or "" for none."""
    if isinstance(value, dict):
        inner = _right_names(value, ("AWS:SourceIp",), notes, "IpAddress") or {}
        value = inner.get("AWS:SourceIp")
    if isinstance(value, list):
        says = f"IpAddress is a list of {len(value)}"
        notes.append(
            Note(
                "list of addresses", says, "Give one IPv4 address or range (192.0.2.0/24) as text, not in a list; sign once for each range."
            )
        )
        fitting = [each for each in value[:50] if isinstance(each, str) and parse_network(each)]
        value = next(
            (each for each in fitting if SignedPolicy(None, 0, None, each, *(parse_network(each) or (0, 0))).admits(ip)),
            fitting[0] if fitting else "",
        )
    if isinstance(value, str) and parse_network(value.strip()):
        return value.strip()
    try:
        other = ipaddress.ip_network(str(value)[:60], strict=False)
    except ValueError:
        other = None
    if isinstance(other, ipaddress.IPv6Network):
        notes.append(
            Note(
                "IPv6 condition",
                f"IpAddress is {short(value, 50)}",
                "Leave IpAddress out for viewers on IPv6, or switch IPv6 off for the distribution: the condition knows IPv4 only.",
            )
        )
    elif value != "":
        notes.append(
            Note(
                "address that is none",
                f"IpAddress is {short(value, 50)}",
                "Give one IPv4 address or range, such as 192.0.2.7/32 or 192.0.2.0/24.",
            )
        )
    return ""
