"""Ink of a page -> the same without the lines of ruled and squared paper and of boxes, which join what stands on them.

Flows in: how dark each pixel is beside its paper, or a mask of ink. Flows out: the same, less what is a thin line along
rows or columns. Knows nothing of digits.
"""

from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tsifra.ink import Gray

_RULED = 0.2  # share of the page that ruled lines, with what hangs on them, reach over
_RULED_LEAST = 250  # pixels, unless they reach from edge to edge of a small picture
_ACROSS = 0.9  # share of its longer side that does
_FINE, _THICK = 6, 0.015  # pixels, and share of the page's longer side, over which a line is no ruled one
_RUN = 40  # pixels that a line runs straight along a row or a column
_FAINT = 0.3  # of the share from which all is ink, that a line of ruled paper has on average
_MOSTLY = 0.6  # share of a run that is at least so dark where it is a line; digits leave more of it free
_BAND = 160  # pixels along lines in which squares are looked for, so that they may lean
_STEP = 12  # pixels that lines of squared paper lie apart, at least
_SHOWN = 0.5  # share of a line of squares that is seen between what is written, at least
_BOX = 14  # pixels that a box of a form is wide and high at least
_LARGEST = 0.9  # share of the page's shorter side under which that of a box is; what is larger is a frame of the page
_FAINTLY = 0.8  # of the share from which all is ink, that a box has
_CORNER = 0.1  # of the shorter side, within which a box has ink on the way from its corners inwards
_SIDE, _FULL = 0.12, 0.95  # share of a box at each side that its line keeps to, and of the side that the line is long
_FRAME = 0.1  # of the shorter side that the frame of a box is thick at most, where nothing else is in it
_BROAD = 0.7  # of the height that such a box is wide at least; what is narrower may be an angular 8
_ACROSS_BOX = 0.8  # share of a box that its lines run straight over; digits leave more room
_LEANS = 0.04  # of its length that such a line steps aside
_STRIP = 24  # pixels along lines that are taken together where it is told how they lean
_MOST_LEANING, _LEANINGS = 0.08, 41  # rows to a column, both ways, and how many are tried
_FAINTER = 0.8  # share of what is thin that is no darker than a line
_PLAINER = 1.2  # times as plain as without, lines that lean are
_REMAINS, _HIGHEST = 2, 3  # pixels, that remains of a line lie beside it, and reach across it, at most
_BESIDE = 9  # pixels across a line that what is beside it is looked at in


def without_rules(share: Gray, limit: int) -> Gray:
    """Ink less the thin lines of ruled and squared paper, as dark as each is on average: strokes that cross it stay.

    So they are found where grain tears them to pieces, and where text stands on them.
    """
    dark = 0
    for upright in (False, True):
        turned = np.ascontiguousarray(share.T) if upright else share
        steps = (_lean(turned) * np.arange(turned.shape[1])).round().astype(int)
        steps -= steps.min()
        level = _sheared(turned, steps)
        rules = _rules(level, limit)
        if dark:
            rules = np.where(rules > 0, rules, _squares(level, dark))
        if rules.any():
            dark = int(np.median(rules[rules > 0]))
            level = np.asarray(cv2.subtract(level, rules), np.uint8)
            across = np.ones((round(_thickness(rules > 0)) + 2, 3), np.uint8)
            joined = cv2.morphologyEx(level, cv2.MORPH_CLOSE, across)
            level = np.where(rules > 0, joined, level)  # what goes on across the line has not ended there
            level = _without_remains(np.asarray(level, np.uint8), rules > 0, limit)
            turned = _sheared(level, steps, back=True)
            share = np.ascontiguousarray(turned.T if upright else turned)
    return share


