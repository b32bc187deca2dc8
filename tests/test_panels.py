"""A panel: what a hand does and what code does are one thing; the past stays as it was; nothing ends in a traceback."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdnlab import controls, panels
from cdnlab.errors import InputError, UnknownName
from cdnlab.panels import Button, Choice, Flag, Panel, Predict, Rail, Slider, Text, Ticks, Toggle


@dataclass(frozen=True)
class Sum:
    """What the toy experiment comes to: all numbers added so far, and the one that would be next."""

    total: int
    next: int
    guess: str | None
    added: tuple[int, ...] = ()


def model(presses: Any, *, n: int, guess: str | None) -> Sum:
    if n == 13:
        raise InputError("13 is not added here; take another number")
    if n == 14:
        raise ZeroDivisionError("a slip")
    added = tuple(press.n for press in presses if press.button == "Add")
    return Sum(sum(added), n, guess, added)


def view(result: Sum) -> str:
    return f"<svg><title>{result.total}</title></svg>"


def twin(result: Sum) -> str:
    return f"The sum is {result.total}, next comes {result.next}."


def predict() -> Predict:
    return Predict(
        "guess", "Odd or even?", ("odd", "even"), outcome=lambda r: f"It is {'odd' if r.total % 2 else 'even'}." if r.added else ""
    )


def toy() -> Panel[Sum]:
    return Panel(
        "Add them up", [predict(), Slider("n", "Number", 0, 20, 1), Button("Add", primary=True)], model=model, view=view, twin=twin
    )


def hand(panel: Panel[Any], number: int = 1, **message: Any) -> dict[str, Any]:
    """Send what the browser sends; the state it is answered with."""
    panel.widget  # noqa: B018
    panel._hear(None, {**message, "number": number}, [])
    return dict(panel._live.state)


def test_setting_a_control_in_code_shows_what_the_hand_would_see() -> None:
    by_code, by_hand = toy(), toy()
    assert by_code.set(n=5) == "The sum is 0, next comes 5."
    state = hand(by_hand, do="set", values={"n": 5})
    assert state["says"] == by_code.sentence
    assert by_hand.result == by_code.result
    assert state["values"] == {"guess": None, "n": 5}


def test_a_press_is_remembered_with_the_controls_as_they_were() -> None:
    panel = toy()
    panel.press("Add", n=3)
    panel.press("Add", n=4)
    assert panel.set(n=9) == "The sum is 7, next comes 9."
    assert [frame.total for frame in panel.tape] == [0, 3, 7]


@pytest.mark.parametrize(
    ("values", "error", "says"),
    [
        ({"m": 1}, UnknownName, "unknown control 'm'; known: guess, n"),
        ({"n": 21}, InputError, "n: 21 is outside 0 to 20"),
        ({"n": "three"}, InputError, "n: 'three' is not a number"),
        ({"n": True}, InputError, "n: True is not a number"),
        ({"guess": "both"}, UnknownName, "unknown prediction for guess 'both'"),
        ({"Add": 1}, UnknownName, "unknown control 'Add'"),
    ],
)
def test_a_value_that_does_not_fit_is_a_named_error_in_code_and_a_sentence_by_hand(values: Any, error: Any, says: str) -> None:
    panel = toy()
    before = panel.result
    with pytest.raises(error, match=re.escape(says)):
        panel.set(**values)
    state = hand(panel, do="set", values=values)
    assert state["trouble"] and state["says"].startswith(says)
    assert panel.result is before
    assert not hand(panel, do="set", values={"n": 2})["trouble"]


def test_an_unknown_button_is_a_named_error() -> None:
    with pytest.raises(UnknownName, match=r"unknown button 'Ad'; did you mean 'Add'\?"):
        toy().press("Ad")


def test_an_error_of_the_model_is_said_in_the_status_line_and_the_last_good_result_stays() -> None:
    panel = toy()
    panel.press("Add", n=3)
    assert panel.set(n=13) == "13 is not added here; take another number"
    assert panel.result.total == 3
    assert panel.press("Add") == "13 is not added here; take another number"
    assert len(panel.tape) == 2
    assert panel.set(n=4) == "The sum is 3, next comes 4."


def test_a_slip_in_the_model_is_raised_in_code_and_told_by_hand() -> None:
    panel = toy()
    with pytest.raises(ZeroDivisionError):
        panel.set(n=14)
    assert hand(panel, do="set", values={"n": 14})["says"] == "This did not work (ZeroDivisionError: a slip)."


def test_looking_back_shows_the_past_as_it_was_and_changes_nothing() -> None:
    panel = toy()
    panel.press("Add", n=3)
    panel.press("Add", n=4)
    first = panel.tape[1]
    assert panel.look(1) == "The sum is 3, next comes 3."
    assert panel.result is first
    assert panel.look(-1) == "The sum is 7, next comes 4."
    with pytest.raises(InputError, match="no frame 3: the tape has frames 0 to 2"):
        panel.look(3)


def test_branching_replays_up_to_there_and_forgets_what_came_after() -> None:
    panel = toy()
    for n in (1, 2, 3):
        panel.press("Add", n=n)
    panel.look(1)
    assert panel.branch() == "The sum is 1, next comes 3."
    assert panel.press("Add", n=10) == "The sum is 11, next comes 10."
    assert [frame.total for frame in panel.tape] == [0, 1, 11]


def test_a_press_while_looking_back_branches_off_from_there() -> None:
    panel = toy()
    for n in (1, 2, 3):
        panel.press("Add", n=n)
    panel.look(0)
    panel.press("Add", n=5)
    assert panel.result.added == (5,)
    assert len(panel.tape) == 2


def test_start_over_is_the_start() -> None:
    panel = toy()
    panel.press("Add", n=7, guess="odd")
    assert panel.reset() == toy().sentence
    assert (panel.values, panel.tape) == (toy().values, toy().tape)


ACTS = st.one_of(
    st.tuples(st.just("set"), st.integers(0, 12)),
    st.tuples(st.just("press"), st.integers(0, 12)),
    st.tuples(st.just("look"), st.integers(0, 30)),
    st.tuples(st.just("branch"), st.just(0)),
)


@given(st.lists(ACTS, max_size=25))
def test_whatever_is_done_the_tape_is_the_replay_of_its_presses(acts: list[tuple[str, int]]) -> None:
    panel = toy()
    for act, n in acts:
        if act == "set":
            panel.set(n=n)
        elif act == "press":
            panel.press("Add", n=n)
        elif act == "look":
            panel.look(n % len(panel.tape))
        else:
            panel.branch()
    added = panel.tape[-1].added
    assert [frame.added for frame in panel.tape] == [added[:count] for count in range(len(added) + 1)]
    assert panel.result in panel.tape


def test_a_prediction_is_asked_before_and_stands_beside_the_outcome_after() -> None:
    panel = toy()
    assert panel.said() == [{"name": "guess", "question": "Odd or even?", "answer": None, "asked": True, "outcome": ""}]
    panel.set(guess="even")
    assert "You said" not in panel.now._repr_html_()
    panel.press("Add", n=3)
    assert "You said “even”. It is odd." in panel.now._repr_html_()
    assert hand(panel, do="look", frame=1)["said"][0]["line"] == "You said “even”. It is odd."


def test_nobody_has_to_predict() -> None:
    panel = toy()
    panel.press("Add", n=3)
    assert '<p class="cdnlab-said">It is odd.</p>' in panel.now._repr_html_()


def test_the_saved_output_is_the_starting_state_with_its_question_whatever_was_done_before() -> None:
    fresh, used = toy(), toy()
    used.press("Add", n=9)
    data, _ = used._repr_mimebundle_()
    assert data["text/plain"] == "Add them up. Odd or even? (odd / even) The sum is 0, next comes 1."
    assert data["text/html"] == fresh._repr_mimebundle_()[0]["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert '<p class="cdnlab-status" role="status">The sum is 0, next comes 1.</p>' in data["text/html"]
    assert "<li>odd</li><li>even</li>" in data["text/html"]
    assert view(fresh.result) in data["text/html"]
    assert "<script" not in data["text/html"]


def test_the_static_twin_has_no_style_that_only_the_live_panel_needs() -> None:
    assert panels._LIVE_ONLY in (Path(panels.__file__).parent / "panel.css").read_text(encoding="utf-8")
    assert "fieldset" not in repr(panels._static_css())


def test_words_of_a_lesson_are_escaped() -> None:
    panel = Panel("1 < 2 & 3", [Toggle("on", "On")], model=lambda on: on, view=lambda on: "<b>ok</b>", twin=lambda on: f"<{on}>")
    page = panel._repr_mimebundle_()[0]["text/html"]
    assert "1 &lt; 2 &amp; 3" in page and "&lt;False&gt;" in page and "<b>ok</b>" in page


def test_the_browser_is_told_which_of_its_messages_was_heard() -> None:
    panel = toy()
    assert hand(panel, 7, do="press", button="Add", values={"n": 2})["heard"] == 7
    panel.set(n=3)
    assert panel._live.state["heard"] == 7


def test_a_message_that_makes_no_sense_is_not_a_traceback() -> None:
    assert hand(toy(), do="press", button="Subtract")["says"].startswith("unknown button 'Subtract'")
    assert hand(toy(), do="look", frame=99)["trouble"]
    assert "says" in hand(toy(), do="dance")


def test_two_controls_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="two controls have one name"):
        Panel("Twice", [Toggle("a", "A"), Toggle("a", "B")], model=lambda a: a, view=str, twin=str)


def test_every_kind_of_control_is_drawn_by_the_browser_and_tells_it_its_name() -> None:
    script = (Path(panels.__file__).parent / "panel.js").read_text(encoding="utf-8")
    plain = [Choice("c", "C", ("a",)), Slider("s", "S"), Text("t", "T", "x"), Toggle("g", "G")]
    made = [*plain, Button("b"), predict(), RAIL, Flag("f", "F?", 0, 9, str), Ticks("k", "K?", ("a", "b"), str)]
    assert {type(control) for control in made} == set(get_args(controls.Control))
    for control in made:
        spec = control.spec()
        drawn = spec["kind"] == "button" or re.search(rf"^  {spec['kind']}\(spec, turn\)", script, re.MULTILINE)
        assert drawn, spec["kind"]
        assert spec["name"] and (spec.get("label") or spec["kind"] == "button")


def test_a_slider_over_a_list_takes_only_what_is_on_it() -> None:
    slider = Slider("ttl", "Max TTL", values=(0, 60, 86400), texts=("0", "a minute", "a day"), value=60)
    assert slider.check(86400) == 86400
    assert slider.spec()["texts"] == ["0", "a minute", "a day"]
    with pytest.raises(InputError, match="ttl: 61 is not one of 0, 60, 86,400"):
        slider.check(61)
    with pytest.raises(InputError, match="2 texts for 1 values"):
        Slider("ttl", "Max TTL", values=(0,), texts=("a", "b"))


def test_a_text_is_refused_as_its_table_refuses_it() -> None:
    def known(name: str) -> None:
        if name != "Lisbon":
            raise UnknownName("city", name, ["Lisbon"])

    text = Text("city", "City", "Lisbon", accept=known)
    assert text.check("  Lisbon ") == "Lisbon"
    with pytest.raises(UnknownName, match="did you mean 'Lisbon'"):
        text.check("Lisbn")
    with pytest.raises(InputError, match="city: '' is not a text"):
        text.check("")


def test_a_figure_below_the_picture_is_updated_not_replaced() -> None:
    graph_objects = pytest.importorskip("plotly.graph_objects")
    panel = Panel(
        "Powers",
        [Slider("n", "Exponent", 1, 5)],
        model=lambda n: tuple(x**n for x in range(5)),
        view=lambda r: "<p>below</p>",
        twin=lambda r: f"The last is {r[-1]}.",
        figure=lambda r: graph_objects.Figure(graph_objects.Scatter(y=list(r), name="powers"), {"title": {"text": f"to {r[-1]}"}}),
    )
    box = panel.widget
    chart = box.children[1]
    panel.set(n=2)
    assert panel.widget is box and box.children[1] is chart
    assert list(chart.data[0].y) == [0, 1, 4, 9, 16]
    assert chart.layout.title.text == "to 16"
    assert panel._repr_mimebundle_()[0]["text/plain"] == "Powers. The last is 4."


def test_importing_the_panels_imports_no_widget_library() -> None:
    code = "import sys, cdnlab.panels; print(sorted({'ipywidgets', 'anywidget', 'plotly', 'traitlets'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def railed() -> Panel[str]:
    return Panel(
        "On the rail",
        [Flag("flag", "When?", 0, 120, lambda result: "It was 60 s." if "60" in result else "", unit="s"), RAIL],
        model=lambda flag, ttls: f"flag {flag}, {ttls}",
        view=lambda result: "<svg></svg>",
        twin=lambda result: result,
    )


RAIL = Rail("ttls", "TTLs", ("Min", "Default", "Max"), (0, 10, 10), values=(0, 10, 60), texts=("0 s", "10 s", "1 min"))


def test_the_handles_of_a_rail_keep_their_order_and_their_places():
    panel = railed()
    assert panel.set(ttls=[0, 10, 60]) == "flag None, (0, 10, 60)"
    with pytest.raises(InputError, match=r"Default \(60\) must not be above Max \(10\)"):
        panel.set(ttls=(0, 60, 10))
    for nonsense in ((0, 10), (0, 10, 61), (True, 10, 60), "60", None):
        with pytest.raises(InputError, match="ttls"):
            panel.set(ttls=nonsense)
    assert panel.values["ttls"] == (0, 10, 60)


def test_a_flag_is_a_prediction_that_the_model_gets_and_the_outcome_quotes():
    panel = railed()
    assert panel.said()[0]["answer"] is None and "from 0 to 120 s" in repr(panel)
    panel.set(flag=45, ttls=(0, 10, 60))
    assert panel.result == "flag 45, (0, 10, 60)"
    assert "You said 45 s. It was 60 s." in panel.now._repr_html_()
    with pytest.raises(InputError, match="flag: 121 is not a number from 0 to 120 s"):
        panel.set(flag=121)


def test_ticks_are_a_prediction_with_more_than_one_answer() -> None:
    ticks = Ticks("which", "Which?", ("cork", "iron", "lead"), lambda n: "Iron and lead." if n else "")
    panel = Panel("Sink", [ticks, Slider("n", "N", 0, 9)], model=lambda which, n: n, view=str, twin=lambda n: f"{n} tried.")
    assert "(cork / iron / lead)" in repr(panel)
    assert hand(panel, do="set", values={"which": ["lead", "cork"]})["values"]["which"] == ("cork", "lead")
    panel.set(n=1)
    assert "You said “cork”, “lead”. Iron and lead." in panel.now._repr_html_()
    panel.set(which=[])
    assert panel.values["which"] is None and "You said" not in panel.now._repr_html_()
    for nonsense, says in ((["gold"], "unknown prediction for which 'gold'"), ("iron", "which: 'iron' is not a list")):
        with pytest.raises(InputError, match=says):
            panel.set(which=nonsense)


def test_a_text_that_is_optional_may_be_emptied_and_one_that_is_folded_says_so() -> None:
    plain, cookies = Text("url", "URL", "x"), Text("cookies", "Cookies", optional=True, folded=True)
    assert cookies.check("  ") == "" and cookies.spec()["folded"] and "folded" not in plain.spec()
    with pytest.raises(InputError, match="url: '' is not a text"):
        plain.check("")


def test_what_is_inside_is_made_only_while_it_is_open_and_saved_nowhere() -> None:
    panel = Panel("Box", [Slider("n", "N", 0, 9)], model=lambda n: n, view=str, twin=str, inside=lambda n: f"<p>inside {n}</p>")
    assert hand(panel, do="set", values={"n": 1})["inside"] == ""
    assert hand(panel, do="open", open=True)["inside"] == "<p>inside 1</p>"
    assert hand(panel, do="set", values={"n": 2})["inside"] == "<p>inside 2</p>"
    assert hand(panel, do="open", open=False)["inside"] == ""
    assert "inside 2" not in panel.now._repr_html_()
