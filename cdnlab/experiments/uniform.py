"""Lesson 10: one uniform for everybody, and a badge.

With origin access control CloudFront signs as its own service, for all its customers alike: one uniform. Which distribution it
comes for stands on a badge (`aws:SourceArn`). Four callers of `deputy` knock at a bucket; its policy has one statement, and that
is two gates, a Principal and a Condition. What asks for the uniform alone lets in every distribution of every account.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from cdnlab.controls import Button, Choice, Predict, Press
from cdnlab.experiments.deputy import CALLERS, OAI, SERVICE, SHOWS, STATEMENTS, street, written
from cdnlab.experiments.room import put_policy
from cdnlab.marks import glyph, number, place_shape
from cdnlab.oai import CLOUDFRONT
from cdnlab.panels import Panel
from cdnlab.staircase import FONT, safe

__all__ = ["GUESSES", "Met", "Uniform", "comment", "knocked", "model", "panel", "say", "view"]


class Met(NamedTuple):
    """What a caller met: the `status`, and how many of the statement's two gates let it through."""

    status: int
    gates: int


@lru_cache(maxsize=16)
def knocked(shows: str, statement: str) -> tuple[Met, ...]:
    """What each caller meets under this statement."""
    here = street(shows)
    put_policy(here.bucket, [written(here, statement)])
    statuses = [here.status(caller) for caller in range(len(CALLERS))]
    bare = street(shows)
    put_policy(bare.bucket, [{name: part for name, part in written(bare, statement).items() if name != "Condition"}])
    named = [bare.status(caller) == 200 for caller in range(len(CALLERS))]
    return tuple(Met(status, 2 if status == 200 else int(known)) for status, known in zip(statuses, named, strict=True))


@dataclass(frozen=True, slots=True)
class Uniform:
    """What is on show: what the shop `shows`, the `statement` and its JSON, what the callers met (empty: nobody has knocked), the guess."""

    shows: str
    statement: str
    policy: dict[str, Any]
    met: tuple[Met, ...]
    tried: tuple[tuple[str, str], ...]
    stranger: str | None = None


def model(presses: Sequence[Press], *, shows: str, statement: str, stranger: str | None = None) -> Uniform:
    """What the four callers meet, if they have knocked under this statement.

    >>> shown = model([Press("Knock", {"shows": "its OAC", "statement": SERVICE})], shows="its OAC", statement=SERVICE)
    >>> [each.status for each in shown.met]
    [200, 200, 200, 403]
    """
    tried = tuple((press.shows, press.statement) for press in presses)
    now = (shows, statement)
    return Uniform(
        shows, statement, written(street(shows), statement), knocked(*now) if tried and tried[-1] == now else (), tried, stranger
    )


# ---- the words


def say(shown: Uniform) -> str:
    """The text twin."""
    head = f"On the list: {shown.statement}. Your shop shows {shown.shows}"
    if not shown.met:
        return f"{head}. Nobody has knocked {'since it changed' if shown.tried else 'yet'}."
    return f"{head}.\n  Answers: {', '.join(f'{caller} {met.status}' for caller, met in zip(CALLERS, shown.met, strict=True))}."


def comment(shown: Uniform) -> str:
    """One line on what is worth noticing, reckoned from the statuses."""
    if not shown.met:
        changed = "Something has changed." if shown.tried else "A statement is two gates: who is named, and what else must be so. Choose."
        return f"{changed} Press “Knock”."
    shop, blog, stranger, _ = (met.status == 200 for met in shown.met)
    if stranger:
        own = "" if shop else ", while your own shop, which still shows its OAI, does not"
        return f"A stranger's distribution reads your bucket{own}: the uniform is the same for everybody, and nobody asks for the badge."
    if shop and blog:
        return "The stranger is out. Every distribution of your own account gets in, the blog's too."
    if shop:
        return "Your shop's distribution gets in, and no other."
    if blog:
        wrong = "does not wear the uniform" if shown.met[0].gates == 0 else "wears the right uniform and the wrong badge"
        return f"Your blog gets in. Your shop {wrong}."
    return "Your shop now comes in CloudFront's uniform, and the list knows only the OAI." if shown.statement == OAI else "Nobody gets in."


