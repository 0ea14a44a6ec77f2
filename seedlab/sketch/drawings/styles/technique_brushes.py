"""Brushes of Klimt, Picasso and the techniques: pencil sketch, watercolour, pixel art, and stained glass.

The interface is that of `brushes`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seedlab.sketch.drawings.canvas import as_array, blur, pixel_grid, rgb, to_unit_range
from seedlab.sketch.drawings.geometry import Array
from seedlab.sketch.drawings.pixel_ops import clip
from seedlab.sketch.drawings.styles.pattern_backdrops import (
    DARK_GOLD,
    PALE_GOLD,
    facet_lines,
    fractional_part,
    hash_to_unit,
)
from seedlab.sketch.scene import Composition

TILES = 32


def apply_gold_leaf(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Klimt: squares of gold leaf on the background, ornaments on plain parts of the subject, and a golden contour."""
    size = len(pixels)
    x, y = pixel_grid(size)
    key = np.floor(x * 8) + 8 * np.floor(y * 8)
    leaf = (0.15 * hash_to_unit(key) - 0.07) * (1 - subject)
    picture = pixels * (1 + leaf)[..., None]
    grey = _grey(pixels)
    ornament, pale = _ornaments(size, composition)
    free = np.clip(1.1 - 8 * blur(np.abs(grey - blur(grey, size * 0.02)), size * 0.02), 0, 1)
    share = ornament * free * np.clip(4 * blur(subject, size * 0.02) - 3, 0, 1)
    ink = np.where(pale[..., None], as_array(PALE_GOLD), as_array(DARK_GOLD))
    picture = picture + 0.85 * share[..., None] * (ink - picture)
    rim = np.clip(2.5 * _rim(subject, size * 0.012), 0, 1)[..., None] * (1 - 0.5 * subject[..., None])
    return clip(picture + rim * (as_array(rgb("f9dc6c")) - picture))


def _ornaments(size: int, composition: Composition) -> tuple[Array, Array]:
    """Return the coverage of rings and upright bars, one per cell, and which of them are pale."""
    x, y = pixel_grid(size)
    u, v = (x - composition.x) * 13 + 40.5 + 0 * y, (y - composition.y) * 13 + 40.5 + 0 * x
    key = hash_to_unit(np.floor(u) * 5 + np.floor(v) * 31 + np.floor(4 * composition.hill))
    du, dv = u - np.floor(u) - 0.5, v - np.floor(v) - 0.5
    rings = 0.5 + 0.5 * np.cos(np.minimum(np.hypot(du, dv), 0.45) * 2 * np.pi / 0.3)
    bars = np.clip(3 - 8 * np.abs(du), 0, 1) * np.clip(3.4 - 8 * np.abs(dv), 0, 1)
    cover = np.where(key < 0.45, rings * (np.hypot(du, dv) < 0.45), np.where(key < 0.8, bars, 0))
    return np.asarray(cover, np.float32), np.asarray(fractional_part(7 * key) > 0.5)


