"""Boat, car, train, balloon and rocket."""

from __future__ import annotations

import math

from seedlab.sketch.drawings.canvas import mix, rgb
from seedlab.sketch.drawings.geometry import Array, Point, closed_curve, mirror, parse_points, rotate, translate
from seedlab.sketch.drawings.palette import BLUE, YELLOW, choose_primaries, contrasting, make_palette
from seedlab.sketch.drawings.pen import Pen
from seedlab.sketch.drawings.subjects.subject import Subject

_MAST = parse_points("0.0 0.4, 0.0 -1.12")
_FLAG = parse_points("0.02 -1.12, -0.4 -1.04, 0.02 -0.92")
_HULL = parse_points("-0.95 0.34, 0.0 0.42, 1.1 0.26, 0.82 0.68, 0.5 0.84, -0.5 0.84, -0.8 0.68")
_HULL_LINE = parse_points("-0.84 0.48, 0.0 0.54, 0.92 0.44")

_BODY = parse_points(
    "-1.14 0.42, -1.1 0.08, -0.86 -0.08, -0.7 -0.4, -0.4 -0.62, 0.12 -0.62, 0.4 -0.42, 0.6 -0.06, 0.94 0.02,"
    "1.12 0.2, 1.14 0.46, 0.94 0.56, 0.0 0.58, -0.94 0.56"
)
_REAR_WINDOW = parse_points("-0.7 -0.08, -0.6 -0.36, -0.38 -0.48, -0.18 -0.48, -0.18 -0.08")
_FRONT_WINDOW = parse_points("-0.06 -0.08, -0.06 -0.48, 0.1 -0.48, 0.28 -0.36, 0.44 -0.08")
_DOOR_EDGE = parse_points("-0.12 0.0, -0.12 0.46")
_HANDLE = parse_points("-0.02 0.12, 0.14 0.12")
_BUMPERS = (parse_points("0.98 0.48, 1.2 0.46"), parse_points("-1.2 0.46, -0.98 0.48"))

_CAB = parse_points("-1.06 -0.66, -0.44 -0.66, -0.44 0.5, -1.06 0.5")
_CAB_ROOF = parse_points("-1.18 -0.66, -1.08 -0.82, -0.42 -0.82, -0.3 -0.66")
_CAB_WINDOW = parse_points("-0.92 -0.48, -0.58 -0.48, -0.58 -0.12, -0.92 -0.12")
_BOILER = parse_points("-0.46 -0.24, 0.74 -0.24, 0.74 0.42, -0.46 0.42")
_BAND = parse_points("0.28 -0.24, 0.38 -0.24, 0.38 0.42, 0.28 0.42")
_SMOKEBOX = parse_points("0.7 -0.28, 0.92 -0.2, 0.98 0.08, 0.92 0.36, 0.7 0.44")
_STACK = parse_points("0.5 -0.78, 0.94 -0.78, 0.82 -0.54, 0.82 -0.2, 0.62 -0.2, 0.62 -0.54")
_STEAM_DOME = parse_points("-0.14 -0.18, -0.12 -0.4, 0.03 -0.5, 0.18 -0.4, 0.2 -0.18")
_FRAME = parse_points("-1.12 0.4, 1.06 0.4, 1.06 0.56, -1.12 0.56")
_COWCATCHER = parse_points("0.82 0.5, 1.04 0.5, 1.24 0.96, 0.82 0.96")
_WHEELS = ((-0.74, 0.68, 0.29), (-0.08, 0.68, 0.29), (0.52, 0.76, 0.21))
_PUFFS = ((0.68, -0.88, 0.15), (0.46, -0.99, 0.19), (0.18, -0.94, 0.22), (-0.1, -1.0, 0.16))

_PROFILE = parse_points("0.16 -1.18, 0.5 -1.06, 0.74 -0.8, 0.82 -0.48, 0.74 -0.16, 0.54 0.14, 0.32 0.36, 0.22 0.44")
_GORES = 5

