"""Lesson 04: too much, too little.

Twelve visitors ask for one page (`cloakroom.py`). Three toggles say what is written on their tags, which is the cache key; one
pigeon-hole is one copy at the edge. Write too much on the tag, and nobody's copy helps anybody else; write too little, and people
are handed what was made for others. The goal: no wrong page, with the fewest holes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from cdnlab.controls import Button, Flag, Press, Toggle
from cdnlab.experiments.cloakroom import VISITORS, Parts, Round, became, policy, sent, shop, title_of, visit, world
from cdnlab.experiments.tags import BOLD, FAINT, MONO, STYLE, beside, box, numbered, sheet, words
from cdnlab.journey import Journey
from cdnlab.marks import css, glyph, number
from cdnlab.page import treated
from cdnlab.panels import Panel, Snapshot
from cdnlab.staircase import safe
from cdnlab.telling import overall

__all__ = ["Rack", "ledger", "model", "panel", "policy", "say", "sent", "view", "visit", "world"]


@dataclass(frozen=True, slots=True)
class Rack:
    """What is on show: the key as the toggles stand, all rounds sent so far, one for each key, and the prediction.

    `became`: what becomes of query, cookie and language under this key, in the words of `marks.TREATMENTS`.
    """

    parts: Parts
    rounds: tuple[Round, ...]
    guess: float | None
    became: tuple[str, str, str]

    @property
    def round(self) -> Round | None:
        """The round with this key; None while it has not been sent."""
        return next((each for each in self.rounds if each.parts == self.parts), None)

    @property
    def best(self) -> Round | None:
        """Of the rounds without a wrong page, the one with the fewest copies."""
        return min((each for each in self.rounds if not each.wrong), key=lambda each: each.copies, default=None)


def model(presses: Sequence[Press], *, query: bool, session: bool, language: bool, holes: float | None = None) -> Rack:
    """The rounds that were sent, each under the key of its moment, and the key as it stands.

    >>> key = {"query": True, "session": False, "language": True}
    >>> rack = model([Press("Send all twelve", key)], **key)
    >>> rack.round.copies, rack.round.hits, rack.round.wrong
    (8, 4, 0)
    """
    keys = dict.fromkeys(Parts(press.query, press.session, press.language) for press in presses)
    parts = Parts(query, session, language)
    return Rack(parts, tuple(map(sent, keys)), holes, became(parts))


# ---- the words


def say(rack: Rack) -> str:
    """The text twin: the key, and what came of it."""
    found = rack.round
    if found is None:
        waiting = "Twelve visitors wait, each with a query, a session cookie and a language"
        return f"Key: {rack.parts}. {waiting}; nothing has been sent with this key."
    copies, hits, wrong = _many(found.copies, "copy", "copies"), _many(found.hits, "hit"), _many(found.wrong, "wrong page")
    return f"Key: {rack.parts}. {len(found.journeys)} requests, {copies}, {hits}, {wrong}."


def _many(count: int, noun: str, plural: str = "") -> str:
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def comment(rack: Rack) -> str:
    """One line on what is worth noticing, reckoned from the round; never canned."""
    found = rack.round
    if found is None:
        return "The framed parts are on the tag: they are the key. Predict, then send."
    if found.wrong:
        hole = next(hole for hole in found.holes if hole.wrong)
        order, first = hole.wrong[0], hole.visitors[0]
        right = title_of(shop(found.journeys[order - 1].request))
        return f"Visitor {order} should read “{right}” and got “{hole.title}”, made for visitor {first}: their tags are the same."
    if not found.needless:
        return f"Nobody got a wrong page, and each of the {found.copies} copies is needed."
    order, hole = next((order, hole) for order, hole in enumerate(found.holes, 1) if hole.twin)
    much = f"No wrong page, but {found.needless} of {found.copies} copies are needless: holes {hole.twin} and {order} hold one page"
    culprit = next((split.what for split in found.xray.splits if split.gained and not split.harmed), "")
    return f"{much}, split by the {culprit}." if culprit else f"{much}. The tag tells visitors apart, not pages."


def outcome(rack: Rack) -> str:
    """How many holes it came to, under the key as it stands."""
    found = rack.round
    if found is None:
        return ""
    filled = f"{_many(found.copies, 'hole')}: {_many(found.hits, 'hit')}, {_many(found.wrong, 'wrong page')}"
    return f"With {found.parts} in the key, the twelve filled {filled}."


# ---- the picture

_TOP = 50
_ROW = 31.0  # pixels: one visitor's tag
_COLUMNS = (("query", 33.0, 136.0), ("cookie", 175.0, 94.0), ("language", 273.0, 56.0))
_TAGS, _RACK = 342, 376  # pixels: how wide the two pictures are
_WIDE, _HIGH, _GAP, _ACROSS = 118, 88, 6, 3
_METERS = _TOP + 4 * (_HIGH + _GAP) + 22


def tags(rack: Rack) -> str:
    """The visitors in a column; what is in the key stands in a frame."""
    parts = []
    for (head, x, wide), word in zip(_COLUMNS, rack.became, strict=True):
        framed = word == "in key"
        parts += [words(x, 16, head, 12.5, BOLD), words(x, 33, word, 12)]
        if framed:
            parts.append(box(x - 5, 37, wide, 0.5, 1.5))
        for order, each in enumerate(VISITORS):
            y = _TOP + order * _ROW
            text = {"query": f"?{each.query}", "cookie": f"session={each.session}", "language": each.language}[head]
            parts.append(words(x, y + 17, text, 11.5, MONO + ("" if framed else FAINT)))
            parts += [box(x - 5, y + 2.5, wide, 22, 1.5, ' rx="3"')] if framed else []
    parts += [numbered(order + 1, _TOP + order * _ROW + 13.5) for order in range(len(VISITORS))]
    named = zip((head for head, *_ in _COLUMNS), rack.became, strict=True)
    return sheet(parts, _TAGS, _TOP + len(VISITORS) * _ROW, f"Twelve tags: {', '.join(f'{head} {word}' for head, word in named)}.")


def _moment(found: Round, order: int) -> float:
    """When this visitor's answer was there, in milliseconds after the first one asked."""
    journey = found.journeys[order - 1]
    return (journey.started - found.journeys[0].started) * 1000 + journey.latency_ms


