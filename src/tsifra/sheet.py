"""A page of numbers -> what its digits are, in reading order.

Flows in: a gray page and a classifier. Flows out: lines of numbers of Cells. What is no digit is left out, and so is
what looks like one in a word. Knows nothing of thresholds.
"""

from dataclasses import replace

import numpy as np

from tsifra.arrange import letters_beside, lines_of
from tsifra.detect import Piece, find_pieces, split
from tsifra.ink import Gray
from tsifra.normalize import Normalized, normalize
from tsifra.table import Cell, Classify, turns_of

_NONE = 10
_WIDE = 1.05  # times as wide as high, two digits may touch
_LIKELY = 0.5  # probability from which what is wide is one digit all the same
_BOTH = 0.75  # probability that each half of a cut must reach
_LETTERS = 0.3  # share of a word that is letters, from which all of it is
_DOUBT = 0.45  # of a digit, where all that stands beside it on its line is letters
_SMALLER = 0.5  # of the usual height, under which what looks like a digit is a dot or a stain
_ASKED = 80  # pieces that tell which way is up

Lines = list[list[list[Cell]]]
_Answer = tuple[float, ...] | None


def read_sheet(gray: Gray, classify: Classify, upright: bool = False) -> tuple[int, Lines]:
    """Find and read all digits of a page, and tell by how many quarter turns clockwise it was turned for that.

    gray: (H, W) uint8; classify: (N, 28, 28) uint8 -> (N, 11). upright: whether the page is known to be.
    """
    pieces = find_pieces(gray)
    seen = [normalize(piece.crop) for piece in pieces]
    if not upright and len(pieces) > 1:
        pictures = [each.pixels for each in seen[:_ASKED] if each.bbox is not None]
        turns = turns_of(np.stack(pictures), classify) if pictures else 0
        if turns:
            return turns, read_sheet(np.ascontiguousarray(np.rot90(gray, -turns)), classify, upright=True)[1]
    return 0, _read(pieces, _answers(seen, classify), classify)


def _read(pieces: list[Piece], answers: list[_Answer], classify: Classify) -> Lines:
    cells: list[Cell] = []
    for piece, answer in zip(pieces, answers, strict=True):
        wide = piece.bbox[2] - piece.bbox[0] > _WIDE * (piece.bbox[3] - piece.bbox[1])
        if answer is None:
            continue
        if wide and max(answer[:_NONE]) < _LIKELY and (halves := _cut_in_two(piece, classify)):
            cells += halves
        else:
            cells.append(Cell(piece.bbox, answer))
    digits = [max(cell.probabilities) > cell.probabilities[_NONE] for cell in cells]
    boxes = [cell.bbox for cell in cells]
    among = letters_beside(boxes, digits)
    kept = [
        _doubted(cell, line)
        for cell, digit, (word, line) in zip(cells, digits, among, strict=True)
        if digit and word < _LETTERS
    ]
    if not kept:
        return []
    usual = float(np.median([cell.bbox[3] - cell.bbox[1] for cell in kept]))
    kept = [cell for cell in kept if cell.bbox[3] - cell.bbox[1] >= _SMALLER * usual]
    return [[[kept[index] for index in number] for number in line] for line in lines_of([cell.bbox for cell in kept])]


def _doubted(cell: Cell, letters: float) -> Cell:
    """A digit on a line of letters, which may be one: "Bilbo" is 81160 to a network."""
    digits = tuple(share * (1 - _DOUBT * letters) for share in cell.probabilities[:_NONE])
    return replace(cell, probabilities=(*digits, 1 - sum(digits)))


def _answers(seen: list[Normalized], classify: Classify) -> list[_Answer]:
    """Eleven probabilities of each piece; None of what is no ink to `normalize`."""
    inked = [each.pixels for each in seen if each.bbox is not None]
    rows = iter(classify(np.stack(inked)).tolist() if inked else ())
    return [None if each.bbox is None else tuple(next(rows)) for each in seen]


def _cut_in_two(piece: Piece, classify: Classify) -> list[Cell]:
    """Two touching digits, at the cut where both halves are surest; nothing where none convinces."""
    best: list[Cell] = []
    best_share = _BOTH
    for halves in split(piece):
        answers = _answers([normalize(half.crop) for half in halves], classify)
        if any(answer is None for answer in answers):
            continue
        cells = [Cell(half.bbox, answer) for half, answer in zip(halves, answers, strict=True) if answer is not None]
        share = min(max(cell.probabilities[:_NONE]) for cell in cells)
        if share > best_share:
            best, best_share = cells, share
    return best
