"""Lesson 04, second half: the poisoned copy.

Somebody's request brings about an answer, which is kept; then a customer asks for the same page (`twosites.py`). If what
changed the first answer is not in the cache key, she is handed it. The picture tells it from top to bottom: the first request, what
of it is in the key, sent or dropped; the copies at the edge; the customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from cdnlab.cachekey import treatments
from cdnlab.cloudfront import Held
from cdnlab.controls import Button, Choice, Predict, Press
from cdnlab.experiments.tags import BOLD, FAINT, MONO, beside, box, numbered, sheet, words
from cdnlab.experiments.twosites import ATTACKS, EVIL, PAGE, SHOP, Ask, cache_policy, own, shown, world
from cdnlab.journey import Journey
from cdnlab.keyxray import key_of
from cdnlab.marks import glyph, number
from cdnlab.messages import Request, Response
from cdnlab.page import html, treated
from cdnlab.panels import Panel
from cdnlab.telling import overall, x_cache

__all__ = ["ATTACKS", "KEYS", "SENDS", "Case", "Lab", "model", "panel", "say", "view"]

KEYS: dict[str, tuple[str, ...]] = {
    "path": (),
    "path + Host": ("Host",),
    "path + Host + X-Forwarded-Host": ("Host", "X-Forwarded-Host"),
}
"""The cache keys to choose from: headers beside the path."""
SENDS = ("AllViewer", "HostHeaderOnly")
"""The origin request policies to choose from, both managed by AWS."""


# ---- the model


@dataclass(frozen=True, slots=True)
class Case:
    """An attack and then a customer, under one key: both journeys, and the copies that the edge then holds, with their keys."""

    attack: Journey
    visit: Journey
    copies: tuple[Held, ...]
    handed: int
    owners: tuple[int, ...]

    @property
    def poisoned(self) -> bool:
        """Did the customer get another answer than the server has for her?"""
        return not own(self.visit)


@lru_cache(maxsize=16)
def case(attack: str, key: str, sends: str) -> Case:
    """The attack, and a second later the customer."""
    cdn, first = world(cache_policy(*KEYS[key]), sends), ATTACKS[attack]
    asked = cdn.get(f"https://{first.host}{PAGE}", headers=first.headers)
    cdn.clock.advance(1)
    visit = cdn.get(f"https://{SHOP}{PAGE}")
    keys = [key_of(cdn, journey) for journey in (asked, visit)]
    copies = sorted((held for held in cdn.copies() if held.place.kind == "edge"), key=lambda held: keys.index(held.key))
    owners = tuple(keys.index(held.key) + 1 for held in copies)
    return Case(asked, visit, tuple(copies), [held.key for held in copies].index(keys[1]) + 1, owners)


@lru_cache(maxsize=16)
def became(ask: Ask, key: str, sends: str) -> tuple[tuple[str, str], ...]:
    """What becomes of a request's headers under this key, in the words of `marks.TREATMENTS`: pairs of line and word."""
    cdn = world(cache_policy(*KEYS[key]), sends)
    request = Request("GET", f"https://{ask.host}{PAGE}", ask.headers)
    lines = treatments(cdn.distribution(ask.host).plan_for(PAGE), request)
    return tuple((f"{each.name}: {each.value}", treated(each)) for each in lines if not each.added)


@dataclass(frozen=True, slots=True)
class Lab:
    """What is on show: the settings as they stand, the case under them once it was tried, and the prediction."""

    attack: str
    key: str
    sends: str
    case: Case | None
    guess: str | None


def model(presses: Sequence[Press], *, attack: str, key: str, sends: str, guess: str | None = None) -> Lab:
    """The case under these settings, if they have been tried.

    >>> settings = {"attack": "Host: help.example.com", "key": "path", "sends": "AllViewer"}
    >>> model([Press("Attack, then visit", settings)], **settings).case.poisoned
    True
    """
    now = (attack, key, sends)
    seen = any((press.attack, press.key, press.sends) == now for press in presses)
    return Lab(*now, case(*now) if seen else None, guess)


# ---- the words

OWN, OTHERS, REFUSED = "the shop's sale page", "an answer made for the first request", "a refusal by CloudFront"


def _reads(found: Case) -> str:
    return OTHERS if found.poisoned else OWN


def say(lab: Lab) -> str:
    """The text twin: the settings, what the first request left behind, what the customer then reads."""
    settings = f"Key: {lab.key}; policy {lab.sends}."
    if lab.case is None:
        return f"{settings} A first request with {lab.attack} is ready, and then a customer of {SHOP}. Nothing has been sent."
    first, visit = lab.case.attack.response, lab.case.visit
    page = "not her page" if lab.case.poisoned else "her page"
    return f"{settings} First request, {lab.attack}: {first.status}. Customer: {visit.response.status} {_source(visit)}, {page}."


def _cache(journey: Journey) -> str:
    """Whether an answer came from the edge's copy; of an error that is kept, X-Cache says only Error."""
    return f"{x_cache(journey)} ({_source(journey)})"


def _source(journey: Journey) -> str:
    return "from the origin" if journey.origin_requests else "from the edge's copy"


