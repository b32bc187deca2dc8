"""One request from the viewer and back: data first, then its faces.

A Journey holds the request, the response, where it was answered and every Step on the way. It shows itself as text in
a terminal, as a picture in a notebook, as a sentence, as a table for pandas, and as the line that CloudFront would write
to its access log. All of them read the same data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from cdnlab import page, telling
from cdnlab.logs import record
from cdnlab.messages import Request, Response
from cdnlab.meter import Meter, message_bytes, metered
from cdnlab.steps import Leg, Place, Step, Treatment

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Journey"]

_COLUMNS = 100
_TLS = ("TLSv1.3", "TLS_AES_128_GCM_SHA256")  # our choice: what a browser of today would negotiate
_NOT_LOGGED = (414, 494)  # CloudFront's own refusal of a URL or a head that is too long leaves no record (standard-logs-reference)
_RANGE = re.compile(r"bytes (\d+)-(\d+)/")


@dataclass(frozen=True, slots=True, repr=False)
class Journey:
    """What happened to one request.

    `edge`: code of the edge that answered (AKL); `result`: CloudFront's word for it (Hit, Miss, RefreshHit, Error,
    Redirect); `detailed`: the log's x-edge-detailed-result-type; `started`: seconds since the epoch; `latency_ms`: from
    the viewer's first byte out to the last byte in; `way`: viewer, edge, regional cache and origin as they stand for this
    request, whether or not it went so far; `origin_statuses`: what each of the `origin_requests` was answered, 0 for no answer;
    `last_mile_ms`: the round trip between viewer and edge, part of `latency_ms`; `log_cookies`: whether the distribution logs
    cookies; `response_result`: the result as it stood before the first byte, where it changed after that (the viewer hung up);
    `origin_loads`: for each of the `origin_requests` the origin's Region ("" outside AWS) and the bytes of the body that came;
    `shields`: the Regions whose Origin Shield was asked.
    """

    request: Request
    response: Response
    viewer: Place
    viewer_ip: str
    edge: str
    pop: str
    result: str
    detailed: str
    distribution: str
    id: str
    started: float
    latency_ms: float
    way: tuple[Place, ...]
    steps: tuple[Step, ...]
    legs: tuple[Leg, ...]
    treatments: tuple[Treatment, ...]
    origin_requests: tuple[Request, ...]
    origin_statuses: tuple[int, ...] = ()
    last_mile_ms: float = 0.0
    log_cookies: bool = False
    response_result: str = ""
    origin_loads: tuple[tuple[str, int], ...] = ()
    shields: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """A regional cache that serves as Origin Shield for this request (the second on the way) stands as a shield."""
        if sum(place.kind == "regional" for place in self.way) < 2:
            return
        second = [place for place in self.way if place.kind == "regional"][1]
        shield = Place(
            f"shield {second.code}", kind="shield", code=second.code, city=second.city, lat=second.lat, lon=second.lon, region=second.region
        )

        def met(place: Place) -> Place:
            return shield if place == second else place

        changed = {
            "way": tuple(met(place) for place in self.way),
            "steps": tuple(replace(step, place=met(step.place)) for step in self.steps),
            "legs": tuple(replace(leg, start=met(leg.start), end=met(leg.end)) for leg in self.legs),
        }
        for field, value in changed.items():
            object.__setattr__(self, field, value)

    @property
    def twin(self) -> str:
        """The journey in one or a few sentences: where it went, what was found, what stayed, how long it took."""
        return telling.twin(self)

    def __repr__(self) -> str:
        return f"<Journey {self.request.method} {_shortened(self.request.url, 60)}: {self._outcome()}>"

    def _outcome(self) -> str:
        return _printable(f"{self.response.status}, {telling.x_cache(self)}, {telling.ms_text(self.latency_ms)}")

    def __str__(self) -> str:
        """The journey for a terminal: at most 100 columns."""
        viewer, outcome = _shortened(telling.name(self.viewer), 24), _shortened(self._outcome(), 48)
        url = _shortened(self.request.url, _COLUMNS - len(f"{self.request.method}  from {viewer}: {outcome}"))
        lines = [f"{self.request.method} {url} from {viewer}: {outcome}"]
        steps = sorted(self.steps, key=lambda step: step.at_ms)
        if steps:
            lines.append("What happened:")
        width = min(30, max((len(telling.station(step.place)) for step in steps), default=0))
        for step in steps:
            start = f"{step.at_ms:9.1f} ms  {_shortened(telling.station(step.place), width):{width}}  "
            said = wrap(f"{_printable(step.says)} [{step.rule}]", _COLUMNS - len(start)) or [""]
            lines += [start + said[0], *(" " * len(start) + rest for rest in said[1:])]
        return "\n".join([*lines, *self._sum()])

    def _sum(self) -> list[str]:
        """The latency added up."""
        lines = ["Where the time went:"]
        for share in telling.shares(self):
            ways = f"{share.times} x {share.ms:.1f}" if share.times > 1 else ""
            what = f"{share.start} - {share.end} ({share.basis})" if share.basis else "not travelling: origin, waiting, handling"
            lines.append(f"{share.total:9.1f} ms  {ways:>10}  {_shortened(what, 70)}")
        return [*lines, f"{self.latency_ms:9.1f} ms  together"] if len(lines) > 1 else []

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}

    def _repr_html_(self) -> str:
        return page.html(self)

    def to_frame(self) -> pd.DataFrame:
        """The steps as a table: at_ms, place, kind, state, says, rule, evidence, source."""
        import pandas as pd

        columns = ("at_ms", "place", "kind", "state", "says", "rule", "evidence", "source")
        rows = [(s.at_ms, str(s.place), s.place.kind, s.state, s.says, s.rule, s.evidence, s.source) for s in self.steps]
        return pd.DataFrame(rows, columns=list(columns))

    @property
    def meter(self) -> Meter:
        """What this request used, as AWS counts it for the bill; `costs.bill` puts prices to it. Bytes are those of the log."""
        return metered(
            self.request,
            self.response,
            self.edge,
            asked=self.origin_requests,
            statuses=self.origin_statuses,
            loads=self.origin_loads,
            shields=self.shields,
        )

    @property
    def log(self) -> Mapping[str, str] | None:
        """The record of this request in the standard access log, by AWS's field names; None for what CloudFront does not log.

        Bytes are cdnlab's estimate: start line, header lines and body as HTTP/1.1 would carry them. TLS is our choice.
        Times are the edge's own: from the request's arrival there, without the way from and to the viewer.
        """
        if self.response.status in _NOT_LOGGED and self.detailed.startswith("InvalidRequest"):
            return None
        return record(self._fields(), ended=self.started + (self.latency_ms - self.last_mile_ms / 2) / 1000)

    def _fields(self) -> dict[str, object]:
        request, response, head = self.request, self.response, self.request.headers
        part = _RANGE.match(response.headers.get("Content-Range") or "")
        tls = _TLS if request.scheme == "https" else (None, None)
        length = response.headers.get("Content-Length") or ""
        seconds = max(0.0, self.latency_ms - self.last_mile_ms) / 1000
        return {
            "x-edge-location": self.pop,
            "sc-bytes": message_bytes(f"HTTP/1.1 {response.status} ", response.headers, len(response.content)),
            "c-ip": self.viewer_ip,
            "cs-method": request.method,
            "cs(Host)": self.distribution,
            "cs-uri-stem": request.path,
            "sc-status": response.status,
            "cs(Referer)": head.get("Referer"),
            "cs(User-Agent)": head.get("User-Agent"),
            "cs-uri-query": request.query,
            "cs(Cookie)": "; ".join(head.getall("Cookie")) if self.log_cookies else None,
            "x-edge-result-type": self.result,
            "x-edge-request-id": self.id,
            "x-host-header": head.get("Host") or request.host,
            "cs-protocol": request.scheme,
            "cs-bytes": message_bytes(f"{request.method} {request.target} HTTP/1.1", head, len(request.body)),
            "time-taken": seconds,
            "x-forwarded-for": head.joined("X-Forwarded-For"),
            "ssl-protocol": tls[0],
            "ssl-cipher": tls[1],
            "x-edge-response-result-type": self.response_result or self.result,
            "cs-protocol-version": request.version,
            "time-to-first-byte": seconds,
            "x-edge-detailed-result-type": self.detailed,
            "sc-content-type": response.headers.get("Content-Type"),
            "sc-content-len": int(length) if length.isascii() and length.isdecimal() else None,
            "sc-range-start": int(part[1]) if part else None,
            "sc-range-end": int(part[2]) if part else None,
        }


def _printable(text: str) -> str:
    """Text without what could drive a terminal."""
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def _shortened(text: str, most: int) -> str:
    """A printable text, cut in the middle to `most` characters."""
    text = _printable(text)
    if len(text) <= most:
        return text
    kept = max(2, most - 3)
    return f"{text[: (kept + 1) // 2]}...{text[len(text) - kept // 2 :]}"
