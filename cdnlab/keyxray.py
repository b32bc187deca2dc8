"""The key X-ray: which part of the cache key splits the cache, and what it would be worth to leave it out.

A low hit ratio often has one cause: something is in the cache key that tells requests apart and does not tell answers
apart. The X-ray takes journeys that have been made, reads off the key that each of them had, and asks of every part of it
(each header, cookie and query parameter, and the order of the parameters): had it not been there, how many copies
would there have been, how many hits, and how many viewers would have been handed an answer that differs from their own?
The first two say whether the part costs anything; the last says whether it is needed.

It replays the requests on paper: first come, first stored, edge by edge, each copy for the lifetime of its answer.
What it cannot know: copies that were evicted or invalidated meanwhile, and what the origin would have answered had it
not been told (whatever leaves the key no longer reaches the origin, unless an origin request policy sends it).
`tests/test_keyxray.py` compares its figures with those of a CloudFront whose key is really so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from cdnlab.cachekey import CacheKey, cache_key
from cdnlab.cloudfront import CloudFront
from cdnlab.errors import InputError, UnknownName
from cdnlab.freshness import lifetime
from cdnlab.journey import Journey
from cdnlab.keyparts import parameters
from cdnlab.marks import css, hatch, number
from cdnlab.messages import Headers, Request, Response
from cdnlab.plan import OriginGroup, Plan
from cdnlab.staircase import FONT, safe

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ORDER", "KeyXray", "Split", "key_of", "key_xray"]

ORDER = "order of the query parameters"
"""The part of a key that is no parameter's own: in which order they stand."""


@dataclass(frozen=True, slots=True)
class Split:
    """What one part of the key does, and what would be without it.

    `what`: "cookie session", "header Accept-Language", "query parameter size" or ORDER; `values`: how many different ones
    there were (being absent is one); `copies`, `hits`, `others`: without it, the copies stored, the hits, and the hits that would
    hand out another answer than the viewer now got; `gained`, `harmed`: hits and others more than with it; `how`: what to do.
    """

    what: str
    values: int
    copies: int
    hits: int
    others: int
    gained: int
    harmed: int
    requests: int
    how: str

    @property
    def hit_ratio(self) -> float:
        """Hits without it, as a share of all requests."""
        return self.hits / self.requests

    @property
    def verdict(self) -> str:
        """Whether these requests need it."""
        if self.harmed:
            return f"needed: without it, {_counted(self.harmed, 'request')} would get an answer made for another"
        if self.gained:
            return "needless here: without it, all get the same answers as now"
        return "alone, it makes no difference"


class _Seen(NamedTuple):
    """One request as the X-ray sees it: when it reached which edge with which key, by whose decision, and its answer.

    `ready`: when others could have its answer; `life`: for how many seconds it may be used; `kept`: whether it is stored at all;
    `answer`: what the viewer got, None when that has no body to compare.
    """

    at: float
    ready: float
    edge: str
    key: CacheKey
    by: str
    life: float
    kept: bool
    answer: tuple[int, str | None, bytes] | None


class _Tally(NamedTuple):
    copies: int
    hits: int
    others: int


def key_of(cdn: CloudFront, journey: Journey) -> CacheKey:
    """The cache key that the edge used for this journey. Raises UnknownName when the journey's distribution is not in `cdn`.

    Source: understanding-the-cache-key. A key with CloudFront-* headers can only be told of journeys made with explain=True.
    """
    request, plan = _as_asked(cdn, journey)
    made = {each.name: each.value for each in journey.treatments if each.kind == "header" and each.added and each.in_key}
    if plan.recipe.keyed_generated and not journey.treatments:
        raise InputError(f"{plan.recipe.key_by} has CloudFront-* headers in the key: send the requests with explain=True")
    return cache_key(plan.recipe, request, journey.distribution, made)


def _as_asked(cdn: CloudFront, journey: Journey) -> tuple[Request, Plan]:
    """The request as the edge looks it up, the default root object put in, and the Plan that it falls under."""
    distribution, request = cdn.distribution(journey.distribution), journey.request
    if request.path == "/" and distribution.default_root_object:
        query = "" if request.query is None else f"?{request.query}"
        url = f"{request.scheme}://{request.parts.authority}/{distribution.default_root_object}{query}"
        request = Request(request.method, url, request.headers, version=request.version)
    return request, distribution.plan_for(request.path)