GUESSES = ("403: it is not his bucket", "200: your photo")


def stranger_outcome(shown: Uniform) -> str:
    """What the stranger's viewers got when the statement named the service alone."""
    if not any(statement == SERVICE for _, statement in shown.tried):
        return ""
    return (
        f"The stranger's viewers got {knocked(SHOWS[1], SERVICE)[2].status}. CloudFront asked for them, in the uniform that the list names."
    )


# ---- the picture

_WIDE, _TOP, _ROW = 720, 74, 50
_GATES, _ROOM, _FROM = (330, 490), 588, 238


def _text(x: float, y: float, words: str, size: float = 13, extra: str = "") -> str:
    return f'<text class="cdnlab-halo" x="{number(x)}" y="{number(y)}" font-size="{size:g}" fill="currentColor"{extra}>{safe(words)}</text>'


_BOLD, _MID = ' font-weight="600"', ' text-anchor="middle"'


def _wears(shown: Uniform, order: int) -> str:
    """What a caller shows: the OAI, the service, or nothing."""
    if order == len(CALLERS) - 1:
        return ""
    return "the OAI" if order == 0 and shown.shows == SHOWS[0] else "the service"


def _person(x: float, y: float, wears: str) -> str:
    """A caller: a filled coat with a badge is CloudFront's uniform; half a coat is the OAI; who signs nothing has none."""
    coat = f"M{number(x - 10)} {number(y + 17)}v-9a7 7 0 0 1 7-7h6a7 7 0 0 1 7 7v9z"
    half = f'<path d="M{number(x)} {number(y + 17)}v-16h3a7 7 0 0 1 7 7v9z" fill="currentColor"/>' if wears == "the OAI" else ""
    fill = "currentColor" if wears == "the service" else "none"
    badge = f'<rect class="cdnlab-back" x="{number(x + 1)}" y="{number(y + 6)}" width="6" height="4"/>' if wears == "the service" else ""
    head = f'<circle cx="{number(x)}" cy="{number(y - 6)}" r="5.5" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    return f'{head}<path d="{coat}" fill="{fill}" stroke="currentColor" stroke-width="1.6"/>{half}{badge}'


