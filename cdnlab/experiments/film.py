"""Lesson 09: seven doors, one film.

A film is a playlist and six segments: seven addresses, seven doors. A signed URL is a ticket: it is shown at the one door whose
address it is. A cookie is a wristband: the browser shows it at every door. Which doors it opens is a matter of its policy: a
canned one names a single address, a custom one may have a `*`.

Each play is a player in a fresh cinema (`cinema.py`) that tries all seven doors. A URL with one of the signing parameters is a
signed URL, whoever put it there; then nobody looks at the wristband.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cdnlab.controls import Button, Choice, Flag, Predict, Press, Slider, Toggle
from cdnlab.experiments.cinema import (
    FILES,
    FILM,
    HOUR,
    PERMISSIONS,
    SEGMENT_SECONDS,
    Permission,
    Try,
    browser,
    cinema,
    grant,
    play,
    shows,
)
from cdnlab.marks import glyph, number
from cdnlab.messages import Request
from cdnlab.page import html
from cdnlab.panels import Panel
from cdnlab.resources import covers
from cdnlab.staircase import FONT, safe
from cdnlab.telling import overall
from cdnlab.verification import address_of, duration

__all__ = ["EXTRA", "Film", "Play", "model", "panel", "played", "say", "view"]

CANNED_URL, CUSTOM_URL, CANNED_COOKIE, CUSTOM_COOKIE = PERMISSIONS
EXTRA = "Expires=5"
"""What a player, a script or a newsletter may append, and means nothing by it."""
STARTS = (0, HOUR // 2, HOUR - 3 * SEGMENT_SECONDS, HOUR)


@dataclass(frozen=True, slots=True)
class Play:
    """One play: the `permission` by its name, what it `granted`, when the film was started after the login, `extra` or not."""

    permission: str
    start: float
    extra: bool
    granted: Permission
    tries: tuple[Try, ...]

    @property
    def opened(self) -> int:
        """How many of the seven doors opened."""
        return sum(each.opened for each in self.tries)

    @property
    def refused(self) -> Try | None:
        """The first door that did not open."""
        return next((each for each in self.tries if not each.opened), None)

    @property
    def seconds(self) -> int:
        """How much of the film a player shows before the first refusal."""
        if self.refused is None:
            return (len(FILES) - 1) * SEGMENT_SECONDS
        return max(0, self.tries.index(self.refused) - 1) * SEGMENT_SECONDS

    @property
    def covered(self) -> tuple[bool, ...]:
        """Which doors the policy is for, shown or not."""
        pattern = self.granted.covers
        return tuple(covers(pattern, address_of(Request("GET", f"{FILM}{file}"))) for file in FILES)


@dataclass(frozen=True, slots=True)
class Film:
    """What is on show: the settings, all plays so far, and how many doors were predicted to open."""

    permission: str
    start: float
    extra: bool
    plays: tuple[Play, ...]
    you: float | None = None

    @property
    def shown(self) -> Play | None:
        """The latest play, if it was made under these settings."""
        last = self.plays[-1] if self.plays else None
        return last if last and (last.permission, last.start, last.extra) == (self.permission, self.start, self.extra) else None


@lru_cache(maxsize=64)
def played(permission: str, start: float = 0, extra: bool = False) -> Play:
    """A play in a fresh cinema. Raises UnknownName for the permission.

    >>> played("canned URL of the playlist").opened, played("custom cookie with *").opened
    (1, 7)
    """
    here = cinema()
    granted = grant(here, permission)
    tries = play(here, granted.url, browser(granted.cookies), start=start, extra=EXTRA if extra else "")
    return Play(permission, start, extra, granted, tries)


def model(
    presses: Sequence[Press],
    *,
    permission: str = CANNED_URL,
    start: float = 0,
    extra: bool = False,
    you: float | None = None,
    ignored: str | None = None,
) -> Film:
    """A play for each press, under the settings that it was pressed with.

    >>> film = model([Press("Play", {"permission": "canned cookie", "start": 0, "extra": False})], permission="canned cookie")
    >>> film.shown.opened, film.shown.refused.code
    (1, 'AccessDenied')
    """
    plays = tuple(played(press.permission, press.start, press.extra) for press in presses)
    return Film(permission, start, extra, plays, you)


# ---- the words


def _settings(film: Film) -> str:
    late = f", {duration(int(film.start))} after the login" if film.start else ""
    return f"{film.permission}{f', with ?{EXTRA}' if film.extra else ''}{late}"


def say(film: Film) -> str:
    """The text twin: the permission, how many of seven opened, the first refusal."""
    last = film.shown
    if last is None:
        return f"{_settings(film)}: not played yet."
    refused = f"; first refused: {last.refused.name}, {last.refused.code}" if last.refused else ""
    return f"{_settings(film)}: {last.opened} of {len(FILES)} open{refused}."


def comment(film: Film) -> str:
    """One line on what is worth noticing, made from the latest play."""
    last = film.shown
    if last is None:
        return "Seven addresses, one permission. How many doors does it open?"
    if last.refused is None:
        return "A wristband: the browser shows it at every door, and its policy covers all seven."
    rule, what = last.refused.journey.steps[-1].rule, shows(last.refused.journey)
    if rule == "SIGN-14":
        if last.opened:
            return "The permission ended while the film was running: the time is asked at every door."
        return "The permission has ended, so it opens nothing any more."
    if rule == "SIGN-21":
        return "Two Expires in one address: nobody can tell which one counts, so the playlist stays shut."
    if what == "cookies ignored":
        return f"?{EXTRA} makes it a signed URL without a signature, and then nobody looks at the cookies."
    if what != "cookies" and last.covered[-1]:
        return "The policy covers all seven. But only the playlist's address carries it; the other six show nothing that opens."
    if what != "cookies":
        return "A ticket for one door. The playlist opened; the addresses that stand in it carry no signature."
    return "The wristband was shown at every door. But its canned policy is for one address, and this is another."


def you_outcome(film: Film) -> str:
    """How many doors the playlist's signed URL opened."""
    first = next((play for play in film.plays if (play.permission, play.start, play.extra) == (CANNED_URL, 0, False)), None)
    if first is None or first.refused is None:
        return ""
    return f"{first.opened} of {len(FILES)} opened; {first.refused.name} was refused: 403 {first.refused.code}."


