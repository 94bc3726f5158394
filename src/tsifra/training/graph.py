"""A list of known layers -> an ONNX graph from uint8 pictures to probabilities.

Flows in: Layer values with NumPy weights. Flows out: an onnx.ModelProto: "images" (N, 28, 28) uint8 ->
"probabilities" (N, classes) float32. Division by 255 and softmax are inside. Knows neither PyTorch nor Keras,
both of which are written down as these layers.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[np.float32]
_OPSET = 17  # understood by every ONNX Runtime since 1.12


@dataclass(frozen=True, slots=True, eq=False)
class Conv:
    """weight: (out, in, h, w); bias: (out,); pads: top, left, bottom, right."""

    weight: Array
    bias: Array
    pads: tuple[int, int, int, int]
    strides: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """weight: (in, out); bias: (out,). The last one gives logits."""

    weight: Array
    bias: Array


@dataclass(frozen=True, slots=True)
class Pool:
    """Maximum over size×size, stepped by as much."""

    size: int


@dataclass(frozen=True, slots=True)
class Simple:
    """A layer without numbers: "Relu" or "Flatten"."""

    operator: str


Layer = Conv | Dense | Pool | Simple


def to_onnx(layers: list[Layer], name: str) -> onnx.ModelProto:
    """Chain layers into a model that ONNX Runtime loads; checked by ONNX's own checker."""
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["floats", "scale"], ["scaled"]),
        helper.make_node("Unsqueeze", ["scaled", "channel"], ["v0"]),
    ]
    weights: dict[str, NDArray[Any]] = {"scale": np.float32(1 / 255), "channel": np.array([1], np.int64)}  # type: ignore[dict-item]
    names = [f"v{index}" for index in range(len(layers) + 1)]
    for index, (layer, (source, target)) in enumerate(zip(layers, pairwise(names), strict=True)):
        inputs = [source]
        if isinstance(layer, Conv | Dense):
            inputs += [f"w{index}", f"b{index}"]
            weights |= {inputs[1]: layer.weight.astype(np.float32), inputs[2]: layer.bias.astype(np.float32)}
        nodes.append(_node(layer, inputs, target))
    nodes.append(helper.make_node("Softmax", [names[-1]], ["probabilities"], axis=1))
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", 28, 28])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", None])],
        [numpy_helper.from_array(np.ascontiguousarray(value), key) for key, value in weights.items()],
    )
    opsets = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, producer_name="tsifra", opset_imports=opsets, ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def _node(layer: Layer, inputs: list[str], target: str) -> onnx.NodeProto:
    match layer:
        case Conv():
            return helper.make_node("Conv", inputs, [target], pads=list(layer.pads), strides=list(layer.strides))
        case Dense():
            return helper.make_node("Gemm", inputs, [target])
        case Pool():
            size = [layer.size, layer.size]
            return helper.make_node("MaxPool", inputs, [target], kernel_shape=size, strides=size)
        case Simple():
            return helper.make_node(layer.operator, inputs, [target])
