"""Late words: the bytes of the plain script, whether the steps before were shared, paused or made in a batch."""

from dataclasses import replace
from threading import Event

import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Progress
from seedlab.pipelines.batches import shared_steps
from seedlab.pipelines.batches.work import Work
from seedlab.pipelines.executor import Batch
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.run_store import RunStore
from seedlab.rules.kinds.wordings.late_words import LateWords
from seedlab.workflow.scripts.script import write_script
from tests.pipelines import builders
from tests.pipelines.plain import hash_pixels, run_plainly
from tests.pipelines.test_export import run_script
from tests.pipelines.turns import make_runner, make_turn

SUFFIXES = (", artsy", ", trending", ", at night")
SIZE = {"height": 64, "width": 64, "num_inference_steps": 4}


def join_late(recipe: Recipe, step: int = 2, suffixes=SUFFIXES) -> tuple[Recipe, ...]:
    return tuple(LateWords(tuple((suffix, step) for suffix in suffixes)).make(recipe))


def make(manager, recipes) -> list[str]:
    ends = {each.index: each for each in manager.generate(recipes, Event()) if isinstance(each, Finished | Failed)}
    assert [end.sentence for end in ends.values() if isinstance(end, Failed)] == []
    return [hash_pixels(ends[index].image) for index in range(len(recipes))]


@pytest.fixture
def sharing(monkeypatch) -> list[Recipe]:
    """The recipes whose steps are computed to be shared."""
    computed = []
    real = shared_steps.sample
    monkeypatch.setattr(
        shared_steps, "sample", lambda *given, **more: computed.append(given[1]) or real(*given, **more)
    )
    return computed


CASES = [
    ("build_stable_diffusion", {"scheduler": "DPMSolverMultistepScheduler SDE"}),
    ("build_stable_diffusion", {"scheduler": "HeunDiscreteScheduler", "negative_prompt": "fog"}),
    pytest.param(
        "build_stable_diffusion",
        {"scheduler": "KDPM2AncestralDiscreteScheduler", "guidance_scale": 1.0},
        marks=pytest.mark.slow,
    ),
    pytest.param("build_stable_diffusion", {"scheduler": "PNDMScheduler"}, marks=pytest.mark.slow),
    ("build_stable_diffusion_xl", {"negative_prompt": "fog"}),
    pytest.param("build_stable_diffusion_3", {}, marks=pytest.mark.slow),
    ("build_flux", {}),
]


@pytest.mark.parametrize(("name", "changes"), CASES, ids=lambda value: str(value))
def test_every_picture_has_the_bytes_of_the_plain_script(shared_manager, sharing, build_model, name, changes):
    parent = builders.make_default_recipe(build_model(name), **(SIZE | changes))
    recipes = join_late(parent)
    plain = [run_plainly(recipe, shared_manager.environment(recipe).memory_format) for recipe in recipes]
    assert make(shared_manager, recipes) == plain
    assert sharing == [parent], "the first steps were taken once"
    assert make(shared_manager, recipes[1:2]) == plain[1:2]
    assert len({*plain, *make(shared_manager, [parent])}) == 4


def test_shared_steps_are_kept_for_the_next_batch_and_belong_to_one_seed(shared_manager, sharing, tiny):
    parent = builders.make_recipe(tiny, seed=3)
    recipes = join_late(parent, suffixes=[f", {number}" for number in range(6)])
    made = make(shared_manager, recipes)
    assert sharing == [parent]
    others = [replace(recipe, seed=7) for recipe in recipes[:2]]
    mixed = make(shared_manager, [recipes[0], *others, recipes[5]])
    assert sharing == [parent, replace(parent, seed=7)]
    assert [mixed[0], mixed[3]] == [made[0], made[5]]
    assert mixed[1:3] == [make(shared_manager, [recipe])[0] for recipe in others]


