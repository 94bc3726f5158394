"""Where the time of a worker goes: a reader that measures its own steps.

Flows in: steps by name, one inside the other. Flows out: seconds a step, without those of the steps inside it.
Knows of a reader where its steps begin and end, and nothing of what they do.
"""

import time
from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsifra.classifier import Classifier
from tsifra.decoders import Document
from tsifra.document import Source
from tsifra.image import Pixels
from tsifra.reader import Reader
from tsifra.reading import Failure, Reading


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


class _TimedClassifier(Classifier):
    def __init__(self, clock: Clock, model: str | None) -> None:
        super().__init__(model)
        self._clock = clock

    def __call__(self, images: NDArray[np.uint8], raw: bool = False) -> NDArray[np.float32]:
        with self._clock.step("classify"):
            return super().__call__(images, raw)


class TimedReader(Reader):
    """A reader of one thread that counts on a clock: fetch (opening included), decode, normalize (finding the digits of
    a page included), classify."""

    def __init__(self, clock: Clock, model: str | None, **limits: Any) -> None:
        """As Reader."""
        super().__init__(model, **limits)
        self._clock = clock
        self._classifier = _TimedClassifier(clock, model)

    def _pages(self, source: Source, wanted: Container[int] | None) -> Iterator[Any]:
        pages = super()._pages(source, wanted)
        while True:
            with self._clock.step("fetch"):
                page = next(pages, None)
            if page is None:
                return
            yield page

    def _decode(self, document: Document, number: int) -> Pixels:
        with self._clock.step("decode"):
            return super()._decode(document, number)

    def _finish(self, held: list[Any], order: Any) -> list[Reading | Failure]:
        with self._clock.step("normalize"):
            return super()._finish(held, order)
