"""The command line as people and scripts use it."""

import contextlib
import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from PIL import Image

from conftest import CommandLine
from drawing import DIGITS, digit
from encoders import SEVEN, pdf
from tsifra import __version__
from tsifra.cli import cli
from tsifra.errors import InputError

FORMS = ["text", "json", "jsonl", "csv"]
PATIENCE_S = 30  # nothing here takes a second; who waits so long hangs


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TSIFRA_DEBUG", raising=False)


def draw(name: str, label: str | None = None) -> str:
    """Save a digit under a name that ends in it, or else in `label`; the name."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(digit(label or path.stem[-1])).save(path)
    return name


def picture(label: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(digit(label)).save(file, "PNG")
    return file.getvalue()


def records(text: str) -> list[tuple[str, str]]:
    """Input and text of each line of --format jsonl."""
    return [(record["input"], record["text"]) for record in map(json.loads, text.removesuffix("\n").split("\n"))]


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


# What goes wrong ------------------------------------------------------------------------------------------------


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


# Output ---------------------------------------------------------------------------------------------------------


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


# A process of its own -------------------------------------------------------------------------------------------

PYTHON_M = [sys.executable, "-c", "from tsifra.cli import main; main()"]


@contextlib.contextmanager
def started(*args: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([*PYTHON_M, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        with process:
            yield process
            process.kill()
    finally:
        process.kill()


def interrupt(process: subprocess.Popen[bytes]) -> bytes:
    """Press Ctrl-C; what the process says to it, which must be how people and scripts know it."""
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, err
    assert b"Traceback" not in err
    assert b"Error" not in err
    return err


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is another matter on Windows")
def test_ctrl_c_in_the_middle_of_a_long_list_ends_with_130() -> None:
    draw("4.png")
    Path("list.txt").write_text("4.png\n" * 200_000)
    with started("read", "--one", "--files-from", "list.txt", "--format", "jsonl") as process:
        assert process.stdout is not None
        assert records(process.stdout.readline().decode()) == [("4.png", "4")]
        assert b"interrupted" in interrupt(process)


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is another matter on Windows")
def test_ctrl_c_leaves_an_older_output_as_it_was() -> None:
    draw("4.png")
    Path("list.txt").write_text("4.png\n" * 200_000)
    Path("out.csv").write_text("older")
    with started("read", "--one", "--files-from", "list.txt", "--output", "out.csv") as process:
        while process.poll() is None and not any(p.stat().st_size for p in Path().glob(".out.csv.*")):
            time.sleep(0.05)
        interrupt(process)
    assert Path("out.csv").read_text() == "older"
    assert sorted(os.listdir()) == ["4.png", "list.txt", "out.csv"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on Windows")
@pytest.mark.parametrize("name", ["pipe", "-"])
def test_ctrl_c_ends_who_waits_for_a_pipe(name: str) -> None:
    os.mkfifo("pipe")
    pipe = os.open("pipe", os.O_RDWR)
    try:
        process = subprocess.Popen(
            [*PYTHON_M, "read", "--one", name], stdin=pipe, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            # More than a pipe holds: when it is written, the process has begun to read.
            os.write(pipe, picture("4") + bytes(300_000))
            time.sleep(0.2)
            interrupt(process)
        finally:
            process.kill()
            process.communicate()
    finally:
        os.close(pipe)


@pytest.mark.skipif(os.name != "posix", reason="there are no pseudo-terminals on Windows")
def test_a_person_at_a_terminal_sees_how_far_it_is() -> None:
    names = [draw(f"{number}.png") for number in range(40)]
    terminal, end = os.openpty()
    try:
        command = [*PYTHON_M, "read", "--one", *names, "--output", "out.csv"]
        ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=end, check=False)
        seen = os.read(terminal, 1 << 16)
    finally:
        os.close(terminal)
        os.close(end)
    assert (ran.returncode, ran.stdout) == (0, b"")
    assert b"40/40" in seen


@pytest.mark.skipif(os.name != "posix", reason="there are no pseudo-terminals on Windows")
@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_terminal_gets_colors_unless_its_owner_wants_none(no_color: str) -> None:
    draw("4.png")
    terminal, end = os.openpty()
    try:
        subprocess.run(
            [*PYTHON_M, "read", "--one", "4.png"], stdout=end, env=os.environ | {"NO_COLOR": no_color}, check=True
        )
        seen = os.read(terminal, 1 << 16)
    finally:
        os.close(terminal)
        os.close(end)
    assert (b"\x1b[32mok" in seen) == (not no_color)


@pytest.mark.skipif(os.name != "posix", reason="a closed pipe is another matter on Windows")
def test_who_reads_only_the_first_lines_is_no_error() -> None:
    draw("4.png")
    Path("list.txt").write_text("4.png\n" * 20_000)
    with started("read", "--one", "--files-from", "list.txt", "--format", "jsonl") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        assert (process.wait(PATIENCE_S), err) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_is_told_of_and_is_no_fault_of_ours() -> None:
    draw("4.png")
    with open("/dev/full", "wb") as full:
        ran = subprocess.run(
            [*PYTHON_M, "read", "--one", "4.png"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ran.returncode not in (0, 2, 3, 4)
    assert "No space left" in ran.stderr
    assert "report it" not in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr


@pytest.mark.skipif(os.name != "posix", reason="names that Windows does not allow")
def test_names_are_written_whatever_the_locale() -> None:
    for name in ("цифра 4.png", os.fsdecode(b"\xff4.png")):
        Path(name).write_bytes(picture("4"))
    env = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ran = subprocess.run(
        [*PYTHON_M, "read", "--one", ".", "--format", "jsonl"], capture_output=True, env=env, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert [json.loads(line)["text"] for line in ran.stdout.splitlines()] == ["4", "4"]


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


@pytest.mark.skipif(os.name != "posix", reason="a shell's way to close a stream")
@pytest.mark.parametrize(("closed", "code"), [(">&-", 0), ("2>&-", 0), ("<&-", 2)])
def test_a_closed_stream_is_no_traceback(closed: str, code: int) -> None:
    draw("4.png")
    name = "-" if closed == "<&-" else "4.png"
    command = f'"$@" read --one {name} {closed}'
    ran = subprocess.run(["sh", "-c", command, "sh", *PYTHON_M], capture_output=True, text=True, check=False)
    assert ran.returncode == code
    assert "Traceback" not in ran.stderr
    assert "internal" not in ran.stderr


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
