"""Lesson 11: the deploy time machine.

Build 2 of a site goes out at minute 10. Which page do 100 people see, minute by minute: the new one, the old one, or one whose
parts do not fit together? New keys are cut while people still carry the old ones. Knobs: what is uploaded first, how parts
are named, and when `/*` is invalidated. All numbers are those of `releases.run`: journeys through CloudFront, and a model of browsers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

from cdnlab.controls import Button, Choice, Flag, Predict, Press, Slider
from cdnlab.experiments.releases import (
    CITIES,
    DEPLOY,
    FOREVER,
    MINUTES,
    NEWCOMERS,
    QUARTER,
    REGULARS,
    SAME,
    UPLOAD,
    VERSIONED,
    Deployed,
    Minute,
    Release,
    run,
)
from cdnlab.marks import glyph, hatch, number
from cdnlab.panels import Panel
from cdnlab.staircase import FONT, safe

__all__ = ["Shown", "model", "panel", "say", "view"]

NEVER = 0
NAMES = {"same names": (SAME, False), "versioned names": (VERSIONED, False), "versioned names, old ones deleted": (VERSIONED, True)}
ORDERS = {"assets first": ("assets", "page"), "page first": ("page", "assets")}
AT = (NEVER, 11, 14, 16, 18, 20, 25, 30)
MARKS = {"new": "hit", "old": "stale", "missing": "error", "mixed": "error"}
WORDS = {"new": "new page", "old": "old page", "missing": "broken page"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What is on show: what comes of the knobs as they stand, the deployment that the flag was about, and the two predictions."""

    now: Deployed
    guessed: Deployed | None
    gone: float | None = None
    broken: str | None = None

    @property
    def lit(self) -> bool:
        """Has build 2 been deployed?"""
        return self.guessed is not None

    @property
    def minutes(self) -> tuple[Minute, ...]:
        """The minutes that may be seen."""
        return self.now.minutes if self.lit else self.now.minutes[:DEPLOY]

    @property
    def close(self) -> Minute:
        """The minute whose 100 people are drawn one by one: the one after the invalidation, or two after the upload."""
        at = (self.now.release.invalidate_at or DEPLOY + UPLOAD + 1) + 1
        return self.minutes[min(at, len(self.minutes) - 1)]


def _deployed(order: str, names: str, invalidate: float, header: str) -> Deployed:
    kept, deleted = NAMES[names]
    assets = header if kept == SAME else FOREVER
    return run(Release(kept, ORDERS[order], deleted, header, assets, int(invalidate) if invalidate else None))


def model(
    presses: Sequence[Press],
    *,
    order: str,
    names: str,
    invalidate: float,
    header: str = QUARTER,
    gone: float | None = None,
    broken: str | None = None,
) -> Shown:
    """What comes of the knobs as they stand; every press of "Deploy build 2" is the same deployment, seen again.

    >>> knobs = {"order": "assets first", "names": "versioned names", "invalidate": 16}
    >>> shown = model([Press("Deploy build 2", knobs)], **knobs)
    >>> shown.now.last_old_first, shown.now.last_old
    (15, 26)
    """
    first = _deployed(presses[0].order, presses[0].names, presses[0].invalidate, header) if presses else None
    return Shown(_deployed(order, names, invalidate, header), first, gone, broken)


# ---- the words


def _how(release: Release) -> str:
    names = next(words for words, pair in NAMES.items() if pair == (release.names, release.delete_old))
    at = release.invalidate_at
    ends = f"{' '.join(release.paths)} invalidated at minute {at}" if at else "nothing invalidated"
    return f"{names}, {release.order[0]} first, page says {release.page_header}, {ends}"


def say(shown: Shown) -> str:
    """The text twin: every tenth minute, the end of the old page, and how many visits were broken."""
    told = [minute.told for minute in shown.minutes[DEPLOY::10]] if shown.lit else [shown.minutes[-1].told]
    how = _how(shown.now.release)
    if shown.lit:
        told.append(f"last old page in minute {shown.now.last_old}, {shown.now.broken()} broken visits in all")
    return f"{how[0].upper()}{how[1:]}:\n" + ";\n".join(told) + "."


def comment(shown: Shown) -> str:
    """What is worth noticing, reckoned from the minutes; never canned."""
    now = shown.now
    if not shown.lit:
        return "Everybody sees build 1. Place your flag, then press “Deploy build 2”."
    parts = []
    if missing := now.broken("missing"):
        parts.append(f"{missing} visits broke: the page named a part that was not there.")
    if mixed := now.broken("mixed"):
        parts.append(f"{mixed} visits broke: page and parts came from different builds.")
    at, page_at = now.release.invalidate_at, now.release.page_at
    if at is not None and at < DEPLOY + UPLOAD:
        parts.append(f"The invalidation came during the upload, so caches filled again with what the bucket held at minute {at}.")
    parts.append(
        f"The last whole old page was seen in minute {now.last_old}, {now.last_old - page_at} minutes after the new page's upload."
    )
    if at is not None and at >= page_at and now.last_old > now.last_old_first:
        parts.append(f"On first visits it was gone from minute {now.last_old_first + 1} on; after that only browsers held it.")
    return " ".join(parts)