def apply_facets(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Picasso: planes that are light on one side of a line and dark on the other, across subject and background."""
    size = len(pixels)
    x, y = pixel_grid(size)
    tone: Array = np.zeros((size, size), np.float32)
    ink: Array = np.zeros((size, size), np.float32)
    for k, (dx, dy, away) in enumerate(facet_lines(composition)):
        distance = dx * x + dy * y - away
        tone += np.sign(distance) * np.exp(-np.abs(distance) / 0.11) * (1 if k % 2 else -1)
        ink = np.maximum(ink, np.clip(0.0055 * size + 0.5 - np.abs(distance) * size, 0, 1))
    toned = pixels * (1 + 0.3 * np.clip(tone, -1, 1))[..., None]
    share = ink * (0.8 - 0.6 * subject)
    return clip(toned + share[..., None] * (as_array(rgb("211d1b")) - toned))


def apply_hatching(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Pencil sketch: hatching, denser and crossed in dark areas, with bare paper at the borders."""
    size = len(pixels)
    dark = 1 - _grey(pixels)
    border = np.clip(9 * _distance_to_border(size) - 0.25, 0, 1)
    dark = dark * (subject + (1 - subject) * border * (1.25 - 0.65 * dark))
    first, second = _hatching(subject, composition)
    graphite = 0.34 * dark + 0.62 * first * np.clip(1.7 * dark - 0.25, 0, 1)
    graphite += 0.45 * second * np.clip(2.2 * dark - 1.1, 0, 1) * (0.4 + 0.6 * subject)
    graphite += (
        0.8 * np.clip(4 * dark - 2.3, 0, 1) * subject + _edges(pixels, size) * (0.5 - 0.3 * subject) * border**0.5
    )
    share = np.clip(graphite, 0, 1)[..., None]
    return clip(as_array(rgb("f7f1e2")) + share * (as_array(rgb("34343a")) - as_array(rgb("f7f1e2"))))


def _hatching(subject: Array, composition: Composition) -> tuple[Array, Array]:
    """Return two layers of crossing strokes, 0...1, with the opposite slant on the subject."""
    x, y = pixel_grid(len(subject))
    slant = np.where(subject > 0.5, np.float32(composition.light), np.float32(-composition.light))
    wobble = 0.25 * np.sin(9 * x + 5 * y + 6 * composition.hill)
    first = 0.5 + 0.5 * np.cos(2 * np.pi * (27 * (x * slant + 1.1 * y) + wobble))
    second = 0.5 + 0.5 * np.cos(2 * np.pi * (25 * (1.1 * x - y * slant) + wobble))
    return first, second


def _distance_to_border(size: int) -> Array:
    """Return the distance of each pixel from the image border, as a fraction of the image side."""
    x, y = pixel_grid(size)
    return np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y))


def _edges(pixels: Array, size: int) -> Array:
    soft = blur(_grey(pixels), size * 0.004)
    down, right = np.gradient(soft)
    return np.asarray(np.clip(np.hypot(down, right) * size / 256 * 9 - 0.15, 0, 1), np.float32)


