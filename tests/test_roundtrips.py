"""The round-trip model: handshakes end nearby, the long way is gone once; and when that is no gain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.distance import region, rtt
from cdnlab.errors import InputError, UnknownName
from cdnlab.geography import LAST_MILE_MS, edge, reach
from cdnlab.roundtrips import FIRST_BYTES, TLS, direct, more_trips, through_edge
from cdnlab.viewers import Viewer

STOCKHOLM = region("eu-north-1")


def whats(load):
    """What each round trip is for; in capitals when it goes all the way."""
    return " ".join(trip.what.upper() if trip.far else trip.what.lower() for trip in load.trips)


@pytest.mark.rule("TRIP-01", "TRIP-02", "TRIP-03")
@pytest.mark.parametrize(
    ("settings", "trips"),
    [
        ({}, "TCP TLS REQUEST"),
        ({"tls": "TLS 1.2"}, "TCP TLS TLS REQUEST"),
        ({"tls": "none"}, "TCP REQUEST"),
        ({"size": 100_000}, "TCP TLS REQUEST MORE MORE"),
        ({"size": 100_000, "new": False}, "REQUEST"),
    ],
)
def test_every_round_trip_of_a_direct_answer_goes_the_whole_way(settings, trips):
    load = direct("Auckland", STOCKHOLM, **settings)
    assert whats(load) == trips
    assert load.ms == pytest.approx(load.far * (LAST_MILE_MS + rtt(Viewer("Auckland").place, STOCKHOLM).ms))
    assert (load.near, load.edge) == (0, None)


@pytest.mark.rule("TRIP-04")
@pytest.mark.parametrize(
    ("settings", "trips"),
    [
        ({}, "tcp tls request REQUEST"),
        ({"tls": "TLS 1.2"}, "tcp tls tls request REQUEST"),
        ({"size": 100_000}, "tcp tls request REQUEST more more"),
        ({"new": False, "size": 100_000}, "request REQUEST"),
        ({"kept_open": False}, "tcp tls request TCP TLS REQUEST"),
        ({"kept_open": False, "size": 100_000}, "tcp tls request TCP TLS REQUEST MORE MORE"),
        ({"kept_open": False, "new": False, "size": 100_000}, "request TCP TLS REQUEST MORE MORE"),
    ],
)
def test_through_an_edge_the_handshakes_end_nearby_and_the_long_way_is_gone_once(settings, trips):
    load = through_edge("Auckland", STOCKHOLM, **settings)
    assert whats(load) == trips
    near, far = reach("Auckland", edge("AKL")).ms, rtt(edge("AKL").place, STOCKHOLM).ms
    assert load.ms == pytest.approx(load.near * near + load.far * far)
    assert load.edge == edge("AKL").place


@pytest.mark.rule("TRIP-05")
@given(size=st.integers(0, 10**9), new=st.booleans(), kept_open=st.booleans(), tls=st.sampled_from(sorted(TLS)))
def test_the_edge_shortens_new_connections_and_costs_a_little_on_old_ones(size, new, kept_open, tls):
    straight = direct("Auckland", STOCKHOLM, size=size, tls=tls, new=new)
    by_edge = through_edge("Auckland", STOCKHOLM, size=size, tls=tls, new=new, kept_open=kept_open)
    if new and kept_open:
        assert by_edge.ms < straight.ms / 1.5
    elif new:
        assert by_edge.ms == pytest.approx(straight.ms, rel=0.1)  # all the gain came from the open connection
    else:
        assert by_edge.ms > straight.ms
    assert through_edge("Auckland", STOCKHOLM, size=size, tls=tls, new=new).ms <= by_edge.ms


@pytest.mark.rule("TRIP-03")
@given(st.integers(0, 10**12))
def test_each_further_round_trip_brings_twice_as_much_as_the_one_before(size):
    trips = more_trips(size)
    assert FIRST_BYTES * (2 ** (trips + 1) - 1) >= size
    assert trips == 0 or FIRST_BYTES * (2**trips - 1) < size


def test_another_edge_than_the_nearest_can_be_asked_for():
    assert through_edge("Lisbon", STOCKHOLM, edge=edge("NRT")).ms > through_edge("Lisbon", STOCKHOLM).ms


@pytest.mark.parametrize("size", [-1, 1.5, "1 kB", True, 10**13])
def test_a_size_that_is_none_is_refused(size):
    with pytest.raises(InputError, match="size is"):
        direct("Lisbon", STOCKHOLM, size=size)


def test_an_unknown_handshake_is_refused_with_those_there_are():
    with pytest.raises(UnknownName, match=r"TLS 1\.3"):
        through_edge("Lisbon", STOCKHOLM, tls="TLS 1.4")
