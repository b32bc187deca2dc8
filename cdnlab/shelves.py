"""The shelves: what each cache holds, as a picture. Data rows in, SVG text out, the same bytes every time.

One row is one cache. A box on it is one copy: as wide as it has bytes, its fuse along the top (dark: what is left of its
life; pale: what has burnt), hollow and broken once it has expired. Boxes stand in the order in which they were last used, so
the leftmost is the next to leave when the cache needs room. Beside the row stands what the latest lookup found there; the box it
found glows in the colour of that result. A box tells its key when the pointer or the focus is on it.

    Box      one copy: label, size, life, key, and what a lookup made of it
    Shelf    one cache: its place, its boxes, its capacity, what was looked up, what has left
    stocked  shelves made of `CloudFront.copies()` and the Journey that came just before
    picture  shelves drawn;  twin  shelves in words

Places carry `data-place` and moments `data-at`, as in the staircase, so that a panel selects and plays both together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from cdnlab.marks import PLACES, RESULTS, copy_box, drawn, glyph, number, place_shape, spent_box
from cdnlab.staircase import FONT, safe
from cdnlab.steps import Place
from cdnlab.telling import Told, events, name, station
from cdnlab.timeline import lasting

__all__ = ["Box", "Copied", "Shelf", "key_text", "picture", "size_text", "stocked", "twin"]

WIDTH = 720
_LEFT, _RIGHT = 160, 492  # pixels: where the plank begins and ends; the lookup is told to the right of it
_HIGH, _ROW = 22, 54  # pixels: a box, a row
_PLANK = 34.5  # pixels below the row's top
_LEAST = 7.0  # pixels: the narrowest box that can still be seen and pointed at
_ALONE = 3  # without a capacity, the largest box takes a third of the plank
_STOPS = 12  # boxes of one shelf that the Tab key visits; of a fuller one it visits none
_FOUND = ("hit", "refresh", "stale")

End = Literal["evicted", "invalidated"]


@dataclass(frozen=True, slots=True)
class Box:
    """One copy: `label` (its path), `size` in bytes, `fresh_for` seconds more (0 or less: expired) of the `lasts` it was given.

    `key`: what tells it from other copies; `found`: the state of the lookup that met it (hit, refresh, stale), else "";
    `came_ms`: the moment of network time at which it was put here, None if it was here before; `flagged`: the one to watch.
    """

    label: str
    size: int
    fresh_for: float
    lasts: float
    key: str = ""
    found: str = ""
    came_ms: float | None = None
    flagged: bool = False

    @property
    def share(self) -> float:
        """What is left of the fuse: 1 when new, 0 when it has burnt down."""
        return max(0.0, min(1.0, self.fresh_for / self.lasts)) if self.lasts > 0 else float(self.fresh_for > 0)

    @property
    def says(self) -> str:
        """The copy in words: size, and how long it is still fresh."""
        life = f"fresh for {lasting(self.fresh_for)}" if self.fresh_for > 0 else f"expired {lasting(-self.fresh_for)} ago"
        return f"{size_text(self.size)}, {life}"


@dataclass(frozen=True, slots=True)
class Shelf:
    """One cache: `place`, and its `boxes`, the one used longest ago first. `capacity`: bytes that fit on it, None when it does not matter.

    `looked`: what the latest lookup found here (a state of marks.RESULTS, "" for none), at `looked_ms`; `guess`: the state that somebody
    predicted; `left`: (label, evicted or invalidated) of copies that are gone; `note`: words under the name; `faint`: not in use.
    """

    place: Place
    boxes: tuple[Box, ...] = ()
    capacity: int | None = None
    looked: str = ""
    looked_ms: float = 0.0
    guess: str = ""
    left: tuple[tuple[str, End], ...] = ()
    note: str = ""
    faint: bool = False


class Copied(Protocol):
    """A copy in a cache, as `CloudFront.copies()` lists them."""

    @property
    def place(self) -> Place: ...
    @property
    def path(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def fresh_for(self) -> float: ...
    @property
    def lasts(self) -> float: ...
    @property
    def key(self) -> Any: ...


def size_text(size: float) -> str:
    """Bytes for people, in powers of ten.

    >>> size_text(300), size_text(48_513), size_text(2_500_000), size_text(10 * 2**30)
    ('300 bytes', '49 kB', '2.5 MB', '10.7 GB')
    """
    for power, unit in ((1e9, "GB"), (1e6, "MB")):
        if size >= power * 0.9995:
            return f"{size / power:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size / 1e3:.0f} kB" if size >= 1000 else f"{size:.0f} bytes"


def key_text(key: Any) -> str:
    """A cache key for people: host, path and query; then coding, headers and cookies, if they are part of it.

    >>> from types import SimpleNamespace as Key
    >>> key_text(Key(domain_name="d1.cloudfront.net", path="/a", query="v=2", method="", encoding="gzip", headers=(), cookies=()))
    'd1.cloudfront.net/a?v=2, Accept-Encoding: gzip'
    """
    query = "" if key.query is None else f"?{key.query}"
    parts = [f"{key.method} {key.domain_name}{key.path}{query}".strip()]
    parts += [f"Accept-Encoding: {key.encoding}"] if key.encoding else []
    parts += [f"{header}: {value}" for header, value in key.headers]
    parts += [f"cookie {cookie}={value}" for cookie, value in key.cookies]
    return ", ".join(parts)


def stocked(
    copies: Iterable[Copied],
    places: Iterable[Place] = (),
    *,
    journey: Told | None = None,
    capacity: Mapping[str, int] | None = None,
    guesses: Mapping[Place, str] | None = None,
    notes: Mapping[Place, str] | None = None,
    faint: Collection[Place] = (),
    flagged: str = "",
) -> tuple[Shelf, ...]:
    """Shelves made of `copies`, taken just after the `journey` on show: one for each of `places`, then any others that hold something.

    `capacity`: bytes by kind of place (edge, regional); `guesses`: predicted states, `notes`: words under the name, both by place;
    `flagged`: the path of the copies to watch, drawn with a thick outline.
    """
    held: dict[Place, list[Copied]] = {place: [] for place in places}
    for copy in copies:
        held.setdefault(copy.place, []).append(copy)
    found, when, came = dict[Place, str](), dict[Place, float](), dict[Place, float]()
    for event in events(journey) if journey is not None else ():
        if event.state == "kept":
            came[event.place] = event.at_ms
        elif event.state in RESULTS and event.place.kind != "origin":
            found[event.place] = event.state
            when.setdefault(event.place, event.at_ms)
    rows = []
    for place, here in held.items():
        last = len(here) - 1  # a lookup, and a new copy, move to the end: that box is the one it was about
        boxes = [
            Box(
                copy.path,
                copy.size,
                copy.fresh_for,
                copy.lasts,
                key_text(copy.key),
                found.get(place, "") if order == last and found.get(place) in _FOUND else "",
                came.get(place) if order == last else None,
                bool(flagged) and copy.path == flagged,
            )
            for order, copy in enumerate(here)
        ]
        room, guess, note = (capacity or {}).get(place.kind), (guesses or {}).get(place, ""), (notes or {}).get(place, "")
        rows.append(Shelf(place, tuple(boxes), room, found.get(place, ""), when.get(place, 0.0), guess, note=note, faint=place in faint))
    return tuple(rows)


# ---- the words


def twin(shelves: Iterable[Shelf]) -> str:
    """The shelves in words, the same every time; keys included, because a box tells them too.

    >>> lis = Place("edge LIS", kind="edge", code="LIS", city="Lisbon")
    >>> twin([Shelf(lis, (Box("/cat.jpg", 48_513, 86_400, 86_400, "d1.cloudfront.net/cat.jpg"),))])
    'Edge LIS: /cat.jpg (49 kB, fresh for 1 day; key d1.cloudfront.net/cat.jpg).'
    """
    return " ".join(_told(shelf) for shelf in shelves)


def _told(shelf: Shelf) -> str:
    who = station(shelf.place)
    boxes = [f"{box.label} ({box.says}{f'; key {box.key}' if box.key else ''})" for box in shelf.boxes]
    left = "".join(f" {label} was {end}." for label, end in shelf.left)
    return f"{who[0].upper()}{who[1:]}: {', '.join(boxes) or 'empty'}.{left}"


# ---- the picture


def picture(shelves: Sequence[Shelf], title: str = "") -> str:
    """The shelves as one svg for a page that has the style sheet of `marks.css()`. `title`: said to a screen reader before the twin."""
    parts = [_shelf(shelf, 4 + order * _ROW, _scale(shelf, shelves)) for order, shelf in enumerate(shelves)]
    high = number(4 + len(shelves) * _ROW)
    # keys are hidden by attribute, so that they stay hidden where style sheets are stripped
    shows = "<style>:is(:focus-visible,:hover)>.cdnlab-key{display:inline}</style>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="cdnlab-shelves" viewBox="0 0 {WIDTH} {high}" width="{WIDTH}" role="group" '
        f'aria-label="{safe(" ".join(part for part in (title, twin(shelves)) if part))}" font-family="{FONT}">{shows}{"".join(parts)}</svg>'
    )


def _scale(shelf: Shelf, shelves: Sequence[Shelf]) -> float:
    """Pixels a byte: by its capacity; without one, all such shelves alike."""
    if shelf.capacity:
        return (_RIGHT - _LEFT) / shelf.capacity
    others = [other for other in shelves if not other.capacity]
    sizes = [box.size for other in others for box in other.boxes]
    return (_RIGHT - _LEFT) / max(1, _ALONE * max(sizes, default=1), *(sum(box.size for box in other.boxes) for other in others))


def _words(x: float, y: float, words: str, size: float = 12, extra: str = ' class="cdnlab-halo"') -> str:
    """A line of text; `words` is markup already."""
    return f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="currentColor"{extra}>{words}</text>'


def _shelf(shelf: Shelf, top: float, scale: float) -> str:
    place, mark = shelf.place, PLACES[shelf.place.kind]
    where = shelf.note or ", ".join(part for part in (mark.word, place.city if name(place) != place.city else "") if part)
    full = f"{size_text(sum(box.size for box in shelf.boxes))} of {size_text(shelf.capacity)}" if shelf.capacity else ""
    shape = place_shape(place.kind, 24, top + 23, 9)
    called = _words(50, top + 20, safe(name(place), 14), 13.5, ' font-weight="600"')
    which = f'data-place="{safe(place)}" data-kind="{place.kind}"'
    said = f'tabindex="0" role="button" aria-label="{safe(f"shelf of {station(place)}")}"'
    lines = _words(50, top + 34, safe(where, 20), 11) + (_words(50, top + 47, full, 11) if full else "")
    head = f"<g {which} {said}>{shape}{called}{lines}</g>"
    ends = f"M{_LEFT} {number(top + _PLANK)}v-30M{_RIGHT} {number(top + _PLANK)}v-30" if shelf.capacity else ""  # so much and no more
    parts = [f'<path d="M{_LEFT} {number(top + _PLANK)}H{_RIGHT}{ends}" fill="none" stroke="currentColor" stroke-width="2"/>']
    x, hidden, stop = _LEFT + 5.0, 0, "0" if len(shelf.boxes) <= _STOPS else "-1"
    for box in shelf.boxes:
        if x + _LEAST > _RIGHT:
            hidden += 1
            continue
        wide = min(max(_LEAST, box.size * scale), _RIGHT - x)
        parts.append(_box(box, x, top + _PLANK - 1 - _HIGH, wide - 2, stop))
        x += wide
    if not shelf.boxes:
        parts.append(_words(_LEFT + 8, top + 27, "empty", 12, ' opacity="0.7"'))
    gone = [f"{label} {end}" for label, end in shelf.left]
    told = [f"and {hidden} more"] * bool(hidden) + gone[:3] + [f"{len(gone) - 3} more gone"] * (len(gone) > 3)
    if told:
        parts.append(_words(_LEFT + 4, top + 48, safe("; ".join(told), 76), 11))
    row = f"{head}<g {which}>{''.join(parts)}</g>"
    return (f'<g opacity="0.5">{row}</g>' if shelf.faint else row) + _lookup(shelf, top)


def _box(box: Box, x: float, y: float, wide: float, stop: str) -> str:
    """A copy, its lower left corner on the plank; its key appears under the plank while it is pointed at or has the focus."""
    fresh = box.fresh_for > 0
    half = _HIGH / 2
    outline = f"M{number(x)} {number(y)}h{number(wide)}v{_HIGH}h{number(-wide)}z"
    parts = []
    if box.found:
        halo = f'<path d="{outline}" fill="none" stroke="currentColor" stroke-width="11" opacity="0.25" stroke-linejoin="round"/>'
        edge = f'<path d="{outline}" fill="none" stroke="currentColor" stroke-width="4.5" stroke-linejoin="round"/>'
        parts.append(f'<g class="cdnlab-{box.found}">{halo}{edge}</g>')
    look = 'fill="currentColor" fill-opacity="0.14"' if fresh else 'fill="none" stroke-dasharray="5 4"'
    parts.append(f'<path d="{outline}" class="cdnlab-back" fill="none"/>')
    thick = "4" if box.flagged else "1.4"
    parts.append(f'<path d="{outline}" {look} stroke="currentColor" stroke-width="{thick}"/>')
    burnt = f'<path d="M{number(x)} {number(y - 5)}h{number(wide)}" stroke="currentColor" stroke-width="3" opacity="0.22"/>'
    left = f'<path d="M{number(x)} {number(y - 5)}h{number(wide * box.share)}" stroke="currentColor" stroke-width="3"/>' if fresh else ""
    spark = f'<circle cx="{number(x + wide * box.share)}" cy="{number(y - 5)}" r="3" fill="currentColor"/>' if fresh else ""
    parts += [burnt, left, spark]
    if wide >= 46:
        sign = drawn((copy_box if fresh else spent_box)(x + 13, y + half, 5.5))
        parts += [sign, _words(x + 24, y + half + 4, safe(box.label, max(3, int((wide - 30) / 6.6))), 12, "")]
    elif wide >= 16:
        parts.append(drawn((copy_box if fresh else spent_box)(x + wide / 2, y + half, 5)))
    said = safe(f"{box.label}, {box.says}" + (f"; key: {box.key}" if box.key else ""))
    under = safe(f"{box.says}; key {box.key}" if box.key else f"{box.label}: {box.says}", 84)
    key = f'<g class="cdnlab-key" display="none">{_words(_LEFT + 4, y + _HIGH + 14.5, under, 11)}</g>'
    moment = "" if box.came_ms is None else f' data-at="{number(box.came_ms)}"'
    return f'<g class="cdnlab-copy"{moment} tabindex="{stop}" role="img" aria-label="{said}">{"".join(parts)}{key}</g>'


def _lookup(shelf: Shelf, top: float) -> str:
    """What the latest lookup found here, and what was predicted."""
    parts, y = [], top + 20
    if shelf.looked:
        result = RESULTS[shelf.looked]
        plain = result.plain if shelf.looked in ("hit", "miss", "refresh") else ""  # of the others the word says it all
        words = f'<tspan font-weight="600">{result.word}</tspan><tspan dx="5" font-size="11.5">{plain}</tspan>'
        came = [box.came_ms for box in shelf.boxes if box.came_ms is not None]
        if shelf.looked == "miss" and came:
            words += f'<tspan font-size="11.5" data-at="{number(came[-1])}">; one stays now</tspan>'
        parts.append(
            f'<g data-at="{number(shelf.looked_ms)}">{glyph(shelf.looked, _RIGHT + 16, y, 6)}{_words(_RIGHT + 29, y + 4, words, 12.5)}</g>'
        )
    if shelf.guess:
        word = f"you: {RESULTS[shelf.guess].word}"
        box = f'x="{_RIGHT + 8}" y="{number(y + 12)}" width="{number(len(word) * 6.6 + 12)}" height="17" rx="4"'
        parts.append(f'<rect {box} fill="none" stroke="currentColor" stroke-width="1.4" stroke-dasharray="4 3"/>')
        parts.append(_words(_RIGHT + 14, y + 24.5, word, 11.5))
    return "".join(parts)
