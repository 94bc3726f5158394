"""What cannot be read says what it is, and limits refuse before anything is decoded."""

import io
import os
import struct
from pathlib import Path
from typing import BinaryIO

import pypdfium2
import pytest

from encoders import SEVEN, pdf, png_chunk, png_header
from formats import FORMATS, SIDE, drawn, saved, written
from tsifra import (
    AccessError,
    DamagedError,
    FormatError,
    InputError,
    MissingError,
    PasswordError,
    Reader,
    TooLargeError,
)

# What cannot be read --------------------------------------------------------------------------------------------


def cut(form: str) -> bytes:
    data = written(form, "4")
    return data[: len(data) * 2 // 3]


UNREADABLE: dict[str, tuple[bytes, type[InputError]]] = {
    "empty": (b"", FormatError),
    "one byte": (b"\x89", FormatError),
    "text": ("Это не картинка.\n".encode(), FormatError),
    "HTML": (b"<!DOCTYPE html><html><body>404</body></html>", FormatError),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', FormatError),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(100), FormatError),
    "zeros": (bytes(5000), FormatError),
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", FormatError),
    "only a PNG signature": (b"\x89PNG\r\n\x1a\n", FormatError),
    "PNG header alone": (png_header(100, 100), DamagedError),
    "PNG of no width": (png_header(0, 100) + png_chunk(b"IEND", b""), DamagedError),
    "PNG cut off": (cut("PNG RGB"), DamagedError),
    "JPEG cut off": (cut("JPEG RGB"), DamagedError),
    "BMP cut off": (cut("BMP RGB"), DamagedError),
    "GIF cut off": (cut("GIF"), DamagedError),
    "TIFF cut off": (cut("TIFF LZW"), DamagedError),
    "WebP cut off": (cut("WebP"), DamagedError),
    "AVIF cut off": (cut("AVIF"), DamagedError),
    "HEIC cut off": (cut("HEIC"), DamagedError),
    "PPM cut off": (cut("PPM"), DamagedError),
    "PDF of nothing": (b"%PDF-1.7\n%%EOF\n", DamagedError),
    "PDF with a password": (pdf(SEVEN, password=b"secret"), PasswordError),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_says_what_it_is(reader: Reader, what: str, tmp_path: Path) -> None:
    data, kind = UNREADABLE[what]
    path = tmp_path / "скан 1.png"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        reader.read_one(path)
    assert type(caught.value) is kind, caught.value
    assert str(caught.value).startswith(f"{path}: ")
    assert "Traceback" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_password_of_the_test_is_a_real_one() -> None:
    with pypdfium2.PdfDocument(pdf(SEVEN, password=b"secret"), password="secret") as document:
        assert len(document) == 1


def test_a_pdf_that_only_forbids_changes_is_read(reader: Reader) -> None:
    assert reader.read_one(pdf(SEVEN, password=b"")).text == "7"


def test_a_missing_file_is_missing(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "4.png", tmp_path / "file" / "4.png", tmp_path / ("4" * 5000), "4\0.png", ""):
        with pytest.raises(MissingError, match="no such file"):
            reader.read_one(path)


def test_a_folder_is_no_picture(reader: Reader, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="folder"):
        reader.read_one(tmp_path)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there is no /dev/zero")
def test_a_device_is_not_read_for_ever(reader: Reader) -> None:
    with pytest.raises(FormatError, match="/dev/zero"):
        reader.read_one("/dev/zero")
    with open("/dev/zero", "rb") as endless, pytest.raises(TooLargeError, match="bytes"):
        Reader(max_bytes=1 << 20).read_one(endless)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights are another matter on Windows")
def test_a_file_that_may_not_be_opened_is_told_from_a_missing_one(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "4.png"
    if os.geteuid():
        drawn("4").save(path)
        path.chmod(0)
    else:
        path.symlink_to(path)  # a link to itself: nobody may open it, not even root, to whom rights are nothing
    with pytest.raises(AccessError, match="cannot be opened"):
        reader.read_one(path)


def test_a_dangling_link_is_missing(reader: Reader, tmp_path: Path) -> None:
    link = tmp_path / "4.png"
    link.symlink_to(tmp_path / "gone.png")
    with pytest.raises(MissingError, match=r"4\.png"):
        reader.read_one(link)


# Limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_a_picture_over_the_limit_is_refused_in_every_format(form: str) -> None:
    with pytest.raises(TooLargeError, match="the limit is 10,000"):
        Reader(max_pixels=10_000).read_one(written(form, "4"))


@pytest.mark.parametrize("form", FORMATS)
def test_a_picture_at_the_limit_is_read(form: str) -> None:
    side = round(SIDE * 200 / 72) if form.startswith("PDF") else SIDE
    assert Reader(max_pixels=side * side).read_one(written(form, "4")).text == "4"


def huge_jpeg() -> bytes:
    data = bytearray(written("JPEG gray", "4"))
    at = data.index(b"\xff\xc0") + 5  # the height and width in the frame header
    data[at : at + 4] = struct.pack(">HH", 60000, 60000)
    return bytes(data)


def huge_tiff() -> bytes:
    """Claims 60,000×60,000 of 1 bit, compressed to nothing."""
    entries = [(256, 60000), (257, 60000), (258, 1), (259, 4), (262, 0), (273, 8), (277, 1), (278, 60000), (279, 4)]
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(4)


HUGE = {
    "PNG": png_header(60000, 60000) + png_chunk(b"IDAT", b""),
    "PNG of 1 bit": png_header(60000, 60000, depth=1) + png_chunk(b"IDAT", b""),
    "JPEG": huge_jpeg(),
    "BMP": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 60000, 60000, 1, 24, 0, 0, 0, 0, 0, 0),
    "GIF": b"GIF89a" + struct.pack("<HHBBB", 60000, 60000, 0, 0, 0) + b"," + struct.pack("<HHHHBB", 0, 0, 9, 9, 0, 8),
    "TIFF": huge_tiff(),
    "PGM": b"P5 60000 60000 255\n",
    "JPEG 2000": b"\xff\x4f\xff\x51" + struct.pack(">HHIIIIIIIIHBBB", 41, 0, *(60000, 60000, 0, 0) * 2, 1, 7, 1, 1),
    "PDF": pdf(SEVEN, extra=b"/MediaBox[0 0 14400 14400]"),
}


@pytest.mark.parametrize("form", HUGE)
def test_a_header_that_claims_too_much_is_refused_before_it_is_decoded(reader: Reader, form: str) -> None:
    # There is nothing after the header: who would decode finds a damaged file.
    with pytest.raises(TooLargeError, match="too large"):
        reader.read_one(HUGE[form])


def test_bytes_over_the_limit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "4.bmp"
    drawn("4", "RGB").save(path)
    reader = Reader(max_bytes=1000)
    sources: list[Path | bytes | BinaryIO] = [path, path.read_bytes(), io.BytesIO(path.read_bytes())]
    for source in sources:
        with pytest.raises(TooLargeError, match=r"bytes, the limit is 1,000"):
            reader.read_one(source)


@pytest.mark.parametrize("form", ["TIFF", "PDF"])
def test_pages_over_the_limit_are_refused(form: str) -> None:
    data = saved(drawn("1"), form, save_all=True, append_images=[drawn("2"), drawn("3")])
    (failure,) = Reader(max_pages=2).read_many([data], one=True)
    assert failure.to_dict()["error"]["kind"] == "too_large"
    assert len(list(Reader(max_pages=3).read_many([data], one=True))) == 3


@pytest.mark.parametrize("limit", ["max_pixels", "max_bytes", "max_pages", "dpi"])
def test_a_limit_under_one_is_the_callers_mistake(limit: str) -> None:
    with pytest.raises(ValueError, match=limit):
        Reader(**{limit: 0})  # type: ignore[arg-type]
