"""Type: digits, letters and signs of fonts that lie on this machine.

Flows in: a folder of fonts. Flows out: Faces, each of which draws signs as ink, (H, W) float32. Fonts are used to
train with and are no part of the package; docs/fonts.md names those of the shipped network, with their licenses.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tsifra.data.strokes import Ink
from tsifra.errors import DataError

_SIZE = 110  # pixels of the em that signs are drawn in; pages scale them
_DIGITS = "0123456789"
_MISSING = "\uffff"
_SUFFIXES = (".ttf", ".otf", ".pfb", ".ttc")


@dataclass(frozen=True, slots=True)
class Face:
    """A font file that has ten digits, all different."""

    path: Path

    def draw(self, sign: str) -> Ink | None:
        """A sign or a word as ink, cropped to it; None where the font lacks a sign of it."""
        ink = self._draw(sign)
        return None if ink is None or any(_is_missing(self, each) for each in sign) else ink

    def _draw(self, sign: str) -> Ink | None:
        font = _opened(self.path)
        if font is None:
            return None
        try:
            left, top, right, bottom = font.getbbox(sign)
            if not (0 < right - left < 8 * _SIZE and 0 < bottom - top < 8 * _SIZE):
                return None
            sheet = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
            ImageDraw.Draw(sheet).text((2 - left, 2 - top), sign, fill=255, font=font)
        except (OSError, ValueError):
            return None
        ink = np.asarray(sheet, np.float32) / 255
        rows, columns = np.flatnonzero(ink.max(1) > 0.1), np.flatnonzero(ink.max(0) > 0.1)
        if not len(rows) or not len(columns):
            return None
        return np.asarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], np.float32)


def find_faces(folder: Path) -> list[Face]:
    """Faces of the fonts below a folder, in order of their paths; one file of each name.

    Raises DataError where there is none.
    """
    paths = {path.name: path for path in sorted(folder.rglob("*"), reverse=True) if path.suffix.lower() in _SUFFIXES}
    faces = [face for _, path in sorted(paths.items()) if _is_usable(face := Face(path))]
    if not faces:
        raise DataError(f"{folder}: holds no fonts with digits; docs/fonts.md says which to install")
    return faces


@lru_cache(maxsize=1000)  # of the faces that are drawn one after the other, not of all
def _is_missing(face: Face, sign: str) -> bool:
    """Whether a font shows for a sign what it shows for signs that it lacks."""
    if sign in _DIGITS:
        return False
    missing, ink = face._draw(_MISSING), face._draw(sign)
    return missing is not None and ink is not None and np.array_equal(ink, missing)


@lru_cache(maxsize=2)
def _opened(path: Path) -> ImageFont.FreeTypeFont | None:
    """The font of a file; the last ones are kept, since signs of a face are drawn one after the other."""
    try:
        return ImageFont.truetype(path, _SIZE)
    except OSError:
        return None


def _is_usable(face: Face) -> bool:
    """Whether all digits are there and differ; a font of pictures, or without digits, has a box for each."""
    drawn = [face.draw(digit) for digit in _DIGITS]
    known = {(ink.shape, ink.tobytes()) for ink in drawn if ink is not None}
    missing = face._draw(_MISSING)
    return len(known) == len(_DIGITS) and (missing is None or (missing.shape, missing.tobytes()) not in known)
