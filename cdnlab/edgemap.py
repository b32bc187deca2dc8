"""The edges on the map: which may answer, which one does, and where copies stand.

On the left the whole world: every edge location is a dot, hollow and pale when the price class leaves it out; those that
have been used are drawn as places. On the right, enlarged, what lies round the viewer: the edge that answers, those that nearly
would, the regional cache behind them. (An edge across the Pacific is too far off: then what lies round the edge.) A bold
wire leads to the edge that answers; where there is trouble on the line it is jagged. At most five places of each part are
named.

Pure, as all pictures are: places and journeys in, SVG text out, in the visual language of `marks`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

from cdnlab.marks import number, place_shape
from cdnlab.staircase import safe
from cdnlab.steps import Place
from cdnlab.telling import Told, events, ms_text, name, station
from cdnlab.views import CopyShown, in_order, parcel, played
from cdnlab.worldmap import FONT, Label, WorldMap

__all__ = ["edge_map"]

WIDTH = 720
_WORLD, _CLOSE, _HIGH, _SEA = 446, 266, 300, 222  # pixels: the world, the close-up, both; how high the world itself is
_NAMED = 5
_FAINT = 0.3


def edge_map(
    here: Sequence[Place],
    sites: Iterable[Place],
    *,
    outside: Collection[Place] = (),
    near: Sequence[Place] = (),
    earlier: Sequence[Sequence[Place]] = (),
    journey: Told | None = None,
    copies: Sequence[CopyShown] = (),
    lifetime: float = 1.0,
    trouble: Mapping[Place, float] | None = None,
    title: str = "",
) -> str:
    """The edges at `sites`, those `outside` the price class pale, and the way of the request that is `here`: viewer, edge, caches, origin.

    `near`: edges that nearly answered; `earlier`: the ways of requests before; `journey`: the request on show, if it has been sent, to be
    played; `copies` stand as parcels beside their places, their fuses `lifetime` seconds long; `trouble`: extra milliseconds by edge.
    """
    sites, trouble = list(sites), dict(trouble or {})
    viewer, edge = here[0], here[1]
    regional = [place for place in here if place.kind == "regional"]
    round_here = [viewer, edge, *regional, *near, *(place for way in earlier if way[0] == viewer for place in way[1:2])]
    used = [place for way in (here, *earlier) for place in way] + [held.place for held in copies]
    world = WorldMap(_WORLD, _SEA, _WORLD / WIDTH).apart(in_order(used), least=13)
    close = _enlarged([regional[0] if regional else edge, viewer, *round_here])
    if close.scale < world.scale:  # they are further apart than a close-up can show
        round_here = [edge, *regional, *(place for place in near if place not in outside)]
        close = _enlarged(round_here)
    close = close.apart(in_order(round_here), least=42)
    kept = {event.place: event.at_ms for event in events(journey) if event.state == "kept"} if journey is not None else {}
    with_copies = [held.place for held in copies if held.place.kind == "edge"]
    parts = []
    for chart, x, r in ((world, 0, 4.5), (close, WIDTH - _CLOSE, 8.0)):
        free = [site for site in sites if site not in chart.spots]
        dots = "".join(_dots(chart, [site for site in free if (site in outside) is pale], pale) for pale in (False, True))
        dots += "".join(_named_dot(chart, site) for site in free if chart is close)
        pairs = sorted({pair for way in earlier for pair in pairwise(way)})
        faint = "".join(f'<path d="{chart.track(a, b)}" fill="none" stroke="currentColor" opacity="{_FAINT}"/>' for a, b in pairs)
        on = "".join(f'<path d="{chart.track(a, b)}" fill="none" stroke="currentColor" opacity="0.5"/>' for a, b in pairwise(here[1:]))
        wire = f'<path d="{chart.track(viewer, edge)}" fill="none" stroke="currentColor" stroke-width="2.6"/>'
        troubled = [site for site in trouble if chart is close and {viewer, site} <= chart.spots.keys()]
        jags = [_jagged(chart, viewer, site) for site in troubled]
        places = "".join(_placed(chart, place, r, place in outside) for place in chart.spots)
        shown = [held for held in copies if held.place in chart.spots] if chart is close else []
        shelf = {held.place: _stand(chart, held.place, viewer) for held in shown}
        parcels = "".join(parcel(held, *shelf[held.place], lifetime, kept.get(held.place)) for held in shown)
        named = [viewer, edge, *near, *regional] if chart is close else [viewer, edge, here[-1], *with_copies]
        words = [Label(*chart.pixels(place), _called(place, chart is close)) for place in _named(chart, named)]
        words += [Label(*_middle(chart, viewer, site), f"+{ms_text(trouble[site])}") for site in troubled]
        lines = [point for a, b in [*pairwise(here), *((viewer, site) for site in trouble)] for point in chart.along(a, b, every=9)]
        above = [(float(left), 14.0) for left in range(18, 190, 14)] if chart is close else []  # where the caption stands
        labels = chart.labels(
            words, free_of=[*chart.spots.values(), *shelf.values(), *above], lines=lines, size=12 if chart is close else 11
        )
        content = f"{dots}{faint}{on}{wire}{''.join(jags)}{played(chart, journey)}{places}{parcels}{labels}"
        parts.append(chart.sheet(content, at=(x, 0)))
    frame = f'<path d="M{WIDTH - _CLOSE + 0.5} .5h{_CLOSE - 1}v{_HIGH - 1}h{1 - _CLOSE}z" fill="none" stroke="currentColor" opacity="0.4"/>'
    caption = _words(WIDTH - _CLOSE + 10, 18, f"close up: round {name(viewer) if viewer in close.spots else station(edge)}")
    head = f'viewBox="0 0 {WIDTH} {_HIGH}" width="{WIDTH}" role="group" aria-label="{safe(title)}" {FONT}'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {head}>{"".join(parts)}{frame}{caption}{_legend(bool(outside))}</svg>'


def _enlarged(places: Sequence[Place]) -> WorldMap:
    return WorldMap.around(places, width=_CLOSE, height=_HIGH, margin=50, largest=9.0)


def _named(chart: WorldMap, wanted: Iterable[Place]) -> list[Place]:
    """At most five places that are on this chart, each once."""
    return [place for place in dict.fromkeys(wanted) if place in chart.spots][:_NAMED]


def _called(place: Place, close: bool) -> str:
    return station(place) if close and place.kind != "viewer" else name(place)


def _dots(chart: WorldMap, sites: Iterable[Place], pale: bool) -> str:
    """Edges as dots, all in one path: full, or pale rings."""
    r = 1.8 if chart.scale < 1 else 3.0
    ring = f"a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0"
    path = "".join(f"M{number(x - r)} {number(y)}{ring}" for x, y in map(chart.pixels, sites))
    look = f'fill="none" stroke="currentColor" opacity="{_FAINT + 0.1}"' if pale else 'fill="currentColor" opacity="0.75"'
    return f'<path d="{path}" {look}/>' if path else ""


def _named_dot(chart: WorldMap, site: Place) -> str:
    """An unseen spot over a dot that tells its name to a pointer."""
    x, y = chart.pixels(site)
    if not (0 <= x <= chart.width and 0 <= y <= chart.height):
        return ""
    said = safe(f"{station(site)}, {site.city}")
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="6" fill="transparent"><title>{said}</title></circle>'


def _placed(chart: WorldMap, place: Place, r: float, outside: bool) -> str:
    """A place's shape, to be selected by hand or with the keyboard."""
    pale = ' opacity="0.4"' if outside else ""
    said = f'tabindex="0" role="button" aria-label="{safe(f"select {station(place)}")}"'
    return f'<g data-place="{safe(place)}" {said}{pale}>{place_shape(place.kind, *chart.pixels(place), r)}</g>'


