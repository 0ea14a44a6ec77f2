"""Tone adjustments shared by the modifiers, on pixels (size, size, 3) in 0...1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seedlab.sketch.drawings.canvas import pixel_grid
from seedlab.sketch.drawings.geometry import Array

_WEIGHTS = np.array((0.34, 0.52, 0.14), np.float32)


def clip(pixels: NDArray[np.floating]) -> Array:
    """Clip to 0...1 and convert to float32."""
    return np.asarray(np.clip(pixels, 0, 1), np.float32)


def luminance(pixels: Array) -> Array:
    """Return the perceived lightness of each pixel (size, size, 1)."""
    return np.asarray((pixels @ _WEIGHTS)[..., None], np.float32)


def scale_saturation(pixels: Array, amount: float) -> Array:
    """Scale the distance of each pixel from grey. Does not clip."""
    grey = pixels.mean(2, keepdims=True)
    return np.asarray(grey + amount * (pixels - grey), np.float32)


def ramp(values: Array, low: float, high: float) -> Array:
    """Smoothstep from 0 at `low` to 1 at `high`. `high` may be less than `low`."""
    share = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def corners(size: int) -> Array:
    """Return a mask (size, size, 1): 0 in the centre of the image, 1 in its corners."""
    x, y = pixel_grid(size)
    return ramp(np.hypot(x - 0.5, y - 0.5), 0.3, 0.72)[..., None]


def screen(pixels: Array, light: Array) -> Array:
    """Screen-blend light onto the pixels."""
    return np.asarray(1 - (1 - pixels) * (1 - light), np.float32)
