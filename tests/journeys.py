"""Sample journeys, made by hand from Places, Legs and Steps: what the engine leaves behind, without the engine."""

from __future__ import annotations

from cdnlab.journey import Journey
from cdnlab.messages import Headers, Request, Response
from cdnlab.steps import Leg, Place, Step, Treatment

HOST = "d111111abcdef8.cloudfront.net"
AUCKLAND = Place("viewer Auckland", kind="viewer", code="Auckland", city="Auckland", lat=-36.8, lon=174.8)
BRISBANE = Place("viewer Brisbane", kind="viewer", code="Brisbane", city="Brisbane", lat=-27.5, lon=153.0)
AKL = Place("edge AKL", kind="edge", code="AKL", city="Auckland", lat=-37.0, lon=174.8)
BNE = Place("edge BNE", kind="edge", code="BNE", city="Brisbane", lat=-27.4, lon=153.1)
SYDNEY = Place(
    "regional cache Sydney", kind="regional", code="ap-southeast-2", city="Sydney", lat=-33.9, lon=151.2, region="ap-southeast-2"
)
SHIELD = Place("shield Ireland", kind="shield", code="eu-west-1", city="Dublin", lat=53.3, lon=-6.3, region="eu-west-1")
STOCKHOLM = Place("bucket photos", kind="origin", code="photos", city="Stockholm", lat=59.3, lon=18.1, region="eu-north-1")
BACKUP = Place("origin backup.example.com", kind="origin", code="backup.example.com", city="Frankfurt", lat=50.1, lon=8.7)
ONE_WAY = {
    (AUCKLAND, AKL): (5.0, "assumed"),
    (BRISBANE, BNE): (5.0, "assumed"),
    (AKL, SYDNEY): (20.8, "fitted"),
    (BNE, SYDNEY): (9.6, "fitted"),
    (SYDNEY, STOCKHOLM): (134.6, "measured"),
    (SYDNEY, SHIELD): (129.0, "measured"),
    (SHIELD, STOCKHOLM): (18.5, "measured"),
    (SHIELD, BACKUP): (13.0, "measured"),
    (SYDNEY, BACKUP): (127.0, "measured"),
    (AKL, STOCKHOLM): (145.0, "fitted"),
}
CAT = Headers([("Content-Type", "image/jpeg"), ("Content-Length", "48213"), ("Cache-Control", "max-age=86400"), ("ETag", '"5d41"')])
TREATMENTS = (
    Treatment("header", "Host", HOST, False, False, "replaced by the origin's own name"),
    Treatment("header", "Accept-Encoding", "gzip, br", True, True, "cache policy CachingOptimized, normalised"),
    Treatment("header", "User-Agent", "curl/8.5.0", False, False, "replaced by Amazon CloudFront"),
    Treatment("header", "Via", "2.0 x.cloudfront.net (CloudFront)", False, True, "every origin request has it", added=True),
    Treatment("header", "X-Trace", "abc", False, True, "origin request policy AllViewer"),
    Treatment("cookie", "session", "9f3a", False, False, "cache policy CachingOptimized takes no cookies"),
    Treatment("query", "v", "2", False, False, "cache policy CachingOptimized takes no query strings"),
)


def way_ms(start: Place, end: Place) -> tuple[float, str]:
    """Milliseconds one way, and the basis."""
    return ONE_WAY.get((start, end)) or ONE_WAY[end, start]


class Telling:
    """Writes a journey down as the engine does: go somewhere, note something, wait."""

    def __init__(self, start: Place) -> None:
        self.at, self.viewer, self.here = 0.0, start, start
        self.steps: list[Step] = []
        self.legs: list[Leg] = []

    def go(self, end: Place) -> Telling:
        ms, basis = way_ms(self.here, end)
        self.legs.append(Leg(self.here, end, ms, basis, self.at))  # type: ignore[arg-type]
        self.at, self.here = self.at + ms, end
        return self

    def note(self, rule: str, says: str, state: str = "", place: Place | None = None) -> Telling:
        self.steps.append(Step(place or self.here, rule, says, self.at, state))
        return self

    def wait(self, ms: float) -> Telling:
        self.at += ms
        return self

    def told(self, result: str, way: tuple[Place, ...], *, status: int = 200, headers: Headers = CAT, **more: object) -> Journey:
        edge = next(place for place in way if place.kind == "edge")
        x_cache = Headers(
            [
                ("X-Cache", f"{result} from cloudfront"),
                ("Via", "1.1 ab12.cloudfront.net (CloudFront)"),
                ("X-Amz-Cf-Pop", f"{edge.code}50-C1"),
            ]
        )
        url = more.pop("url", f"https://{HOST}/cat.jpg")
        sent = more.pop("sent", [("Accept-Encoding", "gzip, br"), ("User-Agent", "curl/8.5.0")])
        values: dict[str, object] = {
            "viewer_ip": "203.0.113.9",
            "pop": f"{edge.code}50-C1",
            "detailed": result,
            "distribution": HOST,
            "id": "mJhVh5GZ9yFX4kQ8",
            "started": 1767225600.0,
            "treatments": TREATMENTS,
            "origin_requests": (),
        } | more
        body = more.get("body", b"x" * 48213 if status == 200 else b"")
        values.pop("body", None)
        return Journey(
            request=Request("GET", url, sent),  # type: ignore[arg-type]
            response=Response(status, headers.plus(x_cache.items()), body),  # type: ignore[arg-type]
            viewer=self.viewer,
            edge=edge.code,
            result=result,
            latency_ms=self.at,
            way=way,
            steps=tuple(self.steps),
            legs=tuple(self.legs),
            **values,  # type: ignore[arg-type]
        )


