"""A page with numbers on parts of another tone, such as marked ones, cells and buttons -> the same on one paper.

Flows in: pixels, (H, W) or (H, W, 3) uint8. Flows out: the same, with what stands on a tint as ink on the paper around
it, and without solid blocks, such as icons and the bars of charts. Knows nothing of digits.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.image import Pixels
from tsifra.ink import Gray

_SMALLEST = 64  # pixels of the longer side of a page with a tint
_SEEN = 800  # pixels of the longer side that tints are looked for in
_CLEAN = 1  # gray levels, from one pixel to the next, of a page that is drawn and no photograph
_EVEN, _EVEN_DRAWN = 10, 6  # ... that end a surface
_SAMPLE = 400  # pixels that tell a tone
_LEAST = 12  # pixels of a tint's shorter side
_MOST = 0.5  # share of the page that it is at most
_OWN = 0.25  # of a tint, that nothing stands on
_CONVEX = 0.9  # of its hull, that it fills with what stands on it
_APART = 10.0  # gray levels, that its tone differs from the paper's
_SHOWS = 30.0  # gray levels, that what stands on it differs from its tone
_EDGE, _AROUND = 3, 0.25  # pixels over which its edge is blurred; of its shorter side, how far around it paper is seen
_FULL = 0.9  # of its box, that a rectangle fills
_SQUARE, _ROUND, _ALIKE = 0.6, 0.85, 2  # width by height of blocks and disks; pixels by which bars of a chart differ
_LOW, _HIGH = 6, 0.12  # pixels that what stands on a tint is long; of its shorter side, in a photograph
_STOUT = 0.4  # of its own length, that its pen is
_FEW = 8  # pixels that are darker or lighter than ink
_UNEVEN = 16.0  # gray levels that half of what is around it lies within, if that is paper
_LIGHT = 90.0  # gray level of a page's usual paper, from which ink is dark
_LIGHT_TOO, _DARK_TOO = 50.0, 150.0  # ... and of paper elsewhere on it, on light and on dark pages
_HOLLOW = 0.8  # of its hull, that a digit is less than; a plain 1 is more


def without_tints(pixels: Pixels) -> Pixels:
    """A page whose tints and blocks are as its paper but for what stands on them; the very picture if it has none."""
    if max(pixels.shape) < _SMALLEST:
        return pixels
    scale = min(1.0, _SEEN / max(pixels.shape))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small = pixels if scale == 1.0 else np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    found = list(_tints(small))
    if not found:
        return pixels
    even = pixels.copy()
    light = _LIGHT_TOO if np.median(small) > _LIGHT else _DARK_TOO
    for left, top, within in found:
        _even_out(np.atleast_3d(even), left, top, within, scale, light)
    return even


def _tints(page: Pixels) -> Iterator[tuple[int, int, Gray]]:
    """Left, top and (h, w) of 0 and 1 of each tint on which something stands, the smallest first, then of blocks."""
    planes = [np.asarray(cv2.medianBlur(plane, 3), np.uint8) for plane in _planes(page)]
    steps = np.max([cv2.morphologyEx(plane, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8)) for plane in planes], axis=0)
    is_drawn = bool(np.median(steps) <= _CLEAN)
    surfaces = (steps <= (_EVEN_DRAWN if is_drawn else _EVEN)).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(surfaces, connectivity=4)
    sides, areas = np.minimum(stats[:, 2], stats[:, 3]), stats[:, cv2.CC_STAT_AREA]
    boxes = stats[:, 2] * stats[:, 3]
    likely = (sides >= _LEAST) & (boxes <= _MOST * steps.size)
    likely &= areas >= _OWN * boxes / 2
    bare: list[tuple[int, int, Gray]] = []
    usual = [float(np.median(plane)) for plane in planes]
    for label in sorted(np.flatnonzero(likely[1:]) + 1, key=lambda each: int(boxes[each])):
        left, top, wide, high, area = stats[label].tolist()
        here = np.s_[top : top + high, left : left + wide]
        own = (labels[here] == label).view(np.uint8)
        hull, filled = _hull(own)
        if filled < _CONVEX * int(hull.sum()) or area < _OWN * filled:
            continue
        tones = [_tones(plane, left, top, own) for plane in planes]
        plainest = max(range(len(planes)), key=lambda index: abs(tones[index][0] - tones[index][1]))
        tone, paper, _ = tones[plainest]
        if abs(tone - paper) < _APART or any(spread > _UNEVEN for *_, spread in tones):
            continue
        marks = _marks(page[here], own, hull)
        if _are_digits(marks, _LOW if is_drawn else max(_LOW, _HIGH * min(marks.shape))):
            yield left, top, hull
        elif not marks.any() and abs(paper - usual[plainest]) < abs(tone - usual[plainest]):
            bare.append((left, top, own))  # what is as the page's paper may be enclosed by a digit
    if is_drawn:  # of a photograph they may be boards or bricks
        yield from _blocks(bare)


def _planes(page: Pixels) -> list[Gray]:
    """The light of a page and, of one in color, how much more red than blue it is: some tints are as light as paper."""
    if page.ndim == 2:
        return [page]
    red, _, blue = cv2.split(page)
    warmth = cv2.addWeighted(red, 0.5, blue, -0.5, 128)
    return [np.asarray(plane, np.uint8) for plane in (cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), warmth)]


def _hull(own: Gray) -> tuple[Gray, int]:
    """The hull of a surface, (h, w) of 0 and 1, and how much of it the surface fills with what it encloses."""
    outlines, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea)
    hull = np.asarray(cv2.fillConvexPoly(np.zeros_like(own), cv2.convexHull(outline), 1), np.uint8)
    return hull, int(cv2.drawContours(np.zeros_like(own), [outline], -1, 1, cv2.FILLED).sum())


def _blocks(bare: list[tuple[int, int, Gray]]) -> Iterator[tuple[int, int, Gray]]:
    """Of tints on which nothing stands those that are no stroke: squares, disks, and the bars of a chart.

    These are like each other but for their lengths, and begin at one line; the 1s of a number end at one as well.
    """
    sides = np.array([(*own.shape[::-1], left, top + len(own)) for left, top, own in bare]).reshape(-1, 4)
    for (wide, high, left, bottom), tint in zip(sides.tolist(), bare, strict=True):
        full = float(tint[2].mean())
        is_block = min(wide, high) > (_SQUARE if full > _FULL else _ROUND) * max(wide, high)
        upright = sides[np.abs(sides[:, (0, 3)] - (wide, bottom)).max(1) <= _ALIKE, 1]
        level = sides[np.abs(sides[:, (1, 2)] - (high, left)).max(1) <= _ALIKE, 0]
        is_bar = any(len(lengths) > 2 and np.ptp(lengths) > _EDGE for lengths in (upright, level))
        if is_block or (is_bar and full > _FULL):
            yield tint


def _tones(plane: Gray, left: int, top: int, own: Gray) -> tuple[float, float, float]:
    """The tone of a surface, (h, w) of 0 and 1 at a place of a plane, that of what is around it, and how even that is:
    gray levels between the ends of the densest half of it."""
    (high, wide), far = own.shape, _reach(own)
    y, x = min(top, far), min(left, far)  # of the surface in what is around it
    around = plane[top - y : top + high + far, left - x : left + wide + far]
    is_paper = np.ones(around.shape, bool)
    is_paper[max(0, y - _EDGE) : y + high + _EDGE, max(0, x - _EDGE) : x + wide + _EDGE] = False
    tone = float(np.median(_some(around[y : y + high, x : x + wide][own > 0])))
    low, paper, above = _densest_half(_some(around[is_paper])) if is_paper.any() else (tone, tone, tone)
    return tone, paper, above - low


def _some(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return values[:: max(1, len(values) // _SAMPLE)]


def _densest_half(values: NDArray[np.uint8]) -> tuple[float, float, float]:
    """Least, median and greatest of the half of some values that lies closest together (Rousseeuw 1984)."""
    ordered = np.sort(values).astype(float)
    half = len(ordered) // 2
    at = int((ordered[half:] - ordered[: len(ordered) - half]).argmin())
    return float(ordered[at]), float(ordered[at + half // 2]), float(ordered[at + half])


def _marks(part: Pixels, own: Gray, hull: Gray) -> Gray:
    """What stands on a tint, (h, w) of 0 and 1, away from its edge."""
    page = np.atleast_3d(part)
    off = np.abs(page - np.median(page[own > 0], axis=0)).max(2)
    depth = float(np.quantile(off[hull > 0], 0.99))
    inner = cv2.erode(hull, np.ones((3, 3)), borderValue=0)
    marks = ((off >= max(_SHOWS, depth / 2)) & (hull > 0)).astype(np.uint8)
    _, labels = cv2.connectedComponents(marks, connectivity=8)
    marks[np.isin(labels, labels[hull > inner])] = 0  # notches
    return np.asarray(marks, np.uint8)


def _are_digits(marks: Gray, least: float) -> bool:
    """Whether what stands on a tint may be digits: long enough, of a pen that is not too broad, and some not convex.

    What a bold digit encloses is convex. The page may lie on a side. least: pixels that digits are long.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(marks, connectivity=8)
    is_any_hollow = False
    longer = stats[1:, 2:4].max(1)
    for label in np.flatnonzero(longer >= least) + 1:
        x, y, wide, high, area = stats[label].tolist()
        mark = np.pad((labels[y : y + high, x : x + wide] == label).view(np.uint8), 1)
        if 2 * cv2.distanceTransform(mark, cv2.DIST_L2, 3).max() > _STOUT * max(wide, high):
            continue
        hull = cv2.convexHull(cv2.findNonZero(mark))
        is_any_hollow |= area < _HOLLOW * int(cv2.fillConvexPoly(np.zeros_like(mark), hull, 1).sum())
    return is_any_hollow


