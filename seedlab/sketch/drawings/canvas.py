"""A canvas for antialiased shapes, shaded as if they were convex.

Points are in image coordinates: x to the right and y down, 0...1 inside the image. Colours are float32 RGB in 0...1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from seedlab.sketch.drawings.geometry import Array, Point

Colour = tuple[float, float, float]

OVERSAMPLING = 4


@dataclass(frozen=True)
class Shading:
    """How shapes are shaded.

    Args:
        light: The colour that lit parts are mixed with.
        shadow: The colour that shaded parts are mixed with.
        direction: The direction towards the light.
        volume: The strength of the shading; 0 is flat.
        facets: Whether to use two flat tones instead of a gradient.
    """

    light: Colour
    shadow: Colour
    direction: Point
    volume: float = 1.0
    facets: bool = False


@dataclass(frozen=True)
class Mask:
    """The coverage (h, w) of a shape, 0...1, and the position of its upper left pixel."""

    left: int
    top: int
    coverage: Array

    @property
    def window(self) -> tuple[slice, slice]:
        """The slices of the rows and columns."""
        height, width = self.coverage.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


class Canvas:
    """Pixels (size, size, 3), and the coverage of the subject (size, size)."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.pixels: Array = np.zeros((size, size, 3), np.float32)
        self.subject: Array = np.zeros((size, size), np.float32)

    def fill(self, points: Array, colour: Colour, shading: Shading | None = None, *, subject: bool = False) -> None:
        """Fill the polygon `points` (n, 2), with shading if given."""
        mask = rasterize_polygon(points, self.size)
        if mask is None:
            return
        paint = as_array(colour) if shading is None else shade(colour, shading, points, mask, self.size)
        self.apply(mask, paint, subject=subject)

    def outline(self, points: Array, colour: Colour, width: float, *, subject: bool = False) -> None:
        """Draw the outline of a closed polygon, centred on its edge. `width` is a fraction of the image side."""
        mask = rasterize_line(np.concatenate([points, points[:2]]), width, self.size)
        if mask is not None:
            self.apply(mask, as_array(colour), subject=subject)

    def stroke(self, points: Array, colour: Colour, width: float, *, subject: bool = False) -> None:
        """Draw an open line with round joints. `width` is a fraction of the image side."""
        mask = rasterize_line(points, width, self.size)
        if mask is not None:
            self.apply(mask, as_array(colour), subject=subject)

    def apply(self, mask: Mask, paint: Array, *, subject: bool) -> None:
        """Blend paint (3,) or (h, w, 3) over the pixels by the mask's coverage."""
        coverage = mask.coverage[..., None]
        region = self.pixels[mask.window]
        self.pixels[mask.window] = region + coverage * (paint - region)
        if subject:
            np.maximum(self.subject[mask.window], mask.coverage, out=self.subject[mask.window])


def as_array(colour: Colour) -> Array:
    """Convert a colour to an array (3,)."""
    return np.asarray(colour, np.float32)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Interpolate from `first` (share 0) to `second` (share 1)."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def rgb(code: str) -> Colour:
    """Parse a colour from six hexadecimal digits."""
    return int(code[:2], 16) / 255, int(code[2:4], 16) / 255, int(code[4:], 16) / 255


def rasterize_polygon(points: Array, size: int) -> Mask | None:
    """Rasterize a filled polygon. Returns None if it is outside the image."""
    box = _pixel_box(points, 0.0, size)
    if box is None:
        return None
    image, corners = _supersample(points, box, size)
    ImageDraw.Draw(image).polygon(corners, fill=255)
    return _downsample(image, box)


def rasterize_line(points: Array, width: float, size: int) -> Mask | None:
    """Rasterize a line. Returns None if it is outside the image."""
    box = _pixel_box(points, width, size)
    if box is None:
        return None
    image, corners = _supersample(points, box, size)
    pen = ImageDraw.Draw(image)
    thickness = max(1, round(width * size * OVERSAMPLING))
    pen.line(corners, fill=255, width=thickness, joint="curve")
    for x, y in (corners[0], corners[-1]):
        pen.ellipse((x - thickness / 2, y - thickness / 2, x + thickness / 2, y + thickness / 2), fill=255)
    return _downsample(image, box)


def _pixel_box(points: Array, margin: float, size: int) -> tuple[int, int, int, int] | None:
    low = np.floor((points.min(0) - margin) * size).astype(int)
    high = np.ceil((points.max(0) + margin) * size).astype(int) + 1
    left, top = max(0, low[0]), max(0, low[1])
    right, bottom = min(size, high[0]), min(size, high[1])
    return (left, top, right, bottom) if left < right and top < bottom else None


def _supersample(points: Array, box: tuple[int, int, int, int], size: int) -> tuple[Image.Image, list[Point]]:
    left, top, right, bottom = box
    image = Image.new("L", ((right - left) * OVERSAMPLING, (bottom - top) * OVERSAMPLING))
    shifted = (points * size - (left, top)) * OVERSAMPLING
    return image, [(float(x), float(y)) for x, y in shifted]


def _downsample(image: Image.Image, box: tuple[int, int, int, int]) -> Mask:
    coverage = to_unit_range(image.reduce(OVERSAMPLING))
    return Mask(box[0], box[1], coverage)


def shade(colour: Colour, shading: Shading, points: Array, mask: Mask, size: int) -> Array:
    """Return the paint (h, w, 3) of a shape: lighter where it faces the light. `points` give its bounding box."""
    low, high = points.min(0), points.max(0)
    middle, half = (low + high) / 2 * size, np.maximum((high - low) / 2 * size, 1.0)
    height, width = mask.coverage.shape
    u = (np.arange(mask.left, mask.left + width, dtype=np.float32) + 0.5 - middle[0]) / half[0]
    v = (np.arange(mask.top, mask.top + height, dtype=np.float32) + 0.5 - middle[1]) / half[1]
    facing = shading.direction[0] * u[None, :] + shading.direction[1] * v[:, None]
    convexity = 0.35 - 0.45 * (u[None, :] ** 2 + v[:, None] ** 2)
    amount = np.clip((0.75 * facing + convexity) * shading.volume, -1, 1)
    if shading.facets:
        amount = np.where(amount < -0.12, np.float32(-0.35), np.float32(0.0)) * shading.volume
    return _apply_light(colour, shading, amount.astype(np.float32))


def _apply_light(colour: Colour, shading: Shading, amount: Array) -> Array:
    base, up = as_array(colour), np.clip(amount, 0, 1)[..., None] * 0.5
    down = np.clip(-amount, 0, 1)[..., None] * 0.7
    return np.asarray(
        base + up * (as_array(shading.light) - base) + down * (as_array(shading.shadow) - base), np.float32
    )


def blur(values: Array, radius: float) -> Array:
    """Apply a Gaussian blur to (h, w) or (h, w, 3) values in 0...1. The radius is in pixels."""
    image = Image.fromarray((np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8))
    return to_unit_range(image.filter(ImageFilter.GaussianBlur(radius)))


def to_unit_range(image: Image.Image) -> Array:
    """Convert an 8-bit image to values in 0...1."""
    return np.asarray(np.asarray(image, np.float32) / 255, np.float32)


def pixel_grid(size: int) -> tuple[Array, Array]:
    """Return the image coordinates of the pixel centres: x (1, size) and y (size, 1)."""
    steps: Array = np.asarray((np.arange(size, dtype=np.float32) + 0.5) / size, np.float32)
    return steps[None, :], steps[:, None]
