"""The metadata chunks of a WebP file: EXIF and XMP (https://developers.google.com/speed/webp/docs/riff_container)."""

import struct
from typing import BinaryIO

MAX_CHUNKS = 1000
MAX_BYTES = 2**20
HEAD = struct.Struct("<4sI")
NAMES = {b"EXIF": "exif", b"XMP ": "xmp"}


def is_webp(head: bytes) -> bool:
    """Whether a file that begins with these 12 bytes is a WebP file."""
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def read_webp(stream: BinaryIO) -> dict[str, bytes]:
    """Read the first "exif" and "xmp", of at most 1 MB each.

    Raises:
        ValueError: the file is damaged, or one of them is larger.
    """
    found: dict[str, bytes] = {}
    stream.seek(12)
    for _ in range(MAX_CHUNKS):
        head = stream.read(HEAD.size)
        if len(head) < HEAD.size:
            return found
        kind, length = HEAD.unpack(head)
        if kind not in NAMES:
            stream.seek(length + length % 2, 1)
            continue
        content = stream.read(min(length, MAX_BYTES) + length % 2)[:length]
        if len(content) < length:
            raise ValueError("metadata that is cut off or too large")
        found.setdefault(NAMES[kind], content)
    raise ValueError("too many chunks")
