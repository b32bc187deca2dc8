"""How long an answer may be used: the TTL table, the error table, stale windows, dates, and the promises between them."""

from __future__ import annotations

import email.utils
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.copies import Copy
from cdnlab.directives import HUNDRED_YEARS, Directives, parse_age, parse_cache_control
from cdnlab.freshness import (
    ERROR_TABLE,
    TTL_TABLE,
    Lifetime,
    TTLs,
    browser_lifetime,
    http_date,
    lifetime,
    parse_http_date,
)
from cdnlab.messages import Body, Headers, Response
from cdnlab.rules import rule

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z
OPEN = TTLs(0, 86400, 31_536_000)
OPTIMIZED = TTLs(1, 86400, 31_536_000)
NARROW = TTLs(60, 600, 3600)
DISABLED = TTLs(0, 0, 0)


def life(cache_control: str | None = None, ttls: TTLs = OPEN, status: int = 200, **more: object) -> Lifetime:
    headers = {name.replace("_", "-"): value for name, value in more.items() if isinstance(value, str)}
    knobs = {name: value for name, value in more.items() if not isinstance(value, str)}
    if cache_control is not None:
        headers["Cache-Control"] = cache_control
    return lifetime(Response(status, headers), ttls, sent_at=NOW, **knobs)  # type: ignore[arg-type]


def in_seconds(seconds: float) -> str:
    return http_date(NOW + seconds)


# The TTL table ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("TTL-01", "TTL-02", "TTL-03", "TTL-04", "TTL-05", "TTL-06")
@pytest.mark.parametrize(
    ("sent", "ttls", "seconds", "governs"),
    [
        ({"Cache-Control": "no-cache, max-age=600"}, OPEN, 0, "TTL-01"),
        ({"Cache-Control": "max-age=600, s-maxage=900, private"}, OPEN, 0, "TTL-01"),
        ({"Cache-Control": "no-store"}, OPTIMIZED, 1, "TTL-01"),
        ({"Cache-Control": "no-store, max-age=9999"}, NARROW, 60, "TTL-01"),
        ({"Cache-Control": "max-age=10, s-maxage=600"}, NARROW, 600, "TTL-02"),
        ({"Cache-Control": "s-maxage=5"}, NARROW, 60, "TTL-02"),
        ({"Cache-Control": "s-maxage=99999"}, NARROW, 3600, "TTL-02"),
        ({"Cache-Control": "s-maxage=0, max-age=600"}, OPEN, 0, "TTL-02"),
        ({"Cache-Control": "max-age=10"}, NARROW, 60, "TTL-03"),
        ({"Cache-Control": "max-age=600"}, NARROW, 600, "TTL-03"),
        ({"Cache-Control": "max-age=86400"}, NARROW, 3600, "TTL-03"),
        ({"Cache-Control": "max-age=10"}, OPEN, 10, "TTL-03"),
        ({"Cache-Control": "max-age=99999999"}, OPEN, 31_536_000, "TTL-03"),
        ({"Cache-Control": "max-age=100", "Expires": in_seconds(-5)}, OPEN, 100, "TTL-03"),
        ({"Expires": in_seconds(90)}, OPEN, 90, "TTL-04"),
        ({"Expires": in_seconds(5)}, NARROW, 60, "TTL-04"),
        ({"Expires": in_seconds(86400)}, NARROW, 3600, "TTL-04"),
        ({"Expires": in_seconds(-5)}, OPEN, 0, "TTL-04"),
        ({}, OPEN, 86400, "TTL-05"),
        ({}, NARROW, 600, "TTL-05"),
        ({}, TTLs(900, 600, 3600), 900, "TTL-05"),
        ({}, TTLs(0, 86400, 60), 86400, "TTL-05"),  # MaxTTL does not act when the origin says nothing
        ({}, TTLs(0, 0, 31_536_000), 0, "TTL-05"),
    ],
)
def test_the_first_row_of_the_ttl_table_that_applies_decides(sent: dict[str, str], ttls: TTLs, seconds: float, governs: str) -> None:
    got = lifetime(Response(200, sent), ttls, sent_at=NOW)
    assert (got.seconds, got.rule) == (seconds, governs)


