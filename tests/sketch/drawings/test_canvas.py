"""Drawing shapes on a canvas."""

import numpy as np
import pytest

from seedlab.sketch.drawings.canvas import Canvas, Shading, blur, rasterize_polygon, rgb
from seedlab.sketch.drawings.geometry import ellipse

SQUARE = np.array([(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)], np.float32)


def test_filled_square_covers_exactly_its_pixels() -> None:
    canvas = Canvas(8)
    canvas.fill(SQUARE, rgb("ff0000"), subject=True)
    assert np.array_equal(canvas.pixels[4, 4], (1, 0, 0))
    assert np.array_equal(canvas.pixels[0, 0], (0, 0, 0))
    assert canvas.subject.mean() == pytest.approx(0.25, abs=0.06)


def test_shapes_outside_the_image_are_ignored() -> None:
    assert rasterize_polygon(SQUARE + 2, 8) is None
    canvas = Canvas(8)
    canvas.fill(SQUARE + 2, rgb("ff0000"))
    canvas.stroke(SQUARE + 2, rgb("ff0000"), 0.1)
    assert canvas.pixels.max() == 0


def test_lit_side_is_lighter() -> None:
    canvas = Canvas(32)
    shading = Shading(light=(1, 1, 1), shadow=(0, 0, 0), direction=(-1.0, 0.0))
    canvas.fill(ellipse(0.5, 0.5, 0.4, 0.4), (0.5, 0.5, 0.5), shading)
    assert canvas.pixels[16, 6].mean() > canvas.pixels[16, 26].mean() + 0.2


def test_blur_keeps_the_mean() -> None:
    values = np.zeros((32, 32), np.float32)
    values[12:20, 12:20] = 1
    assert blur(values, 2).mean() == pytest.approx(values.mean(), abs=0.005)
