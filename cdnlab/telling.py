"""A journey, told: who was asked, what each place found, what stayed behind, and where the time went.

Every face of a Journey says the same thing, because each is made from what is worked out here, once: the picture draws
the events, the animation plays them, `twin` says them in one sentence, and the terminal prints them. Nothing is
canned: a place that had a copy is told to have one because a Step says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from cdnlab.marks import PLACES, RESULTS, state_of
from cdnlab.messages import Request, Response
from cdnlab.steps import Leg, Place, Step, Treatment

__all__ = ["Event", "Share", "Told", "carried", "events", "frames", "is_question", "ms_text", "name", "overall", "play_factor", "shares", "station", "twin", "x_cache"]

_DEPTH = {"viewer": 0, "service": 1, "edge": 1, "regional": 2, "shield": 3, "origin": 4}
_SAME_MOMENT = 0.001  # ms; two floats that were added up differently
_LATER = ("refresh", "stale")  # what a place says of an expired copy once it has heard from above
_SLOWER, _LONGEST = 5.0, 1600.0  # network time plays five times slower, a whole journey takes at most 1.6 s


class Told(Protocol):
    """What has to be known of a journey to tell it; a Journey is one."""

    @property
    def request(self) -> Request: ...
    @property
    def response(self) -> Response: ...
    @property
    def viewer(self) -> Place: ...
    @property
    def edge(self) -> str: ...
    @property
    def result(self) -> str: ...
    @property
    def started(self) -> float: ...
    @property
    def latency_ms(self) -> float: ...
    @property
    def way(self) -> tuple[Place, ...]: ...
    @property
    def steps(self) -> tuple[Step, ...]: ...
    @property
    def legs(self) -> tuple[Leg, ...]: ...
    @property
    def treatments(self) -> tuple[Treatment, ...]: ...
    @property
    def origin_requests(self) -> tuple[Request, ...]: ...
    @property
    def origin_statuses(self) -> tuple[int, ...]: ...


@dataclass(frozen=True, slots=True)
class Event:
    """Something to mark at a place: an arrival or a finding, `at_ms` after the start.

    `state`: hit, refresh ..., "kept" for a copy that stays, "" for a plain arrival; `word` and `plain`: what is written beside it;
    `arrival`: whether it is what the place found when the question came.
    """

    place: Place
    at_ms: float
    state: str
    word: str
    plain: str
    arrival: bool


class Share(NamedTuple):
    """A part of the latency: `times` ways of `ms` each between two places, on a `basis`; "" for time not spent travelling."""

    start: str
    end: str
    times: int
    ms: float
    basis: str

    @property
    def total(self) -> float:
        """Milliseconds in all."""
        return self.times * self.ms


def name(place: Place) -> str:
    """The short name of a place: an edge by its code, a cache or an origin by its city, a viewer by its label.

    >>> name(Place("edge AKL", kind="edge", code="AKL", city="Auckland"))
    'AKL'
    """
    if place.kind in ("regional", "shield", "origin"):
        return place.city or place.code or str(place)
    return place.code or place.city or str(place)


def station(place: Place) -> str:
    """A place with its kind, for a sentence: "edge AKL", "regional cache Sydney"."""
    return name(place) if place.kind == "viewer" else f"{PLACES[place.kind].word} {name(place)}"


def ms_text(ms: float) -> str:
    """Milliseconds for people: 0.4 ms, 9 ms, 312 ms, 30.1 s.

    >>> ms_text(311.6), ms_text(0.42), ms_text(30_120)
    ('312 ms', '0.4 ms', '30.1 s')
    """
    if ms >= 9999.5:
        return f"{ms / 1000:.1f} s"
    return f"{ms:.0f} ms" if ms >= 0.95 or ms == 0 else f"{ms:.1f} ms"


def x_cache(journey: Told) -> str:
    """The X-Cache the viewer reads; CloudFront's word for the result when there is none."""
    return journey.response.headers.get("X-Cache") or journey.result


def is_question(leg: Leg) -> bool:
    """Does this way lead towards the origin?"""
    return _DEPTH[leg.end.kind] > _DEPTH[leg.start.kind]


def overall(journey: Told) -> str:
    """The state of the whole journey: what the edge said last, and where it said nothing, the state of the result word."""
    said = [step.state for step in _in_order(journey.steps) if step.place.kind == "edge" and step.state in RESULTS]
    known = state_of(journey.result)
    if said and (said[-1] in ("stale", "blocked", "redirect") or known == "hit"):
        return said[-1] if known != "error" or said[-1] != "stale" else known
    return known


