"""Files of every format, from every source; limits that refuse before anything is decoded."""

import gc
import io
import os
import struct
import tempfile
import threading
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps, PngImagePlugin, TiffImagePlugin

from drawing import DIGITS, digit
from encoders import SEVEN, heic, pdf, png_chunk, png_header
from formats import FORMATS, SIDE, deep, saved, written
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
from tsifra.document import SUFFIXES, Source, find_pictures, natural_key


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_read(reader: Reader, form: str) -> None:
    for label in DIGITS:
        (reading,) = reader.read_many([written(form, label)], one=True)
        assert (reading.text, reading.page) == (label, 1), reading


@pytest.mark.parametrize("form", FORMATS)
def test_a_format_is_known_by_its_bytes_and_not_by_its_name(reader: Reader, form: str, tmp_path: Path) -> None:
    path = tmp_path / "scan.dat"
    path.write_bytes(written(form, "3"))
    assert reader.read_one(path).text == "3"


def drawn(label: str, mode: str = "L") -> Image.Image:
    return Image.fromarray(digit(label, SIDE)).convert(mode)


# Turned pictures ------------------------------------------------------------------------------------------------

# What brings a picture that is stored in this orientation upright (Exif 2.32, tag 0x0112).
TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
BACK = {Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270}


def stored_turned(image: Image.Image, orientation: int) -> tuple[Image.Image, Image.Exif]:
    """The picture as a camera held in this orientation stores it, and the Exif block that says so."""
    turn = TURNS[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    return (image if turn is None else image.transpose(BACK.get(turn, turn))), exif


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "MPO", "JPEG of a fax"])
def test_exif_brings_a_picture_upright(reader: Reader, form: str, orientation: int) -> None:
    upright = Image.fromarray(digit("4", SIDE)[:, 8:104])  # higher than wide, the digit not in the middle
    mode = "L" if form == "JPEG of a fax" else "RGB"
    turned, exif = stored_turned(upright.convert(mode), orientation)
    options: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
    reading = reader.read_one(saved(turned, form.split()[0], exif=exif, **options))
    as_it_was = reader.read_one(upright)
    assert reading.text == "4"
    assert reading.size == (96, SIDE)
    assert reading.rotation == 0  # only what the reader does beyond EXIF counts
    assert reading.digits[0].bbox == pytest.approx(as_it_was.digits[0].bbox, abs=3)


@given(st.sampled_from(DIGITS), st.sampled_from(sorted(TURNS)), st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_no_turn_changes_an_answer(reader: Reader, label: str, orientation: int, form: str) -> None:
    turned, exif = stored_turned(drawn(label, "RGB"), orientation)
    assert reader.read_one(saved(turned, form, exif=exif)).text == label


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_xmp_brings_a_picture_upright_where_there_is_no_exif(reader: Reader, form: str) -> None:
    turned, _ = stored_turned(Image.fromarray(digit("4", SIDE)[:, 8:104]).convert("RGB"), 6)
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet)
    options: dict[str, Any] = {"pnginfo": info} if form == "PNG" else {"xmp": packet.encode()}
    reading = reader.read_one(saved(turned, form, **options))
    assert (reading.text, reading.size) == ("4", (96, SIDE))


@pytest.mark.parametrize("orientation", TURNS)
def test_an_opened_pillow_image_is_brought_upright_too(reader: Reader, orientation: int) -> None:
    turned, exif = stored_turned(Image.fromarray(digit("7")), orientation)
    with Image.open(io.BytesIO(saved(turned, "PNG", exif=exif))) as image:
        assert reader.read_one(image).text == "7"
        # One that its owner has turned already is left alone.
        assert reader.read_one(ImageOps.exif_transpose(image)).text == "7"


def test_a_phones_heic_is_turned_once(reader: Reader) -> None:
    lying = np.rot90(digit("4", SIDE)[:, 8:104]).copy()
    for orientation in (None, 6):  # phones say it twice: in `irot` and in Exif, which is then not to be obeyed
        reading = reader.read_one(heic(lying, quarter_turns=3, orientation=orientation))
        assert (reading.text, reading.size) == ("4", (96, SIDE))


