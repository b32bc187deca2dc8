"""Lesson 03: the burning fuse.

The edge's copy wears a fuse as long as the origin's header and the cache policy make it. The clock burns it down; when it is
out, the copy stays, but the next reader makes the edge ask the origin whether it has changed. Turn a knob, and the same
readers come again at the same times.

The picture has three parts: the timeline of these readers; the rail, on which Min, Default and Max stand beside what
the origin asked for; and the table in which the governing row is lit. The table is the cache's own (`freshness.TTL_TABLE`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from cdnlab.controls import Button, Choice, Flag, Predict, Press, Rail, Slider
from cdnlab.experiments.desk import HEADERS, Run, run
from cdnlab.freshness import TTL_TABLE, TTLs
from cdnlab.marks import PLACES
from cdnlab.page import html
from cdnlab.panels import Panel
from cdnlab.staircase import FONT
from cdnlab.telling import name, overall
from cdnlab.timeline import Lane, Tick, Wire, lasting, timeline

__all__ = ["STOPS", "Desk", "model", "panel", "say", "table", "view"]

STOPS = (0, 1, 5, 10, 30, 60, 300, 600, 3_600, 86_400, 31_536_000)
"""Where a handle of the rail may stand, in seconds."""
WAITS = (1, 10, 30, 60, 600, 3_600, 86_400)


@dataclass(frozen=True, slots=True)
class Desk:
    """What is on show: the `run` under the knobs as they stand, what was predicted, and the run that this was about.

    `flag`: the second at which, somebody said, the origin would hear from us again; `guessed`: the run under the knobs as they stood at
    the first press, None before it; `kept`: the prediction about no-store.
    """

    run: Run
    guessed: Run | None
    flag: float | None = None
    kept: str | None = None

    @property
    def lit(self) -> bool:
        """May the answers be shown? Not before the first press."""
        return self.guessed is not None


def model(
    presses: Sequence[Press],
    *,
    header: str,
    ttls: Sequence[float],
    wait: float = 10,
    flag: float | None = None,
    kept: str | None = None,
) -> Desk:
    """All readers so far, under the knobs as they stand now: turn a knob, and the same readers come again.

    >>> knobs = {"header": "no-store", "ttls": (60, 60, 60), "wait": 60}
    >>> desk = model([Press("Wait, then ask", knobs)], **knobs)
    >>> desk.run.life.says, desk.run.journeys[-1].origin_statuses
    ('no-store, but MinTTL is above 0: fresh for 60 s', (304,))
    """
    waits = tuple(float(press.wait) for press in presses)
    first = run(presses[0].header, tuple(presses[0].ttls), waits) if presses else None
    return Desk(run(header, tuple(ttls), waits), first, flag, kept)


# ---- the words


def policy_text(ttls: TTLs) -> str:
    """The three numbers."""
    return f"Min {lasting(ttls.min)}, Default {lasting(ttls.default)}, Max {lasting(ttls.max)}"


def said_by(run: Run) -> str:
    """The origin's header as a quotation, or that there is none."""
    return f"says {run.header}" if run.header != "nothing about time" else "says nothing about time"


def say(desk: Desk) -> str:
    """The text twin: what both say, what follows for CloudFront and for browsers, and the latest reader."""
    run, last = desk.run, desk.run.journeys[-1]
    both = f"Origin {said_by(run)}; {policy_text(run.ttls)}"
    if not desk.lit:
        return f"{both}. A first reader has just asked: {last.result}; the origin sent the page, and the edge keeps a copy."
    why = run.life.says.rpartition(": ")[0]
    browser = "the browser guesses" if run.browser is None else f"in the browser for {lasting(run.browser)}"
    kept = f"{both}: fresh at CloudFront for {lasting(run.life.seconds)} because of “{why}”; {browser}."
    latest = f"Reader {len(run.times)}, at {lasting(run.times[-1])}: {last.result}."
    return f"{kept} {latest} Origin asked: {run.asked}, page sent: {run.sent}."


