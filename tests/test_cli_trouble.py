"""The command line where something goes wrong: each is named, and nothing else is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from called import FORMS, PYTHON_M, draw, picture
from conftest import CommandLine
from encoders import SEVEN, pdf

pytestmark = pytest.mark.usefixtures("here")


def test_good_files_are_read_among_bad_ones_and_the_exit_code_tells(tsifra: CommandLine) -> None:
    Path("notes.txt").write_text("hello")
    Path("empty.png").touch()
    Path("cut.png").write_bytes(picture("4")[:200])
    Path("bare").mkdir()
    Path("locked.pdf").write_bytes(pdf(SEVEN, password=b"secret"))
    bad = ["gone.png", "notes.txt", "empty.png", "cut.png", "bare", "locked.pdf"]
    code, out, err = tsifra("read", "--one", draw("1.png"), *bad, draw("2.png"), "--format", "jsonl")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 3
    assert [line["input"] for line in lines] == ["1.png", *bad, "2.png"]
    assert [line["text"] for line in lines] == ["1", *[""] * 6, "2"]
    kinds = ["missing", "format", "format", "damaged", "missing", "password"]
    assert [line["error"]["kind"] for line in lines[1:-1]] == kinds
    assert all(line["error"]["message"].startswith(f"{line['input']}: ") for line in lines[1:-1])
    assert "6 of 8" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_tell_of_what_could_not_be_read(tsifra: CommandLine, form: str) -> None:
    code, out, _ = tsifra("read", "--one", "gone.png", "--format", form)
    assert code == 3
    assert "gone.png" in out
    assert "no such file" in out


def test_what_decoders_mutter_does_not_reach_the_user() -> None:
    # Pillow warns of such a file, with its own source lines; the record says what there is to say.
    Path("cut.tif").write_bytes(b"II*\0\x08\0\0\0\x02\0\0\1\3\0")
    ran = subprocess.run([*PYTHON_M, "read", "--one", "cut.tif"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (3, "1 of 1 could not be read\n")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["read", "4.png", "--explain", "drawn"], "--one"),
        (["read", "--one", "4.png", "--annotate", "drawn"], "--explain"),
        (["read", "--one"], "name a picture"),
        (["read", "--one", "4.png", "--format", "xml"], "xml"),
        (["read", "--one", "4.png", "--dpi", "0"], "--dpi"),
        (["read", "--one", "4.png", "--max-pixels", "0"], "--max-pixels"),
        (["read", "--one", "4.png", "--output", "gone/out.csv"], "gone"),
        (["read", "--one", "4.png", "--output", "."], "--output"),
        (["read", "--one", "4.png", "--model", "gone"], "gone"),
        (["read", "--one", "4.png", "--explain", "4.png"], "4.png"),
        (["read", "--one", "4.png", "--surely"], "--surely"),
        (["reed", "4.png"], "reed"),
    ],
)
def test_a_wrong_call_ends_with_2_and_says_what_is_wrong(tsifra: CommandLine, args: list[str], says: str) -> None:
    draw("4.png")
    code, out, err = tsifra(*args)
    assert code == 2
    assert says in err
    assert "Traceback" not in err
    assert "internal" not in err
    assert out == ""


def test_a_wrong_call_leaves_no_file_behind(tsifra: CommandLine) -> None:
    draw("4.png")
    tsifra("read", "--one", "4.png", "--output", ".", "--format", "csv")
    tsifra("read", "--one", "4.png", "--output", "out.csv", "--model", "gone")
    tsifra("read", "4.png", "--output", "out.csv", "--explain", "drawn")
    assert os.listdir() == ["4.png"]


@pytest.mark.skipif(not os.path.exists("/proc/self"), reason="there is no /proc")
def test_an_output_that_cannot_be_written_is_a_usage_error(tsifra: CommandLine) -> None:
    code, _, err = tsifra("read", "--one", draw("4.png"), "--output", "/proc/out.csv")
    assert code == 2
    assert "/proc/out.csv" in err
    assert "internal" not in err


def test_a_model_folder_without_a_model_is_a_usage_error(tsifra: CommandLine) -> None:
    Path("bare").mkdir()
    code, out, err = tsifra("read", "--one", draw("4.png"), "--model", "bare")
    assert (code, out) == (2, "")
    assert "model.json" in err


def test_a_fault_of_ours_is_reported_without_a_traceback(tsifra: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*args: object, **options: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("tsifra.reader.Reader.read_many", fault)
    code, _, err = tsifra("read", "--one", draw("4.png"))
    assert code == 1
    assert "boom" in err
    assert "Traceback" not in err


def test_who_looks_for_a_fault_gets_the_traceback(tsifra: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSIFRA_DEBUG", "1")
    monkeypatch.setattr("tsifra.reader.Reader.read_many", None)
    with pytest.raises(TypeError, match="not callable"):
        tsifra("read", "--one", draw("4.png"))


def test_training_without_pytorch_says_how_to_get_it() -> None:
    without = "import sys; sys.modules['torch'] = None; from tsifra.cli import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", without, "train", "--out", "mine"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert "pip install" in ran.stderr
    assert "tsifra[train]" in ran.stderr


def test_strict_ends_with_4_where_an_answer_is_unsure(tsifra: CommandLine, weights: Path) -> None:
    draw("4.png")
    card = json.loads((weights / "model.json").read_text("utf-8"))
    card["thresholds"]["accept"] = 1.0  # so that nothing is sure
    (weights / "model.json").write_text(json.dumps(card), "utf-8")
    unsure = ["read", "--one", "4.png", "--model", str(weights)]
    assert tsifra(*unsure).code == 0
    assert "review" in tsifra(*unsure).out
    assert tsifra(*unsure, "--strict").code == 4
    assert tsifra("read", "--one", "4.png", "--strict").code == 0
    # What cannot be read at all outweighs what is unsure.
    assert tsifra(*unsure, "gone.png", "--strict").code == 3
