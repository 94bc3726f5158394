"""The training loop: one for all recipes.

Flows in: a Recipe and digits as arrays. Flows out: an Epoch of figures at a time, and in the end a network. The
whole set lives on the device as one uint8 tensor and whole batches are augmented there. All that a step changes is
in `state`, so that a run goes on from there with the same result. Knows nothing of files.
"""

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from tsifra.errors import DataError
from tsifra.training.adamax import Adamax
from tsifra.training.begin import begin
from tsifra.training.muon import Muon
from tsifra.training.net import NETS, Merged
from tsifra.training.recipes import Recipe
from tsifra.training.record import Recorded

_Net = TypeVar("_Net", bound=nn.Module)
_MEASURED = 5000  # pictures that normalizations begin with the means of


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch's figures, of training batches as they were shown.

    number: from 1. loss: what is learned by: cross-entropy, with the recipe's smoothing, and what a teacher says
    otherwise; like the accuracy, 0…1, it stands for the pictures that were spared as well. rate: learning rate of the
    last step. elapsed_s: spent in epochs so far.
    """

    number: int
    loss: float
    accuracy: float
    rate: float
    images_per_s: float
    elapsed_s: float


class Training:
    """A network that is being trained. Deterministic on one processor with one number of threads, not on a GPU."""

    def __init__(
        self,
        recipe: Recipe,
        images: NDArray[np.uint8],
        labels: NDArray[np.uint8],
        seed: int = 0,
        device: str = "cpu",
        teachers: Sequence[nn.Module] = (),
        shares: NDArray[np.float32] | None = None,
    ) -> None:
        """images: (N, 28, 28) uint8; labels: (N,) uint8 below the recipe's `learned`.

        teachers: networks of as many outputs, whose answers are the recipe's share of what is learned.
        shares: (teachers, N), by how much each of them is heard of a picture, 0…1, together 1; by default all alike.
        Raises DataError where N is less than the recipe's batch.
        """
        torch.manual_seed(seed)
        self._recipe = recipe
        self._images = torch.from_numpy(np.require(images, requirements="W")).to(device)[:, None]
        self._labels = torch.tensor(labels, device=device).long()
        self._random = torch.Generator(device).manual_seed(seed)
        self._net = _placed(NETS[recipe.net](recipe.learned), device)
        self._teachers = [_placed(each, device).eval() for each in teachers]
        alike = np.full((len(teachers), 1), 1 / max(1, len(teachers)), np.float32)
        self._shares = torch.tensor(alike if shares is None else shares, device=device).expand(-1, len(images))
        self._optimizer = _optimizer(recipe, self._net)
        self._average = _averaged(recipe, self._net)
        self._bf16 = recipe.bf16 and computes_bf16(device)
        self._losses = torch.full((len(images),), torch.inf, device=device)  # of each picture when it was last shown
        self._weights = torch.ones_like(self._losses)
        self._totals = torch.zeros(3, device=device)  # of an epoch: loss, right ones, and pictures that these stand for
        self._step = self._stepped()
        if len(images) < recipe.batch:
            raise DataError(f"{len(images)} pictures are fewer than a batch of {recipe.batch}")
        self.history: list[Epoch] = []

    def begin(self, model: Path, odds: float = 1.0) -> None:
        """Begin with the weights of an ONNX file. Raises ModelError for one of other layers or outputs.

        odds: how many times as likely as among what is learned no digit is to the model; here it is as likely again.
        Where the recipe spares what is known, the model tells what that is. Normalizations begin with the means of what
        an epoch shows.
        """
        order = torch.randperm(len(self._images), generator=self._random, device=self._images.device)
        self._take(model, odds, order)
        if self._recipe.spared:
            logits = predict(self._net, self._images[:, 0].cpu().numpy()).to(self._images.device)
            self._losses = F.cross_entropy(logits, self._labels, reduction="none")
            self._take(model, odds, self._chosen())

    def _take(self, model: Path, odds: float, shown: Tensor) -> None:
        begin(self._net, model, self._shown(shown[:_MEASURED]), self._recipe.classes, odds)

    @property
    def network(self) -> nn.Sequential:
        """What was learned so far, its outputs those of the recipe; averaged where the recipe averages."""
        recipe = self._recipe
        merged = [Merged(recipe.outputs)] if recipe.learned > recipe.classes else []
        return nn.Sequential(*self.unmerged, *merged).eval()

    @property
    def unmerged(self) -> nn.Sequential:
        """The same with an output for each kind of no digit."""
        net = self._average.module if self._recipe.average else self._net
        assert isinstance(net, nn.Sequential)
        return net

    def epoch(self) -> Epoch:
        """Show every picture once, but for what is left of the last batch, and for known ones that are spared."""
        recipe = self._recipe
        self._totals.zero_()
        began = time.perf_counter()
        self._net.train()
        shown = self._chosen()
        steps = len(shown) // recipe.batch
        for step, index in enumerate(shown[: steps * recipe.batch].view(steps, recipe.batch)):
            rate = recipe.rate_at((len(self.history) + step / steps) / recipe.epochs)
            self._step(index, rate)
            if recipe.average:
                self._average.update_parameters(self._net)
        mean_loss, accuracy = (self._totals[:2] / self._totals[2]).tolist()
        spent = time.perf_counter() - began
        before = self.history[-1].elapsed_s if self.history else 0.0
        speed = steps * recipe.batch / spent
        done = Epoch(len(self.history) + 1, mean_loss, accuracy, rate, speed, before + spent)
        self.history.append(done)
        return done

    def _stepped(self) -> Callable[[Tensor, float], None]:
        """What learns from the pictures of an index, at a rate; on a GPU as its first steps were recorded."""
        if self._images.is_cuda:
            # Its first steps are none of a graph yet, of which PyTorch would warn.
            warnings.filterwarnings("ignore", "This instance was constructed with capturable=True", UserWarning)
            now = torch.zeros((), device=self._images.device)
            for group in self._optimizer.param_groups:
                group.update(lr=now, capturable=True)
            return Recorded(self._learn, now, self._random)

        def step(index: Tensor, rate: float) -> None:
            for group in self._optimizer.param_groups:
                group["lr"] = rate
            self._learn(index)

        return step

    def _learn(self, index: Tensor) -> None:
        recipe = self._recipe
        truth, weight = self._labels[index], self._weights[index]
        batch = self._shown(index).contiguous(memory_format=torch.channels_last)
        with torch.autocast(batch.device.type, torch.bfloat16, enabled=self._bf16):
            logits = self._net(batch).float()
        losses = F.cross_entropy(logits, truth, label_smoothing=recipe.smoothing, reduction="none")
        if self._teachers:
            with torch.no_grad(), torch.autocast(batch.device.type, torch.bfloat16, enabled=self._bf16):
                said = self._said(batch, self._shares[:, index])
            divergence = F.kl_div(logits.log_softmax(1), said, reduction="none").sum(1)
            losses = losses.lerp(divergence, recipe.believed)  # Hinton, Vinyals and Dean 2015
        self._optimizer.zero_grad()
        (losses @ weight / weight.sum()).backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._losses[index] = losses.detach()
        last = recipe.classes - 1
        right = logits.argmax(1).clamp(max=last) == truth.clamp(max=last)
        self._totals += torch.stack((losses.detach() @ weight, right.float() @ weight, weight.sum()))

    def _said(self, batch: Tensor, shares: Tensor) -> Tensor:
        """What the teachers say on average of pictures as they are shown, bent (Beyer et al. 2022): probabilities."""
        said = [
            net(batch).float().softmax(1) * share[:, None] for net, share in zip(self._teachers, shares, strict=True)
        ]
        return torch.stack(said).sum(0)

    def _shown(self, index: Tensor) -> Tensor:
        """Pictures (N, 1, 28, 28) in 0…1 as an epoch shows them: bent, each time otherwise."""
        pictures = self._images[index].float() / 255
        return pictures if self._recipe.augment is None else self._recipe.augment(pictures, self._random)

    def _chosen(self) -> Tensor:
        """Indices of the pictures to show, in random order; sets the weight of every picture (after Qin et al. 2024).

        Of those that lose less than the mean, a share is left out at random and the others stand for them, so that
        the gradient stays what it is on average. Theirs shows all pictures in the last epochs; here few do as well.
        """
        order = torch.randperm(len(self._images), generator=self._random, device=self._images.device)
        self._weights.fill_(1)
        spared = self._recipe.spared
        seen = self._losses[self._losses.isfinite()]
        if not spared or not len(seen):
            return order
        known = self._losses < seen.mean()
        draw = torch.rand(len(order), generator=self._random, device=order.device)
        shown = order[~known[order] | (draw >= spared)]
        if len(shown) < self._recipe.batch:
            return order
        self._weights[known] /= 1 - spared
        return shown

    def state(self) -> dict[str, Any]:
        """All that the epochs so far have changed; tensors, numbers and strings, as torch.save takes them."""
        return {
            "net": self._net.state_dict(),
            "average": self._average.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "random": self._random.get_state(),
            "losses": self._losses,
            "device": self._images.device.type,
            "history": [[getattr(epoch, name) for name in Epoch.__slots__] for epoch in self.history],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state` of the same recipe, pictures and seed.

        The result is that of one run where the device is the same, too; another one draws other random numbers.
        """
        self._net.load_state_dict(state["net"])
        self._average.load_state_dict(state["average"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._step = self._stepped()
        losses = state.get("losses")  # an older checkpoint has none, and one that is exported has no pictures here
        if losses is not None and losses.shape == self._losses.shape:
            self._losses.copy_(losses)
        if state["device"] == self._images.device.type:
            self._random.set_state(state["random"].cpu())
        self.history = [Epoch(*values) for values in state["history"]]


def predict(net: nn.Sequential, images: NDArray[np.uint8], batch: int = 1000) -> Tensor:
    """Logits (N, classes) of pictures (N, 28, 28) uint8."""
    device = next(net.parameters()).device
    net.eval()

    def said(part: NDArray[np.uint8]) -> Tensor:
        logits: Tensor = net(torch.tensor(part, device=device)[:, None].float() / 255)
        return logits

    with torch.inference_mode():
        # In one block: small tensors, each between larger ones that go, would keep gigabytes from being used again.
        logits = torch.empty(len(images), said(images[:1]).shape[1])
        for start in range(0, len(images), batch):
            logits[start : start + batch] = said(images[start : start + batch])
    return logits


def computes_bf16(device: str) -> bool:
    """Whether bfloat16 is arithmetic of the processor that is faster than float32.

    That is AMX, and AMD's AVX-512; Intel's AVX-512 alone reaches half of float32's matrix products with it.
    """
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if torch.cpu._is_amx_tile_supported():
        return True
    processor = Path("/proc/cpuinfo")  # of Linux; nothing in PyTorch or Python's library names the maker
    by_amd = processor.exists() and "AuthenticAMD" in processor.read_text()
    return by_amd and bool(torch.cpu._is_avx512_bf16_supported())


def _placed(net: _Net, device: str) -> _Net:
    return net.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _optimizer(recipe: Recipe, net: nn.Sequential) -> torch.optim.Optimizer:
    weights = [weight for weight in net.parameters() if weight.requires_grad]
    match recipe.optimizer:
        case "adamax":
            return Adamax(weights, recipe.rate)
        case "muon":
            return Muon(weights, recipe.rate, recipe.decay)
        case "adamw":
            return torch.optim.AdamW(weights, recipe.rate, weight_decay=recipe.decay, fused=True)


def _averaged(recipe: Recipe, net: nn.Sequential) -> AveragedModel:
    """The running average of the weights, batch statistics included.

    The decay grows towards the recipe's, so that the first steps are soon forgotten.
    """

    def mean(averages: Any, news: Any, _: Tensor | int) -> None:
        if averages[0].is_floating_point():
            n = float(averaged.n_averaged)  # which is not on the device, as what is given is, so that nothing waits
            torch._foreach_lerp_(averages, news, 1 - min(recipe.average, (1 + n) / (10 + n)))

    averaged = AveragedModel(net, multi_avg_fn=mean, use_buffers=True)
    return averaged
