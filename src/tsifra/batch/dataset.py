"""The parts of a data set -> its records, one at a time.

Flows in: a folder that `tsifra batch` has written. Flows out: records as the README describes them, in the order of the
parts; of CSV those fields that it has. Holds one part's row group in memory.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from tsifra.batch.rows import record_of
from tsifra.errors import DataError
from tsifra.reading import Record

_BATCH = 1000


def records_of(folder: Path) -> Iterator[Record]:
    """All records of a data set. Raises DataError where there are no parts, or one is damaged."""
    parts = sorted(path for path in folder.glob("part-*") if path.suffix in _READERS)
    if not parts:
        raise DataError(f"{folder}: holds no parts of a data set (part-000000.parquet, .jsonl or .csv)")
    for path in parts:
        try:
            yield from _READERS[path.suffix](path)
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            csv.Error,
        ) as error:  # those of Arrow are among them
            raise DataError(f"{path}: damaged, or no part of a data set: {error}") from None


def _parquet(path: Path) -> Iterator[Record]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH):
            yield from map(record_of, batch.to_pylist())


def _lines(path: Path) -> Iterator[Record]:
    with open(path, encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _csv(path: Path) -> Iterator[Record]:
    with open(path, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            kind, _, message = row["error"].partition(": ")
            error = {"kind": kind, "message": message} if kind else None
            confidence = float(row["confidence"]) if row["confidence"] else None
            yield {**row, "page": int(row["page"]), "confidence": confidence, "error": error, "digits": []}


_READERS = {".parquet": _parquet, ".jsonl": _lines, ".csv": _csv}
