"""Lesson 05: the shelf behind the shop.

Three edges share one regional cache, as shops share a stockroom. Auckland has opened `rare.jpg` once; then a day of 200
requests for 40 other photos goes through all three. A small edge shelf has no room for what is seldom asked for. The large
shelf behind it has, and the origin hears of each photo only once.

AWS has no switch for the second tier, but documents a case that skips it: an S3 bucket in the regional cache's own Region
(PATH-08). So "off" here means that the bucket stands in Sydney instead of Stockholm. The tape is the same: requests come one
after the other, lifetimes are a year, so what an edge holds depends on the order of the requests alone, and edge hits do not
change by one. Sizes are our choice (photos of 50 kB, so many on a shelf), and so is LRU.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from html import escape
from typing import NamedTuple

from cdnlab.bucket import Bucket
from cdnlab.cloudfront import CloudFront, Held
from cdnlab.controls import Button, Predict, Press, Slider, Toggle
from cdnlab.experiments.routing import DAY, smallest
from cdnlab.experiments.tally import Tally, lanes, tally
from cdnlab.geography import Viewer, nearest_edge, regional_for
from cdnlab.journey import Journey
from cdnlab.page import html
from cdnlab.panels import Panel
from cdnlab.shelves import picture as shelves_picture
from cdnlab.shelves import stocked
from cdnlab.staircase import picture
from cdnlab.steps import Place
from cdnlab.telling import name, station
from cdnlab.traces import generate
from cdnlab.views import journey_map

__all__ = ["ASK", "PLAY", "RARE", "STEP", "YEAR", "Stockroom", "comment", "model", "panel", "say", "tape", "view", "world"]

YEAR = 31_536_000
RARE = "/rare.jpg"
CITIES = ("Auckland", "Brisbane", "Perth")
PHOTOS, REQUESTS, PHOTO_BYTES = 40, 200, 50_000  # with its headers, each photo takes 50 kB of a shelf
BEHIND = 48  # photos that fit on the regional shelf, unless told otherwise
PLAY, STEP, ASK = "Play 200 requests", "Play 5", "Ask for rare.jpg"
STEPS = {PLAY: REQUESTS, STEP: 5}

BOTH, ONE, NONE = "at the edge and in the regional cache", "only in the regional cache", "in no cache any more"
MORE, SAME, FEWER = "more", "not one more, not one fewer", "fewer"


class World(NamedTuple):
    """A CloudFront with small shelves, one distribution, and a bucket with 41 photos: `cdn`, `url` (without a path), `bucket`."""

    cdn: CloudFront
    url: str
    bucket: Bucket


def world(region: str = "eu-north-1", *, shelf: int = 6, behind: int = BEHIND, shield: str = "") -> World:
    """A fresh world: the bucket in `region`, room for `shelf` photos at each edge and for `behind` in each regional cache.

    `shield`: the Region of the origin's Origin Shield, "" for none.

    >>> cdn, url, _ = world()
    >>> [cdn.get(url + "/rare.jpg", viewer=city).result for city in ("Auckland", "Auckland", "Brisbane")]
    ['Miss', 'Hit', 'Miss']
    """
    cdn = CloudFront(edge_bytes=int(shelf) * PHOTO_BYTES, regional_bytes=int(behind) * PHOTO_BYTES)
    photos = Bucket("photos", region=region)
    photos.delete_public_access_block()
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}
    photos.put_bucket_policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    for key in (RARE[1:], *map(str, range(1, PHOTOS + 1))):
        body = key.encode().ljust(PHOTO_BYTES - 300)
        photos.put_object(Key=key, Body=body, ContentType="image/jpeg", CacheControl=f"max-age={YEAR}")
    cdn.connect(photos)
    config = smallest(photos)
    if shield:
        config["Origins"]["Items"][0]["OriginShield"] = {"Enabled": True, "OriginShieldRegion": shield}
    made = cdn.create_distribution(DistributionConfig=config)["Distribution"]
    return World(cdn, f"https://{made['DomainName']}", photos)


@lru_cache(maxsize=16)
def tape(number: int = 0, unequal: float = 0.9) -> tuple[tuple[float, str, str], ...]:
    """A day of 200 requests: (second of the day, path, viewer's city), the same for the same `number`. `unequal`: Zipf's exponent.

    >>> len(tape()), tape()[0][1:]
    (200, ('/15', 'Perth'))
    """
    made = generate(REQUESTS, PHOTOS, alpha=unequal, cities=CITIES, seed=number)
    rows = zip(made["time_s"], made["object"], made["city"], strict=True)
    return tuple((float(at), f"/{int(photo) + 1}", str(city)) for at, photo, city in rows)


class _Run(NamedTuple):
    """What came of everything that was pressed: the latest tape's journeys, the latest request for rare.jpg, what is where."""

    played: tuple[Journey, ...]  # the latest 200 at most
    sent: int  # how many there were since the start
    asked: Journey
    copies: tuple[Held, ...]
    rare_at: tuple[Place, ...]  # who had rare.jpg when the latest of them had been answered
    gone: tuple[tuple[Place, int], ...]  # how many photos had to leave each edge
    ways: tuple[tuple[Place, ...], ...]


@lru_cache(maxsize=64)  # a knob replays the tape with the tier on and off
def _run(acts: tuple[str, ...], shelf: int, unequal: float, second: bool, behind: int) -> _Run:
    home = "eu-north-1" if second else regional_for(nearest_edge(Viewer(CITIES[0]))).region
    cdn, url, bucket = world(home, shelf=shelf, behind=behind)
    asked = cdn.get(url + RARE, viewer=CITIES[0])
    played: list[Journey] = []
    seen = {(asked.edge, RARE)}
    rare_at = [held.place for held in cdn.copies(url + RARE)]
    begun = cdn.clock.now()
    for act in acts:
        if act == ASK:
            asked = cdn.get(url + RARE, viewer=CITIES[0])
            continue
        for number in range(len(played), len(played) + STEPS[act]):
            day, which = divmod(number, REQUESTS)
            at, path, city = tape(day, unequal)[which]
            cdn.clock.advance(max(0.0, begun + day * DAY + at - cdn.clock.now()))
            played.append(cdn.get(url + path, viewer=city, explain=False))
        rare_at = [held.place for held in cdn.copies(url + RARE)]
    seen |= {(journey.edge, journey.request.path) for journey in played}
    copies = tuple(cdn.copies())
    ways = []
    for city in CITIES:
        site = nearest_edge(Viewer(city))
        ways.append((Viewer(city).place, site.place, regional_for(site).place, bucket.place))
    held = {(copy.place.code, copy.path) for copy in copies}
    gone = [(way[1], sum(code == way[1].code and (code, path) not in held for code, path in seen)) for way in ways]
    return _Run(tuple(played[-REQUESTS:]), len(played), asked, copies, tuple(rare_at), tuple(gone), tuple(ways))


@dataclass(frozen=True, slots=True)
class Stockroom:
    """What is on show: the knobs, what came of everything pressed so far (`run`), predictions.

    `latest`: the button that was pressed last; `with_tier`: what came of the same presses with the second tier on.
    """

    shelf: int
    unequal: float
    second: bool
    behind: int
    latest: str
    run: _Run
    with_tier: _Run
    rare: str | None
    off: str | None

    @property
    def played(self) -> tuple[Journey, ...]:
        """The journeys of the latest tape."""
        return self.run.played

    @property
    def asked(self) -> Journey:
        """The latest request for rare.jpg."""
        return self.run.asked

    @property
    def tally(self) -> Tally:
        """Who answered the latest tape."""
        return tally(self.run.played)

    @property
    def beside(self) -> Tally:
        """Who answers the same tape with the second tier on."""
        return tally(self.with_tier.played)

    @property
    def edge(self) -> Place:
        """Auckland's edge."""
        return self.run.ways[0][1]

    @property
    def regional(self) -> Place:
        """The regional cache of all three edges."""
        return self.run.ways[0][2]

    @property
    def home(self) -> Place:
        """Where the bucket stands."""
        return self.run.ways[0][-1]


def model(
    presses: Sequence[Press],
    *,
    shelf: float = 6,
    unequal: float = 0.9,
    second: bool = True,
    rare: str | None = None,
    off: str | None = None,
    behind: int = BEHIND,
) -> Stockroom:
    """Everything that was pressed, done again from the start in a world with these knobs: so turning one replays the same tape.

    >>> on, off = (model([Press(PLAY, {})], second=second).tally for second in (True, False))
    >>> on.edge == off.edge, on.origin < off.origin
    (True, True)
    """
    acts = tuple(press.button for press in presses)
    run = _run(acts, int(shelf), unequal, second, behind)
    with_tier = _run(acts, int(shelf), unequal, True, behind)
    return Stockroom(int(shelf), unequal, second, behind, acts[-1] if acts else "", run, with_tier, rare, off)


# ---- the words


def _where(places: Sequence[Place]) -> str:
    """Where copies of rare.jpg stand, as one of the prediction's answers."""
    kinds = {place.kind for place in places}
    if "edge" in kinds:
        return BOTH if "regional" in kinds else "at the edge alone"
    return ONE if kinds else NONE


def say(room: Stockroom) -> str:
    """The text twin: who answered the latest tape, what the latest request for rare.jpg read, where rare.jpg is now."""
    said = [] if room.second else [f"Second tier skipped (bucket in {room.home.city})."]
    if room.played:
        beside = "" if room.second else f" (with the second tier: {room.beside.edge}, {room.beside.regional}, {room.beside.origin})"
        counts = room.tally
        said.append(f"{counts.edge} edge hits; {counts.regional} answered by the regional cache; {counts.origin} from the origin{beside}.")
    elif room.latest != ASK:
        said.append(f"{CITIES[0]} has opened rare.jpg once.")
    if room.latest == ASK:
        said.append(f"{CITIES[0]} asks for rare.jpg: {room.asked.result}, origin {'asked' if room.asked.origin_requests else 'not asked'}.")
    now = [held.place for held in room.run.copies if held.path == RARE]
    return " ".join([*said, f"rare.jpg: {_where(now)}."])


def comment(room: Stockroom) -> str:
    """One line on what is worth noticing, reckoned from the journeys; never canned."""
    asked = room.asked
    if not room.played and room.latest != ASK:
        return f"Predict, then play a day of requests for {PHOTOS} other photos."
    if room.latest == ASK:
        reads = asked.response.headers.get("X-Cache", "")
        if asked.origin_requests:
            why = "no cache had a copy" if room.second else "the regional cache was skipped"
            return f"The viewer reads “{reads}”: {why}, so the origin was asked."
        if asked.result == "Hit":
            return f"The viewer reads “{reads}”: edge {asked.edge} still had its copy."
        return f"The viewer reads “{reads}”, and yet the origin never heard of it: {station(room.regional)} had a copy."
    if not room.second:
        same = "exactly as many" if room.tally.edge == room.beside.edge else "not as many"
        return (
            f"The same tape without a second tier: {same} edge hits ({room.tally.edge}), "
            f"but {room.tally.origin} requests to the origin instead of {room.beside.origin}."
        )
    code, gone = room.edge.code, sum(count for place, count in room.run.gone if place == room.edge)
    if not gone and room.run.sent < REQUESTS:
        return f"{room.run.sent} requests so far. Edge {code} still has room: no photo had to leave."
    if not gone:
        return f"Edge {code} has room for everything that {CITIES[0]} asked for: no photo had to leave."
    rare = "rare.jpg among them" if room.edge not in room.run.rare_at else "but not rare.jpg"
    held = sum(copy.place == room.regional for copy in room.run.copies)
    return f"{gone} photos had to leave edge {code}, {rare}. The regional cache in {name(room.regional)} holds {held}."


def rare_outcome(room: Stockroom) -> str:
    """Where rare.jpg was after 200 requests or more, with the second tier on, as the question has it."""
    if room.run.sent < REQUESTS:
        return ""
    after = _where(room.with_tier.rare_at)
    why = {
        ONE: f"edge {room.edge.code} needed the room, and the larger shelf in {name(room.regional)} did not.",
        BOTH: f"edge {room.edge.code} had room for everything that {CITIES[0]} asked for.",
        NONE: "neither shelf had room for a photo that was asked for once.",
    }
    return f"It was {after}: {why.get(after, 'the larger shelf needed the room for what its other edges asked for.')}"


def off_outcome(room: Stockroom) -> str:
    """What changed without the second tier."""
    if room.second or not room.played:
        return ""
    hits, asks = room.tally.edge - room.beside.edge, room.tally.origin / max(1, room.beside.origin)
    changed = SAME if not hits else MORE if hits > 0 else FEWER
    return f"Edge hits: {changed}, {room.beside.edge} with it, {room.tally.edge} without. The origin was asked {asks:.1f} times as often."


def caption(room: Stockroom) -> str:
    """What is written under a saved picture."""
    return f"Edge shelves for {room.shelf} photos. {say(room)} Simulated with cdnlab."


# ---- the picture


def view(room: Stockroom) -> str:
    """What to notice, who answered, the shelves, the map with rare.jpg's copies, and the way of the latest request for it."""
    asked = room.asked if room.latest == ASK else None
    parts = [f"<p><strong>{escape(comment(room))}</strong></p>"]
    if room.played:
        parts.append(lanes(room.played, room.run.ways[0][1:], None if room.second else room.beside))
    guesses = {}
    if asked is not None and room.rare and room.second:
        guesses = {room.edge: "hit" if room.rare == BOTH else "miss", room.regional: "miss" if room.rare == NONE else "hit"}
    gone = dict(room.run.gone)
    notes = {place: f"{count} had to leave" for place, count in gone.items() if count}
    rows = stocked(
        room.run.copies,
        [*(way[1] for way in room.run.ways), room.regional],
        journey=asked,
        capacity={"edge": room.shelf * PHOTO_BYTES, "regional": room.behind * PHOTO_BYTES},
        guesses=guesses,
        notes=notes if room.second else {**notes, room.regional: "skipped"},
        faint=() if room.second else (room.regional,),
        flagged=RARE,
    )
    rare = [held for held in room.run.copies if held.path == RARE]
    if room.edge not in [held.place for held in rare]:
        rows = tuple(replace(row, left=((RARE[1:], "evicted"),)) if row.place == room.edge else row for row in rows)
    watched = "The box with the thick outline is" if rare else "No box is"
    parts.append(f"<p>The shelves. {watched} <code>rare.jpg</code>; on each of them, the leftmost will be the next to leave:</p>")
    parts.append(shelves_picture(rows, "Shelves."))
    parts.append(f"<p>Where copies of <code>rare.jpg</code> stand, and the definitive version in {room.home.city}:</p>")
    parts.append(journey_map(room.run.ways, journey=asked, copies=rare, lifetime=YEAR, title=say(room)))
    if asked is not None:
        reads = escape(asked.response.headers.get("X-Cache", "") or "")
        told = "the origin was asked" if asked.origin_requests else "the origin was not asked"
        parts.append(
            f"<p>What the viewer reads: <code>X-Cache: {reads}</code>. What happened at each place ({told}):</p>{picture([asked])}"
        )
    return "".join(parts)


def panel(behind: int = BEHIND) -> Panel[Stockroom]:
    """The experiment: predict, play, ask for rare.jpg; predict again, switch the second tier off. `behind`: room in the regional cache."""
    return Panel(
        "The shelf behind the shop",
        [
            Predict(
                "rare",
                "Auckland has opened rare.jpg once. Then come 200 requests for other photos. Where is rare.jpg after that?",
                (BOTH, ONE, NONE),
                outcome=rare_outcome,
            ),
            Predict(
                "off",
                "Switch the second tier off and replay the same tape. What becomes of the edge hits?",
                (MORE, SAME, FEWER),
                outcome=off_outcome,
                asked=lambda room: room.run.sent >= REQUESTS,
            ),
            Slider("shelf", "Room on each edge's shelf", values=(3, 6, 12, 24, 48), value=6, unit="photos"),
            Slider(
                "unequal",
                "Popularity",
                values=(0, 0.5, 0.9, 1.3),
                value=0.9,
                texts=("all alike", "a little unequal", "as on the web", "a few stars"),
            ),
            Toggle("second", "Second tier (off: bucket in Sydney)", value=True),
            Button(PLAY, primary=True),
            Button(STEP),
            Button(ASK),
        ],
        model=partial(model, behind=behind),
        view=view,
        twin=say,
        inside=lambda room: html(room.asked),
        caption=caption,
    )
