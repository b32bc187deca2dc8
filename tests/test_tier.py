"""A cache tier against a naive model, and the promises of collapsing, staleness and failure."""

import pytest
from asks import EDGE, REGIONAL, TinyOrigin, answers, ask, plan
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cdnlab.clock import SimulatedClock
from cdnlab.driver import SimulatedDriver
from cdnlab.freshness import TTLs
from cdnlab.steps import Trail
from cdnlab.tier import Tier


class World:
    """One tier (or two) over a tiny origin whose version and health can be changed."""

    def __init__(self, cache_control="max-age=60", *, two=False, capacity=10**9, the_plan=None, ms=100.0):
        self.clock = SimulatedClock(0)
        self.version, self.status, self.plan = 1, 200, the_plan or plan()
        self.origin = TinyOrigin(self.clock, answers(cache_control, lambda: self.version, lambda: self.status), ms)
        self.regional = Tier(REGIONAL, self.origin, self.clock, capacity) if two else None
        self.tier = Tier(EDGE, self.regional or self.origin, self.clock, capacity)
        self.driver = SimulatedDriver(self.clock, lambda fetch, at: None)

    def get(self, path="/a", **kwargs):
        trail = Trail(self.clock)
        answer = self.driver.run(self.tier.answer(ask(path, self.plan, **kwargs), trail))
        self.steps = trail.steps
        return answer

    def crowd(self, number, path="/a"):
        works = [self.tier.answer(ask(path, self.plan), Trail(self.clock)) for _ in range(number)]
        return self.driver.finish([self.driver.start(work, self.clock.now()) for work in works])

    @property
    def asked(self):
        return len(self.origin.asked)


class TierAgainstNaiveModel(RuleBasedStateMachine):
    """The model is a dictionary of (version, fresh until, retry at) and the sentences of the guide."""

    def __init__(self):
        super().__init__()
        self.world = World("max-age=60", ms=0.0)
        self.model = {}

    @rule(seconds=st.integers(0, 90))
    def time_passes(self, seconds):
        self.world.clock.advance(seconds)

    @rule()
    def the_origin_has_a_new_version(self):
        self.world.version += 1

    @rule(status=st.sampled_from([200, 200, 404, 503]))
    def the_origin_changes_its_mind(self, status):
        self.world.status = status

    @rule(path=st.sampled_from(["/a", "/b", "/c"]))
    def a_request_arrives(self, path):
        world, now = self.world, self.world.clock.now()
        known = self.model.get(path)
        before = world.asked
        answer = world.get(path)
        seen = (answer.state, bytes(answer.copy.content), world.asked - before)
        if known and now < known["until"]:
            expected = ("error" if known["status"] >= 400 else "hit", known["body"], 0)
        elif known and known["status"] == 200 and now < known.get("retry", 0):
            expected = ("stale", known["body"], 0)
        else:
            body = f"{path} v{world.version}".encode() if world.status == 200 else b"broken"
            old = known if known and known["status"] == 200 else None
            if world.status == 503 and old:
                old["retry"] = now + 10
                expected = ("stale", old["body"], 1)
            else:
                state = "refresh" if old and world.status == 200 and old["body"] == body else "miss" if world.status == 200 else "error"
                expected = (state, body, 1)
                self.model[path] = {"status": world.status, "body": body, "until": now + (60 if world.status == 200 else 10)}
        assert seen == expected

    @invariant()
    def nothing_is_left_in_flight(self):
        assert not self.world.tier._flights


TestTierAgainstNaiveModel = TierAgainstNaiveModel.TestCase
TestTierAgainstNaiveModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@pytest.mark.rule("PATH-04", "PATH-02")
def test_a_fresh_copy_is_sent_without_asking_anyone():
    world = World()
    assert world.get().state == "miss"
    world.clock.advance(50)
    assert world.get().state == "hit"
    assert world.asked == 1


@pytest.mark.rule("PATH-03", "PATH-05")
def test_an_object_fetched_through_the_regional_cache_stays_in_both():
    world = World(two=True)
    world.get()
    assert len(world.tier.store) == len(world.regional.store) == 1
    world.tier.purge(lambda key, copy: True)
    assert world.get().state == "miss"
    assert world.asked == 1


@pytest.mark.rule("PATH-13")
def test_an_edge_copy_expires_when_the_regional_copy_does():
    world = World(two=True)
    world.get()
    world.clock.advance(40)
    world.tier.purge(lambda key, copy: True)
    world.get()
    world.clock.advance(19)
    assert world.get().state == "hit"
    world.clock.advance(2)
    assert world.get().state == "refresh"
    assert world.asked == 2


@pytest.mark.rule("PATH-09")
@pytest.mark.parametrize("two", [False, True])
def test_a_thousand_simultaneous_requests_for_one_key_make_one_request_above(two):
    world = World(two=two)
    got = world.crowd(1000)
    assert world.asked == 1
    assert [answer.state for answer in got] == ["miss"] + ["hit"] * 999
    assert not world.tier._flights


@pytest.mark.rule("PATH-10")
def test_with_cookies_forwarded_nobody_waits_for_another():
    world = World(the_plan=plan(cookies="all"))
    world.crowd(10)
    assert world.asked == 10
    assert world.clock.now() == pytest.approx(0.1)


