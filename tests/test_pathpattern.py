"""Path patterns: AWS's own examples, normalisation, hostile patterns, and matching as an oracle would do it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.pathpattern import PathMatcher, covers, matches, normalised, overlap

PATTERNS = st.text("ab/*?.", min_size=1, max_size=8)
PATHS = st.text("ab/.", max_size=12).map(lambda rest: "/" + rest)


def oracle(pattern: str, path: str) -> bool:
    """The textbook translation, with all its backtracking."""
    pattern = pattern if pattern.startswith("/") else "/" + pattern
    text = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(text, path, re.DOTALL) is not None


@pytest.mark.rule("ROUTE-02", "ROUTE-03", "ROUTE-04")
@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("images/*.jpg", "/images/a.jpg", True),
        ("images/*.jpg", "/images/a/b.jpg", True),
        ("/images/*.jpg", "/images/a.jpg", True),
        ("a*.jpg", "/abra/cadabra/magic.jpg", True),
        ("a??.jpg", "/ant.jpg", True),
        ("a??.jpg", "/abe.jpg", True),
        ("a??.jpg", "/ab.jpg", False),
        ("*.doc?", "/report.docx", True),
        ("*.doc?", "/report.doc", False),
        ("*product.jpg", "/big/product.jpg", True),
        ("*", "/", True),
        ("*.jpg", "/LOGO.JPG", False),
        ("images/", "/images", False),
        ("index.html", "/index.html", True),
        ("index.html", "/dir/index.html", False),
        ("a.b", "/axb", False),
        ("*.{png,jpg}", "/a.png", False),
        ("*.{png,jpg}", "/a.{png,jpg}", True),
    ],
)
def test_patterns_match_as_the_guide_says(pattern, path, fits):
    assert matches(pattern, path) is fits


@pytest.mark.rule("ROUTE-05")
@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("/a/b", "/a/b"),
        ("/a/b/..", "/a/"),
        ("/a/b/../c", "/a/c"),
        ("/a/./b/.", "/a/b/"),
        ("/..", "/"),
        ("/../../a", "/a"),
        ("//a///b", "/a/b"),
        ("/a//../b", "/b"),
        ("/%70rivate", "/private"),
        ("/a/%2e%2E/b", "/b"),
        ("/a%2Fb", "/a%2Fb"),
        ("/a%2fb", "/a%2fb"),
        ("/%7Euser/%5F%2D", "/~user/_-"),
        ("/%252e%252e/a", "/%252e%252e/a"),
        ("/caf%C3%A9", "/caf%C3%A9"),
        ("/%zz/%", "/%zz/%"),
        ("/...", "/..."),
        ("/.hidden", "/.hidden"),
        ("/", "/"),
    ],
)
def test_a_path_is_normalised_before_it_is_matched(raw, seen):
    assert normalised(raw) == seen


@pytest.mark.rule("ROUTE-05")
def test_dot_segments_cannot_smuggle_a_path_into_another_behaviour():
    matcher = PathMatcher(["a/b*", "a*"])
    assert matcher.number("/a/b/..") == 1
    assert PathMatcher(["private/*"]).number("/%70rivate/x") == 0
    assert PathMatcher(["private/*"]).number("/public/../private/x") == 0


@given(PATHS)
def test_normalising_twice_changes_nothing_more(path):
    assert normalised(normalised(path)) == normalised(path)
    assert "//" not in normalised(path)
    assert not {".", ".."} & set(normalised(path).split("/"))


@given(PATTERNS, PATHS)
def test_matching_agrees_with_the_textbook(pattern, path):
    assert matches(pattern, path) == oracle(pattern, normalised(path))


@pytest.mark.rule("ROUTE-01", "ROUTE-06")
@given(st.lists(PATTERNS, max_size=8), PATHS)
def test_the_first_pattern_that_matches_wins(patterns, path):
    expected = next((n for n, each in enumerate(patterns) if oracle(each, normalised(path))), len(patterns))
    matcher = PathMatcher(patterns)
    assert matcher.number(path) == expected
    assert matcher.number(path) == expected, "also from memory"


@pytest.mark.rule("ROUTE-07")
@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 60 + "*b", "/" + "a" * 8000),
        ("*" + "?a" * 60 + "*b", "/" + "a" * 8000),
        ("*" * 250 + "b", "/" + "a" * 8000),
        ("*/" * 100 + "x", "/" * 1 + "a/" * 4000),
    ],
)
def test_a_hostile_pattern_is_only_a_slow_no(pattern, path):
    assert not matches(pattern, path)


def test_the_memory_of_paths_stays_bounded():
    matcher = PathMatcher(["a*"])
    for number in range(20_000):
        matcher.number(f"/{number}")
    matcher.number("/" + "a" * 5000)
    assert len(matcher._memo) <= 8192
    assert max(map(len, matcher._memo)) <= 512


@pytest.mark.rule("CONF-81")
@pytest.mark.parametrize(
    ("wide", "narrow", "certain"),
    [
        ("*", "anything/*", True),
        ("images/*", "images/private/*", True),
        ("*.jpg", "images/*.jpg", True),
        ("/images/*", "images/*", True),
        ("a?c", "abc", True),
        ("*?", "?*", True),
        ("*.jpg", "images/*", False),
        ("images/?", "images/*", False),
        ("abc", "a?c", False),
    ],
)
def test_a_pattern_that_covers_another_is_recognised(wide, narrow, certain):
    assert covers(wide, narrow) is certain


@given(PATTERNS, PATTERNS, PATHS)
def test_what_is_covered_is_matched_and_what_matches_both_overlaps(one, other, path):
    both = oracle(one, path) and oracle(other, path)
    assert not both or overlap(one, other)
    assert overlap(one, other) == overlap(other, one)
    if covers(one, other) and oracle(other, path):
        assert oracle(one, path)


@pytest.mark.rule("CONF-82")
@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [("*.jpg", "private/*", True), ("*.jpg", "*.png", False), ("a?c", "ab?", True), ("a", "b", False), ("*", "x", True)],
)
def test_patterns_that_share_a_path_are_recognised(one, other, shared):
    assert overlap(one, other) is shared
