"""Handwriting made here: a digit as the way of a pen, in the forms that different schools teach.

Flows in: a digit and a generator of random numbers. Flows out: ink, (H, W) float32, 1 where it covers the paper,
cropped to the digit. Never twice the same: joints, slant, proportions and the pen change. Knows nothing of paper.
"""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Ink = NDArray[np.float32]
Track = NDArray[np.float64]  # (N, 2) x and y, in shares of the digit's height

_HEIGHT = 112  # pixels that a digit is drawn high; pages scale it
_SAMPLES = 8  # points of a curve between two joints
_EVEN = 64  # points of a track that is as long as its digit is high
_T = np.arange(_SAMPLES)[:, None, None] / _SAMPLES

# Joints x,y in percent of the digit's height; one given twice is a corner, a slash lifts the pen. The last of each
# digit is not learned from: confidence is calibrated on it.
FORMS: dict[str, tuple[str, ...]] = {
    "0": (
        "38,0 14,18 2,54 18,92 46,96 64,60 54,22 34,10",
        "46,4 22,2 4,28 4,72 22,98 50,88 62,60 60,32",
        "34,8 10,18 2,56 18,94 42,94 58,58 50,16 26,2 10,16",
        "56,22 38,4 14,16 2,50 12,88 36,98 58,74 62,36 54,6",
        "44,4 20,14 4,50 16,90 40,98 62,64 58,20 40,2 24,18 30,34",
        "40,2 18,8 5,32 4,62 16,92 38,98 58,84 64,52 58,20 42,3 30,4",
        "36,0 12,18 2,50 12,84 36,100 60,84 70,50 60,18 36,0 26,4",
        "52,10 34,1 14,12 4,44 10,80 30,99 50,88 62,56 56,22 40,6 24,14",
        "36,0 12,18 2,50 12,84 36,100 60,84 70,50 60,18 36,0 / 62,4 10,98",
        "54,10 36,0 12,16 2,52 14,88 36,100 56,86 64,56 60,30",
        "30,0 8,20 4,60 14,94 30,100 46,84 50,40 42,10 30,0",
    ),
    "1": (
        "0,32 14,38 34,24 / 42,0 36,50 24,100",
        "0,44 24,30 54,2 54,2 40,50 24,100",
        "0,62 12,58 40,0 40,0 37,60 34,94 44,98",
        "2,26 24,22 50,12 / 50,0 42,50 28,100",
        "20,0 18,50 16,100",
        "4,20 24,0 24,0 23,50 22,100",
        "0,48 18,28 40,0 40,0 38,40 34,100",
        "0,78 20,42 40,0 40,0 42,50 44,100",
        "0,72 30,38 58,0 58,0 66,50 72,100",
        "0,58 22,34 46,0 46,0 38,50 28,100",
        "4,22 26,0 26,0 26,50 26,100 26,100 / 4,100 26,99 48,100",
        "6,30 16,22 26,0 26,0 25,60 22,100",
        "2,40 16,34 34,0 34,0 33,50 32,100 / 8,99 54,98",
    ),
    "2": (
        "2,14 28,4 58,8 42,40 0,92 0,92 30,94 66,90",
        "2,14 18,2 44,4 48,24 20,64 4,88 2,98 16,94 30,86 50,96 70,96",
        "8,22 18,6 38,1 53,14 46,40 24,72 6,90 10,98 22,90 36,88 52,97 72,92",
        "6,16 24,1 46,8 48,28 34,54 0,98 0,98 26,95 60,97",
        "2,8 20,2 46,6 52,22 38,48 0,98 0,98 30,97 60,96",
        "6,24 10,8 30,0 50,10 54,30 40,56 20,78 4,96 4,96 30,97 58,94",
        "4,30 8,6 34,0 56,18 50,44 26,70 2,84 8,98 24,86 44,90 62,100",
        "0,18 28,0 50,16 44,46 22,76 2,98 2,98 28,92 50,94 66,86",
    ),
    "3": (
        "4,10 20,0 46,5 46,5 12,46 12,46 44,44 56,62 50,86 28,97 6,94",
        "4,20 16,2 44,4 40,28 16,46 42,48 56,70 38,98 8,94 4,84",
        "10,8 30,0 47,10 42,30 22,44 22,44 44,50 52,70 38,93 14,98 0,86",
        "4,4 26,3 52,2 52,2 36,22 24,40 24,40 46,46 56,66 46,88 22,98 0,90",
        "8,10 30,0 50,12 46,34 24,46 18,42 26,40 48,52 56,74 40,96 16,98 0,86",
        "2,16 20,2 44,4 50,20 38,38 20,44 20,44 46,46 58,66 50,90 26,100 2,90",
        "6,2 50,0 50,0 24,38 24,38 50,48 54,74 36,96 4,98",
    ),
    "4": (
        "12,10 4,56 4,56 34,54 64,50 / 44,24 38,60 28,100",
        "34,0 16,30 2,62 2,62 30,64 60,58 / 40,38 38,60 36,90",
        "14,0 8,30 0,58 0,58 34,56 66,52 / 46,20 44,60 40,100",
        "44,100 46,50 48,0 48,0 20,36 0,68 0,68 36,68 70,66",
        "8,0 4,48 4,48 30,48 52,46 / 50,0 50,50 48,100",
        "30,0 18,30 4,60 4,60 32,58 60,56 / 44,34 40,66 34,100",
        "48,2 22,36 0,70 0,70 36,70 68,68 / 48,2 48,50 46,100",
        "16,2 6,40 10,54 36,50 54,40 / 56,6 52,50 44,100",
    ),
    "5": (
        "22,6 14,40 14,40 40,36 56,56 46,84 22,99 2,92 / 22,6 44,4 70,-2",
        "58,4 30,2 14,8 10,30 18,44 40,48 50,66 40,90 16,99 0,90",
        "58,2 36,4 16,5 16,5 13,24 10,42 10,42 32,36 54,48 56,72 40,94 16,97 0,88",
        "15,3 12,22 8,43 8,43 30,35 50,46 54,68 38,92 14,98 0,91 / 14,4 34,5 60,0",
        "56,4 38,2 20,2 20,2 10,44 10,44 40,38 58,62 44,92 6,96",
        "18,2 12,40 12,40 38,36 52,56 46,84 22,100 2,92 / 22,6 62,4",
        "60,0 24,4 24,4 12,34 24,42 46,48 54,66 44,90 20,100 0,92",
    ),
    "6": (
        "52,0 30,24 10,54 4,82 20,99 46,88 54,68 38,60 14,78",
        "20,0 10,30 4,66 10,94 34,98 56,82 50,62 28,62 8,84",
        "46,0 25,18 8,46 3,74 14,95 35,97 50,80 44,60 26,56 8,72",
        "54,10 44,2 26,12 8,46 2,74 16,97 40,94 50,74 36,56 16,62 6,76",
        "40,0 20,34 4,66 8,92 30,100 50,84 44,62 24,58 6,76",
        "10,0 6,50 8,86 28,100 50,84 46,60 26,52 8,66",
        "60,6 36,4 12,34 2,70 18,98 44,96 58,74 42,52 18,58 4,78",
        "44,0 16,30 2,66 14,96 34,98 44,80 34,64 18,68 10,84",
    ),
    "7": (
        "2,16 8,4 34,8 64,0 64,0 42,50 28,100 / 18,56 40,50 66,44",
        "0,10 20,6 58,2 58,2 48,30 36,100 / 20,52 64,50",
        "0,4 30,3 58,2 58,2 40,44 22,100",
        "0,10 5,3 28,5 60,2 60,2 46,32 32,64 24,100 / 14,51 34,49 56,46",
        "4,22 6,4 6,4 32,4 60,2 60,2 38,50 26,100",
        "0,8 20,2 58,4 58,4 36,40 30,100",
        "2,20 4,4 4,4 58,3 58,3 40,50 32,100 / 16,52 58,50",
        "0,6 18,0 36,8 60,2 60,2 42,48 20,100 / 12,48 54,44",
        "0,4 52,4 52,4 50,50 46,100",
    ),
    "8": (
        "10,6 18,20 40,46 50,74 36,98 12,92 8,70 30,40 48,16 50,2",
        "60,2 34,42 8,72 10,94 28,100 46,86 44,66 20,38 14,16 28,2 44,12 54,26",
        "46,20 34,4 16,12 18,30 42,58 48,82 34,99 10,94 4,78 24,54 46,38 62,4",
        "50,13 36,0 15,6 10,22 26,40 48,58 52,82 34,98 10,92 4,72 20,52 44,34 53,22 50,10",
        "30,46 10,34 8,14 30,0 52,14 48,34 30,46 6,62 2,84 30,100 58,84 54,60 30,46",
        "54,8 36,0 14,8 10,26 32,44 54,64 52,88 28,100 6,88 6,66 30,44 50,30 56,12",
        "20,42 6,22 20,2 42,4 46,24 26,44 4,66 4,88 28,100 50,86 46,62 20,42",
        "46,16 28,2 10,14 16,34 40,50 52,74 40,96 14,96 2,78 14,56 34,40 48,18",
    ),
    "9": (
        "46,12 30,0 8,14 4,34 20,46 40,34 48,6 48,6 46,60 36,92 14,98 2,84",
        "40,24 28,14 36,4 22,0 4,16 6,40 28,46 48,24 50,10 46,50 34,100",
        "48,20 36,4 10,6 2,30 22,46 48,30 56,8 50,40 44,100",
        "50,14 34,0 12,8 2,28 10,46 30,46 46,28 51,10 51,10 53,42 48,78 32,98 12,92",
        "50,26 40,2 14,4 2,26 14,48 38,46 50,24 50,4 50,4 50,60 50,100",
        "52,20 36,2 10,8 4,32 20,50 44,40 54,14 54,40 44,74 20,100",
        "50,10 28,0 4,16 6,42 30,48 50,28 52,8 52,8 54,60 50,88 28,100 6,90",
        "44,18 24,1 4,14 6,38 24,46 42,32 44,14 44,14 34,54 32,66 44,76 38,94 22,100",
        "50,14 34,0 8,10 2,34 18,50 40,44 52,14 46,60 34,100",
        "46,8 22,0 4,18 12,40 34,38 46,10 46,10 40,56 14,100",
    ),
}