def carried(journey: Told) -> list[tuple[Leg, str]]:
    """Each way with what travels on it: "" for a question, for an answer the state of the place that gives it.

    A place that found nothing itself passes a failure, or an old copy, on as what it is.
    """
    told, brought, found = events(journey), {}, []
    for leg in sorted(journey.legs, key=lambda leg: leg.at_ms):
        if is_question(leg):
            found.append((leg, ""))
            continue
        own = [event.state for event in told if event.place == leg.start and event.at_ms <= leg.at_ms + 0.01 and event.state != "kept"]
        state = own[-1] if own else ""
        if state in ("", "miss") and brought.get(leg.start) in ("error", "stale"):
            state = brought[leg.start]
        brought[leg.end] = state
        found.append((leg, state))
    return found


def _in_order(steps: Iterable[Step]) -> list[Step]:
    return sorted(steps, key=lambda step: step.at_ms)


def events(journey: Told) -> list[Event]:
    """Everything to mark, in order of time: for each arrival of a question what was found, later findings, copies that stay."""
    arrivals = sorted((leg.at_ms + leg.ms, leg.end) for leg in journey.legs if is_question(leg))
    statuses = _origin_statuses(journey)
    found: list[Event] = []
    for number, (at, place) in enumerate(arrivals):
        later = [moment for moment, other in arrivals[number + 1 :] if other == place]
        until = later[0] if later else float("inf")
        said = [s for s in _in_order(journey.steps) if s.place == place and s.state and at - _SAME_MOMENT <= s.at_ms < until - _SAME_MOMENT]
        found += _visit(journey, place, at, said, statuses)
    met = {place for _, place in arrivals} | {journey.viewer}
    strangers = [step for step in _in_order(journey.steps) if step.place not in met and step.place.kind != "service"]
    found += [_event(journey, s.place, s.at_ms, s.state, statuses, arrival=True) for s in strangers if s.state]
    return sorted(found, key=lambda event: event.at_ms)


def _visit(journey: Told, place: Place, at: float, said: list[Step], statuses: dict[tuple[str, float], int]) -> list[Event]:
    """The events of one visit: of several findings at one moment, the last counts."""
    last: dict[tuple[float, bool], Step] = {}
    for step in said:
        last[round(step.at_ms, 2), step.state == "kept"] = step
    found = [_event(journey, place, step.at_ms, step.state, statuses, arrival=abs(step.at_ms - at) < 0.01) for step in last.values()]
    if not any(event.arrival for event in found):
        expired = any(event.state in _LATER for event in found)
        if expired:
            found.insert(0, Event(place, at, "", "", "copy expired", True))
        else:
            found.insert(0, _event(journey, place, at, "", statuses, arrival=True))
    return found


def _event(journey: Told, place: Place, at: float, state: str, statuses: dict[tuple[str, float], int], *, arrival: bool) -> Event:
    if state == "kept":
        return Event(place, at, state, "", "copy stays", False)
    if place.kind == "origin":
        status = statuses.get((place, round(at, 2)), 0)
        told = f"answers {status}" if status else "no answer" if state == "error" else ""
        return Event(place, at, state if state in ("error", "refresh") else "", "", told, arrival)
    if state not in RESULTS:
        return Event(place, at, "", "", "passes it on" if arrival else "", arrival)
    result = RESULTS[state]
    plain = f"answers {journey.response.status}" if state in ("error", "blocked", "redirect") else "" if result.word == result.plain else result.plain
    return Event(place, at, state, result.word, "" if state == "stale" else plain, arrival)


def _origin_statuses(journey: Told) -> dict[tuple[str, float], int]:
    """The status of each answer of an origin, by place and moment: the answers that came back, in order, are the statuses that are known."""
    back = sorted((leg.at_ms, leg.start) for leg in journey.legs if leg.start.kind == "origin")
    known = [status for status in journey.origin_statuses if status]
    if len(known) != len(back):
        known = [_said_status(journey, place, at) for at, place in back]
    asked = sorted((leg.at_ms + leg.ms, leg.end) for leg in journey.legs if leg.end.kind == "origin")
    statuses: dict[tuple[str, float], int] = {}
    for (at, place), status in zip(back, known, strict=True):
        statuses[place, round(at, 2)] = status
        arrived = [moment for moment, other in asked if other == place and moment <= at + _SAME_MOMENT]
        if arrived:
            statuses[place, round(arrived[-1], 2)] = status
    return statuses


def _said_status(journey: Told, place: Place, at: float) -> int:
    """The status that the origin's own step names, 0 when it names none."""
    for step in journey.steps:
        if step.place == place and abs(step.at_ms - at) < 0.01 and (match := re.search(r"\banswers (\d{3})\b", step.says)):
            return int(match[1])
    return 0


