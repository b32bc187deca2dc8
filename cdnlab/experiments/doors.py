"""Lesson 10: two doors to one room.

The room is a bucket, the guest list its policy. Somebody knocks four times: at the street door (the bucket's own address) and
at the staff door (the distribution, which shows the bucket its OAI), for a photo that is there and for one that is not. Each
answer is the work of one statement, or of none. A new guest on the list shuts nobody out; and who may read, but not list, is not
told that a photo is missing.

Each round of knocks is in a fresh world whose caches are empty: what is seen is what the list says.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from cdnlab.controls import Button, Predict, Press, Toggle
from cdnlab.experiments.room import MISSING, PHOTO, Room, room
from cdnlab.journey import Journey
from cdnlab.marks import glyph, number
from cdnlab.messages import Request, Response
from cdnlab.oai import Decision, Identity
from cdnlab.page import html
from cdnlab.panels import Panel
from cdnlab.staircase import FONT, safe

__all__ = ["DOORS", "STATEMENTS", "Doors", "Knock", "comment", "model", "panel", "say", "view"]

DOORS = ("street door", "staff door")
PATHS = {PHOTO: "exists", MISSING: "missing"}
STATEMENTS = {"public": "PublicRead", "read": "OaiRead", "list": "OaiList"}
"""The statements that can be on the list, by their toggle, with their Sid."""
_SAYS = {"public": "everybody: GetObject", "read": "OAI: GetObject", "list": "OAI: ListBucket"}


class Knock(NamedTuple):
    """One knock: at which `door`, for which `path`; the `response`, the bucket's `decision`, the Sid that decided ("" if none did)."""

    door: str
    path: str
    response: Response
    decision: Decision
    journey: Journey | None = None

    @property
    def status(self) -> int:
        """What the caller reads."""
        return self.response.status

    @property
    def sid(self) -> str:
        """The statement that decided, "" if none did."""
        return self.decision.statement.sid if self.decision.statement else ""

    @property
    def why(self) -> str:
        """Why, in a few words."""
        if self.sid:
            whom = "everybody" if self.sid == STATEMENTS["public"] else "the OAI"
            return f"{self.sid} lets {whom} {'know' if self.status == 404 else 'in'}"
        return "the caller may read, but not list" if self.decision.rule == "S3-11" else "no statement lets the caller in"


@dataclass(frozen=True, slots=True)
class Doors:
    """What is on show: which statements the policy has now (names of STATEMENTS) and their JSON, the four knocks with this policy
    (none yet: empty), those with the policy before, all policies that were tried, and the predictions.
    """

    names: tuple[str, ...]
    policy: tuple[dict[str, Any], ...]
    knocks: tuple[Knock, ...]
    before: tuple[Knock, ...]
    tried: tuple[tuple[str, ...], ...]
    street: str | None = None
    missing: str | None = None

    def status(self, door: str, path: str) -> int:
        """What that door answered for that path; 0 while nobody has knocked."""
        return next((each.status for each in self.knocks if (each.door, each.path) == (door, path)), 0)


def model(
    presses: Sequence[Press], *, public: bool, read: bool, list: bool, street: str | None = None, missing: str | None = None
) -> Doors:
    """The policy as the toggles say, and what the latest knocks met, if they met this policy.

    >>> shown = model([Press("Knock", {"public": True, "read": True, "list": False})], public=True, read=True, list=False)
    >>> [knock.status for knock in shown.knocks], shown.knocks[0].sid
    ([200, 403, 200, 403], 'PublicRead')
    """
    now = _names(public, read, list)
    tried = tuple(_names(press.public, press.read, press.list) for press in presses)
    knocked = bool(tried) and tried[-1] == now
    earlier = next((each for each in reversed(tried) if each != now), None)
    policy = knocks(now)[1]
    return Doors(now, policy, knocks(now)[0] if knocked else (), knocks(earlier)[0] if earlier is not None else (), tried, street, missing)


def _names(public: bool, read: bool, lists: bool) -> tuple[str, ...]:
    return tuple(name for name, on in zip(STATEMENTS, (public, read, lists), strict=True) if on)


@lru_cache(maxsize=8)
def knocks(names: tuple[str, ...]) -> tuple[tuple[Knock, ...], tuple[dict[str, Any], ...]]:
    """Four knocks, street door first, in a fresh world with this policy; and the policy's statements."""
    here = room(*names)
    done = [_street(here, path) for path in PATHS] + [_staff(here, path) for path in PATHS]
    return tuple(done), tuple(json.loads(here.bucket.get_bucket_policy()["Policy"])["Statement"]) if names else ()


