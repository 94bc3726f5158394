"""Pictures -> readings: `image`, `normalize`, `classifier` and `decide` put together, in batches.

Flows in: sources of pictures. Flows out: a Reading for each page, or a Failure in its place, in the order of the
inputs. Knows nothing of formats or thresholds.
"""

import os
from collections import deque
from collections.abc import Container, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from threading import Event

import numpy as np

from tsifra.annotation import annotated
from tsifra.classifier import Card, Classifier
from tsifra.decide import decide
from tsifra.decoders import Document, Limits
from tsifra.document import Source, fetch, find_pictures, must_be_waited_for, name_of, named, open_document, weight
from tsifra.errors import InputError, MissingError
from tsifra.explanation import Explanation, draw
from tsifra.image import Pixels, to_gray, widest_channel
from tsifra.lane import Lane, processors
from tsifra.layout import LAYOUTS, Arranged, Layout, read_layout
from tsifra.normalize import Normalized, normalize
from tsifra.reading import Digit, Failure, Reading

_DEFAULT = Limits()
_CHUNK = 64  # sources that a thread takes at once; the network is no faster on larger batches
_SHARE = 1 << 22  # of `weight` that a thread takes at once, so that a few photographs are work for all threads
_LIKELY = 0.6  # confidence from which pieces one above the other are one digit
_PLAINLY = 0.93  # confidence from which all ink together is one digit, since two together look like none
_PARTS = 3  # pieces that one digit may be in
_LARGE = 1 << 17  # bytes of a decoded page, from which it leaves the lane


@dataclass(frozen=True, slots=True, eq=False)
class _Page:
    """A decoded page on its way to the network."""

    input: str
    number: int
    pixels: Pixels

    @property
    def large(self) -> bool:
        """Whether it takes some milliseconds, which other threads may use."""
        return self.pixels.size > _LARGE


