"""Ink of a page -> which components of it are bars of one digit, as displays show it with seven that lie apart.

Flows in: what is surely ink, and the components of all ink. Flows out: those that are one digit. Knows nothing of
which digit it is, nor of components without bars.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.ink import Gray

_LONG = 12.0  # pixels that a bar is long, at least; small digits look like bars
_LONGER = 1.8  # times as long as thick, at least
_MOST = 7  # bars of a digit
_ALL = 400  # components of a page, its paper among them; one with more is no display
_LEAST = 0.3  # of its box, that it fills; so far it may lean
_SOLID = (0.92, 1.12)  # of the rectangle with its moments, what a bar fills
_ALIKE = 1.5  # times as thick as another bar of its digit, at most
_CORNER = 1.6  # thicknesses between the ends of two bars that meet at a right angle, at most
_IN_LINE = 2.1  # thicknesses between those of two that stand one above the other, where a third may end between
_CLOSE = 1.0  # the same where nothing speaks for a display
_ASIDE = 0.5  # thicknesses that the upper one may stand aside
_BLUR = 0.5  # pixels that ink may have lost at an end
_SQUARE, _PARALLEL = 0.4, 0.98  # cosine of the angle between them, up to which and from which
_UPRIGHT = 0.9  # of its direction is down


@dataclass(frozen=True, slots=True)
class _Bar:
    """label: of the ink it is in. middle, half: (x, y) of its middle, and from there to an end. thick: in pixels."""

    label: int
    middle: tuple[float, float]
    half: tuple[float, float]
    thick: float


def digits_of_bars(surely: Gray, labels: NDArray[Any], stats: NDArray[Any]) -> list[list[int]]:
    """Components of ink that belong together, two or more each, since bars of one digit lie in them; none is in two.

    surely: (H, W) uint8, 0 where a pixel is no ink or may be the blur between two bars. labels: (H, W) of all ink, 0
    for paper; stats: (N, 5) of them, as OpenCV gives both. Bars are of one digit where their ends meet at a right
    angle, or one stands on the other.
    """
    if len(stats) > _ALL:
        return []
    bars = [bar for label in range(1, len(stats)) for bar in _bars(surely, labels, label, *stats[label, :4].tolist())]
    label = np.array([bar.label for bar in bars], np.int64)
    owner = label.copy()
    for one, other in _meeting(bars):
        owner[owner == owner[one]] = owner[other]
    whole = [label[owner == own].tolist() for own in np.unique(owner)]
    return [sorted(set(each)) for each in whole if len(each) <= _MOST and len(set(each)) > 1]


def _bars(surely: Gray, labels: NDArray[Any], label: int, left: int, top: int, wide: int, high: int) -> Iterator[_Bar]:
    """The bars in one component, whose corners may touch."""
    if max(wide, high) < _LONG:
        return
    box = np.s_[top : top + high, left : left + wide]
    ink = np.where(labels[box] == label, surely[box], np.uint8(0))
    core = cv2.erode(ink, np.ones((3, 3), np.uint8), borderValue=0)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=4)
    for index, (x, y, across, down, area) in enumerate(stats[1:].tolist(), 1):
        if max(across, down) + 2 >= _LONG and area >= _LEAST * across * down:
            part = (parts[y : y + down, x : x + across] == index).view(np.uint8)
            bar = _bar(part, label, left + x, top + y)
            if bar is not None:
                yield bar


def _bar(part: Gray, label: int, left: int, top: int) -> _Bar | None:
    """A core as a bar, by its moments; None where it is none."""
    of = cv2.moments(part, binaryImage=True)
    area = of["m00"]
    xx, yy, xy = of["mu20"] / area + 1 / 12, of["mu02"] / area + 1 / 12, of["mu11"] / area  # a pixel is a square
    root = math.hypot(xx - yy, 2 * xy)
    length, thick = math.sqrt(6 * (xx + yy + root)), math.sqrt(6 * max(0.0, xx + yy - root))
    if not _SOLID[0] < area / max(1.0, length * thick) < _SOLID[1]:
        return None
    length, thick = length + 2, thick + 2  # pixels that lie around the core
    if length < max(_LONG, _LONGER * thick):
        return None
    angle = math.atan2(2 * xy, xx - yy) / 2
    half = (math.cos(angle) * length / 2, math.sin(angle) * length / 2)
    return _Bar(label, (left + of["m10"] / area, top + of["m01"] / area), half, thick)


def _meeting(bars: list[_Bar]) -> list[tuple[int, int]]:
    """Pairs of bars that are of one digit."""
    middle = np.array([bar.middle for bar in bars], float).reshape(-1, 2)
    half = np.array([bar.half for bar in bars], float).reshape(-1, 2)
    thick = np.array([bar.thick for bar in bars])
    ends = np.concatenate((middle - half, middle + half))
    one, other = _near(ends, np.tile(_IN_LINE * thick + 2 * _BLUR, 2))
    between = ends[one] - ends[other]
    apart = np.hypot(*between.T) - 2 * _BLUR
    one, other = one % len(bars), other % len(bars)
    along = half / np.hypot(*half.T)[:, None]
    cosine = np.abs((along[one] * along[other]).sum(1))
    thin, bold = np.minimum(thick[one], thick[other]), np.maximum(thick[one], thick[other])
    alike = (bold <= _ALIKE * thin) & (one != other)
    corner = alike & (cosine <= _SQUARE) & (apart <= _CORNER * thin)
    aside = np.abs(between[:, 0] * along[one, 1] - between[:, 1] * along[one, 0])
    stacked = alike & (cosine >= _PARALLEL) & (np.abs(along[one, 1]) >= _UPRIGHT)
    stacked &= (apart <= _IN_LINE * thin) & (aside <= _ASIDE * thin)
    # 1s of two rows stand one above the other too, though seldom so close, and have no corners.
    cornered = np.isin(np.arange(len(bars)), np.concatenate((one[corner], other[corner])))
    alone = stacked & ~(cornered[one] | cornered[other])
    stacked &= ~alone | (apart <= _CLOSE * thin) | (alone.sum() <= corner.sum())
    meet = corner | stacked
    return list(zip(one[meet].tolist(), other[meet].tolist(), strict=True))


def _near(places: NDArray[Any], reach: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Pairs of places (P, 2) whose columns are no further apart than the left one's reach (P,)."""
    order = np.argsort(places[:, 0])
    columns = places[order, 0]
    at = np.arange(len(order))
    counts = np.searchsorted(columns, columns + reach[order], "right") - at - 1
    one = np.repeat(at, counts)
    other = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)
    return order[one], order[other]
