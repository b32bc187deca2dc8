"""The doctor's sentences: what to change when a repair has been found, what can be said when none has, and what else to mind.

Every refusal gets a sentence that says what to change and where: in the signer, the URL, the cookies, the key group, the clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from cdnlab.cases import Case, Note, in_browser, judge, short
from cdnlab.clock import iso
from cdnlab.diagnosis import PLACEHOLDER
from cdnlab.repairs import Healed
from cdnlab.signedpolicy import Flaw, SignedPolicy, moment
from cdnlab.tokenrepairs import kind_of_id, made_by, whole_der
from cdnlab.tokens import PARAMETERS, Token, decoded
from cdnlab.verification import Verdict, opening_of

__all__ = ["SECRET", "likely", "prescription", "rebuilt", "remarks", "shown"]

SECRET = re.compile(
    r"BEGIN(?:[\s+]|%20){1,9}(?:[A-Z0-9]{1,12}(?:[\s+]|%20){1,9}){0,3}PRIVATE(?:[\s+]|%20){1,9}KEY|PRIVATE(?:[\s+]|%20){1,9}KEY-----"  # PEM
    r"|LS0tLS1CRUdJTi[A-Za-z0-9+/~\-]"  # PEM in base64
    r"|MII[A-Za-z0-9+/~\-]{3}IBA(?:DAN|AK[BC])|MHcCAQEE|MIGHAgEAMBMG"  # how the DER of a private key begins, in base64
)
"""What a private key looks like, or begins with."""

_ONE_FILE = (
    "A canned cookie opens exactly the one URL that was signed: for more files, set cookies with a custom policy whose Resource has a *."
)
_MILLISECONDS = 10**11


def shown(text: bytes) -> str:
    """A signed text for people; "" if a private key is in it."""
    said = text.decode("utf-8", "backslashreplace")
    return "" if SECRET.search(said) else said


def rebuilt(case: Case) -> bytes:
    """What the edge holds the signature against, or would, if it could read it."""
    opening, token = case.opening, case.token
    if opening is not None:
        return opening.text
    return (decoded(token.policy) if token is not None and token.policy is not None else None) or b""


def prescription(healed: Healed, *, original: bool) -> str:
    """What to change, as sentences. `original`: nothing was changed on the way, so this is the first thing that is wrong."""
    sentences = [note.fix for note in healed.notes]
    if not healed.verdict.ok and not healed.all_said:
        rest = _rest(healed)
        sentences.append(rest if original or not sentences else f"Then there is more. {rest}")
    return " ".join(dict.fromkeys(sentences))


def _rest(healed: Healed) -> str:
    """What can be said where no repair helps (any more)."""
    case, verdict = healed.case, healed.verdict
    token, stage = case.token, verdict.stage
    if stage == "request":
        return "Give a whole URL, https://host/path?..., in which nothing stands that a URL cannot have."
    if token is None and not case.given_cookies:
        return (
            "Give the cookies as names and values, as the text of a Cookie header, or as lines: what was given cannot be read as cookies."
        )
    if token is None:
        return (
            "The URL is not signed: sign it, so that it gets Expires or Policy, Signature and Key-Pair-Id, "
            "or send the three CloudFront- cookies with it."
        )
    named = token.named
    if stage == "shown":
        lacking = [named(name) for name, value in (("Signature", token.signature), ("Key-Pair-Id", token.key_pair_id)) if value is None]
        if token.policy is None and token.expires is None:
            lacking.insert(0, f"{named('Expires')} or {named('Policy')}")
        whole = "URL is" if token.carrier == "URL" else "cookies are"
        return f"Add {' and '.join(lacking)}: the {whole} not complete; take all parts from one run of the signer."
    if stage == "key" and not case.keys:
        return (
            f"Give the public keys that the behaviour trusts (its key groups have them), by id: without {short(token.key_pair_id, 60)} "
            f"nothing can be checked. On the command line: --key ID=public.pem.{kind_of_id(token.key_pair_id or '')}"
        )
    if stage == "key":
        known = ", ".join(short(id, 40)[1:-1] for id in sorted(case.keys)[:5]) or "none"
        return (
            f"{short(token.key_pair_id, 60)} is not among the keys trusted here (given: {known}): put its public key into a key group that "
            f"the behaviour trusts, or sign with a key of it.{kind_of_id(token.key_pair_id or '')}"
        )
    if empty := _no_value(token):
        return empty
    if stage == "policy":
        return _policy(token, case, verdict)
    if stage == "hash":
        return f"Write {named('Hash-Algorithm')}=SHA256, or leave it out for SHA-1."
    if stage == "encoding":
        return f"Copy {named('Signature')} whole and unchanged from the signer: base64, with - _ ~ for + = /."
    if stage == "signature":
        return _signature(token, case, healed)
    if stage == "resource":
        return f"Sign a policy whose Resource covers this URL: {verdict.says}."
    return f"Sign anew, for this moment and this viewer: {verdict.says}."


_NO_VALUE = re.compile(r"(?:undefined|null|None|nil|NaN|\[object [A-Za-z]+\]|<[^>]*>|#<.*)?\Z", re.IGNORECASE)


def _no_value(token: Token) -> str:
    """What to do about a parameter that has a programming language's word for nothing in place of its value; "" if none has."""
    shown = (token.expires, token.policy, token.signature, token.key_pair_id)
    for name, value in zip(PARAMETERS, shown, strict=False):
        if value is not None and (name != "Expires" or token.policy is None) and _NO_VALUE.match(plain := unquote(value[:100]).strip()):
            named = token.named(name)
            if "Promise" in plain:
                return f"Wait for the signer (await) before its result is put into {named}: what is there is {short(plain, 40)}."
            more = f" (or rename it, if {name} is a parameter of your own)" if name == "Policy" and token.expires is not None else ""
            what = short(plain, 40) if plain else "empty"
            return f"Look into the program that signs: {named} is {what}, so there was no value to put in{more}."
    return ""


