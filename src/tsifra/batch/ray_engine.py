"""The engine of a Ray cluster, or of this machine as one: Ray Data, with a worker in each actor.

Flows in: chunks, which a task on this machine lists as they are asked for. Flows out: their answers, in the order of
the chunks. Who reads what, how much waits where, and what is done again after an actor or a machine has died is Ray
Data's business.
"""

import logging
import os
import pickle
import socket
import threading
from collections.abc import Generator, Iterable, Iterator
from typing import Any, Self

import pyarrow as pa
import ray
import ray.data
from ray.data.datasource import Datasource, ReadTask

from tsifra.batch.answer import Answer
from tsifra.batch.item import Chunk
from tsifra.batch.job import Job, Model
from tsifra.batch.local import Local
from tsifra.errors import TsifraError

_ACTOR = 0.9  # of a processor: with the listing's share, actors for all processors never take all of any
_LISTING = 0.1
_PATIENCE_S = 5.0
_AHEAD = "iter_threaded"  # the name of threads


class _Listed(Datasource):
    """Chunks as blocks of one row, made by one task on the machine that writes, whose folders they may be in."""

    supports_distributed_reads = False

    def __init__(self, chunks: Iterable[Chunk], folder: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._chunks, self._folder = chunks, folder

    def estimate_inmemory_data_size(self) -> int | None:
        """Nobody knows."""
        return None

    def get_read_tasks(self, parallelism: int, *args: Any, **kwargs: Any) -> list[ReadTask]:
        """One, since a listing has an order."""
        chunks, folder = self._chunks, self._folder

        def read() -> Iterator[pa.Table]:
            os.chdir(folder)
            for chunk in chunks:
                yield _row(chunk)

        unknown = ray.data.block.BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
        return [ReadTask(read, unknown)]


class _Actor:
    """A reader that takes and gives rows, in a process of its own.

    Ray would do again for ever what a picture ends the actor by; `Local` makes a row of it.
    """

    def __init__(self, job: Job, folder: str) -> None:
        _go_to(folder)
        self._local = Local(job, 1)

    def __call__(self, rows: pa.Table) -> pa.Table:
        (chunk,) = _values(rows)
        (answer,) = filter(None, self._local.answers([chunk]))
        return _row(answer)


class OnRay:
    """Actors that answer chunks, on a cluster or on this machine."""

    name = "ray"
    chunk_files = 1024  # each is a task, of which Ray Data has its own ado

    def __init__(self, job: Job, processes: int | None = None, address: str | None = None) -> None:
        """address: of a cluster; None for one that lives as long as this. processes: by default one a processor.

        Raises TsifraError where there is no cluster, ModelError for a model that cannot be used there.
        """
        self._job, self._folder = job, os.getcwd()
        self._is_ours = not ray.is_initialized()
        for name in ("ray", "ray.data"):
            logging.getLogger(name).setLevel(logging.ERROR)
        if self._is_ours:
            _reached(address)
            try:
                ray.init(address, log_to_driver=False, include_dashboard=False, logging_level=logging.ERROR)
            except (ConnectionError, ValueError, RuntimeError) as error:
                raise TsifraError(f"no Ray cluster at {address or 'this machine'}: {error}") from None
        self.processes = processes or max(1, int(_processors()))
        self.model = _asked(job, self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._is_ours:
            _see_readers_ahead_off()
            ray.shutdown()

    def answers(self, chunks: Iterable[Chunk]) -> Generator[Answer | None]:
        """The answers in order. Raises TsifraError."""
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        context.target_max_block_size = 1  # a chunk a block: Ray Data would wait for 128 MB of them
        read = ray.data.read_datasource(_Listed(chunks, self._folder), num_cpus=_LISTING, override_num_blocks=1)
        answered = read.map_batches(
            _Actor,
            fn_constructor_args=(self._job, self._folder),
            batch_size=1,
            batch_format="pyarrow",
            num_cpus=_ACTOR,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=self.processes, initial_size=self.processes),
        )
        try:
            for rows in answered.iter_batches(batch_size=None, batch_format="pyarrow"):
                yield from _values(rows)
        except ray.exceptions.RayError as error:
            raise TsifraError(_said(error)) from None


def _see_readers_ahead_off() -> None:
    """Wait for the threads by which Ray Data reads ahead. They end a tenth of a second after an iteration does, and the
    references that they drop then end the process if Ray is gone.
    """
    for thread in threading.enumerate():
        if thread.name == _AHEAD:
            thread.join(_PATIENCE_S)


def _reached(address: str | None) -> None:
    """See that somebody listens at an address, which Ray itself tries for two minutes. Raises TsifraError."""
    host, colon, port = (address or "").rpartition(":")
    if not colon or not port.isdecimal() or "://" in host:
        return
    try:
        socket.create_connection((host, int(port)), _PATIENCE_S).close()
    except OSError as error:
        raise TsifraError(f"no Ray cluster at {address}: {error.strerror or error}") from None


def _processors() -> float:
    """Of the whole cluster."""
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return resources.get("CPU", 1.0)


def _said(error: Exception) -> str:
    cause = getattr(error, "cause", None)
    if isinstance(cause, TsifraError):
        return str(cause)
    first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return f"Ray ended the run: {first.strip()}; what is written stays, and the same command goes on"


def _asked(job: Job, folder: str) -> Model:
    """The model of a worker, as a process of the cluster has it."""

    def model() -> Model:
        _go_to(folder)
        with Local(job, 1) as local:
            return local.model

    try:
        asked: Model = ray.get(ray.remote(num_cpus=_LISTING)(model).remote())
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        raise cause if isinstance(cause, TsifraError) else TsifraError(f"workers cannot start: {cause}") from None
    return asked


def _go_to(folder: str) -> None:
    """Make names such as scans/1.png mean what they mean where the run was started."""
    try:
        os.chdir(folder)
    except OSError:
        node = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
        raise TsifraError(f"{folder}: is not on {node}; start in a folder that all machines share") from None


def _row(value: Chunk | Answer) -> pa.Table:
    return pa.table({"value": pa.array([pickle.dumps(value)], pa.large_binary())})


def _values(rows: pa.Table) -> list[Any]:
    return [pickle.loads(value.as_buffer()) for value in rows["value"]]
