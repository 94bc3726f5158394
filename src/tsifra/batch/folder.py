"""Folders and globs of this machine -> items, in natural order, as `tsifra read` has them.

Flows in: a path. Flows out: items, listed as they are asked for. Opens no picture.
"""

import glob
import os
from collections.abc import Iterator

from tsifra.batch.item import Item, Trouble
from tsifra.batch.order import in_order
from tsifra.document import SUFFIXES


def is_picture(name: str) -> bool:
    """Whether a file of a folder is taken for a picture."""
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def of_file(path: str) -> Item:
    """A file by its path; where there is none, reading it will tell."""
    try:
        info = os.stat(path)
    except (OSError, ValueError):
        return Item(path)
    return Item(path, f"{info.st_size}:{info.st_mtime_ns}", info.st_size)


def of_folder(folder: str) -> Iterator[Item]:
    """The pictures below a folder; of an empty one a Trouble. Links to folders are not followed."""
    empty = True
    for item in _walk(folder):
        empty = False
        yield item
    if empty:
        yield Item(folder, place=Trouble("missing", f"{folder}: a folder without pictures"))


def of_glob(pattern: str) -> Iterator[str]:
    """The paths that a pattern such as scans/**/*.png stands for."""
    return in_order(glob.iglob(pattern, recursive=True))


def _walk(folder: str) -> Iterator[Item]:
    try:
        names = in_order(_entries(folder))
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            if name.endswith("/"):
                yield from _walk(path.rstrip("/"))
            else:
                yield of_file(path)
    except OSError as error:  # of a folder that may not be looked into
        yield Item(folder, place=Trouble("access", f"{folder}: cannot be opened: {error.strerror}"))


def _entries(folder: str) -> Iterator[str]:
    """Names of the pictures and folders in a folder; these end in a slash, as in the names of what is in them."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield entry.name + "/"
            elif is_picture(entry.name) and not _leads_to_folder(entry):
                yield entry.name


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a folder that may not be entered: the file's own row tells
        return False
