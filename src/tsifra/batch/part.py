"""A part of a data set: a file that is written under another name, and renamed when it is whole.

Flows in: answers, in the order of their items. Flows out: part-000000.parquet (.jsonl, .csv) and its record. Knows
nothing of reading.
"""

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tsifra.batch import records
from tsifra.batch.answer import Answer
from tsifra.batch.job import Form
from tsifra.batch.rows import schema
from tsifra.batch.tally import Tally
from tsifra.output import CSV_HEAD

if TYPE_CHECKING:
    import pyarrow as pa

_GROUP = 10_000  # rows of a Parquet row group


def path_of(output: Path, part: int, form: Form) -> Path:
    """The file of a part."""
    return output / f"part-{part:06}.{form}"


def sweep(output: Path, form: Form) -> None:
    """Remove what a run that was killed left half-written, and parts that it had no time to record."""
    whole = {path_of(output, head.part, form) for head in records.heads(output)}
    for path in (
        *output.glob(".part-*.half"),
        *output.glob(".*.part"),
        *(output / records.FOLDER).glob(".*.part"),
        *output.glob(f"part-{'[0-9]' * 6}.{form}"),
    ):
        if path not in whole:
            path.unlink()


class Part:
    """A part that is being written."""

    def __init__(self, output: Path, number: int, form: Form, probabilities: bool) -> None:
        """Raises OSError."""
        self.number = number
        self._output, self._whole = output, path_of(output, number, form)
        self._half = output / f".{self._whole.name}.half"
        self._stamps: list[tuple[str, str]] = []
        self._tally = Tally()
        self._file: _File = _Parquet(self._half, probabilities) if form == "parquet" else _Lines(self._half, form)

    def add(self, answer: Answer) -> None:
        """Write the rows of an answer. Raises OSError."""
        for rows in answer.rows:
            self._file.write(rows)
        self._stamps += answer.stamps
        self._tally += answer.tally

    def finish(self) -> None:
        """Make it a whole part. Raises OSError."""
        self._file.close()
        size = self._half.stat().st_size
        os.replace(self._half, self._whole)
        records.save(self._output, self.number, size, self._stamps, self._tally)

    def drop(self) -> None:
        """Leave nothing of it."""
        with contextlib.suppress(OSError, ValueError):  # of a full disk, once more; of a file that this has closed
            self._file.close()
        self._half.unlink(missing_ok=True)


class _File(Protocol):
    def write(self, rows: bytes) -> None: ...

    def close(self) -> None: ...


class _Lines:
    def __init__(self, path: Path, form: Form) -> None:
        self._file = open(path, "wb")  # noqa: SIM115
        if form == "csv":
            self._file.write(CSV_HEAD.encode())

    def write(self, rows: bytes) -> None:
        self._file.write(rows)

    def close(self) -> None:
        with self._file:
            self._file.flush()
            os.fsync(self._file.fileno())


class _Parquet:
    """Batches are gathered into row groups of a size that is quick to read."""

    def __init__(self, path: Path, probabilities: bool) -> None:
        import pyarrow.parquet as pq

        self._columns = schema(probabilities)
        self._file = open(path, "wb")  # noqa: SIM115
        self._writer = pq.ParquetWriter(self._file, self._columns, compression="zstd")
        self._batches: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, rows: bytes) -> None:
        import pyarrow as pa

        with pa.ipc.open_stream(rows) as stream:
            for batch in stream:
                self._batches.append(batch)
                self._rows += batch.num_rows
        if self._rows >= _GROUP:
            self._flush()

    def close(self) -> None:
        with self._file:
            self._flush()
            self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())

    def _flush(self) -> None:
        import pyarrow as pa

        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches, self._columns))
            self._batches, self._rows = [], 0
