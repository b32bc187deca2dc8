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
from cdnlab.marks import glyph
from cdnlab.page import html
from cdnlab.panels import Panel
from cdnlab.staircase import safe
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
    for number, file in enumerate(case.files):
        address = f"{SITE}/{file}"
        link = here.signer.url(address, here.ends) if pile == URL and number == 0 and case.takes_the_link else address
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


_STYLE = """
.cdnlab .cdnlab-piles{display:flex;flex-wrap:wrap;gap:12px;margin:8px 0}
.cdnlab .cdnlab-piles>section{flex:1 1 14rem;padding:6px 10px;border-radius:6px;
border:1px solid color-mix(in srgb,currentColor 45%,transparent)}
.cdnlab .cdnlab-piles h4{margin:2px 0 6px;font-size:13.5px;font-weight:600;color:inherit}
.cdnlab .cdnlab-card{border:1px solid;border-radius:5px;padding:5px 8px;margin:6px 0;font-size:13px;background:var(--cdnlab-paper)}
.cdnlab .cdnlab-card svg{vertical-align:-3px;margin-right:5px}
.cdnlab .cdnlab-card small{display:block;font-size:12px}
.cdnlab .cdnlab-hand{border-style:dashed}
"""


def _card(put: Sorted, last: bool) -> str:
    worst = put.refused or put.tries[-1]
    sign = f'<svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">{glyph(overall(worst.journey), 9, 9, 6)}</svg>'
    strong = "strong" if last else "span"
    return f'<div class="cdnlab-card">{sign}<{strong}>{safe(put.card)}</{strong}><small>{safe(_result(put))}</small></div>'


def view(table: Table) -> str:
    """The comment, the card in hand, and the two piles."""
    lying = {put.card for put in table.lying}
    words = f"<strong>In hand: {safe(table.card)}</strong><small>{safe(CASES[table.card].asks)}</small>"
    hand = f'<div class="cdnlab-card cdnlab-hand">{words}</div>'
    piles = []
    for pile in PILES:
        cards = "".join(_card(put, put is table.last) for put in table.lying if put.pile == pile)
        piles.append(f"<section><h4>{safe(pile)}</h4>{cards or '<small>no card yet</small>'}</section>")
    left = [card for card in CASES if card not in lying]
    rest = f'<p class="cdnlab-note">Not sorted yet: {safe(", ".join(left))}.</p>' if left else ""
    return (
        f'<style>{_STYLE}</style><p><strong>{safe(comment(table))}</strong></p>{hand}<div class="cdnlab-piles">{"".join(piles)}</div>{rest}'
    )


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
