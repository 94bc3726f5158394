"""What is known of each whole part: the files that it is of, as they were when they were read, and what they came to.

Flows in: parts that have been written. Flows out: the same, when a run goes on. A record is written after its part, so
what has a record is whole; the record also knows the size of the part's file. Knows nothing of rows.
"""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tsifra.batch.tally import Tally
from tsifra.errors import TsifraError
from tsifra.output import write_whole

FOLDER = "_parts"
_SUFFIX = ".json.gz"

Stamps = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Head:
    """part: its number. size: bytes of its file. first: the name of the first item. tally: of its rows."""

    part: int
    size: int
    first: str
    tally: Tally


def save(output: Path, part: int, size: int, stamps: Stamps, tally: Tally) -> None:
    """Write the record of a part. stamps: name and stamp of each item. Raises OSError."""
    head = {"part": part, "size": size, "first": stamps[0][0], "tally": asdict(tally) | {"seconds": {}}}
    lines = "\n".join(map(json.dumps, [head, *stamps])) + "\n"
    write_whole(_path(output, part), gzip.compress(lines.encode(), 1))


def heads(output: Path) -> list[Head]:
    """The heads of all parts that are whole, by number. Records that are damaged count as none."""
    found = []
    for path in sorted((output / FOLDER).glob(f"*{_SUFFIX}")):
        try:
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                head = json.loads(next(lines))
            found.append(Head(head["part"], head["size"], head["first"], Tally(**head["tally"])))
        except (OSError, EOFError, ValueError, KeyError, TypeError, StopIteration):
            continue
    return sorted(found, key=lambda head: head.part)


def stamps(output: Path, part: int) -> Iterator[tuple[str, str]]:
    """Name and stamp of each item of a part. Raises TsifraError."""
    path = _path(output, part)
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            next(lines)
            for line in lines:
                name, stamp = json.loads(line)
                yield name, stamp
    except (OSError, EOFError, ValueError) as error:
        raise TsifraError(f"{path}: damaged ({error}); remove it, and its part is read again") from None


def forget(output: Path, part: int) -> None:
    """Remove a record: its part counts as not written."""
    _path(output, part).unlink(missing_ok=True)


def _path(output: Path, part: int) -> Path:
    return output / FOLDER / f"{part:06}{_SUFFIX}"
