"""The worlds of lesson 07: one CloudFront, and behind it, in Stockholm, an origin of each kind.

Three kinds publish a page, `/news.html`, which says `max-age=60` and comes in a new edition every minute; the fourth is a live
channel, which publishes itself. `publish` makes an origin what a `state` says: healthy, without the page (404),
failing (503), or unplugged. `ask` sends a viewer. What the lesson's exercises reckon with is in `repairs`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from cdnlab.bucket import Bucket
from cdnlab.clock import Clock
from cdnlab.cloudfront import CloudFront
from cdnlab.errors import UnknownName
from cdnlab.faults import FAULTS
from cdnlab.journey import Journey
from cdnlab.mediachannel import MediaChannel
from cdnlab.messages import Request, Response
from cdnlab.telling import ms_text
from cdnlab.webserver import WebServer

__all__ = ["KINDS", "STATES", "Act", "World", "ask", "doors", "edition", "pair", "publish", "segments", "truth", "world"]

KINDS = ("S3 REST endpoint", "S3 website endpoint", "web server", "live channel")
STATES = ("healthy", "404", "503", "unplugged")
HOME = "eu-north-1"
MINUTE = 60
"""How long a copy of the page may be used, and how often a new edition comes out, in seconds."""
SILENCE = 10
"""ErrorCachingMinTTL where a distribution sets none: how long, in seconds, a failed origin is left alone."""

OPTIMIZED, DISABLED = "658327ea-f89d-4fab-a63d-7e88639e58f6", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
AnyOrigin: TypeAlias = "Bucket | WebServer | MediaChannel"


class World(NamedTuple):
    """A CloudFront with one distribution before one origin of this `kind`; `url`: of the page, or the channel's playlist."""

    cdn: CloudFront
    url: str
    origin: AnyOrigin
    kind: str
    began: float


@dataclass(frozen=True, slots=True)
class Act:
    """What one viewer met `at` this second, while the origin was in this `state`.

    `expired`: seconds since the edge's copy had expired, negative while it was fresh, None when there was none; `journey`: of the page
    or the playlist; `tries`: how often CloudFront turned to the origin; `current`: whether the body is what the origin has to say now;
    `segments`: with the live channel, number and journey of each segment that the playlist names; `remembered`: the status of what the
    edge had kept, 0 when it had nothing.
    """

    at: float
    state: str
    expired: float | None
    journey: Journey
    tries: int
    current: bool
    segments: tuple[tuple[int, Journey], ...] = ()
    remembered: int = 0


class Newsroom:
    """The program of the web server: it makes the page that the clock asks for. `gone`: it has no such page any more."""

    def __init__(self, clock: Clock, began: float) -> None:
        self.clock, self.began, self.gone = clock, began, False

    def __call__(self, request: Request) -> Response:
        if request.path == "/docs/":
            return Response(200, {"Content-Type": "text/html"}, b"<h1>Docs</h1>")
        if self.gone or request.path != "/news.html":
            return Response(404, {"Content-Type": "text/plain"}, b"no such page\n")
        page = edition(self.clock.now() - self.began)
        tag = f'"edition {page.split()[1].decode().rstrip(".")}"'.replace(" ", "-")
        headers = {"Content-Type": "text/html", "Cache-Control": f"max-age={MINUTE}", "ETag": tag}
        return Response(304, headers) if request.headers.get("If-None-Match") == tag else Response(200, headers, page)


def edition(seconds: float) -> bytes:
    """The page as it is so many seconds after the beginning.

    >>> edition(59)[:10], edition(60)[:10]
    (b'Edition 1.', b'Edition 2.')
    """
    return f"Edition {int(seconds // MINUTE) + 1}. ".encode() + b"What is new, and what is not. " * 400


def config(origin: Mapping[str, Any], name: str, cache: str = OPTIMIZED, **more: Any) -> dict[str, Any]:
    """The smallest distribution over this origin."""
    rule = {"TargetOriginId": origin["Id"], "ViewerProtocolPolicy": "redirect-to-https", "CachePolicyId": cache}
    return {
        "CallerReference": name,
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [dict(origin)]},
        "DefaultCacheBehavior": rule,
        **more,
    }


def custom(id: str, host: str, protocol: str = "https-only") -> dict[str, Any]:
    """A custom origin: any host that speaks HTTP."""
    setup = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": protocol}
    return {"Id": id, "DomainName": host, "CustomOriginConfig": setup}


