"""Steps: the same recipe at several numbers of denoising steps."""

from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.rules.steps import Steps
from tests.examples import RECIPE


def test_a_round_of_steps_changes_the_number_of_steps_and_nothing_else():
    recipes = tuple(Steps((1, 20)).make(RECIPE))
    assert recipes == (replace(RECIPE, num_inference_steps=1), replace(RECIPE, num_inference_steps=20))


def test_tiles_and_rounds_say_what_varies():
    assert [Steps.caption(value) for value in (1, 20)] == ["1 step", "20 steps"]
    assert Steps((1, 20)).title([replace(RECIPE, seed=0)]) == "Seed 0 · steps"


@pytest.mark.parametrize("text", ["8, 12,20", "8 12\n20 8", "8;12; 20", "８、１２、２０", "8.0, 12 20.00"])
def test_numbers_are_read_as_people_write_them(text):
    assert Steps.parse({"step_counts": text}) == Steps((8, 12, 20))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "No number of steps given"),
        ("many", "“many” is not a whole number"),
        ("1.5", "“1.5” is not a whole number"),
        ("1,000", "“1,000” can be read in two ways"),
        ("8, " * 2500, "7,500 characters: shorten it"),
        (" ".join(map(str, range(1, 18))), "17 numbers of steps are too many"),
    ],
)
def test_what_is_not_a_number_of_steps_is_refused(text, sentence):
    with pytest.raises(RecipeError, match=sentence) as caught:
        Steps.parse({"step_counts": text})
    assert caught.value.field == "step_counts"


@pytest.mark.parametrize("value", [0, 1001, "8", (8,)])
def test_a_number_that_no_recipe_takes_is_an_error_of_the_field(value):
    with pytest.raises(RecipeError) as caught:
        Steps((value,)).make(RECIPE)
    assert caught.value.field == "step_counts"
