"""One line of the standard access log: its 33 fields, and how a value is written into it.

CloudFront writes a line for each request, after the last byte has left: a journey on its side. What is unknown is `-`. What
cannot stand in a line (a space, a quote, anything that is not ASCII, and `%` itself) is percent-encoded, so a URL
that was encoded already is encoded twice: `%20` becomes `%2520`. (LOG-01, LOG-03 to LOG-08)
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import unquote

from cdnlab.clock import seconds_since_epoch
from cdnlab.errors import LogError, UnknownName

__all__ = [
    "FIELDS",
    "FORMS",
    "NAMES",
    "V2_FIELDS",
    "VALUE_PATTERNS",
    "Field",
    "LogRecord",
    "decode",
    "encode",
    "fault_of",
    "is_day",
    "record",
]


class Field(NamedTuple):
    """One field of the record: AWS's `name`, the `kind` of its value, and what it `means`."""

    name: str
    kind: Literal["date", "time", "whole", "status", "seconds", "text"]
    means: str


# standard-logs-reference, in the order of the file
FIELDS = (
    Field("date", "date", "the day on which the response ended, in UTC"),
    Field("time", "time", "the time at which the response ended, in UTC"),
    Field("x-edge-location", "text", "the edge location that answered: three letters, a number, and more for newer ones (SEA19-C1)"),
    Field("sc-bytes", "whole", "bytes sent to the viewer, headers included"),
    Field("c-ip", "text", "the viewer's IP address, or that of its proxy"),
    Field("cs-method", "text", "the method of the request"),
    Field("cs(Host)", "text", "the distribution's own domain name, whatever name the viewer used"),
    Field("cs-uri-stem", "text", "the path of the URL, without the query"),
    Field("sc-status", "status", "the status sent to the viewer; 000 if it left before there was one"),
    Field("cs(Referer)", "text", "the page that the request came from, as the viewer says"),
    Field("cs(User-Agent)", "text", "the program that the viewer uses, as it says"),
    Field("cs-uri-query", "text", "the query of the URL, whether or not it was forwarded"),
    Field("cs(Cookie)", "text", "all cookies of the request, if the distribution logs cookies"),
    Field("x-edge-result-type", "text", "how the request was classed after the last byte had left"),
    Field("x-edge-request-id", "text", "the id of the request, as in X-Amz-Cf-Id"),
    Field("x-host-header", "text", "the Host that the viewer sent: the distribution's name or an alias"),
    Field("cs-protocol", "text", "http, https, ws, wss or grpcs"),
    Field("cs-bytes", "whole", "bytes received from the viewer, headers included"),
    Field("time-taken", "seconds", "seconds from the arrival of the request to the last byte out"),
    Field("x-forwarded-for", "text", "the viewer's address where c-ip is that of a proxy"),
    Field("ssl-protocol", "text", "the TLS version between viewer and edge"),
    Field("ssl-cipher", "text", "the TLS cipher between viewer and edge"),
    Field("x-edge-response-result-type", "text", "how the response was classed just before its first byte left"),
    Field("cs-protocol-version", "text", "the HTTP version that the viewer spoke"),
    Field("fle-status", "text", "what field-level encryption did, if the distribution has it"),
    Field("fle-encrypted-fields", "whole", "how many fields it encrypted"),
    Field("c-port", "whole", "the viewer's port"),
    Field("time-to-first-byte", "seconds", "seconds from the arrival of the request to the first byte out"),
    Field("x-edge-detailed-result-type", "text", "the result type, with the kind of error or OriginShieldHit"),
    Field("sc-content-type", "text", "the response's Content-Type"),
    Field("sc-content-len", "whole", "the response's Content-Length"),
    Field("sc-range-start", "whole", "the first byte of the range that was sent"),
    Field("sc-range-end", "whole", "the last byte of the range that was sent"),
)

FORMS = {19: "to 2015", 24: "2014 to 2017", 26: "2017 to 2019", 33: "since December 2019"}
"""The forms of the record by number of fields: each is the beginning of the next."""

# standard logging v2 offers these besides; they are read where a header names them.
V2_FIELDS = (
    Field("distribution-tenant-id", "text", "the tenant of a multi-tenant distribution"),
    Field("connection-id", "text", "the id of the TLS connection"),
    Field("timestamp(ms)", "whole", "milliseconds since the epoch"),
    Field("origin-fbl", "seconds", "seconds to the origin's first byte"),
    Field("origin-lbl", "seconds", "seconds to the origin's last byte"),
    Field("asn", "whole", "the viewer's autonomous system"),
    Field("c-country", "text", "the viewer's country"),
    Field("cache-behavior-path-pattern", "text", "the path pattern of the behaviour that matched"),
)

NAMES = tuple(field.name for field in FIELDS)
_INDEX = {name: index for index, name in enumerate(NAMES)}

