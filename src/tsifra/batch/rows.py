"""Readings and failures -> rows of a part as bytes, in the form that the part is written in.

Flows in: what a reader answers. Flows out: lines of JSON or CSV, or a batch of Arrow in its stream format, whose
columns are the record's fields. Knows nothing of files.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from tsifra.batch.job import Form
from tsifra.output import csv_line, json_line
from tsifra.reading import LABELS, Failure, Reading, Record

if TYPE_CHECKING:
    import pyarrow as pa


def encoded(results: Sequence[Reading | Failure], form: Form, probabilities: bool) -> bytes:
    """The rows of some results."""
    if form == "parquet":
        return _arrow(results, probabilities)
    lines = (csv_line(result) if form == "csv" else json_line(result, probabilities) for result in results)
    return "".join(lines).encode("utf-8", "backslashreplace")


@lru_cache
def schema(probabilities: bool) -> "pa.Schema":
    """The columns of a Parquet part: the record's fields, digits as a list of structs."""
    import pyarrow as pa

    whole = pa.list_(pa.int32())
    candidate = pa.struct([("label", pa.string()), ("confidence", pa.float64())])
    digit = [
        ("digit", pa.string()),
        ("confidence", pa.float64()),
        ("bbox", whole),
        ("status", pa.string()),
        ("alternatives", pa.list_(candidate)),
    ]
    if probabilities:
        digit.append(("probabilities", pa.struct([(label, pa.float64()) for label in LABELS])))
    return pa.schema(
        [
            ("input", pa.string()),
            ("page", pa.int32()),
            ("size", whole),
            ("rotation", pa.int32()),
            ("text", pa.string()),
            ("status", pa.string()),
            ("confidence", pa.float64()),
            ("digits", pa.list_(pa.struct(digit))),
            ("error", pa.struct([("kind", pa.string()), ("message", pa.string())])),
            ("model", pa.string()),
        ]
    )


def record_of(row: Record) -> Record:
    """A row of a Parquet part as a record, as `Reading.to_dict` has it."""
    digits = [
        digit | {"alternatives": [[other["label"], other["confidence"]] for other in digit["alternatives"]]}
        for digit in row["digits"]
    ]
    return row | {"digits": digits}


def _arrow(results: Sequence[Reading | Failure], probabilities: bool) -> bytes:
    import pyarrow as pa

    columns = schema(probabilities)
    rows = [_row(result.to_dict(probabilities)) for result in results]
    batch = pa.RecordBatch.from_pylist(rows, columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, columns) as stream:
        stream.write_batch(batch)
    return bytes(sink.getvalue().to_pybytes())


def _row(record: Record) -> Record:
    """A record with what Arrow has other forms for: pairs as structs, names that are no text escaped."""
    for digit in record["digits"]:
        digit["alternatives"] = [{"label": label, "confidence": p} for label, p in digit["alternatives"]]
    record["input"] = _text(record["input"])
    if record["error"]:
        record["error"] = {key: _text(value) for key, value in record["error"].items()}
    return record


def _text(value: str) -> str:
    return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
