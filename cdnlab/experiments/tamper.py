"""Lesson 08: the tamper bench.

A signature is a wax seal over exact words. The words of a signed URL are not the URL, but a text made from it: scheme, host,
path, own query, and the second at which it ends. Whoever signs writes that text; the edge writes it again from the request that it
receives, and holds the seal against it. So every change of those words breaks the seal, and a change of anything else does not. All this
happens before the edge looks into its cache.

Each opening is a request in a fresh darkroom (`darkroom.py`). With a warm cache, somebody with the link as it was signed has been there
before, at the same edge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from cdnlab.controls import Button, Choice, Press, Slider, Ticks, Toggle
from cdnlab.experiments.darkroom import HOST, HOUR, Darkroom, code_of, world
from cdnlab.experiments.segments import STYLE as SEGMENTS
from cdnlab.experiments.segments import shown
from cdnlab.experiments.wax import way
from cdnlab.journey import Journey
from cdnlab.marks import glyph
from cdnlab.page import html
from cdnlab.panels import Panel
from cdnlab.sidebyside import difference, side_by_side_html
from cdnlab.signedpolicy import canned_text
from cdnlab.staircase import safe
from cdnlab.telling import overall, x_cache
from cdnlab.tokens import token_of
from cdnlab.verification import Opening, address_of, opening_of

__all__ = ["CHANGES", "SIX", "Bench", "Trial", "altered", "model", "opened", "panel", "say", "view"]


def _replaced(old: str, new: str) -> Callable[[str, Darkroom], str]:
    return lambda link, here: link.replace(old, new, 1)


def _reordered(link: str, here: Darkroom) -> str:
    """The signing parameters in another order, before the own one."""
    start, _, query = link.partition("?")
    own, *signing = query.split("&")
    return f"{start}?{'&'.join([*reversed(signing), own])}"


def _another_letter(link: str, here: Darkroom) -> str:
    start, name, signature = link.partition("&Signature=")
    return f"{start}{name}{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def _later(link: str, here: Darkroom) -> str:
    start, name, rest = link.partition("&Expires=")
    seconds, _, end = rest.partition("&")
    return f"{start}{name}{int(seconds) + 86400}&{end}"


NOTHING, OTHER_NAME, LARGE, DAY, MAIL, ORDER, BARE = (
    "nothing",
    "host: the distribution's own name",
    "own query: size=large",
    "Expires: a day later",
    "own query: &utm_source=mail added",
    "signing parameters in another order",
    "no signature at all",
)

CHANGES: MappingProxyType[str, Callable[[str, Darkroom], str]] = MappingProxyType(
    {
        NOTHING: lambda link, here: link,
        "scheme: http": _replaced("https://", "http://"),
        OTHER_NAME: lambda link, here: link.replace(HOST, here.distribution.domain_name, 1),
        "path: dog.jpg": _replaced("/cat.jpg", "/dog.jpg"),
        "path: %63at.jpg, the same file": _replaced("/cat.jpg", "/%63at.jpg"),
        LARGE: _replaced("size=small", "size=large"),
        MAIL: lambda link, here: f"{link}&utm_source=mail",
        DAY: _later,
        "Signature: one letter": _another_letter,
        "Key-Pair-Id: the key group's id": lambda link, here: link.replace(here.key, here.group),
        ORDER: _reordered,
        BARE: lambda link, here: here.photo,
    }
)
"""What can be done to a signed link, by name; each takes the link and the darkroom and returns another URL."""

SIX = MappingProxyType(
    {
        OTHER_NAME: (OTHER_NAME, False),
        LARGE: (LARGE, False),
        DAY: (DAY, False),
        MAIL: (MAIL, False),
        ORDER: (ORDER, False),
        f"{BARE}, but a copy in the cache": (BARE, True),
    }
)
"""The six changes of the prediction: which change, and whether a copy must lie at the edge."""


def altered(here: Darkroom, change: str) -> str:
    """The photo's link, good for an hour from now, after this change."""
    return CHANGES[change](here.link(), here)


