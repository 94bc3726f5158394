"""A list of known layers -> an ONNX graph from uint8 pictures to probabilities.

Flows in: Layer values with NumPy weights. Flows out: an onnx.ModelProto: "images" (N, 28, 28) uint8 ->
"probabilities" (N, classes) float32. Division by 255 and softmax are inside. Knows neither PyTorch nor Keras,
both of which are written down as these layers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tsifra.errors import ModelError

Array = NDArray[np.float32]
_OPSET = 17  # understood by every ONNX Runtime since 1.12


@dataclass(frozen=True, slots=True, eq=False)
class Conv:
    """weight: (out, in / groups, h, w); bias: (out,).

    pads: top, left, bottom, right; or "same" as Keras and TensorFlow have it: what makes the output as large as
    the input divided by the strides, more of it below and to the right.
    """

    weight: Array
    bias: Array
    pads: tuple[int, int, int, int] | Literal["same"]
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    groups: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """weight: (in, out); bias: (out,)."""

    weight: Array
    bias: Array


@dataclass(frozen=True, slots=True)
class Pool:
    """Maximum over size×size, stepped by as much."""

    size: int


@dataclass(frozen=True, slots=True, eq=False)
class Simple:
    """Any other operator of ONNX, such as "Relu", with its attributes and its inputs after the first."""

    operator: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    constants: tuple[NDArray[Any], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """Channels by factors 0…1 that their means tell: through `squeeze`, a rectifier, `excite` and a sigmoid."""

    squeeze: Dense
    excite: Dense


@dataclass(frozen=True, slots=True)
class Silu:
    """Values by their sigmoids."""


Layer = Conv | Dense | Pool | Simple | Gate | Silu


def to_onnx(layers: list[Layer], name: str) -> onnx.ModelProto:
    """Chain layers into a model that ONNX Runtime loads. Raises ModelError where ONNX's checker objects."""
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["floats", "scale"], ["scaled"]),
        helper.make_node("Unsqueeze", ["scaled", "channel"], ["v0"]),
    ]
    weights: dict[str, NDArray[Any]] = {"scale": np.float32(1 / 255), "channel": np.array([1], np.int64)}  # type: ignore[dict-item]
    names = [f"v{index}" for index in range(len(layers) + 1)]
    for index, (layer, (source, target)) in enumerate(zip(layers, pairwise(names), strict=True)):
        constants = _constants(layer)
        inputs = [source, *(f"c{index}.{number}" for number in range(len(constants)))]
        weights |= dict(zip(inputs[1:], constants, strict=True))
        nodes += _nodes(layer, inputs, target)
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
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ModelError(f"layers that do not fit together: {error}") from None
    return model


def _constants(layer: Layer) -> tuple[NDArray[Any], ...]:
    match layer:
        case Conv() | Dense():
            return layer.weight.astype(np.float32), layer.bias.astype(np.float32)
        case Gate():  # convolutions of one pixel, which need no other shape
            both = [(dense.weight.T[:, :, None, None], dense.bias) for dense in (layer.squeeze, layer.excite)]
            return tuple(value.astype(np.float32) for pair in both for value in pair)
        case Simple():
            return layer.constants
        case Pool() | Silu():
            return ()


def _nodes(layer: Layer, inputs: list[str], target: str) -> list[onnx.NodeProto]:
    match layer:
        case Conv():
            pads: dict[str, Any] = {"auto_pad": "SAME_UPPER"} if layer.pads == "same" else {"pads": layer.pads}
            steps: dict[str, Any] = {"strides": layer.strides, "dilations": layer.dilations, "group": layer.groups}
            return [helper.make_node("Conv", inputs, [target], **pads, **steps)]
        case Dense():
            return [helper.make_node("Gemm", inputs, [target])]
        case Pool():
            size = [layer.size, layer.size]
            return [helper.make_node("MaxPool", inputs, [target], kernel_shape=size, strides=size)]
        case Gate():
            source, squeeze, its_bias, excite, other_bias = inputs
            means, few, kept, told, factors = (f"{target}.{number}" for number in range(5))
            return [
                helper.make_node("GlobalAveragePool", [source], [means]),
                helper.make_node("Conv", [means, squeeze, its_bias], [few]),
                helper.make_node("Relu", [few], [kept]),
                helper.make_node("Conv", [kept, excite, other_bias], [told]),
                helper.make_node("Sigmoid", [told], [factors]),
                helper.make_node("Mul", [source, factors], [target]),
            ]
        case Silu():
            (source,), share = inputs, f"{target}.0"
            return [
                helper.make_node("Sigmoid", [source], [share]),
                helper.make_node("Mul", [source, share], [target]),
            ]
        case Simple():
            return [helper.make_node(layer.operator, inputs, [target], **layer.attributes)]
