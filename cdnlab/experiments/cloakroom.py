"""The cloakroom of lesson 04: a shop with one page, twelve visitors, and what becomes of them under one cache key.

The shop writes `/shirts` in three languages and for two colours. Each visitor has a query, a session cookie and a language, like
coats at a cloakroom: what is written on the tag decides who gets what back. `world` makes a CloudFront whose cache policy puts
some of the three in the key; `sent` sends the twelve through it and reads off the journeys and the edge what came of it.

The shop is always told everything (origin request policy AllViewerExceptHostHeader), so a wrong page is never the shop's doing.
The page depends on colour and language; it does not depend on the session, nor on the order of the parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from cdnlab.cachekey import treatments
from cdnlab.cloudfront import CloudFront
from cdnlab.journey import Journey
from cdnlab.keyparts import parameters
from cdnlab.keyxray import KeyXray, key_of, key_xray
from cdnlab.messages import Headers, Request, Response
from cdnlab.page import treated
from cdnlab.policies import managed
from cdnlab.webserver import WebServer

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "SPELLINGS",
    "VISITORS",
    "Hole",
    "Parts",
    "Round",
    "Visitor",
    "World",
    "became",
    "catalogue",
    "policy",
    "sent",
    "shop",
    "title_of",
    "visit",
    "weights",
    "world",
]


class Visitor(NamedTuple):
    """One visitor: the query of the link, the session cookie, the browser's language."""

    query: str
    session: str
    language: str

    @property
    def headers(self) -> dict[str, str]:
        """What the browser sends along."""
        return {"Cookie": f"session={self.session}", "Accept-Language": self.language}


VISITORS = (
    Visitor("color=red&size=m", "4f1a", "es"),
    Visitor("color=red&size=m", "b07c", "en"),
    Visitor("color=red&size=m", "91d3", "de"),
    Visitor("size=m&color=red", "e625", "en"),
    Visitor("color=blue&size=m", "0c88", "es"),
    Visitor("color=red&size=m", "7ab4", "en"),
    Visitor("size=m&color=red", "d2f9", "de"),
    Visitor("color=blue&size=m", "38e0", "en"),
    Visitor("color=red&size=m", "a516", "es"),
    Visitor("size=m&color=red", "6bc2", "es"),
    Visitor("color=red&size=m", "f340", "en"),
    Visitor("size=m&color=red", "1e97", "en"),
)
"""Twelve visitors in Madrid, in the order in which they come."""

_SHIRTS = {
    "en": {"red": "Red shirts", "blue": "Blue shirts"},
    "es": {"red": "Camisas rojas", "blue": "Camisas azules"},
    "de": {"red": "Rote Hemden", "blue": "Blaue Hemden"},
}


class Parts(NamedTuple):
    """What the cache key contains beside the path."""

    query: bool
    session: bool
    language: bool

    def __str__(self) -> str:
        named = zip(("query", "session cookie", "language"), self, strict=True)
        return " + ".join(["path", *(name for name, on in named if on)])


class World(NamedTuple):
    """A CloudFront with one distribution in front of the shop: `cdn`, and the page's `url` without a query."""

    cdn: CloudFront
    url: str


def shop(request: Request) -> Response:
    """The shop's web server: the page for this colour in this language, good for an hour."""
    asked = dict(text.partition("=")[::2] for _, text in parameters(request.query))
    language = (request.headers.get("Accept-Language") or "en")[:2]
    words = _SHIRTS.get(language, _SHIRTS["en"])
    title = words.get(asked.get("color", "red"), words["red"])
    body = f'<!doctype html><html lang="{language}"><title>{title}</title><h1>{title}</h1>'
    headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "max-age=3600", "Vary": "Accept-Language"}
    return Response(200, headers, body.encode())


