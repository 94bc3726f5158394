"""What is promised about the error holds."""

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from conftest import CommandLine
from drawing import digit
from tsifra import ModelError, Reader
from tsifra.calibration import clopper_pearson, promise_of, promises


@pytest.mark.parametrize(("wrong", "count"), [(0, 300), (0, 59), (3, 100), (50, 1000)])
def test_the_bound_is_clopper_and_pearsons(wrong: int, count: int) -> None:
    share = Fraction(clopper_pearson(wrong, count))
    at_most = sum(math.comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(wrong + 1))
    assert float(at_most) == pytest.approx(0.05, rel=1e-6)
    assert clopper_pearson(count, count) == 1


@given(st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_looser_thresholds_accept_more_and_promise_no_less(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sure = rng.uniform(0.3, 1, count)
    truth = rng.integers(0, 11, count)
    answers = np.where(rng.random(count) < sure, truth, rng.integers(0, 11, count))
    kept = promises(answers, sure, truth)
    assert [promise.threshold for promise in kept] == sorted((promise.threshold for promise in kept), reverse=True)
    assert [promise.error for promise in kept] == sorted(promise.error for promise in kept)
    for promise in kept:
        taken = (answers < 10) & (sure >= promise.threshold)
        assert (answers[taken] != truth[taken]).mean() <= promise.error


def test_the_promise_holds_on_other_pictures() -> None:
    rng = np.random.default_rng(0)

    def drawn(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        sure = 1 - rng.uniform(0, 1, count) ** 4 / 2
        truth = rng.integers(0, 10, count)
        return np.where(rng.random(count) < sure, truth, (truth + 1) % 10), sure, truth

    broken = 0
    for _ in range(40):
        promise = promise_of(promises(*drawn(2000)), 0.02)
        answers, sure, truth = drawn(20_000)
        taken = sure >= promise.threshold
        broken += (answers[taken] != truth[taken]).mean() > 0.02
    assert broken <= 6, "one in twenty may be"


def test_what_the_data_cannot_support_is_refused_with_what_they_can() -> None:
    right = np.zeros(100, int)
    kept = promises(right, np.ones(100), right)
    assert promise_of(kept, 0.03).accepted == 1
    with pytest.raises(ValueError, match=r"0\.100% cannot be promised; the least is 2\.95"):
        promise_of(kept, 0.001)
    with pytest.raises(ValueError, match="not calibrated"):
        promise_of([], 0.5)


def test_a_reader_keeps_to_the_error_that_is_asked_for(reader: Reader) -> None:
    strict = Reader(max_error=reader.card.promises[0].error)
    assert strict.card.accept_at(strict.card.promises[0].error) >= reader.card.accept
    with pytest.raises(ModelError, match=r"cannot be promised; the least is .* calibrate"):
        Reader(max_error=1e-9)


def test_calibrate_learns_from_ones_own_files(tsifra: CommandLine, tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    for label in "0123456789":
        (scans / label).mkdir(parents=True)
        for side in range(60, 120, 3):
            Image.fromarray(digit(label, side)).save(scans / label / f"{side}.png")
    (scans / "-").mkdir()
    Image.fromarray(digit("4")).save(scans / "-" / "looks-like-4.png")  # accepted, and none of the digits
    ran = tsifra("calibrate", scans, "--max-error", "0.1", "--out", tmp_path / "own")
    assert ran.code == 0, ran.err
    assert "of accepted answers wrong" in ran.out
    card = json.loads((tmp_path / "own" / "model.json").read_text())
    assert card["thresholds"]["max_error"] == 0.1
    assert card["calibration"]["data"] == f"{scans}, 201 files"
    picture = scans / "4" / "60.png"
    assert tsifra("read", "--one", "--model", tmp_path / "own", "--max-error", "0.1", picture).code == 0
    assert max(accepted for _, _, accepted in card["calibration"]["promises"]) <= 1
    assert not ran.err
    (scans / "3" / "notes.png").write_text("no picture")
    damaged = tsifra("calibrate", scans, "--max-error", "0.1")
    assert damaged.code == 0
    assert "notes.png" in damaged.err
    assert "1 of 202 files could not be read" in damaged.err
    refused = tsifra("calibrate", scans, "--max-error", "0.0001", "--out", tmp_path / "never")
    assert refused.code == 2
    assert "cannot be promised; the least is" in refused.err
    assert not (tmp_path / "never").exists()
    assert "nan is no number" in tsifra("calibrate", scans, "--max-error", "nan").err
