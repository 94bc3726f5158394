"""The shipped network's answers on files made here stay as they are, until they are meant to change.

After such a change, `python tests/test_shipped.py` writes kept/answers.json anew; look at what differs before it is
committed.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from drawing import SUDOKU
from tsifra import Reader

KEPT = Path(__file__).parent / "kept"
EXAMPLES = Path(__file__).parents[1] / "examples"
PICTURES = sorted([*KEPT.glob("*.png"), *EXAMPLES.glob("*.png"), *(EXAMPLES / "harder").iterdir()])


def answers(reader: Reader) -> dict[str, list[Any]]:
    """Text, status and confidence of each picture by its name."""
    readings = reader.read_many(PICTURES, one=True)
    found = {}
    for path, reading in zip(PICTURES, readings, strict=True):
        confidence = None if reading.confidence is None else round(reading.confidence, 3)
        found[f"{path.parent.name}/{path.name}"] = [reading.text, reading.status, confidence]
    return found


def test_answers_are_those_that_were_kept(reader: Reader) -> None:
    kept = json.loads((KEPT / "answers.json").read_text())
    now = answers(reader)
    assert now.keys() == kept.keys()
    for name, (text, status, confidence) in kept.items():
        assert now[name] == [text, status, pytest.approx(confidence, abs=0.01)], name


def test_most_of_them_are_right() -> None:
    kept = json.loads((KEPT / "answers.json").read_text())
    labels = {name: name.split("/")[1][0].replace("n", "") for name in kept}
    wrong = {name: answer for name, answer in kept.items() if answer[0] != labels[name]}
    assert len(wrong) <= 0.05 * len(kept), wrong
    assert not [name for name, answer in wrong.items() if answer[1] == "ok" and answer[2] > 0.99]


@pytest.mark.parametrize(
    ("name", "lines"), [("sudoku.jpg", SUDOKU), ("sums.png", ["2480", "715", "60393", "1827", "65415"])]
)
def test_pages_of_the_examples_are_read_right(reader: Reader, name: str, lines: list[str]) -> None:
    reading = reader.read(EXAMPLES / "pages" / name)
    assert (reading.text.split("\n"), reading.status) == (lines, "ok")


if __name__ == "__main__":
    lines = [f"{json.dumps(name)}: {json.dumps(answer)}" for name, answer in answers(Reader()).items()]
    (KEPT / "answers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
