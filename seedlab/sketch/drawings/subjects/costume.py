"""The costume of Vermeer's subjects: a blue turban with a yellow scarf, a white collar, and a pearl."""

from __future__ import annotations

from seedlab.sketch.drawings.canvas import mix, rgb
from seedlab.sketch.drawings.geometry import parse_points
from seedlab.sketch.drawings.pen import Pen

COAT, TURBAN, TURBAN_FOLD, SCARF, SCARF_FOLD = map(rgb, ("8a5f2a", "2257b4", "5b8fe0", "e0b23a", "a67a1c"))
PEARL, PEARL_SHADE = rgb("fbf6ea"), rgb("b7b3ad")

_SCARF = parse_points("0.3 -1.2, 0.72 -1.12, 1.02 -0.3, 1.22 0.62, 1.02 0.9, 0.78 0.5")
_SCARF_FOLD = parse_points("0.62 -0.95, 0.85 -0.2, 1.0 0.7")
_TURBAN = parse_points(
    "-0.7 -0.4, -0.36 -0.46, 0.0 -0.48, 0.36 -0.46, 0.7 -0.4, 0.74 -0.72, 0.5 -1.08, 0.0 -1.2, -0.5 -1.08, -0.74 -0.72"
)
_UPPER_FOLD = parse_points("-0.6 -0.66, -0.1 -0.72, 0.42 -1.0")
_LOWER_FOLD = parse_points("-0.42 -0.9, 0.05 -0.92, 0.3 -1.08")
_COLLAR = parse_points("-0.5 0.72, 0.0 0.86, 0.5 0.72, 0.6 0.98, 0.0 1.16, -0.6 0.98")


def draw_scarf(pen: Pen) -> None:
    """Draw the yellow scarf, which falls from the turban behind the averted side of the head."""
    pen.blob(SCARF, _SCARF, -pen.facing)
    pen.line(SCARF_FOLD, _SCARF_FOLD, 0.07, -pen.facing)


def draw_turban(pen: Pen) -> None:
    """Draw the turban with its knot and two folds."""
    back = -pen.facing
    pen.oval(SCARF, back * 0.34, -1.2, 0.32, 0.17, back * 0.3)
    pen.blob(TURBAN, _TURBAN)
    pen.line(TURBAN_FOLD, _UPPER_FOLD, 0.075, back)
    pen.line(mix(TURBAN, (0, 0, 0), 0.45), _LOWER_FOLD, 0.05, back)


def draw_collar(pen: Pen) -> None:
    """Draw the white collar."""
    pen.blob(PEARL, _COLLAR)


def draw_pearl(pen: Pen, x: float, y: float) -> None:
    """Draw the pearl below an ear."""
    pen.oval(PEARL_SHADE, x, y, 0.125, 0.135, plain=True)
    pen.oval(PEARL, x + 0.02 * pen.composition.light, y - 0.03, 0.095, 0.095, plain=True)
