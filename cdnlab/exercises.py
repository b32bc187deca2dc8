"""Exercises that check themselves: a text, a check with reasons, hints, a solution.

A check has three outcomes: correct; not yet, with the reason, aimed at the answer that people are likely to give; not
tried (the placeholder `...` is still there). The questions are data, one file a lesson in `data/exercises/`:

    [[question]]
    name = "q1"
    text = "How many of the four requests were edge hits?"
    right = 2                    # a number, a text, true or false, or a list of them
    hints = ["Send the third request alone."]
    solution = "Two: ..."
    otherwise = "Count again."   # feedback for any other answer
    [[question.wrong]]
    answer = 3                   # "*" in a list stands for anything
    says = "Three hits would need Tokyo's edge to find Lisbon's copy."

Further fields: `also` (other spellings of the right answer), `options` (the only answers there are), `labels` (names for
the values of a list), `within` (how far off a number may be), `unit`. A number that cdnlab can reckon is not written down:
`right_from = "far:neighbour_ms"` names a function of `cdnlab/experiments/far.py`, and so does `from` for a wrong answer;
`facts_from` names one that returns what the texts' {braces} stand for.

    kind = "value"     the default, as above
    kind = "explain"   in your own words; there is only a solution to compare with
    kind = "incident"  something is broken: `given_from` makes it, you repair it, `check_from` drives cdnlab with it and
                       returns the reason why not yet, or "" when all is well; `right_from` makes one good repair
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import EllipsisType
from typing import Any, Literal, TypeAlias

from cdnlab.errors import CdnlabError, InputError, UnknownName
from cdnlab.facts import data_path, toml_file

__all__ = ["Lesson", "Question", "RichText", "Verdict", "lesson", "lessons"]

Outcome: TypeAlias = Literal["correct", "not yet", "not tried", "yours to judge"]
_ANYTHING = "*"
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True, slots=True)
class RichText:
    """A text in Markdown: drawn in a notebook, plain in a terminal."""

    title: str
    text: str

    def _repr_markdown_(self) -> str:
        return f"**{self.title}** {self.text}"

    def __repr__(self) -> str:
        return f"{self.title} {self.text}".replace("`", "").replace("**", "")


@dataclass(frozen=True, slots=True, repr=False)
class Verdict(RichText):
    """What a check says. True when the answer is correct; `outcome`: correct, not yet, not tried, yours to judge."""

    outcome: Outcome

    def __bool__(self) -> bool:
        return self.outcome == "correct"


def _verdict(outcome: Outcome, text: str) -> Verdict:
    return Verdict(f"{outcome.capitalize()}.", text, outcome)


@dataclass(frozen=True)
class Question:
    """One exercise: `check(answer)`, `hint()`, `solution()`; an incident also has `given()`.

    `id`: lesson and name ("00.q1"); the other fields are those of its table in `data/exercises/`.

    >>> q = Question("00.q9", {"text": "Two caches, one copy each: how many copies?", "right": 2, "solution": "2.",
    ...                        "wrong": [{"answer": 1, "says": "Each cache has its own."}]})
    >>> q.check(1)
    Not yet. Each cache has its own.
    >>> bool(q.check(2)), q.check(...).outcome
    (True, 'not tried')
    """

    id: str
    data: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """value, explain or incident."""
        return str(self.data.get("kind", "value"))

    @cached_property
    def right(self) -> Any:
        """The right answer; for an incident, one good repair (made anew each time it is asked for by `solution`)."""
        return _called(self.data["right_from"]) if "right_from" in self.data else self.data.get("right")

    @cached_property
    def wrongs(self) -> list[tuple[Any, str]]:
        """The answers that have feedback of their own, with it."""
        rows = self.data.get("wrong", [])
        return [(_called(row["from"]) if "from" in row else row["answer"], self._filled(row["says"])) for row in rows]

    @property
    def text(self) -> str:
        """What is asked."""
        return self._filled(self.data["text"])

    def given(self) -> Any:
        """A fresh copy of what is broken. Raises InputError when this is no incident."""
        if self.kind != "incident":
            raise InputError(f"exercise {self.id} gives you nothing to repair; it asks: {self.text}")
        return _called(self.data["given_from"])

    def check(self, *answer: Any) -> Verdict:
        """Is this the answer? Several values one after the other, or as a list. Never raises; a bad answer is not yet right."""
        if self.kind == "explain":
            return _verdict("yours to judge", f"Write it in your own words, then compare: `{self._name}.solution()`.")
        one = answer[0] if len(answer) == 1 else list(answer)
        values = list(one) if isinstance(one, list | tuple) else [one]
        if not values or any(value is None or isinstance(value, EllipsisType) or value == "" for value in values):
            return _verdict("not tried", f"Put your answer where the dots are, or ask for help: `{self._name}.hint()`.")
        return self._repaired(one) if self.kind == "incident" else self._compared(values)

    def hint(self, number: int = 1) -> RichText:
        """The hint with this number, 1 first. Raises InputError when there are not so many."""
        hints = self.data.get("hints", [])
        if not hints:
            return RichText("No hint.", f"There is none for this one; `{self._name}.solution()` tells.")
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= len(hints):
            raise InputError(f"exercise {self.id} has {len(hints)} hint{'s' * (len(hints) != 1)}; there is no number {number!r}")
        more = f" (Another: `{self._name}.hint({number + 1})`.)" if number < len(hints) else ""
        return RichText(f"Hint {number} of {len(hints)}.", self._filled(hints[number - 1]) + more)

    def solution(self) -> RichText:
        """The answer, and why."""
        return RichText("Solution.", self._filled(self.data["solution"]))

    @property
    def _name(self) -> str:
        return self.id.rpartition(".")[2]

    def _filled(self, text: str) -> str:
        return text.format_map(_called(self.data["facts_from"])) if "facts_from" in self.data else text

    def _compared(self, values: list[Any]) -> Verdict:
        wanted = _listed(self.right)
        options = self.data.get("options")
        if options and (strange := [value for value in values if not any(_same(value, option) for option in options)]):
            return _verdict("not yet", f"{strange[0]!r} is none of the answers; choose from {', '.join(map(repr, options))}.")
        if len(values) != len(wanted):
            return _verdict("not yet", f"{_counted(len(wanted))} asked for{self._labelled()}; you gave {len(values)}.")
        if any(self._matches(values, _listed(each)) for each in (self.right, *self.data.get("also", []))):
            return _verdict("correct", self._filled(self.data.get("praise", self.data["solution"])))
        for wrong, says in self.wrongs:
            if self._matches(values, _listed(wrong)):
                return _verdict("not yet", says)
        for place, (value, right) in enumerate(zip(values, wanted, strict=True), 1):
            if _number(right) is not None and _number(value, self.data.get("unit", "")) is None:
                which = f"Value {place}, {value!r}," if len(wanted) > 1 else f"{value!r}"
                return _verdict("not yet", f"{which} is not a number; write it like `12`{self._labelled()}.")
        return _verdict("not yet", self._filled(self.data.get("otherwise", f"Not that. `{self._name}.hint()` helps.")))

    def _matches(self, values: Sequence[Any], wanted: Sequence[Any]) -> bool:
        within, unit = self.data.get("within", 0), self.data.get("unit", "")
        return all(_same(value, right, within, unit) for value, right in zip(values, wanted, strict=True))

    def _labelled(self) -> str:
        labels = self.data.get("labels")
        return f" ({', '.join(labels)})" if labels else ""

    def _repaired(self, thing: Any) -> Verdict:
        try:
            if thing == self.given():
                return _verdict("not tried", f"It is still as you found it. `{self._name}.hint()` helps.")
            reason = _function(self.data["check_from"])(thing)
        except CdnlabError as error:
            reason = f"cdnlab refuses it: {error}"
        except Exception as error:  # the learner's object can be anything at all
            reason = f"The check cannot work with this ({type(error).__name__}: {error}); begin again from `{self._name}.given()`."
        if reason:
            return _verdict("not yet", str(reason))
        return _verdict("correct", self._filled(self.data.get("praise", self.data["solution"])))

    def _repr_markdown_(self) -> str:
        return f"**Exercise {self.id}.** {self.text}"

    def __repr__(self) -> str:
        return repr(RichText(f"Exercise {self.id}.", self.text))


def _listed(answer: Any) -> list[Any]:
    return list(answer) if isinstance(answer, list | tuple) else [answer]


def _counted(count: int) -> str:
    return "One value is" if count == 1 else f"{count} values are"


def _number(value: Any, unit: str = "") -> float | None:
    """A number, also when it is written "1,234 ms"; None for anything else. True and False are no numbers here."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = value.strip().removesuffix(unit).replace(",", "").strip()
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _word(value: Any) -> Any:
    """A text as it is compared: case, quotes, spaces and a full stop do not matter; yes and no are True and False."""
    text = " ".join(str(value).replace("`", "").strip(" .'\"").casefold().split())
    return _YES_NO.get(text, text)