@pytest.mark.rule("TTL-01", "TTL-02", "TTL-03", "TTL-04", "TTL-05")
@given(
    row=st.integers(0, 4),
    asked=st.integers(0, 10_000),
    ttls=st.tuples(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000)).map(lambda t: TTLs(*map(float, sorted(t)))),
)
def test_the_formulas_that_lessons_draw_are_the_ones_the_cache_obeys(row: int, asked: int, ttls: TTLs) -> None:
    sent = [
        {"Cache-Control": "no-store"},
        {"Cache-Control": f"max-age=7, s-maxage={asked}"},
        {"Cache-Control": f"max-age={asked}"},
        {"Expires": in_seconds(asked)},
        {},
    ][row]
    formula = TTL_TABLE[row].min_above if ttls.min > 0 else TTL_TABLE[row].min_zero
    names = {"MinTTL": ttls.min, "DefaultTTL": ttls.default, "MaxTTL": ttls.max, "S": asked, "M": asked, "E": asked, "min": min, "max": max}
    got = lifetime(Response(200, sent), ttls, sent_at=NOW)
    if ttls.max:
        assert (got.rule, got.seconds) == (TTL_TABLE[row].rule, eval(formula, {"__builtins__": {}}, names))
    else:
        assert got.keep == "drop"


@pytest.mark.rule("TTL-07")
@pytest.mark.parametrize("junk", ["abc", "-5", "1.5", "+5", "", "5s", "1 0", '"', '"5', "٣", "0x10", "1e3", " 60"])
def test_a_lifetime_that_cannot_be_read_counts_as_zero(junk: str) -> None:
    assert life(f"max-age={junk}").seconds == 0
    assert life(f"s-maxage={junk}, max-age=600").seconds == 0
    assert life(f"max-age={junk}", NARROW).seconds == 60


@pytest.mark.rule("TTL-07")
@pytest.mark.parametrize(
    "junk", ["0", "-1", "", "tomorrow", "2030-01-01T00:00:00Z", "Thu, 01 Jan 2030 00:00:00 UTC", "Thu, 01 Jan 2030 00:00:00"]
)
def test_an_expires_that_cannot_be_read_has_passed(junk: str) -> None:
    assert life(Expires=junk).seconds == 0
    assert life(Expires=junk).rule == "TTL-04"
    assert life(ttls=NARROW, Expires=junk).seconds == 60


@pytest.mark.rule("TTL-07")
def test_the_sentence_says_what_could_not_be_read() -> None:
    assert life("max-age=soon").says == "max-age=soon cannot be read and counts as 0: ask the origin each time"
    assert life(Expires="0").says == "Expires has passed or cannot be read: ask the origin each time"


@pytest.mark.parametrize(
    ("got", "says"),
    [
        (life("no-store"), "no-store: ask the origin each time"),
        (life("no-cache, private", NARROW), "no-cache and private, but MinTTL is above 0: fresh for 60 s"),
        (life("max-age=10", NARROW), "max-age=10, less than MinTTL: fresh for 60 s"),
        (life("max-age=31536000"), "max-age=31536000: fresh for 31536000 s"),
        (life("s-maxage=600", Age="90"), "s-maxage=600, less 90 s of Age: fresh for 510 s"),
        (life(Expires=in_seconds(30)), "Expires in 30 s: fresh for 30 s"),
        (life(), "no lifetime from the origin, so DefaultTTL: fresh for 86400 s"),
        (life(ttls=TTLs(900, 600, 3600)), "no lifetime from the origin, so MinTTL: fresh for 900 s"),
    ],
)
def test_a_lifetime_says_why_in_one_sentence(got: Lifetime, says: str) -> None:
    assert got.says == says


