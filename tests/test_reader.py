"""Many sources in, as many answers out, in their order, whatever some of them are."""

import io
import itertools
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence, PngImagePlugin

from drawing import DIGITS, colored, digit
from encoders import SEVEN, pdf, png_chunk, png_header
from tsifra import Failure, MissingError, Reader, Reading
from tsifra.document import Source
from tsifra.image import Pixels
from tsifra.normalize import Normalized, normalize


def save(path: Path, label: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(digit(label)).save(path)
    return path


def png(label: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(digit(label)).save(file, "PNG")
    return file.getvalue()


def test_a_digit_is_read_with_its_place_and_its_confidence(reader: Reader) -> None:
    reading = reader.read_one(png("4"))
    assert (reading.text, reading.status, reading.page, reading.rotation) == ("4", "ok", 1, 0)
    assert reading.size == (120, 120)
    assert reading.confidence is not None
    assert 0.5 < reading.confidence <= 1
    (found,) = reading.digits
    assert found.digit == "4"
    assert sum(found.probabilities) == pytest.approx(1, abs=1e-4)
    assert reading.model == reader.card.name


def test_answers_come_in_the_order_of_the_inputs_whatever_these_are(reader: Reader, tmp_path: Path) -> None:
    tiff = tmp_path / "two pages.tif"
    Image.fromarray(digit("1")).save(tiff, save_all=True, append_images=[Image.fromarray(digit("2"))])
    (tmp_path / "empty.png").touch()
    (tmp_path / "notes.txt").write_text("nothing to see")
    (tmp_path / "cut.png").write_bytes(png("3")[:200])
    (tmp_path / "bare").mkdir()
    for label in "45":
        save(tmp_path / "folder" / f"{label}.png", label)
    (tmp_path / "folder" / "1.png").write_bytes(b"\x89PNG")
    names = ["two pages.tif", "gone.png", "empty.png", "notes.txt", "cut.png", "bare", "folder", "locked.pdf"]
    (tmp_path / "locked.pdf").write_bytes(pdf(SEVEN, password=b"secret"))
    sources: list[Source] = [tmp_path / name for name in names]
    sources += [
        png("6"),
        b"",
        png_header(60000, 60000) + png_chunk(b"IDAT", b""),
        digit("7"),
        Image.fromarray(digit("8")),
    ]

    results = list(reader.read_many(sources, one=True))

    assert [result.text or getattr(result, "kind", "?") for result in results] == [
        *("1", "2", "missing", "format", "format", "damaged", "missing", "format", "4", "5", "password"),
        *("6", "format", "too_large", "7", "8"),
    ]
    folder = tmp_path / "folder"
    assert [result.input for result in results[6:10]] == [
        str(path) for path in (tmp_path / "bare", folder / "1.png", folder / "4.png", folder / "5.png")
    ]
    for result in results:
        if isinstance(result, Failure):
            assert result.message.startswith(f"{result.input}: "), result
            assert result.model == reader.card.name


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 300])
def test_no_number_of_sources_or_threads_changes_an_answer(count: int, threads: int) -> None:
    labels = list(itertools.islice(itertools.cycle("3x15x926"), count))
    sources = [b"" if label == "x" else digit(label, 40) for label in labels]
    results = Reader(threads=threads).read_many(sources, one=True)
    assert [result.text or "x" for result in results] == labels


def test_one_by_one_and_together_are_the_same(reader: Reader) -> None:
    sources = [digit(label, side) for label in DIGITS for side in (28, 97, 600)]
    alone = [reader.read_one(source) for source in sources]
    for one, other in zip(alone, reader.read_many(sources, one=True), strict=True):
        assert (one.text, one.size, one.status) == (other.text, other.to_dict()["size"] and one.size, other.status)
        assert isinstance(other, Reading)
        assert one.digits[0].bbox == other.digits[0].bbox
        assert one.confidence == pytest.approx(other.confidence, abs=1e-5)


def test_a_long_document_is_read_page_by_page(reader: Reader) -> None:
    pages = [Image.fromarray(digit(DIGITS[k % 10], 40)) for k in range(75)]
    file = io.BytesIO()
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    results = list(reader.read_many([png("9"), file.getvalue(), png("8")], one=True))
    assert [result.page for result in results] == [1, *range(1, 76), 1]
    assert "".join(result.text for result in results) == "9" + (DIGITS * 8)[:75] + "8"


def test_large_and_small_pictures_keep_their_order(reader: Reader) -> None:
    sizes = [40, 1500, 40, 40, 700, 2000, 40] * 6
    labels = list(itertools.islice(itertools.cycle(DIGITS), len(sizes)))
    sources = [digit(label, side) for label, side in zip(labels, sizes, strict=True)]
    results = reader.read_many(sources, one=True)
    assert [(result.text, result.to_dict()["size"][0]) for result in results] == list(zip(labels, sizes, strict=True))


def test_endless_sources_are_read_as_far_as_is_asked(reader: Reader) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield data

    data = png("2")
    results = reader.read_many(endless(), one=True)
    assert [result.text for result in itertools.islice(results, 50)] == ["2"] * 50
    assert taken < 5000, "read ahead further than the threads need"
    results.close()  # type: ignore[attr-defined]


def test_a_reading_can_be_stopped_and_begun_again(reader: Reader) -> None:
    for _ in range(3):
        next(iter(reader.read_many(itertools.repeat(digit("5", 40)), one=True)))
    assert reader.read_one(digit("6")).text == "6"


