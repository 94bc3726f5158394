"""A gray page -> pieces of ink that may be digits.

Flows in: gray, (H, W) uint8, dark or light ink on paper of any tint and light. Flows out: Pieces: a box each and a
gray crop with nothing else in it, ready for `normalize`. Knows nothing of what is a digit or of reading order.
"""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.bars import digits_of_bars
from tsifra.ink import Gray, find_ink, stroke_width
from tsifra.reading import BBox
from tsifra.rings import without_rings
from tsifra.ruled import without_boxes, without_lines, without_rules

_LARGEST = 2200  # pixels of the longer side of a page as it is looked at
_CLEAN, _SMALL = 0.005, 12.0  # grain of what no camera saw, and pixels of height, under which a page is looked at
_ENLARGED, _MOST_ENLARGED = 2.0, 4400  # ... so many times as large, up to so many pixels of the longer side
_LEAST_HIGH = 5  # pixels; what is lower is dust
_LEAST = 8  # pixels that a digit is high
_DARKER = 0.11  # by which share ink is darker than the paper around it, at least
_NOISE = 4.5  # deviations of the paper's grain that ink stands out by
_HANGS = 0.8  # of what is ink, from which a pixel is that hangs on ink
_REACH = 5  # pixels that it reaches from there
_SMOOTH = 1.0  # deviation in pixels of the blur that grain gets which would hide ink
_AROUND, _AROUND_SMALL = 45, 81  # pixels, of 256, that the paper is looked for in; digits may fill a small picture
_BOLD, _AROUND_BOLD = 7.0, 151  # ... and from strokes of so many pixels on
_BAR, _PANEL = 0.3, 0.85  # of the longer side, that a panel's shorter one is; of both together, that it fills
_NEAR = 9  # pixels around a stroke in which what is much lighter is its blur or a ruled line
_STROKE = 0.35  # share of the darkest near it that a stroke has at least
_HAIRLESS = 8  # pixels of the usual piece's width, from which one a pixel wide is no 1
_MOST = 4000  # pieces; a page has fewer, a photograph of gravel more
_LONG = 9.0  # times its thickness is a line as long as no digit is
_SOLID, _COMPACT = 0.68, 0.6  # of its box, that ink fills which is no stroke, such as an icon; width by height of that
_GAP = 0.22  # share of the height by which the parts of one digit lie apart, one above the other
_TYPE, _ALIKE = 6, 0.9  # specks that are type, if they are as high as digits and the lowest as many times the highest
_CORE, _REST = 80, 0.04  # of 255 and more is ink; of the largest piece's longer side, that a speck's is less than
_SURELY = 0.5  # of that darkest has what is no blur between bars


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Ink that hangs together.

    bbox: in pixels of the page as it was looked at. crop: (h, w) uint8, the ink alone on its paper. origin: the row and
    column where it lies there.
    """

    bbox: BBox
    crop: Gray
    origin: tuple[int, int] = (0, 0)

    def with_room(self) -> Gray:
        """The crop with as much paper around it that nothing of it lies at an edge."""
        margin = len(self.crop) // 3
        paper = int(np.median(self.crop[[0, -1]]))
        return np.asarray(cv2.copyMakeBorder(self.crop, *(margin,) * 4, cv2.BORDER_CONSTANT, value=paper), np.uint8)


def find_pieces(gray: Gray) -> tuple[list[Piece], float]:
    """Pieces of ink of a digit's size and shape, the largest first, and how many times as large the page was looked at.

    Of gravel and the like no more than 4,000.
    """
    scale = _scale_of(gray)
    pieces, is_small = _pieces(_scaled(gray, scale))
    enlarged = min(_ENLARGED, _MOST_ENLARGED / max(gray.shape))
    if not is_small or enlarged <= scale:
        return pieces, scale
    return _pieces(_scaled(gray, enlarged))[0], enlarged  # digits that are so small run together


def in_page(bbox: BBox, scale: float, shape: tuple[int, ...]) -> BBox:
    """The box in a page of this shape (H, W) of one in the page as it was looked at."""
    left, top, right, bottom = bbox
    return (
        int(left / scale),
        int(top / scale),
        min(shape[1], math.ceil(right / scale)),
        min(shape[0], math.ceil(bottom / scale)),
    )


def _pieces(gray: Gray) -> tuple[list[Piece], bool]:
    """The pieces of a page, and whether it is clean and most of what may be one, or a part of one, is small type."""
    gray, share, limit, is_clean = _inked(gray)
    share = without_rules(without_rings(without_boxes(share, limit), limit), limit)
    darkest = cv2.dilate(share, np.ones((_NEAR, _NEAR), np.uint8))
    mask = cv2.bitwise_and(without_lines(_ink(share, limit)), _darker(share, darkest, _STROKE))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    surely = np.asarray(cv2.bitwise_and(mask, _darker(share, darkest, _SURELY)), np.uint8)
    digits = {bars[0]: bars for bars in digits_of_bars(surely, labels, stats)}
    boxes = stats.copy()
    for first, bars in digits.items():
        boxes[bars] = 0
        boxes[first] = _together(stats[bars])
    fits = _sized(boxes, gray.shape)
    joined = _joined(boxes, fits)
    groups = [[part for index in group for part in digits.get(index, [index])] for group in joined]
    groups.sort(key=lambda group: -int(stats[group, 4].sum()))
    heights = boxes[fits & (boxes[:, 3] >= _LEAST_HIGH), 3]
    is_small = is_clean and len(heights) > 0 and float(np.median(heights)) < _SMALL
    return [_cut(gray, labels, stats, group) for group in groups[:_MOST]], is_small


def in_one_piece(gray: Gray) -> bool:
    """Whether the ink of a page hangs together, but for specks, unless they are type, as on a clock's face.

    gray: (H, W) uint8.
    """
    ink, _ = find_ink(_scaled(gray, _scale_of(gray)))
    if ink is None:
        return False
    stats = cv2.connectedComponentsWithStats(_above(ink, _CORE), connectivity=8)[2][1:]
    sides = np.sort(stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(1))
    heights = np.sort(stats[:, cv2.CC_STAT_HEIGHT])[:-1][-_TYPE:]
    is_type = len(heights) == _TYPE and heights[0] >= max(_LEAST, _ALIKE * heights[-1])
    return len(sides) > 0 and not is_type and bool((sides[:-1] < max(_LEAST, _REST * sides[-1])).all())


def _scale_of(gray: Gray) -> float:
    return min(1.0, _LARGEST / float(max(gray.shape)))


def _scaled(gray: Gray, scale: float) -> Gray:
    if scale == 1:
        return gray
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8)


def _inked(gray: Gray) -> tuple[Gray, Gray, int, bool]:
    """The page with dark ink on light, how much darker than the paper around it each pixel is, what is ink, and whether
    the paper has no grain.

    The second and third as shares of the paper's light, of 255.
    """
    around = _paper(gray)
    dark, light = cv2.subtract(around, gray), cv2.subtract(gray, around)
    # Ink is the rarer and stronger of the two: sums of squares tell, and not how much there is of either.
    if float((light.astype(np.float32) ** 2).sum()) > 1.5 * float((dark.astype(np.float32) ** 2).sum()):
        gray = np.asarray(255 - gray, np.uint8)
        around = _paper(gray)
    grain = _grain(gray, around)
    limit = _NOISE * grain
    if limit > _DARKER:  # strokes are wider than the grain
        gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), _SMOOTH), np.uint8)
        limit = _NOISE * _grain(gray, around)
    share = cv2.divide(cv2.subtract(around, gray), np.maximum(around, 24), scale=255)
    return gray, np.asarray(share, np.uint8), min(254, round(255 * max(_DARKER, limit))), grain < _CLEAN


def _grain(gray: Gray, around: Gray) -> float:
    """Deviation of the paper's grain as a share of its light, by what ink has least to do with.

    That is what is lighter than around it where ink stands dense, and else the quartiles.
    """
    some = gray.ravel()[::7].astype(np.float32) - around.ravel()[::7]
    low, high = np.percentile(some, (25, 75))
    lighter = some[some > 0]
    deviations = [float(high - low) / 1.349, float(np.median(lighter)) / 0.6745 if len(lighter) else 0.0]
    return min(deviations) / max(24.0, float(np.median(around)))


def _above(share: Gray, limit: int) -> Gray:
    return np.asarray(cv2.threshold(share, limit, 1, cv2.THRESH_BINARY)[1], np.uint8)


def _ink(share: Gray, limit: int) -> Gray:
    """What is ink, and what is nearly as dark and hangs on it, such as the faint end of a stroke (Canny 1986)."""
    ink, perhaps = _above(share, limit), _above(share, round(_HANGS * limit))
    for _ in range(_REACH):
        ink = np.asarray(cv2.bitwise_and(cv2.dilate(ink, np.ones((3, 3), np.uint8)), perhaps), np.uint8)
    return ink


def _darker(share: Gray, darkest: NDArray[Any], least: float) -> Gray:
    """What is nearly as dark as the darkest near it: not the blur between strokes that nearly touch."""
    return np.asarray(share > cv2.convertScaleAbs(darkest, alpha=least)).view(np.uint8)


def _paper(gray: Gray) -> Gray:
    """How light the paper is at each place: the median of some pixels around it, most of which are no ink."""
    side = max(gray.shape)
    reduce = min(1.0, 256 / side)
    size = (max(1, round(gray.shape[1] * reduce)), max(1, round(gray.shape[0] * reduce)))
    thumb = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_NEAREST), np.uint8)  # averages mix paper and ink
    around = _AROUND_SMALL if reduce == 1 else _AROUND_BOLD if _is_bold(thumb) else _AROUND
    thumb = np.asarray(cv2.medianBlur(thumb, around), np.uint8)
    return np.asarray(cv2.resize(thumb, gray.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _is_bold(thumb: Gray) -> bool:
    """Whether what stands alone on a page, the rarer of light and dark, has strokes that would pass for its paper."""
    light = cv2.threshold(thumb, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    rarer = light if 2 * cv2.countNonZero(light) < light.size else 1 - light
    _, labels, stats, _ = cv2.connectedComponentsWithStats(rarer, connectivity=8)
    ends = stats[:, :2] + stats[:, 2:4]
    inside = np.concatenate((stats[:, :2] > 0, ends < thumb.shape[::-1]), axis=1)  # no shadow, and no table below
    alone = np.asarray(inside.all(1), np.uint8)
    alone[0] = 0
    strokes = np.asarray(alone[labels], np.uint8)
    for outline in cv2.findContours(strokes, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]:
        sides = sorted(cv2.minAreaRect(outline)[1])
        if sides[0] > _BAR * sides[1] and cv2.contourArea(outline) > _PANEL * sides[0] * sides[1]:
            cv2.drawContours(strokes, [outline], -1, 0, cv2.FILLED)
    return stroke_width(strokes > 0) > _BOLD


def _sized(stats: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which components may be a digit, or a part of one."""
    width, height, area = stats[:, 2], stats[:, 3], stats[:, 4]
    longer, shorter = np.maximum(width, height), np.minimum(width, height)
    fits = (longer >= _LEAST / 2) & (height <= 0.9 * shape[0]) & (width <= 0.9 * shape[1]) & (area >= 6)
    fits &= (longer < _LONG * shorter) | (longer < 40) | (height > width)  # a 1 may be long and thin
    edge = (stats[:, 0] == 0) | (stats[:, 1] == 0)
    edge |= (stats[:, 0] + width == shape[1]) | (stats[:, 1] + height == shape[0])
    fits &= ~(edge & (shorter < np.maximum(4, 0.15 * longer)))  # what the picture's edge left of something
    fits[0] = False
    others = width[fits & (width > 1)]
    if len(others) and np.median(others) >= _HAIRLESS:
        fits &= width > 1  # hairs, which a leaning rule leaves behind; a pen is wider there
    return np.asarray(fits)


