"""Props: one object beside the subject or behind it, in the colours of the ground that it stands on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seedlab.sketch.drawings.canvas import Canvas, Colour, mix, rgb
from seedlab.sketch.drawings.outlines import Array, Point, box, curve, ellipse, smooth, trace
from seedlab.sketch.drawings.painters import PAINTERS
from seedlab.sketch.drawings.palette import Ground, grade
from seedlab.sketch.scene import Composition

_STONE = trace("-0.5 0.02, -0.46 -0.2, -0.26 -0.42, 0.06 -0.5, 0.34 -0.36, 0.5 -0.12, 0.5 0.02, 0 0.06")
_JUG = trace("-0.2 0, -0.42 -0.3, -0.34 -0.6, -0.17 -0.76, -0.24 -1, 0.24 -1, 0.17 -0.76, 0.34 -0.6, 0.42 -0.3, 0.2 0")
_BUSH = ((-0.34, -0.15, 0.19), (0.34, -0.15, 0.19), (-0.15, -0.34, 0.23), (0.18, -0.36, 0.21), (0, -0.18, 0.24))
_CLOUD = ((-0.33, 0, 0.17), (0.34, 0.01, 0.16), (-0.1, -0.09, 0.21), (0.15, -0.06, 0.19), (0, 0.04, 0.17))
_FLOCK = ((0, 0), (-0.44, 0.24), (0.42, 0.2), (0.02, 0.46))
_WING = trace("-1 -0.25, -0.5 -0.5, 0 0.12, 0.5 -0.5, 1 -0.25")


@dataclass(frozen=True)
class Stand:
    """Where a prop stands: its middle, its width, and what its painter makes it with."""

    canvas: Canvas
    colours: Ground
    composition: Composition
    painter: str | None
    x: float
    width: float

    @property
    def foot(self) -> float:
        """Where an object on the ground ends, a little below the horizon."""
        line = self.composition.horizon
        return line + 0.02 + 0.22 * (1 - line)

    @property
    def height(self) -> float:
        """Where an object in the sky is."""
        return 0.13 + 0.08 * self.composition.hill

    def fill(self, points: Array, colour: Colour, volume: float = 0.8) -> None:
        """A shape with the painter's light on it."""
        shading = PAINTERS[self.painter].shading(self.composition.light, volume)
        self.canvas.fill(points, colour, shading)

    def draw(self, shapes: list[Array], colour: Colour, volume: float = 0.8) -> None:
        """Shapes that are one thing: outlines first, then the paint over what of them is inside."""
        hand = PAINTERS[self.painter]
        if hand.ink is not None:
            for points in shapes:
                self.canvas.outline(points, hand.ink, hand.ink_width * 1.6)
        for points in shapes:
            self.fill(points, colour, volume)

    def place(self, points: Array | Sequence[Point], y: float) -> Array:
        """An outline about (0, 0), one unit wide, where the prop is."""
        return np.asarray([(self.x + self.width * px, y + self.width * py) for px, py in points], np.float32)


def paint_prop(canvas: Canvas, colours: Ground, composition: Composition, painter: str | None) -> None:
    """The composition's prop, if it has one, as the painter has such things in his pictures."""
    if composition.prop is None:
        return
    low = composition.prop in ("stone", "bush")
    x = _stand_clear(composition) if low else 0.1 + 0.8 * composition.prop_x
    stand = Stand(canvas, colours, composition, painter, x, 0.18 + 0.14 * composition.prop_size)
    _INDOORS.get(painter, _OUTDOORS)[composition.prop](stand)


def _stand_clear(composition: Composition) -> float:
    """`prop_x` over what the subject leaves free to its left and its right: behind it no stone would be seen."""
    reach = 0.9 * composition.size
    left = max(0.0, composition.x - reach - 0.06)
    right = max(0.0, 0.94 - composition.x - reach)
    way = composition.prop_x * (left + right)
    return 0.06 + way if way < left else 0.94 - right + (way - left)


