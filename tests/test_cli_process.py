"""The command line as a process of its own: Ctrl-C, terminals, pipes, full disks, closed streams."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from called import PATIENCE_S, PYTHON_M, draw, picture, records

pytestmark = pytest.mark.usefixtures("here")


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
