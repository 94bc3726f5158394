"""Work on a GPU that is recorded once and then replayed whole (a CUDA graph).

Flows in: what a step does with the pictures of an index. Flows out: the same, done without launching each of its some
hundred pieces anew, which takes longer than they do. Knows nothing of training.
"""

from collections.abc import Callable

import torch
from torch import Tensor

_WARM = 3  # times that work is done before it is recorded, as PyTorch wants it


class Recorded:
    """Work that reads an index and a rate, (B,) int64 and a number, both on the GPU, and changes tensors in place."""

    def __init__(self, work: Callable[[Tensor], None], index: Tensor, rate: Tensor, random: torch.Generator) -> None:
        """index: a first one, which is worked on some times, too. random: what draws the random numbers of the work."""
        self._index, self._rate = index.clone(), rate
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(_WARM):
                work(self._index)
        torch.cuda.current_stream().wait_stream(aside)
        self._graph = torch.cuda.CUDAGraph()
        self._graph.register_generator_state(random)
        with torch.cuda.graph(self._graph):
            work(self._index)

    def __call__(self, index: Tensor, rate: float) -> None:
        """Do the work with another index, of the same length, and another rate."""
        self._index.copy_(index)
        self._rate.fill_(rate)
        self._graph.replay()
