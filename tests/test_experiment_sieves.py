"""Lesson 06's stack of sieves: which behaviour catches what, which can never, and the incident of the masked API."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdnlab.distribution import dead_patterns
from cdnlab.errors import ConfigError, InputError, UnknownName
from cdnlab.exercises import lesson
from cdnlab.experiments import sieves, stack
from cdnlab.lint import lint
from cdnlab.validation import check

SWAPPED = ("api/*", "images/private/*", "images/*", "*.jpg")
orders = st.permutations(stack.ORDER).map(tuple)
paths = st.sampled_from(
    ["/images/private/a.jpg", "/images/cat.jpg", "/banner.jpg", "/LOGO.JPG", "/", "/api/x", "/a//b/../c.jpg", "/%61pi/x"]
)


def dropped(url: str = sieves.PRIVATE, method: str = "GET", **values: object) -> sieves.Panel[sieves.Stack]:
    panel = sieves.panel()
    panel.press("Drop", url=url, method=method, **values)
    return panel


# ---- the model


def test_the_wide_pattern_above_catches_the_private_photo_and_leaves_the_narrow_one_dead():
    shown = dropped().result
    assert (shown.caught.name, shown.fall.journey.response.status) == ("images/*", 200)
    assert shown.fall.journey.response.body == b"the photo images/private/a.jpg"
    assert [(sieve.name, sieve.dead) for sieve in shown.dead] == [("images/private/*", "images/*")]


def test_after_the_swap_the_same_request_is_refused_at_the_edge():
    panel = dropped()
    panel.press("Move up", behaviour="images/private/*")
    shown = panel.result
    assert shown.order == SWAPPED and shown.dead == ()
    assert shown.fall.url == sieves.PRIVATE, "the latest request falls again"
    assert (shown.caught.name, shown.fall.journey.response.status) == ("images/private/*", 403)
    assert shown.fall.journey.origin_requests == () and shown.fall.refused == "the behaviour serves HTTPS only"
    panel.press("Drop", url=sieves.PRIVATE.replace("http:", "https:"))
    assert panel.result.fall.journey.response.status == 200 and panel.result.fall.refused == ""


def test_capital_letters_fall_past_a_pattern_in_small_ones():
    shown = dropped(sieves.LOGO).result
    assert shown.caught.name == "default (*)" and "past *.jpg" in sieves.comment(shown)
    assert dropped(sieves.LOGO.lower()).result.caught.name == "*.jpg"


@pytest.mark.parametrize(
    ("method", "status"), [("GET", 200), ("HEAD", 200), ("PUT", 403), ("DELETE", 403), ("POST", 403), ("OPTIONS", 403)]
)
def test_the_method_is_looked_at_after_the_path_has_found_its_behaviour(method, status):
    shown = dropped("/images/cat.jpg", method).result
    assert (shown.caught.name, shown.fall.journey.response.status) == ("images/*", status)
    assert bool(shown.fall.refused) == (status == 403)


def test_an_origins_own_refusal_is_not_the_distributions():
    shown = dropped("/members").result
    assert shown.fall.journey.response.status == 403 and shown.fall.refused == ""
    assert "refused at the edge" not in sieves.say(shown)


@settings(deadline=None, max_examples=60)
@given(orders, paths)
def test_the_picture_and_the_edge_agree_on_who_caught_it(order, path):
    fall = sieves.fallen(order, "GET", f"https://{stack.HOST}{path}")
    told = [step.says for step in fall.journey.steps if step.rule == "ROUTE-01"]
    name = f"behaviour {fall.caught}, {order[fall.caught]}," if fall.caught < len(order) else "the default behaviour"
    assert len(told) == 1 and told[0].startswith(name)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["Move up", "Move down"]), st.sampled_from(stack.ORDER)), max_size=6))
def test_however_they_are_moved_each_behaviour_stays_once_and_the_default_below(moves):
    panel = sieves.panel()
    for button, pattern in moves:
        panel.press(button, behaviour=pattern)
    assert sorted(panel.result.order) == sorted(stack.ORDER)
    assert panel.result.sieves[-1].plan.is_default
    assert {sieve.name for sieve in panel.result.dead} == {
        plan.pattern for plan, _ in dead_patterns(stack.shop(panel.result.order).distribution)
    }


def test_the_first_and_the_last_stay_where_they_are():
    assert sieves.moved(("a", "b", "c"), "a", -1) == sieves.moved(("a", "b", "c"), "c", 1) == ("a", "b", "c")


# ---- the panel


def test_the_start_does_not_give_the_answer_away():
    panel = sieves.panel()
    page = panel.now._repr_html_()
    assert panel.result.fall is None and "dead:" not in page and "line-through" not in page
    assert "Dead" not in panel.sentence


def test_the_prediction_stays_drawn_beside_the_outcome():
    panel = dropped(catcher="images/private/*")
    assert ">you</text>" in panel.now._repr_html_()
    said = panel.said()
    assert said[0]["outcome"] == "images/* caught it: the first match wins, not the closest. Answer: 200, in clear."
    assert said[1]["asked"] and said[1]["outcome"] == ""
    panel.press("Move up", behaviour="images/private/*", swapped=sieves.SWAPPED[1])
    assert panel.said()[0]["outcome"] == said[0]["outcome"], "what was said of the order as it was written stays"
    assert panel.said()[1]["outcome"].startswith("After the swap: 403, because the behaviour serves HTTPS only")
    panel.press("Drop", url=sieves.LOGO)
    assert panel.said()[1]["outcome"].startswith("After the swap: 403"), "an answer once given is not asked for again"


def test_the_twin_alone_tells_the_story():
    panel = dropped()
    assert panel.sentence == (
        f"GET {sieves.PRIVATE} → behaviour 1 images/* → origin photos: 200 Miss. "
        "Dead patterns: images/private/* (all its paths go to images/*)."
    )
    assert "images/private/* → origin" not in panel.press("Move up", behaviour="images/private/*"), "no origin heard of it"
    assert "behaviour 1 images/private/*: 403, refused at the edge" in panel.sentence
    assert "Dead patterns: none." in panel.sentence


def test_a_bare_path_is_the_shops_own_and_another_host_is_refused_with_a_reason():
    panel = sieves.panel()
    assert "images/cat.jpg → behaviour 1" in panel.press("Drop", url="/images/cat.jpg")
    assert panel.press("Drop", url="https://example.org/").startswith("example.org leads to another distribution")
    assert panel.result.fall.path == "/images/cat.jpg", "what stood there stays"
    assert "URL" in panel.press("Drop", url="not a url") or "url" in panel.sentence
    with pytest.raises(UnknownName):
        panel.press("Drop", method="BREW")


def test_the_panel_has_at_most_three_controls_and_one_primary_button():
    kinds = [type(each).__name__ for each in sieves.panel().controls.values()]
    assert kinds == ["Predict", "Predict", "Text", "Choice", "Choice", "Button", "Button", "Button"]


@settings(deadline=None, max_examples=40)
@given(orders, paths, st.sampled_from(stack.METHODS))
def test_no_picture_types_a_colour_or_loads_anything(order, path, method):
    fall = sieves.fallen(order, method, f"http://{stack.HOST}{path}")
    shown = sieves.model([], url="/", method="GET", behaviour="*.jpg")
    picture = sieves.view(sieves.Stack(shown.sieves, fall, fall))
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", picture)
    assert "<script" not in picture and "src=" not in picture and "href=" not in picture


def test_what_a_viewer_types_is_escaped():
    assert "<b>" not in sieves.view(dropped("/<b>x</b>").result)


# ---- the shop and the exercises


def test_the_facts_of_the_exercises_come_from_journeys():
    assert (stack.open_file(), stack.closed_file(), stack.root(), stack.putting()) == (200, 403, "/docs/", [403, "no"])


def test_an_order_that_is_not_one_is_refused():
    with pytest.raises(InputError, match="give each of"):
        stack.shop(["images/*"])


def test_the_validator_names_all_four_slips_at_once():
    with pytest.raises(ConfigError) as refused:
        check(stack.broken())
    assert {problem.code for problem in refused.value.problems} == {
        "InconsistentQuantities",
        "NoSuchOrigin",
        "InvalidArgument",
        "InvalidDefaultRootObject",
    }
    assert len(refused.value.problems) == 4


def test_the_linter_sees_both_incidents():
    assert any("images/private/*" in advice.says for advice in lint(stack.shop().distribution.config))
    assert sum("also for api/*" in advice.says for advice in lint(stack.masked())) == 2


def without(config, *codes):
    rules = [rule for rule in config["CustomErrorResponses"]["Items"] if rule["ErrorCode"] not in codes]
    config["CustomErrorResponses"] = {"Quantity": len(rules), "Items": rules}
    return config


def test_the_incident_is_repaired_by_both_changes_and_by_neither_alone():
    q4 = lesson("06").q4
    assert "/api/orders/99" in stack.site_trouble(q4.given())
    assert q4.check(stack.cured())
    assert "/api/orders/8" in q4.check(without(q4.given(), 404)).text
    assert "a link in a mail) and gets 403 with application/xml." in q4.check(without(q4.given(), 403, 404)).text
    moved = q4.given()
    moved["DefaultCacheBehavior"]["TargetOriginId"] = "pages"
    assert "/api/orders/99" in q4.check(moved).text
    honest = q4.given()
    for rule in honest["CustomErrorResponses"]["Items"]:
        rule["ResponseCode"] = str(rule["ErrorCode"])
    assert "404 with text/html" in q4.check(honest).text


def test_a_repair_that_aws_would_refuse_is_refused_with_its_reason():
    q4 = lesson("06").q4
    config = q4.given()
    config["DefaultCacheBehavior"]["TargetOriginId"] = "page"
    assert "NoSuchOrigin" in q4.check(config).text
