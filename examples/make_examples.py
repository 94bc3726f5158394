"""Draw the example pictures of this folder: `python examples/make_examples.py`; with a folder named, draw there.

0.png to 9.png are what somebody draws with a mouse in a paint program; harder/ holds photographs, scans and odd
files, pages/ sheets with many digits. Each picture has a generator of random numbers of its own, so that one can be
changed and the others stay; with the same versions of the libraries the files come out the same, byte for byte.
Knows nothing of the reader, and is not tuned to it.
"""

import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from materials import (
    MOUSE_HAND,
    PEN_HAND,
    Track,
    cover,
    noise,
    paper,
    pen,
    ramp,
    rub,
    ruled,
    shadow,
    shot,
    straight,
    to_bytes,
    write,
)
from numpy.random import Generator
from PIL import Image


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


def sudoku(rng: Generator) -> Image.Image:
    """A printed grid that somebody has filled in with a ballpoint, photographed from the side."""
    rows = (
        "53..7....",
        "6..195...",
        ".98....6.",
        "8...6...3",
        "4..8.3..1",
        "7...2...6",
        ".6....28.",
        "...419..5",
        "....8..79",
    )
    cell, edge = 56, 40
    size = (9 * cell + 2 * edge,) * 2
    far = size[0] - edge
    thin, thick = (
        [
            line
            for at in range(edge, far + 1, step)
            for line in (straight((edge, at), (far, at)), straight((at, edge), (at, far)))
        ]
        for step in (cell, 3 * cell)
    )
    sheet = cover(paper(size, (243, 241, 234), 0.008, rng), pen(size, thin, 1.4, rng, lightest=1), (60, 58, 60), 0.9)
    sheet = cover(sheet, pen(size, thick, 3.4, rng, lightest=1), (40, 38, 40), 0.95)
    tracks = [
        track
        for row, digits in enumerate(rows)
        for column, digit in enumerate(digits)
        if digit != "."
        for track in by_pen(digit, 34, (edge + (column + 0.32) * cell, edge + (row + 0.2) * cell), rng)
    ]
    ink = rub(pen(size, tracks, 3.2, rng, lightest=0.8), 0.1, 0.7, rng)
    sheet = cover(sheet, ink, (36, 52, 138), 0.93) * ramp(size, 40, 1.0, 0.72)
    corners = np.array([[0, 0], [size[1], 0], [size[1], size[0]], [0, size[0]]], np.float32)
    seen = np.array([[62, 18], [600, 44], [632, 622], [22, 586]], np.float32)
    turn = cv2.getPerspectiveTransform(corners, seen)
    table = cover(paper((650, 660), (122, 88, 62), 0.06, rng), np.zeros((650, 660), np.float32), (0, 0, 0), 1)
    cv2.warpPerspective(sheet, turn, (660, 650), table, cv2.INTER_AREA, cv2.BORDER_TRANSPARENT)
    return shot(table, 0.7, 0.008, rng)


def sums(rng: Generator) -> Image.Image:
    """Amounts that somebody has written down on ruled paper."""
    size = (360, 420)
    rules = [straight((0, y), (420, y + 3)) for y in range(50, 360, 62)]
    sheet = cover(paper(size, (247, 246, 240), 0.008, rng), pen(size, rules, 1.2, rng, 0.9), (150, 175, 208), 0.8)
    tracks = [
        track
        for line, digits in enumerate(("2480", "715", "60393", "1827", "65415"))
        for place, digit in enumerate(reversed(digits))
        for track in by_pen(digit, 36, (320 - 44 * place, 14 + 62 * line), rng)
    ]
    ink = rub(pen(size, tracks, 3.6, rng, lightest=0.75), 0.12, 0.7, rng)
    return shot(cover(sheet, ink, (28, 30, 40), 0.93) * ramp(size, 200, 1.0, 0.85), 0.6, 0.006, rng)


def by_pen(digit: str, height: float, corner: tuple[float, float], rng: Generator) -> list[Track]:
    """One of the ways in which the hand with a pen writes a digit."""
    ways = [strokes for name, strokes in PEN_HAND.items() if name[0] == digit]
    return write(ways[int(rng.integers(len(ways)))], height * rng.uniform(0.92, 1.08), corner, rng)


PAGES = {"sudoku.jpg": sudoku, "sums.png": sums}


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
    folder.mkdir(parents=True, exist_ok=True)
    for digit in MOUSE_HAND:
        save(draw_by_mouse(digit, np.random.default_rng(int(digit))), folder / f"{digit}.png")
    for below, pictures in (("harder", HARDER), ("pages", PAGES)):
        (folder / below).mkdir(exist_ok=True)
        for name, draw in pictures.items():
            save(draw(np.random.default_rng(zlib.crc32(name.encode()))), folder / below / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
