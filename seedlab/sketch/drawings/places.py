"""Places: scenery behind the subject for captions that name a place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seedlab.sketch.drawings.canvas import Canvas, Colour, mix, rgb
from seedlab.sketch.drawings.geometry import Array, closed_curve, ellipse, open_curve, rectangle
from seedlab.sketch.drawings.palette import grade
from seedlab.sketch.drawings.styles.backdrops import paint_glow
from seedlab.sketch.scene import Composition

_FAR_HOUSES = (0.3, 0.42, 0.34, 0.5, 0.38, 0.45, 0.31, 0.4)
_NEAR_HOUSES = (0.24, 0.36, 0.19, 0.3, 0.4, 0.22, 0.33)
"""Building heights as fractions of the image side."""


@dataclass(frozen=True)
class PlaceContext:
    """The canvas, composition and style that a place is painted with."""

    canvas: Canvas
    composition: Composition
    style: str | None = None

    def fill(self, points: Array, code: str) -> None:
        """Fill a polygon (n, 2) with a natural colour, adapted to the style."""
        self.canvas.fill(points, self.colour(code))

    def colour(self, code: str) -> Colour:
        """Adapt a natural colour to the style. Vermeer's places are darker, as if lit from his room."""
        graded = grade(rgb(code), self.style)
        return mix(graded, rgb("2a1c10"), 0.35) if self.style == "Vermeer" else graded


def paint_place(canvas: Canvas, place: str | None, composition: Composition, style: str | None = None) -> None:
    """Paint the scenery of a place: sea, snowfall, moon and stars, trees, buildings, mountains, or a planet."""
    if place is not None:
        _PLACES[place](PlaceContext(canvas, composition, style))


def _paint_sea(context: PlaceContext) -> None:
    line = context.composition.horizon
    sea = [(0, line - 0.12), (1, line - 0.12), (1, line), (0.7, line + 0.02), (0.3, line - 0.01), (0, line + 0.015)]
    context.fill(np.array(sea, np.float32), "2f86b8")
    context.canvas.stroke(np.array(sea[2:], np.float32), rgb("f6fbf6"), 0.025)
    _paint_palm(context, 1 - context.composition.moon_x, line + 0.06, 1 if context.composition.moon_x > 0.5 else -1)


def _paint_palm(context: PlaceContext, x: float, foot: float, side: int) -> None:
    """Paint a palm at the edge of the image that leans inwards."""
    lean = [(x - 0.04 * side, foot), (x - 0.02 * side, foot - 0.22), (x + 0.04 * side, foot - 0.42)]
    context.canvas.stroke(open_curve(lean), context.colour("8f6a42"), 0.03)
    top_x, top_y = lean[-1]
    for reach, rise, drop in ((-0.2, -0.03, 0.1), (-0.13, -0.1, -0.06), (0.02, -0.13, -0.13), (0.15, -0.1, -0.05)):
        _paint_leaf(context, (top_x, top_y), reach, rise, drop)
    _paint_leaf(context, (top_x, top_y), 0.2, -0.03, 0.11)


def _paint_leaf(context: PlaceContext, top: tuple[float, float], reach: float, rise: float, drop: float) -> None:
    (x, y), tip = top, (top[0] + reach, top[1] + drop)
    leaf = [(x, y), (x + 0.5 * reach, y + rise - 0.025), tip, (x + 0.5 * reach, y + rise + 0.04)]
    context.fill(closed_curve(leaf), "3b8f4e")


def _paint_snowfall(context: PlaceContext) -> None:
    """Paint firs with snow on their branches, and falling snow."""
    line, shift = context.composition.horizon, 0.1 * context.composition.hill
    for x, height in ((0.04, 0.34), (0.2, 0.25), (0.74, 0.27), (0.93, 0.37)):
        _paint_fir(context, x + shift - 0.05, line + 0.02, height, "4f7a78", snow=True)
    for k in range(14):
        x = (context.composition.swirl_x + k * 0.618) % 1.0
        y = (context.composition.swirl_y + k * 0.277) % 1.0
        context.canvas.fill(ellipse(x, y, 0.02, 0.02), rgb("ffffff"))


def _paint_night(context: PlaceContext) -> None:
    paint_glow(context.canvas, context.composition, rgb("fdf3c8"), 0.08)
    _paint_stars(context, 7, 0.014)


def _paint_stars(context: PlaceContext, count: int, radius: float) -> None:
    for k in range(count):
        x = (context.composition.moon_x + 0.2 + k * 0.618 * 0.9) % 1.0
        y = 0.05 + 0.4 * ((context.composition.hill + k * 0.38) % 1.0)
        context.canvas.fill(ellipse(x, y, radius, radius), rgb("fdf3c8"))


