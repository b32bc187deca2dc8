"""The lab's one Panel: controls, a model, a view and a sentence, made into something a hand can work.

A lesson's experiment is three pure functions and a table of controls:

    model(**values) -> result                 frozen; all numbers come from the library
    model(presses, **values) -> result        the same, for a panel with buttons: all presses so far, in order
    view(result) -> str                       the picture, as HTML or SVG text
    twin(result) -> str                       what the picture says, as one stable sentence

The Panel turns the controls, calls the three, and shows what comes out. It holds no numbers of its own. Because the
model is given every press since the start, any earlier moment can be rebuilt: results are kept on a tape, a learner
may look back along it, and branch off from any point. (The clock of a CloudFront only goes forwards, so going back
means replaying.)

How to write one:

1. Write `model`, `view` and `twin` in a module of `cdnlab/experiments/`, and test them as the plain functions they are.
2. List the controls (`cdnlab/controls.py`); their names are the model's keyword arguments. A Predict comes first.
3. Make a function that returns the Panel, with a title and at most three controls and one primary button in sight.
4. In the lesson, one cell imports it and shows it; the next sets the controls of a second one in code and prints what
   happened. (A second one, so that running the cell does not undo what the learner has done by hand.)

       from cdnlab.experiments import far
       panel = far.panel()
       panel

       again = far.panel()
       print(again.press("Send", city="Brisbane"))

5. Under "What happened", `again.now` shows the picture as it stands, for readers without a kernel.

In a browser the panel is one small anywidget (`panel.js`, `panel.css`), which draws native input elements from the
table and puts the picture in as it is. A view may therefore use these attributes, and need not know more:

    data-at="12.5"             the element appears 12.5 ms (network time) after the request was sent
    path.cdnlab-leg, data-ms   a dot travels along the path, from data-at on, in that many ms (the staircase's ways do)
    data-place="edge AKL"  elements of one place are selected together, in all pictures of the panel
    .cdnlab-instead        what stands for the figure in the static twin; out of sight where the figure itself is drawn
    svg[data-save]             only pictures so marked are saved by "Save this picture" (default: every svg)

Nothing of it is saved with a notebook: what stays is the static twin, the picture of the starting state with its question.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from pickle import dumps
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from cdnlab.controls import Button, Choice, Control, Flag, Predict, Press, Rail, Slider, Text, Ticks, Toggle
from cdnlab.errors import CdnlabError, InputError, UnknownName
from cdnlab.marks import css

__all__ = ["Button", "Choice", "Flag", "Panel", "Predict", "Press", "Rail", "Sentence", "Slider", "Snapshot", "Text", "Ticks", "Toggle"]

R = TypeVar("R")
_HERE = Path(__file__).resolve().parent
_LIVE_ONLY = "/* live only */"


class Sentence(str):
    """A text that shows itself without quotes, so that a cell may end with it."""

    def __repr__(self) -> str:
        return str(self)


class Snapshot:
    """A panel's picture as it stood at one moment: a picture in a notebook, its sentence as text."""

    def __init__(self, sentence: str, page: str) -> None:
        self._sentence, self._page = sentence, page

    def _repr_html_(self) -> str:
        return self._page

    def __repr__(self) -> str:
        return self._sentence


