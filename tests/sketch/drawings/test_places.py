"""The places, in all styles."""

from functools import cache
from itertools import combinations
from random import Random

import numpy as np
import pytest

from seedlab.sketch.drawings.canvas import Canvas
from seedlab.sketch.drawings.geometry import Array
from seedlab.sketch.drawings.places import paint_place
from seedlab.sketch.drawings.styles.registry import STYLES
from seedlab.sketch.scene import Composition, Scene, sample_composition
from seedlab.sketch.vocabulary import PLACES
from tests.sketch.drawings.rendering import difference, pixels


@cache
def render(place: str | None, style: str | None = None) -> Array:
    return pixels(Scene("apple", style, place=place, composition=Composition(size=1e-4, moon_x=0.8)))


def sky(image: Array) -> Array:
    return image[:12].mean((0, 1))


def land(image: Array) -> Array:
    return image[-8:].mean((0, 1))


@pytest.mark.parametrize(("subject", "seed"), [("house", 3), ("fish", 5)])
def test_places_differ_from_each_other_and_from_none(subject: str, seed: int) -> None:
    composition = sample_composition(Random(seed))
    views = {place: pixels(Scene(subject, place=place, composition=composition)) for place in (None, *PLACES)}
    for first, second in combinations(views, 2):
        assert difference(views[first], views[second]) > 12, (first, second)


@pytest.mark.parametrize("style", STYLES)
def test_places_differ_in_every_style(style: str | None) -> None:
    for first, second in combinations((None, *PLACES), 2):
        assert difference(render(first, style), render(second, style)) > 5, (first, second)


@pytest.mark.parametrize("place", PLACES)
def test_places_are_not_part_of_the_subject(place: str) -> None:
    canvas = Canvas(48)
    paint_place(canvas, place, Composition())
    assert canvas.pixels.any()
    assert not canvas.subject.any()


def test_no_place_adds_nothing() -> None:
    canvas = Canvas(48)
    paint_place(canvas, None, Composition())
    assert not canvas.pixels.any()


def test_unknown_places_raise() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        paint_place(Canvas(8), "nowhere", Composition())


def test_night_and_space_are_dark_with_bright_spots() -> None:
    for place in ("at night", "in space"):
        view = render(place)
        assert sky(view).mean() < 0.35
        assert view[:16].max() > 0.9


def test_snow_is_white() -> None:
    assert land(render("in the snow")).min() > 0.75


def test_sunset_is_red_and_forest_is_green() -> None:
    red, green, blue = render("at sunset").mean((0, 1))
    assert red > max(green, blue) + 0.1
    red, green, blue = render("in a forest").mean((0, 1))
    assert green > max(red, blue) + 0.05


def test_beach_has_sand_and_blue_sea() -> None:
    view, line = render("on a beach"), int(48 * Composition().horizon)
    red, green, blue = land(view)
    assert red > green > blue
    red, green, blue = view[line - 4, :8].mean(0)
    assert blue > green > red


def test_palm_is_opposite_the_sun() -> None:
    view = render("on a beach")
    green = view[..., 1] > view[..., [0, 2]].max(2) + 0.1
    assert green[:, :16].sum() > 20
    assert not green[:, 32:].any()


def test_cities_and_mountains_rise_above_the_horizon() -> None:
    line = int(48 * Composition().horizon)
    for place in ("in the city", "in the mountains"):
        steps = np.abs(np.diff(render(place)[line - 12 : line - 2], axis=1)).max(2)
        assert (steps > 0.08).mean() > 0.1, place
