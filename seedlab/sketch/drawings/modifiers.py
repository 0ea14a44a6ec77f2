"""Modifiers: image filters for the suffixes of a prompt. They keep everything in place.

A modifier maps pixels (size, size, 3), the subject coverage (size, size), both in 0...1, and the composition to pixels.
The four suffixes of the diffusers guide are here, the others are in `moods`.
"""

from __future__ import annotations

import numpy as np

from seedlab.sketch.drawings import moods
from seedlab.sketch.drawings.canvas import blur, pixel_grid, rgb
from seedlab.sketch.drawings.geometry import Array
from seedlab.sketch.drawings.pixel_ops import clip, ramp, scale_saturation
from seedlab.sketch.drawings.styles.brushes import apply_ridges
from seedlab.sketch.scene import Composition

_HUES = np.array([rgb(code) for code in ("ff3d8a", "ff8526", "ffd91f", "35cf6f", "1fb8ff", "8a4dff")], np.float32)


def modify(pixels: Array, subject: Array, modifier: str, composition: Composition) -> Array:
    """Apply a modifier.

    Raises:
        KeyError: If the modifier is unknown.
    """
    return _MODIFIERS[modifier](pixels, subject, composition)


def make_realistic(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Photograph: background out of focus, soft light from the side, a shadow, a rough surface, and muted colours."""
    size = len(pixels)
    x, y = pixel_grid(size)
    cover = subject[..., None]
    behind = _blur_around(pixels, cover, size * 0.035)
    shadow = _shift(blur(subject, size * 0.05), round(size * 0.04), round(-composition.light * size * 0.05))
    behind = behind * (1 - 0.5 * shadow[..., None])
    height = blur(subject, size * 0.06)
    slope = np.gradient(height, axis=1) * 4 * -composition.light
    grain = np.sin(2 * np.pi * (24 * x + 5 * y + 0.7 * np.sin(13 * y))) * np.sin(2 * np.pi * (9 * y - 3 * x))
    relief = 1 + 1.6 * slope + 0.045 * grain
    lit = pixels * relief[..., None] * (0.55 + 0.55 * height[..., None])
    picture = behind + cover * (lit - behind)
    side = 0.86 + 0.2 * composition.light * (2 * x - 1) + 0 * y
    return clip(scale_saturation(picture, 0.92) * side[..., None] * (1.1, 1.02, 0.92))


def _shift(values: Array, down: int, right: int) -> Array:
    """Shift the values by whole pixels, fewer than the size. Repeats the edge."""
    margin = max(abs(down), abs(right))
    padded = np.pad(values, margin, mode="edge")
    size = len(values)
    return padded[margin - down : margin - down + size, margin - right : margin - right + size]


def _blur_around(pixels: Array, cover: Array, radius: float) -> Array:
    weight = blur(1 - cover[..., 0], radius)[..., None]
    return np.asarray(blur(pixels * (1 - cover), radius) / np.maximum(weight, 0.08), np.float32)


def make_artsy(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Thick overlapping daubs of paint in arcs, alternately warm and cool. Weaker on the subject."""
    size = len(pixels)
    x, y = pixel_grid(size)
    dx, dy = x - composition.swirl_x, y - 1.5 + composition.swirl_y
    across = np.asarray(14 * np.hypot(dx, dy) + 0.6 * np.sin(5 * x + 6 * y), np.float32)
    thick, hue = _paint_daubs(across, np.asarray(4.4 * np.arctan2(dy, dx) + 0.3 * np.sin(9 * x - 4 * y), np.float32))
    calm = 1 - 0.68 * subject
    hue, ridge = hue * calm, (thick - 0.75) * calm
    vivid = scale_saturation(0.45 * pixels + 0.55 * blur(pixels, size * 0.012), 1.4)
    tint = hue[..., None] * np.array((0.075, 0.03, -0.06), np.float32)
    return apply_ridges(clip(vivid * (0.9 + 0.1 * hue[..., None]) + 0.01 + tint), ridge, 0.36)


def _paint_daubs(across: Array, along: Array) -> tuple[Array, Array]:
    """Return the paint thickness, 0...1, and the hue, -1...1, of three staggered layers of daubs."""
    top, thick, hue = np.zeros_like(across), np.zeros_like(across), np.zeros_like(across)
    for layer in range(3):
        row = np.floor(across + layer / 3)
        step = along + 0.41 * row + 0.37 * layer
        place = np.floor(step)
        # A linear hash gives each daub an angle. The order of the daubs must not depend on their hue.
        chance = 2.4 * row + 4.1 * place + 2.1 * layer
        u, v = 2 * (step - place) - 1, 2 * (across + layer / 3 - row) - 1
        daub = ramp(np.asarray((u * u) ** 2 + v * v, np.float32), 1.0, 0.15)
        rank = daub * (0.8 + 0.2 * np.cos(chance))
        above = rank > top
        top, thick = np.where(above, rank, top), np.where(above, daub, thick)
        hue = np.where(above, np.sin(chance), hue)
    return np.asarray(thick, np.float32), np.asarray(hue, np.float32)


def make_trending(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Neon: a dark scene with light along the subject's edge, magenta on one side and cyan on the other."""
    size = len(pixels)
    x, y = pixel_grid(size)
    contrast = clip((pixels - 0.5) * 1.25 + 0.5)
    grey = contrast.mean(2, keepdims=True)
    dusk = (0.42 * contrast + 0.25 * grey) * np.array((0.95, 0.62, 1.25), np.float32)
    scene = dusk + subject[..., None] * (0.85 * contrast * np.array((0.95, 0.85, 1.1), np.float32) - dusk)
    share = np.clip(0.5 + 0.5 * composition.light * 3 * (x - composition.x) + 0 * y, 0, 1)[..., None]
    hues = share * np.array(rgb("ff2fae"), np.float32) + (1 - share) * np.array(rgb("22d8ff"), np.float32)
    inner = np.clip(subject - blur(subject, size * 0.022), 0, 1) * 2.2
    halo = blur(subject, size * 0.07) * (1 - subject) * 0.75
    light = np.clip(inner + halo, 0, 1)[..., None]
    return clip(scene * (1 - 0.6 * light) + hues * light)


def make_colorful(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Strong saturation, and rays of all hues around the subject."""
    x, y = pixel_grid(len(pixels))
    angle = np.arctan2(y - composition.y, x - composition.x) / (2 * np.pi) + 0.25 * composition.hill
    rays = _mix_hues(angle + 0.05 * np.hypot(x - composition.x, y - composition.y))
    light = pixels.mean(2, keepdims=True) ** 0.7
    vivid = scale_saturation(pixels, 1.9)
    behind = 0.36 * vivid + 0.64 * rays * (0.45 + 0.65 * light)
    front = vivid * 0.95 + 0.06
    return clip(behind + subject[..., None] * (front - behind))


def _mix_hues(turns: Array) -> Array:
    """Map turns (1 is a full circle) to the hues of `_HUES`, with soft steps in between."""
    place = (turns % 1.0) * len(_HUES)
    first = place.astype(int) % len(_HUES)
    share = ramp(np.asarray(place % 1.0, np.float32), 0.3, 0.95)[..., None]
    return np.asarray(_HUES[first] + share * (_HUES[(first + 1) % len(_HUES)] - _HUES[first]), np.float32)


_MODIFIERS = {
    "highly realistic": make_realistic,
    "artsy": make_artsy,
    "trending": make_trending,
    "colorful": make_colorful,
    "black and white": moods.make_black_and_white,
    "pastel": moods.make_pastel,
    "vintage": moods.make_vintage,
    "dreamy": moods.make_dreamy,
    "dramatic": moods.make_dramatic,
    "misty": moods.make_misty,
    "golden hour": moods.make_golden_hour,
    "comic": moods.make_comic,
}
