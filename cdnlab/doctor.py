"""The doctor: why a signed URL or cookie is refused, and what to change.

AWS answers "Access denied", whatever the reason was. The doctor puts the request to the edge's own verifier (there is no second one),
tells which question was the first with a "no", shows what was signed beside what the edge holds the signature against, and tries
the named repairs of `repairs` until the verifier is content. It needs public keys only; a private key is never asked for
and never shown.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from cdnlab.cases import Case, asked, judge, one_header, rank, short
from cdnlab.clock import WallClock, iso, seconds_since_epoch
from cdnlab.diagnosis import PLACEHOLDER, Answer, Diagnosis
from cdnlab.errors import ClockError, InputError
from cdnlab.keys import PublicKey
from cdnlab.repairs import Healed, heal
from cdnlab.signedpolicy import Flaw, SignedPolicy, moment
from cdnlab.tokenrepairs import kind_of_id, made_by
from cdnlab.tokens import Token, decoded
from cdnlab.verification import STAGES, Verdict, duration, opening_of

__all__ = ["Diagnosis", "diagnose"]

MAX_URL, MAX_HEAD = 8192, 32768  # bytes (cloudfront-limits)
_MOST_READ = 1_000_000
_SECRET = re.compile(
    r"PRIVATE(?:[\s+_\-]|%20)+KEY|LS0tLS1CRUdJTi[A-Za-z0-9+/~\-]|MII[A-Za-z0-9+/~\-]{5}IBA(?:DAN|AKC)|MHcCAQEE|MIGHAgEAMBMG", re.IGNORECASE
)

_QUESTIONS: dict[str, tuple[str, str]] = {
    "request": ("DOC-02", "Can this be asked for?"),
    "shown": ("SIGN-04", "Is there a signature, with its key's id?"),
    "key": ("SIGN-05", "Is the key trusted?"),
    "policy": ("SIGN-08", "Can the policy be read?"),
    "hash": ("SIGN-10", "Is the hash algorithm known?"),
    "encoding": ("SIGN-09", "Can the signature be decoded?"),
    "signature": ("SIGN-11", "Was it made with that key, over exactly this text?"),
    "resource": ("SIGN-12", "Does the policy open this URL?"),
    "starts": ("SIGN-15", "Is it valid already?"),
    "expires": ("SIGN-14", "Is it still valid?"),
    "address": ("SIGN-16", "Does the viewer have the right address?"),
}

Cookies = Mapping[str, str] | str | Iterable[str] | None
Moment = str | float | datetime


def diagnose(
    url: str,
    cookies: Cookies = None,
    *,
    keys: Mapping[str, str | bytes | PublicKey],
    at: Moment | None = None,
    ip: str = PLACEHOLDER,
    hosts: Iterable[str] | str | None = None,
) -> Diagnosis:
    """Why a signed URL, or a URL with signed cookies, is refused or not; never needs a private key.

    `cookies`: by name, as the text of a Cookie header, or as lines (also Set-Cookie lines); `keys`: the public keys that the behaviour
    trusts, by id, in PEM; `at`: when it is asked for (default: now); `ip`: the viewer's address; `hosts`: the distribution's
    names, its domain and aliases, which help to find a wrong host. Raises InputError for keys, time or address that are none;
    whatever is in URL and cookies, it answers.

    >>> found = diagnose("https://d111.cloudfront.net/cat.jpg", keys={}, at=0)
    >>> found.status, found.code, found.failed.stage
    (403, 'MissingKey', 'shown')
    """
    case = Case(
        url="",
        raw=_text(url, "url"),
        cookies=_cookies(cookies),
        keys=_keys(keys),
        at=_moment(at),
        ip=_ip(ip),
        hosts=_hosts(hosts),
    )
    if _SECRET.search(case.raw[:_MOST_READ]) or _SECRET.search(case.cookies[:_MOST_READ]):
        says = "a private key is in what was given, so nothing of it is shown"
        fix = "Take the private key out, and replace it: whoever has seen this URL or cookie has it. A signed URL never has a key in it, only the key's id."
        return Diagnosis(False, 403, "MissingKey", says, _steps(Verdict(False, "MissingKey", "DOC-03", "request", says), None), fix)
    size = len(case.raw)
    if size <= MAX_URL * 4:
        case = case.at_url(case.raw)
        size = len(case.url)
    if refusal := _too_long(size, len(case.cookies)):
        return refusal
    verdict = judge(case)
    if verdict.ok:
        opening = case.opening
        text = opening.text.decode("utf-8", "backslashreplace") if opening else ""
        policy = opening.policy if opening else None
        return Diagnosis(True, 200, "", verdict.says, _steps(verdict, case), "", (), text, text, policy, _remarks(case, policy, ()))
    healed = heal(case, verdict)
    opening = healed.case.opening or case.opening
    notes = healed.notes or _likely(healed)
    policy = opening.policy if opening else None
    return Diagnosis(
        ok=False,
        status=403,
        code=verdict.code or "AccessDenied",
        says=verdict.says,
        steps=_steps(verdict, case),
        fix=_fix(case, verdict, healed),
        notes=notes,
        signed=_shown(_signed(case, verdict, healed)),
        rebuilt=_shown(_rebuilt(case)),
        policy=policy,
        remarks=_remarks(case, policy, notes),
        tried=healed.tried,
    )


# -- what was given


def _text(value: Any, name: str) -> str:
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "surrogateescape")
    if not isinstance(value, str):
        raise InputError(f"{name} is {type(value).__name__}; give the whole URL as text")
    return value


def _cookies(cookies: Any) -> str:
    if cookies is None:
        return ""
    if isinstance(cookies, bytes | bytearray):
        return one_header(_text(cookies, "cookies"))
    if isinstance(cookies, Mapping):
        return one_header({_text(name, "a cookie's name"): _text(value, "a cookie's value") for name, value in cookies.items()})
    if isinstance(cookies, str):
        return one_header(cookies)
    if not isinstance(cookies, Iterable):
        raise InputError(f"cookies are {type(cookies).__name__}; give names and values, the text of a Cookie header, or lines")
    return one_header([_text(line, "a cookie") for line in cookies])


def _keys(keys: Any) -> dict[str, PublicKey]:
    if not isinstance(keys, Mapping):
        raise InputError(f"keys is {type(keys).__name__}; give public keys by id, such as {{'K2JCJMDEHXQW5F': pem}}")
    made = {}
    for id, key in keys.items():
        if not isinstance(id, str) or _SECRET.search(id[:_MOST_READ]):
            raise InputError("keys has something that is no id; give public keys by id, such as {'K2JCJMDEHXQW5F': pem}")
        made[id] = key if isinstance(key, PublicKey) else PublicKey.from_pem(key, f"the public key {short(id, 40)}")
    return made


def _moment(at: Any) -> float:
    if at is None:
        return WallClock().now()
    try:
        return seconds_since_epoch(at)
    except (ClockError, OverflowError, TypeError):
        raise ClockError(
            f"at is {short(at, 40)}; give seconds since the epoch, ISO 8601 text such as '2026-01-01T00:00:00Z' or a datetime"
        ) from None


def _ip(ip: Any) -> str:
    try:
        return str(ipaddress.ip_address(ip.strip() if isinstance(ip, str) else ip))
    except (ValueError, TypeError):
        raise InputError(f"ip is {short(ip, 40)}; give the viewer's address, such as '192.0.2.7'") from None


def _hosts(hosts: Any) -> tuple[str, ...]:
    names = [hosts] if isinstance(hosts, str) else list(hosts or ())
    if not all(isinstance(name, str) for name in names):
        raise InputError("hosts has something that is no name; give the distribution's names, such as ['d111.cloudfront.net']")
    plain = (re.sub(r"\A[a-z]+://|/.*\Z", "", name.strip().lower()[:300]) for name in names)
    return tuple(dict.fromkeys(filter(None, plain)))[:20]


# -- the questions


def _too_long(size: int, cookies: int) -> Diagnosis | None:
    if size > MAX_URL:
        says = f"the URL has {size:,} bytes, and CloudFront takes {MAX_URL:,}"
        fix = f"Shorten the URL to {MAX_URL:,} bytes: a shorter policy, fewer parameters, or signed cookies in place of a signed URL."
        status = 414
    elif size + cookies > MAX_HEAD:
        says = f"URL and cookies have {size + cookies:,} bytes, and the head of a request may have {MAX_HEAD:,}"
        fix = f"Send fewer or shorter cookies: the head of a request may have {MAX_HEAD:,} bytes."
        status = 494
    else:
        return None
    return Diagnosis(False, status, "AccessDenied", says, _steps(Verdict(False, "AccessDenied", "CHECK-02", "request", says), None), fix)


def _steps(verdict: Verdict, case: Case | None) -> tuple[Answer, ...]:
    """Every question: those before the refusal were answered with yes, those behind it were not asked."""
    here = rank(verdict)
    found = _found(case) if case else {}
    steps = []
    for stage in ("request", *STAGES):
        rule, question = _QUESTIONS[stage]
        number = asked(stage)
        if number == here:
            steps.append(Answer(stage, question, verdict.rule, False, verdict.says))
        elif number < here:
            steps.append(Answer(stage, question, rule, True, found.get(stage, "")))
        else:
            steps.append(Answer(stage, question, rule, None, ""))
    return tuple(steps)


def _found(case: Case) -> dict[str, str]:
    """What each question with a yes came upon."""
    token, address, opening = case.token, case.address, case.opening
    if token is None or address is None:
        return {}
    found = {
        "request": short(case.url),
        "shown": f"in the {'URL' if token.carrier == 'URL' else 'cookies'}",
        "key": short(token.key_pair_id, 40),
    }
    found["hash"] = token.hash_algorithm or "SHA1, because none is named"
    found["encoding"] = f"{len(decoded(token.signature or '') or b''):,} bytes"
    if opening is None:
        return found
    policy, custom = opening.policy, token.policy is not None
    found["policy"] = "a custom policy, sent" if custom else f"a canned policy, rebuilt for {short(str(address), 80)}"
    found["signature"] = "the signature holds"
    found["resource"] = (
        "the canned policy is for this URL"
        if not custom
        else "it names no Resource: any file"
        if policy.resource is None
        else short(policy.resource)
    )
    found["starts"] = "it has no beginning" if policy.starts is None else f"since {moment(policy.starts)}"
    found["expires"] = f"until {moment(policy.expires)}, {duration(max(0, policy.expires - int(case.at)))} more"
    found["address"] = f"{case.ip} is in {policy.address}" if policy.address else "any address"
    return found


# -- the two strings


def _rebuilt(case: Case) -> bytes:
    """What the edge holds the signature against, or would, if it could read it."""
    opening, token = case.opening, case.token
    if opening is not None:
        return opening.text
    return (decoded(token.policy or "") if token is not None and token.policy is not None else None) or b""


def _signed(case: Case, verdict: Verdict, healed: Healed) -> bytes:
    """What was signed, if that is proved."""
    if rank(verdict) > asked("signature"):
        return _rebuilt(case)
    if rank(healed.verdict) > asked("signature"):
        return healed.case.text if healed.case.text is not None else _rebuilt(healed.case)
    return b""


def _shown(text: bytes) -> str:
    shown = text.decode("utf-8", "backslashreplace")
    return "" if _SECRET.search(shown) else shown


# -- what to change


def _fix(case: Case, verdict: Verdict, healed: Healed) -> str:
    sentences = [note.fix for note in healed.notes]
    if not healed.verdict.ok:
        sentences.append(_rest(healed, original=healed.case is case))
    return " ".join(dict.fromkeys(sentences))


def _rest(healed: Healed, *, original: bool) -> str:
    """What can be said when no repair helps any more."""
    case, verdict = healed.case, healed.verdict
    token = case.token
    then = "" if original else "Then there is more: "
    stage = verdict.stage
    if token is None or stage == "request":
        if stage == "request":
            return f"{then}Give a whole URL, https://host/path?..., with nothing in it that a URL cannot have: {verdict.says}."
        return f"{then}The URL is not signed: sign it, so that it gets Expires or Policy, Signature and Key-Pair-Id, or send the three CloudFront- cookies with it."
    named = token.named
    if stage == "shown":
        lacking = [named(name) for name, value in (("Signature", token.signature), ("Key-Pair-Id", token.key_pair_id)) if value is None]
        if token.policy is None and token.expires is None:
            lacking.insert(0, f"{named('Expires')} or {named('Policy')}")
        return f"{then}Add {' and '.join(lacking)}: the {'URL' if token.carrier == 'URL' else 'set of cookies'} is not whole; copy it again from the signer."
    if stage == "key":
        known = ", ".join(sorted(case.keys)[:5]) or "none"
        return (
            f"{then}Put the public key {short(token.key_pair_id, 60)} into a key group that the behaviour trusts, or sign with a key that is in one "
            f"(given here: {known})." + kind_of_id(token.key_pair_id or "")
        )
    if stage == "policy":
        return f"{then}{_policy_fix(token, case, verdict)}"
    if stage == "hash":
        return f"{then}Write {named('Hash-Algorithm')}=SHA256, or leave it out for SHA-1."
    if stage == "encoding":
        return f"{then}Copy {named('Signature')} whole and unchanged from the signer: base64, with - _ ~ for + = /."
    if stage == "signature":
        return f"{then}{_signature_fix(token, case, healed)}"
    if stage == "resource":
        return f"{then}Sign a policy whose Resource covers this URL: {verdict.says}."
    return f"{then}Sign anew, for this moment and this viewer: {verdict.says}."


def _policy_fix(token: Token, case: Case, verdict: Verdict) -> str:
    if token.policy is None and token.expires is None:
        return f"Add {token.named('Expires')} (for a canned policy) or {token.named('Policy')} (for a custom one): without it there is no policy to check."
    if token.policy is None:
        return f"Write {token.named('Expires')} as a plain whole number of seconds since 1970 (UTC), the one that was signed."
    opening = opening_of(token, case.address) if case.address else None
    why = str(opening) if isinstance(opening, Flaw) else verdict.says
    return f"Write the policy anew and sign it: {why}."


def _signature_fix(token: Token, case: Case, healed: Healed) -> str:
    text = short(_shown(_rebuilt(case)), 400)
    id = token.key_pair_id or ""
    tried = f"{healed.tried:,} other texts were tried" if healed.tried else "no other text could be tried"
    if made_by(case.keys[id], token):
        if _likely(healed):
            return _likely(healed)[0].fix
        return f"The signature was made with {id}, but over another text ({tried}). Sign exactly what the edge checks: {text}."
    if case.keys[id].kind == "rsa":
        others = "" if len(case.keys) == 1 else ", nor with another of the keys given"
        return (
            f"The signature was not made with {id}{others}, or it was damaged on the way: give the public key that belongs to the signer's "
            f"private key, or copy the signature whole. What it should be over: {text}."
        )
    likely = f" {_ONE_FILE_FIX}" if token.carrier == "cookies" and token.policy is None else ""
    return f"The signature was made with another key than {id} or over another text ({tried}); an ECDSA signature does not tell which. Sign exactly what the edge checks: {text}.{likely}"


_ONE_FILE_FIX = (
    "A canned cookie opens exactly the one URL that was signed: for more files, set cookies with a custom policy whose Resource has a *."
)


def _likely(healed: Healed) -> tuple[Any, ...]:
    """What it most likely is, where nothing more can be proved: a canned cookie, made with the right key for another URL."""
    from cdnlab.cases import Note

    token = healed.case.token
    if healed.verdict.stage != "signature" or token is None or token.carrier != "cookies" or token.policy is not None:
        return ()
    key = healed.case.keys.get(token.key_pair_id or "")
    if key is None or not made_by(key, token):
        return ()
    says = "the cookies are right in themselves, and most likely made for another URL than this one"
    return (Note("cookie for one file", says, _ONE_FILE_FIX),)


# -- what else is worth knowing


def _remarks(case: Case, policy: SignedPolicy | None, notes: tuple[Any, ...]) -> tuple[str, ...]:
    remarks = []
    if case.ip == PLACEHOLDER and policy is not None and policy.address:
        remarks.append(
            f"The policy has an address condition, and no viewer's address was given: {PLACEHOLDER} was taken, which stands for nobody. Give the real one."
        )
    if case.raw.partition("#")[0] != case.url and case.url:
        remarks.append(f"A client sends the URL percent-encoded: {short(case.url, 120)}.")
    if "#" in case.raw:
        remarks.append("What is behind # is for the browser alone; it is never sent.")
    address = case.address
    if case.hosts and address and address.domain.partition(":")[0] not in case.hosts:
        remarks.append(f"{short(address.domain, 60)} is not among the distribution's names ({', '.join(map(str, case.hosts[:5]))}).")
    if policy is not None and policy.expires > 10**11:
        remarks.append(f"It ends at {moment(policy.expires)}: this looks like milliseconds, so it practically never ends.")
    token = case.token
    if token is not None and token.policy is not None and token.expires is not None:
        remarks.append("Policy and Expires are both there; the custom policy counts.")
    if token is not None and token.carrier == "URL" and "CloudFront-" in case.cookies:
        remarks.append("The URL is a signed one, so the cookies are not looked at.")
    key = case.keys.get(token.key_pair_id or "") if token else None
    if key is not None and key.unusual:
        remarks.append(
            f"{token.key_pair_id if token else ''} is {key.unusual}; as a new public key CloudFront takes RSA with 2048 bits or ECDSA on P-256."
        )
    remarks.append(f"Judged for {iso(case.at)} and the viewer {case.ip}.")
    return tuple(remarks)
