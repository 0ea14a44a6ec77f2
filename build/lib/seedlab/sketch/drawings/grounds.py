"""Backdrops of the painters and manners that build their ground from patterns; the pattern follows the composition."""

from __future__ import annotations

import numpy as np

from seedlab.sketch.drawings.backdrops import glow, lay_ground, paint_hills
from seedlab.sketch.drawings.canvas import Canvas, as_array, grid, mix, rgb
from seedlab.sketch.drawings.outlines import Array, box
from seedlab.sketch.drawings.palette import Ground
from seedlab.sketch.scene import Composition

GOLD, DARK_GOLD, PALE_GOLD = rgb("d9a92f"), rgb("7d5516"), rgb("f8e08c")
PETALS = tuple(map(rgb, ("f2d24a", "d9482f", "f4ece0", "7a5fb0", "e88aa8")))
LEAVES = tuple(map(rgb, ("fbf5e6", "f6c52c", "1d8f5c", "e8432a", "f29ab8")))


def scatter(keys: Array | float) -> Array:
    """Numbers 0...1 that look random, one for each key; the same key gives the same number."""
    values = np.sin(np.asarray(keys, np.float32) * np.float32(12.9898) + np.float32(0.7)) * np.float32(437.585)
    return part(values)


def part(values: Array) -> Array:
    """What is after the point; `% 1` does the same and takes much longer."""
    return np.asarray(values - np.floor(values), np.float32)


def paint_golden_ground(canvas: Canvas, colours: Ground, composition: Composition) -> None:
    """Klimt: gold leaf with spirals, a strip of mosaic, and a meadow of flowers."""
    lay_ground(canvas, colours, composition)
    _paint_spirals(canvas, colours, composition)
    _paint_mosaic(canvas, colours, composition)
    _paint_flowers(canvas, colours, composition)


def _paint_spirals(canvas: Canvas, colours: Ground, composition: Composition) -> None:
    """Rows of coils, like the branches of his Tree of Life."""
    rows = max(2, round(composition.horizon / 0.21))
    for k in range(4 * rows):
        row, column = divmod(k, 4)
        x = (composition.swirl_x + 0.27 * column + 0.135 * (row % 2)) % 1.08 - 0.04
        y = 0.09 + (composition.horizon - 0.12) * row / rows + 0.02 * float(np.sin(5 * column + 6 * composition.hill))
        radius = 0.062 + 0.03 * float(scatter(k + 0.5))
        ink = mix(colours.sky, DARK_GOLD, 0.8) if (row + column) % 2 else mix(colours.haze, PALE_GOLD, 0.9)
        canvas.stroke(_coil(x, y, radius, 1 if column % 2 else -1), ink, 0.015)


def _coil(x: float, y: float, radius: float, side: int) -> Array:
    """A spiral (n, 2) with a tail that sweeps down from its outer end."""
    share = np.linspace(-0.16, 1, 24, dtype=np.float32)
    angle, reach = 2 * np.pi * 1.75 * share, radius * (1 - 0.9 * share)
    return np.stack([x + side * reach * np.cos(angle), y - reach * np.sin(angle)], axis=1).astype(np.float32)


def _paint_mosaic(canvas: Canvas, colours: Ground, composition: Composition) -> None:
    """A strip of upright tiles on the side where the moon is, some with an eye."""
    left = 0.0 if composition.moon_x < 0.5 else 0.8125
    rows = slice(0, int(canvas.size * np.floor(composition.horizon / 0.0833) * 0.0833))
    columns = slice(int(left * canvas.size), int((left + 0.1875) * canvas.size))
    x, y = grid(canvas.size)
    column, row = (x[:, columns] - left) / 0.0625, y[rows] / 0.0833
    key = scatter(np.floor(column) + 3 * np.floor(row) + np.floor(9 * composition.hill))
    inks: Array = np.array((DARK_GOLD, rgb("241a12"), rgb("f6ead0"), PALE_GOLD, rgb("b5452c")), np.float32)
    tiles = 0.85 * inks[(key * len(inks)).astype(int)] + 0.15 * as_array(colours.sky)
    du, dv = (part(column) - 0.5) * 0.0625, (part(row) - 0.5) * 0.0833
    tiles[(np.hypot(du, 0.75 * dv) < 0.016) & (part(10 * key) > 0.45)] = as_array(GOLD)
    inside = np.minimum(0.026 - np.abs(du), 0.036 - np.abs(dv)) * canvas.size
    _wash(canvas.pixels[rows, columns], np.clip(inside + 0.5, 0, 1), tiles)


