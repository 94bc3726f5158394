"""Accuracy on drawn photographs of one digit by hand on a sheet that lies on a table, or on a board; see README.md.

python bench/read/sheets.py [--data DIR] [--fonts DIR] [--model DIR]
"""

from typing import Any

import cv2
import numpy as np
from held_back import asked
from numpy.random import Generator
from numpy.typing import NDArray

from tsifra import Reading
from tsifra.data.digits import by_hand
from tsifra.data.strokes import Ink
from tsifra.ink import Gray

SEED = 7
COUNT = 200  # of each
TABLES = {  # tone, 0…1, how far grain and marks differ from it
    "dark": (0.2, 0.05),
    "wood": (0.4, 0.08),
    "planks": (0.45, 0.06),
    "gray": (0.6, 0.04),
    "checked cloth": (0.55, 0.03),
    "light": (0.8, 0.03),
    "dark, a pen beside": (0.2, 0.05),
}
FAR = {"wood, a sheet far away": (0.4, 0.08), "gray, a sheet far away": (0.6, 0.04)}
BOARDS = {"board": 0, "board, a lamp's light": 1, "board, two lamps' light": 2}  # spots that lamps throw on it
Floats = NDArray[Any]  # of 0…1


def main() -> None:
    kept, reader = asked(__doc__)
    for number, name in enumerate((*TABLES, *BOARDS, *FAR)):
        rng = np.random.default_rng([SEED, number])
        labels = rng.integers(0, 10, COUNT).tolist()
        draw = board if name in BOARDS else photograph
        pictures = [draw(by_hand(label, kept, rng), name, rng) for label in labels]
        for one in (True, False):
            said = [reading for reading in reader.read_many(pictures, one=one) if isinstance(reading, Reading)]
            right = np.array([reading.text == str(label) for reading, label in zip(said, labels, strict=True)])
            ok = np.array([reading.status == "ok" for reading in said])
            print(
                f"{name}, {'one digit' if one else 'any picture'}: {right.mean():.1%} right, {ok.mean():.1%} ok, "
                f"{(ok & ~right).sum()} of those wrong"
            )


def photograph(ink: Ink, name: str, rng: Generator) -> Gray:
    """A table with a sheet with this ink, (H, W) uint8, from above, a little askew, in uneven light."""
    width, height = (int(side) for side in rng.uniform(400, 900, 2))
    sheet = written(ink, (int(height * rng.uniform(0.4, 1.15)), int(width * rng.uniform(0.4, 1.15))), rng)
    if name in FAR:
        width, height = 3 * width, 3 * height
    picture = table(name, (height, width), rng)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * (sheet.shape[1], sheet.shape[0])
    lean = np.radians(rng.normal(0, 5))
    turn = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]])
    placed = (corners - corners.mean(0)) @ turn + rng.normal(0, 0.02, (4, 2)) * sheet.shape[1]
    placed += np.array([width, height]) * rng.uniform(0.45, 0.55, 2)
    view = cv2.getPerspectiveTransform(corners.astype(np.float32), placed.astype(np.float32))
    cv2.warpPerspective(sheet, view, (width, height), picture, cv2.INTER_AREA, cv2.BORDER_TRANSPARENT)
    return seen(picture * light((height, width), rng), rng)


def board(ink: Ink, name: str, rng: Generator) -> Gray:
    """A white board with this ink, (H, W) uint8, in uneven light, and where lamps shine on it."""
    width, height = (int(side) for side in rng.uniform(400, 900, 2))
    picture = np.full((height, width), rng.uniform(0.6, 0.9), np.float32)
    put(ink, picture, rng.uniform(0.08, 0.5) * min(height, width), rng)
    picture = picture * light((height, width), rng)
    y, x = np.mgrid[:height, :width]
    for _ in range(BOARDS[name]):
        (at, reach), (down, deep) = ((rng.uniform(0, 1), rng.uniform(0.05, 0.2)) for _ in range(2))
        spot = ((x / width - at) / reach) ** 2 + ((y / height - down) / deep) ** 2
        picture += rng.uniform(0.3, 0.8) * np.exp(-spot)
    return seen(picture, rng)


def light(size: tuple[int, int], rng: Generator) -> Floats:
    """What the picture is to be multiplied by: light that falls off to one side."""
    y, x = np.mgrid[: size[0], : size[1]] / max(size)
    way = rng.uniform(0, 2 * np.pi)
    return np.asarray(1 - rng.uniform(0, 0.35) * (0.5 + 0.5 * (x * np.cos(way) + y * np.sin(way))))


def seen(picture: Floats, rng: Generator) -> Gray:
    """As a camera gives it: blurred, with noise, as JPEG."""
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.6)) + rng.normal(0, 0.012, picture.shape)
    _, data = cv2.imencode(".jpg", tones(picture), [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 95))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def written(ink: Ink, size: tuple[int, int], rng: Generator) -> Floats:
    """A sheet of this height and width, plain, ruled or squared, with the ink somewhere on it."""
    height, width = size
    sheet = np.full(size, rng.uniform(0.88, 0.98), np.float32) + rng.normal(0, 0.008, size)
    if rng.random() < 0.3:
        step, squared = int(rng.uniform(18, 40)), rng.random() < 0.5
        sheet[int(rng.integers(step)) :: step] *= 0.85
        if squared:
            sheet[:, int(rng.integers(step)) :: step] *= 0.85
    put(ink, sheet, rng.uniform(0.12, 0.6) * min(height, width), rng)
    return np.asarray(sheet, np.float32)


def put(ink: Ink, sheet: Floats, high: float, rng: Generator) -> None:
    """Ink somewhere on a sheet, brought to a height."""
    small = cv2.resize(ink, None, fx=high / ink.shape[0], fy=high / ink.shape[0], interpolation=cv2.INTER_AREA)
    room = [max(1, int(whole - part)) for whole, part in zip(sheet.shape, small.shape, strict=True)]
    top, left = (int(free * rng.uniform(0.2, 0.8)) for free in room)
    place = sheet[top : top + small.shape[0], left : left + small.shape[1]]
    place *= 1 - rng.uniform(0.6, 0.9) * small[: place.shape[0], : place.shape[1]]


def table(name: str, size: tuple[int, int], rng: Generator) -> Floats:
    """What the sheet lies on."""
    tone, grain = (TABLES | FAR)[name]
    height, width = size
    long = cv2.GaussianBlur(rng.standard_normal(size, np.float32), (0, 0), 20, sigmaY=1.5)
    ground = tone * (1 + grain * (0.5 * rng.standard_normal(size, np.float32) + long / long.std()))
    if name == "planks":
        ground[:: int(rng.uniform(60, 140))] *= 0.5
    if name == "checked cloth":
        side = int(rng.uniform(30, 70))
        y, x = np.mgrid[:height, :width] // side % 2
        ground *= 1 + 0.25 * (x + y - 1)
    if name.endswith("pen beside"):
        y = int(height * rng.uniform(0.2, 0.8))
        cv2.line(ground, (0, y), (int(0.25 * width), y + int(rng.normal(0, 60))), float(rng.uniform(0.5, 1)), 14)
    return np.asarray(ground, np.float32)


def tones(picture: Floats) -> Gray:
    return np.asarray((picture.clip(0, 1) * 255).round(), np.uint8)


if __name__ == "__main__":
    main()
