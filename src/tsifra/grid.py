"""Ruled grids: a gray picture -> the largest whole grid in it, its cells straightened.

Flows in: gray, (H, W) uint8, dark lines on light. Flows out: a Grid: how many rows and columns, and where each cell
lies in the picture; whether ink keeps to its cells. Knows nothing of what that ink is.
"""

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.ink import Gray
from tsifra.lattice import SIDE, Points, count_lines, crossings

_SEEN = 1000  # pixels of the longer side that a grid is looked for in
_LEAST = 0.25  # share of the picture's shorter side that a grid spans at least
_CELL = 44  # pixels of the shorter side of a straightened cell
_PLAINLY, _LONGEST = 1.25, 6.0  # times as long as the shorter side, from which and up to which the longer one is
_CLEAR_OF_LINE = 5  # pixels from the edge of a straightened cell from which its lines are left behind
_ERASED = 0.05  # of the usual cell's shorter side, from a line on both sides, that is erased with it
_SHOWS, _GRAINS = 8.0, 3.0  # gray levels, and times the grain, that ink is darker
_AS_LONG, _AS_WIDE = (0.15, 0.8), 0.25  # of that side, that a digit is long, and of its length, that it is wide
_CANDIDATES = 6  # largest connected lines that are looked at
_LIMITS = (1.0, 0.5)  # from which darkness on a pixel is a line's; a blurred photograph has fainter ones
_EDGE = 4  # pixels from the picture's edge at which a grid is cut by it
_HANGING = 0.03  # share of the picture's shorter side under which what hangs on a grid is no part of it


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A grid in a picture.

    knots: (rows + 1, columns + 1, 2) x and y of where its lines cross, in pixels of the picture; rows run as in the
    picture, from the corner that lies most to the upper left.
    """

    knots: Points

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.knots.shape[0] - 1, self.knots.shape[1] - 1

    @property
    def sides(self) -> tuple[float, float]:
        """Height and width of the usual cell, in pixels of the picture."""
        across, down = np.diff(self.knots, axis=1), np.diff(self.knots, axis=0)
        return float(np.median(np.hypot(*down.T))), float(np.median(np.hypot(*across.T)))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels that a cell is straightened to: 44, and more of the longer where it is plainly."""
        high, wide = self.sides
        ratio = wide / high
        longer = round(_CELL * min(_LONGEST, max(ratio, 1 / ratio)))
        if longer < _PLAINLY * _CELL:
            return _CELL, _CELL
        return (longer, _CELL) if ratio > 1 else (_CELL, longer)

    def erased(self, gray: Gray) -> Gray:
        """The picture without the grid's lines and its frame: there it is as light as the lightest near by.

        What lies on a line and hangs together with none stays: a number in a cell that is two or more.
        """
        side = min(self.sides)
        thick = 2 * round(_ERASED * side) + 1
        knots = self.knots.round().astype(np.int32)
        down = np.ascontiguousarray(knots.swapaxes(0, 1))
        along = cv2.polylines(np.zeros_like(gray), [*knots, *down], False, 1, thick)
        along = cv2.polylines(along, [knots[0], knots[-1], down[0], down[-1]], False, 1, 2 * thick)
        light = np.asarray(cv2.morphologyEx(gray, cv2.MORPH_CLOSE, np.ones((thick + 2, thick + 2), np.uint8)), np.uint8)
        hat = cv2.subtract(light, gray)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(
            (hat > max(_SHOWS, _GRAINS * float(np.median(hat)))).view(np.uint8), connectivity=8
        )
        longer, shorter = stats[:, 2:4].max(1), stats[:, 2:4].min(1)
        apart = (longer > _AS_LONG[0] * side) & (longer < _AS_LONG[1] * side) & (shorter > _AS_WIDE * longer)
        apart[0] = False
        kept = cv2.dilate(apart[labels].view(np.uint8), np.ones((3, 3), np.uint8))
        return np.where((along > 0) & (kept == 0), light, gray)

    def places(self, points: Points) -> list[tuple[int, int] | None]:
        """Row and column of the cells that points (N, 2), x and y, lie in; None of those outside."""
        rows, columns = self.shape
        return [(y, x) if 0 <= x < columns and 0 <= y < rows else None for y, x in self.counted_on(points)]

    def counted_on(self, points: Points) -> list[tuple[int, int]]:
        """Row and column of points (N, 2), x and y, counted on beyond the grid."""
        rows, columns = self.shape
        corners = self.knots[[0, 0, -1, -1], [0, -1, -1, 0]].astype(np.float32)
        matrix = cv2.getPerspectiveTransform(corners, _rectangle((columns, rows)))
        found = np.floor(cv2.perspectiveTransform(points.reshape(1, -1, 2), matrix)[0]).astype(int)
        return [(y, x) for x, y in found.tolist()]

    def cell(self, gray: Gray, row: int, column: int, size: tuple[int, int] = (_CELL, _CELL)) -> Gray:
        """A cell, straightened to so many pixels of width and height."""
        matrix = cv2.getPerspectiveTransform(self._corners(row, column).astype(np.float32), _rectangle(size))
        return np.asarray(cv2.warpPerspective(gray, matrix, size, flags=cv2.INTER_AREA), np.uint8)

    def bbox(
        self, row: int, column: int, inside: tuple[int, int, int, int], size: tuple[int, int]
    ) -> tuple[int, int, int, int]:
        """The box in the picture of a box (x0, y0, x1, y1) in a cell straightened to this size."""
        x0, y0, x1, y1 = inside
        matrix = cv2.getPerspectiveTransform(_rectangle(size), self._corners(row, column).astype(np.float32))
        box = np.array([[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]], np.float32)
        points = cv2.perspectiveTransform(box, matrix)[0]
        low, high = np.floor(points.min(0)).astype(int), np.ceil(points.max(0)).astype(int)
        return max(0, int(low[0])), max(0, int(low[1])), int(high[0]), int(high[1])

    def _corners(self, row: int, column: int) -> Points:
        knots = self.knots
        return np.array(
            [knots[row, column], knots[row, column + 1], knots[row + 1, column + 1], knots[row + 1, column]]
        )


