"""Conditions and ranges: what a viewer asks of a copy beyond "send it"."""

from __future__ import annotations

import email
import email.message
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.messages import Headers, Request
from cdnlab.ranges import (
    Some,
    Unsatisfiable,
    Whole,
    entity_tags,
    if_range_holds,
    judge,
    multipart,
    parse_content_range,
    parse_range,
    select,
    wanted,
)

OLD, DATE, NEW = "Sat, 05 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", "Mon, 07 Nov 1994 08:49:37 GMT"
COPY = Headers({"ETag": '"v1"', "Last-Modified": DATE})


def asking(method: str = "GET", **fields: str) -> Request:
    return Request(method, "https://d.example/", Headers({name.replace("_", "-"): value for name, value in fields.items()}))


# Conditions


@pytest.mark.rule("OUT-13", "OUT-15", "OUT-16")
@pytest.mark.parametrize(
    ("fields", "get", "post"),
    [
        ({}, None, None),
        ({"If_None_Match": '"v1"'}, 304, 412),
        ({"If_None_Match": 'W/"v1"'}, 304, 412),
        ({"If_None_Match": '"v0", W/"v1"'}, 304, 412),
        ({"If_None_Match": ' , "v0" ,, "v1", '}, 304, 412),
        ({"If_None_Match": '"v0"'}, None, None),
        ({"If_None_Match": "*"}, 304, 412),
        ({"If_None_Match": "v1"}, None, None),
        ({"If_None_Match": '"v1" "v2"'}, None, None),
        ({"If_None_Match": 'w/"v1"'}, None, None),
        ({"If_None_Match": '"v1'}, None, None),
        ({"If_None_Match": '"v0"', "If_Modified_Since": NEW}, None, None),  # If-None-Match decides alone
        ({"If_None_Match": "junk", "If_Modified_Since": NEW}, None, None),
        ({"If_Modified_Since": DATE}, 304, None),
        ({"If_Modified_Since": NEW}, 304, None),
        ({"If_Modified_Since": OLD}, None, None),
        ({"If_Modified_Since": "Sunday, 06-Nov-94 08:49:37 GMT"}, 304, None),
        ({"If_Modified_Since": "yesterday"}, None, None),
        ({"If_Modified_Since": "Tue, 31 Nov 2099 08:49:37 GMT"}, None, None),
        ({"If_Match": '"v1"'}, None, None),
        ({"If_Match": '"v0", "v1"'}, None, None),
        ({"If_Match": "*"}, None, None),
        ({"If_Match": 'W/"v1"'}, 412, 412),
        ({"If_Match": '"v0"'}, 412, 412),
        ({"If_Match": "junk"}, 412, 412),
        ({"If_Match": '"v1"', "If_Unmodified_Since": OLD}, None, None),
        ({"If_Match": '"v1"', "If_None_Match": '"v1"'}, 304, 412),
        ({"If_Match": '"v0"', "If_None_Match": '"v1"'}, 412, 412),
        ({"If_Unmodified_Since": OLD}, 412, 412),
        ({"If_Unmodified_Since": DATE}, None, None),
        ({"If_Unmodified_Since": "junk"}, None, None),
        ({"If_Unmodified_Since": OLD, "If_Modified_Since": NEW}, 412, 412),
    ],
)
def test_conditions_are_judged_in_the_order_of_http(fields: dict[str, str], get: int | None, post: int | None) -> None:
    assert judge(asking("GET", **fields), COPY) == get
    assert judge(asking("HEAD", **fields), COPY) == get
    assert judge(asking("POST", **fields), COPY) == post


@pytest.mark.rule("OUT-13", "OUT-15")
def test_an_answer_without_validators_matches_only_the_star() -> None:
    bare = Headers()
    assert judge(asking(If_None_Match='"v1"'), bare) is None
    assert judge(asking(If_None_Match="*"), bare) == 304
    assert judge(asking(If_Modified_Since=NEW), bare) is None
    assert judge(asking(If_Match='"v1"'), bare) == 412
    assert judge(asking(If_Unmodified_Since=OLD), bare) is None
    assert judge(asking(If_None_Match='"v1"'), Headers({"ETag": "v1"})) is None


@pytest.mark.rule("OUT-16")
def test_two_dates_are_no_date() -> None:
    twice = Request("GET", "https://d.example/", Headers([("If-Modified-Since", NEW), ("If-Modified-Since", NEW)]))
    assert judge(twice, COPY) is None


@pytest.mark.rule("OUT-13")
def test_several_lines_of_if_none_match_are_one_list() -> None:
    twice = Request("GET", "https://d.example/", Headers([("If-None-Match", '"v0"'), ("If-None-Match", '"v1"')]))
    assert judge(twice, COPY) == 304


