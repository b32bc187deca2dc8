"""What the doctor found, for a terminal and for a notebook."""

from __future__ import annotations

import pytest
from mistakes import AT, END, PEMS, URL, canned, good, shown

from cdnlab.signing import Diagnosis, diagnose
from cdnlab.verification import STAGES


def ask(url: str, **more: object) -> Diagnosis:
    return diagnose(url, **{"keys": PEMS, "at": AT, **more})  # type: ignore[arg-type]


def test_a_terminal_gets_the_refusal_the_change_the_questions_and_the_two_texts() -> None:
    lines = str(ask(shown("KRSA", canned(URL.replace("https", "http"))))).splitlines()
    assert lines[0].startswith("403 AccessDenied: the signature was not made with KRSA")
    order = [
        "What to change:",
        "Found:",
        "yes       Can this be asked for?",
        "no        Was it made",
        "not asked Does the policy",
        "They differ at byte",
    ]
    places = [next(number for number, line in enumerate(lines) if line.startswith(start)) for start in [*order, "Mind:"]]
    assert places == sorted(places)
    assert all(len(line) <= 110 for line in lines)
    assert any("^ byte" in line for line in lines)


def test_a_good_url_is_told_in_as_many_answers_as_there_are_questions() -> None:
    found = ask(good("KRSA"))
    assert str(found).startswith("The check is passed.") and found.failed is None and found.rule == ""
    assert [step.stage for step in found.steps] == ["request", *STAGES]
    assert "1 h more" in str(found)


def test_every_answer_cites_its_rule_and_its_evidence() -> None:
    for step in ask(good("KRSA")).steps:
        assert step.cited.id == step.rule and step.evidence in {"documented", "api-model", "observed", "our choice"}


@pytest.mark.parametrize("at", [AT, END, END + 90 * 86400])
def test_the_page_says_what_the_terminal_says(at: int) -> None:
    found = ask(good("KRSA"), at=at)
    page = found._repr_html_()
    assert found.headline.replace("'", "&#x27;") in page and all(each.rule in page for each in found.steps)
    assert ("What to change" in page) == (not found.ok)


def test_what_came_from_outside_is_escaped_on_the_page() -> None:
    found = ask(good("KRSA") + "&x=<script>alert(1)</script>")
    assert "<script" not in found._repr_html_() and "&lt;script" in found._repr_html_()


def test_the_end_and_the_beginning_are_numbers() -> None:
    found = ask(good("KRSA"))
    assert (found.expires, found.starts, found.difference) == (END, None, None)
