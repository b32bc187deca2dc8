"""Lesson 06's shop: one distribution, two origins, four behaviours in an order that can be changed.

A web server writes the shop's pages and answers its API; a bucket in Stockholm holds the photos. The photos under
`images/private/` must never travel in clear, so their behaviour is https-only; all others serve HTTP and HTTPS. In the order in which
the shop's people wrote them down, `images/*` stands above it.

The exercises' facts are reckoned here too, with the same shop.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from cdnlab.bucket import Bucket
from cdnlab.cloudfront import CloudFront
from cdnlab.distribution import Distribution
from cdnlab.errors import InputError
from cdnlab.journey import Journey
from cdnlab.messages import Request, Response
from cdnlab.policies import managed
from cdnlab.webserver import WebServer

__all__ = [
    "HOST",
    "METHODS",
    "ORDER",
    "Shop",
    "broken",
    "closed_file",
    "cured",
    "incident",
    "masked",
    "open_file",
    "putting",
    "root",
    "send",
    "shop",
    "site_trouble",
]

HOST = "www.example.com"
ORDER = ("api/*", "images/*", "images/private/*", "*.jpg")
"""The shop's behaviours in the order in which they were written; the default stands below them all."""
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")

CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
EVERY_METHOD = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
APP = b"<!doctype html><title>The shop</title><div id=app></div>"
PHOTOS = ("images/cat.jpg", "images/private/a.jpg", "banner.jpg")


def _listed(items: Sequence[Any]) -> dict[str, Any]:
    """A list as the API wants it."""
    return {"Quantity": len(items), "Items": list(items)}


def _behaviour(target: str, cache: str = "CachingOptimized", *, https_only: bool = False, all_methods: bool = False) -> dict[str, Any]:
    behaviour: dict[str, Any] = {
        "TargetOriginId": target,
        "ViewerProtocolPolicy": "https-only" if https_only else "allow-all",
        "CachePolicyId": managed("cache", cache).id,
    }
    if all_methods:
        behaviour["AllowedMethods"] = {**_listed(EVERY_METHOD), "CachedMethods": _listed(["GET", "HEAD"])}
    return behaviour


def _behaviours(order: Sequence[str]) -> list[dict[str, Any]]:
    rules = {
        "api/*": _behaviour("server", "CachingDisabled", all_methods=True),
        "images/*": _behaviour("photos"),
        "images/private/*": _behaviour("photos", https_only=True),
        "*.jpg": _behaviour("photos"),
    }
    if sorted(order) != sorted(rules):
        raise InputError(f"order is {list(order)}; give each of {', '.join(rules)} once")
    return [{"PathPattern": pattern, **rules[pattern]} for pattern in order]


