"""Two sites behind one distribution: the world of lesson 04's poisoning lab, and the incident to repair in it.

A shop and its help pages stand on one web server, which tells them apart by the Host header. The server also believes
X-Forwarded-Host when it writes the address of a script into a page. Whatever of that CloudFront sends without having it in the
cache key changes an answer for everybody who comes after.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cdnlab.cloudfront import CloudFront
from cdnlab.experiments.cloakroom import config
from cdnlab.journey import Journey
from cdnlab.keyxray import key_xray
from cdnlab.messages import Headers, Request, Response
from cdnlab.policies import managed
from cdnlab.webserver import WebServer

__all__ = ["ATTACKS", "EVIL", "PAGE", "SHOP", "Ask", "cache_policy", "given", "mended", "own", "shown", "sites", "trouble", "world"]

SHOP, HELP, EVIL = "shop.example.com", "help.example.com", "evil.example"
PAGE = "/sale"
CERTIFICATE = {
    "ACMCertificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012",
    "SSLSupportMethod": "sni-only",
    "MinimumProtocolVersion": "TLSv1.2_2021",
}


class Ask(NamedTuple):
    """A request for the page: its host, and one more header or none."""

    host: str
    header: tuple[str, str] | None = None

    @property
    def headers(self) -> Headers:
        """The one header, or none."""
        return Headers([self.header] if self.header else [])


ATTACKS = {
    f"Host: {HELP}": Ask(HELP),
    f"X-Forwarded-Host: {EVIL}": Ask(SHOP, ("X-Forwarded-Host", EVIL)),
}
"""The first requests to choose from, by the header that matters."""


def sites(request: Request) -> Response:
    """The web server: two sites, told apart by Host. The shop writes its script's address by X-Forwarded-Host, if there is one."""
    host = request.headers.get("Host") or SHOP
    kept = {"Content-Type": "text/html", "Cache-Control": "max-age=300"}
    if host == HELP:
        return Response(404, kept, f"<title>{HELP}</title> No page {request.path} here".encode())
    script = request.headers.get("X-Forwarded-Host") or SHOP
    return Response(200, kept, f'<title>{SHOP}</title> Sale! <script src="https://{script}/cart.js"></script>'.encode())


def cache_policy(*headers: str) -> dict[str, Any]:
    """A CachePolicyConfig with these headers in the key, beside the path."""
    listed = {"HeaderBehavior": "whitelist", "Headers": {"Quantity": len(headers), "Items": list(headers)}}
    return {
        "Name": "two-sites",
        "MinTTL": 1,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": False,
            "EnableAcceptEncodingBrotli": False,
            "HeadersConfig": listed if headers else {"HeaderBehavior": "none"},
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "none"},
        },
    }


def world(cache: Mapping[str, Any], request_policy: str | Mapping[str, Any] = "AllViewer") -> CloudFront:
    """A fresh world: both sites behind one distribution with this cache policy and origin request policy (managed, or a config).

    Raises what create_cache_policy, create_origin_request_policy and create_distribution raise.

    >>> cdn = world(cache_policy())
    >>> [cdn.get(f"https://{host}/sale").response.status for host in ("help.example.com", "shop.example.com")]
    [404, 404]
    """
    cdn = CloudFront()
    cdn.connect(WebServer("web.example.com", sites, region="eu-north-1"))
    if isinstance(request_policy, str):
        sends = managed("origin-request", request_policy).id
    else:
        sends = cdn.create_origin_request_policy(OriginRequestPolicyConfig=request_policy)["OriginRequestPolicy"]["Id"]
    behaviour = {
        "TargetOriginId": "shop",
        "ViewerProtocolPolicy": "redirect-to-https",
        "CachePolicyId": cdn.create_cache_policy(CachePolicyConfig=cache)["CachePolicy"]["Id"],
        "OriginRequestPolicyId": sends,
    }
    names = {"Aliases": {"Quantity": 2, "Items": [SHOP, HELP]}, "ViewerCertificate": CERTIFICATE}
    cdn.create_distribution(DistributionConfig=config(behaviour, "web.example.com") | names)
    return cdn


