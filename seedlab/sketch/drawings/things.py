"""House, boat, tree and flower."""

from __future__ import annotations

import math

from seedlab.sketch.drawings.canvas import mix, rgb
from seedlab.sketch.drawings.outlines import ellipse, mirror, trace
from seedlab.sketch.drawings.palette import BLUE, OCHRE, YELLOW, make_palette
from seedlab.sketch.drawings.pen import Pen
from seedlab.sketch.drawings.subject import Subject

_DOOR = trace("-0.5 0.28, -0.18 0.28, -0.18 0.85, -0.5 0.85")
_CHIMNEY = trace("0.1 -1.02, 0.34 -1.02, 0.34 -0.5, 0.1 -0.5")
_WINDOW = trace("-0.14 0.14, 0.14 0.12, 0.14 0.44, -0.14 0.46")

_MAST = trace("0.0 0.4, 0.0 -1.12")
_FLAG = trace("0.02 -1.12, -0.4 -1.04, 0.02 -0.92")
_HULL = trace("-0.95 0.34, 0.0 0.42, 1.1 0.26, 0.82 0.68, 0.5 0.84, -0.5 0.84, -0.8 0.68")
_HULL_LINE = trace("-0.84 0.48, 0.0 0.54, 0.92 0.44")

_TRUNK = trace("-0.14 1.0, -0.12 0.3, -0.2 -0.2, 0.18 -0.2, 0.14 0.3, 0.24 1.0, 0.5 1.14, -0.4 1.14")
_CROWNS = trace("-0.55 -0.1, 0.55 -0.05, 0.0 0.0, -0.3 -0.58, 0.34 -0.55, 0.0 -0.35")
_CROWN_RADII = (0.44, 0.42, 0.46, 0.46, 0.48, 0.5)
_SUNLIT = trace("-0.25 -0.72, 0.3 -0.65, -0.52 -0.22, 0.16 -0.22")
_FRUIT = trace("-0.62 0.08, -0.02 0.12, 0.6 0.02, -0.12 -0.5, 0.48 -0.42")

_NEAR_LEAF = trace("0.02 0.55, 0.3 0.18, 0.72 0.12, 0.5 0.45")
_FAR_LEAF = trace("-0.02 0.62, -0.3 0.3, -0.66 0.3, -0.45 0.58")
_POT = trace("-0.42 0.72, 0.42 0.72, 0.3 1.3, -0.3 1.3")
_PETALS = 9


def draw_house(pen: Pen) -> None:
    """A gabled front and one side wall in perspective."""
    side, palette, wall, roof = pen.facing, pen.palette, pen.palette.main, pen.palette.second
    left, ridge, right = -0.78, -0.32, 0.14
    far = right + (0.35 + 0.35 * abs(pen.composition.turn)) * 1.05
    pen.polygon(mix(wall, palette.dark, 0.3), [(right, -0.1), (far, -0.14), (far, 0.72), (right, 0.85)], side)
    pen.polygon(palette.accent, _CHIMNEY, side)
    pen.polygon(wall, [(left, -0.1), (ridge, -0.8), (right, -0.1), (right, 0.85), (left, 0.85)], side)
    pen.polygon(roof, [(ridge, -0.9), (far - 0.25, -0.86), (far + 0.16, -0.06), (right + 0.1, 0.0)], side)
    eaves = [(ridge, -0.9), (ridge, -0.68), (left - 0.06, 0.06), (left - 0.16, -0.06)]
    pen.polygon(mix(roof, palette.dark, 0.25), eaves, side)
    pen.polygon(palette.dark, _DOOR, side, plain=True)
    pen.oval(palette.light, side * ridge, -0.22, 0.15, 0.15, plain=True)
    middle = (right + far) / 2
    pen.polygon(palette.light, [(middle + x, y) for x, y in _WINDOW], side, plain=True)


def draw_boat(pen: Pen) -> None:
    """A sailing boat with two sails, fuller the more it turns."""
    side, palette = pen.facing, pen.palette
    belly = 0.1 + 0.15 * abs(pen.composition.turn)
    pen.line(palette.second, _MAST, 0.1, side)
    pen.blob(palette.accent, _FLAG, side, plain=True)
    pen.polygon(palette.light, [(-0.08, -0.9), (-0.25, -0.4), (-0.72 - belly, 0.22), (-0.08, 0.26)], side)
    jib = mix(palette.light, palette.accent, 1.0 if pen.shading.facets else 0.4)
    pen.polygon(jib, [(0.1, -0.8), (0.3 + belly, -0.3), (0.72, 0.22), (0.1, 0.26)], side)
    pen.blob(palette.main, _HULL, side)
    pen.line(mix(palette.main, (1, 1, 1), 0.55), _HULL_LINE, 0.07, side)


