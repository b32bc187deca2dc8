"""One line of the access log: its 33 fields in AWS's order, and how a value is written into it."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab.errors import ClockError, LogError, UnknownName
from cdnlab.facts import data_path
from cdnlab.logrecord import FIELDS, FORMS, NAMES, decode, encode, record

AS_THE_GUIDE_PRINTS_THEM = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) "
    "x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher "
    "x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte "
    "x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end"
)
DOCUMENTED_ORDER = AS_THE_GUIDE_PRINTS_THEM.split()


@pytest.mark.rule("LOG-01")
def test_a_record_has_the_33_fields_in_the_documented_order() -> None:
    assert list(NAMES) == DOCUMENTED_ORDER
    assert list(record()) == DOCUMENTED_ORDER
    assert all(field.means and not field.means.endswith(".") for field in FIELDS)


@pytest.mark.rule("LOG-01")
@pytest.mark.parametrize("sample", ["web33_docs_2019.log", "web33_tiles_2020.log", "web33_school_2025.log"])
def test_the_order_is_that_of_real_files(sample: str) -> None:
    assert data_path("logs", sample).read_text().splitlines()[1].split()[1:] == list(NAMES)


@pytest.mark.rule("LOG-09")
def test_the_form_of_24_fields_is_the_beginning_of_todays() -> None:
    assert data_path("logs", "web24_2014.log").read_text().splitlines()[1].split()[1:] == list(NAMES[:24])
    assert list(FORMS) == [19, 24, 26, 33]
    assert NAMES[24:26] == ("fle-status", "fle-encrypted-fields")


@pytest.mark.rule("LOG-03")
@pytest.mark.parametrize("code", range(128))
def test_the_documented_characters_are_percent_encoded_and_no_others(code: int) -> None:
    documented = [*range(33), *map(ord, "<>\"#%{}|\\^~[]`'"), 127]
    assert encode(chr(code)) == (f"%{code:02X}" if code in documented else chr(code))


@pytest.mark.rule("LOG-03")
@pytest.mark.parametrize(
    ("raw", "logged"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0%20(X11;%20Linux%20x86_64)"),
        ("/a%20b", "/a%2520b"),
        ("/caf\u00e9", "/caf%C3%A9"),
        ("\U0001f431", "%F0%9F%90%B1"),
        ("application/json; charset=utf-8", "application/json;%20charset=utf-8"),
        ("a=b&c=d", "a=b&c=d"),
    ],
)
def test_texts_are_written_as_in_real_records(raw: str, logged: str) -> None:
    assert encode(raw) == logged
    assert decode(logged) == raw


@pytest.mark.rule("LOG-03")
@given(st.text())
def test_encoding_leaves_visible_ascii_and_can_be_undone(text: str) -> None:
    written = encode(text)
    assert written.isascii() and " " not in written and written.isprintable()
    assert decode(written) == text


def test_a_lone_surrogate_is_encoded_and_decoding_nonsense_never_fails() -> None:
    assert encode("\ud800").isascii()
    assert decode("%FF%ED%A0%80")


@pytest.mark.rule("LOG-04")
@pytest.mark.parametrize(
    "missing", [{}, {"sc-bytes": None}, {"cs(Cookie)": ""}, {"cs(Referer)": "-"}, {"time-taken": None, "sc-status": "-"}]
)
def test_what_is_missing_is_a_hyphen(missing: dict[str, object]) -> None:
    assert set(record(missing).values()) == {"-"}


@pytest.mark.rule("LOG-05")
@pytest.mark.parametrize(
    ("ended", "date", "time"),
    [
        (1767225661.999, "2026-01-01", "00:01:01"),
        ("2026-02-28T23:59:59Z", "2026-02-28", "23:59:59"),
        ("2026-03-01T01:00:00+02:00", "2026-02-28", "23:00:00"),
        (0, "1970-01-01", "00:00:00"),
    ],
)
def test_date_and_time_are_the_end_of_the_response_in_utc(ended: float | str, date: str, time: str) -> None:
    line = record(ended=ended)
    assert (line["date"], line["time"]) == (date, time)
    assert record({"date": date, "time": time}) == line


def test_the_end_is_said_once_and_readable() -> None:
    with pytest.raises(LogError, match="time and ended both say"):
        record({"time": "00:00:00"}, ended=0)
    with pytest.raises(ClockError):
        record(ended="yesterday")


@pytest.mark.rule("LOG-06")
@pytest.mark.parametrize(("seconds", "written"), [(0.0014, "0.001"), (0, "0.000"), (12, "12.000"), (1.9999, "2.000"), ("0.25", "0.25")])
def test_seconds_have_three_decimals(seconds: object, written: str) -> None:
    assert record({"time-taken": seconds})["time-taken"] == written


@pytest.mark.rule("LOG-07")
def test_the_host_is_the_distributions_own_name_and_the_alias_stands_apart() -> None:
    lines = [line.split("\t") for line in data_path("logs", "web33_docs_2019.log").read_text().splitlines()[2:]]
    hosts = {(line[NAMES.index("cs(Host)")], line[NAMES.index("x-host-header")]) for line in lines}
    assert hosts == {
        ("d111111abcdef8.cloudfront.net", "d111111abcdef8.cloudfront.net"),
        ("d111111abcdef8.cloudfront.net", "www.example.com"),
    }
    means = {field.name: field.means for field in FIELDS}
    assert "own domain name" in means["cs(Host)"] and "alias" in means["x-host-header"]


@pytest.mark.rule("LOG-08")
@pytest.mark.parametrize(("status", "written"), [(200, "200"), (0, "000"), ("000", "000"), ("404", "404")])
def test_a_viewer_that_left_before_an_answer_has_status_000(status: object, written: str) -> None:
    assert record({"sc-status": status})["sc-status"] == written


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("sc-bytes", -1),
        ("sc-bytes", 1.5),
        ("sc-bytes", "many"),
        ("sc-bytes", True),
        ("sc-bytes", "\u0663"),
        ("sc-bytes", 10**18),
        ("sc-status", 7),
        ("sc-status", 1000),
        ("sc-status", "OK"),
        ("time-taken", -0.1),
        ("time-taken", float("nan")),
        ("time-taken", float("inf")),
        ("time-taken", "fast"),
        ("date", "2026-02-30"),
        ("date", "20260101"),
        ("date", 20260101),
        ("time", "24:00:00"),
        ("time", "1:00"),
        ("cs-method", b"GET"),
        ("cs(Cookie)", ["a=1"]),
        ("cs-uri-stem", 5),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_refused(name: str, bad: object) -> None:
    with pytest.raises(LogError, match="must be") as caught:
        record({name: bad})
    assert name in str(caught.value)


def test_a_field_that_aws_does_not_have_is_refused() -> None:
    with pytest.raises(UnknownName, match=r"unknown log field 'cs-status'; did you mean 'sc-status'"):
        record({"cs-status": 200})
    with pytest.raises(UnknownName):
        record(status=200)


def test_a_record_is_an_immutable_mapping_that_prints_as_its_line() -> None:
    line = record({"sc-status": 200}, **{"cs-method": "GET"})
    assert line == {**dict.fromkeys(NAMES, "-"), "sc-status": "200", "cs-method": "GET"}
    assert str(line).split("\t") == list(line.values())
    assert len(line) == 33 and "sc-status" in line and "status" not in line
    assert repr(line) == "LogRecord({'cs-method': 'GET', 'sc-status': '200'})"
    assert hash(line) == hash(record({"sc-status": 200, "cs-method": "GET"}))
    assert pickle.loads(pickle.dumps(line)) == line
    with pytest.raises(TypeError):
        line["sc-status"] = "404"  # type: ignore[index]
    with pytest.raises(KeyError):
        line["status"]
