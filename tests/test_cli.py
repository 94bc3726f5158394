"""The command line as people and scripts use it: what is read, and the help."""

import json
import os
from pathlib import Path

import click
import pytest
from PIL import Image

from called import FORMS, draw, picture, records
from conftest import CommandLine
from encoders import SEVEN, pdf
from tsifra import __version__
from tsifra.cli import cli

pytestmark = pytest.mark.usefixtures("here")


# Reading --------------------------------------------------------------------------------------------------------


def test_pictures_are_read_in_the_order_they_are_named(tsifra: CommandLine) -> None:
    code, out, err = tsifra("read", "--one", draw("7.png"), draw("2.jpg"), draw("4.bmp"), "--format", "jsonl")
    assert (code, records(out), err) == (0, [("7.png", "7"), ("2.jpg", "2"), ("4.bmp", "4")], "")


def test_text_is_for_people(tsifra: CommandLine) -> None:
    code, out, err = tsifra("read", "--one", draw("7.png"))
    assert code == 0
    assert out.split()[:2] == ["7.png", "7"]
    assert out.split()[-1] == "ok"
    assert err == ""


def test_folders_are_read_to_the_bottom_in_natural_order(tsifra: CommandLine) -> None:
    for name in ("scans/10.png", "scans/2.png", "scans/b/3.png"):
        draw(name)
    Path("scans/notes.txt").touch()
    code, out, _ = tsifra("read", "--one", "scans", "--format", "jsonl")
    assert code == 0
    assert records(out) == [(os.path.join("scans", n), n[-5]) for n in ("2.png", "10.png", os.path.join("b", "3.png"))]


def test_a_picture_comes_from_stdin(tsifra: CommandLine) -> None:
    code, out, _ = tsifra("read", "--one", draw("2.png"), "-", "--format", "jsonl", stdin=picture("5"))
    assert (code, records(out)) == (0, [("2.png", "2"), ("-", "5")])


def test_nothing_on_stdin_is_a_picture_that_cannot_be_read(tsifra: CommandLine) -> None:
    code, out, _ = tsifra("read", "--one", "-", "--format", "jsonl")
    assert code == 3
    assert json.loads(out)["error"] == {"kind": "format", "message": "-: not a picture: the file is empty"}


def test_a_list_of_files_comes_from_a_file_or_stdin(tsifra: CommandLine) -> None:
    names = [draw(name) for name in ("a b 1.png", "цифра 2.png", "#3.png", "4.png")]
    listed = "\n".join(names[1:]).encode() + b"\n\n"
    Path("list.txt").write_bytes(listed)
    wanted = [(name, name[-5]) for name in names]
    for source in ("list.txt", "-"):
        code, out, _ = tsifra("read", "--one", names[0], "--files-from", source, "--format", "jsonl", stdin=listed)
        assert (code, records(out)) == (0, wanted)


def test_a_list_written_on_windows_is_read(tsifra: CommandLine) -> None:
    draw("1.png")
    draw("2.png")
    code, out, _ = tsifra("read", "--one", "--files-from", "-", "--format", "jsonl", stdin=b"1.png\r\n2.png\r\n")
    assert (code, records(out)) == (0, [("1.png", "1"), ("2.png", "2")])


@pytest.mark.skipif(os.name != "posix", reason="names that Windows does not allow")
@pytest.mark.parametrize("name", [b"a\x0b4.png", b"a\x0c4.png", "a\u20284.png".encode(), "a\x854.png".encode()])
def test_a_list_has_a_file_a_line_and_only_newlines_end_lines(tsifra: CommandLine, name: bytes) -> None:
    Path(os.fsdecode(name)).write_bytes(picture("4"))
    code, out, _ = tsifra("read", "--one", "--files-from", "-", "--format", "jsonl", stdin=name + b"\n")
    assert (code, records(out)) == (0, [(os.fsdecode(name), "4")])


def test_an_empty_list_is_read_and_has_no_answers(tsifra: CommandLine) -> None:
    assert tsifra("read", "--one", "--files-from", "-", "--format", "json") == (0, "[]\n", "")


def test_a_list_that_is_not_there_is_a_usage_error(tsifra: CommandLine) -> None:
    code, _, err = tsifra("read", "--one", "--files-from", "gone.txt")
    assert code == 2
    assert "gone.txt" in err


