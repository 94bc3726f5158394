"""tsifra batch: any number of pictures -> a data set."""

import os
import shutil
import sys
import tempfile
from collections.abc import Container, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsifra.cli.options import (
    OK,
    UNREAD,
    check_one,
    dpi_option,
    layout_option,
    max_error_option,
    max_pixels_option,
    missing,
    model_option,
    one_option,
    pages_option,
    probabilities_option,
    rotate_option,
    stdin,
)
from tsifra.cli.read import descriptor_quiet

if TYPE_CHECKING:
    from tsifra.batch.job import Form, Job
    from tsifra.batch.listing import List
    from tsifra.batch.run import Engine, MostErrors, Outcome
    from tsifra.layout import Layout


class Most(click.ParamType["MostErrors"]):
    """A number, or a share in percent: 100, 5%."""

    name = "N|P%"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> "MostErrors":
        """What it says."""
        from tsifra.batch.run import MostErrors

        try:
            return value if isinstance(value, MostErrors) else MostErrors.parse(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number of files nor a share such as 5%", param, ctx)


@click.command()
@click.argument("sources", nargs=-1)
@click.option("--files-from", metavar="FILE|-", help="Read also what is named in FILE, one a line; - is stdin.")
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="The data set's folder."
)
@one_option
@layout_option
@rotate_option
@pages_option
@model_option
@max_error_option
@dpi_option
@max_pixels_option
@probabilities_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "jsonl", "csv"]),
    default="parquet",
    show_default=True,
    help="What the parts are written as.",
)
@click.option(
    "--part-files", type=click.IntRange(1), default=10_000, show_default=True, help="Files in a part, at most."
)
@click.option(
    "--max-errors",
    type=Most(),
    help="Stop when more than N files cannot be read, or P% of them, from the hundredth on.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Who reads: processes of this machine, or a Ray cluster.",
)
@click.option("--workers", type=click.IntRange(1), help="Processes that read; by default one a processor.")
@click.option("--address", help="Of a Ray cluster, for --engine ray; by default one on this machine.")
@click.option("--profile", is_flag=True, help="Tell how long each step took.")
def batch(
    sources: tuple[str, ...],
    files_from: str | None,
    output: Path,
    one: bool,
    layout: "Layout",
    rotate: int | None,
    pages: "Container[int] | None",
    model: Path | None,
    max_error: float | None,
    dpi: int,
    max_pixels: int,
    probabilities: bool,
    form: "Form",
    part_files: int,
    max_errors: "MostErrors | None",
    engine: str,
    workers: int | None,
    address: str | None,
    profile: bool,
) -> int:
    """Read any number of pictures and write a data set, a row a picture.

    SOURCES are folders, files, globs (in quotes), zip and tar archives, and s3://, gs://, az://, http(s)://
    addresses; archives and lists inside folders are not looked into. What was ended, even by kill -9, goes on when the
    same is said again.

    Exits with 0 if all were read, 3 if some could not be, 2 if the run cannot begin or go on, 130 after Ctrl-C.

    \b
    Examples:
      tsifra batch --one scans/ --output read/
      tsifra batch forms.zip 'more/*.tar' --output read/ --format jsonl
      tsifra batch --one s3://bucket/scans --output read/ --engine ray --address auto
      tsifra summary read/
    """
    check_one(one, layout, rotate)
    if not sources and files_from is None:
        raise click.UsageError("name a folder, an archive or an address; tsifra batch --help shows how")
    if address and engine != "ray":
        raise click.UsageError("--address is of a Ray cluster; say --engine ray too")
    from tsifra.batch.count import counted
    from tsifra.batch.job import Job
    from tsifra.batch.listing import Sources
    from tsifra.batch.progress import Progress
    from tsifra.batch.run import MostErrors, Settings, run

    job = Job(
        one,
        layout,
        rotate,
        None if pages is None else tuple(sorted(pages)),  # type: ignore[call-overload]
        None if model is None else str(model.absolute()),
        max_error,
        max_pixels,
        dpi,
        probabilities,
        form,
        profile,
    )
    _needed(form, sources)
    with _list(files_from) as lists, descriptor_quiet():
        listed = Sources(sources, lists)
        settings = Settings(listed, output, job, part_files, max_errors or MostErrors())
        progress = Progress(sys.stderr, sys.stderr.isatty(), lambda: counted(listed))
        with _engine(engine, job, workers, address) as readers:
            outcome = run(settings, readers, progress)
    return _told(outcome, output, profile)


def _needed(form: str, sources: tuple[str, ...]) -> None:
    """Say what is to be installed before anything is begun."""
    from tsifra.batch.item import is_url

    try:
        if form == "parquet":
            import_module("pyarrow.parquet")
    except ImportError as error:
        raise missing(error, "Parquet (--format jsonl and csv do not)", "batch") from None
    try:
        if any(map(is_url, sources)):
            import_module("fsspec")
    except ImportError as error:
        raise missing(error, "reading addresses", "remote") from None


@contextmanager
def _list(files_from: str | None) -> "Iterator[tuple[List, ...]]":
    """The list of sources, if there is one. What can be read but once is written down, since it is listed again."""
    from tsifra.batch.listing import List

    if files_from is None:
        yield ()
        return
    with ExitStack() as stack:
        path = files_from
        try:
            given = stdin() if files_from == "-" else stack.enter_context(open(files_from, "rb"))
            if files_from == "-" or not os.path.isfile(files_from):
                kept = stack.enter_context(tempfile.NamedTemporaryFile(prefix="tsifra-"))
                shutil.copyfileobj(given, kept)
                kept.flush()
                path = kept.name
        except OSError as error:
            raise click.UsageError(f"--files-from: {files_from}: {error.strerror}") from None
        yield (List(files_from, path),)


def _engine(name: str, job: "Job", workers: int | None, address: str | None) -> "AbstractContextManager[Engine]":
    if name == "local":
        from tsifra.batch.local import Local

        return Local(job, workers)
    try:
        from tsifra.batch.ray_engine import OnRay
    except ImportError as error:
        raise missing(error, "--engine ray", "ray") from None
    return OnRay(job, workers, address)


def _told(outcome: "Outcome", output: Path, profile: bool) -> int:
    """Tell what a run came to; its exit code."""
    from tsifra.batch.progress import span
    from tsifra.batch.tally import STEPS

    read, whole = outcome.read, outcome.whole
    rate = read.files / max(outcome.seconds, 1e-9)
    counts = ", ".join(f"{count:,} {status}" for status, count in sorted(whole.statuses.items()))
    if read.files or outcome.end != "done":
        click.echo(f"{read.files:,} files read in {span(outcome.seconds)}, {rate:,.0f} a second", err=True)
    else:
        click.echo("nothing is left to read", err=True)
    click.echo(f"{output}: {whole.files:,} files, {whole.rows:,} rows{': ' if counts else ''}{counts}", err=True)
    if profile:
        total = sum(read.seconds.values())
        for step in STEPS:
            seconds = read.seconds.get(step, 0.0)
            click.echo(f"{step:9} {seconds:9.1f} s {seconds / max(total, 1e-9):6.1%}", err=True)
    if outcome.end == "interrupted":
        click.echo("the same command goes on", err=True)
        raise KeyboardInterrupt
    if outcome.end == "errors":
        click.echo(
            f"stopped: {whole.failed:,} of {whole.rows:,} could not be read; with a higher --max-errors the same "
            "command goes on",
            err=True,
        )
    return UNREAD if whole.failed else OK
