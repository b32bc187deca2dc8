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

from cdnlab.marks import COPIES, PLACES, RESULTS, state_of
from cdnlab.messages import Request, Response
from cdnlab.steps import Leg, Place, Step, Treatment

__all__ = [
    "Event",
    "Share",
    "Told",
    "carried",
    "events",
    "frames",
    "is_question",
    "ms_text",
    "name",
    "overall",
    "play_factor",
    "shares",
    "station",
    "twin",
    "x_cache",
]

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

    `state`: hit, refresh ..., "kept" or "expired" for a copy, "" for a plain arrival; `word` and `plain`: what is written beside it;
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
        return place.city or place.code or str(place).removeprefix(f"{PLACES[place.kind].word} ")
    return place.code or place.city or str(place).removeprefix(f"{PLACES[place.kind].word} ")


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
    """The state of the whole journey: the result word's, made plainer where the edge refused or an old copy was sent."""
    known = state_of(journey.result)
    last = [state for leg, state in carried(journey) if leg.end == journey.viewer][-1:]
    plainer = {("error", "blocked"), ("refresh", "stale"), ("hit", "stale"), ("miss", "stale")}
    return last[0] if last and (known, last[0]) in plainer else known


def carried(journey: Told) -> list[tuple[Leg, str]]:
    """Each way with what travels on it: "" for a question, for an answer the state of the place that gives it.

    A place that found nothing itself passes a failure, or an old copy, on as what it is.
    """
    told, found = events(journey), list[tuple[Leg, str]]()
    brought: dict[Place, str] = {}
    for leg in sorted(journey.legs, key=lambda leg: leg.at_ms):
        if is_question(leg):
            found.append((leg, ""))
            continue
        own = [event.state for event in told if event.place == leg.start and event.at_ms <= leg.at_ms + 0.01 and event.state not in COPIES]
        state = own[-1] if own else ""
        waited_in_vain = any(event.plain == "no answer" and event.at_ms <= leg.at_ms + 0.01 for event in told)
        passed_on = brought.get(leg.start, "error" if waited_in_vain else "")
        if state in ("", "miss") and passed_on in ("error", "stale"):
            state = passed_on
        brought[leg.end] = state
        found.append((leg, state))
    return found


def _in_order(steps: Iterable[Step]) -> list[Step]:
    return sorted(steps, key=lambda step: step.at_ms)


def events(journey: Told) -> list[Event]:
    """Everything to mark, in order of time: for each arrival of a question what was found, later findings, copies that stay."""
    arrivals = sorted((leg.at_ms + leg.ms, leg.end) for leg in journey.legs if is_question(leg))
    found: list[Event] = []
    for number, (at, place) in enumerate(arrivals):
        later = [moment for moment, other in arrivals[number + 1 :] if other == place]
        until = later[0] if later else float("inf")
        said = [s for s in _in_order(journey.steps) if s.place == place and s.state and at - _SAME_MOMENT <= s.at_ms < until - _SAME_MOMENT]
        found += _at_origin(journey, place, at, until, said) if place.kind == "origin" else _visit(journey, place, at, said)
    met = {place for _, place in arrivals} | {journey.viewer}
    for step in _in_order(journey.steps):
        if step.state and step.place not in met and step.place.kind != "service":
            told = _at_origin(journey, step.place, step.at_ms, float("inf"), [step]) if step.place.kind == "origin" else []
            found += told or [_event(journey, step.place, step.at_ms, step.state, arrival=True)]
    return sorted(found, key=lambda event: event.at_ms)


def _visit(journey: Told, place: Place, at: float, said: list[Step]) -> list[Event]:
    """The events of one visit to a cache: of several findings at one moment, the last counts."""
    last: dict[tuple[float, bool], Step] = {}
    for step in said:
        last[round(step.at_ms, 2), step.state == "kept"] = step
    found = [_event(journey, place, step.at_ms, step.state, arrival=abs(step.at_ms - at) < 0.01) for step in last.values()]
    if not any(event.arrival for event in found):
        expired = any(event.state in _LATER for event in found)
        found.insert(0, _event(journey, place, at, "expired" if expired else "", arrival=True))
    return found


def _event(journey: Told, place: Place, at: float, state: str, *, arrival: bool) -> Event:
    if state == "kept":
        failed = [step.state == "error" for step in _in_order(journey.steps) if step.place.kind == "origin" and step.at_ms <= at]
        return Event(place, at, state, "", "error stays" if failed and failed[-1] else COPIES[state][0], False)
    if state in COPIES:
        return Event(place, at, state, "", COPIES[state][0], arrival)
    if state not in RESULTS:
        asks_on = any(is_question(leg) and leg.start == place for leg in journey.legs)
        return Event(place, at, "", "", ("passes it on" if asks_on else "waits") if arrival else "", arrival)
    result = RESULTS[state]
    if state in ("error", "blocked", "redirect"):
        return Event(place, at, state, result.word, f"answers {journey.response.status}", arrival)
    return Event(place, at, state, result.word, "" if state == "stale" else result.plain, arrival)


def _at_origin(journey: Told, place: Place, at: float, until: float, said: list[Step]) -> list[Event]:
    """A visit to an origin: it answers with a status, or not at all; the moment is that of its answer."""
    back = [leg.at_ms for leg in journey.legs if leg.start == place and at - _SAME_MOMENT <= leg.at_ms < until]
    state = said[-1].state if said else ""
    moment = back[0] if back else said[-1].at_ms if said else at
    status = _origin_status(journey, place, back[0]) if back else 0
    told = f"answers {status}" if status else "no answer" if state == "error" and not back else ""
    answer = Event(place, moment, state if state in ("error", "refresh") else "", "", told, True)
    return [answer] if moment - at < 0.5 else [Event(place, at, "", "", "", True), answer]


