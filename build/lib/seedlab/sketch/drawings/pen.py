"""A pen that draws a subject's parts in the subject's own coordinates.

The subject's middle is (0, 0); one unit is `composition.size` of the picture; x and y as on the canvas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seedlab.sketch.drawings.canvas import Canvas, Colour, Shading, shade, stamp_polygon
from seedlab.sketch.drawings.outlines import Array, Point, curve, ellipse, mirror, smooth
from seedlab.sketch.drawings.palette import Palette
from seedlab.sketch.scene import Composition

Ball = tuple[float, float, float]
"""x, y, and radius, in subject units."""


@dataclass(frozen=True)
class Pen:
    """Draws on a canvas with a palette; `ink` is the colour of outlines and `ink_width` (pictures) their width."""

    canvas: Canvas
    composition: Composition
    palette: Palette
    shading: Shading
    ink: Colour | None = None
    ink_width: float = 0.0
    painter: str | None = None
    upright: bool = False

    @property
    def facing(self) -> int:
        """1 when the subject looks to the right, -1 to the left."""
        return 1 if self.composition.turn > 0 else -1

    def place(self, points: Array) -> Array:
        """Subject coordinates (n, 2) to picture coordinates."""
        angle = self.composition.tilt * (0.25 if self.upright else 1.0)
        cos, sin = np.cos(angle), np.sin(angle)
        turned = points @ np.array([[cos, sin], [-sin, cos]], np.float32)
        return np.asarray(turned * self.composition.size + (self.composition.x, self.composition.y), np.float32)

    def blob(self, colour: Colour, points: Sequence[Point], side: int = 1, *, plain: bool = False) -> None:
        """A smooth closed shape through the points, mirrored left to right for side -1."""
        self.fill(colour, smooth(mirror(points, side)), plain=plain)

    def polygon(self, colour: Colour, points: Sequence[Point], side: int = 1, *, plain: bool = False) -> None:
        """A shape with corners, mirrored left to right for side -1."""
        self.fill(colour, np.asarray(mirror(points, side), np.float32), plain=plain)

    def oval(
        self, colour: Colour, x: float, y: float, rx: float, ry: float, angle: float = 0.0, *, plain: bool = False
    ) -> None:
        """An ellipse."""
        self.fill(colour, ellipse(x, y, rx, ry, angle), plain=plain)

    def line(self, colour: Colour, points: Sequence[Point], width: float, side: int = 1) -> None:
        """An open smooth line, mirrored left to right for side -1; its width in subject units."""
        placed = self.place(curve(mirror(points, side)))
        self.canvas.stroke(placed, colour, width * self.composition.size, subject=True)

    def cluster(self, colour: Colour, balls: Sequence[Ball], rim: float) -> None:
        """Balls with one outline around all of them, `rim` subject units wide where the painter has ink."""
        if self.ink is not None:
            for x, y, radius in balls:
                self.oval(self.ink, x, y, radius + rim, radius + rim, plain=True)
        for x, y, radius in balls:
            self.model(colour, ellipse(x, y, radius, radius))

    def fill(self, colour: Colour, points: Array, *, plain: bool = False) -> None:
        """Fills a polygon (n, 2); `plain` ones (eyes, marks) have neither outline nor shading."""
        if plain:
            self.canvas.fill(self.place(points), colour, subject=True)
        else:
            self.outline(points)
            self.model(colour, points)

    def outline(self, points: Array) -> None:
        """A line around a polygon (n, 2) where the painter has ink."""
        if self.ink is not None:
            self.canvas.outline(self.place(points), self.ink, self.ink_width * 2, subject=True)

    def model(self, colour: Colour, points: Array) -> None:
        """Fills a polygon (n, 2) with light and shadow, without an outline."""
        self.canvas.fill(self.place(points), colour, self.shading, subject=True)

    def patch(self, colour: Colour, points: Sequence[Point] | Array, form: Sequence[Point] | Array) -> None:
        """Fills a part of a form's surface, shaded as the whole form is."""
        whole = self.place(np.asarray(form, np.float32))
        stamp = stamp_polygon(self.place(np.asarray(points, np.float32)), self.canvas.size)
        if stamp is not None:
            self.canvas.apply(stamp, shade(colour, self.shading, whole, stamp, self.canvas.size), subject=True)