VALUE_PATTERNS = {
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}|-",
    "time": r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]|-",
    "whole": r"[0-9]{1,18}|-",
    "status": r"000|[1-9][0-9]{2}|-",
    "seconds": r"[0-9]{1,9}(?:\.[0-9]{1,9})?|-",
    "text": r"[^\x00-\x1f]*",
}
_SHOULD_BE = {
    "date": "a date such as 2026-01-31",
    "time": "a time such as 23:59:59",
    "whole": "a whole number",
    "status": "a status such as 200",
    "seconds": "seconds such as 0.123",
    "text": "a text without control characters",
}

# ASCII 0 to 32, 127 and above, and < > " # % { } | \ ^ ~ [ ] ` '
_UNSAFE = re.compile("[\x00-\x20\x7f-\U0010ffff<>\"#%{}|\\\\^~\\[\\]`']+")


def encode(text: str) -> str:
    """A text as CloudFront writes it into a record. Source: standard-logs-reference.

    >>> encode("Mozilla/5.0 (X11; Ubuntu)"), encode("/na%20me"), encode("/é")
    ('Mozilla/5.0%20(X11;%20Ubuntu)', '/na%2520me', '/%C3%A9')
    """
    return _UNSAFE.sub(lambda run: "".join(f"%{byte:02X}" for byte in run[0].encode("utf-8", "surrogatepass")), text)


def decode(text: str) -> str:
    """A text of a record as the viewer sent it: `encode` undone, once.

    >>> decode("/na%2520me")
    '/na%20me'
    """
    return unquote(text, errors="replace")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LogRecord(Mapping[str, str]):
    """One line of the log: a mapping from AWS's 33 field names to the texts that stand in the line; it never changes.

    >>> line = record({"cs-method": "GET", "sc-status": 200, "time-taken": 0.1})
    >>> line["sc-status"], line["time-taken"], line["cs(Cookie)"], len(line)
    ('200', '0.100', '-', 33)
    """

    fields: tuple[str, ...]

    def __getitem__(self, name: str) -> str:
        return self.fields[_INDEX[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)

    def __hash__(self) -> int:
        return hash(self.fields)

    def __str__(self) -> str:
        return "\t".join(self.fields)

    def __repr__(self) -> str:
        return f"LogRecord({ {name: value for name, value in self.items() if value != '-'} })"


def record(values: Mapping[str, object] | None = None, /, *, ended: float | str | None = None, **more: object) -> LogRecord:
    """A record from the values that are known, by AWS's field names; every other field is `-`.

    Texts are percent-encoded, seconds get three decimals, status 0 is `000`; None and "" are `-`. `ended`: when the response ended (seconds
    since the epoch), instead of `date` and `time`. Raises UnknownName for a field that AWS does not have, LogError for a value that
    does not fit its field. Source: standard-logs-reference.

    >>> record({"cs-uri-stem": "/a b"}, ended=1767225661.9)["time"]
    '00:01:01'
    """
    given = {**(values or {}), **more}
    if ended is not None:
        if twice := [name for name in ("date", "time") if name in given]:
            raise LogError(f"{twice[0]} and ended both say when the response ended; give one of them")
        moment = datetime.fromtimestamp(math.floor(seconds_since_epoch(ended)), UTC)
        given |= {"date": f"{moment:%Y-%m-%d}", "time": f"{moment:%H:%M:%S}"}
    if unknown := [name for name in given if name not in _INDEX]:
        raise UnknownName("log field", unknown[0], NAMES)
    return LogRecord(tuple(_written(field, given.get(field.name)) for field in FIELDS))


def _written(field: Field, value: object) -> str:
    if value is None or value in ("", "-"):
        return "-"
    if field.kind == "text" and isinstance(value, str):
        return encode(value)
    written = value if isinstance(value, str) else None
    if isinstance(value, int | float) and not isinstance(value, bool) and field.kind in ("whole", "status", "seconds"):
        if field.kind == "seconds":
            written = f"{value:.3f}"
        elif isinstance(value, int):
            written = f"{value:03}" if field.kind == "status" else str(value)
    if written is None or fault_of(field, written):
        raise LogError(f"log field {field.name}: found {value!r}; it must be {_SHOULD_BE[field.kind]}")
    return written


def fault_of(field: Field, text: str) -> str:
    """What is wrong with the text of a field; nothing if it fits."""
    fits = re.fullmatch(VALUE_PATTERNS[field.kind], text) is not None and (field.kind != "date" or is_day(text))
    return "" if fits else f"{field.name} is {text[:60]!r}, not {_SHOULD_BE[field.kind]}"


@lru_cache(maxsize=4096)
def is_day(text: str) -> bool:
    """Whether a text such as 2026-02-29 names a day of the calendar, or none (`-`)."""
    if text == "-":
        return True
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
