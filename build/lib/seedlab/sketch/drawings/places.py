"""Places: what stands on the ground behind the subject when the caption says where it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seedlab.sketch.drawings.backdrops import glow
from seedlab.sketch.drawings.canvas import Canvas, Colour, mix, rgb
from seedlab.sketch.drawings.outlines import Array, box, curve, ellipse, smooth
from seedlab.sketch.drawings.palette import grade
from seedlab.sketch.scene import Composition

_FAR_HOUSES = (0.3, 0.42, 0.34, 0.5, 0.38, 0.45, 0.31, 0.4)
_NEAR_HOUSES = (0.24, 0.36, 0.19, 0.3, 0.4, 0.22, 0.33)
"""Their heights (pictures)."""


@dataclass(frozen=True)
class Site:
    """Where a place is built: its canvas and composition, and whose hand paints it."""

    canvas: Canvas
    composition: Composition
    painter: str | None = None

    def fill(self, points: Array, code: str) -> None:
        """A shape in a natural colour, as the painter sees it."""
        self.canvas.fill(points, self.colour(code))

    def colour(self, code: str) -> Colour:
        """A natural colour as the painter sees it; Vermeer's places are seen in the light of his room."""
        seen = grade(rgb(code), self.painter)
        return mix(seen, rgb("2a1c10"), 0.35) if self.painter == "Vermeer" else seen


def paint_place(canvas: Canvas, place: str | None, composition: Composition, painter: str | None = None) -> None:
    """What a place adds to the ground: sea, falling snow, moon and stars, trees, houses, peaks, a planet."""
    if place is not None:
        _PLACES[place](Site(canvas, composition, painter))


def _paint_sea(site: Site) -> None:
    line = site.composition.horizon
    sea = [(0, line - 0.12), (1, line - 0.12), (1, line), (0.7, line + 0.02), (0.3, line - 0.01), (0, line + 0.015)]
    site.fill(np.array(sea, np.float32), "2f86b8")
    site.canvas.stroke(np.array(sea[2:], np.float32), rgb("f6fbf6"), 0.025)
    _paint_palm(site, 1 - site.composition.moon_x, line + 0.06, 1 if site.composition.moon_x > 0.5 else -1)


def _paint_palm(site: Site, x: float, foot: float, side: int) -> None:
    """A palm at the picture's edge that leans inwards."""
    lean = [(x - 0.04 * side, foot), (x - 0.02 * side, foot - 0.22), (x + 0.04 * side, foot - 0.42)]
    site.canvas.stroke(curve(lean), site.colour("8f6a42"), 0.03)
    top_x, top_y = lean[-1]
    for reach, rise, drop in ((-0.2, -0.03, 0.1), (-0.13, -0.1, -0.06), (0.02, -0.13, -0.13), (0.15, -0.1, -0.05)):
        _paint_leaf(site, (top_x, top_y), reach, rise, drop)
    _paint_leaf(site, (top_x, top_y), 0.2, -0.03, 0.11)


def _paint_leaf(site: Site, top: tuple[float, float], reach: float, rise: float, drop: float) -> None:
    (x, y), tip = top, (top[0] + reach, top[1] + drop)
    leaf = [(x, y), (x + 0.5 * reach, y + rise - 0.025), tip, (x + 0.5 * reach, y + rise + 0.04)]
    site.fill(smooth(leaf), "3b8f4e")


def _paint_snowfall(site: Site) -> None:
    """Firs with snow on their branches, and falling flakes."""
    line, shift = site.composition.horizon, 0.1 * site.composition.hill
    for x, height in ((0.04, 0.34), (0.2, 0.25), (0.74, 0.27), (0.93, 0.37)):
        _paint_fir(site, x + shift - 0.05, line + 0.02, height, "4f7a78", snow=True)
    for k in range(14):
        x = (site.composition.swirl_x + k * 0.618) % 1.0
        y = (site.composition.swirl_y + k * 0.277) % 1.0
        site.canvas.fill(ellipse(x, y, 0.02, 0.02), rgb("ffffff"))


def _paint_night(site: Site) -> None:
    glow(site.canvas, site.composition, rgb("fdf3c8"), 0.08)
    _paint_stars(site, 7, 0.014)