def policy(parts: Parts, name: str = "shirts") -> dict[str, Any]:
    """A CachePolicyConfig, as create_cache_policy takes it, with just these parts in the key."""
    one = {"Quantity": 1}
    headers = {"HeaderBehavior": "whitelist", "Headers": one | {"Items": ["Accept-Language"]}}
    cookies = {"CookieBehavior": "whitelist", "Cookies": one | {"Items": ["session"]}}
    return {
        "Name": name,
        "MinTTL": 1,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": False,
            "EnableAcceptEncodingBrotli": False,
            "HeadersConfig": headers if parts.language else {"HeaderBehavior": "none"},
            "CookiesConfig": cookies if parts.session else {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "all" if parts.query else "none"},
        },
    }


def config(behaviour: dict[str, Any], host: str = "shop.example.com") -> dict[str, Any]:
    """A DistributionConfig: a web server behind this one behaviour."""
    web = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    return {
        "CallerReference": "lesson 04",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [{"Id": "shop", "DomainName": host, "CustomOriginConfig": web}]},
        "DefaultCacheBehavior": behaviour,
    }


def world(query: bool = True, session: bool = False, language: bool = True) -> World:
    """A fresh world whose cache policy has these parts in the key; the origin is sent everything but the Host.

    >>> cdn, url = world(language=False)
    >>> [cdn.get(url, headers={"Accept-Language": each}).result for each in ("es", "en")]
    ['Miss', 'Hit']
    """
    cdn = CloudFront()
    cdn.connect(WebServer("shop.example.com", shop, region="eu-north-1"))
    made = cdn.create_cache_policy(CachePolicyConfig=policy(Parts(query, session, language)))
    behaviour = {
        "TargetOriginId": "shop",
        "ViewerProtocolPolicy": "redirect-to-https",
        "CachePolicyId": made["CachePolicy"]["Id"],
        "OriginRequestPolicyId": managed("origin-request", "AllViewerExceptHostHeader").id,
    }
    made = cdn.create_distribution(DistributionConfig=config(behaviour))
    return World(cdn, f"https://{made['Distribution']['DomainName']}/shirts")


def visit(query: bool = True, session: bool = False, language: bool = True) -> tuple[CloudFront, list[Journey]]:
    """The twelve visitors, one after the other, through a fresh world with these parts in the key.

    >>> cdn, journeys = visit(session=True)
    >>> {journey.result for journey in journeys}
    {'Miss'}
    """
    cdn, url = world(query, session, language)
    return cdn, [cdn.get(f"{url}?{each.query}", "Madrid", each.headers) for each in VISITORS]


# ---- a round


@dataclass(frozen=True, slots=True)
class Hole:
    """One copy at the edge: the page's `title`, the visitors who got it (from 1), those of them who got a wrong page.

    `twin`: the number of an earlier hole with the same page, 0 without one.
    """

    title: str
    visitors: tuple[int, ...]
    wrong: tuple[int, ...]
    twin: int


@dataclass(frozen=True, slots=True)
class Round:
    """What the twelve met under one key: their journeys, the holes they filled, and the X-ray of the key."""

    parts: Parts
    journeys: tuple[Journey, ...]
    holes: tuple[Hole, ...]
    xray: KeyXray

    @property
    def copies(self) -> int:
        """Copies at the edge."""
        return len(self.holes)

    @property
    def hits(self) -> int:
        """Requests that CloudFront calls Hit."""
        return sum(journey.result == "Hit" for journey in self.journeys)

    @property
    def needless(self) -> int:
        """Copies of a page that another hole has already."""
        return sum(hole.twin > 0 for hole in self.holes)

    @property
    def wrong(self) -> int:
        """Visitors who got another page than the shop would have given them."""
        return sum(len(hole.wrong) for hole in self.holes)


@lru_cache(maxsize=8)
def sent(parts: Parts) -> Round:
    """One round: everything is read off the journeys and off what the edge then holds."""
    cdn, journeys = visit(*parts)
    keys = [held.key for held in cdn.copies() if held.place.kind == "edge"]
    keys.sort(key=[key_of(cdn, journey) for journey in journeys].index)  # in the order in which they were filled
    holes: list[Hole] = []
    for key in keys:
        who = [order for order, journey in enumerate(journeys, 1) if key_of(cdn, journey) == key]
        title = title_of(journeys[who[0] - 1].response)
        wrong = [order for order in who if journeys[order - 1].response.body != shop(journeys[order - 1].request).body]
        same = next((order for order, hole in enumerate(holes, 1) if hole.title == title), 0)
        holes.append(Hole(title, tuple(who), tuple(wrong), same))
    return Round(parts, tuple(journeys), tuple(holes), key_xray(cdn, journeys))


