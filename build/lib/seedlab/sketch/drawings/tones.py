"""Tones: what several modifiers do to pixels (size, size, 3), 0...1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seedlab.sketch.drawings.canvas import grid
from seedlab.sketch.drawings.outlines import Array

_WEIGHTS = np.array((0.34, 0.52, 0.14), np.float32)


def clip(pixels: NDArray[np.floating]) -> Array:
    """Values within 0...1, as float32."""
    return np.asarray(np.clip(pixels, 0, 1), np.float32)


def luminance(pixels: Array) -> Array:
    """How light each pixel looks, (size, size, 1)."""
    return np.asarray((pixels @ _WEIGHTS)[..., None], np.float32)


def enrich(pixels: Array, amount: float) -> Array:
    """The pixels with their distance from grey multiplied; not clipped."""
    grey = pixels.mean(2, keepdims=True)
    return np.asarray(grey + amount * (pixels - grey), np.float32)


def ramp(values: Array, low: float, high: float) -> Array:
    """0 up to `low`, 1 from `high` on, smooth between; `high` may be the smaller one."""
    share = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def corners(size: int) -> Array:
    """0 in the middle of the picture and 1 in its corners, (size, size, 1)."""
    x, y = grid(size)
    return ramp(np.hypot(x - 0.5, y - 0.5), 0.3, 0.72)[..., None]


def screen(pixels: Array, light: Array) -> Array:
    """Light added as two projectors add it: never above white."""
    return np.asarray(1 - (1 - pixels) * (1 - light), np.float32)
