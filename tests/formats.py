"""A drawn digit in a file of every format that is read."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from drawing import Gray, colored, digit
from encoders import gray_png, heic

SIDE = 128


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def drawn(label: str, mode: str = "L") -> Image.Image:
    return Image.fromarray(digit(label, SIDE)).convert(mode)


def in_mode(gray: Gray, mode: str) -> Image.Image:
    return Image.fromarray(gray).convert(mode)


def bare(gray: Gray, mode: str) -> Image.Image:
    """A second frame, which must not be what is read."""
    return Image.new(mode, (gray.shape[1], gray.shape[0]), "white")


def deep(gray: Gray, kind: type[np.generic], gain: float) -> Image.Image:
    return Image.fromarray((gray.astype(np.float64) * gain).astype(kind))


def plain_pgm(gray: Gray) -> bytes:
    rows = "\n".join(" ".join(map(str, row)) for row in gray)
    return f"P2\n# drawn\n{gray.shape[1]} {gray.shape[0]}\n255\n{rows}\n".encode()


def see_through(gray: Gray) -> Image.Image:
    """A palette of two colors, the paper's transparent."""
    image = Image.fromarray((gray > 128).astype(np.uint8))
    image.putpalette([0, 0, 0, 255, 255, 255])
    return image


FORMATS: dict[str, Callable[[Gray], bytes]] = {
    "PNG of 1 bit": lambda g: gray_png(g, 1),
    "PNG of 2 bits": lambda g: gray_png(g, 2),
    "PNG of 4 bits": lambda g: gray_png(g, 4),
    "PNG of 8 bits": lambda g: gray_png(g, 8),
    "PNG of 16 bits": lambda g: gray_png(g, 16),
    "PNG palette": lambda g: saved(in_mode(g, "P"), "PNG"),
    "PNG palette of 1 bit": lambda g: saved(see_through(g), "PNG", bits=1),
    "PNG palette with transparency": lambda g: saved(see_through(g), "PNG", transparency=1),
    "PNG palette with a table of transparency": lambda g: saved(see_through(g), "PNG", transparency=b"\xff\0"),
    "PNG gray with a transparent shade": lambda g: saved(in_mode(g, "L"), "PNG", transparency=255),
    "PNG RGB with a transparent color": lambda g: saved(in_mode(g, "RGB"), "PNG", transparency=(255, 255, 255)),
    "PNG RGB": lambda g: saved(in_mode(g, "RGB"), "PNG"),
    "PNG RGBA": lambda g: saved(in_mode(g, "RGBA"), "PNG"),
    "PNG LA": lambda g: saved(in_mode(g, "LA"), "PNG"),
    "PNG in colors of one brightness": lambda g: saved(Image.fromarray(colored(g, (226, 0, 0), (0, 115, 0))), "PNG"),
    "APNG": lambda g: saved(in_mode(g, "L"), "PNG", save_all=True, append_images=[bare(g, "L")]),
    "JPEG gray": lambda g: saved(in_mode(g, "L"), "JPEG"),
    "JPEG RGB": lambda g: saved(in_mode(g, "RGB"), "JPEG", quality=30),
    "JPEG CMYK": lambda g: saved(in_mode(g, "CMYK"), "JPEG"),
    "JPEG progressive": lambda g: saved(in_mode(g, "RGB"), "JPEG", progressive=True),
    "MPO": lambda g: saved(in_mode(g, "RGB"), "MPO", save_all=True, append_images=[bare(g, "RGB")]),
    "BMP of 1 bit": lambda g: saved(in_mode(g, "1"), "BMP"),
    "BMP palette": lambda g: saved(in_mode(g, "P"), "BMP"),
    "BMP RGB": lambda g: saved(in_mode(g, "RGB"), "BMP"),
    "BMP RGBA": lambda g: saved(in_mode(g, "RGBA"), "BMP"),
    "DIB": lambda g: saved(in_mode(g, "RGB"), "DIB"),
    "GIF": lambda g: saved(in_mode(g, "L"), "GIF"),
    "GIF with transparency": lambda g: saved(see_through(g), "GIF", transparency=1),
    "GIF animation": lambda g: saved(in_mode(g, "L"), "GIF", save_all=True, append_images=[bare(g, "L")]),
    "TIFF": lambda g: saved(in_mode(g, "L"), "TIFF"),
    "TIFF fax": lambda g: saved(in_mode(g, "1"), "TIFF", compression="group4"),
    "TIFF fax of group 3": lambda g: saved(in_mode(g, "1"), "TIFF", compression="group3"),
    "TIFF of 16 bits": lambda g: saved(deep(g, np.uint16, 257), "TIFF"),
    "TIFF of 12 bits in 16": lambda g: saved(deep(g, np.uint16, 16), "TIFF"),
    "TIFF of floats to 1": lambda g: saved(deep(g, np.float32, 1 / 255), "TIFF"),
    "TIFF of floats to 255": lambda g: saved(deep(g, np.float32, 1), "TIFF"),
    "TIFF of 32-bit integers": lambda g: saved(deep(g, np.int32, 1000), "TIFF"),
    "TIFF LZW": lambda g: saved(in_mode(g, "RGB"), "TIFF", compression="tiff_lzw"),
    "TIFF Deflate": lambda g: saved(in_mode(g, "RGBA"), "TIFF", compression="tiff_adobe_deflate"),
    "TIFF JPEG": lambda g: saved(in_mode(g, "RGB"), "TIFF", compression="jpeg"),
    "TIFF CMYK": lambda g: saved(in_mode(g, "CMYK"), "TIFF"),
    "WebP": lambda g: saved(in_mode(g, "RGB"), "WEBP"),
    "WebP lossless with alpha": lambda g: saved(in_mode(g, "RGBA"), "WEBP", lossless=True),
    "WebP animation": lambda g: saved(in_mode(g, "RGB"), "WEBP", save_all=True, append_images=[bare(g, "RGB")]),
    "AVIF": lambda g: saved(in_mode(g, "RGB"), "AVIF"),
    "AVIF with alpha": lambda g: saved(in_mode(g, "RGBA"), "AVIF"),
    "HEIC": lambda g: heic(g),
    "PBM": lambda g: saved(in_mode(g, "1"), "PPM"),
    "PGM": lambda g: saved(in_mode(g, "L"), "PPM"),
    "PGM of 16 bits": lambda g: saved(deep(g, np.uint16, 257), "PPM"),
    "PGM in plain text": plain_pgm,
    "PPM": lambda g: saved(in_mode(g, "RGB"), "PPM"),
    "JPEG 2000": lambda g: saved(in_mode(g, "RGB"), "JPEG2000"),
    "JPEG 2000 codestream": lambda g: saved(in_mode(g, "L"), "JPEG2000", no_jp2=True),
    "PDF of a scan": lambda g: saved(in_mode(g, "L"), "PDF"),
    "PDF of a fax": lambda g: saved(in_mode(g, "1"), "PDF"),
}


def written(form: str, label: str, side: int = SIDE) -> bytes:
    """A file of a digit; in HEIC, the side must be a multiple of 32."""
    return FORMATS[form](digit(label, side))
