"""What one request used, as AWS counts it for the bill: requests, bytes, and the work that it made for others.

Every Journey has a meter. It knows no prices (`costs` does); it counts, and says where: CloudFront charges by the billing
geography of the edge that answered, S3 and Origin Shield by Region. Three counts surprise people. A redirect from HTTP to
HTTPS is a request of its own, and the viewer's next one is another. Headers weigh too: bytes are those of the log's
`sc-bytes`. And what an AWS origin sends to CloudFront is counted here, and free.

What a background refresh (stale-while-revalidate) does belongs to no viewer's journey, and is on no journey's meter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from numbers import Real
from types import MappingProxyType
from typing import Any, NamedTuple

from cdnlab.errors import InputError
from cdnlab.facts import table
from cdnlab.messages import Headers, Request, Response

__all__ = ["GB", "PROXY_METHODS", "Item", "Meter", "Usage", "checked_amount", "message_bytes", "metered"]

PROXY_METHODS = frozenset({"DELETE", "OPTIONS", "PATCH", "POST", "PUT"})
"""Methods that the bill counts by themselves when CloudFront forwards them (billing-and-usage-interpreting)."""

GB = 2**30
"""Bytes in a GB of a price list (COST-14)."""

_S3_HOST = re.compile(r".+\.s3(?:-website)?(?:[.-][a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?\Z")
_AWS_HOST = re.compile(r".+\.(?:amazonaws\.com(?:\.cn)?|on\.aws)\Z")
_PUT_LIKE = ("PUT", "POST")


class Item(NamedTuple):
    """Something with a price: `service`, `name` and `region` as in data/prices.csv."""

    service: str
    name: str
    region: str


def message_bytes(line: str, headers: Headers, body: int) -> int:
    """Bytes of a message as HTTP/1.1 carries it: start line, header lines, body.

    >>> message_bytes("HTTP/1.1 200 ", Headers({"Age": "1"}), 5)
    30
    """
    return len(line) + 4 + sum(len(f"{name}: {value}".encode("utf-8", "surrogatepass")) + 2 for name, value in headers.items()) + body


@cache
def _geographies() -> dict[str, str]:
    return {row["code"]: row["price_region"] for row in table("edge_locations.csv")}


@dataclass(frozen=True, slots=True)
class Meter:
    """What one request used.

    `region`: billing geography of the edge (US, EU, AP ...; "" for an edge that is not on the list); `http`, `https`: requests;
    `http_proxy`, `https_proxy`: those of DELETE, OPTIONS, PATCH, POST and PUT that went on to the origin; `bytes_out`: from
    the edge to the viewer; `bytes_to_origin`: what those went on with; `shields`: the Regions whose Origin Shield it passed
    as an extra layer; `s3_gets`, `s3_puts`: the Region of each request that an S3 bucket answered; `bytes_from_aws`,
    `bytes_from_elsewhere`: bodies that origins sent.
    """

    region: str
    http: int = 0
    https: int = 0
    http_proxy: int = 0
    https_proxy: int = 0
    bytes_out: int = 0
    bytes_to_origin: int = 0
    shields: tuple[str, ...] = ()
    s3_gets: tuple[str, ...] = ()
    s3_puts: tuple[str, ...] = ()
    bytes_from_aws: int = 0
    bytes_from_elsewhere: int = 0

    def items(self) -> Iterable[tuple[Item, float]]:
        """What is on the bill for it: priced items, and how many requests or GB (2**30 bytes) of each."""
        for name in ("http", "https", "http_proxy", "https_proxy"):
            if count := getattr(self, name):
                yield Item("cloudfront", f"requests_{name}", self.region), count
        if self.bytes_out:
            yield Item("cloudfront", "data_transfer_out_internet", self.region), self.bytes_out / GB
        if self.bytes_to_origin:
            yield Item("cloudfront", "data_transfer_out_origin", self.region), self.bytes_to_origin / GB
        for region in self.shields:
            yield Item("cloudfront", "origin_shield_requests", region), 1
        for region in self.s3_gets:
            yield Item("s3", "requests_get_select", region), 1
        for region in self.s3_puts:
            yield Item("s3", "requests_put_copy_post_list", region), 1
        if self.bytes_from_aws:
            yield Item("cloudfront", "origin_fetch_from_aws_origin", "global"), self.bytes_from_aws / GB


def metered(
    request: Request,
    response: Response,
    edge: str,
    *,
    asked: Iterable[Request] = (),
    statuses: Iterable[int] = (),
    loads: Iterable[tuple[str, int]] = (),
    shields: Iterable[str] = (),
) -> Meter:
    """The meter of one request, from what its Journey knows.

    `edge`: code of the edge; `asked`, `statuses`, `loads`: for each request to an origin the request, the status that came
    (0: none), and the origin's Region with the bytes of its body; `shields`: Regions of the shields that were passed.
    """
    origins = list(zip_longest(asked, statuses, loads))
    forwarded = [sent for sent, _, _ in origins if sent is not None and sent.method in PROXY_METHODS]
    counter = f"{request.scheme}{'_proxy' if forwarded else ''}"
    answered = [(sent, *(load or ("", 0))) for sent, status, load in origins if sent is not None and status]
    from_s3 = [(sent.method, region) for sent, region, _ in answered if _S3_HOST.match(sent.host)]
    at_aws = [bool(region) or bool(_AWS_HOST.match(sent.host)) for sent, region, _ in answered]
    line = f"HTTP/1.1 {response.status} "
    return Meter(
        region=_geographies().get(edge, ""),
        bytes_out=message_bytes(line, response.headers, len(response.content)),
        bytes_to_origin=sum(message_bytes(f"{each.method} {each.target} HTTP/1.1", each.headers, len(each.body)) for each in forwarded),
        shields=tuple(shields),
        s3_gets=tuple(region for method, region in from_s3 if method not in (*_PUT_LIKE, "DELETE")),
        s3_puts=tuple(region for method, region in from_s3 if method in _PUT_LIKE),
        bytes_from_aws=sum(size for (_, _, size), aws in zip(answered, at_aws, strict=True) if aws),
        bytes_from_elsewhere=sum(size for (_, _, size), aws in zip(answered, at_aws, strict=True) if not aws),
        **{counter: 1},
    )


@dataclass(frozen=True, slots=True)
class Usage:
    """What a month used: how many requests, GB, paths of each priced item. `+` adds, `*` multiplies.

    `bytes_from_elsewhere`: what origins outside AWS sent to CloudFront; whoever runs them bills it, not AWS.
    """

    amounts: Mapping[Item, float]
    bytes_from_elsewhere: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "amounts", MappingProxyType(dict(self.amounts)))

    @classmethod
    def of(cls, used: Any) -> Usage:
        """The usage of a Journey, a Meter, a Usage, or any number of them. Raises InputError for anything else."""
        amounts: dict[Item, float] = {}
        elsewhere = 0.0
        for each in _flat(used):
            found = each.amounts.items() if isinstance(each, Usage) else each.items()
            elsewhere += each.bytes_from_elsewhere
            for item, amount in found:
                amounts[item] = amounts.get(item, 0.0) + amount
        return cls(amounts, elsewhere)

    def __add__(self, other: Usage) -> Usage:
        return Usage.of([self, other])

    def __mul__(self, times: float) -> Usage:
        factor = checked_amount("times", times)
        return Usage({item: amount * factor for item, amount in self.amounts.items()}, self.bytes_from_elsewhere * factor)


def _flat(used: Any) -> Iterable[Meter | Usage]:
    if isinstance(used, Meter | Usage):
        yield used
    elif isinstance(meter := getattr(used, "meter", None), Meter):
        yield meter
    elif isinstance(used, Iterable) and not isinstance(used, str | bytes | Mapping):
        for each in used:
            yield from _flat(each)
    else:
        raise InputError(f"cannot bill {used!r}; give Journeys, Meters or Usages")


def checked_amount(name: str, value: Any) -> float:
    """A number that is 0 or more. Raises InputError."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 1e30:
        raise InputError(f"{name} is {value!r}; give a number, 0 or more")
    return float(value)
