"""What can be wrong with an origin: it can be broken on purpose, for lessons and tests.

Every origin has a `fault`: None while it is healthy, a name from FAULTS, or a status that it gives to everything. Most faults
are noticed by whoever asks (`faulty`); one that cuts its answers short lets the question through and spoils the answer
(`cut_short`).
"""

from __future__ import annotations

from cdnlab.errors import InputError, OriginError
from cdnlab.messages import Body, Request, Response
from cdnlab.wishes import Reply

__all__ = ["FAULTS", "Breakable", "check_fault", "cut_short", "faulty"]

FAULTS = {
    "refuses": "nobody listens: the connection is refused",
    "hangs": "the connection is never completed",
    "silent": "it accepts the connection and never answers",
    "no dns": "the name cannot be resolved",
    "bad certificate": "its TLS certificate is not valid",
    "cuts": "it closes the connection in the middle of the body",
}


def check_fault(fault: object) -> str | int | None:
    """A fault's name, a 5xx status, or None for a healthy origin. Raises InputError for anything else."""
    if fault is None or (isinstance(fault, str) and fault in FAULTS):
        return fault
    if isinstance(fault, int) and not isinstance(fault, bool) and 400 <= fault <= 599:
        return fault
    raise InputError(f"{fault!r} is no fault; use one of {', '.join(map(repr, FAULTS))}, a status from 400 to 599, or None")


def faulty(fault: str | int, request: Request, connect_timeout: float, read_timeout: float) -> Reply | None:
    """What a broken origin's caller gets; None when the fault does not concern this request."""
    if isinstance(fault, int):
        text = f"{fault}\n".encode()
        return Reply(
            Response(fault, {"Content-Type": "text/plain", "Content-Length": str(len(text))}, text),
            rule="ORIGIN-08",
            says=f"it answers {fault}",
        )
    name = request.host
    failures = {
        "refuses": OriginError("refused", f"{name} refused the connection"),
        "hangs": OriginError("connect-timeout", f"{name}: no connection within {connect_timeout:g} s", status=504, seconds=connect_timeout),
        "silent": OriginError("read-timeout", f"{name}: no answer within {read_timeout:g} s", status=504, seconds=read_timeout),
        "no dns": OriginError("dns", f"{name} cannot be resolved"),
        "bad certificate": OriginError("tls", f"{name} shows a certificate that is not valid") if request.scheme == "https" else None,
    }
    failure = failures.get(fault)
    return None if failure is None else Reply(failure, rule="ORIGIN-08", says=FAULTS[fault])


def cut_short(reply: Reply) -> Reply:
    """A reply whose connection is closed in the middle of the body.

    >>> cut_short(Reply(Response(200, body=b"hello!"))).outcome.content
    Body(3 of 6 bytes, failed)
    """
    whole = reply.outcome
    if not isinstance(whole, Response) or len(whole.content) < 2:
        return reply
    half = Response(whole.status, whole.headers, Body(whole.body[: len(whole.content) // 2], size=len(whole.content)))
    return Reply(half, reply.seconds, "ORIGIN-08", FAULTS["cuts"])


class Breakable:
    """An origin that can be broken on purpose."""

    _fault: str | int | None = None

    @property
    def fault(self) -> str | int | None:
        """What is wrong with it; None while it is healthy. Assign one of FAULTS or a status. Raises InputError."""
        return self._fault

    @fault.setter
    def fault(self, fault: str | int | None) -> None:
        self._fault = check_fault(fault)