FULL = (AUCKLAND, AKL, SYDNEY, STOCKHOLM)
ASKED = Request(
    "GET",
    "https://photos.s3.eu-north-1.amazonaws.com/cat.jpg",
    [("Host", "photos.s3.eu-north-1.amazonaws.com"), ("User-Agent", "Amazon CloudFront"), ("Via", "2.0 ab12.cloudfront.net (CloudFront)")],
)


def miss() -> Journey:
    """Auckland's first request: through Sydney to Stockholm; copies stay at Sydney and AKL."""
    t = Telling(AUCKLAND).note("PATH-01", "edge AKL answers with the lowest latency").go(AKL).note("PATH-02", "no copy", "miss")
    t.go(SYDNEY).note("PATH-03", "no copy", "miss").go(STOCKHOLM).wait(8)
    t.note("PATH-03", "answers 200, 48,213 bytes", "hit").go(SYDNEY).note("PATH-03", "a copy stays, fresh for 86130 s", "kept").go(AKL)
    t.note("PATH-05", "a copy stays, fresh for 86109 s", "kept").go(AUCKLAND)
    return t.told("Miss", FULL, origin_requests=(ASKED,), origin_statuses=(200,))


def hit() -> Journey:
    """Her neighbour's request: the edge has a copy."""
    t = Telling(AUCKLAND).note("PATH-01", "edge AKL answers with the lowest latency").go(AKL)
    t.note("PATH-04", "copy found, 12 s old, fresh for another 86388 s", "hit").go(AUCKLAND)
    return t.told("Hit", FULL, headers=CAT.plus([("Age", "12")]), started=1767225612.0)


def brisbane() -> Journey:
    """Brisbane: a miss at its edge, a hit in the regional cache; the origin hears nothing."""
    t = Telling(BRISBANE).go(BNE).note("PATH-02", "no copy", "miss").go(SYDNEY)
    t.note("PATH-04", "copy found, 60 s old, fresh for another 86340 s", "hit").go(BNE).note("PATH-05", "a copy stays", "kept").go(BRISBANE)
    return t.told("Miss", (BRISBANE, BNE, SYDNEY, STOCKHOLM), headers=CAT.plus([("Age", "60")]), started=1767225660.0)


def refresh() -> Journey:
    """A day later: the copies have expired, and Stockholm answers 304."""
    t = Telling(AUCKLAND).go(AKL).note("PATH-02", "the copy expired 1 s ago: ask whether it changed", "expired").go(SYDNEY)
    t.note("PATH-03", "the copy expired 1 s ago: ask whether it changed", "expired").go(STOCKHOLM).note("PATH-03", "answers 304", "refresh")
    t.go(SYDNEY).note("PATH-03", "unchanged: good for another day", "refresh").go(AKL).note("PATH-05", "unchanged", "refresh").go(AUCKLAND)
    return t.told("RefreshHit", FULL, origin_requests=(ASKED,), origin_statuses=(304,), started=1767312001.0)


def stale() -> Journey:
    """The copy has expired and the origin answers 503: the old copy is sent."""
    t = Telling(AUCKLAND).go(AKL).note("PATH-02", "the copy expired 5 s ago: ask whether it changed").go(SYDNEY)
    t.note("PATH-03", "no copy", "miss").go(STOCKHOLM).note("PATH-03", "answers 503", "error").go(SYDNEY).go(AKL)
    t.note("PATH-04", "the origin failed, so the old copy is sent; next try in 10 s", "stale").go(AUCKLAND)
    return t.told("RefreshHit", FULL, origin_requests=(ASKED,), origin_statuses=(503,))


