"""Panels: a digit on a window, a label or a sheet is read as if nothing were around it; a 0 is no panel."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing import DIGITS, Gray, colored, digit
from tsifra import Reader
from tsifra.normalize import normalize
from tsifra.panel import find_panels


def framed(panel: Gray, around: int, sides: tuple[int, int, int, int], turn: float = 0.0) -> Gray:
    """A panel with so many pixels above, below, left and right of it, in another tone."""
    top, bottom, left, right = sides
    size = (panel.shape[1] + left + right, panel.shape[0] + top + bottom)
    matrix = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), turn, 1)
    matrix[:, 2] = matrix[:, 2] + matrix[:, :2] @ (left, top)
    sheet = np.full(size[::-1], around, np.uint8)
    cv2.warpAffine(panel, matrix, size, sheet, borderMode=cv2.BORDER_TRANSPARENT)
    return sheet


@pytest.mark.parametrize("label", DIGITS)
@pytest.mark.parametrize(
    ("ink", "panel", "around"),
    [(235, 30, 240), (235, 30, 130), (20, 230, 60), (20, 140, 250), (200, 110, 20), (90, 160, 20)],
)
def test_a_digit_on_a_panel_is_read(label: str, ink: int, panel: int, around: int, reader: Reader) -> None:
    picture = framed(digit(label, 80, ink=ink, paper=panel), around, (9, 7, 12, 10), turn=2.0)
    assert reader.read_one(picture).text == label


@pytest.mark.parametrize(("ink", "panel", "around"), [(150, 215, 8), (140, 205, 8), (105, 40, 247)])
def test_a_frame_that_stands_out_far_more_than_the_digit_hides_it_not(
    ink: int, panel: int, around: int, reader: Reader
) -> None:
    pictures = [framed(digit(label, 40, ink=ink, paper=panel), around, (4, 4, 3, 3)) for label in DIGITS]
    read = [reader.read_one(np.asarray(cv2.GaussianBlur(picture, (0, 0), 1), np.uint8)).text for picture in pictures]
    assert "".join(read) == DIGITS


@pytest.mark.parametrize("sides", [(14, 0, 0, 0), (0, 14, 0, 0), (0, 0, 14, 14), (8, 8, 0, 0), (3, 20, 15, 4)])
def test_what_is_around_may_show_at_any_side(sides: tuple[int, int, int, int], reader: Reader) -> None:
    read = [reader.read_one(framed(digit(label, 70, ink=240, paper=40), 220, sides)).text for label in DIGITS]
    assert "".join(read) == DIGITS


def test_a_panel_may_lie_on_another(reader: Reader) -> None:
    window = framed(digit("4", 70, ink=240, paper=30), 90, (8, 8, 8, 8))
    assert reader.read_one(framed(window, 230, (10, 6, 7, 12))).text == "4"


def test_color_is_taken_where_the_digit_is(reader: Reader) -> None:
    """What red shows best is the panel on its frame, and worst the digit on the panel."""
    panel = colored(digit("8", 80), (240, 235, 235), (225, 60, 50))
    sheet = np.full((100, 104, 3), (70, 70, 75), np.uint8)
    sheet[10:90, 12:92] = panel
    assert reader.read_one(sheet).text == "8"


@given(
    st.integers(30, 140),
    st.tuples(*[st.integers(0, 20)] * 4),
    st.sampled_from([(0, 255, 90), (255, 0, 160)]),
)
@settings(max_examples=40, deadline=None)
def test_the_box_is_that_of_the_digit_in_the_whole_picture(
    side: int, sides: tuple[int, int, int, int], tones: tuple[int, int, int]
) -> None:
    ink, paper, around = tones
    alone = normalize(digit("3", side, ink=ink, paper=paper)).bbox
    found = normalize(framed(digit("3", side, ink=ink, paper=paper), around, sides)).bbox
    assert alone is not None
    assert found is not None
    top, _, left, _ = sides
    moved = (alone[0] + left, alone[1] + top, alone[2] + left, alone[3] + top)
    assert np.abs(np.subtract(found, moved)).max() <= 2 + side / 48


@pytest.mark.parametrize("tones", [(0, 255), (255, 0), (60, 180)])
@pytest.mark.parametrize(("wide", "thick"), [(50, 10), (40, 6), (60, 16)])
def test_a_zero_with_corners_is_no_panel(tones: tuple[int, int], wide: int, thick: int, reader: Reader) -> None:
    ink, paper = tones
    sheet = np.full((120, 110), paper, np.uint8)
    cv2.rectangle(sheet, (25, 15), (25 + wide, 105), (ink,), thick)
    assert reader.read_one(sheet).text in ("0", "")  # which a box may be, but never what it encloses


def test_a_box_that_its_digit_touches_is_no_panel(reader: Reader) -> None:
    for label, side, pen, edge, thick in (("5", 90, 0.26, 7, 4), ("4", 90, 0.26, 7, 4), ("0", 48, 0.13, 4, 2)):
        boxed = digit(label, side, pen=pen)
        cv2.rectangle(boxed, (edge, edge), (side - edge, side - edge), (0,), thick)
        assert reader.read_one(boxed).text == label


def test_a_stroke_at_the_edge_of_a_panel_is_not_torn_off(reader: Reader) -> None:
    assert reader.read_one(Path(__file__).parent / "kept" / "9-1.png").text == "9"


def test_what_a_zero_encloses_is_behind_it_and_no_panel() -> None:
    sheet = np.full((120, 110), 255, np.uint8)
    cv2.rectangle(sheet, (32, 15), (78, 105), (0,), 12)
    cv2.line(sheet, (66, 40), (44, 80), (0,), 6)
    assert "cropped to what it stands on" not in normalize(sheet).steps


def test_an_empty_panel_with_light_from_a_side_and_grain_is_no_digit(reader: Reader) -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        shade = np.linspace(rng.uniform(80, 120), rng.uniform(140, 200), 60) + rng.normal(0, 6, (80, 60))
        picture = framed(np.clip(shade, 0, 255).astype(np.uint8), 20, (9, 9, 12, 8), turn=rng.normal(0, 2))
        assert reader.read_one(picture).status in ("blank", "rejected", "review")


@pytest.mark.parametrize(("panel", "around"), [(30, 230), (230, 30), (120, 200)])
def test_an_empty_panel_is_no_digit(panel: int, around: int, reader: Reader) -> None:
    picture = framed(np.full((70, 50), panel, np.uint8), around, (9, 9, 12, 8))
    assert reader.read_one(picture).text == ""


def test_a_digit_on_plain_paper_is_on_no_panel() -> None:
    for label in DIGITS:
        assert not list(find_panels(digit(label, 90)))
        assert "cropped to what it stands on" not in normalize(digit(label, 90)).steps
