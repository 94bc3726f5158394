"""Ink of a page -> which components of it are bars of one digit, as displays show it with seven that lie apart.

Flows in: the components of what is surely ink and those of all ink. Flows out: those of all ink, by digit. Knows
nothing of which digit it is, nor of components that are no bars.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.ink import Gray

_THICK, _LONG = 3.0, 12.0  # pixels that a bar is thick and long, at least; small digits look like bars
_LONGER = 1.8  # times as long as thick is a bar, at least
_MOST = 7  # bars of a digit
_ALL = 400  # components; a page with more is no display
_SOLID = (0.92, 1.12)  # of the rectangle with its moments, what a bar fills
_ALIKE = 1.5  # times as thick as another bar of its digit, at most
_CORNER = 1.6  # thicknesses between the ends of two bars that meet at a right angle, at most
_IN_LINE = 2.1  # thicknesses between those of two that stand one above the other, where a third may end between
_CLOSE = 1.0  # those that need no corners beside them
_BLUR = 0.5  # pixels that ink may have lost at an end
_SQUARE, _PARALLEL = 0.4, 0.98  # cosine of the angle between them, up to which and from which
_UPRIGHT = 0.9  # of its direction is down


def digits_of_bars(surely: Gray, labels: NDArray[Any]) -> list[list[int]]:
    """Labels that belong together, two or more each: ink in which bars of one digit lie.

    surely: (H, W) uint8, 0 where a pixel is no ink or may be the blur between two bars. labels: (H, W) of all ink, 0
    for paper. Bars are of one digit where their ends meet at a right angle, or one stands on the other.
    """
    core = cv2.erode(surely, np.ones((3, 3), np.uint8), borderValue=0)  # corners of bars may touch
    count, parts = cv2.connectedComponents(core, connectivity=4)
    if not 2 < count <= _ALL:
        return []
    columns, rows = np.reshape(cv2.findNonZero(core), (-1, 2)).T
    own = parts[rows, columns]
    label = np.zeros(count, np.int64)
    label[own] = labels[rows, columns]
    owner = np.arange(count)
    for one, other in _meeting(*_bars(rows, columns, own, count)):
        owner[owner == owner[one]] = owner[other]
    sizes = np.bincount(owner)
    found = [set(label[owner == own].tolist()) for own in np.flatnonzero((sizes > 1) & (sizes <= _MOST))]
    return [sorted(together) for together in found if len(together) > 1]


def _bars(
    rows: NDArray[Any], columns: NDArray[Any], own: NDArray[Any], count: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Which components are bars, by the moments of their pixels: (B,) of them, middles and halves from there to an end
    (B, 2), and thicknesses (B,)."""
    area = np.maximum(1, np.bincount(own, minlength=count))
    middle = np.stack([np.bincount(own, each, count) / area for each in (columns, rows)], 1)
    x, y = columns - middle[own, 0], rows - middle[own, 1]
    xx, yy, xy = (np.bincount(own, each, count) / area for each in (x * x, y * y, x * y))
    xx, yy = xx + 1 / 12, yy + 1 / 12  # a pixel is a square
    root = np.hypot(xx - yy, 2 * xy)
    length, thick = np.sqrt(6 * (xx + yy + root)), np.sqrt(6 * np.maximum(0, xx + yy - root))
    filled = area / np.maximum(1, length * thick)
    length, thick = length + 2, thick + 2  # pixels that lie around the core
    angle = np.arctan2(2 * xy, xx - yy) / 2
    half = np.stack([np.cos(angle), np.sin(angle)], 1) * length[:, None] / 2
    is_bar = (length >= np.maximum(_LONG, _LONGER * thick)) & (thick >= _THICK)
    is_bar &= (filled > _SOLID[0]) & (filled < _SOLID[1])
    bars = np.flatnonzero(is_bar)
    return bars, middle[bars], half[bars], thick[bars]


def _meeting(
    bars: NDArray[Any], middle: NDArray[Any], half: NDArray[Any], thick: NDArray[Any]
) -> list[tuple[int, int]]:
    """Pairs of components that are bars of one digit."""
    ends = np.concatenate((middle - half, middle + half))
    one, other = _near(ends, np.tile(_IN_LINE * thick + 2 * _BLUR, 2))
    apart = np.hypot(*(ends[one] - ends[other]).T) - 2 * _BLUR
    one, other = one % len(bars), other % len(bars)
    along = half / np.hypot(*half.T)[:, None]
    cosine = np.abs((along[one] * along[other]).sum(1))
    thin, bold = np.minimum(thick[one], thick[other]), np.maximum(thick[one], thick[other])
    alike = (bold <= _ALIKE * thin) & (one != other)
    corner = alike & (cosine <= _SQUARE) & (apart <= _CORNER * thin)
    stacked = alike & (cosine >= _PARALLEL) & (np.abs(along[one, 1]) >= _UPRIGHT) & (apart <= _IN_LINE * thin)
    # 1s of two rows stand one above the other too, though seldom so close.
    meet = corner | (stacked & ((apart <= _CLOSE * thin) | (stacked.sum() <= corner.sum())))
    return list(zip(bars[one[meet]].tolist(), bars[other[meet]].tolist(), strict=True))


def _near(places: NDArray[Any], reach: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Pairs of places (P, 2) whose columns are no further apart than the left one's reach (P,)."""
    order = np.argsort(places[:, 0])
    columns = places[order, 0]
    at = np.arange(len(order))
    counts = np.searchsorted(columns, columns + reach[order], "right") - at - 1
    one = np.repeat(at, counts)
    other = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)
    return order[one], order[other]
