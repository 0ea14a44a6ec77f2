"""Grids of pictures, as in the diffusers guide."""

import math
from collections.abc import Sequence

from PIL.Image import Image, new

PAPER = (250, 248, 244)
"""The page's background, RGB 0...255: it fills the last row."""


def make_grid(images: Sequence[Image]) -> Image:
    """Arrange pictures row by row: 2x2 for four, otherwise as close to a square as possible.

    Args:
        images: one or more, all of the same size.
    """
    columns = math.isqrt(len(images) - 1) + 1
    rows = -(-len(images) // columns)
    width, height = images[0].size
    grid = new("RGB", (columns * width, rows * height), PAPER)
    for index, image in enumerate(images):
        grid.paste(image, (index % columns * width, index // columns * height))
    return grid
