"""Request traces: who asks for what, and when.

A trace is a table with one row a request: `time_s` (seconds since its start), `object` (a number), `size_bytes`, and if
wanted `city`, `edge` and `ttl_s`. No real, licensed and timed trace of a CDN with sizes could be found, so lessons use
generated ones, and say so. What they are made of:

    popularity   Zipf: the object of rank r is asked for in proportion to 1 / r ** alpha; alpha about 0.8 to 1 on the web
    sizes        log-normal, one size an object, cut off at both ends
    rhythm       each city wakes and sleeps by its longitude: requests follow a curve over the local day, lowest at 4 and
                 highest at 20 o'clock (the curve is an assumption)
    cities       each asks in proportion to the internet users that live there

Everything comes from one seed, and the same seed gives the same trace.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cdnlab.errors import InputError
from cdnlab.geography import Viewer, find_city, nearest_edge

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

__all__ = ["daily_rhythm", "generate", "popularity"]

SMALLEST, LARGEST = 64, 8 * 2**20  # bytes


def _number(name: str, value: object, low: float, high: float, *, whole: bool = False) -> float:
    kinds: tuple[type, ...] = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= float(value) <= high:  # type: ignore[arg-type]
        raise InputError(f"{name} is {value!r}; give a {'whole ' if whole else ''}number from {low:g} to {high:g}")
    return float(value)  # type: ignore[arg-type]


def popularity(objects: int, alpha: float = 0.9) -> npt.NDArray[np.float64]:
    """The share of requests that each object gets, the most popular first: Zipf's law. The shares add up to 1.

    `alpha`: 0 for all alike, 1 for the classic law. Raises InputError.

    >>> [round(float(share), 3) for share in popularity(3, 1.0)]
    [0.545, 0.273, 0.182]
    """
    import numpy as np

    _number("objects", objects, 1, 1e8, whole=True)
    _number("alpha", alpha, 0, 5)
    weights = np.arange(1, objects + 1, dtype=np.float64) ** -alpha
    return np.asarray(weights / weights.sum())


def daily_rhythm(local_hour: float) -> float:
    """How busy a city is at this hour of its own day: from 0.2 at 4 o'clock to 1 at 16 and 20 (an assumption).

    >>> round(daily_rhythm(4), 2), round(daily_rhythm(20), 2)
    (0.2, 1.0)
    """
    hour = local_hour % 24
    if hour >= 16 and hour <= 20:
        return 1.0
    since_low = (hour - 4) % 24  # 0 at 4 o'clock, 12 at 16, 16 at 20
    part = since_low / 12 if since_low < 12 else (24 - since_low) / 8
    return 0.6 - 0.4 * math.cos(math.pi * min(1.0, part))


def generate(
    requests: int = 10_000,
    objects: int = 1_000,
    *,
    alpha: float = 0.9,
    hours: float = 24.0,
    cities: Sequence[str] | None = None,
    price_class: str = "PriceClass_All",
    median_bytes: int = 32 * 1024,
    sigma: float = 1.5,
    ttl_s: float | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """A made-up trace of `requests` for `objects` over some `hours`, beginning at midnight UTC.

    `alpha`: how unequal popularity is; `cities`: viewers' cities, which adds the columns city and edge; `median_bytes`,
    `sigma`: of the log-normal sizes; `ttl_s`: the same lifetime for all, in seconds. Sorted by time. Raises InputError, UnknownName.

    >>> trace = generate(1000, 50, cities=["Lisbon", "Tokyo"], seed=1)
    >>> list(trace.columns), len(trace), sorted(trace.edge.unique())
    (['time_s', 'object', 'size_bytes', 'city', 'edge'], 1000, ['LIS', 'NRT'])
    """
    import numpy as np
    import pandas as pd

    _number("requests", requests, 1, 1e9, whole=True)
    _number("hours", hours, 1 / 3600, 24 * 366)
    _number("median_bytes", median_bytes, 1, 1e12)
    _number("sigma", sigma, 0, 10)
    if ttl_s is not None:
        _number("ttl_s", ttl_s, 0, 1e10)
    random = np.random.default_rng(seed)
    wanted = random.choice(objects, size=requests, p=popularity(objects, alpha))
    sizes = np.clip(random.lognormal(math.log(median_bytes), sigma, objects), SMALLEST, LARGEST).astype(np.int64)
    columns = {"time_s": np.sort(random.random(requests)) * hours * 3600, "object": wanted, "size_bytes": sizes[wanted]}
    if cities is not None:
        if isinstance(cities, str) or not cities:
            raise InputError(f"cities is {cities!r}; give a list of cities, such as ['Lisbon', 'Tokyo']")
        found = [find_city(name) for name in cities]
        weights = np.array([max(city.weight, 1.0) for city in found])
        of = random.choice(len(found), size=requests, p=weights / weights.sum())
        quarters = np.arange(math.ceil(hours * 4))
        times = np.empty(requests)
        for number, city in enumerate(found):
            mine = np.flatnonzero(of == number)
            busy = np.array([daily_rhythm(quarter / 4 + city.lon / 15) for quarter in quarters])
            slots = random.choice(len(quarters), size=len(mine), p=busy / busy.sum())
            times[mine] = np.minimum((slots + random.random(len(mine))) * 900, hours * 3600)
        order = np.argsort(times, kind="stable")
        edges = [nearest_edge(Viewer.of(name), price_class).code for name in cities]
        columns = {"time_s": times[order], "object": wanted[order], "size_bytes": sizes[wanted[order]]}
        columns |= {"city": np.array([city.label for city in found])[of[order]], "edge": np.array(edges)[of[order]]}
    frame = pd.DataFrame(columns)
    return frame if ttl_s is None else frame.assign(ttl_s=float(ttl_s))
