"""Lesson 11's experiments: numbers come from journeys, and the surprises of both panels really happen."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdnlab.errors import ConfigError, InputError
from cdnlab.exercises import lesson
from cdnlab.experiments import deploy, releases, sweep
from cdnlab.experiments.releases import DEPLOY, FOREVER, MINUTES, QUARTER, SAME, Release, run

PRESS = "Deploy build 2"
knobs = st.fixed_dictionaries(
    {
        "order": st.sampled_from(list(deploy.ORDERS)),
        "names": st.sampled_from(list(deploy.NAMES)),
        "invalidate": st.sampled_from(deploy.AT),
    }
)


def deployed(**values):
    panel = deploy.panel()
    panel.press(PRESS, **values)
    return panel


# ---- the model


@settings(deadline=None, max_examples=12)
@given(knobs)
def test_there_are_100_people_in_every_minute_and_all_see_build_1_before_and_build_2_in_the_end(values):
    minutes = deployed(**values).result.minutes
    assert [minute.at for minute in minutes] == list(range(MINUTES))
    assert all(minute.count(*releases.STATES) == 100 for minute in minutes)
    assert all(minute.count("old") == 100 for minute in minutes[:DEPLOY])
    assert minutes[-1].count("new") == 100


def test_the_surprise_after_the_invalidation_the_old_page_lives_on_in_browsers_alone():
    met = run(Release(invalidate_at=16))
    assert (met.last_old_first, met.last_old) == (15, 26)
    assert run(Release()).last_old == 27, "without it, browsers are hardly later"


def test_an_invalidation_before_the_upload_is_done_makes_the_old_page_last_longer_at_the_edges():
    assert run(Release(invalidate_at=11)).last_old_first > run(Release(invalidate_at=16)).last_old_first
    assert run(Release(invalidate_at=11)).last_old_first >= 11


def test_page_first_breaks_versioned_names_until_the_parts_have_come():
    met = run(Release(order=("page", "assets")))
    assert [minute.at for minute in met.minutes if minute.count("missing")] == [12]
    assert run(Release()).broken() == 0


@pytest.mark.parametrize("order", [("page", "assets"), ("assets", "page")])
def test_same_names_mix_builds_in_either_order(order):
    assert run(Release(SAME, order, asset_header=QUARTER)).broken("mixed") > 0


def test_deleting_old_parts_breaks_who_has_the_old_page_once_the_edges_are_emptied_too():
    assert run(Release(delete_old=True)).broken() == 0, "edges still hold them"
    met = run(Release(delete_old=True, invalidate_at=16))
    assert met.broken("missing") > 0 and all(set(minute.first) <= {"old", "new"} for minute in met.minutes)


def test_when_browsers_must_ask_an_invalidation_of_the_page_is_enough():
    met = run(Release(page_header="max-age=0, s-maxage=86400", invalidate_at=13, paths=("/index.html",)))
    assert met.last_old == 12 and met.broken() == 0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"names": "hashed"}, "choose 'same' or 'versioned'"),
        ({"order": ["page"]}, "put 'page' and 'assets'"),
        ({"order": "page"}, "put 'page' and 'assets'"),
        ({"delete_old": "yes"}, "True or False"),
        ({"page_header": 60}, "Cache-Control value"),
        ({"invalidate_at": 3}, "a minute from 10 to 39"),
        ({"paths": "/*"}, "a list of paths"),
        ({"path": ["/*"]}, "with 'path'"),
    ],
)
def test_a_release_that_makes_no_sense_is_refused_with_what_would(wrong, says):
    with pytest.raises(InputError, match=says.replace("*", r"\*")):
        Release.of(releases.white_page() | wrong)


# ---- the machine's panel


def test_the_start_shows_the_question_and_not_the_answer():
    panel = deploy.panel()
    assert len(panel.result.minutes) == DEPLOY and "?</text>" in panel.now._repr_html_()
    assert "minute 16: /* invalidated" not in panel.now._repr_html_() and panel.said()[0]["outcome"] == ""
    assert [type(each).__name__ for each in panel.controls.values()] == ["Flag", "Predict", "Choice", "Choice", "Slider", "Button"]


def test_the_twin_has_a_line_for_every_ten_minutes():
    assert deployed().sentence.splitlines() == [
        "Versioned names, assets first, page says max-age=900, /* invalidated at minute 16:",
        "minute 10: 0 new, 100 old, 0 broken;",
        "minute 20: 64 new, 36 old, 0 broken;",
        "minute 30: 100 new, 0 old, 0 broken;",
        "last old page in minute 26, 0 broken visits in all.",
    ]


def test_the_flag_is_judged_by_the_deployment_it_was_placed_for():
    panel = deployed(gone=16)
    before = panel.said()[0]["outcome"]
    assert before.startswith("The last old page was seen in minute 26.") and "Browsers kept" in before
    panel.set(invalidate=30, names="same names")
    assert panel.said()[0]["outcome"] == before and "you: minute 16" in panel.now._repr_html_()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"invalidate": 0}, "Nothing was invalidated"),
        ({"invalidate": 11}, "fetched the old one again"),
        ({"invalidate": 30}, "expired by themselves before minute 30"),
    ],
)
def test_the_outcome_names_the_reason(values, says):
    assert says in deployed(**values).said()[0]["outcome"]


def test_the_question_about_deletion_is_answered_when_both_were_done():
    panel = deployed(invalidate=0)
    assert panel.said()[1]["asked"] and panel.said()[1]["outcome"] == ""
    panel.set(names="versioned names, old ones deleted")
    assert panel.said()[1]["outcome"].startswith("Nobody so far")
    panel.set(invalidate=16)
    assert "81 visits broke" in panel.said()[1]["outcome"]


@settings(deadline=None, max_examples=12)
@given(knobs)
def test_no_picture_types_a_colour_or_loads_anything(values):
    panel = deployed(**values)
    picture = deploy.view(panel.result) + sweep.view(sweep.panel().result) + deploy.inside(panel.result)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", picture)
    assert "<script" not in picture and "http" not in picture.replace("http://www.w3.org/2000/svg", "")


# ---- the preview


@pytest.mark.rule("INV-01", "INV-02", "INV-03")
@pytest.mark.parametrize(
    ("path", "going"),
    [("/images/cat.jpg", 4), ("/images/cat.jpg*", 8), ("/images/*.jpg", 0), ("/images/*", 12), ("/", 0), ("/index.html", 6), ("/*", 22)],
)
def test_the_preview_removes_what_the_invalidation_then_removes(path, going):
    panel = sweep.panel()
    panel.set(path=path)
    foreseen = panel.result
    assert len(foreseen.going) == going
    panel.press("Invalidate", path=path)
    assert len(panel.result.held) == 22 - going and not panel.result.going
    assert panel.now._repr_html_().count(">gone</text>") == going


@pytest.mark.parametrize(("used", "price"), [(0, 0), (999, 0), (1_000, 0.005), (5_000, 0.005)])
def test_the_first_1000_paths_are_free_and_a_wildcard_counts_once(used, price):
    panel = sweep.panel()
    panel.set(path="/*", used=used)
    assert panel.result.price == price


def test_a_path_that_aws_would_refuse_is_refused_with_its_code():
    with pytest.raises(ConfigError, match="begins with a slash"):
        sweep.panel().set(path="images/*")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/images/*.jpg", "only as the last character"),
        ("/", "root object is stored under its own name"),
        ("/images/cat.jpg", "?size=small stays"),
        ("/*", "still one path on the bill"),
        ("/Images/cat.jpg", "Capitals"),
        ("/index.html", "no invalidation reaches them"),
    ],
)
def test_the_comment_says_why(path, says):
    panel = sweep.panel()
    panel.set(path=path)
    assert says in sweep.comment(panel.result)


def test_what_was_just_removed_is_not_called_missing():
    panel = sweep.panel()
    panel.press("Invalidate", path="/images/*")
    assert "is gone" in sweep.comment(panel.result)
    panel.set(path="/")
    assert "root object" in sweep.comment(panel.result)


def test_the_prediction_is_answered_when_it_is_tried():
    panel = sweep.panel()
    panel.set(guess="none")
    assert panel.said()[0]["outcome"] == ""
    panel.set(path="/images/*.jpg")
    assert "would remove none of 22 copies" in panel.said()[0]["outcome"]


# ---- the exercises


def test_the_exercises_reckon_with_the_library():
    questions = lesson("11")
    assert (questions.q1.right, questions.q2.right, questions.q3.right) == ([0, 8], [3, 0.015], 15)
    assert questions.q3.check("12:15") and questions.q3.check("15 min")
    assert FOREVER.startswith("max-age=31536000")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"delete_old": False}, "Did / remove it?"),
        ({"paths": ["/index.html"]}, "its parts from minute 13"),
        ({"paths": ["/index.html"], "order": ["assets", "page"]}, "the bucket still held the old page"),
        ({"paths": ["/index.html"], "invalidate_at": 13}, "Which header allows that?"),
        ({"paths": ["/*"], "invalidate_at": 13, "order": ["assets", "page"]}, "whose page still names them?"),
        ({"invalidate_at": None}, "Nothing told it to forget"),
        ({"names": "same", "asset_header": "max-age=60", "paths": ["/*"]}, "different builds"),
        ({"paths": ["index.html"]}, "begins with a slash"),
        ({"paths": "/index.html"}, "a list of paths"),
    ],
)
def test_a_half_repair_is_not_yet_and_says_what_is_left(change, says):
    verdict = lesson("11").q4.check(releases.white_page() | change)
    assert verdict.outcome == "not yet" and says in verdict.text


@pytest.mark.parametrize("header", ["no-cache", "max-age=0, s-maxage=86400", "no-store"])
def test_the_incident_is_repaired_by_order_path_minute_and_header(header):
    assert lesson("11").q4.check(releases.mended() | {"page_header": header})
