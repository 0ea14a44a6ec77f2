"""Backdrops: the background of each style. `pattern_backdrops` has more of them, and `places` paints over them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seedlab.sketch.drawings.canvas import Canvas, Colour, as_array, mix, pixel_grid, rgb
from seedlab.sketch.drawings.geometry import (
    Array,
    Point,
    closed_curve,
    ellipse,
    open_curve,
    parse_points,
    rectangle,
    translate,
)
from seedlab.sketch.drawings.palette import BackgroundPalette
from seedlab.sketch.scene import Composition

FOAM = rgb("f8f1de")

_MOUNTAIN = parse_points("-0.42 0, -0.06 -0.3, 0.06 -0.3, 0.42 0")
_SNOW_CAP = parse_points("-0.13 -0.2, -0.06 -0.3, 0.06 -0.3, 0.13 -0.2, 0.06 -0.225, 0 -0.18, -0.06 -0.225")
_WAVE = parse_points("-0.16 0.16, -0.06 0.02, 0.05 -0.045, 0.13 -0.01, 0.1 0.04, 0.2 0.16, 0.2 1, -0.16 1")
_CREST = parse_points("-0.1 0.05, -0.03 0, 0.05 -0.04, 0.12 -0.015, 0.11 0.03")


def paint_sky_and_land(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Paint sky and land as gradients that meet at the horizon in a soft edge."""
    _, y = pixel_grid(canvas.size)
    horizon = composition.horizon
    sky = _blend(colours.sky, colours.haze, np.clip(y / horizon, 0, 1))
    land = _blend(colours.far, colours.near, np.clip((y - horizon) / (1 - horizon), 0, 1))
    edge = np.clip((y - horizon) * canvas.size + 0.5, 0, 1)[..., None]
    canvas.pixels[:] = sky + edge * (land - sky)


def _blend(first: Colour, second: Colour, share: Array) -> Array:
    low, high = as_array(first), as_array(second)
    return low + share[..., None] * (high - low)


