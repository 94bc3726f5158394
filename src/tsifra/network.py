"""An ONNX network of any usual signature: (N, 28, 28) uint8 -> (N, 10, 11 or 12) probabilities.

Flows in: the bytes of an ONNX file, then pictures with ink 255 on 0. Flows out: what the network says of each. The
signature is found out when it is loaded. Loading runs no code from the file and reads no other file. Knows nothing of
model folders or temperatures.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tsifra.errors import ModelError
from tsifra.normalize import SIDE

_CLASSES = (10, 11, 12)
_SUM = 1e-3  # by how much the sum of probabilities may differ from 1; float16 inside is not more precise
_WANTED = (
    "wanted are float (0…1) or uint8 pictures (N, 28, 28), (N, 1, 28, 28), (N, 28, 28, 1) or (N, 784), "
    'and 10 outputs for each, 11 with "no digit", or 12 with "several digits"'
)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a network takes and gives.

    shape: of one picture, such as (1, 28, 28). batch: how many it takes at once, None for any number.
    dtype: "uint8", or "float32" for values of 0…1. classes: 10 to 12. answer: what its outputs are.
    """

    shape: tuple[int, ...]
    batch: int | None
    dtype: Literal["uint8", "float32"]
    classes: int
    answer: Literal["probabilities", "logits"]


class Network:
    """A loaded network. Threads may share it."""

    def __init__(self, data: bytes, name: str) -> None:
        """Load an ONNX file's bytes; `name` stands in errors. Raises ModelError."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a reader runs a thread a core, each with a batch of its own
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's exceptions have no common base
            raise ModelError(f"{name}: not a network that can be used: {error}") from None
        self._input, self._output = _ends(self._session, name)
        self.signature = self._find_signature(name)

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, 28, 28) uint8 -> (N, classes) float32, rows that sum to 1."""
        said = self._run(images, self.signature.batch)
        if self.signature.answer == "logits":
            said = np.exp(said - said.max(axis=1, keepdims=True))
            said /= said.sum(axis=1, keepdims=True)
        return said

    def _run(self, images: NDArray[np.uint8], batch: int | None) -> NDArray[np.float32]:
        """What the network says as it says it, `batch` pictures at a time, the last of them filled up."""
        given: NDArray[Any] = images
        if self._input.type == "tensor(float)":
            given = images.astype(np.float32) / 255
        given = given.reshape(len(images), *self._input.shape[1:])
        if batch is None:
            return self._ask(given)
        short = -len(given) % batch
        filled = np.concatenate((given, np.zeros((short, *given.shape[1:]), given.dtype)))
        parts = [self._ask(filled[at : at + batch]) for at in range(0, len(filled), batch)]
        return np.concatenate(parts)[: len(given)]

    def _ask(self, given: NDArray[Any]) -> NDArray[np.float32]:
        (said,) = self._session.run([self._output.name], {self._input.name: given})
        return np.asarray(said, np.float32).reshape(len(given), -1)

    def _find_signature(self, name: str) -> Signature:
        batch = self._input.shape[0] if isinstance(self._input.shape[0], int) else None
        # Empty paper, full ink and noise: what sums to 1 for all of them is a softmax.
        noise = np.random.default_rng(0).integers(0, 256, (6, SIDE, SIDE), np.uint8)
        trial = np.concatenate((np.zeros_like(noise[:1]), np.full_like(noise[:1], 255), noise))
        try:
            said = self._run(trial, batch)
        except Exception as error:  # ONNX Runtime's exceptions have no common base
            raise ModelError(f"{name}: fails on pictures {SIDE}×{SIDE}: {error}") from None
        if said.shape[1] not in _CLASSES or not np.isfinite(said).all():
            raise ModelError(f"{name}: gives {said.shape[1]} numbers a picture; {_WANTED}")
        sums_to_one = (said >= 0).all() and (np.abs(said.sum(axis=1) - 1) < _SUM).all()
        return Signature(
            shape=tuple(self._input.shape[1:]),
            batch=batch,
            dtype="uint8" if self._input.type == "tensor(uint8)" else "float32",
            classes=said.shape[1],
            answer="probabilities" if sums_to_one else "logits",
        )


def _ends(session: Any, name: str) -> tuple[Any, Any]:
    """The one input and the one output of class scores."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    scores = [made for made in outputs if made.type == "tensor(float)"]
    if len(inputs) != 1 or len(scores) != 1:
        found = f"{len(inputs)} inputs and {len(scores)} outputs of type float"
        raise ModelError(f"{name}: has {found}, one of each is wanted")
    (given,), (made,) = inputs, scores
    sides = given.shape[1:]
    fits = all(isinstance(side, int) for side in sides) and math.prod(sides) == SIDE * SIDE
    if given.type not in ("tensor(float)", "tensor(uint8)") or not fits or {*sides} - {1, SIDE, SIDE * SIDE}:
        raise ModelError(f"{name}: takes {given.type} {given.shape}; {_WANTED}")
    return given, made
