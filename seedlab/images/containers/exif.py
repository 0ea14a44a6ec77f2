"""The texts in an EXIF block.

Pillow's reader keeps a copy of every entry's data. In a hostile block of megabytes, thousands of entries can each name
all of it, so only the few entries that tools write settings into are looked up here.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence

from seedlab.core.texts.text import decode

MAX_BYTES = 2**20
MAX_ENTRIES = 200
ORDERS = {b"II": "<", b"MM": ">"}
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1}
"""Bytes a value, by the type of an entry: byte, text, short, long, undefined."""

EXIF_FOLDER = 0x8769
"""The entry that points to the folder with the user comment."""

ORIENTATION = 0x0112
NUMBERS = {1: "B", 3: "H", 4: "I"}
"""How `struct` reads a number, by the type of an entry."""

RAW_PROFILES = ("Raw profile type exif", "Raw profile type APP1")
"""The keywords of PNG's text chunks in which older tools write the block."""

USER_COMMENT = "exif:UserComment"
XP_COMMENT = "exif:XPComment"
NAMES = {
    0x010E: "exif:ImageDescription",
    0x010F: "exif:Make",
    0x0110: "exif:Model",
    0x0131: "exif:Software",
    0x9286: USER_COMMENT,
    0x9C9C: XP_COMMENT,
}


def read_exif(data: bytes) -> dict[str, str]:
    """Read the texts of an untrusted EXIF block, by the keys in `NAMES`; those that cannot be read are left out."""
    data = data.removeprefix(b"Exif\0\0")
    order = ORDERS.get(data[:2])
    if order is None or len(data) > MAX_BYTES:
        return {}
    try:
        entries = dict(_list_entries(data, order, *struct.unpack_from(f"{order}I", data, 4)))
        folder = entries.get(EXIF_FOLDER, b"")
        if len(folder) == 4:
            entries |= dict(_list_entries(data, order, *struct.unpack(f"{order}I", folder)))
    except struct.error:
        return {}
    texts = {NAMES[tag]: _decode(tag, entries[tag]) for tag in NAMES if tag in entries}
    return {name: text for name, text in texts.items() if text}


def read_orientation(data: bytes) -> int | None:
    """Read the orientation out of an untrusted EXIF block; None if it has none."""
    data = data.removeprefix(b"Exif\0\0")
    order = ORDERS.get(data[:2])
    if order is None or len(data) > MAX_BYTES:
        return None
    try:
        (start,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, start)
        for number in range(min(count, MAX_ENTRIES)):
            tag, kind, values = struct.unpack_from(f"{order}HHI", data, start + 2 + 12 * number)
            if tag == ORIENTATION and kind in NUMBERS and values == 1:
                return int(struct.unpack_from(order + NUMBERS[kind], data, start + 10 + 12 * number)[0])
    except struct.error:
        pass
    return None


def _list_entries(data: bytes, order: str, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield the tag and the bytes of the entries of one folder that are looked for."""
    (count,) = struct.unpack_from(f"{order}H", data, start)
    for number in range(min(count, MAX_ENTRIES)):
        place = start + 2 + 12 * number
        if place + 12 > len(data):
            return
        tag, kind, values = struct.unpack_from(f"{order}HHI", data, place)
        if (tag in NAMES or tag == EXIF_FOLDER) and kind in SIZES:
            length = values * SIZES[kind]
            offset = place + 8 if length <= 4 else struct.unpack_from(f"{order}I", data, place + 8)[0]
            yield tag, data[offset : offset + length]


def _decode(tag: int, data: bytes) -> str:
    if NAMES[tag] == XP_COMMENT:
        return data.decode("utf-16-le", "replace").strip("\0")
    if NAMES[tag] == USER_COMMENT:
        return decode_comment(data).strip("\0")
    return decode(data).strip("\0")


def decode_comment(data: bytes) -> str:
    """Decode a user comment: eight bytes that name the encoding, and the text.

    By the standard "UNICODE" has the byte order of the file. Piexif always writes big endian, as AUTOMATIC1111 does
    with it; Civitai and others write little endian, whatever the file's order is. So the text itself decides.
    """
    prefix, text = data[:8], data[8:]
    if prefix.startswith(b"UNICODE"):
        return _decode_utf16(text)
    if prefix in (b"ASCII\0\0\0", b"\0" * 8):
        return decode(text)
    return decode(data)


def _decode_utf16(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    # Every tool's settings have ASCII letters and digits, whose high bytes are zero.
    order = "utf-16-be" if data[::2].count(0) >= data[1::2].count(0) else "utf-16-le"
    return data.decode(order, "replace")


def list_raw_profiles(texts: Mapping[str, str], keywords: Sequence[str] = RAW_PROFILES) -> Iterator[bytes]:
    """Yield the EXIF blocks that ImageMagick and older tools write in hexadecimal into text chunks of PNGs."""
    for keyword in keywords:
        lines = texts.get(keyword, "").strip().split("\n")[2:]
        try:
            yield bytes.fromhex("".join(lines))
        except ValueError:
            continue