def _reach(within: Gray) -> int:
    """How far around a tint its paper is seen, in pixels."""
    return max(2 * _EDGE, int(_AROUND * min(within.shape) + 0.5))


def _even_out(page: Pixels, left: int, top: int, within: Gray, scale: float, light: float) -> None:
    """Bring what stands on a tint of a reduced page to the paper around it. page: (H, W, C).

    light: gray level of that, from which ink on it is dark.
    """
    far = _reach(within)
    x0, y0 = round((left - far) / scale), round((top - far) / scale)
    width, height = (round((side + 2 * far) / scale) for side in within.shape[::-1])
    mask = cv2.resize(np.pad(within, far), (width, height), interpolation=cv2.INTER_NEAREST)
    mask = mask[max(0, -y0) : page.shape[0] - y0, max(0, -x0) : page.shape[1] - x0]
    part = page[max(0, y0) : y0 + height, max(0, x0) : x0 + width]
    mask, wider = cv2.erode(mask, np.ones((3, 3))), cv2.dilate(mask, np.ones((2 * round(_EDGE / scale) + 1,) * 2))
    if wider.all() or not mask.any():
        return
    paper = np.array([_densest_half(channel)[1] for channel in _some(part[wider == 0]).T])
    counts = [cv2.calcHist([part], [channel], mask, [256], [0, 256]).ravel().cumsum() for channel in range(len(paper))]
    total = int(mask.sum())
    few = min(_FEW, total // 2)
    low, tone, high = (
        np.array([np.searchsorted(count, at) for count in counts]) for at in (few, total / 2, total - few)
    )
    if np.abs(tone - paper).max() < _APART:
        return
    ends = np.stack((low - tone, high - tone))
    end, channel = np.unravel_index(np.abs(ends).argmax(), ends.shape)
    shows = ends[end, channel] if abs(ends[end, channel]) >= _SHOWS else np.inf
    ink = ((np.arange(256) - tone[channel]) / shows).clip(0, 1)[:, None]  # of each level of that channel
    levels = (paper + ((0 if paper.mean() > light else 255) - paper) * ink).astype(np.uint8)
    np.copyto(part, levels[part[..., channel]], where=mask[..., None] > 0)
    edge = part[wider > mask]
    between = np.abs(edge - (tone + paper) / 2) <= np.abs(tone - paper) / 2 + 2 * _APART
    edge[between.all(1) | np.isinf(shows)] = paper
    part[wider > mask] = edge
