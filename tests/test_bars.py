"""Digits of bars that lie apart, as on displays, are one piece each; what only looks like them stays apart."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing import colored, digit
from tsifra import Reader
from tsifra.data.segments import BARS, LIT
from tsifra.detect import find_pieces
from tsifra.ink import Gray


def display(
    number: str, height: int, gap: float = 0.3, thick: float = 0.12, lean: float = 0.0, wide: float = 0.5
) -> Gray:
    """Digits on a sheet. gap: from a bar's end to the corner beyond it, in thicknesses beside half of one.

    thick, wide: shares of the height. lean: shares of the height by which tops are further right.
    """
    pen, half = thick * height, height / 2
    page = np.full((2 * height, int(0.85 * height * len(number)) + height), 255, np.uint8)
    for place, label in enumerate(number):
        for bar in LIT[int(label)][0]:
            start, end = (np.array(corner, float) * (wide * height, half) for corner in BARS[bar])
            along = (end - start) / np.hypot(*(end - start))
            side = np.array([-along[1], along[0]]) * pen / 2
            start, end = start + along * pen * (0.5 + gap), end - along * pen * (0.5 + gap)
            corners = np.array([start - side, start + side, end + side, end - side])
            corners[:, 0] += lean * (height - corners[:, 1]) + 0.85 * height * place + half
            corners[:, 1] += half
            cv2.fillPoly(page, [(corners * 16).round().astype(np.int32)], 0, cv2.LINE_AA, 4)
    return page


@given(
    label=st.sampled_from("023456789"),  # the two bars of a 1 are one only beside others
    height=st.integers(60, 300),
    gap=st.floats(0.1, 0.4),
    thick=st.floats(0.08, 0.13),
    lean=st.floats(0, 0.15),
)
def test_bars_of_a_digit_are_one_piece(label: str, height: int, gap: float, thick: float, lean: float) -> None:
    page = display(label, height, gap, thick, lean)
    ((piece,), _) = find_pieces(page)
    x, y, wide, high = cv2.boundingRect((page < 128).view(np.uint8))
    assert np.abs(np.subtract(piece.bbox, (x, y, x + wide, y + high))).max() <= 2, "all of its bars"


@pytest.mark.parametrize("height", [60, 140])
@pytest.mark.parametrize("number", ["25836", "90417", "0718", "7177"])
def test_displays_are_read(reader: Reader, number: str, height: int) -> None:
    assert reader.read(display(number, height)).text.replace(" ", "") == number


@pytest.mark.parametrize("thick", [0.07, 0.12])
def test_halves_whose_bars_run_together_are_one_digit(reader: Reader, thick: float) -> None:
    page = display("2074", 120, gap=-0.5, thick=thick)
    for place in (1, 2):  # nothing is lit in the middle of 0 and 7
        page[118:122, place * 102 + 40 : place * 102 + 140] = 255
    assert reader.read(page).text.replace(" ", "") == "2074"


def test_a_straight_7_among_digits_is_no_corner_of_a_box(reader: Reader) -> None:
    page = display("2577", 110, gap=-0.5, thick=0.05, wide=0.7)
    assert reader.read(page).text.replace(" ", "") == "2577"


def test_rows_that_nearly_touch_stay_rows(reader: Reader) -> None:
    row = np.hstack([digit(label, 60, pen=0.09)[8:52, 8:52] for label in "4816"])
    page = np.pad(np.vstack((row, np.full((3, row.shape[1]), 255, np.uint8), row)), 60, constant_values=255)
    assert reader.read(np.asarray(page, np.uint8)).text.split() == ["4816", "4816"]


def test_bars_of_three_pixels_are_bars() -> None:
    assert len(find_pieces(display("25836", 50, gap=0.4, thick=0.06))[0]) == 5


def test_what_is_darker_elsewhere_on_the_page_parts_no_display(reader: Reader) -> None:
    page = display("25836", 100)
    gray = np.asarray(255 - (255 - page) // 3, np.uint8)
    cv2.circle(gray, (20, 180), 12, 0, -1)
    assert "25836" in reader.read(gray, rotate=0).text.replace(" ", "")


def test_a_link_between_digits_loses_none_of_their_bars() -> None:
    page = display("4444", 100, gap=0.25)
    linked = cv2.line(page.copy(), (40, 109), (380, 109), 0, 1)
    boxes = [piece.bbox for piece in find_pieces(np.asarray(linked, np.uint8))[0]]
    for y, x in zip(*np.nonzero(page < 100), strict=True):
        assert any(x0 <= x < x1 and y0 <= y < y1 for x0, y0, x1, y1 in boxes)


def test_a_lit_display_in_the_dark_is_read(reader: Reader) -> None:
    blurred = np.asarray(cv2.GaussianBlur(display("1245", 90, lean=0.1), (0, 0), 1.2), np.uint8)
    lit = colored(blurred, (250, 60, 40), (30, 22, 20))
    glow = cv2.GaussianBlur(lit, (0, 0), 8) // 4
    assert reader.read(np.asarray(cv2.add(lit, glow), np.uint8)).text == "1245"


def test_ones_of_rows_above_each_other_stay_apart(reader: Reader) -> None:
    page = np.full((300, 160), 255, np.uint8)
    for row in range(4):
        for x in (60, 100):
            cv2.rectangle(page, (x, 40 + 55 * row), (x + 5, 80 + 55 * row), 0, -1)
    assert len(find_pieces(page)[0]) == 8
    assert reader.read(page, rotate=0).text == "\n".join(["1 1"] * 4)


@pytest.mark.parametrize("apart", [7, 10, 14])
def test_digits_of_rows_that_nearly_touch_stay_apart(reader: Reader, apart: int) -> None:
    rows = ["2583", "9640", "3528", "6093"]
    page = np.full((400, 360), 255, np.uint8)
    for y, row in enumerate(rows):
        for x, label in enumerate(row):
            drawn = digit(label, 100)
            used = np.flatnonzero((drawn < 200).any(1))
            ink = drawn[used[0] : used[-1] + 1]
            page[20 + y * (66 + apart) :][: len(ink), 10 + 80 * x :][:, :100] &= ink
    assert len(find_pieces(page)[0]) == 16
    assert reader.read(page, rotate=0).text.replace(" ", "") == "\n".join(rows)


def test_a_pattern_of_bars_is_no_digit() -> None:
    page = np.full((1200, 1200), 255, np.uint8)
    for y in range(20, 1180, 24):
        for x in range(20, 1180, 24):
            flat = (x + y) // 24 % 2
            cv2.rectangle(page, (x, y), (x + (18 if flat else 4), y + (4 if flat else 18)), 0, -1)
    assert len(find_pieces(page)[0]) > 1000
