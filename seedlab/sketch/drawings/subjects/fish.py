"""The fish, in profile."""

from __future__ import annotations

from seedlab.sketch.drawings.canvas import rgb
from seedlab.sketch.drawings.geometry import parse_points
from seedlab.sketch.drawings.palette import BLUE, YELLOW, choose_primaries, make_palette
from seedlab.sketch.drawings.pen import Pen
from seedlab.sketch.drawings.subjects.eyes import draw_bead_eye
from seedlab.sketch.drawings.subjects.subject import Subject

_FISH_TAIL = parse_points("-0.62 0.0, -1.2 -0.52, -1.05 0.0, -1.2 0.52")
_UPPER_FIN = parse_points("-0.4 -0.45, 0.0 -0.92, 0.5 -0.4")
_LOWER_FIN = parse_points("-0.2 0.45, -0.1 0.85, 0.3 0.42")
_SIDE_FIN = parse_points("0.15 0.05, -0.2 0.0, -0.3 0.22, -0.1 0.34")
_FISH_BODY = parse_points("0.95 0.05, 0.62 -0.42, 0.05 -0.6, -0.55 -0.3, -0.8 0.0, -0.55 0.3, 0.05 0.6, 0.62 0.46")
_FISH_MOUTH = parse_points("0.9 0.16, 0.76 0.2")


def draw_fish(pen: Pen) -> None:
    """Draw a round fish with two bands."""
    side, second = pen.facing, pen.palette.second
    for fin in (_FISH_TAIL, _UPPER_FIN, _LOWER_FIN):
        pen.blob(second, fin, side)
    pen.blob(pen.palette.main, _FISH_BODY, side)
    for x, half in ((0.18, 0.54), (-0.34, 0.38)):
        band = [(x - 0.1, -half), (x + 0.1, -half), (x + 0.15, 0), (x + 0.1, half), (x - 0.1, half), (x - 0.03, 0)]
        pen.blob(pen.palette.light, band, side, plain=True)
    pen.blob(second, _SIDE_FIN, side)
    draw_bead_eye(pen, side * 0.6, -0.1, 0.13)
    pen.line(pen.palette.dark, _FISH_MOUTH, 0.05, side)


SUBJECTS = {
    "fish": Subject(
        draw_fish,
        make_palette("f47a2c", "cc4a26", "fdf2dc", "24262c", "f9c04a"),
        choose_primaries("red", "blue", "yellow", "black", "yellow"),
        vermeer={"main": BLUE, "second": YELLOW, "light": rgb("f1e2b8")},
        afloat=True,
    ),
}