def draw_tree(pen: Pen) -> None:
    """A round crown on a leaning trunk, with fruit."""
    side, palette = pen.facing, pen.palette
    pen.blob(palette.second, _TRUNK, side)
    _draw_crown(pen)
    sunlit = mix(palette.light, palette.main, 0.0 if pen.shading.facets else 0.35)
    for x, y in mirror(_SUNLIT, side):
        pen.oval(sunlit, x + 0.1 * pen.composition.light, y, 0.2, 0.13, plain=True)
    for x, y in mirror(_FRUIT, side):
        pen.oval(palette.accent, x, y, 0.095, 0.095, plain=True)


def _draw_crown(pen: Pen) -> None:
    """Balls of leaves; an outline goes around all of them, not around each."""
    crowns = [(x, y, radius) for (x, y), radius in zip(mirror(_CROWNS, pen.facing), _CROWN_RADII, strict=True)]
    if pen.ink is not None:
        for x, y, radius in crowns:
            pen.oval(pen.ink, x, y, radius + 0.05, radius + 0.05, plain=True)
    for x, y, radius in crowns:
        pen.canvas.fill(pen.place(ellipse(x, y, radius, radius)), pen.palette.main, pen.shading, subject=True)


def draw_flower(pen: Pen) -> None:
    """A large bloom that looks to one side, in a pot."""
    palette, turn = pen.palette, pen.composition.turn
    x, y = 0.16 * turn, -0.36
    pen.line(palette.second, [(x, y), (x * 0.4, 0.3), (0.0, 0.8)], 0.11)
    pen.blob(palette.second, _NEAR_LEAF, pen.facing)
    pen.blob(palette.second, _FAR_LEAF, pen.facing)
    pen.polygon(palette.accent, _POT)
    _draw_bloom(pen, x, y, 1 - 0.18 * abs(turn))


def _draw_bloom(pen: Pen, x: float, y: float, squash: float) -> None:
    dark = pen.palette.dark
    for petal in range(_PETALS):
        angle = petal * 2 * math.pi / _PETALS + pen.composition.smile
        middle = x + 0.46 * squash * math.cos(angle), y + 0.46 * math.sin(angle)
        pen.oval(pen.palette.main, *middle, 0.3, 0.17, angle)
    pen.oval(dark, x, y, 0.3 * squash, 0.3)
    pen.oval(mix(dark, pen.palette.light, 0.5), x + 0.05 * pen.composition.light, y - 0.06, 0.14, 0.12, plain=True)


SUBJECTS = {
    "house": Subject(
        draw_house,
        make_palette("efdcb4", "c24a37", "ffd769", "6b4630", "8a6a58"),
        make_palette("fbfaf4", "d8281f", "f7cf1d", "1a4aa8", "1a4aa8"),
        vermeer={"main": OCHRE, "second": BLUE},
        upright=True,
    ),
    "boat": Subject(
        draw_boat,
        make_palette("c63d31", "6f4a2d", "f9f3e2", "3a2820", "f2b53c"),
        make_palette("1a4aa8", "141414", "fbfaf4", "141414", "d8281f"),
        vermeer={"main": BLUE, "light": YELLOW, "accent": rgb("f1e6c8")},
        upright=True,
        afloat=True,
    ),
    "tree": Subject(
        draw_tree,
        make_palette("4f9240", "70492e", "93c454", "3d2a1d", "d93a30"),
        make_palette("1a4aa8", "141414", "f7cf1d", "141414", "d8281f"),
        vermeer={"main": rgb("6f7430"), "light": YELLOW, "accent": BLUE},
        upright=True,
        furry=True,
    ),
    "flower": Subject(
        draw_flower,
        make_palette("f5ba28", "4f9440", "ffe27c", "6a3a1e", "b9603c"),
        make_palette("d8281f", "1a4aa8", "f7cf1d", "f7cf1d", "1a4aa8"),
        vermeer={"main": YELLOW, "second": rgb("5d6b2c"), "accent": BLUE},
    ),
}
