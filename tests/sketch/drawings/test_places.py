"""Places: what a person expects to see there, whoever paints."""

from functools import cache
from itertools import combinations
from random import Random

import numpy as np
import pytest

from seedlab.sketch.drawings.canvas import Canvas
from seedlab.sketch.drawings.outlines import Array
from seedlab.sketch.drawings.painters import PAINTERS
from seedlab.sketch.drawings.places import paint_place
from seedlab.sketch.scene import Composition, Scene, sample_composition
from seedlab.sketch.vocabulary import PLACES
from tests.sketch.drawings.pictures import difference, pixels


@cache
def visit(place: str | None, painter: str | None = None) -> Array:
    return pixels(Scene("apple", painter, place=place, composition=Composition(size=1e-4, moon_x=0.8)))


def sky(picture: Array) -> Array:
    return picture[:12].mean((0, 1))


def land(picture: Array) -> Array:
    return picture[-8:].mean((0, 1))


@pytest.mark.parametrize(("subject", "seed"), [("house", 3), ("fish", 5)])
def test_every_place_differs_from_every_other_and_from_none(subject: str, seed: int) -> None:
    composition = sample_composition(Random(seed))
    views = {place: pixels(Scene(subject, place=place, composition=composition)) for place in (None, *PLACES)}
    for first, second in combinations(views, 2):
        assert difference(views[first], views[second]) > 12, (first, second)


@pytest.mark.parametrize("painter", PAINTERS)
def test_every_place_shows_in_every_manner(painter: str | None) -> None:
    for first, second in combinations((None, *PLACES), 2):
        assert difference(visit(first, painter), visit(second, painter)) > 5, (first, second)


@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_never_taken_for_the_subject(place: str) -> None:
    canvas = Canvas(48)
    paint_place(canvas, place, Composition())
    assert canvas.pixels.any()
    assert not canvas.subject.any()


def test_without_a_place_nothing_is_added() -> None:
    canvas = Canvas(48)
    paint_place(canvas, None, Composition())
    assert not canvas.pixels.any()


def test_a_word_that_is_no_place_is_refused() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        paint_place(Canvas(8), "nowhere", Composition())


def test_night_and_space_are_dark_with_something_bright_in_the_sky() -> None:
    for place in ("at night", "in space"):
        view = visit(place)
        assert sky(view).mean() < 0.35
        assert view[:16].max() > 0.9


def test_snow_lies_white() -> None:
    assert land(visit("in the snow")).min() > 0.75


def test_a_sunset_is_red_and_the_forest_green() -> None:
    red, green, blue = visit("at sunset").mean((0, 1))
    assert red > max(green, blue) + 0.1
    red, green, blue = visit("in a forest").mean((0, 1))
    assert green > max(red, blue) + 0.05


def test_a_beach_is_sand_before_a_blue_sea() -> None:
    view, line = visit("on a beach"), int(48 * Composition().horizon)
    red, green, blue = land(view)
    assert red > green > blue
    red, green, blue = view[line - 4, :8].mean(0)
    assert blue > green > red


def test_a_palm_stands_on_the_side_where_the_sun_is_not() -> None:
    view = visit("on a beach")
    green = view[..., 1] > view[..., [0, 2]].max(2) + 0.1
    assert green[:, :16].sum() > 20
    assert not green[:, 32:].any()


def test_cities_and_mountains_rise_above_the_horizon() -> None:
    line = int(48 * Composition().horizon)
    for place in ("in the city", "in the mountains"):
        steps = np.abs(np.diff(visit(place)[line - 12 : line - 2], axis=1)).max(2)
        assert (steps > 0.08).mean() > 0.1, place
