"""A gray page -> what stands on it and how: in the cells of a grid, or in lines of numbers.

Flows in: a gray page, a layout and a classifier. Flows out: an Arranged: lines of numbers of Cells. Knows nothing of
thresholds or records.
"""

from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from typing import Literal, get_args

import numpy as np

from tsifra.counter import Counter, read_counter
from tsifra.grid import Grid, crossed, find_grid
from tsifra.ink import Gray
from tsifra.reading import NONE
from tsifra.sheet import Judge, Lines, read_sheet
from tsifra.sudoku import as_sudoku
from tsifra.table import Cell, Table, read_table, width_of

Layout = Literal["auto", "lines", "grid"]
"""How digits stand: in lines, in a ruled grid, or in a grid where the picture plainly is one and in lines elsewhere."""

_SEVERAL = 0.1  # share of a table's cells that are no digit, from which some may hold several
_DARK = 110  # gray level of a page under which a grid's lines may be lighter than it
_SMALL = 0.4  # of a cell's height, under which what stands in a table's cells is small type
_WIDE = 1.25  # times as wide as high are cells that are made for numbers
_INSIDE = 0.06  # of a cell's shorter side, that numbers which are all that stands in it are away from its lines
_MOST_OF = 0.8  # of the width of all ink in a cell, that its digits must span; what a word leaves is shorter
_CROSSED = 0.18  # times that ink crosses a line, by cells with ink, from which a grid is squared paper

LAYOUTS: tuple[Layout, ...] = get_args(Layout)