def _street(here: Room, path: str) -> Knock:
    answer = here.bucket.answer(Request("GET", f"https://{here.bucket.endpoint}{path}"), at=here.bucket.now())
    return Knock(DOORS[0], path, answer.response, answer.decision)


def _staff(here: Room, path: str) -> Knock:
    journey = here.staff(path)
    (asked,) = journey.origin_requests
    decision = here.bucket.answer(asked, here.bucket.now(), Identity.oai(here.oai)).decision  # of the same request, once more
    return Knock(DOORS[1], path, journey.response, decision, journey)


# ---- the words


def say(doors: Doors) -> str:
    """The text twin: four lines, or the list alone while nobody has knocked."""
    if not doors.knocks:
        guests = ", ".join(STATEMENTS[name] for name in doors.names) or "nobody"
        return f"On the list: {guests}. Nobody has knocked {'since it changed' if doors.tried else 'yet'}."
    return "\n".join(f"{each.door}, {each.path[1:]} ({PATHS[each.path]}): {each.status} because {each.why}." for each in doors.knocks)


def comment(doors: Doors) -> str:
    """One line on what is worth noticing, reckoned from the knocks."""
    if not doors.knocks:
        if not doors.tried:
            return "Everybody may read this bucket. Predict, put CloudFront's OAI on the list (OaiRead), and press “Knock”."
        return "The list has changed. Press “Knock”."
    seen = {each.status for each in doors.knocks}
    lost = doors.status(DOORS[1], MISSING)
    if doors.status(DOORS[0], PHOTO) == 200:
        more = " A new guest shuts nobody out." if "read" in doors.names else ""
        return f"The street door is open: PublicRead lets everybody in, with or without CloudFront.{more}"
    if seen == {403}:
        why = "may list, but not read: first comes the question whether it may read" if doors.names else "is not on the list either"
        return f"Nobody gets in. CloudFront {why}."
    if lost == 404:
        return "Who may list is told that there is no such photo: 404. The street door stays shut."
    return (
        "The street door is shut, the staff door open. But the missing photo is a 403: S3 tells only those who may list what is not there."
    )


STREET = ("yes, shut: 403", "no, still open: 200")
LOST = ("403, as before", "404", "200, with a list of all photos")


def _met(doors: Doors, wanted: Sequence[str], without: Sequence[str] = ()) -> tuple[Knock, ...]:
    """The knocks of the first policy that had these statements and not those; none before."""
    names = next((each for each in doors.tried if set(wanted) <= set(each) and not set(without) & set(each)), None)
    return () if names is None else knocks(names)[0]


def street_outcome(doors: Doors) -> str:
    """What the street door said with the OAI on a public list."""
    met = _met(doors, ("public", "read"))
    return f"The street door answered {met[0].status}: {met[0].why}, whoever else is on the list." if met else ""


def lost_asked(doors: Doors) -> bool:
    """Has CloudFront met a missing photo that it might read, but not list?"""
    return bool(_met(doors, ("read",), ("public", "list")))


def lost_outcome(doors: Doors) -> str:
    """What the staff door said of the missing photo, with ListBucket on the list."""
    met = _met(doors, ("read", "list"))
    return f"The staff door answered {met[3].status}: {met[3].why}." if met else ""


# ---- the picture

_WIDE, _SIDE, _TOP, _CELL, _GAP = 720, 240, 58, 92, 14
_LIST, _BOX = (284, 152), (54, 17)  # the list: left edge and width; its statements: height and gap
_MONO = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_STEP = 60.0  # network time that a picture gives to one knock


def _text(x: float, y: float, words: str, size: float = 13, extra: str = "") -> str:
    return f'<text class="cdnlab-halo" x="{number(x)}" y="{number(y)}" font-size="{size:g}" fill="currentColor"{extra}>{safe(words)}</text>'


def _rect(x: float, y: float, width: float, height: float, look: str) -> str:
    at = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}" rx="6"'
    return f'<rect {at} fill="none" stroke="currentColor" {look}/>'


def _bold(anchor: str = "start") -> str:
    return f' font-weight="600" text-anchor="{anchor}"'


