"""Digits of a page -> the same without signs that look like some.

Flows in: lines of Cells, and what the network saw of each. Flows out: those that are no sign: brackets, strokes and a
form's lines, which look like 1s, dollars, which look like 5s, degrees, which look like 0s. Knows nothing of pages.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.arrange import even
from tsifra.ink import Gray
from tsifra.reading import BBox
from tsifra.table import Cell

_TALLER, _LOWER = 1.07, 0.08  # than digits of type, of their height: from which a 1 is a sign
_WALL, _FEWEST = 1.2, 3  # times the usual height of digits, from which three 1s of one height may be walls
_HAIR, _UNEVEN = 0.08, 0.08  # of its height, that a form's line is wide; by which their ends differ
_RAISED = 0.65  # of the height of what it stands behind, that a degree is less than
_BEYOND, _FAR_BEYOND = 0.04, 0.1  # of its height, that a bracket, or a stroke, reaches above and below digits beside it
_BOW, _LEAN = 0.035, 0.15  # of its height, that a bracket is bent by; that the ends of a stroke are apart
_DEEP_BOW, _HIGHER = 0.08, 1.1  # ... of type; times as high as what is beside it
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(19|20)\d\d")
_OFF, _MOSTLY = 0.02, 0.75  # of their height, by which digits of type are off their row; share of those that are not
_STEEPER = 0.12  # by which strokes lean more than what is no stroke
_DOLLARS = (0.045, 0.065), (-0.02, 0.12)  # of digits' height, that a dollar sign is higher, and lower, at least
_LOWEST, _HIGHEST = 0.22, 1.4  # ... and lower at most; times as high at most
_LIKE_DOLLAR = 3, 5, 6, 8
_NEAR = 1.0  # of its height, that what is beside it is away

_Flags = NDArray[np.bool_]


class _Form(NamedTuple):
    """How a stroke stands, as shares of its height: by how much its middle lies to the right of both its ends, or to
    the left of them, if that is negative; by how much its upper end lies to the right of the lower."""

    bow: float
    lean: float


_UPRIGHT = _Form(0.0, 0.0)


def without_signs(line: list[list[Cell]], pictures: Mapping[BBox, Gray]) -> list[list[Cell]]:
    """A line of numbers without what looks like digits and is a sign. A number is parted where one stood.

    pictures: what the network was shown of a cell, (28, 28), by its box; of parts of what was cut there is none.
    """
    cells = [cell for number in line for cell in number]
    boxes = np.array([cell.bbox for cell in cells])
    digits = np.array([cell.likeliest for cell in cells])
    forms = [
        _form(pictures[cell.bbox]) if digit == 1 and cell.bbox in pictures else _UPRIGHT
        for cell, digit in zip(cells, digits.tolist(), strict=True)
    ]
    others = [pictures[cell.bbox] for cell in cells if cell.likeliest != 1 and cell.bbox in pictures]
    ones = digits == 1
    steep = _steep(forms, max(0.0, float(np.median([slant_of(picture) for picture in others]))) if others else 0.0)
    signs = ones & (
        _of_type(boxes, ones)
        | _between(boxes, steep)
        | _walls(boxes, ones)
        | _strokes(boxes, forms)
        | _sides(boxes, ones)
    )
    signs |= np.isin(digits, _LIKE_DOLLAR) & _dollars(boxes, line)
    signs |= _of_dates(line, steep) | ((digits == 0) & _raised(boxes))
    if not signs.any():
        return line
    rest = iter(signs.tolist())
    parted = [[list(part) for sign, part in groupby(number, lambda _: next(rest)) if not sign] for number in line]
    return [part for parts in parted for part in parts]


def _steep(forms: Sequence[_Form], slant: float) -> _Flags:
    """What leans to the right, by more than any other 1 and than the rest of its line."""
    leans = np.array([form.lean for form in forms])
    steep = leans > _LEAN
    return np.asarray(steep & (leans > max(slant, leans[~steep].max(initial=0.0)) + _STEEPER))


def _of_type(boxes: NDArray[Any], ones: _Flags) -> _Flags:
    """What reaches lower than digits as even as type, as brackets and strokes do; a 1 of larger type is beside other
    digits of that."""
    same = even(range(len(boxes)), boxes.tolist())
    if same is None:
        return np.zeros(len(boxes), bool)
    left, top, right, bottom = boxes.T
    heights, middles = bottom - top, (left + right) / 2
    usual = np.median(heights)
    lower = bottom - np.interp(middles, middles[same], bottom[same])
    low = (heights > _TALLER * usual) & (lower > max(1.0, _LOWER * usual))
    larger = np.zeros(len(boxes), bool)
    near = left[1:] - right[:-1] <= _NEAR * usual
    larger[1:] |= near & (low & ~ones)[:-1]
    larger[:-1] |= near & (low & ~ones)[1:]
    return np.asarray(low & ~larger)


def _dollars(boxes: NDArray[Any], line: list[list[Cell]]) -> _Flags:
    """What comes first in a number, and reaches both higher and lower than digits as even as type."""
    same = even(range(len(boxes)), boxes.tolist())
    found = np.zeros(len(boxes), bool)
    if same is None:
        return found
    left, top, right, bottom = boxes.T
    middles, usual = (left + right) / 2, np.median(bottom - top)
    higher = np.polyval(np.polyfit(middles[same], top[same], 1), middles) - top  # lines may lean
    lower = bottom - np.polyval(np.polyfit(middles[same], bottom[same], 1), middles)
    found[np.cumsum([0, *map(len, line[:-1])])] = True
    near = left[1:] - right[:-1] <= _NEAR * usual
    found[:-1] &= near & (bottom - top <= _TALLER * usual)[1:]  # else all of its number is larger
    found[-1] = False
    reaches = [(higher >= above * usual) & (lower >= max(1.5, below * usual)) for above, below in _DOLLARS]
    found &= np.logical_or(*reaches) & (lower <= _LOWEST * usual) & (bottom - top <= _HIGHEST * usual)
    off = np.maximum(np.abs(higher), np.abs(lower))[~found]
    return np.asarray(found & ((off <= max(1.0, _OFF * usual)).mean() >= _MOSTLY))


def _between(boxes: NDArray[Any], steep: _Flags) -> _Flags:
    """Steep strokes between two digits of type, all of which stand in one row and are of one height."""
    found = np.zeros(len(boxes), bool)
    left, top, right, bottom = boxes.T
    rest = np.stack((top, bottom))[:, ~steep]
    if rest.shape[1] < 2:
        return found
    usual = np.median(rest[1] - rest[0])
    off = np.abs(rest - np.median(rest, axis=1, keepdims=True)).max(0)
    if (off <= np.maximum(1.0, _OFF * usual)).mean() < _MOSTLY:
        return found
    highest, lowest = np.median(rest, axis=1)
    as_high = (top <= highest + 1) & (bottom >= lowest - 1) & (bottom - top >= usual)  # as no careful hand's 1 is
    near = left[1:] - right[:-1] <= _NEAR * usual
    found[1:-1] = (steep & as_high)[1:-1] & near[1:] & near[:-1]
    return found


def _walls(boxes: NDArray[Any], ones: _Flags) -> _Flags:
    """The walls between a counter's windows, which reach both higher and lower than its digits."""
    none = np.zeros(len(boxes), bool)
    if np.count_nonzero(~ones) < _FEWEST:
        return none
    _, top, _, bottom = boxes.T
    heights = bottom - top
    walls = ones & (heights > _WALL * np.median(heights[~ones]))
    walls &= (bottom >= bottom[~ones].max()) & (top <= top[~ones].min())
    unparted = np.count_nonzero(~walls[:-1] & ~walls[1:])  # one is between every two windows; it may be faint
    if np.count_nonzero(walls) < _FEWEST or unparted > 1:
        return none
    uneven = max(np.ptp(top[walls]), np.ptp(bottom[walls]))
    return np.asarray(walls & (uneven <= _LOWER * heights[walls].max()))


