"""A table of 9×9 -> the same, read as the puzzle that it is.

Flows in: a Table. Flows out: one whose cells' probabilities mind that the givens of a sudoku leave exactly one way to
fill the rest. Knows nothing of pictures.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from heapq import heappop, heappush
from itertools import islice

from tsifra.reading import NONE
from tsifra.table import Cell, Table

_SIDE = 9
_ALL = 0b1111111110  # a bit for each digit from 1
_LEAST = 17  # givens, since fewer never leave one way only (McGuire, Tugemann and Civario 2014)
_POSSIBLE = 0.002  # probability from which a cell may hold what it is not likeliest
_STRAY = 0.05  # ... and from which it may be no digit
_SURELY_NOT = 1e-9  # probability that all have at least
_WORSE = 1e-4  # of the likeliest reading's probability, from which another is thought of
_LITTLE = 0.01  # of the likeliest sudoku's, under which others change nothing
_ODDS = 1e4  # that a table which reads as a puzzle is one: digits at random do far more rarely
_READINGS, _BEGUN = 200, 5000  # that are thought of, and of which a part is
_STEPS = 4000  # of solving a puzzle; those of newspapers take up to 1,200

Place = tuple[int, int]
Givens = dict[Place, int]
Units = tuple[int, int, int]


def as_sudoku(table: Table) -> Table:
    """Where what a table may hold is a sudoku, each cell as likely as it is in all readings that are one.

    A reading is as likely as what its cells hold, together; what is no digit leaves a cell empty. Where none of the
    likely ones is a sudoku, the table as it is.
    """
    cells = {(y, x): cell for y, row in enumerate(table.rows) for x, cell in enumerate(row) if cell is not None}
    if (len(table.rows), len(table.rows[0])) != (_SIDE, _SIDE) or len(cells) < _LEAST:
        return table
    found: list[tuple[float, Givens]] = []
    for likely, givens in islice(_readings(cells), _READINGS):
        if found and likely < _LITTLE * found[0][0]:
            break
        if has_one_solution(givens):
            found.append((likely, givens))
    if not found:
        return table
    together = math.fsum(likely for likely, _ in found)
    belief = together * _ODDS / (1 + together * _ODDS)
    shares = {place: [(1 - belief) * share for share in cell.probabilities] for place, cell in cells.items()}
    for likely, givens in found:
        for place, known in shares.items():
            known[givens.get(place, NONE)] += belief * likely / together
    rows = tuple(
        tuple(Cell(cell.bbox, tuple(shares[y, x])) if cell else None for x, cell in enumerate(row))
        for y, row in enumerate(table.rows)
    )
    return replace(table, rows=rows)


def has_one_solution(givens: Mapping[Place, int]) -> bool:
    """Whether digits of a sudoku, 1…9 by row and column from 0, leave exactly one way to fill the rest."""
    free = [_ALL] * (3 * _SIDE)
    for place, digit in givens.items():
        if not all(free[unit] >> digit & 1 for unit in _units(place)):
            return False
        for unit in _units(place):
            free[unit] ^= 1 << digit
    empty = [_units((y, x)) for y in range(_SIDE) for x in range(_SIDE) if (y, x) not in givens]
    return len(givens) >= _LEAST and _ways(free, empty, iter(range(_STEPS))) == 1


def _readings(cells: Mapping[Place, Cell]) -> Iterator[tuple[float, Givens]]:
    """What cells may hold without a digit twice in a row, column or box, likeliest first, with its probability."""
    choices = sorted(((place, _choices(cell)) for place, cell in cells.items()), key=lambda each: len(each[1]))
    best = math.fsum(math.log(held[0][0]) for _, held in choices)
    begun: list[tuple[float, tuple[int, ...], int]] = [(0.0, (), 0)]  # nats below the best, what is held, what it uses
    for _ in range(_BEGUN):
        if not begun:
            return
        lost, held, used = heappop(begun)
        if len(held) == len(choices):
            yield (
                math.exp(best - lost),
                {place: digit for (place, _), digit in zip(choices, held, strict=True) if digit != NONE},
            )
            continue
        place, possible = choices[len(held)]
        for share, digit in possible:
            uses = _uses(place, digit)
            less = lost + math.log(possible[0][0] / share)
            if not used & uses and less <= -math.log(_WORSE):
                heappush(begun, (less, (*held, digit), used | uses))


def _choices(cell: Cell) -> list[tuple[float, int]]:
    """What a cell of a sudoku may hold, likeliest first, with its probability: a digit from 1, or none."""
    shares = sorted(
        ((max(share, _SURELY_NOT), digit) for digit, share in enumerate(cell.probabilities) if digit), reverse=True
    )
    return shares[:1] + [each for each in shares[1:] if each[0] >= (_STRAY if each[1] == NONE else _POSSIBLE)]


def _ways(free: list[int], empty: list[Units], steps: Iterator[int]) -> int:
    """How many ways there are to fill what is empty: 0, 1, or 2 for more; 2 as well where it takes too many steps.

    free: of each row, column and box, a bit for each digit that it does not have; as before when it returns.
    """
    if not empty:
        return 1
    if next(steps, None) is None:
        return 2
    fits = [free[row] & free[column] & free[box] for row, column, box in empty]
    at = min(range(len(empty)), key=[each.bit_count() for each in fits].__getitem__)
    units, rest, count = empty[at], empty[:at] + empty[at + 1 :], 0
    for bit in (1 << digit for digit in range(1, 10) if fits[at] >> digit & 1):
        for unit in units:
            free[unit] ^= bit
        count += _ways(free, rest, steps)
        for unit in units:
            free[unit] ^= bit
        if count > 1:
            return 2
    return count


def _uses(place: Place, digit: int) -> int:
    """The bits of a digit in the row, the column and the box of a place; none of no digit."""
    return 0 if digit == NONE else sum(1 << (10 * unit + digit) for unit in _units(place))


def _units(place: Place) -> Units:
    """The row, the column and the box of a place, numbered through."""
    y, x = place
    return y, _SIDE + x, 2 * _SIDE + 3 * (y // 3) + x // 3