def _allow(who: Any, bucket: str) -> str:
    """A bucket policy that lets somebody read and list: who may list is told 404 for what is missing, not 403."""
    statements = [
        {"Effect": "Allow", "Principal": who, "Action": action, "Resource": f"arn:aws:s3:::{bucket}{part}"}
        for action, part in (("s3:GetObject", "/*"), ("s3:ListBucket", ""))
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def open_to(bucket: Bucket, who: Any = "*") -> None:
    """Let somebody read and list the bucket; if that is everybody, make it a website, too."""
    if who == "*":
        bucket.delete_public_access_block()
        bucket.put_bucket_website(WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    bucket.put_bucket_policy(Policy=_allow(who, bucket.name))


def world(kind: str = KINDS[0]) -> World:
    """A fresh world with a healthy origin of this kind; nobody has asked. Raises UnknownName for the kind.

    >>> cdn, url, *_ = world("web server")
    >>> [cdn.get(url).result for _ in range(2)]
    ['Miss', 'Hit']
    """
    if kind not in KINDS:
        raise UnknownName("kind of origin", kind, KINDS)
    cdn, path = CloudFront(), "/news.html"
    began = cdn.clock.now()
    origin: AnyOrigin
    if kind == "live channel":
        origin = MediaChannel("news", region=HOME)
        spec, path = custom("news", origin.host), origin.playlist_path
    elif kind == "web server":
        origin = WebServer("news.example.com", Newsroom(cdn.clock, began), region=HOME)
        spec = custom("news", origin.host)
    else:
        origin = Bucket("news", region=HOME)
        spec = {"S3 REST endpoint": _by_identity, "S3 website endpoint": _as_website}[kind](cdn, origin)
        origin.put_object(Key="docs/index.html", Body="<h1>Docs</h1>", ContentType="text/html")
    cdn.connect(origin)
    made = cdn.create_distribution(DistributionConfig=config(spec, "lesson 07"))
    here = World(cdn, f"https://{made['Distribution']['DomainName']}{path}", origin, kind, began)
    publish(here, "healthy")
    return here


def _by_identity(cdn: CloudFront, bucket: Bucket) -> dict[str, Any]:
    """Open the bucket to CloudFront alone; the origin as a config has it."""
    named = {"CallerReference": "lesson 07", "Comment": "the bucket's only guest"}
    guest = cdn.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig=named)
    identity = guest["CloudFrontOriginAccessIdentity"]["Id"]
    open_to(bucket, {"AWS": f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {identity}"})
    access = {"OriginAccessIdentity": f"origin-access-identity/cloudfront/{identity}"}
    return {"Id": "news", "DomainName": bucket.endpoint, "S3OriginConfig": access}


def _as_website(cdn: CloudFront, bucket: Bucket) -> dict[str, Any]:
    """Open the bucket to everybody, as a website; the origin as a config has it."""
    open_to(bucket)
    return custom("news", bucket.website_hosts[0], "http-only")


def truth(here: World) -> bytes:
    """What the origin has to say at this moment, if it is healthy."""
    now = here.cdn.clock.now()
    return here.origin.playlist(now).encode() if isinstance(here.origin, MediaChannel) else edition(now - here.began)


def publish(here: World, state: str) -> None:
    """Make the origin what `state` says, as of now. Raises UnknownName for the state."""
    if state not in STATES:
        raise UnknownName("state of an origin", state, STATES)
    origin, gone = here.origin, state == "404"
    faults: dict[str, str | int] = {"503": 503, "unplugged": "refuses"}
    origin.fault = faults.get(state)
    if isinstance(origin, MediaChannel):
        origin.fault = 404 if gone else origin.fault
    elif isinstance(origin, WebServer):
        assert isinstance(origin.handler, Newsroom)  # noqa: S101 (`world` made it so)
        origin.handler.gone = gone
    elif gone:
        origin.delete_object(Key="news.html")
    else:
        origin.put_object(Key="news.html", Body=truth(here), ContentType="text/html", CacheControl=f"max-age={MINUTE}")


def ask(here: World, state: str, at: float, before: Act | None = None) -> Act:
    """A viewer in Lisbon asks for the page; with the live channel for the playlist, and then for the segments that it names.

    `before`: what the viewer before met.
    """
    held = [copy.fresh_for for copy in here.cdn.copies(here.url) if copy.place.kind == "edge"]
    journey = here.cdn.get(here.url)
    tries = sum(leg.end.kind == "origin" for leg in journey.legs)
    current = journey.response.body == truth(here)
    found: list[tuple[int, Journey]] = []
    if isinstance(here.origin, MediaChannel):
        site = here.url.removesuffix(here.origin.playlist_path)
        numbers = segments(journey.response.body)
        found = [(number, here.cdn.get(site + here.origin.segment_path(number), explain=False)) for number in numbers]
    remembered = before.journey.response.status if before and held else 0
    return Act(at, state, -held[0] if held else None, journey, tries, current, tuple(found), remembered)


def segments(playlist: bytes) -> tuple[int, ...]:
    """The numbers of the segments that a playlist names; none for what is no playlist."""
    lines = [line for line in playlist.decode("utf-8", "replace").splitlines() if line.startswith("index_1_") and line.endswith(".ts")]
    return tuple(int(line.removeprefix("index_1_").removesuffix(".ts")) for line in lines)


def doors() -> str:
    """The four kinds side by side: what the config calls them, how CloudFront asks, what a folder and a missing page get."""
    rows = [["", "in the config", "asked by", "/docs/", "/missing"]]
    for kind in KINDS:
        here = world(kind)
        asked = [here.cdn.get(f"https://{here.url.split('/')[2]}{path}") for path in ("/docs/", "/missing")]
        spec = here.cdn.list_distributions()["DistributionList"]["Items"][0]["Origins"]["Items"][0]
        named = next(name for name in ("S3OriginConfig", "CustomOriginConfig") if name in spec)
        rows.append([kind, named, asked[0].origin_requests[0].scheme, *map(short, asked)])
    return _columns(rows)


def _columns(rows: list[list[str]]) -> str:
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, wide, strict=True)).rstrip() for row in rows)


