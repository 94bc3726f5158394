"""How far a confidence can be believed: temperature, calibration error, intervals.

Flows in: logits, probabilities, counts. Flows out: numbers. Knows nothing of networks or pictures.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about the same confidence: how many, how sure on average, which share of them is right."""

    count: int
    confidence: float
    accuracy: float


def softmax(logits: Floats) -> Floats:
    """(N, K) logits -> (N, K) probabilities."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def cross_entropy(probabilities: Floats, truth: NDArray[Any]) -> float:
    """Mean of -log p of the right class; probabilities: (N, K), truth: (N,) indices. What Keras calls the loss."""
    right = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(right, 1e-7)).mean())  # Keras's epsilon


def best_temperature(logits: Floats, truth: NDArray[Any]) -> float:
    """What to divide logits (N, K) by for the least cross-entropy (Guo et al. 2017), to a hundredth in 0.5…3."""
    candidates = [0.5 + step / 100 for step in range(251)]
    return min(candidates, key=lambda temperature: cross_entropy(softmax(logits / temperature), truth))


def reliability(confidence: Floats, right: NDArray[np.bool_], bins: int = 15) -> list[Bin]:
    """Answers in bins of equal width from 0 to 1, empty ones left out. confidence, right: (N,)."""
    indices = np.minimum((confidence * bins).astype(int), bins - 1)
    groups = [indices == index for index in range(bins)]
    return [
        Bin(int(group.sum()), float(confidence[group].mean()), float(right[group].mean()))
        for group in groups
        if group.any()
    ]


def calibration_error(bins: list[Bin]) -> float:
    """Expected calibration error, 0…1 (Naeini et al. 2015)."""
    total = sum(each.count for each in bins)
    return sum(each.count * abs(each.confidence - each.accuracy) for each in bins) / max(total, 1)


def wilson(share: float, count: int, z: float = 1.96) -> tuple[float, float]:
    """The 95% interval of a share of `count` trials (Wilson 1927); 0…1 where there were none."""
    if not count:
        return 0.0, 1.0
    center = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, (center - half) / scale), min(1.0, (center + half) / scale)
