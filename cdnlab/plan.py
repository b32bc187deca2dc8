"""What a distribution does, once it has been compiled: Plans, origins and error rules.

A config says what somebody wanted; a Plan says what will happen. There is one Plan per cache behaviour: which paths,
which origin, which methods, what makes the cache key, what reaches the origin, how long an answer is kept. The edge
reads Plans and nothing else. All of these are frozen values, and a Plan prints itself in words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from cdnlab.messages import Headers
from cdnlab.recipe import Recipe, Selection

if TYPE_CHECKING:
    from cdnlab.response_headers import ResponseHeadersPolicy

__all__ = ["ErrorRule", "GeoRestriction", "OriginGroup", "OriginSpec", "Plan"]


@dataclass(frozen=True, slots=True)
class OriginSpec:
    """One origin, with every default filled in.

    `kind`: s3 (a bucket's REST endpoint) or custom; `path`: put before every path, "" or "/production";
    `custom_headers`: added to each origin request; timeouts in seconds (`completion_timeout` None: no limit);
    `protocol_policy`: http-only, match-viewer or https-only (S3 always matches the viewer); `shield_region`: the Origin
    Shield's Region or None; `oai`, `oac`: id of the identity CloudFront shows to the origin, or "".
    """

    id: str
    domain_name: str
    path: str = ""
    kind: Literal["s3", "custom"] = "custom"
    custom_headers: Headers = field(default_factory=Headers)
    connection_attempts: int = 3
    connection_timeout: float = 10.0
    read_timeout: float = 30.0
    keepalive_timeout: float = 5.0
    completion_timeout: float | None = None
    protocol_policy: Literal["http-only", "match-viewer", "https-only"] = "match-viewer"
    http_port: int = 80
    https_port: int = 443
    shield_region: str | None = None
    oai: str = ""
    oac: str = ""

    def __str__(self) -> str:
        identity = f", shown the OAI {self.oai}" if self.oai else f", signed for the OAC {self.oac}" if self.oac else ""
        protocol = {"http-only": " over HTTP", "https-only": " over HTTPS", "match-viewer": " over the viewer's protocol"}
        shield = f", through Origin Shield in {self.shield_region}" if self.shield_region else ""
        return f"{self.id} ({self.domain_name}{self.path}){protocol[self.protocol_policy]}{identity}{shield}"


@dataclass(frozen=True, slots=True)
class OriginGroup:
    """Two origins: the second is asked when the first fails or answers with one of `status_codes`."""

    id: str
    members: tuple[OriginSpec, OriginSpec]
    status_codes: frozenset[int]

    def __str__(self) -> str:
        codes = ", ".join(map(str, sorted(self.status_codes)))
        return f"{self.members[0]}; if that fails or answers {codes}: {self.members[1]}"


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """What happens to one error code: kept for at least `ttl` seconds; replaced by the object at `page`, or not.

    `response_code`: the status the viewer gets together with the page; None when there is no page.
    """

    code: int
    ttl: float = 10.0
    page: str | None = None
    response_code: int | None = None

    def __str__(self) -> str:
        page = f"becomes {self.page} with status {self.response_code}, and " if self.page else ""
        return f"Error {self.code} {page}is kept for at least {_duration(self.ttl)}."


@dataclass(frozen=True, slots=True)
class GeoRestriction:
    """`kind` none, whitelist (only these countries) or blacklist (all but these); `countries`: alpha-2 codes."""

    kind: Literal["none", "whitelist", "blacklist"] = "none"
    countries: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """One cache behaviour, compiled.

    `pattern`: the path pattern as written ("*" for the default); `number`: position in the list, from 0, the default
    last; `viewer_protocol`: allow-all, https-only or redirect-to-https; `recipe`: key, what is sent, TTLs;
    `trusted_key_groups`, `trusted_signers`: ids; if there are any, a request needs a signature.
    """

    pattern: str
    number: int
    origin: OriginSpec | OriginGroup
    viewer_protocol: Literal["allow-all", "https-only", "redirect-to-https"]
    allowed_methods: frozenset[str]
    cached_methods: frozenset[str]
    recipe: Recipe
    compress: bool = False
    response_headers: ResponseHeadersPolicy | None = None
    trusted_key_groups: tuple[str, ...] = ()
    trusted_signers: tuple[str, ...] = ()
    is_default: bool = False

    @property
    def signed(self) -> bool:
        """Whether a request needs a signature."""
        return bool(self.trusted_key_groups or self.trusted_signers)

    def explain(self) -> str:
        """What this behaviour does, in words, a line for each point."""
        recipe, protocol = (
            self.recipe,
            {
                "allow-all": "HTTP and HTTPS are served",
                "https-only": "HTTPS is served; HTTP gets 403",
                "redirect-to-https": "HTTPS is served; HTTP is redirected to it",
            },
        )
        key = [f"{what} {part}" for what, part in _parts(recipe, "key") if part.mode != "none"]
        encodings = " and ".join(name for name, on in (("br", recipe.brotli), ("gzip", recipe.gzip)) if on)
        if encodings:
            key.append(f"Accept-Encoding ({encodings})")
        sent = [f"{what} {part}" for what, part in _parts(recipe, "send") if part.mode != "none"]
        if recipe.legacy and recipe.send_headers.mode != "all":
            sent.append("viewer headers that CloudFront does not know")
        lines = [
            f"{'Default (*)' if self.is_default else f'{self.number}: {self.pattern}'}",
            f"  from      {self.origin}",
            f"  viewers   {protocol[self.viewer_protocol]}; {', '.join(_in_order(self.allowed_methods))} allowed",
            f"  cached    {self._caching()}",
            f"  key       path{''.join(f', {each}' for each in key)} [{recipe.key_by}]",
            f"  sent      {'; '.join(sent) or 'nothing more than every origin request has'} [{recipe.send_by}]",
        ]
        if self.compress:
            lines.append("  compress  yes" if encodings else "  compress  asked for, but the key has no Accept-Encoding: no")
        if self.response_headers is not None:
            lines.append(f"  headers   response headers policy {self.response_headers.name}")
        if self.signed:
            lines.append(f"  signed    by {', '.join(self.trusted_key_groups + self.trusted_signers)}")
        return "\n".join(lines)

    def _caching(self) -> str:
        ttls = self.recipe.ttls
        if not self.recipe.caching:
            return "nothing" + ("" if ttls.max == 0 else ": all headers are forwarded")
        low, default, high = (_duration(each) for each in (ttls.min, ttls.default, ttls.max))
        return f"{', '.join(_in_order(self.cached_methods))} for {default} unless the origin says ({low} to {high})"

    def __str__(self) -> str:
        return self.explain()


def _parts(recipe: Recipe, use: Literal["key", "send"]) -> list[tuple[str, Selection]]:
    return [(what, getattr(recipe, f"{use}_{name}")) for what, name in (("headers", "headers"), ("cookies", "cookies"), ("query", "query"))]


def _in_order(methods: frozenset[str]) -> list[str]:
    return [method for method in ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE") if method in methods]


def _duration(seconds: float) -> str:
    """Seconds in the largest unit that is whole.

    >>> _duration(86400), _duration(90), _duration(0), _duration(31536000)
    ('1 day', '90 s', '0 s', '1 year')
    """
    for unit, size in (("year", 31536000), ("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            count = int(seconds // size)
            return f"{count} {unit}{'s' * (count > 1)}"
    return f"{seconds:g} s"
