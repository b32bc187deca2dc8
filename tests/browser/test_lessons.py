"""Every lesson in a real browser: it opens, runs, can be worked by keyboard alone, and its pictures answer.

A lesson joins by its file name. Screenshots of each, in both themes, are left in the artefact folder to be looked at.
"""

from __future__ import annotations

from pathlib import Path

from hand import controls, idle_after_work, not_reached_with_tab
from lab import Lesson
from playwright.sync_api import Browser

STRAYS = ".jp-OutputArea-output :is(input, select, button, textarea):not(.cdnlab-panel *)"


def test_a_lesson_runs_and_each_control_works_by_keyboard(browser: Browser, address: str, artefacts: Path, name: str) -> None:
    lesson = Lesson(browser, address, name)
    stem = Path(name).stem
    try:
        lesson.picture(artefacts / f"{stem}-0-before.png")
        lesson.run_all()
        assert lesson.failures() == []
        lesson.picture(artefacts / f"{stem}-1-light.png")
        panels = lesson.page.locator(".cdnlab-panel:not(.cdnlab-static)")
        panels.first.wait_for()
        for panel in panels.all():
            stops = controls(panel)
            assert stops, "a panel without controls"
            assert [f"{each.kind} without a name" for each in stops if not each.name] == []
            assert [f"{each.name}: {each.height:.0f} px high" for each in stops if each.height < 24 and each.kind != "place"] == []
            assert not_reached_with_tab(panel) == []
            assert idle_after_work(panel) == []
        assert lesson.page.locator(STRAYS).count() == 0, "a control that stands in no panel"
        lesson.theme("JupyterLab Dark")
        lesson.picture(artefacts / f"{stem}-2-dark.png")
        lesson.theme("JupyterLab Light")
        assert lesson.failures() == []
        assert lesson.watch.complaints == []
    except BaseException:
        lesson.page.screenshot(path=artefacts / f"{stem}-failed.png")
        raise
    finally:
        lesson.close()
