"""Repairs of a custom policy's Resource that does not cover the URL: what it would have to say, by the smallest change.

A Resource may differ from the URL in its spelling alone: encoded in another way, in another letter case, with its parameters in another
order. That is found by taking the spelling away on both sides: if then the one covers the other, it was the spelling.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import chain
from typing import NamedTuple
from urllib.parse import unquote

from cdnlab.cases import Case, Change, Note, short
from cdnlab.policyrepairs import with_policy
from cdnlab.resources import Address, covers, sections
from cdnlab.signedpolicy import custom_text
from cdnlab.wildcards import matcher

__all__ = ["another_resource"]

_MOST_CHARACTERS = 4000  # what is longer is not respelt


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
        notes += (_other_host(domain, address),)
        domain = address.domain
    base = f"{scheme}://{domain}"
    if notes:
        yield f"{base}{rest}", notes
    before, mark, inside = rest.partition("#")
    fix = f"Take {short(mark + inside, 40)} out of the Resource: what is behind a # is never sent."
    never = Note("fragment", f"Resource ends in {short(mark + inside, 40)}", fix)
    if mark:
        yield f"{base}{before}", (*notes, never)
        for to, why in _respelt(rest, address):
            yield f"{base}{to}", (*notes, *why)
        notes += (never,)
    for to, why in chain(_respelt(before, address), _with_query(before, address)):
        yield f"{base}{to}", (*notes, *why)
    folder = f"{base}{address.path[: address.path.rfind('/') + 1]}*"
    if "*" in resource:
        says = f"Resource {short(resource, 70)} does not reach {short(str(address), 70)}"
        fix = f"Sign a policy whose Resource covers this URL, too, such as {short(folder, 80)}, or ask for a URL that it covers."
        yield str(address), (*notes, Note("another path", says, fix))
    else:
        name = "cookie for one file" if carrier == "cookies" else "policy for one file"
        says = f"Resource opens {short(resource, 70)} alone, asked for is {short(str(address), 70)}"
        fix = f"Sign a custom policy whose Resource covers every file that is asked for, such as {short(folder, 80)}."
        yield str(address), (*notes, Note(name, says, fix))


def _incomplete(resource: str, address: Address) -> Iterator[_Meant]:
    base = f"{address.scheme}://{address.domain}"
    whole = f"{base}{resource if resource.startswith('/') else '/...'}"
    fix = f"Write the whole URL into the Resource, {short(whole, 80)}, with scheme and host."
    note = Note("path-only resource", f"Resource {short(resource, 60)} has no scheme and host", fix)
    for to in (f"{base}{resource}", f"{base}/{resource}", f"{address.scheme}://{resource}", f"{address.scheme}:{resource}", str(address)):
        yield to, (note,)


def _other_host(domain: str, address: Address) -> Note:
    host, _, port = domain.rpartition(":")
    if port in ("443", "80") and matcher(host.lower())(address.domain):
        fix = f"Leave :{port} out of the Resource: a port that goes without saying is not part of what is compared."
        return Note("port in the signed URL", f"Resource is for the host {short(domain, 60)}", fix)
    fix = f"Write the host that the viewer uses, {address.domain}, into the Resource: the name in the URL counts."
    return Note("wrong host", f"Resource is for the host {short(domain, 60)}, asked for at {address.domain}", fix)


# -- the same in another spelling


def _plain(text: str) -> str:
    for _ in range(3):
        text = unquote(text)
    return unicodedata.normalize("NFC", text.replace("+", " "))


def _parts(query: str) -> list[str]:
    return [_plain(part.removesuffix("=")) for part in filter(None, query.split("&"))]


class _Spelling(NamedTuple):
    """A way to differ in spelling alone: its name, what takes the difference away, the fix. {0}: path or query, {1}: as requested."""

    name: str
    plain: Callable[[str], str]
    fix: str


_ENCODED = "Write the {0} into the Resource as it is requested, {1}, percent-encoded in the same way."
_SPELLINGS = (
    _Spelling("re-encoded {0}", _plain, _ENCODED),
    _Spelling(
        "doubled slash", lambda text: re.sub("/+", "/", text), "Write the {0} into the Resource as it is requested, {1}: each / counts."
    ),
    _Spelling("trailing slash", lambda text: text.strip("/"), "Write the {0} into the Resource as it is requested, {1}: each / counts."),
    _Spelling("re-encoded {0}", lambda text: "&".join(_parts(text)), _ENCODED),
    _Spelling(
        "reordered query",
        lambda text: "&".join(sorted(_parts(text))),
        "Write the parameters into the Resource in the order in which they are requested: {1}.",
    ),
    _Spelling("letter case of the {0}", lambda text: _plain(text).lower(), "Write the {0} as it is requested, {1}: capitals count."),
    _Spelling(
        "white space taken out",
        lambda text: re.sub(r"\s+", "", _plain(text)),
        "Percent-encode the {0} before signing, {1}: some signers (those for JavaScript, PHP, Ruby) take every blank out of a policy.",
    ),
)


def _respelt(tail: str, address: Address) -> Iterator[_Meant]:
    """The address's own path and query, if the Resource differs from them in spelling alone."""
    if len(tail) + len(str(address)) > _MOST_CHARACTERS:
        return
    path, mark, query = tail.replace("\\?", "?", 1).partition("?") if address.query is not None else (tail, "", "")
    pairs = [("path", path, address.path)]
    if mark:
        pairs.append(("query", query, address.query or ""))
    notes: list[Note] = []
    for what, pattern, asked in pairs:
        if matcher(pattern)(asked):
            continue
        way = next((each for each in _SPELLINGS if matcher(each.plain(pattern))(each.plain(asked))), None)
        if way is None:
            return
        says = f"Resource has the {what} {short(pattern, 60)}, asked for is {short(asked, 60)}"
        notes.append(Note(way.name.format(what), says, way.fix.format(what, short(asked, 60))))
    if address.query is not None and not mark and not path.endswith("*"):
        notes.append(_uncovered_query(path, address.query))
    if notes:
        yield address.path if address.query is None else f"{address.path}?{address.query}", tuple(notes)


# -- the query


def _uncovered_query(path: str, query: str) -> Note:
    says = f"Resource has no place for the query {short('?' + query, 60)}"
    fix = f"End the Resource with *, as {short(path + '*', 60)}, or write the query into it: a * inside the path stops at the ?."
    return Note("query not covered", says, fix)


def _with_query(tail: str, address: Address) -> Iterator[_Meant]:
    """The Resource's path and query, where the query of the request does not fit."""
    path, mark, query = tail.replace("\\?", "?", 1).partition("?")
    if mark and address.query is None:
        says = f"Resource wants the query {short('?' + query, 60)}, and the URL has none"
        fix = "Ask for the URL with its query, or write the Resource without one: without a query, ? stands for one character."
        yield path, (Note("query missing", says, fix),)
    elif mark and address.query is not None:
        if query:
            yield f"{path}?{query}*", (_uncovered_query(path, address.query),)
            yield f"{path}?*", (_uncovered_query(path, address.query),)
        says = f"the first ? of the Resource begins the query here, because the URL has the query {short('?' + address.query, 60)}"
        fix = "Write the character itself in place of ?, or end the Resource with * before the ?."
        yield f"{path}*", (Note("question mark as wildcard", says, fix),)
