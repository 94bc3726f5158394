"""tsifra info: what a bug report should say."""

import os
from pathlib import Path

import click

from tsifra import __version__
from tsifra.cli.options import model_option


@click.command()
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
    classifier = Classifier(model)
    signature = classifier.signature
    shape = ", ".join(["N" if signature.batch is None else str(signature.batch), *map(str, signature.shape)])
    click.echo(f"network takes {signature.dtype} ({shape}), gives {signature.classes} {signature.answer}")
    click.echo(json.dumps(classifier.card.document, indent=2, ensure_ascii=False))
