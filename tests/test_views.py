"""Shared pictures: what happened is in them, once, in words as well; and they can be played."""

from __future__ import annotations

import re
from types import SimpleNamespace

import journeys
import pytest

from cdnlab.views import chain, journey_map, long_way, waits


def copy(place, fresh_for):
    return SimpleNamespace(place=place, fresh_for=fresh_for)


def test_every_wait_has_a_bar_in_proportion_and_words():
    first, second = journeys.miss(), journeys.hit()
    picture = waits([first, second])
    bars = [float(each) for each in re.findall(r'<path d="M168 [\d.]+h([\d.]+)"', picture)]
    assert bars[0] / bars[1] == pytest.approx(first.latency_ms / second.latency_ms, rel=0.05)
    assert "1. Auckland" in picture and "2. Auckland" in picture
    assert "Miss from cloudfront" in picture and "Hit from cloudfront" in picture
    assert 'role="img" aria-label="Waits. 1. Auckland:' in picture


def test_only_the_latest_waits_are_drawn_and_they_keep_their_numbers():
    picture = waits([journeys.hit()] * 9, most=3)
    assert "9. Auckland" in picture and "7. Auckland" in picture and "6. Auckland" not in picture


def test_a_predicted_wait_is_dashed_and_called_you():
    picture = waits([journeys.miss(), journeys.hit()], predicted_ms={1: 331.0})
    assert 'stroke-dasharray="4 3"' in picture and "you: about 331 ms" in picture


def test_the_map_plays_every_way_of_the_journey_in_both_parts():
    journey = journeys.miss()
    picture = journey_map([journey.way], journey=journey)
    played = re.findall(r'<path class="cdnlab-leg" data-at="([\d.]+)" data-ms="([\d.]+)"', picture)
    assert len(played) == 2 * len(journey.legs)
    assert max(float(at) + float(ms) for at, ms in played) <= journey.latency_ms + 0.2


def test_copies_stand_beside_their_place_fresh_or_expired_and_appear_when_they_are_kept():
    journey = journeys.miss()
    edge, regional = journey.way[1], journey.way[2]
    picture = journey_map([journey.way], journey=journey, copies=[copy(edge, 50), copy(regional, -1)], lifetime=100)
    assert picture.count("<title>copy at edge AKL: fresh</title>") == 1
    assert picture.count("<title>copy at regional cache Sydney: expired</title>") == 1
    moments = {event.place: event.at_ms for event in journeys_events(journey) if event.state == "kept"}
    shown = re.findall(r'<g data-place="([^"]+)" data-at="([\d.]+)"><title>', picture)
    assert {place: float(at) for place, at in shown} == pytest.approx({str(p): at for p, at in moments.items()}, abs=0.1)


def journeys_events(journey):
    from cdnlab.telling import events

    return events(journey)


def test_a_map_without_a_journey_shows_the_way_that_a_request_would_take():
    picture = journey_map([journeys.FULL], title="nothing yet")
    assert 'aria-label="nothing yet"' in picture
    assert "cdnlab-leg" not in picture
    for word in ("Stockholm", "Sydney", "edge AKL", "Auckland"):
        assert f">{word}</text>" in picture


@pytest.mark.parametrize("made", journeys.ALL.values(), ids=journeys.ALL)
def test_every_kind_of_journey_can_be_drawn_and_is_escaped(made):
    journey = made()
    page = journey_map([journey.way], journey=journey, title="t") + waits([journey])
    assert page.count("<svg") == page.count("</svg>")
    assert "<script" not in page and "onerror=alert" not in page.replace("onerror=alert(1)&gt;", "")


def test_one_long_way_names_both_ends_and_its_length():
    picture = long_way(journeys.AUCKLAND, journeys.STOCKHOLM, "17,000 km", title="far")
    for word in ("Auckland", "origin Stockholm", "17,000 km"):
        assert f">{word}</text>" in picture


def test_boxes_in_a_row_fit_the_page():
    picture = chain([("a", "b", "c")] * 3, title="three")
    xs = [float(each) for each in re.findall(r'<text x="([\d.]+)"', picture)]
    assert len(xs) == 9 and max(xs) < 720
