"""Lesson 04, second half: the poisoned copy.

Two sites, a shop and its help pages, stand behind one distribution and on one web server, which tells them apart by the Host
header. The server also believes X-Forwarded-Host when it writes the address of a script into a page. CloudFront sends it both;
neither is in the cache key. So whatever the first request brings about is kept, and handed to everybody who comes after.

The lesson's incident is the same world: two policies to be repaired, and a check that attacks what they make.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple

from cdnlab.cloudfront import CloudFront, Held
from cdnlab.controls import Button, Choice, Predict, Press
from cdnlab.experiments.cloakroom import config
from cdnlab.experiments.tags import BOLD, MONO, WIDTH, box, numbered, sheet, words
from cdnlab.journey import Journey
from cdnlab.keyxray import key_of, key_xray
from cdnlab.marks import glyph, number
from cdnlab.messages import Headers, Request, Response
from cdnlab.page import html, treated
from cdnlab.panels import Panel
from cdnlab.policies import managed
from cdnlab.telling import overall, x_cache
from cdnlab.webserver import WebServer

__all__ = ["ATTACKS", "KEYS", "SENDS", "Attack", "Case", "Lab", "model", "panel", "say", "view", "world"]

SHOP, HELP, EVIL = "shop.example.com", "help.example.com", "evil.example"
PAGE = "/sale"
CERTIFICATE = {
    "ACMCertificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012",
    "SSLSupportMethod": "sni-only",
    "MinimumProtocolVersion": "TLSv1.2_2021",
}


class Attack(NamedTuple):
    """A first request that is not the customer's: its host, and one more header or none."""

    host: str
    headers: Mapping[str, str]


ATTACKS = {
    f"Host: {HELP}": Attack(HELP, {}),
    f"X-Forwarded-Host: {EVIL}": Attack(SHOP, {"X-Forwarded-Host": EVIL}),
}
"""The first requests to choose from, by the header that matters."""
KEYS: dict[str, tuple[str, ...]] = {
    "path": (),
    "path + Host": ("Host",),
    "path + Host + X-Forwarded-Host": ("Host", "X-Forwarded-Host"),
}
"""The cache keys to choose from: headers beside the path."""
SENDS = ("AllViewer", "HostHeaderOnly")
"""The origin request policies to choose from, both managed by AWS."""


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


# ---- the model


@dataclass(frozen=True, slots=True)
class Case:
    """An attack and then a customer, under one key: both journeys, and the copies that the edge then holds, with their keys."""

    attack: Journey
    visit: Journey
    copies: tuple[Held, ...]
    handed: int
    owners: tuple[int, ...]

    @property
    def poisoned(self) -> bool:
        """Did the customer get another answer than the server has for her?"""
        return not _own(self.visit)


def _own(journey: Journey) -> bool:
    """Whether the viewer was answered as the server answers that viewer's host when it is asked plainly."""
    host = journey.request.headers.get("Host") or journey.request.host
    right = sites(Request("GET", journey.request.url, Headers({"Host": host})))
    return (journey.response.status, journey.response.body) == (right.status, right.body)


@lru_cache(maxsize=16)
def case(attack: str, key: str, sends: str) -> Case:
    """The attack, and a second later the customer."""
    cdn, first = world(cache_policy(*KEYS[key]), sends), ATTACKS[attack]
    asked = cdn.get(f"https://{first.host}{PAGE}", headers=first.headers)
    cdn.clock.advance(1)
    visit = cdn.get(f"https://{SHOP}{PAGE}")
    keys = [key_of(cdn, journey) for journey in (asked, visit)]
    copies = sorted((held for held in cdn.copies() if held.place.kind == "edge"), key=lambda held: keys.index(held.key))
    owners = tuple(keys.index(held.key) + 1 for held in copies)
    return Case(asked, visit, tuple(copies), [held.key for held in copies].index(keys[1]) + 1, owners)


@dataclass(frozen=True, slots=True)
class Lab:
    """What is on show: the settings as they stand, the case under them once it was tried, and the prediction."""

    attack: str
    key: str
    sends: str
    case: Case | None
    guess: str | None


