"""Words: the locked seed under other prompts."""

from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.rules.words import Words
from tests.examples import RECIPE

CAT = "Cat in the style of Vermeer"


def test_each_line_is_the_prompt_of_a_picture():
    rule = Words.parse({"words": f"{CAT}\n\n a boat \n{CAT}"})
    assert list(rule.make(RECIPE)) == [replace(RECIPE, prompt=CAT), replace(RECIPE, prompt="a boat")]


def test_the_caption_is_what_changed():
    assert Words.caption(RECIPE, CAT) == "Cat"
    assert Words((CAT,)).title([RECIPE]) == "Seed 0 · words"


def test_a_prompt_that_was_not_edited_is_refused():
    with pytest.raises(RecipeError, match="edit it first") as caught:
        Words.parse({"words": RECIPE.prompt}).make(RECIPE)
    assert caught.value.field == "words"
    assert len(Words.parse({"words": f"{RECIPE.prompt}\n{CAT}"}).make(RECIPE)) == 2, "one of several may be"


@pytest.mark.parametrize(
    ("text", "sentence"), [(" \n", "No prompt given"), ("\n".join(map(str, range(257))), "257 prompts are too many")]
)
def test_no_prompt_and_too_many_are_refused(text, sentence):
    with pytest.raises(RecipeError, match=sentence):
        Words.parse({"words": text})


@pytest.mark.parametrize("value", [3, ("a",), 10_001 * "x"])
def test_a_value_that_is_no_prompt_is_refused(value):
    with pytest.raises(RecipeError) as caught:
        Words.apply(RECIPE, value)
    assert caught.value.field == "words"
