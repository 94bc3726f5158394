"""Files of every format, from every source; pages and folders."""

import gc
import io
import os
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from drawing import DIGITS, digit
from encoders import SEVEN, pdf
from formats import FORMATS, SIDE, deep, drawn, saved, written
from tsifra import Reader
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
