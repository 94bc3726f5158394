"""Digits of a page -> which of them are parts of percent signs, which look like 010, 6 or 9, or are commas.

Flows in: Cells, before they stand in lines. Flows out: the boxes of those. Knows nothing of what else is on a page.
"""

from collections.abc import Sequence

import numpy as np

from tsifra.reading import BBox
from tsifra.table import Cell

_RING, _ROUND = (0.25, 0.7), (0.5, 1.6)  # of a percent's height, that its rings are high; times as wide as high
_ASIDE = 0.1  # of its height, that they lie above and below its middle at least
_BESIDE = 0.2  # ... and that they reach above its upper end and below its lower one at most
_INTO, _NO_COMMA = 0.35, 0.05  # ... that one is high that reaches into a 6 or 9; by which it reaches below that at most
_COMMA = 0.55  # of the height of what is before it, that a comma is high, and that it is below its top
_COMMA_WIDE, _BELOW = 0.35, 0.08  # ... and that it is wide; that it reaches below that
_COMMA_NEAR, _AFTER = 0.45, 1.2  # ... and that it is away from it, and from what is as high and comes after
_UNEVEN_ROW = 0.3  # ... and that these end above or below each other
_LARGE = 0.9  # share of what is on a page that is lower than what commas stand beside


def boxes_of_percents(cells: Sequence[Cell]) -> set[BBox]:
    """The boxes of percent signs' parts: a stroke, a small ring left of its upper half, one right of its lower half.

    With one of them the stroke may be a 6 or a 9, into which the other reaches.
    """
    found = set[BBox]()
    boxes = np.array([cell.bbox for cell in cells])
    digits = np.array([cell.likeliest for cell in cells])
    wide, high = (boxes[:, 2:] - boxes[:, :2]).T
    rings = (wide >= _ROUND[0] * high) & (wide <= _ROUND[1] * high)
    asked = np.isin(digits, (1, 6, 9))
    rings &= high <= _RING[1] * high[asked].max(initial=0)
    left, top, right, bottom = boxes[rings].T
    for (x0, y0, x1, y1), digit in zip(boxes[asked].tolist(), digits[asked].tolist(), strict=True):
        height = y1 - y0
        near = (bottom - top >= _RING[0] * height) & (bottom - top <= _RING[1] * height)
        near &= (top >= y0 - _BESIDE * height) & (bottom <= y1 + _BESIDE * height)
        right_of, below = (left + right - x0 - x1) / 2, (top + bottom - y0 - y1) / 2
        upper = near & (-height < right_of) & (right_of < 0) & (below < -_ASIDE * height)
        lower = near & (right_of < height) & (right_of > 0) & (below > _ASIDE * height)
        into = (bottom - top >= _INTO * height) & (left < x1) & (right > x0)
        into &= bottom <= y1 + max(1.0, _NO_COMMA * height)
        match digit:
            case 1 if upper.sum() == lower.sum() == 1:
                parts = upper | lower
            case 6 if (upper & into).sum() == 1:
                parts = upper & into
            case 9 if (lower & into).sum() == 1:
                parts = lower & into
            case _:
                continue
        found.add((x0, y0, x1, y1))
        found.update(tuple(box) for box in boxes[rings][parts].tolist())
    return found


def boxes_of_commas(cells: Sequence[Cell]) -> set[BBox]:
    """The boxes of what is small and narrow, between two in a row, and reaches from low in the first to below that."""
    boxes = np.array([cell.bbox for cell in cells])
    left, top, right, bottom = boxes.T
    high = bottom - top
    small = boxes[high <= _COMMA * np.quantile(high, _LARGE)]
    found = set[BBox]()
    for x0, y0, x1, y1 in small.tolist():
        larger = y1 - y0 <= _COMMA * high
        before = larger & (right <= x0 + 1) & (x0 - right < _COMMA_NEAR * high) & (x1 - x0 <= _COMMA_WIDE * high)
        before &= (y0 > top + _COMMA * high) & (y1 > bottom + _BELOW * high) & (y0 < bottom)
        after = larger & (left >= x1 - 1) & (left - x1 < _AFTER * high)
        level = np.abs(bottom[before][:, None] - bottom[after]) <= _UNEVEN_ROW * high[after]
        if level.any():
            found.add((x0, y0, x1, y1))
    return found
