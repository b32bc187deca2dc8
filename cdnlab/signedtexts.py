"""What a signer may have signed instead: texts of a policy that differ from what the edge holds the signature against.

A signature that does not hold says nothing about the why. But the ways to go wrong are known (the host, the query, a blank, a
line break at the end ...), so each is written down, alone and then two by two, and the signature is tried on it. The
first that fits is what was signed; nothing is believed without that.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from hashlib import sha1, sha256
from itertools import chain, islice
from typing import Any, NamedTuple

from cdnlab.cases import Case, Note, short
from cdnlab.resources import Address
from cdnlab.signedpolicy import SignedPolicy, canned_text, moment
from cdnlab.spellings import Alternative, as_written, domains, oddities, paths, patterns, queries, rewritten, schemes
from cdnlab.tokens import Token, encoded

__all__ = ["Candidate", "canned_candidates", "custom_candidates"]

_SECTIONS = ("scheme", "domain", "path", "query")


class Candidate(NamedTuple):
    """A text that may have been signed, and the mistakes that would have led to it."""

    text: bytes
    notes: tuple[Note, ...] = ()


# -- the number


def _written(seconds: int) -> Iterator[Alternative]:
    """Other ways to write the moment."""
    exactly = f"Write the moment in the signed policy as a plain whole number of seconds, {seconds}: no quotation marks, point or exponent."

    def other(value: str, name: str, how: str) -> Alternative:
        return Alternative(value, Note(name, f"signed with AWS:EpochTime {how}: {short(value, 60)}", exactly))

    yield other(f'"{seconds}"', "quoted epoch", "in quotation marks")
    yield other(f"{seconds}.0", "epoch not whole", "with a fraction")
    yield other(str(seconds * 1000), "milliseconds", "in milliseconds")
    if seconds > 10**11:
        fix = f"Send the moment in seconds, as it was signed, not in milliseconds: {seconds // 1000}."
        yield Alternative(str(seconds // 1000), Note("milliseconds", "signed in seconds, and sent in milliseconds", fix))
    if seconds < 2**53:
        yield other(f"{seconds:.6e}", "epoch not whole", "with an exponent")
        yield other(f"{float(seconds)!r}E0", "epoch not whole", "with an exponent")


def _moved(seconds: int) -> Iterator[Alternative]:
    """Other moments: seconds, minutes, hours (a time zone), days away."""
    usual = ((86400, (1, 7, 30, 365)), (3600, (1, 2)), (1, (1,)))
    others = ((step, (*range(1, 32), 60, 90, 365, 366, 3650)) for step in (1, 3600, 86400, 60))
    for step, counts in chain(usual, others):
        for count in counts:
            for value in (seconds - count * step, seconds + count * step):
                if value > 0:
                    fix = f"Send the Expires that was signed, {value}, or sign anew: the moment is part of what is signed."
                    yield Alternative(str(value), Note("Expires changed", f"signed for {moment(value)}, sent with {moment(seconds)}", fix))


# -- the text around it

_FORM = '{"Statement":[{"Resource":"...","Condition":{"DateLessThan":{"AWS:EpochTime":...}}}]}'
_EXACT = f"Sign the canned policy in exactly this form, without any white space: {_FORM}."
_NEWLINE = "Remove what stands after the last bracket before signing (printf, or echo -n; an editor may add a line break)."
_SLASHES = "Write / plainly in the policy: json_encode(..., JSON_UNESCAPED_SLASHES)."
_ESCAPES = "Write & < > plainly in the policy: switch off the HTML escaping of the JSON writer."
_UTF8 = "Write the policy in UTF-8, without a byte order mark."
_CUSTOM = "Send this as a custom policy, with Policy in place of Expires: only one URL with one DateLessThan can be canned."


def _statement(resource: str, seconds: int) -> dict[str, Any]:
    return {"Resource": resource, "Condition": {"DateLessThan": {"AWS:EpochTime": seconds}}}


def _compact(value: Any, **how: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), **how).encode("utf-8", "replace")


def _printed(value: Any) -> Iterator[bytes]:
    """A JSON value with the white space that JSON writers leave."""
    for text in (
        json.dumps(value),
        *(json.dumps(value, indent=indent) for indent in (2, 4, "\t")),
        json.dumps(value, separators=(",", ": ")),
        json.dumps(value, separators=(", ", ":")),
    ):
        yield text.encode()
        yield text.encode() + b"\n"
        if "\n" in text:
            yield text.replace("\n", "\r\n").encode()


def _wrapped(text: bytes) -> Iterator[Candidate]:
    """Things made out of the text, which were signed in its place."""
    fix = "Sign the text of the policy itself; base64 comes after signing, and only for what is sent."
    for made in (encoded(text).encode(), base64.b64encode(text), base64.urlsafe_b64encode(text)):
        yield Candidate(made, (Note("base64 signed", "signed the policy in base64, not its text", fix),))
    fix = "Give the signing function the text of the policy: it makes the hash itself (or tell it that the hash is made already)."
    for name, digest in (("SHA-1", sha1(text)), ("SHA-256", sha256(text))):  # noqa: S324
        for made in (digest.digest(), digest.hexdigest().encode()):
            yield Candidate(made, (Note("hashed twice", f"signed the {name} digest of the policy, so that it was hashed twice", fix),))


def _canned_forms(resource: str, seconds: int, ip: str) -> Iterator[Candidate]:
    """The canned policy of a URL, written in other ways."""

    def form(text: bytes, name: str, how: str, fix: str = _EXACT) -> Candidate:
        return Candidate(text, (Note(name, f"signed {how}", fix),))

    text = canned_text(resource, seconds)
    plain, statement = text.encode("ascii"), _statement(resource, seconds)
    whole: dict[str, Any] = {"Statement": [statement]}
    for tail in ("\n", "\r\n", " ", "\n\n", "\0"):
        name = "trailing newline" if "\n" in tail else "trailing white space"
        yield form(plain + tail.encode(), name, f"with {tail!a} at the end of the policy", _NEWLINE)
    for made in _printed(whole):
        yield form(made, "white space in the policy", "with white space in the policy")
    alone = {"Statement": statement}
    for made in (_compact(alone), *_printed(alone)):
        yield form(made, "Statement as object", "with Statement as an object, not a list")
    for made in (_compact(value) for value in ({"Statement": [dict(reversed(statement.items()))]},)):
        yield form(made, "order of the names", "with Condition before Resource")
    yield form(plain.replace(b"/", b"\\/"), "escaped slashes", "with \\/ for / in the policy (PHP's json_encode)", _SLASHES)
    escaped = re.sub(r"[&<>]", lambda found: f"\\u{ord(found[0]):04x}", text).encode()
    yield form(escaped, "escaped characters", "with \\u0026 for & in the policy (Go's and .NET's JSON)", _ESCAPES)
    escaped = re.sub(r"[&<>'+]", lambda found: f"\\u{ord(found[0]):04X}", text).encode()
    yield form(escaped, "escaped characters", "with \\u0026 for & in the policy (.NET's JSON)", _ESCAPES)
    yield from _wrapped(plain)
    fix = "Sign the text of the canned policy, not the URL: the policy is what CloudFront rebuilds and checks."
    for said in (resource, f"{resource}?Expires={seconds}", f"{resource}&Expires={seconds}", str(seconds)):
        yield form(said.encode("utf-8", "replace"), "URL signed", f"{short(said, 60)}, not a policy", fix)
    yield form(b"", "nothing signed", "an empty text", "Look at what is given to the signing function: it was empty.")
    for wrong in ("aws:EpochTime", "AWS:epochTime", "AWS:Epochtime", "EpochTime"):
        yield form(text.replace("AWS:EpochTime", wrong).encode(), "misspelt name", f"with {wrong} for AWS:EpochTime")
    for wrong in ("dateLessThan", "DateLessThanEquals", "datelessthan", "NumericLessThan"):
        yield form(text.replace("DateLessThan", wrong).encode(), "misspelt name", f"with {wrong} for DateLessThan")
    for said in (str(whole), text.replace('"', "'")):
        yield form(said.encode("utf-8", "replace"), "not quite JSON", "with the policy in single quotation marks")
    yield form(_compact(statement), "Statement left out", "the statement alone")
    for version in ("2012-10-17", "2008-10-17"):
        yield form(_compact({"Version": version, **whole}), "Version in the policy", "with a Version in the policy")
    for made in (b"\xef\xbb\xbf" + plain, text.encode("utf-16-le"), text.encode("utf-16")):
        yield form(made, "not plain UTF-8", "in UTF-16 or with a byte order mark", _UTF8)
    for address in ("0.0.0.0/0", ip, f"{ip}/32"):
        wide = {**statement["Condition"], "IpAddress": {"AWS:SourceIp": address}}
        for condition in (wide, {**wide, "DateGreaterThan": {"AWS:EpochTime": 0}}):
            made = _compact({"Statement": [{"Resource": resource, "Condition": condition}]})
            yield form(made, "custom policy sent as canned", "with more conditions", _CUSTOM)


def _texts(resource: str, number: object) -> Iterator[bytes]:
    """The canned policy of a URL; two texts when its characters can be written in two ways."""
    text = canned_text(resource, str(number))
    yield text.encode("ascii", "replace")
    if not resource.isascii():
        yield text.replace(json.dumps(resource), json.dumps(resource, ensure_ascii=False)).encode("utf-8", "replace")
    if '"' in resource or "\\" in resource:
        yield text.replace(json.dumps(resource), f'"{resource}"').encode("utf-8", "replace")  # boto 2 and JetS3t escape nothing


def _canned(urls: Iterable[tuple[str, tuple[Note, ...]]], number: object, more: tuple[Note, ...] = ()) -> Iterator[Candidate]:
    for value, notes in urls:
        for text in _texts(value, number):
            yield Candidate(text, notes + more)


def canned_candidates(case: Case, address: Address, token: Token, seconds: int) -> Iterator[Candidate]:
    """Texts that may have been signed for a canned policy, the likeliest first."""
    resource = str(address)
    sections = [list(schemes(address, case.raw)), list(domains(address, case.raw, case.hosts))]
    sections += [list(paths(address, token.carrier)), list(queries(address, case.raw))]
    urls: list[tuple[str, tuple[Note, ...]]] = [
        (str(address._replace(**{name: each.value})), (each.note,))
        for name, section in zip(_SECTIONS, sections, strict=True)
        for each in section
    ]
    written = list(_written(seconds))
    meant: list[tuple[str, tuple[Note, ...]]] = [(str(each.value), (each.note,)) for each in patterns(address, case.hosts)]
    yield from _canned(((str(each.value), (each.note,)) for each in as_written(case, address)), seconds)
    yield from _canned(urls, seconds)
    moved = _moved(seconds)
    for number in chain(written, islice(moved, 14)):
        yield from _canned([(resource, (number.note,))], number.value)
    yield from _canned(((str(address._replace(query=each.value)), (each.note,)) for each in rewritten(address)), seconds)
    yield from islice(_canned_forms(resource, seconds, case.ip), 24)
    yield from _canned(meant[:8], seconds)
    yield from islice(_canned_forms(resource, seconds, case.ip), 24, None)
    yield from _canned(((str(each.value), (each.note,)) for each in oddities(case, address)), seconds)
    yield from _canned(meant[8:], seconds)
    for number in moved:
        yield from _canned([(resource, (number.note,))], number.value)
    yield from _two_at_once(address, seconds, sections, urls + meant[:8], written)


def _two_at_once(
    address: Address,
    seconds: int,
    sections: list[list[Alternative]],
    urls: list[tuple[str, tuple[Note, ...]]],
    written: list[Alternative],
) -> Iterator[Candidate]:
    for place, section in enumerate(sections):
        for other in range(place + 1, len(sections)):
            for one in section[:24]:
                for two in sections[other][:24]:
                    value = str(address._replace(**{_SECTIONS[place]: one.value, _SECTIONS[other]: two.value}))
                    yield from _canned([(value, (one.note, two.note))], seconds)
    for value, notes in urls[:30]:
        for number in written:
            yield from _canned([(value, notes)], number.value, (number.note,))
        for form in islice(_canned_forms(value, seconds, "0.0.0.0/0"), 40):
            yield Candidate(form.text, notes + form.notes)


# -- a custom policy


def custom_candidates(document: bytes, policy: SignedPolicy, address: Address, case: Case) -> Iterator[Candidate]:
    """Texts that may have been signed in place of the custom policy that was sent."""
    same = "Send, in base64, exactly the bytes that were signed: write the policy once, then sign it and encode it."

    def sent(text: bytes, name: str, how: str) -> Candidate:
        return Candidate(text, (Note(name, f"signed {how}, which is not what is sent", same),))

    for tail in (b"\n", b"\r\n", b" "):
        yield sent(document + tail, "trailing newline", f"with {ascii(tail)[1:]} at the end")
    yield sent(document.strip(), "trailing newline", "without the white space at the end")
    yield sent(document.replace(b"\r\n", b"\n"), "white space in the policy", "with \\n for the \\r\\n that is sent")
    yield sent(re.sub(rb"(?<!\r)\n", b"\r\n", document), "white space in the policy", "with \\r\\n for the \\n that is sent")
    yield sent(re.sub(rb"\s+", b"", document), "white space in the policy", "without white space")
    try:
        value = json.loads(document)
    except (ValueError, RecursionError):
        return
    compact = _compact(value)
    yield sent(compact, "white space in the policy", "without white space")
    yield sent(_compact(value, ensure_ascii=False), "escaped characters", "with its letters not escaped")
    for made in _printed(value):
        yield sent(made, "white space in the policy", "with other white space")
    yield sent(_compact(value, sort_keys=True), "order of the names", "with the names in another order")
    yield sent(document.replace(b"\\/", b"/"), "escaped slashes", "with / for \\/")
    yield sent(re.sub(rb"(?<!\\)/", rb"\/", document), "escaped slashes", "with \\/ for /")
    for made in (b"\xef\xbb\xbf" + document, document.decode("utf-8", "replace").encode("utf-16-le")):
        yield sent(made, "not plain UTF-8", "in UTF-16 or with a byte order mark")
    for text in (document, compact):
        yield from _wrapped(text)
    canned = canned_text(policy.resource or str(address), policy.expires).encode()
    yield sent(canned, "canned policy sent as custom", "as a canned policy")
    yield from _changed(document.decode("utf-8", "replace"), policy, address, case)


def _changed(text: str, policy: SignedPolicy, address: Address, case: Case) -> Iterator[Candidate]:
    """The policy before somebody changed a word in it."""
    changed = "Send the policy that was signed, or sign the one that is sent: it was changed afterwards."

    def before(now: str, was: str, name: str) -> Candidate:
        note = Note(f"{name} changed", f"signed with {name} {short(was, 60)}, sent with {short(now, 60)}", changed)
        return Candidate(text.replace(now, was).encode("utf-8", "replace"), (note,))

    times = [
        (name, each)
        for name, each in (("DateLessThan", policy.expires), ("DateGreaterThan", policy.starts))
        if each is not None and each > 0
    ]
    for name, seconds in times:
        for each in islice(_moved(seconds), 14):
            yield before(f":{seconds}", f":{each.value}", name)
    resource = policy.resource
    written = "" if resource is None else json.dumps(resource)
    if resource is not None and written in text:
        values = [str(address), *(each.value for each in patterns(address, case.hosts))]
        cut = re.match(r"([A-Za-z*]+)://([^/?]*)([^?]*)(?:\?(.*))?\Z", resource, re.DOTALL)
        if cut and len(resource) < 2000:
            own = Address(cut[1], cut[2], cut[3], cut[4])
            kinds = (schemes(own), domains(own, "", case.hosts), paths(own), queries(own))
            values += [str(own._replace(**{name: each.value})) for name, kind in zip(_SECTIONS, kinds, strict=True) for each in kind]
        for value in dict.fromkeys(values):
            yield before(written, json.dumps(value), "Resource")
    for name, seconds in times:
        for each in chain(_written(seconds), _moved(seconds)):
            yield before(f":{seconds}", f":{each.value}", name)
    if policy.address:
        for other in ("0.0.0.0/0", policy.address.partition("/")[0], f"{policy.address}/32", f"{case.ip}/32", case.ip):
            yield before(json.dumps(policy.address), json.dumps(other), "IpAddress")