def _paint_stars(site: Site, count: int, radius: float) -> None:
    for k in range(count):
        x = (site.composition.moon_x + 0.2 + k * 0.618 * 0.9) % 1.0
        y = 0.05 + 0.4 * ((site.composition.hill + k * 0.38) % 1.0)
        site.canvas.fill(ellipse(x, y, radius, radius), rgb("fdf3c8"))


def _paint_sunset(site: Site) -> None:
    glow(site.canvas, site.composition, rgb("ffdf7e"), 0.12)


def _paint_forest(site: Site) -> None:
    """Two rows of firs, the far one pale, between tall trunks under a roof of leaves."""
    line, shift = site.composition.horizon, 0.16 * site.composition.hill
    for k in range(8):
        _paint_fir(site, k * 0.155 - shift, line + 0.01, 0.3 + 0.07 * (k * 0.618 % 1.0), "7fae62")
    for k in range(6):
        _paint_fir(site, 0.05 + k * 0.21 - shift, line + 0.04, 0.24 + 0.1 * ((k + 1) * 0.618 % 1.0), "3f7d46")
    lit = site.composition.light
    for x, width in ((0.07, 0.035), (0.3, 0.024), (0.66, 0.026), (0.95, 0.04)):
        middle = x + 0.1 * (site.composition.hill - 0.5)
        _paint_trunk(site, middle, width, line + 0.5 * width + 0.05, lit)
    for k in range(9):
        radius = 0.075 + 0.03 * (k * 0.618 % 1.0)
        site.fill(ellipse(k * 0.125, 0.0, radius * 1.2, radius), "2c6236" if k % 2 else "3a7a3f")


def _paint_fir(site: Site, x: float, foot: float, height: float, code: str, *, snow: bool = False) -> None:
    site.fill(box(x - 0.012, foot - 0.06, x + 0.012, foot), "5b4330")
    for share, wide in ((0.12, 0.3), (0.36, 0.23), (0.6, 0.16)):
        low, top = foot - height * share, foot - height * min(1.0, share + 0.46)
        site.fill(np.array([(x - wide * height, low), (x, top), (x + wide * height, low)], np.float32), code)
        if snow:
            middle, part = (low + top) / 2, 0.5 * wide * height
            cap = [(x, top), (x + part, middle), (x + 0.3 * part, middle - 0.02), (x - 0.2 * part, middle + 0.015)]
            site.fill(np.array([*cap, (x - part, middle)], np.float32), "fbfdff")


def _paint_trunk(site: Site, x: float, width: float, foot: float, light: float) -> None:
    trunk = [(x - width * 0.8, 0), (x + width * 0.8, 0), (x + width, foot - 0.05), (x + width * 1.6, foot)]
    site.fill(np.array([*trunk, (x - width * 1.6, foot), (x - width, foot - 0.05)], np.float32), "5d4029")
    edge = x + 0.55 * width * light
    site.fill(box(edge - 0.22 * width, 0, edge + 0.22 * width, foot - 0.03), "8a6642")


def _paint_city(site: Site) -> None:
    """A skyline in two rows, windows with their lights on, and a road."""
    line, shift = site.composition.horizon, 0.12 * site.composition.hill
    for k, height in enumerate(_FAR_HOUSES):
        left = k * 0.15 - shift
        site.fill(box(left, line - height, left + 0.12, line), "9fb0c8")
    for k, height in enumerate(_NEAR_HOUSES):
        _paint_house(site, k * 0.172 - shift, line, 0.138, height, "4f5d7c" if k % 2 else "66597a")
    site.fill(box(0, line - 0.004, 1, line + 0.03), "c9c6c2")
    middle = (line + 1.06) / 2
    for k in range(5):
        left = k * 0.25 - shift
        site.fill(box(left, middle - 0.012, left + 0.13, middle + 0.012), "f4f1e6")


def _paint_house(site: Site, left: float, foot: float, width: float, height: float, code: str) -> None:
    site.fill(box(left, foot - height, left + width, foot), code)
    rows = int((height - 0.03) / 0.062)
    for index in range(3 * rows):
        row, column = divmod(index, 3)
        x, y = left + 0.016 + column * 0.04, foot - height + 0.022 + row * 0.062
        lit = (index * 7 + rows) % 5 > 1
        site.fill(box(x, y, x + 0.026, y + 0.034), "ffe08a" if lit else "35405c")


