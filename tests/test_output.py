"""Answers as text, JSON, JSON lines and CSV, to stdout or to a file that is whole or not there."""

import csv
import io
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tsifra import Digit, Failure, Reading
from tsifra.output import Form, Writer, write_model, write_whole

FORMS: list[Form] = ["text", "json", "jsonl", "csv"]

SHARES = (0.0, 0.97, 0.0, 0.0, 0.0, 0.0, 0.0, 0.03, 0.0, 0.0, 0.0)
ONE = Digit("1", 0.97, (1, 2, 30, 40), "ok", SHARES)
UNSURE = Digit("1", 0.6, (1, 2, 30, 40), "review", SHARES)
NO_DIGIT = Digit(None, 0.8, (1, 2, 30, 40), "rejected", SHARES)

RESULTS: list[Reading | Failure] = [
    Reading("a.png", 1, (50, 60), "1", (ONE,), "tsifra-1"),
    Reading("scans/цифра, «1».tif", 2, (50, 60), "1", (UNSURE,), "tsifra-1"),
    Reading("c.png", 1, (50, 60), "", (NO_DIGIT,), "tsifra-1"),
    Reading("d.png", 1, (50, 60), "", (), "tsifra-1"),
    Failure('e "e".png', 1, "damaged", 'e "e".png: damaged: it ends early, alas', "tsifra-1"),
]


def written(form: Form, path: Path, results: list[Reading | Failure], probabilities: bool = False) -> str:
    with Writer(form, path, probabilities) as writer:
        for result in results:
            writer.write(result)
    return path.read_bytes().decode()


def test_json_is_an_array_of_the_records(tmp_path: Path) -> None:
    assert json.loads(written("json", tmp_path / "out", RESULTS)) == [result.to_dict() for result in RESULTS]


def test_json_lines_are_a_record_a_line(tmp_path: Path) -> None:
    lines = written("jsonl", tmp_path / "out", RESULTS).splitlines()
    assert [json.loads(line) for line in lines] == [result.to_dict() for result in RESULTS]


def test_json_keeps_the_order_of_the_fields_and_people_can_read_it(tmp_path: Path) -> None:
    text = written("jsonl", tmp_path / "out", RESULTS)
    assert [list(json.loads(line)) for line in text.splitlines()] == [list(RESULTS[0].to_dict())] * 5
    assert "цифра" in text


def test_csv_has_the_fields_of_the_contract(tmp_path: Path) -> None:
    rows = list(csv.reader(io.StringIO(written("csv", tmp_path / "out", RESULTS), newline="")))
    assert rows == [
        ["input", "page", "text", "status", "confidence", "error"],
        ["a.png", "1", "1", "ok", "0.97", ""],
        ["scans/цифра, «1».tif", "2", "1", "review", "0.6", ""],
        ["c.png", "1", "", "rejected", "0.8", ""],
        ["d.png", "1", "", "blank", "", ""],
        ['e "e".png', "1", "", "error", "", 'damaged: e "e".png: damaged: it ends early, alas'],
    ]


def test_the_lines_of_a_page_stand_below_each_other(tmp_path: Path) -> None:
    page = Reading("a.png", 1, (50, 60), "1.\n.1", (ONE, ONE), "tsifra-1")
    first, second = written("text", tmp_path / "out", [page]).splitlines()
    assert first.split() == ["a.png", "1.", "94.1%", "ok"]
    assert second.index(".1") == first.index("1.")


def test_text_has_a_line_for_each_picture(tmp_path: Path) -> None:
    lines = written("text", tmp_path / "out", RESULTS).splitlines()
    assert len(lines) == len(RESULTS)
    for line, words in zip(
        lines,
        [
            ("a.png", "1", "97.0%", "ok"),
            ("scans/цифра, «1».tif", "p2", "60.0%", "review"),
            ("c.png", "80.0%", "rejected"),
            ("d.png", "blank"),
            ('e "e".png', "error", "it ends early, alas"),
        ],
        strict=True,
    ):
        assert all(word in line for word in words), line


def test_all_forms_say_the_same(tmp_path: Path) -> None:
    records = json.loads(written("json", tmp_path / "out", RESULTS))
    lines = [json.loads(line) for line in written("jsonl", tmp_path / "out", RESULTS).splitlines()]
    rows = list(csv.DictReader(io.StringIO(written("csv", tmp_path / "out", RESULTS), newline="")))
    texts = written("text", tmp_path / "out", RESULTS).splitlines()
    assert records == lines
    for record, row, text in zip(records, rows, texts, strict=True):
        for field in ("input", "text", "status"):
            assert record[field] == row[field]
        assert record["page"] == int(row["page"])
        assert ("" if record["confidence"] is None else str(record["confidence"])) == row["confidence"]
        assert row["error"] == ("{kind}: {message}".format(**record["error"]) if record["error"] else "")
        assert record["input"] in text
        assert record["status"] in text


