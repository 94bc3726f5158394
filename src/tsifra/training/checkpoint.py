"""What a run keeps after each epoch, and goes on from.

Flows in: what a training has learned. Flows out: a file, and that again.
"""

import dataclasses
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tsifra.errors import DataError
from tsifra.training.loop import Epoch, Training
from tsifra.training.recipes import Recipe

CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A file, and the recipe and seed of the run that keeps it."""

    path: Path
    recipe: Recipe
    seed: int

    def epochs(self, training: Training) -> Iterator[Epoch]:
        """What is left of the recipe's epochs, each once it is learned and kept."""
        while len(training.history) < self.recipe.epochs:
            epoch = training.epoch()
            part = self.path.with_suffix(".part")
            torch.save({"recipe": dataclasses.asdict(self.recipe), "seed": self.seed, "state": training.state()}, part)
            os.replace(part, self.path)
            yield epoch

    def read(self, device: str) -> dict[str, Any] | None:
        """What is kept, None where nothing is. Raises DataError for another run's or device's, or a damaged one."""
        if not self.path.exists():
            return None
        kept = read(self.path)
        if (kept["recipe"], kept["seed"]) != (dataclasses.asdict(self.recipe), self.seed):
            raise DataError(
                f"{self.path}: made by another recipe or seed, or one of both runs began --from a model; say what was "
                "said then, or leave out --resume, and the run begins anew"
            )
        made_on = kept["state"].get("device")
        if device != made_on:
            raise DataError(f"{self.path}: made with --device {made_on}; say that to go on, or leave out --resume")
        return kept


def read(path: Path) -> dict[str, Any]:
    """A checkpoint's recipe, seed and state; no code in it is run. Raises DataError for a file that is none."""
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
        return {"recipe": kept["recipe"], "seed": kept["seed"], "state": kept["state"]}
    except FileNotFoundError:
        raise DataError(f"{path}: no such checkpoint") from None
    except Exception:  # torch.load raises nearly anything for a file that is none
        raise DataError(f"{path}: damaged, or not a checkpoint of tsifra train") from None


def restore(training: Training, kept: dict[str, Any], path: Path) -> None:
    """Go on from what is kept. Raises DataError where another version of the package kept it."""
    try:
        training.restore(kept["state"])
    except (KeyError, TypeError, ValueError, RuntimeError):  # of tensors that are missing or have another shape
        raise DataError(f"{path}: of another version of tsifra") from None
