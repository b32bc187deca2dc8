"""The Condition of a policy statement: keys of the request, operators, and the values that would do.

A Condition is a list of tests, and all must hold; within one test, any of its values will do. A key that the request
does not have makes a positive test fail and a negated one hold, unless the operator ends in IfExists. A key with
several values needs ForAnyValue or ForAllValues. Wildcards (`*`, `?`) count in the Like and Arn operators only, and an
ARN is compared part by part. A `${variable}` stands for the request's own value, as text: a `*` in it is no wildcard.

Everything that can be wrong with a test is found when the policy is read, so that holding it against a request never
fails. (IAM User Guide: reference_policies_elements_condition_operators, reference_policies_variables.)
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from reprlib import Repr
from types import MappingProxyType
from typing import Any, TypeAlias

from cdnlab.errors import APIError
from cdnlab.wildcards import Symbol, expression, symbols

__all__ = ["OPERATORS", "Context", "Test", "check_variables", "context_of", "like", "like_arn", "malformed", "parse_condition", "resolved"]

Context: TypeAlias = Mapping[str, tuple[str, ...]]  # condition keys in lower case, with the request's values
Parts: TypeAlias = tuple[tuple[bool, str], ...]  # (is it literal text, the text)


def malformed(message: str, path: str, found: object, legal: str) -> APIError:
    """The refusal of a policy: S3's `message`, the place in the policy, what stands there, what would work."""
    evidence = {"message": message, "path": path, "found": found, "legal": legal}
    return APIError("MalformedPolicy", f"{message}: {path} is {_SHORT.repr(found)}; {legal}", 400, evidence)


_SHORT = Repr()
_SHORT.maxstring, _SHORT.maxother, _SHORT.maxlevel = 160, 160, 3


# --- wildcards and variables


@lru_cache(maxsize=8192)
def _pattern(parts: Parts) -> re.Pattern[str]:
    """A text with wildcards as a regular expression; what is literal has none."""
    pieces: list[Symbol] = []
    for literal, text in parts:
        pieces += text if literal else symbols(text)
    return re.compile(expression(pieces), re.DOTALL)


def like(pattern: str | Parts, text: str) -> bool:
    """Whether a text has the shape of a pattern: `*` is any run of characters, `?` any one. Case counts.

    >>> like("arn:aws:s3:::photos/*", "arn:aws:s3:::photos/2026/cat.jpg"), like("ca?", "Cat")
    (True, False)
    """
    return _pattern(((False, pattern),) if isinstance(pattern, str) else pattern).match(text) is not None


def like_arn(pattern: Parts, text: str) -> bool:
    """Whether an ARN has the shape of a pattern, each of its six parts by itself: no `*` reaches over a colon."""
    fields = text.split(":", 5)
    return len(fields) == 6 and len(_arn_fields(pattern)) == 6 and all(map(like, _arn_fields(pattern), fields))


@lru_cache(maxsize=8192)
def _arn_fields(pattern: Parts) -> tuple[Parts, ...]:
    fields: list[list[tuple[bool, str]]] = [[]]
    for literal, text in pattern:
        first, *rest = text.split(":", 6 - len(fields))
        fields[-1].append((literal, first))
        fields += [[(literal, each)] for each in rest]
    return tuple(map(tuple, fields))


_VARIABLE = re.compile(r"\$\{(?:([*?$])|([A-Za-z0-9_-]+:[^\s{},']+)(?:, *'([^']*)')?)\}")


def check_variables(text: str, path: str) -> None:
    """Refuse a `${` that does not begin a policy variable."""
    if "${" in _VARIABLE.sub("", text):
        raise malformed("Invalid policy variable", path, text, "write ${aws:SourceIp}, ${aws:userid, 'nobody'}, ${*}, ${?} or ${$}")


def resolved(text: str, context: Context, variables: bool) -> Parts | None:
    """A value of the policy with its variables replaced by the request's values; None when the request lacks one."""
    if not variables or "${" not in text:
        return ((False, text),)
    parts: list[tuple[bool, str]] = []
    end = 0
    for match in _VARIABLE.finditer(text):
        character, key, default = match.groups()
        values = context.get(key.lower(), ()) if key else (character,)
        if len(values) != 1:
            if default is None:
                return None
            values = (default,)
        parts += [(False, text[end : match.start()]), (True, values[0])]
        end = match.end()
    return (*parts, (False, text[end:]))


