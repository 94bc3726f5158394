"""A table, as its cells were read one by one, and the numbers of its page -> rows with what stands in each cell.

Flows in: a Table with its Grid, and lines of numbers. Flows out: rows of numbers of Cells, and the lines beside the
table. Knows nothing of pictures.
"""

from itertools import chain, groupby, pairwise
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from tsifra.grid import Grid
from tsifra.reading import NONE
from tsifra.table import Cell, Lines, Table, width_of

_SEVERAL = 0.1  # share of a table's cells that are no digit, from which some may hold several
_MOST_OF = 0.8  # of the width of all ink in a cell, that its digits must span; what a word leaves is shorter
_PLAIN = 0.9  # probability of digits beside a table, which words are there as well
_CLOSE = 0.25  # of their height, that digits of a number are apart
_INSIDE = 0.06  # of a cell's shorter side, that numbers which are all that stands in it are away from its lines
_SMALL = 0.4  # of a cell's height, under which what stands in a table's cells is small type
_WIDE = 1.25  # times as wide as high are cells that are made for numbers

Rows = tuple[tuple[tuple[Cell | None, ...], ...], ...]
Place = tuple[int, int]
Numbers = dict[Place, list[list[Cell]]]


def is_doubtful(table: Table) -> bool:
    """Whether enough of what stands in its cells is no digit; never where all are empty."""
    shares = [_share(cell) for row in table.rows for cell in row if cell is not None]
    return shares.count(0.0) >= max(1, _SEVERAL * len(shares))


def is_of_numbers(table: Table, grid: Grid) -> bool:
    """Whether a table's cells are wide, or what stands in them is small, as may be where nothing was found."""
    high, wide = grid.sides[::-1] if table.rotation % 180 else grid.sides
    heights = [cell.bbox[3] - cell.bbox[1] for row in table.rows for cell in row if cell is not None]
    return wide > _WIDE * high or not heights or float(np.median(heights)) < _SMALL * high


def by_cell(lines: Lines, grid: Grid) -> tuple[Numbers, Lines]:
    """The numbers that stand in each cell, by row and column, and the lines of plain ones that stand in none."""
    found: Numbers = {}
    outside: Lines = []
    for line in lines:
        beside: list[list[Cell]] = []
        for number in line:
            for place, part in groupby(zip(_places(number, grid), number, strict=True), key=itemgetter(0)):
                cells = [cell for _, cell in part]
                if place is not None:
                    found.setdefault(place, []).append(cells)
                elif min(map(_share, cells)) > _PLAIN:
                    beside.append(cells)
        if beside:
            outside.append(beside)
    return found, outside


def with_outside(rows: Rows, outside: Lines, grid: Grid) -> Rows:
    """A table's rows and what stands outside it: at both ends of a row, or in lines above and below."""
    numbers = [number for line in outside for number in line]
    if not numbers:
        return rows
    places = iter(grid.counted_on(np.array([_middles(number).mean(0) for number in numbers])))
    left: list[list[tuple[Cell, ...]]] = [[] for _ in rows]
    right: list[list[tuple[Cell, ...]]] = [[] for _ in rows]
    above: Lines = []
    below: Lines = []
    for line in outside:
        over: list[list[Cell]] = []
        under: list[list[Cell]] = []
        for number in line:
            y, x = next(places)
            if 0 <= y < len(rows):
                (left if x < 0 else right)[y].append(tuple(number))
            else:
                (over if y < 0 else under).append(number)
        above += [over] if over else []
        below += [under] if under else []
    whole = ((*before, *row, *after) for before, row, after in zip(left, rows, right, strict=True))
    return (*frozen(above), *whole, *frozen(below))


def frozen(lines: Lines) -> Rows:
    """The same as tuples."""
    return tuple(tuple(tuple(number) for number in line) for line in lines)


def _places(number: list[Cell], grid: Grid) -> list[Place | None]:
    """The cells that digits of a number lie in, all in that of the first where no gap between them is wider."""
    x0, y0, x1, y1 = np.array([cell.bbox for cell in number]).T
    places = grid.places(_middles(number))
    gaps = x0[1:] - x1[:-1]
    passes = [before != after for before, after in pairwise(places)]
    usual = max(gaps[~np.array(passes, bool)], default=_CLOSE * float(np.median(y1 - y0)))
    for index in np.flatnonzero(passes).tolist():
        if gaps[index] <= usual + 1:
            places[index + 1 :] = [
                places[index] if place == places[index + 1] else place for place in places[index + 1 :]
            ]
    return places


def _middles(cells: list[Cell]) -> NDArray[np.float64]:
    """The middles of boxes, (N, 2), x and y."""
    x0, y0, x1, y1 = np.array([cell.bbox for cell in cells]).T
    return np.stack((x0 + x1, y0 + y1), axis=1) / 2


def with_several(table: Table, numbers: Numbers) -> Rows:
    """A table's rows with the numbers in cells that plainly hold several digits, if there are some such cells."""
    several = set()
    for (row, column), found in numbers.items():
        whole, digits = table.rows[row][column], [cell for number in found for cell in number]
        surer = len(digits) > 1 and min(map(_share, digits)) > _share(whole)
        if surer and whole is not None and width_of(digits) >= _MOST_OF * width_of([whole]):
            several.add((row, column))
    if len(several) < max(1, _SEVERAL * sum(cell is not None for row in table.rows for cell in row)):
        return single(table)
    return tuple(
        tuple(
            tuple(number)
            for column, cell in enumerate(cells)
            for number in (numbers[row, column] if (row, column) in several else [[cell]])
        )
        for row, cells in enumerate(table.rows)
    )


def with_all(table: Table, numbers: Numbers, grid: Grid) -> Rows:
    """A table's rows with the numbers that were found in its cells, where they are surer than what they were whole.

    Of those that reach over several cells, which are one then, these hold nothing else.
    """
    merged = set[Place | None]()
    for found in numbers.values():
        over = {*grid.places(_middles([cell for number in found for cell in number]))}
        merged |= over if len(over) > 1 else set()
    rows = [
        [
            _surer(None if (row, column) in merged else cell, numbers.get((row, column), []), grid)
            for column, cell in enumerate(cells)
        ]
        for row, cells in enumerate(table.rows)
    ]
    apart = tuple(tuple(tuple(number) for cell in row for number in cell) for row in rows)
    if all(len(cell) == len(cell[0]) == 1 for row in rows for cell in row):
        return tuple((tuple(chain.from_iterable(row)),) for row in apart)
    return apart


def _surer(whole: Cell | None, numbers: list[list[Cell]], grid: Grid) -> list[list[Cell | None]]:
    """Numbers that were found in a cell, or what it was whole."""
    digits = [cell for number in numbers for cell in number]
    if not digits or min(map(_share, digits)) <= _share(whole):
        return [[whole]]
    away = _INSIDE * min(grid.sides)
    boxes = np.array([cell.bbox for cell in digits])
    ends = np.concatenate((boxes[:, :2] - away, boxes[:, 2:] + away))
    if whole is None and len(digits) == 1 and len({*grid.places(ends)}) > 1:
        return [[whole]]
    return [list(number) for number in numbers]


def single(table: Table) -> Rows:
    """A table's rows, each as one number of a digit a cell."""
    return tuple((row,) for row in table.rows)


def _share(cell: Cell | None) -> float:
    """The probability of the likeliest digit; 0 where none is likelier, or where the cell is empty."""
    if cell is None or max(cell.probabilities) == cell.probabilities[NONE]:
        return 0.0
    return max(cell.probabilities)
