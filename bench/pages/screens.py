"""Screenshots of small type."""

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tsifra.data.type import Face

SCREEN_FACES = ("FiraCode", "NimbusSans-", "NimbusMono", "NimbusRoman", "OpenSans", "RobotoSlab")
"""What files of plain faces begin with."""


def screenshot(face: Face, size: int, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """One to four lines of numbers as programs show them, (H, W, 3) uint8; half of them in thirds of pixels."""
    lines = [
        " ".join(str(rng.integers(10 ** int(rng.integers(1, 6)))) for _ in range(rng.integers(1, 5)))
        for _ in range(rng.integers(1, 5))
    ]
    width, height, parts = int(rng.integers(240, 400)), int(rng.integers(8, 12)) * size, int(rng.choice([1, 3]))
    font = ImageFont.truetype(str(face.path), parts * size)
    sheet = Image.new("L", (parts * width, parts * height))
    for number, line in enumerate(lines):
        ImageDraw.Draw(sheet).text((parts * 12, parts * ((0.5 + 1.7 * number) * size + 4)), line, 255, font)
    ink = np.asarray(sheet, np.float32).reshape(height, parts, -1).mean(1) / 255
    ink = (cv2.blur(ink, (parts, 1)) if parts > 1 else ink).reshape(height, width, parts)
    dark, light = rng.uniform(0, 70, 3), rng.uniform(190, 255, 3)
    ground, tone = (light, dark) if rng.random() < 0.6 else (dark, light)
    return np.asarray(ground + (tone - ground) * ink, np.uint8), "\n".join(lines)
