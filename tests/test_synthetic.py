"""Pictures made to learn from are what their labels say, and the same for the same seed."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from fontTools.subset import main as subset

from drawing import TYPE
from tsifra.classifier import Classifier
from tsifra.data.digits import Sources, bent, blended, typed
from tsifra.data.nondigits import KINDS
from tsifra.data.numbers import page_of_numbers, page_of_text
from tsifra.data.page import framed, photographed, spoiled
from tsifra.data.segments import segmented
from tsifra.data.strokes import FORMS, handwritten, scribble
from tsifra.data.synthetic import Mix, draw, stretched, synthetic
from tsifra.data.type import Face, find_faces
from tsifra.data.wheels import wheel
from tsifra.errors import DataError
from tsifra.normalize import normalize
from tsifra.reading import NONE

IMAGES = np.zeros((3, 28, 28), np.uint8)
IMAGES[:, 4:24, 12:16] = 255  # a 1
RANDOM = np.random.default_rng


@pytest.fixture(scope="module")
def sources() -> Sources:
    import matplotlib

    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return Sources(tuple(find_faces(fonts)), IMAGES, np.ones(3, np.uint8))


@pytest.mark.parametrize("kind", ["handwritten", "typed", "segmented"])
@pytest.mark.parametrize("digit", range(10))
def test_ink_is_the_digit_and_hardly_ever_twice_the_same(kind: str, digit: int, sources: Sources) -> None:
    rng = RANDOM(0)
    inks = {
        "handwritten": lambda: [handwritten(form, rng) for form in FORMS[str(digit)] for _ in range(6)],
        "typed": lambda: [typed(digit, 4 * index, sources, rng) for index in range(40)],
        "segmented": lambda: [segmented(digit, rng) for _ in range(40)],
    }[kind]()
    assert len({ink.tobytes() for ink in inks}) > 0.9 * len(inks)
    pages = [255 - (np.pad(ink, 10) * 255).astype(np.uint8) for ink in inks]
    said = Classifier()(np.stack([normalize(page).pixels for page in pages])).argmax(1)
    assert (said == digit).mean() > 0.8


def test_faces_are_those_with_ten_digits(sources: Sources, tmp_path: Path) -> None:
    names = {face.path.name for face in sources.faces}
    assert "DejaVuSans.ttf" in names
    assert not {name for name in names if "Sym" in name or "NonUni" in name or "Siz" in name}
    face = Face(next(face.path for face in sources.faces if face.path.name == "DejaVuSans.ttf"))
    four = face.draw("4")
    assert four is not None
    assert four[0].max() > 0.1, "cropped to the ink"
    assert face.draw("\uf8ff") is None, "a sign that it lacks"
    assert Face(tmp_path / "none.ttf").draw("4") is None
    with pytest.raises(DataError, match="no fonts"):
        find_faces(tmp_path)


@pytest.mark.parametrize("kind", [field.name for field in dataclasses.fields(Mix)])
def test_every_kind_of_picture_can_be_read(kind: str, sources: Sources) -> None:
    rng = RANDOM(1)
    drawn = [draw(kind, index, sources, rng) for index in range(40)]
    assert all(gray.dtype == np.uint8 and gray.ndim == 2 and min(gray.shape) > 2 for gray, _ in drawn)
    assert all((label >= NONE) == (kind == "none") for _, label in drawn)
    assert max(label for _, label in drawn) < NONE + KINDS
    assert sum(normalize(gray).bbox is not None for gray, _ in drawn) > 25


def test_the_seed_decides_everything_and_the_cache_keeps_it(sources: Sources, tmp_path: Path) -> None:
    mix = Mix(handwritten=6, typed=6, on_pages=6, spoiled=6, none=6)
    first = synthetic(mix, sources, 5, tmp_path)
    (kept,) = tmp_path.iterdir()
    again, other = synthetic(mix, sources, 5), synthetic(mix, sources, 6)
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    assert first[0].shape == (30, 28, 28)
    np.savez(kept, images=first[0] // 2, labels=first[1])
    assert np.array_equal(synthetic(mix, sources, 5, tmp_path)[0], first[0] // 2), "taken from there"


def test_pages_and_scans_keep_within_their_ranges() -> None:
    for seed in range(60):
        rng = RANDOM(seed)
        gray = photographed(scribble(rng), rng)
        assert gray.dtype == np.uint8
        assert max(gray.shape) < 1000
        assert spoiled(IMAGES[0], rng).shape == (28, 28)


def test_a_frame_is_of_one_tone_and_leaves_what_it_is_around() -> None:
    for seed in range(40):
        picture = RANDOM(seed).uniform(2, 3, (40, 30)).astype(np.float32)  # tones that no frame has
        whole = framed(picture, RANDOM(seed))
        assert all(side <= now <= 1.5 * side + 2 for side, now in zip(picture.shape, whole.shape, strict=True))
        beside = whole[whole < 2]
        is_thin = whole.size < 1.2 * picture.size  # and nothing but its blurred edge
        assert is_thin or (beside == np.median(beside)).mean() > 0.5
        assert (whole >= 2).sum() >= 0.9 * picture.size


def test_what_is_stretched_is_often_square_but_never_a_plain_1() -> None:
    half, bar = np.ones((60, 30), np.float32), np.ones((60, 6), np.float32)
    shapes = [stretched(half, RANDOM(seed)).shape for seed in range(50)]
    assert {height for height, _ in shapes} == {60}
    assert 10 < shapes.count((60, 60)) < 30
    assert all(stretched(bar, RANDOM(seed)).shape[1] < 30 for seed in range(50))


def test_between_two_faces_is_a_digit_of_neither() -> None:
    thin, bold = np.zeros((90, 20), np.float32), np.ones((90, 60), np.float32)
    thin[:, 5:15] = 1
    between = blended(thin, bold, RANDOM(0))
    assert thin.shape[1] / 90 < between.shape[1] / between.shape[0] < bold.shape[1] / 90
    above, below = np.zeros((2, 99, 60), np.float32)
    above[:9], below[90:] = 1, 1
    assert blended(above, below, RANDOM(0)) is above, "which lie so far apart that nothing is between them"


def test_bending_keeps_the_shape_and_most_of_the_ink() -> None:
    ink = np.zeros((100, 80), np.float32)
    ink[20:80, 30:50] = 1
    for seed in range(20):
        other = bent(ink, 3, RANDOM(seed))
        assert other.shape == ink.shape
        assert 0.7 < other.sum() / ink.sum() < 1.4
        assert not np.array_equal(other, ink)


def test_a_wheel_shows_most_of_its_digit() -> None:
    """Each of ten digits is drawn here as a bar of its own darkness."""
    for seed in range(100):
        shown = wheel(seed % 10, lambda digit: np.full((80, 40), (digit + 1) / 10, np.float32), RANDOM(seed))
        tones, counts = np.unique((shown * 10).round().astype(int), return_counts=True)
        inked = tones > 0
        assert tones[inked][counts[inked].argmax()] == seed % 10 + 1
        assert set(tones[inked]) <= {(seed + step) % 10 + 1 for step in (-1, 0, 1)}


def test_pages_of_numbers_say_where_each_digit_is(sources: Sources) -> None:
    whole = Sources(sources.faces, np.repeat(IMAGES[:1], 10, axis=0), np.arange(10, dtype=np.uint8), sources.forms)
    for seed in range(4):
        page = page_of_numbers(whole, RANDOM(seed))
        height, width = page.gray.shape
        assert page.digits
        for label, (x0, y0, x1, y1) in page.digits:
            assert label in "0123456789"
            assert 0 <= x0 < x1 <= width
            assert 0 <= y0 < y1 <= height
        assert np.array_equal(page.gray, page_of_numbers(whole, RANDOM(seed)).gray)
    text = page_of_text(sources.faces[0], RANDOM(0))
    assert text.shape == (1200, 900)
    assert text.std() > 5


def test_a_face_of_digits_alone_draws_no_letters(tmp_path: Path) -> None:
    """Not even the box that its font shows for them."""
    file = tmp_path / "digits.ttf"
    subset([str(TYPE), "--text=0123456789", "--notdef-outline", f"--output-file={file}"])
    assert Face(file).draw("7") is not None
    assert Face(file).draw("A") is None
    assert Face(file).draw("7A") is None
    assert Face(file).draw("77") is not None
    assert Face(TYPE).draw("A") is not None
