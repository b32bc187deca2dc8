"""The TTL desk of lesson 03: one page, one cache policy, readers one after the other.

The page lies in a bucket in Stockholm; reader after reader in Lisbon opens it, each some time after the one before. The
origin says in a header how long a copy is good for; the cache policy has three numbers of its own; `run` tells what comes of both, from
journeys through a CloudFront. Times are how far the clock was pushed: the tenths of a second that the requests
themselves take are left out.

The incident of the lesson's exercises stands below: a site whose cache policy overrules `private`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from cdnlab.bucket import Bucket
from cdnlab.clock import seconds_since_epoch
from cdnlab.cloudfront import CloudFront
from cdnlab.directives import parse_expires
from cdnlab.freshness import TTL_TABLE, Lifetime, Said, TTLs, browser_lifetime, http_date, lifetime, parse_cache_control
from cdnlab.journey import Journey
from cdnlab.messages import Request, Response
from cdnlab.policies import managed
from cdnlab.steps import Place
from cdnlab.timeline import Fuse, lasting
from cdnlab.webserver import WebServer

__all__ = ["HEADERS", "Run", "World", "cache_policy", "run", "world"]

START = "2026-01-01T00:00:00Z"

HEADERS: dict[str, dict[str, Any]] = {
    "max-age=60": {"CacheControl": "max-age=60"},
    "max-age=10, s-maxage=600": {"CacheControl": "max-age=10, s-maxage=600"},
    "no-cache": {"CacheControl": "no-cache"},
    "no-store": {"CacheControl": "no-store"},
    "Expires, 5 minutes after the start": {"Expires": http_date(seconds_since_epoch(START) + 300)},
    "nothing about time": {},
}
"""What the origin may say, and how one tells a bucket to say it (arguments of put_object)."""

PAGE = b"<!doctype html><title>News</title><p>" + b"A quiet day. " * 1_000


class World(NamedTuple):
    """A CloudFront with one distribution in front of one bucket with one page: `cdn`, the page's `url`, the `bucket`."""

    cdn: CloudFront
    url: str
    bucket: Bucket


