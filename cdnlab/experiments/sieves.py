"""Lesson 06: sieves in a stack.

A URL falls from above through a distribution's behaviours, first to last; the first whose pattern matches the path catches it, and the
default at the bottom catches the rest. Nothing else about the behaviours counts for that: neither how exact a pattern is, nor the method,
nor the protocol. So a wide pattern above a narrow one leaves the narrow one dead.

Each drop is a request in a fresh world whose caches are empty. Moving a behaviour drops the latest request again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cdnlab.controls import Button, Choice, Predict, Press, Text
from cdnlab.distribution import dead_patterns
from cdnlab.errors import InputError
from cdnlab.experiments.stack import HOST, METHODS, ORDER, send, shop
from cdnlab.journey import Journey
from cdnlab.marks import glyph, number, place_shape
from cdnlab.messages import Request
from cdnlab.page import html
from cdnlab.panels import Panel
from cdnlab.pathpattern import matches, normalised
from cdnlab.plan import OriginSpec, Plan
from cdnlab.staircase import FONT, safe
from cdnlab.telling import overall, x_cache

__all__ = ["PRIVATE", "Fall", "Sieve", "Stack", "model", "panel", "say", "view"]

PRIVATE = f"http://{HOST}/images/private/a.jpg"
LOGO = f"http://{HOST}/LOGO.JPG"
EXAMPLES = (
    PRIVATE,
    LOGO,
    f"http://{HOST}/images/cat.jpg",
    f"http://{HOST}/banner.jpg",
    f"https://{HOST}/api/orders/7",
    f"https://{HOST}/docs/",
)


@dataclass(frozen=True, slots=True)
class Sieve:
    """One behaviour in the stack: its `plan`, and the earlier pattern that leaves nothing for it to catch, or ""."""

    plan: Plan
    dead: str = ""

    @property
    def name(self) -> str:
        """Its pattern; the default's is its name too."""
        return "default (*)" if self.plan.is_default else self.plan.pattern


@dataclass(frozen=True, slots=True)
class Fall:
    """One request and what became of it: the `path` that the patterns saw, the sieve that `caught` it (its position), the journey."""

    method: str
    url: str
    path: str
    caught: int
    journey: Journey

    @property
    def refused(self) -> str:
        """Why the distribution itself said no, in the words of the journey's step; "" if it did not."""
        own = self.journey.response.status >= 400 and not self.journey.origin_requests
        return next((step.says for step in reversed(self.journey.steps) if step.rule.startswith("CHECK")), "") if own else ""


@dataclass(frozen=True, slots=True)
class Stack:
    """What is on show: the sieves in their order, the latest fall (None before the first), the first fall of the private photo in the
    order as it was written and the first after the swap (None before them), the last pattern that was moved, and who was predicted to
    catch the photo.
    """

    sieves: tuple[Sieve, ...]
    fall: Fall | None
    first: Fall | None = None
    second: Fall | None = None
    moved: str = ""
    guess: str | None = None

    @property
    def order(self) -> tuple[str, ...]:
        """The patterns, first to last, without the default."""
        return tuple(sieve.plan.pattern for sieve in self.sieves[:-1])

    @property
    def dead(self) -> tuple[Sieve, ...]:
        """The sieves that can never catch anything."""
        return tuple(sieve for sieve in self.sieves if sieve.dead)

    @property
    def caught(self) -> Sieve | None:
        """The sieve that caught the latest request."""
        return None if self.fall is None else self.sieves[self.fall.caught]


def checked(text: str) -> str:
    """A typed URL; a bare path means the shop's own, over HTTP. Raises InputError for another host, MessageError for what is no URL."""
    url = f"http://{HOST}{text}" if text.startswith("/") else text
    if (host := Request("GET", url).host) != HOST:
        raise InputError(f"{host} leads to another distribution, or to none; this one's name is {HOST}")
    return url


def moved(order: Sequence[str], pattern: str, steps: int) -> tuple[str, ...]:
    """The order with one pattern `steps` places further down (up: negative); at an end it stays.

    >>> moved(("a", "b", "c"), "b", -1), moved(("a", "b", "c"), "c", 1)
    (('b', 'a', 'c'), ('a', 'b', 'c'))
    """
    rest = [each for each in order if each != pattern]
    at = min(max(order.index(pattern) + steps, 0), len(rest))
    return (*rest[:at], pattern, *rest[at:])


