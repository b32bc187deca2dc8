"""Asks, Copies and a small origin for the tests of tiers."""

from cdnlab.cachekey import CacheKey
from cdnlab.copies import Answer, Ask, Copy
from cdnlab.freshness import TTLs, lifetime
from cdnlab.messages import Headers, Request, Response
from cdnlab.plan import OriginSpec, Plan
from cdnlab.recipe import Recipe, Selection
from cdnlab.steps import Place
from cdnlab.wishes import Travel

EDGE = Place("edge LIS", kind="edge", code="LIS", city="Lisbon")
REGIONAL = Place("regional cache eu-west-2", kind="regional", code="eu-west-2", city="London", region="eu-west-2")


A_DAY = TTLs(0, 86400, 31536000)


def plan(ttls=A_DAY, cookies="none", origin=None, **kwargs):
    return Plan(
        pattern="*",
        number=0,
        origin=origin or OriginSpec("www", "www.example.com"),
        viewer_protocol="allow-all",
        allowed_methods=frozenset({"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"}),
        cached_methods=frozenset({"GET", "HEAD"}),
        recipe=Recipe(ttls=ttls, send_cookies=Selection(cookies)),
        is_default=True,
        **kwargs,
    )


def ask(path="/a", the_plan=None, method="GET", headers=(), wanted=None, errors=None, body=b""):
    the_plan = the_plan or plan()
    request = Request(method, f"https://d111.cloudfront.net{path}", Headers(headers), body)
    cacheable = the_plan.recipe.caching and method in ("GET", "HEAD")
    key = CacheKey("d111.cloudfront.net", path)
    return Ask(request, the_plan, key, cacheable, errors or {}, "203.0.113.9", "id", "LIS50-C1", wanted=wanted)


class TinyOrigin:
    """An upstream that answers with `make(path)` after `ms` there and back, and knows what a 304 is."""

    def __init__(self, clock, make, ms=100.0):
        self.clock, self.make, self.ms = clock, make, ms
        self.asked = []

    def answer(self, ask, trail):
        sent = self.clock.now()
        self.asked.append((sent, ask.request.path, ask.known is not None and ask.known.revalidates()))
        yield Travel(self.ms)
        response = self.make(ask.request.path)
        known = ask.known if ask.known is not None and ask.known.revalidates() else None
        unchanged = known is not None and response.status == 200 and known.etag is not None and known.etag == response.headers.get("ETag")
        life = lifetime(response, ask.plan.recipe.ttls, sent_at=sent, cookies_forwarded=ask.plan.recipe.cookies_forwarded)
        if unchanged:
            return Answer(known.renewed(response.headers, life, sent, sent), "refresh")
        copy = Copy(response.status, response.headers, response.content, life, sent, sent, sent + life.seconds)
        return Answer(copy, "error" if response.status >= 400 else "miss")


def answers(cache_control="max-age=60", version=lambda: 1, status=lambda: 200):
    """A `make` for TinyOrigin: one version of everything, with its ETag."""

    def make(path):
        if status() != 200:
            return Response(status(), {}, b"broken")
        return Response(200, {"Cache-Control": cache_control, "ETag": f'"{path}-{version()}"'}, f"{path} v{version()}".encode())

    return make
