"""An opened file, a Pillow image or an array -> its pages.

Flows in: bytes that can be gone back in, under a name. Flows out: the pixels of each page, as `image` has them.
Decoding is left to Pillow, OpenCV, pi-heif and pypdfium2; their errors become ours here. What is over a limit is
refused before it is decoded. Knows nothing of paths and folders.
"""

import io
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from tsifra.errors import DamagedError, FormatError, InputError, PasswordError, TooLargeError
from tsifra.image import Pixels, from_pillow, opaque, stands_upright

# Formats with a decoder in Pillow that neither runs other programs (EPS) nor accepts just anything (TGA).
_FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "TIFF", "WEBP", "AVIF", "PPM", "JPEG2000")
_BEGINNINGS = re.compile(
    rb"\x89PNG\r\n\x1a\n.|\xff\xd8\xff|GIF8[79]a|II\*\0|MM\0\*|RIFF....WEBP|....ftyp(avif|avis|mif1|heic)", re.DOTALL
)
_HEIF_BRANDS = frozenset(b"heic heix heim heis hevc hevx hevm hevs mif1 msf1 heif".split())
_QUICK = 1 << 15  # pixels that any decoder has done within a millisecond
_PDF_PAGES = 32  # after which a PDF is opened anew
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


class FromPixels:
    """An array is one page."""

    count = 1
    slow = False

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels

    def page(self, number: int) -> Pixels:
        """As in Document."""
        return self._pixels


class FromImage:
    """What Pillow has opened. count: its frames that are pages, or 1 for the frame that it shows."""

    def __init__(self, image: Image.Image, name: str, limits: Limits, count: int = 1) -> None:
        self._image, self._name, self._limits, self.count = image, name, limits, count
        self.slow = image.width * image.height > _QUICK
        _check_pages(count, name, limits)

    def page(self, number: int) -> Pixels:
        """As in Document."""
        image = self._image
        try:
            if self.count > 1:
                image.seek(number - 1)
            _check_pixels(image.size, self._name, self._limits)
            pixels = _plain_jpeg(image)
            if pixels is not None:
                return pixels
            image.load()
            return from_pillow(image)
        except Exception as error:
            raise _translated(error, self._name) from None


class FromHeif:
    """A phone's picture."""

    count = 1
    slow = True

    def __init__(self, handle: BinaryIO, name: str, limits: Limits) -> None:
        import pi_heif  # only phones' files need it

        self._name = name
        try:
            self._heif = pi_heif.open_heif(handle, convert_hdr_to_8bit=True)
            _check_pixels(self._heif.size, name, limits)
        except Exception as error:
            raise _translated(error, name) from None

    def page(self, number: int) -> Pixels:
        """As in Document."""
        try:
            return from_pillow(self._heif.to_pillow())
        except Exception as error:
            raise _translated(error, self._name) from None


class FromPdf:
    """A PDF; every call into PDFium is made under one lock for the process."""

    slow = True

    def __init__(self, handle: BinaryIO, name: str, limits: Limits) -> None:
        import pypdfium2  # 20 ms that only a PDF is worth

        self._name, self._limits, self._handle, self._drawn = name, limits, handle, 0
        try:
            with _PDF_LOCK:
                self._document = pypdfium2.PdfDocument(handle)
                self.count = len(self._document)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                raise PasswordError(f"{name}: a PDF with a password; save it without one first") from None
            raise DamagedError(f"{name}: damaged PDF: {error}") from None
        try:
            if not self.count:
                raise DamagedError(f"{name}: a PDF without pages")
            _check_pages(self.count, name, limits)
        except InputError:
            self.close()
            raise

    def page(self, number: int) -> Pixels:
        """As in Document."""
        scale = self._limits.dpi / 72
        with _PDF_LOCK:
            try:
                self._forget_pages()
                with closing(self._document[number - 1]) as page:
                    width, height = page.get_size()
                    size = (int(width * scale), int(height * scale))
                    _check_pixels(
                        size, self._name, self._limits, f"draw it with fewer than {self._limits.dpi} dpi, or "
                    )
                    with closing(page.render(scale=scale, rev_byteorder=True)) as bitmap:
                        return opaque(np.array(bitmap.to_numpy()))  # a copy: the bitmap owns its memory
            except Exception as error:
                raise _translated(error, self._name) from None

    def _forget_pages(self) -> None:
        """Open the document anew now and then: PDFium keeps what it has read of each page."""
        self._drawn += 1
        if self._drawn % _PDF_PAGES == 0:
            import pypdfium2

            self._document.close()
            self._handle.seek(0)
            self._document = pypdfium2.PdfDocument(self._handle)

    def close(self) -> None:
        """Give PDFium's memory back."""
        with _PDF_LOCK:
            self._document.close()


