"""A photograph of a sheet on a table -> the sheet alone.

Flows in: gray, (H, W) uint8. Flows out: the same, with the sheet's paper carried on over the table, where there
plainly is a table and nothing dark on it that may be meant. Knows nothing of digits.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.image import thumbnail
from tsifra.ink import Gray

_LEAST = 200  # pixels of the shorter side of a photograph that is looked at
_SMOOTH = 5  # pixels of the thumbnail, of which strokes are no more than half
_STEP = 0.08  # of the picture's range, from one pixel to the next, that ends a surface
_LEAST_STEP = 8.0  # gray levels
_DARKEST = 60.0  # gray level of a sheet that ink shows on
_APART = 20.0  # gray levels, that a sheet is lighter or darker than its table
_LOOKS = ((0, 160, 0.12), (960, 480, 0.015))
"""Pixels of the longer side of a photograph from which, and of the thumbnail in which, it is looked at; share of that
which a sheet is at least."""
_LARGEST = 0.97  # ... and at most
_FAR = 0.1  # of the picture, under which a sheet is far away:
_SHOWN, _MOST, _GRAIN = 0.36, 0.99, 0.18  # contrast of what shows beside it at most, and of so much of that
_FILLED = 0.93  # of a polygon, that a sheet fills, and it of the sheet
_CORNERS = 6  # of that polygon, if the picture's edges cut a sheet's corners off
_HIDDEN = 3  # sides at most that lie beyond the picture's edges
_MARGIN = 3  # pixels along a sheet's edge without ink
_FINE = 480  # pixels of the thumbnail that what stands beside a strip is looked for in
_LONG = 121  # ... of which what runs along the strip's edge is longer, and what is written no more than half
_BROAD = 9  # pixels, of which what is written is no more than half
_SHADED = 0.4  # of the sheet's tone, that paper in shadow has; what is darker is no paper
_MARKS = 10  # pixels at least that are written
_BLUR = 2  # pixels that an outline lies within the edge of its sheet
_OBJECTS = 0.75  # of the ink's contrast, under which what shows on the table is its grain


def without_table(gray: Gray) -> Gray:
    """What a photograph shows of a sheet, and beside it more of its paper; any other picture as it is.

    Beside a sheet of which a single side is seen, such as a page beside a book's gutter, nothing shows but what runs
    along that.
    """
    if min(gray.shape) < _LEAST:
        return gray
    for least, side, smallest in _LOOKS:
        if max(gray.shape) >= least:
            small = thumbnail(gray, side)
            smooth = np.asarray(cv2.medianBlur(small, _SMOOTH), np.uint8)
            outline = _find(small, smooth, smallest)
            if outline is not None:
                if _hidden(outline, small.shape) == _HIDDEN and _across(gray, small, outline) > _GRAIN:
                    return gray
                return _carried_on(gray, small, smooth, outline)
    return gray


def _carried_on(gray: Gray, small: Gray, smooth: Gray, outline: NDArray[np.int32]) -> Gray:
    """The picture of a sheet with this outline in the thumbnail, with more of its paper beside it."""
    scale = max(small.shape) / max(gray.shape)
    inside = _filled(outline, small.shape)
    core = np.asarray(cv2.erode(inside, _disk(_MARGIN // 2), borderValue=1), np.uint8)
    paper = cv2.GaussianBlur(_spread(smooth, core), (0, 0), _MARGIN)
    hull = cv2.convexHull(cv2.findNonZero(core))
    mask = _filled(((hull + 0.5) / scale - 0.5).round().astype(np.int32), gray.shape)
    return np.where(mask, gray, cv2.resize(paper, gray.shape[::-1], interpolation=cv2.INTER_LINEAR))


def _find(small: Gray, smooth: Gray, smallest: float) -> NDArray[np.int32] | None:
    """The sheet's outline, (N, 1, 2), x and y; None where there is none."""
    low, high = np.quantile(smooth, (0.02, 0.98))
    steps = cv2.morphologyEx(smooth, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    even = (steps <= max(_LEAST_STEP, _STEP * float(high - low))).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(even, connectivity=4)
    areas = stats[:, cv2.CC_STAT_AREA]
    for label in np.argsort(-areas[1:]) + 1:
        if areas[label] < smallest * small.size / 2:
            break
        outline = _outline((labels == label).astype(np.uint8), smallest)
        if outline is not None and _is_sheet(small, smooth, outline, smallest < _FAR):
            return outline
    return None


def _filled(outline: NDArray[np.int32], shape: tuple[int, ...]) -> Gray:
    """(H, W), 1 within."""
    return np.asarray(cv2.fillConvexPoly(np.zeros(shape, np.uint8), outline, 1), np.uint8)


def _outline(surface: Gray, smallest: float) -> NDArray[np.int32] | None:
    """The convex hull of a surface; None where it is no polygon that it fills, or lies along too many of the edges."""
    outlines, _ = cv2.findContours(surface, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = max(outlines, key=cv2.contourArea)
    area = cv2.contourArea(largest)
    if not smallest * surface.size <= area <= _LARGEST * surface.size:
        return None
    hull = cv2.convexHull(largest)
    if area < _FILLED * cv2.contourArea(hull):
        return None
    for tolerance in (0.01, 0.02, 0.03):
        polygon = cv2.approxPolyDP(hull, tolerance * cv2.arcLength(hull, True), True)
        if len(polygon) <= _CORNERS:
            break
    filled = area / max(1.0, cv2.contourArea(polygon))
    if not 4 <= len(polygon) <= _CORNERS or not _FILLED <= filled <= 1 / _FILLED:
        return None
    outline = np.asarray(hull, np.int32)
    return outline if _hidden(outline, surface.shape) <= _HIDDEN else None


def _hidden(outline: NDArray[np.int32], shape: tuple[int, ...]) -> int:
    """How many of a sheet's sides lie along the picture's edges."""
    return int(_along(outline, shape).any(0).sum())


def _along(outline: NDArray[np.int32], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """(N, 4): which parts of an outline, from point to point, lie along the picture's left, top, right and bottom."""
    ends = np.stack((outline[:, 0], np.roll(outline[:, 0], -1, axis=0)))
    return np.concatenate(((ends <= 2).all(0), (ends >= np.array(shape[::-1]) - 3).all(0)), axis=1)


def _is_sheet(small: Gray, smooth: Gray, outline: NDArray[np.int32], is_far: bool) -> bool:
    """Whether its tone is another than what is beside it, and it has ink, which is not on that nor across its edge.

    One that is far away is lighter, and hardly anything shows beside it: it is no box on a page.
    """
    inside = _filled(outline, small.shape)
    tone, near = _tones(smooth, inside, outline)
    if tone < _DARKEST or abs(tone - near) < _APART or (is_far and tone < near):
        return False  # or what a bold digit encloses, which is paper as that around it
    deep, deeper = (cv2.erode(inside, _disk(reach), borderValue=1) for reach in (_MARGIN, 2 * _MARGIN))
    wide = np.asarray(cv2.dilate(inside, _disk(_MARGIN + _BLUR)), np.uint8)
    far = smooth[wide == 0]
    if abs(tone - float(np.median(far if far.size else smooth))) < _APART:
        return False
    on_it, beside = (_contrast(small, np.asarray(part, np.uint8), tone) for part in (deep, 1 - wide))
    parts = (on_it[deeper > 0], on_it[(deep - deeper) > 0], beside[wide == 0])
    written, edge, objects = (float(np.sort(part)[-_MARKS:].min(initial=1.0)) for part in parts)
    if is_far and not _is_bare(np.abs(parts[2])):
        return False
    return max(edge, objects) < _OBJECTS * written


def _is_bare(shown: NDArray[np.floating]) -> bool:
    """Whether hardly anything shows beside a sheet. shown: contrast there."""
    return bool(np.sort(shown)[-_MARKS:].min(initial=1.0) <= _SHOWN and np.quantile(shown, _MOST) <= _GRAIN)


def _across(gray: Gray, small: Gray, outline: NDArray[np.int32]) -> float:
    """How much shows beside a sheet that does not run along the only side that is seen, as a share of its tone.

    small: the thumbnail that has the outline; what stands beside may be too small for it.
    """
    fine = np.asarray(cv2.medianBlur(thumbnail(gray, _FINE), 3), np.uint8)
    scale = max(fine.shape) / max(small.shape)
    inside = _filled((outline * scale).round().astype(np.int32), fine.shape)
    tone = cv2.mean(fine, inside)[0]
    beside = 1 - np.asarray(cv2.dilate(inside, _disk(round(scale * (_MARGIN + _BLUR)))), np.uint8)
    parts = np.roll(outline[:, 0], -1, axis=0) - outline[:, 0]
    x, y = parts[~_along(outline, small.shape).any(1)].sum(0)  # from end to end of that side
    if not (x or y):
        return 1.0  # there is no such side
    if abs(x) > abs(y):
        x, y, fine, beside = y, x, np.ascontiguousarray(fine.T), np.ascontiguousarray(beside.T)
    upright = np.array([[1, -x / y, len(fine) / 2 * x / y], [0, 1, 0]])
    fine, beside = (
        np.asarray(cv2.warpAffine(each, upright, each.shape[::-1], borderMode=cv2.BORDER_REPLICATE), np.uint8)
        for each in (fine, beside)
    )
    hats = [
        cv2.morphologyEx(fine, hat, np.ones((_LONG, 1), np.uint8)) for hat in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT)
    ]
    shares = np.maximum(*hats) / np.maximum(cv2.medianBlur(fine, _BROAD), _SHADED * tone)
    return float(np.sort(shares[beside > 0])[-_MARKS:].min(initial=1.0))


def _tones(smooth: Gray, inside: Gray, outline: NDArray[np.int32]) -> tuple[float, float]:
    """The tones within an outline and beside it."""
    reach = 2 * _MARGIN + _BLUR
    x, y, width, height = cv2.boundingRect(outline)
    here = np.s_[max(0, y - reach) : y + height + reach, max(0, x - reach) : x + width + reach]
    part, tones = inside[here], smooth[here]
    wide, wider = (cv2.dilate(part, _disk(more)) for more in (_MARGIN + _BLUR, reach))
    deeper = cv2.erode(part, _disk(2 * _MARGIN), borderValue=1)
    return cv2.mean(tones, deeper)[0], cv2.mean(tones, wider - wide)[0]


def _contrast(small: Gray, part: Gray, tone: float) -> NDArray[np.floating]:
    """How much darker each pixel of a part is than what is around it there, as a share of that; below 0 if lighter."""
    alone = np.where(part, small, _spread(small, part))
    around = cv2.medianBlur(alone, _BROAD)
    return (around.astype(np.float32) - alone) / np.maximum(around, _SHADED * tone)


def _spread(gray: Gray, part: Gray) -> Gray:
    """A part's tones, carried on beyond it: the nearest one."""
    _, labels = cv2.distanceTransformWithLabels(1 - part, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    tones = np.zeros(int(labels.max()) + 1, np.uint8)
    tones[labels[part > 0]] = gray[part > 0]
    return np.asarray(tones[labels], np.uint8)


def _disk(reach: int) -> Gray:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)), np.uint8)
