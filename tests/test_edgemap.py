"""The edges on the map: every one has its dot, the one that answers has the wire, few have names, nothing loads."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from labs import Lab

from cdnlab.edgemap import edge_map
from cdnlab.geography import edge, edges_of

SVG = "{http://www.w3.org/2000/svg}"
SITES = [site.place for site in edges_of()]


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


def drawn(lab: Lab, *cities: str, **more) -> ElementTree.Element:
    """The map after these cities have asked, the last one on show."""
    journeys = [lab.get(viewer=city) for city in cities]
    more = {"earlier": [each.way for each in journeys], "journey": journeys[-1], "copies": lab.cdn.copies(), "lifetime": 60} | more
    return ElementTree.fromstring(edge_map(journeys[-1].way, SITES, **more))


def charts(svg: ElementTree.Element) -> list[ElementTree.Element]:
    return svg.findall(f"{SVG}svg")


def labels(chart: ElementTree.Element) -> list[str]:
    return [each.text or "" for each in chart.findall(f"{SVG}text")]


def dots(chart: ElementTree.Element, pale: bool) -> int:
    paths = [each for each in chart.findall(f"{SVG}path") if "a1.8" in each.get("d", "") and (each.get("fill") == "none") is pale]
    return sum(each.get("d", "").count("M") for each in paths)


def test_every_edge_is_a_dot_or_a_place(lab) -> None:
    world = charts(drawn(lab, "Lisbon", "Tokyo"))[0]
    used = {each.get("data-place") for each in world.iter(f"{SVG}g") if (each.get("data-place") or "").startswith("edge ")}
    assert used >= {"edge LIS", "edge NRT"}
    assert dots(world, pale=False) + len(used) == len(SITES)


def test_edges_outside_the_price_class_are_pale_rings(lab) -> None:
    within = {site.place for site in edges_of("PriceClass_100")}
    outside = set(SITES) - within
    svg = drawn(lab, "Lisbon", outside=outside)
    world = charts(svg)[0]
    used = {
        each.get("data-place"): each.get("opacity") for each in world.iter(f"{SVG}g") if (each.get("data-place") or "").startswith("edge ")
    }
    assert dots(world, pale=True) + sum(place in outside for place in used) == len(outside)
    assert all((used[place] == "0.4") is (place in outside) for place in used)
    assert "outside the price class" in "".join(svg.itertext())
    assert "outside the price class" not in "".join(drawn(lab, "Lisbon").itertext())


@pytest.mark.parametrize("city", ["Lisbon", "Auckland", "Honolulu", "Wellington", "Vladivostok", "Lagos"])
def test_at_most_five_places_of_each_part_have_names_the_viewer_and_the_edge_among_them(lab, city) -> None:
    world, close = charts(drawn(lab, "Lisbon", "Tokyo", "Mumbai", "Lima", city))
    assert len(labels(world)) <= 5 and len(labels(close)) <= 5
    assert city in labels(close)
    assert any(word.startswith("edge ") for word in labels(close))


def test_across_the_pacific_the_close_up_shows_what_lies_round_the_edge(lab) -> None:
    near_by, far_off = drawn(lab, "Tokyo"), edge("YVR").place
    viewer, nrt, *_, origin = lab.get(viewer="Tokyo").way
    across = ElementTree.fromstring(
        edge_map([viewer, far_off, origin], SITES, outside=[nrt], near=[nrt, edge("SEA").place], trouble={nrt: 60.0})
    )
    assert "close up: round Tokyo" in "".join(near_by.itertext())
    assert "close up: round edge YVR" in "".join(across.itertext())
    assert set(labels(charts(across)[1])) == {"edge YVR", "edge SEA"}, "whoever is not there has no name there, nor has the trouble"


def test_trouble_is_a_broken_line_with_its_milliseconds(lab) -> None:
    calm = charts(drawn(lab, "Lisbon"))[1]
    troubled = charts(drawn(lab, "Lisbon", trouble={edge("LIS").place: 60.0}))[1]
    broken = [sum(each.get("stroke-dasharray") == "3 4" for each in chart.findall(f"{SVG}path")) for chart in (calm, troubled)]
    assert broken == [0, 1]
    assert "+60 ms" in labels(troubled) and "+60 ms" not in labels(calm)


def test_a_place_can_be_chosen_with_the_keyboard_and_says_what_it_is(lab) -> None:
    close = charts(drawn(lab, "Lisbon"))[1]
    places = {each.get("data-place"): each for each in close.findall(f"{SVG}g") if each.get("role") == "button"}
    assert {"edge LIS", "regional cache eu-west-2"} <= set(places)
    assert all(each.get("tabindex") == "0" and each.get("aria-label", "").startswith("select ") for each in places.values())


def test_the_journey_on_show_can_be_played_and_a_request_not_sent_cannot(lab) -> None:
    def legs(svg: ElementTree.Element) -> int:
        return sum(each.get("class") == "cdnlab-leg" for each in svg.iter(f"{SVG}path"))

    assert legs(drawn(lab, "Lisbon")) == 4  # there and back, in both parts
    assert legs(drawn(lab, "Lisbon", journey=None)) == 0


def test_the_map_holds_no_colour_no_id_and_loads_nothing(lab) -> None:
    journey = lab.get(viewer="Lisbon")
    text = edge_map(journey.way, SITES, title='<script>"')
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b|\bid=|url\(|<script|href", text)