@dataclass(frozen=True, slots=True)
class Trial:
    """One opening: the link as it was signed, the `url` that was opened, `late` seconds after signing, with a `warm` cache or not.

    `signed`: the text that was signed; `rebuilt`: the one that the edge made of the request, None if it did not come to that.
    """

    change: str
    late: float
    warm: bool
    link: str
    url: str
    journey: Journey
    signed: bytes
    rebuilt: bytes | None

    @property
    def status(self) -> int:
        """What the viewer reads."""
        return self.journey.response.status

    @property
    def code(self) -> str:
        """The code of a refusal, or AWS's word for what the edge had: Hit, Miss."""
        return code_of(self.journey) or self.journey.result

    @property
    def rule(self) -> str:
        """The rule that decided about the signature."""
        return next(step.rule for step in self.journey.steps if step.rule.startswith("SIGN"))

    @property
    def says(self) -> str:
        """What the edge says of the signature."""
        return next(step.says for step in self.journey.steps if step.rule.startswith("SIGN"))


@lru_cache(maxsize=512)
def opened(change: str, late: float = 0, warm: bool = False) -> Trial:
    """The link after this change, opened in a fresh darkroom `late` seconds after it was signed.

    >>> opened("own query: &utm_source=mail added").code, opened("nothing", late=3601).code, opened("nothing", warm=True).code
    ('AccessDenied', 'AccessDenied', 'Hit')
    """
    here = world()
    link, url = here.link(), altered(here, change)
    ends = int(here.cdn.clock.now()) + HOUR
    if warm:
        here.cdn.get(link)
    here.cdn.clock.advance(max(0.0, ends - HOUR + late - here.cdn.clock.now()))
    journey = here.cdn.get(url)
    token = token_of(journey.request.parts.query, ())
    known = token is not None and token.key_pair_id == here.key
    opening = opening_of(token, address_of(journey.request)) if token is not None and known else None
    rebuilt = opening.text if isinstance(opening, Opening) else None
    return Trial(change, late, warm, link, url, journey, canned_text(here.photo, ends).encode(), rebuilt)


class Bench(NamedTuple):
    """What is on show: the `change`, the clock and the cache as they are set, what came of opening (None if that was not done yet).

    `six`: what came of the six changes of the prediction, None for one that was not tried; `ticked`: those that were predicted to break it.
    `all_six`: the latest press tried all of them.
    """

    change: str
    late: float
    warm: bool
    link: str
    url: str
    trial: Trial | None
    six: tuple[Trial | None, ...]
    ticked: tuple[str, ...] | None
    all_six: bool


_ALL = "Try all six"


def model(presses: Sequence[Press], *, change: str, late: float, warm: bool, ticked: tuple[str, ...] | None = None) -> Bench:
    """All openings so far, and what they say about the link as it is now altered.

    >>> bench = model([Press("Open it", {"change": MAIL, "late": 0, "warm": False})], change=MAIL, late=0, warm=False)
    >>> bench.trial.status, bench.trial.code
    (403, 'AccessDenied')
    """
    tried: dict[str, Trial] = {}
    for press in presses:
        for name, (which, needs_copy) in SIX.items():
            if press.button == _ALL or (press.change == which and (press.warm or not needs_copy)):
                tried[name] = opened(which, press.late, press.warm or needs_copy)
    now = (change, late, warm)
    done = any((press.change, press.late, press.warm) == now for press in presses)
    here = world()
    latest = presses[-1] if presses else None
    all_six = latest is not None and latest.button == _ALL and (latest.change, latest.late, latest.warm) == now
    return Bench(
        change,
        late,
        warm,
        here.link(),
        altered(here, change),
        opened(*now) if done else None,
        tuple(tried.get(name) for name in SIX),
        ticked,
        all_six,
    )


# ---- the words


