"""The model of a browser's cache obeys RFC 9111, and nothing but headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labs import Lab

from cdnlab.browser import BrowserCache
from cdnlab.clock import seconds_since_epoch
from cdnlab.directives import http_date
from cdnlab.messages import Response

NOW = seconds_since_epoch("2026-01-01T00:00:00Z")
URL = "https://www.example.com/"


class Server:
    """Answers with these headers; 304 to whoever quotes its ETag or its date."""

    def __init__(self, body=b"one", status=200, **headers):
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.body, self.status, self.asked = body, status, []

    def __call__(self, headers):
        self.asked.append(headers)
        quoted = {headers.get("If-None-Match"), headers.get("If-Modified-Since")} - {None}
        same = quoted & {self.headers.get("ETag"), self.headers.get("Last-Modified")}
        return Response(304 if same else self.status, self.headers, b"" if same else self.body)


def sources(server, *seconds):
    browser = BrowserCache()
    return [browser.open(URL, NOW + at, server).source for at in seconds]


@pytest.mark.rule("BRW-01")
@pytest.mark.parametrize(
    ("headers", "lasts"),
    [
        ({"Cache_Control": "max-age=60"}, 60),
        ({"Cache_Control": "max-age=60, s-maxage=600"}, 60),
        ({"Cache_Control": "max-age=60", "Age": "45"}, 15),
        ({"Cache_Control": "max-age=60", "Date": http_date(NOW - 20)}, 40),
        ({"Cache_Control": "max-age=60", "Age": "70"}, 0),
        ({"Cache_Control": "no-cache"}, 0),
        ({"Expires": http_date(NOW + 30)}, 30),
        ({}, 0),
    ],
)
def test_a_copy_is_shown_without_asking_as_long_as_the_headers_say(headers, lasts):
    server, browser = Server(**headers), BrowserCache()
    browser.open(URL, NOW, server)
    assert browser.holds(URL, NOW) == pytest.approx(lasts)
    if lasts:
        assert browser.open(URL, NOW + lasts - 1, server).source == "own copy"
    assert browser.open(URL, NOW + lasts, server).source == "sent"


@pytest.mark.rule("BRW-02")
def test_without_a_word_about_time_it_guesses_a_tenth_of_the_age_of_the_file():
    server = Server(Last_Modified=http_date(NOW - 1_000))
    assert sources(server, 0, 99, 101) == ["sent", "own copy", "confirmed"]
    assert sources(Server(), 0, 1) == ["sent", "sent"]


@pytest.mark.rule("BRW-03")
def test_an_expired_copy_is_asked_about_and_a_304_gives_it_a_new_life():
    server = Server(Cache_Control="max-age=60", ETag='"v1"', Last_Modified=http_date(NOW - 9))
    browser = BrowserCache()
    shown = [browser.open(URL, NOW + at, server) for at in (0, 60, 119, 120)]
    assert [each.source for each in shown] == ["sent", "confirmed", "own copy", "confirmed"]
    assert {each.response.body for each in shown} == {b"one"} and {each.response.status for each in shown} == {200}
    assert server.asked[1] == {"If-None-Match": '"v1"', "If-Modified-Since": http_date(NOW - 9)}


def test_a_304_brings_new_headers_and_the_age_of_the_first_answer_is_forgotten():
    browser = BrowserCache()
    browser.open(URL, NOW, Server(Cache_Control="max-age=60", Age="50", ETag='"v1"', X_Old="yes"))
    met = browser.open(URL, NOW + 10, Server(Cache_Control="max-age=5", ETag='"v1"'))
    assert (met.source, met.response.headers.get("Age"), met.response.headers["X-Old"]) == ("confirmed", None, "yes")
    assert browser.holds(URL, NOW + 10) == 5


@pytest.mark.parametrize(("status", "header"), [(404, "max-age=60"), (503, "max-age=60"), (200, "no-store")])
def test_errors_and_what_must_not_be_stored_are_not_kept(status, header):
    browser = BrowserCache()
    browser.open(URL, NOW, Server(status=status, Cache_Control=header, ETag='"v1"'))
    assert browser.holds(URL, NOW) is None


def test_each_url_has_its_own_copy_and_forget_drops_all():
    browser, server = BrowserCache(), Server(Cache_Control="max-age=60")
    browser.open(URL, NOW, server)
    assert browser.holds(URL + "?v=2", NOW) is None
    browser.forget()
    assert browser.holds(URL, NOW) is None


@given(st.integers(0, 1_000), st.integers(0, 1_000))
def test_a_fresh_copy_never_asks_and_an_expired_one_always_does(lasts, later):
    server = Server(Cache_Control=f"max-age={lasts}")
    sources(server, 0, later)
    assert len(server.asked) == (1 if later < lasts else 2)


@pytest.mark.rule("BRW-04")
def test_an_invalidation_empties_the_edge_and_leaves_the_browser_its_copy():
    lab, browser = Lab(), BrowserCache()

    def opened():
        return browser.open(lab.url(), lab.clock.now(), lambda headers: lab.get(headers=headers).response)

    opened()
    batch = {"CallerReference": "1", "Paths": {"Quantity": 1, "Items": ["/*"]}}
    lab.cdn.create_invalidation(DistributionId=lab.id, InvalidationBatch=batch)
    assert lab.cdn.copies() == []
    assert opened().source == "own copy"
