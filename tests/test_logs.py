"""Files of the access log: written as CloudFront writes them, read as they are found in the wild."""

from __future__ import annotations

import gzip
import io
import os
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdnlab.clock import iso
from cdnlab.errors import CdnlabError, LogError, UnknownName
from cdnlab.facts import data_path, json_file
from cdnlab.logrecord import FIELDS, NAMES, LogRecord, decode, record
from cdnlab.logs import LogWarning, file_name, read, timestamps, write

SAMPLES = ["web19_2015_noheader.log", "web24_2014.log", "web33_docs_2019.log", "web33_school_2025.log", "web33_tiles_2020.log"]
WEB33 = data_path("logs", "web33_docs_2019.log").read_text().splitlines()
LINE = WEB33[2]
HEADER = "\n".join(WEB33[:2]) + "\n"


@dataclass
class Logged:
    log: LogRecord | None


def frame_of(text: str, **how: Any) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read(io.StringIO(text), **how)


def lines_of(frame: pd.DataFrame) -> list[list[str]]:
    """A frame as the cells of its file, for comparing."""
    texts = {name: frame[name] if frame[name].dtype != "float64" else frame[name].map("{:.3f}".format) for name in frame}
    return [["-" if pd.isna(texts[name][row]) else str(texts[name][row]) for name in frame] for row in frame.index]


@pytest.mark.rule("LOG-02")
def test_a_file_begins_with_two_header_lines_and_has_tabs_between_fields() -> None:
    file = io.StringIO()
    assert write([Logged(record({"sc-status": 200})), Logged(record({"sc-status": 404}))], file) == 2
    version, fields, *lines = file.getvalue().split("\n")
    assert (version, fields) == ("#Version: 1.0", "#Fields: " + " ".join(NAMES))
    assert [line.split("\t")[8] for line in lines[:2]] == ["200", "404"]
    assert lines[2:] == [""]
    assert [version, fields] == WEB33[:2]


@pytest.mark.parametrize("name", ["day.log", "day.log.gz", "day.gz"])
def test_a_path_that_ends_in_gz_is_compressed_always_to_the_same_bytes(tmp_path: Path, name: str) -> None:
    line = record({"cs-uri-stem": "/cat.jpg"}, ended=0)
    for path in (tmp_path / name, str(tmp_path / name)):
        assert write([line], path) == 1
        assert read(path)["cs-uri-stem"].tolist() == ["/cat.jpg"]
    first = (tmp_path / name).read_bytes()
    write([line], tmp_path / name)
    assert (tmp_path / name).read_bytes() == first
    assert first.startswith(b"\x1f\x8b") == name.endswith(".gz")


def test_open_files_of_text_and_of_bytes_will_do(tmp_path: Path) -> None:
    line = record({"sc-status": 200})
    with gzip.open(tmp_path / "packed", "wb") as packed, (tmp_path / "plain").open("w") as plain:
        write([line], packed)
        write([line], plain)
    for name in ("packed", "plain"):
        with (tmp_path / name).open("rb") as file:
            assert len(read(file)) == 1
    with tempfile.NamedTemporaryFile() as temporary:
        write([line], temporary.file)
        temporary.seek(0)
        assert len(read(temporary.file)) == 1


def test_a_request_that_is_not_logged_leaves_no_line() -> None:
    file = io.StringIO()
    assert write([Logged(None), Logged(record({"sc-status": 200}))], file) == 1
    assert len(read(io.StringIO(file.getvalue()))) == 1


def test_a_plain_mapping_of_ready_texts_will_do_and_is_not_encoded_again() -> None:
    file = io.StringIO()
    write([{"cs-uri-stem": "/a%20b", "sc-status": "200"}], file)
    assert file.getvalue().splitlines()[2] == str(record({"cs-uri-stem": "/a b", "sc-status": 200}))


@pytest.mark.parametrize(
    ("journeys", "says"),
    [
        ([7], "item 0 of the journeys is int"),
        ([record(), "x"], "item 1 of the journeys is str"),
        ([{"cs-uri-stem": "/a b"}], "cs-uri-stem is '/a b'"),
        ([{"cs-uri-stem": "/a\tb"}], "cs-uri-stem"),
        ([{"cs-uri-stem": "/caf\u00e9"}], "cs-uri-stem"),
        ([{"sc-status": "many"}], "sc-status is 'many'"),
        (record(), "put it into a list"),
        (Logged(record()), "put it into a list"),
        (None, "put it into a list"),
        ("journeys", "put it into a list"),
    ],
)
def test_what_has_no_record_cannot_be_written(journeys: Any, says: str) -> None:
    with pytest.raises(LogError, match=says):
        write(journeys, io.StringIO())


