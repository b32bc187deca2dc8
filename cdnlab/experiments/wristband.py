"""Lesson 09, for those who go further: where does a browser show a cookie?

A login at www.example.com answers with a Set-Cookie. Later a page plays a film from some address. Whether the browser keeps the
cookie, and whether it shows it there, is asked question by question (`cookies.py`); so is what a player's script on another
origin needs besides. When the cookie does not get there, the smallest change of the Set-Cookie that would bring it there is looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cdnlab.controls import Button, Predict, Press, Text
from cdnlab.cookies import Check, judge, keep, mended, refused
from cdnlab.experiments.cinema import LOGIN
from cdnlab.marks import glyph, number
from cdnlab.panels import Panel
from cdnlab.sites import origin_of, same_site, site_of
from cdnlab.staircase import FONT, safe

__all__ = ["FILM", "LINES", "PAGE", "Errand", "model", "panel", "run", "say", "view"]

PAGE = "https://www.example.com/watch"
FILM = "https://media.example.com/film/seg0.ts"
LINES = (
    "CloudFront-Policy=eyJ...; Path=/; Secure",
    "CloudFront-Policy=eyJ...; Path=/; Domain=example.com; Secure; HttpOnly",
    "CloudFront-Policy=eyJ...; Path=/; Domain=cloudfront.net; Secure; HttpOnly",
    "CloudFront-Policy=eyJ...; Path=/account; Domain=example.com; Secure; HttpOnly",
    "CloudFront-Policy=eyJ...; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=None",
)
FILMS = (
    FILM,
    "https://www.example.com/film/seg0.ts",
    "https://d111111abcdef8.cloudfront.net/film/seg0.ts",
    "http://media.example.com/film/seg0.ts",
)
PAGES = (PAGE, "https://example.com/watch", "https://partner.example.net/watch", "https://media.example.com/watch")

QUESTIONS = {
    "form": "Is it a cookie?",
    "host": "Is it for this host?",
    "path": "... and for this path?",
    "secure": "Secure: is it HTTPS?",
    "prefix": "Does it keep what its name promises?",
    "time": "Is it still good?",
    "site": "May this site ask?",
    "cors": "May the player's script read the answer?",
}


@dataclass(frozen=True, slots=True)
class Errand:
    """One cookie's way: the Set-Cookie `line`, the `film`'s address, the `page` that plays it; the checks at keeping and at sending.

    `instead`: the smallest change of the line that would do, None if there is none; `asked`: whether somebody has asked yet.
    """

    line: str
    film: str
    page: str
    kept: tuple[Check, ...]
    sent: tuple[Check, ...]
    instead: str | None
    asked: bool = False

    @property
    def wrong(self) -> Check | None:
        """The first check that is not ok."""
        return refused((*self.kept, *self.sent))


def run(line: str, film: str, page: str, *, asked: bool = True) -> Errand:
    """What becomes of a cookie that the login at www.example.com sets. Raises InputError for what is no address of a page.

    >>> run(LINES[0], FILM, PAGE).wrong.says
    'it has no Domain, so it is for www.example.com alone, not for media.example.com'
    """
    kept = keep(line, LOGIN)
    sent = judge(kept.cookie, film, page=page) if kept.cookie is not None else ()
    fine = refused((*kept.checks, *sent)) is None
    return Errand(line, film, page, kept.checks, sent, line if fine else mended(line, LOGIN, film, page=page), asked)


def model(presses: Sequence[Press], *, line: str = LINES[0], film: str = FILM, page: str = PAGE, guess: str | None = None) -> Errand:
    """The cookie's way under these settings, once it has been asked for."""
    asked = bool(presses) and (presses[-1].line, presses[-1].film, presses[-1].page) == (line, film, page)
    return run(line, film, page, asked=asked)


def say(errand: Errand) -> str:
    """The text twin: is the cookie sent, why not, what would help."""
    if not errand.asked:
        return f"{LOGIN} sets {errand.line.partition('=')[0]}; {errand.page} plays {errand.film}. Not asked yet."
    wrong = errand.wrong
    if wrong is None:
        return f"The browser shows the cookie to {errand.film}.{_script(errand)}"
    step = "thrown away" if wrong in errand.kept else "not shown"
    return f"The cookie is {step}: {wrong.says}. {_instead(errand)}"


def _instead(errand: Errand) -> str:
    if errand.instead is not None:
        return f"This would do: {errand.instead}"
    if site_of(errand.film) == site_of(LOGIN):
        return "No attribute helps; serve the film over HTTPS."
    return f"No attribute helps: nobody sets cookies for another site. Give the distribution an alias under {site_of(LOGIN)}."


def _script(errand: Errand) -> str:
    """What a script needs besides, on another origin."""
    if origin_of(errand.page) == origin_of(errand.film):
        return ""
    return (
        f" A player's script on {origin_of(errand.page)} must ask with credentials, and the answer must say "
        f"Access-Control-Allow-Origin: {origin_of(errand.page)} (not *) and Access-Control-Allow-Credentials: true."
    )