def comment(desk: Desk) -> str:
    """One line on what is worth noticing, reckoned from the latest journey; never canned."""
    run, last = desk.run, desk.run.journeys[-1]
    if not desk.lit:
        return "The fuse burns. Place your flag, then press “Wait, then ask”."
    now = run.times[-1]
    if last.origin_statuses == (304,):
        again = f"the fuse is lit again for {lasting(run.life.seconds)}" if run.life.seconds else "the copy may be used this once"
        return f"Has it changed? No (304, no page in it): {again}."
    if not last.origin_requests:
        left = (run.edge_fuses[-1].out or now) - now
        return f"The edge answers alone; {lasting(left)} of fuse left."
    reasons = {
        "drop": "MaxTTL is 0, so nothing is kept.",
        "fallback": "The copy stays only in case the origin fails; for readers the page is sent anew each time.",
    }
    return reasons.get(run.life.keep, "The origin sent the page; the fuse is lit.")


def flag_outcome(desk: Desk) -> str:
    """When the origin heard again, under the knobs for which the flag was placed."""
    guessed = desk.guessed
    if guessed is None or (again := guessed.heard_again) is None:
        return ""
    out = guessed.went_out
    if out is None or out <= 0:
        why = "No fuse burnt, so the very next reader made the edge ask."
    else:
        why = f"The fuse went out at {lasting(out)}; nothing happens then, until the next reader makes the edge ask."
    return f"For {guessed.header} with {policy_text(guessed.ttls)}, the origin heard again at {lasting(again)}. {why}"


KEPT = ("not at all", "as long as MinTTL", "as long as DefaultTTL")


def kept_asked(desk: Desk) -> bool:
    """Is it time to ask about no-store?"""
    return desk.lit and desk.run.header == "no-store"


def kept_outcome(desk: Desk) -> str:
    """What MinTTL makes of no-store."""
    run = desk.run
    if not kept_asked(desk) or run.ttls.min <= 0:
        return ""
    return f"{run.life.says[0].upper()}{run.life.says[1:]}. MinTTL wins over no-store."


# ---- the picture

_STYLE = """
.cdnlab .cdnlab-ttl{border-collapse:collapse;width:100%;table-layout:fixed;margin:6px 0;font-size:13px;border:0}
.cdnlab .cdnlab-ttl caption{text-align:left;padding:2px 0;color:inherit}
.cdnlab .cdnlab-ttl tr{background:none}
.cdnlab .cdnlab-ttl th,.cdnlab .cdnlab-ttl td{text-align:left;vertical-align:top;padding:3px 6px 3px 4px;border:0;
border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent);color:inherit;font-weight:400;white-space:normal;max-width:none}
.cdnlab .cdnlab-ttl th:nth-child(1){width:32%}.cdnlab .cdnlab-ttl th:nth-child(2){width:20%}.cdnlab .cdnlab-ttl th:nth-child(4){width:11%}
.cdnlab .cdnlab-ttl thead th{font-weight:600}
.cdnlab .cdnlab-ttl .cdnlab-governs>*{border-top:2px solid;border-bottom:2px solid;font-weight:600}
.cdnlab .cdnlab-ttl .cdnlab-other{opacity:.6}
.cdnlab .cdnlab-ttl .cdnlab-whole,.cdnlab .cdnlab-ttl td:last-child{white-space:nowrap}
"""


_GOVERNS = ' class="cdnlab-governs" aria-current="true"'