class Panel(Generic[R]):
    """One experiment: `controls`, a pure `model`, a pure `view` of its result, and a `twin` that says it in a sentence.

    `inside(result)`: more HTML, made only while the learner has "Look inside" open, and not part of the static twin.
    `figure(result)`: a plotly figure (`cdnlab/charts.py`) to be drawn below the picture. `moment(result)`: the simulated time as text, for
    looking back. `caption(result)`: what is written under a saved picture (default: the twin).

    Raises what the model raises for the starting values, and InputError for controls that do not fit together.

    >>> panel = Panel("Double it", [Slider("n", "Number", 0, 9)], model=lambda n: 2 * n,
    ...               view=lambda r: f"<svg><text>{r}</text></svg>", twin=lambda r: f"Twice that is {r}.")
    >>> panel.set(n=4)
    Twice that is 8.
    >>> panel.result
    8
    """

    def __init__(
        self,
        title: str,
        controls: Sequence[Control],
        *,
        model: Callable[..., R],
        view: Callable[[R], str],
        twin: Callable[[R], str],
        inside: Callable[[R], str] | None = None,
        figure: Callable[[R], Any] | None = None,
        moment: Callable[[R], str] | None = None,
        caption: Callable[[R], str] | None = None,
    ) -> None:
        self.title = title
        self.controls = {control.name: control for control in controls}
        if len(self.controls) != len(controls):
            raise InputError(f"panel {title!r}: two controls have one name; names are {[control.name for control in controls]}")
        self.model, self.view, self.twin = model, view, twin
        self._inside, self._figure, self._moment, self._caption = inside, figure, moment, caption
        self._opened = False
        self._buttons = [control.name for control in controls if isinstance(control, Button)]
        self._predictions = [control for control in controls if isinstance(control, Predict | Flag | Ticks)]
        self._live: Any = None
        self._chart: Any = None
        self._shell: Any = None
        self._heard = 0
        self._begin()
        self._start = Snapshot(self._opening(), self._page(self.result, opening=True))

    def _begin(self) -> None:
        self._values = {name: control.value for name, control in self.controls.items() if not isinstance(control, Button)}
        self._presses: tuple[Press, ...] = ()
        self._at = 0
        self._trouble = ""
        self._frames: list[R] = [self._run((), self._values)]

    def _run(self, presses: tuple[Press, ...], values: Mapping[str, Any]) -> R:
        return self.model(presses, **values) if self._buttons else self.model(**values)

    # ---- in code what the hand does

    @property
    def values(self) -> Mapping[str, Any]:
        """The controls' values by name."""
        return MappingProxyType(self._values)

    @property
    def result(self) -> R:
        """The frozen result that is on show: the latest one, unless somebody is looking back."""
        return self._frames[self._at]

    @property
    def sentence(self) -> Sentence:
        """What the status line says."""
        return Sentence(self._trouble or self.twin(self.result))

    @property
    def now(self) -> Snapshot:
        """The picture as it stands, for a cell under "What happened"."""
        return Snapshot(str(self.sentence), self._page(self.result))

    @property
    def tape(self) -> tuple[R, ...]:
        """All results since the start: the first is the starting state, then one for every press."""
        return tuple(self._frames)

    def set(self, **values: Any) -> Sentence:
        """Turn controls: `panel.set(city="Auckland")`. Returns what the panel then says.

        Raises UnknownName for a control or an option that does not exist, InputError for a value out of range.
        """
        self._set(self._checked(values))
        return self._shown()

    def press(self, button: str, **values: Any) -> Sentence:
        """Press a button, after turning controls if any are given: `panel.press("Send", city="Brisbane")`.

        Looking back, a press branches off: what came later is forgotten. Raises as `set` does.
        """
        self._press(button, self._checked(values))
        return self._shown()

    def look(self, frame: int) -> Sentence:
        """Look back at a frame of the tape: 0 is the start, -1 the latest. Raises InputError when there is no such frame."""
        count = len(self._frames)
        if isinstance(frame, bool) or not isinstance(frame, int) or not -count <= frame < count:
            raise InputError(f"no frame {frame!r}: the tape has frames 0 to {count - 1}")
        self._at, self._trouble = frame % count, ""
        return self._shown()

    def branch(self) -> Sentence:
        """Go on from the frame on show: what came after it is forgotten, and the rest is replayed."""
        presses = self._presses[: self._at]
        last = self._run(presses, self._values)
        self._presses, self._frames, self._trouble = presses, [*self._frames[: self._at], last], ""
        return self._shown()

    def reset(self) -> Sentence:
        """Start over: every control at its first value, the tape empty."""
        self._begin()
        return self._shown()

    def _checked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        checked = {}
        for name, value in values.items():
            control = self.controls.get(name)
            if control is None or isinstance(control, Button):
                raise UnknownName("control", name, self._values)
            checked[name] = control.check(value)
        return checked

    def _set(self, values: Mapping[str, Any]) -> None:
        self._values.update(values)
        self._at = len(self._frames) - 1
        self._try(self._presses)

    def _press(self, button: str, values: Mapping[str, Any]) -> None:
        if button not in self._buttons:
            raise UnknownName("button", button, self._buttons)
        self._values.update(values)
        self._try((*self._presses[: self._at], Press(button, self._values)))

    def _try(self, presses: tuple[Press, ...]) -> None:
        try:
            result = self._run(presses, self._values)
        except CdnlabError as error:
            self._trouble = str(error)
            return
        self._trouble, self._presses, self._at = "", presses, len(presses)
        self._frames[len(presses) :] = [result]

    # ---- faces

    def said(self) -> list[dict[str, Any]]:
        """The predictions as they stand: question, answer, outcome ("" while open), whether it is asked yet."""
        return [
            {
                "name": each.name,
                "question": each.question,
                "answer": each.told(self._values[each.name]),
                "asked": bool(each.asked(self.result)),
                "outcome": each.outcome(self.result),
            }
            for each in self._predictions
        ]

    def _opening(self) -> str:
        questions = [f"{each.question} ({' / '.join(each.options)})" for each in self._predictions if each.asked(self.result)]
        title = self.title if self.title[-1:] in "?!." else f"{self.title}."
        return " ".join([title, *questions[:1], str(self.sentence)])

    def _page(self, result: R, *, opening: bool = False) -> str:
        """The static twin: what a reader without a kernel sees."""
        parts = [f'<p class="cdnlab-title">{html.escape(self.title)}</p>']
        for each in self.said():
            if opening and each["asked"]:
                options = "".join(f"<li>{html.escape(option)}</li>" for option in _options(self.controls[each["name"]]))
                parts.append(f'<p class="cdnlab-question">{html.escape(each["question"])}</p><ul>{options}</ul>')
            elif each["outcome"]:
                parts.append(f'<p class="cdnlab-said">{html.escape(_said(each))}</p>')
        parts.append(f'<p class="cdnlab-status" role="status">{html.escape(str(self.sentence))}</p>')
        parts.append(f'<div class="cdnlab-picture">{self.view(result)}</div>')
        if opening:
            parts.append('<p class="cdnlab-note">Run this cell to work the panel yourself.</p>')
        return f'<div class="cdnlab cdnlab-panel cdnlab-static"><style>{_static_css()}</style>{"".join(parts)}</div>'

    def __repr__(self) -> str:
        return repr(self._start)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = self.widget._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/plain": repr(self._start), "text/html": self._start._repr_html_()}, metadata

    # ---- the browser

    @property
    def widget(self) -> Any:
        """The live widget, made when first asked for; with a figure, a box of both."""
        if self._shell is None:
            self._live = self._shell = _widget_class()(spec=self._spec(), state=self._state())
            self._live.on_msg(self._hear)
            if self._figure is not None:
                from ipywidgets import Layout, VBox
                from plotly.graph_objects import FigureWidget

                self._chart = FigureWidget(self._figure(self.result))
                self._chart._config = {"displayModeBar": False, "responsive": True}
                self._shell = VBox([self._live, self._chart], layout=Layout(width="100%", max_width="48rem", overflow="hidden"))
                self._shell.add_class("cdnlab-chart")
        return self._shell

    def _spec(self) -> dict[str, Any]:
        controls = [control.spec() for control in self.controls.values()]
        return {"title": self.title, "controls": controls, "tape": bool(self._buttons), "inside": self._inside is not None}

    def _state(self) -> dict[str, Any]:
        caption = self._caption or self.twin
        return {
            "values": dict(self._values),
            "picture": self.view(self.result),
            "inside": self._inside(self.result) if self._inside is not None and self._opened else "",
            "says": str(self.sentence),
            "trouble": bool(self._trouble),
            "caption": caption(self.result),
            "said": [each | {"line": _said(each)} for each in self.said()],
            "frames": len(self._frames),
            "at": self._at,
            "presses": [press.button for press in self._presses],
            "moment": self._moment(self.result) if self._moment else "",
            "heard": self._heard,
        }

    def _hear(self, _widget: Any, message: Mapping[str, Any], _buffers: Any) -> None:
        """One act of the hand. What goes wrong is said in the status line, in a sentence."""
        self._heard = int(message.get("number", 0))
        values = message.get("values", {})
        try:
            match message.get("do"):
                case "set":
                    self.set(**values)
                case "press":
                    self.press(message["button"], **values)
                case "look":
                    self.look(message["frame"])
                case "branch":
                    self.branch()
                case "open":
                    self._opened = bool(message["open"])
                    self._shown()
                case "reset":
                    self.reset()
        except Exception as error:  # a slip in a model must not end as a traceback in a log that nobody reads
            self._trouble = str(error) if isinstance(error, CdnlabError) else f"This did not work ({type(error).__name__}: {error})."
            self._shown()

    def _shown(self) -> Sentence:
        if self._live is not None:
            self._live.state = self._state()
        if self._chart is not None and self._figure is not None:
            _redraw(self._chart, self._figure(self.result))
        return self.sentence


