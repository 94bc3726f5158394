"""tsifra read: pictures -> answers."""

import contextlib
import itertools
import os
import sys
import warnings
from collections.abc import Callable, Container, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsifra.cli.options import (
    OK,
    REVIEW,
    UNREAD,
    check_one,
    dpi_option,
    layout_option,
    max_error_option,
    max_pixels_option,
    model_option,
    one_option,
    pages_option,
    probabilities_option,
    progress,
    rotate_option,
    stdin,
)
from tsifra.errors import InputError, MissingError
from tsifra.output import write_whole
from tsifra.reading import Failure, Reading

if TYPE_CHECKING:
    from tsifra.document import Source
    from tsifra.layout import Layout
    from tsifra.output import Form


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--files-from", metavar="FILE|-", help="Read also the files named in FILE, one a line; - is stdin.")
@one_option
@layout_option
@rotate_option
@pages_option
@model_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "jsonl", "csv"]),
    default="text",
    show_default=True,
    help="How the answers are written.",
)
@click.option("--output", type=click.Path(path_type=Path), help="Write to this file, whole or not at all.")
@probabilities_option
@max_error_option
@dpi_option
@max_pixels_option
@click.option("--explain", type=click.Path(file_okay=False, path_type=Path), help="Draw into DIR how each was read.")
@click.option("--annotate", type=click.Path(file_okay=False, path_type=Path), help="Draw into DIR what was read where.")
@click.option("--strict", is_flag=True, help="Exit with 4 if an answer is unsure.")
def read(
    paths: tuple[str, ...],
    files_from: str | None,
    one: bool,
    layout: "Layout",
    rotate: int | None,
    pages: "Container[int] | None",
    model: Path | None,
    form: "Form",
    output: Path | None,
    probabilities: bool,
    max_error: float | None,
    dpi: int,
    max_pixels: int,
    explain: Path | None,
    annotate: Path | None,
    strict: bool,
) -> int:
    """Read the digits in pictures, in folders (with all below them), or in - (a picture on stdin).

    Exits with 0 if all were read, 3 if some could not be, 4 with --strict if one is unsure.

    \b
    Examples:
      tsifra read photo.jpg form.pdf
      tsifra read --one 0.png 1.png scans/
      tsifra read --one scans/ --format csv --output scans.csv
      tsifra read --layout grid sudoku.jpg
      find . -name '*.jpg' | tsifra read --one --files-from - --format jsonl
    """
    check_one(one, layout, rotate)
    _check_drawings(one, explain, annotate)
    _check_output(output)
    named = [*paths, *_listed(files_from, taken="-" in paths)]
    if not named and files_from is None:
        raise click.UsageError("name a picture or a folder; tsifra read --help shows how")
    from PIL import Image

    from tsifra.output import Writer
    from tsifra.reader import Reader

    Image.MAX_IMAGE_PIXELS = None  # --max-pixels is the limit here
    warnings.filterwarnings("ignore", module="PIL")  # of damaged files; their records say what there is to say
    reader = Reader(model, max_pixels=max_pixels, dpi=dpi, max_error=max_error)
    names = [name for given in named for name in _pictures(given)]
    held = _held(names)
    folder = explain or annotate
    again = reader.read_one if one else partial(reader.read, layout=layout, rotate=rotate)
    drawings = _Drawings(folder, again, names) if folder else None
    counts = dict.fromkeys(("ok", "review", "rejected", "blank", "error"), 0)
    is_colored = output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    try:
        answers = Writer(form, output, probabilities, min(60, max(map(len, names), default=0)), is_colored)
    except OSError as error:
        raise click.UsageError(f"--output: {output}: {error.strerror}") from None
    shown = output is not None or not sys.stdout.isatty()
    last = None
    with descriptor_quiet(), answers as writer, progress(len(names), shown) as advance:
        for result in reader.read_many(
            (_source(name, held) for name in names), one=one, layout=layout, rotate=rotate, pages=pages
        ):
            writer.write(result)
            counts[result.status] += 1
            advance(result.input != last)
            last = result.input
            if drawings and not isinstance(result, Failure):
                drawings.add(_source(result.input, held), result.page)
    if counts["error"]:
        click.echo(f"{counts['error']} of {sum(counts.values())} could not be read", err=True)
        return UNREAD
    return REVIEW if strict and counts["review"] + counts["rejected"] else OK