def handwritten(form: str, rng: Generator) -> Ink:
    """A digit in one of FORMS' forms, by a hand and a pen of its own."""
    haste = max(0.0, rng.uniform(-0.02, 0.07))
    tracks = _by_hand([_hurried(_curve(_joints(stroke, rng)), haste) for stroke in form.split(" / ")], rng)
    return drawn(tracks, float(np.exp(rng.uniform(np.log(0.02), np.log(0.2)))), rng)


def scribble(rng: Generator) -> Ink:
    """What somebody crosses out, tries a pen with or draws for no reason: ink that is no sign."""
    tracks = []
    for _ in range(int(rng.integers(1, 4))):
        steps = rng.normal(0, 1, (int(rng.integers(5, 16)), 2))
        points = np.cumsum(steps, axis=0) * rng.uniform(0.1, 0.5) if rng.random() < 0.5 else steps * 0.4
        tracks.append(_curve(points))
    return drawn(tracks, float(np.exp(rng.uniform(np.log(0.02), np.log(0.12)))), rng)


def drawn(tracks: list[Track], width: float, rng: Generator) -> Ink:
    """Ink of a pen of this width (a share of the height) along tracks, which are made as high as any digit."""
    low = np.min([track.min(0) for track in tracks], axis=0)
    high = np.max([track.max(0) for track in tracks], axis=0)
    scale = _HEIGHT / max(high[1] - low[1], 0.3 * (high[0] - low[0]), 1e-3)
    pad = int(width * _HEIGHT / 2) + 3
    size = np.ceil((high - low) * scale).astype(int) + 2 * pad
    layer = np.zeros((size[1], size[0]), np.uint8)
    thickness = max(1, round(width * _HEIGHT))
    pressed = rng.random() < 0.5
    for track in tracks:
        at = (((track - low) * scale + pad) * 16).round().astype(np.int32)  # in sixteenths, which shift=4 says
        if not pressed or thickness < 3:
            cv2.polylines(layer, [at], False, 255, thickness, cv2.LINE_AA, 4)
            continue
        # A hand presses less at one end, or all along, than at the other.
        share = np.interp(np.linspace(0, 1, 6), [0, rng.uniform(0.2, 0.8), 1], rng.uniform(0.45, 1.15, 3))
        for index, piece in enumerate(np.array_split(np.arange(len(at)), 6)):
            part = at[piece[0] : piece[-1] + 2]
            cv2.polylines(layer, [part], False, 255, max(1, round(thickness * share[index])), cv2.LINE_AA, 4)
    if rng.random() < 0.1 and thickness > 4:  # a broad nib, held askew
        nib = np.zeros((thickness, thickness), np.uint8)
        cv2.line(nib, (0, thickness - 1), (thickness - 1, 0), 1, 1)
        layer = np.asarray(cv2.dilate(cv2.erode(layer, np.ones((2, 2), np.uint8)), nib[::2, ::2].copy()), np.uint8)
    return np.asarray(layer / np.float32(255), np.float32)


