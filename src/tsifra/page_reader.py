"""Decoded pages -> readings: `layout`, `normalize`, `classifier` and `decide` put together.

Flows in: Pages and an Order, in the lane. Flows out: a Reading of each. Knows nothing of files or formats.
"""

from collections.abc import Callable, Container, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tsifra.backdrop import without_table
from tsifra.classifier import Classifier
from tsifra.decide import choose, decide, is_plain_digit
from tsifra.detect import find_pieces, in_one_piece, in_page
from tsifra.glare import without_glare
from tsifra.image import Pixels, to_gray, widest_channel
from tsifra.ink import Gray
from tsifra.lane import Lane
from tsifra.layout import LAYOUTS, Arranged, Layout, read_layout
from tsifra.normalize import Normalized, normalize
from tsifra.reading import Digit, Failure, Reading
from tsifra.tints import without_tints

_PARTS = 3  # pieces that one digit may be in
_SPACIOUS = 256  # pixels of the longer side, from which a digit may be small on its paper
_LARGE = 1 << 17  # bytes of a decoded page, from which it leaves the lane


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A decoded page on its way to the network. number: from 1. rotation: degrees clockwise that it was turned by."""

    input: str
    number: int
    pixels: Pixels
    rotation: int = 0

    @property
    def large(self) -> bool:
        """Whether it takes some milliseconds, which other threads may use."""
        return self.pixels.size > _LARGE

    def turned(self, degrees: int) -> "Page":
        """The page turned clockwise, by a multiple of 90."""
        turned = np.ascontiguousarray(np.rot90(self.pixels, -degrees // 90))
        return replace(self, pixels=turned, rotation=(self.rotation + degrees) % 360)


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of pictures.

    one: each is one digit. layout, rotate: as for `read_layout`. pages: which of a document, None for all.
    Raises ValueError for what is none of them.
    """

    one: bool = False
    layout: Layout = "auto"
    rotate: int | None = None
    pages: Container[int] | None = None

    def __post_init__(self) -> None:
        if self.one and (self.layout != "auto" or self.rotate is not None):
            raise ValueError("layout and rotate are for pages; a picture that is one digit has none")
        if self.layout not in LAYOUTS:
            raise ValueError(f"layout is {self.layout!r}, one of {', '.join(LAYOUTS)} is wanted")
        if self.rotate not in (None, 0, 90, 180, 270):
            raise ValueError(f"rotate is {self.rotate!r}, one of the numbers 0, 90, 180, 270 is wanted")


