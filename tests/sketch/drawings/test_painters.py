"""Painters and manners: all of the vocabulary's, each with a hand of its own."""

from itertools import combinations
from random import Random

import numpy as np
import pytest

from seedlab.sketch.drawings.draw import paint
from seedlab.sketch.drawings.painters import PAINTERS, choose_ground
from seedlab.sketch.drawings.palette import PLACE_GROUNDS
from seedlab.sketch.scene import Composition, Scene, sample_composition
from seedlab.sketch.vocabulary import MANNERS, SUBJECTS
from seedlab.sketch.vocabulary import PAINTERS as NAMES
from tests.sketch.drawings.pictures import coverage, difference, pixels

EVERYONE = (None, *NAMES, *MANNERS)


def test_every_painter_and_every_manner_of_the_vocabulary_is_there() -> None:
    assert set(PAINTERS) == set(EVERYONE)


@pytest.mark.parametrize(("subject", "seed"), [("house", 3), ("labrador", 5)])
def test_each_painter_differs_clearly_from_every_other(subject: str, seed: int) -> None:
    composition = sample_composition(Random(seed))
    pictures = {painter: pixels(Scene(subject, painter, composition=composition)) for painter in EVERYONE}
    for first, second in combinations(EVERYONE, 2):
        assert difference(pictures[first], pictures[second]) > 20, (first, second)


@pytest.mark.parametrize("painter", EVERYONE)
def test_every_subject_stands_out_from_the_painters_ground(painter: str | None) -> None:
    # The picture of nothing: its subject is too small to be seen.
    empty = pixels(Scene("apple", painter, composition=Composition(size=1e-4)))
    for subject in SUBJECTS:
        scene = Scene(subject, painter)
        where = coverage(scene) > 0.5
        assert 0.03 < where.mean() < 0.7, subject
        assert difference(pixels(scene)[where], empty[where]) > 20, subject


@pytest.mark.parametrize("painter", EVERYONE)
def test_light_comes_from_the_side_that_the_composition_says(painter: str | None) -> None:
    shading = [PAINTERS[painter].shading(side, 1.0) for side in (-1.0, 1.0)]
    assert shading[0].direction[0] < 0 < shading[1].direction[0]
    assert shading[0].direction[1] == shading[1].direction[1] < 0


def test_boats_and_fish_are_on_the_water_of_whoever_has_one() -> None:
    for painter in (None, "Vermeer", "Van Gogh"):
        meadow, water = (choose_ground(Scene(subject, painter)) for subject in ("house", "boat"))
        assert water == choose_ground(Scene("fish", painter))
        assert water.sky == meadow.sky
        assert water.near[2] - water.near[0] > meadow.near[2] - meadow.near[0]


def test_a_place_brings_its_own_ground() -> None:
    assert choose_ground(Scene("boat", place="in space")) == choose_ground(Scene("house", place="in space"))
    sky = choose_ground(Scene("house", place="in space")).sky
    assert sky == pytest.approx(PLACE_GROUNDS["in space"].sky)


def test_painters_with_ink_draw_outlines() -> None:
    for painter, hand in PAINTERS.items():
        canvas = paint(Scene("apple", painter), 128)
        edge = (canvas.subject > 0.9) & (np.hypot(*np.gradient(canvas.subject)) > 0.1)
        near_ink = 0.0 if hand.ink is None else np.abs(canvas.pixels[edge] - hand.ink).max(1).min()
        assert near_ink < 0.15, painter
