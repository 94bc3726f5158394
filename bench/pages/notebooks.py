"""Numbers by hand on pages of notebooks, ruled or squared, with a margin's line, photographed askew; see README.md.

python bench/pages/notebooks.py [--data DIR] [--fonts DIR] [--model DIR]
"""

import argparse
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tsifra import Reader
from tsifra.data import load_mnist
from tsifra.data.digits import Sources, by_hand
from tsifra.ink import Gray
from tsifra.training.lessons import FONTS, sources
from tsifra.training.recipes import RECIPES

SEED = 8
COUNT = 100  # of each
SIZE = (760, 600)  # height and width
Floats = NDArray[Any]  # of 0…1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("TSIFRA_DATA"), help="a folder with MNIST's files")
    parser.add_argument("--fonts", type=Path, default=FONTS, help="a folder with fonts")
    parser.add_argument("--model", help="a model's folder; by default the shipped network")
    args = parser.parse_args()
    reader = Reader(args.model)
    _, kept = sources(RECIPES["shipped"], load_mnist(args.data), args.fonts)
    for number, paper in enumerate(("ruled", "squared")):
        for leaning in (0.0, 1.0, 3.0):
            right = missed = extra = 0
            for index in range(COUNT):
                rng = np.random.default_rng([SEED, number, index])
                picture, lines = photograph(paper == "squared", leaning, kept, rng)
                read = reader.read(picture).text.replace(" ", "")
                right += read == "\n".join(lines)
                surplus = len(read.replace("\n", "")) - sum(map(len, lines))
                missed, extra = missed - min(0, surplus), extra + max(0, surplus)
            print(f"{paper}, leaning {leaning:g}°: all digits of {right / COUNT:.0%} of {COUNT} pages right, ", end="")
            print(f"{extra} digits too many, {missed} too few")


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


if __name__ == "__main__":
    main()
