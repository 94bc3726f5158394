"""Pictures -> readings: `document`, `page_reader` and the threads of a machine put together.

Flows in: sources of pictures. Flows out: a Reading for each page, or a Failure in its place, in the order of the
inputs. Knows nothing of formats or thresholds.
"""

import os
from collections import deque
from collections.abc import Container, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from copy import copy
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from threading import Event

from tsifra.annotation import annotated
from tsifra.classifier import Card, Classifier
from tsifra.decoders import Document, Limits
from tsifra.document import Source, fetch, find_pictures, must_be_waited_for, name_of, named, open_document, weight
from tsifra.errors import InputError, MissingError
from tsifra.explanation import Explanation, draw
from tsifra.image import Pixels
from tsifra.lane import Lane, processors
from tsifra.layout import Layout
from tsifra.page_reader import Order, Page, PageReader
from tsifra.reading import Failure, Reading

_DEFAULT = Limits()
_CHUNK = 64  # sources that a thread takes at once; the network is no faster on larger batches
_SHARE = 1 << 22  # of `weight` that a thread takes at once, so that a few photographs are work for all threads


class Reader:
    """Reads digits in pictures with one network, loaded once. Threads may share a reader."""

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        max_pixels: int = _DEFAULT.max_pixels,
        max_bytes: int = _DEFAULT.max_bytes,
        max_pages: int = _DEFAULT.max_pages,
        dpi: int = _DEFAULT.dpi,
        threads: int | None = None,
        max_error: float | None = None,
    ) -> None:
        """model: a folder with model.onnx and model.json, or an ONNX file; by default the shipped network.

        max_pixels, max_bytes, max_pages: what a picture, a file, a document may have at most.
        dpi: dots per inch that PDF pages are drawn at. threads: by default one a processor.
        max_error: which share of the answers with status "ok" may be wrong, 0…1; by default what the model's card
        says (`card.document["thresholds"]`). It holds for single digits like those that the model was calibrated
        on; pages are read with the same threshold.
        Raises ModelError for a model that cannot be used or not promise that, ValueError for limits or threads under 1.
        """
        self._limits = Limits(max_pixels, max_bytes, max_pages, dpi)
        if threads is not None and threads < 1:
            raise ValueError(f"threads is {threads}, at least 1 is wanted")
        self._threads = threads or processors()
        self._classifier = Classifier(model)
        self._lane = Lane()
        self._pages = self._promising(self.card.accept if max_error is None else self.card.accept_at(max_error))

    @property
    def card(self) -> Card:
        """The card of the network that reads."""
        return self._classifier.card

    @property
    def model_file(self) -> Path:
        """The ONNX file that it reads with."""
        return self._classifier.file

    def read_one(self, source: Source, page: int = 1) -> Reading:
        """Read a picture that is one digit; of a PDF or TIFF with several pages, page `page`, from 1.

        Raises InputError for what cannot be read, ValueError for a page that is not there.
        """
        return self.explain(source, page).reading

    def read(self, source: Source, page: int = 1, layout: Layout = "auto", rotate: int | None = None) -> Reading:
        """Read all digits of a picture; of a PDF or TIFF with several pages, of page `page`, from 1.

        layout, rotate: as for `read_many`. Raises InputError for what cannot be read, ValueError for a page that is
        not there.
        """
        with self._opened(source, page) as opened:
            reading = self._pages.read_page(opened, Order(False, layout, rotate))
        return replace(reading, picture=partial(annotated, opened.pixels))

    def read_many(
        self,
        sources: Iterable[Source | Failure],
        *,
        one: bool = False,
        layout: Layout = "auto",
        rotate: int | None = None,
        pages: Container[int] | None = None,
    ) -> Iterator[Reading | Failure]:
        """Read any number of sources; a folder stands for the pictures in it, a document for its pages, a Failure for
        itself.

        one: each picture is one digit. layout: how digits stand in other pictures: "lines", "grid" (the largest ruled
        grid, cell by cell), or "auto", a grid where the picture plainly is one. rotate: degrees clockwise to turn them
        by, 0, 90, 180 or 270; by default that is found out. pages: of documents, from 1, such as range(1, 4).
        Raises ValueError for other values. Yields in the order of the sources. Read ahead is what keeps the threads
        busy: a few shares of 64 small pictures, or of one large one, a thread.
        """
        order = Order(one, layout, rotate, pages)
        # A str is a sequence too, of its letters, and a file one of its lines.
        if isinstance(sources, str | bytes | os.PathLike) or hasattr(sources, "read"):
            raise TypeError(f"many sources are wanted, in a list for example; {sources!r} is one")
        return self._read_all(self._expand(sources), order)

    def read_apart(
        self,
        sources: Sequence[Source],
        *,
        one: bool = False,
        layout: Layout = "auto",
        rotate: int | None = None,
        pages: Container[int] | None = None,
    ) -> list[list[Reading | Failure]]:
        """Read some sources in the caller's thread, for programs that have threads of their own: the pages of each.

        one, layout, rotate, pages: as for `read_many`, and so is what comes back.
        """
        return self._read_chunk(sources, Event(), Order(one, layout, rotate, pages))

    def promising(self, max_error: float) -> "Reader":
        """A reader with the same network, of whose answers with status "ok" at most this share may be wrong, 0…1.

        Raises ModelError where its card cannot promise that.
        """
        reader = copy(self)
        reader._pages = reader._promising(self.card.accept_at(max_error))
        return reader

    def _step(self, name: str) -> AbstractContextManager[None]:
        """What surrounds each "fetch", "decode", "normalize" and "classify"; for readers that measure themselves."""
        return nullcontext()

    def _promising(self, accept: float) -> PageReader:
        return PageReader(self._classifier, accept, self._lane, self._step)

    def _read_all(self, expanded: Iterator[Source | Failure], order: Order) -> Iterator[Reading | Failure]:
        stop = Event()
        pending: deque[Future[list[list[Reading | Failure]]]] = deque()
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="tsifra")
        try:
            for chunk in _chunks(expanded):
                pending.append(pool.submit(self._read_chunk, chunk, stop, order))
                if len(pending) > 2 * self._threads:
                    yield from chain.from_iterable(pending.popleft().result())
            while pending:
                yield from chain.from_iterable(pending.popleft().result())
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)

    def explain(self, source: Source, page: int = 1) -> Explanation:
        """Read a picture that is one digit and show how. Raises as `read_one` does."""
        with self._opened(source, page) as opened:
            normalized, reading = self._pages.read_one(opened)
        reading = replace(reading, picture=partial(draw, opened.pixels, normalized))
        return Explanation(opened.pixels, normalized, reading)

    @contextmanager
    def _opened(self, source: Source, page: int) -> Iterator[Page]:
        """One page of a source, decoded, in the lane."""
        name = name_of(source)
        if must_be_waited_for(source):
            source = named(fetch(source, self._limits), name)
        with self._lane, open_document(source, self._limits) as document:
            if not 1 <= page <= document.count:
                raise ValueError(f"{name} has {document.count} pages, no page {page}")
            yield Page(name, page, self._decode(document, page))

    def _expand(self, sources: Iterable[Source | Failure]) -> Iterator[Source | Failure]:
        for source in sources:
            if isinstance(source, str | os.PathLike) and os.path.isdir(source):
                name = name_of(source)
                try:
                    yield from find_pictures(Path(source), name)
                except InputError as error:
                    yield self._failure(name, 1, error)
            else:
                yield source

    def _read_chunk(
        self, sources: Sequence[Source | Failure], stop: Event, order: Order
    ) -> list[list[Reading | Failure]]:
        """The pages of each source, read in the lane."""
        results: list[Reading | Failure] = []
        held: list[Page | Failure] = []
        counts: list[int] = []
        with self._lane:
            for source in sources:
                if stop.is_set():  # nobody waits for the answers any more
                    return []
                counts.append(0)
                for page in [source] if isinstance(source, Failure) else self._opened_pages(source, order.pages):
                    held.append(page)
                    counts[-1] += 1
                    if len(held) == _CHUNK or (isinstance(page, Page) and page.large):
                        results += self._pages.read(held, order)
                        held = []
            results += self._pages.read(held, order)
        rest = iter(results)
        return [list(islice(rest, count)) for count in counts]

    def _opened_pages(self, source: Source, wanted: Container[int] | None) -> Iterator[Page | Failure]:
        name, number = name_of(source), 1
        try:
            if must_be_waited_for(source):
                with self._step("fetch"), self._lane.left():
                    source = named(fetch(source, self._limits), name)
            with ExitStack() as opened:
                with self._step("fetch"):
                    document = opened.enter_context(open_document(source, self._limits))
                numbers = [n for n in range(1, document.count + 1) if wanted is None or n in wanted]
                if not numbers:
                    raise MissingError(
                        f"{name}: has none of the pages that are wanted; their number is {document.count}"
                    )
                for number in numbers:
                    try:
                        yield Page(name, number, self._decode(document, number))
                    except InputError as error:
                        yield self._failure(name, number, error)
        except InputError as error:
            yield self._failure(name, number, error)

    def _decode(self, document: Document, number: int) -> Pixels:
        with self._step("decode"), self._lane.left() if document.slow else nullcontext():
            return document.page(number)

    def _failure(self, name: str, page: int, error: InputError) -> Failure:
        return Failure(name, page, error.kind, str(error), self.card.name)


def _chunks(sources: Iterable[Source | Failure]) -> Iterator[list[Source | Failure]]:
    """Shares for a thread each: at most _CHUNK sources, and no more when they weigh _SHARE."""
    chunk: list[Source | Failure] = []
    heavy = 0
    for source in sources:
        chunk.append(source)
        heavy += 0 if isinstance(source, Failure) else weight(source)
        if len(chunk) == _CHUNK or heavy > _SHARE:
            yield chunk
            chunk, heavy = [], 0
    if chunk:
        yield chunk
