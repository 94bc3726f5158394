"""What calls of the command line are about: pictures in the folder of a test, and what was answered."""

import json
import sys
from pathlib import Path

from PIL import Image

from drawing import digit
from formats import saved

FORMS = ["text", "json", "jsonl", "csv"]
PYTHON_M = [sys.executable, "-c", "from tsifra.cli import main; main()"]
PATIENCE_S = 30  # nothing here takes a second; who waits so long hangs


def draw(name: str, label: str | None = None) -> str:
    """Save a digit under a name that ends in it, or else in `label`; the name."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(digit(label or path.stem[-1])).save(path)
    return name


def picture(label: str) -> bytes:
    return saved(Image.fromarray(digit(label)), "PNG")


def records(text: str) -> list[tuple[str, str]]:
    """Input and text of each line of --format jsonl."""
    return [(record["input"], record["text"]) for record in map(json.loads, text.removesuffix("\n").split("\n"))]
