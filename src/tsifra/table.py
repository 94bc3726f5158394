"""The cells of a grid -> what stands in them, the right way up.

Flows in: a gray page with its Grid, and a classifier. Flows out: for each cell its probabilities and box, or None
where it is empty, and how far the page is turned. Knows nothing of thresholds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsifra.grid import Grid
from tsifra.ink import Gray
from tsifra.normalize import normalize
from tsifra.reading import NONE, BBox

Classify = Callable[[NDArray[np.uint8]], NDArray[np.float32]]

_INSETS = 0.04, 0.14  # share of a cell that is cut off on each side, with most of its lines; more if they hide the rest
_FAINT = 0.4  # of the usual contrast of what stands in a table's cells, under which a cell is empty
_DOUBT = 0.3  # ... or a digit so far less likely than it plainly is
_SEEN = 0.2  # of that contrast, under which an empty cell is not worth a second look
_DARKEST = 8, 32  # pixels that are darker than what the contrast is measured from: fewer than a small digit has
_INKED = 1 / 6  # ... and so much of its box, of which a thin 1 fills little more
_UPRIGHT = 3.0  # nats by which a turned page must read better, all cells together, to be turned
_UPRIGHT_EACH = 0.15  # ... and each on average, since letters on their heads are sometimes digits
_LEAST = 0.2  # probability that each counts with at least
_ONES = 0.5  # share of 1s, from which they may be strokes of letters that lie
_PLAIN, _MOSTLY = 0.9, 0.65  # probability of a plain digit, and share of all that are then


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """What stands in a cell: its box in the page, in pixels, and eleven probabilities."""

    bbox: BBox
    probabilities: tuple[float, ...]

    @property
    def likeliest(self) -> int:
        """The digit that it is likeliest, or NONE."""
        return int(np.argmax(self.probabilities))


Lines = list[list[list[Cell]]]
"""Lines of a page, of numbers, of what stands in them."""


def width_of(cells: Sequence[Cell]) -> int:
    """Pixels from the left of the first to the right of the last."""
    return max(cell.bbox[2] for cell in cells) - min(cell.bbox[0] for cell in cells)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A grid as it is read: rows of cells, None where one is empty.

    rotation: degrees clockwise by which the page was turned to read it; boxes are those of the turned page.
    """

    rotation: int
    rows: tuple[tuple[Cell | None, ...], ...]


def turns_of(
    pictures: NDArray[np.uint8], upright: NDArray[np.float32], classify: Classify, others: Sequence[int] = (1, 2, 3)
) -> int:
    """Quarter turns clockwise by which pictures (N, 28, 28), turned all together, are digits most plainly.

    upright: what they are as they stand, (N, 11). others: the turns that are thought of. Where most are no digits
    whichever way, as those of words, 0.
    What `normalize` makes of a turned crop is what it makes of the crop, turned.
    """
    more = max(_UPRIGHT, _UPRIGHT_EACH * len(pictures))
    if _sure(upright) + more >= 0:  # no other way can be surer by enough
        return 0
    ways = [classify(np.ascontiguousarray(np.rot90(pictures, -turns, axes=(1, 2)))) for turns in others]
    sure = [_sure(answers) for answers in ways]
    best = int(np.argmax(sure))
    second = max((each for way, each in enumerate(sure) if way != best), default=-np.inf)
    plain = np.count_nonzero(ways[best][:, :10].max(1) > _PLAIN)
    ones = np.count_nonzero(ways[best].argmax(1) == 1)
    is_surest = sure[best] > max(_sure(upright) + more, second + _UPRIGHT)  # what lies is as sure on either side
    is_plain = plain >= _MOSTLY * len(pictures) and ones <= _ONES * len(pictures)
    return others[best] if is_surest and is_plain else 0


def _sure(answers: NDArray[np.float32]) -> float:
    """Logarithm, at most 0, of how likely all are the digits that they are likeliest; what is none hardly counts."""
    return float(np.log(answers[:, :10].max(1).clip(_LEAST, 1)).sum())


