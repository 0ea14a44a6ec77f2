"""The metadata segments of a JPEG file: EXIF, XMP and the comment."""

import struct
from typing import BinaryIO

SIGNATURE = b"\xff\xd8\xff"
EXIF_PREFIX = b"Exif\0\0"
XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
APP1, COMMENT, SCAN, END = 0xE1, 0xFE, 0xDA, 0xD9
STANDALONE = (0x01, *range(0xD0, 0xD9))
"""Markers without a length."""

MAX_SEGMENTS = 1000


def read_jpeg(stream: BinaryIO) -> dict[str, bytes]:
    """Read the first "exif", "xmp" and "comment" before the pixels, of at most 64 kB each.

    Raises:
        ValueError: the file is damaged.
    """
    found: dict[str, bytes] = {}
    stream.seek(2)
    for _ in range(MAX_SEGMENTS):
        marker = _read_marker(stream)
        if marker in (SCAN, END):
            return found
        if marker in STANDALONE:
            continue
        length = _read_length(stream)
        if marker not in (APP1, COMMENT):
            stream.seek(length, 1)
            continue
        content = stream.read(length)
        if len(content) < length:
            raise ValueError("a segment that is cut off")
        _keep(found, marker, content)
    raise ValueError("too many segments")


def _read_marker(stream: BinaryIO) -> int:
    if stream.read(1) != b"\xff":
        raise ValueError("no marker where one has to be")
    for _ in range(MAX_SEGMENTS):  # any number of fill bytes may come first
        byte = stream.read(1)
        if byte != b"\xff":
            return byte[0] if byte else END
    raise ValueError("too many fill bytes")


def _read_length(stream: BinaryIO) -> int:
    data = stream.read(2)
    length = struct.unpack(">H", data)[0] - 2 if len(data) == 2 else -1
    if length < 0:
        raise ValueError("a segment without a length")
    return int(length)


def _keep(found: dict[str, bytes], marker: int, content: bytes) -> None:
    if marker == COMMENT:
        found.setdefault("comment", content)
    elif content.startswith(EXIF_PREFIX):
        found.setdefault("exif", content)
    elif content.startswith(XMP_PREFIX):
        found.setdefault("xmp", content.removeprefix(XMP_PREFIX))
