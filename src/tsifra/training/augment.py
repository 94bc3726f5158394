"""Whole batches of digits, bent as hands and pages bend them, with tensor operations.

Flows in: (N, 1, 28, 28) float in 0…1. Flows out: the same shape and range. Knows nothing of labels.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

_KNOTS = 5  # a side of the random field that bends a digit, before it is smoothed up to the picture's


@dataclass(frozen=True, slots=True)
class Augment:
    """How far a digit is bent; every amount is the greatest, drawn evenly from both sides.

    degrees: rotation. stretch: share of each side, apart. shear: horizontal, a share of the height.
    shift: pixels. elastic: deviation, in pixels, of a smooth random field (Simard, Steinkraus, Platt 2003).
    pen: share of the digits that a thicker or thinner pen draws.
    """

    degrees: float = 12.0
    stretch: float = 0.12
    shear: float = 0.2
    shift: float = 1.6
    elastic: float = 0.8
    pen: float = 0.0

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """A new batch, (N, 1, 28, 28); `generator` decides everything that is random."""
        if self.pen:
            images = self._other_pens(images, generator)
        grid = self._affine(images, generator)
        if self.elastic:
            basis = _smooth(images.shape[2], images.shape[3], images.device)
            field = torch.randn(len(images), _KNOTS**2, 2, generator=generator, device=images.device)
            bent = torch.einsum("nkc,kp->npc", field, basis) * (self.elastic * 2 / images.shape[3])
            grid = grid + bent.view(grid.shape)
        return F.grid_sample(images, grid, align_corners=False)

    def _affine(self, images: Tensor, generator: torch.Generator) -> Tensor:
        count = len(images)
        even = torch.rand(6, count, generator=generator, device=images.device) * 2 - 1
        angle = even[0] * (self.degrees * torch.pi / 180)
        theta = torch.zeros(count, 2, 3, device=images.device)
        theta[:, 0, 0] = angle.cos() * (1 + even[1] * self.stretch)
        theta[:, 0, 1] = -angle.sin() + even[2] * self.shear
        theta[:, 1, 0] = angle.sin()
        theta[:, 1, 1] = angle.cos() * (1 + even[3] * self.stretch)
        theta[:, :, 2] = even[4:].T * (self.shift * 2 / images.shape[3])
        return F.affine_grid(theta, list(images.shape), align_corners=False)

    def _other_pens(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Mix each drawn digit with its 3×3 dilation or erosion, by an even random share."""
        draw = torch.rand(2, len(images), 1, 1, 1, generator=generator, device=images.device)
        share = draw[1] / 2 * (draw[0] < self.pen)
        thick = draw[0] < self.pen / 2
        return images.lerp(torch.where(thick, _dilated(images), -_dilated(-images)), share * (1 + thick.float()))


def _dilated(images: Tensor) -> Tensor:
    """The maximum of 3×3, each direction apart: a fifth of the time that max_pool2d takes."""
    for axis in (2, 3):
        middle = images.narrow(axis, 1, images.shape[axis] - 2)
        before, after = images.narrow(axis, 0, middle.shape[axis]), images.narrow(axis, 2, middle.shape[axis])
        images = images.clone()
        images.narrow(axis, 1, middle.shape[axis]).copy_(torch.maximum(torch.maximum(before, after), middle))
    return images


@lru_cache(maxsize=4)
def _smooth(height: int, width: int, device: torch.device) -> Tensor:
    """What makes a smooth field of its knots: (25, height × width), bicubic."""
    knots = torch.eye(_KNOTS**2, device=device).view(-1, 1, _KNOTS, _KNOTS)
    return F.interpolate(knots, size=(height, width), mode="bicubic", align_corners=False).flatten(1)
