"""The timeline: rows in, one picture out, in which length is time and each sign has one meaning."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.timeline import Fuse, Lane, Tick, Wire, axis_end, lasting, timeline

SVG = "{http://www.w3.org/2000/svg}"
WORDS = ("not fresh: asks first", "evicted", "invalidated", "fresh: burnt, left to burn")


def drawn(*lanes: Lane, now: float = 60, **more) -> ElementTree.Element:
    return ElementTree.fromstring(timeline(lanes, now=now, **more))


def texts(picture: ElementTree.Element) -> list[str]:
    return [each.text or "" for each in picture.iter(f"{SVG}text")]


def bars(picture: ElementTree.Element) -> list[tuple[float, float, str]]:
    """(left, width, shade) of the bars of fuses, those of the legend left out."""
    found = [each for group in picture.findall(f"{SVG}g") if not group.get("transform") for each in group.iter(f"{SVG}rect")]
    return [(float(each.get("x", "0")), float(each.get("width", "0")), each.get("fill-opacity", "")) for each in found]


def edge(*fuses: Fuse, ticks: tuple[Tick, ...] = ()) -> Lane:
    return Lane("edge", "LIS", ticks, fuses)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        *[(0, "0 s"), (1, "1 s"), (59.6, "60 s"), (61, "61 s"), (119, "119 s"), (120, "2 min"), (150, "2 min 30 s"), (3600, "1 h")],
        *[(5400, "1 h 30 min"), (86_399, "23 h 59 min"), (86_401, "1 day"), (172_800, "2 days"), (31_536_000, "1 year"), (-30, "-30 s")],
    ],
)
def test_a_length_of_time_is_said_in_at_most_two_units(seconds, said):
    assert lasting(seconds) == said


@given(st.floats(0, 4e9))
def test_the_axis_leaves_some_future_and_has_few_marks(now):
    end = axis_end(now)
    assert now * 1.1 <= end and end >= 120
    picture = drawn(edge(), now=now)
    marks = [each for each in picture.findall(f"{SVG}text") if each.get("opacity") == "0.85"]
    assert 2 <= len(marks) <= 8


def test_what_has_burnt_is_pale_what_is_left_is_dark_and_both_to_one_scale():
    left, right = bars(drawn(edge(Fuse(0, 80)), now=20, end=100))
    assert left[2] != right[2]
    assert right[1] / left[1] == pytest.approx(3, rel=0.01)
    assert left[0] + left[1] == pytest.approx(right[0], abs=0.2)


def test_a_fuse_shortens_as_the_clock_runs():
    lengths = [bars(drawn(edge(Fuse(0, 80)), now=now, end=100))[-1][1] for now in (10, 30, 70)]
    assert lengths == sorted(lengths, reverse=True)


def test_an_expired_copy_is_hatched_until_it_is_renewed():
    there = drawn(edge(Fuse(0, 30)), now=60)
    assert "not fresh: asks first" in texts(there)
    renewed = drawn(edge(Fuse(0, 30, 30), Fuse(30, 90)), now=60)
    assert "not fresh: asks first" not in texts(renewed)


@pytest.mark.parametrize("end", ["evicted", "invalidated"])
def test_each_way_to_leave_has_its_sign_and_the_legend_says_which(end):
    picture = drawn(edge(Fuse(0, 80, 40, end)))
    assert end in texts(picture)
    assert f"lit at 0 s, burns until 80 s; {end} at 40 s" in [each.text for each in picture.iter(f"{SVG}title")]
    assert [each for each in texts(drawn(edge(Fuse(0, 80)))) if each in WORDS] == ["fresh: burnt, left to burn"]


def test_a_fuse_whose_end_is_not_to_be_told_shows_a_question_mark_and_no_future():
    picture = drawn(edge(Fuse(0, None)), now=60, end=120)
    assert "?" in texts(picture)
    ((left, width, _),) = bars(picture)
    assert left + width <= 146 + (600 - 18 - 146) / 2 + 0.1


def test_a_fuse_beyond_the_picture_ends_in_an_arrow_at_its_border():
    far, near = drawn(edge(Fuse(0, 86_400)), now=10), drawn(edge(Fuse(0, 100)), now=10)
    arrows = [
        [each for each in picture.iter(f"{SVG}path") if each.get("fill") == "currentColor" and each.get("d", "").startswith("M 582")]
        for picture in (far, near)
    ]
    assert [len(each) for each in arrows] == [1, 0]
    assert all(left + width <= 582.1 for left, width, _ in bars(far))


def test_words_that_have_no_room_are_left_to_the_legend_and_to_the_pointer():
    ticks = tuple(Tick(at, "hit", "Hit", f"Hit at {at}") for at in range(60))
    picture = drawn(Lane("viewer", "readers", ticks), now=60)
    assert 2 <= texts(picture).count("Hit") < 30
    assert len([each for each in picture.iter(f"{SVG}title") if (each.text or "").startswith("Hit at")]) == 60


def test_where_words_compete_for_room_the_news_wins():
    states = ["miss", *["hit"] * 5, "refresh", *["hit"] * 5]
    ticks = tuple(Tick(10 * order, state, {"refresh": "RefreshHit"}.get(state, state.capitalize())) for order, state in enumerate(states))
    assert {"Miss", "Hit", "RefreshHit"} <= set(texts(drawn(Lane("viewer", "readers", ticks), now=110))[:-3])


def test_a_wire_is_as_long_as_the_request_went_far_and_a_flag_is_labelled():
    lanes = (Lane("viewer", "readers"), edge(), Lane("origin", "Stockholm"))
    picture = timeline(lanes, now=60, wires=[Wire(0, 0, 2), Wire(10, 0, 1)], flags={"you": 45})
    deep, short = (float(found) for found in re.findall(r'd="M [\d.]+ [\d.]+ V ([\d.]+) M [\d.]+ [\d.]+ L', picture))
    assert deep > short
    assert "you: 45 s" in picture and "stroke-dasharray" in picture


def test_names_are_escaped_and_there_is_no_colour_of_its_own():
    picture = timeline([Lane("edge", "<b>", (Tick(0, "hit", "&"),), place='"')], now=0, title="<i>")
    assert "<b>" not in picture and "<i>" not in picture
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb", picture)
    assert "http" not in picture.replace("http://www.w3.org/2000/svg", "")
