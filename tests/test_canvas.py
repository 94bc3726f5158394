"""One digit, or a few, on canvases of every size: drawn with wide brushes or a pencil, large or small."""

import cv2
import numpy as np
import pytest

from drawing import DIGITS, digit
from tsifra import Reader, Reading
from tsifra.ink import Gray

SIDES = (280, 400, 1000)


def canvas(height: int, width: int, *placed: tuple[Gray, int, int]) -> Gray:
    """White, with pictures drawn at a row and column each."""
    page = np.full((height, width), 255, np.uint8)
    for drawn, top, left in placed:
        part = page[top : top + len(drawn), left : left + drawn.shape[1]]
        np.minimum(part, drawn, out=part)
    return page


@pytest.mark.parametrize("negative", [False, True], ids=["black", "white"])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("label", DIGITS)
def test_a_digit_of_a_wide_brush_is_no_page_of_strokes(reader: Reader, label: str, side: int, negative: bool) -> None:
    drawn = digit(label, side, pen=0.12)
    reading = reader.read(255 - drawn if negative else drawn)
    assert (reading.text, reading.status) == (label, "ok")


@pytest.mark.parametrize("side", SIDES)
def test_digits_of_a_wide_brush_stand_side_by_side(reader: Reader, side: int) -> None:
    drawn = [digit(label, side, pen=0.18) for label in "275"]
    assert reader.read(np.concatenate(drawn, axis=1)).text.replace(" ", "") == "275"


@pytest.mark.parametrize("margin", [40, 160])
@pytest.mark.parametrize("side", [280, 400, 700])
def test_bold_numbers_keep_all_their_ink(reader: Reader, side: int, margin: int) -> None:
    drawn = np.concatenate([digit(label, side, pen=0.11)[:, side // 6 : -side // 6] for label in "2589"], axis=1)
    page = cv2.copyMakeBorder(drawn, *(margin,) * 4, cv2.BORDER_CONSTANT, value=255)
    assert reader.read(np.asarray(page, np.uint8)).text.replace(" ", "") == "2589"


@pytest.mark.parametrize(("large", "small"), [("7", "15"), ("2", "4"), ("8", "3"), ("4", "902"), ("3", "2")])
def test_small_digits_beside_a_large_one_are_read(reader: Reader, large: str, small: str) -> None:
    beside = [digit(label, 120, pen=0.06) for label in small]
    placed = [(drawn, 330, 330 + 60 * at) for at, drawn in enumerate(beside)]
    reading = reader.read(canvas(520, 600, (digit(large, 360), 30, 10), *placed))
    assert sorted(reading.text.split()) == sorted([large, small])


def test_a_dot_and_a_ring_beside_a_large_digit_are_none(reader: Reader) -> None:
    page = canvas(400, 600, (digit("5", 360), 20, 40))
    cv2.circle(page, (480, 110), 22, 0, 6)
    cv2.circle(page, (480, 300), 12, 0, -1)
    assert reader.read(page).text == "5"


@pytest.mark.parametrize("height", [24, 60])
@pytest.mark.parametrize(("wide", "high"), [(1280, 720), (3000, 2000)])
def test_one_small_digit_on_a_large_canvas_is_found(reader: Reader, wide: int, high: int, height: int) -> None:
    small = digit("5", round(height / 0.6), pen=0.06)
    page = canvas(high, wide, (small, high // 3, wide // 2))
    for reading in (reader.read_one(page), reader.read(page)):
        assert reading.text == "5"
        x0, y0, x1, y1 = reading.digits[0].bbox
        assert abs((x0 + x1) / 2 - wide // 2 - len(small) / 2) < height / 4
        assert 0.7 * height < y1 - y0 < 1.4 * height
        assert abs((y0 + y1) / 2 - high // 3 - len(small) / 2) < height / 4


@pytest.mark.parametrize("tone", [0, 120])
@pytest.mark.parametrize("label", "57")
def test_a_line_of_one_pixel_is_seen_on_a_large_canvas(reader: Reader, label: str, tone: int) -> None:
    page = canvas(1500, 2000, (digit(label, 1200, ink=tone, pen=0), 150, 300))
    for reading in (reader.read_one(page), reader.read(page)):
        assert reading.text == label


def test_a_large_sheet_without_ink_is_blank(reader: Reader) -> None:
    rng = np.random.default_rng(4)
    for deviation in (0, 2, 8):
        page = np.clip(rng.normal(200, deviation, (1200, 1600)), 0, 255).astype(np.uint8)
        assert reader.read_one(page).status == reader.read(page).status == "blank"


def test_a_column_of_small_digits_is_no_1(reader: Reader) -> None:
    small = digit("8", 40, pen=0.1)
    page = canvas(1600, 900, *((small, 20 + 40 * row, 400) for row in range(38)))
    assert reader.read(page).text.split() == ["8"] * 38


@pytest.mark.parametrize("label", "0479")
def test_one_digit_on_squared_paper_is_read(reader: Reader, label: str) -> None:
    page = np.full((320, 400), 235, np.uint8)
    page[::40] = page[:, ::40] = 170
    page[1::40] = page[:, 1::40] = 170
    drawn = digit(label, 110, paper=255, ink=30, pen=0.06)
    page[100:210, 150:260] = np.minimum(page[100:210, 150:260], drawn)
    for reading in (reader.read_one(page), next(reader.read_many([page], one=True)), reader.read(page)):
        assert isinstance(reading, Reading)
        assert (reading.text, reading.status) == (label, "ok")
        x0, y0, x1, y1 = reading.digits[0].bbox
        assert 150 <= x0 < x1 <= 260
        assert 100 <= y0 < y1 <= 210
