"""The staircase: how far a request went, drawn; harmless whatever the viewer wrote; the same bytes every time."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import journeys as samples
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab import staircase, telling
from cdnlab.journey import Journey
from cdnlab.marks import RESULTS
from cdnlab.messages import Headers
from cdnlab.steps import Leg, Place

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*journeys: Journey) -> ElementTree.Element:
    """The stand-alone file, parsed: it must be well-formed XML."""
    return ElementTree.fromstring(staircase.svg(journeys))


def of_class(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [element for element in root.iter() if name in (element.get("class") or "").split()]


def words(element: ElementTree.Element) -> str:
    return " ".join("".join(text.itertext()) for text in element.iter(f"{SVG}text"))


@pytest.mark.parametrize("made", samples.ALL.values(), ids=samples.ALL)
def test_the_label_is_the_text_twin(made: object) -> None:
    journey = made()  # type: ignore[operator]
    root = drawn(journey)
    assert root.get("role") == "img"
    assert root.get("aria-label") == telling.twin(journey)
    assert root.findtext(f"{SVG}title") == telling.twin(journey)


@pytest.mark.parametrize(
    ("name", "asked", "faint"),
    [
        ("hit", {"viewer", "edge"}, {"regional", "origin"}),
        ("brisbane", {"viewer", "edge", "regional"}, {"origin"}),
        ("miss", {"viewer", "edge", "regional", "origin"}, set()),
        ("post", {"viewer", "edge", "origin"}, {"regional"}),
        ("failover", {"viewer", "edge", "regional", "shield", "origin"}, set()),
    ],
)
def test_stations_that_nobody_asked_are_faint(name: str, asked: set[str], faint: set[str]) -> None:
    stations = of_class(drawn(samples.ALL[name]()), "cdnlab-station")
    assert {each.get("data-kind") for each in stations if each.get("opacity") is None} == asked
    assert {each.get("data-kind") for each in stations if each.get("opacity")} == faint
    assert all(("not asked" in words(each)) == (each.get("data-kind") in faint) for each in stations)


def test_stations_stand_in_the_order_in_which_a_request_meets_them() -> None:
    kinds = [each.get("data-kind") for each in of_class(drawn(samples.failover()), "cdnlab-station")]
    assert kinds == ["viewer", "edge", "regional", "shield", "origin"]


def way(path: ElementTree.Element) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", path.get("d") or ""))
    return x1, y1, x2, y2


@pytest.mark.parametrize("made", samples.ALL.values(), ids=samples.ALL)
def test_questions_go_down_to_the_right_and_answers_down_to_the_left(made: object) -> None:
    for group in of_class(drawn(made()), "cdnlab-way"):  # type: ignore[operator]
        x1, y1, x2, y2 = way(of_class(group, "cdnlab-leg")[0])
        assert y2 >= y1
        assert (x2 > x1) == (group.get("data-way") == "question")


def test_heights_are_milliseconds() -> None:
    journey = samples.miss()
    paths = of_class(drawn(journey), "cdnlab-leg")
    scales = [(way(path)[3] - way(path)[1]) / leg.ms for path, leg in zip(paths, journey.legs, strict=True)]
    assert max(scales) - min(scales) < 0.05


def test_journeys_below_each_other_have_one_time_scale() -> None:
    first, second = of_class(drawn(samples.miss(), samples.hit()), "cdnlab-journey")
    heights = []
    for band in (first, second):
        wait = of_class(band, "cdnlab-wait")[0].get("d") or ""
        top, bottom = re.findall(r"\d+(?:\.\d+)?", wait)[1:]
        heights.append(float(bottom) - float(top))
    assert heights[0] / heights[1] == pytest.approx(samples.miss().latency_ms / samples.hit().latency_ms, rel=0.02)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("miss", "Miss"),
        ("hit", "Hit"),
        ("refresh", "RefreshHit"),
        ("stale", "old copy served"),
        ("error", "answers 404"),
        ("blocked", "refused at the edge"),
        ("redirect", "Redirect"),
        ("timeout", "no answer"),
    ],
)
def test_each_finding_has_its_glyph_and_its_word(name: str, word: str) -> None:
    found = of_class(drawn(samples.ALL[name]()), "cdnlab-mark")
    assert any(word in words(each) for each in found)
    for each in found:
        state = each.get("data-state")
        assert state not in RESULTS or of_class(each, f"cdnlab-{state}")


def test_copies_that_stay_are_drawn_where_they_stay() -> None:
    kept = [each.get("data-place") for each in of_class(drawn(samples.miss()), "cdnlab-mark") if each.get("data-state") == "kept"]
    assert kept == ["regional cache Sydney", "edge AKL"]


def test_what_the_viewer_reads_stands_at_the_end() -> None:
    last = of_class(drawn(samples.brisbane()), "cdnlab-mark")[-1]
    assert last.get("data-place") == "viewer Brisbane"
    assert " ".join(words(last).split()) == "29 msThe viewer reads200X-Cache:Miss from cloudfront"


def test_assumed_ways_are_hatched_and_no_others() -> None:
    for group in of_class(drawn(samples.miss()), "cdnlab-way"):
        assert bool(of_class(group, "cdnlab-assumed")) == ("viewer" in (group.get("data-from"), group.get("data-to")))


def test_the_animation_finds_its_moments() -> None:
    journey = samples.miss()
    paths = of_class(drawn(journey), "cdnlab-leg")
    told = [(float(path.get("data-at") or -1), float(path.get("data-ms") or -1)) for path in paths]
    assert told == [(pytest.approx(leg.at_ms, abs=0.06), pytest.approx(leg.ms, abs=0.06)) for leg in journey.legs]
    marks = {(each.get("data-kind"), each.get("data-at")) for each in of_class(drawn(journey), "cdnlab-mark")}
    assert marks <= {(frame["place"], staircase.number(frame["at_ms"])) for frame in telling.frames(journey)}


class Tags(HTMLParser):
    """Every tag and attribute name of a page, and every value that could load something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.targets: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {key for key, _ in attrs}
        self.targets += [value or "" for key, value in attrs if key in ("src", "href", "xlink:href", "data", "action")]


