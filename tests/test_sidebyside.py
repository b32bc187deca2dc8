"""Two strings, one under the other: the first byte that differs is found, marked and told."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cdnlab.sidebyside import difference, said, side_by_side, side_by_side_html

TEXTS = some.one_of(some.text(some.sampled_from("ab\n é"), max_size=60), some.binary(max_size=60))


def in_bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text


@given(TEXTS, TEXTS)
def test_the_difference_is_the_first_byte_that_a_plain_comparison_finds(one: str | bytes, other: str | bytes) -> None:
    left, right = in_bytes(one), in_bytes(other)
    plain = next((at for at, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), min(len(left), len(right)))
    assert difference(one, other) == (None if left == right else plain)


@given(TEXTS, TEXTS, some.integers(20, 100))
def test_the_caret_stands_under_the_byte_that_the_sentence_names(one: str | bytes, other: str | bytes, width: int) -> None:
    shown, at = side_by_side(one, other, width=width).split("\n"), difference(one, other)
    carets = [number for number, line in enumerate(shown) if re.fullmatch(r" *\^+ byte [\d,]+", line)]
    assert len(carets) == (0 if at is None else 1)
    if at is not None:
        line = shown[carets[0]]
        column = line.index("^")
        assert line.endswith(f"byte {at:,}")
        above, below = (shown[carets[0] - back].ljust(200) for back in (2, 1))
        assert above[:column][8:] == below[:column][8:]
        assert above[column : column + 4] != below[column : column + 4] or any(
            text[at : at + 1] == b" " for text in map(in_bytes, (one, other))
        )


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        ("a", "a", "They are the same, 1 byte."),
        ("a\n", "a", "They differ at byte 1: signed has \\n, edge ends here."),
        ("a b", "a+b", "They differ at byte 1: signed has a space, edge has +."),
        ("é", "%C3%A9", "They differ at byte 0: signed has \\xc3, edge has %."),
        (b"\xff", "", "They differ at byte 0: signed has \\xff, edge ends here."),
    ],
)
def test_the_sentence_names_both_bytes(one: str | bytes, other: str | bytes, sentence: str) -> None:
    assert said(one, other) == sentence


def test_a_byte_that_cannot_be_seen_is_written_as_an_escape_and_keeps_the_columns() -> None:
    top, bottom, mark = side_by_side("x\ny", "x\r\ny").split("\n")
    assert (top, bottom) == (r"signed  x\ny", r"edge    x\r\ny")
    assert mark.index("^") == len("signed  x")


def test_a_long_string_is_cut_around_the_difference() -> None:
    one = "a" * 5000 + "b" + "c" * 5000
    shown = side_by_side(one, one.replace("b", "d"))
    assert len(shown) < 2000 and "^ byte 5,000" in shown


@given(TEXTS, TEXTS)
def test_the_page_boxes_one_byte_and_lets_no_markup_through(one: str | bytes, other: str | bytes) -> None:
    page = side_by_side_html(one, other)
    assert page.count('<b class="cdnlab-first">') == (0 if difference(one, other) is None else 2)
    hostile = side_by_side_html("<script>", "<img onerror=x>")
    assert "<script" not in hostile and "<img" not in hostile


def test_the_page_says_the_same_as_the_terminal() -> None:
    page = re.sub("<[^>]+>", "", side_by_side_html("https://d/a\n", "http://d/a"))
    assert "They differ at byte 4: signed has s, edge has :." in unescape(page)
    assert r"https://d/a\n" in unescape(page)
