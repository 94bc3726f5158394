"""Gray page -> a counter on it, as meters have them: windows in a row with a digit each, or all digits on one strip,
as a sign has them, too.

Flows in: gray, (H, W) uint8, and a classifier. Flows out: the numbers that the counter shows, and where it is. Knows
nothing of what else stands on the page.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.ink import Gray
from tsifra.normalize import normalize
from tsifra.panel import Panel, rectangle_of, without_edge
from tsifra.reading import NONE, BBox
from tsifra.sheet import Judge, read_sheet
from tsifra.table import Cell, width_of

_SEEN = 600  # pixels of the longer side that windows are looked for in
_MOST = 300  # rectangles, the largest; a mosaic has more
_LEAST = 10  # pixels there of a window's shorter side
_FEWEST = 3  # windows, or digits on a strip
_SLENDER = 3.0  # times as high as wide is a window at most
_LONG, _SPANS = 1.2, 0.1  # times as wide as high is a strip at least, and share of the page's width that it spans
_SAME, _TRIED = 6, 8  # pixels by which two rectangles differ at most that are one; strips that are tried
_RING = 0.2  # of a strip's height, around it
_FILLS = 0.25  # of a strip's height, that its digits are high
_ALIKE = 0.25  # of the usual height, width and place, by which windows of a row differ at most
_APART = 1.0  # of a window's width, that lies between two at most
_STEP = 30.0  # gray levels by which a counter differs from the page at least
_FRAME = 0.15  # of a window's height, that its frame is thick
_PLAIN = 0.5  # probability of a digit in a window
_SPANS_STRIP = 0.25  # of a strip's width, that its digits span
_READ, _SURELY = 0.8, 0.9  # share of the windows that show a digit; mean probability of digits on a strip


@dataclass(frozen=True, slots=True, eq=False)
class Counter:
    """numbers: cells from left to right. bbox: all its windows, without the frame around them."""

    numbers: list[list[Cell]]
    bbox: BBox

    def holds(self, box: BBox) -> bool:
        """Whether the middle of a box lies in it or its frame."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        x0, y0, x1, y1 = self.bbox
        frame = _FRAME * (y1 - y0)
        return x0 - frame <= x < x1 + frame and y0 - frame <= y < y1 + frame


def read_counter(gray: Gray, classify: Judge) -> Counter | None:
    """Read the counter on a page that stands upright; None where there is none, or no number on it.

    gray: (H, W) uint8.
    """
    scale = min(1.0, _SEEN / max(gray.shape))
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    small = np.asarray(cv2.medianBlur(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), 3), np.uint8)
    usual = float(np.median(small))
    rectangles = _rectangles(small)
    row = _row([box for box in rectangles if abs(_tone(small, box) - usual) >= _STEP])
    before, after = _further(row, small)
    windows = [_enlarged(box, scale, gray.shape) for box in (*before, *row, *after)]
    number = _on_windows(gray, windows, slice(len(before), len(before) + len(row)), classify)
    if number is not None:
        return number
    for strip in _strips(rectangles, small):
        found = _on_strip(gray, strip, _enlarged(strip.box, scale, gray.shape), classify)
        if found is not None:
            return found
    return None


def _on_windows(gray: Gray, boxes: list[BBox], row: slice, classify: Judge) -> Counter | None:
    """What stands in the windows of a row, and in those beside it that show a digit; None where few do."""
    seen = [normalize(np.ascontiguousarray(gray[y0:y1, x0:x1])) for x0, y0, x1, y1 in boxes]
    inked = [index for index, each in enumerate(seen) if each.bbox is not None]
    if len(inked) < _FEWEST:
        return None
    cells: dict[int, Cell] = {}
    for index, answer in zip(inked, classify(np.stack([seen[index].pixels for index in inked])).tolist(), strict=True):
        bbox = seen[index].bbox
        assert bbox is not None
        cells[index] = Cell(_moved(bbox, *boxes[index][:2]), tuple(answer))
    shown = [index for index, cell in cells.items() if max(cell.probabilities[:NONE]) > _PLAIN]
    first, last = min([row.start, *shown]), max([row.stop, *(index + 1 for index in shown)])
    if len(shown) < max(_FEWEST, _READ * (last - first)):
        return None
    left, top, right, bottom = np.array(boxes[first:last]).T
    whole = (int(left.min()), int(top.min()), int(right.max()), int(bottom.max()))
    numbers: list[list[Cell]] = [[]]
    for index in range(first, last):  # an empty window parts a number, so that it is not a digit short
        if index in cells:
            numbers[-1].append(cells[index])
        elif numbers[-1]:
            numbers.append([])
    return Counter([number for number in numbers if number], whole)


def _strips(rectangles: dict[BBox, Gray], gray: Gray) -> list[Panel]:
    """Those that may be a strip or a sign with a number on it, each once, though several thresholds found it."""
    found: list[Panel] = []
    for box, whole in rectangles.items():
        wide, high = box[2] - box[0], box[3] - box[1]
        is_new = all(max(abs(a - b) for a, b in zip(box, other.box, strict=True)) > _SAME for other in found)
        if is_new and wide >= max(_LONG * high, _SPANS * gray.shape[1]) and _is_set_off(gray, box):
            found.append(Panel(box, without_edge(whole), _tone(gray, box)))
            if len(found) == _TRIED:
                break
    return found


