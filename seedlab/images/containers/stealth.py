"""Settings in the lowest bits of the pixels ("stealth pnginfo"), which survive where text is removed.

NovelAI writes them, and so does the extension sd-webui-stealth-pnginfo. The bits go down the columns: a signature, the
number of bits that follow (32 bits), and the text, compressed with gzip if the signature says so.
"""

import json
import zlib
from typing import Any

import numpy as np
from PIL.Image import Image

from seedlab.images.containers.files import DECODING

SIGNATURES = {
    b"stealth_pnginfo": ("alpha", False),
    b"stealth_pngcomp": ("alpha", True),
    b"stealth_rgbinfo": ("rgb", False),
    b"stealth_rgbcomp": ("rgb", True),
}
"""Where the bits are, and whether the text is compressed."""

SIGNATURE_BYTES = 15
MAX_PIXELS = 4 * 2**20
MAX_BYTES = 2**20
"""The limit of the text, compressed and not."""


def read_stealth(image: Image) -> dict[str, str]:
    """Return the text in the pixels of an untrusted picture, by keyword as in PNG chunks; {} if there is none."""
    if image.mode not in ("RGB", "RGBA") or image.width * image.height > MAX_PIXELS:
        return {}
    with DECODING:
        pixels = np.asarray(image)
        data = next((found for place in ("alpha", "rgb") if (found := _read(pixels, place)) is not None), None)
    return {} if data is None else _split(data)


def _read(pixels: Any, place: str) -> bytes | None:
    if place == "alpha" and pixels.shape[2] < 4:
        return None
    head = _read_bytes(pixels, place, 0, SIGNATURE_BYTES + 4)
    where, is_compressed = SIGNATURES.get(head[:SIGNATURE_BYTES], ("", False))
    length = int.from_bytes(head[SIGNATURE_BYTES:]) // 8
    if where != place or not 0 < length <= MAX_BYTES:
        return None
    text = _read_bytes(pixels, place, len(head), length)
    return _inflate(text) if is_compressed else text


def _read_bytes(pixels: Any, place: str, start: int, length: int) -> bytes:
    """Return bytes from the lowest bits of the pixels, column by column."""
    channels = slice(3, 4) if place == "alpha" else slice(0, 3)
    column_bits = pixels.shape[0] * (1 if place == "alpha" else 3)
    first_column, skipped = divmod(start * 8, column_bits)
    last_column = -(-(start + length) * 8 // column_bits)
    columns = pixels[:, first_column:last_column, channels].transpose(1, 0, 2)
    bits = (columns.reshape(-1) & 1)[skipped : skipped + length * 8]
    return np.packbits(bits).tobytes()


def _inflate(data: bytes) -> bytes | None:
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # gzip
    try:
        text = inflater.decompress(data, MAX_BYTES)
    except zlib.error:
        return None
    return text if inflater.eof else None


def _split(data: bytes) -> dict[str, str]:
    text = data.decode("utf-8", "replace")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return {"parameters": text}
    if not isinstance(values, dict):
        return {}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
