"""What the exercises of lesson 07 reckon with: its numbers, and two sites to repair.

`handbook` is a site whose folders answer with an error, `frozen` a live channel that stands still. Each comes as the config that
its owner wrote, with a check that sends viewers through a CloudFront with the repaired one, and one good repair.
"""

from __future__ import annotations

from typing import Any

from cdnlab.bucket import Bucket
from cdnlab.cloudfront import CloudFront
from cdnlab.distance import region
from cdnlab.experiments import far
from cdnlab.experiments.sources import HOME, config, custom, open_to, publish, segments, short, world
from cdnlab.mediachannel import MediaChannel
from cdnlab.roundtrips import through_edge

__all__ = [
    "frozen",
    "frozen_trouble",
    "handbook",
    "handbook_trouble",
    "mended_handbook",
    "recalled",
    "round_trips",
    "silenced",
    "thawed",
]


def recalled() -> int:
    """How often the origin is asked when Auckland and then Brisbane want one photo."""
    cdn, url, _ = far.world()
    return sum(len(cdn.get(url, viewer=city).origin_requests) for city in ("Auckland", "Brisbane"))


def silenced() -> list[object]:
    """What two viewers read of an unplugged origin, half a minute after expiry and 4 s later; and whether it was tried again."""
    here = world()
    here.cdn.get(here.url)
    publish(here, "unplugged")
    here.cdn.clock.advance(90)
    first = here.cdn.get(here.url)
    here.cdn.clock.advance(4)
    second = here.cdn.get(here.url)
    again = any(leg.end.kind == "origin" for leg in second.legs)
    return [first.response.status, second.response.status, "yes" if again else "no"]


def round_trips() -> list[int]:
    """Round trips to the edge, and on to the origin, for a small page that may not be cached."""
    load = through_edge("Lisbon", region(HOME))
    return [load.near, load.far]


# ---- incident: the folders of a site


def handbook() -> dict[str, Any]:
    """The config of a site whose folders answer with XML."""
    rest = {"Id": "site", "DomainName": "handbook.s3.eu-north-1.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    return config(rest, "handbook", DefaultRootObject="index.html")


def mended_handbook() -> dict[str, Any]:
    """One good repair of it."""
    return config(custom("site", "handbook.s3-website.eu-north-1.amazonaws.com", "http-only"), "handbook", DefaultRootObject="index.html")


def handbook_trouble(given: dict[str, Any]) -> str:
    """What a reader of that site runs into under this config; "" when all is well. Raises what create_distribution raises."""
    cdn, bucket = CloudFront(), Bucket("handbook", region=HOME)
    cdn.connect(bucket)
    open_to(bucket)
    for key in ("index.html", "docs/index.html", "docs/origins/index.html"):
        bucket.put_object(Key=key, Body=f"<h1>{key}</h1>", ContentType="text/html", CacheControl="max-age=60")
    site = f"https://{cdn.create_distribution(DistributionConfig=given)['Distribution']['DomainName']}"
    for path in ("/", "/docs/", "/docs/origins/"):
        journey = cdn.get(site + path)
        asked = journey.origin_requests[0].url if journey.origin_requests else "nothing"
        if journey.response.status != 200 or not journey.response.body.startswith(b"<h1>"):
            if any(step.rule == "S3-40" for step in journey.steps):
                return f"{path} gets {journey.response.status}: a website endpoint speaks HTTP only, so CloudFront must be told http-only."
            return f"{path} gets {short(journey)}. CloudFront asked for {asked}, and that is no object."
        if f"<h1>{path[1:]}index.html".encode() not in journey.response.body:
            return f"{path} gets {journey.response.body.decode()}, which is the page of another folder."
    if (missing := cdn.get(f"{site}/nowhere").response.status) != 404:
        return f"The folders answer, but a page that does not exist gets {missing} now, not 404."
    if (again := cdn.get(f"{site}/docs/").result) != "Hit":
        return f"The folders answer, but a second reader of /docs/ is a {again}: nothing is cached now."
    return ""


# ---- incident: the channel that stands still


def frozen() -> dict[str, Any]:
    """The config of a channel whose viewers see the same half minute again and again."""
    channel = config(custom("live", MediaChannel("cup", region=HOME).host), "cup")
    values = {"QueryString": False, "Cookies": {"Forward": "none"}}
    rule = {"TargetOriginId": "live", "ViewerProtocolPolicy": "redirect-to-https", "ForwardedValues": values}
    channel["DefaultCacheBehavior"] = {**rule, "MinTTL": 60, "DefaultTTL": 86_400, "MaxTTL": 31_536_000}
    return channel


def thawed() -> dict[str, Any]:
    """One good repair of it."""
    mended = frozen()
    playlists = {**mended["DefaultCacheBehavior"], "PathPattern": "*.m3u8", "MinTTL": 0}
    mended["CacheBehaviors"] = {"Quantity": 1, "Items": [playlists]}
    return mended


def frozen_trouble(given: dict[str, Any]) -> str:
    """What viewers of that channel see under this config; "" when all is well. Raises what create_distribution raises."""
    cdn, channel = CloudFront(), MediaChannel("cup", region=HOME)
    cdn.connect(channel)
    host = cdn.create_distribution(DistributionConfig=given)["Distribution"]["DomainName"]
    fetched: dict[int, int] = {}
    for second in range(10 * int(channel.segment_seconds)):
        page = cdn.get(f"https://{host}{channel.playlist_path}").response
        if page.status != 200:
            return f"The playlist gets {page.status}."
        named, newest = segments(page.body), channel.newest(cdn.clock.now())
        if newest - named[-1] > 1:
            behind = (newest - named[-1]) * channel.segment_seconds
            return f"A viewer reads a playlist that ends with segment {named[-1]}, while the channel is at {newest}: {behind} s behind."
        for number in named if second % channel.segment_seconds == 0 else ():
            asked = cdn.get(f"https://{host}{channel.segment_path(number)}").origin_requests
            fetched[number] = fetched.get(number, 0) + len(asked)
        cdn.clock.advance(1)
    number, times = max(fetched.items(), key=lambda each: each[1])
    if times > 1:
        return f"The playlist is up to date, but segment {number}, which never changes, was fetched {times} times from the origin."
    return ""
