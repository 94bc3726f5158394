"""A set of drawn digits that is learned within a second, the recipe that learns it, and what tests of runs share."""

import dataclasses
from pathlib import Path

import numpy as np

from drawing import digit
from tsifra.data.mnist import Mnist
from tsifra.data.nondigits import PAPER
from tsifra.reading import NONE
from tsifra.training.augment import Augment
from tsifra.training.lessons import Lessons
from tsifra.training.recipes import RECIPES

_random = np.random.default_rng(0)
LABELS = np.tile(np.arange(10, dtype=np.uint8), 40)
IMAGES = np.stack([np.roll(255 - digit(str(n), 28), _random.integers(-2, 3, 2), (0, 1)) for n in LABELS])
TINY = Mnist(IMAGES, LABELS, IMAGES[:50], LABELS[:50])
RECIPE = dataclasses.replace(
    RECIPES["fast"], name="tiny", epochs=4, batch=20, held_back=40, augment=Augment(pen=0.5), bf16=False
)
WITH_NONE = np.where(LABELS < 8, LABELS, LABELS + PAPER - 9).astype(np.uint8)  # 8 is remains of a box, 9 blank paper
LESSONS = Lessons(
    IMAGES, WITH_NONE, np.zeros(len(LABELS), np.uint8), (IMAGES[:8], LABELS[:8]), (IMAGES, np.minimum(WITH_NONE, NONE))
)


class Killed(BaseException):
    """What ends a run as `kill -9` would: nothing minds it."""


def weights_of(folder: Path) -> bytes:
    return (folder / "model.onnx").read_bytes()