def model(
    presses: Sequence[Press], *, url: str, method: str, behaviour: str, catcher: str | None = None, swapped: str | None = None
) -> Stack:
    """All moves so far, and the latest drop through the stack as it now stands.

    >>> drop = Press("Drop", {"url": "/images/private/a.jpg", "method": "GET", "behaviour": "*.jpg"})
    >>> stack = model([drop], url="/", method="GET", behaviour="*.jpg")
    >>> stack.caught.name, stack.fall.journey.response.status, [sieve.name for sieve in stack.dead]
    ('images/*', 200, ['images/private/*'])
    """
    order: tuple[str, ...] = ORDER
    drop, last = None, ""
    first: Fall | None = None
    second: Fall | None = None
    for press in presses:
        if press.button == "Drop":
            drop = (press.method, checked(press.url))
        else:
            last = press.behaviour
            order = moved(order, last, -1 if press.button == "Move up" else 1)
        if drop == ("GET", PRIVATE):
            fall = fallen(order, *drop)
            first = first or (fall if order == ORDER else None)
            second = second or (fall if order[fall.caught] == "images/private/*" else None)
    found = shop(order).distribution
    covered = {plan.number: "" if earlier is None else earlier.pattern for plan, earlier in dead_patterns(found)}
    sieves = tuple(Sieve(plan, covered.get(plan.number, "")) for plan in found.plans)
    return Stack(sieves, None if drop is None else fallen(order, *drop), first, second, last, catcher)


def fallen(order: tuple[str, ...], method: str, url: str) -> Fall:
    """One request through the stack in this order."""
    found, journey = send(order, method, url)
    asked = journey.request.path
    path = normalised(f"/{found.default_root_object}" if asked == "/" else asked)
    return Fall(method, url, path, found.plan_for(path).number, journey)


# ---- the words


def outcome(fall: Fall) -> str:
    """What the viewer gets, and from whom."""
    status = fall.journey.response.status
    if fall.refused:
        return f"{status}, refused at the edge ({fall.refused})"
    return f"{status} {fall.journey.result}"


def say(stack: Stack) -> str:
    """The text twin."""
    dead = ", ".join(f"{sieve.name} (all its paths go to {sieve.dead})" for sieve in stack.dead) or "none"
    if stack.fall is None or stack.caught is None:
        names = ", ".join(sieve.name for sieve in stack.sieves)
        told = f"Dead patterns: {dead}." if stack.moved else "No request has fallen yet."
        return f"Behaviours in order: {names}. {told}"
    fall, plan = stack.fall, stack.caught.plan
    rule = "default (*)" if plan.is_default else f"behaviour {plan.number} {plan.pattern}"
    way = rule if fall.refused else f"{rule} → origin {plan.origin.id}"
    return f"{fall.method} {fall.url} → {way}: {outcome(fall)}. Dead patterns: {dead}."


def comment(stack: Stack) -> str:
    """One line on what is worth noticing, reckoned from the fall."""
    fall, caught = stack.fall, stack.caught
    if fall is None or caught is None:
        return "A request falls from above. Predict, then press “Drop”."
    too = [sieve for sieve in stack.sieves[fall.caught + 1 : -1] if matches(sieve.plan.pattern, fall.path)]
    if fall.refused:
        return f"{caught.name} caught it, and the distribution itself says no: {fall.refused}. No origin heard of it."
    if too:
        return f"{caught.name} caught it. {too[0].name} matches as well, but stands below, and the first match wins."
    near = [sieve.plan.pattern for sieve in stack.sieves[:-1] if matches(sieve.plan.pattern.lower(), fall.path.lower())]
    if caught.plan.is_default and near:
        return f"It fell past {near[0]}: in patterns, capital and small letters are different."
    if caught.plan.is_default:
        return "No pattern matches, so the default caught it."
    return f"{caught.name} is the first pattern that matches {fall.path}."


