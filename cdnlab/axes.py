"""The axes of a chart: where a value stands between two ends, and which values are written along it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cdnlab.controls import number

__all__ = ["Axis", "Scale", "ticks"]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its `title`, how a value is written (`text`), `log`arithmic or even, its `ticks` and `range` (default: to fit)."""

    title: str
    text: Callable[[float], str] = number
    log: bool = False
    ticks: tuple[float, ...] = ()
    range: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """The ends of an axis, and how values lie between them."""

    low: float
    high: float
    log: bool

    @staticmethod
    def of(axis: Axis, values: Sequence[float], from_zero: bool) -> Scale:
        """The scale of an axis that shows these values; `from_zero`: down to 0, unless it is logarithmic."""
        low, high = axis.range or (min(values, default=1.0), max(values, default=1.0))
        if axis.range is None and from_zero and not axis.log:
            low = min(low, 0.0)
        if low >= high:
            low, high = (low / 10, high * 10) if axis.log else (low - 1, high + 1)
        return Scale(low, high, axis.log)

    def at(self, value: float) -> float:
        """Where a value stands: 0 at the low end, 1 at the high one."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def ticks(axis: Axis, scale: Scale) -> list[float]:
    """Where an axis has its ticks: those it names, else powers of ten, or round steps."""
    if axis.ticks:
        return [tick for tick in axis.ticks if scale.low <= tick <= scale.high]
    if scale.log:
        first, last = math.ceil(math.log10(scale.low) - 1e-9), math.floor(math.log10(scale.high) + 1e-9)
        return [10.0**power for power in range(first, last + 1)]
    size = 10 ** math.floor(math.log10((scale.high - scale.low) / 4))
    step = next(size * times for times in (1, 2, 5, 10) if (scale.high - scale.low) / (size * times) <= 6)
    return [round(order * step, 12) for order in range(math.ceil(scale.low / step - 1e-9), math.floor(scale.high / step + 1e-9) + 1)]
