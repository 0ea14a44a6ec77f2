"""Seed variety is in the first quarter of the steps, in whichever order both are changed."""

from dataclasses import replace
from pathlib import Path

import pytest

from seedlab.core.errors import RecipeError
from seedlab.rules.change import Change
from seedlab.rules.kinds.edit import Edit
from seedlab.rules.kinds.matrix import Matrix
from seedlab.rules.kinds.sweep import Sweep
from seedlab.workflow.trails.trail import Trail
from tests.examples import MODEL, RECIPE

VARIED = replace(RECIPE, seed_variety=0.5, seed_variety_steps=3)
STEPS, VARIETY = Sweep((("steps", 2), ("steps", 50))), Sweep((("variety", 0.25), ("variety", 0.5)))


def ask(steps, variety):
    """Return the recipe that the form makes."""
    return replace(MODEL, dtype="float32").make_recipe(
        prompt=RECIPE.prompt, seed=0, num_inference_steps=steps, seed_variety=variety
    )


def test_an_edit_is_what_the_form_makes():
    for steps, counted in ((50, 13), (2, 1)):
        (child,) = Edit.of(RECIPE, {"seed_variety": 0.5, "num_inference_steps": steps}).make(RECIPE)
        assert child.seed_variety_steps == counted
        assert child == ask(steps, 0.5)
        assert list(Edit.of(VARIED, {"num_inference_steps": steps}).make(VARIED)) == [child]


def test_a_sweep_of_steps_keeps_the_share():
    assert list(STEPS.make(VARIED)) == [ask(2, 0.5), ask(50, 0.5)]
    assert list(STEPS.make(RECIPE)) == [ask(2, 0), ask(50, 0)]
    with pytest.raises(RecipeError, match="from 1 to 1000"):
        Sweep.apply(VARIED, ("steps", 1001))


def test_a_matrix_is_the_same_both_ways():
    expected = {ask(steps, variety) for steps in (2, 50) for variety in (0.25, 0.5)}
    for parent in (RECIPE, VARIED):
        assert set(Matrix.of(STEPS, VARIETY).make(parent)) == set(Matrix.of(VARIETY, STEPS).make(parent)) == expected


@pytest.mark.parametrize(
    ("parent", "rule", "value"),
    [
        (VARIED, Sweep, ("steps", 50)),
        (RECIPE, Edit, (("num_inference_steps", 50), ("seed_variety", 0.5))),
        (RECIPE, Matrix, (("sweep", ("variety", 0.5)), ("sweep", ("steps", 50)))),
    ],
    ids=["sweep", "edit", "matrix"],
)
def test_pictures_of_earlier_versions_come_back_with_their_own_share(parent, rule, value):
    old = replace(VARIED, num_inference_steps=50)
    assert rule.leads(parent, value, old)
    assert rule.leads(parent, value, ask(50, 0.5))
    assert not rule.leads(parent, value, replace(old, seed_variety_steps=4))
    trail = Trail().restore(old, (Change(parent, rule.name, value),), Path("a.png"))
    assert trail.newest.tiles[0].recipe == old
    assert trail.lineage_of(2, 0) == (Change(parent, rule.name, value),)