@pytest.mark.rule("TTL-08")
@pytest.mark.parametrize(
    ("sent", "ttls", "seconds"),
    [
        ({"Cache-Control": "max-age=100", "Age": "30"}, OPEN, 70),
        ({"Cache-Control": "max-age=100", "Age": "300"}, OPEN, 0),
        ({"Cache-Control": "max-age=86400", "Age": "600"}, NARROW, 3000),  # 3600 is what MaxTTL leaves; then 600 are gone
        ({"Cache-Control": "max-age=86400", "Age": "86000"}, NARROW, 60),
        ({"Cache-Control": "max-age=10", "Age": "9"}, NARROW, 60),
        ({"Age": "600"}, OPEN, 85_800),
        ({"Cache-Control": "max-age=100", "Age": "30, 40"}, OPEN, 70),
        ({"Cache-Control": "max-age=100", "Age": "soon"}, OPEN, 100),
        ({"Cache-Control": "max-age=100", "Age": "-30"}, OPEN, 100),
        ({"Cache-Control": "max-age=100", "Age": "9" * 5000}, OPEN, 0),
        ({"Expires": in_seconds(100), "Age": "30"}, OPEN, 100),  # a date does not move
        ({"Expires": in_seconds(86400), "Age": "600"}, NARROW, 3000),
        ({"Expires": in_seconds(-20), "Age": "600"}, OPEN, 0),
    ],
)
def test_the_age_it_came_with_is_subtracted_after_the_ttls(sent: dict[str, str], ttls: TTLs, seconds: float) -> None:
    assert lifetime(Response(200, sent), ttls, sent_at=NOW).seconds == seconds


@pytest.mark.rule("TTL-09")
@pytest.mark.parametrize("said", ["public", "PUBLIC", "immutable", "must-understand", "no-transform", "", ",,", "x=1"])
def test_directives_that_name_no_lifetime_leave_it_to_default_ttl(said: str) -> None:
    assert (life(said).seconds, life(said).rule) == (86400, "TTL-05")
    assert life(said, Expires=in_seconds(50)).seconds == 50


@pytest.mark.rule("TTL-10", "ERR-06")
@pytest.mark.parametrize("status", [200, 301, 404, 503])
def test_with_caching_disabled_nothing_is_kept(status: int) -> None:
    got = life("max-age=600", DISABLED, status)
    assert (got.keep, got.seconds, got.shareable, got.stale_if_error) == ("drop", 0, False, 0)


@pytest.mark.rule("TTL-11")
@pytest.mark.parametrize("vary", ["*", "Accept-Encoding, *", " * ,Cookie"])
def test_vary_star_sends_every_request_to_the_origin_unless_min_ttl_is_above_zero(vary: str) -> None:
    got = life("max-age=600", Vary=vary)
    assert (got.keep, got.seconds, got.conditional, got.shareable, got.rule) == ("fallback", 0, False, False, "TTL-11")
    kept = life("max-age=600", NARROW, Vary=vary)
    assert (kept.keep, kept.seconds, kept.conditional, kept.rule) == ("reuse", 600, True, "TTL-03")


@pytest.mark.rule("TTL-11")
def test_other_vary_values_change_nothing() -> None:
    assert life("max-age=600", Vary="User-Agent, X-*").seconds == 600


@pytest.mark.rule("TTL-12", "TTL-24")
@pytest.mark.parametrize("status", [200, 203, 204, 206, 300, 301, 302, 303, 305, 307, 308])
def test_redirects_are_cached_like_answers_but_307_and_308_only_with_cache_control(status: int) -> None:
    assert life("max-age=600", status=status).seconds == 600
    assert life("public", status=status).seconds == 86400
    silent = life(status=status, Expires=in_seconds(60))
    assert silent.keep == ("drop" if status in (307, 308) else "reuse")
    assert silent.rule == ("TTL-12" if status in (307, 308) else "TTL-04")


@pytest.mark.rule("TTL-13")
@pytest.mark.parametrize("status", [100, 103, 304])
def test_answers_that_cannot_stand_alone_are_not_stored(status: int) -> None:
    assert life("max-age=600", status=status).keep == "drop"


@pytest.mark.rule("TTL-14")
@pytest.mark.parametrize("digits", ["3153600000", "3153600001", "9" * 20, "9" * 6000, "0" * 6000 + "9999999999"])
def test_an_endless_lifetime_is_a_hundred_years(digits: str) -> None:
    assert life(f"max-age={digits}", TTLs(0, 0, math.inf)).seconds == HUNDRED_YEARS == 100 * 365 * 86400
    assert life(f"max-age={digits}").seconds == OPEN.max


