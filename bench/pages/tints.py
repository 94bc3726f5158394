"""Pages with a number under a marker, in a colored cell, selected, or on a badge, among others on plain paper."""

from itertools import pairwise

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from tsifra.data.digits import Sources, by_hand
from tsifra.data.strokes import Ink

KINDS = ("marker", "cell", "selected", "badges")
MARKERS = ((255, 240, 60), (120, 240, 120), (255, 130, 190), (255, 170, 60), (110, 190, 255))
CELLS = (*MARKERS, (200, 200, 200), (40, 70, 160), (200, 30, 30))
BADGES = ((220, 30, 40), (30, 110, 220), (20, 150, 70), (60, 60, 60), (240, 120, 20))
INK, WHITE = (20, 20, 30), (255, 255, 255)
SMOOTH = 4  # times as large as a badge is drawn


def tinted(kind: str, kept: Sources, plain: list[str], rng: Generator) -> tuple[np.ndarray, str]:
    """A page of a kind, (H, W, 3) uint8, and its lines. plain: files of plain faces."""
    if kind == "badges":
        return badges(plain, rng)
    width = int(rng.integers(600, 1200))
    page = np.full(
        (int(width * rng.uniform(0.5, 1)), width, 3), 255 if kind != "marker" else rng.uniform(225, 255), float
    )
    size, count, lines, top = int(rng.uniform(20, 46)), int(rng.integers(3, 7)), [], 0.08 * len(page)
    face = ImageFont.truetype(plain[int(rng.integers(len(plain)))], size)
    is_by_hand = kind == "marker" and rng.random() < 0.5
    for at, marked in enumerate(np.arange(count) == rng.integers(count)):
        number = "".join(map(str, rng.integers(0, 10, int(rng.integers(2, 6)))))
        ink = hand(number, size, kept, rng) if is_by_hand else type_of(number, face)
        high, wide = ink.shape
        if at and top + 1.3 * high > len(page):
            break
        y, x = int(top), int(rng.uniform(0.05 * width, max(0.06 * width, 0.9 * width - wide)))
        color = INK
        if marked:
            room = int(high * rng.uniform(0.1, 0.4))
            here = page[max(0, y - room // 2) : y + high + room // 2, max(0, x - room) : x + wide + room]
            tint = np.array(MARKERS[int(rng.integers(5))] if kind == "marker" else CELLS[int(rng.integers(8))])
            if kind == "selected":
                tint = np.array((0, rng.uniform(90, 130), rng.uniform(200, 220)))
            here[:] = here * tint / 255
            color = WHITE if kind == "selected" or tint.mean() < 100 else INK
        part = page[y : y + high, x : x + wide]
        part += (np.array(color) - part) * ink[: len(part), : part.shape[1], None]
        lines.append(number)
        top += high * rng.uniform(1.4, 2)
    if kind == "marker":
        page = cv2.GaussianBlur(page, (0, 0), 0.7) + rng.normal(0, 3, page.shape)
    return page.clip(0, 255).astype(np.uint8), "\n".join(lines)


def badges(plain: list[str], rng: Generator) -> tuple[np.ndarray, str]:
    """One to three badges of one or two digits in a row, beside icons or not, on a light or a dark screen."""
    width, height = int(rng.integers(200, 600)), int(rng.integers(150, 400))
    tone = tuple(rng.integers(200, 255, 3).tolist() if rng.random() < 0.7 else rng.integers(10, 60, 3).tolist())
    screen = Image.new("RGB", (SMOOTH * width, SMOOTH * height), tone)
    draw = ImageDraw.Draw(screen)
    radius = int(rng.uniform(10, min(width, height) / 5))
    lefts = np.cumsum([rng.uniform(2, 4), *rng.uniform(5, 7, int(rng.integers(1, 4)))]) * radius
    has_icons = rng.random() < 0.6
    numbers: list[str] = []
    for left, after in pairwise(lefts):
        if numbers and after > width:
            break
        x, y, r = (SMOOTH * value for value in (left + radius, height / 2, radius))
        if has_icons:
            draw.rounded_rectangle((x - 2.2 * r, y - 0.2 * r, x + 0.2 * r, y + 2.2 * r), 0.4 * r, (150, 150, 160))
        draw.ellipse((x - r, y - r, x + r, y + r), BADGES[int(rng.integers(5))])
        number = "".join(map(str, rng.integers(0, 10, int(rng.integers(1, 3)))))
        face = ImageFont.truetype(plain[int(rng.integers(len(plain)))], int(r * (1.3 if len(number) == 1 else 1)))
        draw.text((x, y), number, WHITE, face, anchor="mm")
        numbers.append(number)
    return np.asarray(screen.resize((width, height), Image.Resampling.LANCZOS)), " ".join(numbers)


def hand(number: str, size: int, kept: Sources, rng: Generator) -> Ink:
    """A number by hand, digits of nearly one height."""
    parts = []
    for label in number:
        ink = by_hand(int(label), kept, rng)
        high = int(size * rng.uniform(0.85, 1))
        wide = min(max(3, round(ink.shape[1] * high / len(ink))), round(1.1 * high))
        part = np.zeros((size, wide + int(size * rng.uniform(0.15, 0.3))), np.float32)
        below = (size - high) // 2
        part[below : below + high, :wide] = cv2.resize(ink, (wide, high), interpolation=cv2.INTER_AREA)
        parts.append(part)
    return np.concatenate(parts, 1)


def type_of(number: str, face: ImageFont.FreeTypeFont) -> Ink:
    """A typed number in its line's height."""
    image = Image.new("L", (int(face.getlength(number)) + 4, int(1.3 * face.size)))
    ImageDraw.Draw(image).text((2, 0), number, 255, face)
    return np.asarray(np.asarray(image) / np.float32(255), np.float32)
