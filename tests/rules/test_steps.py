"""Rounds of steps of earlier versions: they are read, and new ones are sweeps."""

from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.rules.kinds.steps import Steps
from seedlab.rules.registry import VARIATIONS
from tests.examples import RECIPE


def test_a_round_of_steps_changes_the_number_of_steps_and_nothing_else():
    recipes = tuple(Steps((1, 20)).make(RECIPE))
    assert recipes == (replace(RECIPE, num_inference_steps=1), replace(RECIPE, num_inference_steps=20))


def test_tiles_and_rounds_say_what_varies():
    assert [Steps.caption(RECIPE, value) for value in (1, 20)] == ["1 step", "20 steps"]
    assert Steps((1, 20)).title([replace(RECIPE, seed=0)]) == "Seed 0 · steps"


def test_no_new_ones_are_made():
    assert Steps not in VARIATIONS
    with pytest.raises(RecipeError, match="not made any more"):
        Steps.parse({})


@pytest.mark.parametrize("value", [0, 1001, "8", (8,)])
def test_a_number_that_no_recipe_takes_is_refused(value):
    with pytest.raises(RecipeError):
        Steps((value,)).make(RECIPE)
