"""Pictures for people: samples, curves, confusion, reliability.

Flows in: digits and figures. Flows out: Matplotlib figures, drawn without a window; `png` and `show` put them
where they are looked at.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tsifra.calibration import Bin

if TYPE_CHECKING:
    from tsifra.training.loop import Epoch

_BLUE, _RED, _GRAY = "#0a66c2", "#e5004c", "#8a8a8e"


def samples(images: Sequence[NDArray[Any]], captions: Sequence[str], negative: bool) -> Figure:
    """Pictures in a grid that is about square, each with its caption below and a bar of its values beside it.

    images: (H, W) or (H, W, 3) uint8 each. negative: draw 0 white, in the binary color map that the tutorial shows
    MNIST's arrays in; files are drawn as they are.
    """
    columns = max(1, int(np.ceil(np.sqrt(len(images)))))
    rows = max(1, -(-len(images) // columns))
    figure = Figure(figsize=(2.4 * columns, 2.5 * rows), layout="constrained")
    for index, (image, caption) in enumerate(zip(images, captions, strict=True)):
        axes = figure.add_subplot(rows, columns, index + 1)
        shown = axes.imshow(image, cmap="binary" if negative else "gray", vmin=0, vmax=255)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel(caption, parse_math=False)
        if image.ndim == 2:
            figure.colorbar(shown, ax=axes)
    return figure


def curves(history: Sequence["Epoch"]) -> Figure:
    """Loss and accuracy of the training batches, and the learning rate, by epoch."""
    figure = Figure(figsize=(10, 3), layout="constrained")
    epochs = [epoch.number for epoch in history]
    columns = [
        ("loss", [epoch.loss for epoch in history]),
        ("accuracy", [epoch.accuracy for epoch in history]),
        ("learning rate", [epoch.rate for epoch in history]),
    ]
    for index, (name, values) in enumerate(columns):
        axes = figure.add_subplot(1, 3, index + 1)
        axes.plot(epochs, values, color=_BLUE, marker="o", markersize=3)
        axes.set_title(name)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    return figure


def confusion(counts: NDArray[np.int64], names: Sequence[str]) -> Figure:
    """A confusion matrix: a row a label, a column an answer; errors stand out."""
    used = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    counts = counts[np.ix_(used, used)]
    figure = Figure(figsize=(6, 5.2), layout="constrained")
    axes = figure.add_subplot()
    errors = counts * (1 - np.eye(len(counts), dtype=counts.dtype))
    axes.imshow(errors, cmap="Reds", vmin=0, vmax=max(1, int(errors.max()) * 2))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            axes.text(column, row, str(count), ha="center", va="center", fontsize=9)
    shown = [names[int(index)] for index in used]
    axes.set_xticks(range(len(used)), shown)
    axes.set_yticks(range(len(used)), shown)
    axes.set_xlabel("answer")
    axes.set_ylabel("label")
    return figure


def reliability(bins: Sequence[Bin]) -> Figure:
    """How often answers are right against how sure they are; on the diagonal they are as right as they say."""
    figure = Figure(figsize=(5, 5.2), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=_GRAY, linewidth=1)
    axes.plot([each.confidence for each in bins], [each.accuracy for each in bins], color=_BLUE, linewidth=1)
    most = max((each.count for each in bins), default=1)
    sizes = [15 + 150 * each.count / most for each in bins]
    axes.scatter([each.confidence for each in bins], [each.accuracy for each in bins], sizes, color=_BLUE)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("confidence")
    axes.set_ylabel("share that is right")
    axes.grid(alpha=0.3)
    return figure


def acceptance(curve: Sequence[tuple[float, float]]) -> Figure:
    """The error among accepted answers against the share of answers that is accepted, the surest first."""
    figure = Figure(figsize=(5, 3.4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([100 * share for share, _ in curve], [100 * error for _, error in curve], color=_RED)
    axes.set_xlabel("accepted, %")
    axes.set_ylabel("wrong of those, %")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    return figure


def png(figure: Figure, dpi: int = 100) -> bytes:
    """A figure as a PNG file."""
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return buffer.getvalue()


def show(figure: Figure) -> None:
    """A figure in a window, until it is closed. Raises RuntimeError where there is no screen."""
    import matplotlib.pyplot as plt

    window = plt.figure(figsize=tuple(figure.get_size_inches()))
    if plt.get_backend().lower() == "agg":  # what Matplotlib falls back to
        raise RuntimeError("there is no screen")
    window.figimage(plt.imread(io.BytesIO(png(figure, int(window.dpi)))))
    plt.show()