def own(journey: Journey) -> bool:
    """Whether the viewer was answered as the server answers that viewer's host when it is asked plainly."""
    host = journey.request.headers.get("Host") or journey.request.host
    right = sites(Request("GET", journey.request.url, Headers({"Host": host})))
    return (journey.response.status, journey.response.body) == (right.status, right.body)


def shown(response: Response) -> list[str]:
    """A page in a line or two: its title and text, and its script."""
    body = response.body.decode()
    page, script = re.search(r"<title>(.*?)</title>([^<]*)", body), re.search(r'src="(.*?)"', body)
    text = f"{page[1]}: {page[2].strip()}" if page else body[:60] or "an empty answer"
    return [text, *([f"script {script[1]}"] if script else [])]


# ---- the incident


def given() -> dict[str, Any]:
    """The two policies as they are found: everything is sent, only the path is in the key."""
    sends = {
        "Name": "everything",
        "HeadersConfig": {"HeaderBehavior": "allViewer"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    return {"CachePolicyConfig": cache_policy(), "OriginRequestPolicyConfig": sends}


def mended() -> dict[str, Any]:
    """One good repair: what the pages depend on is in the key, and nothing else is sent."""
    sends = given()["OriginRequestPolicyConfig"] | {"HeadersConfig": {"HeaderBehavior": "none"}}
    return {"CachePolicyConfig": cache_policy("Host"), "OriginRequestPolicyConfig": sends}


def half_mended() -> dict[str, Any]:
    """Host is in the key, and X-Forwarded-Host still reaches the server."""
    return given() | {"CachePolicyConfig": cache_policy("Host")}


def overdone() -> dict[str, Any]:
    """Host is in the key, and so is what every browser says differently."""
    return mended() | {"CachePolicyConfig": cache_policy("Host", "User-Agent")}


def silent() -> dict[str, Any]:
    """Nothing is sent, so the server cannot tell its two sites apart."""
    return mended() | {"CachePolicyConfig": cache_policy()}


_CUSTOMERS = (
    {"User-Agent": "Mozilla/5.0 (Windows NT 10.0)", "Cookie": "session=4f1a", "Accept-Language": "es"},
    {"User-Agent": "Mozilla/5.0 (iPhone)", "Cookie": "session=b07c", "Accept-Language": "en"},
    {"User-Agent": "Mozilla/5.0 (X11; Linux)", "Cookie": "session=91d3", "Accept-Language": "de"},
)


def trouble(policies: Mapping[str, Any]) -> str:
    """What goes wrong at the two sites under these policies; "" when all is well. Raises what the create calls raise."""
    made = policies["CachePolicyConfig"], policies["OriginRequestPolicyConfig"]
    everyone = {**ATTACKS, "no header of note": Ask(SHOP)}
    for name, first in everyone.items():
        for host in (SHOP, HELP):
            cdn = world(*made)
            cdn.get(f"https://{first.host}{PAGE}", headers=first.headers)
            visit = cdn.get(f"https://{host}{PAGE}")
            if not own(visit):
                got = f"{visit.response.status}, “{'; '.join(shown(visit.response))}”"
                return f"After a request with {name}, a visitor of {host} gets {got}. That is not that site's own answer."
    cdn = world(*made)
    journeys = [cdn.get(f"https://{SHOP}{PAGE}", headers=Headers(each)) for each in _CUSTOMERS]
    if any(journey.result != "Hit" for journey in journeys[1:]):
        hits = sum(journey.result == "Hit" for journey in journeys)
        return f"Nobody is poisoned, but of three customers of one page, {hits} got a Hit, and two should. {_blamed(cdn, journeys)}"
    return ""


def _blamed(cdn: CloudFront, journeys: Sequence[Journey]) -> str:
    """Why customers do not share a copy."""
    if not cdn.copies():
        return "With these TTLs nothing is cached at all."
    return next((f"The key X-ray blames the {split.what}." for split in key_xray(cdn, journeys).splits if split.gained), "")
