"""Numbers on parts of another tone: marked ones, cells, bars, badges."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw, ImageFont

from drawing import TYPE, digit
from tsifra import Reader
from tsifra.image import Pixels
from tsifra.tints import without_tints

WHITE, BLACK = (255, 255, 255), (20, 20, 30)
FACE = ImageFont.truetype(TYPE, 34)


def page(tint: tuple[int, int, int], ink: tuple[int, int, int] = BLACK, room: int = 8) -> Pixels:
    """Three numbers, (300, 400, 3) uint8, the second of which stands on a tint in its own ink."""
    image = Image.new("RGB", (400, 300), WHITE)
    draw = ImageDraw.Draw(image)
    for number, at in (("4071", (60, 40)), ("592", (150, 130)), ("83", (90, 220))):
        box = draw.textbbox(at, number, FACE)
        if number == "592":
            draw.rectangle((box[0] - room, box[1] - room, box[2] + room, box[3] + room), fill=tint)
        draw.text(at, number, ink if number == "592" else BLACK, FACE)
    return np.asarray(image)


@pytest.mark.parametrize("room", [5, 20])
@pytest.mark.parametrize(
    ("tint", "ink"),
    [((255, 240, 60), BLACK), ((255, 150, 190), BLACK), ((200, 200, 200), BLACK), ((0, 110, 215), WHITE)],
    ids=["yellow", "pink", "gray", "selected"],
)
def test_a_marked_number_is_read_with_the_others(
    reader: Reader, tint: tuple[int, int, int], ink: tuple[int, int, int], room: int
) -> None:
    answer = reader.read(page(tint, ink, room))
    assert (answer.text, answer.status) == ("4071\n592\n83", "ok")
    left, top, right, bottom = answer.digits[4].bbox
    assert (left, top) >= (150, 130), "boxes are those of the page"
    assert (right, bottom) <= (180, 175)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_page_that_lies_on_a_side_has_tints_too(reader: Reader, turns: int) -> None:
    assert reader.read(np.rot90(page((255, 240, 60)), turns)).text == "4071\n592\n83"


def test_a_small_digit_on_a_broad_button_is_read(reader: Reader) -> None:
    screen = Image.new("RGB", (460, 400), WHITE)
    draw = ImageDraw.Draw(screen)
    for number, top in (("3", 30), ("9", 150), ("64", 270)):
        draw.rounded_rectangle((60, top, 400, top + 90), 12, (40, 110, 200))
        draw.text((230, top + 45), number, WHITE, FACE, anchor="mm")
    assert reader.read(np.asarray(screen)).text == "3\n9\n64"


def test_a_small_number_on_half_of_a_page_is_read(reader: Reader) -> None:
    screen = Image.new("RGB", (900, 300), WHITE)
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, 400, 300), (60, 70, 90))
    draw.text((200, 150), "541", WHITE, ImageFont.truetype(TYPE, 22), anchor="mm")
    draw.text((650, 150), "2304", BLACK, ImageFont.truetype(TYPE, 120), anchor="mm")
    answer = reader.read(np.asarray(screen))
    assert (answer.text, answer.status) == ("541 2304", "ok")


@pytest.mark.parametrize("left", [75, 105])
def test_labels_on_what_is_neither_light_nor_dark_have_one_ink(reader: Reader, left: int) -> None:
    wall = Image.fromarray(np.tile(np.linspace(left, 180 - left, 800).astype(np.uint8), (260, 1)))
    draw = ImageDraw.Draw(wall)
    for index, number in enumerate(("17", "28", "39", "40")):
        x = 60 + 190 * index
        draw.rectangle((x, 100, x + 90, 160), 240)
        draw.text((x + 45, 130), number, 20, FACE, anchor="mm")
    answer = reader.read(np.asarray(wall))
    assert (answer.text, answer.status) == ("17 28 39 40", "ok")


@pytest.mark.parametrize("tone", [20, 240])
def test_a_number_on_a_badge_beside_an_icon_is_read(reader: Reader, tone: int) -> None:
    screen = Image.new("RGB", (320, 240), (tone, tone, tone))
    draw = ImageDraw.Draw(screen)
    draw.rounded_rectangle((60, 90, 160, 190), 16, (120, 130, 150))
    draw.ellipse((120, 50, 190, 120), (200, 30, 40))
    draw.text((155, 85), "27", WHITE, FACE, anchor="mm")
    assert reader.read(np.asarray(screen)).text == "27"


@pytest.mark.parametrize("wide", [14, 50])
def test_bars_of_a_chart_are_no_digits(reader: Reader, wide: int) -> None:
    chart = Image.new("RGB", (420, 360), WHITE)
    draw = ImageDraw.Draw(chart)
    for at, value in enumerate((35, 80, 62, 47)):
        left, top = 50 + 90 * at, 340 - 3 * value
        draw.rectangle((left, top, left + wide, 340), fill=(60, 90, 160))
        draw.text((left + wide / 2, top - 24), str(value), BLACK, FACE, anchor="mm")
    answer = reader.read(np.asarray(chart))
    assert (sorted(answer.text.split()), answer.status) == (["35", "47", "62", "80"], "ok")


def test_plain_1s_are_no_bars_of_a_chart() -> None:
    ones = np.full((200, 300), 255, np.uint8)
    for left in (60, 130, 200):
        ones[40:160, left : left + 20] = 20
    assert without_tints(ones) is ones


@pytest.mark.parametrize("label", ["0", "4", "6", "8", "9"])
def test_what_a_bold_digit_encloses_is_nothing_that_stands_on_it(label: str) -> None:
    bold = digit(label, 200, ink=30, pen=0.16)
    assert without_tints(bold) is bold


def test_cells_of_a_table_are_no_tints() -> None:
    table = np.full((400, 400), 240, np.uint8)
    for at in range(50, 351, 100):
        cv2.line(table, (at, 50), (at, 350), 60, 4)
        cv2.line(table, (50, at), (350, at), 60, 4)
    table[165:235, 165:235] = np.minimum(table[165:235, 165:235], digit("7", 70))
    assert without_tints(table) is table


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 40).flatmap(lambda side: arrays(np.uint8, st.sampled_from([(side, 70), (70, side), (side, 64, 3)])))
)
def test_any_picture_keeps_its_shape_and_is_not_changed_itself(picture: Pixels) -> None:
    picture = np.kron(picture, np.ones((3, 3, 1) if picture.ndim == 3 else (3, 3), np.uint8))  # surfaces
    before = picture.copy()
    even = without_tints(picture)
    assert (even.shape, even.dtype) == (picture.shape, picture.dtype)
    assert np.array_equal(picture, before)
