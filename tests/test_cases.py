"""A case for the doctor: a URL as it is sent, and a request with some of it changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mistakes import AT, PAIRS, URL, cookies, good

from cdnlab.cases import Case, in_browser, judge, rank, sendable, short, with_parameters
from cdnlab.cookieforms import one_header

KEYS = {id: pair.public_key for id, pair in PAIRS.items()}


def case(url: str, header: str = "") -> Case:
    return Case("", url, header, KEYS, AT, "192.0.2.7").at_url(url)


@given(st.text())
def test_what_is_sent_has_only_what_a_url_may_have_and_is_sent_once_more_as_it_is(url: str) -> None:
    sent = sendable(url)
    assert all("!" <= character <= "~" for character in sent) and "#" not in sent
    assert sendable(sent) == sent and in_browser(in_browser(sent)) == in_browser(sent)


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://d/a/../b", "https://d/b"),
        ("https://d/../../b", "https://d/b"),
        ("https://d/a/.", "https://d/a/"),
        ("https://d/a/%2E%2e/b", "https://d/b"),
        ("https://d/a..b/c.d", "https://d/a..b/c.d"),
        ('https://d/{a}"?q=<\'"&x=..', "https://d/%7Ba%7D%22?q=%3C%27%22&x=.."),
        ("https://d/it's?a=~*!()", "https://d/it's?a=~*!()"),
        ("https://d", "https://d"),
    ],
)
def test_a_browser_sends_some_urls_in_another_form(url: str, sent: str) -> None:
    assert in_browser(url) == sent


@pytest.mark.parametrize("made", [case(good("KRSA")), case(URL.partition("?")[0], one_header(cookies("KRSA")) or "")])
def test_a_parameter_that_is_changed_and_changed_back_leaves_the_verdict_as_it_was(made: Case) -> None:
    assert judge(made).ok and made.token
    id = made.token.key_pair_id
    without = with_parameters(made, {"Key-Pair-Id": None})
    assert judge(without).code == "MissingKey" and rank(judge(without)) < rank(judge(made))
    assert judge(with_parameters(without, {"Key-Pair-Id": id})).ok


@given(st.text(max_size=500))
def test_a_text_from_outside_is_short_and_printable_in_a_sentence(text: str) -> None:
    assert short(text).isprintable() and short(text).isascii() and len(short(text)) <= 110
