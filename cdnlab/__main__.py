"""The command line: thin over what the library does.

`cdnlab lab` hands out the lessons as a teacher hands out work sheets: a copy for you to write on, with the answers not
printed beneath the questions (outputs cleared, but for pictures tagged `keep`). What lies in your folder is yours: a
file that is already there is never written to, whatever is in it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cdnlab import __version__
from cdnlab.errors import CdnlabError, ConfigError, InputError
from cdnlab.facts import lessons_path

__all__ = ["copy_lessons", "main", "without_outputs"]

FIRST_LESSON = "00_start_here.ipynb"
LAB_DEFAULTS = {  # below the learner's own settings
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},  # else a panel out of sight leaves the page
}


def without_outputs(lesson: dict[str, Any]) -> dict[str, Any]:
    """The lesson (a notebook's JSON) as it is before anything was run; outputs of cells tagged `keep` stay.

    >>> cell = {"cell_type": "code", "source": "1 + 1", "metadata": {}, "execution_count": 3, "outputs": ["2"]}
    >>> without_outputs({"cells": [cell]})["cells"][0]["outputs"]
    []
    """

    def cleared(cell: dict[str, Any]) -> dict[str, Any]:
        if cell["cell_type"] != "code":
            return cell
        kept = cell["outputs"] if "keep" in cell["metadata"].get("tags", ()) else []
        outputs = [{**each, "execution_count": None} if "execution_count" in each else each for each in kept]
        return {**cell, "outputs": outputs, "execution_count": None}

    return {**lesson, "cells": [cleared(cell) for cell in lesson["cells"]]}


def copy_lessons(folder: Path) -> list[Path]:
    """Put a fresh copy of each lesson into `folder`, made if need be; return the files that were there and differ.

    A file that exists is never written to. It is among the answers if its cells are not those of the lesson (changed by
    you, or of another cdnlab version); outputs do not count. Raises OSError when the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    differ = []
    for source in sorted(lessons_path().glob("*.ipynb")):
        lesson, copy = without_outputs(json.loads(source.read_text(encoding="utf-8"))), folder / source.name
        if _write_new(copy, json.dumps(lesson, indent=1, ensure_ascii=False, sort_keys=True) + "\n"):
            _trust(copy)
        elif _cells(copy) != [(cell["cell_type"], "".join(cell["source"])) for cell in lesson["cells"]]:
            differ.append(copy)
    return differ


def _write_new(path: Path, text: str) -> bool:
    """Write a file that is not there yet; False if it is. Half a file would pass for a learner's own, so none is left."""
    try:
        file = path.open("x", encoding="utf-8", newline="\n")
    except FileExistsError:
        return False
    try:
        with file:
            file.write(text)
    except BaseException:
        path.unlink()
        raise
    return True


def _trust(notebook: Path) -> None:
    """Sign a lesson as Jupyter does for what you have run yourself; else it would not show the kept pictures."""
    from nbformat import read
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    notary.sign(read(notebook, as_version=4))
    notary.store.close()


def _cells(notebook: Path) -> list[tuple[str, str]] | None:
    """What stands in the cells of a learner's notebook; None if it cannot be read as one."""
    try:
        return [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]]
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _open_lab(folder: Path, *, browser: bool) -> None:
    """JupyterLab on this machine's own address, in `folder`, at the first lesson. Returns when the server is stopped."""
    try:
        from jupyterlab.labapp import LabApp
    except ImportError as error:
        raise CdnlabError(
            f"JupyterLab is not installed ({error}); `pip install jupyterlab`, or take the lessons with --copy-only"
        ) from None
    options = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder.resolve()}",
        f"--LabApp.default_url=/lab/tree/{FIRST_LESSON}",
        "--LabApp.news_url=None",  # neither news nor version checks: cdnlab asks no host that you did not ask for
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        f"--ServerApp.open_browser={browser}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--ServerApp.allow_root=True")  # in a container one is root, and JupyterLab would refuse to start
    with TemporaryDirectory(prefix="cdnlab-") as config:
        defaults = Path(config, "labconfig", "default_setting_overrides.json")
        defaults.parent.mkdir()
        defaults.write_text(json.dumps(LAB_DEFAULTS), encoding="utf-8")
        os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, [config, os.environ.get("JUPYTER_CONFIG_PATH")]))
        LabApp.launch_instance(options)


