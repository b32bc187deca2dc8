"""Price lists: what AWS asks for each item, where, in which steps of a month's volume, and who says so.

Prices are data (`data/prices.csv`), because they change and the rules of billing hardly do. A row is one step of one item in one
place, with its source, which is dated. Copy the table, edit it, and hand it over wherever a `prices` is asked for: a path, a
list of rows, or a pandas DataFrame. What is not in the table is not free: it is unknown, and is named as such.

Two things stand in for a price that the table does not have, and say "assumed": S3's storage and requests have their
us-east-1 price everywhere, and proxied requests the price of the others (COST-12).
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cdnlab.errors import InputError
from cdnlab.facts import table
from cdnlab.meter import Item

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Charge", "Price", "Prices"]

_COLUMNS = ("service", "item", "region", "unit", "tier_from", "tier_to", "usd", "source")
_UNIT = re.compile(r"(?:(\d+) )?([A-Za-z][A-Za-z-]*)\Z")
_ONE = {"requests": "request", "lines": "line", "paths": "path"}
_STANDS_IN_S3 = "us-east-1"


class Price(NamedTuple):
    """One row: `usd` for `per` units (`unit`: GB, request, path ...) of the month's volume between `start` and `end`."""

    item: Item
    per: int
    unit: str
    start: float
    end: float
    usd: float
    source: str
    note: str = ""


class Charge(NamedTuple):
    """Some of an item, at one price: `price` is None when nobody knows it; `assumed` says what stands in for what."""

    quantity: float
    price: Price | None
    assumed: str = ""

    @property
    def usd(self) -> float | None:
        """What it costs in US dollars; None when the price is unknown."""
        return None if self.price is None else self.quantity / self.price.per * self.price.usd


