"""A table of 9×9 is read as the sudoku that it is, and as nothing else where it is none."""

import cv2
import numpy as np
import pytest

from drawing import SUDOKU
from test_grid import page, read
from tsifra import Reader
from tsifra.reading import NONE
from tsifra.sudoku import Givens, as_sudoku, has_one_solution
from tsifra.table import Cell, Table


def givens(rows: list[str]) -> Givens:
    return {(y, x): int(digit) for y, row in enumerate(rows) for x, digit in enumerate(row) if digit != "."}


def table(rows: list[str], **doubtful: dict[int, float]) -> Table:
    """A table whose digits are all but certain; doubtful: what else the cells named a1 … i9 may be, with what share."""

    def cell(y: int, x: int) -> Cell | None:
        shares = doubtful.get("abcdefghi"[x] + str(y + 1), {})
        if rows[y][x] == "." and not shares:
            return None
        known = np.zeros(NONE + 1)
        known[list(shares)] = list(shares.values())
        known[int(rows[y][x]) if rows[y][x] != "." else NONE] += 1 - known.sum()
        return Cell((x, y, x + 1, y + 1), tuple(known.tolist()))

    return Table(0, tuple(tuple(cell(y, x) for x in range(len(rows[0]))) for y in range(len(rows))))


def text_of(read: Table) -> list[str]:
    return [
        "".join("." if cell is None or cell.likeliest == NONE else str(cell.likeliest) for cell in row)
        for row in read.rows
    ]


def test_a_digit_that_the_puzzle_rules_out_is_the_other_that_it_may_be() -> None:
    read = as_sudoku(table(SUDOKU, a1={8: 0.7}, g2={9: 0.3}, h3={9: 0.9}))
    assert text_of(read) == SUDOKU
    assert min(max(cell.probabilities) for row in read.rows for cell in row if cell) > 0.99
    assert all(sum(cell.probabilities) == pytest.approx(1) for row in read.rows for cell in row if cell)


def test_a_speck_in_an_empty_cell_of_a_puzzle_is_no_digit() -> None:
    read = as_sudoku(table(SUDOKU, c1={7: 0.8}))
    speck = read.rows[0][2]
    assert speck is not None
    assert speck.likeliest == NONE


def test_what_is_plainly_read_stays_where_it_is_no_puzzle() -> None:
    wrong = ["83" + SUDOKU[0][2:], *SUDOKU[1:]]
    for other in (table(wrong), table(SUDOKU[:8], a1={8: 0.7}), table(["1", "2"])):
        assert as_sudoku(other) is other
    unlike = table(["123456789"] * 9, a1={8: 0.4})
    assert as_sudoku(unlike) is unlike


def test_a_puzzle_has_one_solution() -> None:
    puzzle = givens(SUDOKU)
    assert has_one_solution(puzzle)
    assert not has_one_solution(puzzle | {(0, 2): 3}), "3 twice in the row"
    assert not has_one_solution(dict(list(puzzle.items())[8:])), "many ways to fill the rest"
    assert not has_one_solution({}), "anything goes"


def test_a_sudoku_of_a_shaking_hand_is_surely_read(reader: Reader) -> None:
    shaken = cv2.blur(page(SUDOKU), (1, 13))
    answer = read(reader, np.asarray(shaken, np.uint8))
    assert answer.text.splitlines() == SUDOKU
    assert answer.status == "ok", "review where each cell is taken by itself"