_FUSELAGE = parse_points(
    "0.0 -1.18, 0.2 -0.92, 0.34 -0.5, 0.36 -0.05, 0.26 0.5, -0.26 0.5, -0.36 -0.05, -0.34 -0.5, -0.2 -0.92"
)
_NOSE = tuple((float(x), float(y)) for x, y in closed_curve(_FUSELAGE) if y < -0.62)
_BELT = parse_points(
    "-0.36 0.02, -0.18 0.07, 0.0 0.09, 0.18 0.07, 0.36 0.02, 0.33 0.18, 0.17 0.23, 0.0 0.25, -0.17 0.23, -0.33 0.18"
)
_FIN = parse_points("0.3 -0.02, 0.56 0.24, 0.66 0.74, 0.24 0.5")
_KEEL = parse_points("0.0 0.14, 0.07 0.3, 0.08 0.76, -0.08 0.76, -0.07 0.3")
_NOZZLE = parse_points("-0.2 0.44, 0.2 0.44, 0.25 0.62, -0.25 0.62")


def draw_boat(pen: Pen) -> None:
    """Draw a boat with two sails, which are fuller the more it turns."""
    side, palette = pen.facing, pen.palette
    belly = 0.1 + 0.15 * abs(pen.composition.turn)
    pen.line(palette.second, _MAST, 0.1, side)
    pen.blob(palette.accent, _FLAG, side, plain=True)
    pen.polygon(palette.light, [(-0.08, -0.9), (-0.25, -0.4), (-0.72 - belly, 0.22), (-0.08, 0.26)], side)
    jib = mix(palette.light, palette.accent, 1.0 if pen.shading.facets else 0.4)
    pen.polygon(jib, [(0.1, -0.8), (0.3 + belly, -0.3), (0.72, 0.22), (0.1, 0.26)], side)
    pen.blob(palette.main, _HULL, side)
    pen.line(mix(palette.main, (1, 1, 1), 0.55), _HULL_LINE, 0.07, side)


def draw_car(pen: Pen) -> None:
    """Draw a small rounded car. Its body bounces and its exhaust drifts with the pose."""
    side, palette = pen.facing, pen.palette
    narrow, lift = 0.8 + 0.14 * abs(pen.composition.turn), 0.08 * (pen.composition.pose - 0.5)
    _draw_exhaust(pen, narrow)
    pen.blob(palette.main, _fit(_BODY, narrow, lift), side)
    for window in (_REAR_WINDOW, _FRONT_WINDOW):
        pen.polygon(palette.light, _fit(window, narrow, lift), side, plain=True)
    seam = mix(palette.main, palette.dark, 0.5)
    pen.line(seam, _fit(_DOOR_EDGE, narrow, lift), 0.055, side)
    pen.line(palette.second, _fit(_HANDLE, narrow, lift), 0.07, side)
    pen.oval(palette.accent, side * narrow, 0.2 + lift, 0.12, 0.14)
    for bumper in _BUMPERS:
        pen.line(palette.second, _fit(bumper, narrow, lift), 0.11, side)
    for x in (-0.64 * narrow, 0.64 * narrow):
        pen.oval(seam, side * x, 0.5 + lift, 0.36, 0.36, plain=True)
        _draw_wheel(pen, side * x, 0.56, 0.3)


def _draw_wheel(pen: Pen, x: float, y: float, radius: float) -> None:
    pen.oval(pen.palette.dark, x, y, radius, radius)
    pen.oval(pen.palette.second, x, y, radius * 0.58, radius * 0.58, plain=True)


def _fit(points: tuple[Point, ...], narrow: float, lift: float) -> list[Point]:
    return [(x * narrow, y + lift) for x, y in points]


