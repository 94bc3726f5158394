"""Ruled grids are found and read cell by cell, whichever way they lie."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from conftest import CommandLine
from drawing import SUDOKU, TYPE, digit
from tsifra import Reader, Reading
from tsifra.grid import find_grid
from tsifra.ink import Gray
from tsifra.layout import Layout

FORM = ["12..", "..34", "5678"]


def page(rows: list[str], cell: int = 60, margin: int = 90, frame: int = 5) -> Gray:
    """A printed table on a page, with some text-like strokes around it."""
    height, width = cell * len(rows), cell * len(rows[0])
    sheet = np.full((height + 2 * margin, width + 2 * margin), 235, np.uint8)
    for row, line in enumerate(rows):
        for column, label in enumerate(line):
            top, left = margin + row * cell, margin + column * cell
            cv2.rectangle(sheet, (left, top), (left + cell, top + cell), 40, 2)
            if label != ".":
                inner = digit(label, cell - 16, ink=30, paper=235)
                sheet[top + 8 : top + cell - 8, left + 8 : left + cell - 8] = inner
    cv2.rectangle(sheet, (margin, margin), (margin + width, margin + height), 40, frame)
    for x in range(margin, margin + width, 23):
        cv2.line(sheet, (x, 30), (x + 12, 44), 60, 3)
    return sheet


def shot(sheet: Gray, lean: float = 0.06) -> Gray:
    """A photograph of it from a little aside, with less light at one side."""
    height, width = sheet.shape
    dx, dy = lean * width, lean * height
    corners = np.array([[dx, 0.3 * dy], [width - 0.2 * dx, dy], [width, height - dy], [0, height]], np.float32)
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = cv2.warpPerspective(sheet, cv2.getPerspectiveTransform(flat, corners), (width, height), borderValue=(200,))
    light = np.linspace(1, 0.6, width)[None]
    return np.asarray(cv2.GaussianBlur((moved * light).astype(np.uint8), (0, 0), 1.0), np.uint8)


def printed(rows: list[list[str]], wide: int, high: int = 100, size: int = 44) -> Gray:
    """A table of typed numbers, each in a cell of so many pixels."""
    sheet = Image.new("L", (wide * len(rows[0]) + 200, high * len(rows) + 200), 255)
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(TYPE, size)
    for row, numbers in enumerate(rows):
        for column, number in enumerate(numbers):
            left, top = 100 + wide * column, 100 + high * row
            draw.rectangle((left, top, left + wide, top + high), outline=0, width=3)
            draw.text((left + wide / 2, top + high / 2), number, fill=0, font=font, anchor="mm")
    return np.asarray(sheet)


def read(reader: Reader, gray: Gray) -> Reading:
    (reading,) = reader.read_many([gray], layout="grid")
    assert isinstance(reading, Reading)
    return reading


@pytest.mark.parametrize("margin", [34, 40, 54])
def test_the_edge_of_a_sheet_on_a_dark_table_is_no_line_of_the_grid_on_it(margin: int) -> None:
    grid = find_grid(shot(np.pad(page(SUDOKU, 56, margin), 40, constant_values=90)))
    assert grid is not None
    assert grid.shape == (9, 9)


@pytest.mark.parametrize("rows", [["....", "....", "...."], ["....", ".7..", "...."]], ids=["none", "one"])
def test_a_grid_with_hardly_anything_in_it_is_one_all_the_same(reader: Reader, rows: list[str]) -> None:
    assert reader.read(page(rows), rotate=0).text.split("\n") == rows


@pytest.mark.parametrize("rows", [SUDOKU, FORM], ids=["sudoku", "form"])
@pytest.mark.parametrize("turns", range(4))
def test_a_photographed_grid_is_read_the_right_way_up(reader: Reader, rows: list[str], turns: int) -> None:
    gray = np.ascontiguousarray(np.rot90(shot(page(rows)), turns))
    reading = read(reader, gray)
    assert reading.text.split("\n") == rows
    assert reading.rotation == 90 * turns
    height, width = shot(page(rows)).shape
    assert reading.size == (width, height)
    for found in reading.digits:
        x0, y0, x1, y1 = found.bbox
        assert x0 < x1 <= width + 2
        assert y0 < y1 <= height + 2


def test_grain_in_empty_cells_has_no_say_in_which_way_is_up(reader: Reader) -> None:
    gray = np.rot90(shot(page(SUDOKU)))
    grain = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, gray.shape), (0, 0), 1.0)
    coarse = np.minimum(gray, 200.0) + np.minimum(0, 14 * grain / grain.std())
    reading = read(reader, np.asarray(coarse.clip(0, 255), np.uint8))
    assert (reading.text.split("\n"), reading.rotation) == (SUDOKU, 90)


def test_boxes_lie_on_the_digits(reader: Reader) -> None:
    reading = read(reader, page(FORM))
    first, second = reading.digits[:2]
    for found, left in ((first, 90), (second, 150)):
        x0, y0, x1, y1 = found.bbox
        assert left <= x0 < x1 <= left + 60
        assert 90 <= y0 < y1 <= 150


@pytest.mark.parametrize(("wide", "high"), [(100, 100), (150, 100), (200, 100), (300, 100), (80, 200)])
def test_no_digit_is_lost_in_a_cell_of_any_shape(reader: Reader, wide: int, high: int) -> None:
    rows = ["40031", "65626", "13498", "91696"]
    reading = reader.read(printed([[*row] for row in rows], wide, high))
    assert reading.text.split("\n") == rows
    x0, y0, x1, y1 = reading.digits[0].bbox
    assert x0 < 100 + wide / 2 < x1
    assert y0 < 100 + high / 2 < y1


@pytest.mark.parametrize("row", ["40131711", "1101", "203"])
def test_boxes_in_one_row_are_one_number(reader: Reader, row: str) -> None:
    assert reader.read(page([row], margin=80), rotate=0).text == row


@pytest.mark.parametrize("turns", [0, 1])
@pytest.mark.parametrize("layout", ["auto", "grid"])
def test_cells_hold_numbers_too(reader: Reader, layout: Layout, turns: int) -> None:
    rows = [["12", "345", "7"], ["80", "", "264"], ["5", "66", "31"], ["908", "4", "27"]]
    gray = np.ascontiguousarray(np.rot90(printed(rows, 200), turns))
    reading = reader.read(gray, layout=layout)
    assert reading.text.split("\n") == [" ".join(number or "." for number in row) for row in rows]
    assert (reading.rotation, reading.status) == (90 * turns, "ok")


@pytest.mark.parametrize(("wide", "high"), [(60, 60), (100, 40), (100, 100), (160, 160), (200, 100)])
@pytest.mark.parametrize("size", [12, 18, 24])
def test_small_type_in_cells_is_read(reader: Reader, wide: int, high: int, size: int) -> None:
    for rows in ([["12", "345", "7"], ["80", "", "264"], ["908", "4", "27"]], [[*"123"], ["4", "5", ""], [*"678"]]):
        parts = " " if "12" in rows[0] else ""
        reading = reader.read(printed(rows, wide, high, size))
        assert reading.text.split("\n") == [parts.join(number or "." for number in row) for row in rows]
        assert reading.status == "ok"


def test_what_stands_beside_a_table_of_numbers_is_read_too(reader: Reader) -> None:
    upper = printed([["12", "345", "7"], ["80", "", "264"], ["5", "66", "1"]], 120, 60, 22)
    lower = printed([["908", "4"], ["31", "1"]], 120, 60, 22)
    both = np.vstack((upper[:300], np.pad(lower[60:], ((0, 0), (0, 120)), constant_values=255)))
    assert reader.read(both).text.split("\n") == ["12 345 7", "80 . 264", "5 66 1", "908 4", "31 1"]
    assert reader.read(both, layout="grid").text.split("\n") == ["12 345 7", "80 . 264", "5 66 1"]


def test_rows_go_on_beside_a_table_without_lines_at_its_sides(reader: Reader) -> None:
    rows = [["12", "345", "7", "60"], ["80", "53", "264", "9"], ["5", "66", "1", "418"]]
    sheet = printed(rows, 120, 60, 22).copy()
    for x in (100, 580):
        sheet[95:285, x - 4 : x + 5] = 255
    assert reader.read(sheet).text.split("\n") == [" ".join(row) for row in rows]


def test_a_cell_may_be_as_wide_as_two(reader: Reader) -> None:
    sheet = Image.fromarray(
        printed([["", "", "", ""], ["859", "8", "967", "691"], ["9", "566", "1", "21"]], 110, 50, 22)
    )
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(TYPE, 22)
    for left, year in ((100, "2020"), (320, "2021")):
        draw.rectangle((left, 100, left + 220, 150), fill=255, outline=0, width=3)
        draw.text((left + 110, 125), year, fill=0, font=font, anchor="mm")
    assert reader.read(np.asarray(sheet)).text.split("\n")[0].replace(". ", "").rstrip(" .") == "2020 2021"


def test_a_table_in_dark_mode_is_one(reader: Reader) -> None:
    rows = [["12", "345", "7"], ["80", "", "264"], ["908", "4", "27"]]
    reading = reader.read(np.asarray(255 - 0.85 * printed(rows, 120, 60, 22), np.uint8))
    assert reading.text.split("\n") == ["12 345 7", "80 . 264", "908 4 27"]


def test_no_line_of_an_empty_table_is_a_digit(reader: Reader) -> None:
    assert reader.read(printed([[""] * 4] * 5, 90, 60)).text.split("\n") == ["...."] * 5


def test_a_thin_pen_beside_bold_type_is_read(reader: Reader) -> None:
    gray = page(SUDOKU, 80)
    gray[98:162, 258:322] = cv2.GaussianBlur(digit("4", 64, ink=170, paper=235, pen=0.025), (0, 0), 0.8)
    assert reader.read(gray, layout="grid").text.split("\n") == ["534.7....", *SUDOKU[1:]]


def test_what_has_no_grid_is_blank(reader: Reader) -> None:
    for gray in (np.full((200, 300), 240, np.uint8), digit("4", 300), shot(page(FORM))[:100]):
        assert find_grid(np.ascontiguousarray(gray)) is None
        assert read(reader, np.ascontiguousarray(gray)).status == "blank"


def test_the_larger_of_two_grids_is_read(reader: Reader) -> None:
    both = np.hstack((page(SUDOKU, cell=30), np.pad(page(FORM, cell=30), ((0, 180), (0, 0)), constant_values=235)))
    assert find_grid(both) is not None
    assert read(reader, both).text.split("\n") == SUDOKU


def test_a_fold_of_the_paper_that_joins_a_grid_to_other_lines_does_no_harm(reader: Reader) -> None:
    sheet = np.hstack((page(SUDOKU), np.full((720, 260), 235, np.uint8)))
    cv2.rectangle(sheet, (690, 40), (900, 690), 40, 4)  # another box, and a fold from one to the other
    cv2.line(sheet, (95, 560), (880, 566), 40, 4)
    assert read(reader, sheet).text.split("\n") == SUDOKU


def test_a_grid_of_faint_lines_is_found(reader: Reader) -> None:
    sheet = cv2.GaussianBlur(page(SUDOKU), (0, 0), 3.0)
    faint = np.asarray(235 - (235 - sheet.astype(np.float32)) * 0.5, np.uint8)
    assert read(reader, faint).text.split("\n") == SUDOKU


def test_the_command_reads_grids(tsifra: CommandLine, tmp_path: Path) -> None:
    picture = tmp_path / "sudoku.png"
    Image.fromarray(shot(page(SUDOKU))).save(picture)
    ran = tsifra("read", "--layout", "grid", "--format", "csv", picture)
    assert ran.code == 0
    assert "\n".join(SUDOKU) in ran.out
    assert tsifra("read", picture).out.startswith(str(picture)), "auto takes it for a grid as well"
