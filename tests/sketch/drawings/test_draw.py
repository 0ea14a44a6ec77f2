"""Whole pictures: deterministic, composed, and the same at any size."""

from random import Random

import numpy as np
import pytest

from seedlab.sketch.drawings.canvas import Canvas
from seedlab.sketch.drawings.draw import choose_pen, draw, make_sheet, paint
from seedlab.sketch.scene import Scene, sample_composition
from seedlab.sketch.vocabulary import MANNERS, PAINTERS, SUBJECTS
from tests.sketch.drawings.pictures import SIZE, difference, pixels


def test_two_suffixes_follow_one_another() -> None:
    words = (("misty",), ("comic",), ("misty", "comic"))
    first, second, both = (pixels(Scene("fox", modifiers=modifiers)) for modifiers in words)
    assert difference(both, first) > 5
    assert difference(both, second) > 5


def test_what_is_highly_realistic_is_round_unless_its_painter_works_in_planes() -> None:
    def volume(painter: str | None, *modifiers: str) -> float:
        return choose_pen(Canvas(8), Scene("apple", painter, modifiers)).shading.volume

    assert volume(None, "highly realistic") > volume(None)
    assert volume("Matisse", "highly realistic") > volume("Matisse") == 0
    assert volume("Mondrian", "highly realistic") == volume("Mondrian")


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_scene_and_a_size_decide_every_pixel(subject: str) -> None:
    scene = Scene(subject, "Vermeer", ("dramatic",), "at night", "red", sample_composition(Random(3)))
    assert np.array_equal(pixels(scene), pixels(scene))


def test_other_compositions_put_the_subject_elsewhere() -> None:
    scenes = [Scene("labrador", composition=sample_composition(Random(seed))) for seed in range(6)]
    middles = {tuple(np.argwhere(paint(scene, SIZE).subject > 0.5).mean(0).round(1)) for scene in scenes}
    assert len(middles) == 6


@pytest.mark.parametrize("painter", [None, *PAINTERS, *MANNERS])
def test_a_larger_drawing_is_the_same_picture(painter: str | None) -> None:
    small, large = (draw(Scene("boat", painter), size).resize((32, 32)) for size in (128, 256))
    assert difference(np.asarray(small) / 255, np.asarray(large) / 255) < 6


def test_a_sheet_holds_its_pictures_row_by_row() -> None:
    pictures = [draw(Scene(subject), SIZE) for subject in SUBJECTS[:3]]
    sheet = make_sheet(pictures, columns=2, gap=2)
    assert sheet.size == (2 * SIZE + 6, 2 * SIZE + 6)
    corner = sheet.crop((2, SIZE + 4, 2 + SIZE, 2 * SIZE + 4))
    assert np.array_equal(np.asarray(corner), np.asarray(pictures[2]))
