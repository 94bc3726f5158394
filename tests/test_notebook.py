"""The notebooks run from top to bottom, and the Russian one does what the English one does."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from conftest import lacking

ROOT = Path(__file__).parents[1]
ENGLISH, RUSSIAN = ROOT / "examples" / "tsifra.ipynb", ROOT / "examples" / "tsifra.ru.ipynb"


def cells(path: Path, kind: str) -> list[str]:
    return [
        "".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == kind
    ]


def test_both_languages_have_the_same_code() -> None:
    assert cells(ENGLISH, "code") == cells(RUSSIAN, "code")
    words = [cells(path, "markdown") for path in (ENGLISH, RUSSIAN)]
    assert [len(text) for text in words] == [len(words[0])] * 2
    assert all(re.search("[а-я]", text) for text in words[1])


def commands(path: Path) -> list[str]:
    """What stands in a page's code blocks, without remarks, which are in its language."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    lines = [re.sub(r"\s*#.*", "", line) for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_both_readmes_have_the_same_commands() -> None:
    assert commands(ROOT / "README.md") == commands(ROOT / "README.ru.md")


def test_the_address_of_the_repository_stands_in_one_place() -> None:
    assert sum("github.com" in cell for cell in cells(ENGLISH, "code")) == 1


@pytest.mark.filterwarnings("ignore")
def test_the_notebook_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not os.environ.get("TSIFRA_DATA"):
        lacking("MNIST (TSIFRA_DATA names its folder)")
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    for picture in ENGLISH.parent.glob("*.png"):
        shutil.copy(picture, tmp_path)
    notebook: Any = nbformat.read(ENGLISH, as_version=4)
    for cell in notebook.cells:  # one epoch shows that it works
        cell.source = cell.source.replace("EPOCHS = 13", "EPOCHS = 1")
    monkeypatch.setenv("PATH", os.defpath)  # as that of a Jupyter whose kernel is in another environment
    monkeypatch.setenv("TSIFRA_DATA", str(Path(os.environ["TSIFRA_DATA"]).absolute()))
    nbclient.NotebookClient(notebook, timeout=280, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    text = "".join(output.get("text", "") for output in shown)
    pictures = sum("image/png" in output.get("data", {}) for output in shown)
    assert pictures == 12, "the first 16, the curves and ten readings"
    assert "(60000, 28, 28)" in text
    assert "3,274,634 parameters" in text
    assert text.count("accuracy 9") >= 3
    assert [line[0] for line in text.splitlines() if " 0: " in line] == list("0123456789")