def _draw_exhaust(pen: Pen, narrow: float) -> None:
    pale = mix(pen.palette.second, (1.0, 1.0, 1.0), 0.5)
    drift = 0.06 * pen.composition.pose
    for x, y, radius in ((-1.14, 0.68, 0.08), (-1.24 - drift, 0.6 - drift, 0.11)):
        pen.oval(pale, pen.facing * x * narrow, y, radius, radius, plain=True)


def draw_train(pen: Pen) -> None:
    """Draw a steam locomotive. Its connecting rod and its smoke move with the pose."""
    side, palette = pen.facing, pen.palette
    _draw_smoke(pen)
    pen.polygon(palette.dark, _STACK, side)
    pen.blob(palette.accent, _STEAM_DOME, side)
    pen.polygon(palette.main, _BOILER, side)
    pen.patch(palette.accent, mirror(_BAND, side), mirror(_BOILER, side))
    pen.polygon(palette.dark, _SMOKEBOX, side)
    pen.oval(palette.accent, side * 0.98, 0.06, 0.11, 0.13)
    pen.polygon(palette.main, _CAB, side)
    pen.polygon(mix(palette.light, palette.accent, 0.3), _CAB_WINDOW, side, plain=True)
    pen.polygon(palette.second, _CAB_ROOF, side)
    pen.polygon(palette.second, _COWCATCHER, side)
    pen.polygon(palette.dark, _FRAME, side)
    _draw_wheels(pen)


def _draw_smoke(pen: Pen) -> None:
    """Draw puffs of smoke behind the chimney, which grow with the pose."""
    pose = pen.composition.pose
    swell = 0.85 + 0.2 * pose
    puffs = [(pen.facing * (x - 0.09 * pose * k), y, radius * swell) for k, (x, y, radius) in enumerate(_PUFFS)]
    pen.cluster(pen.palette.light, puffs, 0.045)


def _draw_wheels(pen: Pen) -> None:
    side, palette = pen.facing, pen.palette
    for x, y, radius in _WHEELS:
        _draw_wheel(pen, side * x, y, radius)
    angle = 2 * math.pi * pen.composition.pose
    x, y = 0.12 * math.cos(angle), 0.68 + 0.12 * math.sin(angle)
    pen.line(palette.light, [(-0.74 + x, y), (-0.08 + x, y)], 0.085, side)


def draw_balloon(pen: Pen) -> None:
    """Draw a hot-air balloon. Its basket swings and its flame grows with the pose."""
    palette, pose = pen.palette, pen.composition.pose
    sway = 0.24 * (pose - 0.5)
    for x in (-0.16, 0.16):
        pen.line(palette.dark, [(x * 1.2, 0.4), (x + sway, 0.9)], 0.05)
    pen.blob(palette.accent, [(-0.1, 0.64), (0.0, 0.38 - 0.14 * pose), (0.1, 0.64), (0.0, 0.73)], plain=True)
    form = closed_curve(_gore_points(-math.pi / 2, math.pi / 2))
    pen.fill(palette.main, form)
    _draw_gores(pen, form)
    basket = [(-0.26, 0.84), (0.26, 0.84), (0.2, 1.18), (-0.2, 1.18)]
    pen.polygon(palette.second, translate(basket, sway))
    pen.line(mix(palette.second, palette.dark, 0.6), [(-0.26 + sway, 0.85), (0.26 + sway, 0.85)], 0.08)


def _draw_gores(pen: Pen, form: Array) -> None:
    """Draw stripes from top to bottom, rotated by the turn."""
    palette, width = pen.palette, math.pi / _GORES
    stripe = contrasting(palette.light, palette.main, mix(palette.main, palette.dark, 0.3))
    middle_stripe = contrasting(palette.accent, palette.main, palette.second)
    for index in range(-2, 3, 2):
        middle = index * width + 0.5 * pen.composition.turn * width
        left = middle - width / 2 if index > -2 else -math.pi / 2
        right = middle + width / 2 if index < 2 else math.pi / 2
        pen.patch(stripe if index else middle_stripe, closed_curve(_gore_points(left, right)), form)


