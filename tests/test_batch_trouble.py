"""What goes wrong in a run and what is told of it: errors, faults, killed workers, full disks, missing extras."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import tsifra.batch.local
from batched import PATIENCE_S, command, draw, inputs, manifest, rows, wait
from conftest import CommandLine
from tsifra.batch import remote
from tsifra.batch.answer import Answer
from tsifra.batch.item import Chunk
from tsifra.batch.worker import Worker
from tsifra.page_reader import PageReader

pytestmark = pytest.mark.usefixtures("here")


def test_ctrl_c_keeps_what_was_read_and_says_how_to_go_on(tsifra: CommandLine) -> None:
    names = draw("scans", 800)
    args = ("--one", "scans", "--output", "out", "--part-files", "300", "--workers", "1")
    process = subprocess.Popen(command(*args), stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait(lambda: bool(list(Path("out").glob("part-*"))))
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
    wait(lambda: bool(list(Path("out").glob("part-*"))))
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


def test_errors_in_the_last_files_end_nothing(tsifra: CommandLine) -> None:
    draw("scans", 2)
    Path("scans/9.png").write_text("no picture")
    code, _, err = tsifra("batch", "--one", "scans", "--output", "out", "--max-errors", "0")
    assert code == 3
    assert "stopped" not in err
    assert manifest()["rows"] == 3


def test_an_address_whose_package_is_not_there_ends_the_run(
    tsifra: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setattr(remote, "_file_system", remote._file_system.__wrapped__)  # another test's is kept
    Path("list.txt").write_text("s3://bucket/scans\n")
    code, _, err = tsifra("batch", "--one", "--files-from", "list.txt", "--output", "out", "--workers", "1")
    assert code == 2
    assert "tsifra[remote]" in err