def _rectangle(size: tuple[int, int]) -> NDArray[np.float32]:
    width, height = size
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


def find_grid(gray: Gray) -> Grid | None:
    """The largest whole grid in a picture; None where there is none."""
    scale = min(1.0, _SEEN / max(gray.shape))
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    darker = _darker(small)
    strength = darker.clip(0, 3)
    connected = [_largest((darker > limit).astype(np.uint8)) for limit in _LIMITS]
    found = None
    for number, (outline, components) in enumerate(product((_whole, _body), connected)):
        for component in components:
            corners = _corners_of(outline(component))
            if corners is None or (number and _is_cut(corners, small.shape)):
                continue
            straight, matrix = _straightened(strength, corners)
            counted = count_lines(straight)
            if counted is None:
                continue
            own = np.where(component, strength, np.float32(0))
            has_lines = count_lines(_straightened(own, corners)[0]) is not None
            if found is None or (has_lines and found.shape != counted):
                found = Grid(_back(crossings(straight, *counted), matrix) / scale)
            if has_lines:  # else it may be the edge of the sheet, as far from a grid on it as that one's lines
                return found
    return found


def crossed(gray: Gray, grid: Grid) -> float:
    """How often ink crosses a line, for each cell with ink: hardly ever in a table, often on squared paper."""
    rows, columns = grid.shape
    cells = np.array([[grid.cell(gray, row, column) for column in range(columns)] for row in range(rows)], np.float32)
    paper = np.quantile(cells, 0.9, axis=(2, 3), keepdims=True)
    darker = (paper - cells) / np.maximum(paper, 24)
    inside = slice(_CELL // 4, -(_CELL // 4))
    ink = darker > 0.5 * np.quantile(darker[:, :, inside, inside].max((2, 3)), 0.95)
    start, stop = _CLEAR_OF_LINE, _CELL - _CLEAR_OF_LINE
    filled = ink[:, :, start:stop, start:stop].any((2, 3)).sum()
    near, far = slice(start, start + 3), slice(stop - 3, stop)
    count = 0
    for before, after in (
        (ink[:, :-1, :, far].any(3), ink[:, 1:, :, near].any(3)),  # on both sides of lines that stand
        (ink[:-1, :, far].any(2), ink[1:, :, near].any(2)),  # and of those that lie
    ):
        meet = before[..., 1:-1] & (after[..., 1:-1] | after[..., :-2] | after[..., 2:])
        count += int(meet[..., _CLEAR_OF_LINE:-_CLEAR_OF_LINE].any(-1).sum())
    return float(count / max(1, filled))


def _largest(lines: Gray) -> list[Gray]:
    """Connected lines that may be a grid, those with the largest box first: (H, W) uint8, 0 or 1."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
    order = np.argsort(-stats[1:, 2].astype(np.int64) * stats[1:, 3])[:_CANDIDATES] + 1
    large = np.minimum(stats[:, 2], stats[:, 3]) >= _LEAST * min(lines.shape)
    return [(labels == index).astype(np.uint8) for index in order if large[index]]


def _is_cut(corners: Points, shape: tuple[int, ...]) -> bool:
    """Whether a side lies along the picture's edge, where the rest of a grid may be missing."""
    near = np.concatenate((corners < _EDGE, corners > np.array(shape[::-1]) - 1 - _EDGE), axis=1)
    return bool((near.sum(0) >= 2).any())


def _whole(component: Gray) -> Gray:
    return component


def _body(component: Gray) -> Gray:
    """The largest thing that lines enclose, without what hangs on it: other lines, folds of the paper, letters."""
    contours, _ = cv2.findContours(component, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = cv2.drawContours(np.zeros_like(component), contours, -1, 1, cv2.FILLED)
    side = max(3, round(_HANGING * min(component.shape)))
    opened = np.asarray(cv2.morphologyEx(filled, cv2.MORPH_OPEN, np.ones((side, side), np.uint8)), np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    large = np.minimum(stats[:, 2], stats[:, 3]) >= _LEAST * min(component.shape)
    areas = np.where(large, stats[:, 4], 0)[1:]
    return np.asarray(labels == areas.argmax() + 1).view(np.uint8) if areas.any() else component


def _darker(small: Gray) -> NDArray[np.float32]:
    """How much darker than its surroundings a pixel is, in units of what is taken for a line."""
    smooth = cv2.GaussianBlur(small, (0, 0), 1.0)
    around = cv2.blur(smooth, (31, 31)).astype(np.float32)
    return np.asarray((around - smooth) / np.maximum(5, 0.06 * around), np.float32)


def _corners_of(component: Gray) -> Points | None:
    """Corners of the quadrilateral that a grid's lines fill: upper left, upper right, lower right, lower left."""
    contours, _ = cv2.findContours(component, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    length = cv2.arcLength(hull, True)
    for tolerance in (0.01, 0.02, 0.03, 0.05, 0.08):
        quad = cv2.approxPolyDP(hull, tolerance * length, True)
        if len(quad) <= 4:
            break
    if len(quad) != 4 or cv2.contourArea(quad) < 0.85 * cv2.contourArea(hull):
        return None
    points = np.asarray(quad, np.float64).reshape(4, 2)
    sums, differences = points.sum(1), points[:, 0] - points[:, 1]
    order = [int(sums.argmin()), int(differences.argmax()), int(sums.argmax()), int(differences.argmin())]
    return points[order] if len({*order}) == 4 else None


def _straightened(darker: NDArray[np.float32], corners: Points) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    square = np.array([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), square)
    straight = cv2.warpPerspective(darker, matrix, (SIDE, SIDE))
    return np.asarray(straight, np.float32), np.asarray(matrix, np.float64)


def _back(points: Points, matrix: NDArray[np.float64]) -> Points:
    """Points (..., 2) of a straightened grid, as they lie in the picture."""
    back = cv2.perspectiveTransform(points.reshape(1, -1, 2), np.linalg.inv(matrix))
    return np.asarray(back.reshape(points.shape), np.float64)