@pytest.mark.rule("PATH-14")
def test_held_requests_whose_leader_may_not_share_go_one_after_the_other():
    world = World("no-store")
    got = world.crowd(10)
    assert world.asked == 10
    assert world.clock.now() == pytest.approx(1.0)
    assert [answer.state for answer in got] == ["miss"] * 10
    assert not any(copy.fresh(world.clock.now()) for _, copy in world.tier.held())


def test_a_leader_that_departs_leaves_nobody_hanging():
    world = World()
    leader = world.tier.answer(ask("/a", world.plan), Trail(world.clock))
    next(leader)
    follower = world.driver.start(world.tier.answer(ask("/a", world.plan), Trail(world.clock)), 0)
    world.clock.step()
    leader.close()
    assert world.driver.finish([follower])[0].state == "miss"
    assert not world.tier._flights


def test_a_leader_that_crashes_leaves_nobody_hanging():
    world, calls = World(), []
    good = world.origin.make

    def once_broken(path):
        calls.append(path)
        if len(calls) == 1:
            raise RuntimeError("bug in the origin's model")
        return good(path)

    world.origin.make = once_broken
    tasks = [world.driver.start(world.tier.answer(ask("/a", world.plan), Trail(world.clock)), 0) for _ in range(3)]
    with pytest.raises(RuntimeError):
        world.driver.finish(tasks)
    assert [task.value.state for task in tasks[1:] if world.driver.finish([task])] == ["miss", "hit"]


def test_a_body_that_ends_too_early_is_delivered_and_not_kept():
    from cdnlab.messages import Body, Response

    world = World()
    world.origin.make = lambda path: Response(200, {"Cache-Control": "max-age=60"}, Body(b"half", size=8))
    assert bytes(world.get().copy.content) == b"half"
    assert len(world.tier.store) == 0


def test_a_body_still_arriving_is_published_at_once_and_taken_back_if_it_fails():
    from cdnlab.messages import Body, Response

    world, body = World(), Body(b"first", size=100, open=True)
    world.origin.make = lambda path: Response(200, {"Cache-Control": "max-age=60"}, body)
    world.get()
    assert world.get().state == "hit"
    assert world.tier.store.used > 100
    body.fail()
    assert world.get().state == "miss"


@pytest.mark.rule("STALE-01")
def test_inside_its_window_the_old_copy_is_sent_at_once_and_one_background_request_asks():
    world = World("max-age=10, stale-while-revalidate=60", two=True)
    world.get()
    world.version = 2
    world.clock.advance(15)
    before = world.clock.now()
    first, second = world.get(), world.get()
    assert [answer.state for answer in (first, second)] == ["stale", "stale"]
    assert world.clock.now() == before
    world.clock.advance(1)
    assert world.asked == 2
    third = world.get()
    assert (third.state, bytes(third.copy.content)) == ("hit", b"/a v2")


def test_after_the_window_the_request_waits():
    world = World("max-age=10, stale-while-revalidate=60")
    world.get()
    world.clock.advance(80)
    assert world.get().state == "refresh"


@pytest.mark.parametrize("two", [False, True])
def test_a_failing_origin_is_covered_by_the_old_copy_and_left_alone_for_ten_seconds(two):
    world = World(two=two)
    world.get()
    world.status, world.version = 503, 2
    world.clock.advance(100)
    assert world.get().state == "stale"
    asked = world.asked
    world.clock.advance(9)
    assert world.get().state == "stale"
    assert world.asked == asked
    world.clock.advance(2)
    world.status = 200
    assert world.get().state == "miss"


def test_stale_if_error_zero_lets_the_error_through():
    world = World("max-age=10, stale-if-error=0")
    world.get()
    world.status = 503
    world.clock.advance(20)
    assert (world.get().state, world.get().copy.status) == ("error", 503)


def test_a_404_replaces_the_old_copy():
    world = World()
    world.get()
    world.status = 404
    world.clock.advance(100)
    assert world.get().copy.status == 404


def test_what_only_the_edge_had_is_not_put_in_the_regional_cache_by_a_304():
    world = World(two=True)
    world.get()
    world.regional.purge(lambda key, copy: True)
    world.clock.advance(100)
    assert world.get().state == "refresh"
    assert len(world.regional.store) == 0


def test_a_stale_answer_from_above_is_passed_on_and_never_stored_as_fresh():
    world = World(two=True)
    world.get()
    world.tier.purge(lambda key, copy: True)
    world.status = 503
    world.clock.advance(100)
    answer = world.get()
    assert (answer.state, answer.copy.status) == ("miss", 200)
    assert len(world.tier.store) == 0


@pytest.mark.rule("PATH-12")
def test_the_unpopular_copy_leaves_the_edge_and_stays_in_the_regional_cache():
    world = World(two=True, capacity=1000)
    world.regional.store.capacity = 10**6
    for path in ("/a", "/b", "/c", "/d"):
        world.get(path)
    assert world.get("/a").state == "miss"
    assert world.asked == 4


def test_what_may_not_be_cached_passes_through_every_tier():
    world = World(the_plan=plan(TTLs(0, 0, 0)), two=True)
    assert [world.get().state for _ in range(3)] == ["miss"] * 3
    assert world.asked == 3
    assert len(world.tier.store) == len(world.regional.store) == 0


def test_every_step_cites_a_rule_of_the_ledger():
    world = World(two=True)
    for seconds in (0, 10, 100):
        world.clock.advance(seconds)
        world.get()
        assert world.steps
        assert all(step.evidence and step.source for step in world.steps)
