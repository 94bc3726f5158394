"""Any source of pictures -> an opened document, page by page.

Flows in: a path, bytes, a file object, a Pillow image or an array. Flows out: the pixels of each page, as
`image` has them. Decoding is left to Pillow, pi-heif and pypdfium2; their errors become ours here. What is over
a limit is refused before it is decoded.
"""

import errno
import io
import os
import re
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tsifra.errors import (
    AccessError,
    DamagedError,
    FormatError,
    InputError,
    MissingError,
    PasswordError,
    TooLargeError,
)
from tsifra.image import Pixels, from_array, from_pillow, opaque

Source = str | os.PathLike[str] | bytes | BinaryIO | Image.Image | NDArray[Any]

SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".jp2", ".bmp", ".dib", ".gif", ".tif", ".tiff"),
    *(".webp", ".avif", ".heic", ".heif", ".hif", ".ppm", ".pgm", ".pbm", ".pnm", ".pdf"),
)
"""What is taken for a picture in a folder; a file that is named itself is opened whatever its name."""

# Formats with a decoder in Pillow that neither runs other programs (EPS) nor accepts just anything (TGA).
_FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "TIFF", "WEBP", "AVIF", "PPM", "JPEG2000")
_BEGINNINGS = re.compile(
    rb"\x89PNG\r\n\x1a\n.|\xff\xd8\xff|GIF8[79]a|II\*\0|MM\0\*|RIFF....WEBP|....ftyp(avif|avis|mif1|heic)", re.DOTALL
)
_HEIF_BRANDS = frozenset(b"heic heix heim heis hevc hevx hevm hevs mif1 msf1 heif".split())
_QUICK = 1 << 15  # pixels that any decoder has done within a millisecond
_IN_MEMORY = 1 << 20  # bytes; smaller files are read at once, which decoders are quicker with
_PDF_LOCK = threading.Lock()  # PDFium is not thread-safe, even across documents


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before it is decoded, and the resolution that PDF pages are drawn at (dots per inch)."""

    max_pixels: int = 100_000_000
    max_bytes: int = 1 << 30
    max_pages: int = 10_000
    dpi: int = 200

    def __post_init__(self) -> None:
        for name in ("max_pixels", "max_bytes", "max_pages", "dpi"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, at least 1 is wanted")


class Document(Protocol):
    """An opened source: how many pages it has, and each of them.

    slow: whether a page takes some milliseconds to decode, which other threads may use.
    """

    count: int
    slow: bool

    def page(self, number: int) -> Pixels:
        """Pixels of page `number`, from 1. Raises InputError."""
        ...


def name_of(source: Source) -> str:
    """What a source is called in records and messages."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    if isinstance(source, bytes):
        return "<bytes>"
    if isinstance(source, np.ndarray):
        return "<array>"
    if isinstance(source, Image.Image):
        return str(getattr(source, "filename", "")) or "<image>"
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "<file>"


@contextmanager
def open_document(source: Source, limits: Limits) -> Iterator[Document]:
    """Open a source; nothing is decoded yet.

    Raises InputError for what cannot be read, TypeError and ValueError for an argument that is no source.
    """
    name = name_of(source)
    if isinstance(source, np.ndarray):
        yield _Single(from_array(source))
    elif isinstance(source, Image.Image):
        yield _Raster(source, name, limits)
    elif isinstance(source, str | os.PathLike) and not must_be_waited_for(source):
        with _open_file(name, limits) as handle, _decoder(handle, name, limits) as document:
            yield document
    elif isinstance(source, bytes | str | os.PathLike) or hasattr(source, "read"):
        data = source if isinstance(source, bytes) else fetch(source, limits)
        _check_bytes(len(data), name, limits)
        with _decoder(io.BytesIO(data), name, limits) as document:
            yield document
    else:
        raise TypeError(f"{type(source).__name__} is no picture: a path, bytes, a file, an image or an array is")


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
            return handle.read(limits.max_bytes + 1)
    data = source.read(limits.max_bytes + 1)  # type: ignore[union-attr]
    if not isinstance(data, bytes):
        raise TypeError(f"{name_of(source)}: a file opened as text; open it in binary mode ('rb')")
    return data


def named(data: bytes, name: str) -> BinaryIO:
    """Bytes as a file object that is called `name` in records and messages."""
    file = io.BytesIO(data)
    file.name = name
    return file


def find_pictures(folder: Path, name: str) -> list[str]:
    """Picture files below a folder, each as `name`/…, in natural order (2.png before 10.png).

    Raises MissingError where there are none.
    """
    found = [
        os.path.join(root, file)
        for root, _, files in os.walk(folder)
        for file in files
        if file.lower().endswith(SUFFIXES) and not file.startswith(".")
    ]
    if not found:
        raise MissingError(f"{name}: a folder without pictures")
    relative = sorted((os.path.relpath(path, folder) for path in found), key=natural_key)
    return [os.path.join(name, path) for path in relative]