def _paint_flowers(canvas: Canvas, colours: Ground, composition: Composition) -> None:
    """Dots with a ring about them in rows; the meadow is darker towards the viewer."""
    first = int(composition.horizon * canvas.size)
    x, below = grid(canvas.size)
    y = below[first:]
    v = np.maximum(y - composition.horizon, 0) / 0.085
    u = (x - composition.swirl_x) * 7 + part(0.5 * np.floor(v)) + 14
    key = np.floor(u) + 9 * np.floor(v)
    distance = np.hypot((part(u) - 0.5) / 7, (part(v) - 0.5) * 0.085)
    radius = 0.019 + 0.012 * scatter(key)
    meadow = as_array(mix(colours.near, rgb("2f5f34"), 0.2)) * np.clip(1.15 - 0.09 * np.floor(v), 0.6, 1.2)[..., None]
    petals = np.array(PETALS, np.float32)[(scatter(key + 0.3) * len(PETALS)).astype(int)]
    area = canvas.pixels[first:]
    _wash(area, np.clip((y - composition.horizon) * canvas.size + 0.5, 0, 1), meadow)
    _wash(area, np.clip((radius * 1.55 - distance) * canvas.size + 0.5, 0, 1), as_array(GOLD) * 0.75 + meadow * 0.25)
    _wash(area, np.clip((radius - distance) * canvas.size + 0.5, 0, 1), petals)


def facet_lines(composition: Composition) -> tuple[tuple[float, float, float], ...]:
    """Cubist lines across the picture: the normal's x and y, and the distance from the picture's upper left corner."""
    turn = 0.5 * composition.hill
    lines = []
    for k, angle in enumerate((0.45, 1.05, 1.75, 2.35, 2.9, 0.1)):
        dx, dy = float(np.cos(angle + turn)), float(np.sin(angle + turn))
        shift = 0.34 * float(np.sin(2.4 * k + 5 * composition.swirl_x + 3 * composition.swirl_y))
        lines.append((dx, dy, dx * 0.5 + dy * 0.5 + shift))
    return tuple(lines)


def paint_facets(canvas: Canvas, colours: Ground, composition: Composition) -> None:
    """Picasso: the ground broken into planes of its four colours."""
    x, y = grid(canvas.size)
    key: Array = np.where(y > composition.horizon, np.float32(64), np.float32(0)) + 0 * x
    for k, (dx, dy, away) in enumerate(facet_lines(composition)):
        key += (dx * x + dy * y > away).astype(np.float32) * 2**k
    lower = y > composition.horizon
    inks: Array = np.array([colours.sky, colours.haze, colours.far, colours.near], np.float32)
    pick = scatter(key)
    index = np.where(lower, 2, 0) + np.where(pick > 0.45, 1, 0) + np.where(lower, -1, 1) * (pick > 0.76)
    tones = 0.84 + 0.34 * scatter(key + 3)
    canvas.pixels[:] = inks[np.clip(index, 0, 3)] * tones[..., None]


def paint_cut_outs(canvas: Canvas, colours: Ground, composition: Composition) -> None:
    """Matisse: three sheets of coloured paper, and seaweed cut from others."""
    line, across = composition.horizon, 0.36 + 0.28 * composition.hill
    upper, lower = (colours.haze, colours.far) if composition.swirl_y < 0.25 else (colours.far, colours.haze)
    canvas.pixels[:] = as_array(colours.sky)
    side = (across, 1.01) if composition.moon_x > 0.5 else (-0.01, across)
    canvas.fill(box(side[0], -0.01, side[1], 1.01), upper)
    canvas.fill(np.array([(0, line + 0.03), (1, line - 0.03), (1, 1.01), (0, 1.01)], np.float32), lower)
    shift = composition.swirl_x
    spots = ((0.1, 0.34), (0.9, 0.32), (0.08, 0.97), (0.93, 0.98), (0.5, 0.2))
    for k, (x, y) in enumerate(spots):
        lean = 0.6 * float(np.sin(4 * k + 6 * shift))
        frond = _frond(x + 0.06 * (shift - 0.5), y, 0.31 if k < 4 else 0.22, lean)
        canvas.stroke(frond, LEAVES[(k + int(5 * composition.swirl_y)) % len(LEAVES)], 0.042)


