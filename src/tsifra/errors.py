"""The tree of exceptions; imports nothing.

TsifraError
├── InputError           an input that could not be read; becomes a Failure in its place
│   ├── MissingError     no such file, or a folder without pictures
│   ├── AccessError      the file is there and may not be opened
│   ├── FormatError      not a picture, or of a kind that no decoder here knows
│   ├── DamagedError     a picture that ends early or contradicts itself
│   ├── TooLargeError    over a limit on pixels, bytes or pages
│   └── PasswordError    a PDF that opens only with a password
├── ModelError           a model folder that cannot be used
└── DataError            a data set that cannot be had or is not what it should be
"""


class TsifraError(Exception):
    """Base of every error that this package raises on purpose."""

    kind = "internal"


class InputError(TsifraError):
    """An input that could not be read. The message names the file, the cause and what to do."""

    kind = "input"


class MissingError(InputError):
    """No such file, or a folder without pictures."""

    kind = "missing"


class AccessError(InputError):
    """The file is there and may not be opened."""

    kind = "access"


class FormatError(InputError):
    """Not a picture, or of a kind that no decoder here knows."""

    kind = "format"


class DamagedError(InputError):
    """A picture that ends early or contradicts itself."""

    kind = "damaged"


class TooLargeError(InputError):
    """Over a limit on pixels, bytes or pages."""

    kind = "too_large"


class PasswordError(InputError):
    """A PDF that opens only with a password."""

    kind = "password"


class ModelError(TsifraError):
    """A model folder that cannot be used."""

    kind = "model"


class DataError(TsifraError):
    """A data set that cannot be had or is not what it should be."""

    kind = "data"
