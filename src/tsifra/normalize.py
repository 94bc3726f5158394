"""Gray crop of one digit -> the 28×28 that the network sees; the only preprocessing of a crop.

Flows in: gray, (H, W) uint8 of any size, dark or light ink. Flows out: Normalized: (28, 28) uint8, ink 255 on 0,
fitted into 20×20 by aspect and centered by mass as MNIST's authors did (LeCun et al. 1998, section III.A),
with the box it was cut from and the steps in words. Knows nothing of files, digits or networks.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from tsifra.clutter import MARKS, SPECKS, WORK, main_speck, without_clutter
from tsifra.ink import SMOOTHED, Gray, find_ink, is_plain, stroke_width
from tsifra.panel import Panel, find_panels
from tsifra.reading import BBox

SIDE = 28
_INNER = 20  # the digit's longer side within SIDE
_FINE = 36  # a digit found smaller than this is cut out and looked at again in full resolution
_COARSE = 3.0  # times a picture is reduced, from which digits may be lost by it
_GONE = 25.0  # gray levels within which a picture is that was reduced so far that its lines are gone
_THIN = 1.8  # strokes narrower than this at 20×20 are widened; MNIST's pens are mostly 2 to 3 wide
_FILLED = 150.0  # mean of the ink in its box, 0…255, from which it may be a panel
_SIDE_FILLED = 120.0  # ... along a side of the crop, from which more than a digit lies there
_PANELS = 2  # that a digit may stand on, one in the other: a window in its frame
_LEAST_PANEL = 16  # pixels of the shorter side of a crop with one
_SAME_TONE = 20.0  # gray levels
_LEAST_ON_PANEL = 0.35  # of its height, that of a digit on it
_BAR = 0.3  # of a panel's width, that a bar such as a 1 may have
_SOLID = 0.9  # of its convex hull, that no digit but a bar fills


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
    factor = max(height, width) / WORK
    small = gray
    if factor > 1:
        size = (max(1, round(width / factor)), max(1, round(height / factor)))
        method = cv2.INTER_AREA if factor > 2 else cv2.INTER_LINEAR  # which is four times as quick
        small = np.asarray(cv2.resize(gray, size, interpolation=method), np.uint8)
    ink, steps = find_ink(small)
    if ink is None and factor > _COARSE and is_plain(small, _GONE):
        small = _extremes(gray, small)
        ink, steps = find_ink(small)
    box, removed = None, list[str]()
    if ink is not None:
        ink, box, removed = without_clutter(ink)
    scale = (width / small.shape[1], height / small.shape[0])
    if len(behind) < _PANELS and min(small.shape) >= _LEAST_PANEL and _is_doubtful(ink, box, removed):
        for panel in find_panels(small):
            found = _on_panel(gray, panel, scale, behind)
            if found is not None and (box is None or MARKS not in found.steps):  # which may be torn off the digit
                return found
    if ink is not None and box is None and factor > _COARSE:
        spot = main_speck(ink)
        if spot is not None:
            return _closer(gray, spot, scale, behind)
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


def _extremes(gray: Gray, small: Gray) -> Gray:
    """A picture reduced to what is darkest in it, or lightest, if that differs more; `small`: to the mean."""
    side = int(np.ceil(max(gray.shape) / max(small.shape)))
    every = np.ones((side, side), np.uint8)
    darkest, lightest, _, _ = cv2.minMaxLoc(gray)
    is_dark = 2 * cv2.mean(small)[0] > darkest + lightest
    extreme = cv2.erode(gray, every) if is_dark else cv2.dilate(gray, every)
    return np.asarray(cv2.resize(extreme, small.shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)


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
    if ink is None or box is None or removed not in ([], [SPECKS]):
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
