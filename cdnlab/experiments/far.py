"""Lesson 00: how far does the second request go?

One photo lies in a bucket in Stockholm. A viewer asks for it, then somebody else, then somebody in another city. Each
request leaves copies where it passes, so each next one may have a shorter way. A day later the copies have expired, and
expired is not deleted.

The bucket stands in eu-north-1 because no regional cache does: one in the bucket's own Region would be skipped, and the
learner would miss the second tier. It sends `max-age=86400`, so "+1 day" and a second later every copy has expired.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

from cdnlab.bucket import Bucket
from cdnlab.clock import iso
from cdnlab.cloudfront import CloudFront, Held
from cdnlab.controls import Button, Predict, Press, Text
from cdnlab.distance import great_circle_km, rtt
from cdnlab.geography import Viewer, cities, find_city, nearest_edge, reach, regional_for
from cdnlab.geography import edge as edge_site
from cdnlab.journey import Journey
from cdnlab.marks import css
from cdnlab.page import html
from cdnlab.panels import Panel, Snapshot
from cdnlab.staircase import picture
from cdnlab.steps import Place
from cdnlab.telling import events, ms_text, name, station
from cdnlab.telling import twin as told
from cdnlab.views import chain, journey_map, long_way, waits

__all__ = ["DAY", "Far", "World", "kilometres", "model", "panel", "say", "sketch", "view", "world"]

DAY = 86_400
"""How long the bucket says that a copy stays fresh, in seconds."""

DEPTHS = {"to the edge": "edge", "to the regional cache": "regional", "to the origin": "origin"}
PHOTO = b"\xff\xd8\xff\xe0" + b"a small photo of a cat".ljust(48_209)  # 48,213 bytes


class World(NamedTuple):
    """A CloudFront with one distribution in front of one bucket with one photo: `cdn`, the photo's `url`, the `bucket`."""

    cdn: CloudFront
    url: str
    bucket: Bucket


def config(identity: str) -> dict[str, Any]:
    """The smallest distribution: one origin, and one rule that sends everything to it (managed policy CachingOptimized)."""
    origin = {
        "Id": "photos",
        "DomainName": "photos.s3.eu-north-1.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": f"origin-access-identity/cloudfront/{identity}"},
    }
    rule = {
        "TargetOriginId": "photos",
        "ViewerProtocolPolicy": "redirect-to-https",
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
    }
    return {
        "CallerReference": "lesson 00",
        "Comment": "one name, one origin, one rule",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": rule,
    }


