"""What the command line writes: answers in all forms, explanations, and never over a picture."""

import csv
import io
import json
import os
from pathlib import Path

import pytest
from PIL import Image

from called import FORMS, draw, picture, records
from conftest import CommandLine
from drawing import DIGITS, digit
from encoders import SEVEN, pdf
from tsifra.errors import InputError

pytestmark = pytest.mark.usefixtures("here")


@pytest.mark.parametrize("form", FORMS)
def test_a_file_gets_what_stdout_gets(tsifra: CommandLine, form: str) -> None:
    args = ["read", "--one", draw("1.png"), "gone.png", draw("цифра 2.png"), "--format", form]
    shown = tsifra(*args)
    written = tsifra(*args, "--output", "out")
    assert (shown.code, written.code) == (3, 3)
    assert written.out == ""
    assert Path("out").read_bytes().decode() == shown.out


def test_all_forms_are_equal_in_content(tsifra: CommandLine) -> None:
    Path("7.pdf").write_bytes(pdf(SEVEN, b""))
    args = ["read", "--one", *[draw(f"{label}.png") for label in DIGITS], "gone.png", "7.pdf", "--format"]
    array = json.loads(tsifra(*args, "json").out)
    lines = [json.loads(line) for line in tsifra(*args, "jsonl").out.splitlines()]
    rows = list(csv.DictReader(io.StringIO(tsifra(*args, "csv").out)))
    texts = tsifra(*args, "text").out.splitlines()
    assert array == lines
    assert [record["text"] for record in array] == [*DIGITS, "", "7", ""]
    for record, row, text in zip(array, rows, texts, strict=True):
        assert [row[field] for field in ("input", "text", "status")] == [
            record[field] for field in ("input", "text", "status")
        ]
        assert text.startswith(record["input"])
        assert record["status"] in text


def test_probabilities_are_written_when_asked_for(tsifra: CommandLine) -> None:
    args = ["read", "--one", draw("4.png"), "--format", "jsonl"]
    (plain,) = json.loads(tsifra(*args).out)["digits"]
    (full,) = json.loads(tsifra(*args, "--probabilities").out)["digits"]
    assert "probabilities" not in plain
    assert list(full["probabilities"]) == [*DIGITS, "none"]
    assert full["probabilities"]["4"] == full["confidence"]


def test_an_explanation_is_drawn_for_each_picture(tsifra: CommandLine) -> None:
    names = [draw("a/4.png"), draw("b/4.png"), draw("4.jpg"), draw("4-2.png", "4"), "gone.png"]
    Path("4.pdf").write_bytes(pdf(SEVEN, SEVEN))
    code, out, _ = tsifra(
        *("read", "--one", *names, "4.pdf", "-", "--explain", "why/so", "--format", "jsonl"), stdin=picture("5")
    )
    drawn = sorted(os.listdir("why/so"))
    assert code == 3
    assert len(records(out)) == 8
    assert len(drawn) == 7, drawn  # all but the one that is gone, none over another
    for name in drawn:
        with Image.open(Path("why/so", name)) as image:
            assert image.format == "PNG"


def test_an_explanation_of_what_can_be_read_but_once(tsifra: CommandLine) -> None:
    if not os.path.exists("/dev/fd"):
        pytest.skip("there is no /dev/fd")
    taking, giving = os.pipe()  # what a shell's <(…) is
    os.write(giving, picture("4"))
    os.close(giving)
    try:
        code, out, err = tsifra("read", "--one", f"/dev/fd/{taking}", "--explain", "why", "--format", "jsonl")
    finally:
        os.close(taking)
    assert (code, json.loads(out)["text"], err) == (0, "4", "")
    assert len(os.listdir("why")) == 1


def test_nothing_but_answers_is_written_where_nobody_looks(tsifra: CommandLine) -> None:
    names = [draw(f"{number}.png") for number in range(40)]
    for output in ([], ["--output", "out.txt"]):
        code, _, err = tsifra("read", "--one", *names, *output)
        assert (code, err) == (0, "")


def test_a_picture_is_not_overwritten_with_answers(tsifra: CommandLine) -> None:
    before = Path(draw("4.png")).read_bytes()
    assert tsifra("read", "--one", "4.png", "--output", "4.png").code == 2
    assert Path("4.png").read_bytes() == before


def test_no_drawing_is_written_over_a_picture_that_is_read(tsifra: CommandLine) -> None:
    Image.fromarray(digit("4")).save("4.png")
    before = Path("4.png").read_bytes()
    for option in (("--annotate", "."), ("--one", "--explain", "../" + Path.cwd().name)):
        ran = tsifra("read", *option, "4.png")
        assert (ran.code, "name another folder" in ran.err) == (2, True)
    assert Path("4.png").read_bytes() == before
    assert tsifra("read", "--annotate", "drawn", "4.png").code == 0


def test_what_is_gone_before_it_is_drawn_ends_nothing(tsifra: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(self: object, source: str, page: int = 1) -> None:
        raise InputError(f"{source}: no such file")

    monkeypatch.setattr("tsifra.reader.Reader.explain", gone)
    code, out, err = tsifra("read", "--one", draw("3.png"), draw("4.png"), "--explain", "why")
    assert (code, len(out.splitlines())) == (0, 2)
    assert "not drawn: 4.png" in err
