"""What is no digit, as ink: letters and signs, scribbles, two digits, halves, remains of boxes, blank paper.

Flows in: Sources and a generator of random numbers. Flows out: ink, (H, W) float32, and a label for each kind.
"""

import cv2
import numpy as np
from numpy.random import Generator

from tsifra.data.digits import Sources, any_digit, bent, by_hand, face_of
from tsifra.data.strokes import Ink, scribble
from tsifra.reading import NONE

_LETTERS = "ACEFHKLMNPRUVWXadefhkmnptuvwx@#%*+=<>^~€ЖФШЩИЯЛМНПЦЫжфшщялмнпцы"
"""Signs that look like no digit; O, l, I, S, Z, B, q, ч, З and their like are left out, being ambiguous."""

_SCRIBBLE, TWO, _HALF, _REMAINS, PAPER, _SIGN = range(NONE, NONE + 6)
KINDS = _SIGN - NONE + len(_LETTERS)
"""How many kinds of no digit have labels of their own: each sign is one, which teaches more than that it is none."""


def no_digit(index: int, sources: Sources, rng: Generator) -> tuple[Ink, int]:
    """Ink of any kind, and its label, from NONE on; `index` chooses the face."""
    draw = rng.random()
    if draw < 0.48:
        return _sign(index, sources, rng)
    if draw < 0.68:
        return scribble(rng), _SCRIBBLE
    if draw < 0.8:
        return _two(index, sources, rng), TWO
    if draw < 0.82:
        return _half(sources, rng), _HALF
    if draw < 0.91:
        return _remains(rng), _REMAINS
    return np.zeros((100, int(rng.integers(40, 120))), np.float32), PAPER


def _sign(index: int, sources: Sources, rng: Generator) -> tuple[Ink, int]:
    for number in range(8):  # not every face has every letter
        chosen = int(rng.integers(len(_LETTERS)))
        ink = face_of(index, sources, number).draw(_LETTERS[chosen])
        if ink is not None:
            break
    else:
        return scribble(rng), _SCRIBBLE
    label = _SIGN + chosen
    if rng.random() < 0.5:
        return ink, label
    return bent(np.pad(ink, 20), 4, rng), label  # as a hand would write it, which then has another pen


def _two(index: int, sources: Sources, rng: Generator) -> Ink:
    """Two digits beside each other, or one above the other as a counter's wheel shows them between two numbers."""
    first, second = (any_digit(index, sources, rng) for _ in range(2))
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
