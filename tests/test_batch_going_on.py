"""A run that was ended goes on: nothing is lost, doubled or read again without need."""

import json
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from batched import PICTURES, command, draw, inputs, manifest, parts, rows, wait
from conftest import CommandLine

pytestmark = pytest.mark.usefixtures("here")


def test_a_run_that_is_killed_goes_on_with_no_row_lost_or_doubled(tsifra: CommandLine) -> None:
    names = draw("scans", 600)
    args = ("--one", "scans", "--output", "out", "--part-files", "50", "--workers", "2")
    seed = random.Random(7)
    killed = 0
    for _ in range(4):
        process = subprocess.Popen(command(*args), stderr=subprocess.DEVNULL)
        wanted = parts() + seed.randrange(1, 4)
        wait(lambda: parts() >= wanted or process.poll() is not None)  # noqa: B023
        time.sleep(seed.random() / 50)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        assert inputs() == names[: len(inputs())]
    assert killed
    Path("out/.manifest.json.killed.part").touch()
    code, _, err = tsifra("batch", *args)
    assert code == 0
    assert "goes on" in err
    assert inputs() == names
    assert manifest()["rows"] == 600
    assert not [*Path("out").glob(".part-*"), *Path("out").rglob(".*.part")]


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


def test_a_folder_that_was_empty_at_first_is_gone_on_with(tsifra: CommandLine) -> None:
    Path("scans").mkdir()
    assert tsifra("batch", "--one", "scans", "--output", "out").code == 3
    draw("scans", 2)
    assert tsifra("batch", "--one", "scans", "--output", "out").code == 0
    assert inputs() == ["scans/0.png", "scans/1.png"]
