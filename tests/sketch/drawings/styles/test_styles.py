"""The styles: painters and techniques."""

from itertools import combinations
from random import Random

import numpy as np
import pytest

from seedlab.sketch.drawings.draw import paint
from seedlab.sketch.drawings.palette import PLACE_BACKGROUNDS
from seedlab.sketch.drawings.styles.registry import STYLES, choose_background
from seedlab.sketch.scene import Composition, Scene, sample_composition
from seedlab.sketch.vocabulary import PAINTERS, SUBJECTS, TECHNIQUES
from tests.sketch.drawings.rendering import coverage, difference, pixels

ALL_STYLES = (None, *PAINTERS, *TECHNIQUES)


def test_every_style_of_the_vocabulary_is_defined() -> None:
    assert set(STYLES) == set(ALL_STYLES)


@pytest.mark.parametrize(("subject", "seed"), [("house", 3), ("labrador", 5)])
def test_styles_differ_from_each_other(subject: str, seed: int) -> None:
    composition = sample_composition(Random(seed))
    pictures = {style: pixels(Scene(subject, style, composition=composition)) for style in ALL_STYLES}
    for first, second in combinations(ALL_STYLES, 2):
        assert difference(pictures[first], pictures[second]) > 20, (first, second)


@pytest.mark.parametrize("style", ALL_STYLES)
def test_subjects_stand_out_from_the_background(style: str | None) -> None:
    # The subject is too small to be visible.
    empty = pixels(Scene("apple", style, composition=Composition(size=1e-4)))
    for subject in SUBJECTS:
        scene = Scene(subject, style)
        where = coverage(scene) > 0.5
        assert 0.03 < where.mean() < 0.7, subject
        assert difference(pixels(scene)[where], empty[where]) > 20, subject


@pytest.mark.parametrize("style", ALL_STYLES)
def test_light_comes_from_the_given_side(style: str | None) -> None:
    shading = [STYLES[style].shading(side, 1.0) for side in (-1.0, 1.0)]
    assert shading[0].direction[0] < 0 < shading[1].direction[0]
    assert shading[0].direction[1] == shading[1].direction[1] < 0


def test_boats_and_fish_are_on_water() -> None:
    for style in (None, "Vermeer", "Van Gogh"):
        meadow, water = (choose_background(Scene(subject, style)) for subject in ("house", "boat"))
        assert water == choose_background(Scene("fish", style))
        assert water.sky == meadow.sky
        assert water.near[2] - water.near[0] > meadow.near[2] - meadow.near[0]


def test_places_have_their_own_background() -> None:
    assert choose_background(Scene("boat", place="in space")) == choose_background(Scene("house", place="in space"))
    sky = choose_background(Scene("house", place="in space")).sky
    assert sky == pytest.approx(PLACE_BACKGROUNDS["in space"].sky)


def test_styles_with_ink_draw_outlines() -> None:
    for name, style in STYLES.items():
        canvas = paint(Scene("apple", name), 128)
        edge = (canvas.subject > 0.9) & (np.hypot(*np.gradient(canvas.subject)) > 0.1)
        near_ink = 0.0 if style.ink is None else np.abs(canvas.pixels[edge] - style.ink).max(1).min()
        assert near_ink < 0.15, name