def _options(control: Control) -> tuple[str, ...]:
    return control.options if isinstance(control, Predict | Flag | Ticks) else ()


def _said(each: Mapping[str, Any]) -> str:
    said = f"You said {each['answer']}. " if each["answer"] is not None else ""
    return f"{said}{each['outcome']}"


def _redraw(chart: Any, figure: Any) -> None:
    """Put a new figure's numbers into the one on screen, without drawing it afresh: only what differs is checked, sent and drawn."""
    with chart.batch_update():
        if len(chart.data) != len(figure.data):
            chart.data = ()
            chart.add_traces(figure.data)
        for old, new in zip(chart.data, figure.data, strict=True):
            old.update(_changed(old, new), overwrite=True)
        chart.update_layout(_changed(chart.layout, figure.layout), overwrite=False)


def _changed(old: Any, new: Any) -> dict[str, Any]:
    """The properties of a part of a figure that are not yet as they should be."""
    had = old.to_plotly_json()
    return {name: value for name, value in new.to_plotly_json().items() if name not in had or dumps(had[name]) != dumps(value)}


@cache
def _static_css() -> str:
    return css() + (_HERE / "panel.css").read_text(encoding="utf-8").split(_LIVE_ONLY)[0].strip()


@cache
def _widget_class() -> type[Any]:
    """The anywidget class, made on first use: importing cdnlab must not import ipywidgets."""
    import anywidget
    import traitlets

    class PanelWidget(anywidget.AnyWidget):
        _esm = _HERE / "panel.js"
        _css = css() + (_HERE / "panel.css").read_text(encoding="utf-8")
        spec = traitlets.Dict().tag(sync=True)
        state = traitlets.Dict().tag(sync=True)

    return PanelWidget