def _paint_stone(stand: Stand) -> None:
    natural = mix(grade(rgb("9a948e"), stand.painter), stand.colours.near, 0.3)
    colour = _set_off(natural, stand.colours.far)
    shadow = ellipse(stand.x, stand.foot + 0.012, 0.56 * stand.width, 0.09 * stand.width)
    stand.canvas.fill(shadow, mix(stand.colours.near, rgb("000000"), 0.35))
    stand.draw([smooth(stand.place(_STONE, stand.foot))], colour, 1.1)
    chip = [(-0.26, -0.3), (0.02, -0.4), (0.2, -0.3), (-0.02, -0.2)]
    stand.canvas.fill(stand.place(chip, stand.foot), mix(colour, rgb("ffffff"), 0.28))


def _set_off(colour: Colour, behind: Colour) -> Colour:
    """The colour, darker or lighter where it would be lost before what is behind it."""
    gap = _lightness(colour) - _lightness(behind)
    if abs(gap) > 0.16:
        return colour
    return mix(colour, rgb("fff4dc") if _lightness(behind) < 0.4 else rgb("151020"), 0.26)


def _lightness(colour: Colour) -> float:
    return 0.34 * colour[0] + 0.52 * colour[1] + 0.14 * colour[2]


def _paint_bush(stand: Stand) -> None:
    wide = replace(stand, width=stand.width * 1.25)
    natural = mix(grade(rgb("3f8448"), stand.painter), stand.colours.near, 0.3)
    colour = _set_off(natural, mix(stand.colours.far, stand.colours.haze, 0.35))
    leaves = [_blob(wide, blob, stand.foot) for blob in _BUSH]
    wide.draw(leaves, colour, 0.9)
    berry = grade(rgb("e0503c"), stand.painter)
    for px, py in ((-0.3, -0.18), (-0.06, -0.36), (0.16, -0.16), (0.3, -0.3)):
        wide.canvas.fill(_blob(wide, (px, py, 0.055), stand.foot), berry)


def _blob(stand: Stand, blob: tuple[float, float, float], y: float) -> Array:
    px, py, radius = (part * stand.width for part in blob)
    return ellipse(stand.x + px, y + py, radius, radius)


def _paint_cloud(stand: Stand) -> None:
    wide = replace(stand, width=stand.width * 1.35)
    white = mix(grade(rgb("ffffff"), stand.painter), stand.colours.haze, 0.12)
    dim = _lightness(stand.colours.sky) < 0.3
    colour = mix(stand.colours.sky, white, 0.5 if dim else 0.95)
    if _lightness(stand.colours.sky) > 0.8:
        colour = mix(stand.colours.sky, rgb("7c93b4"), 0.55)
    wide.draw([_blob(wide, blob, stand.height) for blob in _CLOUD], colour, 0.35)


def _paint_flock(stand: Stand) -> None:
    dark = _lightness(stand.colours.sky) < 0.36
    colour = mix(stand.colours.sky, rgb("fff6e0") if dark else rgb("1c1c2c"), 0.8)
    span = 0.23 * stand.width
    for px, py in _FLOCK:
        x, y = stand.x + px * stand.width * 1.2, stand.height + py * stand.width
        wing = replace(stand, x=x, width=span).place(_WING, y)
        if dark:  # light birds over stars or pale fields would be lost without an edge
            stand.canvas.stroke(curve(wing), rgb("14142a"), 0.03)
        stand.canvas.stroke(curve(wing), colour, 0.015)