@dataclass(frozen=True, slots=True)
class _Order:
    """What is wanted of pictures: layout, None where each is one digit; which pages of a document, None for all."""

    layout: Layout | None
    rotate: int | None = None
    pages: Container[int] | None = None

    def __post_init__(self) -> None:
        if self.layout not in (None, *LAYOUTS):
            raise ValueError(f"layout is {self.layout!r}, one of {', '.join(LAYOUTS)} is wanted")
        if self.rotate not in (None, 0, 90, 180, 270):
            raise ValueError(f"rotate is {self.rotate}, one of 0, 90, 180, 270 is wanted")


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
        says (`card.document["thresholds"]`). It holds for files like those that the model was calibrated on.
        Raises ModelError for a model that cannot be used or not promise that, ValueError for limits or threads under 1.
        """
        self._limits = Limits(max_pixels, max_bytes, max_pages, dpi)
        if threads is not None and threads < 1:
            raise ValueError(f"threads is {threads}, at least 1 is wanted")
        self._threads = threads or processors()
        self._classifier = Classifier(model)
        self._accept = self.card.accept if max_error is None else self.card.accept_at(max_error)
        self._lane = Lane()

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
            reading = self._read_page(opened, _Order(layout, rotate))
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
        order = _ordered(one, layout, rotate, pages)
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
        return self._read_chunk(sources, Event(), _ordered(one, layout, rotate, pages))

    def promising(self, max_error: float) -> "Reader":
        """A reader with the same network, of whose answers with status "ok" at most this share may be wrong, 0…1.

        Raises ModelError where its card cannot promise that.
        """
        accept = self.card.accept_at(max_error)
        reader = copy(self)
        reader._accept = accept
        return reader

    def _read_all(self, expanded: Iterator[Source | Failure], order: _Order) -> Iterator[Reading | Failure]:
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
            normalized = self._normalize(opened)
            (reading,) = self._classify([(opened, normalized)])
        reading = replace(reading, picture=partial(draw, opened.pixels, normalized))
        return Explanation(opened.pixels, normalized, reading)

    @contextmanager
    def _opened(self, source: Source, page: int) -> Iterator[_Page]:
        """One page of a source, decoded, in the lane."""
        name = name_of(source)
        if must_be_waited_for(source):
            source = named(fetch(source, self._limits), name)
        with self._lane, open_document(source, self._limits) as document:
            if not 1 <= page <= document.count:
                raise ValueError(f"{name} has {document.count} pages, no page {page}")
            yield _Page(name, page, self._decode(document, page))

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
        self, sources: Sequence[Source | Failure], stop: Event, order: _Order
    ) -> list[list[Reading | Failure]]:
        """The pages of each source, read in the lane."""
        results: list[Reading | Failure] = []
        held: list[_Page | Failure] = []
        counts: list[int] = []
        with self._lane:
            for source in sources:
                if stop.is_set():  # nobody waits for the answers any more
                    return []
                counts.append(0)
                for page in [source] if isinstance(source, Failure) else self._pages(source, order.pages):
                    held.append(page)
                    counts[-1] += 1
                    if len(held) == _CHUNK or (isinstance(page, _Page) and page.large):
                        results += self._finish(held, order)
                        held = []
            results += self._finish(held, order)
        rest = iter(results)
        return [list(islice(rest, count)) for count in counts]

    def _pages(self, source: Source, wanted: Container[int] | None) -> Iterator[_Page | Failure]:
        name, number = name_of(source), 1
        try:
            if must_be_waited_for(source):
                with self._lane.left():
                    source = named(fetch(source, self._limits), name)
            with open_document(source, self._limits) as document:
                numbers = [n for n in range(1, document.count + 1) if wanted is None or n in wanted]
                if not numbers:
                    raise MissingError(f"{name}: has {document.count} pages, none of those that are wanted")
                for number in numbers:
                    try:
                        yield _Page(name, number, self._decode(document, number))
                    except InputError as error:
                        yield self._failure(name, number, error)
        except InputError as error:
            yield self._failure(name, number, error)

    def _finish(self, held: list[_Page | Failure], order: _Order) -> list[Reading | Failure]:
        """Normalize and classify pages that were decoded before.

        One step on all of them, then the next: taking each file through all steps is slower by half, since the
        code of one step drives that of another out of the processor's caches.
        """
        if order.layout is not None:
            return [page if isinstance(page, Failure) else self._read_page(page, order) for page in held]
        pages = [(page, self._normalize(page)) for page in held if isinstance(page, _Page)]
        readings = iter(self._classify(pages))
        return [page if isinstance(page, Failure) else next(readings) for page in held]

    def _read_page(self, page: _Page, order: _Order) -> Reading:
        with self._lane.left():
            layout = partial(read_layout, layout=order.layout or "auto", classify=self._classifier, rotate=order.rotate)
            found = layout(to_gray(page.pixels))
            if not found.count and page.pixels.ndim == 3:  # a little ink, as bright as its paper
                found = layout(widest_channel(page.pixels))
        if order.layout == "grid" or found.count > _PARTS:
            return self._arranged(page, found)
        # Perhaps one digit, whose strokes do not touch; what two digits look like together is no digit.
        (single,) = self._classify([(page, self._normalize(page))])
        several = self._arranged(page, found)
        # Pieces one above the other are lines only where they are not a digit; side by side, the surer way counts.
        least = _LIKELY if len(found.lines) > 1 else _surely(several)
        if _same_ink(single, several):
            least = min(least, _PLAINLY)
        return single if found.count <= 1 or (single.text and _surely(single) >= least) else several

    def _arranged(self, page: _Page, found: Arranged) -> Reading:
        lines, digits = [], []
        nothing = "." if found.grid else ""
        for line in found.lines:
            numbers = []
            for number in line:
                read = [
                    None if cell is None else decide(cell.probabilities, cell.bbox, self._accept) for cell in number
                ]
                numbers.append("".join((digit and digit.digit) or nothing for digit in read))
                digits += [digit for digit in read if digit is not None]
            lines.append(" ".join(filter(None, numbers)))
        height, width = page.pixels.shape[:2]
        size = (width, height) if found.rotation % 180 == 0 else (height, width)
        text = "\n".join(filter(None, lines))
        return Reading(page.input, page.number, size, text, tuple(digits), self.card.name, found.rotation)

    def _decode(self, document: Document, number: int) -> Pixels:
        with self._lane.left() if document.slow else nullcontext():
            return document.page(number)

    def _normalize(self, page: _Page) -> Normalized:
        with self._lane.left() if page.large else nullcontext():
            normalized = normalize(to_gray(page.pixels))
            if normalized.bbox is None and page.pixels.ndim == 3:  # a little ink, as bright as its paper
                normalized = normalize(widest_channel(page.pixels))
            return normalized

    def _classify(self, pages: list[tuple[_Page, Normalized]]) -> list[Reading]:
        inked = [normalized.pixels for _, normalized in pages if normalized.bbox is not None]
        with self._lane.left():
            rows = iter(self._classifier(np.stack(inked)).tolist() if inked else ())
        readings = []
        for page, normalized in pages:
            digits: tuple[Digit, ...] = ()
            if normalized.bbox is not None:
                digits = (decide(tuple(next(rows)), normalized.bbox, self._accept),)
            text = "".join(digit.digit or "" for digit in digits)
            height, width = page.pixels.shape[:2]
            readings.append(Reading(page.input, page.number, (width, height), text, digits, self.card.name))
        return readings

    def _failure(self, name: str, page: int, error: InputError) -> Failure:
        return Failure(name, page, error.kind, str(error), self.card.name)


def _ordered(one: bool, layout: Layout, rotate: int | None, pages: Container[int] | None) -> _Order:
    if one and (layout != "auto" or rotate is not None):
        raise ValueError("layout and rotate are for pages; a picture that is one digit has none")
    return _Order(None if one else layout, rotate, pages)


def _same_ink(single: Reading, several: Reading) -> bool:
    """Whether the one digit was read from all the ink that the several were, and not from one of two."""
    boxes = np.array([digit.bbox for digit in several.digits] or [(0, 0, 0, 0)])
    left, _, right, _ = single.digits[0].bbox if single.digits else (0, 0, 0, 0)
    wide = 0.1 * (right - left)
    return bool(abs(boxes[:, 0].min() - left) <= wide and abs(boxes[:, 2].max() - right) <= wide)


def _surely(reading: Reading) -> float:
    return reading.confidence or 0.0


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
