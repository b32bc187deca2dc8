"""Lesson 07: pull the plug.

An origin of any kind, and the caches before it, which have just been filled. Time passes, the origin changes its state, viewers in
Lisbon ask. What they get when their copy has expired depends on one question: did the origin answer, whatever it said, or did it fail?

The page lives for 60 seconds and comes in a new edition every minute, so that an old body can be told from the current one. With
the live channel a viewer asks for the playlist and then for the segments that it names. The pictures are in `cable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from cdnlab.cloudfront import Held
from cdnlab.controls import Button, Choice, Predict, Press, Slider
from cdnlab.experiments.cable import cable, strip
from cdnlab.experiments.sources import KINDS, SILENCE, STATES, Act, ask, publish, world
from cdnlab.marks import PLACES
from cdnlab.mediachannel import MediaChannel
from cdnlab.page import html
from cdnlab.panels import Panel
from cdnlab.steps import Place
from cdnlab.telling import name, overall, x_cache
from cdnlab.timeline import Fuse, Lane, Tick, Wire, lasting, timeline

__all__ = ["Plug", "model", "panel", "say", "view"]

WAITS = (1, 3, 6, 11, 30, 65)


@dataclass(frozen=True, slots=True)
class Plug:
    """What is on show: the `kind` of origin and its `state` now, everything that was asked, what was predicted, the copies at the end.

    `fuses`: the lives of the page's copies, by place; `newest`: the channel's newest segment when it was asked last, -1 for other kinds.
    """

    kind: str
    state: str
    acts: tuple[Act, ...]
    copies: tuple[Held, ...]
    fuses: tuple[tuple[Place, tuple[Fuse, ...]], ...]
    newest: int = -1
    dead: str | None = None
    gone: str | None = None

    @property
    def last(self) -> Act:
        """The latest viewer's."""
        return self.acts[-1]

    @property
    def asked(self) -> bool:
        """Has anybody asked since the start?"""
        return len(self.acts) > 1

    @property
    def shown(self) -> bool:
        """Does the latest request show the state that the origin is in now?"""
        return self.asked and self.last.state == self.state


def model(
    presses: Sequence[Press],
    *,
    kind: str = KINDS[0],
    state: str = "healthy",
    wait: float = 65,
    dead: str | None = None,
    gone: str | None = None,
) -> Plug:
    """A first viewer at second 0; then, for each press, the origin takes on a state, time passes, and a viewer asks. `kind`: of origin.

    >>> act = model([Press("Wait, then ask", {"state": "unplugged", "wait": 65})]).last
    >>> act.journey.response.status, act.current, act.tries
    (200, False, 3)
    """
    acts, copies, fuses, newest = _played(kind, tuple((press.state, float(press.wait)) for press in presses))
    return Plug(kind, state, acts, copies, fuses, newest, dead, gone)


@lru_cache(maxsize=256)
def _played(
    kind: str, presses: tuple[tuple[str, float], ...]
) -> tuple[tuple[Act, ...], tuple[Held, ...], tuple[tuple[Place, tuple[Fuse, ...]], ...], int]:
    here = world(kind)
    acts, fuses, at = list[Act](), dict[Place, list[Fuse]](), 0.0
    for state, wait in (("healthy", 0.0), *presses):
        publish(here, state)
        here.cdn.clock.advance(wait)
        publish(here, state)  # a new edition may be out by now
        at += wait
        acts.append(ask(here, state, at, acts[-1] if acts else None))
        _light(fuses, here.cdn.copies(here.url), at, acts[-1])
    newest = here.origin.newest(acts[-1].journey.started) if isinstance(here.origin, MediaChannel) else -1
    copies = tuple(here.cdn.copies())
    return tuple(acts), copies, tuple((place, tuple(each)) for place, each in fuses.items()), newest


def _light(fuses: dict[Place, list[Fuse]], copies: Sequence[Held], at: float, act: Act) -> None:
    """What this request did to the fuses: where a copy's life was renewed, a new one burns."""
    for held in copies:
        burning = fuses.setdefault(held.place, [])
        lit = at - (held.lasts - held.fresh_for)
        if not burning or lit > burning[-1].lit + 0.5:
            if burning:
                burning[-1] = Fuse(burning[-1].lit, burning[-1].out, at, label=burning[-1].label)
            status = act.journey.response.status
            what = f"{status}, " if status >= 400 else ""
            burning.append(Fuse(at, at + held.lasts, label=f"{what}{lasting(held.lasts)}"))


# ---- the words


def thing(plug: Plug) -> str:
    """What the viewer asks for."""
    return "playlist" if plug.kind == "live channel" else "page"


