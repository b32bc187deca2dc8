"""Lesson 10's move: from OAI to OAC, and nobody notices.

Four steps, of which each is right and the order is everything. The new identity must be on the list before CloudFront shows it, and
the old one must stay there until no edge shows it any more: a changed config reaches each edge at its own time, and `Deployed` means
that it has reached all. `trouble` plays a plan while viewers in many cities ask all the time; nothing is cached, so nothing is hidden.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cdnlab.cloudfront import CloudFront
from cdnlab.experiments.room import PHOTO, Room, allow, config, guest, put_policy, room, service

__all__ = ["CITIES", "STEPS", "given", "planned", "played", "trouble"]

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


def played(plan: Sequence[str]) -> tuple[list[str], list[dict[str, Any]]]:
    """What viewers met who did not get the photo, one line each, and the policy's statements in the end."""
    here, lines = world(), list[str]()
    began = here.cdn.clock.now()

    def watch(seconds: float, after: str) -> None:
        for _ in range(int(seconds // BEAT)):
            at = here.cdn.clock.now()
            for journey in here.cdn.play([(0.0, "GET", f"https://{here.host}{PHOTO}", city) for city in CITIES]):
                if journey.response.status != 200:
                    says = next(step.says for step in reversed(journey.steps) if step.place.kind == "origin")
                    lines.append(
                        f"{at - began:.0f} s in, after “{after}”: {journey.viewer.city} gets {journey.response.status}. The bucket {says}"
                    )
            here.cdn.clock.advance(BEAT - (here.cdn.clock.now() - at))

    for step in plan:
        while not _do(here, step):
            watch(BEAT, step)
        watch(PAUSE, step)
    return lines, list(json.loads(here.bucket.get_bucket_policy()["Policy"])["Statement"])


def trouble(plan: Any) -> str:
    """Why this plan is not good yet; "" when nobody notices the move and only the OAC is left."""
    if not isinstance(plan, list | tuple) or not all(step in STEPS for step in plan):
        return f"`plan` is a list of these steps, in your order: {', '.join(map(repr, STEPS))}."
    refused, statements = played(plan)
    if refused:
        return f"{refused[0]}. ({len(refused)} request{'s were' if len(refused) > 1 else ' was'} refused in all.)"
    if SWITCH not in plan:
        return "Nobody is refused, and nothing has moved: the distribution still shows its OAI."
    if len(statements) > 1:
        return "Nobody is refused. But the OAI is still on the list, a guest whom nobody expects any more."
    return ""
