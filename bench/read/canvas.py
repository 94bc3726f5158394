"""Accuracy on MNIST's test digits as drawings on canvases: large and bold, or small in a corner; see README.md.

python bench/read/canvas.py [--data DIR] [--model DIR] [--count N]
"""

import argparse
import os
from collections.abc import Sequence

import cv2
import numpy as np

from tsifra import Reader, Reading
from tsifra.data import load_mnist
from tsifra.ink import Gray

SIDES = (280, 600, 1500)  # pixels of a canvas that a digit fills
CORNERS = (1280, 3000)  # pixels of the longer side of one that it stands on, 40 pixels high


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("TSIFRA_DATA"), help="a folder with MNIST's files")
    parser.add_argument("--model", help="a model's folder; by default the shipped network")
    parser.add_argument("--count", type=int, default=200, help="how many of the test digits, each on all canvases")
    args = parser.parse_args()
    mnist = load_mnist(args.data)
    images, labels = mnist.test_images[: args.count], mnist.test_labels[: args.count].tolist()
    reader = Reader(args.model)
    for side in SIDES:
        for brush, wider in (("its pen", 0), ("a wide brush", 3)):
            tell(f"{side} pixels, {brush}", reader, [enlarged(image, side, wider) for image in images], labels)
    for wide in CORNERS:
        tell(f"40 pixels on {wide}", reader, [in_corner(image, wide) for image in images], labels)


def enlarged(image: Gray, side: int, wider: int) -> Gray:
    """A digit in black on white, (side, side) uint8, with sharp edges; wider: sixths of one of MNIST's pixels."""
    large = cv2.resize(image, (168, 168), interpolation=cv2.INTER_CUBIC)
    large = cv2.dilate(large, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * wider + 1, 2 * wider + 1)))
    ink = cv2.resize(large, (side, side), interpolation=cv2.INTER_CUBIC) > 127
    return np.asarray(255 * ~ink, np.uint8)


def in_corner(image: Gray, wide: int) -> Gray:
    page = np.full((2 * wide // 3, wide), 255, np.uint8)
    page[40:96, 60:116] = enlarged(image, 56, 0)
    return page


def tell(name: str, reader: Reader, pictures: Sequence[Gray], labels: list[int]) -> None:
    said = []
    for one in (False, True):
        readings = [reading for reading in reader.read_many(pictures, one=one) if isinstance(reading, Reading)]
        right = np.array([reading.text == str(label) for reading, label in zip(readings, labels, strict=True)])
        ok = np.array([reading.status == "ok" for reading in readings])
        said.append(f"{right.mean():.1%} right, {(ok & ~right).sum()} wrong and ok")
    print(f"{name}: {said[0]}; with --one {said[1]}", flush=True)


if __name__ == "__main__":
    main()
