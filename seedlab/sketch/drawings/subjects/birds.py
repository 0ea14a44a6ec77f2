"""Owl and penguin, facing the viewer, and a bird in profile."""

from __future__ import annotations

from collections.abc import Sequence

from seedlab.sketch.drawings.canvas import mix, rgb
from seedlab.sketch.drawings.geometry import Point, parse_points, rotate, translate
from seedlab.sketch.drawings.palette import BLUE, WHITE, YELLOW, choose_primaries, make_palette
from seedlab.sketch.drawings.pen import Pen
from seedlab.sketch.drawings.subjects.eyes import draw_bead_eye, draw_eye
from seedlab.sketch.drawings.subjects.subject import Subject

_OWL_BRANCH = parse_points("-1.5 1.02, -0.5 0.96, 0.4 1.0, 1.5 0.84")
_OWL_LEAF = parse_points("0.82 0.92, 0.9 0.66, 1.14 0.52, 1.12 0.78")
_OWL_TAIL = parse_points("-0.2 0.8, 0.2 0.8, 0.24 1.26, 0.0 1.32, -0.24 1.26")
_OWL_BODY = parse_points(
    "0.0 -0.86, 0.38 -0.9, 0.78 -1.16, 0.76 -0.7, 0.74 -0.2, 0.72 0.4, 0.44 0.88, 0.0 1.0,"
    "-0.44 0.88, -0.72 0.4, -0.74 -0.2, -0.76 -0.7, -0.78 -1.16, -0.38 -0.9"
)
_OWL_BREAST = parse_points("0.0 0.0, 0.44 0.1, 0.5 0.5, 0.3 0.86, 0.0 0.94, -0.3 0.86, -0.5 0.5, -0.44 0.1")
_OWL_WING = parse_points("0.58 -0.16, 0.82 0.02, 0.94 0.46, 0.82 0.86, 0.62 0.98, 0.52 0.6, 0.48 0.2")
_OWL_BROW = parse_points("0.03 -0.6, 0.18 -0.82, 0.5 -0.96, 0.82 -1.18, 0.72 -0.82, 0.4 -0.74, 0.18 -0.68")
_OWL_BEAK = parse_points("-0.13 -0.3, 0.0 -0.36, 0.13 -0.3, 0.0 0.02")
_OWL_SPECKS = parse_points("-0.24 0.34, 0.0 0.3, 0.24 0.34, -0.13 0.54, 0.13 0.54, 0.0 0.74")

_PENGUIN_FLIPPER = parse_points("0.48 -0.14, 0.66 -0.04, 0.84 0.3, 0.9 0.7, 0.76 0.66, 0.58 0.42, 0.46 0.18")
_PENGUIN_BODY = parse_points(
    "0.0 -1.22, 0.36 -1.12, 0.56 -0.8, 0.58 -0.42, 0.65 0.1, 0.7 0.6, 0.5 1.06, 0.0 1.16,"
    "-0.5 1.06, -0.7 0.6, -0.65 0.1, -0.58 -0.42, -0.56 -0.8, -0.36 -1.12"
)
_PENGUIN_FRONT = parse_points(
    "0.0 -0.76, 0.2 -0.92, 0.42 -0.84, 0.46 -0.5, 0.38 -0.22, 0.5 0.2, 0.54 0.62, 0.36 1.0, 0.0 1.08,"
    "-0.36 1.0, -0.54 0.62, -0.5 0.2, -0.38 -0.22, -0.46 -0.5, -0.42 -0.84, -0.2 -0.92"
)
_PENGUIN_FOOT = parse_points("0.12 1.02, 0.44 0.98, 0.66 1.16, 0.58 1.25, 0.14 1.25, 0.04 1.16")
_PENGUIN_BEAK = parse_points("-0.2 -0.46, 0.0 -0.56, 0.2 -0.46, 0.0 -0.26")

_BIRD_BRANCH = parse_points("-1.5 0.98, -0.4 0.86, 0.4 0.9, 1.5 0.72")
_BIRD_TAIL = parse_points("-0.45 0.2, -1.2 0.55, -1.3 0.8, -0.9 0.75, -0.3 0.55")
_BIRD_BEAK = parse_points("0.72 -0.6, 1.08 -0.4, 0.7 -0.32")
_BIRD_BODY = parse_points(
    "0.3 -0.88, 0.66 -0.78, 0.8 -0.45, 0.7 0.1, 0.4 0.65, 0.0 0.78, -0.5 0.55, -0.62 0.15, -0.2 -0.25, 0.02 -0.65"
)
_BIRD_BREAST = parse_points("0.74 -0.3, 0.68 0.1, 0.4 0.45, 0.2 0.2, 0.4 -0.25")
_BIRD_BELLY = parse_points("0.52 0.3, 0.32 0.62, 0.0 0.72, -0.1 0.5, 0.2 0.32")
_BIRD_WING = parse_points("0.1 -0.2, 0.24 0.1, -0.1 0.42, -0.75 0.5, -0.5 0.1, -0.2 -0.15")


