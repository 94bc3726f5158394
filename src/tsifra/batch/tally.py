"""What has been counted and measured of some answers: one frozen value, which adds up.

Knows nothing of what is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

STEPS = ("list", "fetch", "decode", "normalize", "classify", "write")
"""What the seconds of a tally are of."""

_N = TypeVar("_N", int, float)


@dataclass(frozen=True, slots=True)
class Tally:
    """files: inputs; rows: records, one a page. statuses, errors: rows by status, and failed ones by kind of error.

    seconds: what the steps of the work took, of all workers together; empty unless it was asked for.
    """

    files: int = 0
    rows: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.files + other.files,
            self.rows + other.rows,
            _sum(self.statuses, other.statuses),
            _sum(self.errors, other.errors),
            _sum(self.seconds, other.seconds),
        )

    @property
    def failed(self) -> int:
        """Rows with status "error"."""
        return self.statuses.get("error", 0)


def _sum(one: Mapping[str, _N], other: Mapping[str, _N]) -> dict[str, _N]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}
