"""What all tests share: programs from outside, and Jupyter directories of their own."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from private_jupyter import private_jupyter

NAMES = {"chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")}


@pytest.fixture(scope="session", autouse=True)
def jupyter_home() -> Iterator[Path]:
    with private_jupyter() as folder:
        yield folder


@pytest.fixture(scope="session")
def needs() -> Callable[[str], str]:
    """`needs("chromium")`: the path of a program. Without it a test is skipped on a laptop, and fails in CI."""

    def path_of(program: str) -> str:
        for name in NAMES.get(program, (program,)):
            if path := shutil.which(name) or shutil.which(name, path=os.path.dirname(sys.executable)):
                return path
        if os.environ.get("CI"):
            pytest.fail(f"{program} is not installed, and in CI nothing is left out")
        pytest.skip(f"{program} is not installed")

    return path_of
