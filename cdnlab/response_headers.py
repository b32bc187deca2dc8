"""Response headers policies: what CloudFront takes out of an answer, and adds to it, on the last stretch to the viewer.

The policy works on the way out, on hits and misses alike; what is in the cache stays as the origin sent it. It removes
first and adds afterwards, so that a header both removed and added is there. What it adds comes in four groups: CORS
headers (only for a request with an Origin), security headers, custom headers and Server-Timing. Each says whether it
overrides a header of that name from the origin. (Source: understanding-response-headers-policies.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cdnlab.errors import ConfigError, MessageError, Problem
from cdnlab.messages import Headers, Request
from cdnlab.policies import listed

__all__ = ["Added", "Cors", "ResponseHeadersPolicy", "response_headers_policy"]

_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


@dataclass(frozen=True, slots=True)
class Added:
    """One header that the policy adds; `override`: it replaces the origin's header of that name."""

    name: str
    value: str
    override: bool


@dataclass(frozen=True, slots=True)
class Cors:
    """The CORS part: which `origins` may read the answer, and with what. `max_age` in seconds, None if not given.

    An origin in the list is `*`, or a scheme, host and port as in `https://*.example.org:8443`; scheme and port may be
    left out, and `*` may stand for the leftmost labels or the port.
    """

    origins: tuple[str, ...]
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    credentials: bool = False
    max_age: int | None = None
    override: bool = False
    _patterns: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_patterns", tuple(re.compile(_origin_pattern(origin), re.IGNORECASE) for origin in self.origins))

    def allowed(self, origin: str) -> str | None:
        """The value of Access-Control-Allow-Origin for a request from this origin; None when it is not allowed.

        >>> Cors(("https://*.example.org",)).allowed("https://a.example.org")
        'https://a.example.org'
        """
        if "*" in self.origins:
            return "*"
        return origin if any(pattern.fullmatch(origin) for pattern in self._patterns) else None

    @property
    def names(self) -> list[str]:
        """The headers that this part may add, whoever asks."""
        given = {"Allow-Credentials": self.credentials, "Expose-Headers": self.exposed, "Allow-Methods": self.methods}
        given |= {"Allow-Headers": self.headers, "Max-Age": self.max_age is not None}
        return [f"Access-Control-{name}" for name, value in {"Allow-Origin": True, **given}.items() if value]

    def headers_for(self, request: Request) -> list[tuple[str, str]]:
        """The CORS headers for this request: none without an Origin, or from one that is not allowed."""
        origin = request.headers.get("Origin")
        allowed = self.allowed(origin) if origin is not None else None
        if allowed is None:
            return []
        found = [("Access-Control-Allow-Origin", allowed)]
        if self.credentials:
            found.append(("Access-Control-Allow-Credentials", "true"))
        if self.exposed:
            found.append(("Access-Control-Expose-Headers", ", ".join(self.exposed)))
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            if self.methods:
                found.append(("Access-Control-Allow-Methods", ", ".join(self.methods)))
            if self.headers:
                found.append(("Access-Control-Allow-Headers", ", ".join(self.headers)))
            if self.max_age is not None:
                found.append(("Access-Control-Max-Age", str(self.max_age)))
        return found


_ORIGIN = re.compile(r"(?:([a-z][a-z0-9+.\-]*)://)?((?:\*\.)?[^*:/\s]+|\[[0-9a-f:.]+\])(?::(\*|[0-9]+))?\Z", re.IGNORECASE)


def _origin_pattern(origin: str) -> str:
    match = _ORIGIN.match(origin)
    if not match:
        return r"(?!)"  # "*" alone, which allowed() answers before
    scheme, host, port = match.groups()
    start = re.escape(scheme) if scheme else r"[a-z][a-z0-9+.\-]*"
    labels = re.escape(host).replace(r"\*", r"[^:/]+")
    return f"{start}://{labels}" + ("" if port is None else r"(?::[0-9]+)?" if port == "*" else f":{port}")