STUBS = {
    "URL": ("signed URL", False),
    "cookies": ("cookies", False),
    "cookies ignored": ("cookies", True),
    "a lone parameter": (EXTRA, False),
    "nothing": ("nothing", False),
}
"""What a ticket's stub says of what the request showed; and whether it is struck out, because nobody looked at it."""

IGNORED = ("all seven", "none", "the six segments")


def ignored_asked(film: Film) -> bool:
    """Is it time to ask what an unrelated parameter does? Once a film has been seen to its end."""
    return any(play.refused is None for play in film.plays)


def ignored_outcome(film: Film) -> str:
    """What the unrelated parameter did to the custom cookie."""
    first = next((play for play in film.plays if play.permission == CUSTOM_COOKIE and play.extra), None)
    if first is None or first.refused is None:
        return ""
    told = f"{first.opened} of {len(FILES)} opened; {first.refused.name} was refused: 403 {first.refused.code}"
    return f"{told}. The cookies were sent, and not looked at."


# ---- the picture

_BOLD = ' font-weight="600"'
WIDTH = 600  # of its own pixels; a page that has the room shows it larger
_X, _TICKET, _GAP, _TOP, _HIGH = 6.0, 80, 4.67, 52, 116


def _text(x: float, y: float, words: str, *, size: float = 12, anchor: str = "middle", extra: str = "") -> str:
    where = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}" text-anchor="{anchor}"'
    return f'<text {where} fill="currentColor"{extra}>{safe(words)}</text>'


def _left(order: int) -> float:
    return _X + order * (_TICKET + _GAP)


def _span(first: int, last: int) -> tuple[float, float]:
    """From the left of one ticket to the right of another."""
    return _left(first), _left(last) + _TICKET


def _ticket(order: int, door: Try | None) -> str:
    """One door's ticket: its name, what came of it, and on the stub what the request showed. One that opened is shaded."""
    x, notch = _left(order), _TOP + 88
    middle = x + _TICKET / 2
    edge = (
        f"M {number(x)} {_TOP} h {_TICKET} V {notch - 6} a 6 6 0 0 0 0 12 V {_TOP + _HIGH} h {-_TICKET} V {notch + 6} a 6 6 0 0 0 0 -12 Z"
    )
    shade = 0.13 if door is not None and door.opened else 0
    parts = [
        f'<path d="{edge}" fill="currentColor" fill-opacity="{shade}" stroke="currentColor" stroke-width="1.5"/>',
        f'<path d="M {number(x + 9)} {notch} h {_TICKET - 18}" fill="none" stroke="currentColor" stroke-dasharray="3 4" opacity="0.7"/>',
        _text(middle, _TOP + 19, "playlist" if order == 0 else f"seg {order - 1}", size=13, extra=_BOLD),
    ]
    if door is None:
        return f"<g>{''.join(parts)}{_text(middle, _TOP + 56, '?', size=20)}</g>"
    status = door.journey.response.status
    parts.append(glyph(overall(door.journey), middle - 20, _TOP + 43, 8))
    parts.append(_text(middle - 4, _TOP + 48, str(status), size=14, anchor="start", extra=_BOLD))
    parts.append(_text(middle, _TOP + 70, "opens" if door.opened else door.code, size=12 if len(door.code) < 12 else 10.2))
    stub, struck = STUBS[shows(door.journey)]
    parts.append(_text(middle, _TOP + 107, stub, size=12, extra=' text-decoration="line-through"' if struck else ""))
    title = f"<title>{safe(f'{door.name}: {status} {door.code}, showed {shows(door.journey)}')}</title>"
    return f"<g>{title}{''.join(parts)}</g>"


