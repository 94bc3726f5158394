"""Components of ink -> which of them are bars of one digit, as displays show digits of seven bars that lie apart.

Flows in: labels, (H, W) int32, and stats, (N, 5), of cv2.connectedComponentsWithStats. Flows out: components by digit.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_THICK, _LONG = 3.0, 12.0  # pixels that a bar is thick and long, at least; small digits look like bars
_LONGER = 1.8  # times as long as thick is a bar, at least
_MOST = 7  # bars of a digit
_SOLID = (0.92, 1.12)  # of the rectangle with its moments, what a bar fills
_ALIKE = 1.5  # times as thick as another bar of its digit, at most
_CORNER = 1.6  # thicknesses between the ends of two bars that meet at a right angle, at most
_IN_LINE = 2.1  # thicknesses between those of two that stand one above the other, where a third may end between
_CLOSE = 1.0  # those that need no corners beside them
_BLUR = 0.5  # pixels that ink may have lost at an end
_SQUARE, _PARALLEL = 0.4, 0.98  # cosine of the angle between them, up to which and from which
_UPRIGHT = 0.9  # of its direction is down


def bars_joined(labels: NDArray[Any], stats: NDArray[Any]) -> list[list[int]]:
    """Components, one or the bars of one digit together; that of the paper, 0, comes first.

    Bars are joined where their ends meet at a right angle, or one stands on the other.
    """
    owner = np.arange(len(stats))
    for one, other in _meeting(*_bars(labels, stats)):
        owner[owner == owner[one]] = owner[other]
    units: dict[int, list[int]] = {}
    for index, own in enumerate(owner.tolist()):
        units.setdefault(own, []).append(index)
    return [part for unit in units.values() for part in ([unit] if len(unit) <= _MOST else [[one] for one in unit])]


def _bars(labels: NDArray[Any], stats: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Which components (N,) are bars, and their middles, halves from there to an end (N, 2), and thicknesses (N,)."""
    rows, columns = np.nonzero(labels)
    own = labels[rows, columns]
    area = np.maximum(1, np.bincount(own, minlength=len(stats)))
    middle = np.stack([np.bincount(own, each, len(stats)) / area for each in (columns, rows)], 1)
    x, y = columns - middle[own, 0], rows - middle[own, 1]
    xx, yy, xy = (np.bincount(own, each, len(stats)) / area for each in (x * x, y * y, x * y))
    xx, yy = xx + 1 / 12, yy + 1 / 12  # a pixel is a square
    root = np.hypot(xx - yy, 2 * xy)
    length, thick = np.sqrt(6 * (xx + yy + root)), np.sqrt(6 * np.maximum(0, xx + yy - root))
    angle = np.arctan2(2 * xy, xx - yy) / 2
    half = np.stack([np.cos(angle), np.sin(angle)], 1) * length[:, None] / 2
    filled = area / np.maximum(1, length * thick)
    bars = np.flatnonzero((length >= _LONGER * thick) & (filled > _SOLID[0]) & (filled < _SOLID[1]) & (thick >= _THICK) & (length >= _LONG))
    bars = bars[bars > 0]
    return bars, middle[bars], half[bars], thick[bars]


def _meeting(
    bars: NDArray[Any], middle: NDArray[Any], half: NDArray[Any], thick: NDArray[Any]
) -> list[tuple[int, int]]:
    """Pairs of components that are bars of one digit."""
    places = np.concatenate([middle - half, middle + half])
    one, other = _near(places, _IN_LINE * float(thick.max(initial=0)) + 2 * _BLUR)
    apart = np.hypot(*(places[one] - places[other]).T) - 2 * _BLUR
    one, other = one % len(bars), other % len(bars)
    along = half / np.maximum(1e-9, np.hypot(*half.T))[:, None]
    cosine = np.abs((along[one] * along[other]).sum(1))
    wide = np.minimum(thick[one], thick[other])
    corner = (cosine <= _SQUARE) & (apart <= _CORNER * wide)
    stacked = (cosine >= _PARALLEL) & (np.abs(along[one, 1]) >= _UPRIGHT) & (apart <= _IN_LINE * wide)
    alike = np.maximum(thick[one], thick[other]) <= _ALIKE * wide
    meet = corner & alike
    # 1s of two rows stand one above the other too, though seldom so close.
    meet |= stacked & alike & ((apart <= _CLOSE * wide) | (stacked.sum() <= meet.sum()))
    return list(zip(bars[one[meet]].tolist(), bars[other[meet]].tolist(), strict=True))


def _near(places: NDArray[Any], reach: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Pairs of places (N, 2) whose columns are no further apart than that."""
    order = np.argsort(places[:, 0])
    columns = places[order, 0]
    at = np.arange(len(order))
    counts = np.searchsorted(columns, columns + reach, "right") - at - 1
    one = np.repeat(at, counts)
    other = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)
    return order[one], order[other]
