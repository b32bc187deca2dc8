"""One JupyterLab and one Chromium for the whole run; the lessons in it as `cdnlab lab` hands them out, outputs cleared."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab import chromium, served
from playwright.sync_api import Browser

from cdnlab import __main__ as command

HERE = Path(__file__).resolve().parent
NOTEBOOKS = HERE.parent.parent / "notebooks"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--lessons", type=Path, default=NOTEBOOKS, help="folder of the notebooks to try (default: notebooks/)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", sorted(path.name for path in metafunc.config.getoption("--lessons").glob("*.ipynb")))


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Where screenshots go: $CDNLAB_ARTEFACTS, else tests/browser/artefacts."""
    return Path(os.environ.get("CDNLAB_ARTEFACTS", HERE / "artefacts"))


@pytest.fixture(scope="session")
def browser(needs: Callable[[str], str]) -> Iterator[Browser]:
    with chromium(needs("chromium")) as browser:
        yield browser


@pytest.fixture(scope="session")
def address(jupyter_home: Path, browser: Browser, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("lessons")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "lessons_path", lambda: pytestconfig.getoption("--lessons"))
        command.copy_lessons(folder)
    with served(folder, folder.parent / "jupyterlab.log") as address:
        yield address
