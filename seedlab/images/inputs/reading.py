"""Reads a picture of the user's own: its first frame, upright, as RGB. The file is untrusted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.start import MAX_INPUT_NAME, MAX_INPUT_SIDE, InputPicture
from seedlab.core.texts.text import quote
from seedlab.images.compare import hash_pixels
from seedlab.images.containers.files import BROKEN, DECODING, make_damage_error, open_file
from seedlab.images.containers.orientation import SIDEWAYS, TURNS, read_orientation
from seedlab.images.containers.texts import find_kind

MAX_PIXELS = 25_000_000
"""The most pixels of a picture: phones take photographs of 12 or 24 million."""

MAX_SCANS = 500
"""The most scans of a JPEG file, those of its thumbnails included. Each takes the time of the whole picture."""

SCAN = b"\xff\xda"
"""Begins a scan. Inside compressed data, a 0 follows each 255."""

FILES = {"PNG": PngImageFile, "JPEG": JpegImageFile, "WebP": WebPImageFile}
"""Not `Image.open`, which warns about large pictures where this code refuses them."""

DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
"""Pillow's modes of more than 8 bits, which it would cut off rather than scale."""


@dataclass(frozen=True)
class ReadPicture:
    """A picture that was read.

    Attributes:
        picture: what identifies it.
        image: its RGB pixels, without metadata.
        notices: sentences on how they differ from what the file shows elsewhere.
    """

    picture: InputPicture
    image: Image.Image
    notices: tuple[str, ...] = ()


def read_input(file: Path, name: str | None = None) -> ReadPicture:
    """Read a picture of the user's own. Its pixels take memory, so few are read at a time.

    Args:
        file: an untrusted PNG, JPEG or WebP file.
        name: what it is called; None for the name of the file.

    Raises:
        SeedLabError: it cannot be opened, is of another kind, damaged or too large.
    """
    name = clean_name(name or file.name)
    orientation = read_orientation(file, find_kind(file))
    with DECODING:
        with _open(file) as image:
            notices = tuple(_list_notices(image, name))
            upright = image.transpose(TURNS[orientation]) if orientation in TURNS else image
            flat = flatten(upright)
        flat.info = {}
        picture = InputPicture(file=name, sha256=hash_pixels(flat), width=flat.width, height=flat.height)
        return ReadPicture(picture, flat, notices)


def measure_input(file: Path) -> tuple[int, int]:
    """Return the upright width and height of an untrusted picture, in pixels. No pixels are decoded.

    Raises:
        SeedLabError: as `read_input`.
    """
    orientation = read_orientation(file, find_kind(file))
    with _open(file) as image:
        width, height = image.size
    return (height, width) if orientation in SIDEWAYS else (width, height)


def clean_name(name: str) -> str:
    """Return the name of a file as recipes can have it."""
    plain = "".join(each if each.isprintable() and each not in "/\\" else "_" for each in name)
    return plain[-MAX_INPUT_NAME:] if plain.strip(". ") else "picture"


def flatten(image: Image.Image) -> Image.Image:
    """Return an image as RGB, on white where it is transparent."""
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


@contextmanager
def _open(file: Path) -> Iterator[Image.Image]:
    """Open a picture whose header is within the limits. It is decoded when its pixels are used."""
    kind = find_kind(file)
    try:
        with open_file(file) as stream:
            if kind == "JPEG":
                _check_scans(stream.read(), file)
                stream.seek(0)
            image: Any = FILES[kind](stream)
            _check(image, file)
            yield image
    except BROKEN as error:
        raise make_damage_error(file) from error


def _check_scans(data: bytes, file: Path) -> None:
    if data.count(SCAN) > MAX_SCANS:
        raise SeedLabError(f"{quote(file.name, 80)} is stored in too many scans: save it again as a JPEG or PNG.")


def _check(image: Image.Image, file: Path) -> None:
    name, (width, height) = quote(file.name, 80), image.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_INPUT_SIDE:
        most = f"{MAX_PIXELS // 10**6} million pixels"
        raise SeedLabError(f"{name} has {width} × {height} pixels: make it smaller, {most} or fewer.")
    if image.mode in DEEP:
        raise SeedLabError(f"{name} has more than 8 bits per colour: save it with 8 bits.")


def _list_notices(image: Image.Image, name: str) -> Iterator[str]:
    if getattr(image, "is_animated", False):
        yield f"Of the animation {quote(name, 80)}, only the first frame is used."
    if image.has_transparency_data and image.convert("RGBA").getchannel("A").getextrema() != (255, 255):
        yield f"The transparent parts of {quote(name, 80)} are white."
