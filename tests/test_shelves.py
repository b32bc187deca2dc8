"""Shelves: copies in, one picture out, in which width is bytes, the line above is the life left, and a key is never far."""

from __future__ import annotations

import re
from types import SimpleNamespace
from xml.etree import ElementTree

import journeys as samples
import pytest
from hypothesis import given
from hypothesis import strategies as st
from labs import Lab

from cdnlab.marks import RESULTS
from cdnlab.messages import Response
from cdnlab.shelves import Box, Shelf, key_text, picture, size_text, stocked, twin

SVG = "{http://www.w3.org/2000/svg}"


def box(label="/cat.jpg", size=1000, fresh_for=60.0, lasts=60.0, **more) -> Box:
    return Box(label, size, fresh_for, lasts, **more)


def drawn(*shelves: Shelf) -> ElementTree.Element:
    return ElementTree.fromstring(picture(shelves))


def copies(svg: ElementTree.Element) -> list[ElementTree.Element]:
    return [each for each in svg.iter(f"{SVG}g") if each.get("class") == "cdnlab-copy"]


def width(copy: ElementTree.Element) -> float:
    """Pixels across, of the box itself."""
    outline = next(each for each in copy.iter(f"{SVG}path") if each.get("class") == "cdnlab-back")
    return float(re.search(r"h([\d.]+)", outline.get("d", ""))[1])


def fuse(copy: ElementTree.Element) -> float:
    """Pixels of the fuse that are left; 0 when it has burnt down."""
    left = [each for each in copy.iter(f"{SVG}path") if each.get("stroke-width") == "3" and each.get("opacity") is None]
    return float(re.search(r"h([\d.]+)", left[0].get("d", ""))[1]) if left else 0.0


def words(svg: ElementTree.Element) -> str:
    return " ".join("".join(each.itertext()) for each in svg.iter(f"{SVG}text"))


def test_a_box_is_as_wide_as_it_has_bytes() -> None:
    small, large = (width(each) for each in copies(drawn(Shelf(samples.AKL, (box(size=50_000), box("/b", 100_000))))))
    assert (large + 2) / (small + 2) == pytest.approx(2, rel=0.02)


def test_shelves_without_a_capacity_have_one_scale() -> None:
    here, there = copies(drawn(Shelf(samples.AKL, (box(size=70_000),)), Shelf(samples.SYDNEY, (box(size=70_000), box("/b", 9000)))))[:2]
    assert width(here) == width(there)


def test_a_full_shelf_is_full_and_says_how_full_it_is() -> None:
    boxes = tuple(box(f"/{n}", 10_000_000) for n in range(4))
    svg = drawn(Shelf(samples.AKL, boxes, capacity=40_000_000))
    assert sum(width(each) + 2 for each in copies(svg)) == pytest.approx(332, abs=12)
    assert "40 MB of 40 MB" in words(svg)


@pytest.mark.parametrize(
    ("fresh_for", "lasts", "share"), [(60, 60, 1), (15, 60, 0.25), (0, 60, 0), (-5, 60, 0), (90, 60, 1), (5, 0, 1), (-5, 0, 0)]
)
def test_the_fuse_is_what_is_left_of_the_life(fresh_for, lasts, share) -> None:
    (copy,) = copies(drawn(Shelf(samples.AKL, (box(fresh_for=fresh_for, lasts=lasts),))))
    assert fuse(copy) == pytest.approx(width(copy) * share, abs=0.3)


def test_an_expired_copy_is_hollow_and_broken_and_still_there() -> None:
    fresh, expired = copies(drawn(Shelf(samples.AKL, (box(), box("/old", fresh_for=-3600)))))
    broken = [[each for each in copy.iter(f"{SVG}path") if each.get("stroke-dasharray")] for copy in (fresh, expired)]
    assert [len(each) for each in broken] == [0, 1]
    assert "expired 1 h ago" in expired.get("aria-label", "")


