"""Sources of a run -> chunks for its workers, in order and as they are asked for.

Flows in: folders, globs, files, archives, addresses and lists of these. Flows out: items; and chunks of them, each
within one part. A listing can be sent to another process and iterated again; it holds nothing of what it lists.
"""

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from tsifra.batch import remote
from tsifra.batch.archive import is_archive, of_archive, opened
from tsifra.batch.folder import of_file, of_folder, of_glob
from tsifra.batch.item import Chunk, Item, Trouble, is_url
from tsifra.decoders import Limits
from tsifra.document import listed_names
from tsifra.errors import InputError

PART_BYTES = 1 << 30  # of picture files in a part, so that a run that is killed loses minutes of work, not hours
CHUNK_FILES = 256  # a worker has read small ones in a tenth of a second
_CHUNK_BYTES = 1 << 20


class List(NamedTuple):
    """A file that names sources, one a line. said: as a person calls it, - for stdin; path: where it is kept."""

    said: str
    path: str


@dataclass(frozen=True, slots=True)
class Sources:
    """What a run reads. named: folders, globs, files, archives, addresses. lists: files that name such, one a line."""

    named: tuple[str, ...]
    lists: tuple[List, ...] = ()

    def __iter__(self) -> Iterator[Item]:
        for name in self.names():
            yield from _items(name)

    def said(self) -> list[str]:
        """As a person says them."""
        return [*self.named, *(f"--files-from {said}" for said, _ in self.lists)]

    def names(self) -> Iterator[str]:
        """What is named, and what the lists name."""
        yield from self.named
        for _, path in self.lists:
            with open(path, "rb") as lines:
                yield from listed_names(lines)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Items of a listing, from `start` up to `stop`, that become part `part`.

    If `stop` is None: all further items, which become that part and those after it.
    """

    start: int
    stop: int | None
    part: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The chunks of all stretches. part_files, part_bytes: how much of what is listed goes into one part.

    chunk_files: how much into one chunk, at most.
    """

    sources: Sources
    stretches: tuple[Stretch, ...]
    part_files: int
    part_bytes: int = PART_BYTES
    chunk_files: int = CHUNK_FILES

    def __iter__(self) -> Iterator[Chunk]:
        began = time.perf_counter()
        items, position = iter(self.sources), 0
        for stretch in self.stretches:
            stop = None if stretch.stop is None else stretch.stop - position
            wanted = islice(items, stretch.start - position, stop)
            position = stretch.stop or 0
            for part, chunk in _chunks(self._numbered(wanted, stretch), self.chunk_files):
                yield Chunk(part, chunk, time.perf_counter() - began)
                began = time.perf_counter()

    def _numbered(self, items: Iterable[Item], stretch: Stretch) -> Iterator[tuple[int, Item]]:
        part, files, size = stretch.part, 0, 0
        for item in items:
            is_full = files == self.part_files or (files and size + item.size > self.part_bytes)
            if stretch.stop is None and is_full:
                part, files, size = part + 1, 0, 0
            files, size = files + 1, size + item.size
            yield part, item


def _chunks(numbered: Iterable[tuple[int, Item]], most: int) -> Iterator[tuple[int, tuple[Item, ...]]]:
    held: list[Item] = []
    of_part = size = 0
    for part, item in numbered:
        if held and (part != of_part or len(held) == most or size + item.size > _CHUNK_BYTES):
            yield of_part, tuple(held)
            held, size = [], 0
        held.append(item)
        of_part, size = part, size + item.size
    if held:
        yield of_part, tuple(held)


def _items(name: str) -> Iterator[Item]:
    if is_archive(name) and (is_url(name) or os.path.isfile(name)):
        try:
            with opened(name) as file:
                yield from of_archive(file, name, Limits())
        except InputError as error:
            yield Item(name, place=Trouble(error.kind, str(error)))
    elif is_url(name):
        yield from remote.of_address(name)
    elif os.path.isdir(name):
        yield from of_folder(name)
    elif any(sign in name for sign in "*?[") and not os.path.lexists(name):
        yield from _globbed(name)
    else:
        yield of_file(name)


def _globbed(pattern: str) -> Iterator[Item]:
    empty = True
    for found in of_glob(pattern):
        empty = False
        if isinstance(found, str):
            yield from _items(found)
        else:
            yield found
    if empty:
        yield Item(pattern, place=Trouble("missing", f"{pattern}: nothing has such a name"))
