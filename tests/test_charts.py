"""Charts: the figure, the SVG and the sentence say the same; colours come from the marks; lesson 03's curve is the cache's own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cdnlab
from cdnlab.axes import Axis, Scale, ticks
from cdnlab.charts import Chart, Series, bands, curve
from cdnlab.errors import InputError
from cdnlab.experiments import bounds
from cdnlab.freshness import TTLs, browser_lifetime, lifetime
from cdnlab.marks import PAPER, RESULTS
from cdnlab.messages import Response
from cdnlab.tints import contrast, rgb, tint

X, Y = Axis("seconds"), Axis("requests")


def two() -> Chart:
    return curve(
        (1, 2, 4), [Series("cold", (3, None, 5)), Series("warm", (1, 1, 1), "hit")], x_axis=X, y_axis=Y, mark=4, levels={"most": 6}
    )


def shares() -> Chart:
    return bands((0, 1, 2), [Series("Hit", (0, 3, 5), "hit"), Series("Miss", (2, 1, 0), "miss")], x_axis=X, y_axis=Y)


# ---- words


def test_the_sentence_tells_each_lines_course_and_the_values_picked_out() -> None:
    said = "requests, by seconds. cold: 3 at 1, rising to 5 at 4. warm: 1 at 1, the same until 4. At 4: cold 5, warm 1."
    assert two().twin == said


def test_a_line_that_turns_often_is_told_by_its_ends_and_its_extremes() -> None:
    chart = curve(range(20), [Series("zigzag", tuple(float(x % 2) for x in range(20)))], x_axis=X, y_axis=Y)
    assert chart.twin == "requests, by seconds. zigzag: between 0 and 1, 0 at 0, 1 at 19."


def test_a_line_without_values_has_nothing_to_show() -> None:
    chart = curve((1, 2), [Series("none", (None, None))], x_axis=X, y_axis=Y, mark=2)
    assert chart.twin == "requests, by seconds. none: nothing to show. At 2: none nothing."
    ElementTree.fromstring(chart.svg())


# ---- the three faces agree


def test_the_svg_is_one_labelled_image_with_the_sentence_and_the_same_bytes_every_time() -> None:
    for chart in (two(), shares()):
        image = ElementTree.fromstring(chart.svg())
        assert image.get("role") == "img" and image.get("aria-label") == chart.twin
        assert chart.svg() == chart.svg()
        shown = "".join(image.itertext())
        assert all(each.name in shown for each in chart.series) and X.title in shown and Y.title in shown


def test_a_gap_is_a_gap_in_the_picture() -> None:
    gap = curve((1, 2, 3, 4), [Series("a", (1, None, 2, 3))], x_axis=X, y_axis=Y).svg()
    path = next(each for each in re.findall(r'<path d="([^"]+)"', gap) if each.count("M") == 2)
    assert path.count("L") == 1


def test_a_figure_has_the_data_as_given_and_as_many_traces_whatever_the_values() -> None:
    figure = two().figure()
    assert list(figure.data[0].y) == [3, None, 5] and list(figure.data[0].x) == [1, 2, 4]
    other = curve((1, 2), [Series("cold", (None, None)), Series("warm", (1, 2))], x_axis=X, y_axis=Y, levels={"most": 0})
    assert len(other.figure().data) == len(figure.data)


def test_bands_are_stacked_in_the_figure_and_in_the_picture() -> None:
    figure = shares().figure()
    assert {trace.stackgroup for trace in figure.data if trace.name} == {"parts"}
    assert figure.layout.yaxis.range[1] == pytest.approx(5, rel=1e-3)  # the sum of both parts, 2, 4, 5


def test_levels_of_one_height_share_a_name() -> None:
    chart = curve((1, 2), [Series("a", (1, 2))], x_axis=X, y_axis=Y, levels={"least": 2, "most": 2})
    assert chart.svg().count("least = most 2") == 1 and "least = most 2" in chart.figure().to_json()
    assert len(chart.figure().data) == 4


# ---- the visual language


def test_every_colour_comes_from_the_marks_and_nothing_is_painted_behind() -> None:
    for name in ("charts", "axes", "tints", "experiments/bounds"):
        text = (Path(cdnlab.__file__).parent / f"{name}.py").read_text(encoding="utf-8")
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b", text), name
    for chart in (two(), shares()):
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb", chart.svg())
        layout = chart.figure().layout.template.layout
        assert layout.paper_bgcolor.endswith(",0)") and layout.plot_bgcolor.endswith(",0)")
        for axis in (layout.xaxis, layout.yaxis):
            assert axis.gridcolor == axis.zerolinecolor == rgb(tint(), 0.3)


@pytest.mark.parametrize("state", ["", *RESULTS])
def test_a_figures_colours_stand_out_from_light_and_dark_paper(state: str) -> None:
    colour = "#" + "".join(f"{channel:02x}" for channel in tint(state))
    assert all(contrast(colour, paper) >= 3 for paper in PAPER.values())


def test_a_figure_is_light_takes_the_width_there_is_and_asks_no_host() -> None:
    for chart in (two(), shares()):
        text = chart.figure().to_json()
        assert len(text) < 8_000 and "http" not in text
        assert chart.figure().layout.width is None and chart.figure().layout.autosize


def test_importing_charts_imports_no_plotly() -> None:
    code = "import sys, cdnlab.charts, cdnlab.experiments.bounds; print(sorted({'plotly', 'numpy', 'ipywidgets'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- what cannot be drawn


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: curve((1,), [Series("a", (1,))], x_axis=X, y_axis=Y), "two or more numbers that rise"),
        (lambda: curve((1, 1), [Series("a", (1, 2))], x_axis=X, y_axis=Y), "rise"),
        (lambda: curve((1, 2), [Series("a", (1,))], x_axis=X, y_axis=Y), "1 values for 2 x"),
        (lambda: curve((1, 2), [], x_axis=X, y_axis=Y), "at least one"),
        (lambda: curve((1, 2), [Series("a", (1, 2)), Series("a", (1, 2))], x_axis=X, y_axis=Y), "differ"),
        (lambda: curve((1, 2), [Series("a", (1, float("nan")))], x_axis=X, y_axis=Y), "None leaves a gap"),
        (lambda: curve((1, 2), [Series("a", (0, 1))], x_axis=X, y_axis=Axis("y", log=True)), "logarithmic"),
        (lambda: curve((0, 2), [Series("a", (1, 1))], x_axis=Axis("x", log=True), y_axis=Y), "logarithmic"),
        (lambda: curve((1, 2), [Series("a", (1, 2), "warm")], x_axis=X, y_axis=Y), "no state 'warm'"),
        (lambda: curve((1, 2), [Series("a", (1, 2))], x_axis=X, y_axis=Y, mark=1.5), "not one of the x"),
        (lambda: bands((1, 2), [Series("a", (1, -2))], x_axis=X, y_axis=Y), "0 or more"),
        (lambda: bands((1, 2), [Series("a", (1, None))], x_axis=X, y_axis=Y), "0 or more"),
        (lambda: bands((1, 2), [Series("a", (1, 2))], x_axis=X, y_axis=Axis("y", log=True)), "added up"),
    ],
)
def test_what_cannot_be_drawn_is_named(make: Any, what: str) -> None:
    with pytest.raises(InputError, match=what):
        make()


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=8))
def test_any_numbers_give_a_picture_inside_its_frame(values: list[float]) -> None:
    chart = curve(range(len(values)), [Series("a", tuple(values))], x_axis=X, y_axis=Y)
    scale = Scale.of(Y, values, True)
    assert all(-1e-9 <= scale.at(value) <= 1 + 1e-9 for value in values)
    assert len(ticks(Y, scale)) <= 8
    ElementTree.fromstring(chart.svg())


def test_ticks_are_round_numbers_or_powers_of_ten() -> None:
    assert ticks(Y, Scale(0, 10, False)) == [0, 2, 4, 6, 8, 10]
    assert ticks(Y, Scale(1, 1_000, True)) == [1, 10, 100, 1_000]


# ---- lesson 03: floor and ceiling


@pytest.mark.parametrize("ttls", [(60, 86_400), (0, 600), (0, 0), (300, 300), (0, 31_536_000)])
def test_every_point_of_the_curve_is_what_the_cache_does(ttls: tuple[float, float]) -> None:
    found = bounds.model(ttls=ttls, asked=60)
    drawn, own = bounds.chart(found).series
    for wish, y, seconds in zip(bounds.ASKED, drawn.y, own.y, strict=True):
        answer = Response(200, {"Cache-Control": f"max-age={wish}"})
        assert (y or 0) == lifetime(answer, TTLs(ttls[0], ttls[1], ttls[1]), sent_at=0.0).seconds
        assert seconds == browser_lifetime(answer.headers, 0.0)


def test_the_curve_is_flat_then_rises_then_is_flat() -> None:
    twin = bounds.chart(bounds.model(ttls=(60, 86_400), asked=10)).twin
    assert "CloudFront: 60 s at 1 s, the same until 60 s, rising to 1 day at 1 day, the same until 1 year." in twin
    assert "At 10 s: CloudFront 60 s, browser 10 s." in twin


def test_the_panel_redraws_the_curve_it_has_and_saves_none_of_it() -> None:
    pytest.importorskip("plotly")
    panel = bounds.panel()
    chart = panel.widget.children[1]
    assert max(chart.data[0].y) == 86_400
    said = panel.set(ttls=(0, 600), asked=86_400)
    assert panel.widget.children[1] is chart and max(chart.data[0].y) == 600
    assert said == (
        "CloudFront grants what max-age asks for: no floor (MinTTL 0), never more than 10 min. "
        "Asked for 1 day: fresh at CloudFront for 10 min because of “max-age=86400, more than MaxTTL”; in the browser for 1 day."
    )
    data = panel._repr_mimebundle_()[0]
    assert "plotly" not in data["text/html"] and data["text/html"].count("<svg") == 1 and "Floor and ceiling." in data["text/plain"]


def test_the_sentence_tells_when_the_origin_has_no_say() -> None:
    panel = bounds.panel()
    assert panel.set(ttls=(0, 0)).startswith("MaxTTL is 0, so CloudFront keeps nothing, whatever max-age says. Asked for 10 s: not kept")
    assert panel.set(ttls=(300, 300)).startswith("MinTTL and MaxTTL are one, so CloudFront grants 5 min, whatever max-age says.")