def test_stdin_cannot_be_both_a_list_and_a_picture(tsifra: CommandLine) -> None:
    code, _, err = tsifra("read", "--one", "-", "--files-from", "-")
    assert code == 2
    assert "stdin" in err


def test_pages_are_records(tsifra: CommandLine) -> None:
    Path("7.pdf").write_bytes(pdf(SEVEN, b"", SEVEN))
    code, out, _ = tsifra("read", "--one", "7.pdf", "--format", "jsonl")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(line["page"], line["text"], line["status"]) for line in lines] == [
        (1, "7", "ok"),
        (2, "", "blank"),
        (3, "7", "ok"),
    ]
    assert "7.pdf p2" in tsifra("read", "--one", "7.pdf").out


def test_dpi_and_max_pixels_are_obeyed(tsifra: CommandLine) -> None:
    Path("7.pdf").write_bytes(pdf(SEVEN))
    out = tsifra("read", "--one", "7.pdf", "--dpi", "72", "--format", "jsonl").out
    assert json.loads(out)["size"] == [120, 140]
    code, out, _ = tsifra("read", "--one", "7.pdf", "--max-pixels", "1000", "--format", "jsonl")
    assert code == 3
    assert json.loads(out)["error"]["kind"] == "too_large"
    assert "--max-pixels" in json.loads(out)["error"]["message"]


def test_a_picture_over_pillows_own_limit_is_read_if_one_says_so(tsifra: CommandLine) -> None:
    # Black on white in 1 bit, 13,500×13,500: Pillow alone would refuse it, whoever raises --max-pixels.
    Image.new("1", (13500, 13500), 1).save("large.png")
    code, out, err = tsifra("read", "--one", "large.png", "--max-pixels", "200000000", "--format", "jsonl")
    assert (code, json.loads(out)["status"], err) == (0, "blank", "")


@pytest.mark.skipif(os.name != "posix", reason="names that Windows does not allow")
@pytest.mark.parametrize("name", [b"a b 4.png", "цифра 4.png".encode(), b"\xff4.png", b"-4.png", b"'\"$(4).png", b"4"])
def test_any_file_name_can_be_read(tsifra: CommandLine, name: bytes) -> None:
    path = os.fsdecode(name)
    Path(path).write_bytes(picture("4"))
    for form in FORMS:
        assert tsifra("read", "--one", "--format", form, "--", path).code == 0
    code, out, err = tsifra("read", "--one", "--format", "jsonl", "--", path)
    assert (code, records(out), err) == (0, [(path, "4")], "")


def test_a_model_of_ones_own_is_read_with(tsifra: CommandLine, weights: Path) -> None:
    card = json.loads((weights / "model.json").read_text("utf-8"))
    (weights / "model.json").write_text(json.dumps(card | {"name": "mine"}), "utf-8")
    out = tsifra("read", "--one", draw("4.png"), "--model", weights, "--format", "jsonl").out
    assert json.loads(out)["model"] == "mine"


# Help -----------------------------------------------------------------------------------------------------------


def commands() -> list[str]:
    return sorted(cli.commands)


@pytest.mark.parametrize("command", commands())
def test_every_command_has_help_with_an_example(tsifra: CommandLine, command: str) -> None:
    for option in ("--help", "-h"):
        code, out, err = tsifra(command, option)
        assert (code, err) == (0, "")
        assert "Example" in out
        assert f"tsifra {command}" in out


@pytest.mark.parametrize("command", commands())
def test_every_option_is_explained(command: str) -> None:
    for option in cli.commands[command].params:
        if isinstance(option, click.Option):
            assert option.help, option.name


def test_tsifra_alone_and_its_help_show_the_commands(tsifra: CommandLine) -> None:
    out = tsifra("--help").out
    assert "Example" in out
    for command in commands():
        assert command in out
    bare = tsifra()
    assert bare.code == 2
    assert "read" in bare.err


def test_the_version_is_told(tsifra: CommandLine) -> None:
    code, out, _ = tsifra("--version")
    assert (code, __version__ in out) == (0, True)


def test_info_has_what_a_bug_report_needs(tsifra: CommandLine) -> None:
    code, out, _ = tsifra("info")
    assert code == 0
    assert __version__ in out
    assert "sha256" in out
    for name in ("Python", "numpy", "opencv", "onnxruntime", "pillow", "pi-heif", "pypdfium2", "processors"):
        assert name in out
