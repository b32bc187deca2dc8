"""What a signer may have signed instead: texts of a policy that differ from what the edge holds the signature against.

A signature that does not hold says nothing about the why. But the ways to go wrong are known (the host, the query, a blank, a
line break at the end ...), so each is written down, alone and then two by two, and the signature is tried on it. The
first that fits is what was signed; nothing is believed without that.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from hashlib import sha1, sha256
from itertools import chain, permutations
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from cdnlab.cases import Case, Note, sendable, short
from cdnlab.resources import Address
from cdnlab.signedpolicy import SignedPolicy, canned_text, moment
from cdnlab.tokens import PARAMETERS, Token, encoded

__all__ = ["Candidate", "canned_candidates", "custom_candidates"]

_MOST_CHARACTERS = 4000  # a longer URL is not respelt: it would cost more than it tells


class Candidate(NamedTuple):
    """A text that may have been signed, and the mistakes that would have led to it."""

    text: bytes
    notes: tuple[Note, ...]


class _Alternative(NamedTuple):
    value: Any
    note: Note


# -- the URL, section by section


def _schemes(address: Address) -> Iterator[_Alternative]:
    other = "http" if address.scheme == "https" else "https"
    fix = f"Sign the URL with {address.scheme}://, as it is asked for (or ask for it with {other}://)."
    yield _Alternative(other, Note("wrong scheme", f"signed for {other}://, asked for with {address.scheme}://", fix))


def _domains(address: Address, raw: str, hosts: tuple[str, ...]) -> Iterator[_Alternative]:
    host, _, port = address.domain.partition(":")
    seen = {address.domain}
    written = re.match(r"[A-Za-z]+://([^/?#]*)", raw)
    if written and written[1] not in seen:
        seen.add(written[1])
        usual = f"{address.domain}, in lower case and without a port that goes without saying"
        fix = f"Sign the host as it is sent: {usual}."
        yield _Alternative(written[1], Note("host written differently", f"signed with the host written {short(written[1], 60)}", fix))
    for name in hosts:
        if name not in seen:
            seen.add(name)
            fix = f"Sign the URL with the host that the viewer uses, {address.domain} (or hand out the URL with {name})."
            yield _Alternative(name, Note("wrong host", f"signed for the host {short(name, 60)}, asked for at {address.domain}", fix))
    for number in ("443", "80"):
        if f"{host}:{number}" not in seen:
            fix = f"Leave :{number} out of the URL that is signed."
            yield _Alternative(f"{host}:{number}", Note("port in the signed URL", f"signed with the port :{number}", fix))
    if port:
        fix = f"Sign the port, too: {address.domain}."
        yield _Alternative(host, Note("port in the signed URL", f"signed without the port :{port}", fix))
    for name in (host.upper(), host.title(), host.removeprefix("www.") if host.startswith("www.") else f"www.{host}", host + "."):
        if name not in seen:
            seen.add(name)
            kind = "host written differently" if name.lower() == host else "wrong host"
            fix = f"Sign the host exactly as the viewer sends it: {host}, in lower case."
            yield _Alternative(name, Note(kind, f"signed with the host {short(name, 60)}", fix))


def _respelt(text: str, *, query: bool = False) -> Iterator[tuple[str, str]]:
    """Other spellings of a path or query, and how each came about."""
    safe = "/?:@!$&'()*+,;=-._~%" if query else "/:@!$&'()*+,;=-._~%"
    decoded_once = unquote(text)
    keep = "=&" if query else "/"
    yield decoded_once, "percent-decoded"
    if query or "+" in text or "%20" in text:
        yield unquote_plus(text), "percent-decoded, with + read as a space"
        yield text.replace("+", "%20"), "with %20 for +"
        yield text.replace("%20", "+"), "with + for %20"
        yield text.replace("+", "%2B"), "with %2B for +"
    yield unquote(decoded_once), "percent-decoded twice"
    yield text.replace("%", "%25"), "percent-encoded once more"
    yield quote(text, safe=keep), "percent-encoded once more"
    yield re.sub("%[0-9a-fA-F]{2}", lambda found: found[0].lower(), text), "with lower case after %"
    yield re.sub("%[0-9a-fA-F]{2}", lambda found: found[0].upper(), text), "with upper case after %"
    for extra in ("", "!'()*", "!'()*@:$,;+&=", "~"):
        yield quote(decoded_once, safe=keep + extra), "percent-encoded in another way"
    yield quote(decoded_once, safe=safe.replace("%", "")), "percent-encoded in another way"
    yield quote_plus(decoded_once, safe=keep), "percent-encoded as a form, with + for a space"
    yield (
        re.sub("%(2[dDeE]|5[fF]|7[eE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA])", lambda found: unquote(found[0]), text),
        "with needless encodings removed",
    )
    yield text.replace("~", "%7E"), "with %7E for ~"
    yield text.replace("&", "&amp;"), "with &amp; for &"
    for form in ("NFC", "NFD"):
        composed = unicodedata.normalize(form, decoded_once)
        yield quote(composed, safe=keep), f"with its letters in Unicode's form {form}"
        yield composed, f"percent-decoded, in Unicode's form {form}"
    yield text.lower(), "in lower case"
    yield quote(decoded_once, safe="" if not query else "="), "percent-encoded, slashes included"


def _spellings(text: str, what: str, *, query: bool = False) -> Iterator[_Alternative]:
    if len(text) > _MOST_CHARACTERS:
        return
    seen = {text}
    for other, how in _respelt(text, query=query):
        if other not in seen:
            seen.add(other)
            fix = f"Sign the {what} exactly as it is requested ({short(text, 60)}), and encode it once, before it is signed."
            yield _Alternative(other, Note(f"re-encoded {what}", f"signed with the {what} {how}: {short(other, 60)}", fix))


def _paths(address: Address) -> Iterator[_Alternative]:
    path = address.path
    yield from _spellings(path, "path")

    def other(value: str, name: str, how: str) -> _Alternative:
        return _Alternative(
            value, Note(name, f"signed {how}: {short(value, 60)}", f"Sign the path exactly as it is requested: {short(path, 60)}.")
        )

    if path == "/":
        yield other("", "trailing slash", "without the / after the host")
    elif path.endswith("/"):
        yield other(path[:-1], "trailing slash", "without the / at the end")
    else:
        yield other(path + "/", "trailing slash", "with a / at the end")
    yield other("/" + path, "doubled slash", "with // at the beginning")
    if "//" in path:
        yield other(re.sub("/+", "/", path), "doubled slash", "with one / for //")
    for name in ("index.html", "index.m3u8", "master.m3u8", "playlist.m3u8", "manifest.mpd", "index.mpd", "stream.mpd"):
        value = path[: path.rfind("/") + 1] + name
        if value != path:
            yield other(value, "another file", "for another file of the folder")
    if path.count("/") > 1:
        yield other(path[path.index("/", 1) :], "another folder", "without the first folder")
    if path.lower() != path:
        yield other(path.lower(), "letter case of the path", "in lower case")


def _queries(address: Address, token: Token | None, raw: str) -> Iterator[_Alternative]:
    query = address.query

    def other(value: str | None, name: str, how: str, fix: str = "") -> _Alternative:
        fix = fix or f"Sign the query exactly as it is requested: {short(query, 60)}."
        return _Alternative(value, Note(name, f"signed {how}", fix))

    if query is None:
        yield other(
            "",
            "question mark",
            "with a ? at the end of the URL",
            "Sign the URL without a ? at its end, unless parameters of your own follow it.",
        )
        return
    parts = query.split("&")
    whole = f"Sign the URL with its whole query ({short(query, 60)}), or add nothing to a URL that is signed."
    if len(parts) == 1:
        yield other(None, "query left out", f"without the query {short(query, 60)}", whole)
    for count in range(len(parts) - 1, max(0, len(parts) - 40), -1):
        added = "&".join(parts[count:])
        yield other(
            "&".join(parts[:count]),
            "appended query",
            f"without {short(added, 60)}",
            f"Take {short(added, 60)} off the signed URL, or sign the URL with it: nothing can be added later.",
        )
    if len(parts) > 1:
        yield other(None, "query left out", "without any query", whole)
    for number in range(min(len(parts), 40) if len(parts) > 1 else 0):
        value = "&".join(parts[:number] + parts[number + 1 :])
        yield other(
            value,
            "appended query",
            f"without {short(parts[number], 60)}",
            f"Take {short(parts[number], 60)} off the signed URL, or sign the URL with it: nothing can be added later.",
        )
    for count in range(1, min(len(parts), 40)):
        yield other("&".join(parts[count:]), "appended query", f"without {short('&'.join(parts[:count]), 60)}", whole)
    order = "Keep the parameters in the order in which they were signed."
    if 1 < len(parts) <= 60:
        orders = (sorted(parts), parts[::-1], list(dict.fromkeys(parts)), sorted(parts, key=lambda part: part.partition("=")[0]))
        for some in chain(orders, permutations(parts) if len(parts) <= 5 else ()):
            yield other("&".join(some), "reordered query", f"with the query {short('&'.join(some), 60)}", order)
    if query == "":
        yield other(None, "question mark", "without the ?")
    else:
        yield other(query + "&", "question mark", "with an & at the end")
        yield from _spellings(query, "query", query=True)


# -- the number


def _epochs(seconds: int, raw: str) -> Iterator[_Alternative]:
    """Other ways to write the moment, and other moments."""

    def written(value: str, name: str, how: str) -> _Alternative:
        fix = f"Write the moment in the signed policy as a plain whole number of seconds, {seconds}: no quotation marks, no point, no exponent."
        return _Alternative(value, Note(name, f"signed with AWS:EpochTime {how}: {short(value, 60)}", fix))

    yield written(f'"{seconds}"', "quoted epoch", "in quotation marks")
    yield written(f"{seconds}.0", "epoch not whole", "with a fraction")
    yield written(f"{seconds:.6e}", "epoch not whole", "with an exponent")
    yield written(f"{float(seconds):E}", "epoch not whole", "with an exponent")
    given = re.search(r"(?:[?&]|CloudFront-)Expires=([^&;#]{1,60})", raw)
    if given and given[1] != str(seconds):
        literal = unquote(given[1])
        yield written(literal, "epoch not whole", "as it stands in Expires")
        yield written(f'"{literal}"', "quoted epoch", "as it stands in Expires, in quotation marks")

    def moved(value: int, name: str = "Expires changed") -> _Alternative:
        fix = f"Send the Expires that was signed, {value}, or sign anew: the moment is part of what is signed."
        return _Alternative(str(value), Note(name, f"signed for {moment(value)}, sent with {moment(seconds)}", fix))

    yield moved(seconds * 1000, "milliseconds")
    yield moved(seconds // 1000, "milliseconds")
    for step in (1, 60, 3600, 86400):
        for count in (*range(1, 32), 60, 90, 365, 366, 3650):
            for sign in (1, -1):
                if seconds + sign * count * step > 0:
                    yield moved(seconds + sign * count * step)


# -- the text around them


def _statement(resource: str, seconds: int) -> dict[str, Any]:
    return {"Resource": resource, "Condition": {"DateLessThan": {"AWS:EpochTime": seconds}}}


def _form(name: str, how: str, fix: str) -> Note:
    return Note(name, f"signed {how}", fix)


_EXACT = 'Sign the canned policy in exactly this form, without any white space: {"Statement":[{"Resource":"...","Condition":{"DateLessThan":{"AWS:EpochTime":...}}}]}.'
_NEWLINE = "Remove the line break at the end before signing (printf or echo -n, tr -d '\\n'; an editor may add one)."
_RAW = "Write the policy with the characters that JSON allows in one way only: \\u00e9 for é, / for /; better still, percent-encode the URL before signing."


def _wrapped(text: bytes, what: str = "policy") -> Iterator[Candidate]:
    """Things made out of the text, which were signed in its place."""
    fix = f"Sign the text of the {what} itself; base64 comes after signing, and only for what is sent."
    import base64

    yield Candidate(encoded(text).encode(), (_form("base64 signed", f"the {what} in CloudFront's base64, not its text", fix),))
    yield Candidate(base64.b64encode(text), (_form("base64 signed", f"the {what} in base64, not its text", fix),))
    yield Candidate(base64.urlsafe_b64encode(text), (_form("base64 signed", f"the {what} in base64, not its text", fix),))
    twice = f"Give the signing function the text of the {what}: it makes the hash itself (or tell it that the hash is made already)."
    for name, digest in (("SHA-1", sha1(text)), ("SHA-256", sha256(text))):  # noqa: S324
        yield Candidate(digest.digest(), (_form("hashed twice", f"the {name} digest of the {what}, so that it was hashed twice", twice),))
        yield Candidate(digest.hexdigest().encode(), (_form("hashed twice", f"the {name} digest of the {what} in hexadecimal", twice),))


def _canned_forms(resource: str, seconds: int) -> Iterator[Candidate]:
    text = canned_text(resource, seconds)
    plain = text.encode("ascii")
    for tail in ("\n", "\r\n", " ", "\n\n", "\0"):
        name = "trailing newline" if "\n" in tail else "trailing white space"
        yield Candidate(plain + tail.encode(), (_form(name, f"with {tail!a} at the end of the policy", _NEWLINE),))
    value: dict[str, Any] = {"Statement": [_statement(resource, seconds)]}
    for made in _printed(value, text):
        yield Candidate(made, (_form("white space in the policy", "with white space in the policy", _EXACT),))
    condition_first = {"Statement": [dict(reversed(_statement(resource, seconds).items()))]}
    yield Candidate(_compact(condition_first), (_form("order of the names", "with Condition before Resource", _EXACT),))
    alone = {"Statement": _statement(resource, seconds)}
    for made in (_compact(alone), *_printed(alone, "")):
        yield Candidate(made, (_form("Statement as object", "with Statement as an object, not a list", _EXACT),))
    yield Candidate(_compact(_statement(resource, seconds)), (_form("Statement left out", "the statement alone", _EXACT),))
    for version in ("2012-10-17", "2008-10-17"):
        with_version = {"Version": version, **value}
        yield Candidate(_compact(with_version), (_form("Version in the policy", "with a Version in the policy", _EXACT),))
    yield Candidate(
        plain.replace(b"/", b"\\/"),
        (
            _form(
                "escaped slashes",
                "with \\/ for / in the policy (PHP's json_encode)",
                "Write / plainly in the policy: json_encode(..., JSON_UNESCAPED_SLASHES).",
            ),
        ),
    )
    yield Candidate(
        re.sub(r"[&<>']", lambda found: f"\\u{ord(found[0]):04x}", text).encode(),
        (
            _form(
                "escaped characters",
                "with \\u0026 for & in the policy (Go's and .NET's JSON)",
                "Write & < > plainly in the policy: switch off the HTML escaping of the JSON writer.",
            ),
        ),
    )
    yield Candidate(
        re.sub(r"[&<>'+]", lambda found: f"\\u{ord(found[0]):04X}", text).encode(),
        (
            _form(
                "escaped characters",
                "with \\u0026 for & in the policy",
                "Write & < > plainly in the policy: switch off the HTML escaping of the JSON writer.",
            ),
        ),
    )
    whole = "Send this as a custom policy, with Policy in place of Expires: only a policy with one URL and one DateLessThan can be canned."
    for address in ("0.0.0.0/0",):
        wide = _statement(resource, seconds)
        wide["Condition"]["IpAddress"] = {"AWS:SourceIp": address}
        yield Candidate(
            _compact({"Statement": [wide]}), (_form("custom policy sent as canned", f"with IpAddress {address} in the policy", whole),)
        )
        wide["Condition"]["DateGreaterThan"] = {"AWS:EpochTime": 0}
        yield Candidate(_compact({"Statement": [wide]}), (_form("custom policy sent as canned", "with more conditions", whole),))
    yield from _wrapped(plain)
    fix = "Sign the text of the canned policy, not the URL; the policy is what CloudFront rebuilds and checks."
    for said in (resource, f"{resource}?Expires={seconds}", f"{resource}&Expires={seconds}", str(seconds), ""):
        if said:
            yield Candidate(said.encode("utf-8", "replace"), (_form("URL signed", f"{short(said, 60)}, not a policy", fix),))
    yield Candidate(b"", (_form("nothing signed", "an empty text", "Look at what is given to the signing function: it was empty."),))


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _printed(value: Any, compact: str) -> Iterator[bytes]:
    """A JSON value with the white space that JSON writers leave."""
    yield json.dumps(value).encode()
    yield json.dumps(value).encode() + b"\n"
    for indent in (2, 4, "\t", 3, 1, 8):
        text = json.dumps(value, indent=indent)
        yield text.encode()
        yield text.encode() + b"\n"
        yield text.replace("\n", "\r\n").encode()
    yield json.dumps(value, separators=(",", ": ")).encode()
    yield json.dumps(value, separators=(", ", ":")).encode()


def _texts(resource: str, seconds: int | str) -> Iterator[bytes]:
    """The canned policy of a URL; two texts when its characters can be written in two ways."""
    text = canned_text(resource, seconds)
    yield text.encode("ascii")
    if not resource.isascii():
        yield text.replace(json.dumps(resource), json.dumps(resource, ensure_ascii=False)).encode("utf-8", "replace")


def _patterns(address: Address, hosts: tuple[str, ...]) -> Iterator[tuple[str, Note]]:
    """Patterns that this URL may have been meant by."""
    bases = [f"{address.scheme}://{address.domain}", *(f"{address.scheme}://{host}" for host in hosts if host != address.domain)]
    bases += [
        f"http*://{address.domain}",
        f"*://{address.domain}",
        f"http://{address.domain}" if address.scheme == "https" else f"https://{address.domain}",
    ]
    folders = [address.path[: found.end()] for found in re.finditer("/", address.path[:1000])][-40:]
    name = address.path.rpartition("/")[2]
    _, dot, ending = name.rpartition(".")
    stem = name.removesuffix(dot + ending) if dot else name
    for base in bases:
        patterns = [f"{base}{folder}*" for folder in reversed(folders)] + [
            f"{base}*",
            f"{base}{address.path}*",
            f"{base}{address.path}?*",
            f"{base}/*/*",
        ]
        if dot:
            patterns += [f"{base}{folder}*.{ending}" for folder in folders] + [
                f"{base}{folders[-1] if folders else '/'}{stem}*",
                f"{base}{folders[-1] if folders else '/'}{stem}.*",
            ]
        if address.query:
            patterns += [f"{base}{address.path}?*", f"{base}{address.path}*?*"]
        for pattern in patterns:
            yield pattern, _star(pattern)
    for pattern in ("*", "https://*", "http://*", "http*", address.path.rpartition("/")[0] + "/*", "/*"):
        yield pattern, _star(pattern)


def _star(pattern: str) -> Note:
    fix = f"Use a custom policy with Resource {short(pattern, 80)}, and send it as Policy in place of Expires: in a canned policy a * is only a character."
    return Note("wildcard in a canned policy", f"signed for {short(pattern, 80)}, as a canned policy", fix)


def _unsigned(raw: str) -> str:
    """A URL as it was given, without the signing parameters."""
    base, _, query = raw.partition("?")
    own = [part for part in query.partition("#")[0].split("&") if part.partition("=")[0] not in PARAMETERS]
    return f"{base}?{'&'.join(own)}" if own and query else base


def _as_written(case: Case, address: Address) -> Iterator[tuple[str, Note]]:
    """The URL as it was before a client made it fit to be sent."""
    before = _unsigned(case.raw)
    if before != str(address) and sendable(before) == str(address):
        fix = f"Encode the URL first and sign it then, as it will be sent: {short(str(address), 80)}."
        yield before, Note("URL signed before it was encoded", f"signed as written: {short(before, 80)}", fix)


def _oddities(case: Case, address: Address) -> Iterator[tuple[str, Note]]:
    """What was signed as the Resource, but is not a URL as the edge rebuilds it."""
    whole = f"Sign the whole URL, {short(str(address), 80)}, with its scheme and host."
    tail = address.path if address.query is None else f"{address.path}?{address.query}"
    for value, how in (
        (tail, "the path alone"),
        (tail[1:], "the path alone, without its /"),
        (address.path, "the path alone"),
        (address.path[1:], "the path alone, without its /"),
        (unquote(address.path[1:]), "the object's key"),
        (f"{address.domain}{tail}", "host and path without the scheme"),
        (f"//{address.domain}{tail}", "host and path without the scheme"),
        (address.domain, "the host alone"),
        (f"{address.scheme}://{address.domain}", "scheme and host alone"),
    ):
        yield (
            value,
            Note(
                "path-only resource" if address.domain not in value else "part of the URL", f"signed for {how}: {short(value, 60)}", whole
            ),
        )
    before = _unsigned(case.raw)
    if "#" in case.raw:
        fix = f"Sign the URL without #{short(case.raw.partition('#')[2].partition('?')[0], 40)}: what is behind # is never sent."
        yield str(address) + "#" + case.raw.partition("#")[2].partition("?")[0], Note("fragment", "signed with a fragment", fix)
        yield before.partition("#")[0], Note("fragment", "signed without the fragment", fix)
    if "?" in case.raw:
        fix = "Sign the URL before the signing parameters are added to it."
        sent = re.split(r"[&?](?:Signature)=", case.url)[0]
        yield sent, Note("signing parameters signed", f"signed with the signing parameters in it: {short(sent, 80)}", fix)
        yield case.url, Note("signing parameters signed", "signed with the signing parameters in it", fix)


def canned_candidates(case: Case, address: Address, token: Token, seconds: int) -> Iterator[Candidate]:
    """Texts that may have been signed for a canned policy, the likeliest first."""
    raw = case.raw if token.carrier == "URL" else f"{case.raw}; {case.cookies[:4000]}"
    if len(str(address)) > _MOST_CHARACTERS:
        sections: list[list[_Alternative]] = [
            list(_schemes(address)),
            list(_domains(address, case.raw, case.hosts)),
            [],
            list(_queries(address, token, raw))[:12],
        ]
    else:
        sections = [
            list(_schemes(address)),
            list(_domains(address, case.raw, case.hosts)),
            list(_paths(address)),
            list(_queries(address, token, raw)),
        ]
    fields = ("scheme", "domain", "path", "query")
    single = [(field, each) for field, section in zip(fields, sections, strict=True) for each in section]
    urls = [(str(address._replace(**{field: each.value})), (each.note,)) for field, each in single]
    odd = [(value, (note,)) for value, note in _oddities(case, address)]
    patterns = [(value, (note,)) for value, note in _patterns(address, case.hosts)]
    resource = str(address)
    numbers = list(_epochs(seconds, raw))

    def canned(pairs: Any, number: Any = seconds, more: tuple[Note, ...] = ()) -> Iterator[Candidate]:
        for value, notes in pairs:
            for text in _texts(value, number):
                yield Candidate(text, notes + more)

    early, late = numbers[:8], numbers[8:]
    yield from canned([(value, (note,)) for value, note in _as_written(case, address)] + urls)
    for number in early:
        yield from canned([(resource, (number.note,))], number.value)
    yield from _canned_forms(resource, seconds)
    yield from canned(odd + patterns)
    for number in late:
        yield from canned([(resource, (number.note,))], number.value)
    # two at once
    for place, section in enumerate(sections):
        for other in range(place + 1, len(sections)):
            for one in section[:40]:
                for two in sections[other][:40]:
                    value = str(address._replace(**{fields[place]: one.value, fields[other]: two.value}))
                    yield from canned([(value, (one.note, two.note))])
    for value, notes in urls[:40] + patterns[:20]:
        for number in early:
            yield from canned([(value, notes)], number.value, (number.note,))
        for form in _canned_forms(value, seconds):
            yield Candidate(form.text, notes + form.notes)


def custom_candidates(document: bytes, policy: SignedPolicy, address: Address, case: Case) -> Iterator[Candidate]:
    """Texts that may have been signed in place of the custom policy that was sent."""
    same = "Send, in base64, exactly the bytes that were signed: write the policy once, then sign it and encode it."

    def sent(name: str, how: str) -> tuple[Note, ...]:
        return (Note(name, f"signed {how}, which is not what is sent", same),)

    for tail in (b"\n", b"\r\n", b" "):
        yield Candidate(document + tail, sent("trailing newline", f"with {ascii(tail)[1:]} at the end"))
    yield Candidate(document.strip(), sent("trailing newline", "without the white space at the end"))
    yield Candidate(document.replace(b"\r\n", b"\n"), sent("white space in the policy", "with \\n for the \\r\\n that is sent"))
    yield Candidate(document.replace(b"\n", b"\r\n"), sent("white space in the policy", "with \\r\\n for the \\n that is sent"))
    yield Candidate(re.sub(rb"\s+", b"", document), sent("white space in the policy", "without white space"))
    try:
        value = json.loads(document)
    except (ValueError, RecursionError):
        return
    compact = _compact(value)
    yield Candidate(compact, sent("white space in the policy", "without white space"))
    yield Candidate(
        json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace"),
        sent("escaped characters", "with its letters not escaped"),
    )
    for made in _printed(value, ""):
        yield Candidate(made, sent("white space in the policy", "with other white space"))
    yield Candidate(
        json.dumps(value, separators=(",", ":"), sort_keys=True).encode(), sent("order of the names", "with the names in another order")
    )
    yield Candidate(document.replace(b"\\/", b"/"), sent("escaped slashes", "with / for \\/"))
    yield Candidate(re.sub(rb"(?<!\\)/", rb"\/", document), sent("escaped slashes", "with \\/ for /"))
    yield from _wrapped(document)
    yield from _wrapped(compact)
    resource = policy.resource or str(address)
    yield Candidate(canned_text(resource, policy.expires).encode(), sent("canned policy sent as custom", "as a canned policy"))
    text = document.decode("utf-8", "replace")
    written = json.dumps(policy.resource) if policy.resource is not None else ""
    changed = "Sign the policy that is sent: it was changed after it was signed."
    if written and written in text:
        values = [str(address), *(pattern for pattern, _ in _patterns(address, case.hosts))]
        cut = re.match(r"([A-Za-z*]+)://([^/?]*)([^?]*)(?:\?(.*))?\Z", policy.resource or "", re.DOTALL)
        if cut:
            own = Address(cut[1], cut[2], cut[3], cut[4])
            alternatives = chain(_spellings(own.path, "path"), _paths(own))
            values += [str(own._replace(path=each.value)) for each in alternatives]
            values += [str(own._replace(scheme=each.value)) for each in _schemes(own)]
            values += [str(own._replace(domain=each.value)) for each in _domains(own, "", case.hosts)]
            values += [str(own._replace(query=each.value)) for each in _queries(own, None, "")]
        for value_ in dict.fromkeys(values):
            note = Note("Resource changed", f"signed with Resource {short(value_, 60)}, sent with {short(policy.resource, 60)}", changed)
            yield Candidate(text.replace(written, json.dumps(value_)).encode("utf-8", "replace"), (note,))
    for field, seconds in (("DateLessThan", policy.expires), ("DateGreaterThan", policy.starts)):
        if seconds is not None:
            for each in _epochs(seconds, ""):
                note = Note(f"{field} changed", f"signed with {field} {each.value}, sent with {seconds}", changed)
                yield Candidate(text.replace(f":{seconds}", f":{each.value}").encode("utf-8", "replace"), (note,))
