"""Invalidation paths: how they are written, and what they remove.

    /images/cat.jpg     this object, all its variants by cookies and headers
    /images/*           everything below; a `*` is a wildcard only as the last character
    /image.jpg?size=1   this object with this query string, where query strings are in the cache key
    /image.jpg*         this object with any query string, and everything else that begins so
    #product:tv         every object the origin gave this tag, where the distribution has a CacheTagConfig

A path is compared with the raw path of the viewers' requests, character by character.
(Invalidation, invalidation-specifying-objects, invalidation-by-tags.)
"""

from __future__ import annotations

import re

from cdnlab.fields import Field
from cdnlab.shapes import Said

__all__ = ["MAX_PATHS", "cache_tags", "check_invalidation", "invalidates", "is_wildcard"]

MAX_PATHS = 3000  # in one invalidation, and in progress at one time
_LONGEST, _LONGEST_TAG, _MOST_TAGS = 4000, 256, 50
_UNSAFE = re.compile(r"[^\x21-\x7e]|[\"<>\\^`{|}]")  # RFC 1738 section 2.2, without `#`, `%` and `~`, which have rules of their own
_TAG = re.compile(r"[\x21-\x2b\x2d-\x7e]+\Z")  # visible ASCII without comma


def is_wildcard(path: str) -> bool:
    """Whether an invalidation path stands for many objects: its last character is `*`.

    >>> is_wildcard("/images/*"), is_wildcard("/images/*.jpg")
    (True, False)
    """
    return path.endswith("*") and not path.startswith("#")


def invalidates(pattern: str, path: str, query_in_key: str | None = None) -> bool:
    """Whether an invalidation path removes the object with this raw path.

    `query_in_key`: the part of the query string that is in the object's cache key; None or "" if there is none.

    >>> invalidates("/images/*.jpg", "/images/cat.jpg"), invalidates("/images/*", "/images/cats/1.jpg")
    (False, True)
    >>> invalidates("/a.jpg", "/a.jpg", "v=1"), invalidates("/a.jpg*", "/a.jpg", "v=1")
    (False, True)
    """
    target = f"{path}?{query_in_key}" if query_in_key else path
    return target.startswith(pattern[:-1]) if is_wildcard(pattern) else target == pattern


def cache_tags(header: str) -> frozenset[str]:
    """The tags in an origin's tag header, in lower case: comma-separated, the first 50 that are well-formed.

    >>> sorted(cache_tags("product:TV, brand:Example"))
    ['brand:example', 'product:tv']
    """
    tags = (tag.strip().lower() for tag in header.split(","))
    return frozenset([tag for tag in tags if len(tag) <= _LONGEST_TAG and _TAG.match(tag)][:_MOST_TAGS])


def check_invalidation(batch: Field, *, tags: bool) -> None:
    """Refuse what AWS refuses in an InvalidationBatch (rules INV-07 to INV-11). `tags`: the distribution has a CacheTagConfig."""
    paths = batch.items("Paths")
    if not paths and not batch.node("Paths").whole("Quantity"):
        batch.refuse("InvalidArgument", "Paths", Said("no paths"), "an invalidation needs a path", "/images/cat.jpg or /images/*")
    if batch.given("CallerReference") and not batch.text("CallerReference"):
        batch.refuse("InvalidArgument", "CallerReference", "", "cannot be empty", "any text you have not used before")
    if len(paths) > MAX_PATHS:
        batch.refuse("BatchTooLarge", "Paths.Quantity", len(paths), "too many paths in one invalidation", f"up to {MAX_PATHS}")
    for path in paths:
        if not isinstance(path.value, str):
            continue
        if path.value.startswith("#"):
            _check_tag(path, tags)
        else:
            _check_path(path)


def _check_tag(item: Field, tags: bool) -> None:
    tag = item.value[1:]
    if not tags:
        item.refuse("InvalidArgument", "", item.value, "a tag, but the distribution has no CacheTagConfig", "a path that begins with /")
    elif len(tag) > _LONGEST_TAG or not _TAG.match(tag):
        item.refuse("InvalidArgument", "", item.value, "not a cache tag", f"# and up to {_LONGEST_TAG} visible ASCII characters, no comma")


def _check_path(item: Field) -> None:
    path = item.value
    if not path.startswith("/"):
        item.refuse("InvalidArgument", "", path, "a path begins with a slash", f"/{path[:60]}")
    elif len(path) > _LONGEST:
        item.refuse("InvalidArgument", "", path, f"{len(path)} characters", f"up to {_LONGEST} characters")
    elif strange := _UNSAFE.search(path):
        encoded = "".join(f"%{byte:02X}" for byte in strange[0].encode("utf-8", "surrogatepass"))
        item.refuse("InvalidArgument", "", path, f"{strange[0]!r} must be URL-encoded", encoded)
    elif "~" in path or "%7e" in path.lower():
        item.refuse(
            "InvalidArgument",
            "",
            path,
            "CloudFront cannot invalidate a path with ~, encoded or not",
            "a path that ends with * before the ~",
        )
    elif "#" in path:
        item.refuse("InvalidArgument", "", path, "'#' must be URL-encoded", "%23")
