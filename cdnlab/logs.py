"""Files of the standard access log: written as CloudFront writes them, read as they are found in the wild.

A file begins with two header lines, `#Version: 1.0` and `#Fields: ` with the names, separated by spaces; the records that
follow are separated by TABs and in no order of time. The record has grown at its end only: files of 19 fields (to 2015),
24 (to 2017), 26 (to 2019) and 33 (since) are all still about, with and without their header, and `read` takes them
all. Two other records of CloudFront's look alike but are not this one, and are refused by name: the real-time record, and
that of the retired RTMP distributions. (LOG-02, LOG-09 to LOG-12)
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import warnings
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, cast

from cdnlab.clock import seconds_since_epoch
from cdnlab.errors import LogError, UnknownName
from cdnlab.logrecord import FIELDS, FORMS, NAMES, V2_FIELDS, VALUE_PATTERNS, Field, LogRecord, decode, encode, fault_of, is_day, record

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "FIELDS",
    "FORMS",
    "Field",
    "LogRecord",
    "LogWarning",
    "Logged",
    "decode",
    "encode",
    "file_name",
    "read",
    "record",
    "timestamps",
    "write",
]


class LogWarning(UserWarning):
    """A line of an access log that was left out, with its number and the reason."""


class Logged(Protocol):
    """Anything with a log record, such as a Journey; None for a request that CloudFront does not log."""

    @property
    def log(self) -> Mapping[str, str] | None:
        """The record, by AWS's field names."""


_HEADER = ("#Version: 1.0", "#Fields: " + " ".join(NAMES))


class Readable(Protocol):
    """A file open for reading, of text or of bytes."""

    def read(self) -> str | bytes:
        """Everything that is left."""


class Writable(Protocol):
    """A file open for writing, of text or of bytes."""

    def write(self, data: Any, /) -> object:
        """Write this."""


Source: TypeAlias = "str | os.PathLike[str] | Readable"


def write(journeys: Iterable[Logged | Mapping[str, str]], file: str | os.PathLike[str] | Writable) -> int:
    """Write the log of some journeys, in their order: two header lines, then a line each. Returns the number of records.

    `file`: a path (compressed if it ends in .gz, always to the same bytes) or an open file. Records themselves will do
    instead of journeys; a journey whose `log` is None was not logged. Raises LogError for anything else. Source: standard-logs-reference.

    >>> file = io.StringIO()
    >>> write([record({"sc-status": 200}), record({"sc-status": 404})], file)
    2
    """
    if isinstance(journeys, str | Mapping) or hasattr(journeys, "log") or not isinstance(journeys, Iterable):
        raise LogError(f"write takes several journeys, not one {type(journeys).__name__}; put it into a list")
    lines = [line for number, each in enumerate(journeys) if (line := _line(each, number)) is not None]
    data = "".join(f"{line}\n" for line in (*_HEADER, *lines))
    if isinstance(file, str | os.PathLike):
        path = Path(file)
        path.write_bytes(gzip.compress(data.encode(), mtime=0) if path.suffix.lower() == ".gz" else data.encode())
    elif not hasattr(file, "write"):
        raise LogError(f"cannot write a log to {file!r}; give a path or an open file")
    else:
        try:
            file.write(data)
        except TypeError:  # opened for bytes
            file.write(data.encode())
    return len(lines)


def _line(each: object, number: int) -> str | None:
    log = each if isinstance(each, Mapping) else getattr(each, "log", number)
    if log is None or isinstance(log, LogRecord):
        return None if log is None else str(log)
    if not isinstance(log, Mapping):
        raise LogError(f"item {number} of the journeys is {type(each).__name__}, which has no log record")
    if unknown := [name for name in log if name not in NAMES]:
        raise UnknownName("log field", unknown[0], NAMES)
    values = [str(log.get(name, "-")) for name in NAMES]
    for field, value in zip(FIELDS, values, strict=True):
        if not value or not value.isascii() or not value.isprintable() or " " in value or fault_of(field, value):
            raise LogError(f"item {number} of the journeys: {field.name} is {value!r}; make the record with cdnlab.logs.record")
    return "\t".join(values)


def file_name(distribution_id: str, ended: float | str, unique: str, prefix: str = "") -> str:
    """The name under which CloudFront puts a log file into the bucket. Source: standard-logging-legacy-s3.

    `ended`: a time in the hour that the file is about; `unique`: some letters and digits that no other file of that hour has;
    a `/` is added to the prefix if it has none.

    >>> file_name("EDFDVBD6EXAMPLE", "2026-01-31T20:15:00Z", "a103fd5a", "logs")
    'logs/EDFDVBD6EXAMPLE.2026-01-31-20.a103fd5a.gz'
    """
    hour = datetime.fromtimestamp(seconds_since_epoch(ended), UTC)
    folder = prefix if not prefix or prefix.endswith("/") else prefix + "/"
    return f"{folder}{distribution_id}.{hour:%Y-%m-%d-%H}.{unique}.gz"


