"""Counters: a number in windows or on a strip is read as one number, with what else stands on the page."""

import cv2
import numpy as np
import pytest

from drawing import Gray, digit
from tsifra import Reader


def windows(number: str, *, face: int, window: int, ink: int, wall: int, gap: int = 8, last: int | None = None) -> Gray:
    """A counter on a meter's face: (H, W) uint8. last: the tone of the last window, where it is another."""
    parts = [np.full((96, gap), wall, np.uint8)]
    for place, label in enumerate(number):
        tone = last if last is not None and place == len(number) - 1 else window
        cell = np.full((96, 64), tone, np.uint8)
        cell[6:90, 2:62] = digit(label, 84, ink=ink, paper=tone, pen=0.09)[:, 12:72]
        parts += [cell, parts[0]]
    row = np.hstack(parts)
    page = np.full((300, row.shape[1] + 160), face, np.uint8)
    page[110:206, 80 : 80 + row.shape[1]] = row
    return page


def said(reader: Reader, page: Gray) -> str:
    return reader.read(page).text.replace(" ", "")


@pytest.mark.parametrize(
    ("face", "window", "ink", "wall"),
    [(215, 25, 230, 190), (120, 25, 230, 190), (215, 25, 230, 90), (120, 220, 20, 60), (40, 220, 20, 90)],
)
@pytest.mark.parametrize("number", ["04382", "71560", "99218"])
def test_a_number_in_windows_is_read(number: str, face: int, window: int, ink: int, wall: int, reader: Reader) -> None:
    reading = reader.read(windows(number, face=face, window=window, ink=ink, wall=wall))
    assert reading.text == number
    assert [found.bbox[0] for found in reading.digits] == sorted(found.bbox[0] for found in reading.digits)


def test_decimals_may_stand_in_another_tone(reader: Reader) -> None:
    assert said(reader, windows("04382", face=215, window=25, ink=235, wall=190, last=90)) == "04382"


def test_digits_on_one_strip_are_read(reader: Reader) -> None:
    assert said(reader, windows("50462", face=215, window=25, ink=230, wall=25)) == "50462"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize(("ground", "plate", "ink"), [(230, 40, 225), (40, 225, 25)])
def test_a_number_on_a_sign_is_read(ground: int, plate: int, ink: int, share: float, reader: Reader) -> None:
    sign = np.full((200, 600), plate, np.uint8)
    for place, label in enumerate("3057"):
        cut = digit(label, 110, ink=ink, paper=plate, pen=0.1)[10:100, 15:95]
        sign[55:145, 140 + 80 * place : 220 + 80 * place] = cut
    side = int(600 / share)
    page = np.full((side, side), ground, np.uint8)
    top, left = (side - 200) // 3, (side - 600) // 2
    page[top : top + 200, left : left + 600] = sign
    assert said(reader, page) == "3057"


@pytest.mark.parametrize("lean", [0, 1.5])
def test_what_is_beside_a_bold_sign_is_not_read_with_it(lean: float, reader: Reader) -> None:
    sign = np.full((372, 1062), 230, np.uint8)
    sign[40:300, 160:903] = 40
    for place, label in enumerate("6058"):
        cut = digit(label, 230, ink=225, paper=40, pen=0.09)[15:215, 45:195]
        sign[70:270, 220 + 155 * place : 370 + 155 * place] = cut
    turn = cv2.getRotationMatrix2D((531, 170), lean, 1)
    page = cv2.GaussianBlur(cv2.warpAffine(sign, turn, (1062, 372), borderValue=230), (0, 0), 0.8)
    assert said(reader, np.asarray(page, np.uint8)) == "6058"


def test_walls_between_windows_are_no_ones(reader: Reader) -> None:
    assert said(reader, windows("50462", face=25, window=25, ink=230, wall=200)) == "50462"


def test_what_else_stands_on_the_page_is_read_in_its_place(reader: Reader) -> None:
    page = windows("04382", face=215, window=25, ink=230, wall=190)
    for place, label in enumerate("736"):
        page[20:80, 100 + 50 * place : 160 + 50 * place] = np.minimum(
            page[20:80, 100 + 50 * place : 160 + 50 * place], digit(label, 60, paper=215)
        )
    assert reader.read(page).text.replace(" ", "").split("\n") == ["736", "04382"]


def test_a_window_that_shows_no_digit_is_not_passed_over(reader: Reader) -> None:
    page = windows("04382", face=215, window=25, ink=230, wall=190)
    left = 80 + 8 + 2 * 72
    page[116:200, left : left + 64] = 25
    cv2.line(page, (left + 10, 130), (left + 54, 186), (230,), 8)
    cv2.line(page, (left + 54, 130), (left + 10, 186), (230,), 8)
    crossed = reader.read(page)
    assert crossed.status != "ok"
    page[116:200, left : left + 64] = 25
    assert reader.read(page).text != "0482"


def test_tall_ones_are_no_walls(reader: Reader) -> None:
    page = np.full((260, 1000), 255, np.uint8)
    for place, label in enumerate("317141825"):
        high = 168 if label == "1" else 120
        sized = cv2.resize(digit(label, 120), (120, high))
        part = page[130 - high // 2 : 130 + high // 2, 20 + 105 * place : 140 + 105 * place]
        np.minimum(part, sized, out=part)
    assert said(reader, page) == "317141825"


def test_what_stands_around_a_counter_stays(reader: Reader) -> None:
    page = windows("04382", face=215, window=25, ink=230, wall=190)
    for place, label in enumerate("6157"):
        part = page[220:280, 100 + 50 * place : 160 + 50 * place]
        np.minimum(part, digit(label, 60, paper=255), out=part)
    assert reader.read(page).text.replace(" ", "").split("\n") == ["04382", "6157"]


def test_a_page_on_its_head_with_a_counter_is_turned(reader: Reader) -> None:
    page = np.full((700, 528), 245, np.uint8)
    page[:300, :] = windows("04382", face=245, window=25, ink=230, wall=190)
    for row in range(3):
        for place, label in enumerate("2736594"):
            part = page[320 + 110 * row : 410 + 110 * row, 10 + 70 * place : 100 + 70 * place]
            np.minimum(part, digit(label, 90, paper=255), out=part)
    assert reader.read(np.ascontiguousarray(page[::-1, ::-1])).rotation == 180


def test_pictures_in_a_row_are_no_counter(reader: Reader) -> None:
    page = np.full((240, 500), 235, np.uint8)
    for place in range(4):
        cv2.rectangle(page, (40 + 110 * place, 70), (120 + 110 * place, 170), (40 + 30 * place,), -1)
    assert reader.read(page).status in ("blank", "rejected", "review")


def test_digits_beside_a_counter_are_no_windows_of_it(reader: Reader) -> None:
    """On paper of the page's own tone, at the pitch of the windows."""
    page = windows("04382", face=215, window=25, ink=230, wall=190)
    page = np.hstack((page, np.full((300, 120), 215, np.uint8)))
    for place, label in enumerate("36"):
        part = page[120:190, 470 + 60 * place : 540 + 60 * place]
        np.minimum(part, digit(label, 70, paper=255), out=part)
    lines = reader.read(page).text.replace(" ", "").split("\n")
    assert "04382" in lines
    assert "36" in lines