@contextmanager
def decoder(handle: BinaryIO, name: str, limits: Limits) -> Iterator[Document]:
    """Open what a file holds, whatever its name says; nothing is decoded yet. Raises InputError."""
    head = handle.read(1024)
    handle.seek(0)
    if not head:
        raise FormatError(f"{name}: not a picture: the file is empty")
    if b"%PDF-" in head and not _BEGINNINGS.match(head):  # a picture may speak of PDF too
        pdf = FromPdf(handle, name, limits)
        try:
            yield pdf
        finally:
            pdf.close()
        return
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS and b"avif" not in head[:64]:
        yield FromHeif(handle, name, limits)
        return
    try:
        image = Image.open(handle, formats=_FORMATS)
        # The frames of a TIFF are its pages; of an animation only the first is a picture.
        document = FromImage(image, name, limits, image.n_frames if image.format == "TIFF" else 1)  # type: ignore[attr-defined]
    except UnidentifiedImageError:
        if _BEGINNINGS.match(head):
            raise DamagedError(f"{name}: damaged: it begins as a picture does, and ends or breaks off early") from None
        raise FormatError(f"{name}: not a picture that can be read (see the table of formats)") from None
    except Exception as error:
        raise _translated(error, name) from None
    with image:
        yield document


def _plain_jpeg(image: Image.Image) -> Pixels | None:
    """A whole JPEG in memory by OpenCV, in half of Pillow's time; None where Pillow has to see to it.

    That is what ends early, which OpenCV does not tell, what lies on its side, and CMYK.
    """
    file = getattr(image, "fp", None)
    if image.format != "JPEG" or image.mode not in ("L", "RGB") or not isinstance(file, io.BytesIO):
        return None
    data = file.getvalue()
    if not data.endswith(b"\xff\xd9") or not stands_upright(image):
        return None
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.shape[1::-1] != image.size or pixels.dtype != np.uint8:
        return None
    return np.asarray(pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def _translated(error: Exception, name: str) -> InputError:
    """The one place where errors of the decoders become ours. Malformed files make them raise nearly anything."""
    match error:
        case InputError():
            return error
        case Image.DecompressionBombError():
            return TooLargeError(f"{name}: too large: {error}; PIL.Image.MAX_IMAGE_PIXELS raises Pillow's own limit")
        case MemoryError():
            return TooLargeError(f"{name}: too large: more memory is needed than there is; lower the limit on pixels")
        case _:
            cause = " ".join(str(error).split())
            return DamagedError(f"{name}: damaged: what could be read ended early ({cause})")


def check_bytes(count: int, name: str, limits: Limits) -> None:
    """Raise TooLargeError for a file of more bytes than may be read."""
    if count > limits.max_bytes:
        raise TooLargeError(
            f"{name}: too large: {count:,} bytes, the limit is {limits.max_bytes:,}; Reader(max_bytes=…) raises it"
        )


def _check_pixels(size: tuple[int, int], name: str, limits: Limits, advice: str = "") -> None:
    count = size[0] * size[1]
    if count > limits.max_pixels:
        raise TooLargeError(
            f"{name}: too large: {count:,} pixels, the limit is {limits.max_pixels:,}; "
            f"{advice}raise it with --max-pixels (Reader's max_pixels)"
        )
    if count < 1:
        raise DamagedError(f"{name}: damaged: a picture without pixels")


def _check_pages(count: int, name: str, limits: Limits) -> None:
    if count > limits.max_pages:
        raise TooLargeError(
            f"{name}: too large: {count:,} pages, the limit is {limits.max_pages:,}; Reader(max_pages=…) raises it"
        )
