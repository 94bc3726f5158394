"""From probabilities to ok, review or rejected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsifra import LABELS
from tsifra.decide import decide

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
