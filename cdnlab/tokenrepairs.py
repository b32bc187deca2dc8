"""Repairs of the values in a token: its base64, its numbers, the name of its hash, its key's id."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import unquote

from cdnlab.cases import Case, Change, Note, short, with_parameters
from cdnlab.keys import HASHES, PublicKey
from cdnlab.signedpolicy import canned_text, epoch
from cdnlab.tokens import Token, decoded, encoded

__all__ = ["clean_values", "expires_forms", "hash_names", "key_ids", "missing_key_id", "number_in", "signature_forms", "whole_der"]

_MOST = 65536
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_KEY_ID = re.compile(r"(?:K[A-Z0-9]{8,20}|APKA[A-Z0-9]{8,24})\Z")
_ACCESS_KEY = re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{12,}\Z")
_DISTRIBUTION = re.compile(r"E[A-Z0-9]{12,14}\Z")
_MOST_KEYS = 20


class _Mistake(NamedTuple):
    """A Note to be: {0} stands for the parameters that have it."""

    name: str
    says: str
    fix: str


_PERCENT = _Mistake(
    "percent-encoded token",
    "{0} is percent-encoded",
    "Send {0} as the signer made it, without percent-encoding: - ~ and _ need none.",
)
_QUOTES = _Mistake("quotes in the token", "{0} is in quotation marks", "Leave the quotation marks around {0} away.")
_ATTRIBUTE = _Mistake(
    "attributes in the cookie",
    "{0} has more in it than the value",
    "Give {0} its value alone: Path, Domain, Secure ... are attributes of Set-Cookie.",
)
_BYTES = _Mistake(
    "bytes printed as text",
    "{0} is written b'...', as Python prints bytes",
    "Turn the bytes of {0} into text with .decode(), not with str().",
)
_BLANKS = _Mistake("white space in the token", "{0} has white space around it", "Write {0} without white space or a line break around it.")
_BREAKS = _Mistake(
    "white space in the token",
    "{0} has white space or line breaks in it",
    "Write {0} without white space (openssl base64 -A, or remove the line breaks that the base64 tool has made).",
)
_SPACES = _Mistake(
    "+ turned into a space",
    "{0} has spaces where + was",
    "In the signer, exchange + = / for - _ ~ in {0}: a + in a query is read as a space.",
)
_PLAIN = _Mistake(
    "plain base64",
    "{0} is in plain base64, with + = or /",
    "In the signer, exchange the characters of {0} after base64: + becomes -, = becomes _, / becomes ~ (tr -- '+=/' '-_~').",
)
_URLSAFE = _Mistake(
    "URL-safe base64",
    "{0} is in the URL-safe base64 of RFC 4648",
    "In the signer, use plain base64 for {0} and exchange + = / for - _ ~: in the URL-safe base64 of RFC 4648 _ stands for /, here for =.",
)
_PADDING = _Mistake("missing padding", "{0} has lost the padding at its end", "Keep the padding of {0}: each = at the end becomes _.")
_JSON = _Mistake("policy not in base64", "{0} is JSON as it is, not in base64", "Put {0} into base64 and exchange + = / for - _ ~.")
_HEX = _Mistake("hexadecimal signature", "{0} is in hexadecimal digits", "Put the bytes of {0} into base64, not into hexadecimal digits.")


def clean_values(case: Case) -> Iterator[Change]:
    """Policy and Signature in another base64, encoded, wrapped, quoted; ids and names with ornaments."""
    token = case.token
    if token is None:
        return
    changes: dict[str, str | None] = {}
    found: dict[_Mistake, list[str]] = {}
    for name, value in (
        ("Policy", token.policy),
        ("Signature", token.signature),
        ("Key-Pair-Id", token.key_pair_id),
        ("Hash-Algorithm", token.hash_algorithm),
    ):
        in_base64 = name in ("Policy", "Signature")
        if value is None or len(value) > (_MOST if in_base64 else 300):
            continue
        clean, mistakes = _cleaned(value, name) if in_base64 else _plain(value)
        if clean != value:
            changes[name] = clean
            for each in mistakes:
                found.setdefault(each, []).append(token.named(name))
    if changes:
        notes = (Note(each.name, each.says.format(_and(names)), each.fix.format(_and(names))) for each, names in found.items())
        clean_case = with_parameters(case, changes)
        yield Change(clean_case, tuple(notes), guess=set(found) <= {_PADDING, _URLSAFE} and not _right_key(clean_case))


def _right_key(case: Case) -> bool:
    """Whether the key that is named made the signature, over whatever."""
    token = case.token
    key = case.keys.get(token.key_pair_id or "") if token else None
    return token is not None and key is not None and made_by(key, token)


def _and(names: list[str]) -> str:
    return " and ".join(names)


def _plain(value: str) -> tuple[str, list[_Mistake]]:
    """A value without percent-encoding, quotation marks, attributes and white space, and what was there."""
    mistakes, given = [], value
    for _ in range(2):
        value = unquote(value, errors="replace") if "%" in value else value
    if re.search(r"%(?!0[aAdD9]|20|22|27)", given):
        mistakes.append(_PERCENT)
    if found := re.fullmatch(r"b([\"'])(.*)\1", value):
        value = found[2]
        mistakes.append(_BYTES)
    if (plain := re.split(r"[;,]\s*", value, maxsplit=1)[0]) != value and plain:
        value = plain
        mistakes.append(_ATTRIBUTE)
    if (plain := value.strip(" \t\r\n\"'")) != value:
        mistakes.append(_QUOTES if '"' in value or "'" in value else _BLANKS)
        value = plain
    return value, mistakes


def _cleaned(value: str, name: str) -> tuple[str, list[_Mistake]]:
    """A value in CloudFront's base64, and what it was in before."""
    if name == "Policy" and unquote(value[:40]).lstrip("\"' ").startswith("{"):
        return encoded(unquote(value).strip("\"'").encode("utf-8", "replace")), [_JSON]
    plain, mistakes = _plain(value)
    if (tight := re.sub(r"[\r\n\t]+[ ]*|\\n", "", plain)) != plain:
        plain = tight
        mistakes.append(_BREAKS)
    if name == "Signature" and re.fullmatch(r"(?:[0-9a-fA-F]{2}){60,520}", plain):
        return encoded(bytes.fromhex(plain)), [*mistakes, _HEX]
    if " " in plain:
        plain = plain.replace(" ", "+")
        mistakes.append(_SPACES)
    if re.search(r"[+/=]", plain):
        plain = plain.translate(str.maketrans("+=/", "-_~"))
        if _SPACES not in mistakes:  # plain base64 has to be encoded in a URL: that was no second mistake
            mistakes = [each for each in mistakes if each is not _PERCENT] + [_PLAIN]
    body = plain.rstrip("_")
    tail = len(plain) - len(body)
    if tail == 1 and "_" not in body and len(plain) % 4 == 3:
        plain += "_"
        mistakes.append(_PADDING)
    elif "_" in body or tail > 2 or (tail and len(plain) % 4):
        fixed = (body if len(plain) % 4 == 0 and tail <= 2 else plain).replace("_", "~")
        plain = fixed + "_" * (-len(fixed) % 4)
        mistakes = [each for each in mistakes if each is not _PLAIN] + [_URLSAFE]
    elif len(plain) % 4:
        plain += "_" * (-len(plain) % 4)
        mistakes.append(_PADDING)
    return plain, list(dict.fromkeys(mistakes))


