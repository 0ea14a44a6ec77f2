"""House, castle, lighthouse and windmill."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from seedlab.sketch.drawings.canvas import Colour, Stamp, mix, rgb, stamp_polygon
from seedlab.sketch.drawings.outlines import Point, shift, spin, trace
from seedlab.sketch.drawings.palette import BLUE, OCHRE, YELLOW, apart, choose_primaries, make_palette
from seedlab.sketch.drawings.pen import Pen
from seedlab.sketch.drawings.subject import Subject

_DOOR = trace("-0.5 0.28, -0.18 0.28, -0.18 0.85, -0.5 0.85")
_CHIMNEY = trace("0.1 -1.02, 0.34 -1.02, 0.34 -0.5, 0.1 -0.5")
_WINDOW = trace("-0.14 0.14, 0.14 0.12, 0.14 0.44, -0.14 0.46")

_WALL = trace(
    "-0.72 0.14, -0.54 0.14, -0.54 0.3, -0.36 0.3, -0.36 0.14, -0.18 0.14, -0.18 0.3, 0.0 0.3, 0.0 0.14, 0.18 0.14,"
    "0.18 0.3, 0.36 0.3, 0.36 0.14, 0.54 0.14, 0.54 0.3, 0.72 0.3, 0.72 1.0, -0.72 1.0"
)
_GATE = trace("-0.2 1.0, -0.2 0.68, -0.13 0.53, 0.0 0.46, 0.13 0.53, 0.2 0.68, 0.2 1.0")
_SLIT = trace("-0.08 0.14, -0.08 -0.08, 0.0 -0.17, 0.08 -0.08, 0.08 0.14")

_SHAFT = trace("-0.21 -0.5, 0.21 -0.5, 0.36 0.9, -0.36 0.9")
_GALLERY = trace("-0.36 -0.58, 0.36 -0.58, 0.27 -0.44, -0.27 -0.44")
_LANTERN = trace("-0.17 -0.88, 0.17 -0.88, 0.17 -0.56, -0.17 -0.56")
_DOME = trace("-0.28 -0.86, -0.15 -1.03, 0.0 -1.17, 0.15 -1.03, 0.28 -0.86")
_ROCKS = trace("-0.86 1.1, -0.74 0.86, -0.46 0.78, -0.2 0.86, 0.12 0.82, 0.42 0.74, 0.68 0.88, 0.84 1.1, 0.0 1.16")
_ENTRANCE = trace("-0.12 0.86, -0.12 0.62, 0.0 0.52, 0.12 0.62, 0.12 0.86")

_MILL = trace("-0.27 -0.3, 0.27 -0.3, 0.5 1.05, -0.5 1.05")
_STAGE = trace("-0.58 0.42, 0.58 0.42, 0.5 0.54, -0.5 0.54")
_CAP = trace("-0.36 -0.26, -0.34 -0.46, -0.2 -0.64, 0.06 -0.7, 0.3 -0.56, 0.4 -0.3, 0.0 -0.22")
_SAIL = trace("0.0 -0.22, 0.3 -0.26, 0.33 -0.85, 0.0 -0.85")
_SPAR = trace("0.0 0.0, 0.0 -0.86")
_RUNGS = (trace("0.0 -0.47, 0.27 -0.47"), trace("0.0 -0.69, 0.29 -0.69"))


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


def draw_castle(pen: Pen) -> None:
    """A keep behind a wall with a gate, between two towers; the flags wave."""
    side, palette, turn = pen.facing, pen.palette, abs(pen.composition.turn)
    shaded = mix(palette.main, palette.dark, 0.22)
    middle, far = 0.12 * turn, 0.78 - 0.1 * turn
    _draw_tower(pen, (middle, -0.5, 0.6), 0.28, 0.46, shaded)
    pen.polygon(palette.light, shift(_SLIT, middle, -0.14), side, plain=True)
    pen.polygon(palette.main, _WALL, side)
    pen.polygon(palette.dark, shift(_GATE, 0.08), side, plain=True)
    _draw_tower(pen, (far, 0.02, 1.0), 0.22, 0.42, shaded)
    pen.polygon(palette.dark, shift(_SLIT, far, 0.42), side, plain=True)
    _draw_tower(pen, (-0.7, -0.2, 1.06), 0.29, 0.5, palette.main)
    pen.polygon(palette.light, shift(_SLIT, -0.7, 0.24), side, plain=True)


def _draw_tower(pen: Pen, place: tuple[float, float, float], half: float, height: float, wall: Colour) -> None:
    """A tower at x from its top to its foot, with a cone and a flag on it."""
    side, (x, top, foot) = pen.facing, place
    tip, wave = top - height, 0.1 * (pen.composition.pose - 0.5)
    pen.line(pen.palette.dark, [(x, tip - 0.18), (x, tip + 0.1)], 0.055, side)
    flag = [(x, tip - 0.22), (x - 0.28, tip - 0.12 + wave), (x, tip - 0.02)]
    pen.polygon(pen.palette.accent, flag, side, plain=True)
    pen.polygon(wall, [(x - half, top - 0.02), (x + half, top - 0.02), (x + half, foot), (x - half, foot)], side)
    cone = [(x, tip), (x + half + 0.1, top), (x, top + 0.07), (x - half - 0.1, top)]
    pen.polygon(pen.palette.second, cone, side)


def draw_lighthouse(pen: Pen) -> None:
    """A striped tower on rocks; its beam sweeps."""
    side, palette = pen.facing, pen.palette
    x = 0.1 * pen.composition.turn
    _draw_beam(pen)
    pen.polygon(mix(palette.accent, palette.light, 0.3), _LANTERN)
    pen.polygon(palette.main, _DOME)
    pen.line(palette.dark, [(0.0, -0.88), (0.0, -0.56)], 0.05)
    pen.polygon(palette.main, _SHAFT)
    stripe = apart(palette.light, palette.main, mix(palette.main, palette.dark, 0.35))
    for upper, lower in ((-0.22, 0.06), (0.34, 0.62)):
        pen.patch(stripe, _cut_stripe(upper, lower), _SHAFT)
    pen.polygon(palette.dark, _GALLERY)
    pen.polygon(palette.dark, shift(_ENTRANCE, x), plain=True)
    pen.polygon(palette.dark, [(x + 0.7 * px, -0.08 + 0.5 * (y - 0.69)) for px, y in _ENTRANCE], plain=True)
    pen.blob(palette.second, _ROCKS, side)


def _cut_stripe(upper: float, lower: float) -> list[Point]:
    """A band around the tower that sags in its middle."""
    return _cut_shaft(upper) + _cut_shaft(lower)[::-1]


def _cut_shaft(y: float) -> list[Point]:
    half = 0.21 + 0.15 * (y + 0.5) / 1.4
    return [(share * half, y + 0.08 * (1 - share * share)) for share in (-1.0, -0.5, 0.0, 0.5, 1.0)]


def _draw_beam(pen: Pen) -> None:
    """Light to one side and a little to the other, translucent; Mondrian's is a solid wedge."""
    side, sweep = pen.facing, 0.5 * (pen.composition.pose - 0.5)
    colour = mix(pen.palette.accent, pen.palette.light, 0.2)
    for reach, spread in ((1.2 * side, 0.24), (-0.85 * side, 0.17)):
        lift = sweep if reach * side > 0 else -sweep
        wedge = [(0.0, -0.8), (reach, -0.72 - lift - spread), (reach, -0.72 - lift + spread), (0.0, -0.64)]
        _glow(pen, colour, wedge)


