"""The caller's own labelled digits: folders of pictures, IDX files, CSV as Kaggle has it.

Flows in: a path. Flows out: pairs of files and labels for pictures, arrays for sets that are arrays. Labels are
digits, or "-" for a picture that shows none. Opens no picture; a reader does.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tsifra.data.mnist import read_idx
from tsifra.document import is_picture, natural_key
from tsifra.errors import DataError

LABELS = (*"0123456789", "-")
MANIFEST = "manifest.csv"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture file and what it shows: a digit, or "-" for none."""

    path: str
    label: str


def labelled_folder(folder: Path) -> list[Labelled]:
    """The pictures of a folder that holds a manifest.csv (columns file, label) or one folder a class (0 … 9, -).

    Columns are parted by commas, or by semicolons, as spreadsheets do where the comma is the decimal sign.
    Raises DataError, which says what is missing or wrong.
    """
    manifest = folder / MANIFEST
    try:
        found = _by_manifest(folder, manifest) if manifest.is_file() else _by_folders(folder)
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}") from None
    if not found:
        raise DataError(f"{folder}: neither a {MANIFEST} (file,label) nor folders named 0 … 9 with pictures in it")
    return found


def _by_folders(folder: Path) -> list[Labelled]:
    return [
        Labelled(str(path), part.name)
        for part in sorted(folder.iterdir() if folder.is_dir() else [])
        if part.is_dir() and part.name in LABELS
        for path in sorted(part.iterdir(), key=lambda path: natural_key(path.name))
        if is_picture(path.name)
    ]


def read_pairs(images: Path, labels: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Two IDX files as (N, 28, 28) uint8 and (N,) uint8. Raises DataError."""
    return _checked(read_idx(images), read_idx(labels), str(images))


def read_csv(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A CSV file as Kaggle has MNIST: a heading or none, then label and 784 pixels a line. Raises DataError."""
    try:
        with open(path, encoding="utf-8-sig") as lines:
            heading = not lines.readline().replace(",", "").strip().isdigit()
        table = np.loadtxt(path, np.uint8, delimiter=",", skiprows=int(heading), ndmin=2, encoding="utf-8-sig")
    except (OSError, ValueError, OverflowError) as error:
        raise DataError(f"{path}: not a table of label and 784 pixels a line: {error}") from None
    if table.shape[1] != 785:
        raise DataError(f"{path}: {table.shape[1]} columns, 785 are wanted: label, then 784 pixels")
    return _checked(table[:, 1:].reshape(-1, 28, 28), table[:, 0], str(path))


def _checked(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], name: str
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    if images.ndim != 3 or images.shape[1:] != (28, 28) or labels.shape != images.shape[:1]:
        raise DataError(f"{name}: pictures of shape {images.shape} and labels of shape {labels.shape} do not match")
    if labels.size and labels.max() > 9:
        raise DataError(f"{name}: a label is {labels.max()}, 0 to 9 are wanted")
    return images, labels


def _by_manifest(folder: Path, manifest: Path) -> list[Labelled]:
    found = []
    try:
        text = manifest.read_text("utf-8-sig")
        heading = text.partition("\n")[0]
        rows = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in heading and "," not in heading else ",")
        if not {"file", "label"} <= set(rows.fieldnames or ()):
            raise DataError(f"{manifest}: the columns file and label are wanted, not {rows.fieldnames}")
        for row in rows:
            if row["label"] not in LABELS:
                raise DataError(f"{manifest}: line {rows.line_num}: the label {row['label']!r} is no digit and not -")
            if not row["file"]:
                raise DataError(f"{manifest}: line {rows.line_num}: names no file")
            if (folder / row["file"]).is_dir():
                raise DataError(f"{manifest}: line {rows.line_num}: {row['file']} is a folder; name its files")
            found.append(Labelled(str(folder / row["file"]), row["label"]))
    except UnicodeDecodeError:
        raise DataError(f"{manifest}: not UTF-8; save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{manifest}: cannot be read: {error}") from None
    if not found:
        raise DataError(f"{manifest}: names no file")
    return found
