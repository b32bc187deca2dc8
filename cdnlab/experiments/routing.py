"""Where viewers are sent, and the world of lesson 02: the smallest distribution there can be, and its exercises.

A Route says which edge answers a viewer, and which others were in the running. Trouble on the line and price class are its two
knobs: trouble makes the edge slower that would answer if all were well, a price class leaves edges out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any, NamedTuple

from cdnlab.bucket import Bucket
from cdnlab.cloudfront import EDGE_BYTES, CloudFront
from cdnlab.geography import PRICE_CLASSES, EdgeSite, RankedEdge, Viewer, nearest_edge, ranked_edges
from cdnlab.marks import hatch, number, place_shape
from cdnlab.telling import ms_text
from cdnlab.worldmap import FONT

__all__ = ["ALL", "CHEAP", "DAY", "HOME", "Config", "Route", "World", "bucket", "excuse", "race", "route_of", "smallest", "world"]

DAY = 86_400
"""How long the bucket says that a copy stays fresh, in seconds."""

CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
HOME = "Lisbon"
_SHOWN = 4  # edges in the race
CHEAP, ALL = "PriceClass_100", "PriceClass_All"
PHOTO = b"\xff\xd8\xff\xe0" + b"a small photo of a cat".ljust(48_209)  # 48,213 bytes


class World(NamedTuple):
    """A CloudFront with one distribution: `cdn`, the photo's `url`, the distribution's `id`, the `bucket`."""

    cdn: CloudFront
    url: str
    id: str
    bucket: Bucket


class Config(dict[str, Any]):
    """A config that prints itself as JSON, one field a line."""

    def __repr__(self) -> str:
        return json.dumps(self, indent=2)


def bucket(max_age: int = DAY) -> Bucket:
    """The bucket with the photo. Everybody may read it: lesson 10 shuts that door."""
    photos = Bucket("photos", region="eu-north-1")
    photos.delete_public_access_block()
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}
    photos.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    photos.put_object(Key="cat.jpg", Body=PHOTO, ContentType="image/jpeg", CacheControl=f"max-age={max_age}")
    return photos


def smallest(origin: Bucket) -> Config:
    """The config of a distribution with the fewest fields that AWS accepts; leave out any one and it is refused.

    >>> list(smallest(bucket()))
    ['CallerReference', 'Comment', 'Enabled', 'Origins', 'DefaultCacheBehavior']
    """
    place = {"Id": "photos", "DomainName": origin.endpoint, "S3OriginConfig": {"OriginAccessIdentity": ""}}
    rule = {"TargetOriginId": "photos", "ViewerProtocolPolicy": "allow-all", "CachePolicyId": CACHING_OPTIMIZED}
    return Config(
        CallerReference="lesson 02", Comment="", Enabled=True, Origins={"Quantity": 1, "Items": [place]}, DefaultCacheBehavior=rule
    )


def world(config: Mapping[str, Any] | None = None, *, max_age: int = DAY, edge_bytes: int = EDGE_BYTES) -> World:
    """A fresh world with this config (default: the smallest), a photo good for `max_age` seconds, shelves of `edge_bytes`.

    >>> cdn, url, *_ = world()
    >>> [cdn.get(url, viewer=city).result for city in ("Lisbon", "Lisbon", "Tokyo", "Tokyo")]
    ['Miss', 'Hit', 'Miss', 'Hit']
    """
    cdn, photos = CloudFront(edge_bytes=edge_bytes), bucket(max_age)
    cdn.connect(photos)
    made = cdn.create_distribution(DistributionConfig=dict(smallest(photos) if config is None else config))["Distribution"]
    return World(cdn, f"https://{made['DomainName']}/cat.jpg", made["Id"], photos)


class Route(NamedTuple):
    """How a request is routed: the `edge` that answers; `calm`, the one that would if all were well; the `candidates`, quickest first.

    The candidates are those worth showing: the edge that answers, the next ones, the calm one with its `trouble` (milliseconds
    on the line to it), and a quicker one that the `price_class` leaves out.
    """

    viewer: Viewer
    edge: RankedEdge
    calm: EdgeSite
    candidates: tuple[RankedEdge, ...]
    price_class: str
    trouble: float

    @property
    def penalties(self) -> dict[str, float]:
        """The trouble by edge code, as the library wants it."""
        return {self.calm.code: self.trouble} if self.trouble else {}

    def outside(self, site: EdgeSite) -> bool:
        """Whether the price class leaves this edge out."""
        return PRICE_CLASSES.index(site.min_price_class) > PRICE_CLASSES.index(self.price_class)

    @property
    def worth_naming(self) -> list[RankedEdge]:
        """The candidates that do not answer, the most telling first: the one in trouble, the one left out, the next ones."""
        others = [each for each in self.candidates if each != self.edge]
        return sorted(others, key=lambda each: (each.site != self.calm, not self.outside(each.site), each.ms))


def route_of(city: str, trouble: float = 0, cheap: bool = False) -> Route:
    """Where a viewer in this city is sent.

    >>> route_of("Lisbon").edge.site.code, route_of("Lisbon", trouble=60).edge.site.code, route_of("Mumbai", cheap=True).edge.site.code
    ('LIS', 'MAD', 'TLV')
    """
    viewer, price_class = Viewer(city), CHEAP if cheap else ALL
    calm = nearest_edge(viewer, price_class)
    penalties = {calm.code: trouble} if trouble else {}
    within = ranked_edges(viewer, price_class, penalties)
    first = ranked_edges(viewer, ALL, penalties)[0]
    special = {first, *(each for each in within if each.site == calm)}
    shown = {*special, *within[: _SHOWN - len(special - {within[0]})]}
    return Route(viewer, within[0], calm, tuple(sorted(shown, key=lambda each: (each.ms, each.site.code))), price_class, trouble)


# ---- the picture


def excuse(route: Route, each: RankedEdge) -> str:
    """Why an edge that is near does not answer."""
    if route.outside(each.site):
        return f" outside {route.price_class}"
    return " with the trouble" if route.trouble and each.site == route.calm else ""


def race(route: Route) -> str:
    """The quickest edges as bars to one scale: trouble is hatched, what the price class leaves out is pale, the winner is bold."""
    shown = route.candidates
    scale = 255 / max(each.ms for each in shown)
    parts = []
    for order, each in enumerate(shown):
        y, extra = 8.0 + 24 * order, route.trouble if each.site == route.calm else 0.0
        wins, outside = each == route.edge, route.outside(each.site)
        clear, late = (each.ms - extra) * scale, extra * scale
        shade = 'fill="currentColor" fill-opacity="0.62"' if wins else 'fill="currentColor" fill-opacity="0.24"'
        bar = f'<rect x="178" y="{number(y)}" width="{number(clear)}" height="15" {shade}/>'
        if late:
            bar += f'<path d="{hatch(178 + clear, y, late, 15)}" stroke="currentColor" stroke-width="0.9" fill="none"/>'
            bar += f'<rect x="{number(178 + clear)}" y="{number(y)}" width="{number(late)}" height="15" fill="none" stroke="currentColor"/>'
        told = ms_text(each.ms) + (f" = {ms_text(each.ms - extra)} + {ms_text(extra)} of trouble" if extra else "")
        note = ": the lowest, so it answers" if wins else f", outside {route.price_class}" if outside else ""
        bold = ' font-weight="600"' if wins else ""
        row = (
            f"{place_shape('edge', 14, y + 7.5, 7)}{_words(30, y + 12, each.site.code, bold)}{_words(66, y + 12, _cut(each.site.city))}"
            f"{bar}{_words(186 + clear + late, y + 12, told + note, bold)}"
        )
        which = f'data-place="{escape(each.site.place)}"'
        parts.append(f'<g {which} opacity="0.55">{row}</g>' if outside else f"<g {which}>{row}</g>")
    said = "; ".join(f"{each.site.code} {ms_text(each.ms)}{excuse(route, each)}" for each in shown)
    head = (
        f'viewBox="0 0 720 {14 + 24 * len(shown)}" width="720" role="img" aria-label="{escape(f"There and back, quickest first: {said}")}"'
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" {head} {FONT}>{"".join(parts)}</svg>'


def _cut(city: str) -> str:
    return city if len(city) <= 16 else f"{city[:15]}…"


def _words(x: float, y: float, text: str, extra: str = "") -> str:
    return f'<text class="cdnlab-halo" x="{number(x)}" y="{number(y)}" font-size="12.5" fill="currentColor"{extra}>{escape(text)}</text>'


# ---- what the exercises reckon with


def two_shops() -> list[object]:
    """Lisbon, Lisbon, Tokyo, Tokyo: edges that hold the photo, and edge hits."""
    here = world()
    results = [here.cdn.get(here.url, viewer=city).result for city in ("Lisbon", "Lisbon", "Tokyo", "Tokyo")]
    return [sum(held.place.kind == "edge" for held in here.cdn.copies()), results.count("Hit")]


def mumbai() -> list[object]:
    """Mumbai under the cheapest price class: the status, and the edge that answers."""
    here = world({**smallest(bucket()), "PriceClass": CHEAP})
    journey = here.cdn.get(here.url, viewer="Mumbai")
    return [journey.response.status, journey.edge]


def mumbai_next_door() -> list[object]:
    """What somebody answers who forgets what the class leaves out."""
    return [200, nearest_edge("Mumbai").code]


def mumbai_told() -> dict[str, object]:
    """What the texts of that exercise say."""
    site, ms = route_of("Mumbai", cheap=True).edge
    status, code = mumbai()
    return {"status": status, "edge": code, "city": site.city, "ms": ms_text(ms), "near": nearest_edge("Mumbai").code}


def evicted() -> str:
    """Whether a copy good for a year may be gone from its edge the next day though nobody removed it: one on a small shelf, tried out."""
    year = 365 * DAY
    here = world(max_age=year, edge_bytes=3 * len(PHOTO))
    dogs = [here.url.replace("cat", f"dog{order}") for order in range(3)]
    for url in dogs:
        here.bucket.put_object(Key=url.rpartition("/")[2], Body=PHOTO, ContentType="image/jpeg", CacheControl=f"max-age={year}")
    yesterday = [here.cdn.get(here.url, viewer=HOME).result for _ in range(2)]
    for url in dogs:
        here.cdn.get(url, viewer=HOME)
    here.cdn.clock.advance(DAY)
    today = here.cdn.get(here.url, viewer=HOME).result
    return "yes" if (yesterday[-1], today) == ("Hit", "Miss") else "no"


PATIENCE_MS = 60.0
"""How long a customer waits for a Hit before she complains."""


def sydney_given() -> Config:
    """The config that customers in Sydney complain of."""
    return Config(smallest(bucket()), PriceClass=CHEAP)


def sydney_repaired() -> Config:
    """One good repair."""
    return Config(smallest(bucket()), PriceClass=ALL)


def sydney_half_repaired() -> Config:
    """A repair that is not enough."""
    return Config(smallest(bucket()), PriceClass="PriceClass_200")


def sydney_check(config: Mapping[str, Any]) -> str:
    """Ask from Sydney twice: the reason why customers would still complain, "" when they would not."""
    here = world(config)
    last = [here.cdn.get(here.url, viewer="Sydney") for _ in range(2)][-1]
    if last.result != "Hit":
        return f"the second request from Sydney should be a Hit; it was {last.response.status}, {last.result}."
    if last.latency_ms > PATIENCE_MS:
        near = nearest_edge("Sydney")
        return (
            f"Sydney still waits {ms_text(last.latency_ms)} for a Hit: {last.edge} ({last.way[1].city}) answers. "
            f"{near.code} belongs to another billing geography; which class has that one?"
        )
    return ""
