"""More modifiers, from "black and white" to "comic". They change light and surface and keep everything in place.

The interface is that of `modifiers`. Textures are at least 4 pixels coarse in a 256-pixel image, because the
autoencoder loses finer ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seedlab.sketch.drawings.canvas import as_array, blur, pixel_grid, rgb
from seedlab.sketch.drawings.geometry import Array
from seedlab.sketch.drawings.pixel_ops import clip, corners, luminance, ramp, scale_saturation, screen
from seedlab.sketch.scene import Composition

INK = as_array(rgb("141218"))


def make_black_and_white(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Silver print: grey only, deep blacks, clear whites, and local contrast around the subject."""
    size = len(pixels)
    grey = luminance(pixels)
    local = grey + 0.7 * (grey - blur(grey[..., 0], size * 0.07)[..., None])
    toned = ramp(local, -0.12, 1.02)
    return clip(np.repeat(toned * (1 - 0.3 * corners(size)), 3, axis=2))


def make_pastel(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Chalk on white paper: light milky colours, lilac shadows, and soft slanted strokes."""
    size = len(pixels)
    x, y = pixel_grid(size)
    soft = scale_saturation(blur(pixels**0.8, size * 0.006), 1.5)
    grey = luminance(pixels) ** 0.7
    # The subject keeps more contrast, or it would blend into the background.
    depth = 0.36 + 0.2 * subject[..., None]
    milky = np.array((0.97, 0.95, 0.98), np.float32) * (1 - depth) + soft * depth
    lilac = milky + 0.3 * (1 - grey) ** 2 * (np.array((0.86, 0.78, 0.95), np.float32) - milky)
    chalk = np.sin(2 * np.pi * 15 * (x + y)) * np.sin(2 * np.pi * (4 * x - 5 * y))
    return clip(lilac + 0.025 * chalk[..., None])


def make_vintage(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Old photograph: sepia, faded blacks, brown corners, and a pale paper border."""
    size = len(pixels)
    x, y = pixel_grid(size)
    grey = ramp(luminance(pixels), -0.04, 0.98)
    sepia = as_array(rgb("4a2f1c")) + grey * (as_array(rgb("f0d9ab")) - as_array(rgb("4a2f1c")))
    faded = 0.86 * sepia + 0.14 * pixels + 0.4 * (grey - blur(grey[..., 0], size * 0.06)[..., None])
    dimmed = faded * (1 - 0.42 * corners(size) * np.array((0.8, 1.0, 1.15), np.float32))
    # The inner edge of the border is slightly irregular, as if cut by hand, with round corners.
    irregularity = 0.004 * np.sin(2 * np.pi * (5 * x + 3 * y + composition.hill))
    inset = 0.5 - ((np.abs(x - 0.5) ** 14 + np.abs(y - 0.5) ** 14) ** (1 / 14) + irregularity)
    paper = 1 - ramp(inset, 0.05, 0.06)[..., None]
    shade = 1 - 0.3 * (1 - ramp(inset, 0.055, 0.1))[..., None]
    return clip(dimmed * shade * (1 - paper) + as_array(rgb("f3e8cd")) * paper)


def make_dreamy(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Soft glow in pink and lilac, with bokeh discs and sparkles around the subject."""
    size = len(pixels)
    _, y = pixel_grid(size)
    glow = blur(pixels, size * 0.04)
    soft = screen(0.72 * pixels + 0.1 * glow, 0.5 * glow)
    tint = as_array(rgb("ff9fe0")) + y[..., None] * (as_array(rgb("8fa8ff")) - as_array(rgb("ff9fe0")))
    behind = (1 - 0.76 * subject)[..., None]
    halo = 0.75 * (blur(subject, size * 0.06) * (1 - subject))[..., None]
    hazy = screen(soft + 0.62 * behind * (tint - soft), halo * np.array((0.95, 0.75, 0.8), np.float32))
    lights = _place_lights(size, composition)[..., None] * behind
    return clip(screen(hazy, lights * np.array((1.0, 0.97, 0.9), np.float32)))


def _place_lights(size: int, composition: Composition) -> Array:
    """Return the light of bokeh discs and four-pointed sparkles on a spiral around the subject."""
    x, y = pixel_grid(size)
    light = np.zeros((size, size), np.float32)
    for k in range(11):
        angle = 2.4 * k + 6.3 * composition.hill
        reach = 0.27 + 0.03 * k
        dx = x - composition.x - reach * np.cos(angle)
        dy = y - composition.y - reach * np.sin(angle)
        if k % 3 == 2:
            light = np.maximum(light, _sparkle(dx, dy))
        else:
            light = np.maximum(light, _disc(dx, dy, 0.03 + 0.014 * (k % 4)) * (0.24 + 0.05 * (k % 5)))
    return clip(light)


def _sparkle(dx: NDArray[np.floating], dy: NDArray[np.floating]) -> NDArray[np.floating]:
    across = np.exp(-np.abs(dx) / 0.035) * np.exp(-((dy / 0.008) ** 2))
    along = np.exp(-np.abs(dy) / 0.05) * np.exp(-((dx / 0.008) ** 2))
    return np.asarray(1.3 * (across + along))


def _disc(dx: NDArray[np.floating], dy: NDArray[np.floating], radius: float) -> NDArray[np.floating]:
    return np.clip((radius * radius - (dx * dx + dy * dy)) / (0.03 * radius) + 0.5, 0, 1)


def make_dramatic(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Chiaroscuro: a beam of light from above on the subject, and deep cold shadow everywhere else."""
    size = len(pixels)
    x, y = pixel_grid(size)
    beam, pool = _cast_beam(size, composition)
    cover = subject[..., None]
    side = np.clip(0.5 + 1.7 * composition.light * (x - composition.x) + 0.5 * (composition.y - y), 0, 1)
    firm = clip((pixels - 0.5) * 1.3 + 0.52)
    shadow = luminance(firm) * np.array((0.11, 0.13, 0.2), np.float32) + 0.1 * firm
    lit = np.maximum(0.62 * beam, pool)[..., None] * np.array((1.0, 0.86, 0.62), np.float32)
    behind = shadow + firm * lit * 0.75 + 0.27 * beam[..., None] * np.array((1.0, 0.88, 0.64), np.float32)
    front = firm * ((0.3 + 1.05 * side)[..., None] * np.array((1.06, 0.97, 0.82), np.float32)) + 0.03
    return clip(behind + cover * (front - behind))


def _cast_beam(size: int, composition: Composition) -> tuple[Array, Array]:
    """Return the light of the beam, which ends at the subject's feet, and of the pool it casts there."""
    x, y = pixel_grid(size)
    foot = composition.y + 0.9 * composition.size
    start = composition.x + 0.42 * composition.light
    share = np.clip((y + 0.1) / (foot + 0.1), 0, 1.2)
    middle = start + (composition.x - start) * share
    half = 0.05 + 1.05 * composition.size * share
    beam = ramp(np.abs(x - middle) / half, 1.0, 0.72) * ramp(y, foot + 0.08, foot - 0.02)
    pool = np.hypot((x - composition.x) / (1.15 * composition.size), (y - foot) / 0.11)
    return np.asarray(beam, np.float32), ramp(pool, 1.05, 0.55)


def make_misty(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Pale fog that rises from the horizon in banks, hides the distance, and covers the subject's feet."""
    size = len(pixels)
    x, y = pixel_grid(size)
    grey = scale_saturation(pixels, 0.6)
    far = blur(clip(grey), size * 0.02)
    distance = np.abs(y - composition.horizon + 0.05)
    sway = 0.028 * np.sin(2 * np.pi * (1.3 * x + composition.hill)) + 0.016 * np.sin(2 * np.pi * (2.9 * x + 2 * y))
    banks = 0.5 + 0.5 * np.sin(2 * np.pi * 7 * (y + sway))
    thick = 0.56 + 0.4 * np.exp(-((distance / 0.2) ** 2)) - 0.17 * banks * ramp(distance, 0.04, 0.3)
    fog = np.array((0.87, 0.9, 0.92), np.float32)
    behind = far + thick[..., None] * (fog - far)
    feet = composition.y + 0.75 * composition.size
    veil = 0.26 + 0.42 * ramp(y + sway, feet - 0.55 * composition.size, feet + 0.1 * composition.size)
    front = grey + veil[..., None] * (fog - grey)
    return clip(behind + subject[..., None] * (front - behind))


def make_golden_hour(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Low sun next to the subject: amber light everywhere, a bright rim, and lens flares."""
    size = len(pixels)
    x, y = pixel_grid(size)
    sun_x, sun_y = 0.5 + 0.4 * composition.light, composition.horizon - 0.09
    away = np.hypot(x - sun_x, y - sun_y)
    warm = luminance(pixels) * np.array((1.12, 0.8, 0.42), np.float32)
    amber = (0.55 * pixels + 0.45 * warm) * np.array((1.08, 0.88, 0.66), np.float32)
    fall = np.exp(-away / 0.3)[..., None]
    lit = amber * (0.66 + 0.62 * fall)
    slope = np.gradient(blur(subject, size * 0.018), axis=1) * size * -composition.light
    rim = np.clip(0.085 * slope, 0, 1) * subject * 0.9
    sky = (1 - 0.68 * subject)[..., None] * (0.95 * fall**1.3 + _flare(away, x, y, sun_x, sun_y)[..., None])
    light = clip(sky + 0.8 * rim[..., None]) * np.array((1.0, 0.76, 0.36), np.float32)
    disc = ramp(away, 0.088, 0.074)[..., None] * (1 - subject)[..., None]
    picture = screen(clip(lit), light)
    return clip(picture + disc * (np.array((1.0, 0.97, 0.8), np.float32) - picture))


def _flare(away: Array, x: Array, y: Array, sun_x: float, sun_y: float) -> Array:
    """Return rays around the sun, and discs on the line from it through the image centre."""
    angle = np.arctan2(y - sun_y, x - sun_x)
    light = 0.22 * (0.5 + 0.5 * np.cos(12 * angle)) * np.exp(-away / 0.22)
    for share, radius in ((1.25, 0.045), (1.75, 0.08)):
        distance = np.hypot(x - sun_x - share * (0.5 - sun_x), y - sun_y - share * (0.42 - sun_y))
        light = light + 0.22 * ramp(distance, radius + 0.006, radius - 0.006)
    return np.asarray(light, np.float32)


def make_comic(pixels: Array, subject: Array, composition: Composition) -> Array:
    """Printed comic: few strong colours, halftone dots in the shadows, and a thick black outline of the subject."""
    size = len(pixels)
    flat = clip(scale_saturation((pixels - 0.5) * 1.12 + 0.5, 1.75))
    grey = luminance(flat) + 0.02
    # Posterize the lightness, not each channel, which would split a dark brown into red and green.
    steps = (np.round(grey * 4) + 0.12) / 4.12
    poster = clip(flat * steps / grey * 0.7 + 0.3 * flat)
    dark = np.clip(0.95 - grey[..., 0], 0, 0.72) * (1 - 0.3 * subject)
    dots = _halftone(size, dark)[..., None]
    printed = poster * (1 - 0.5 * dots * np.array((1.0, 0.95, 0.6), np.float32))
    # On a dark background, a pale rim makes the black line visible.
    rim = (ramp(blur(subject, size * 0.03), 0.03, 0.12) * (1 - subject) * ramp(dark, 0.35, 0.65))[..., None]
    printed = printed + 0.9 * rim * (np.array((1.0, 0.98, 0.9), np.float32) - printed)
    return clip(printed + _black_lines(pixels, subject)[..., None] * (INK - printed))


def _black_lines(pixels: Array, subject: Array) -> Array:
    """Return a line along the subject's edge, and the drawing's dark lines and eyes, which the dots would break up."""
    near = blur(subject, len(pixels) * 0.014)
    own = ramp(luminance(pixels)[..., 0], 0.3, 0.16) * subject
    return np.asarray(np.maximum(ramp(near, 0.06, 0.22) * ramp(near, 0.86, 0.6), own), np.float32)


def _halftone(size: int, dark: Array) -> Array:
    """Return dots on a slanted grid, 8 pixels apart in a 256-pixel image. They are larger where the image is darker."""
    x, y = pixel_grid(size)
    turns = 2 * np.pi * min(23.0, size / 8)  # fewer dots in small images, where closer ones would be noise
    waves = np.cos(turns * (x + y)) + np.cos(turns * (x - y))
    return ramp(waves / 4 + 0.5 + dark, 1.02, 1.14)
