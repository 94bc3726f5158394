"""What is wanted of every picture of a run: one frozen value, made by the command line and sent to all processes.

Knows nothing of where the pictures are and who reads them.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from tsifra.decoders import Limits
from tsifra.layout import Layout

Form = Literal["parquet", "jsonl", "csv"]
FORMS: tuple[Form, ...] = ("parquet", "jsonl", "csv")


@dataclass(frozen=True, slots=True)
class Job:
    """The options of reading, as in `Reader` and `read_many`, and the form that the answers are written in.

    profile: whether to measure where the time goes.
    """

    one: bool = False
    layout: Layout = "auto"
    rotate: int | None = None
    pages: tuple[int, ...] | None = None
    model: str | None = None
    max_error: float | None = None
    max_pixels: int = Limits().max_pixels
    dpi: int = Limits().dpi
    probabilities: bool = False
    form: Form = "parquet"
    profile: bool = False

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"form is {self.form!r}, one of {', '.join(FORMS)} is wanted")

    def options(self) -> dict[str, Any]:
        """What the answers depend on, the model's path aside: its hash says more."""
        chosen = asdict(self)
        del chosen["model"], chosen["profile"]
        return chosen | {"pages": None if self.pages is None else list(self.pages)}


@dataclass(frozen=True, slots=True)
class Model:
    """Which network reads. card: SHA-256 of its card, which decides what is `ok`."""

    name: str
    sha256: str
    card: str
