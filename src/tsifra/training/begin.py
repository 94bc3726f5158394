"""A model that was exported -> a network with its weights, which goes on learning.

Flows in: a network of the same layers, the model, and some pictures. Flows out: the network, which answers as the model
does. The inverse of `export`.
"""

import math
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from tsifra.errors import ModelError
from tsifra.reading import NONE
from tsifra.training.net import Gate

_KEPT = 0.14  # root of the mean square of a convolution's weights, where steps and decay hold the balance

Pairs = list[tuple[Tensor, Tensor]]


def begin(net: nn.Sequential, model: Path, images: Tensor, classes: int, odds: float = 1.0) -> None:
    """Give `net` the weights of an exported network.

    images: (N, 1, 28, 28) float in 0…1, some thousand of those that are learned, bent as they are then. Normalizations,
    which the model has folded, begin with their means and deviations, and what that scales is taken back in the next
    layer where only a rectifier lies between, else by their own weights; those that are fixed at 1 take the model's
    deviations for 1, as training made them. The weights before them, of which any multiple gives the same, are as large
    as training keeps them, since its steps would turn smaller ones further. classes: outputs of the model. Where `net`
    has more, they and the model's last begin as equal parts of it: kinds of no digit. odds: how many times as likely as
    among what is learned no digit is to the model; to `net` it is as likely again.
    Raises ModelError for a model of other layers or outputs.
    """
    device = next(net.parameters()).device
    pairs = _weights(model, device)
    value = images.to(device)
    is_rectified = not any(isinstance(layer, nn.SiLU | Gate) for layer in net)
    whole = scale = small = torch.ones(1, device=device)
    shift = torch.zeros(0, device=device)
    with torch.no_grad():
        for layer in net.eval():
            match layer:
                case nn.Conv2d():
                    weight, shift = _next(pairs, layer.weight.shape, model)
                    layer.weight.copy_(weight * scale[:, None, None])
                    scale = whole
                    if layer.bias is not None:
                        layer.bias.copy_(shift)
                    else:
                        small = (layer.weight.square().mean().sqrt() / _KEPT).clamp(1e-6, 1)
                        layer.weight.div_(small)
                case nn.BatchNorm2d():
                    variance, mean = torch.var_mean(value, (0, 2, 3))
                    if not (is_rectified or layer.weight.requires_grad):
                        variance = torch.full_like(variance, 1 / small.item() ** 2 - layer.eps)
                    deviation = (variance + layer.eps).sqrt()
                    layer.running_mean, layer.running_var = mean, variance
                    if is_rectified:
                        scale = deviation * small
                    else:
                        layer.weight.copy_(deviation * small)
                    layer.bias.copy_((shift + small * mean) / scale)
                case Gate():
                    for dense in (layer.squeeze, layer.excite):
                        weight, bias = _next(pairs, (*dense.weight.shape, 1, 1), model)
                        dense.weight.copy_(weight[:, :, 0, 0])
                        dense.bias.copy_(bias)
                case nn.Linear():
                    weight, bias = _next(pairs, None, model)
                    if not pairs:
                        if len(bias) != classes:
                            raise ModelError(f"{model}: has {len(bias)} outputs, the recipe's network {classes}")
                        weight, bias = _apart(weight, bias, layer.out_features)
                    if weight.shape != layer.weight.shape:
                        raise _other(model)
                    layer.weight.copy_(weight * scale.repeat_interleave(layer.in_features // len(scale)))
                    layer.bias.copy_(bias)
                    if layer is net[-1]:
                        layer.bias[NONE:] -= math.log(odds)
                    scale = whole
            value = layer(value)


def _weights(model: Path, device: torch.device) -> Pairs:
    """Weights and biases of the layers that have some, in their order, as PyTorch has them."""
    graph = onnx.load(model).graph
    constants = {each.name: torch.tensor(numpy_helper.to_array(each), device=device) for each in graph.initializer}
    pairs = []
    for node in graph.node:
        if node.op_type in ("Conv", "Gemm") and len(node.input) == 3 and {*node.input[1:]} <= constants.keys():
            weight, bias = (constants[name] for name in node.input[1:])
            pairs.append((weight.T if node.op_type == "Gemm" else weight, bias))
    return pairs


def _next(pairs: Pairs, shape: Any, model: Path) -> tuple[Tensor, Tensor]:
    if not pairs or (shape is not None and pairs[0][0].shape != shape):
        raise _other(model)
    return pairs.pop(0)


def _apart(weight: Tensor, bias: Tensor, outputs: int) -> tuple[Tensor, Tensor]:
    """A dense layer whose last output is in as many equal parts as give so many outputs."""
    parts = outputs - len(bias) + 1
    if parts < 2:
        return weight, bias
    shared = bias[-1:] - math.log(parts)
    return torch.cat((weight[:-1], weight[-1:].repeat(parts, 1))), torch.cat((bias[:-1], shared.repeat(parts)))


def _other(model: Path) -> ModelError:
    return ModelError(f"{model}: has other layers or outputs than a network of the recipe, to begin or to teach it")
