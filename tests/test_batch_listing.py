"""Which files sources stand for: lists, globs, links and folders without end."""

import glob
import os
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batched import PATIENCE_S, draw, inputs, rows
from conftest import CommandLine
from tsifra.batch.folder import of_folder, of_glob
from tsifra.batch.order import in_order
from tsifra.errors import TsifraError

pytestmark = pytest.mark.usefixtures("here")


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
