"""Props: an object next to or behind the subject, in colours that match the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seedlab.sketch.drawings.canvas import Canvas, Colour, mix, rgb
from seedlab.sketch.drawings.geometry import Array, Point, closed_curve, ellipse, open_curve, parse_points, rectangle
from seedlab.sketch.drawings.palette import BackgroundPalette, grade
from seedlab.sketch.drawings.styles.registry import STYLES
from seedlab.sketch.scene import Composition

_STONE = parse_points("-0.5 0.02, -0.46 -0.2, -0.26 -0.42, 0.06 -0.5, 0.34 -0.36, 0.5 -0.12, 0.5 0.02, 0 0.06")
_JUG = parse_points(
    "-0.2 0, -0.42 -0.3, -0.34 -0.6, -0.17 -0.76, -0.24 -1, 0.24 -1, 0.17 -0.76, 0.34 -0.6, 0.42 -0.3, 0.2 0"
)
_BUSH = ((-0.34, -0.15, 0.19), (0.34, -0.15, 0.19), (-0.15, -0.34, 0.23), (0.18, -0.36, 0.21), (0, -0.18, 0.24))
_CLOUD = ((-0.33, 0, 0.17), (0.34, 0.01, 0.16), (-0.1, -0.09, 0.21), (0.15, -0.06, 0.19), (0, 0.04, 0.17))
_FLOCK = ((0, 0), (-0.44, 0.24), (0.42, 0.2), (0.02, 0.46))
_WING = parse_points("-1 -0.25, -0.5 -0.5, 0 0.12, 0.5 -0.5, 1 -0.25")


@dataclass(frozen=True)
class PropContext:
    """The position and width of a prop in image coordinates, and what it is painted with."""

    canvas: Canvas
    colours: BackgroundPalette
    composition: Composition
    style: str | None
    x: float
    width: float

    @property
    def foot(self) -> float:
        """The y of the foot of objects on the ground, slightly below the horizon."""
        line = self.composition.horizon
        return line + 0.02 + 0.22 * (1 - line)

    @property
    def height(self) -> float:
        """The y of objects in the sky."""
        return 0.13 + 0.08 * self.composition.hill

    def fill(self, points: Array, colour: Colour, volume: float = 0.8) -> None:
        """Fill a polygon (n, 2) with the shading of the style."""
        shading = STYLES[self.style].shading(self.composition.light, volume)
        self.canvas.fill(points, colour, shading)

    def draw(self, shapes: list[Array], colour: Colour, volume: float = 0.8) -> None:
        """Draw shapes as one object: all outlines first, then the fills, which cover the inner outlines."""
        style = STYLES[self.style]
        if style.ink is not None:
            for points in shapes:
                self.canvas.outline(points, style.ink, style.ink_width * 1.6)
        for points in shapes:
            self.fill(points, colour, volume)

    def to_image(self, points: Array | Sequence[Point], y: float) -> Array:
        """Scale and move an outline of width 1 around (0, 0) to the position of the prop."""
        return np.asarray([(self.x + self.width * px, y + self.width * py) for px, py in points], np.float32)


def paint_prop(canvas: Canvas, colours: BackgroundPalette, composition: Composition, style: str | None) -> None:
    """Paint the prop of the composition, if any, in a form that suits the style."""
    if composition.prop is None:
        return
    low = composition.prop in ("stone", "bush")
    x = _position_beside_subject(composition) if low else 0.1 + 0.8 * composition.prop_x
    context = PropContext(canvas, colours, composition, style, x, 0.18 + 0.14 * composition.prop_size)
    _STYLE_PROPS.get(style, _DEFAULT_PROPS)[composition.prop](context)


def _position_beside_subject(composition: Composition) -> float:
    """Map `prop_x` to the free space left and right of the subject, which would hide an object on the ground."""
    reach = 0.9 * composition.size
    left = max(0.0, composition.x - reach - 0.06)
    right = max(0.0, 0.94 - composition.x - reach)
    offset = composition.prop_x * (left + right)
    return 0.06 + offset if offset < left else 0.94 - right + (offset - left)


def _paint_stone(context: PropContext) -> None:
    natural = mix(grade(rgb("9a948e"), context.style), context.colours.near, 0.3)
    colour = _ensure_contrast(natural, context.colours.far)
    shadow = ellipse(context.x, context.foot + 0.012, 0.56 * context.width, 0.09 * context.width)
    context.canvas.fill(shadow, mix(context.colours.near, rgb("000000"), 0.35))
    context.draw([closed_curve(context.to_image(_STONE, context.foot))], colour, 1.1)
    chip = [(-0.26, -0.3), (0.02, -0.4), (0.2, -0.3), (-0.02, -0.2)]
    context.canvas.fill(context.to_image(chip, context.foot), mix(colour, rgb("ffffff"), 0.28))


def _ensure_contrast(colour: Colour, behind: Colour) -> Colour:
    """Make the colour darker or lighter if it would not stand out from the colour behind it."""
    gap = _lightness(colour) - _lightness(behind)
    if abs(gap) > 0.16:
        return colour
    return mix(colour, rgb("fff4dc") if _lightness(behind) < 0.4 else rgb("151020"), 0.26)


def _lightness(colour: Colour) -> float:
    return 0.34 * colour[0] + 0.52 * colour[1] + 0.14 * colour[2]


def _paint_bush(context: PropContext) -> None:
    wide = replace(context, width=context.width * 1.25)
    natural = mix(grade(rgb("3f8448"), context.style), context.colours.near, 0.3)
    colour = _ensure_contrast(natural, mix(context.colours.far, context.colours.haze, 0.35))
    leaves = [_blob(wide, blob, context.foot) for blob in _BUSH]
    wide.draw(leaves, colour, 0.9)
    berry = grade(rgb("e0503c"), context.style)
    for px, py in ((-0.3, -0.18), (-0.06, -0.36), (0.16, -0.16), (0.3, -0.3)):
        wide.canvas.fill(_blob(wide, (px, py, 0.055), context.foot), berry)


def _blob(context: PropContext, blob: tuple[float, float, float], y: float) -> Array:
    px, py, radius = (part * context.width for part in blob)
    return ellipse(context.x + px, y + py, radius, radius)


def _paint_cloud(context: PropContext) -> None:
    wide = replace(context, width=context.width * 1.35)
    white = mix(grade(rgb("ffffff"), context.style), context.colours.haze, 0.12)
    dim = _lightness(context.colours.sky) < 0.3
    colour = mix(context.colours.sky, white, 0.5 if dim else 0.95)
    if _lightness(context.colours.sky) > 0.8:
        colour = mix(context.colours.sky, rgb("7c93b4"), 0.55)
    wide.draw([_blob(wide, blob, context.height) for blob in _CLOUD], colour, 0.35)


def _paint_flock(context: PropContext) -> None:
    dark = _lightness(context.colours.sky) < 0.36
    colour = mix(context.colours.sky, rgb("fff6e0") if dark else rgb("1c1c2c"), 0.8)
    span = 0.23 * context.width
    for px, py in _FLOCK:
        x, y = context.x + px * context.width * 1.2, context.height + py * context.width
        wing = replace(context, x=x, width=span).to_image(_WING, y)
        if dark:  # light birds need an outline over stars or pale fields
            context.canvas.stroke(open_curve(wing), rgb("14142a"), 0.03)
        context.canvas.stroke(open_curve(wing), colour, 0.015)


def _paint_jug(context: PropContext) -> None:
    """Paint Vermeer's stone: a glazed jug on the table."""
    small = replace(context, width=context.width * 0.85)
    shadow = ellipse(context.x - 0.05 * context.composition.light, context.foot, 0.5 * small.width, 0.1 * small.width)
    context.canvas.fill(shadow, mix(context.colours.near, rgb("000000"), 0.55))
    side = context.composition.light
    handle = [(0.28 * side, -0.82), (0.58 * side, -0.72), (0.56 * side, -0.44), (0.36 * side, -0.36)]
    context.canvas.stroke(open_curve(small.to_image(handle, context.foot)), rgb("8a7048"), 0.02)
    body = rgb("5470a0") if context.composition.prop == "stone" else rgb("a8663a")
    small.fill(closed_curve(small.to_image(_JUG, context.foot)), body, 1.2)
    mouth = ellipse(context.x, context.foot - small.width, 0.24 * small.width, 0.07 * small.width)
    small.fill(mouth, rgb("2a1c12"), 0.2)