def _sides(boxes: NDArray[Any], ones: _Flags) -> _Flags:
    """What is as high as the sides of a form's boxes or the teeth of its comb: three hairs of one height and more."""
    left, top, right, bottom = boxes.T
    heights = bottom - top
    hairs = ones & (right - left <= np.maximum(2, _HAIR * heights))
    uneven = np.maximum(np.abs(top[:, None] - top[hairs]), np.abs(bottom[:, None] - bottom[hairs]))
    return np.asarray((uneven <= np.maximum(1, _UNEVEN * heights)[:, None]).sum(1) >= _FEWEST)


def _strokes(boxes: NDArray[Any], forms: Sequence[_Form]) -> _Flags:
    """Brackets, which bend around what is beside them, and leaning strokes between two digits.

    Both reach above and below that; those of type, which may not, bend more and are higher, and as what an upstroke
    makes of a 1 looks like one that opens, one that closes must follow.
    """
    found = np.zeros(len(boxes), bool)
    left, top, right, bottom = boxes.T
    is_closed = False
    for index in range(len(boxes) - 1, -1, -1):
        form, height = forms[index], bottom[index] - top[index]
        if form == _UPRIGHT:
            continue
        beside = [at for at in (index - 1, index + 1) if 0 <= at < len(boxes)]
        beside = [at for at in beside if max(left[index] - right[at], left[at] - right[index]) <= _NEAR * height]
        beyond = min((min(top[at] - top[index], bottom[index] - bottom[at]) for at in beside), default=0) / height
        around = index + 1 if form.bow < 0 else index - 1
        is_bracket = abs(form.bow) > _BOW and around in beside
        is_stroke = form.lean > _LEAN and len(beside) == 2
        found[index] = (is_bracket and beyond >= _BEYOND) or (is_stroke and beyond >= _FAR_BEYOND)
        if is_bracket and abs(form.bow) > _DEEP_BOW and height > _HIGHER * (bottom - top)[around]:
            is_closed |= form.bow > 0
            found[index] |= is_closed
    return found


