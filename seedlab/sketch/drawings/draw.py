"""Renders scenes: backdrop, subject, brush, then modifiers. A scene and a size determine every pixel.

Save a contact sheet of 48 scenes:

    python -m seedlab.sketch.drawings.draw sheet.png
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from random import Random

import numpy as np
from PIL import Image

from seedlab.sketch.drawings.canvas import Canvas
from seedlab.sketch.drawings.modifiers import modify
from seedlab.sketch.drawings.pen import Pen
from seedlab.sketch.drawings.places import paint_place
from seedlab.sketch.drawings.props import paint_prop
from seedlab.sketch.drawings.styles.registry import STYLES, choose_background
from seedlab.sketch.drawings.subjects.registry import SUBJECTS, colour_subject
from seedlab.sketch.scene import Scene, sample_scene

DEFAULT_SIZE = 256


def draw(scene: Scene, size: int = DEFAULT_SIZE) -> Image.Image:
    """Render the scene as an RGB image of `size` x `size` pixels."""
    canvas = paint(scene, size)
    pixels = STYLES[scene.style].brush(np.clip(canvas.pixels, 0, 1), canvas.subject, scene.composition)
    for modifier in scene.modifiers:
        pixels = modify(pixels, canvas.subject, modifier, scene.composition)
    return Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8))


def paint(scene: Scene, size: int = DEFAULT_SIZE) -> Canvas:
    """Paint the scene without brush and modifiers. The canvas also holds the subject mask."""
    style = STYLES[scene.style]
    canvas = Canvas(size)
    colours = choose_background(scene)
    style.backdrop(canvas, colours, scene.composition)
    paint_place(canvas, scene.place, scene.composition, scene.style)
    paint_prop(canvas, colours, scene.composition, scene.style)
    SUBJECTS[scene.subject].draw(make_pen(canvas, scene))
    return canvas


def make_pen(canvas: Canvas, scene: Scene) -> Pen:
    """Create a pen with the light and ink of the style and the colours of the subject."""
    style = STYLES[scene.style]
    volume = 1.1 if "highly realistic" in scene.modifiers and not style.facets else style.volume
    return Pen(
        canvas=canvas,
        composition=scene.composition,
        palette=colour_subject(scene.subject, scene.style, scene.colour),
        shading=style.shading(scene.composition.light, volume),
        ink=style.ink,
        ink_width=style.ink_width,
        style=scene.style,
        upright=SUBJECTS[scene.subject].upright,
    )


def make_sheet(images: Sequence[Image.Image], columns: int, gap: int = 4) -> Image.Image:
    """Arrange images of equal size in rows."""
    size = images[0].width
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * (size + gap) + gap, rows * (size + gap) + gap), "white")
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        sheet.paste(image, (gap + column * (size + gap), gap + row * (size + gap)))
    return sheet


if __name__ == "__main__":
    make_sheet([draw(sample_scene(Random(seed))) for seed in range(48)], 8).save(sys.argv[1])
