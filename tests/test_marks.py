"""The visual language: told apart in light and dark, by people who see colours and by people who do not."""

from __future__ import annotations

import re
from itertools import combinations, product
from pathlib import Path

import pytest

from cdnlab import marks
from cdnlab.marks import PLACES, RESULTS
from cdnlab.rules import EVIDENCE

COLOURED = [state for state in RESULTS if state != "redirect"]
THEMES = ("light", "dark")

# Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB
SIGHT = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def linear(colour: str) -> list[float]:
    """Linear RGB, 0 to 1."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def times(matrix: object, vector: list[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]  # type: ignore[attr-defined]


def lab(rgb: list[float]) -> list[float]:
    """CIELAB of linear RGB under D65."""
    xyz = times(((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041)), rgb)
    x, y, z = (
        t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (c / w for c, w in zip(xyz, (0.95047, 1, 1.08883), strict=True))
    )
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]


def contrast(a: str, b: str) -> float:
    """WCAG contrast ratio."""
    light, dark = sorted((sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(each), strict=True)) for each in (a, b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("state", "theme"), list(product(RESULTS, THEMES)))
def test_each_result_stands_out_from_its_paper(state: str, theme: str) -> None:
    assert contrast(RESULTS[state].colour(theme), marks.PAPER[theme]) >= 3  # type: ignore[arg-type]


@pytest.mark.parametrize("theme", THEMES)
def test_text_is_easy_to_read(theme: str) -> None:
    assert contrast(marks.INK[theme], marks.PAPER[theme]) >= 7


@pytest.mark.parametrize(("theme", "sight"), list(product(THEMES, SIGHT)))
def test_any_two_results_differ_for_every_kind_of_sight(theme: str, sight: str) -> None:
    seen = {}
    for state in COLOURED:
        rgb = times(SIGHT[sight], linear(RESULTS[state].colour(theme)))  # type: ignore[arg-type]
        seen[state] = lab([min(1.0, max(0.0, c)) for c in rgb])
    for a, b in combinations(COLOURED, 2):
        assert sum((p - q) ** 2 for p, q in zip(seen[a], seen[b], strict=True)) ** 0.5 >= 31, (a, b)


def test_no_result_is_told_by_colour_alone() -> None:
    shapes = [RESULTS[state].shape(0, 0, 6)[1:] for state in RESULTS]
    assert len(set(shapes)) == len(RESULTS)
    assert len({RESULTS[state].word for state in RESULTS}) == len(RESULTS)
    lines = [RESULTS[state].line for state in COLOURED]
    assert len({line._replace(plotly="") for line in lines}) == len(lines)


@pytest.mark.parametrize("state", RESULTS)
def test_a_glyph_is_drawn_in_the_current_colour_of_its_class(state: str) -> None:
    drawn = marks.glyph(state, 10, 10)
    assert f'class="cdnlab-{state}"' in drawn
    assert "currentColor" in drawn
    assert "#" not in drawn


def test_arrivals_and_copies_are_drawn_in_the_ink() -> None:
    signs = [marks.glyph(state, 10, 10) for state in ("", *marks.COPIES)]
    assert len(set(signs)) == len(signs)
    assert not any(f"cdnlab-{state}" in sign for sign in signs for state in RESULTS)


def test_places_have_a_shape_and_no_colour() -> None:
    drawn = {kind: marks.place_shape(kind, 20, 20) for kind in PLACES if kind != "service"}
    assert len(set(drawn.values())) == len(drawn)
    assert not any("#" in each or "cdnlab-hit" in each for each in drawn.values())
    assert PLACES["origin"].note == "definitive version"


@pytest.mark.parametrize("theme", THEMES)
def test_the_style_sheet_knows_jupyters_themes_and_plain_pages(theme: str) -> None:
    sheet = marks.css()
    flag = "true" if theme == "light" else "false"
    jupyter = re.search(r'body\[data-jp-theme-light="' + flag + r'"\] \.cdnlab\{([^}]*)\}', sheet)
    plain = re.search(r"^\.cdnlab\{([^}]*)\}" if theme == "light" else r"prefers-color-scheme:dark\)\{\.cdnlab\{([^}]*)\}", sheet)
    assert jupyter is not None
    assert plain is not None
    for state in COLOURED:
        assert f"--cdnlab-{state}:{RESULTS[state].colour(theme)};" in jupyter[1]  # type: ignore[arg-type]
        assert f"--cdnlab-{state}:{RESULTS[state].colour(theme)};" in plain[1]  # type: ignore[arg-type]
        assert f".cdnlab-{state}{{color:var(--cdnlab-{state})}}" in sheet
    assert "--cdnlab-paper:var(--jp-layout-color0)" in jupyter[1]


def test_the_style_sheet_of_a_single_file_spells_its_colours_out() -> None:
    sheet = marks.css(alone=True)
    light, dark = sheet.split("@media (prefers-color-scheme:dark)")
    assert "var(" not in sheet
    for state in RESULTS:
        assert f".cdnlab-{state}{{color:{RESULTS[state].light}}}" in light
        assert f".cdnlab-{state}{{color:{RESULTS[state].dark}}}" in dark


def test_a_hatch_stays_inside_its_rectangle() -> None:
    numbers = [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", marks.hatch(10, 20, 33, 14))]
    assert all(10 <= x <= 43 for x in numbers[::2])
    assert all(20 <= y <= 34 for y in numbers[1::2])
    assert len(numbers) >= 4 * 8


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Hit", "hit"),
        ("RefreshHit", "refresh"),
        ("Miss", "miss"),
        ("Error", "error"),
        ("Redirect", "redirect"),
        ("OriginShieldHit", "hit"),
        ("CapacityExceeded", "error"),
        ("", "error"),
    ],
)
def test_awss_result_words_have_a_state(word: str, state: str) -> None:
    assert marks.state_of(word) == state


def test_numbers_are_written_to_a_tenth_and_never_as_minus_nought() -> None:
    assert [marks.number(each) for each in (0.0, -0.01, 10.0, 12.34, -3.06)] == ["0", "0", "10", "12.3", "-3.1"]


def test_every_grade_of_evidence_has_words() -> None:
    assert tuple(marks.EVIDENCE) == EVIDENCE


def test_no_other_module_types_a_colour() -> None:
    colour = re.compile(r"#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3,4})\b")
    home = Path(marks.__file__)
    guilty = [
        f"{path.name}:{number}"
        for path in sorted(home.parent.rglob("*.*"))
        if path.suffix in (".py", ".css", ".js") and path != home
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if any(re.search("[a-fA-F]", hit) or len(hit) == 7 for hit in colour.findall(line))
    ]
    assert guilty == []