def model(presses: Sequence[Press], *, attack: str, key: str, sends: str, guess: str | None = None) -> Lab:
    """The case under these settings, if they have been tried.

    >>> settings = {"attack": "Host: help.example.com", "key": "path", "sends": "AllViewer"}
    >>> model([Press("Attack, then visit", settings)], **settings).case.poisoned
    True
    """
    now = (attack, key, sends)
    seen = any((press.attack, press.key, press.sends) == now for press in presses)
    return Lab(*now, case(*now) if seen else None, guess)


# ---- the words

OWN, OTHERS, REFUSED = "the shop's sale page", "an answer made for the first request", "a refusal by CloudFront"


def _reads(found: Case) -> str:
    return OTHERS if found.poisoned else OWN


def say(lab: Lab) -> str:
    """The text twin: the settings, what the first request left behind, what the customer then reads."""
    settings = f"Key: {lab.key}; origin request policy: {lab.sends}."
    if lab.case is None:
        return f"{settings} A first request with {lab.attack} is ready, and then a customer of {SHOP}. Nothing has been sent."
    first, visit = lab.case.attack, lab.case.visit
    return (
        f"{settings} First request, with {lab.attack}: {first.response.status}, {first.result}. "
        f"Then the customer: {visit.response.status}, {_cache(visit)}, {_reads(lab.case)}."
    )


def _cache(journey: Journey) -> str:
    """Whether an answer came from the edge's copy; of an error that is kept, X-Cache says only Error."""
    return f"{x_cache(journey)} ({_source(journey)})"


def _source(journey: Journey) -> str:
    return "from the origin" if journey.origin_requests else "from the edge's copy"


def comment(lab: Lab) -> str:
    """One line on what is worth noticing, reckoned from the journeys."""
    found = lab.case
    if found is None:
        return "Two requests for one path. Predict what the second one gets, then press."
    if found.poisoned:
        return f"Poisoned: {lab.attack} changed the answer and is not in the key, so both requests found one hole."
    told = {each.name for each in found.attack.treatments if each.sent and not each.added}
    name, _, value = lab.attack.partition(": ")
    if name not in told:
        return f"Harmless: {name} did not reach the origin, so it could not change the answer."
    return f"Harmless: with {name} in the key, {value} has a hole of its own."


def outcome(lab: Lab) -> str:
    """What the customer read."""
    if lab.case is None:
        return ""
    return f"She read {_reads(lab.case)}: {lab.case.visit.response.status}, {_cache(lab.case.visit)}."


# ---- the picture

_BAND, _RIGHT = 112, 340


def _request(order: int, title: str, journey: Journey | None, attack: Attack | None, y: float) -> str:
    """A request's lines, the key's in frames, and what it was answered."""
    parts = [numbered(order, y + 12), words(30, y + 16, title, 13, BOLD)]
    host, more = (attack.host, attack.headers) if attack else (SHOP, {})
    became = {each.name: treated(each) for each in journey.treatments if not each.added} if journey else {}
    lines = [("path", PAGE, "in key" if journey else ""), ("Host", host, became.get("Host", ""))]
    lines += [(name, value, became.get(name, "")) for name, value in more.items()]
    for row, (name, value, word) in enumerate(lines):
        at, text = y + 42 + row * 25, PAGE if name == "path" else f"{name}: {value}"
        parts.append(words(36, at, text, 11.5, MONO))
        parts.append(box(30, at - 15, len(text) * 7 + 12, 21, 1.5, ' rx="3"') if word == "in key" else "")
        parts.append(words(_RIGHT - 66, at, word))
    if journey is None:
        return "".join(parts)
    parts.append(glyph(overall(journey), _RIGHT + 16, y + 12, 5.5))
    parts.append(words(_RIGHT + 28, y + 16, f"{journey.response.status}, {x_cache(journey)}", 13, BOLD))
    parts.append(words(_RIGHT + 28, y + 34, _source(journey)))
    parts += [words(_RIGHT + 10, y + 54 + row * 17, *line) for row, line in enumerate(_lines(journey.response))]
    return f'<g data-at="{number(journey.latency_ms)}">{"".join(parts)}</g>' if order == 1 else "".join(parts)


