"""Boxes of a page -> lines and numbers, in reading order.

Flows in: boxes of digits, and of other ink beside them. Flows out: lines of numbers of indices, and how far
boxes stand among letters. Knows nothing of pictures.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tsifra.reading import BBox

_SAME_LINE = 0.5  # of the lower one's height that two boxes share, side by side
_NUMBER_GAP = 0.75  # of the digits' height; a wider gap parts numbers
_SPACE, _SPACE_OF_TYPE = 0.3, 0.2  # ... and one that is so much wider than usual on its line
_STEP = 1.2  # ... if the step from middle to middle is so many times the usual one; beside a 1 the gap alone is wider
_USUAL = 0.2  # share of a line's gaps, and of its steps, that are no wider than the usual one
_EVEN, _TYPED, _MOSTLY = 0.04, 3, 0.6  # of the height by which type differs; digits, and their share, that tell it
_PLAINLY = 0.75  # share that tells it where a space is in doubt
_WORD_GAP = 0.6  # of the height, within which what stands beside belongs to the word
_FAR = 12.0  # heights within which words belong to one line of text
_HEIGHTS = 2.2  # times higher is of another line


def lines_of(boxes: Sequence[BBox]) -> list[list[list[int]]]:
    """Indices of boxes as lines from top to bottom, of numbers from left to right, of digits."""
    lines: list[list[int]] = []
    ends = np.zeros((len(boxes), 4), int)  # the nearest of each line counts, so that a line may lean
    for index in sorted(range(len(boxes)), key=lambda i: boxes[i][0]):
        box, known = boxes[index], ends[: len(lines)]
        shares = _overlaps(known, box)
        shares[box[0] - known[:, 2] >= 6 * (known[:, 3] - known[:, 1])] = 0.0
        best = int(shares.argmax()) if shares.max(initial=0.0) > _SAME_LINE else len(lines)
        if best == len(lines):
            lines.append([])
        lines[best].append(index)
        ends[best] = box
    lines.sort(key=lambda line: float(np.mean([boxes[i][1] + boxes[i][3] for i in line])))
    return [_numbers(line, boxes) for line in _merged(lines, boxes)]


def even(line: Sequence[int], boxes: Sequence[BBox]) -> NDArray[np.bool_] | None:
    """Which boxes of a line are as high as most, if it is type, whose digits are even; None where it is not."""
    heights = np.array([_height(boxes[index]) for index in line])
    usual = np.median(heights)
    same = np.abs(heights - usual) <= max(1.0, _EVEN * usual)
    return same if same.sum() >= max(_TYPED, _MOSTLY * len(line)) else None


def beside_share(boxes: Sequence[BBox], asked: int) -> float:
    """The share of the first `asked` boxes whose nearest other box is beside them rather than above or below, 0…1."""
    x0, y0, x1, y1 = np.array(boxes).T
    across = np.maximum(x0[:asked, None] - x1, x0 - x1[:asked, None])
    down = np.maximum(y0[:asked, None] - y1, y0 - y1[:asked, None])
    away = np.hypot(across.clip(0), down.clip(0))
    np.fill_diagonal(away, np.inf)
    nearest = away.argmin(1)[:, None]
    return float((np.take_along_axis(across, nearest, 1) > np.take_along_axis(down, nearest, 1)).mean())


class Letters(NamedTuple):
    """Which share is letters, 0…1: of a box's word; of the other words of its line; of all but itself on the line."""

    word: float
    line: float
    others: float


