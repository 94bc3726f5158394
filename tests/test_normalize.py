"""The one preprocessing: whatever the crop, the network sees a digit as MNIST has it."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from drawing import DIGITS, digit
from tsifra import Reader
from tsifra.normalize import normalize

Gray = NDArray[np.uint8]

labels = st.sampled_from(DIGITS)


def blank(height: int, width: int, shade: int = 255) -> Gray:
    return np.full((height, width), shade, np.uint8)


def check(gray: Gray) -> None:
    """What holds for every crop there is."""
    seen = normalize(gray)
    assert seen.pixels.shape == (28, 28)
    assert seen.pixels.dtype == np.uint8
    assert seen.steps
    if seen.bbox is None:
        assert not seen.pixels.any()
    else:
        x0, y0, x1, y1 = seen.bbox
        assert 0 <= x0 < x1 <= gray.shape[1]
        assert 0 <= y0 < y1 <= gray.shape[0]
        assert seen.pixels.any()


# Anything is normalized -----------------------------------------------------------------------------------------


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40)))
@example(np.zeros((1, 1), np.uint8))
@example(np.full((28, 28), 255, np.uint8))
def test_any_small_crop_is_normalized(gray: Gray) -> None:
    check(gray)


@given(st.integers(1, 700), st.integers(1, 700), st.integers(0, 2**32 - 1), st.sampled_from(["noise", "ink", "ramp"]))
@example(1, 500, 0, "noise")
@example(500, 1, 0, "noise")
@example(1, 500, 0, "ink")
@example(500, 1, 0, "ink")
@example(2, 700, 1, "ramp")
def test_a_crop_of_any_shape_is_normalized(height: int, width: int, seed: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    if kind == "noise":
        gray = random.integers(0, 256, (height, width), np.uint8)
    elif kind == "ramp":
        gray = np.linspace(0, 255, height * width).astype(np.uint8).reshape(height, width)
    else:
        gray = blank(height, width, 200)
        for _ in range(6):
            x, y = int(random.integers(width)), int(random.integers(height))
            gray[y : y + int(random.integers(1, 90)), x : x + int(random.integers(1, 90))] = random.integers(256)
    check(gray)


@pytest.mark.parametrize(
    "gray",
    [
        np.zeros((0, 5), np.uint8),
        np.zeros((5, 5, 3), np.uint8),
        np.zeros((5, 5), np.float32),
        np.zeros(5, np.uint8),
    ],
)
def test_what_is_no_gray_crop_is_the_callers_mistake(gray: Gray) -> None:
    with pytest.raises(ValueError, match="wanted"):
        normalize(gray)


def test_a_crop_is_left_as_it_was() -> None:
    gray = digit("5")
    gray.flags.writeable = False
    assert normalize(gray).bbox is not None


def test_what_the_network_sees_is_light_ink_centered_by_mass() -> None:
    for label in DIGITS:
        seen = normalize(digit(label)).pixels.astype(float)
        mass = seen.sum()
        assert (seen.sum(1) @ np.arange(28)) / mass == pytest.approx(13.5, abs=1)
        assert (seen.sum(0) @ np.arange(28)) / mass == pytest.approx(13.5, abs=1)
        rows, columns = np.nonzero(seen.any(1))[0], np.nonzero(seen.any(0))[0]
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(21, abs=2)
        assert seen.max() > 240


def test_the_box_is_where_the_ink_is() -> None:
    for side in (28, 100, 300, 2000):
        for label in DIGITS:
            gray = digit(label, side)
            rows, columns = np.nonzero((gray < 128).any(1))[0], np.nonzero((gray < 128).any(0))[0]
            box = normalize(gray).bbox
            assert box == pytest.approx((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1), abs=max(2, side / 100))


# The same digit, another picture --------------------------------------------------------------------------------


@given(labels, st.integers(0, 130), st.integers(170, 255))
def test_ink_may_be_dark_or_light(reader: Reader, label: str, dark: int, light: int) -> None:
    assert reader.read_one(digit(label, ink=dark, paper=light)).text == label
    assert reader.read_one(digit(label, ink=light, paper=dark)).text == label


@given(labels)
def test_a_negative_looks_the_same_to_the_network(label: str) -> None:
    gray = digit(label)
    here, there = normalize(gray), normalize(255 - gray)
    assert here.bbox == pytest.approx(there.bbox, abs=1)
    assert here.pixels.astype(int) == pytest.approx(there.pixels.astype(int), abs=40)


@given(labels, *[st.integers(0, 200)] * 4)
def test_a_margin_changes_nothing(reader: Reader, label: str, left: int, top: int, right: int, bottom: int) -> None:
    padded = np.pad(digit(label), ((top, bottom), (left, right)), constant_values=255)
    assert reader.read_one(padded).text == label


@given(labels, st.floats(0, 1), st.floats(0, 1), st.integers(80, 400), st.integers(80, 400))
@example("7", 0.97, 0.5, 71, 160)
@example("1", 0.02, 0.5, 80, 300)
def test_a_digit_may_lie_anywhere(
    reader: Reader, label: str, across: float, down: float, height: int, width: int
) -> None:
    crop = digit(label, 100)
    rows, columns = np.nonzero((crop < 255).any(1))[0], np.nonzero((crop < 255).any(0))[0]
    crop = crop[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    page = blank(max(height, crop.shape[0] + 6), max(width, crop.shape[1] + 6))
    y = 3 + round(down * (page.shape[0] - crop.shape[0] - 6))
    x = 3 + round(across * (page.shape[1] - crop.shape[1] - 6))
    page[y : y + crop.shape[0], x : x + crop.shape[1]] = crop
    assert reader.read_one(page).text == label


@given(labels, st.integers(1, 12), st.integers(24, 60))
def test_a_larger_picture_of_the_same_changes_nothing(reader: Reader, label: str, times: int, side: int) -> None:
    enlarged = np.kron(digit(label, side), np.ones((times, times), np.uint8))
    assert reader.read_one(enlarged).text == label


@given(labels, st.sampled_from([28, 40, 80, 160, 320, 640, 1280, 2560]))
def test_resolution_changes_nothing(reader: Reader, label: str, side: int) -> None:
    assert reader.read_one(digit(label, side)).text == label


@given(labels, st.floats(4, 12))
def test_a_digit_that_is_small_on_its_page_is_read(reader: Reader, label: str, share: float) -> None:
    page = blank(round(100 * share), round(100 * share))
    page[200:300, 100:200] = digit(label, 100)
    assert reader.read_one(page).text == label


# Paper as it is -------------------------------------------------------------------------------------------------


def answers(reader: Reader, draw: Callable[[str], Gray]) -> str:
    """What is read of the ten digits, drawn so; - where nothing is."""
    return "".join(reader.read_one(draw(label)).text or "-" for label in DIGITS)


def test_a_digit_in_the_shade_is_read(reader: Reader) -> None:
    light = np.linspace(0.35, 1, 200)[:, None] * np.linspace(0.6, 1, 200)[None, :]
    assert answers(reader, lambda label: np.rint(digit(label, 200, ink=60) * light).astype(np.uint8)) == DIGITS


def test_a_faint_digit_on_noisy_paper_is_read(reader: Reader) -> None:
    noise = np.random.default_rng(0).normal(0, 6, (120, 120))

    def noisy(label: str) -> Gray:
        return np.clip(digit(label, ink=150, paper=215) + noise, 0, 255).astype(np.uint8)

    assert answers(reader, noisy) == DIGITS


def test_a_box_around_a_digit_is_not_read(reader: Reader) -> None:
    def boxed(label: str) -> Gray:
        page = digit(label, 160)
        cv2.rectangle(page, (6, 6), (153, 153), (0,), 3)
        return page

    assert answers(reader, boxed) == DIGITS
    # Cut out too high, so that one side of the box is missing and the others run into the edge.
    assert answers(reader, lambda label: boxed(label)[10:158]) == DIGITS


@pytest.mark.parametrize("thickness", [1, 2, 3])
def test_a_frame_along_the_edges_is_not_read(reader: Reader, thickness: int) -> None:
    # As screenshots and the cells of a form have it. The edge is dark all around, and yet it is not the paper.
    def framed(label: str) -> Gray:
        return np.pad(digit(label, 100), thickness)

    assert answers(reader, framed) == DIGITS
    assert answers(reader, lambda label: 255 - framed(label)) == DIGITS


def test_specks_around_a_digit_are_not_read(reader: Reader) -> None:
    def specked(label: str) -> Gray:
        page = digit(label, 160)
        for x, y in ((12, 14), (140, 20), (20, 139), (150, 150), (80, 8)):
            cv2.circle(page, (x, y), 2, (0,), -1)
        return page

    assert answers(reader, specked) == DIGITS


def test_a_neighbor_that_reaches_in_is_not_read(reader: Reader) -> None:
    assert answers(reader, lambda label: np.hstack((digit(label, 160), digit("0", 160)[:, 30:50]))) == DIGITS


@pytest.mark.parametrize("pen", [0.1, 0.15])
@pytest.mark.parametrize("side", [16, 40, None])
@pytest.mark.parametrize("label", DIGITS)
def test_bold_ink_that_fills_its_crop_is_told_from_paper(label: str, side: int | None, pen: float) -> None:
    sheet = digit(label, 200, pen=pen)
    x, y, wide, high = cv2.boundingRect((sheet < 128).view(np.uint8))
    crop = np.ascontiguousarray(sheet[y : y + high, x : x + wide])
    if side is not None:
        crop = np.asarray(cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    assert normalize(crop).steps[0] == "dark ink on light"
    assert normalize(255 - crop).steps[0] == "light ink on dark"


@pytest.mark.parametrize("pen", [0.004, 0.006, 0.02, 0.12])
def test_pens_of_every_width_are_read(reader: Reader, pen: float) -> None:
    assert answers(reader, lambda label: digit(label, 1000, pen=pen)) == DIGITS


# Nothing there --------------------------------------------------------------------------------------------------


def ramp() -> Gray:
    return np.tile(np.linspace(0, 255, 200), (200, 1)).astype(np.uint8)


def empty_box() -> Gray:
    page = blank(160, 160)
    cv2.rectangle(page, (6, 6), (153, 153), (0,), 3)
    return page


def noise() -> Gray:
    return np.clip(np.random.default_rng(0).normal(128, 40, (200, 200)), 0, 255).astype(np.uint8)


NOTHING = {
    "white": blank(100, 100),
    "black": blank(100, 100, 0),
    "gray": blank(100, 100, 130),
    "one pixel": blank(1, 1),
    "a line of pixels": blank(1, 500),
    "hardly any contrast": digit("4", ink=247),
    "a ramp": ramp(),
    "a ramp downwards": ramp().T.copy(),
    "noise": noise(),
    "faint noise": np.random.default_rng(0).integers(250, 256, (120, 120), np.uint8),
    "an empty box": empty_box(),
    "an empty frame": np.pad(blank(100, 100), 2),
}


@pytest.mark.parametrize("what", NOTHING)
def test_nothing_is_blank_and_said_to_be(reader: Reader, what: str) -> None:
    reading = reader.read_one(NOTHING[what])
    assert (reading.status, reading.text, reading.confidence, reading.digits) == ("blank", "", None, ())
    assert normalize(NOTHING[what]).steps[-1] == "nothing left that could be a digit"
