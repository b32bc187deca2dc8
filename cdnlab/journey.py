"""One request from the viewer and back: data first, then its faces.

A Journey holds the request, the response, where it was answered and every Step on the way. It shows itself as text in
a terminal, as a picture in a notebook, as a table for pandas, and as the line that CloudFront would write to its
access log. All four read the same data.
"""

from __future__ import annotations

from dataclasses import dataclass

from cdnlab.messages import Request, Response
from cdnlab.steps import Leg, Place, Step, Treatment

__all__ = ["Journey"]


@dataclass(frozen=True, slots=True)
class Journey:
    """What happened to one request.

    `edge`: code of the edge that answered (AKL); `result`: CloudFront's word for it (Hit, Miss, RefreshHit, Error,
    Redirect); `detailed`: the log's x-edge-detailed-result-type; `started`: seconds since the epoch; `latency_ms`: from
    the viewer's first byte out to the last byte in; `way`: viewer, edge, regional cache and origin as they stand for this request, whether or not it went so far.
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
