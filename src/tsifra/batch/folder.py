"""Folders and globs of this machine -> items, in natural order, as `tsifra read` has them.

Flows in: a path. Flows out: items, listed as they are asked for. Opens no picture.
"""

import fnmatch
import glob
import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tsifra.batch.item import Item, Trouble
from tsifra.batch.order import in_order
from tsifra.document import is_picture


class _Folder(NamedTuple):
    """A folder that is to be looked into. places: which parts of a pattern the names in it may match."""

    path: str
    places: frozenset[int] = frozenset()


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
    for found in _found(_Folder(folder), _below):
        empty = False
        yield of_file(found) if isinstance(found, str) else found
    if empty:
        yield Item(folder, place=Trouble("missing", f"{folder}: a folder without pictures"))


def of_glob(pattern: str) -> Iterator[str | Item]:
    """The files and folders that a pattern such as scans/**/*.png stands for, listed as they are asked for.

    Of a folder that may not be looked into, a Trouble. Hidden ones are matched by a dot alone; `**` is any number of
    folders, links not among them.
    """
    start, parts = "/" if pattern.startswith("/") else "", [part for part in pattern.split("/") if part]
    while len(parts) > 1 and not glob.has_magic(parts[0]):
        start = os.path.join(start, parts.pop(0))

    def matched(folder: _Folder) -> Iterator[str | _Folder]:
        for name in in_order(_names(folder.path, lambda entry: True)):
            path = os.path.join(folder.path, name.rstrip("/"))
            places = _after(name, folder.places, parts, os.path.islink(path))
            if len(parts) in places:
                yield path
            elif places and name.endswith("/"):
                yield _Folder(path, places)

    if os.path.isdir(start or "."):
        yield from _found(_Folder(start, _reached({0}, parts)), matched)


def _after(name: str, places: frozenset[int], parts: list[str], is_link: bool) -> frozenset[int]:
    """The parts of a pattern that may be matched next, once a name has been; their number when all are."""
    after: set[int] = set()
    bare = name.rstrip("/")
    for at in places - {len(parts)}:
        if name.startswith(".") and not parts[at].startswith("."):
            continue
        if parts[at] != "**":
            after.update({at + 1} if fnmatch.fnmatch(bare, parts[at]) else ())
        elif name != bare and not is_link:
            after.add(at)
        elif name == bare and at + 1 == len(parts):
            after.add(at + 1)
    return frozenset(after) if name == bare else _reached(after, parts)


def _reached(places: set[int], parts: list[str]) -> frozenset[int]:
    """With the parts behind each `**`, which may be no folder at all."""
    for at in sorted(places):
        while at < len(parts) and parts[at] == "**":
            at += 1
            places.add(at)
    return frozenset(places)


def _found(top: _Folder, within: Callable[[_Folder], Iterator[str | _Folder]]) -> Iterator[str | Item]:
    """The paths below a folder, depth first; a Trouble of one that may not be looked into.

    Without recursion, since folders may lie deeper in each other than Python's stack.
    """
    open_ones = [(top, within(top))]
    while open_ones:
        folder, entries = open_ones[-1]
        try:
            entry = next(entries, None)
        except OSError as error:
            told = f"{folder.path}: cannot be opened: {error.strerror}"
            yield Item(folder.path, place=Trouble("access", told))
            entry = None
        if entry is None:
            open_ones.pop()
        elif isinstance(entry, str):
            yield entry
        else:
            open_ones.append((entry, within(entry)))


def _below(folder: _Folder) -> Iterator[str | _Folder]:
    for name in in_order(_names(folder.path, _is_wanted)):
        path = f"{folder.path.rstrip('/')}/{name}"
        yield _Folder(path.rstrip("/")) if name.endswith("/") else path


def _is_wanted(entry: os.DirEntry[str]) -> bool:
    if entry.is_dir(follow_symlinks=False):
        return True
    return is_picture(entry.name) and not _leads_to_folder(entry)


def _names(folder: str, is_wanted: Callable[[os.DirEntry[str]], bool]) -> Iterator[str]:
    """Names of what is in a folder; those of folders end in a slash, as in the names of what is in them."""
    with os.scandir(folder or ".") as entries:
        for entry in entries:
            if is_wanted(entry):
                yield entry.name + "/" * _leads_to_folder(entry)


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a folder that may not be entered: the file's own row tells
        return False