def _paint_jug_with_twigs(context: PropContext) -> None:
    """Paint Vermeer's bush: a jug with leafy twigs."""
    top = context.foot - 0.85 * context.width
    for lean in (-0.34, -0.12, 0.12, 0.34):
        tip = context.x + lean * context.width, top - (0.55 - abs(lean)) * context.width
        context.canvas.stroke(np.array([(context.x, top + 0.04), tip], np.float32), rgb("3c4424"), 0.012)
        context.fill(ellipse(*tip, 0.13 * context.width, 0.17 * context.width), rgb("6f7a3c"))
    _paint_jug(context)


def _paint_frame(context: PropContext) -> None:
    """Paint Vermeer's cloud or flock: a picture of it in a gilt frame on the wall."""
    y, half, tall = 0.2, 0.7 * context.width, 0.54 * context.width
    for share, colour in ((1.0, "3a2814"), (0.92, "a47c3a"), (0.7, "7f97a4")):
        edge = (1 - share) * half
        context.canvas.fill(_centred_rectangle(context.x, y, half - edge, tall - edge), rgb(colour))
    _paint_landscape(context, y, 0.7 * half, tall - 0.3 * half)


def _paint_landscape(context: PropContext, y: float, wide: float, low: float) -> None:
    """Paint hills below the cloud or below two birds."""
    hills = [(-wide, low), (-wide, 0.4 * low), (0, 0.1 * low), (wide, 0.5 * low), (wide, low)]
    context.canvas.fill(np.array([(context.x + px, y + py) for px, py in hills], np.float32), rgb("5a6238"))
    small = replace(context, width=context.width * 0.5)
    if context.composition.prop == "cloud":
        for px, py, radius in _CLOUD[2:]:
            context.canvas.fill(_blob(small, (px, py - 0.25, radius), y), rgb("efe6d2"))
        return
    for px in (-0.44, 0.44):
        wing = [(px + 0.34 * wx, 0.3 * wy - 0.25) for wx, wy in _WING]
        context.canvas.stroke(small.to_image(wing, y), rgb("1c1620"), 0.012)