def key_xray(cdn: CloudFront, journeys: Iterable[Journey]) -> KeyXray:
    """X-ray the cache keys of these journeys, made through `cdn`, in any order.

    What no cache was asked for is left out and counted: refusals, redirects, errors, uncached methods, ranges.
    Raises InputError when nothing is left, or for what is no Journey; UnknownName for a journey of another CloudFront.

    >>> from cdnlab.experiments import cloakroom
    >>> cdn, journeys = cloakroom.visit(query=True, session=True, language=True)
    >>> xray = key_xray(cdn, journeys)
    >>> xray.copies, xray.hits, xray.splits[0].what, xray.splits[0].copies, xray.splits[0].hits
    (12, 0, 'cookie session', 8, 4)
    """
    seen, left_out = [], 0
    for journey in journeys:
        if not isinstance(journey, Journey):
            raise InputError(f"{journey!r} is not a Journey; give what cdn.get, cdn.request or cdn.play returned")
        found = _seen(cdn, journey)
        seen += [found] if found else []
        left_out += found is None
    if not seen:
        raise InputError(f"nothing to X-ray: of {_counted(left_out, 'journey')} given, no cache was asked for any")
    return KeyXray(tuple(sorted(seen, key=lambda each: each.at)), left_out)


def _seen(cdn: CloudFront, journey: Journey) -> _Seen | None:
    if journey.result not in ("Hit", "Miss", "RefreshHit") or journey.response.status == 206:
        return None
    request, plan = _as_asked(cdn, journey)
    recipe, method = plan.recipe, request.method
    if not recipe.caching or not (method in ("GET", "HEAD") or (method == "OPTIONS" and "OPTIONS" in plan.cached_methods)):
        return None
    headers, at = journey.response.headers, journey.started + journey.last_mile_ms / 2000
    if journey.result != "Miss":  # this Age is the copy's own, and says nothing about what the origin would send
        headers = Headers([(name, value) for name, value in headers.items() if name.lower() != "age"])
    first = plan.origin.members[0] if isinstance(plan.origin, OriginGroup) else plan.origin
    status = 200 if journey.response.status == 304 else journey.response.status  # the viewer's own If-None-Match: the copy was a 200
    answer = Response(status, headers)
    life = lifetime(answer, recipe.ttls, sent_at=at, s3=first.kind == "s3", cookies_forwarded=recipe.cookies_forwarded)
    ready = at if recipe.collapses else at + (journey.latency_ms - journey.last_mile_ms) / 1000
    seconds = life.seconds if life.keep == "reuse" else 0.0
    whole = method != "HEAD" and journey.response.status != 304
    shown = (status, headers.get("Content-Encoding"), journey.response.body) if whole else None
    return _Seen(at, ready, journey.edge, key_of(cdn, journey), recipe.key_by, seconds, life.keep != "drop", shown)


# ---- parts of a key


def _parts(key: CacheKey) -> dict[str, object]:
    """What the key is made of beyond name, path and method: values by the part's label."""
    parts: dict[str, list[str]] = {}
    listed = parameters(key.query)
    for name, text in listed:
        parts.setdefault(_parameter(name), []).append(text)
    if len({name for name, _ in listed}) > 1:
        parts[ORDER] = [name for name, _ in listed]
    if key.encoding is not None:
        parts[_ENCODING] = [key.encoding]
    for name, value in key.headers:
        parts.setdefault(_header(name), []).append(value)
    for name, value in key.cookies:
        parts.setdefault(f"cookie {name}", []).append(value)
    return {label: tuple(values) for label, values in parts.items()}


_ENCODING = "header Accept-Encoding"


def _parameter(name: str) -> str:
    return f"query parameter {name}" if name else "an empty query parameter"


def _header(name: str) -> str:
    return "header " + (name if name.lower() != name else "-".join(part.capitalize() for part in name.split("-")))