def _check_drawings(one: bool, explain: Path | None, annotate: Path | None) -> None:
    if explain and not one:
        raise click.UsageError("--explain shows how one digit is read; give it with --one, or --annotate")
    if annotate and one:
        raise click.UsageError("--annotate marks the digits of a page; --explain is for --one")


def _check_output(output: Path | None) -> None:
    from tsifra.document import SUFFIXES

    if output is not None and output.name.lower().endswith(SUFFIXES):
        raise click.UsageError(f"--output: {output} is a picture's name; answers go to .txt, .json, .jsonl or .csv")


def _listed(files_from: str | None, taken: bool) -> list[str]:
    """The names in a list."""
    from tsifra.document import listed_names

    if files_from is None:
        return []
    if files_from == "-" and taken:
        raise click.UsageError("stdin cannot be both a picture (-) and a list (--files-from -)")
    try:
        if files_from == "-":
            return list(listed_names(stdin()))
        with open(files_from, "rb") as lines:
            return list(listed_names(lines))
    except OSError as error:
        raise click.UsageError(f"--files-from: {files_from}: {error.strerror}") from None


def _pictures(given: str) -> list[str]:
    """A folder's pictures by name; anything else, an empty folder too, is left to the reader to tell of."""
    from tsifra.document import find_pictures

    if given == "-" or not os.path.isdir(given):
        return [given]
    try:
        return find_pictures(Path(given), given)
    except MissingError:
        return [given]


def _held(names: list[str]) -> dict[str, bytes]:
    """What can be read but once, stdin and pipes, in memory. Read here, where Ctrl-C ends the waiting."""
    from tsifra.decoders import Limits
    from tsifra.document import fetch, must_be_waited_for

    held = {}
    for name in names:
        if name not in held and (name == "-" or must_be_waited_for(name)):
            with contextlib.suppress(InputError):  # the reader will tell
                held[name] = fetch(stdin() if name == "-" else name, Limits())
    return held


@contextlib.contextmanager
def descriptor_quiet() -> Iterator[None]:
    """Without what C libraries write to file descriptor 2, of damaged files for example, of which they name none."""
    try:
        descriptor = sys.stderr.fileno()
    except (OSError, ValueError):
        yield
        return
    ours = sys.stderr
    ours.flush()
    kept = os.dup(descriptor)
    with open(os.devnull, "wb") as nothing, open(kept, "w", 1, ours.encoding, errors="backslashreplace") as to_user:
        sys.stderr = to_user
        os.dup2(nothing.fileno(), descriptor)
        try:
            yield
        finally:
            to_user.flush()
            os.dup2(kept, descriptor)
            sys.stderr = ours


def _source(name: str, held: dict[str, bytes]) -> "Source":
    from tsifra.document import named

    return named(held[name], name) if name in held else name


class _Drawings:
    """A folder of drawings: a picture a file, none written over another of the same run."""

    def __init__(self, folder: Path, read: Callable[["Source", int], Reading], names: list[str]) -> None:
        """read: a page of a source, so that it can be drawn. names: of what is read, none of which is drawn over."""
        if os.path.realpath(folder) in {os.path.realpath(os.path.dirname(name)) for name in names if name != "-"}:
            raise click.UsageError(f"{folder}: holds pictures that are read; name another folder for the drawings")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise click.UsageError(f"{folder}: no drawings can be written there: {error.strerror}") from None
        self._folder, self._read, self._taken = folder, read, set[str]()

    def add(self, source: "Source", page: int) -> None:
        """Draw a page that has been read."""
        try:
            self._save(self._read(source, page))
        except InputError as error:
            click.echo(f"not drawn: {error}", err=True)

    def _save(self, reading: Reading) -> None:
        stem = Path(reading.input).stem if reading.input != "-" else "stdin"
        stem = stem.encode(errors="surrogateescape")[:200].decode(errors="ignore")  # file systems end at 255
        stem += f"-page{reading.page}" if reading.page > 1 else ""
        names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
        name = next(name for name in names if name not in self._taken)
        self._taken.add(name)
        if reading.picture is not None:
            write_whole(self._folder / f"{name}.png", reading.picture(reading))
