"""Teapot, guitar and apple."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seedlab.sketch.drawings.canvas import mix, rgb
from seedlab.sketch.drawings.geometry import (
    Point,
    closed_curve,
    mirror,
    parse_points,
    points_on_ellipse,
    rotate,
    thick_curve,
    translate,
)
from seedlab.sketch.drawings.palette import BLUE, YELLOW, choose_primaries, contrasting, make_palette
from seedlab.sketch.drawings.pen import Pen
from seedlab.sketch.drawings.subjects.subject import Subject

_BELLY = parse_points(
    "-0.42 -0.34, 0.0 -0.4, 0.42 -0.34, 0.68 0.0, 0.7 0.34, 0.46 0.74, 0.0 0.84, -0.46 0.74, -0.7 0.34, -0.68 0.0"
)
_SPOUT = parse_points(
    "0.5 0.5, 0.5 0.0, 0.78 -0.06, 0.92 -0.34, 1.16 -0.46, 1.18 -0.3, 1.06 -0.04, 0.88 0.38, 0.66 0.56"
)
_HANDLE = parse_points("-0.5 -0.2, -0.84 -0.34, -1.08 -0.06, -0.98 0.34, -0.6 0.5")
_LID = parse_points("-0.44 -0.3, -0.32 -0.54, 0.0 -0.64, 0.32 -0.54, 0.44 -0.3, 0.0 -0.24")
_FOOT = parse_points("-0.36 0.74, 0.36 0.74, 0.44 0.94, -0.44 0.94")

_BOX = parse_points(
    "0.0 -0.3, 0.3 -0.36, 0.49 -0.16, 0.4 0.13, 0.5 0.34, 0.68 0.64, 0.54 1.02, 0.0 1.14,"
    "-0.54 1.02, -0.68 0.64, -0.5 0.34, -0.4 0.13, -0.49 -0.16, -0.3 -0.36"
)
_NECK = parse_points("-0.12 -1.0, 0.12 -1.0, 0.12 -0.06, -0.12 -0.06")
_HEAD = parse_points("-0.12 -0.92, -0.19 -1.25, 0.19 -1.25, 0.12 -0.92")
_BRIDGE = parse_points("-0.26 0.72, 0.26 0.72, 0.26 0.84, -0.26 0.84")
_STRINGS = (parse_points("-0.05 -0.98, -0.05 0.78"), parse_points("0.05 -0.98, 0.05 0.78"))
_PEGS = parse_points("-0.22 -1.17, 0.22 -1.17, -0.2 -1.01, 0.2 -1.01")

_APPLE = parse_points(
    "0.0 -0.5, 0.3 -0.66, 0.66 -0.58, 0.88 -0.2, 0.82 0.3, 0.52 0.8, 0.22 0.94, 0.0 0.86,"
    "-0.22 0.94, -0.54 0.8, -0.84 0.3, -0.9 -0.2, -0.66 -0.6, -0.3 -0.66"
)
_LEAF = parse_points("0.0 0.0, 0.2 -0.2, 0.5 -0.2, 0.66 -0.06, 0.4 0.1, 0.16 0.1")
_VEIN = parse_points("0.1 -0.02, 0.48 -0.06")


def draw_teapot(pen: Pen) -> None:
    """Draw a round teapot with a flower ornament and steam."""
    side, palette = pen.facing, pen.palette
    _draw_steam(pen)
    pen.fill(palette.main, thick_curve(mirror(_HANDLE, side), 0.11))
    pen.blob(palette.main, _SPOUT, side)
    pen.polygon(mix(palette.main, palette.dark, 0.25), _FOOT)
    pen.blob(palette.main, _BELLY)
    lid = contrasting(palette.second, palette.main, palette.accent)
    pen.oval(lid, 0.0, -0.68, 0.13, 0.12)
    pen.blob(lid, _LID)
    _draw_ornament(pen, 0.2 * pen.composition.turn, 0.24)


def _draw_ornament(pen: Pen, x: float, y: float) -> None:
    petal = contrasting(pen.palette.light, pen.palette.main, pen.palette.second)
    for px, py, angle in points_on_ellipse(5, x, y, 0.19, 0.19, -math.pi / 2):
        pen.oval(petal, px, py, 0.15, 0.11, angle, plain=True)
    pen.oval(pen.palette.accent, x, y, 0.11, 0.11, plain=True)


def _draw_steam(pen: Pen) -> None:
    """Draw two wisps of steam above the spout, which sway with the pose."""
    phase = 2 * math.pi * pen.composition.pose
    for x, low, high in ((1.12, -0.58, -0.96), (0.88, -0.66, -1.14)):
        rise = [index / 8 for index in range(9)]
        wisp = [(x + 0.06 * math.sin(7 * share + phase), low + share * (high - low)) for share in rise]
        if pen.ink is not None:
            pen.line(pen.ink, wisp, 0.17, pen.facing)
        pen.line(pen.palette.light, wisp, 0.08, pen.facing)


def draw_guitar(pen: Pen) -> None:
    """Draw an acoustic guitar that leans to one side, with the side of its body visible."""
    palette, turn = pen.palette, pen.composition.turn
    lean = pen.facing * (0.14 + 0.34 * pen.composition.pose)

    def fit(points: Sequence[Point], x: float = 0.0) -> list[Point]:
        return rotate([(0.95 * px, 0.95 * py) for px, py in translate(points, x)], lean)

    pen.fill(palette.second, closed_curve(fit(_BOX, -0.12 * turn)))
    pen.fill(palette.main, closed_curve(fit(_BOX)))
    for x, y in fit(_PEGS):
        pen.oval(palette.accent, x, y, 0.075, 0.075)
    pen.polygon(palette.second, fit(_HEAD))
    _draw_sound_hole(pen, fit([(0.0, 0.26)])[0])
    pen.polygon(palette.dark, fit(_NECK))
    pen.polygon(palette.dark, fit(_BRIDGE))
    for string in _STRINGS:
        pen.line(palette.light, fit(string), 0.045)


def _draw_sound_hole(pen: Pen, middle: Point) -> None:
    pen.oval(pen.palette.accent, *middle, 0.25, 0.25, plain=True)
    pen.oval(pen.palette.dark, *middle, 0.19, 0.19, plain=True)


def draw_apple(pen: Pen) -> None:
    """Draw an apple with a stem and a leaf that moves with the pose."""
    side, palette, turn = pen.facing, pen.palette, pen.composition.turn
    sway = 0.3 * (pen.composition.pose - 0.5)
    pen.blob(palette.main, _APPLE, side)
    hollow = 0.06 * turn
    pen.oval(mix(palette.main, palette.dark, 0.55), hollow, -0.5, 0.27, 0.09, plain=True)
    pen.line(palette.dark, [(hollow, -0.5), (hollow + 0.03, -0.75), (hollow + sway * 0.5, -1.06)], 0.11)
    leaf, vein = (translate(rotate(part, -0.3 - 2 * sway), hollow * side + 0.04, -0.72) for part in (_LEAF, _VEIN))
    pen.blob(palette.second, leaf, side)
    pen.line(mix(palette.second, palette.dark, 0.45), vein, 0.05, side)
    light = pen.composition.light
    pen.oval(mix(palette.main, palette.light, 0.75), 0.46 * light, -0.24, 0.1, 0.2, 0.4 * light, plain=True)


SUBJECTS = {
    "teapot": Subject(
        draw_teapot,
        make_palette("3f97a5", "f2b84a", "fff4dc", "2a4652", "e2603f"),
        choose_primaries("blue", "red", "white", "black", "yellow"),
        vermeer={"main": rgb("e9dcb8"), "second": BLUE, "accent": YELLOW},
        upright=True,
    ),
    "guitar": Subject(
        draw_guitar,
        make_palette("e0903f", "7a4424", "fff2d4", "3b2419", "f4d28c"),
        choose_primaries("yellow", "red", "white", "black", "blue"),
        vermeer={"main": rgb("c98a3c"), "second": rgb("6e3c1e"), "accent": YELLOW},
    ),
    "apple": Subject(
        draw_apple,
        make_palette("d9382e", "5a9e3f", "fff3dc", "4c2f1e", "f4c14e"),
        choose_primaries("red", "blue", "white", "black", "yellow"),
        vermeer={"main": rgb("b5402a"), "second": rgb("6f7430")},
    ),
}
