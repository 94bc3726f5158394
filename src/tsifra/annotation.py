"""A page with what was read on it: boxes, digits and how sure each is.

Flows in: a page's pixels and its Reading. Flows out: the page as a picture, turned as it was read. Drawn with Pillow
alone, so that reading needs nothing more. An unsure digit is told from a sure one by its mark and its dashes, too.
"""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tsifra.image import Pixels
from tsifra.reading import Digit, Reading, percent

_LEAST, _MOST = 640, 2400  # pixels of the longer side that a drawing has
_SURE, _UNSURE, _NONE, _HALO = "#0a62c4", "#c2410c", "#6b7280", "#ffffff"
_DASH = 6


def annotate(pixels: Pixels, reading: Reading) -> Image.Image:
    """Draw a reading on its page. pixels: (H, W) or (H, W, 3) uint8, as the page was decoded."""
    turned = np.ascontiguousarray(np.rot90(pixels, -reading.rotation // 90))
    page = Image.fromarray(turned).convert("RGB")
    scale = min(_MOST / max(page.size), max(1.0, _LEAST / max(page.size)))
    page = page.resize((max(1, round(page.width * scale)), max(1, round(page.height * scale))))
    draw = ImageDraw.Draw(page)
    for digit in reading.digits:
        _draw_digit(draw, digit, scale)
    return page


def annotated(pixels: Pixels, reading: Reading) -> bytes:
    """The same as a PNG."""
    buffer = io.BytesIO()
    annotate(pixels, reading).save(buffer, "PNG")
    return buffer.getvalue()


def _draw_digit(draw: ImageDraw.ImageDraw, digit: Digit, scale: float) -> None:
    x0, y0, x1, y1 = (value * scale for value in digit.bbox)
    box = (x0 - 3, y0 - 3, x1 + 2, y1 + 2)
    color = {"ok": _SURE, "review": _UNSURE}.get(digit.status, _NONE)
    draw.rectangle((box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1), outline=_HALO, width=4)
    if digit.status == "ok":
        draw.rectangle(box, outline=color, width=2)
    else:
        _dashed(draw, box, color)
    size = int(min(40, max(14, 0.45 * (y1 - y0))))
    said = "×" if digit.digit is None else digit.digit if digit.status == "ok" else f"{digit.digit}?"
    _write(draw, (box[0], box[1] - size - 4), said, size, color)
    if digit.status == "review":
        _write(draw, (box[0], box[3] + 2), percent(digit.confidence), 12, color)


def _dashed(draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float], color: str) -> None:
    x0, y0, x1, y1 = box
    for start in np.arange(x0, x1, 2 * _DASH):
        for y in (y0, y1):
            draw.line((start, y, min(start + _DASH, x1), y), fill=color, width=2)
    for start in np.arange(y0, y1, 2 * _DASH):
        for x in (x0, x1):
            draw.line((x, start, x, min(start + _DASH, y1)), fill=color, width=2)


def _write(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, color: str) -> None:
    text = text.replace("×", "x")  # Pillow's own font has none
    font = ImageFont.load_default(size)
    draw.text(at, text, fill=color, font=font, stroke_width=2, stroke_fill=_HALO)
