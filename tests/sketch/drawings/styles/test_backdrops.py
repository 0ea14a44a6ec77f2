"""The backdrops of all styles."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from seedlab.sketch.drawings.canvas import Canvas
from seedlab.sketch.drawings.geometry import Array
from seedlab.sketch.drawings.palette import PLACE_BACKGROUNDS, BackgroundPalette, grade_background
from seedlab.sketch.drawings.styles.backdrops import paint_sky_and_land
from seedlab.sketch.drawings.styles.pattern_backdrops import fractional_part, hash_to_unit
from seedlab.sketch.drawings.styles.registry import STYLES
from seedlab.sketch.scene import Composition, sample_composition
from tests.sketch.drawings.rendering import difference

all_styles = pytest.mark.parametrize("style", STYLES)


def render(
    style: str | None, composition: Composition, colours: BackgroundPalette | None = None, size: int = 48
) -> Array:
    """Paint the backdrop on a canvas of NaN."""
    canvas = Canvas(size)
    canvas.pixels[:] = np.nan
    STYLES[style].backdrop(canvas, colours or STYLES[style].background, composition)
    assert not canvas.subject.any()
    return canvas.pixels


@all_styles
@pytest.mark.parametrize("size", [48, 77, 256])
def test_backdrop_covers_the_image_and_is_deterministic(style: str | None, size: int) -> None:
    composition = sample_composition(Random(1))
    first, second = (render(style, composition, size=size) for _ in range(2))
    assert np.isfinite(first).all()
    assert first.min() > -0.01
    assert first.std() > 0.02
    assert np.array_equal(first, second)


@all_styles
def test_backdrop_depends_on_the_composition(style: str | None) -> None:
    backdrops = [render(style, sample_composition(Random(seed))) for seed in range(4)]
    for index, backdrop in enumerate(backdrops):
        assert all(difference(backdrop, other) > 2.5 for other in backdrops[:index])


@all_styles
def test_backdrop_does_not_depend_on_the_subject(style: str | None) -> None:
    composition = sample_composition(Random(2))
    moved = replace(composition, x=0.3, y=0.6, size=0.2, pose=0.9, turn=-0.3, tilt=0.2, smile=0.1)
    assert np.array_equal(render(style, composition), render(style, moved))


@all_styles
def test_backdrop_uses_the_colours_of_the_place(style: str | None) -> None:
    colours = (grade_background(PLACE_BACKGROUNDS[place], style) for place in ("at night", "in the snow"))
    night, snow = (render(style, Composition(), place) for place in colours)
    assert night.mean() < snow.mean() - 0.1


def test_horizon_follows_the_composition() -> None:
    canvas = Canvas(50)
    sky, land = (0.2, 0.4, 0.9), (0.3, 0.6, 0.2)
    paint_sky_and_land(canvas, BackgroundPalette(sky, sky, land, land), Composition(horizon=0.6))
    assert canvas.pixels[:29] == pytest.approx(np.broadcast_to(sky, (29, 50, 3)))
    assert canvas.pixels[31:] == pytest.approx(np.broadcast_to(land, (19, 50, 3)))


def test_hashes_are_uniform_and_deterministic() -> None:
    keys = np.arange(1000, dtype=np.float32)
    values = hash_to_unit(keys)
    assert np.array_equal(values, hash_to_unit(keys))
    counts, _ = np.histogram(values, 5, (0, 1))
    assert counts.min() > 130


def test_fractional_part_is_never_negative() -> None:
    assert fractional_part(np.array([1.25, -0.25, 3.0], np.float32)).tolist() == [0.25, 0.75, 0.0]
