"""The world of lesson 01: one photo, viewers all over the earth, and three ways to be everywhere.

An old photo lies in a bucket in Stockholm. It is replaced by a new one of the same name, and then one viewer in each of 150
towns opens it, all at the same moment, in one of three ways: from the bucket itself; from the nearest of six buckets in six Regions,
which replicate; or through a CloudFront distribution in front of the one bucket.

What the caches hold at that moment depends on who asked before, so that is played first: in every town requests come at
random (Poisson, from a seed) at the rate that is set, for two lifetimes of a copy, and go through a real CloudFront. Only the
requests that change something are sent: while an edge's copy is fresh, further ones are Hits and leave everything as it was, and after
it has expired the next one comes after an exponential wait, whatever went before.

Assumed, and said so on the panels: how long replication takes, that every town sends equally many requests, that a viewer
of six buckets is led to the nearest one, and that copies are of different ages when the new photo comes.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from random import Random
from typing import Any, NamedTuple

from cdnlab.bucket import Bucket
from cdnlab.clock import SimulatedClock
from cdnlab.cloudfront import CloudFront, Held
from cdnlab.distance import great_circle_km, kilometres, region, regions, rtt
from cdnlab.geography import LAST_MILE_MS, EdgeSite, Viewer, cities, nearest_edge, regional_for, regionals
from cdnlab.journey import Journey
from cdnlab.messages import Request
from cdnlab.steps import Place

__all__ = ["HOME", "HOUR", "LAG", "MAX_AGE", "REGIONS", "Got", "Town", "World", "caches", "direct", "nearest_bucket", "towns", "world"]

HOME = "eu-north-1"
REGIONS = (HOME, "us-east-1", "sa-east-1", "ap-south-1", "ap-northeast-1", "ap-southeast-2")
"""Where the six buckets stand."""

DAY, HOUR = 86_400, 3_600
_AT_LEAST = 1800.0  # seconds of traffic that are played at least, so that there is something to count
MAX_AGE = HOUR
"""How long the bucket says that a copy stays fresh, in seconds."""

LAG = 900.0
"""How long replication takes, in seconds. Assumed: AWS promises nothing without Replication Time Control, which says 15 minutes."""

TOWNS, APART_KM = 150, 500
_FITS_KM = 3000  # data/rtt_fit.csv: the line through the measured pairs under 3,000 km
OLD, NEW = (b"\xff\xd8\xff\xe0" + name.ljust(204_796) for name in (b"the old photo", b"the new photo"))  # 204,800 bytes
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"


class Town(NamedTuple):
    """A city that stands for those around it: its `viewer`, the `edge` that answers it, `users`: internet users in all of them."""

    viewer: Viewer
    edge: EdgeSite
    users: float

    @property
    def name(self) -> str:
        """The city's name."""
        return self.viewer.place.code


@cache
def towns() -> tuple[Town, ...]:
    """150 cities, each standing for those of the 2,000 largest within 500 km, by internet users; the most first.

    >>> len(towns()), "Auckland" in {town.name for town in towns()}
    (150, True)
    """
    users: dict[Any, float] = {}
    for city in sorted(cities(), key=lambda city: -city.weight):
        near = [
            (kilometres(city.lat, city.lon, other.lat, other.lon), other.number, other)
            for other in users
            if abs(city.lat - other.lat) < 5 and other is not city
        ]
        nearest = min(near, default=(APART_KM, 0, city), key=lambda each: each[:2])
        home = nearest[2] if nearest[0] < APART_KM else city
        users[home] = users.get(home, 0.0) + city.weight
    largest = sorted(users.items(), key=lambda pair: (-pair[1], pair[0].number))[:TOWNS]
    viewers = [(Viewer(city.label), count) for city, count in largest]
    return tuple(Town(viewer, nearest_edge(viewer), count) for viewer, count in viewers)


class World(NamedTuple):
    """A CloudFront before the bucket in Stockholm, and the buckets that replicate from it: `buckets` by Region."""

    cdn: CloudFront
    url: str
    id: str
    buckets: dict[str, Bucket]

    @property
    def home(self) -> Bucket:
        """The bucket in Stockholm, with the definitive version."""
        return self.buckets[HOME]

    def upload(self, photo: bytes = NEW, cache_control: str = f"max-age={MAX_AGE}") -> None:
        """Put a photo into the bucket in Stockholm, under the name it always has."""
        self.home.put_object(Key="cat.jpg", Body=photo, ContentType="image/jpeg", CacheControl=cache_control)