def cache_policy(ttls: TTLs) -> dict[str, Any]:
    """A cache policy with these three numbers, and nothing but the path in the cache key."""
    key = {
        "EnableAcceptEncodingGzip": False,
        "EnableAcceptEncodingBrotli": False,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    low, default, high = map(int, ttls)
    return {"Name": "desk", "MinTTL": low, "DefaultTTL": default, "MaxTTL": high, "ParametersInCacheKeyAndForwardedToOrigin": key}


def world(header: str = "max-age=60", ttls: Sequence[float] = (0, 86_400, 31_536_000)) -> World:
    """A fresh world: the page says `header` (one of HEADERS, or any Cache-Control), the policy has these `ttls`; nobody has asked.

    >>> cdn, url, bucket = world("no-store", (60, 600, 3600))
    >>> cdn.get(url).result, cdn.get(url).result
    ('Miss', 'Hit')
    """
    cdn = CloudFront()
    news = Bucket("news", region="eu-north-1")
    cdn.connect(news)
    said = HEADERS.get(header, {"CacheControl": header})
    news.put_object(Key="index.html", Body=PAGE, ContentType="text/html", **said)
    named = {"CallerReference": "lesson 03", "Comment": "the page's only guest"}
    guest = cdn.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig=named)
    identity = guest["CloudFrontOriginAccessIdentity"]["Id"]
    who = {"AWS": f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {identity}"}
    statement = {"Effect": "Allow", "Principal": who, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::news/*"}
    news.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    policy = cdn.create_cache_policy(CachePolicyConfig=cache_policy(TTLs(*ttls)))["CachePolicy"]["Id"]
    origin = {
        "Id": "news",
        "DomainName": "news.s3.eu-north-1.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": f"origin-access-identity/cloudfront/{identity}"},
    }
    made = cdn.create_distribution(
        DistributionConfig={
            "CallerReference": "lesson 03",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "news", "ViewerProtocolPolicy": "redirect-to-https", "CachePolicyId": policy},
        }
    )
    return World(cdn, f"https://{made['Distribution']['DomainName']}/index.html", news)


# ---- the model


@dataclass(frozen=True, slots=True)
class Run:
    """What the readers met under one setting.

    `times`: when each of them came, in seconds that the clock was pushed; `journeys`: theirs; `life`: what CloudFront makes of the
    origin's answer; `browser`: seconds that the first reader's browser may use it, None when it has to guess; `edge_fuses`,
    `browser_fuses`: the lives of the edge's copy, and of the copy in the browser of whoever asked last.
    """

    header: str
    ttls: TTLs
    times: tuple[float, ...]
    journeys: tuple[Journey, ...]
    life: Lifetime
    browser: float | None
    edge_fuses: tuple[Fuse, ...]
    browser_fuses: tuple[Fuse, ...]

    @property
    def asked(self) -> int:
        """How often the origin was asked."""
        return sum(len(journey.origin_requests) for journey in self.journeys)

    @property
    def sent(self) -> int:
        """How often it sent the page itself, not only a 304."""
        return sum(status == 200 for journey in self.journeys for status in journey.origin_statuses)

    @property
    def heard_again(self) -> float | None:
        """When the origin was asked for the second time; None while it was not."""
        later = zip(self.times[1:], self.journeys[1:], strict=True)
        return next((at for at, journey in later if journey.origin_requests), None)

    @property
    def went_out(self) -> float | None:
        """When the first fuse went out, or would go out; None when no copy was kept."""
        return self.edge_fuses[0].out if self.edge_fuses else None

    @property
    def asks_for(self) -> float | None:
        """Seconds that the origin asked for, by the row of the TTL table that governs; None when it asked for nothing."""
        row = next((row for row in TTL_TABLE if row.rule == self.life.rule), None)
        if row is None or row is TTL_TABLE[-1]:
            return None
        headers, begun = self.journeys[0].response.headers, seconds_since_epoch(START)
        expires = parse_expires(headers, begun)
        said = Said(parse_cache_control(headers.joined("Cache-Control") or ""), 0.0, None if expires is None else expires - begun)
        return row.asked(said)

    @property
    def way(self) -> tuple[Place, ...]:
        """Viewer, edge, regional cache, origin."""
        return self.journeys[0].way


@lru_cache(maxsize=256)
def run(header: str, ttls: tuple[float, ...], waits: tuple[float, ...]) -> Run:
    """Readers ask one after the other, the first at once, each other one after its wait (seconds), in a fresh world.

    >>> [journey.result for journey in run("max-age=60", (0, 86400, 31536000), (30, 30, 30)).journeys]
    ['Miss', 'Hit', 'RefreshHit', 'Hit']
    """
    cdn, url, _ = world(header, ttls)
    begun = cdn.clock.now()
    times, journeys, edge, browser = [0.0], [cdn.get(url)], list[Fuse](), list[Fuse]()
    _light(edge, browser, cdn, journeys[0], 0.0)
    for wait in waits:
        cdn.clock.advance(wait)
        times.append(times[-1] + wait)
        journeys.append(cdn.get(url))
        _light(edge, browser, cdn, journeys[-1], times[-1])
    # the headers travel unchanged, so the first answer still says what the origin said
    life = lifetime(journeys[0].response, TTLs(*ttls), sent_at=begun, s3=True)
    return Run(header, TTLs(*ttls), tuple(times), tuple(journeys), life, _browser(journeys[0]), tuple(edge), tuple(browser))


def _browser(journey: Journey) -> float | None:
    """Whole seconds that the reader's browser may use what it got; None when it has to guess."""
    seconds = browser_lifetime(journey.response.headers, journey.started + journey.latency_ms / 1000)
    return None if seconds is None else float(math.ceil(seconds))


def _light(edge: list[Fuse], browser: list[Fuse], cdn: CloudFront, journey: Journey, at: float) -> None:
    """What this journey did to the fuses."""
    held = next((copy for copy in cdn.copies() if copy.place.kind == "edge"), None)
    if journey.origin_requests:
        if edge:
            edge[-1] = replace(edge[-1], gone=at)
        if held is not None:
            lasts = round(held.lasts)
            edge.append(Fuse(at, at + lasts, label=lasting(lasts)))
    if browser:
        browser[-1] = replace(browser[-1], gone=min(at, browser[-1].gone or at))
    if seconds := _browser(journey):
        browser.append(Fuse(at, at + seconds, thin=True))


# ---- what the exercises reckon with


def clamped() -> list[float]:
    """Seconds in CloudFront and in the browser, for max-age=10, s-maxage=600 under Min 60, Default 600, Max 3600."""
    met = run("max-age=10, s-maxage=600", (60, 600, 3_600), ())
    return [met.life.seconds, met.browser or 0.0]


def optimized_no_store() -> float:
    """How long CachingOptimized keeps a page that says no-store, in seconds."""
    config = managed("cache", "CachingOptimized").config
    return run("no-store", (config["MinTTL"], config["DefaultTTL"], config["MaxTTL"]), ()).life.seconds


def after_expiry() -> list[str]:
    """The result of the first request after expiry when the page is the same, and whether the origin sends it again."""
    last = run("max-age=60", (0, 86_400, 31_536_000), (60,)).journeys[-1]
    return [last.result, "yes" if 200 in last.origin_statuses else "no"]


def leaking_policy() -> dict[str, Any]:
    """The cache policy of a shop whose readers see each other's accounts."""
    return {**cache_policy(TTLs(60, 86_400, 31_536_000)), "Name": "shop"}


def mended_policy() -> dict[str, Any]:
    """One good repair of it."""
    return leaking_policy() | {"MinTTL": 0}


SHOP_ORIGIN = {
    "Id": "shop",
    "DomainName": "shop.example.com",
    "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
}


class Shop:
    """A web server that knows its customers by a cookie: `/` is for everybody, `/account` for one, and it says so."""

    def __init__(self) -> None:
        self.basket = 0

    def __call__(self, request: Request) -> Response:
        if request.path != "/account":
            return Response(200, {"Cache-Control": "max-age=60"}, b"welcome")
        who = (request.headers.get("Cookie") or "user=nobody").removeprefix("user=")
        return Response(200, {"Cache-Control": "private"}, f"Account of {who}. Things in the basket: {self.basket}.".encode())


def shop_trouble(policy: dict[str, Any]) -> str:
    """What goes wrong in the shop under this cache policy; "" when all is well. Raises what create_cache_policy raises."""
    cdn, shop = CloudFront(), Shop()
    cdn.connect(WebServer("shop.example.com", shop, region="eu-north-1"))
    behaviour = {
        "TargetOriginId": "shop",
        "ViewerProtocolPolicy": "redirect-to-https",
        "CachePolicyId": cdn.create_cache_policy(CachePolicyConfig=policy)["CachePolicy"]["Id"],
        "OriginRequestPolicyId": managed("origin-request", "AllViewerExceptHostHeader").id,
    }
    made = cdn.create_distribution(
        DistributionConfig={
            "CallerReference": "shop",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [SHOP_ORIGIN]},
            "DefaultCacheBehavior": behaviour,
        }
    )
    site = f"https://{made['Distribution']['DomainName']}"

    def account(who: str) -> str:
        return cdn.get(f"{site}/account", headers={"Cookie": f"user={who}"}).response.body.decode()

    for who in ("Ana", "Bruno"):
        page = account(who)
        if who not in page:
            return f"{who} opens /account right after somebody else and reads: “{page}”"
    account("Ana")
    shop.basket = 1
    if "basket: 1" not in (page := account("Ana")):
        return f"Ana puts something in her basket, opens /account again, and reads: “{page}” `private` is still overruled."
    cdn.get(f"{site}/")
    if (again := cdn.get(f"{site}/").result) != "Hit":
        return (
            f"The accounts are private now, but the front page says max-age=60 and its second reader is a {again}: nothing is cached now."
        )
    return ""
