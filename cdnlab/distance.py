"""How far apart things are: AWS Regions, kilometres, and round trips.

AWS publishes no latencies. Here is a model in two parts, and every number says on which of them it rests:

    measured   between two AWS Regions: one year's median TCP connect, as cloudping.co measured it (data/aws_region_rtt.csv)
    fitted     every other hop: 7.7 ms + 15.7 ms per 1,000 km, the line through the measured pairs under 3,000 km (data/rtt_fit.csv)

Regional edge caches and S3 buckets stand in Regions, so the way between them is measured; edges, viewers and web servers
stand in cities, so theirs is fitted. The line is good for short hops (half of the pairs within 3.4 ms); a long hop that nobody
measured, such as to a Region opened lately, can be tens of milliseconds off. (GEO-06, GEO-07)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from cdnlab.errors import UnknownName
from cdnlab.facts import table
from cdnlab.steps import Basis, Kind, Place

__all__ = ["EARTH_RADIUS_KM", "Rtt", "fitted_ms", "great_circle_km", "kilometres", "place_in", "place_of_row", "region", "regions", "rtt"]

EARTH_RADIUS_KM = 6371.0088


class Rtt(NamedTuple):
    """A round trip: `ms` milliseconds, and the `basis` of that number (measured, fitted or assumed)."""

    ms: float
    basis: Basis


def great_circle_km(a: Place, b: Place) -> float:
    """Kilometres between two places along the surface of a sphere of radius 6371.0088 km.

    >>> round(great_circle_km(region("ap-southeast-2"), region("eu-west-2")))
    16994
    """
    return kilometres(a.lat, a.lon, b.lat, b.lon)


def kilometres(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """The same from degrees: latitude and longitude of the one, then of the other."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    across, along = math.radians(lon2 - lon1), phi2 - phi1
    haversine = math.sin(along / 2) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(across / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, haversine)))


def rtt(a: Place, b: Place) -> Rtt:
    """The round trip from a to b and back: measured where both stand in Regions of the matrix, else fitted to the distance.

    Repeated questions cost a fraction of a microsecond. Source: data/aws_region_rtt.csv, data/rtt_fit.csv.

    >>> rtt(region("eu-north-1"), region("ap-southeast-2"))
    Rtt(ms=271.354, basis='measured')
    """
    # Keyed by position, not by name: two simulations may stand a place of the same name elsewhere.
    return _rtt(a.lat, a.lon, a.region, b.lat, b.lon, b.region)


@lru_cache(maxsize=1 << 16)
def _rtt(lat1: float, lon1: float, region1: str, lat2: float, lon2: float, region2: str) -> Rtt:
    if region1 and region2 and (measured := _measured().get((region1, region2))) is not None:
        return Rtt(measured, "measured")
    return Rtt(fitted_ms(kilometres(lat1, lon1, lat2, lon2)), "fitted")


def fitted_ms(km: float) -> float:
    """The round trip in milliseconds that the fitted line gives for a distance in kilometres.

    >>> round(fitted_ms(1000), 3)
    23.414
    """
    start_ms, ms_per_km = _fit()
    return start_ms + ms_per_km * km


@cache
def _measured() -> dict[tuple[str, str], float]:
    return {(row["from_region"], row["to_region"]): float(row["rtt_ms_p50"]) for row in table("aws_region_rtt.csv")}


@cache
def _fit() -> tuple[float, float]:
    row = next(row for row in table("rtt_fit.csv") if row["model"] == "median, <3000 km")
    return float(row["a_ms"]), float(row["b_ms_per_km"])


@cache
def _regions() -> dict[str, Place]:
    return {row["region"]: place_of_row(row, f"Region {row['region']}", "service", row["region"]) for row in table("aws_regions.csv")}


def place_of_row(row: Mapping[str, str], name: str, kind: Kind, code: str) -> Place:
    """A Place from a row of a table with the columns city, lat and lon, and perhaps region."""
    region = row.get("region", "")
    return Place(name, kind=kind, code=code, city=row["city"], lat=float(row["lat"]), lon=float(row["lon"]), region=region)


def regions() -> tuple[str, ...]:
    """The names of the AWS Regions, in alphabetical order, those of other partitions (China, GovCloud, Europe's) included."""
    return tuple(sorted(_regions()))


def region(name: str) -> Place:
    """Where an AWS Region stands. Raises UnknownName.

    >>> region("eu-north-1").city
    'Stockholm'
    """
    if isinstance(name, str) and (found := _regions().get(name)):
        return found
    raise UnknownName("AWS Region", name, _regions())


def place_in(region_name: str, name: str, *, kind: Kind = "origin", code: str = "") -> Place:
    """A Place of this name in an AWS Region, such as a bucket. Raises UnknownName for the Region.

    >>> place_in("eu-north-1", "bucket photos", code="photos").region
    'eu-north-1'
    """
    at = region(region_name)
    return Place(name, kind=kind, code=code or name, city=at.city, lat=at.lat, lon=at.lon, region=region_name)
