"""tsifra summary: counts, errors and the most uncertain digits of a data set."""

import base64
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from batched import draw, rows
from conftest import CommandLine
from tsifra import Digit, Reading
from tsifra.batch import begun
from tsifra.batch.crops import cropped
from tsifra.batch.summary import Uncertain

pytestmark = pytest.mark.usefixtures("here")


@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv"])
def test_a_summary_tells_counts_confidence_errors_and_what_to_look_at(form: str, tsifra: CommandLine) -> None:
    draw("scans", 20)
    Path("scans/a bad.png").write_text("no picture")
    tsifra("batch", "--one", "scans", "--output", "out", "--format", form, "--workers", "1")
    code, out, _ = tsifra("summary", "out")
    assert code == 0
    assert out.startswith("21 rows")
    assert re.search(r"error +1 +4.76%", out)
    assert re.search(r"format +1 +such as scans/a bad.png: ", out)
    assert sum(int(count) for count in re.findall(r"… \S+ +(\d+)", out)) == 20
    code, out, _ = tsifra("summary", "out", "--html", "page.html")
    assert (code, out) == (0, "")
    page = Path("page.html").read_text("utf-8")
    assert "21 rows in out" in page
    assert "scans/a bad.png: not a picture" in page


def test_a_summary_shows_the_most_uncertain_digits(tsifra: CommandLine) -> None:
    (inside,) = draw("scans", 1, 4)
    with zipfile.ZipFile("more.zip", "w") as file:
        file.write(inside, "<7>.png")
    named = {inside: 0.6, "more.zip/<7>.png": 0.5, "gone.png": 0.7}
    Path("out").mkdir()
    lines = []
    for name, confidence in named.items():
        found = Digit("4", confidence, (10, 8, 38, 40), "review", (0.0,) * 4 + (confidence,) + (0.0,) * 6)
        lines.append(json.dumps(Reading(name, 1, (48, 48), "4", (found,), "tsifra-1").to_dict()) + "\n")
    Path("out/part-000000.jsonl").write_text("".join(lines))
    _, out, _ = tsifra("summary", "out")
    assert "100.00% of those read are uncertain" in out
    assert re.findall(r"4 +(\S+)%  (\S+) at 10,8,38,40", out) == [
        ("50.0", "more.zip/<7>.png"),
        ("60.0", inside),
        ("70.0", "gone.png"),
    ]
    tsifra("summary", "out", "--html", "page.html")
    page = Path("page.html").read_text("utf-8")
    assert re.findall(r"<br>([^<]*)</figcaption>", page) == ["more.zip/&lt;7&gt;.png", inside, "gone.png"]
    drawn = [Image.open(io.BytesIO(base64.b64decode(png))) for png in re.findall(r"base64,([^\"]*)", page)]
    assert [max(image.size) for image in drawn] == [96, 96]
    assert page.count("not to be had") == 1


def test_there_is_no_summary_of_what_is_no_data_set(tsifra: CommandLine) -> None:
    Path("out").mkdir()
    code, _, err = tsifra("summary", "out")
    assert code == 3
    assert "no parts" in err
    Path("out/part-000000.parquet").write_bytes(b"no Parquet")
    code, _, err = tsifra("summary", "out")
    assert code == 3
    assert "damaged" in err


def test_a_summary_says_what_is_not_finished_and_what_is_cut_off(tsifra: CommandLine) -> None:
    draw("scans", 30)
    tsifra("batch", "--one", "scans", "--output", "out", "--format", "csv")
    assert "not finished" not in tsifra("summary", "out").err
    Path("out/_manifest.json").unlink()
    assert "not finished" in tsifra("summary", "out").err
    part = Path("out/part-000000.csv")
    part.write_bytes(part.read_bytes()[:-20])
    code, _, err = tsifra("summary", "out")
    assert code == 3
    assert "damaged" in err


def test_crops_are_cut_as_the_run_read_and_from_archives_behind_addresses(tsifra: CommandLine, tmp_path: Path) -> None:
    draw("scans", 2)
    with zipfile.ZipFile("scans.zip", "w") as archive:
        archive.write("scans/1.png", "1.png")
    address = f"file://{tmp_path}/scans.zip"
    tsifra("batch", "--one", address, "--output", "out", "--dpi", "72", "--max-pixels", "5000")
    (row,) = rows()
    limits = begun.limits(Path("out"))
    assert (limits.dpi, limits.max_pixels) == (72, 5000)
    assert cropped(Uncertain(row["input"], 1, 0, "1", 0.5, None), limits) is not None