def _together(stats: NDArray[Any]) -> NDArray[Any]:
    """Left, top, width, height and area of components together."""
    left, top = stats[:, :2].min(0)
    right, bottom = (stats[:, :2] + stats[:, 2:4]).max(0)
    return np.array([left, top, right - left, bottom - top, stats[:, 4].sum()])


def _joined(stats: NDArray[Any], fits: NDArray[np.bool_]) -> list[list[int]]:
    """Components that are parts of one digit, such as the bar of a 5 and the two strokes of a 4."""
    parts = [int(index) for index in np.flatnonzero(fits)]
    parts.sort(key=lambda index: -int(stats[index, 4]))
    del parts[_MOST:]
    groups: list[list[int]] = []
    mains = np.zeros((len(parts), 5), np.int64)
    for index in parts:  # from the largest on, so that a part finds what it belongs to
        part = stats[index]
        known = mains[: len(groups)]
        near = (known[:, 0] < part[0] + part[2]) & (part[0] < known[:, 0] + known[:, 2])
        near &= np.maximum(known[:, 1] - part[1] - part[3], part[1] - known[:, 1] - known[:, 3]) <= known[:, 3]
        owners = (at for at in np.flatnonzero(near).tolist() if _belongs(known[at].tolist(), part.tolist()))
        owner = next(owners, None)
        if owner is not None:
            groups[owner].append(index)
        elif part[3] >= _LEAST:
            mains[len(groups)] = part
            groups.append([index])
    return groups


