"""Lesson 01: three ways to be everywhere.

One bucket, a bucket in six Regions, or a CDN: what does the world see of a photo that was just replaced? For each of 150 towns the
map shows how long a viewer waits and which photo comes. What the three ways did is played by `traffic`; here it is counted and
drawn. Copies are counted where they may be used: objects in buckets, and fresh copies in caches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape
from math import exp, sqrt

from cdnlab.controls import Button, Choice, Predict, Press, Slider
from cdnlab.distance import place_in
from cdnlab.experiments.traffic import (
    HOME,
    HOUR,
    LAG,
    MAX_AGE,
    NEW,
    REGIONS,
    Got,
    Town,
    direct,
    nearest_bucket,
    opened,
    straight,
    towns,
    world,
)
from cdnlab.geography import Viewer
from cdnlab.journey import Journey
from cdnlab.marks import PLACES, drawn, number, place_shape
from cdnlab.page import html
from cdnlab.panels import Panel
from cdnlab.steps import Place
from cdnlab.telling import ms_text, name
from cdnlab.worldmap import FONT, Label, WorldMap

__all__ = ["WAYS", "Everywhere", "Way", "first", "model", "panel", "say", "view"]

WAYS = ("one bucket", "six buckets", "CDN")
FIRST = "Auckland"
_HOURS = {
    0: "just now",
    0.1: "6 min",
    0.25: "15 min",
    0.5: "30 min",
    0.75: "45 min",
    1: "1 h",
    2: "2 h",
    6: "6 h",
    24: "1 day",
}
_RATES = (0.01, 0.1, 1, 10, 100, 1000, 10_000)


@dataclass(frozen=True, slots=True)
class Way:
    """One of the three ways at one moment: what a viewer `got` in each town, and where the `copies` lie.

    `unasked`: how many of the copies nobody asks for in a day, on average.
    """

    word: str
    got: tuple[Got, ...]
    copies: tuple[Place, ...]
    unasked: int

    @property
    def median(self) -> float:
        """Milliseconds that half of the users wait at most; each town counts for its internet users."""
        return _median([each.ms for each in self.got])

    @property
    def old(self) -> int:
        """In how many towns the old photo comes."""
        return sum(not each.new for each in self.got)

    @property
    def says(self) -> str:
        """The way in a sentence."""
        count = f"{len(self.copies)} cop{'y' if len(self.copies) == 1 else 'ies'}"
        asked = f" ({self.unasked} of them not asked for in a day)" if self.unasked else ""
        start = self.word[0].upper() + self.word[1:]
        return f"{start}: median {ms_text(self.median)}, {self.old} of {len(self.got)} cities old, {count}{asked}."


@dataclass(frozen=True, slots=True)
class Everywhere:
    """What is on show: the chosen way, the settings, all three ways, and the first viewer's three answers once she has asked.

    `guess`: the way that was predicted to be the fastest.
    """

    chosen: str
    per_day: float
    hours: float
    ways: tuple[Way, ...]
    race: tuple[Got, ...]
    guess: str | None

    @property
    def way(self) -> Way:
        """The chosen one."""
        return self.ways[WAYS.index(self.chosen)]


def _median(waits: Sequence[float]) -> float:
    users = [town.users for town in towns()]
    reached = 0.0
    for ms, count in sorted(zip(waits, users, strict=True)):
        reached += count
        if reached >= sum(users) / 2:
            return ms
    raise AssertionError("half of the users are reached before all are")


@cache
def nearest_regions() -> tuple[str, ...]:
    """For each town the Region of the nearest of the six buckets."""
    buckets = world().buckets.values()
    return tuple(nearest_bucket(buckets, town.viewer).region for town in towns())


def unasked(per_day: float) -> float:
    """How many of the six copies nobody asks for in a day, on average: requests come at random (Poisson)."""
    return sum(exp(-per_day * nearest_regions().count(region)) for region in REGIONS)


@lru_cache(maxsize=128)
def three_ways(per_day: float, hours: float, max_age: float = MAX_AGE) -> tuple[Way, ...]:
    """The three ways, `hours` after the new photo was uploaded, with `per_day` requests a day from every town; `max_age`: seconds.

    >>> [way.old for way in three_ways(100, 0)], [way.old for way in three_ways(100, 1)]
    ([0, 105, 150], [0, 0, 0])
    """
    now = opened(per_day, hours * HOUR, max_age)
    places = {region: place_in(region, f"bucket in {region}") for region in REGIONS}

    def asked(region: str, town: Town) -> Got:
        return Got(straight(town.viewer, region), now.buckets[region], places[region])

    one = [asked(HOME, town) for town in towns()]
    six = [asked(region, town) for region, town in zip(nearest_regions(), towns(), strict=True)]
    cdn = [Got(each.latency_ms, each.response.body == NEW, Place("", kind="edge", code=each.edge)) for each in now.journeys]
    copies = (places[HOME], *(held.place for held in now.copies))
    return (
        Way(WAYS[0], tuple(one), (places[HOME],), 0),
        Way(WAYS[1], tuple(six), tuple(places.values()), round(unasked(per_day))),
        Way(WAYS[2], tuple(cdn), copies, 0),
    )


@cache
def first(city: str = FIRST) -> tuple[Journey, tuple[Got, ...]]:
    """The first viewer in a city, just after the upload, when no cache holds anything: the journey through the CDN, and all three answers.

    >>> [(round(got.ms), got.new) for got in first()[1]]
    [(323, True), (52, False), (331, True)]
    """
    here, viewer = world(), Viewer(city)
    here.upload()
    answers = [direct(bucket, viewer) for bucket in (here.home, nearest_bucket(here.buckets.values(), viewer))]
    journey = here.cdn.get(here.url, viewer=viewer)
    return journey, (*answers, Got(journey.latency_ms, journey.response.body == NEW, journey.way[-1]))


def model(presses: Sequence[Press], *, way: str, per_day: float, hours: float, fastest: str | None = None) -> Everywhere:
    """What the world sees with these settings; after a press, what the first viewer in Auckland got."""
    return Everywhere(way, per_day, hours, three_ways(per_day, hours), first()[1] if presses else (), fastest)


# ---- the words


def _rate(per_day: float) -> str:
    return f"{per_day:,g} request{'s' if per_day != 1 else ''} per city and day"


def _since(hours: float) -> str:
    return "Just after the upload" if not hours else f"{_HOURS[hours]} after the upload"


def say(shown: Everywhere) -> str:
    """The text twin of the picture: a sentence for each way, and the first viewer's answers."""
    head = f"{_since(shown.hours)}, {_rate(shown.per_day)}."
    return "\n".join([head, *(way.says for way in shown.ways), *([_raced(shown)] if shown.race else [])])


