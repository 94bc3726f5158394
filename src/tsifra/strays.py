"""Lines of numbers -> the same without strokes of something else, which look like 1s, and bullets, like 0s.

Flows in: lines of numbers of Cells, and what the network saw of each. Flows out: those without pieces of margins and of
a table's lines, a ruler's ticks, edges, staples, pens, bullets. Knows nothing of how they were found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.ink import Gray, stroke_width
from tsifra.reading import BBox
from tsifra.signs import slant_of
from tsifra.table import Cell, Lines

_BAR = 0.28  # of its length, up to which a 1 without flag and foot is wide
_KNOWN = 3  # other digits that tell what digits are like, at least; and pieces that are a line
_FEW = 0.03  # share of the other digits that does not tell
_TALLER, _SHORTER = 1.5, 1.3  # times as high, or as low, as the most like of the other digits, a 1 is at most
_AS_BROAD = 1.9  # times as broad as it, a pen, at most
_SLIM = 0.6  # of how broad pens are for a digit's height, from which what is higher may be a 1 of larger type
_LIES = -0.45, 0.9  # of its height, by which a bar leans further to the left, or right, than digits; many lean by half
_UNEVEN, _EVENLY = 1.4, 1.2  # times as high, and at most so many times as wide, is another piece of one line
_AS_WIDE = 1.6  # times as wide, at most, is what goes on in that line
_LEANS = 0.05  # of the way from one piece of a line to the next, by which that lies aside
_LEVEL = 0.1  # of its height, by which ticks of one row end above or below each other
_NEAR = 2.0  # of its height, that they are apart

_ROUND, _ALIGNED = 0.92, 2  # times as wide as high, and the other way, bullets are; pixels that one is out of line

_SHOWN = 20.0  # pixels of the longer side of a digit as the network sees it

Pictures = Mapping[BBox, Gray]
_Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Strokes:
    """What bars, or digits, are like: their boxes (N, 4), and of those with a picture how broad the pen is and by how
    much they lean."""

    boxes: NDArray[np.int_]
    pens: NDArray[np.float64]
    leans: NDArray[np.float64]

    @classmethod
    def of(cls, boxes: Sequence[BBox], pictures: Pictures) -> "_Strokes":
        seen = [(pictures[bbox], bbox[3] - bbox[1]) for bbox in boxes if bbox in pictures]
        pens = [stroke_width(picture > 127) * height / _SHOWN for picture, height in seen]
        leans = [slant_of(picture) for picture, _ in seen]
        return cls(np.array(boxes).reshape(-1, 4), np.array(pens), np.array(leans))

    @property
    def wide(self) -> NDArray[np.int_]:
        return np.asarray(self.boxes[:, 2] - self.boxes[:, 0])

    @property
    def high(self) -> NDArray[np.int_]:
        return np.asarray(self.boxes[:, 3] - self.boxes[:, 1])


def without_strays(lines: Lines, pictures: Pictures) -> Lines:
    """Lines of numbers without those of nothing but bars, where the other digits of the page tell that they are no 1s.

    Of those hardly any is as high, or written with as thin a pen, or a bar alone in its line lies; or it is a piece of
    a line that stands, or one of a row of ticks. pictures: (28, 28) each, by the box of what they show.
    """
    lines = [line for line in lines if line]
    numbers = [number for line in lines for number in line]
    found = [cell.bbox for each in numbers if all(_is_bar(cell, pictures) for cell in each) for cell in each]
    if not found:
        return lines
    digits = _Strokes.of([cell.bbox for each in numbers for cell in each if cell.likeliest != 1], pictures)
    if not len(digits.pens):
        return lines
    bars = _Strokes.of(found, pictures)
    lone = {line[0][0].bbox for line in lines if len(line) == len(line[0]) == 1}
    alone = np.array([bbox in lone for bbox in found])
    strays = _too_thin(bars, digits)
    if len(digits.boxes) < _KNOWN:
        strays &= alone
    else:
        leans, go_on = bars.leans - np.median(digits.leans), _go_on(bars)
        slim = np.minimum(bars.wide / bars.high, [_slimness(pictures[bbox]) for bbox in found])
        pieces = (go_on.sum(1) >= _KNOWN) & (go_on & _uneven(bars)).any(1)
        strays = _spread(strays | _unlike(bars, digits, slim) | pieces, go_on | _ticks(bars))
        strays |= alone & ((leans < _LIES[0]) | (leans > _LIES[1]))
    gone = {bbox for bbox, is_stray in zip(found, strays.tolist(), strict=True) if is_stray}
    if not gone:
        return lines
    left = ([[cell for cell in number if cell.bbox not in gone] for number in line] for line in lines)
    return [kept for line in left if (kept := [number for number in line if number])]


def without_bullets(lines: Lines) -> Lines:
    """Lines of numbers without rings before numbers that are in line and alike to a pixel, three and more: bullets, as
    of a form's choices, look like 0s, which are as round in few hands, and there of many sizes."""
    rings = [
        number[0].bbox for line in lines for number, after in pairwise(line) if _is_ring(number) and not _is_ring(after)
    ]
    boxes = np.array(rings).reshape(-1, 4)
    sides, corners = boxes[:, 2:] - boxes[:, :2], boxes[:, :2]
    alike = (np.abs(sides[:, None] - sides) <= 1).all(2)
    in_line = (np.abs(corners[:, None] - corners) <= _ALIGNED).any(2)
    same = (alike & in_line).sum(1)
    gone = {bbox for bbox, count in zip(rings, same.tolist(), strict=True) if count >= _KNOWN}
    return [[number for number in line if number[0].bbox not in gone] for line in lines]


