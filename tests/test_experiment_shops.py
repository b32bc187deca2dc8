"""Lesson 02's experiment: who is sent where, what each edge has, and that the surprises really happen."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest

from cdnlab.errors import ConfigError, InputError, UnknownName
from cdnlab.exercises import lesson
from cdnlab.experiments import routing, shops
from cdnlab.experiments.routing import route_of, smallest
from cdnlab.geography import edges_of, nearest_edge, ranked_edges
from cdnlab.panels import Press
from cdnlab.telling import ms_text


def send(city: str, trouble: float = 0, cheap: bool = False) -> Press:
    return Press("Send", {"city": city, "trouble": trouble, "cheap": cheap})


def after(*presses: Press, **values: Any) -> shops.Shops:
    last = presses[-1].values if presses else {"city": "Tokyo"}
    return shops.model(presses, **{**last, **values})


# ---- routing


@pytest.mark.parametrize("city", ["Lisbon", "Tokyo", "Mumbai", "Auckland", "São Paulo", "Lagos", "Honolulu"])
@pytest.mark.parametrize("trouble", [0, 5, 60, 150])
@pytest.mark.parametrize("cheap", [False, True])
def test_the_route_is_the_librarys_own(city: str, trouble: float, cheap: bool) -> None:
    route = route_of(city, trouble, cheap)
    price_class = "PriceClass_100" if cheap else "PriceClass_All"
    assert route.calm == nearest_edge(city, price_class)
    assert route.edge == ranked_edges(city, price_class, route.penalties)[0]
    assert not route.outside(route.edge.site)
    assert {site for site in edges_of() if not route.outside(site)} == set(edges_of(price_class))


@pytest.mark.parametrize("city", ["Lisbon", "Tokyo", "Mumbai", "Sydney"])
@pytest.mark.parametrize("trouble", [0, 5, 150])
@pytest.mark.parametrize("cheap", [False, True])
def test_the_race_shows_the_winner_the_one_in_trouble_and_the_one_left_out(city: str, trouble: float, cheap: bool) -> None:
    route = route_of(city, trouble, cheap)
    shown = list(route.candidates)
    assert shown == sorted(shown, key=lambda each: each.ms) and len(shown) <= 5
    assert min((each for each in shown if not route.outside(each.site)), key=lambda each: each.ms) == route.edge
    assert not trouble or route.calm in [each.site for each in shown]
    quicker = [each for each in ranked_edges(city, "PriceClass_All", route.penalties) if each.ms < route.edge.ms]
    assert not quicker or quicker[0] in shown
    assert all(ms_text(each.ms) in routing.race(route) for each in shown)


def test_a_little_trouble_makes_the_edge_slower_and_more_of_it_makes_another_answer() -> None:
    codes = [route_of("Lisbon", ms).edge.site.code for ms in range(0, 151, 5)]
    assert codes[0] == "LIS" and set(codes) == {"LIS", "MAD"}
    assert codes == sorted(codes)  # once away, it does not come back


# ---- the surprises


def test_it_starts_with_lisbon_having_had_its_hit() -> None:
    start = after()
    assert [journey.result for journey in start.journeys] == ["Miss", "Hit"]
    assert [place.code for place in start.stocked] == ["LIS"]
    assert not start.sent
    assert shops.panel().result == start


def test_a_friend_in_tokyo_misses_what_lisbon_has() -> None:
    tokyo = after(send("Tokyo"))
    assert tokyo.last.result == "Miss" and tokyo.last.edge == "NRT"
    assert [place.code for place in tokyo.stocked] == ["LIS", "NRT"]
    assert "edges do not ask each other" in shops.comment(tokyo)


def test_trouble_makes_the_same_viewer_fall_from_hit_to_miss_and_the_origin_is_not_asked() -> None:
    calm, troubled = after(send("Lisbon")), after(send("Lisbon"), send("Lisbon", trouble=60))
    assert (calm.last.result, calm.last.edge) == ("Hit", "LIS")
    assert (troubled.last.result, troubled.last.edge) == ("Miss", "MAD")
    assert troubled.asked == calm.asked == 1
    assert "LIS" in [place.code for place in troubled.stocked]
    assert after(send("Lisbon", trouble=60), send("Lisbon")).last.result == "Hit"  # the trouble over, the old copy is found again


def test_a_price_class_makes_the_wire_longer_and_refuses_nobody() -> None:
    dear, cheap = after(send("Mumbai")), after(send("Mumbai", cheap=True))
    assert dear.last.response.status == cheap.last.response.status == 200
    assert cheap.next.edge.ms > 3 * dear.next.edge.ms
    assert cheap.last.edge == "TLV"
    assert after(send("Mumbai", cheap=True), send("Mumbai")).last.edge == "BOM"  # and it can be taken back


def test_what_is_shown_is_what_the_controls_say_and_only_then_it_is_sent() -> None:
    assert after(send("Tokyo")).sent
    assert not after(send("Tokyo"), trouble=5).sent
    assert not after(send("Tokyo"), cheap=True).sent
    assert after(send("Lisbon")).sent


# ---- the words


@pytest.mark.parametrize(
    ("presses", "now", "says"),
    [
        ([], {}, "Tokyo -> NRT (lowest: 19 ms): not sent yet. Edges with a copy: LIS."),
        (["Tokyo"], {}, "Tokyo -> NRT (lowest: 19 ms): Miss, 275 ms in all. Edges with a copy: LIS, NRT."),
        (
            ["Tokyo"],
            {"city": "Lisbon", "trouble": 60},
            "Lisbon -> MAD (lowest: 26 ms; LIS with the trouble: 78 ms): not sent yet. Edges with a copy: LIS, NRT.",
        ),
        (
            [],
            {"city": "Mumbai", "cheap": True},
            "Mumbai -> TLV (lowest in PriceClass_100: 81 ms; BOM outside PriceClass_100: 18 ms): not sent yet. Edges with a copy: LIS.",
        ),
    ],
)
def test_the_twin_tells_where_to_why_what_came_of_it_and_who_has_a_copy(presses: list[str], now: dict[str, Any], says: str) -> None:
    assert shops.say(after(*map(send, presses), **now)) == says


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (lambda: after(), "NRT is the quickest of 103 edges"),
        (lambda: after(city="Lisbon", trouble=60), "LIS is no longer the quickest: MAD would answer"),
        (
            lambda: after(city="Mumbai", cheap=True),
            "BOM would be quicker, but PriceClass_100 leaves it out: TLV would answer. Nobody is refused.",
        ),
        (lambda: after(city="Lisbon", cheap=True), "LIS is the quickest of 61 edges"),
        (lambda: after(send("Lisbon")), "LIS found a copy on its own shelf."),
        (
            lambda: after(send("Tokyo")),
            "NRT had no copy, nor had its regional cache, so the origin was asked. The copy at LIS was of no use",
        ),
        (
            lambda: after(send("Lisbon", 60)),
            "MAD had no copy; it asked regional cache London, which had one. The copy at LIS was of no use",
        ),
        (lambda: after(send("Tokyo"), send("Mumbai")), "The copies at 2 other edges were of no use"),
    ],
)
def test_the_comment_is_reckoned_from_the_journey(shown: Any, says: str) -> None:
    assert says in shops.comment(shown())


def test_predictions_are_answered_when_their_request_has_been_sent_and_not_before() -> None:
    panel = shops.panel()
    panel.set(friend="Hit")
    assert [(each["asked"], each["outcome"]) for each in panel.said()] == [(True, ""), (False, "")]
    panel.press("Send", city="Lisbon")
    assert panel.said()[0]["outcome"] == ""  # Lisbon is not the friend
    panel.press("Send", city="Tokyo")
    friend, again = panel.said()
    assert friend["outcome"] == "Tokyo reads Miss: edge NRT has a shelf of its own, and nothing stood on it."
    assert again["asked"] and again["outcome"] == ""
    panel.press("Send", city="Lisbon", trouble=5, again="Hit")
    assert panel.said()[1]["outcome"] == ""  # so little trouble diverts nobody
    panel.press("Send", trouble=60)
    assert "LIS would have taken 78 ms, so MAD answered. LIS still has its copy" in panel.said()[1]["outcome"]
    assert "you: Hit" in panel.now._repr_html_()
    panel.press("Send", city="Tokyo", trouble=0)
    assert "you: Hit" not in panel.now._repr_html_()


def test_the_caption_of_a_saved_picture_tells_who_was_sent_where() -> None:
    assert shops.caption(after(send("Tokyo"))) == (
        "Lisbon to LIS: Miss, 82 ms; Lisbon to LIS: Hit, 18 ms; Tokyo to NRT: Miss, 275 ms. Simulated with cdnlab."
    )


# ---- the picture


@pytest.fixture(scope="module")
def page() -> str:
    return shops.view(after(send("Tokyo"), send("Lisbon", trouble=60), city="Mumbai", cheap=True))


def test_the_view_holds_no_colour_and_nothing_that_loads(page: str) -> None:
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b|<script|url\(|https?://(?!www\.w3\.org/2000/svg)", page)


def test_map_shelves_race_and_staircase_speak_of_the_same_places(page: str) -> None:
    parts = page.split("<svg xmlns")
    assert sum('data-place="edge LIS"' in part for part in parts) >= 2
    assert page.count('data-place="edge MAD"') >= 3  # map, shelf, staircase


# ---- by hand


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"city": "Atlantis"}, UnknownName),
        ({"trouble": 151}, InputError),
        ({"cheap": "yes"}, InputError),
        ({"friend": "RefreshHit"}, UnknownName),
    ],
)
def test_what_cannot_be_set_is_a_named_error(values: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        shops.panel().set(**values)


def test_looking_back_and_starting_over_bring_back_what_was() -> None:
    panel = shops.panel()
    first = panel.press("Send")
    panel.press("Send", city="Lisbon", trouble=60)
    assert panel.look(1) == first
    assert panel.reset() == shops.panel().sentence


# ---- the smallest distribution


def leaves(config: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every field."""
    for name, value in config.items() if isinstance(config, dict) else enumerate(config):
        if isinstance(config, dict):
            yield (*path, name)
        if isinstance(value, dict | list):
            yield from leaves(value, (*path, name))


