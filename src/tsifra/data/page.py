"""What becomes of a digit until it is a file: paper, light, neighbors, a camera, a format.

Flows in: ink, (H, W) float32, 1 where it covers the paper. Flows out: a gray crop, (H, W) uint8, as people's
programs cut it out. Knows nothing of digits.
"""

from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tsifra.data.strokes import Ink
from tsifra.ink import Gray

_SPOILS = (0.07, 0.06, 0.1, 0.05, 0.1, 0.1, 0.09, 0.09, 0.22, 0.07, 0.05)
"""How often each of the ways in which `spoiled` spoils; a line across is the hardest to see through."""


def photographed(ink: Ink, rng: Generator, neighbor: Ink | None = None) -> Gray:
    """A crop of a page with this ink on it; `neighbor` is what may reach in from a side."""
    layer = _placed(_warped(ink, rng), rng)
    if neighbor is not None:
        _add_neighbor(layer, neighbor, rng)
    return _taken(layer, 0.12, rng)


def windowed(ink: Ink, rng: Generator) -> Gray:
    """A crop of a counter whose window shows this ink, mostly with some of the frame around it."""
    return _taken(_warped(ink, rng, 18), 0.6, rng)


def _taken(layer: Ink, frames: float, rng: Generator) -> Gray:
    """A picture of paper with this layer of ink; frames: the share of pictures with something else around it."""
    height, width = layer.shape
    sheet = _sheet(height, width, rng)
    strength = rng.uniform(0.25, 1.0) if rng.random() < 0.35 else rng.uniform(0.75, 1.0)
    if rng.random() < 0.3:
        _draw_lines(layer, rng)
    if rng.random() < 0.2:  # grain of the paper takes pencil and chalk unevenly
        grain = _noise(layer.shape, rng.uniform(0.4, 1.5), rng)
        layer = np.asarray(layer * (1 - rng.uniform(0.2, 0.6) * np.clip(0.5 + 0.5 * grain, 0, 1)), np.float32)
    inked = rng.uniform(0.0, 0.25) * sheet.mean()
    picture = np.asarray(sheet * (1 - strength * layer) + inked * strength * layer, np.float32)
    if rng.random() < 0.3:
        picture = np.asarray(picture * light(height, width, rng), np.float32)
    if rng.random() < frames:
        picture = framed(picture, rng)
    picture = _seen(picture, rng)
    if rng.random() < 0.35:
        picture = np.asarray(1 - picture, np.float32)
    return _stored(picture, rng)


def spoiled(image: Gray, rng: Generator) -> Gray:
    """A 28×28 picture, ink 255 on 0, as a bad scan or a bad line leaves it; the size stays."""
    picture: NDArray[Any] = image.astype(np.float32) / 255
    side = image.shape[0]
    match int(rng.choice(len(_SPOILS), p=_SPOILS)):
        case 0:
            picture = picture + rng.normal(0, rng.uniform(0.05, 0.35), picture.shape)
        case 1:
            picture = rng.poisson(np.clip(picture + 0.03, 0, 1) * (lam := rng.uniform(4, 40))) / lam
        case 2:
            salt = rng.random(picture.shape)
            share = rng.uniform(0.02, 0.3)
            picture[salt < share / 2], picture[salt > 1 - share / 2] = 0, 1
        case 3:
            picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.6, 1.6))
        case 4:
            picture = _moved(np.asarray(image / 255, np.float32), int(rng.integers(3, 12)), rng)
        case 5:  # fog, or too much light
            fog = cv2.resize(rng.random((5, 5), np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
            picture = picture * rng.uniform(0.3, 0.8) + fog * rng.uniform(0, 0.5) + rng.uniform(0, 0.4)
        case 6:  # a band of the negative
            low, high = np.sort(rng.integers(0, side, 2))
            picture[:, low:high] = 1 - picture[:, low:high]
        case 7:  # drops
            drops = cv2.GaussianBlur(rng.random(picture.shape, np.float32), (0, 0), rng.uniform(0.8, 1.5))
            picture = np.maximum(picture, (drops > np.quantile(drops, rng.uniform(0.9, 0.98))) * rng.uniform(0.4, 1))
        case 8:
            picture = np.maximum(picture, _line_across(side, rng) * rng.uniform(0.5, 1))
        case 9:  # frosted glass
            picture = _scattered(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 0.9)), rng)
            picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 0.9))
        case _:  # outlines
            picture = cv2.Canny(image, 60, 180).astype(np.float32) / 255
    if rng.random() < 0.3:
        picture = _turned(np.asarray(picture, np.float32), rng)
    gray = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return np.asarray(255 - gray if rng.random() < 0.3 else gray, np.uint8)