@dataclass(frozen=True, slots=True)
class ResponseHeadersPolicy:
    """What one response headers policy does. `server_timing`: percentage of answers that get Server-Timing, or None.

    >>> policy = ResponseHeadersPolicy(removed=("x-powered-by",), added=(Added("X-Frame-Options", "DENY", True),))
    >>> policy.apply(Headers({"X-Powered-By": "PHP"}), Request("GET", "https://d111.cloudfront.net/"))
    Headers([('X-Frame-Options', 'DENY')])
    """

    name: str = ""
    cors: Cors | None = None
    added: tuple[Added, ...] = ()
    removed: tuple[str, ...] = ()
    server_timing: float | None = None

    def apply(
        self, headers: Headers, request: Request, *, date: str = "", timing: str = "", draw: float = 1.0, hit: bool = False
    ) -> Headers:
        """The headers as the viewer gets them.

        `date`: this moment as an HTTP date, for an answer whose Date was removed; `timing`: CloudFront's own metrics
        for Server-Timing; `draw`: a random number from 0 up to 1, which decides whether this answer is sampled; `hit`: the
        answer came from a cache, so that the origin's Server-Timing is not about this request.
        """
        lost = [name for name in self.removed if name in headers]
        new = headers.without(*lost) if lost else headers
        origin_sent = {name.lower() for name in new}
        if self.cors is not None and "Origin" in request.headers:
            if self.cors.override:
                new = new.without(*self.cors.names)
                origin_sent -= {name.lower() for name in self.cors.names}
            new = new.plus((name, value) for name, value in self.cors.headers_for(request) if name.lower() not in origin_sent)
        for each in self.added:
            if each.override or each.name.lower() not in origin_sent:
                new = new.without(each.name).plus([(each.name, each.value)])
        own = {"server": ("Server", "CloudFront"), "date": ("Date", date)}
        for name in lost:
            if name.lower() in own and name not in new and own[name.lower()][1]:
                new = new.plus([own[name.lower()]])
        if timing and self.times(request, draw):
            before = "" if hit else new.joined("Server-Timing") or ""
            new = new.without("Server-Timing").plus([("Server-Timing", ",".join(filter(None, (timing, before))))])
        return new

    def times(self, request: Request, draw: float) -> bool:
        """Whether this answer gets Server-Timing: sampled, or asked for with `Pragma: server-timing`."""
        if self.server_timing is None:
            return False
        asked = (request.headers.joined("Pragma") or "").lower().split(",")
        return "server-timing" in (each.strip() for each in asked) or draw * 100 < self.server_timing


_QUOTA, _LONGEST = 10, 1783  # cloudfront-limits: custom headers, removed headers; characters of a value
_FIXED = (  # understanding-response-headers-policies, "Headers that you can't remove"
    r"connection|content-encoding|content-length|expect|host|keep-alive|proxy-authenticate|proxy-authorization|proxy-connection"
    r"|trailer|transfer-encoding|upgrade|via|warning|x-accel-(buffering|charset|limit-rate|redirect)|x-amz-cf-.*"
    r"|x-amzn-(auth|cf-billing|cf-id|cf-xff|errortype|fle-profile|header-count|header-order|lambda-integration-tag|requestid)"
    r"|x-cache|x-edge-.*|x-forwarded-proto|x-real-ip"
)


def response_headers_policy(config: Mapping[str, Any], name: str = "", path: str = "") -> ResponseHeadersPolicy:
    """The policy of a ResponseHeadersPolicyConfig, as botocore has it.

    `name`: what to call it, if not by its own `Name`; `path`: where it stands in a bigger config. Raises ConfigError
    with every problem.

    >>> from cdnlab.policies import managed
    >>> policy = response_headers_policy(managed("response-headers", "SecurityHeadersPolicy").config)
    >>> policy.name, policy.added[-1]
    ('SecurityHeadersPolicy', Added(name='X-Content-Type-Options', value='nosniff', override=True))
    """
    if not isinstance(config, Mapping):
        raise ConfigError([Problem("InvalidArgument", path, repr(config), "a policy's config is a structure", '{"Name": ...}')])
    read = _Reader(config, path)
    policy = ResponseHeadersPolicy(
        name or str(config.get("Name", "")).removeprefix("Managed-"),
        read.cors(),
        (*read.security(), *read.custom()),
        read.removed(),
        read.server_timing(),
    )
    if read.problems:
        raise ConfigError(read.problems)
    return policy