def _belongs(main: list[int], part: list[int]) -> bool:
    """Whether a component is a part of a larger one's digit, by their boxes (x, y, width, height, area)."""
    x, y, width, height, area = main
    left, top, wide, high, _ = part
    if area > _SOLID * width * height and min(width, height) > _COMPACT * max(width, height):
        return False
    beside = min(x + width, left + wide) - max(x, left)  # columns that both have
    above = min(y + height, top + high) - max(y, top)  # rows that both have; less than 0 is a gap
    if beside <= 0 or above < -_GAP * height:
        return False
    if beside * max(0, above) > 0.4 * wide * high:  # strokes that cross, or nearly
        return True
    if above > 0.15 * high and beside > 0.7 * min(width, wide):  # torn in two: lines of a page do not reach so far
        return True
    if wide > 1.5 * high and above > -0.12 * height and top + high / 2 < y + 0.35 * height:  # a bar on top
        return wide < 1.2 * height
    # Something small and not too far from its middle, above or below.
    inside = left + wide <= x + 1.25 * width and left >= x - 0.25 * width
    return inside and beside > 0.5 * wide and wide > 0.25 * width and high < 0.6 * height


def _cut(gray: Gray, labels: NDArray[Any], stats: NDArray[Any], group: list[int]) -> Piece:
    """A group of components, alone on its paper."""
    left, top = int(stats[group, 0].min()), int(stats[group, 1].min())
    right = int((stats[group, 0] + stats[group, 2]).max())
    bottom = int((stats[group, 1] + stats[group, 3]).max())
    margin = max(2, (bottom - top) // (3 if len(group) > 1 else 8))  # parts near the edge would be a box's lines
    rows = slice(max(0, top - margin), min(gray.shape[0], bottom + margin))
    columns = slice(max(0, left - margin), min(gray.shape[1], right + margin))
    own = np.isin(labels[rows, columns], group).astype(np.uint8)
    near = cv2.dilate(own, np.ones((3, 3), np.uint8))
    crop = gray[rows, columns]
    outside = near == 0
    paper = int(np.median(crop[outside])) if outside.any() else 255
    alone = np.where(outside, np.uint8(paper), crop)
    return Piece((left, top, right, bottom), alone, (rows.start, columns.start))
