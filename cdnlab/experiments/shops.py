"""Lesson 02: one address, many caches.

Viewers everywhere use one link. Each is sent to the edge that answers it with the lowest latency, and each edge has a shelf
of its own: neighbouring shops that do not phone each other. So a friend in another city may miss what was a Hit here a
moment ago, and trouble on the line is enough to send the same viewer to another shop.

Trouble and price class are the two knobs of routing. Trouble is put on the line between the viewer and the edge that would
answer if all were well; a price class leaves edges out, and refuses nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from cdnlab.cloudfront import CloudFront, Held
from cdnlab.controls import Button, Predict, Press, Slider, Text, Toggle
from cdnlab.edgemap import edge_map
from cdnlab.experiments.routing import ALL, DAY, HOME, Route, bucket, excuse, race, route_of, smallest, world
from cdnlab.geography import cities, edges_of, find_city, regional_for
from cdnlab.journey import Journey
from cdnlab.marks import state_of
from cdnlab.page import html
from cdnlab.panels import Panel
from cdnlab.shelves import picture as shelves_picture
from cdnlab.shelves import stocked
from cdnlab.staircase import picture
from cdnlab.steps import Place
from cdnlab.telling import events, ms_text, name, station

__all__ = ["Shops", "bucket", "caption", "comment", "model", "panel", "say", "smallest", "view", "world"]


@dataclass(frozen=True, slots=True)
class Shops:
    """What is on show: where the next request would go, all journeys and routes so far, the copies there are, the predictions.

    `sent`: whether the latest journey is the one that the controls now say.
    """

    next: Route
    sent: bool
    routes: tuple[Route, ...]
    journeys: tuple[Journey, ...]
    copies: tuple[Held, ...]
    friend: str | None
    again: str | None

    @property
    def last(self) -> Journey:
        """The latest request."""
        return self.journeys[-1]

    @property
    def asked(self) -> int:
        """How often the origin was asked."""
        return sum(len(journey.origin_requests) for journey in self.journeys)

    @property
    def way(self) -> tuple[Place, ...]:
        """From the chosen viewer to the origin."""
        site = self.next.edge.site
        return self.next.viewer.place, site.place, regional_for(site).place, self.journeys[0].way[-1]

    @property
    def stocked(self) -> list[Place]:
        """The edges that have a copy."""
        return [held.place for held in self.copies if held.place.kind == "edge"]


def model(
    presses: Sequence[Press],
    *,
    city: str,
    trouble: float = 0,
    cheap: bool = False,
    friend: str | None = None,
    again: str | None = None,
) -> Shops:
    """Lisbon has asked twice; then everything that was sent is sent again, each with its city, its trouble and its price class.

    >>> shops = model([Press("Send", {"city": "Tokyo", "trouble": 0, "cheap": False})], city="Tokyo")
    >>> [journey.result for journey in shops.journeys], [place.code for place in shops.stocked]
    (['Miss', 'Hit', 'Miss'], ['LIS', 'NRT'])
    """
    routes, journeys, copies = _sent(tuple((press.city, press.trouble, press.cheap) for press in presses))
    following = route_of(city, trouble, cheap)
    return Shops(following, following == routes[-1], routes, journeys, copies, friend, again)


@lru_cache(maxsize=32)  # the slider moves much more often than anything is sent
def _sent(asked: tuple[tuple[str, float, bool], ...]) -> tuple[tuple[Route, ...], tuple[Journey, ...], tuple[Held, ...]]:
    """Lisbon twice, then all that was asked: routes, journeys, and the copies in the end."""
    cdn, url, id_, _ = world()
    routes = [route_of(HOME), route_of(HOME), *(route_of(*each) for each in asked)]
    journeys = []
    for route in routes:
        _put_in(cdn, id_, route)
        journeys.append(cdn.get(url, viewer=route.viewer))
    return tuple(routes), tuple(journeys), tuple(cdn.copies())


def _put_in(cdn: CloudFront, id_: str, route: Route) -> None:
    """Make the world such as this route needs it: its price class, its trouble and no other."""
    for code in cdn.trouble:
        cdn.set_trouble(code, 0)
    for code, ms in route.penalties.items():
        cdn.set_trouble(code, ms)
    found = cdn.get_distribution_config(Id=id_)
    if found["DistributionConfig"].get("PriceClass", ALL) != route.price_class:
        changed = {**found["DistributionConfig"], "PriceClass": route.price_class}
        cdn.update_distribution(Id=id_, IfMatch=found["ETag"], DistributionConfig=changed)


# ---- the words


def say(shops: Shops) -> str:
    """The text twin of the picture: where the viewer was sent and why, what the edge found, which edges have a copy."""
    route = shops.next
    why = [f"lowest{'' if route.price_class == ALL else f' in {route.price_class}'}: {ms_text(route.edge.ms)}"]
    why += [f"{each.site.code}{excuse(route, each)}: {ms_text(each.ms)}" for each in route.candidates if excuse(route, each)]
    result = f"{shops.last.result}, {ms_text(shops.last.latency_ms)} in all" if shops.sent else "not sent yet"
    codes = ", ".join(place.code for place in shops.stocked)
    return f"{name(route.viewer.place)} -> {route.edge.site.code} ({'; '.join(why)}): {result}. Edges with a copy: {codes}."


def comment(shops: Shops) -> str:
    """One line on what is worth noticing, reckoned from the journey; never canned."""
    route, last = shops.next, shops.last
    edge = route.edge.site
    if not shops.sent:
        barred = [each for each in route.candidates if route.outside(each.site)]
        if barred:
            left_out = f"{barred[0].site.code} would be quicker, but {route.price_class} leaves it out"
            return f"{left_out}: {edge.code} would answer. Nobody is refused."
        if edge != route.calm:
            return f"With {ms_text(route.trouble)} of trouble, {route.calm.code} is no longer the quickest: {edge.code} would answer."
        return f"{edge.code} is the quickest of {len(edges_of(route.price_class))} edges, so it would answer."
    found = {event.place: event.state for event in events(last) if event.state and event.state != "kept"}
    if last.result != "Miss":
        return f"{last.edge} found a copy on its own shelf."
    others = [place.code for place in shops.stocked if place.code != last.edge]
    held = {0: "", 1: f"The copy at {others[-1]} was" if others else ""}.get(len(others), f"The copies at {len(others)} other edges were")
    idle = f" {held} of no use: edges do not ask each other." if held else ""
    behind = next((place for place, state in found.items() if place.kind == "regional" and state == "hit"), None)
    asked = f"; it asked {station(behind)}, which had one." if behind else ", nor had its regional cache, so the origin was asked."
    return f"{last.edge} had no copy{asked}{idle}"


def newcomer(shops: Shops) -> int | None:
    """Position of the first request of somebody else through an edge that had not been used before."""
    for at, journey in enumerate(shops.journeys[2:], 2):
        if journey.viewer != shops.journeys[0].viewer and journey.edge not in {before.edge for before in shops.journeys[:at]}:
            return at
    return None


def friend_outcome(shops: Shops) -> str:
    """What the friend elsewhere read."""
    at = newcomer(shops)
    if at is None:
        return ""
    journey = shops.journeys[at]
    return f"{name(journey.viewer)} reads {journey.result}: edge {journey.edge} has a shelf of its own, and nothing stood on it."


def diverted(shops: Shops) -> int | None:
    """Position of the first request that trouble sent away from an edge that had a copy."""
    for at, (route, journey) in enumerate(zip(shops.routes, shops.journeys, strict=True)):
        if route.trouble and journey.edge != route.calm.code and route.calm.code in {before.edge for before in shops.journeys[:at]}:
            return at
    return None


def again_outcome(shops: Shops) -> str:
    """What became of the viewer whose line had trouble."""
    at = diverted(shops)
    if at is None:
        return ""
    journey, route = shops.journeys[at], shops.routes[at]
    would = next(each.ms for each in route.candidates if each.site == route.calm)
    return (
        f"{name(journey.viewer)} reads {journey.result}: {route.calm.code} would have taken {ms_text(would)}, so {journey.edge} answered. "
        f"{route.calm.code} still has its copy; nobody asked it."
    )


def caption(shops: Shops) -> str:
    """What is written under a saved picture: who was sent where, and how it went."""
    told = [f"{name(each.viewer)} to {each.edge}: {each.result}, {ms_text(each.latency_ms)}" for each in shops.journeys[-6:]]
    return f"{'; '.join(told)}. Simulated with cdnlab."


# ---- the picture


def _guesses(shops: Shops) -> dict[Place, str]:
    """The prediction that belongs to the request on show, by the edge it is about."""
    said = {newcomer(shops): shops.friend, diverted(shops): shops.again}
    guess = said.get(len(shops.journeys) - 1)
    return {shops.last.way[1]: state_of(guess)} if guess else {}


def view(shops: Shops) -> str:
    """What to notice, the race to answer, the map, the shelves, the staircase of the latest request, and what is behind it."""
    route, last = shops.next, shops.last
    sites = [site.place for site in edges_of(ALL)]
    outside = {site.place for site in edges_of(ALL) if route.outside(site)}
    chart = edge_map(
        shops.way,
        sites,
        outside=outside,
        near=[each.site.place for each in route.worth_naming[:2]],
        earlier=[journey.way for journey in shops.journeys],
        journey=last if shops.sent else None,
        copies=shops.copies,
        lifetime=DAY,
        trouble={route.calm.place: route.trouble} if route.trouble else {},
        title=say(shops),
    )
    rows = stocked(
        shops.copies,
        [place for journey in shops.journeys for place in journey.way[1:2]],
        journey=last,
        guesses=_guesses(shops),
        notes={place: "outside price class" for place in outside},
        faint=outside,
    )
    return "".join(
        [
            f"<p><strong>{escape(comment(shops))}</strong> Origin asked so far: {shops.asked}.</p>",
            race(route),
            chart,
            f"<p>{_headline(last)}</p>",
            shelves_picture(rows, "Shelves."),
            picture([last]),
        ]
    )


def _headline(journey: Journey) -> str:
    """The latest request in a line: what the shelves and the staircase beneath it show."""
    told = f"{name(journey.viewer)}, edge {journey.edge}, {journey.result}, {ms_text(journey.latency_ms)}"
    return f"The latest request: <strong>{escape(told)}</strong>. What it found on the shelves, and its way:"


def panel() -> Panel[Shops]:
    """The experiment: predict, Send from elsewhere, predict again, trouble on the line, Send; then the price class."""
    return Panel(
        "One address, many caches",
        [
            Predict(
                "friend",
                "Lisbon just had a Hit. A friend in Tokyo opens the same link. What will Tokyo read?",
                ("Hit", "Miss"),
                outcome=friend_outcome,
            ),
            Predict(
                "again",
                "Lisbon once more, but with 60 ms of trouble on its line. Edge LIS still has its copy. What will Lisbon read?",
                ("Hit", "Miss"),
                outcome=again_outcome,
                asked=lambda shops: newcomer(shops) is not None,
            ),
            Text("city", "Viewer's city", "Tokyo", suggestions=lambda: (city.label for city in cities()), accept=find_city),
            Slider("trouble", "Trouble on the line to its edge", 0, 150, step=5, unit="ms"),
            Toggle("cheap", "PriceClass_100: fewer edges, lower prices"),
            Button("Send", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
        inside=lambda shops: html(shops.last),
        caption=caption,
    )