def number_in(text: str) -> int | None:
    """The moment that a text means, in seconds since the epoch: quoted, with a fraction or exponent, as a date; else None."""
    plain = unquote(text[:80]).strip(" \t\r\n\"'")
    if re.fullmatch(r"\+?[0-9]{1,18}", plain, re.ASCII):
        return int(plain)
    if re.fullmatch(r"[0-9]{1,18}(?:\.[0-9]{0,18})?(?:[eE]\+?[0-9]{1,2})?", plain, re.ASCII):
        number = float(plain)
        return int(number) if number < 2**53 else None
    if plain.isdecimal() and len(plain) <= 18:
        return int(plain)
    try:
        moment = datetime.fromisoformat(plain.replace(" ", "+") if re.search(r"T.* \d\d:?\d\d\Z", plain) else plain)
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) if moment.year >= 1970 else None


def expires_forms(case: Case) -> Iterator[Change]:
    """An Expires that is not a plain whole number, and the number that it means."""
    token = case.token
    if token is None or token.policy is not None or token.expires is None or epoch(token.expires) is not None:
        return
    number = number_in(token.expires)
    if number is None:
        return
    plain = unquote(token.expires[:80])
    if re.search("[\"']", plain):
        name = "quoted epoch"
    elif plain.strip() != plain:
        name = "white space in the token"
    elif re.search(r"[.eE]", plain):
        name = "epoch not whole"
    else:
        name = "epoch in other digits" if plain.lstrip("+0").isdecimal() else "date instead of seconds"
    named = token.named("Expires")
    fix = f"Write {named} as a plain whole number of seconds since 1970 (UTC), without quotation marks, point or exponent: {number}."
    whole = with_parameters(case, {"Expires": str(number)})
    note = Note(name, f"{named} is {short(token.expires, 60)}", fix)
    for written in dict.fromkeys((plain, f'"{plain}"', f'"{number}"')):  # it may have been signed like this
        signed = canned_text(str(case.address), written).encode("utf-8", "replace")
        yield Change(replace(whole, text=signed), (note,), guess=True)
    yield Change(whole, (note,))


def hash_names(case: Case) -> Iterator[Change]:
    """A Hash-Algorithm that is not quite SHA1 or SHA256."""
    token = case.token
    if token is None or token.hash_algorithm is None or token.hash_algorithm in HASHES:
        return
    plain = re.sub(r"[^A-Z0-9]", "", unquote(token.hash_algorithm[:60]).upper())
    right = next((name for name in reversed(HASHES) if name in plain), "")
    named = token.named("Hash-Algorithm")
    for name in [right] if right else HASHES:
        fix = f"Write {named}=SHA256 or SHA1, exactly so (or leave it out for SHA-1); here it is {name}."
        note = Note("misspelt hash algorithm", f"{named} is {short(token.hash_algorithm, 60)}", fix)
        yield Change(with_parameters(case, {"Hash-Algorithm": name}), (note,), guess=not right)


