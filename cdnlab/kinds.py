"""The kinds of things an account holds, as rows of a table, and the record that is kept of each.

What may be said about a kind is AWS's: its names come from the service model, its error codes from there too. So a new
kind is a new row. A record's answer is put together by walking the output shape and filling in what the record has.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Literal

from cdnlab.errors import APIError
from cdnlab.shapes import Shape

__all__ = ["KINDS", "Ids", "Kind", "Record", "answer", "moment", "page"]

_PAGE = 100

_UPPER, _LOWER, _HEX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "abcdefghijklmnopqrstuvwxyz0123456789", "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing. `name`, `plural`: AWS's words; `prefix`: how its ids begin ("" means a UUID); `limit`: the
    account's quota; the rest: AWS's error codes. `unique`: the field of the config that no two may share.
    """

    name: str
    plural: str
    prefix: str
    limit: int
    too_many: str
    missing: str
    exists: str
    in_use: str
    unique: Literal["CallerReference", "Name"]
    managed: Literal["cache", "origin-request", "response-headers"] | None = None

    @property
    def config(self) -> str:
        """The name of its config, such as CachePolicyConfig."""
        return f"{self.name}Config"


def _kind(name: str, prefix: str, limit: int, unique: Literal["CallerReference", "Name"], **codes: Any) -> Kind:
    plural = name[:-1] + "ies" if name.endswith("y") and not name.endswith("Key") else name + "s"
    usual = {"too_many": f"TooMany{plural}", "missing": f"NoSuch{name}", "exists": f"{name}AlreadyExists", "in_use": f"{name}InUse"}
    return Kind(name, plural, prefix, limit, unique=unique, **{**usual, **codes})


_RESOURCE = {"missing": "NoSuchResource", "in_use": "ResourceInUse"}
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        _kind("Distribution", "E", 500, "CallerReference", in_use="ResourceInUse"),
        _kind("PublicKey", "K", 10, "Name"),
        _kind("KeyGroup", "", 10, "Name", **_RESOURCE),
        _kind("CloudFrontOriginAccessIdentity", "E", 100, "CallerReference"),
        _kind("OriginAccessControl", "E", 100, "Name"),
        _kind("CachePolicy", "", 20, "Name", managed="cache"),
        _kind("OriginRequestPolicy", "", 20, "Name", managed="origin-request"),
        _kind("ResponseHeadersPolicy", "", 20, "Name", managed="response-headers"),
    )
}


@dataclass(slots=True)
class Record:
    """What is kept of one thing. `etag`: the current one; `past`: all it ever had; `extra`: what its answer has besides
    the config; `created`, `modified`: seconds since the epoch.
    """

    id: str
    config: dict[str, Any]
    etag: str
    created: float
    modified: float
    extra: dict[str, Any] = field(default_factory=dict)
    past: set[str] = field(default_factory=set)
    managed: bool = False


class Ids:
    """Names that look like AWS's, from a seeded generator: the same seed, the same names."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"{seed} control plane")  # noqa: S311 (ids for a simulation)

    def some(self, prefix: str, length: int = 13, letters: str = _UPPER) -> str:
        """A prefix and so many letters.

        >>> len(Ids(0).some("E"))
        14
        """
        return prefix + "".join(self._random.choices(letters, k=length))

    def domain_name(self) -> str:
        """A distribution's own host name."""
        return self.some("d", letters=_LOWER) + ".cloudfront.net"

    def canonical_user(self) -> str:
        """An S3CanonicalUserId: 64 hex digits."""
        return self.some("", 64, _HEX)

    def for_kind(self, kind: Kind) -> str:
        """An id as this kind has them."""
        return self.some(kind.prefix) if kind.prefix else "-".join(self.some("", length, _HEX) for length in (8, 4, 4, 4, 12))


def moment(seconds: float) -> datetime:
    """Seconds since the epoch as boto3 gives a time: a datetime with the zone UTC, to the millisecond."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)


# what AWS writes into a DistributionSummary where the config is silent
_SUMMARY_DEFAULTS: Mapping[str, Any] = {
    "Aliases": {"Quantity": 0},
    "CacheBehaviors": {"Quantity": 0},
    "CustomErrorResponses": {"Quantity": 0},
    "PriceClass": "PriceClass_All",
    "ViewerCertificate": {"CloudFrontDefaultCertificate": True, "MinimumProtocolVersion": "TLSv1", "CertificateSource": "cloudfront"},
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": False,
    "Staging": False,
    "Comment": "",
    "Description": "",
}


def answer(shape: Shape, record: Record, name: str) -> dict[str, Any]:
    """A record of the kind `name` as an output shape of AWS has it: the thing itself, or its line in a list."""
    known: dict[str, Any] = {
        "Id": record.id,
        "ETag": record.etag,
        "LastModifiedTime": moment(record.modified),
        "CreatedTime": moment(record.created),
        "CreateTime": moment(record.created),
        "Type": "managed" if record.managed else "custom",
        f"{name}Config": record.config,
        "InvalidationBatch": record.config,
        **record.extra,
    }
    found: dict[str, Any] = {}
    for field_name, member in shape.members.items():
        if field_name == name:
            found[field_name] = answer(member, record, name)
        elif field_name in known:
            found[field_name] = copy.deepcopy(known[field_name])
        elif field_name in record.config:
            found[field_name] = copy.deepcopy(record.config[field_name])
        elif field_name in shape.required_members:
            found[field_name] = copy.deepcopy(_SUMMARY_DEFAULTS[field_name])
    return found


def page(shape: Shape, records: Sequence[Record], name: str, marker: str, max_items: str) -> dict[str, Any]:
    """One page of a list, as an output shape of AWS has it. `marker`: the id after which it begins; `max_items`: up to 100.

    Raises APIError InvalidArgument for a marker that is no id of the list, or a number that is none.
    """
    if max_items and not (max_items.isascii() and max_items.isdigit() and int(max_items[:9]) > 0):
        raise APIError("InvalidArgument", f"MaxItems is {max_items[:40]!r}; give a number from 1 to {_PAGE} as text")
    size = min(int(max_items[:9] or _PAGE), _PAGE)
    ids = [record.id for record in records]
    if marker and marker not in ids:
        raise APIError("InvalidArgument", f"Marker {marker[:80]!r} is no id of this list; give the NextMarker of the page before")
    start = ids.index(marker) + 1 if marker else 0
    shown = records[start : start + size]
    more = start + size < len(records)
    line = shape.members["Items"].member
    values: dict[str, Any] = {"Marker": marker, "MaxItems": size, "IsTruncated": more, "Quantity": len(shown)}
    if more:
        values["NextMarker"] = shown[-1].id
    if shown:
        values["Items"] = [answer(line, record, name) for record in shown]
    return {field_name: values[field_name] for field_name in shape.members if field_name in values}
