"""tsifra show, evaluate, calibrate: labelled pictures looked at, and a reader measured on them."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tsifra.cli.options import Share, data_option, fetched, max_error_option, missing, model_option, progress
from tsifra.errors import DataError, InputError

if TYPE_CHECKING:
    from tsifra.document import Source
    from tsifra.evaluate import Report
    from tsifra.reader import Reader

folder_argument = click.argument("folder", required=False, type=click.Path(exists=True, path_type=Path))


@click.command()
@folder_argument
@model_option
@data_option
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Of the figures."
)
@max_error_option
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write one file with pictures inside.")
def evaluate(
    folder: Path | None, model: Path | None, data: Path | None, form: str, max_error: float | None, html: Path | None
) -> None:
    """Tell how right a reader is on labelled pictures of one digit each; on MNIST's test set if none are named.

    FOLDER is a folder with manifest.csv (file,label) or a folder a class (0 … 9, -), or a CSV file as Kaggle has MNIST.

    \b
    Examples:
      tsifra evaluate
      tsifra evaluate scans --model my-model --html report.html
    """
    import json

    from tsifra.output import write_whole

    reader, report = _evaluated(folder, model, data, max_error)
    click.echo(report.to_text() if form == "text" else json.dumps(report.to_dict(), indent=2, ensure_ascii=False))
    if html is not None:
        try:
            from tsifra.report import to_html
        except ImportError as error:
            raise missing(error, "drawing") from None
        write_whole(html, to_html(report, reader).encode(errors="backslashreplace"))


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@model_option
@click.option(
    "--max-error",
    type=Share(),
    default=0.01,
    show_default=True,
    help="Which share of accepted answers may be wrong.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write the model so calibrated there.")
def calibrate(folder: Path, model: Path | None, max_error: float, out: Path | None) -> None:
    """Learn from your own labelled files which answers may be accepted, as a promise about files like them.

    FOLDER is a folder with manifest.csv (file,label) or a folder a class (0 … 9, -), which the network has not
    learned from. The bound holds with 95% (Clopper and Pearson 1934); a promise that the files cannot support is
    refused, with the least that they can.

    \b
    Examples:
      tsifra calibrate scans --max-error 0.005 --out my-model
      tsifra read --one --model my-model --max-error 0.005 new-scans
    """
    from tsifra.calibration import promise_of
    from tsifra.evaluate import calibrated, write_calibrated
    from tsifra.output import printable
    from tsifra.reader import Reader

    reader = Reader(model)
    sources, labels = _labelled(folder, None)
    with progress(len(sources)) as advance:
        promises, failures = calibrated(reader, sources, labels, advance)
    for failure in failures:
        click.echo(printable(failure.message), err=True)
    if failures:
        click.echo(f"{len(failures)} of {len(sources)} files could not be read; they count as not accepted", err=True)
    try:
        promise = promise_of(promises, max_error)
    except ValueError as error:
        raise click.UsageError(f"{folder}: {error} with {len(sources)} files; more files can support less") from None
    click.echo(f"confidence from {promise.threshold:.4g} on: at most {promise.error:.2%} of accepted answers wrong")
    click.echo(f"accepted are {promise.accepted:.2%} of the digits in {folder}")
    if out is not None:
        write_calibrated(reader, out, promises, max_error, f"{folder}, {len(sources)} files")


@click.command()
@folder_argument
@model_option
@data_option
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Draw to this PNG file; else a window.")
@click.option("--count", type=click.IntRange(1, 400), default=16, show_default=True, help="How many pictures.")
@click.option("--wrong", is_flag=True, help="Those that are misread, the worst first.")
def show(
    folder: Path | None, model: Path | None, data: Path | None, output: Path | None, count: int, wrong: bool
) -> None:
    """Draw the first pictures in a grid, each with its label; MNIST's training set if no folder is named.

    FOLDER is what `tsifra evaluate` takes, or any folder of pictures, which are then drawn with their names. With
    --wrong the test set is MNIST's.

    \b
    Examples:
      tsifra show --output first16.png
      tsifra show scans --wrong --output misread.png
    """
    try:
        from tsifra import plots
    except ImportError as error:
        raise missing(error, "drawing") from None
    from tsifra.output import write_whole

    if wrong:
        _, report = _evaluated(folder, model, data, worst=count)
        misread = [answer for answer in report.worst if not answer.right]
        if not misread:
            click.echo("none is misread", err=True)
            return
        sources: Sequence[Source] = [answer.source for answer in misread]
        captions = [f"{answer.label} read as {answer.text}" for answer in misread]
    else:
        sources, captions = _labelled(folder, data, training=True, unlabelled=True)
    images, captions = _opened(sources[:count], captions[:count])
    figure = plots.samples(images, captions, negative=folder is None or folder.is_file())
    if output is not None:
        write_whole(output, plots.png(figure))
        return
    try:
        plots.show(figure)
    except RuntimeError as error:
        raise click.UsageError(f"no window can be opened ({error}); --output FILE.png draws to a file") from None


def _evaluated(
    folder: Path | None, model: Path | None, data: Path | None, max_error: float | None = None, worst: int = 20
) -> tuple["Reader", "Report"]:
    from tsifra.evaluate import evaluate as measure
    from tsifra.reader import Reader

    reader = Reader(model, max_error=max_error)
    sources, labels = _labelled(folder, data)
    with progress(len(sources)) as advance:
        return reader, measure(reader, sources, labels, advance, worst)


def _labelled(
    folder: Path | None, data: Path | None, training: bool = False, unlabelled: bool = False
) -> tuple[Sequence["Source"], list[str]]:
    """Pictures and what they show. unlabelled: whether file names will do where a folder has no labels."""
    from tsifra.data import labelled_folder, load_mnist, read_csv
    from tsifra.document import find_pictures

    if folder is None:
        mnist = load_mnist(data, fetched)
        images, labels = mnist.test_images, mnist.test_labels
        if training:
            images, labels = mnist.train_images, mnist.train_labels
        return list(images), [str(label) for label in labels]
    if folder.is_file():
        images, labels = read_csv(folder)
        return list(images), [str(label) for label in labels]
    try:
        found = labelled_folder(folder)
    except DataError:
        if not unlabelled or (folder / "manifest.csv").exists():
            raise
        names = find_pictures(folder, str(folder))
        return names, [os.path.relpath(name, folder) for name in names]
    return [each.path for each in found], [each.label for each in found]


def _opened(sources: Sequence["Source"], captions: Sequence[str]) -> tuple[list[Any], list[str]]:
    """Pixels and captions of the pictures that can be opened; of the others a line on stderr."""
    from tsifra.decoders import Limits
    from tsifra.document import open_document

    images, kept = [], []
    for source, caption in zip(sources, captions, strict=True):
        try:
            with open_document(source, Limits()) as document:
                images.append(document.page(1))
                kept.append(caption)
        except InputError as error:
            click.echo(f"not drawn: {error}", err=True)
    if not images:
        raise DataError("no picture could be drawn")
    return images, kept
