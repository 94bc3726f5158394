"""How one answer came about, in pictures and words.

Flows in: a page's pixels, its Normalized and its Reading. Flows out: one picture, 960 pixels wide. Drawn with
Pillow alone, so that reading needs nothing more.
"""

import io
import textwrap
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tsifra.image import Pixels
from tsifra.normalize import SIDE, Normalized
from tsifra.reading import LABELS, Reading, percent

_WIDTH, _HEIGHT, _PAD = 960, 456, 24
_PANEL = 280  # side of the square that each of the two pictures is fitted into
_TOP = 84
_STEPS_COLUMNS = 112  # characters that fit beside each other
_PAPER, _INK, _FAINT = "#ffffff", "#1c1c1e", "#8a8a8e"
_BAR, _OTHER_BAR, _BOX = "#0a66c2", "#c9d6e4", "#e5004c"
_SAID = {
    "ok": "sure enough",
    "review": "unsure: a person should look",
    "rejected": "ink, but no digit",
    "blank": "nothing that could be a digit",
}


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """The picture, what the network saw of it, and what it answered.

    pixels: (H, W) or (H, W, 3) uint8, the page as it was read. Shows itself in a notebook.
    """

    pixels: Pixels
    normalized: Normalized
    reading: Reading

    @property
    def steps(self) -> tuple[str, ...]:
        """What was done to the picture, in words, in order."""
        return self.normalized.steps

    def render(self) -> Image.Image:
        """Draw everything: 960×456 RGB."""
        sheet = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
        draw = ImageDraw.Draw(sheet)
        self._draw_heading(draw)
        sheet.paste(self._cropped_original(), (_PAD, _TOP))
        middle = 2 * _PAD + _PANEL
        if self.reading.digits:
            seen = Image.fromarray(self.normalized.pixels).resize((_PANEL, _PANEL), Image.Resampling.NEAREST)
            sheet.paste(seen.convert("RGB"), (middle, _TOP))
            _write(draw, (middle, _TOP + _PANEL + 6), f"what the network saw, {SIDE}×{SIDE}", 14, _FAINT)
            self._draw_bars(draw, middle + _PANEL + _PAD)
        else:
            _write(draw, (middle, _TOP), "Nothing was shown to the network.", 16, _FAINT)
        width, height = self.reading.size
        _write(draw, (_PAD, _TOP + _PANEL + 6), f"the picture, {width}×{height}", 14, _FAINT)
        for line, words in enumerate(textwrap.wrap("; ".join(self.steps), _STEPS_COLUMNS)):
            _write(draw, (_PAD, _TOP + _PANEL + 36 + 22 * line), words, 16, _INK)
        return sheet

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.render().save(buffer, "PNG")
        return buffer.getvalue()

    def _draw_heading(self, draw: ImageDraw.ImageDraw) -> None:
        reading = self.reading
        _write(draw, (_PAD, 12), reading.text or "–", 52, _INK)
        sure = "" if reading.confidence is None else f"{percent(reading.confidence)} · "
        _write(draw, (_PAD + 56, 16), f"{sure}{reading.status}: {_SAID[reading.status]}", 22, _INK)
        name = reading.input if reading.page == 1 else f"{reading.input}, page {reading.page}"
        if name.encode("latin-1", "replace").decode("latin-1") == name:  # Pillow's font has no other letters
            _write(draw, (_PAD + 56, 46), name if len(name) < 80 else "…" + name[-79:], 16, _FAINT)

    def _cropped_original(self) -> Image.Image:
        """The page in a square, with the crop drawn in."""
        page = Image.fromarray(self.pixels).convert("RGB")
        scale = _PANEL / max(page.size)
        small = (max(1, round(page.width * scale)), max(1, round(page.height * scale)))
        page = page.resize(small, Image.Resampling.BOX if scale < 1 else Image.Resampling.NEAREST)
        panel = Image.new("RGB", (_PANEL, _PANEL), "#eeeeee")
        left, top = (_PANEL - page.width) // 2, (_PANEL - page.height) // 2
        panel.paste(page, (left, top))
        if self.normalized.bbox is not None:
            x0, y0, x1, y1 = (value * scale for value in self.normalized.bbox)
            corners = (left + x0 - 1, top + y0 - 1, left + x1, top + y1)
            ImageDraw.Draw(panel).rectangle(corners, outline=_BOX, width=2)
        return panel

    def _draw_bars(self, draw: ImageDraw.ImageDraw, left: int) -> None:
        row = _PANEL / len(LABELS)
        probabilities = self.reading.digits[0].probabilities
        best = int(np.argmax(probabilities))
        full = _WIDTH - _PAD - left - 112
        for index, (label, probability) in enumerate(zip(LABELS, probabilities, strict=True)):
            y = _TOP + index * row
            color = _BAR if index == best else _OTHER_BAR
            draw.rectangle((left + 48, y + 4, left + 48 + max(1, full * probability), y + row - 4), fill=color)
            _write(draw, (left, y + 3), label, 16, _INK)
            _write(draw, (left + 56 + full * probability, y + 3), percent(probability), 16, _INK)


def draw(pixels: Pixels, normalized: Normalized, reading: Reading) -> bytes:
    """An explanation as a PNG."""
    return Explanation(pixels, normalized, reading)._repr_png_()


def _write(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, color: str) -> None:
    text = text.replace("×", "x").replace("–", "-")  # Pillow's own font has neither
    draw.text(at, text, fill=color, font=ImageFont.load_default(size))