@pytest.mark.parametrize("made", [staircase.pair, staircase.svg])
def test_whatever_a_viewer_writes_is_only_text(made: object) -> None:
    seen = Tags(made([samples.hostile(), samples.miss()]))  # type: ignore[operator]
    assert seen.tags <= {"svg", "g", "path", "text", "tspan", "rect", "style", "title", "div"}
    assert not {each for each in seen.attributes if each.startswith("on") or each == "id"}
    assert seen.targets == []


def test_characters_that_xml_forbids_do_not_break_the_file() -> None:
    journey = samples.hit()
    odd = replace(journey, response=type(journey.response)(200, Headers({"X-Cache": "Hit \ufffe \x85 \u202e"}), b""))
    assert "Hit" in words(drawn(odd))


def test_the_file_needs_nothing_else_and_names_no_machine() -> None:
    file = staircase.svg([samples.miss(), samples.hit()], "Auckland, first and second request")
    assert "Auckland, first and second request" in file
    assert not re.search(r"url\(|@import|href|<script|file:|localhost|/tmp|127\.0\.0\.1", file)
    assert re.findall(r"https?://[^\"\s]+", file) == ["http://www.w3.org/2000/svg"]


def test_without_a_caption_the_file_says_who_waited_how_long() -> None:
    assert "Auckland: 329 ms, Auckland: 10 ms" in words(drawn(samples.miss(), samples.hit()))


def test_a_long_caption_is_broken_into_lines() -> None:
    root = ElementTree.fromstring(staircase.svg([samples.hit()], "word " * 60))
    assert max(len("".join(text.itertext())) for text in root.iter(f"{SVG}text")) <= 110


def test_the_file_says_on_what_its_times_rest() -> None:
    assert "measured 269 ms, fitted 42 ms, assumed 10 ms." in words(drawn(samples.miss()))


@pytest.mark.parametrize("made", samples.ALL.values(), ids=samples.ALL)
def test_the_same_journey_is_the_same_bytes(made: object) -> None:
    assert staircase.svg([made()]) == staircase.svg([made()])  # type: ignore[operator]
    assert staircase.pair([made()]) == staircase.pair([made()])  # type: ignore[operator]


def test_a_journey_without_steps_is_drawn_without_ways() -> None:
    bare = replace(samples.miss(), steps=(), legs=(), way=(), treatments=())
    root = drawn(bare)
    assert of_class(root, "cdnlab-leg") == []
    assert "AKL" in words(root)


def test_a_journey_of_no_time_at_all_can_be_drawn() -> None:
    journey = samples.hit()
    legs = tuple(replace(leg, ms=0.0, at_ms=0.0) for leg in journey.legs)
    steps = tuple(replace(step, at_ms=0.0) for step in journey.steps)
    assert drawn(replace(journey, latency_ms=0.0, legs=legs, steps=steps)) is not None


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_at_all_leaves_the_file_well_formed(word: str, where: str) -> None:
    city = Place(f"viewer {where}", kind="viewer", code=where, city=where)
    journey = samples.hit()
    step = replace(journey.steps[-1], says=word)
    assert drawn(replace(journey, viewer=city, way=(city, *journey.way[1:]), steps=(step,), detailed=word)).tag == f"{SVG}svg"
    assert ElementTree.fromstring(staircase.svg([journey], word)).tag == f"{SVG}svg"


def test_a_place_without_a_station_is_left_out() -> None:
    journey = samples.hit()
    region = Place("Region us-east-1", kind="service", code="us-east-1")
    strange = Leg(samples.AKL, region, 1.0, "measured", 1.0)
    assert len(of_class(drawn(replace(journey, legs=(*journey.legs, strange))), "cdnlab-leg")) == 2


def test_the_time_bar_draws_shares_to_scale() -> None:
    bar = ElementTree.fromstring(staircase.time_bar(samples.miss()))
    widths = [float(each.get("width") or 0) for each in bar.iter("rect")]
    totals = [share.total for share in telling.shares(samples.miss())]
    assert [width / sum(widths) for width in widths] == pytest.approx([total / sum(totals) for total in totals], abs=0.002)
    assert bar.get("aria-label") == "assumed 10 ms, fitted 42 ms, measured 269 ms, not travelling 8 ms"
