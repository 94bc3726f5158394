"""Pictures made to learn from: digits of hands and fonts on pages, MNIST's on pages and in bad scans, and no digits.

Flows in: how many of which, a seed, faces, MNIST's training pictures. Flows out: (N, 28, 28) uint8 as `normalize`
makes them of files, with labels 0 … 9, and from 10 on the kinds of "no digit". Made by a process a core and kept in a
cache.
"""

import dataclasses
import hashlib
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tsifra import normalize as normalizing
from tsifra.data import page, strokes
from tsifra.data import type as printing
from tsifra.data.page import Gray, photographed, spoiled
from tsifra.data.strokes import FORMS, Ink, handwritten, scribble
from tsifra.data.type import Face
from tsifra.normalize import normalize

NONE = 10
_TASK = 1000  # pictures that a process makes at once
_DRAWS = 4  # of a face one after the other, since opening it takes as long as some draws
_FILLED = 0.06  # share of the 4s, 6s, 8s and 9s of type whose counters ink or a bad scan has closed
_ENCLOSED = 0.04  # share of the digits that stand in a ring, on a label or the like
_STRETCHED = 0.12  # share of those that were brought to another width, as some scans are
_TRIES = 6  # where page and light left nothing to be seen
_LETTERS = "ACEFHKLMNPRUVWXadefhkmnptuvwx@#%*+=<>^~€ЖФШЩИЯЛМНПЦЫжфшщялмнпцы"
"""Signs that look like no digit; O, l, I, S, Z, B, q, ч, З and their like are left out, being ambiguous."""

_SCRIBBLE, _TWO, _HALF, _REMAINS, _PAPER, _SIGN = range(NONE, NONE + 6)
KINDS = _SIGN - NONE + len(_LETTERS)
"""How many kinds of no digit have labels of their own: each sign is one, which teaches more than that it is none."""

Pictures = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Mix:
    """How many pictures of which kind: digits by hand, of type, of MNIST on pages and in bad scans, and no digits."""

    handwritten: int = 0
    typed: int = 0
    on_pages: int = 0
    spoiled: int = 0
    none: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """What pictures are made of. images: (M, 28, 28) uint8, labels: (M,); forms: of handwriting, by digit."""

    faces: tuple[Face, ...]
    images: Pictures
    labels: Pictures
    forms: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=lambda: FORMS)


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
    with ProcessPoolExecutor(os.cpu_count(), context, initializer=_begin, initargs=(sources,)) as pool:
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
            ink, label = _no_digit(index, sources, rng)
            return photographed(ink, rng), label
        case "on_pages":
            ink, label = _of_mnist(sources, rng)
        case _:
            label = int(rng.integers(10))
            ink = by_hand(label, sources, rng) if kind == "handwritten" else _typed(str(label), index, sources, rng)
    if rng.random() < _STRETCHED:
        wide = float(np.exp(rng.normal(0, 0.35)))
        ink = np.asarray(cv2.resize(ink, None, fx=wide, fy=1, interpolation=cv2.INTER_LINEAR), np.float32)
    if rng.random() < _ENCLOSED:
        ink = _enclosed(ink, rng)
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
            labels[place] = _PAPER
    return images, labels


def enlarged(image: Pictures) -> Ink:
    """One of MNIST's pictures, (28, 28) uint8, as ink of four times its size, cropped to it."""
    rows, columns = np.flatnonzero(image.max(1)), np.flatnonzero(image.max(0))
    cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    large = cv2.resize(cut, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large / np.float32(255), np.float32)


def by_hand(label: int, sources: Sources, rng: Generator) -> Ink:
    """A digit in one of the forms that the sources have of it."""
    forms = sources.forms[str(label)]
    return handwritten(forms[int(rng.integers(len(forms)))], rng)


