"""How far a confidence can be believed: temperature, calibration error, intervals.

Flows in: logits, probabilities, counts. Flows out: numbers. Knows nothing of networks or pictures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_SHARES = [number / 200 for number in range(100, 201)]  # of the digits, the surest first

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about the same confidence: how many, how sure on average, which share of them is right."""

    count: int
    confidence: float
    accuracy: float


class Promise(NamedTuple):
    """Of answers whose confidence reaches `threshold`, at most a share `error` is wrong; `accepted` of digits reach it.

    All three are in 0…1. A row of model.json.
    """

    threshold: float
    error: float
    accepted: float


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


def promises(answers: NDArray[Any], confidence: Floats, truth: NDArray[Any]) -> list[Promise]:
    """What may be promised of pictures like these, which were not learned from; the strictest first.

    answers, truth: (N,) classes, from 10 on for "no digit"; confidence: (N,) in 0…1. A digit is accepted whose
    confidence reaches the threshold, and wrong if it is not the truth. The bound holds with 95% (Clopper and Pearson
    1934). Thresholds are those that accept half of the digits and ever more; none promises less than one before it
    (fixed-sequence testing; Angelopoulos et al. 2021), so that the choice of one costs nothing.
    """
    digits = answers < 10
    surest = np.sort(confidence[digits])[::-1]
    kept: list[Promise] = []
    for share in _SHARES if len(surest) else ():
        # Rounded down, so that what is read back from a file accepts no less.
        threshold = math.floor(1e6 * float(surest[max(1, round(share * len(surest))) - 1])) / 1e6
        if kept and threshold == kept[-1].threshold:
            continue
        taken = digits & (confidence >= threshold)
        count, wrong = int(taken.sum()), int((taken & (answers != truth)).sum())
        bound = max(clopper_pearson(wrong, count), kept[-1].error if kept else 0.0)
        accepted = int((taken & (truth < 10)).sum()) / max(1, int((truth < 10).sum()))
        kept.append(Promise(threshold, round(bound, 6), round(accepted, 5)))
    return kept


def promise_of(kept: Sequence[Promise], max_error: float) -> Promise:
    """The promise of at most `max_error` that accepts most. Raises ValueError where the data support none."""
    fitting = [promise for promise in kept if promise.error <= max_error]
    if not fitting:
        least = f"the least is {min(promise.error for promise in kept):.3%}" if kept else "it is not calibrated"
        raise ValueError(f"an error of at most {max_error:.3%} cannot be promised; {least}")
    return min(fitting)


def clopper_pearson(wrong: int, count: int, confidence: float = 0.95) -> float:
    """The least share that `wrong` of `count` trials rule out from above, one-sided (Clopper and Pearson 1934)."""
    if wrong >= count:
        return 1.0
    low, high = wrong / count, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if _at_most(wrong, count, middle) < 1 - confidence else (middle, high)
    return high


def _at_most(wrong: int, count: int, share: float) -> float:
    """The probability of at most `wrong` in `count` trials of this share: of a binomial distribution."""
    if share in (0.0, 1.0):
        return 1.0 - share
    logs = [
        math.lgamma(count + 1)
        - math.lgamma(k + 1)
        - math.lgamma(count - k + 1)
        + k * math.log(share)
        + (count - k) * math.log1p(-share)
        for k in range(wrong + 1)
    ]
    top = max(logs)
    return math.exp(top) * sum(math.exp(each - top) for each in logs)
