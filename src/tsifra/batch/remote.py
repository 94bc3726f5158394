"""Addresses (s3://, gs://, az://, http://) -> items, and the bytes behind them, through fsspec.

Flows in: an address. Flows out: items of a listing, opened files, bytes. What fails is asked for again with growing
pauses, so that half a minute of a service that fails costs no row. Knows nothing of pictures.
"""

import random
import time
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import PurePosixPath
from typing import Any, BinaryIO, TypeVar

from tsifra.batch.item import Item, Trouble
from tsifra.batch.order import in_order
from tsifra.decoders import Limits, check_bytes
from tsifra.document import is_picture
from tsifra.errors import AccessError, InputError, MissingError, TsifraError

_PAUSES_S = (0.1, 0.5, 2.0, 8.0, 30.0)  # many stumble once, a service that is being restarted takes half a minute
_STAMPS = ("ETag", "etag", "LastModified", "mtime", "last_modified", "updated")

_T = TypeVar("_T")


def of_address(address: str) -> Iterator[Item]:
    """The pictures below an address, in natural order a folder; or what it names itself, with * as in a shell."""
    try:
        system, path = _system(address)
        if address.startswith(("http://", "https://")):
            yield Item(address)
            return
        scheme = address.partition("://")[0]
        if any(sign in path for sign in "*?["):
            found = patiently(lambda: system.glob(path, detail=True), address)
            yield from (_item(scheme, found[name]) for name in in_order(found))
        elif patiently(lambda: system.isfile(path), address):
            yield _item(scheme, patiently(lambda: system.info(path), address))
        else:
            yield from _below(system, scheme, path, address)
    except InputError as error:
        yield Item(address, place=Trouble(error.kind, str(error)))


def fetched(address: str, size: int, limits: Limits) -> bytes:
    """All bytes behind an address. size: what the listing says, 0 where it does not. Raises InputError."""
    check_bytes(size, address, limits)
    system, path = _system(address)

    def read() -> bytes:
        if size:
            return bytes(
                system.cat_file(path, start=0, end=size)
            )  # one request: without a range, one more for the size
        with system.open(path, "rb") as file:
            return bytes(file.read(limits.max_bytes + 1))

    data = patiently(read, address)
    check_bytes(len(data), address, limits)
    return data


def opened(address: str) -> BinaryIO:
    """A file behind an address that can be gone back in. Raises InputError."""
    system, path = _system(address)
    file: BinaryIO = patiently(lambda: system.open(path, "rb"), address)
    return file


def patiently(ask: Callable[[], _T], address: str) -> _T:
    """What `ask` returns, asked again after errors that may pass. Raises InputError."""
    pauses_s = iter(_PAUSES_S)
    while True:
        try:
            return ask()
        except TsifraError:
            raise
        except Exception as error:  # each service has its own
            if isinstance(error, FileNotFoundError) and not _may_pass(error):
                raise MissingError(f"{address}: no such file") from None
            if isinstance(error, PermissionError):
                raise AccessError(f"{address}: cannot be opened: {error}") from None
            pause_s = next(pauses_s, None)
            if pause_s is None:
                said = " ".join(str(error).split()) or type(error).__name__
                raise AccessError(f"{address}: cannot be read, asked {len(_PAUSES_S) + 1} times: {said}") from None
        time.sleep(pause_s * random.uniform(0.5, 1))


def _may_pass(error: FileNotFoundError) -> bool:
    """Whether a web server only did not answer, or with an error of its own; fsspec says "not found" then too."""
    cause = error.__cause__
    return type(cause).__module__.startswith("aiohttp") and not 400 <= getattr(cause, "status", 0) < 500


def _below(system: Any, scheme: str, path: str, address: str) -> Iterator[Item]:
    folders, empty = [path], True
    while folders:
        folder = folders.pop()
        found = {
            PurePosixPath(info["name"]).name + ("/" if info["type"] == "directory" else ""): info
            for info in patiently(partial(system.ls, folder, detail=True), address)
        }
        inner = []
        for name in in_order(found):
            if name.endswith("/"):
                inner.append(found[name]["name"])
            elif is_picture(name):
                empty = False
                yield _item(scheme, found[name])
        folders += reversed(inner)
    if empty:
        yield Item(address, place=Trouble("missing", f"{address}: an address without pictures below it"))


def _item(scheme: str, info: dict[str, Any]) -> Item:
    stamps = (info.get(key) for key in _STAMPS)
    stamp = next((str(stamp).strip('"') for stamp in stamps if stamp), "")
    return Item(f"{scheme}://{info['name'].lstrip('/')}", f"{info.get('size') or 0}:{stamp}", info.get("size") or 0)


@lru_cache
def _file_system(scheme: str) -> Any:
    """The file system of a scheme, which lists anew each time: nothing of a listing stays in memory."""
    import fsspec  # of the extra `remote`

    return fsspec.filesystem(scheme, use_listings_cache=False)


def _system(address: str) -> tuple[Any, str]:
    """The file system of an address and what it calls it.

    Raises TsifraError where a package for it is missing, which is no fault of the file, AccessError for none such.
    """
    scheme = address.partition("://")[0]
    try:
        system = _file_system(scheme)
    except ImportError as error:
        raise TsifraError(f"{address}: {scheme}:// needs more: pip install 'tsifra[remote]' ({error})") from None
    except ValueError as error:  # fsspec's word for a scheme that it does not know
        raise AccessError(f"{address}: {error}") from None
    return system, str(system._strip_protocol(address))