def test_threads_may_share_a_reader(reader: Reader) -> None:
    def read(label: str) -> str:
        many = reader.read_many([digit(label, 60)] * 5, one=True)
        return reader.read_one(png(label)).text + "".join(result.text for result in many)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, DIGITS * 5)) == [label * 6 for label in DIGITS * 5]


def test_pdfs_are_read_by_several_threads(reader: Reader) -> None:
    # PDFium itself is not thread-safe.
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: reader.read_one(pdf(SEVEN)).text, range(40))) == {"7"}


def test_one_who_waits_for_a_slow_source_holds_up_nobody_else(reader: Reader) -> None:
    taking, giving = os.pipe()
    with open(taking, "rb") as slow, open(giving, "wb") as sender, ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(reader.read_one, slow)
        other = pool.submit(reader.read_one, png("3"))
        try:
            assert other.result(timeout=20).text == "3"
        finally:
            sender.write(png("4"))
            sender.close()
        assert waiting.result(timeout=20).text == "4"


def test_a_missing_file_raises_where_one_is_asked_for(reader: Reader, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"gone\.png"):
        reader.read_one(tmp_path / "gone.png")


@pytest.mark.parametrize("name", ["4.png", b"4.png", Path("4.png")])
def test_one_source_in_place_of_many_is_the_callers_mistake(reader: Reader, name: str | bytes | Path) -> None:
    # A str is a sequence too: of the files "4", ".", "p", "n" and "g", and "." is the folder that one is in.
    with pytest.raises(TypeError):
        list(reader.read_many(name, one=True))  # type: ignore[arg-type]


def test_a_thing_that_is_no_source_is_the_callers_mistake(reader: Reader) -> None:
    with pytest.raises(TypeError, match="is no picture"):
        list(reader.read_many([digit("4"), None], one=True))  # type: ignore[list-item]
    with pytest.raises(ValueError, match="is no picture"):
        list(reader.read_many([digit("4"), np.zeros((2, 2, 7))], one=True))


def test_a_trouble_of_the_callers_own_is_not_swallowed(reader: Reader) -> None:
    def sources() -> Iterator[Source]:
        yield digit("4")
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        list(reader.read_many(sources(), one=True))


@given(st.binary(max_size=600))
def test_any_bytes_are_answered(reader: Reader, data: bytes) -> None:
    (result,) = reader.read_many([data], one=True)
    assert isinstance(result, Failure | Reading)


MAGIC = [
    *(
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF89a",
        b"BM",
        b"II*\0",
        b"MM\0*",
        b"RIFF\0\1\0\0WEBP",
        b"P5 ",
        b"P6\n",
    ),
    *(b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypavif", b"%PDF-1.7\n", b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
]


@given(st.sampled_from(MAGIC), st.binary(max_size=600))
def test_any_bytes_after_a_pictures_signature_are_answered(reader: Reader, magic: bytes, data: bytes) -> None:
    (result,) = reader.read_many([magic + data], one=True)
    assert isinstance(result, Failure | Reading)


@given(st.lists(st.sampled_from([*DIGITS, "", "blank"]), max_size=80))
def test_any_mixture_is_answered_in_order(reader: Reader, labels: list[str]) -> None:
    def source(label: str) -> Source:
        return b"" if not label else np.zeros((9, 9)) if label == "blank" else digit(label, 40)

    results = reader.read_many(map(source, labels), one=True)
    assert [result.text or ("blank" if result.status == "blank" else "") for result in results] == labels


# Found by a first user ------------------------------------------------------------------------------------------


def test_the_frame_that_a_pillow_image_shows_is_read(reader: Reader) -> None:
    frames = [Image.fromarray(digit(label)) for label in "723"]
    file = io.BytesIO()
    frames[0].save(file, "TIFF", save_all=True, append_images=frames[1:])
    image = Image.open(file)
    assert [reader.read_one(frame).text for frame in ImageSequence.Iterator(image)] == ["7", "2", "3"]
    image.seek(1)
    assert (reader.read_one(image).text, image.tell()) == ("2", 1)


def test_noise_of_a_dark_sensor_is_blank(reader: Reader) -> None:
    dark = np.random.default_rng(0).integers(0, 4, (1000, 1000)).astype(np.uint8)
    assert reader.read_one(dark).status == "blank"


def test_a_little_ink_as_bright_as_its_paper_is_read(reader: Reader) -> None:
    page = np.zeros((1000, 1000, 3), np.uint8) + np.array((0, 128, 0), np.uint8)
    page[420:490, 420:490] = colored(digit("4", 70), (218, 0, 30), (0, 128, 0))
    assert reader.read_one(page).text == "4"


def test_a_picture_may_speak_of_pdf(reader: Reader) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "made from %PDF-1.7")
    file = io.BytesIO()
    Image.fromarray(digit("4")).save(file, "PNG", pnginfo=info)
    assert reader.read_one(bytearray(file.getvalue())).text == "4"


def test_a_few_large_pictures_are_work_for_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = set[int]()

    def watched(gray: Pixels) -> Normalized:
        threads.add(threading.get_ident())
        time.sleep(0.05)
        return normalize(gray)

    monkeypatch.setattr("tsifra.page_reader.normalize", watched)
    large = [digit("4", 2100)] * 4
    assert [result.text for result in Reader(threads=2).read_many(large, one=True)] == ["4"] * 4
    assert len(threads) == 2


@pytest.mark.parametrize("threads", [0, -1])
def test_no_threads_are_the_callers_mistake(threads: int) -> None:
    with pytest.raises(ValueError, match="threads"):
        Reader(threads=threads)
