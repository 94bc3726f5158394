"""Muon (Jordan et al. 2024), scaled to the steps of AdamW (Liu et al. 2025).

Flows in: weights with gradients, float32. Flows out: the weights, a step further.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

_MOMENTUM = 0.95
_STEPS = 5  # of Newton and Schulz's iteration
_QUINTIC = (3.4445, -4.7750, 2.0315)  # its coefficients, by Jordan: singular values end between 0.7 and 1.2
_STEP = 0.2  # root of the mean square of a step of AdamW, as shares of the rate; so that one rate serves both
_FEWEST = 32  # weights of a row from which a matrix is worth it


class Muon(torch.optim.AdamW):
    """AdamW, but for the matrices of hidden layers: their step is the momentum with all singular values brought near 1.

    A convolution is a matrix with a row a filter. Narrow matrices, the last layer and all that is no matrix are
    AdamW's.
    """

    def __init__(self, weights: Iterable[Tensor], rate: float, decay: float) -> None:
        every = list(weights)
        super().__init__(every, rate, weight_decay=decay, fused=True)
        matrices = [weight for weight in every if weight.ndim > 1 and weight[0].numel() >= _FEWEST]
        self._matrices = matrices[:-1]

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """One step of all weights that have gradients; those of the matrices are gone after it."""
        rate, decay = self.param_groups[0]["lr"], self.param_groups[0]["weight_decay"]
        for weight in self._matrices:
            gradient, weight.grad = weight.grad, None  # what has no gradient is left alone by AdamW
            if gradient is None:
                continue
            kept = self.state[weight]
            if not kept:  # Adam looks for a step in the state of every weight that is restored
                kept.update(step=torch.zeros(()), momentum=torch.zeros_like(gradient))
            momentum = kept["momentum"]
            momentum.lerp_(gradient, 1 - _MOMENTUM)
            rows = gradient.lerp(momentum, _MOMENTUM).flatten(1)  # Nesterov's, a step ahead
            weight.mul_(1 - rate * decay)
            weight.sub_(_orthogonal(rows).view_as(weight) * (rate * _STEP * max(rows.shape) ** 0.5))
        return super().step(closure)


def _orthogonal(rows: Tensor) -> Tensor:
    """(R, C) -> (R, C) with the same singular vectors and all singular values near 1.

    The iteration's odd polynomials of a matrix X are (a polynomial of X Xᵀ) X: only the small square is iterated.
    """
    if rows.shape[0] > rows.shape[1]:
        turned: Tensor = _orthogonal(rows.mT).mT
        return turned
    first, second, third = _QUINTIC
    size = rows.norm() + 1e-7
    square = rows @ rows.T / size**2
    whole = one = torch.eye(len(rows), device=rows.device)
    for _ in range(_STEPS):
        factor = first * one + torch.addmm(square, square, square, beta=second, alpha=third)
        whole, square = factor @ whole, factor @ square @ factor
    found: Tensor = whole @ rows / size
    return found
