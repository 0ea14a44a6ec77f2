"""The props, in all styles."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from seedlab.sketch.drawings.canvas import Canvas
from seedlab.sketch.drawings.draw import paint
from seedlab.sketch.drawings.geometry import Array
from seedlab.sketch.drawings.props import paint_prop
from seedlab.sketch.drawings.styles.registry import STYLES
from seedlab.sketch.scene import PROPS, Composition, Scene, sample_composition

all_props = pytest.mark.parametrize("prop", PROPS)


def covered(prop: str, style: str | None = None, **where: float) -> Array:
    """Return a mask (48, 48) of the pixels that the prop covers."""
    canvas = Canvas(48)
    canvas.pixels[:] = 7  # not a valid colour
    paint_prop(canvas, STYLES[style].background, Composition(prop=prop, **where), style)
    assert not canvas.subject.any()
    return np.asarray((canvas.pixels != 7).any(2))


@pytest.mark.parametrize("style", STYLES)
@all_props
def test_prop_is_visible_behind_the_subject(prop: str, style: str | None) -> None:
    for seed in range(4):
        composition = replace(sample_composition(Random(seed)), prop=None)
        without = paint(Scene("apple", style, composition=composition), 48)
        with_prop = paint(Scene("apple", style, composition=replace(composition, prop=prop)), 48)
        changed = np.abs(without.pixels - with_prop.pixels).max(2) > 0.1
        assert changed.mean() > 0.004
        assert not changed[without.subject == 1].any()
        assert np.array_equal(without.subject, with_prop.subject)


@all_props
def test_larger_props_cover_more(prop: str) -> None:
    small, large = (covered(prop, prop_size=size).sum() for size in (0.0, 1.0))
    assert large > 1.3 * small > 0


@all_props
def test_position_follows_the_composition(prop: str) -> None:
    left, right = (np.nonzero(covered(prop, prop_x=x))[1].mean() for x in (0.0, 1.0))
    assert left < 24 < right


def test_stones_and_bushes_are_on_the_ground_and_clouds_and_flocks_in_the_sky() -> None:
    line = 48 * Composition().horizon
    for prop in PROPS:
        rows, _ = np.nonzero(covered(prop))
        assert (rows.max() > line) == (prop in ("stone", "bush"))


@pytest.mark.parametrize("x", [0.28, 0.5, 0.72])
def test_stones_are_next_to_the_subject(x: float) -> None:
    for prop_x in (0.0, 0.3, 0.7, 1.0):
        columns = np.nonzero(covered("stone", x=x, size=0.3, prop_x=prop_x))[1]
        assert abs(columns.mean() / 48 - x) > 0.15


def test_no_prop_adds_nothing() -> None:
    canvas = Canvas(16)
    paint_prop(canvas, STYLES[None].background, Composition(prop=None), None)
    assert not canvas.pixels.any()


def test_vermeer_and_mondrian_have_their_own_props() -> None:
    for style in ("Vermeer", "Mondrian"):
        for prop in PROPS:
            assert not np.array_equal(covered(prop, style), covered(prop))
