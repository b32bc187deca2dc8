"""Lesson 11: what does this path remove?

A site's copies lie in three edges and in the regional caches behind them. Type an invalidation path: those that it would remove are
struck through, before anything is sent. `Invalidate` sends it. What it costs stands beside it: the path counts, not what it removes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from cdnlab.cloudfront import Held
from cdnlab.controls import Button, Predict, Press, Slider, Text
from cdnlab.costs import bill
from cdnlab.experiments.releases import QUARTER, Site, site
from cdnlab.invalidations import is_wildcard
from cdnlab.marks import copy_box, drawn, number
from cdnlab.panels import Panel
from cdnlab.staircase import FONT, safe
from cdnlab.steps import Place
from cdnlab.telling import name

__all__ = ["FILES", "Sweep", "model", "panel", "say", "stocked", "view"]

FILES = ("index.html", "images/cat.jpg", "images/dog.jpg", "news/index.html")
ASKED = {
    "Lisbon": ("", "images/cat.jpg", "images/cat.jpg?size=small", "images/dog.jpg", "news/index.html"),
    "New York": ("", "images/cat.jpg?size=small", "images/dog.jpg"),
    "Tokyo": ("", "images/cat.jpg", "news/index.html"),
}
"""What was opened where, after the site's address."""

SUGGESTIONS = ("/images/cat.jpg", "/images/cat.jpg*", "/images/*.jpg", "/images/*", "/", "/index.html", "/*")
USED = (0, 999, 1_000, 5_000)


