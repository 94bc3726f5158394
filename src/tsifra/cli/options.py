"""What several commands share: exit codes, options, progress."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

OK, INTERNAL, USAGE, UNREAD, REVIEW, INTERRUPTED = 0, 1, 2, 3, 4, 130
_BAR_FROM = 20  # files; fewer are read before a bar is seen

model_option = click.option(
    "--model", type=click.Path(path_type=Path), help="Read with the network in this folder, or with this ONNX file."
)

max_error_option = click.option(
    "--max-error",
    type=click.FloatRange(0, 1, min_open=True),
    help="Accept so many answers that at most this share of them is wrong (0.01 is 1%); the rest is for review.",
)

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="TSIFRA_DATA",
    show_envvar=True,
    help="A folder with MNIST's four files; else they are downloaded once.",
)


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
