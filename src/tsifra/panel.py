"""Gray crop -> panels in it that a digit may stand on: a counter's window, a label, a sheet.

Flows in: gray, (H, W) uint8. Flows out: Panels, upright rectangles or nearly, of one tone and what stands on it.
Knows nothing of digits, nor whether there is one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from tsifra.ink import Gray
from tsifra.reading import BBox

_LEAST = 0.5  # of the crop's sides, that a panel's are
_AROUND = 0.06  # of the crop, that lies around it at least
_STRAIGHT = 0.93  # of the smallest rectangle around it, what its hull fills
_FULL = 0.9  # ... and what it fills itself, since what stands on it may hang together with what is around it
_ASKEW = 12.0  # degrees that it may be turned
_STEP = 0.25  # of the crop's range, by which its tone differs from what is around it
_LEAST_STEP = 20.0  # gray levels
_MARKED = 0.35  # of the crop's range, that a panel has at least with what stands on it
_PLAIN = 60.0  # gray levels that suffice, however much darker or lighter the frame is
_WHOLE = 0.95  # of its widest, that a row or column is as wide as, where leaning does not shorten it
_LINED = 0.1  # of a row or column within it, from which that is no line
_THICK, _UNEVEN = 0.25, 0.03  # of its shorter side, that a line around something is thick, and differs by
_FEWEST = 10  # pixels of its shorter side
_PEN = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """box: of the panel in its crop. within: (h, w) uint8 of that box, 1 on the panel and what stands on it, 0 beside
    it. tone, around: gray levels of the panel and of what is around it, where that counts."""

    box: BBox
    within: Gray
    tone: float
    around: float = 0.0

    def cut(self, gray: Gray) -> Gray:
        """What stands on the panel, on nothing but its tone. gray: what its box holds, in any size."""
        within = cv2.resize(self.within, gray.shape[::-1], interpolation=cv2.INTER_NEAREST)
        return np.where(within, gray, np.uint8(self.tone))


def find_panels(gray: Gray) -> Iterator[Panel]:
    """Panels of a crop, (H, W) uint8, that are darker or lighter than what is around them."""
    _, light = cv2.threshold(cv2.medianBlur(gray, 3), 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    for mask in (1 - light, light):
        yield from _of_mask(gray, np.asarray(mask, np.uint8))


def _of_mask(gray: Gray, mask: Gray) -> Iterator[Panel]:
    height, width = mask.shape
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    wide, high = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]
    large = (wide >= _LEAST * width) & (high >= _LEAST * height) & (wide * high <= (1 - _AROUND) * mask.size)
    for label in np.flatnonzero(large & (np.minimum(wide, high) >= _FEWEST)) + 1:
        left, top, across, down, _ = stats[label].tolist()
        box = np.s_[top : top + down, left : left + across]
        own = (labels[box] == label).view(np.uint8)
        whole = rectangle_of(own)
        if whole is None or _is_frame(own, whole):
            continue
        tone = cv2.mean(gray[box], own)[0]
        around = (cv2.sumElems(gray)[0] - cv2.sumElems(gray[box])[0]) / (gray.size - own.size)
        within = without_edge(whole)
        smooth = np.asarray(cv2.GaussianBlur(gray, (3, 3), 0), np.uint8)
        darkest, lightest, _, _ = cv2.minMaxLoc(smooth[box], within)
        reach = float(np.ptp(smooth))
        if abs(tone - around) >= max(_LEAST_STEP, _STEP * reach) and lightest - darkest >= min(_MARKED * reach, _PLAIN):
            yield Panel((left, top, left + across, top + down), within, tone, around)


def rectangle_of(own: Gray) -> Gray | None:
    """A component and what stands on it, (H, W) of 0 and 1; None where it is no rectangle that hardly leans."""
    outlines, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = cv2.convexHull(outlines[0])
    _, (across, down), angle = cv2.minAreaRect(hull)
    if abs((angle + 45) % 90 - 45) > _ASKEW or cv2.contourArea(outlines[0]) < _FULL * across * down:
        return None
    if cv2.contourArea(hull) < _STRAIGHT * across * down:
        return None
    return np.asarray(cv2.fillConvexPoly(np.zeros_like(own), hull, 1), np.uint8)


def without_edge(whole: Gray) -> Gray:
    """(H, W) of 0 and 1 without a pixel along its edge, which is blurred."""
    return np.asarray(cv2.erode(whole, _PEN, borderValue=0), np.uint8)


def _is_frame(own: Gray, whole: Gray) -> bool:
    """Whether a component is a line around something: from all four sides what it encloses begins equally soon."""
    depths = []
    for axis in (0, 1):
        lines, filled = (part.sum(axis, dtype=np.int64) for part in (whole, own))
        full = lines > _WHOLE * lines.max()
        begun = lines[full] - filled[full] > np.maximum(3, _LINED * lines[full])
        depths += [int(side.argmax()) if side.any() else len(side) for side in (begun, begun[::-1])]
    side = min(own.shape)
    return bool(max(depths) < _THICK * side and max(depths) - min(depths) <= 1 + _UNEVEN * side)
