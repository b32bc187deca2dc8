"""Wildcards: `*` and `?` as a plain matcher has them, and no pattern that makes them slow."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from signs import SLOW, cost

from cdnlab import wildcards
from cdnlab.wildcards import Wild, matcher, matcher_of, symbols

LETTERS = st.text("ab?*\n", max_size=12)
TEXTS = st.text("ab?*\n", max_size=16)
FULL = 8192  # characters of a URL


def plain(pattern, text):
    """The textbook's table, one row for each symbol: slow and easy to believe."""
    fits = [True] + [False] * len(text)
    for symbol in pattern:
        row = [symbol == "*" and fits[0]]
        for place, character in enumerate(text):
            row.append(fits[place + 1] or row[place] if symbol == "*" else fits[place] and symbol in ("?", character))
        fits = row
    return fits[-1]


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("?", "", False),
        ("?", "*", True),
        ("??", "a", False),
        ("a*", "a", True),
        ("*a", "ba", True),
        ("*a", "ab", False),
        ("a*a", "a", False),
        ("a*b*c", "a1b2b3c", True),
        ("*ab*ab", "abab", True),
        ("*ab*ab", "ab", False),
        ("*?b", "ab", True),
        ("*?b", "b", False),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("a\\*", "a*", False),
        ("A", "a", False),
        ("a*", "a\nb", True),
        ("?", "\n", True),
        ("?", "\U0001f408", True),
        ("*\ud800", "a\ud800", True),
    ],
)
def test_a_star_is_any_run_and_a_question_mark_one_character(pattern, text, fits):
    assert bool(matcher(pattern)(text)) is fits
    assert plain(pattern, text) is fits


@given(LETTERS, TEXTS)
@example("*a*a", "aa")
@example("a**?*", "ab")
@settings(max_examples=1500)
def test_all_ways_of_matching_agree_with_a_plain_one(pattern, text):
    wanted = plain(pattern, text)
    assert bool(matcher(pattern)(text)) is wanted
    assert matcher_of(symbols(pattern))(text) is wanted
    assert wildcards._scan(symbols(pattern), text) is wanted


@given(st.lists(st.sampled_from(["a", "b?", "*a", "?*"]), min_size=100, max_size=300).map("".join), st.text("ab", max_size=700))
@settings(max_examples=60, deadline=None)
def test_long_patterns_agree_with_a_plain_one(pattern, text):
    assert bool(matcher(pattern)(text)) is plain(pattern, text)


@given(LETTERS, st.data())
def test_a_text_made_after_the_pattern_fits_it(pattern, data):
    stands_for = {Wild.RUN: TEXTS, Wild.ONE: st.characters()}
    text = "".join(data.draw(stands_for[symbol]) if isinstance(symbol, Wild) else symbol for symbol in symbols(pattern))
    assert matcher(pattern)(text)


def test_a_symbol_may_be_a_question_mark_that_is_itself():
    test = matcher_of(["a", "?", Wild.ONE])
    assert test("a?b") and not test("abb")


A = "a" * FULL
HOSTILE = {
    "40 stars": ("*a" * 40 + "b", A),
    "4,096 stars": ("*a" * 4096 + "b", A),
    "stars and question marks": ("*?" * 4000 + "b", A),
    "a literal that nearly fits everywhere": ("*" + "a" * 4000 + "b*", A),
    "question marks alone": ("?" * FULL, A),
    "half question marks": ("*" + "?" * 4000 + "b*", A),
    "every second one": ("*" + "a?" * 2000 + "b*", A),
    "every second one, twice": ("*" + "a?" * 1000 + "b*" + "a?" * 1000 + "c", A),
    "short, with question marks": ("*" + "a?" * 100 + "b*", A),
    "many letters": ("*" + "".join(chr(33 + number % 90) + "?" for number in range(4000)) + "*", A),
    "longer than any request": ("?*" * 12000, A),
    "all but the last": ("*" + "?a" * 4000 + "*", A[:-1] + "b"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_pattern_that_fits_into_a_request_is_slow(name):
    pattern, text = HOSTILE[name]
    fits, milliseconds = cost(lambda: bool(matcher(pattern)(text)))
    assert milliseconds < SLOW
    if len(pattern) < 300:
        assert fits is plain(pattern, text)
