"""A config as the checks read it: fields with a path, typed getters, and a place to say what is wrong.

A config may be any JSON at all. A Field never raises: what is absent, or of the wrong type (which `shapes.py` has told
already), reads as empty. So every check is a plain sentence about values, and no check can crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from cdnlab.shapes import Findings, idle

__all__ = ["Field", "alternatives"]


def alternatives(name: str, known: Iterable[str], nothing: str = "") -> str:
    """What would have been legal in place of a name: the close ones, else some of them.

    >>> alternatives("orign", ["origin", "api"])
    "did you mean 'origin'?"
    """
    names = sorted(set(known))
    if close := get_close_matches(name[:200], names, n=3, cutoff=0.6):
        return "did you mean " + " or ".join(repr(each) for each in close) + "?"
    shown = ", ".join(repr(each) for each in names[:8])
    return (shown + (" ..." if len(names) > 8 else "")) or nothing


class Field:
    """One value of a config, at `path`, with the `findings` that checks add to.

    >>> config = Field({"Aliases": {"Quantity": 1, "Items": ["a.example"]}, "Comment": 7})
    >>> [alias.value for alias in config.items("Aliases")], config.text("Comment"), config.items("Origins")
    (['a.example'], '', [])
    """

    __slots__ = ("findings", "path", "value")

    def __init__(self, value: object, path: str = "", findings: Findings | None = None) -> None:
        self.value: Any = value
        self.path = path
        self.findings = findings if findings is not None else Findings()

    def _raw(self, name: str) -> object:
        return self.value.get(name) if isinstance(self.value, Mapping) else None

    def at(self, name: str) -> str:
        """The path of a field of this structure."""
        return f"{self.path}.{name}" if self.path and name else self.path or name

    def node(self, name: str) -> Field:
        """A structure inside this one; an empty one if it is absent."""
        value = self._raw(name)
        return Field(value if isinstance(value, Mapping) else {}, self.at(name), self.findings)

    def items(self, name: str) -> list[Field]:
        """The items of a list field of the form {"Quantity": n, "Items": [...]}."""
        items = self.node(name)._raw("Items")
        path = f"{self.at(name)}.Items"
        return [Field(item, f"{path}[{n}]", self.findings) for n, item in enumerate(items)] if isinstance(items, list | tuple) else []

    def texts(self, name: str) -> list[str]:
        """The items of a list field that are text."""
        return [item.value for item in self.items(name) if isinstance(item.value, str)]

    def text(self, name: str) -> str:
        """A text field; "" if it is absent."""
        value = self._raw(name)
        return value if isinstance(value, str) else ""

    def whole(self, name: str) -> int | None:
        """A whole number; None if it is absent."""
        value = self._raw(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, name: str) -> bool:
        """A true or false; false if it is absent."""
        return self._raw(name) is True

    def given(self, name: str) -> bool:
        """Whether the field is there at all and not null."""
        return self._raw(name) is not None

    def matters(self, name: str) -> bool:
        """Whether the field is set to something that matters: not empty, false, 0, or a list of Quantity 0."""
        return not idle(self._raw(name))

    def names(self) -> Iterator[str]:
        """The names of the fields that are there."""
        return (name for name in self.value if isinstance(name, str)) if isinstance(self.value, Mapping) else iter(())

    def refuse(self, code: str, name: str, seen: object, rule: str, legal: str = "") -> None:
        """AWS would refuse this field. `name` "" means the structure itself."""
        self.findings.add(code, self.at(name), seen, rule, legal)

    def warn(self, name: str, says: str) -> None:
        """AWS takes this field, but something should be known about it."""
        self.findings.warn(self.at(name), says)

    def between(self, name: str, low: int, high: int, code: str = "InvalidArgument", unit: str = "") -> None:
        """Refuse a number outside a range."""
        value = self.whole(name)
        if value is not None and not low <= value <= high:
            self.refuse(code, name, value, f"{name} is out of range", f"{low} to {high}{unit}")
