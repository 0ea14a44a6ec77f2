"""What the tests of the drawings measure: pixels and coverage 0...1, differences in steps of 255."""

from __future__ import annotations

import numpy as np

from seedlab.sketch.drawings.draw import draw, paint
from seedlab.sketch.drawings.outlines import Array
from seedlab.sketch.scene import Scene

SIZE = 48


def pixels(scene: Scene, size: int = SIZE) -> Array:
    """The finished picture (size, size, 3)."""
    return np.asarray(draw(scene, size), np.float32) / 255


def coverage(scene: Scene, size: int = SIZE) -> Array:
    """Where the subject is (size, size)."""
    return paint(scene, size).subject


def difference(first: Array, second: Array) -> float:
    """How far two pictures are apart on average."""
    return float(np.abs(first - second).mean()) * 255
