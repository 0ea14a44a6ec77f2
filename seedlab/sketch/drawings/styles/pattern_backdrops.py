"""Backdrops made of patterns, for Klimt, Picasso, Matisse and the techniques. The composition places the pattern."""

from __future__ import annotations

import numpy as np

from seedlab.sketch.drawings.canvas import Canvas, as_array, mix, pixel_grid, rgb
from seedlab.sketch.drawings.geometry import Array, rectangle
from seedlab.sketch.drawings.palette import BackgroundPalette
from seedlab.sketch.drawings.styles.backdrops import paint_glow, paint_hills, paint_sky_and_land
from seedlab.sketch.scene import Composition

GOLD, DARK_GOLD, PALE_GOLD = rgb("d9a92f"), rgb("7d5516"), rgb("f8e08c")
PETALS = tuple(map(rgb, ("f2d24a", "d9482f", "f4ece0", "7a5fb0", "e88aa8")))
LEAVES = tuple(map(rgb, ("fbf5e6", "f6c52c", "1d8f5c", "e8432a", "f29ab8")))


def hash_to_unit(keys: Array | float) -> Array:
    """Hash keys to pseudorandom numbers in 0...1."""
    values = np.sin(np.asarray(keys, np.float32) * np.float32(12.9898) + np.float32(0.7)) * np.float32(437.585)
    return fractional_part(values)


def fractional_part(values: Array) -> Array:
    """Return the fractional part in 0...1. `% 1` does the same but is much slower."""
    return np.asarray(values - np.floor(values), np.float32)