def _centred_rectangle(x: float, y: float, half: float, tall: float) -> Array:
    """Return a rectangle around (x, y) with half the width `half` and half the height `tall`."""
    return rectangle(x - half, y - tall, x + half, y + tall)


def _paint_block(context: PropContext) -> None:
    """Paint Mondrian's props: a coloured field with black lines, on the horizon or in the sky."""
    low = context.composition.prop in ("stone", "bush")
    colour = "1a4aa8" if context.composition.prop in ("stone", "cloud") else "f7cf1d"
    half, tall = (0.5 * context.width, 0.36 * context.width) if low else (0.36 * context.width, 0.5 * context.width)
    field = _centred_rectangle(context.x, context.composition.horizon - tall if low else 0.2, half, tall)
    context.canvas.fill(field, rgb(colour))
    context.canvas.outline(field, rgb("141414"), 0.026)


_DEFAULT_PROPS = {"stone": _paint_stone, "bush": _paint_bush, "cloud": _paint_cloud, "flock": _paint_flock}
_STYLE_PROPS: dict[str | None, dict[str, Callable[[PropContext], None]]] = {
    "Vermeer": {"stone": _paint_jug, "bush": _paint_jug_with_twigs, "cloud": _paint_frame, "flock": _paint_frame},
    "Mondrian": dict.fromkeys(_DEFAULT_PROPS, _paint_block),
}
