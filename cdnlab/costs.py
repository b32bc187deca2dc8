"""What it costs: a month's bill from journeys, storage, replication and invalidations.

Every Journey has a meter; `bill` adds meters up, puts a price list to them and shows its working: one line for each step of each
item in each place, with price, source and rule. A handful of journeys can stand for a month: `times=` multiplies them.
Volumes are the month's, each billing geography by itself, so that `times` also climbs the steps of the price list.

Prices are for teaching: list prices in US dollars before tax, each with a dated source, no quotation. A price that is not in
the list is not taken for nothing: its line says "unknown", and the total says that something is missing. What stands in
for a missing price says "assumed". CloudFront's flat-rate plans (since November 2025) are not modelled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import inf
from numbers import Real
from textwrap import wrap
from typing import TYPE_CHECKING, Any, NamedTuple

from cdnlab.errors import InputError
from cdnlab.geography import BILLING_GEOGRAPHIES, region
from cdnlab.marks import css
from cdnlab.meter import GB, Item, Usage, checked_amount
from cdnlab.prices import Prices

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Bill", "Line", "Replication", "Usage", "bill"]

_US_EAST = {"us-east-1", "us-east-2"}
_WORDS = {
    ("cloudfront", "data_transfer_out_internet"): ("CloudFront to viewers", "COST-01"),
    ("cloudfront", "requests_http"): ("HTTP requests", "COST-02"),
    ("cloudfront", "requests_https"): ("HTTPS requests", "COST-02"),
    ("cloudfront", "requests_http_proxy"): ("HTTP requests, proxied", "COST-05"),
    ("cloudfront", "requests_https_proxy"): ("HTTPS requests, proxied", "COST-05"),
    ("cloudfront", "data_transfer_out_origin"): ("CloudFront on to the origin", "COST-05"),
    ("cloudfront", "origin_fetch_from_aws_origin"): ("AWS origin to CloudFront", "COST-04"),
    ("cloudfront", "origin_shield_requests"): ("Origin Shield requests", "COST-06"),
    ("cloudfront", "invalidation_paths"): ("invalidation paths", "COST-07"),
    ("s3", "storage_standard"): ("S3 storage", "COST-08"),
    ("s3", "requests_get_select"): ("S3 GET requests", "COST-04"),
    ("s3", "requests_put_copy_post_list"): ("S3 PUT requests", "COST-08"),
    ("s3", "replication_time_control"): ("Replication Time Control", "COST-08"),
    ("s3_ec2", "data_transfer_inter_region"): ("S3 to another Region", "COST-08"),
    ("s3_ec2", "data_transfer_to_other_us_east"): ("S3 to the other us-east", "COST-08"),
    ("s3_ec2", "data_transfer_out_internet"): ("S3 to the internet", "COST-09"),
}
_ORDER = list(_WORDS)
_GEOGRAPHIES = {geography.code: geography.name for geography in BILLING_GEOGRAPHIES}
_FREE_NOTE = "always free, shared out in proportion"
_FREE = {
    "free_tier_data_transfer_out": ("data_transfer_out_internet",),
    "free_tier_requests": ("requests_http", "requests_https", "requests_http_proxy", "requests_https_proxy"),
}


class Replication(NamedTuple):
    """A month of copying from one Region to another: `objects` and their `bytes`; `timed`: with Replication Time Control."""

    source: str
    destination: str
    objects: float
    bytes: float
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill: so much of an item in one place, at one price.

    `quantity` in `unit` (GB, request, path ...); `price`: US dollars for `per` of them, None when nobody knows; `usd`: the
    amount, None with an unknown price; `note`: what is free, assumed or unknown about it; `rule`: the ledger's.
    """

    label: str
    item: Item
    quantity: float
    unit: str
    per: int
    price: float | None
    usd: float | None
    source: str
    note: str
    rule: str

    @property
    def says(self) -> tuple[str, str, str]:
        """Quantity, price and amount as text."""
        unit = self.unit if self.unit.startswith("GB") or self.quantity == 1 else f"{self.unit}s"
        each = self.unit if self.per == 1 else f"{self.per:,}"
        price = "unknown" if self.price is None else "free" if not self.price else f"{self.price:.10g} per {each}"
        return f"{_quantity(self.quantity)} {unit}", price, "?" if self.usd is None else _dollars(self.usd)