def test_an_unknown_field_or_file_is_refused() -> None:
    with pytest.raises(UnknownName, match="did you mean 'sc-status'"):
        write([{"cs-status": "200"}], io.StringIO())
    with pytest.raises(LogError, match="give a path or an open file"):
        write([record()], 7)  # type: ignore[arg-type]


VISIBLE = st.text(min_size=1).filter(lambda text: text != "-")
RECORDS = st.builds(
    lambda **values: values,
    **{
        "sc-bytes": st.integers(0, 10**18 - 1),
        "sc-status": st.integers(100, 599) | st.just(0),
        "time-taken": st.integers(0, 10**6).map(lambda ms: ms / 1000),
        "cs-uri-stem": VISIBLE,
        "cs(User-Agent)": st.none() | VISIBLE,
        "cs-uri-query": st.none() | VISIBLE,
        "c-ip": st.sampled_from(["192.0.2.7", "2001:db8::7"]),
    },
)


@settings(max_examples=50)
@given(st.lists(st.tuples(RECORDS, st.integers(0, 4_000_000_000)), max_size=5))
def test_what_was_written_is_read_back(many: list[tuple[dict[str, Any], int]]) -> None:
    file = io.StringIO()
    write([record(values, ended=ended) for values, ended in many], file)
    frame = frame_of(file.getvalue())
    assert list(frame.columns) == list(NAMES) and len(frame) == len(many)
    assert [moment.timestamp() for moment in timestamps(frame)] == [ended for _, ended in many]
    for row, (values, _) in enumerate(many):
        for name, value in values.items():
            read_back = frame[name][row]
            assert pd.isna(read_back) if value is None else (decode(read_back) if isinstance(value, str) else read_back) == value


@pytest.mark.rule("LOG-09")
@pytest.mark.parametrize("sample", SAMPLES)
def test_real_files_are_read_cell_by_cell(sample: str) -> None:
    frame = read(data_path("logs", sample))
    about = next(row for row in json_file("logs", "index.json") if row["file"] == sample)
    size = {"web19": 19, "web24": 24, "web33": 33}[sample[:5]]
    assert len(frame) == about["lines"]
    assert list(frame.columns) == list(NAMES[:size])
    lines = [line for line in data_path("logs", sample).read_text().splitlines() if not line.startswith("#")]
    for line, cells in zip(lines, lines_of(frame), strict=True):
        expected = line.replace("\t--\t", "\t-\t-\t").rstrip("\t").split("\t")
        assert cells == expected + ["-"] * (size - len(expected))


