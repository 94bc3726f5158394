"""Gray crop of one digit -> the 28×28 that the network sees; the only preprocessing of a crop.

Flows in: gray, (H, W) uint8 of any size, dark or light ink. Flows out: Normalized: (28, 28) uint8, ink 255 on 0,
fitted into 20×20 by aspect and centered by mass as MNIST's authors did (LeCun et al. 1998, section III.A),
with the box it was cut from and the steps in words. Knows nothing of files, digits or networks.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.ink import SMOOTHED, Gray, find_ink, stroke_width
from tsifra.panel import Panel, find_panels
from tsifra.reading import BBox

Mask = NDArray[np.bool_]

SIDE = 28
_INNER = 20  # the digit's longer side within SIDE
_WORK = 96  # pixels of the longer side that the digit is looked for in
_FINE = 36  # a digit found smaller than this is cut out and looked at again in full resolution
_THIN = 1.8  # strokes narrower than this at 20×20 are widened; MNIST's pens are mostly 2 to 3 wide
_LEAST = 4  # pixels of the longer side under which ink is a speck; digits are read from about 8
_IN_BOX = 0.22  # share of a box's side that a digit in it fills at least; what is smaller is left of its lines
_FILLED = 150.0  # mean of the ink in its box, 0…255, from which it may be a panel
_SIDE_FILLED = 120.0  # ... along a side of the crop, from which more than a digit lies there
_PANELS = 2  # that a digit may stand on, one in the other: a window in its frame
_LEAST_PANEL = 16  # pixels of the shorter side of a crop with one
_SAME_TONE = 20.0  # gray levels
_LEAST_ON_PANEL = 0.35  # of its height, that of a digit on it
_BAR = 0.3  # of a panel's width, that a bar such as a 1 may have
_SOLID = 0.9  # of its convex hull, that no digit but a bar fills
_BAND = 0.2  # share of a side, from each edge, in which the remains of a box lie
_SPECKS, _MARKS = "specks removed", "marks at the edge removed"


@dataclass(frozen=True, slots=True, eq=False)
class Normalized:
    """What the network is shown of one crop.

    pixels: (28, 28) uint8, ink 255 on 0; all 0 where the crop is blank.
    bbox: (x0, y0, x1, y1) of the ink in pixels of the crop; None where it is blank.
    steps: what was done, in words, in order.
    """

    pixels: Gray
    bbox: BBox | None
    steps: tuple[str, ...]


def normalize(gray: Gray) -> Normalized:
    """Find the digit in a crop and bring it to the size, place, polarity and contrast of MNIST's.

    gray: (H, W) uint8, H and W at least 1. Raises ValueError for anything else.
    """
    if gray.ndim != 2 or gray.dtype != np.uint8 or not gray.size:
        raise ValueError(f"(H, W) uint8 is wanted, not {gray.shape} {gray.dtype}")
    return _normalized(gray, ())


def _normalized(gray: Gray, behind: tuple[float, ...]) -> Normalized:
    """`normalize` of a crop that was cut from panels; behind: gray levels of what was around each."""
    height, width = gray.shape
    factor = max(height, width) / _WORK
    small = gray
    if factor > 1:
        size = (max(1, round(width / factor)), max(1, round(height / factor)))
        method = cv2.INTER_AREA if factor > 2 else cv2.INTER_LINEAR  # which is four times as quick
        small = np.asarray(cv2.resize(gray, size, interpolation=method), np.uint8)
    ink, steps = find_ink(small)
    box, removed = None, list[str]()
    if ink is not None:
        ink, box, removed = _select(ink)
    scale = (width / small.shape[1], height / small.shape[0])
    if len(behind) < _PANELS and min(small.shape) >= _LEAST_PANEL and _is_doubtful(ink, box, removed):
        for panel in find_panels(small):
            found = _on_panel(gray, panel, scale, behind)
            if found is not None and (box is None or _MARKS not in found.steps):  # which may be torn off the digit
                return found
    if ink is None or box is None:
        return _blank([*steps, *removed])
    if factor > 1:
        if max(box[2] - box[0], box[3] - box[1]) < _FINE:
            return _closer(gray, box, scale, behind)
        bbox = _scaled(box, scale, width, height)
    else:
        bbox = box
    pixels, fitted = _fit(ink, box)
    cropped = f"cropped to {bbox[2] - bbox[0]}×{bbox[3] - bbox[1]}"
    return Normalized(pixels, bbox, (*steps, *removed, cropped, *fitted))


def _blank(steps: list[str]) -> Normalized:
    return Normalized(np.zeros((SIDE, SIDE), np.uint8), None, (*steps, "nothing left that could be a digit"))


def _scaled(box: BBox, scale: tuple[float, float], width: int, height: int) -> BBox:
    x0, y0, x1, y1 = box
    return (
        int(x0 * scale[0]),
        int(y0 * scale[1]),
        min(width, int(np.ceil(x1 * scale[0]))),
        min(height, int(np.ceil(y1 * scale[1]))),
    )


def _is_doubtful(ink: Gray | None, box: BBox | None, removed: list[str]) -> bool:
    """Whether what was found may be a panel or beside one: nothing, or beside something else, or too much of it."""
    if ink is None or box is None or removed not in ([], [_SPECKS]):
        return True
    x0, y0, x1, y1 = box
    if cv2.mean(ink[y0:y1, x0:x1])[0] > _FILLED:
        return True
    height, width = ink.shape
    ends = ((x0, ink[:, 0]), (y0, ink[0]), (width - x1, ink[:, -1]), (height - y1, ink[-1]))
    return any(not away and cv2.mean(end)[0] > _SIDE_FILLED for away, end in ends)


def _on_panel(gray: Gray, panel: Panel, scale: tuple[float, float], behind: tuple[float, ...]) -> Normalized | None:
    """What stands on a panel; None where that is no digit, or what is behind it shows through, as in a 0."""
    if any(abs(panel.tone - tone) < _SAME_TONE for tone in behind):
        return None
    height, width = gray.shape
    x0, y0, x1, y1 = _scaled(panel.box, scale, width, height)
    found = _normalized(panel.cut(gray[y0:y1, x0:x1]), (*behind, panel.around))
    if found.bbox is None or _is_remains(found, x1 - x0, y1 - y0):
        return None
    a0, b0, a1, b1 = found.bbox
    steps = ("cropped to what it stands on", *found.steps)
    return Normalized(found.pixels, (a0 + x0, b0 + y0, a1 + x0, b1 + y0), steps)


def _is_remains(found: Normalized, width: int, height: int) -> bool:
    """Whether ink on a panel of this size is none of a digit: grain, what is left of an edge, what a frame encloses."""
    assert found.bbox is not None
    x0, y0, x1, y1 = found.bbox
    if SMOOTHED in found.steps or y1 - y0 < _LEAST_ON_PANEL * height:
        return True
    if x1 - x0 <= _BAR * width:
        return abs(x0 + x1 - width) >= width / 2
    return _solidity(found.pixels) > _SOLID


def _solidity(pixels: Gray) -> float:
    """Share of its convex hull that the largest piece of ink fills, 0…1; a piece without counter or bow fills it."""
    outlines, _ = cv2.findContours((pixels > 127).view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return 0.0
    hull = cv2.fillConvexPoly(np.zeros_like(pixels), cv2.convexHull(max(outlines, key=cv2.contourArea)), 1)
    return float((pixels[hull > 0] > 127).mean())


def _closer(gray: Gray, box: BBox, scale: tuple[float, float], behind: tuple[float, ...]) -> Normalized:
    """Normalize again what lies around a box that was found in a reduced picture."""
    height, width = gray.shape
    pad = 0.25 * max(box[2] - box[0], box[3] - box[1])
    wide = (max(0.0, box[0] - pad), max(0.0, box[1] - pad), box[2] + pad, box[3] + pad)
    x0, y0, x1, y1 = _scaled(wide, scale, width, height)  # type: ignore[arg-type]
    near = _normalized(np.ascontiguousarray(gray[y0:y1, x0:x1]), behind)
    if near.bbox is None:
        return near
    a0, b0, a1, b1 = near.bbox
    return Normalized(near.pixels, (a0 + x0, b0 + y0, a1 + x0, b1 + y0), ("looked at closer", *near.steps))


def _select(ink: Gray) -> tuple[Gray, BBox | None, list[str]]:
    """Keep what can be the digit: (ink without the rest, its box or None, what was removed in words)."""
    mask = cv2.threshold(ink, 80, 1, cv2.THRESH_BINARY)[1]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_16U)
    if count == 1:
        return ink, None, []
    if count == 2:  # the usual case of a clean picture, worth a short way
        left, top, wide, high, mass = stats[1].tolist()
        if max(wide, high) >= _LEAST and cv2.countNonZero(_inner(mask)) > 0.1 * mass:
            return ink, (left, top, left + wide, top + high), []
    x, y, w, h, area = stats[1:].T
    main = int(area.argmax())
    drop = area < max(3.0, 0.03 * area[main])
    removed = [_SPECKS] if count > 2 else []
    # Usually all but one are specks, and that one is no line along the edge; else it takes a closer look.
    alone = np.count_nonzero(drop) == count - 2 and max(w[main], h[main]) >= _LEAST
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
    specks = ~lines & (np.maximum(w, h) < _LEAST)
    rest = np.where(lines | specks, 0, area)
    main = int(rest.argmax())
    if rest[main]:
        if w[main] < 0.85 * width and h[main] < 0.85 * height:  # else its own ends are beside the edge as well
            lines |= (within == 0) & (area < 0.25 * area[main])
        specks = ~lines & (area < max(3, 0.03 * area[main]))
        boxed = max(height, width) < _WORK and (lines & (wide | high)).any()  # a reduced one may be a whole page
        if boxed and max(w[main], h[main]) < _IN_BOX * min(height, width):
            specks = ~lines
    # A neighbor reaches in over an edge that the digit itself does not touch.
    foreign = (edges & ~edges[:, main : main + 1]).any(0)
    neighbors = foreign & ~lines & ~specks & (area < 0.5 * area[main])
    marks = "box lines removed" if (lines & (wide | high)).any() else _MARKS
    said = [(lines, marks), (neighbors, "neighbors at the edge removed"), (specks, _SPECKS)]
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


def _fit(ink: Gray, box: BBox) -> tuple[Gray, list[str]]:
    """Cut the box out, scale it to 20 on its longer side, center its mass in 28×28."""
    x0, y0, x1, y1 = box
    longer = max(x1 - x0, y1 - y0)
    # Resampling by a pixel would only blur; this leaves MNIST's own files as they are.
    scale = 1.0 if abs(longer - _INNER) <= 1 else _INNER / longer
    steps, widen = list[str](), 0
    if scale < 0.7:
        stroke = stroke_width(ink[y0:y1, x0:x1] > 127)
        widen = round(_THIN / scale - stroke)
    margin = max(1, int(np.ceil(1 / scale))) + max(0, widen)
    part = ink[max(0, y0 - margin) : y1 + margin, max(0, x0 - margin) : x1 + margin]
    if widen > 0:
        pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (widen + 1, widen + 1))
        part = np.asarray(cv2.dilate(part, pen), np.uint8)
        steps.append("thin strokes widened")
    if scale != 1:
        size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        part = np.asarray(cv2.resize(part, size, interpolation=method), np.uint8)
        steps.append(f"scaled to {max(1, round((x1 - x0) * scale))}×{max(1, round((y1 - y0) * scale))}")
    peak = cv2.minMaxLoc(part)[1]
    if 0 < peak < 250:
        part = np.asarray(cv2.convertScaleAbs(part, alpha=255 / peak), np.uint8)
    return _centered(part), [*steps, "centered by mass"]


def _centered(part: Gray) -> Gray:
    """Paste a part of at most about 28×28 so that its center of mass is the center; what overhangs is lost."""
    moments = cv2.moments(part)
    mass = moments["m00"] or 1.0
    left = round(SIDE / 2 - moments["m10"] / mass)
    top = round(SIDE / 2 - moments["m01"] / mass)
    height, width = part.shape
    pixels = np.zeros((SIDE, SIDE), np.uint8)
    x0, y0, x1, y1 = max(0, left), max(0, top), min(SIDE, left + width), min(SIDE, top + height)
    pixels[y0:y1, x0:x1] = part[y0 - top : y1 - top, x0 - left : x1 - left]
    return pixels
