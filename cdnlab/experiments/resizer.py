"""Lesson 05's complaint, whose cause is in an earlier lesson: a shop's image server that is asked again and again.

The server makes each picture as wide as `?w=` asks for. The shop sets a `session` cookie for every visitor, and the distribution
forwards all cookies, so each visitor has a key of their own: many copies of one picture, and none of them is ever found.
It looks as if the shelves were too small. It also shows what cookies do to requests that come at the same instant.
"""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

from cdnlab.cloudfront import CloudFront
from cdnlab.experiments.routing import Config
from cdnlab.experiments.stockroom import YEAR, world
from cdnlab.journey import Journey
from cdnlab.messages import Request, Response
from cdnlab.webserver import WebServer

__all__ = ["Shop", "brisbane", "check", "given", "post_consults", "repaired", "shop", "ten_at_once"]

_HOST = "images.example.com"
_PATH = "/shoe.jpg"


class Shop(NamedTuple):
    """A CloudFront before the image server: `cdn`, and the `url` of a picture, without its width."""

    cdn: CloudFront
    url: str

    def visit(self, visitor: int, city: str, width: int = 400) -> Journey:
        """A visitor with a session cookie of their own opens the picture."""
        return self.cdn.get(f"{self.url}?w={width}", viewer=city, headers={"Cookie": f"session={visitor}"})


def _resized(request: Request) -> Response:
    width = dict(part.partition("=")[::2] for part in (request.query or "").split("&")).get("w", "1600")
    return Response(200, {"Cache-Control": f"max-age={YEAR}", "Content-Type": "image/jpeg"}, _picture(width))


def _picture(width: str | int) -> bytes:
    return f"a shoe, {width} px wide".encode()


def given() -> Config:
    """The shop's config: the query in the key, all cookies forwarded.

    >>> given()["DefaultCacheBehavior"]["ForwardedValues"]["Cookies"]
    {'Forward': 'all'}
    """
    port = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    rule = {
        "TargetOriginId": "images",
        "ViewerProtocolPolicy": "allow-all",
        "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "all"}},
        "MinTTL": 60,
        "DefaultTTL": 86_400,
        "MaxTTL": YEAR,
    }
    return Config(
        CallerReference="lesson 05",
        Comment="the shop's pictures",
        Enabled=True,
        Origins={"Quantity": 1, "Items": [{"Id": "images", "DomainName": _HOST, "CustomOriginConfig": port}]},
        DefaultCacheBehavior=rule,
    )


def repaired() -> Config:
    """The config with the one change that is needed."""
    config = given()
    config["DefaultCacheBehavior"]["ForwardedValues"]["Cookies"]["Forward"] = "none"
    return config


def uncached_query() -> Config:
    """A repair that goes too far: nothing but the path in the key."""
    config = repaired()
    config["DefaultCacheBehavior"]["ForwardedValues"]["QueryString"] = False
    return config


def longer() -> Config:
    """A repair of the wrong knob: longer lifetimes."""
    config = given()
    config["DefaultCacheBehavior"]["MinTTL"] = 86_400
    return config


def shop(config: Config | None = None) -> Shop:
    """A fresh world with this config (default: as it was given).

    >>> here = shop()
    >>> [here.visit(number, "Auckland").result for number in (1, 2)]
    ['Miss', 'Miss']
    """
    cdn = CloudFront()
    cdn.connect(WebServer(_HOST, _resized, region="eu-north-1"))
    made = cdn.create_distribution(DistributionConfig=copy.deepcopy(dict(given() if config is None else config)))
    return Shop(cdn, f"https://{made['Distribution']['DomainName']}{_PATH}")


def check(config: Any) -> str:
    """Why the shop is still unhappy, "" when it is not: four visits, driven through a CloudFront with this config."""
    here = shop(config)
    ana, bruno, cleo = here.visit(1, "Auckland"), here.visit(2, "Auckland"), here.visit(3, "Brisbane")
    large = here.visit(1, "Auckland", width=1600)
    for journey, width in ((ana, 400), (bruno, 400), (cleo, 400), (large, 1600)):
        if journey.response.status != 200:
            return f"A visitor gets {journey.response.status} instead of the picture."
        if journey.response.body != _picture(width):
            return (
                f"Somebody asked for {width} px and got “{journey.response.body.decode()}”. Now too little is in the key: "
                "what tells two different pictures apart?"
            )
    asks = sum(len(journey.origin_requests) for journey in (ana, bruno, cleo))
    if (bruno.result, asks) == ("Hit", 1):
        return ""
    held = [each for each in here.cdn.copies(here.url) if each.place.code == ana.edge and each.key.query == "w=400"]
    if len(held) > 1:
        return (
            f"Bruno still reads {bruno.result} after Ana, and the server was asked {asks} times by 3 people. Edge {ana.edge} is not full: "
            f"it holds {len(held)} copies of the same picture. Compare their keys: `[held.key for held in shop.cdn.copies()]`."
        )
    return f"Bruno still reads {bruno.result} after Ana, and the server was asked {asks} times by 3 people. Does any copy stay at all?"


# ---- what the other exercises reckon with


def brisbane() -> list[object]:
    """Auckland, then Brisbane: what Brisbane reads, and how often the origin was asked in all."""
    here = world()
    both = [here.cdn.get(here.url + "/1", viewer=city) for city in ("Auckland", "Brisbane")]
    return [both[1].response.headers["X-Cache"], sum(len(journey.origin_requests) for journey in both)]


def ten_at_once() -> list[int]:
    """Origin requests of ten at the same instant: no cookies forwarded, then all of them."""
    counts = []
    for config in (repaired(), given()):
        here = shop(config)
        journeys = here.cdn.play([(0, "GET", f"{here.url}?w=400", "Auckland")] * 10)
        counts.append(sum(len(journey.origin_requests) for journey in journeys))
    return counts


def posted() -> Journey:
    """A POST through a behaviour that allows it."""
    config = repaired()
    methods = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    config["DefaultCacheBehavior"]["AllowedMethods"] = {"Quantity": len(methods), "Items": methods}
    here = shop(config)
    return here.cdn.request("POST", here.url, body=b"size=42", viewer="Auckland")


def post_consults() -> str:
    """Which caches a POST consults: those where a step looked for a copy."""
    looked = [step.place.kind for step in posted().steps if step.rule in ("PATH-02", "PATH-03", "PATH-04")]
    return "both" if len(set(looked)) > 1 else looked[0] if looked else "none"