def _less(key: CacheKey, without: frozenset[str]) -> CacheKey:
    """The key with these parts left out."""
    if not without:
        return key
    listed = [(name, text) for name, text in parameters(key.query) if _parameter(name) not in without]
    if ORDER in without:
        listed.sort(key=lambda pair: pair[0])
    return key._replace(
        query="&".join(text for _, text in listed) if listed else None,
        encoding=None if _ENCODING in without else key.encoding,
        headers=tuple(pair for pair in key.headers if _header(pair[0]) not in without),
        cookies=tuple(pair for pair in key.cookies if f"cookie {pair[0]}" not in without),
    )


def _replayed(seen: Sequence[_Seen], without: frozenset[str]) -> _Tally:
    """The requests once more, first come first stored, with these parts left out of the key."""
    shelves: dict[tuple[str, CacheKey], _Seen] = {}
    hits = others = 0
    for each in seen:
        place = each.edge, _less(each.key, without)
        held = shelves.get(place)
        if held is not None and held.ready <= each.at < held.at + held.life:
            hits += 1
            others += None not in (held.answer, each.answer) and held.answer != each.answer
        elif each.kept:
            shelves[place] = each
    return _Tally(len(shelves), hits, others)


def _rank(split: Split) -> tuple[int, int, int, str]:
    """What is needless comes first, what gains nothing last; in between the costlier part before the cheaper one."""
    group = 2 if not split.gained else 1 if split.harmed else 0
    return group, -split.gained, split.copies, split.what