def _which(got: Got) -> str:
    return "the new photo" if got.new else "the old photo"


def _raced(shown: Everywhere) -> str:
    told = ", ".join(f"{word} {ms_text(got.ms)} ({'new' if got.new else 'old'})" for word, got in zip(WAYS, shown.race, strict=True))
    return f"First viewer in {FIRST}: {told}."


def winner(race: Sequence[Got]) -> str:
    """The way that brings the new photo soonest."""
    return min((got.ms, word) for word, got in zip(WAYS, race, strict=True) if got.new)[1]


def outcome(shown: Everywhere) -> str:
    """What the prediction is held against."""
    if not shown.race:
        return ""
    one, six, cdn = shown.race
    late = "" if six.new else f" Six buckets answer in {ms_text(six.ms)}, but with the old photo until the new one is copied."
    longer = "no shorter" if cdn.ms >= one.ms else "shorter"
    return (
        f"The new photo comes soonest from {winner(shown.race)}: {ms_text(min(got.ms for got in shown.race if got.new))}.{late} "
        f"The CDN's first viewer has a way that is {longer}, {ms_text(cdn.ms)}: no cache holds a copy that nobody asked for."
    )


def comment(shown: Everywhere) -> str:
    """One line on what is worth noticing, reckoned from the ways."""
    one, six, cdn = shown.ways
    if shown.chosen == WAYS[0]:
        return f"Always the new photo. But distance is time: half of the users wait {ms_text(one.median)} or more, whoever else asks."
    if shown.chosen == WAYS[1]:
        if six.old:
            return f"Short ways. But {six.old} cities get the old photo until replication is through: {LAG / 60:.0f} min (assumed)."
        unasked = f" {six.unasked} of {len(six.copies)} copies lie there for nobody." if six.unasked else ""
        return f"Short ways, and every bucket has the new photo by now.{unasked}"
    gain = sum(town.users for town, there, straight in zip(towns(), cdn.got, one.got, strict=True) if there.ms < straight.ms / 2) / sum(
        town.users for town in towns()
    )
    if len(cdn.copies) == 1:
        return "No cache holds a fresh copy: nobody asked lately. Every request goes all the way to Stockholm, and hardly anyone gains."
    old = f" {cdn.old} cities get the old photo: a fresh copy is used without asking." if cdn.old else " Every copy is the new photo."
    return f"{len(cdn.copies) - 1} fresh copies, all where somebody asked: {gain:.0%} of the users wait less than half as long.{old}"


