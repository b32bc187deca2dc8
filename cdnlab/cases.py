"""A case for the doctor: everything a verdict depends on, in one value that can be changed and judged again.

A request is judged as an HTTP client would send it: the fragment stays at home, and a character that no URL may have is
percent-encoded. The verdict is the edge's own (`verification.verify`); a URL that cannot be asked for at all has the stage
"request", which comes before all of the edge's questions.

A repair is a changed case. `text` is the one thing a request cannot say: what the signer may have signed, if it was something other
than the edge holds the signature against.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import quote

from cdnlab.errors import MessageError
from cdnlab.keys import PublicKey
from cdnlab.messages import Headers, Request
from cdnlab.resources import Address
from cdnlab.signedpolicy import Flaw
from cdnlab.tokens import COOKIE, Token, token_of
from cdnlab.verification import STAGES, Opening, Verdict, address_of, opening_of, verify

__all__ = ["Case", "Change", "Note", "asked", "in_browser", "judge", "rank", "sendable", "short", "with_parameters"]

_NOT_IN_URL = re.compile(r"[^\x21-\x7e]+")
_ORDER = {"request": 0, **{stage: number for number, stage in enumerate(STAGES, 1)}, "": len(STAGES) + 1}


_IN_PATH, _IN_QUERY = re.compile('["<>`{}]'), re.compile("[\"'<>]")


class Note(NamedTuple):
    """One mistake: its `name`, what was found (`says`), and what to change where (`fix`)."""

    name: str
    says: str
    fix: str


@dataclass(frozen=True, slots=True)
class Case:
    """What a verdict depends on. `url`: as it is sent; `raw`: as it was given; `cookies`: the text of the Cookie header; `hosts`: the
    distribution's names; `text`: what the signature is held against, if not what the edge would take; `given_ip`, `given_cookies`:
    False if there was no address, or nothing to be read as cookies.
    """

    url: str
    raw: str
    cookies: str
    keys: Mapping[str, PublicKey]
    at: float
    ip: str
    hosts: tuple[str, ...] = ()
    text: bytes | None = None
    given_ip: bool = True
    given_cookies: bool = True

    @property
    def request(self) -> Request | None:
        """The request, if there can be one."""
        try:
            return Request("GET", self.url, Headers([("Cookie", self.cookies)] if self.cookies else []))
        except MessageError:
            return None

    @property
    def token(self) -> Token | None:
        """What it shows of a signature."""
        request = self.request
        return None if request is None else token_of(request.query, request.headers.getall("Cookie"))

    @property
    def address(self) -> Address | None:
        """The URL as a signature sees it."""
        request = self.request
        return None if request is None else address_of(request)

    @property
    def opening(self) -> Opening | None:
        """What the edge would hold the signature against; None when there is no policy that can be read."""
        token, address = self.token, self.address
        opening = None if token is None or address is None else opening_of(token, address)
        return None if isinstance(opening, Flaw) else opening

    def at_url(self, raw: str) -> Case:
        """The same case with another URL, which may need to be made fit to be sent."""
        return replace(self, raw=raw, url=sendable(raw))


class Change(NamedTuple):
    """A changed case, and the mistakes that were taken out of it. `guess`: it counts only if the signature holds in the end;
    `proven`: it counts even if that brings the request no further; `hopeless`: nothing will, for the edge can never verify this.
    """

    case: Case
    notes: tuple[Note, ...]
    guess: bool = False
    proven: bool = False
    hopeless: bool = False


def sendable(url: str) -> str:
    """A URL as an HTTP client sends it: without the fragment, and percent-encoded where it has to be.

    >>> sendable("https://d111.cloudfront.net/my cat.jpg#tail")
    'https://d111.cloudfront.net/my%20cat.jpg'
    """
    return _NOT_IN_URL.sub(lambda found: quote(found[0].encode("utf-8", "replace"), safe=""), url.partition("#")[0])


def in_browser(url: str) -> str:
    """A URL, fit to be sent, as a browser sends it: a few characters more are percent-encoded, and . and .. in the path are resolved.

    >>> in_browser("https://d111.cloudfront.net/a/../b'c?d='e'")
    "https://d111.cloudfront.net/b'c?d=%27e%27"
    """
    head, mark, query = url.partition("?")
    found = re.match(r"([A-Za-z]+://[^/]*)(.*)\Z", head)
    base, path = found.groups() if found else (head, "")
    kept: list[str] = []
    parts = path.replace("\\", "/").split("/")
    for number, part in enumerate(parts):
        plain = part.replace("%2e", ".").replace("%2E", ".")
        if plain == ".." and len(kept) > 1:
            kept.pop()
        if plain not in (".", ".."):
            kept.append(part)
        elif number == len(parts) - 1:
            kept.append("")
    path = _IN_PATH.sub(lambda found: f"%{ord(found[0]):02X}", "/".join(kept))
    return f"{base}{path}{mark}{_IN_QUERY.sub(lambda found: f'%{ord(found[0]):02X}', query)}"


def judge(case: Case) -> Verdict:
    """The edge's verdict on a case. Never raises."""
    try:
        request = Request("GET", case.url, Headers([("Cookie", case.cookies)] if case.cookies else []))
    except MessageError as error:
        return Verdict(False, "MissingKey", "DOC-02", "request", f"no request can be made of it: {error}")
    return verify(request, case.keys, at=case.at, ip=case.ip, text=case.text)


def asked(stage: str) -> int:
    """How many questions come before this stage."""
    return _ORDER[stage]


def rank(verdict: Verdict) -> int:
    """How far a verdict got; more is further."""
    return _ORDER[verdict.stage]


def short(text: object, most: int = 100) -> str:
    """A text from outside, quoted for a sentence: printable, and cut in its middle when it is long."""
    shown = ascii(text)
    return shown if len(shown) <= most else f"{shown[: most * 2 // 3]}...{shown[-most // 4 :]}"


def with_parameters(case: Case, changes: Mapping[str, str | None], carrier: str = "") -> Case:
    """The case with other signing parameters, None for one to take away. `carrier`: URL or cookies, if it shows none yet."""
    token = case.token
    if (token.carrier if token else carrier) == "cookies":
        parts = [part.strip(" \t") for part in case.cookies.split(";")] if case.cookies else []
        return replace(case, cookies="; ".join(_changed(parts, {COOKIE + name: value for name, value in changes.items()})))
    base, mark, query = case.url.partition("?")
    parts = _changed(query.split("&") if mark else [], changes)
    url = f"{base}?{'&'.join(parts)}" if parts else base
    return replace(case, url=url, raw=url)


def _changed(parts: Sequence[str], changes: Mapping[str, str | None]) -> list[str]:
    kept, left = [], dict(changes)
    for part in parts:
        name = part.partition("=")[0]
        if name not in changes:
            kept.append(part)
        elif (value := left.pop(name, None)) is not None:
            kept.append(f"{name}={value}")
    return kept + [f"{name}={value}" for name, value in left.items() if value is not None]
