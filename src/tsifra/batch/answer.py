"""What comes back for a chunk: the rows of its items, and what has been counted of them.

Flows in: what a reader says of the items of a chunk. Flows out: an Answer. Knows nothing of how it was read.
"""

import time
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from tsifra.batch.item import Chunk
from tsifra.batch.job import Job
from tsifra.batch.rows import encoded
from tsifra.batch.tally import Tally
from tsifra.reading import Failure, Reading


class Answer(NamedTuple):
    """part: of the chunk. stamps: name and stamp of each of its items. rows: of the part, as `rows` encodes them."""

    part: int
    stamps: tuple[tuple[str, str], ...]
    rows: tuple[bytes, ...]
    tally: Tally


def answer_of(chunk: Chunk, results: Sequence[Reading | Failure], job: Job, seconds: dict[str, float]) -> Answer:
    """The answer that says these results."""
    began = time.perf_counter()
    rows = encoded(results, job.form, job.probabilities)
    if job.profile:
        seconds = seconds | {"list": chunk.list_s, "write": time.perf_counter() - began}
    tally = Tally(
        len(chunk.items),
        len(results),
        Counter(result.status for result in results),
        Counter(result.kind for result in results if isinstance(result, Failure)),
        seconds,
    )
    return Answer(chunk.part, tuple((item.name, item.stamp) for item in chunk.items), (rows,), tally)


def joined(answers: Sequence[Answer]) -> Answer:
    """The answer to a chunk that was read in pieces."""
    stamps = tuple(chain.from_iterable(answer.stamps for answer in answers))
    rows = tuple(chain.from_iterable(answer.rows for answer in answers))
    return Answer(answers[0].part, stamps, rows, sum((answer.tally for answer in answers), Tally()))
