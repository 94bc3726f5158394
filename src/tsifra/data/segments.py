"""Digits of seven straight bars, as displays and meters show them.

Flows in: a digit and a generator of random numbers. Flows out: ink, (H, W) float32, cropped to it.
"""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tsifra.data.strokes import Ink

_HEIGHT = 100
BARS = {
    "a": ((0, 0), (1, 0)),
    "b": ((1, 0), (1, 1)),
    "c": ((1, 1), (1, 2)),
    "d": ((0, 2), (1, 2)),
    "e": ((0, 1), (0, 2)),
    "f": ((0, 0), (0, 1)),
    "g": ((0, 1), (1, 1)),
}
"""From where to where each bar goes, (x, y) in widths and half heights."""

LIT = (
    ("abcdef",),
    ("bc",),
    ("abdeg",),
    ("abcdg",),
    ("bcfg",),
    ("acdfg",),
    ("acdefg", "acdefg", "cdefg"),
    ("abc", "abc", "abcf"),
    ("abcdefg",),
    ("abcdfg", "abcdfg", "abcfg"),
)
"""Bars that each digit lights, its usual form first; displays differ in 6, 7 and 9."""


def segmented(digit: int, rng: Generator) -> Ink:
    """A digit 0 … 9 of bars that meet or lie apart, blunt or pointed, upright or leaning."""
    thick = _HEIGHT * float(np.exp(rng.uniform(np.log(0.05), np.log(0.2))))
    wide = max(1.6 * thick, _HEIGHT * rng.uniform(0.35, 0.75))
    gap = 0.0 if rng.random() < 0.5 else thick * rng.uniform(0.05, 0.5)
    pointed = rng.random() < 0.4
    lean = rng.uniform(0, 0.22) if rng.random() < 0.4 else 0.0
    layer = np.zeros((int(_HEIGHT + 2 * thick) + 1, int(wide + lean * _HEIGHT + 2 * thick) + 1), np.uint8)
    lit = LIT[digit]
    for bar in lit[int(rng.integers(len(lit)))]:
        start, end = (np.array(place) * (wide, _HEIGHT / 2) for place in BARS[bar])
        corners = _outline(start, end, thick, gap, pointed)
        corners[:, 0] += lean * (_HEIGHT - corners[:, 1])
        sixteenths = ((corners + thick) * 16).round().astype(np.int32)  # which shift=4 says
        cv2.fillPoly(layer, [sixteenths], 255, cv2.LINE_AA, 4)
    left, top, width, height = cv2.boundingRect(layer)
    return np.asarray(layer[top : top + height, left : left + width] / np.float32(255), np.float32)


def _outline(
    start: NDArray[np.float64], end: NDArray[np.float64], thick: float, gap: float, pointed: bool
) -> NDArray[np.float64]:
    """Corners (N, 2) of a bar between two places; without a gap, blunt bars fill the corner where they meet."""
    along = (end - start) / np.hypot(*(end - start))
    side = np.array([-along[1], along[0]]) * thick / 2
    tip = gap * along
    if pointed:
        shoulder = (gap + thick / 2) * along
        rising, falling = [start + shoulder - side, start + tip, start + shoulder + side], end - shoulder
        return np.array([*rising, falling + side, end - tip, falling - side])
    tip += along * (thick / 2 if gap else -thick / 2)
    return np.array([start + tip - side, start + tip + side, end - tip + side, end - tip - side])