@pytest.mark.rule("LOG-09")
@pytest.mark.parametrize("size", [19, 24, 26, 33])
@pytest.mark.parametrize("separator", [" ", "\t", None])
@pytest.mark.parametrize("tail", ["", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_every_form_is_read_with_and_without_header(size: int, separator: str | None, tail: str, end: str, packed: bool) -> None:
    body = "".join("\t".join(line.split("\t")[:size]) + tail + end for line in WEB33[2:])
    header = "" if separator is None else f"#Version: 1.0{end}#Fields:{separator}{separator.join(NAMES[:size])}{tail}{end}"
    data = (header + body).encode()
    frame = read(io.BytesIO(gzip.compress(data) if packed else data))
    assert list(frame.columns) == list(NAMES[:size])
    pd.testing.assert_frame_equal(frame, read(data_path("logs", "web33_docs_2019.log"))[list(NAMES[:size])])
    assert frame.attrs["notes"] == []


@pytest.mark.rule("LOG-10")
@pytest.mark.parametrize("size", range(19, 33))
def test_a_line_cut_short_keeps_what_it_has_and_is_noted(size: int) -> None:
    frame = frame_of(HEADER + "\t".join(LINE.split("\t")[:size]) + "\n" + LINE)
    assert list(frame.columns) == list(NAMES)
    assert frame.loc[0, NAMES[size - 1]] is not None
    assert frame.loc[0, list(NAMES[size:])].isna().all()
    assert frame.attrs["notes"] == [f"line 3: {size} of 33 fields; those after {NAMES[size - 1]} are missing"]


@pytest.mark.rule("LOG-10")
def test_two_hyphens_that_ran_together_are_two_missing_fields() -> None:
    cells = LINE.split("\t")
    frame = frame_of(HEADER + "\t".join([*cells[:24], "--", *cells[26:]]))
    assert lines_of(frame) == [cells]
    assert frame.attrs["notes"] == ["line 3: '--' is read as two missing fields"]
    agent = [*cells]
    agent[10] = "--"
    assert frame_of(HEADER + "\t".join(agent))["cs(User-Agent)"][0] == "--"


def broken(index: int, text: str) -> str:
    cells = LINE.split("\t")
    cells[index] = text
    return "\t".join(cells)


MALFORMED = [
    ("nonsense", "1 fields where 33 are due"),
    ("\t" * 40, None),
    ("\t".join(LINE.split("\t")[:18]), "18 fields where 33 are due"),
    (LINE + "\textra", "34 fields where 33 are due"),
    (broken(0, "2019-02-30"), "date is '2019-02-30', not a date"),
    (broken(1, "25:00:00"), "time is '25:00:00'"),
    (broken(3, "many"), "sc-bytes is 'many', not a whole number"),
    (broken(3, "-1"), "sc-bytes is '-1'"),
    (broken(3, "1_000"), "sc-bytes"),
    (broken(3, "\u0661"), "sc-bytes"),
    (broken(3, "9" * 19), "sc-bytes"),
    (broken(8, "OK"), "sc-status is 'OK'"),
    (broken(18, "nan"), "time-taken is 'nan', not seconds"),
    (broken(18, "1e3"), "time-taken"),
    (broken(7, "/a\rb"), "cs-uri-stem"),
    (broken(7, "/a\x00b"), "cs-uri-stem"),
    (
        "\t".join([*LINE.split("\t")[:5], *LINE.split("\t")[6:]]),
        "cs-bytes is '0.001'",
    ),  # one field lost in the middle: everything has moved
]


@pytest.mark.rule("LOG-11")
@pytest.mark.parametrize(("line", "says"), [(line, says) for line, says in MALFORMED if says])
@pytest.mark.parametrize("header", [HEADER, ""])
def test_a_line_that_makes_no_sense_is_an_error_with_its_number(line: str, says: str, header: str) -> None:
    if not header:
        header = LINE + "\n" + LINE + "\n"
        says = says.replace("18 fields where 33", "18 fields where 19").replace("1 fields where 33", "1 fields where 19")
    with pytest.raises(LogError, match="line 4: ") as caught:
        frame_of(header + LINE + "\n" + line + "\n" + LINE)
    assert says in str(caught.value)
    assert caught.value.line == 4


@pytest.mark.rule("LOG-11")
@pytest.mark.parametrize(("line", "says"), [(line, says) for line, says in MALFORMED if says])
def test_on_request_it_is_left_out_with_a_warning_instead(line: str, says: str) -> None:
    with pytest.warns(LogWarning, match=r"line 4 is left out: ") as caught:
        frame = read(io.StringIO(HEADER + LINE + "\n" + line + "\n" + LINE), on_bad_lines="warn")
    assert len(frame) == 2 and len(caught) == 1
    assert caught[0].filename == __file__


def test_blank_lines_and_other_comments_are_no_records() -> None:
    assert len(frame_of("\n" + HEADER + "# a remark\n\n" + LINE + "\n   \n\t\t\n" + LINE + "\n\n")) == 2


def test_no_file_is_too_empty() -> None:
    for text in ("", "\n", "#Version: 1.0\n", HEADER):
        frame = frame_of(text)
        assert frame.empty and list(frame.columns) == list(NAMES)
        assert frame["sc-bytes"].sum() == 0
        assert timestamps(frame).empty


@pytest.mark.rule("LOG-12")
@pytest.mark.parametrize("sample", ["realtime40_2020.log", "rtmp17_2010.log"])
@pytest.mark.parametrize("with_header", [True, False])
def test_other_records_of_cloudfront_are_refused_by_name(sample: str, with_header: bool) -> None:
    text = data_path("logs", sample).read_text()
    text = text if with_header else "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for how in ("error", "warn"):
        with pytest.raises(LogError, match="real-time log" if sample.startswith("real") else "RTMP") as caught:
            frame_of(text, on_bad_lines=how)
        assert "19, 24, 26 or 33 fields" in str(caught.value)
        assert caught.value.line == (2 if with_header else 1)


@pytest.mark.rule("LOG-12")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"date": "2026-01-01"}', "a log in JSON"),
        ("#Version: 2.0\n", "version '2.0' of the log is unknown"),
        ("#Fields: date time sc-stutus\n", "did you mean 'sc-status'"),
        ("#Fields: date date\n", "a field twice"),
        ("#Fields:\n", "no fields"),
        ("PAR1....", "1 fields"),
    ],
)
def test_files_of_other_kinds_are_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(LogError, match=says):
        frame_of(text)


def test_a_parquet_file_or_half_a_gzip_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="Parquet"):
        read(io.BytesIO(b"PAR1\x15\x04PAR1"))
    path = tmp_path / "half.gz"
    path.write_bytes(gzip.compress((HEADER + LINE).encode())[:-20])
    with pytest.raises(LogError, match=r"half\.gz is not a whole gzip file"):
        read(path)