def context_of(values: Mapping[str, Any]) -> Context:
    """The request's condition keys as the tests read them: names in lower case, every value a tuple of texts."""
    context: dict[str, tuple[str, ...]] = {}
    for key, value in values.items():
        several = value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else (value,)
        context[str(key).lower()] = tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in several)
    return MappingProxyType(context)


# --- readers: what a value must look like, and how it compares


_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?\Z")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?\Z")


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.match(text) else None


def _date(text: str) -> Decimal | None:
    if not _DATE.match(text):
        return _number(text)  # seconds since the epoch
    try:
        moment = datetime.fromisoformat(text + "-01-01"[len(text) - 4 :] if len(text) < 10 else text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return Decimal(str((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()))
    except (ValueError, OverflowError):
        return None


def _bool(text: str) -> str | None:
    return text.lower() if text.lower() in ("true", "false") else None


def _binary(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _inside(asked: str, network: Any) -> bool:
    try:
        return ipaddress.ip_address(asked) in network
    except ValueError:
        return False


def _compare(read: Callable[[str], Any], test: Callable[[Any, Any], bool]) -> Callable[[str, Any], bool]:
    def matches(asked: str, wanted: Any) -> bool:
        value = read(asked)
        return value is not None and test(value, wanted)

    return matches


@dataclass(frozen=True, slots=True)
class _Operator:
    """`read`: a policy value into what `matches` compares with, None if it is no such value; no `read`: a text, perhaps with variables."""

    matches: Callable[[str, Any], bool]
    read: Callable[[str], Any] | None = None
    negated: bool = False
    wants: str = "a text"


def _text(parts: Parts) -> str:
    return "".join(text for _, text in parts)


def _equals(asked: str, wanted: Parts) -> bool:
    return asked == _text(wanted)


def _equals_ignoring_case(asked: str, wanted: Parts) -> bool:
    return asked.casefold() == _text(wanted).casefold()


def _like(asked: str, wanted: Parts) -> bool:
    return like(wanted, asked)


def _like_arn(asked: str, wanted: Parts) -> bool:
    return like_arn(wanted, asked)


def _operators() -> dict[str, _Operator]:
    orders: dict[str, Callable[[Any, Any], bool]] = {
        "Equals": lambda a, b: a == b,
        "LessThan": lambda a, b: a < b,
        "LessThanEquals": lambda a, b: a <= b,
        "GreaterThan": lambda a, b: a > b,
        "GreaterThanEquals": lambda a, b: a >= b,
    }
    table = {
        "StringEquals": _Operator(_equals),
        "StringNotEquals": _Operator(_equals, negated=True),
        "StringEqualsIgnoreCase": _Operator(_equals_ignoring_case),
        "StringNotEqualsIgnoreCase": _Operator(_equals_ignoring_case, negated=True),
        "StringLike": _Operator(_like),
        "StringNotLike": _Operator(_like, negated=True),
        "ArnEquals": _Operator(_like_arn, wants="an ARN"),
        "ArnLike": _Operator(_like_arn, wants="an ARN"),
        "ArnNotEquals": _Operator(_like_arn, negated=True, wants="an ARN"),
        "ArnNotLike": _Operator(_like_arn, negated=True, wants="an ARN"),
        "Bool": _Operator(_compare(_bool, orders["Equals"]), _bool, wants="true or false"),
        "BinaryEquals": _Operator(lambda asked, wanted: asked.encode("utf-8", "surrogatepass") == wanted, _binary, wants="base64"),
        "IpAddress": _Operator(_inside, _network, wants="an IP address or a range such as 203.0.113.0/24"),
        "NotIpAddress": _Operator(_inside, _network, negated=True, wants="an IP address or a range such as 203.0.113.0/24"),
        "Null": _Operator(lambda asked, wanted: False, _bool, wants="true (the key is absent) or false (it is there)"),
    }
    for kind, read, wants in (("Numeric", _number, "a number"), ("Date", _date, "a date such as 2026-01-01T00:00:00Z or epoch seconds")):
        table[f"{kind}NotEquals"] = _Operator(_compare(read, orders["Equals"]), read, True, wants)
        table.update({kind + name: _Operator(_compare(read, test), read, wants=wants) for name, test in orders.items()})
    return table


OPERATORS: Mapping[str, _Operator] = MappingProxyType(_operators())
"""Every condition operator by its AWS name, without quantifier and IfExists."""

_WRITTEN = re.compile(r"(?:(ForAnyValue|ForAllValues):)?([A-Za-z]+?)(IfExists)?\Z")
_KEY = re.compile(r"[A-Za-z0-9-]+:[^\s:/]+(/.+)?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Test:
    """One test of a Condition: `operator` as written, condition `key`, `values` that would do.

    `quantifier`: ForAnyValue, ForAllValues or ""; `base`: the operator's plain name; `if_exists`: whether an absent key
    is fine; `variables`: whether `${...}` counts (policies of Version 2012-10-17).
    """

    __test__ = False  # pytest: this is no test case

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: str
    base: str
    if_exists: bool
    variables: bool

    def holds(self, context: Context) -> bool:
        """Whether the request passes this test."""
        there = context.get(self.key.lower())
        if self.base == "Null":
            return any((there is None) == (value.lower() == "true") for value in self.values)
        operator = OPERATORS[self.base]
        if there is None:
            return self.if_exists or self.quantifier == "ForAllValues" or (operator.negated and self.quantifier != "ForAnyValue")
        wanted = [self._wanted(operator, value, context) for value in self.values]
        if None in wanted:  # a variable without a value makes the whole test invalid
            return self.if_exists
        results = [any(operator.matches(asked, each) for each in wanted) != operator.negated for asked in there]
        if self.quantifier:
            results = [result for asked, result in zip(there, results, strict=True) if asked]  # an empty value is no value
            return all(results) if self.quantifier == "ForAllValues" else any(results)
        return all(results) if operator.negated else any(results)

    def _wanted(self, operator: _Operator, value: str, context: Context) -> Any:
        return resolved(value, context, self.variables) if operator.read is None else operator.read(value)

    def says(self, context: Context) -> str:
        """The test and what the request had, for people."""
        there = context.get(self.key.lower())
        seen = "the request has none" if there is None else f"the request has {', '.join(map(repr, there)) or 'no value'}"
        literal = self.base.startswith("String") and "Like" not in self.base and any("*" in value or "?" in value for value in self.values)
        hint = f"; {self.base} knows no wildcards, {'StringNotLike' if 'Not' in self.base else 'StringLike'} does" if literal else ""
        return f"{self.operator} {self.key}: wanted {' or '.join(map(repr, self.values))}, {seen}{hint}"


def parse_condition(raw: Any, path: str, *, variables: bool) -> tuple[Test, ...]:
    """The tests of a Condition block. Raises APIError MalformedPolicy with the place and what would work."""
    if not isinstance(raw, Mapping):
        raise malformed("Invalid policy syntax", path, raw, 'write {"StringEquals": {"aws:SourceArn": "arn:..."}}')
    tests = []
    for name, keys in raw.items():
        tests += [_test(name, key, value, f"{path}.{name}", variables) for key, value in _keys(keys, f"{path}.{name}")]
    return tuple(tests)


def _keys(raw: Any, path: str) -> Iterable[tuple[str, Any]]:
    if not isinstance(raw, Mapping) or not raw:
        raise malformed("Invalid policy syntax", path, raw, 'write keys with their values, such as {"aws:SourceIp": "203.0.113.0/24"}')
    return raw.items()


def _test(name: str, key: str, raw: Any, path: str, variables: bool) -> Test:
    match = _WRITTEN.match(name)
    if not match or match[2] not in OPERATORS or (match[2] == "Null" and (match[1] or match[3])):
        close = get_close_matches(name, OPERATORS, n=1)
        legal = f"did you mean {close[0]}?" if close else f"known, all but Null also with IfExists: {', '.join(OPERATORS)}"
        raise malformed(f"Invalid Condition type : {name}", path.removesuffix(f".{name}"), name, legal)
    if not _KEY.match(key):
        raise malformed("Policy has an invalid condition key", path, key, "a key is prefix:name, such as aws:SourceArn or s3:prefix")
    values = raw if isinstance(raw, list | tuple) else [raw]
    if not values:
        raise malformed("Invalid policy syntax", f"{path}.{key}", raw, "write at least one value")
    texts = tuple(_value(value, f"{path}.{key}", match[2], variables) for value in values)
    return Test(name, key, texts, match[1] or "", match[2], bool(match[3]), variables)


def _value(value: Any, path: str, base: str, variables: bool) -> str:
    text = str(value).lower() if isinstance(value, bool | int | float) else value
    operator = OPERATORS[base]
    if not isinstance(text, str) or (operator.read is not None and operator.read(text) is None):
        raise malformed("Invalid policy syntax", path, value, f"{base} wants {operator.wants}")
    if operator.read is None and variables:
        check_variables(text, path)
    return text
