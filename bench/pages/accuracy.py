"""Accuracy of reading pages that are made here; see README.md beside this file.

python bench/pages/accuracy.py MEASURE [--data DIR] [--fonts DIR] [--model DIR]
"""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from loose import overlapped, scattered
from notebooks import photograph
from screens import SCREEN_FACES, screenshot
from tables import clock, rings, table
from tints import KINDS, tinted

from tsifra import Digit, Reader
from tsifra.data import load_mnist
from tsifra.data.digits import Sources
from tsifra.data.mnist import Mnist
from tsifra.data.numbers import VERSION, page_of_numbers, page_of_text
from tsifra.data.segments import segmented
from tsifra.data.type import Face
from tsifra.ink import Gray
from tsifra.reading import BBox
from tsifra.training.lessons import FONTS, sources
from tsifra.training.recipes import RECIPES

SEED = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=MEASURES)
    parser.add_argument("--data", default=os.environ.get("TSIFRA_DATA"), help="a folder with MNIST's files")
    parser.add_argument("--fonts", type=Path, default=FONTS, help="a folder with fonts")
    parser.add_argument("--model", help="a model's folder; by default the shipped network")
    args = parser.parse_args()
    print(f"{args.what}: generator {VERSION}, seed {SEED}")
    MEASURES[args.what](Reader(args.model), load_mnist(args.data), args.fonts)


def drawn(reader: Reader, mnist: Mnist, fonts: Path) -> None:
    """F1 of 200 pages of faces, hands and pictures that no training has seen."""
    kept = held_out(mnist, fonts)
    placed = hits = given = found = 0
    for index in range(200):
        page = page_of_numbers(kept, np.random.default_rng([SEED, index]))
        reading = reader.read(page.gray, rotate=0)
        digits = [digit for digit in reading.digits if digit.digit is not None]
        placed += len(page.digits)
        given += len(digits)
        hits += matched(page.digits, digits)
        found += matched([("", box) for _, box in page.digits], digits, labels=False)
    print(f"{placed} digits, {given} read: recall {hits / placed:.2%}, precision {hits / given:.2%}, ", end="")
    print(f"F1 {2 * hits / (placed + given):.2%}; boxes alone F1 {2 * found / (placed + given):.2%}")


