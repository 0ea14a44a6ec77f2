"""Brushes: what the surface of a finished picture looks like. Each keeps shapes where they are.

A brush takes pixels (size, size, 3) and the subject's coverage (size, size), both 0...1, and the composition; it gives
pixels again.
"""

from __future__ import annotations

import numpy as np

from seedlab.sketch.drawings.canvas import blur, grid
from seedlab.sketch.drawings.outlines import Array
from seedlab.sketch.scene import Composition


def leave(pixels: Array, subject: Array, composition: Composition) -> Array:
    """A flat print: nothing is added."""
    return pixels


def glaze(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Oil glaze: a soft bloom of the light parts, darker corners."""
    size = len(pixels)
    x, y = grid(size)
    bloom = blur(pixels, size * 0.03)
    corners = 1 - 0.5 * np.clip((x - 0.5) ** 2 + (y - 0.5) ** 2 - 0.12, 0, 1)
    return np.asarray((pixels + 0.22 * bloom * pixels) * corners[..., None], np.float32)


def swirl(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Thick strokes that run around the sky's swirl and level out towards the ground."""
    phase, along = _swirl_phase(len(pixels), composition)
    ridges = break_strokes(phase, along)
    return lay_ridges(pixels, ridges * (1 - 0.45 * subject), 0.2)


def _swirl_phase(size: int, composition: Composition) -> tuple[Array, Array]:
    """Across the strokes (strokes) and along them (stroke lengths)."""
    x, y = grid(size)
    dx, dy = x - composition.swirl_x, (y - composition.swirl_y) * 1.3
    around = np.arctan2(dy, dx) / (2 * np.pi)
    fields = y - composition.horizon + 0.06 * np.sin(7 * x + 6 * composition.hill)
    land = 1 / (1 + np.exp(-(y - composition.horizon) * 40))
    across = (np.hypot(dx, dy) + 0.06 * around) * (1 - land) + fields * land
    along = 9 * around * (1 - land) + 4 * x * land
    return np.asarray(across * 13, np.float32), np.asarray(along, np.float32)


def break_strokes(across: Array, along: Array) -> Array:
    """Ridges (size, size), -1...1, cut into strokes that are staggered from row to row."""
    stagger = 0.5 * np.sin(np.pi * across)
    gaps = 0.62 + 0.38 * np.sin(2 * np.pi * (along + stagger))
    return np.asarray(np.sin(2 * np.pi * across) * gaps, np.float32)


def lay_ridges(pixels: Array, ridges: Array, height: float) -> Array:
    """Lightens the ridges (size, size), -1...1, and cools the furrows."""
    share = (ridges * height)[..., None]
    warm = np.array((1.0, 0.95, 0.65), np.float32)
    return np.asarray(np.clip(pixels * (1 + share * warm) + 0.12 * share * warm, 0, 1), np.float32)


def dab(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Short soft dabs: the edges dissolve and the colour trembles from dab to dab."""
    size = len(pixels)
    x, y = grid(size)
    wave = np.sin(2 * np.pi * (11 * x + 1.5 * np.sin(9 * y))) * np.sin(2 * np.pi * (15 * y + 0.6 * np.sin(8 * x)))
    soft = 0.45 * pixels + 0.55 * blur(pixels, size * 0.008)
    tremble = wave[..., None] * np.array((0.055, 0.02, -0.05), np.float32)
    return np.asarray(np.clip(soft + tremble + 0.05 * np.abs(wave)[..., None], 0, 1), np.float32)
