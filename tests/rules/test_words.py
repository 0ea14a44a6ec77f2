"""Words: the locked seed under other prompts."""

from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.rules.kinds.wordings.words import Words
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


def test_weights_of_a_new_prompt_are_read_and_the_old_negative_prompt_keeps_its_characters():
    child = Words.apply(replace(RECIPE, negative_prompt="[fog]"), "a (red:1.3) boat")
    assert (child.prompt, child.negative_prompt, child.prompt_syntax) == ("a (red:1.3) boat", r"\[fog\]", "weights")
    assert Words.apply(replace(RECIPE, prompt="a (red) boat"), "a blue boat").prompt_syntax == ""
    with pytest.raises(RecipeError, match="out of range") as caught:
        Words.apply(RECIPE, "a (red:99) boat")
    assert caught.value.field == "words"


def test_late_words_join_the_new_prompt():
    late = replace(RECIPE, prompt="a boat", late_prompt="a boat, artsy", late_step=3)
    child = Words.apply(late, "a ship")
    assert (child.prompt, child.late_prompt, child.late_step) == ("a ship", "a ship, artsy", 3)
    with pytest.raises(RecipeError, match="another one after step 3"):
        Words.apply(replace(late, late_prompt="a house"), "a ship")
