"""A page of numbers -> what its digits are, in reading order.

Flows in: a gray page and a classifier. Flows out: lines of numbers of Cells. What is no digit is left out, and so is
what looks like one in a word. Knows nothing of thresholds.
"""

from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tsifra.arrange import Letters, beside_share, letters_beside, lines_of, words_of
from tsifra.cuts import best_way, parts_of
from tsifra.detect import Piece, find_pieces, in_page
from tsifra.halves import stacked, together
from tsifra.ink import Gray
from tsifra.normalize import Normalized, normalize
from tsifra.punctuation import boxes_of_commas, boxes_of_percents
from tsifra.reading import NONE
from tsifra.signs import without_signs
from tsifra.strays import without_bullets, without_strays
from tsifra.table import Cell, Classify, Lines, turns_of

_ODDS = 2.0  # times as likely no digit is on a page as in a picture of one digit: letters, stains, lines ...
_WIDE = 0.65  # times as wide as high, two digits may touch
_LIKELY = 0.995  # probability from which what is wide is one digit all the same
_EACH = 0.5  # probability that each of the digits that are cut apart must exceed
_AS_SEVERAL = 0.02  # how likely several digits are, of all kinds of no digit, from which what is none is cut apart
_SURER = 0.3  # share of the doubt about one digit, under which that about each of several must lie
_PAGES = ((0.2, 0.3, 0.5), (0.35, _ODDS, 0.36), (np.inf, _ODDS, 0.15))
"""Up to which share of a page is no digit; how many times as likely it is there; the share of a word that is letters,
from which all of it is: m is 111 to a network, and where there is nothing but numbers, 8 may be a box.
"""
_DOUBT = 0.45  # of a digit, where all that stands beside it on its line is letters
_MIXED = 0.3  # share of a word that is letters, from which its digits are doubted so
_WHOLE = 0.9  # probability of a digit, which its halves together exceed, and less than which one of them has
_AS_HIGH = 0.07  # of its height, by which a digit's neighbor is higher or lower at most
_SMALLER = 0.5  # of the usual height, under which what looks like a digit is a dot or a stain
_PLAINLY = 0.98  # ... unless it has this probability
_ASKED = 80  # pieces that tell which way is up
_PLACED, _IN_LINES = 400, 0.7  # pieces, of which so many have a neighbor beside them on no page on its side

_Answer = tuple[float, ...] | None
_Read = tuple[Piece, Normalized, _Answer]


class Judge(Protocol):
    """A classifier that may know several digits from what else is no digit."""

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, 28, 28) uint8 -> (N, 11)."""

    def several(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, 28, 28) uint8 -> (N,), 0…1: as far as each is no digit, how likely it is several."""


def read_sheet(gray: Gray, classify: Judge, upright: bool = False) -> tuple[int, Lines]:
    """Find and read all digits of a page, and tell by how many quarter turns clockwise it was turned for that.

    gray: (H, W) uint8. upright: whether the page is known to be.
    """
    pieces, scale = find_pieces(gray)
    seen = _seen(pieces)
    answers = _answers(seen, classify, _ODDS)
    if not upright and len(pieces) > 1:
        asked = [index for index, answer in enumerate(answers[:_ASKED]) if answer is not None]
        pictures = np.array([seen[index].pixels for index in asked])
        said = np.array([answers[index] for index in asked], np.float32)
        others = (2,) if beside_share([piece.bbox for piece in pieces], _PLACED) > _IN_LINES else (1, 2, 3)
        turns = turns_of(pictures, said, classify, others) if asked else 0
        if turns:
            return turns, read_sheet(np.ascontiguousarray(np.rot90(gray, -turns)), classify, upright=True)[1]
    lines = _read(pieces, seen, answers, classify)
    return 0, [
        [[replace(cell, bbox=in_page(cell.bbox, scale, gray.shape)) for cell in number] for number in line]
        for line in lines
    ]


def _seen(pieces: list[Piece]) -> list[Normalized]:
    """Each piece normalized; what passes for the corner of a box, but is as high as a neighbor, once more with room
    around it: the straight 7 of a display."""
    seen = [normalize(piece.crop) for piece in pieces]
    inked = [piece.bbox for piece, each in zip(pieces, seen, strict=True) if each.bbox is not None]
    if not inked:
        return seen
    x0, y0, x1, y1 = np.array(inked).T
    for index, piece in enumerate(pieces):
        if seen[index].bbox is None:
            left, top, right, bottom = piece.bbox
            high = bottom - top
            same = np.maximum(np.abs(y0 - top), np.abs(y1 - bottom)) <= max(1.0, _AS_HIGH * high)
            if (same & (np.maximum(x0 - right, left - x1) < high)).any():
                seen[index] = normalize(piece.with_room())
    return seen


