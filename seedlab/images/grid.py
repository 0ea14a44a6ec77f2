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
    from diffusers.utils import make_image_grid

    columns = math.isqrt(len(images) - 1) + 1
    rows = -(-len(images) // columns)
    blanks = [new("RGB", images[0].size, PAPER)] * (rows * columns - len(images))
    grid: Image = make_image_grid([*images, *blanks], rows=rows, cols=columns)
    return grid
