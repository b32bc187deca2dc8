"""An edge location: the checks at the viewer's side, then the cache, then the answer.

A request is first held against one list of checks (`CHECKS`), in order; the first that objects answers it, and neither
a cache nor the origin hears of it. AWS documents each check and not their order; the order here is our choice
(CHECK-01). What passes becomes an Ask of the edge's own tier. What comes back becomes the viewer's response:
conditions and ranges are served from the copy, errors may be replaced by an error page, and CloudFront signs with its
headers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from zlib import crc32

from cdnlab import cachekey, errorpages, ranges, respond
from cdnlab.clock import Clock
from cdnlab.copies import Answer, Ask, Copy
from cdnlab.directives import http_date
from cdnlab.distribution import Distribution
from cdnlab.geography import EdgeSite, Viewer
from cdnlab.keys import PublicKey
from cdnlab.messages import Headers, Request, Response
from cdnlab.plan import ErrorRule, Plan
from cdnlab.regional import shield_region
from cdnlab.steps import Trail, Treatment
from cdnlab.tier import Tier
from cdnlab.tokens import own_query
from cdnlab.verification import accepted, verify
from cdnlab.viewerheaders import generated_headers
from cdnlab.wishes import Work

__all__ = ["CHECKS", "EdgeLocation", "Refusal", "Served", "Visit"]

MAX_URL = 8192  # bytes; longer: 414 (cloudfront-limits)
MAX_HEADERS = 32768  # bytes of request line and headers; more: 494 (cloudfront-limits)


def _nobody(plan: Plan) -> Mapping[str, PublicKey]:
    return {}


@dataclass(frozen=True, slots=True)
class Visit:
    """One request as it reaches an edge, `at` a moment (seconds since the epoch).

    `distribution`: whose it is, None if the host belongs to nobody; `trusted`: the public keys that a Plan trusts, by id.
    """

    request: Request
    viewer: Viewer
    distribution: Distribution | None
    id: str
    at: float = 0.0
    trusted: Callable[[Plan], Mapping[str, PublicKey]] = _nobody

    @property
    def host(self) -> str:
        """The host that the viewer names: the Host header if there is one, else the URL's."""
        return self.request.headers.get("Host", self.request.host) or self.request.host


class Refusal(NamedTuple):
    """A check's objection: the `case` (a row of the table of generated answers), by `rule`; `says` why."""

    case: str
    rule: str
    says: str
    detailed: str = "Error"
    location: str = ""


class Served(NamedTuple):
    """What the viewer gets, and CloudFront's words for it (log fields x-edge-result-type and x-edge-detailed-result-type)."""

    response: Response
    result: str
    detailed: str
    treatments: tuple[Treatment, ...] = ()


Check = Callable[[Visit, Plan], Refusal | None]


def check_limits(visit: Visit, plan: Plan) -> Refusal | None:
    """URL of at most 8,192 bytes, request line and headers of at most 32,768."""
    if len(visit.request.url) > MAX_URL:
        return Refusal("url too long", "CHECK-02", f"the URL has {len(visit.request.url):,} bytes, more than {MAX_URL:,}", "InvalidRequest")
    size = len(visit.request.target) + sum(len(name) + len(value) + 4 for name, value in visit.request.headers.items())
    if size > MAX_HEADERS:
        return Refusal(
            "headers too big", "CHECK-02", f"the head of the request has {size:,} bytes, more than {MAX_HEADERS:,}", "InvalidRequestHeader"
        )
    return None


def check_body(visit: Visit, plan: Plan) -> Refusal | None:
    """A GET or HEAD has no body."""
    if visit.request.body and visit.request.method in ("GET", "HEAD"):
        return Refusal("get with body", "CHECK-03", f"a {visit.request.method} with a body is refused", "InvalidRequest")
    return None


