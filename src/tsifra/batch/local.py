"""The engine of one machine: worker processes, each with a reader, of which one that dies costs no row.

Flows in: chunks, as there is room for them. Flows out: their answers, in the order of the chunks. What a process that
died was reading is read again by another: the chunk, then its items one by one; an item that ends two more processes
becomes a row of an error.
"""

import multiprocessing
import os
import queue
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import NamedTuple, Self

from tsifra.batch.answer import Answer, answer_of, joined
from tsifra.batch.item import Chunk
from tsifra.batch.job import Job, Model
from tsifra.batch.listing import CHUNK_FILES
from tsifra.errors import TsifraError
from tsifra.lane import processors
from tsifra.reading import Failure

_AHEAD = 2  # chunks that a process holds: one it reads, one it needs not wait for
_WINDOW = 16  # chunks a process under way or waiting for an earlier one to be answered
_TICK_S = 0.2
_DEATHS = 2  # of processes, after which a chunk is read item by item, and an item given up
_STILLBORN = 3  # processes in a row that end before they are ready


class _Slot:
    """A chunk on its way. answers: of the whole chunk, or of each item where it is read item by item."""

    def __init__(self, chunk: Chunk) -> None:
        self.chunk = chunk
        self.answers: list[Answer | None] = [None]

    @property
    def is_answered(self) -> bool:
        """Whether nothing is missing."""
        return None not in self.answers

    def answer(self) -> Answer:
        """The answer of the whole chunk."""
        return joined([answer for answer in self.answers if answer is not None])


class _Task(NamedTuple):
    """What a process is asked for: answer `at` of a slot. deaths: of processes that were asked for it."""

    slot: _Slot
    at: int
    chunk: Chunk
    deaths: int = 0


class _Process:
    """A worker process and what it has been asked for."""

    def __init__(self, job: Job) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would share the locks of our threads
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, job), name="tsifra-batch", daemon=True)
        self.process.start()
        theirs.close()
        self.tasks: deque[_Task] = deque()
        self.is_ready = False

    def end(self) -> None:
        """End it, whatever it does."""
        self.connection.close()
        self.process.kill()
        self.process.join()


def serve(connection: Connection, job: Job) -> None:
    """What a process does: answer chunks until the other end is closed."""
    from tsifra.batch.worker import Worker  # loads the network's runtime, which the process that writes has no use for

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; who writes decides what to do
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), 2)  # what C libraries say of damaged files, and of which they name none
    try:
        worker = Worker(job)
    except Exception as error:
        connection.send(error if isinstance(error, TsifraError) else TsifraError(f"{type(error).__name__}: {error}"))
        return
    connection.send(worker.model)
    chunks: queue.SimpleQueue[Chunk | None] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, chunks), daemon=True).start()
    while (chunk := chunks.get()) is not None:
        connection.send(worker.answer(chunk))


def _receive(connection: Connection, chunks: "queue.SimpleQueue[Chunk | None]") -> None:
    """Take chunks from the pipe, so that who sends them never waits for who sends answers."""
    try:
        while True:
            chunks.put(connection.recv())
    except (EOFError, OSError):
        chunks.put(None)


class Local:
    """Processes that answer chunks."""

    name = "local"
    chunk_files = CHUNK_FILES

    def __init__(self, job: Job, processes: int | None = None) -> None:
        """Start them and wait for the first; by default one a processor.

        Raises what a worker raises at its start, such as ModelError.
        """
        self._job = job
        self.processes = processes = processes or processors()
        self._stillborn = 0
        self._todo: deque[_Task] = deque()
        self._pool = [_Process(job) for _ in range(processes)]
        self._models: list[Model] = []
        try:
            while not self._models:
                self._listen()
        except BaseException:
            self.close()
            raise

    @property
    def model(self) -> Model:
        """Which network reads."""
        return self._models[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes."""
        for process in self._pool:
            process.end()

    def answers(self, chunks: Iterable[Chunk]) -> Generator[Answer | None]:
        """The answers in order; None when there has been none for a while. Raises TsifraError."""
        slots: deque[_Slot] = deque()
        coming: Iterator[Chunk] = iter(chunks)
        is_over = False
        while slots or not is_over:
            while not is_over and not self._todo and len(slots) < _WINDOW * len(self._pool):
                chunk = next(coming, None)
                is_over = chunk is None
                if chunk is not None:
                    slots.append(_Slot(chunk))
                    self._todo.append(_Task(slots[-1], 0, chunk))
                    self._hand_out()
            if slots and slots[0].is_answered:
                yield slots.popleft().answer()
            elif slots and not self._listen():
                yield None

    def _hand_out(self) -> None:
        """Ask for what is to be done, those that have least to do first."""
        ready = [process for process in self._pool if process.is_ready]
        while self._todo and ready:
            process = min(ready, key=lambda process: len(process.tasks))
            if len(process.tasks) == _AHEAD:
                return
            process.tasks.append(self._todo.popleft())
            with suppress(OSError):  # of one that has died, which is seen when it is listened to
                process.connection.send(process.tasks[-1].chunk)

    def _listen(self) -> bool:
        """Take what processes have to say; whether there was anything."""
        speaking = wait([process.connection for process in self._pool], _TICK_S)
        for process in [process for process in self._pool if process.connection in speaking]:
            try:
                said = process.connection.recv()
            except (EOFError, OSError):
                self._replace(process)
                continue
            if isinstance(said, Exception):
                raise said
            if isinstance(said, Answer):
                task = process.tasks.popleft()
                task.slot.answers[task.at] = said
            else:
                self._models.append(said)
                process.is_ready, self._stillborn = True, 0
        self._hand_out()
        return bool(speaking)

    def _replace(self, dead: _Process) -> None:
        dead.end()
        self._stillborn += not dead.is_ready
        if self._stillborn == _STILLBORN:
            raise TsifraError(f"worker processes end as they start, with exit code {dead.process.exitcode}")
        self._pool[self._pool.index(dead)] = _Process(self._job)
        if dead.tasks:
            reading = dead.tasks.popleft()
            self._todo.extendleft(reversed(dead.tasks))
            self._again(reading._replace(deaths=reading.deaths + 1), dead.process.exitcode)

    def _again(self, task: _Task, exit_code: int | None) -> None:
        """Do again what a process died of; what it has died of before, item by item."""
        slot, items = task.slot, task.chunk.items
        if task.deaths < _DEATHS:
            self._todo.appendleft(task)
        elif len(items) > 1:
            slot.answers = [None] * len(items)
            alone = (task.chunk._replace(items=(item,), list_s=0.0) for item in items)
            self._todo.extendleft(reversed([_Task(slot, at, chunk) for at, chunk in enumerate(alone)]))
        else:
            name = items[0].name
            message = f"{name}: the process that reads it dies of it, with exit code {exit_code}"
            failure = Failure(name, 1, "crash", message, self.model.name)
            slot.answers[task.at] = answer_of(task.chunk, [failure], self._job, {})
