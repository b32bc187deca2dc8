"""The controls of a panel, as a table: what there is to turn, what it may be turned to, what it is called.

A control is a frozen value. It knows its `name` (how the model and `panel.set` call it), its `label` (what stands beside
it on screen, and what a screen reader says), its starting `value`, and how to check a new one. Nothing here draws:
`spec()` is what the browser needs to draw it with its own input elements, which is why every control has an
accessible name and works from the keyboard.

    Choice    one of a few texts                 Toggle    yes or no
    Slider    a number, even or from a list      Button    an act; every press goes on the panel's tape
    Text      any text, with suggestions         Predict   asks what will happen before it does
    Rail      numbers that keep their order      Flag      asks when, or how many: a prediction on a scale
                                                 Ticks     asks which of several: a prediction with more than one answer
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from cdnlab.errors import InputError, UnknownName

__all__ = ["Button", "Choice", "Control", "Flag", "Predict", "Press", "Rail", "Slider", "Text", "Ticks", "Toggle", "number"]


def number(value: float, unit: str = "") -> str:
    """A number as a reader wants it: thousands grouped, no needless `.0`, the unit after a space.

    >>> number(16990.0, "km"), number(0.5), number(86400, "s")
    ('16,990 km', '0.5', '86,400 s')
    """
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.10g}"
    return f"{text} {unit}".strip()


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few texts. `value`: the one to start with (default: the first).

    >>> Choice("header", "Origin sends", ("max-age=60", "no-store")).check("max-age=60")
    'max-age=60'
    """

    name: str
    label: str
    options: tuple[str, ...]
    value: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", self.check(self.value or self.options[0]))

    def check(self, value: Any) -> str:
        """The option, or UnknownName."""
        if value not in self.options:
            raise UnknownName(f"choice for {self.name}", value, self.options)
        return str(value)

    def spec(self) -> dict[str, Any]:
        """What the browser needs."""
        return {"kind": "choice", "name": self.name, "label": self.label, "options": list(self.options)}


@dataclass(frozen=True, slots=True)
class Slider:
    """A number from `low` to `high` in steps of `step`, or one of `values` (for scales that are not even).

    `unit` is shown after the number; `texts` name the `values` one by one ("1 day" for 86400).

    >>> Slider("penalty", "Trouble on the line", 0, 150, unit="ms").check(45)
    45
    >>> Slider("ttl", "Max TTL", values=(0, 60, 3600)).check(61)
    Traceback (most recent call last):
    cdnlab.errors.InputError: ttl: 61 is not one of 0, 60, 3,600
    """

    name: str
    label: str
    low: float = 0
    high: float = 100
    value: float | None = None
    step: float = 1
    unit: str = ""
    values: tuple[float, ...] = ()
    texts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.values:
            object.__setattr__(self, "low", min(self.values))
            object.__setattr__(self, "high", max(self.values))
        if self.texts and len(self.texts) != len(self.values):
            raise InputError(f"{self.name}: {len(self.texts)} texts for {len(self.values)} values; give one text a value")
        start = self.low if self.value is None else self.value
        object.__setattr__(self, "value", self.check(start))

    def check(self, value: Any) -> float:
        """The number, or InputError."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{self.name}: {value!r} is not a number")
        if self.values:
            if value not in self.values:
                raise InputError(f"{self.name}: {value} is not one of {', '.join(map(number, self.values))}")
            return self.values[self.values.index(value)]
        if not self.low <= value <= self.high:
            raise InputError(f"{self.name}: {value} is outside {number(self.low)} to {number(self.high, self.unit)}")
        return value

    def spec(self) -> dict[str, Any]:
        """What the browser needs; with `values`, the browser's slider moves over their positions."""
        texts = list(self.texts) or [number(each, self.unit) for each in self.values]
        even = {"low": self.low, "high": self.high, "step": self.step, "unit": self.unit}
        listed = {"values": list(self.values), "texts": texts}
        return {"kind": "slider", "name": self.name, "label": self.label} | (listed if self.values else even)


