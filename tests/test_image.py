"""Pictures of every mode and arrays of every depth: whatever the colors, the digit is read."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from drawing import DIGITS, colored, digit
from tsifra import Reader
from tsifra.image import to_gray

BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def transparent(label: str, ink: tuple[int, int, int], hidden: tuple[int, int, int] = BLACK) -> Image.Image:
    """A digit on a background that is not there; `hidden` is the color that its invisible pixels have."""
    alpha = 255 - digit(label)
    drawn = np.where(alpha[:, :, None] > 0, np.array(ink, np.uint8), np.array(hidden, np.uint8))
    return Image.fromarray(np.dstack((drawn, alpha)))


# Modes ----------------------------------------------------------------------------------------------------------


def converted(label: str, *modes: str) -> Image.Image:
    drawn = Image.fromarray(digit(label))
    for mode in modes:
        drawn = drawn.convert(mode)
    return drawn


@pytest.mark.parametrize(
    "modes",
    [
        *[("1",), ("L",), ("P",), ("LA",), ("LA", "La"), ("P", "PA"), ("RGB",), ("RGB", "P"), ("RGBX",)],
        *[("RGBA",), ("RGBA", "RGBa"), ("CMYK",), ("YCbCr",)],
    ],
)
def test_pillow_images_of_every_mode_are_read(reader: Reader, modes: tuple[str, ...]) -> None:
    assert [reader.read_one(converted(label, *modes)).text for label in DIGITS] == list(DIGITS)


@pytest.mark.parametrize("mode", ["HSV", "LAB"])
def test_pillow_images_of_odd_color_spaces_are_read(reader: Reader, mode: str) -> None:
    from PIL import ImageCms

    drawn = Image.fromarray(colored(digit("2"), BLACK, WHITE))
    if mode == "LAB":
        standard, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        in_lab = ImageCms.profileToProfile(drawn, standard, lab, outputMode="LAB")
        assert in_lab is not None
        drawn = in_lab
    else:
        drawn = drawn.convert(mode)
    assert reader.read_one(drawn).text == "2"


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I", "F"])
@pytest.mark.parametrize("top", [255, 4095, 65535])
def test_pillow_images_of_many_bits_are_read(reader: Reader, mode: str, top: int) -> None:
    values = digit("5").astype(np.float64) * top / 255
    kinds: dict[str, Any] = {"I;16": "<u2", "I;16B": ">u2", "I": np.int32, "F": np.float32}
    drawn = Image.fromarray(values.astype(kinds[mode]))
    assert drawn.mode == mode
    assert reader.read_one(drawn).text == "5"


def test_the_callers_image_is_left_as_it_was(reader: Reader) -> None:
    drawn = transparent("3", BLACK)
    before = drawn.copy()
    reader.read_one(drawn)
    assert drawn == before


# Transparency ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ink", [BLACK, WHITE, (200, 30, 30), (20, 40, 160)])
@pytest.mark.parametrize("hidden", [BLACK, WHITE, (90, 90, 90)])
def test_a_digit_on_no_background_is_read_whatever_its_ink(
    reader: Reader, ink: tuple[int, int, int], hidden: tuple[int, int, int]
) -> None:
    assert [reader.read_one(transparent(label, ink, hidden)).text for label in "258"] == ["2", "5", "8"]


def test_a_little_transparency_around_a_page_is_paper(reader: Reader) -> None:
    page = np.dstack((colored(digit("3"), WHITE, (20, 60, 30)), np.full((120, 120), 255, np.uint8)))
    page[:6], page[-6:], page[:, :6], page[:, -6:] = 0, 0, 0, 0  # rounded corners, say, but coarser
    assert reader.read_one(page).text == "3"


def test_half_transparent_ink_is_ink(reader: Reader) -> None:
    faint = np.array(transparent("7", BLACK))
    faint[:, :, 3] //= 2
    assert reader.read_one(faint).text == "7"


def test_a_wholly_transparent_picture_is_blank(reader: Reader) -> None:
    assert reader.read_one(np.zeros((40, 40, 4), np.uint8)).status == "blank"


# Color ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((226, 0, 0), (0, 115, 0)),  # red on green of one brightness: a color-blindness test
        ((0, 0, 255), (97, 0, 0)),
        ((255, 0, 255), (0, 179, 0)),
        ((0, 130, 130), (180, 75, 75)),
        ((255, 90, 90), (90, 160, 255)),
        ((0, 0, 200), (255, 255, 255)),
        ((255, 230, 0), (255, 255, 255)),
    ],
)
def test_ink_that_differs_in_color_only_is_read(
    reader: Reader, ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> None:
    assert [reader.read_one(colored(digit(label), ink, paper)).text for label in DIGITS] == list(DIGITS)


@given(st.tuples(*[st.integers(0, 255)] * 3), st.tuples(*[st.integers(0, 255)] * 3))
def test_two_colors_that_a_person_can_tell_apart_are_enough(
    reader: Reader, ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> None:
    if max(abs(a - b) for a, b in zip(ink, paper, strict=True)) < 40:
        return
    assert reader.read_one(colored(digit("2"), ink, paper)).text == "2"


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 200, 3), (200, 1, 3), (3, 3, 3)])
def test_gray_keeps_the_size(shape: tuple[int, ...]) -> None:
    gray = to_gray(np.full(shape, 7, np.uint8))
    assert gray.shape == shape[:2]
    assert gray.dtype == np.uint8


# Arrays ---------------------------------------------------------------------------------------------------------


def arrays(label: str) -> dict[str, NDArray[Any]]:
    gray = digit(label)
    rgb = np.dstack([gray] * 3)
    return {
        "uint8": gray,
        "H×W×1": gray[:, :, None],
        "RGB": rgb,
        "RGBA": np.dstack((rgb, np.full_like(gray, 255))),
        "bool": gray > 128,
        "bool RGB": rgb > 128,
        "uint16": gray.astype(np.uint16) * 257,
        "uint16 of a 12-bit sensor": gray.astype(np.uint16) * 16,
        "uint16 that holds 8 bits": gray.astype(np.uint16),
        "uint16 RGB": rgb.astype(np.uint16) * 257,
        "uint16 RGBA": np.dstack((rgb, np.full_like(gray, 255))).astype(np.uint16) * 257,
        "big-endian": (gray.astype(np.uint16) * 257).astype(">u2"),
        "int32": gray.astype(np.int32) - 128,
        "int64": gray.astype(np.int64),
        "float 0…1": gray / 255,
        "float32 0…1": (gray / 255).astype(np.float32),
        "float16": (gray / 255).astype(np.float16),
        "float 0…255": gray.astype(np.float64),
        "float −1…1": gray / 127.5 - 1,
        "float 0…65535": gray.astype(np.float32) * 257,
        "float RGB": rgb / 255,
        "float RGBA": np.dstack((rgb, np.full_like(gray, 255))) / 255,
        "not contiguous": np.repeat(gray, 2, axis=1)[:, ::2],
        "by columns": np.asfortranarray(gray),
        "mirrored back": gray[:, ::-1].copy()[:, ::-1],
        "big enough to be scaled": np.kron(gray, np.ones((4, 4), np.uint8)),
    }


@pytest.mark.parametrize("kind", list(arrays("0")))
def test_arrays_of_every_kind_are_read(reader: Reader, kind: str) -> None:
    readings = [reader.read_one(arrays(label)[kind]) for label in DIGITS]
    assert [reading.text for reading in readings] == list(DIGITS)


def test_a_float_array_with_holes_is_read(reader: Reader) -> None:
    holes = digit("6") / 255
    holes[5, 5], holes[6, 6], holes[7, 7] = np.nan, np.inf, -np.inf
    assert reader.read_one(holes).text == "6"


def test_an_array_is_left_as_it_was(reader: Reader) -> None:
    gray = digit("3")
    gray.flags.writeable = False
    assert reader.read_one(gray).text == "3"


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 5), np.uint8),
        np.zeros((5, 0), np.uint8),
        np.zeros(5, np.uint8),
        np.zeros((5, 5, 2), np.uint8),
        np.zeros((5, 5, 5), np.uint8),
        np.zeros((2, 5, 5, 3), np.uint8),
        np.zeros((5, 5), np.complex128),
        np.zeros((5, 5), object),
        np.array([["4"]]),
    ],
)
def test_an_array_that_is_no_picture_is_the_callers_mistake(reader: Reader, array: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="is no picture"):
        reader.read_one(array)
