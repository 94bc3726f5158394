"""Training speed of the tutorial's network against Keras's, in one run.

    python bench/train/speed.py [--keras PYTHON] [--data DIR]

PYTHON is an interpreter with keras and tensorflow-cpu. A share of an epoch is trained several times; the best counts.
Beside it stands the share of the machine's peak: the multiplications and additions of a training step a second
(three times those of a forward pass), over those of a matrix product of 2,048 in the same type in the same run.
"""

import argparse
import dataclasses
import os
import platform
import subprocess
import time
from pathlib import Path

import torch

from tsifra.data import load_mnist
from tsifra.training.loop import Training, computes_bf16
from tsifra.training.net import NETS, multiplications
from tsifra.training.recipes import RECIPES

COUNT, ROUNDS, SIDE = 9600, 4, 2048


def speed(batch: int, bf16: bool, images: object, labels: object) -> float:
    recipe = dataclasses.replace(RECIPES["tutorial"], batch=batch, bf16=bf16)
    training = Training(recipe, images, labels)  # type: ignore[arg-type]
    return max(training.epoch().images_per_s for _ in range(ROUNDS))


def peak(bf16: bool) -> float:
    """GFLOP/s of a large matrix product."""
    left, right = (torch.rand(SIDE, SIDE, dtype=torch.bfloat16 if bf16 else torch.float32) for _ in range(2))
    best = float("inf")
    for _ in range(10):
        began = time.perf_counter()
        torch.mm(left, right)
        best = min(best, time.perf_counter() - began)
    return 2 * SIDE**3 / best / 1e9


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
    step = 3 * 2 * multiplications(NETS["tutorial"]()) / 1e9
    fast = computes_bf16("cpu")
    if not fast:
        print("bf16 is not used: this processor computes it no faster than fp32")
    for batch, bf16 in ((32, False), (512, False), (32, True), (512, True)):
        if bf16 and not fast:
            continue
        own = speed(batch, bf16, images, labels)
        ratio = f", {own / peer:.2f} times Keras's" if peer else ""
        share = f", {own * step:.0f} GFLOP/s, {own * step / peak(bf16):.0%} of a matrix product"
        print(f"tutorial, batch {batch}, {'bf16' if bf16 else 'fp32'}: {own:,.0f} images/s{ratio}{share}")


if __name__ == "__main__":
    main()