@dataclass(frozen=True, slots=True)
class Bill:
    """A month's bill: its `lines`, and `notes` on what it leaves out. Shows itself as text, as a page, and as a table."""

    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """US dollars, of the lines whose price is known."""
        return sum(line.usd or 0.0 for line in self.lines)

    @property
    def unknown(self) -> tuple[Line, ...]:
        """The lines whose price nobody knows: the total leaves them out."""
        return tuple(line for line in self.lines if line.usd is None)

    @property
    def assumed(self) -> tuple[Line, ...]:
        """The lines for whose price another one stands in."""
        return tuple(line for line in self.lines if line.note.startswith("assumed"))

    @property
    def sums(self) -> dict[str, float]:
        """US dollars by item, whatever the place, of the lines whose price is known."""
        sums: dict[str, float] = {}
        for line in self.lines:
            sums[line.label] = sums.get(line.label, 0.0) + (line.usd or 0.0)
        return sums

    @property
    def says(self) -> str:
        """The total in a sentence."""
        missing = sorted({line.label for line in self.unknown})
        without = f", without what is unknown: {', '.join(missing)}" if missing else ""
        return f"A month's bill: {_dollars(self.total)} US dollars{without}."

    def __str__(self) -> str:
        """The bill for a terminal: at most 100 columns."""
        rows = [(line.label, line.item.region or "?", *line.says) for line in self.lines]
        wide = [max((len(row[column]) for row in rows), default=0) for column in range(5)]
        body = [f"  {a:{wide[0]}}  {b:{wide[1]}}  {c:>{wide[2]}}  {d:<{wide[3]}}  {e:>{wide[4]}}" for a, b, c, d, e in rows]
        return "\n".join([self.says, *body, *(line for note in self._footnotes() for line in wrap(note, 98))])

    __repr__ = __str__

    def _footnotes(self) -> list[str]:
        places: dict[str, dict[str, list[str]]] = {}
        for line in self.lines:
            if line.note:
                places.setdefault(line.note, {}).setdefault(line.label, []).append(line.item.region)
        told = []
        for note, labels in places.items():
            where = "; ".join(f"{label} ({', '.join(dict.fromkeys(regions))})" for label, regions in labels.items())
            told.append(f"{note[0].upper()}{note[1:]}: {where}.")
        return [*told, *self.notes, "List prices in US dollars before tax, for teaching, not a quotation."]

    def _repr_html_(self) -> str:
        heads = ("item", "where", "quantity", "price, USD", "USD", "rule", "source")
        head = "".join(f"<th scope='col'>{each}</th>" for each in heads)
        sources = list(dict.fromkeys(line.source for line in self.lines if line.source))
        rows = "".join(_row(line, sources) for line in self.lines)
        total = f"<tr class='cdnlab-total'><td colspan='4'>together</td><td>{escape(_dollars(self.total))}</td><td></td><td></td></tr>"
        codes = [code for code in _GEOGRAPHIES if any(line.item.region == code for line in self.lines)]
        named = ["; ".join(f"{code}: {_GEOGRAPHIES[code]}" for code in codes) + "."] if codes else []
        told = [*self._footnotes(), *named, *(f"[{number}] {source}." for number, source in enumerate(sources, 1))]
        notes = "".join(f"<p class='cdnlab-note'>{escape(each)}</p>" for each in told)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}{total}</tbody></table>"
        return f'<div class="cdnlab cdnlab-bill"><style>{css()}{_STYLE}</style><p>{escape(self.says)}</p>{table}{notes}</div>'

    def to_frame(self) -> pd.DataFrame:
        """The lines as a table: item, region, quantity, unit, price, per, usd, note, source, rule; unknown amounts are NaN."""
        import pandas as pd

        columns = ["item", "region", "quantity", "unit", "price", "per", "usd", "note", "source", "rule"]
        cells = [(x.label, x.item.region, x.quantity, x.unit, x.price, x.per, x.usd, x.note, x.source, x.rule) for x in self.lines]
        return pd.DataFrame(cells, columns=columns).astype({"quantity": float, "price": float, "usd": float})