class Prices:
    """A price list.

    `rows`: mappings with the columns of data/prices.csv; `name`: what it is called in messages. Raises InputError for a
    row that makes no sense, and for steps that overlap, with the row's number (the first below the head is 1).

    >>> prices = Prices.of(None)
    >>> [price.usd for price in prices.steps(Item("cloudfront", "requests_https", "EU"))]
    [0.012]
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]], name: str = "prices") -> None:
        self.name = name
        self._steps: dict[Item, list[Price]] = {}
        for number, row in enumerate(rows, 1):
            price = self._read(number, row)
            self._steps.setdefault(price.item, []).append(price)
        for item, steps in self._steps.items():
            steps.sort(key=lambda price: price.start)
            for low, high in pairwise(steps):
                if high.start < low.end:
                    raise InputError(f"{name}: the steps of {_called(item)} overlap: {low.start:g} to {low.end:g}, and from {high.start:g}")
                if (low.per, low.unit) != (high.per, high.unit):
                    raise InputError(f"{name}: the steps of {_called(item)} have different units")

    @classmethod
    def of(cls, source: Any) -> Prices:
        """A price list from whatever holds one: None for cdnlab's own, a Prices, a path to a CSV file, rows, a DataFrame.

        Raises InputError for anything else, and for a file that cannot be read.
        """
        if source is None:
            return _own()
        if isinstance(source, Prices):
            return source
        if isinstance(source, str | Path):
            try:
                with Path(source).open(encoding="utf-8-sig", newline="") as file:
                    return cls(csv.DictReader(file), Path(source).name)
            except (OSError, UnicodeDecodeError, csv.Error) as error:
                raise InputError(f"cannot read the price list {str(source)!r}: {error}") from None
        if hasattr(source, "to_dict"):  # a pandas DataFrame
            return cls([{str(key): value for key, value in row.items()} for row in source.to_dict("records")], "your prices")
        if isinstance(source, Iterable) and not isinstance(source, Mapping | bytes):
            return cls(source, "your prices")
        raise InputError(f"prices is {source!r}; give a path to a table like data/prices.csv, its rows, or a DataFrame of them")

    def steps(self, item: Item) -> tuple[Price, ...]:
        """The steps of one item, from the first unit on; none when the list does not have it."""
        return tuple(self._steps.get(item, ()))

    def regions(self, item: Item) -> tuple[str, ...]:
        """Where the list does have a price for an item of this name."""
        return tuple(sorted(each.region for each in self._steps if each[:2] == item[:2]))

    def charges(self, item: Item, quantity: float, *, start: float = 0.0) -> list[Charge]:
        """What so much of an item costs in a month, step by step. `start`: how much of the month's volume came before.

        What no step covers is a Charge without a price.
        """
        known, assumed = self._found(item)
        charges, reached = [], start
        for price in known:
            if price.end > reached and start + quantity > max(reached, price.start):
                if price.start > reached:
                    charges.append(Charge(price.start - reached, None))
                    reached = price.start
                upto = min(price.end, start + quantity)
                charges.append(Charge(upto - reached, price, assumed))
                reached = upto
        if (left := start + quantity - reached) > 0:
            charges.append(Charge(left, None))
        return charges

    def why_unknown(self, item: Item) -> str:
        """What to say of an item without a price."""
        known = self.regions(item)
        if self.steps(item) or self._found(item)[0]:
            return f"{self.name} has a price for a smaller volume only"
        where = f"; it has {', '.join(known[:8])}{' ...' if len(known) > 8 else ''}" if known else ""
        return f"{self.name} has no price for {item.region or 'an edge without a billing geography'}{where}"

    def _found(self, item: Item) -> tuple[tuple[Price, ...], str]:
        """The steps of an item, or of what stands in for it, and what that is."""
        if own := self.steps(item):
            return own, ""
        if item.service == "s3" and (abroad := self.steps(item._replace(region=_STANDS_IN_S3))):
            return abroad, f"assumed: {_STANDS_IN_S3}'s price"
        if item.name.endswith("_proxy") and (plain := self.steps(item._replace(name=item.name.removesuffix("_proxy")))):
            return plain, "assumed: the price of other requests"
        return (), ""

    def _read(self, number: int, row: Mapping[str, Any]) -> Price:
        where = f"{self.name}, row {number}"
        if not isinstance(row, Mapping) or (missing := [column for column in _COLUMNS if column not in row]):
            lacking = ", ".join(missing) if isinstance(row, Mapping) else ", ".join(_COLUMNS)
            raise InputError(f"{where}: lacks {lacking}; the columns are {', '.join(_COLUMNS)} and, if wanted, note")
        unit = _UNIT.match(_text(row["unit"]))
        if unit is None:
            raise InputError(f"{where}: unit is {row['unit']!r}; write it like 'GB', '10000 requests' or 'path'")
        item = Item(_text(row["service"]), _text(row["item"]), _text(row["region"]))
        start, usd = (_number(where, column, row[column]) for column in ("tier_from", "usd"))
        end = math.inf if _text(row["tier_to"]) == "" else _number(where, "tier_to", row["tier_to"])
        if end <= start:
            raise InputError(f"{where}: tier_to is {end:g}, which is not above tier_from, {start:g}")
        source, note = _text(row["source"]), _text(row.get("note", ""))
        return Price(item, int(unit[1] or 1), _ONE.get(unit[2], unit[2]), start, end, usd, source, note)

    def to_frame(self) -> pd.DataFrame:
        """The list as a table with the columns of data/prices.csv, to be edited and handed back."""
        import pandas as pd

        columns = [*_COLUMNS, "note"]
        return pd.DataFrame(
            [
                (*price.item, f"{price.per} {price.unit}s" if price.per > 1 else price.unit, price.start, _open(price.end), *price[5:])
                for steps in self._steps.values()
                for price in steps
            ],
            columns=columns,
        )

    def __repr__(self) -> str:
        return f"<Prices {self.name}: {sum(map(len, self._steps.values()))} rows>"


@cache
def _own() -> Prices:
    return Prices(table("prices.csv"), "data/prices.csv")


def _called(item: Item) -> str:
    return f"{item.service} {item.name} {item.region}"


def _open(end: float) -> float | str:
    return "" if math.isinf(end) else end


def _text(value: Any) -> str:
    """A cell as text; an empty cell of a DataFrame is NaN there."""
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value).strip()


def _number(where: str, column: str, value: Any) -> float:
    try:
        found = float(_text(value).replace(",", ""))
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        raise InputError(f"{where}: {column} is {value!r}; write a number, 0 or more")
    return found
