"""Files that Pillow cannot write, made by hand: PNG of any depth, HEIC, a PDF of lines, a PDF with a password.

Nothing here is more than reading needs: each encoder writes the plainest file that its format allows.
"""

import hashlib
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]


# PNG ------------------------------------------------------------------------------------------------------------


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_header(width: int, height: int, depth: int = 8, color: int = 0) -> bytes:
    """The signature and IHDR, which is all that a decoder sees before it has to make room for the picture."""
    ihdr = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", ihdr)


def gray_png(gray: Gray, depth: int) -> bytes:
    """Gray of 1, 2, 4, 8 or 16 bits a pixel."""
    height, width = gray.shape
    if depth == 16:
        rows = [(row.astype(">u2") * 257).tobytes() for row in gray]
    else:
        bits = np.unpackbits((gray >> np.uint8(8 - depth))[:, :, None], axis=2)[:, :, 8 - depth :].reshape(height, -1)
        rows = [np.packbits(row).tobytes() for row in bits]
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return png_header(width, height, depth) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


# HEIC -----------------------------------------------------------------------------------------------------------

_BLOCK = 32  # the largest block whose pixels HEVC lets stand as they are (IPCM)
_PROFILE = "00" + "0" + "00011" + "0111" + "0" * 28 + "1001" + "0" * 44 + "00011110"  # Main Still Picture, level 1


def heic(gray: Gray, *, quarter_turns: int = 0, orientation: int | None = None) -> bytes:
    """A still picture in HEVC, sides multiples of 32, as phones write it but for the compression.

    quarter_turns: `irot`, counterclockwise. orientation: an Exif item that says so as well, as phones do.
    """
    height, width = gray.shape
    parameters = [_video_parameters(), _sequence_parameters(width, height), _picture_parameters()]
    coded = b"".join(struct.pack(">I", len(unit)) + unit for unit in _slices(gray))
    exif = (
        b""
        if orientation is None
        else b"\0\0\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + bytes((0, orientation, 0, 0, 0, 0, 0, 0))
    )
    sets = b"".join(bytes((0xA0 | unit[0] >> 1, 0, 1)) + struct.pack(">H", len(unit)) + unit for unit in parameters)
    configuration = b"\x01\x03\x70\0\0\0\x90\0\0\0\0\0\x1e\xf0\0\xfc\xfd\xf8\xf8\0\0\x0f\x03" + sets
    properties = [_box(b"hvcC", configuration), _box(b"ispe", struct.pack(">III", 0, width, height))]
    properties.append(_box(b"irot", bytes((quarter_turns,))))
    association = struct.pack(">IIHB", 0, 1, 1, 3) + b"\x81\x02\x83"
    items = [_full(b"infe", 2, struct.pack(">HH4s", 1, 0, b"hvc1") + b"\0")]
    references = b""
    if exif:
        items.append(_full(b"infe", 2, struct.pack(">HH4s", 2, 0, b"Exif") + b"\0"))
        references = _full(b"iref", 0, _box(b"cdsc", struct.pack(">HHH", 2, 1, 1)))

    def meta(start: int) -> bytes:
        places = [(1, start, len(coded)), (2, start + len(coded), len(exif))][: len(items)]
        located = b"".join(struct.pack(">HHHII", item, 0, 1, at, size) for item, at, size in places)
        return _full(
            b"meta",
            0,
            _full(b"hdlr", 0, b"\0\0\0\0pict" + b"\0" * 13)
            + _full(b"pitm", 0, b"\0\x01")
            + _full(b"iloc", 0, b"\x44\0" + struct.pack(">H", len(items)) + located)
            + _full(b"iinf", 0, struct.pack(">H", len(items)) + b"".join(items))
            + references
            + _box(b"iprp", _box(b"ipco", b"".join(properties)) + _box(b"ipma", association)),
        )

    head = _box(b"ftyp", b"heic\0\0\0\0mif1heic")
    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + _box(b"mdat", coded + exif)


