"""Lesson 10's move: from OAI to OAC, and nobody notices.

Four steps, of which each is right and the order is everything. The new identity must be on the list before CloudFront shows it, and
the old one must stay there until no edge shows it any more: a changed config reaches each edge at its own time, and `Deployed` means
that it has reached all. `trouble` plays a plan while viewers in many cities ask all the time; nothing is cached, so nothing is hidden.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from cdnlab.cloudfront import CloudFront
from cdnlab.errors import UnknownName
from cdnlab.experiments.room import PHOTO, Room, allow, config, guest, put_policy, room, service
from cdnlab.journey import Journey

__all__ = ["CITIES", "STEPS", "Round", "chart", "given", "planned", "played", "trouble"]

LET_IN, SWITCH, WAIT, TAKE_OUT = STEPS = (
    "put both statements on the list",
    "switch the origin to the OAC",
    "wait until Deployed",
    "leave only the OAC on the list",
)
CITIES = ("Lisbon", "Tokyo", "Auckland", "Denver", "Mumbai", "São Paulo")
BEAT, PAUSE = 20.0, 60.0  # seconds between two rounds of viewers; from one step to the next


def given() -> list[str]:
    """The plan as somebody wrote it down.

    >>> given()[0]
    'switch the origin to the OAC'
    """
    return [SWITCH, LET_IN, TAKE_OUT, WAIT]


def planned() -> list[str]:
    """A plan without a gap."""
    return [LET_IN, SWITCH, WAIT, TAKE_OUT]


def impatient() -> list[str]:
    """A plan that does not wait for the last edge."""
    return [LET_IN, SWITCH, TAKE_OUT, WAIT]


def unfinished() -> list[str]:
    """A plan that leaves the OAI on the list."""
    return [LET_IN, SWITCH, WAIT]


def world() -> Room:
    """A distribution that has shown its OAI for a long time, as the bucket's only guest; changes travel to the edges one by one."""
    here = room("read", cache="CachingDisabled", cdn=CloudFront(slow_propagation=True))
    here.cdn.clock.advance(3600)
    return here


def _do(here: Room, step: str) -> bool:
    """Do a step; whether it is done (waiting takes several tries)."""
    old, new = allow("OaiRead", guest(here.oai)), service(SourceArn=here.arn)
    id_ = here.arn.rpartition("/")[2]
    if step == WAIT:
        return bool(here.cdn.get_distribution(Id=id_)["Distribution"]["Status"] == "Deployed")
    if step == SWITCH:
        etag = here.cdn.get_distribution_config(Id=id_)["ETag"]
        changed = config(here.bucket, oac=here.oac, cache="CachingDisabled")
        here.cdn.update_distribution(Id=id_, IfMatch=etag, DistributionConfig=changed)
    else:
        put_policy(here.bucket, [old, new] if step == LET_IN else [new])
    return True


class Round(NamedTuple):
    """One round of viewers, one in each city: seconds since the beginning, how many steps were done, and how it went."""

    at: float
    steps: int
    journeys: tuple[Journey, ...]


def played(plan: Sequence[str]) -> tuple[list[Round], list[dict[str, Any]]]:
    """All rounds of viewers while the plan is carried out, and the policy's statements in the end. Raises UnknownName for a step."""
    for step in plan:
        if step not in STEPS:
            raise UnknownName("step", step, STEPS)
    here, rounds = world(), list[Round]()
    began = here.cdn.clock.now()

    def watch(seconds: float, steps: int) -> None:
        for _ in range(int(seconds // BEAT)):
            at = here.cdn.clock.now()
            asked = here.cdn.play([(0.0, "GET", f"https://{here.host}{PHOTO}", city) for city in CITIES])
            rounds.append(Round(at - began, steps, tuple(asked)))
            here.cdn.clock.advance(BEAT - (here.cdn.clock.now() - at))

    watch(BEAT, 0)
    for done, step in enumerate(plan):
        while not _do(here, step):
            watch(BEAT, done + 1)
        watch(PAUSE, done + 1)
    return rounds, list(json.loads(here.bucket.get_bucket_policy()["Policy"])["Statement"])


def _bucket_says(journey: Journey) -> str:
    return next(step.says for step in reversed(journey.steps) if step.place.kind == "origin")


def _sign(journey: Journey) -> str:
    if journey.response.status != 200:
        return "x"
    return "i" if "origin access identity" in _bucket_says(journey) else "c"


def chart(plan: Sequence[str]) -> str:
    """The plan and what came of it, as text: a line for each city, a sign for each viewer. Raises UnknownName for a step.

    >>> print(chart(planned()).splitlines()[5])
    Lisbon     i iii iii iiccccccccccccc ccc
    """
    rounds, _ = played(plan)
    begins = {next(at for at, each in enumerate(rounds) if each.steps == number): number for number in range(1, len(plan) + 1)}

    def spaced(name: str, signs: Iterable[str]) -> str:
        return f"{name:10} {''.join(f' {sign}' if at in begins else sign for at, sign in enumerate(signs))}".rstrip()

    steps = [f"{number} {step}" for number, step in enumerate(plan, 1)]
    head = spaced("", (str(begins.get(at, " ")) for at in range(len(rounds))))
    rows = [spaced(city, (_sign(each.journeys[order]) for each in rounds)) for order, city in enumerate(CITIES)]
    return "\n".join([*steps, head, *rows, "i: the photo, by the OAI; c: the photo, by the OAC; x: 403. A viewer every 20 seconds."])


def trouble(plan: Any) -> str:
    """Why this plan is not good yet; "" when nobody notices the move and only the OAC is left."""
    if not isinstance(plan, list | tuple) or not all(step in STEPS for step in plan):
        return f"`plan` is a list of these steps, in your order: {', '.join(map(repr, STEPS))}."
    rounds, statements = played(plan)
    refused = [(each, journey) for each in rounds for journey in each.journeys if journey.response.status != 200]
    if refused:
        each, journey = refused[0]
        when = f"{each.at:.0f} s in, step {each.steps} (“{plan[each.steps - 1]}”)"
        count = f"({len(refused)} request{'s were' if len(refused) > 1 else ' was'} refused in all.)"
        return f"{when}: {journey.viewer.city} gets {journey.response.status}. The bucket {_bucket_says(journey)}. {count}"
    if SWITCH not in plan:
        return "Nobody is refused, and nothing has moved: the distribution still shows its OAI."
    if len(statements) > 1:
        return "Nobody is refused. But the OAI is still on the list, a guest whom nobody expects any more."
    return ""
