"""The way to the origin: one request, its attempts and timeouts, the second origin of a group, and what comes back.

The origin holds the definitive version. CloudFront asks it for a Plan's target: it tries to connect up to three times,
waits a bounded time for an answer, and, when the target is an origin group and the primary fails, asks the secondary
the same question. Every request tries the primary first; nothing remembers an outage.

Here, once, is also settled how long an answer may be kept. Every cache below obeys.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from cdnlab import cachekey, freshness, ranges, respond
from cdnlab.clock import Clock
from cdnlab.copies import Answer, Ask, Copy, Part
from cdnlab.directives import parse_age
from cdnlab.distance import Rtt, rtt
from cdnlab.errors import InputError, OriginError
from cdnlab.faults import cut_short, faulty
from cdnlab.messages import Body, Headers, Request, Response
from cdnlab.oai import Identity
from cdnlab.plan import OriginGroup, OriginSpec
from cdnlab.steps import Place, Trail
from cdnlab.wishes import Fetch, Reply, Work

__all__ = ["Origin", "Origins", "ToOrigin"]

_NOWHERE = Place("origin (nobody answers)", kind="origin", code="", city="")


class Origin(Protocol):
    """Anything that CloudFront can ask: the host names it answers to, where it stands, and its answers.

    One that also has `fetch(fetch, at)` is asked that way instead, and learns the time limits, too.
    """

    hosts: tuple[str, ...]
    place: Place
    fault: str | int | None

    def receive(self, request: Request, at: float, signed_by: Any = None) -> Reply:
        """The answer to a request that reached the origin at this moment (seconds since the epoch)."""


class Origins:
    """The origins that are connected, by host name, and CloudFront's identities towards them."""

    def __init__(self) -> None:
        self._by_host: dict[str, Origin] = {}
        self.identify: Callable[[str, OriginSpec, Request], Any] = lambda distribution, spec, request: None

    def connect(self, origin: Origin) -> None:
        """Let an origin answer under its host names. Raises InputError for what is not an origin."""
        if not callable(getattr(origin, "receive", None)) or not getattr(origin, "hosts", None):
            raise InputError(f"cannot connect {origin!r}; connect a Bucket, a WebServer, a MediaChannel or an S3Endpoint")
        for host in origin.hosts:
            self._by_host[host.lower()] = origin

    def find(self, host: str) -> Origin | None:
        """The origin that answers under this name."""
        return self._by_host.get(host.lower())

    def hosts(self) -> list[str]:
        """All names under which somebody answers."""
        return sorted(self._by_host)

    def place_of(self, host: str) -> Place:
        """Where that origin stands; nowhere when nobody answers there."""
        origin = self.find(host)
        return _NOWHERE if origin is None else origin.place

    def receive(self, fetch: Fetch, at: float) -> Reply:
        """What becomes of a Fetch that arrives at this moment; the simulated driver asks this."""
        request = fetch.request
        origin = self.find(request.host)
        if origin is None:
            known = ", ".join(self.hosts()) or "none"
            return Reply(
                OriginError("dns", f"no origin is connected as {request.host}; connected: {known}"),
                rule="ORIGIN-06",
                says="nobody answers under this name",
            )
        if origin.fault is not None:
            broken = faulty(origin.fault, request, fetch.connect_timeout, fetch.read_timeout)
            if broken is not None:
                return broken
        real: Callable[[Fetch, float], Reply] | None = getattr(origin, "fetch", None)  # a real server keeps to real time limits
        reply = origin.receive(request, at, fetch.signed_by) if real is None else real(fetch, at)
        return cut_short(reply) if origin.fault == "cuts" else reply