def _joints(stroke: str, rng: Generator) -> Track:
    """A form's points, astray together and a little each; those of a corner as one, an end drawn out or cut short."""
    points = np.array([point.split(",") for point in stroke.split()], np.float64) / 100
    moved = points + rng.normal(0, rng.uniform(0.002, 0.03), points.shape)
    along = np.linspace(0, np.pi, len(points))[:, None]
    for number in range(3):  # slowly, so that strokes meet elsewhere and loops close elsewhere
        moved += np.cos(number * along) * rng.normal(0, 0.035 / max(1, number), 2)
    corners = np.flatnonzero((points[1:] == points[:-1]).all(1))
    if rng.random() < 0.75:
        moved[corners + 1] = moved[corners]
    for end, inner in ((0, 1), (-1, -2)):
        moved[end] += (moved[end] - moved[inner]) * rng.uniform(-0.25, 0.25)
    return moved


def _curve(points: Track) -> Track:
    """A Catmull-Rom curve through points, which bends sharply where a point comes twice."""
    padded = np.vstack((points[:1], points, points[-1:]))
    pieces = np.stack((padded[:-3], padded[1:-2], padded[2:-1], padded[3:]))
    before, start, end, after = pieces[:, (pieces[1] != pieces[2]).any(1)][:, None]
    square = 2 * before - 5 * start + 4 * end - after
    cube = -before + 3 * start - 3 * end + after
    between = start + 0.5 * ((end - before) * _T + square * _T**2 + cube * _T**3)  # (samples, pieces, 2)
    return np.vstack((between.transpose(1, 0, 2).reshape(-1, 2), points[-1:]))


