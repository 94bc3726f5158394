"""What a reader answers: Digit, Reading, Failure; frozen values, and their JSON form.

Flows in: what `reader` decided. Flows out: records as the README describes them. Knows nothing of pictures,
networks or thresholds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["ok", "review", "rejected", "blank", "error"]
BBox = tuple[int, int, int, int]
Record = dict[str, Any]

LABELS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "none")
"""Names of the eleven probabilities; "none" is "no digit"."""
NONE = LABELS.index("none")

_WORST_LAST: tuple[Status, ...] = ("ok", "review", "rejected")
_DECIMALS = 4


def percent(confidence: float) -> str:
    """A confidence for people, who would take 100.0% for certainty."""
    return ">99.9%" if confidence >= 0.9995 else f"{confidence:.1%}"


@dataclass(frozen=True, slots=True)
class Digit:
    """One region of a picture and what it is.

    digit: "0" … "9", or None for a rejected region.
    confidence: 0…1, the probability that the answer is right (for a rejected region: that it is no digit).
    bbox: (x0, y0, x1, y1) in pixels of the picture, x1 and y1 exclusive.
    probabilities: eleven numbers that sum to 1, in the order of LABELS.
    """

    digit: str | None
    confidence: float
    bbox: BBox
    status: Status
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        x0, y0, x1, y1 = self.bbox
        if not (0 <= x0 < x1 and 0 <= y0 < y1):
            raise ValueError(f"bbox {self.bbox} is empty or negative")
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"confidence {self.confidence} is not in 0…1")
        if self.status not in _WORST_LAST:
            raise ValueError(f"a digit has no status {self.status!r}")
        if len(self.probabilities) != len(LABELS):
            raise ValueError(f"{len(self.probabilities)} probabilities, {len(LABELS)} are wanted")

    @property
    def alternatives(self) -> tuple[tuple[str, float], ...]:
        """Further candidates from 0.1% up, likeliest first."""
        others = [
            (label, p)
            for label, p in zip(LABELS, self.probabilities, strict=True)
            if p >= 0.001 and label != (self.digit or "none")
        ]
        return tuple(sorted(others, key=lambda pair: -pair[1]))

    def to_dict(self, probabilities: bool = False) -> Record:
        """The digit as a JSON object; with `probabilities`, all eleven by label."""
        record: Record = {
            "digit": self.digit,
            "confidence": round(self.confidence, _DECIMALS),
            "bbox": list(self.bbox),
            "status": self.status,
            "alternatives": [[label, round(p, _DECIMALS)] for label, p in self.alternatives],
        }
        if probabilities:
            record["probabilities"] = {
                label: round(p, _DECIMALS) for label, p in zip(LABELS, self.probabilities, strict=True)
            }
        return record


@dataclass(frozen=True, slots=True)
class Reading:
    """What one picture (a page of a PDF or TIFF is a picture) says.

    input: the argument as it was given. page: from 1. size: (width, height) in pixels.
    rotation: degrees that the reader turned the picture by, clockwise.
    text: the digits in reading order; "" for blank and rejected.
    confidence: 0…1, the probability that the whole text is right; None for a blank picture, where nothing
    was classified. picture: draws it as a PNG, which a notebook shows; only methods that read one picture keep it,
    since it holds the picture's pixels.
    """

    input: str
    page: int
    size: tuple[int, int]
    text: str
    digits: tuple[Digit, ...]
    model: str
    rotation: int = 0
    picture: "Callable[[Reading], bytes] | None" = field(default=None, compare=False, repr=False)

    def _repr_png_(self) -> bytes | None:
        return None if self.picture is None else self.picture(self)

    @property
    def status(self) -> Status:
        """The worst of the digits; "blank" where there is none."""
        return max((d.status for d in self.digits), key=_WORST_LAST.index, default="blank")

    @property
    def confidence(self) -> float | None:
        """The product of the digits' confidences, which takes their errors as independent."""
        product = 1.0
        for digit in self.digits:
            product *= digit.confidence
        return product if self.digits else None

    def to_dict(self, probabilities: bool = False) -> Record:
        """The reading as a JSON object, its fields in the order of the README."""
        return {
            "input": self.input,
            "page": self.page,
            "size": list(self.size),
            "rotation": self.rotation,
            "text": self.text,
            "status": self.status,
            "confidence": None if self.confidence is None else round(self.confidence, _DECIMALS),
            "digits": [digit.to_dict(probabilities) for digit in self.digits],
            "error": None,
            "model": self.model,
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that could not be read, in the place where its reading would be.

    kind: "missing", "access", "format", "damaged", "too_large" or "password".
    message: names the file, the cause and what to do.
    """

    input: str
    page: int
    kind: str
    message: str
    model: str

    @property
    def status(self) -> Status:
        """Always "error"."""
        return "error"

    @property
    def text(self) -> str:
        """Always empty."""
        return ""

    @property
    def confidence(self) -> None:
        """Always None: nothing was classified."""
        return None

    def to_dict(self, probabilities: bool = False) -> Record:
        """The failure as a JSON object with the fields of a reading."""
        return {
            "input": self.input,
            "page": self.page,
            "size": None,
            "rotation": 0,
            "text": "",
            "status": "error",
            "confidence": None,
            "digits": [],
            "error": {"kind": self.kind, "message": self.message},
            "model": self.model,
        }