# ---- the picture

STYLE = """
.cdnlab .cdnlab-three{color:inherit;border-collapse:collapse;width:100%;margin:6px 0;font-size:13px;border:0}
.cdnlab .cdnlab-three :is(th,td){text-align:right;padding:3px 8px;border:0;background:none;color:inherit;max-width:none;
border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent);font-variant-numeric:tabular-nums}
.cdnlab .cdnlab-three :is(th,td):first-child{text-align:left;white-space:nowrap}
.cdnlab .cdnlab-three .cdnlab-chosen-way{font-weight:600;background:color-mix(in srgb,currentColor 8%,transparent)}
"""
_SMALLEST, _SIZE = 1.6, 0.48  # pixels of radius, and more for the square root of a millisecond
_SHADE = 0.6
_COPY = {"origin": 8.0, "regional": 4.0}  # pixels


def _spot(x: float, y: float, got: Got, title: str = "") -> str:
    """A viewer's wait as the size of a circle: full with the new photo, hollow with the old one."""
    look = (
        f'fill="currentColor" fill-opacity="{_SHADE}"'
        if got.new
        else 'class="cdnlab-back" fill="none" stroke="currentColor" stroke-width="1.6"'
    )
    inside = f"<title>{escape(title)}</title>" if title else ""
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(_SMALLEST + _SIZE * sqrt(got.ms))}" {look}>{inside}</circle>'


def chart(shown: Everywhere) -> str:
    """The map: towns as circles, and the places where copies lie."""
    chosen, land = shown.way, WorldMap()
    by_wait = sorted(zip(towns(), chosen.got, strict=True), key=lambda pair: -pair[1].ms)
    spots = [_spot(*land.pixels(town.viewer.place), got, f"{town.name}: {ms_text(got.ms)}, {_which(got)}") for town, got in by_wait]
    drawn_ = [place for place in chosen.copies if place.kind != "edge"]  # an edge stands where its town does
    copies = [f"<g><title>copy: {escape(name(place))}</title>{_copy(land, place)}</g>" for place in drawn_]
    here = Viewer(FIRST).place
    words = [Label(*land.pixels(place), text) for place, text in ((chosen.copies[0], chosen.copies[0].city), (here, FIRST))]
    labels = land.labels(words, free_of=[land.pixels(place) for place in (*drawn_, *(town.viewer.place for town in towns()))], size=13)
    return land.sheet(f"{''.join(spots)}{''.join(copies)}{labels}", f"Map. {chosen.says}")


def _copy(land: WorldMap, place: Place) -> str:
    x, y = land.pixels(place)
    return place_shape(place.kind, x, y, _COPY[place.kind])


def _legend() -> str:
    parts, x = [], 12.0
    for ms in (20, 100, 300):
        parts.append(_spot(x, 14, Got(ms, True, Place("", kind="viewer", code=""))))
        parts.append(_words(x + 14, f"{ms} ms"))
        x += 82
    for new, text in ((True, "new photo"), (False, "old photo")):
        parts.append(_spot(x, 14, Got(100, new, Place("", kind="viewer", code=""))))
        parts.append(_words(x + 12, text))
        x += 100
    for kind, text in (("origin", "bucket"), ("regional", "regional cache with a copy")):
        parts.append(drawn(PLACES[kind].shape(x + 2, 14, _COPY[kind]), 1.6))
        parts.append(_words(x + 16, text))
        x += 34 + 6.6 * len(text)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 28" width="720" aria-hidden="true" {FONT}>{"".join(parts)}</svg>'


def _words(x: float, text: str, y: float = 18.5, extra: str = "") -> str:
    return f'<text x="{number(x)}" y="{number(y)}" font-size="12.5" fill="currentColor"{extra}>{escape(text)}</text>'


