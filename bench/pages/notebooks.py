"""Numbers by hand on pages of notebooks, ruled or squared, with a margin's line, photographed askew."""

import cv2
import numpy as np
from numpy.random import Generator

from tsifra.data.digits import Sources, by_hand
from tsifra.ink import Gray

SIZE = (760, 600)  # height and width


def photograph(squared: bool, degrees: float, kept: Sources, rng: Generator) -> tuple[Gray, list[str]]:
    """A page that leans by so much either way, (H, W) uint8, and its lines of digits."""
    width = SIZE[1]
    lean = np.tan(np.radians(degrees)) * (1 if rng.random() < 0.5 else -1)
    step, margin = int(rng.uniform(22, 40)), int(rng.uniform(50, 110))
    rules = np.zeros(SIZE, np.uint8)
    for at in range(-step, max(SIZE) + step, step):
        line(rules, at - lean * 20, lean, False, rng.uniform(0.9, 1.6))
        if squared:
            line(rules, at + lean * 20, -lean, True, rng.uniform(0.9, 1.6))
    sheet = 0.96 * (1 - rng.uniform(0.12, 0.3) * rules / 255)
    red = np.zeros(SIZE, np.uint8)
    line(red, margin, -lean, True, rng.uniform(1, 2.4))
    sheet = sheet * (1 - rng.uniform(0.25, 0.5) * red / 255)
    lines = ["".join(map(str, rng.integers(0, 10, rng.integers(1, 7)))) for _ in range(rng.integers(1, 5))]
    for row, digits in enumerate(lines):
        left = margin + 40.0
        for digit in digits:
            ink = by_hand(int(digit), kept, rng)
            scale = 46 / ink.shape[0] * rng.uniform(0.9, 1.1)
            small = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            top = int(90 + 150 * row + lean * left + rng.normal(0, 2))
            sheet[top : top + small.shape[0], int(left) : int(left) + small.shape[1]] *= 1 - 0.8 * small
            left += small.shape[1] + rng.uniform(10, 16)
    light = np.linspace(1, rng.uniform(0.7, 1), width)[None]
    seen = cv2.GaussianBlur(sheet * light, (0, 0), rng.uniform(0.5, 1.1)) + rng.normal(0, 0.01, SIZE)
    return np.asarray((seen.clip(0, 1) * 255).round(), np.uint8), lines


def line(picture: Gray, at: float, lean: float, upright: bool, thick: float) -> None:
    """A line from edge to edge that begins at a place of the left or upper one; of any thickness, its edges soft."""
    length = picture.shape[0] if upright else picture.shape[1]
    along, across = np.arange(length), np.arange(picture.shape[1] if upright else picture.shape[0])[:, None]
    cover = (thick / 2 + 0.5 - np.abs(across - at - lean * along)).clip(0, 1) * 255
    np.maximum(picture, (cover.T if upright else cover).astype(np.uint8), out=picture)
