"""One training run: data -> trained network -> model folder.

Flows in: a recipe and MNIST. Flows out: model.onnx, model.json, and checkpoint.pt, from which a run that was
killed goes on. The recipe's held-back pictures choose the temperature and tell the accuracy; the test set is not
touched here.
"""

import dataclasses
import math
import platform
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tsifra import __version__
from tsifra.calibration import best_temperature, promises, softmax, wilson
from tsifra.classifier import Classifier, thresholds
from tsifra.data.digits import Pictures
from tsifra.data.mnist import Mnist
from tsifra.data.synthetic import Mix
from tsifra.errors import DataError, TsifraError
from tsifra.reading import LABELS, NONE
from tsifra.training.augment import Augment
from tsifra.training.checkpoint import CHECKPOINT, Checkpoint, read, restore
from tsifra.training.export import save_model
from tsifra.training.lessons import FONTS, Lessons, prepare
from tsifra.training.loop import Epoch, Training, predict
from tsifra.training.net import Merged, multiplications
from tsifra.training.recipes import Recipe
from tsifra.training.teachers import Teachers, begun, learned_teacher, odds, teachers_checkpoint


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run gave.

    history: a value an epoch. accuracy: of the held-back pictures, 0…1; None where the recipe holds none back.
    interrupted: whether Ctrl-C ended it early.
    """

    history: tuple[Epoch, ...]
    accuracy: float | None
    interrupted: bool


def run(
    recipe: Recipe,
    mnist: Mnist,
    out: Path,
    seed: int = 0,
    device: str = "auto",
    resume: bool = False,
    name: str | None = None,
    model: Path | None = None,
    taught_by: Sequence[Path] = (),
    fonts: Path = FONTS,
    cache: Path | None = None,
    report: Callable[[Recipe, Epoch], None] = lambda recipe, epoch: None,
) -> Trained:
    """Train by `recipe` and write the model folder `out`; after Ctrl-C, with what whole epochs have taught until then.

    device: "auto", "cpu" or "cuda". fonts: a folder, for recipes that learn type. cache: a folder where pictures made
    for the recipe are kept. resume: go on from the checkpoints in `out`. name: of the model, in records.
    model: a folder or ONNX file with whose weights it begins, and so at a lower rate. taught_by: models that teach it
    together; one that is named more than once is heard as much more. Without any, a network that is to teach it is
    learned before, in a folder of `out`, and Ctrl-C then ends the run without a model.
    Raises DataError where there is no checkpoint to go on from or it is another run's or device's, or where the
    pictures are fewer than a batch, ModelError for a model of other layers or outputs, TsifraError for "cuda" where
    there is none, OSError where `out` cannot be written to.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise TsifraError("--device cuda: PyTorch finds no GPU that it can use; --device cpu trains without one")
    commit = _commit()  # of the code that runs, which may have changed when the run ends
    before = None if model is None else Classifier(model)
    recipe = dataclasses.replace(recipe, goes_on=before is not None)
    together = Teachers(taught_by, recipe) if taught_by else None
    if together:
        recipe = dataclasses.replace(recipe, taught=together.names)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    own, teachers = Checkpoint(out / CHECKPOINT, recipe, seed), teachers_checkpoint(recipe, seed, out)
    # What does not fit is told of before pictures are made, which may take half an hour.
    kept, theirs = (each.read(device) if resume and each else None for each in (own, teachers))
    is_over = kept is not None and len(kept["state"]["history"]) == recipe.epochs
    if resume and not (is_over or (teachers or own).path.exists()):
        raise DataError(f"{(teachers or own).path}: no such checkpoint")
    if before is not None:
        begun(before, recipe, recipe.net)
    out.mkdir(parents=True, exist_ok=True)
    lessons = prepare(recipe, mnist, seed, fonts, cache)
    networks, shares = (together.networks, together.shares(lessons.kinds)) if together else ([], None)
    if teachers and not is_over:
        if kept is None:  # what lies there had another teacher
            own.path.unlink(missing_ok=True)
        networks = [learned_teacher(teachers, theirs, lessons, device, report)]
    training = Training(recipe, lessons.images, lessons.labels, seed, device, networks, shares)
    if kept is not None:
        restore(training, kept, own.path)
    elif before is not None:
        training.begin(before.file, odds(before))
    interrupted, done = False, len(training.history)
    try:
        for epoch in own.epochs(training):
            done = epoch.number
            report(recipe, epoch)
    except KeyboardInterrupt:
        if not done:  # nothing was learned, and a model may lie there
            raise
        interrupted = True
        restore(training, read(own.path), own.path)  # an epoch that is half over goes
    known = {"commit": commit, "from": before and before.card.name, "data": _data(recipe, mnist)}
    return Trained(tuple(training.history), _write(training, own, lessons, name, known), interrupted)


