"""Accuracy on pictures made here of faces, forms and MNIST pictures that no training has seen; see README.md.

python bench/read/made_here.py [--data DIR] [--fonts DIR] [--model DIR]
"""

from collections.abc import Callable, Iterator

import numpy as np
from held_back import asked
from numpy.random import Generator

from tsifra import Reader, Reading
from tsifra.data.digits import Sources
from tsifra.data.page import photographed
from tsifra.data.strokes import Ink, scribble
from tsifra.data.synthetic import draw
from tsifra.ink import Gray
from tsifra.reading import NONE

SEED = 2
COUNT = 2000
LETTERS = "ACEFHKMNPRUVWXadefhkmnprtuvwx"  # that look like no digit


def main() -> None:
    kept, reader = asked(__doc__)
    for kind in ("handwritten", "typed", "on_pages", "spoiled", "segmented"):
        pictures, labels = zip(*digits(kind, kept), strict=True)
        readings = read(reader, pictures)
        right = [reading.text == str(label) for reading, label in zip(readings, labels, strict=True)]
        ok = [reading.status == "ok" for reading in readings]
        wrong = np.mean([not good for good, sure in zip(right, ok, strict=True) if sure])
        lost = np.mean([not reading.text for reading in readings])
        print(f"{kind}: {np.mean(right):.2%} right, {lost:.2%} lost, {np.mean(ok):.1%} ok, {wrong:.2%} wrong of those")
    for name, ink in NO_DIGITS.items():
        rng = np.random.default_rng([SEED, len(name)])
        clean = name.endswith("clean")
        inks = (ink(kept, rng) for _ in range(COUNT))
        pictures = tuple(paper(each) if clean else photographed(each, rng) for each in inks)
        print(f"{name}: {kept_out(read(reader, pictures))}; as any picture {kept_out(read(reader, pictures, False))}")


def digits(kind: str, kept: Sources) -> Iterator[tuple[Gray, int]]:
    """Digits of a kind that can be seen at all."""
    rng = np.random.default_rng([SEED, len(kind)])
    for index in range(COUNT):
        picture, label = draw(kind, index, kept, rng)
        if label < NONE:
            yield picture, label


def read(reader: Reader, pictures: tuple[Gray, ...], one: bool = True) -> list[Reading]:
    return [reading for reading in reader.read_many(pictures, one=one) if isinstance(reading, Reading)]


def kept_out(readings: list[Reading]) -> str:
    out = np.mean([reading.status in ("rejected", "blank") for reading in readings])
    return f"{out:.1%} kept out, {np.mean([reading.status == 'ok' for reading in readings]):.1%} ok"


def paper(ink: Ink) -> Gray:
    """Ink on white paper, with a margin."""
    return np.asarray(255 * (1 - np.pad(ink, 20)), np.uint8)


def letter(kept: Sources, rng: Generator) -> Ink:
    while True:
        face = kept.faces[int(rng.integers(len(kept.faces)))]
        ink = face.draw(LETTERS[int(rng.integers(len(LETTERS)))])
        if ink is not None:
            return ink


NO_DIGITS: dict[str, Callable[[Sources, Generator], Ink]] = {
    "letters, clean": letter,
    "letters": letter,
    "scribbles": lambda _, rng: scribble(rng),
    "paper": lambda _, rng: np.zeros((100, int(rng.integers(40, 120))), np.float32),
}

if __name__ == "__main__":
    main()
