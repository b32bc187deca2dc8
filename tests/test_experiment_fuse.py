"""Lesson 03's experiment: every number comes from journeys and from the TTL table, and the surprises really happen."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdnlab.errors import ConfigError, InputError
from cdnlab.exercises import lesson
from cdnlab.experiments import desk, fuse
from cdnlab.freshness import TTL_TABLE, TTLs
from cdnlab.panels import Press

WIDE = (0, 86_400, 31_536_000)
ASK = "Wait, then ask"
ordered = st.lists(st.sampled_from(fuse.STOPS), min_size=3, max_size=3).map(lambda three: tuple(sorted(three)))


def results(run: desk.Run) -> list[str]:
    return [journey.result for journey in run.journeys]


def asked(panel: fuse.Panel[fuse.Desk], times: int, **values: object) -> fuse.Panel[fuse.Desk]:
    for _ in range(times):
        panel.press(ASK, **values)
    return panel


# ---- the model


def test_a_fresh_copy_answers_alone_and_the_first_reader_after_expiry_makes_the_edge_ask():
    run = desk.run("max-age=60", WIDE, (10,) * 7)
    assert results(run) == ["Miss", *["Hit"] * 5, "RefreshHit", "Hit"]
    assert [journey.origin_statuses for journey in run.journeys if journey.origin_requests] == [(200,), (304,)]
    assert (run.asked, run.sent, run.heard_again, run.went_out) == (2, 1, 60, 60)
    assert [(each.lit, each.out, each.gone) for each in run.edge_fuses] == [(0, 60, 60), (60, 120, None)]


def test_nothing_happens_at_expiry_itself_only_with_the_next_reader():
    run = desk.run("max-age=60", WIDE, (3_600,))
    assert (run.went_out, run.heard_again) == (60, 3_600)
    assert run.edge_fuses[0].gone == 3_600


def test_the_surprise_of_no_store_kept_for_min_ttl_and_then_a_304():
    without = desk.run("no-store", WIDE, (30, 30))
    assert results(without) == ["Miss"] * 3 and without.sent == 3
    floor = desk.run("no-store", (60, 86_400, 31_536_000), (30, 30))
    assert results(floor) == ["Miss", "Hit", "RefreshHit"]
    assert floor.journeys[-1].origin_statuses == (304,) and floor.sent == 1
    assert (floor.life.seconds, floor.life.rule) == (60, "TTL-01")


def test_the_browsers_fuse_follows_the_header_and_not_the_policy():
    run = desk.run("max-age=10, s-maxage=600", (60, 300, 300), (10,))
    assert (run.life.seconds, run.browser, run.asks_for) == (300, 10, 600)
    assert desk.run("nothing about time", WIDE, ()).browser is None
    assert [(each.lit, each.out) for each in desk.run("max-age=60", WIDE, (10,)).browser_fuses] == [(0, 60), (10, 60)]


def test_with_max_ttl_0_nothing_is_kept():
    run = desk.run("max-age=60", (0, 0, 0), (10, 10))
    assert results(run) == ["Miss"] * 3
    assert run.edge_fuses == () and run.asks_for is None and run.life.keep == "drop"


@settings(deadline=None)
@given(st.sampled_from(list(desk.HEADERS)), ordered)
def test_the_fuse_of_the_copy_is_as_long_as_the_table_says(header, ttls):
    run = desk.run(header, ttls, ())
    if run.life.keep == "drop":
        assert run.edge_fuses == ()
    else:
        assert run.edge_fuses[0].out == pytest.approx(run.life.seconds, abs=1)
        assert run.life.rule in {row.rule for row in TTL_TABLE}


def test_turning_a_knob_lets_the_same_readers_come_again():
    presses = [Press(ASK, {"wait": wait, "header": "max-age=60", "ttls": WIDE}) for wait in (10, 60, 600)]
    before, after = fuse.model(presses, header="max-age=60", ttls=WIDE), fuse.model(presses, header="no-cache", ttls=WIDE)
    assert before.run.times == after.run.times == (0, 10, 70, 670)
    assert after.guessed == before.run, "what was predicted stays what it was about"


# ---- the panel


def test_the_start_shows_a_question_and_not_its_answer():
    panel = fuse.panel()
    page = panel.now._repr_html_()
    assert panel.result.run.asked == 1 and len(panel.result.run.journeys) == 1
    assert ">?</text>" in page
    assert "fresh for" not in page and "60 s of fuse" not in page and "burns until" not in page
    assert "fresh" not in panel.sentence


def test_the_flag_is_drawn_and_judged_by_the_settings_it_was_placed_for():
    panel = asked(fuse.panel(), 1, flag=45)
    assert "you: 45 s" in panel.now._repr_html_() and panel.said()[0]["outcome"] == ""
    asked(panel, 5)
    outcome = panel.said()[0]["outcome"]
    assert "max-age=60" in outcome and "heard again at 60 s" in outcome
    panel.set(header="no-store")
    assert panel.said()[0]["outcome"] == outcome


def test_without_a_fuse_the_outcome_says_so():
    panel = asked(fuse.panel(), 1, header="no-store", flag=60)
    assert "heard again at 10 s. No fuse burnt" in panel.said()[0]["outcome"]


def test_no_store_is_asked_about_when_it_is_chosen_and_answered_when_min_ttl_rises():
    panel = asked(fuse.panel(), 3)
    assert panel.said()[1]["asked"] is False
    panel.set(header="no-store")
    assert panel.said()[1]["asked"] is True and panel.said()[1]["outcome"] == ""
    panel.set(kept=fuse.KEPT[0], ttls=(60, 86_400, 31_536_000))
    assert panel.said()[1]["outcome"] == "No-store, but MinTTL is above 0: fresh for 60 s. MinTTL wins over no-store."


def test_the_twin_alone_tells_the_story():
    panel = asked(fuse.panel(), 6)
    assert panel.sentence == (
        "Origin says max-age=60; Min 0 s, Default 1 day, Max 1 year: fresh at CloudFront for 60 s because of “max-age=60”; "
        "in the browser for 60 s. Reader 7, at 60 s: RefreshHit. Origin asked: 2, page sent: 1."
    )
    assert "because of “no-store”" in panel.set(header="no-store")
    assert "says nothing about time" in panel.set(header="nothing about time")
    assert "the browser guesses" in panel.sentence


@pytest.mark.parametrize(
    ("header", "ttls", "said"),
    [
        ("max-age=60", WIDE, "50 s of fuse left"),
        ("no-cache", WIDE, "No (304, no page in it): the copy may be used this once"),
        ("no-store", WIDE, "only in case the origin fails"),
        ("max-age=60", (0, 0, 0), "MaxTTL is 0, so nothing is kept"),
        ("max-age=60", (0, 1, 1), "the fuse is lit again for 1 s"),
    ],
)
def test_the_comment_is_reckoned_from_the_latest_journey(header, ttls, said):
    panel = asked(fuse.panel(), 1, header=header, ttls=ttls)
    assert said in fuse.comment(panel.result)


def test_the_tape_can_be_looked_back_and_branched():
    panel = asked(fuse.panel(), 4)
    panel.look(2)
    assert len(panel.result.run.journeys) == 3
    assert panel.press(ASK, wait=600).startswith("Origin says max-age=60") and panel.result.run.times == (0, 10, 20, 620)


def test_the_handles_never_pass_each_other():
    with pytest.raises(InputError, match=r"MinTTL \(60\) must not be above DefaultTTL \(10\)"):
        fuse.panel().set(ttls=(60, 10, 600))
    with pytest.raises(ConfigError, match="InvalidTTLOrder"):
        desk.world("max-age=60", (60, 10, 600))


# ---- the picture


@settings(deadline=None)
@given(st.sampled_from(list(desk.HEADERS)), ordered)
def test_exactly_the_governing_row_is_lit(header, ttls):
    table = fuse.table(desk.run(header, ttls, ()))
    lit = re.findall(r'<tr class="cdnlab-governs" aria-current="true">.*?<td>(TTL-\d\d)</td></tr>', table)
    life = desk.run(header, ttls, ()).life
    assert lit == ([] if life.keep == "drop" else [life.rule])
    assert life.says.replace("&", "&amp;") in table
    assert all(row.condition in table and row.min_above in table for row in TTL_TABLE)


@settings(deadline=None)
@given(st.sampled_from(list(desk.HEADERS)), ordered, st.lists(st.sampled_from(fuse.WAITS), max_size=5))
def test_no_picture_types_a_colour_or_loads_anything(header, ttls, waits):
    presses = [Press(ASK, {"wait": wait, "header": header, "ttls": ttls}) for wait in waits]
    picture = fuse.chart(made := fuse.model(presses, header=header, ttls=ttls, flag=60)) + fuse.rail(made.run) + fuse.table(made.run)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", picture)
    assert "<script" not in picture and "http" not in picture.replace("http://www.w3.org/2000/svg", "")


def test_the_rail_shows_what_was_asked_and_what_was_granted():
    assert "asked and granted 60 s" in fuse.rail(desk.run("max-age=60", WIDE, ()))
    floor = fuse.rail(desk.run("no-store", (60, 600, 3_600), ()))
    assert "origin asks 0 s" in floor and "granted 60 s" in floor
    assert "Default = Max" in fuse.rail(desk.run("max-age=10, s-maxage=600", (60, 300, 300), ()))


def test_the_panel_has_at_most_three_controls_and_one_button():
    kinds = [type(each).__name__ for each in fuse.panel().controls.values()]
    assert kinds == ["Flag", "Predict", "Choice", "Rail", "Slider", "Button"]


# ---- the exercises


def test_the_exercises_reckon_with_the_library():
    questions = lesson("03")
    assert questions.q1.right == [600, 10]
    assert questions.q2.right == 1
    assert questions.q3.right == ["RefreshHit", "no"]
    assert questions.q1.check(600, 600).text != questions.q1.check(60, 10).text


def test_the_incident_is_repaired_by_min_ttl_0_and_by_nothing_less():
    q4 = lesson("03").q4
    assert "Account of Ana" in desk.shop_trouble(q4.given())
    policy = q4.given()
    assert q4.check(policy | {"MinTTL": 0})
    assert "Account of Ana" in q4.check(policy | {"MinTTL": 1}).text
    assert "nothing is cached" in q4.check(policy | {"MinTTL": 0, "DefaultTTL": 0, "MaxTTL": 0}).text
    assert "InvalidTTLOrder" in q4.check(policy | {"MaxTTL": 10}).text
    cookies = policy["ParametersInCacheKeyAndForwardedToOrigin"] | {"CookiesConfig": {"CookieBehavior": "all"}}
    assert "still overruled" in q4.check(policy | {"ParametersInCacheKeyAndForwardedToOrigin": cookies}).text


def test_managed_ttls_are_read_from_the_policy_not_typed():
    assert desk.optimized_no_store() == desk.run("no-store", TTLs(1, 86_400, 31_536_000), ()).life.seconds