class _Reader:
    def __init__(self, config: Mapping[str, Any], path: str) -> None:
        self.config, self.path = config, path
        self.problems: list[Problem] = []

    def problem(self, where: str, found: object, rule: str, legal: str = "", code: str = "InvalidArgument") -> None:
        path = f"{self.path}.{where}" if self.path else where
        self.problems.append(Problem(code, path, found if isinstance(found, str) else repr(found), rule, legal))

    def part(self, config: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any] | None:
        found = config.get(name)
        if found is None or isinstance(found, Mapping):
            return found
        self.problem(where, found, f"{name} holds settings of its own")
        return None

    def flag(self, config: Mapping[str, Any], name: str, where: str) -> bool:
        found = config.get(name, False)
        if not isinstance(found, bool):
            self.problem(f"{where}.{name}", found, "this is a yes or no", "true, false")
        return found is True

    def seconds(self, config: Mapping[str, Any], name: str, where: str) -> int | None:
        found = config.get(name)
        if found is not None and (isinstance(found, bool) or not isinstance(found, int) or found < 0):
            self.problem(f"{where}.{name}", found, "this is a whole number of seconds", "0 or more")
            return None
        return found

    def cors(self) -> Cors | None:
        part = self.part(self.config, "CorsConfig", "CorsConfig")
        if part is None:
            return None
        origins, headers, methods, exposed = (
            listed(part, f"AccessControl{name}", f"{self.path}.CorsConfig" if self.path else "CorsConfig", self.problems)
            for name in ("AllowOrigins", "AllowHeaders", "AllowMethods", "ExposeHeaders")
        )
        if not origins:
            self.problem("CorsConfig.AccessControlAllowOrigins", "nothing", "CORS needs at least one origin", "*, https://www.example.org")
        for origin in origins:
            if origin != "*" and not _ORIGIN.match(origin):
                if "*" in origin:
                    rule = "a wildcard may only stand for the leftmost part of the host, or for the port"
                else:
                    rule = "an origin is scheme, host and port, with nothing behind them, not even a slash"
                self.problem("CorsConfig.AccessControlAllowOrigins", origin, rule, "*, *.example.org, https://*.example.org:8443")
        for method in methods:
            if method not in (*_METHODS, "ALL"):
                self.problem("CorsConfig.AccessControlAllowMethods", method, "there is no such method", ", ".join((*_METHODS, "ALL")))
        return Cors(
            origins,
            _METHODS if "ALL" in methods else methods,
            headers,
            exposed,
            self.flag(part, "AccessControlAllowCredentials", "CorsConfig"),
            self.seconds(part, "AccessControlMaxAgeSec", "CorsConfig"),
            self.flag(part, "OriginOverride", "CorsConfig"),
        )

    def security(self) -> list[Added]:
        whole = self.part(self.config, "SecurityHeadersConfig", "SecurityHeadersConfig") or {}
        found = []
        for name, header, value_of in _SECURITY:
            where = f"SecurityHeadersConfig.{name}"
            part = self.part(whole, name, where)
            if part is not None and (value := value_of(self, part, where)):
                found.append(self.added(header, value, self.flag(part, "Override", where), where))
        return found

    def added(self, header: Any, value: Any, override: bool, where: str) -> Added:
        try:
            Headers([(header, value)])
        except MessageError as error:
            self.problem(where, str(header), str(error))
        return Added(header, value, override)

    def xss(self, part: Mapping[str, Any], where: str) -> str:
        block, report = self.flag(part, "ModeBlock", where), part.get("ReportUri")
        if block and report:
            self.problem(where, f"ModeBlock and ReportUri {report!r}", "give one of the two, not both", code="InvalidArgument")
        if not self.flag(part, "Protection", where):
            return "0"
        return "1" + ("; mode=block" if block else "") + (f"; report={report}" if report else "")

    def text(self, part: Mapping[str, Any], where: str) -> str:
        name = where.rpartition(".")[2].replace("FrameOptions", "FrameOption")
        found, legal = part.get(name), _LEGAL.get(name)
        if not isinstance(found, str) or not found or (legal and found not in legal):
            self.problem(
                f"{where}.{name}", found, "there is no such value" if legal else "write the header's value", ", ".join(legal or ())
            )
            return ""
        if len(found) > _LONGEST:
            rule = "the value is too long"
            self.problem(f"{where}.{name}", f"{len(found)} characters", rule, f"{_LONGEST}", "TooLongCSPInResponseHeadersPolicy")
        return found

    def hsts(self, part: Mapping[str, Any], where: str) -> str:
        age = self.seconds(part, "AccessControlMaxAgeSec", where)
        if age is None:
            self.problem(f"{where}.AccessControlMaxAgeSec", part.get("AccessControlMaxAgeSec"), "max-age is required", "31536000")
        extra = [("IncludeSubdomains", "; includeSubDomains"), ("Preload", "; preload")]
        return f"max-age={age}" + "".join(text for name, text in extra if self.flag(part, name, where))

    def items(self, name: str, code: str) -> list[tuple[str, Mapping[str, Any]]]:
        part = self.part(self.config, name, name) or {}
        items = part.get("Items") or []
        if not isinstance(items, list | tuple):
            self.problem(f"{name}.Items", items, "this is a list")
            return []
        if part and part.get("Quantity") != len(items):
            rule = f"Items has {len(items)}; Quantity must say the same number"
            self.problem(f"{name}.Quantity", part.get("Quantity"), rule, str(len(items)), "InconsistentQuantities")
        if len(items) > _QUOTA:
            self.problem(name, str(len(items)), "too many headers", f"{_QUOTA}", code)
        found = []
        for number, item in enumerate(items):
            where = f"{name}.Items[{number}]"
            if isinstance(item, Mapping) and isinstance(item.get("Header"), str) and item["Header"]:
                found.append((where, item))
            else:
                self.problem(f"{where}.Header", item, "name the header")
        return found

    def custom(self) -> list[Added]:
        items = self.items("CustomHeadersConfig", "TooManyCustomHeadersInResponseHeadersPolicy")
        return [self.added(item["Header"], item.get("Value", ""), self.flag(item, "Override", where), where) for where, item in items]

    def removed(self) -> tuple[str, ...]:
        items = self.items("RemoveHeadersConfig", "TooManyRemoveHeadersInResponseHeadersPolicy")
        for where, item in items:
            if re.fullmatch(_FIXED, item["Header"], re.IGNORECASE):
                self.problem(f"{where}.Header", item["Header"], "CloudFront needs this header; it cannot be removed")
        return tuple(item["Header"] for _, item in items)

    def server_timing(self) -> float | None:
        where = "ServerTimingHeadersConfig"
        part = self.part(self.config, where, where)
        if part is None or not self.flag(part, "Enabled", where):
            return None
        rate = part.get("SamplingRate", 0)
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 100:
            self.problem(f"{where}.SamplingRate", rate, "this is a percentage", "0 to 100")
            return None
        return float(rate)


_SECURITY = (
    ("StrictTransportSecurity", "Strict-Transport-Security", _Reader.hsts),
    ("ContentSecurityPolicy", "Content-Security-Policy", _Reader.text),
    ("FrameOptions", "X-Frame-Options", _Reader.text),
    ("ReferrerPolicy", "Referrer-Policy", _Reader.text),
    ("XSSProtection", "X-XSS-Protection", _Reader.xss),
    ("ContentTypeOptions", "X-Content-Type-Options", lambda reader, part, where: "nosniff"),
)
_LEGAL = {
    "FrameOption": ("DENY", "SAMEORIGIN"),
    "ReferrerPolicy": (
        "no-referrer",
        "no-referrer-when-downgrade",
        "origin",
        "origin-when-cross-origin",
        "same-origin",
        "strict-origin",
        "strict-origin-when-cross-origin",
        "unsafe-url",
    ),
}
