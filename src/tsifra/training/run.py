"""One training run: data -> trained network -> model folder.

Flows in: a recipe and MNIST. Flows out: model.onnx and model.json. The last 5,000 training pictures are held
back: they choose the temperature and tell the accuracy; the test set is not touched here.
"""

import dataclasses
import math
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from tsifra import __version__
from tsifra.data.mnist import Mnist
from tsifra.normalize import normalize
from tsifra.training.export import save_model
from tsifra.training.loop import Epoch, predict, train
from tsifra.training.net import multiplications
from tsifra.training.recipes import Recipe

HELD_BACK = 5000
_ACCEPT = 0.9  # confidence from which a digit is "ok"; not yet chosen by a promise about the error


def run(
    recipe: Recipe,
    mnist: Mnist,
    out: Path,
    seed: int = 0,
    device: str = "auto",
    report: Callable[[Epoch], None] = lambda epoch: None,
) -> float:
    """Train by `recipe` and write the model folder `out`. Returns the accuracy on the held-back pictures, 0…1."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    images, labels = mnist.train_images, mnist.train_labels
    if recipe.normalized:
        images = as_read(images)
    net = train(recipe, images[:-HELD_BACK], labels[:-HELD_BACK], seed, device, report).cpu()
    logits, truth = predict(net, images[-HELD_BACK:]), torch.tensor(labels[-HELD_BACK:]).long()
    temperature = best_temperature(logits, truth)
    accuracy = (logits.argmax(1) == truth).float().mean().item()
    interval = wilson(accuracy, HELD_BACK)
    card = {
        "name": f"tsifra-{recipe.name}" if recipe.name != "shipped" else "tsifra-1",
        "labels": list("0123456789"),
        "input": {"shape": [28, 28], "dtype": "uint8", "ink": 255, "paper": 0},
        "thresholds": {"accept": _ACCEPT},
        "calibration": {"temperature": round(temperature, 4), "data": f"MNIST train, last {HELD_BACK}"},
        "recipe": dataclasses.asdict(recipe),
        "seed": seed,
        "data": f"MNIST train, first {len(images) - HELD_BACK}",
        "commit": _commit(),
        "versions": {"tsifra": __version__, "torch": torch.__version__, "python": platform.python_version()},
        "figures": {
            "held_back_accuracy": round(accuracy, 5),
            "held_back_interval": [round(end, 5) for end in interval],
            "multiplications": multiplications(net),
            "parameters": sum(parameter.numel() for parameter in net.parameters()),
        },
    }
    save_model(net, out, card)
    return accuracy


def as_read(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures (N, 28, 28) as a reader's network is shown them."""
    return np.stack([normalize(image).pixels for image in images])


def best_temperature(logits: Tensor, truth: Tensor) -> float:
    """The temperature with the least cross-entropy (Guo et al. 2017), to a hundredth."""
    candidates = [0.5 + step / 100 for step in range(251)]
    return min(candidates, key=lambda t: F.cross_entropy(logits / t, truth).item())


def wilson(share: float, count: int, z: float = 1.96) -> tuple[float, float]:
    """The 95% interval of a share of `count` trials (Wilson 1927)."""
    center = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return (center - half) / scale, (center + half) / scale


def _commit() -> str | None:
    """The commit that this package is a checkout of; None where it is none."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
