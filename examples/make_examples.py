"""Draw the example pictures of this folder: `python examples/make_examples.py`; with a folder named, draw there.

0.png to 9.png are what somebody draws with a mouse in a paint program; harder/ holds photographs, scans and odd
files. Each picture has a generator of random numbers of its own, so that one can be changed and the others stay;
with the same versions of the libraries the files come out the same, byte for byte.
A picture is (H, W, 3) float32 RGB, 0 is black and 1 is white; ink is (H, W) float32, 1 where it covers the paper.
Knows nothing of the reader, and is not tuned to it.
"""

import sys
import zlib
from collections.abc import Callable
from pathlib import Path
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


def draw_by_mouse(digit: str, rng: Generator) -> Image.Image:
    """A black brush on a white canvas; the mouse is looked at every few pixels, and the hand is none too sure."""
    height = rng.uniform(115, 150)
    left, top = 100 - 0.32 * height + rng.uniform(-14, 14), 100 - 0.5 * height + rng.uniform(-10, 10)
    canvas = np.full((200, 200), 255, np.uint8)
    brush = int(rng.integers(8, 15))
    for track in write(MOUSE_HAND[digit], height, (left, top), rng, joints=0.016, tremor=0.006):
        seen = np.vstack((track[::7], track[-1:])).round().astype(np.int32)
        cv2.polylines(canvas, [seen], False, 0, brush, cv2.LINE_AA)
    return Image.fromarray(np.dstack((canvas,) * 3))


def pencil_shadow(rng: Generator) -> Image.Image:
    """A faint pencil on cream paper, half of it in the shadow of the hand that holds the phone."""
    size = (340, 300)
    tracks = write(PEN_HAND["7 crossed"], 190, (85, 70), rng)
    ink = rub(pen(size, tracks, 5.0, rng, lightest=0.5), 0.5, 0.8, rng)
    sheet = cover(paper(size, (246, 236, 208), 0.02, rng), ink, (112, 110, 108), 0.6)
    lit = sheet * ramp(size, 65, 1.0, 0.78) * shadow(size, 130, 0.52, 14, 0.6)
    return shot(lit, 0.8, 0.008, rng)


def ballpoint_squared(rng: Generator) -> Image.Image:
    """A blue ballpoint on squared paper, the sheet lying not quite straight."""
    size = (300, 280)
    sheet = paper(size, (244, 243, 236), 0.012, rng)
    rules = pen(size, ruled(size, spacing=38, lean=0.03), 1.3, rng, lightest=0.9)
    sheet = cover(sheet, rules, (150, 178, 205), 0.8)
    tracks = write(PEN_HAND["4 open"], 168, (82, 68), rng)
    ink = rub(pen(size, tracks, 5.2, rng, lightest=0.7), 0.18, 0.7, rng)
    return shot(cover(sheet, ink, (34, 52, 142), 0.93) * ramp(size, 20, 0.98, 0.86), 0.7, 0.008, rng)


def chalk(rng: Generator) -> Image.Image:
    """White chalk on a wiped blackboard, lit by a window on the left."""
    size = (360, 330)
    board = paper(size, (47, 60, 54), 0.05, rng)
    board = cover(board, np.clip(0.5 + 0.3 * noise(size, (28, 9), rng), 0, 1), (150, 158, 152), 0.25)
    tracks = write(PEN_HAND["5"], 215, (100, 70), rng)
    ink = rub(pen(size, tracks, 15, rng, lightest=0.75), 0.75, 0.9, rng)
    return shot(cover(board, ink, (238, 238, 230), 0.92) * ramp(size, 10, 1.05, 0.5), 0.7, 0.012, rng)