def _lean(share: Gray) -> float:
    """How many rows lines along rows climb a column; 0 where they are as plain without that."""
    height, width = share.shape
    size = (max(1, width // _STRIP), max(1, height // 2))
    strips = cv2.resize(share, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    strips = np.maximum(strips - cv2.blur(strips, (1, _BESIDE)), 0)
    if not strips.any():
        return 0.0
    strips = np.minimum(strips, np.quantile(strips[strips > 0], _FAINTER))  # strokes are darker than lines
    places, rows = (np.arange(size[0]) + 0.5) * width / size[0], np.arange(size[1])[:, None]

    def plainness(lean: float) -> float:
        moved = (rows + (lean * places * size[1] / height).round().astype(int)) % size[1]
        return float(np.take_along_axis(strips, moved, 0).sum(1).var())

    best = max(np.linspace(-_MOST_LEANING, _MOST_LEANING, _LEANINGS).tolist(), key=plainness)
    return best if plainness(best) > _PLAINER * plainness(0) else 0.0


def _without_remains(share: Gray, lines: NDArray[np.bool_], limit: int) -> Gray:
    """Ink without what keeps to lines along rows that were taken away: their darker pieces, and where they lean."""
    near = cv2.dilate(lines.view(np.uint8), np.ones((2 * _REMAINS + 1, 1), np.uint8))
    ink = (share > limit).view(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    stays = stats[:, cv2.CC_STAT_HEIGHT] > _HIGHEST  # as 1s do that stand in a column
    stays[labels[near == 0]] = True
    return np.where((ink > 0) & ~stays[labels], np.uint8(0), share)


def _sheared(share: Gray, steps: NDArray[np.int_], back: bool = False) -> Gray:
    """Columns (H, W) moved up by steps (W,) from 0 on, in a picture higher by the most of them; or `back` again."""
    most = int(steps.max())
    if not most:
        return share
    height = len(share) - most if back else len(share)
    moved = np.zeros((height if back else height + most, len(steps)), np.uint8)
    ends = [0, *(np.flatnonzero(np.diff(steps)) + 1).tolist(), len(steps)]
    for left, right in pairwise(ends):
        top = most - int(steps[left])
        if back:
            moved[:, left:right] = share[top : top + height, left:right]
        else:
            moved[top : top + height, left:right] = share[:, left:right]
    return moved


def _thickness(lines: NDArray[np.bool_]) -> float:
    """How many pixels lines along rows are thick on average."""
    return float(lines.sum() / max(1, np.count_nonzero(np.diff(lines.view(np.int8), axis=0, prepend=0) == 1)))


def _squares(share: Gray, dark: int) -> Gray:
    """How dark the lines along rows are that make squares of ruled paper whose other lines are so dark.

    Text leaves them in pieces, but they are all equally far apart: of what is thin and not darker, each shows over half
    of its length between what is written.
    """
    lines = np.zeros_like(share)
    thin = cv2.subtract(share, cv2.morphologyEx(share, cv2.MORPH_OPEN, np.ones((_BESIDE, 1), np.uint8)))
    thin = np.minimum(thin, np.uint8(dark))
    starts = range(0, share.shape[1], _BAND)
    bands = np.stack([thin[:, left : left + _BAND].mean(1) / dark for left in starts])
    step = _step(bands)
    if step is None:
        return lines
    near = max(1, round(0.08 * step))
    around = cv2.dilate(bands, np.ones((1, 2 * near + 1)))
    places = [np.arange(phase, bands.shape[1], step).astype(int) for phase in range(int(step))]
    for left, band, widened in zip(starts, bands, around, strict=True):
        shown = [float(np.median(widened[rows])) for rows in places]
        best, usual = int(np.argmax(shown)), float(np.median(shown))
        if shown[best] < max(_SHOWN, 2 * usual):
            continue
        depth = np.clip(1.1 * dark * (band - usual) / (shown[best] - usual), 0, min(255, 1.1 * dark))
        for low in np.maximum(places[best] - near, 0).tolist():
            row = low + int(np.argmax(band[low : low + 2 * near + 1]))
            if band[row] > _SHOWN * shown[best]:
                line = slice(max(0, row - 1), row + 2)
                lines[line, left : left + _BAND] = depth[line, None].astype(np.uint8)
    return lines


def _step(bands: NDArray[np.float64]) -> float | None:
    """By how many pixels lines lie apart in profiles across them, (bands, pixels): by their autocorrelation."""
    length = bands.shape[1]
    smooth = cv2.blur(bands, (3, 1))
    spectrum = np.fft.rfft(smooth - smooth.mean(1, keepdims=True), 2 * length)
    alike = np.fft.irfft((np.abs(spectrum) ** 2).sum(0))[:length] / np.arange(length, 0, -1)
    if length < 4 * (_STEP + 3) or not alike[0]:
        return None
    lags = alike[_STEP : length // 4]
    likely = lags > 0.8 * lags.max()
    peaks = likely[1:-1] & (lags[1:-1] >= lags[:-2]) & (lags[1:-1] >= lags[2:])
    if not peaks.any() or lags.max() < 0.2 * alike[0]:
        return None
    step = float(_STEP + 1 + int(np.argmax(peaks)))
    for times in (2, 4, 8):
        low = round(times * step) - 2
        if low + 5 > length // 2:
            break
        step = (low + int(np.argmax(alike[low : low + 5]))) / times
    return step


def _rules(share: Gray, limit: int) -> Gray:
    """How dark the thin long lines along rows are, (H, W) uint8, 0 where there is none.

    A line is dark nearly all along and darker than what is beside it; a good part of the page shows that, and digits
    that stand on the rest of it do not.
    """
    reach = max(2 * _RUN, round(_RULED * share.shape[1]))
    dark = cv2.threshold(share, _FAINT * limit, 255, cv2.THRESH_BINARY)[1]
    along = cv2.blur(share, (_RUN, 1))
    most = cv2.convertScaleAbs(cv2.blur(along, (1, _BESIDE)), alpha=1.5)
    alone = (cv2.blur(dark, (_RUN, 1)) > 255 * _MOSTLY) & (along > most)
    if np.count_nonzero(alone) < reach / 3:
        return np.zeros_like(share)
    ridge = alone.view(np.uint8)
    leaning = cv2.dilate(ridge, np.ones((3, 1), np.uint8))  # a line that steps aside from row to row still is one
    whole = np.ones((1, reach), np.uint8)
    line = np.asarray(cv2.bitwise_and(ridge, cv2.morphologyEx(leaning, cv2.MORPH_OPEN, whole)), np.uint8)
    if not line.any():
        return np.zeros_like(share)
    band = cv2.morphologyEx(cv2.dilate(line, np.ones((3, 1), np.uint8)), cv2.MORPH_CLOSE, whole)
    depth = np.uint8(min(255.0, 1.25 * float(np.median(along[line > 0]))))
    line = np.asarray(cv2.morphologyEx(line, cv2.MORPH_CLOSE, whole), np.uint8)
    thick = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((_FINE, 1), np.uint8))
    edges = (cv2.blur(dark - thick, (2 * _RUN, 1)) > 255 * _MOSTLY) & (share.shape[1] >= 2 * _RUN)
    beside = (band > line) & edges & (dark > 0)  # a dark line's soft edges
    return np.where(beside, depth, np.minimum(along, depth) * line)


def without_lines(mask: Gray) -> Gray:
    """Ink without ruled lines, which join digits that stand on them: long runs along rows or columns.

    Only of what reaches over a good part of the page, so that the strokes of a large digit are left.
    """
    side = max(mask.shape)
    reach = max(_RULED * side, min(_ACROSS * side, _RULED_LEAST))
    half = np.ascontiguousarray(cv2.dilate(mask, np.ones((3, 3), np.uint8))[::2, ::2])
    _, _, stats, _ = cv2.connectedComponentsWithStats(half, connectivity=8)
    if 2 * stats[1:, 2:4].max(initial=0) < reach:  # told in a quarter of the time
        return mask
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    longest = np.maximum(stats[:, 2], stats[:, 3])
    wide = (longest > reach) & (stats[:, 4] < 0.4 * stats[:, 2] * stats[:, 3])
    wide[0] = False
    if not wide.any():
        return mask
    ruled = wide[labels].astype(np.uint8)
    gone = np.zeros_like(mask)
    for upright in (False, True):
        turned = np.ascontiguousarray(ruled.T) if upright else ruled
        line = cv2.morphologyEx(turned, cv2.MORPH_OPEN, np.ones((1, _RUN), np.uint8))
        if not line.any():
            continue
        thickness = _thickness(line > 0)
        if thickness > max(_FINE, _THICK * side):  # a stroke of a large digit
            continue
        # Where ink is clearly thicker than the line, a stroke lies on it.
        thicker = cv2.morphologyEx(turned, cv2.MORPH_OPEN, np.ones((int(1.7 * thickness) + 2, 1), np.uint8))
        line = cv2.dilate(line, np.ones((3, 1), np.uint8)) * (1 - thicker)
        gone = np.maximum(gone, line.T if upright else line)
    return np.asarray(np.where(gone > 0, np.uint8(0), mask), np.uint8)


def without_boxes(share: Gray, limit: int) -> Gray:
    """Ink less boxes of forms, one by one or in rows, and frames of pages: sides are 1s else; digits may touch them."""
    mask = cv2.threshold(share, _FAINTLY * limit, 1, cv2.THRESH_BINARY)[1]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    cornered = _cornered(labels, stats)
    share = share.copy() if cornered else share
    for index in cornered:
        x, y, width, height, _ = stats[index].tolist()
        place = np.s_[y : y + height, x : x + width]
        own = np.asarray(labels[place] == index).view(np.uint8)
        sides = [side[: max(2, round(_SIDE * len(side)))] for side in (own, own[::-1], own.T, own.T[::-1])]
        if min(float(side.any(0).mean()) for side in sides) < _FULL:
            continue
        inside = labels[y + height // 6 : y + height - height // 6, x + width // 6 : x + width - width // 6]
        if min(width, height) >= _LARGEST * min(labels.shape) and (inside == index).any():
            continue  # squared paper, and no frame of a page
        is_thin = np.mean([np.median(side.sum(0)) for side in sides]) <= _FRAME * min(width, height)
        if (is_thin and width > _BROAD * height) or ((inside != 0) & (inside != index)).any():
            share[place] *= 1 - np.maximum(_straight(own), _straight(np.ascontiguousarray(own.T)).T)
    return share


def _cornered(labels: NDArray[Any], stats: NDArray[Any]) -> list[int]:
    """Components with ink near all four corners of their boxes, as few digits have; the others need no closer look."""
    x, y, width, height, area = stats.T
    fits = (np.minimum(width, height) >= _BOX) & (area < 0.6 * width * height)
    fits[0] = False
    found = np.flatnonzero(fits)
    x, y, width, height = (values[found] for values in (x, y, width, height))
    steps = np.linspace(0, _CORNER, 16)[:, None] * np.minimum(width, height)
    steps = steps.astype(int)
    near = np.ones(len(found), bool)
    for across in (x + steps, x + width - 1 - steps):
        for down in (y + steps, y + height - 1 - steps):
            near &= (labels[down, across] == found).any(0)
    return [int(index) for index in found[near]]


def _straight(own: Gray) -> Gray:
    """Of a box, or several in a row, the lines along rows that run over most of one."""
    height, width = own.shape
    run = round(_ACROSS_BOX * min(width, 1.5 * height))
    leaning = cv2.dilate(own, np.ones((2 * round(_LEANS * run) + 1, 1), np.uint8))
    lines = cv2.morphologyEx(leaning, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    return np.asarray(cv2.bitwise_and(own, cv2.dilate(lines, np.ones((3, 3), np.uint8))), np.uint8)