def short(journey: Journey) -> str:
    """A journey's answer in two words: status and type of content."""
    kind = (journey.response.headers.get("Content-Type") or "no type").partition(";")[0]
    return f"{journey.response.status} {kind.rpartition('/')[2]}"


class Pair(NamedTuple):
    """A CloudFront whose distribution has an origin group: `first` in Stockholm and `second` in Dublin make the same page."""

    cdn: CloudFront
    url: str
    first: WebServer
    second: WebServer


def pair() -> Pair:
    """A fresh world with two origins for one page that may not be cached; both are well.

    >>> cdn, url, first, second = pair()
    >>> first.fault = "refuses"
    >>> cdn.get(url).response.body
    b'from Dublin'
    """
    cdn = CloudFront()
    homes = {"first": (HOME, "Stockholm"), "second": ("eu-west-1", "Dublin")}
    servers = [WebServer(f"{id}.example.com", _says(f"from {city}"), region=where) for id, (where, city) in homes.items()]
    cdn.connect(*servers)
    members = {"Quantity": 2, "Items": [{"OriginId": id} for id in homes]}
    codes = {"StatusCodes": {"Quantity": 4, "Items": [500, 502, 503, 504]}}
    group = {"Id": "both", "Members": members, "FailoverCriteria": codes}
    both = config({"Id": "both"}, "pair", DISABLED, OriginGroups={"Quantity": 1, "Items": [group]})
    both["Origins"] = {"Quantity": 2, "Items": [custom(id, f"{id}.example.com") for id in homes]}
    made = cdn.create_distribution(DistributionConfig=both)
    return Pair(cdn, f"https://{made['Distribution']['DomainName']}/price", *servers)


def _says(text: str) -> Any:
    return lambda request: Response(200, {"Content-Type": "text/plain"}, text.encode())


def faults() -> str:
    """What a viewer gets, and after how long, from an origin with each fault, when there is neither a copy nor a second origin."""
    rows = []
    for fault, says in FAULTS.items():
        cdn, url, server, *_ = world("web server")
        server.fault = fault
        journey = cdn.get(url)
        rows.append([fault, f"{journey.response.status} after {ms_text(journey.latency_ms)}", says])
    return _columns(rows)


def first_day(host: str) -> str:
    """What a viewer gets from a bucket in Ireland, made an hour ago, when the config names it so."""
    cdn, bucket = CloudFront(), Bucket("fresh", region="eu-west-1", created="2025-12-31T23:00:00Z")
    cdn.connect(bucket)
    open_to(bucket)
    bucket.put_object(Key="cat.jpg", Body=b"meow")
    spec = {"Id": "fresh", "DomainName": host, "S3OriginConfig": {"OriginAccessIdentity": ""}}
    made = cdn.create_distribution(DistributionConfig=config(spec, "fresh"))
    response = cdn.get(f"https://{made['Distribution']['DomainName']}/cat.jpg").response
    return " ".join([str(response.status), *response.headers.getall("Location")])
