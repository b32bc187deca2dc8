"""The map: everything asked for is on it, ways are great circles, labels keep out of the way, nothing needs the network."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.distance import region
from cdnlab.geography import Viewer, edge, edges, regional_for
from cdnlab.steps import Place
from cdnlab.worldmap import Label, WorldMap, _between, land

PLACES = st.builds(
    lambda lat, lon: Place(f"edge {lat} {lon}", kind="edge", code="X", lat=lat, lon=lon), st.floats(-55, 78), st.floats(-180, 180)
)


def numbers(path: str) -> list[float]:
    return [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", path)]


def inside(chart: WorldMap, point: tuple[float, float], slack: float = 0.5) -> bool:
    return -slack <= point[0] <= chart.width + slack and -slack <= point[1] <= chart.height + slack


def test_all_edges_are_on_the_map_of_the_world():
    chart = WorldMap()
    assert all(inside(chart, chart.pixels(site.place)) for site in edges())


def test_north_is_up_and_east_is_right():
    chart = WorldMap()
    oslo, rome, tokyo = (chart.pixels(Viewer(city).place) for city in ("Oslo", "Rome", "Tokyo"))
    assert oslo[1] < rome[1]
    assert rome[0] < tokyo[0]


def test_the_land_is_drawn_from_our_own_coastline_and_is_small():
    assert 4_000 < len(land()) < 15_000
    assert set(land()) <= set("Mlz0123456789- ")


@given(st.lists(PLACES, min_size=1, max_size=5))
def test_a_map_around_some_places_shows_all_of_them(places):
    chart = WorldMap.around(places, width=450, height=290)
    assert all(inside(chart, chart.pixels(place)) for place in places)


@given(PLACES, PLACES)
def test_a_way_begins_and_ends_at_its_places_whatever_lies_between(a, b):
    chart = WorldMap().apart([a, b])
    along = chart.along(a, b)
    assert math.dist(along[0], chart.pixels(a)) < 0.1
    assert math.dist(along[-1], chart.pixels(b)) < 0.1
    assert not re.search(r"nan|inf", chart.track(a, b))


@given(PLACES, PLACES)
def test_a_way_is_the_shortest_one(a, b):
    def vector(lat, lon):
        lat, lon = math.radians(lat), math.radians(lon)
        return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)

    points = [vector(*point) for point in _between(a, b, 16)]
    steps = [math.dist(p, q) for p, q in pairwise(points)]
    chord = math.dist(vector(a.lat, a.lon), vector(b.lat, b.lon))
    assert sum(2 * math.asin(min(1, step / 2)) for step in steps) == pytest.approx(2 * math.asin(min(1, chord / 2)), abs=1e-6)


def test_a_way_over_the_pacific_is_cut_at_the_edge_of_the_map():
    chart = WorldMap()
    assert chart.track(edge("AKL").place, edge("LAX").place).count("M") == 2
    assert chart.track(edge("AKL").place, edge("SYD").place).count("M") == 1


def test_places_that_would_hide_each_other_stand_aside_and_the_first_stays():
    sydney = regional_for(edge("SYD")).place
    crowd = [sydney, edge("SYD").place, Viewer("Sydney").place, edge("MEL").place]
    chart = WorldMap().apart(crowd, least=24)
    spots = [chart.pixels(place) for place in crowd]
    assert spots[0] == WorldMap().pixels(sydney)
    assert min(math.dist(p, q) for i, p in enumerate(spots) for q in spots[:i]) >= 23.9


def test_labels_stay_on_the_map_and_off_each_other():
    chart = WorldMap.around([region("eu-north-1"), Viewer("Auckland").place])
    names = [Label(*chart.pixels(Viewer(city).place), city) for city in ("Auckland", "Wellington", "Sydney", "Brisbane")]
    boxes = []
    for x, y, anchor, text in re.findall(r'x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)"[^>]*>([^<]+)<', chart.labels(names)):
        wide = len(text) * 7
        start = float(x) - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
        boxes.append((start, float(y) - 12, start + wide, float(y)))
    assert len(boxes) == 4
    assert all(left >= 0 and right <= chart.width and top >= 0 and bottom <= chart.height for left, top, right, bottom in boxes)
    for i, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[:i]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


def test_names_are_escaped():
    bad = Place("<script>", kind="viewer", code="<script>")
    chart = WorldMap()
    page = chart.sheet(chart.marked(bad) + chart.labels([Label(9, 9, "<script>")]), "<script>")
    assert "<script>" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
