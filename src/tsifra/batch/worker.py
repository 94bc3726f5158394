"""A chunk -> its answer: what each process of either engine does, with one reader.

Flows in: a Job once, then chunks. Flows out: an Answer to each, rows in the order of the items, a row of an error for
what could not be read. Knows nothing of other processes.
"""

import hashlib
import io
import json
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import BinaryIO

import cv2
from PIL import Image

from tsifra.batch import remote
from tsifra.batch.answer import Answer, answer_of
from tsifra.batch.archive import opened, read_span
from tsifra.batch.item import Chunk, Item, Span, Trouble, is_url
from tsifra.batch.job import Job, Model
from tsifra.batch.profile import Clock, TimedReader
from tsifra.decoders import Limits
from tsifra.document import Source, named
from tsifra.errors import InputError
from tsifra.reader import Reader
from tsifra.reading import Failure, Reading

_FETCHERS = 16  # requests under way at once; each waits for the network most of its time

_Fetched = str | bytes | Failure


class Worker:
    """One reader of one thread, and the archive that was opened last."""

    def __init__(self, job: Job) -> None:
        """Raises ModelError."""
        cv2.setNumThreads(1)  # there is a process a processor
        Image.MAX_IMAGE_PIXELS = None  # the job's limit is the one that holds
        warnings.filterwarnings("ignore", module="PIL")  # of damaged files; their records say what there is to say
        self._job, self._clock = job, Clock()
        limits = {"max_pixels": job.max_pixels, "dpi": job.dpi, "threads": 1, "max_error": job.max_error}
        self._reader = TimedReader(self._clock, job.model, **limits) if job.profile else Reader(job.model, **limits)  # type: ignore[arg-type]
        self._limits = Limits(max_pixels=job.max_pixels, dpi=job.dpi)
        self._pages = None if job.pages is None else frozenset(job.pages)
        self._archive = _Archive()
        card = self._reader.card
        whole = json.dumps(card.document, sort_keys=True).encode()
        self.model = Model(card.name, card.sha256, hashlib.sha256(whole).hexdigest())

    def answer(self, chunk: Chunk) -> Answer:
        """Read a chunk."""
        with self._clock.step("fetch"):
            fetched = self._fetched(chunk.items)
        pairs = list(zip(chunk.items, fetched, strict=True))
        try:
            results = list(self._read(pairs))
        except Exception:  # a fault of ours or of a decoder, which must cost one row and not the run
            results = [result for pair in pairs for result in self._read_alone(pair)]
        return answer_of(chunk, results, self._job, self._clock.taken())

    def _read(self, pairs: Sequence[tuple[Item, _Fetched]]) -> Iterator[Reading | Failure]:
        job = self._job
        sources = (_source(item, fetched) for item, fetched in pairs)
        return self._reader.read_many(sources, one=job.one, layout=job.layout, rotate=job.rotate, pages=self._pages)

    def _read_alone(self, pair: tuple[Item, _Fetched]) -> list[Reading | Failure]:
        try:
            return list(self._read([pair]))
        except Exception as error:
            name = pair[0].name
            return [self._failure(name, "internal", f"{name}: internal error: {type(error).__name__}: {error}")]

    def _fetched(self, items: Sequence[Item]) -> list[_Fetched]:
        """The bytes of what is no file of its own here; paths as they are."""
        if any(is_url(item.name) for item in items):
            with ThreadPoolExecutor(_FETCHERS) as pool:
                return list(pool.map(self._fetch, items))
        return [item.name if item.place is None else self._fetch(item) for item in items]

    def _fetch(self, item: Item) -> _Fetched:
        try:
            match item.place:
                case Trouble(kind, message):
                    return self._failure(item.name, kind, message)
                case Span() as span:
                    return self._archive.read(span, item.name, self._limits)
                case bytes() as data:
                    return data
                case _ if is_url(item.name):
                    return remote.fetched(item.name, item.size, self._limits)
                case _:
                    return item.name
        except InputError as error:
            return self._failure(item.name, error.kind, str(error))

    def _failure(self, name: str, kind: str, message: str) -> Failure:
        return Failure(name, 1, kind, message, self.model.name)


class _Archive:
    """The archive that was read from last, held open: its members come one after the other."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._name = ""
        self._file: BinaryIO = io.BytesIO()

    def read(self, span: Span, name: str, limits: Limits) -> bytes:
        """The bytes of a member. Raises InputError."""
        with self._lock:  # members of an archive behind an address are fetched by several threads
            if span.archive != self._name:
                self._file.close()
                self._name, self._file = "", io.BytesIO()
                self._file = opened(span.archive)
                self._name = span.archive
            return read_span(self._file, span, name, limits)


def _source(item: Item, fetched: _Fetched) -> Source | Failure:
    return named(fetched, item.name) if isinstance(fetched, bytes) else fetched
