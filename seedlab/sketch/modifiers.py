"""Modifiers: what "highly realistic", "artsy", "trending" and "colorful" do to a picture. None moves anything.

Each takes pixels (size, size, 3) and the subject's coverage (size, size), 0...1, and gives pixels again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seedlab.sketch.brushes import break_strokes, lay_ridges
from seedlab.sketch.canvas import blur, grid, rgb
from seedlab.sketch.outlines import Array
from seedlab.sketch.scene import Composition


def modify(pixels: Array, subject: Array, modifier: str, composition: Composition) -> Array:
    """The picture with one modifier; KeyError for a word that is none."""
    return _MODIFIERS[modifier](pixels, subject, composition)


def make_realistic(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Photograph: the ground out of focus, soft light from the side, a shadow, muted colours."""
    size = len(pixels)
    x, y = grid(size)
    cover = subject[..., None]
    behind = _blur_around(pixels, cover, size * 0.035)
    shadow = _shift(blur(subject, size * 0.05), round(size * 0.04), round(-composition.light * size * 0.05))
    behind = behind * (1 - 0.5 * shadow[..., None])
    height = blur(subject, size * 0.06)
    slope = np.gradient(height, axis=1) * 4 * -composition.light
    lit = pixels * (1 + 1.6 * slope[..., None]) * (0.55 + 0.55 * height[..., None])
    picture = behind + cover * (lit - behind)
    side = 0.86 + 0.2 * composition.light * (2 * x - 1) + 0 * y
    return _clip(_saturate(picture, 0.92) * side[..., None] * (1.1, 1.02, 0.92))


def _shift(values: Array, down: int, right: int) -> Array:
    """The values moved by whole pixels, |shift| < size; the edge is repeated."""
    margin = max(abs(down), abs(right))
    padded = np.pad(values, margin, mode="edge")
    size = len(values)
    return padded[margin - down : margin - down + size, margin - right : margin - right + size]


def _blur_around(pixels: Array, cover: Array, radius: float) -> Array:
    weight = blur(1 - cover[..., 0], radius)[..., None]
    return np.asarray(blur(pixels * (1 - cover), radius) / np.maximum(weight, 0.08), np.float32)


def make_artsy(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Broad curved brush strokes over everything, lighter on the subject, in colours a little off."""
    size = len(pixels)
    x, y = grid(size)
    dx, dy = x - composition.swirl_x, y - 1.5 + composition.swirl_y
    across = 8 * np.hypot(dx, dy) + 0.5 * np.sin(5 * x + 6 * y)
    ridges = break_strokes(across.astype(np.float32), (1.9 * np.arctan2(dy, dx)).astype(np.float32))
    ridges = ridges * (1 - 0.5 * subject)
    vivid = _saturate(0.5 * pixels + 0.5 * blur(pixels, size * 0.012), 1.3)
    tint = ridges[..., None] * np.array((0.15, 0.02, -0.15), np.float32)
    return lay_ridges(_clip(vivid * 0.94 + 0.06 * np.array((1.0, 0.8, 0.5)) + tint), ridges, 0.3)


def _saturate(pixels: Array, amount: float) -> Array:
    grey = pixels.mean(2, keepdims=True)
    return np.asarray(grey + amount * (pixels - grey), np.float32)


def make_trending(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Neon: a dark scene, light along the subject's edge, magenta on one side and cyan on the other."""
    size = len(pixels)
    x, y = grid(size)
    contrast = _clip((pixels - 0.5) * 1.25 + 0.5)
    grey = contrast.mean(2, keepdims=True)
    dusk = (0.42 * contrast + 0.25 * grey) * np.array((0.95, 0.62, 1.25), np.float32)
    scene = dusk + subject[..., None] * (0.85 * contrast * np.array((0.95, 0.85, 1.1), np.float32) - dusk)
    share = np.clip(0.5 + 0.5 * composition.light * 3 * (x - composition.x) + 0 * y, 0, 1)[..., None]
    hues = share * np.array(rgb("ff2fae"), np.float32) + (1 - share) * np.array(rgb("22d8ff"), np.float32)
    inner = np.clip(subject - blur(subject, size * 0.022), 0, 1) * 2.2
    halo = blur(subject, size * 0.07) * (1 - subject) * 0.75
    light = np.clip(inner + halo, 0, 1)[..., None]
    return _clip(scene * (1 - 0.6 * light) + hues * light)


def make_colorful(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Saturated, the ground in a fan of hues."""
    x, y = grid(len(pixels))
    angle = np.arctan2(y - composition.y, x - composition.x) / (2 * np.pi)
    hue = (angle + 0.25 * composition.hill)[..., None] + np.array((0, 1 / 3, 2 / 3))
    fan = 0.5 + 0.5 * np.cos(2 * np.pi * hue)
    grey = pixels.mean(2, keepdims=True)
    vivid = _saturate(pixels, 1.8)
    behind = 0.4 * vivid + 0.6 * fan * (0.5 + 0.6 * grey)
    front = 0.85 * (vivid + 0.06) + 0.15 * fan[:, ::-1]
    cover = subject[..., None]
    return _clip(behind + cover * (front - behind))


def _clip(pixels: NDArray[np.floating]) -> Array:
    return np.asarray(np.clip(pixels, 0, 1), np.float32)


_MODIFIERS = {
    "highly realistic": make_realistic,
    "artsy": make_artsy,
    "trending": make_trending,
    "colorful": make_colorful,
}
