"""Sources of a run -> how many files they list, as quickly as that can be known.

Flows in: Sources. Flows out: a number, or None where only the listing itself can say. Neither sorts nor asks for sizes.
"""

import os
import zipfile
from collections.abc import Iterator

from tsifra.batch.archive import is_archive, is_wanted
from tsifra.batch.item import is_url
from tsifra.batch.listing import Sources
from tsifra.document import is_picture


def counted(sources: Sources) -> int | None:
    """The number of files. What cannot be opened counts as one, as it does in the listing."""
    total = 0
    for name in sources.names():
        count = _count(name)
        if count is None:
            return None
        total += count
    return total


def _count(name: str) -> int | None:
    try:
        if is_url(name) or any(sign in name for sign in "*?["):
            return None
        if os.path.isdir(name):
            return max(1, sum(_below(name)))
        if not is_archive(name) or not os.path.isfile(name):
            return 1
        if not name.lower().endswith(".zip"):
            return None
        with zipfile.ZipFile(name) as archive:
            return max(1, sum(is_wanted(name) for name in archive.namelist() if not name.endswith("/")))
    except (OSError, zipfile.BadZipFile):
        return 1


def _below(folder: str) -> Iterator[int]:
    for _, _, files in os.walk(folder):
        yield sum(map(is_picture, files))
