"""What an answer says about time: HTTP dates, Cache-Control, Expires and Age, read strictly.

A cache that guesses what a header meant serves the wrong thing for a long time, so nothing here guesses: a lifetime
that cannot be read counts as zero, a name in any case is the same name, the first of several equal directives counts,
and a `no-cache="Set-Cookie"`, which speaks of one field, is not a `no-cache`, which speaks of the whole answer.
(RFC 9110 section 5.6.7 for dates; RFC 9111 sections 1.2.2, 4.2, 5.1 and 5.2 for the rest.)
"""

from __future__ import annotations

import re
from calendar import monthrange, timegm
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from time import gmtime
from types import MappingProxyType

from cdnlab.messages import Headers

__all__ = ["HUNDRED_YEARS", "Directives", "http_date", "parse_age", "parse_cache_control", "parse_expires", "parse_http_date"]

HUNDRED_YEARS = 3_153_600_000.0  # seconds; the largest TTL that CloudFront takes

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBER = {name.lower(): number for number, name in enumerate(_MONTHS, 1)}
_DAY, _MONTH, _TIME = "|".join(_DAYS), "|".join(_MONTHS), r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_LONG_DAY = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
# Dates are case-sensitive for senders; a cache should read them in any case (RFC 9111 section 4.2).
_DATE_FORMS = tuple(
    re.compile(form, re.ASCII | re.IGNORECASE)
    for form in (
        rf"(?:{_DAY}), (?P<day>\d\d) (?P<month>{_MONTH}) (?P<year>\d{{4}}) {_TIME} GMT\Z",  # IMF-fixdate
        rf"(?:{_LONG_DAY}), (?P<day>\d\d)-(?P<month>{_MONTH})-(?P<year>\d\d) {_TIME} GMT\Z",  # RFC 850
        rf"(?:{_DAY}) (?P<month>{_MONTH}) (?P<day>\d\d| \d) {_TIME} (?P<year>\d{{4}})\Z",  # asctime
    )
)


@lru_cache(maxsize=4096)
def _date_parts(text: str) -> tuple[bool, tuple[int, int, int, int, int, int]] | None:
    for form in _DATE_FORMS:
        if match := form.match(text):
            year, day, hour, minute, second = (int(match[part]) for part in ("year", "day", "hour", "minute", "second"))
            if hour > 23 or minute > 59 or second > 60:  # 60: a leap second
                return None
            return len(match["year"]) == 2, (year, _MONTH_NUMBER[match["month"].lower()], day, hour, minute, second)
    return None


def parse_http_date(text: str | None, now: float = 1_767_225_600.0) -> float | None:
    """An HTTP date in one of its three forms, as seconds since the epoch; None for anything else.

    `now`: seconds since the epoch; a two-digit year (RFC 850) that would lie more than 50 years after it means the century
    before. The weekday must be a weekday's name, but is not checked against the date. Source: RFC 9110 section 5.6.7.

    >>> parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), parse_http_date("1994-11-06T08:49:37Z")
    (784111777.0, None)
    """
    if text is None or (found := _date_parts(text)) is None:
        return None
    two_digits, (year, *rest) = found
    if two_digits:
        present = gmtime(now)
        year += present.tm_year - present.tm_year % 100 + 100
        while (year - 50, *rest) > tuple(present)[:6]:
            year -= 100
    return _seconds(year, *rest)


def _seconds(year: int, month: int, day: int, hour: int, minute: int, second: int) -> float | None:
    if not 1 <= year <= 9999 or not 1 <= day <= monthrange(year, month)[1]:
        return None
    return float(timegm((year, month, day, hour, minute, second)))


