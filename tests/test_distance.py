"""How far apart things are: measured where it was measured, else fitted, and each number says which."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.distance import fitted_ms, great_circle_km, place_in, region, regions, rtt
from cdnlab.errors import UnknownName
from cdnlab.facts import table
from cdnlab.steps import Place

REGIONS = st.sampled_from(regions()).map(region)


def spot(lat: float, lon: float, name: str = "spot", region: str = "") -> Place:
    return Place(name, kind="origin", code="x", lat=lat, lon=lon, region=region)


SPOTS = st.builds(spot, st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        ((0, 0), (0, 180), math.pi * 6371.0088),
        ((90, 0), (-90, 123), math.pi * 6371.0088),
        ((0, 179.5), (0, -179.5), math.pi * 6371.0088 / 180),
        ((51.5, -0.12), (51.5, -0.12), 0),
        ((36.12, -86.67), (33.94, -118.40), 2886.45),  # Nashville to Los Angeles, a textbook pair
    ],
)
def test_distance_follows_the_great_circle(a: tuple[float, float], b: tuple[float, float], km: float) -> None:
    assert great_circle_km(spot(*a), spot(*b)) == pytest.approx(km, rel=1e-4, abs=1e-9)


@given(SPOTS, SPOTS)
def test_distance_is_the_same_both_ways_and_never_more_than_half_the_globe(a: Place, b: Place) -> None:
    assert great_circle_km(a, b) == pytest.approx(great_circle_km(b, a))
    assert 0 <= great_circle_km(a, b) <= math.pi * 6371.0088 + 1e-6


@pytest.mark.rule("GEO-06")
@pytest.mark.parametrize("row", table("aws_region_rtt.csv")[::37], ids=lambda row: f"{row['from_region']}-{row['to_region']}")
def test_between_regions_of_the_matrix_the_measured_cell_counts(row: dict[str, str]) -> None:
    found = rtt(region(row["from_region"]), place_in(row["to_region"], "bucket photos"))
    assert found == (float(row["rtt_ms_p50"]), "measured")


@pytest.mark.rule("GEO-06")
@pytest.mark.parametrize("name", [row["region"] for row in table("aws_regions.csv") if row["in_latency_matrix"] == "1"])
def test_inside_one_region_the_measured_cell_counts_too(name: str) -> None:
    assert rtt(region(name), region(name)).basis == "measured"
    assert rtt(region(name), region(name)).ms < 10


@pytest.mark.rule("GEO-07")
@given(SPOTS, SPOTS)
def test_every_other_hop_lies_on_the_fitted_line(a: Place, b: Place) -> None:
    fit = next(row for row in table("rtt_fit.csv") if row["model"] == "median, <3000 km")
    found = rtt(a, b)
    assert found.basis == "fitted"
    assert found.ms == pytest.approx(float(fit["a_ms"]) + float(fit["b_ms_per_km"]) * great_circle_km(a, b))


@pytest.mark.rule("GEO-07")
def test_a_region_that_nobody_measured_is_fitted() -> None:
    assert rtt(region("ap-southeast-6"), region("ap-southeast-2")).basis == "fitted"
    assert rtt(region("eu-north-1"), spot(-36.8, 174.8)).basis == "fitted"


def test_the_fitted_line_is_7_7_ms_and_15_7_ms_per_1000_km() -> None:
    assert fitted_ms(0) == pytest.approx(7.7, abs=0.05)
    assert fitted_ms(1000) - fitted_ms(0) == pytest.approx(15.7, abs=0.05)


@given(REGIONS, REGIONS)
def test_every_pair_of_regions_has_a_round_trip(a: Place, b: Place) -> None:
    assert rtt(a, b).ms > 0


def test_two_places_of_the_same_name_are_not_confused() -> None:
    lisbon, tokyo, edge = spot(38.7, -9.1), spot(35.7, 139.7), spot(38.8, -9.1, "edge LIS")
    assert lisbon == tokyo  # a Place prints, and compares, as its name
    assert rtt(lisbon, edge).ms < 10 < 100 < rtt(tokyo, edge).ms


def test_a_repeated_question_is_answered_from_memory() -> None:
    a, b = region("eu-north-1"), region("ap-southeast-2")
    assert rtt(a, b) is rtt(a, b)


def test_a_place_in_a_region_carries_it() -> None:
    bucket = place_in("eu-north-1", "bucket photos", code="photos")
    assert (bucket, bucket.kind, bucket.code, bucket.city, bucket.region) == (
        "bucket photos",
        "origin",
        "photos",
        "Stockholm",
        "eu-north-1",
    )


def test_an_unknown_region_is_named_with_its_likely_spelling() -> None:
    with pytest.raises(UnknownName, match=r"unknown AWS Region 'eu-nort-1'; did you mean 'eu-north-1'"):
        region("eu-nort-1")
    with pytest.raises(UnknownName, match="us-east-1"):
        place_in("us-east1", "bucket photos")


def test_all_39_regions_stand_somewhere() -> None:
    assert len(regions()) == 39
    assert all(region(name).region == name and region(name).city for name in regions())