def _gore_points(left: float, right: float) -> list[Point]:
    """Return the outline of the envelope between two longitudes in radians."""
    return [(x * math.sin(right), y) for x, y in _PROFILE] + [(x * math.sin(left), y) for x, y in reversed(_PROFILE)]


def draw_rocket(pen: Pen) -> None:
    """Draw a rocket. It leans further with the pose, and `smile` sets the length of its flame."""
    palette = pen.palette
    lean = pen.facing * (0.12 + 0.3 * pen.composition.pose)
    _draw_flame(pen, lean)
    for side in (-1, 1):
        pen.polygon(palette.second, rotate(mirror(_FIN, side), lean))
    pen.polygon(palette.dark, rotate(_NOZZLE, lean))
    form = closed_curve(rotate(_FUSELAGE, lean))
    pen.fill(palette.main, form)
    pen.patch(palette.second, rotate(_NOSE, lean), form)
    pen.patch(contrasting(palette.light, palette.main, palette.second), rotate(_BELT, lean), form)
    _draw_porthole(pen, lean)
    pen.polygon(palette.second, rotate(translate(_KEEL, 0.12 * pen.composition.turn), lean))


def _draw_porthole(pen: Pen, lean: float) -> None:
    palette = pen.palette
    ((x, y),) = rotate([(0.08 * pen.composition.turn, -0.32)], lean)
    pen.oval(palette.dark, x, y, 0.2, 0.2, plain=True)
    pen.oval(mix(palette.light, (0.55, 0.85, 1.0), 0.6), x, y, 0.13, 0.13, plain=True)


def _draw_flame(pen: Pen, lean: float) -> None:
    length = 0.94 + 0.22 * pen.composition.smile
    outer = [(-0.19, 0.56), (0.19, 0.56), (0.2, 0.74), (0.04, length), (-0.04, length), (-0.2, 0.74)]
    pen.fill(pen.palette.accent, closed_curve(rotate(outer, lean)))
    inner = [(x * 0.5, 0.56 + (y - 0.56) * 0.6) for x, y in outer]
    pen.fill(pen.palette.light, closed_curve(rotate(inner, lean)), plain=True)


SUBJECTS = {
    "boat": Subject(
        draw_boat,
        make_palette("c63d31", "6f4a2d", "f9f3e2", "3a2820", "f2b53c"),
        choose_primaries("blue", "black", "white", "black", "red"),
        vermeer={"main": BLUE, "light": YELLOW, "accent": rgb("f1e6c8")},
        upright=True,
        afloat=True,
    ),
    "car": Subject(
        draw_car,
        make_palette("d8392f", "d9d6d2", "bfe4ee", "2e2a33", "ffd862"),
        choose_primaries("red", "white", "white", "black", "yellow"),
        vermeer={"main": BLUE, "accent": YELLOW, "light": rgb("e9dcb8")},
        upright=True,
    ),
    "train": Subject(
        draw_train,
        make_palette("2f8a5b", "c8402f", "fbf4e6", "33303a", "f0b63c"),
        choose_primaries("blue", "red", "white", "black", "yellow"),
        vermeer={"main": BLUE, "second": rgb("a8482c"), "accent": YELLOW},
        upright=True,
    ),
    "balloon": Subject(
        draw_balloon,
        make_palette("dc4632", "a9713c", "fff1d2", "4a3528", "f7b733"),
        choose_primaries("red", "red", "white", "black", "yellow"),
        vermeer={"main": BLUE, "accent": YELLOW, "light": rgb("f1e6c8")},
    ),
    "rocket": Subject(
        draw_rocket,
        make_palette("e04a3a", "32508f", "fff3d6", "2f3450", "ff9d2e"),
        choose_primaries("red", "blue", "white", "black", "yellow"),
        vermeer={"main": YELLOW, "second": BLUE, "light": rgb("f6ecce")},
    ),
}