def test_a_box_tells_its_key_on_focus_and_in_the_twin() -> None:
    shelf = Shelf(samples.AKL, (box(key="d1.cloudfront.net/cat.jpg"),))
    (copy,) = copies(drawn(shelf))
    hidden = next(each for each in copy.iter(f"{SVG}g") if each.get("class") == "cdnlab-key")
    assert copy.get("tabindex") == "0"
    assert hidden.get("display") == "none" and "key d1.cloudfront.net/cat.jpg" in words(hidden)
    assert "key: d1.cloudfront.net/cat.jpg" in copy.get("aria-label", "")
    assert twin([shelf]) == "Edge AKL: /cat.jpg (1 kB, fresh for 60 s; key d1.cloudfront.net/cat.jpg)."


def test_tab_does_not_walk_along_a_crowded_shelf() -> None:
    stops = {each.get("tabindex") for each in copies(drawn(Shelf(samples.AKL, tuple(box(f"/{n}") for n in range(40)))))}
    assert stops == {"-1"}


def test_what_does_not_fit_in_the_picture_is_counted() -> None:
    boxes = (box("/big", 1_000_000), *(box(f"/{n}", 1) for n in range(200)))
    svg = drawn(Shelf(samples.AKL, boxes))
    hidden = int(re.search(r"and (\d+) more", words(svg))[1])
    assert hidden + len(copies(svg)) == 201


@pytest.mark.parametrize("state", ["hit", "refresh", "stale"])
def test_a_lookup_glows_in_the_box_it_found_and_is_told_in_words(state) -> None:
    svg = drawn(Shelf(samples.AKL, (box(), box("/b", found=state)), looked=state, looked_ms=5.0))
    other, found = copies(svg)
    assert found.find(f"{SVG}g[@class='cdnlab-{state}']") is not None
    assert other.find(f"{SVG}g[@class='cdnlab-{state}']") is None
    assert RESULTS[state].word in words(svg)
    assert [each.get("data-at") for each in svg.findall(f"{SVG}g") if each.get("data-at")] == ["5"]


def test_a_prediction_stays_as_a_dashed_mark_beside_the_outcome() -> None:
    svg = drawn(Shelf(samples.AKL, (box(came_ms=9.0),), looked="miss", guess="hit"))
    (mark,) = svg.findall(f"{SVG}rect")
    assert mark.get("stroke-dasharray")
    assert "you: Hit" in words(svg) and "Miss" in words(svg) and "one stays now" in words(svg)


def test_what_has_left_is_named_with_the_way_it_left() -> None:
    shelf = Shelf(samples.AKL, (), left=(("/rare.jpg", "evicted"), ("/old.css", "invalidated")))
    assert "/rare.jpg evicted; /old.css invalidated" in words(drawn(shelf))
    assert twin([shelf]) == "Edge AKL: empty. /rare.jpg was evicted. /old.css was invalidated."


def test_a_shelf_belongs_to_its_place_in_every_picture() -> None:
    svg = drawn(Shelf(samples.AKL, (box(),), faint=True, note="outside the class"), Shelf(samples.SYDNEY))
    places = [each.get("data-place") for each in svg.iter(f"{SVG}g") if each.get("data-place")]
    assert places == ["edge AKL", "edge AKL", "regional cache Sydney", "regional cache Sydney"]
    assert "outside the class" in words(svg) and "empty" in words(svg)
    (faint,) = [each for each in svg if each.get("opacity")]
    assert "AKL" in words(faint) and "Sydney" not in words(faint)


