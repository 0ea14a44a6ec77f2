"""How colour words, styles and places change colours."""

from dataclasses import astuple

import pytest

from seedlab.sketch.drawings.canvas import Colour, rgb
from seedlab.sketch.drawings.palette import (
    COLOUR_WORDS,
    PLACE_BACKGROUNDS,
    PRIMARIES,
    choose_palette,
    choose_primaries,
    contrasting,
    grade,
    grade_background,
    make_palette,
    nearest,
    saturate,
)  # fmt: skip
from seedlab.sketch.vocabulary import COLOURS, PAINTERS, PLACES, TECHNIQUES

NATURAL = make_palette("d9a860", "a9733d", "f2d9a6", "2a1f1c", "e37f80")
ALL_STYLES = (None, *PAINTERS, *TECHNIQUES)


def lightness(colour: Colour) -> float:
    return sum(colour) / 3


def test_every_colour_word_and_place_has_colours() -> None:
    assert set(COLOUR_WORDS) == set(COLOURS)
    assert set(PLACE_BACKGROUNDS) == set(PLACES)


def test_subjects_have_natural_colours_by_default() -> None:
    for chosen, natural in zip(astuple(choose_palette(NATURAL, None, None)), astuple(NATURAL), strict=True):
        assert chosen == pytest.approx(natural)


def test_colour_word_also_sets_the_second_colour_of_fur() -> None:
    smooth = choose_palette(NATURAL, None, "blue")
    furry = choose_palette(NATURAL, None, "blue", furry=True)
    assert smooth.main == furry.main == COLOUR_WORDS["blue"][0]
    assert smooth.second == pytest.approx(NATURAL.second)
    assert furry.second == COLOUR_WORDS["blue"][1]
    assert smooth.light == furry.light == NATURAL.light


@pytest.mark.parametrize("style", ALL_STYLES)
def test_colour_word_works_in_every_style(style: str | None) -> None:
    red, blue = (choose_palette(NATURAL, style, word).main for word in ("red", "blue"))
    assert red[0] - red[2] > blue[0] - blue[2] + 0.1


def test_styles_keep_the_dark_colour() -> None:
    assert {choose_palette(NATURAL, style, None).dark for style in ALL_STYLES} == {NATURAL.dark}


def test_contrasting_switches_colour_only_if_needed() -> None:
    white, cream, red = rgb("ffffff"), rgb("fff6e0"), rgb("d02020")
    assert contrasting(white, red, cream) == white
    assert contrasting(white, cream, red) == red


def test_mondrian_has_five_colours() -> None:
    assert set(PRIMARIES) == {"red", "blue", "yellow", "white", "black"}
    assert choose_primaries("red", "blue", "white", "black", "yellow").second == PRIMARIES["blue"]
    assert nearest(rgb("c04030"), tuple(PRIMARIES.values())) == PRIMARIES["red"]


def test_saturation_moves_colours_away_from_grey_but_keeps_grey() -> None:
    assert saturate((0.5, 0.5, 0.5), 2.0) == pytest.approx((0.5, 0.5, 0.5))
    red, green, blue = saturate((0.6, 0.4, 0.4), 1.5)
    assert red > 0.6
    assert green == blue < 0.4
    assert max(saturate((0.9, 0.1, 0.1), 5.0)) == 1.0


def test_pencil_sketch_is_nearly_grey() -> None:
    colour = grade(rgb("d2322b"), "pencil sketch")
    assert max(colour) - min(colour) < 0.1


@pytest.mark.parametrize("style", ALL_STYLES)
def test_night_is_darker_than_snow_in_every_style(style: str | None) -> None:
    night, snow = (grade_background(PLACE_BACKGROUNDS[place], style) for place in ("at night", "in the snow"))
    assert lightness(night.sky) < lightness(snow.sky) - 0.05
    assert lightness(night.near) < lightness(snow.near) - 0.2