def _guest(identity: str) -> str:
    """The bucket policy that lets CloudFront in, and nobody else."""
    who = {"AWS": f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {identity}"}
    statement = {"Effect": "Allow", "Principal": who, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def world() -> World:
    """A fresh world: nothing has been sent yet, no cache holds anything.

    >>> cdn, url, bucket = world()
    >>> [cdn.get(url, viewer=city).result for city in ("Auckland", "Auckland", "Brisbane")]
    ['Miss', 'Hit', 'Miss']
    """
    cdn = CloudFront()
    photos = Bucket("photos", region="eu-north-1")
    cdn.connect(photos)
    photos.put_object(Key="cat.jpg", Body=PHOTO, ContentType="image/jpeg", CacheControl=f"max-age={DAY}")
    named = {"CallerReference": "lesson 00", "Comment": "the photos' only guest"}
    made = cdn.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig=named)
    identity = made["CloudFrontOriginAccessIdentity"]["Id"]
    photos.put_bucket_policy(Policy=_guest(identity))
    made = cdn.create_distribution(DistributionConfig=config(identity))
    return World(cdn, f"https://{made['Distribution']['DomainName']}/cat.jpg", photos)


@dataclass(frozen=True, slots=True)
class Far:
    """What is on show: who would ask next, when, all journeys so far, the copies there are, and what was predicted."""

    viewer: Viewer
    now: float
    journeys: tuple[Journey, ...]
    copies: tuple[Held, ...]
    neighbour: str | None
    elsewhere: str | None
    home: Place

    @property
    def asked(self) -> int:
        """How often the origin was asked."""
        return sum(len(journey.origin_requests) for journey in self.journeys)

    @property
    def waited(self) -> bool:
        """Whether the clock was pushed after the latest request."""
        return bool(self.journeys) and self.now > self.journeys[-1].started + DAY

    @property
    def way(self) -> tuple[Place, ...]:
        """From the chosen viewer to the origin: edge, regional cache, bucket."""
        edge = nearest_edge(self.viewer)
        return self.viewer.place, edge.place, regional_for(edge).place, self.home


def model(presses: Sequence[Press], *, city: str, neighbour: str | None = None, elsewhere: str | None = None) -> Far:
    """Everything that was done, done again from the start: each Send asks from its city, each +1 day pushes the clock.

    >>> far = model([Press("Send", {"city": "Auckland"}), Press("Send", {"city": "Brisbane"})], city="Brisbane")
    >>> [journey.result for journey in far.journeys], far.asked
    (['Miss', 'Miss'], 1)
    """
    cdn, url, bucket = world()
    journeys = []
    for press in presses:
        if press.button == "Send":
            journeys.append(cdn.get(url, viewer=press.city))
        else:
            cdn.clock.advance(DAY + 1)
    return Far(Viewer(city), cdn.clock.now(), tuple(journeys), tuple(cdn.copies()), neighbour, elsewhere, bucket.place)


def farthest(journey: Journey) -> Place:
    """The last place on the way that was asked."""
    asked = [event.place for event in events(journey) if event.arrival]
    order = list(journey.way)
    return max(asked, key=lambda place: order.index(place) if place in order else 0)


# ---- the words


def kilometres(a: Place | str, b: Place | str) -> str:
    """The distance between two places or cities, to the nearest hundred kilometres.

    >>> kilometres("Auckland", "Brisbane")
    '2,300 km'
    """
    start, end = (each if isinstance(each, Place) else Viewer(each).place for each in (a, b))
    return f"{round(great_circle_km(start, end), -2):,.0f} km"


def say(far: Far) -> str:
    """The text twin of the picture: the latest request's way, and how often the origin was asked."""
    if not far.journeys:
        viewer, *_, origin = far.way
        away = kilometres(viewer, origin)
        return f"The photo lies in {origin.city}, {away} from {name(viewer)}. No cache has a copy. Nothing has been asked yet."
    last, asked = far.journeys[-1], f"Origin asked: {far.asked}."
    spent = f"Expired copies: {sum(held.fresh_for <= 0 for held in far.copies)} of {len(far.copies)}."
    if far.waited:
        return f"It is {iso(far.now)}. {spent} None was deleted. {asked}"
    return " ".join([told(last), *([spent] if any(held.fresh_for <= 0 for held in far.copies) else []), asked])


def comment(far: Far) -> str:
    """One line on what is worth noticing, reckoned from the latest journey; never canned."""
    if not far.journeys:
        return "Predict, then press Send."
    if far.waited:
        return "A day and a second have passed. Every copy has expired: an empty frame now, and still there. Send again."
    last = far.journeys[-1]
    deepest, kept = farthest(last).kind, [name(event.place) for event in events(last) if event.state == "kept"]
    if 304 in last.origin_statuses:
        return "Expired is not deleted: the origin said “not changed”, sent no photo, and the copies are good for another day."
    if deepest == "origin":
        first = "The long way." if far.asked == 1 else "No cache on the way had a copy to use, so the origin was asked again."
        return f"{first} But look what stayed behind: copies at {' and '.join(kept)}." if kept else first
    if deepest == "regional":
        return (
            f"The header says {last.result}. The origin never heard of it: {name(farthest(last))}'s copy was enough. "
            "On AWS you would see only the header."
        )
    return f"A short way: edge {last.edge} had a copy. {ms_text(last.latency_ms)} instead of {ms_text(far.journeys[0].latency_ms)}."


def _ended(journey: Journey) -> str:
    place = farthest(journey)
    return f"{name(journey.viewer)}'s request went as far as {'the origin in ' + place.city if place.kind == 'origin' else station(place)}"


def neighbour_outcome(far: Far) -> str:
    """What became of the second request."""
    if len(far.journeys) < 2:
        return ""
    first, second = far.journeys[:2]
    kind = farthest(second).kind
    why = {
        "edge": f"the first request had left a copy there. {ms_text(second.latency_ms)} instead of {ms_text(first.latency_ms)}.",
        "regional": "its own edge had no copy, but the regional cache had one.",
        "origin": "no cache on its way had a copy that was still fresh.",
    }
    return f"{_ended(second)}: {why.get(kind, '')}"


def _newcomer(far: Far) -> Journey | None:
    """The first request, after the second, through an edge that had not been used before."""
    for number_, journey in enumerate(far.journeys):
        if number_ >= 2 and journey.edge not in {earlier.edge for earlier in far.journeys[:number_]}:
            return journey
    return None


def elsewhere_outcome(far: Far) -> str:
    """What became of the first request from another edge."""
    journey = _newcomer(far)
    if journey is None:
        return ""
    x_cache, asked = journey.response.headers.get("X-Cache", ""), len(journey.origin_requests)
    return f"{_ended(journey)}. The viewer reads “{x_cache}”; the origin was {'asked' if asked else 'not asked'}."


# ---- the picture


def _reckoned_ms(journey: Journey, depth: str) -> float:
    """How long this request takes if it goes just so far, by the library's own distances."""
    viewer, edge, regional, origin = journey.way
    ms = reach(viewer.code, edge_site(edge.code)).ms
    if depth != "edge":
        ms += rtt(edge, regional).ms
    return ms + rtt(regional, origin).ms if depth == "origin" else ms


def _predicted(far: Far) -> dict[int, float]:
    """The waits that belong to the predictions, by the request's position."""
    newcomer = _newcomer(far)
    made = {1: far.neighbour} if len(far.journeys) > 1 else {}
    if newcomer is not None:
        made[far.journeys.index(newcomer)] = far.elsewhere
    return {order: _reckoned_ms(far.journeys[order], DEPTHS[guess]) for order, guess in made.items() if guess is not None}


def view(far: Far) -> str:
    """Counter and clock, the map, the waits, the staircase of the latest request, and what is behind it."""
    head = f"<p><strong>Origin asked: {far.asked}</strong> · simulated time {iso(far.now)} · {escape(comment(far))}</p>"
    if not far.journeys:
        viewer, *_, origin = far.way
        return head + long_way(viewer, origin, kilometres(viewer, origin), title=say(far))
    last = far.journeys[-1]
    chart = journey_map([far.way, *(each.way for each in far.journeys)], journey=last, copies=far.copies, lifetime=DAY, title=say(far))
    lead = "<p>The latest request, before that day:</p>" if far.waited else ""
    return head + waits(far.journeys, predicted_ms=_predicted(far)) + chart + lead + picture([last])


def panel() -> Panel[Far]:
    """The experiment: predict, Send, predict again, Send from elsewhere, wait a day, Send."""
    return Panel(
        "How far does the second request go?",
        [
            Predict(
                "neighbour",
                "A viewer in Auckland opens the photo. Then her neighbour does. How far does the second request travel?",
                tuple(DEPTHS),
                outcome=neighbour_outcome,
            ),
            Predict(
                "elsewhere",
                f"Now Brisbane, {kilometres('Auckland', 'Brisbane')} across the sea. Its edge has never seen the photo. "
                "How far does that request travel?",
                tuple(DEPTHS),
                outcome=elsewhere_outcome,
                asked=lambda far: len(far.journeys) >= 2,
            ),
            Text("city", "Viewer's city", "Auckland", suggestions=lambda: (city.label for city in cities()), accept=find_city),
            Button("Send", primary=True),
            Button("+1 day"),
        ],
        model=model,
        view=view,
        twin=say,
        inside=lambda far: html(far.journeys[-1]) if far.journeys else "Nothing has been sent yet.",
        moment=lambda far: iso(far.now),
        caption=caption,
    )


def caption(far: Far) -> str:
    """What is written under a saved picture: who waited how long."""
    waited = ", ".join(f"{name(journey.viewer)} {ms_text(journey.latency_ms)} ({journey.result})" for journey in far.journeys[-6:])
    return f"{waited or say(far)}. Origin asked: {far.asked}. Simulated with cdnlab."


def sketch() -> Snapshot:
    """The distribution as a picture: a name, one rule, an origin, as its config has them."""
    cdn, _, bucket = world()
    made = cdn.list_distributions()["DistributionList"]["Items"][0]
    boxes = [
        ("a name", made["DomainName"], "what viewers ask for"),
        ("one rule", "*", f"every path goes to “{made['DefaultCacheBehavior']['TargetOriginId']}”"),
        ("an origin", made["Origins"]["Items"][0]["Id"], f"an S3 bucket in {bucket.place.region}"),
    ]
    said = "A distribution: " + "; ".join(f"{head} ({what}, {note})" for head, what, note in boxes) + "."
    return Snapshot(said, f'<div class="cdnlab"><style>{css()}</style>{chain(boxes, title=said)}</div>')


# ---- what the exercises reckon with


def _asked_by(*cities: str) -> list[Journey]:
    cdn, url, _ = world()
    return [cdn.get(url, viewer=city) for city in cities]


def times_asked() -> int:
    """How often three cities round one regional cache make the origin work."""
    return sum(len(journey.origin_requests) for journey in _asked_by("Wellington", "Sydney", "Brisbane"))


def neighbours() -> dict[str, object]:
    """What the texts of that exercise say."""
    return {"times": times_asked(), "regional": name(_asked_by("Wellington")[0].way[2])}


def after_a_day() -> list[object]:
    """The origin's answer to a question about an expired copy, and whether the photo travels again."""
    cdn, url, _ = world()
    cdn.get(url, viewer="Auckland")
    cdn.clock.advance(DAY + 1)
    status = cdn.get(url, viewer="Auckland").origin_statuses[-1]
    return [status, "no" if status == 304 else "yes"]