def _paint_sunset(context: PlaceContext) -> None:
    paint_glow(context.canvas, context.composition, rgb("ffdf7e"), 0.12)


def _paint_forest(context: PlaceContext) -> None:
    """Paint two rows of firs, the far one paler, between tall trunks under a canopy of leaves."""
    line, shift = context.composition.horizon, 0.16 * context.composition.hill
    for k in range(8):
        _paint_fir(context, k * 0.155 - shift, line + 0.01, 0.3 + 0.07 * (k * 0.618 % 1.0), "7fae62")
    for k in range(6):
        _paint_fir(context, 0.05 + k * 0.21 - shift, line + 0.04, 0.24 + 0.1 * ((k + 1) * 0.618 % 1.0), "3f7d46")
    lit = context.composition.light
    for x, width in ((0.07, 0.035), (0.3, 0.024), (0.66, 0.026), (0.95, 0.04)):
        middle = x + 0.1 * (context.composition.hill - 0.5)
        _paint_trunk(context, middle, width, line + 0.5 * width + 0.05, lit)
    for k in range(9):
        radius = 0.075 + 0.03 * (k * 0.618 % 1.0)
        context.fill(ellipse(k * 0.125, 0.0, radius * 1.2, radius), "2c6236" if k % 2 else "3a7a3f")


def _paint_fir(context: PlaceContext, x: float, foot: float, height: float, code: str, *, snow: bool = False) -> None:
    context.fill(rectangle(x - 0.012, foot - 0.06, x + 0.012, foot), "5b4330")
    for share, wide in ((0.12, 0.3), (0.36, 0.23), (0.6, 0.16)):
        low, top = foot - height * share, foot - height * min(1.0, share + 0.46)
        context.fill(np.array([(x - wide * height, low), (x, top), (x + wide * height, low)], np.float32), code)
        if snow:
            middle, part = (low + top) / 2, 0.5 * wide * height
            cap = [(x, top), (x + part, middle), (x + 0.3 * part, middle - 0.02), (x - 0.2 * part, middle + 0.015)]
            context.fill(np.array([*cap, (x - part, middle)], np.float32), "fbfdff")


def _paint_trunk(context: PlaceContext, x: float, width: float, foot: float, light: float) -> None:
    trunk = [(x - width * 0.8, 0), (x + width * 0.8, 0), (x + width, foot - 0.05), (x + width * 1.6, foot)]
    context.fill(np.array([*trunk, (x - width * 1.6, foot), (x - width, foot - 0.05)], np.float32), "5d4029")
    edge = x + 0.55 * width * light
    context.fill(rectangle(edge - 0.22 * width, 0, edge + 0.22 * width, foot - 0.03), "8a6642")


def _paint_city(context: PlaceContext) -> None:
    """Paint a skyline of two rows with lit windows, and a road."""
    line, shift = context.composition.horizon, 0.12 * context.composition.hill
    for k, height in enumerate(_FAR_HOUSES):
        left = k * 0.15 - shift
        context.fill(rectangle(left, line - height, left + 0.12, line), "9fb0c8")
    for k, height in enumerate(_NEAR_HOUSES):
        _paint_house(context, k * 0.172 - shift, line, 0.138, height, "4f5d7c" if k % 2 else "66597a")
    context.fill(rectangle(0, line - 0.004, 1, line + 0.03), "c9c6c2")
    middle = (line + 1.06) / 2
    for k in range(5):
        left = k * 0.25 - shift
        context.fill(rectangle(left, middle - 0.012, left + 0.13, middle + 0.012), "f4f1e6")


def _paint_house(context: PlaceContext, left: float, foot: float, width: float, height: float, code: str) -> None:
    context.fill(rectangle(left, foot - height, left + width, foot), code)
    rows = int((height - 0.03) / 0.062)
    for index in range(3 * rows):
        row, column = divmod(index, 3)
        x, y = left + 0.016 + column * 0.04, foot - height + 0.022 + row * 0.062
        lit = (index * 7 + rows) % 5 > 1
        context.fill(rectangle(x, y, x + 0.026, y + 0.034), "ffe08a" if lit else "35405c")


