"""How far a run is: a line that is drawn anew on a terminal, or a line every ten seconds in a file.

Flows in: tallies. Flows out: lines on a stream. Knows nothing of what is counted.
"""

import time
from collections.abc import Callable
from threading import Thread
from typing import IO

from tsifra.batch.tally import Tally

_LINE_S = 10.0
_DRAWN_S = 0.5


class Progress:
    """Rate, files left, time left, errors so far."""

    def __init__(self, stream: IO[str], is_terminal: bool, count: Callable[[], int | None]) -> None:
        """count: counts the files, in a thread of its own, while reading begins; None where nobody can say."""
        self._stream, self._is_terminal = stream, is_terminal
        self._count = count
        self._total: int | None = None
        self._began = self._shown = time.monotonic()
        self._width = 0
        Thread(target=self._learn, daemon=True).start()

    def show(self, read: Tally, kept: Tally) -> None:
        """Tell how far it is, if it is time to. read: in this run; kept: before it."""
        now = time.monotonic()
        if now - self._shown < (_DRAWN_S if self._is_terminal else _LINE_S):
            return
        self._shown = now
        self._draw(line(read, kept, self._total, now - self._began))

    def say(self, text: str) -> None:
        """Write a line of its own."""
        self.clear()
        self._stream.write(text + "\n")
        self._stream.flush()

    def clear(self) -> None:
        """Take the line away that was drawn."""
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._width = 0

    def _draw(self, text: str) -> None:
        if self._is_terminal:
            self._stream.write("\r" + text.ljust(self._width))
            self._width = len(text)
            self._stream.flush()
        else:
            self.say(text)

    def _learn(self) -> None:
        self._total = self._count()


def line(read: Tally, kept: Tally, total: int | None, elapsed_s: float) -> str:
    """Such as: 12,288 of 100,000 files, 5,012 a second, 17 s left, 3 errors."""
    done, failed = read.files + kept.files, read.failed + kept.failed
    rate = read.files / elapsed_s if elapsed_s > 0 else 0.0
    parts = [f"{done:,} files" if total is None else f"{done:,} of {total:,} files, {max(0, total - done):,} left"]
    parts.append(f"{rate:,.0f} a second" if rate >= 10 else f"{rate:.2g} a second")
    if total is not None and rate:
        parts.append(f"{span(max(0, total - done) / rate)} left")
    return ", ".join([*parts, f"{failed:,} error{'' if failed == 1 else 's'}"])


def span(seconds: float) -> str:
    """A time for people: 42 s, 3 min 20 s, 5 h 12 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"