def world(cache_control: str = f"max-age={MAX_AGE}", lag: float = LAG) -> World:
    """A world in which the old photo is everywhere that it is put to, and no cache holds anything yet. `lag`: seconds of replication.

    >>> here = world()
    >>> [direct(here.buckets[name], Viewer("Auckland")).new for name in ("eu-north-1", "ap-southeast-2")]
    [False, False]
    >>> here.upload()
    >>> [direct(here.buckets[name], Viewer("Auckland")).new for name in ("eu-north-1", "ap-southeast-2")]
    [True, False]
    """
    cdn = CloudFront(SimulatedClock("2026-01-01T00:00:00Z"))
    buckets = {name: _bucket(name) for name in REGIONS}
    cdn.connect(*buckets.values())
    home = buckets[HOME]
    home.put_bucket_replication(
        ReplicationConfiguration={"Role": "arn:aws:iam::111122223333:role/replicate", "Rules": list(_rules(buckets.values()))}
    )
    origin = {"Id": "photos", "DomainName": home.endpoint, "S3OriginConfig": {"OriginAccessIdentity": ""}}
    rule = {"TargetOriginId": "photos", "ViewerProtocolPolicy": "allow-all", "CachePolicyId": CACHING_OPTIMIZED}
    config = {"CallerReference": "lesson 01", "Comment": "", "Enabled": True, "Origins": {"Quantity": 1, "Items": [origin]}}
    made = cdn.create_distribution(DistributionConfig=config | {"DefaultCacheBehavior": rule})["Distribution"]
    here = World(cdn, f"https://{made['DomainName']}/cat.jpg", made["Id"], buckets)
    here.upload(OLD, cache_control)
    cdn.clock.advance(home.replication_seconds)
    home.replication_seconds = float(lag)
    return here


def _bucket(region: str) -> Bucket:
    """A bucket that keeps versions, as replication demands, and that everybody may read: lesson 10 shuts that door."""
    name = "photos" if region == HOME else f"photos-{region}"
    made = Bucket(name, region=region)
    made.put_bucket_versioning(VersioningConfiguration={"Status": "Enabled"})
    made.delete_public_access_block()
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    made.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return made


def _rules(buckets: Iterable[Bucket]) -> Iterable[dict[str, Any]]:
    copies = [bucket for bucket in buckets if bucket.region != HOME]
    for number, bucket in enumerate(copies, 1):
        destination = {"Bucket": f"arn:aws:s3:::{bucket.name}"}
        rest = {"Filter": {}, "DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": destination}
        yield {"Status": "Enabled", "Priority": number, **rest}


class Got(NamedTuple):
    """What one viewer got: after `ms` milliseconds the `new` photo, or the old one; from where (`place`)."""

    ms: float
    new: bool
    place: Place


@cache
def _measured_from(region_name: str) -> tuple[Place, ...]:
    """The other Regions from which the way to this one was measured."""
    there = region(region_name)
    return tuple(each for each in map(region, regions()) if each.region != region_name and rtt(each, there).basis == "measured")


@lru_cache(maxsize=4096)
def straight(viewer: Viewer, region_name: str) -> float:
    """Milliseconds there and back between a viewer and an AWS Region, with no CDN in between: one round trip.

    Last mile and distance. Where the Region is so far that the line fitted to distances is a guess (3,000 km and more), the
    cables are taken to pass by the Region that is nearest to the viewer, and the rest of the way is the one measured from there.

    >>> round(straight(Viewer("Auckland"), "ap-southeast-2")), round(straight(Viewer("Auckland"), "eu-north-1"))
    (52, 323)
    """
    here, there = viewer.place, region(region_name)
    near = min(_measured_from(region_name), key=lambda each: (great_circle_km(here, each), each.region))
    away = great_circle_km(here, there)
    if away < _FITS_KM or great_circle_km(here, near) >= away:
        return LAST_MILE_MS + rtt(here, there).ms
    return LAST_MILE_MS + rtt(here, near).ms + rtt(near, there).ms


