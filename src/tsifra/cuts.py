"""A piece of ink in which digits may touch -> the parts that cuts leave of it.

Flows in: a Piece of a page. Flows out: Parts: what lies between two of its cuts, each ready for `normalize`. A cut is
a seam, the way from top to bottom that crosses the least ink (Avidan and Shamir 2007), so that digits which lean over
each other come apart. Knows nothing of what is a digit.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.detect import Piece
from tsifra.reading import BBox

_HIGH = 48  # pixels that a piece is reduced to; a digit is read in 20
_ASIDE = 1.5  # cost of a step aside, in ink; ways that wind more go around strokes and spoil more pairs than they save
_APART = 0.09  # of the height, that two cuts lie apart at least
_CUTS = 5  # tried for each digit that a piece may hold beyond the first
_DIGIT = 0.6  # of its height, that a digit is wide
_LEAST, _MOST = 0.1, 1.15  # of the height, that a part is wide
_TALL = 0.6  # of the height, that a part is high at least; digits that touch stand on one line

Seam = NDArray[np.intp]  # (H,): the first column right of the cut, by row


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What lies between the cuts `start` and `end` of a piece."""

    piece: Piece
    start: int
    end: int


def parts_of(piece: Piece) -> list[Part]:
    """Parts between any two cuts of a piece that are as wide as a digit may be; cut 0 is its left edge."""
    scale = min(1.0, _HIGH / piece.crop.shape[0])
    crop = piece.crop
    if scale < 1:
        size = (max(3, round(crop.shape[1] * scale)), _HIGH)
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = crop.shape
    paper = int(np.median(crop[:, [0, -1]]))
    ink = np.clip(paper - crop.astype(np.float32), 0, None)
    ink /= max(1.0, float(ink.max()))
    columns = np.flatnonzero(ink.max(0) > 0.25)
    if not len(columns):
        return []
    first, last = int(columns[0]), int(columns[-1]) + 1
    high = np.ptp(np.flatnonzero(ink.max(1) > 0.25)) + 1
    seams = [np.zeros(height, np.intp), *_seams(ink, first, last, int(high)), np.full(height, width)]
    middles = [float(first), *(float(seam.mean()) for seam in seams[1:-1]), float(last)]
    found = []
    for start in range(len(seams) - 1):
        for end in range(start + 1, len(seams)):
            wide = middles[end] - middles[start]
            if _LEAST * high <= wide <= _MOST * high and (end - start < len(seams) - 1):
                part = _between(crop, ink, paper, seams[start], seams[end], piece.bbox, (first, last))
                if part is not None:
                    found.append(Part(part, start, end))
    return found


def best_way(parts: list[Part], scores: list[float]) -> list[int]:
    """Indices of the parts that cover a piece from its left edge to the last that any reaches, with the greatest sum
    of scores: what hangs over at the right and is too narrow for a digit is left out.

    scores: of each part, such as the logarithm of the probability that it is a digit. Empty where no way covers it.
    """
    if not parts:
        return []
    last = max(part.end for part in parts)
    reached: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}
    for place in range(last):
        if place not in reached:
            continue
        total, way = reached[place]
        for index, part in enumerate(parts):
            if part.start != place:
                continue
            sum_there = total + scores[index]
            if part.end not in reached or sum_there > reached[part.end][0]:
                reached[part.end] = (sum_there, [*way, index])
    return reached[last][1] if last in reached else []


def _seams(ink: NDArray[np.float32], first: int, last: int, high: int) -> list[Seam]:
    """The cheapest ways from top to bottom between two columns, apart from each other, from left to right."""
    height = len(ink)
    cost = ink[:, first:last]
    total = np.empty_like(cost)
    total[0] = cost[0]
    steps = np.zeros(cost.shape, np.int8)
    far = np.full(cost.shape[1] + 2, np.inf, np.float32)
    for row in range(1, height):
        far[1:-1] = total[row - 1]
        ways = np.stack((far[1:-1], far[:-2] + _ASIDE, far[2:] + _ASIDE))
        steps[row] = ways.argmin(0)
        total[row] = cost[row] + ways.min(0)
    wanted = _CUTS * max(1, round((last - first) / (_DIGIT * high)) - 1)
    found: list[Seam] = []
    for end in np.argsort(total[-1], kind="stable").tolist():
        seam = np.empty(height, np.intp)
        at = end
        for row in range(height - 1, -1, -1):
            seam[row] = at + first
            at += (0, -1, 1)[steps[row, at]]
        middle = seam.mean()
        near_edge = min(middle - first, last - middle) < _LEAST * high
        if near_edge or any(abs(middle - other.mean()) < _APART * high for other in found):
            continue
        found.append(seam)
        if len(found) == wanted:
            break
    return sorted(found, key=lambda seam: float(seam.mean()))


def _between(
    crop: NDArray[np.uint8],
    ink: NDArray[np.float32],
    paper: int,
    left: Seam,
    right: Seam,
    bbox: BBox,
    span: tuple[int, int],
) -> Piece | None:
    """What lies between two seams, on paper, with its box in the page; None where it is too low for a digit."""
    columns = np.arange(crop.shape[1])
    within = (columns >= left[:, None]) & (columns < right[:, None])
    own = np.where(within, ink, 0) > 0.25
    xs, ys = np.flatnonzero(own.any(0)), np.flatnonzero(own.any(1))
    rows = np.flatnonzero((ink > 0.25).any(1))
    if not len(xs) or np.ptp(ys) < _TALL * np.ptp(rows):
        return None
    across = (bbox[2] - bbox[0]) / (span[1] - span[0])
    down = (bbox[3] - bbox[1]) / (rows[-1] + 1 - rows[0])
    left_end, top = round(bbox[0] + (xs[0] - span[0]) * across), round(bbox[1] + (ys[0] - rows[0]) * down)
    right_end, bottom = (
        round(bbox[0] + (xs[-1] + 1 - span[0]) * across),
        round(bbox[1] + (ys[-1] + 1 - rows[0]) * down),
    )
    box = (left_end, top, max(left_end + 1, right_end), max(top + 1, bottom))
    margin = max(2, len(crop) // 8)
    near = slice(max(0, xs[0] - margin), xs[-1] + 1 + margin)
    alone: Any = np.where(within, crop, np.uint8(paper))[:, near]
    return Piece(
        box, np.ascontiguousarray(cv2.copyMakeBorder(alone, 0, 0, margin, margin, cv2.BORDER_CONSTANT, value=paper))
    )