def comment(lab: Lab) -> str:
    """One line on what is worth noticing, reckoned from the journeys."""
    found = lab.case
    if found is None:
        return "Two requests for one path. Predict what the second one gets, then press."
    if found.poisoned:
        return f"Poisoned: {lab.attack} changed the answer and is not in the key, so both requests found one hole."
    told = {each.name for each in found.attack.treatments if each.sent and not each.added}
    name, _, value = lab.attack.partition(": ")
    if name not in told:
        return f"Harmless: {name} did not reach the origin, so it could not change the answer."
    return f"Harmless: with {name} in the key, {value} has a hole of its own."


def outcome(lab: Lab) -> str:
    """What the customer read."""
    if lab.case is None:
        return ""
    return f"She read {_reads(lab.case)}: {lab.case.visit.response.status}, {_cache(lab.case.visit)}."


# ---- the picture

_LEFT, _RIGHT = 334, 356  # pixels: how wide a request's picture is, and its answer's


def _request(order: int, title: str, lines: Sequence[tuple[str, str]]) -> str:
    """A request's lines; the key's stand in frames."""
    parts = [numbered(order, 12), words(30, 16, title, 13, BOLD)]
    listed = [(PAGE, "in key"), *lines]
    for row, (text, word) in enumerate(listed):
        at = 42 + row * 25
        parts += [words(36, at, text, 11.5, MONO), words(_LEFT - 58, at, word)]
        parts += [box(30, at - 15, len(text) * 7 + 12, 21, 1.5, ' rx="3"')] if word == "in key" else []
    return sheet(parts, _LEFT, 28 + 25 * len(listed), f"{order}, {title}: {'; '.join(f'{text}, {word}' for text, word in listed)}.")


def _answer(journey: Journey | None, verdict: str = "") -> str:
    """What a request was answered, and by whom."""
    if journey is None:
        return sheet([words(10, 16, "not asked yet", 12.5, FAINT)], _RIGHT, 28, "not asked yet")
    said = f"{journey.response.status}, {x_cache(journey)}"
    lines = _lines(journey.response)
    parts = [glyph(overall(journey), 16, 12, 5.5), words(28, 16, said, 13, BOLD), words(28, 35, _source(journey))]
    parts += [words(10, 56 + row * 18, *line) for row, line in enumerate(lines)]
    parts += [words(10, 60 + len(lines) * 18, verdict, 13, BOLD)] if verdict else []
    high = 66 + len(lines) * 18
    return sheet([f'<g data-at="{number(journey.latency_ms)}">', *parts, "</g>"], _RIGHT, high, f"{said}, {_source(journey)}. {verdict}")


def _lines(response: Response) -> list[tuple[str, float, str]]:
    """A page in a line or two, with size and look; what leads to strangers is bold."""
    return [(line, 11.5, MONO + (BOLD if EVIL in line else "")) for line in shown(response)]


def _holes(found: Case | None) -> list[str]:
    """The copies at the edge, a picture each."""
    if found is None:
        return [sheet([box(30, 2, 300, 40, 1, ' opacity="0.4"'), words(40, 27, "empty", 12.5, FAINT)], _LEFT, 44, "empty")]
    pictures = []
    for order, (held, owner) in enumerate(zip(found.copies, found.owners, strict=True), 1):
        mine = order == found.handed
        tag = f"tag: {' + '.join([held.key.path, *(value for _, value in held.key.headers)])}"
        fate = f"made for {owner}" + (", handed to 2" if mine and owner != 2 else "")
        lines = _lines((found.attack, found.visit)[owner - 1].response)
        parts = [box(2, 2, 328, 66, 2.6 if mine else 1.4), words(12, 20, tag, 11.5, MONO), words(4, 84, fate, 12.5)]
        parts += [words(12, 39 + row * 18, *line) for row, line in enumerate(lines)]
        pictures.append(sheet(parts, _LEFT, 90, f"{tag}; {fate}"))
    return pictures


def chart(lab: Lab) -> str:
    """The story from top to bottom: the first request, the holes, the customer."""
    found = lab.case
    first, second = (became(ask, lab.key, lab.sends) for ask in (ATTACKS[lab.attack], Ask(SHOP)))
    verdict = "" if found is None else f"≠ {OTHERS}" if found.poisoned else f"= {OWN}"
    top = beside(_request(1, "somebody else asks first", first), _answer(found.attack if found else None))
    rack = f"<p><strong>The edge's pigeon-holes</strong></p>{beside(*_holes(found))}"
    bottom = beside(_request(2, "a customer opens the sale", second), _answer(found.visit if found else None, verdict))
    return f"{top}{rack}{bottom}"


def view(lab: Lab) -> str:
    """The comment and the story."""
    return f"<p><strong>{escape(comment(lab))}</strong></p>{chart(lab)}"


def panel() -> Panel[Lab]:
    """The experiment: an attack, a customer, two policies."""
    return Panel(
        "The poisoned copy",
        [
            Predict(
                "guess",
                f"Somebody else asks for {PAGE} first. A second later a customer opens https://{SHOP}{PAGE}. What does she read?",
                (OWN, OTHERS, REFUSED),
                outcome,
            ),
            Choice("attack", "The first request has", tuple(ATTACKS)),
            Choice("key", "Cache key", tuple(KEYS)),
            Choice("sends", "Origin request policy", SENDS),
            Button("Attack, then visit", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
        inside=lambda lab: html(lab.case.visit) if lab.case else "Nothing has been sent with these settings.",
        moment=lambda lab: f"{lab.attack}, key {lab.key}, {lab.sends}",
        caption=lambda lab: f"{say(lab)} Simulated with cdnlab.",
    )
