"""Gray crop -> ink on paper, whatever the light.

Flows in: gray, (H, W) uint8, dark or light ink. Flows out: (H, W) uint8, 0 on paper to 255 in full ink, and what
was done in words. Knows nothing of digits: what of the ink is the digit, is the business of `normalize`.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]

_MIN_CONTRAST = 12.0  # gray levels between ink and paper under which a picture is blank
_LARGE = 32  # pixels of the shorter side under which a digit is taken to fill its crop
_LEAST_SHADED = 12  # ... from which shading is thought of
_FEWEST = 8  # pixels of ink that a faint digit has at least
_MIN_SEPARATION = 3.9  # contrast over the spread of the paper: an even ramp has 3.5, pure noise 2.7
# A border that is all ink, around a picture that is mostly paper, is a frame; a digit leaves more of its box free.
_FRAME_RIM, _FRAME_INSIDE = 0.98, 0.65
_BLUR = 0.03  # of the contrast, from which what the paper's quartiles say may be blur beside ink and no grain
_UNCLEAR, _HALF = 0.4, 0.25  # within which border and area together, and area alone, say little of what is paper
SMOOTHED = "noise smoothed"  # a step
_TONES = np.arange(256, dtype=np.float32)
_SQUARES = _TONES**2


@dataclass(frozen=True, slots=True)
class _Levels:
    """Gray levels of a crop: what paper and full ink are, which of them is lighter, and how quiet the paper is."""

    paper: float
    ink: float
    noise: float  # standard deviation of the paper, by its quartile, which the digit's soft edges leave alone
    even: bool

    @property
    def light_ink(self) -> bool:
        return self.ink > self.paper


def find_ink(gray: Gray) -> tuple[Gray | None, list[str]]:
    """(H, W) gray -> (H, W) ink, 0 on paper to 255 in full ink; None where there is no contrast."""
    if is_plain(gray):  # which evening out would make a picture of
        return None, ["no ink stands out from the paper"]
    ink, steps = _separated(gray)
    if ink is None and min(gray.shape) >= _LEAST_SHADED:
        smooth = cv2.GaussianBlur(gray, (0, 0), max(0.8, max(gray.shape) / 60))
        ink, steps = _separated(np.asarray(smooth, np.uint8))
        steps = [SMOOTHED, *steps]
    return (ink, steps) if ink is not None else (None, ["no ink stands out from the paper"])


def is_plain(gray: Gray, contrast: float = _MIN_CONTRAST) -> bool:
    """Whether a picture is of one tone: its gray levels differ by less than `contrast`."""
    darkest, lightest, _, _ = cv2.minMaxLoc(gray)
    return lightest - darkest < contrast


def stroke_width(ink: NDArray[np.bool_]) -> float:
    """Mean width in pixels of the strokes in (H, W): four times the mean distance to the paper. 1 without ink."""
    inside = cv2.copyMakeBorder(ink.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    total = cv2.countNonZero(inside)
    if not total:
        return 1.0
    return 4 * cv2.sumElems(cv2.distanceTransform(inside, cv2.DIST_L2, 3))[0] / total - 1


def _separated(gray: Gray) -> tuple[Gray | None, list[str]]:
    """Ink of a crop that has some contrast, and what was done; None where nothing stands out."""
    levels = _levels(gray)
    steps = []
    light_ink = levels is not None and levels.light_ink
    if min(gray.shape) >= _LEAST_SHADED and (levels is None or not levels.even):
        gray, light_ink = _flatten(gray, light_ink)
        levels = _levels(gray, light_ink=True) or _faint_levels(gray)
        steps.append("shading evened out")
    if levels is None:
        return None, []
    gain = 255.0 / (levels.ink - levels.paper)
    curve = ((_TONES - levels.paper) * gain).clip(0, 255)
    if levels.noise:
        curve[curve < min(2.5 * levels.noise * abs(gain), 80.0)] = 0
    ink = np.asarray(cv2.LUT(gray, curve.astype(np.uint8)), np.uint8)
    return ink, ["light ink on dark" if light_ink else "dark ink on light", *steps]


def _levels(gray: Gray, light_ink: bool | None = None) -> _Levels | None:
    """Split a crop into ink and paper by Otsu's threshold (1979); None where they do not differ enough.

    light_ink: whether ink is the lighter, where that is known.
    """
    height, width = gray.shape
    threshold, light = cv2.threshold(gray, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    bright = cv2.countNonZero(light)
    if not 0 < bright < gray.size:
        return None
    # Paper is what most of the border and most of the area are; where these say little, form tells.
    rim = gray.size - max(0, height - 2) * max(0, width - 2)
    inside = cv2.countNonZero(light[1:-1, 1:-1]) if rim < gray.size else 0
    bright_rim = (bright - inside) / rim
    bright_share = bright / gray.size
    framed = max(bright_rim, 1 - bright_rim) > _FRAME_RIM and abs(bright_rim - bright_share) > _FRAME_INSIDE
    if light_ink is None:
        light_ink = bright_share < 0.5 if framed else bright_rim + bright_share < 1
        if not framed and abs(bright_rim + bright_share - 1) < _UNCLEAR and abs(bright_share - 0.5) < _HALF:
            by_form = bright_rim + bright_share + _form(np.asarray(light, np.uint8)) < 1
            light_ink = by_form if _fills(light == by_form) else light_ink

    counts = cv2.calcHist([gray], [0], None, [256], [0, 256]).ravel()
    if not light_ink:
        counts = counts[::-1]  # from here on paper is low and ink is high
    cut = int(threshold) + 1 if light_ink else 255 - int(threshold)
    paper_count = gray.size - bright if light_ink else bright
    mean = float(counts[:cut] @ _TONES[:cut]) / paper_count
    spread = max(0.0, float(counts[:cut] @ _SQUARES[:cut]) / paper_count - mean**2) ** 0.5
    contrast = float(counts[cut:] @ _TONES[cut:]) / (gray.size - paper_count) - mean
    if contrast < _MIN_CONTRAST or contrast < _MIN_SEPARATION * spread:
        return None

    ranks = [share * paper_count for share in (0.1, 0.25, 0.5, 0.75, 0.9)]
    ranks += [paper_count + share * (gray.size - paper_count) for share in (0.5, 0.95)]
    p10, p25, paper, p75, p90, usual, ink = counts.cumsum().searchsorted(ranks).tolist()
    rim_ink = bright_rim if light_ink else 1 - bright_rim
    bound = 0.25 * contrast
    shadow = rim_ink >= 0.3 and not framed and min(gray.shape) >= _LARGE
    if shadow and ink - usual < bound:  # nothing in it is darker, as a digit would be
        shadow = not _fills(light == light_ink)
    even = not shadow and (p90 - p10 < bound or _spread(gray, light != light_ink) < bound)
    noise = max(p75 - paper, paper - p25) / 0.67
    if noise > _BLUR * contrast:  # which may be blurred ink, and that is smooth
        noise = min(noise, _grain(gray, light != light_ink))
    return _Levels(paper, ink, noise, even) if light_ink else _Levels(255 - paper, 255 - ink, noise, even)


def _grain(gray: Gray, paper: NDArray[np.bool_]) -> float:
    """Standard deviation of the paper's grain, half as much again since it may be blurred: by neighbors' difference."""
    both = (paper[:, 1:] & paper[:, :-1]).view(np.uint8)
    counts = cv2.calcHist([cv2.absdiff(gray[:, 1:], gray[:, :-1])], [0], both, [256], [0, 256]).ravel()
    return 1.5 * float(counts.cumsum().searchsorted(0.5 * counts.sum()))


def _spread(gray: Gray, paper: NDArray[np.bool_]) -> float:
    """Between which gray levels eight tenths of the paper lie that is no soft edge of ink."""
    away = cv2.erode(paper.view(np.uint8), np.ones((5, 5), np.uint8))
    counts = cv2.calcHist([gray], [0], away, [256], [0, 256]).ravel()
    low, high = (counts.cumsum().searchsorted(share * counts.sum()) for share in (0.1, 0.9))
    return float(high - low)


def _fills(ink: NDArray[np.bool_]) -> bool:
    """Whether ink reaches all four edges, as that of a digit cut out tightly does, and no shadow and no line."""
    return bool(ink[0].any() and ink[-1].any() and ink[:, 0].any() and ink[:, -1].any())


def _form(light: Gray) -> float:
    """How far the form of what is light, 1 in (H, W) of 0 and 1, is that of paper around bold ink, -1…1.

    Paper has most of the corners, and lies in more pieces than the ink of a digit: its corners and what it encloses.
    """
    height, width = light.shape
    down, across = max(1, height // 8), max(1, width // 8)
    corners = [
        corner.mean() for half in (light[:down], light[-down:]) for corner in (half[:, :across], half[:, -across:])
    ]
    least = max(3.0, 0.01 * light.size)
    lights, darks = (
        np.count_nonzero(cv2.connectedComponentsWithStats(part)[2][1:, cv2.CC_STAT_AREA] >= least)
        for part in (light, 1 - light)
    )
    return float(np.mean(corners)) - 0.5 + 0.5 * float(np.sign(lights - darks))


def _faint_levels(flat: Gray) -> _Levels | None:
    """Levels of an evened picture with too little ink for a threshold of two classes; None where there is none.

    Paper is then what half of the pixels are, and ink the few that stand out from its noise.
    """
    ranks = [share * flat.size for share in (0.25, 0.5, 0.75)]
    ranks.append(max(ranks[-1], flat.size - _FEWEST))
    counts = cv2.calcHist([flat], [0], None, [256], [0, 256]).ravel()
    p25, paper, p75, ink = counts.cumsum().searchsorted(ranks).tolist()
    noise = max((p75 - p25) / 1.35, 0.5)
    if ink - paper < max(_MIN_CONTRAST, 7 * noise):
        return None
    return _Levels(paper, ink, noise, even=True)


def _flatten(gray: Gray, light_ink: bool) -> tuple[Gray, bool]:
    """Even out shading: (H, W) gray -> (H, W) with light ink on dark, and whether ink was the lighter.

    The paper under the ink is what a morphological closing wider than any stroke leaves (of a reduced picture,
    so that it costs nothing); dark ink is divided by it, since light multiplies, light ink is compared with it.
    light_ink: what is taken where hats no wider than a stroke do not tell dark lines from light ones.
    """
    height, width = gray.shape
    gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), max(height, width) / 200), np.uint8)
    reduce = 64 / max(height, width)
    size = (max(8, round(width * reduce)), max(8, round(height * reduce)))
    thumb = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    stroke = 9 if min(height, width) < _LARGE else 7  # a digit fills a small crop
    narrow, wide = (cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)) for side in (stroke, 23))
    light = cv2.sumElems(cv2.morphologyEx(thumb, cv2.MORPH_TOPHAT, narrow))[0]
    dark = cv2.sumElems(cv2.morphologyEx(thumb, cv2.MORPH_BLACKHAT, narrow))[0]
    if max(light, dark) > 1.3 * min(light, dark):
        light_ink = light > dark
    paper = cv2.morphologyEx(thumb, cv2.MORPH_OPEN if light_ink else cv2.MORPH_CLOSE, wide)
    paper = cv2.resize(cv2.GaussianBlur(paper, (0, 0), 3), (width, height), interpolation=cv2.INTER_LINEAR)
    if light_ink:
        return np.asarray(cv2.subtract(gray, paper), np.uint8), True
    return np.asarray(cv2.bitwise_not(cv2.divide(gray, paper, scale=255)), np.uint8), False