@pytest.mark.rule("TTL-15")
@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        (["MAX-AGE=60"], 60),
        (['max-age="60"'], 60),
        (['max-age="6\\0"'], 60),
        (["max-age=060"], 60),
        (["public,max-age=60,,"], 60),
        (["max-age=60, max-age=120"], 60),
        (["max-age=120, max-age=60"], 120),
        (["public", "S-MaxAge=60", "max-age=9"], 60),
        (['ext="a, max-age=9", max-age=60'], 60),
        (['ext="a\\", max-age=9", max-age=60'], 60),
        (['ext="a, max-age=60'], 60),
        (["max-age =60"], 0),
        (["max-age= 60"], 0),
        (["max-age"], 0),
        (["xmax-age=9, max-age=60"], 60),
        (["=5, max-age=60"], 60),
    ],
)
def test_cache_control_is_read_by_its_grammar(lines: list[str], seconds: float) -> None:
    sent = Headers([("Cache-Control", line) for line in lines])
    assert lifetime(Response(200, sent), OPEN, sent_at=NOW).seconds == seconds


@pytest.mark.rule("TTL-15")
@pytest.mark.parametrize(
    "said", ["No-Store", "no-store=1", "no-store foo", "x, no-store", 'a="b, no-store', "no-store;max-age=9", "NO-CACHE", "private"]
)
def test_a_broken_prohibition_still_forbids(said: str) -> None:
    assert life(said).rule == "TTL-01"


@pytest.mark.rule("TTL-16")
@pytest.mark.parametrize(
    ("said", "named", "forbidden"),
    [
        ('no-cache="Set-Cookie"', {"set-cookie"}, False),
        ('no-cache="Set-Cookie, X-Id", max-age=600', {"set-cookie", "x-id"}, False),
        ("no-cache=Set-Cookie", {"set-cookie"}, False),
        ('private="X-User"', {"x-user"}, False),
        ('no-cache="Set-Cookie", no-cache', {"set-cookie"}, True),
        ('no-cache=""', set(), True),
        ('no-cache=" , "', set(), True),
        ("no-cache=", set(), True),
        ('no-store="Set-Cookie"', set(), True),
    ],
)
def test_the_qualified_forms_speak_of_their_fields_only(said: str, named: set[str], forbidden: bool) -> None:
    read = parse_cache_control(said)
    assert (read.named_fields, bool(read.forbids_reuse)) == (named, forbidden)
    assert (life(said).rule == "TTL-01") is forbidden


@pytest.mark.rule("TTL-18")
def test_a_lifetime_counts_from_when_the_request_went_upstream() -> None:
    expires = Response(200, {"Expires": in_seconds(100), "Date": in_seconds(-1000)})
    assert lifetime(expires, OPEN, sent_at=NOW).seconds == 100
    assert lifetime(expires, OPEN, sent_at=NOW + 30).seconds == 70


@pytest.mark.rule("TTL-19")
def test_with_cookies_forwarded_an_answer_is_kept_but_neither_shared_nor_revalidated() -> None:
    got = life("max-age=600", cookies_forwarded=True)
    assert (got.keep, got.seconds, got.shareable, got.conditional) == ("reuse", 600, False, False)
    assert (life("max-age=600").shareable, life("max-age=600").conditional) == (True, True)
    assert not life(status=404, cookies_forwarded=True).shareable


@pytest.mark.rule("TTL-21")
@pytest.mark.parametrize("said", ["private", "no-store", "no-cache", "max-age=0", "s-maxage=0", "max-age=600, s-maxage=0"])
def test_what_must_be_asked_each_time_is_not_shared_with_those_who_waited(said: str) -> None:
    assert not life(said).shareable
    assert life(said, OPTIMIZED).shareable


