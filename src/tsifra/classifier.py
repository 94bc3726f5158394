"""ONNX Runtime: (N, 28, 28) uint8 -> (N, 11) probabilities, ten digits and "no digit".

Flows in: what `normalize` makes. Flows out: what the network says, with its temperature applied. What is made
of that is `decide`'s business. Loading a model checks its hash and runs no code from it.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tsifra.errors import ModelError

_SHIPPED = Path(__file__).parent / "weights"
_SMALLEST = 1e-12  # a row of zeros, which is no distribution, must not be divided by its sum


@dataclass(frozen=True, slots=True)
class Card:
    """model.json: what reading needs of it, and all of it as `document`.

    temperature: the logits are divided by it (Guo et al. 2017). accept: the confidence from which a digit is ok.
    """

    name: str
    sha256: str
    temperature: float
    accept: float
    document: dict[str, Any]

    def __post_init__(self) -> None:
        if not 0 < self.temperature < 100 or not 0 <= self.accept <= 1:
            raise ValueError(f"temperature {self.temperature} or threshold {self.accept} is out of range")


class Classifier:
    """A loaded network. Threads may share it."""

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        """Load model.onnx and model.json from `folder`, by default the shipped ones. Raises ModelError."""
        path = _SHIPPED if folder is None else Path(folder)
        self.card = _load_card(path / "model.json")
        try:
            data = (path / "model.onnx").read_bytes()
        except OSError as error:
            raise ModelError(f"{path / 'model.onnx'}: cannot be read: {error.strerror}") from None
        if hashlib.sha256(data).hexdigest() != self.card.sha256:
            raise ModelError(f"{path}: model.onnx and model.json do not belong together (the SHA-256 differs)")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a reader runs a thread a core, each with a batch of its own
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
            (given,), (made,) = self._session.get_inputs(), self._session.get_outputs()
        except Exception as error:  # ONNX Runtime's exceptions have no common base
            raise ModelError(f"{path / 'model.onnx'}: not a network that can be used: {error}") from None
        if given.type != "tensor(uint8)" or given.shape[1:] != [28, 28]:
            raise ModelError(f"{path}: takes {given.type} {given.shape}, uint8 (N, 28, 28) is wanted")
        self._input, self._output = given.name, made.name
        classes = self(np.zeros((1, 28, 28), np.uint8), raw=True).shape[1:]
        if classes not in ((10,), (11,)):
            raise ModelError(f"{path}: gives {classes} outputs a picture, 10 or 11 are wanted")

    def __call__(self, images: NDArray[np.uint8], raw: bool = False) -> NDArray[np.float32]:
        """(N, 28, 28) uint8 -> (N, 11) float32, rows that sum to 1; "no digit" is 0 if the network knows none.

        raw: as the network has it, without temperature and eleventh column.
        """
        (said,) = self._session.run([self._output], {self._input: images})
        if raw:
            return np.asarray(said, np.float32)
        if self.card.temperature != 1:
            said = np.maximum(said, _SMALLEST) ** (1 / self.card.temperature)
            said /= said.sum(axis=1, keepdims=True)
        if said.shape[1] == 10:
            said = np.concatenate((said, np.zeros((len(said), 1), np.float32)), axis=1)
        return np.asarray(said, np.float32)


def _load_card(path: Path) -> Card:
    try:
        document = json.loads(path.read_text("utf-8"))
        return Card(
            name=str(document["name"]),
            sha256=str(document["sha256"]),
            temperature=float(document["calibration"]["temperature"]),
            accept=float(document["thresholds"]["accept"]),
            document=document,
        )
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}; a model folder holds it") from None
    except KeyError as error:
        raise ModelError(f"{path}: has no {error}") from None
    except (TypeError, ValueError) as error:
        raise ModelError(f"{path}: not a model's card: {error}") from None
