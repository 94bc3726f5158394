"""What pictures are drawn with: hands and pens, paper, light, a camera.

A picture is (H, W, 3) float32 RGB, 0 is black and 1 is white; ink is (H, W) float32, 1 where it covers the paper.
"""

from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
Track = NDArray[np.float64]  # (N, 2) x and y in pixels, about a pixel apart
RGB = tuple[int, int, int]

# The way of the pen, x,y in percent of the digit's height; a point given twice is a corner, a slash lifts the pen.
MOUSE_HAND = {
    "0": "42,4 28,2 14,12 4,38 5,70 20,94 42,95 60,74 62,40 54,16 38,4 22,7",
    "1": "20,14 34,2 34,2 33,35 35,68 33,100",
    "2": "4,24 14,7 34,2 54,13 54,34 38,60 18,82 3,96 3,96 28,93 50,96 68,93",
    "3": "6,12 24,2 46,6 54,22 44,38 22,46 22,46 46,50 60,67 53,88 32,98 12,95 0,85",
    "4": "18,2 12,24 3,56 3,56 34,55 70,57 / 50,26 51,60 48,100",
    "5": "14,6 12,26 9,45 9,45 30,38 52,47 60,68 50,90 26,98 3,90 / 13,5 34,6 62,2",
    "6": "50,3 30,14 12,40 4,70 14,92 36,98 55,84 54,64 36,54 16,62 6,76",
    "7": "2,6 28,7 62,3 62,3 50,30 36,62 28,100",
    "8": "51,13 38,1 18,5 10,20 24,38 48,54 58,76 44,95 20,97 4,80 14,58 40,40 52,27 51,15",
    "9": "56,18 40,3 18,6 4,24 8,44 28,52 48,40 57,18 57,18 57,48 54,75 46,100",
}
PEN_HAND = {
    "0": "38,2 18,9 4,36 3,66 16,93 36,97 54,78 58,44 51,17 37,4 24,8",
    "1 with a long upstroke": "0,52 20,32 44,0 44,0 41,34 36,70 33,100",
    "2 with a loop": "8,22 18,6 38,1 53,14 46,40 24,72 6,90 10,98 22,90 36,88 52,97 72,92",
    "2 with a corner": "6,16 24,1 46,8 48,28 34,54 0,98 0,98 26,95 60,97",
    "3": "10,8 30,0 47,10 42,30 22,44 22,44 44,50 52,70 38,93 14,98 0,86",
    "3 with a flat top": "4,4 26,3 52,2 52,2 36,22 24,40 24,40 46,46 56,66 46,88 22,98 0,90",
    "4 open": "16,0 11,24 2,52 2,52 30,51 66,47 / 49,18 46,54 40,100",
    "4 closed": "44,100 46,62 48,2 48,2 26,34 0,66 0,66 34,66 70,63",
    "5 in one go": "58,2 36,4 16,5 16,5 13,24 10,42 10,42 32,36 54,48 56,72 40,94 16,97 0,88",
    "5": "15,3 12,22 8,43 8,43 30,35 50,46 54,68 38,92 14,98 0,91 / 14,4 34,5 60,0",
    "6": "46,0 25,18 8,46 3,74 14,95 35,97 50,80 44,60 26,56 8,72",
    "7 crossed": "0,10 5,3 28,5 60,2 60,2 46,32 32,64 24,100 / 14,51 34,49 56,46",
    "8": "50,13 36,0 15,6 10,22 26,40 48,58 52,82 34,98 10,92 4,72 20,52 44,34 53,22 50,10",
    "9 with a tail": "50,14 34,0 12,8 2,28 10,46 30,46 46,28 51,10 51,10 53,42 48,78 32,98 12,92",
}


def write(
    strokes: str,
    height: float,
    corner: tuple[float, float],
    rng: Generator,
    joints: float = 0.012,
    tremor: float = 0.003,
) -> list[Track]:
    """The tracks of a digit of this height with its upper left corner there, never twice the same.

    joints, tremor: how far the given points and the hand between them go astray, in shares of the height.
    """
    tracks = []
    for stroke in strokes.split(" / "):
        points = np.array([point.split(",") for point in stroke.split()], np.float64) / 100
        moved = points + rng.normal(0, joints, points.shape)
        corners = np.flatnonzero((points[1:] == points[:-1]).all(1))
        moved[corners + 1] = moved[corners]
        track = cv2.GaussianBlur(curve(moved * height)[:, None], (1, 1 + 2 * int(0.11 * height)), 0)[:, 0]
        unsteady = np.column_stack([smooth(len(track), 0.12 * height, rng) for _ in "xy"])
        tracks.append(track + corner + tremor * height * unsteady)
    return tracks


def curve(points: NDArray[np.float64]) -> Track:
    """A Catmull-Rom curve through points, which bends sharply where a point comes twice."""
    padded = np.vstack((points[:1], points, points[-1:]))
    pieces = []
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        length = float(np.hypot(*(end - start)))
        if not length:
            continue
        t = np.arange(0, 1, 1 / max(2.0, 1.2 * length))[:, None]
        square = 2 * before - 5 * start + 4 * end - after
        cube = -before + 3 * start - 3 * end + after
        pieces.append(start + 0.5 * ((end - before) * t + square * t**2 + cube * t**3))
    return np.vstack((*pieces, points[-1:]))


def straight(start: tuple[float, float], end: tuple[float, float]) -> Track:
    """What a ruler or a printer draws."""
    return np.linspace(start, end, 400)


