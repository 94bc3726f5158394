"""A run from start to end: what is left to read, read by an engine, written in parts; and what it came to.

Flows in: Settings and an engine. Flows out: parts, a manifest, an Outcome. Does not know how pictures are read.
"""

import signal
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, current_thread, main_thread
from typing import Any, Literal, Protocol

from tsifra import __version__
from tsifra.batch import begun, records
from tsifra.batch.answer import Answer
from tsifra.batch.item import Chunk
from tsifra.batch.job import Job, Model
from tsifra.batch.listing import Listing, Sources
from tsifra.batch.part import Part, path_of, sweep
from tsifra.batch.progress import Progress
from tsifra.batch.resume import Plan, planned
from tsifra.batch.tally import Tally
from tsifra.errors import TsifraError
from tsifra.output import printable

PART_FILES = 10_000
End = Literal["done", "errors", "interrupted"]
_FEW = 100  # files before which a share of errors says nothing


@dataclass(frozen=True, slots=True)
class MostErrors:
    """How many rows may be errors before a run is stopped: a number, or a share of all rows."""

    count: int | None = None
    share: float | None = None

    @classmethod
    def parse(cls, text: str) -> "MostErrors":
        """What "100" or "5%" says. Raises ValueError."""
        number = float(text.removesuffix("%"))
        if number < 0 or number != number or (text.endswith("%") and number > 100):
            raise ValueError(f"{text} is no number of files and no share of them")
        return cls(share=number / 100) if text.endswith("%") else cls(count=int(text))

    def is_over(self, tally: Tally) -> bool:
        """Whether there are too many."""
        if self.count is not None:
            return tally.failed > self.count
        return self.share is not None and tally.rows >= _FEW and tally.failed > self.share * tally.rows


@dataclass(frozen=True, slots=True)
class Settings:
    """What to read, where to, how. part_files: of one part at most."""

    sources: Sources
    output: Path
    job: Job
    part_files: int = PART_FILES
    most_errors: MostErrors = field(default_factory=MostErrors)

    def __post_init__(self) -> None:
        if self.part_files < 1:
            raise ValueError(f"part_files is {self.part_files}, at least 1 is wanted")


class Engine(Protocol):
    """Who reads. model: which network reads. name, processes: for the manifest. chunk_files: what suits it."""

    name: str
    chunk_files: int
    processes: int

    @property
    def model(self) -> Model:
        """As Model says."""
        ...

    def answers(self, chunks: Iterable[Chunk]) -> Generator[Answer | None]:
        """The answers in the order of the chunks, which can be sent elsewhere and made there; None now and then."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to. read: by this run; whole: all that is written. end: why it ended."""

    read: Tally
    whole: Tally
    seconds: float
    end: End


def run(settings: Settings, engine: Engine, progress: Progress) -> Outcome:
    """Read what is left to read. Raises TsifraError, and OSError where it cannot be written."""
    output, job = settings.output, settings.job
    with begun.alone(output), _stopped_by_signals() as stop:
        begun.begin(output, settings.sources, job, engine.model)
        sweep(output, job.form)
        plan = planned(settings.sources, output, job.form)
        if plan.is_strange:  # a folder that is not mounted, perhaps
            raise TsifraError(
                f"{output}: of the files that were read none is listed any more; see whether they are there, or "
                "choose another --output"
            )
        _tell(plan, progress)
        for part in plan.gone:
            begun.reopen(output)
            records.forget(output, part)
            path_of(output, part, job.form).unlink(missing_ok=True)
        began = time.monotonic()
        listing = Listing(settings.sources, plan.stretches, settings.part_files, chunk_files=engine.chunk_files)
        with closing(_Parts(output, job)) as parts, closing(engine.answers(listing)) as answers:
            end = _write(answers, parts, plan.kept, settings.most_errors, progress, stop)
        progress.clear()
        outcome = Outcome(parts.read, plan.kept + parts.read, time.monotonic() - began, end)
        if end == "done" and (parts.read.files or not begun.is_over(output)):
            begun.end(output, _manifest(settings, engine, outcome))
        return outcome


