"""PNG files: atomic writing, and reading of untrusted files within limits."""

import errno
import os
import stat
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, TypeVar

from PIL.Image import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo

from seedlab.core.errors import SeedLabError
from seedlab.core.files import write_atomically
from seedlab.core.validation import MAX_SIDE

MAX_FILE_BYTES = 50 * 2**20
MAX_OTHER_BYTES = 8 * 2**20
"""The limit of all chunks but the pixels. SeedLab writes far less; ComfyUI's workflows can take megabytes."""

MAX_CHUNKS = 20_000
"""Encoders write pixels in chunks of 8 kB or more. Reading 4 million empty chunks would take seconds."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEAD = struct.Struct(">8s4x4sII")
"""The start of every PNG: signature, length (skipped), name of the first chunk, width, height."""

CHUNK_HEAD = struct.Struct(">I4s")
"""The start of every chunk: length, name. Its content and a checksum of 4 bytes follow."""

BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error)
"""What Pillow raises for invalid PNGs."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
NO_FOLDER = (errno.ENOTDIR, errno.EEXIST)

T = TypeVar("T")


def write_png(file: Path, image: Image, chunks: Mapping[str, str]) -> None:
    """Write an image's RGB pixels and these text chunks atomically.

    Other metadata of the image is not written. The folder is created if needed. Latin-1 text becomes a tEXt chunk,
    other text iTXt.

    Raises:
        SeedLabError: the disk is full, or the folder is not a folder or not writable.
    """
    clean = image.convert("RGB")
    clean.info = {}
    info = PngInfo()
    for keyword, text in chunks.items():
        info.add_text(keyword, text)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, lambda temporary: clean.save(temporary, "PNG", pnginfo=info))
    except OSError as error:
        raise SeedLabError(_explain(error, file.parent)) from error


def read_chunks(file: Path) -> dict[str, str]:
    """Read the text chunks before a PNG's pixels. The whole file is checked, but no pixels are decoded.

    Raises:
        SeedLabError: the file cannot be opened, is not a PNG, or is too large, damaged or truncated.
    """
    return _read(file, _read_text)


def read_size(file: Path) -> tuple[int, int]:
    """Read a PNG's width and height in pixels from its header. No pixels are decoded.

    Raises:
        SeedLabError: as `read_chunks`.
    """
    return _read(file, lambda image: image.size)


def read_pixels(file: Path) -> Image:
    """Read a PNG's RGB pixels, without its metadata.

    Raises:
        SeedLabError: as `read_chunks`.
    """
    pixels = _read(file, lambda image: image.convert("RGB"))
    pixels.info = {}
    return pixels


def _read_text(image: PngImageFile) -> dict[str, str]:
    texts = {str(keyword): text for keyword, text in image.info.items() if isinstance(text, str)}
    image.verify()
    return texts


def _read(file: Path, read: Callable[[PngImageFile], T]) -> T:
    name = file.name[:80]
    try:
        with _open(file) as stream:
            _check_head(stream, name)
            _check_chunks(stream, name)
            # Not `Image.open`, which warns about large pictures where this code refuses them.
            image = PngImageFile(stream)
            if max(image.size) > MAX_SIDE:
                raise ValueError("a second header with another size")
            return read(image)
    except BROKEN as error:
        raise SeedLabError(f"“{name}” is damaged or truncated: copy or download it again.") from error


def _open(file: Path) -> BinaryIO:
    name = file.name[:80]
    try:
        status = file.stat()
        # Checked before opening: a pipe would wait for a writer for ever.
        if not stat.S_ISREG(status.st_mode):
            raise SeedLabError(f"“{name}” is not a file: choose a PNG file.")
        if status.st_size > MAX_FILE_BYTES:
            raise SeedLabError(f"“{name}” is larger than {MAX_FILE_BYTES // 2**20} MB: choose a picture of SeedLab.")
        return file.open("rb")
    except FileNotFoundError as error:
        raise SeedLabError(f"There is no file “{name}”: check its name.") from error
    except (OSError, ValueError) as error:
        raise SeedLabError(f"“{name}” cannot be opened: check its name, and that you may read it.") from error


def _check_head(stream: BinaryIO, name: str) -> None:
    head = stream.read(HEAD.size)
    if not head.startswith(SIGNATURE):
        raise SeedLabError(f"“{name}” is not a PNG file: choose a picture as SeedLab saved it.")
    _, chunk, width, height = HEAD.unpack(head)
    if chunk != b"IHDR":
        raise SyntaxError("a PNG that does not begin with its header")
    if max(width, height) > MAX_SIDE:
        raise SeedLabError(f"“{name}” has {width} × {height} pixels: choose one of {MAX_SIDE} or fewer a side.")
    stream.seek(0)


def _check_chunks(stream: BinaryIO, name: str) -> None:
    """Refuse a file that would make Pillow read more into memory than a picture needs. Only chunk headers are read."""
    end, place, other = stream.seek(0, os.SEEK_END), len(SIGNATURE), 0
    for _ in range(MAX_CHUNKS):
        stream.seek(place)
        head = stream.read(CHUNK_HEAD.size)
        length, kind = CHUNK_HEAD.unpack(head) if len(head) == CHUNK_HEAD.size else (0, b"IEND")
        place += CHUNK_HEAD.size + length + 4
        other += 0 if kind == b"IDAT" else length
        if kind == b"IEND" or place > end:
            stream.seek(0)
            return  # reading it finds out whether it is truncated
        if other > MAX_OTHER_BYTES:
            break
    raise SeedLabError(f"“{name}” holds too much data besides its pixels: choose a picture as SeedLab saved it.")


def _explain(error: OSError, folder: Path) -> str:
    name = folder.name[:80] or str(folder)
    if error.errno in FULL:
        return f"The disk is full: free some space, or choose another folder than “{name}”."
    if error.errno in FORBIDDEN:
        return f"The folder “{name}” cannot be written to: choose another, or allow writing there."
    if error.errno in NO_FOLDER:
        return f"“{name}” is not a folder: choose another."
    return f"The picture could not be written to “{name}”: {error.strerror or error}."
