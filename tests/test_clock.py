"""Time: read in three ways, pushed forwards only, and every appointment kept on the way."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.clock import SimulatedClock, WallClock, iso, seconds_since_epoch
from cdnlab.errors import ClockError

NEW_YEAR = 1_767_225_600.0


@pytest.mark.parametrize(
    "moment",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01",
        "2026-01-01T01:00:00+01:00",
        NEW_YEAR,
        int(NEW_YEAR),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1),
        datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_the_same_moment_can_be_written_in_many_ways(moment):
    assert seconds_since_epoch(moment) == NEW_YEAR
    assert SimulatedClock(moment).now() == NEW_YEAR


@pytest.mark.parametrize("moment", ["soon", "", None, True, float("nan"), float("inf"), -1, 1e18, [2026], b"2026-01-01"])
def test_what_is_no_moment_is_refused_with_a_reason(moment):
    with pytest.raises(ClockError, match=r"time|outside"):
        SimulatedClock(moment)


def test_the_simulated_clock_stands_still_until_it_is_pushed():
    clock = SimulatedClock()
    assert clock.now() == clock.now() == NEW_YEAR
    clock.advance(61)
    assert clock.now() == NEW_YEAR + 61
    assert str(clock) == "2026-01-01T00:01:01Z"
    assert repr(clock) == "SimulatedClock('2026-01-01T00:01:01Z')"


@pytest.mark.parametrize("step", [-1, -0.001, float("nan"), float("inf"), "61", None, True, 1e18, 10**400, -(10**400)])
def test_time_does_not_go_backwards_nor_by_nonsense(step):
    clock = SimulatedClock()
    with pytest.raises(ClockError):
        clock.advance(step)
    assert clock.now() == NEW_YEAR


@given(st.lists(st.floats(0, 100), max_size=20), st.lists(st.floats(0, 50), max_size=10))
def test_every_appointment_is_kept_at_its_moment_and_in_order(delays, pushes):
    clock, kept = SimulatedClock(0), []
    for delay in delays:
        clock.at(delay, lambda delay=delay: kept.append((delay, clock.now())))
    for push in [*pushes, 0]:
        clock.advance(push)
    assert [due for due, _ in kept] == sorted(delay for delay in delays if delay <= clock.now())
    assert all(due == at for due, at in kept)


def test_an_appointment_made_while_one_is_kept_is_kept_in_the_same_push():
    clock, seen = SimulatedClock(0), []
    clock.at(1, lambda: clock.at(2, lambda: seen.append(clock.now())))
    clock.advance(5)
    assert seen == [2.0]
    assert clock.now() == 5.0


def test_skipping_is_refused_when_something_is_due_on_the_way():
    clock = SimulatedClock(0)
    assert clock.skip(1)
    clock.at(1.5, lambda: None)
    assert not clock.skip(1)
    assert clock.now() == 1.0
    assert clock.step()
    assert not clock.step()


def test_the_wall_clock_tells_the_time_of_day():
    assert WallClock().now() > NEW_YEAR - 10 * 365 * 86400
    assert repr(WallClock()) == "WallClock()"


def test_times_are_written_to_the_second_in_utc():
    assert iso(NEW_YEAR + 59.999) == "2026-01-01T00:00:59Z"
