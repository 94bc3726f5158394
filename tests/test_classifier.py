"""Models that load, models that must not, and what comes out of them."""

import hashlib
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawing import DIGITS, digit
from tsifra import LABELS, ModelError, Reader
from tsifra.classifier import Classifier
from tsifra.normalize import normalize

DRAWN = np.stack([normalize(digit(label)).pixels for label in DIGITS])


@pytest.fixture(scope="module")
def shipped() -> Classifier:
    return Classifier()


def test_the_shipped_network_knows_drawn_digits(shipped: Classifier) -> None:
    assert [LABELS[best] for best in shipped(DRAWN).argmax(axis=1)] == list(DIGITS)


def test_rows_are_probabilities_of_eleven_labels(shipped: Classifier) -> None:
    rows = shipped(DRAWN)
    assert rows.shape == (10, 11)
    assert rows.min() >= 0
    assert rows.sum(axis=1) == pytest.approx(np.ones(10), abs=1e-5)


def test_an_answer_does_not_depend_on_the_batch(shipped: Classifier) -> None:
    together = shipped(DRAWN)
    alone = np.concatenate([shipped(DRAWN[k : k + 1]) for k in range(10)])
    assert together == pytest.approx(alone, abs=1e-5)


def test_the_card_belongs_to_the_network(shipped: Classifier) -> None:
    weights = Path(__file__).parents[1] / "src" / "tsifra" / "weights"
    assert shipped.card.sha256 == hashlib.sha256((weights / "model.onnx").read_bytes()).hexdigest()
    assert shipped.card.document["name"] == shipped.card.name
    assert 0.5 < shipped.card.accept <= 1


def change_card(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    card = json.loads((folder / "model.json").read_text("utf-8"))
    change(card)
    (folder / "model.json").write_text(json.dumps(card), "utf-8")


def test_temperature_changes_how_sure_and_not_what(weights: Path, shipped: Classifier) -> None:
    change_card(weights, lambda card: card["calibration"].update(temperature=3 * shipped.card.temperature))
    cooler, usual = Classifier(weights)(DRAWN), shipped(DRAWN)
    assert (cooler.argmax(axis=1) == usual.argmax(axis=1)).all()
    assert (cooler.max(axis=1) < usual.max(axis=1)).all()
    assert cooler.sum(axis=1) == pytest.approx(np.ones(10), abs=1e-5)


def test_a_model_folder_of_ones_own_is_read_with(weights: Path) -> None:
    change_card(weights, lambda card: card.update(name="mine"))
    reading = Reader(weights).read_one(digit("4"))
    assert (reading.text, reading.model) == ("4", "mine")


def remove_network(folder: Path) -> None:
    (folder / "model.onnx").unlink()


def remove_card(folder: Path) -> None:
    (folder / "model.json").unlink()


def swap_network(folder: Path) -> None:
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes() + b"\0")


def write_no_json(folder: Path) -> None:
    (folder / "model.json").write_text("name: tsifra", "utf-8")


def write_another_json(folder: Path) -> None:
    (folder / "model.json").write_text("[1, 2]", "utf-8")


def write_no_text(folder: Path) -> None:
    (folder / "model.json").write_bytes(b"\xff\xfe\0")


def lose_thresholds(folder: Path) -> None:
    change_card(folder, lambda card: card.pop("thresholds"))


def freeze(folder: Path) -> None:
    change_card(folder, lambda card: card["calibration"].update(temperature=0))


def accept_more_than_all(folder: Path) -> None:
    change_card(folder, lambda card: card["thresholds"].update(accept=1.5))


def write_network(folder: Path, data: bytes) -> None:
    (folder / "model.onnx").write_bytes(data)
    change_card(folder, lambda card: card.update(sha256=hashlib.sha256(data).hexdigest()))


def write_no_network(folder: Path) -> None:
    write_network(folder, b"not a network")


def write_pickle(folder: Path) -> None:
    # What PyTorch saves; loading one would run whatever code is in it.
    write_network(folder, pickle.dumps(print))


def cut_network(folder: Path) -> None:
    write_network(folder, (folder / "model.onnx").read_bytes()[:1000])


@pytest.mark.parametrize(
    "spoil",
    [
        *(remove_network, remove_card, swap_network, write_no_json, write_another_json, write_no_text),
        *(lose_thresholds, freeze, accept_more_than_all, write_no_network, write_pickle, cut_network),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_by_name(weights: Path, spoil: Callable[[Path], None]) -> None:
    spoil(weights)
    with pytest.raises(ModelError, match="weights"):
        Reader(weights)


def test_a_folder_without_a_model_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        Reader(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("shape", "classes", "fits"),
    [
        (("N", 28, 28), 11, True),
        (("N", 28, 28), 10, True),
        (("N", 28, 28), 26, False),
        (("N", 32, 32), 11, False),
        (("N", 3, 28, 28), 11, False),
    ],
)
def test_only_networks_from_28_by_28_to_10_or_11_are_taken(
    weights: Path, shape: tuple[str | int, ...], classes: int, fits: bool
) -> None:
    write_network(weights, constant_network(shape, [1 / classes] * classes))
    if fits:
        assert Classifier(weights)(DRAWN).shape == (10, 11)
    else:
        with pytest.raises(ModelError, match="wanted"):
            Classifier(weights)


def test_what_is_likelier_no_digit_is_rejected(weights: Path) -> None:
    write_network(weights, constant_network(("N", 28, 28), [0.01] * 10 + [0.9]))
    change_card(weights, lambda card: card["calibration"].update(temperature=1))
    reading = Reader(weights).read_one(digit("4"))
    assert (reading.text, reading.status) == ("", "rejected")
    assert reading.confidence == pytest.approx(0.9)
    assert reading.digits[0].digit is None
    assert reading.to_dict()["digits"][0]["digit"] is None


def constant_network(shape: tuple[str | int, ...], answer: list[float]) -> bytes:
    """A network that says the same of every picture."""
    from onnx import TensorProto, helper

    pixels = int(np.prod([side for side in shape if isinstance(side, int)]))
    zeros = helper.make_tensor("zeros", TensorProto.FLOAT, (pixels, len(answer)), [0.0] * (pixels * len(answer)))
    said = helper.make_tensor("said", TensorProto.FLOAT, (len(answer),), answer)
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["images"], ["float"], to=TensorProto.FLOAT),
            helper.make_node("Flatten", ["float"], ["flat"]),
            helper.make_node("MatMul", ["flat", "zeros"], ["nothing"]),
            helper.make_node("Add", ["nothing", "said"], ["probabilities"]),
        ],
        "constant",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ("N", len(answer)))],
        [zeros, said],
    )
    made: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    ).SerializeToString()
    return made