ArrangedLines = tuple[tuple[tuple[Cell | None, ...], ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Arranged:
    """Lines from top to bottom, of numbers, of cells; None is an empty cell of a grid.

    grid: whether it is one, where what is no digit stands for an empty cell. rotation: degrees clockwise by which the
    page was turned; boxes are those of the turned page.
    """

    grid: bool
    rotation: int
    lines: ArrangedLines

    @property
    def count(self) -> int:
        """How many cells hold something."""
        return sum(cell is not None for line in self.lines for number in line for cell in number)


def read_layout(gray: Gray, plain: Gray, layout: Layout, classify: Judge, rotate: int | None = None) -> Arranged:
    """Read a page. gray: (H, W) uint8. plain: the same without its tints, as lines are read; counters have some.

    rotate: degrees clockwise to turn it by, a multiple of 90; None to find out.
    """
    given, upright = rotate or 0, rotate is not None
    turned, sheet = (np.ascontiguousarray(np.rot90(each, -given // 90)) for each in (gray, plain))
    grid = None if layout == "lines" else find_grid(turned)
    if grid is None and layout != "lines" and np.median(turned) < _DARK:
        grid = find_grid(255 - turned)
        if grid is not None:
            turned, sheet = 255 - turned, 255 - sheet
    if grid is not None and layout == "auto" and crossed(turned, grid) >= _CROSSED:
        grid = None
    if grid is None and layout == "grid":
        return Arranged(True, given, ())
    if grid is None:
        turns, lines = read_sheet(sheet, classify, upright)
        counter = None if turns else read_counter(turned, classify)
        if counter is not None:
            lines = _with_counter(lines, counter)
        return Arranged(False, (given + 90 * turns) % 360, _frozen(lines))
    table = as_sudoku(read_table(turned, grid, classify, upright))
    is_of_numbers = _is_of_numbers(table, grid)
    if not is_of_numbers and not _is_doubtful(table):
        return Arranged(True, (given + table.rotation) % 360, _single(table))
    # Its cells may hold several digits, or small ones, or none: as a sheet of numbers, the right way up, it tells.
    turns, lines = (table.rotation // 90, []) if table.rotation else read_sheet(grid.erased(sheet), classify, upright)
    if turns:
        return read_layout(gray, plain, layout, classify, 90 * turns)
    numbers = _by_cell(lines, grid)
    return Arranged(True, given, _with_all(table, numbers, grid) if is_of_numbers else _with_numbers(table, numbers))


def _with_counter(lines: Lines, counter: Counter) -> Lines:
    """The lines of a page, and of its counter what it shows instead of what was read there, if that is another."""
    held = [[cell for cell in number if counter.holds(cell.bbox)] for line in lines for number in line]
    if [_digits(number) for number in held if number] == [_digits(number) for number in counter.numbers]:
        return lines
    kept = [[[cell for cell in number if not counter.holds(cell.bbox)] for number in line] for line in lines]
    beside = [parts for line in kept if (parts := [number for number in line if number])]
    return sorted([*beside, counter.numbers], key=_middle)


def _digits(number: list[Cell]) -> list[int]:
    return [cell.likeliest for cell in number]


def _middle(line: list[list[Cell]]) -> float:
    return float(np.mean([cell.bbox[1] + cell.bbox[3] for number in line for cell in number]))


def _is_doubtful(table: Table) -> bool:
    """Whether enough of what stands in its cells is no digit; never where all are empty."""
    shares = [_share(cell) for row in table.rows for cell in row if cell is not None]
    return shares.count(0.0) >= max(1, _SEVERAL * len(shares))


def _is_of_numbers(table: Table, grid: Grid) -> bool:
    """Whether a table's cells are wide, or what stands in them is small, as may be where nothing was found."""
    high, wide = grid.sides[::-1] if table.rotation % 180 else grid.sides
    heights = [cell.bbox[3] - cell.bbox[1] for row in table.rows for cell in row if cell is not None]
    return wide > _WIDE * high or not heights or float(np.median(heights)) < _SMALL * high


def _by_cell(lines: Lines, grid: Grid) -> dict[tuple[int, int], list[list[Cell]]]:
    """The numbers that stand in each cell, by row and column."""
    found: dict[tuple[int, int], list[list[Cell]]] = {}
    for number in (number for line in lines for number in line):
        middles = np.array([[(x0 + x1) / 2, (y0 + y1) / 2] for x0, y0, x1, y1 in (cell.bbox for cell in number)])
        for place, part in groupby(zip(grid.places(middles), number, strict=True), key=itemgetter(0)):
            if place is not None:
                found.setdefault(place, []).append([cell for _, cell in part])
    return found


def _with_numbers(table: Table, numbers: dict[tuple[int, int], list[list[Cell]]]) -> ArrangedLines:
    """A table's rows with the numbers in cells that plainly hold several digits, if there are some such cells."""
    several = set()
    for (row, column), found in numbers.items():
        whole, digits = table.rows[row][column], [cell for number in found for cell in number]
        surer = len(digits) > 1 and min(map(_share, digits)) > _share(whole)
        if surer and whole is not None and width_of(digits) >= _MOST_OF * width_of([whole]):
            several.add((row, column))
    if len(several) < max(1, _SEVERAL * sum(cell is not None for row in table.rows for cell in row)):
        return _single(table)
    return tuple(
        tuple(
            tuple(number)
            for column, cell in enumerate(cells)
            for number in (numbers[row, column] if (row, column) in several else [[cell]])
        )
        for row, cells in enumerate(table.rows)
    )


def _with_all(table: Table, numbers: dict[tuple[int, int], list[list[Cell]]], grid: Grid) -> ArrangedLines:
    """A table's rows with the numbers that were found in its cells, where they are surer than what they were whole."""
    rows = [
        [_surer(cell, numbers.get((row, column), []), grid) for column, cell in enumerate(cells)]
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
    if whole is None and len({*grid.places(ends)}) > 1:
        return [[whole]]
    return [list(number) for number in numbers]


def _single(table: Table) -> ArrangedLines:
    """A table's rows, each as one number of a digit a cell."""
    return tuple((row,) for row in table.rows)


def _share(cell: Cell | None) -> float:
    """The probability of the likeliest digit; 0 where none is likelier, or where the cell is empty."""
    if cell is None or max(cell.probabilities) == cell.probabilities[NONE]:
        return 0.0
    return max(cell.probabilities)


def _frozen(lines: Lines) -> ArrangedLines:
    return tuple(tuple(tuple(number) for number in line) for line in lines)
