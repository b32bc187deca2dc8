"""Lesson 07's experiments: the surprises of a failing origin really happen, and every number comes from the library."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdnlab.errors import UnknownName
from cdnlab.exercises import lesson
from cdnlab.experiments import plug, repairs, sources, trips
from cdnlab.mediachannel import MediaChannel
from cdnlab.panels import Press
from cdnlab.telling import overall

ASK = "Wait, then ask"
KINDS = pytest.mark.parametrize("kind", sources.KINDS)
acts = st.lists(st.tuples(st.sampled_from(sources.STATES), st.sampled_from(plug.WAITS)), max_size=4)


def played(kind: str, *asked: tuple[str, float], **more: object) -> plug.Plug:
    """Viewers one after the other: (state of the origin, seconds waited)."""
    presses = [Press(ASK, {"state": state, "wait": wait}) for state, wait in asked]
    return plug.model(presses, kind=kind, state=asked[-1][0] if asked else "healthy", **more)  # type: ignore[arg-type]


def met(act: plug.Act) -> tuple[int, bool, bool]:
    """Status, whether the body is the current one, whether CloudFront turned to the origin."""
    return act.journey.response.status, act.current, act.tries > 0


# ---- the model


@KINDS
@pytest.mark.parametrize("state", ["unplugged", "503"])
def test_an_expired_copy_stands_in_for_an_origin_that_fails_whatever_its_kind(kind, state):
    result = played(kind, (state, 65))
    assert met(result.last) == (200, False, True)
    assert overall(result.last.journey) == "stale"
    assert "STALE-03" in [step.rule for step in result.last.journey.steps]


@KINDS
def test_for_ten_seconds_after_a_failure_nobody_asks_the_origin(kind):
    result = played(kind, ("unplugged", 65), ("unplugged", 3), ("unplugged", 6), ("unplugged", 3))
    assert [act.tries > 0 for act in result.acts[1:]] == [True, False, False, True]
    assert {act.journey.response.status for act in result.acts} == {200}


@KINDS
def test_a_404_of_a_healthy_origin_goes_through_and_is_remembered_for_ten_seconds(kind):
    result = played(kind, ("404", 65), ("healthy", 3), ("healthy", 11))
    assert [met(act)[0] for act in result.acts] == [200, 404, 404, 200]
    assert [act.tries > 0 for act in result.acts[1:]] == [True, False, True]
    assert result.acts[2].remembered == 404


@KINDS
def test_while_the_copy_is_fresh_nobody_notices_anything(kind):
    for state in sources.STATES:
        assert met(played(kind, (state, 1)).last) == (200, True, False)


@KINDS
def test_a_healthy_origin_gives_the_current_body(kind):
    assert met(played(kind, ("healthy", 65)).last) == (200, True, True)


def test_the_playlist_changes_while_old_segments_stay_hits():
    result = played("live channel", ("healthy", 6), ("healthy", 6), ("unplugged", 30))
    results = [[journey.result for _, journey in act.segments] for act in result.acts]
    assert results == [["Miss"] * 5, *[["Hit"] * 4 + ["Miss"]] * 2, ["Hit"] * 5]
    assert [act.segments[0][0] for act in result.acts] == [0, 1, 2, 2]
    assert result.newest == 4 + 42 // 6


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(sources.KINDS), acts)
def test_what_is_said_of_the_latest_viewer_is_what_the_journey_had(kind, asked):
    result = played(kind, *asked)
    said, last = plug.say(result), result.last
    if asked:
        assert f"viewer got {last.journey.response.status}" in said
        assert ("origin asked: no" in said) == (not any(leg.end.kind == "origin" for leg in last.journey.legs))
        assert ("old" in said.split("viewer got")[1].split(";")[0]) == (last.journey.response.status == 200 and not last.current)
    assert plug.comment(result)
    assert plug.say(played(kind, *asked)) == said


def test_an_unknown_kind_or_state_is_refused_with_those_there_are():
    with pytest.raises(UnknownName, match="web server"):
        sources.world("web sever")
    with pytest.raises(UnknownName, match="unplugged"):
        sources.publish(sources.world(), "tired")


# ---- the words


def test_the_twin_tells_the_story():
    panel = plug.panel()
    assert "copies stay at LIS and London, fresh for 60 s" in panel.sentence
    assert panel.press(ASK, state="unplugged") == (
        "After 65 s: origin unplugged; copy expired 5 s ago; viewer got 200, old page; origin asked: yes, in vain."
    )
    assert panel.press(ASK, wait=3).endswith("origin asked: no.")
    assert panel.set(state="healthy").endswith("Now the origin is healthy.")


def test_the_second_question_waits_for_the_first_surprise_and_both_are_answered_by_journeys():
    panel = plug.panel()
    assert [each["asked"] for each in panel.said()] == [True, False]
    panel.press(ASK)  # a healthy origin answers neither
    assert [each["outcome"] for each in panel.said()] == ["", ""]
    panel.press(ASK, state="unplugged", dead="an error page, 502")
    assert panel.said()[0]["outcome"].endswith("no answer came; the viewer got 200, old page.")
    assert [each["asked"] for each in panel.said()] == [True, True]
    panel.press(ASK, state="404", gone="the old page, 200")
    assert panel.said()[1]["outcome"].endswith("the viewer got 404.")


@pytest.mark.parametrize(
    ("asked", "comment"),
    [
        ([("unplugged", 65)], "The light of a dead star"),
        ([("unplugged", 65), ("unplugged", 3)], "The origin failed 3 s ago, and for 10 s nobody asks it again."),
        ([("404", 65)], "The origin is alive and says 404"),
        ([("404", 65), ("healthy", 3)], "A remembered 404"),
        ([("unplugged", 30)], "nobody has noticed yet"),
        ([("404", 65), ("unplugged", 65)], "No old copy to stand in: the viewer gets 502."),
        ([("healthy", 65)], "The origin answered 200"),
    ],
)
def test_the_comment_says_what_is_worth_noticing(asked, comment):
    assert comment in plug.comment(played("web server", *asked))


# ---- the pictures


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(sources.KINDS), acts, st.sampled_from([None, *plug.DEAD]))
def test_no_picture_types_a_colour_or_loads_anything(kind, asked, guess):
    picture = plug.view(played(kind, *asked, dead=guess)).split("<details>")[0]
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", picture)
    assert "<script" not in picture and "http" not in picture.replace("http://www.w3.org/2000/svg", "")
    assert picture.count("<svg") == picture.count("</svg>") == (3 if kind == "live channel" else 2)


def test_pulling_the_plug_is_visible_before_anybody_asks():
    plugged, pulled = plug.model([], state="healthy"), plug.model([], state="unplugged")
    assert ">unplugged<" not in plug.view(plugged)
    assert ">unplugged<" in plug.view(pulled)
    assert re.search(r'y="135"[^>]*>unplugged<', plug.view(pulled)), "above the cable stands how old the regional copy is"


def test_a_prediction_is_drawn_beside_its_outcome_and_nowhere_else():
    assert "you: an error page, 502" in plug.view(played("web server", ("unplugged", 65), dead="an error page, 502"))
    assert "you:" not in plug.view(played("web server", ("unplugged", 65), ("unplugged", 3), dead="an error page, 502"))


def test_a_failed_origin_is_shown_to_be_left_alone_until_it_has_answered():
    assert "no new try for 7 s" in plug.view(played("web server", ("unplugged", 65), ("unplugged", 3)))
    assert "no new try" not in plug.view(played("web server", ("unplugged", 65), ("healthy", 11)))
    assert "no new try" not in plug.view(played("web server", ("404", 65)))


@pytest.mark.parametrize(
    ("panel", "kinds"),
    [
        (plug.panel(), ["Predict", "Predict", "Choice", "Choice", "Slider", "Button"]),
        (trips.panel(), ["Predict", "Text", "Choice", "Choice", "Button"]),
    ],
)
def test_a_panel_has_at_most_three_controls_and_one_button(panel, kinds):
    assert [type(each).__name__ for each in panel.controls.values()] == kinds


# ---- the page that nobody may keep


def test_the_edge_shortens_the_wait_for_a_page_that_is_never_cached():
    panel = trips.panel()
    assert "not loaded yet" in panel.sentence and panel.said()[0]["outcome"] == ""
    said = panel.press("Load the page", guess=trips.SLOWER)
    straight, by_edge = panel.result.straight.ms, panel.result.by_edge.ms
    assert by_edge < straight / 3
    assert f"{by_edge:.0f} ms in all" in said and said.endswith("A model: it counts round trips.")
    assert "3.3 times shorter: the long way was gone once, not 4 times" in trips.comment(panel.result)
    assert "you: longer" in trips.view(panel.result)
    assert trips.view(panel.result).count(">more bytes<") == 2, "each way says what its last round trip is for"


def test_without_the_open_connection_or_on_one_that_is_open_nothing_is_gained():
    panel = trips.panel()
    panel.press("Load the page", origins="opened anew")
    assert trips.comment(panel.result).startswith("Nothing gained")
    panel.set(origins="kept open", viewers="already open")
    assert "8 ms more for the stop at the edge" in trips.comment(panel.result)
    assert panel.said()[0]["outcome"].startswith("On a new connection from Auckland the wait is shorter")


@settings(deadline=None, max_examples=20)
@given(
    st.sampled_from(["Auckland", "Lisbon", "Stockholm", "Lima"]),
    st.sampled_from(["new", "already open"]),
    st.sampled_from(["kept open", "opened anew"]),
)
def test_every_setting_can_be_drawn_and_told(city, viewers, origins):
    result = trips.model([Press("Load the page", {})], city=city, viewers=viewers, origins=origins)
    picture = trips.view(result)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", picture)
    assert f"{result.by_edge.ms:.0f} ms" in trips.say(result) and trips.comment(result)


# ---- the worlds and the exercises


def test_the_four_kinds_differ_as_the_table_says():
    rows = [re.split(r"  +", line) for line in sources.doors().splitlines()[1:]]
    assert rows == [
        ["S3 REST endpoint", "S3OriginConfig", "https", "404 xml", "404 xml"],
        ["S3 website endpoint", "CustomOriginConfig", "http", "200 html", "404 html"],
        ["web server", "CustomOriginConfig", "https", "200 html", "404 plain"],
        ["live channel", "CustomOriginConfig", "https", "404 plain", "404 plain"],
    ]


def test_the_second_origin_steps_in_and_the_first_is_tried_again_each_time():
    cdn, url, first, _ = sources.pair()
    bodies = []
    for fault in (None, "refuses", 503, 404, None):
        first.fault = fault
        bodies.append(cdn.get(url).response.body)
    assert bodies == [b"from Stockholm", b"from Dublin", b"from Dublin", b"404\n", b"from Stockholm"]


def test_a_new_bucket_sends_viewers_away_under_its_global_name_only():
    assert sources.first_day("fresh.s3.amazonaws.com") == "307 https://fresh.s3.eu-west-1.amazonaws.com/cat.jpg"
    assert sources.first_day("fresh.s3.eu-west-1.amazonaws.com") == "200"


def test_every_fault_of_an_origin_is_in_the_table():
    assert [line.split("  ")[0] for line in sources.faults().splitlines()] == list(sources.FAULTS)


def test_the_exercises_reckon_with_the_library():
    questions = lesson("07")
    assert questions.recall.right == 1
    assert questions.q1.right == [200, 200, "no"]
    assert questions.q2.right == [3, 1]


def test_the_handbook_is_repaired_by_the_website_endpoint_and_by_nothing_less():
    q3 = lesson("07").q3
    site = q3.given()
    assert "/docs/ gets 404 xml" in repairs.handbook_trouble(site)
    assert q3.check(repairs.mended_handbook())
    assert "page of another folder" in q3.check(site | {"DefaultRootObject": "docs/index.html"}).text
    site["Origins"]["Items"][0]["DomainName"] = "handbook.s3-website.eu-north-1.amazonaws.com"
    assert "use CustomOriginConfig" in q3.check(site).text
    assert "http-only" in q3.check(_with_origin(sources.custom("site", "handbook.s3-website.eu-north-1.amazonaws.com"))).text
    masked = {"ErrorCode": 404, "ResponsePagePath": "/index.html", "ResponseCode": "200", "ErrorCachingMinTTL": 10}
    pages = {"CustomErrorResponses": {"Quantity": 1, "Items": [masked]}}
    assert "page of another folder" in q3.check(q3.given() | pages).text
    assert "gets 200 now, not 404" in q3.check(repairs.mended_handbook() | pages).text
    uncached = repairs.mended_handbook()
    uncached["DefaultCacheBehavior"]["CachePolicyId"] = sources.DISABLED
    assert "nothing is cached" in q3.check(uncached).text


def _with_origin(origin):
    return repairs.handbook() | {"Origins": {"Quantity": 1, "Items": [origin]}}


@pytest.mark.rule("HLS-10")
def test_the_channel_moves_again_with_a_short_min_ttl_and_segments_are_still_kept():
    q5 = lesson("07").q5
    assert "12 s behind" in repairs.frozen_trouble(q5.given())
    for min_ttl, mended in ((0, True), (5, True), (10, False), (30, False)):
        live = q5.given()
        live["DefaultCacheBehavior"]["MinTTL"] = min_ttl
        assert bool(q5.check(live)) is mended
    live = q5.given()
    live["DefaultCacheBehavior"] = {"TargetOriginId": "live", "ViewerProtocolPolicy": "allow-all", "CachePolicyId": sources.DISABLED}
    assert "times from the origin" in q5.check(live).text
    live["Origins"]["Items"][0]["DomainName"] = MediaChannel("other").host
    assert "The playlist gets 502" in q5.check(live).text
