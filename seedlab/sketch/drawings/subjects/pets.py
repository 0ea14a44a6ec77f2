"""Labrador, cat and rabbit: head and shoulders, facing the viewer."""

from __future__ import annotations

from seedlab.sketch.drawings.canvas import mix, rgb
from seedlab.sketch.drawings.geometry import Point, mirror, parse_points, rotate, translate
from seedlab.sketch.drawings.palette import PINK, WHITE, choose_primaries, make_palette
from seedlab.sketch.drawings.pen import Pen
from seedlab.sketch.drawings.subjects.costume import COAT, draw_collar, draw_pearl, draw_scarf, draw_turban
from seedlab.sketch.drawings.subjects.eyes import draw_eye
from seedlab.sketch.drawings.subjects.subject import Subject

_DOG_HEAD = parse_points(
    "0.0 -0.88, 0.42 -0.78, 0.64 -0.4, 0.62 0.08, 0.46 0.5, 0.2 0.74,"
    "-0.2 0.74, -0.46 0.5, -0.62 0.08, -0.64 -0.4, -0.42 -0.78"
)
_DOG_EAR = parse_points("0.42 -0.66, 0.72 -0.6, 0.94 -0.2, 0.96 0.25, 0.8 0.46, 0.62 0.24, 0.54 -0.16")
_DOG_BODY = parse_points("-0.42 0.35, 0.42 0.35, 0.62 0.95, 1.05 1.5, 1.15 3.2, -1.15 3.2, -1.05 1.5, -0.62 0.95")
_DOG_CHEST = parse_points("-0.22 0.7, 0.22 0.7, 0.3 1.2, 0.0 1.75, -0.3 1.2")
_DOG_NOSE = parse_points("-0.2 0.1, 0.0 0.05, 0.2 0.1, 0.13 0.25, 0.0 0.31, -0.13 0.25")
_SMILE = parse_points("-1.0 -0.28, -0.82 0.1, -0.5 0.26, -0.18 0.14, 0.0 0.0, 0.18 0.14, 0.5 0.26, 0.82 0.1, 1.0 -0.28")

_CAT_HEAD = parse_points(
    "0.0 -0.62, 0.4 -0.56, 0.7 -0.15, 0.74 0.2, 0.42 0.52, 0.0 0.6, -0.42 0.52, -0.74 0.2, -0.7 -0.15, -0.4 -0.56"
)
_CAT_BODY = parse_points("-0.4 0.3, 0.4 0.3, 0.72 1.1, 0.9 3.0, -0.9 3.0, -0.72 1.1")
_CAT_CHEST = parse_points("-0.26 0.55, 0.26 0.55, 0.3 1.1, 0.0 1.5, -0.3 1.1")
_CAT_TAIL = parse_points("0.7 1.5, 1.15 1.3, 1.3 0.75, 1.12 0.35")
_CAT_EAR = parse_points("0.1 -0.5, 0.56 -1.12, 0.72 -0.1")
_CAT_INNER_EAR = parse_points("0.3 -0.55, 0.53 -0.88, 0.6 -0.38")
_CAT_NOSE = parse_points("-0.1 0.14, 0.1 0.14, 0.0 0.26")

_RABBIT_EAR = parse_points("0.1 -0.2, 0.03 -0.62, 0.1 -1.05, 0.26 -1.26, 0.42 -1.05, 0.46 -0.62, 0.36 -0.15")
_RABBIT_INNER_EAR = parse_points("0.19 -0.3, 0.15 -0.65, 0.19 -0.95, 0.26 -1.08, 0.33 -0.95, 0.35 -0.65, 0.3 -0.3")
_RABBIT_HEAD = parse_points(
    "0.0 -0.42, 0.36 -0.36, 0.58 -0.08, 0.74 0.3, 0.5 0.56, 0.0 0.66, -0.5 0.56, -0.74 0.3, -0.58 -0.08, -0.36 -0.36"
)
_RABBIT_BODY = parse_points("-0.34 0.4, 0.34 0.4, 0.68 0.95, 0.8 1.6, 0.85 3.0, -0.85 3.0, -0.8 1.6, -0.68 0.95")
_RABBIT_CHEST = parse_points("0.0 0.5, 0.34 0.7, 0.42 1.2, 0.36 1.8, -0.36 1.8, -0.42 1.2, -0.34 0.7")
_RABBIT_NOSE = parse_points("-0.13 0.14, 0.0 0.11, 0.13 0.14, 0.0 0.27")
_CARROT = parse_points("0.42 0.74, 0.58 0.86, 0.56 1.02, 0.0 1.12, -0.6 1.08, -0.1 0.88")
_CARROT_LEAVES = ("0.5 0.86, 0.76 0.74, 0.9 0.5", "0.5 0.86, 0.82 0.8, 1.1 0.68", "0.5 0.88, 0.8 0.9, 1.05 0.96")


