"""House, castle, lighthouse and windmill."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from seedlab.sketch.drawings.canvas import Colour, Mask, mix, rasterize_polygon, rgb
from seedlab.sketch.drawings.geometry import Point, parse_points, rotate, translate
from seedlab.sketch.drawings.palette import BLUE, OCHRE, YELLOW, choose_primaries, contrasting, make_palette
from seedlab.sketch.drawings.pen import Pen
from seedlab.sketch.drawings.subjects.subject import Subject

_DOOR = parse_points("-0.5 0.28, -0.18 0.28, -0.18 0.85, -0.5 0.85")
_CHIMNEY = parse_points("0.1 -1.02, 0.34 -1.02, 0.34 -0.5, 0.1 -0.5")
_WINDOW = parse_points("-0.14 0.14, 0.14 0.12, 0.14 0.44, -0.14 0.46")

_WALL = parse_points(
    "-0.72 0.14, -0.54 0.14, -0.54 0.3, -0.36 0.3, -0.36 0.14, -0.18 0.14, -0.18 0.3, 0.0 0.3, 0.0 0.14, 0.18 0.14,"
    "0.18 0.3, 0.36 0.3, 0.36 0.14, 0.54 0.14, 0.54 0.3, 0.72 0.3, 0.72 1.0, -0.72 1.0"
)
_GATE = parse_points("-0.2 1.0, -0.2 0.68, -0.13 0.53, 0.0 0.46, 0.13 0.53, 0.2 0.68, 0.2 1.0")
_SLIT = parse_points("-0.08 0.14, -0.08 -0.08, 0.0 -0.17, 0.08 -0.08, 0.08 0.14")

_SHAFT = parse_points("-0.21 -0.5, 0.21 -0.5, 0.36 0.9, -0.36 0.9")
_GALLERY = parse_points("-0.36 -0.58, 0.36 -0.58, 0.27 -0.44, -0.27 -0.44")
_LANTERN = parse_points("-0.17 -0.88, 0.17 -0.88, 0.17 -0.56, -0.17 -0.56")
_DOME = parse_points("-0.28 -0.86, -0.15 -1.03, 0.0 -1.17, 0.15 -1.03, 0.28 -0.86")
_ROCKS = parse_points(
    "-0.86 1.1, -0.74 0.86, -0.46 0.78, -0.2 0.86, 0.12 0.82, 0.42 0.74, 0.68 0.88, 0.84 1.1, 0.0 1.16"
)
_ENTRANCE = parse_points("-0.12 0.86, -0.12 0.62, 0.0 0.52, 0.12 0.62, 0.12 0.86")

_MILL = parse_points("-0.27 -0.3, 0.27 -0.3, 0.5 1.05, -0.5 1.05")
_STAGE = parse_points("-0.58 0.42, 0.58 0.42, 0.5 0.54, -0.5 0.54")
_CAP = parse_points("-0.36 -0.26, -0.34 -0.46, -0.2 -0.64, 0.06 -0.7, 0.3 -0.56, 0.4 -0.3, 0.0 -0.22")
_SAIL = parse_points("0.0 -0.22, 0.3 -0.26, 0.33 -0.85, 0.0 -0.85")
_SPAR = parse_points("0.0 0.0, 0.0 -0.86")
_RUNGS = (parse_points("0.0 -0.47, 0.27 -0.47"), parse_points("0.0 -0.69, 0.29 -0.69"))


def draw_house(pen: Pen) -> None:
    """Draw a house: a gabled front and one side wall in perspective."""
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
    """Draw a castle: a keep behind a wall with a gate, between two towers. The flags wave with the pose."""
    side, palette, turn = pen.facing, pen.palette, abs(pen.composition.turn)
    shaded = mix(palette.main, palette.dark, 0.22)
    middle, far = 0.12 * turn, 0.78 - 0.1 * turn
    _draw_tower(pen, (middle, -0.5, 0.6), 0.28, 0.46, shaded)
    pen.polygon(palette.light, translate(_SLIT, middle, -0.14), side, plain=True)
    pen.polygon(palette.main, _WALL, side)
    pen.polygon(palette.dark, translate(_GATE, 0.08), side, plain=True)
    _draw_tower(pen, (far, 0.02, 1.0), 0.22, 0.42, shaded)
    pen.polygon(palette.dark, translate(_SLIT, far, 0.42), side, plain=True)
    _draw_tower(pen, (-0.7, -0.2, 1.06), 0.29, 0.5, palette.main)
    pen.polygon(palette.light, translate(_SLIT, -0.7, 0.24), side, plain=True)


def _draw_tower(pen: Pen, place: tuple[float, float, float], half: float, height: float, wall: Colour) -> None:
    """Draw a tower with a conical roof and a flag. `place` is (x, top, foot)."""
    side, (x, top, foot) = pen.facing, place
    tip, wave = top - height, 0.1 * (pen.composition.pose - 0.5)
    pen.line(pen.palette.dark, [(x, tip - 0.18), (x, tip + 0.1)], 0.055, side)
    flag = [(x, tip - 0.22), (x - 0.28, tip - 0.12 + wave), (x, tip - 0.02)]
    pen.polygon(pen.palette.accent, flag, side, plain=True)
    pen.polygon(wall, [(x - half, top - 0.02), (x + half, top - 0.02), (x + half, foot), (x - half, foot)], side)
    cone = [(x, tip), (x + half + 0.1, top), (x, top + 0.07), (x - half - 0.1, top)]
    pen.polygon(pen.palette.second, cone, side)


def draw_lighthouse(pen: Pen) -> None:
    """Draw a striped lighthouse on rocks. Its beam moves with the pose."""
    side, palette = pen.facing, pen.palette
    x = 0.1 * pen.composition.turn
    _draw_beam(pen)
    pen.polygon(mix(palette.accent, palette.light, 0.3), _LANTERN)
    pen.polygon(palette.main, _DOME)
    pen.line(palette.dark, [(0.0, -0.88), (0.0, -0.56)], 0.05)
    pen.polygon(palette.main, _SHAFT)
    stripe = contrasting(palette.light, palette.main, mix(palette.main, palette.dark, 0.35))
    for upper, lower in ((-0.22, 0.06), (0.34, 0.62)):
        pen.patch(stripe, _stripe_points(upper, lower), _SHAFT)
    pen.polygon(palette.dark, _GALLERY)
    pen.polygon(palette.dark, translate(_ENTRANCE, x), plain=True)
    pen.polygon(palette.dark, [(x + 0.7 * px, -0.08 + 0.5 * (y - 0.69)) for px, y in _ENTRANCE], plain=True)
    pen.blob(palette.second, _ROCKS, side)


def _stripe_points(upper: float, lower: float) -> list[Point]:
    """Return a stripe around the tower, curved downwards in the middle."""
    return _shaft_edge(upper) + _shaft_edge(lower)[::-1]


def _shaft_edge(y: float) -> list[Point]:
    half = 0.21 + 0.15 * (y + 0.5) / 1.4
    return [(share * half, y + 0.08 * (1 - share * share)) for share in (-1.0, -0.5, 0.0, 0.5, 1.0)]


def _draw_beam(pen: Pen) -> None:
    """Draw translucent light to one side and less of it to the other. Mondrian's are opaque wedges."""
    side, sweep = pen.facing, 0.5 * (pen.composition.pose - 0.5)
    colour = mix(pen.palette.accent, pen.palette.light, 0.2)
    for reach, spread in ((1.2 * side, 0.24), (-0.85 * side, 0.17)):
        lift = sweep if reach * side > 0 else -sweep
        wedge = [(0.0, -0.8), (reach, -0.72 - lift - spread), (reach, -0.72 - lift + spread), (0.0, -0.64)]
        _draw_translucent(pen, colour, wedge)


def _draw_translucent(pen: Pen, colour: Colour, points: Sequence[Point]) -> None:
    placed = pen.to_image(np.asarray(points, np.float32))
    if pen.ink is not None and pen.shading.facets:
        pen.canvas.outline(placed, pen.ink, pen.ink_width * 2)
    mask = rasterize_polygon(placed, pen.canvas.size)
    if mask is not None:
        share = np.float32(1.0 if pen.shading.facets else 0.6)
        faint = Mask(mask.left, mask.top, mask.coverage * share)
        pen.canvas.apply(faint, np.asarray(colour, np.float32), subject=False)


def draw_windmill(pen: Pen) -> None:
    """Draw a tower mill. Its four sails rotate with the pose and narrow with the turn."""
    side, palette, turn = pen.facing, pen.palette, pen.composition.turn
    pen.polygon(palette.main, _MILL)
    pen.polygon(palette.dark, translate([(x * 1.2, y + 0.19) for x, y in _ENTRANCE], 0.08 * turn), plain=True)
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
        return [(x + squash * px, y + py) for px, py in rotate(points, angle)]

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
