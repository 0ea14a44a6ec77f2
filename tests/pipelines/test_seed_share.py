"""The seed share of the real Sketch, and of Sketch with noise that is always the same."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Event

import pytest

from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.manager import PipelineManager
from seedlab.workflow.known.shares import KnownShares
from seedlab.workflow.measuring import measure_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def manager():
    manager = PipelineManager(device="cpu")
    yield manager
    manager.close()


def measure(manager, generate):
    work = measure_model(generate, KnownShares(None), manager.resolve("sketch"), Event())
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_sketch_leaves_much_of_the_composition_to_the_seed(manager):
    share = measure(manager, manager.generate)
    assert share.share > 0.4


def test_a_model_whose_noise_is_always_the_same_leaves_nothing_to_the_seed(manager):
    def generate(recipes: Sequence[Recipe], stop: Event, *, draft_steps: int | None = None):
        return manager.generate([replace(each, seed=0) for each in recipes], stop, draft_steps=draft_steps)

    share = measure(manager, generate)
    assert share.share == pytest.approx(0, abs=1e-6)
    assert share.high == pytest.approx(0, abs=1e-6)