def _same(value: Any, right: Any, within: float = 0, unit: str = "") -> bool:
    if right == _ANYTHING:
        return True
    wanted, got = _number(right), _number(value, unit)
    if wanted is not None:
        return got is not None and abs(got - wanted) <= within
    return bool(_word(value) == _word(right))


def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(f"cdnlab.experiments.{module}"), function)
    return found


def _called(name: str) -> Any:
    return _function(name)()


class Lesson:
    """The exercises of one lesson by name: `lesson("00").q1`; loops over its Questions."""

    def __init__(self, number: str, questions: Sequence[Question]) -> None:
        self.number = number
        self._questions = {question.id.rpartition(".")[2]: question for question in questions}

    def __getattr__(self, name: str) -> Question:
        questions = self.__dict__.get("_questions", {})
        if name in questions:
            return questions[name]  # type: ignore[no-any-return]
        raise AttributeError(f"lesson {self.__dict__.get('number')} has no exercise {name!r}; it has {', '.join(questions)}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._questions]

    def __iter__(self) -> Iterator[Question]:
        return iter(self._questions.values())

    def __len__(self) -> int:
        return len(self._questions)

    def __repr__(self) -> str:
        return f"Lesson {self.number}: exercises {', '.join(self._questions)}"


def lessons() -> tuple[str, ...]:
    """The numbers of the lessons that have exercises.

    >>> "00" in lessons()
    True
    """
    return tuple(sorted(path.stem for path in data_path("exercises").glob("*.toml")))


def lesson(number: str) -> Lesson:
    """The exercises of a lesson: `lesson("00").q1.check(...)`. Raises UnknownName.

    >>> lesson("00")
    Lesson 00: exercises q1, q2, q3
    """
    if number not in lessons():
        raise UnknownName("lesson with exercises", number, lessons(), f"there are {', '.join(lessons())}")
    rows = toml_file(f"exercises/{number}.toml")["question"]
    return Lesson(number, [Question(f"{number}.{row['name']}", row) for row in rows])
