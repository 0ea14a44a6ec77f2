"""A pen that draws in subject coordinates.

The centre of the subject is (0, 0). One unit is `composition.size` of the image side. x points right and y down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seedlab.sketch.drawings.canvas import Canvas, Colour, Shading, rasterize_polygon, shade
from seedlab.sketch.drawings.geometry import Array, Point, closed_curve, ellipse, mirror, open_curve
from seedlab.sketch.drawings.palette import Palette
from seedlab.sketch.scene import Composition

Ball = tuple[float, float, float]
"""x, y and radius in subject units."""


@dataclass(frozen=True)
class Pen:
    """Draws a subject on a canvas.

    `ink` is the colour of outlines, or None for styles without outlines; `ink_width` is a fraction of the image side.
    `upright` subjects tilt only a quarter as far.
    """

    canvas: Canvas
    composition: Composition
    palette: Palette
    shading: Shading
    ink: Colour | None = None
    ink_width: float = 0.0
    style: str | None = None
    upright: bool = False

    @property
    def facing(self) -> int:
        """1 if the subject looks right, -1 if left."""
        return 1 if self.composition.turn > 0 else -1

    def to_image(self, points: Array) -> Array:
        """Convert subject coordinates (n, 2) to image coordinates."""
        angle = self.composition.tilt * (0.25 if self.upright else 1.0)
        cos, sin = np.cos(angle), np.sin(angle)
        turned = points @ np.array([[cos, sin], [-sin, cos]], np.float32)
        return np.asarray(turned * self.composition.size + (self.composition.x, self.composition.y), np.float32)

    def blob(self, colour: Colour, points: Sequence[Point], side: int = 1, *, plain: bool = False) -> None:
        """Fill a smooth closed shape through the points, mirrored horizontally for side -1."""
        self.fill(colour, closed_curve(mirror(points, side)), plain=plain)

    def polygon(self, colour: Colour, points: Sequence[Point], side: int = 1, *, plain: bool = False) -> None:
        """Fill a polygon, mirrored horizontally for side -1."""
        self.fill(colour, np.asarray(mirror(points, side), np.float32), plain=plain)

    def oval(
        self, colour: Colour, x: float, y: float, rx: float, ry: float, angle: float = 0.0, *, plain: bool = False
    ) -> None:
        """Fill an ellipse."""
        self.fill(colour, ellipse(x, y, rx, ry, angle), plain=plain)

    def line(self, colour: Colour, points: Sequence[Point], width: float, side: int = 1) -> None:
        """Draw a smooth open line, mirrored horizontally for side -1. The width is in subject units."""
        placed = self.to_image(open_curve(mirror(points, side)))
        self.canvas.stroke(placed, colour, width * self.composition.size, subject=True)

    def cluster(self, colour: Colour, balls: Sequence[Ball], rim: float) -> None:
        """Fill circles with one outline around all of them, `rim` subject units wide, if the style has ink."""
        if self.ink is not None:
            for x, y, radius in balls:
                self.oval(self.ink, x, y, radius + rim, radius + rim, plain=True)
        for x, y, radius in balls:
            self.fill_shaded(colour, ellipse(x, y, radius, radius))

    def fill(self, colour: Colour, points: Array, *, plain: bool = False) -> None:
        """Fill a polygon (n, 2). `plain` shapes (eyes, marks) have neither outline nor shading."""
        if plain:
            self.canvas.fill(self.to_image(points), colour, subject=True)
        else:
            self.outline(points)
            self.fill_shaded(colour, points)

    def outline(self, points: Array) -> None:
        """Outline a polygon (n, 2) if the style has ink."""
        if self.ink is not None:
            self.canvas.outline(self.to_image(points), self.ink, self.ink_width * 2, subject=True)

    def fill_shaded(self, colour: Colour, points: Array) -> None:
        """Fill a polygon (n, 2) with shading but without an outline."""
        self.canvas.fill(self.to_image(points), colour, self.shading, subject=True)

    def patch(self, colour: Colour, points: Sequence[Point] | Array, form: Sequence[Point] | Array) -> None:
        """Fill part of a shape's surface, with the shading of the whole shape `form`."""
        whole = self.to_image(np.asarray(form, np.float32))
        mask = rasterize_polygon(self.to_image(np.asarray(points, np.float32)), self.canvas.size)
        if mask is not None:
            self.canvas.apply(mask, shade(colour, self.shading, whole, mask, self.canvas.size), subject=True)