def red_on_green(rng: Generator) -> Image.Image:
    """A red pen on green paper; in the gray that cameras and most programs make of it, both are 118."""
    size = (190, 170)
    tracks = write(PEN_HAND["3 with a flat top"], 118, (50, 36), rng)
    ink = rub(pen(size, tracks, 7.5, rng, lightest=0.85), 0.12, 0.8, rng)
    return shot(cover(paper(size, (84, 144, 77), 0.02, rng), ink, (222, 71, 88), 0.96), 0.6, 0.004, rng)


def small_on_sheet(rng: Generator) -> Image.Image:
    """A whole sheet photographed for one small digit in its corner."""
    size = (900, 1200)
    sheet = paper(size, (240, 238, 230), 0.006, rng)
    tracks = write(PEN_HAND["2 with a loop"], 62, (1052, 88), rng)
    sheet = cover(sheet, rub(pen(size, tracks, 3.8, rng), 0.15, 0.7, rng), (30, 31, 44), 0.92)
    lit = sheet * ramp(size, 215, 1.0, 0.72) * shadow(size, 30, 0.5, 260, 0.88)
    return shot(lit, 0.8, 0.007, rng)


def cut_tight(rng: Generator) -> Image.Image:
    """A digit that somebody's program cut out to the last pixel."""
    size = (220, 200)
    tracks = write(PEN_HAND["9 with a tail"], 150, (50, 35), rng)
    ink = pen(size, tracks, 8.5, rng, lightest=0.8)
    y, x = np.nonzero(ink > 0.3)
    scan = shot(cover(paper(size, (250, 250, 248), 0.006, rng), ink, (22, 22, 26), 0.95), 0.7, 0.005, rng)
    return scan.crop((int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1)).convert("L")


def box_lines(rng: Generator) -> Image.Image:
    """A cell of a scanned form, cut out so that its left and its lower line were left in."""
    size = (170, 140)
    frame = pen(size, [straight((7, 0), (5, 170)), straight((0, 161), (140, 163))], 3.2, rng, lightest=0.97)
    sheet = cover(paper(size, (252, 252, 250), 0.006, rng), frame, (48, 48, 48), 0.85)
    ink = pen(size, write(PEN_HAND["8"], 112, (42, 26), rng), 6.0, rng, lightest=0.75)
    return shot(cover(sheet, rub(ink, 0.12, 0.7, rng), (26, 30, 66), 0.93), 0.6, 0.006, rng)


def transparent(rng: Generator) -> Image.Image:
    """A stylus' light ink from a note in dark mode, exported without its background."""
    size = (240, 200)
    ink = pen(size, write(PEN_HAND["6"], 165, (58, 36), rng), 9.0, rng, lightest=0.5)
    color = np.full((*size, 3), (250, 240, 200), np.uint8)
    return Image.fromarray(np.dstack((color, to_bytes(2 * ink))))  # as opaque where it is thin


def long_upstroke(rng: Generator) -> Image.Image:
    """A 1 as children of half of Europe learn it, with a fountain pen."""
    size = (230, 200)
    ink = pen(size, write(PEN_HAND["1 with a long upstroke"], 160, (62, 34), rng), 7.0, rng, lightest=0.55)
    sheet = paper(size, (249, 248, 243), 0.008, rng)
    return shot(cover(sheet, ink, (28, 36, 92), 0.95) * ramp(size, 80, 1.0, 0.93), 0.6, 0.005, rng)


def low_light(rng: Generator) -> Image.Image:
    """A felt-tip pen in a dark room: little light, a slow lens, a camera that amplifies its noise."""
    size = (320, 300)
    ink = pen(size, write(PEN_HAND["0"], 180, (95, 68), rng), 10, rng, lightest=0.85)
    sheet = cover(paper(size, (235, 226, 205), 0.012, rng), ink, (40, 38, 44), 0.92)
    return shot(sheet * 0.34 * ramp(size, 150, 1.05, 0.62), 1.5, 0.05, rng)