def _of_dates(line: list[list[Cell]], steep: _Flags) -> _Flags:
    """The two steep strokes of a date that is all of a number or of its line."""
    found = np.zeros(len(steep), bool)
    ends = np.cumsum([0, *map(len, line)]).tolist()
    cells = [cell for number in line for cell in number]
    for start, end in {*pairwise(ends), (0, len(cells))}:
        signs = ("/" if stroke else str(cell.likeliest) for cell, stroke in zip(cells, steep.tolist(), strict=True))
        date = _DATE.fullmatch("".join(signs)[start:end])
        if date and _is_day(int(date[1]), int(date[2])):
            found[start:end] |= steep[start:end]
    return found


def _is_day(one: int, other: int) -> bool:
    return 1 <= min(one, other) <= 12 and 1 <= max(one, other) <= 31


def _raised(boxes: NDArray[Any]) -> _Flags:
    """What is small and stands as high as the end of what is before it, and alone there: a degree."""
    left, top, right, bottom = boxes.T
    heights = bottom - top
    small = np.zeros(len(boxes), bool)
    small[1:] = (heights[1:] < _RAISED * heights[:-1]) & (left[1:] - right[:-1] < heights[:-1] / 2)
    small[1:] &= bottom[1:] < top[:-1] + _RAISED * heights[:-1]
    small[:-1] &= (heights[1:] > heights[:-1] / _RAISED) | (left[1:] - right[:-1] > heights[:-1])
    return small


def slant_of(picture: Gray) -> float:
    """By how much a digit's axis leans to the right, as a share of its height (LeCun et al. 1998)."""
    moments = cv2.moments(picture)
    return -moments["mu11"] / max(1.0, moments["mu02"])


def _form(picture: Gray) -> _Form:
    ink = picture.astype(np.float32)
    rows = np.flatnonzero(ink.sum(1) > 0)
    first, height = int(rows[0]), int(rows[-1] - rows[0] + 1)
    fifths = np.array_split(ink[first : first + height], 5)
    middles = [float((part.sum(0) @ np.arange(part.shape[1])) / max(1.0, part.sum())) for part in fifths]
    upper, middle, lower = middles[0], middles[2], middles[4]
    right, left = min(middle - upper, middle - lower), min(upper - middle, lower - middle)
    return _Form((max(right, 0.0) - max(left, 0.0)) / height, (upper - lower) / height)