@given(st.text())
def test_reading_entity_tags_never_fails(text: str) -> None:
    tags = entity_tags(text)
    assert tags is None or tags


@given(st.lists(st.tuples(st.booleans(), st.text(st.characters(min_codepoint=0x23, max_codepoint=0x7E))), min_size=1))
def test_a_list_of_entity_tags_is_read_as_written(tags: list[tuple[bool, str]]) -> None:
    assert entity_tags(", ".join(("W/" if weak else "") + f'"{opaque}"' for weak, opaque in tags)) == tags


# Ranges


@pytest.mark.rule("RANGE-01", "RANGE-02", "RANGE-03", "RANGE-04")
@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("bytes=0-99", Some(((0, 99),))),
        ("BYTES=0-99", Some(((0, 99),))),
        ("bytes=0-0", Some(((0, 0),))),
        ("bytes=0-", Some(((0, 999),))),
        ("bytes=990-2000", Some(((990, 999),))),
        ("bytes=999-", Some(((999, 999),))),
        ("bytes=-1", Some(((999, 999),))),
        ("bytes=-1000", Some(((0, 999),))),
        ("bytes=-5000", Some(((0, 999),))),
        ("bytes=000-009", Some(((0, 9),))),
        ("bytes=5-99999999999999999999999999", Some(((5, 999),))),
        ("bytes=-" + "9" * 5000, Some(((0, 999),))),
        ("bytes=,0-9,", Some(((0, 9),))),
        ("bytes=0-9,20-29", Some(((0, 9), (20, 29)))),
        ("bytes=0-9 ,\t20-29", Some(((0, 9), (20, 29)))),
        ("bytes=0-9,10-19", Some(((0, 9), (10, 19)))),
        ("bytes=0-9,500-", Some(((0, 9), (500, 999)))),
        ("bytes=0-9,-10", Some(((0, 9), (990, 999)))),
        ("bytes=1000-", Unsatisfiable()),
        ("bytes=1000-2000", Unsatisfiable()),
        ("bytes=-0", Unsatisfiable()),
        ("bytes=" + "9" * 5000 + "-", Unsatisfiable()),
    ],
)
def test_a_range_that_can_be_served_is_and_one_beyond_the_end_is_unsatisfiable(text: str, selected: object) -> None:
    assert select(asking(Range=text), COPY, 1000) == selected


@pytest.mark.rule("RANGE-03")
@pytest.mark.parametrize(
    "text",
    [
        "bytes=300-400,100-200",
        "bytes=0-100,100-200",
        "bytes=0-100,50-60",
        "bytes=-10,0-9",
        "bytes=500-,600-700",
        "bytes=0-9,1000-",
        "bytes=1000-,2000-",
        "bytes=0-9,5-3",
        "bytes=9-3",
        "bytes=a-b",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes= 0-9",
        "bytes =0-9",
        "bytes:0-9",
        "bytes 0-9",
        "0-9",
        "bytes=0-9;1-2",
        "bytes=0x0-0x9",
        "bytes=+0-9",
        "bytes=--5",
        "bytes=1.0-2",
        "bytes=\u0660-\u0669",
        "items=0-9",
        "bytes=0 - 9",
        "bytes=0-9, bytes=20-29",
        "",
    ],
)
def test_ranges_that_are_unordered_overlapping_or_unreadable_give_the_whole_object(text: str) -> None:
    got = select(asking(Range=text), COPY, 1000)
    assert isinstance(got, Whole)
    assert got.why


@pytest.mark.rule("RANGE-04")
def test_an_empty_object_has_no_bytes_but_its_last_ones_can_be_asked_for() -> None:
    assert select(asking(Range="bytes=0-"), COPY, 0) == Unsatisfiable()
    assert isinstance(select(asking(Range="bytes=-5"), COPY, 0), Whole)


@pytest.mark.rule("RANGE-05")
def test_an_object_that_came_in_chunks_is_sent_whole() -> None:
    assert isinstance(select(asking(Range="bytes=0-9"), Headers({"Transfer-Encoding": "chunked"}), 1000), Whole)


