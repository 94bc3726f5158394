"""Runs of tsifra batch to test with: pictures to read, and what was written of them."""

import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from PIL import Image

from drawing import DIGITS, digit
from tsifra.batch.rows import record_of

PATIENCE_S = 60
Record = dict[str, Any]


def picture(label: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(digit(label, 48)).save(file, "PNG")
    return file.getvalue()


PICTURES = {label: picture(label) for label in DIGITS}


def draw(folder: str, count: int, first: int = 0) -> list[str]:
    """Draw `count` digits as 0.png, 1.png, …; their names as records have them."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    names = [f"{folder}/{number}.png" for number in range(first, first + count)]
    for name in names:
        Path(name).write_bytes(PICTURES[Path(name).stem[-1]])
    return names


def rows(output: str = "out") -> list[Record]:
    """All rows of a Parquet data set as records, in order."""
    found = sorted(Path(output).glob("part-*.parquet"))
    return [record_of(row) for part in found for row in pq.read_table(part).to_pylist()]


def inputs(output: str = "out") -> list[str]:
    return [row["input"] for row in rows(output)]


def parts(output: str = "out") -> int:
    return len(list(Path(output).glob("part-*")))


def manifest(output: str = "out") -> Record:
    found: Record = json.loads((Path(output) / "_manifest.json").read_text("utf-8"))
    return found


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "tsifra", "batch", *args]


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < end, "nothing happens"
        time.sleep(0.002)
