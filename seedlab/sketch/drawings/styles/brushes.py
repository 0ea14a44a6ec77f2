"""Brushes: filters that give the finished image the surface of a style. They keep shapes in place.

A brush maps pixels (size, size, 3), the subject coverage (size, size), both in 0...1, and the composition to pixels.
`technique_brushes` has more of them.
"""

from __future__ import annotations

import numpy as np

from seedlab.sketch.drawings.canvas import blur, pixel_grid
from seedlab.sketch.drawings.geometry import Array
from seedlab.sketch.scene import Composition


def keep_flat(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Return the pixels unchanged, for styles with a flat surface."""
    return pixels


def apply_oil_glaze(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Apply an oil glaze: bloom in the light parts, and darker corners."""
    size = len(pixels)
    x, y = pixel_grid(size)
    bloom = blur(pixels, size * 0.03)
    corners = 1 - 0.5 * np.clip((x - 0.5) ** 2 + (y - 0.5) ** 2 - 0.12, 0, 1)
    return np.asarray((pixels + 0.22 * bloom * pixels) * corners[..., None], np.float32)


def apply_swirls(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Add thick strokes that follow the swirl in the sky and become horizontal on the land."""
    phase, along = _swirl_phase(len(pixels), composition)
    ridges = stroke_ridges(phase, along)
    return apply_ridges(pixels, ridges * (1 - 0.45 * subject), 0.2)


def _swirl_phase(size: int, composition: Composition) -> tuple[Array, Array]:
    """Return the coordinates across the strokes (in strokes) and along them (in stroke lengths)."""
    x, y = pixel_grid(size)
    dx, dy = x - composition.swirl_x, (y - composition.swirl_y) * 1.3
    around = np.arctan2(dy, dx) / (2 * np.pi)
    fields = y - composition.horizon + 0.06 * np.sin(7 * x + 6 * composition.hill)
    land = 1 / (1 + np.exp(-(y - composition.horizon) * 40))
    across = (np.hypot(dx, dy) + 0.06 * around) * (1 - land) + fields * land
    along = 9 * around * (1 - land) + 4 * x * land
    return np.asarray(across * 13, np.float32), np.asarray(along, np.float32)


def stroke_ridges(across: Array, along: Array) -> Array:
    """Return ridges (size, size) in -1...1, split into strokes that are staggered between rows."""
    stagger = 0.5 * np.sin(np.pi * across)
    gaps = 0.62 + 0.38 * np.sin(2 * np.pi * (along + stagger))
    return np.asarray(np.sin(2 * np.pi * across) * gaps, np.float32)


def apply_ridges(pixels: Array, ridges: Array, height: float) -> Array:
    """Lighten the ridges (positive) and cool the furrows (negative). `ridges` (size, size) is in -1...1."""
    share = (ridges * height)[..., None]
    warm = np.array((1.0, 0.95, 0.65), np.float32)
    return np.asarray(np.clip(pixels * (1 + share * warm) + 0.12 * share * warm, 0, 1), np.float32)


def apply_dabs(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Add short soft dabs: they blur the edges and vary the colour."""
    size = len(pixels)
    x, y = pixel_grid(size)
    wave = np.sin(2 * np.pi * (11 * x + 1.5 * np.sin(9 * y))) * np.sin(2 * np.pi * (15 * y + 0.6 * np.sin(8 * x)))
    soft = 0.45 * pixels + 0.55 * blur(pixels, size * 0.008)
    variation = wave[..., None] * np.array((0.055, 0.02, -0.05), np.float32)
    return np.asarray(np.clip(soft + variation + 0.05 * np.abs(wave)[..., None], 0, 1), np.float32)
