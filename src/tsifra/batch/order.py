"""Names in natural order, any number of them in the same memory.

Flows in: names as a folder gives them. Flows out: the names, 2.png before 10.png. Knows nothing of folders.
"""

import contextlib
import heapq
import itertools
import pickle
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

from tsifra.document import natural_key
from tsifra.errors import TsifraError

_RUN = 20_000  # names that are sorted in memory, with their keys about 15 MB
_READ = 200  # names of each run that are in memory while runs are merged


def in_order(names: Iterable[str], run: int = _RUN) -> Iterator[str]:
    """The names in natural order. More than `run` of them are sorted in runs, which wait on disk.

    Raises TsifraError where these have no room.
    """
    rest = iter(names)
    first = sorted(itertools.islice(rest, run), key=_key)
    if len(first) < run:
        yield from first
        return
    file = tempfile.TemporaryFile()  # noqa: SIM115  # closed below, where its errors count no more
    try:
        starts, following = [], first
        while following:
            starts.append(_append(file, following))
            following = sorted(itertools.islice(rest, run), key=_key)
        yield from heapq.merge(*(_run(file, start) for start in starts), key=_key)
    finally:
        with contextlib.suppress(OSError):  # of a full disk, once more
            file.close()


def _key(name: str) -> tuple[list[Any], str]:
    return natural_key(name), name  # names that differ in case or zeros alone have an order too


def _append(file: IO[bytes], run: list[str]) -> int:
    start = file.tell()
    try:
        for at in range(0, len(run), _READ):
            pickle.dump(run[at : at + _READ], file)
        pickle.dump([], file)
        file.flush()
    except OSError as error:
        where = tempfile.gettempdir()
        raise TsifraError(f"{where}: no room to sort a large folder: {error.strerror}; set TMPDIR") from None
    return start


def _run(file: IO[bytes], start: int) -> Iterator[str]:
    while True:
        file.seek(start)
        names: list[str] = pickle.load(file)
        start = file.tell()
        if not names:
            return
        yield from names
