"""How a picture has to be turned to be upright, as its EXIF block or its XMP packet says.

`PIL.ImageOps.exif_transpose` finds the same, but Pillow's EXIF reader copies what every entry of a hostile block names.
"""

import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from PIL.Image import Transpose

from seedlab.images.containers import exif, jpeg, webp
from seedlab.images.containers.files import BROKEN, make_damage_error, open_file
from seedlab.images.png import read_png_chunks

TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""What makes a picture upright, by the value of the tag."""

SIDEWAYS = (5, 6, 7, 8)
"""The values of the tag by which width and height change places."""

XMP_TAG = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')


def read_orientation(file: Path, kind: str) -> int:
    """Return the orientation, 1...8, of an untrusted picture; 1 where it says nothing.

    Args:
        kind: "PNG", "JPEG" or "WebP".

    Raises:
        SeedLabError: the file is damaged, or holds too much besides its pixels.
    """
    blocks = _read_png(file) if kind == "PNG" else _read_blocks(file, READERS[kind])
    value = exif.read_orientation(blocks.get("exif", b""))
    if value is None:
        match = XMP_TAG.search(blocks.get("xmp", b""))
        value = 1 if match is None else int(match[1])
    return value if value in TURNS else 1


READERS: dict[str, Callable[[BinaryIO], dict[str, bytes]]] = {"JPEG": jpeg.read_jpeg, "WebP": webp.read_webp}


def _read_png(file: Path) -> dict[str, bytes]:
    chunks = read_png_chunks(file)
    # As Pillow does, which reads the older form where there is no chunk.
    profile = next(exif.list_raw_profiles(chunks.texts, ("Raw profile type exif",)), b"")
    return {"exif": chunks.exif or profile, "xmp": chunks.texts.get("XML:com.adobe.xmp", "").encode()}


def _read_blocks(file: Path, read: Callable[[BinaryIO], dict[str, bytes]]) -> dict[str, bytes]:
    try:
        with open_file(file) as stream:
            return read(stream)
    except (*BROKEN, struct.error) as error:
        raise make_damage_error(file) from error