# --- reading files

Layout: TypeAlias = tuple[str, ...]

_BY_NAME = {field.name: field for field in (*FIELDS, *V2_FIELDS)}
_BY_TABS = {size - 1: NAMES[:size] for size in FORMS}
_DTYPES = {"whole": "Int64", "status": "Int64", "seconds": "float64"}
_SPELLED = {name.lower(): name for name in _BY_NAME}
_FORMS_SAY = "cdnlab reads the standard access log of 19, 24, 26 or 33 fields"
_REAL_TIME = "a real-time log, whose 40 or more fields have other names, order and meaning"
_RTMP = "a log of an RTMP distribution (17 fields about streams; AWS retired them in 2020)"
_RTMP_EVENTS = {"connect", "play", "seek", "pause", "unpause", "stop", "disconnect"}
_EPOCH = re.compile(r"[0-9]{10}(\.[0-9]+)?")


def read(source: Source | Iterable[Source], *, on_bad_lines: Literal["error", "warn"] = "error") -> pd.DataFrame:
    """The records of a log file, or of several, as a DataFrame: a column for each field of the file, by AWS's names.

    `source`: a path, an open file, or several of these (`Path("logs").glob("*.gz")`); gzip is recognised by its content.
    Takes 19, 24, 26 and 33 fields, with or without header lines (spaces or TABs between the names), and TABs too many at the end.
    Whole numbers are Int64, seconds float64, all else texts as they stand in the file, not decoded; `-` is a missing
    value, status `000` is 0. A line cut short after its 19th field keeps what it has and is listed in `frame.attrs["notes"]`.
    A line that makes no sense raises LogError with its number; with `on_bad_lines="warn"` it is left out with a LogWarning.
    A real-time, RTMP or JSON log raises LogError. `timestamps` gives the times.

    >>> file = io.StringIO()
    >>> _ = write([record({"sc-status": 200, "sc-bytes": 812}, ended="2026-01-31T20:15:00Z")], file)
    >>> frame = read(io.StringIO(file.getvalue()))
    >>> int(frame["sc-bytes"].sum()), str(timestamps(frame)[0])
    (812, '2026-01-31 20:15:00+00:00')
    """
    if on_bad_lines not in ("error", "warn"):
        raise LogError(f"on_bad_lines is {on_bad_lines!r}; 'error' and 'warn' work")
    reader = _Reader(lenient=on_bad_lines == "warn")
    several = isinstance(source, Iterable) and not (isinstance(source, str | bytes) or hasattr(source, "read"))
    for each in cast("Iterable[Source]", source) if several else [cast("Source", source)]:
        reader.file(each)
    return reader.frame()


def timestamps(frame: pd.DataFrame) -> pd.Series[Any]:
    """When the responses ended, in UTC, from the columns date and time of a frame that `read` made. Raises LogError."""
    import pandas as pd

    if missing := [name for name in ("date", "time") if name not in frame]:
        raise LogError(f"the frame has no column {missing[0]!r}; it has {', '.join(map(str, frame.columns))}")
    return pd.to_datetime(frame["date"] + "T" + frame["time"], format="%Y-%m-%dT%H:%M:%S", utc=True).rename("timestamp")


class _Reader:
    """Collects the records of some files by layout (which fields, in which order), and makes one frame of them."""

    def __init__(self, *, lenient: bool) -> None:
        self.lenient = lenient
        self.records: dict[Layout, dict[int, str]] = {}
        self.count = 0
        self.notes: list[str] = []

    def file(self, source: Source) -> None:
        name, text = _text_of(source)
        prefix = f"{name}, line" if name else "line"
        header: Layout | None = None
        for number, line in enumerate(text.split("\n"), 1):
            layout = header or _BY_TABS.get(line.count("\t"))
            if layout and (fit := _pattern(layout).fullmatch(line)) and is_day(fit["date"] if "date" in layout else "-"):
                self.keep(layout, line)
                continue
            line, where = line.removesuffix("\r"), f"{prefix} {number}"
            if line.startswith("#"):
                header = _header(line, where, number) or header
            elif line.strip():
                self.mend(line, header or _layout_of(line, where, number), where, number)

    def keep(self, layout: Layout, line: str) -> None:
        self.records.setdefault(layout, {})[self.count] = line
        self.count += 1

    def mend(self, line: str, layout: Layout, where: str, number: int) -> None:
        cells, note, fault = _mended(line, layout)
        if fault and not self.lenient:
            raise LogError(f"{where}: {fault}", line=number)
        if fault:
            warnings.warn(f"{where} is left out: {fault}", LogWarning, stacklevel=4)
            return
        if note:
            self.notes.append(f"{where}: {note}")
        self.keep(layout, "\t".join(cells))

    def frame(self) -> pd.DataFrame:
        import pandas as pd

        widest_first = sorted(self.records, key=len, reverse=True)
        frames = [_frame(layout, self.records[layout]) for layout in widest_first] or [_frame(NAMES, {})]
        frame = (frames[0] if len(frames) == 1 else pd.concat(frames).sort_index()).reset_index(drop=True)
        frame.attrs["notes"] = self.notes
        return frame


