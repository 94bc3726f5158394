"""MNIST as four arrays, from files already there, the cache, or its published addresses.

Flows in: a folder, or nothing. Flows out: Mnist: images (N, 28, 28) uint8, ink 255 on 0, labels (N,) uint8.
Every file is checked by its SHA-256 before it is used. Knows nothing of networks.
"""

import gzip
import hashlib
import http.client
import math
import os
import struct
import sys
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tsifra.errors import DataError

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
UNPACKED_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
_TRIES = 3  # of each mirror
_TIMEOUT_S = 30.0

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Mnist:
    """The 60,000 training and 10,000 test digits of Y. LeCun, C. Cortes and C. Burges.

    train_images: (60000, 28, 28) uint8; train_labels: (60000,) uint8; test_images and test_labels likewise.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]


def load_mnist(folder: str | os.PathLike[str] | None = None, progress: Progress | None = None) -> Mnist:
    """MNIST from `folder`, gzipped or not, or from the cache, which is filled from the published addresses.

    progress: called with (file name, bytes so far, bytes in all) while a file is fetched.
    Raises DataError, which names the file, where one is missing from `folder`, damaged, or cannot be fetched.
    """
    if folder is not None:
        paths = [_given(Path(folder), name) for name in SHA256]
    else:
        paths = [_cached(name, progress) for name in SHA256]
    return Mnist(*(read_idx(path) for path in paths))


def read_idx(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """An IDX file of bytes, gzipped or not, as an array. Raises DataError."""
    path = Path(path)
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from None
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        raise DataError(f"{path}: not an IDX file of bytes")
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise DataError(f"{path}: damaged: it ends within its heading")
    shape = struct.unpack(f">{data[3]}I", data[4:start])
    if len(data) - start != math.prod(shape):
        raise DataError(f"{path}: damaged: {len(data) - start} bytes for an array of shape {shape}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def cache_folder() -> Path:
    """Where downloads and what is made of them are kept: the platform's cache folder for this package.

    Raises DataError without platformdirs, which reading does not need.
    """
    try:
        import platformdirs
    except ImportError:
        raise DataError(
            "a cache folder needs platformdirs: pip install 'tsifra[train]', or name a folder that holds MNIST (--data)"
        ) from None
    return Path(platformdirs.user_cache_dir("tsifra", appauthor=False))


def _given(folder: Path, name: str) -> Path:
    path, unpacked = folder / name, folder / name.removesuffix(".gz")
    if not path.exists() and not unpacked.exists():
        raise DataError(f"{path}: no such file; {folder} should hold {', '.join(SHA256)}, or what is in them")
    if not path.exists():  # programs that fetch files may have unpacked them
        path = unpacked
    if not _is_whole(path, path.name):
        raise DataError(f"{path}: damaged or another file (its SHA-256 differs); delete it and fetch it again")
    return path


def _cached(name: str, progress: Progress | None) -> Path:
    path = cache_folder() / "mnist" / name
    if path.exists() and _is_whole(path, name):
        return path
    if path.exists():
        print(f"{path}: damaged or another file; fetching it again", file=sys.stderr)
        path.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    causes = []
    for mirror in MIRRORS:
        for _ in range(_TRIES):
            try:
                _fetch(mirror + name, part, progress)
            except (OSError, http.client.HTTPException) as error:  # URLError and time-outs are OSErrors
                causes.append(f"{mirror}: {error}")
                if isinstance(error, urllib.error.HTTPError) and error.code == 416:
                    part.unlink(missing_ok=True)  # a longer leftover than the file itself
                continue
            if _is_whole(part, name):
                os.replace(part, path)
                return path
            part.unlink()
            causes.append(f"{mirror}: another file came than was published")
    raise DataError(
        f"{name}: cannot be fetched ({'; '.join(dict.fromkeys(causes))}); "
        "put MNIST's files into a folder and name it with --data or TSIFRA_DATA"
    )


def _fetch(url: str, part: Path, progress: Progress | None) -> None:
    """Fetch a file, going on from what an earlier try left."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:
        if response.status != 206:
            have = 0
        total = have + int(response.headers.get("Content-Length") or 0)
        with open(part, "ab" if have else "wb") as file:
            while block := response.read(1 << 16):
                file.write(block)
                have += len(block)
                if progress is not None:
                    progress(part.stem, have, total)
    if have < total:
        raise OSError(f"the connection ended after {have} of {total} bytes")


def _is_whole(path: Path, name: str) -> bool:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == (SHA256 | UNPACKED_SHA256)[name]
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