def stocked() -> Site:
    """The site with its files, after people in three cities have opened it.

    >>> shop = stocked()
    >>> [str(held.place) for held in shop.cdn.preview_invalidation(shop.id, "/images/cat.jpg") if held.place.kind == "edge"]
    ['edge LIS', 'edge NRT']
    """
    shop = site()
    for key in FILES:
        shop.bucket.put_object(Key=key, Body=f"This is {key}.".encode(), CacheControl=QUARTER)
    for city, paths in ASKED.items():
        for path in paths:
            shop.cdn.get(shop.home + path, city, explain=False)
    return shop


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is on show: the `path` as typed, copies there are now (`held`), those it would remove (`going`), and what that costs.

    `before`: the copies before anything was sent; `sent`: the paths that were; `used`: paths this month so far, those included; `price`:
    dollars for one more.
    """

    path: str
    before: tuple[Held, ...]
    held: tuple[Held, ...]
    going: tuple[Held, ...]
    sent: tuple[str, ...]
    used: int
    price: float
    guess: str | None = None


def _checked(path: str) -> None:
    """Raises ConfigError as create_invalidation would."""
    stocked().invalidate(path)


def model(presses: Sequence[Press], *, path: str, used: float, guess: str | None = None) -> Sweep:
    """The preview of `path` after all invalidations that were sent. Raises what create_invalidation raises.

    >>> sweep = model([], path="/images/*.jpg", used=1_000)
    >>> len(sweep.held), len(sweep.going), sweep.price
    (22, 0, 0.005)
    """
    shop = stocked()
    before = tuple(shop.cdn.copies())
    for press in presses:
        shop.invalidate(press.path)
        shop.cdn.clock.advance(60)
    held, going = tuple(shop.cdn.copies()), tuple(shop.cdn.preview_invalidation(shop.id, path))
    so_far = int(used) + len(presses)
    price = round(bill(invalidation_paths=so_far + 1).total - bill(invalidation_paths=so_far).total, 6)
    return Sweep(path, before, held, going, tuple(press.path for press in presses), so_far, price, guess)


# ---- the words


def _object(held: Held) -> str:
    return f"{held.path}?{held.key.query}" if held.key.query else held.path


def _columns(sweep: Sweep) -> tuple[Place, ...]:
    return tuple(dict.fromkeys(held.place for held in sweep.before))


def _gone(sweep: Sweep) -> str:
    if not sweep.going:
        return f"{sweep.path} would remove none of {len(sweep.held)} copies"
    where = []
    for kind, words in (("edge", "edges"), ("regional", "regional caches")):
        found = dict.fromkeys(held.place for held in sweep.going if held.place.kind == kind)
        where.append(f"{words} {', '.join(_short(place) for place in found)}")
    return f"{sweep.path} would remove {len(sweep.going)} of {len(sweep.held)} copies ({'; '.join(where)})"


def _short(place: Place) -> str:
    return name(place).removeprefix("edge ")


def say(sweep: Sweep) -> str:
    """The text twin."""
    price = "free" if not sweep.price else f"${sweep.price:g}"
    sent = f"Sent: {', '.join(sweep.sent)}. " if sweep.sent else ""
    return f"{sent}{_gone(sweep)}.\nPrice of this path, {sweep.used:,} used this month: {price}."


def comment(sweep: Sweep) -> str:
    """Why this path removes what it removes."""
    path = sweep.path
    if not sweep.going and path == next(iter(sweep.sent[-1:]), None) and len(sweep.held) < len(sweep.before):
        return "What this path meant is gone. The next request for it goes all the way to the origin."
    if "*" in path[:-1] and not sweep.going:
        return "A * is a wildcard only as the last character; elsewhere it is an asterisk, and no file is called that."
    if path == "/" and not sweep.going:
        return "Nothing is stored under /: the root object is stored under its own name. Which is that here?"
    gone = {_object(held) for held in sweep.going}
    if not gone:
        return "Nothing here is stored under this path. Capitals and the leading slash count."
    left = sorted({_object(held) for held in sweep.held if held.key.query and held.path == path} - gone)
    if left:
        return f"{left[0]} stays: query strings are in this site's cache key, so that is another object."
    if is_wildcard(path) and len(gone) > 1:
        return f"{len(gone)} objects, and still one path on the bill."
    return "Edges and regional caches alike. Browsers are not in the picture, because no invalidation reaches them."


GUESSES = ("all copies of the pictures", "the pictures without a query string", "none")


def outcome(sweep: Sweep) -> str:
    """What `/images/*.jpg` removes, once it was tried."""
    if sweep.path != "/images/*.jpg":
        return ""
    return f"{_gone(sweep)}. {comment(sweep)}"


# ---- the picture

_LEFT, _WIDTH, _ROW, _HEAD = 190, 720, 30, 46


def _words(x: float, y: float, text: str, size: float = 12, anchor: str = "start", extra: str = "") -> str:
    where = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}" text-anchor="{anchor}"'
    return f'<text class="cdnlab-halo" {where} fill="currentColor"{extra}>{safe(text)}</text>'


def _cell(x: float, y: float, *, here: bool, going: bool) -> str:
    if not here:
        return _words(x, y + 4, "gone", 11.5, "middle", ' opacity="0.75"')
    if not going:
        return drawn(copy_box(x, y, 8))
    cut = f'<path d="M {x - 14:g} {y + 10:g} L {x + 14:g} {y - 10:g}" stroke="currentColor" stroke-width="3"/>'
    return f'<g opacity="0.55">{drawn(copy_box(x, y, 8))}</g>{cut}'


def picture(sweep: Sweep) -> str:
    """Objects by places: a parcel a copy, struck through if the path would remove it."""
    columns, rows = _columns(sweep), list(dict.fromkeys(sorted(_object(held) for held in sweep.before)))
    wide = (_WIDTH - _LEFT) / len(columns)
    here, going = ({(_object(held), held.place) for held in found} for found in (sweep.held, sweep.going))
    parts = []
    for order, place in enumerate(columns):
        x = _LEFT + wide * (order + 0.5)
        parts.append(_words(x, 14, "edge" if place.kind == "edge" else "regional cache", 11, "middle"))
        parts.append(_words(x, 30, _short(place), 12.5, "middle", ' font-weight="600"'))
    for row, thing in enumerate(rows):
        y = _HEAD + _ROW * (row + 0.5)
        parts.append(f'<path d="M 0 {y + _ROW / 2:g} H {_WIDTH}" stroke="currentColor" opacity="0.2"/>')
        parts.append(_words(0, y + 4, thing, 12.5))
        for order, place in enumerate(columns):
            spot = (thing, place)
            if any((_object(held), held.place) == spot for held in sweep.before):
                parts.append(_cell(_LEFT + wide * (order + 0.5), y, here=spot in here, going=spot in going))
    high = _HEAD + _ROW * len(rows)
    parts += [_cell(12, high + 20, here=True, going=False), _words(30, high + 24, "copy stays")]
    parts += [_cell(142, high + 20, here=True, going=True), _words(164, high + 24, "would be removed")]
    size = f'viewBox="0 0 {_WIDTH} {high + 36}" width="{_WIDTH}" style="max-width:100%;height:auto"'
    said = safe(f"{say(sweep)} {comment(sweep)}")
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{said}" font-family="{FONT}">{"".join(parts)}</svg>'


def view(sweep: Sweep) -> str:
    """A comment and the picture."""
    return f"<p><strong>{escape(comment(sweep))}</strong></p>{picture(sweep)}"


def panel() -> Panel[Sweep]:
    """The experiment: predict, type paths, send one."""
    return Panel(
        "What does this path remove?",
        [
            Predict("guess", "You invalidate /images/*.jpg. What does it remove?", GUESSES, outcome),
            Text("path", "Invalidation path", "/images/cat.jpg", SUGGESTIONS, _checked),
            Slider("used", "Paths used this month", values=USED),
            Button("Invalidate", primary=True),
        ],
        model=model,
        view=view,
        twin=say,
        moment=lambda sweep: f"{len(sweep.sent)} sent, {len(sweep.held)} copies left",
        caption=lambda sweep: f"{say(sweep)} Simulated with cdnlab.",
    )


# ---- what the exercises reckon with


def reach() -> list[int]:
    """How many copies /images/*.jpg and /images/cat.jpg* remove."""
    shop = stocked()
    return [len(shop.cdn.preview_invalidation(shop.id, path)) for path in ("/images/*.jpg", "/images/cat.jpg*")]


def charged() -> list[float]:
    """Paths on the bill, and dollars, for two files and a wildcard in a month in which 1,000 paths were used before."""
    paths = ["/index.html", "/about.html", "/images/*"]
    dollars = bill(invalidation_paths=1_000 + len(paths)).total - bill(invalidation_paths=1_000).total
    return [len(paths), round(dollars, 6)]
