"""The command line: parse, call, print.

Data go to stdout, everything else to stderr. The one table from errors to exit codes is in `main`. Commands
import what they need when they run, so that `--help` loads neither OpenCV nor ONNX Runtime.
"""

import codecs
import contextlib
import dataclasses
import itertools
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsifra import __version__
from tsifra.errors import DataError, InputError, MissingError, TsifraError
from tsifra.reading import Failure

if TYPE_CHECKING:
    from tsifra.document import Source
    from tsifra.explanation import Explanation
    from tsifra.output import Form
    from tsifra.training.loop import Epoch

OK, INTERNAL, USAGE, UNREAD, REVIEW, INTERRUPTED = 0, 1, 2, 3, 4, 130
_BAR_FROM = 20  # files; fewer are read before a bar is seen


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        # A file name that is no text must not end the run; escaped so, it is valid JSON as well.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = cli.main(args, prog_name="tsifra", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    except SystemExit:  # click's answer to a closed pipe: the reader of our output, such as `head`, has seen enough
        code = OK
    except TsifraError as error:
        click.echo(f"tsifra: {error}", err=True)
        code = UNREAD if isinstance(error, DataError) else USAGE
    except OSError as error:  # reading makes records of them, so this one comes from writing
        click.echo(f"tsifra: cannot write: {error}", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python's last flush would fail again
        code = INTERNAL
    except Exception as error:
        if os.environ.get("TSIFRA_DEBUG"):
            raise
        click.echo(f"tsifra: internal error: {type(error).__name__}: {error}", err=True)
        click.echo("Please report it with the output of `tsifra info`; TSIFRA_DEBUG=1 shows where.", err=True)
        code = INTERNAL
    sys.exit(code)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tsifra")
def cli() -> None:
    """Read the digits in picture files.

    \b
    Example:
      tsifra read --one 4.png
    """


model_option = click.option(
    "--model", type=click.Path(file_okay=False, path_type=Path), help="Read with the network in this folder."
)

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="TSIFRA_DATA",
    show_envvar=True,
    help="A folder with MNIST's four files; else they are downloaded once.",
)


@cli.command()
@click.argument("paths", nargs=-1)
@click.option("--files-from", metavar="FILE|-", help="Read also the files named in FILE, one a line; - is stdin.")
@click.option("--one", is_flag=True, help="Each picture is one digit. (Must be given: pages cannot be read yet.)")
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
@click.option("--probabilities", is_flag=True, help="Add the probabilities of all ten digits and of no digit.")
@click.option("--dpi", type=click.IntRange(10, 2400), default=200, show_default=True, help="Draw PDF pages so.")
@click.option(
    "--max-pixels", type=click.IntRange(1), default=100_000_000, show_default=True, help="Refuse larger pictures."
)
@click.option("--explain", type=click.Path(file_okay=False, path_type=Path), help="Draw into DIR how each was read.")
@click.option("--strict", is_flag=True, help="Exit with 4 if an answer is unsure.")
def read(
    paths: tuple[str, ...],
    files_from: str | None,
    one: bool,
    model: Path | None,
    form: "Form",
    output: Path | None,
    probabilities: bool,
    dpi: int,
    max_pixels: int,
    explain: Path | None,
    strict: bool,
) -> int:
    """Read the digits in pictures, in folders (with all below them), or in - (a picture on stdin).

    Exits with 0 if all were read, 3 if some could not be, 4 with --strict if one is unsure.

    \b
    Examples:
      tsifra read --one 0.png 1.png scans/
      tsifra read --one scans/ --format csv --output scans.csv
      find . -name '*.jpg' | tsifra read --one --files-from - --format jsonl
    """
    if not one:
        raise click.UsageError("pages cannot be read yet; --one reads pictures of one digit each")
    named = [*paths, *_listed(files_from, taken="-" in paths)]
    if not named and files_from is None:
        raise click.UsageError("name a picture or a folder; tsifra read --help shows how")
    from PIL import Image

    from tsifra.output import Writer
    from tsifra.reader import Reader

    Image.MAX_IMAGE_PIXELS = None  # --max-pixels is the limit here
    warnings.filterwarnings("ignore", module="PIL")  # of damaged files; their records say what there is to say
    reader = Reader(model, max_pixels=max_pixels, dpi=dpi)
    names = [name for given in named for name in _pictures(given)]
    held = _held(names)
    drawings = _Drawings(explain) if explain else None
    counts = dict.fromkeys(("ok", "review", "rejected", "blank", "error"), 0)
    width = min(60, max(map(len, names), default=0))
    try:
        answers = Writer(form, output, probabilities, width)
    except OSError as error:
        raise click.UsageError(f"--output: {output}: {error.strerror}") from None
    with answers as writer, _progress(len(names), output) as advance:
        for result in reader.read_many((_source(name, held) for name in names), one=True):
            writer.write(result)
            counts[result.status] += 1
            advance(result.page == 1)
            if drawings and not isinstance(result, Failure):
                drawings.save(reader.explain(_source(result.input, held), result.page))
    if counts["error"]:
        click.echo(f"{counts['error']} of {sum(counts.values())} could not be read", err=True)
        return UNREAD
    return REVIEW if strict and counts["review"] + counts["rejected"] else OK