def _paint_mountains(context: PlaceContext) -> None:
    """Paint three snow-capped peaks with one side in shadow, and dark woods at their feet."""
    line, shift = context.composition.horizon, 0.3 * (context.composition.hill - 0.5)
    for x, height, half in ((0.13, 0.4, 0.36), (0.9, 0.36, 0.36), (0.5, 0.54, 0.42)):
        _paint_peak(context, x + shift, line, min(height, line - 0.08), half)
    for k in range(12):
        height = 0.07 + 0.04 * (k * 0.618 % 1.0)
        x = k * 0.095 - 0.04 + 0.2 * shift
        fir = [(x - 0.05, line + 0.006), (x, line - height), (x + 0.05, line + 0.006)]
        context.fill(np.array(fir, np.float32), "3d6b58")


def _paint_peak(context: PlaceContext, x: float, foot: float, height: float, half: float) -> None:
    top, light = foot - height, context.composition.light
    ridge = [(0.0, 0.0), (0.05, 0.3), (-0.04, 0.6), (0.06, 1.0)]  # (sideways, down) as fractions
    spine = [(x + aside * half, top + down * height) for aside, down in ridge]
    context.fill(np.array([(x - half, foot), (x, top), (x + half, foot)], np.float32), "8291b0")
    context.fill(np.array([*spine, (x - light * half, foot)], np.float32), "566488")
    low = top + 0.42 * height
    jags = [(0.42, 0.42), (0.26, 0.33), (0.14, 0.5), (0.0, 0.36), (-0.15, 0.52), (-0.27, 0.34), (-0.42, 0.42)]
    cap = [(x, top), *((x + aside * half, top + down * height) for aside, down in jags)]
    context.fill(np.array(cap, np.float32), "fbfdff")
    shade = [(x, top), (x + 0.05 * half, top + 0.22 * height), (x, top + 0.36 * height)]
    away = [(x - light * abs(aside) * half, top + down * height) for aside, down in (jags[4], jags[5])]
    context.fill(np.array([*shade, *away, (x - light * 0.42 * half, low)], np.float32), "c3d3ec")


def _paint_space(context: PlaceContext) -> None:
    """Paint stars, a planet with a ring, and craters in the ground."""
    composition = context.composition
    _paint_stars(context, 13, 0.011)
    for k in range(4):
        x, y = (composition.swirl_x + k * 0.29) % 1.0, 0.08 + 0.13 * k
        _paint_sparkle(context, x, y, 0.04)
    _paint_planet(context, composition.moon_x, composition.moon_y + 0.01, 0.105)
    line = composition.horizon
    for k in range(7):
        depth = (k + 0.6) / 7
        x = (composition.hill + k * 0.618) % 1.0
        y, wide = line + depth * (1 - line), 0.05 + 0.06 * depth
        context.fill(ellipse(x, y, wide, wide * 0.36), "d3d3dd")
        context.fill(ellipse(x, y + 0.007, wide * 0.9, wide * 0.28), "6a6a7a")


def _paint_sparkle(context: PlaceContext, x: float, y: float, reach: float) -> None:
    waist = reach * 0.16
    star = [(0, -reach), (waist, -waist), (reach, 0), (waist, waist), (0, reach), (-waist, waist), (-reach, 0)]
    star.append((-waist, -waist))
    context.canvas.fill(np.array([(x + dx, y + dy) for dx, dy in star], np.float32), rgb("ffffff"))


def _paint_planet(context: PlaceContext, x: float, y: float, radius: float) -> None:
    """Paint the far half of the ring, the planet with a band and a dark side, and the near half of the ring."""
    turns = np.linspace(0, 2 * np.pi, 41, dtype=np.float32)
    along, across = 1.75 * radius * np.cos(turns), 0.5 * radius * np.sin(turns)
    lean = 0.35 * context.composition.light
    ring = np.stack([x + along - lean * across, y + across + lean * along], axis=1).astype(np.float32)
    context.canvas.stroke(ring[20:], context.colour("f3d9a4"), 0.022)
    context.fill(ellipse(x, y, radius, radius), "8a5a3c")
    aside = radius * context.composition.light
    context.fill(ellipse(x + 0.16 * aside, y - 0.06 * radius, 0.84 * radius, 0.92 * radius), "e89a55")
    context.fill(ellipse(x + 0.2 * aside, y - 0.34 * radius, 0.66 * radius, 0.16 * radius), "f7c98a")
    context.canvas.stroke(ring[:21], context.colour("ffe9bd"), 0.024)


_PLACES = {
    "on a beach": _paint_sea,
    "in the snow": _paint_snowfall,
    "at night": _paint_night,
    "at sunset": _paint_sunset,
    "in a forest": _paint_forest,
    "in the city": _paint_city,
    "in the mountains": _paint_mountains,
    "in space": _paint_space,
}
