"""Grids of pictures, as in the diffusers guide."""

import math
from collections.abc import Sequence

from PIL.Image import Image, Resampling, new

PAPER = (250, 248, 244)
"""The page's background, RGB 0...255: it fills the last row."""


MAX_PIXELS = 2**27
"""A grid takes three bytes of memory for each: 400 MB."""


def make_grid(images: Sequence[Image]) -> Image:
    """Arrange pictures row by row: 2x2 for four, otherwise as close to a square as possible.

    Pictures of a grid that would have more than `MAX_PIXELS` are scaled down.

    Args:
        images: one or more, all of the same size.
    """
    columns = math.isqrt(len(images) - 1) + 1
    rows = -(-len(images) // columns)
    full_width, full_height = images[0].size
    scale = min(1, math.sqrt(MAX_PIXELS / (columns * full_width * rows * full_height)))
    width, height = max(1, int(full_width * scale)), max(1, int(full_height * scale))
    grid = new("RGB", (columns * width, rows * height), PAPER)
    for index, image in enumerate(images):
        fitted = image if scale == 1 else image.resize((width, height), Resampling.LANCZOS)
        grid.paste(fitted, (index % columns * width, index // columns * height))
    return grid
