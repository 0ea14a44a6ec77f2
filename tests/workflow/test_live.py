"""Live words: which drafts follow the typing."""

from dataclasses import replace

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.start import Start
from seedlab.workflow.live import choose_live_steps
from tests.examples import MODEL as UNRESOLVED

MODEL = replace(UNRESOLVED, dtype="float32")
RECIPE = MODEL.make_recipe(prompt="cat", seed=0)


def test_a_picture_of_one_step_is_made_whole_and_one_that_starts_from_another_is_not_drafted():
    assert choose_live_steps(MODEL, RECIPE) == MODEL.choose_draft_steps(RECIPE.num_inference_steps)
    assert choose_live_steps(MODEL, MODEL.make_recipe(prompt="cat", seed=0, num_inference_steps=1)) is None
    larger = MODEL.make_recipe(prompt="cat", seed=0, start=Start(recipe=RECIPE, strength=0.5))
    with pytest.raises(SeedLabError, match="starts from another one"):
        choose_live_steps(MODEL, larger)