@dataclass(frozen=True, slots=True)
class Rail:
    """Several handles on one scale, never out of order: each at or after the one before it.

    `handles`: their labels; `value`: where they start; `values`: where a handle may stand, `texts` names for these. By
    hand, a handle that meets another pushes it along; in code, an order that is not one is refused.

    >>> rail = Rail("ttls", "Cache policy", ("Min", "Max"), (0, 60), values=(0, 10, 60))
    >>> rail.check((10, 10))
    (10, 10)
    >>> rail.check((60, 10))
    Traceback (most recent call last):
    cdnlab.errors.InputError: ttls: Min (60) must not be above Max (10)
    """

    name: str
    label: str
    handles: tuple[str, ...]
    value: tuple[float, ...]
    values: tuple[float, ...]
    texts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.texts and len(self.texts) != len(self.values):
            raise InputError(f"{self.name}: {len(self.texts)} texts for {len(self.values)} values; give one text a value")
        object.__setattr__(self, "value", self.check(self.value))

    def check(self, value: Any) -> tuple[float, ...]:
        """The numbers, or InputError."""
        if not isinstance(value, tuple | list) or len(value) != len(self.handles):
            raise InputError(f"{self.name}: {value!r} is not {len(self.handles)} numbers ({', '.join(self.handles)})")
        for each in value:
            if isinstance(each, bool) or each not in self.values:
                raise InputError(f"{self.name}: {each!r} is not one of {', '.join(map(number, self.values))}")
        for left, right, low, high in zip(self.handles, self.handles[1:], value, value[1:], strict=False):
            if low > high:
                raise InputError(f"{self.name}: {left} ({number(low)}) must not be above {right} ({number(high)})")
        return tuple(self.values[self.values.index(each)] for each in value)

    def spec(self) -> dict[str, Any]:
        """What the browser needs."""
        texts = list(self.texts) or [number(each) for each in self.values]
        listed = {"handles": list(self.handles), "values": list(self.values), "texts": texts}
        return {"kind": "rail", "name": self.name, "label": self.label} | listed


@dataclass(frozen=True, slots=True)
class Text:
    """Any text. `suggestions` (or a function that makes them, called when the panel is shown) drop down while typing.

    `accept`: called with a new text; raises a CdnlabError when it cannot be used. `optional`: it may be empty. `folded`: it stands
    under "More", out of sight until it is wanted.
    """

    name: str
    label: str
    value: str = ""
    suggestions: tuple[str, ...] | Callable[[], Iterable[str]] = ()
    accept: Callable[[str], object] | None = None
    optional: bool = False
    folded: bool = False

    def check(self, value: Any) -> str:
        """The text without spaces around it, or the error that `accept` raises."""
        if self.optional and isinstance(value, str) and not value.strip():
            return ""
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"{self.name}: {value!r} is not a text; type one, such as {self.value!r}")
        if self.accept is not None:
            self.accept(value.strip())
        return value.strip()

    def spec(self) -> dict[str, Any]:
        """What the browser needs."""
        listed = list(self.suggestions() if callable(self.suggestions) else self.suggestions)
        told = {"kind": "text", "name": self.name, "label": self.label, "suggestions": listed, "chars": len(self.value) or 45}
        return told | {"folded": True} if self.folded else told


@dataclass(frozen=True, slots=True)
class Toggle:
    """Yes or no.

    >>> Toggle("tier", "Second tier", True).check(False)
    False
    """

    name: str
    label: str
    value: bool = False

    def check(self, value: Any) -> bool:
        """True or False, or InputError."""
        if not isinstance(value, bool):
            raise InputError(f"{self.name}: {value!r} is neither True nor False")
        return value

    def spec(self) -> dict[str, Any]:
        """What the browser needs."""
        return {"kind": "toggle", "name": self.name, "label": self.label}


@dataclass(frozen=True, slots=True)
class Button:
    """An act with a verb for a name ("Send"). Every press is remembered with the values of all controls at that moment."""

    name: str
    primary: bool = False

    def spec(self) -> dict[str, Any]:
        """What the browser needs."""
        return {"kind": "button", "name": self.name, "primary": self.primary}


