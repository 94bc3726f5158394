"""Lines of numbers -> the same without strokes of something else, which look like 1s.

Flows in: lines of numbers of Cells, and what the network saw of each. Flows out: those without pieces of margins, of a
table's lines, of a ruler's ticks, without edges, staples and pens. Knows nothing of what stands beside them.
"""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.ink import Gray, stroke_width
from tsifra.reading import BBox
from tsifra.signs import slant_of
from tsifra.table import Cell

_BAR = 0.28  # of its length, up to which a 1 without flag and foot is wide
_AS_HIGH, _AS_BROAD = 1.3, 1.9  # times as high, or as low, as a 1 is some other digit; as broad as it, a pen at most
_FEW = 0.03  # share of the other digits that does not tell
_LIES = -0.45, 0.9  # of its height, by which a bar leans further to the left, or right, than digits; many lean by half
_KNOWN = 3  # other digits that tell how high digits are, at least
_AS_WIDE = 1.6  # times as wide, at most, is another piece of the same line
_SLIM = 0.6  # of how broad strokes are for their height, from which a high bar may be a 1 of larger type
_UNEVEN, _EVENLY = (
    1.4,
    1.2,
)  # times as high as others, and at most so many times as wide, are pieces of a line; 1s are less or more
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
    lines = [line for line in lines if line]
    bars = [
        cell.bbox
        for line in lines
        for number in line
        if all(_is_bar(cell, pictures) for cell in number)
        for cell in number
    ]
    others = [cell.bbox for line in lines for number in line for cell in number if cell.likeliest != 1]
    if not bars or len(others) < _KNOWN:
        return lines
    boxes = np.array(bars)
    wide, high = (boxes[:, 2:] - boxes[:, :2]).T
    heights = np.array([bbox[3] - bbox[1] for bbox in others])
    seen = [bbox for bbox in others if bbox in pictures]
    pen_heights = np.array([bbox[3] - bbox[1] for bbox in seen])
    pens = np.array([stroke_width(pictures[bbox] > 127) for bbox in seen]) * pen_heights / _SHOWN
    go_on = _go_on(boxes)
    unlike = (np.abs(np.log(high[:, None] / heights)) < np.log(_AS_HIGH)).sum(1) <= _FEW * len(others)
    slim = np.minimum(wide / high, _slimness([pictures[bbox] for bbox in bars])) < _SLIM * (
        np.median(pens / pen_heights) if seen else 0
    )
    strays = unlike & (slim | (high < np.median(heights)))
    strays |= (go_on.sum(1) >= _KNOWN) & (go_on & _uneven(wide, high)).any(1)
    lie = np.zeros(len(bars), bool)
    if seen:
        strays |= (pens < _AS_BROAD * wide[:, None]).sum(1) <= _FEW * len(seen)
        usual = np.median([slant_of(pictures[bbox]) for bbox in seen])
        leans = np.array([slant_of(pictures[bbox]) for bbox in bars]) - usual
        alone = {line[0][0].bbox for line in lines if len(line) == len(line[0]) == 1}
        lie = ((leans < _LIES[0]) | (leans > _LIES[1])) & [bbox in alone for bbox in bars]
    strays = lie | _spread(strays, go_on | _ticks(boxes))
    gone = {bbox for bbox, is_stray in zip(bars, strays.tolist(), strict=True) if is_stray}
    if not gone:
        return lines
    left = ([[cell for cell in number if cell.bbox not in gone] for number in line] for line in lines)
    return [numbers for line in left if (numbers := [number for number in line if number])]


def _is_bar(cell: Cell, pictures: Mapping[BBox, Gray]) -> bool:
    """Whether a cell is a 1 without flag and foot; it may lean."""
    if cell.likeliest != 1 or cell.bbox not in pictures:
        return False
    x0, y0, x1, y1 = cell.bbox
    return x1 - x0 <= _BAR * (y1 - y0) or bool(_slimness([pictures[cell.bbox]])[0] <= _BAR)


def _slimness(bars: Sequence[Gray]) -> NDArray[np.float64]:
    """How wide bars are for their length, (N,)."""
    sides = [cv2.minAreaRect(cv2.findNonZero((bar > 127).view(np.uint8)))[1] for bar in bars]
    return np.array([(min(each) + 1) / (max(each) + 1) for each in sides])


def _uneven(wide: NDArray[np.int_], high: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Which are as wide as each other, but not as high, (N, N)."""
    width, height = (np.maximum(each[:, None], each) / np.minimum(each[:, None], each) for each in (wide, high))
    return np.asarray((height > _UNEVEN) & ((width <= _EVENLY) | (np.abs(wide[:, None] - wide) <= 1)))


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
