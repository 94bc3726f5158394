"""Gray page -> a counter on it, as meters have them: windows in a row with a digit each, or all digits on one strip.

Flows in: gray, (H, W) uint8, and a classifier. Flows out: the number that the counter shows, and the page without it.
Knows nothing of what else stands on the page.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.ink import Gray
from tsifra.normalize import normalize
from tsifra.panel import hull_of
from tsifra.reading import NONE, BBox
from tsifra.sheet import read_sheet
from tsifra.table import Cell, Classify

_SEEN = 600  # pixels of the longer side that windows are looked for in
_LEAST = 10  # pixels there of a window's shorter side
_FEWEST = 3  # windows, or digits on a strip
_SLENDER = 3.0  # times as high as wide is a window at most
_LONG, _SPANS = 2.0, 0.3  # times as wide as high is a strip at least, and share of the page's width that it spans
_FILLS = 0.35  # of a strip's height, that its digits are high
_ALIKE = 0.25  # of the usual height, width and place, by which windows of a row differ at most
_APART = 1.0  # of a window's width, that lies between two at most
_FURTHER = 3  # windows of another tone on each side of a row, at most
_PLAIN = 0.5  # probability of a digit in a window
_STEP = 30.0  # gray levels by which a counter differs from the page at least
_READ = 0.8  # share of the windows that show a digit, and probability that those on a strip have on average


@dataclass(frozen=True, slots=True, eq=False)
class Counter:
    """numbers: cells from left to right. rest: the page, the counter painted over."""

    numbers: list[list[Cell]]
    rest: Gray


def read_counter(gray: Gray, classify: Classify) -> Counter | None:
    """Read the counter on a page that stands upright; None where there is none, or no number on it.

    gray: (H, W) uint8; classify: (N, 28, 28) uint8 -> (N, 11).
    """
    scale = min(1.0, _SEEN / max(gray.shape))
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    small = np.asarray(cv2.medianBlur(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), 3), np.uint8)
    rectangles = [box for box in _rectangles(small) if abs(_tone(small, box) - float(np.median(small))) >= _STEP]
    row = _continued(_row(rectangles), small.shape)
    number, seen = _on_windows(gray, [_enlarged(box, scale, gray.shape) for box in row], classify)
    if number:
        return Counter([number], _without(gray, seen))
    for box in rectangles:
        wide, high = box[2] - box[0], box[3] - box[1]
        if wide >= max(_LONG * high, _SPANS * small.shape[1]):
            strip = _enlarged(box, scale, gray.shape)
            numbers = _on_strip(gray, strip, classify)
            if numbers:
                return Counter(numbers, _without(gray, [strip]))
    return None


def _on_windows(gray: Gray, boxes: list[BBox], classify: Classify) -> tuple[list[Cell], list[BBox]]:
    """A digit of each window from the first to the last that shows one, and those windows; none where few do."""
    seen = [normalize(np.ascontiguousarray(gray[y0:y1, x0:x1])) for x0, y0, x1, y1 in boxes]
    inked = [index for index, each in enumerate(seen) if each.bbox is not None]
    if len(inked) < _FEWEST:
        return [], []
    cells: list[Cell | None] = [None] * len(boxes)
    for index, answer in zip(inked, classify(np.stack([seen[index].pixels for index in inked])).tolist(), strict=True):
        bbox = seen[index].bbox
        if bbox is not None and max(answer[:NONE]) > _PLAIN:
            cells[index] = Cell(_moved(bbox, *boxes[index][:2]), tuple(answer))
    shown = [index for index, cell in enumerate(cells) if cell is not None]
    number = [cell for cell in cells if cell is not None]
    if len(shown) < max(_FEWEST, _READ * (shown[-1] - shown[0] + 1 if shown else 0)):
        return [], []
    return number, boxes[shown[0] : shown[-1] + 1]


def _on_strip(gray: Gray, box: BBox, classify: Classify) -> list[list[Cell]]:
    """The numbers of the one line on a strip; none where it is no line of plain digits that fill it."""
    x0, y0, x1, y1 = box
    _, lines = read_sheet(np.ascontiguousarray(gray[y0:y1, x0:x1]), classify, upright=True)
    cells = [cell for line in lines for number in line for cell in number]
    if len(lines) != 1 or len(cells) < _FEWEST:
        return []
    highs = [cell.bbox[3] - cell.bbox[1] for cell in cells]
    if min(highs) < _FILLS * (y1 - y0) or np.mean([max(cell.probabilities[:NONE]) for cell in cells]) < _READ:
        return []
    return [[replace(cell, bbox=_moved(cell.bbox, x0, y0)) for cell in number] for number in lines[0]]


def _rectangles(gray: Gray) -> list[BBox]:
    """Rectangles of one tone, of four, that hardly lean, the largest first."""
    middle = _otsu(gray.ravel())
    low, high = (_otsu(part) for part in (gray[gray <= middle], gray[gray > middle]))
    tones = (gray <= middle, gray > middle, gray <= low, (gray > low) & (gray <= middle), gray > high)
    found = {box for tone in tones for box in _of_tone(tone.view(np.uint8))}
    return sorted(found, key=lambda box: (box[0] - box[2]) * (box[3] - box[1]))


def _otsu(values: NDArray[np.uint8]) -> float:
    return cv2.threshold(values, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0] if values.size else 0.0


def _of_tone(mask: Gray) -> Iterator[BBox]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    for label in np.flatnonzero(np.minimum(stats[1:, 2], stats[1:, 3]) >= _LEAST) + 1:
        left, top, wide, high, area = stats[label].tolist()
        if (
            area >= wide * high / 3
            and hull_of((labels[top : top + high, left : left + wide] == label).view(np.uint8)) is not None
        ):
            yield left, top, left + wide, top + high


def _row(boxes: list[BBox]) -> list[BBox]:
    """The longest row of like windows that stand beside each other; none where it has fewer than three."""
    longest: list[BBox] = []
    for x0, y0, x1, y1 in boxes:
        wide, high = x1 - x0, y1 - y0
        like = sorted(
            box
            for box in boxes
            if high <= _SLENDER * wide
            and abs(box[2] - box[0] - wide) <= 2 * _ALIKE * wide
            and abs(box[3] - box[1] - high) <= _ALIKE * high
            and abs(box[1] + box[3] - y0 - y1) <= 2 * _ALIKE * high
        )
        like = [box for box, before in zip(like, [None, *like], strict=False) if before is None or box[0] >= before[2]]
        gaps = [right[0] - left[2] for left, right in pairwise(like)]
        if len(like) > len(longest) and all(gap <= _APART * wide for gap in gaps):
            longest = like
    return longest if len(longest) >= _FEWEST else []


def _continued(row: list[BBox], shape: tuple[int, ...]) -> list[BBox]:
    """A row with the places of further windows at both ends, whose tone may be another, as that of decimals is."""
    if not row:
        return []
    pitch = (row[-1][0] - row[0][0]) / (len(row) - 1)
    (x0, y0, x1, y1), (u0, v0, u1, v1) = row[0], row[-1]
    before = [(round(x0 - step * pitch), y0, round(x1 - step * pitch), y1) for step in range(_FURTHER, 0, -1)]
    after = [(round(u0 + step * pitch), v0, round(u1 + step * pitch), v1) for step in range(1, _FURTHER + 1)]
    return [box for box in (*before, *row, *after) if box[0] >= 0 and box[2] <= shape[1]]


def _tone(gray: Gray, box: BBox) -> float:
    x0, y0, x1, y1 = box
    return float(np.median(gray[y0:y1, x0:x1]))


def _enlarged(box: BBox, scale: float, shape: tuple[int, ...]) -> BBox:
    x0, y0, x1, y1 = (int(value / scale) for value in box)
    return x0, y0, min(x1, shape[1]), min(y1, shape[0])


def _moved(box: BBox, right: int, down: int) -> BBox:
    x0, y0, x1, y1 = box
    return x0 + right, y0 + down, x1 + right, y1 + down


def _without(gray: Gray, boxes: list[BBox]) -> Gray:
    """The page, with its usual tone instead of the row and what frames it."""
    x0, y0, x1, y1 = np.array(boxes).T
    margin = int(_ALIKE * float(np.median(y1 - y0)))
    rest = gray.copy()
    rows = slice(max(0, y0.min() - margin), y1.max() + margin)
    rest[rows, max(0, x0.min() - margin) : x1.max() + margin] = int(np.median(gray))
    return rest
