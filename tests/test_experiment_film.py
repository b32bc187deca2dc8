"""Lesson 09's experiments: the surprises of the seven doors really happen, and every status comes from a journey."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdnlab.cookies import CookieJar, readable
from cdnlab.errors import InputError, UnknownName
from cdnlab.exercises import lesson
from cdnlab.experiments import boxoffice, cards, cinema, film, wristband
from cdnlab.experiments.clinic import who_said_no
from cdnlab.panels import Press
from cdnlab.staircase import safe

CANNED_URL, CUSTOM_URL, CANNED_COOKIE, CUSTOM_COOKIE = cinema.PERMISSIONS
HEX = r"#[0-9a-fA-F]{3,8}\b|rgb\("


def pressed(permission: str, start: float = 0, extra: bool = False) -> Press:
    return Press("Play", {"permission": permission, "start": start, "extra": extra})


def shown(permission: str, start: float = 0, extra: bool = False, **more: object) -> film.Film:
    """What is on show after one play."""
    return film.model([pressed(permission, start, extra)], permission=permission, start=start, extra=extra, **more)  # type: ignore[arg-type]


# ---- the cinema


def test_what_is_private_asks_for_a_signature_and_the_rest_does_not():
    cdn, _ = cinema.cinema()
    statuses = {
        path: cdn.get(f"{cinema.SITE}/{path}").response.status for path in ("trailer.ts", *cinema.PAGES, "film/seg0.ts", "film2/seg0.ts")
    }
    assert {path for path, status in statuses.items() if status == 200} == {"trailer.ts"}
    assert set(statuses.values()) == {200, 403}


def test_the_film_is_half_a_minute_of_real_segments_in_a_playlist_that_ends():
    here = cinema.cinema()
    granted = cinema.grant(here, CUSTOM_COOKIE)
    bodies = [each.journey.response.body for each in cinema.play(here, granted.url, cinema.browser(granted.cookies))]
    lines = bodies[0].decode().splitlines()
    assert lines[0] == "#EXTM3U" and lines[-1] == "#EXT-X-ENDLIST"
    assert [line for line in lines if not line.startswith("#")] == list(cinema.FILES[1:])
    assert all(body[0] == 0x47 and len(body) % 188 == 0 for body in bodies[1:]), "MPEG-TS packets"


def test_an_unknown_permission_is_refused_with_those_there_are():
    with pytest.raises(UnknownName, match="canned cookie"):
        cinema.grant(cinema.cinema(), "canned cooky")


# ---- the seven doors


@pytest.mark.rule("SIGN-03", "SIGN-21", "SIGN-14")
@pytest.mark.parametrize(
    ("permission", "start", "extra", "opened", "first", "code", "rule"),
    [
        (CANNED_URL, 0, False, 1, "seg0", "MissingKey", "SIGN-04"),
        (CUSTOM_URL, 0, False, 1, "seg0", "MissingKey", "SIGN-04"),
        (CANNED_COOKIE, 0, False, 1, "seg0", "AccessDenied", "SIGN-11"),
        (CUSTOM_COOKIE, 0, False, 7, None, None, None),
        (CANNED_URL, 0, True, 0, "playlist", "MalformedPolicy", "SIGN-21"),
        (CUSTOM_URL, 0, True, 1, "seg0", "MissingKey", "SIGN-04"),
        (CANNED_COOKIE, 0, True, 0, "playlist", "MissingKey", "SIGN-04"),
        (CUSTOM_COOKIE, 0, True, 0, "playlist", "MissingKey", "SIGN-04"),
        (CUSTOM_COOKIE, 1800, False, 7, None, None, None),
        (CUSTOM_COOKIE, 3585, False, 4, "seg3", "AccessDenied", "SIGN-14"),
        (CUSTOM_COOKIE, 3600, False, 0, "playlist", "AccessDenied", "SIGN-14"),
        (CANNED_URL, 3600, False, 0, "playlist", "AccessDenied", "SIGN-14"),
    ],
)
def test_how_many_doors_a_permission_opens(permission, start, extra, opened, first, code, rule):
    play = film.played(permission, start, extra)
    assert play.opened == opened == sum(each.journey.response.status == 200 for each in play.tries)
    if first is None:
        assert play.refused is None
    else:
        assert (play.refused.name, play.refused.code, play.refused.journey.steps[-1].rule) == (first, code, rule)
        assert play.refused.journey.response.status == 403
        assert who_said_no(play.refused.journey.response).branch == "signature"


def test_the_stubs_tell_what_each_request_showed():
    stubs = {name: [cinema.shows(each.journey) for each in film.played(name).tries] for name in cinema.PERMISSIONS}
    assert stubs[CANNED_URL] == stubs[CUSTOM_URL] == ["URL"] + ["nothing"] * 6
    assert stubs[CANNED_COOKIE] == stubs[CUSTOM_COOKIE] == ["cookies"] * 7
    assert {cinema.shows(each.journey) for each in film.played(CUSTOM_COOKIE, extra=True).tries} == {"cookies ignored"}
    assert [cinema.shows(each.journey) for each in film.played(CUSTOM_URL, extra=True).tries][1:] == ["a lone parameter"] * 6


def test_the_bracket_tells_which_doors_the_policy_is_for():
    covered = {name: film.played(name).covered.count(True) for name in cinema.PERMISSIONS}
    assert covered == {CANNED_URL: 1, CUSTOM_URL: 7, CANNED_COOKIE: 1, CUSTOM_COOKIE: 7}


@pytest.mark.rule("SIGN-17")
def test_the_origin_sees_neither_cookies_nor_signing_parameters():
    for name in cinema.PERMISSIONS:
        for request in (request for each in film.played(name).tries for request in each.journey.origin_requests):
            assert "Cookie" not in request.headers and "Signature" not in request.target


def test_the_twin_tells_the_story():
    panel = film.panel()
    assert panel.sentence == "canned URL of the playlist: not played yet."
    assert panel.press("Play") == "canned URL of the playlist: 1 of 7 open; first refused: seg0, MissingKey."
    assert panel.press("Play", permission=CUSTOM_COOKIE) == "custom cookie with *: 7 of 7 open."
    assert panel.press("Play", extra=True) == "custom cookie with *, with ?Expires=5: 0 of 7 open; first refused: playlist, MissingKey."
    assert panel.set(extra=False) == "custom cookie with *: not played yet."
    assert (
        panel.press("Play", start=3585)
        == "custom cookie with *, 59 min 45 s after the login: 4 of 7 open; first refused: seg3, AccessDenied."
    )


def test_the_second_question_waits_for_a_film_seen_to_its_end_and_both_are_answered_by_journeys():
    panel = film.panel()
    assert [each["asked"] for each in panel.said()] == [True, False]
    panel.press("Play", permission=CANNED_COOKIE)
    assert [each["outcome"] for each in panel.said()] == ["", ""], "the first question is about a signed URL"
    panel.press("Play", permission=CANNED_URL, you=7)
    assert panel.said()[0]["outcome"] == "1 of 7 opened; seg0 was refused: 403 MissingKey."
    panel.press("Play", permission=CUSTOM_COOKIE)
    assert [each["asked"] for each in panel.said()] == [True, True]
    panel.press("Play", extra=True, ignored="all seven")
    assert panel.said()[1]["outcome"].startswith("0 of 7 opened; playlist was refused: 403 MissingKey. The cookies were sent")


@pytest.mark.parametrize(
    ("settings_", "comment"),
    [
        ((CANNED_URL,), "A ticket for one door"),
        ((CUSTOM_URL,), "The policy covers all seven. But only the playlist's address carries it"),
        ((CANNED_COOKIE,), "its canned policy is for one address"),
        ((CUSTOM_COOKIE,), "A wristband"),
        ((CANNED_COOKIE, 0, True), "nobody looks at the cookies"),
        ((CUSTOM_URL, 0, True), "the other six show nothing that opens"),
        ((CANNED_URL, 0, True), "Two Expires in one address"),
        ((CUSTOM_COOKIE, 3585), "ended while the film was running"),
        ((CUSTOM_COOKIE, 3600), "has ended"),
    ],
)
def test_the_comment_says_what_is_worth_noticing(settings_, comment):
    assert comment in film.comment(shown(*settings_))


permissions = st.sampled_from(list(cinema.PERMISSIONS))


@settings(deadline=None, max_examples=30)
@given(permissions, st.sampled_from(film.STARTS), st.booleans(), st.one_of(st.none(), st.integers(0, 7)))
def test_every_setting_is_drawn_and_told_from_its_journeys(permission, start, extra, you):
    result = shown(permission, start, extra, you=you)
    picture, play = film.view(result), result.shown
    assert not re.search(HEX, picture) and picture.count("<svg") == picture.count("</svg>") == 1
    assert "<script" not in picture and "http" not in re.sub(r"http://www.w3.org/2000/svg|https://www.example.com", "", picture)
    assert picture.count(">200<") == play.opened and picture.count(">403<") == 7 - play.opened
    assert (f">you: {you}<" in picture) == (you is not None and (permission, start, extra) == (CANNED_URL, 0, False))
    assert film.comment(result) and f"{play.opened} of 7 open" in film.say(result)


def test_before_anybody_plays_the_tickets_are_blank():
    picture = film.view(film.model([]))
    assert picture.count(">?<") == 7 and ">200<" not in picture and ">403<" not in picture


@pytest.mark.parametrize(
    ("panel", "kinds"),
    [
        (film.panel(), ["Flag", "Predict", "Choice", "Slider", "Toggle", "Button"]),
        (cards.panel(), ["Choice", "Choice", "Button"]),
        (wristband.panel(), ["Predict", "Text", "Text", "Text", "Button"]),
    ],
)
def test_a_panel_has_at_most_three_controls_and_one_button(panel, kinds):
    assert [type(each).__name__ for each in panel.controls.values()] == kinds


# ---- URL or cookie?


@pytest.mark.parametrize(
    ("card", "by_url", "by_cookies"),
    [
        ("an installer", (1, 1), (0, 1)),
        ("a client without cookies", (1, 1), (0, 1)),
        ("all files of a video", (1, 7), (7, 7)),
        ("a subscribers' area", (1, 3), (3, 3)),
        ("URLs that must not change", (0, 1), (1, 1)),
    ],
)
def test_exactly_one_pile_fits_each_card_and_it_is_the_guides(card, by_url, by_cookies):
    tried = [cards.tried(card, pile) for pile in cards.PILES]
    assert [(each.opened, len(each.tries)) for each in tried] == [by_url, by_cookies]
    assert [each.fits for each in tried].count(True) == 1
    assert len({each.reason for each in tried}) == 2


def test_the_card_sort_moves_a_card_that_lies_wrong_and_ends_when_all_lie_right():
    panel = cards.panel()
    assert "5 cards to sort. In hand: an installer." in panel.sentence
    said = panel.press("Put it there", card="all files of a video", pile="signed URL")
    assert "1 of 7 open; first refused: /film/seg0.ts, MissingKey" in said and said.endswith("1 of 5 cards sorted, 0 where they belong.")
    assert cards.comment(panel.result).startswith("Not there.")
    for card in cards.CASES:
        pile = next(pile for pile in cards.PILES if cards.tried(card, pile).fits)
        said = panel.press("Put it there", card=card, pile=pile)
    assert said.endswith("5 of 5 cards sorted, 5 where they belong.")
    assert cards.comment(panel.result).startswith("All five belong where they lie.")
    assert not re.search(HEX, cards.view(panel.result))
    picture = cards.view(panel.result)
    assert "All sorted." in picture and "no card yet" not in picture and picture.count("it belongs here") == 5
    assert all(f">{safe(card)}<" in picture for card in cards.CASES)


# ---- where a browser shows a cookie


def test_a_cookie_for_one_host_is_mended_by_a_domain_and_one_for_cloudfront_net_by_nothing():
    panel = wristband.panel()
    assert panel.sentence.endswith("Not asked yet.")
    said = panel.press("Ask for the film", guess="yes")
    assert "alone, not for media.example.com" in said and said.endswith("Path=/; Secure; Domain=example.com")
    assert panel.said()[0]["outcome"].startswith("No: it has no Domain")
    said = panel.press("Ask for the film", line=wristband.LINES[1])
    assert said.startswith("The browser shows the cookie") and "Access-Control-Allow-Origin: https://www.example.com (not *)" in said
    said = panel.press("Ask for the film", film=wristband.FILMS[2])
    assert said.endswith("Give the distribution an alias under example.com.")
    said = panel.press("Ask for the film", line=wristband.LINES[2])
    assert "thrown away: anybody may have a name under cloudfront.net" in said
    said = panel.press("Ask for the film", line=wristband.LINES[1], film=wristband.FILM, page=wristband.PAGES[2])
    assert said.endswith("SameSite=None")
    with pytest.raises(InputError, match="no address of a page"):
        panel.set(page="example")


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(wristband.LINES), st.sampled_from(wristband.FILMS), st.sampled_from(wristband.PAGES))
def test_what_is_proposed_instead_really_gets_there(line, address, page):
    errand = wristband.run(line, address, page)
    assert wristband.say(errand) and not re.search(HEX, wristband.view(errand))
    if errand.instead is not None:
        assert wristband.run(errand.instead, address, page).wrong is None
    if errand.wrong is None:
        assert errand.instead == line


# ---- the exercises


def test_the_exercises_reckon_with_the_library():
    questions = lesson("09")
    assert questions.recall.right == 4
    assert questions.q1.right == [7, 1]
    assert questions.q2.right == [200, 200, 403, 403]
    assert questions.q3.right == [403, 200]
    assert lesson("11").recall.right == 403


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"resource": f"{cinema.FILM}*"}, "The browser showed no cookie at all: /film/seg0.ts does not lie under /film/index.m3u8."),
        (
            {"resource": f"{cinema.FILM}*", "attributes": "Path=/; Secure; Expires=Wed, 21 Oct 2015 07:28:00 GMT"},
            "The browser showed no cookie at all: it has expired.",
        ),
        ({"attributes": "Path=/; Secure; HttpOnly"}, "seg0 answers 403 AccessDenied. The browser showed cookies."),
        ({"resource": f"{cinema.FILM}seg*", "attributes": "Path=/; Secure"}, "playlist answers 403 AccessDenied"),
        ({"resource": "http://www.example.com/film/*", "attributes": "Path=/; Secure"}, "protocol https does not fit http"),
        ({"resource": f"{cinema.FILM}*", "attributes": "Path=/"}, "Secure is missing"),
        ({"resource": f"{cinema.FILM}*", "attributes": ""}, "Secure is missing"),
        ({"resource": f"{cinema.FILM}*", "attributes": "Path=/; Domain=cloudfront.net"}, "The browser throws the cookies away: anybody"),
        ({"resource": f"{cinema.SITE}/film*", "attributes": "Path=/; Secure"}, "/film2/index.m3u8 opens, too"),
        ({"resource": "*", "attributes": "Path=/film/; Secure"}, "nobody paid for that"),
        ({"resource": f"{cinema.FILM}*", "attributes": "Path=/; Secure"}, ""),
        ({"resource": f"{cinema.FILM}*", "attributes": "Domain=example.com; Path=/film; Secure; HttpOnly; SameSite=Lax"}, ""),
    ],
)
def test_the_login_is_repaired_by_a_wildcard_and_a_path_and_by_nothing_wider(change, reason):
    told = boxoffice.trouble(boxoffice.broken_login() | change)
    assert reason in told if reason else told == ""


@pytest.mark.parametrize("login", [None, "login", {}, {"resource": "x"}, {"resource": 7, "attributes": ""}, {"a": "b", "c": "d"}])
def test_what_is_no_login_is_refused_by_name(login):
    with pytest.raises(InputError, match="a login has two texts"):
        boxoffice.trouble(login)


@pytest.mark.rule("COOK-09")
def test_a_script_of_another_host_reads_the_segment_only_if_the_policy_names_it_and_allows_credentials():
    told = []
    for origin, credentials in (("*", False), (cinema.SITE, False), (cinema.SITE, True)):
        response = boxoffice.answer_for(origin, credentials).response
        assert response.status == 200
        told.append(readable(response.headers, boxoffice.FAR, page=wristband.PAGE).ok)
    assert told == [False, False, True]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, "403 MissingKey. The browser does not show the cookies: it has no Domain"),
        ({"attributes": "Path=/; Domain=cloudfront.net; Secure"}, "throws the cookies away: anybody may have a name"),
        ({"attributes": "Domain=example.com; Path=/films; Secure"}, "does not lie under /films"),
        ({"attributes": "Domain=example.com; Path=/"}, "403 MissingKey. The cookies would fit, but the script asks without them."),
        ({"attributes": "Domain=example.com; Path=/", "withCredentials": True}, "Allow-Origin is *, which counts for requests without"),
        ({"attributes": "Domain=example.com; Path=/", "withCredentials": True, "allow_credentials": True}, "Allow-Origin is *"),
        (boxoffice.joined_site() | {"allow_credentials": False}, "Access-Control-Allow-Credentials: true is missing"),
        (boxoffice.joined_site() | {"allow_origin": "https://media.example.com"}, "keeps the answer to itself"),
        (boxoffice.joined_site(), ""),
    ],
)
def test_a_film_on_another_host_needs_domain_credentials_and_a_named_origin(change, reason):
    told = boxoffice.split_trouble(boxoffice.split_site() | change)
    assert reason in told if reason else told == ""


@pytest.mark.parametrize("site", [None, {}, {"attributes": ""}, boxoffice.joined_site() | {"withCredentials": "yes"}])
def test_what_are_no_settings_is_refused_by_name(site):
    with pytest.raises(InputError, match="the settings are"):
        boxoffice.split_trouble(site)


@pytest.mark.rule("SIGN-17")
def test_a_playlist_signed_line_by_line_opens_all_seven_without_cookies_and_shares_the_copies():
    here = cinema.cinema()
    first, second = ([here.cdn.get(url) for url in urls] for urls in (boxoffice.tokens(here), _later(here)))
    assert [each.response.status for each in (*first, *second)] == [200] * 14
    assert {each.result for each in first} == {"Miss"} and {each.result for each in second} == {"Hit"}
    assert not CookieJar()


def _later(here: cinema.Cinema) -> list[str]:
    here.cdn.clock.advance(60)
    return boxoffice.tokens(here)
