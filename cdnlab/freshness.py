"""How long an answer may be used: what the origin says, and what the distribution makes of it.

The origin speaks in headers (Cache-Control, Expires, Age; `directives.py` reads them). The distribution answers with
three numbers: MinTTL, DefaultTTL, MaxTTL. Where the two meet stands a table, TTL_TABLE: its first row that applies
governs. Errors have a table of their own, ERROR_TABLE, and one more number, ErrorCachingMinTTL. Both are data, so
that a lesson draws exactly what the cache obeys.

    lifetime(response, ttls, sent_at=...) -> Lifetime      what CloudFront does with an answer
    browser_lifetime(headers, now)        -> seconds       what a browser does with the same headers, which pass unchanged

A lifetime counts from the moment the request went upstream, so that time spent on the way is not forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from cdnlab.directives import HUNDRED_YEARS, Directives, http_date, parse_age, parse_cache_control, parse_expires, parse_http_date
from cdnlab.messages import Headers, Response

__all__ = [
    "ERROR_TABLE",
    "TTL_TABLE",
    "ErrorRow",
    "Lifetime",
    "TTLRow",
    "TTLs",
    "browser_lifetime",
    "http_date",
    "lifetime",
    "parse_cache_control",
    "parse_http_date",
]

Keep = Literal["reuse", "revalidate", "fallback", "drop"]


class TTLs(NamedTuple):
    """MinTTL, DefaultTTL and MaxTTL of a cache behaviour, in seconds."""

    min: float
    default: float
    max: float


@dataclass(frozen=True, slots=True)
class Lifetime:
    """What a cache may do with an answer.

    `seconds`: how long it is fresh, counted from the moment the request went upstream; 0: ask each time. `rule`: the
    ledger id of what governs; `says`: the same with this answer's numbers. `shareable`: may requests that waited for
    it have it too. `conditional`: may it be revalidated with If-None-Match once it has expired.
    `stale_while_revalidate`, `stale_if_error`: seconds after expiry, already at most MaxTTL; a `stale_if_error` of
    None: no directive, so CloudFront's own rule holds (an old copy stands in for a failing origin, without limit).

    `keep`: reuse (store, fresh for `seconds`), revalidate (store, ask every time), fallback (store only for the case
    that the origin fails; always fetch in full), drop (do not store).
    """

    seconds: float
    rule: str
    says: str
    keep: Keep
    shareable: bool
    stale_while_revalidate: float = 0.0
    stale_if_error: float | None = None
    conditional: bool = True


class Said(NamedTuple):
    """What one answer says about its lifetime. `expires_in`: seconds from its making until the Expires date, or None."""

    directives: Directives
    age: float
    expires_in: float | None


class TTLRow(NamedTuple):
    """One row of the TTL table.

    `condition`: what the origin sent; `min_zero`, `min_above`: the formula with MinTTL 0, and above 0; `rule`: ledger
    id; `asked`: the seconds that the origin asked for, None when the row does not apply.
    """

    condition: str
    min_zero: str
    min_above: str
    rule: str
    asked: Callable[[Said], float | None]


TTL_TABLE = (
    TTLRow("no-cache, no-store or private", "0", "MinTTL", "TTL-01", lambda said: 0.0 if said.directives.forbids_reuse else None),
    TTLRow("s-maxage=S", "min(S, MaxTTL)", "max(MinTTL, min(S, MaxTTL))", "TTL-02", lambda said: said.directives.s_maxage),
    TTLRow("max-age=M", "min(M, MaxTTL)", "max(MinTTL, min(M, MaxTTL))", "TTL-03", lambda said: said.directives.max_age),
    TTLRow("Expires, E seconds from now", "min(E, MaxTTL)", "max(MinTTL, min(E, MaxTTL))", "TTL-04", lambda said: said.expires_in),
    TTLRow("none of these", "DefaultTTL", "max(MinTTL, DefaultTTL)", "TTL-05", lambda said: 0.0),
)


class ErrorRow(NamedTuple):
    """One row of the error table: these `statuses` are cached `when`, by the rule with this ledger id."""

    statuses: tuple[int, ...]
    when: Literal["always", "asked", "never"]
    rule: str
    sentence: str


ERROR_TABLE = (
    ErrorRow((404, 414, 500, 501, 502, 503, 504), "always", "ERR-01", "always, for at least ErrorCachingMinTTL"),
    ErrorRow((410,), "always", "ERR-02", "like 404"),
    ErrorRow((400, 403, 405, 412, 415), "asked", "ERR-03", "only if the origin sent max-age or s-maxage"),
    ErrorRow((416,), "never", "ERR-04", "never"),
)
_ERROR_ROWS = {status: row for row in ERROR_TABLE for status in row.statuses}
_OTHER_ERROR = ErrorRow((), "never", "ERR-05", "not cached: it stands in no table")
_HEEDS_NO_STORE = frozenset({404, 410, 414, 501})  # the other errors are cached even if the origin says no-store


def lifetime(
    response: Response, ttls: TTLs, *, sent_at: float, s3: bool = False, error_ttl: float = 10.0, cookies_forwarded: bool = False
) -> Lifetime:
    """How long CloudFront may use an answer, and by which rule. Pure: looks at the status and headers only.

    `ttls`: the behaviour's; `sent_at`: when the request went upstream, seconds since the epoch; `s3`: the origin is a
    bucket; `error_ttl`: ErrorCachingMinTTL of this status, seconds; `cookies_forwarded`: cookies reach the origin.
    Source: Expiration, HTTPStatusCodes, RequestAndResponseBehaviorCustomOrigin.

    >>> answer = Response(200, {"Cache-Control": "max-age=86400"})
    >>> life = lifetime(answer, TTLs(60, 600, 3600), sent_at=0.0)
    >>> life.seconds, life.rule, life.says
    (3600.0, 'TTL-03', 'max-age=86400, more than MaxTTL: fresh for 3600 s')
    """
    headers = response.headers
    directives = parse_cache_control(headers.joined("Cache-Control") or "")
    age, expires = parse_age(headers), parse_expires(headers, sent_at)
    # Expires is a date, which an Age does not move: counted from the making of the answer, it lies Age further away.
    said = Said(directives, age, None if expires is None else min(max(0.0, expires - sent_at + age), HUNDRED_YEARS))
    if response.status >= 400:
        return _error_lifetime(response.status, said, ttls, s3, float(error_ttl), not cookies_forwarded)
    if refused := _not_kept(response.status, headers, ttls):
        return _dropped(*refused)
    return _answer_lifetime(said, ttls, _varies_on_everything(headers), not cookies_forwarded)


def _not_kept(status: int, headers: Headers, ttls: TTLs) -> tuple[str, str] | None:
    if ttls.max <= 0 and ttls.min <= 0:
        return "TTL-10", "MaxTTL is 0: nothing is cached"
    if status in (307, 308) and "Cache-Control" not in headers:
        return "TTL-12", f"a {status} without Cache-Control is not cached"
    if status < 200 or status == 304:
        return "TTL-13", f"a {status} is not an answer that can stand alone: it is not stored"
    return None


def _dropped(rule: str, says: str) -> Lifetime:
    return Lifetime(0.0, rule, says, "drop", shareable=False, stale_if_error=0.0, conditional=False)


def _answer_lifetime(said: Said, ttls: TTLs, varies: bool, cookies_stay: bool) -> Lifetime:
    low, default, high = map(float, ttls)
    row, asked = next((row, asked) for row in TTL_TABLE if (asked := row.asked(said)) is not None)
    forbids = said.directives.forbids_reuse
    if varies and low <= 0:
        says = "Vary: * with MinTTL 0: every request goes to the origin, without If-None-Match"
        return Lifetime(0.0, "TTL-11", says, "fallback", False, 0.0, _if_error(said, high), conditional=False)
    granted = low if forbids else max(low, default if row.rule == "TTL-05" else min(asked, high))
    seconds = max(low, granted - said.age)  # clamp first, then subtract
    window = 0.0 if forbids or said.directives.forbids_stale else said.directives.stale_while_revalidate or 0.0
    keep: Keep = "reuse"
    if forbids and low <= 0:
        keep = "fallback" if forbids != ("no-cache",) else "revalidate"
    elif seconds <= 0:
        keep = "revalidate"
    refused = forbids or (row.rule != "TTL-05" and (asked <= 0 or (row.rule == "TTL-04" and asked <= said.age)))
    return Lifetime(
        seconds,
        row.rule,
        _sentence(row, asked, said, ttls, granted, seconds),
        keep,
        shareable=cookies_stay and not (refused and low <= 0),
        stale_while_revalidate=min(window, high),
        stale_if_error=_if_error(said, high),
        conditional=cookies_stay and keep != "fallback",
    )


def _if_error(said: Said, high: float) -> float | None:
    if said.directives.forbids_stale:
        return 0.0
    window = said.directives.stale_if_error
    return None if window is None else min(window, high)


def _sentence(row: TTLRow, asked: float, said: Said, ttls: TTLs, granted: float, seconds: float) -> str:
    outcome = f"fresh for {seconds:.10g} s" if seconds > 0 else "ask the origin each time"
    if forbids := said.directives.forbids_reuse:
        return " and ".join(forbids) + (f", but MinTTL is above 0: {outcome}" if seconds > 0 else f": {outcome}")
    bound = ""
    if row.rule == "TTL-05":
        sent = "no lifetime from the origin, so " + ("MinTTL" if ttls.default < ttls.min else "DefaultTTL")
    else:
        bound = ", more than MaxTTL" if asked > granted else ", less than MinTTL" if asked < granted else ""
        sent = _sent(row, asked, said)
    spent = f", less {said.age:.10g} s of Age" if said.age else ""
    return f"{sent}{bound}{spent}: {outcome}"


def _sent(row: TTLRow, asked: float, said: Said) -> str:
    if row.rule == "TTL-04":
        return f"Expires in {asked - said.age:.10g} s" if asked > said.age else "Expires has passed or cannot be read"
    name = row.condition.partition("=")[0]
    written = said.directives.values[name] or ""
    return f"{name}={asked:.10g}" if written.isdigit() else f"{name}={written} cannot be read and counts as 0"


def _varies_on_everything(headers: Headers) -> bool:
    vary = headers.joined("Vary")
    return vary is not None and any(member.strip(" \t") == "*" for member in vary.split(","))


def _error_lifetime(status: int, said: Said, ttls: TTLs, s3: bool, floor: float, cookies_stay: bool) -> Lifetime:
    row, directives = _ERROR_ROWS.get(status, _OTHER_ERROR), said.directives
    if ttls.max <= 0 and ttls.min <= 0:
        return _dropped("ERR-06", f"MaxTTL is 0: this {status} is not cached")
    if row.when == "never":
        return _dropped(row.rule, f"a {status} is {'never' if row is not _OTHER_ERROR else 'not'} cached")
    forbids = " and ".join(directives.forbids_reuse)
    if forbids and status in _HEEDS_NO_STORE:
        return _dropped("ERR-11" if s3 and status == 501 else "ERR-08", f"{status} with {forbids}: not cached")
    if row.when == "asked" and directives.max_age is None and directives.s_maxage is None:
        return _dropped(row.rule, f"{status} without max-age or s-maxage: not cached")
    rule = row.rule
    if s3 and floor < 1:
        floor, rule = 1.0, "ERR-10"
    seconds, says = floor, f"a {status} is cached for ErrorCachingMinTTL, {floor:.10g} s"
    if forbids:
        rule, says = "ERR-09", f"{status} with {forbids}: cached for ErrorCachingMinTTL all the same, {floor:.10g} s"
    elif (asked := _asked_of_error(said, ttls.max)) > floor:
        seconds, rule = asked, "ERR-07"
        says = f"a {status} is cached as long as the origin says, {asked:.10g} s, which is more than ErrorCachingMinTTL"
    keep: Keep = "reuse" if seconds > 0 else "drop"
    return Lifetime(seconds, rule, says, keep, shareable=cookies_stay, stale_if_error=0.0, conditional=False)


def _asked_of_error(said: Said, high: float) -> float:
    directives = said.directives
    asked = directives.s_maxage if directives.s_maxage is not None else directives.max_age
    if asked is not None:
        return min(asked, float(high)) - said.age
    return said.expires_in - said.age if said.expires_in is not None else 0.0


def browser_lifetime(headers: Headers, now: float) -> float | None:
    """How many more seconds a browser's own cache will use an answer that it received at `now` (seconds since the epoch).

    CloudFront passes Cache-Control and Expires on unchanged, so this clock runs apart from its own: s-maxage, MinTTL
    and MaxTTL mean nothing to a browser. None: the origin said nothing, and browsers guess. Source: RFC 9111 section 4.2.

    >>> browser_lifetime(Headers({"Cache-Control": "max-age=10, s-maxage=600", "Age": "4"}), 0.0)
    6.0
    """
    said = parse_cache_control(headers.joined("Cache-Control") or "")
    if said.no_store or said.no_cache:
        return 0.0
    date = parse_http_date(headers.get("Date"), now)
    age = max(parse_age(headers), 0.0 if date is None else now - date)
    if said.max_age is not None:
        return max(0.0, said.max_age - age)
    expires = parse_expires(headers, now)
    if expires is None:
        return None
    return max(0.0, expires - (now if date is None else date) - age)
