"""A journey in words, frames and shares: what each sample journey says of itself."""

from __future__ import annotations

from dataclasses import replace

import journeys as samples
import pytest

from cdnlab import telling
from cdnlab.steps import Leg, Place, Step

TWINS = {
    "miss": "Auckland asks edge AKL: no copy. Regional cache Sydney: no copy. Origin Stockholm answers 200; copies stay at Sydney and AKL. "
    "About 329 ms.",
    "hit": "Auckland asks edge AKL: has a copy. About 10 ms.",
    "brisbane": "Brisbane asks edge BNE: no copy. Regional cache Sydney: has a copy; a copy stays at BNE. About 29 ms.",
    "refresh": "Auckland asks edge AKL: copy expired. Regional cache Sydney: copy expired. Origin Stockholm answers 304; "
    "the copies at Sydney and AKL are confirmed. About 321 ms.",
    "stale": "Auckland asks edge AKL: copy expired. Regional cache Sydney: no copy. Origin Stockholm answers 503. "
    "Edge AKL sends its old copy. About 321 ms.",
    "error": "Auckland asks edge AKL: no copy. Regional cache Sydney: no copy. Origin Stockholm answers 404. About 321 ms.",
    "blocked": "Auckland asks edge AKL: refused at the edge, answers 403. About 10 ms.",
    "redirect": "Auckland asks edge AKL: Redirect, answers 301. About 10 ms.",
    "failover": "Auckland asks edge AKL: no copy. Regional cache Sydney: no copy. Shield Dublin: no copy. Origin Stockholm answers 503. "
    "Origin Frankfurt answers 200; copies stay at Dublin, Sydney and AKL. About 373 ms.",
    "post": "Auckland asks edge AKL: passes it on. Origin Stockholm answers 200. About 320 ms.",
    "timeout": "Auckland asks edge AKL: no copy. Regional cache Sydney: no copy. Origin Stockholm: no answer. About 30.0 s.",
}


@pytest.mark.parametrize("name", TWINS)
def test_the_twin_tells_where_it_went_what_was_found_and_what_stayed(name: str) -> None:
    assert telling.twin(samples.ALL[name]()) == TWINS[name]


def test_the_twin_is_made_from_the_steps() -> None:
    journey = samples.miss()
    nothing_stays = replace(journey, steps=tuple(step for step in journey.steps if step.state != "kept"))
    assert "stay" not in telling.twin(nothing_stays)


def test_the_twin_names_the_status_when_the_way_does_not_explain_it() -> None:
    journey = samples.miss()
    part = replace(journey, response=type(journey.response)(206, journey.response.headers, b"x"))
    assert telling.twin(part).endswith("The viewer reads 206. About 329 ms.")


def test_without_steps_the_twin_says_what_is_known() -> None:
    bare = replace(samples.miss(), steps=(), legs=(), way=())
    assert telling.twin(bare) == "Auckland asks edge AKL: 200, Miss from cloudfront. About 329 ms."


def test_a_follower_waits_and_then_has_a_copy() -> None:
    t = samples.Telling(samples.AUCKLAND).go(samples.AKL).note("PATH-09", "the same key is already being fetched")
    t.wait(200).note("PATH-09", "the answer serves this one too", "hit").go(samples.AUCKLAND)
    assert telling.twin(t.told("Hit", samples.FULL)) == "Auckland asks edge AKL: waits, then has a copy. About 210 ms."


def test_a_place_asked_twice_is_told_twice() -> None:
    t = samples.Telling(samples.AUCKLAND).go(samples.AKL).note("PATH-02", "no copy", "miss").go(samples.SYDNEY)
    t.note("PATH-04", "a remembered 404", "error").go(samples.AKL).note("PAGE-20", "an error page").go(samples.SYDNEY)
    t.note("PATH-04", "copy found", "hit").go(samples.AKL).go(samples.AUCKLAND)
    assert "Regional cache Sydney, asked again: has a copy" in telling.twin(t.told("Error", samples.FULL, status=404))


def test_an_error_that_is_remembered_is_not_called_a_copy() -> None:
    t = (
        samples.Telling(samples.AUCKLAND)
        .go(samples.AKL)
        .note("PATH-02", "no copy", "miss")
        .go(samples.SYDNEY)
        .note("PATH-03", "no copy", "miss")
    )
    t.go(samples.STOCKHOLM).note("PATH-03", "answers 404", "error").go(samples.SYDNEY).note("PATH-03", "for 10 s", "kept").go(samples.AKL)
    journey = t.note("PATH-05", "for 10 s", "kept").go(samples.AUCKLAND).told("Error", samples.FULL, status=404)
    assert "Origin Stockholm answers 404; the error stays at Sydney and AKL." in telling.twin(journey)
    assert "edge AKL: the error stays" in [frame["caption"] for frame in telling.frames(journey)]


