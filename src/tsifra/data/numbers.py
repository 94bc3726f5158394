"""Pages of numbers made to measure with: digits of hands, fonts and MNIST among letters, lines and stains.

Flows in: Sources and a generator of random numbers. Flows out: Pages: a gray page, (H, W) uint8, with the label and
box of each digit on it. Nothing is trained on them; a figure names VERSION, which changes with what is drawn.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tsifra.data.digits import Sources, by_hand, enlarged
from tsifra.data.page import light
from tsifra.data.strokes import Ink, scribble
from tsifra.data.type import Face
from tsifra.ink import Gray
from tsifra.reading import BBox

VERSION = 2

_WORDS = "Herr Frau kg Preis Summe total Konto Name Datum Menge page about number from with your Tag and the of it"

_Draw = Callable[[str], Ink]


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """gray: (H, W) uint8. digits: label and box of each, in no order."""

    gray: Gray
    digits: tuple[tuple[str, BBox], ...]


def page_of_numbers(sources: Sources, rng: Generator) -> Page:
    """Draw a page: one hand or face, digits of 14 pixels to a sixth of the page, in lines, columns or scattered."""
    width, height = (int(side) for side in rng.integers(500, 1500, 2))
    size = float(np.exp(rng.uniform(np.log(14), np.log(min(width, height) / 6))))
    face = sources.faces[int(rng.integers(len(sources.faces)))]
    layer = np.zeros((height, width), np.float32)
    owners = np.zeros((height, width), np.int16)
    labels: list[str] = []
    draw = _style(sources, face, rng)
    for x, y, number in _places(width, height, size, rng):
        _write(number, x, y, size, draw, layer, owners, labels, rng)
    if rng.random() < 0.35:
        _add_words(layer, size, face, rng)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 2), 1)
    layer = np.asarray(cv2.warpAffine(layer, matrix, (width, height)), np.float32)
    owners = np.asarray(cv2.warpAffine(owners, matrix, (width, height), flags=cv2.INTER_NEAREST), np.int16)
    return Page(_photographed(layer, size, rng), tuple(_boxes(owners, labels)))


def page_of_text(face: Face, rng: Generator) -> Gray:
    """Draw a page of words in one face, of no digits: (H, W) uint8."""
    width, height, size = 900, 1200, float(rng.uniform(14, 40))
    layer = np.zeros((height, width), np.float32)
    letters = "abcdefghijklmnopqrstuvwxyz"
    for y in np.arange(40, height - 2 * size, 1.7 * size):
        x = 40.0
        while x < width - 160:
            word = "".join(letters[int(index)] for index in rng.integers(0, 26, int(rng.integers(2, 9))))
            x = _write_word(word.capitalize() if rng.random() < 0.2 else word, x, y, size, face, layer) + 0.45 * size
    return _photographed(layer, size, rng)


def _style(sources: Sources, face: Face, rng: Generator) -> _Draw:
    """What draws the digits of one page."""

    def written(label: str) -> Ink:
        return by_hand(int(label), sources, rng)

    def of_mnist(label: str) -> Ink:
        return enlarged(sources.images[rng.choice(np.flatnonzero(sources.labels == int(label)))])

    def typed(label: str) -> Ink:
        ink = face.draw(label)
        return written(label) if ink is None else ink

    return (written, of_mnist, typed)[int(rng.integers(3))]


def _places(width: int, height: int, size: float, rng: Generator) -> list[tuple[float, float, str]]:
    """Where numbers begin, and which."""

    def number() -> str:
        return "".join(rng.choice(list("0123456789"), int(rng.integers(1, 7))))

    margin, step = size, size * rng.uniform(1.5, 2.2)
    rows = np.arange(margin, height - 2 * size, step)
    found = []
    match int(rng.integers(3)):
        case 0:  # lines
            for y in rows:
                x = margin
                while x < width - 6 * size:
                    text = number()
                    found.append((x, y, text))
                    x += (len(text) * 0.95 + rng.uniform(1.2, 2.5)) * size
        case 1:  # columns
            for x in np.arange(margin, width - 5.5 * size, 7.5 * size):
                found += [(float(x), float(y), number()) for y in rows if rng.random() < 0.9]
        case _:  # scattered: one in some of the fields of a wide grid
            for x in np.arange(margin, width - 2 * size, 2.6 * size):
                for y in np.arange(margin, height - 2 * size, 2.6 * size):
                    if rng.random() < 0.4:
                        found.append((x + rng.uniform(0, size), y + rng.uniform(0, size), number()[0]))
    return found or [(margin, margin, number()[0])]


def _write(
    number: str,
    x: float,
    y: float,
    size: float,
    draw: _Draw,
    layer: Ink,
    owners: NDArray[np.int16],
    labels: list[str],
    rng: Generator,
) -> None:
    spacing = rng.uniform(0.06, 0.25)
    for label in number:
        ink = draw(label)
        high = size * rng.uniform(0.92, 1.08)
        scale = high / max(ink.shape[0], 0.8 * ink.shape[1])
        ink = _scaled(ink, scale)
        left, top = int(x), int(y + size - ink.shape[0] + rng.normal(0, 0.03) * size)
        place = np.s_[top : top + ink.shape[0], left : left + ink.shape[1]]
        if layer[place].shape != ink.shape:
            return  # over the edge of the page
        labels.append(label)
        owners[place][ink > 0.4] = len(labels)
        np.maximum(layer[place], ink, out=layer[place])
        x += ink.shape[1] + spacing * size


def _add_words(layer: Ink, size: float, face: Face, rng: Generator) -> None:
    """Words where nothing stands yet."""
    words = _WORDS.split()
    height, width = layer.shape
    for _ in range(int(rng.integers(2, 9))):
        x, y = int(rng.uniform(0, width - 6 * size)), int(rng.uniform(0, height - 2 * size))
        if x >= 0 and not layer[y : y + int(2 * size), max(0, x - int(size)) : x + int(7 * size)].any():
            _write_word(str(rng.choice(words)), x, y, size, face, layer)


def _write_word(word: str, x: float, y: float, size: float, face: Face, layer: Ink) -> float:
    """Write a word in a face with its baseline a size below y; returns where it ends."""
    ink = face.draw(word)
    if ink is None:
        return x + size
    tall = face.draw("H")
    scale = size / (ink if tall is None else tall).shape[0]
    ink = _scaled(ink, scale)
    place = layer[int(y) : int(y) + ink.shape[0], int(x) : int(x) + ink.shape[1]]
    np.maximum(place, ink[: place.shape[0], : place.shape[1]], out=place)
    return float(x + ink.shape[1])


def _scaled(ink: Ink, scale: float) -> Ink:
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(ink, None, fx=scale, fy=scale, interpolation=method), np.float32)


def _boxes(owners: NDArray[np.int16], labels: list[str]) -> list[tuple[str, BBox]]:
    """Boxes of what each digit covers after the page was turned; none for what left the page or is hidden."""
    ys, xs = np.nonzero(owners)
    which = owners[ys, xs]
    low, high = np.full((len(labels) + 1, 2), 1 << 20), np.full((len(labels) + 1, 2), -1)
    for axis, values in enumerate((xs, ys)):
        np.minimum.at(low[:, axis], which, values)
        np.maximum.at(high[:, axis], which, values + 1)
    return [
        (label, (int(low[n, 0]), int(low[n, 1]), int(high[n, 0]), int(high[n, 1])))
        for n, label in enumerate(labels, 1)
        if high[n, 0] > 0
    ]


def _photographed(layer: Ink, size: float, rng: Generator) -> Gray:
    """The layer on paper, which may be ruled, squared or stained, under some light, as a camera stores it."""
    height, width = layer.shape
    sheet = np.full((height, width), rng.uniform(0.6, 1.0), np.float32)
    sheet += rng.uniform(0, 0.02) * rng.standard_normal((height, width), np.float32)
    faint, step = 1 - rng.uniform(0.08, 0.5), max(6, int(size * rng.uniform(1.2, 2.0)))
    draw = rng.random()
    if draw < 0.3:
        sheet[int(rng.integers(step)) :: step] *= faint
    if draw < 0.12:
        sheet[:, int(rng.integers(step)) :: step] *= faint
    if rng.random() < 0.15:  # a stain
        stain = np.zeros((height, width), np.float32)
        middle = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.ellipse(stain, middle, (int(2 * size), int(size)), 30, 0, 360, float(rng.uniform(0.05, 0.15)), -1)
        sheet -= cv2.GaussianBlur(stain, (0, 0), 0.3 * size)
    if rng.random() < 0.1:
        mark = scribble(rng)
        scale = size / mark.shape[0]
        mark = _scaled(mark, scale)
        y, x = int(rng.integers(max(1, height - mark.shape[0]))), int(rng.integers(max(1, width - mark.shape[1])))
        place = layer[y : y + mark.shape[0], x : x + mark.shape[1]]
        if not place.any():
            place += mark[: place.shape[0], : place.shape[1]]
    picture = sheet * (1 - rng.uniform(0.55, 0.95) * layer)
    if rng.random() < 0.4:
        picture = picture * light(height, width, rng)
    picture = cv2.GaussianBlur(picture, (0, 0), max(0.3, rng.uniform(0, 0.04) * size))
    picture = picture + rng.uniform(0, 0.03) * rng.standard_normal((height, width), np.float32)
    gray = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 95))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
