"""Tables of typed numbers, drawn or photographed, and numbers in rings: on balls, buttons, the face of a clock."""

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from tsifra.ink import Gray

TONES = (0, 120, 190)  # of lines
ROOM = 5  # pixels from a cell's line to a number that stands at one side


def table(plain: list[str], photographed: bool, rng: Generator) -> tuple[Gray, str]:
    """A table, (H, W) uint8, and its rows. plain: files of plain faces."""
    scale = float(rng.choice([1, 1, 1.5, 2]))
    face = ImageFont.truetype(plain[int(rng.integers(len(plain)))], int(rng.integers(11, 19) * scale))
    high, wide = (int(face.size * rng.uniform(*times)) for times in ((1.3, 3.2), (3.2, 8)))
    longest, empty, anchor = int(rng.integers(1, 5)), rng.choice([0, 0, 0.15, 0.4]), str(rng.choice(["lm", "mm", "rm"]))
    tone, pen, margin = int(rng.choice(TONES)), int(rng.integers(1, 3)), int(rng.integers(20, 80))
    rows, columns = int(rng.integers(3, 13)), int(rng.integers(2, 9))
    sheet = Image.new("L", (wide * columns + 2 * margin, high * rows + 2 * margin), 255)
    draw = ImageDraw.Draw(sheet)
    lines = []
    for top in range(margin, margin + high * rows, high):
        numbers = []
        for left in range(margin, margin + wide * columns, wide):
            draw.rectangle((left, top, left + wide, top + high), outline=tone, width=pen)
            number = "" if rng.random() < empty else str(rng.integers(10 ** int(rng.integers(1, longest + 1))))
            number = number if draw.textlength(number, face) <= wide - 2 * ROOM * scale else number[:2]
            x = {"l": left + ROOM * scale, "m": left + wide / 2, "r": left + wide - ROOM * scale}[anchor[0]]
            draw.text((x, top + high / 2), number, int(rng.choice([0, 40])), face, anchor=anchor)
            numbers.append(number or ".")
        lines.append(numbers)
    parts = " " if any(len(number) > 1 for numbers in lines for number in numbers) else ""
    drawn = np.asarray(sheet)
    return shot(drawn, rng) if photographed else drawn, "\n".join(parts.join(numbers) for numbers in lines)


def shot(sheet: Gray, rng: Generator) -> Gray:
    """A photograph of it from a little aside, with less light at one side, grain, and a JPEG file's blocks."""
    height, width = sheet.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    aside = np.asarray(corners + rng.uniform(-0.03, 0.03, (4, 2)) * (width, height), np.float32)
    seen = cv2.warpPerspective(sheet, cv2.getPerspectiveTransform(corners, aside), (width, height), borderValue=(235,))
    lit = seen * np.linspace(1, rng.uniform(0.6, 1), width)
    soft = cv2.GaussianBlur(lit, (0, 0), rng.uniform(0.3, 0.8)) + rng.normal(0, rng.uniform(1, 5), seen.shape)
    file = cv2.imencode(".jpg", soft.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8)


def rings(plain: list[str], rng: Generator) -> tuple[Gray, str]:
    """Two to six numbers in a row, each in a ring, (H, W) uint8, and the line that they are."""
    radius = float(rng.uniform(20, 60))
    numbers = [str(rng.integers(1, 100)) for _ in range(int(rng.integers(2, 7)))]
    face = ImageFont.truetype(plain[int(rng.integers(len(plain)))], int(radius * rng.uniform(0.6, 1)))
    step = radius * rng.uniform(2.3, 4)
    sheet = Image.new("L", (int(step * len(numbers) + radius), int(4 * radius)), 255)
    draw = ImageDraw.Draw(sheet)
    pen = max(1, int(radius * rng.uniform(0.03, 0.2)))
    for at, number in enumerate(numbers):
        x, y = radius / 2 + step * (at + 0.5), 2 * radius
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=0, width=pen)
        draw.text((x, y), number, 0, face, anchor="mm")
    return np.asarray(sheet), " ".join(numbers)


def clock(plain: list[str], rng: Generator) -> tuple[Gray, str]:
    """The face of a clock, (H, W) uint8, and its twelve numbers in order of size."""
    radius = float(rng.uniform(100, 350))
    face = ImageFont.truetype(plain[int(rng.integers(len(plain)))], int(radius * rng.uniform(0.1, 0.2)))
    side = int(radius * rng.uniform(2.1, 3))
    sheet = Image.new("L", (side, side), 255)
    draw = ImageDraw.Draw(sheet)
    ends = side / 2 - radius, side / 2 + radius
    draw.ellipse((ends[0], ends[0], ends[1], ends[1]), outline=0, width=max(2, int(radius * rng.uniform(0.01, 0.06))))
    for hour in range(1, 13):
        x, y = (side / 2 + 0.78 * radius * way for way in (np.sin(np.pi * hour / 6), -np.cos(np.pi * hour / 6)))
        draw.text((x, y), str(hour), 0, face, anchor="mm")
    return np.asarray(sheet), " ".join(map(str, range(1, 13)))
