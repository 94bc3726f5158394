"""tsifra batch as people use it: what is written, in which order, and from which sources."""

import io
import json
import os
import tarfile
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from batched import PICTURES, draw, inputs, manifest, rows
from conftest import CommandLine
from encoders import SEVEN, pdf

pytestmark = pytest.mark.usefixtures("here")


def test_rows_are_the_records_of_read_in_its_order(tsifra: CommandLine) -> None:
    draw("scans/b", 3)
    draw("scans", 12)
    Path("scans/notes.txt").touch()
    Path("scans/5.png").write_bytes(PICTURES["5"][:90])
    Path("scans/form.pdf").write_bytes(pdf(SEVEN, b"", SEVEN))
    Path("scans/empty.jpg").touch()
    code, out, err = tsifra("batch", "--one", "scans", "gone.png", "--output", "out", "--workers", "2")
    wanted = tsifra("read", "--one", "scans", "gone.png", "--format", "jsonl").out
    assert code == 3
    assert out == ""
    assert rows() == [json.loads(line) for line in wanted.splitlines()]
    assert "20 rows" in err
    written = manifest()
    assert (written["files"], written["rows"], written["parts"]) == (18, 20, 1)
    assert written["status"] == {"ok": 16, "blank": 1, "error": 3}
    assert written["errors"] == {"damaged": 1, "format": 1, "missing": 1}
    assert written["model"]["name"] == rows()[0]["model"]
    assert written["this_run"]["files_per_second"] > 0


def test_pages_are_read_as_read_does(tsifra: CommandLine) -> None:
    Path("form.pdf").write_bytes(pdf(SEVEN, SEVEN))
    options = ("form.pdf", "--pages", "2", "--rotate", "0", "--layout", "lines", "--dpi", "100", "--probabilities")
    tsifra("batch", *options, "--output", "out", "--workers", "1")
    wanted = tsifra("read", *options, "--format", "jsonl").out
    assert rows() == [json.loads(line) for line in wanted.splitlines()]
    assert rows()[0]["digits"][0]["probabilities"]["7"] > 0.5


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_lines_are_those_of_read(form: str, tsifra: CommandLine) -> None:
    draw("scans", 5)
    Path("scans/цифра «9».png").write_bytes(PICTURES["9"])
    Path("scans/bad.png").write_text("no picture")
    tsifra("batch", "--one", "scans", "--output", "out", "--format", form, "--workers", "1")
    wanted = tsifra("read", "--one", "scans", "--format", form).out
    assert Path(f"out/part-000000.{form}").read_text("utf-8") == wanted


def test_parts_have_a_stated_size_and_nothing_half_written_stays(tsifra: CommandLine) -> None:
    names = draw("scans", 25)
    code, _, _ = tsifra("batch", "--one", "scans", "--output", "out", "--part-files", "10", "--workers", "1")
    found = sorted(path.name for path in Path("out").glob("part-*"))
    assert code == 0
    assert found == ["part-000000.parquet", "part-000001.parquet", "part-000002.parquet"]
    assert [pq.read_metadata(Path("out") / part).num_rows for part in found] == [10, 10, 5]
    assert inputs() == names
    assert [row["text"] for row in rows()] == [name[-5] for name in names]
    assert not [path for path in Path("out").rglob("*") if "half" in path.name or path.suffix == ".part"]
    # A folder of parts is one table to everybody who reads Parquet.
    assert pq.read_table("out").num_rows == 25


@pytest.mark.skipif(os.name != "posix", reason="names that Windows does not allow")
def test_a_name_that_is_no_text_is_written(tsifra: CommandLine) -> None:
    Path("scans").mkdir()
    Path("scans", os.fsdecode(b"\xff4.png")).write_bytes(PICTURES["4"])
    code, _, _ = tsifra("batch", "--one", "scans", "--output", "out", "--workers", "1")
    assert (code, inputs()) == (0, ["scans/\\udcff4.png"])


def test_archives_are_read_without_unpacking(tsifra: CommandLine) -> None:
    with zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("inner/1.png", "inner/2.png", "notes.txt", "__MACOSX/._1.png"):
            file.writestr(name, PICTURES.get(name[-5], b"hello"))
    for name, mode in (("b.tar", "w"), ("c.tar.gz", "w:gz")):
        with tarfile.open(name, mode) as tape:  # type: ignore[call-overload]
            for label in "34":
                member = tarfile.TarInfo(f"./inner/{label}.png")
                member.size = len(PICTURES[label])
                tape.addfile(member, io.BytesIO(PICTURES[label]))
    code, _, _ = tsifra("batch", "--one", "a.zip", "b.tar", "c.tar.gz", "--output", "out", "--workers", "2")
    wanted = [
        f"{name}/inner/{label}.png"
        for name, labels in (("a.zip", "12"), ("b.tar", "34"), ("c.tar.gz", "34"))
        for label in labels
    ]
    assert code == 0
    assert inputs() == wanted
    assert [row["text"] for row in rows()] == ["1", "2", "3", "4", "3", "4"]
    assert {path.name for path in Path().iterdir()} == {"a.zip", "b.tar", "c.tar.gz", "out"}


def test_what_is_wrong_with_an_archive_is_a_row(tsifra: CommandLine) -> None:
    with zipfile.ZipFile("bad.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("1.png", PICTURES["1"])
        file.writestr("2.png", PICTURES["2"] + os.urandom(1000))
        file.writestr("3.png", PICTURES["3"])
    data = bytearray(Path("bad.zip").read_bytes())
    middle = data.index(b"2.png") + len(PICTURES["2"])
    data[middle : middle + 20] = bytes(20)
    Path("bad.zip").write_bytes(data)
    Path("no.zip").write_bytes(b"PK no zip")
    Path("no.tar").write_bytes(b"no tar at all" * 99)
    zipfile.ZipFile("empty.zip", "w").close()
    code, _, _ = tsifra(
        "batch", "--one", "bad.zip", "no.zip", "no.tar", "empty.zip", "--output", "out", "--workers", "1"
    )
    assert code == 3
    assert [(row["input"], row["status"]) for row in rows()] == [
        ("bad.zip/1.png", "ok"),
        ("bad.zip/2.png", "error"),
        ("bad.zip/3.png", "ok"),
        ("no.zip", "error"),
        ("no.tar", "error"),
        ("empty.zip", "error"),
    ]
    assert [row["error"]["kind"] for row in rows() if row["error"]] == ["damaged", "damaged", "damaged", "missing"]


def test_a_member_that_unpacks_to_more_than_it_says_is_refused(tsifra: CommandLine) -> None:
    # A zip bomb says that it is small: here 60 MB of zeros as 100 bytes.
    with zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("1.png", bytes(60_000_000))
    data = Path("bomb.zip").read_bytes().replace((60_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    Path("bomb.zip").write_bytes(data)
    tsifra("batch", "--one", "bomb.zip", "--output", "out", "--workers", "1")
    assert rows()[0]["error"]["kind"] == "damaged"