def draw_owl(pen: Pen) -> None:
    """Draw a round owl with large eyes on a branch."""
    palette = pen.palette
    pen.blob(palette.second, _OWL_TAIL)
    _draw_branch(pen, _OWL_BRANCH, 0.15, pen.facing)
    pen.blob(rgb("6fa04a"), _OWL_LEAF, pen.facing)
    pen.blob(palette.main, _OWL_BODY)
    pen.blob(palette.light, _OWL_BREAST, plain=True)
    for x, y in _OWL_SPECKS:
        pen.oval(palette.main, x, y, 0.07, 0.09, plain=True)
    for side in (-1, 1):
        _draw_owl_wing(pen, side)
    _draw_owl_face(pen, 0.07 * pen.composition.turn)


def _draw_owl_wing(pen: Pen, side: int) -> None:
    """Draw a wing, raised by the pose, and the toes below it."""
    lift = -0.1 - (1.1 if side == pen.facing else 0.35) * pen.composition.pose
    pen.blob(pen.palette.second, rotate(_OWL_WING, lift, 0.6, -0.05), side)
    for toe in (0.16, 0.3):
        pen.oval(pen.palette.accent, side * toe, 0.98, 0.075, 0.11, plain=pen.ink is None)


def _draw_owl_face(pen: Pen, x: float) -> None:
    palette, light = pen.palette, pen.composition.light
    for side in (-1, 1):
        pen.oval(palette.light, x + side * 0.33, -0.38, 0.38, 0.4)
    for side in (-1, 1):
        middle = x * 1.5 + side * 0.31
        pen.oval(palette.accent, middle, -0.38, 0.26, 0.27, plain=True)
        pen.oval(palette.dark, middle, -0.38, 0.17, 0.18, plain=True)
        pen.oval(WHITE, middle + 0.07 * light, -0.46, 0.07, 0.07, plain=True)
        pen.blob(palette.second, [(px * side + x, py) for px, py in _OWL_BROW], plain=pen.ink is None)
    pen.polygon(mix(palette.accent, rgb("e07020"), 0.5), translate(_OWL_BEAK, x * 1.5))


def draw_penguin(pen: Pen) -> None:
    """Draw a standing penguin. The pose raises its flippers."""
    palette, pose = pen.palette, pen.composition.pose
    for side in (-1, 1):
        pen.blob(palette.accent, _PENGUIN_FOOT, side)
        lift = 0.05 - (1.6 if side == pen.facing else 0.6) * pose
        pen.blob(palette.second, rotate(_PENGUIN_FLIPPER, lift, 0.56, 0.0), side)
    pen.blob(palette.main, _PENGUIN_BODY)
    x = 0.07 * pen.composition.turn
    pen.blob(palette.light, translate(_PENGUIN_FRONT, x))
    for side in (-1, 1):
        draw_eye(pen, x * 1.6 + side * 0.25, -0.64, 0.125)
        pen.oval(mix(palette.light, rgb("f28a80"), 0.6), x * 1.5 + side * 0.33, -0.4, 0.1, 0.07, plain=True)
    pen.blob(palette.accent, translate(_PENGUIN_BEAK, x * 2))


def draw_bird(pen: Pen) -> None:
    """Draw a plump bird on a branch."""
    side, second = pen.facing, pen.palette.second
    _draw_branch(pen, _BIRD_BRANCH, 0.13)
    pen.blob(second, _BIRD_TAIL, side)
    pen.polygon(rgb("f0a83a"), _BIRD_BEAK, side)
    pen.blob(pen.palette.main, _BIRD_BODY, side)
    pen.blob(pen.palette.accent, _BIRD_BREAST, side, plain=True)
    pen.blob(pen.palette.light, _BIRD_BELLY, side, plain=True)
    pen.blob(second, _BIRD_WING, side)
    draw_bead_eye(pen, side * 0.5, -0.52, 0.12)


def _draw_branch(pen: Pen, points: Sequence[Point], width: float, side: int = 1) -> None:
    bark = mix(rgb("7a5436"), pen.palette.dark, 0.2 if pen.ink is None else 1.0)
    pen.line(bark, points, width, side)


SUBJECTS = {
    "owl": Subject(
        draw_owl,
        make_palette("93613a", "5f3c22", "f6e4c2", "231a18", "f6b81f"),
        choose_primaries("blue", "red", "white", "black", "yellow"),
        furry=True,
    ),
    "penguin": Subject(
        draw_penguin,
        make_palette("34425e", "232d44", "fcf9f1", "17181d", "f59a24"),
        choose_primaries("blue", "black", "white", "black", "red"),
        vermeer={"main": BLUE, "second": rgb("16316b"), "accent": YELLOW},
        furry=True,
        upright=True,
    ),
    "bird": Subject(
        draw_bird,
        make_palette("4f8fcb", "2f5d95", "f7ecd6", "26262b", "e8702f"),
        choose_primaries("blue", "black", "white", "black", "yellow"),
        vermeer={"main": BLUE, "second": rgb("16316b"), "accent": YELLOW},
        furry=True,
    ),
}