@pytest.mark.rule("TTL-21")
def test_a_passed_expires_is_not_shared_but_a_default_of_zero_is() -> None:
    assert not life(Expires=in_seconds(0)).shareable
    assert not life(Expires=in_seconds(-5), Age="600").shareable
    assert life(Expires=in_seconds(1)).shareable
    assert life(ttls=TTLs(0, 0, 600)).shareable


@pytest.mark.rule("TTL-22")
@pytest.mark.parametrize(
    ("said", "keep", "conditional"),
    [
        ("no-cache", "revalidate", True),
        ("max-age=0", "revalidate", True),
        ("s-maxage=0", "revalidate", True),
        ("no-store", "fallback", False),
        ("private", "fallback", False),
        ("no-cache, no-store", "fallback", False),
        ("no-cache, private", "fallback", False),
    ],
)
def test_what_must_be_asked_each_time_is_revalidated_or_fetched_in_full(said: str, keep: str, conditional: bool) -> None:
    got = life(said)
    assert (got.keep, got.conditional, got.stale_if_error) == (keep, conditional, None)
    assert life(said, OPTIMIZED).keep == "reuse"


@pytest.mark.rule("TTL-20")
def test_a_304_leaves_the_body_and_starts_the_lifetime_again() -> None:
    body = Body(b"hello")
    old = Copy(200, Headers({"ETag": '"v1"'}), body, life("max-age=60"), NOW, NOW, NOW + 60)
    news = lifetime(Response(200, {"Cache-Control": "max-age=90"}), OPEN, sent_at=NOW + 100)
    new = old.renewed(old.headers, news, NOW + 100, NOW + 100)
    assert new.content is body
    assert (new.fresh_until, new.age(NOW + 130), new.fresh(NOW + 189), new.fresh(NOW + 190)) == (NOW + 190, 30, True, False)


# Stale windows ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("STALE-01", "STALE-02", "STALE-03", "STALE-05", "STALE-06", "STALE-07")
@pytest.mark.parametrize(
    ("said", "ttls", "while_revalidate", "if_error"),
    [
        ("max-age=10", OPEN, 0, None),
        ("no-store", OPEN, 0, None),
        ("max-age=10, stale-while-revalidate=60", OPEN, 60, None),
        ("max-age=10, stale-while-revalidate=600", TTLs(0, 0, 30), 30, None),
        ("max-age=10, stale-if-error=60", OPEN, 0, 60),
        ("max-age=10, stale-if-error=600", TTLs(0, 0, 30), 0, 30),
        ("max-age=10, stale-if-error=0", OPEN, 0, 0),
        ("max-age=10, stale-if-error=x, stale-while-revalidate=x", OPEN, 0, None),
        ("max-age=0, stale-while-revalidate=60", OPEN, 60, None),
        ("stale-while-revalidate=60, stale-if-error=90", OPEN, 60, 90),
        ("max-age=10, must-revalidate, stale-while-revalidate=60, stale-if-error=60", OPEN, 0, 0),
        ("max-age=10, Proxy-Revalidate, stale-while-revalidate=60", OPEN, 0, 0),
        ("no-cache, stale-while-revalidate=60", OPEN, 0, None),
        ("no-store, stale-while-revalidate=60, stale-if-error=9", OPTIMIZED, 0, 9),
    ],
)
def test_stale_windows(said: str, ttls: TTLs, while_revalidate: float, if_error: float | None) -> None:
    got = life(said, ttls)
    assert (got.stale_while_revalidate, got.stale_if_error) == (while_revalidate, if_error)


@pytest.mark.rule("STALE-04")
@pytest.mark.parametrize("error_ttl", [10, 45])
def test_a_failure_lasts_for_error_caching_min_ttl(error_ttl: float) -> None:
    assert life(status=503, error_ttl=error_ttl).seconds == error_ttl


@pytest.mark.rule("STALE-08")
def test_an_expired_error_is_never_used() -> None:
    got = life("max-age=60, stale-while-revalidate=600, stale-if-error=600", status=404)
    assert (got.stale_while_revalidate, got.stale_if_error, got.conditional) == (0, 0, False)


# Errors ----------------------------------------------------------------------------------------------------------------

ALWAYS, ASKED = (404, 410, 414, 500, 501, 502, 503, 504), (400, 403, 405, 412, 415)


