"""The package as a whole: its public names, what importing it costs, its files, and the command line."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from readme import block

import cdnlab
from cdnlab import __main__ as command

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "cdnlab").glob("*.py"))
HEAVY = ("pandas", "plotly", "ipywidgets", "anywidget", "numba", "numpy", "botocore", "jupyterlab", "IPython")


def loaded_after(code: str) -> set[str]:
    """The heavy libraries that a fresh interpreter holds after running `code`."""
    ask = f"{code}\nimport sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    return set(subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split())


def test_importing_cdnlab_loads_no_heavy_library() -> None:
    assert loaded_after("import cdnlab") == set()


def test_taking_every_public_name_loads_no_heavy_library() -> None:
    assert loaded_after("from cdnlab import *") == set()


def test_the_public_names_are_sorted_and_each_can_be_had() -> None:
    assert cdnlab.__all__ == sorted(cdnlab.__all__)
    assert all(getattr(cdnlab, name).__name__ == name for name in cdnlab.__all__)
    assert {*cdnlab.__all__} <= {*dir(cdnlab)}


def test_the_public_modules_are_there_without_another_import() -> None:
    assert loaded_after("import cdnlab; cdnlab.logs.read, cdnlab.clock.SimulatedClock, cdnlab.errors.ConfigError") == set()


def test_a_name_that_is_not_offered_is_an_attribute_error_that_lists_those_that_are() -> None:
    with pytest.raises(AttributeError, match=r"'CloudFrond'; it offers .*SimulatedClock"):
        _ = cdnlab.CloudFrond


def test_type_checkers_see_the_names_that_are_handed_out() -> None:
    tree = ast.parse((ROOT / "cdnlab" / "__init__.py").read_text(encoding="utf-8"))
    seen = {alias.name: node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert {name: seen.get(name) for name in cdnlab.__all__} == {name: f"cdnlab.{home}" for name, home in cdnlab._HOME.items()}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_file_opens_with_its_theory_and_is_a_comfortable_sitting(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "no module docstring"
    assert text.count("\n") <= 400, "split it by concept"


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "clock.py"], ids=lambda path: path.name)
def test_only_the_clock_knows_what_time_it_is(path: Path) -> None:
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)}
    telling = ("time.time", "time.monotonic", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.perf_counter")
    assert not {call for call in calls if call.endswith(telling)}


# --- the command line -----------------------------------------------------------------------------------------------


def code_cell(source: str, output: str, *tags: str) -> dict[str, Any]:
    shown = {"output_type": "execute_result", "data": {"text/plain": output}, "metadata": {}, "execution_count": 1}
    return {"cell_type": "code", "id": source, "source": [source], "metadata": {"tags": [*tags]}, "execution_count": 1, "outputs": [shown]}


@pytest.fixture
def lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two small lessons in the place where cdnlab's own would be."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    prose = {"cell_type": "markdown", "id": "title", "source": ["# Début"], "metadata": {}}
    for name, cells in {
        "00_start_here": [prose, code_cell("map", "a picture", "keep"), code_cell("get", "Miss")],
        "01_next": [prose],
    }.items():
        lesson = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (folder / f"{name}.ipynb").write_text(json.dumps(lesson), encoding="utf-8")
    monkeypatch.setattr(command, "lessons_path", lambda: folder)
    return folder


def outputs(path: Path) -> list[list[Any]]:
    return [cell["outputs"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def test_lab_copies_the_lessons_without_their_outputs_but_keeps_what_is_tagged(lessons: Path, tmp_path: Path) -> None:
    assert command.main(["lab", str(tmp_path / "new" / "mine"), "--copy-only"]) == 0
    copy = tmp_path / "new" / "mine" / "00_start_here.ipynb"
    kept, cleared = outputs(copy)
    assert kept[0]["data"] == {"text/plain": "a picture"} and cleared == []
    assert "Début" in copy.read_text(encoding="utf-8")
    assert '"execution_count": 1' not in copy.read_text(encoding="utf-8")
    assert len(outputs(lessons / "00_start_here.ipynb")[1]) == 1, "the shipped lesson is as it was"


def test_a_copied_lesson_is_trusted_so_that_its_pictures_show(lessons: Path, tmp_path: Path) -> None:
    from nbformat import read
    from nbformat.sign import NotebookNotary

    command.main(["lab", str(tmp_path / "mine"), "--copy-only"])
    notary = NotebookNotary()
    try:
        assert notary.check_signature(read(tmp_path / "mine" / "00_start_here.ipynb", as_version=4))
    finally:
        notary.store.close()


def test_lab_never_writes_over_a_learners_work(lessons: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.main(["lab", str(tmp_path), "--copy-only"])
    mine = tmp_path / "00_start_here.ipynb"
    mine.write_text(mine.read_text(encoding="utf-8").replace('"get"', '"get, but slowly"'), encoding="utf-8")
    before = mine.read_bytes()
    capsys.readouterr()
    assert command.main(["lab", str(tmp_path), "--copy-only"]) == 0
    assert mine.read_bytes() == before
    assert [
        line
        for line in capsys.readouterr().out.splitlines()
        if "Left as it is" in line and "00_start_here" in line and "01_next" not in line
    ]


@pytest.mark.parametrize("text", ["", "not JSON", "[]", "{}", '{"cells": [{}]}', '{"cells": 3}', "\udcff"], ids=repr)
def test_a_file_in_the_way_that_is_no_notebook_is_left_alone_too(
    lessons: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    mine = tmp_path / "01_next.ipynb"
    mine.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert command.main(["lab", str(tmp_path), "--copy-only"]) == 0
    assert mine.read_bytes() == text.encode("utf-8", "surrogateescape")
    assert "01_next.ipynb" in capsys.readouterr().out


def test_a_lesson_that_was_only_run_is_not_complained_about(lessons: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.main(["lab", str(tmp_path), "--copy-only"])
    ran = json.loads((lessons / "00_start_here.ipynb").read_text(encoding="utf-8"))
    (tmp_path / "00_start_here.ipynb").write_text(json.dumps(ran, indent=3), encoding="utf-8")
    capsys.readouterr()
    command.main(["lab", str(tmp_path), "--copy-only"])
    assert "Left as it is" not in capsys.readouterr().out


def test_a_dangling_link_in_the_way_is_not_followed(lessons: Path, tmp_path: Path) -> None:
    (tmp_path / "01_next.ipynb").symlink_to(tmp_path / "elsewhere.ipynb")
    assert command.main(["lab", str(tmp_path), "--copy-only"]) == 0
    assert not (tmp_path / "elsewhere.ipynb").exists()


def test_a_folder_that_cannot_be_made_is_one_line_and_exit_status_2(
    lessons: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        assert command.main(["lab", str(folder)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("cdnlab: ") and "file" in line


def test_lab_without_jupyterlab_says_what_to_do(
    lessons: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
    assert command.main(["lab", str(tmp_path)]) == 2
    assert "pip install jupyterlab" in capsys.readouterr().err


@pytest.mark.parametrize(("flags", "browser"), [((), "True"), (("--no-browser",), "False")])
def test_lab_opens_the_first_lesson_on_this_machine_only(
    lessons: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], browser: str
) -> None:
    started: list[list[str]] = []

    class LabApp:
        launch_instance = started.append

    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", type(sys)("labapp"))
    monkeypatch.setattr(sys.modules["jupyterlab.labapp"], "LabApp", LabApp, raising=False)
    assert command.main(["lab", str(tmp_path), *flags]) == 0
    assert {
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={tmp_path}",
        "--LabApp.default_url=/lab/tree/00_start_here.ipynb",
        f"--ServerApp.open_browser={browser}",
    } <= {*started[0]}


def test_validate_says_that_a_good_config_would_be_taken_and_what_will_be_regretted(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["validate", str(ROOT / "data" / "configs" / "custom_ec2_origin.json")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "AWS would take this config (DistributionConfig)."
    assert any(line.startswith("Advice: Origins.Items[0].") for line in said)


def test_validate_prints_every_problem_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text("Comment: mine\nEnabled: maybe\n", encoding="utf-8")
    assert command.main(["validate", str(tmp_path / "config.yaml")]) == 1
    said = capsys.readouterr().out
    assert all(path in said for path in ("CallerReference:", "Origins:", "DefaultCacheBehavior:", "Enabled:"))


@pytest.mark.parametrize("text", [b"", b"[]", b"\xff", b"{", b"a: [", b"[" * 3000], ids=repr)
def test_validate_of_what_is_no_config_is_a_problem_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: bytes
) -> None:
    (tmp_path / "config").write_bytes(text)
    assert command.main(["validate", str(tmp_path / "config")]) == 1
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("name", ["nosuch.json", "."])
def test_validate_of_a_file_that_cannot_be_read_is_one_line_and_exit_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert command.main(["validate", str(tmp_path / name)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_readmes_example_prints_what_the_readme_says() -> None:
    example = subprocess.run([sys.executable, "-c", block("example")], capture_output=True, text=True, check=True, cwd=ROOT)
    assert example.stdout == block("output")


def test_the_program_says_its_version_and_needs_a_command() -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "cdnlab", *arguments], capture_output=True, text=True, cwd=ROOT)

    assert run("--version").stdout.strip() == f"cdnlab {cdnlab.__version__}"
    assert {"lab", "validate"} <= {*run("--help").stdout.split()}
    assert run().returncode == 2
    assert run("nonsense").returncode == 2
