"""Speed and memory of reading pages, beside RapidOCR; see README.md beside this file.

python bench/pages/pages_speed.py [--data DIR] [--rapidocr PYTHON]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

import tsifra
from tsifra.data import load_mnist
from tsifra.data.digits import enlarged
from tsifra.data.mnist import Mnist
from tsifra.data.page import light
from tsifra.ink import Gray

RUNS = 5
HERE = Path(__file__).parent
LAUNCH = HERE.parent / "read" / "launch.py"
PAGES = {  # width, height, digits, pixels that a digit is high
    "a photograph of 2 megapixels, 30 digits": (1600, 1250, 30, 70),
    "a photograph of 12 megapixels, 30 digits": (4000, 3000, 30, 170),
    "an A4 page at 300 DPI, 300 digits": (2480, 3508, 300, 60),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("TSIFRA_DATA"), help="a folder with MNIST's files")
    parser.add_argument("--rapidocr", help="a Python with rapidocr and onnxruntime")
    args = parser.parse_args()
    mnist = load_mnist(args.data)
    reader = tsifra.Reader()
    with tempfile.TemporaryDirectory() as folder:
        single = Path(folder) / "0.png"
        cv2.imwrite(str(single), mnist.test_images[0])
        least = peak_kb(single)
        for number, (name, (width, height, count, size)) in enumerate(PAGES.items()):
            file = Path(folder) / f"{number}.jpg"
            cv2.imwrite(str(file), page(width, height, count, size, mnist, np.random.default_rng(number)))
            found = sum(digit.digit is not None for digit in reader.read(file).digits)
            spent = min(timed(reader, file) for _ in range(RUNS))
            above = (peak_kb(file) - least) * 1024 / (width * height * 3)
            print(
                f"{name}: {spent:.3f} s, {found} of {count} digits found, peak memory {above:.1f} × width × height × 3",
                end="",
            )
            if args.rapidocr:
                peer = float(last_line([args.rapidocr, str(HERE / "page_rapidocr.py"), str(file)]))
                print(f"; RapidOCR {peer:.3f} s, {peer / spent:.1f} times as long", end="")
            print(flush=True)


def page(width: int, height: int, count: int, size: int, mnist: Mnist, rng: Generator) -> Gray:
    """A photograph of paper with numbers of six of MNIST's digits on it: (height, width) uint8."""
    ink = np.zeros((height, width), np.float32)
    places = spots(width, height, size)
    for _ in range(count):
        x, y = next(places)
        digit = enlarged(mnist.test_images[int(rng.integers(len(mnist.test_images)))])
        scale = size / digit.shape[0]
        digit = np.asarray(cv2.resize(digit, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32)
        there = ink[y : y + digit.shape[0], x : x + digit.shape[1]]
        np.maximum(there, digit[: there.shape[0], : there.shape[1]], out=there)
    paper = 0.85 * light(height, width, rng) + rng.normal(0, 0.01, (height, width)).astype(np.float32)
    return np.asarray(np.clip(paper * (1 - 0.8 * ink), 0, 1) * 255, np.uint8)


def spots(width: int, height: int, size: int) -> Iterator[tuple[int, int]]:
    """Upper left corners of digits: lines of numbers of six."""
    for y in range(size, height - 2 * size, int(1.6 * size)):
        for x in range(size, width - 9 * size, 9 * size):
            yield from ((x + int(1.2 * size * place), y) for place in range(6))


def timed(reader: tsifra.Reader, file: Path) -> float:
    began = time.perf_counter()
    reader.read(file)
    return time.perf_counter() - began


def peak_kb(file: Path) -> int:
    """Peak memory of the command that reads a file, which a bare Python starts."""
    command = str(Path(sys.executable).parent / "tsifra")
    return int(last_line([sys.executable, "-S", str(LAUNCH), "0", command, "read", str(file)]).split()[1])


def last_line(command: list[str]) -> str:
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return run.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    main()
