"""Suffixes: the second round of the diffusers guide, and the way back from a long prompt."""

from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES, Suffixes, cut_suffix, extend_prompt, parse_suffixes
from tests.examples import RECIPE


def test_the_guides_second_round_keeps_the_seed_and_extends_the_prompt():
    recipes = tuple(Suffixes(GUIDE_SUFFIXES).make(replace(RECIPE, seed=2)))
    assert [recipe.prompt for recipe in recipes] == [
        "Labrador in the style of Vermeer, highly realistic",
        "Labrador in the style of Vermeer, artsy",
        "Labrador in the style of Vermeer, trending",
        "Labrador in the style of Vermeer, colorful",
    ]
    assert {recipe.seed for recipe in recipes} == {2}


def test_a_prompt_that_becomes_too_long_is_an_error_of_the_suffix():
    with pytest.raises(RecipeError, match="10,007 characters") as caught:
        Suffixes((", artsy",)).make(replace(RECIPE, prompt="x" * 10_000))
    assert caught.value.field == "suffixes"


@pytest.mark.parametrize("value", [3, 1.5, (", artsy",), "", "  "])
def test_a_value_that_is_not_a_suffix_is_refused(value):
    with pytest.raises(RecipeError, match="must be text"):
        Suffixes.apply(RECIPE, value)
    assert not Suffixes.leads(RECIPE, value, RECIPE)


EXTENSIONS = [
    ("a house", ", artsy", "a house, artsy"),
    ("a house", "at night", "a house at night"),
    ("a house ", "at night", "a house at night"),
    ("a house", "(artsy:1.3)", "a house (artsy:1.3)"),
    ("a house", "[artsy]", "a house [artsy]"),
    ("a house", "<lora:ink:1>", "a house <lora:ink:1>"),
    ("a house", '"neon"', 'a house "neon"'),
    ("a house", "“neon”", "a house “neon”"),
    ("a house", "🌊 waves", "a house 🌊 waves"),
    ("a house", "-artsy", "a house -artsy"),
    ("a house", "#artsy", "a house #artsy"),
    ("a house", ": artsy", "a house: artsy"),
    ("a house", "?", "a house?"),
    ("a house,", ", artsy", "a house, artsy"),
    ("a house, ", ", artsy", "a house, artsy"),
    ("a house,", "artsy", "a house, artsy"),
    ("a house，", "，艺术", "a house，艺术"),
    ("a house", "、艺术", "a house、艺术"),
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


OLD_EXTENSIONS = [
    ("a house", ", artsy", "a house, artsy"),
    ("a house", "at night", "a house at night"),
    ("a house ", "at night", "a house  at night"),
    ("a house", "(artsy:1.3)", "a house(artsy:1.3)"),
    ("a house,", ", artsy", "a house,, artsy"),
    ("", ", artsy", "artsy"),
    ("", ",", ""),
    ("海", "の波", "海 の波"),
]


@pytest.mark.parametrize(("prompt", "suffix", "extended"), OLD_EXTENSIONS)
def test_pictures_of_earlier_versions_keep_their_history(prompt, suffix, extended):
    parent, child = (replace(RECIPE, prompt=text) for text in (prompt, extended))
    assert Suffixes.leads(parent, suffix, child)
    assert not Suffixes.leads(parent, suffix, replace(child, seed=7))
    assert not Suffixes.leads(parent, suffix, replace(child, prompt=f"{extended} x"))


@pytest.mark.parametrize(("prompt", "suffix", "extended"), OLD_EXTENSIONS)
def test_a_suffix_of_version_1_comes_off_again(prompt, suffix, extended):
    assert cut_suffix(extended, suffix) == prompt


@pytest.mark.parametrize(
    ("prompt", "suffix"), [("a house", ", artsy"), ("partsy", "artsy"), ("", "x"), ("x", "\ud800")]
)
def test_a_suffix_that_is_not_there_does_not_come_off(prompt, suffix):
    with pytest.raises(RecipeError, match="does not end with this suffix") as caught:
        cut_suffix(prompt, suffix)
    assert str(caught.value).encode()


def test_suffixes_are_read_one_a_line():
    assert parse_suffixes(", artsy\n\n  at night \n, artsy\n") == (", artsy", "at night")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("\n \n", "No suffix given"), ("\n".join(f", {n}" for n in range(257)), "257 suffixes are too many")],
)
def test_no_suffix_and_too_many_are_refused(text, sentence):
    with pytest.raises(RecipeError, match=sentence):
        parse_suffixes(text)


def test_a_suffix_with_weights_leaves_the_brackets_of_an_old_prompt_characters():
    parent = replace(RECIPE, prompt="a (red) boat", negative_prompt="[fog]")
    child = Suffixes.apply(parent, ", (artsy:1.3)")
    assert child.prompt == r"a \(red\) boat, (artsy:1.3)"
    assert (child.negative_prompt, child.prompt_syntax) == (r"\[fog\]", "weights")
    assert Suffixes.leads(parent, ", (artsy:1.3)", child)
    plain = Suffixes.apply(parent, ", artsy")
    assert (plain.prompt, plain.prompt_syntax) == ("a (red) boat, artsy", "")
    assert Suffixes.apply(child, ", artsy").prompt_syntax == "weights"


def test_pictures_of_versions_that_read_no_weights_keep_their_lineage():
    assert Suffixes.leads(RECIPE, " (artsy:1.3)", replace(RECIPE, prompt=f"{RECIPE.prompt} (artsy:1.3)"))


def test_a_suffix_of_a_picture_with_late_words_is_read_to_the_end():
    late = replace(RECIPE, prompt="a boat", late_prompt="a boat, artsy", late_step=3)
    child = Suffixes.apply(late, ", at night")
    assert (child.prompt, child.late_prompt) == ("a boat, at night", "a boat, artsy, at night")


def test_a_weight_out_of_range_is_an_error_of_the_suffix():
    with pytest.raises(RecipeError, match="The weight 30 of “artsy” is out of range") as caught:
        Suffixes.apply(RECIPE, ", (artsy:30)")
    assert caught.value.field == "suffixes"