def gone_outcome(shown: Shown) -> str:
    """When the last old page was seen, under the knobs for which the flag was placed."""
    met = shown.guessed
    if met is None:
        return ""
    at = met.release.invalidate_at
    if at is None:
        why = "Nothing was invalidated: the copies at the edges and in the browsers had to expire."
    elif met.last_old >= at and met.last_old_first < at:
        why = f"The caches of CloudFront were empty at minute {at}, and no newcomer saw it after that. Browsers kept their own copies."
    elif met.last_old_first >= at:
        why = f"At minute {at} the new page was not in the bucket yet, so the caches fetched the old one again."
    else:
        why = f"All copies had expired by themselves before minute {at}."
    return f"The last old page was seen in minute {met.last_old}. {why}"


BROKEN = ("nobody: build 2 does not ask for them", "people who still have the old page", "people who have the new page")


def broken_asked(shown: Shown) -> bool:
    """Is it time to ask about deletion?"""
    return shown.lit and shown.now.release.names == VERSIONED


def broken_outcome(shown: Shown) -> str:
    """What deleting did, once it is chosen."""
    release, missing = shown.now.release, shown.now.broken("missing")
    if not shown.lit or not release.delete_old or release.order[0] == "page":
        return ""
    if not missing:
        return "Nobody so far: the edges still hold copies of the deleted parts. Now invalidate /* as well."
    return f"{missing} visits broke: the browser still had the old page, and that names parts which are in no cache and no bucket any more."


# ---- the picture

_LEFT, _COLUMN, _TALL = 70, 16, 1.7  # pixels: where minute 0 begins, a minute's width, a person's height
_TOP = 62


def _words(x: float, y: float, text: str, size: float = 12, anchor: str = "start", extra: str = "") -> str:
    where = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}" text-anchor="{anchor}"'
    return f'<text class="cdnlab-halo" {where} fill="currentColor"{extra}>{safe(text)}</text>'


def _stripe(state: str, x: float, y: float, wide: float, high: float) -> str:
    """People who saw the same: solid for the new page, hatched for the old one, crossed for a broken one."""
    solid = {"new": 1.0, "old": 0.22, "missing": 0.12}[state]
    where = f'x="{number(x)}" y="{number(y)}" width="{number(wide)}" height="{number(high)}"'
    parts = [f'<rect {where} fill="currentColor" fill-opacity="{solid}" shape-rendering="crispEdges"/>']
    if state != "new":
        lines = hatch(x, y, wide, high, 5 if state == "old" else 4)
        parts.append(f'<path d="{lines}" fill="none" stroke="currentColor" stroke-width="{1 if state == "old" else 1.2}"/>')
    if state == "missing":
        inner = f'width="{number(max(0.4, wide - 1.6))}" height="{number(max(0.4, high - 1.6))}"'
        frame = 'fill="none" stroke="currentColor" stroke-width="1.6"'
        parts.append(f'<rect x="{number(x + 0.8)}" y="{number(y + 0.8)}" {inner} {frame}/>')
    return f'<g class="cdnlab-{MARKS[state]}">{"".join(parts)}</g>'


def _band(minutes: Sequence[Minute], which: str, top: float) -> str:
    """One column a minute: new below, old on it, broken on top; neighbours alike are drawn as one."""
    people = len(getattr(minutes[0], which))
    runs: list[tuple[str, int, float, float, int]] = []  # state, first minute, top, height, minutes
    for minute in minutes:
        seen = getattr(minute, which)
        floor = top + people * _TALL
        for state, alike in (("new", ("new",)), ("old", ("old",)), ("missing", ("missing", "mixed"))):
            high = sum(each in alike for each in seen) * _TALL
            if not high:
                continue
            floor -= high
            last = next((k for k, r in enumerate(runs) if (r[0], r[2], r[3]) == (state, floor, high) and r[1] + r[4] == minute.at), None)
            if last is None:
                runs.append((state, minute.at, floor, high, 1))
            else:
                runs[last] = (*runs[last][:4], runs[last][4] + 1)
    return "".join(_stripe(state, _LEFT + at * _COLUMN, y, wide * _COLUMN, high) for state, at, y, high, wide in runs)


def _events(shown: Shown, bottom: float) -> str:
    release = shown.now.release
    marks = [(release.page_at, "new page uploaded"), (release.assets_at, "new parts uploaded")]
    if release.delete_old:
        marks = [(at, words + ", old parts deleted" if at == DEPLOY + UPLOAD else words) for at, words in marks]
    if release.invalidate_at is not None:
        marks.append((release.invalidate_at, f"{' '.join(release.paths)} invalidated"))
    parts = []
    for row, (at, words) in enumerate(sorted(marks)):
        x, y = _LEFT + at * _COLUMN, 14 + 16 * row
        parts.append(f'<path d="M {x} {y - 8} V {number(bottom)}" stroke="currentColor" stroke-width="1.4"/>')
        parts.append(_words(x + 5, y, f"minute {at}: {words}", 12))
    return "".join(parts)