def http_date(seconds: float) -> str:
    """Seconds since the epoch as an IMF-fixdate, the form that HTTP senders write; a fraction is dropped.

    >>> http_date(784111777.9)
    'Sun, 06 Nov 1994 08:49:37 GMT'
    """
    t = gmtime(seconds // 1)
    return f"{_DAYS[t[6]]}, {t[2]:02} {_MONTHS[t[1] - 1]} {t[0]:04} {t[3]:02}:{t[4]:02}:{t[5]:02} GMT"


@dataclass(frozen=True, slots=True)
class Directives:
    """A Cache-Control field, read. `values`: the first value of each directive, by its name in lower case.

    `max_age`, `s_maxage`: seconds, None when absent, 0 when unreadable; `stale_while_revalidate`, `stale_if_error`:
    seconds, None when absent or unreadable; `no_cache` and `private` are the unqualified forms; `named_fields`: the
    field names, in lower case, that the qualified forms speak of (`no-cache="Set-Cookie"`).
    """

    values: Mapping[str, str | None]
    no_cache: bool
    no_store: bool
    private: bool
    named_fields: frozenset[str]
    max_age: float | None
    s_maxage: float | None
    stale_while_revalidate: float | None
    stale_if_error: float | None

    def __contains__(self, name: object) -> bool:
        return name in self.values

    @property
    def forbids_reuse(self) -> tuple[str, ...]:
        """Which of no-cache, no-store and private were sent for the whole answer."""
        sent = (("no-cache", self.no_cache), ("no-store", self.no_store), ("private", self.private))
        return tuple(name for name, there in sent if there)

    @property
    def forbids_stale(self) -> bool:
        """Whether must-revalidate or proxy-revalidate was sent."""
        return "must-revalidate" in self.values or "proxy-revalidate" in self.values


_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_DIRECTIVE = re.compile(rf'({_NAME})(?:=(?:({_NAME})|"((?:[^"\\]|\\.)*)"))?\Z', re.DOTALL)
_LEADING_NAME = re.compile(_NAME)
_UNREADABLE = ""  # the value of a directive that breaks the grammar: neither a number nor a list of names


@lru_cache(maxsize=4096)
def parse_cache_control(text: str) -> Directives:
    """The directives of a Cache-Control field (several lines joined by commas). Never raises: junk is left out or counts as unreadable.

    Source: RFC 9111 section 5.2; the first of several equal directives counts (section 4.2.1).

    >>> said = parse_cache_control('Max-Age="60", s-maxage=soon, no-cache="Set-Cookie"')
    >>> said.max_age, said.s_maxage, said.no_cache, sorted(said.named_fields)
    (60.0, 0.0, False, ['set-cookie'])
    """
    values: dict[str, str | None] = {}
    whole: set[str] = set()
    named: set[str] = set()
    for member in _members(text):
        name, value = _directive(member.strip(" \t"))
        if not name:
            continue
        values.setdefault(name, value)
        if name in ("no-cache", "no-store", "private"):
            fields = [] if value is None or name == "no-store" else [each.strip(" \t").lower() for each in value.split(",")]
            fields = [each for each in fields if _LEADING_NAME.fullmatch(each)]
            named.update(fields)
            if not fields:
                whole.add(name)
    return Directives(
        MappingProxyType(values),
        "no-cache" in whole,
        "no-store" in whole,
        "private" in whole,
        frozenset(named),
        _seconds_of(values, "max-age", 0.0),
        _seconds_of(values, "s-maxage", 0.0),
        _seconds_of(values, "stale-while-revalidate", None),
        _seconds_of(values, "stale-if-error", None),
    )


def _members(text: str) -> list[str]:
    """The members of a comma-separated list; commas inside quotation marks do not separate."""
    if '"' not in text:
        return text.split(",")
    members: list[str] = []
    start, quoted, escaped = 0, False, False
    for position, character in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            members.append(text[start:position])
            start = position + 1
    return members + (text[start:].split(",") if quoted else [text[start:]])  # a quotation that never ends hides no directive


def _directive(member: str) -> tuple[str, str | None]:
    if match := _DIRECTIVE.match(member):
        name, token, quoted = match.groups()
        return name.lower(), token if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
    broken = _LEADING_NAME.match(member)
    return (broken[0].lower(), _UNREADABLE) if broken else ("", None)


def _seconds_of(values: Mapping[str, str | None], name: str, unreadable: float | None) -> float | None:
    if name not in values:
        return None
    seconds = _delta_seconds(values[name] or "")
    return unreadable if seconds is None else seconds


def _delta_seconds(text: str) -> float | None:
    """A whole number of seconds, at most a hundred years; None for anything else (RFC 9111 section 1.2.2)."""
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0")
    return HUNDRED_YEARS if len(digits) > 10 else min(float(digits or "0"), HUNDRED_YEARS)


def parse_age(headers: Headers) -> float:
    """The Age that an answer came with, in seconds; 0 when there is none or it cannot be read (RFC 9111 section 5.1).

    >>> parse_age(Headers({"Age": "90"})), parse_age(Headers({"Age": "-1"}))
    (90.0, 0.0)
    """
    text = headers.get("Age")
    return 0.0 if text is None else _delta_seconds(text.split(",")[0].strip(" \t")) or 0.0


def parse_expires(headers: Headers, now: float) -> float | None:
    """The date of an Expires field, in seconds since the epoch: None when there is none, 0 (long past) when it cannot be read.

    >>> parse_expires(Headers({"Expires": "-1"}), 1_767_225_600.0)
    0.0
    """
    text = headers.get("Expires")
    if text is None:
        return None
    date = parse_http_date(text, now)
    return 0.0 if date is None else date
