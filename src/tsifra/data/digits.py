"""Digits as ink, of what pictures are made of: forms of handwriting, faces, MNIST's pictures.

Flows in: Sources and a generator of random numbers. Flows out: ink, (H, W) float32. Knows nothing of pages.
"""

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tsifra.data.strokes import FORMS, Ink, handwritten
from tsifra.data.type import Face
from tsifra.data.wheels import wheel

_DRAWS = 4  # of a face one after the other, since opening it takes as long as some draws
_BLENDED = 0.3  # share of the digits of type that stand between two faces, as those of faces that nobody has here may
_BENT = 0.3  # share of them that are bent
_FILLED = 0.1  # share of the 4s, 6s, 8s and 9s of type whose counters ink or a bad scan has closed

Pictures = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """What pictures are made of. images: (M, 28, 28) uint8, labels: (M,); forms: of handwriting, by digit."""

    faces: tuple[Face, ...]
    images: Pictures
    labels: Pictures
    forms: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=lambda: FORMS)


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


def face_of(index: int, sources: Sources, further: int = 0) -> Face:
    """The face of a picture's index, or one `further` in the order that they are drawn in."""
    # Neighbors in the list are of one family: a stride that is prime to their number goes through all in turn.
    return sources.faces[(index // _DRAWS + further) * 7919 % len(sources.faces)]


def typed(digit: int, index: int, sources: Sources, rng: Generator) -> Ink:
    """A digit in the face of a picture's index, printed well or badly."""
    ink = face_of(index, sources).draw(str(digit))
    if ink is None:
        return by_hand(digit, sources, rng)
    if rng.random() < _BLENDED:
        other = face_of(index, sources, int(rng.integers(len(sources.faces)))).draw(str(digit))
        ink = ink if other is None else blended(ink, other, rng)
    pad = 6
    ink = np.pad(ink, pad)
    if rng.random() < _BENT:
        ink = bent(ink, rng.uniform(0.01, 0.04) * ink.shape[0], rng)
    if rng.random() < 0.35:  # ink that runs, or does not
        runs = rng.random() < 0.7
        side = int(np.exp(rng.uniform(np.log(2), np.log(12 if runs else 5))))
        kernel = np.ones((side, side), np.uint8)
        ink = np.asarray(cv2.dilate(ink, kernel) if runs else cv2.erode(ink, kernel), np.float32)
    if digit in (4, 6, 8, 9) and rng.random() < _FILLED:
        outlines, _ = cv2.findContours((ink > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        ink = np.asarray(cv2.drawContours(ink.copy(), outlines, -1, 1.0, cv2.FILLED), np.float32)
    wide = float(np.exp(rng.normal(0, 0.12)))
    return np.asarray(cv2.resize(ink, None, fx=wide, fy=1, interpolation=cv2.INTER_LINEAR), np.float32)


def blended(first: Ink, second: Ink, rng: Generator) -> Ink:
    """What lies between two forms of a digit: the mean of their distances to the edge (Payne and Toga 1992).

    The first as it is where that falls to pieces or has other counters than both.
    """
    size = tuple(round(float(np.sqrt(a * b))) for a, b in zip(first.shape[::-1], second.shape[::-1], strict=True))
    share = rng.uniform(0.25, 0.75)
    masks = [(np.pad(cv2.resize(ink, size), 4) > 0.5).view(np.uint8) for ink in (first, second)]
    near = [
        cv2.distanceTransform(mask, cv2.DIST_L2, 3) - cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3) for mask in masks
    ]
    between = share * near[0] + (1 - share) * near[1]
    if _pieces((between > 0).view(np.uint8)) not in [_pieces(mask) for mask in masks]:
        return first
    return _cropped(np.asarray(np.clip(0.5 + between, 0, 1), np.float32))


def bent(ink: Ink, reach: float, rng: Generator) -> Ink:
    """Ink whose places go astray together, by so many pixels as a deviation."""
    height, width = ink.shape
    field = cv2.resize(
        rng.normal(0, reach, (4, 4, 2)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.asarray(cv2.remap(ink, x + field[..., 0], y + field[..., 1], cv2.INTER_LINEAR), np.float32)


def _pieces(mask: NDArray[np.uint8]) -> tuple[int, int]:
    """How many pieces a mask of 0 and 1 has, and how many counters."""
    _, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    outer = 0 if tree is None else int(np.count_nonzero(tree[0, :, 3] < 0))
    return outer, 0 if tree is None else len(tree[0]) - outer


def _cropped(ink: Ink) -> Ink:
    rows, columns = np.flatnonzero(ink.max(1) > 0.1), np.flatnonzero(ink.max(0) > 0.1)
    return np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def counted(digit: int, index: int, sources: Sources, rng: Generator) -> Ink:
    """The window of a counter that shows a digit, in the face of a picture's index; its ink may run."""
    face, runs = face_of(index, sources), int(rng.integers(1, 7))

    def drawn(each: int) -> Ink:
        ink = face.draw(str(each))
        return (
            np.ones((9, 5), np.float32)
            if ink is None
            else np.asarray(cv2.dilate(ink, np.ones((runs, runs))), np.float32)
        )

    return wheel(digit, drawn, rng)


def of_mnist(sources: Sources, rng: Generator) -> tuple[Ink, int]:
    """One of MNIST's digits, and its label."""
    chosen = int(rng.integers(len(sources.images)))
    return enlarged(sources.images[chosen]), int(sources.labels[chosen])


def enclosed(ink: Ink, rng: Generator) -> Ink:
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
        middle = (columns // 2, rows // 2)
        axes = [max(1, radius - max(thick, 0) - 1) for radius in middle]
        cv2.ellipse(around, middle, axes, 0, 0, 360, 255, thick, cv2.LINE_AA)
    else:
        edge = max(thick, 0) // 2 + 1
        cv2.rectangle(around, (edge, edge), (columns - edge - 1, rows - edge - 1), 255, thick, cv2.LINE_AA)
    sheet[top : top + height, left : left + width] = ink
    around_it = around / np.float32(255)
    return np.asarray(around_it * (1 - sheet) if filled else np.maximum(around_it, sheet), np.float32)


def any_digit(index: int, sources: Sources, rng: Generator) -> Ink:
    """A digit of any kind."""
    draw = rng.random()
    if draw < 0.35:
        return by_hand(int(rng.integers(10)), sources, rng)
    if draw < 0.65:
        return typed(int(rng.integers(10)), index, sources, rng)
    return of_mnist(sources, rng)[0]
