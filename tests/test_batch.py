"""tsifra batch as people use it: what is written, in which order, and what happens when something ends it."""

import base64
import glob
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import tsifra.batch.local
from conftest import CommandLine
from drawing import DIGITS, digit
from encoders import SEVEN, pdf
from tsifra import Digit, Reading
from tsifra.batch import begun
from tsifra.batch.answer import Answer
from tsifra.batch.crops import cropped
from tsifra.batch.folder import of_folder, of_glob
from tsifra.batch.item import Chunk
from tsifra.batch.order import in_order
from tsifra.batch.rows import record_of
from tsifra.batch.summary import Uncertain
from tsifra.batch.worker import Worker
from tsifra.errors import TsifraError
from tsifra.page_reader import PageReader

PATIENCE_S = 60
Record = dict[str, Any]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def picture(label: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(digit(label, 48)).save(file, "PNG")
    return file.getvalue()


PICTURES = {label: picture(label) for label in DIGITS}


def draw(folder: str, count: int, first: int = 0) -> list[str]:
    """Draw `count` digits as 0.png, 1.png, …; their names as records have them."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    names = [f"{folder}/{number}.png" for number in range(first, first + count)]
    for name in names:
        Path(name).write_bytes(PICTURES[Path(name).stem[-1]])
    return names


def rows(output: str = "out") -> list[Record]:
    """All rows of a Parquet data set as records, in order."""
    found = sorted(Path(output).glob("part-*.parquet"))
    return [record_of(row) for part in found for row in pq.read_table(part).to_pylist()]


def inputs(output: str = "out") -> list[str]:
    return [row["input"] for row in rows(output)]


def parts(output: str = "out") -> int:
    return len(list(Path(output).glob("part-*")))


def manifest(output: str = "out") -> Record:
    found: Record = json.loads((Path(output) / "_manifest.json").read_text("utf-8"))
    return found


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "tsifra", "batch", *args]


# What is written ------------------------------------------------------------------------------------------------


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


# Sources --------------------------------------------------------------------------------------------------------


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


def test_lists_and_globs_name_sources_too(tsifra: CommandLine) -> None:
    draw("a", 3)
    draw("b/c", 2)
    tsifra(
        "batch",
        "--one",
        "*/c/*.png",
        "--files-from",
        "-",
        "--output",
        "out",
        "--workers",
        "1",
        stdin=b"a/2.png\r\na\n\n",
    )
    assert inputs() == ["b/c/0.png", "b/c/1.png", "a/2.png", "a/0.png", "a/1.png", "a/2.png"]
    code, _, _ = tsifra("batch", "--one", "no*.png", "--output", "none", "--workers", "1")
    assert (code, rows("none")[0]["error"]["kind"]) == (3, "missing")


# Going on -------------------------------------------------------------------------------------------------------


def test_a_run_that_is_killed_goes_on_with_no_row_lost_or_doubled(tsifra: CommandLine) -> None:
    names = draw("scans", 600)
    args = ("--one", "scans", "--output", "out", "--part-files", "50", "--workers", "2")
    seed = random.Random(7)
    killed = 0
    for _ in range(4):
        process = subprocess.Popen(command(*args), stderr=subprocess.DEVNULL)
        wanted = parts() + seed.randrange(1, 4)
        _wait(lambda: parts() >= wanted or process.poll() is not None)  # noqa: B023
        time.sleep(seed.random() / 50)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        assert inputs() == names[: len(inputs())]
    assert killed
    code, _, err = tsifra("batch", *args)
    assert code == 0
    assert "goes on" in err
    assert inputs() == names
    assert manifest()["rows"] == 600
    assert not list(Path("out").glob(".part-*"))


def _wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < end, "nothing happens"
        time.sleep(0.002)


def test_what_is_done_is_not_done_again(tsifra: CommandLine) -> None:
    draw("scans", 20)
    args = ("batch", "--one", "scans", "--output", "out", "--part-files", "10", "--workers", "1")
    tsifra(*args)
    before = {path: path.stat().st_mtime_ns for path in Path("out").glob("*.[pj]*")}
    code, _, err = tsifra(*args)
    assert code == 0
    assert "nothing is left to read" in err
    assert {path: path.stat().st_mtime_ns for path in Path("out").glob("*.[pj]*")} == before


def test_changed_added_and_removed_files_are_named_and_only_their_parts_read_again(tsifra: CommandLine) -> None:
    draw("scans", 50, 100)
    args = ("batch", "--one", "scans", "--output", "out", "--part-files", "10", "--workers", "1")
    tsifra(*args)
    first = Path("out/part-000000.parquet").stat().st_mtime_ns
    Path("scans/112.png").write_bytes(PICTURES["7"])
    Path("scans/125.png").unlink()
    draw("scans/131", 2)
    names = [*draw("scans", 12, 150)]
    code, _, err = tsifra(*args)
    assert code == 0
    assert re.search(r"files changed.*: 1 \(scans/112.png\)", err)
    assert re.search(r"not listed.*: 1 \(scans/125.png\)", err)
    assert re.search(r"files added.*: 2 \(scans/131/0.png, scans/131/1.png\)", err)
    assert "43 files read" in err  # 10 + 9 + 12 of three parts, and 12 new ones
    tsifra("batch", "--one", "scans", "--output", "fresh", "--workers", "1")
    assert rows() == rows("fresh")
    assert inputs()[-12:] == names
    assert Path("out/part-000000.parquet").stat().st_mtime_ns == first


def test_a_part_that_is_gone_or_damaged_is_read_again(tsifra: CommandLine) -> None:
    names = draw("scans", 30)
    args = ("batch", "--one", "scans", "--output", "out", "--part-files", "10", "--workers", "1")
    tsifra(*args)
    Path("out/part-000000.parquet").unlink()
    Path("out/part-000002.parquet").write_bytes(b"PAR1")
    assert "20 files read" in tsifra(*args).err
    assert inputs() == names


def test_other_options_another_model_and_other_sources_are_named(tsifra: CommandLine, weights: Path) -> None:
    draw("scans", 3)
    args = ("scans", "--output", "out", "--workers", "1")
    tsifra("batch", "--one", *args)
    code, _, err = tsifra("batch", *args)
    assert code == 2
    assert "one True, now False" in err
    card = json.loads((weights / "model.json").read_text("utf-8"))
    (weights / "model.json").write_text(json.dumps(card | {"name": "mine"}), "utf-8")
    code, _, err = tsifra("batch", "--one", *args, "--model", weights)
    assert code == 2
    assert "model tsifra-" in err
    assert "now mine" in err
    code, _, err = tsifra("batch", "--one", "other", *args[1:])
    assert code == 2
    assert "sources scans, now other" in err


def test_a_folder_that_is_not_there_any_more_costs_no_part(tsifra: CommandLine) -> None:
    # Such as one that is not mounted: what was read of it must not be taken for gone.
    names = draw("scans", 5)
    args = ("batch", "--one", "scans", "--output", "out", "--part-files", "2", "--workers", "1")
    tsifra(*args)
    Path("scans").rename("elsewhere")
    code, _, err = tsifra(*args)
    assert code == 2
    assert "none is listed any more" in err
    Path("elsewhere").rename("scans")
    assert "nothing is left to read" in tsifra(*args).err
    assert inputs() == names


def test_two_runs_do_not_write_into_one_folder(tsifra: CommandLine) -> None:
    draw("scans", 3)
    from tsifra.batch.begun import alone

    with alone(Path("out")):
        code, _, err = tsifra("batch", "--one", "scans", "--output", "out", "--workers", "1")
    assert code == 2
    assert "another run" in err


# What goes wrong ------------------------------------------------------------------------------------------------


def test_ctrl_c_keeps_what_was_read_and_says_how_to_go_on(tsifra: CommandLine) -> None:
    names = draw("scans", 800)
    args = ("--one", "scans", "--output", "out", "--part-files", "300", "--workers", "1")
    process = subprocess.Popen(command(*args), stderr=subprocess.PIPE, text=True, start_new_session=True)
    _wait(lambda: bool(list(Path("out").glob("part-*"))))
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers as well
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert "the same command goes on" in err
    assert "Traceback" not in err
    kept = inputs()
    assert 300 <= len(kept) < 800
    assert kept == names[: len(kept)]
    code, _, err = tsifra("batch", *args)
    assert code == 0
    assert f"{800 - len(kept)} files read" in err
    assert inputs() == names


@pytest.mark.parametrize(("most", "stops"), [("2", True), ("3", False), ("5%", True), ("50%", False)])
def test_too_many_errors_stop_it_and_keep_what_was_written(most: str, stops: bool, tsifra: CommandLine) -> None:
    names = draw("scans", 300)
    for name in names[:3] if "%" not in most else names[:20]:
        Path(name).write_text("no picture")
    code, _, err = tsifra("batch", "--one", "scans", "--output", "out", "--max-errors", most, "--workers", "1")
    assert code == 3
    assert ("stopped" in err) == stops
    assert (len(inputs()) == 300) != stops
    assert inputs() == names[: len(inputs())]
    assert Path("out/_manifest.json").exists() != stops


@pytest.mark.parametrize("most", ["some", "-1", "101%", "nan%", "1.5"])
def test_what_is_no_number_of_errors_is_a_usage_error(most: str, tsifra: CommandLine) -> None:
    assert tsifra("batch", "scans", "--output", "out", f"--max-errors={most}").code == 2


def deadly(connection: Any, job: Any) -> None:
    """A worker process that some pictures end, as a fault in a decoder would."""
    answer = Worker.answer

    def answer_or_die(self: Worker, chunk: Chunk) -> Answer:
        if any("deadly" in item.name for item in chunk.items):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer(self, chunk)

    Worker.answer = answer_or_die  # type: ignore[method-assign]
    ALIVE(connection, job)


ALIVE = tsifra.batch.local.serve


def test_a_picture_that_ends_processes_is_a_row_and_costs_no_other(
    tsifra: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsifra.batch.local.serve", deadly)
    names = draw("scans", 6)
    Path("scans/3.png").rename("scans/3 deadly.png")
    names[3] = "scans/3 deadly.png"
    code, _, _ = tsifra("batch", "--one", "scans", "--output", "out", "--workers", "2")
    assert code == 3
    assert inputs() == names
    assert [row["text"] for row in rows()] == ["0", "1", "2", "", "4", "5"]
    error = rows()[3]["error"]
    assert error["kind"] == "crash"
    assert error["message"].startswith("scans/3 deadly.png: ")


def test_a_worker_that_is_killed_costs_no_row() -> None:
    names = draw("scans", 3000)
    process = subprocess.Popen(
        command("--one", "scans", "--output", "out", "--part-files", "300", "--workers", "2"), stderr=subprocess.PIPE
    )
    _wait(lambda: bool(list(Path("out").glob("part-*"))))
    workers = _workers(process.pid)
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert inputs() == names


def _workers(pid: int) -> list[int]:
    psutil = pytest.importorskip("psutil")
    children = psutil.Process(pid).children()
    return [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]


def test_a_fault_of_ours_costs_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    from tsifra.batch.item import Item
    from tsifra.batch.job import Job

    names = draw("scans", 3)
    normalize = PageReader._normalize

    def faulty(self: PageReader, page: Any) -> Any:
        if "1" in page.input:
            raise IndexError("a fault")
        return normalize(self, page)

    monkeypatch.setattr(PageReader, "_normalize", faulty)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    answer = Worker(Job(one=True, form="jsonl")).answer(Chunk(0, tuple(Item(name) for name in names), 0.0))
    lines = [json.loads(line) for line in answer.rows[0].splitlines()]
    assert [line["text"] for line in lines] == ["0", "", "2"]
    assert lines[1]["error"] == {"kind": "internal", "message": "scans/1.png: internal error: IndexError: a fault"}


def test_a_model_that_cannot_be_used_is_told_of(tsifra: CommandLine) -> None:
    draw("scans", 1)
    code, _, err = tsifra("batch", "scans", "--output", "out", "--model", "no-such", "--workers", "1")
    assert code == 2
    assert "no-such" in err
    assert "Traceback" not in err


@pytest.mark.skipif(os.name != "posix", reason="limits on files are another matter on Windows")
def test_a_full_disk_is_told_of_and_leaves_nothing_half_written(tsifra: CommandLine) -> None:
    import resource

    names = draw("scans", 30)
    args = ("--one", "scans", "--output", "out", "--format", "jsonl", "--workers", "1")
    done = subprocess.run(
        command(*args),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)),
    )
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(Path("out").glob("*part-*"))
    assert tsifra("batch", *args).code == 0
    assert len(Path("out/part-000000.jsonl").read_text().splitlines()) == len(names)


def test_an_output_that_cannot_be_written_is_a_usage_error(tsifra: CommandLine) -> None:
    Path("file").touch()
    code, _, err = tsifra("batch", "scans", "--output", "file/out")
    assert code == 2
    assert "file" in err


# What is told ---------------------------------------------------------------------------------------------------


def test_profile_tells_where_the_time_went(tsifra: CommandLine) -> None:
    draw("scans", 30)
    _, _, err = tsifra("batch", "--one", "scans", "--output", "out", "--profile", "--workers", "1")
    shares = dict(re.findall(r"^(\w+) .* ([\d.]+)%$", err, re.MULTILINE))
    assert list(shares) == ["list", "fetch", "decode", "normalize", "classify", "write"]
    assert float(shares["classify"]) > 0
    assert sum(map(float, shares.values())) == pytest.approx(100, abs=1)


def test_missing_extras_are_told_of(tsifra: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "tsifra.batch.ray_engine", raising=False)
    code, _, err = tsifra("batch", "scans", "--output", "out")
    assert (code, "tsifra[batch]" in err) == (2, True)
    code, _, err = tsifra("batch", "s3://bucket/scans", "--output", "out", "--format", "jsonl")
    assert (code, "tsifra[remote]" in err) == (2, True)
    code, _, err = tsifra("batch", "scans", "--output", "out", "--format", "jsonl", "--engine", "ray")
    assert (code, "tsifra[ray]" in err) == (2, True)


# Summary --------------------------------------------------------------------------------------------------------


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


def test_links_and_odd_members_lose_nothing(tsifra: CommandLine) -> None:
    draw("scans", 2)
    os.symlink("loop.png", "scans/loop.png")
    os.link("scans/1.png", "scans/2.png")
    with tarfile.open("linked.tar", "w") as archive:
        archive.add("scans/1.png", "1.png")
        archive.add("scans/2.png", "2.png")
    with zipfile.ZipFile("odd.zip", "w") as packed:
        packed.mkdir("folder.png")
        packed.write("scans/1.png", "1.png")
    Path("list.txt").write_bytes(b"\xef\xbb\xbfscans\nlinked.tar\nodd.zip\n")
    command = ("batch", "--one", "--files-from", "list.txt", "--output", "out")
    tsifra(*command)
    Path("out/part-all.parquet").write_text("of the user")
    tsifra(*command)
    assert Path("out/part-all.parquet").read_text() == "of the user"
    Path("out/part-all.parquet").unlink()
    assert {row["input"]: row["status"] for row in rows()} == {
        **dict.fromkeys(("scans/0.png", "scans/1.png", "scans/2.png", "linked.tar/1.png", "odd.zip/1.png"), "ok"),
        "scans/loop.png": "error",
        "linked.tar/2.png": "error",  # a link to the first
    }


def test_a_list_may_come_through_a_pipe(tsifra: CommandLine) -> None:
    names = draw("scans", 3)
    os.mkfifo("list")
    writer = subprocess.Popen(["sh", "-c", "printf '%s\\n' \"$@\" > list", "sh", *names])
    assert tsifra("batch", "--one", "--files-from", "list", "--output", "out").code == 0
    writer.wait(PATIENCE_S)
    assert inputs() == names


def test_a_list_from_stdin_costs_a_running_data_set_nothing(tsifra: CommandLine) -> None:
    names = draw("scans", 3)
    command = ("batch", "--one", "--files-from", "-", "--output", "out", "--workers", "1")
    assert tsifra(*command, stdin="\n".join(names).encode()).code == 0
    before = {path: path.read_bytes() for path in Path("out").rglob("*") if path.is_file()}
    code, _, err = tsifra(*command, stdin=b"")
    assert code == 2
    assert "none is listed any more" in err
    assert {path: path.read_bytes() for path in Path("out").rglob("*") if path.is_file()} == before
    assert tsifra(*command, stdin="\n".join([*names, *draw("scans", 1, 3)]).encode()).code == 0
    assert len(rows()) == 4


def test_a_folder_that_was_empty_at_first_is_gone_on_with(tsifra: CommandLine) -> None:
    Path("scans").mkdir()
    assert tsifra("batch", "--one", "scans", "--output", "out").code == 3
    draw("scans", 2)
    assert tsifra("batch", "--one", "scans", "--output", "out").code == 0
    assert inputs() == ["scans/0.png", "scans/1.png"]


def test_errors_in_the_last_files_end_nothing(tsifra: CommandLine) -> None:
    draw("scans", 2)
    Path("scans/9.png").write_text("no picture")
    code, _, err = tsifra("batch", "--one", "scans", "--output", "out", "--max-errors", "0")
    assert code == 3
    assert "stopped" not in err
    assert manifest()["rows"] == 3


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


def test_an_address_whose_package_is_not_there_ends_the_run(
    tsifra: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    Path("list.txt").write_text("s3://bucket/scans\n")
    code, _, err = tsifra("batch", "--one", "--files-from", "list.txt", "--output", "out", "--workers", "1")
    assert code == 2
    assert "tsifra[remote]" in err


# Listing --------------------------------------------------------------------------------------------------------


@given(
    st.sets(st.text("ab.", min_size=1, max_size=3).filter(lambda name: name.strip(".")), min_size=1, max_size=4),
    st.lists(st.sampled_from(["*", "**", "a*", "?", "[ab]*", ".*", "a"]), min_size=1, max_size=4),
)
@settings(max_examples=60, deadline=None)
def test_globs_stand_for_what_they_stand_for_in_python(names: set[str], pattern: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for one in names:
            for two in names:
                Path(folder, one, two).mkdir(parents=True)
                for three in names:
                    Path(folder, one, two, three).touch()
        found = [str(path) for path in of_glob("/".join([folder, *pattern]))]
        wanted = {path.rstrip("/") for path in glob.glob("/".join([folder, *pattern]), recursive=True)}
        files = filter(os.path.isfile, wanted)
        # A folder that is matched stands for what is in it, which is not named once more.
        assert all(path in found or any(str(up) in found for up in Path(path).parents) for path in files)
    assert set(found) <= wanted
    assert len(found) == len(set(found))
    assert not any(str(up) in found for path in found for up in Path(path).parents)


def test_links_that_loop_and_folders_without_end(tmp_path: Path) -> None:
    draw("scans/a", 2)
    os.symlink("..", "scans/a/loop")
    assert [str(path) for path in of_glob("scans/**/*.png")] == ["scans/a/0.png", "scans/a/1.png"]
    for _ in range(1200):
        os.mkdir("d")
        os.chdir("d")
    Path("1.png").touch()
    os.chdir(tmp_path)
    assert [item.name for item in of_folder("d")] == ["/".join(["d"] * 1200) + "/1.png"]
    subprocess.run(["rm", "-r", "d"], check=True)  # Python's own would recurse, and pytest's with it


def test_a_full_temporary_folder_ends_the_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: open("/dev/full", "w+b"))  # noqa: SIM115
    with pytest.raises(TsifraError, match="TMPDIR"):
        list(in_order(map(str, range(10)), run=4))


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