@pytest.mark.parametrize(("form", "wanted"), [("json", []), ("jsonl", None), ("text", None)])
def test_no_answers_are_valid_output_too(form: Form, wanted: Any, tmp_path: Path) -> None:
    text = written(form, tmp_path / "out", [])
    assert json.loads(text) == wanted if form == "json" else text == ""


def test_probabilities_are_added_where_there_is_room_for_them(tmp_path: Path) -> None:
    (record, *_) = json.loads(written("json", tmp_path / "out", RESULTS, probabilities=True))
    assert record["digits"][0]["probabilities"]["7"] == 0.03
    assert "3.00%" in written("text", tmp_path / "out", RESULTS, probabilities=True)


@pytest.mark.parametrize("name", ["two\nlines.png", "bell\a.png", "\x1b[31mred.png", "back\rslash.png"])
def test_a_file_name_cannot_break_out_of_its_line(name: str, tmp_path: Path) -> None:
    # Nor can it change colors or the title of the terminal that somebody else's files are listed in.
    results: list[Reading | Failure] = [
        Reading(name, 1, (50, 60), "1", (ONE,), "tsifra-1"),
        Failure(name, 1, "damaged", f"{name}: damaged", "tsifra-1"),
    ]
    text = written("text", tmp_path / "out", results)
    assert len(text.splitlines()) == 2
    assert text.replace("\n", "").isprintable()
    assert [json.loads(line)["input"] for line in written("jsonl", tmp_path / "out", results).splitlines()] == [
        name
    ] * 2
    rows = list(csv.reader(io.StringIO(written("csv", tmp_path / "out", results), newline="")))
    assert [row[0] for row in rows[1:]] == [name] * 2


def test_a_file_name_that_is_no_text_is_valid_json(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff4.png")
    result = Reading(name, 1, (50, 60), "1", (ONE,), "tsifra-1")
    for form in FORMS:
        assert written(form, tmp_path / "out", [result])
    assert json.loads(written("jsonl", tmp_path / "out", [result]))["input"] == name


# Whole or not at all --------------------------------------------------------------------------------------------


def end_in_the_middle(form: Form, path: Path, trouble: type[BaseException]) -> None:
    with Writer(form, path) as writer:
        writer.write(RESULTS[0])
        raise trouble


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("trouble", [KeyboardInterrupt, MemoryError, OSError])
def test_what_ends_in_the_middle_leaves_no_file(form: Form, trouble: type[BaseException], tmp_path: Path) -> None:
    with pytest.raises(trouble):
        end_in_the_middle(form, tmp_path / "out", trouble)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_what_ends_in_the_middle_leaves_an_older_file_as_it_was(form: Form, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("older")
    with pytest.raises(KeyboardInterrupt):
        end_in_the_middle(form, path, KeyboardInterrupt)
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_to_be_seen_until_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("older")
    with Writer("json", path) as writer:
        writer.write(RESULTS[0])
        assert path.read_text() == "older"
    assert len(json.loads(path.read_text("utf-8"))) == 1
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="rights are another matter on Windows")
def test_a_new_file_has_the_rights_that_new_files_have(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    written("csv", tmp_path / "out", RESULTS)
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on Windows")
def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    # `--output /dev/null`, say, by root: it must not become a file of answers.
    path = tmp_path / "pipe"
    os.mkfifo(path)
    pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        with Writer("csv", path) as writer:
            writer.write(RESULTS[0])
        assert b"a.png" in os.read(pipe, 1 << 16)
        write_whole(path, b"drawn")
        assert os.read(pipe, 1 << 16) == b"drawn"
        assert stat.S_ISFIFO(path.stat().st_mode)
    finally:
        os.close(pipe)


def test_a_model_is_written_whole_or_left_as_it_was(tmp_path: Path) -> None:
    write_model(tmp_path, b"network", {"name": "first"})
    assert json.loads((tmp_path / "model.json").read_text())["name"] == "first"
    (tmp_path / "model.json").unlink()
    (tmp_path / "model.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_model(tmp_path, b"another", {"name": "second"})
    assert (tmp_path / "model.onnx").read_bytes() == b"network"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["model.json", "model.onnx"]


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    link, target = tmp_path / "link", tmp_path / "target"
    target.write_text("older")
    link.symlink_to(target)
    written("csv", link, RESULTS)
    assert target.read_text("utf-8").startswith("input,")
    write_whole(link, b"drawn")
    assert target.read_bytes() == b"drawn"
    assert link.is_symlink()
    assert {path.name for path in tmp_path.iterdir()} == {"link", "target"}


# Terminals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv"])
def test_colors_are_for_text(form: Form, capsys: pytest.CaptureFixture[str]) -> None:
    with Writer(form, None, colored=True) as writer:
        for result in RESULTS:
            writer.write(result)
    assert ("\x1b[" in capsys.readouterr().out) == (form == "text")
