"""The simulated driver: wishes take their time, work overlaps, nobody hangs."""

import pytest

from cdnlab.clock import SimulatedClock
from cdnlab.driver import SimulatedDriver
from cdnlab.errors import OriginError
from cdnlab.messages import Request, Response
from cdnlab.wishes import Fetch, Flight, Reply, Spawn, Travel, Wait


def driver(reply=None, clock=None):
    clock = clock or SimulatedClock(0)
    return SimulatedDriver(clock, lambda fetch, at: reply or Reply(Response(200, {"At": f"{at:g}"}), 0.5)), clock


def fetch(ms=100.0, **kwargs):
    return Fetch(Request("GET", "https://o.example/"), ms, **kwargs)


def test_a_fetch_takes_its_round_trip_and_the_origins_thinking_time():
    turn, clock = driver()

    def work():
        reply = yield fetch()
        return reply.outcome.headers["At"], clock.now()

    assert turn.run(work()) == ("0.05", pytest.approx(0.6))


@pytest.mark.parametrize(
    ("reply", "kind", "after"),
    [
        (Reply(OriginError("refused", "no")), "refused", 0.1),
        (Reply(OriginError("connect-timeout", "no", seconds=10.0)), "connect-timeout", 10.0),
        (Reply(Response(200), seconds=31.0), "read-timeout", 30.0),
    ],
)
def test_a_failure_is_noticed_after_the_time_it_takes(reply, kind, after):
    turn, clock = driver(reply)

    def work():
        return (yield fetch()).outcome.kind

    assert turn.run(work()) == kind
    assert clock.now() == pytest.approx(after)


def test_work_overlaps_and_ends_in_the_order_of_its_arrivals():
    turn, clock = driver()
    ended = []

    def walk(name, ms):
        yield Travel(ms)
        ended.append((name, round(clock.now(), 3)))

    turn.finish([turn.start(walk("slow", 300), 0.0), turn.start(walk("quick", 100), 0.1)])
    assert ended == [("quick", 0.2), ("slow", 0.3)]


def test_everybody_who_waits_for_a_flight_goes_on_when_it_lands():
    turn, clock = driver()
    flight = Flight()

    def lead():
        yield Travel(50)
        flight.land("news")
        flight.land("twice")

    def follow():
        yield Wait(flight)
        return flight.result, clock.now()

    tasks = [turn.start(lead(), 0.0), turn.start(follow(), 0.0), turn.start(follow(), 0.2)]
    assert turn.finish(tasks)[1:] == [("news", 0.05), ("news", 0.2)]


def test_background_work_goes_on_while_the_clock_is_pushed():
    turn, clock = driver()
    done = []

    def background():
        yield Travel(1000)
        done.append(clock.now())

    def work():
        yield Spawn(background())
        return "at once"

    assert turn.run(work()) == "at once"
    assert (clock.now(), done) == (0.0, [])
    clock.advance(5)
    assert done == [1.0]


def test_an_error_in_the_work_reaches_the_one_who_asked_for_it():
    turn, _ = driver()

    def work():
        yield Travel(1)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        turn.run(work())


def test_an_unknown_wish_and_an_error_in_the_background_are_not_swallowed():
    turn, clock = driver()

    def wish():
        yield "a pony"

    def background():
        yield Travel(1)
        raise KeyError("background")

    def work():
        yield Spawn(background())

    with pytest.raises(TypeError, match="pony"):
        turn.run(wish())
    turn.run(work())
    with pytest.raises(KeyError, match="background"):
        clock.advance(1)