def table(found: Run | None = None) -> str:
    """The TTL table as HTML; with a run, the row that governs it is lit, and so is the column of its MinTTL."""
    above = found is not None and found.ttls.min > 0
    rows = []
    for row in TTL_TABLE:
        lit = found is not None and row.rule == found.life.rule
        dim = ("", "") if found is None else ((' class="cdnlab-other"', "") if above else ("", ' class="cdnlab-other"'))
        cells = f"<td{dim[0]}>{escape(row.min_zero)}</td><td{dim[1]}>{escape(row.min_above)}</td>"
        head = f'<th scope="row">{"▶ " if lit else ""}{escape(row.condition)}</th>'
        rows.append(f"<tr{_GOVERNS if lit else ''}>{head}{cells}<td>{row.rule}</td></tr>")
    heads = "".join(f'<th scope="col">{each}</th>' for each in ("origin sent", "MinTTL is 0", "MinTTL above 0", "rule"))
    said = "The first row that applies governs."
    if found is not None:
        said += f' Here: <strong>{escape(found.life.says)}</strong> <span class="cdnlab-whole">({found.life.rule}).</span>'
    head = f"<caption>{said}</caption><thead><tr>{heads}</tr></thead>"
    return f'<table class="cdnlab-ttl">{head}<tbody>{"".join(rows)}</tbody></table>'


_LINE = 'fill="none" stroke="currentColor" stroke-width="1.6"'


def _place(seconds: float) -> float:
    """Where a number of seconds stands on the rail: stops at equal distances, others between them."""
    last = len(STOPS) - 1
    after = next((order for order, stop in enumerate(STOPS) if stop >= seconds), last)
    if after == 0 or STOPS[after] == seconds or seconds > STOPS[last]:
        return float(after)
    low, high = STOPS[after - 1], STOPS[after]
    return after - 1 + (seconds - low) / (high - low)


def _at(seconds: float) -> float:
    return 36 + _place(seconds) * 52.8


def rail(found: Run) -> str:
    """The policy's range on a scale of times, what the origin asked for under it, and what is granted."""
    low, default, high = map(_at, found.ttls)
    parts = [f'<path d="M {_at(0):g} 46 H {_at(STOPS[-1]):g}" stroke="currentColor" opacity="0.4"/>']
    for stop in STOPS:
        parts.append(f'<path d="M {_at(stop):g} 43 v 6" stroke="currentColor" opacity="0.6"/>{_words(_at(stop), 64, lasting(stop), 10.5)}')
    parts.append(f'<rect x="{low:g}" y="41" width="{high - low:g}" height="10" fill="currentColor" fill-opacity="0.24"/>')
    named: dict[float, list[str]] = {}
    for word, x in (("Min", low), ("Default", default), ("Max", high)):
        named.setdefault(x, []).append(word)
    lines = [-100.0, -100.0]  # how far to the right each of two lines is taken
    for x, words in named.items():
        text = " = ".join(words)
        middle = min(max(x, 4 * len(text)), 600 - 4 * len(text))
        row = 0 if lines[0] < middle - 4 * len(text) else 1
        lines[row] = middle + 4 * len(text)
        parts.append(f'<path d="M {x:g} 42 l -6 -11 h 12 Z" fill="currentColor"/>')
        parts.append(_words(middle, 26 - 14 * row, text, 12, "middle", ' font-weight="600"'))
    asked, granted = found.asks_for, found.life.seconds
    if found.life.keep != "drop":
        x, y = _at(granted), 82
        if asked is not None and asked != granted:
            start, way = _at(asked), 1 if granted > asked else -1
            parts.append(f'<circle cx="{start:g}" cy="{y}" r="5" fill="none" stroke="currentColor" stroke-width="1.6"/>')
            parts.append(f'<path d="M {start + 7 * way:g} {y} H {x - 9 * way:g} m {-6 * way} -4 l {6 * way} 4 l {-6 * way} 4" {_LINE}/>')
            parts.append(_words(start, y + 20, f"origin asks {lasting(asked)}", 12, _anchor(start)))
        parts.append(f'<circle cx="{x:g}" cy="{y}" r="6" fill="currentColor"/>')
        both = "granted" if asked != granted else "asked and granted"
        shift = 20 if asked is None or asked == granted or abs(_at(asked) - x) > 170 else 36
        parts.append(_words(x, y + shift, f"{both} {lasting(granted)}", 12, _anchor(x), ' font-weight="600"'))
    asks = "" if asked is None else f"The origin asks {lasting(asked)}. "
    said = escape(f"{policy_text(found.ttls)}. {asks}{found.life.says}.")
    size = 'viewBox="0 0 600 120" width="720" style="max-width:100%;height:auto"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{said}" font-family="{FONT}">{"".join(parts)}</svg>'


