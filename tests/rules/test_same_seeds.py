"""The whole round of a tile again, with another prompt."""

from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.rules.kinds.same_seeds import SameSeeds
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.workflow.trails.trail import Trail
from tests.examples import RECIPE

CAT = "Cat in the style of Vermeer"


def test_the_seeds_of_the_round_get_the_prompt_in_their_order():
    trail = Trail().explore(RECIPE, Seeds((7, 0, 3))).lock(1, 2, SameSeeds((CAT,)))
    assert [tile.recipe for tile in trail.newest.tiles] == [
        replace(RECIPE, prompt=CAT, seed=seed) for seed in (7, 0, 3)
    ]
    assert trail.newest.title == "Seeds 7, 0, 3 · other words"
    assert {trail.newest.caption(index) for index in range(3)} == {"Cat"}


def test_the_seeds_of_a_variation_are_those_of_the_round_that_it_came_from():
    trail = Trail().explore(RECIPE, Seeds((0, 1))).lock(1, 1, Suffixes((", artsy", ", red")))
    trail = trail.lock(2, 0, SameSeeds((CAT,)))
    assert [tile.recipe.seed for tile in trail.newest.tiles] == [0, 1]


@pytest.mark.parametrize(
    ("prompt", "seeds", "sentence"), [(CAT, (4,), "only one seed"), (RECIPE.prompt, (0, 1), "edit it first")]
)
def test_a_round_that_would_show_nothing_new_is_refused(prompt, seeds, sentence):
    with pytest.raises(RecipeError, match=sentence) as caught:
        Trail().explore(RECIPE, Seeds(seeds)).lock(1, 0, SameSeeds((prompt,)))
    assert caught.value.field == "other_words"


@pytest.mark.parametrize("value", ["a cat", (1,), ("a", "b"), (1, 2), (1, CAT, 3)])
def test_a_value_without_a_seed_and_a_prompt_is_refused(value):
    with pytest.raises(RecipeError):
        SameSeeds.apply(RECIPE, value)
    with pytest.raises(RecipeError, match="No prompt given"):
        SameSeeds.parse({"other_words": " "})