def paint_gold_background(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Klimt: gold leaf with spirals, a strip of mosaic, and a flower meadow."""
    paint_sky_and_land(canvas, colours, composition)
    _paint_spirals(canvas, colours, composition)
    _paint_mosaic(canvas, colours, composition)
    _paint_flowers(canvas, colours, composition)


def _paint_spirals(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Paint rows of spirals, as in the branches of his Tree of Life."""
    rows = max(2, round(composition.horizon / 0.21))
    for k in range(4 * rows):
        row, column = divmod(k, 4)
        x = (composition.swirl_x + 0.27 * column + 0.135 * (row % 2)) % 1.08 - 0.04
        y = 0.09 + (composition.horizon - 0.12) * row / rows + 0.02 * float(np.sin(5 * column + 6 * composition.hill))
        radius = 0.062 + 0.03 * float(hash_to_unit(k + 0.5))
        ink = mix(colours.sky, DARK_GOLD, 0.8) if (row + column) % 2 else mix(colours.haze, PALE_GOLD, 0.9)
        canvas.stroke(_spiral(x, y, radius, 1 if column % 2 else -1), ink, 0.015)


def _spiral(x: float, y: float, radius: float, side: int) -> Array:
    """Return a spiral (n, 2) whose outer end extends downwards."""
    share = np.linspace(-0.16, 1, 24, dtype=np.float32)
    angle, reach = 2 * np.pi * 1.75 * share, radius * (1 - 0.9 * share)
    return np.stack([x + side * reach * np.cos(angle), y - reach * np.sin(angle)], axis=1).astype(np.float32)


def _paint_mosaic(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Paint a strip of upright tiles, some with a dot, on the side of the moon."""
    left = 0.0 if composition.moon_x < 0.5 else 0.8125
    rows = slice(0, int(canvas.size * np.floor(composition.horizon / 0.0833) * 0.0833))
    columns = slice(int(left * canvas.size), int((left + 0.1875) * canvas.size))
    x, y = pixel_grid(canvas.size)
    column, row = (x[:, columns] - left) / 0.0625, y[rows] / 0.0833
    key = hash_to_unit(np.floor(column) + 3 * np.floor(row) + np.floor(9 * composition.hill))
    inks: Array = np.array((DARK_GOLD, rgb("241a12"), rgb("f6ead0"), PALE_GOLD, rgb("b5452c")), np.float32)
    tiles = 0.85 * inks[(key * len(inks)).astype(int)] + 0.15 * as_array(colours.sky)
    du, dv = (fractional_part(column) - 0.5) * 0.0625, (fractional_part(row) - 0.5) * 0.0833
    tiles[(np.hypot(du, 0.75 * dv) < 0.016) & (fractional_part(10 * key) > 0.45)] = as_array(GOLD)
    inside = np.minimum(0.026 - np.abs(du), 0.036 - np.abs(dv)) * canvas.size
    _blend_into(canvas.pixels[rows, columns], np.clip(inside + 0.5, 0, 1), tiles)


def _paint_flowers(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Paint rows of dots with rings on a meadow that is darker towards the viewer."""
    first = int(composition.horizon * canvas.size)
    x, below = pixel_grid(canvas.size)
    y = below[first:]
    v = np.maximum(y - composition.horizon, 0) / 0.085
    u = (x - composition.swirl_x) * 7 + fractional_part(0.5 * np.floor(v)) + 14
    key = np.floor(u) + 9 * np.floor(v)
    distance = np.hypot((fractional_part(u) - 0.5) / 7, (fractional_part(v) - 0.5) * 0.085)
    radius = 0.019 + 0.012 * hash_to_unit(key)
    meadow = as_array(mix(colours.near, rgb("2f5f34"), 0.2)) * np.clip(1.15 - 0.09 * np.floor(v), 0.6, 1.2)[..., None]
    petals = np.array(PETALS, np.float32)[(hash_to_unit(key + 0.3) * len(PETALS)).astype(int)]
    area = canvas.pixels[first:]
    _blend_into(area, np.clip((y - composition.horizon) * canvas.size + 0.5, 0, 1), meadow)
    _blend_into(
        area, np.clip((radius * 1.55 - distance) * canvas.size + 0.5, 0, 1), as_array(GOLD) * 0.75 + meadow * 0.25
    )
    _blend_into(area, np.clip((radius - distance) * canvas.size + 0.5, 0, 1), petals)


def facet_lines(composition: Composition) -> tuple[tuple[float, float, float], ...]:
    """Return Cubist lines across the image: the unit normal (x, y), and the distance from the upper left corner."""
    turn = 0.5 * composition.hill
    lines = []
    for k, angle in enumerate((0.45, 1.05, 1.75, 2.35, 2.9, 0.1)):
        dx, dy = float(np.cos(angle + turn)), float(np.sin(angle + turn))
        shift = 0.34 * float(np.sin(2.4 * k + 5 * composition.swirl_x + 3 * composition.swirl_y))
        lines.append((dx, dy, dx * 0.5 + dy * 0.5 + shift))
    return tuple(lines)


def paint_facets(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Picasso: planes in the four background colours."""
    x, y = pixel_grid(canvas.size)
    key: Array = np.where(y > composition.horizon, np.float32(64), np.float32(0)) + 0 * x
    for k, (dx, dy, away) in enumerate(facet_lines(composition)):
        key += (dx * x + dy * y > away).astype(np.float32) * 2**k
    lower = y > composition.horizon
    inks: Array = np.array([colours.sky, colours.haze, colours.far, colours.near], np.float32)
    pick = hash_to_unit(key)
    index = np.where(lower, 2, 0) + np.where(pick > 0.45, 1, 0) + np.where(lower, -1, 1) * (pick > 0.76)
    tones = 0.84 + 0.34 * hash_to_unit(key + 3)
    canvas.pixels[:] = inks[np.clip(index, 0, 3)] * tones[..., None]


def paint_cut_outs(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Matisse: three sheets of coloured paper, and paper cut-outs of seaweed."""
    line, across = composition.horizon, 0.36 + 0.28 * composition.hill
    upper, lower = (colours.haze, colours.far) if composition.swirl_y < 0.25 else (colours.far, colours.haze)
    canvas.pixels[:] = as_array(colours.sky)
    side = (across, 1.01) if composition.moon_x > 0.5 else (-0.01, across)
    canvas.fill(rectangle(side[0], -0.01, side[1], 1.01), upper)
    canvas.fill(np.array([(0, line + 0.03), (1, line - 0.03), (1, 1.01), (0, 1.01)], np.float32), lower)
    shift = composition.swirl_x
    spots = ((0.1, 0.34), (0.9, 0.32), (0.08, 0.97), (0.93, 0.98), (0.5, 0.2))
    for k, (x, y) in enumerate(spots):
        lean = 0.6 * float(np.sin(4 * k + 6 * shift))
        frond = _seaweed(x + 0.06 * (shift - 0.5), y, 0.31 if k < 4 else 0.22, lean)
        canvas.stroke(frond, LEAVES[(k + int(5 * composition.swirl_y)) % len(LEAVES)], 0.042)


def _seaweed(x: float, y: float, height: float, lean: float) -> Array:
    """Return one line (n, 2) along the stem and into each lobe of a seaweed, to be drawn with a broad stroke."""
    points = [(x, y)]
    for share, reach in ((0.28, 0.32), (0.57, 0.35), (0.86, 0.24)):
        node = (x + lean * height * share**1.5, y - height * share)
        points.append(node)
        for side in (-1, 1):
            bend = (node[0] + side * 0.7 * reach * height, node[1] - 0.05 * height)
            points += [bend, (node[0] + side * reach * height, node[1] - 0.17 * height), bend, node]
    points.append((x + lean * height, y - height))
    return np.array(points, np.float32)


def paint_paper(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Pencil sketch: light paper with a horizon and two hills."""
    paint_sky_and_land(canvas, colours, composition)
    paint_hills(canvas, mix(colours.far, rgb("77746c"), 0.35), composition)


def paint_washes(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Watercolour: a sky with white clouds, hills that bleed into it, and a loose foreground."""
    x, y = pixel_grid(canvas.size)
    hill, line = composition.hill, composition.horizon
    canvas.pixels[:] = as_array(colours.sky)
    cloud = np.sin(5.2 * x + 6 * hill) + np.sin(9 * y - 4 * x + 5 * composition.swirl_x) + 1.1 * y / line
    _blend_into(canvas.pixels, np.clip(1.4 * cloud - 0.3, 0, 1), as_array(colours.haze))
    for k in range(3):
        wobble = 0.035 * np.sin((7 + 4 * k) * x + 6 * hill + 2 * k) + 0.012 * np.sin(31 * x + 3 * k)
        top = line - 0.13 + 0.12 * k + wobble * (1 if k < 2 else 0.6)
        colour = (mix(colours.far, colours.sky, 0.5), colours.far, colours.near)[k]
        _blend_into(canvas.pixels, np.clip((y - top) * canvas.size / 3, 0, 1), as_array(colour))


def _blend_into(area: Array, share: Array, paint: Array) -> None:
    """Blend paint into a part of the image, in place."""
    area += (share[..., None] * (paint - area)).astype(np.float32)


def paint_game_level(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Pixel art: a banded sky with a square sun and block clouds over a meadow, all on a 32 x 32 grid."""
    paint_sky_and_land(canvas, colours, composition)
    line = round(composition.horizon * 32)
    _paint_game_level_sky(canvas, colours, composition, line)
    canvas.fill(_tile_rectangle(0, line, 32, 32 - line), colours.near)
    canvas.fill(_tile_rectangle(0, line, 32, 2), colours.far)
    for k in range(22):
        left, top = round(32 * ((composition.hill + 0.618 * k) % 1.0)), line + 2 + (k * 5) % max(1, 30 - line)
        canvas.fill(_tile_rectangle(left, top, 2, 1), mix(colours.near, colours.far, 0.8))


def _paint_game_level_sky(canvas: Canvas, colours: BackgroundPalette, composition: Composition, line: int) -> None:
    for row in range(line):
        band = mix(colours.sky, colours.haze, (row * 5 // line) / 4)
        canvas.fill(_tile_rectangle(0, row, 32, 1), band)
    sun_x, sun_y = round(composition.moon_x * 32) - 2, round(composition.moon_y * 32) - 2
    canvas.fill(_tile_rectangle(sun_x, sun_y, 4, 4), mix(colours.haze, rgb("ffe14d"), 0.85))
    cloud = mix(colours.haze, rgb("ffffff"), 0.75 if max(colours.sky) > 0.4 else 0.08)  # faint in a dark sky
    for k in range(3):
        left, top = round(32 * ((composition.swirl_x + 0.37 * k) % 1.0)) - 3, 3 + round(7 * composition.swirl_y) + 4 * k
        canvas.fill(_tile_rectangle(left, top, 7, 2), cloud)
        canvas.fill(_tile_rectangle(left + 2, top - 1, 3, 1), cloud)


def _tile_rectangle(left: int, top: int, width: int, height: int) -> Array:
    return rectangle(left / 32, top / 32, (left + width) / 32, (top + height) / 32)


def paint_glass(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Stained glass: a sun in a clear sky over hills. The brush adds the lead lines."""
    paint_sky_and_land(canvas, colours, composition)
    paint_glow(canvas, composition, mix(colours.haze, rgb("ffd23a"), 0.9), 0.1)
    paint_hills(canvas, mix(colours.far, rgb("1f7a4d"), 0.4), composition)
