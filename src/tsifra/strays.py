"""Lines of numbers -> the same without strokes of something else, which look like 1s.

Flows in: lines of numbers of Cells, and what the network saw of each. Flows out: those without pieces of margins, of a
table's lines, of a ruler's ticks, without edges, staples and pens. Knows nothing of what stands beside them.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tsifra.ink import Gray, stroke_width
from tsifra.reading import BBox
from tsifra.table import Cell

_BAR = 0.22  # of its height, up to which a 1 without flag and foot is wide
_THIN, _THINNER = 0.14, 0.5  # of its height, that an edge is wide; of other digits' pens, that it is less than
_AS_HIGH = 1.3  # times as high, or as low, as a 1 is some other digit
_KNOWN = 3  # other digits that tell how high digits are, at least
_AS_WIDE = 1.6  # times as wide, at most, is another piece of the same line
_LEANS = 0.05  # of the way from one piece of a line to the next, by which that lies aside
_LEVEL = 0.1  # of its height, by which ticks of one row end above or below each other
_NEAR = 2.0  # of its height, that they are apart

_SHOWN = 20.0  # pixels of the longer side of a digit as the network sees it

Lines = list[list[list[Cell]]]


def without_strays(lines: Lines, pictures: Mapping[BBox, Gray]) -> Lines:
    """Lines of numbers without those of nothing but bars, where something else tells that they are no 1s.

    None of the other digits is as high, or it is alone on its line and far thinner than their pen; or it goes on where
    such a bar ended, or is one of a row of ticks with it. pictures: (28, 28) each, by the box of what they show.
    """
    bars = [
        (cell.bbox, len(line) == len(number) == 1)
        for line in lines
        for number in line
        if all(_is_bar(cell) for cell in number)
        for cell in number
    ]
    others = [cell for line in lines for number in line for cell in number if not _is_bar(cell)]
    if not bars or not others:
        return lines
    boxes = np.array([bbox for bbox, _ in bars])
    wide, high = (boxes[:, 2:] - boxes[:, :2]).T
    heights = np.array([cell.bbox[3] - cell.bbox[1] for cell in others])
    far = np.abs(np.log(high[:, None] / heights)).min(1) > np.log(_AS_HIGH)
    strays = far & (len(others) >= _KNOWN)
    strays |= (
        np.array([alone for _, alone in bars]) & (wide <= _THIN * high) & (wide < _THINNER * _pen(others, pictures))
    )
    strays = _spread(strays, _go_on(boxes) | _ticks(boxes))
    gone = {bbox for (bbox, _), is_stray in zip(bars, strays.tolist(), strict=True) if is_stray}
    if not gone:
        return lines
    left = ([[cell for cell in number if cell.bbox not in gone] for number in line] for line in lines)
    return [numbers for line in left if (numbers := [number for number in line if number])]


def _is_bar(cell: Cell) -> bool:
    x0, y0, x1, y1 = cell.bbox
    return cell.likeliest == 1 and x1 - x0 <= _BAR * (y1 - y0)


def _pen(cells: list[Cell], pictures: Mapping[BBox, Gray]) -> float:
    """How wide the usual stroke of digits is, in pixels of the page; 0 where it is not known."""
    pens = [
        stroke_width(pictures[cell.bbox] > 127) * (cell.bbox[3] - cell.bbox[1]) / _SHOWN
        for cell in cells
        if cell.likeliest != 1 and cell.bbox in pictures
    ]
    return float(np.median(pens)) if pens else 0.0


def _spread(strays: NDArray[np.bool_], alike: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Strays (N,), and what is like one of them (N, N), and so on."""
    while True:
        more = strays | alike[strays].any(0)
        if (more == strays).all():
            return strays
        strays = more


def _alike(boxes: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Which are as wide as each other, (N, N)."""
    wide = (boxes[:, 2] - boxes[:, 0]).astype(float)
    return np.asarray(np.maximum(wide[:, None], wide) <= _AS_WIDE * np.minimum(wide[:, None], wide) + 1)


def _go_on(boxes: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Which lie above each other on one line that stands, (N, N)."""
    x, y, wide = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2, boxes[:, 2] - boxes[:, 0]
    aside, down = np.abs(x[:, None] - x), np.abs(y[:, None] - y)
    apart = np.maximum(boxes[:, None, 1], boxes[:, 1]) >= np.minimum(boxes[:, None, 3], boxes[:, 3])
    return np.asarray(_alike(boxes) & apart & (aside <= wide + _LEANS * down))


def _ticks(boxes: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Which stand beside each other and end as high or as low, (N, N)."""
    left, top, right, bottom = boxes.T
    high = np.maximum((bottom - top)[:, None], bottom - top)
    level = np.minimum(np.abs(top[:, None] - top), np.abs(bottom[:, None] - bottom)) <= _LEVEL * high
    near = np.maximum(left[:, None] - right, left - right[:, None]) <= _NEAR * high
    return np.asarray(_alike(boxes) & level & near)
