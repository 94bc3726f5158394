"""Decoded pictures -> pixels and their gray.

Flows in: Pillow images and arrays of any depth. Flows out: pixels, (H, W) or (H, W, 3) uint8 RGB, upright by
EXIF, on an opaque background; `to_gray` makes (H, W) uint8 of them. Knows nothing of files, and nothing of
digits: where the ink is, and whether it is dark, is not its business.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

Pixels = NDArray[np.uint8]

_SAMPLE = (48, 48)  # pixels that tell the spread of a picture as well as all of them
_RIM = 5  # of a side, that is one part of as many at each end: not its middle
_SHOWN = 0.3  # of the whole picture's spread, that a middle has where something is to be seen
_SAMPLED = 4  # pixels of a larger picture that are taken for each of a thumbnail, along a side
_EXIF_BLOCKS = frozenset(("exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"))


def to_gray(pixels: Pixels) -> Pixels:
    """(H, W, 3) RGB -> (H, W): brightness, or the color channel that shows far more than brightness does.

    Brightness is preferred because JPEG stores it sharp and color blurred. What the middle of the picture shows
    decides, if it shows anything: around it may be the frame of a window or a label, which differs most in red, say,
    while what stands on it does not.
    """
    if pixels.ndim == 2:
        return pixels
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    spreads, spread = _spreads(pixels), _spreads(luma)[0]
    down, across = (side // _RIM for side in luma.shape)
    inner = np.s_[down : luma.shape[0] - down, across : luma.shape[1] - across]
    in_the_middle = _spreads(pixels[inner])
    if max(in_the_middle) > _SHOWN * max(spreads):
        spreads, spread = in_the_middle, _spreads(luma[inner])[0]
    if max(spreads) > 1.25 * spread + 1:
        return np.ascontiguousarray(pixels[:, :, spreads.index(max(spreads))])
    return np.asarray(luma, np.uint8)


def _spreads(pixels: NDArray[Any]) -> list[float]:
    """Standard deviation of each channel."""
    sample = cv2.resize(pixels, _SAMPLE, interpolation=cv2.INTER_NEAREST)
    return [float(spread) for spread in cv2.meanStdDev(sample)[1].ravel()]


def widest_channel(pixels: Pixels) -> Pixels:
    """(H, W, 3) RGB -> (H, W): the color channel with the greatest range."""
    return max((np.ascontiguousarray(pixels[:, :, channel]) for channel in range(3)), key=np.ptp)


def thumbnail(gray: Pixels, side: int = 160) -> Pixels:
    """(H, W) -> the same, its longer side so many pixels: what tells sheets, tables and light from each other."""
    longer = max(gray.shape)
    step = max(1, longer // (_SAMPLED * side))
    width, height = (max(1, round(each * side / longer)) for each in gray.shape[::-1])
    small = cv2.resize(gray[::step, ::step], (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def stands_upright(image: Image.Image) -> bool:
    """Whether nothing in an opened image could turn it."""
    return image.info.keys().isdisjoint(_EXIF_BLOCKS)


def _upright(image: Image.Image) -> Image.Image:
    """Turned as EXIF says. Pillow turns TIFF files itself; other files say so in their Exif or XMP block."""
    if stands_upright(image):
        return image
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # whatever a damaged block makes Pillow raise, the picture itself is there
        return image


def from_pillow(image: Image.Image) -> Pixels:
    """A loaded image of any mode, turned upright. Raises what Pillow raises."""
    image = _upright(image)
    if image.mode == "La":  # the one mode that converts only to its own kin
        image = image.convert("LA")
    mode = image.mode
    if mode.startswith(("I", "F")):
        return from_array(np.asarray(image))
    if mode in ("LA", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        return opaque(np.asarray(image.convert("RGBA")))
    if mode == "1":
        image = image.convert("L")
    elif mode not in ("L", "RGB"):
        image = image.convert("RGB")
    # Twice as fast as np.asarray(image), which asks for the bytes as well.
    shape = (image.height, image.width, 3) if image.mode == "RGB" else (image.height, image.width)
    return np.frombuffer(image.tobytes(), np.uint8).reshape(shape)


def from_array(array: NDArray[Any]) -> Pixels:
    """Arrays of bool, uint8, uint16 or float; H×W or H×W×1, 3 or 4 (RGB, RGBA). Raises ValueError for others."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or not array.size:
        raise ValueError(f"an array of shape {array.shape} is no picture: H×W or H×W×1, 3 or 4 is wanted")
    pixels = np.ascontiguousarray(_to_uint8(array))
    return opaque(pixels) if pixels.ndim == 3 and pixels.shape[2] == 4 else pixels


def _to_uint8(array: NDArray[Any]) -> Pixels:
    """Any depth to 8 bits.

    Integers of more than 8 bits count from 0 to the least of 8, 10, 12, 14, 16 bits that holds them (sensors
    use 12 of 16); others are stretched from their least to their greatest value. Floats count from 0 to 1, or to
    255 where they go beyond 1; others are stretched.
    """
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "iuf":
        raise ValueError(f"an array of {array.dtype} is no picture: bool, uint8, uint16 or float is wanted")
    values = np.nan_to_num(array.astype(np.float32), posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    tops = (1.0, 255.0) if array.dtype.kind == "f" else (255.0, 1023.0, 4095.0, 16383.0, 65535.0)
    top = next((top for top in tops if high <= top), None)
    if low < 0 or top is None:
        values, top = values - low, max(high - low, 1e-12)
    return np.asarray(np.rint(values * np.float32(255 / top)), np.uint8)


def opaque(rgba: Pixels) -> Pixels:
    """(H, W, 3 or 4) -> (H, W, 3): what is transparent becomes paper.

    Where most of the picture is transparent, paper is white or black, whichever differs more from what is
    drawn; else it is the color that most of what is drawn has.
    """
    if rgba.shape[2] == 3:
        return rgba
    if int(rgba[:, :, 3].min()) == 255:
        return np.ascontiguousarray(rgba[:, :, :3])
    step = max(1, min(rgba.shape[:2]) // 256)
    sample = rgba[::step, ::step].reshape(-1, 4).astype(np.float32)
    color, alpha = sample[:, :3], sample[:, 3]
    if float(alpha.mean()) < 128:
        drawn = float((color.mean(axis=1) * alpha).sum() / max(float(alpha.sum()), 1.0))
        paper = [255.0 if drawn < 128 else 0.0] * 3
    else:
        paper = list(np.median(color[alpha > 127], axis=0))
    page = Image.new("RGBA", (rgba.shape[1], rgba.shape[0]), (*(int(value) for value in paper), 255))
    page.alpha_composite(Image.fromarray(rgba))
    return from_pillow(page.convert("RGB"))
