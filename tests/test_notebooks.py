"""The lessons as files: short enough, readable without a kernel, and free of anything that belongs to one machine or one run.

What the cells answer is compared by `pytest --nbval`, strictly; whether a browser shows it is asked in tests/browser.
"""

from __future__ import annotations

import ast
import html
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from refresh import NOTEBOOKS, WIDGET_VIEW

LESSONS = sorted(NOTEBOOKS.glob("*.ipynb"))
OPTIONAL = "Going further"
PLOTLY = "application/vnd.plotly.v1+json"
MACHINE = re.compile(
    r"/home/|/root/|/tmp/|/usr/|[A-Z]:\\Users|site-packages|ipykernel|0x[0-9a-f]{6,}|(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]):\d+"
)

pytestmark = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code(cells: list[Any]) -> list[Any]:
    return [cell for cell in cells if cell.cell_type == "code"]


def core(cells: list[Any]) -> list[Any]:
    """The cells before the heading "Going further (optional)"."""
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown" and re.search(rf"^#+ +{OPTIONAL}", cell.source, re.MULTILINE):
            return cells[:number]
    return cells


def words(cells: list[Any]) -> int:
    """Words of prose: without HTML tags, the targets of links, and code blocks to copy."""
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for noise, instead in ((r"```.*?```", " "), (r"<!--.*?-->", " "), (r"<[^>]+>", " "), (r"\]\([^)]*\)", "]")):
        prose = re.sub(noise, instead, prose, flags=re.DOTALL)
    return len(re.findall(r"\w\S*", html.unescape(prose)))


def panels(cells: list[Any]) -> list[Any]:
    """The output data of the panels: what has the class `cdnlab-panel` in its HTML."""
    data = [output.data for cell in code(cells) for output in cell.outputs if "data" in output]
    return [each for each in data if "cdnlab-panel" in each.get("text/html", "")]


def statements(twin: str) -> list[str]:
    """What the live text statements of a panel's twin say, tags left out."""
    found = re.findall(r"<(\w+)\b[^>]*\brole=[\"']?status[\"']?[^>]*>(.*?)</\1>", twin, re.DOTALL)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split()) for _, text in found]


def test_a_lesson_has_a_number_and_a_title(path: Path) -> None:
    assert re.fullmatch(r"\d\d_[a-z0-9_]+", path.stem)
    first = read(path).cells[0]
    assert first.cell_type == "markdown" and first.source.startswith("# ")


def test_a_lesson_is_as_long_as_an_attention_span(path: Path) -> None:
    cells = core(read(path).cells)
    assert len(code(cells)) <= 14, "code cells before 'Going further'"
    assert words(cells) <= 1200, "words before 'Going further'"
    new = [word for cell in cells if cell.cell_type == "markdown" for word in re.findall(r"\[\*\*([^]]+)\*\*\]\(", cell.source)]
    assert len(new) <= 3, f"new words, bold and linked: {new}"


def test_a_code_cell_has_few_lines_and_parses(path: Path) -> None:
    for cell in code(read(path).cells):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert 1 <= len(lines) <= 6, cell.source
        ast.parse(cell.source)


def test_every_code_cell_was_run_in_order_and_none_failed(path: Path) -> None:
    cells = code(read(path).cells)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), "run `python tests/refresh.py`"
    for cell in cells:
        kinds = [output.output_type for output in cell.outputs]
        assert "error" not in kinds or "raises-exception" in cell.metadata.get("tags", ()), cell.source
        assert not [output for output in cell.outputs if output.get("name") == "stderr"], cell.source


def test_a_lesson_holds_nothing_of_one_machine_or_one_run(path: Path) -> None:
    notebook = read(path)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        assert not MACHINE.search(cell.source), cell.source
        for output in cell.get("outputs", ()):
            text = "\n".join(map(str, [output.get("text", ""), *output.get("data", {}).values()]))
            assert not (found := MACHINE.search(text)), f"{found and found[0]!r} in the output of: {cell.source}"


def test_saved_outputs_hold_no_widget_and_no_plotly_figure(path: Path) -> None:
    for cell in code(read(path).cells):
        for output in cell.outputs:
            kinds = set(output.get("data", {}))
            assert not kinds & {WIDGET_VIEW, PLOTLY}, f"let a Panel show it: {cell.source}"
            assert not kinds or "text/plain" in kinds


def test_a_lesson_brings_all_it_shows_along(path: Path) -> None:
    for cell in read(path).cells:
        assert not cell.get("attachments"), "JupyterLab draws no SVG from an attachment; show it as the output of a cell tagged `keep`"
        if cell.cell_type == "markdown":
            assert not re.search(r"!\[[^]]*\]\(|<img\b", cell.source), "a copied lesson has no pictures beside it"


def test_a_lesson_is_small(path: Path) -> None:
    assert path.stat().st_size <= 1_000_000


def test_every_panel_says_in_words_what_its_picture_shows(path: Path) -> None:
    shown = panels(read(path).cells)
    assert shown, "no output with class cdnlab-panel"
    for data in shown:
        assert "cdnlab-picture" in data["text/html"]
        assert any(len(statement.split()) >= 3 for statement in statements(data["text/html"])), "no role=status with a sentence"
        assert "<script" not in data["text/html"] and not re.search(
            r"(?:src|href)=[\"']?https?:[^>]*\.(?:js|css|png|svg)", data["text/html"]
        )


class Marks(HTMLParser):
    """A page as a list of tags (attributes in alphabetical order) and words: the same for however it was serialised."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.list: list[Any] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.list.append((tag, *sorted((name, value or "") for name, value in attrs)))

    def handle_data(self, data: str) -> None:
        self.list.extend(data.split())


def test_the_lesson_exported_to_html_holds_the_twin_of_every_panel(path: Path) -> None:
    from nbconvert import HTMLExporter

    page = Marks(HTMLExporter().from_filename(str(path))[0]).list
    for data in panels(read(path).cells):
        twin = Marks(data["text/html"]).list
        places = (start for start, mark in enumerate(page) if mark == twin[0])
        assert any(page[start : start + len(twin)] == twin for start in places), data["text/plain"]
