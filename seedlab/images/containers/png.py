"""The chunks of a PNG that are not pixels. Pillow reads text after the pixels only if it decodes them.

Chunk layouts: https://www.w3.org/TR/png-3/#11textinfo.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from seedlab.core.texts.text import decode

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_OTHER_BYTES = 8 * 2**20
"""The limit of all chunks but the pixels. SeedLab writes far less; ComfyUI's workflows can take megabytes."""

MAX_INFLATED_BYTES = 2**20
"""The limit of all compressed text of a file, once it is inflated."""

MAX_CHUNKS = 20_000
"""Encoders write pixels in chunks of 8 kB or more. Reading 4 million empty chunks would take seconds."""

CHUNK_HEAD = struct.Struct(">I4s")
"""The start of every chunk: length, name. Its content and a checksum of 4 bytes follow."""

TEXT_KINDS = (b"tEXt", b"zTXt", b"iTXt")


class TooMuchError(ValueError):
    """A file holds more data besides its pixels than any picture needs."""


@dataclass
class Chunks:
    """The text chunks of a PNG by keyword, and its EXIF block, b"" if it has none."""

    texts: dict[str, str] = field(default_factory=dict)
    exif: bytes = b""
    inflated: int = 0

    def add(self, kind: bytes, content: bytes) -> None:
        """Add a chunk.

        Raises:
            TooMuchError: it inflates to too much text.
            ValueError, zlib.error: it is not valid.
        """
        if kind == b"eXIf":
            self.exif = content
        elif kind in TEXT_KINDS:
            keyword, _, rest = content.partition(b"\0")
            self.texts[keyword.decode("latin-1")] = self._read_text(kind, rest)

    def _read_text(self, kind: bytes, rest: bytes) -> str:
        if kind == b"tEXt":
            return decode(rest)
        if kind == b"zTXt":
            return decode(self._inflate(rest[1:]))
        is_compressed = rest[:1] == b"\1"
        _language, _, rest = rest[2:].partition(b"\0")
        _translated, _, text = rest.partition(b"\0")
        return (self._inflate(text) if is_compressed else text).decode()

    def _inflate(self, data: bytes) -> bytes:
        inflater = zlib.decompressobj()
        text = inflater.decompress(data, MAX_INFLATED_BYTES - self.inflated + 1)
        self.inflated += len(text)
        if self.inflated > MAX_INFLATED_BYTES:
            raise TooMuchError("too much compressed text")
        if not inflater.eof:
            raise ValueError("compressed text that is cut off")
        return text


def read_png(stream: BinaryIO) -> Chunks:
    """Read the text chunks and the EXIF block, wherever they are. Other chunks are skipped.

    Whether the file is truncated or its checksums are wrong is not checked.

    Raises:
        TooMuchError: it holds too much besides its pixels.
        ValueError, zlib.error: a text chunk is not valid.
    """
    chunks = Chunks()
    for _ in _list_chunks(stream):
        pass  # refuses too much before anything is read
    for kind, place, length in _list_chunks(stream):
        if kind in TEXT_KINDS or kind == b"eXIf":
            stream.seek(place)
            chunks.add(kind, stream.read(length))
    return chunks


def _list_chunks(stream: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each chunk, and the place and length of its content. Only the heads of chunks are read.

    Raises:
        TooMuchError: there is too much besides the pixels.
    """
    end, place, other = stream.seek(0, os.SEEK_END), len(SIGNATURE), 0
    for _ in range(MAX_CHUNKS):
        stream.seek(place)
        head = stream.read(CHUNK_HEAD.size)
        length, kind = CHUNK_HEAD.unpack(head) if len(head) == CHUNK_HEAD.size else (0, b"IEND")
        following = place + CHUNK_HEAD.size + length + 4
        if kind == b"IEND" or following > end:
            return
        other += 0 if kind == b"IDAT" else length
        if other > MAX_OTHER_BYTES:
            break
        yield kind, place + CHUNK_HEAD.size, length
        place = following
    raise TooMuchError("too much data besides its pixels")