def title_of(response: Response) -> str:
    """The title of a page."""
    found = re.search(r"<title>(.*?)</title>", response.body.decode())
    return found[1] if found else str(response.status)


@lru_cache(maxsize=8)
def became(parts: Parts) -> tuple[str, str, str]:
    """What becomes of query, cookie and language under this key, in the words of `marks.TREATMENTS`.

    >>> became(Parts(query=True, session=False, language=False))
    ('in key', 'sent', 'sent')
    """
    cdn, url = world(*parts)
    request = Request("GET", f"{url}?{VISITORS[0].query}", Headers(VISITORS[0].headers))
    lines = treatments(cdn.distribution(request.host).plan_for(request.path), request)
    word = {each.name: treated(each) for each in lines if each.name in ("color", "session", "Accept-Language")}
    return word["color"], word["session"], word["Accept-Language"]


# ---- going further: compression

SPELLINGS = ("gzip, deflate, br", "br;q=1.0, gzip;q=0.8", "gzip, deflate", "gzip;q=0, br", "identity")
"""Five ways to say in Accept-Encoding which codings one can read."""


def catalogue() -> World:
    """A fresh world with a longer page, compression on, and AWS's policy CachingOptimized."""
    cdn = CloudFront()
    rows = (f"<li>Shirt {n * 7919 % 1000}: {color}, {n * 31 % 97 + 5} euros</li>" for n in range(150) for color in ("red", "blue", "white"))
    page = "<!doctype html><title>Catalogue</title><ul>" + "".join(rows)
    kept = {"Content-Type": "text/html", "Cache-Control": "max-age=3600"}
    cdn.connect(WebServer("shop.example.com", lambda request: Response(200, kept, page.encode()), region="eu-north-1"))
    behaviour = {
        "TargetOriginId": "shop",
        "ViewerProtocolPolicy": "redirect-to-https",
        "Compress": True,
        "CachePolicyId": managed("cache", "CachingOptimized").id,
    }
    made = cdn.create_distribution(DistributionConfig=config(behaviour))
    return World(cdn, f"https://{made['Distribution']['DomainName']}/catalogue")


def weights(journeys: Iterable[Journey]) -> pd.DataFrame:
    """What each viewer said, what it got, how heavy, and CloudFront's word for it."""
    import pandas as pd

    rows = [
        (
            journey.request.headers.get("Accept-Encoding"),
            journey.response.headers.get("Content-Encoding", "none"),
            round(len(journey.response.body) / 1000),  # to the last byte, it would depend on the version of the compressor
            journey.result,
        )
        for journey in journeys
    ]
    return pd.DataFrame(rows, columns=["Accept-Encoding", "Content-Encoding", "kB", "result"])


# ---- what the exercises reckon with


def recalled() -> list[str]:
    """Madrid, Madrid, Tokyo: what X-Cache tells each of them."""
    cdn, url = world()
    return [cdn.get(url, city).result for city in ("Madrid", "Madrid", "Tokyo")]


def thirteenth() -> list[object]:
    """Result of one more visitor, whose parameters stand the other way round, and the copies at the edge after that."""
    cdn, _ = visit()
    host = cdn.list_distributions()["DistributionList"]["Items"][0]["DomainName"]
    late = Visitor("size=m&color=blue", "77aa", "es")
    journey = cdn.get(f"https://{host}/shirts?{late.query}", "Madrid", late.headers)
    return [journey.result, sum(held.place.kind == "edge" for held in cdn.copies())]


def read_by_the_second() -> str:
    """The language that visitor 2 reads when the shop is told the language and the key does not contain it."""
    _, journeys = visit(language=False)
    found = re.search(r'lang="(\w+)"', journeys[1].response.body.decode())
    return {"es": "Spanish", "en": "English", "de": "German"}[found[1]] if found else ""
