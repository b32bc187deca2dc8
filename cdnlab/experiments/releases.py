"""A site and its next build: the world of lesson 11.

A page names its parts: `/index.html` loads `app.js` at once and `cart.js` when somebody opens the cart. Build 2 replaces build
1 in the bucket, step by step; 100 people in five cities open the site every minute, and `run` tells what each of them
saw, from journeys through a CloudFront and from browsers that keep what they got (`cdnlab.browser`, a model).

Assumed, for a picture that can be read: which cities and how many people, one visit a minute each, three minutes between the
two steps of the upload. A page whose parts are missing, or of the other build, counts as broken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from cdnlab.browser import BrowserCache
from cdnlab.bucket import Bucket
from cdnlab.cloudfront import CloudFront
from cdnlab.errors import InputError
from cdnlab.geography import Viewer
from cdnlab.messages import Response

__all__ = ["CITIES", "DEPLOY", "FOREVER", "MINUTES", "QUARTER", "SAME", "Deployed", "Minute", "Release", "Site", "run", "site"]

CITIES = ("Lisbon", "New York", "Tokyo", "São Paulo", "Sydney")
REGULARS, NEWCOMERS = 12, 8  # in each city
MINUTES, DEPLOY, UPLOAD = 40, 10, 3
QUARTER, FOREVER = "max-age=900", "max-age=31536000, immutable"
SAME, VERSIONED = "same", "versioned"
STATES = ("new", "old", "missing", "mixed")


class Site(NamedTuple):
    """A CloudFront with one distribution (`id`) in front of one `bucket`; `home`: the site's address, ending with a slash."""

    cdn: CloudFront
    id: str
    home: str
    bucket: Bucket

    def invalidate(self, *paths: str) -> None:
        """What `aws cloudfront create-invalidation --paths` does. Raises what create_invalidation raises."""
        batch = {"CallerReference": str(self.cdn.clock), "Paths": {"Quantity": len(paths), "Items": list(paths)}}
        self.cdn.create_invalidation(DistributionId=self.id, InvalidationBatch=batch)


