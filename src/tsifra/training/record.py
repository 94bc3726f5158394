"""Work on a GPU that is recorded once and then replayed whole (a CUDA graph).

Flows in: what a step does with the pictures of an index. Flows out: the same, done without launching each of its some
hundred pieces anew, which takes longer than they do. Knows nothing of training.
"""

from collections.abc import Callable

import torch
from torch import Tensor

_WARM = 3  # times that work is done before it is recorded, as PyTorch wants it


class Recorded:
    """Work with an index, (B,) int64 on the GPU, and at a rate; it changes tensors in place."""

    def __init__(self, work: Callable[[Tensor], None], rate: Tensor, random: torch.Generator) -> None:
        """rate: a number on the GPU that the work reads. random: what draws the random numbers of the work."""
        self._work, self._rate, self._random = work, rate, random
        self._aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._left = _WARM

    def __call__(self, index: Tensor, rate: float) -> None:
        """Do the work with an index, always of the same length."""
        self._rate.fill_(rate)
        if self._left:
            self._left -= 1
            self._aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self._aside):
                self._work(index)
            torch.cuda.current_stream().wait_stream(self._aside)
            if not self._left:
                self._record(index)
        else:
            self._index.copy_(index)
            self._graph.replay()

    def _record(self, index: Tensor) -> None:
        self._index = index.clone()
        self._graph = torch.cuda.CUDAGraph()
        self._graph.register_generator_state(self._random)
        with torch.cuda.graph(self._graph):  # records, and does nothing yet
            self._work(self._index)