def _covers(play: Play) -> str:
    """A bracket over the doors that the policy is for."""
    last = max(order for order, yes in enumerate(play.covered) if yes)
    left, right = _span(0, last)
    path = f"M {number(left)} 44 v -8 H {number(right)} v 8"
    words = f"policy for {play.granted.covers}"
    return f'<path d="{path}" fill="none" stroke="currentColor" stroke-width="2"/>' + _text(left, 28, words, size=12, anchor="start")


def _you(count: int) -> str:
    """The prediction, dashed, under as many tickets as were said to open."""
    y = _TOP + _HIGH + 8
    if count == 0:
        return _text(_X, y + 14, "you: 0", size=12, anchor="start")
    left, right = _span(0, count - 1)
    path = f"M {number(left)} {y} v 7 H {number(right)} v -7"
    dashed = f'<path d="{path}" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="4 3"/>'
    return dashed + _text((left + right) / 2, y + 20, f"you: {count}", size=12)


def _player(play: Play | None, y: float) -> str:
    """The player's bar: as much of the film as a viewer gets to see."""
    whole = (len(FILES) - 1) * SEGMENT_SECONDS
    left, wide = 44.0, 330.0
    seen = play.seconds if play else 0
    triangle = f'<path d="M 14 {number(y - 9)} L 30 {number(y)} L 14 {number(y + 9)} Z" fill="currentColor"/>'
    rail = f'<path d="M {left} {number(y)} h {wide}" stroke="currentColor" stroke-width="8" opacity="0.25"/>'
    done = f'<path d="M {left} {number(y)} h {number(wide * seen / whole)}" stroke="currentColor" stroke-width="8"/>' if seen else ""
    ticks = "".join(f"M {number(left + wide * each / whole)} {number(y - 8)} v 16 " for each in range(0, whole + 1, SEGMENT_SECONDS))
    lines = f'<path d="{ticks.strip()}" stroke="currentColor" fill="none" opacity="0.6"/>'
    if play is None:
        words = f"{whole} seconds of film"
    elif play.refused is None:
        words = f"plays to the end: {seen} s"
    else:
        words = f"stops at second {seen}, for want of {play.refused.name}" if seen else f"does not start: no {play.refused.name}"
    return triangle + rail + done + lines + _text(left + wide + 12, y + 4, words, size=12, anchor="start")


def _clock(start: float) -> str:
    return f"Login at second 0, good for {HOUR:,} s; the film starts at second {start:,.0f}. Stub: what the request showed."


def view(film: Film) -> str:
    """The comment, the seven tickets under what the policy covers, the player's bar; a refusal's steps to be opened."""
    last = film.shown
    parts = [_text(_X, 12, _clock(film.start), size=12, anchor="start")]
    parts.append(_covers(last) if last else _text(_X, 34, f"permission: {film.permission}", size=12, anchor="start"))
    doors: Sequence[Try | None] = last.tries if last else (None,) * len(FILES)
    parts += [_ticket(order, door) for order, door in enumerate(doors)]
    y = _TOP + _HIGH + 24.0
    guessed = film.you is not None and (film.permission, film.start, film.extra) == (CANNED_URL, 0, False)
    if guessed and film.you is not None:
        parts.append(_you(int(film.you)))
        y += 18
    parts.append(_player(last, y))
    size = f'viewBox="0 0 {WIDTH} {number(y + 20)}" width="{WIDTH * 6 // 5}" role="img" aria-label="{safe(say(film))}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">{"".join(parts)}</svg>'
    return f"<p><strong>{safe(comment(film))}</strong></p>{svg}"


def _inside(film: Film) -> str:
    last = film.shown
    if last is None:
        return "<p>Nothing has been played yet.</p>"
    door = last.refused or last.tries[-1]
    return f"<p>{safe(door.name)}, {'refused' if not door.opened else 'opened'}:</p>{html(door.journey)}"


def panel() -> Panel[Film]:
    """The experiment: predict, play with each permission, then let the player append a parameter."""
    return Panel(
        "Seven doors, one film",
        [
            Flag(
                "you",
                "Only the playlist's URL is signed. The player opens it. How many of the seven doors open?",
                0,
                len(FILES),
                you_outcome,
            ),
            Predict(
                "ignored",
                f"With the cookie all seven opened. Now something appends ?{EXTRA} to every address. How many open?",
                IGNORED,
                ignored_outcome,
                ignored_asked,
            ),
            Choice("permission", "What the login hands out", tuple(PERMISSIONS)),
            Slider(
                "start",
                "The film starts",
                values=STARTS,
                texts=("right after the login", *(f"{duration(each)} later" for each in STARTS[1:])),
            ),
            Toggle("extra", f"?{EXTRA} on every address"),
            Button("Play", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
        inside=_inside,
        caption=lambda film: f"{say(film)} Simulated with cdnlab.",
    )
