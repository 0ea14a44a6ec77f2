"""A small painter's canvas: shapes, shaded as if they bulged towards the viewer.

Points are in picture units: x to the right and y down, both 0...1 inside the picture. Colours are float32 RGB, 0...1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from seedlab.sketch.drawings.outlines import Array, Point

Colour = tuple[float, float, float]

OVERSAMPLING = 4


@dataclass(frozen=True)
class Shading:
    """How a shape's colour turns towards the light and away from it."""

    light: Colour
    shadow: Colour
    direction: Point
    volume: float = 1.0
    facets: bool = False


@dataclass(frozen=True)
class Stamp:
    """A shape's coverage (h, w), 0...1, and where its upper left pixel is."""

    left: int
    top: int
    coverage: Array

    @property
    def window(self) -> tuple[slice, slice]:
        """The rows and the columns that the stamp covers."""
        height, width = self.coverage.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


class Canvas:
    """Square pixels (size, size, 3), and beside them the coverage of the subject (size, size)."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.pixels: Array = np.zeros((size, size, 3), np.float32)
        self.subject: Array = np.zeros((size, size), np.float32)

    def fill(self, points: Array, colour: Colour, shading: Shading | None = None, *, subject: bool = False) -> None:
        """Covers the polygon `points` (n, 2) with a colour, shaded when `shading` is given."""
        stamp = stamp_polygon(points, self.size)
        if stamp is None:
            return
        paint = as_array(colour) if shading is None else shade(colour, shading, points, stamp, self.size)
        self.apply(stamp, paint, subject=subject)

    def outline(self, points: Array, colour: Colour, width: float, *, subject: bool = False) -> None:
        """Covers a line of the given width (picture units) along the closed polygon, both sides of its edge."""
        stamp = stamp_line(np.concatenate([points, points[:2]]), width, self.size)
        if stamp is not None:
            self.apply(stamp, as_array(colour), subject=subject)

    def stroke(self, points: Array, colour: Colour, width: float, *, subject: bool = False) -> None:
        """Covers an open line of the given width (picture units) with round joints."""
        stamp = stamp_line(points, width, self.size)
        if stamp is not None:
            self.apply(stamp, as_array(colour), subject=subject)

    def apply(self, stamp: Stamp, paint: Array, *, subject: bool) -> None:
        """Lays paint (3,) or (h, w, 3) over the pixels where the stamp covers them."""
        coverage = stamp.coverage[..., None]
        region = self.pixels[stamp.window]
        self.pixels[stamp.window] = region + coverage * (paint - region)
        if subject:
            np.maximum(self.subject[stamp.window], stamp.coverage, out=self.subject[stamp.window])


def as_array(colour: Colour) -> Array:
    """The colour as an array (3,)."""
    return np.asarray(colour, np.float32)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` at share 0, `second` at share 1."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def rgb(code: str) -> Colour:
    """A colour from six hexadecimal digits."""
    return int(code[:2], 16) / 255, int(code[2:4], 16) / 255, int(code[4:], 16) / 255


def stamp_polygon(points: Array, size: int) -> Stamp | None:
    """The coverage of a filled polygon, or None when no pixel is inside the picture."""
    box = _pixel_box(points, 0.0, size)
    if box is None:
        return None
    image, corners = _blow_up(points, box, size)
    ImageDraw.Draw(image).polygon(corners, fill=255)
    return _shrink(image, box)


def stamp_line(points: Array, width: float, size: int) -> Stamp | None:
    """The coverage of a line, or None when no pixel is inside the picture."""
    box = _pixel_box(points, width, size)
    if box is None:
        return None
    image, corners = _blow_up(points, box, size)
    pen = ImageDraw.Draw(image)
    thickness = max(1, round(width * size * OVERSAMPLING))
    pen.line(corners, fill=255, width=thickness, joint="curve")
    for x, y in (corners[0], corners[-1]):
        pen.ellipse((x - thickness / 2, y - thickness / 2, x + thickness / 2, y + thickness / 2), fill=255)
    return _shrink(image, box)


def _pixel_box(points: Array, margin: float, size: int) -> tuple[int, int, int, int] | None:
    low = np.floor((points.min(0) - margin) * size).astype(int)
    high = np.ceil((points.max(0) + margin) * size).astype(int) + 1
    left, top = max(0, low[0]), max(0, low[1])
    right, bottom = min(size, high[0]), min(size, high[1])
    return (left, top, right, bottom) if left < right and top < bottom else None


def _blow_up(points: Array, box: tuple[int, int, int, int], size: int) -> tuple[Image.Image, list[Point]]:
    left, top, right, bottom = box
    image = Image.new("L", ((right - left) * OVERSAMPLING, (bottom - top) * OVERSAMPLING))
    shifted = (points * size - (left, top)) * OVERSAMPLING
    return image, [(float(x), float(y)) for x, y in shifted]


def _shrink(image: Image.Image, box: tuple[int, int, int, int]) -> Stamp:
    coverage = as_fractions(image.reduce(OVERSAMPLING))
    return Stamp(box[0], box[1], coverage)


def shade(colour: Colour, shading: Shading, points: Array, stamp: Stamp, size: int) -> Array:
    """Paint (h, w, 3) that is lighter where the shape faces the light; `points` say where the shape is."""
    low, high = points.min(0), points.max(0)
    middle, half = (low + high) / 2 * size, np.maximum((high - low) / 2 * size, 1.0)
    height, width = stamp.coverage.shape
    u = (np.arange(stamp.left, stamp.left + width, dtype=np.float32) + 0.5 - middle[0]) / half[0]
    v = (np.arange(stamp.top, stamp.top + height, dtype=np.float32) + 0.5 - middle[1]) / half[1]
    facing = shading.direction[0] * u[None, :] + shading.direction[1] * v[:, None]
    bulge = 0.35 - 0.45 * (u[None, :] ** 2 + v[:, None] ** 2)
    amount = np.clip((0.75 * facing + bulge) * shading.volume, -1, 1)
    if shading.facets:
        amount = np.where(amount < -0.12, np.float32(-0.35), np.float32(0.0)) * shading.volume
    return _towards(colour, shading, amount.astype(np.float32))


def _towards(colour: Colour, shading: Shading, amount: Array) -> Array:
    base, up = as_array(colour), np.clip(amount, 0, 1)[..., None] * 0.5
    down = np.clip(-amount, 0, 1)[..., None] * 0.7
    return np.asarray(
        base + up * (as_array(shading.light) - base) + down * (as_array(shading.shadow) - base), np.float32
    )


def blur(values: Array, radius: float) -> Array:
    """A Gaussian blur of (h, w) or (h, w, 3) values in 0...1; the radius in pixels."""
    image = Image.fromarray((np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8))
    return as_fractions(image.filter(ImageFilter.GaussianBlur(radius)))


def as_fractions(image: Image.Image) -> Array:
    """An 8-bit image as values 0...1."""
    return np.asarray(np.asarray(image, np.float32) / 255, np.float32)


def grid(size: int) -> tuple[Array, Array]:
    """Picture coordinates of the pixels' middles: x (1, size) and y (size, 1)."""
    steps: Array = np.asarray((np.arange(size, dtype=np.float32) + 0.5) / size, np.float32)
    return steps[None, :], steps[:, None]
