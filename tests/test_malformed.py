"""Thousands of spoiled files: each is answered, in bounded memory, and none ends the run."""

import io
import itertools
import random
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from encoders import SEVEN, pdf
from formats import FORMATS, written
from tsifra import Failure, Reader, Reading

MUTANTS = 100  # of each file
SIDE = 32
LIMIT = 1_000_000  # pixels; a file may claim them and be decoded
MOST_MEMORY = 200_000_000  # bytes beyond what was used before: LIMIT in 4 channels of floats, several times over

# Pillow warns of much that it goes on to read; the tests at large take any warning for an error.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(240)]

ORIGINALS: dict[str, Callable[[], bytes]] = {
    **{form: (lambda form=form: written(form, "4", SIDE)) for form in FORMATS},  # type: ignore[misc]
    "PDF of lines": lambda: pdf(SEVEN, SEVEN),
    "PDF encrypted": lambda: pdf(SEVEN, password=b""),
    "JPEG of noise": lambda: noise("JPEG RGB"),
    "PNG of noise": lambda: noise("PNG RGB"),
}


def noise(form: str) -> bytes:
    """A file that is nearly all data, where the others are nearly all header."""
    return FORMATS[form](np.frombuffer(random.Random(0).randbytes(SIDE * SIDE), np.uint8).reshape(SIDE, SIDE))


def truncated(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data))]


def flipped(data: bytes, dice: random.Random) -> bytes:
    """A few bits turned over, as on a failing disk."""
    spoiled = bytearray(data)
    for _ in range(dice.choice((1, 2, 5, 30))):
        spoiled[dice.randrange(len(spoiled))] ^= 1 << dice.randrange(8)
    return bytes(spoiled)


def flipped_in_front(data: bytes, dice: random.Random) -> bytes:
    """The same where sizes and offsets stand."""
    return flipped(data[:64], dice) + data[64:]


def overwritten(data: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(data))
    block = dice.choice((b"\0", b"\xff", dice.randbytes(8))) * dice.choice((1, 4, 50))
    return data[:start] + block + data[start + len(block) :]


def patched(data: bytes, dice: random.Random) -> bytes:
    """A piece of the file stands at another place, or twice, or not at all."""
    start, length = dice.randrange(len(data)), dice.randrange(1, 200)
    rest, piece = data[:start] + data[start + length :], data[start : start + length]
    place = dice.randrange(len(rest) + 1)
    return rest[:place] + piece * dice.randrange(3) + rest[place:]


def swapped(data: bytes, dice: random.Random) -> bytes:
    """Begins as another format."""
    other = ORIGINALS[dice.choice(sorted(ORIGINALS))]()
    head = dice.choice((4, 8, 16, 64))
    return other[:head] + data[head:]


def prefixed(data: bytes, dice: random.Random) -> bytes:
    return dice.randbytes(dice.choice((1, 7, 100))) + data


def inflated(data: bytes, dice: random.Random) -> bytes:
    """Claims another size: wherever the side of the picture stands as a number, something else is put."""
    front, rest = data[:400], data[400:]
    side = dice.choice((0, 1, 33, 1000, 30_000, 65_535, 2**31 - 1, 2**32 - 1))
    for count in (4, 2):
        for order in ("big", "little"):
            there = SIDE.to_bytes(count, order)
            here = min(side, 256**count - 1).to_bytes(count, order)
            if there in front and dice.random() < 0.8:
                front = front.replace(there, here, dice.choice((1, 2, -1)))
    return front.replace(b" %d" % SIDE, b" %d" % side).replace(b"/Count 1", b"/Count %d" % side) + rest


WAYS = [truncated, flipped, flipped_in_front, overwritten, patched, swapped, prefixed, inflated]


def mutants(form: str) -> list[tuple[str, bytes]]:
    data = ORIGINALS[form]()
    return [
        (f"{way.__name__} {number}", way(data, random.Random(f"{form} {number}")))
        for number, way in zip(range(MUTANTS), WAYS * MUTANTS, strict=False)
    ]


@pytest.fixture(scope="module")
def limited() -> Reader:
    return Reader(max_pixels=LIMIT, max_pages=50, threads=2)


def check(result: Reading | Failure, what: str) -> None:
    if isinstance(result, Failure):
        assert result.kind in {"format", "damaged", "too_large", "password"}, what
        assert result.message.startswith("<bytes>: "), what
        assert len(result.message.splitlines()) == 1, what
        assert len(result.message) < 500, what
    else:
        width, height = result.size
        assert 0 < width * height <= LIMIT, what


def test_there_are_enough_of_them() -> None:
    assert len(ORIGINALS) * MUTANTS > 5000


@pytest.mark.parametrize("form", ORIGINALS)
def test_every_spoiled_file_is_answered(limited: Reader, form: str) -> None:
    spoiled = mutants(form)
    before = start_of_measurement()
    for what, data in spoiled:
        results = list(limited.read_many([data], one=True))
        assert 1 <= len(results) <= 50, what
        for result in results:
            check(result, what)
    assert peak() - before < MOST_MEMORY


def test_good_files_among_spoiled_ones_are_read_in_their_places(limited: Reader) -> None:
    sources = []
    for form in ORIGINALS:
        sources.append(named("bad", truncated(ORIGINALS[form](), random.Random(form))))
        sources.append(named("good", written("PNG of 8 bits", "4", SIDE)))
    results = list(limited.read_many(sources, one=True))
    assert [result.text for result in results if result.input == "good"] == ["4"] * len(ORIGINALS)
    # A spoiled document may have several pages, hence several records, but all in its place.
    assert [name for name, _ in itertools.groupby(result.input for result in results)] == ["bad", "good"] * len(
        ORIGINALS
    )


def named(name: str, data: bytes) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = name
    return file


# Memory: the most that this process has had since the measurement began, where the system tells.

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def start_of_measurement() -> int:
    if _RESET.exists():
        _RESET.write_text("5")  # forget the peak of earlier tests
    return peak()


def peak() -> int:
    if _STATUS.exists():
        (line,) = [line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
