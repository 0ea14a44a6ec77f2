"""Tree, flower, cactus and mushroom."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seedlab.sketch.drawings.canvas import mix, rgb
from seedlab.sketch.drawings.geometry import Array, Point, mirror, parse_points, points_on_ellipse, thick_curve
from seedlab.sketch.drawings.palette import BLUE, YELLOW, choose_primaries, contrasting, make_palette
from seedlab.sketch.drawings.pen import Pen
from seedlab.sketch.drawings.subjects.subject import Subject

_TRUNK = parse_points("-0.14 1.0, -0.12 0.3, -0.2 -0.2, 0.18 -0.2, 0.14 0.3, 0.24 1.0, 0.5 1.14, -0.4 1.14")
_CROWN = parse_points("-0.55 -0.1, 0.55 -0.05, 0.0 0.0, -0.3 -0.58, 0.34 -0.55, 0.0 -0.35")
_CROWN_RADII = (0.44, 0.42, 0.46, 0.46, 0.48, 0.5)
_SUNLIT = parse_points("-0.25 -0.72, 0.3 -0.65, -0.52 -0.22, 0.16 -0.22")
_FRUIT = parse_points("-0.62 0.08, -0.02 0.12, 0.6 0.02, -0.12 -0.5, 0.48 -0.42")

_NEAR_LEAF = parse_points("0.02 0.55, 0.3 0.18, 0.72 0.12, 0.5 0.45")
_FAR_LEAF = parse_points("-0.02 0.62, -0.3 0.3, -0.66 0.3, -0.45 0.58")
_FLOWER_POT = parse_points("-0.42 0.72, 0.42 0.72, 0.3 1.3, -0.3 1.3")

_COLUMN = parse_points("0.0 0.7, 0.0 0.2, 0.0 -0.35, 0.0 -0.64")
_CACTUS_POT = parse_points("-0.42 0.62, 0.42 0.62, 0.32 1.14, -0.32 1.14")
_RIM = parse_points("-0.5 0.5, 0.5 0.5, 0.47 0.7, -0.47 0.7")
_RIBS = (parse_points("-0.13 -0.6, -0.15 -0.2, -0.14 0.5"), parse_points("0.11 -0.66, 0.13 -0.2, 0.12 0.5"))
_SPINES = parse_points("-0.01 -0.42, -0.01 -0.06, -0.01 0.3")

_STALK = parse_points("-0.17 -0.2, 0.17 -0.2, 0.2 0.3, 0.34 0.86, 0.2 1.06, -0.2 1.06, -0.34 0.86, -0.2 0.3")
_CAP = parse_points(
    "-0.98 0.02, -0.9 -0.42, -0.52 -0.84, 0.0 -0.98, 0.52 -0.84, 0.9 -0.42, 0.98 0.02, 0.5 0.16, -0.5 0.16"
)
_SPOTS = ((-0.5, -0.36, 0.17), (0.06, -0.66, 0.17), (0.12, -0.24, 0.2), (0.58, -0.44, 0.13), (-0.7, -0.1, 0.11))
_TUFTS = (
    parse_points("-0.56 1.14, -0.62 0.72, -0.4 0.96, -0.3 0.66, -0.1 1.14"),
    parse_points("0.08 1.14, 0.3 0.76, 0.4 0.96, 0.6 0.8, 0.56 1.14"),
)


def draw_tree(pen: Pen) -> None:
    """Draw a tree: a round crown with fruit on a leaning trunk."""
    side, palette = pen.facing, pen.palette
    pen.blob(palette.second, _TRUNK, side)
    crown = [(x, y, radius) for (x, y), radius in zip(mirror(_CROWN, side), _CROWN_RADII, strict=True)]
    pen.cluster(palette.main, crown, 0.05)
    sunlit = mix(palette.light, palette.main, 0.0 if pen.shading.facets else 0.35)
    for x, y in mirror(_SUNLIT, side):
        pen.oval(sunlit, x + 0.1 * pen.composition.light, y, 0.2, 0.13, plain=True)
    for x, y in mirror(_FRUIT, side):
        pen.oval(palette.accent, x, y, 0.095, 0.095, plain=True)


def draw_flower(pen: Pen) -> None:
    """Draw a potted flower with a large bloom turned to one side."""
    palette, turn = pen.palette, pen.composition.turn
    x, y = 0.16 * turn, -0.36
    pen.line(palette.second, [(x, y), (x * 0.4, 0.3), (0.0, 0.8)], 0.11)
    pen.blob(palette.second, _NEAR_LEAF, pen.facing)
    pen.blob(palette.second, _FAR_LEAF, pen.facing)
    pen.polygon(palette.accent, _FLOWER_POT)
    _draw_bloom(pen, x, y, 1 - 0.18 * abs(turn))


def _draw_bloom(pen: Pen, x: float, y: float, squash: float) -> None:
    dark = pen.palette.dark
    for px, py, angle in points_on_ellipse(9, x, y, 0.46 * squash, 0.46, pen.composition.smile):
        pen.oval(pen.palette.main, px, py, 0.3, 0.17, angle)
    pen.oval(dark, x, y, 0.3 * squash, 0.3)
    pen.oval(mix(dark, pen.palette.light, 0.5), x + 0.05 * pen.composition.light, y - 0.06, 0.14, 0.12, plain=True)


def draw_cactus(pen: Pen) -> None:
    """Draw a potted cactus with two raised arms and a flower."""
    side, palette = pen.facing, pen.palette
    _draw_body(pen, [thick_curve(_COLUMN, 0.3), *(thick_curve(mirror(arm, side), 0.165) for arm in _arm_points(pen))])
    groove = mix(palette.main, palette.dark, 0.35)
    spine = contrasting(palette.light, palette.main, groove)
    for rib in _RIBS:
        pen.line(groove, rib, 0.055, side)
    for x, y in _SPINES:
        pen.line(spine, [(x - 0.07, y - 0.09), (x, y), (x + 0.07, y - 0.09)], 0.055, side)
    _draw_blossom(pen, 0.0, -0.92, 0.15)
    pen.polygon(palette.second, _CACTUS_POT)
    pen.polygon(palette.second, _RIM)


def _arm_points(pen: Pen) -> list[list[Point]]:
    """Return the centre lines of the arms.

    With the pose, the near arm rises and the far one sinks. The turn extends both.
    """
    pose, reach = pen.composition.pose, 0.56 + 0.14 * abs(pen.composition.turn)
    near, far = -0.3 - 0.4 * pose, -0.5 + 0.3 * pose
    return [
        [(0.1, 0.2), (reach - 0.16, 0.2), (reach, 0.02), (reach, near)],
        [(-0.1, 0.38), (-reach + 0.14, 0.36), (-reach, 0.18), (-reach, far)],
    ]


def _draw_body(pen: Pen, parts: Sequence[Array]) -> None:
    """Draw several parts with one outline around all of them."""
    for part in parts:
        pen.outline(part)
    for part in reversed(parts):
        pen.fill_shaded(pen.palette.main, part)


def _draw_blossom(pen: Pen, x: float, y: float, radius: float) -> None:
    for px, py, angle in points_on_ellipse(5, x, y, radius, radius * 0.8, -math.pi / 2):
        pen.oval(pen.palette.accent, px, py, radius * 0.85, radius * 0.6, angle)
    pen.oval(pen.palette.light, x, y, radius * 0.55, radius * 0.5, plain=True)


def draw_mushroom(pen: Pen) -> None:
    """Draw a toadstool with a spotted cap, and a small one next to it."""
    side, palette, pose = pen.facing, pen.palette, pen.composition.pose
    _draw_toadstool(pen, 0.72 * side, 0.6 - 0.14 * pose, 0.36)
    _draw_toadstool(pen, -0.1 * side, 0.0, 1.0)
    for tuft in _TUFTS:
        pen.polygon(palette.accent, tuft, side)


def _draw_toadstool(pen: Pen, x: float, y: float, scale: float) -> None:
    palette, turn = pen.palette, pen.composition.turn
    lean = 0.16 * (pen.composition.pose - 0.5)

    def fit(points: Sequence[Point]) -> list[Point]:
        return [(x + scale * (px - lean * py), y + scale * py) for px, py in points]

    pen.blob(palette.second, fit(_STALK))
    pen.blob(palette.main, fit(_CAP))
    ((gill_x, gill_y),) = fit([(0.0, 0.06)])
    pen.oval(mix(palette.second, palette.dark, 0.3), gill_x, gill_y, 0.72 * scale, 0.1 * scale, plain=True)
    spot = contrasting(palette.light, palette.main, mix(palette.main, palette.dark, 0.4))
    for sx, sy, radius in _SPOTS if scale == 1 else _SPOTS[1:3]:
        ((px, py),) = fit([(sx * pen.facing + 0.14 * turn, sy)])
        pen.oval(spot, px, py, radius * scale, radius * scale * 0.85, plain=True)


SUBJECTS = {
    "tree": Subject(
        draw_tree,
        make_palette("4f9240", "70492e", "93c454", "3d2a1d", "d93a30"),
        choose_primaries("blue", "black", "yellow", "black", "red"),
        vermeer={"main": rgb("6f7430"), "light": YELLOW, "accent": BLUE},
        upright=True,
        furry=True,
    ),
    "flower": Subject(
        draw_flower,
        make_palette("f5ba28", "4f9440", "ffe27c", "6a3a1e", "b9603c"),
        choose_primaries("red", "blue", "yellow", "yellow", "blue"),
        vermeer={"main": YELLOW, "second": rgb("5d6b2c"), "accent": BLUE},
    ),
    "cactus": Subject(
        draw_cactus,
        make_palette("4d9a55", "c9693f", "fdf3cf", "274a35", "ee5f8e"),
        choose_primaries("blue", "red", "white", "black", "yellow"),
        vermeer={"main": rgb("7a8440"), "second": BLUE, "accent": YELLOW},
        upright=True,
    ),
    "mushroom": Subject(
        draw_mushroom,
        make_palette("d8362c", "f3e4c6", "fffaf0", "5b4030", "5a9a48"),
        choose_primaries("red", "white", "white", "black", "blue"),
        vermeer={"main": rgb("b5402a"), "second": rgb("e9d6a8"), "accent": rgb("6f7430")},
        upright=True,
    ),
}