def test_the_words_join_after_the_last_step_but_one_too(shared_manager, tiny):
    recipes = join_late(builders.make_recipe(tiny), step=3)
    assert make(shared_manager, recipes) == [run_plainly(recipe) for recipe in recipes]


@pytest.mark.parametrize(
    "scheduler",
    ["HeunDiscreteScheduler", pytest.param("EulerAncestralDiscreteScheduler", marks=pytest.mark.slow)],
)
def test_work_that_gives_way_after_each_step_keeps_the_bytes(shared_manager, tiny, scheduler):
    recipes = join_late(builders.make_recipe(tiny, scheduler=scheduler))
    reports: list = []
    turn, runner = make_turn(reports.append, is_over=True), make_runner()
    work = Work(batch=Batch(model=shared_manager.resolve(str(tiny)), recipes=dict(enumerate(recipes))))
    turns = 0
    while work is not None:
        work, turns = runner.run(work, turn), turns + 1
    steps = 7 if scheduler == "HeunDiscreteScheduler" else 4
    assert turns == steps - 1, "a step a turn, but for the last shared one and the next, and none twice"
    ends = {report.index: report for report in reports if isinstance(report, Finished)}
    assert [hash_pixels(ends[index].image) for index in range(3)] == make(shared_manager, recipes)


def test_a_script_gives_the_same_bytes(shared_manager, tiny, tmp_path):
    recipes = join_late(builders.make_recipe(tiny, scheduler="HeunDiscreteScheduler", negative_prompt="fog"))
    made = make(shared_manager, recipes)
    script = write_script(recipes, shared_manager.environment(recipes[0]), find_model(str(tiny)))
    assert len(script.splitlines()) <= 30
    assert run_script(script, tmp_path) == made


@pytest.mark.slow
@pytest.mark.parametrize("name", ["build_stable_diffusion_xl", "build_stable_diffusion_3", "build_flux"])
def test_a_script_of_another_family_gives_the_same_bytes(shared_manager, build_model, tmp_path, name):
    recipes = join_late(builders.make_default_recipe(build_model(name), **SIZE))
    script = write_script(recipes, shared_manager.environment(recipes[0]), find_model(recipes[0].model_id))
    assert run_script(script, tmp_path) == make(shared_manager, recipes)


def test_a_pipeline_that_cannot_change_its_prompt_is_refused_before_any_work(shared_manager, build_model):
    parent = builders.make_default_recipe(build_model("build_pixart"), num_inference_steps=4)
    (recipe,) = join_late(parent, suffixes=SUFFIXES[:1])
    with pytest.raises(RecipeError, match="cannot change its prompt between two steps") as caught:
        find_model(recipe.model_id).check(recipe)
    assert caught.value.field == "late_prompt"
    (report,) = [each for each in shared_manager.generate([recipe], Event()) if isinstance(each, Failed)]
    assert report.sentence == str(caught.value)


def test_the_steps_go_on_from_the_draft_of_the_locked_picture(tiny, tmp_path, sharing):
    manager = PipelineManager(device="cpu", runs=RunStore(tmp_path, 2**20))
    parent = builders.make_recipe(tiny, seed=5, scheduler="DPMSolverMultistepScheduler SDE")
    steps = []
    for late_step in (2, 3):
        [*_] = manager.generate([parent], Event(), draft_steps=2)
        recipes = join_late(parent, step=late_step)
        reports = [*manager.generate(recipes, Event())]
        steps.append(min(each.step for each in reports if isinstance(each, Progress)))
        ends = {each.index: each for each in reports if isinstance(each, Finished)}
        assert [hash_pixels(ends[index].image) for index in range(3)] == [run_plainly(recipe) for recipe in recipes]
    assert min(steps) >= 3, "the draft's two steps are not taken again; the reports of others may be skipped"
    assert sharing == [parent], "only for the third"
    assert make(manager, [parent]) == [run_plainly(parent)]
    manager.close()
