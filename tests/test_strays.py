"""Strokes of something else that look like 1s: a margin's pieces, ticks, edges; and 1s that are bars."""

import cv2
import numpy as np
import pytest

from drawing import digit
from tsifra import Reader
from tsifra.ink import Gray

LABELS = ["5821", "907", "46", "38"]


def sheet(labels: list[str] = LABELS) -> Gray:
    """Lines of digits 60 pixels high from 300 pixels on, and an empty margin left of it: (800, 800), black on white."""
    page = np.full((800, 800), 255, np.uint8)
    for line, label in enumerate(labels):
        for at, each in enumerate(label):
            part = page[60 + 180 * line :, 300 + 75 * at :][:100, :100]
            np.minimum(part, digit(each, 100), out=part)
    return page


def bar(page: Gray, left: float, top: int, bottom: int, lean: int = 0, wide: int = 5) -> None:
    cv2.line(page, (round(left + lean), top), (round(left), bottom), 0, wide)


def test_the_pieces_of_a_margin_are_no_1s(reader: Reader) -> None:
    page = sheet()
    for top, high in ((40, 150), (215, 60), (300, 35), (420, 130), (600, 90)):  # one is as high as a digit
        bar(page, 100 + top / 200, top, top + high)
    assert reader.read(page, rotate=0).text.split() == LABELS


def test_the_ticks_of_a_ruler_are_no_1s(reader: Reader) -> None:
    page = sheet()
    for at in range(14):
        bar(page, 60 + 30 * at, 735, 765 if at % 5 else 785, wide=3)
    assert reader.read(page, rotate=0).text.split() == LABELS


@pytest.mark.parametrize("lean", [0, 12])
def test_a_1_that_is_a_bar_stays_where_it_is_as_high_as_digits(reader: Reader, lean: int) -> None:
    page = sheet(["58", "90", "46", "38"])
    for line in (0, 2):
        bar(page, 120, 80 + 180 * line, 140 + 180 * line, lean, 7)
    assert reader.read(page, rotate=0).text.split("\n") == ["1 58", "90", "1 46", "38"]


def test_a_page_of_bars_alone_keeps_them(reader: Reader) -> None:
    page = np.full((300, 400), 255, np.uint8)
    for left in (100, 150, 200):
        bar(page, left, 100, 180, 4, 8)
    assert reader.read(page, rotate=0).text.replace(" ", "") == "111"


def test_a_line_of_nothing_but_signs_is_none(reader: Reader) -> None:
    page = sheet()
    for left in (330, 450, 570, 690):  # the teeth of a comb
        bar(page, left, 720, 780, wide=3)
    assert reader.read(page, rotate=0).text.split() == LABELS


def test_the_bullets_of_choices_are_no_0s_and_0s_by_hand_are(reader: Reader) -> None:
    labels = [f"0{label}" for label in LABELS]
    page = sheet(labels)
    assert reader.read(page, rotate=0).text.replace(" ", "").split() == labels
    for line in range(len(LABELS)):
        page[60 + 180 * line :, 300:375][:110] = 255
        cv2.circle(page, (250, 110 + 180 * line), 30, 0, 5)
    assert reader.read(page, rotate=0).text.split() == LABELS