def outcome(errand: Errand) -> str:
    """Whether the first cookie got to the first film, once that was asked."""
    if not errand.asked or (errand.line, errand.film, errand.page) != (LINES[0], FILM, PAGE):
        return ""
    return f"{'No' if errand.wrong else 'Yes'}: {errand.wrong.says if errand.wrong else 'every question has a yes'}."


_STYLE = """
.cdnlab .cdnlab-errand{border-collapse:collapse;width:100%;margin:6px 0;font-size:13px;border:0;color:inherit}
.cdnlab .cdnlab-errand tr{background:none}
.cdnlab .cdnlab-errand th,.cdnlab .cdnlab-errand td{text-align:left;vertical-align:top;padding:4px 8px 4px 4px;border:0;color:inherit;
font-weight:400;border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent);white-space:normal;max-width:none}
.cdnlab .cdnlab-errand thead th{font-weight:600}
.cdnlab .cdnlab-errand :is(th,td:nth-child(3),td:nth-child(5)){white-space:nowrap}
.cdnlab .cdnlab-errand .cdnlab-no>*{font-weight:600}
.cdnlab .cdnlab-errand svg{vertical-align:-3px;margin-right:5px}
"""


def _row(when: str, check: Check) -> str:
    sign = f'<svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">{glyph("hit" if check.ok else "blocked", 9, 9, 6)}</svg>'
    mark = "" if check.ok else ' class="cdnlab-no"'
    return (
        f'<tr{mark}><th scope="row">{safe(when)}</th><td>{safe(QUESTIONS[check.name])}</td><td>{sign}{"yes" if check.ok else "no"}</td>'
        f"<td>{safe(check.says)}</td><td>{check.rule}</td></tr>"
    )


def _text(x: float, y: float, words: str, *, size: float = 11.5, anchor: str = "middle", extra: str = "") -> str:
    where = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}" text-anchor="{anchor}"'
    return f'<text class="cdnlab-halo" {where} fill="currentColor"{extra}>{safe(words)}</text>'


def _way(errand: Errand) -> str:
    """The cookie's way in a picture: from the login to the browser, from the browser to the film; barred where it ends."""
    ended = 0 if not errand.asked else 1 if refused(errand.kept) else 2 if errand.wrong else 3
    parts = []
    for order, (head, note) in enumerate(
        ((LOGIN, "login"), (origin_of(errand.page), "the player's page"), (origin_of(errand.film), "film"))
    ):
        x = 4 + order * 206
        name = head.partition("://")[2].partition("/")[0]
        parts.append(f'<rect x="{x}" y="14" width="180" height="44" rx="6" fill="none" stroke="currentColor" stroke-width="1.5"/>')
        parts.append(
            _text(x + 90, 33, name, size=12 if len(name) < 26 else 10, extra=' font-weight="600"') + _text(x + 90, 49, note, size=11)
        )
    for order, word in ((1, "Set-Cookie"), (2, "Cookie")):
        x = 185 + (order - 1) * 206
        if ended >= order:
            good = ended > order
            tip = f"M {x} 36 h {22 if good else 8}" + (" m -6 -5 l 6 5 l -6 5" if good else "")
            parts.append(
                f'<path d="{tip}" fill="none" stroke="currentColor" stroke-width="2"/>' + ("" if good else glyph("blocked", x + 15, 36, 7))
            )
            told = word if good else "thrown away" if order == 1 else "not shown"
            parts.append(_text(x + 12, 76, told, size=11))
    size = f'viewBox="0 0 600 84" width="720" role="img" data-save="" aria-label="{safe(say(errand))}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">{"".join(parts)}</svg>'


def view(errand: Errand) -> str:
    """The way of the cookie; then each question with its answer, and what would help."""
    line = f"<p><code>Set-Cookie: {safe(errand.line)}</code><br><code>GET {safe(errand.film)}</code></p>"
    if not errand.asked:
        return f"{_way(errand)}{line}<p>Is the cookie in that request?</p>"
    rows = [_row("kept?", check) for check in errand.kept] + [_row("shown?", check) for check in errand.sent]
    head = "".join(f'<th scope="col">{each}</th>' for each in ("", "the browser asks", "", "because", "rule"))
    table = f'<table class="cdnlab-errand"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    if errand.wrong:
        told = f"<strong>{safe(_instead(errand))}</strong>"
    else:
        others = "" if same_site(errand.page, errand.film) else " Some browsers block the cookies of other sites whatever the headers say."
        told = safe(f"The cookie is shown.{_script(errand)}{others}")
    return f"<style>{_STYLE}</style>{_way(errand)}{line}{table}<p>{told}</p>"


def panel() -> Panel[Errand]:
    """The panel: a Set-Cookie, a film's address, a player's page; is the cookie shown?"""
    return Panel(
        "Would the browser show this cookie?",
        [
            Predict(
                "guess",
                "www.example.com sets this cookie, and a page there plays a film from media.example.com. Is the cookie shown there?",
                ("yes", "no"),
                outcome,
            ),
            Text("line", "Set-Cookie", LINES[0], LINES, accept=lambda line: keep(line, LOGIN)),
            Text("film", "The film's address", FILM, FILMS, accept=origin_of),
            Text("page", "The player's page", PAGE, PAGES, accept=origin_of),
            Button("Ask for the film", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
    )