def _hurried(track: Track, haste: float) -> Track:
    """The track as a pen in haste cuts its corners: smoothed over so long a way, a share of the digit's height."""
    way = np.append(0, np.cumsum(np.hypot(*np.diff(track, axis=0).T)))
    at = np.linspace(0, way[-1], max(3, int(way[-1] * _EVEN)))
    even = np.column_stack([np.interp(at, way, axis) for axis in track.T])
    sigma = haste * _EVEN
    if sigma < 0.5:
        return even
    reach = min(int(3 * sigma) + 1, len(even) - 1)
    # Beyond an end the track goes on as its mirror image in that point, which keeps the end where it is.
    long = np.vstack((2 * even[0] - even[reach:0:-1], even, 2 * even[-1] - even[-2 : -reach - 2 : -1]))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.column_stack([np.convolve(axis, kernel / kernel.sum(), "valid") for axis in long.T])


def _by_hand(tracks: list[Track], rng: Generator) -> list[Track]:
    """The same tracks with the slant, the proportions and the unsteadiness of one hand."""
    angle = np.radians(rng.normal(0, 7))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slant = np.array([[np.exp(rng.normal(0, 0.25)), 0], [-rng.normal(0.12, 0.2), 1]])  # right of x, up is slanted right
    waves = rng.normal(0, 1, (2, 3)) * rng.uniform(0, 0.04) / [1, 2, 4]
    phases = rng.uniform(0, 2 * np.pi, (2, 3))
    moved = []
    for track in tracks:
        bent = track.copy()
        for axis in (0, 1):
            other = track[:, 1 - axis]
            for number in range(3):
                bent[:, axis] += waves[axis, number] * np.sin(2 * np.pi * (number + 1) * other + phases[axis, number])
        moved.append(bent @ slant @ turn)
    return moved
