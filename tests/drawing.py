"""Digits drawn with a pen, so that every test has a picture whose answer is known and no file is needed.

Drawn as lines, not with a font: fonts differ from one version of Pillow or OpenCV to the next, these do not. Where the
type is what is tested, TYPE is its face.
"""

from itertools import pairwise
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
_Path = list[tuple[float, float]]

TYPE = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
"""A face that comes with Matplotlib, for what is about type."""

DIGITS = "0123456789"

SUDOKU = [
    "53..7....",
    "6..195...",
    ".98....6.",
    "8...6...3",
    "4..8.3..1",
    "7...2...6",
    ".6....28.",
    "...419..5",
    "....8..79",
]
"""Rows of cells, . where one is empty."""

# Corners in a box of 100×100, y down; `_rounded` makes the bows of them.
_ANGULAR: dict[str, list[_Path]] = {
    "1": [[(38, 18), (54, 2), (50, 98)]],
    "4": [[(40, 2), (14, 60), (88, 58)], [(66, 32), (62, 98)]],
    "7": [[(12, 6), (86, 4), (42, 98)]],
}
_ROUND: dict[str, list[_Path]] = {
    "0": [[(50, 2), (14, 6), (8, 50), (16, 96), (54, 100), (90, 92), (92, 48), (84, 4), (50, 2)]],
    "2": [[(14, 26), (18, 2), (50, 0), (90, 4), (84, 40), (44, 72), (12, 97), (14, 97), (12, 97), (90, 95)]],
    "3": [[(16, 12), (46, -6), (92, 8), (80, 46), (40, 46), (40, 47), (92, 50), (88, 98), (44, 104), (12, 84)]],
    "5": [[(82, 4), (26, 4), (27, 4), (26, 4), (22, 44), (23, 44), (50, 32), (94, 46), (88, 92), (46, 106), (12, 86)]],
    "6": [[(72, 2), (40, 14), (10, 56), (20, 96), (54, 102), (88, 90), (84, 58), (50, 50), (20, 74)]],
    "8": [
        [(78, 14), (54, -6), (18, 8), (24, 40), (80, 60), (86, 94), (48, 104), (14, 92), (20, 62), (82, 34), (78, 14)]
    ],
    "9": [[(80, 28), (66, 2), (34, 0), (14, 20), (22, 48), (54, 52), (80, 28), (76, 60), (64, 98)]],
}


def digit(label: str, side: int = 120, *, ink: int = 0, paper: int = 255, pen: float = 0.07) -> Gray:
    """A digit in the middle of a sheet: (side, side) uint8. pen: its width as a share of the side."""
    sheet = np.full((side, side), paper, np.uint8)
    paths = _ANGULAR.get(label) or [_rounded(path) for path in _ROUND[label]]
    scale = 0.6 * side / 100
    for path in paths:
        points = np.rint((np.asarray(path) * (0.8, 1) * scale + (0.26 * side, 0.2 * side)) * 16).astype(np.int32)
        cv2.polylines(sheet, [points], False, (ink,), max(1, round(pen * side)), cv2.LINE_AA, shift=4)
    return sheet


def colored(gray: Gray, ink: tuple[int, int, int], paper: tuple[int, int, int]) -> Gray:
    """The same in two colors: (side, side) uint8 -> (side, side, 3) uint8 RGB."""
    share = 1 - gray[:, :, None] / 255
    mixed: Gray = np.rint(share * np.array(ink) + (1 - share) * np.array(paper)).astype(np.uint8)
    return mixed


def _rounded(path: _Path) -> _Path:
    """Cut the corners of a path three times (Chaikin 1974)."""
    for _ in range(3):
        cut = [(a[0] * s + b[0] * (1 - s), a[1] * s + b[1] * (1 - s)) for a, b in pairwise(path) for s in (0.75, 0.25)]
        path = [path[0], *cut, path[-1]]
    return path