def _cut_short(policy: str) -> bool:
    """Whether a policy in base64 begins as one does and ends in the middle."""
    tight = policy.rstrip("_")
    text = decoded(tight[: len(tight) // 4 * 4]) or b""
    readable = "\ufffd" not in text[:-3].decode("utf-8", "replace")
    return readable and text.lstrip()[:1] == b"{" and text.count(b"{") > text.count(b"}")


def _policy(token: Token, case: Case, verdict: Verdict) -> str:
    expires, policy = token.named("Expires"), token.named("Policy")
    if token.twice:
        return f"Send {token.named(token.twice)} only once."
    if token.policy is None and token.expires is None:
        return (
            f"Add {expires} (for a canned policy) or {policy} (for a custom one), the one that was signed: without it there is no policy."
        )
    if token.policy is None:
        return f"Write {expires} as a plain whole number of seconds since 1970 (UTC), the one that was signed."
    if _cut_short(token.policy):
        return f"Copy {policy} whole, with the signature that belongs to it: it ends in the middle of the policy."
    opening = opening_of(token, case.address) if case.address else None
    return f"Write the policy anew and sign it: {opening if isinstance(opening, Flaw) else verdict.says}."


def _signature(token: Token, case: Case, healed: Healed) -> str:
    id = token.key_pair_id or ""
    key, signature = case.keys[id], decoded(token.signature or "") or b""
    text = short(shown(rebuilt(case)), 400)
    tried = f"{healed.tried:,} other texts were tried"
    over = "the Policy that is sent" if token.policy is not None else f"this text: {text}"
    hosts = ""
    if not case.hosts and token.policy is None:
        hosts = " If the distribution has another name, give it as well (hosts, or --host): it may have been signed."
    if made_by(key, token):
        if likely(healed):
            return _ONE_FILE
        return f"The signature was made with {id}, but over something else ({tried}): sign exactly {over}.{hosts}"
    if (kind := _kind(signature)) not in ("", key.kind):
        return (
            f"The signature is one of {_KINDS[kind]}, and {id} is a key for {_KINDS[key.kind]}: give {token.named('Key-Pair-Id')} the id "
            f"of the key that signed, or sign with the private key that belongs to {id}."
        )
    if len(signature) != _length(signature, key.bits) and (key.kind == "rsa" or signature[:1] == b"\x30"):
        return f"Copy {token.named('Signature')} whole: it has {len(signature)} bytes and must have {_length(signature, key.bits)}."
    others = "" if len(case.keys) == 1 else " (nor with another of the keys given)"
    if key.kind == "rsa":
        return (
            f"The signature was not made with {id}{others}, or it was damaged on the way: give the public key that belongs to the "
            f"signer's private key, or copy the signature whole. It has to be over {over}."
        )
    also = f" {_ONE_FILE}" if token.carrier == "cookies" and token.policy is None else ""
    return (
        f"The signature was made with another key than {id}{others}, or over another text ({tried}); an ECDSA signature "
        f"does not tell which. Look at the key first, and sign exactly {over}.{hosts}{also}"
    )


_KINDS = {"rsa": "RSA", "ecdsa": "ECDSA"}


def _kind(signature: bytes) -> str:
    """What made a signature, by its form: DER that fills it is ECDSA's, a whole block is RSA's; "" for neither."""
    if whole_der(signature):
        return "ecdsa"
    return "rsa" if len(signature) in (128, 256, 512) else ""


def _length(signature: bytes, bits: int) -> int:
    """How long a signature must be: an RSA one as its key, a DER one as it says itself."""
    return bits // 8 if bits >= 1024 else signature[1] + 2 if len(signature) > 1 else 72


def likely(healed: Healed) -> tuple[Note, ...]:
    """What it most likely is, where nothing more can be proved: a canned cookie, made with the right key for another URL."""
    token = healed.case.token
    if healed.verdict.stage != "signature" or token is None or token.carrier != "cookies" or token.policy is not None:
        return ()
    key = healed.case.keys.get(token.key_pair_id or "")
    if key is None or not made_by(key, token):
        return ()
    return (Note("cookie for one file", "the cookies are in order, and most likely made for another URL than this one", _ONE_FILE),)


def remarks(case: Case, policy: SignedPolicy | None) -> tuple[str, ...]:
    """What else is worth knowing."""
    return (*_worth_knowing(case, policy), f"Judged for {iso(case.at)} and a viewer at {case.ip}.")


def _worth_knowing(case: Case, policy: SignedPolicy | None) -> Iterator[str]:
    token, address = case.token, case.address
    if policy is not None and policy.address and not case.given_ip:
        yield (
            f"The policy has an address condition ({policy.address}), and no viewer's address was given: {PLACEHOLDER} stands for nobody. "
            "Give the real one."
        )
    if case.url and case.raw.partition("#")[0] != case.url:
        yield f"A client sends the URL percent-encoded: {short(case.url, 120)}."
    browsers = case.at_url(in_browser(case.url))
    if browsers.url != case.url and judge(case).ok and not judge(browsers).ok:
        yield f"A browser sends {short(browsers.url.partition('&Signature=')[0], 120)} instead, and that would be refused: sign that form."
    if "#" in case.raw:
        yield "What is behind # is for the browser alone; it is never sent."
    if case.hosts and address and address.domain.partition(":")[0] not in case.hosts:
        yield f"{short(address.domain, 60)} is none of the distribution's names ({short(', '.join(case.hosts), 120)})."
    if policy is not None and policy.expires > _MILLISECONDS:
        yield f"It ends at {moment(policy.expires)}, which looks like milliseconds: it practically never ends."
    if policy is not None and policy.resource is None:
        yield "The policy names no Resource: it opens every file of every distribution that trusts the key."
    if token is not None and token.policy is not None and token.expires is not None:
        yield "Policy and Expires are both there; the custom policy counts."
    if token is not None and token.carrier == "URL" and "CloudFront-" in case.cookies:
        yield "The URL counts as a signed one, so the cookies are not looked at."
    key = case.keys.get(token.key_pair_id or "") if token else None
    if key is not None and key.unusual:
        yield f"The key is {key.unusual}; as a new public key CloudFront takes RSA with 2048 bits or ECDSA on P-256."