def _on_strip(gray: Gray, strip: Panel, box: BBox, classify: Judge) -> Counter | None:
    """The numbers of the one line on a strip; None where it is no line of plain digits that fill it."""
    x0, y0, x1, y1 = box
    _, lines = read_sheet(strip.cut(gray[y0:y1, x0:x1]), classify, upright=True)
    cells = [cell for line in lines for number in line for cell in number]
    if len(lines) != 1 or len(cells) < _FEWEST:
        return None
    highs = [cell.bbox[3] - cell.bbox[1] for cell in cells]
    surely = np.mean([max(cell.probabilities[:NONE]) for cell in cells])
    if min(highs) < _FILLS * (y1 - y0) or surely < _SURELY or width_of(cells) < _SPANS_STRIP * (x1 - x0):
        return None
    return Counter([[replace(cell, bbox=_moved(cell.bbox, x0, y0)) for cell in number] for number in lines[0]], box)


def _rectangles(gray: Gray) -> dict[BBox, Gray]:
    """Rectangles of one tone that hardly lean, the largest first, and what of their boxes they are: (h, w) of 0 and 1.

    Two thresholds beside Otsu's part the tones.
    """
    middle = _otsu(gray.ravel())
    low, high = (_otsu(part) for part in (gray[gray <= middle], gray[gray > middle]))
    tones = (gray <= middle, gray > middle, gray <= low, (gray > low) & (gray <= middle), gray > high)
    found = {box: whole for tone in tones for box, whole in _of_tone(tone.view(np.uint8))}
    return {box: found[box] for box in sorted(found, key=lambda box: (box[0] - box[2]) * (box[3] - box[1]))[:_MOST]}


def _otsu(values: NDArray[np.uint8]) -> float:
    return cv2.threshold(values, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0] if values.size else 0.0


def _of_tone(mask: Gray) -> Iterator[tuple[BBox, Gray]]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    for label in np.flatnonzero(np.minimum(stats[1:, 2], stats[1:, 3]) >= _LEAST) + 1:
        left, top, wide, high, area = stats[label].tolist()
        own = (labels[top : top + high, left : left + wide] == label).view(np.uint8)
        whole = rectangle_of(own) if area >= wide * high / 3 else None
        if whole is not None:
            yield (left, top, left + wide, top + high), whole


def _row(boxes: list[BBox]) -> list[BBox]:
    """The longest row of like windows that stand beside each other; none where it has fewer than three."""
    longest: list[BBox] = []
    left, top, right, bottom = np.array(boxes or np.zeros((0, 4), int)).T
    for x0, y0, x1, y1 in boxes:
        wide, high = x1 - x0, y1 - y0
        if high > _SLENDER * wide:
            continue
        near = np.abs(right - left - wide) <= 2 * _ALIKE * wide
        near &= np.abs(bottom - top - high) <= _ALIKE * high
        near &= np.abs(top + bottom - y0 - y1) <= 2 * _ALIKE * high
        like = sorted(boxes[index] for index in np.flatnonzero(near))
        like = [box for box, before in zip(like, [None, *like], strict=False) if before is None or box[0] >= before[2]]
        is_dense = all(second[0] - first[2] <= _APART * wide for first, second in pairwise(like))
        if len(like) > len(longest) and is_dense:
            longest = like
    return longest if len(longest) >= _FEWEST else []


def _further(row: list[BBox], gray: Gray) -> tuple[list[BBox], list[BBox]]:
    """Further windows at both ends of a row, whose tone may be another, as that of decimals is."""
    if not row:
        return [], []
    pitch = (row[-1][0] - row[0][0]) / (len(row) - 1)
    ends: list[list[BBox]] = []
    for (x0, y0, x1, y1), way in ((row[0], -1), (row[-1], 1)):
        places = [(round(x0 + way * step * pitch), y0, round(x1 + way * step * pitch), y1) for step in (1, 2, 3)]
        ends.append(list(takewhile(lambda box: _is_window(gray, box), places)))
    return ends[0][::-1], ends[1]


def _is_window(gray: Gray, box: BBox) -> bool:
    """Whether a place on the page is of another tone than what is above and below it."""
    x0, y0, x1, y1 = box
    margin = max(3, int(_ALIKE * (y1 - y0)))
    if x0 < 0 or x1 > gray.shape[1]:
        return False
    around = np.concatenate((gray[max(0, y0 - margin) : max(0, y0 - 1), x0:x1], gray[y1 + 1 : y1 + margin, x0:x1]))
    return bool(around.size) and abs(_tone(gray, box) - float(np.median(around))) >= _STEP


def _is_set_off(gray: Gray, box: BBox) -> bool:
    """Whether a rectangle is of another tone than what is around it, as far as that is on the page."""
    x0, y0, x1, y1 = box
    margin = max(4, int(_RING * (y1 - y0)))
    outer = gray[max(0, y0 - margin) : y1 + margin, max(0, x0 - margin) : x1 + margin]
    ring = np.ones(outer.shape, bool)
    top, left = min(y0, margin), min(x0, margin)
    ring[max(0, top - 2) : top + y1 - y0 + 2, max(0, left - 2) : left + x1 - x0 + 2] = False
    return bool(ring.any()) and abs(_tone(gray, box) - float(np.median(outer[ring]))) >= _STEP


def _tone(gray: Gray, box: BBox) -> float:
    x0, y0, x1, y1 = box
    return float(np.median(gray[y0:y1, x0:x1]))


def _enlarged(box: BBox, scale: float, shape: tuple[int, ...]) -> BBox:
    x0, y0, x1, y1 = (int(value / scale) for value in box)
    return x0, y0, min(x1, shape[1]), min(y1, shape[0])


def _moved(box: BBox, right: int, down: int) -> BBox:
    x0, y0, x1, y1 = box
    return x0 + right, y0 + down, x1 + right, y1 + down