def apply_watercolour(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Watercolour: thin washes with dark rims and blooms, grain, and white paper outside a ragged border."""
    size = len(pixels)
    density = 1 - pixels
    rims = np.clip(density - blur(density, size * 0.025), 0, 0.22)
    wet = _wetness(subject, composition)[..., None]
    inside = _distance_inside_border(size, composition)
    paint = (0.72 * density * wet + 1.1 * rims) * (0.86 + 0.3 * subject[..., None])
    keep = np.maximum(np.clip(inside * 90, 0, 1), subject)
    brink = np.exp(-(((inside - 0.008) / 0.009) ** 2)) * (inside > 0) * (1 - subject)
    paint = paint * keep[..., None] * (1 + 1.1 * brink)[..., None]
    return clip(as_array(rgb("fdfbf5")) - paint)


def _wetness(subject: Array, composition: Composition) -> Array:
    """Return the paint density, around 1: blooms, fainter on the subject, and paper grain."""
    x, y = pixel_grid(len(subject))
    phase = 6 * composition.hill
    bloom = np.sin(8 * x + 3 * np.sin(6 * y + phase)) * np.sin(9 * y + 3 * np.sin(7 * x + phase))
    grain = np.sin(75 * x + 4 * np.sin(40 * y)) * np.sin(70 * y + 4 * np.sin(45 * x))
    return np.asarray(1 + 0.28 * bloom * (1 - 0.2 * subject) + 0.08 * grain, np.float32)


def _distance_inside_border(size: int, composition: Composition) -> Array:
    """Return the distance of each pixel inside the irregular border of the paint, in image sides."""
    x, y = pixel_grid(size)
    phase = 5 * composition.swirl_x
    waver = 0.02 * np.sin(11 * x + 9 * y + phase) + 0.014 * np.sin(23 * x - 19 * y + phase)
    return np.asarray(_distance_to_border(size) - 0.055 + waver, np.float32)


def pixelate(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Pixel art: 32 x 32 blocks of few colours. No block mixes subject and background, for a sharp contour."""
    size = len(pixels)
    inside = _block_means(subject) > 0.45
    blocks = _representative_quarters(pixels, subject, inside)
    padded = np.pad(inside, 1, mode="edge")
    enclosed = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    blocks = blocks * np.where(inside & ~enclosed, 0.7, 1.0)[..., None]
    grey = blocks.mean(2, keepdims=True)
    posterised = np.round(np.clip(grey + 1.2 * (blocks - grey), 0, 1) * 10) / 10
    image = Image.fromarray((posterised * 255 + 0.5).astype(np.uint8))
    return to_unit_range(image.resize((size, size), Image.Resampling.NEAREST))


def _block_means(values: Array, tiles: int = TILES) -> Array:
    """Return the means (tiles, tiles, ...) of blocks, for any image size."""
    image = Image.fromarray((np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8))
    return to_unit_range(image.resize((tiles, tiles), Image.Resampling.BOX))


def _representative_quarters(pixels: Array, subject: Array, inside: NDArray[np.bool_]) -> Array:
    """Return the most typical quarter of each block: a mean would blur contours. Dark ones win, to keep the eyes."""
    front, front_weight = _masked_quarter_means(pixels, subject > 0.97)
    behind, behind_weight = _masked_quarter_means(pixels, subject < 0.03)
    quarters = np.where(inside[..., None, None], front, behind)
    weight = np.where(inside[..., None], front_weight, behind_weight)
    share = weight / np.maximum(weight.sum(2, keepdims=True), 1e-3)
    usual = (quarters * share[..., None]).sum(2, keepdims=True)
    rank = np.abs(quarters - usual).sum(3) + 9 * (weight < 0.3)
    dark = (_grey(quarters) < np.minimum(0.4, _grey(usual) - 0.1)) & (weight > 0.6)
    rank = rank - 5 * dark * (1 - _grey(quarters)) * inside[..., None]
    best = np.argmin(rank, axis=2)[..., None, None]
    return np.asarray(np.take_along_axis(quarters, best, axis=2)[:, :, 0], np.float32)


def _masked_quarter_means(pixels: Array, where: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return each quarter's mean colour over the pixels in `where` (or all, if none are), and their share."""
    mask = where.astype(np.float32)
    weight = _quarters(_block_means(mask, 2 * TILES)[..., None])
    masked = _quarters(_block_means(pixels * mask[..., None], 2 * TILES))
    colours = np.where(weight > 0.1, masked / np.maximum(weight, 0.1), _quarters(_block_means(pixels, 2 * TILES)))
    return np.asarray(colours, np.float32), weight[..., 0]


def _quarters(values: Array) -> Array:
    """Reshape (64, 64, c) to (32, 32, 4, c)."""
    split = values.reshape(TILES, 2, TILES, 2, -1).swapaxes(1, 2)
    return split.reshape(TILES, TILES, 4, -1)


def apply_stained_glass(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Stained glass: panes along rays and rings around the sun, each lit differently, and dark lead lines."""
    size = len(pixels)
    cells, gap = _background_panes(size, composition)
    inner, inner_gap = _subject_panes(size, composition)
    front = subject > 0.5
    tone = np.where(front, 0.88 + 0.24 * inner, 0.62 + 0.62 * cells)
    glass = _tint_panes(_saturate(pixels, subject) * tone[..., None], cells, subject, composition)
    glass *= 1 + 0.17 * blur(glass, size * 0.03)
    width = 0.008 * size
    leads = np.where(front, 0.75 * np.clip(0.6 * width - inner_gap * size, 0, 1), np.clip(width - gap * size, 0, 1))
    leads = np.maximum(leads, np.clip(3 * _rim(subject, size * 0.012), 0, 1))
    leads = np.maximum(leads, np.clip(3 * _edges(pixels, size) - 0.4, 0, 1) * (1 - subject))
    leads = np.maximum(leads, _frame(size))
    return clip(glass + leads[..., None] * (as_array(rgb("15131a")) - glass))


def _saturate(pixels: Array, subject: Array) -> Array:
    """Scale the distance of each pixel from grey, less on the subject. Does not clip."""
    grey = _grey(pixels)[..., None]
    return np.asarray((pixels - grey) * (1.5 - 0.25 * subject)[..., None] + grey, np.float32)


def _tint_panes(glass: Array, cells: Array, subject: Array, composition: Composition) -> Array:
    """Tint background panes from green to violet, and amber near the sun. A few become all violet or all amber."""
    x, y = pixel_grid(len(glass))
    near = np.exp(-(((x - composition.moon_x) ** 2 + (y - composition.moon_y) ** 2) / 0.035))
    ways: Array = np.array([(0.36, -0.16, -0.06), (0.45, 0.2, -0.5)], np.float32)
    tinted = glass + np.stack([cells - 0.5, near], axis=2) @ ways
    inks: Array = np.array([rgb("ffc02e"), rgb("6a35b4")], np.float32)
    rare = np.where((cells > 0.9) | (cells < 0.09), np.float32(0.86), np.float32(0))[..., None]
    tinted += rare * (inks[(cells > 0.5).astype(int)] - tinted)
    return np.asarray(np.where(subject[..., None] > 0.5, glass, tinted).clip(0, 1), np.float32)


def _background_panes(size: int, composition: Composition) -> tuple[Array, Array]:
    """Return a number 0...1 for each pixel's pane, and the distance to the next lead line in image sides."""
    x, y = pixel_grid(size)
    dx, dy = x - composition.moon_x, y - composition.moon_y
    reach = np.hypot(dx, dy)
    ring = reach / 0.19 + 0.45
    ray = np.arctan2(dy, dx) / (2 * np.pi) * 16 + composition.hill + fractional_part(0.5 * np.floor(ring))
    ring_gap = np.abs(ring - np.round(ring)) * 0.19
    ray_gap = np.where(ring < 1, 1.0, np.abs(ray - np.round(ray)) * reach * 2 * np.pi / 16)
    horizon = y - composition.horizon + 0 * x
    key = (
        np.floor(ring) * 17
        + np.where(ring < 1, 0, np.floor(16 * fractional_part(ray / 16)))
        + np.float32(300) * (horizon > 0)
    )
    gap = np.minimum(np.minimum(ring_gap, ray_gap), np.abs(horizon))
    return hash_to_unit(key), np.asarray(gap, np.float32)


def _subject_panes(size: int, composition: Composition) -> tuple[Array, Array]:
    x, y = pixel_grid(size)
    across = (x - composition.x) * 5 + 0.5 * np.sin(7 * (y - composition.y)) + 20.5
    along = (y - composition.y) * 5 + 0.4 * np.sin(6 * (x - composition.x)) + 20.5
    gap = np.minimum(np.abs(across - np.round(across)), np.abs(along - np.round(along))) / 5
    return hash_to_unit(np.floor(across) * 3 + 23 * np.floor(along)), np.asarray(gap, np.float32)


def _frame(size: int) -> Array:
    return np.asarray(np.clip((0.02 - _distance_to_border(size)) * size, 0, 1), np.float32)


def _rim(subject: Array, radius: float) -> Array:
    """Return 1 on the subject's contour, falling to 0 within about `radius` pixels on both sides."""
    soft = blur(subject, radius)
    return np.asarray(np.clip(1 - np.abs(2 * soft - 1) * 1.6, 0, 1), np.float32)


def _grey(pixels: Array) -> Array:
    return np.asarray(pixels @ np.array((0.3, 0.59, 0.11), np.float32), np.float32)