@dataclass(frozen=True)
class KeyXray:
    """The X-ray of some journeys' cache keys: `splits`, the worst culprit first; shows itself as text, table and picture.

    `left_out`: journeys for which no cache was asked; `removed`: parts that are taken as left out already.
    """

    _seen: tuple[_Seen, ...] = field(repr=False)
    left_out: int = 0
    removed: tuple[str, ...] = ()
    _now: _Tally = field(init=False, repr=False)
    splits: tuple[Split, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_now", _replayed(self._seen, frozenset(self.removed)))
        found = [self._split(what) for what in self._labels()]
        object.__setattr__(self, "splits", tuple(sorted(found, key=_rank)))

    def _labels(self) -> list[str]:
        gone = frozenset(self.removed)
        labels = dict.fromkeys(label for each in self._seen for label in _parts(_less(each.key, gone)))
        return [label for label in labels if label not in gone]

    def _split(self, what: str) -> Split:
        gone = frozenset(self.removed)
        found, now = _replayed(self._seen, gone | {what}), self._now
        values = {_parts(_less(each.key, gone)).get(what) for each in self._seen}
        policies = " and ".join(sorted({each.by for each in self._seen if what in _parts(each.key)}))
        how = "write links with their parameters in one order" if what == ORDER else f"leave it out of {policies}"
        gained, harmed = found.hits - now.hits, found.others - now.others
        return Split(what, len(values), *found, gained, harmed, self.requests, how)

    @property
    def requests(self) -> int:
        """How many requests a cache was asked for."""
        return len(self._seen)

    @property
    def copies(self) -> int:
        """Copies stored at the edges."""
        return self._now.copies

    @property
    def hits(self) -> int:
        """Requests that met a fresh copy at their edge."""
        return self._now.hits

    @property
    def others(self) -> int:
        """Of the hits, those whose answer differs from what the viewer really got: 0 unless something was `removed`."""
        return self._now.others

    @property
    def hit_ratio(self) -> float:
        """Hits as a share of the requests."""
        return self.hits / self.requests

    def __getitem__(self, what: str) -> Split:
        """The split by its name: `xray["cookie session"]`. Raises UnknownName."""
        found = next((split for split in self.splits if split.what == what), None)
        if found is None:
            raise UnknownName("part of the key", what, [split.what for split in self.splits], "it splits nothing here")
        return found

    def without(self, *whats: str) -> KeyXray:
        """The X-ray as it would be with these parts left out of the key; the next culprit comes to the top. Raises UnknownName."""
        for what in whats:
            self[what]
        return replace(self, removed=(*self.removed, *whats))

    # ---- faces

    def _head(self) -> str:
        less = f" without {', '.join(self.removed)}" if self.removed else ""
        figures = f"{_counted(self.copies, 'copy')}, {_counted(self.hits, 'hit')} ({_percent(self.hit_ratio)})"
        told = f"{_counted(self.requests, 'request')}{less}: {figures}"
        told += f", {self.others} of them with an answer made for another" if self.others else ""
        return told + (f"; {_counted(self.left_out, 'journey')} left out" if self.left_out else "") + "."

    def __str__(self) -> str:
        if not self.splits:
            return f"{self._head()} Nothing but name and path is in the key."
        wide = max(len(split.what) for split in self.splits)
        lines = [f"{self._head()} With one part less in the key:"]
        for split in self.splits:
            figures = f"{_counted(split.copies, 'copy'):>10} {_counted(split.hits, 'hit'):>8} ({_percent(split.hit_ratio):>4})"
            lines.append(f"  {split.what:<{wide}} {_counted(split.values, 'value'):>10} {figures}  {split.verdict}")
        return "\n".join(lines)

    __repr__ = __str__

    def to_frame(self) -> pd.DataFrame:
        """The splits as a table, in order: what, values, copies, hits, hit_ratio, others, verdict, how."""
        import pandas as pd

        columns = ("what", "values", "copies", "hits", "hit_ratio", "others", "verdict", "how")
        return pd.DataFrame([[getattr(split, name) for name in columns] for split in self.splits], columns=list(columns))

    def picture(self) -> str:
        """One bar a part, as SVG for a page with the style sheet of `marks.css()`: solid what is hit now, hatched what would be gained."""
        parts = [_words(0, 16, self._head(), 13, "600")]
        y = 44.0
        if not self.splits:
            parts.append(_words(0, y, "Nothing but name and path is in the key."))
        for split in self.splits:
            parts.append(_bar(split, self.hit_ratio, y))
            y += _ROW
        high = number(y - 12)
        size = f'viewBox="0 0 {_WIDE} {high}" width="{_WIDE}" style="max-width:100%;height:auto"'
        label = safe(self)
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{label}" font-family="{FONT}">{"".join(parts)}</svg>'

    def _repr_html_(self) -> str:
        return f'<div class="cdnlab"><style>{css()}</style>{self.picture()}</div>'

    def _repr_mimebundle_(self, **_: object) -> Mapping[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}


_WIDE, _ROW = 540, 64  # pixels: the picture and, in it, a bar of 100 %; a row


def _bar(split: Split, now: float, y: float) -> str:
    """One row: what it is and the figures, the bar, and the verdict."""
    before, after = now * _WIDE, split.hit_ratio * _WIDE
    frame = f'<path d="M.5 {number(y + 7)}h{_WIDE - 1}v12h{1 - _WIDE}z" fill="none" stroke="currentColor" opacity="0.5"/>'
    solid = f'<rect x="0" y="{number(y + 7)}" width="{number(min(before, after))}" height="12" fill="currentColor"/>'
    lines = f'<path d="{hatch(before, y + 7, after - before, 12)}" stroke="currentColor" fill="none"/>' if after > before else ""
    edge = f'<path d="M{number(after)} {number(y + 4)}v18" stroke="currentColor" stroke-width="2"/>' if after != before else ""
    figures = f"{_percent(split.hit_ratio)} hits, {_counted(split.copies, 'copy')}" + (" (assumed)" if split.gained else "")
    name = split.what if len(split.what) < 40 else f"{split.what[:38]}…"
    return (
        _words(0, y, name, 13, "600")
        + _words(_WIDE, y, figures, 12.5, "400", "end")
        + f'{frame}<g class="cdnlab-hit">{solid}{lines}{edge}</g>'
        + _words(0, y + 34, f"{_counted(split.values, 'value')}; {split.verdict}.")
    )


def _words(x: float, y: float, text: str, size: float = 12.5, weight: str = "400", anchor: str = "start") -> str:
    look = f'font-size="{number(size)}" font-weight="{weight}" text-anchor="{anchor}" fill="currentColor"'
    return f'<text x="{number(x)}" y="{number(y)}" {look}>{safe(text)}</text>'


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _counted(count: int, noun: str) -> str:
    plural = {"copy": "copies"}.get(noun, f"{noun}s")
    return f"{count:,} {noun if count == 1 else plural}"
