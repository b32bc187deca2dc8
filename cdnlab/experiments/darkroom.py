"""Lesson 08's darkroom: photos that only those may open to whom the photographer has sent a signed link.

A web server in Stockholm develops each photo small or large, as `size` says. The behaviour `private/*` trusts a key group, and the
group holds one public key; everything else on the site is open. The private half of the key signs the links. It is a TEST key, which
everybody has: a link that it signs proves nothing outside this lab.

The facts that the exercises reckon with are here too, taken from the same darkroom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cdnlab.cloudfront import CloudFront
from cdnlab.distribution import Distribution
from cdnlab.journey import Journey
from cdnlab.keys import KeyPair
from cdnlab.messages import Request, Response
from cdnlab.policies import managed
from cdnlab.signing import Signer
from cdnlab.webserver import WebServer

__all__ = [
    "HOST",
    "HOUR",
    "PHOTO",
    "Darkroom",
    "add_key",
    "code_of",
    "developed",
    "hold",
    "interrupted",
    "left_open",
    "mailed",
    "names",
    "warm",
    "world",
]

HOST = "www.example.com"
PHOTO = f"https://{HOST}/private/cat.jpg?size=small"
HOUR = 3600
_WEEK = 7 * 86400
_CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"


class Darkroom(NamedTuple):
    """A CloudFront, the URL of a `photo` that is private, the ids of the public `key` and of the `group` it is in; the `server` behind."""

    cdn: CloudFront
    photo: str
    key: str
    group: str
    server: WebServer

    @property
    def distribution(self) -> Distribution:
        """The distribution behind the photo's URL."""
        return self.cdn.distribution(HOST)

    @property
    def signer(self) -> Signer:
        """Signs links with the private half of the key."""
        return Signer(self.key, KeyPair.test("rsa"))

    @property
    def keys(self) -> dict[str, str]:
        """The public keys that the distribution trusts, by id: what the doctor needs."""
        return {self.key: KeyPair.test("rsa").public_pem}

    def link(self, life: float = HOUR) -> str:
        """The photo's URL, signed, good for `life` seconds from now."""
        return self.signer.url(self.photo, expires=int(self.cdn.clock.now() + life))


def _listed(*items: Any) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": list(items)}


def developed(request: Request) -> Response:
    """The photographer's server: any photo in any size."""
    if not request.path.endswith(".jpg"):
        return Response(200, {"Content-Type": "text/html", "Cache-Control": "max-age=60"}, b"<h1>The darkroom</h1>")
    body = f"the photo {request.path}, {request.query or 'as it is'}".encode().ljust(4096)
    return Response(200, {"Content-Type": "image/jpeg", "Cache-Control": f"max-age={_WEEK}"}, body)


def world(**more: Any) -> Darkroom:
    """A fresh darkroom; caches are empty. `more`: further fields of the config. Raises ConfigError for what AWS would refuse.

    >>> here = world()
    >>> code_of(here.cdn.get(here.photo)), code_of(here.cdn.get(here.link()))
    ('MissingKey', '')
    """
    cdn = CloudFront()
    server = WebServer("photos.example.com", developed, region="eu-north-1")
    cdn.connect(server)
    half = {"CallerReference": "lesson 08", "Name": "links", "EncodedKey": KeyPair.test("rsa").public_pem}
    key = cdn.create_public_key(PublicKeyConfig=half)["PublicKey"]["Id"]
    group = cdn.create_key_group(KeyGroupConfig={"Name": "photographer", "Items": [key]})["KeyGroup"]["Id"]
    sizes = {"QueryStringBehavior": "whitelist", "QueryStrings": _listed("size")}
    parts = {"HeadersConfig": {"HeaderBehavior": "none"}, "CookiesConfig": {"CookieBehavior": "none"}, "QueryStringsConfig": sizes}
    asked = {"EnableAcceptEncodingGzip": False, "EnableAcceptEncodingBrotli": False, **parts}
    policy = cdn.create_cache_policy(CachePolicyConfig={"Name": "by-size", "MinTTL": 0, "ParametersInCacheKeyAndForwardedToOrigin": asked})
    rule = {"TargetOriginId": "photos", "ViewerProtocolPolicy": "allow-all", "CachePolicyId": managed("cache", "CachingOptimized").id}
    trusted = {"Enabled": True, **_listed(group)}
    private = {**rule, "PathPattern": "private/*", "CachePolicyId": policy["CachePolicy"]["Id"], "TrustedKeyGroups": trusted}
    ports = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    config = {
        "CallerReference": "lesson 08",
        "Comment": "the darkroom",
        "Enabled": True,
        "Aliases": _listed(HOST),
        "ViewerCertificate": {"ACMCertificateArn": _CERTIFICATE, "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"},
        "Origins": _listed({"Id": "photos", "DomainName": "photos.example.com", "CustomOriginConfig": ports}),
        "DefaultCacheBehavior": rule,
        "CacheBehaviors": _listed(private),
        **more,
    }
    cdn.create_distribution(DistributionConfig=config)
    return Darkroom(cdn, PHOTO, key, group, server)


def add_key(cdn: CloudFront, pair: KeyPair) -> str:
    """Upload the public half of another key pair; its id."""
    half = {"CallerReference": "rotation", "Name": "new", "EncodedKey": pair.public_pem}
    return str(cdn.create_public_key(PublicKeyConfig=half)["PublicKey"]["Id"])


def hold(cdn: CloudFront, keys: Sequence[str]) -> None:
    """Let the photographer's key group hold these keys and no others."""
    (group,) = cdn.list_key_groups()["KeyGroupList"]["Items"]
    id = group["KeyGroup"]["Id"]
    config = {"Name": "photographer", "Items": list(keys)}
    cdn.update_key_group(Id=id, IfMatch=cdn.get_key_group(Id=id)["ETag"], KeyGroupConfig=config)


def code_of(journey: Journey) -> str:
    """The code in a refusal's XML; "" for any other answer."""
    return journey.response.body.decode("utf-8", "replace").partition("<Code>")[2].partition("</Code>")[0]


# ---- what the exercises reckon with


def mailed() -> list[Any]:
    """Status and code for a good link to which somebody has added a parameter."""
    here = world()
    journey = here.cdn.get(f"{here.link()}&utm_source=mail")
    return [journey.response.status, code_of(journey)]


def warm() -> list[Any]:
    """Status and code for a request without a signature, while a copy lies at the edge."""
    here = world()
    here.cdn.get(here.link())
    journey = here.cdn.get(here.photo)
    return [journey.response.status, code_of(journey)]


def interrupted() -> list[Any]:
    """Whether a download that outlives its link comes to its end, and the status of a range that is asked for later."""
    here = world()
    here.server.seconds = 20.0
    link = here.link(10)
    journey = here.cdn.get(link)
    whole = journey.response.status == 200 and len(journey.response.body) == int(journey.response.headers["Content-Length"] or 0)
    later = here.cdn.get(link, headers=[("Range", "bytes=2048-")])
    return ["yes" if whole and here.cdn.clock.now() > 10 else "no", later.response.status]


def left_open() -> int:
    """The status of a request without a signature when an open `*.jpg` stands above `private/*`."""
    config = world().distribution.config
    (private,) = config["CacheBehaviors"]["Items"]
    photos = {**config["DefaultCacheBehavior"], "PathPattern": "*.jpg"}
    here = world(CacheBehaviors=_listed(photos, private))
    return here.cdn.get(here.photo).response.status


def names() -> Mapping[str, str]:
    """The ids that the texts of the exercises name."""
    here = world()
    return {"key": here.key, "group": here.group}