def test_the_picture_holds_no_colour_and_no_id_and_escapes_what_a_viewer_wrote() -> None:
    hostile = '/<script>alert("x")</script>\u202e'
    text = picture([Shelf(samples.AKL, (box(hostile, key=hostile, found="hit"),), looked="hit")], title=hostile)
    assert "<script" not in text and "\u202e" not in text
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b|\bid=|url\(", text)
    ElementTree.fromstring(text)


@given(
    st.lists(st.tuples(st.integers(0, 10**12), st.floats(-1e9, 1e9), st.floats(0, 1e9)), max_size=60),
    st.none() | st.integers(1, 10**12),
)
def test_any_shelf_can_be_drawn_and_stays_inside_the_picture(rows, capacity) -> None:
    shelf = Shelf(samples.AKL, tuple(box(f"/{n}", size, fresh, lasts) for n, (size, fresh, lasts) in enumerate(rows)), capacity)
    for copy in copies(drawn(shelf)):
        outline = next(each for each in copy.iter(f"{SVG}path") if each.get("class") == "cdnlab-back")
        left = float(re.match(r"M([\d.]+)", outline.get("d", ""))[1])
        assert left >= 160 and left + width(copy) <= 500


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (999_499, "999 kB"), (999_600, "1 MB"), (1_250_000_000, "1.2 GB")],
)
def test_sizes_are_said_in_powers_of_ten(size, said) -> None:
    assert size_text(size) == said


def test_a_key_is_told_with_everything_that_is_in_it() -> None:
    key = SimpleNamespace(
        domain_name="d1",
        path="/a",
        query=None,
        method="OPTIONS",
        encoding=None,
        headers=(("accept-language", "de"),),
        cookies=(("s", "1"),),
    )
    assert key_text(key) == "OPTIONS d1/a, accept-language: de, cookie s=1"


# ---- made of a real cache


def test_shelves_of_a_real_cache_show_what_the_journey_found() -> None:
    lab = Lab()
    lab.get("/a")
    lab.get("/b")
    journey = lab.get("/a")
    rows = {str(row.place): row for row in stocked(lab.cdn.copies(), journey=journey)}
    assert set(rows) == {"edge LIS", "regional cache eu-west-2"}
    edge = rows["edge LIS"]
    assert [(each.label, each.found) for each in edge.boxes] == [("/b", ""), ("/a", "hit")]  # the box that was used is the last one
    assert edge.looked == "hit" and rows["regional cache eu-west-2"].looked == ""
    assert edge.boxes[0].key == f"{lab.host}/b"
    assert all(0.98 <= each.share <= 1 for each in edge.boxes)


def test_a_miss_glows_nowhere_and_tells_which_copy_came() -> None:
    lab = Lab()
    lab.get("/b")
    journey = lab.get("/a")
    (edge, regional) = stocked(lab.cdn.copies(), journey=journey)
    assert [(each.label, each.found, each.came_ms is not None) for each in edge.boxes] == [("/b", "", False), ("/a", "", True)]
    assert (edge.looked, regional.looked) == ("miss", "miss")
    assert edge.boxes[-1].came_ms > regional.boxes[-1].came_ms


def test_half_a_life_is_half_a_fuse_and_a_304_lights_it_again() -> None:
    lab = Lab(
        lambda request: Response(304 if "If-None-Match" in request.headers else 200, {"Cache-Control": "max-age=60", "ETag": '"x"'}, b"")
    )
    lab.get()
    lab.clock.advance(30)
    assert stocked(lab.cdn.copies())[0].boxes[0].share == pytest.approx(0.5, abs=0.01)
    lab.clock.advance(31)
    assert stocked(lab.cdn.copies())[0].boxes[0].share == 0
    journey = lab.get()
    edge = stocked(lab.cdn.copies(), journey=journey)[0]
    assert (edge.looked, edge.boxes[0].found) == ("refresh", "refresh")
    assert edge.boxes[0].share == pytest.approx(1, abs=0.02)


def test_places_come_first_in_the_order_asked_for_and_may_be_empty() -> None:
    lab = Lab()
    lab.get(viewer="Tokyo")
    lisbon = lab.get(viewer="Lisbon").way[1]
    other = samples.AKL
    rows = stocked(
        lab.cdn.copies(), [other, lisbon], notes={other: "never asked"}, guesses={lisbon: "hit"}, capacity={"edge": 10**6}, faint=[other]
    )
    assert [str(row.place) for row in rows][:3] == ["edge AKL", "edge LIS", "edge NRT"]
    assert (rows[0].boxes, rows[0].note, rows[0].faint, rows[0].capacity) == ((), "never asked", True, 10**6)
    assert rows[1].guess == "hit"
    assert rows[-1].capacity is None
