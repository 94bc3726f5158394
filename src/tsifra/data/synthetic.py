"""Pictures made to learn from: digits of hands, fonts and displays on pages, MNIST's there and in bad scans, no digits.

Flows in: how many of which, a seed, faces, MNIST's training pictures. Flows out: (N, 28, 28) uint8 as `normalize`
makes them of files, with labels 0 … 9, and from 10 on the kinds of "no digit". Made by a process a core and kept in a
cache.
"""

import dataclasses
import hashlib
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from tsifra import normalize as normalizing
from tsifra import panel
from tsifra.data import digits, nondigits, page, segments, strokes, wheels
from tsifra.data import type as printing
from tsifra.data.digits import Pictures, Sources, any_digit, by_hand, counted, enclosed, of_mnist, typed
from tsifra.data.nondigits import PAPER, no_digit
from tsifra.data.page import photographed, spoiled, windowed
from tsifra.data.segments import segmented
from tsifra.data.strokes import Ink
from tsifra.ink import Gray
from tsifra.lane import processors
from tsifra.normalize import normalize

_TASK = 1000  # pictures that a process makes at once
_ENCLOSED = 0.04  # share of the digits that stand in a ring, on a label or the like
_STRETCHED = 0.16  # share of those that were brought to another width, as some scans are
_SQUARE = 0.4  # ... of which to a square
_NARROWEST = 0.3  # width by height of what that is done to; a plain 1 would be a blot
_TRIES = 6  # where page and light left nothing to be seen


@dataclass(frozen=True, slots=True)
class Mix:
    """How many pictures of which kind: digits by hand, of type, of MNIST on pages and in bad scans, no digits,
    digits of seven bars, and windows of counters."""

    handwritten: int = 0
    typed: int = 0
    on_pages: int = 0
    spoiled: int = 0
    none: int = 0
    segmented: int = 0
    counted: int = 0


def synthetic(mix: Mix, sources: Sources, seed: int, cache: Path | None = None) -> tuple[Pictures, Pictures]:
    """Make pictures (N, 28, 28) and labels (N,), the same for the same arguments; N is the mix's sum.

    cache: a folder where they are kept and looked for.
    """
    kept = None if cache is None else cache / f"synthetic-{_key(mix, sources, seed)}.npz"
    if kept is not None and kept.exists():
        with np.load(kept) as arrays:
            return arrays["images"], arrays["labels"]
    tasks = [
        (kind, np.random.SeedSequence([seed, number, start]), range(start, min(start + _TASK, count)))
        for number, (kind, count) in enumerate(dataclasses.asdict(mix).items())
        for start in range(0, count, _TASK)
    ]
    context = multiprocessing.get_context("spawn")  # a fork would inherit the locks of other libraries' threads
    with ProcessPoolExecutor(processors(), context, initializer=_begin, initargs=(sources,)) as pool:
        made = list(pool.map(_make, tasks))
    images, labels = (np.concatenate(parts) for parts in zip(*made, strict=True))
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part.npz")
        np.savez(part, images=images, labels=labels)
        part.replace(kept)
    return images, labels


def draw(kind: str, index: int, sources: Sources, rng: Generator) -> tuple[Gray, int]:
    """One gray crop of a kind of Mix, and its label; `index` chooses the face."""
    match kind:
        case "spoiled":
            chosen = int(rng.integers(len(sources.images)))
            return spoiled(sources.images[chosen], rng), int(sources.labels[chosen])
        case "none":
            ink, label = no_digit(index, sources, rng)
            return photographed(ink, rng), label
        case "counted":
            label = int(rng.integers(10))
            return windowed(counted(label, index, sources, rng), rng), label
        case "on_pages":
            ink, label = of_mnist(sources, rng)
        case "segmented":
            label = int(rng.integers(10))
            ink = segmented(label, rng)
        case _:
            label = int(rng.integers(10))
            ink = by_hand(label, sources, rng) if kind == "handwritten" else typed(label, index, sources, rng)
    if rng.random() < _STRETCHED:
        ink = stretched(ink, rng)
    if rng.random() < _ENCLOSED:
        ink = enclosed(ink, rng)
    return photographed(ink, rng, _neighbor(index, sources, rng)), label


_sources: list[Sources] = []  # of a worker process


def _begin(sources: Sources) -> None:
    cv2.setNumThreads(1)
    _sources[:] = [sources]


def _make(task: tuple[str, np.random.SeedSequence, range]) -> tuple[Pictures, Pictures]:
    kind, seeds, indices = task
    rng = np.random.default_rng(seeds)
    images = np.zeros((len(indices), 28, 28), np.uint8)
    labels = np.zeros(len(indices), np.uint8)
    for place, index in enumerate(indices):
        for _ in range(_TRIES):
            gray, labels[place] = draw(kind, index, _sources[0], rng)
            normalized = normalize(gray)
            images[place] = normalized.pixels
            if normalized.bbox is not None:
                break
        else:
            labels[place] = PAPER
    return images, labels


def stretched(ink: Ink, rng: Generator) -> Ink:
    """Ink of another width, or as wide as high."""
    height, width = ink.shape
    square = rng.random() < _SQUARE and width > _NARROWEST * height
    wide = height / width if square else float(np.exp(rng.normal(0, 0.35)))
    return np.asarray(cv2.resize(ink, None, fx=wide, fy=1, interpolation=cv2.INTER_LINEAR), np.float32)


def _neighbor(index: int, sources: Sources, rng: Generator) -> Ink | None:
    return any_digit(index, sources, rng) if rng.random() < 0.15 else None


def _key(mix: Mix, sources: Sources, seed: int) -> str:
    """What decides the pictures, as the name of their file: the arguments, and the code that makes them."""
    digest = hashlib.sha256(repr((mix, seed, [face.path.name for face in sources.faces], sources.forms)).encode())
    digest.update(sources.images.tobytes() + sources.labels.tobytes())
    for file in _code():
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _code() -> Iterator[Path]:
    for module in (digits, nondigits, page, segments, strokes, wheels, printing, normalizing, panel):
        assert module.__file__ is not None
        yield Path(module.__file__)
    yield Path(__file__)
    yield Path(__file__).parents[1] / "ink.py"
