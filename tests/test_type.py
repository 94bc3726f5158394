"""Type: its spaces and signs, and as small as on screens."""

import pytest
from PIL import Image, ImageDraw, ImageFont

from drawing import TYPE
from tsifra import Reader


@pytest.mark.parametrize("size", [32, 60])
@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("12 34 56", "12 34 56"),
        ("4 8 15 16 23 42", "4 8 15 16 23 42"),
        ("11 111 1101", "11 111 1101"),
        ("40117113", "40117113"),
        ("12.50", "12 50"),
        ("19.99 7.45", "19 99 7 45"),
        ("(045) 27", "045 27"),
        ("[3] 88", "3 88"),
        ("15/08/2024", "15 08 2024"),
        ("17/20", "17 20"),
        ("3/5", "3 5"),
        ("3)", "3"),
        ("(9)", "9"),
        ("€78,37", "78 37"),
    ],
)
def test_type_is_parted_by_spaces_and_signs_are_no_digits(reader: Reader, line: str, text: str, size: int) -> None:
    font = ImageFont.truetype(TYPE, size)
    page = Image.new("L", (round(font.getlength(line)) + 200, 3 * size), 255)
    ImageDraw.Draw(page).text((100, 0.8 * size), line, fill=0, font=font)
    assert reader.read(page).text == text


@pytest.mark.parametrize("line", ["27 4891", "380 56 92", "6"])
@pytest.mark.parametrize(("ink", "paper"), [(20, 255), (230, 40)])
@pytest.mark.parametrize("size", [10, 12])
def test_type_as_small_as_on_screens_is_read(reader: Reader, size: int, ink: int, paper: int, line: str) -> None:
    screen = Image.new("L", (260, 140), paper)
    ImageDraw.Draw(screen).text((30, 40), line, ink, ImageFont.truetype(TYPE, size))
    reading = reader.read(screen)
    assert reading.text == line
    assert reading.status == "ok"
    assert all(y1 - y0 <= size + 1 and 28 <= x0 < x1 <= 120 for x0, y0, x1, y1 in (d.bbox for d in reading.digits))
