"""What a distribution does, once it has been compiled: Plans, origins and error rules.

A config says what somebody wanted; a Plan says what will happen. There is one Plan per cache behaviour: which paths,
which origin, which methods, what makes the cache key, what reaches the origin, how long an answer is kept. The edge
reads Plans and nothing else. All of these are frozen values, and a Plan prints itself in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cdnlab.messages import Headers
from cdnlab.policies import Recipe, ResponseHeadersPolicy

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
    custom_headers: Headers = Headers()
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


@dataclass(frozen=True, slots=True)
class OriginGroup:
    """Two origins: the second is asked when the first fails or answers with one of `status_codes`."""

    id: str
    members: tuple[OriginSpec, OriginSpec]
    status_codes: frozenset[int]


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """What happens to one error code: kept for at least `ttl` seconds; replaced by the object at `page`, or not.

    `response_code`: the status the viewer gets together with the page; None when there is no page.
    """

    code: int
    ttl: float = 10.0
    page: str | None = None
    response_code: int | None = None


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