def check_enabled(visit: Visit, plan: Plan) -> Refusal | None:
    """A disabled distribution serves nobody."""
    if visit.distribution is not None and not visit.distribution.enabled:
        return Refusal("disabled", "CHECK-05", "the distribution is disabled", "InvalidRequest")
    return None


def check_country(visit: Visit, plan: Plan) -> Refusal | None:
    """The viewer's country is one that may ask; an unknown one always may."""
    geo = visit.distribution.geo if visit.distribution is not None else None
    country = visit.viewer.country
    if geo is None or geo.kind == "none" or country is None:
        return None
    if (country in geo.countries) is (geo.kind == "whitelist"):
        return None
    why = "is not on the list of allowed countries" if geo.kind == "whitelist" else "is on the list of blocked countries"
    return Refusal("country", "CHECK-06", f"{country} {why}", "ClientGeoBlocked")


def check_protocol(visit: Visit, plan: Plan) -> Refusal | None:
    """HTTP is allowed, redirected to HTTPS, or refused."""
    if visit.request.scheme == "https" or plan.viewer_protocol == "allow-all":
        return None
    if plan.viewer_protocol == "https-only":
        return Refusal("https only", "CHECK-07", "the behaviour serves HTTPS only", "InvalidRequest")
    location = errorpages.https_location(visit.request, visit.host)
    if visit.request.method in ("GET", "HEAD"):
        return Refusal("redirect", "CHECK-08", "HTTP is redirected to HTTPS", "Redirect", location)
    if visit.request.version == "HTTP/1.0":
        return Refusal("https only", "CHECK-08", f"{visit.request.method} over HTTP/1.0 cannot be redirected", "InvalidRequest")
    return Refusal(
        "redirect same method", "CHECK-08", f"{visit.request.method} over HTTP is redirected to HTTPS, method kept", "Redirect", location
    )


def check_method(visit: Visit, plan: Plan) -> Refusal | None:
    """The behaviour allows the method."""
    if visit.request.method in plan.allowed_methods:
        return None
    allowed = ", ".join(sorted(plan.allowed_methods))
    return Refusal("method", "CHECK-09", f"{visit.request.method} is not allowed here; allowed: {allowed}", "InvalidRequestMethod")


def check_signature(visit: Visit, plan: Plan) -> Refusal | None:
    """Where signers are trusted, the request shows a signature that opens it."""
    if not plan.signed:
        return None
    verdict = verify(visit.request, visit.trusted(plan), at=visit.at, ip=visit.viewer.ip, host=visit.host)
    if verdict.ok:
        return None
    return Refusal(_SIGNATURE_CASES[verdict.code], verdict.rule, f"{_named(plan)} asks for a signature: {verdict.says}")


CHECKS: tuple[Check, ...] = (check_limits, check_body, check_enabled, check_country, check_protocol, check_method, check_signature)

_SIGNATURE_CASES = {
    "MissingKey": "missing key",
    "InvalidKey": "invalid key",
    "MalformedPolicy": "malformed policy",
    "MalformedSignature": "malformed signature",
    "AccessDenied": "access denied",
}

_X_CACHE = {"hit": "Hit", "refresh": "RefreshHit", "stale": "RefreshHit", "miss": "Miss"}
_FAILURES = {
    "dns": "OriginDnsError",
    "refused": "OriginConnectError",
    "connect-timeout": "OriginConnectError",
    "tls": "OriginConnectError",
    "read-timeout": "OriginReadError",
    "invalid": "OriginInvalidResponseError",
}


