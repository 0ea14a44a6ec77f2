"""Geometry of shapes: curves, ellipses, and transformations of points. y points down; units are arbitrary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Point = tuple[float, float]


def closed_curve(points: Sequence[Point] | Array, steps: int = 6) -> Array:
    """Return a closed Catmull-Rom curve (n * steps, 2) through the points."""
    knots = np.asarray(points, np.float32)
    before, after, later = np.roll(knots, 1, 0), np.roll(knots, -1, 0), np.roll(knots, -2, 0)
    t = (np.arange(steps, dtype=np.float32) / steps)[None, :, None]
    p0, p1, p2, p3 = (p[:, None] for p in (before, knots, after, later))
    curve = p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    return curve.reshape(-1, 2)


def open_curve(points: Sequence[Point] | Array, steps: int = 5) -> Array:
    """Return an open Catmull-Rom curve ((n - 1) * steps + 1, 2) through the points."""
    knots = np.asarray(points, np.float32)
    padded = np.concatenate([knots, 2 * knots[-1:] - knots[-2:-1], 2 * knots[:1] - knots[1:2]])
    return closed_curve(padded, steps)[: (len(knots) - 1) * steps + 1]


def ellipse(x: float, y: float, rx: float, ry: float, angle: float = 0.0) -> Array:
    """Return a polygon (28, 2) of an ellipse, rotated by `angle` radians."""
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    across, along = rx * np.cos(turn), ry * np.sin(turn)
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([x + across * c - along * s, y + across * s + along * c], 1).astype(np.float32)


def mirror(points: Sequence[Point], side: int) -> list[Point]:
    """Mirror the points horizontally for side -1."""
    return [(side * x, y) for x, y in points]


def translate(points: Sequence[Point], x: float, y: float = 0.0) -> list[Point]:
    """Move the points right by x and down by y."""
    return [(px + x, py + y) for px, py in points]


def rotate(points: Sequence[Point], angle: float, x: float = 0.0, y: float = 0.0) -> list[Point]:
    """Rotate the points clockwise about (x, y) by `angle` radians."""
    c, s = cos(angle), sin(angle)
    return [(x + (px - x) * c - (py - y) * s, y + (px - x) * s + (py - y) * c) for px, py in points]


def points_on_ellipse(
    count: int, x: float, y: float, rx: float, ry: float, start: float
) -> Iterator[tuple[float, float, float]]:
    """Yield `count` points at even angles on an ellipse: x, y, and the angle in radians, beginning at `start`."""
    for index in range(count):
        angle = index * 2 * pi / count + start
        yield x + rx * cos(angle), y + ry * sin(angle), angle


def rectangle(left: float, top: float, right: float, bottom: float) -> Array:
    """Return the corners (4, 2) of an axis-aligned rectangle."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


def thick_curve(points: Sequence[Point], radius: float) -> Array:
    """Return the outline (n, 2) of an open curve with the given radius and round ends."""
    spine = open_curve(points)
    along = np.gradient(spine, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.stack([-along[:, 1], along[:, 0]], 1) * radius
    turn = np.linspace(0, np.pi, 9, dtype=np.float32)[1:-1, None]
    end = spine[-1] + np.cos(turn) * across[-1] + np.sin(turn) * along[-1] * radius
    start = spine[0] - np.cos(turn) * across[0] - np.sin(turn) * along[0] * radius
    return np.asarray(np.concatenate([spine + across, end, (spine - across)[::-1], start]), np.float32)


def parse_points(text: str) -> tuple[Point, ...]:
    """Parse points: "0.1 -0.5, 0.2 0" gives (0.1, -0.5), (0.2, 0)."""
    pairs = (pair.split() for pair in text.split(","))
    return tuple((float(x), float(y)) for x, y in pairs)
