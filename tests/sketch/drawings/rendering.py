"""Helpers to render scenes and compare images. Pixels and coverage are in 0...1, differences in 0...255."""

from __future__ import annotations

import numpy as np

from seedlab.sketch.drawings.draw import draw, paint
from seedlab.sketch.drawings.geometry import Array
from seedlab.sketch.scene import Scene

SIZE = 48


def pixels(scene: Scene, size: int = SIZE) -> Array:
    """Render the finished image (size, size, 3)."""
    return np.asarray(draw(scene, size), np.float32) / 255


def coverage(scene: Scene, size: int = SIZE) -> Array:
    """Render the coverage of the subject (size, size)."""
    return paint(scene, size).subject


def difference(first: Array, second: Array) -> float:
    """Return the mean absolute difference of two images."""
    return float(np.abs(first - second).mean()) * 255
