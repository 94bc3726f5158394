"""Zip and tar archives -> items, and a member's bytes from its span of the file, without unpacking the archive.

Flows in: an archive that can be gone back in, under a name. Flows out: an item a picture, called archive/member.
Workers open the archive themselves, except for packed tar files (.tar.gz), which can only be read from the front: the
bytes of their members travel with their items.
"""

import bz2
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from tsifra.batch import remote
from tsifra.batch.item import Item, Span, Trouble, is_url
from tsifra.decoders import Limits, check_bytes
from tsifra.document import is_picture
from tsifra.errors import AccessError, DamagedError, FormatError, InputError

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
TAR = -1
_ENCRYPTED = 1  # bit of a zip member's flags
_HEADER = struct.Struct("<4s22xHH")  # of a zip's member: signature, lengths of name and extra field


def is_archive(name: str) -> bool:
    """Whether a file is taken for an archive."""
    return name.lower().endswith(SUFFIXES)


def opened(archive: str) -> BinaryIO:
    """An archive, behind an address or on this machine. Raises InputError."""
    if is_url(archive):
        return remote.opened(archive)
    try:
        return open(archive, "rb")
    except OSError as error:
        raise AccessError(f"{archive}: cannot be opened: {error.strerror}") from None


def of_archive(file: BinaryIO, name: str, limits: Limits) -> Iterator[Item]:
    """The pictures in an archive, a zip's in the order of its directory; a Trouble for what cannot be listed."""
    members = _zipped(file, name) if name.lower().endswith(".zip") else _taped(file, name, limits)
    empty = True
    try:
        for item in members:
            empty = False
            yield item
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        EOFError,
        OSError,
        zlib.error,
        NotImplementedError,
        ValueError,
    ) as error:
        yield Item(name, place=Trouble("damaged", f"{name}: a damaged archive: {' '.join(str(error).split())}"))
    else:
        if empty:
            yield Item(name, place=Trouble("missing", f"{name}: an archive without pictures"))


def read_span(file: BinaryIO, span: Span, name: str, limits: Limits) -> bytes:
    """The bytes of a member. Raises InputError, also for one that unpacks to more than it says or than may be read."""
    check_bytes(max(span.packed, span.size), name, limits)
    if span.method == TAR:
        file.seek(span.offset)
        data = file.read(span.size)
    else:
        file.seek(span.offset)
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size or header[:4] != b"PK\3\4":
            raise DamagedError(f"{name}: damaged: the archive has no such member any more")
        _, name_bytes, extra_bytes = _HEADER.unpack(header)
        file.seek(name_bytes + extra_bytes, os.SEEK_CUR)
        data = _inflated(file.read(span.packed), span, name)
    if len(data) != span.size or (span.method != TAR and zlib.crc32(data) != span.crc):
        raise DamagedError(f"{name}: damaged: not what the archive says it is")
    return data


def _inflated(packed: bytes, span: Span, name: str) -> bytes:
    """Unpack to at most a byte more than the member is said to have."""
    try:
        if span.method == zipfile.ZIP_STORED:
            return packed
        if span.method == zipfile.ZIP_DEFLATED:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, span.size + 1)
        if span.method == zipfile.ZIP_BZIP2:
            return bz2.BZ2Decompressor().decompress(packed, span.size + 1)
    except (zlib.error, OSError) as error:
        raise DamagedError(f"{name}: damaged: {error}") from None
    raise FormatError(f"{name}: packed by a method that is not known here ({span.method}); unpack the archive first")


def _zipped(file: BinaryIO, name: str) -> Iterator[Item]:
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if member.is_dir() or not is_wanted(member.filename):
                continue
            inner = f"{name}/{member.filename}"
            stamp = f"{member.file_size}:{member.CRC:08x}"
            if member.flag_bits & _ENCRYPTED:
                yield Item(inner, stamp, place=Trouble("password", f"{inner}: with a password; save it without one"))
                continue
            span = Span(
                name, member.header_offset, member.compress_size, member.file_size, member.compress_type, member.CRC
            )
            yield Item(inner, stamp, member.file_size, span)


def _taped(file: BinaryIO, name: str, limits: Limits) -> Iterator[Item]:
    plain = name.lower().endswith(".tar")
    with tarfile.open(fileobj=file, mode="r:" if plain else "r|*") as archive:
        for member in archive:
            archive.members = []  # type: ignore[attr-defined]  # or it would remember all of them
            if not (member.isfile() or member.islnk()) or not is_wanted(member.name):
                continue
            inner = f"{name}/{member.name.removeprefix('./')}"
            stamp = f"{member.size}:{member.mtime}"
            if member.islnk():  # tar writes a file that it has met under another name so
                told = f"{inner}: a link to {member.linkname}; read that, or pack the archive with --hard-dereference"
                yield Item(inner, stamp, place=Trouble("missing", told))
                continue
            if plain and not member.issparse():
                yield Item(inner, stamp, member.size, Span(name, member.offset_data, member.size, member.size, TAR))
                continue
            try:
                check_bytes(member.size, inner, limits)
                data = archive.extractfile(member)
                yield Item(inner, stamp, member.size, b"" if data is None else data.read())
            except InputError as error:
                yield Item(inner, stamp, place=Trouble(error.kind, str(error)))


def is_wanted(member: str) -> bool:
    """Whether a member of an archive is taken for a picture."""
    path = PurePosixPath(member)
    return is_picture(path.name) and "__MACOSX" not in path.parts