def _hole(rack: Rack, order: int) -> str:
    """One pigeon-hole: the page in it, who was handed it, and whether another hole has the same."""
    x, y = 4 + (order - 1) % _ACROSS * (_WIDE + _GAP), _TOP + (order - 1) // _ACROSS * (_HIGH + _GAP)
    found = rack.round
    hole = found.holes[order - 1] if found is not None and order <= found.copies else None
    mine = ""
    if rack.guess == order:
        mine = box(x - 3, y - 3, _WIDE + 6, _HIGH + 6, 1.8, ' stroke-dasharray="5 3"')
    corner = f"you: {order}" if rack.guess == order else str(order)
    mine += words(x + _WIDE - 5, y + _HIGH - 4, corner, 11, ' text-anchor="end"' + (BOLD if rack.guess == order else FAINT))
    if hole is None or found is None:
        return box(x, y, _WIDE, _HIGH, 1, ' opacity="0.35"') + mine
    begins = number(_moment(found, hole.visitors[0]))
    parts = [box(x, y, _WIDE, _HIGH, 1.6), f'<g data-at="{begins}">', words(x + 6, y + 16, hole.title, 12.5, BOLD)]
    if hole.twin:
        parts.append(words(x + 6, y + _HIGH - 4, f"= hole {hole.twin}", 11.5))
    parts.append("</g>")
    for seat, visitor in enumerate(hole.visitors):
        left, down = x + 11 + seat % _ACROSS * 37, y + 31 + seat // _ACROSS * 14
        wrong = "≠" if visitor in hole.wrong else ""
        seated = glyph(overall(found.journeys[visitor - 1]), left, down - 4, 4.5)
        seated += words(left + 8, down, f"{visitor}{wrong}", 11.5)
        parts.append(f'<g data-at="{number(_moment(found, visitor))}">{seated}</g>')
    said = f"hole {order}: {hole.title}; visitors {', '.join(map(str, hole.visitors))}"
    return f"<g><title>{safe(said)}</title>{''.join(parts)}{mine}</g>"


def _meter(x: float, head: str, count: int | None, most: int) -> str:
    """A row of squares, as many filled as there are."""
    parts = [words(x, _METERS, f"{head}: {'not yet' if count is None else count}", 13, BOLD)]
    for order in range(most):
        full = ' fill="currentColor"' if order < (count or 0) else ' fill="none" opacity="0.4"'
        parts.append(f'<rect x="{number(x + order * 15)}" y="{_METERS + 9}" width="11" height="11" stroke="currentColor"{full}/>')
    return "".join(parts)


