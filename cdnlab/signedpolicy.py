"""The policy of a signed URL or cookie: what the signature is made over.

A canned policy names one URL and one moment. It is never sent: both sides write it down, and the text has to be the same to the
last byte. So its form is fixed, without any white space:

    {"Statement":[{"Resource":"<the URL>","Condition":{"DateLessThan":{"AWS:EpochTime":<seconds>}}}]}

A custom policy may use wildcards, a moment of beginning and a range of addresses. It is sent along, and the signature is
over its bytes as they were sent; nothing is written anew, so white space in it does no harm. But its names must be exact, and
nothing may stand in it twice or besides: what was misspelt would otherwise be a condition that nobody checks.
(Sources: private-content-creating-signed-url-canned-policy, -custom-policy.)
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, NamedTuple

__all__ = [
    "MAX_POLICY",
    "Flaw",
    "SignedPolicy",
    "canned_text",
    "custom_text",
    "epoch",
    "moment",
    "parse_network",
    "parse_signed_policy",
    "peer",
]

MAX_POLICY = 32768  # characters as sent: the head of a request has room for no more (cloudfront-limits)
_LAST = 2**63 - 1
_USUAL = re.compile(
    r'\{"Statement": ?\[\{"Resource":"([^"\\\x00-\x1f]*)","Condition":\{"DateLessThan":\{"AWS:EpochTime":([1-9][0-9]{0,17})\}'
    r'(?:,"IpAddress":\{"AWS:SourceIp":"([0-9./]*)"\})?(?:,"DateGreaterThan":\{"AWS:EpochTime":(0|[1-9][0-9]{0,17})\})?\}\}\]\}\Z',
    re.ASCII,
)
_CIDR = re.compile(r"([0-9.]{7,15})(?:/([0-9]{1,2}))?\Z", re.ASCII)


class Flaw(NamedTuple):
    """Why a policy cannot be used: the `path` in it, and what is wrong there."""

    path: str
    says: str

    def __str__(self) -> str:
        return f"{self.path}: {self.says}" if self.path else self.says


class SignedPolicy(NamedTuple):
    """A policy, read. `resource`: the URLs it opens (None: any of any distribution that trusts the key); `expires`, `starts`: seconds
    since the epoch; `network`, `mask`: the viewer's addresses as numbers (mask 0: all); `address`: the same as it was written, or "".
    """

    resource: str | None
    expires: int
    starts: int | None = None
    address: str = ""
    network: int = 0
    mask: int = 0

    def admits(self, ip: str) -> bool:
        """Whether a viewer with this address may use it. The condition knows IPv4 only, so an IPv6 viewer never fits one."""
        if not self.address:
            return True
        number = peer(ip)
        return number is not None and number & self.mask == self.network


def canned_text(resource: str, expires: int | str) -> str:
    """The canned policy for one URL, good until `expires` (seconds since the epoch): the text that is signed.

    >>> print(canned_text("https://d111.cloudfront.net/cat.jpg", 1767225600))
    {"Statement":[{"Resource":"https://d111.cloudfront.net/cat.jpg","Condition":{"DateLessThan":{"AWS:EpochTime":1767225600}}}]}
    """
    return f'{{"Statement":[{{"Resource":{_quoted(resource)},"Condition":{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}}}]}}'


def custom_text(resource: str, expires: int, starts: int | None = None, ip: str | None = None) -> str:
    """A custom policy, written as botocore writes it. `ip`: an IPv4 address or range (192.0.2.0/24); one address gets its `/32`.

    >>> print(custom_text("https://d111.cloudfront.net/*", 1767225600, ip="192.0.2.7"))
    {"Statement":[{"Resource":"https://d111.cloudfront.net/*","Condition":{"DateLessThan":{"AWS:EpochTime":1767225600},\
"IpAddress":{"AWS:SourceIp":"192.0.2.7/32"}}}]}
    """
    condition = f'"DateLessThan":{{"AWS:EpochTime":{expires}}}'
    if ip is not None:
        condition += f',"IpAddress":{{"AWS:SourceIp":{_quoted(ip if "/" in ip else f"{ip}/32")}}}'
    if starts is not None:
        condition += f',"DateGreaterThan":{{"AWS:EpochTime":{starts}}}'
    return f'{{"Statement":[{{"Resource":{_quoted(resource)},"Condition":{{{condition}}}}}]}}'


def epoch(text: str) -> int | None:
    """The seconds that an `Expires` parameter tells; None when it is not a plain whole number of up to 64 bits.

    >>> epoch("1767225600"), epoch("1e9"), epoch("٣")
    (1767225600, None, None)
    """
    try:
        seconds = int(text) if len(text) < 20 else -1
    except ValueError:
        return None
    return seconds if 0 <= seconds <= _LAST and str(seconds) == text else None  # int() reads more spellings than one


def moment(seconds: int) -> str:
    """A number of seconds for people: with the date, if it has one.

    >>> moment(1767225600), moment(10**18)
    ('2026-01-01T00:00:00Z (1767225600)', 'second 1000000000000000000')
    """
    if not 0 <= seconds < 253_402_300_800:
        return f"second {seconds}"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ} ({seconds})"


@lru_cache(maxsize=4096)
def peer(ip: str) -> int | None:
    """An IPv4 address as a number; None for anything else. An IPv4 address inside an IPv6 one is itself.

    >>> peer("0.0.1.2"), peer("2001:db8::1")
    (258, None)
    """
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return None if address.ipv4_mapped is None else int(address.ipv4_mapped)
    return int(address)


# -- reading


class _Twice(ValueError):
    pass


class _NoNumber(ValueError):
    pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        count = Counter(name for name, _ in pairs)
        raise _Twice(next(name for name in count if count[name] > 1))
    return made


def _no_number(text: str) -> Any:
    raise _NoNumber(text)


def _whole(text: str) -> int:
    if len(text) > 20:
        raise _NoNumber(text)
    return int(text)


_read = json.JSONDecoder(object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number, parse_int=_whole).decode


def parse_signed_policy(document: bytes) -> SignedPolicy | Flaw:
    """Read a custom policy's bytes, or say what is wrong with them. Never raises.

    >>> parse_signed_policy(b'{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":"1767225600"}}}]}').path
    'Statement[0].Condition.DateLessThan.AWS:EpochTime'
    """
    try:
        text = document.decode("utf-8")
        if usual := _USUAL.match(text):  # as botocore and the Java SDK write it: no need to take it to pieces
            return _usual(*usual.groups())
        value = _read(text)
    except UnicodeDecodeError:
        return Flaw("", "the policy is not UTF-8 text")
    except RecursionError:
        return Flaw("", "the policy is nested far too deeply")
    except _Twice as error:
        return Flaw("", f"the name {_shown(str(error))} stands twice in one object")
    except _NoNumber as error:
        return Flaw("", f"{_shown(str(error))} is not a whole number of up to 64 bits")
    except ValueError as error:
        return Flaw("", f"the policy is not JSON: {error}")
    return _statement(value)


def _usual(resource: str, expires: str, address: str | None, starts: str | None) -> SignedPolicy | Flaw:
    begin = None if starts is None else int(starts)
    return SignedPolicy(resource, int(expires), begin) if address is None else _limited(resource, int(expires), begin, address)


_POLICY = frozenset({"Statement"})
_STATEMENT = frozenset({"Resource", "Condition"})
_CONDITION = frozenset({"DateLessThan", "DateGreaterThan", "IpAddress"})
_IN_CONDITION = ("Statement[0]", "Condition")
_TIME, _PEER = frozenset({"AWS:EpochTime"}), frozenset({"AWS:SourceIp"})


def _statement(value: Any) -> SignedPolicy | Flaw:
    if flaw := _names(value, (), _POLICY, "Statement"):
        return flaw
    statements = value["Statement"]
    if isinstance(statements, dict):
        statements = [statements]  # AWS's guide has shown the statement without its list, too
    if not isinstance(statements, list) or len(statements) != 1:
        count = f"{len(statements)} statements" if isinstance(statements, list) else _shown(statements)
        return Flaw("Statement", f"found {count}; a policy has exactly one, in a list")
    statement = statements[0]
    if flaw := _names(statement, ("Statement[0]",), _STATEMENT, "Condition"):
        return flaw
    resource = statement.get("Resource")
    if "Resource" in statement and not isinstance(resource, str):
        return Flaw("Statement[0].Resource", f"found {_shown(resource)}; give one URL as text")
    condition = statement["Condition"]
    if flaw := _names(condition, _IN_CONDITION, _CONDITION, "DateLessThan"):
        return flaw
    expires = _seconds(condition, "DateLessThan")
    starts = _seconds(condition, "DateGreaterThan") if "DateGreaterThan" in condition else None
    if isinstance(expires, Flaw):
        return expires
    if isinstance(starts, Flaw):
        return starts
    if "IpAddress" not in condition:
        return SignedPolicy(resource, expires, starts)
    if flaw := _names(condition["IpAddress"], (*_IN_CONDITION, "IpAddress"), _PEER, "AWS:SourceIp"):
        return flaw
    return _limited(resource, expires, starts, condition["IpAddress"]["AWS:SourceIp"])


def _limited(resource: str | None, expires: int, starts: int | None, address: Any) -> SignedPolicy | Flaw:
    numbers = parse_network(address)
    if numbers is None:
        path = ".".join((*_IN_CONDITION, "IpAddress", "AWS:SourceIp"))
        return Flaw(path, f"found {_shown(address)}; give one IPv4 address or range, as 192.0.2.0/24")
    return SignedPolicy(resource, expires, starts, address, *numbers)


def _seconds(condition: dict[str, Any], name: str) -> int | Flaw:
    if flaw := _names(condition[name], (*_IN_CONDITION, name), _TIME, "AWS:EpochTime"):
        return flaw
    number = condition[name]["AWS:EpochTime"]
    if type(number) is int and -_LAST <= number <= _LAST:
        return number
    quoted = "; it is quoted: leave the quotation marks out" if isinstance(number, str) and epoch(number) is not None else ""
    return Flaw(".".join((*_IN_CONDITION, name, "AWS:EpochTime")), f"found {_shown(number)}, not a whole number of seconds{quoted}")


def _names(value: Any, where: tuple[str, ...], allowed: frozenset[str], needed: str) -> Flaw | None:
    """What is wrong with an object's names: one that is not allowed, or the needed one that is missing."""
    if not isinstance(value, dict):
        return Flaw(".".join(where), f"found {_shown(value)}; an object with {needed} belongs here")
    if needed in value and value.keys() <= allowed:
        return None
    for name in value:
        if name not in allowed:
            known = next((each for each in sorted(allowed) if each.lower() == name.lower()), "")
            hint = f"; write {known}" if known else f"; known here: {', '.join(sorted(allowed))}"
            return Flaw(".".join(where), f"the name {_shown(name)} is not known{hint}")
    return Flaw(".".join(where), f"{needed} is missing")


def parse_network(text: Any) -> tuple[int, int] | None:
    """An IPv4 address or range as two numbers, network and mask; None for anything else.

    >>> parse_network("0.0.1.2/24"), parse_network("2001:db8::/32")
    ((256, 4294967040), None)
    """
    return _network(text) if isinstance(text, str) else None


@lru_cache(maxsize=4096)
def _network(text: str) -> tuple[int, int] | None:
    found = _CIDR.match(text)
    length = 32 if not found or found[2] is None else int(found[2])
    number = peer(found[1]) if found else None
    if number is None or length > 32:
        return None
    mask = 0xFFFFFFFF << (32 - length) & 0xFFFFFFFF
    return number & mask, mask


def _shown(value: Any) -> str:
    """A value from outside, short and printable."""
    try:
        text = repr(value) if not isinstance(value, dict | list) else type(value).__name__
    except (ValueError, RecursionError):
        text = type(value).__name__
    return (text if len(text) <= 60 else text[:57] + "...").encode("ascii", "backslashreplace").decode()
