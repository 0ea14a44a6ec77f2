"""Grids: every picture in its place, and paper where there is none."""

import time

import pytest
from PIL import Image

from seedlab.images import grid as module
from seedlab.images.grid import PAPER, make_grid
from seedlab.rules.rule import Table


@pytest.mark.parametrize(
    ("count", "rows", "columns"),
    [(1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 2, 2), (5, 2, 3), (6, 2, 3), (7, 3, 3), (9, 3, 3), (10, 3, 4), (16, 4, 4)],
)
def test_pictures_go_row_by_row_and_the_rest_is_paper(count, rows, columns):
    grid = make_grid([Image.new("RGB", (3, 2), (n, 0, 0)) for n in range(count)])
    assert grid.size == (3 * columns, 2 * rows)
    colors = [grid.getpixel((3 * (n % columns), 2 * (n // columns))) for n in range(rows * columns)]
    assert colors == [(n, 0, 0) for n in range(count)] + [PAPER] * (rows * columns - count)


def test_a_grid_that_would_be_too_large_is_scaled_down(monkeypatch):
    monkeypatch.setattr(module, "MAX_PIXELS", 4 * 100 * 50)
    assert make_grid([Image.new("RGB", (100, 50), "red")] * 4).size == (200, 100)
    large = make_grid([Image.new("RGB", (200, 100), "red")] * 3)
    assert large.size == (200, 100)
    assert large.getpixel((0, 0)) == large.getpixel((99, 49)) == (255, 0, 0)
    assert large.getpixel((199, 99)) == PAPER


def make_table(*headings):
    pictures = [Image.new("RGB", (128, 128), "red")] * len(headings)
    return make_grid(pictures, Table(columns=headings, rows=("a",)))


def test_a_heading_that_is_too_long_is_cut_where_its_cell_ends():
    assert make_table("words words a").tobytes() != make_table("words words b").tobytes(), "in full"
    cut = make_table("words words words w" + 9 * "W").tobytes()
    assert [make_table("words " * count).tobytes() == cut for count in (2, 5, 50)] == [False, True, True]


def test_long_headings_take_no_time():
    started = time.process_time()
    make_table(*["suffix words " * 770] * 4)
    assert time.process_time() - started < 1
