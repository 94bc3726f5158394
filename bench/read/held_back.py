"""What the scripts here read and read with: sources that no training has seen, and a model."""

import argparse
import os
from pathlib import Path

from tsifra import Reader
from tsifra.data import load_mnist
from tsifra.data.digits import Sources
from tsifra.training.lessons import FONTS, sources
from tsifra.training.recipes import RECIPES


def asked(says: str | None) -> tuple[Sources, Reader]:
    """Faces, forms of handwriting and MNIST's pictures that are held back, and a reader, as the command line says."""
    parser = argparse.ArgumentParser(description=says)
    parser.add_argument("--data", default=os.environ.get("TSIFRA_DATA"), help="a folder with MNIST's files")
    parser.add_argument("--fonts", type=Path, default=FONTS, help="a folder with fonts")
    parser.add_argument("--model", help="a model's folder; by default the shipped network")
    args = parser.parse_args()
    _, kept = sources(RECIPES["shipped"], load_mnist(args.data), args.fonts)
    return kept, Reader(args.model)