def test_the_header_decides_the_order_and_may_name_fields_of_the_newer_delivery() -> None:
    text = "#Version: 1.0\n#Fields: sc-status date time CS-Method asn c-country\n304\t2026-01-01\t00:00:01\tGET\t64496\tPT\n"
    frame = frame_of(text)
    assert frame.iloc[0].tolist() == [304, "2026-01-01", "00:00:01", "GET", 64496, "PT"]
    assert list(frame.columns) == ["sc-status", "date", "time", "cs-method", "asn", "c-country"]


def test_several_files_of_several_forms_make_one_frame_in_their_order() -> None:
    frame = read(data_path("logs", name) for name in SAMPLES)
    assert len(frame) == 20 and list(frame.columns) == list(NAMES)
    assert frame.index.tolist() == list(range(20))
    assert frame["date"].tolist() == [date for name in SAMPLES for date in read(data_path("logs", name))["date"]]
    assert frame["c-port"].dtype == "Int64" and frame["c-port"].isna().sum() == 5
    assert all("web33_tiles_2020.log, line" in note for note in frame.attrs["notes"])
    glued = frame_of("".join(data_path("logs", name).read_text() for name in SAMPLES))
    pd.testing.assert_frame_equal(glued, frame)


def test_numbers_are_numbers_and_texts_stay_as_they_are() -> None:
    frame = read(data_path("logs", "web24_2014.log"))
    kinds = {field.name: {"whole": "Int64", "status": "Int64", "seconds": "float64"}.get(field.kind, "string") for field in FIELDS}
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {name: kinds[name] for name in frame}
    assert "Mozilla/5.0%2520(iPhone;%2520CPU" in frame["cs(User-Agent)"][0]
    big = frame_of(broken(3, "9" * 18) + "\n" + broken(4, "2001:db8::7") + "\n" + broken(8, "000"))
    assert big["sc-bytes"][0] == 10**18 - 1
    assert big["c-ip"][1] == "2001:db8::7"
    assert big["sc-status"][2] == 0
    odd = frame_of(broken(10, '"') + "\n" + broken(10, "NA") + "\n" + broken(10, "") + "\n" + broken(10, "1e5"))
    assert odd["cs(User-Agent)"].fillna("missing").tolist() == ['"', "NA", "missing", "1e5"]


def test_times_are_utc_and_need_their_columns() -> None:
    moments = timestamps(read(data_path("logs", "web33_docs_2019.log")))
    assert iso(moments[0].timestamp()) == "2019-12-04T21:02:31Z"
    assert moments.name == "timestamp"
    with pytest.raises(LogError, match="no column 'date'"):
        timestamps(pd.DataFrame({"sc-status": [200]}))


@pytest.mark.parametrize("bad", [7, None, LINE, [LINE], [7]])
def test_what_is_no_file_is_refused(bad: Any) -> None:
    with pytest.raises(LogError, match="path or an open file"):
        read(bad)


def test_an_unknown_way_with_bad_lines_is_refused() -> None:
    with pytest.raises(LogError, match="'error' and 'warn' work"):
        read(io.StringIO(""), on_bad_lines="skip")  # type: ignore[arg-type]


@settings(max_examples=300)
@given(
    st.text() | st.lists(st.sampled_from([*LINE.split("\t"), "-", "--", "\t", "\n", "#Fields: ", "#Version: 1.0", *NAMES])).map("\t".join)
)
def test_any_text_is_a_frame_or_a_named_error(text: str) -> None:
    try:
        frame = frame_of(text)
    except CdnlabError as error:
        assert str(error)
    else:
        assert len(frame) <= text.count("\n") + 1


@settings(max_examples=100)
@given(st.binary())
def test_any_bytes_are_a_frame_or_a_named_error(data: bytes) -> None:
    try:
        read(io.BytesIO(data))
    except CdnlabError as error:
        assert str(error)


@pytest.mark.rule("LOG-13")
@pytest.mark.parametrize(("prefix", "folder"), [("", ""), ("logs", "logs/"), ("logs/", "logs/"), ("a/b", "a/b/")])
def test_a_log_file_is_named_after_distribution_and_hour(prefix: str, folder: str) -> None:
    assert file_name("E1", "2026-01-31T20:15:00Z", "a103fd5a", prefix) == f"{folder}E1.2026-01-31-20.a103fd5a.gz"
    assert os.path.basename(file_name("E1", 0, "x", prefix)) == "E1.1970-01-01-00.x.gz"
