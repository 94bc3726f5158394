"""From probabilities to ok, review or rejected; from one digit or several to what counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsifra import LABELS, Reading
from tsifra.decide import choose, decide

BOX = (0, 0, 10, 10)


def shares(**given: float) -> tuple[float, ...]:
    """Eleven probabilities: those given by name (d7=0.8), the rest shared evenly."""
    named = {name.removeprefix("d"): share for name, share in given.items()}
    rest = (1 - sum(named.values())) / (len(LABELS) - len(named))
    return tuple(named.get(label, rest) for label in LABELS)


@pytest.mark.parametrize(
    ("probabilities", "digit", "status"),
    [
        (shares(d7=0.95), "7", "ok"),
        (shares(d7=0.9), "7", "ok"),
        (shares(d7=0.89), "7", "review"),
        (shares(d0=0.5, d8=0.4), "0", "review"),
        (shares(none=0.99), None, "rejected"),
        (shares(none=0.4, d1=0.39), None, "rejected"),
        (shares(none=0.39, d1=0.4), "1", "review"),
    ],
)
def test_the_likeliest_label_is_ok_from_the_threshold_on(
    probabilities: tuple[float, ...], digit: str | None, status: str
) -> None:
    decided = decide(probabilities, BOX, accept=0.9)
    assert (decided.digit, decided.status) == (digit, status)
    assert decided.confidence == max(probabilities)
    assert decided.probabilities == probabilities
    assert decided.bbox == BOX


def test_a_probability_a_hair_over_one_is_no_error() -> None:
    # A row of float32 numbers may sum to 1.0000001.
    assert decide(shares(d3=1.0000001), BOX, accept=1.0).confidence == 1


@given(st.lists(st.floats(0.001, 1), min_size=11, max_size=11), st.floats(0, 1))
def test_a_stricter_threshold_never_makes_an_answer_ok(weights: list[float], accept: float) -> None:
    probabilities = tuple(weight / sum(weights) for weight in weights)
    order = ("ok", "review", "rejected")
    loose, strict = decide(probabilities, BOX, accept), decide(probabilities, BOX, 1.0)
    assert order.index(strict.status) >= order.index(loose.status)
    assert strict.digit == loose.digit


def read(text: str, *digits: tuple[str | None, float, tuple[int, int, int, int]], side: int = 400) -> Reading:
    """A reading of a square page, of digits with a confidence and a box each; None is rejected."""
    boxes = [
        decide(shares(**{f"d{label}" if label else "none": confidence}), bbox, accept=0.9)
        for label, confidence, bbox in digits
    ]
    return Reading("page", 1, (side, side), text, tuple(boxes), "a network")


LARGE, SMALL, RIM = (60, 60, 160, 260), (230, 180, 270, 260), (385, 60, 392, 260)
ALL = (60, 60, 270, 260)


@pytest.mark.parametrize(
    ("single", "several", "counts"),
    [
        (("7", 0.99, LARGE), [("7", 0.99, LARGE), ("5", 0.98, SMALL)], "75"),  # it saw one of them
        (("7", 0.99, LARGE), [("7", 0.99, LARGE), ("1", 0.98, RIM)], "7"),  # a line's rest
        (("2", 0.99, ALL), [("2", 0.99, LARGE), ("4", 0.99, SMALL)], "24"),  # no 2 has a 4 as its part
        (("4", 0.99, ALL), [("1", 0.99, LARGE), ("1", 0.99, SMALL)], "4"),  # whose strokes do not touch
        (("8", 0.99, ALL), [("0", 0.99, LARGE), ("0", 0.99, SMALL)], "8"),
        ((None, 0.99, ALL), [("5", 0.99, SMALL)], "5"),
        ((None, 0.99, ALL), [("5", 0.99, ALL)], ""),
        ((None, 0.99, ALL), [("1", 0.99, SMALL)], ""),  # any line
    ],
)
def test_one_digit_or_several(
    single: tuple[str | None, float, tuple[int, int, int, int]],
    several: list[tuple[str | None, float, tuple[int, int, int, int]]],
    counts: str,
) -> None:
    one = read(single[0] or "", single)
    many = read("".join(label or "" for label, _, _ in several), *several)
    assert choose(one, many, 1, accept=0.9).text == counts


def test_a_digit_amid_what_is_none_is_for_review() -> None:
    chosen = choose(read("", (None, 0.99, ALL)), read("5", ("5", 0.99, SMALL)), 1, accept=0.9)
    assert (chosen.text, chosen.status) == ("5", "review")
    (digit,) = chosen.digits
    assert sum(digit.probabilities) == pytest.approx(1)
    assert digit.alternatives[0][1] < digit.confidence <= 0.55
