"""Live words: one draft at a time for each visitor, and a new one ends the one before it."""

from dataclasses import replace
from threading import Event

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.start import Start
from seedlab.core.reports import Progress
from seedlab.workflow.live import LiveDrafts, choose_live_steps
from tests.examples import MODEL as UNRESOLVED

MODEL = replace(UNRESOLVED, dtype="float32")
RECIPE = MODEL.make_recipe(prompt="cat", seed=0)


def draw(recipe, draft_steps, stop, visitor):
    for step in range(1, 4):
        yield Progress(0, step, 3, None)


def test_a_new_draft_ends_the_one_before_it_and_that_of_no_other_visitor():
    drafts, stops = LiveDrafts(draw), [Event() for _ in range(3)]
    mine, theirs, mine_again = (
        drafts.follow(RECIPE, 3, stop, visitor) for stop, visitor in zip(stops, ("a", "b", "a"), strict=True)
    )
    next(mine), next(theirs), next(mine_again)
    assert [stop.is_set() for stop in stops] == [True, False, False]
    assert list(mine) == [], "no report follows the end"
    assert [len(list(each)) for each in (theirs, mine_again)] == [2, 2]


def test_a_draft_that_is_left_ends():
    stop = Event()
    draft = LiveDrafts(draw).follow(RECIPE, 3, stop, "a")
    next(draft)
    draft.close()
    assert stop.is_set()


def test_a_picture_of_one_step_is_made_whole_and_one_that_starts_from_another_is_not_drafted():
    assert choose_live_steps(MODEL, RECIPE) == MODEL.choose_draft_steps(RECIPE.num_inference_steps)
    assert choose_live_steps(MODEL, MODEL.make_recipe(prompt="cat", seed=0, num_inference_steps=1)) is None
    larger = MODEL.make_recipe(prompt="cat", seed=0, start=Start(recipe=RECIPE, strength=0.5))
    with pytest.raises(SeedLabError, match="starts from another one"):
        choose_live_steps(MODEL, larger)
