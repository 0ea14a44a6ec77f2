"""Several pictures in one, as the diffusers guide shows them."""

import math
from collections.abc import Sequence

from PIL.Image import Image, new

PAPER = (250, 248, 244)
"""RGB, 0...255: the ground of the page, where a row has no more pictures."""


def make_grid(images: Sequence[Image]) -> Image:
    """Put pictures side by side, row by row: 2x2 for four of them, else as nearly square as their number allows.

    Args:
        images: one or more, all of one size.
    """
    columns = math.isqrt(len(images) - 1) + 1
    rows = -(-len(images) // columns)
    width, height = images[0].size
    grid = new("RGB", (columns * width, rows * height), PAPER)
    for index, image in enumerate(images):
        grid.paste(image, (index % columns * width, index // columns * height))
    return grid
