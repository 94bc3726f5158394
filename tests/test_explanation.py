"""How an answer came about, in words and in a picture."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawing import colored, digit
from encoders import SEVEN, pdf
from tsifra import Explanation, MissingError, Reader, Reading
from tsifra.document import Source


def test_an_explanation_has_the_answer_the_steps_and_the_pictures(reader: Reader) -> None:
    explanation = reader.explain(digit("4", ink=230, paper=20))
    assert isinstance(explanation, Explanation)
    assert explanation.reading == reader.read_one(digit("4", ink=230, paper=20))
    assert explanation.steps[0] == "light ink on dark"
    assert explanation.steps[-1] == "centered by mass"
    assert explanation.normalized.pixels.shape == (28, 28)
    assert explanation.pixels.shape == (120, 120)


def test_it_shows_itself_in_a_notebook(reader: Reader) -> None:
    data = reader.explain(digit("4"))._repr_png_()
    with Image.open(io.BytesIO(data)) as shown:
        assert shown.format == "PNG"
        assert shown.size == reader.explain(digit("4")).render().size


@pytest.mark.parametrize(
    "source",
    [
        digit("4"),
        colored(digit("4"), (200, 0, 0), (255, 255, 0)),
        np.full((50, 50), 255, np.uint8),
        np.zeros((1, 1), np.uint8),
        np.zeros((1, 3000), np.uint8),
        np.tile(digit("4", 28), (1, 40)),
        digit("8", 3000),
        pdf(SEVEN),
    ],
    ids=["digit", "colors", "blank", "pixel", "line", "row", "large", "PDF"],
)
def test_everything_that_is_read_can_be_drawn(reader: Reader, source: Source) -> None:
    sheet = reader.explain(source).render()
    assert sheet.mode == "RGB"
    assert sheet.width == 960
    assert len(sheet.getcolors(1 << 20) or ()) > 3, "an empty sheet"


def test_what_was_seen_is_drawn(reader: Reader) -> None:
    # The answers differ, and so must the sheets, where the picture is and where the network's view is.
    one, other = (np.asarray(reader.explain(digit(label)).render()) for label in "38")
    changed = np.flatnonzero((one != other).any(axis=(0, 2)))
    assert changed.min() < 300
    assert changed.max() > 700


@pytest.mark.parametrize("name", ["цифра 4.png", "四.png", "4" * 150 + ".png", "4\n.png", "4\udcff.png", "😀.png"])
def test_any_file_name_can_be_drawn(reader: Reader, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    data = io.BytesIO()
    Image.fromarray(digit("4")).save(data, "PNG")
    try:
        path.write_bytes(data.getvalue())
    except OSError:
        return  # a file system that takes no such name
    assert reader.explain(path).render().width == 960


def test_a_page_of_a_document_is_explained(reader: Reader) -> None:
    document = pdf(b"", SEVEN)
    assert reader.explain(document, 1).reading.status == "blank"
    assert reader.explain(document, 2).reading.text == "7"
    with pytest.raises(ValueError, match="no page 3"):
        reader.explain(document, 3)


def test_what_cannot_be_read_cannot_be_explained(reader: Reader, tmp_path: Path) -> None:
    with pytest.raises(MissingError):
        reader.explain(tmp_path / "gone.png")


def test_a_reading_shows_itself_in_a_notebook_and_many_keep_no_pictures(reader: Reader) -> None:
    reading = reader.read_one(digit("4"))
    shown = reading._repr_png_()
    assert shown is not None
    assert shown == reader.explain(digit("4"))._repr_png_()
    assert pickle.loads(pickle.dumps(reading))._repr_png_() == shown
    assert "pixels" not in repr(reading)
    (other,) = reader.read_many([digit("4")], one=True)
    assert isinstance(other, Reading)
    assert (other._repr_png_(), other) == (None, reading)
