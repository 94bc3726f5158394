"""The training loop: one for all recipes.

Flows in: a Recipe and digits as arrays. Flows out: a trained network, and Progress values on the way. The whole
set lives on the device as one uint8 tensor and whole batches are augmented there. Knows nothing of files.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from tsifra.training.net import NETS
from tsifra.training.recipes import Recipe


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch's figures: loss and accuracy on training batches, images a second, seconds since the start."""

    number: int
    of: int
    loss: float
    accuracy: float
    images_per_s: float
    elapsed_s: float


def train(
    recipe: Recipe,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    seed: int = 0,
    device: str = "cpu",
    report: Callable[[Epoch], None] = lambda epoch: None,
) -> nn.Sequential:
    """Train a network. images: (N, 28, 28) uint8; labels: (N,) uint8 in 0…9."""
    torch.manual_seed(seed)
    random = torch.Generator(device).manual_seed(seed)
    x, y = torch.tensor(images, device=device)[:, None], torch.tensor(labels, device=device).long()
    net = NETS[recipe.net]().to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    steps = len(x) // recipe.batch
    optimizer, schedule = _optimizer(recipe, net, steps * recipe.epochs)
    average = _averaged(recipe, net)
    began = time.perf_counter()
    for number in range(1, recipe.epochs + 1):
        totals = torch.zeros(2, device=device)
        order = torch.randperm(len(x), generator=random, device=device)
        epoch_began = time.perf_counter()
        for index in order[: steps * recipe.batch].view(steps, recipe.batch):
            batch = x[index].float() / 255
            if recipe.augment is not None:
                batch = recipe.augment(batch, random)
            batch = batch.contiguous(memory_format=torch.channels_last)
            with torch.autocast(device, torch.bfloat16, enabled=recipe.bf16):
                logits = net(batch).float()
            loss = F.cross_entropy(logits, y[index], label_smoothing=recipe.smoothing)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            average.update_parameters(net)
            totals += torch.stack((loss.detach(), (logits.argmax(1) == y[index]).float().mean()))
        mean_loss, accuracy = (totals / steps).tolist()
        now = time.perf_counter()
        rate = steps * recipe.batch / (now - epoch_began)
        report(Epoch(number, recipe.epochs, mean_loss, accuracy, rate, now - began))
    trained = average.module
    assert isinstance(trained, nn.Sequential)
    return trained.eval()


def predict(net: nn.Sequential, images: NDArray[np.uint8], batch: int = 1000) -> Tensor:
    """Logits (N, 10) of pictures (N, 28, 28) uint8."""
    device = next(net.parameters()).device
    with torch.inference_mode():
        parts = torch.tensor(images).split(batch)  # type: ignore[no-untyped-call]
        return torch.cat([net.eval()(part.to(device)[:, None].float() / 255).cpu() for part in parts])


def _optimizer(
    recipe: Recipe, net: nn.Sequential, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    optimizer: torch.optim.Optimizer
    if recipe.optimizer == "adamax":
        optimizer = torch.optim.Adamax(net.parameters(), recipe.rate, eps=1e-7)  # Keras's epsilon
    else:
        optimizer = torch.optim.AdamW(net.parameters(), recipe.rate, weight_decay=recipe.decay)
    if recipe.schedule == "constant":
        return optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer, 1.0)
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.rate, total_steps=steps, pct_start=recipe.warmup
    )


def _averaged(recipe: Recipe, net: nn.Sequential) -> torch.optim.swa_utils.AveragedModel:
    """The running average of the weights, batch statistics included; the weights themselves where none is wanted.

    The decay grows towards the recipe's, so that the first steps are soon forgotten.
    """

    def mean(average: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
        n = float(count)
        return average + (new - average) * (1 - min(recipe.average, (1 + n) / (10 + n)))

    return torch.optim.swa_utils.AveragedModel(net, avg_fn=mean, use_buffers=True)
