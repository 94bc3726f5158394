"""Accuracy on MNIST's test digits, spoiled in the fifteen ways that MNIST-C describes; see README.md.

The ways are drawn by their description (Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer Vision"),
so the figures are like that data set's, and not its own.

python bench/read/corruptions.py [--data DIR] [--model DIR] [--count N]
"""

import argparse
import os
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tsifra import Reader, Reading
from tsifra.data import load_mnist

SEED = 0
SIDE = 28
Pixels = NDArray[np.uint8]
Picture = NDArray[Any]  # (28, 28), in any numbers of 0…255


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("TSIFRA_DATA"), help="a folder with MNIST's files")
    parser.add_argument("--model", help="a model's folder; by default the shipped network")
    parser.add_argument("--count", type=int, default=1000, help="how many of the test digits")
    args = parser.parse_args()
    mnist = load_mnist(args.data)
    images, labels = mnist.test_images[: args.count], mnist.test_labels[: args.count]
    reader = Reader(args.model)
    rights = []
    for name, spoil in CORRUPTIONS.items():
        rng = np.random.default_rng([SEED, *name.encode()])
        pictures = tuple(np.clip(spoil(image, rng), 0, 255).astype(np.uint8) for image in images)
        readings = [said for said in reader.read_many(pictures, one=True) if isinstance(said, Reading)]
        rights.append(np.mean([said.text == str(label) for said, label in zip(readings, labels, strict=True)]))
        lost = np.mean([not said.text for said in readings])
        print(f"{name}: {rights[-1]:.2%} right, {lost:.2%} lost", flush=True)
    print(f"mean: {np.mean(rights):.2%}")


def moved(image: Pixels, matrix: list[list[float]], shift: tuple[float, float] = (0, 0)) -> Picture:
    """The picture mapped about its center by a 2×2 matrix, then shifted."""
    turn = np.array(matrix)
    center = np.full(2, (SIDE - 1) / 2)
    affine = np.column_stack((turn, center - turn @ center + shift))
    return cv2.warpAffine(image, affine, (SIDE, SIDE), flags=cv2.INTER_LINEAR)


def shot_noise(image: Pixels, rng: Generator) -> Picture:
    return rng.poisson(image / 255 * 5) / 5 * 255


def impulse_noise(image: Pixels, rng: Generator) -> Picture:
    draw = rng.random(image.shape)
    return np.where(draw < 0.135, 0, np.where(draw > 0.865, 255, image))


def glass_blur(image: Pixels, rng: Generator) -> Picture:
    picture = cv2.GaussianBlur(image, (0, 0), 0.7)
    for _ in range(2):
        for y in range(SIDE - 2, 1, -1):
            for x in range(SIDE - 2, 1, -1):
                down, right = rng.integers(-1, 2, 2)
                picture[y, x], picture[y + down, x + right] = picture[y + down, x + right], picture[y, x]
    return cv2.GaussianBlur(picture, (0, 0), 0.7)


def motion_blur(image: Pixels, rng: Generator) -> Picture:
    angle = np.radians(rng.uniform(-45, 45))
    reach = 5 * np.array([np.cos(angle), np.sin(angle)])
    kernel = np.zeros((11, 11), np.float32)
    cv2.line(kernel, (5 - reach).round().astype(int).tolist(), (5 + reach).round().astype(int).tolist(), 1)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def shear(image: Pixels, rng: Generator) -> Picture:
    return moved(image, [[1, 0.6 * rng.choice([-1, 1])], [0, 1]])


def scale(image: Pixels, rng: Generator) -> Picture:
    size = rng.uniform(0.5, 0.6)
    return moved(image, [[size, 0], [0, size]])


def rotate(image: Pixels, rng: Generator) -> Picture:
    angle = np.radians(rng.uniform(20, 40) * rng.choice([-1, 1]))
    return moved(image, [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def translate(image: Pixels, rng: Generator) -> Picture:
    right, down = rng.uniform(3, 6, 2) * rng.choice([-1, 1], 2)
    return moved(image, [[1, 0], [0, 1]], (right, down))


def brightness(image: Pixels, _: Generator) -> Picture:
    return image + 0.5 * 255


def stripe(image: Pixels, _: Generator) -> Picture:
    middle = np.arange(SIDE) // 7 % 3 > 0
    return np.asarray(np.where(middle, 255 - image, image))


def fog(image: Pixels, rng: Generator) -> Picture:
    clouds = np.zeros((SIDE, SIDE), np.float32)
    for octave in range(1, 6):
        corners = rng.random((2**octave + 1,) * 2, np.float32)
        clouds += cv2.resize(corners, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR) / 2**octave
    clouds -= clouds.min()
    return np.asarray((image / 255 + 1.5 * clouds / clouds.max()) / 2.5 * 255)


def spatter(image: Pixels, rng: Generator) -> Picture:
    drops = cv2.GaussianBlur(rng.normal(0.65, 0.3, image.shape), (0, 0), 1)
    cover = np.clip((drops - 0.72) * 8, 0, 1)
    return np.asarray(image * (1 - cover) + cover * 0.9 * 255)


def line_across(rng: Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Ten points from the left edge to the right, (10, 2), and the direction across them."""
    start, end = (np.array([rng.uniform(*sides), rng.uniform(4, 24)]) for sides in ((0, 5), (23, 28)))
    along = (end - start) / np.hypot(*(end - start))
    return start + np.linspace(0, 1, 10)[:, None] * (end - start), np.array([-along[1], along[0]])


def dotted_line(image: Pixels, rng: Generator) -> Picture:
    picture = image.copy()
    for x, y in (line_across(rng)[0] * 8).astype(int).tolist():  # in eighths of a pixel, which shift=3 says
        cv2.circle(picture, (x, y), 5, 255, -1, cv2.LINE_AA, 3)
    return picture


def zigzag(image: Pixels, rng: Generator) -> Picture:
    points, across = line_across(rng)
    points = points + across * np.where(np.arange(10) % 2, 2, -2)[:, None]
    return cv2.polylines(image.copy(), [(points * 8).astype(np.int32)], False, 255, 1, cv2.LINE_AA, 3)


def canny_edges(image: Pixels, _: Generator) -> Picture:
    return cv2.Canny(image, 100, 200)


CORRUPTIONS: dict[str, Callable[[Pixels, Generator], Picture]] = {
    spoil.__name__: spoil
    for spoil in (
        shot_noise,
        impulse_noise,
        glass_blur,
        motion_blur,
        shear,
        scale,
        rotate,
        brightness,
        translate,
        stripe,
        fog,
        spatter,
        dotted_line,
        zigzag,
        canny_edges,
    )
}

if __name__ == "__main__":
    main()
