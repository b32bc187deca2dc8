"""Lesson 05's experiment: who answers, where rare.jpg is, that the surprises really happen, and the shop's complaint."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cdnlab.errors import InputError, UnknownName
from cdnlab.exercises import lesson
from cdnlab.experiments import resizer, stockroom
from cdnlab.experiments.stockroom import ASK, BEHIND, BOTH, NONE, ONE, PLAY, RARE, SAME, STEP
from cdnlab.experiments.tally import Tally, depth
from cdnlab.geography import Viewer, nearest_edge, regional_for
from cdnlab.panels import Press
from cdnlab.storage import Store

SHELVES, UNEQUAL = (3, 6, 12, 24, 48), (0, 0.5, 0.9, 1.3)


def after(*buttons: str, **values: Any) -> stockroom.Stockroom:
    return stockroom.model([Press(button, {}) for button in buttons], **values)


# ---- the model


def test_three_edges_share_one_regional_cache_and_the_bucket_is_elsewhere() -> None:
    room = after()
    edges, regionals = {way[1] for way in room.run.ways}, {way[2] for way in room.run.ways}
    assert len(edges) == 3 and len(regionals) == 1
    assert all(regional_for(nearest_edge(Viewer(city))).place in regionals for city in stockroom.CITIES)
    assert room.home.region == "eu-north-1" != room.regional.region
    assert after(second=False).home.region == room.regional.region


@pytest.mark.parametrize("shelf", SHELVES)
@pytest.mark.parametrize("unequal", UNEQUAL)
def test_without_the_second_tier_edge_hits_do_not_change_by_one_and_origin_requests_multiply(shelf: int, unequal: float) -> None:
    on, off = (after(PLAY, shelf=shelf, unequal=unequal, second=second) for second in (True, False))
    assert sum(on.tally) == sum(off.tally) == 200
    assert on.tally.edge == off.tally.edge and off.tally.regional == 0
    assert [depth(each) == "edge" for each in on.played] == [depth(each) == "edge" for each in off.played]
    assert off.tally.origin == on.tally.origin + on.tally.regional
    assert off.tally.origin > 1.8 * on.tally.origin


@pytest.mark.parametrize("shelf", SHELVES)
def test_the_counts_are_those_of_three_small_shelves_and_a_large_one(shelf: int) -> None:
    edges, behind, counts = {}, Store[str, bool](BEHIND), dict.fromkeys(Tally._fields, 0)
    requests = [("Auckland", RARE), *((city, path) for _, path, city in stockroom.tape())]
    for order, (city, path) in enumerate(requests):
        store = edges.setdefault(nearest_edge(city).code, Store[str, bool](shelf))
        found = "edge" if store.get(path) else "regional" if behind.get(path) else "origin"
        if found != "edge":
            store.put(path, True, 1)
            behind.put(path, True, 1)
        counts[found] += order > 0
    assert Tally(**counts) == after(PLAY, shelf=shelf).tally


def test_each_photo_travels_the_long_way_once() -> None:
    room = after(PLAY)
    assert room.tally.origin == len({path for _, path, _ in stockroom.tape()})


def test_a_larger_shelf_and_more_unequal_requests_give_more_edge_hits() -> None:
    by_shelf = [after(PLAY, shelf=shelf).tally.edge for shelf in SHELVES]
    assert by_shelf == sorted(by_shelf) and by_shelf[0] < by_shelf[-1]
    assert after(PLAY, unequal=0).tally.edge < after(PLAY, unequal=1.3).tally.edge


def test_rare_jpg_has_left_the_edge_and_is_behind_the_shop() -> None:
    start, played, asked = after(), after(PLAY), after(PLAY, ASK)
    places = [[held.place.kind for held in room.run.copies if held.path == RARE] for room in (start, played, asked)]
    assert places == [["edge", "regional"], ["regional"], ["edge", "regional"]]
    assert asked.asked.response.headers["X-Cache"] == "Miss from cloudfront"
    assert asked.asked.origin_requests == ()


def test_where_rare_jpg_is_depends_on_the_room() -> None:
    assert after(PLAY, shelf=48).asked.edge == "AKL"
    assert [stockroom.rare_outcome(after(PLAY, **knobs)).split(":")[0] for knobs in ({"shelf": 48}, {}, {"behind": 12})] == [
        f"It was {BOTH}",
        f"It was {ONE}",
        f"It was {NONE}",
    ]


def test_every_copy_takes_fifty_kilobytes_so_that_shelves_count_in_photos() -> None:
    room = after(PLAY)
    assert {held.size for held in room.run.copies} == {50_000}
    assert sum(held.place == room.edge for held in room.run.copies) == 6


def test_a_second_day_is_another_tape_and_the_same_one_every_time() -> None:
    assert stockroom.tape(1) == stockroom.tape(1) != stockroom.tape(0)
    assert [each.request.path for each in after(PLAY, PLAY).played] == [path for _, path, _ in stockroom.tape(1)]


def test_five_at_a_time_is_the_same_tape_and_pushes_rare_jpg_along_until_it_falls_off() -> None:
    assert after(*[STEP] * 40).run.copies == after(PLAY).run.copies
    at = []
    for steps in range(9):
        room = after(*[STEP] * steps)
        paths = [held.path for held in room.run.copies if held.place == room.edge]
        assert [each.request.path for each in room.played] == [path for _, path, _ in stockroom.tape()[: 5 * steps]]
        at.append(len(paths) - paths.index(RARE) if RARE in paths else 0)
    assert at[0] == 1 and at[-1] == 0 and max(at) >= 4 and at == sorted(at[: at.index(0)]) + [0] * (9 - at.index(0))
    assert "still has room" in stockroom.comment(after(STEP))
    assert not stockroom.rare_outcome(after(STEP))


# ---- the words


@pytest.mark.parametrize(
    ("buttons", "values", "says"),
    [
        ([], {}, "Auckland has opened rare.jpg once. rare.jpg: at the edge and in the regional cache."),
        ([PLAY], {}, "51 edge hits; 111 answered by the regional cache; 38 from the origin. rare.jpg: only in the regional cache."),
        ([ASK], {}, "Auckland asks for rare.jpg: Hit, origin not asked. rare.jpg: at the edge and in the regional cache."),
        (
            [PLAY, ASK],
            {},
            "51 edge hits; 111 answered by the regional cache; 38 from the origin. Auckland asks for rare.jpg: Miss, origin not asked. "
            "rare.jpg: at the edge and in the regional cache.",
        ),
        (
            [PLAY],
            {"second": False},
            "Second tier skipped (bucket in Sydney). 51 edge hits; 0 answered by the regional cache; 149 from the origin "
            "(with the second tier: 51, 111, 38). rare.jpg: in no cache any more.",
        ),
    ],
)
def test_the_twin_tells_who_answered_and_where_rare_jpg_is(buttons: list[str], values: dict[str, Any], says: str) -> None:
    assert stockroom.say(after(*buttons, **values)) == says


@pytest.mark.parametrize(
    ("buttons", "values", "says"),
    [
        ([], {}, "Predict, then play"),
        ([PLAY], {}, "18 photos had to leave edge AKL, rare.jpg among them. The regional cache in Sydney holds 39."),
        ([PLAY], {"shelf": 48}, "Edge AKL has room for everything that Auckland asked for"),
        ([PLAY, ASK], {}, "“Miss from cloudfront”, and yet the origin never heard of it: regional cache Sydney had a copy"),
        ([PLAY, ASK], {"shelf": 48}, "edge AKL still had its copy"),
        ([PLAY, ASK], {"second": False}, "the regional cache was skipped, so the origin was asked"),
        ([PLAY, ASK], {"behind": 12}, "no cache had a copy, so the origin was asked"),
        ([PLAY], {"second": False}, "exactly as many edge hits (51), but 149 requests to the origin instead of 38"),
    ],
)
def test_the_comment_is_reckoned_from_the_journeys(buttons: list[str], values: dict[str, Any], says: str) -> None:
    assert says in stockroom.comment(after(*buttons, **values))


def test_predictions_are_answered_when_their_moment_has_come() -> None:
    panel = stockroom.panel()
    panel.set(rare=BOTH)
    assert [(each["asked"], each["outcome"]) for each in panel.said()] == [(True, ""), (False, "")]
    panel.press(PLAY)
    assert panel.said()[0]["outcome"].startswith(f"It was {ONE}: edge AKL needed the room")
    assert panel.said()[1]["asked"] and not panel.said()[1]["outcome"]
    panel.press(ASK)
    assert "you: Hit" in panel.now._repr_html_()  # on the edge's shelf, where it was not
    panel.set(second=False)
    assert panel.said()[1]["outcome"] == f"Edge hits: {SAME}, 51 with it, 51 without. The origin was asked 3.9 times as often."
    assert panel.said()[0]["outcome"].startswith(f"It was {ONE}")  # the question was about a second tier that is there


# ---- the picture


@pytest.mark.parametrize("second", [True, False])
def test_the_view_holds_no_colour_and_nothing_that_loads(second: bool) -> None:
    page = stockroom.view(after(PLAY, ASK, second=second))
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b|<script|url\(|https?://(?!www\.w3\.org/2000/svg)", page)


def test_the_lanes_have_a_tick_for_each_request_and_say_what_viewers_read() -> None:
    lanes = stockroom.view(after(PLAY)).split("<svg")[1]
    assert len(re.findall(r'v22" data-at', lanes)) == 200
    assert lanes.count("viewers read Miss") == 2 and lanes.count("viewers read Hit") == 1


def test_the_shelves_say_that_rare_jpg_was_evicted_for_as_long_as_it_is_gone() -> None:
    said = [stockroom.view(after(*buttons)).count("rare.jpg was evicted") for buttons in ((), (PLAY,), (PLAY, ASK))]
    assert said == [0, 1, 0]
    assert "No box is <code>rare.jpg</code>" in stockroom.view(after(PLAY, behind=12))


def test_the_line_above_the_journey_is_the_header() -> None:
    page = stockroom.view(after(PLAY, ASK))
    assert "<code>X-Cache: Miss from cloudfront</code>. What happened at each place (the origin was not asked)" in page


@pytest.mark.parametrize(
    ("values", "error"),
    [({"shelf": 7}, InputError), ({"unequal": 2}, InputError), ({"second": "off"}, InputError), ({"rare": "?"}, UnknownName)],
)
def test_what_cannot_be_set_is_a_named_error(values: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        stockroom.panel().set(**values)


# ---- exercises


def test_the_brief_s_answers_are_what_the_library_does() -> None:
    assert resizer.brisbane() == ["Miss from cloudfront", 1]
    assert resizer.ten_at_once() == [1, 10]
    assert resizer.post_consults() == "none"


def test_larger_shelves_do_not_help_the_shop_and_the_right_key_does() -> None:
    q4 = lesson("05").q4
    config = q4.given()
    rule = config["DefaultCacheBehavior"]
    rule["ForwardedValues"]["Cookies"] = {"Forward": "whitelist", "WhitelistedNames": {"Quantity": 1, "Items": ["session"]}}
    assert "2 copies of the same picture" in q4.check(config).text
    rule["ForwardedValues"]["Cookies"]["WhitelistedNames"]["Items"] = ["language"]
    assert q4.check(config)  # a cookie that these visitors do not have is no harm
    rule["ForwardedValues"] = {"QueryString": True, "Cookies": {"Forward": "none"}}
    rule["MinTTL"], rule["DefaultTTL"], rule["MaxTTL"] = 0, 0, 0
    assert "Does any copy stay at all?" in q4.check(config).text
    config["Enabled"] = False
    assert "A visitor gets 403" in q4.check(config).text
