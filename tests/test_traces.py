"""Generated traces have the popularity, sizes, rhythm and places that they promise, and come from one seed."""

import numpy as np
import pandas as pd
import pytest

from cdnlab.errors import InputError, UnknownName
from cdnlab.traces import LARGEST, SMALLEST, daily_rhythm, generate, popularity


def test_the_same_seed_gives_the_same_trace_and_another_seed_another():
    pd.testing.assert_frame_equal(generate(500, 50, seed=3), generate(500, 50, seed=3))
    assert not generate(500, 50, seed=3).equals(generate(500, 50, seed=4))


@pytest.mark.parametrize("alpha", [0.0, 0.8, 1.2])
def test_popularity_follows_zipfs_law(alpha):
    shares = popularity(1000, alpha)
    assert shares.sum() == pytest.approx(1)
    assert shares[0] / shares[9] == pytest.approx(10**alpha)
    counts = np.bincount(generate(200_000, 1000, alpha=alpha).object, minlength=1000) / 200_000
    assert counts[:5] == pytest.approx(shares[:5], rel=0.15)


def test_an_object_has_one_size_within_bounds_around_the_median():
    trace = generate(50_000, 5_000, alpha=0, sigma=1.0, median_bytes=10_000)
    assert trace.groupby("object").size_bytes.nunique().max() == 1
    assert trace.size_bytes.between(SMALLEST, LARGEST).all()
    assert trace.drop_duplicates("object").size_bytes.median() == pytest.approx(10_000, rel=0.1)


def test_time_runs_forwards_within_the_hours():
    for cities in (None, ["Lisbon", "Auckland"]):
        times = generate(2_000, 10, hours=3, cities=cities).time_s
        assert times.is_monotonic_increasing
        assert times.between(0, 3 * 3600).all()


def test_each_city_is_busy_in_its_own_evening():
    trace = generate(100_000, 10, cities=["London", "Tokyo"])
    hours = trace.assign(hour=(trace.time_s // 3600).astype(int)).groupby(["city", "hour"]).size().unstack(0)
    assert hours["London"].idxmax() in range(15, 22)
    assert (hours["Tokyo"].idxmax() + 9.3) % 24 // 1 in range(15, 22)


def test_the_rhythm_is_lowest_at_night_and_never_zero():
    hours = [daily_rhythm(hour / 4) for hour in range(96)]
    assert min(hours) == daily_rhythm(4) == pytest.approx(0.2)
    assert max(hours) == 1.0
    assert max(abs(a - b) for a, b in zip(hours, hours[1:] + hours[:1], strict=True)) < 0.06


def test_cities_ask_by_their_internet_users_through_their_nearest_edge_of_the_class():
    trace = generate(20_000, 10, cities=["Mumbai", "Foz do Iguaçu"])
    assert (trace.city == "Mumbai").sum() > 15_000
    assert set(generate(100, 10, cities=["Mumbai"], price_class="PriceClass_100").edge) & {"BOM", "DEL"} == set()


def test_a_lifetime_can_be_given_to_all():
    assert set(generate(10, 2, ttl_s=60).ttl_s) == {60.0}
    assert "ttl_s" not in generate(10, 2)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"requests": 0},
        {"requests": 1.5},
        {"objects": 0},
        {"alpha": -1},
        {"alpha": "1"},
        {"hours": 0},
        {"sigma": -1},
        {"median_bytes": 0},
        {"ttl_s": -1},
        {"cities": []},
        {"cities": "Lisbon"},
        {"requests": True},
    ],
)
def test_what_makes_no_trace_is_refused(kwargs):
    with pytest.raises(InputError, match=next(iter(kwargs))):
        generate(**kwargs)


def test_an_unknown_city_is_named():
    with pytest.raises(UnknownName, match="Lisbn"):
        generate(10, cities=["Lisbn"])