def parting(trial: Trial) -> str:
    """Where the two texts part, in words."""
    if trial.rebuilt is None:
        return "no text rebuilt"
    at = difference(trial.signed, trial.rebuilt)
    if at is None:
        return "no byte of the text differs"
    return f"first difference at byte {at}: signed `{_from(trial.signed, at)}`, rebuilt `{_from(trial.rebuilt, at)}`"


def _from(text: bytes, at: int) -> str:
    """A few characters, from the one that differs on."""
    part = text[at : at + 12].decode("utf-8", "replace")
    return part if len(text) <= at + 12 else f"{part}…"


def say(bench: Bench) -> str:
    """The text twin."""
    if bench.all_six:
        lines = [(name, trial) for name, trial in zip(SIX, bench.six, strict=True) if trial is not None]
        broken = ", ".join(name for name, trial in lines if trial.status != 200)
        return f"Of six changes {_count(bench)} break the link: {broken}. Harmless: {_harmless(bench)}."
    when = f", {_WHEN[bench.late]} after signing" if bench.late else ""
    what = f"{bench.change}{', warm cache' if bench.warm else ''}{when}"
    if bench.trial is None:
        return f"A link to one photo, signed, good for one hour. Changed: {what}. Not opened yet."
    trial = bench.trial
    return f"{what}: {trial.status} {trial.code}; {parting(trial)}{_too_late(trial)}."


def _too_late(trial: Trial) -> str:
    return f"; {trial.says.rpartition(', ')[2]}" if trial.rule == "SIGN-14" else ""


def _count(bench: Bench) -> int:
    return sum(trial is not None and trial.status != 200 for trial in bench.six)


def _harmless(bench: Bench) -> str:
    return ", ".join(name for name, trial in zip(SIX, bench.six, strict=True) if trial is not None and trial.status == 200) or "none"


def outcome(bench: Bench) -> str:
    """What became of the six, once all were tried."""
    if any(trial is None for trial in bench.six):
        return ""
    return f"{_count(bench)} of the six break it. Harmless: {_harmless(bench)}."


def comment(bench: Bench) -> str:
    """One line on what is worth noticing, reckoned from the opening."""
    trial = bench.trial
    if trial is None:
        return "Alter the link, then press “Open it”."
    if trial.change == NOTHING and trial.status == 200:
        return "The edge writes the same text, and the seal fits it. The photo is sent."
    if trial.status == 200:
        return "Nothing of the text has changed, so the seal fits. The photo is sent."
    if trial.rule == "SIGN-04":
        copy = "A copy lies within reach, and it helps nobody" if trial.warm else "Nothing to check"
        return f"{copy}: the edge asks for a signature before it looks into its cache."
    if trial.rule == "SIGN-05":
        return "The edge trusts public keys by their ids, and this is none of them. It does not come to the text."
    if trial.rule == "SIGN-14":
        return "Every byte is as it was signed. But the text itself says until when, and the edge has a clock."
    if trial.signed == trial.rebuilt:
        return "The text is the same; the seal is not the one that was made for it."
    return "The edge writes another text than the one that was signed. The seal does not fit it."


# ---- the picture

_STYLE = """
.cdnlab .cdnlab-picture .cdnlab-bytes{overflow-x:auto;white-space:pre;margin:4px 0;padding:6px 10px;border:0;
border-left:2px solid;color:inherit;background:none;font:12.5px/1.5 ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace}
.cdnlab .cdnlab-picture .cdnlab-bytes .cdnlab-first{border:2px solid;border-radius:2px;font-weight:700}
.cdnlab .cdnlab-picture .cdnlab-six{border-collapse:collapse;width:100%;margin:8px 0;font-size:13px;border:0;
table-layout:fixed;color:inherit}
.cdnlab .cdnlab-picture table.cdnlab-six tbody tr{background:none}
.cdnlab .cdnlab-picture .cdnlab-six th,.cdnlab .cdnlab-picture .cdnlab-six td{text-align:left;vertical-align:top;padding:4px 8px 4px 4px;
border:0;color:inherit;font-weight:400;white-space:normal;max-width:none;background:none;
border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent)}
.cdnlab .cdnlab-picture .cdnlab-six thead th{font-weight:600}
.cdnlab .cdnlab-picture .cdnlab-six th:first-child{width:52%}.cdnlab .cdnlab-picture .cdnlab-six th:nth-child(2){width:17%}
.cdnlab .cdnlab-picture .cdnlab-six svg{vertical-align:-3px;margin-right:6px}
"""