def _door(x: float, y: float, status: int) -> str:
    """A door: a question before the knock; shut, open, or open to an empty room."""
    frame = f'<path d="M{number(x)} {number(y + 58)}V{number(y)}h34v58" fill="none" stroke="currentColor" stroke-width="2.2"/>'
    if status == 403:
        leaf = f'<rect x="{number(x + 3)}" y="{number(y + 3)}" width="28" height="55" fill="currentColor" fill-opacity="0.28"/>'
        return f'{frame}{leaf}<circle cx="{number(x + 26)}" cy="{number(y + 32)}" r="2.6" fill="currentColor"/>'
    if not status:
        return frame + _text(x + 17, y + 38, "?", 22, _bold("middle"))
    leaf = f'<path d="M{number(x)} {number(y)}l-9 8v58l9-8z" fill="currentColor" fill-opacity="0.28" stroke="currentColor"/>'
    inside = "" if status == 404 else _photo(x + 8, y + 20)
    return frame + leaf + inside


def _photo(x: float, y: float) -> str:
    hills = f"M{number(x)} {number(y + 16)}l6-7 4 4 4-6 5 9"
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="19" height="16" fill="none" stroke="currentColor"/>'
        f'<path d="{hills}" fill="none" stroke="currentColor"/>'
    )


