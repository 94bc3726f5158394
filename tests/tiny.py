"""A set of drawn digits that is learned within a second, and the recipe that learns it."""

import dataclasses

import numpy as np

from drawing import digit
from tsifra.data.mnist import Mnist
from tsifra.training.augment import Augment
from tsifra.training.recipes import RECIPES

_random = np.random.default_rng(0)
LABELS = np.tile(np.arange(10, dtype=np.uint8), 40)
IMAGES = np.stack([np.roll(255 - digit(str(n), 28), _random.integers(-2, 3, 2), (0, 1)) for n in LABELS])
TINY = Mnist(IMAGES, LABELS, IMAGES[:50], LABELS[:50])
RECIPE = dataclasses.replace(
    RECIPES["fast"], name="tiny", epochs=4, batch=20, held_back=40, augment=Augment(pen=0.5), bf16=False
)
