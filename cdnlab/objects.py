"""What a bucket holds: objects under keys, their versions, and the listing of them.

A bucket is flat: a key is any text, and "folders" are an illusion that a listing makes with a prefix and a delimiter.
An object never changes: a second put makes a new one. Without versioning the old one is gone; with versioning it stays
under its version id, and a delete only puts a marker on top. (S3 User Guide: object-keys, Versioning, DeletingObjectVersions.)
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from cdnlab.messages import Headers

__all__ = ["Grant", "Listing", "Objects", "StoredObject"]

Versioning = Literal["", "Enabled", "Suspended"]


class Grant(NamedTuple):
    """One line of an access control list: `grantee` (a canonical user id, or the URI of a group) and `permission`."""

    grantee: str
    permission: str


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object, or the marker that a delete left (`deleted`). `modified`: whole seconds since the epoch.

    `headers`: what S3 stored with it and gives back (Content-Type, Cache-Control, x-amz-meta-* ...); `etag`: with its
    quotation marks; `version`: "null" when it was put without versioning; `replica`: it came by replication;
    `owner`: canonical user id, "" for the bucket's owner; `acl`: who else may what.
    """

    key: str
    data: bytes
    modified: float
    headers: Headers = field(default_factory=Headers)
    version: str = "null"
    deleted: bool = False
    replica: bool = False
    etag: str = ""
    owner: str = ""
    acl: tuple[Grant, ...] = ()

    def __post_init__(self) -> None:
        if not self.etag and not self.deleted:
            object.__setattr__(self, "etag", f'"{hashlib.md5(self.data, usedforsecurity=False).hexdigest()}"')


class Listing(NamedTuple):
    """One page of a listing: `objects`, common `prefixes`, whether it is `truncated`, and the `last` key or prefix on it."""

    objects: tuple[StoredObject, ...]
    prefixes: tuple[str, ...]
    truncated: bool
    last: str


class Objects:
    """The objects of one bucket. `versioning`: "", Enabled or Suspended; `seed`: where its version ids come from.

    >>> objects = Objects("photos")
    >>> objects.put(StoredObject("cat.jpg", b"meow", 0.0)).etag
    '"4a4be40c96ac6314e91d93f38043a634"'
    """

    def __init__(self, seed: str, versioning: Versioning = "") -> None:
        self.versioning: Versioning = versioning
        self._seed, self._count = seed, 0
        self._versions: dict[str, list[StoredObject]] = {}  # newest last

    def next_version(self) -> str:
        """A version id that was never given out before; "null" unless versioning is enabled."""
        if self.versioning != "Enabled":
            return "null"
        self._count += 1
        return hashlib.sha256(f"{self._seed} version {self._count}".encode()).hexdigest()[:32]

    def put(self, object: StoredObject) -> StoredObject:
        """Keep an object as the newest of its key; one of the same version id goes."""
        versions = self._versions.setdefault(object.key, [])
        versions[:] = [each for each in versions if each.version != object.version]
        versions.append(object)
        return object

    def replace(self, old: StoredObject, new: StoredObject) -> None:
        """Keep `new` in the place of `old`, in the order of versions too."""
        versions = self._versions[old.key]
        versions[versions.index(old)] = new

    def delete(self, key: str, version: str | None, now: float) -> StoredObject | None:
        """Delete a key, or one version of it for good; the marker or version concerned, None when nothing was done."""
        versions = self._versions.get(key, [])
        if version is None and self.versioning:
            return self.put(StoredObject(key, b"", now, version=self.next_version(), deleted=True))
        gone = [each for each in versions if each.version == (version or "null")]
        versions[:] = [each for each in versions if each.version != (version or "null")]
        if not versions:
            self._versions.pop(key, None)
        return gone[0] if gone else None

    def find(self, key: str, version: str | None = None) -> StoredObject | None:
        """The newest object of a key, or this version of it: perhaps a delete marker, None when there is nothing."""
        versions = self._versions.get(key, [])
        if version is None:
            return versions[-1] if versions else None
        return next((each for each in versions if each.version == version), None)

    def __iter__(self) -> Iterator[StoredObject]:
        """The current objects, in the order of their keys' UTF-8 bytes."""
        for key in sorted(self._versions, key=str.encode):
            if not (newest := self._versions[key][-1]).deleted:
                yield newest

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def versions(self) -> Iterator[tuple[StoredObject, bool]]:
        """Every version and delete marker with whether it is the latest, by key, newest first."""
        for key in sorted(self._versions, key=str.encode):
            for number, each in enumerate(reversed(self._versions[key])):
                yield each, number == 0

    def page(self, prefix: str = "", delimiter: str = "", after: str = "", limit: int = 1000) -> Listing:
        """One page of at most `limit` objects and common prefixes: those that begin with `prefix` and come after `after`.

        Keys that have `delimiter` behind the prefix are rolled up into one common prefix. Source: S3 API, ListObjectsV2.
        """
        found = [each for each in self if each.key.startswith(prefix)]
        start = bisect_right([each.key.encode() for each in found], after.encode("utf-8", "surrogatepass"))
        objects: list[StoredObject] = []
        prefixes: list[str] = []
        last = ""
        for each in found[start:]:
            end = each.key.find(delimiter, len(prefix)) if delimiter else -1
            rolled = each.key[: end + len(delimiter)] if end >= 0 else ""
            if rolled and (rolled == after or (prefixes and prefixes[-1] == rolled)):
                continue  # this common prefix is on this page or was on an earlier one
            if len(objects) + len(prefixes) == limit:
                return Listing(tuple(objects), tuple(prefixes), limit > 0, last)
            last = rolled or each.key
            if rolled:
                prefixes.append(rolled)
            else:
                objects.append(each)
        return Listing(tuple(objects), tuple(prefixes), False, last)
