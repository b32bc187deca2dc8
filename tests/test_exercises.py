"""Exercises test themselves: each is fed its right answer, every wrong one that it foresees, nonsense, and nothing."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from cdnlab.errors import InputError, UnknownName
from cdnlab.exercises import Question, lesson, lessons

ALL = [question for number in lessons() for question in lesson(number)]
VALUES = [question for question in ALL if question.kind == "value"]
INCIDENTS = [question for question in ALL if question.kind == "incident"]


def by_id(questions: list[Question]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("question", questions, ids=lambda question: question.id)


def question(**data: Any) -> Question:
    return Question("99.q1", {"text": "How many?", "solution": "So many.", **data})


@by_id(ALL)
def test_every_exercise_asks_solves_and_can_be_left_alone(question: Question) -> None:
    assert question.kind in ("value", "explain", "incident")
    assert len(question.text.split()) >= 5
    assert len(str(question.solution()).split()) >= 2
    assert question.check(...).outcome == ("yours to judge" if question.kind == "explain" else "not tried")
    for face in (question.text, question.solution().text, *(says for _, says in question.wrongs)):
        assert not re.search(r"\{\w*\}|TODO", face), "a brace that nothing fills"


@by_id(VALUES)
def test_the_right_answer_is_correct(question: Question) -> None:
    assert question.check(question.right).outcome == "correct"
    for spelling in question.data.get("also", []):
        assert question.check(spelling).outcome == "correct"


@by_id(VALUES)
def test_each_foreseen_wrong_answer_gets_its_own_feedback(question: Question) -> None:
    assert question.wrongs, "name the likely wrong answer"
    told = []
    for answer, says in question.wrongs:
        first = [None if value == "*" else value for value in answer] if isinstance(answer, list) else [answer]
        filled = [987_654 if value is None else value for value in first]
        verdict = question.check(filled if isinstance(answer, list) else answer)
        assert (verdict.outcome, verdict.text) == ("not yet", says)
        told.append(says)
    assert len(set(told)) == len(told)


@by_id(VALUES)
@pytest.mark.parametrize(
    "nonsense", ["a purple elephant", -123456, object(), {"a": 1}, [1, 2, 3, 4, 5, 6, 7, 8, 9]], ids=lambda x: type(x).__name__
)
def test_nonsense_is_not_yet_right_and_never_a_traceback(question: Question, nonsense: Any) -> None:
    verdict = question.check(nonsense)
    assert verdict.outcome == "not yet" and verdict.text
    assert not verdict


@by_id(VALUES)
def test_the_feedback_does_not_give_the_answer_away(question: Question) -> None:
    for _, says in question.wrongs:
        assert says != question.solution().text


@by_id([question for question in ALL if question.kind != "explain"])
def test_there_is_a_hint_and_the_numbers_end(question: Question) -> None:
    count = len(question.data["hints"])
    assert count >= 1
    for number in range(1, count + 1):
        assert str(question.hint(number)).startswith(f"Hint {number} of {count}.")
    for number in (0, count + 1, True, "1"):
        with pytest.raises(InputError, match=f"exercise {question.id} has {count} hint"):
            question.hint(number)  # type: ignore[arg-type]


@by_id(INCIDENTS)
def test_an_incident_is_broken_when_given_and_mended_by_its_repair(question: Question) -> None:
    assert question.check(question.given()).outcome == "not tried"
    assert question.check(question.right).outcome == "correct"
    for repair, says in question.wrongs:
        verdict = question.check(repair)
        assert verdict.outcome == "not yet" and says in verdict.text
    for nonsense in ("mended", 7, {}, object()):
        assert question.check(nonsense).outcome == "not yet"


@pytest.mark.parametrize(
    ("right", "answer", "outcome"),
    [
        (2, 2, "correct"),
        (2, 2.0, "correct"),
        (2, "2", "correct"),
        (2, True, "not yet"),
        (1, True, "not yet"),
        (17000, "17,000", "correct"),
        ("Hit", "hit", "correct"),
        ("Hit", " `Hit`. ", "correct"),
        ("Hit", "Miss", "not yet"),
        ("yes", True, "correct"),
        (False, "no", "correct"),
        (False, 0, "not yet"),
        ([2, "Miss"], (2, "miss"), "correct"),
        ([2, "Miss"], [2], "not yet"),
        (2, None, "not tried"),
        (2, "", "not tried"),
        ([1, 2], [1, ...], "not tried"),
    ],
)
def test_answers_are_compared_as_a_person_would(right: Any, answer: Any, outcome: str) -> None:
    assert question(right=right).check(answer).outcome == outcome


def test_several_values_may_stand_side_by_side() -> None:
    q = question(right=[2, 3], labels=["edges", "hits"])
    assert q.check(2, 3)
    assert str(q.check(2)) == "Not yet. 2 values are asked for (edges, hits); you gave 1."
    assert q.check().outcome == "not tried"


def test_a_number_may_be_near_and_carry_its_unit() -> None:
    q = question(right=640, within=30, unit="ms")
    assert q.check(655) and q.check("620 ms")
    assert not q.check(671)
    assert str(q.check("long")) == "Not yet. 'long' is not a number; write it like 12."


def test_an_answer_that_is_no_option_is_told_the_options() -> None:
    q = question(right="edge", options=["edge", "origin"])
    assert str(q.check("moon")) == "Not yet. 'moon' is none of the answers; choose from 'edge', 'origin'."


def test_a_star_stands_for_anything() -> None:
    q = question(right=[200, "Hit"], wrong=[{"answer": [404, "*"], "says": "It exists."}])
    assert q.check(404, "Miss").text == "It exists."


def test_a_verdict_reads_in_a_notebook_and_in_a_terminal() -> None:
    verdict = question(right=2, wrong=[{"answer": 3, "says": "Not `three`."}]).check(3)
    assert verdict._repr_markdown_() == "**Not yet.** Not `three`."
    assert repr(verdict) == "Not yet. Not three."


def test_an_explanation_is_yours_to_judge() -> None:
    q = question(kind="explain")
    assert q.check("because").outcome == "yours to judge"
    assert "q1.solution()" in q.check().text
    with pytest.raises(InputError, match="gives you nothing to repair"):
        q.given()


@pytest.fixture
def incident(monkeypatch: pytest.MonkeyPatch) -> Question:
    """A config with its behaviours in the wrong order; the check asks a real distribution about it."""
    from cdnlab.errors import ConfigError, Problem

    def given() -> dict[str, list[str]]:
        return {"order": ["images/*", "images/private/*"]}

    def check(config: dict[str, list[str]]) -> str:
        if not config["order"]:
            raise ConfigError([Problem("InvalidArgument", "order", "nothing", "give at least one")])
        return "" if config["order"][0] == "images/private/*" else "`images/*` still catches the private picture first."

    module = SimpleNamespace(
        given=given, check=check, mended=lambda: {"order": ["images/private/*", "images/*"]}, right=lambda: 7, facts=lambda: {"n": 7}
    )
    monkeypatch.setitem(sys.modules, "cdnlab.experiments.broken", module)
    calls = {"given_from": "broken:given", "check_from": "broken:check", "right_from": "broken:mended"}
    return question(kind="incident", hints=["Order."], **calls)


def test_an_incident_is_mended_by_what_its_check_accepts(incident: Question) -> None:
    broken = incident.given()
    assert str(incident.check(broken)) == "Not tried. It is still as you found it. q1.hint() helps."
    assert incident.check({"order": ["images/*"]}).text == "`images/*` still catches the private picture first."
    assert incident.check({"order": []}).text.startswith("cdnlab refuses it: order: found nothing")
    assert incident.check({}).text.startswith("The check cannot work with this (KeyError: 'order')")
    broken["order"].reverse()
    assert incident.check(broken)
    assert incident.given() == {"order": ["images/*", "images/private/*"]}, "what was given is never changed"


def test_what_cdnlab_can_reckon_is_not_written_down(incident: Question) -> None:
    q = question(
        right_from="broken:right", facts_from="broken:facts", solution="It is {n}.", wrong=[{"from": "broken:facts", "says": "{n}!"}]
    )
    assert q.check(7).text == "It is 7."
    assert q.wrongs == [({"n": 7}, "7!")]


def test_a_lesson_names_its_exercises_and_refuses_others() -> None:
    first = lesson("00")
    assert [q.id for q in first] == [f"00.{name}" for name in dir(first) if name.startswith("q")]
    with pytest.raises(AttributeError, match="lesson 00 has no exercise 'q99'"):
        first.q99  # noqa: B018
    with pytest.raises(UnknownName, match="lesson with exercises '77'"):
        lesson("77")


def test_a_question_without_a_hint_says_so_instead_of_failing() -> None:
    assert (
        str(Question("99.q1", {"text": "Why?", "solution": "Because."}).hint())
        == "No hint. There is none for this one; q1.solution() tells."
    )
