"""Answers as text, JSON, JSON lines or CSV, to stdout or to a file that is whole or not there.

Flows in: readings and failures, one at a time. Flows out: lines. Knows nothing of how they were read.
"""

import contextlib
import csv
import hashlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Literal, Self

import click

from tsifra.reading import Failure, Reading, percent

Form = Literal["text", "json", "jsonl", "csv"]
CSV_FIELDS = ("input", "page", "text", "status", "confidence", "error")
CSV_HEAD = ",".join(CSV_FIELDS) + "\n"
_COLORS = {"ok": "green", "review": "yellow", "rejected": "yellow", "blank": "cyan", "error": "red"}


class Writer:
    """Writes answers as they come. A context manager: where it ends by an exception, no file appears."""

    def __init__(
        self,
        form: Form,
        output: Path | None,
        probabilities: bool = False,
        name_width: int = 0,
        colored: bool = False,
    ) -> None:
        """output: None for stdout. name_width: columns that the text form gives to names. colored: text for a terminal.

        Raises OSError where the folder of `output` cannot be written to.
        """
        self._form, self._output = form, output
        self._probabilities, self._name_width, self._is_colored = probabilities, name_width, colored
        self._count = 0
        self._part: str | None = None
        self._stream: IO[str] = sys.stdout
        if output is not None:
            handle, self._output, self._part = _begun(output)
            self._stream = open(handle, "w", encoding="utf-8", errors="backslashreplace", newline="")  # noqa: SIM115

    def __enter__(self) -> Self:
        if self._form == "csv":
            self._write(CSV_HEAD)
        return self

    def write(self, result: Reading | Failure) -> None:
        """Write one answer."""
        if self._form == "text":
            self._write(self._text_line(result))
        elif self._form == "csv":
            self._write(csv_line(result))
        elif self._form == "jsonl":
            self._write(json_line(result, self._probabilities))
        else:
            lead = ",\n" if self._count else "[\n"
            self._write(lead + json_line(result, self._probabilities).removesuffix("\n"))
        self._count += 1

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            if self._output is not None:
                with contextlib.suppress(OSError):  # of a full disk, once more
                    self._stream.close()
            _swept(self._part)

    def _finish(self) -> None:
        if self._form == "json":
            self._write("\n]\n" if self._count else "[]\n")
        self._stream.flush()
        if self._output is not None and self._part is not None:
            os.fsync(self._stream.fileno())
            os.replace(self._part, self._output)

    def _write(self, text: str) -> None:
        self._stream.write(text)

    def _text_line(self, result: Reading | Failure) -> str:
        name = printable(result.input if result.page == 1 else f"{result.input} p{result.page}")
        if isinstance(result, Failure):
            said = printable(result.message.removeprefix(f"{result.input}: "))
            return f"{name:{self._name_width}}  -           {self._colored('error')}  {said}\n"
        confidence = "" if result.confidence is None else percent(result.confidence)
        first, *more = (result.text or "-").split("\n")
        line = f"{name:{self._name_width}}  {first:3} {confidence:>6}  {self._colored(result.status)}\n"
        indent = " " * max(self._name_width, len(name))
        line += "".join(f"{indent}  {text}\n" for text in more)  # lines of a page, below the first
        if self._probabilities and len(result.digits) == 1:  # of pages, the other forms have them
            shares = zip(result.to_dict(True)["digits"][0]["probabilities"].items(), strict=True)
            line += "".join(f"    {label:>4} {share:7.2%}\n" for ((label, share),) in shares)
        return line

    def _colored(self, status: str) -> str:
        return click.style(status, fg=_COLORS[status]) if self._is_colored else status


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is whole or not there. Raises OSError."""
    write_together({path: data})


def write_together(files: Mapping[Path, bytes]) -> None:
    """Write files, each whole or not there, and none where one cannot be written. Raises OSError."""
    parts: list[tuple[str, Path]] = []
    try:
        for path, data in files.items():
            handle, place, part = _begun(path)
            parts += [(part, place)] if part is not None else []
            with open(handle, "wb") as file:
                file.write(data)
                file.flush()
                if part is not None:
                    os.fsync(file.fileno())
        for part, place in parts:
            os.replace(part, place)
    finally:
        for part, _ in parts:
            _swept(part)


def json_line(result: Reading | Failure, probabilities: bool = False) -> str:
    """An answer as a line of JSON."""
    return json.dumps(result.to_dict(probabilities), ensure_ascii=False) + "\n"


def csv_line(result: Reading | Failure) -> str:
    """An answer as a line of CSV, with the columns CSV_FIELDS."""
    record = result.to_dict()
    error = f"{result.kind}: {result.message}" if isinstance(result, Failure) else ""
    line = io.StringIO(newline="")
    csv.writer(line).writerow([*(record[field] for field in CSV_FIELDS[:-1]), error])
    return line.getvalue().removesuffix("\r\n") + "\n"  # a writer of "\n" would not quote a "\r"


def printable(text: str) -> str:
    """Text that can neither end its line nor tell a terminal anything: other characters by their escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _begun(path: Path) -> tuple[int | Path, Path, str | None]:
    """What to open for writing, the place of the file, and its name until it is whole.

    A link stays one. A pipe or a device is written to and not replaced: it has no other name.
    """
    if path.exists() and not path.is_file():
        return path, path, None
    path = path.resolve()
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.chmod(part, 0o666 & ~_umask())
    return handle, path, part


def _swept(part: str | None) -> None:
    """Remove what was begun; where it is whole it was renamed, and nothing is left of it."""
    if part is not None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_model(folder: Path, network: bytes, card: Mapping[str, Any]) -> None:
    """Write a model folder: model.onnx, and as model.json the card with the network's hash and size.

    Raises OSError where one cannot be written, and then writes neither.
    """
    whole = {**card, "sha256": hashlib.sha256(network).hexdigest(), "bytes": len(network)}
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    write_together({folder / "model.onnx": network, folder / "model.json": text.encode()})
