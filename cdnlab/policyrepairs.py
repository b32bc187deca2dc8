"""Repairs of what a policy says: its form, its Resource, its moments, its address.

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
from urllib.parse import quote, unquote

from cdnlab.cases import Case, Change, Note, short, with_parameters
from cdnlab.resources import Address, covers, sections
from cdnlab.signedpolicy import SignedPolicy, custom_text, moment, parse_network, parse_signed_policy
from cdnlab.tokenrepairs import number_in
from cdnlab.tokens import decoded, encoded
from cdnlab.verification import duration

__all__ = ["another_address", "another_resource", "earlier", "later", "mended_policy"]

_FAR = 4_102_444_800  # 2100-01-01
_SOON = 315_360_000  # ten years of seconds: less is not a moment, but a duration
_NAMES = ("Statement", "Resource", "Condition", "DateLessThan", "DateGreaterThan", "IpAddress", "AWS:EpochTime", "AWS:SourceIp")


def _with_policy(case: Case, text: bytes) -> Case:
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
            yield Change(_with_policy(case, made), tuple(dict.fromkeys(notes)))


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
    policy = _right_names(value, ("Statement",), notes, "the policy")
    if policy is None:
        return
    statements = policy.get("Statement", value if isinstance(value, dict) and "Condition" in value else None)
    if "Statement" not in policy:
        notes.append(Note("Statement left out", "the policy has no Statement", 'Put the statement into {"Statement":[...]}.'))
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
        version = ipaddress.ip_network(str(value)[:60], strict=False).version
    except ValueError:
        version = 0
    if version == 6:
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


# -- the Resource


def another_resource(case: Case) -> Iterator[Change]:
    """What the Resource would have to be for this URL, by the smallest change."""
    token, address, opening = case.token, case.address, case.opening
    if token is None or address is None or opening is None or opening.policy.resource is None or token.policy is None:
        return
    policy, resource = opening.policy, opening.policy.resource

    def changed(to: str, *notes: Note) -> Change:
        made = custom_text(to, policy.expires, policy.starts, policy.address or None).encode()
        return Change(_with_policy(case, made), notes)

    for to, *notes in _resources(resource, address, token.carrier, case):
        if to != resource and covers(to, address):
            yield changed(to, *notes)
            return


def _resources(resource: str, address: Address, carrier: str, case: Case) -> Iterator[tuple[Any, ...]]:
    told = {each.name: each for each in sections(resource, address)}
    wrong = [name for name, each in told.items() if not each.fits]
    found = re.match(r"([A-Za-z0-9+.\-*?]*)://([^/]*)(.*)\Z", resource, re.DOTALL)
    signer = "in the policy that is signed"
    if not found:
        base = f"{address.scheme}://{address.domain}"
        fix = f"Write the whole URL as Resource, {base}{resource if resource.startswith('/') else '/...'}, {signer}."
        note = Note("path-only resource", f"Resource {short(resource, 60)} has no scheme and host", fix)
        for to in (f"{base}{resource}", f"{base}/{resource}", f"{address.scheme}://{resource}", f"{address.scheme}:{resource}"):
            yield to, note
        yield str(address), note
        return
    scheme, domain, rest = found.groups()
    to_scheme, to_domain, notes = scheme, domain, []
    if "protocol" in wrong:
        to_scheme = address.scheme
        fix = f"Write {address.scheme}:// (or http*:// for both) as the Resource's protocol {signer}, or ask for the URL with {scheme}://."
        notes.append(Note("wrong scheme", f"Resource is for {short(scheme, 20)}://, asked for with {address.scheme}://", fix))
    if "domain" in wrong:
        to_domain = address.domain
        also = "" if case.hosts else " (both names, if it has an alias: the one in the address bar counts)"
        fix = f"Write the host that the viewer uses, {address.domain}, into Resource {signer}{also}."
        notes.append(Note("wrong host", f"Resource is for the host {short(domain, 60)}, asked for at {address.domain}", fix))
    base = f"{to_scheme}://{to_domain}"
    if notes:
        yield (base + rest, *notes)
    path, mark, query = rest.replace("\\?", "?", 1).partition("?")
    shown = "" if address.query is None else f"?{short(address.query, 60)[1:-1]}"
    if address.query is not None:
        fix = f"End Resource with * ({short(path + '*', 60)}), or write the query into it; a * in the path stops at the ?."
        yield (
            f"{base}{path}?*" if not mark else f"{base}{rest}*",
            *notes,
            Note("query not covered", f"Resource {short(resource, 70)} has no place for {shown}", fix),
        )
        yield (f"{base}{path}?*", *notes, Note("query not covered", f"Resource {short(resource, 70)} does not fit the query {shown}", fix))
        if mark:
            fix = "Write the one character itself, or end Resource with *: in a request that has a query, the first ? of Resource begins the query."
            yield (f"{base}{path}*", *notes, Note("question mark as wildcard", "the ? in Resource begins the query here", fix))
    elif mark:
        fix = f"Ask for the URL with its query (?{short(query, 40)[1:-1]}), or write Resource without one; without a query the ? stands for one character."
        note = Note("query missing", f"Resource {short(resource, 70)} wants a query, and the URL has none", fix)
        yield (f"{base}{path}", *notes, note)
    spelt = f"Write the path in Resource as it is requested ({short(address.path, 60)}), percent-encoded in the same way."
    for other in (
        unquote(path),
        quote(unquote(path), safe="/*?!$&'()+,;=:@~"),
        quote(path, safe="/*?%!$&'()+,;=:@~"),
        path.replace("%", "%25"),
        quote(unquote(path), safe="/*?~"),
        re.sub("%..", lambda hex: hex[0].upper(), path),
        re.sub("%..", lambda hex: hex[0].lower(), path),
        path.replace(" ", "+"),
        path.replace("+", "%20"),
    ):
        yield (f"{base}{other}{mark}{query}", *notes, Note("re-encoded path", f"Resource writes the path {short(path, 60)}", spelt))
    if path.lower() == address.path.lower() and path != address.path:
        yield (f"{base}{address.path}{mark}{query}", *notes, Note("letter case of the path", f"Resource has {short(path, 60)}", spelt))
    for other in (path + "/", path.rstrip("/"), "/" + path.lstrip("/"), path.replace("//", "/")):
        yield (
            f"{base}{other}{mark}{query}",
            *notes,
            Note("trailing slash", f"Resource has {short(path, 60)}, asked for is {short(address.path, 60)}", spelt),
        )
    if "*" not in resource:
        name = "cookie for one file" if carrier == "cookies" else "policy for one file"
        folder = f"{base}{address.path[: address.path.rfind('/') + 1]}*"
        fix = f"Sign a policy whose Resource covers every file that is asked for, such as {short(folder, 80)}."
        yield (str(address), *notes, Note(name, f"Resource opens {short(resource, 70)} alone, asked for is {short(str(address), 70)}", fix))
    else:
        folder = f"{base}{address.path[: address.path.rfind('/') + 1]}*"
        fix = f"Sign a policy whose Resource covers this URL, too, such as {short(folder, 80)}, or ask for a URL that it covers."
        yield (str(address), *notes, Note("another path", f"Resource {short(resource, 70)} does not reach {short(str(address), 70)}", fix))


# -- time and place


def earlier(case: Case) -> Iterator[Change]:
    """Expired: would it have been good?"""
    opening = case.opening
    if opening is None:
        return
    policy = opening.policy
    before = policy.expires - 1
    says = f"it ended at {moment(policy.expires)}, {duration(int(case.at) - policy.expires)} ago"
    fix = "Sign anew with a later end (or check the clock and the time zone of the signer: the moment is in UTC)."
    name = "expired"
    if policy.starts is not None and policy.starts >= before:
        says += f", and it was to begin at {moment(policy.starts)}, so it was never valid"
        name, before = "empty period", policy.expires - 1
        fix = "Let DateGreaterThan be before DateLessThan: there is no second after the one and before the other."
    if 0 <= policy.expires < _SOON:
        name = (
            "date instead of seconds"
            if re.fullmatch(r"(?:19|20)\d\d[01]\d[0-3]\d", str(policy.expires))
            else "duration instead of a moment"
        )
        what = "a date in digits" if name.startswith("date") else "a duration"
        fix = f"Write the moment in seconds since 1970 (UTC), not {what}: {policy.expires} is {moment(policy.expires)}."
    starts = policy.starts
    yield Change(_moved(case, before if starts is None or starts < before else max(0, before), opening.policy), (Note(name, says, fix),))


def _moved(case: Case, at: float, policy: SignedPolicy) -> Case:
    """The case at another time; where no time would do, with a policy that has no beginning."""
    if policy.starts is None or policy.starts < at:
        return replace(case, at=float(at))
    made = custom_text(policy.resource or "*", policy.expires, None, policy.address or None).encode()
    return replace(_with_policy(case, made), at=float(at))


def later(case: Case) -> Iterator[Change]:
    """Not yet valid: will it be?"""
    opening = case.opening
    if opening is None or opening.policy.starts is None:
        return
    policy, starts = opening.policy, opening.policy.starts
    wait = duration(starts + 1 - int(case.at))
    says = f"it begins after {moment(starts)}, in {wait}"
    name, fix = "not yet valid", "Wait, or sign anew with an earlier DateGreaterThan (or check the clock and the time zone of the signer)."
    if starts > 10**11:
        name, fix = "milliseconds", f"Write DateGreaterThan in seconds, not milliseconds: {starts // 1000}."
        made = custom_text(policy.resource or "*", policy.expires, starts // 1000, policy.address or None).encode()
        yield Change(_with_policy(case, made), (Note(name, says, fix),))
        return
    if starts + 1 >= policy.expires:
        name = "empty period"
        fix = "Let DateGreaterThan be before DateLessThan: there is no second after the one and before the other."
        made = custom_text(policy.resource or "*", policy.expires, None, policy.address or None).encode()
        yield Change(_with_policy(case, made), (Note(name, says, fix),))
        return
    yield Change(replace(case, at=float(starts + 1)), (Note(name, says, fix),))


def another_address(case: Case) -> Iterator[Change]:
    """The wrong address: which one is wanted?"""
    opening = case.opening
    if opening is None or not opening.policy.address:
        return
    wanted = opening.policy.address
    wants = str(ipaddress.ip_address(opening.policy.network))
    if ":" in case.ip and parse_network(case.ip) is None:
        name = "IPv6 viewer"
        fix = f"Sign without IpAddress, or let the viewer come over IPv4 from {wanted}: an IPv6 address fits no condition."
    else:
        name = "wrong address"
        fix = f"Sign for the address that the viewer comes from ({case.ip}), or without IpAddress; X-Forwarded-For does not count, only the peer that connects to CloudFront."
    note = Note(name, f"the viewer comes from {case.ip}, and the policy wants {wanted}", fix)
    yield Change(replace(case, ip=wants), (note,))
