"""Where the time of a worker goes: a reader that measures its own steps.

Flows in: steps by name, one inside the other. Flows out: seconds a step, without those of the steps inside it.
Knows of a reader where its steps begin and end, and nothing of what they do.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tsifra.reader import Reader


class Clock:
    """Seconds of steps, for one thread at a time. What is measured inside a step counts for the inner one alone."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._inner = [0.0]

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the time that is spent in this context."""
        began = time.perf_counter()
        self._inner.append(0.0)
        try:
            yield
        finally:
            whole = time.perf_counter() - began
            self._seconds[name] = self._seconds.get(name, 0.0) + whole - self._inner.pop()
            self._inner[-1] += whole

    def taken(self) -> dict[str, float]:
        """What has been measured since this was last asked."""
        seconds, self._seconds = self._seconds, {}
        return seconds


class TimedReader(Reader):
    """A reader of one thread that counts on a clock: fetch (opening included), decode, normalize (finding the digits of
    a page included), classify."""

    def __init__(self, clock: Clock, model: str | None, **limits: Any) -> None:
        """As Reader."""
        self._clock = clock
        super().__init__(model, **limits)

    def _step(self, name: str) -> AbstractContextManager[None]:
        return self._clock.step(name)
