"""What goes around a number is no digit, and takes none with it."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from drawing import TYPE
from tsifra import Reader
from tsifra.ink import Gray
from tsifra.rings import without_rings


def ringed(numbers: list[str], end: int = 360, thick: int = 3) -> Gray:
    """Typed numbers in a row, each in a circle that is drawn for so many degrees."""
    sheet = Image.new("L", (110 * len(numbers) + 40, 140), 255)
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(TYPE, 30)
    for index, number in enumerate(numbers):
        left = 30 + 110 * index
        draw.arc((left, 30, left + 80, 110), 0, end, fill=0, width=thick)
        draw.text((left + 40, 70), number, fill=0, font=font, anchor="mm")
    return np.asarray(sheet)


@pytest.mark.parametrize("thick", [2, 5, 9])
@pytest.mark.parametrize("end", [290, 360])
def test_circled_numbers_are_read(reader: Reader, end: int, thick: int) -> None:
    numbers = ["37", "18", "7", "40", "11"]
    reading = reader.read(ringed(numbers, end, thick), rotate=0)
    assert (reading.text, reading.status) == (" ".join(numbers), "ok")


@pytest.mark.parametrize(("size", "thick"), [(34, 6), (20, 10)], ids=["large", "as small as specks in a 0"])
def test_every_number_of_a_clock_is_read(reader: Reader, size: int, thick: int) -> None:
    sheet = Image.new("L", (480, 480), 255)
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(TYPE, size)
    draw.ellipse((20, 20, 460, 460), outline=0, width=thick)
    for hour in range(1, 13):
        angle = np.pi * hour / 6
        place = (240 + 175 * np.sin(angle), 240 - 175 * np.cos(angle))
        draw.text(place, str(hour), fill=0, font=font, anchor="mm")
    reading = reader.read(np.asarray(sheet), rotate=0)
    assert (sorted(reading.text.split(), key=int), reading.status) == ([str(hour) for hour in range(1, 13)], "ok")


def test_a_0_with_something_in_it_is_no_ring(reader: Reader) -> None:
    sheet = np.full((160, 300), 255, np.uint8)
    for left in (40, 130, 220):
        cv2.ellipse(sheet, (left + 20, 80), (26, 40), 0, 0, 360, (0,), 6, cv2.LINE_AA)
    cv2.circle(sheet, (60, 80), 6, (0,), -1, cv2.LINE_AA)
    cv2.line(sheet, (142, 98), (158, 62), (0,), 6, cv2.LINE_AA)
    assert reader.read(sheet, rotate=0).text == "000"


def test_what_goes_around_nothing_stays() -> None:
    share = np.zeros((200, 400), np.uint8)
    cv2.circle(share, (100, 100), 60, (255,), 5)
    cv2.putText(share, "069", (200, 140), cv2.FONT_HERSHEY_SIMPLEX, 2, (255,), 5)
    assert without_rings(share, 60) is share