def holes(rack: Rack) -> str:
    """The rack of pigeon-holes, and the two meters."""
    found, most = rack.round, len(VISITORS)
    legend = f"{glyph('miss', 9, 29, 4.5)}{words(18, 33, 'Miss, fills it')}{glyph('hit', 109, 29, 4.5)}{words(118, 33, 'Hit, gets it')}"
    parts = [words(3, 16, "pigeon-holes at the edge", 12.5, BOLD), legend, words(199, 33, "≠ wrong page for this visitor")]
    parts += [_hole(rack, order) for order in range(1, most + 1)]
    parts.append(_meter(4, "needless copies", None if found is None else found.needless, most - 1))
    parts.append(_meter(195, "wrong pages", None if found is None else found.wrong, most))
    return sheet(parts, _RACK, _METERS + 26, say(rack))


def tried(rack: Rack) -> str:
    """The keys sent so far, side by side; the best one without a wrong page is marked."""
    rows = []
    for each in rack.rounds:
        best = each is rack.best
        cells = "".join(f"<td>{value}</td>" for value in (each.copies, each.hits, each.needless, each.wrong))
        head = f'<th scope="row">{"▶ " if best else ""}{escape(str(each.parts))}</th>'
        rows.append(f"<tr{' class=cdnlab-best' if best else ''}>{head}{cells}</tr>")
    heads = "".join(f'<th scope="col">{each}</th>' for each in ("key", "copies", "hits", "needless", "wrong pages"))
    caption = "<caption>Sent so far. ▶: no wrong page, and the fewest copies.</caption>"
    return f'<table class="cdnlab-tried">{caption}<thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def view(rack: Rack) -> str:
    """The comment, the tags and the rack, and the keys tried so far."""
    head = f"<style>{STYLE}</style><p><strong>{escape(comment(rack))}</strong></p>"
    return head + beside(tags(rack), holes(rack)) + (tried(rack) if rack.rounds else "")


def inside(rack: Rack) -> str:
    """The X-ray of this key, and what became of everything the first visitor sent."""
    found = rack.round
    if found is None:
        return "Nothing has been sent with this key."
    return f"{found.xray.picture()}<p>Visitor 1, line by line:</p>{_table(found.journeys[0])}"


def ledger(journey: Journey) -> Snapshot:
    """What became of everything the viewer sent: in the key, sent or dropped, and which policy decided."""
    said = [f"{treated(each):8} {each.kind:6} {each.name}: {each.value} ({each.why})" for each in _sent_by_viewer(journey)]
    return Snapshot("\n".join(said), f'<div class="cdnlab"><style>{css()}{STYLE}</style>{_table(journey)}</div>')


def _sent_by_viewer(journey: Journey) -> list[Any]:
    order = ("in key", "sent", "dropped")
    lines = [each for each in journey.treatments if not each.added and (each.kind, each.name) != ("header", "Cookie")]
    return sorted(lines, key=lambda each: order.index(treated(each)))


def _table(journey: Journey) -> str:
    rows = "".join(
        f'<tr><th scope="row">{treated(each)}</th><td>{each.kind} <code>{safe(each.name, 40)}</code></td>'
        f"<td><code>{safe(each.value, 60)}</code></td><td>{safe(each.why)}</td></tr>"
        for each in _sent_by_viewer(journey)
    )
    heads = "".join(f'<th scope="col">{each}</th>' for each in ("became", "what", "value", "because"))
    return f'<table class="cdnlab-tried"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def panel() -> Panel[Rack]:
    """The experiment: say what the key contains, predict, send the twelve."""
    return Panel(
        "Too much, too little",
        [
            Flag(
                "holes",
                "Twelve visitors ask for one page. With the key as it stands, how many pigeon-holes will they fill?",
                1,
                len(VISITORS),
                outcome,
                unit="holes",
            ),
            Toggle("query", "Query in the key", True),
            Toggle("session", "Session cookie in the key", True),
            Toggle("language", "Accept-Language in the key", True),
            Button("Send all twelve", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
        inside=inside,
        moment=lambda rack: f"key {rack.parts}",
        caption=lambda rack: f"{say(rack)} Simulated with cdnlab.",
    )
