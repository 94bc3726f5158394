"""The command line: parse, call, print.

Data go to stdout, everything else to stderr. The one table from errors to exit codes is in `main`. Commands
import what they need when they run, so that `--help` loads neither OpenCV nor ONNX Runtime.
"""

import os
import sys

import click

from tsifra import __version__
from tsifra.cli import batch, evaluate, info, read, serve, summary, train
from tsifra.cli.options import INTERNAL, INTERRUPTED, OK, UNREAD, USAGE
from tsifra.errors import DataError, TsifraError


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - None where the shell closed it
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
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


for command in (
    read.read,
    train.train,
    evaluate.evaluate,
    evaluate.show,
    evaluate.calibrate,
    train.export,
    train.convert,
    serve.serve,
    batch.batch,
    summary.summary,
    info.info,
):
    cli.add_command(command)
