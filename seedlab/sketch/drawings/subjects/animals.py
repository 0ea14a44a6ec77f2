"""Fox, horse, elephant and turtle."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians, sin

from seedlab.sketch.drawings.canvas import Colour, mix, rgb
from seedlab.sketch.drawings.geometry import Point, mirror, parse_points, rotate, translate
from seedlab.sketch.drawings.palette import BLUE, PINK, WHITE, YELLOW, choose_primaries, make_palette
from seedlab.sketch.drawings.pen import Pen
from seedlab.sketch.drawings.subjects.costume import draw_pearl, draw_turban
from seedlab.sketch.drawings.subjects.eyes import draw_eye
from seedlab.sketch.drawings.subjects.subject import Subject

_FOX_TAIL = parse_points(
    "0.25 1.1, 0.7 1.2, 1.04 1.02, 1.2 0.55, 1.16 0.1, 1.02 -0.22, 0.8 0.1, 0.72 0.45, 0.62 0.7, 0.3 0.82"
)
_FOX_TAIL_TIP = parse_points("1.02 -0.22, 0.8 0.1, 0.76 0.32, 0.89 0.24, 1.0 0.38, 1.09 0.24, 1.19 0.36, 1.16 0.1")
_FOX_BODY = parse_points("0.0 0.0, 0.32 0.1, 0.56 0.66, 0.58 1.14, 0.0 1.22, -0.58 1.14, -0.56 0.66, -0.32 0.1")
_FOX_CHEST = parse_points("-0.32 0.15, 0.32 0.15, 0.34 0.5, 0.2 0.72, 0.0 0.9, -0.2 0.72, -0.34 0.5")
_FOX_LEG = parse_points("0.04 0.72, 0.3 0.7, 0.33 1.12, 0.18 1.22, 0.02 1.12")
_FOX_SOCK = parse_points("0.02 0.98, 0.33 0.98, 0.37 1.16, 0.19 1.25, 0.0 1.16")
_FOX_EAR = parse_points("0.16 -0.66, 0.66 -1.25, 0.8 -0.4")
_FOX_INNER_EAR = parse_points("0.36 -0.66, 0.62 -1.0, 0.69 -0.5")
_FOX_HEAD = parse_points(
    "0.0 -0.78, 0.42 -0.72, 0.66 -0.42, 0.96 0.0, 0.62 0.1, 0.34 0.26, 0.12 0.44,"
    "-0.12 0.44, -0.34 0.26, -0.62 0.1, -0.96 0.0, -0.66 -0.42, -0.42 -0.72"
)
_FOX_CHEEK = parse_points("0.0 0.14, 0.2 -0.06, 0.5 -0.12, 0.93 -0.01, 0.61 0.08, 0.33 0.24, 0.1 0.41, 0.0 0.42")
_FOX_NOSE = parse_points("-0.15 0.2, 0.0 0.16, 0.15 0.2, 0.09 0.32, 0.0 0.36, -0.09 0.32")

_HORSE_NECK = parse_points(
    "-0.12 -0.72, 0.2 -0.5, 0.26 0.0, 0.2 0.45, 0.28 1.0, 0.55 1.6, 0.7 3.0, -1.15 3.0, -1.05 1.6,"
    "-0.9 0.7, -0.62 0.0, -0.36 -0.5"
)
_HORSE_MANE = parse_points(
    "0.02 -0.98, -0.3 -0.92, -0.6 -0.62, -0.66 -0.36, -0.92 -0.14, -0.88 0.1, -1.14 0.36, -1.06 0.62,"
    "-1.26 0.92, -1.16 1.16, -1.26 1.6, -1.0 2.2, -0.84 1.7, -0.6 1.36, -0.7 1.04, -0.4 0.74, -0.52 0.44,"
    "-0.2 0.2, -0.3 -0.08, -0.06 -0.36"
)
_HORSE_HEAD = parse_points(
    "-0.14 -0.74, 0.12 -0.84, 0.38 -0.62, 0.66 -0.14, 0.92 0.26, 1.04 0.52, 0.96 0.74, 0.74 0.8, 0.56 0.66,"
    "0.36 0.4, 0.1 0.26, -0.14 0.0, -0.24 -0.4"
)
_HORSE_MUZZLE = parse_points("0.82 0.1, 0.94 0.28, 1.05 0.52, 0.97 0.74, 0.74 0.81, 0.55 0.66, 0.52 0.4, 0.64 0.22")
_HORSE_BLAZE = parse_points("0.26 -0.75, 0.42 -0.58, 0.68 -0.14, 0.86 0.14, 0.72 0.16, 0.54 -0.06, 0.38 -0.38")
_HORSE_EAR = parse_points("-0.14 -0.7, -0.18 -1.02, -0.02 -1.28, 0.14 -1.04, 0.14 -0.74")
_HORSE_INNER_EAR = parse_points("-0.07 -0.8, -0.09 -1.0, -0.02 -1.14, 0.06 -1.0, 0.06 -0.8")
_HORSE_FORELOCK = parse_points(
    "-0.08 -0.86, 0.1 -1.0, 0.34 -0.84, 0.58 -0.4, 0.36 -0.56, 0.34 -0.4, 0.18 -0.62, 0.08 -0.5, 0.0 -0.7"
)
_HORSE_STRAPS = ("0.72 -0.04, 0.62 0.26, 0.42 0.44", "-0.06 -0.72, -0.1 -0.3, 0.12 0.02, 0.58 0.26")

_ELEPHANT_BODY = parse_points(
    "0.3 -0.42, 0.62 0.1, 0.56 0.66, -0.2 0.88, -0.94 0.68, -1.06 0.16, -0.86 -0.26, -0.4 -0.46"
)
_ELEPHANT_LEG = parse_points("-0.2 -0.3, 0.2 -0.3, 0.21 0.3, 0.25 0.62, 0.0 0.68, -0.25 0.62, -0.21 0.3")
_ELEPHANT_BROW = parse_points("0.42 0.24, 0.1 0.0, 0.06 -0.44, 0.3 -0.78, 0.66 -0.8, 0.92 -0.58, 1.0 -0.26")
_ELEPHANT_EAR = parse_points(
    "0.34 -0.6, 0.08 -0.82, -0.34 -0.8, -0.6 -0.5, -0.58 -0.06, -0.36 0.3, -0.08 0.4, 0.12 0.2, 0.26 -0.1"
)
_ELEPHANT_INNER_EAR = parse_points(
    "0.2 -0.5, 0.0 -0.66, -0.3 -0.63, -0.45 -0.4, -0.4 -0.04, -0.2 0.2, 0.0 0.14, 0.14 -0.16"
)
_ELEPHANT_TAIL = parse_points("-1.0 0.0, -1.16 0.2, -1.16 0.5")
_ELEPHANT_TUSK = parse_points("0.62 0.1, 0.78 0.04, 0.86 0.2, 1.06 0.32, 0.86 0.38, 0.68 0.28")

_TURTLE_SHELL = parse_points(
    "0.78 0.34, 0.66 -0.1, 0.4 -0.5, 0.0 -0.74, -0.4 -0.72, -0.78 -0.42, -1.0 0.02, -1.06 0.36, -0.6 0.46, 0.4 0.46"
)
_TURTLE_RIM = parse_points("0.86 0.32, 0.8 0.5, 0.4 0.62, -0.6 0.62, -1.08 0.5, -1.16 0.32, -0.6 0.4, 0.3 0.4")
_TURTLE_PLATES = (
    "-0.38 -0.5, 0.04 -0.5, 0.22 -0.16, 0.06 0.2, -0.4 0.2, -0.56 -0.16",
    "0.2 -0.46, 0.42 -0.34, 0.6 -0.06, 0.66 0.2, 0.22 0.2, 0.36 -0.14",
    "-0.54 -0.48, -0.74 -0.32, -0.9 -0.06, -0.96 0.2, -0.56 0.2, -0.7 -0.14",
)
_TURTLE_LEG = parse_points("-0.24 0.1, 0.22 0.1, 0.24 0.66, 0.32 0.92, 0.04 0.98, -0.22 0.92")
_TURTLE_TAIL = parse_points("-0.9 0.3, -1.28 0.56, -0.9 0.6")
_TURTLE_HEAD = parse_points(
    "0.5 0.5, 0.56 0.0, 0.64 -0.54, 0.9 -0.68, 1.14 -0.56, 1.24 -0.26, 1.12 0.0, 0.94 0.1, 0.72 0.54"
)


def draw_fox(pen: Pen) -> None:
    """Draw a sitting fox, facing the viewer, with its bushy tail at one side."""
    palette, pose = pen.palette, pen.composition.pose
    angle = 0.34 * pose - 0.16
    for colour, outline in ((palette.main, _FOX_TAIL), (palette.light, _FOX_TAIL_TIP)):
        pen.blob(colour, rotate(outline, angle, 0.4, 1.0), -pen.facing, plain=colour is palette.light)
    pen.blob(palette.main, _FOX_BODY)
    pen.blob(palette.light, _FOX_CHEST, plain=True)
    for side in (-1, 1):
        pen.blob(palette.main, _FOX_LEG, side)
        pen.blob(palette.dark, _FOX_SOCK, side, plain=True)
    _draw_fox_head(pen, 0.12 * pen.composition.turn)


def _draw_fox_head(pen: Pen, x: float) -> None:
    palette, vermeer = pen.palette, pen.style == "Vermeer"
    if vermeer:
        draw_turban(pen)
    for side in (-1, 1):
        lean = 0.16 * pen.composition.pose if side == pen.facing else 0.0
        pen.polygon(palette.main, rotate(_FOX_EAR, lean, 0.5, -0.5), side)
        pen.polygon(mix(palette.second, palette.dark, 0.6), rotate(_FOX_INNER_EAR, lean, 0.5, -0.5), side, plain=True)
    pen.blob(palette.main, translate(_FOX_HEAD, x * 0.3))
    for side in (-1, 1):
        pen.blob(palette.light, translate(mirror(_FOX_CHEEK, side), x * 0.3), plain=True)
        draw_eye(pen, x + side * 0.34, -0.22, 0.14, mix(palette.main, palette.light, 0.45))
    pen.blob(palette.dark, translate(_FOX_NOSE, x), plain=True)
    pen.oval(WHITE, x + 0.05 * pen.composition.light, 0.22, 0.045, 0.03, plain=True)
    if vermeer:
        draw_pearl(pen, pen.facing * 0.74, 0.24)


def draw_horse(pen: Pen) -> None:
    """Draw the head and neck of a horse in profile, with a flying mane and a bridle."""
    palette, side, nod = pen.palette, pen.facing, 0.36 * pen.composition.pose - 0.2
    far_ear = translate(rotate(_HORSE_EAR, nod, 0.0, -0.3), 0.2)
    pen.blob(mix(palette.main, palette.second, 0.5), far_ear, side)
    pen.blob(palette.main, _HORSE_NECK, side)
    pen.blob(palette.second, rotate(_HORSE_MANE, nod * 0.3, -0.4, 1.2), side)
    _draw_horse_head(pen, nod)


def _draw_horse_head(pen: Pen, nod: float) -> None:
    palette, side = pen.palette, pen.facing

    def lay(colour: Colour, points: Sequence[Point], *, plain: bool = False) -> None:
        pen.blob(colour, rotate(points, nod, 0.0, -0.3), side, plain=plain)

    lay(palette.main, _HORSE_HEAD)
    lay(palette.light, _HORSE_BLAZE, plain=True)
    lay(mix(palette.main, palette.light, 0.6), _HORSE_MUZZLE, plain=True)
    lay(palette.main, _HORSE_EAR)
    lay(mix(palette.main, PINK, 0.6), _HORSE_INNER_EAR, plain=True)
    lay(palette.second, _HORSE_FORELOCK)
    _draw_horse_face(pen, nod)


def _draw_horse_face(pen: Pen, nod: float) -> None:
    """Draw bridle, eye, nostril and mouth."""
    palette, side = pen.palette, pen.facing
    for strap in _HORSE_STRAPS:
        pen.line(palette.accent, rotate(parse_points(strap), nod, 0.0, -0.3), 0.085, side)
    (x, y), (nostril_x, nostril_y) = rotate(((0.22, -0.3), (0.88, 0.5)), nod, 0.0, -0.3)
    draw_eye(pen, side * x, y, 0.15, mix(palette.main, palette.light, 0.35))
    pen.oval(palette.dark, side * nostril_x, nostril_y, 0.055, 0.08, side * (nod + 0.4), plain=True)
    pen.line(palette.dark, rotate(parse_points("0.92 0.7, 0.8 0.68, 0.7 0.6"), nod, 0.0, -0.3), 0.045, side)


def draw_elephant(pen: Pen) -> None:
    """Draw an elephant calf in profile. The pose raises its trunk."""
    palette, side, pose = pen.palette, pen.facing, pen.composition.pose
    step = 0.2 * pose - 0.1
    pen.line(palette.second, _ELEPHANT_TAIL, 0.075, side)
    pen.oval(palette.dark, side * -1.16, 0.56, 0.075, 0.12, plain=True)
    for x, lean in ((-0.42, -step), (0.12, step)):
        pen.blob(mix(palette.main, palette.second, 0.8), _move_leg(x, lean), side)
    pen.blob(palette.main, _ELEPHANT_BODY, side)
    for x, lean in ((-0.74, step), (0.34, -step)):
        _draw_near_leg(pen, x, lean)
    _draw_elephant_head(pen, 0.3 - 0.5 * pose)


def _draw_near_leg(pen: Pen, x: float, lean: float) -> None:
    main = pen.palette.main
    pen.blob(main, _move_leg(x, lean), pen.facing)
    if pen.ink is not None:  # no line between leg and body
        seam = [(x - 0.17, 0.4), (x + 0.17, 0.4), (x + 0.14, 0.7), (x - 0.14, 0.7)]
        pen.blob(main, seam, pen.facing, plain=True)
    for toe_x, toe_y in rotate(((x - 0.02, 1.16), (x + 0.15, 1.14)), lean, x, 0.4):
        pen.oval(pen.palette.light, pen.facing * toe_x, toe_y, 0.07, 0.075, plain=True)


def _move_leg(x: float, lean: float) -> list[Point]:
    return rotate(translate(_ELEPHANT_LEG, x, 0.58), lean, x, 0.4)


def _draw_elephant_head(pen: Pen, flap: float) -> None:
    palette, side = pen.palette, pen.facing
    pen.blob(palette.main, [*_ELEPHANT_BROW, *_bend_trunk(pen.composition.pose), (0.74, 0.26)], side)
    pen.blob(palette.light, _ELEPHANT_TUSK, side)
    pen.oval(mix(palette.main, PINK, 0.7), side * 0.56, 0.06, 0.13, 0.09, plain=True)
    draw_eye(pen, side * 0.66, -0.26, 0.14, mix(palette.main, palette.light, 0.6))
    pen.blob(palette.second, rotate(_ELEPHANT_EAR, flap, 0.3, -0.3), side)
    pen.blob(palette.accent, rotate(_ELEPHANT_INNER_EAR, flap, 0.3, -0.3), side, plain=True)


def _bend_trunk(pose: float) -> list[Point]:
    """Return the upper edge, tip and lower edge of the trunk, which hangs at pose 0 and is raised at pose 1."""
    x, y, upper, lower = 0.81, -0.02, list[Point](), list[Point]()
    for step in range(7):
        angle = radians(84 - 14 * pose - step * (7 + 30 * pose))
        width = 0.19 - 0.017 * step
        across, down = sin(angle) * width, -cos(angle) * width
        upper.append((x + across, y + down))
        lower.append((x - across, y - down))
        x, y = x + 0.13 * cos(angle), y + 0.13 * sin(angle)
    return [*upper, *reversed(lower[1:])]


def draw_turtle(pen: Pen) -> None:
    """Draw a walking turtle in profile with its head raised."""
    side, skin, step = pen.facing, pen.palette.main, 0.6 * pen.composition.pose - 0.3
    for x, lean in ((-0.36, -step), (0.24, step)):
        pen.blob(mix(skin, pen.palette.dark, 0.3), rotate(translate(_TURTLE_LEG, x), lean, x, 0.4), side)
    pen.blob(skin, _TURTLE_TAIL, side)
    for x, lean in ((-0.7, step), (0.46, -step)):
        pen.blob(skin, rotate(translate(_TURTLE_LEG, x), lean, x, 0.4), side)
    _draw_turtle_head(pen, 0.26 * pen.composition.pose - 0.17)
    _draw_turtle_shell(pen)


def _draw_turtle_head(pen: Pen, nod: float) -> None:
    palette, side, skin = pen.palette, pen.facing, pen.palette.main
    pen.blob(skin, rotate(_TURTLE_HEAD, nod, 0.6, 0.4), side)
    (x, y), (blush_x, blush_y) = rotate(((0.97, -0.34), (0.8, -0.08)), nod, 0.6, 0.4)
    mouth = [(1.14, -0.14), (1.04, -0.1 + 0.08 * pen.composition.smile), (0.9, -0.1)]
    draw_eye(pen, side * x, y, 0.15, palette.light)
    pen.oval(mix(skin, PINK, 0.7), side * blush_x, blush_y, 0.1, 0.07, plain=True)
    pen.line(palette.dark, rotate(mouth, nod, 0.6, 0.4), 0.05, side)


def _draw_turtle_shell(pen: Pen) -> None:
    pen.blob(pen.palette.second, _TURTLE_SHELL, pen.facing)
    for plate in _TURTLE_PLATES:
        pen.polygon(pen.palette.accent, parse_points(plate), pen.facing, plain=True)
    pen.blob(pen.palette.light, _TURTLE_RIM, pen.facing)


SUBJECTS = {
    "fox": Subject(
        draw_fox,
        make_palette("e2702a", "a8451a", "fdf3e2", "2a1c1c", "f2b04a"),
        choose_primaries("red", "blue", "white", "black", "yellow"),
        furry=True,
    ),
    "horse": Subject(
        draw_horse,
        make_palette("a8622f", "4a2a1c", "f6e8d2", "241a1a", "c8322b"),
        choose_primaries("yellow", "black", "white", "black", "red"),
        vermeer={"accent": YELLOW},
        furry=True,
    ),
    "elephant": Subject(
        draw_elephant,
        make_palette("93a3b8", "73839c", "fbf6ea", "23232c", "eba6a4"),
        choose_primaries("blue", "blue", "white", "black", "red"),
        furry=True,
    ),
    "turtle": Subject(
        draw_turtle,
        make_palette("84bd5c", "80532f", "f2dc9a", "24261f", "c98f4a"),
        choose_primaries("yellow", "blue", "white", "black", "red"),
        vermeer={"second": BLUE, "light": YELLOW, "accent": rgb("4a78c4")},
        furry=True,
    ),
}
