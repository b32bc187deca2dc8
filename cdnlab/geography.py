"""Where CloudFront is: edge locations, regional edge caches, and which of them a viewer gets.

DNS sends a viewer to the edge location that answers with the lowest latency; the distribution's price class limits
which may. AWS publishes neither the latencies nor the choice, so cdnlab computes both: a hop costs what `distance` says, and
before the first one lies the last mile, from the viewer's sofa to the nearest exchange: LAST_MILE_MS, an assumption, the
same for everybody. An edge can be given a penalty ("trouble on the line"), because in a model that only knows kilometres
the nearest edge is always the quickest, and in the world it is not.

An edge stands at the airport it is named after: 10 to 40 km off is normal. Four of the 107 listed ones are in China,
which is another network with its own accounts; the global network has 103 (GEO-05).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from cdnlab.distance import Rtt, fitted_ms, great_circle_km, kilometres, place_in, place_of_row, region, regions, rtt
from cdnlab.errors import InputError, UnknownName
from cdnlab.facts import table
from cdnlab.steps import Place
from cdnlab.viewers import City, Country, Viewer, cities, country_codes, find_city, find_country

__all__ = [
    "BILLING_GEOGRAPHIES",
    "LAST_MILE_MS",
    "PRICE_CLASSES",
    "BillingGeography",
    "City",
    "Country",
    "EdgeSite",
    "RankedEdge",
    "RegionalSite",
    "Rtt",
    "Viewer",
    "cities",
    "country_codes",
    "edge",
    "edges",
    "edges_of",
    "find_city",
    "find_country",
    "great_circle_km",
    "nearest_edge",
    "origin_shield_for",
    "place_in",
    "ranked_edges",
    "reach",
    "region",
    "regional",
    "regional_for",
    "regionals",
    "regions",
    "rtt",
]

LAST_MILE_MS = 10.0
"""Round trip between a viewer and the nearest exchange, in milliseconds. Assumed: no free table per country exists."""


class BillingGeography(NamedTuple):
    """One row of AWS's price-class table: `code` as in data/edge_locations.csv, `name`, the cheapest `price_class` that has it."""

    code: str
    name: str
    price_class: str


# PriceClass page. Tuerkiye is the guide's open point: the pricing table has it with Europe, the CDK reference under 200 (GEO-03).
BILLING_GEOGRAPHIES = (
    BillingGeography("US", "United States, Mexico, Canada", "PriceClass_100"),
    BillingGeography("EU", "Europe, Israel, Türkiye", "PriceClass_100"),
    BillingGeography("ZA_ME", "South Africa, Kenya, Nigeria, Middle East", "PriceClass_200"),
    BillingGeography("JP", "Japan", "PriceClass_200"),
    BillingGeography(
        "AP", "Hong Kong, Indonesia, Malaysia, Philippines, Singapore, South Korea, Taiwan, Thailand, Vietnam", "PriceClass_200"
    ),
    BillingGeography("IN", "India", "PriceClass_200"),
    BillingGeography("SA", "South America", "PriceClass_All"),
    BillingGeography("AU", "Australia, New Zealand", "PriceClass_All"),
)

# Each class takes in the ones before it. The API model also knows "None", for distributions of many tenants: no limit (GEO-04).
PRICE_CLASSES = ("PriceClass_100", "PriceClass_200", "PriceClass_All")

_POP = re.compile(r"([A-Z]{3})(?:\d+(?:-[CP]\d+)?)?\Z")


# --- regional edge caches


@dataclass(frozen=True, slots=True)
class RegionalSite:
    """A regional edge cache: the AWS `region` it stands in, `name` as AWS writes it, `city`, `country`, `place`."""

    region: str
    name: str
    city: str
    country: str
    place: Place


@cache
def _regionals() -> dict[str, RegionalSite]:
    found = {}
    for row in table("regional_edge_caches.csv"):
        place = place_of_row(row, f"regional cache {row['region']}", "regional", row["region"])
        found[row["region"]] = RegionalSite(row["region"], row["name"], row["city"], row["country"], place)
    return found


