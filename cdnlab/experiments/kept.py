"""The pictures that lessons keep, as SVG files of their own: what stands there before anything has been run.

A file cannot follow the theme of the page it is shown on, so each brings its own paper, in light and dark. Nothing in
them is typed in twice: places, distances and configs come from the experiment they belong to.
"""

from __future__ import annotations

from html import escape

from cdnlab.experiments.far import kilometres, world
from cdnlab.geography import Viewer, place_in
from cdnlab.marks import css
from cdnlab.worldmap import FONT, Label, WorldMap

__all__ = ["distribution", "way"]


def way() -> str:
    """Lesson 00: the shortest way from Auckland to Stockholm, and its length."""
    viewer, origin = Viewer("Auckland").place, place_in("eu-north-1", "bucket photos")
    chart = WorldMap.around([viewer, origin], height=360, margin=56)
    far_away = kilometres(viewer, origin)
    arc = f'<path d="{chart.track(viewer, origin)}" fill="none" stroke="currentColor" stroke-width="2.5"/>'
    words = [
        Label(*chart.pixels(viewer), "a viewer, in Auckland"),
        Label(*chart.pixels(origin), "the photo, in Stockholm"),
        Label(*chart.midway(viewer, origin), far_away),
    ]
    places = chart.marked(origin, 10) + chart.marked(viewer, 8)
    said = f"World map. One arc of {far_away} leads from a viewer in Auckland to the photo in Stockholm."
    sheet = chart.sheet(arc + places + chart.labels(words, free_of=chart.along(viewer, origin), size=15), said)
    return _alone(sheet)


def distribution() -> str:
    """Lesson 00's distribution: a name, one rule, an origin, as its config has them."""
    cdn, _, bucket = world()
    made = cdn.list_distributions()["DistributionList"]["Items"][0]
    rule, origin = made["DefaultCacheBehavior"], made["Origins"]["Items"][0]
    boxes = [
        ("a name", made["DomainName"], "what viewers ask for"),
        ("one rule", "*", f"every path goes to “{rule['TargetOriginId']}”"),
        ("an origin", origin["DomainName"].split(".")[0], f"S3 bucket, {bucket.place.region}"),
    ]
    parts = []
    for order, (head, what, note) in enumerate(boxes):
        x = 6 + order * 242
        parts.append(f'<rect x="{x}" y="8" width="204" height="92" rx="8" fill="none" stroke="currentColor" stroke-width="1.6"/>')
        for y, text, look in (
            (32, head, 'font-weight="600" font-size="15"'),
            (58, what, 'font-size="12.5"'),
            (82, note, 'font-size="12.5"'),
        ):
            parts.append(f'<text x="{x + 102}" y="{y}" text-anchor="middle" fill="currentColor" {look}>{escape(text)}</text>')
        if order:
            parts.append(f'<path d="M{x - 34} 54h24m-7-6l8 6l-8 6" fill="none" stroke="currentColor" stroke-width="1.6"/>')
    said = "A distribution: " + ", ".join(f"{head} ({what}: {note})" for head, what, note in boxes)
    head = (
        f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 706 108" width="706" height="108" role="img" aria-label="{escape(said)}" {FONT}'
    )
    return _alone(f'<svg {head}><path d="M0 0" fill="none"/>{"".join(parts)}</svg>')


def _alone(svg: str) -> str:
    """The svg element as a file with its own paper and ink, in light and dark."""
    paper = f'<style>{css(alone=True)}</style><rect class="cdnlab-back" width="100%" height="100%" fill="none"/>'
    return svg.replace("<svg ", '<svg class="cdnlab" ', 1).replace("><path", f">{paper}<path", 1) + "\n"
