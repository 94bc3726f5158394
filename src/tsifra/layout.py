"""A gray page -> what stands on it and how: in the cells of a grid, or in lines of numbers.

Flows in: a gray page, a layout and a classifier. Flows out: an Arranged: lines of numbers of Cells. Knows nothing of
thresholds or records.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from tsifra.grid import crossed, find_grid
from tsifra.ink import Gray
from tsifra.sheet import read_sheet
from tsifra.table import Cell, Classify, read_table

Layout = Literal["auto", "lines", "grid"]
"""How digits stand: in lines, in a ruled grid, or in a grid where the picture plainly is one and in lines elsewhere."""

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
    lines: tuple[tuple[tuple[Cell | None, ...], ...], ...]

    @property
    def count(self) -> int:
        """How many cells hold something."""
        return sum(cell is not None for line in self.lines for number in line for cell in number)


def read_layout(gray: Gray, layout: Layout, classify: Classify, rotate: int | None = None) -> Arranged:
    """Read a page. gray: (H, W) uint8; classify: (N, 28, 28) uint8 -> (N, 11).

    rotate: degrees clockwise to turn it by, a multiple of 90; None to find out.
    """
    turned = np.ascontiguousarray(np.rot90(gray, -(rotate or 0) // 90))
    given = rotate or 0
    grid = None if layout == "lines" else find_grid(turned)
    if grid is not None and (layout == "grid" or crossed(turned, grid) < _CROSSED):
        table = read_table(turned, grid, classify, upright=rotate is not None)
        return Arranged(True, (given + table.rotation) % 360, tuple((row,) for row in table.rows))
    if layout == "grid":
        return Arranged(True, given, ())
    turns, lines = read_sheet(turned, classify, upright=rotate is not None)
    return Arranged(False, (given + 90 * turns) % 360, tuple(tuple(tuple(number) for number in line) for line in lines))