def _people(minute: Minute, y: float) -> str:
    """100 people, one glyph each, city by city."""
    parts = [_words(0, y, f"Minute {minute.at}, one sign a person:", 12.5, extra=' font-weight="600"')]
    for which, each, top in (("first", NEWCOMERS, y + 40.0), ("back", REGULARS, y + 60)):
        seen = getattr(minute, which)
        parts.append(_words(0, top + 4, "first visit" if which == "first" else "came back", 12))
        for city, name in enumerate(CITIES):
            left = _LEFT + 6 + city * 129
            if which == "first":
                parts.append(_words(left - 5, y + 21, name, 12))
            parts += [glyph(MARKS[state], left + one * 10, top, 3.6) for one, state in enumerate(seen[city * each : (city + 1) * each])]
    return "".join(parts)


def _legend(y: float) -> str:
    parts, x = [], float(_LEFT)
    for state, words in WORDS.items():
        parts.append(_stripe(state, x, y - 10, 22, 12) + f"{glyph(MARKS[state], x + 34, y - 4, 4.2)}" + _words(x + 44, y, words))
        x += 150
    return "".join(parts)


def picture(shown: Shown) -> str:
    """The bands of both groups, minute by minute, what was done when, and the 100 people of one minute."""
    first = _TOP + 20
    back = first + NEWCOMERS * len(CITIES) * _TALL + 22
    bottom = back + REGULARS * len(CITIES) * _TALL
    right = _LEFT + MINUTES * _COLUMN
    x: float
    parts = [_band(shown.minutes, "first", first), _band(shown.minutes, "back", back)]
    for top, end in ((first, back - 22), (back, bottom)):
        parts.append(f'<path d="M {_LEFT} {number(top)} V {number(end)} H {right}" fill="none" stroke="currentColor"/>')
    if not shown.lit:
        parts.append(_words((_LEFT + DEPLOY * _COLUMN + right) / 2, back + 30, "?", 40, "middle"))
    for minute in range(0, MINUTES + 1, 5):
        x = _LEFT + minute * _COLUMN
        parts.append(f'<path d="M {x} {number(bottom)} v 5" stroke="currentColor"/>' + _words(x, bottom + 18, str(minute), 11.5, "middle"))
    parts.append(_words(0, bottom + 18, "minute", 12))
    if shown.lit:
        parts.append(_events(shown, bottom))
    if shown.gone is not None:
        x = _LEFT + shown.gone * _COLUMN
        parts.append(f'<path d="M {number(x)} 52 V {number(bottom)}" stroke="currentColor" stroke-width="1.6" stroke-dasharray="5 4"/>')
        parts.append(_words(x + 5, 61, f"you: minute {number(shown.gone)}", 12, extra=' font-weight="600"'))
    parts.append(_words(_LEFT + 2, first - 5, f"{NEWCOMERS * len(CITIES)} on their first visit, each minute", 12))
    parts.append(_words(_LEFT + 2, back - 5, f"{REGULARS * len(CITIES)} who came back; their browsers remember", 12))
    parts += [_legend(bottom + 40), _people(shown.close, bottom + 66)]
    size = f'viewBox="0 0 720 {number(bottom + 136)}" width="720" style="max-width:100%;height:auto"'
    said = safe(f"{say(shown)} {comment(shown)}")
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{said}" font-family="{FONT}">{"".join(parts)}</svg>'


def view(shown: Shown) -> str:
    """A comment and the picture."""
    return f"<p><strong>{escape(comment(shown))}</strong></p>{picture(shown)}"


def inside(shown: Shown) -> str:
    """Every minute in a line."""
    return f"<ol>{''.join(f'<li>{escape(minute.told)}</li>' for minute in shown.minutes)}</ol>"


def panel(header: str = QUARTER) -> Panel[Shown]:
    """The experiment: predict, deploy, turn the knobs. `header`: Cache-Control of the page (and of parts that keep their names)."""
    question = "Build 2 goes out at minute 10, and /* is invalidated at minute 16. In which minute is the last old page seen?"
    deletion = "Now choose names whose old ones are deleted. Who will see a broken page?"
    return Panel(
        "The deploy time machine",
        [
            Flag("gone", question, DEPLOY, MINUTES - 1, gone_outcome),
            Predict("broken", deletion, BROKEN, broken_outcome, broken_asked),
            Choice("names", "Parts of the page", tuple(NAMES), "versioned names"),
            Choice("order", "Uploaded first", tuple(ORDERS)),
            Slider(
                "invalidate",
                "Invalidate /*",
                value=16,
                values=AT,
                texts=tuple("never" if at == NEVER else f"at minute {at}" for at in AT),
            ),
            Button("Deploy build 2", primary=True),
        ],
        model=partial(model, header=header),
        view=view,
        twin=say,
        inside=inside,
        moment=lambda shown: _how(shown.now.release),
        caption=lambda shown: f"{say(shown)} Simulated with cdnlab; the browsers are a model.",
    )
