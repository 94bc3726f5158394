"""Keras's layers -> ONNX's.

Flows in: Described layers. Flows out: `graph`'s layers. Channels come last in Keras and first in ONNX: between
layers, pictures are (N, channels, H, W) here, and are turned where Keras makes one row of them.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsifra.convert.saved import Described
from tsifra.errors import ModelError
from tsifra.normalize import SIDE
from tsifra.training.graph import Conv, Dense, Layer, Simple

_RAW_BELOW = 0.05  # a Rescaling by less than this expects 0…255
_ACTIVATIONS: dict[str, Simple | None] = {
    "linear": None,
    "relu": Simple("Relu"),
    "tanh": Simple("Tanh"),
    "sigmoid": Simple("Sigmoid"),
    "softmax": Simple("Softmax", {"axis": 1}),
    "elu": Simple("Elu"),
    "selu": Simple("Selu"),
    "softplus": Simple("Softplus"),
    "leaky_relu": Simple("LeakyRelu", {"alpha": 0.2}),
}
_ONLY_IN_TRAINING = ("Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "ActivityRegularization")
_POOLS = {"MaxPooling2D": "MaxPool", "AveragePooling2D": "AveragePool"}
_GLOBAL_POOLS = {"GlobalMaxPooling2D": "GlobalMaxPool", "GlobalAveragePooling2D": "GlobalAveragePool"}

_KNOWN = (
    *("InputLayer", "Conv2D", "Dense", "BatchNormalization", "Activation", "ReLU", "LeakyReLU", "Softmax"),
    *("Flatten", "Reshape", "Rescaling", "ZeroPadding2D", *_POOLS, *_GLOBAL_POOLS, *_ONLY_IN_TRAINING),
)


def translated(described: list[Described]) -> Iterator[Layer]:
    """All layers in ONNX's terms, without the softmax that `to_onnx` puts at the end."""
    layers: list[Layer] = []
    shape: tuple[int, ...] = (SIDE, SIDE, 1)
    for number, layer in enumerate(described):
        given = layer.config.get("batch_shape") or layer.config.get("batch_input_shape")
        if number == 0 and given:
            shape = _checked_input(tuple(given[1:]))
            if len(shape) == 1:
                layers.append(Simple("Flatten"))
        try:
            made, shape = _translated(layer, shape)
        except (ModelError, KeyError, ValueError, IndexError) as error:
            name = layer.config.get("name", "without a name")
            raise ModelError(f"layer {number + 1}, {layer.kind} {name!r}: {error}") from None
        layers += made
    match layers[-1:]:
        case [Simple(operator="Softmax")]:
            layers.pop()
        case [Dense()] | [Simple(operator="Flatten" | "GlobalAveragePool" | "GlobalMaxPool")]:
            pass  # logits, which the network's loss was told of
        case _:
            raise ModelError("ends in neither a softmax nor a layer without activation, so it gives no probabilities")
    yield from layers


def _checked_input(shape: tuple[Any, ...]) -> tuple[int, ...]:
    wanted = [(SIDE, SIDE, 1), (SIDE, SIDE), (SIDE * SIDE,)]
    if shape not in wanted:
        raise ModelError(f"takes pictures of shape {shape}; one of {', '.join(map(str, wanted))} is wanted")
    return shape


def _translated(layer: Described, shape: tuple[int, ...]) -> tuple[list[Layer], tuple[int, ...]]:
    """A layer in ONNX's terms, and the shape that Keras's has after it; of (H, W, C) or (n,)."""
    config = layer.config
    if config.get("data_format", "channels_last") != "channels_last":
        raise ModelError("has its channels first, which is not known here")
    match layer.kind:
        case "InputLayer":
            return [], shape
        case kind if kind in _ONLY_IN_TRAINING:
            return [], shape
        case "Conv2D":
            return _convolution(layer, shape)
        case "Dense":
            (size,) = shape
            kernel, bias = _kernel_and_bias(layer)
            if kernel.shape[0] != size:
                raise ModelError(f"takes {kernel.shape[0]} numbers and is given {size}")
            return [Dense(kernel, bias), *_activation(config["activation"])], kernel.shape[1:]
        case "BatchNormalization":
            return [*_normalization(layer, shape)], shape
        case "Activation":
            return _activation(config["activation"]), shape
        case "ReLU":
            if config.get("max_value") is not None or config.get("negative_slope") or config.get("threshold"):
                raise ModelError("is no plain ReLU")
            return [Simple("Relu")], shape
        case "LeakyReLU":
            slope = config.get("negative_slope", config.get("alpha", 0.3))
            return [Simple("LeakyRelu", {"alpha": float(np.asarray(_value(slope)))})], shape
        case "Softmax":
            return _activation("softmax"), shape
        case "Flatten":
            return _flattened(shape)
        case "Reshape":
            return _reshaped(shape, tuple(config["target_shape"]))
        case "Rescaling":
            return _rescaled(config), shape
        case "ZeroPadding2D":
            (top, bottom), (left, right) = config["padding"]
            pads = np.array([0, 0, top, left, 0, 0, bottom, right], np.int64)
            height, width, channels = shape
            return [Simple("Pad", {}, (pads,))], (height + top + bottom, width + left + right, channels)
        case kind if kind in _POOLS:
            window, strides = _pair(config["pool_size"]), _pair(config["strides"] or config["pool_size"])
            same = config["padding"] == "same"
            attributes = {"kernel_shape": window, "strides": strides, "auto_pad": "SAME_UPPER" if same else "VALID"}
            return [Simple(_POOLS[kind], attributes)], (*_places(shape, window, strides, same), shape[2])
        case kind if kind in _GLOBAL_POOLS:
            if config.get("keepdims"):
                return [Simple(_GLOBAL_POOLS[kind])], (1, 1, shape[2])
            return [Simple(_GLOBAL_POOLS[kind]), Simple("Flatten")], shape[2:]
        case _:
            raise ModelError(f"is of a kind that is not known; known are {', '.join(_KNOWN)}")


