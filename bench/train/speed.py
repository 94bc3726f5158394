"""Training speed of the tutorial's network against Keras's, in one run.

    python bench/train/speed.py [--keras PYTHON] [--data DIR]

PYTHON is an interpreter with keras and tensorflow-cpu. A share of an epoch is trained several times; the best counts.
"""

import argparse
import dataclasses
import os
import platform
import subprocess
from pathlib import Path

import torch

from tsifra.data import load_mnist
from tsifra.training.loop import Training
from tsifra.training.recipes import RECIPES

COUNT, ROUNDS = 9600, 4


def speed(batch: int, bf16: bool, images: object, labels: object) -> float:
    recipe = dataclasses.replace(RECIPES["tutorial"], batch=batch, bf16=bf16)
    training = Training(recipe, images, labels)  # type: ignore[arg-type]
    return max(training.epoch().images_per_s for _ in range(ROUNDS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keras", help="a Python with keras and tensorflow-cpu")
    parser.add_argument("--data", default=os.environ.get("TSIFRA_DATA"), help="a folder with MNIST's files")
    args = parser.parse_args()
    mnist = load_mnist(args.data)
    images, labels = mnist.train_images[:COUNT], mnist.train_labels[:COUNT]
    print(f"{platform.platform()}, {os.cpu_count()} processors, torch {torch.__version__}")
    peer = 0.0
    if args.keras:
        command = [args.keras, Path(__file__).with_name("keras_fit.py"), str(COUNT), str(ROUNDS)]
        peer = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        print(f"Keras, batch 32: {peer:,.0f} images/s")
    for batch, bf16 in ((32, False), (32, True), (512, True)):
        own = speed(batch, bf16, images, labels)
        ratio = f", {own / peer:.2f} times Keras's" if peer else ""
        print(f"tutorial, batch {batch}, {'bf16' if bf16 else 'fp32'}: {own:,.0f} images/s{ratio}")


if __name__ == "__main__":
    main()
