"""Pictures as other programs write them: texts in PNG chunks, in EXIF of three containers, in XMP, in the pixels."""

import gzip
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
IMAGE = Image.effect_noise((64, 64), 50).convert("RGB")

A1111 = (
    "a lighthouse on a cliff, stormy sea, gulls\nNegative prompt: blurry, low quality\nSteps: 24, Sampler: DPM++ 2M, "
    "Schedule type: Karras, CFG scale: 6.5, Seed: 1029384756, Size: 512x640, Model hash: aabbccdd11, "
    "Model: shoreline_v3, Version: v1.10.1"
)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def write_chunks(file: Path, *chunks: bytes, after_pixels: bool = False) -> Path:
    """Write a PNG with these chunks before or after its pixels."""
    IMAGE.save(file, "PNG")
    data = file.read_bytes()
    place = len(data) - 12 if after_pixels else data.index(b"IDAT") - 4
    file.write_bytes(data[:place] + b"".join(chunks) + data[place:])
    return file


def write_texts(file: Path, **texts: str) -> Path:
    """Write a PNG with text chunks."""
    return write_chunks(file, *(chunk(b"iTXt", f"{key}\0\0\0\0\0{text}".encode()) for key, text in texts.items()))


def make_exif(comment: bytes, order: str = ">", others: Mapping[int, bytes] | None = None) -> bytes:
    """Return an EXIF block with a user comment and other texts by their tags."""
    tags = dict(others or {})
    heads, blobs = b"", b""
    start = 8 + 2 + 12 * (len(tags) + 1) + 4  # of what follows the first folder
    for tag, text in sorted(tags.items()):
        heads += struct.pack(f"{order}HHII", tag, 2, len(text), start + 18 + len(blobs))
        blobs += text
    heads += struct.pack(f"{order}HHII", 0x8769, 4, 1, start)
    folder = struct.pack(f"{order}HHHIII", 1, 0x9286, 7, len(comment), start + 18 + len(blobs), 0)
    first = struct.pack(f"{order}H", len(tags) + 1) + heads + struct.pack(f"{order}I", 0)
    mark = b"MM\0*" if order == ">" else b"II*\0"
    return mark + struct.pack(f"{order}I", 8) + first + folder + blobs + comment


def write_exif(file: Path, exif: bytes) -> Path:
    """Write a JPEG, WebP or PNG, by the file's ending, with an EXIF block."""
    if file.suffix == ".png":
        return write_chunks(file, chunk(b"eXIf", exif))
    IMAGE.save(file, exif=b"Exif\0\0" + exif)
    return file


def write_xmp(file: Path, packet: str) -> Path:
    """Write a JPEG, WebP or PNG, by the file's ending, with an XMP packet."""
    if file.suffix == ".png":
        return write_chunks(file, chunk(b"iTXt", f"XML:com.adobe.xmp\0\0\0\0\0{packet}".encode()))
    IMAGE.save(file, xmp=packet.encode())
    return file


def write_stealth(file: Path, text: str, *, place: str = "alpha", compressed: bool = True) -> Path:
    """Write a PNG or WebP with a text in the lowest bits of its alpha or of its colours, down the columns."""
    content = gzip.compress(text.encode()) if compressed else text.encode()
    signature = f"stealth_{'rgb' if place == 'rgb' else 'png'}{'comp' if compressed else 'info'}"
    data = signature.encode() + struct.pack(">I", len(content) * 8) + content
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    pixels = np.full((128, 128, 4 if place == "alpha" else 3), 254, np.uint8)
    channels = pixels[:, :, 3:] if place == "alpha" else pixels
    flat = np.ascontiguousarray(channels.transpose(1, 0, 2)).reshape(-1)
    flat[: len(bits)] |= bits
    channels[:] = flat.reshape(128, 128, -1).transpose(1, 0, 2)
    image = Image.fromarray(pixels)
    image.save(file, **({"lossless": True, "exact": True} if file.suffix == ".webp" else {}))
    return file