def _lines(response: Response) -> list[tuple[str, float, str]]:
    """The page's text and its script, a line each, with size and look; what leads to strangers is bold."""
    return [(line, 11.5, MONO + (BOLD if EVIL in line else "")) for line in _shown(response)]


def _shown(response: Response) -> list[str]:
    body = response.body.decode()
    page, script = re.search(r"<title>(.*?)</title>([^<]*)", body), re.search(r'src="(.*?)"', body)
    text = f"{page[1]}: {page[2].strip()}" if page else body[:60] or "an empty answer"
    return [text, *([f"script {script[1]}"] if script else [])]


def _shelf(lab: Lab, y: float) -> str:
    """The copies at the edge."""
    parts = [words(30, y + 16, "the edge's pigeon-holes", 13, BOLD)]
    found = lab.case
    if found is None:
        return "".join(parts) + box(30, y + 26, 336, 52, 1, ' opacity="0.4"') + words(40, y + 56, "empty")
    for order, (held, owner) in enumerate(zip(found.copies, found.owners, strict=True)):
        x, journey = 30 + order * 346, (found.attack, found.visit)[owner - 1]
        mine = order + 1 == found.handed
        parts.append(box(x, y + 26, 336, 64, 2.6 if mine else 1.4))
        tag = " + ".join([held.key.path, *(value for _, value in held.key.headers)])
        parts.append(words(x + 9, y + 44, f"tag: {tag}", 11.5, MONO))
        parts += [words(x + 9, y + 62 + row * 16, *line) for row, line in enumerate(_lines(journey.response))]
        parts.append(words(x + 2, y + 106, f"made for {owner}" + (", handed to 2" if mine and owner != 2 else "")))
    return "".join(parts)


def chart(lab: Lab) -> str:
    """The story from top to bottom: the first request, the holes, the customer."""
    found, attack = lab.case, ATTACKS[lab.attack]
    parts = [_request(1, "somebody else asks first", found.attack if found else None, attack, 4)]
    parts.append(_shelf(lab, _BAND + 16))
    parts.append(_request(2, "a customer opens the sale", found.visit if found else None, None, 2 * _BAND + 38))
    if found is not None:
        verdict = f"≠ {OTHERS}" if found.poisoned else f"= {OWN}"
        parts.append(words(_RIGHT + 10, 2 * _BAND + 38 + 92, verdict, 13, BOLD))
    for y in (_BAND + 8, 2 * _BAND + 30):
        parts.append(f'<path d="M0 {y}H{WIDTH}" stroke="currentColor" opacity="0.25"/>')
    return sheet(parts, 3 * _BAND + 24, say(lab))


def view(lab: Lab) -> str:
    """The comment and the story."""
    return f"<p><strong>{escape(comment(lab))}</strong></p>{chart(lab)}"


def panel() -> Panel[Lab]:
    """The experiment: an attack, a customer, two policies."""
    return Panel(
        "The poisoned copy",
        [
            Predict(
                "guess",
                f"Somebody else asks for {PAGE} first. A second later a customer opens https://{SHOP}{PAGE}. What does she read?",
                (OWN, OTHERS, REFUSED),
                outcome,
            ),
            Choice("attack", "The first request has", tuple(ATTACKS)),
            Choice("key", "Cache key", tuple(KEYS)),
            Choice("sends", "Origin request policy", SENDS),
            Button("Attack, then visit", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
        inside=lambda lab: html(lab.case.visit) if lab.case else "Nothing has been sent with these settings.",
        moment=lambda lab: f"{lab.attack}, key {lab.key}, {lab.sends}",
        caption=lambda lab: f"{say(lab)} Simulated with cdnlab.",
    )


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
    everyone = {**ATTACKS, "no header of note": Attack(SHOP, {})}
    for name, first in everyone.items():
        for host in (SHOP, HELP):
            cdn = world(*made)
            cdn.get(f"https://{first.host}{PAGE}", headers=first.headers)
            visit = cdn.get(f"https://{host}{PAGE}")
            if not _own(visit):
                shown = f"{visit.response.status}, “{'; '.join(_shown(visit.response))}”"
                return f"After a request with {name}, a visitor of {host} gets {shown}. That is not that site's own answer."
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