@cli.command()
@click.option(
    "--recipe",
    type=click.Choice(["tutorial", "shipped"]),
    default="shipped",
    show_default=True,
    help="Network and training: the Keras tutorial's, or what the package carries.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Write the model there.")
@data_option
@click.option("--seed", type=int, default=0, show_default=True, help="Decides everything that is random.")
@click.option("--epochs", type=click.IntRange(1), help="Instead of the recipe's.")
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True, help="Where to train."
)
def train(recipe: str, out: Path, data: Path | None, seed: int, epochs: int | None, device: str) -> None:
    """Train a network on MNIST and write it as a folder for --model.

    \b
    Example:
      tsifra train --recipe shipped --out my-model
      tsifra read --one --model my-model 4.png
    """
    from tsifra.data.mnist import load_mnist

    try:
        from tsifra.training.recipes import RECIPES
        from tsifra.training.run import run
    except ImportError as error:
        raise click.UsageError(f"training needs {error.name}: pip install 'tsifra[train]'") from None
    chosen = RECIPES[recipe] if epochs is None else dataclasses.replace(RECIPES[recipe], epochs=epochs)
    mnist = load_mnist(data, _fetched)
    accuracy = run(chosen, mnist, out, seed, device, _epoch_done)
    click.echo(f"{out}: {accuracy:.2%} of the held-back pictures right", err=True)


@cli.command()
@model_option
def info(model: Path | None) -> None:
    """Print the model's card, versions and the machine's features, for bug reports.

    \b
    Example:
      tsifra info
    """
    import json
    import platform
    from importlib.metadata import PackageNotFoundError, version

    import cv2

    from tsifra.classifier import Classifier

    click.echo(f"tsifra {__version__}, Python {platform.python_version()}, {platform.platform()}")
    for name in ("numpy", "opencv-python-headless", "onnxruntime", "pillow", "pi-heif", "pypdfium2", "click", "torch"):
        try:
            click.echo(f"{name} {version(name)}")
        except PackageNotFoundError:
            click.echo(f"{name} not installed")
    click.echo(f"processors {os.cpu_count()}, features {cv2.getCPUFeaturesLine()}")
    click.echo(json.dumps(Classifier(model).card.document, indent=2, ensure_ascii=False))


def _listed(files_from: str | None, taken: bool) -> list[str]:
    """The names in a list, one a line, as they stand there."""
    if files_from is None:
        return []
    if files_from == "-" and taken:
        raise click.UsageError("stdin cannot be both a picture (-) and a list (--files-from -)")
    try:
        data = sys.stdin.buffer.read() if files_from == "-" else Path(files_from).read_bytes()
    except OSError as error:
        raise click.UsageError(f"--files-from: {files_from}: {error.strerror}") from None
    names = (line.removesuffix(b"\r") for line in data.removeprefix(codecs.BOM_UTF8).split(b"\n"))
    return [os.fsdecode(name) for name in names if name]


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
                held[name] = fetch(sys.stdin.buffer if name == "-" else name, Limits())
    return held


def _source(name: str, held: dict[str, bytes]) -> "Source":
    from tsifra.document import named

    return named(held[name], name) if name in held else name


class _Drawings:
    """The folder of --explain: a picture a file, none written over another of the same run."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise click.UsageError(f"--explain: {folder}: {error.strerror}") from None
        self._folder, self._taken = folder, set[str]()

    def save(self, explanation: "Explanation") -> None:
        reading = explanation.reading
        stem = Path(reading.input).stem if reading.input != "-" else "stdin"
        stem += f"-page{reading.page}" if reading.page > 1 else ""
        names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
        name = next(name for name in names if name not in self._taken)
        self._taken.add(name)
        explanation.render().save(self._folder / f"{name}.png")


@contextlib.contextmanager
def _progress(total: int, output: Path | None) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, where a person sees it and it runs through no answers."""
    if total < _BAR_FROM or not sys.stderr.isatty() or (output is None and sys.stdout.isatty()):
        yield lambda steps: None
        return
    with click.progressbar(length=total, file=sys.stderr, show_pos=True) as bar:
        yield bar.update


def _fetched(name: str, have: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{name} {have / max(total, 1):4.0%}", err=True, nl=have >= total)


def _epoch_done(epoch: "Epoch") -> None:
    left = epoch.elapsed_s / epoch.number * (epoch.of - epoch.number)
    click.echo(
        f"epoch {epoch.number}/{epoch.of}  loss {epoch.loss:.4f}  accuracy {epoch.accuracy:.2%}  "
        f"{epoch.images_per_s:,.0f} images/s  {left:.0f} s left",
        err=True,
    )