@pytest.mark.rule("ERR-01", "ERR-02", "ERR-03", "ERR-04", "ERR-05")
@pytest.mark.parametrize("status", range(400, 600))
def test_every_error_status_is_cached_as_its_table_says(status: int) -> None:
    silent, asked = life(status=status), life("max-age=60", status=status)
    assert silent.seconds == (10 if status in ALWAYS else 0)
    assert silent.keep == ("reuse" if status in ALWAYS else "drop")
    assert asked.seconds == (60 if status in ALWAYS + ASKED else 0)
    expected = {404: "ERR-01", 410: "ERR-02", 403: "ERR-03", 416: "ERR-04", 418: "ERR-05"}
    assert silent.rule == expected.get(status, silent.rule)


@pytest.mark.rule("ERR-07")
@pytest.mark.parametrize(
    ("status", "sent", "error_ttl", "seconds"),
    [
        (404, {"Cache-Control": "max-age=3"}, 10, 10),
        (404, {"Cache-Control": "max-age=60"}, 10, 60),
        (404, {"Cache-Control": "max-age=60"}, 300, 300),
        (404, {"Cache-Control": "max-age=60, s-maxage=20"}, 10, 20),
        (404, {"Cache-Control": "max-age=86400"}, 10, 3600),
        (404, {"Cache-Control": "max-age=86400"}, 7200, 7200),
        (404, {"Expires": in_seconds(90)}, 10, 90),
        (404, {"Expires": in_seconds(90), "Cache-Control": "max-age=20"}, 10, 20),
        (404, {"Expires": "0"}, 10, 10),
        (404, {"Cache-Control": "max-age=60", "Age": "20"}, 10, 40),
        (404, {"Cache-Control": "max-age=60", "Age": "200"}, 10, 10),
        (404, {}, 0, 0),
        (403, {"Cache-Control": "s-maxage=60"}, 10, 60),
        (403, {"Cache-Control": "max-age=0"}, 10, 10),
        (403, {"Expires": in_seconds(90)}, 10, 0),
        (403, {"Cache-Control": "public"}, 10, 0),
        (503, {"Cache-Control": "max-age=60"}, 10, 60),
    ],
)
def test_a_cached_error_lasts_for_the_longer_of_error_caching_min_ttl_and_what_the_origin_says(
    status: int, sent: dict[str, str], error_ttl: float, seconds: float
) -> None:
    got = lifetime(Response(status, sent), TTLs(0, 600, 3600), sent_at=NOW, error_ttl=error_ttl)
    assert got.seconds == seconds
    assert got.keep == ("reuse" if seconds else "drop")


@pytest.mark.rule("ERR-08", "ERR-09", "ERR-11")
@pytest.mark.parametrize("said", ["no-store", "no-cache", "private", "no-store, max-age=600"])
@pytest.mark.parametrize("ttls", [OPEN, OPTIMIZED])
def test_no_store_is_heeded_on_404_410_414_and_501_and_ignored_on_other_errors(said: str, ttls: TTLs) -> None:
    for status in (404, 410, 414, 501):
        assert life(said, ttls, status).keep == "drop"
        assert not life(said, ttls, status).shareable
    for status in (500, 502, 503, 504):
        assert (life(said, ttls, status).seconds, life(said, ttls, status).rule) == (10, "ERR-09")
    assert life(said, ttls, 501, s3=True).rule == "ERR-11"
    assert life(said, ttls, 403).seconds == (10 if "max-age" in said else 0)


@pytest.mark.rule("ERR-10")
def test_s3_keeps_an_error_for_at_least_one_second() -> None:
    assert (life(status=404, s3=True, error_ttl=0).seconds, life(status=404, s3=True, error_ttl=0).rule) == (1, "ERR-10")
    assert life(status=404, s3=False, error_ttl=0).keep == "drop"
    assert life(status=404, s3=True, error_ttl=5).seconds == 5
    assert life(status=403, s3=True, error_ttl=0).keep == "drop"
    assert life(ttls=DISABLED, status=404, s3=True, error_ttl=0).keep == "drop"


