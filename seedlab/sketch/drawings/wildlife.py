"""Fish and bird: whole, in profile."""

from __future__ import annotations

from seedlab.sketch.drawings.canvas import mix, rgb
from seedlab.sketch.drawings.outlines import trace
from seedlab.sketch.drawings.palette import BLUE, YELLOW, make_palette
from seedlab.sketch.drawings.pen import Pen
from seedlab.sketch.drawings.subject import Subject

WHITE = rgb("fffdf6")

_FISH_TAIL = trace("-0.62 0.0, -1.2 -0.52, -1.05 0.0, -1.2 0.52")
_UPPER_FIN = trace("-0.4 -0.45, 0.0 -0.92, 0.5 -0.4")
_LOWER_FIN = trace("-0.2 0.45, -0.1 0.85, 0.3 0.42")
_SIDE_FIN = trace("0.15 0.05, -0.2 0.0, -0.3 0.22, -0.1 0.34")
_FISH_BODY = trace("0.95 0.05, 0.62 -0.42, 0.05 -0.6, -0.55 -0.3, -0.8 0.0, -0.55 0.3, 0.05 0.6, 0.62 0.46")
_FISH_MOUTH = trace("0.9 0.16, 0.76 0.2")

_BRANCH = trace("-1.5 0.98, -0.4 0.86, 0.4 0.9, 1.5 0.72")
_BIRD_TAIL = trace("-0.45 0.2, -1.2 0.55, -1.3 0.8, -0.9 0.75, -0.3 0.55")
_BEAK = trace("0.72 -0.6, 1.08 -0.4, 0.7 -0.32")
_BIRD_BODY = trace(
    "0.3 -0.88, 0.66 -0.78, 0.8 -0.45, 0.7 0.1, 0.4 0.65, 0.0 0.78, -0.5 0.55, -0.62 0.15, -0.2 -0.25, 0.02 -0.65"
)
_BREAST = trace("0.74 -0.3, 0.68 0.1, 0.4 0.45, 0.2 0.2, 0.4 -0.25")
_BELLY = trace("0.52 0.3, 0.32 0.62, 0.0 0.72, -0.1 0.5, 0.2 0.32")
_WING = trace("0.1 -0.2, 0.24 0.1, -0.1 0.42, -0.75 0.5, -0.5 0.1, -0.2 -0.15")


def draw_fish(pen: Pen) -> None:
    """A round fish with two bands."""
    side, second = pen.facing, pen.palette.second
    for fin in (_FISH_TAIL, _UPPER_FIN, _LOWER_FIN):
        pen.blob(second, fin, side)
    pen.blob(pen.palette.main, _FISH_BODY, side)
    for x, half in ((0.18, 0.54), (-0.34, 0.38)):
        band = [(x - 0.1, -half), (x + 0.1, -half), (x + 0.15, 0), (x + 0.1, half), (x - 0.1, half), (x - 0.03, 0)]
        pen.blob(pen.palette.light, band, side, plain=True)
    pen.blob(second, _SIDE_FIN, side)
    _draw_eye(pen, side * 0.6, -0.1, 0.13)
    pen.line(pen.palette.dark, _FISH_MOUTH, 0.05, side)


def draw_bird(pen: Pen) -> None:
    """A plump bird on a branch."""
    side, second = pen.facing, pen.palette.second
    pen.line(mix(rgb("7a5436"), pen.palette.dark, 0.2 if pen.ink is None else 1.0), _BRANCH, 0.13)
    pen.blob(second, _BIRD_TAIL, side)
    pen.polygon(rgb("f0a83a"), _BEAK, side)
    pen.blob(pen.palette.main, _BIRD_BODY, side)
    pen.blob(pen.palette.accent, _BREAST, side, plain=True)
    pen.blob(pen.palette.light, _BELLY, side, plain=True)
    pen.blob(second, _WING, side)
    _draw_eye(pen, side * 0.5, -0.52, 0.12)


def _draw_eye(pen: Pen, x: float, y: float, radius: float) -> None:
    glint = radius * 0.3
    pen.oval(WHITE, x, y, radius * 1.25, radius * 1.25, plain=True)
    pen.oval(pen.palette.dark, x, y, radius * 0.8, radius * 0.8, plain=True)
    pen.oval(WHITE, x + glint * pen.composition.light, y - glint, radius * 0.28, radius * 0.28, plain=True)


SUBJECTS = {
    "fish": Subject(
        draw_fish,
        make_palette("f47a2c", "cc4a26", "fdf2dc", "24262c", "f9c04a"),
        make_palette("d8281f", "1a4aa8", "f7cf1d", "141414", "f7cf1d"),
        vermeer={"main": BLUE, "second": YELLOW, "light": rgb("f1e2b8")},
        afloat=True,
    ),
    "bird": Subject(
        draw_bird,
        make_palette("4f8fcb", "2f5d95", "f7ecd6", "26262b", "e8702f"),
        make_palette("1a4aa8", "141414", "fbfaf4", "141414", "f7cf1d"),
        vermeer={"main": BLUE, "second": rgb("16316b"), "accent": YELLOW},
        furry=True,
    ),
}