def paint_meadow(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """No style: an open sky with a sun and two hills."""
    paint_sky_and_land(canvas, colours, composition)
    paint_glow(canvas, composition, mix(colours.haze, rgb("fff6d8"), 0.8), 0.075)
    paint_hills(canvas, mix(colours.far, colours.haze, 0.45), composition)


def paint_glow(canvas: Canvas, composition: Composition, colour: Colour, radius: float) -> None:
    """Paint the sun or moon: a disc with a halo."""
    x, y = pixel_grid(canvas.size)
    distance = np.hypot(x - composition.moon_x, y - composition.moon_y)
    halo = 0.45 * np.exp(-((distance / (radius * 2.2)) ** 2))
    disc = np.clip((radius - distance) * canvas.size + 0.5, 0, 1)
    share = np.maximum(halo, disc)[..., None]
    canvas.pixels[:] = canvas.pixels + share * (as_array(colour) - canvas.pixels)


def paint_hills(canvas: Canvas, colour: Colour, composition: Composition) -> None:
    """Paint two round hills that end at the horizon."""
    line, left = composition.horizon, composition.hill * 0.8
    for middle, width, height in ((left - 0.1, 0.5, 0.12), (left + 0.55, 0.6, 0.17)):
        hill = ellipse(middle, line, width, height)
        hill[:, 1] = np.minimum(hill[:, 1], line + 0.004)
        canvas.fill(hill, colour)


def paint_interior(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Vermeer: a dark wall in grazing light from a window, and a table."""
    paint_sky_and_land(canvas, colours, composition)
    x, y = pixel_grid(canvas.size)
    from_light = 0.5 + 0.5 * composition.light * (2 * x - 1)
    fall = np.clip(1.05 * from_light**1.5 - 0.35 * y, 0, 1)[..., None]
    wall = (y < composition.horizon)[..., None]
    warm = as_array(mix(colours.haze, rgb("c99a54"), 0.42))
    canvas.pixels[:] = np.where(
        wall, canvas.pixels + 0.62 * fall * (warm - canvas.pixels), canvas.pixels * (0.5 + 0.75 * fall)
    )
    edge = np.array([(0, composition.horizon), (1, composition.horizon)], np.float32)
    canvas.stroke(edge, mix(colours.far, rgb("ffe9a8"), 0.35), 0.012)


def paint_starry_sky(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Van Gogh: a moon and stars with rings around them, over rolling fields."""
    paint_sky_and_land(canvas, colours, composition)
    moon = composition.moon_x, composition.moon_y, 0.085
    stars = tuple(
        ((composition.moon_x + 0.31 * k) % 1.0, 0.1 + 0.13 * ((k * 0.618 + composition.hill) % 1.0), 0.04)
        for k in (1, 2)
    )
    for x, y, radius in (moon, *stars):
        for ring, share in ((2.4, 0.25), (1.7, 0.5), (1.0, 1.0)):
            canvas.fill(ellipse(x, y, radius * ring, radius * ring), mix(colours.haze, rgb("ffe169"), share))
    paint_hills(canvas, mix(colours.far, rgb("24427e"), 0.55), composition)


def paint_blocks(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Mondrian: fields of primary colours between black bars, placed by the positions of horizon and moon."""
    canvas.pixels[:] = as_array(colours.haze)
    line, across, top = composition.horizon, composition.moon_x, composition.moon_y + 0.12
    outer, inner = ((across, 1.0), (0.0, across)) if across > 0.5 else ((0.0, across), (across, 1.0))
    fields = ((outer, 0.0, top, colours.sky), (inner, line, 1.0, colours.near), (outer, line, 1.0, colours.far))
    for (left, right), upper, lower, colour in fields:
        canvas.fill(rectangle(left, upper, right, lower), colour)
    middle = 0.3 + 0.4 * composition.hill
    for x0, y0, x1, y1 in ((across, 0, across, 1), (0, line, 1, line), (0, top, 1, top), (middle, line, middle, 1)):
        canvas.stroke(np.array([(x0, y0), (x1, y1)], np.float32), rgb("141414"), 0.034)


def paint_great_wave(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Hokusai: a gradient sky, a mountain with a snow cap, and waves with foam."""
    paint_sky_and_land(canvas, colours, composition)
    x, line = 0.2 + 0.6 * composition.hill, composition.horizon
    canvas.fill(_translate(_MOUNTAIN, x, line), rgb("3f5f8c"))
    canvas.fill(_translate(_SNOW_CAP, x, line), FOAM)
    for row, colour in enumerate((colours.far, colours.near)):
        _paint_wave_row(canvas, colour, line + 0.015 + row * 0.13, row * 0.12 + composition.swirl_x * 0.2)


def _paint_wave_row(canvas: Canvas, colour: Colour, top: float, left: float) -> None:
    for k in range(-1, 5):
        x = left + k * 0.27
        wave = _translate(_WAVE, x, top)
        wave[-2:, 1] = 1.2  # extends below the image
        canvas.fill(closed_curve(wave), colour)
        canvas.stroke(open_curve(_translate(_CREST, x, top)), FOAM, 0.03)


def _translate(points: Sequence[Point], x: float, y: float) -> Array:
    return np.asarray(translate(points, x, y), np.float32)


def paint_lily_pond(canvas: Canvas, colours: BackgroundPalette, composition: Composition) -> None:
    """Monet: haze, a low sun reflected on the water, and lily pads."""
    paint_sky_and_land(canvas, colours, composition)
    paint_glow(canvas, composition, rgb("ff9d5c"), 0.06)
    paint_hills(canvas, mix(colours.sky, colours.far, 0.35), composition)
    _paint_sun_reflection(canvas, mix(colours.near, rgb("ffab6e"), 0.75), composition)
    _paint_lilies(canvas, mix(colours.near, rgb("7cae7a"), 0.8), composition)


def _paint_sun_reflection(canvas: Canvas, colour: Colour, composition: Composition) -> None:
    for k in range(4):
        y = composition.horizon + 0.04 + 0.06 * k
        width = 0.05 + 0.02 * k
        path = np.array([(composition.moon_x - width, y), (composition.moon_x + width, y)], np.float32)
        canvas.stroke(path, colour, 0.02)


def _paint_lilies(canvas: Canvas, leaf: Colour, composition: Composition) -> None:
    line = composition.horizon
    for k in range(5):
        x = (composition.swirl_x + 0.38 * k) % 1.1 - 0.05
        y = line + 0.07 + (1 - line) * (k + 0.5) / 6
        canvas.fill(ellipse(x, y, 0.11, 0.03), leaf)
        canvas.fill(ellipse(x + 0.02, y - 0.018, 0.035, 0.022), rgb("f6b9cf"))
