"""A reader and labelled pictures -> Report: how often it is right, and how far it can be believed.

Flows in: sources of pictures of one digit each and their labels. Flows out: numbers and the worst pictures. The
pictures go the way that users' go, through `Reader.read_many`. Draws nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsifra.calibration import Bin, Promise, calibration_error, cross_entropy, promise_of, promises, reliability, wilson
from tsifra.data import folders
from tsifra.document import Source
from tsifra.output import write_model
from tsifra.reader import Reader
from tsifra.reading import Failure, Reading

CLASSES = folders.LABELS
"""Rows and columns of a confusion matrix; "-" is no digit: blank, rejected or unreadable."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """One picture: its name, what it shows, what was answered. loss: -log of what the label was given."""

    name: str
    source: Source
    label: str
    result: Reading | Failure
    loss: float

    @property
    def text(self) -> str:
        """The answer; "-" where it is none."""
        return self.result.text or "-"

    @property
    def right(self) -> bool:
        """Whether the answer is the label."""
        return self.text == self.label


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What an evaluation found. Shares are in 0…1.

    loss: mean cross-entropy, natural logarithm, as the Keras tutorial's evaluate gives it. interval: of the accuracy,
    95% (Wilson 1927). confusion: (11, 11) counts, a row a label and a column an answer, in the order of CLASSES.
    bins: for a reliability diagram. ece: expected calibration error. accepted: share with status "ok"; wrong: of
    those. worst: the answers with the greatest loss, wrong ones first.
    """

    model: str
    n: int
    accuracy: float
    interval: tuple[float, float]
    loss: float
    confusion: NDArray[np.int64]
    bins: tuple[Bin, ...]
    ece: float
    accepted: float
    wrong: float
    curve: tuple[tuple[float, float], ...]
    worst: tuple[Answer, ...]
    errors: int

    @property
    def precision(self) -> list[float | None]:
        """A share a class: of the pictures that were answered so, those that are; None where none was."""
        return _shares(self.confusion.diagonal(), self.confusion.sum(axis=0))

    @property
    def recall(self) -> list[float | None]:
        """A share a class: of the pictures that are so, those that were answered so; None where none is."""
        return _shares(self.confusion.diagonal(), self.confusion.sum(axis=1))

    def to_dict(self) -> dict[str, Any]:
        """Everything by name, as JSON takes it; `worst` by name, label and answer."""
        by_class = zip(CLASSES, self.precision, self.recall, strict=True)
        return {
            "model": self.model,
            "n": self.n,
            "accuracy": self.accuracy,
            "accuracy_interval": list(self.interval),
            "loss": self.loss,
            "ece": self.ece,
            "accepted": self.accepted,
            "wrong_of_accepted": self.wrong,
            "unreadable": self.errors,
            "classes": {name: {"precision": precision, "recall": recall} for name, precision, recall in by_class},
            "confusion": {"labels": list(CLASSES), "counts": self.confusion.tolist()},
            "reliability": [
                {"count": each.count, "confidence": each.confidence, "accuracy": each.accuracy} for each in self.bins
            ],
            "accepted_against_error": [{"accepted": share, "error": error} for share, error in self.curve],
            "worst": [
                {
                    "input": answer.name,
                    "label": answer.label,
                    "text": answer.result.text,
                    "status": answer.result.status,
                    "confidence": answer.result.confidence,
                }
                for answer in self.worst
            ],
        }

    def to_text(self) -> str:
        """Everything for people, in lines."""
        low, high = self.interval
        lines = [
            f"{self.n} pictures, read by {self.model}",
            f"loss      {self.loss:.4f}",
            f"accuracy  {self.accuracy:.2%}  (95% interval {low:.2%} to {high:.2%})",
            f"accepted  {self.accepted:.2%} with status ok, {self.wrong:.2%} of them wrong",
            f"expected calibration error  {self.ece:.2%}",
            "",
            "       precision  recall   answered " + "".join(f"{name:>6}" for name in CLASSES),
        ]
        for name, precision, recall, row in zip(CLASSES, self.precision, self.recall, self.confusion, strict=True):
            if row.any():
                shares = "".join(f"{'' if share is None else f'{share:.2%}':>9}" for share in (precision, recall))
                lines.append(f"   {name}   {shares}            " + "".join(f"{count or '·':>6}" for count in row))
        misread = [answer for answer in self.worst if not answer.right]
        if misread:
            lines += ["", "misread, the worst first:"]
        for answer in misread:
            sure = "" if answer.result.confidence is None else f"{answer.result.confidence:.1%}"
            lines.append(f"   {answer.label} read as {answer.text} {sure:>7}  {answer.result.status:8}  {answer.name}")
        return "\n".join(lines) + "\n"


