"""Jupyter directories of our own, so that kernels and servers of the tests neither read nor write a developer's set-up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

VARIABLES = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")


@contextmanager
def private_jupyter() -> Iterator[Path]:
    """Point Jupyter and IPython at an empty folder for as long as the block lasts, child processes included."""
    before = {name: os.environ.get(name) for name in VARIABLES}
    with TemporaryDirectory(prefix="cdnlab-jupyter-", ignore_cleanup_errors=True) as folder:
        os.environ.update({name: os.path.join(folder, name.lower()) for name in VARIABLES})
        try:
            yield Path(folder)
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