def _paint_mountains(site: Site) -> None:
    """Three peaks with snow on them, their side away from the light in shadow, and dark woods at their feet."""
    line, shift = site.composition.horizon, 0.3 * (site.composition.hill - 0.5)
    for x, height, half in ((0.13, 0.4, 0.36), (0.9, 0.36, 0.36), (0.5, 0.54, 0.42)):
        _paint_peak(site, x + shift, line, min(height, line - 0.08), half)
    for k in range(12):
        height = 0.07 + 0.04 * (k * 0.618 % 1.0)
        x = k * 0.095 - 0.04 + 0.2 * shift
        fir = [(x - 0.05, line + 0.006), (x, line - height), (x + 0.05, line + 0.006)]
        site.fill(np.array(fir, np.float32), "3d6b58")


def _paint_peak(site: Site, x: float, foot: float, height: float, half: float) -> None:
    top, light = foot - height, site.composition.light
    ridge = [(0.0, 0.0), (0.05, 0.3), (-0.04, 0.6), (0.06, 1.0)]  # (aside, down), as shares
    spine = [(x + aside * half, top + down * height) for aside, down in ridge]
    site.fill(np.array([(x - half, foot), (x, top), (x + half, foot)], np.float32), "8291b0")
    site.fill(np.array([*spine, (x - light * half, foot)], np.float32), "566488")
    low = top + 0.42 * height
    jags = [(0.42, 0.42), (0.26, 0.33), (0.14, 0.5), (0.0, 0.36), (-0.15, 0.52), (-0.27, 0.34), (-0.42, 0.42)]
    cap = [(x, top), *((x + aside * half, top + down * height) for aside, down in jags)]
    site.fill(np.array(cap, np.float32), "fbfdff")
    shade = [(x, top), (x + 0.05 * half, top + 0.22 * height), (x, top + 0.36 * height)]
    away = [(x - light * abs(aside) * half, top + down * height) for aside, down in (jags[4], jags[5])]
    site.fill(np.array([*shade, *away, (x - light * 0.42 * half, low)], np.float32), "c3d3ec")


def _paint_space(site: Site) -> None:
    """Stars, a planet within its ring, and craters in the ground."""
    composition = site.composition
    _paint_stars(site, 13, 0.011)
    for k in range(4):
        x, y = (composition.swirl_x + k * 0.29) % 1.0, 0.08 + 0.13 * k
        _paint_sparkle(site, x, y, 0.04)
    _paint_planet(site, composition.moon_x, composition.moon_y + 0.01, 0.105)
    line = composition.horizon
    for k in range(7):
        depth = (k + 0.6) / 7
        x = (composition.hill + k * 0.618) % 1.0
        y, wide = line + depth * (1 - line), 0.05 + 0.06 * depth
        site.fill(ellipse(x, y, wide, wide * 0.36), "d3d3dd")
        site.fill(ellipse(x, y + 0.007, wide * 0.9, wide * 0.28), "6a6a7a")


def _paint_sparkle(site: Site, x: float, y: float, reach: float) -> None:
    waist = reach * 0.16
    star = [(0, -reach), (waist, -waist), (reach, 0), (waist, waist), (0, reach), (-waist, waist), (-reach, 0)]
    star.append((-waist, -waist))
    site.canvas.fill(np.array([(x + dx, y + dy) for dx, dy in star], np.float32), rgb("ffffff"))


def _paint_planet(site: Site, x: float, y: float, radius: float) -> None:
    """The ring's far half, the planet with a band and its dark side, the ring's near half."""
    turns = np.linspace(0, 2 * np.pi, 41, dtype=np.float32)
    along, across = 1.75 * radius * np.cos(turns), 0.5 * radius * np.sin(turns)
    lean = 0.35 * site.composition.light
    ring = np.stack([x + along - lean * across, y + across + lean * along], axis=1).astype(np.float32)
    site.canvas.stroke(ring[20:], site.colour("f3d9a4"), 0.022)
    site.fill(ellipse(x, y, radius, radius), "8a5a3c")
    aside = radius * site.composition.light
    site.fill(ellipse(x + 0.16 * aside, y - 0.06 * radius, 0.84 * radius, 0.92 * radius), "e89a55")
    site.fill(ellipse(x + 0.2 * aside, y - 0.34 * radius, 0.66 * radius, 0.16 * radius), "f7c98a")
    site.canvas.stroke(ring[:21], site.colour("ffe9bd"), 0.024)


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