def _line_across(side: int, rng: Generator) -> Ink:
    """A line from edge to edge, (side, side), 0…1: of dots, or a zigzag, or bent at a few places."""
    start, end = np.array([[0, rng.uniform(0, side)], [side, rng.uniform(0, side)]]) + rng.normal(0, side / 10, (2, 2))
    along = np.linspace(0, 1, int(rng.integers(3, 15)))[:, None]
    points = start + (end - start) * along
    away = np.array([start[1] - end[1], end[0] - start[0]]) / max(1.0, float(np.hypot(*(end - start))))
    line = np.zeros((side, side), np.uint8)
    draw = rng.random()
    if draw < 0.35:
        radius = int(rng.uniform(0.4, 1.0) * 16)
        for x, y in (points * 16).astype(int).tolist():  # in sixteenths, which shift=4 says
            cv2.circle(line, (x, y), radius, 255, -1, cv2.LINE_AA, 4)
    else:
        swings = np.where(np.arange(len(points)) % 2, 1, -1) if draw < 0.8 else rng.normal(0, 2, len(points))
        points = points + away * (swings * rng.uniform(0.5, 2.5))[:, None]
        cv2.polylines(line, [(points * 16).astype(np.int32)], False, 255, int(rng.integers(1, 3)), cv2.LINE_AA, 4)
    line = np.asarray(line.T) if rng.random() < 0.15 else line
    return np.asarray(line / np.float32(255), np.float32)


def _scattered(picture: NDArray[Any], rng: Generator) -> Ink:
    """Each pixel from a place a pixel or so away."""
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    reach = int(rng.integers(1, 3))
    near = [
        np.clip(place + rng.integers(-reach, reach + 1, picture.shape), 0, end - 1)
        for place, end in zip((rows, columns), picture.shape, strict=True)
    ]
    return np.asarray(picture[near[0], near[1]], np.float32)


def _turned(picture: Ink, rng: Generator) -> Ink:
    side = picture.shape[0]
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), rng.normal(0, 15), rng.uniform(0.6, 1.2))
    turn[:, 2] = turn[:, 2] + rng.uniform(-2, 2, 2)
    return np.asarray(cv2.warpAffine(picture, turn, (side, side)), np.float32)