def copy_text(act: Act) -> str:
    """How the copy stood when the viewer came."""
    if act.expired is None:
        return "there was no copy"
    what = "copy" if act.remembered < 400 else f"remembered {act.remembered}"
    return f"{what} expired {lasting(act.expired)} ago" if act.expired >= 0 else f"{what} fresh for another {lasting(-act.expired)}"


def tries_text(act: Act) -> str:
    """Whether CloudFront turned to the origin."""
    if not act.tries:
        return "no"
    return "yes" if act.journey.origin_requests else "yes, in vain"


def got_text(plug: Plug, act: Act) -> str:
    """What the viewer got."""
    status = act.journey.response.status
    return f"{status}, {'current' if act.current else 'old'} {thing(plug)}" if status == 200 else str(status)


def say(plug: Plug) -> str:
    """The text twin: the origin's state, the copy, what the viewer got, whether the origin was asked."""
    last = plug.last
    if not plug.asked:
        held = next(copy for copy in plug.copies if copy.place.kind == "edge")
        way = last.journey.way
        places = f"{name(way[1])} and {name(way[2])}"
        now = "" if plug.state == "healthy" else f" The origin is {_state(plug.state)} now."
        return (
            f"Origin: {plug.kind}, {_state('healthy')}. A first viewer has read the {thing(plug)}; copies stay at {places}, "
            f"fresh for {lasting(held.lasts)}.{now}"
        )
    told = (
        f"After {lasting(last.at)}: origin {_state(last.state)}; {copy_text(last)}; viewer got {got_text(plug, last)}; "
        f"origin asked: {tries_text(last)}."
    )
    return f"{told}{_segments_text(last)}" + ("" if plug.shown else f" Now the origin is {_state(plug.state)}.")


def _state(state: str) -> str:
    return state if state in ("healthy", "unplugged") else f"answering {state}"


def _segments_text(act: Act) -> str:
    if not act.segments:
        return ""
    results = [journey.result for _, journey in act.segments]
    counts = ", ".join(f"{results.count(word)} {word}" for word in dict.fromkeys(results))
    return f" Segments {act.segments[0][0]} to {act.segments[-1][0]}: {counts}."


def comment(plug: Plug) -> str:
    """One line on what is worth noticing, reckoned from the latest journey; never canned."""
    act, status = plug.last, plug.last.journey.response.status
    if not plug.asked:
        return "Predict. Then pull the plug (state: unplugged) and press “Wait, then ask”."
    stale = overall(act.journey) == "stale"
    if stale and act.tries:
        film = " The film stands still, and nobody sees an error." if plug.kind == "live channel" else ""
        return f"The light of a dead star: the origin failed, and the viewer reads an old {thing(plug)} with status {status}.{film}"
    if stale:
        failed = next(each for each in reversed(plug.acts[:-1]) if each.tries)
        return f"The origin failed {lasting(act.at - failed.at)} ago, and for {SILENCE} s nobody asks it again."
    if act.expired is not None and act.expired < 0 and not act.tries:
        if status >= 400:
            return f"A remembered {status}: the origin was not asked. Errors are cached too."
        if act.state != "healthy":
            return "The copy is still fresh, so nobody has noticed yet."
        return "The copy is still fresh: nobody needs the origin."
    if 400 <= status < 500 and act.tries:
        return f"The origin is alive and says {status}. That is an answer, so it goes through, old copy or not."
    if status >= 500:
        return f"No old copy to stand in: the viewer gets {status}."
    if plug.kind == "live channel":
        known = sum(journey.result == "Hit" for _, journey in act.segments)
        if not known:
            return "The playlist has moved on so far that the edge had none of its segments."
        return f"The playlist had changed; of the {len(act.segments)} segments it names, {known} were Hits: a segment never changes."
    return f"The origin answered {act.journey.origin_statuses[-1]}: the copies are good for another minute."


DEAD = ("an error page, 502", "the old page, 200", "nothing, until the origin is back")
GONE = ("404", "the old page, 200")


def _first(plug: Plug, *states: str) -> Act | None:
    """The first viewer for whom the origin was asked in one of these states when there was an expired copy."""
    met = (act for act in plug.acts if act.state in states and act.expired is not None and act.expired >= 0 and act.remembered < 400)
    return next((act for act in met if act.tries), None)


def _dead(plug: Plug) -> Act | None:
    return _first(plug, "unplugged", "503")


def _gone(plug: Plug) -> Act | None:
    return _first(plug, "404")


def dead_outcome(plug: Plug) -> str:
    """What the first viewer got whose copy had expired while the origin failed."""
    act = _dead(plug)
    if act is None:
        return ""
    tried = "no answer came" if not act.journey.origin_requests else f"it answered {act.journey.origin_statuses[-1]}"
    when = f"The copy had expired {lasting(act.expired or 0)} before"
    return f"{when}. CloudFront turned to the origin, {tried}; the viewer got {got_text(plug, act)}."