@dataclass(frozen=True, slots=True)
class Predict:
    """A question put before the experiment; the answer stays on screen beside the outcome. Nobody has to answer.

    `asked(result)`: whether it is time to ask (default: from the start). `outcome(result)`: a sentence once the
    experiment has answered, "" before. Both are pure.
    """

    name: str
    question: str
    options: tuple[str, ...]
    outcome: Callable[[Any], str]
    asked: Callable[[Any], bool] = lambda result: True

    value: None = None

    @property
    def label(self) -> str:
        """The question."""
        return self.question

    def check(self, value: Any) -> str | None:
        """One of the options, None for no answer, or UnknownName."""
        if value is not None and value not in self.options:
            raise UnknownName(f"prediction for {self.name}", value, self.options)
        return value if value is None else str(value)

    def told(self, value: Any) -> str | None:
        """The answer as it is quoted."""
        return value if value is None else f"“{value}”"

    def spec(self) -> dict[str, Any]:
        """What the browser needs."""
        return {"kind": "predict", "name": self.name, "label": self.question, "options": list(self.options)}


@dataclass(frozen=True, slots=True)
class Flag:
    """A Predict whose answer is a number: a flag to put on a scale from `low` to `high`, in steps of `step`.

    The model gets it by its name (None while it is not placed), so that the picture can draw it: dashed, labelled "you".
    """

    name: str
    question: str
    low: float
    high: float
    outcome: Callable[[Any], str]
    asked: Callable[[Any], bool] = lambda result: True
    step: float = 1
    unit: str = ""

    value: None = None

    @property
    def label(self) -> str:
        """The question."""
        return self.question

    @property
    def options(self) -> tuple[str, ...]:
        """What may be answered, for a page that has no slider."""
        return (f"from {number(self.low)} to {number(self.high, self.unit)}",)

    def check(self, value: Any) -> float | None:
        """The number, None for no answer, or InputError."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.low <= value <= self.high:
            raise InputError(f"{self.name}: {value!r} is not a number from {number(self.low)} to {number(self.high, self.unit)}")
        return value

    def told(self, value: Any) -> str | None:
        """The answer as it is quoted."""
        return value if value is None else number(value, self.unit)

    def spec(self) -> dict[str, Any]:
        """What the browser needs."""
        even = {"low": self.low, "high": self.high, "step": self.step, "unit": self.unit}
        return {"kind": "flag", "name": self.name, "label": self.question} | even


@dataclass(frozen=True, slots=True)
class Ticks:
    """A Predict with more than one answer: tick which of the options it will be.

    The model gets the ticked ones by its name, as a tuple in the order of the options (None while nothing is ticked).

    >>> Ticks("which", "Which sink?", ("cork", "iron", "lead"), outcome=str).check(["lead", "iron"])
    ('iron', 'lead')
    """

    name: str
    question: str
    options: tuple[str, ...]
    outcome: Callable[[Any], str]
    asked: Callable[[Any], bool] = lambda result: True

    value: None = None

    @property
    def label(self) -> str:
        """The question."""
        return self.question

    def check(self, value: Any) -> tuple[str, ...] | None:
        """Those of the options, None for no answer, or UnknownName."""
        if value is None:
            return None
        if not isinstance(value, tuple | list):
            raise InputError(f"{self.name}: {value!r} is not a list of answers; give some of {', '.join(self.options)}")
        for each in value:
            if each not in self.options:
                raise UnknownName(f"prediction for {self.name}", each, self.options)
        return tuple(each for each in self.options if each in value) or None

    def told(self, value: Any) -> str | None:
        """The answer as it is quoted."""
        return value if value is None else ", ".join(f"“{each}”" for each in value)

    def spec(self) -> dict[str, Any]:
        """What the browser needs."""
        return {"kind": "ticks", "name": self.name, "label": self.question, "options": list(self.options)}


Control: TypeAlias = Choice | Slider | Rail | Text | Toggle | Button | Predict | Flag | Ticks


@dataclass(frozen=True, slots=True)
class Press:
    """One press of a button: which `button`, and the `values` of all controls when it was pressed.

    >>> Press("Send", {"city": "Auckland"}).city
    'Auckland'
    """

    button: str
    values: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def __getattr__(self, name: str) -> Any:
        values = object.__getattribute__(self, "values")
        if name in values:
            return values[name]
        raise AttributeError(f"no control {name!r}; there are {', '.join(values)}")

    def __repr__(self) -> str:
        return f"Press({self.button!r}, {dict(self.values)!r})"
