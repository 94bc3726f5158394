"""tsifra train, export, convert: networks made, written out and brought in."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsifra.cli.options import data_option, fetched, missing

if TYPE_CHECKING:
    from tsifra.training.loop import Epoch
    from tsifra.training.recipes import Recipe

_USE = """To use it without this package (Python with onnxruntime and numpy; ONNX Runtime has other languages too):

    import numpy, onnxruntime
    session = onnxruntime.InferenceSession("{folder}/model.onnx")
    pictures = numpy.zeros((1, 28, 28), "uint8")  # where a digit's ink is, 255; centered as MNIST's
    print(session.run(None, {{"images": pictures}})[0])  # a row a picture: 0 … 9, if learned "no digit" and "several"
"""


@click.command()
@click.option(
    "--recipe",
    type=click.Choice(["tutorial", "fast", "minute", "best", "teacher", "shipped", "refined"]),
    default="fast",
    show_default=True,
    help="The Keras tutorial's, good in seconds, better in a minute, best; the last three made the package's network.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Write the model there.")
@data_option
@click.option("--seed", type=int, default=0, show_default=True, help="Decides everything that is random.")
@click.option("--epochs", type=click.IntRange(1), help="Instead of the recipe's; of `shipped`, not its teacher's.")
@click.option("--batch", type=click.IntRange(1), help="Pictures a step, instead of the recipe's and its teacher's.")
@click.option(
    "--precision",
    type=click.Choice(["fp32", "bf16"]),
    help="Of all layers' arithmetic, a teacher's too, instead of the recipe's; bf16 is fast where a processor has it.",
)
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True, help="Where to train."
)
@click.option(
    "--fonts",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="TSIFRA_FONTS",
    show_envvar=True,
    help="A folder of fonts, for `teacher`, `shipped` and `refined`, which learn type; by default the system's.",
)
@click.option(
    "--from",
    "model",
    type=click.Path(exists=True, path_type=Path),
    help="Begin with the weights of this model (folder or ONNX) of the recipe's network, and so with a lower rate.",
)
@click.option(
    "--taught-by",
    "taught_by",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Learn what this model says of the pictures, too; given more than once, what they say on average.",
)
@click.option("--resume", is_flag=True, help="Go on from the last epoch of a run that was ended in --out.")
@click.option("--name", help="Of the model, in records; by default recipe and seed.")
def train(
    recipe: str,
    out: Path,
    data: Path | None,
    seed: int,
    epochs: int | None,
    batch: int | None,
    precision: str | None,
    device: str,
    fonts: Path | None,
    model: Path | None,
    taught_by: tuple[Path, ...],
    resume: bool,
    name: str | None,
) -> None:
    """Train a network on MNIST and write it as a folder for --model.

    Ctrl-C ends it and keeps what was learned until then.

    \b
    Examples:
      tsifra train --recipe fast --out my-model
      tsifra evaluate --model my-model
      tsifra read --one --model my-model 4.png
    """
    from tsifra.data.mnist import cache_folder, load_mnist

    try:
        from tsifra import plots
        from tsifra.output import write_whole
        from tsifra.training.checkpoint import CHECKPOINT
        from tsifra.training.lessons import FONTS
        from tsifra.training.recipes import RECIPES
        from tsifra.training.run import run
    except ImportError as error:
        raise missing(error, "training") from None
    given = {"epochs": epochs, "batch": batch, "bf16": None if precision is None else precision == "bf16"}
    chosen = dataclasses.replace(RECIPES[recipe], **{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]
    mnist = load_mnist(data, fetched)
    try:
        trained = run(
            chosen, mnist, out, seed, device, resume, name, model, taught_by, fonts or FONTS, cache_folder(), _report
        )
    except KeyboardInterrupt:
        if chosen.taught and not taught_by and (out / chosen.taught / CHECKPOINT).exists():
            click.echo(f"{out}: what the teacher has learned in whole epochs is kept; --resume goes on", err=True)
        raise
    if trained.history:
        write_whole(out / "curves.png", plots.png(plots.curves(trained.history)))
    right = "" if trained.accuracy is None else f": {trained.accuracy:.2%} of the held-back pictures right"
    click.echo(f"{out}{right}", err=True)
    if trained.interrupted:
        click.echo(f"after {len(trained.history)} whole epochs of {chosen.epochs}; --resume goes on", err=True)
        raise KeyboardInterrupt


@click.command()
@click.argument("checkpoint", type=click.Path(exists=True, path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Write the model there.")
def export(checkpoint: Path, out: Path) -> None:
    """Write a checkpoint of a training run as ONNX, a folder for --model.

    It answers as it was learned; what a finished run calibrates is in the model that it writes itself.

    CHECKPOINT is a checkpoint.pt or the folder that holds it.

    \b
    Example:
      tsifra export my-model/checkpoint.pt --out exported
    """
    try:
        from tsifra.training.checkpoint import CHECKPOINT
        from tsifra.training.run import export as write
    except ImportError as error:
        raise missing(error, "exporting") from None
    write(checkpoint / CHECKPOINT if checkpoint.is_dir() else checkpoint, out)
    click.echo(_USE.format(folder=out), err=True)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Write the model there.")
def convert(file: Path, out: Path) -> None:
    """Make a folder for --model from a network that Keras saved.

    FILE is a .keras or .h5 file of Keras 2 or 3 with a Sequential network for 28×28 pictures and ten digits. Keras
    is not needed, and no code from the file is run.

    \b
    Examples:
      tsifra convert seed.keras --out seed
      tsifra evaluate --model seed
      tsifra read --one --model seed 4.png
    """
    try:
        from tsifra.convert import convert as write
    except ImportError as error:
        raise missing(error, "converting", "convert") from None
    card = write(file, out)
    made = card["converted"]
    click.echo(f"{out}: {', '.join(made['layers'])} (Keras {made['keras']})", err=True)


def _report(recipe: "Recipe", epoch: "Epoch") -> None:
    left = epoch.elapsed_s / epoch.number * (recipe.epochs - epoch.number)
    click.echo(
        f"{recipe.name}, epoch {epoch.number}/{recipe.epochs}  loss {epoch.loss:.4f}  accuracy {epoch.accuracy:.2%}  "
        f"rate {epoch.rate:.5f}  {epoch.images_per_s:,.0f} images/s  {left:.0f} s left",
        err=True,
    )