def pen(size: tuple[int, int], tracks: list[Track], width: float, rng: Generator, lightest: float = 0.65) -> Floats:
    """The ink of a round pen of this width; where the hand presses least, at a stroke's ends, it is `lightest`."""
    fine = 4  # drawn so many times larger, for soft edges
    ink = np.zeros(size, np.float32)
    for track in tracks:
        from_end = np.minimum(np.arange(len(track)), np.arange(len(track))[::-1]) / (2.5 * width)
        hand = 0.75 + 0.25 * smooth(len(track), 12 * width, rng)
        pressure = lightest + (1 - lightest) * (hand * (0.4 + 0.6 * np.minimum(from_end, 1))).clip(0, 1)
        layer = np.zeros((size[0] * fine, size[1] * fine), np.uint8)
        at = (track * fine * 16).round().astype(int)  # in sixteenths, which shift=4 says
        for start, end, pressed in zip(at, at[1:], pressure, strict=False):
            thickness = max(1, round(width * fine * (0.55 + 0.45 * pressed)))
            cv2.line(layer, start.tolist(), end.tolist(), int(255 * pressed), thickness, cv2.LINE_AA, 4)
        small = cv2.resize(layer, size[::-1], interpolation=cv2.INTER_AREA)
        ink = np.asarray(1 - (1 - ink) * (1 - small / np.float32(255)), np.float32)
    return ink


def rub(ink: Floats, depth: float, grain: float, rng: Generator) -> Floats:
    """Ink that the paper's grain takes unevenly, as it takes pencil and chalk; the less, the lighter it is pressed."""
    tooth = depth * (0.5 + 0.5 * noise(ink.shape, (grain, grain), rng)).clip(0, None)
    return np.asarray((ink * (1 - tooth) - 0.4 * tooth * (1 - ink)).clip(0, 1), np.float32)


def paper(size: tuple[int, ...], color: RGB, grain: float, rng: Generator) -> Floats:
    """An even surface with fine grain and a little cloudiness."""
    rough = 1 + grain * (0.8 * noise(size, (0.8, 0.8), rng) + 0.6 * noise(size, (12, 12), rng))
    return np.asarray(rough[:, :, None] * np.array(color, np.float32) / 255, np.float32)


def ruled(size: tuple[int, int], spacing: int, lean: float) -> list[Track]:
    """The lines of squared paper that lies askew; lean: what they climb, as a share of their length."""
    height, width = size
    across_it = [straight((0, y), (width, y + lean * width)) for y in range(-spacing, height, spacing)]
    down_it = [straight((x, 0), (x - lean * height, height)) for x in range(0, width + spacing, spacing)]
    return across_it + down_it


def cover(picture: Floats, ink: Floats, color: RGB, strength: float) -> Floats:
    """Ink of a color on a picture, which shines through by what strength lacks to 1."""
    share = strength * ink[:, :, None]
    return np.asarray(picture * (1 - share) + share * np.array(color, np.float32) / 255, np.float32)


def ramp(size: tuple[int, int], degrees: float, start: float, end: float) -> Floats:
    """Light that changes evenly over the picture: (H, W, 1), a factor."""
    return np.asarray(start + (end - start) * across(size, degrees)[:, :, None], np.float32)


def shadow(size: tuple[int, int], degrees: float, place: float, softness: float, light: float) -> Floats:
    """A soft-edged shadow from `place` (0 to 1) on, that leaves this share of the light: (H, W, 1), a factor."""
    way = (across(size, degrees)[:, :, None] - place) * max(size) / softness
    return np.asarray(1 - (1 - light) / (1 + np.exp(-way.clip(-50, 50))), np.float32)


def across(size: tuple[int, int], degrees: float) -> Floats:
    """(H, W) from 0 to 1 in a direction, clockwise from rightward."""
    y, x = np.mgrid[: size[0], : size[1]]
    way = x * np.cos(np.radians(degrees)) + y * np.sin(np.radians(degrees))
    return np.asarray((way - way.min()) / (way.max() - way.min()), np.float32)


def shot(picture: Floats, blur: float, grain: float, rng: Generator) -> Image.Image:
    """What a camera or scanner makes of a picture: blurred by its lens, with its noise, in 8 bits."""
    seen = cv2.GaussianBlur(picture, (0, 0), blur)
    bright = grain * noise(picture.shape[:2], (0.5, 0.5), rng)[:, :, None]
    color = 0.4 * grain * np.dstack([noise(picture.shape[:2], (1.2, 1.2), rng) for _ in "RGB"])
    return Image.fromarray(to_bytes(seen + bright + color))


def to_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """0 to 1 -> 0 to 255."""
    return np.asarray((values * 255).round().clip(0, 255), np.uint8)


def noise(size: tuple[int, ...], grain: tuple[float, float], rng: Generator) -> Floats:
    """(H, W) of mean 0 and deviation 1, in grains of this width and height in pixels."""
    field = cv2.GaussianBlur(rng.standard_normal(size, np.float32), (0, 0), grain[0], sigmaY=grain[1])
    return np.asarray((field - field.mean()) / field.std(), np.float32)


def smooth(count: int, length: float, rng: Generator) -> NDArray[np.float64]:
    """(count,) values about -2 to 2 that change over about `length` of them."""
    knots = np.arange(0, count + 2 * length, length)
    rough = np.interp(np.arange(count), knots, rng.standard_normal(len(knots)))
    soft = np.hanning(max(3, int(length)))
    return np.convolve(np.pad(rough, len(soft), "edge"), soft / soft.sum(), "same")[len(soft) : len(soft) + count]
