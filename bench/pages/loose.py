"""MNIST's test digits on paper: pairs that touch, and a few of different sizes."""

from collections.abc import Iterator

import cv2
import numpy as np

from tsifra.data.mnist import Mnist


def overlapped(mnist: Mnist, percent: int, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, str]]:
    """500 pictures of two digits that touch, dark on light with a margin, three times as large as MNIST's."""
    for _ in range(500):
        first, second = (int(index) for index in rng.integers(0, len(mnist.test_images), 2))
        left, right = (tight(mnist.test_images[index]) for index in (first, second))
        height = max(len(left), len(right))
        shift = round((1 - percent / 100) * left.shape[1])
        sheet = np.zeros((height + 12, max(shift + right.shape[1], left.shape[1]) + 12), np.uint8)
        for ink, x in ((left, 6), (right, 6 + shift)):
            top = 6 + (height - len(ink)) // 2
            place = sheet[top : top + len(ink), x : x + ink.shape[1]]
            np.maximum(place, ink, out=place)
        label = f"{mnist.test_labels[first]}{mnist.test_labels[second]}"
        yield 255 - cv2.resize(sheet, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), label


def scattered(mnist: Mnist, rng: np.random.Generator) -> tuple[np.ndarray, list[str]]:
    """A sheet, dark on light, and the digits on it in order of their labels, 0.08 to 0.8 of it high."""
    height, width = (int(side) for side in rng.integers(200, 900, 2))
    page, free, labels = np.zeros((height, width), np.uint8), np.ones((height, width), np.uint8), list[str]()
    for _ in range(int(rng.integers(1, 4))):
        index = int(rng.integers(len(mnist.test_labels)))
        high = max(24, int(height * 0.08 * 10 ** rng.uniform(0, 1)))
        image = np.pad(tight(mnist.test_images[index]), 2)
        ink = cv2.resize(image, None, fx=high / len(image), fy=high / len(image), interpolation=cv2.INTER_CUBIC)
        room = cv2.erode(free, np.ones(np.array(ink.shape) + 2 * (10 + high // 8), np.uint8), borderValue=0)
        places = np.argwhere(room)
        if not len(places):
            continue
        top, left = places[int(rng.integers(len(places)))] - np.array(ink.shape) // 2
        here = np.s_[top : top + ink.shape[0], left : left + ink.shape[1]]
        page[here], free[here] = ink, 0
        labels.append(str(mnist.test_labels[index]))
    sharp = np.clip((page.astype(np.float32) - 60) * 2, 0, 255)
    return np.clip(245 - 0.9 * sharp + rng.normal(0, 2, page.shape), 0, 255).astype(np.uint8), sorted(labels)


def tight(image: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(image.max(1) > 60), np.flatnonzero(image.max(0) > 60)
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
