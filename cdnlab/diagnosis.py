"""What the doctor found, as a value with two faces: a page for a terminal and a page for a notebook."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from cdnlab import marks
from cdnlab.cases import Note
from cdnlab.page import framed
from cdnlab.rules import Rule, rule
from cdnlab.sidebyside import STYLE, difference, said, side_by_side, side_by_side_html
from cdnlab.signedpolicy import SignedPolicy
from cdnlab.staircase import safe

__all__ = ["PLACEHOLDER", "Answer", "Diagnosis"]

PLACEHOLDER = "203.0.113.9"
"""The viewer's address when none is given: one that RFC 5737 keeps for documentation."""

_WIDTH = 100
_NARROW = 64  # bytes to a row on a page, which may be a narrow one
_NAMES = ("signed", "edge")
_STYLE = (
    STYLE
    + """
.cdnlab-page ol.cdnlab-questions{list-style:none;padding:0;border-top:1px solid}
.cdnlab-page .cdnlab-questions li{display:grid;grid-template-columns:6em minmax(0,1fr) max-content;gap:8px;padding:4px 0;
margin:0;align-items:baseline;overflow-wrap:anywhere;
border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent)}
.cdnlab-page .cdnlab-questions .cdnlab-unasked{opacity:.65}
.cdnlab-page .cdnlab-fix{border-left:4px solid;padding-left:10px}
"""
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the verifier's questions: its `stage` (of verification.STAGES, or "request"), the question, the `rule`'s id; `ok`: True,
    False, or None when it was not reached; `says`: what was found.
    """

    stage: str
    question: str
    rule: str
    ok: bool | None
    says: str

    @property
    def cited(self) -> Rule:
        """The ledger's entry for this question's rule."""
        return rule(self.rule)

    @property
    def evidence(self) -> str:
        """documented, api-model, observed or our choice."""
        return self.cited.evidence

    @property
    def word(self) -> str:
        """yes, no or not asked."""
        return "not asked" if self.ok is None else "yes" if self.ok else "no"

    def __str__(self) -> str:
        return " ".join(filter(None, (f"{self.word:<9}", self.question, self.says, f"[{self.rule}]")))


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What came of a diagnosis; see `diagnose`.

    `ok`; `status`: 200, 403, or 414 and 494 when it is too long; `code`: CloudFront's error code, or ""; `says`: why, in one
    sentence; `steps`: the verifier's questions; `notes`: each mistake with what to change; `fix`: all that in sentences;
    `signed`: what was signed, as far as it is proved; `rebuilt`: what the edge holds the signature against; `policy`: what it
    allows; `remarks`: what else is worth knowing; `tried`: how many other texts the signature was tried on.
    """

    ok: bool
    status: int
    code: str
    says: str
    steps: tuple[Answer, ...]
    fix: str
    notes: tuple[Note, ...] = ()
    signed: str = ""
    rebuilt: str = ""
    policy: SignedPolicy | None = None
    remarks: tuple[str, ...] = ()
    tried: int = 0

    @property
    def repairs(self) -> tuple[str, ...]:
        """The names of the repairs that were needed, in order."""
        return tuple(dict.fromkeys(note.name for note in self.notes))

    @property
    def failed(self) -> Answer | None:
        """The first question with a "no"."""
        return next((step for step in self.steps if step.ok is False), None)

    @property
    def rule(self) -> str:
        """The id of the rule that refused; "" if none did."""
        return self.failed.rule if self.failed else ""

    @property
    def difference(self) -> int | None:
        """The index of the first byte in which `signed` and `rebuilt` differ; None when they do not, or one of them is not known."""
        return difference(self.signed, self.rebuilt) if self.signed and self.rebuilt else None

    @property
    def expires(self) -> int | None:
        """The moment at which it ends, in seconds since the epoch."""
        return self.policy.expires if self.policy else None

    @property
    def starts(self) -> int | None:
        """The second after which it begins; None when it has no beginning."""
        return self.policy.starts if self.policy else None

    @property
    def headline(self) -> str:
        """The result in one line."""
        return "The check is passed." if self.ok else f"{self.status} {self.code}: {self.says}"

    def __str__(self) -> str:
        parts = [_wrapped(self.headline, "")]
        if self.fix:
            parts.append("What to change:\n" + _wrapped(f"  {self.fix}", "  "))
        if self.notes:
            parts.append("Found:\n" + "\n".join(_wrapped(f"- {note.name}: {note.says}", "  ") for note in self.notes))
        parts.append("\n".join(_wrapped(str(each), " " * 10) for each in self.steps))
        if not self.ok and self.rebuilt:
            parts.append(self._compared())
        if self.remarks:
            parts.append("Mind:\n" + "\n".join(_wrapped(f"- {remark}", "  ") for remark in self.remarks))
        return "\n\n".join(parts)

    @property
    def _strings(self) -> str:
        """What can be said of the two strings."""
        if not self.signed:
            return "The edge holds the signature against this text; what was signed is not known:"
        if self.difference is None:
            return "What was signed is what the edge holds the signature against:"
        return said(self.signed, self.rebuilt, _NAMES)

    def _compared(self) -> str:
        below = side_by_side(self.signed, self.rebuilt, _NAMES, _WIDTH) if self.difference is not None else _alone(self.rebuilt)
        return f"{_wrapped(self._strings, '')}\n{below}"

    def _repr_html_(self) -> str:
        """The page for a notebook, light or dark."""
        glyph = (
            ""
            if self.ok
            else f'<svg width="18" height="16" viewBox="0 0 18 16" aria-hidden="true">{marks.glyph("blocked", 9, 8, 5)}</svg> '
        )
        parts = [f"<p>{glyph}<strong>{safe(self.headline, 600)}</strong></p>"]
        if self.fix:
            listed = "".join(f"<li><strong>{safe(note.name)}</strong>: {safe(note.says, 400)}</li>" for note in self.notes)
            found = f"<ul>{listed}</ul>" if listed else ""
            parts.append(f'<div class="cdnlab-fix"><p><strong>What to change.</strong> {safe(self.fix, 3000)}</p>{found}</div>')
        if not self.ok and self.rebuilt:
            parts.append(self._compared_html())
        rows = "".join(map(_row, self.steps))
        parts.append(f'<ol class="cdnlab-questions" aria-label="The edge\'s questions, in order">{rows}</ol>')
        if self.remarks:
            parts.append("".join(f"<p>{safe(remark, 600)}</p>" for remark in self.remarks))
        return framed("".join(parts), _STYLE)

    def _compared_html(self) -> str:
        if self.difference is not None:
            return side_by_side_html(self.signed, self.rebuilt, _NAMES, _NARROW)
        return f"<p>{self._strings}</p><pre>{safe(self.rebuilt, 4000)}</pre>"


def _alone(text: str) -> str:
    shown = "".join(character if " " <= character <= "~" else ascii(character)[1:-1] for character in text[:2000])
    return textwrap.fill(shown, _WIDTH, break_on_hyphens=False, initial_indent="  ", subsequent_indent="  ") + (
        " ..." if len(text) > 2000 else ""
    )


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(text, _WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def _row(answer: Answer) -> str:
    cited = answer.cited
    word = f' <span class="cdnlab-word">{cited.evidence}</span>' if cited.evidence in ("observed", "our choice") else ""
    unasked = ' class="cdnlab-unasked"' if answer.ok is None else ""
    strong = ("<strong>", "</strong>") if answer.ok is False else ("", "")
    return (
        f"<li{unasked}><span>{strong[0]}{answer.word}{strong[1]}</span><span>{safe(answer.question)} {safe(answer.says, 400)}{word}</span>"
        f'<code title="{safe(cited.statement)}">{safe(cited.id)}</code></li>'
    )