def error() -> Journey:
    """The origin answers 404, and so does the edge."""
    t = Telling(AUCKLAND).go(AKL).note("PATH-02", "no copy", "miss").go(SYDNEY).note("PATH-03", "no copy", "miss").go(STOCKHOLM)
    t.note("PATH-03", "answers 404", "error").go(SYDNEY).go(AKL).go(AUCKLAND)
    return t.told("Error", FULL, status=404, headers=Headers(), origin_requests=(ASKED,), origin_statuses=(404,))


def blocked() -> Journey:
    """The edge refuses: the viewer's country is not allowed."""
    t = Telling(AUCKLAND).go(AKL).note("PATH-01", "NZ is not among the countries this distribution serves", "blocked").go(AUCKLAND)
    return t.told("Error", FULL, status=403, headers=Headers({"Content-Type": "text/html"}), detailed="ClientGeoBlocked", body=b"<HTML>403")


def redirect() -> Journey:
    """http where the behaviour says redirect-to-https."""
    t = Telling(AUCKLAND).go(AKL).note("PATH-01", "http is redirected to https", "redirect").go(AUCKLAND)
    there = Headers({"Location": f"https://{HOST}/cat.jpg"})
    return t.told("Redirect", FULL, status=301, headers=there, url=f"http://{HOST}/cat.jpg")


def failover() -> Journey:
    """Through Origin Shield; the first origin answers 503, the second 200."""
    t = Telling(AUCKLAND).go(AKL).note("PATH-02", "no copy", "miss").go(SYDNEY).note("PATH-03", "no copy", "miss").go(SHIELD)
    t.note("PATH-03", "no copy", "miss").go(STOCKHOLM).note("PATH-03", "answers 503", "error").go(SHIELD)
    t.note("PATH-03", "the primary origin answered 503: the same request goes to the secondary origin").go(BACKUP)
    t.note("PATH-03", "answers 200", "hit").go(SHIELD).note("PATH-03", "a copy stays", "kept").go(SYDNEY).note(
        "PATH-03", "a copy stays", "kept"
    )
    t.go(AKL).note("PATH-05", "a copy stays", "kept").go(AUCKLAND)
    return t.told("Miss", (AUCKLAND, AKL, SYDNEY, SHIELD, STOCKHOLM), origin_requests=(ASKED, ASKED), origin_statuses=(503, 200))


def post() -> Journey:
    """A POST: past the regional cache, straight to the origin."""
    t = Telling(AUCKLAND).go(AKL).note("PATH-06", "POST goes past the regional cache").go(STOCKHOLM).wait(20)
    t.note("PATH-03", "answers 200", "hit").go(AKL).go(AUCKLAND)
    return t.told("Miss", FULL, origin_requests=(ASKED,), origin_statuses=(200,))


def timeout() -> Journey:
    """The origin takes the request and never answers: 504 after 30 s."""
    t = Telling(AUCKLAND).go(AKL).note("PATH-02", "no copy", "miss").go(SYDNEY).note("PATH-03", "no copy", "miss").go(STOCKHOLM)
    t.wait(30_000 - t.at).note("PATH-03", "no answer within 30 s (attempt 1 of 1)", "error")
    t.here = SYDNEY
    t.go(AKL).go(AUCKLAND)
    return t.told("Error", FULL, status=504, headers=Headers(), detailed="OriginCommError", origin_requests=(ASKED,), origin_statuses=(0,))


def hostile() -> Journey:
    """Everything a viewer can write, written by somebody who means harm."""
    bad = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    t = Telling(Place(f"viewer {bad}", kind="viewer", code=bad, city=bad))
    ONE_WAY[t.viewer, AKL] = (5.0, "assumed")
    t.go(AKL).note("PATH-04", f"copy found for {bad}", "hit").go(t.viewer)
    return t.told(
        "Hit",
        (t.viewer, AKL, SYDNEY, Place(f"origin {bad}", kind="origin", code=bad, city="")),
        headers=Headers([("X-Cache", bad), ("Via", bad), ("Age", bad), ("Location", bad)]),
        url=f"https://{HOST}/<script>alert(1)</script>?q='\"><svg/onload=alert(1)>&amp;",
        sent=[("X-Bad", bad), ("Cookie", bad)],
        treatments=(Treatment("header", "X-Bad", bad, True, True, bad), Treatment("cookie", bad, bad, False, False, bad)),
        origin_requests=(Request("GET", "https://o.example/<script>x</script>", [("X-Bad", bad)]),),
    )


ALL = {made.__name__: made for made in (miss, hit, brisbane, refresh, stale, error, blocked, redirect, failover, post, timeout, hostile)}
