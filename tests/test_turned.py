"""Pictures that are stored on their side come upright, whatever format says so."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps, PngImagePlugin

from drawing import DIGITS, digit
from encoders import SEVEN, heic, pdf
from formats import SIDE, drawn, saved
from tsifra import Reader

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