def _place(order: int) -> tuple[float, float]:
    """The upper left corner of a cell: street door left, staff door right; the photo that exists above."""
    return 0.5 + (_WIDE - _SIDE - 1) * (order // 2), _TOP + (_CELL + _GAP) * (order % 2)


def _middle(name: str) -> float:
    """The height at which a statement's box has its middle."""
    return _TOP + list(STATEMENTS).index(name) * sum(_BOX) + _BOX[0] / 2


def _cell(doors: Doors, order: int) -> str:
    x, y = _place(order)
    door, path = DOORS[order // 2], [*PATHS][order % 2]
    knock = doors.knocks[order] if doors.knocks else None
    label = _text(x + 62, y + 22, path, 12.5, f' font-family="{_MONO}"') + _text(x + 125, y + 22, PATHS[path], 12.5)
    head = _rect(x, y, _SIDE, _CELL, 'opacity="0.55"') + label
    if knock is None:
        asked = _text(x + 62, y + 48, "not knocked yet", 13, ' opacity="0.75"') if not doors.tried else ""
        return head + _door(x + 16, y + 18, 0) + asked + _earlier(doors, order, x, y, 0)
    sign = glyph("error", x + 71, y + 47, 7) if knock.status >= 400 else ""
    shown = _text(x + (85 if sign else 62), y + 53, str(knock.status), 19, _bold())
    nobody = "may read, but not list" if knock.decision.rule == "S3-11" else "no statement fits"
    why = f"{knock.sid} lets it {'know' if knock.status == 404 else 'in'}" if knock.sid else nobody
    parts = [_door(x + 16, y + 18, knock.status), sign, shown, _text(x + 62, y + 78, why, 13), _earlier(doors, order, x, y, knock.status)]
    return f'{head}<g data-at="{number(order * _STEP + 45)}">{"".join(parts)}</g>{_guess(doors, door, path, x, y)}'


def _earlier(doors: Doors, order: int, x: float, y: float, now: int) -> str:
    """What this cell said under the list before, where that was something else."""
    before = doors.before[order].status if doors.before else 0
    return _text(x + _SIDE - 10, y + 53, f"before: {before}", 12.5, ' text-anchor="end" opacity="0.8"') if before and before != now else ""


def _guess(doors: Doors, door: str, path: str, x: float, y: float) -> str:
    """The prediction, in the cell that it speaks of, under the list that it speaks of."""
    answer = None
    if (door, path) == (DOORS[0], PHOTO) and {"public", "read"} <= set(doors.names):
        answer = doors.street and doors.street[-3:]
    if (door, path) == (DOORS[1], MISSING) and {"read", "list"} <= set(doors.names):
        answer = doors.missing and doors.missing[:3]
    if not answer:
        return ""
    ring = _rect(x + _SIDE - 60, y + 7, 56, 20, 'stroke-dasharray="4 3"')
    return ring + _text(x + _SIDE - 32, y + 21.5, f"you: {answer}", 12, ' text-anchor="middle"')


def _line(knock: Knock, order: int) -> str:
    """From the cell to the statement that decided it."""
    x, y = _place(order)
    left = order < 2
    start, end = (x + _SIDE, _LIST[0]) if left else (x, _LIST[0] + _LIST[1])
    name = next(key for key, sid in STATEMENTS.items() if sid == knock.sid)
    a, b = y + _CELL / 2, _middle(name)
    bend = (start + end) / 2
    path = f"M{number(start)} {number(a)}C{number(bend)} {number(a)} {number(bend)} {number(b)} {number(end)} {number(b)}"
    lead = f'class="cdnlab-leg" data-at="{number(order * _STEP)}" data-ms="40"'
    return f'<path {lead} d="{path}" fill="none" stroke="currentColor" stroke-width="2.6"/>'


def _guests(doors: Doors) -> str:
    parts = []
    lit = {each.sid for each in doors.knocks}
    for name, sid in STATEMENTS.items():
        x, y, on = _LIST[0], _middle(name) - _BOX[0] / 2, name in doors.names
        look = 'stroke-width="3.2"' if sid in lit else "" if on else 'stroke-dasharray="5 5" opacity="0.45"'
        told = [_text(x + _LIST[1] / 2, y + 22, sid, 14, _bold("middle"))]
        told.append(_text(x + _LIST[1] / 2, y + 42, _SAYS[name], 12.5, ' text-anchor="middle"'))
        faint = "" if on else ' opacity="0.6"'
        parts.append(_rect(x, y, _LIST[1], _BOX[0], look) + f"<g{faint}>{''.join(told)}</g>")
    return "".join(parts)


def view(doors: Doors) -> str:
    """Two doors with two cells each, the guest list between them, and the list's own words."""
    high = _TOP + 2 * _CELL + _GAP + 6
    heads = [
        _text(0, 18, "street door", 15, _bold()) + _text(0, 38, "the bucket's own address; unsigned", 13),
        _text(360, 18, "guest list", 15, _bold("middle")) + _text(360, 38, "the bucket policy", 13, ' text-anchor="middle"'),
        _text(_WIDE - _SIDE, 18, "staff door", 15, _bold()) + _text(_WIDE - _SIDE, 38, "CloudFront, which shows its OAI", 13),
    ]
    lines = [_line(each, order) for order, each in enumerate(doors.knocks) if each.sid]
    cells = [_cell(doors, order) for order in range(4)]
    size = f'viewBox="-2 0 {_WIDE + 4} {high}" width="{_WIDE}" role="img" aria-label="{safe(say(doors))}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">{"".join([*heads, *lines, _guests(doors), *cells])}</svg>'
    return f"<style>{_STYLE}</style><p><strong>{safe(comment(doors))}</strong></p>{svg}{_written(doors)}"


_STYLE = """
.cdnlab .cdnlab-policy div{margin:4px 0;padding:2px 0 2px 10px;border-left:1px dashed;overflow-wrap:anywhere;
font:12.5px/1.45 ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace}
.cdnlab .cdnlab-policy div.cdnlab-lit{border-left:4px solid;padding-left:7px}
"""


def _written(doors: Doors) -> str:
    """The policy as the bucket has it, statement by statement; those that decided something are lit."""
    if not doors.policy:
        return '<p class="cdnlab-note">The bucket has no policy.</p>'
    lit = {each.sid for each in doors.knocks}
    looks = ['class="cdnlab-lit"' if each["Sid"] in lit else "" for each in doors.policy]
    rows = "".join(f"<div {look}>{safe(json.dumps(each))}</div>" for look, each in zip(looks, doors.policy, strict=True))
    note = "The list as S3 has it. " + ("Thick bars: statements that decided." if lit else "")
    return f'<p class="cdnlab-note">{note.strip()}</p><div class="cdnlab-policy">{rows}</div>'


def _inside(doors: Doors) -> str:
    journeys = [each.journey for each in doors.knocks if each.journey is not None]
    return "".join(html(journey) for journey in journeys) or "<p>Nobody has knocked yet.</p>"


def panel() -> Panel[Doors]:
    """The experiment: predict, put the OAI on a public list, knock; strike out the public; let the OAI list."""
    return Panel(
        "Two doors to one room",
        [
            Predict(
                "street",
                "The bucket is public. We add the statement that lets CloudFront's OAI read. Is the street door shut now?",
                STREET,
                street_outcome,
            ),
            Predict(
                "missing",
                "The list has OaiRead alone: the staff door says 403 of the missing photo. Now OaiList is added. What will it say?",
                LOST,
                lost_outcome,
                lost_asked,
            ),
            Toggle("public", "PublicRead: everybody", True),
            Toggle("read", "OaiRead: the OAI may read"),
            Toggle("list", "OaiList: the OAI may list"),
            Button("Knock", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
        inside=_inside,
        moment=lambda doors: f"list: {', '.join(STATEMENTS[name] for name in doors.names) or 'nobody'}",
        caption=lambda doors: f"{say(doors)} Simulated with cdnlab.",
    )