class EdgeLocation:
    """One edge location: its `site` on the map, its cache `tier`, its `clock`."""

    __slots__ = ("clock", "site", "tier")

    def __init__(self, site: EdgeSite, tier: Tier, clock: Clock) -> None:
        self.site, self.tier, self.clock = site, tier, clock

    def handle(self, visit: Visit, trail: Trail) -> Work[Served]:
        """Answer one request."""
        distribution = visit.distribution
        if distribution is None:
            known = "alias in DNS, not in the distribution" if visit.host != visit.request.host else "no distribution has this name"
            return self._refuse(visit, Refusal("unknown alias", "CHECK-04", f"host {visit.host}: {known}", "InvalidRequest"), trail)
        path = visit.request.path
        if path == "/" and distribution.default_root_object:
            path = "/" + distribution.default_root_object
            if trail.explain:
                trail.note(self.site.place, "CHECK-10", f"/ is asked as {path}, the default root object")
        plan = distribution.plan_for(path)
        for check in CHECKS:
            refusal = check(visit, plan)
            if refusal is not None:
                served = self._refuse(visit, refusal, trail)
                rule = distribution.errors.get(served.response.status)
                if rule is None or rule.page is None or refusal.case in errorpages.WITHOUT_CUSTOM_PAGE:
                    return served
                return served._replace(response=(yield from self._error_page(visit, distribution, rule, trail)))
        if trail.explain:
            trail.note(self.site.place, "ROUTE-01", f"{_named(plan)} takes {path}")
            if plan.signed:
                trail.note(self.site.place, "SIGN-01", accepted(visit.request, visit.host))
        ask = self._ask(visit, distribution, plan, path)
        answer = yield from self.tier.answer(ask, trail)
        return (yield from self._serve(visit, distribution, plan, ask, answer, trail))

    def _ask(self, visit: Visit, distribution: Distribution, plan: Plan, path: str, failed: Request | None = None) -> Ask:
        """The edge's question to its own tier. `failed`: the request that this one fetches an error page for."""
        query = own_query(visit.request.query) if plan.signed else visit.request.query
        unchanged = path == visit.request.path and query == visit.request.query
        request = visit.request if unchanged else _with_target(visit.request, path, query)
        recipe = plan.recipe
        generated = generated_headers(request, visit.viewer, error_for=failed) if recipe.generated else {}
        cacheable = recipe.caching and (
            request.method in ("GET", "HEAD") or (request.method == "OPTIONS" and "OPTIONS" in plan.cached_methods)
        )
        wanted = ranges.wanted(request.headers, request.method) if cacheable and "Range" in request.headers else None
        return Ask(
            request=request,
            plan=plan,
            key=cachekey.cache_key(recipe, request, distribution.domain_name, generated),
            cacheable=cacheable,
            errors=distribution.errors,
            viewer_ip=visit.viewer.ip,
            id=visit.id,
            pop=self.site.pop,
            distribution=distribution.arn,
            generated=generated,
            wanted=wanted,
        )

    def _serve(self, visit: Visit, distribution: Distribution, plan: Plan, ask: Ask, answer: Answer, trail: Trail) -> Work[Served]:
        """Make the viewer's response of an Answer."""
        copy, status = answer.copy, answer.copy.status
        result = "Error" if status >= 400 else _X_CACHE[answer.state]
        detailed = _FAILURES.get(
            answer.failure,
            "OriginError" if answer.state == "error" and answer.tier is None and not answer.shared and status >= 500 else result,
        )
        if result == "Miss" and answer.tier is not None:
            if answer.shield:
                detailed = "OriginShieldHit"
            elif answer.tier.region and answer.tier.region == shield_region(plan):
                detailed = "Hit"  # the regional cache is the shield, and its hits are logged as plain ones (PATH-17)
        treatments: tuple[Treatment, ...] = ()
        if trail.explain:
            sent = trail.origin_requests[-1] if trail.origin_requests else None
            treatments = cachekey.treatments(
                plan,
                visit.request if plan.signed else ask.request,
                viewer_ip=ask.viewer_ip,
                request_id=ask.id,
                pop=ask.pop,
                generated=ask.generated,
                sent=sent,
                cacheable=ask.cacheable,
            )
        if status >= 400:
            rule = distribution.errors.get(status)
            if rule is not None and rule.page is not None:
                page = yield from self._error_page(visit, distribution, rule, trail)
                return Served(page, result, detailed, treatments)
            if copy.failure:
                response = errorpages.answer_for_failure(copy.failure, status, **self._signed(visit))
                return Served(response, result, detailed, treatments)
        age = copy.age(self.clock.now()) if answer.state in ("hit", "refresh", "stale") or answer.tier else None
        as_sent = ask.wanted is not None and answer.state == "miss" and not answer.tier  # the origin answered a Range with 200
        response = self._respond(visit, plan, copy, result, age, cut=not as_sent or copy.part is not None)
        if response.status >= 400 and status < 400:  # a condition or a range that cannot be met
            result = detailed = "Error"
        return Served(response, result, detailed, treatments)

    def _error_page(self, visit: Visit, distribution: Distribution, rule: ErrorRule, trail: Trail) -> Work[Response]:
        """The custom error page, fetched like any other object, or the error that fetching it gives."""
        path = rule.page or "/"
        plan = distribution.plan_for(path)
        request = Request("GET", f"{visit.request.scheme}://{visit.request.host}{path}", Headers(), version=visit.request.version)
        page_visit = replace(visit, request=request)
        if trail.explain:
            trail.note(self.site.place, "CHECK-11", f"{rule.code} has a custom error page: {path}, by behaviour {plan.pattern}")
        answer = yield from self.tier.answer(self._ask(page_visit, distribution, plan, path, visit.request), trail)
        copy = answer.copy
        if copy.status >= 400 and trail.explain:
            trail.note(self.site.place, "CHECK-12", f"the error page itself gives {copy.status}: that is what the viewer gets", "error")
        if copy.failure:
            return errorpages.answer_for_failure(copy.failure, copy.status, **self._signed(visit))
        response = self._respond(page_visit, plan, copy, "Error", None)
        status = copy.status if copy.status >= 400 else rule.response_code or rule.code
        return Response(status, response.headers, b"" if visit.request.method == "HEAD" else response.content)

    def _respond(self, visit: Visit, plan: Plan, copy: Copy, word: str, age: int | None, *, cut: bool = True) -> Response:
        """The viewer's response of a copy, with what the behaviour's response headers policy wants to know."""
        policy: dict[str, Any] = {}
        if plan.response_headers is not None:
            found = {"Hit": "hit", "RefreshHit": "refresh"}.get(word, "miss")
            layer = ',cdn-hit-layer;desc="EDGE"' if found == "hit" else ""
            timing = f'cdn-cache-{found},cdn-pop;desc="{self.site.pop}",cdn-rid;desc="{visit.id}"{layer}'
            policy = {"date": http_date(self.clock.now()), "timing": timing, "draw": crc32(visit.id.encode()) / 2**32}
        return respond.viewer_response(
            copy, visit.request, plan, x_cache=word, age=age, pop=self.site.pop, request_id=visit.id, cut=cut, **policy
        )

    def _signed(self, visit: Visit) -> dict[str, Any]:
        """What CloudFront's own answers are signed with."""
        request = visit.request
        return {
            "request_id": visit.id,
            "pop": self.site.pop,
            "at": self.clock.now(),
            "version": request.version,
            "head": request.method == "HEAD",
        }

    def _refuse(self, visit: Visit, refusal: Refusal, trail: Trail) -> Served:
        redirect = refusal.detailed == "Redirect"
        if trail.explain:
            trail.note(self.site.place, refusal.rule, refusal.says, "redirect" if redirect else "blocked")
        response = errorpages.generated(refusal.case, location=refusal.location, **self._signed(visit))
        result = "Redirect" if redirect else "Error"
        return Served(response, result, refusal.detailed)


def _named(plan: Plan) -> str:
    return "the default behaviour" if plan.is_default else f"behaviour {plan.number}, {plan.pattern},"


def _with_target(request: Request, path: str, query: str | None) -> Request:
    """The same request for another path or query of the same host."""
    target = path if query is None else f"{path}?{query}"
    return Request(request.method, f"{request.scheme}://{request.parts.authority}{target}", request.headers, request.body, request.version)