def draw_labrador(pen: Pen) -> None:
    """Draw a labrador with hanging ears, looking slightly to one side. For Vermeer, it wears a costume."""
    turn, vermeer = pen.composition.turn * 0.55, pen.style == "Vermeer"
    _draw_dog_body(pen)
    if vermeer:
        draw_scarf(pen)
    _draw_dog_ear(pen, -pen.facing, turn)
    pen.blob(pen.palette.main, translate(_DOG_HEAD, 0.05 * turn))
    _draw_dog_face(pen, turn)
    if vermeer:
        draw_turban(pen)
    _draw_dog_ear(pen, pen.facing, turn)
    if vermeer:
        draw_pearl(pen, pen.facing * 0.74 - 0.1 * turn, 0.56)


def _draw_dog_body(pen: Pen) -> None:
    if pen.style == "Vermeer":
        pen.blob(COAT, _DOG_BODY)
        draw_collar(pen)
    else:
        pen.blob(mix(pen.palette.main, pen.palette.second, 0.0 if pen.shading.facets else 0.4), _DOG_BODY)
        pen.blob(pen.palette.light, _DOG_CHEST, plain=pen.ink is None)


def _draw_dog_ear(pen: Pen, side: int, turn: float) -> None:
    pen.blob(pen.palette.second, translate(mirror(_DOG_EAR, side), -0.1 * turn))


def _draw_dog_face(pen: Pen, turn: float) -> None:
    light, dark, x = pen.palette.light, pen.palette.dark, 0.3 * turn
    if pen.composition.smile > 0.45:
        pen.oval(pen.palette.accent, x, 0.66, 0.14, 0.2)
    bridge = [(x * 0.4 - 0.13, -0.4), (x * 0.4 + 0.13, -0.4), (x + 0.24, 0.2), (x - 0.24, 0.2)]
    pen.blob(mix(light, pen.palette.main, 0.45), bridge, plain=True)
    pen.oval(light, x, 0.36, 0.42, 0.29)
    pen.line(dark, [(x, 0.26), (x, 0.45)], 0.055)
    pen.line(dark, _place_smile(x, 0.45, 0.27), 0.055)
    pen.blob(dark, translate(_DOG_NOSE, x), plain=True)
    pen.oval(mix(dark, WHITE, 0.65), x + 0.07 * pen.composition.light, 0.125, 0.07, 0.035, plain=True)
    for side in (-1, 1):
        _draw_dog_eye(pen, side * 0.3 + 0.2 * turn, -0.16)


def _place_smile(x: float, y: float, half: float) -> list[Point]:
    """Return a smile: two arcs that meet at (x, y) under the nose and curve up at the outer ends."""
    return [(x + px * half, y + py * half) for px, py in _SMILE]


def _draw_dog_eye(pen: Pen, x: float, y: float) -> None:
    pen.oval(pen.palette.dark, x, y, 0.125, 0.135, plain=True)
    pen.oval(mix(pen.palette.dark, rgb("a0622a"), 0.6), x, y + 0.03, 0.075, 0.075, plain=True)
    pen.oval(pen.palette.dark, x, y + 0.01, 0.05, 0.055, plain=True)
    pen.oval(WHITE, x + 0.04 * pen.composition.light, y - 0.05, 0.045, 0.045, plain=True)


def draw_cat(pen: Pen) -> None:
    """Draw a cat with its tail at one side. For Vermeer, it wears a costume."""
    main, vermeer = pen.palette.main, pen.style == "Vermeer"
    pen.line(pen.palette.second, _CAT_TAIL, 0.24, -pen.facing)
    pen.blob(main, _CAT_BODY)
    pen.blob(pen.palette.light, _CAT_CHEST, plain=pen.ink is None)
    if vermeer:
        draw_scarf(pen)
        draw_turban(pen)
    _draw_cat_head(pen)
    if vermeer:
        draw_pearl(pen, pen.facing * 0.74, 0.42)


def _draw_cat_head(pen: Pen) -> None:
    main = pen.palette.main
    for side in (-1, 1):
        pen.polygon(main, _CAT_EAR, side)
        pen.polygon(mix(main, PINK, 0.6), _CAT_INNER_EAR, side, plain=True)
    pen.blob(main, _CAT_HEAD)
    _draw_cat_face(pen, 0.1 * pen.composition.turn)


