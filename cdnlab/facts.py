"""Where cdnlab's facts are, and how they are read.

Everything AWS publishes as a list (edge locations, Regions, latencies, prices, managed policies) is a small table in
`data/`, with its source and licence in `data/README.md`. In a wheel the tables travel inside the package; in a
checkout they lie beside it. This module finds them and reads them; what they mean is each concept's own business.
"""

from __future__ import annotations

import csv
import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from cdnlab.errors import UnknownName

__all__ = ["data_path", "json_file", "lessons_path", "table", "toml_file"]

_HERE = Path(__file__).resolve().parent


def _found(folder: str, *parts: str) -> Path:
    packaged = _HERE / folder
    path = (packaged if packaged.is_dir() else _HERE.parent / folder).joinpath(*parts)
    if not path.exists():
        raise UnknownName(f"file in {folder}/", "/".join(parts), (each.name for each in path.parent.glob("*")))
    return path


def data_path(*parts: str) -> Path:
    """The path of a data file: the packaged one if there is one, else the checkout's.

    Raises UnknownName when there is no such file.

    >>> data_path("aws_regions.csv").name
    'aws_regions.csv'
    """
    return _found("data", *parts)


def lessons_path() -> Path:
    """The folder of the lessons: packaged, else the checkout's `notebooks/`."""
    return _found("notebooks")


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a CSV table in `data/`, every value as text (so `NA` stays Namibia).

    >>> table("regional_edge_caches.csv")[0]["region"]
    'ap-northeast-1'
    """
    with data_path(name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def toml_file(name: str) -> dict[str, Any]:
    """The content of a TOML file in `data/`."""
    return tomllib.loads(data_path(name).read_text(encoding="utf-8"))


@cache
def json_file(*parts: str) -> Any:
    """The content of a JSON file in `data/`. Shared between callers: do not change it."""
    return json.loads(data_path(*parts).read_text(encoding="utf-8"))
