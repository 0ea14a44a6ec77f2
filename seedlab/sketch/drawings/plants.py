"""Cactus and mushroom."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from seedlab.sketch.drawings.buildings import apart
from seedlab.sketch.drawings.canvas import mix, rgb
from seedlab.sketch.drawings.outlines import Array, Point, curve, mirror, trace
from seedlab.sketch.drawings.palette import BLUE, YELLOW, make_palette
from seedlab.sketch.drawings.pen import Pen
from seedlab.sketch.drawings.subject import Subject

_COLUMN = trace("0.0 0.7, 0.0 0.2, 0.0 -0.35, 0.0 -0.64")
_POT = trace("-0.42 0.62, 0.42 0.62, 0.32 1.14, -0.32 1.14")
_RIM = trace("-0.5 0.5, 0.5 0.5, 0.47 0.7, -0.47 0.7")
_RIBS = (trace("-0.13 -0.6, -0.15 -0.2, -0.14 0.5"), trace("0.11 -0.66, 0.13 -0.2, 0.12 0.5"))
_SPINES = trace("-0.01 -0.42, -0.01 -0.06, -0.01 0.3")

_STALK = trace("-0.17 -0.2, 0.17 -0.2, 0.2 0.3, 0.34 0.86, 0.2 1.06, -0.2 1.06, -0.34 0.86, -0.2 0.3")
_CAP = trace("-0.98 0.02, -0.9 -0.42, -0.52 -0.84, 0.0 -0.98, 0.52 -0.84, 0.9 -0.42, 0.98 0.02, 0.5 0.16, -0.5 0.16")
_SPOTS = ((-0.5, -0.36, 0.17), (0.06, -0.66, 0.17), (0.12, -0.24, 0.2), (0.58, -0.44, 0.13), (-0.7, -0.1, 0.11))
_TUFTS = (
    trace("-0.56 1.14, -0.62 0.72, -0.4 0.96, -0.3 0.66, -0.1 1.14"),
    trace("0.08 1.14, 0.3 0.76, 0.4 0.96, 0.6 0.8, 0.56 1.14"),
)


def sausage(points: Sequence[Point], radius: float) -> Array:
    """The outline of a thick curve with round ends."""
    spine = curve(points)
    along = np.gradient(spine, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.stack([-along[:, 1], along[:, 0]], 1) * radius
    turn = np.linspace(0, np.pi, 9, dtype=np.float32)[1:-1, None]
    end = spine[-1] + np.cos(turn) * across[-1] + np.sin(turn) * along[-1] * radius
    start = spine[0] - np.cos(turn) * across[0] - np.sin(turn) * along[0] * radius
    return np.asarray(np.concatenate([spine + across, end, (spine - across)[::-1], start]), np.float32)


def draw_cactus(pen: Pen) -> None:
    """A potted cactus with two raised arms and a flower."""
    side, palette = pen.facing, pen.palette
    _draw_flesh(pen, [sausage(_COLUMN, 0.3), *(sausage(mirror(arm, side), 0.165) for arm in _raise_arms(pen))])
    groove = mix(palette.main, palette.dark, 0.35)
    for rib in _RIBS:
        pen.line(groove, rib, 0.055, side)
    for x, y in _SPINES:
        pen.line(
            apart(palette.light, palette.main, groove),
            [(x - 0.07, y - 0.09), (x, y), (x + 0.07, y - 0.09)],
            0.055,
            side,
        )
    _draw_blossom(pen, 0.0, -0.92, 0.15)
    pen.polygon(palette.second, _POT)
    pen.polygon(palette.second, _RIM)


def _raise_arms(pen: Pen) -> list[list[Point]]:
    """The near arm rises with the pose and the far one sinks; both reach out with the turn."""
    pose, reach = pen.composition.pose, 0.56 + 0.14 * abs(pen.composition.turn)
    near, far = -0.3 - 0.4 * pose, -0.5 + 0.3 * pose
    return [
        [(0.1, 0.2), (reach - 0.16, 0.2), (reach, 0.02), (reach, near)],
        [(-0.1, 0.38), (-reach + 0.14, 0.36), (-reach, 0.18), (-reach, far)],
    ]


def _draw_flesh(pen: Pen, parts: Sequence[Array]) -> None:
    """Parts that have one outline around all of them."""
    placed = [pen.place(part) for part in parts]
    if pen.ink is not None:
        for part in placed:
            pen.canvas.outline(part, pen.ink, pen.ink_width * 2, subject=True)
    for part in reversed(placed):
        pen.canvas.fill(part, pen.palette.main, pen.shading, subject=True)


def _draw_blossom(pen: Pen, x: float, y: float, radius: float) -> None:
    for petal in range(5):
        angle = petal * 0.4 * math.pi - math.pi / 2
        middle = x + radius * math.cos(angle), y + radius * 0.8 * math.sin(angle)
        pen.oval(pen.palette.accent, *middle, radius * 0.85, radius * 0.6, angle)
    pen.oval(pen.palette.light, x, y, radius * 0.55, radius * 0.5, plain=True)


def draw_mushroom(pen: Pen) -> None:
    """A toadstool with a spotted cap, and a small one beside it."""
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
    spot = apart(palette.light, palette.main, mix(palette.main, palette.dark, 0.4))
    for sx, sy, radius in _SPOTS if scale == 1 else _SPOTS[1:3]:
        ((px, py),) = fit([(sx * pen.facing + 0.14 * turn, sy)])
        pen.oval(spot, px, py, radius * scale, radius * scale * 0.85, plain=True)


SUBJECTS = {
    "cactus": Subject(
        draw_cactus,
        make_palette("4d9a55", "c9693f", "fdf3cf", "274a35", "ee5f8e"),
        make_palette("1a4aa8", "d8281f", "fbfaf4", "141414", "f7cf1d"),
        vermeer={"main": rgb("7a8440"), "second": BLUE, "accent": YELLOW},
        upright=True,
    ),
    "mushroom": Subject(
        draw_mushroom,
        make_palette("d8362c", "f3e4c6", "fffaf0", "5b4030", "5a9a48"),
        make_palette("d8281f", "fbfaf4", "fbfaf4", "141414", "1a4aa8"),
        vermeer={"main": rgb("b5402a"), "second": rgb("e9d6a8"), "accent": rgb("6f7430")},
        upright=True,
    ),
}
