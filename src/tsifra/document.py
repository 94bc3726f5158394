"""Any source of pictures -> an opened document, page by page.

Flows in: a path, bytes, a file object, a Pillow image or an array. Flows out: a Document of `decoders`, which
knows the formats; this module knows names, files, folders and pipes.
"""

import codecs
import errno
import io
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tsifra.decoders import Document, FromImage, FromPixels, Limits, check_bytes, decoder
from tsifra.errors import AccessError, FormatError, MissingError
from tsifra.image import from_array

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | NDArray[Any]

SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".jp2", ".bmp", ".dib", ".gif", ".tif", ".tiff"),
    *(".webp", ".avif", ".heic", ".heif", ".hif", ".ppm", ".pgm", ".pbm", ".pnm", ".pdf"),
)
"""What is taken for a picture in a folder; a file that is named itself is opened whatever its name."""

_MOST_PAGES = 100_000
_NUMBERS = re.compile(r"(\d+)")
_IN_MEMORY = 1 << 20  # bytes; smaller files are read at once, which decoders are quicker with


def name_of(source: Source) -> str:
    """What a source is called in records and messages."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return "<bytes>"
    if isinstance(source, np.ndarray):
        return "<array>"
    if isinstance(source, Image.Image):
        return str(getattr(source, "filename", "")) or "<image>"
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "<file>"


def parse_pages(value: str) -> frozenset[int]:
    """Numbers and ranges of pages, from 1, such as "1-3,5". Raises ValueError for anything else."""
    numbers: set[int] = set()
    for part in value.split(","):
        first, dash, last = part.partition("-")
        try:
            low, high = int(first), int(last) if dash else int(first)
        except ValueError:
            raise ValueError(f"{value!r} is no list of pages such as 1-3,5") from None
        if not 1 <= low <= high <= _MOST_PAGES:
            raise ValueError(f"{part!r} is no range of pages, from 1 up")
        numbers.update(range(low, high + 1))
    return frozenset(numbers)


def listed_names(lines: Iterable[bytes]) -> Iterator[str]:
    """The names in a list, one a line, as they stand there."""
    for number, line in enumerate(lines):
        line = line if number else line.removeprefix(codecs.BOM_UTF8)
        name = os.fsdecode(line.removesuffix(b"\n").removesuffix(b"\r"))
        if name:
            yield name


@contextmanager
def open_document(source: Source, limits: Limits) -> Iterator[Document]:
    """Open a source; nothing is decoded yet.

    Raises InputError for what cannot be read, TypeError and ValueError for an argument that is no source.
    """
    name = name_of(source)
    if isinstance(source, np.ndarray):
        yield FromPixels(from_array(source))
    elif isinstance(source, Image.Image):
        yield FromImage(source, name, limits)
    elif isinstance(source, str | os.PathLike):
        with _open_file(name, limits) as handle:
            file = handle if handle.seekable() else io.BytesIO(handle.read(limits.max_bytes + 1))
            with decoder(file, name, limits) as document:
                yield document
    elif isinstance(source, bytes | bytearray | memoryview) or hasattr(source, "read"):
        data = bytes(source) if isinstance(source, bytes | bytearray | memoryview) else fetch(source, limits)
        check_bytes(len(data), name, limits)
        with decoder(io.BytesIO(data), name, limits) as document:
            yield document
    else:
        raise TypeError(f"{type(source).__name__} is no picture: a path, bytes, a file, an image or an array is")


def weight(source: Source) -> int:
    """About how many bytes there are to decode, compressed ones twentyfold: what a thread's share is measured by."""
    if isinstance(source, np.ndarray):
        return source.nbytes
    if isinstance(source, Image.Image):
        return source.width * source.height
    if isinstance(source, str | os.PathLike):
        try:
            return 20 * os.stat(source).st_size
        except (OSError, ValueError):
            return 0
    return 20 * len(source) if isinstance(source, bytes | bytearray | memoryview) else 0


def must_be_waited_for(source: Source) -> bool:
    """Whether a source gives its bytes at a pace of its own, and once: a file object, a pipe."""
    if isinstance(source, str | os.PathLike):
        try:
            return stat.S_ISFIFO(os.stat(source).st_mode)
        except (OSError, ValueError):  # opening it will tell
            return False
    return hasattr(source, "read") and not isinstance(source, Image.Image | io.BytesIO)


def fetch(source: Source, limits: Limits) -> bytes:
    """What a file object or a pipe gives, up to a byte more than may be read.

    Raises InputError for a pipe that cannot be opened, TypeError for a file opened as text.
    """
    if isinstance(source, str | os.PathLike):
        with _open_file(os.fspath(source), limits) as handle:
            data = handle.read(limits.max_bytes + 1)
        if not data:
            raise FormatError(f"{source}: an empty pipe; begin to write to it first")
        return data
    data = source.read(limits.max_bytes + 1)  # type: ignore[union-attr]
    if not isinstance(data, bytes):
        raise TypeError(f"{name_of(source)}: a file opened as text; open it in binary mode ('rb')")
    return data


def named(data: bytes, name: str) -> BinaryIO:
    """Bytes as a file object that is called `name` in records and messages."""
    file = io.BytesIO(data)
    file.name = name
    return file


def is_picture(file: str) -> bool:
    """Whether a folder's file of this name is taken for a picture; hidden ones are not."""
    return file.lower().endswith(SUFFIXES) and not file.startswith(".")


def find_pictures(folder: Path, name: str) -> list[str]:
    """Picture files below a folder, each as `name`/…, in natural order (2.png before 10.png).

    Links to folders are not followed.

    Raises MissingError where there are none.
    """
    closed: list[OSError] = []  # folders that may not be looked into, which whoever opens them will tell of
    found = [
        os.path.join(root, file)
        for root, _, files in os.walk(folder, onerror=closed.append)
        for file in files
        if is_picture(file)
    ]
    found += [str(error.filename) for error in closed]
    if not found:
        raise MissingError(f"{name}: a folder without pictures")
    relative = sorted((os.path.relpath(path, folder) for path in found), key=natural_key)
    return [os.path.join(name, path) for path in relative]


def natural_key(name: str) -> list[Any]:
    """A sort key under which 2.png comes before 10.png: text and numbers by turns."""
    parts: list[Any] = _NUMBERS.split(name.lower())
    parts[1::2] = map(int, parts[1::2])
    return parts


@contextmanager
def _open_file(name: str, limits: Limits) -> Iterator[BinaryIO]:
    try:
        # Non-blocking, or a pipe that nobody writes to would hold the reader for ever.
        file = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise MissingError(f"{name}: no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        if isinstance(error, ValueError) or error.errno in (errno.ENAMETOOLONG, errno.ENOTDIR):
            raise MissingError(f"{name!r}: no such file") from None
        raise AccessError(f"{name}: cannot be opened: {error.strerror}") from None
    try:
        info = os.fstat(file)
        if stat.S_ISREG(info.st_mode):
            check_bytes(info.st_size, name, limits)
            if info.st_size <= _IN_MEMORY:
                yield io.BytesIO(os.read(file, info.st_size))
            else:
                with open(file, "rb", closefd=False) as handle:
                    yield handle
        elif stat.S_ISFIFO(info.st_mode):
            os.set_blocking(file, True)
            with open(file, "rb", closefd=False) as handle:
                yield handle
        elif stat.S_ISDIR(info.st_mode):
            raise FormatError(f"{name}: a folder, not a picture")
        else:
            raise FormatError(f"{name}: not a file that holds a picture")
    finally:
        os.close(file)
