"""Seeds: the first round of the diffusers guide."""

from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.rules.kinds.seeds import Seeds
from tests.examples import RECIPE


def test_a_round_of_seeds_changes_the_seed_and_nothing_else():
    made = Seeds((0, 1, 7)).make(RECIPE)
    assert made == {RECIPE: 0, replace(RECIPE, seed=1): 1, replace(RECIPE, seed=7): 7}


def test_seeds_are_read_as_people_write_them():
    assert Seeds.parse({"seeds": "7, 0-2"}) == Seeds((7, 0, 1, 2))
    with pytest.raises(RecipeError) as caught:
        Seeds.parse({"seeds": ""})
    assert caught.value.field == "seeds"


@pytest.mark.parametrize("value", [-1, 2**64, "1", 1.5, (1,)])
def test_a_value_that_is_not_a_seed_is_refused(value):
    with pytest.raises(RecipeError):
        Seeds((value,)).make(RECIPE)
