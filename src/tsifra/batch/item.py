"""One picture file of a run: its name, what tells whether it has changed, and where its bytes are.

Knows nothing of how it is found or read. Named tuples, since millions of them go from process to process.
"""

from typing import NamedTuple


class Span(NamedTuple):
    """A member of an archive as a span of its file.

    offset: of the data (tar) or of the member's local header (zip). packed, size: bytes before and after inflating.
    method: how it is packed, as zip numbers it; 0 is not at all, TAR a member of a tar file. crc: of a zip's member.
    """

    archive: str
    offset: int
    packed: int
    size: int
    method: int
    crc: int = 0


class Trouble(NamedTuple):
    """What could not be listed; becomes a record of an error. kind, message: as in Failure."""

    kind: str
    message: str


class Item(NamedTuple):
    """name: the input of its record. stamp: changes when the file does, "" where nobody knows. size: bytes.

    place: None for a path or an address, which the name is; else a Span, the bytes themselves, or a Trouble.
    """

    name: str
    stamp: str = ""
    size: int = 0
    place: Span | bytes | Trouble | None = None


class Chunk(NamedTuple):
    """What a worker reads at once: items of one part, one after the other. list_s: how long it took to list them."""

    part: int
    items: tuple[Item, ...]
    list_s: float


def is_url(name: str) -> bool:
    """Whether a name is an address, such as s3://bucket/folder."""
    scheme, colon, _ = name.partition("://")
    return bool(colon) and scheme.isalnum()
