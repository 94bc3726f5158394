"""What a run is begun with and taught by: models that were exported, or a network that learns first.

Flows in: models, or a recipe. Flows out: networks with an output for each label that is learned, and by how much each
is heard. Knows nothing of what is made of that.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tsifra.classifier import Classifier
from tsifra.data.digits import Pictures
from tsifra.data.synthetic import Mix
from tsifra.errors import ModelError
from tsifra.training.begin import begin
from tsifra.training.checkpoint import CHECKPOINT, Checkpoint, restore
from tsifra.training.lessons import Lessons
from tsifra.training.loop import Epoch, Training
from tsifra.training.net import NETS
from tsifra.training.recipes import RECIPES, Recipe


class Teachers:
    """Models that teach a run together."""

    def __init__(self, models: Sequence[Path], recipe: Recipe) -> None:
        """models: folders or ONNX files; one that is named more than once is heard as much more.

        Raises ModelError for one that is none, or has other outputs than the recipe learns.
        """
        self._heard = Counter(models)
        self._models = [Classifier(model) for model in self._heard]
        self.networks = [begun(model, recipe, _recipe_of(model).get("net", recipe.net)) for model in self._models]

    @property
    def names(self) -> str:
        """Their names and the beginnings of their hashes, and how often each is named."""
        heard = zip(self._models, self._heard.values(), strict=True)
        return ", ".join(f"{times} × {model.card.name} {model.card.sha256[:8]}" for model, times in heard)

    def shares(self, kinds: Pictures) -> NDArray[np.float32]:
        """By how much each is heard of pictures of these kinds, see Lessons: (teachers, N).

        One that has not learned a kind, as its card says, is not asked about it where another has.
        """
        mixes = [_recipe_of(model).get("mix") for model in self._models]
        knows = [[*(mix is None or bool(mix.get(kind)) for kind in Mix.__slots__), True] for mix in mixes]
        heard = np.array([*self._heard.values()], np.float32)[:, None]
        shares = heard * knows
        shares += heard * ~shares.any(axis=0)
        return np.asarray((shares / shares.sum(axis=0))[:, kinds], np.float32)


def begun(model: Classifier, recipe: Recipe, name: str) -> nn.Sequential:
    """A network of a name in NETS that answers as the model does, no digit as likely as among what is learned.

    Raises ModelError for another name, and for a model of other layers or outputs.
    """
    if name not in NETS:
        raise ModelError(f"{model.file}: a network {name!r}, which this version of tsifra does not know")
    net = NETS[name](recipe.learned)
    begin(net, model.file, torch.zeros(2, 1, 28, 28), recipe.classes, odds(model))
    return net


def odds(model: Classifier) -> float:
    """How many times as likely no digit is to a model as among what it has learned."""
    return float(_recipe_of(model).get("none_odds", 1.0) ** model.card.temperature)


def teachers_checkpoint(recipe: Recipe, seed: int, out: Path) -> Checkpoint | None:
    """That of a network that learns to teach, if one does: of the same lessons, but from other random weights."""
    if recipe.taught not in RECIPES:
        return None
    taught = RECIPES[recipe.taught]
    theirs = dataclasses.replace(taught, name=f"{recipe.name}-{recipe.taught}", batch=recipe.batch, bf16=recipe.bf16)
    return Checkpoint(out / recipe.taught / CHECKPOINT, theirs, seed + 1)


def learned_teacher(
    own: Checkpoint,
    kept: dict[str, Any] | None,
    lessons: Lessons,
    device: str,
    report: Callable[[Recipe, Epoch], None],
) -> nn.Sequential:
    """What a network that learns to teach has learned, once it has."""
    own.path.parent.mkdir(exist_ok=True)
    training = Training(own.recipe, lessons.images, lessons.labels, own.seed, device)
    if kept is not None:
        restore(training, kept, own.path)
    for epoch in own.epochs(training):
        report(own.recipe, epoch)
    return training.unmerged


def _recipe_of(model: Classifier) -> dict[str, Any]:
    """The recipe of its card; nothing of a model that was not made by `tsifra train`."""
    recipe: dict[str, Any] = model.card.document.get("recipe", {})
    return recipe
