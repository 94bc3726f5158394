"""Ink of a page -> the same without the rings around numbers: of buttons, badges, balls, signs and clocks.

Flows in: how dark each pixel is beside its paper. Flows out: the same, less what goes around something else. Knows
nothing of digits.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.ink import Gray

_LEAST = 20  # pixels of a ring's shorter side
_NARROW = 0.75  # times as wide as high is a ring at least; what is narrower may be a 0 with a stroke in it
_INK = 0.4  # of its box, that a ring fills at most
_FAINTLY = 0.8  # of the share from which all is ink, that a ring has
_LEAST_IN, _MOST_IN = 8, 0.85  # pixels that what it goes around is high, and share of its own height at most
_SMALLEST_IN = 0.025  # ... and at least, of what stands on the face of a clock
_ALONE_IN, _IN_ROUND = 0.25, 0.15  # ... if it is all, and in what is about as wide as high; the dot in a 0 is less
_ROUND = 0.9  # times as wide as high, that is
_CORE, _IN_CORE = 0.2, 0.03  # of its shorter side, that a ring keeps to at most; share of it that may be further in
_CLOSED = 0.7  # of its hull, that it goes along


def without_rings(share: Gray, limit: int) -> Gray:
    """Ink less rings, round or with corners, closed or nearly, around something. limit: share from which all is ink."""
    mask = cv2.threshold(share, _FAINTLY * limit, 1, cv2.THRESH_BINARY)[1]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    rings = [index for index in _around_something(stats) if _is_ring(labels, stats, index)]
    if not rings:
        return share
    return np.where(np.isin(labels, rings), np.uint8(0), share)


def _around_something(stats: NDArray[Any]) -> list[int]:
    """Components in whose boxes lies what may be a number."""
    x, y, width, height, area = stats.T
    fits = (np.minimum(width, height) >= _LEAST) & (width >= _NARROW * height) & (area < _INK * width * height)
    fits[0] = False
    inside = np.flatnonzero((height >= _LEAST_IN) & (height <= _MOST_IN * height[fits].max(initial=0)))
    x0, y0, x1, y1, high = (each[inside] for each in (x, y, x + width, y + height, height))
    found = []
    for index in np.flatnonzero(fits).tolist():
        left, top, wide, tall, _ = stats[index].tolist()
        within = (x0 > left) & (y0 > top) & (x1 < left + wide) & (y1 < top + tall) & (high <= _MOST_IN * tall)
        sizes = high[within] / tall
        alone = _IN_ROUND if wide >= _ROUND * tall else _ALONE_IN
        if (sizes >= alone).any() or np.count_nonzero(sizes >= _SMALLEST_IN) > 1:
            found.append(index)
    return found


def _is_ring(labels: NDArray[Any], stats: NDArray[Any], index: int) -> bool:
    """Whether a component keeps to the edge of its hull, and goes along most of that."""
    left, top, wide, high, area = stats[index].tolist()
    own = np.pad((labels[top : top + high, left : left + wide] == index).view(np.uint8), 1)
    hull = np.asarray(cv2.fillConvexPoly(np.zeros_like(own), cv2.convexHull(cv2.findNonZero(own)), 1), np.uint8)
    depth = cv2.distanceTransform(hull, cv2.DIST_L2, 3)
    far = _CORE * min(wide, high)
    if np.count_nonzero(own[depth > far]) > _IN_CORE * area:
        return False
    near = cv2.dilate(own, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(far / 2) + 1,) * 2))
    return bool(near[(depth > 0) & (depth <= 1)].mean() >= _CLOSED)
