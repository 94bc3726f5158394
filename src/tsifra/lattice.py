"""A grid's lines, straightened to a square -> how many rows and columns they make, and where they cross.

Flows in: how dark each pixel is as a line, (480, 480). Flows out: rows and columns, and the places of their crossings.
Knows nothing of the picture that they are in.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

SIDE = 480  # pixels that a grid is straightened to while its lines are counted
_COUNTS = range(1, 21)  # rows, or columns
_CELLS = 3  # that a grid has at least
_USUALLY, _NEARLY_ALL = 0.5, 0.8  # share of a line that is dark: text is not, over so much of it
_CLEAR = 0.15  # by how much lines must stand out
_MARGIN = 0.06, 0.2  # of a cell, from line to line, between which what stands in it leaves room
_FAINTLY, _CAPPED = 1.2, 1.3  # darkness of lines that are fainter than digits; times as dark those are taken for then


def count_lines(straight: NDArray[np.float32]) -> tuple[int, int] | None:
    """Rows and columns whose lines lie at even distances in the straightened grid."""
    rows, columns = (_count_along(straight, axis, _USUALLY) for axis in (1, 0))
    # Beside each other in one row, digits are as long as a part of the lines between them, but not as all of them.
    if rows == 1:
        columns = _count_along(straight, 0, _NEARLY_ALL)
    elif columns == 1:
        rows = _count_along(straight, 1, _NEARLY_ALL)
    if rows * columns < _CELLS:
        return None
    # Below each other they are as long together as half of a line, but leave room above and below.
    return (
        _divided(rows, _count_along(straight[:, _margins(columns)], 1, _USUALLY)),
        _divided(columns, _count_along(straight[_margins(rows)], 0, _USUALLY)),
    )


def _margins(number: int) -> NDArray[np.bool_]:
    """(SIDE,): what lies in one of so many cells near a line, but not on it."""
    off = np.arange(SIDE) * number / SIDE % 1
    off = np.minimum(off, 1 - off)
    return (_MARGIN[0] < off) & (off < _MARGIN[1])


def _divided(number: int, fewer: int) -> int:
    return fewer if fewer and number % fewer == 0 else number


def _count_along(straight: NDArray[np.float32], axis: int, share: float) -> int:
    """How many parts even lines make, each dark over more than this share of its length; 0 where none stand out."""
    across = np.ascontiguousarray(straight if axis else straight.T)
    place = round((1 - share) * (across.shape[1] - 1))
    profile = np.partition(across, place, axis=1)[:, place].clip(0, 1.5)  # a quantile in a sixth of the time
    best = max(_COUNTS, key=lambda number: _score(profile, number))
    return best if _score(profile, best) >= _CLEAR else 0


def _score(profile: NDArray[np.floating], number: int) -> float:
    """How much darker `number` + 1 even lines are than what lies between: of the faintest and of the darkest."""
    on = _on(profile, number)
    quarters = (np.arange(4 * number) * SIDE / (4 * number)).round().astype(int)
    between = _maxima(profile, quarters[1::4], quarters[3::4])
    faintest = _quantile(on, 0.15) if number > 1 else float(on.min())  # both sides of one part, not half of one
    return (faintest - _quantile(between, 0.85)) * (1 + 0.02 * number)


def _quantile(values: NDArray[np.floating], share: float) -> float:
    """As NumPy's, in a third of the time for a few values."""
    return float(np.interp(share * (len(values) - 1), np.arange(len(values)), np.sort(values)))


def _on(profile: NDArray[np.floating], number: int) -> NDArray[np.floating]:
    """How dark `number` + 1 even lines are in a profile across them."""
    step = SIDE / number
    places, reach = (np.arange(number + 1) * step).round().astype(int), max(3, round(0.16 * step))
    return _maxima(profile, (places - reach).clip(0), (places + reach + 1).clip(max=len(profile)))


def _maxima(profile: NDArray[np.floating], starts: NDArray[np.int_], stops: NDArray[np.int_]) -> NDArray[np.floating]:
    """The largest value in each part of a profile."""
    ends = np.stack((starts, stops), axis=1).ravel()
    return np.maximum.reduceat(np.append(profile, profile[-1]), ends)[::2]


def crossings(straight: NDArray[np.float32], rows: int, columns: int) -> Points:
    """Where lines cross, (rows + 1, columns + 1, 2) x and y: near even places, each where the lines are darkest."""
    step = np.array([SIDE / columns, SIDE / rows])
    reach = np.maximum(3, (0.16 * step).astype(int))
    usual = float(np.median([*_on(np.median(straight, axis=0), columns), *_on(np.median(straight, axis=1), rows)]))
    if usual < _FAINTLY:
        straight = np.minimum(straight, _CAPPED * usual)
    filled = np.asarray(cv2.GaussianBlur(straight, (0, 0), 1.5), np.float32)
    arm = (0.35 * step).astype(int)
    found = np.zeros((rows + 1, columns + 1, 2))
    for row in range(rows + 1):
        for column in range(columns + 1):
            even = np.array([column * step[0], row * step[1]])
            found[row, column] = even + _moved(filled, even, reach, arm)
    # One knot that strayed is brought back by its neighbors.
    shift = found - np.stack(np.meshgrid(np.arange(columns + 1) * step[0], np.arange(rows + 1) * step[1]), axis=-1)
    smooth = np.stack([cv2.medianBlur(shift[..., axis].astype(np.float32), 3) for axis in (0, 1)], axis=-1)
    stray = np.abs(shift - smooth).max(-1, keepdims=True) > 0.06 * step.min()
    return np.asarray(np.where(stray, found - shift + smooth, found), np.float64)


def _moved(
    ink: NDArray[np.float32], even: NDArray[np.float64], reach: NDArray[np.int_], arm: NDArray[np.int_]
) -> NDArray[np.float64]:
    """How far from an even place the column and the row with most ink are, along arms of a cross."""
    x, y = even.round().astype(int)
    top, bottom = max(0, y - arm[1]), min(SIDE, y + arm[1] + 1)
    left, right = max(0, x - arm[0]), min(SIDE, x + arm[0] + 1)
    xs = np.arange(max(0, x - reach[0]), min(SIDE, x + reach[0] + 1))
    ys = np.arange(max(0, y - reach[1]), min(SIDE, y + reach[1] + 1))
    across, down = ink[top:bottom, xs].mean(0), ink[ys, left:right].mean(1)
    nearer = 1 - 0.3 * np.abs(xs - x) / reach[0], 1 - 0.3 * np.abs(ys - y) / reach[1]
    moved = [
        float((places * 1.0)[(profile * weight).argmax()])
        for places, profile, weight in ((xs, across, nearer[0]), (ys, down, nearer[1]))
    ]
    faint = [profile.max() < 0.25 for profile in (across, down)]
    return np.array([0.0 if faint[0] else moved[0] - even[0], 0.0 if faint[1] else moved[1] - even[1]])