def test_the_error_table_names_each_status_once() -> None:
    named = [status for row in ERROR_TABLE for status in row.statuses]
    assert len(named) == len(set(named)) == 14


@pytest.mark.parametrize("id", [row.rule for row in (*TTL_TABLE, *ERROR_TABLE)])
def test_every_row_of_both_tables_stands_in_the_ledger(id: str) -> None:
    assert rule(id).statement


# Dates -----------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("TTL-17")
@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "sun, 06 nov 1994 08:49:37 gmt",
        "SUN NOV  6 08:49:37 1994",
        "Mon, 06 Nov 1994 08:49:37 GMT",
    ],
)
def test_the_three_forms_of_a_date_are_one_moment(text: str) -> None:
    assert parse_http_date(text) == 784111777


@pytest.mark.rule("TTL-17")
@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "0",
        "784111777",
        "1994-11-06T08:49:37Z",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:00:61 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Tue, 29 Feb 2023 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06  Nov 1994 08:49:37 GMT",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT\n",
        "Foo, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 31-Feb-94 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT",
    ],
)
def test_anything_else_is_no_date(text: str | None) -> None:
    assert parse_http_date(text) is None


@pytest.mark.rule("TTL-17")
@pytest.mark.parametrize(
    ("text", "now", "year"),
    [
        ("Friday, 01-Jan-76 00:00:00 GMT", NOW, 2076),
        ("Friday, 01-Jan-76 00:00:01 GMT", NOW, 1976),
        ("Friday, 01-Jan-77 00:00:00 GMT", NOW, 1977),
        ("Friday, 01-Jan-26 00:00:00 GMT", NOW, 2026),
        ("Friday, 01-Jan-00 00:00:00 GMT", NOW, 2000),
        ("Friday, 01-Jan-10 00:00:00 GMT", 3_945_000_000.0, 2110),  # seen from 2095
        ("Friday, 01-Jan-99 00:00:00 GMT", 946_684_800.0, 1999),  # seen from 2000
        ("Friday, 01-Jan-49 00:00:00 GMT", 946_684_800.0, 2049),
    ],
)
def test_a_two_digit_year_lies_at_most_fifty_years_ahead(text: str, now: float, year: int) -> None:
    seconds = parse_http_date(text, now)
    assert seconds is not None
    assert datetime.fromtimestamp(seconds, UTC).year == year


def test_a_leap_second_is_the_next_second() -> None:
    assert parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT") == parse_http_date("Sun, 01 Jan 2017 00:00:00 GMT")


@given(st.integers(0, 253_402_300_799))
def test_a_date_written_is_the_date_read_and_the_standard_library_agrees(seconds: int) -> None:
    text = http_date(seconds)
    assert parse_http_date(text) == seconds
    assert text == email.utils.formatdate(seconds, usegmt=True)
    asctime = datetime.fromtimestamp(seconds, UTC).ctime()
    assert parse_http_date(asctime) == seconds


# Promises --------------------------------------------------------------------------------------------------------------

MEMBER = st.one_of(
    st.sampled_from(
        ["no-store", "no-cache", "private", "public", "must-revalidate", 'no-cache="Set-Cookie"', 'x="', "\\", '"', ",", "=", " "]
    ),
    st.builds(
        "{}={}".format, st.sampled_from(["max-age", "s-maxage", "stale-if-error", "stale-while-revalidate"]), st.integers(-5, 10**12)
    ),
    st.text(max_size=8),
)
ORDERED_TTLS = st.lists(st.integers(0, 10**6), min_size=3, max_size=3).map(lambda three: TTLs(*map(float, sorted(three))))


@given(st.one_of(st.text(), st.lists(MEMBER).map(",".join)))
def test_reading_cache_control_never_fails(text: str) -> None:
    read = parse_cache_control(text)
    assert isinstance(read, Directives)
    for seconds in (read.max_age, read.s_maxage, read.stale_while_revalidate, read.stale_if_error):
        assert seconds is None or 0 <= seconds <= HUNDRED_YEARS


@given(st.text())
def test_reading_a_date_never_fails(text: str) -> None:
    assert parse_http_date(text) is None or parse_http_date(text) is not None


