"""Accuracy of a recipe over seeds, on MNIST's test files through the reader that people use.

    python bench/train/seeds.py RECIPE [--seeds N] [--data DIR]

Prints a row a seed and their mean and deviation. Time is that of the epochs, from arrays in memory.
"""

import argparse
import os
import platform
import tempfile
from pathlib import Path
from statistics import mean, stdev

import torch

from tsifra import Reader
from tsifra.data import load_mnist
from tsifra.evaluate import evaluate
from tsifra.training.recipes import RECIPES
from tsifra.training.run import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", default=os.environ.get("TSIFRA_DATA"), help="a folder with MNIST's files")
    args = parser.parse_args()
    mnist = load_mnist(args.data)
    truth = [str(label) for label in mnist.test_labels]
    print(f"{args.recipe}: {platform.platform()}, {os.cpu_count()} processors, torch {torch.__version__}")
    accuracies, times = [], []
    for seed in range(args.seeds):
        with tempfile.TemporaryDirectory() as folder:
            trained = run(RECIPES[args.recipe], mnist, Path(folder), seed)
            report = evaluate(Reader(folder), list(mnist.test_images), truth)
        accuracies.append(100 * report.accuracy)
        times.append(trained.history[-1].elapsed_s)
        print(f"seed {seed}: {accuracies[-1]:.2f}% in {times[-1]:.1f} s", flush=True)
    if args.seeds > 1:
        print(f"mean {mean(accuracies):.3f} ± {stdev(accuracies):.3f}% in {mean(times):.1f} ± {stdev(times):.1f} s")


if __name__ == "__main__":
    main()