class PageReader:
    """Reads decoded pages with one network. Its callers are in the lane, which it leaves for what takes long."""

    def __init__(
        self, classifier: Classifier, accept: float, lane: Lane, step: Callable[[str], AbstractContextManager[None]]
    ) -> None:
        """accept: confidence from which an answer is "ok". step: surrounds the step of a name, to measure it."""
        self._classifier = classifier
        self._ask = _Measured(classifier, step)
        self._accept = accept
        self._lane = lane
        self._step = step

    def read(self, held: list[Page | Failure], order: Order) -> list[Reading | Failure]:
        """Read pages; a Failure stands for itself.

        One step on all of them, then the next: taking each file through all steps is slower by half, since the
        code of one step drives that of another out of the processor's caches.
        """
        if not order.one:
            return [page if isinstance(page, Failure) else self.read_page(page, order) for page in held]
        with self._step("normalize"):
            pages = [(page, self._normalize(page)) for page in held if isinstance(page, Page)]
        said = self._classify(pages)
        readings = (self._closer(*each, reading)[1] for each, reading in zip(pages, said, strict=True))
        return [page if isinstance(page, Failure) else next(readings) for page in held]

    def read_one(self, page: Page) -> tuple[Normalized, Reading]:
        """Read a page that is one digit, and show what the network saw of it."""
        return self._closer(page, *self._whole(page))

    def _whole(self, page: Page) -> tuple[Normalized, Reading]:
        normalized = self._normalize(page)
        (reading,) = self._classify([(page, normalized)])
        return normalized, reading

    def _closer(self, page: Page, whole: Normalized, reading: Reading) -> tuple[Normalized, Reading]:
        """What a large picture is that is no digit as a whole: the one that stands on it, such as on squared paper."""
        if reading.text or not reading.digits or max(page.pixels.shape[:2]) < _SPACIOUS:
            return whole, reading
        with self._lane.left():
            gray = next(_views(page.pixels))
            pieces, scale = find_pieces(gray)
        if len(pieces) != 1:
            return whole, reading
        seen = normalize(pieces[0].crop)
        alone = Normalized(
            seen.pixels,
            seen.bbox and in_page(pieces[0].bbox, scale, gray.shape),
            ("found alone on its paper", *seen.steps),
        )
        (said,) = self._classify([(page, alone)])
        return (alone, said) if is_plain_digit(said) else (whole, reading)

    def read_page(self, page: Page, order: Order) -> Reading:
        """Read all digits of a page."""
        with self._step("normalize"), self._lane.left() if page.large else nullcontext():
            plain = _without_tints(page)
        upright = plain.turned(order.rotate or 0)
        _, single = self._whole(upright)
        if order.layout != "grid" and is_plain_digit(single) and in_one_piece(next(_views(upright.pixels))):
            return single
        with self._step("normalize"), self._lane.left():
            layout = partial(read_layout, layout=order.layout, classify=self._ask, rotate=order.rotate)
            shown = _views(page.pixels)
            views = ((gray, gray) for gray in shown) if plain is page else zip(shown, _views(plain.pixels), strict=True)
            for gray, even in views:
                found = layout(gray, even)
                if found.count:
                    break
        if order.layout == "grid" or found.grid or found.count > _PARTS:
            return self._arranged(page, found)
        return choose(single, self._arranged(page, found), len(found.lines), self._accept)

    def _arranged(self, page: Page, found: Arranged) -> Reading:
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
        return Reading(page.input, page.number, size, text, tuple(digits), self._classifier.card.name, found.rotation)

    def _normalize(self, page: Page) -> Normalized:
        with self._lane.left() if page.large else nullcontext():
            for gray in _views(page.pixels):
                normalized = normalize(gray)
                if normalized.bbox is not None:
                    break
            return normalized

    def _classify(self, pages: list[tuple[Page, Normalized]]) -> list[Reading]:
        inked = [normalized.pixels for _, normalized in pages if normalized.bbox is not None]
        with self._lane.left():
            rows = iter(self._ask(np.stack(inked)).tolist() if inked else ())
        readings = []
        for page, normalized in pages:
            digits: tuple[Digit, ...] = ()
            if normalized.bbox is not None:
                digits = (decide(tuple(next(rows)), normalized.bbox, self._accept),)
            text = "".join(digit.digit or "" for digit in digits)
            height, width = page.pixels.shape[:2]
            model = self._classifier.card.name
            readings.append(Reading(page.input, page.number, (width, height), text, digits, model, page.rotation))
        return readings


@dataclass(frozen=True, slots=True)
class _Measured:
    """A classifier whose every use is a step."""

    classifier: Classifier
    step: Callable[[str], AbstractContextManager[None]]

    def __call__(self, images: Gray) -> NDArray[np.float32]:
        with self.step("classify"):
            return self.classifier(images)

    def several(self, images: Gray) -> NDArray[np.float32]:
        with self.step("classify"):
            return self.classifier.several(images)


def _without_tints(page: Page) -> Page:
    """A page without its tints; as it is where it shows a sheet, which they may be a part of."""
    pixels = without_tints(page.pixels)
    if pixels is page.pixels:
        return page
    gray = without_glare(to_gray(page.pixels))
    return replace(page, pixels=pixels) if without_table(gray) is gray else page


def _views(pixels: Pixels) -> Iterator[Gray]:
    """A page in gray, without the table that it lies on and what shines on it; then by the channel that shows a little
    ink as bright as its paper."""
    yield without_table(without_glare(to_gray(pixels)))
    if pixels.ndim == 3:
        yield without_table(without_glare(widest_channel(pixels)))
