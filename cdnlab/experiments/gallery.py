"""Lesson 10's complaint, whose cause is in an earlier lesson: a gallery whose photos are all a 403, from S3.

One private bucket holds a site (under `site/`), a gallery and its thumbnails; the bucket policy names this distribution, and nothing
is wrong with it. But a behaviour sends the gallery to the site's origin, which puts `/site` in front of every path, and a key that is not
there is a 403 for a caller who may not list. It looks like a matter of rights, and is one of routing.
"""

from __future__ import annotations

import copy
from typing import Any

from cdnlab.experiments.room import Room, config, put_policy, room, service
from cdnlab.journey import Journey

__all__ = ["given", "repaired", "trouble", "visit"]

_OAC = "E2OACGALLERY10"  # what the given config calls its OAC; every world makes its own
KEYS = {"site/index.html": "<h1>The gallery</h1>", "thumbs/cat.jpg": "a small cat", "gallery/cat.jpg": "a cat"}
VISITS = ("/", "/thumbs/cat.jpg", "/gallery/cat.jpg")


def given() -> dict[str, Any]:
    """The gallery's config, as its owner has it.

    >>> [(each["Id"], each["OriginPath"]) for each in given()["Origins"]["Items"]]
    [('site', '/site'), ('photos', '')]
    """
    base = config(room().bucket, oac=_OAC)
    origin, rule = base["Origins"]["Items"][0], {**base["DefaultCacheBehavior"], "TargetOriginId": "site"}
    behaviors = [
        {"PathPattern": pattern, **rule, "TargetOriginId": id} for pattern, id in (("/thumbs/*", "photos"), ("/gallery/*", "site"))
    ]
    return {
        **base,
        "Comment": "the gallery",
        "DefaultRootObject": "index.html",
        "Origins": {
            "Quantity": 2,
            "Items": [{**origin, "Id": "site", "OriginPath": "/site"}, {**origin, "Id": "photos", "OriginPath": ""}],
        },
        "DefaultCacheBehavior": rule,
        "CacheBehaviors": {"Quantity": 2, "Items": behaviors},
    }


def repaired() -> dict[str, Any]:
    """The config with the one change that is needed."""
    mended = given()
    mended["CacheBehaviors"]["Items"][1]["TargetOriginId"] = "photos"
    return mended


def without_path() -> dict[str, Any]:
    """A repair that mends the gallery and breaks the front page."""
    mended = given()
    mended["Origins"]["Items"][0]["OriginPath"] = ""
    return mended


def unsigned() -> dict[str, Any]:
    """A repair of the wrong thing: no OAC."""
    mended = given()
    for origin in mended["Origins"]["Items"]:
        del origin["OriginAccessControlId"]
    return mended


def world(gallery: dict[str, Any] | None = None) -> Room:
    """The gallery's world under this config. Raises what create_distribution raises."""
    mine = copy.deepcopy(given() if gallery is None else gallery)
    here = room(shows="oac")
    for key, body in KEYS.items():
        here.bucket.put_object(
            Key=key, Body=body, ContentType="text/html" if key.endswith("html") else "image/jpeg", CacheControl="max-age=3600"
        )
    for origin in mine["Origins"]["Items"]:
        if origin.get("OriginAccessControlId") == _OAC:
            origin["OriginAccessControlId"] = here.oac
    made = here.cdn.create_distribution(DistributionConfig={**mine, "CallerReference": "gallery"})["Distribution"]
    put_policy(here.bucket, [service(SourceArn=made["ARN"])])
    return here._replace(host=made["DomainName"], arn=made["ARN"])


def visit(path: str = VISITS[-1], gallery: dict[str, Any] | None = None) -> Journey:
    """Somebody opens a path of the gallery, under this config (default: as it was given).

    >>> [visit(path).response.status for path in VISITS]
    [200, 200, 403]
    """
    return world(gallery).staff(path)


def trouble(gallery: dict[str, Any]) -> str:
    """What still goes wrong in the gallery under this config; "" when all is well."""
    for path, body in zip(VISITS, KEYS.values(), strict=True):
        journey = visit(path, gallery)
        if (journey.response.status, journey.response.body) == (200, body.encode()):
            continue
        says = next((step.says for step in reversed(journey.steps) if step.place.kind == "origin"), "was not asked")
        return f"A visitor opens `{path}` and gets {journey.response.status}. The bucket {says}."
    if (street := world(gallery).street("/gallery/cat.jpg").status) != 403:
        return f"The gallery works, but the bucket's own address answers {street} as well."
    return ""
