"""A counter's wheel, as the window above it shows it.

Flows in: how a digit is drawn, a digit and a generator of random numbers. Flows out: ink, (H, W) float32, of the
whole window: the digit, and parts of those before and after it as far as the wheel has turned. Knows nothing of light.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator

from tsifra.data.strokes import Ink

_HEIGHT = 100  # pixels of a digit
_REACH = 0.35  # of the way to the next digit, that the wheel has turned at most; from there on it says nothing


def wheel(digit: int, drawn: Callable[[int], Ink], rng: Generator) -> Ink:
    """The window of a wheel that shows most of `digit`."""
    step = 1 if rng.random() < 0.8 else -1  # whether the next number comes from below
    pitch = round(_HEIGHT * rng.uniform(1.08, 1.7))
    inks = [_sized(drawn((digit + number * step) % 10)) for number in (-1, 0, 1)]
    wide = max(ink.shape[1] for ink in inks) + 2 * round(_HEIGHT * rng.uniform(0.02, 0.25))
    strip = np.zeros((2 * pitch + _HEIGHT, wide), np.float32)
    for number, ink in enumerate(inks):
        left = (wide - ink.shape[1]) // 2
        strip[number * pitch : number * pitch + _HEIGHT, left : left + ink.shape[1]] = ink
    turned = rng.normal(0, 0.07) if rng.random() < 0.6 else rng.uniform(-_REACH, _REACH)
    high = round(_HEIGHT * rng.uniform(1.0, 1.7))
    top = round(pitch + _HEIGHT / 2 - high / 2 + float(np.clip(turned, -_REACH, _REACH)) * pitch)
    return np.pad(strip, ((high, high), (0, 0)))[top + high : top + 2 * high]


def _sized(ink: Ink) -> Ink:
    """Ink as high as a digit, and at most as wide."""
    width = min(_HEIGHT, max(4, round(ink.shape[1] * _HEIGHT / ink.shape[0])))
    return np.asarray(cv2.resize(ink, (width, _HEIGHT), interpolation=cv2.INTER_AREA), np.float32)
