"""Lesson 08: a consultation with the doctor.

A signed URL that somebody is refused is laid on the table: one of the lab's patients, or one that the reader pastes, made by any signer.
`cdnlab.signing.diagnose` asks the edge's own questions, puts the two texts side by side, tries repairs, and says what to change. It
knows the lab's public key and one that the reader adds. A private key is refused in every field, and never repeated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from cdnlab.clock import WallClock, iso, seconds_since_epoch
from cdnlab.controls import Button, Choice, Press, Text
from cdnlab.cookieforms import one_header
from cdnlab.errors import InputError
from cdnlab.experiments.darkroom import HOST, HOUR, Darkroom, world
from cdnlab.experiments.segments import STYLE, shown
from cdnlab.keys import KeyPair, PublicKey
from cdnlab.panels import Panel
from cdnlab.remedies import SECRET
from cdnlab.signedpolicy import canned_text, moment, peer
from cdnlab.signing import Diagnosis, Signer, diagnose
from cdnlab.staircase import safe
from cdnlab.tokens import Token, encoded, token_of
from cdnlab.verification import duration

__all__ = ["PATIENTS", "Complaint", "Consultation", "complaint", "model", "no_secret", "panel", "public_key", "say", "view"]


def _url(alter: Callable[[str, Darkroom], str]) -> Callable[[Darkroom], str]:
    return lambda here: alter(here.link(), here)


def _sha256(here: Darkroom) -> str:
    url = Signer(here.key, KeyPair.test("rsa"), "SHA256").url(here.photo, expires=int(here.cdn.clock.now()) + HOUR)
    return url.removesuffix("&Hash-Algorithm=SHA256")


def _folder(here: Darkroom) -> str:
    """A canned policy for a folder, on a file in it."""
    return here.signer.url(f"https://{HOST}/private/*", expires=int(here.cdn.clock.now()) + HOUR).replace("*", "cat.jpg")


def _spaced(here: Darkroom) -> str:
    """Signed with a space in the name, and sent by a browser."""
    return here.signer.url(f"https://{HOST}/private/my cat.jpg", expires=int(here.cdn.clock.now()) + HOUR).replace(" ", "%20")


def _line_break(here: Darkroom) -> str:
    """Signed with a line break at the end of the text, as `echo` writes it."""
    ends = int(here.cdn.clock.now()) + HOUR
    signature = encoded(KeyPair.test("rsa").sign(f"{canned_text(here.photo, ends)}\n".encode()))
    return f"{here.photo}&Expires={ends}&Signature={signature}&Key-Pair-Id={here.key}"


def _quoted(here: Darkroom) -> str:
    """A custom policy whose time is a text."""
    ends = int(here.cdn.clock.now()) + HOUR
    return here.signer.url(here.photo, policy=canned_text(here.photo, ends).replace(str(ends), f'"{ends}"'))


PATIENTS: MappingProxyType[str, Callable[[Darkroom], str]] = MappingProxyType(
    {
        "the newsletter's link": _url(lambda link, here: f"{link}&utm_source=mail"),
        "a link that works": _url(lambda link, here: link),
        "a link that worked yesterday": lambda here: here.link(life=600 - 86400),
        "a link at the distribution's own name": _url(lambda link, here: link.replace(HOST, here.distribution.domain_name)),
        "a link with the key group's id": _url(lambda link, here: link.replace(here.key, here.group)),
        "a link from a program that uses SHA-256": _sha256,
        "a link for a whole folder": _folder,
        "a link to a file with a space in its name": _spaced,
        "a link made with echo and openssl": _line_break,
        "a link in plain base64": _url(lambda link, here: link.replace("~", "/").replace("_", "=")),
        "a link whose policy has its time in quotation marks": _quoted,
    }
)
"""The lab's patients: each makes a URL in the darkroom. They are examined ten minutes after the darkroom opened."""

_TEN_MINUTES = 600


class Complaint(NamedTuple):
    """What lies on the table: who brought it, the `url`, the text of a Cookie header, public keys by id, time (None: now), address."""

    name: str
    url: str
    cookies: str
    keys: dict[str, str]
    at: float | None
    ip: str


@dataclass(frozen=True, slots=True)
class Consultation:
    """A complaint, and what the doctor found; `found` is None before.

    `stranger`: the id of a key that would have to be pasted, or ""; `readable`: what can be told without that key.
    """

    complaint: Complaint
    found: Diagnosis | None
    stranger: str = ""
    readable: str = ""


def no_secret(text: str) -> str:
    """The text. Raises InputError, which does not repeat it, when a private key is in it, or what looks like one."""
    if SECRET.search(text):
        raise InputError(
            "this looks like a private key. It is not needed here, and nobody should ever be given it: the doctor works with the "
            "public half, which `openssl rsa -in private.pem -pubout` writes"
        )
    return text