def direct(bucket: Bucket, viewer: Viewer) -> Got:
    """A viewer asks a bucket itself, now, and gets whatever photo lies there.

    One round trip for the request; opening the connection would cost more of them (lesson 07).
    """
    answer = bucket.answer(Request("GET", f"https://{bucket.endpoint}/cat.jpg"), at=bucket.now())
    return Got(straight(viewer, bucket.region), answer.response.body == NEW, bucket.place)


def nearest_bucket(buckets: Iterable[Bucket], viewer: Viewer) -> Bucket:
    """The bucket that answers this viewer with the lowest latency: where a router such as Route 53 would lead (assumed)."""
    return min(buckets, key=lambda bucket: (straight(viewer, bucket.region), bucket.region))


# ---- what the caches hold


@lru_cache
def _groups() -> dict[str, list[Town]]:
    groups: dict[str, list[Town]] = {}
    for town in towns():
        groups.setdefault(town.edge.code, []).append(town)
    return groups


def caches(here: World, per_day: float, lifetime: float, seconds: float, *, seed: int = 1) -> list[Journey]:
    """Let `per_day` requests a day come from every town, for so many `seconds`; moves the clock by as much.

    `lifetime`: of a copy, in seconds. Returns what was sent: all requests but the Hits on fresh copies that change nothing. The towns of
    one regional cache begin within the first lifetime, each cache later than the one before, so that copies are of different ages.
    """
    clock, random = here.cdn.clock, Random(f"{seed} traffic")  # noqa: S311 (made-up viewers)
    start = clock.now()
    end = start + seconds
    order = {site.region: number for number, site in enumerate(regionals())}
    queue: list[tuple[float, str]] = []
    for code, group in sorted(_groups().items()):
        late = (order[regional_for(group[0].edge).region] + 0.5) / len(order) * lifetime
        queue.append((start + late + random.expovariate(1) * DAY / per_day / len(group), code))
    heapq.heapify(queue)
    sent = []
    while queue[0][0] < end:
        at, code = heapq.heappop(queue)
        clock.advance(max(0.0, at - clock.now()))
        group = _groups()[code]
        town = group[random.randrange(len(group))]
        journey = here.cdn.get(here.url, viewer=town.viewer, explain=False)
        sent.append(journey)
        fresh_until = clock.now() + lifetime - int(journey.response.headers.get("Age") or 0)
        heapq.heappush(queue, (fresh_until + random.expovariate(1) * DAY / per_day / len(group), code))
    clock.advance(max(0.0, end - clock.now()))
    return sent


class Opened(NamedTuple):
    """What became of it when every town opened the photo at one moment, through the CDN.

    `journeys`: in the order of `towns`; `copies`: the fresh ones that the caches held just before; `asked_per_day`: how often
    Stockholm was asked before, reckoned for a day; `buckets`: whether the new photo lay in each Region's bucket by then.
    """

    journeys: tuple[Journey, ...]
    copies: tuple[Held, ...]
    asked_per_day: float
    buckets: Mapping[str, bool]


@lru_cache(maxsize=128)
def opened(per_day: float, since: float, lifetime: float = MAX_AGE, cache_control: str = "") -> Opened:
    """Every town opens the photo `since` seconds after the new one was uploaded; before that, `per_day` requests a day came from each.

    `lifetime`: of a copy, in seconds, which `cache_control` asks for (default: max-age).
    """
    says = cache_control or f"max-age={lifetime:.0f}"
    here = world(says)
    before = max(2 * lifetime, _AT_LEAST)
    clock = here.cdn.clock
    if since >= before:
        here.upload(NEW, says)
        clock.advance(since - before)
    else:
        clock.at(clock.now() + before - since, lambda: here.upload(NEW, says))
    settled = clock.now() + min(lifetime, before / 2)
    sent = caches(here, per_day, lifetime, before)
    asked = sum(len(journey.origin_requests) for journey in sent if journey.started >= settled)
    held = tuple(each for each in here.cdn.copies(here.url) if each.fresh_for > 0)
    gave = {name: direct(bucket, towns()[0].viewer).new for name, bucket in here.buckets.items()}
    journeys = here.cdn.play([(0, "GET", here.url, town.viewer) for town in towns()], explain=False)
    return Opened(tuple(journeys), held, asked / (clock.now() - settled) * DAY, gave)
