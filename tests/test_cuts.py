"""Digits that touch come apart where the least ink is crossed; one digit stays one."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing import TYPE, digit
from tsifra import Reader
from tsifra.cuts import Part, best_way, parts_of
from tsifra.data.type import Face
from tsifra.detect import Piece, find_pieces
from tsifra.ink import Gray


def touching(number: str, side: int = 90, lap: int = 2) -> Gray:
    """Digits whose boxes lap over each other by some pixels, as one piece of ink on a sheet."""
    page = np.full((side + 40, side * len(number) + 40), 255, np.uint8)
    x = 20
    for label in number:
        drawn = digit(label, side, pen=0.09)
        columns = np.flatnonzero((drawn < 200).any(0))
        cut = drawn[:, columns[0] : columns[-1] + 1]
        place = page[20 : 20 + side, x : x + cut.shape[1]]
        np.minimum(place, cut, out=place)
        x += cut.shape[1] - lap
    return page


@pytest.mark.parametrize("number", ["23", "50", "205", "6208"])
def test_touching_digits_are_read(reader: Reader, number: str) -> None:
    page = touching(number)
    assert len(find_pieces(page)[0]) == 1, "they touch"
    reading = reader.read(page, rotate=0)
    assert reading.text == number
    assert all(left.bbox[2] <= right.bbox[2] for left, right in pairwise(reading.digits))


def test_pairs_that_touch_are_no_letters_to_one_another(reader: Reader) -> None:
    page = np.hstack([touching(pair, 60)[:, 8:-8] for pair in ("82", "83", "59")])
    assert reader.read(page).text == "82 83 59"


@pytest.mark.parametrize("label", "0123456789")
def test_one_digit_is_not_cut(reader: Reader, label: str) -> None:
    assert reader.read(digit(label, 120), rotate=0).text == label


@pytest.mark.parametrize("letter", "nmMWdHNKURhw")
def test_a_letter_alone_is_not_cut_into_digits(reader: Reader, letter: str) -> None:
    ink = Face(TYPE).draw(letter)
    assert ink is not None
    reading = reader.read(np.asarray(255 * (1 - np.pad(ink, 20)), np.uint8))
    assert (reading.text, reading.status) == ("", "rejected")


def test_parts_lie_between_cuts_from_edge_to_edge() -> None:
    ((piece,), _) = find_pieces(touching("23"))
    parts = parts_of(piece)
    assert {part.start for part in parts} >= {0}
    last = max(part.end for part in parts)
    assert any(part.end == last and part.start > 0 for part in parts)
    for part in parts:
        x0, y0, x1, y1 = part.piece.bbox
        assert part.start < part.end
        assert piece.bbox[0] - 1 <= x0 < x1 <= piece.bbox[2] + 1
        assert piece.bbox[1] - 1 <= y0 < y1 <= piece.bbox[3] + 1


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 6), st.floats(-9, 0)), max_size=30))
def test_the_best_way_leads_from_edge_to_edge(spans: list[tuple[int, int, float]]) -> None:
    piece = Piece((0, 0, 1, 1), np.zeros((3, 3), np.uint8))
    spans = [(start, start + length, score) for start, length, score in spans]
    way = best_way([Part(piece, start, end) for start, end, _ in spans], [score for *_, score in spans])
    if way:
        assert spans[way[0]][0] == 0
        assert spans[way[-1]][1] == max(end for _, end, _ in spans)
        assert all(spans[a][1] == spans[b][0] for a, b in pairwise(way))