def catcher_outcome(stack: Stack) -> str:
    """Who caught the private photo as the shop wrote its behaviours."""
    if stack.first is None:
        return ""
    caught, status = ORDER[stack.first.caught], stack.first.journey.response.status
    return f"{caught} caught it: the first match wins, not the closest. Answer: {status}, in clear."


SWAPPED = ("200, the photo", "301, sent to HTTPS", "403, refused")


def swapped_asked(stack: Stack) -> bool:
    """Has the private photo been dropped?"""
    return stack.first is not None


def swapped_outcome(stack: Stack) -> str:
    """What the same request meets once the private behaviour stands above."""
    if stack.second is None:
        return ""
    status, why = stack.second.journey.response.status, stack.second.refused
    return f"After the swap: {status}, because {why}. Only redirect-to-https would answer 301."


# ---- the picture

_TOP, _ROW, _X, _LEFT, _WIDE = 40, 58, 48, 98, 720
_MONO = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_PROTOCOLS = {"allow-all": "HTTP and HTTPS", "https-only": "HTTPS only", "redirect-to-https": "HTTP is redirected to HTTPS"}
_MS = 20.0  # network time that a picture gives to the way past one sieve


def _words(x: float, y: float, text: str, size: float = 12.5, extra: str = "") -> str:
    return f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="currentColor"{extra}>{safe(text)}</text>'


def _mesh(y: float, *, shut: bool) -> str:
    """A sieve from the side: holes, or where it caught something, a bar."""
    dash = "" if shut else ' stroke-dasharray="9 7"'
    return f'<path d="M 12 {number(y)} H {_LEFT - 14}" stroke="currentColor" stroke-width="{4 if shut else 2.5}"{dash}/>'


def _methods(plan: Plan) -> str:
    return "every method" if len(plan.allowed_methods) == 7 else ", ".join(sorted(plan.allowed_methods))


def _row(stack: Stack, order: int) -> str:
    sieve, fall = stack.sieves[order], stack.fall
    y = _TOP + order * _ROW
    shown = sieve.dead if fall is not None or stack.moved else ""
    bold = ' font-weight="600"' if fall is not None and fall.caught == order else ""
    faint = ' opacity="0.6"' if (fall is not None and order > fall.caught) or shown else ""
    strike = ' text-decoration="line-through"' if shown else ""
    name = sieve.name if sieve.plan.is_default else f"{order}  {sieve.name}"
    origin = sieve.plan.origin if isinstance(sieve.plan.origin, OriginSpec) else sieve.plan.origin.members[0]
    look = f'{bold}{strike} font-family="{_MONO}" xml:space="preserve"'
    parts = [f"<g{faint}>{_words(_LEFT, y + 24, name, 15, look)}"]
    parts.append(_words(_LEFT, y + 43, f"{_PROTOCOLS[sieve.plan.viewer_protocol]}; {_methods(sieve.plan)}", 13) + "</g>")
    parts.append(f"{place_shape('origin', 372, y + 27, 10)}{_words(390, y + 32, origin.id, 14, bold)}")
    if shown:
        parts.append(
            _words(464, y + 26, "dead: can never match,", 14, ' font-weight="600"')
            + _words(464, y + 43, f"{shown} takes all its paths", 13)
        )
    return "".join(parts)


def view(stack: Stack) -> str:
    """The stack from the side: the request falls on the left, each behaviour with its origin on the right."""
    fall = stack.fall
    high = _TOP + len(stack.sieves) * _ROW + 12
    start = "a request" if fall is None else f"{fall.method} {fall.url}"
    parts = [_words(12, 18, start, 13.5, f' font-weight="600" font-family="{_MONO}"')]
    for order in range(len(stack.sieves)):
        y = _TOP + order * _ROW
        if order:
            parts.append(f'<path d="M {_LEFT} {y}.5 H {_WIDE - 8}" stroke="currentColor" opacity="0.25"/>')
        parts.append(_row(stack, order) + _mesh(y + 46, shut=fall is not None and fall.caught == order))
    if stack.guess and stack.order == ORDER and (fall is None or fall.url == PRIVATE):
        parts.append(_guessed([sieve.name for sieve in stack.sieves].index(stack.guess)))
    if fall is None:
        parts.append(f'<circle cx="{_X}" cy="{_TOP + 8}" r="8" fill="none" stroke="currentColor" stroke-width="2"/>')
    else:
        parts += _falling(stack, fall)
    size = f'viewBox="0 0 {_WIDE} {high}" width="{_WIDE}" role="img" aria-label="{safe(say(stack))}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">{"".join(parts)}</svg>'
    return f"<p><strong>{safe(comment(stack))}</strong></p>{svg}{_reads(fall)}"