def _draw_cat_face(pen: Pen, x: float) -> None:
    dark, light = pen.palette.dark, pen.palette.light
    for stripe in (-0.2, 0.0, 0.2):
        pen.line(pen.palette.second, [(x * 0.5 + stripe, -0.55), (x * 0.5 + stripe * 0.8, -0.3)], 0.085)
    for side in (-1, 1):
        for slope in (-0.05, 0.1):
            pen.line(mix(light, dark, 0.1), [(x + side * 0.25, 0.28), (x + side * 0.85, 0.22 + slope * 2)], 0.035)
        _draw_cat_eye(pen, x + side * 0.31, -0.06)
        pen.oval(light, x + side * 0.13, 0.3, 0.19, 0.15, plain=True)
    pen.line(dark, _place_smile(x, 0.33, 0.22), 0.045)
    pen.polygon(mix(rgb("e07a80"), dark, 0.1), translate(_CAT_NOSE, x), plain=True)


def _draw_cat_eye(pen: Pen, x: float, y: float) -> None:
    pen.oval(pen.palette.dark, x, y, 0.175, 0.145, plain=True)
    pen.oval(pen.palette.accent, x, y, 0.14, 0.115, plain=True)
    pen.oval(pen.palette.dark, x, y, 0.05, 0.115, plain=True)
    pen.oval(WHITE, x + 0.05 * pen.composition.light, y - 0.05, 0.04, 0.04, plain=True)


def draw_rabbit(pen: Pen) -> None:
    """Draw a rabbit with upright ears and a carrot in its paws."""
    palette = pen.palette
    pen.blob(palette.main, _RABBIT_BODY)
    pen.blob(palette.light, _RABBIT_CHEST, plain=True)
    for side in (-1, 1):
        lean = 0.1 + (0.65 * pen.composition.pose if side == -pen.facing else 0.0)
        pen.blob(palette.main, rotate(_RABBIT_EAR, lean, 0.24, -0.2), side)
        pen.blob(mix(palette.main, PINK, 0.75), rotate(_RABBIT_INNER_EAR, lean, 0.24, -0.2), side, plain=True)
    pen.blob(palette.main, _RABBIT_HEAD)
    _draw_rabbit_face(pen, 0.12 * pen.composition.turn)
    _draw_carrot(pen)


def _draw_rabbit_face(pen: Pen, x: float) -> None:
    palette = pen.palette
    pen.polygon(WHITE, [(x - 0.1, 0.36), (x + 0.1, 0.36), (x + 0.09, 0.56), (x - 0.09, 0.56)], plain=True)
    pen.line(palette.dark, [(x, 0.4), (x, 0.54)], 0.045)
    for side in (-1, 1):
        draw_eye(pen, x + side * 0.33, -0.02, 0.15, palette.light)
        pen.oval(mix(palette.main, PINK, 0.6), x * 0.5 + side * 0.52, 0.26, 0.13, 0.09, plain=True)
        pen.oval(palette.light, x + side * 0.14, 0.3, 0.19, 0.15, plain=True)
    pen.blob(mix(rgb("e07a80"), palette.dark, 0.1), translate(_RABBIT_NOSE, x), plain=True)


def _draw_carrot(pen: Pen) -> None:
    side, angle = pen.facing, 0.3 - 0.6 * pen.composition.pose
    for leaf in _CARROT_LEAVES:
        pen.line(rgb("5c9a3c"), rotate(parse_points(leaf), angle, 0.0, 0.98), 0.1, side)
    pen.blob(pen.palette.accent, rotate(_CARROT, angle, 0.0, 0.98), side)
    for paw in (-1, 1):
        pen.oval(mix(pen.palette.main, pen.palette.light, 0.3), paw * 0.3, 1.02, 0.17, 0.2)


SUBJECTS = {
    "labrador": Subject(
        draw_labrador,
        make_palette("d9a860", "a9733d", "f2d9a6", "2a1f1c", "e37f80"),
        choose_primaries("yellow", "blue", "white", "black", "red"),
        furry=True,
    ),
    "cat": Subject(
        draw_cat,
        make_palette("e58a3c", "ad571f", "fbeedb", "261d1d", "7fc24e"),
        choose_primaries("red", "black", "white", "black", "yellow"),
        furry=True,
    ),
    "rabbit": Subject(
        draw_rabbit,
        make_palette("b59a84", "8b6f5c", "fbf2e4", "2a1f20", "f0832c"),
        choose_primaries("white", "blue", "white", "black", "red"),
        furry=True,
    ),
}