def _stand(chart: WorldMap, place: Place, viewer: Place) -> tuple[float, float]:
    """Where a place's parcel stands: on the side of it that is turned away from the viewer."""
    (x, y), above = chart.pixels(place), chart.pixels(viewer)[1] > chart.pixels(place)[1]
    return (x, y - 17) if above or y + 30 > chart.height else (x, y + 19)


def _middle(chart: WorldMap, a: Place, b: Place) -> tuple[float, float]:
    (x1, y1), (x2, y2) = chart.pixels(a), chart.pixels(b)
    return (x1 + x2) / 2, (y1 + y2) / 2


def _jagged(chart: WorldMap, viewer: Place, site: Place) -> str:
    """A line with trouble on it: broken, with a bolt in its middle."""
    x, y = _middle(chart, viewer, site)
    line = f'<path d="{chart.track(viewer, site)}" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="3 4"/>'
    bolt = f"M{number(x + 3)} {number(y - 9)}l-6 8h6l-6 8"
    return f'{line}<path d="{bolt}" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linejoin="round"/>'


def _legend(some_outside: bool) -> str:
    rows = [
        (f'<circle cx="16" cy="{_SEA + 22}" r="2.4" fill="currentColor" opacity="0.75"/>', "an edge location"),
        (place_shape("edge", 16, _SEA + 42, 5), "one that has been used, or is named"),
    ]
    if some_outside:
        ring = f'<circle cx="16" cy="{_SEA + 62}" r="2.4" fill="none" stroke="currentColor" opacity="0.5"/>'
        rows.append((ring, "one outside the price class"))
    return "".join(f"{sign}{_words(30, _SEA + 26 + 20 * order, words)}" for order, (sign, words) in enumerate(rows))


def _words(x: float, y: float, text: str) -> str:
    where = f'x="{number(x)}" y="{number(y)}" font-size="12"'
    return f'<text class="cdnlab-halo" {where} fill="currentColor">{safe(text)}</text>'
