"""Lesson 00's experiment: the story it tells is what the library does, whatever city the learner takes."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cdnlab.controls import Press
from cdnlab.errors import UnknownName
from cdnlab.experiments import far
from cdnlab.geography import cities

LESSON = Path(__file__).resolve().parent.parent / "notebooks" / "00_start_here.ipynb"


def done(*acts: str, **values: Any) -> far.Far:
    """Send from each of these cities; "+1 day" is the other button."""
    presses = [Press("+1 day" if act == "+1 day" else "Send", {"city": act}) for act in acts]
    return far.model(presses, **{"city": "Auckland", **values})


def test_the_first_request_goes_all_the_way_and_leaves_copies():
    result = done("Auckland")
    assert far.farthest(result.journeys[0]).kind == "origin"
    assert {held.place.code for held in result.copies} == {"AKL", "ap-southeast-2"}
    assert result.asked == 1
    assert "copies stay at Sydney and AKL" in far.say(result)


def test_her_neighbours_request_goes_no_further_than_the_edge():
    result = done("Auckland", "Auckland")
    first, second = result.journeys
    assert far.farthest(second).kind == "edge"
    assert second.latency_ms < first.latency_ms / 10
    assert result.asked == 1
    assert far.neighbour_outcome(result).startswith("Auckland's request went as far as edge AKL")


def test_brisbane_reads_a_miss_and_the_origin_was_not_asked():
    result = done("Auckland", "Auckland", "Brisbane")
    last = result.journeys[-1]
    assert (last.edge, last.result, far.farthest(last).kind) == ("BNE", "Miss", "regional")
    assert last.response.headers["X-Cache"] == "Miss from cloudfront"
    assert result.asked == 1
    assert "the origin was not asked" in far.elsewhere_outcome(result)
    assert "The origin never heard of it" in far.comment(result)


def test_a_day_and_a_second_burn_every_copy_down_and_delete_none():
    before, after = done("Auckland", "Brisbane"), done("Auckland", "Brisbane", "+1 day")
    assert [held.key for held in after.copies] == [held.key for held in before.copies]
    assert all(held.fresh_for > 0 for held in before.copies)
    assert all(-60 < held.fresh_for <= 0 for held in after.copies)
    assert "Expired copies: 3 of 3. None was deleted." in far.say(after)


def test_after_a_day_the_origin_answers_304_and_the_copies_are_good_again():
    result = done("Auckland", "+1 day", "Auckland")
    assert result.journeys[-1].origin_statuses == (304,)
    assert result.journeys[-1].result == "RefreshHit"
    assert result.journeys[-1].response.body == far.PHOTO
    assert all(held.fresh_for > far.DAY - 60 for held in result.copies)
    assert far.comment(result).startswith("Expired is not deleted")


@pytest.mark.parametrize(
    ("acts", "kind"),
    [
        (("Auckland", "Wellington"), "edge"),
        (("Auckland", "Sydney"), "regional"),
        (("Auckland", "Lima"), "origin"),
        (("Auckland", "+1 day", "Auckland"), "origin"),
    ],
)
def test_the_outcome_of_the_first_prediction_is_read_from_the_second_journey(acts, kind):
    words = {"edge": "as far as edge ", "regional": "as far as regional cache ", "origin": "as far as the origin in Stockholm"}
    assert words[kind] in far.neighbour_outcome(done(*acts))


def test_the_second_prediction_waits_for_an_edge_that_was_not_used_before():
    assert far.elsewhere_outcome(done("Auckland", "Brisbane")) == ""
    assert far.elsewhere_outcome(done("Auckland", "Auckland", "Auckland")) == ""
    assert far.elsewhere_outcome(done("Auckland", "Auckland", "Lima")).endswith("; the origin was asked.")


def test_the_story_told_about_any_city_is_the_one_its_journey_had():
    chosen = random.Random(0).sample(cities(), 40)
    for city in chosen:
        result = done("Auckland", city.label, city=city.label)
        last = result.journeys[-1]
        kind = far.farthest(last).kind
        assert (len(last.origin_requests) > 0) == (kind == "origin"), city
        assert ("never heard of it" in far.comment(result)) == (kind == "regional"), city
        assert ("A short way" in far.comment(result)) == (kind == "edge"), city
        assert f"Origin asked: {result.asked}." in far.say(result)
        page = far.view(result)
        assert page.count("<svg") == page.count("</svg>")
        assert f"{len(result.journeys)}. " in page


def test_the_same_presses_give_the_same_picture_byte_for_byte():
    acts = ("Auckland", "Auckland", "Brisbane", "+1 day", "Tokyo")
    assert far.view(done(*acts)) == far.view(done(*acts))


def test_a_prediction_is_drawn_beside_the_wait_it_stands_for():
    assert "you: about 331 ms" in far.view(done("Auckland", "Auckland", neighbour="to the origin"))
    assert "you:" not in far.view(done("Auckland", "Auckland"))
    assert "you:" not in far.view(done("Auckland", neighbour="to the origin"))


def test_the_reckoned_wait_is_the_wait_of_a_journey_that_goes_so_far():
    journeys = done("Auckland", "Auckland", "Brisbane").journeys
    for journey, depth in zip(journeys, ("origin", "edge", "regional"), strict=True):
        assert far._reckoned_ms(journey, depth) == pytest.approx(journey.latency_ms, abs=0.5)


def test_an_unknown_city_is_refused_with_what_would_work():
    panel = far.panel()
    with pytest.raises(UnknownName, match="did you mean 'Auckland'"):
        panel.set(city="Aucklnd")


def test_any_of_the_cities_can_be_chosen():
    panel = far.panel()
    offered = panel.controls["city"].spec()["suggestions"]
    assert len(offered) == 2000
    assert "Lisbon" in offered and "London, CA" in offered


def test_the_panel_tells_the_story_of_the_first_three_minutes():
    panel = far.panel()
    assert [each["asked"] for each in panel.said()] == [True, False]
    panel.press("Send", neighbour="to the origin")
    panel.press("Send")
    neighbour, elsewhere = panel.said()
    assert (neighbour["answer"], elsewhere["asked"], elsewhere["outcome"]) == ("“to the origin”", True, "")
    panel.press("Send", city="Brisbane")
    assert panel.said()[1]["outcome"]
    assert panel.result.asked == 1


def test_the_title_of_the_lesson_states_the_distance_that_the_library_has():
    title = nbformat.read(LESSON, as_version=4).cells[0].source.splitlines()[0]
    assert far.kilometres("Auckland", "Stockholm") in title


def test_the_lesson_links_only_to_lessons_that_exist():
    text = "\n".join(cell.source for cell in nbformat.read(LESSON, as_version=4).cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\(([^)]+\.ipynb)\)", text)
    assert links
    assert [link for link in links if not (LESSON.parent / link).is_file()] == []


def test_the_sketch_says_what_the_config_says():
    sketch = far.sketch()
    assert re.search(r"a name \(\w+\.cloudfront\.net", repr(sketch))
    assert "eu-north-1" in sketch._repr_html_()