def _warped(ink: Ink, rng: Generator, least: float = 11) -> Ink:
    """The ink as a sheet that does not lie straight shows it, at the height it will have: `least` pixels or more."""
    height = float(np.exp(rng.uniform(np.log(least), np.log(76))))
    rows, columns = ink.shape
    scale = height / max(rows, 0.6 * columns)
    if scale < 0.5:
        ink = np.asarray(cv2.resize(ink, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA), np.float32)
        scale = 0.5
    rows, columns = ink.shape
    angle, shear = np.radians(rng.normal(0, 4)), rng.normal(0, 0.06)
    matrix = scale * np.array([[np.cos(angle), shear - np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[0, 0], [columns, 0], [0, rows], [columns, rows]]) @ matrix.T
    low, high = corners.min(0), corners.max(0)
    size = np.ceil(high - low).astype(int) + 2
    affine = np.column_stack((matrix, 1 - low))
    return np.asarray(cv2.warpAffine(ink, affine, size.tolist()), np.float32)


def _placed(ink: Ink, rng: Generator) -> Ink:
    """The ink with margins: cut out tight, with some air, or a small thing on much paper."""
    rows, columns = ink.shape
    air = rng.choice([0.03, 0.25, 0.6], p=[0.2, 0.6, 0.2])
    top, bottom, left, right = (rng.uniform(0, air, 4) * max(rows, columns) + 1).astype(int)
    if rng.random() < 0.05:  # cut into
        cut = max(1, int(rng.uniform(0, 0.1) * rows))
        ink, top, bottom = (ink[cut:], 0, bottom) if rng.random() < 0.5 else (ink[:-cut], top, 0)
    return np.asarray(cv2.copyMakeBorder(ink, top, bottom, left, right, cv2.BORDER_CONSTANT, value=0), np.float32)


def _add_neighbor(layer: Ink, neighbor: Ink, rng: Generator) -> None:
    """Ink of something else that the crop has cut: a strip of it, at one side.

    Above or below it is the next number of a counter's wheel, beside it what stands next on the line.
    """
    turned = rng.random() < 0.4
    if turned:
        layer, neighbor = layer.T, neighbor.T  # a view: what is drawn there is drawn in the caller's
    height, width = layer.shape
    shape = (max(2, round(neighbor.shape[1] * height * 0.8 / neighbor.shape[0])), max(2, round(height * 0.8)))
    small = cv2.resize(np.ascontiguousarray(neighbor), shape, interpolation=cv2.INTER_AREA)
    strip = min(max(1, int(rng.uniform(0.03, 0.22 if turned else 0.16) * width)), small.shape[1], width)
    top = int(rng.integers(0, height - small.shape[0] + 1))
    rows = slice(top, top + small.shape[0])
    if rng.random() < 0.5:
        layer[rows, :strip] = np.maximum(layer[rows, :strip], small[:, -strip:])
    else:
        layer[rows, width - strip :] = np.maximum(layer[rows, width - strip :], small[:, :strip])


def _draw_lines(layer: Ink, rng: Generator) -> None:
    """Remains of the box that a form or a table draws around a digit, at one to four sides, hardly ever straight."""
    height, width = layer.shape
    lines = np.zeros((height, width), np.uint8)
    thick = max(1, round(rng.uniform(0.01, 0.06) * height))
    lean = rng.normal(0, 0.02)
    for side in rng.permutation(4)[: int(rng.integers(1, 5))]:
        inset = rng.uniform(-0.02, 0.07)
        along = height if side < 2 else width
        across = (width if side < 2 else height) * (inset if side % 2 else 1 - inset)
        start, end = np.array([across, -2]), np.array([across + lean * along, along + 2])
        if side >= 2:
            start, end = start[::-1], end[::-1]
        cv2.line(lines, start.astype(int).tolist(), end.astype(int).tolist(), 255, thick, cv2.LINE_AA)
    np.maximum(layer, lines * np.float32(rng.uniform(0.4, 1) / 255), out=layer)


def _sheet(height: int, width: int, rng: Generator) -> Ink:
    """Paper: (H, W), 0…1, with grain, cloudiness and perhaps faint rules."""
    sheet = np.full((height, width), rng.uniform(0.45, 1.0), np.float32)
    if rng.random() < 0.5:
        sheet *= 1 + rng.uniform(0, 0.05) * _noise(sheet.shape, rng.uniform(0.3, 8), rng)
    if rng.random() < 0.12:
        step = max(4, int(rng.uniform(0.15, 0.6) * height))
        light = 1 - rng.uniform(0.05, 0.25)
        sheet[int(rng.integers(step)) :: step] *= light
        if rng.random() < 0.5:
            sheet[:, int(rng.integers(step)) :: step] *= light
    return sheet


def light(height: int, width: int, rng: Generator) -> Ink:
    """A factor: light that falls from a side, or the edge of a shadow."""
    angle = rng.uniform(0, 2 * np.pi)
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
    way = x[None] * np.float32(np.cos(angle)) + y[:, None] * np.float32(np.sin(angle))
    draw = rng.random()
    if draw < 0.5:
        return np.asarray(1 + rng.uniform(0, 0.35) * way, np.float32)
    if draw < 0.6:  # a lamp in glass
        far = (x[None] - np.float32(rng.uniform(-1, 1))) ** 2 + (y[:, None] - np.float32(rng.uniform(-1, 1))) ** 2
        return np.asarray(1 + rng.uniform(0.2, 1) * np.exp(-far / (2 * rng.uniform(0.1, 0.5) ** 2)), np.float32)
    if draw < 0.8:  # a cylinder, such as a counter's wheel
        return np.asarray(1 - rng.uniform(0.1, 0.5) * y[:, None] ** 2 + 0 * x[None], np.float32)
    edge = 1 / (1 + np.exp((way - rng.uniform(-0.7, 0.7)) * rng.uniform(3, 20)))
    return np.asarray(1 - rng.uniform(0.2, 0.5) * edge, np.float32)


def framed(picture: Ink, rng: Generator) -> Ink:
    """With what is around it of another tone, at one to four sides: a counter's window, a label on something.

    Larger than what comes in, and turned by some degrees.
    """
    height, width = picture.shape
    sides = (rng.uniform(0.02, 0.25, 4) * np.repeat([height, width], 2)).astype(int) + 1
    sides[rng.permutation(4)[: int(rng.choice(4, p=(0.5, 0.2, 0.15, 0.15)))]] = 0
    size = (width + int(sides[2:].sum()), height + int(sides[:2].sum()))
    turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), rng.normal(0, 2), 1)
    turn[:, 2] += turn[:, :2] @ (sides[2], sides[0])
    around = np.full(size[::-1], rng.uniform(0, 1), np.float32)
    cv2.warpAffine(picture, turn, size, around, borderMode=cv2.BORDER_TRANSPARENT)
    return around


