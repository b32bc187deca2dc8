"""A journey as a page: the staircase, and beneath it everything that a learner may want to open.

Two lines are kept apart, because on AWS only the first can be seen: what the viewer reads, and what happened at each
place. Then come the steps, each with its rule behind a disclosure; the time, way by way; what became of every header,
cookie and query parameter; and the requests as the origin received them. Whatever the viewer wrote is escaped. There
is no script, no id and nothing to load, and without its style sheet the page still reads from top to bottom.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cdnlab import marks
from cdnlab.clock import iso
from cdnlab.messages import Headers, Request
from cdnlab.staircase import picture, safe, time_bar
from cdnlab.steps import Place, Step, Treatment
from cdnlab.telling import Told, events, ms_text, name, overall, shares, station, x_cache

__all__ = ["framed", "html", "treated"]

_GUIDE = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/"
_READ_FIRST = ("X-Cache", "Age", "Location", "Content-Range", "Cache-Control", "ETag", "X-Amz-Cf-Pop", "Via")
_STRONG = ".cdnlab.cdnlab-page"  # twice a class, to stand against JupyterLab's own style of tables, lists and code
_STYLE = """
.cdnlab-page{max-width:760px;padding:2px 4px;font:14px/1.45 system-ui,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;overflow-wrap:break-word}
.cdnlab-page p,.cdnlab-page dl,.cdnlab-page ol,.cdnlab-page details,.cdnlab-page pre{margin:6px 0}
.cdnlab-page code,.cdnlab-page pre{font:12.5px/1.45 ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;color:inherit;
background:none;padding:0;unicode-bidi:isolate;overflow-wrap:anywhere}
.cdnlab-page pre{white-space:pre-wrap;border-left:2px solid;padding:2px 0 2px 10px}
.cdnlab-page svg{vertical-align:middle}
.cdnlab-page dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 10px}
.cdnlab-page dt{font-weight:600;grid-column:1;float:none;width:auto;margin:0}.cdnlab-page dd{margin:0;padding:0;grid-column:2}
.cdnlab-page .cdnlab-flow{display:flex;flex-wrap:wrap;gap:2px 8px}
.cdnlab-page .cdnlab-chip{display:inline-block;margin-right:14px}
.cdnlab-page .cdnlab-whole,.cdnlab-page .cdnlab-at{white-space:nowrap}
.cdnlab-page .cdnlab-word{border:1px solid;border-radius:3px;padding:0 4px;font-size:11.5px;white-space:nowrap}
.cdnlab-page summary{cursor:pointer;min-height:24px}
.cdnlab-page summary:focus-visible{outline:2px solid;outline-offset:2px}
.cdnlab-page>details>summary{font-weight:600}
.cdnlab-page ol.cdnlab-steps{list-style:none;padding:0;border-top:1px solid}
.cdnlab-page .cdnlab-steps li{margin:0;border-bottom:1px solid;border-color:color-mix(in srgb,currentColor 25%,transparent)}
.cdnlab-page .cdnlab-steps details{margin:0}
.cdnlab-page .cdnlab-steps summary{display:grid;grid-template-columns:minmax(5em,max-content) 13.4em 1fr auto;gap:8px;padding:4px 0;
align-items:baseline;list-style:none}
.cdnlab-page .cdnlab-steps summary::-webkit-details-marker{display:none}
.cdnlab-page .cdnlab-steps .cdnlab-at{text-align:right;font-variant-numeric:tabular-nums}
.cdnlab-page .cdnlab-steps .cdnlab-rule::before{content:"▸ "}
.cdnlab-page .cdnlab-steps details[open] .cdnlab-rule::before{content:"▾ "}
.cdnlab-page .cdnlab-steps blockquote{margin:0 0 8px 5.6em;padding:0 0 0 10px;border-left:2px solid;color:inherit}
.cdnlab-page table{border-collapse:collapse;width:100%;margin:6px 0;font-size:13px;table-layout:auto;border:0}
.cdnlab-page table th,.cdnlab-page table td{text-align:left;vertical-align:top;padding:3px 8px 3px 0;border:0;
max-width:none;white-space:normal;border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent);background:none;color:inherit}
.cdnlab-page table th{white-space:nowrap}.cdnlab-page table .cdnlab-word{border:0;padding:0;font-weight:600;font-size:13px}
.cdnlab-page table .cdnlab-number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.cdnlab-page a{color:inherit;text-decoration:underline}
.cdnlab-page .cdnlab-box{display:inline-block;width:26px;height:11px;border:1px solid;vertical-align:-1px;margin-right:6px}
@media (max-width:560px){.cdnlab-page .cdnlab-steps summary{grid-template-columns:5em 1fr auto}
.cdnlab-page .cdnlab-steps .cdnlab-says{grid-column:1/-1;grid-row:2}}
"""


def html(journey: Told) -> str:
    """The journey as HTML for a notebook or a plain page, light or dark."""
    parts = [_head(journey), picture([journey]), _two_lines(journey), _steps(journey.steps), _time(journey)]
    parts += [_ledger(journey.treatments), _received(journey.origin_requests), _headers(journey.response.headers)]
    return framed("".join(parts))


def framed(body: str, style: str = "") -> str:
    """A page of the same look around other HTML. `style`: more rules for it, which begin with `.cdnlab-page`."""
    sheet = (_STYLE + style).replace(".cdnlab-page", _STRONG)
    return f'<div class="cdnlab cdnlab-page"><style>{marks.css()}{sheet}</style>{body}</div>'


def _icon(kind: str) -> str:
    return f'<svg width="26" height="16" viewBox="0 0 26 16" aria-hidden="true">{marks.place_shape(kind, 13, 8, 6.4)}</svg>'


def _glyph(state: str) -> str:
    if state not in marks.RESULTS and state not in marks.COPIES:
        return ""
    return f'<svg width="18" height="16" viewBox="0 0 18 16" aria-hidden="true">{marks.glyph(state, 9, 8, 5)}</svg>'


def _head(journey: Told) -> str:
    request = journey.request
    return (
        f"<p><strong>{safe(request.method)}</strong> <code>{safe(request.url, 200)}</code> "
        f"from <strong>{safe(name(journey.viewer))}</strong> "
        f'<span class="cdnlab-whole">at {iso(journey.started)}</span></p>'
    )


def _two_lines(journey: Told) -> str:
    response, state = journey.response, overall(journey)
    read = [f'<span class="cdnlab-chip">{_glyph(state)} <strong>{response.status}</strong></span>']
    for field in _READ_FIRST:
        read += [f'<span class="cdnlab-chip"><code>{field}: {safe(value, 120)}</code></span>' for value in response.headers.getall(field)]
    happened: list[str] = []
    for event in (event for event in events(journey) if event.word or event.plain):
        told = (event.plain,) if event.state in ("hit", "miss", "refresh") else (event.word, event.plain)
        words = ", ".join(part for part in told if part)
        where = f"{_icon(event.place.kind)} {safe(name(event.place), 40)}"
        arrow = "→ " if happened else ""
        happened.append(f'<span class="cdnlab-whole">{arrow}{where}: {_glyph(event.state)} {safe(words)}</span>')
    lines = f"<dt>The viewer reads</dt><dd>{' '.join(read)}</dd>"
    if happened:
        lines += f"<dt>What happened</dt><dd class='cdnlab-flow'>{' '.join(happened)}</dd>"
    if state == "stale":
        lines += f"<dt>Mind</dt><dd>An old copy was served; the header says <code>{safe(x_cache(journey))}</code> (observed).</dd>"
    return f"<dl>{lines}</dl>"


def _where(place: Place) -> str:
    return f"{_icon(place.kind)} {safe(station(place), 40)}"


def _steps(steps: Sequence[Step]) -> str:
    if not steps:
        return "<p>No steps were written down: the request was sent with <code>explain=False</code>.</p>"
    return f'<ol class="cdnlab-steps" aria-label="Steps">{"".join(_step(step) for step in sorted(steps, key=lambda step: step.at_ms))}</ol>'


def _step(step: Step) -> str:
    rule, state = step.cited, "" if step.place.kind == "origin" and step.state == "hit" else step.state
    word = f' <span class="cdnlab-word">{rule.evidence}</span>' if rule.evidence in ("observed", "our choice") else ""
    return (
        f'<li><details><summary><span class="cdnlab-at">{step.at_ms:.1f} ms</span> <span>{_where(step.place)}</span> '
        f'<span class="cdnlab-says">{_glyph(state)} {safe(step.says)}{word}</span> '
        f'<code class="cdnlab-rule">{safe(rule.id)}</code></summary>'
        f"<blockquote>{safe(rule.statement)}<br>Source: {_source(rule.source, rule.evidence)}. "
        f'<span class="cdnlab-word">{safe(rule.evidence)}</span> {safe(marks.EVIDENCE[rule.evidence])}.</blockquote></details></li>'
    )


def _source(source: str, evidence: str) -> str:
    """The source page; a link when it is one page of CloudFront's guide."""
    page = re.fullmatch(r"([A-Za-z][\w-]+)(?:, [a-z ]+)?", source)
    if evidence == "documented" and page:
        return f'Amazon CloudFront Developer Guide, <a href="{_GUIDE}{page[1]}.html" target="_blank" rel="noopener">{safe(source)}</a>'
    return safe(source)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are markup already."""
    top = "".join(f"<th scope='col'>{head}</th>" for head in heads)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{''.join('<tr>' + ''.join(row) + '</tr>' for row in rows)}</tbody></table>"


def _time(journey: Told) -> str:
    told = shares(journey)
    if not told:
        return ""
    rows = []
    for share in told:
        way = f"{safe(share.start)} to {safe(share.end)}" if share.basis else "not travelling: origin, waiting, handling"
        sums = f"{share.times} x {share.ms:.1f}" if share.times > 1 else ""
        basis = f"{_swatch(share.basis)}{share.basis}: {marks.BASIS[share.basis]}" if share.basis else _swatch("")
        cells = (f"<td class='cdnlab-number'>{sums}</td>", f"<td class='cdnlab-number'>{share.total:.1f} ms</td>")
        rows.append((f"<td>{way}</td>", *cells, f"<td>{basis}</td>"))
    total = f"<td class='cdnlab-number'><strong>{journey.latency_ms:.1f} ms</strong></td>"
    rows.append(("<td><strong>together</strong></td>", "<td></td>", total, "<td></td>"))
    return (
        f"<details><summary>{ms_text(journey.latency_ms)}, way by way</summary>{time_bar(journey)}"
        f"{_table(('between', 'ways', 'time', 'known how'), rows)}</details>"
    )


def _swatch(basis: str) -> str:
    """A small box in the manner of the time bar."""
    kind = " cdnlab-hatch" if basis == "assumed" else ""
    shade = {"measured": 62, "fitted": 24}.get(basis, 0)
    fill = f' style="background:color-mix(in srgb,currentColor {shade}%,transparent)"' if shade else ""
    return f'<span class="cdnlab-box{kind}"{fill}></span>'


def treated(treatment: Treatment) -> str:
    """What became of it, in a word of the visual language: in key, sent, added or dropped.

    >>> treated(Treatment("query", "v", "1", in_key=True, sent=True, why="cache policy"))
    'in key'
    """
    if treatment.added:
        return "added"
    return "in key" if treatment.in_key else "sent" if treatment.sent else "dropped"


def _ledger(treatments: Sequence[Treatment]) -> str:
    if not treatments:
        return ""
    order = list(marks.TREATMENTS)
    counts = {word: sum(treated(each) == word for each in treatments) for word in order}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    rows = [
        (
            f"<td>{each.kind}</td>",
            f"<td{' class=cdnlab-whole' if len(each.name) <= 20 else ''}><code>{safe(each.name, 80)}</code></td>",
            f"<td><code>{safe(each.value, 200)}</code></td>",
            f"<td><span class='cdnlab-word'>{treated(each)}</span></td>",
            f"<td>{'yes' if each.sent else 'no'}</td>",
            f"<td>{safe(each.why)}</td>",
        )
        for each in sorted(treatments, key=lambda each: order.index(treated(each)))
    ]
    words = "; ".join(f"<strong>{word}</strong>: {means}" for word, means in marks.TREATMENTS.items())
    table = _table(("what", "name", "value", "became", "to the origin", "because"), rows)
    return f"<details><summary>Headers, cookies, query: {told}</summary><p>{words}.</p>{table}</details>"


def _received(requests: Sequence[Request]) -> str:
    if not requests:
        return ""
    shown = []
    for request in requests:
        fields = "\n".join(f"{safe(name_)}: {safe(value)}" for name_, value in request.headers.items())
        body = f"\n\n({len(request.body):,} bytes)" if request.body else ""
        shown.append(f"<pre>{safe(request.method)} {safe(request.target)}\n{fields}{body}</pre>")
    count = f"{len(requests)} request{'s' if len(requests) > 1 else ''}"
    return f"<details><summary>What the origin received: {count}</summary>{''.join(shown)}</details>"


def _headers(headers: Headers) -> str:
    lines = "\n".join(f"{safe(field)}: {safe(value)}" for field, value in headers.items())
    return f"<details><summary>All {len(headers)} response headers</summary><pre>{lines}</pre></details>"