def regionals() -> tuple[RegionalSite, ...]:
    """The 13 regional edge caches, by Region: where the guide offers Origin Shield (the best list that AWS publishes)."""
    return tuple(_regionals().values())


def regional(region_name: str) -> RegionalSite:
    """The regional edge cache in this AWS Region. Raises UnknownName.

    >>> regional("ap-southeast-2").place
    'regional cache ap-southeast-2'
    """
    if found := _regionals().get(region_name):
        return found
    raise UnknownName("regional edge cache", region_name, _regionals(), f"there is one in each of {', '.join(_regionals())}")


def _quickest_regional(start: Place) -> RegionalSite:
    return min(regionals(), key=lambda site: (rtt(start, site.place).ms, site.region))


@cache
def regional_for(site: EdgeSite) -> RegionalSite:
    """The regional edge cache that an edge asks: the one it reaches with the lowest latency (PATH-11, our choice).

    >>> regional_for(edge("AKL")).region, regional_for(edge("BNE")).region
    ('ap-southeast-2', 'ap-southeast-2')
    """
    return _quickest_regional(site.place)


@cache
def origin_shield_for(region_name: str) -> RegionalSite:
    """The regional edge cache to choose as Origin Shield for an origin in this AWS Region.

    The Region's own if it has one; else the one the guide advises; for Regions that the guide does not name, the one with
    the lowest latency. Raises UnknownName. Source: origin-shield; data/origin_shield_nearest.csv.

    >>> origin_shield_for("eu-north-1").region
    'eu-west-2'
    """
    start = region(region_name)
    if region_name in _regionals():
        return _regionals()[region_name]
    for row in table("origin_shield_nearest.csv"):
        if row["origin_region"] == region_name:
            return _regionals()[row["origin_shield_region"]]
    return _quickest_regional(start)


# --- edge locations


@dataclass(frozen=True, slots=True)
class EdgeSite:
    """An edge location: `code` (AKL), `city`, `country`, `price_region`, `min_price_class`, `pop`, `place`.

    `min_price_class`: the cheapest class it belongs to, or "China"; `pop`: the name it signs with in X-Amz-Cf-Pop and in logs. AWS
    documents the shape of that name (AKL50-C1), not which numbers exist: ours is always 50-C1.
    """

    code: str
    city: str
    country: str
    price_region: str
    min_price_class: str
    pop: str
    place: Place


@cache
def _edges() -> dict[str, EdgeSite]:
    classes = {geography.code: geography.price_class for geography in BILLING_GEOGRAPHIES}
    found = {}
    for row in table("edge_locations.csv"):
        code, price_region = row["code"], row["price_region"]
        place = place_of_row(row, f"edge {code}", "edge", code)
        found[code] = EdgeSite(code, row["city"], row["country"], price_region, classes.get(price_region, "China"), f"{code}50-C1", place)
    return found


def edges() -> tuple[EdgeSite, ...]:
    """All 107 listed edge locations by code, the four in China included; `edges_of("PriceClass_All")` are those that answer."""
    return tuple(_edges().values())


def edge(code: str) -> EdgeSite:
    """The edge location with this code; a whole POP name from a log works too. Raises UnknownName.

    >>> edge("AKL").city, edge("SEA19-C1").city
    ('Auckland', 'Seattle')
    """
    if not isinstance(code, str):
        raise UnknownName("edge", code, hint="edges have three letters, such as 'AKL'")
    if found := _edges().get(code):
        return found
    match = _POP.match(code.upper())
    if match and (found := _edges().get(match[1])):
        return found
    cities = {site.city: site.code for site in edges()}
    hint = f"the edge in {code} is {cities[code]!r}" if code in cities else "edges have three letters, such as 'AKL'"
    raise UnknownName("edge", code, () if code in cities else _edges(), hint)


@cache
def edges_of(price_class: str = "PriceClass_All") -> tuple[EdgeSite, ...]:
    """The edge locations that may answer for this price class, by code; "None", which the API knows too, sets no limit.

    Raises UnknownName. Source: PriceClass.

    >>> [len(edges_of(name)) for name in ("PriceClass_100", "PriceClass_200", "PriceClass_All")]
    [61, 91, 103]
    """
    if price_class not in (*PRICE_CLASSES, "None"):
        raise UnknownName("price class", price_class, (*PRICE_CLASSES, "None"))
    highest = len(PRICE_CLASSES) if price_class == "None" else PRICE_CLASSES.index(price_class) + 1
    return tuple(site for site in edges() if site.min_price_class in PRICE_CLASSES[:highest])


