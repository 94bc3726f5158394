"""tsifra reads the digits in picture files.

>>> import tsifra
>>> tsifra.Reader().read_one("4.png").text  # doctest: +SKIP
'4'
"""

from typing import TYPE_CHECKING, Any

from tsifra.errors import (
    AccessError,
    DamagedError,
    DataError,
    FormatError,
    InputError,
    MissingError,
    ModelError,
    PasswordError,
    TooLargeError,
    TsifraError,
)
from tsifra.reading import LABELS, Digit, Failure, Reading

if TYPE_CHECKING:
    from tsifra.explanation import Explanation
    from tsifra.reader import Reader

__version__ = "0.1.0"

__all__ = [
    "LABELS",
    "AccessError",
    "DamagedError",
    "DataError",
    "Digit",
    "Explanation",
    "Failure",
    "FormatError",
    "InputError",
    "MissingError",
    "ModelError",
    "PasswordError",
    "Reader",
    "Reading",
    "TooLargeError",
    "TsifraError",
    "__version__",
]


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    """Load what needs OpenCV and ONNX Runtime only when it is asked for (0.2 s that `tsifra --help` saves)."""
    if name == "Reader":
        from tsifra.reader import Reader

        return Reader
    if name == "Explanation":
        from tsifra.explanation import Explanation

        return Explanation
    raise AttributeError(f"module 'tsifra' has no attribute {name!r}")
