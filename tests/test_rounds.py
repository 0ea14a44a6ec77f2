"""The rules that make rounds, and the way back from a picture to its parents."""

from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.rounds import (
    GUIDE_SUFFIXES,
    cut_suffix,
    extend_prompt,
    find_ancestors,
    parse_suffixes,
    seed_round,
    suffix_round,
)
from tests.examples import RECIPE


def test_a_round_of_seeds_changes_the_seed_and_nothing_else():
    assert seed_round(RECIPE, (0, 1, 7)) == (RECIPE, replace(RECIPE, seed=1), replace(RECIPE, seed=7))


def test_the_guides_second_round_keeps_the_seed_and_adds_to_the_prompt():
    recipes = suffix_round(replace(RECIPE, seed=2), GUIDE_SUFFIXES)
    assert [recipe.prompt for recipe in recipes] == [
        "Labrador in the style of Vermeer, highly realistic",
        "Labrador in the style of Vermeer, artsy",
        "Labrador in the style of Vermeer, trending",
        "Labrador in the style of Vermeer, colorful",
    ]
    assert {recipe.seed for recipe in recipes} == {2}


def test_a_prompt_that_becomes_too_long_is_refused():
    with pytest.raises(RecipeError, match="10,007 characters"):
        suffix_round(replace(RECIPE, prompt="x" * 10_000), (", artsy",))


EXTENSIONS = [
    ("a house", ", artsy", "a house, artsy"),
    ("a house", "at night", "a house at night"),
    ("a house ", "at night", "a house  at night"),
    ("a house", "! at night", "a house! at night"),
    ("", ", artsy", "artsy"),
    ("", "artsy", "artsy"),
    ("", ",", ""),
    ("artsy", "artsy", "artsy artsy"),
    ("海", "の波", "海 の波"),
]


@pytest.mark.parametrize(("prompt", "suffix", "extended"), EXTENSIONS)
def test_a_suffix_is_glued_to_the_prompt_or_put_after_a_space(prompt, suffix, extended):
    assert extend_prompt(prompt, suffix) == extended


@pytest.mark.parametrize(("prompt", "suffix", "extended"), EXTENSIONS)
def test_a_suffix_comes_off_again(prompt, suffix, extended):
    assert cut_suffix(extended, suffix) == prompt


@pytest.mark.parametrize(
    ("prompt", "suffix"), [("a house", ", artsy"), ("partsy", "artsy"), ("", "x"), ("x", "\ud800")]
)
def test_a_suffix_that_is_not_there_does_not_come_off(prompt, suffix):
    with pytest.raises(RecipeError, match="not the end") as caught:
        cut_suffix(prompt, suffix)
    assert str(caught.value).encode()


def test_the_parents_of_a_picture_are_found_by_its_suffixes():
    parent = replace(RECIPE, prompt="Labrador in the style of Vermeer, artsy")
    picture = replace(RECIPE, prompt="Labrador in the style of Vermeer, artsy at night")
    assert find_ancestors(picture, (", artsy", "at night")) == (RECIPE, parent)
    assert find_ancestors(RECIPE, ()) == ()


def test_suffixes_that_did_not_lead_to_a_picture_are_refused():
    with pytest.raises(RecipeError):
        find_ancestors(RECIPE, (", artsy",))


def test_suffixes_are_read_one_a_line():
    assert parse_suffixes(", artsy\n\n  at night \n, artsy\n") == (", artsy", "at night")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("\n \n", "No suffix given"), ("\n".join(f", {n}" for n in range(17)), "17 suffixes are too many")],
)
def test_no_suffix_and_too_many_are_refused(text, sentence):
    with pytest.raises(RecipeError, match=sentence):
        parse_suffixes(text)
