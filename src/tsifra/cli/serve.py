"""tsifra serve: a page in the browser, and the same address for programs."""

import os
import socket
from pathlib import Path

import click

from tsifra.cli.options import OK, missing, model_option
from tsifra.lane import processors

_WORKERS = 4  # each holds a network and its own memory


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 is all.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to listen on.")
@click.option("--workers", type=click.IntRange(1), help="Processes that read; by default one a processor, at most 4.")
@model_option
@click.option("--open", "is_open", is_flag=True, help="Let anybody in who can reach the address.")
@click.option("--allow-origin", multiple=True, metavar="URL", help="Let pages of this site ask (CORS).")
@click.option("--max-bytes", type=click.IntRange(1), default=32 << 20, show_default=True, help="Of one request.")
@click.option("--max-pixels", type=click.IntRange(1), default=50_000_000, show_default=True, help="Of one picture.")
@click.option("--max-pages", type=click.IntRange(1), default=100, show_default=True, help="Of one document.")
@click.option("--queue", type=click.IntRange(0), default=64, show_default=True, help="Requests a process lets wait.")
def serve(
    host: str,
    port: int,
    workers: int | None,
    model: Path | None,
    is_open: bool,
    allow_origin: tuple[str, ...],
    max_bytes: int,
    max_pixels: int,
    max_pages: int,
    queue: int,
) -> int:
    """Open a page for drawing and dropping pictures, and an HTTP service at the same address.

    An address that other machines reach wants a token in TSIFRA_TOKEN, or --open.

    \b
    Examples:
      tsifra serve
      curl --data-binary @photo.jpg http://127.0.0.1:8000/v1/read
      TSIFRA_TOKEN=secret tsifra serve --host 0.0.0.0 --workers 4
    """
    try:
        from tsifra.classifier import Classifier
        from tsifra.server.run import serve as run
        from tsifra.server.settings import Settings
    except ImportError as error:
        raise missing(error, "serving", "serve") from None
    try:
        settings = Settings(
            host,
            port,
            workers or min(_WORKERS, processors()),
            None if model is None else str(model),
            os.environ.get("TSIFRA_TOKEN") or None,
            is_open,
            allow_origin,
            max_bytes,
            max_pixels,
            max_pages,
            queue,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if model is not None:
        Classifier(model)  # so that what is wrong with it is said here, and once
    _check_free(host, port)
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"tsifra: http://{shown}:{port} (Ctrl-C ends it)", err=True)
    run(settings)
    return OK


def _check_free(host: str, port: int) -> None:
    """Say in a sentence what the server itself would say in forty lines."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.UsageError(f"{host}:{port} cannot be listened on: {error.strerror or error}") from None
