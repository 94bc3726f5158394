"""A photograph in which a lamp shines on what is written on -> the same without its bright spots.

Flows in: gray, (H, W) uint8. Flows out: the same, less the light that a glossy board or sheet throws back, where there
plainly is some and something dark is written. Knows nothing of digits.
"""

import cv2
import numpy as np

from tsifra.image import thumbnail
from tsifra.ink import Gray

_LEAST = 200  # pixels of the shorter side of a photograph that is looked at
_BROAD = 13  # pixels of the thumbnail, of which strokes are no more than half
_LIGHT = 90.0  # gray level of a board or sheet, at least
_BRIGHT = 235  # gray level that the middle of a spot has at least
_APART = 25.0  # gray levels between it and the board
_SMALLEST, _LARGEST = 0.002, 0.3  # of the picture, that spots may be
_ALONG = 0.2  # of the picture's edges, along which they may lie; light from one side does along more
_SOFT = 2.5  # pixels over which half of its light fades
_MARKS = 8  # pixels at least that are written
_WRITTEN = 0.06  # of the board's tone, that they are darker


def without_glare(gray: Gray) -> Gray:
    """A picture without soft bright spots on a lighter ground that dark ink is on; any other picture as it is."""
    if min(gray.shape) < _LEAST:
        return gray
    small = thumbnail(gray)
    tone = float(np.median(small))
    if small.max() < max(_BRIGHT, tone + _APART) or tone < _LIGHT:  # as most are
        return gray
    smooth = np.asarray(cv2.medianBlur(small, _BROAD), np.uint8)
    if smooth.max() < max(_BRIGHT, tone + _APART) or not _has_spots(smooth, tone):
        return gray
    light = cv2.subtract(cv2.GaussianBlur(smooth, (0, 0), 1), np.full_like(smooth, round(tone)))
    even = cv2.subtract(small, light)
    if np.count_nonzero(even < (1 - _WRITTEN) * cv2.medianBlur(even, _BROAD)) < _MARKS:
        return gray
    whole = cv2.resize(light, gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.minimum(cv2.subtract(gray, whole), np.uint8(round(tone)))  # a small spot is sharper than what is smooth


def _has_spots(smooth: Gray, tone: float) -> bool:
    """Whether all that is brighter than the board's tone are soft spots."""
    height = float(smooth.max()) - tone
    low, middle, high = (smooth > tone + share * height for share in (0.25, 0.5, 0.75))
    edges = np.concatenate((middle[0], middle[-1], middle[:, 0], middle[:, -1]))
    if not _SMALLEST <= low.mean() <= _LARGEST or edges.mean() > _ALONG:
        return False
    outlines, _ = cv2.findContours(middle.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    around = sum(cv2.arcLength(outline, True) for outline in outlines)
    return float(np.count_nonzero(low & ~high)) >= _SOFT * around
