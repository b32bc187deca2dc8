"""A hand on the keyboard: finds every control of a panel, reaches it with Tab, works it, and sees whether the picture answered.

A panel is an element of class `cdnlab-panel`. Its controls are whatever can take the focus in it: native inputs, selects and
buttons, sliders of ipywidgets, and the places and folded notes inside the picture itself. Its answer is any change in the picture
(`cdnlab-picture`), in the live sentence (`role=status`) or in what is said about a prediction (`cdnlab-said`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import waited
from playwright.sync_api import ElementHandle, Locator, Page

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
VALUE = "each => [each.value, each.checked, each.getAttribute('aria-valuenow')].join()"
MOST = 100  # controls of one panel
PATIENCE = 2  # seconds until a picture has surely answered
KEYS = {
    "range": ("ArrowRight", "ArrowLeft"),
    "number": ("ArrowUp", "ArrowDown"),
    "select": ("ArrowDown", "ArrowUp"),
    "radio": ("Space", "ArrowDown"),
    "checkbox": ("Space",),
}


@dataclass(frozen=True)
class Control:
    """One stop of the Tab key: what it is called, of which kind, how many pixels high."""

    element: ElementHandle
    name: str
    kind: str
    height: float

    @property
    def id(self) -> tuple[str, str]:
        """Kind and name, without the numbers in it: "Play (4 times slower)" is one button."""
        return self.kind, re.sub(r"[\d.,]+", "#", self.name)

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r}"


def ask(panel: Locator, question: str) -> Any:
    """Call one of hand.js's functions on the panel."""
    return panel.evaluate(f"panel => ({SCRIPT}).{question}(panel)")


def controls(panel: Locator) -> list[Control]:
    """The controls in sight, in the order of the page; of a group of radio buttons the one that takes the focus."""
    found = panel.evaluate_handle(f"panel => ({SCRIPT}).controls(panel)")
    listed = []
    for row in found.get_properties().values():
        told = {name: value for name, value in row.get_properties().items()}
        element = told["element"].as_element()
        if element is not None:
            listed.append(Control(element, told["name"].json_value(), told["kind"].json_value(), told["height"].json_value()))
    return listed


def not_reached_with_tab(panel: Locator) -> list[str]:
    """The controls that Tab, pressed again and again from the first one, does not come to."""
    page, stops = panel.page, controls(panel)
    for number, stop in enumerate(stops):
        stop.element.evaluate("(each, number) => each.dataset.cdnlabStop = number", number)
    seen = set()
    for press in range(3 * len(stops) + 10):
        if press:
            page.keyboard.press("Tab")
        else:
            stops[0].element.focus()
        if not panel.evaluate("panel => panel.contains(document.activeElement)"):
            break
        seen.add(page.evaluate("() => document.activeElement.dataset.cdnlabStop"))
    return [str(stop) for number, stop in enumerate(stops) if str(number) not in seen]


def idle_after_work(panel: Locator) -> list[str]:
    """Work every control, also those that appear on the way, and return those that make no difference."""
    done: set[tuple[str, str]] = set()
    idle = []
    while len(done) < MOST and (control := next((each for each in controls(panel) if each.id not in done and each.kind != "a"), None)):
        done.add(control.id)
        if not works(panel, control):
            idle.append(control.id)
        settled(panel)
    return [f"{kind} {name!r}" for kind, name in idle if not _matters(panel, kind, name)]


def _find(panel: Locator, kind: str, name: str) -> Control | None:
    return next((each for each in controls(panel) if each.id == (kind, name)), None)


def _matters(panel: Locator, kind: str, name: str) -> bool:
    """Whether a control that did nothing by itself does something after a press ("Start over"), or to what a press does (the city)."""
    _primary(panel)
    control = _find(panel, kind, name)
    if control is None or works(panel, control):
        return True
    outcomes = []
    for turned in (False, True):
        if over := _find(panel, "button", "Start over"):
            over.element.press("Enter")
            panel.page.wait_for_timeout(300)
        control = _find(panel, kind, name)
        if turned and control:
            works(panel, control)
        _primary(panel)
        outcomes.append(settled(panel))
    return outcomes[0] != outcomes[1]


def _primary(panel: Locator) -> None:
    """Press the panel's main button, if it has one, and wait for what it shows."""
    button = panel.locator(".cdnlab-primary").or_(panel.locator(".cdnlab-controls button")).first
    if button.count():
        button.press("Enter")
        settled(panel)


def settled(panel: Locator) -> str:
    """What the panel shows once it stands still."""
    shown = ""
    for _ in range(40):
        before, shown = shown, str(ask(panel, "shown"))
        if before == shown:
            break
        panel.page.wait_for_timeout(200)
    return shown


def _focused(panel: Locator, control: Control) -> Control:
    """Put the focus on a control; on its successor, if the picture was drawn afresh meanwhile."""
    for _ in range(10):
        if control.element.evaluate(
            "each => { each.scrollIntoView({block: 'nearest'}); each.focus(); return document.activeElement === each; }"
        ):
            return control
        panel.page.wait_for_timeout(200)
        control = _find(panel, *control.id) or control
    raise AssertionError(f"{control} does not take the focus")


def works(panel: Locator, control: Control) -> bool:
    """Work one control with the keyboard; whether anything answered: the picture, the sentence, a download, a checked button."""
    page, downloads = panel.page, list[Any]()

    def loaded(download: Any) -> None:
        downloads.append(download)

    page.on("download", loaded)
    ask(panel, "watch")

    def answered() -> bool:
        return bool(panel.evaluate("panel => panel.cdnlabChanged")) or bool(downloads)

    control = _focused(panel, control)
    try:
        if control.kind in ("text", "search"):
            return _typed(page, control, answered)
        return _pressed(page, control, answered)
    finally:
        page.remove_listener("download", loaded)


def _pressed(page: Page, control: Control, answered: Callable[[], bool]) -> bool:
    """Press the key that moves a control of this kind; at the end of a scale, the one that moves it back."""
    before = control.element.evaluate(VALUE)
    for key in KEYS.get(control.kind, ("Enter",)):
        page.keyboard.press(key)
        if control.kind in ("button", "summary", "place") or control.element.evaluate(VALUE) != before:
            break
    if control.kind == "radio":  # a prediction need not change the picture yet; that it stays checked is Python's answer
        page.wait_for_timeout(300)
        return answered() or bool(page.evaluate("() => document.activeElement.checked"))
    return waited(page, answered, PATIENCE)


def _typed(page: Page, control: Control, answered: Callable[[], bool]) -> bool:
    """Type another of the suggestions; where there are none, a city."""
    now = control.element.input_value()
    offered = control.element.evaluate("each => [...(each.list?.options || [])].map(option => option.value)")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(next((each for each in offered if each != now), "Lisbon"))
    page.keyboard.press("Enter")
    return waited(page, answered, PATIENCE)
