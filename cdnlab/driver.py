"""The simulated driver: it turns the core's generators on the simulated clock.

A piece of work runs until it wishes for something that takes time; then an appointment is made on the clock, and the
work goes on when the moment comes. Many pieces of work overlap as they fall, on one thread, in one order that is the
same every time. What is left in the background when a request is answered stays on the clock until it is pushed.

An origin that is connected answers when the request reaches it, half a round trip after it was sent. What an origin
does wrong (refuses, hangs, is not there) becomes a Reply with an OriginError after the time it takes to notice.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

from cdnlab.clock import SimulatedClock
from cdnlab.errors import InputError, OriginError
from cdnlab.wishes import Fetch, Reply, Spawn, Travel, Wait

__all__ = ["SimulatedDriver", "Task"]

T = TypeVar("T")


class Task(Generic[T]):
    """A piece of work under way: `done`, then `value`, or `error`; `ended` is the moment it was over (epoch seconds)."""

    __slots__ = ("background", "done", "ended", "error", "value", "work")

    def __init__(self, work: Generator[Any, Any, T], background: bool = False) -> None:
        self.work, self.background = work, background
        self.done = False
        self.value: T | None = None
        self.error: BaseException | None = None
        self.ended = 0.0

    def result(self) -> T:
        """What the work returned; raises what it raised."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]


class SimulatedDriver:
    """Turns work on `clock`; `receive(fetch, at)` is asked for each Reply when the request reaches its origin."""

    __slots__ = ("_clock", "_receive")

    def __init__(self, clock: SimulatedClock, receive: Callable[[Fetch, float], Reply]) -> None:
        self._clock, self._receive = clock, receive

    def run(self, work: Generator[Any, Any, T]) -> T:
        """Turn one piece of work to its end; the clock moves by the time it takes."""
        task = Task(work)
        self._turn(task, None)
        self._finish(task)
        return task.result()

    def start(self, work: Generator[Any, Any, T], at: float, *, background: bool = False) -> Task[T]:
        """Begin a piece of work at a moment (epoch seconds) and return at once."""
        task = Task(work, background)
        self._clock.at(at, lambda: self._turn(task, None))
        return task

    def finish(self, tasks: list[Task[T]]) -> list[T]:
        """Turn until all these tasks are done."""
        for task in tasks:
            self._finish(task)
        return [task.result() for task in tasks]

    def _finish(self, task: Task[Any]) -> None:
        while not task.done:
            if not self._clock.step():
                raise InputError("this request waits for itself: the handler of its origin sends requests for what it is answering")

    def _turn(self, task: Task[Any], answer: Any) -> None:
        """Run a task until it has to wait."""
        clock, send = self._clock, task.work.send
        try:
            while True:
                wish = send(answer)
                answer = None
                if isinstance(wish, Travel):
                    if clock.skip(wish.ms / 1000):
                        continue
                    clock.at(clock.now() + wish.ms / 1000, lambda: self._turn(task, None))
                    return
                if isinstance(wish, Fetch):
                    self._fetch(task, wish)
                    return
                if isinstance(wish, Wait):
                    wish.flight.when_over(lambda: clock.at(clock.now(), lambda: self._turn(task, None)))
                    return
                if isinstance(wish, Spawn):
                    self.start(wish.work, clock.now(), background=True)
                    continue
                raise TypeError(f"the core wished for {wish!r}, which no driver knows")
        except StopIteration as stop:
            task.value = stop.value
        except Exception as error:
            if task.background:
                raise  # nobody will ask this task for its result
            task.error = error
        task.done, task.ended = True, clock.now()

    def _fetch(self, task: Task[Any], fetch: Fetch) -> None:
        clock, sent, half = self._clock, self._clock.now(), fetch.travel_ms / 2000

        def arrive() -> None:
            reply = self._receive(fetch, clock.now())
            if isinstance(reply.outcome, OriginError):
                back = clock.now() + half if reply.outcome.seconds == 0 else sent + reply.outcome.seconds
            elif reply.seconds > fetch.read_timeout:
                late = f"no answer within {fetch.read_timeout:g} s"
                reply = Reply(OriginError("read-timeout", late, status=504, seconds=fetch.read_timeout))
                back = sent + fetch.read_timeout
            else:
                back = clock.now() + reply.seconds + half
            clock.at(back, lambda: self._turn(task, reply))

        clock.at(sent + half, arrive)