def _frond(x: float, y: float, height: float, lean: float) -> Array:
    """One line (n, 2) along a stem and out into each of its lobes and back; drawn broad, it is a seaweed."""
    points = [(x, y)]
    for share, reach in ((0.28, 0.32), (0.57, 0.35), (0.86, 0.24)):
        node = (x + lean * height * share**1.5, y - height * share)
        points.append(node)
        for side in (-1, 1):
            bend = (node[0] + side * 0.7 * reach * height, node[1] - 0.05 * height)
            points += [bend, (node[0] + side * reach * height, node[1] - 0.17 * height), bend, node]
    points.append((x + lean * height, y - height))
    return np.array(points, np.float32)


def paint_paper(canvas: Canvas, colours: Ground, composition: Composition) -> None:
    """Pencil: light paper with a horizon and two hills."""
    lay_ground(canvas, colours, composition)
    paint_hills(canvas, mix(colours.far, rgb("77746c"), 0.35), composition)


def paint_washes(canvas: Canvas, colours: Ground, composition: Composition) -> None:
    """Watercolour: a wet sky with white clouds, hills that bleed into it, and a loose foreground."""
    x, y = grid(canvas.size)
    hill, line = composition.hill, composition.horizon
    canvas.pixels[:] = as_array(colours.sky)
    cloud = np.sin(5.2 * x + 6 * hill) + np.sin(9 * y - 4 * x + 5 * composition.swirl_x) + 1.1 * y / line
    _wash(canvas.pixels, np.clip(1.4 * cloud - 0.3, 0, 1), as_array(colours.haze))
    for k in range(3):
        wobble = 0.035 * np.sin((7 + 4 * k) * x + 6 * hill + 2 * k) + 0.012 * np.sin(31 * x + 3 * k)
        top = line - 0.13 + 0.12 * k + wobble * (1 if k < 2 else 0.6)
        colour = (mix(colours.far, colours.sky, 0.5), colours.far, colours.near)[k]
        _wash(canvas.pixels, np.clip((y - top) * canvas.size / 3, 0, 1), as_array(colour))


def _wash(area: Array, share: Array, paint: Array) -> None:
    """Lays paint over a part of the picture, in place."""
    area += (share[..., None] * (paint - area)).astype(np.float32)


def paint_game(canvas: Canvas, colours: Ground, composition: Composition) -> None:
    """Pixel art: a banded sky with a square sun and block clouds, and a meadow of tiles; all on a grid of 32."""
    lay_ground(canvas, colours, composition)
    line = round(composition.horizon * 32)
    _paint_game_sky(canvas, colours, composition, line)
    canvas.fill(_tiles(0, line, 32, 32 - line), colours.near)
    canvas.fill(_tiles(0, line, 32, 2), colours.far)
    for k in range(22):
        left, top = round(32 * ((composition.hill + 0.618 * k) % 1.0)), line + 2 + (k * 5) % max(1, 30 - line)
        canvas.fill(_tiles(left, top, 2, 1), mix(colours.near, colours.far, 0.8))


def _paint_game_sky(canvas: Canvas, colours: Ground, composition: Composition, line: int) -> None:
    for row in range(line):
        band = mix(colours.sky, colours.haze, (row * 5 // line) / 4)
        canvas.fill(_tiles(0, row, 32, 1), band)
    sun_x, sun_y = round(composition.moon_x * 32) - 2, round(composition.moon_y * 32) - 2
    canvas.fill(_tiles(sun_x, sun_y, 4, 4), mix(colours.haze, rgb("ffe14d"), 0.85))
    cloud = mix(colours.haze, rgb("ffffff"), 0.75 if max(colours.sky) > 0.4 else 0.08)  # faint in the dark
    for k in range(3):
        left, top = round(32 * ((composition.swirl_x + 0.37 * k) % 1.0)) - 3, 3 + round(7 * composition.swirl_y) + 4 * k
        canvas.fill(_tiles(left, top, 7, 2), cloud)
        canvas.fill(_tiles(left + 2, top - 1, 3, 1), cloud)


def _tiles(left: int, top: int, width: int, height: int) -> Array:
    return box(left / 32, top / 32, (left + width) / 32, (top + height) / 32)


def paint_window(canvas: Canvas, colours: Ground, composition: Composition) -> None:
    """Stained glass: a sun in a clear sky over hills; the brush leads it."""
    lay_ground(canvas, colours, composition)
    glow(canvas, composition, mix(colours.haze, rgb("ffd23a"), 0.9), 0.1)
    paint_hills(canvas, mix(colours.far, rgb("1f7a4d"), 0.4), composition)