_STYLE = """
.cdnlab.cdnlab-bill{font:14px/1.45 system-ui,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;padding:2px 4px;max-width:900px;overflow-x:auto}
.cdnlab.cdnlab-bill p{margin:6px 0}.cdnlab.cdnlab-bill .cdnlab-note{font-size:12.5px}
.cdnlab.cdnlab-bill table{border-collapse:collapse;font-size:13px;border:0;margin:0}
.cdnlab.cdnlab-bill table :is(th,td){text-align:left;vertical-align:top;padding:3px 10px 3px 0;border:0;background:none;color:inherit;
max-width:none;white-space:normal;border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent)}
.cdnlab.cdnlab-bill table :is(th,td):is(:nth-child(3),:nth-child(5)){text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.cdnlab.cdnlab-bill code{white-space:nowrap;background:none;padding:0;color:inherit}
.cdnlab.cdnlab-bill .cdnlab-total td{font-weight:600}.cdnlab.cdnlab-bill .cdnlab-total td:nth-child(2){text-align:right}
"""


def _row(line: Line, sources: Sequence[str]) -> str:
    quantity, price, usd = (escape(each) for each in line.says)
    price = f"{price}, assumed" if line.note.startswith("assumed") else price
    source = f"[{sources.index(line.source) + 1}]" if line.source else ""
    cells = (escape(line.label), escape(line.item.region or "?"), quantity, price, usd, f"<code>{line.rule}</code>", source)
    return f"<tr>{''.join(f'<td>{each}</td>' for each in cells)}</tr>"


def bill(
    used: Any = (),
    *,
    times: float = 1,
    invalidation_paths: int | Iterable[str] = 0,
    storage: Mapping[str, float] | None = None,
    puts: Mapping[str, float] | None = None,
    replication: Iterable[Replication] = (),
    direct: Mapping[str, tuple[float, float]] | None = None,
    free_tier: bool = False,
    prices: Any = None,
) -> Bill:
    """The bill of a month.

    `used`: a Journey, a Meter or a Usage, or any number of them, multiplied by `times`. What follows is the whole month's and is not
    multiplied. `invalidation_paths`: how many, or the paths themselves (a wildcard and a tag are one each); `storage`: bytes kept all
    month, by Region; `puts`: objects put, by Region; `replication`: what was copied between Regions (their storage is
    `storage`'s); `direct`: (requests, bytes) by Region that viewers got from S3 itself. `free_tier`: take off CloudFront's
    always-free 1 TB and 10 million requests. `prices`: a table of your own like data/prices.csv (path, rows, DataFrame).
    Raises InputError, and UnknownName for a Region.

    >>> a_year_of_photos = bill(storage={"us-east-1": 100 * 2**30}, direct={"us-east-1": (1_000_000, 50 * 2**30)})
    >>> print(a_year_of_photos.says)
    A month's bill: 7.20 US dollars.
    """
    listed = Prices.of(prices)
    usage = Usage.of(used) * times
    extra: dict[Item, float] = {}

    def add(service: str, name: str, place: str, amount: float) -> None:
        item = Item(service, name, place)
        extra[item] = extra.get(item, 0.0) + amount

    add("cloudfront", "invalidation_paths", "global", _paths(invalidation_paths))
    for place, kept in _by_region("storage", storage):
        add("s3", "storage_standard", place, checked_amount("storage", kept) / GB)
    for place, number in _by_region("puts", puts):
        add("s3", "requests_put_copy_post_list", place, checked_amount("puts", number))
    for copied in replication:
        _replicated(copied, add)
    for place, got in _by_region("direct", direct):
        if not isinstance(got, tuple | list) or len(got) != 2:
            raise InputError(f"direct[{place!r}] is {got!r}; give (requests, bytes)")
        add("s3", "requests_get_select", place, checked_amount("requests", got[0]))
        add("s3_ec2", "data_transfer_out_internet", place, checked_amount("bytes", got[1]) / GB)
    usage += Usage(extra)
    free = _free_shares(usage, listed) if free_tier else {}
    lines = [
        line
        for item, amount in sorted(usage.amounts.items(), key=lambda pair: (*_rank(pair[0]), pair[0].region))
        if amount
        for line in _lines(item, amount, free.get(item, 0.0), listed)
    ]
    notes = []
    if usage.bytes_from_elsewhere:
        sent = f"{_quantity(usage.bytes_from_elsewhere / GB)} GB"
        notes.append(f"Not on it: {sent} from origins outside AWS to CloudFront, which whoever runs them bills.")
    return Bill(tuple(lines), tuple(notes))


