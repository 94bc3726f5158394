"""The records of a data set -> what a person wants to know of them, as text.

Flows in: records. Flows out: a Summary. Holds none of them but the most uncertain. Opens no picture.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tsifra.output import printable
from tsifra.reading import BBox, Record, percent

BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0)
"""Bounds of the confidences that are counted together: finer where most are."""

STATUSES = ("ok", "review", "rejected", "blank", "error")
_KINDS = 5  # of errors, the commonest
_EXAMPLES = 3
_BAR = 40  # characters of the longest bar


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A digit, or in CSV a picture, that a person should look at. bbox: None for all of the picture."""

    input: str
    page: int
    rotation: int
    digit: str
    confidence: float
    bbox: BBox | None


@dataclass(frozen=True, slots=True)
class Summary:
    """statuses, errors: rows by status, failed ones by kind of error. bins: rows by confidence, between BINS.

    examples: the first messages of each kind of error. uncertain: digits for review, the least sure first.
    """

    rows: int
    statuses: Mapping[str, int]
    bins: Sequence[int]
    errors: Mapping[str, int]
    examples: Mapping[str, Sequence[str]]
    uncertain: Sequence[Uncertain]

    @property
    def unsure(self) -> float:
        """The share of what was read that a person should look at."""
        read = self.rows - self.statuses.get("error", 0)
        return (self.statuses.get("review", 0) + self.statuses.get("rejected", 0)) / read if read else 0.0

    def to_text(self) -> str:
        """For a terminal."""
        lines = [f"{self.rows:,} rows, {self.unsure:.2%} of those read are uncertain", ""]
        for status in STATUSES:
            if count := self.statuses.get(status, 0):
                lines.append(f"{status:9} {count:12,} {count / self.rows:7.2%}")
        lines += ["", "confidence"]
        most = max(self.bins)
        for low, high, count in zip(BINS, BINS[1:], self.bins, strict=False):
            lines.append(f"{low:5g} … {high:<5g} {count:12,} {'█' * round(_BAR * count / max(most, 1))}".rstrip())
        if self.errors:
            lines += ["", "errors"]
        for kind, count in Counter(self.errors).most_common(_KINDS):
            lines.append(f"{kind:9} {count:12,}  such as {printable(self.examples[kind][0])}")
        if self.uncertain:
            lines += ["", "the most uncertain"]
        for each in self.uncertain:
            page = f" p{each.page}" if each.page > 1 else ""
            where = f" at {','.join(map(str, each.bbox))}" if each.bbox else ""
            lines.append(f"{each.digit or '-':3} {percent(each.confidence):>6}  {printable(each.input)}{page}{where}")
        return "\n".join(lines)


def summarized(records: Iterable[Record], most: int) -> Summary:
    """What records come to. most: how many uncertain digits to keep."""
    rows = 0
    statuses: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    bins = [0] * (len(BINS) - 1)
    examples: dict[str, list[str]] = {}
    kept: list[tuple[float, int, Uncertain]] = []  # a heap, the surest first
    for record in records:
        rows += 1
        statuses[record["status"]] += 1
        if record["confidence"] is not None:
            bins[_bin(record["confidence"])] += 1
        if error := record["error"]:
            errors[error["kind"]] += 1
            seen = examples.setdefault(error["kind"], [])
            if len(seen) < _EXAMPLES:
                seen.append(error["message"])
        for each in _uncertain(record):
            heapq.heappush(kept, (-each.confidence, -rows, each))
            if len(kept) > most:
                heapq.heappop(kept)
    least_sure = [each for _, _, each in sorted(kept, key=lambda entry: (-entry[0], -entry[1]))]
    return Summary(rows, statuses, bins, errors, examples, least_sure)


def _uncertain(record: Record) -> Iterable[Uncertain]:
    """The digits for review of a record; of a picture whose digits are not known, itself."""
    page = record["input"], record["page"], int(record.get("rotation") or 0)
    for digit in record["digits"]:
        if digit["status"] == "review":
            yield Uncertain(*page, digit["digit"] or "", digit["confidence"], _bbox(digit["bbox"]))
    if not record["digits"] and record["status"] == "review":
        yield Uncertain(*page, record["text"], record["confidence"], None)


def _bbox(values: Sequence[Any]) -> BBox:
    x0, y0, x1, y1 = map(int, values)
    return x0, y0, x1, y1


def _bin(confidence: float) -> int:
    return sum(confidence >= bound for bound in BINS[1:-1])
