"""tsifra batch: any number of pictures -> a data set."""

import os
import shutil
import sys
from collections.abc import Container
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsifra.cli.options import OK, UNREAD, max_error_option, missing, model_option
from tsifra.cli.read import Pages, descriptor_quiet

if TYPE_CHECKING:
    from tsifra.batch.job import Form, Job
    from tsifra.batch.run import Engine, MostErrors, Outcome
    from tsifra.layout import Layout

_LIST = "_list.txt"  # what stdin named, which is listed more than once


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
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="Write into DIR.")
@click.option("--one", is_flag=True, help="Each picture is one digit.")
@click.option(
    "--layout", type=click.Choice(["auto", "lines", "grid"]), default="auto", show_default=True, help="As for read."
)
@click.option(
    "--rotate",
    type=click.Choice(["auto", "0", "90", "180", "270"]),
    default="auto",
    show_default=True,
    help="As for read.",
)
@click.option("--pages", type=Pages(), help="Of PDF and TIFF files, such as 1-3 or 1,4-6; all by default.")
@model_option
@max_error_option
@click.option("--dpi", type=click.IntRange(10, 2400), default=200, show_default=True, help="Draw PDF pages so.")
@click.option(
    "--max-pixels", type=click.IntRange(1), default=100_000_000, show_default=True, help="Refuse larger pictures."
)
@click.option("--probabilities", is_flag=True, help="Add the probabilities of all ten digits and of no digit.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "jsonl", "csv"]),
    default="parquet",
    show_default=True,
    help="Of the parts.",
)
@click.option("--part-files", type=click.IntRange(1), default=10_000, show_default=True, help="Of a part, at most.")
@click.option("--max-errors", type=Most(), help="Stop when more than N files, or P% of them, cannot be read.")
@click.option(
    "--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True, help="Who reads them."
)
@click.option("--workers", type=click.IntRange(1), help="Processes that read; by default one a processor.")
@click.option("--address", help="Of a Ray cluster, for --engine ray; by default one on this machine.")
@click.option("--profile", is_flag=True, help="Tell where the time went.")
def batch(
    sources: tuple[str, ...],
    files_from: str | None,
    output: Path,
    one: bool,
    layout: "Layout",
    rotate: str,
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
    addresses. What was ended, even by kill -9, goes on when the same is said again.

    \b
    Examples:
      tsifra batch --one scans/ --output read/
      tsifra batch forms.zip 'more/*.tar' --output read/ --format jsonl
      tsifra batch --one s3://bucket/scans --output read/ --engine ray --address auto
      tsifra summary read/
    """
    if one and (layout != "auto" or rotate != "auto"):
        raise click.UsageError("--layout and --rotate are for pages; a picture that is one digit (--one) has neither")
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
        None if rotate == "auto" else int(rotate),
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
    try:
        output.mkdir(parents=True, exist_ok=True)
        lists = () if files_from is None else (_list(files_from, output),)
    except OSError as error:
        raise click.UsageError(f"{error.filename}: {error.strerror}") from None
    listed = Sources(sources, lists)
    settings = Settings(listed, output, job, part_files, max_errors or MostErrors())
    with descriptor_quiet():
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


def _list(files_from: str, output: Path) -> str:
    """The path of a list. What stdin says is written down, since it is listed more than once."""
    if files_from != "-":
        with open(files_from, "rb") as given:
            if os.path.isfile(files_from):
                return files_from
            with open(output / _LIST, "wb") as kept:  # of a pipe, which can be read but once
                shutil.copyfileobj(given, kept)
            return str(output / _LIST)
    if sys.stdin is None:
        raise click.UsageError("- is stdin, which is closed")
    with open(output / _LIST, "wb") as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept)
    return str(output / _LIST)


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