def _glow(pen: Pen, colour: Colour, points: Sequence[Point]) -> None:
    placed = pen.place(np.asarray(points, np.float32))
    if pen.ink is not None and pen.shading.facets:
        pen.canvas.outline(placed, pen.ink, pen.ink_width * 2)
    stamp = stamp_polygon(placed, pen.canvas.size)
    if stamp is not None:
        share = np.float32(1.0 if pen.shading.facets else 0.6)
        faint = Stamp(stamp.left, stamp.top, stamp.coverage * share)
        pen.canvas.apply(faint, np.asarray(colour, np.float32), subject=False)


def draw_windmill(pen: Pen) -> None:
    """A tower mill with four sails, which turn with the pose and narrow as one sees more of the side."""
    side, palette, turn = pen.facing, pen.palette, pen.composition.turn
    pen.polygon(palette.main, _MILL)
    pen.polygon(palette.dark, shift([(x * 1.2, y + 0.19) for x, y in _ENTRANCE], 0.08 * turn), plain=True)
    pen.polygon(palette.second, _STAGE)
    pen.blob(palette.second, _CAP, side)
    x, y = 0.16 * turn, -0.3
    for quarter in range(4):
        _draw_sail(pen, (pen.composition.pose + quarter) * math.pi / 2, x, y)
    pen.oval(palette.accent, x, y, 0.1, 0.1)


def _draw_sail(pen: Pen, angle: float, x: float, y: float) -> None:
    squash = 1 - 0.22 * abs(pen.composition.turn)
    dark = pen.palette.dark

    def fit(points: Sequence[Point]) -> list[Point]:
        return [(x + squash * px, y + py) for px, py in spin(points, angle)]

    pen.polygon(pen.palette.light, fit(_SAIL))
    for rung in _RUNGS:
        pen.line(mix(dark, pen.palette.light, 0.55), fit(rung), 0.05)
    pen.line(dark, fit(_SPAR), 0.085)


SUBJECTS = {
    "house": Subject(
        draw_house,
        make_palette("efdcb4", "c24a37", "ffd769", "6b4630", "8a6a58"),
        choose_primaries("white", "red", "yellow", "blue", "blue"),
        vermeer={"main": OCHRE, "second": BLUE},
        upright=True,
    ),
    "castle": Subject(
        draw_castle,
        make_palette("e2c9a0", "4762ad", "ffd769", "4b3832", "d8392f"),
        choose_primaries("white", "blue", "yellow", "black", "red"),
        vermeer={"main": OCHRE, "second": BLUE, "accent": rgb("b5402a")},
        upright=True,
    ),
    "lighthouse": Subject(
        draw_lighthouse,
        make_palette("d63a2f", "7d7468", "fdf6e6", "3a3442", "ffd84e"),
        choose_primaries("red", "yellow", "white", "black", "yellow"),
        vermeer={"main": BLUE, "light": rgb("f1e6c8"), "accent": YELLOW},
        upright=True,
    ),
    "windmill": Subject(
        draw_windmill,
        make_palette("c2654a", "4a5d70", "fbf0d6", "4f3a2c", "e8b04a"),
        choose_primaries("red", "blue", "white", "black", "yellow"),
        vermeer={"main": rgb("a9603a"), "second": BLUE, "light": rgb("f1e6c8"), "accent": YELLOW},
        upright=True,
    ),
}