def read_table(gray: Gray, grid: Grid, classify: Classify, upright: bool = False) -> Table:
    """Read all cells of a grid. gray: (H, W) uint8; classify: (N, 28, 28) uint8 -> (N, 11).

    upright: whether the page is known to be, and is not to be turned.
    """
    rows, columns = grid.shape
    places = [*product(range(rows), range(columns))]
    outer = [each for place in places if (each := _found(gray, grid, place)) is not None]
    usual = float(np.median([each.contrast for each in outer])) if outer else 0.0
    hidden = {*places} - {each.place for each in outer}
    inner = [each for place in sorted(hidden) if (each := _found(gray, grid, place, _SEEN * usual)) is not None]
    found = outer + inner
    if not found:
        return Table(0, ((None,) * columns,) * rows)
    contrasts = np.array([each.contrast for each in found])
    faint = contrasts < _FAINT * (usual or np.median(contrasts))
    doubtful = faint | (np.arange(len(found)) >= len(outer))  # the paper's grain, or a thin pen
    stacked = np.stack([each.pixels for each in found])
    answers = classify(stacked)
    turns = 0 if upright else turns_of(stacked[~doubtful], answers[~doubtful], classify)
    if turns:
        answers = classify(np.ascontiguousarray(np.rot90(stacked, -turns, axes=(1, 2))))
    empty = doubtful & (answers[:, :NONE].max(1) <= _PLAIN)
    answers[faint] *= 1 - _DOUBT
    answers[faint, NONE] += _DOUBT
    cells = {
        _turned_place(each.place, turns, grid.shape): Cell(_turned_box(each.bbox, turns, gray.shape), tuple(answer))
        for each, answer, is_empty in zip(found, answers.tolist(), empty, strict=True)
        if not is_empty
    }
    shape = grid.shape if turns % 2 == 0 else grid.shape[::-1]
    return Table(
        90 * turns, tuple(tuple(cells.get((row, column)) for column in range(shape[1])) for row in range(shape[0]))
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What stands in a cell: its box in the page, normalized, and how plain it is, 0…1."""

    place: tuple[int, int]
    bbox: BBox
    pixels: Gray
    contrast: float


def _found(gray: Gray, grid: Grid, place: tuple[int, int], seen: float | None = None) -> _Found | None:
    """What stands in a cell of a page; None where nothing does.

    seen: contrast from which more is cut off the cell, whose lines had hidden what stands in it.
    """
    size = grid.size
    cell = grid.cell(gray, *place, size)
    cut = round(_INSETS[seen is not None] * min(size))
    inner = np.ascontiguousarray(cell[cut:-cut, cut:-cut])
    if seen is not None and _contrast(inner, _DARKEST[0]) < seen:
        return None
    normalized = normalize(inner)
    if normalized.bbox is None:
        return None
    x0, y0, x1, y1 = normalized.bbox
    box = grid.bbox(*place, (x0 + cut, y0 + cut, x1 + cut, y1 + cut), size)
    darkest = min(max(_INKED * (x1 - x0) * (y1 - y0), _DARKEST[0]), _DARKEST[1])
    return _Found(place, box, normalized.pixels, _contrast(inner, darkest))


def _contrast(cell: Gray, darkest: float) -> float:
    """How much darker so many pixels are than the lightest, as a share of it, so that shadow changes nothing."""
    low, high = np.percentile(cell, (100 * darkest / cell.size, 98))
    return float(high - low) / max(1.0, float(high))


def _turned_place(place: tuple[int, int], turns: int, shape: tuple[int, int]) -> tuple[int, int]:
    """Row and column after so many quarter turns clockwise."""
    (row, column), (rows, columns) = place, shape
    for _ in range(turns):
        row, column, rows, columns = column, rows - 1 - row, columns, rows
    return row, column


def _turned_box(box: BBox, turns: int, shape: tuple[Any, ...]) -> BBox:
    """A box of a page of this shape after so many quarter turns clockwise."""
    x0, y0, x1, y1 = box
    height, width = shape
    x1, y1 = min(x1, width), min(y1, height)
    for _ in range(turns):
        x0, y0, x1, y1, height, width = height - y1, x0, height - y0, x1, width, height
    return x0, y0, x1, y1