def _seen(picture: Ink, rng: Generator) -> Ink:
    """Blurred by a lens or a hand, with the noise of a sensor."""
    height = picture.shape[0]
    if rng.random() < 0.6:
        blurred = cv2.GaussianBlur(picture, (0, 0), max(0.3, rng.uniform(0, 0.02) * height))
        picture = np.asarray(blurred, np.float32)
    elif rng.random() < 0.15:
        picture = _moved(picture, max(3, int(rng.uniform(0.04, 0.12) * height)), rng)
    if rng.random() < 0.5:
        noise = rng.standard_normal(picture.shape, np.float32)
        picture = np.asarray(picture + rng.uniform(0, 0.06) * noise, np.float32)
    return picture


def _moved(picture: Ink, length: int, rng: Generator) -> Ink:
    """Smeared along a line of so many pixels."""
    kernel = np.zeros((length, length), np.float32)
    turn = rng.uniform(0, np.pi)
    reach = np.array([np.cos(turn), np.sin(turn)]) * (length - 1) / 2
    middle = (length - 1) / 2
    cv2.line(kernel, (middle - reach).round().astype(int).tolist(), (middle + reach).round().astype(int).tolist(), 1)
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.float32)


def _stored(picture: Ink, rng: Generator) -> Gray:
    """8 bits; sometimes JPEG, black and white alone, or too few pixels."""
    gray = np.asarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    if min(gray.shape) > 8 and rng.random() < 0.3:
        _, data = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 95))])
        gray = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    if min(gray.shape) > 8 and rng.random() < 0.15:
        level, _ = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        level += rng.uniform(-0.25, 0.25) * min(level, 255 - level)
        gray = np.asarray(cv2.threshold(gray, level, 255, cv2.THRESH_BINARY)[1], np.uint8)
    if rng.random() < 0.2:
        scale = rng.uniform(1.2, 3.0)
        way = cv2.INTER_NEAREST if rng.random() < 0.3 else cv2.INTER_LINEAR
        gray = np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=way), np.uint8)
    return np.ascontiguousarray(gray)


def _noise(shape: tuple[int, ...], grain: float, rng: Generator) -> Ink:
    """(H, W) of mean 0 and deviation about 1, in grains of this size in pixels."""
    field = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), (0, 0), grain)
    return np.asarray(field / (field.std() + 1e-6), np.float32)
