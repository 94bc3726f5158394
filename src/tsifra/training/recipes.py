"""How each network is trained: one frozen value a recipe."""

import math
from dataclasses import dataclass, replace
from typing import Literal

from tsifra.data.nondigits import KINDS, TWO
from tsifra.data.synthetic import Mix
from tsifra.reading import NONE
from tsifra.training.augment import Augment

_FURTHER = 0.2  # of the rate, for what was learned before


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a training run does.

    net: a name in net.NETS. rate: the greatest learning rate; "cosine" rises to it over the first `warmup` share of the
    steps and falls to zero (Loshchilov and Hutter 2017), "constant" stays. goes_on: whether it begins with what a model
    has learned, and so at a fifth of the rate. decay: of weights. taught: the recipe of a network that teaches this
    one, or the names of models that do; believed: the share of what is learned that is what it says. smoothing: of
    labels (Szegedy et al. 2016). average: decay a step of the running average of the weights that is kept in the end
    (Polyak and Juditsky 1992), 0 for none. bf16: whether layers compute in bfloat16 where the processor has it.
    normalized: whether training pictures pass through `normalize`, as a reader's do. held_back: the last so many
    training pictures are not learned; they tell the accuracy and choose the temperature. spared: share of the pictures
    that lose less than the mean, which an epoch leaves out once they were seen; the rest of them count for more.
    repeats: how often an epoch shows each of MNIST's pictures, but for those. mix: the pictures made here that are
    learned with them, "no digit" among them. none_odds: how many times as likely "no digit" is in use as among what is
    learned (Saerens et al. 2002). calibration: those that confidence is calibrated on, of faces and forms of
    handwriting that are not learned.
    """

    name: str
    net: str
    epochs: int
    batch: int
    optimizer: Literal["adamax", "adamw", "muon"]
    rate: float
    schedule: Literal["constant", "cosine"] = "cosine"
    warmup: float = 0.2
    goes_on: bool = False
    decay: float = 0.0
    taught: str = ""
    believed: float = 0.7
    smoothing: float = 0.0
    average: float = 0.0
    augment: Augment | None = None
    bf16: bool = False
    normalized: bool = True
    held_back: int = 5000
    spared: float = 0.0
    repeats: int = 1
    mix: Mix | None = None
    none_odds: float = 1.0
    calibration: Mix | None = None

    @property
    def classes(self) -> int:
        """Labels of what is learned: ten digits, and "no digit" where that is."""
        return 10 if self.mix is None else 11

    @property
    def learned(self) -> int:
        """Outputs while it learns: "no digit" by kinds, such as each of the letters."""
        return 10 if self.mix is None else 10 + KINDS

    @property
    def outputs(self) -> tuple[int, ...]:
        """Which output of the trained network each learned label adds to; several digits are one after no digit."""
        return tuple(NONE + 1 if label == TWO else min(label, NONE) for label in range(self.learned))

    def rate_at(self, done: float) -> float:
        """The learning rate when a share `done` of the run, 0…1, is over."""
        if self.schedule == "constant":
            return self.rate * (_FURTHER if self.goes_on else 1)
        if self.goes_on:
            return self.rate * _FURTHER * (1 + math.cos(math.pi * done)) / 2
        if done < self.warmup:
            return self.rate * (0.04 + 0.96 * done / self.warmup)
        return self.rate * (1 + math.cos(math.pi * (done - self.warmup) / (1 - self.warmup))) / 2


_BENT_LESS = Augment(degrees=8.0, stretch=0.1, shear=0.15, shift=1.2, elastic=0.5)

_TEACHER = Recipe(
    "teacher",
    "broad",
    epochs=19,
    batch=1024,
    optimizer="muon",
    rate=0.015,
    decay=0.02,
    smoothing=0.01,
    average=0.999,
    augment=Augment(degrees=8.0, stretch=0.1, shear=0.12, shift=1.2, elastic=0.5, pen=0.3),
    bf16=True,
    spared=0.75,
    repeats=16,
    mix=Mix(
        handwritten=640_000,
        typed=640_000,
        on_pages=240_000,
        spoiled=480_000,
        none=960_000,
        segmented=120_000,
        counted=240_000,
    ),
    none_odds=0.25,
    calibration=Mix(handwritten=4000, typed=4000, on_pages=3000, spoiled=1500, none=3000, segmented=1000, counted=500),
)

_SHIPPED = replace(_TEACHER, name="shipped", net="gated", epochs=17, taught="teacher")

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("tutorial", "tutorial", 13, 32, "adamax", 0.001, schedule="constant", normalized=False, held_back=0),
        Recipe(
            "fast",
            "quick",
            epochs=2,
            batch=256,
            optimizer="adamw",
            rate=0.02,
            warmup=0.15,
            decay=0.02,
            smoothing=0.02,
            average=0.97,
            bf16=True,
            normalized=False,
            held_back=12_000,
        ),
        Recipe(
            "minute",
            "small",
            epochs=10,
            batch=256,
            optimizer="adamw",
            rate=0.008,
            decay=0.02,
            smoothing=0.02,
            average=0.995,
            augment=_BENT_LESS,
            bf16=True,
            held_back=2000,
        ),
        Recipe(
            "best",
            "wide",
            epochs=25,
            batch=256,
            optimizer="adamw",
            rate=0.006,
            decay=0.02,
            smoothing=0.02,
            average=0.998,
            augment=_BENT_LESS,
            bf16=True,
            held_back=2000,
        ),
        _TEACHER,
        _SHIPPED,
        replace(
            _SHIPPED,
            name="refined",
            epochs=8,
            batch=512,
            rate=0.0225,
            taught="",
            believed=0.8,
            smoothing=0.0,
            average=0.998,
            spared=0.5,
            repeats=5,
            mix=Mix(
                handwritten=220_000,
                typed=240_000,
                on_pages=80_000,
                spoiled=140_000,
                none=300_000,
                segmented=40_000,
                counted=90_000,
            ),
        ),
    )
}
