"""Uncertain digits -> pictures of them, cut out of the files they are in.

Flows in: names as the records have them, archives and addresses included. Flows out: PNG files, or nothing where the
picture is not there any more. Knows nothing of summaries.
"""

import io
import os

import numpy as np
from PIL import Image

from tsifra.batch import remote
from tsifra.batch.archive import is_archive, of_archive, opened, read_span
from tsifra.batch.item import Span, is_url
from tsifra.batch.summary import Uncertain
from tsifra.decoders import Limits
from tsifra.document import Source, named, open_document
from tsifra.errors import MissingError, TsifraError

_MARGIN = 0.25  # of the larger side, around a digit
_SIDE = 96  # pixels of what is drawn, at most


def cropped(each: Uncertain, limits: Limits) -> bytes | None:
    """A PNG of a digit, with some of what is around it; None if its picture cannot be opened any more."""
    try:
        with open_document(_source(each.input, limits), limits) as document:
            if each.page > document.count:
                return None
            pixels = document.page(each.page)
    except (TsifraError, OSError):
        return None
    pixels = np.rot90(pixels, -each.rotation // 90)
    if each.bbox is not None:
        x0, y0, x1, y1 = each.bbox
        margin = round(_MARGIN * max(x1 - x0, y1 - y0)) + 1
        pixels = pixels[max(0, y0 - margin) : y1 + margin, max(0, x0 - margin) : x1 + margin]
    if not pixels.size:
        return None
    image = Image.fromarray(np.ascontiguousarray(pixels))
    scale = _SIDE / max(image.size)
    image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _source(name: str, limits: Limits) -> Source:
    """What a record's input names. Raises InputError."""
    archive = _archive_of(name)
    if archive is None:
        return named(remote.fetched(name, 0, limits), name) if is_url(name) else name
    with opened(archive) as file:
        for item in of_archive(file, archive, limits):
            if item.name == name and isinstance(item.place, Span):
                return named(read_span(file, item.place, name, limits), name)
            if item.name == name and isinstance(item.place, bytes):
                return named(item.place, name)
    raise MissingError(f"{name}: not in its archive any more")


def _archive_of(name: str) -> str | None:
    """The archive that a member's name begins with."""
    parts = name.split("/")
    heads = ("/".join(parts[:count]) for count in range(1, len(parts)))
    return next((head for head in heads if is_archive(head) and (is_url(head) or os.path.isfile(head))), None)
