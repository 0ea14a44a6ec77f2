"""Eyes shared by several animals."""

from __future__ import annotations

from seedlab.sketch.drawings.canvas import Colour, mix, rgb
from seedlab.sketch.drawings.palette import WHITE
from seedlab.sketch.drawings.pen import Pen


def draw_eye(pen: Pen, x: float, y: float, radius: float, rim: Colour | None = None) -> None:
    """Draw a round dark eye with a brown iris and a highlight. `rim` is the colour of the ring around it."""
    dark, light = pen.palette.dark, pen.composition.light
    if rim is not None:
        pen.oval(rim, x, y, radius * 1.3, radius * 1.35, plain=True)
    pen.oval(dark, x, y, radius, radius * 1.08, plain=True)
    pen.oval(mix(dark, rgb("a0622a"), 0.55), x, y + radius * 0.3, radius * 0.62, radius * 0.58, plain=True)
    pen.oval(dark, x, y + radius * 0.05, radius * 0.5, radius * 0.52, plain=True)
    pen.oval(WHITE, x + radius * 0.32 * light, y - radius * 0.38, radius * 0.38, radius * 0.38, plain=True)


def draw_bead_eye(pen: Pen, x: float, y: float, radius: float) -> None:
    """Draw a dark eye with a white ring and a highlight."""
    offset = radius * 0.3
    pen.oval(WHITE, x, y, radius * 1.25, radius * 1.25, plain=True)
    pen.oval(pen.palette.dark, x, y, radius * 0.8, radius * 0.8, plain=True)
    pen.oval(WHITE, x + offset * pen.composition.light, y - offset, radius * 0.28, radius * 0.28, plain=True)
