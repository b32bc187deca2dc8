"""Cookies: what a browser keeps, and where it sends it.

A site sets a cookie in the answer to one request; the browser shows it with later ones, to some addresses and not to others. Which ones
is RFC 6265 (section 5), with what its successor adds (6265bis: SameSite, prefixes, Secure). Each question is a Check with its reason:

    kept?    form     the header can be read, is not too large          RFC 6265 section 5.2
             host     Domain is the sender's own, and nobody else's      5.3, the public suffix list
             secure   what is Secure was set over HTTPS                  6265bis
             site     SameSite=None is Secure as well                    6265bis

    sent?    host     the very host that set it, or Domain and below    5.1.3
             path     Path, and what lies under it                      5.1.4
             secure   Secure: over HTTPS only                           5.4
             time     not expired                                       5.3
             site     from a page of the same site, or SameSite=None    6265bis

`readable` is the other half for a script on another host: whether it may see the answer (CORS, in the Fetch standard). This
is a model of a browser; some block the cookies of other sites altogether, whatever the headers say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from typing import Literal, NamedTuple, TypeAlias

from cdnlab.errors import InputError
from cdnlab.messages import Headers
from cdnlab.sites import canonical, host_of, is_address, is_suffix, origin_of, same_site, site_of, split

__all__ = ["Check", "Cookie", "CookieJar", "Kept", "cookie_date", "judge", "keep", "mended", "readable", "refused"]

SameSite: TypeAlias = Literal["Strict", "Lax", "None", ""]

LARGEST = 4096
"""Bytes that name and value may have together, at most; a larger cookie is not kept (RFC 6265 section 6.1, 6265bis section 5.6)."""

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SECONDS = re.compile(r"-?[0-9]+\Z", re.ASCII)


class Check(NamedTuple):
    """One question and its answer: `name`, `ok`, `says` why, and the `rule` of the ledger."""

    name: str
    ok: bool
    says: str
    rule: str


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie as a browser keeps it. `host_only`: for the very host `domain`; `expires`: epoch seconds, None: no such date."""

    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    secure: bool = False
    http_only: bool = False
    same_site: SameSite = ""
    expires: float | None = None


class Kept(NamedTuple):
    """What became of a Set-Cookie: the `cookie`, None if it was thrown away, and the `checks` in order."""

    cookie: Cookie | None
    checks: tuple[Check, ...]


# ---- kept?


def _within(host: str, domain: str) -> bool:
    """RFC 6265 section 5.1.3: host is the domain itself, or a name below it."""
    return host == domain or (host.endswith(f".{domain}") and not is_address(host))


def _path(url: str) -> str:
    return split(url).path or "/"


def _under(path: str, folder: str) -> bool:
    """RFC 6265 section 5.1.4."""
    return path == folder or (path.startswith(folder) and (folder.endswith("/") or path[len(folder)] == "/"))


def keep(line: str, url: str, *, page: str | None = None, at: float = 0.0) -> Kept:
    """What a browser makes of `Set-Cookie: line` in the answer from `url`, received `at` (seconds since the epoch).

    `page`: the page that asked for `url`, None when a person opened it. Raises InputError for what is no URL.
    Source: RFC 6265 sections 5.2 and 5.3; COOK-01 to COOK-08, COOK-10.

    >>> keep("a=1; Domain=example.com", "https://www.example.com/login").cookie.domain
    'example.com'
    >>> keep("a=1; Domain=cloudfront.net", "https://d111.cloudfront.net/").checks[-1].says
    'anybody may have a name under cloudfront.net, so no cookie is for all of it'
    """
    if not isinstance(line, str):
        raise InputError(f"a Set-Cookie is text, such as 'a=1; Path=/; Secure'; got {type(line).__name__}")
    host, secure_url = host_of(url), split(url).scheme == "https"
    pair, _, rest = line.partition(";")
    name, equals, value = pair.partition("=")
    name, value = name.strip(" \t"), value.strip(" \t")
    size = len(f"{name}{value}".encode("utf-8", "surrogatepass"))
    wrong = (
        "it has a control character" if _CONTROL.search(line)
        else "it has no name before a `=`" if not (equals and name)
        else f"name and value have {size:,} bytes, more than {LARGEST:,}" if size > LARGEST
        else ""
    )  # fmt: skip
    checks = [Check("form", not wrong, wrong or f"{name} with a value of {len(value)} characters", "COOK-10")]
    if wrong:
        return Kept(None, tuple(checks))
    said = _attributes(rest)
    domain, on_host = _domain(said.get("domain", ""), host)
    checks.append(on_host)
    secure = "secure" in said
    same: SameSite = next((word for word in ("Strict", "Lax", "None") if word.lower() == said.get("samesite", "").lower()), "")
    path = said.get("path", "")
    folder = path if path.startswith("/") else (_path(url).rpartition("/")[0] or "/")
    if secure:
        checks.append(Check("secure", secure_url, f"Secure, set over {split(url).scheme.upper()}", "COOK-05"))
    if (prefix := _prefixed(name, secure, domain == "", path)) is not None:
        checks.append(prefix)
    if same == "None":
        checks.append(Check("site", secure, f"SameSite=None {'and Secure' if secure else 'needs Secure'}", "COOK-07"))
    elif page is not None and not same_site(page, url):
        says = f"set while {site_of(page)} asks {site_of(url)}: another site's cookie must be SameSite=None"
        checks.append(Check("site", False, says, "COOK-07"))
    if not all(check.ok for check in checks):
        return Kept(None, tuple(checks))
    cookie = Cookie(name, value, domain or host, not domain, folder, secure, "httponly" in said, same, _expires(said, at))
    return Kept(cookie, tuple(checks))