class _Parts:
    """The parts that a run writes, one after the other. read: what has been written into them."""

    def __init__(self, output: Path, job: Job) -> None:
        self._output, self._job = output, job
        self._part: Part | None = None
        self.read = Tally()

    def add(self, answer: Answer) -> None:
        """Write an answer, into its part."""
        began = time.perf_counter()
        if self._part is None or self._part.number != answer.part:
            self.finish()
            begun.reopen(self._output)
            self._part = Part(self._output, answer.part, self._job.form, self._job.probabilities)
        self._part.add(answer)
        self.read += answer.tally
        self._took(began)

    def finish(self) -> None:
        """Make the part that is being written a whole one."""
        if self._part is not None:
            began = time.perf_counter()
            self._part.finish()
            self._part = None
            self._took(began)

    def close(self) -> None:
        """Leave nothing half-written."""
        if self._part is not None:
            self._part.drop()

    def _took(self, began: float) -> None:
        if self._job.profile:
            self.read += Tally(seconds={"write": time.perf_counter() - began})


def _write(
    answers: Iterable[Answer | None],
    parts: _Parts,
    kept: Tally,
    most_errors: MostErrors,
    progress: Progress,
    stop: Event,
) -> End:
    """Write answers until there are no more, too many are errors, or somebody stops it; which of these it was."""
    end: End = "done"
    for answer in _until_interrupted(answers, stop):
        if answer is not None and most_errors.is_over(kept + parts.read):  # of those before: the last end no run
            end = "errors"
            break
        if answer is not None:
            parts.add(answer)
        progress.show(parts.read, kept)
        if stop.is_set():
            end = "interrupted"
            break
    parts.finish()
    return end


def _until_interrupted(answers: Iterable[Answer | None], stop: Event) -> Iterator[Answer | None]:
    """The answers; if one is waited for when the engine is interrupted (Ray hears signals itself), no more of them."""
    coming = iter(answers)
    while True:
        try:
            answer = next(coming)
        except StopIteration:
            return
        except KeyboardInterrupt:
            stop.set()
            answer = None
        except Exception:
            if not stop.is_set():  # else it is how an engine ends that is stopped in the middle of something
                raise
            answer = None
        yield answer
        if stop.is_set():
            return


@contextmanager
def _stopped_by_signals() -> Iterator[Event]:
    """What is set by Ctrl-C or SIGTERM, so that what has been read is written; a second one ends the run at once."""
    stop = Event()

    def on_signal(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    if current_thread() is not main_thread():  # of a program that calls this, whose signals are its own
        yield stop
        return
    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(plan: Plan, progress: Progress) -> None:
    """Say what goes on, and what has changed since."""
    if plan.parts_kept or len(plan.stretches) > 1 or plan.gone:
        progress.say(f"goes on: {plan.kept.files:,} files are read already, in {plan.parts_kept:,} parts")
    for noticed, what in (
        (plan.changed, "files changed since they were read"),
        (plan.added, "files added among those that were read"),
        (plan.removed, "files that are not listed any more"),
    ):
        if noticed.count:
            names = ", ".join(map(printable, noticed.names))
            more = ", …" if noticed.count > len(noticed.names) else ""
            progress.say(f"{what}, whose parts are read again: {noticed.count:,} ({names}{more})")


def _manifest(settings: Settings, engine: Engine, outcome: Outcome) -> dict[str, Any]:
    read, whole = outcome.read, outcome.whole
    return {
        "tsifra": __version__,
        "model": {"name": engine.model.name, "sha256": engine.model.sha256},
        "sources": settings.sources.said(),
        "options": settings.job.options(),
        "engine": engine.name,
        "processes": engine.processes,
        "parts": len(records.heads(settings.output)),
        "files": whole.files,
        "rows": whole.rows,
        "status": dict(whole.statuses),
        "errors": dict(whole.errors),
        "this_run": {
            "files": read.files,
            "seconds": round(outcome.seconds, 3),
            "files_per_second": round(read.files / max(outcome.seconds, 1e-9), 1),
        },
    }
