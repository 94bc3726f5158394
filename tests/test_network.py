"""Networks from elsewhere are read with, whatever usual layout they have."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from conftest import CommandLine
from tsifra.classifier import Classifier
from tsifra.errors import ModelError
from tsifra.network import Network

RANDOM = np.random.default_rng(0)
WEIGHT = RANDOM.normal(0, 0.1, (784, 10)).astype(np.float32)
IMAGES = RANDOM.integers(0, 256, (7, 28, 28), np.uint8)
ANSWERS = np.exp(logits := IMAGES.reshape(7, 784) / np.float32(255) @ WEIGHT) / np.exp(logits).sum(1, keepdims=True)


def linear(shape: tuple[Any, ...], kind: int, softmax: str | None, outputs: int = 1) -> bytes:
    """A network of one layer that takes `shape`."""
    scale = np.float32(1 / 255 if kind == TensorProto.UINT8 else 1)
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["floats", "scale"], ["scaled"]),
        helper.make_node("Flatten", ["scaled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["logits"]),
        helper.make_node(softmax or "Identity", ["logits"], ["answer"]),
    ]
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("images", kind, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 10]) for name in ("answer", "logits")[:outputs]],
        [numpy_helper.from_array(np.asarray(scale), "scale"), numpy_helper.from_array(WEIGHT, "weight")],
    )
    opsets = [helper.make_opsetid("", 17)]
    made: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    return made


@pytest.mark.parametrize("softmax", ["Softmax", None, "LogSoftmax"])
@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.UINT8])
@pytest.mark.parametrize("batch", ["N", None, 1, 3, 16])
@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28), (28, 28, 1), (784,)])
def test_every_usual_layout_gives_the_same_answers(
    shape: tuple[int, ...], batch: int | str | None, kind: int, softmax: str | None
) -> None:
    network = Network(linear((batch, *shape), kind, softmax), "linear")
    np.testing.assert_allclose(network(IMAGES), ANSWERS, atol=1e-5)
    signature = network.signature
    assert (signature.shape, signature.batch) == (shape, batch if isinstance(batch, int) else None)
    assert signature.answer == ("probabilities" if softmax == "Softmax" else "logits")


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (linear(("N", 7, 4, 28), TensorProto.FLOAT, None), r"7, 4, 28.*wanted are"),
        (linear(("N", 14, 56), TensorProto.FLOAT, None), r"14, 56.*wanted are"),
        (linear(("N", "C", 28, 28), TensorProto.FLOAT, None), r"'C'.*wanted are"),
        (linear(("N", 28, 28), TensorProto.DOUBLE, None), r"double.*wanted are"),
        (linear(("N", 28, 28), TensorProto.FLOAT, None, outputs=2), "2 outputs"),
        (b"", "not a network"),
        (b"PK\x03\x04", "not a network"),
    ],
)
def test_others_are_refused_with_what_is_wanted(data: bytes, complaint: str) -> None:
    with pytest.raises(ModelError, match=f"other.onnx: .*{complaint}"):
        Network(data, "other.onnx")


def test_an_onnx_file_alone_is_a_model_and_info_states_its_layout(tsifra: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "linear.onnx"
    path.write_bytes(linear((1, 1, 28, 28), TensorProto.FLOAT, None))
    said = Classifier(path)(IMAGES)
    np.testing.assert_allclose(said[:, :10], ANSWERS, atol=1e-5)
    assert (said[:, 10] == 0).all()
    ran = tsifra("info", "--model", path)
    assert ran.code == 0
    assert "network takes float32 (1, 1, 28, 28), gives 10 logits" in ran.out