# --- from a viewer to an edge


class RankedEdge(NamedTuple):
    """An edge as one viewer sees it: the `site`, and `ms` milliseconds there and back, last mile and trouble included."""

    site: EdgeSite
    ms: float


def reach(viewer: Viewer | str, site: EdgeSite, penalties: Mapping[str, float] | None = None) -> Rtt:
    """The round trip between a viewer and an edge: last mile, distance, and the penalty on that edge if there is one.

    Its basis is "assumed", because the last mile is. Raises InputError or UnknownName for a bad penalty.

    >>> reach("Auckland", edge("AKL")).ms < reach("Auckland", edge("SYD")).ms
    True
    """
    there = Viewer.of(viewer).place
    return Rtt(LAST_MILE_MS + rtt(there, site.place).ms + dict(_checked(penalties)).get(site.code, 0.0), "assumed")


def nearest_edge(viewer: Viewer | str, price_class: str = "PriceClass_All", penalties: Mapping[str, float] | None = None) -> EdgeSite:
    """The edge location that answers this viewer: the lowest latency among those of the price class.

    `penalties`: extra milliseconds by edge code ("trouble on the line"). Equally quick edges: the first by code. Raises
    UnknownName (city, price class, edge) or InputError (a penalty that is no number, or negative). Source: PriceClass.

    >>> nearest_edge("Lisbon").code, nearest_edge("Lisbon", penalties={"LIS": 100}).code
    ('LIS', 'MAD')
    """
    viewer = Viewer.of(viewer)
    return _nearest(viewer.lat, viewer.lon, price_class, _checked(penalties))


def ranked_edges(
    viewer: Viewer | str, price_class: str = "PriceClass_All", penalties: Mapping[str, float] | None = None
) -> tuple[RankedEdge, ...]:
    """All edges of the price class as this viewer sees them, the quickest first. Arguments and errors as `nearest_edge`.

    >>> [site.code for site, ms in ranked_edges("Auckland")[:3]]
    ['AKL', 'SYD', 'BNE']
    """
    viewer = Viewer.of(viewer)
    return _ranked(viewer.lat, viewer.lon, price_class, _checked(penalties))


@lru_cache(maxsize=1 << 16)
def _nearest(lat: float, lon: float, price_class: str, penalties: tuple[tuple[str, float], ...]) -> EdgeSite:
    return _ranked(lat, lon, price_class, penalties)[0].site


@lru_cache(maxsize=256)
def _ranked(lat: float, lon: float, price_class: str, penalties: tuple[tuple[str, float], ...]) -> tuple[RankedEdge, ...]:
    trouble = dict(penalties)
    seen = [
        RankedEdge(site, LAST_MILE_MS + fitted_ms(kilometres(lat, lon, site.place.lat, site.place.lon)) + trouble.get(site.code, 0.0))
        for site in edges_of(price_class)
    ]
    return tuple(sorted(seen, key=lambda each: (each.ms, each.site.code)))


def _checked(penalties: Mapping[str, float] | None) -> tuple[tuple[str, float], ...]:
    if not penalties:
        return ()
    if not isinstance(penalties, Mapping):
        raise InputError(f"penalties are milliseconds by edge code, such as {{'LIS': 100}}, not {penalties!r}")
    found = {}
    for code, ms in penalties.items():
        site = edge(code)
        if site.min_price_class == "China":
            raise UnknownName("edge", code, hint=f"{site.city} is not part of the global network, so a penalty on it changes nothing")
        if isinstance(ms, bool) or not isinstance(ms, int | float) or not 0 <= ms < 1e300:
            raise InputError(f"penalty on edge {code}: found {ms!r}; give milliseconds, 0 or more")
        found[site.code] = float(ms)
    return tuple(sorted(found.items()))