def _rank(item: Item) -> tuple[int, str]:
    known = item[:2]
    return (_ORDER.index(known) if known in _WORDS else len(_ORDER), item.name)


def _lines(item: Item, amount: float, free: float, prices: Prices) -> Iterable[Line]:
    label, rule = _WORDS.get(item[:2], (item.name.replace("_", " "), "COST-12"))
    unit, source = _unit(item), ""
    if free:
        yield Line(label, item, free, unit, 1, 0.0, 0.0, prices.steps(_allowance(item))[0].source, _FREE_NOTE, "COST-10")
    for charge in prices.charges(item, amount - free, start=free) if amount > free else ():
        price = charge.price
        if price is None:
            yield Line(label, item, charge.quantity, unit, 1, None, None, source, f"price unknown: {prices.why_unknown(item)}", rule)
        else:
            note = charge.assumed or ("free every month" if not price.usd and price.end < inf else "")
            yield Line(label, item, charge.quantity, price.unit, price.per, price.usd, charge.usd, price.source, note, rule)


def _unit(item: Item) -> str:
    """The unit of an item, price or no price."""
    if "request" in item.name:
        return "request"
    return "path" if "path" in item.name else "GB-month" if "storage" in item.name else "GB"


def _allowance(item: Item) -> Item:
    return Item("cloudfront", next(free for free, names in _FREE.items() if item.name in names), "global")


def _free_shares(usage: Usage, prices: Prices) -> dict[Item, float]:
    """How much of each item the always-free tier pays for: its geographies share it in proportion (COST-10)."""
    shares: dict[Item, float] = {}
    for free, names in _FREE.items():
        steps = prices.steps(Item("cloudfront", free, "global"))
        if not steps:
            raise InputError(f"{prices.name} has no row cloudfront,{free},global, so free_tier has nothing to take off")
        amounts = {item: amount for item, amount in usage.amounts.items() if item.service == "cloudfront" and item.name in names}
        whole = sum(amounts.values())
        shares |= {item: amount * min(1.0, steps[0].end / whole) for item, amount in amounts.items() if whole}
    return shares


def _replicated(copied: Any, add: Any) -> None:
    if not isinstance(copied, tuple) or not 4 <= len(copied) <= 5:
        raise InputError(f"replication holds {copied!r}; give costs.Replication(source, destination, objects, bytes)")
    each = Replication(*copied)
    ends = region(each.source).region, region(each.destination).region
    gigabytes = checked_amount("bytes", each.bytes) / GB
    add("s3", "requests_put_copy_post_list", each.destination, checked_amount("objects", each.objects))
    if ends[0] != ends[1]:
        name = "data_transfer_to_other_us_east" if set(ends) == _US_EAST else "data_transfer_inter_region"
        add("s3_ec2", name, each.source, gigabytes)
    if each.timed:
        add("s3", "replication_time_control", each.source, gigabytes)


def _by_region(name: str, given: Any) -> Iterable[tuple[str, Any]]:
    if given is None:
        return
    if not isinstance(given, Mapping):
        raise InputError(f"{name} is {given!r}; give amounts by AWS Region, such as {{'us-east-1': ...}}")
    for place, amount in given.items():
        yield region(place).region, amount


def _paths(given: Any) -> float:
    if isinstance(given, Real):
        if isinstance(given, bool) or checked_amount("invalidation_paths", given) % 1:
            raise InputError(f"invalidation_paths is {given!r}; give a whole number, or the paths")
        return checked_amount("invalidation_paths", given)
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InputError(f"invalidation_paths is {given!r}; give how many, or a list of the paths")
    return float(len(list(given)))


def _quantity(value: float) -> str:
    """A quantity with about four digits: 1,234,567, 12.3, 0.0461."""
    return f"{value:,.0f}" if value >= 1000 or float(value).is_integer() else f"{value:.3g}"


def _dollars(value: float) -> str:
    """An amount in dollars, without the sign (two of them in a text make JupyterLab see a formula); less than a cent says so.

    >>> _dollars(1234.5), _dollars(0.004), _dollars(0), _dollars(0.015)
    ('1,234.50', '<0.01', '0.00', '0.02')
    """
    return "<0.01" if 0 < value < 0.005 else f"{value + 1e-9:,.2f}"  # 0.015 is a hair less in binary, and half a cent rounds up
