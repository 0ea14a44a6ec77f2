"""The texts in a picture file, whatever its container is."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL.WebPImagePlugin import WebPImageFile

from seedlab.core.errors import SeedLabError
from seedlab.core.texts.text import quote
from seedlab.images.containers import jpeg, png, webp
from seedlab.images.containers.exif import list_raw_profiles, read_exif
from seedlab.images.containers.files import BROKEN, make_damage_error, open_file
from seedlab.images.containers.stealth import read_stealth
from seedlab.images.png import MAX_READ_SIDE, read_png_chunks, read_stored_pixels

XMP = "XML:com.adobe.xmp"
"""The key of an XMP packet: the keyword that PNG uses."""

COMMENT = "comment"
"""The key of a JPEG comment."""

OTHERS = {
    b"GIF8": "a GIF",
    b"BM": "a BMP",
    b"II*\0": "a TIFF",
    b"MM\0*": "a TIFF",
    b"\0\0\1\0": "an icon",
    b"8BPS": "a Photoshop file",
    b"gimp": "a GIMP file",
    b"%PDF": "a PDF",
}
BRANDS = {
    b"avif": "an AVIF",
    b"heic": "a HEIC",
    b"heix": "a HEIC",
    b"mif1": "a HEIC",
    b"mp42": "a video",
    b"isom": "a video",
}


def read_texts(file: Path) -> dict[str, str]:
    """Read all texts of an untrusted PNG, JPEG or WebP file. No pixels are decoded.

    Returns:
        PNG's text chunks by keyword, EXIF's texts by the keys in `exif.NAMES`, `XMP` and `COMMENT`.

    Raises:
        SeedLabError: it cannot be opened, is of another kind, or is too large or damaged.
    """
    return _KINDS[find_kind(file)](file)


def read_hidden_texts(file: Path) -> dict[str, str]:
    """Read the texts in the pixels of a PNG or WebP file, by keyword. Pixels are decoded only where there can be some.

    Raises:
        SeedLabError: as `read_texts`.
    """
    kind = find_kind(file)
    if kind == "JPEG":
        return {}  # its compression changes the lowest bits
    try:
        return read_stored_pixels(file, read_stealth, MAX_READ_SIDE) if kind == "PNG" else _read_webp_pixels(file)
    except BROKEN as error:
        raise make_damage_error(file) from error


def find_kind(file: Path) -> str:
    """Return "PNG", "JPEG" or "WebP", as the first bytes of a file say.

    Raises:
        SeedLabError: it cannot be opened, or is of another kind.
    """
    with open_file(file) as stream:
        head = stream.read(12)
    if head.startswith(png.SIGNATURE):
        return "PNG"
    if head.startswith(jpeg.SIGNATURE):
        return "JPEG"
    if webp.is_webp(head):
        return "WebP"
    named = next((name for start, name in OTHERS.items() if head.startswith(start)), "")
    named = named or (BRANDS.get(head[8:12], "") if head[4:8] == b"ftyp" else "")
    named = f"is {named}" if named else "is not a picture that SeedLab can read"
    raise SeedLabError(f"{quote(file.name, 80)} {named}: choose a PNG, JPEG or WebP file.")


def _read_png(file: Path) -> dict[str, str]:
    chunks = read_png_chunks(file)
    texts: dict[str, str] = {}
    for block in (*list_raw_profiles(chunks.texts), chunks.exif):
        texts |= read_exif(block)
    return texts | chunks.texts


def _read_jpeg(file: Path) -> dict[str, str]:
    return _join(_read_blocks(file, jpeg.read_jpeg))


def _read_webp(file: Path) -> dict[str, str]:
    return _join(_read_blocks(file, webp.read_webp))


def _read_blocks(file: Path, read: Callable[[Any], dict[str, bytes]]) -> dict[str, bytes]:
    try:
        with open_file(file) as stream:
            return read(stream)
    except BROKEN as error:
        raise make_damage_error(file) from error


def _join(blocks: Mapping[str, bytes]) -> dict[str, str]:
    others = {XMP: blocks.get("xmp", b""), COMMENT: blocks.get("comment", b"")}
    texts = {key: data.decode("utf-8", "replace") for key, data in others.items() if data}
    return read_exif(blocks.get("exif", b"")) | texts


def _read_webp_pixels(file: Path) -> dict[str, str]:
    with open_file(file) as stream:
        return read_stealth(WebPImageFile(stream))


_KINDS: dict[str, Callable[[Path], dict[str, str]]] = {"PNG": _read_png, "JPEG": _read_jpeg, "WebP": _read_webp}
