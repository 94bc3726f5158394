"""Speed of reading, as ratios to peers in the same run; see README.md beside this file."""

import argparse
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

import tsifra
from tsifra.data import load_mnist

RUNS = 5
HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keras", help="a Python with keras, tensorflow-cpu and pillow")
    parser.add_argument("--rapidocr", help="a Python with rapidocr and onnxruntime")
    parser.add_argument("--files", type=int, default=10_000)
    options = parser.parse_args()
    versions = " ".join(f"{name} {importlib.metadata.version(name)}" for name in ("tsifra", "onnxruntime", "pillow"))
    print(f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}, {versions}")
    with tempfile.TemporaryDirectory() as folder:
        pngs, jpegs = make_files(Path(folder), options.files)
        reader = tsifra.Reader()
        png_rate = rate(reader, pngs)
        jpeg_rate = rate(reader, jpegs)
        one_ms = 1000 * median_time(lambda: reader.read_one(pngs[0]), 500)
        print(f"read_many, {len(pngs)} PNG files of 28×28: {png_rate:,.0f} files/s")
        print(f"read_many, {len(jpegs)} JPEG files of 90×140: {jpeg_rate:,.0f} files/s")
        print(f"read_one of a small PNG, median: {one_ms:.3f} ms")
        tsifra_command = str(Path(sys.executable).parent / "tsifra")
        report_process("tsifra read --one 4.png", [tsifra_command, "read", "--one", pngs[4]])
        report_process("tsifra --help", [tsifra_command, "--help"])
        if options.rapidocr:
            some = pngs[:200]
            own = len(some) / min(timed(lambda: [reader.read_one(path) for path in some]) for _ in range(RUNS))
            peer = float(last_line([options.rapidocr, str(HERE / "peer_rapidocr.py"), str(RUNS), *some]))
            print(
                f"RapidOCR's recognizer, a call a file: {peer:.0f} files/s; tsifra is {own / peer:.0f} times as fast, "
                f"read_many {png_rate / peer:.0f} times"
            )
        if options.keras:
            peer = float(last_line([options.keras, str(HERE / "peer_keras.py"), *pngs[:100]]))
            print(f"Keras, one prediction: {peer:.1f} ms; tsifra is {peer / one_ms:.0f} times as fast")
    print(f"installed, without extras: {installed_mb():.0f} MB")


def make_files(folder: Path, count: int) -> tuple[list[str], list[str]]:
    """PNG files of 28×28 as MNIST has them, and JPEG files of 90×140 with the same digits in blue on white."""
    images = load_mnist(os.environ.get("TSIFRA_DATA")).test_images[:count]
    pngs, jpegs = [], []
    for index, image in enumerate(images):
        pngs.append(str(folder / f"{index:05}.png"))
        cv2.imwrite(pngs[-1], image)
        page = np.full((140, 90, 3), 250, np.uint8)
        ink = cv2.resize(image, (70, 70), interpolation=cv2.INTER_CUBIC)[:, :, None] / 255
        page[35:105, 10:80] = page[35:105, 10:80] * (1 - ink) + np.array((160, 60, 40)) * ink
        jpegs.append(str(folder / f"{index:05}.jpg"))
        cv2.imwrite(jpegs[-1], page)
    return pngs, jpegs


def rate(reader: tsifra.Reader, paths: list[str]) -> float:
    """Files a second, the best of several runs."""
    return len(paths) / min(timed(lambda: sum(1 for _ in reader.read_many(paths, one=True))) for _ in range(RUNS))


def median_time(call: Callable[[], object], runs: int) -> float:
    return statistics.median(timed(call) for _ in range(runs))


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def report_process(name: str, command: list[str]) -> None:
    """Wall time, the best of several runs, and peak memory of a whole process.

    A bare Python starts it, since a process begins with the peak of the one that it was forked from.
    """
    launcher = [sys.executable, "-S", str(HERE / "launch.py"), str(RUNS), *command]
    seconds, kilobytes = last_line(launcher).split()
    print(f"{name}: {float(seconds):.3f} s, {int(kilobytes) / 1024:.0f} MB at most")


def last_line(command: list[str]) -> str:
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return run.stdout.strip().splitlines()[-1]


def installed_mb() -> float:
    """What `pip install tsifra` puts on a disk: the package and all it needs, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        source = str(HERE.parent.parent)
        command = [sys.executable, "-m", "pip", "install", "-q", "--target", folder, source]
        subprocess.run(command, check=True, capture_output=True)
        return sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file()) / 1e6


if __name__ == "__main__":
    main()
