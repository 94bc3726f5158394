"""Networks, each a list that reads from top to bottom.

Flows in: (N, 1, 28, 28) float in 0…1. Flows out: (N, classes) logits. Knows nothing of data or training.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def tutorial(classes: int = 10) -> nn.Sequential:
    """The Keras tutorial's network: 3,274,634 parameters, initialized as Keras does it (Glorot and Bengio 2010).

    It pools before it rectifies, which gives the same numbers and gradients for a quarter of the work.
    """
    net = nn.Sequential(
        nn.Conv2d(1, 32, 5, padding="same"),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(32, 64, 5, padding="same"),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(3136, 1024),
        nn.ReLU(),
        nn.Linear(1024, classes),
    )
    for layer in net:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return net


def gated(classes: int = 10) -> nn.Sequential:
    """What the package carries: 7.0 million multiplications a picture, 408,000 parameters.

    `small` with smoother activations (Elfwing et al. 2018) and with gates where they cost next to nothing.
    """
    return _gated((16, 32, 48, 64, 96), 120, classes)


def broad(classes: int = 10) -> nn.Sequential:
    """`gated` with four times the channels, to teach it: 108 million multiplications, 6.4 million parameters."""
    return _gated((64, 128, 192, 256, 384), 480, classes)


def small(classes: int = 10) -> nn.Sequential:
    """What reads MNIST alone: 7.0 million multiplications a picture, 411,000 parameters.

    Widths are multiples of 16, the floats that a 512-bit register holds. Pools before it normalizes, which trains
    faster. The last convolution leaves the border out, which is cheaper than a third pooling and keeps more.
    """
    return nn.Sequential(
        *_conv(1, 16, 5, pool=True),
        *_conv(16, 32, 3),
        *_conv(32, 48, 3, pool=True),
        *_conv(48, 64, 3),
        *_conv(64, 96, 3, pad=False),
        nn.Flatten(),
        nn.Linear(2400, 128),
        nn.ReLU(),
        nn.Linear(128, classes),
    )


def quick(classes: int = 10) -> nn.Sequential:
    """As little as reads 99.3%: 2.1 million multiplications."""
    return nn.Sequential(
        *_conv(1, 16, 5, pool=True),
        *_conv(16, 32, 3, pool=True),
        *_conv(32, 64, 3, pool=True),
        nn.Flatten(),
        nn.Linear(576, classes),
    )


def wide(classes: int = 10) -> nn.Sequential:
    """`small` with twice the channels: 22.7 million multiplications, 430,000 parameters."""
    return nn.Sequential(
        *_conv(1, 32, 5, pool=True),
        *_conv(32, 64, 3),
        *_conv(64, 64, 3, pool=True),
        *_conv(64, 128, 3),
        *_conv(128, 128, 3, pool=True),
        nn.Flatten(),
        nn.Linear(1152, 128),
        nn.ReLU(),
        nn.Linear(128, classes),
    )


NETS = {"tutorial": tutorial, "gated": gated, "broad": broad, "small": small, "quick": quick, "wide": wide}


class Gate(nn.Module):
    """Each channel by a factor 0…1, which is told by the means of all: (N, C, H, W) -> the same.

    Squeeze and excitation (Hu et al. 2018), which begins with a half for all.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, channels // 4)
        self.excite = nn.Linear(channels // 4, channels)
        nn.init.zeros_(self.excite.weight)
        nn.init.zeros_(self.excite.bias)

    def forward(self, value: Tensor) -> Tensor:
        """Channels by their factors."""
        told = self.excite(F.relu(self.squeeze(value.mean((2, 3)))))
        return value * torch.sigmoid(told)[:, :, None, None]


class Merged(nn.Module):
    """Logits (N, L) -> (N, outputs): probabilities of what are kinds of one thing add up."""

    def __init__(self, outputs: tuple[int, ...]) -> None:
        """outputs: the place of each of the L in what comes out."""
        super().__init__()
        self.outputs = outputs

    def forward(self, logits: Tensor) -> Tensor:
        """Logits of the outputs."""
        places = torch.tensor(self.outputs, device=logits.device)
        return torch.stack([logits[:, places == place].logsumexp(1) for place in range(max(self.outputs) + 1)], 1)


def multiplications(net: nn.Sequential) -> int:
    """Multiplications of one forward pass of one picture."""
    total = 0
    value = torch.zeros(1, 1, 28, 28)
    net = net.eval()
    with torch.inference_mode():
        for layer in net:
            value = layer(value)
            match layer:
                case nn.Conv2d() | nn.Linear():
                    total += math.prod(value.shape[1:]) * math.prod(layer.weight.shape[1:])
                case Gate():
                    total += 2 * layer.squeeze.weight.numel() + math.prod(value.shape[1:])
                case nn.SiLU():
                    total += math.prod(value.shape[1:])
    return total


def _gated(channels: tuple[int, int, int, int, int], hidden: int, classes: int) -> nn.Sequential:
    first, second, third, fourth, last = channels
    return nn.Sequential(
        *_conv(1, first, 5, pool=True, activation=nn.SiLU),
        *_conv(first, second, 3, activation=nn.SiLU),
        *_conv(second, third, 3, pool=True, activation=nn.SiLU),
        Gate(third),
        *_conv(third, fourth, 3, activation=nn.SiLU),
        Gate(fourth),
        *_conv(fourth, last, 3, pad=False, activation=nn.SiLU),
        Gate(last),
        nn.Flatten(),
        nn.Linear(25 * last, hidden),
        nn.SiLU(),
        nn.Linear(hidden, classes),
    )


def _conv(
    inputs: int, outputs: int, side: int, pool: bool = False, pad: bool = True, activation: type[nn.Module] = nn.ReLU
) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, side, padding="same" if pad else "valid", bias=False)
    norm = nn.BatchNorm2d(outputs)
    if not pool:
        return [convolution, norm, activation()]
    norm.weight.requires_grad_(False)  # stays 1: what is greatest before it is greatest after it
    return [convolution, nn.MaxPool2d(2), norm, activation()]
