"""Lesson 04's experiments: the brief's surprises really happen, and every number is the CloudFront's own."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdnlab.errors import ConfigError, InputError
from cdnlab.exercises import lesson
from cdnlab.experiments import cloakroom, pigeonholes, poison, twosites
from cdnlab.experiments.cloakroom import VISITORS, Parts, sent
from cdnlab.keyxray import ORDER

ALL = [Parts(*each) for each in product((False, True), repeat=3)]
SEND = "Send all twelve"
ATTACK = "Attack, then visit"
HEX = re.compile(r"#[0-9a-fA-F]{3,8}\b")


# ---- the rounds


def test_the_session_cookie_makes_twelve_holes_and_no_hits() -> None:
    for parts in ALL:
        if parts.session:
            found = sent(parts)
            assert (found.copies, found.hits, found.wrong) == (12, 0, 0)


def test_without_the_language_there_are_few_holes_and_wrong_pages() -> None:
    bare = sent(Parts(query=False, session=False, language=False))
    assert (bare.copies, bare.hits) == (1, 11)
    assert bare.wrong > len(VISITORS) / 2, "most visitors get a page in the wrong language or colour"
    assert sent(Parts(query=True, session=False, language=False)).wrong == 7


def test_two_orders_of_the_same_parameters_are_two_holes() -> None:
    found = sent(Parts(query=True, session=False, language=True))
    second, fourth = VISITORS[1], VISITORS[3]
    assert second.language == fourth.language and sorted(second.query.split("&")) == sorted(fourth.query.split("&"))
    holes = [next(number for number, hole in enumerate(found.holes, 1) if order in hole.visitors) for order in (2, 4)]
    assert holes == [2, 4] and found.holes[3].twin == 2
    assert found.journeys[1].response.body == found.journeys[3].response.body
    assert found.xray.splits[0].what == ORDER


def test_the_goal_is_query_and_language() -> None:
    good = [sent(parts) for parts in ALL if not sent(parts).wrong]
    best = min(good, key=lambda each: each.copies)
    assert best.parts == Parts(query=True, session=False, language=True)
    assert (best.copies, best.hits, best.needless) == (8, 4, 3)


@pytest.mark.parametrize("parts", ALL, ids=str)
def test_every_number_of_a_round_is_read_off_a_cloudfront(parts: Parts) -> None:
    cdn, journeys = cloakroom.visit(*parts)
    found = sent(parts)
    assert found.copies == sum(held.place.kind == "edge" for held in cdn.copies())
    assert found.hits == sum(journey.result == "Hit" for journey in journeys) == found.xray.hits
    assert found.copies == found.xray.copies
    assert sorted(order for hole in found.holes for order in hole.visitors) == list(range(1, 13))
    wrong = [order for order, journey in enumerate(journeys, 1) if journey.response.body != cloakroom.shop(journey.request).body]
    assert sorted(order for hole in found.holes for order in hole.wrong) == wrong
    assert found.needless == found.copies - len({hole.title for hole in found.holes})
    asked = sum(len(journey.origin_requests) for journey in journeys)
    assert asked == found.copies, "each copy was fetched once"


def test_the_shop_is_told_everything_whatever_is_in_the_key() -> None:
    for parts in ALL:
        request = sent(parts).journeys[0].origin_requests[0]
        assert request.query == VISITORS[0].query
        assert (request.headers["Cookie"], request.headers["Accept-Language"]) == ("session=4f1a", "es")
        assert cloakroom.became(parts) == tuple("in key" if on else "sent" for on in parts)


def test_visitors_differ_in_their_sessions_and_share_the_rest() -> None:
    assert len({each.session for each in VISITORS}) == len(VISITORS) == 12
    assert {each.language for each in VISITORS} == {"en", "es", "de"}


# ---- the panel


def test_the_twin_tells_the_story_in_the_briefs_words() -> None:
    panel = pigeonholes.panel()
    assert panel.sentence.startswith("Key: path + query + session cookie + language. Twelve visitors wait")
    assert panel.press(SEND) == "Key: path + query + session cookie + language. 12 requests, 12 copies, 0 hits, 0 wrong pages."
    assert panel.press(SEND, session=False) == "Key: path + query + language. 12 requests, 8 copies, 4 hits, 0 wrong pages."
    assert panel.press(SEND, query=False, language=False) == "Key: path. 12 requests, 1 copy, 11 hits, 9 wrong pages."


def test_a_turned_toggle_is_sent_only_when_asked_and_a_sent_key_is_remembered() -> None:
    panel = pigeonholes.panel()
    panel.press(SEND)
    assert "nothing has been sent with this key" in panel.set(session=False)
    assert panel.result.round is None
    panel.press(SEND)
    assert panel.set(session=True).endswith("12 copies, 0 hits, 0 wrong pages."), "it need not be sent twice"
    assert [each.parts.session for each in panel.result.rounds] == [True, False]
    assert panel.result.best is panel.result.rounds[1]


def test_the_prediction_stays_drawn_and_is_answered_by_the_round() -> None:
    panel = pigeonholes.panel()
    panel.set(holes=5)
    assert "you: 5" in pigeonholes.holes(panel.result) and panel.said()[0]["outcome"] == ""
    panel.press(SEND)
    assert (
        panel.said()[0]["outcome"]
        == "With path + query + session cookie + language in the key, the twelve filled 12 holes: 0 hits, 0 wrong pages."
    )
    assert "you: 5" in pigeonholes.holes(panel.result)
    for bad in (0, 13):
        with pytest.raises(InputError):
            panel.set(holes=bad)


def test_the_comment_names_a_victim_a_culprit_or_neither() -> None:
    def comment(*parts: bool) -> str:
        return pigeonholes.comment(pigeonholes.Rack(Parts(*parts), (sent(Parts(*parts)),), None, ("", "", "")))

    assert comment(True, False, False) == (
        "Visitor 2 should read “Red shirts” and got “Camisas rojas”, made for visitor 1: their tags are the same."
    )
    assert comment(True, True, True).endswith("holes 2 and 4 hold one page, split by the cookie session.")
    assert comment(True, False, True).endswith("split by the order of the query parameters.")
    assert comment(False, True, False).endswith("The tag tells visitors apart, not pages.")


@given(st.tuples(st.booleans(), st.booleans(), st.booleans()), st.sampled_from([None, 1, 7, 12]), st.booleans())
@settings(max_examples=30, deadline=None)
def test_the_picture_speaks_for_every_state(parts: Any, guess: float | None, pressed: bool) -> None:
    panel = pigeonholes.panel()
    panel.set(query=parts[0], session=parts[1], language=parts[2], holes=guess)
    if pressed:
        panel.press(SEND)
    view = pigeonholes.view(panel.result)
    assert not HEX.search(view) and "nan" not in view
    assert f'aria-label="{panel.sentence}"' in view
    assert view.count("stroke-dasharray") == (guess is not None)
    assert ("in key</text>" in view) == any(parts)
    assert pigeonholes.inside(panel.result)


def test_wrong_pages_are_marked_and_named_beside_their_glyph() -> None:
    panel = pigeonholes.panel()
    panel.press(SEND, language=False, session=False)
    found = panel.result.round
    assert found is not None and found.wrong == 7
    assert pigeonholes.holes(panel.result).count("≠</text>") == found.wrong


# ---- the ledger


def test_the_ledger_says_what_became_of_everything_and_which_policy_decided() -> None:
    journeys = cloakroom.visit(query=True, session=False, language=True)[1]
    text = repr(pigeonholes.ledger(journeys[0]))
    assert "in key   query  color: red (in the cache key by cache policy shirts, and so sent)" in text
    assert "in key   header Accept-Language: es (in the cache key by cache policy shirts, and so sent)" in text
    assert "sent     cookie session: 4f1a (sent by origin request policy AllViewerExceptHostHeader; not in the cache key)" in text
    assert "dropped  header Host: " in text
    page = pigeonholes.ledger(journeys[0])._repr_html_()
    assert "AllViewerExceptHostHeader" in page


# ---- the poisoned copy

CASES = list(product(poison.ATTACKS, poison.KEYS, poison.SENDS))
HOST, FORGED = poison.ATTACKS


@pytest.mark.parametrize(("attack", "key", "sends"), CASES)
def test_a_copy_is_poisoned_when_what_changed_it_is_sent_and_not_in_the_key(attack: str, key: str, sends: str) -> None:
    name = attack.partition(":")[0]
    found = poison.case(attack, key, sends)
    told = name in {each.name for each in found.attack.treatments if each.sent}
    assert told == (name == "Host" or sends == "AllViewer" or name in poison.KEYS[key])
    assert found.poisoned == (told and name not in poison.KEYS[key])


def test_a_404_cached_for_one_host_is_served_to_another() -> None:
    found = poison.case(HOST, "path", "AllViewer")
    assert (found.attack.response.status, found.visit.response.status) == (404, 404)
    assert found.visit.origin_requests == () and b"help.example.com" in found.visit.response.body
    assert len(found.copies) == 1 and found.owners == (1,) and found.handed == 1


def test_a_forged_header_brings_a_strangers_script_to_the_next_customer() -> None:
    found = poison.case(FORGED, "path + Host", "AllViewer")
    assert found.visit.result == "Hit" and b"https://evil.example/cart.js" in found.visit.response.body
    safe = poison.case(FORGED, "path + Host", "HostHeaderOnly")
    assert safe.visit.result == "Hit" and b"evil" not in safe.visit.response.body
    apart = poison.case(FORGED, "path + Host + X-Forwarded-Host", "AllViewer")
    assert apart.visit.result == "Miss" and len(apart.copies) == 2 and apart.handed == 2


def test_the_labs_twin_and_comment_follow_the_journeys() -> None:
    panel = poison.panel()
    assert panel.sentence.endswith("Nothing has been sent.")
    first = "Key: path; policy AllViewer. First request, Host: help.example.com: 404. Customer: 404 from the edge's copy, not her page."
    assert panel.press(ATTACK, guess=poison.OWN) == first
    assert panel.said()[0]["outcome"].startswith("She read an answer made for the first request: 404")
    assert panel.set(key="path + Host").endswith("Nothing has been sent."), "another key is another question"
    assert panel.said()[0]["outcome"] == ""
    assert panel.press(ATTACK).endswith("Customer: 200 from the origin, her page.")
    assert poison.comment(panel.result) == "Harmless: with Host in the key, help.example.com has a hole of its own."
    panel.press(ATTACK, attack=FORGED, sends="HostHeaderOnly")
    assert poison.comment(panel.result).startswith("Harmless: X-Forwarded-Host did not reach the origin")


@pytest.mark.parametrize(("attack", "key", "sends"), CASES)
@pytest.mark.parametrize("pressed", [False, True])
def test_the_lab_is_drawn_in_every_state(attack: str, key: str, sends: str, pressed: bool) -> None:
    panel = poison.panel()
    panel.set(attack=attack, key=key, sends=sends)
    if pressed:
        panel.press(ATTACK)
    view = poison.view(panel.result)
    assert not HEX.search(view)
    assert view.count("&quot;") == 0 and 'role="img"' in view
    if panel.result.case is not None:
        assert ("≠ an answer" in view) == panel.result.case.poisoned
        assert ("font-weight" in view) and ("evil.example/cart.js" in view) == (b"evil" in panel.result.case.attack.response.body)


# ---- the incident


def with_headers(*names: str) -> dict[str, Any]:
    return twosites.given() | {"CachePolicyConfig": twosites.cache_policy(*names)}


def test_what_the_check_finds_wrong_is_what_a_visitor_reads() -> None:
    assert "a visitor of shop.example.com gets 404, “help.example.com: No page /sale here”" in twosites.trouble(twosites.given())
    assert "“shop.example.com: Sale!; script https://evil.example/cart.js”" in twosites.trouble(with_headers("Host"))
    assert "0 got a Hit, and two should. The key X-ray blames the header User-Agent." in twosites.trouble(twosites.overdone())


@pytest.mark.parametrize("repair", [twosites.mended(), with_headers("Host", "X-Forwarded-Host")], ids=["send less", "key more"])
def test_both_repairs_hold(repair: dict[str, Any]) -> None:
    assert twosites.trouble(repair) == ""


def test_switching_the_cache_off_is_no_repair() -> None:
    off = twosites.mended()
    off["CachePolicyConfig"] |= {"MinTTL": 0, "DefaultTTL": 0, "MaxTTL": 0}
    off["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"]["HeadersConfig"] = {"HeaderBehavior": "none"}
    assert twosites.trouble(off) != ""
    short = with_headers("Host", "X-Forwarded-Host")
    short["CachePolicyConfig"] |= {"MinTTL": 0, "DefaultTTL": 0, "MaxTTL": 0}
    assert "nothing is cached" in lesson("04").q3.check(short).text


def test_what_aws_would_refuse_is_refused_in_its_words() -> None:
    bad = twosites.given()
    bad["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"]["HeadersConfig"] = {
        "HeaderBehavior": "whitelist",
        "Headers": {"Quantity": 2, "Items": ["Host"]},
    }
    with pytest.raises(ConfigError):
        twosites.trouble(bad)
    verdict = lesson("04").q3.check(bad)
    assert verdict.outcome == "not yet" and "InconsistentQuantities" in verdict.text


# ---- going further, and the exercises


def test_five_spellings_of_what_one_can_read_are_four_copies() -> None:
    cdn, url = cloakroom.catalogue()
    journeys = [cdn.get(url, headers={"Accept-Encoding": each}) for each in cloakroom.SPELLINGS]
    frame = cloakroom.weights(journeys)
    assert list(frame["Content-Encoding"]) == ["br", "br", "gzip", "br", "none"]
    assert list(frame["result"]) == ["Miss", "Hit", "Miss", "Miss", "Miss"]
    small, plain = frame["kB"][0], frame["kB"][4]
    assert small < frame["kB"][2] < plain / 3


def test_the_exercises_answers_are_run_and_not_written_down() -> None:
    recall, q1, q2, *_ = lesson("04")
    assert recall.right == cloakroom.recalled() == ["Miss", "Hit", "Miss"]
    assert q1.right == cloakroom.thirteenth() == ["Miss", 9]
    assert q2.right == cloakroom.read_by_the_second() == "Spanish"
    assert q2.check("English").text.startswith("That would need the shop to hear of visitor 2.")
