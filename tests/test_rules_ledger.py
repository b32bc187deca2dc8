"""The fidelity ledger, the source that cites it and the tests that prove it, held together.

Markers and citations are read from source text, not at run time: a rule does not count as proved because some code path
happened to cite it.
"""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from cdnlab.facts import toml_file
from cdnlab.rules import EVIDENCE

ROOT = Path(__file__).resolve().parent.parent
ID = re.compile(r"[A-Z][A-Z0-9]*-\d\d")
ROWS = toml_file("rules.toml")["rule"]
IDS = {row["id"] for row in ROWS}
PREFIXES = {id.rpartition("-")[0] for id in IDS}
NOT_OURS = {"UTF-16", "UTF-32"}  # look like ids, are encodings


def cited_in(text: str) -> set[str]:
    """The ids in a text: with a prefix of the ledger anywhere, with any prefix where the text is nothing else."""
    known = re.findall(rf"(?<![\w-])(?:{'|'.join(sorted(PREFIXES))})-\d\d(?![\w-])", text)
    return {*known, *([text] if ID.fullmatch(text) and text not in NOT_OURS else [])}


def strings_of(tree: ast.AST) -> Iterator[str]:
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))


@cache
def markers() -> dict[str, set[str]]:
    """Rule id -> the test files that carry a marker for it: decorator, `pytestmark` or `pytest.param(marks=...)`."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) in ("pytest.mark.rule", "mark.rule")):
                continue
            for argument in node.args:
                assert isinstance(argument, ast.Constant), (
                    f"{path.name}:{node.lineno}: write the rule's id out, so that it can be read from the source"
                )
                found.setdefault(str(argument.value), set()).add(path.name)
    return found


def test_the_ledger_has_no_id_twice() -> None:
    assert [id for id, times in Counter(row["id"] for row in ROWS).items() if times > 1] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_rule_is_one_readable_sentence_with_source_and_evidence(row: dict[str, str]) -> None:
    assert set(row) == {"id", "statement", "source", "evidence"}
    assert ID.fullmatch(row["id"])
    statement = row["statement"]
    assert statement == " ".join(statement.split()), "one line, single spaces"
    assert statement.endswith(".") and 20 <= len(statement) <= 320, "a sentence"
    assert not re.match(r"[a-z]+ ", statement), "a sentence begins with a capital, or with a name such as s-maxage"
    assert row["source"].strip() and "DG:" not in row["source"]
    assert row["evidence"] in EVIDENCE


def test_every_rule_is_proved_by_a_test() -> None:
    unproved = sorted(IDS - markers().keys())
    assert not unproved, f"no test carries a marker for {', '.join(unproved)}"


def test_every_marker_names_a_rule_of_the_ledger() -> None:
    unknown = [f"{id} ({', '.join(sorted(files))})" for id, files in sorted(markers().items()) if id not in IDS]
    assert not unknown, f"not in data/rules.toml: {', '.join(unknown)}"


@pytest.mark.parametrize("path", sorted((ROOT / "cdnlab").glob("*.py")), ids=lambda path: path.name)
def test_every_rule_cited_in_the_source_is_in_the_ledger(path: Path) -> None:
    cited = {id for text in strings_of(ast.parse(path.read_text(encoding="utf-8"))) for id in cited_in(text)}
    assert not cited - IDS, f"not in data/rules.toml: {', '.join(sorted(cited - IDS))}"


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.name)
def test_every_rule_cited_in_a_lesson_is_in_the_ledger(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    cited = {id for cell in cells for id in cited_in("".join(cell["source"]))}
    assert not cited - IDS, f"not in data/rules.toml: {', '.join(sorted(cited - IDS))}"
