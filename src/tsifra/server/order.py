"""What is wanted of the pictures of a request, and the work that it is.

Flows in: query parameters, named as the options of the command line and of `Reader.read_many`; sources. Flows out:
readings, annotated pictures, explanations. Knows nothing of threads.
"""

import base64
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Annotated, Any, BinaryIO, Literal

import cv2
import numpy as np
from fastapi import Query

from tsifra.document import Source, parse_pages
from tsifra.errors import MissingError, ModelError
from tsifra.layout import Layout
from tsifra.reader import Reader
from tsifra.reading import Failure, Reading
from tsifra.server import metrics
from tsifra.server.problems import ProblemError


@dataclass(frozen=True, slots=True)
class Order:
    """How pictures are to be read. Requests whose orders are equal may be read together."""

    one: bool
    layout: Layout
    rotate: int | None
    max_error: float | None
    pages: frozenset[int] | None = None

    def of_pages(self, pages: str | None) -> "Order":
        """The same of some pages, as `1-3,5` names them, of all for None. Raises ProblemError for anything else."""
        try:
            return self if pages is None else replace(self, pages=parse_pages(pages))
        except ValueError as error:
            raise ProblemError("parameter", f"pages: {error}") from None

    def read(self, reader: Reader, requests: list[list[BinaryIO]]) -> list[list[Reading | Failure]]:
        """Read the sources of some requests."""
        metrics.TOGETHER.observe(len(requests))
        read = iter(
            self._promised(reader).read_apart(
                [*chain.from_iterable(requests)],
                one=self.one,
                layout=self.layout,
                rotate=self.rotate,
                pages=self.pages,
            )
        )
        return [[*chain.from_iterable(islice(read, len(sources)))] for sources in requests]

    def annotated(self, reader: Reader, page: int, source: Source) -> bytes:
        """A page with what was read drawn on it, as a PNG."""
        reader = self._promised(reader)
        try:
            reading = reader.read_one(source, page) if self.one else reader.read(source, page, self.layout, self.rotate)
        except ValueError as error:
            raise MissingError(str(error)) from None
        drawn = reading._repr_png_()
        assert drawn is not None  # methods that read one picture keep it
        return drawn

    def _promised(self, reader: Reader) -> Reader:
        try:
            return reader if self.max_error is None else reader.promising(self.max_error)
        except ModelError as error:
            raise ProblemError("parameter", str(error)) from None


async def ordered(  # async, or FastAPI would take it to another thread
    one: Annotated[bool, Query(description="Each picture is one digit.")] = False,
    layout: Annotated[Layout, Query(description="How digits stand.")] = "auto",
    rotate: Annotated[
        Literal["auto", "0", "90", "180", "270"], Query(description="Degrees clockwise to turn pages by.")
    ] = "auto",
    max_error: Annotated[float | None, Query(gt=0, le=1, description="Share of `ok` that may be wrong.")] = None,
) -> Order:
    """The order that a request's parameters make. Raises ProblemError for values that contradict each other."""
    if one and (layout != "auto" or rotate != "auto"):
        raise ProblemError("parameter", "layout and rotate are for pages; a picture that is one digit has neither")
    return Order(one, layout, None if rotate == "auto" else int(rotate), max_error)


def explained(reader: Reader, page: int, rotate: int, box: tuple[int, ...] | None, source: Source) -> dict[str, Any]:
    """How one digit is read: the steps in words, what the network saw, its record."""
    try:
        explanation = reader.explain(source, page)
    except ValueError as error:
        raise MissingError(str(error)) from None
    if box is not None or rotate:
        pixels = np.rot90(explanation.pixels, -rotate // 90)
        x0, y0, x1, y1 = box or (0, 0, pixels.shape[1], pixels.shape[0])
        cut = np.ascontiguousarray(pixels[y0:y1, x0:x1])
        if not cut.size:
            raise ProblemError("parameter", "box: lies outside of the picture")
        explanation = reader.explain(cut)
    _, seen = cv2.imencode(".png", explanation.normalized.pixels)
    return {
        "steps": list(explanation.steps),
        "seen": "data:image/png;base64," + base64.b64encode(seen.tobytes()).decode(),
        "record": explanation.reading.to_dict(),
    }