def gone_asked(plug: Plug) -> bool:
    """Is it time to ask about a 404?"""
    return bool(dead_outcome(plug))


def gone_outcome(plug: Plug) -> str:
    """What the first viewer got whose copy had expired while the origin said 404."""
    act = _gone(plug)
    if act is None:
        return ""
    return (
        f"The copy had expired {lasting(act.expired or 0)} before. The origin was asked and answered: the viewer got {got_text(plug, act)}."
    )


# ---- the picture


def chart(plug: Plug) -> str:
    """The timeline: viewers, the copies' fuses, and what the origin said."""
    viewer, edge, regional, origin = plug.acts[0].journey.way
    fuses = dict(plug.fuses)
    depths = {"edge": 1, "regional": 2, "origin": 3}
    ticks = tuple(
        Tick(act.at, overall(act.journey), _word(act), f"{lasting(act.at)}: {got_text(plug, act)}, {act.journey.result}")
        for act in plug.acts
    )
    answers = tuple(
        Tick(
            act.at,
            "error" if status in (0, 503) else "kept" if status == 200 else "",
            str(status or "no answer"),
            f"{lasting(act.at)}: {status or 'no answer'}",
        )
        for act in plug.acts
        for status in (act.journey.origin_statuses or (0,) * bool(act.tries))[:1]
    )
    lanes = [
        Lane("viewer", "viewers", ticks, note=f"in {name(viewer)}"),
        Lane("edge", name(edge), fuses=fuses.get(edge, ()), note=PLACES["edge"].word, place=str(edge)),
        Lane("regional", name(regional), fuses=fuses.get(regional, ()), note=PLACES["regional"].word, place=str(regional)),
        Lane("origin", name(origin), answers, note=PLACES["origin"].note, place=str(origin)),
    ]
    wires = [Wire(act.at, 0, max(depths.get(leg.end.kind, 0) for leg in act.journey.legs)) for act in plug.acts]
    return timeline(lanes, now=plug.last.at, wires=wires, title=say(plug))


def _word(act: Act) -> str:
    status = act.journey.response.status
    return str(status) if status != 200 else "current" if act.current else "old"


def quiet(plug: Plug) -> float:
    """For how many seconds more a failed origin is left alone; 0 when it is not."""
    failed = [act.at for act in plug.acts if act.tries and act.state in ("unplugged", "503")]
    later = [act.at for act in plug.acts if act.journey.origin_requests and act.state not in ("unplugged", "503")]
    if not failed or (later and later[-1] > failed[-1]):
        return 0.0
    return max(0.0, SILENCE - (plug.last.at - failed[-1]))


def view(plug: Plug) -> str:
    """The comment, the cable, the timeline; the segments of a channel; what is behind the latest request."""
    last = plug.last
    read = f"{got_text(plug, last)}, X-Cache: {x_cache(last.journey)}"
    guess = (plug.dead if last is _dead(plug) else plug.gone if last is _gone(plug) else None) or ""
    parts = [
        f"<p><strong>{escape(comment(plug))}</strong></p>",
        cable(plug.kind, plug.state, last, plug.copies, read=read, guess=guess, played=plug.shown, quiet=quiet(plug), title=say(plug)),
        chart(plug),
    ]
    if plug.kind == "live channel":
        parts.append(strip(plug.acts, plug.newest, plug.copies))
    if plug.asked:
        parts.append(f"<details><summary>Look inside the latest request: steps, rules, headers</summary>{html(last.journey)}</details>")
    return "".join(parts)


def panel() -> Panel[Plug]:
    """The experiment: predict, pull the plug, ask; plug it in again, and let the origin say 404."""
    return Panel(
        "Pull the plug",
        [
            Predict(
                "dead",
                "The copy is good for 60 s. Five seconds after that somebody asks, and the origin is unplugged. What does that viewer get?",
                DEAD,
                dead_outcome,
            ),
            Predict(
                "gone",
                "The origin is back, but the page was deleted there: it answers 404. The caches still have the old page, expired. "
                "What does the next viewer get?",
                GONE,
                gone_outcome,
                gone_asked,
            ),
            Choice("kind", "Kind of origin", KINDS),
            Choice("state", "Its state", STATES),
            Slider("wait", "Until the next viewer", value=65, values=WAITS, texts=tuple(map(lasting, WAITS))),
            Button("Wait, then ask", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
        moment=lambda plug: f"second {plug.last.at:g}",
        caption=lambda plug: f"{say(plug)} Simulated with cdnlab.",
    )