def _paint_jug(stand: Stand) -> None:
    """Vermeer's stone: a glazed jug on the table."""
    small = replace(stand, width=stand.width * 0.85)
    shadow = ellipse(stand.x - 0.05 * stand.composition.light, stand.foot, 0.5 * small.width, 0.1 * small.width)
    stand.canvas.fill(shadow, mix(stand.colours.near, rgb("000000"), 0.55))
    side = stand.composition.light
    handle = [(0.28 * side, -0.82), (0.58 * side, -0.72), (0.56 * side, -0.44), (0.36 * side, -0.36)]
    stand.canvas.stroke(curve(small.place(handle, stand.foot)), rgb("8a7048"), 0.02)
    body = rgb("5470a0") if stand.composition.prop == "stone" else rgb("a8663a")
    small.fill(smooth(small.place(_JUG, stand.foot)), body, 1.2)
    mouth = ellipse(stand.x, stand.foot - small.width, 0.24 * small.width, 0.07 * small.width)
    small.fill(mouth, rgb("2a1c12"), 0.2)


def _paint_jug_with_twigs(stand: Stand) -> None:
    """Vermeer's bush: a jug with leaves in it."""
    top = stand.foot - 0.85 * stand.width
    for lean in (-0.34, -0.12, 0.12, 0.34):
        tip = stand.x + lean * stand.width, top - (0.55 - abs(lean)) * stand.width
        stand.canvas.stroke(np.array([(stand.x, top + 0.04), tip], np.float32), rgb("3c4424"), 0.012)
        stand.fill(ellipse(*tip, 0.13 * stand.width, 0.17 * stand.width), rgb("6f7a3c"))
    _paint_jug(stand)


def _paint_frame(stand: Stand) -> None:
    """Vermeer's cloud or flock: a picture of it in a gilt frame on the wall."""
    y, half, tall = 0.2, 0.7 * stand.width, 0.54 * stand.width
    for share, colour in ((1.0, "3a2814"), (0.92, "a47c3a"), (0.7, "7f97a4")):
        edge = (1 - share) * half
        stand.canvas.fill(_centre(stand.x, y, half - edge, tall - edge), rgb(colour))
    _paint_landscape(stand, y, 0.7 * half, tall - 0.3 * half)


def _paint_landscape(stand: Stand, y: float, wide: float, low: float) -> None:
    """Hills below the cloud or below two of the birds."""
    hills = [(-wide, low), (-wide, 0.4 * low), (0, 0.1 * low), (wide, 0.5 * low), (wide, low)]
    stand.canvas.fill(np.array([(stand.x + px, y + py) for px, py in hills], np.float32), rgb("5a6238"))
    small = replace(stand, width=stand.width * 0.5)
    if stand.composition.prop == "cloud":
        for px, py, radius in _CLOUD[2:]:
            stand.canvas.fill(_blob(small, (px, py - 0.25, radius), y), rgb("efe6d2"))
        return
    for px in (-0.44, 0.44):
        wing = [(px + 0.34 * wx, 0.3 * wy - 0.25) for wx, wy in _WING]
        stand.canvas.stroke(small.place(wing, y), rgb("1c1620"), 0.012)


def _centre(x: float, y: float, half: float, tall: float) -> Array:
    """A box around (x, y), half as wide and half as tall as given."""
    return box(x - half, y - tall, x + half, y + tall)


def _paint_block(stand: Stand) -> None:
    """Mondrian's: a field of colour between black lines, on the horizon or in the sky."""
    low = stand.composition.prop in ("stone", "bush")
    colour = "1a4aa8" if stand.composition.prop in ("stone", "cloud") else "f7cf1d"
    half, tall = (0.5 * stand.width, 0.36 * stand.width) if low else (0.36 * stand.width, 0.5 * stand.width)
    field = _centre(stand.x, stand.composition.horizon - tall if low else 0.2, half, tall)
    stand.canvas.fill(field, rgb(colour))
    stand.canvas.outline(field, rgb("141414"), 0.026)


_OUTDOORS = {"stone": _paint_stone, "bush": _paint_bush, "cloud": _paint_cloud, "flock": _paint_flock}
_INDOORS: dict[str | None, dict[str, Callable[[Stand], None]]] = {
    "Vermeer": {"stone": _paint_jug, "bush": _paint_jug_with_twigs, "cloud": _paint_frame, "flock": _paint_frame},
    "Mondrian": dict.fromkeys(_OUTDOORS, _paint_block),
}