def test_a_turned_pdf_page_is_upright(reader: Reader) -> None:
    turned = SEVEN.replace(b"9 w", b"0 -1 1 0 0 120 cm 9 w")  # drawn a quarter turn to the right,
    assert reader.read_one(pdf(turned, extra=b"/Rotate 270/MediaBox[0 0 140 120]")).text == "7"  # and turned back


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_damaged_exif_block_is_no_reason_not_to_read(reader: Reader) -> None:
    for block in (b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01"):
        for form in ("JPEG", "PNG", "WEBP"):
            assert reader.read_one(saved(drawn("3", "RGB"), form, exif=block)).text == "3", (form, block)


# Pages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["TIFF", "PDF"])
def test_every_page_is_a_record(reader: Reader, form: str) -> None:
    first, *others = [drawn(label) for label in DIGITS]
    data = saved(first, form, save_all=True, append_images=others)
    readings = list(reader.read_many([data], one=True))
    assert [(reading.text, reading.page) for reading in readings] == [(d, k) for k, d in enumerate(DIGITS, 1)]
    assert reader.read_one(data, 5).text == "4"


def test_pages_of_different_sizes_and_depths_are_each_read(reader: Reader) -> None:
    pages = [drawn("5", "1"), deep(digit("6", SIDE), np.uint16, 257), drawn("7", "RGB").resize((300, 300))]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    readings = list(reader.read_many([data], one=True))
    assert [reading.text for reading in readings] == ["5", "6", "7"]
    assert [reading.to_dict()["size"] for reading in readings] == [[SIDE, SIDE], [SIDE, SIDE], [300, 300]]


def test_a_page_that_is_not_there_is_the_callers_mistake(reader: Reader) -> None:
    for page in (0, 2, -1):
        with pytest.raises(ValueError, match="no page"):
            reader.read_one(pdf(SEVEN), page)


def test_a_damaged_page_leaves_the_others_readable(reader: Reader) -> None:
    pages = [drawn(label) for label in "123"]
    data = bytearray(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="tiff_lzw"))
    with TiffImagePlugin.TiffImageFile(io.BytesIO(data)) as image:
        image.seek(1)
        start = image.tag_v2[273][0]  # StripOffsets
    data[start : start + 40] = b"\xff" * 40
    results = list(reader.read_many([bytes(data)], one=True))
    assert [(r.page, r.status == "error") for r in results] == [(1, False), (2, True), (3, False)]
    assert [results[0].text, results[2].text] == ["1", "3"]


def test_dpi_decides_how_large_a_pdf_page_is_drawn() -> None:
    assert Reader(dpi=72).read_one(pdf(SEVEN)).size == (120, 140)
    assert Reader(dpi=144).read_one(pdf(SEVEN)).size == (240, 280)


def test_a_pdf_is_drawn_on_white(reader: Reader) -> None:
    reading = reader.read_one(pdf(b"9 w 1 J 1 0 0 RG 40 100 m 80 100 l 55 40 l S"))
    assert reading.text == "7"
    assert reader.read_one(pdf(b"")).status == "blank"


def test_a_pdf_after_some_junk_is_read(reader: Reader) -> None:
    assert reader.read_one(b"\r\n\r\n" + pdf(SEVEN)).text == "7"


# Sources --------------------------------------------------------------------------------------------------------


