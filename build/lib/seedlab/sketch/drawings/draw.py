"""Draws scenes: ground, subject, brush, then the modifiers. Deterministic: a scene and a size decide every pixel.

python -m seedlab.sketch.drawings.draw sheet.png     a contact sheet to look at
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from random import Random

import numpy as np
from PIL import Image

from seedlab.sketch.drawings.canvas import Canvas
from seedlab.sketch.drawings.modifiers import modify
from seedlab.sketch.drawings.painters import PAINTERS, choose_ground
from seedlab.sketch.drawings.pen import Pen
from seedlab.sketch.drawings.places import paint_place
from seedlab.sketch.drawings.props import paint_prop
from seedlab.sketch.drawings.subjects import SUBJECTS, colour_subject
from seedlab.sketch.scene import Scene, sample_scene

DEFAULT_SIZE = 256


def draw(scene: Scene, size: int = DEFAULT_SIZE) -> Image.Image:
    """The scene as an RGB picture, `size` x `size` pixels."""
    canvas = paint(scene, size)
    pixels = PAINTERS[scene.painter].brush(np.clip(canvas.pixels, 0, 1), canvas.subject, scene.composition)
    for modifier in scene.modifiers:
        pixels = modify(pixels, canvas.subject, modifier, scene.composition)
    return Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8))


def paint(scene: Scene, size: int = DEFAULT_SIZE) -> Canvas:
    """The scene before brush and modifiers; the canvas also knows where the subject is."""
    painter = PAINTERS[scene.painter]
    canvas = Canvas(size)
    colours = choose_ground(scene)
    painter.backdrop(canvas, colours, scene.composition)
    paint_place(canvas, scene.place, scene.composition, scene.painter)
    paint_prop(canvas, colours, scene.composition, scene.painter)
    SUBJECTS[scene.subject].draw(choose_pen(canvas, scene))
    return canvas


def choose_pen(canvas: Canvas, scene: Scene) -> Pen:
    """A pen with the painter's light and ink and the subject's colours."""
    painter = PAINTERS[scene.painter]
    volume = 1.1 if "highly realistic" in scene.modifiers and not painter.facets else painter.volume
    return Pen(
        canvas=canvas,
        composition=scene.composition,
        palette=colour_subject(scene.subject, scene.painter, scene.colour),
        shading=painter.shading(scene.composition.light, volume),
        ink=painter.ink,
        ink_width=painter.ink_width,
        painter=scene.painter,
        upright=SUBJECTS[scene.subject].upright,
    )


def make_sheet(pictures: Sequence[Image.Image], columns: int, gap: int = 4) -> Image.Image:
    """Pictures of one size side by side, row by row."""
    size = pictures[0].width
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (size + gap) + gap, rows * (size + gap) + gap), "white")
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        sheet.paste(picture, (gap + column * (size + gap), gap + row * (size + gap)))
    return sheet


if __name__ == "__main__":
    make_sheet([draw(sample_scene(Random(seed))) for seed in range(48)], 8).save(sys.argv[1])