def _write(
    training: Training, own: Checkpoint, lessons: Lessons, name: str | None, known: dict[str, Any]
) -> float | None:
    """Write the model folder, calibrated; the accuracy of the held-back pictures, None where there are none."""
    net = training.network.cpu()
    calibration = _calibrated(own.recipe, net, lessons)
    accuracy, figures = _examined(net, lessons)
    made = card(own.recipe, own.seed, net, name) | {
        "thresholds": thresholds(calibration.get("promises", ())),
        "calibration": calibration,
        "epochs_done": len(training.history),
    }
    save_model(net, own.path.parent, made | known | {"figures": made["figures"] | figures})
    return accuracy


def export(checkpoint: Path, out: Path) -> None:
    """Write what a checkpoint has learned as a model folder: its temperature 1, no digit as likely as it was learned.

    Raises DataError for a file that is no checkpoint, and where `out` is its folder, whose model knows more.
    """
    if checkpoint.resolve().parent == out.resolve():
        raise DataError(f"{out}: holds the model of this run, with its calibration; name another folder")
    kept = read(checkpoint)
    try:
        values = {"augment": Augment, "mix": Mix, "calibration": Mix}
        recipe = Recipe(
            **kept["recipe"] | {key: made(**kept["recipe"][key]) for key, made in values.items() if kept["recipe"][key]}
        )
        blank = np.zeros((recipe.batch, 28, 28), np.uint8), np.zeros(recipe.batch, np.uint8)
        training = Training(recipe, *blank)
    except (TypeError, KeyError):
        raise DataError(f"{checkpoint}: of another version of tsifra") from None
    restore(training, kept, checkpoint)  # wherever it was made
    net = training.network
    save_model(net, out, card(recipe, kept["seed"], net) | {"epochs_done": len(training.history)})


def card(recipe: Recipe, seed: int, net: torch.nn.Sequential, name: str | None = None) -> dict[str, Any]:
    """model.json of a network, but for what only its run knows."""
    return {
        "name": name or f"{recipe.name}-{seed}",
        "labels": [*LABELS[:10]] if recipe.mix is None else [*LABELS, "several"],
        "input": {"shape": [28, 28], "dtype": "uint8", "ink": 255, "paper": 0},
        "thresholds": thresholds(()),
        "calibration": {"temperature": 1.0, "data": None},
        "recipe": dataclasses.asdict(recipe),
        "seed": seed,
        "versions": {"tsifra": __version__, "torch": torch.__version__, "python": platform.python_version()},
        "figures": {
            "multiplications": multiplications(net),
            "parameters": sum(parameter.numel() for parameter in net.parameters()),
        },
    }


def _examined(net: torch.nn.Sequential, lessons: Lessons) -> tuple[float | None, dict[str, Any]]:
    """Accuracy of the held-back pictures, None where there are none, and the figures for model.json."""
    images, labels = lessons.held_back
    if not len(labels):
        return None, {}
    accuracy = float((_logits(net, images).argmax(1) == labels).mean())
    interval = [round(end, 5) for end in wilson(accuracy, len(labels))]
    return accuracy, {"held_back_accuracy": round(accuracy, 5), "held_back_interval": interval}


def _calibrated(recipe: Recipe, net: torch.nn.Sequential, lessons: Lessons) -> dict[str, Any]:
    """Make the net expect `recipe.none_odds`; its temperature and promises, from pictures that were not learned."""
    images, labels = lessons.calibration
    if not len(labels):
        return {"temperature": 1.0, "data": None}
    logits = _logits(net, images)
    temperature = round(best_temperature(logits, labels), 4)
    shift = temperature * math.log(recipe.none_odds)
    logits[:, NONE:] += shift
    with torch.no_grad():
        _outputs(net).bias[NONE:] += shift
    said = softmax(logits / temperature)
    others = "" if recipe.calibration is None else f" and pictures made here: {_named(recipe.calibration)}"
    return {
        "temperature": temperature,
        "data": f"MNIST train, last {recipe.held_back}{others}",
        "promises": promises(said.argmax(axis=1), said.max(axis=1), labels),
    }


def _logits(net: torch.nn.Sequential, images: Pictures) -> NDArray[np.float64]:
    """Logits (N, 10 or 11) as a reader takes them: several digits are no digit."""
    logits = predict(net, images).double()
    if logits.shape[1] > len(LABELS):
        logits = Merged((*range(len(LABELS)), NONE))(logits)
    return np.asarray(logits.numpy())


def _outputs(net: torch.nn.Sequential) -> torch.nn.Linear:
    return [layer for layer in net if isinstance(layer, torch.nn.Linear)][-1]


def _data(recipe: Recipe, mnist: Mnist) -> str:
    made = "" if recipe.mix is None else f" and pictures made here: {_named(recipe.mix)}"
    return f"MNIST train, first {len(mnist.train_labels) - recipe.held_back}{made}"


def _named(mix: Mix) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in dataclasses.asdict(mix).items())


def _commit() -> str | None:
    """The commit that this package is a checkout of; None where it is none, even in the folder of another."""
    file = Path(__file__)
    git = ["git", "-C", str(file.parent)]
    try:
        subprocess.run([*git, "ls-files", "--error-unmatch", file.name], capture_output=True, check=True)
        said = subprocess.run([*git, "describe", "--always", "--dirty"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return said.stdout.strip()