class Somewhere:
    """A path that is no str."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __fspath__(self) -> str:
        return str(self._path)


def test_every_source_is_read(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "4.png"
    drawn("4").save(path)
    with open(path, "rb") as file, open(path, "rb", buffering=0) as raw, Image.open(path) as image:
        data = path.read_bytes()
        sources: list[Source] = [str(path), path, Somewhere(path), data, file, raw, io.BytesIO(data), image]
        sources.append(np.asarray(image))
        readings = list(reader.read_many(sources, one=True))
        assert not file.closed, "a file that the caller opened is the caller's to close"
    assert [reading.text for reading in readings] == ["4"] * len(sources)
    assert [reading.input for reading in readings] == [
        *(str(path), str(path), str(path), "<bytes>", str(path), str(path), "<file>", str(path), "<array>"),
    ]


def test_a_temporary_file_is_read(reader: Reader) -> None:
    with tempfile.SpooledTemporaryFile() as file:
        drawn("4").save(file, "PNG")
        file.seek(0)
        assert reader.read_one(file).text == "4"  # type: ignore[arg-type]


def test_a_large_file_is_read_from_the_disk(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "4.bmp"
    Image.fromarray(digit("4", 1400)).save(path)
    assert path.stat().st_size > 1 << 20
    assert reader.read_one(path).text == "4"


def test_a_stream_that_cannot_go_back_is_read(reader: Reader) -> None:
    taking, giving = os.pipe()
    with open(taking, "rb") as stream, open(giving, "wb") as pipe:
        pipe.write(written("TIFF", "4"))
        pipe.close()
        assert reader.read_one(stream).text == "4"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on Windows")
def test_a_named_pipe_is_read(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    # Opened for both, so that neither side has to wait for the other.
    with open(os.open(path, os.O_RDWR), "r+b", buffering=0) as both:
        giver = threading.Thread(target=lambda: Path(path).write_bytes(written("BMP RGB", "4")))
        giver.start()
        threading.Timer(0.5, both.close).start()  # from then on the end of the giver is the end of the file
        assert reader.read_one(path).text == "4"
        giver.join()


def test_a_file_opened_as_text_is_the_callers_mistake(reader: Reader) -> None:
    with pytest.raises(TypeError, match="binary"):
        reader.read_one(io.StringIO("4"))  # type: ignore[arg-type]


@pytest.mark.parametrize("thing", [None, 4, 4.0, ["4.png"], {"path": "4.png"}])
def test_what_is_no_source_is_the_callers_mistake(reader: Reader, thing: Any) -> None:
    with pytest.raises(TypeError, match="is no picture"):
        reader.read_one(thing)


def test_files_are_closed(reader: Reader, tmp_path: Path) -> None:
    # pytest turns a warning of an unclosed file into an error.
    for form in FORMATS:
        path = tmp_path / form
        path.write_bytes(written(form, "4"))
        with path.open("rb") as file:
            cut = file.read(path.stat().st_size // 2)
        (tmp_path / "cut").write_bytes(cut)
        list(reader.read_many([path, tmp_path / "cut"], one=True))
    gc.collect()


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


# Folders --------------------------------------------------------------------------------------------------------


def test_a_folder_is_searched_to_the_bottom_in_natural_order(tmp_path: Path) -> None:
    names = ["10.png", "2.PNG", "1.jpeg", "b/12.tif", "b/9.tif", "a/x.heic", "a/.hidden.png", "notes.txt", "4"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    wanted = ["1.jpeg", "2.PNG", "10.png", "a/x.heic", "b/9.tif", "b/12.tif"]
    assert find_pictures(tmp_path, "scans") == [os.path.join("scans", *name.split("/")) for name in wanted]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_a_folder_is_searched_for_can_be_read(reader: Reader, suffix: str, tmp_path: Path) -> None:
    forms = {".heic": "HEIC", ".heif": "HEIC", ".hif": "HEIC", ".pdf": "PDF of a scan"}
    known = Image.registered_extensions()
    data = written(forms[suffix], "4") if suffix in forms else saved(drawn("4", "RGB"), known.get(suffix, "PPM"))
    (tmp_path / f"4{suffix.upper()}").write_bytes(data)
    (reading,) = reader.read_many([tmp_path], one=True)
    assert reading.text == "4"


@given(st.lists(st.integers(0, 10**6), unique=True), st.text("ab", max_size=2))
def test_numbers_in_names_sort_as_numbers(numbers: list[int], word: str) -> None:
    names = [f"{word}{number}.png" for number in numbers]
    assert sorted(names, key=natural_key) == [f"{word}{number}.png" for number in sorted(numbers)]


@given(st.lists(st.text(max_size=6)))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    keys = [natural_key(name) for name in sorted(names, key=natural_key)]
    assert keys == sorted(keys)