def _face(index: int, sources: Sources) -> Face:
    # Neighbors in the list are of one family: a stride that is prime to their number goes through all in turn.
    return sources.faces[index // _DRAWS * 7919 % len(sources.faces)]


def _typed(sign: str, index: int, sources: Sources, rng: Generator) -> Ink:
    ink = _face(index, sources).draw(sign)
    if ink is None:
        return by_hand(int(sign), sources, rng)
    pad = 6
    ink = np.pad(ink, pad)
    if rng.random() < 0.25:  # ink that runs, or does not
        runs = rng.random() < 0.6
        side = int(np.exp(rng.uniform(np.log(2), np.log(12 if runs else 5))))
        kernel = np.ones((side, side), np.uint8)
        ink = np.asarray(cv2.dilate(ink, kernel) if runs else cv2.erode(ink, kernel), np.float32)
    if sign in "4689" and rng.random() < _FILLED:
        outlines, _ = cv2.findContours((ink > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        ink = np.asarray(cv2.drawContours(ink.copy(), outlines, -1, 1.0, cv2.FILLED), np.float32)
    wide = float(np.exp(rng.normal(0, 0.12)))
    return np.asarray(cv2.resize(ink, None, fx=wide, fy=1, interpolation=cv2.INTER_LINEAR), np.float32)


def _of_mnist(sources: Sources, rng: Generator) -> tuple[Ink, int]:
    chosen = int(rng.integers(len(sources.images)))
    return enlarged(sources.images[chosen]), int(sources.labels[chosen])


def _enclosed(ink: Ink, rng: Generator) -> Ink:
    """The digit in a ring or a box, or left out of a disc, a label or a sheet that is darker than what is around it."""
    height, width = ink.shape
    side = int(max(height, width) * rng.uniform(1.15, 1.9))
    size = (
        (side, side) if rng.random() < 0.6 else (int(height * rng.uniform(1.1, 1.6)), int(width * rng.uniform(1.2, 2)))
    )
    sheet = np.zeros((max(size[0], height + 8), max(size[1], width + 8)), np.float32)
    top, left = (sheet.shape[0] - height) // 2, (sheet.shape[1] - width) // 2
    rows, columns = sheet.shape
    filled = rng.random() < 0.5
    thick = -1 if filled else max(2, int(rng.uniform(0.03, 0.12) * height))
    around = np.zeros((rows, columns), np.uint8)
    if rng.random() < 0.5:
        middle, axes = (columns // 2, rows // 2), (columns // 2 - max(thick, 0) - 1, rows // 2 - max(thick, 0) - 1)
        cv2.ellipse(around, middle, axes, 0, 0, 360, 255, thick, cv2.LINE_AA)
    else:
        edge = max(thick, 0) // 2 + 1
        cv2.rectangle(around, (edge, edge), (columns - edge - 1, rows - edge - 1), 255, thick, cv2.LINE_AA)
    sheet[top : top + height, left : left + width] = ink
    around_it = around / np.float32(255)
    return np.asarray(around_it * (1 - sheet) if filled else np.maximum(around_it, sheet), np.float32)


def _neighbor(index: int, sources: Sources, rng: Generator) -> Ink | None:
    return _any_digit(index, sources, rng) if rng.random() < 0.15 else None


def _any_digit(index: int, sources: Sources, rng: Generator) -> Ink:
    draw = rng.random()
    if draw < 0.35:
        return by_hand(int(rng.integers(10)), sources, rng)
    if draw < 0.65:
        return _typed(str(rng.integers(10)), index, sources, rng)
    return _of_mnist(sources, rng)[0]


def _no_digit(index: int, sources: Sources, rng: Generator) -> tuple[Ink, int]:
    draw = rng.random()
    if draw < 0.46:
        return _sign(index, sources, rng)
    if draw < 0.7:
        return scribble(rng), _SCRIBBLE
    if draw < 0.84:
        return _two(index, sources, rng), _TWO
    if draw < 0.86:
        return _half(sources, rng), _HALF
    if draw < 0.95:
        return _remains(rng), _REMAINS
    return np.zeros((100, int(rng.integers(40, 120))), np.float32), _PAPER


def _sign(index: int, sources: Sources, rng: Generator) -> tuple[Ink, int]:
    for number in range(8):  # not every face has every letter
        chosen = int(rng.integers(len(_LETTERS)))
        ink = _face(index + number * _DRAWS, sources).draw(_LETTERS[chosen])
        if ink is not None:
            break
    else:
        return scribble(rng), _SCRIBBLE
    label = _SIGN + chosen
    if rng.random() < 0.5:
        return ink, label
    # As a hand would write it: bent, and with another pen.
    ink = np.pad(ink, 20)
    field = cv2.resize(rng.normal(0, 4, (4, 4, 2)).astype(np.float32), ink.shape[::-1], interpolation=cv2.INTER_CUBIC)
    y, x = np.mgrid[: ink.shape[0], : ink.shape[1]].astype(np.float32)
    return np.asarray(cv2.remap(ink, x + field[..., 0], y + field[..., 1], cv2.INTER_LINEAR), np.float32), label


def _two(index: int, sources: Sources, rng: Generator) -> Ink:
    """Two digits beside each other, or one above the other as a counter's wheel shows them between two numbers."""
    first, second = (_any_digit(index, sources, rng) for _ in range(2))
    height = 100
    beside = rng.random() < 0.75
    parts = []
    for ink in (first, second):
        size = (max(4, round(ink.shape[1] * height / ink.shape[0])), height)
        parts.append(np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.float32))
    gap = int(rng.uniform(-6, 25))
    if not beside:
        wide = max(part.shape[1] for part in parts)
        parts = [
            np.pad(part, ((0, 0), ((wide - part.shape[1]) // 2, -(-(wide - part.shape[1]) // 2)))) for part in parts
        ]
        parts = [parts[0][int(rng.uniform(0.3, 0.6) * height) :], parts[1][: int(rng.uniform(0.4, 0.7) * height)]]
        parts = [part.T for part in parts]
        wall = np.zeros((wide, abs(gap) + 4), np.float32)
        return np.ascontiguousarray(np.hstack((parts[0], wall, parts[1])).T)
    drop = int(rng.integers(0, 12))
    sheet = np.zeros((height + drop, parts[0].shape[1] + parts[1].shape[1] + max(gap, 0)), np.float32)
    sheet[:height, : parts[0].shape[1]] = parts[0]
    left = max(0, sheet.shape[1] - parts[1].shape[1] + min(gap, 0))
    place = sheet[drop:, left : left + parts[1].shape[1]]
    np.maximum(place, parts[1][:, : place.shape[1]], out=place)
    return sheet


def _half(sources: Sources, rng: Generator) -> Ink:
    """A digit that was cut through, of those whose halves are no digits."""
    ink = by_hand(int(rng.choice([2, 3, 4, 5, 8])), sources, rng)
    height, width = ink.shape
    if rng.random() < 0.5:
        middle = int(width * rng.uniform(0.4, 0.6))
        return ink[:, :middle] if rng.random() < 0.5 else ink[:, middle:]
    middle = int(height * rng.uniform(0.4, 0.55))
    return ink[middle:] if rng.random() < 0.5 else ink[:middle, : int(width * rng.uniform(0.5, 1)) + 1]


def _remains(rng: Generator) -> Ink:
    """What is left in an empty box: pieces of its lines and corners, dirt, a stroke or a dash."""
    side = 100
    sheet = np.zeros((side, side), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        thick = int(rng.integers(2, 14))
        draw = rng.random()
        x, y, reach = rng.integers(0, side, 3).tolist()
        if draw < 0.35:  # a corner
            cv2.line(sheet, (x, y), (x + (reach if rng.random() < 0.5 else -reach), y), 255, thick)
            cv2.line(sheet, (x, y), (x, y + (reach if rng.random() < 0.5 else -reach)), 255, thick)
        elif draw < 0.6:  # a line that lies
            cv2.line(sheet, (0, y), (side, y + int(rng.normal(0, 4))), 255, thick)
        elif draw < 0.75:
            cv2.rectangle(sheet, (x // 4, y // 4), (side - x // 4, side - y // 4), 255, max(2, thick // 2))
        else:  # dirt
            axes = (int(rng.integers(2, 22)), int(rng.integers(2, 22)))
            cv2.ellipse(sheet, (x, y), axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
    return np.asarray(sheet / np.float32(255), np.float32)


def _key(mix: Mix, sources: Sources, seed: int) -> str:
    """What decides the pictures, as the name of their file: the arguments, and the code that makes them."""
    digest = hashlib.sha256(repr((mix, seed, [face.path.name for face in sources.faces], sources.forms)).encode())
    digest.update(sources.images.tobytes() + sources.labels.tobytes())
    for file in _code():
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _code() -> Iterator[Path]:
    for module in (page, strokes, printing, normalizing):
        assert module.__file__ is not None
        yield Path(module.__file__)
    yield Path(__file__)
    yield Path(__file__).parents[1] / "ink.py"
