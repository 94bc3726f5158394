"""Pieces of a page -> those that stand close above each other, and two of them as one.

A display's digit comes in halves where its bars run together at their corners, and not in its middle. Flows in:
Pieces. Flows out: pairs of indices, and a Piece. Knows nothing of what is a digit.
"""

import numpy as np

from tsifra.detect import Piece

_MOST = 400  # pieces; a page with more is no display
_SAME_COLUMNS = 0.6  # of the narrower one's width, that both have in common
_GAP = 0.1  # of both's height, that lies between them at most
_LOWER = 0.35  # of both's height, that each is high at least


def stacked(pieces: list[Piece]) -> list[tuple[int, int]]:
    """Pairs (upper, lower) of pieces that may be halves of one digit."""
    if not 1 < len(pieces) <= _MOST:
        return []
    x0, y0, x1, y1 = np.array([piece.bbox for piece in pieces]).T
    high = y1 - y0
    shared = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0)
    whole = y1 - y0[:, None]  # from the upper one's top to the lower one's foot
    gap = y0 - y1[:, None]
    may = shared >= _SAME_COLUMNS * np.minimum(x1 - x0, (x1 - x0)[:, None])
    may &= (gap >= -_GAP * whole) & (gap <= _GAP * whole)
    may &= np.minimum(high, high[:, None]) >= _LOWER * whole
    np.fill_diagonal(may, False)
    return [(int(upper), int(lower)) for upper, lower in np.argwhere(may)]


def together(one: Piece, other: Piece) -> Piece:
    """Two pieces as one, on their paper."""
    tops, lefts = zip(one.origin, other.origin, strict=True)
    top, left = min(tops), min(lefts)
    bottom = max(y + len(piece.crop) for y, piece in zip(tops, (one, other), strict=True))
    right = max(x + piece.crop.shape[1] for x, piece in zip(lefts, (one, other), strict=True))
    paper = int(min(np.median(piece.crop[[0, -1]]) for piece in (one, other)))
    sheet = np.full((bottom - top, right - left), paper, np.uint8)
    for piece in (one, other):
        y, x = piece.origin[0] - top, piece.origin[1] - left
        part = sheet[y : y + len(piece.crop), x : x + piece.crop.shape[1]]
        np.minimum(part, piece.crop, out=part)
    sides = zip(one.bbox, other.bbox, strict=True)
    x0, y0, x1, y1 = (each(pair) for each, pair in zip((min, min, max, max), sides, strict=True))
    return Piece((x0, y0, x1, y1), sheet, (top, left))
