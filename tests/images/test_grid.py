"""Grids: every picture in its place, and paper where there is none."""

import pytest
from PIL import Image

from seedlab.images.grid import PAPER, make_grid


@pytest.mark.parametrize(
    ("count", "rows", "columns"),
    [(1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 2, 2), (5, 2, 3), (6, 2, 3), (7, 3, 3), (9, 3, 3), (10, 3, 4), (16, 4, 4)],
)
def test_pictures_go_row_by_row_and_the_rest_is_paper(count, rows, columns):
    grid = make_grid([Image.new("RGB", (3, 2), (n, 0, 0)) for n in range(count)])
    assert grid.size == (3 * columns, 2 * rows)
    colors = [grid.getpixel((3 * (n % columns), 2 * (n // columns))) for n in range(rows * columns)]
    assert colors == [(n, 0, 0) for n in range(count)] + [PAPER] * (rows * columns - count)