def _origin_status(journey: Told, place: Place, at: float) -> int:
    """The status of the answer that left an origin at this moment; 0 when it is not known."""
    back = sorted(leg.at_ms for leg in journey.legs if leg.start.kind == "origin")
    known = [status for status in journey.origin_statuses if status]
    if len(known) == len(back):
        return known[back.index(at)]
    for step in journey.steps:
        if step.place == place and abs(step.at_ms - at) < 0.01 and (match := re.search(r"\banswers (\d{3})\b", step.says)):
            return int(match[1])
    return 0


def shares(journey: Told) -> list[Share]:
    """Where the time went: the ways between each two places together, then what is left, which was not spent on the way.

    Empty when no ways were written down.
    """
    grouped: dict[tuple[frozenset[str], float, str], list[Leg]] = {}
    for leg in journey.legs:
        if leg.at_ms + leg.ms <= journey.latency_ms + 0.01:
            grouped.setdefault((frozenset((leg.start, leg.end)), round(leg.ms, 4), leg.basis), []).append(leg)
    found = [Share(station(legs[0].start), station(legs[0].end), len(legs), legs[0].ms, legs[0].basis) for legs in grouped.values()]
    rest = journey.latency_ms - sum(share.total for share in found)
    return [*found, Share("", "", 1, rest, "")] if found and rest >= 0.05 else found


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def twin(journey: Told) -> str:
    """The journey in words, the same every time: the text twin of its picture."""
    told = events(journey)
    sentences, status = _sentences(journey, told)
    if not sentences:
        sentences, status = (
            [f"{name(journey.viewer)} asks edge {journey.edge}: {journey.response.status}, {x_cache(journey)}"],
            journey.response.status,
        )
    tails = []
    if confirmed := list(dict.fromkeys(name(event.place) for event in told if event.state == "refresh" and event.place.kind != "origin")):
        tails.append(
            f"the {'copies' if len(confirmed) > 1 else 'copy'} at {_listed(confirmed)} {'are' if len(confirmed) > 1 else 'is'} confirmed"
        )
    if kept := list(dict.fromkeys(name(event.place) for event in told if event.state == "kept" and event.plain == COPIES["kept"][0])):
        tails.append(f"{'copies stay' if len(kept) > 1 else 'a copy stays'} at {_listed(kept)}")
    if errors := list(dict.fromkeys(name(event.place) for event in told if event.plain == "error stays")):
        tails.append(f"the error stays at {_listed(errors)}")
    sentences[-1] = "; ".join([sentences[-1], *tails])
    if journey.response.status != status:
        sentences.append(f"The viewer reads {journey.response.status}")
    return ". ".join([*sentences, f"About {ms_text(journey.latency_ms)}."])


def _sentences(journey: Told, told: Sequence[Event]) -> tuple[list[str], int]:
    """What each place found, a sentence a place, and the status that this leads a reader to expect."""
    sentences: list[str] = []
    of: dict[Place, int] = {}
    status = 200
    for event in told:
        who = station(event.place)
        who = who[0].upper() + who[1:]
        if event.place.kind == "origin":
            if event.plain.startswith("answers"):
                status = int(event.plain[-3:])
                status = 200 if status == 304 else status
                sentences.append(f"{who} {event.plain}")
            elif event.plain:
                status = journey.response.status
                sentences.append(f"{who}: {event.plain}")
            continue
        finds = event.plain or event.word or "asked"
        if event.state in ("error", "blocked", "redirect"):
            finds, status = f"{event.word}, {event.plain}", journey.response.status
        if event.arrival:
            finds = "sends its old copy" if event.state == "stale" else finds
            first = f"{name(journey.viewer)} asks {station(event.place)}" if not sentences else who
            sentences.append(f"{first}{', asked again' if event.place in of else ''}: {finds}")
            of[event.place] = len(sentences) - 1
        elif event.state == "stale":
            status = 200
            sentences.append(f"{who} sends its old copy")
        elif event.state not in ("kept", "expired", "refresh") and event.place in of:
            sentences[of[event.place]] += f", then {finds}"
    return sentences, status


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
            words = "the error stays" if event.plain == "error stays" else "a copy stays"
        shown.append((event.at_ms, event.place, event.state, f"{station(event.place)}: {words}"))
    marked = {(event.place, round(event.at_ms, 2)) for event in told}
    for leg in journey.legs:
        end = leg.at_ms + leg.ms
        if not is_question(leg) and leg.end != journey.viewer and (leg.end, round(end, 2)) not in marked:
            shown.append((end, leg.end, "", f"{station(leg.end)}: the answer passes"))
    arrived = f"{name(journey.viewer)} reads {journey.response.status}, {x_cache(journey)}, after {ms_text(journey.latency_ms)}"
    shown.append((journey.latency_ms, journey.viewer, overall(journey), arrived))
    return [
        {
            "at_ms": round(at, 3),
            "play_ms": round(at * slower, 1),
            "place": place.kind,
            "name": name(place),
            "state": state,
            "caption": caption,
        }
        for at, place, state, caption in sorted(shown, key=lambda frame: frame[0])
    ]


def play_factor(journey: Told) -> float:
    """How much slower than the network an animation plays: five times, or what keeps the journey within 1.6 s."""
    longest = max([journey.latency_ms, *(leg.at_ms + leg.ms for leg in journey.legs)])
    return min(_SLOWER, _LONGEST / longest) if longest > 0 else _SLOWER
