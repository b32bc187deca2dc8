"""Pictures as a browser shows them: colours in both themes, 640 pixels, nothing that runs or loads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import journeys as samples
import pytest
from playwright.sync_api import Browser, Page
from test_marks import contrast

from cdnlab import marks, page, staircase

THEMES = ("light", "dark")
JUPYTER = {"light": ("true", "rgba(0,0,0,1)", "white"), "dark": ("false", "rgba(255,255,255,1)", "#111111")}  # JupyterLab's own values
SURROUNDINGS = ("JupyterLab", "JupyterLab, the system's theme is the other one", "plain page", "stand-alone file")
BACKGROUND = """node => {
  for (; node; node = node.parentElement) {
    const seen = getComputedStyle(node).backgroundColor;
    if (seen !== "rgba(0, 0, 0, 0)") return seen;
  }
  return "rgb(255, 255, 255)";
}"""


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Callable[..., Page]:
    """Open some markup in a theme and surroundings, 640 pixels wide; whatever goes wrong in the page fails the test."""

    def shown(markup: str, theme: str, where: str) -> Page:
        system = theme if "other one" not in where else next(each for each in THEMES if each != theme)
        tab = browser.new_context(viewport={"width": 640, "height": 900}, color_scheme=system).new_page()  # type: ignore[arg-type]
        tab.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
        tab.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
        tab.on("request", lambda request: request.url.startswith("file:") or pytest.fail(f"loads {request.url}"))
        if where == "stand-alone file":
            file = tmp_path / "picture.svg"
        else:
            flag, ink, paper = JUPYTER[theme]
            body = (
                f'<body data-jp-theme-light="{flag}" style="--jp-content-font-color0:{ink};--jp-layout-color0:{paper};background:{paper}">'
                if where.startswith("JupyterLab")
                else "<body>"
            )
            file, markup = tmp_path / "page.html", f"<!doctype html><meta charset=utf-8>{body}{markup}"
        file.write_text(markup, encoding="utf-8")
        tab.goto(file.as_uri())
        return tab

    return shown


def as_hex(colour: str) -> str:
    """#rrggbb of a computed rgb(...)."""
    channels = [float(each) for each in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return "#" + "".join(f"{round(each):02x}" for each in channels)


@pytest.mark.parametrize("where", SURROUNDINGS)
@pytest.mark.parametrize("theme", THEMES)
def test_every_result_stands_out_in_both_themes(show: Callable[..., Page], theme: str, where: str) -> None:
    glyphs = "".join(marks.glyph(state, 20 + 30 * at, 20) for at, state in enumerate(marks.RESULTS))
    if where == "stand-alone file":
        style = f"<style>{marks.css(alone=True)}</style>"
        tab = show(f'<svg xmlns="http://www.w3.org/2000/svg" class="cdnlab">{style}<rect class="cdnlab-back"/>{glyphs}</svg>', theme, where)
        paper = as_hex(tab.locator("rect").evaluate("node => getComputedStyle(node).fill"))
    else:
        tab = show(f'<div class="cdnlab"><style>{marks.css()}</style><svg>{glyphs}</svg></div>', theme, where)
        paper = as_hex(tab.locator("svg").evaluate(BACKGROUND))
    seen = {
        state: as_hex(tab.locator(f"g.cdnlab-{state}").evaluate("node => getComputedStyle(node).color"))
        for state in marks.RESULTS
        if state != "redirect"
    }
    assert paper == marks.PAPER[theme].lower()
    assert seen == {state: marks.RESULTS[state].colour(theme).lower() for state in seen}  # type: ignore[arg-type]
    assert min(contrast(colour, paper) for colour in seen.values()) >= 3


JUPYTERS_OWN = """<style>.out code{background:#eee;padding:1px 5px}.out dl dt{float:left;width:20%}.out dl dd{margin-left:9em}
.out ol:not(.list-inline){padding-left:2em}.out td,.out th{text-align:right;padding:.5em}
.out blockquote{margin:1em 2em}</style>"""


@pytest.mark.parametrize("theme", THEMES)
def test_jupyterlabs_own_style_does_not_bend_the_page(show: Callable[..., Page], theme: str) -> None:
    def boxes(markup: str) -> list[float]:
        tab = show(markup, theme, "JupyterLab")
        return tab.evaluate("[...document.querySelectorAll('.cdnlab *')].map(node => Math.round(node.getBoundingClientRect().x))")

    journey = page.html(samples.miss()).replace("<details>", "<details open>")
    assert boxes(f"{JUPYTERS_OWN}<div class='out'>{journey}</div>") == boxes(f"<div>{journey}</div>")


@pytest.mark.parametrize("sample", samples.ALL)
def test_a_page_fits_640_pixels_and_runs_nothing(show: Callable[..., Page], sample: str) -> None:
    tab = show(page.html(samples.ALL[sample]()).replace("<details>", "<details open>"), "light", "plain page")
    tab.wait_for_timeout(50)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 640


@pytest.mark.parametrize("sample", [each for each in samples.ALL if each != "hostile"])
def test_no_words_of_a_picture_stand_outside_it_or_on_each_other(show: Callable[..., Page], sample: str) -> None:
    tab = show(staircase.svg([samples.ALL[sample]()]), "light", "stand-alone file")
    box_of = "node => { const box = node.getBBox(); return [box.x, box.y, box.width, box.height, node.textContent]; }"
    boxes = tab.evaluate(f"[...document.querySelectorAll('text')].map({box_of})")
    width, height = (float(each) for each in (tab.locator("svg").get_attribute("viewBox") or "").split()[2:])
    for number, (x, y, w, h, words) in enumerate(boxes):
        assert x >= 0, words
        assert x + w <= width, words
        assert y + h <= height, words
        for x2, y2, w2, h2, other in boxes[number + 1 :]:
            across = min(x + w, x2 + w2) - max(x, x2)
            down = min(y + h, y2 + h2) - max(y, y2)
            assert across <= 1 or down <= 0.45 * min(h, h2), (words, other)
