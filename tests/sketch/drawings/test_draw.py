"""Rendering whole scenes."""

from random import Random

import numpy as np
import pytest

from seedlab.sketch.drawings.canvas import Canvas
from seedlab.sketch.drawings.draw import draw, make_pen, make_sheet, paint
from seedlab.sketch.scene import Scene, sample_composition
from seedlab.sketch.vocabulary import PAINTERS, SUBJECTS, TECHNIQUES
from tests.sketch.drawings.rendering import SIZE, difference, pixels


def test_two_suffixes_are_both_applied() -> None:
    words = (("misty",), ("comic",), ("misty", "comic"))
    first, second, both = (pixels(Scene("fox", modifiers=modifiers)) for modifiers in words)
    assert difference(both, first) > 5
    assert difference(both, second) > 5


def test_highly_realistic_increases_the_volume_unless_the_style_has_facets() -> None:
    def volume(style: str | None, *modifiers: str) -> float:
        return make_pen(Canvas(8), Scene("apple", style, modifiers)).shading.volume

    assert volume(None, "highly realistic") > volume(None)
    assert volume("Matisse", "highly realistic") > volume("Matisse") == 0
    assert volume("Mondrian", "highly realistic") == volume("Mondrian")


@pytest.mark.parametrize("subject", SUBJECTS)
def test_rendering_is_deterministic(subject: str) -> None:
    scene = Scene(subject, "Vermeer", ("dramatic",), "at night", "red", sample_composition(Random(3)))
    assert np.array_equal(pixels(scene), pixels(scene))


def test_compositions_move_the_subject() -> None:
    scenes = [Scene("labrador", composition=sample_composition(Random(seed))) for seed in range(6)]
    centres = {tuple(np.argwhere(paint(scene, SIZE).subject > 0.5).mean(0).round(1)) for scene in scenes}
    assert len(centres) == 6


@pytest.mark.parametrize("style", [None, *PAINTERS, *TECHNIQUES])
def test_size_only_changes_the_resolution(style: str | None) -> None:
    small, large = (draw(Scene("boat", style), size).resize((32, 32)) for size in (128, 256))
    assert difference(np.asarray(small) / 255, np.asarray(large) / 255) < 6


def test_sheet_is_filled_row_by_row() -> None:
    pictures = [draw(Scene(subject), SIZE) for subject in SUBJECTS[:3]]
    sheet = make_sheet(pictures, columns=2, gap=2)
    assert sheet.size == (2 * SIZE + 6, 2 * SIZE + 6)
    corner = sheet.crop((2, SIZE + 4, 2 + SIZE, 2 * SIZE + 4))
    assert np.array_equal(np.asarray(corner), np.asarray(pictures[2]))
