"""A sheet that lies on a table is read as if there were no table; where there is none, nothing changes."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drawing import digit
from tsifra import Reader
from tsifra.backdrop import without_table
from tsifra.ink import Gray

SHEET, WOOD = 235, 100


def photograph(table: int = WOOD, marks: str = "7", size: int = 60, turned: float = 4.0, room: int = 0) -> Gray:
    """A sheet of 300×260 with digits of a size, on a table of 480×520, and of more by room, with a grain, turned."""
    random = np.random.default_rng(3)
    sheet = np.full((260, 300), SHEET, np.uint8)
    for place, mark in enumerate(marks):
        left = 60 + place * (size + 10)
        sheet[100 : 100 + size, left : left + size] = digit(mark, size, ink=40, paper=SHEET)
    height, width = 480 + 2 * room, 520 + 2 * room
    picture = (table + random.normal(0, 4, (height, width))).clip(0, 255).astype(np.uint8)
    view = cv2.getRotationMatrix2D((150, 130), turned, 1)
    view[:, 2] += 110 + room
    cv2.warpAffine(sheet, view, (width, height), picture, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
    light = np.linspace(1, 0.8, width)[None]
    return np.asarray(cv2.GaussianBlur((picture * light).astype(np.uint8), (0, 0), 1.0), np.uint8)


@pytest.mark.parametrize("table", [40, WOOD, 160])
@pytest.mark.parametrize("turned", [0.0, 4.0, -25.0])
def test_nothing_is_left_of_the_table(table: int, turned: float) -> None:
    picture = photograph(table, turned=turned)
    alone = without_table(picture)
    assert alone[:40].min() > 170
    assert alone[-40:].min() > 150
    assert (alone < 80).sum() == pytest.approx((photograph(SHEET, turned=turned) < 80).sum(), rel=0.1), (
        "the digit is kept"
    )


@pytest.mark.parametrize("size", [30, 60, 120])
def test_a_digit_on_a_sheet_is_read_whatever_its_size(reader: Reader, size: int) -> None:
    picture = photograph(size=size)
    one, page = reader.read_one(picture), reader.read(picture)
    assert (one.text, page.text) == ("7", "7")
    assert one.digits[0].bbox == pytest.approx(reader.read_one(photograph(SHEET, size=size)).digits[0].bbox, abs=3)


def test_numbers_on_a_sheet_are_read(reader: Reader) -> None:
    assert reader.read(photograph(marks="407", turned=-3)).text == "4 0 7"


def test_a_note_on_a_large_table_is_read(reader: Reader) -> None:
    picture = photograph(marks="407", turned=-3, room=600)
    assert reader.read(picture).text == "4 0 7"
    picture[300:400, 300:400] = np.minimum(picture[300:400, 300:400], digit("3", 100, ink=10, paper=255))
    assert without_table(picture) is picture, "what else is written may be meant"


@pytest.mark.parametrize(("paper", "ink", "box"), [(245, 60, 180), (190, 60, 245), (60, 200, 245)])
def test_a_box_on_a_page_is_no_sheet(paper: int, ink: int, box: int) -> None:
    page = np.full((1400, 1200), paper, np.uint8)
    for top in range(100, 900, 60):
        for left in range(100, 1100, 50):
            page[top : top + 30, left : left + 30] = digit("4", 30, ink=ink, paper=paper)
    page[1000:1250, 300:900] = box
    page[1050:1200, 500:650] = digit("8", 150, ink=10, paper=box)
    assert without_table(page) is page


def in_shadow(reach: int = 100) -> Gray:
    """A page with two numbers beside something dark, such as a book's gutter, whose shadow reaches so far."""
    page = np.full((700, 600), SHEET, np.uint8)
    for top, marks in ((150, "407"), (330, "58")):
        for place, mark in enumerate(marks):
            left = 220 + 45 * place
            ink = digit(mark, 60, ink=40, paper=SHEET)
            page[top : top + 60, left : left + 60] = np.minimum(page[top : top + 60, left : left + 60], ink)
    away = np.arange(600)[None] - np.linspace(50, 62, 700)[:, None]
    light = np.where(away > 0, 1 - 0.7 * np.exp(-away.clip(0) * 4 / reach), 0.1)
    grain = np.random.default_rng(3).normal(0, 3, page.shape)
    return np.asarray((cv2.GaussianBlur(page * light, (0, 0), 1.0) + grain).clip(0, 255), np.uint8)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("reach", [40, 100, 200])
def test_a_page_of_which_one_side_is_seen_is_read(reader: Reader, turns: int, reach: int) -> None:
    page = np.ascontiguousarray(np.rot90(in_shadow(reach), turns))
    answer = reader.read(page, rotate=90 * turns)
    assert (answer.text, answer.status) == ("407\n58", "ok")


@pytest.mark.parametrize("ink", [20, 255])
def test_a_number_on_a_band_along_the_page_stays(ink: int) -> None:
    page = np.full((700, 600), SHEET, np.uint8)
    page[:, :150] = 110
    for top, left, tone, paper in ((200, 300, 30, SHEET), (300, 40, ink, 110)):
        page[top : top + 60, left : left + 60] = digit("4", 60, ink=tone, paper=paper)
    assert without_table(page) is page


def test_what_lies_beside_the_sheet_may_be_meant() -> None:
    picture = photograph()
    picture[20:80, 30:90] = np.minimum(picture[20:80, 30:90], digit("3", 60, ink=10, paper=255))
    assert without_table(picture) is picture


def test_light_that_falls_on_a_part_of_a_page_makes_no_sheet_of_it() -> None:
    page = np.full((480, 520), SHEET, np.uint8)
    for row in range(4):
        for column in range(4):
            page[20 + 115 * row : 100 + 115 * row, 20 + 125 * column : 100 + 125 * column] = digit(
                str(row + column), 80, ink=40, paper=SHEET
            )
    lit = np.full(page.shape, 0.5)
    lit[70:400, 80:420] = 1
    picture = (page * cv2.GaussianBlur(lit, (0, 0), 1.5)).astype(np.uint8)
    assert without_table(picture) is picture


@given(
    arrays(
        np.uint8,
        st.tuples(st.integers(1, 230), st.integers(1, 230)),
        elements=st.integers(0, 255),
        fill=st.integers(0, 255),
    )
)
def test_any_picture_keeps_its_shape(picture: Gray) -> None:
    alone = without_table(picture)
    assert alone.shape == picture.shape
    assert alone.dtype == np.uint8