def test_an_old_copy_from_the_regional_cache_makes_the_whole_journey_stale() -> None:
    t = (
        samples.Telling(samples.AUCKLAND)
        .go(samples.AKL)
        .note("PATH-02", "expired", "expired")
        .go(samples.SYDNEY)
        .note("PATH-04", "old", "stale")
    )
    journey = t.go(samples.AKL).go(samples.AUCKLAND).told("RefreshHit", samples.FULL)
    assert telling.overall(journey) == "stale"
    assert telling.twin(journey) == "Auckland asks edge AKL: copy expired. Regional cache Sydney: sends its old copy. About 52 ms."


def test_the_origins_status_is_read_from_its_own_words_when_it_was_not_kept() -> None:
    assert telling.twin(replace(samples.miss(), origin_statuses=())) == TWINS["miss"]


def test_a_finding_without_a_way_there_is_still_told() -> None:
    nowhere = Place("origin (nobody answers)", kind="origin", code="")
    t = samples.Telling(samples.AUCKLAND).go(samples.AKL).note("PATH-02", "no copy", "miss").note("ORIGIN-06", "nobody", "error", nowhere)
    t.go(samples.AUCKLAND)
    told = telling.twin(t.told("Error", (samples.AUCKLAND, samples.AKL, samples.SYDNEY, nowhere), status=502))
    assert told == "Auckland asks edge AKL: no copy. Origin (nobody answers): no answer. About 10 ms."


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("miss", "miss"),
        ("hit", "hit"),
        ("brisbane", "miss"),
        ("refresh", "refresh"),
        ("stale", "stale"),
        ("error", "error"),
        ("blocked", "blocked"),
        ("redirect", "redirect"),
        ("timeout", "error"),
    ],
)
def test_a_journey_has_one_overall_state(name: str, state: str) -> None:
    assert telling.overall(samples.ALL[name]()) == state


def test_an_answer_travels_in_the_state_of_the_place_that_gives_it() -> None:
    answers = [state for leg, state in telling.carried(samples.brisbane()) if not telling.is_question(leg)]
    assert answers == ["hit", "miss"]


@pytest.mark.parametrize(("name", "states"), [("error", ["error"] * 3), ("timeout", ["error"] * 2), ("stale", ["error", "error", "stale"])])
def test_a_failure_is_passed_on_as_a_failure(name: str, states: list[str]) -> None:
    assert [state for leg, state in telling.carried(samples.ALL[name]()) if not telling.is_question(leg)] == states


@pytest.mark.parametrize("name", samples.ALL)
def test_shares_add_up_to_the_latency(name: str) -> None:
    journey = samples.ALL[name]()
    assert sum(share.total for share in telling.shares(journey)) == pytest.approx(journey.latency_ms, abs=0.06)


def test_what_was_not_spent_travelling_is_a_share_of_its_own() -> None:
    assert telling.shares(samples.miss())[-1] == ("", "", 1, pytest.approx(8.0), "")


def test_a_way_that_ends_after_the_answer_is_not_part_of_the_wait() -> None:
    journey = samples.hit()
    late = Leg(samples.AKL, samples.SYDNEY, 20.8, "fitted", journey.latency_ms - 1)
    assert len(telling.shares(replace(journey, legs=(*journey.legs, late)))) == 1


@pytest.mark.parametrize("name", samples.ALL)
def test_frames_run_from_the_viewer_to_the_viewer_in_order_and_in_time(name: str) -> None:
    journey = samples.ALL[name]()
    frames = telling.frames(journey)
    assert [frame["place"] for frame in (frames[0], frames[-1])] == ["viewer", "viewer"]
    moments = [frame["at_ms"] for frame in frames]
    assert moments == sorted(moments)
    assert frames[-1]["play_ms"] == pytest.approx(min(1600, 5 * journey.latency_ms), abs=0.2)
    assert all(frame["caption"] for frame in frames)


def test_frames_say_what_is_found_and_what_stays() -> None:
    told = [(frame["place"], frame["name"], frame["state"]) for frame in telling.frames(samples.brisbane())]
    assert told == [
        ("viewer", "Brisbane", ""),
        ("edge", "BNE", "miss"),
        ("regional", "Sydney", "hit"),
        ("edge", "BNE", "kept"),
        ("viewer", "Brisbane", "miss"),
    ]


def test_an_answer_that_only_passes_has_a_frame_too() -> None:
    assert [frame["name"] for frame in telling.frames(samples.error())] == [
        "Auckland",
        "AKL",
        "Sydney",
        "Stockholm",
        "Sydney",
        "AKL",
        "Auckland",
    ]


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (samples.AKL, "AKL"),
        (samples.SYDNEY, "Sydney"),
        (samples.STOCKHOLM, "Stockholm"),
        (samples.AUCKLAND, "Auckland"),
        (Place("origin www.example.com", kind="origin", code="www.example.com"), "www.example.com"),
        (Place("somewhere", kind="viewer", code=""), "somewhere"),
    ],
)
def test_a_place_has_a_short_name(place: Place, name: str) -> None:
    assert telling.name(place) == name


def test_the_last_of_several_findings_at_one_moment_counts() -> None:
    journey = samples.hit()
    first = Step(samples.AKL, "PATH-02", "first thought", 5.0, "miss")
    assert telling.twin(replace(journey, steps=(first, *journey.steps))) == TWINS["hit"]
