"""A model: (N, 28, 28) uint8 -> (N, 11) probabilities, ten digits and "no digit".

Flows in: what `normalize` makes. Flows out: what the network says, with its temperature applied. What is made
of that is `decide`'s business. Loading a model checks its hash and runs no code from it.
"""

import dataclasses
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsifra.calibration import Promise, promise_of
from tsifra.errors import ModelError
from tsifra.network import Network, Signature
from tsifra.reading import LABELS, NONE

_SHIPPED = Path(__file__).parent / "weights"
MAX_ERROR = 0.01
"""The share of wrong ones among accepted answers that a model promises if nothing else is asked for."""

_ACCEPT = 0.9  # confidence from which a digit is ok where nothing can be promised
_SMALLEST = 1e-12  # a row of zeros, which is no distribution, must not be divided by its sum


@dataclass(frozen=True, slots=True)
class Card:
    """model.json: what reading needs of it, and all of it as `document`.

    temperature: the logits are divided by it (Guo et al. 2017). accept: the confidence from which a digit is ok.
    promises: what is known of the error from other confidences on.
    """

    name: str
    sha256: str
    temperature: float
    accept: float
    promises: tuple[Promise, ...]
    document: dict[str, Any]

    def __post_init__(self) -> None:
        if not 0 < self.temperature < 100 or not 0 <= self.accept <= 1:
            raise ValueError(f"temperature {self.temperature} or threshold {self.accept} is out of range")

    def accept_at(self, max_error: float) -> float:
        """The confidence from which at most a share `max_error` of answers is wrong. Raises ModelError if unknown."""
        try:
            return promise_of(self.promises, max_error).threshold
        except ValueError as error:
            raise ModelError(f"{self.name}: {error}; `tsifra calibrate` learns one from your own files") from None


class Classifier:
    """A loaded network. Threads may share it."""

    def __init__(self, model: str | os.PathLike[str] | None = None) -> None:
        """Load a model folder (model.onnx and model.json), or an ONNX file alone; by default what is shipped.

        Raises ModelError.
        """
        path = _SHIPPED if model is None else Path(model)
        file = path / "model.onnx" if path.is_dir() else path
        card = _load_card(path / "model.json") if path.is_dir() else None
        try:
            data = file.read_bytes()
        except OSError as error:
            raise ModelError(f"{file}: cannot be read: {error.strerror}") from None
        sha256 = hashlib.sha256(data).hexdigest()
        if card is not None and sha256 != card.sha256:
            raise ModelError(f"{path}: model.onnx and model.json do not belong together (the SHA-256 differs)")
        self.file = file
        self._network = Network(data, str(file))
        self.card = card or _card_of_file(file, sha256, self._network.signature)

    @property
    def signature(self) -> Signature:
        """What the network takes and gives."""
        return self._network.signature

    def __call__(self, images: NDArray[np.uint8], raw: bool = False) -> NDArray[np.float32]:
        """(N, 28, 28) uint8 -> (N, 11) float32, rows that sum to 1; "no digit" is 0 if the network knows none.

        raw: as the network has it, without temperature and eleventh column.
        """
        said = self._network(images)
        if said.shape[1] > len(LABELS):
            said = np.concatenate((said[:, :NONE], said[:, NONE:].sum(axis=1, keepdims=True)), axis=1)
        if raw:
            return said
        if self.card.temperature != 1:
            said = np.power(np.maximum(said, _SMALLEST), 1 / self.card.temperature, dtype=np.float32)
            said /= said.sum(axis=1, keepdims=True)
        if said.shape[1] == 10:
            said = np.concatenate((said, np.zeros((len(said), 1), np.float32)), axis=1)
        return np.asarray(said, np.float32)

    def several(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, 28, 28) uint8 -> (N,) float32, 0…1: as far as each is no digit, how likely it is several.

        1 if the network does not tell them from others.
        """
        none = self._network(images)[:, NONE:]
        if none.shape[1] < 2:
            return np.ones(len(images), np.float32)
        return np.asarray(none[:, 1] / np.maximum(none.sum(axis=1), _SMALLEST), np.float32)


def _card_of_file(file: Path, sha256: str, signature: Signature) -> Card:
    """The card of an ONNX file that came without one: nothing is known of how sure it may be."""
    document: dict[str, Any] = {
        "name": file.stem,
        "sha256": sha256,
        "signature": dataclasses.asdict(signature),
        "calibration": {"temperature": 1.0, "data": None},
        "thresholds": thresholds(()),
    }
    return Card(file.stem, sha256, 1.0, document["thresholds"]["accept"], (), document)


def thresholds(promises: Sequence[Promise]) -> dict[str, float | None]:
    """The thresholds of a card: from which confidence a digit is ok, and which error that promises by default."""
    try:
        return {"accept": promise_of(promises, MAX_ERROR).threshold, "max_error": MAX_ERROR}
    except ValueError:
        return {"accept": _ACCEPT, "max_error": None}


def _load_card(path: Path) -> Card:
    try:
        document = json.loads(path.read_text("utf-8"))
        return Card(
            name=str(document["name"]),
            sha256=str(document["sha256"]),
            temperature=float(document["calibration"]["temperature"]),
            accept=float(document["thresholds"]["accept"]),
            promises=tuple(Promise(*map(float, row)) for row in document["calibration"].get("promises", ())),
            document=document,
        )
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}; a model folder holds it") from None
    except KeyError as error:
        raise ModelError(f"{path}: has no {error}") from None
    except (TypeError, ValueError) as error:
        raise ModelError(f"{path}: not a model's card: {error}") from None
