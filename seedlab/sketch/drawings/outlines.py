"""Outlines of shapes: closed and open curves through points, ellipses; pure geometry, in any units, y down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Point = tuple[float, float]


def smooth(points: Sequence[Point] | Array, steps: int = 6) -> Array:
    """A closed Catmull-Rom curve (n * steps, 2) through the points."""
    knots = np.asarray(points, np.float32)
    before, after, later = np.roll(knots, 1, 0), np.roll(knots, -1, 0), np.roll(knots, -2, 0)
    t = (np.arange(steps, dtype=np.float32) / steps)[None, :, None]
    p0, p1, p2, p3 = (p[:, None] for p in (before, knots, after, later))
    curve = p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    return curve.reshape(-1, 2)


def curve(points: Sequence[Point] | Array, steps: int = 5) -> Array:
    """An open Catmull-Rom curve through the points, both ends included."""
    knots = np.asarray(points, np.float32)
    padded = np.concatenate([knots, 2 * knots[-1:] - knots[-2:-1], 2 * knots[:1] - knots[1:2]])
    return smooth(padded, steps)[: (len(knots) - 1) * steps + 1]


def ellipse(x: float, y: float, rx: float, ry: float, angle: float = 0.0) -> Array:
    """A polygon (28, 2) around an ellipse; the angle in radians."""
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    across, along = rx * np.cos(turn), ry * np.sin(turn)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([x + across * cos - along * sin, y + across * sin + along * cos], 1).astype(np.float32)


def mirror(points: Sequence[Point], side: int) -> list[Point]:
    """The points as given for side 1, mirrored left to right for side -1."""
    return [(side * x, y) for x, y in points]


def shift(points: Sequence[Point], x: float) -> list[Point]:
    """The points, moved to the right."""
    return [(px + x, py) for px, py in points]


def trace(text: str) -> tuple[Point, ...]:
    """Points from text: "0.1 -0.5, 0.2 0" is (0.1, -0.5), (0.2, 0)."""
    pairs = (pair.split() for pair in text.split(","))
    return tuple((float(x), float(y)) for x, y in pairs)
