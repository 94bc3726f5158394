"""What a recipe is taught with: MNIST, and pictures made here; and what it is examined and calibrated on.

Flows in: a recipe, MNIST's training files and a folder of fonts. Flows out: arrays. No picture is both learned and
held back, nor is a face or a form of handwriting. MNIST's test files are not touched.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from tsifra.data.digits import Pictures, Sources
from tsifra.data.mnist import Mnist
from tsifra.data.strokes import FORMS
from tsifra.data.synthetic import Mix, synthetic
from tsifra.data.type import Face, find_faces
from tsifra.errors import DataError
from tsifra.normalize import normalize
from tsifra.reading import NONE
from tsifra.training.loop import Training, predict
from tsifra.training.recipes import RECIPES, Recipe

FONTS = Path("/usr/share/fonts")

_MNIST = len(Mix.__slots__)  # its place among the kinds, after the last that are made
_KNOWN = 6  # digits of a face that a network which learned MNIST alone must read; others are pictures or too odd
_HELD_OUT = 10  # every tenth family of faces is not learned


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Pictures (N, 28, 28) uint8 and labels (N,) uint8 to learn, to be examined on, and to calibrate on.

    labels: from 10 on kinds of "no digit". kinds: (N,) uint8, as which of Mix's each was made; MNIST's are after the
    last. held_back: MNIST's, which tell the accuracy. calibration: MNIST's held-back ones and those made here, whose 10
    is "no digit" of any kind.
    """

    images: Pictures
    labels: Pictures
    kinds: Pictures
    held_back: tuple[Pictures, Pictures]
    calibration: tuple[Pictures, Pictures]


def prepare(recipe: Recipe, mnist: Mnist, seed: int, fonts: Path = FONTS, cache: Path | None = None) -> Lessons:
    """Lessons of a recipe; what is made for them is kept in the folder `cache`. Raises DataError without fonts."""
    count = len(mnist.train_images) - recipe.held_back
    seen = as_read(mnist.train_images) if recipe.normalized else mnist.train_images
    images, labels = seen[:count], mnist.train_labels[:count]
    held_back = seen[count:], mnist.train_labels[count:]
    if recipe.mix is None or recipe.calibration is None:
        return Lessons(images, labels, np.full(count, _MNIST, np.uint8), held_back, held_back)
    learned, kept = sources(recipe, mnist, fonts)
    made = synthetic(recipe.mix, learned, seed, cache)
    others = synthetic(recipe.calibration, kept, seed + 1, cache)
    return Lessons(
        np.concatenate((*[images] * recipe.repeats, made[0])),
        np.concatenate((*[labels] * recipe.repeats, made[1])),
        np.repeat(np.array((_MNIST, *range(_MNIST)), np.uint8), (count * recipe.repeats, *astuple(recipe.mix))),
        held_back,
        (np.concatenate((held_back[0], others[0])), np.concatenate((held_back[1], np.minimum(others[1], NONE)))),
    )


def sources(recipe: Recipe, mnist: Mnist, fonts: Path = FONTS) -> tuple[Sources, Sources]:
    """What is learned, and what is kept for calibration: other families, forms, and the pictures that are held back.

    fonts: a folder with one folder for each family; if all lie in one, each file counts as a family.
    Raises DataError where there are too few for both.
    """
    count = len(mnist.train_images) - recipe.held_back
    faces = readable(find_faces(fonts), mnist.train_images[:count], mnist.train_labels[:count])
    is_flat = len({face.path.parent for face in faces}) == 1
    families = [face.path.stem if is_flat else face.path.parent.name for face in faces]
    is_kept = [zlib.crc32(family.encode()) % _HELD_OUT == 0 for family in families]
    if all(is_kept) or not any(is_kept):
        raise DataError(f"{fonts}: too few fonts, some to learn and some to calibrate on; docs/fonts.md names some")
    learned = Sources(
        tuple(face for face, kept in zip(faces, is_kept, strict=True) if not kept),
        mnist.train_images[:count],
        mnist.train_labels[:count],
        {digit: forms[:-1] for digit, forms in FORMS.items()},
    )
    others = Sources(
        tuple(face for face, kept in zip(faces, is_kept, strict=True) if kept),
        mnist.train_images[count:],
        mnist.train_labels[count:],
        {digit: forms[-1:] for digit, forms in FORMS.items()},
    )
    return learned, others


def readable(faces: list[Face], images: Pictures, labels: Pictures) -> list[Face]:
    """Faces whose digits are digits: a network that learns MNIST's pictures alone, in seconds, reads most of them.

    It learns on one thread, so that they are the same on any number.
    """
    recipe = replace(RECIPES["fast"], held_back=0, bf16=False)
    training = Training(recipe, images, labels)
    drawn = [[face.draw(str(digit)) for digit in range(10)] for face in faces]
    pages = [255 - (np.pad(ink, 12) * 255).astype(np.uint8) for inks in drawn for ink in inks if ink is not None]
    with _one_thread():
        for _ in range(recipe.epochs):
            training.epoch()
        answers = predict(training.network, as_read(pages)).argmax(1).numpy().reshape(-1, 10)
    right = (answers == np.arange(10)).sum(1)
    return [face for face, count in zip(faces, right, strict=True) if count >= _KNOWN]


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def as_read(images: Pictures | list[Pictures]) -> Pictures:
    """Gray pictures of any size as a reader's network is shown them: (N, 28, 28)."""
    return np.stack([normalize(image).pixels for image in images]) if len(images) else np.zeros((0, 28, 28), np.uint8)
