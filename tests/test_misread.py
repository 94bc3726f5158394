"""Pictures that were read wrong once: made here, one a kind of mistake, and read right since."""

import csv
from pathlib import Path

import pytest

from tsifra import Reader

FOLDER = Path(__file__).with_name("misread")

with (FOLDER / "manifest.csv").open(newline="") as manifest:
    ROWS = [(row["file"], row["text"]) for row in csv.DictReader(manifest)]


@pytest.mark.parametrize(("name", "text"), ROWS, ids=[name for name, _ in ROWS])
def test_what_was_misread_once_is_read(reader: Reader, name: str, text: str) -> None:
    assert reader.read(FOLDER / name).text.split("\n") == text.split("/")


def test_every_picture_has_its_text() -> None:
    assert sorted(name for name, _ in ROWS) == sorted(file.name for file in FOLDER.glob("*.png"))