def site() -> Site:
    """An empty site: a bucket in Stockholm that only CloudFront may read, `index.html` as root object, query strings in the key.

    >>> shop = site()
    >>> put = shop.bucket.put_object(Key="index.html", Body=b"hello", CacheControl="max-age=900")
    >>> shop.cdn.get(shop.home).response.body
    b'hello'
    """
    cdn, bucket = CloudFront(), Bucket("shop", region="eu-north-1")
    cdn.connect(bucket)
    named = {"CallerReference": "lesson 11", "Comment": "the site's only reader"}
    guest = cdn.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig=named)
    identity = guest["CloudFrontOriginAccessIdentity"]["Id"]
    who = {"AWS": f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {identity}"}
    read = {"Effect": "Allow", "Principal": who, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/*"}
    see = {"Effect": "Allow", "Principal": who, "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::shop"}
    bucket.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": [read, see]}))
    key = {
        "EnableAcceptEncodingGzip": False,
        "EnableAcceptEncodingBrotli": False,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
    }
    kept = {"Name": "shop", "MinTTL": 0, "DefaultTTL": 86_400, "MaxTTL": 31_536_000, "ParametersInCacheKeyAndForwardedToOrigin": key}
    policy = cdn.create_cache_policy(CachePolicyConfig=kept)["CachePolicy"]["Id"]
    access = {"OriginAccessIdentity": f"origin-access-identity/cloudfront/{identity}"}
    origin = {"Id": "shop", "DomainName": "shop.s3.eu-north-1.amazonaws.com", "S3OriginConfig": access}
    made = cdn.create_distribution(
        DistributionConfig={
            "CallerReference": "lesson 11",
            "Comment": "",
            "Enabled": True,
            "DefaultRootObject": "index.html",
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "shop", "ViewerProtocolPolicy": "redirect-to-https", "CachePolicyId": policy},
        }
    )["Distribution"]
    return Site(cdn, made["Id"], f"https://{made['DomainName']}/", bucket)


# ---- a release


@dataclass(frozen=True, slots=True)
class Release:
    """How build 2 goes out, from minute DEPLOY on.

    `names`: the parts keep theirs (same), or carry a fingerprint of their content (versioned); `order`: what is uploaded first,
    page or assets, the other UPLOAD minutes later; `delete_old`: parts of build 1 are removed from the bucket with the second step;
    `page_header`, `asset_header`: Cache-Control of both builds; `invalidate_at`: minute of the invalidation of `paths`, or None.
    """

    names: str = VERSIONED
    order: tuple[str, ...] = ("assets", "page")
    delete_old: bool = False
    page_header: str = QUARTER
    asset_header: str = FOREVER
    invalidate_at: int | None = None
    paths: tuple[str, ...] = ("/*",)

    def __post_init__(self) -> None:
        if self.names not in (SAME, VERSIONED):
            raise InputError(f"names is {self.names!r}; choose {SAME!r} or {VERSIONED!r}")
        if sorted(map(str, self.order)) != ["assets", "page"]:
            raise InputError(f"order is {list(self.order)!r}; put 'page' and 'assets' in some order, each once")
        if not isinstance(self.delete_old, bool):
            raise InputError(f"delete_old is {self.delete_old!r}; give True or False")
        for header in ("page_header", "asset_header"):
            if not isinstance(getattr(self, header), str):
                raise InputError(f"{header} is {getattr(self, header)!r}; give a Cache-Control value, such as {QUARTER!r}")
        at = self.invalidate_at
        if at is not None and (isinstance(at, bool) or not isinstance(at, int) or not DEPLOY <= at < MINUTES):
            raise InputError(f"invalidate_at is {at!r}; give a minute from {DEPLOY} to {MINUTES - 1}, or None")
        if isinstance(self.paths, str) or not all(isinstance(path, str) for path in self.paths):
            raise InputError(f"paths is {self.paths!r}; give a list of paths, such as ['/index.html']")

    @classmethod
    def of(cls, plan: Any) -> Release:
        """A release from a dict. Raises InputError."""
        known = [field.name for field in fields(cls)]
        if not isinstance(plan, Mapping) or (strange := [name for name in plan if name not in known]):
            found = repr(plan) if not isinstance(plan, Mapping) else f"with {strange[0]!r}"
            raise InputError(f"a release is a dict with {', '.join(known)}; this is one {found}")
        lists = {name: tuple(plan[name]) for name in ("order", "paths") if isinstance(plan.get(name), list | tuple)}
        return cls(**{**plan, **lists})

    @property
    def page_at(self) -> int:
        """The minute in which the new page is uploaded."""
        return DEPLOY + UPLOAD * self.order.index("page")

    @property
    def assets_at(self) -> int:
        """The minute in which its parts are uploaded."""
        return DEPLOY + UPLOAD * self.order.index("assets")

    def files(self, build: int) -> tuple[dict[str, bytes], bytes]:
        """A build: its parts by key, and the page that names them."""
        parts = {}
        for part in ("app", "cart"):
            body = f"/* {part}, build {build} */".encode()
            mark = f".{sha256(body).hexdigest()[:6]}" if self.names == VERSIONED else ""
            parts[f"{part}{mark}.js"] = body
        app, cart = parts
        page = f'<!doctype html><title>Shop, build {build}</title><script src="/{app}"></script><a data-loads="/{cart}">Cart</a>'
        return parts, page.encode()


class _Deployment:
    """Build 1 in place, then build 2 as the release says, minute by minute."""

    def __init__(self, release: Release) -> None:
        self.release, self.site = release, site()
        self._upload("assets", 1)
        self._upload("page", 1)

    def _upload(self, what: str, build: int) -> None:
        parts, page = self.release.files(build)
        if what == "page":
            header = self.release.page_header
            self.site.bucket.put_object(Key="index.html", Body=page, ContentType="text/html", CacheControl=header)
        for key, body in parts.items() if what == "assets" else ():
            self.site.bucket.put_object(Key=key, Body=body, ContentType="text/javascript", CacheControl=self.release.asset_header)

    def step(self, minute: int) -> None:
        release = self.release
        if minute == release.page_at:
            self._upload("page", 2)
        if minute == release.assets_at:
            self._upload("assets", 2)
        if minute == DEPLOY + UPLOAD and release.delete_old and release.names == VERSIONED:
            for key in release.files(1)[0]:
                self.site.bucket.delete_object(Key=key)
        if minute == release.invalidate_at:
            self.site.invalidate(*release.paths)


_NAMED = re.compile(r'build (\d).*src="/([^"]+)".*data-loads="/([^"]+)"')


def _visit(shop: Site, viewer: Viewer, browser: BrowserCache, *, cart: bool) -> str:
    """What somebody sees: one of STATES."""

    def got(path: str) -> Response:
        def ask(headers: dict[str, str]) -> Response:
            return shop.cdn.get(shop.home + path, viewer, headers, explain=False).response

        return browser.open(shop.home + path, shop.cdn.clock.now(), ask).response

    page = got("")
    found = _NAMED.search(page.body.decode()) if page.status == 200 else None
    if found is None:
        return "missing"
    build, *parts = found.groups()
    for part in parts if cart else parts[:1]:
        answer = got(part)
        if answer.status != 200:
            return "missing"
        if f"build {build}".encode() not in answer.body:
            return "mixed"
    return "new" if build == "2" else "old"


# ---- what came of it


class Minute(NamedTuple):
    """What 100 people saw in one minute, each one of STATES: those who `back` came, those on their `first` visit; city by city."""

    at: int
    back: tuple[str, ...]
    first: tuple[str, ...]

    def count(self, *states: str) -> int:
        """How many saw one of these."""
        return sum(state in states for state in (*self.back, *self.first))

    @property
    def told(self) -> str:
        """The minute in a line."""
        return f"minute {self.at}: {self.count('new')} new, {self.count('old')} old, {self.count('missing', 'mixed')} broken"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A release and its minutes."""

    release: Release
    minutes: tuple[Minute, ...]

    @property
    def last_old(self) -> int:
        """The last minute in which somebody saw the whole old page; MINUTES - 1 may mean: and later, too."""
        return max(minute.at for minute in self.minutes if minute.count("old"))

    @property
    def last_old_first(self) -> int:
        """The same among those on their first visit."""
        return max(minute.at for minute in self.minutes if "old" in minute.first)

    def broken(self, *states: str) -> int:
        """How many visits were broken, all minutes together."""
        return sum(minute.count(*(states or ("missing", "mixed"))) for minute in self.minutes)


@lru_cache(maxsize=256)
def run(release: Release) -> Deployed:
    """Everybody's visits under one release, in a fresh world. Raises what create_invalidation raises for its paths.

    >>> run(Release(invalidate_at=16)).minutes[16].told
    'minute 16: 52 new, 48 old, 0 broken'
    """
    deployment = _Deployment(release)
    shop, clock = deployment.site, deployment.site.cdn.clock
    viewers = [Viewer.of(city) for city in CITIES]
    regulars = [[BrowserCache() for _ in range(REGULARS)] for _ in CITIES]
    begun = clock.now()
    for viewer, browsers in zip(viewers, regulars, strict=True):  # so that the copies of five cities end at five times
        for browser in browsers:
            _visit(shop, viewer, browser, cart=False)
        clock.advance(UPLOAD * 60)
    minutes = []
    for at in range(MINUTES):
        clock.advance(max(0.0, begun + (UPLOAD * len(CITIES) + at) * 60 + 5 - clock.now()))
        deployment.step(at)
        back = [
            _visit(shop, viewer, browser, cart=at >= _opens_cart(city + len(CITIES) * one))
            for city, (viewer, browsers) in enumerate(zip(viewers, regulars, strict=True))
            for one, browser in enumerate(browsers)
        ]
        first = [_visit(shop, viewer, BrowserCache(), cart=False) for viewer in viewers for _ in range(NEWCOMERS)]
        minutes.append(Minute(at, tuple(back), tuple(first)))
    return Deployed(release, tuple(minutes))


def _opens_cart(regular: int) -> int:
    """The minute from which on a regular opens the cart, too: three more people each minute, in one city after the other."""
    return DEPLOY - 2 + regular % 20


# ---- what the exercises reckon with

IN_TIME = DEPLOY + 10
"""The minute from which on everybody is to see build 2."""


def may_see_old() -> int:
    """Minutes past twelve: the edge fetched a page with QUARTER at 12:00, a browser got it at 12:05, /* was invalidated at 12:06."""
    shop, browser, noon = site(), BrowserCache(), 0.0

    def sees(at: int) -> bytes:
        shop.cdn.clock.advance(max(0.0, noon + at * 60 - shop.cdn.clock.now()))
        return browser.open(
            shop.home, shop.cdn.clock.now(), lambda headers: shop.cdn.get(shop.home, headers=headers).response
        ).response.body

    shop.bucket.put_object(Key="index.html", Body=b"old", CacheControl=QUARTER)
    noon = shop.cdn.clock.now()
    shop.cdn.get(shop.home)
    sees(5)
    shop.cdn.clock.advance(60)
    shop.bucket.put_object(Key="index.html", Body=b"new", CacheControl=QUARTER)
    shop.invalidate("/*")
    return next(at for at in range(7, 60) if sees(at) == b"new")


def white_page() -> dict[str, Any]:
    """The release of a shop whose customers see old and white pages."""
    return {
        "names": VERSIONED,
        "order": ["page", "assets"],
        "delete_old": True,
        "page_header": "max-age=86400",
        "asset_header": FOREVER,
        "invalidate_at": DEPLOY + 1,
        "paths": ["/"],
    }


def mended() -> dict[str, Any]:
    """One good repair of it."""
    repaired = {"order": ["assets", "page"], "delete_old": False, "page_header": "max-age=0, s-maxage=86400"}
    return white_page() | repaired | {"invalidate_at": DEPLOY + UPLOAD, "paths": ["/index.html"]}


def trouble(plan: Any) -> str:
    """What goes wrong under this release; "" when all is well. Raises InputError, and what create_invalidation raises."""
    release = Release.of(plan)
    met = run(release)
    bad = next((minute for minute in met.minutes if minute.count("missing", "mixed")), None)
    if bad is not None:
        what = "the page names a part that is nowhere" if bad.count("missing") else "page and parts are of different builds"
        why = f"The new page was in the bucket from minute {release.page_at}, its parts from minute {release.assets_at}."
        if release.delete_old and bad.at >= DEPLOY + UPLOAD:
            why = f"Old parts were deleted at minute {DEPLOY + UPLOAD}; whose page still names them?"
        return f"In minute {bad.at}, {bad.count('missing', 'mixed')} of 100 people see a white page: {what}. {why}"
    if met.last_old_first >= IN_TIME:
        who = f"In minute {met.last_old_first} people on their first visit still see build 1. Empty browsers: CloudFront sent it."
        if release.invalidate_at is None:
            return f"{who} Nothing told it to forget its copies, which are good for as long as page_header says."
        if release.invalidate_at < release.page_at:
            return f"{who} At minute {release.invalidate_at}, when it forgot (if it did), the bucket still held the old page."
        return f"{who} Did {', '.join(release.paths)} remove it? Try the path in the preview."
    if met.last_old >= IN_TIME:
        return f"In minute {met.last_old} people who came back still see build 1, from their own browsers. Which header allows that?"
    return ""