def _anchor(x: float) -> str:
    return "start" if x < 80 else "end" if x > 520 else "middle"


def _words(x: float, y: float, text: str, size: float, anchor: str = "middle", extra: str = "") -> str:
    x += {"start": -6, "end": 6}.get(anchor, 0)
    where = f'x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}"'
    return f'<text class="cdnlab-halo" {where} fill="currentColor"{extra}>{escape(text)}</text>'


def chart(desk: Desk) -> str:
    """The timeline of the readers; while the prediction is open, it does not say how long the fuse is."""
    found = desk.run
    viewer, edge, _, origin = found.way
    edge_fuses = found.edge_fuses if desk.lit else tuple(replace(fuse, out=None, label="") for fuse in found.edge_fuses)
    met = list(zip(found.times, found.journeys, strict=True))
    readers = tuple(Tick(at, overall(each), each.result, f"{lasting(at)}: {each.response.status}, {each.result}") for at, each in met)
    answers = tuple(
        Tick(at, "kept" if status == 200 else "", str(status), f"{lasting(at)}: the origin answers {status}")
        for at, each in met
        for status in each.origin_statuses
    )
    lanes = [
        Lane("viewer", "readers", readers, note=f"in {name(viewer)}"),
        Lane("browser", "browser", fuses=found.browser_fuses if desk.lit else (), note="of the latest reader"),
        Lane("edge", name(edge), fuses=edge_fuses, note=PLACES["edge"].word, place=str(edge)),
        Lane("origin", name(origin), answers, note=PLACES["origin"].note, place=str(origin)),
    ]
    wires = [Wire(at, 0, 3 if each.origin_requests else 2) for at, each in met]
    flags = {} if desk.flag is None else {"you": desk.flag}
    return timeline(lanes, now=found.times[-1], wires=wires, flags=flags, title=say(desk))


def view(desk: Desk) -> str:
    """A comment and the timeline; once there was a press, the rail and the table too."""
    shown = f"<style>{_STYLE}</style><p><strong>{escape(comment(desk))}</strong></p>{chart(desk)}"
    return shown + rail(desk.run) + table(desk.run) if desk.lit else shown


def panel() -> Panel[Desk]:
    """The experiment: predict, let readers come, turn the header and the rail."""
    return Panel(
        "The burning fuse",
        [
            Flag(
                "flag",
                "A copy now lies at the edge, and readers keep coming. At which second will the origin hear from us again?",
                0,
                120,
                flag_outcome,
                step=5,
                unit="s",
            ),
            Predict(
                "kept",
                "The origin says no-store. Now raise MinTTL to 60 s: how long will the edge use its copy without asking?",
                KEPT,
                kept_outcome,
                kept_asked,
            ),
            Choice("header", "Origin's header", tuple(HEADERS)),
            Rail(
                "ttls",
                "Cache policy",
                ("MinTTL", "DefaultTTL", "MaxTTL"),
                (0, 86_400, 31_536_000),
                values=STOPS,
                texts=tuple(map(lasting, STOPS)),
            ),
            Slider("wait", "Until the next reader", value=10, values=WAITS, texts=tuple(map(lasting, WAITS))),
            Button("Wait, then ask", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
        inside=lambda desk: html(desk.run.journeys[-1]),
        moment=lambda desk: f"{lasting(desk.run.times[-1])}, {desk.run.header}, {policy_text(desk.run.ttls)}",
        caption=lambda desk: f"{say(desk)} Simulated with cdnlab.",
    )