def natural_key(name: str) -> list[tuple[int, str]]:
    """A sort key under which 2.png comes before 10.png."""
    return [(int(part), "") if part.isdecimal() else (-1, part.lower()) for part in re.split(r"(\d+)", name)]


class _Single:
    """An array is one page."""

    count = 1
    slow = False

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels

    def page(self, number: int) -> Pixels:
        return self._pixels


class _Raster:
    """What Pillow opens. The frames of a TIFF are its pages; of an animation only the first frame is a picture."""

    def __init__(self, image: Image.Image, name: str, limits: Limits) -> None:
        self._image, self._name, self._limits = image, name, limits
        self.count = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
        self.slow = image.width * image.height > _QUICK
        _check_pages(self.count, name, limits)

    def page(self, number: int) -> Pixels:
        image = self._image
        try:
            if self.count > 1:
                image.seek(number - 1)
            _check_pixels(image.size, self._name, self._limits)
            image.load()
            return from_pillow(image)
        except Exception as error:
            raise _translated(error, self._name) from None


class _Pdf:
    """A PDF; every call into PDFium is made under one lock for the process."""

    slow = True

    def __init__(self, handle: BinaryIO, name: str, limits: Limits) -> None:
        import pypdfium2  # 20 ms that only a PDF is worth

        self._name, self._limits = name, limits
        try:
            with _PDF_LOCK:
                self._document = pypdfium2.PdfDocument(handle)
                self.count = len(self._document)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                raise PasswordError(f"{name}: a PDF with a password; save it without one first") from None
            raise DamagedError(f"{name}: damaged PDF: {error}") from None
        if not self.count:
            raise DamagedError(f"{name}: a PDF without pages")
        _check_pages(self.count, name, limits)

    def page(self, number: int) -> Pixels:
        scale = self._limits.dpi / 72
        with _PDF_LOCK:
            try:
                with closing(self._document[number - 1]) as page:
                    width, height = page.get_size()
                    _check_pixels((int(width * scale), int(height * scale)), self._name, self._limits)
                    with closing(page.render(scale=scale, rev_byteorder=True)) as bitmap:
                        return opaque(np.array(bitmap.to_numpy()))  # a copy: the bitmap owns its memory
            except Exception as error:
                raise _translated(error, self._name) from None

    def close(self) -> None:
        with _PDF_LOCK:
            self._document.close()


@contextmanager
def _decoder(handle: BinaryIO, name: str, limits: Limits) -> Iterator[Document]:
    head = handle.read(1024)
    handle.seek(0)
    if not head:
        raise FormatError(f"{name}: not a picture: the file is empty")
    if b"%PDF-" in head:
        pdf = _Pdf(handle, name, limits)
        try:
            yield pdf
        finally:
            pdf.close()
        return
    try:
        if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS and b"avif" not in head[:64]:
            import pi_heif  # only phones' files need it

            heif = pi_heif.open_heif(handle, convert_hdr_to_8bit=True)
            _check_pixels(heif.size, name, limits)
            image = heif.to_pillow()
        else:
            image = Image.open(handle, formats=_FORMATS)
        document = _Raster(image, name, limits)
    except UnidentifiedImageError:
        if _BEGINNINGS.match(head):
            raise DamagedError(f"{name}: damaged: it begins as a picture does, and ends or breaks off early") from None
        raise FormatError(f"{name}: not a picture that can be read (see the table of formats)") from None
    except Exception as error:
        raise _translated(error, name) from None
    with image:
        yield document


def _translated(error: Exception, name: str) -> InputError:
    """The one place where errors of the decoders become ours. Malformed files make them raise nearly anything."""
    match error:
        case InputError():
            return error
        case Image.DecompressionBombError():
            return TooLargeError(f"{name}: too large: {error}; PIL.Image.MAX_IMAGE_PIXELS raises Pillow's own limit")
        case MemoryError():
            return TooLargeError(f"{name}: too large: more memory is needed than there is; lower --max-pixels")
        case _:
            cause = " ".join(str(error).split())
            return DamagedError(f"{name}: damaged: what could be read ended early ({cause})")


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
            _check_bytes(info.st_size, name, limits)
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


def _check_bytes(count: int, name: str, limits: Limits) -> None:
    if count > limits.max_bytes:
        raise TooLargeError(
            f"{name}: too large: {count:,} bytes, the limit is {limits.max_bytes:,}; Reader(max_bytes=…) raises it"
        )


def _check_pixels(size: tuple[int, int], name: str, limits: Limits) -> None:
    count = size[0] * size[1]
    if count > limits.max_pixels:
        raise TooLargeError(
            f"{name}: too large: {count:,} pixels, the limit is {limits.max_pixels:,}; raise it with --max-pixels"
        )
    if count < 1:
        raise DamagedError(f"{name}: damaged: a picture without pixels")


def _check_pages(count: int, name: str, limits: Limits) -> None:
    if count > limits.max_pages:
        raise TooLargeError(
            f"{name}: too large: {count:,} pages, the limit is {limits.max_pages:,}; Reader(max_pages=…) raises it"
        )