def _is_ring(number: list[Cell]) -> bool:
    x0, y0, x1, y1 = number[0].bbox
    return len(number) == 1 and number[0].likeliest == 0 and min(x1 - x0, y1 - y0) >= _ROUND * max(x1 - x0, y1 - y0)


def _is_bar(cell: Cell, pictures: Pictures) -> bool:
    """Whether a cell is a 1 without flag and foot; it may lean."""
    if cell.likeliest != 1 or cell.bbox not in pictures:
        return False
    x0, y0, x1, y1 = cell.bbox
    return x1 - x0 <= _BAR * (y1 - y0) or _slimness(pictures[cell.bbox]) <= _BAR


def _slimness(bar: Gray) -> float:
    """How wide a bar is for its length."""
    sides = cv2.minAreaRect(cv2.findNonZero((bar >= bar.max() / 2).view(np.uint8)))[1]
    return (min(sides) + 1) / (max(sides) + 1)


def _too_thin(bars: _Strokes, digits: _Strokes) -> _Flags:
    """Which bars are thinner than the pen that digits are written with, (N,)."""
    as_broad = digits.pens < _AS_BROAD * bars.wide[:, None]
    return np.asarray(as_broad.sum(1) <= _FEW * len(digits.pens))


def _unlike(bars: _Strokes, digits: _Strokes, slim: NDArray[np.float64]) -> _Flags:
    """Which bars, so slim for their length, are higher or lower than digits are, and no 1s of larger type, (N,)."""
    times = bars.high[:, None] / digits.high
    as_high = (times < _TALLER) & (1 / times < _SHORTER)
    usual = np.median(digits.high)
    is_larger = (bars.high > usual) & (slim >= _SLIM * np.median(digits.pens) / usual)
    return np.asarray((as_high.sum(1) <= _FEW * len(digits.high)) & ~is_larger)


def _spread(strays: _Flags, alike: _Flags) -> _Flags:
    """Strays (N,), and what is like one of them (N, N), and so on."""
    while True:
        more = strays | alike[strays].any(0)
        if (more == strays).all():
            return strays
        strays = more


def _go_on(bars: _Strokes) -> _Flags:
    """Which lie above each other on one line that stands, and are as wide, (N, N)."""
    left, top, right, bottom = bars.boxes.T
    aside, down = np.abs(_apart(left + right)) / 2, np.abs(_apart(top + bottom)) / 2
    below = np.maximum(top[:, None], top) >= np.minimum(bottom[:, None], bottom)
    return np.asarray(_times(bars.wide, _AS_WIDE) & below & (aside <= bars.wide + _LEANS * down))


def _ticks(bars: _Strokes) -> _Flags:
    """Which stand beside each other and end as high or as low, and are as wide, (N, N)."""
    left, top, right, bottom = bars.boxes.T
    high = np.maximum(bars.high[:, None], bars.high)
    level = np.minimum(np.abs(_apart(top)), np.abs(_apart(bottom))) <= _LEVEL * high
    near = np.maximum(left[:, None] - right, left - right[:, None]) <= _NEAR * high
    return np.asarray(_times(bars.wide, _AS_WIDE) & level & near)


def _uneven(bars: _Strokes) -> _Flags:
    """Which are as wide as each other, but not as high, as 1s of two sizes are not, (N, N)."""
    return np.asarray(~_times(bars.high, _UNEVEN) & _times(bars.wide, _EVENLY))


def _apart(values: NDArray[np.int_]) -> NDArray[np.int_]:
    return values[:, None] - values


def _times(sizes: NDArray[np.int_], most: float) -> _Flags:
    """Which sizes are at most so many times, and a pixel, as large as each other, (N, N)."""
    return np.asarray(np.maximum(sizes[:, None], sizes) <= most * np.minimum(sizes[:, None], sizes) + 1)