@pytest.mark.parametrize("path", list(leaves(smallest(routing.bucket()))), ids=str)
def test_no_field_of_the_smallest_config_can_be_left_out(path: tuple[Any, ...]) -> None:
    config = copy.deepcopy(dict(smallest(routing.bucket())))
    inner: Any = config
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    with pytest.raises(ConfigError):
        routing.world(config)


def test_the_smallest_config_prints_itself_as_json_and_works() -> None:
    config = smallest(routing.bucket())
    assert repr(config).startswith('{\n  "CallerReference": "lesson 02"')
    here = routing.world(config)
    assert here.cdn.get(here.url).response.status == 200


# ---- exercises that have more to them than a table


def test_the_complaint_is_real_and_each_repair_is_judged_by_sydneys_own_request() -> None:
    q4 = lesson("02").q4
    config = q4.given()
    assert q4.check(config).outcome == "not tried"
    config["PriceClass"] = "PriceClass_200"
    assert "Sydney still waits 104 ms for a Hit: CGK (Jakarta) answers" in q4.check(config).text
    config["PriceClass"] = "PriceClass_300"
    assert "PriceClass" in q4.check(config).text and not q4.check(config)
    config["Enabled"], config["PriceClass"] = False, "PriceClass_All"
    assert "should be a Hit; it was 403" in q4.check(config).text
    config["Enabled"] = True
    assert q4.check(config)
    del config["PriceClass"]
    assert q4.check(config)


def test_a_year_is_no_promise() -> None:
    assert routing.evicted() == "yes"
