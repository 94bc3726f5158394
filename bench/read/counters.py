"""Accuracy on drawn digits of meters' counters, in color, in faces that no training has seen; see README.md.

A wheel shows a digit in a window, and parts of the next ones as far as it has turned. Nothing of how these are drawn
is shared with the pictures that networks learn from.

python bench/read/counters.py [--data DIR] [--fonts DIR] [--model DIR]
"""

from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from held_back import asked
from numpy.random import Generator
from numpy.typing import NDArray

from tsifra import Reading
from tsifra.data.strokes import Ink
from tsifra.data.type import Face
from tsifra.ink import Gray

SEED = 5
COUNT = 2000
HEIGHT = 96  # of a digit as it is drawn, in pixels
TURNED = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)  # shares of the way to the next digit, between which a row of the table is
Picture = NDArray[Any]  # (H, W, 3) of 0…255, in any numbers


def main() -> None:
    kept, reader = asked(__doc__)
    rng = np.random.default_rng(SEED)
    pictures, labels, turns = zip(*(counter(kept.faces, rng) for _ in range(COUNT)), strict=True)
    said = [reading for reading in reader.read_many(pictures, one=True) if isinstance(reading, Reading)]
    right = np.array([reading.text == label for reading, label in zip(said, labels, strict=True)])
    lost = np.array([not reading.text for reading in said])
    ok = np.array([reading.status == "ok" for reading in said])
    row = np.digitize(np.abs(turns), TURNED)
    for number, (least, most) in enumerate(pairwise(TURNED), 1):
        which = row == number
        print(
            f"turned by {least} to {most}: {right[which].mean():.1%} of {which.sum()} right, {lost[which].mean():.1%} "
            f"lost, {ok[which].mean():.1%} ok, {1 - right[which & ok].mean():.2%} wrong of those"
        )


def counter(faces: tuple[Face, ...], rng: Generator) -> tuple[Gray, str, float]:
    """A photograph of one wheel, (H, W, 3) uint8, the digit that most of is seen, and how far the wheel is turned."""
    digit = int(rng.integers(10))
    strip, pitch = wheel(digit, faces[int(rng.integers(len(faces)))], rng)
    turned = float(rng.normal(0, 0.1) if rng.random() < 0.6 else rng.uniform(-0.4, 0.4))
    high = int(HEIGHT * rng.uniform(1, 1.45))
    top = int(np.clip(pitch + HEIGHT / 2 - high / 2 + turned * pitch, 0, len(strip) - high))
    window = painted(strip[top : top + high], rng)
    across = np.linspace(-1, 1, high)[:, None, None]
    return seen(around(window * (1 - rng.uniform(0, 0.5) * across**2), rng), rng), str(digit), turned


def wheel(digit: int, face: Face, rng: Generator) -> tuple[Ink, int]:
    """Three digits that follow each other, one below the other, as ink, and how far one is from the next."""
    pitch = HEIGHT + int(HEIGHT * rng.uniform(0.15, 0.5))
    sized = []
    for step in (-1, 0, 1):
        ink = face.draw(str((digit + step) % 10))
        assert ink is not None  # a Face has ten digits
        rows, columns = ink.shape
        size = (max(4, columns * HEIGHT // rows), HEIGHT)
        sized.append(np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA)))
    wide = max(int(HEIGHT * rng.uniform(0.62, 0.95)), *(each.shape[1] + 4 for each in sized))
    strip = np.zeros((2 * pitch + HEIGHT, wide), np.float32)
    for number, each in enumerate(sized):
        left = (wide - each.shape[1]) // 2
        strip[number * pitch : number * pitch + HEIGHT, left : left + each.shape[1]] = each
    return strip, pitch


def painted(ink: Ink, rng: Generator) -> Picture:
    """Light on black or black on light, and red instead of black on some."""
    red = [40, 30, 160] if rng.random() < 0.3 else [28, 25, 25]
    paint, ground = ([225, 225, 225], red) if rng.random() < 0.75 else (red, [215, 215, 215])
    first, second = (np.clip(color + rng.normal(0, 15, 3), 0, 255) for color in (ground, paint))
    faded = rng.uniform(0.3, 0.8) if rng.random() < 0.4 else 1.0
    return np.asarray(first + (second - first) * faded * ink[..., None])[:, :, ::-1]


def around(window: Picture, rng: Generator) -> Picture:
    """The window in its frame, perhaps with a lamp in its glass."""
    down, across = (int(HEIGHT * rng.uniform(0, 0.2)) for _ in range(2))
    frame = np.clip(rng.choice([15.0, 60.0, 200.0]) + rng.normal(0, 10, 3), 0, 255)
    picture = np.ones((window.shape[0] + 2 * down, window.shape[1] + 2 * across, 3)) * frame
    picture[down : down + window.shape[0], across : across + window.shape[1]] = window
    if rng.random() < 0.25:
        rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
        y, x = rng.uniform(0, 1, 2) * picture.shape[:2]
        spot = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 2 / rng.uniform(10, 30) ** 2)
        picture += rng.uniform(60, 180) * spot[..., None]
    return np.asarray(picture)


def seen(picture: Picture, rng: Generator) -> Gray:
    """As a phone sees it: askew, small, blurred, with noise, mostly as JPEG."""
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 2), 1)
    picture = cv2.warpAffine(picture.astype(np.float32), turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    high = float(np.exp(rng.uniform(np.log(20), np.log(80))))
    size = (max(8, int(width * high / height)), int(high))
    picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    picture = cv2.GaussianBlur(picture, (0, 0), max(0.2, rng.uniform(0, 0.025) * high))
    picture = picture + rng.normal(0, rng.uniform(0, 8), picture.shape)
    done = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        _, data = cv2.imencode(".jpg", done[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 95))])
        done = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[:, :, ::-1]
    return np.ascontiguousarray(done)


if __name__ == "__main__":
    main()
