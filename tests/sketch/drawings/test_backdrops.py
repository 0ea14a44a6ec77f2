"""What is behind the subject, painter by painter."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from seedlab.sketch.drawings.backdrops import lay_ground
from seedlab.sketch.drawings.canvas import Canvas
from seedlab.sketch.drawings.grounds import part, scatter
from seedlab.sketch.drawings.outlines import Array
from seedlab.sketch.drawings.painters import PAINTERS
from seedlab.sketch.drawings.palette import PLACE_GROUNDS, Ground, grade_ground
from seedlab.sketch.scene import Composition, sample_composition
from tests.sketch.drawings.pictures import difference

everyone = pytest.mark.parametrize("painter", PAINTERS)


def lay(painter: str | None, composition: Composition, colours: Ground | None = None, size: int = 48) -> Array:
    """The painter's ground on a canvas that was not a number anywhere."""
    canvas = Canvas(size)
    canvas.pixels[:] = np.nan
    PAINTERS[painter].backdrop(canvas, colours or PAINTERS[painter].ground, composition)
    assert not canvas.subject.any()
    return canvas.pixels


@everyone
@pytest.mark.parametrize("size", [48, 77, 256])
def test_a_backdrop_covers_the_picture_and_is_twice_the_same(painter: str | None, size: int) -> None:
    composition = sample_composition(Random(1))
    first, second = (lay(painter, composition, size=size) for _ in range(2))
    assert np.isfinite(first).all()
    assert first.min() > -0.01
    assert first.std() > 0.02
    assert np.array_equal(first, second)


@everyone
def test_other_compositions_have_other_grounds(painter: str | None) -> None:
    grounds = [lay(painter, sample_composition(Random(seed))) for seed in range(4)]
    for index, ground in enumerate(grounds):
        assert all(difference(ground, other) > 2.5 for other in grounds[:index])


@everyone
def test_the_ground_knows_nothing_of_the_subject(painter: str | None) -> None:
    composition = sample_composition(Random(2))
    elsewhere = replace(composition, x=0.3, y=0.6, size=0.2, pose=0.9, turn=-0.3, tilt=0.2, smile=0.1)
    assert np.array_equal(lay(painter, composition), lay(painter, elsewhere))


@everyone
def test_a_painter_paints_in_the_colours_of_the_place(painter: str | None) -> None:
    colours = (grade_ground(PLACE_GROUNDS[place], painter) for place in ("at night", "in the snow"))
    night, snow = (lay(painter, Composition(), place) for place in colours)
    assert night.mean() < snow.mean() - 0.1


def test_the_horizon_is_where_the_composition_says() -> None:
    canvas = Canvas(50)
    sky, land = (0.2, 0.4, 0.9), (0.3, 0.6, 0.2)
    lay_ground(canvas, Ground(sky, sky, land, land), Composition(horizon=0.6))
    assert canvas.pixels[:29] == pytest.approx(np.broadcast_to(sky, (29, 50, 3)))
    assert canvas.pixels[31:] == pytest.approx(np.broadcast_to(land, (19, 50, 3)))


def test_scattered_numbers_are_spread_evenly_and_always_the_same() -> None:
    keys = np.arange(1000, dtype=np.float32)
    numbers = scatter(keys)
    assert np.array_equal(numbers, scatter(keys))
    counts, _ = np.histogram(numbers, 5, (0, 1))
    assert counts.min() > 130


def test_the_part_after_the_point_is_never_negative() -> None:
    assert part(np.array([1.25, -0.25, 3.0], np.float32)).tolist() == [0.25, 0.75, 0.0]
