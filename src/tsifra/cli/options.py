"""What several commands share: exit codes, options, progress."""

import contextlib
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import click

OK, INTERNAL, USAGE, UNREAD, REVIEW, INTERRUPTED = 0, 1, 2, 3, 4, 130
_BAR_FROM = 20  # files; fewer are read before a bar is seen


class Share(click.FloatRange):
    """A share above 0, at most 1."""

    def __init__(self) -> None:
        super().__init__(0, 1, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number that is named, which FloatRange lets be nan."""
        share = super().convert(value, param, ctx)
        return self.fail(f"{value} is no number", param, ctx) if math.isnan(share) else share


class Pages(click.ParamType[frozenset[int]]):
    """Numbers and ranges of pages, from 1: "1-3,5"."""

    name = "pages"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[int]:
        """The numbers that are named."""
        from tsifra.document import parse_pages

        try:
            return parse_pages(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _degrees(ctx: click.Context, param: click.Parameter, value: str) -> int | None:
    return None if value == "auto" else int(value)


one_option = click.option("--one", is_flag=True, help="Each picture is one digit.")

layout_option = click.option(
    "--layout",
    type=click.Choice(["auto", "lines", "grid"]),
    default="auto",
    show_default=True,
    help="Read lines of numbers, or the largest ruled grid cell by cell (. is empty); auto: what it plainly is.",
)

rotate_option = click.option(
    "--rotate",
    type=click.Choice(["auto", "0", "90", "180", "270"]),
    default="auto",
    show_default=True,
    callback=_degrees,
    help="Degrees clockwise to turn pages by; auto finds out which way is up.",
)

pages_option = click.option(
    "--pages", type=Pages(), help="Of PDF and TIFF files, such as 1-3 or 1,4-6; all by default."
)

dpi_option = click.option(
    "--dpi", type=click.IntRange(10, 2400), default=200, show_default=True, help="Draw PDF pages so."
)

max_pixels_option = click.option(
    "--max-pixels", type=click.IntRange(1), default=100_000_000, show_default=True, help="Refuse larger pictures."
)

probabilities_option = click.option(
    "--probabilities", is_flag=True, help="Add the probabilities of all ten digits and of no digit."
)

model_option = click.option(
    "--model", type=click.Path(path_type=Path), help="Read with the network in this folder, or with this ONNX file."
)

max_error_option = click.option(
    "--max-error",
    type=Share(),
    help="Accept so many answers that at most this share of them is wrong (0.01 is 1%); the rest is for review. "
    "Promised of pictures read with --one.",
)

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="TSIFRA_DATA",
    show_envvar=True,
    help="A folder with MNIST's four files; else they are downloaded once.",
)


def check_one(one: bool, layout: str, rotate: int | None) -> None:
    """See that what is for pages is not wanted of pictures that are one digit."""
    if one and (layout != "auto" or rotate is not None):
        raise click.UsageError("--layout and --rotate are for pages; a picture that is one digit (--one) has neither")


def stdin() -> BinaryIO:
    """What - names."""
    if sys.stdin is None:
        raise click.UsageError("- is stdin, which is closed")
    return sys.stdin.buffer


def missing(error: ImportError, what: str, extra: str = "train") -> click.UsageError:
    """What to install for a command that needs more than reading does."""
    return click.UsageError(f"{what} needs {error.name}: pip install 'tsifra[{extra}]'")


def fetched(name: str, have: int, total: int) -> None:
    """Tell a person how far a download is."""
    if sys.stderr.isatty():
        click.echo(f"\r{name} {have / max(total, 1):4.0%}", err=True, nl=have >= total)


@contextlib.contextmanager
def progress(total: int, shown: bool = True) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, where a person sees it; `shown` is whether it would run through no answers."""
    if total < _BAR_FROM or not sys.stderr.isatty() or not shown:
        yield lambda steps: None
        return
    with click.progressbar(length=total, file=sys.stderr, show_pos=True) as bar:
        yield bar.update
