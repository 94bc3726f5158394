"""Signs that look like digits: brackets, strokes, percent signs, degrees."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from drawing import TYPE, digit
from tsifra import Reader
from tsifra.ink import Gray
from tsifra.punctuation import boxes_of_commas, boxes_of_percents
from tsifra.reading import BBox
from tsifra.table import Cell

PEN = 7


def row(labels: str, pitch: int = 90) -> Gray:
    """Digits 84 pixels high in a row, with room for signs around them: (200, width), black on white."""
    page = np.full((200, pitch * (len(labels) + 3)), 255, np.uint8)
    for at, label in enumerate(labels):
        if label != " ":
            part = page[30:170, pitch * (at + 1) : pitch * (at + 1) + 140]
            np.minimum(part, digit(label, 140, pen=0.05), out=part)
    return page


def said(label: int) -> tuple[float, ...]:
    return tuple(0.91 if digit == label else 0.009 for digit in range(11))


def arc(page: Gray, x: int, opens: bool) -> None:
    cv2.ellipse(page, (x + 40 if opens else x - 40, 100), (45, 62), 0, *((125, 235) if opens else (-55, 55)), 0, PEN)


def ring(page: Gray, x: int, y: int) -> None:
    cv2.circle(page, (x, y), 15, 0, 5)


@pytest.mark.parametrize("labels", ["8", "47", "5821"])
def test_brackets_around_a_number_are_no_1s(reader: Reader, labels: str) -> None:
    page = row(labels)
    arc(page, 95, True)
    arc(page, 90 * (len(labels) + 1) + 50, False)
    assert reader.read(page).text.replace(" ", "") == labels


def test_a_bracket_behind_a_number_is_no_1(reader: Reader) -> None:
    page = row("35")
    arc(page, 310, False)
    assert reader.read(page).text == "35"


def test_a_stroke_between_two_numbers_parts_them(reader: Reader) -> None:
    page = row("18 7")
    cv2.line(page, (385, 35), (335, 165), 0, PEN)
    assert reader.read(page).text == "18 7"


def test_a_date_by_hand_has_two_strokes(reader: Reader) -> None:
    page = row("18 2 1987")
    for left in (300, 480):
        cv2.line(page, (left + 45, 58), (left, 152), 0, PEN)
    assert reader.read(page).text.split() == ["18", "2", "1987"]


def test_steep_1s_by_hand_stay(reader: Reader) -> None:
    page = row("4 72 6")
    page[:, 180:360] = np.roll(page[:, 180:360], 6, axis=0)
    for left in (215, 485):
        cv2.line(page, (left + 35, 60), (left, 148), 0, PEN)
    assert reader.read(page).text.replace(" ", "") == "417216"


@pytest.mark.parametrize("labels", ["45", "83"])
def test_a_percent_sign_is_no_number(reader: Reader, labels: str) -> None:
    page = row(labels)
    ring(page, 315, 75)
    cv2.line(page, (365, 60), (325, 140), 0, 5)
    ring(page, 375, 125)
    assert reader.read(page).text.split()[0] == labels
    assert len(reader.read(page).text) == len(labels)


@pytest.mark.parametrize("labels", ["25", "9"])
def test_degrees_are_no_zero(reader: Reader, labels: str) -> None:
    page = row(labels)
    ring(page, 90 * (len(labels) + 1) + 40, 70)
    assert reader.read(page).text == labels


def test_small_raised_digits_are_read(reader: Reader) -> None:
    page = row("3")
    for at, label in enumerate("90"):
        part = page[45:115, 200 + 45 * at : 270 + 45 * at]
        np.minimum(part, digit(label, 70, pen=0.07), out=part)
    assert reader.read(page).text.replace(" ", "") == "390"


def test_tall_and_leaning_1s_stay(reader: Reader) -> None:
    page = row("4 7 3")
    cv2.line(page, (240, 50), (235, 152), 0, PEN)
    cv2.line(page, (430, 55), (405, 150), 0, PEN)
    assert reader.read(page).text.replace(" ", "") == "41713"


@pytest.mark.parametrize("labels", ["602", "", "8 7 5"])
def test_boxes_with_gaps_between_them_are_no_1s(reader: Reader, labels: str) -> None:
    page = row(labels.ljust(6))
    for at in range(1, 7):
        cv2.rectangle(page, (90 * at + 30, 45), (90 * at + 108, 155), 60, 2)
    assert reader.read(page).text.replace(" ", "") == labels.replace(" ", "")


def test_the_teeth_of_a_comb_are_no_1s(reader: Reader) -> None:
    page = row("54602")
    cv2.line(page, (113, 160), (563, 160), 60, 2)
    for at in range(6):
        cv2.line(page, (90 * at + 113, 120), (90 * at + 113, 160), 60, 2)
    assert reader.read(page).text.replace(" ", "") == "54602"


@pytest.mark.parametrize(("wide", "text"), [(2, "573"), (7, "573\n1")], ids=["edge", "digit"])
def test_a_line_far_thinner_than_the_pen_is_no_1(reader: Reader, wide: int, text: str) -> None:
    page = np.vstack((row("573"), np.full((120, 540), 255, np.uint8)))
    cv2.line(page, (430, 220), (430, 290), 0, wide)
    assert reader.read(page, rotate=0).text == text


def test_a_1_of_larger_type_beside_smaller_is_no_bracket(reader: Reader) -> None:
    page = np.hstack((row("57264", 60)[:, 30:], cv2.resize(row("128", 60)[:, 60:], None, fx=1.35, fy=1.35)[35:235]))
    assert reader.read(page, rotate=0).text.replace(" ", "") == "57264128"


@pytest.mark.parametrize(
    ("box", "is_comma"),
    [
        ((78, 40, 82, 49), True),
        ((78, 30, 82, 39), False),
        ((78, 40, 88, 49), False),
        ((106, 40, 110, 49), False),
        ((120, 40, 124, 49), False),
    ],
    ids=["comma", "apostrophe", "wide", "last", "alone"],
)
def test_what_is_small_and_low_beside_a_digit_is_a_comma(box: BBox, is_comma: bool) -> None:
    digits = [Cell((left, 27, left + 12, 45), said(9)) for left in (31, 45, 60, 90)]
    assert boxes_of_commas([*digits, Cell(box, said(9))]) == ({box} if is_comma else set())


@pytest.mark.parametrize(
    ("digit", "ring", "is_percent"),
    [
        (6, (96, 27, 105, 36), True),
        (6, (91, 27, 99, 36), False),
        (9, (108, 37, 117, 46), True),
        (9, (112, 37, 121, 46), False),
        (9, (110, 42, 115, 48), False),
        (8, (108, 37, 117, 46), False),
    ],
    ids=["6", "apart from a 6", "9", "apart from a 9", "comma", "8"],
)
def test_a_ring_in_a_6_or_9_makes_it_a_percent_sign(digit: int, ring: BBox, is_percent: bool) -> None:
    stroke = 100, 27, 112, 45
    cells = [Cell((78, 27, 90, 45), said(4)), Cell(stroke, said(digit)), Cell(ring, said(0))]
    assert boxes_of_percents(cells) == ({stroke, ring} if is_percent else set())


@pytest.mark.parametrize("size", [17, 24, 40])
def test_commas_part_numbers(reader: Reader, size: int) -> None:
    page = Image.new("L", (30 * size, 4 * size), 255)
    face = ImageFont.truetype(TYPE.with_name("DejaVuSansMono.ttf"), size)
    for line, text in enumerate(("747,4442,758", "60,9,11938")):
        ImageDraw.Draw(page).text((size, (0.5 + 1.6 * line) * size), text, fill=0, font=face)
    assert reader.read(np.asarray(page), rotate=0).text == "747 4442 758\n60 9 11938"


@pytest.mark.parametrize("face", ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf"])
def test_dollars_are_no_digits(reader: Reader, face: str) -> None:
    page = Image.new("L", (500, 260), 255)
    for line, text in enumerate(("$178.07", "$5.85", "55.18")):
        ImageDraw.Draw(page).text((40, 30 + 70 * line), text, fill=0, font=ImageFont.truetype(TYPE.with_name(face), 36))
    assert reader.read(np.asarray(page), rotate=0).text.replace(" ", "") == "17807\n585\n5518"


def test_a_number_of_larger_type_keeps_its_first_digit(reader: Reader) -> None:
    page = Image.new("L", (800, 140), 255)
    for left, text, size in ((100, "256", 40), (280, "64", 52), (460, "128", 40), (640, "512", 40)):
        ImageDraw.Draw(page).text((left, 70), text, fill=0, font=ImageFont.truetype(TYPE, size), anchor="mm")
    assert reader.read(np.asarray(page), rotate=0).text == "256 64 128 512"
