"""Lesson 01, the second panel: how long does the old photo live, and what does a month cost?

Both kinds of copies lag behind, each by a clock of its own. A replica is old until replication is through; how long that takes
AWS does not promise, so it is a slider. A cache's copy is old until its lifetime ends, and that the owner decides: `max-age`.

How old the caches' copies are is read from the `Age` of what every town gets at one moment: had the photo been replaced
t seconds before, those whose copy is at least t seconds old would get the old one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape
from math import log

from cdnlab import costs
from cdnlab.bucket import Bucket
from cdnlab.controls import Slider, Toggle
from cdnlab.experiments.everywhere import STYLE, WAYS, nearest_regions, three_ways
from cdnlab.experiments.traffic import DAY, HOME, HOUR, LAG, MAX_AGE, OLD, REGIONS, opened, towns, world
from cdnlab.freshness import TTLs, lifetime
from cdnlab.marks import hatch, number
from cdnlab.messages import Request, Response
from cdnlab.meter import Item, Usage, message_bytes
from cdnlab.panels import Panel
from cdnlab.telling import ms_text
from cdnlab.worldmap import FONT

__all__ = ["PER_DAY", "Lateness", "bills", "model", "panel", "say", "view"]

PER_DAY, DAYS = 100.0, 30
"""Requests per city and day on this panel, and the days of its month. A new photo comes once a day."""

_LAGS = {60: "1 min", 300: "5 min", 900: "15 min", 3600: "1 h", 21_600: "6 h", 86_400: "1 day", 172_800: "2 days"}
_AGES = {60: "1 min", 600: "10 min", 3600: "1 h", 21_600: "6 h", 86_400: "1 day"}


@dataclass(frozen=True, slots=True)
class Lateness:
    """What is on show. `lag`, `max_age`: seconds; `six`: share of the users who get the old photo while replication lasts.

    `ages`: (age in seconds, share of the users) of the caches' copies, oldest first; `asked`: how often the bucket in Stockholm
    is asked in a day, with a CDN and without; `medians`: milliseconds, by way; `usd`: a month's bill by way, () while not wanted.
    """

    lag: float
    max_age: float
    six: float
    ages: tuple[tuple[float, float], ...]
    asked: tuple[float, float]
    medians: tuple[float, ...]
    usd: tuple[float, ...]

    def old(self, seconds: float) -> float:
        """The share of the users to whom the CDN gives the old photo, so many seconds after the upload."""
        return sum(share for age, share in self.ages if age >= seconds)


@lru_cache(maxsize=32)
def _ages(max_age: float) -> tuple[tuple[float, float], ...]:
    everyone = sum(town.users for town in towns())
    found = [
        (float(journey.response.headers.get("Age") or 0), town.users / everyone)
        for town, journey in zip(towns(), opened(PER_DAY, 0, max_age).journeys, strict=True)
        if journey.response.body == OLD
    ]
    return tuple(sorted(found, reverse=True))


def model(*, lag: float, max_age: float, price: bool) -> Lateness:
    """How long the old photo lives under the three ways.

    >>> shown = model(lag=900, max_age=3600, price=False)
    >>> round(shown.old(0), 2), round(shown.old(1800), 2), shown.old(3600)
    (1.0, 0.71, 0)
    """
    everyone = sum(town.users for town in towns())
    abroad = sum(town.users for town, region in zip(towns(), nearest_regions(), strict=True) if region != HOME)
    medians = tuple(way.median for way in three_ways(PER_DAY, 0, max_age))
    usd = tuple(bill.total for bill in bills(max_age).values()) if price else ()
    asked = (opened(PER_DAY, 0, max_age).asked_per_day, PER_DAY * len(towns()))
    return Lateness(lag, max_age, abroad / everyone, _ages(max_age), asked, medians, usd)


# ---- the bills


def _sends(bucket: Bucket) -> int:
    """Bytes of one answer of a bucket, head and body."""
    answer = bucket.answer(Request("GET", f"https://{bucket.endpoint}/cat.jpg"), at=bucket.now()).response
    return message_bytes(f"HTTP/1.1 {answer.status} ", answer.headers, len(answer.content))


@lru_cache(maxsize=32)
def bills(max_age: float = MAX_AGE, *, free_tier: bool = False) -> dict[str, costs.Bill]:
    """A month's bill for each of the three ways: 100 requests per city and day, a new photo every day.

    >>> [round(bill.total, 2) for bill in bills().values()], round(bills(free_tier=True)["CDN"].total, 2)
    ([7.92, 9.18, 9.49], 0.0)
    """
    here = world(f"max-age={max_age:.0f}")
    size, sends = len(OLD), _sends(here.home)
    asked = {region: PER_DAY * DAYS * nearest_regions().count(region) for region in REGIONS}
    everyone = sum(asked.values())
    copied = [costs.Replication(HOME, region, DAYS, DAYS * size) for region in REGIONS if region != HOME]
    now = opened(PER_DAY, 0, max_age)
    edges = Usage.of([replace(journey.meter, s3_gets=(), bytes_from_aws=0) for journey in now.journeys]) * (PER_DAY * DAYS)
    misses = Usage({Item("s3", "requests_get_select", HOME): now.asked_per_day * DAYS})
    kept, put = {HOME: float(size)}, {HOME: float(DAYS)}
    return {
        WAYS[0]: costs.bill(storage=kept, puts=put, direct={HOME: (everyone, everyone * sends)}),
        WAYS[1]: costs.bill(
            storage=dict.fromkeys(REGIONS, float(size)),
            puts=put,
            replication=copied,
            direct={region: (count, count * sends) for region, count in asked.items()},
        ),
        WAYS[2]: costs.bill([edges, misses], storage=kept, puts=put, free_tier=free_tier),
    }


# ---- the words


def say(shown: Lateness) -> str:
    """The text twin: how long the old photo lives, what that costs in questions, and in dollars if wanted."""
    asked, everyone = shown.asked
    waits = [f"median {ms_text(median)}" for median in shown.medians]
    parts = [
        f"One bucket: never an old photo, {waits[0]}.",
        f"Six buckets: {shown.six:.0%} of the users get the old photo, for {_LAGS[int(shown.lag)]} (assumed), {waits[1]}.",
        f"CDN: {shown.old(1):.0%} get it at first, nobody after {_AGES[int(shown.max_age)]} (max-age), {waits[2]}.",
        f"With the CDN, Stockholm is asked {asked:,.0f} times a day instead of {everyone:,.0f}.",
    ]
    if shown.usd:
        parts.append("A month: " + ", ".join(f"{way} {usd:,.2f}" for way, usd in zip(WAYS, shown.usd, strict=True)) + " US dollars.")
    return "\n".join(parts)


def comment(shown: Lateness) -> str:
    """One line on the trade that the two clocks make."""
    if shown.max_age == shown.lag:
        return (
            f"Both are through after {_AGES[int(shown.max_age)]}: one because replication takes that long, the other because you said so."
        )
    first = "The CDN is" if shown.max_age < shown.lag else "The six buckets are"
    return f"{first} all new first. Replication's clock is not yours; max-age is. Shorter is newer, and asks Stockholm more often."


# ---- the picture

_LEFT, _RIGHT, _TOP, _BOTTOM = 62.0, 700.0, 52.0, 200.0
_FROM, _TO = 10.0, 3.0 * DAY
_TICKS = {10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h", 21_600: "6 h", 86_400: "1 day"}
_CDN, _SIX, _ONE = 'stroke-width="2.6"', 'stroke-width="2" stroke-dasharray="7 4"', 'stroke-width="5" opacity="0.5"'
_KEYS = ((62, _CDN, "CDN"), (150, _SIX, "six buckets (assumed)"), (340, _ONE, "one bucket: nobody, ever"))


def _x(seconds: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * log(max(seconds, _FROM) / _FROM) / log(_TO / _FROM)


def _y(share: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * share


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    where = f'x="{number(x)}" y="{number(y)}" text-anchor="{anchor}" font-size="12.5"'
    return f'<text class="cdnlab-halo" {where} fill="currentColor">{escape(words)}</text>'


def _stroke(path: str, look: str) -> str:
    return f'<path d="{path}" fill="none" stroke="currentColor" {look}/>'


def _steps(shown: Lateness) -> str:
    """The CDN's curve: it falls whenever a copy's time is up."""
    path = f"M{number(_LEFT)} {number(_y(shown.old(_FROM)))}"
    for age in sorted({age for age, _ in shown.ages if age >= _FROM}):
        path += f"H{number(_x(age))}V{number(_y(shown.old(age + 1)))}"
    return f"{path}H{number(_RIGHT)}"


def chart(shown: Lateness) -> str:
    """Who gets the old photo, over the time since the upload; one line a way."""
    parts = [_stroke(f"M{number(_LEFT)} {number(_TOP)}V{number(_BOTTOM)}H{number(_RIGHT)}", 'opacity="0.5"')]
    parts += [_text(_LEFT - 8, _y(share) + 4, f"{share:.0%}", "end") for share in (0.0, 0.5, 1.0)]
    for seconds, words in _TICKS.items():
        parts.append(_stroke(f"M{number(_x(seconds))} {number(_BOTTOM)}v5", ""))
        parts.append(_text(_x(seconds), _BOTTOM + 19, words, "middle"))
    until, high = _x(shown.lag), _y(shown.six)
    parts.append(_stroke(hatch(_LEFT, high, until - _LEFT, _BOTTOM - high, 9), 'stroke-width="0.8" opacity="0.45"'))
    parts.append(_stroke(f"M{number(_LEFT)} {number(high)}H{number(until)}V{number(_BOTTOM)}", _SIX))
    parts.append(_stroke(_steps(shown), _CDN))
    parts.append(_stroke(f"M{number(_LEFT)} {number(_BOTTOM)}H{number(_RIGHT)}", _ONE))
    parts.append(_text(0, 12, "Users who would get the old photo, by the time since the upload:"))
    for x, look, words in _KEYS:
        parts += [_stroke(f"M{x} 30h30", look), _text(x + 37, 34, words)]
    size = f'viewBox="0 0 720 {number(_BOTTOM + 26)}" width="720" role="img" aria-label="{escape(say(shown))}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {FONT}>{"".join(parts)}</svg>'


def table(shown: Lateness) -> str:
    """The three ways side by side: when all is new, who is asked how often, the median wait, and the bill."""
    asked, everyone = shown.asked
    rows = [
        (WAYS[0], "at once", f"{everyone:,.0f}, one bucket"),
        (WAYS[1], f"{_LAGS[int(shown.lag)]} (assumed)", f"{everyone:,.0f}, six buckets"),
        (WAYS[2], f"{_AGES[int(shown.max_age)]} at most", f"{asked:,.0f}, one bucket"),
    ]
    heads = ["", "all new after", "buckets asked per day", "median wait", *(["USD a month"] if shown.usd else [])]
    body = ""
    for at, (way, until, questions) in enumerate(rows):
        cells = (until, questions, ms_text(shown.medians[at]), *([f"{shown.usd[at]:,.2f}"] if shown.usd else []))
        body += f'<tr><th scope="row">{way}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    note = (
        f"<p class='cdnlab-note'>{len(towns())} cities, {PER_DAY:g} requests each a day for {DAYS} days, one photo of 200 kB, "
        "a new one every day. List prices, for teaching; S3's requests and storage at us-east-1's price (assumed); no free tier.</p>"
    )
    return f'<table class="cdnlab-three"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note if shown.usd else ""}'


def view(shown: Lateness) -> str:
    """A comment, the chart, the table."""
    return f"<style>{STYLE}</style><p><strong>{escape(comment(shown))}</strong></p>{chart(shown)}{table(shown)}"


def panel() -> Panel[Lateness]:
    """Two clocks to turn, and the bill behind a toggle."""
    return Panel(
        "How long does the old photo live?",
        [
            Slider("lag", "Replication takes (assumed)", values=tuple(_LAGS), value=LAG, texts=tuple(_LAGS.values())),
            Slider("max_age", "The bucket says max-age", values=tuple(_AGES), value=MAX_AGE, texts=tuple(_AGES.values())),
            Toggle("price", "Show what a month costs"),
        ],
        model=model,
        view=view,
        twin=say,
    )


# ---- what the exercises reckon with

_OPTIMIZED = TTLs(1, 86_400, 31_536_000)  # Min, Default and Max of the managed policy CachingOptimized, which the distribution uses
_OFTEN = 0.15


def shops_upload() -> dict[str, str]:
    """How the shop of the incident puts its photo of the day into the bucket."""
    return {"Key": "cat.jpg", "CacheControl": "max-age=31536000"}


def upload_trouble(upload: dict[str, str]) -> str:
    """Why that is not yet the way to do it; "" when it is."""
    if set(upload) != {"Key", "CacheControl"} or not all(isinstance(value, str) for value in upload.values()):
        return "`upload` has two fields, both texts: `Key` and `CacheControl`."
    if upload["Key"] != "cat.jpg":
        return "Under another name it is another photo, and every page would have to ask for that: lesson 11 does so. Here the name stays."
    says = upload["CacheControl"]
    life = lifetime(Response(200, {"Cache-Control": says}), _OPTIMIZED, sent_at=0, s3=True).seconds
    then = opened(PER_DAY, HOUR, life, says)
    late = sum(journey.response.body == OLD for journey in then.journeys)
    if late:
        return (
            f"An hour after the upload {late} of {len(towns())} cities still get the old photo: their copies are fresh for {life:,.0f} s."
        )
    share = then.asked_per_day / PER_DAY / len(towns())
    if share > _OFTEN:
        return f"Nobody is late, but Stockholm is asked for {share:.0%} of the requests: a copy is good for {life:,.0f} s only."
    return ""


def mended_upload() -> dict[str, str]:
    """A good repair."""
    return shops_upload() | {"CacheControl": "max-age=3600"}


def day_long_upload() -> dict[str, str]:
    """A repair that leaves people with the old photo."""
    return shops_upload() | {"CacheControl": "max-age=86400"}


def unstored_upload() -> dict[str, str]:
    """A repair that sends everybody to Stockholm."""
    return shops_upload() | {"CacheControl": "no-store"}