@pytest.mark.rule("RANGE-06")
@pytest.mark.parametrize(
    ("if_range", "headers", "holds"),
    [
        ('"v1"', COPY, True),
        ('"v0"', COPY, False),
        ('W/"v1"', COPY, False),
        ('"v1"', Headers({"ETag": 'W/"v1"'}), False),
        ('W/"v1"', Headers({"ETag": 'W/"v1"'}), False),
        ('"v1", "v2"', COPY, False),
        ("*", COPY, False),
        ("v1", COPY, False),
        ("", COPY, False),
        (DATE, COPY, True),
        ("Sunday, 06-Nov-94 08:49:37 GMT", COPY, True),
        (NEW, COPY, False),
        (OLD, COPY, False),
        ('"v1"', Headers(), False),
        (DATE, Headers(), False),
    ],
)
def test_if_range_wants_the_same_strong_tag_or_the_same_date(if_range: str, headers: Headers, holds: bool) -> None:
    assert if_range_holds(Headers({"If-Range": if_range}), headers) is holds
    got = select(asking(Range="bytes=0-9", If_Range=if_range), headers, 1000)
    assert got == (Some(((0, 9),)) if holds else Whole("If-Range names another version"))


@pytest.mark.rule("RANGE-07")
@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS"])
def test_a_range_counts_for_get_only(method: str) -> None:
    assert select(asking(method, Range="bytes=0-9"), COPY, 1000) == Whole()
    assert wanted(Headers({"Range": "bytes=0-9"}), method) is None


@pytest.mark.rule("RANGE-08")
@pytest.mark.parametrize(
    ("fields", "span"),
    [
        ({"Range": "bytes=5-9"}, (5, 9)),
        ({"Range": "bytes=5-"}, None),
        ({"Range": "bytes=-5"}, None),
        ({"Range": "bytes=0-1,5-9"}, None),
        ({"Range": "bytes=9-5"}, None),
        ({"Range": "bytes=5-" + "9" * 30}, None),
        ({"Range": "bytes=5-9", "If-Range": '"v1"'}, None),
        ({}, None),
    ],
)
def test_a_cache_asks_for_one_range_with_both_ends_or_for_everything(fields: dict[str, str], span: tuple[int, int] | None) -> None:
    assert wanted(Headers(fields)) == span


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("bytes 0-99/1234", (0, 99, 1234)),
        ("Bytes 0-0/1", (0, 0, 1)),
        ("bytes 5-9/*", (5, 9, None)),
        ("bytes */1234", None),
        ("bytes 9-5/1234", None),
        ("bytes 0-1234/1234", None),
        ("bytes=0-99/1234", None),
        ("bytes 0-99", None),
        ("items 0-99/1234", None),
        ("bytes 0-99/1234 ", None),
        ("", None),
        (None, None),
    ],
)
def test_content_range_is_read_strictly(text: str | None, parts: tuple[int, int, int | None] | None) -> None:
    assert parse_content_range(text) == parts


@given(st.text() | st.from_regex(r"bytes=[0-9,\- ]{0,40}", fullmatch=True), st.integers(0, 10**6))
def test_whatever_range_is_asked_the_parts_lie_inside_ascend_and_do_not_overlap(text: str, size: int) -> None:
    text = "".join(character for character in text if character.isprintable())
    got = select(asking(Range=text), Headers(), size)
    if isinstance(got, Some):
        assert got.spans
        assert all(0 <= first <= last < size for first, last in got.spans)
        assert all(earlier[1] < later[0] for earlier, later in pairwise(got.spans))
    else:
        assert isinstance(got, Whole | Unsatisfiable)
    assert parse_range(text) is None or not isinstance(got, Whole) or got.why


@given(first=st.integers(0, 5000), length=st.integers(1, 5000), size=st.integers(1, 6000))
def test_a_single_range_gives_exactly_those_bytes_that_exist(first: int, length: int, size: int) -> None:
    got = select(asking(Range=f"bytes={first}-{first + length - 1}"), Headers(), size)
    body = bytes(i % 251 for i in range(size))
    expected = body[first : first + length]
    assert got == (Some(((first, first + len(expected) - 1),)) if expected else Unsatisfiable())


@pytest.mark.rule("RANGE-02")
@given(body=st.binary(min_size=30, max_size=200), kind=st.sampled_from(["text/plain", "image/jpeg", None]))
def test_a_multipart_answer_is_read_back_by_the_standard_library(body: bytes, kind: str | None) -> None:
    spans = ((0, 4), (10, 10), (20, len(body) - 1))
    raw = multipart(body, spans, kind, "cut-here-9f2c")
    message: email.message.Message = email.message_from_bytes(b"Content-Type: multipart/byteranges; boundary=cut-here-9f2c\r\n\r\n" + raw)
    parts = message.get_payload()
    assert isinstance(parts, list)
    assert [part["Content-Range"] for part in parts] == [f"bytes {first}-{last}/{len(body)}" for first, last in spans]
    assert all(part["Content-Type"] == kind for part in parts)
    for first, last in spans:
        assert f"bytes {first}-{last}/{len(body)}\r\n\r\n".encode() + body[first : last + 1] + b"\r\n--cut-here-9f2c" in raw