def _convolution(layer: Described, shape: tuple[int, ...]) -> tuple[list[Layer], tuple[int, ...]]:
    config = layer.config
    kernel, bias = _kernel_and_bias(layer)  # (h, w, in, out)
    strides, dilations = _pair(config["strides"]), _pair(config.get("dilation_rate", 1))
    groups, same = int(config.get("groups") or 1), config["padding"] == "same"
    if len(shape) != 3 or kernel.shape[2] * groups != shape[2]:
        raise ModelError(f"takes {kernel.shape[2] * groups} channels and is given {shape}")
    window = ((kernel.shape[0] - 1) * dilations[0] + 1, (kernel.shape[1] - 1) * dilations[1] + 1)
    weight = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
    convolution = Conv(weight, bias, "same" if same else (0, 0, 0, 0), strides, dilations, groups)
    sides = _places(shape, window, strides, same)
    return [convolution, *_activation(config["activation"])], (*sides, kernel.shape[3])


def _kernel_and_bias(layer: Described) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    kernel, *biases = layer.weights
    if len(biases) != bool(layer.config.get("use_bias", True)):
        raise ModelError(f"has {len(layer.weights)} arrays of weights")
    return kernel, biases[0] if biases else np.zeros(kernel.shape[-1], np.float32)


def _normalization(layer: Described, shape: tuple[int, ...]) -> Iterator[Layer]:
    config = layer.config
    axis = np.ravel(config["axis"]).tolist()
    if axis not in ([-1], [len(shape)]):
        raise ModelError(f"normalizes axis {axis}, only the channels are known")
    values = iter(layer.weights)
    gain = next(values) if config.get("scale", True) else np.float32(1)
    shift = next(values) if config.get("center", True) else np.float32(0)
    mean, variance = values
    gain = gain / np.sqrt(variance + config["epsilon"])
    sides = (-1, *(1,) * (len(shape) - 1))
    yield Simple("Mul", {}, (np.asarray(gain, np.float32).reshape(sides),))
    yield Simple("Add", {}, (np.asarray(shift - mean * gain, np.float32).reshape(sides),))


def _activation(name: Any) -> list[Layer]:
    name = name or "linear"
    if not isinstance(name, str) or name not in _ACTIVATIONS:
        raise ModelError(f"has the activation {name!r}; known are {', '.join(_ACTIVATIONS)}")
    known = _ACTIVATIONS[name]
    return [] if known is None else [known]


def _flattened(shape: tuple[int, ...]) -> tuple[list[Layer], tuple[int, ...]]:
    turned: list[Layer] = [Simple("Transpose", {"perm": [0, 2, 3, 1]})] if len(shape) == 3 and shape[2] > 1 else []
    return [*turned, Simple("Flatten")], (math.prod(shape),)


def _reshaped(shape: tuple[int, ...], target: tuple[int, ...]) -> tuple[list[Layer], tuple[int, ...]]:
    rest = math.prod(side for side in target if side != -1)
    target = tuple(math.prod(shape) // rest if side == -1 else side for side in target)
    if math.prod(target) != math.prod(shape):
        raise ModelError(f"makes {target} of {shape}")
    flat, _ = _flattened(shape)
    if len(target) == 1:
        return flat, target
    # (H, W) is (H, W, 1) here.
    height, width, channels = (*target, 1)[:3]
    sides = Simple("Reshape", {}, (np.array([0, height, width, channels], np.int64),))
    return [*flat, sides, Simple("Transpose", {"perm": [0, 3, 1, 2]})], target


def _rescaled(config: Mapping[str, Any]) -> list[Layer]:
    scale, offset = (np.asarray(_value(config[name]), np.float32) for name in ("scale", "offset"))
    if scale.size != 1 or offset.size != 1:
        raise ModelError("has a scale for each channel")
    whole = 255 if abs(float(scale)) < _RAW_BELOW else 1  # the graph has divided by it
    return [Simple("Mul", {}, (scale.reshape(()) * np.float32(whole),)), Simple("Add", {}, (offset.reshape(()),))]


def _value(number: Any) -> Any:
    """A number, which Keras may wrap as {"class_name": "__numpy__", "config": {"value": …}}."""
    return number["config"]["value"] if isinstance(number, dict) else number


def _pair(sides: Any) -> tuple[int, int]:
    first, second = sides if isinstance(sides, list | tuple) else (sides, sides)
    return int(first), int(second)


def _places(shape: tuple[int, ...], window: tuple[int, int], strides: tuple[int, int], same: bool) -> tuple[int, int]:
    """Rows and columns that a window has places in; with "same", it may reach over the edge."""
    rows, columns = (
        -(-shape[axis] // strides[axis]) if same else (shape[axis] - window[axis]) // strides[axis] + 1
        for axis in (0, 1)
    )
    return rows, columns