def deep_gray(rng: Generator) -> Image.Image:
    """A scanner's 16 bits a pixel, of which it measures the upper 12."""
    size = (200, 160)
    ink = rub(pen(size, write(PEN_HAND["2 with a corner"], 130, (48, 34), rng), 5.5, rng), 0.35, 0.8, rng)
    sheet = cover(paper(size, (236, 236, 236), 0.008, rng), ink, (70, 70, 70), 0.9)[:, :, 0]
    measured = cv2.GaussianBlur(sheet, (0, 0), 0.6) + 0.003 * rng.standard_normal(size)
    return Image.fromarray((measured.clip(0, 1) * 4095).astype(np.uint16) * 16)


def turned(rng: Generator) -> Image.Image:
    """Lies on its side in the file, as the phone was held; its EXIF says how to turn it (see `save`)."""
    size = (320, 260)
    ink = pen(size, write(PEN_HAND["4 closed"], 185, (66, 66), rng), 8.5, rng, lightest=0.8)
    sheet = cover(paper(size, (240, 236, 226), 0.012, rng), ink, (32, 32, 36), 0.93)
    upright = shot(sheet * ramp(size, 250, 1.0, 0.8), 0.8, 0.01, rng)
    return upright.transpose(Image.Transpose.ROTATE_90)


def tiny(rng: Generator) -> Image.Image:
    """10×14 pixels, such as a thumbnail leaves."""
    ink = pen((140, 100), write(PEN_HAND["3"], 104, (26, 18), rng), 13, rng, lightest=0.9)
    sheet = cover(paper((140, 100), (250, 250, 250), 0.01, rng), ink, (30, 30, 30), 0.95)
    return Image.fromarray(to_bytes(cv2.resize(sheet[:, :, 0], (10, 14), interpolation=cv2.INTER_AREA)))


def thin_pen(rng: Generator) -> Image.Image:
    """One big digit over a page, with a pen that is 200 times thinner than the digit is high."""
    size = (2000, 1500)
    sheet = paper(size, (243, 242, 238), 0.004, rng)
    ink = pen(size, write(PEN_HAND["5 in one go"], 1240, (390, 370), rng), 6.2, rng)
    lit = cover(sheet, rub(ink, 0.2, 0.9, rng), (36, 38, 52), 0.9) * ramp(size, 60, 1.0, 0.84)
    return shot(lit, 1.0, 0.004, rng)


HARDER: dict[str, Callable[[Generator], Image.Image]] = {
    "0-low-light.jpg": low_light,
    "1-long-upstroke.png": long_upstroke,
    "2-16-bit.tif": deep_gray,
    "2-small-on-sheet.jpg": small_on_sheet,
    "3-red-on-green.png": red_on_green,
    "3-tiny.png": tiny,
    "4-ballpoint-squared.jpg": ballpoint_squared,
    "4-turned-by-exif.jpg": turned,
    "5-chalk.jpg": chalk,
    "5-thin-pen.jpg": thin_pen,
    "6-transparent.png": transparent,
    "7-pencil-shadow.jpg": pencil_shadow,
    "8-box-lines.png": box_lines,
    "9-cut-tight.png": cut_tight,
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


def save(image: Image.Image, path: Path) -> None:
    """Small, and in the format that the name says."""
    if path.suffix == ".jpg":
        exif = Image.Exif()
        if "exif" in path.stem:
            exif[0x0112] = 6  # orientation: to be turned by 90° clockwise
        image.save(path, quality=80, optimize=True, exif=exif)
    elif path.suffix == ".tif":
        image.save(path, compression="tiff_adobe_deflate")
    else:
        image.save(path, optimize=True)


def main(folder: Path) -> None:
    """Draw them all."""
    (folder / "harder").mkdir(parents=True, exist_ok=True)
    for digit in MOUSE_HAND:
        save(draw_by_mouse(digit, np.random.default_rng(int(digit))), folder / f"{digit}.png")
    for name, draw in HARDER.items():
        save(draw(np.random.default_rng(zlib.crc32(name.encode()))), folder / "harder" / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