class ToOrigin:
    """The way from one place to the origins. `place`: who asks; `clock`; `origins`: who can be asked."""

    __slots__ = ("clock", "origins", "place")

    def __init__(self, place: Place, clock: Clock, origins: Origins) -> None:
        self.place, self.clock, self.origins = place, clock, origins

    def answer(self, ask: Ask, trail: Trail) -> Work[Answer]:
        """Ask the Plan's origin, and the second one of a group if the first fails."""
        target = ask.plan.origin
        if isinstance(target, OriginSpec):
            sent_at, outcome = yield from self._attempts(ask, target, trail)
            return self._answer(ask, target, sent_at, outcome, trail)
        primary, secondary = target.members
        sent_at, outcome = yield from self._attempts(ask, primary, trail)
        why = self._fails_over(ask, target, outcome)
        if not why:
            return self._answer(ask, primary, sent_at, outcome, trail)
        if trail.explain:
            trail.note(self.place, "ORIGIN-05", f"{why}: the same request goes to the secondary origin {secondary.id}")
        sent_at, outcome = yield from self._attempts(ask, secondary, trail)
        return self._answer(ask, secondary, sent_at, outcome, trail)

    @staticmethod
    def _fails_over(ask: Ask, group: OriginGroup, outcome: Response | OriginError) -> str:
        if ask.request.method not in ("GET", "HEAD", "OPTIONS"):
            return ""
        if isinstance(outcome, OriginError):
            return f"the primary origin failed ({outcome.kind})"
        return f"the primary origin answered {outcome.status}" if outcome.status in group.status_codes else ""

    def _attempts(self, ask: Ask, spec: OriginSpec, trail: Trail) -> Work[tuple[float, Response | OriginError]]:
        """Send the request, again if that is allowed, and return when it was sent first and what came of it."""
        request = self._request(ask, spec)
        place = self.origins.place_of(spec.domain_name)
        ms, basis = Rtt(0.0, "assumed") if place is _NOWHERE else rtt(self.place, place)
        signed_by = self.origins.identify(ask.distribution, spec, request)
        if isinstance(signed_by, Identity) and signed_by.signed:
            request = replace(request, headers=request.headers.without("Authorization"))  # the signature takes its place (OAI-14)
        first = self.clock.now()
        deadline = math.inf if spec.completion_timeout is None else first + spec.completion_timeout
        for attempt in range(1, spec.connection_attempts + 1):
            if trail.explain and place is not _NOWHERE:
                trail.leg(self.place, place, ms / 2, basis)
            left = deadline - self.clock.now()
            reply: Reply = yield Fetch(request, ms, min(spec.connection_timeout, left), min(spec.read_timeout, left), signed_by)
            outcome = reply.outcome
            if isinstance(outcome, Response):
                trail.origin_requests.append(request)
                trail.origin_statuses.append(outcome.status)
                trail.origin_loads += ((place.region, len(outcome.content)),)
                if trail.explain:
                    trail.note(place, reply.rule or "ORIGIN-01", reply.says or f"answers {outcome.status}", _state(outcome), ago_ms=ms / 2)
                    trail.leg(place, self.place, ms / 2, basis, ago_ms=ms / 2)
                return first, self._checked(outcome, request)
            if outcome.kind == "read-timeout":
                trail.origin_requests.append(request)
                trail.origin_statuses.append(0)
                trail.origin_loads += ((place.region, 0),)
            again = outcome.kind in ("refused", "connect-timeout") or (outcome.kind == "read-timeout" and request.method in ("GET", "HEAD"))
            last = attempt == spec.connection_attempts or not again or self.clock.now() >= deadline
            if trail.explain:
                trail.note(
                    place,
                    reply.rule or "ORIGIN-03",
                    f"{reply.says or outcome} (attempt {attempt} of {spec.connection_attempts})",
                    "error" if last else "",
                )
            if last:
                return first, outcome
        raise AssertionError("an origin is tried at least once")

    def _request(self, ask: Ask, spec: OriginSpec) -> Request:
        """The request as this origin will receive it, with the asker's own condition or range."""
        viewer = ask.request.headers
        extra: list[tuple[str, str]] = []
        if not ask.cacheable:
            extra = [(name, viewer[name]) for name in (*ranges.CONDITIONS, "Range") if name in viewer]
        elif ask.known is not None and ask.known.revalidates():
            for name, field in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
                if field in ask.known.headers:
                    extra.append((name, ask.known.headers[field]))
        elif ask.known is None:
            if ask.wanted is not None:
                extra.append(("Range", f"bytes={ask.wanted[0]}-{ask.wanted[1]}"))
            elif "Range" not in viewer:
                extra = [(name, viewer[name]) for name in ranges.CONDITIONS if name in viewer]
        return cachekey.origin_request(
            ask.plan,
            spec,
            ask.request,
            cacheable=ask.cacheable,
            generated=ask.generated,
            viewer_ip=ask.viewer_ip,
            request_id=ask.id,
            pop=ask.pop,
            extra=extra,
        )

    @staticmethod
    def _checked(response: Response, request: Request) -> Response | OriginError:
        """The response with a Body that knows how long it should be; OriginError when it is not an answer at all."""
        if response.status < 200:
            return OriginError("invalid", f"{request.host} answered {response.status}, which is not a final answer")
        length = response.headers.get("Content-Length")
        if length is None or request.method == "HEAD" or response.status in (204, 304):
            return response
        if not (length.isascii() and length.isdigit()):
            return OriginError("invalid", f"{request.host} sent Content-Length: {length}")
        if response.content.open or len(response.content) == int(length):
            return response
        return Response(response.status, response.headers, Body(response.body[: int(length)], size=int(length)))

    def _answer(self, ask: Ask, spec: OriginSpec, sent_at: float, outcome: Response | OriginError, trail: Trail) -> Answer:
        """Make a Copy of what came back, with the life it may have."""
        failure = ""
        if isinstance(outcome, OriginError):
            failure, outcome = outcome.kind, Response(outcome.status)
        known = ask.known if ask.known is not None and ask.known.revalidates() else None
        unchanged = outcome.status == 304 and known is not None and ask.cacheable
        headers = respond.clean_headers(outcome.headers, ask.plan.recipe, s3=spec.kind == "s3", at=self.clock.now())
        if unchanged and known:
            headers = known.headers_with(headers)
        judged = Response(200 if unchanged or outcome.status == 206 else outcome.status, _freshness_fields(headers, outcome.headers))
        life = freshness.lifetime(
            judged,
            ask.plan.recipe.ttls,
            sent_at=sent_at,
            s3=spec.kind == "s3",
            error_ttl=ask.error_ttl(outcome.status),
            cookies_forwarded=ask.plan.recipe.cookies_forwarded,
        )
        if not ask.cacheable or (outcome.status == 304 and not unchanged):
            life = replace(life, keep="drop", shareable=False)
        if trail.explain and ask.cacheable:
            trail.note(self.place, life.rule, life.says)
        if outcome.status >= 400:
            sent_at = self.clock.now()  # ErrorCachingMinTTL spares an origin that was slow to fail (ERR-12)
        born = sent_at - parse_age(outcome.headers)
        if unchanged and known:
            return Answer(known.renewed(headers, life, sent_at, born), "refresh")
        part = ranges.parse_content_range(outcome.headers.get("Content-Range")) if outcome.status == 206 else None
        if outcome.status == 206 and part is None:
            life = replace(life, keep="drop", shareable=False)
        response = Response(outcome.status, headers, outcome.content)
        if ask.cacheable and ask.plan.compress and part is None:
            response = respond.compress(response, cachekey.accept_encoding(ask.plan.recipe, ask.request), version=ask.request.version)
        copy = Copy(
            status=response.status,
            headers=response.headers,
            content=response.content,
            life=life,
            requested_at=sent_at,
            born=born,
            fresh_until=sent_at + life.seconds,
            part=Part(part[0], part[2]) if part else None,
            origin=spec.domain_name,
            failure=failure,
        )
        return Answer(copy, "error" if copy.status >= 400 else "miss", failure)


def _freshness_fields(kept: Headers, sent: Headers) -> Headers:
    """The fields that decide freshness, as the origin sent them: clean-up may have dropped some (Age, Vary)."""
    missing = [(name, value) for name, value in sent.items() if name.lower() in ("age", "vary", "date") and name not in kept]
    return kept.plus(missing)


def _state(response: Response) -> str:
    return "error" if response.status >= 400 else "refresh" if response.status == 304 else "hit"
