"""Props: one object behind the subject or beside it."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from seedlab.sketch.drawings.canvas import Canvas
from seedlab.sketch.drawings.draw import paint
from seedlab.sketch.drawings.outlines import Array
from seedlab.sketch.drawings.painters import PAINTERS
from seedlab.sketch.drawings.props import paint_prop
from seedlab.sketch.scene import PROPS, Composition, Scene, sample_composition

everything = pytest.mark.parametrize("prop", PROPS)


def touched(prop: str, painter: str | None = None, **where: float) -> Array:
    """The pixels (48, 48) that the prop alone covers."""
    canvas = Canvas(48)
    canvas.pixels[:] = 7  # which is no colour
    paint_prop(canvas, PAINTERS[painter].ground, Composition(prop=prop, **where), painter)
    assert not canvas.subject.any()
    return np.asarray((canvas.pixels != 7).any(2))


@pytest.mark.parametrize("painter", PAINTERS)
@everything
def test_a_prop_is_seen_and_is_behind_the_subject(prop: str, painter: str | None) -> None:
    for seed in range(4):
        composition = replace(sample_composition(Random(seed)), prop=None)
        without = paint(Scene("apple", painter, composition=composition), 48)
        beside = paint(Scene("apple", painter, composition=replace(composition, prop=prop)), 48)
        changed = np.abs(without.pixels - beside.pixels).max(2) > 0.1
        assert changed.mean() > 0.004
        assert not changed[without.subject == 1].any()
        assert np.array_equal(without.subject, beside.subject)


@everything
def test_a_larger_prop_covers_more(prop: str) -> None:
    small, large = (touched(prop, prop_size=size).sum() for size in (0.0, 1.0))
    assert large > 1.3 * small > 0


@everything
def test_a_prop_is_where_the_composition_says(prop: str) -> None:
    left, right = (np.nonzero(touched(prop, prop_x=x))[1].mean() for x in (0.0, 1.0))
    assert left < 24 < right


def test_stones_and_bushes_stand_on_the_ground_clouds_and_flocks_are_in_the_sky() -> None:
    line = 48 * Composition().horizon
    for prop in PROPS:
        rows, _ = np.nonzero(touched(prop))
        assert (rows.max() > line) == (prop in ("stone", "bush"))


@pytest.mark.parametrize("x", [0.28, 0.5, 0.72])
def test_stones_stand_beside_the_subject(x: float) -> None:
    for prop_x in (0.0, 0.3, 0.7, 1.0):
        columns = np.nonzero(touched("stone", x=x, size=0.3, prop_x=prop_x))[1]
        assert abs(columns.mean() / 48 - x) > 0.15


def test_without_a_prop_nothing_is_added() -> None:
    canvas = Canvas(16)
    paint_prop(canvas, PAINTERS[None].ground, Composition(prop=None), None)
    assert not canvas.pixels.any()


def test_vermeer_and_mondrian_have_props_of_their_own() -> None:
    for painter in ("Vermeer", "Mondrian"):
        for prop in PROPS:
            assert not np.array_equal(touched(prop, painter), touched(prop))