@pytest.mark.rule("TTL-06", "TTL-08")
@given(said=st.lists(MEMBER).map(",".join), ttls=ORDERED_TTLS, age=st.integers(0, 10**7), status=st.sampled_from([200, 301, 206, 302]))
def test_a_lifetime_stays_between_min_ttl_and_max_ttl(said: str, ttls: TTLs, age: int, status: int) -> None:
    said = "".join(c for c in said if c.isprintable())
    got = lifetime(Response(status, {"Cache-Control": said, "Age": str(age)}), ttls, sent_at=NOW)
    if got.keep == "drop":
        assert ttls.max == 0
    else:
        assert ttls.min <= got.seconds <= ttls.max
        assert 0 <= got.stale_while_revalidate <= ttls.max
        assert got.stale_if_error is None or 0 <= got.stale_if_error <= ttls.max
        assert (got.seconds == 0) == (got.keep != "reuse")


@given(first=st.integers(0, 10**7), second=st.integers(0, 10**7), ttls=ORDERED_TTLS, status=st.sampled_from([200, 404, 403, 503]))
def test_a_larger_max_age_never_shortens_a_lifetime(first: int, second: int, ttls: TTLs, status: int) -> None:
    small, large = sorted((first, second))
    assert life(f"max-age={small}", ttls, status).seconds <= life(f"max-age={large}", ttls, status).seconds


@given(first=st.integers(-(10**7), 10**7), second=st.integers(-(10**7), 10**7), ttls=ORDERED_TTLS)
def test_a_later_expires_never_shortens_a_lifetime(first: int, second: int, ttls: TTLs) -> None:
    small, large = sorted((first, second))
    assert life(ttls=ttls, Expires=in_seconds(small)).seconds <= life(ttls=ttls, Expires=in_seconds(large)).seconds


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_cached_error_never_lasts_less_than_error_caching_min_ttl(asked: int, floor: int) -> None:
    assert life(f"max-age={asked}", status=404, error_ttl=floor).seconds == max(asked, floor)


def test_a_hostile_cache_control_is_read_in_a_straight_line() -> None:
    for text in ['"' * 50_001, '"\\' * 50_001, "a=" + '"\\"' * 30_001, "," * 100_000, "a" * 100_000, '"a",' * 30_000]:
        parse_cache_control(text)


# The browser -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("TTL-23")
@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ({"Cache-Control": "max-age=10, s-maxage=600"}, 10),
        ({"Cache-Control": "max-age=10", "Age": "4"}, 6),
        ({"Cache-Control": "max-age=10", "Age": "40"}, 0),
        ({"Cache-Control": "max-age=100", "Date": in_seconds(-30)}, 70),
        ({"Cache-Control": "max-age=100", "Date": in_seconds(-30), "Age": "50"}, 50),
        ({"Cache-Control": "private, max-age=10"}, 10),
        ({"Cache-Control": "no-store, max-age=10"}, 0),
        ({"Cache-Control": "no-cache, max-age=10"}, 0),
        ({"Cache-Control": "max-age=abc"}, 0),
        ({"Expires": in_seconds(60)}, 60),
        ({"Expires": in_seconds(60), "Date": in_seconds(-30)}, 60),
        ({"Expires": in_seconds(60), "Date": in_seconds(-30), "Age": "40"}, 50),
        ({"Expires": in_seconds(-60)}, 0),
        ({"Expires": "0"}, 0),
        ({"Expires": in_seconds(60), "Cache-Control": "max-age=10"}, 10),
        ({"Cache-Control": "s-maxage=600"}, None),
        ({"Cache-Control": "public"}, None),
        ({}, None),
    ],
)
def test_a_browser_counts_for_itself(sent: dict[str, str], seconds: float | None) -> None:
    assert browser_lifetime(Headers(sent), NOW) == seconds


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("60", 60), ("", 0), ("1.5", 0), ("60, 5", 60), ("x, 5", 0)])
def test_an_unreadable_age_counts_for_nothing(text: str, seconds: float) -> None:
    assert parse_age(Headers({"Age": text})) == seconds