def _read(pieces: list[Piece], seen: list[Normalized], answers: list[_Answer], classify: Judge) -> Lines:
    read = _made_whole(list(zip(pieces, seen, answers, strict=True)), classify)
    inked = [(piece, each, answer) for piece, each, answer in read if answer is not None]
    if not inked:
        return []
    whole = [Cell(piece.bbox, answer) for piece, _, answer in inked]
    several = _several([piece for piece, _, _ in inked], [each for _, each, _ in inked], whole, classify)
    share = float(np.mean(_letters(whole, several)))
    _, odds, most = next(kind for kind in _PAGES if share <= kind[0])
    whole = [_expecting(cell, odds / _ODDS) for cell in whole]
    apart = _taken_apart([piece for piece, _, _ in inked], whole, several, classify, most, odds)
    cells = [cell for parts in apart for cell in parts]
    digits = [_looks_like_digit(cell) for cell in cells]
    among = _among_letters(cells)
    signs = boxes_of_percents(cells) | boxes_of_commas(cells)
    kept = [
        _doubted(cell, 1.0 if letters.word > _MIXED else letters.line)
        for cell, digit, letters in zip(cells, digits, among, strict=True)
        if digit and letters.word < most and cell.bbox not in signs
    ]
    if not kept:
        return []
    kept = _without_dots(kept)
    lines = [[[kept[index] for index in number] for number in line] for line in lines_of([cell.bbox for cell in kept])]
    pictures = {piece.bbox: each.pixels for piece, each, _ in inked}
    return without_strays(without_bullets([without_signs(line, pictures) for line in lines]), pictures)


def _without_dots(cells: list[Cell]) -> list[Cell]:
    """Cells without the dots, stains, dashes and rings that look like digits and are small beside the others.

    A small number stays: half of its digits are plain, and not all of them 0 or all of them 1.
    """
    usual = float(np.median([_height(cell) for cell in cells]))
    kept = [_height(cell) >= _SMALLER * usual for cell in cells]
    small = [cell for cell, is_large in zip(cells, kept, strict=True) if not is_large]
    numbers = [[small[at] for at in word] for word in words_of([cell.bbox for cell in small])]
    stay = {
        cell
        for number in numbers
        if {cell.likeliest for cell in number} not in ({0}, {1})
        and np.mean([max(cell.probabilities) > _PLAINLY for cell in number]) >= 0.5
        for cell in number
    }
    return [cell for cell, is_large in zip(cells, kept, strict=True) if is_large or cell in stay]


def _made_whole(read: list[_Read], classify: Classify) -> list[_Read]:
    """The same, with halves of a digit as one: together they plainly are a digit, and apart one of them is less."""
    likely = [_likely(answer) for _, _, answer in read]
    pairs = [pair for pair in stacked([piece for piece, _, _ in read]) if min(likely[half] for half in pair) < _WHOLE]
    wholes = [together(read[upper][0], read[lower][0]) for upper, lower in pairs]
    seen = [normalize(whole.with_room()) for whole in wholes]
    joined = zip(pairs, zip(wholes, seen, _answers(seen, classify, _ODDS), strict=True), strict=True)
    halves, found = set[int](), list[_Read]()
    for pair, whole in sorted(joined, key=lambda each: -_likely(each[1][2])):
        least = max(_WHOLE, *(likely[half] for half in pair))
        if _likely(whole[2]) > least and halves.isdisjoint(pair):
            halves.update(pair)
            found.append(whole)
    return [*(each for index, each in enumerate(read) if index not in halves), *found]


def _height(cell: Cell) -> int:
    return cell.bbox[3] - cell.bbox[1]


def _expecting(cell: Cell, odds: float) -> Cell:
    """A cell on a page that holds so many times as many no digits as was thought (Saerens et al. 2002)."""
    none = odds * cell.probabilities[NONE]
    whole = 1 + none - cell.probabilities[NONE]
    digits = (share / whole for share in cell.probabilities[:NONE])
    return replace(cell, probabilities=(*digits, none / whole))


