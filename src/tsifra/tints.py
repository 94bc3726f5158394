"""A page with numbers on parts of another tone, such as marked ones, cells and bars -> the same on one paper.

Flows in: pixels, (H, W) or (H, W, 3) uint8. Flows out: the same, with what stands on a tint as dark on the paper around
it as its ink is on white. Knows nothing of digits.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from tsifra.image import Pixels
from tsifra.ink import Gray

_SEEN = 800  # pixels of the longer side that tints are looked for in
_EVEN = 10  # gray levels, from one pixel to the next, that end a surface
_LEAST, _MOST = 12, 0.5  # pixels of a tint's shorter side at least; share of the page at most
_OWN, _PLAIN = 0.25, 0.99  # of a tint, that nothing stands on, at least and at most
_CONVEX = 0.9  # of its hull, that it fills with what stands on it
_APART = 10.0  # gray levels, that its tone differs from the paper's
_SHOWS = 30.0  # gray levels, that what stands on it differs from its tone
_EDGE, _AROUND = 3, 0.25  # pixels over which its edge is blurred; of its height, how far around it the paper is seen
_HIGH, _STOUT = 0.25, 0.4  # of the tint's height, that what stands on it is high; of its own height, that its pen is
_LIGHT = 110.0  # gray level of paper that dark ink is on
_HOLLOW = 0.8  # of its hull, that a digit is less than; a plain 1 is more


def without_tints(pixels: Pixels) -> Pixels:
    """A page whose tinted parts with something on them are as its paper; the very picture where there is none."""
    scale = min(1.0, _SEEN / max(pixels.shape))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small = pixels if scale == 1.0 else np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    found = list(_tints(small))
    if not found:
        return pixels
    even = pixels.copy()
    for left, top, within in found:
        _even_out(np.atleast_3d(even), left, top, within, scale)
    return even


def _tints(page: Pixels) -> Iterator[tuple[int, int, Gray]]:
    """Left, top and (h, w) of 0 and 1 of each tint on which something stands, the smallest first."""
    gray = np.asarray(cv2.medianBlur(page if page.ndim == 2 else cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), 3), np.uint8)
    steps = cv2.morphologyEx(gray, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8))
    surfaces = (steps <= _EVEN).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(surfaces, connectivity=4)
    sides, areas = np.minimum(stats[:, 2], stats[:, 3]), stats[:, cv2.CC_STAT_AREA]
    boxes = stats[:, 2] * stats[:, 3]
    likely = (sides >= _LEAST) & (boxes <= _MOST * surfaces.size) & (areas >= _OWN * boxes / 2)
    for label in sorted(np.flatnonzero(likely[1:]) + 1, key=lambda each: int(boxes[each])):
        left, top, wide, high, _ = stats[label].tolist()
        here = np.s_[top : top + high, left : left + wide]
        own = (labels[here] == label).view(np.uint8)
        within = _with_marks(own)
        if within is not None and _is_set_off(gray, left, top, own) and _is_written_on(page[here], own, within):
            yield left, top, within


def _with_marks(own: Gray) -> Gray | None:
    """The hull of a surface, (h, w) of 0 and 1; None where it does not fill that, with what it encloses, or alone."""
    outlines, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea)
    hull = np.asarray(cv2.fillConvexPoly(np.zeros_like(own), cv2.convexHull(outline), 1), np.uint8)
    filled = int(cv2.drawContours(np.zeros_like(own), [outline], -1, 1, cv2.FILLED).sum())
    is_whole = filled >= _CONVEX * int(hull.sum()) and _OWN * filled <= int(own.sum()) <= _PLAIN * filled
    return hull if is_whole else None


def _is_set_off(gray: Gray, left: int, top: int, own: Gray) -> bool:
    """Whether a tint, (h, w) of 0 and 1 at a place of the page, is of another tone than the paper around it."""
    (high, wide), far = own.shape, _reach(own)
    y, x = min(top, far), min(left, far)  # of the tint in what is around it
    around = gray[top - y : top + high + far, left - x : left + wide + far]
    is_paper = np.ones(around.shape, bool)
    is_paper[max(0, y - _EDGE) : y + high + _EDGE, max(0, x - _EDGE) : x + wide + _EDGE] = False
    tone = np.median(around[y : y + high, x : x + wide][own > 0])
    return bool(is_paper.any()) and bool(abs(tone - np.median(around[is_paper])) >= _APART)


def _is_written_on(part: Pixels, own: Gray, within: Gray) -> bool:
    """Whether what stands on a tint may be digits: high enough, of a pen that is not too broad, and some not convex.

    What a bold digit encloses is convex.
    """
    page = np.atleast_3d(part)
    off = np.abs(page - np.median(page[own > 0], axis=0)).max(2)
    depth = float(np.quantile(off[within > 0], 0.99))
    marks = ((off >= max(_SHOWS, depth / 2)) & (within > 0)).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(marks, connectivity=8)
    stats[np.unique(labels[within > cv2.erode(within, np.ones((3, 3), np.uint8), borderValue=0)]), 3] = 0  # notches
    is_written = False
    for label in np.flatnonzero(stats[1:, 3] >= _HIGH * len(own)) + 1:
        x, y, wide, high, area = stats[label].tolist()
        mark = np.pad((labels[y : y + high, x : x + wide] == label).view(np.uint8), 1)
        if 2 * cv2.distanceTransform(mark, cv2.DIST_L2, 3).max() > _STOUT * high:
            return False
        hull = cv2.convexHull(cv2.findNonZero(mark))
        is_written |= area < _HOLLOW * int(cv2.fillConvexPoly(np.zeros_like(mark), hull, 1).sum())
    return is_written


def _reach(within: Gray) -> int:
    """How far around a tint its paper is seen, in pixels."""
    return max(2 * _EDGE, round(_AROUND * len(within)))


def _even_out(page: Pixels, left: int, top: int, within: Gray, scale: float) -> None:
    """Bring what stands on a tint of a reduced page to the paper around it. page: (H, W, C)."""
    far = _reach(within)
    x0, y0 = round((left - far) / scale), round((top - far) / scale)
    wide, high = (round((side + 2 * far) / scale) for side in within.shape[::-1])
    mask = cv2.resize(np.pad(within, far), (wide, high), interpolation=cv2.INTER_NEAREST)
    mask = mask[max(0, -y0) : page.shape[0] - y0, max(0, -x0) : page.shape[1] - x0]
    part = page[max(0, y0) : y0 + high, max(0, x0) : x0 + wide]
    mask, wider = cv2.erode(mask, np.ones((3, 3))), cv2.dilate(mask, np.ones((2 * round(_EDGE / scale) + 1,) * 2))
    if wider.all() or not mask.any():
        return
    tone, paper = np.median(part[mask > 0], axis=0), np.median(part[wider == 0], axis=0)
    off = part - tone
    ends = np.quantile(off[mask > 0], (0.01, 0.99), axis=0)
    end, channel = np.unravel_index(np.abs(ends).argmax(), ends.shape)
    if np.abs(tone - paper).max() < _APART or abs(ends[end, channel]) < _SHOWS:
        return
    ink = (off[..., channel] / ends[end, channel]).clip(0, 1)[..., None]
    between = np.abs(part - (tone + paper) / 2) <= np.abs(tone - paper) / 2 + 2 * _APART
    edge = (wider > mask) & between.all(2)
    black = 0.0 if paper.mean() > _LIGHT else 255.0
    part[mask > 0] = (paper + (black - paper) * ink)[mask > 0]
    part[edge] = paper