def _custom(id: str, host: str) -> dict[str, Any]:
    return {"Id": id, "DomainName": host, "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}}


def _bucket(cdn: CloudFront, name: str, objects: dict[str, tuple[bytes, str]]) -> dict[str, Any]:
    """Connect a private bucket that only CloudFront may read; its origin in a config."""
    bucket = Bucket(name, region="eu-north-1")
    cdn.connect(bucket)
    for key, (body, kind) in objects.items():
        bucket.put_object(Key=key, Body=body, ContentType=kind, CacheControl="max-age=3600")
    named = {"CallerReference": name, "Comment": "the bucket's only guest"}
    made = cdn.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig=named)
    identity = made["CloudFrontOriginAccessIdentity"]["Id"]
    guest = {"AWS": f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {identity}"}
    statement = {"Effect": "Allow", "Principal": guest, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    bucket.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    access = {"OriginAccessIdentity": f"origin-access-identity/cloudfront/{identity}"}
    return {"Id": name, "DomainName": bucket.endpoint, "S3OriginConfig": access}


def _server(request: Request) -> Response:
    """The shop's own web server: pages it knows, an API, and a 404 of its own for the rest."""
    if request.path.startswith("/api/"):
        return Response(200, {"Content-Type": "application/json"}, b'{"order": 7}')
    if request.path == "/members":
        return Response(403, {"Content-Type": "text/html"}, b"<h1>Members only</h1>")
    if request.path in ("/", "/index.html", "/about"):
        return Response(200, {"Content-Type": "text/html", "Cache-Control": "max-age=60"}, APP)
    return Response(404, {"Content-Type": "text/html"}, b"<h1>The shop does not know this page</h1>")


class Shop(NamedTuple):
    """A CloudFront and the distribution made for the shop."""

    cdn: CloudFront
    distribution: Distribution


def shop(order: Sequence[str] = ORDER, **more: Any) -> Shop:
    """A fresh world with the shop's distribution in it, its behaviours in this order; caches are empty.

    `more`: further fields of its config. Raises InputError for another set of patterns, ConfigError for what AWS would refuse.

    >>> cdn, distribution = shop()
    >>> cdn.get("http://www.example.com/images/cat.jpg").response.status
    200
    >>> [plan.pattern for plan in distribution.plans]
    ['api/*', 'images/*', 'images/private/*', '*.jpg', '*']
    """
    cdn = CloudFront()
    cdn.connect(WebServer("server.example.com", _server, region="eu-north-1"))
    photos = _bucket(cdn, "photos", {key: (f"the photo {key}".encode(), "image/jpeg") for key in PHOTOS})
    config = {
        "CallerReference": "lesson 06",
        "Comment": "two origins, four behaviours and the default",
        "Enabled": True,
        "Aliases": _listed([HOST]),
        "ViewerCertificate": {"ACMCertificateArn": CERTIFICATE, "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"},
        "DefaultRootObject": "index.html",
        "Origins": _listed([_custom("server", "server.example.com"), photos]),
        "DefaultCacheBehavior": _behaviour("server"),
        "CacheBehaviors": _listed(_behaviours(order)),
        **more,
    }
    made = cdn.create_distribution(DistributionConfig=config)
    return Shop(cdn, cdn.distribution(made["Distribution"]["Id"]))


@lru_cache(maxsize=512)
def send(order: tuple[str, ...], method: str, url: str) -> tuple[Distribution, Journey]:
    """One request in a fresh world, and the distribution that took it."""
    cdn, distribution = shop(order)
    return distribution, cdn.request(method, url)


# ---- what the exercises reckon with


def open_file() -> int:
    """The status of a plain HTTP request for a private photo, in the order in which the behaviours were written."""
    return send(ORDER, "GET", f"http://{HOST}/images/private/a.jpg")[1].response.status


def closed_file() -> int:
    """The same, once the private behaviour stands first."""
    return send(("images/private/*", "api/*", "images/*", "*.jpg"), "GET", f"http://{HOST}/images/private/a.jpg")[1].response.status


def root() -> str:
    """Which path a bucket is asked for when a viewer opens /docs/ and the default root object is index.html."""
    cdn, distribution = incident({**masked(), "CustomErrorResponses": {"Quantity": 0}})
    (asked,) = cdn.get(f"https://{distribution.domain_name}/docs/").origin_requests
    return asked.path


def putting() -> list[Any]:
    """The status of a PUT to a behaviour that allows GET and HEAD, and whether an origin hears of it."""
    journey = send(ORDER, "PUT", f"http://{HOST}/images/cat.jpg")[1]
    return [journey.response.status, "yes" if journey.origin_requests else "no"]


def broken() -> dict[str, Any]:
    """The shop's config with four slips in it, for the validator."""
    config = shop().distribution.config
    config["Origins"]["Quantity"] = 3
    config["CacheBehaviors"]["Items"][1]["TargetOriginId"] = "photo"
    config["CacheBehaviors"]["Items"][3]["PathPattern"] = "images/*"
    config["DefaultRootObject"] = "/index.html"
    return config


def masked() -> dict[str, Any]:
    """The incident's config: a single-page app in a bucket, an API behind the same name, and error pages for the app's own links."""
    page = {"ResponsePagePath": "/index.html", "ResponseCode": "200", "ErrorCachingMinTTL": 10}
    api = {"PathPattern": "api/*", **_behaviour("api", "CachingDisabled", all_methods=True)}
    site = {"Id": "site", "DomainName": "site.s3.eu-north-1.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    return {
        "CallerReference": "orders",
        "Comment": "the app and its API",
        "Enabled": True,
        "DefaultRootObject": "index.html",
        "Origins": _listed([site, _custom("pages", "pages.example.com"), _custom("api", "api.example.com")]),
        "DefaultCacheBehavior": _behaviour("site"),
        "CacheBehaviors": _listed([api]),
        "CustomErrorResponses": _listed([{"ErrorCode": 403, **page}, {"ErrorCode": 404, **page}]),
    }


def cured() -> dict[str, Any]:
    """One good repair of it: no error pages; the host that knows the app's links answers for the site."""
    config = masked()
    config["CustomErrorResponses"] = {"Quantity": 0}
    config["DefaultCacheBehavior"]["TargetOriginId"] = "pages"
    return config


def _api(request: Request) -> Response:
    """Order 7 is yours, order 8 is somebody else's, there is no other."""
    status, said = {"/api/orders/7": (200, '{"order": 7}'), "/api/orders/8": (403, '{"error": "not yours"}')}.get(
        request.path, (404, '{"error": "no such order"}')
    )
    return Response(status, {"Content-Type": "application/json"}, said.encode())


def _pages(request: Request) -> Response:
    """A host for single-page apps: a file it has, or else the app."""
    if request.path == "/app.js":
        return Response(200, {"Content-Type": "text/javascript", "Cache-Control": "max-age=3600"}, b"start()")
    return Response(200, {"Content-Type": "text/html", "Cache-Control": "max-age=60"}, APP)


def incident(config: dict[str, Any]) -> Shop:
    """The incident's world under this config. Raises ConfigError for what AWS would refuse."""
    cdn = CloudFront()
    cdn.connect(WebServer("api.example.com", _api, region="eu-north-1"), WebServer("pages.example.com", _pages, region="eu-north-1"))
    site = Bucket("site", region="eu-north-1")
    cdn.connect(site)
    site.delete_public_access_block()
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*"}
    site.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": [everybody]}))
    site.put_object(Key="index.html", Body=APP, ContentType="text/html", CacheControl="max-age=60")
    site.put_object(Key="app.js", Body=b"start()", ContentType="text/javascript", CacheControl="max-age=3600")
    made = cdn.create_distribution(DistributionConfig=config)
    return Shop(cdn, cdn.distribution(made["Distribution"]["Id"]))


def site_trouble(config: dict[str, Any]) -> str:
    """What still goes wrong for the app under this config; "" when all is well. Raises what create_distribution raises."""
    cdn, distribution = incident(config)

    def asked(path: str) -> Response:
        return cdn.get(f"https://{distribution.domain_name}{path}").response

    for path, status in (("/api/orders/7", 200), ("/api/orders/99", 404), ("/api/orders/8", 403)):
        answer = asked(path)
        kind = answer.headers.get("Content-Type") or "nothing"
        if (answer.status, kind) != (status, "application/json"):
            return f"The app asks for `{path}`, whose API says {status} in JSON, and gets {answer.status} with {kind}."
    for path, body, what in (
        ("/", APP, "the app"),
        ("/app.js", b"start()", "its script"),
        ("/orders/7", APP, "the app, from a link in a mail"),
    ):
        answer = asked(path)
        if (answer.status, answer.body) != (200, body):
            kind = answer.headers.get("Content-Type") or "nothing"
            return f"The API is heard again. But a visitor opens `{path}` ({what}) and gets {answer.status} with {kind}."
    return ""