def _lab(arguments: argparse.Namespace) -> int:
    folder: Path = arguments.folder
    differ = copy_lessons(folder)
    print(f"The lessons are in {folder}; begin with {FIRST_LESSON}.")
    for path in differ:
        print(f"Left as it is: {path}, which differs from the lesson in cdnlab {__version__}; for a fresh copy, rename it.")
    if not arguments.copy_only:
        _open_lab(folder, browser=not arguments.no_browser)
    return 0


def _validate(arguments: argparse.Namespace) -> int:
    from cdnlab.documents import read_config
    from cdnlab.lint import lint
    from cdnlab.validation import check

    text = sys.stdin.buffer.read() if arguments.file == "-" else Path(arguments.file).read_bytes()
    try:
        document = read_config(text)
        warnings = (*document.warnings, *check(document.config, document.account))
    except ConfigError as error:
        print(*error.problems, sep="\n")
        return 1
    print(f"AWS would take this config ({document.form}).")
    for warning in dict.fromkeys(warnings):
        print(f"Warning: {warning}")
    for advice in lint(document.config, account=document.account):
        print(f"Advice: {advice}")
    return 0


def _diagnose(arguments: argparse.Namespace) -> int:
    from cdnlab.signing import diagnose

    given = sys.stdin.buffer.read().removesuffix(b"\n").removesuffix(b"\r") if arguments.url == "-" else os.fsencode(arguments.url)
    url = given.decode("utf-8", "surrogateescape")
    keys = {}
    for pair in arguments.key:
        id, equals, path = pair.partition("=")
        if not equals or "PRIVATE KEY" in pair:
            raise InputError("--key takes the key's id and the file of its public half: --key K2JCJMDEHXQW5F=public.pem")
        keys[id] = Path(path).read_bytes()
    at = arguments.at
    if at is not None and at.isascii() and at.isdigit():
        at = int(at)
    more = {} if arguments.ip is None else {"ip": arguments.ip}
    found = diagnose(url, arguments.cookie or None, keys=keys, at=at, hosts=arguments.host, **more)
    print(found)
    return 0 if found.ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cdnlab", description="The CloudFront you can see through.")
    parser.add_argument("--version", action="version", version=f"cdnlab {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    lab = commands.add_parser(
        "lab", help="open the lessons in JupyterLab", description="Copy the lessons to FOLDER and open JupyterLab there."
    )
    lab.add_argument("folder", metavar="FOLDER", nargs="?", type=Path, default=Path("cdnlab-lessons"), help="default: %(default)s")
    lab.add_argument("--no-browser", action="store_true", help="start JupyterLab, but leave the browser to you")
    lab.add_argument("--copy-only", action="store_true", help="copy the lessons, start nothing")
    lab.set_defaults(run=_lab)
    about = "Say what AWS would refuse in a DistributionConfig (exit status 1), or else what it will regret."
    validate = commands.add_parser("validate", help="check a distribution's config", description=about)
    validate.add_argument(
        "file", metavar="FILE", help="JSON or YAML: boto3's, the AWS CLI's or CloudFormation's form; - for standard input"
    )
    validate.set_defaults(run=_validate)
    about = "Say why a signed URL or cookie is refused (exit status 1), and what to change. Public keys are enough."
    doctor = commands.add_parser("diagnose", help="explain a signed URL or cookie", description=about)
    doctor.add_argument("url", metavar="URL", help="the whole URL; - for standard input")
    doctor.add_argument(
        "--key", metavar="ID=FILE", action="append", default=[], help="a trusted key's id and its public half in PEM; for each key"
    )
    doctor.add_argument(
        "--cookie", metavar="COOKIE", action="append", default=[], help="name=value, or a whole Cookie header; may be given again"
    )
    doctor.add_argument("--at", metavar="TIME", help="when: 2026-01-01T00:00:00Z or seconds since 1970; default: now")
    doctor.add_argument("--ip", metavar="ADDRESS", help="the viewer's address, for a policy with an address condition")
    doctor.add_argument("--host", metavar="NAME", action="append", default=[], help="a name of the distribution: its domain, an alias")
    doctor.set_defaults(run=_diagnose)
    return parser


def _refused(reason: str) -> int:
    print(f"cdnlab: {reason}", file=sys.stderr)
    return 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; `argv`: without the program's name.

    Returns the exit status: 0; 1 when `validate` found problems or `diagnose` a refusal; 2, with one line on stderr, when a
    command could not run.
    """
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except CdnlabError as error:
        return _refused(str(error))
    except BrokenPipeError:  # whoever reads the output has read enough, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        return _refused(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