def _guessed(order: int) -> str:
    """The prediction: a dashed ring where somebody said that the request would stop."""
    y = _TOP + order * _ROW + 36
    ring = f'<circle cx="{_X}" cy="{y}" r="12" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="4 3"/>'
    return ring + _words(_X + 16, y - 2, "you", 12)


def _falling(stack: Stack, fall: Fall) -> list[str]:
    """The way down, sieve by sieve, and what came of it beside the one that caught it."""
    parts, at, y = [], 0.0, float(_TOP - 14)
    for order in range(fall.caught + 1):
        until = _TOP + order * _ROW + (60 if order < fall.caught else 36)
        lead = f'class="cdnlab-leg" data-at="{number(at)}" data-ms="{number(_MS)}" fill="none" stroke="currentColor"'
        parts.append(f'<path {lead} stroke-width="1.6" d="M {_X} {number(y)} V {number(until)}"/>')
        at, y = at + _MS, float(until)
    row = _TOP + fall.caught * _ROW
    state = "blocked" if fall.refused else overall(fall.journey)
    sign = glyph(state, 474, row + 27, 8) + _words(492, row + 26, f"catches it: {fall.journey.response.status}", 14, ' font-weight="600"')
    why = "refused at the edge" if fall.refused else x_cache(fall.journey)
    stays = f'<circle cx="{_X}" cy="{row + 36}" r="8" fill="currentColor"/>'
    return [*parts, f'<g data-at="{number(at)}">{stays}{sign}{_words(492, row + 43, why, 13)}</g>']


def _reads(fall: Fall | None) -> str:
    """The two lines that are kept apart: what the viewer reads, and what happened."""
    if fall is None:
        return ""
    response = fall.journey.response
    html_or_xml = response.body.decode("utf-8", "replace")
    body = " ".join(re.sub(r"<[^>]*>", " ", html_or_xml).split())
    quoted = f"“{safe(body, most=110)}”" if body else "no text"
    asked = fall.journey.origin_requests
    heard = f"origin asked for <code>{safe(asked[0].path)}</code>" if asked else "no origin asked"
    read = f"{response.status}, <code>X-Cache: {safe(response.headers.get('X-Cache') or '')}</code>, {quoted}"
    happened = f"patterns saw <code>{safe(fall.path)}</code>; {heard}"
    return f"<p><strong>The viewer reads</strong> {read}<br><strong>What happened</strong> {happened}</p>"


def panel() -> Panel[Stack]:
    """The experiment: predict, drop, move a behaviour."""
    return Panel(
        "Sieves in a stack",
        [
            Predict("catcher", f"A plain GET of {PRIVATE}: which behaviour catches it?", (*ORDER, "default (*)"), catcher_outcome),
            Predict(
                "swapped",
                "Now images/private/* (HTTPS only) is moved above images/*. What will the same plain HTTP request get?",
                SWAPPED,
                swapped_outcome,
                swapped_asked,
            ),
            Text("url", "URL", PRIVATE, EXAMPLES),
            Choice("method", "Method", METHODS),
            Choice("behaviour", "Behaviour to move", ORDER, "images/private/*"),
            Button("Drop", primary=True),
            Button("Move up"),
            Button("Move down"),
        ],
        model=model,
        view=view,
        twin=say,
        inside=lambda stack: html(stack.fall.journey) if stack.fall else "<p>Nothing has fallen yet.</p>",
        moment=lambda stack: f"order: {', '.join(stack.order)}",
        caption=lambda stack: f"{say(stack)} Simulated with cdnlab.",
    )