def letters_beside(boxes: Sequence[BBox], none: Sequence[float]) -> list[Letters]:
    """How far each box stands among letters.

    none: how likely a box is no digit, 0…1; o, l and B look like digits as well, and only their neighbors tell.
    """
    words = words_of(boxes)
    lengths = np.array([len(word) for word in words])
    letters = np.array([sum(none[index] for index in word) / len(word) for word in words])
    firsts, lasts = (np.array([boxes[word[end]] for word in words]) for end in (0, -1))
    shares = [Letters(0.0, 0.0, 0.0)] * len(boxes)
    for number, word in enumerate(words):
        first, last = boxes[word[0]], boxes[word[-1]]
        beside = (_overlaps(lasts, first) > 0.3) | (_overlaps(firsts, last) > 0.3)
        beside &= firsts[:, 0] - last[2] < _FAR * _height(last)
        beside &= first[0] - lasts[:, 2] < _FAR * _height(first)
        beside[number] = False
        count = int(lengths[beside].sum())
        found = float((letters * lengths)[beside].sum())
        own = float(letters[number])
        for index in word:
            others = found + own * len(word) - none[index]
            shares[index] = Letters(own, found / max(1, count), others / max(1, count + len(word) - 1))
    return shares


def words_of(boxes: Sequence[BBox]) -> list[list[int]]:
    """Indices of boxes that stand side by side, less than a space apart, from left to right."""
    words: list[list[int]] = []
    lasts = np.zeros((len(boxes), 4), int)  # of each word
    for index in sorted(range(len(boxes)), key=lambda i: boxes[i][0]):
        box, known = boxes[index], lasts[: len(words)]
        gaps, heights = box[0] - known[:, 2], known[:, 3] - known[:, 1]
        near = np.flatnonzero((-0.3 * heights < gaps) & (gaps < _WORD_GAP * heights))
        near = near[_overlaps(known[near], box) > 0.3]
        at = int(near[0]) if len(near) else len(words)
        if at == len(words):
            words.append([])
        words[at].append(index)
        lasts[at] = box
    return words


def _merged(lines: list[list[int]], boxes: Sequence[BBox]) -> list[list[int]]:
    """Lines that lie beside each other, at the same height, as one: a wide gap had parted them."""
    merged: list[list[int]] = []
    for line in lines:
        low, high = _band(line, boxes)
        if merged:
            other_low, other_high = _band(merged[-1], boxes)
            shared = min(high, other_high) - max(low, other_low)
            if shared > 0.6 * min(high - low, other_high - other_low):
                merged[-1] = sorted(merged[-1] + line, key=lambda i: boxes[i][0])
                continue
        merged.append(line)
    return merged


def _band(line: Sequence[int], boxes: Sequence[BBox]) -> tuple[float, float]:
    return float(np.median([boxes[i][1] for i in line])), float(np.median([boxes[i][3] for i in line]))


def _numbers(line: list[int], boxes: Sequence[BBox]) -> list[list[int]]:
    height = float(np.median([_height(boxes[i]) for i in line]))
    left, right = np.array([(boxes[i][0], boxes[i][2]) for i in line]).T / height
    gaps, steps = left[1:] - right[:-1], np.diff(left + right) / 2
    parted = gaps > _NUMBER_GAP
    near = ~parted
    if near.sum() > 1:
        same = even(line, boxes)
        space = _SPACE if same is None or same.mean() < _PLAINLY else _SPACE_OF_TYPE
        wide = gaps > np.quantile(gaps[near], _USUAL) + space
        parted |= wide & (steps > _STEP * np.quantile(steps[near], _USUAL))
    numbers = [[line[0]]]
    for index, begins in zip(line[1:], parted.tolist(), strict=True):
        if begins:
            numbers.append([])
        numbers[-1].append(index)
    return numbers


def _overlaps(boxes: NDArray[np.int_], other: BBox) -> NDArray[np.floating]:
    """What boxes, (N, 4), have in common with another, as shares of the lower height; 0 where one is far higher."""
    shared = np.minimum(boxes[:, 3], other[3]) - np.maximum(boxes[:, 1], other[1])
    heights, height = boxes[:, 3] - boxes[:, 1], _height(other)
    lower = np.minimum(heights, height)
    return np.where(np.maximum(heights, height) > _HEIGHTS * lower, 0.0, np.maximum(0, shared / np.maximum(1, lower)))


def _height(box: BBox) -> int:
    return box[3] - box[1]