def _attributes(text: str) -> dict[str, str]:
    """The attributes by their names in small letters; of two with one name the last counts. An empty Domain is none."""
    said: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        name, value = name.strip(" \t").lower(), value.strip(" \t")
        if name == "domain" and not value:
            continue
        if name == "max-age" and not _SECONDS.match(value):
            continue
        if name == "expires" and cookie_date(value) is None:
            continue
        said[name] = value
    return said


def _domain(said: str, host: str) -> tuple[str, Check]:
    """The Domain that counts ("" for none), and whether this host may name it."""
    try:
        domain = canonical(said.removeprefix("."))
    except InputError as error:
        return said, Check("host", False, str(error), "COOK-10")
    if not domain:
        return "", Check("host", True, f"no Domain: for {host} alone", "COOK-01")
    if domain != host and (is_suffix(domain) or is_address(domain)):
        return domain, Check("host", False, f"anybody may have a name under {domain}, so no cookie is for all of it", "COOK-03")
    if domain == host and is_suffix(domain):
        return "", Check("host", True, f"{host} is a public suffix: for itself alone", "COOK-03")
    if not _within(host, domain):
        return domain, Check("host", False, f"{host} is not in {domain}, and nobody sets cookies for others", "COOK-02")
    return domain, Check("host", True, f"for {domain} and all names below it", "COOK-02")


def _prefixed(name: str, secure: bool, host_only: bool, path: str) -> Check | None:
    """What a name that begins with `__Secure-` or `__Host-` promises, and whether it is so."""
    small = name.lower()
    if small.startswith("__host-"):
        good = secure and host_only and path == "/"
        return Check("prefix", good, "a name with __Host- needs Secure, Path=/ and no Domain", "COOK-10")
    if small.startswith("__secure-"):
        return Check("prefix", secure, "a name with __Secure- needs Secure", "COOK-10")
    return None


def _expires(said: dict[str, str], at: float) -> float | None:
    if "max-age" in said:
        seconds = int(said["max-age"][:18])
        return at + seconds if seconds > 0 else 0.0
    return cookie_date(said["expires"]) if "expires" in said else None


