"""Comparing pictures pixel by pixel."""

import hashlib
from dataclasses import dataclass

import numpy as np
from PIL.Image import Image

from seedlab.core.errors import SeedLabError


@dataclass(frozen=True)
class Comparison:
    """How much two pictures differ.

    Attributes:
        l_infinity: the largest difference of a colour value, 0...255.
        share: the fraction of colour values that differ, 0...1.
    """

    l_infinity: int
    share: float


def compare(one: Image, other: Image) -> Comparison:
    """Compare the RGB pixels of two pictures.

    Raises:
        SeedLabError: they differ in size.
    """
    if one.size != other.size:
        sizes = " and ".join(f"{width}×{height}" for width, height in (one.size, other.size))
        raise SeedLabError(f"Pictures of {sizes} pixels cannot be compared: one was cropped or scaled afterwards.")
    ours, theirs = (np.asarray(each.convert("RGB"), dtype=np.int16) for each in (one, other))
    difference = np.abs(ours - theirs)
    return Comparison(int(difference.max(initial=0)), float(np.count_nonzero(difference) / difference.size))


def hash_pixels(image: Image) -> str:
    """Return the SHA-256, in hex, of a picture's RGB pixels: 3 bytes each, row by row."""
    return hashlib.sha256(image.convert("RGB").tobytes()).hexdigest()
