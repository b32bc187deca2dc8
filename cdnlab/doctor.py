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
from itertools import islice
from typing import Any

from cdnlab.cases import Case, asked, judge, rank, short
from cdnlab.clock import WallClock, seconds_since_epoch
from cdnlab.cookieforms import MAX_HEAD, one_header
from cdnlab.diagnosis import PLACEHOLDER, Answer, Diagnosis
from cdnlab.errors import ClockError, InputError
from cdnlab.keys import PublicKey
from cdnlab.remedies import SECRET, likely, prescription, rebuilt, remarks, shown
from cdnlab.repairs import Healed, heal
from cdnlab.signedpolicy import moment
from cdnlab.tokens import decoded
from cdnlab.verification import STAGES, Verdict, duration

__all__ = ["Diagnosis", "diagnose"]

MAX_URL = 8192  # bytes (cloudfront-limits)
_MOST_HOSTS = 100

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

Cookies = Mapping[str, Any] | str | Iterable[Any] | None
Moment = str | float | datetime


def diagnose(
    url: str,
    cookies: Cookies = None,
    *,
    keys: Mapping[str, str | bytes | PublicKey],
    at: Moment | None = None,
    ip: str | None = None,
    hosts: Iterable[str] | str | None = None,
) -> Diagnosis:
    """Why a signed URL, or a URL with signed cookies, is refused or not; never needs a private key.

    `cookies`: by name, as the text of a Cookie header, as lines, or as a signer gives them (see `cookieforms`); `keys`: the public
    keys that the behaviour trusts, by id, in PEM; `at`: when it is asked for (default: now); `ip`: the viewer's address; `hosts`:
    the distribution's names, its domain and aliases, which help to find a wrong host. Raises InputError for keys, time or address
    that are none; whatever is in URL and cookies, it answers.

    >>> found = diagnose("https://d111.cloudfront.net/cat.jpg", keys={}, at=0)
    >>> found.status, found.code, found.failed.stage
    (403, 'MissingKey', 'shown')
    """
    header = one_header(cookies)
    case = Case(
        url="",
        raw=_text(url),
        cookies=header or "",
        keys=_keys(keys),
        at=_moment(at),
        ip=PLACEHOLDER if ip is None else _ip(ip),
        hosts=_hosts(hosts),
        given_ip=ip is not None,
        given_cookies=header is not None,
    )
    size = len(case.raw)
    if size <= MAX_URL * 4:
        case = case.at_url(case.raw)
        size = len(case.url)
    if refusal := _too_long(size, len(case.cookies)):
        return refusal
    if SECRET.search(case.raw) or SECRET.search(case.cookies):
        says = "a private key is in what was given, so nothing of it is shown"
        fix = "Take the private key out and replace it, for whoever has seen this has it: a signed URL has a key's id in it, never a key."
        return Diagnosis(False, 403, "MissingKey", says, _steps(Verdict(False, "MissingKey", "DOC-03", "request", says), None), fix)
    verdict = judge(case)
    if verdict.ok:
        opening = case.opening
        text = opening.text.decode("utf-8", "backslashreplace") if opening else ""
        policy = opening.policy if opening else None
        return Diagnosis(True, 200, "", verdict.says, _steps(verdict, case), "", (), text, text, policy, remarks(case, policy))
    healed = heal(case, verdict)
    opening = healed.case.opening or case.opening
    shown_in, meant_in = case.token, healed.case.token
    comparable = shown_in is None or meant_in is None or shown_in.carrier == meant_in.carrier  # not if it was meant for the cookies
    notes = (*healed.notes, *likely(healed))
    policy = opening.policy if opening else None
    return Diagnosis(
        ok=False,
        status=403,
        code=verdict.code or "AccessDenied",
        says=verdict.says,
        steps=_steps(verdict, case),
        fix=prescription(healed, original=healed.case is case),
        notes=notes,
        signed=shown(_signed(case, verdict, healed)) if comparable else "",
        rebuilt=shown(rebuilt(case)) if comparable else "",
        policy=policy,
        remarks=remarks(case, policy),
        tried=healed.tried,
    )


# -- what was given


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "surrogateescape")
    if not isinstance(value, str):
        raise InputError(f"url is {type(value).__name__}; give it as text")
    return value


def _keys(keys: Any) -> dict[str, PublicKey]:
    if not isinstance(keys, Mapping):
        raise InputError(f"keys is {type(keys).__name__}; give public keys by id, such as {{'K2JCJMDEHXQW5F': pem}}")
    made = {}
    for id, key in keys.items():
        if not isinstance(id, str) or SECRET.search(id[:1000]):
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
    names = [hosts] if isinstance(hosts, str) else list(islice(hosts or (), _MOST_HOSTS))
    if not all(isinstance(name, str) for name in names):
        raise InputError("hosts has something that is no name; give the distribution's names, such as ['d111.cloudfront.net']")
    plain = (re.sub(r"\A[a-z]+://|/.*\Z", "", name.strip().lower()[:300]) for name in names)
    return tuple(dict.fromkeys(filter(None, plain)))


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
        "request": short(case.url, 72),
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


def _signed(case: Case, verdict: Verdict, healed: Healed) -> bytes:
    """What was signed, if that is proved."""
    if rank(verdict) > asked("signature"):
        return rebuilt(case)
    if rank(healed.verdict) > asked("signature"):
        return healed.case.text if healed.case.text is not None else rebuilt(healed.case)
    return b""
