"""Numbers on pages are found, read and set in order; what is no digit is left out."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from conftest import CommandLine
from drawing import digit
from tsifra import Reader, Reading
from tsifra.arrange import lines_of
from tsifra.ink import Gray
from tsifra.table import turns_of

LINES = ["4071 52", "38", "960 2 715"]


def sheet(lines: list[str], height: int = 48, ink: int = 40, paper: int = 225, ruled: bool = False) -> Gray:
    """Numbers written on a page that is lit from one side."""
    width = max(len(line) for line in lines) * height + 240
    page = np.full((len(lines) * 3 * height + 200, width), paper, np.uint8)
    if ruled:
        for y in range(60, page.shape[0], 48):
            cv2.line(page, (0, y), (width, y + 5), (150,), 2)
    for row, line in enumerate(lines):
        x = 100
        for label in line:
            if label != " ":
                drawn = digit(label, height, ink=0, paper=255, pen=0.09)
                columns = np.flatnonzero((drawn < 200).any(0))
                cut = drawn[:, columns[0] : columns[-1] + 1]
                top = 120 + row * 3 * height
                place = page[top : top + height, x : x + cut.shape[1]]
                place[:] = np.where(cut < 128, ink, place)
                x += cut.shape[1] + 9
            else:
                x += int(1.3 * height)
    light = np.linspace(1, 0.75, width)[None]
    return np.asarray(cv2.GaussianBlur((page * light).astype(np.uint8), (0, 0), 0.8), np.uint8)


@pytest.mark.parametrize("ruled", [False, True], ids=["plain", "ruled"])
def test_numbers_are_read_in_order(reader: Reader, ruled: bool) -> None:
    reading = reader.read(sheet(LINES, ruled=ruled))
    assert reading.text.split("\n") == LINES
    assert reading.rotation == 0
    tops = [found.bbox[1] for found in reading.digits]
    assert tops[0] < tops[6] < tops[8]


@pytest.mark.parametrize(("leans", "tone"), [(0, 170), (6, 170), (12, 170), (0, 90), (6, 90), (18, 60)])
def test_the_margin_line_of_a_notebook_is_no_row_of_ones(reader: Reader, leans: int, tone: int) -> None:
    page = sheet(LINES, ruled=True)
    height = page.shape[0]
    fine = np.full((height, page.shape[1]), 255, np.uint8)
    cv2.line(fine, (60 + leans, 0), (60, height), (tone,), 2, cv2.LINE_AA)
    assert reader.read(np.minimum(page, fine)).text.split("\n") == LINES


@pytest.mark.parametrize("beside", [0, 1, 2])
@pytest.mark.parametrize("degrees", [-2.0, 0.0, 1.0, 3.0])
def test_squared_paper_with_a_margin_may_lean(reader: Reader, beside: int, degrees: float) -> None:
    page = sheet(LINES).astype(np.float32)
    page[20::29] *= 0.85
    page[:, 15::29] *= 0.85
    page[:, 73 + beside : 75 + beside] *= 0.5  # the margin's line, on a line of the squares and beside it
    size = page.shape[::-1]
    turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), degrees, 1.15)
    seen = cv2.GaussianBlur(cv2.warpAffine(page, turn, size, borderMode=cv2.BORDER_REFLECT), (0, 0), 0.7)
    grainy = seen + np.random.default_rng(0).normal(0, 2, page.shape)
    assert reader.read(np.asarray(grainy.clip(0, 255), np.uint8)).text.split("\n") == LINES


def test_light_ink_and_small_digits_are_read(reader: Reader) -> None:
    page = sheet(LINES)
    assert reader.read(np.asarray(255 - page, np.uint8)).text.split("\n") == LINES
    small = cv2.resize(page, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    assert reader.read(np.asarray(small, np.uint8)).text.split("\n") == LINES


@pytest.mark.parametrize(("side", "grain"), [(40, 0.0), (55, 0.03), (57, 0.04), (75, 0.0)])
def test_squared_paper_is_no_table(reader: Reader, side: int, grain: float) -> None:
    page = sheet(LINES).astype(np.float32)
    page[20::side] *= 0.75
    page[:, 15::side] *= 0.75
    page *= 1 + np.random.default_rng(0).normal(0, grain, page.shape)
    assert reader.read(np.asarray(page.clip(0, 255), np.uint8)).text.split("\n") == LINES


@pytest.mark.parametrize("lean", [-0.06, -0.03, 0.02, 0.05])
def test_squares_may_lean(reader: Reader, lean: float) -> None:
    page = sheet(LINES)
    height, width = page.shape
    squares = np.full(page.shape, 255, np.uint8)
    for at in range(-60, max(page.shape) + 60, 32):
        cv2.line(squares, (0, at), (width, round(at + lean * width)), (185,), 1, cv2.LINE_AA)
        cv2.line(squares, (at, 0), (round(at - lean * height), height), (185,), 1, cv2.LINE_AA)
    assert reader.read(np.minimum(page, squares)).text.split("\n") == LINES


def test_a_little_ink_as_bright_as_its_paper_is_seen_by_its_color(reader: Reader) -> None:
    ink = sheet(["407"], ink=0, paper=255, height=24)[100:160, 80:] < 128
    page = np.full((1500, 1500, 3), (120, 180, 120), np.uint8)
    page[300 : 300 + ink.shape[0], 500 : 500 + ink.shape[1]][ink] = (230, 130, 90)  # of the same brightness
    assert reader.read(page).text == "407"


def form(lines: list[str], line: int, frame: int) -> Gray:
    """Digits in boxes of their own, on a page that lies a little askew."""
    page = np.full((90 * len(lines) + 100, 72 * len(lines[0]) + 100), 235, np.uint8)
    for row, text in enumerate(lines):
        for column, label in enumerate(text):
            top, left = 50 + 90 * row, 50 + 72 * column
            cv2.rectangle(page, (left, top), (left + 60, top + 60), frame, line)
            place = page[top + 2 : top + 58, left + 2 : left + 58]
            np.minimum(place, digit(label, 56, ink=50, paper=235), out=place)
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 1.2, 1)
    page = np.asarray(cv2.warpAffine(page, turn, (width, height), borderValue=(235,)), np.uint8)
    return np.asarray(cv2.GaussianBlur(page, (0, 0), 0.8), np.uint8)


@pytest.mark.parametrize(("line", "frame"), [(1, 60), (2, 60), (4, 60), (2, 180)])
def test_the_boxes_of_a_form_are_no_1s(reader: Reader, line: int, frame: int) -> None:
    lines = ["140711", "203851", "960275"]
    reading = reader.read(form(lines, line, frame))
    assert reading.text.replace(" ", "").split("\n") == lines


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_page_is_read_upright(reader: Reader, turns: int) -> None:
    page = sheet(["40751 5234", "3872435", "9642 23 745"])
    turned = np.ascontiguousarray(np.rot90(page, turns))
    reading = reader.read(turned)
    assert reading.text == reader.read(page, rotate=0).text
    assert reading.rotation == 90 * turns
    assert reading.size == page.shape[::-1]
    assert reader.read(turned, rotate=90 * turns).text == reading.text


def test_words_are_no_numbers(reader: Reader) -> None:
    page = Image.new("L", (900, 300), 235)
    draw = ImageDraw.Draw(page)
    for row, line in enumerate(("What people write is not", "always a number, for sure")):
        draw.text((40, 60 + 90 * row), line, fill=30, font=ImageFont.load_default(44))
    reading = reader.read(page)
    assert reading.rotation == 0
    assert sum(found.status == "ok" for found in reading.digits) <= 1


def test_lines_of_squared_paper_between_words_are_no_ones(reader: Reader) -> None:
    page = Image.new("L", (900, 900), 235)
    draw = ImageDraw.Draw(page)
    for place in range(20, 900, 41):
        draw.line((place, 0, place, 900), fill=190)
        draw.line((0, place, 900, place), fill=190)
    words = "What people write is not always any number but words for sure and much else besides them "
    for row, y in enumerate(range(30, 860, 56)):
        draw.text((25, y), words[5 * row :] + words, fill=30, font=ImageFont.load_default(40))
    assert sum(found.status == "ok" for found in reader.read(page).digits) <= 1


def test_a_1_as_high_as_its_picture_is_no_ruled_line(reader: Reader) -> None:
    page = np.full((140, 90), 240, np.uint8)
    cv2.polylines(page, [np.array([(22, 78), (58, 6), (58, 128)], np.int32)], False, 40, 4, cv2.LINE_AA)
    assert reader.read(page).text == "1"


def test_values_that_are_none_of_the_known_are_refused(reader: Reader) -> None:
    page = sheet(["12"])
    with pytest.raises(ValueError, match="rotate is 45"):
        reader.read(page, rotate=45)
    with pytest.raises(ValueError, match="layout is 'table'"):
        reader.read(page, layout="table")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="are for pages"):
        reader.read_many([page], one=True, rotate=90)


def test_one_digit_stays_one_digit(reader: Reader) -> None:
    for label in "0123456789":
        assert reader.read(digit(label)).text == reader.read_one(digit(label)).text == label


def test_one_digit_is_turned_as_the_caller_says(reader: Reader) -> None:
    page = digit("6", 120)[:, 20:]  # higher than wide
    for degrees, text in ((0, "6"), (180, "9")):
        reading = reader.read(page, rotate=degrees)
        assert (reading.text, reading.rotation, reading.size) == (text, degrees, (100, 120))
    upright = reader.read(page, rotate=0).digits[0].bbox
    assert reader.read(np.ascontiguousarray(np.rot90(page)), rotate=90).digits[0].bbox == upright


@pytest.mark.parametrize("width", range(44, 56))
def test_a_ruled_line_on_the_smallest_pages_is_none_of_squares(reader: Reader, width: int) -> None:
    page = np.full((100, width), 235, np.uint8)
    page[:80] = digit("7", 80, paper=235)[:, 10 : 10 + width]
    page[85:87] = 150
    assert reader.read(page).text == "7"


@pytest.mark.parametrize("kind", ["even", "grain", "noise"])
def test_a_page_without_ink_is_blank(reader: Reader, kind: str) -> None:
    rng = np.random.default_rng(0)
    pages = {
        "even": np.full((600, 800), 230),
        "grain": rng.normal(200, 4, (400, 500)),
        "noise": rng.integers(120, 255, (900, 1200)),  # thousands of specks, which took two minutes once
    }
    reading = reader.read(pages[kind].astype(np.uint8))
    assert (reading.text, reading.status, reading.digits) == ("", "blank", ())


def test_pages_and_drawings_from_the_shell(tsifra: CommandLine, tmp_path: Path) -> None:
    pages = [Image.fromarray(sheet([line])) for line in LINES]
    pages[0].save(tmp_path / "notes.tif", save_all=True, append_images=pages[1:])
    ran = tsifra("read", "--pages", "2-3", "--format", "csv", "--annotate", tmp_path / "drawn", tmp_path / "notes.tif")
    assert ran.code == 0, ran.err
    assert [line.split(",")[1:3] for line in ran.out.splitlines()[1:]] == [["2", "38"], ["3", "960 2 715"]]
    assert {path.name for path in (tmp_path / "drawn").iterdir()} == {"notes-page2.png", "notes-page3.png"}
    absent = tsifra("read", "--pages", "9", "--format", "jsonl", tmp_path / "notes.tif")
    assert absent.code == 3
    assert "has none of the pages that are wanted; their number is 3" in absent.out
    for args in (("--layout", "grid"), ("--rotate", "90")):
        assert tsifra("read", "--one", *args, tmp_path / "notes.tif").code == 2
    for wrong in ("0-2", "3-1", "x", "1-"):
        assert tsifra("read", "--pages", wrong, tmp_path / "notes.tif").code == 2


boxes = st.builds(
    lambda x, y, w, h: (x, y, x + w, y + h),
    *(st.integers(0, 2000), st.integers(0, 2000), st.integers(1, 80), st.integers(8, 120)),
)


@given(st.lists(boxes, min_size=1, max_size=40))
def test_every_box_is_in_one_line_and_numbers_run_to_the_right(given_boxes: list[tuple[int, int, int, int]]) -> None:
    lines = lines_of(given_boxes)
    assert sorted(index for line in lines for number in line for index in number) == list(range(len(given_boxes)))
    for line in lines:
        lefts = [given_boxes[index][0] for number in line for index in number]
        assert lefts == sorted(lefts)


def test_readings_of_pages_show_themselves(reader: Reader) -> None:
    reading = reader.read(sheet(LINES))
    assert isinstance(reading, Reading)
    shown = reading._repr_png_()
    assert shown is not None
    assert shown.startswith(b"\x89PNG")


def test_large_digits_of_straight_strokes_are_not_taken_for_ruled_lines(reader: Reader) -> None:
    page = np.full((640, 960), 255, np.uint8)
    strokes = [[(290, 160), (430, 160), (370, 480)], [(560, 150), (530, 310), (650, 310)], [(630, 190), (610, 510)]]
    for stroke in strokes:
        cv2.polylines(page, [np.array(stroke, np.int32)], False, (20,), 24, cv2.LINE_AA)
    assert reader.read(page).text == "74"


@pytest.mark.parametrize(("labels", "turns"), [("1" * 20, 0), ("1" * 14 + "234567", 0), ("1" * 8 + "234567890234", 1)])
def test_strokes_of_letters_that_lie_turn_no_page(labels: str, turns: int) -> None:
    """Turned by a quarter all pieces are plain digits; where most of them are 1s, they may be anything."""
    lying = np.full((len(labels), 11), 0.01, np.float32)
    lying[range(len(labels)), [int(label) for label in labels]] = 0.9 + 0.05
    unsure = np.full((len(labels), 11), 1 / 11, np.float32)
    pictures = np.zeros((len(labels), 28, 28), np.uint8)
    pictures[:, 0] = 255  # the top row, which a quarter clockwise brings to the right

    def classify(images: np.ndarray) -> np.ndarray:
        return lying if images[0, :, -1].all() else unsure

    assert turns_of(pictures, unsure, classify) == turns
