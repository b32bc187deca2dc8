"""Lesson 03, going further: floor and ceiling.

A page may ask for any number of seconds; the cache policy grants them between MinTTL and MaxTTL. So the seconds granted, over the
seconds asked for, are flat, then rise with the wish, then are flat again. The browser, which knows no policy, has a
straight line. Every point of both is what `freshness` makes of an answer with that `max-age`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cdnlab.charts import Axis, Chart, Series, curve
from cdnlab.controls import Rail, Slider
from cdnlab.experiments.fuse import STOPS
from cdnlab.freshness import Lifetime, TTLs, browser_lifetime, lifetime
from cdnlab.messages import Response
from cdnlab.panels import Panel
from cdnlab.timeline import lasting

__all__ = ["ASKED", "WISHES", "Bounds", "chart", "model", "panel", "say", "view"]

YEAR = 31_536_000
WISHES = STOPS[1:]
"""What the origin may ask for by hand, in seconds; a logarithmic axis has no 0."""
ASKED = tuple(sorted({*WISHES, *(round(YEAR ** (order / 40)) for order in range(41))}))
"""Where the curve is computed: every place where it can bend, and some between."""
TICKS = (1, 10, 60, 600, 3_600, 86_400, YEAR)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What each of ASKED comes to: `granted` by CloudFront under `ttls`, `browser` in seconds; `asked` is the one picked out."""

    ttls: TTLs
    asked: float
    granted: tuple[Lifetime, ...]
    browser: tuple[float, ...]

    @property
    def life(self) -> Lifetime:
        """What CloudFront grants for the wish picked out."""
        return self.granted[ASKED.index(int(self.asked))]

    @property
    def own(self) -> float:
        """What the browser makes of it, in seconds."""
        return self.browser[ASKED.index(int(self.asked))]


def model(*, ttls: Sequence[float], asked: float) -> Bounds:
    """All wishes under one MinTTL and MaxTTL. DefaultTTL, which has no say where there is a max-age, stays between them.

    >>> found = model(ttls=(60, 86_400), asked=10)
    >>> found.life.seconds, found.own, found.life.says
    (60.0, 10.0, 'max-age=10, less than MinTTL: fresh for 60 s')
    """
    low, high = ttls
    bounds = TTLs(low, min(max(86_400, low), high), high)
    answers = [Response(200, {"Cache-Control": f"max-age={wish}"}) for wish in ASKED]
    granted = tuple(lifetime(answer, bounds, sent_at=0.0) for answer in answers)
    return Bounds(bounds, asked, granted, tuple(browser_lifetime(answer.headers, 0.0) or 0.0 for answer in answers))


def chart(found: Bounds) -> Chart:
    """Both lines, the wish picked out, and floor and ceiling as levels; a lifetime of 0 is a gap."""
    series = [
        Series("CloudFront", tuple(life.seconds or None for life in found.granted), "hit", broad=True),
        Series("browser", tuple(seconds or None for seconds in found.browser)),
    ]
    x, y = (Axis(title, lasting, log=True, ticks=TICKS, range=(1, YEAR)) for title in ("max-age that the origin asks for", "fresh for"))
    y = Axis(y.title, lasting, log=True, ticks=TICKS, range=(0.5, 4 * YEAR))
    return curve(ASKED, series, x_axis=x, y_axis=y, mark=found.asked, levels={"MinTTL": found.ttls.min, "MaxTTL": found.ttls.max})


def say(found: Bounds) -> str:
    """The text twin: the three parts of the line, and the wish picked out."""
    low, _, high = found.ttls
    if high <= 0:
        shape = "MaxTTL is 0, so CloudFront keeps nothing, whatever max-age says"
    elif low == high:
        shape = f"MinTTL and MaxTTL are one, so CloudFront grants {lasting(low)}, whatever max-age says"
    else:
        floor = f"never less than {lasting(low)}" if low > 0 else "no floor (MinTTL 0)"
        shape = f"CloudFront grants what max-age asks for: {floor}, never more than {lasting(high)}"
    why, life = found.life.says.rpartition(": ")[0], found.life
    edge = f"fresh at CloudFront for {lasting(life.seconds)} because of “{why}”" if life.seconds else "not kept at CloudFront"
    return f"{shape}. Asked for {lasting(found.asked)}: {edge}; in the browser for {lasting(found.own)}."


def comment(found: Bounds) -> str:
    """Which of the two keeps the page longer, from the numbers."""
    edge, own = found.life.seconds, found.own
    if edge == own:
        return f"Asked for {lasting(found.asked)}: both keep it that long."
    longer = "CloudFront" if edge > own else "The browser"
    return f"Asked for {lasting(found.asked)}: {longer} keeps it longer, {lasting(max(edge, own))} against {lasting(min(edge, own))}."


def view(found: Bounds) -> str:
    """The comment; and, where there is no kernel to draw the figure, the chart."""
    return f'<p><strong>{comment(found)}</strong></p><div class="cdnlab-instead">{chart(found).svg()}</div>'


def panel() -> Panel[Bounds]:
    """The experiment: two handles, one wish, one curve."""
    texts = tuple(map(lasting, STOPS))
    return Panel(
        "Floor and ceiling",
        [
            Rail("ttls", "Cache policy", ("MinTTL", "MaxTTL"), (60, 86_400), values=STOPS, texts=texts),
            Slider("asked", "The origin asks for max-age", value=10, values=WISHES, texts=texts[1:]),
        ],
        model=model,
        view=view,
        twin=say,
        figure=lambda found: chart(found).figure(),
        caption=lambda found: f"{say(found)} Simulated with cdnlab.",
    )