def _slices(gray: Gray) -> list[bytes]:
    """A slice a block: each starts the arithmetic coder anew, so that what it writes is the same every time."""
    height, width = gray.shape
    across = width // _BLOCK
    count = across * (height // _BLOCK)
    units = []
    for index in range(count):
        y, x = index // across * _BLOCK, index % across * _BLOCK
        # first slice?, no output of prior pictures, set 0, [address], slice type I, QP as it is
        address = f"{index:0{(count - 1).bit_length()}b}" if index else ""
        header = ("1" if not index else "0") + "0" + _ue(0) + address + _ue(2) + _ue(0)
        pixels = gray[y : y + _BLOCK, x : x + _BLOCK].tobytes() + b"\x80" * (_BLOCK * _BLOCK // 2)
        # Coded "one part", "pixels follow"; after the pixels, "the slice ends".
        units.append(_unit(19, _bytes(header + "1") + b"\x86\x80" + pixels + b"\xfe\x80"))
    return units


def _video_parameters() -> bytes:
    return _unit(32, _bytes("0000" + "11" + "000000" + "000" + "1" + "1" * 16 + _PROFILE + "1111" + "0" * 6 + "1001"))


def _sequence_parameters(width: int, height: int) -> bytes:
    bits = "0000" + "000" + "1" + _PROFILE + _ue(0)
    bits += _ue(1) + _ue(width) + _ue(height) + "0" + _ue(0) + _ue(0)  # 4:2:0, size, uncropped, 8 bits
    bits += _ue(0) + "1" + _ue(0) * 3
    bits += _ue(2) + _ue(0) + _ue(0) + _ue(3) + _ue(0) + _ue(0)  # blocks of 32, transforms of 4 to 32
    bits += "0" + "0" + "0"  # no scaling lists, no asymmetric parts, no sample-adaptive offset
    bits += "1" + "0111" + "0111" + _ue(2) + _ue(0) + "1"  # pixels as they are, in 8 bits, in blocks of 32
    bits += _ue(0) + "0" + "0" + "0" + "0" + "0"
    return _unit(33, _bytes(bits + "1"))


def _picture_parameters() -> bytes:
    bits = _ue(0) + _ue(0) + "0" + "0" + "000" + "0" + "0" + _ue(0) + _ue(0) + _ue(0) + "0" + "0" + "0" + _ue(0)
    bits += _ue(0) + "0" + "0" + "0" + "0" + "0" + "0" + "0"
    bits += "1" + "0" + "1"  # no deblocking
    bits += "0" + "0" + _ue(0) + "0" + "0"
    return _unit(34, _bytes(bits + "1"))


def _ue(value: int) -> str:
    """An unsigned number in exponential Golomb code."""
    bits = f"{value + 1:b}"
    return "0" * (len(bits) - 1) + bits


def _bytes(bits: str) -> bytes:
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _unit(kind: int, body: bytes) -> bytes:
    """A network abstraction layer unit; two zero bytes are kept from meeting a third byte under 4."""
    safe, zeros = bytearray((kind << 1, 1)), 0
    for value in body:
        if zeros >= 2 and value <= 3:
            safe.append(3)
            zeros = 0
        safe.append(value)
        zeros = 0 if value else zeros + 1
    return bytes(safe)


def _box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", 8 + len(data)) + name + data


def _full(name: bytes, version: int, data: bytes) -> bytes:
    return _box(name, bytes((version, 0, 0, 0)) + data)


# PDF ------------------------------------------------------------------------------------------------------------

SEVEN = b"9 w 1 J 40 100 m 80 100 l 55 40 l S"  # a 7 drawn with a pen on a sheet of 120×140 points

_PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def pdf(*contents: bytes, password: bytes | None = None, extra: bytes = b"") -> bytes:
    """A page for each stream of drawing commands.

    password: needed to open it; b"" is the password of a PDF that anybody may open but not change. It is
    encrypted as version 1.3 of the format has it (RC4, 40 bits), the plainest that readers still know.
    extra: more entries of each page, such as /Rotate.
    """
    identity = b"0123456789abcdef"
    owner = _rc4(hashlib.md5(_padded(b"owner")).digest()[:5], _padded(password or b""))
    rights = struct.pack("<i", -4)
    key = hashlib.md5(_padded(password or b"") + owner + rights + identity).digest()[:5]
    kids = b" ".join(b"%d 0 R" % (3 + 2 * k) for k in range(len(contents)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%b]/MediaBox[0 0 120 140]>>" % (len(contents), kids),
    ]
    for content in contents:
        number = len(objects) + 2
        if password is not None:
            salted = key + struct.pack("<I", number)[:3] + b"\0\0"
            content = _rc4(hashlib.md5(salted).digest()[:10], content)
        objects.append(b"<</Type/Page/Parent 2 0 R/Contents %d 0 R/Resources<<>>%b>>" % (number, extra))
        objects.append(b"<</Length %d>>stream\n%b\nendstream" % (len(content), content))
    name = identity.hex().encode()
    trailer = b"/Size %d/Root 1 0 R/ID[<%b><%b>]" % (len(objects) + 2, name, name)
    if password is not None:
        objects.append(
            b"<</Filter/Standard/V 1/R 2/P -4/O<%b>/U<%b>>>" % (owner.hex().encode(), _rc4(key, _PAD).hex().encode())
        )
        trailer += b"/Encrypt %d 0 R" % len(objects)
    out, places = b"%PDF-1.3\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + table + b"trailer\n<<%b>>\nstartxref\n%d\n%%%%EOF\n" % (trailer, len(out))


def _padded(password: bytes) -> bytes:
    return (password + _PAD)[:32]


def _rc4(key: bytes, data: bytes) -> bytes:
    box, j = list(range(256)), 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    out, i, j = bytearray(), 0, 0
    for value in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(value ^ box[(box[i] + box[j]) % 256])
    return bytes(out)