def evaluate(
    reader: Reader,
    sources: Sequence[Source],
    labels: Iterable[str],
    advance: Callable[[int], None] = lambda steps: None,
    worst: int = 20,
) -> Report:
    """Read pictures of one digit each and compare.

    labels: "0" … "9", or "-" for a picture without a digit. advance: called with 1 after each picture.
    worst: how many of the worst answers the report keeps.
    Raises ValueError where there are no pictures or not as many labels.
    """
    return _report(_answers(reader, sources, labels, advance), reader.card.name, worst)


def calibrated(
    reader: Reader,
    sources: Sequence[Source],
    labels: Iterable[str],
    advance: Callable[[int], None] = lambda steps: None,
) -> tuple[list[Promise], list[Failure]]:
    """What the reader may promise of pictures like these, which it has not learned from, and those it could not open.

    Raises as `evaluate`.
    """
    answers = _answers(reader, sources, labels, advance)
    found = np.array([CLASSES.index(answer.text) for answer in answers])
    sure = np.array([answer.result.confidence or 0.0 for answer in answers])
    failures = [answer.result for answer in answers if isinstance(answer.result, Failure)]
    return promises(found, sure, np.array([CLASSES.index(answer.label) for answer in answers])), failures


def write_calibrated(reader: Reader, out: Path, promises: Sequence[Promise], max_error: float, data: str) -> None:
    """Write the reader's model as a folder that promises `max_error` by default; `data` says of which files."""
    document = dict(reader.card.document)
    document["calibration"] = {**document["calibration"], "data": data, "promises": promises}
    document["thresholds"] = {"accept": promise_of(promises, max_error).threshold, "max_error": max_error}
    write_model(out, reader.model_file.read_bytes(), document)


def _answers(
    reader: Reader, sources: Sequence[Source], labels: Iterable[str], advance: Callable[[int], None]
) -> list[Answer]:
    labels = list(labels)
    if not sources or len(sources) != len(labels):
        raise ValueError(f"{len(sources)} pictures and {len(labels)} labels")
    answers = []
    firsts = reader.read_many(sources, one=True, pages=(1,))  # the page of a document that the label is of
    for index, (source, label, result) in enumerate(zip(sources, labels, firsts, strict=True)):
        name = f"number {index}" if isinstance(source, np.ndarray) else result.input
        answers.append(Answer(name, source, label, result, _loss(label, result)))
        advance(1)
    return answers


def _report(answers: list[Answer], model: str, keep: int) -> Report:
    right = np.array([answer.right for answer in answers])
    confusion = np.zeros((len(CLASSES), len(CLASSES)), np.int64)
    for answer in answers:
        confusion[CLASSES.index(answer.label), CLASSES.index(answer.text)] += 1
    sure = np.array([answer.result.confidence or 0.0 for answer in answers])
    classified = np.array([answer.result.confidence is not None for answer in answers])
    accepted = np.array([answer.result.status == "ok" for answer in answers])
    bins = reliability(sure[classified], right[classified]) if classified.any() else []
    worst = sorted(answers, key=lambda answer: (answer.right, -answer.loss))[:keep]
    return Report(
        model=model,
        n=len(answers),
        accuracy=float(right.mean()),
        interval=wilson(float(right.mean()), len(answers)),
        loss=float(np.mean([answer.loss for answer in answers])),
        confusion=confusion,
        bins=tuple(bins),
        ece=calibration_error(bins),
        accepted=float(accepted.mean()),
        wrong=float((~right[accepted]).mean()) if accepted.any() else 0.0,
        curve=_curve(sure, right),
        worst=tuple(worst),
        errors=sum(isinstance(answer.result, Failure) for answer in answers),
    )


def _loss(label: str, result: Reading | Failure) -> float:
    truth = CLASSES.index(label)  # the order of LABELS
    given = [0.0] * 10 + [1.0]
    if isinstance(result, Reading) and result.digits:
        given = list(result.digits[0].probabilities)
    return cross_entropy(np.array([given]), np.array([truth]))


def _curve(sure: NDArray[Any], right: NDArray[np.bool_], points: int = 200) -> tuple[tuple[float, float], ...]:
    """Accepted share and the error among the accepted, when the surest answers are accepted first."""
    errors = np.cumsum(~right[np.argsort(-sure, kind="stable")])
    counts = np.unique(np.linspace(1, len(sure), points).astype(int))
    return tuple((float(count / len(sure)), float(errors[count - 1] / count)) for count in counts)


def _shares(parts: NDArray[np.int64], wholes: NDArray[np.int64]) -> list[float | None]:
    return [float(part / whole) if whole else None for part, whole in zip(parts, wholes, strict=True)]
