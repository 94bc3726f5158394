"""Looking at labelled pictures and measuring a reader on them; calibration's arithmetic."""

import csv
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from conftest import CommandLine
from drawing import DIGITS, digit
from tsifra import calibration
from tsifra.data import labelled_folder, read_csv, read_pairs
from tsifra.errors import DataError
from tsifra.evaluate import CLASSES, evaluate
from tsifra.plots import png, reliability, samples
from tsifra.reader import Reader
from tsifra.report import to_html


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten digits, a 4 that the manifest calls a 5, an empty picture, and a file that is no picture."""
    rows = [(f"{label}.png", label) for label in DIGITS] + [("odd.png", "5"), ("none.png", "-"), ("bad.png", "7")]
    for name, label in rows:
        picture = digit("4") if name == "odd.png" else np.full((50, 50), 255, np.uint8)
        Image.fromarray(digit(label) if label == name[0] else picture).save(tmp_path / name)
    (tmp_path / "bad.png").write_text("no picture")
    with open(tmp_path / "manifest.csv", "w", newline="") as file:
        csv.writer(file).writerows([("file", "label"), *rows])
    return tmp_path


def test_the_figures_are_what_one_counts_by_hand(tsifra: CommandLine, folder: Path) -> None:
    code, out, _ = tsifra("evaluate", folder, "--format", "json")
    report = json.loads(out)
    assert code == 0
    assert (report["n"], report["unreadable"]) == (13, 1)
    assert report["accuracy"] == pytest.approx(11 / 13)
    assert report["classes"]["5"] == {"precision": 1.0, "recall": 0.5}
    assert report["classes"]["4"] == {"precision": 0.5, "recall": 1.0}
    assert report["classes"]["-"] == {"precision": 0.5, "recall": 1.0}
    assert report["confusion"]["counts"][5][4] == 1
    assert {worst["text"] for worst in report["worst"][:2]} == {"4", ""}
    assert report["accepted_against_error"][-1]["accepted"] == 1
    low, high = report["accuracy_interval"]
    assert low < report["accuracy"] < high


def test_people_get_text_and_one_html_file(tsifra: CommandLine, folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    code, out, _ = tsifra("evaluate", folder, "--html", page)
    assert code == 0
    assert "accuracy  84.62%" in out
    assert "5 read as 4" in out
    html = page.read_text("utf-8")
    assert html.count("data:image/png;base64,") >= 4
    assert 'src="http' not in html
    assert "84.62%" in html


def test_the_shipped_reader_is_measured_on_mnist(tsifra: CommandLine, mnist: object) -> None:
    code, out, _ = tsifra("evaluate", "--format", "json")
    report = json.loads(out)
    assert (code, report["n"]) == (0, 10_000)
    assert report["accuracy"] >= 0.993
    assert report["loss"] < 0.03
    assert report["ece"] < 0.01


def test_any_file_name_may_be_in_a_report_and_a_drawing(tsifra: CommandLine, tmp_path: Path) -> None:
    for name in (b"caf\xe9.png", b"$x_$ $.png"):
        file = tmp_path / "set" / "7" / os.fsdecode(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(digit("4")).save(file)
        shutil.copy(file, file.with_name(f"._{file.name}"))  # as macOS writes them
    ran = tsifra("evaluate", tmp_path / "set", "--html", tmp_path / "report.html")
    assert (ran.code, "2 pictures" in ran.out) == (0, True), ran.err
    assert "caf" in (tmp_path / "report.html").read_text()
    assert tsifra("show", tmp_path / "set", "--output", tmp_path / "set.png").code == 0


def test_pictures_are_drawn_with_their_labels(tsifra: CommandLine, folder: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "grid.drawn"
    for args in ([folder], [folder, "--wrong"], [folder, "--count", "3"]):
        code, _, err = tsifra("show", *args, "--output", drawn)
        assert code == 0, err
        with Image.open(drawn) as image:
            assert image.width >= 240
    tsifra("show", folder, "--count", "1", "--output", drawn)
    with Image.open(drawn) as image:
        gray = np.asarray(image.convert("L"))
    assert np.mean(gray < 128) < 0.3  # the file's dark ink on light, not its negative
    (folder / "manifest.csv").unlink()
    assert tsifra("show", folder, "--output", drawn).code == 0


def test_no_window_is_a_plain_error(tsifra: CommandLine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    code, _, err = tsifra("show", folder)
    assert code == 2
    assert "--output" in err


def test_a_grid_has_a_cell_a_picture() -> None:
    figure = samples([digit("4")] * 5, list("44444"), negative=False)
    assert len(figure.axes) == 10  # a bar beside each
    assert png(figure).startswith(b"\x89PNG")
    assert png(reliability([])).startswith(b"\x89PNG")


def test_labels_and_pictures_must_match(reader: Reader) -> None:
    with pytest.raises(ValueError, match="1 pictures and 2 labels"):
        evaluate(reader, [digit("4")], ["4", "5"])
    report = evaluate(reader, [digit("4")], ["4"])
    assert report.accuracy == 1
    assert report.confusion[CLASSES.index("4"), CLASSES.index("4")] == 1
    assert "4" in to_html(report, reader)


# The caller's own sets ------------------------------------------------------------------------------------------


def test_folders_named_as_digits_are_labels(tmp_path: Path) -> None:
    for label, name in (("3", "10.png"), ("3", "9.png"), ("-", "a.png"), ("other", "b.png")):
        (tmp_path / label).mkdir(exist_ok=True)
        (tmp_path / label / name).touch()
    found = [(each.label, Path(each.path).name) for each in labelled_folder(tmp_path)]
    assert found == [("-", "a.png"), ("3", "9.png"), ("3", "10.png")]


def test_a_manifest_may_be_parted_by_semicolons(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("file;label\r\na,b.png;4\r\n", "utf-8-sig")
    (found,) = labelled_folder(tmp_path)
    assert (Path(found.path).name, found.label) == ("a,b.png", "4")


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        ("name,digit\na.png,4\n", "columns file and label"),
        ("file,label\na.png,x\n", "line 2"),
        ("file,label\n", "no file"),
        ("file,label\n,4\n", "line 2: names no file"),
        ("label,file\n4\n", "line 2: names no file"),
        ("file,label\nchèque.png,4\n", "UTF-8"),
        ("file,label\n.,4\n", "line 2: . is a folder"),
    ],
)
def test_a_wrong_manifest_is_named(tmp_path: Path, manifest: str, says: str) -> None:
    (tmp_path / "manifest.csv").write_text(manifest, "latin-1")
    with pytest.raises(DataError, match=says) as caught:
        labelled_folder(tmp_path)
    assert "manifest.csv" in str(caught.value)


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", forbidden)  # root may read everything
    with pytest.raises(DataError, match=f"{tmp_path}: cannot be read: Permission denied"):
        labelled_folder(tmp_path)


def test_kaggles_csv_is_read(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    rows = [[7, *[0] * 783, 255], [0, *[9] * 784]]
    path.write_text(
        "label," + ",".join(f"pixel{n}" for n in range(784)) + "\n" + "\n".join(",".join(map(str, row)) for row in rows)
    )
    images, labels = read_csv(path)
    assert labels.tolist() == [7, 0]
    assert (images.shape, images[0, 27, 27], images[1, 0, 0]) == ((2, 28, 28), 255, 9)
    path.write_text("\n".join(",".join(map(str, row)) for row in rows))  # without a heading no row is lost
    assert read_csv(path)[1].tolist() == [7, 0]
    path.write_text("label,pixel0\n7,300\n")
    with pytest.raises(DataError, match=r"train\.csv"):
        read_csv(path)


def test_idx_files_are_a_labelled_set_too(tmp_path: Path) -> None:
    images, labels = tmp_path / "images", tmp_path / "labels"
    images.write_bytes(b"\0\0\x08\x03" + np.array((2, 28, 28), ">u4").tobytes() + bytes(2 * 784))
    labels.write_bytes(b"\0\0\x08\x01" + np.array((2,), ">u4").tobytes() + bytes((7, 3)))
    assert [array.shape for array in read_pairs(images, labels)] == [(2, 28, 28), (2,)]
    labels.write_bytes(b"\0\0\x08\x01" + np.array((2,), ">u4").tobytes() + bytes((7, 12)))
    with pytest.raises(DataError, match="a label is 12"):
        read_pairs(images, labels)


# Arithmetic -----------------------------------------------------------------------------------------------------


@given(st.floats(0, 1), st.integers(1, 10_000))
def test_an_interval_holds_its_share(share: float, count: int) -> None:
    low, high = calibration.wilson(share, count)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1


def test_the_temperature_of_logits_that_are_too_sure_is_found() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (20_000, 10))
    chances = calibration.softmax(logits)
    truth = (chances.cumsum(axis=1) < random.random((20_000, 1))).sum(axis=1)
    assert calibration.best_temperature(logits * 2, truth) == pytest.approx(2, abs=0.06)
    bins = calibration.reliability(chances.max(axis=1), chances.argmax(axis=1) == truth)
    assert sum(each.count for each in bins) == 20_000
    assert calibration.calibration_error(bins) < 0.02
