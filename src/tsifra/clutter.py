"""Ink of a crop -> that of the digit in it, without specks, the remains of a box and neighbors that reach in.

Flows in: ink, (H, W) uint8. Flows out: the same without the rest, the box of the digit, and what was removed, in words.
Knows nothing of how ink was found.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.ink import Gray
from tsifra.reading import BBox

Mask = NDArray[np.bool_]

WORK = 96  # pixels of the longer side that the digit is looked for in
LEAST = 4  # pixels of the longer side under which ink is a speck; digits are read from about 8
SPECKS, MARKS = "specks removed", "marks at the edge removed"
_IN_BOX = 0.22  # share of a box's side that a digit in it fills at least; what is smaller is left of its lines
_INK = 80  # of 255 and more is ink
_BAND = 0.2  # share of a side, from each edge, in which the remains of a box lie


def without_clutter(ink: Gray) -> tuple[Gray, BBox | None, list[str]]:
    """Keep what can be the digit: (ink without the rest, its box or None, what was removed in words)."""
    mask = cv2.threshold(ink, _INK, 1, cv2.THRESH_BINARY)[1]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_16U)
    if count == 1:
        return ink, None, []
    if count == 2:  # the usual case of a clean picture, worth a short way
        left, top, wide, high, mass = stats[1].tolist()
        if max(wide, high) >= LEAST and cv2.countNonZero(_inner(mask)) > 0.1 * mass:
            return ink, (left, top, left + wide, top + high), []
    x, y, w, h, area = stats[1:].T
    main = int(area.argmax())
    drop = area < max(3.0, 0.03 * area[main])
    removed = [SPECKS] if count > 2 else []
    # Usually all but one are specks, and that one is no line along the edge; else it takes a closer look.
    alone = np.count_nonzero(drop) == count - 2 and max(w[main], h[main]) >= LEAST
    if not alone or cv2.countNonZero(_inner(mask)) <= 0.1 * area[main] + int(area @ drop):
        drop, removed = _dropped(np.asarray(labels), stats[1:])
    if drop.all():
        return ink, None, removed
    keep = ~drop
    box = (int(x[keep].min()), int(y[keep].min()), int((x + w)[keep].max()), int((y + h)[keep].max()))
    margin = 4 + max(box[2] - box[0], box[3] - box[1]) // 4
    around = (box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin)
    near = drop & (x < around[2]) & (x + w > around[0]) & (y < around[3]) & (y + h > around[1])
    return _erased(ink, np.asarray(labels), near, around), box, removed


def main_speck(ink: Gray) -> BBox | None:
    """Where a digit may be that is a speck in a reduced picture: around the one that is most of the ink."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.threshold(ink, _INK, 1, cv2.THRESH_BINARY)[1], connectivity=8)
    left, top, wide, high, area = max(stats[1:].tolist(), key=lambda each: each[4], default=(0, 0, 0, 0, 0))
    if not area or max(wide, high) >= LEAST or 2 * area < stats[1:, cv2.CC_STAT_AREA].sum():
        return None
    return left - 2, top - 2, left + wide + 2, top + high + 2


def _dropped(labels: NDArray[Any], stats: NDArray[Any]) -> tuple[Mask, list[str]]:
    """Which components are no part of the digit: remains of a box's lines, specks, neighbors that reach in.

    labels: (H, W), 0 for paper; stats: (N, 5) of the components from label 1 on, as OpenCV gives them.
    """
    height, width = labels.shape
    x, y, w, h, area = stats.T
    within = np.bincount(_inner(labels).ravel(), minlength=len(stats) + 1)[1:]
    edges = np.stack((x == 0, y == 0, x + w == width, y + h == height))
    wide, high = w >= 0.5 * width, h >= 0.5 * height
    long = (wide | high) & (np.minimum(w, h) < 0.2 * np.maximum(w, h))
    lines = (edges.any(0) | long | (wide & high)) & (within <= 0.1 * area)
    for index in np.flatnonzero(lines & wide & high):
        left, top = x[index], y[index]
        lines[index] = _is_straight(labels[top : top + h[index], left : left + w[index]] == index + 1)
    specks = ~lines & (np.maximum(w, h) < LEAST)
    rest = np.where(lines | specks, 0, area)
    main = int(rest.argmax())
    if rest[main]:
        if w[main] < 0.85 * width and h[main] < 0.85 * height:  # else its own ends are beside the edge as well
            lines |= (within == 0) & (area < 0.25 * area[main])
        specks = ~lines & (area < max(3, 0.03 * area[main]))
        boxed = max(height, width) < WORK and (lines & (wide | high)).any()  # a reduced one may be a whole page
        if boxed and max(w[main], h[main]) < _IN_BOX * min(height, width):
            specks = ~lines
    # A neighbor reaches in over an edge that the digit itself does not touch.
    foreign = (edges & ~edges[:, main : main + 1]).any(0)
    neighbors = foreign & ~lines & ~specks & (area < 0.5 * area[main])
    marks = "box lines removed" if (lines & (wide | high)).any() else MARKS
    said = [(lines, marks), (neighbors, "neighbors at the edge removed"), (specks, SPECKS)]
    return lines | specks | neighbors, [what for which, what in said if which.any()]


def _erased(ink: Gray, labels: NDArray[Any], drop: Mask, box: BBox) -> Gray:
    """Ink without the components that `drop` names, soft edges included, so far as they are in the box."""
    if not drop.any():
        return ink
    near = np.s_[max(0, box[1]) : box[3], max(0, box[0]) : box[2]]
    fates = np.concatenate(([0], drop + np.uint8(1))).astype(np.uint8)[labels[near]]  # 0 paper, 1 kept, 2 dropped
    dropped = cv2.dilate((fates == 2).view(np.uint8), np.ones((3, 3), np.uint8))
    ink = ink.copy()
    ink[near][(dropped > 0) & (fates != 1)] = 0
    return ink


def _is_straight(component: Mask) -> bool:
    """Whether a row or column is nearly all ink: so is a frame's, that of a 0 which fills the picture is not."""
    return bool(max(component.mean(axis=0).max(), component.mean(axis=1).max()) >= 0.9)


def _inner(picture: NDArray[Any]) -> NDArray[Any]:
    """What a picture has within the band along its edges."""
    height, width = picture.shape
    across, down = max(1, int(_BAND * width)), max(1, int(_BAND * height))
    return picture[down : height - down, across : width - across]
