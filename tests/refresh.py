"""Run the lessons and write their outputs in a form that does not change from run to run.

    python tests/refresh.py                     all lessons
    python tests/refresh.py 00_start_here 03    those whose names begin so
    python tests/refresh.py --check             write nothing; say what would change, exit status 1 if anything would

Saved outputs are what a reader without a kernel sees, and what `pytest --nbval` compares. So they hold only what cdnlab itself
writes: no widget state (one plotly widget would save five megabytes of script), no ids of live widgets, no times of execution, no
version of Python. Running twice gives the same bytes.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from private_jupyter import private_jupyter

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
CELL_SECONDS = 120
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
CELL_METADATA = {"tags", "jupyter"}  # `jupyter` holds source_hidden and outputs_hidden: they are the author's choice


def run(notebook: NotebookNode, folder: Path) -> None:
    """Execute all cells in a fresh kernel of this Python, in `folder`. Raises what nbclient raises."""
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
        record_timing=False,
        coalesce_streams=True,
        allow_errors=True,
    )
    client.execute()


def normalise(notebook: NotebookNode) -> None:
    """Leave only what is the same on every machine and in every run."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for number, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{number:02d}")
        cell.metadata = nbformat.from_dict({name: value for name, value in cell.metadata.items() if name in CELL_METADATA})
        for output in cell.get("outputs", ()):
            if "data" in output:
                output.data.pop(WIDGET_VIEW, None)
                output.metadata = nbformat.from_dict({})
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("data", True)]


def failures(notebook: NotebookNode) -> list[str]:
    """What went wrong in which cell, unless the lesson means it to (tag `raises-exception`)."""
    return [
        f"cell {number}: {output.ename}: {output.evalue}"
        for number, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", ())
        if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", ())
    ]


def refreshed(path: Path) -> tuple[str, list[str]]:
    """The text of a lesson after a run, and what went wrong in it."""
    notebook = nbformat.read(path, as_version=4)
    try:
        run(notebook, path.parent)
    except (CellTimeoutError, DeadKernelError) as error:
        return "", [" ".join(str(error).split())]
    normalise(notebook)
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n", failures(notebook)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Run the lessons and save their outputs.")
    parser.add_argument("names", nargs="*", help="beginnings of file names (default: all lessons)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 if a lesson would change")
    parser.add_argument("--folder", type=Path, default=NOTEBOOKS, help="default: notebooks/")
    arguments = parser.parse_args(argv)
    lessons = [path for path in sorted(arguments.folder.glob("*.ipynb")) if path.name.startswith(tuple(arguments.names) or "")]
    if not lessons:
        print(f"no lesson in {arguments.folder} begins with {' or '.join(arguments.names)}" if arguments.names else "there are no lessons")
        return 1
    wrong = 0
    for path in lessons:
        before = path.read_text(encoding="utf-8")
        after, problems = refreshed(path)
        if problems:
            print(f"{path.name}: FAILED, left as it was", *problems, sep="\n  ")
        elif before == after:
            print(f"{path.name}: as it was")
        elif arguments.check:
            print(f"{path.name}: WOULD CHANGE")
            print(
                *[line[:200] for line in difflib.unified_diff(before.splitlines(), after.splitlines(), "saved", "now", n=1, lineterm="")][
                    :60
                ],
                sep="\n",
            )
        else:
            path.write_text(after, encoding="utf-8", newline="\n")
            print(f"{path.name}: refreshed")
        wrong += bool(problems) or (arguments.check and before != after)
    return 1 if wrong else 0


if __name__ == "__main__":
    with private_jupyter():
        sys.exit(main())