_DELIMITERS = re.compile(r"[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D|\Z)", re.ASCII)
_DAY, _YEAR = re.compile(r"(\d{1,2})(?:\D|\Z)", re.ASCII), re.compile(r"(\d{2,4})(?:\D|\Z)", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def cookie_date(text: str) -> float | None:
    """A date as cookies write it, in seconds since the epoch; None when it is none. Source: RFC 6265 section 5.1.1.

    >>> cookie_date("Wed, 09-Jun-21 10:18:14 GMT") == cookie_date("10:18:14 9 June 2021")
    True
    """
    time = day = month = year = None
    for token in _DELIMITERS.split(text):
        if time is None and (found := _TIME.match(token)):
            time = tuple(map(int, found.groups()))
        elif day is None and (found := _DAY.match(token)):
            day = int(found[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (found := _YEAR.match(token)):
            year = int(found[1])
    if time is None or day is None or month is None or year is None:
        return None
    year += 1900 if 70 <= year <= 99 else 2000 if year <= 69 else 0
    try:
        return datetime(year, month, day, time[0], time[1], time[2], tzinfo=UTC).timestamp() if year >= 1601 else None
    except ValueError:
        return None


# ---- sent?


def judge(cookie: Cookie, url: str, *, page: str | None = None, at: float = 0.0) -> tuple[Check, ...]:
    """Whether a browser sends this cookie with a request for `url` at this moment: all checks must be ok.

    `page`: the page that asks, None when a person opens `url`. Raises InputError. Source: RFC 6265 section 5.4; COOK-01 to COOK-08.

    >>> cookie = keep("a=1; Path=/film", "https://www.example.com/login").cookie
    >>> [check.name for check in judge(cookie, "https://media.example.com/films/1") if not check.ok]
    ['host', 'path']
    """
    host, path, scheme = host_of(url), _path(url), split(url).scheme
    if cookie.host_only:
        says = f"it has no Domain, so it is for {cookie.domain} alone" + ("" if host == cookie.domain else f", not for {host}")
        checks = [Check("host", host == cookie.domain, says, "COOK-01")]
    else:
        fits = _within(host, cookie.domain)
        checks = [Check("host", fits, f"{host} is {'' if fits else 'not '}{cookie.domain} or a name below it", "COOK-02")]
    fits = _under(path, cookie.path)
    checks.append(Check("path", fits, f"{path} {'lies' if fits else 'does not lie'} under {cookie.path}", "COOK-04"))
    if cookie.secure:
        checks.append(Check("secure", scheme == "https", f"Secure, and the request goes over {scheme.upper()}", "COOK-05"))
    if cookie.expires is not None:
        ended = at >= cookie.expires
        checks.append(Check("time", not ended, "it has expired" if ended else "it has not expired", "COOK-08"))
    if page is not None and not same_site(page, url):
        word = f"SameSite={cookie.same_site}" if cookie.same_site else "no SameSite, which counts as Lax"
        says = f"{site_of(page)} asks another site, {site_of(url)}: {word}"
        checks.append(Check("site", cookie.same_site == "None", says, "COOK-07"))
    return tuple(checks)


def refused(checks: tuple[Check, ...]) -> Check | None:
    """The first check that is not ok."""
    return next((check for check in checks if not check.ok), None)


def mended(line: str, url: str, wanted: str, *, page: str | None = None) -> str | None:
    """A Set-Cookie like `line`, changed as little as it takes for a browser to keep it from `url` and to send it to `wanted`.

    None when no attribute can do that: a host sets no cookies for another site. Raises InputError for what is no URL.

    >>> mended("a=1; Path=/", "https://www.example.com/login", "https://media.example.com/film/seg0.ts")
    'a=1; Path=/; Domain=example.com'
    >>> mended("a=1", "https://www.example.com/login", "https://d111.cloudfront.net/film/seg0.ts")
    """
    changes = (("Path", "/"), ("Domain", site_of(url)), ("Domain", ""), ("Secure", None), ("SameSite", "None"))
    for count in range(len(changes) + 1):
        for chosen in combinations(changes, count):
            changed = _changed(line, chosen)
            cookie = keep(changed, url).cookie
            if cookie is not None and refused(judge(cookie, wanted, page=page)) is None:
                return changed
    return None


def _changed(line: str, changes: Iterable[tuple[str, str | None]]) -> str:
    """A Set-Cookie with some attributes as given: "" takes one away, None is a flag."""
    pair, *rest = line.split(";")
    for name, value in changes:
        rest = [each for each in rest if each.partition("=")[0].strip().lower() != name.lower()]
        if value != "":
            rest.append(f" {name}" if value is None else f" {name}={value}")
    return ";".join([pair, *rest])


class CookieJar:
    """One browser's cookies, empty at first.

    >>> jar = CookieJar()
    >>> _ = jar.receive("seat=4; Path=/film; Secure", "https://www.example.com/login")
    >>> jar.header("https://www.example.com/film/1"), jar.header("https://www.example.com/shop")
    ('seat=4', '')
    """

    __slots__ = ("_cookies",)

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str, bool], Cookie] = {}

    def receive(self, line: str, url: str, *, page: str | None = None, at: float = 0.0) -> Kept:
        """Take a Set-Cookie from an answer, if it is one to keep (see `keep`); one that is over already takes the old one away."""
        kept = keep(line, url, page=page, at=at)
        if (cookie := kept.cookie) is not None:
            place = (cookie.name, cookie.domain, cookie.path, cookie.host_only)
            if cookie.expires is not None and cookie.expires <= at:
                self._cookies.pop(place, None)
            else:
                self._cookies[place] = cookie  # a renewed one keeps its place in the order, as the RFC has it
        return kept

    def header(self, url: str, *, page: str | None = None, at: float = 0.0) -> str:
        """The Cookie header of a request for `url`, "" for none: longer paths first, then older ones. Raises InputError."""
        sent = [each for each in self._cookies.values() if refused(judge(each, url, page=page, at=at)) is None]
        sent.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in sent)

    def __len__(self) -> int:
        return len(self._cookies)


# ---- scripts on another host


def readable(headers: Headers, url: str, *, page: str, credentials: bool = True) -> Check:
    """Whether a script of `page` may read the answer from `url` with these headers; `credentials`: it asked with cookies.

    Raises InputError. Source: the Fetch standard, "CORS check"; COOK-09.

    >>> star = Headers([("Access-Control-Allow-Origin", "*")])
    >>> readable(star, "https://media.example.com/a.ts", page="https://www.example.com/").says
    'Access-Control-Allow-Origin is *, which counts for requests without cookies only'
    """
    asks = origin_of(page)
    if asks == origin_of(url):
        return Check("cors", True, "the same host: no permission needed", "COOK-09")
    allowed = ", ".join(headers.getall("Access-Control-Allow-Origin"))
    if not allowed:
        return Check("cors", False, "Access-Control-Allow-Origin is missing", "COOK-09")
    if allowed == "*" and credentials:
        return Check("cors", False, "Access-Control-Allow-Origin is *, which counts for requests without cookies only", "COOK-09")
    if allowed not in ("*", asks):
        return Check("cors", False, f"Access-Control-Allow-Origin is {allowed}, not {asks}", "COOK-09")
    if credentials and ", ".join(headers.getall("Access-Control-Allow-Credentials")) != "true":
        return Check("cors", False, "Access-Control-Allow-Credentials: true is missing", "COOK-09")
    return Check("cors", True, f"{asks} may read it", "COOK-09")
