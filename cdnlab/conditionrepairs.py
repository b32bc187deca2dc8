"""Repairs of what a policy says and the request does not fit: its Resource, its moments, its address.

Each asks "had it said this, would the edge be content?", or "had the request come then, or from there?".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote, unquote

from cdnlab.cases import Case, Change, Note, short
from cdnlab.policyrepairs import with_policy
from cdnlab.resources import Address, covers, sections
from cdnlab.signedpolicy import SignedPolicy, custom_text, moment, parse_network
from cdnlab.verification import duration

__all__ = ["another_address", "another_resource", "earlier", "later"]

_MOST_CHARACTERS = 4000  # what is longer is not respelt
_SOON = 315_360_000  # ten years of seconds: less is no moment, but a duration


def another_resource(case: Case) -> Iterator[Change]:
    """What the Resource would have to be for this URL, by the smallest change."""
    token, address, opening = case.token, case.address, case.opening
    if token is None or address is None or opening is None or opening.policy.resource is None or token.policy is None:
        return
    policy = opening.policy
    for to, notes in _resources(opening.policy.resource, address, token.carrier):
        if to != policy.resource and covers(to, address):
            made = custom_text(to, policy.expires, policy.starts, policy.address or None).encode()
            yield Change(with_policy(case, made), notes)
            return


_Meant = tuple[str, tuple[Note, ...]]


def _resources(resource: str, address: Address, carrier: str) -> Iterator[_Meant]:
    """Other Resources, from the nearest to the one that fits in any case."""
    found = re.match(r"([A-Za-z0-9+.\-*?]*)://([^/]*)(.*)\Z", resource, re.DOTALL)
    if not found:
        yield from _incomplete(resource, address)
        return
    scheme, domain, rest = found.groups()
    wrong = [each.name for each in sections(resource, address) if not each.fits]
    notes: tuple[Note, ...] = ()
    if "protocol" in wrong:
        fix = f"Write {address.scheme}:// (or http*:// for both) into the Resource, or ask for the URL with {scheme}://."
        notes += (Note("wrong scheme", f"Resource is for {short(scheme, 20)}://, asked for with {address.scheme}://", fix),)
        scheme = address.scheme
    if "domain" in wrong:
        fix = f"Write the host that the viewer uses, {address.domain}, into the Resource: the name in the URL counts."
        notes += (Note("wrong host", f"Resource is for the host {short(domain, 60)}, asked for at {address.domain}", fix),)
        domain = address.domain
    base = f"{scheme}://{domain}"
    if notes:
        yield f"{base}{rest}", notes
    path, mark, query = rest.replace("\\?", "?", 1).partition("?")
    for tail, note in (*_with_query(path, mark, query, address), *_other_paths(path, mark + query, address)):
        yield f"{base}{tail}", (*notes, note)
    folder = f"{base}{address.path[: address.path.rfind('/') + 1]}*"
    if "*" in resource:
        says = f"Resource {short(resource, 70)} does not reach {short(str(address), 70)}"
        fix = f"Sign a policy whose Resource covers this URL, too, such as {short(folder, 80)}, or ask for a URL that it covers."
        yield str(address), (*notes, Note("another path", says, fix))
    else:
        name = "cookie for one file" if carrier == "cookies" else "policy for one file"
        says = f"Resource opens {short(resource, 70)} alone, asked for is {short(str(address), 70)}"
        fix = f"Sign a policy whose Resource covers every file that is asked for, such as {short(folder, 80)}."
        yield str(address), (*notes, Note(name, says, fix))


def _incomplete(resource: str, address: Address) -> Iterator[_Meant]:
    base = f"{address.scheme}://{address.domain}"
    whole = f"{base}{resource if resource.startswith('/') else '/...'}"
    fix = f"Write the whole URL into the Resource, {short(whole, 80)}, with scheme and host."
    note = Note("path-only resource", f"Resource {short(resource, 60)} has no scheme and host", fix)
    for to in (f"{base}{resource}", f"{base}/{resource}", f"{address.scheme}://{resource}", f"{address.scheme}:{resource}", str(address)):
        yield to, (note,)


def _with_query(path: str, mark: str, query: str, address: Address) -> Iterator[tuple[str, Note]]:
    """The Resource's path and query, where the one of the request does not fit."""
    if address.query is None:
        if mark:
            says = f"Resource wants the query {short('?' + query, 60)}, and the URL has none"
            fix = "Ask for the URL with its query, or write the Resource without one: without a query, ? stands for one character."
            yield path, Note("query missing", says, fix)
        return
    asked = short("?" + address.query, 60)
    if not mark or query:
        says = f"Resource has no place for the query {asked}"
        fix = f"End the Resource with *, as {short(path + '*', 60)}, or write the query into it: a * inside the path stops at the ?."
        note = Note("query not covered", says, fix)
        yield f"{path}{mark}{query}*" if mark else f"{path}?*", note
        yield f"{path}?*", note
    if mark:
        says = f"the first ? of the Resource begins the query here, because the URL has the query {asked}"
        fix = "Write the character itself in place of ?, or end the Resource with * before the ?."
        yield f"{path}*", Note("question mark as wildcard", says, fix)


def _other_paths(path: str, query: str, address: Address) -> Iterator[tuple[str, Note]]:
    """The Resource's path in other spellings."""
    if len(path) > _MOST_CHARACTERS:
        return
    once = unquote(path)
    fix = f"Write the path into the Resource as it is requested, {short(address.path, 60)}, percent-encoded in the same way."

    def note(name: str) -> Note:
        return Note(name, f"Resource has the path {short(path, 60)}, asked for is {short(address.path, 60)}", fix)

    spelt = (once, quote(path, safe="/*?%!$&'()+,;=:@~"), *(quote(once, safe=f"/*?{extra}") for extra in ("", "~", "!$&'()+,;=:@~")))
    for other in (*spelt, path.replace("%", "%25"), path.replace(" ", "+"), path.replace("+", "%20"), unquote(once)):
        yield f"{other}{query}", note("re-encoded path")
    yield re.sub("%[0-9a-fA-F]{2}", lambda found: found[0].upper(), path) + query, note("re-encoded path")
    yield re.sub("%[0-9a-fA-F]{2}", lambda found: found[0].lower(), path) + query, note("re-encoded path")
    if path.lower() == address.path.lower():
        yield f"{address.path}{query}", note("letter case of the path")
    for other in (path + "/", path.rstrip("/"), "/" + path.lstrip("/"), re.sub("/+", "/", path)):
        yield f"{other}{query}", note("trailing slash")


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
    return replace(with_policy(case, made), at=float(at))


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
        yield Change(with_policy(case, made), (Note(name, says, fix),))
        return
    if starts + 1 >= policy.expires:
        name = "empty period"
        fix = "Let DateGreaterThan be before DateLessThan: there is no second after the one and before the other."
        made = custom_text(policy.resource or "*", policy.expires, None, policy.address or None).encode()
        yield Change(with_policy(case, made), (Note(name, says, fix),))
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
        fix = (
            f"Sign for the address that the viewer comes from ({case.ip}), or without IpAddress: "
            "the peer that connects to CloudFront counts, and X-Forwarded-For does not."
        )
    note = Note(name, f"the viewer comes from {case.ip}, and the policy wants {wanted}", fix)
    yield Change(replace(case, ip=wants), (note,))