def _frame(layout: Layout, records: dict[int, str]) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(
        io.StringIO("\n".join(records.values())),
        sep="\t",
        names=list(layout),
        index_col=False,
        dtype={name: _DTYPES.get(_BY_NAME[name].kind, "string") for name in layout},
        na_values=["-", ""],
        keep_default_na=False,
        quoting=csv.QUOTE_NONE,
    ).set_axis(list(records), axis="index")


def _text_of(source: Source) -> tuple[str, str]:
    """The name of a file ("" if it has none), and its text, decompressed."""
    if isinstance(source, str) and ("\n" in source or "\t" in source):
        raise LogError("read takes a path or an open file; wrap a text: read(io.StringIO(text))")
    data: str | bytes
    if isinstance(source, str | os.PathLike):
        name, data = str(source), Path(source).read_bytes()
    elif hasattr(source, "read"):
        name, data = getattr(source, "name", ""), source.read()
        name = name if isinstance(name, str) else ""
    else:
        raise LogError(f"cannot read a log from {source!r}; give a path or an open file")
    if isinstance(data, str):
        return name, data.removeprefix("\ufeff").encode("utf-8", "backslashreplace").decode()
    try:
        data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    except (OSError, EOFError, zlib.error) as error:
        raise LogError(f"{name or 'the file'} is not a whole gzip file: {error}") from None
    if data.startswith(b"PAR1"):
        raise LogError(f"{name or 'the file'} is a Parquet file: pandas.read_parquet reads it")
    return name, data.decode("utf-8-sig", "backslashreplace")


def _header(line: str, where: str, number: int) -> Layout | None:
    """The layout that a header line announces; None for one that announces none."""
    key, _, rest = line.partition(":")
    if key == "#Version" and rest.strip() != "1.0":
        raise LogError(f"{where}: version {rest.strip()!r} of the log is unknown; 1.0 works", line=number)
    if key != "#Fields":
        return None
    names = tuple(_SPELLED.get(name.lower(), name) for name in rest.split())
    other = _RTMP if "x-cf-status" in names or "x-sname" in names else _REAL_TIME if "cs-host" in names or "timestamp" in names else ""
    if other:
        raise LogError(f"{where}: this is {other}; {_FORMS_SAY}", line=number)
    if unknown := [name for name in names if name not in _BY_NAME]:
        raise LogError(f"{where}: {UnknownName('log field', unknown[0], _BY_NAME)}; {_FORMS_SAY}", line=number)
    if not names or len(set(names)) != len(names):
        raise LogError(f"{where}: the header names {'a field twice' if names else 'no fields'}", line=number)
    return names


def _layout_of(line: str, where: str, number: int) -> Layout:
    """The layout of a line without header, by its number of fields."""
    cells = line.rstrip("\t").split("\t")
    other = _RTMP if len(cells) == 17 and cells[4] in _RTMP_EVENTS else _REAL_TIME if _EPOCH.fullmatch(cells[0]) else ""
    other = "a log in JSON" if line.startswith("{") else other
    if other:
        raise LogError(f"{where}: this is {other}; {_FORMS_SAY}", line=number)
    return NAMES[: min((size for size in FORMS if size >= len(cells)), default=len(NAMES))]


@lru_cache(maxsize=64)
def _pattern(layout: Layout) -> re.Pattern[str]:
    groups = (("?P<date>" if name == "date" else "?:") + VALUE_PATTERNS[_BY_NAME[name].kind] for name in layout)
    return re.compile("\t".join(f"({group})" for group in groups))


def _mended(line: str, layout: Layout) -> tuple[tuple[str, ...], str, str]:
    """The cells of a line that does not fit its layout as it stands, a note on how they were made to fit, or what is wrong."""
    cells, note, due = line.split("\t"), "", len(layout)
    while len(cells) > due and not cells[-1]:
        cells.pop()
    if len(cells) == due - 1:
        for index in (index for index, cell in enumerate(cells) if cell == "--"):
            split = [*cells[:index], "-", "-", *cells[index + 1 :]]
            if not _faults(layout, split):
                return tuple(split), "'--' is read as two missing fields", ""
    if min(FORMS) <= len(cells) < due and layout == NAMES[:due]:
        note = f"{len(cells)} of {due} fields; those after {layout[len(cells) - 1]} are missing"
        cells += ["-"] * (due - len(cells))
    if len(cells) != due:
        return (), "", f"{len(cells)} fields where {due} are due"
    return tuple(cells), note, _faults(layout, cells)


def _faults(layout: Layout, cells: list[str]) -> str:
    return next((fault for name, cell in zip(layout, cells, strict=True) if (fault := fault_of(_BY_NAME[name], cell))), "")
