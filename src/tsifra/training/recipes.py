"""How each network is trained: one frozen value a recipe."""

from dataclasses import dataclass
from typing import Literal

from tsifra.training.augment import Augment


@dataclass(frozen=True, slots=True)
class Recipe:
    """What `train` does.

    net: a name in net.NETS. rate: the greatest learning rate; "cosine" warms up over the first `warmup` share of
    the steps and goes to zero, "constant" stays. smoothing: of labels (Szegedy et al. 2016). average: decay a step
    of the running average of the weights that is kept in the end (Polyak and Juditsky 1992), 0 for none.
    normalized: whether training pictures pass through `normalize`, as a reader's do.
    """

    name: str
    net: str
    epochs: int
    batch: int
    optimizer: Literal["adamax", "adamw"]
    rate: float
    schedule: Literal["constant", "cosine"] = "cosine"
    warmup: float = 0.2
    decay: float = 0.0
    smoothing: float = 0.0
    average: float = 0.0
    augment: Augment | None = None
    bf16: bool = False
    normalized: bool = True


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("tutorial", "tutorial", 13, 32, "adamax", 0.001, schedule="constant", normalized=False),
        Recipe(
            "shipped",
            "small",
            epochs=40,
            batch=256,
            optimizer="adamw",
            rate=0.004,
            decay=0.02,
            smoothing=0.02,
            average=0.998,
            augment=Augment(pen=0.5),
            bf16=True,
        ),
    )
}
