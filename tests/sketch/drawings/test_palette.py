"""Colours: what a word, a painter and a place make of them."""

from dataclasses import astuple

import pytest

from seedlab.sketch.drawings.canvas import Colour, rgb
from seedlab.sketch.drawings.palette import (
    COLOUR_WORDS,
    PLACE_GROUNDS,
    PRIMARIES,
    apart,
    choose_palette,
    choose_primaries,
    grade,
    grade_ground,
    make_palette,
    nearest,
    saturate,
)  # fmt: skip
from seedlab.sketch.vocabulary import COLOURS, MANNERS, PAINTERS, PLACES

NATURAL = make_palette("d9a860", "a9733d", "f2d9a6", "2a1f1c", "e37f80")
EVERYONE = (None, *PAINTERS, *MANNERS)


def lightness(colour: Colour) -> float:
    return sum(colour) / 3


def test_every_colour_word_and_every_place_has_its_colours() -> None:
    assert set(COLOUR_WORDS) == set(COLOURS)
    assert set(PLACE_GROUNDS) == set(PLACES)


def test_without_words_a_subject_has_its_natural_colours() -> None:
    for seen, natural in zip(astuple(choose_palette(NATURAL, None, None)), astuple(NATURAL), strict=True):
        assert seen == pytest.approx(natural)


def test_a_colour_word_paints_a_thing_and_dyes_fur_whole() -> None:
    painted = choose_palette(NATURAL, None, "blue")
    dyed = choose_palette(NATURAL, None, "blue", furry=True)
    assert painted.main == dyed.main == COLOUR_WORDS["blue"][0]
    assert painted.second == pytest.approx(NATURAL.second)
    assert dyed.second == COLOUR_WORDS["blue"][1]
    assert painted.light == dyed.light == NATURAL.light


@pytest.mark.parametrize("painter", EVERYONE)
def test_every_painter_hears_the_colour_word(painter: str | None) -> None:
    red, blue = (choose_palette(NATURAL, painter, word).main for word in ("red", "blue"))
    assert red[0] - red[2] > blue[0] - blue[2] + 0.1


def test_eyes_stay_as_dark_as_they_are_whoever_paints() -> None:
    assert {choose_palette(NATURAL, painter, None).dark for painter in EVERYONE} == {NATURAL.dark}


def test_a_mark_takes_the_other_colour_only_where_it_would_not_show() -> None:
    white, cream, red = rgb("ffffff"), rgb("fff6e0"), rgb("d02020")
    assert apart(white, red, cream) == white
    assert apart(white, cream, red) == red


def test_mondrian_has_five_colours() -> None:
    assert set(PRIMARIES) == {"red", "blue", "yellow", "white", "black"}
    assert choose_primaries("red", "blue", "white", "black", "yellow").second == PRIMARIES["blue"]
    assert nearest(rgb("c04030"), tuple(PRIMARIES.values())) == PRIMARIES["red"]


def test_saturation_moves_colours_away_from_grey_and_leaves_grey_alone() -> None:
    assert saturate((0.5, 0.5, 0.5), 2.0) == pytest.approx((0.5, 0.5, 0.5))
    red, green, blue = saturate((0.6, 0.4, 0.4), 1.5)
    assert red > 0.6
    assert green == blue < 0.4
    assert max(saturate((0.9, 0.1, 0.1), 5.0)) == 1.0


def test_a_pencil_is_nearly_grey() -> None:
    colour = grade(rgb("d2322b"), "pencil sketch")
    assert max(colour) - min(colour) < 0.1


@pytest.mark.parametrize("painter", EVERYONE)
def test_a_night_is_dark_and_snow_is_light_whoever_paints(painter: str | None) -> None:
    night, snow = (grade_ground(PLACE_GROUNDS[place], painter) for place in ("at night", "in the snow"))
    assert lightness(night.sky) < lightness(snow.sky) - 0.05
    assert lightness(night.near) < lightness(snow.near) - 0.2