def shares(journey: Told) -> list[Share]:
    """Where the time went: the ways between each two places together, then what is left, which was not spent on the way."""
    grouped: dict[tuple[frozenset[str], float, str], list[Leg]] = {}
    for leg in journey.legs:
        if leg.at_ms + leg.ms <= journey.latency_ms + 0.01:
            grouped.setdefault((frozenset((leg.start, leg.end)), round(leg.ms, 4), leg.basis), []).append(leg)
    found = [Share(station(legs[0].start), station(legs[0].end), len(legs), legs[0].ms, legs[0].basis) for legs in grouped.values()]
    rest = journey.latency_ms - sum(share.total for share in found)
    return [*found, Share("", "", 1, rest, "")] if rest >= 0.05 else found


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def twin(journey: Told) -> str:
    """The journey in words, the same every time: the text twin of its picture."""
    told, sentences = events(journey), []
    if not told:
        sentences.append(f"{name(journey.viewer)} asks edge {journey.edge}: {journey.response.status}, {x_cache(journey)}")
    status = 200
    asked: set[Place] = set()
    for event in told:
        at_origin = event.place.kind == "origin"
        if at_origin and event.plain:
            sentences.append(f"Origin {name(event.place)}{': no answer' if event.plain == 'no answer' else ' ' + event.plain}")
            status = int(event.plain[-3:]) if event.plain.startswith("answers") else journey.response.status
        elif event.arrival and not at_origin and event.place not in asked:
            finds = "sends its old copy" if event.state == "stale" else event.plain or event.word or "asks further up"
            if event.state in ("error", "blocked", "redirect"):
                finds, status = f"{event.word}, {event.plain}", journey.response.status
            who = f"{name(journey.viewer)} asks {station(event.place)}" if not asked else station(event.place).capitalize()
            who = who if not asked else station(event.place)[0].upper() + station(event.place)[1:]
            sentences.append(f"{who}: {finds}")
            asked.add(event.place)
        elif event.state == "stale" and not event.arrival:
            sentences.append(f"{station(event.place)[0].upper()}{station(event.place)[1:]} sends its old copy")
            status = 200
    tails = []
    if confirmed := [name(event.place) for event in told if event.state == "refresh" and event.place.kind != "origin"]:
        tails.append(f"the {'copies' if len(confirmed) > 1 else 'copy'} at {_listed(confirmed)} {'are' if len(confirmed) > 1 else 'is'} confirmed")
    if kept := list(dict.fromkeys(name(event.place) for event in told if event.state == "kept")):
        tails.append(f"{'copies stay' if len(kept) > 1 else 'a copy stays'} at {_listed(kept)}")
    sentences[-1] = "; ".join([sentences[-1], *tails])
    if told and journey.response.status != (200 if status == 304 else status):
        sentences.append(f"The viewer reads {journey.response.status}")
    return ". ".join([*sentences, f"About {ms_text(journey.latency_ms)}."])


def frames(journey: Told) -> list[dict[str, Any]]:
    """The journey as an animation plays it: a frame for the start, each event, each answer's arrival.

    Each has `at_ms` (network time), `play_ms` (when it is shown: five times slower, all within 1.6 s), `place` (kind),
    `name`, `state` and `caption`. The picture's elements carry the same moments as `data-at`.
    """
    slower = play_factor(journey)
    told = events(journey)
    shown = [(0.0, journey.viewer, "", f"{name(journey.viewer)} sends {journey.request.method} {journey.request.path}")]
    for event in told:
        words = ", ".join(part for part in (event.word, event.plain) if part) or "asked"
        if event.state == "kept":
            words = "a copy stays"
        shown.append((event.at_ms, event.place, event.state, f"{station(event.place)}: {words}"))
    marked = {(event.place, round(event.at_ms, 2)) for event in told}
    for leg in journey.legs:
        end = leg.at_ms + leg.ms
        if not is_question(leg) and leg.end != journey.viewer and (leg.end, round(end, 2)) not in marked:
            shown.append((end, leg.end, "", f"{station(leg.end)}: the answer passes"))
    arrived = f"{name(journey.viewer)} reads {journey.response.status}, {x_cache(journey)}, after {ms_text(journey.latency_ms)}"
    shown.append((journey.latency_ms, journey.viewer, overall(journey), arrived))
    return [
        {"at_ms": round(at, 3), "play_ms": round(at * slower, 1), "place": place.kind, "name": name(place), "state": state, "caption": caption}
        for at, place, state, caption in sorted(shown, key=lambda frame: frame[0])
    ]


def play_factor(journey: Told) -> float:
    """How much slower than the network an animation plays: five times, or what keeps the journey within 1.6 s."""
    longest = max([journey.latency_ms, *(leg.at_ms + leg.ms for leg in journey.legs)])
    return min(_SLOWER, _LONGEST / longest) if longest > 0 else _SLOWER