def text(reader: Reader, mnist: Mnist, fonts: Path) -> None:
    """Digits with status ok on pages of words, a page each of 100 faces that no training has seen."""
    faces = [face for face in held_out(mnist, fonts).faces if has_letters(face)]
    chosen = faces[:: max(1, len(faces) // 100)][:100]
    counts = []
    for index, face in enumerate(chosen):
        reading = reader.read(page_of_text(face, np.random.default_rng([SEED, index])))
        counts.append(sum(digit.status == "ok" for digit in reading.digits))
    print(f"{len(counts)} pages: {np.mean(counts):.2f} ok a page, at most {max(counts)}; ", end="")
    print(f"{np.mean([count > 1 for count in counts]):.0%} of the pages with more than one")


def typed(reader: Reader, mnist: Mnist, fonts: Path) -> None:
    """Lines of three to six numbers, two of each face that no training has seen: right digits, right spaces."""
    digits = spaces = lines = 0
    for index, face in enumerate([*held_out(mnist, fonts).faces] * 2):
        rng = np.random.default_rng([SEED, index])
        numbers = [str(rng.integers(10 ** int(rng.integers(1, 6)))) for _ in range(rng.integers(3, 7))]
        ink = face.draw(" ".join(numbers))
        if ink is None:
            continue
        sheet = cv2.resize(np.pad(ink, 80), None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
        text = reader.read(np.asarray(255 * (1 - sheet), np.uint8), rotate=0).text
        lines += 1
        if text.replace(" ", "").replace("\n", "") == "".join(numbers):
            digits += 1
            spaces += text == " ".join(numbers)
    print(f"{lines} lines: digits right in {digits / lines:.1%}, of which spaces too in {spaces / digits:.1%}")


def screens(reader: Reader, mnist: Mnist, fonts: Path) -> None:
    """40 screenshots each with type of 8 to 16 pixels a line, of plain faces that no training has seen."""
    faces = [face for face in held_out(mnist, fonts).faces if face.path.name.startswith(SCREEN_FACES)]
    for size in (8, 9, 10, 11, 12, 13, 14, 16):
        right = spaces = wrong = 0
        for index in range(40):
            rng = np.random.default_rng([SEED, size, index])
            page, text = screenshot(faces[int(rng.integers(len(faces)))], size, rng)
            reading = reader.read(page)
            good = reading.text.replace(" ", "") == text.replace(" ", "")
            right, spaces = right + good, spaces + (reading.text == text)
            wrong += reading.status == "ok" and not good
        print(f"{size} pixels: digits right on {right} of 40, spaces too on {spaces}; {wrong} of the others ok")


def tints(reader: Reader, mnist: Mnist, fonts: Path) -> None:
    """200 pages each with a number under a marker, in a colored cell or selected among others, and of badges."""
    kept = held_out(mnist, fonts)
    plain = [str(face.path) for face in kept.faces if face.path.name.startswith(SCREEN_FACES)]
    for number, kind in enumerate(KINDS):
        right = wrong = 0
        for index in range(200):
            page, text = tinted(kind, kept, plain, np.random.default_rng([SEED, number, index]))
            reading = reader.read(page)
            right += reading.text == text
            wrong += reading.status == "ok" and reading.text != text
        print(f"{kind}: {right} of 200 right, {wrong} of the others ok")


def tables(reader: Reader, mnist: Mnist, fonts: Path) -> None:
    """200 drawn tables, 200 photographed ones, 200 rows of numbers in rings and 100 clocks: right, wrong with ok."""
    plain = [str(face.path) for face in held_out(mnist, fonts).faces if face.path.name.startswith(SCREEN_FACES)]
    kinds: dict[str, tuple[int, Callable[[np.random.Generator], tuple[Gray, str]]]] = {
        "drawn": (200, lambda rng: table(plain, False, rng)),
        "photographed": (200, lambda rng: table(plain, True, rng)),
        "rings": (200, lambda rng: rings(plain, rng)),
        "clocks": (100, lambda rng: clock(plain, rng)),
    }
    for number, (kind, (count, draw)) in enumerate(kinds.items()):
        right = digits = wrong = 0
        for index in range(count):
            page, text = draw(np.random.default_rng([SEED, number, index]))
            reading = reader.read(page, rotate=0)
            found = reading.text if kind != "clocks" else " ".join(sorted(reading.text.split(), key=int))
            right += found == text
            is_digits = "".join(filter(str.isdigit, found)) == "".join(filter(str.isdigit, text))
            digits += is_digits
            wrong += reading.status == "ok" and not is_digits
        print(f"{kind}: {right} of {count} right, digits of {digits}; {wrong} of the others ok")


def pairs(reader: Reader, mnist: Mnist, fonts: Path) -> None:
    """Pairs of MNIST's test digits that touch: right ones, by their overlap in shares of the first one's width."""
    right, every = 0, 0
    for percent in (0, 5, 10, 15):
        rng = np.random.default_rng([SEED, percent])
        count = sum(reader.read(image, rotate=0).text == text for image, text in overlapped(mnist, percent, rng))
        print(f"{percent}%: {count / 5:.1f}% of 500")
        right, every = right + count, every + 500
    print(f"all: {right / every:.1%}")


def sizes(reader: Reader, mnist: Mnist, fonts: Path) -> None:
    """300 plain sheets with one to three of MNIST's test digits, each of another size and apart from the others."""
    right, wrong = 0, 0
    for index in range(300):
        page, labels = scattered(mnist, np.random.default_rng([SEED, index]))
        reading = reader.read(page, rotate=0)
        good = sorted(reading.text.replace(" ", "").replace("\n", "")) == labels
        right, wrong = right + good, wrong + (reading.status == "ok" and not good)
    print(f"300 sheets: {right / 3:.1f}% right, {wrong} of the others ok")


def displays(reader: Reader, mnist: Mnist, fonts: Path) -> None:
    """200 displays of five digits of seven bars, each in one style, their tops aligned."""
    right = 0
    for index in range(200):
        label = "".join(map(str, np.random.default_rng([SEED, index]).integers(0, 10, 5)))
        style = int(np.random.default_rng([SEED, index, 1]).integers(2**32))
        inks = [segmented(int(digit), np.random.default_rng(style)) for digit in label]
        height, left = max(ink.shape[0] for ink in inks), 40
        page = np.zeros((2 * height, 1000), np.float32)
        for digit, ink in zip(label, inks, strict=True):
            left += 20 if digit != "1" else 35
            page[height // 2 : height // 2 + ink.shape[0], left : left + ink.shape[1]] = ink
            left += ink.shape[1]
        text = reader.read(np.asarray(255 * (1 - page[:, : left + 60]), np.uint8)).text
        right += text.replace(" ", "") == label
    print(f"200 displays: {right / 200:.1%} right")


def counters(reader: Reader, mnist: Mnist, fonts: Path) -> None:
    """200 counters of five digits, in windows with walls between them, the last often red, or on a strip."""
    faces = held_out(mnist, fonts).faces
    right = 0
    for index in range(200):
        rng = np.random.default_rng([SEED, index])
        label = "".join(map(str, rng.integers(0, 10, 5)))
        text = reader.read(counter(label, faces[int(rng.integers(len(faces)))], rng)).text
        right += text.replace(" ", "") == label
    print(f"200 counters: {right / 200:.1%} right")


def counter(label: str, face: Face, rng: np.random.Generator) -> np.ndarray:
    """A meter's face with a counter on it: (H, W, 3) uint8."""
    paint, red = 255 * rng.uniform(0.65, 0.95), rng.random() < 0.6
    wall = np.full((125, int(rng.integers(2, 12)), 3), rng.choice([15.0, 90.0, 190.0]))
    parts = [wall]
    for place, digit in enumerate(label):
        ground = np.array([160.0, 30, 40] if red and place == len(label) - 1 else [27.0, 25, 25])
        ink = face.draw(digit)
        assert ink is not None  # a Face has ten digits
        sized = cv2.resize(ink, (max(8, min(64, ink.shape[1] * 96 // ink.shape[0])), 96), interpolation=cv2.INTER_AREA)
        cover = np.zeros((125, 72, 1), np.float32)
        top, left = 14 + int(rng.normal(0, 4)), (72 - sized.shape[1]) // 2
        rows = slice(max(0, top), min(125, top + 96))
        cover[rows, left : left + sized.shape[1], 0] = sized[rows.start - top : rows.stop - top]
        parts += [ground + (paint - ground) * cover, wall]
    row = np.hstack(parts)
    margin = int(rng.integers(20, 120))
    page = np.full((row.shape[0] + 2 * margin, row.shape[1] + 2 * margin, 3), rng.choice([40.0, 120.0, 215.0]))
    page[margin : margin + row.shape[0], margin : margin + row.shape[1]] = row
    scale = rng.uniform(0.4, 1)
    page = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(page + rng.normal(0, 4, page.shape), 0, 255), np.uint8)


def notebooks(reader: Reader, mnist: Mnist, fonts: Path) -> None:
    """25 pages each of ruled and squared notebooks, straight and askew: those of which every digit is right."""
    kept = held_out(mnist, fonts)
    for number, paper in enumerate(("ruled", "squared")):
        for leaning in (0.0, 1.0, 3.0):
            right = surplus = 0
            for index in range(25):
                rng = np.random.default_rng([8, number, index])
                page, lines = photograph(paper == "squared", leaning, kept, rng)
                text = reader.read(page).text.replace(" ", "")
                right += text == "\n".join(lines)
                surplus += max(0, len(text.replace("\n", "")) - sum(map(len, lines)))
            print(f"{paper}, leaning {leaning:g}°: {right / 25:.0%} right, {surplus} digits too many")


def has_letters(face: Face) -> bool:
    """Whether a face has letters at all; some have digits alone, and the same box for each letter."""
    inks = [face.draw(letter) for letter in "aens"]
    return len({ink.tobytes() for ink in inks if ink is not None}) == len(inks)


def held_out(mnist: Mnist, fonts: Path) -> Sources:
    return sources(RECIPES["shipped"], mnist, fonts)[1]


def matched(truth: Sequence[tuple[str, BBox]], digits: list[Digit], labels: bool = True) -> int:
    """How many digits stand where one of the truth does (overlap at least 0.5, each once) and are it."""
    hits, taken = 0, set()
    for digit in digits:
        overlaps = [(overlap(box, digit.bbox), number) for number, (_, box) in enumerate(truth) if number not in taken]
        best, number = max(overlaps, default=(0.0, -1))
        if best >= 0.5:
            taken.add(number)
            hits += not labels or truth[number][0] == digit.digit
    return hits


def overlap(first: BBox, second: BBox) -> float:
    """Intersection over union."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(0, width) * max(0, height)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    return shared / (areas - shared)


MEASURES: dict[str, Callable[[Reader, Mnist, Path], None]] = {
    "drawn": drawn,
    "text": text,
    "typed": typed,
    "screens": screens,
    "tables": tables,
    "tints": tints,
    "pairs": pairs,
    "sizes": sizes,
    "displays": displays,
    "counters": counters,
    "notebooks": notebooks,
}

if __name__ == "__main__":
    main()
