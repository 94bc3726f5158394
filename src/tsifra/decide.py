"""Probabilities -> ok, review or rejected; one digit or several -> the reading that counts.

Flows in: eleven probabilities of one region, or readings of one page. Flows out: the Digit that stands for it, or one
of the readings. Knows nothing of pictures and nothing of how the probabilities came about.
"""

from dataclasses import replace

import numpy as np

from tsifra.reading import LABELS, NONE, BBox, Digit, Reading

_LIKELY = 0.6  # confidence from which pieces one above the other are one digit, and what lies beside it others
_PLAINLY = 0.93  # confidence from which all ink together is one digit, since two together look like none
_ROOM = 0.25  # of a digit's height, that is free between it and a frame around it
_EVEN = 0.5  # confidence from which what stands amid ink that is no digit is one, to be looked at
_AMID = 0.5  # of the box around all ink, that its own is less than
_DOUBT = 0.45  # that it is a part of something, at least


def decide(probabilities: tuple[float, ...], bbox: BBox, accept: float) -> Digit:
    """What a region is: the likeliest label, ok where its probability reaches `accept`.

    A region that is likelier no digit than any one digit is rejected.
    """
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    confidence = min(1.0, probabilities[best])  # float32 rows may sum to a hair over 1
    if best == NONE:
        return Digit(None, confidence, bbox, "rejected", probabilities)
    return Digit(LABELS[best], confidence, bbox, "ok" if confidence >= accept else "review", probabilities)


def is_plain_digit(reading: Reading) -> bool:
    """Whether a picture read as one digit plainly is one."""
    return bool(reading.text) and _surely(reading) >= _PLAINLY


def choose(single: Reading, several: Reading, rows: int, accept: float) -> Reading:
    """Which counts of a page that may be one digit, whose strokes do not touch: read as one, or as some pieces.

    rows: lines that the pieces stand in. accept: as for `decide`.
    """
    digits = several.digits
    if not digits:
        return single
    is_same_way = single.rotation == several.rotation
    if not single.digits and is_plain_digit(several) and several.text != "1":
        return several  # small type, which passes for specks
    if len(digits) == 1 and not (is_same_way and _is_framed(digits[0], single)):
        return _doubted(several, accept) if is_same_way and _is_lost(digits[0], single) else single
    if len(digits) > 1 and is_same_way and _are_apart(several, single):
        return several
    # Pieces one above the other are lines only where they are not a digit; side by side, the surer way counts.
    least = _LIKELY if rows > 1 else _surely(several)
    if is_same_way and _same_ink(single, several):
        least = min(least, _PLAINLY)  # what two digits look like together is no digit
    return single if single.text and _surely(single) >= least else several


def _is_lost(digit: Digit, single: Reading) -> bool:
    """Whether a likely digit stands amid other ink, all of which together is none. Any line looks like a 1."""
    if not single.digits or single.text or digit.digit in (None, "1") or digit.confidence < _EVEN:
        return False
    return _area(digit.bbox) < _AMID * _area(single.digits[0].bbox)


def _doubted(several: Reading, accept: float) -> Reading:
    """A reading of one piece that stands amid what is no digit, and may be a part of it."""
    (digit,) = several.digits
    shares = [share * min(1.0, (1 - _DOUBT) / digit.confidence) for share in digit.probabilities[:NONE]]
    return replace(several, digits=(decide((*shares, 1 - sum(shares)), digit.bbox, accept),))


def _are_apart(several: Reading, single: Reading) -> bool:
    """Whether likely digits are no parts of the one: it was read without one of them, or parts look otherwise.

    What parts look like are 1s, as any line does, and the rings of an 8.
    """
    if not all(digit.digit and digit.confidence >= _LIKELY for digit in several.digits):
        return False
    others = [digit for digit in several.digits if digit.digit != "1"]
    if not all(any(_holds(one.bbox, digit.bbox) for one in single.digits) for digit in others):
        return True
    return len(others) > 1 and {digit.digit for digit in others} != {"0"} and _surely(several) >= _PLAINLY


def _holds(outer: BBox, inner: BBox) -> bool:
    """Whether more than half of a box lies in another."""
    left, top = np.maximum(outer[:2], inner[:2])
    right, bottom = np.minimum(outer[2:], inner[2:])
    return bool(max(0, right - left) * max(0, bottom - top) > _area(inner) / 2)


def _area(bbox: BBox) -> int:
    return (bbox[2] - bbox[0]) * (bbox[3] - bbox[1])


def _same_ink(single: Reading, several: Reading) -> bool:
    """Whether the one digit was read from all the ink that the several were, and not from one of two."""
    boxes = np.array([digit.bbox for digit in several.digits])
    left, _, right, _ = single.digits[0].bbox if single.digits else (0, 0, 0, 0)
    wide = 0.1 * (right - left)
    return bool(abs(boxes[:, 0].min() - left) <= wide and abs(boxes[:, 2].max() - right) <= wide)


def _is_framed(digit: Digit, single: Reading) -> bool:
    """Whether a digit stands amid the ink that was read as one digit, with room on all sides."""
    left, top, right, bottom = digit.bbox
    x0, y0, x1, y1 = single.digits[0].bbox if single.digits else digit.bbox
    return min(left - x0, top - y0, x1 - right, y1 - bottom) > _ROOM * (bottom - top)


def _surely(reading: Reading) -> float:
    return reading.confidence or 0.0
