"""tsifra summary: what a data set of tsifra batch holds."""

from pathlib import Path

import click

from tsifra.cli.options import missing

_LINES = 10  # uncertain ones that the text shows


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write one file with pictures inside.")
@click.option("--uncertain", type=click.IntRange(0, 1000), default=60, show_default=True, help="How many to show.")
def summary(folder: Path, html: Path | None, uncertain: int) -> None:
    """Tell what tsifra batch has written: counts, confidence, the commonest errors, the most uncertain digits.

    \b
    Examples:
      tsifra summary read/
      tsifra summary read/ --html read.html
    """
    from tsifra.batch import begun
    from tsifra.batch.dataset import records_of
    from tsifra.batch.summary import summarized

    try:
        found = summarized(records_of(folder), uncertain if html is not None else min(uncertain, _LINES))
    except ImportError as error:
        raise missing(error, "reading Parquet", "batch") from None
    is_over = begun.is_over(folder)
    if not is_over:
        click.echo(f"{folder}: not finished; the same tsifra batch goes on", err=True)
    if html is None:
        click.echo(found.to_text())
        return
    from tsifra.batch.crops import cropped
    from tsifra.batch.summary_page import to_html
    from tsifra.cli.read import descriptor_quiet
    from tsifra.output import write_whole

    with descriptor_quiet():
        crops = [cropped(each, begun.limits(folder)) for each in found.uncertain]
    page = to_html(found, f"{folder}{'' if is_over else ' (not finished)'}", crops)
    write_whole(html, page.encode("utf-8", "backslashreplace"))