def signature_forms(signature: str) -> Iterator[tuple[bytes, Note | None]]:
    """The bytes of a signature, and what else they may be: raw r||s, hexadecimal, base64 twice, turned around."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    first = decoded(signature)
    if first:
        yield first, None
        if len(first) == 64:
            der = encode_dss_signature(int.from_bytes(first[:32], "big"), int.from_bytes(first[32:], "big"))
            fix = "Write the ECDSA signature in DER, as OpenSSL does; r and s side by side are the form of WebCrypto and JOSE (IEEE P1363)."
            yield der, Note("raw r||s", "the ECDSA signature is 64 bytes, r and s side by side, not DER", fix)
        try:
            twice = binascii.a2b_base64(first.translate(bytes.maketrans(b"-_~", b"+=/")), strict_mode=True)
        except binascii.Error:
            twice = b""
        if len(twice) >= 64:
            fix = "Put the signature into base64 once: the signing tool gives base64 already."
            yield twice, Note("base64 twice", "the signature is in base64 twice", fix)
        if len(first) in (128, 256, 512):
            fix = "Turn the bytes of the signature around: CryptoAPI gives them with the last byte first."
            yield first[::-1], Note("signature backwards", "the bytes of the signature are in reverse order", fix)
    if re.fullmatch(r"(?:[0-9a-fA-F]{2}){60,520}", signature):
        fix = "Put the signature's bytes into base64, not into hexadecimal digits."
        yield bytes.fromhex(signature), Note("hexadecimal signature", "the signature is in hexadecimal digits", fix)


def whole_der(signature: bytes) -> bool:
    """Whether these bytes are DER from their first to their last, as an ECDSA signature is.

    >>> whole_der(bytes([0x30, 6, 2, 1, 1, 2, 1, 1])), whole_der(b"0")
    (True, False)
    """
    return len(signature) > 2 and signature[0] == 0x30 and len(signature) == signature[1] + 2


def key_ids(case: Case) -> Iterator[Change]:
    """A key's id that is not trusted: the one that was meant by its spelling, or the one whose key made the signature."""
    token = case.token
    if token is None or token.key_pair_id is None or token.key_pair_id in case.keys:
        return
    shown = token.key_pair_id
    plain = re.sub(r"[^A-Z0-9]", "", unquote(shown[:200]).upper())
    meant = [id for id in case.keys if re.sub(r"[^A-Z0-9]", "", id.upper()) == plain][:1]
    owners = [id for id in case.keys if id not in meant and made_by(case.keys[id], token)]
    rest = [id for id in case.keys if id not in meant and id not in owners]
    named = token.named("Key-Pair-Id")
    for id in (*meant, *owners, *rest)[:_MOST_KEYS]:
        what = "write it exactly so." if id in meant else f"the signature was made with that key.{kind_of_id(shown)}"
        fix = f"Give {named} the id {short(id, 60)[1:-1]}: {what}"
        says = f"{named} is {short(shown, 60)}, and the signature was made with {short(id, 60)}"
        yield Change(with_parameters(case, {"Key-Pair-Id": id}), (Note("wrong key id", says, fix),), guess=id in rest or id in meant)


def missing_key_id(case: Case) -> Iterator[Change]:
    """No Key-Pair-Id at all: whose key made the signature?"""
    token = case.token
    if token is None or token.key_pair_id is not None or token.signature is None:
        return
    named = token.named("Key-Pair-Id")
    owners = [id for id in case.keys if made_by(case.keys[id], token)]
    for id in (*owners, *(id for id in case.keys if id not in owners))[:_MOST_KEYS]:
        note = Note("missing Key-Pair-Id", f"{named} is missing", f"Add {named}={id}: the signature was made with that key.")
        yield Change(with_parameters(case, {"Key-Pair-Id": id}), (note,), guess=id not in owners)


def made_by(key: PublicKey, token: Token) -> bool:
    """Whether a signature was made with this key, over whatever. Only RSA tells."""
    signature = decoded(token.signature or "")
    return bool(signature) and key.signed_digest(signature or b"") is not None


def kind_of_id(id: str) -> str:
    """What an id that is none of a public key's seems to be, as a sentence; or "".

    >>> kind_of_id("4b2b2b2b-0000-4000-8000-1234567890ab")
    ' What is there looks like the id of a key group (a UUID); the id of the public key in that group is wanted, such as K2JCJMDEHXQW5F.'
    """
    kinds = (
        (_UUID, "a key group (a UUID); the id of the public key in that group is wanted"),
        (_ACCESS_KEY, "an access key of IAM; the id of a public key at CloudFront is wanted"),
        (_DISTRIBUTION, "a distribution or an origin access identity; the id of a public key is wanted"),
    )
    for form, what in kinds:
        if form.match(id):
            return f" What is there looks like the id of {what}, such as K2JCJMDEHXQW5F."
    if not _KEY_ID.match(id):
        return " What is there does not look like the id of a public key, which is K and capitals or digits; perhaps it is the key's name."
    return ""
