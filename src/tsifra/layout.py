"""A gray page -> what stands on it and how: in the cells of a grid, or in lines of numbers.

Flows in: a gray page, a layout and a classifier. Flows out: an Arranged: lines of numbers of Cells. Knows nothing of
thresholds or records.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from tsifra.cells import Rows, by_cell, frozen, is_doubtful, is_of_numbers, single, with_all, with_outside, with_several
from tsifra.counter import Counter, read_counter
from tsifra.grid import crossed, find_grid
from tsifra.ink import Gray
from tsifra.sheet import Judge, read_sheet
from tsifra.sudoku import as_sudoku
from tsifra.table import Cell, Lines, read_table

Layout = Literal["auto", "lines", "grid"]
"""How digits stand: in lines, in a ruled grid, or in a grid where the picture plainly is one and in lines elsewhere."""

_DARK = 110  # gray level of a page under which a grid's lines may be lighter than it
_CROSSED = 0.18  # times that ink crosses a line, by cells with ink, from which a grid is squared paper

LAYOUTS: tuple[Layout, ...] = get_args(Layout)


@dataclass(frozen=True, slots=True, eq=False)
class Arranged:
    """Lines from top to bottom, of numbers, of cells; None is an empty cell of a grid.

    grid: whether it is one, where what is no digit stands for an empty cell. rotation: degrees clockwise by which the
    page was turned; boxes are those of the turned page.
    """

    grid: bool
    rotation: int
    lines: Rows

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
        return Arranged(False, (given + 90 * turns) % 360, frozen(lines))
    table = as_sudoku(read_table(turned, grid, classify, upright))
    has_numbers = is_of_numbers(table, grid)
    if not has_numbers and not is_doubtful(table):
        return Arranged(True, (given + table.rotation) % 360, single(table))
    # Its cells may hold several digits, or small ones, or none: as a sheet of numbers, the right way up, it tells.
    turns, lines = (table.rotation // 90, []) if table.rotation else read_sheet(grid.erased(sheet), classify, upright)
    if turns:
        return read_layout(gray, plain, layout, classify, 90 * turns)
    numbers, outside = by_cell(lines, grid)
    if not has_numbers:
        return Arranged(True, given, with_several(table, numbers))
    rows = with_all(table, numbers, grid)
    return Arranged(True, given, rows if layout == "grid" else with_outside(rows, outside, grid))


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