_NO_KEYS = (
    ("BEGIN PUBLIC KEY", "the public key has no end: its last line is missing"),
    ("BEGIN CERTIFICATE", "this is a certificate, and `openssl x509 -in certificate.pem -noout -pubkey` writes the public key in it"),
    (
        "BEGIN RSA PUBLIC KEY",
        "this is an older form, and `openssl rsa -RSAPublicKey_in -in key.pem -pubout` writes the newer one",
    ),
    (r"\A(ssh-|ecdsa-)", "this is a public key for SSH, and `ssh-keygen -e -m PKCS8 -f key.pub` writes it as PEM"),
    (r"\A[A-Z0-9]{5,30}\Z", "this may be the key's id, but the key itself is needed"),
)
"""What readers paste in place of a public key, and what they can do."""


def public_key(text: str) -> tuple[str, str]:
    """An id ("" if none was given) and a PEM text, from what a reader pasted: `K2ABC = -----BEGIN PUBLIC KEY-----...`.

    Line breaks may have been lost on the way. Raises InputError for what is no public key, and never repeats it.

    >>> pem = KeyPair.test("rsa").public_pem
    >>> public_key("K2ABC = " + pem.replace(chr(10), " ")) == ("K2ABC", pem)
    True
    """
    no_secret(text)
    found = re.search(r"-----BEGIN PUBLIC KEY-----(.*)-----END PUBLIC KEY-----", text, re.DOTALL)
    if not found:
        says = next((says for sign, says in _NO_KEYS if re.search(sign, text)), "no public key found")
        raise InputError(
            f"{says}; paste -----BEGIN PUBLIC KEY----- ... -----END PUBLIC KEY-----, with its id and = before it if you know it"
        )
    body = re.sub(r"\\n|\s", "", found[1])
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    pem = "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])
    PublicKey.from_pem(pem)
    id = text[: found.start()].strip().strip("=:\"' ")
    if id and not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", id):
        raise InputError("what stands before the public key is no id; write it as K2JCJMDEHXQW5F = -----BEGIN PUBLIC KEY-----...")
    return id, pem


