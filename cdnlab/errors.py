"""The errors of cdnlab, as one drawn tree.

    CdnlabError
    ├── InputError            you gave cdnlab something it cannot use
    │   ├── MessageError      a malformed request, response, URL or header
    │   ├── ClockError        time that cannot be read, or that would run backwards
    │   ├── UnknownName       a city, country, edge, region or host that cdnlab does not know
    │   ├── LogError          an access log that cannot be read, or a record that cannot be written
    │   └── ConfigError       a distribution or policy config that AWS would refuse
    ├── APIError              the control plane or the bucket refuses a well-formed call, as AWS would
    │   └── AccessDenied      ... because no policy allows it
    └── OriginError           an origin did not answer, or answered nonsense

Three branches, because three different people have to act: a mistake is the caller's, a refusal is a rule of
AWS's, and an origin's failure belongs to the origin. Every error has the AWS `code` where AWS has one, the HTTP
`status` that goes with it, and its evidence: what was found, where, and what would work.

A message may repeat what it was given, but no message repeats a private key that stood in the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

__all__ = [
    "APIError",
    "AccessDenied",
    "CdnlabError",
    "ClockError",
    "ConfigError",
    "InputError",
    "LogError",
    "MessageError",
    "OriginError",
    "Problem",
    "UnknownName",
]


_PRIVATE_KEY = re.compile(r"(BEGIN [^-]*PRIVATE KEY-----).+?(?=-----END|\.\.\.(?:['\";]|\Z)|['\"]|\Z)", re.DOTALL | re.IGNORECASE)


def _harmless(message: str) -> str:
    """A message without what stands in a private key."""
    return _PRIVATE_KEY.sub(r"\1 (not shown) ", message) if "-----" in message else message


class CdnlabError(Exception):
    """Anything cdnlab raises on purpose. `code`: AWS's error code; `status`: the HTTP status that goes with it.

    >>> print(CdnlabError("no city: '-----BEGIN EC PRIVATE KEY-----MHcCAQEE...'"))
    no city: '-----BEGIN EC PRIVATE KEY----- (not shown) ...'
    """

    code: str = "CdnlabError"
    status: int = 400

    def __init__(self, message: str = "") -> None:
        super().__init__(_harmless(message))

    @property
    def response(self) -> dict[str, Any]:
        """The error as `botocore.exceptions.ClientError.response` has it.

        >>> UnknownName("city", "Lisbn", ["Lisbon"]).response["Error"]["Code"]
        'UnknownName'
        """
        return {
            "Error": {"Code": self.code, "Message": str(self)},
            "ResponseMetadata": {"HTTPStatusCode": self.status},
        }


class InputError(CdnlabError, ValueError):
    """The caller gave something that cdnlab cannot use; the message says what, where and what would work."""

    code = "InvalidArgument"


class MessageError(InputError):
    """A request, response, URL or header that is not well-formed HTTP."""


class ClockError(InputError):
    """A time that cannot be read, or a step that would take the clock backwards."""


class UnknownName(InputError):
    """A name that is in none of cdnlab's tables.

    `kind`: what sort of name (city, country, edge ...); `name`: what was asked; `known`: what would work.

    >>> str(UnknownName("city", "Lisbn", ["Lisbon", "London"]))
    "unknown city 'Lisbn'; did you mean 'Lisbon'?"
    """

    code = "UnknownName"
    status = 404

    def __init__(self, kind: str, name: object, known: Iterable[str] = (), hint: str = "") -> None:
        self.kind, self.name, self.known = kind, name, sorted(known)
        close = get_close_matches(str(name)[:200], self.known, n=3, cutoff=0.6)
        shown = repr(name)
        text = f"unknown {kind} {shown if len(shown) <= 100 else shown[:97] + '...'}"
        if close:
            text += "; did you mean " + " or ".join(repr(each) for each in close) + "?"
        elif hint:
            text += f"; {hint}"
        elif self.known:
            listed = ", ".join(self.known[:12])
            text += f"; known: {listed}" + (" ..." if len(self.known) > 12 else "")
        super().__init__(text)


class LogError(InputError):
    """An access log that cannot be read, or a record that cannot be written. `line`: its number in the file, if it has one.

    >>> LogError("sc-bytes is 'many', not a whole number", line=4).line
    4
    """

    def __init__(self, message: str, *, line: int | None = None) -> None:
        self.line = line
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a config: AWS `code`, field `path`, what was `found`, the `rule`, what is `legal`.

    >>> print(Problem("InvalidTTLOrder", "DefaultCacheBehavior.MinTTL", "90", "MinTTL must not exceed DefaultTTL", "0 to 60"))
    DefaultCacheBehavior.MinTTL: found 90; MinTTL must not exceed DefaultTTL; legal: 0 to 60 [InvalidTTLOrder]
    """

    code: str
    path: str
    found: str
    rule: str
    legal: str = ""

    def __str__(self) -> str:
        parts = [f"found {self.found}" if self.found else "", self.rule, f"legal: {self.legal}" if self.legal else ""]
        return f"{self.path or 'config'}: " + "; ".join(part for part in parts if part) + f" [{self.code}]"


class ConfigError(InputError):
    """A config that AWS would refuse. `problems`: all of them, not only the first; `code` and `path`: the first one's.

    >>> error = ConfigError([Problem("NoSuchOrigin", "DefaultCacheBehavior.TargetOriginId", "'a'", "no such origin", "b")])
    >>> error.code, error.path
    ('NoSuchOrigin', 'DefaultCacheBehavior.TargetOriginId')
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0] if self.problems else Problem("InvalidArgument", "", "", "the config is not valid")
        self.code, self.path = first.code, first.path
        lines = [str(problem) for problem in self.problems] or [str(first)]
        super().__init__(lines[0] if len(lines) == 1 else f"{len(lines)} problems:\n  " + "\n  ".join(lines))


class APIError(CdnlabError):
    """A well-formed call that AWS would refuse: `code` such as NoSuchDistribution, PreconditionFailed, NoSuchKey.

    >>> APIError("NoSuchKey", "The specified key does not exist.", 404).status
    404
    """

    def __init__(self, code: str, message: str, status: int = 400, evidence: Mapping[str, Any] | None = None) -> None:
        self.code, self.status, self.message = code, status, _harmless(message)
        self.evidence: Mapping[str, Any] = dict(evidence or {})
        super().__init__(f"{code}: {message}")


class AccessDenied(APIError):
    """No statement allows the call, or one denies it. `evidence` names the statement that decided, if one did."""

    def __init__(self, message: str = "Access Denied", evidence: Mapping[str, Any] | None = None) -> None:
        super().__init__("AccessDenied", message, 403, evidence)


class OriginError(CdnlabError):
    """An origin did not answer, or answered nonsense. `kind`: dns, refused, connect-timeout, read-timeout, tls, invalid.

    `status`: what the viewer would be told (502 or 504); `seconds`: how long it took to find out, from the request.
    """

    code = "OriginError"

    def __init__(self, kind: str, message: str, *, status: int = 502, seconds: float = 0.0) -> None:
        self.kind, self.status, self.seconds = kind, status, seconds
        super().__init__(message)