def table(ways: Iterable[Way], chosen: str) -> str:
    """The three ways side by side, the chosen one lit."""
    heads = ("", "median wait", "cities with the old photo", "copies that can be used", "of them, not asked for in a day")
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    rows = []
    for way in ways:
        lit, sign = (' class="cdnlab-chosen-way"', "▶ ") if way.word == chosen else ("", "")
        cells = (ms_text(way.median), f"{way.old} of {len(way.got)}", f"{len(way.copies)}", f"{way.unasked}")
        rows.append(f'<tr{lit}><th scope="row">{sign}{way.word}</th>{"".join(f"<td>{each}</td>" for each in cells)}</tr>')
    return f'<table class="cdnlab-three"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _bars(shown: Everywhere) -> str:
    """The first viewer's three waits, to one scale; the predicted way is marked "you"."""
    scale, parts, y = 330 / max(got.ms for got in shown.race), [], 30.0
    for word, got in zip(WAYS, shown.race, strict=True):
        look = f'fill="currentColor" fill-opacity="{_SHADE}"' if got.new else 'fill="none" stroke="currentColor" stroke-width="1.6"'
        parts.append(f'<rect x="120" y="{number(y)}" width="{number(got.ms * scale)}" height="14" {look}/>')
        parts.append(_words(110, word, y + 11.5, ' text-anchor="end"'))
        parts.append(_words(128 + got.ms * scale, f"{ms_text(got.ms)}, {_which(got)}", y + 11.5))
        if word == shown.guess:
            wide = number(got.ms * scale + 176)
            parts.append(
                f'<rect x="114" y="{number(y - 5)}" width="{wide}" height="24" fill="none" stroke="currentColor" stroke-dasharray="4 3"/>'
            )
            parts.append(_words(300 + got.ms * scale, "you", y + 11.5))
        y += 30
    parts.append(_words(0, f"The first viewer in {FIRST}, just after the upload, when nobody has asked before:", 16))
    size = f'viewBox="0 0 720 {number(y)}" width="720" role="img" aria-label="{escape(_raced(shown))}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {FONT}>{"".join(parts)}</svg>'


def view(shown: Everywhere) -> str:
    """A comment, the first viewer's waits once she has asked, the map, the table."""
    bars = _bars(shown) if shown.race else ""
    head = f"<style>{STYLE}</style><p><strong>{escape(comment(shown))}</strong></p>"
    return f"{head}{bars}{chart(shown)}{_legend()}{table(shown.ways, shown.chosen)}"


def panel() -> Panel[Everywhere]:
    """The experiment: predict, open it in Auckland, then turn the three knobs."""
    return Panel(
        "Three ways to be everywhere",
        [
            Predict(
                "fastest",
                f"The new photo was uploaded a moment ago, and nobody has asked for it yet. "
                f"Which way brings it to the first viewer in {FIRST} soonest?",
                WAYS,
                outcome=outcome,
            ),
            Choice("way", "How to be everywhere", WAYS),
            Slider("per_day", "Requests per city and day", values=_RATES, value=1, texts=tuple(f"{each:,g}" for each in _RATES)),
            Slider("hours", "Since the upload", values=tuple(_HOURS), value=0, texts=tuple(_HOURS.values())),
            Button(f"Open it in {FIRST}", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
        inside=lambda shown: html(first()[0]) if shown.race else f"Nobody has opened the photo in {FIRST} yet.",
    )


# ---- what the exercises reckon with


def neighbour() -> list[str]:
    """What three viewers in Auckland get five minutes after the upload, when somebody there had asked ten minutes before it."""
    here, viewer = world(), Viewer(FIRST)
    here.cdn.get(here.url, viewer=viewer)
    here.cdn.clock.advance(600)
    here.upload()
    here.cdn.clock.advance(300)
    one, six = (direct(bucket, viewer).new for bucket in (here.home, nearest_bucket(here.buckets.values(), viewer)))
    return ["new" if new else "old" for new in (one, six, here.cdn.get(here.url, viewer=viewer).response.body == NEW)]


@cache
def museum() -> list[int]:
    """How many photos six buckets hold, and how many copies the caches, when 30 of 1,000 are opened in three cities."""
    here = world()
    for order in range(1000):
        here.home.put_object(Key=f"{order}.jpg", Body=b"photo", CacheControl=f"max-age={MAX_AGE}")
    here.cdn.clock.advance(LAG)
    for city in ("Auckland", "London", "São Paulo"):
        for order in range(30):
            here.cdn.get(here.url.replace("cat", str(order)), viewer=city, explain=False)
    held = sum(len(bucket.objects) - 1 for bucket in here.buckets.values())  # the cat is no part of the collection
    return [held, len(here.cdn.copies())]


def who_gains() -> str:
    """Whose median wait changes when many ask instead of a few."""
    few, many = three_ways(1, 0), three_ways(10_000, 0)
    (changed,) = (one.word for one, other in zip(few, many, strict=True) if round(one.median) != round(other.median))
    return changed
