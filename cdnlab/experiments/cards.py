"""Lesson 09: URL or cookie? A card sort whose verdicts are tried out.

Five cases, two piles. Each case is a client with its habits: does it keep cookies, does it open the address that it is
given or one that was written down before, what does it open after that. A card that is put on a pile is tried in a fresh cinema: the
login hands out a signed URL for the first file, or cookies for the whole folder, and the client does what it does. What opened
decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from cdnlab.controls import Button, Choice, Press
from cdnlab.experiments.cinema import FILES, SITE, Try, browser, cinema
from cdnlab.marks import glyph, number
from cdnlab.page import html
from cdnlab.panels import Panel
from cdnlab.staircase import FONT, safe
from cdnlab.telling import overall

__all__ = ["CASES", "PILES", "Case", "Sorted", "Table", "model", "panel", "say", "tried", "view"]

URL, COOKIE = PILES = ("signed URL", "signed cookies")


@dataclass(frozen=True, slots=True)
class Case:
    """One card: what it `asks` for, the `files` that are opened, the `folder` for cookies, a reason a pile; the client's habits."""

    asks: str
    files: tuple[str, ...]
    folder: str
    reasons: tuple[str, str]
    keeps_cookies: bool = True
    takes_the_link: bool = True


CASES = MappingProxyType(
    {
        "an installer": Case(
            "One file. The buyer gets a link by mail, and some download program opens it.",
            ("downloads/setup.exe",),
            "downloads/*",
            (
                "One file, one link: it carries its permission along, into whatever program opens it.",
                "The cookies stay in the browser that logged in. The program that opens the link has never been there.",
            ),
            keeps_cookies=False,
        ),
        "a client without cookies": Case(
            "A set-top box that fetches the month's page and forgets every cookie.",
            ("members/january.html",),
            "members/*",
            (
                "A URL is all it needs, and all it can carry.",
                "It was given cookies and shows none: to the edge it is a stranger.",
            ),
            keeps_cookies=False,
        ),
        "all files of a video": Case(
            "A playlist and its six segments, in a browser.",
            tuple(f"film/{file}" for file in FILES),
            "film/*",
            (
                "The link opens the playlist. The segments' addresses stand in a file that nobody signs anew.",
                "One permission for the folder: the browser shows it with every file.",
            ),
        ),
        "a subscribers' area": Case(
            "Pages that link to each other, for whoever has paid.",
            ("members/index.html", "members/january.html", "members/february.html"),
            "members/*",
            (
                "The front page opens, its links do not: each would have to be signed, for each reader, again and again.",
                "Who has logged in walks about; the pages stay as they are.",
            ),
        ),
        "URLs that must not change": Case(
            "A report whose address is printed in a brochure.",
            ("reports/2026.pdf",),
            "reports/*",
            (
                "A signature makes it another address, and the brochure has the old one.",
                "The address stays as it was printed; the permission travels beside it.",
            ),
            takes_the_link=False,
        ),
    }
)
"""The cards by name."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """A card on a pile, and what came of it."""

    card: str
    pile: str
    tries: tuple[Try, ...]

    @property
    def opened(self) -> int:
        """How many of its files opened."""
        return sum(each.opened for each in self.tries)

    @property
    def fits(self) -> bool:
        """Did all of them?"""
        return self.opened == len(self.tries)

    @property
    def refused(self) -> Try | None:
        """The first that did not."""
        return next((each for each in self.tries if not each.opened), None)

    @property
    def reason(self) -> str:
        """Why."""
        return CASES[self.card].reasons[PILES.index(self.pile)]


@dataclass(frozen=True, slots=True)
class Table:
    """What is on show: the card in hand, the pile it would go to, and the cards that lie there, each once."""

    card: str
    pile: str
    lying: tuple[Sorted, ...]

    @property
    def last(self) -> Sorted | None:
        """The card that was put down last."""
        return self.lying[-1] if self.lying else None


@lru_cache(maxsize=16)
def tried(card: str, pile: str) -> Sorted:
    """The case tried out with what the pile stands for.

    >>> tried("all files of a video", "signed URL").opened, tried("all files of a video", "signed cookies").opened
    (1, 7)
    """
    case, here = CASES[card], cinema()
    made = here.signer.cookies(f"{SITE}/{case.folder}", here.ends) if pile == COOKIE else {}
    jar = browser(made if case.keeps_cookies else {})
    tries = []
    for order, file in enumerate(case.files):
        address = f"{SITE}/{file}"
        link = here.signer.url(address, here.ends) if pile == URL and order == 0 and case.takes_the_link else address
        cookies = jar.header(link)
        tries.append(Try(file, here.cdn.get(link, headers={"Cookie": cookies} if cookies else {}), 0.0))
    return Sorted(card, pile, tuple(tries))


def model(presses: Sequence[Press], *, card: str = next(iter(CASES)), pile: str = URL) -> Table:
    """Every press puts the card in hand on the chosen pile; a card that lies on the other one moves.

    >>> model([Press("Put it there", {"card": "an installer", "pile": "signed URL"})]).last.fits
    True
    """
    lying: dict[str, Sorted] = {}
    for press in presses:
        lying.pop(press.card, None)
        lying[press.card] = tried(press.card, press.pile)
    return Table(card, pile, tuple(lying.values()))


# ---- the words


def _result(put: Sorted) -> str:
    refused = f"; first refused: /{put.refused.file}, {put.refused.code}" if put.refused else ""
    return f"{put.opened} of {len(put.tries)} open{refused}"


def say(table: Table) -> str:
    """The text twin: the last card, its pile, what opened, why; how far the sorting is."""
    last = table.last
    if last is None:
        return f"{len(CASES)} cards to sort. In hand: {table.card}. {CASES[table.card].asks}"
    fitting = sum(each.fits for each in table.lying)
    count = f"{len(table.lying)} of {len(CASES)} cards sorted, {fitting} where they belong."
    return f"{last.card}, {last.pile}: {_result(last)}. {last.reason} {count}"


def comment(table: Table) -> str:
    """One line on how the sorting goes."""
    last = table.last
    if last is None:
        return "Five cases, two piles. Where does the card in hand belong?"
    if len(table.lying) == len(CASES) and all(each.fits for each in table.lying):
        return "All five belong where they lie. One file, or no cookies: URL. Many files, or fixed addresses: cookies."
    return ("It belongs there. " if last.fits else "Not there. ") + last.reason


# ---- the picture

WIDTH = 600  # of its own pixels; a page that has the room shows it larger
_PILE, _CARD, _BOLD = 294, 56, ' font-weight="600"'


def _text(x: float, y: float, words: str, *, size: float = 12, extra: str = "") -> str:
    where = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}"'
    return f'<text {where} fill="currentColor"{extra}>{safe(words)}</text>'


def _box(x: float, y: float, wide: float, high: float, extra: str = "") -> str:
    box = f'x="{number(x)}" y="{number(y)}" width="{number(wide)}" height="{number(high)}" rx="5"'
    return f'<rect {box} fill="none" stroke="currentColor"{extra}/>'


def _card(put: Sorted, x: float, y: float, last: bool) -> str:
    """A card on its pile: what came of it; the last one put down has a thick edge."""
    worst = put.refused or put.tries[-1]
    last_line = f"/{put.refused.file}: 403 {put.refused.code}" if put.refused else "it belongs here"
    lines = [f"{put.opened} of {len(put.tries)} open", last_line]
    parts = [
        _box(x, y, _PILE - 16, _CARD - 6, f' stroke-width="{2.4 if last else 1.2}"'),
        glyph(overall(worst.journey), x + 14, y + 15, 6.5),
    ]
    parts.append(_text(x + 28, y + 17, put.card, size=12.5, extra=_BOLD))
    parts.append(_text(x + 28, y + 31, lines[0], size=11.5) + _text(x + 28, y + 44, lines[1], size=11.5))
    return f"<g>{''.join(parts)}</g>"


def _hand(table: Table) -> tuple[str, str]:
    """What stands in the dashed box: the card in hand, or what to do next when it lies where it was put."""
    last = table.last
    if last is None or (last.card, last.pile) != (table.card, table.pile):
        return f"In hand: {table.card}", CASES[table.card].asks
    left = [card for card in CASES if card not in {put.card for put in table.lying}]
    if left:
        return "Take the next card.", f"Not sorted yet: {', '.join(left)}."
    wrong = [put.card for put in table.lying if not put.fits]
    return (
        ("Take one from the wrong pile.", f"Not where they belong: {', '.join(wrong)}.")
        if wrong
        else ("All sorted.", "Nothing left in hand.")
    )


def view(table: Table) -> str:
    """The comment, the card in hand, and the two piles."""
    last, rows = table.last, max(1, *(sum(put.pile == pile for put in table.lying) for pile in PILES))
    head, told = _hand(table)
    parts = [_box(2, 2, WIDTH - 4, 40, ' stroke-dasharray="5 4"'), _text(12, 18, head, extra=_BOLD), _text(12, 34, told, size=11.5)]
    for column, pile in enumerate(PILES):
        x = 2 + column * (_PILE + 8)
        parts.append(_box(x, 52, _PILE, 26 + rows * _CARD, ' opacity="0.5"') + _text(x + 10, 70, pile, size=12.5, extra=_BOLD))
        lying = [put for put in table.lying if put.pile == pile]
        parts += [_card(put, x + 8, 80 + order * _CARD, put is last) for order, put in enumerate(lying)]
        if not lying:
            parts.append(_text(x + 10, 92, "no card yet", size=11.5))
    size = f'viewBox="0 0 {WIDTH} {84 + rows * _CARD}" width="{WIDTH * 6 // 5}" role="img" aria-label="{safe(say(table))}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">{"".join(parts)}</svg>'
    return f"<p><strong>{safe(comment(table))}</strong></p>{svg}"


def _inside(table: Table) -> str:
    if table.last is None:
        return "<p>No card has been put down yet.</p>"
    door = table.last.refused or table.last.tries[-1]
    return f"<p>/{safe(door.file)}:</p>{html(door.journey)}"


def panel() -> Panel[Table]:
    """The card sort: take a card, choose a pile, put it there."""
    return Panel(
        "URL or cookie?",
        [
            Choice("card", "Card in hand", tuple(CASES)),
            Choice("pile", "Pile", PILES),
            Button("Put it there", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
        inside=_inside,
        moment=lambda table: f"{len(table.lying)} cards sorted",
    )