def _address(text: str) -> None:
    no_secret(text)
    if peer(text) is None and not re.fullmatch(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", text):
        raise InputError("this is no address; write one such as 203.0.113.9")


def _moment(text: str) -> float:
    no_secret(text)
    return seconds_since_epoch(float(text) if re.fullmatch(r"\d{1,12}", text) else text)


def _token(url: str, cookies: str) -> Token | None:
    """What signs this request, also one that was pasted with a command before it and quotation marks around it."""
    query = url.strip().strip("'\"<>").partition("?")[2].partition("#")[0]
    return token_of(query, [one_header(cookies) or cookies] if cookies else [])


def _named(url: str, cookies: str) -> str:
    """The id of the key that the request names, or ""."""
    token = _token(url, cookies)
    return (token.key_pair_id if token else "") or ""


def _readable(found: Diagnosis, at: float, ip: str) -> str:
    """What the policy says to everybody, without a look at the signature; "" if it cannot be read."""
    policy = found.policy
    if policy is None:
        return ""
    if at >= policy.expires:
        return f"Whoever signed it, it ended at {moment(policy.expires)}, {duration(int(at) - policy.expires)} ago."
    if policy.starts is not None and at <= policy.starts:
        return f"Whoever signed it, it begins only after {moment(policy.starts)}."
    if not policy.admits(ip):
        return f"Whoever signed it, it is for {policy.address} only, and the viewer is at {ip}."
    return f"It is good until {moment(policy.expires)}, if the signature holds."


@lru_cache(maxsize=1)
def _darkroom() -> Darkroom:
    return world()


def complaint(*, patient: str, url: str, cookies: str, key: str, at: str, ip: str) -> Complaint:
    """What the controls put on the table. A URL of the reader's own comes before the patient.

    Raises InputError, ClockError for what cannot be used.
    """
    here, own = _darkroom(), bool(url)
    for text in (url, cookies):
        no_secret(text)
    name, asked = ("your URL", url) if own else (patient, PATIENTS[patient](here))
    keys = dict(here.keys)
    if key:
        id, pem = public_key(key)
        keys[id or _named(asked, cookies) or "YOURS"] = pem
    start = here.cdn.clock.now()
    return Complaint(name, asked, cookies, keys, _moment(at) if at else None if own else start + _TEN_MINUTES, ip or "203.0.113.9")


def model(
    presses: Sequence[Press], *, patient: str, url: str = "", cookies: str = "", key: str = "", at: str = "", ip: str = ""
) -> Consultation:
    """The complaint on the table, diagnosed if the latest press was about it.

    >>> press = Press("Diagnose", {"patient": "the newsletter's link", "url": "", "cookies": "", "key": "", "at": "", "ip": ""})
    >>> model([press], patient="the newsletter's link").found.repairs
    ('appended query',)
    """
    values = {"patient": patient, "url": url, "cookies": cookies, "key": key, "at": at, "ip": ip}
    brought = complaint(**values)
    if not presses or any(presses[-1].values[name] != value for name, value in values.items()):
        return Consultation(brought, None)
    at_when = WallClock().now() if brought.at is None else brought.at
    here = _darkroom()
    hosts = None if url else (HOST, here.distribution.domain_name)
    found = diagnose(brought.url, brought.cookies or None, keys=brought.keys, at=at_when, ip=brought.ip, hosts=hosts)
    named = _named(brought.url, cookies)
    if key or not url or "wrong key id" in found.repairs or named in brought.keys:
        return Consultation(brought, found)
    return Consultation(brought, found, named, _readable(found, at_when, brought.ip))


# ---- words and picture


def say(consultation: Consultation) -> str:
    """The text twin."""
    name, found = consultation.complaint.name, consultation.found
    if found is None:
        return f"On the table: {name}. Not examined yet."
    if found.ok:
        return f"{name}: {found.headline} Nothing to change."
    if consultation.stranger:
        first = f"Found: {', '.join(found.repairs)}. " if found.repairs else ""
        last = f" {consultation.readable}" if consultation.readable else ""
        return f"{name}: {first}The doctor does not have its public key; paste it under “More”, and the signature can be checked.{last}"
    if found.failed is not None and found.failed.stage == "request" and not found.repairs:
        return f"{name}: it cannot be asked for. {found.fix}"
    return f"{name}: {found.status} {found.code}. Found: {', '.join(found.repairs) or 'no repair that helps'}. {found.fix}"


_STYLE = """
.cdnlab .cdnlab-picture .cdnlab-text{white-space:pre-wrap;overflow-wrap:anywhere;margin:4px 0;padding:6px 10px;border:0;
border-left:2px solid;color:inherit;background:none;font:12.5px/1.5 ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace}
"""


def view(consultation: Consultation) -> str:
    """The URL in its segments, for when and whom it is examined, and the doctor's page once it is."""
    brought, found = consultation.complaint, consultation.found
    when = "now, by this computer's clock" if brought.at is None else iso(brought.at)
    keys = ", ".join(f"<code>{safe(id, 60)}</code>" for id in brought.keys)
    parts = [f"<style>{STYLE}{_STYLE}</style>", shown(brought.url[:4000])]
    if brought.cookies:
        parts.append(f"<p><strong>Cookies</strong> <code>{safe(brought.cookies, 400)}</code></p>")
    told = "Underlined: what the signed text is made of. Examined for"
    parts.append(f'<p class="cdnlab-note">{told} {safe(when)}, a viewer at {safe(brought.ip)}, and the public key {keys}.</p>')
    if consultation.stranger and found is not None:
        return "".join([*parts, _without_key(consultation.stranger, consultation.readable, found)])
    return "".join([*parts, found._repr_html_() if found is not None else ""])


def _without_key(id: str, readable: str, found: Diagnosis) -> str:
    """What can be told of a request whose key is not here. It may well be known to AWS, so nothing is said of a refusal."""
    notes = "".join(f"<li><strong>{safe(note.name)}</strong>: {safe(note.fix)}</li>" for note in found.notes)
    text = f'<p>Its signature must have been made over this text:</p><pre class="cdnlab-text">{safe(found.rebuilt, 4000)}</pre>'
    return (
        f"<p><strong>The doctor does not have the public key <code>{safe(id, 60)}</code>.</strong> Paste it under “More”: the text that "
        f"you uploaded as EncodedKey. {safe(readable)}</p>{f'<ul>{notes}</ul>' if notes else ''}{text if found.rebuilt else ''}"
    )


def panel() -> Panel[Consultation]:
    """The doctor: choose a patient or paste a URL, then let it be examined."""
    return Panel(
        "The doctor",
        [
            Choice("patient", "A link that somebody complains of", tuple(PATIENTS)),
            Text("url", "Or a URL of your own (empty: the patient)", "", accept=no_secret, optional=True),
            Text("cookies", "Its cookies, as a Cookie header", "", accept=no_secret, optional=True, folded=True),
            Text("key", "A public key, in PEM (id = -----BEGIN PUBLIC KEY-----...)", "", accept=public_key, optional=True, folded=True),
            Text("at", "Time in UTC (empty: now)", "", ("2026-01-01T00:30:00Z",), accept=_moment, optional=True, folded=True),
            Text("ip", "The viewer's address", "", ("192.0.2.7",), accept=_address, optional=True, folded=True),
            Button("Diagnose", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
    )
