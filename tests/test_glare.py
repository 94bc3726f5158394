"""What a lamp throws back from a board does not count as ink; where nothing shines, nothing changes."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from drawing import digit
from tsifra import Reader
from tsifra.glare import without_glare
from tsifra.ink import Gray

BOARD = 190


def board(marks: str = "7", size: int = 60) -> Gray:
    """A board of 480×600 with digits of a size, a hundred pixels from its left."""
    picture = np.full((480, 600), BOARD, np.uint8)
    for place, mark in enumerate(marks):
        left = 100 + place * (size + 15)
        picture[200 : 200 + size, left : left + size] = digit(mark, size, ink=40, paper=BOARD)
    return picture


def lit(picture: Gray, *spots: tuple[int, int], reach: float = 60) -> Gray:
    """With light around some places, x and y, that fades over so many pixels, and noise."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    light: NDArray[np.float64] = np.random.default_rng(1).normal(0, 2, picture.shape)
    for across, down in spots:
        light += 130 * np.exp(-(((x - across) / reach) ** 2) - ((y - down) / (0.7 * reach)) ** 2)
    return np.asarray((picture + light).clip(0, 255), np.uint8)


@pytest.mark.parametrize("spots", [[(450, 100)], [(40, 60)], [(600, 240), (300, 480)], [(150, 200)]])
@pytest.mark.parametrize("size", [50, 90])
def test_a_digit_beside_or_in_the_light_is_read(reader: Reader, spots: list[tuple[int, int]], size: int) -> None:
    picture = lit(board(size=size), *spots)
    one, page = reader.read_one(picture), reader.read(picture)
    assert (one.text, page.text) == ("7", "7")
    assert one.digits[0].bbox == pytest.approx(reader.read_one(board(size=size)).digits[0].bbox, abs=4)


def test_numbers_on_a_board_are_read(reader: Reader) -> None:
    assert reader.read(lit(board("2718"), (480, 120), (80, 400))).text == "2 7 1 8"


def test_what_shines_is_gone_and_what_is_written_stays() -> None:
    even = without_glare(lit(board(), (450, 100)))
    assert even.max() <= BOARD + 3
    assert (even < 120).sum() == pytest.approx((board() < 120).sum(), rel=0.05)


@pytest.mark.parametrize("color", [(0, 0, 0), (160, 30, 30)])
def test_colors_are_read_beside_the_light(reader: Reader, color: tuple[int, int, int]) -> None:
    share = (board()[..., None] - 40.0) / (BOARD - 40)
    colored = share * BOARD + (1 - share) * np.array(color)
    picture = np.stack([lit(channel.astype(np.uint8), (420, 300)) for channel in np.moveaxis(colored, 2, 0)], 2)
    assert reader.read(picture).text == "7"


def test_other_pictures_stay_as_they_are() -> None:
    rng = np.random.default_rng(2)
    sharp = board()
    cv2.circle(sharp, (450, 120), 60, 255, -1)  # a sticker, or a lamp itself
    light_ink = 255 - board()
    dim = np.minimum(lit(board(), (450, 100)), 225)
    unwritten = lit(np.full((480, 600), BOARD, np.uint8), (450, 100))
    from_one_side = np.asarray((board() * np.linspace(0.7, 1.35, 600)).clip(0, 255), np.uint8)
    small = np.ascontiguousarray(lit(board(), (450, 100))[:190])
    grain, strip = rng.integers(0, 256, (300, 300), np.uint8), np.full((200, 90_000), BOARD, np.uint8)
    for picture in (board(), sharp, light_ink, dim, unwritten, from_one_side, small, grain, strip):
        assert without_glare(picture) is picture
