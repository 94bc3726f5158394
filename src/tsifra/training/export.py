"""A trained network -> a model folder: model.onnx and model.json, which travel together.

Flows in: a Sequential of `net`'s layers and what is known of how it came about. Flows out: two files, both whole
or neither. Fails where PyTorch and ONNX Runtime disagree.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import nn

from tsifra.errors import ModelError
from tsifra.output import write_model
from tsifra.training import graph
from tsifra.training.graph import Conv, Dense, Layer, Pool, Silu, Simple, to_onnx
from tsifra.training.net import Gate, Merged

_TOLERANCE = 1e-4


def save_model(net: nn.Sequential, folder: Path, card: dict[str, Any]) -> None:
    """Write `net` as a model folder; `card` is model.json but for the hash and the size.

    Raises ModelError where ONNX Runtime's answers differ from PyTorch's by more than 1e-4.
    """
    data = to_onnx(layers_of(net), card["name"]).SerializeToString()
    _compare(net, data)
    write_model(folder, data, card)


def layers_of(net: nn.Sequential) -> list[Layer]:
    """The layers of a network with batch normalization folded into the convolutions before it."""
    layers: list[Layer] = []
    for layer in net.eval().cpu():
        match layer:
            case nn.Conv2d():
                bias: Any = np.zeros(layer.out_channels) if layer.bias is None else _numpy(layer.bias)
                side = layer.kernel_size[0]
                pads = ((side - 1) // 2,) * 2 + (side // 2,) * 2 if layer.padding == "same" else (0, 0, 0, 0)
                layers.append(Conv(_numpy(layer.weight), bias, pads, (layer.stride[0], layer.stride[1])))
            case nn.BatchNorm2d():
                pooled = [layers.pop()] if isinstance(layers[-1], Pool) else []
                before = layers.pop()
                if not isinstance(before, Conv):
                    raise ModelError("a normalization can be folded only into a convolution before it")
                gain = _numpy(layer.weight) / np.sqrt(_numpy(layer.running_var) + layer.eps)
                shifted = (before.bias - _numpy(layer.running_mean)) * gain + _numpy(layer.bias)
                if pooled and (gain <= 0).any():
                    raise ModelError(
                        "a normalization after a pooling can be folded only where its weights are positive"
                    )
                folded = Conv(before.weight * gain[:, None, None, None], shifted, before.pads, before.strides)
                layers += [folded, *pooled]
            case nn.Linear():
                layers.append(_dense(layer))
            case Gate():
                layers.append(graph.Gate(_dense(layer.squeeze), _dense(layer.excite)))
            case nn.SiLU():
                layers.append(Silu())
            case nn.MaxPool2d():
                layers.append(Pool(layer.kernel_size if isinstance(layer.kernel_size, int) else layer.kernel_size[0]))
            case nn.ReLU():
                layers.append(Simple("Relu"))
            case nn.Flatten():
                layers.append(Simple("Flatten"))
            case Merged():
                last = layers[-1]
                if not isinstance(last, Dense):
                    raise ModelError("outputs can be merged only right after a dense layer")
                sums = np.eye(max(layer.outputs) + 1, dtype=np.float32)[list(layer.outputs)]
                added = Dense(sums, np.zeros(sums.shape[1], np.float32))
                layers += [Simple("Softmax", {"axis": 1}), added, Simple("Log")]
            case _:
                raise ModelError(f"no ONNX form is known for a layer {layer}")
    return layers


def _dense(layer: nn.Linear) -> Dense:
    return Dense(_numpy(layer.weight).T, _numpy(layer.bias))


def _numpy(tensor: Any) -> Any:
    return tensor.detach().double().numpy()


def _compare(net: nn.Sequential, data: bytes) -> None:
    images = np.random.default_rng(0).integers(0, 256, (64, 28, 28), np.uint8)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (theirs,) = session.run(None, {"images": images})
    with torch.inference_mode():
        ours = net.eval()(torch.from_numpy(images)[:, None].float() / 255).softmax(1).numpy()
    difference = float(np.abs(ours - theirs).max())
    if difference > _TOLERANCE:
        raise ModelError(f"ONNX Runtime's probabilities differ from PyTorch's by {difference:.2g}")