def _gate(shown: Uniform, gate: int, asked: str) -> str:
    """A gate from the side: a bar, open where somebody was let through."""
    x, low = _GATES[gate], _TOP + len(CALLERS) * _ROW
    look = 'stroke-width="4"' if asked else 'stroke-width="2" stroke-dasharray="4 6" opacity="0.6"'
    gaps = [_TOP + order * _ROW + _ROW // 2 for order, met in enumerate(shown.met) if met.gates > gate]
    path = f"M{x} {_TOP - 6}" + "".join(f"V{y - 10}M{x} {y + 10}" for y in gaps) + f"V{low}"
    return f'<path d="{path}" fill="none" stroke="currentColor" {look}/>'


def _asked(shown: Uniform) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What each gate asks for, in lines."""
    tests = shown.policy.get("Condition", {}).get("StringEquals", {})
    told = [part for key, value in tests.items() for part in (key, f"…/{value.rpartition('/')[2]}" if "/" in value else value)]
    return (("the OAI",) if shown.statement == OAI else (CLOUDFRONT,)), tuple(told)


def _caller(shown: Uniform, order: int) -> str:
    y = _TOP + order * _ROW + _ROW / 2
    wears = _wears(shown, order)
    account = ", other account" if order == 2 else ""
    under = f"{wears}, badge {('ESHOP', 'EBLOG', 'ESTRANGER')[order]}" if wears == "the service" else wears or "shows nothing"
    head = _person(12, y, wears) + _text(34, y - 3, f"{CALLERS[order]}{account}", 13.5, _BOLD) + _text(34, y + 14, under, 12.5)
    if not shown.met:
        return f'{head}<path d="M{_FROM} {number(y)}h40" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="4 4"/>'
    met, at = shown.met[order], order * 50
    until = _ROOM - 12 if met.gates == 2 else _GATES[met.gates] - 8
    lead = f'class="cdnlab-leg" data-at="{at}" data-ms="40" fill="none" stroke="currentColor" stroke-width="2.4"'
    way = f'<path {lead} d="M{_FROM} {number(y)}H{until}"/>'
    tip = f"M{until} {number(y - 6)}l9 6-9 6z" if met.gates == 2 else f"M{until - 2} {number(y - 8)}h4v16h-4z"
    sign = glyph("error", _ROOM + 12, y - 1, 7) if met.status >= 400 else ""
    why = ("not the one named", "badge does not fit", "gets the photo")[met.gates]
    told = _text(_ROOM + (26 if sign else 4), y + 4, str(met.status), 17, _BOLD) + _text(_ROOM + 4, y + 21, why, 12.5)
    end = f'<path d="{tip}" fill="currentColor"/>'
    return f'{head}{way}<g data-at="{at + 42}">{end}{sign}{told}</g>{_guess(shown, order, y)}'


def _guess(shown: Uniform, order: int, y: float) -> str:
    """The prediction, beside what it speaks of."""
    if order != 2 or not shown.stranger or shown.statement != SERVICE:
        return ""
    where = f'x="{_ROOM + 56}" y="{number(y - 13)}" width="56" height="20" rx="6"'
    ring = f'<rect {where} fill="none" stroke="currentColor" stroke-dasharray="4 3"/>'
    return ring + _text(_ROOM + 84, y + 1.5, f"you: {shown.stranger[:3]}", 12, _MID)


def view(shown: Uniform) -> str:
    """Four callers, two gates, and the statement's own words."""
    high = _TOP + len(CALLERS) * _ROW + 6
    parts = [
        _text(0, 18, "who knocks", 15, _BOLD),
        place_shape("origin", _ROOM + 12, 13, 9),
        _text(_ROOM + 30, 18, "the bucket", 15, _BOLD),
    ]
    for gate, (title, asked) in enumerate(zip(("Principal: who?", "Condition: and if?"), _asked(shown), strict=True)):
        parts += [_text(_GATES[gate], 18, title, 15, f"{_BOLD}{_MID}"), _gate(shown, gate, "".join(asked))]
        parts += [_text(_GATES[gate], 38 + 17 * row, line, 13, _MID) for row, line in enumerate(asked or ("nobody asks",))]
    parts += [_caller(shown, order) for order in range(len(CALLERS))]
    size = f'viewBox="-2 0 {_WIDE + 4} {high}" width="{_WIDE}" role="img" aria-label="{safe(say(shown))}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">{"".join(parts)}</svg>'
    style = (
        ".cdnlab .cdnlab-policy{overflow-wrap:anywhere;font:12.5px/1.45 ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace}"
    )
    policy = f'<p class="cdnlab-note">The list as S3 has it.</p><p class="cdnlab-policy">{safe(json.dumps(shown.policy))}</p>'
    return f"<style>{style}</style><p><strong>{safe(comment(shown))}</strong></p>{svg}{policy}"


def panel() -> Panel[Uniform]:
    """The experiment: switch the shop to OAC, let the service in, then ask for the badge; and for a wrong one."""
    return Panel(
        "One uniform for everybody",
        [
            Predict(
                "stranger",
                "The list names CloudFront's service, nothing more. A stranger, in another account, makes a distribution over your bucket. "
                "What do his viewers get?",
                GUESSES,
                stranger_outcome,
            ),
            Choice("shows", "Your shop's distribution shows", SHOWS),
            Choice("statement", "The list lets in", STATEMENTS),
            Button("Knock", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
        moment=lambda shown: shown.statement,
        caption=lambda shown: f"{say(shown)} Simulated with cdnlab.",
    )