def _among_letters(cells: list[Cell]) -> list[Letters]:
    return letters_beside([cell.bbox for cell in cells], [cell.probabilities[NONE] for cell in cells])


def _doubted(cell: Cell, letters: float) -> Cell:
    """A digit on a line of letters, which may be one: "Bilbo" is 81160 to a network."""
    digits = tuple(share * (1 - _DOUBT * letters) for share in cell.probabilities[:NONE])
    return replace(cell, probabilities=(*digits, max(0.0, 1 - sum(digits))))


def _answers(seen: list[Normalized], classify: Classify, odds: float) -> list[_Answer]:
    """Eleven probabilities of each piece; None of what is no ink to `normalize`.

    odds: times as likely no digit is as the network expects.
    """
    inked = [each.pixels for each in seen if each.bbox is not None]
    if not inked:
        return [None] * len(seen)
    shares = classify(np.stack(inked))
    shares[:, NONE] *= odds
    rows = iter((shares / shares.sum(1, keepdims=True)).tolist())
    return [None if each.bbox is None else tuple(next(rows)) for each in seen]


def _several(pieces: list[Piece], seen: list[Normalized], cells: list[Cell], classify: Judge) -> NDArray[np.float32]:
    """(N,), 0…1: how likely each piece is several digits, as far as it is no digit; 0 of what is narrow or small.

    Halves of an m are digits to a network, which may know, though, what several digits look like.
    """
    heights = [_height(cell) for cell in cells]
    digits = [height for height, cell in zip(heights, cells, strict=True) if _looks_like_digit(cell)]
    usual = float(np.median(digits or heights))
    wide = [
        index
        for index, (height, piece, cell) in enumerate(zip(heights, pieces, cells, strict=True))
        if height >= _SMALLER * usual and _is_wide(piece) and _digit_share(cell.probabilities) < _LIKELY
    ]
    several = np.zeros(len(cells), np.float32)
    if wide:
        several[wide] = classify.several(np.stack([seen[index].pixels for index in wide]))
    return several


def _letters(cells: list[Cell], several: NDArray[np.float32]) -> list[float]:
    """How likely each cell is neither one digit nor several."""
    return [cell.probabilities[NONE] * (1 - float(share)) for cell, share in zip(cells, several, strict=True)]


def _taken_apart(
    pieces: list[Piece],
    cells: list[Cell],
    several: NDArray[np.float32],
    classify: Judge,
    most: float,
    odds: float,
) -> list[list[Cell]]:
    """Cells of each piece: itself, or those of the digits that touch in it.

    Cuts that may be right are judged by the classifier, all parts of a page at once (LeCun et al. 1998, section V).
    Where words stand beside it, what is wide is never made of digits.
    """
    among = letters_beside([cell.bbox for cell in cells], _letters(cells, several))
    alone = [index for index, each in enumerate(among) if several[index] >= _AS_SEVERAL and each.others < most]
    tried = {index: parts_of(pieces[index]) for index in alone}
    answers = iter(_answers([normalize(part.piece.crop) for parts in tried.values() for part in parts], classify, odds))
    apart = [[cell] for cell in cells]
    for index, parts in tried.items():
        said = [next(answers) for _ in parts]
        scores = [np.log(max(1e-4, 0.0 if answer is None else _digit_share(answer))) for answer in said]
        way = best_way(parts, scores)
        found = [Cell(parts[at].piece.bbox, answer) for at in way if (answer := said[at]) is not None]
        least = max(_EACH, 1 - _SURER * (1 - _digit_share(cells[index].probabilities)))
        if len(found) == len(way) > 0 and all(_digit_share(cell.probabilities) > least for cell in found):
            apart[index] = found
    return apart


def _looks_like_digit(cell: Cell) -> bool:
    return cell.likeliest != NONE


def _is_wide(piece: Piece) -> bool:
    x0, y0, x1, y1 = piece.bbox
    return x1 - x0 > _WIDE * (y1 - y0)


def _digit_share(answer: tuple[float, ...]) -> float:
    """The probability of the likeliest digit."""
    return max(answer[:NONE])


def _likely(answer: _Answer) -> float:
    """The same; 0 of what is likelier none."""
    return 0.0 if answer is None or max(answer) == answer[NONE] else _digit_share(answer)
