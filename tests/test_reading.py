"""The values that a reader answers with, and their JSON form."""

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsifra import LABELS, Digit, Failure, Reading

SURE = (0.0, 0.96, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0301, 0.0, 0.0009, 0.009)


def a_digit(**changes: Any) -> Digit:
    return dataclasses.replace(Digit("1", 0.96, (1, 2, 30, 40), "ok", SURE), **changes)


def a_reading(*digits: Digit) -> Reading:
    return Reading("scan.jpg", 1, (50, 60), "".join(d.digit or "" for d in digits), digits, "tsifra-1")


def test_labels_are_the_ten_digits_and_none() -> None:
    assert (*"0123456789", "none") == LABELS


def test_a_reading_has_the_fields_of_the_contract_in_their_order() -> None:
    record = a_reading(a_digit()).to_dict()
    assert list(record) == [
        *("input", "page", "size", "rotation", "text", "status", "confidence", "digits", "error", "model"),
    ]
    assert list(record["digits"][0]) == ["digit", "confidence", "bbox", "status", "alternatives"]
    assert record["digits"][0] == {
        "digit": "1",
        "confidence": 0.96,
        "bbox": [1, 2, 30, 40],
        "status": "ok",
        "alternatives": [["7", 0.0301], ["none", 0.009]],
    }
    assert record["error"] is None
    assert record["size"] == [50, 60]


def test_a_failure_has_the_same_fields_in_the_same_order() -> None:
    record = Failure("scan.jpg", 2, "damaged", "scan.jpg: damaged", "tsifra-1").to_dict()
    assert list(record) == list(a_reading().to_dict())
    assert record["error"] == {"kind": "damaged", "message": "scan.jpg: damaged"}
    assert (record["status"], record["text"], record["digits"], record["page"]) == ("error", "", [], 2)


def test_a_failure_answers_like_a_reading_without_text() -> None:
    failure = Failure("scan.jpg", 1, "missing", "scan.jpg: no such file", "tsifra-1")
    assert (failure.text, failure.status, failure.confidence) == ("", "error", None)


def test_probabilities_are_added_on_demand_by_label() -> None:
    (digit,) = a_reading(a_digit()).to_dict(probabilities=True)["digits"]
    assert tuple(digit["probabilities"]) == LABELS
    assert digit["probabilities"]["1"] == 0.96


def test_alternatives_start_at_a_thousandth_likeliest_first() -> None:
    assert a_digit().alternatives == (("7", 0.0301), ("none", 0.009))


def test_a_rejected_region_is_not_its_own_alternative() -> None:
    rejected = a_digit(digit=None, status="rejected", probabilities=(*[0.01] * 10, 0.9))
    assert [label for label, _ in rejected.alternatives] == list("0123456789")


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        ([], "blank"),
        (["ok"], "ok"),
        (["review", "ok"], "review"),
        (["ok", "rejected", "review"], "rejected"),
    ],
)
def test_a_pictures_status_is_the_worst_of_its_digits(statuses: list[str], worst: str) -> None:
    assert a_reading(*(a_digit(status=status) for status in statuses)).status == worst


def test_a_pictures_confidence_is_that_the_whole_text_is_right() -> None:
    assert a_reading(a_digit(confidence=0.9), a_digit(confidence=0.5)).confidence == pytest.approx(0.45)
    assert a_reading().confidence is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"bbox": (5, 5, 5, 9)},
        {"bbox": (5, 9, 8, 9)},
        {"bbox": (-1, 0, 3, 3)},
        {"confidence": 1.5},
        {"confidence": -0.1},
        {"confidence": float("nan")},
        {"status": "blank"},
        {"status": "good"},
        {"probabilities": (1.0,)},
    ],
)
def test_a_digit_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        a_digit(**wrong)


def test_values_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        a_digit().confidence = 1.0  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        a_reading().text = "7"  # type: ignore[misc]


@given(
    st.builds(
        Reading,
        input=st.text(),
        page=st.integers(1, 99),
        size=st.tuples(st.integers(1, 9999), st.integers(1, 9999)),
        text=st.text("0123456789 .\n"),
        digits=st.lists(
            st.builds(
                Digit,
                digit=st.sampled_from([*"0123456789", None]),
                confidence=st.floats(0, 1),
                bbox=st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(10, 20), st.integers(10, 20)),
                status=st.sampled_from(["ok", "review", "rejected"]),
                probabilities=st.tuples(*[st.floats(0, 1)] * 11),
            ),
            max_size=3,
        ).map(tuple),
        model=st.text(),
    )
)
def test_every_reading_is_json_and_reads_back_equal(reading: Reading) -> None:
    record = reading.to_dict(probabilities=True)
    assert json.loads(json.dumps(record, allow_nan=False)) == record
