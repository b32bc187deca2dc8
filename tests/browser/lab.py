"""A private JupyterLab with the lessons in it, and a Chromium that looks at it: what a learner gets from `cdnlab lab`.

Used by the browser tests and by the benchmark that times how soon a control's move is painted. Whatever the page asks of another
host, says on the console as an error, or throws, is collected in `Watch.complaints`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

SECONDS = 60  # for anything that a loaded machine may take long to do
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
ALL_RAN = """() => document.querySelector('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]')
    || [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].every(each => /\\[\\d+\\]/.test(each.textContent))"""
HEIGHT = """() => [...document.querySelectorAll('.jp-Notebook .jp-Cell')].at(-1).getBoundingClientRect().bottom
    - document.querySelector('.jp-Notebook .jp-Cell').getBoundingClientRect().top"""


@contextmanager
def served(folder: Path, log: Path) -> Iterator[str]:
    """`cdnlab lab FOLDER`: its address, token included, for as long as the block lasts. Only the server started here is ended."""
    with log.open("w+", encoding="utf-8") as lines:
        command = [sys.executable, "-m", "cdnlab", "lab", str(folder), "--no-browser"]
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=lines, stderr=subprocess.STDOUT)
        try:
            yield _address(server, log)
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and server.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:\d+/lab\S*\?token=\w+", log.read_text(encoding="utf-8")):
            return found[0]
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """A headless Chromium of this machine's."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Watch:
    """What went wrong on a page, as sentences."""

    def __init__(self, page: Page, own_host: str) -> None:
        self.complaints: list[str] = []
        self._own_host = own_host
        page.on("request", lambda request: self._asked(request.url))
        page.on("console", lambda message: self._said(message))
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc != self._own_host:
            self.complaints.append(f"request to another host: {url}")

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")


class Lesson:
    """One notebook open in JupyterLab, on a page and in a kernel of its own."""

    def __init__(self, browser: Browser, address: str, name: str, *, width: int = 1280) -> None:
        parts = urlsplit(address)
        self.origin, self.token = f"{parts.scheme}://{parts.netloc}", parts.query
        self.page = browser.new_page(viewport={"width": width, "height": 900}, reduced_motion="no-preference")
        self.page.set_default_timeout(SECONDS * 1000)
        self.watch = Watch(self.page, parts.netloc)
        self.page.goto(f"{self.origin}/lab/tree/{quote(name)}?reset&{self.token}")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.idle()

    def idle(self) -> None:
        """Wait until there is a kernel and it has nothing to do. (The indicator alone is idle already before the kernel is there.)"""
        self.page.locator("#jp-bottom-panel, #jp-main-statusbar").get_by_text("(ipykernel) | Idle").wait_for()
        self.page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]')

    def menu(self, *path: str) -> None:
        """Choose from the menu: `menu("Run", "Run All Cells")`."""
        bar = self.page.locator("#jp-MainMenu")
        bar.get_by_text(path[0], exact=True).click()
        for step in path[1:-1]:
            self.page.locator(".lm-Menu-itemLabel").get_by_text(step, exact=True).last.hover()
        self.page.locator(".lm-Menu-itemLabel").get_by_text(path[-1], exact=True).last.click()

    def run_all(self) -> None:
        """Run > Run All Cells, and wait until every cell has run and every widget is drawn."""
        self.menu("Run", "Run All Cells")
        self.page.wait_for_function(ALL_RAN)
        self.idle()
        self.page.wait_for_function("() => !document.querySelector('.jp-Notebook').innerText.includes('Loading widget')")

    def failures(self) -> list[str]:
        """The cells that failed or wrote to stderr."""
        kinds = ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr")
        shown = [each.inner_text() for kind in kinds for each in self.page.locator(f'.jp-OutputArea-output[data-mime-type="{kind}"]').all()]
        return [" ".join(text.split())[-300:] for text in shown]

    def theme(self, name: str) -> None:
        """Settings > Theme: "JupyterLab Dark" or "JupyterLab Light"."""
        self.menu("Settings", "Theme", name)
        light = str(name.endswith("Light")).lower()
        self.page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached")

    def picture(self, path: Path) -> None:
        """A screenshot of the whole lesson, from the first cell to the last."""
        path.parent.mkdir(parents=True, exist_ok=True)
        size = self.page.viewport_size or {"width": 1280, "height": 900}
        tall = self.page.evaluate(HEIGHT)
        self.page.set_viewport_size({"width": size["width"], "height": min(int(tall) + 160, 16000)})
        self.page.locator(".jp-Notebook .jp-Cell").first.evaluate("cell => cell.scrollIntoView({block: 'start'})")
        self.page.evaluate("() => document.querySelectorAll('.jp-WindowedPanel-outer').forEach((each) => (each.scrollTop = 0))")
        self.page.wait_for_timeout(400)
        self.page.locator(".jp-NotebookPanel").screenshot(path=path)
        self.page.set_viewport_size({"width": size["width"], "height": size["height"]})

    def close(self) -> None:
        """Shut the kernel down and leave."""
        self.page.goto("about:blank")
        for session in self.page.request.get(f"{self.origin}/api/sessions?{self.token}").json():
            self.page.request.delete(f"{self.origin}/api/sessions/{session['id']}?{self.token}")
        self.page.close()


def waited(page: Page, until: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether `until()` came true in time; the page goes on meanwhile."""
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            return False
        page.wait_for_timeout(30)
    return True