def _table(bench: Bench) -> str:
    """The six changes: what was predicted, what came of them."""
    rows = []
    for name, trial in zip(SIX, bench.six, strict=True):
        said = "" if bench.ticked is None else "breaks" if name in bench.ticked else "holds"
        if said and trial is not None:
            said += " ✓" if (name in (bench.ticked or ())) == (trial.status != 200) else " ✗"
        came = "not tried yet" if trial is None else f"{_mark(trial)}{trial.status} {trial.code}"
        rows.append(f'<tr><th scope="row">{safe(name)}</th><td>{said}</td><td>{came}</td></tr>')
    head = "".join(f'<th scope="col">{each}</th>' for each in ("change", "you said", "what came of it"))
    return f'<table class="cdnlab-six"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _mark(trial: Trial) -> str:
    return f'<svg width="18" height="16" viewBox="0 0 18 16" aria-hidden="true">{glyph(overall(trial.journey), 9, 8, 5)}</svg>'


def _reads(trial: Trial) -> str:
    """The two lines that are kept apart: what the viewer reads, and what happened."""
    body = f", <code>&lt;Code&gt;{safe(code_of(trial.journey))}</code>" if code_of(trial.journey) else ""
    read = f"{trial.status}, <code>X-Cache: {safe(x_cache(trial.journey))}</code>{body}"
    return f"<p><strong>The viewer reads</strong> {read}<br><strong>What happened</strong> {safe(trial.says)} [{trial.rule}]</p>"


def view(bench: Bench) -> str:
    """The link in its segments, the way it went, the two texts, the six changes."""
    trial = bench.trial
    parts = [f"<style>{SEGMENTS}{_STYLE}</style><p><strong>{safe(comment(bench))}</strong></p>", shown(bench.url, bench.link)]
    parts.append('<p class="cdnlab-note">Underlined: what the signed text is made of. Framed: altered.</p>')
    parts.append(way(trial.journey if trial else None, warm=bench.warm, sealed="Signature=" in bench.url, says=say(bench)))
    if trial is not None:
        parts.append(_texts(trial) + _reads(trial))
    return "".join([*parts, _table(bench)])


def _texts(trial: Trial) -> str:
    """What was signed, what the edge rebuilt."""
    if trial.rebuilt is None:
        return "<p>The edge rebuilt no text: it did not come to that.</p>"
    return f'<div class="cdnlab-texts">{side_by_side_html(trial.signed, trial.rebuilt, ("signed", "rebuilt"), 64)}</div>'


_WHEN: dict[float, str] = {0: "at once", 1800: "30 min", 3599: "59 min 59 s", 3601: "1 h 1 s", 86400: "1 day"}


def panel() -> Panel[Bench]:
    """The experiment: predict, alter, open."""
    return Panel(
        "Tamper bench",
        [
            Ticks("ticked", "The link opens one photo, for one hour. Which of these six changes break it? Tick them.", tuple(SIX), outcome),
            Choice("change", "Alter", tuple(CHANGES)),
            Slider("late", "Opened after", values=tuple(_WHEN), texts=tuple(_WHEN.values())),
            Toggle("warm", "Warm cache: somebody with the good link was here"),
            Button("Open it", primary=True),
            Button(_ALL),
        ],
        model=model,
        view=view,
        twin=say,
        inside=lambda bench: html(bench.trial.journey) if bench.trial else "<p>Nothing was opened yet.</p>",
        moment=lambda bench: f"{bench.change}, {_WHEN[bench.late]}",
        caption=lambda bench: f"{say(bench)} Simulated with cdnlab.",
    )
