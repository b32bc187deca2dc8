"""The service: the map of edges, the distributions on it, and requests that run through them.

`CloudFront()` is a whole content delivery network in memory. Its control plane has boto3's calls; `get`, `request` and
`play` send requests and return Journeys. An edge comes into being when the first request reaches it, and a regional
cache when the first edge asks it. Nothing here reaches a network, and the clock stands still between requests.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from zlib import crc32

from cdnlab.bucket import Bucket
from cdnlab.bucketsettings import BucketSettings
from cdnlab.cachekey import CacheKey
from cdnlab.clock import SimulatedClock
from cdnlab.control import ControlPlane
from cdnlab.copies import Copy
from cdnlab.distribution import Distribution
from cdnlab.driver import SimulatedDriver
from cdnlab.edge import EdgeLocation, Served, Visit
from cdnlab.errors import ConfigError, InputError, UnknownName
from cdnlab.fields import Field
from cdnlab.geography import EdgeSite, RegionalSite, Viewer, edge, nearest_edge, reach, regional, regional_for
from cdnlab.holdings import DEPLOYED_AFTER
from cdnlab.invalidations import cache_tags, check_invalidation, invalidates
from cdnlab.journey import Journey
from cdnlab.messages import Headers, HeaderSource, Request, split_url
from cdnlab.oai import ANONYMOUS, Identity
from cdnlab.origin import Origin, Origins, ToOrigin
from cdnlab.plan import OriginGroup, OriginSpec
from cdnlab.regional import Hop, Shielded, Upstairs
from cdnlab.shapes import look
from cdnlab.steps import Place, Trail
from cdnlab.storage import Store
from cdnlab.tier import Chosen, Tier
from cdnlab.wishes import Travel, Work

__all__ = ["CloudFront", "Held"]

EDGE_BYTES = 10 * 2**30
REGIONAL_BYTES = 10 * EDGE_BYTES


class Held(NamedTuple):
    """One copy in a cache: `place`, `path` (as in the cache key), `size` in bytes, seconds it stays `fresh_for` (negative: expired).

    `lasts`: how long its whole life is, in seconds.
    """

    place: Place
    host: str
    path: str
    size: int
    fresh_for: float
    key: CacheKey
    lasts: float


class CloudFront(ControlPlane):
    """A content delivery network you can see through.

    `clock`: the simulated time it lives in; `seed`: makes its ids, the same every time; `edge_bytes`, `regional_bytes`:
    shelf sizes (our assumption, AWS publishes none); `slow_propagation`: a changed config reaches each edge at its own
    time, within five minutes, instead of at once (an attribute, too: switch it when you like); `account_id`: the 12 digits in
    ARNs. Distributions, invalidations, policies and identities are made with boto3's calls; see ControlPlane.

    >>> from cdnlab.webserver import WebServer
    >>> from cdnlab.messages import Response
    >>> cdn = CloudFront()
    >>> cdn.connect(WebServer("www.example.com", lambda request: Response(200, {"Cache-Control": "max-age=60"}, b"hello")))
    >>> origin = {"Id": "www", "DomainName": "www.example.com", "CustomOriginConfig": {
    ...     "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}}
    >>> behaviour = {"TargetOriginId": "www", "ViewerProtocolPolicy": "allow-all",
    ...     "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"}
    >>> made = cdn.create_distribution(DistributionConfig={"CallerReference": "1", "Comment": "", "Enabled": True,
    ...     "Origins": {"Quantity": 1, "Items": [origin]}, "DefaultCacheBehavior": behaviour})
    >>> url = f"https://{made['Distribution']['DomainName']}/"
    >>> [cdn.get(url, viewer=city).result for city in ("Lisbon", "Lisbon", "Tokyo")]
    ['Miss', 'Hit', 'Miss']
    """

    def __init__(
        self,
        clock: SimulatedClock | None = None,
        seed: int = 0,
        *,
        edge_bytes: int = EDGE_BYTES,
        regional_bytes: int = REGIONAL_BYTES,
        slow_propagation: bool = False,
        account_id: str = "111122223333",
    ) -> None:
        self.clock = SimulatedClock() if clock is None else clock
        if not isinstance(self.clock, SimulatedClock):
            raise InputError(f"clock is {clock!r}; give a SimulatedClock, such as SimulatedClock('2026-01-01T00:00:00Z')")
        if not isinstance(seed, int):
            raise InputError(f"seed is {seed!r}; give a whole number")
        super().__init__(self.clock, seed, account_id=account_id)
        self.origins = Origins()
        self.origins.identify = self._identify
        self.edge_bytes, self.regional_bytes = Store[Any, Any](edge_bytes).capacity, Store[Any, Any](regional_bytes).capacity
        self._driver = SimulatedDriver(self.clock, self.origins.receive)
        self._ids = random.Random(f"{seed} request ids")  # noqa: S311 (ids for a simulation)
        self._edges: dict[str, EdgeLocation] = {}
        self._regionals: dict[str, Tier] = {}
        self._trouble: dict[str, float] = {}
        self.slow_propagation = slow_propagation
        self._versions: dict[str, list[tuple[float, Distribution]]] = {}
        self._buckets: dict[str, BucketSettings] = {}
        self._identities = _Identities(self)

    def distribution(self, id_or_host: str) -> Distribution:
        """What a config was compiled into, by the distribution's id or any of its host names: `plans`, `warnings`, `explain()`.

        Raises UnknownName.
        """
        known = isinstance(id_or_host, str)
        found = (self._distributions.get(id_or_host) or self._distribution_for(id_or_host)) if known else None
        if found is None:
            raise UnknownName("distribution", id_or_host, [*self._distributions, *self._known_hosts()], "create one first")
        return found

    # -- origins and the map

    def connect(self, *origins: Origin) -> None:
        """Let these origins answer under their host names. Raises InputError for what is not an origin."""
        for origin in origins:
            self.origins.connect(origin)
            if getattr(origin, "clock", self) is None:
                origin.clock = self.clock  # type: ignore[attr-defined]
            if isinstance(origin, Bucket):
                self._buckets[origin.name] = origin
                origin.neighbours, origin.oais = self._buckets, self._identities

    @property
    def trouble(self) -> Mapping[str, float]:
        """Trouble on the line: extra milliseconds to and from an edge, by its code."""
        return dict(self._trouble)

    def set_trouble(self, edge_code: str, ms: float) -> None:
        """Make an edge slower to reach by `ms` milliseconds a round trip; 0 ends the trouble. Raises InputError, UnknownName."""
        site = edge(edge_code)
        trouble = {**self._trouble, site.code: ms}
        nearest_edge("Lisbon", penalties=trouble)  # checks the number
        self._trouble = {code: extra for code, extra in trouble.items() if extra}

    def copies(self, url: str | None = None) -> list[Held]:
        """What the caches hold now, of one URL's path or of everything: edges by code, then regional caches."""
        if url is None:
            return self._held(lambda key, copy: True)
        wanted = split_url(url)
        host = self._host_of(wanted.host).domain_name
        return self._held(lambda key, copy: (key.domain_name, key.path) == (host, wanted.path))

    def _held(self, chosen: Chosen) -> list[Held]:
        now = self.clock.now()
        return [
            Held(tier.place, key.domain_name, key.path, copy.size, copy.fresh_until - now, key, copy.life.seconds)
            for tier in self._tiers()
            for key, copy in tier.held()
            if chosen(key, copy)
        ]

    def preview_invalidation(self, distribution_id: str, *paths: str) -> list[Held]:
        """The copies that an invalidation of these paths (or `#tags`) would remove now, and where they are. Removes nothing.

        Raises UnknownName for a distribution that does not exist, ConfigError for paths that create_invalidation refuses.
        Source: invalidation-specifying-objects.
        """
        distribution = self.distribution(distribution_id)
        batch = {"CallerReference": "preview", "Paths": {"Quantity": len(paths), "Items": list(paths)}}
        field = Field(batch, "", look(batch, "InvalidationBatch"))
        check_invalidation(field, tags=bool(distribution.cache_tag_header))
        if field.findings.problems:
            raise ConfigError(field.findings.problems)
        return self._held(_chosen(distribution, paths))

    def _invalidated(self, distribution: Distribution, paths: Iterable[str]) -> None:
        """Remove these paths from every edge and every regional cache, remembered errors included."""
        chosen = _chosen(distribution, paths)
        for tier in self._tiers():
            tier.purge(chosen)

    def _tiers(self) -> list[Tier]:
        return [self._edges[code].tier for code in sorted(self._edges)] + [self._regionals[name] for name in sorted(self._regionals)]

    # -- requests

    def get(self, url: str, viewer: Viewer | str = "Lisbon", headers: HeaderSource = (), *, explain: bool = True) -> Journey:
        """Send a GET and follow it to its end; the clock moves by its latency.

        `viewer`: a city's name or a Viewer; `headers`: the viewer's own; `explain=False` leaves out the steps.
        Raises MessageError (URL, headers) or UnknownName (viewer, host).
        """
        return self.request("GET", url, headers, viewer=viewer, explain=explain)

    def request(
        self,
        method: str,
        url: str,
        headers: HeaderSource = (),
        body: bytes = b"",
        viewer: Viewer | str = "Lisbon",
        *,
        explain: bool = True,
        version: str = "HTTP/1.1",
    ) -> Journey:
        """Send any request and follow it to its end, like `get`. `version`: the viewer's HTTP version."""
        request = Request(method, url, Headers(headers), body, version)
        return self._driver.run(self._journey(request, Viewer.of(viewer), self._host_of(request.host), explain))

    def play(self, requests: Iterable[Sequence[Any]], *, explain: bool = True) -> list[Journey]:
        """Send many requests, each `at` its own second from now, overlapping as they fall; Journeys in the given order.

        Each item: (at_seconds, method, url), then if wanted viewer, headers, body. The clock ends when the last one has.
        Raises InputError for an item of another shape, and whatever `request` raises, before anything is sent.
        """
        if not isinstance(requests, Iterable):
            raise InputError(f"the requests to play are {requests!r}; give a list of (at_seconds, method, url, viewer, headers, body)")
        planned = [(*self._planned(number, item), number) for number, item in enumerate(requests)]
        now = self.clock.now()
        tasks = [self._driver.start(self._journey(request, viewer, host, explain), now + at) for at, request, viewer, host, _ in planned]
        return self._driver.finish(tasks)

    def _planned(self, number: int, item: Sequence[Any]) -> tuple[float, Request, Viewer, Distribution]:
        if not isinstance(item, Sequence) or isinstance(item, str) or not 3 <= len(item) <= 6:
            raise InputError(
                f"request {number} to play is {item!r}; give (at_seconds, method, url, viewer, headers, body), the last three if wanted"
            )
        at, method, url, *rest = item
        if isinstance(at, bool) or not isinstance(at, int | float) or not 0 <= at < 1e9:
            raise InputError(f"request {number} to play: at_seconds is {at!r}; give seconds from now, 0 or more")
        given: list[Any] = [*rest, None, None, None]
        viewer, headers, body = given[:3]
        request = Request(method, url, Headers(headers or ()), body or b"")
        return float(at), request, Viewer.of(viewer or "Lisbon"), self._host_of(request.host)

    def _host_of(self, host: str) -> Distribution:
        """Where DNS leads for this name. Raises UnknownName when it leads to no distribution."""
        if (found := self._distribution_for(host)) is not None:
            return found
        origin = self.origins.find(host)
        hint = f"{host} is an origin; ask for it through a distribution" if origin is not None else "create a distribution first"
        raise UnknownName("host", host, () if origin is not None else self._known_hosts(), hint)

    def _journey(self, request: Request, viewer: Viewer, dns: Distribution, explain: bool) -> Work[Journey]:
        site = nearest_edge(viewer, dns.price_class, self._trouble)
        edge = self._edge(site)
        trail = Trail(self.clock, explain=explain)
        half = reach(viewer, site, self._trouble).ms / 2
        if explain:
            trail.note(viewer.place, "PATH-01", f"{site.code} ({site.city}) answers fastest: {half * 2:.1f} ms there and back")
            trail.leg(viewer.place, site.place, half, "assumed")
        yield Travel(half)
        named = request.headers.get("Host")
        owner = dns if named is None else self._distribution_for(named)
        if owner is not None and self.slow_propagation:
            owner = self._in_force(owner, site)
        visit = Visit(request, viewer, owner, self._request_id(), self.clock.now(), self._trusted)
        served: Served = yield from edge.handle(visit, trail)
        if explain:
            trail.leg(site.place, viewer.place, half, "assumed")
        yield Travel(half)
        return Journey(
            request=request,
            response=served.response,
            viewer=viewer.place,
            viewer_ip=viewer.ip,
            edge=site.code,
            pop=site.pop,
            result=served.result,
            detailed=served.detailed,
            distribution=(owner or dns).domain_name,
            id=visit.id,
            started=trail.started,
            latency_ms=round(trail.at_ms(), 3),
            way=(viewer.place, site.place, *self._way(site, owner, request.path)) if explain else (),
            steps=tuple(trail.steps),
            legs=tuple(trail.legs),
            treatments=served.treatments,
            origin_requests=tuple(trail.origin_requests),
            last_mile_ms=half * 2,
            log_cookies=owner is not None and owner.log_cookies,
            origin_statuses=tuple(trail.origin_statuses),
            origin_loads=trail.origin_loads,
            shields=trail.shields,
        )

    def _way(self, site: EdgeSite, owner: Distribution | None, path: str) -> tuple[Place, ...]:
        """The places beyond the edge, as they stand for this request, whether or not it went so far."""
        regional_place = regional_for(site).place
        if owner is None:
            return (regional_place,)
        if path == "/" and owner.default_root_object:
            path = "/" + owner.default_root_object
        target = owner.plan_for(path).origin
        spec = target if isinstance(target, OriginSpec) else target.members[0]
        shield = (regional(spec.shield_region).place,) if spec.shield_region and spec.shield_region != regional_place.region else ()
        return (regional_place, *shield, self.origins.place_of(spec.domain_name))

    def _request_id(self) -> str:
        return base64.urlsafe_b64encode(self._ids.getrandbits(336).to_bytes(42, "big")).decode()

    def _deployed(self, distribution: Distribution) -> None:
        """Remember each version of a config and when it was made."""
        self._versions.setdefault(distribution.id, []).append((self.clock.now(), distribution))

    def _removed(self, id: str) -> None:
        self._versions.pop(id, None)

    def _in_force(self, distribution: Distribution, site: EdgeSite) -> Distribution:
        """The newest version of a config that has reached this edge (PATH-16)."""
        delay = DEPLOYED_AFTER * crc32(site.code.encode()) / 2**32
        versions = self._versions[distribution.id]
        arrived = [version for made, version in versions if made + delay <= self.clock.now()]
        return arrived[-1] if arrived else versions[0][1]

    # -- the caches

    def _edge(self, site: EdgeSite) -> EdgeLocation:
        """The edge location at this site, built when it is first needed."""
        found = self._edges.get(site.code)
        if found is None:
            straight = Shielded(site.place, ToOrigin(site.place, self.clock, self.origins), self._shield_from(site.place))
            above = Upstairs(site.place, Hop(site.place, self._regional(regional_for(site))), straight, self._region_of)
            found = self._edges[site.code] = EdgeLocation(site, Tier(site.place, above, self.clock, self.edge_bytes), self.clock)
        return found

    def _regional(self, site: RegionalSite) -> Tier:
        found = self._regionals.get(site.region)
        if found is None:
            above = Shielded(site.place, ToOrigin(site.place, self.clock, self.origins), self._shield_from(site.place))
            found = self._regionals[site.region] = Tier(site.place, above, self.clock, self.regional_bytes)
        return found

    def _shield_from(self, place: Place) -> Any:
        """From a place: the Hop to the shield in a Region, None when the place is that shield itself."""

        @lru_cache
        def hop(region_name: str) -> Hop | None:
            return None if place.region == region_name else Hop(place, self._regional(regional(region_name)))

        return hop

    def _identify(self, distribution: str, spec: OriginSpec, request: Request) -> Identity:
        """Who CloudFront says it is when it asks this origin: nobody, an origin access identity, or itself for a distribution."""
        if spec.oai:
            return self._oai(spec.oai)
        if spec.oac and self._oac_signs(spec.oac, request):
            return Identity.oac(distribution)
        return ANONYMOUS

    def _region_of(self, spec: OriginSpec) -> str:
        return self.origins.place_of(spec.domain_name).region


class _Identities(Mapping[str, str]):
    """The origin access identities there are, as S3 knows them: canonical user ids by identity id.

    Those of this account, and those that a distribution refers to, which must exist somewhere on AWS.
    """

    def __init__(self, cdn: CloudFront) -> None:
        self._cdn = cdn

    def __getitem__(self, id: str) -> str:
        if id in self._ids():
            return self._cdn._oai(id).canonical_user
        raise KeyError(id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids())

    def __len__(self) -> int:
        return len(self._ids())

    def _ids(self) -> set[str]:
        plans = [plan for distribution in self._cdn._distributions.values() for plan in distribution.plans]
        specs = [spec for plan in plans for spec in (plan.origin.members if isinstance(plan.origin, OriginGroup) else (plan.origin,))]
        return {spec.oai for spec in specs if spec.oai} | set(self._cdn._records["CloudFrontOriginAccessIdentity"])


def _chosen(distribution: Distribution, paths: Iterable[str]) -> Chosen:
    """Which copies an invalidation of these paths removes."""
    listed = list(paths)
    tags = {path[1:].lower() for path in listed if path.startswith("#")}
    patterns = [path for path in listed if not path.startswith("#")]

    def chosen(key: CacheKey, copy: Copy) -> bool:
        if key.domain_name != distribution.domain_name:
            return False
        if any(invalidates(pattern, key.path, key.query) for pattern in patterns):
            return True
        return bool(tags) and bool(tags & cache_tags(copy.headers.joined(distribution.cache_tag_header or "-") or ""))

    return chosen
