"""Seed variety: the bytes of the plain script, in a batch, from a draft, and from the exported script."""

from dataclasses import replace
from threading import Event

import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.reports import Failed, Finished
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.run_store import RunStore
from seedlab.rules.kinds.sweep import Sweep
from seedlab.workflow.scripts.script import write_script
from tests.pipelines import builders
from tests.pipelines.plain import run_plainly
from tests.pipelines.test_export import run_script
from tests.pipelines.test_late_words import make

SIZE = {"height": 64, "width": 64, "num_inference_steps": 4}
VARIED = {"seed_variety": 0.5, "seed_variety_steps": 2}

CASES = [
    ("build_stable_diffusion", {"negative_prompt": "fog", "scheduler": "HeunDiscreteScheduler"}),
    ("build_stable_diffusion", {"guidance_scale": 1.0, "seed_variety_steps": 4}),
    ("build_stable_diffusion_xl", {}),
    pytest.param("build_stable_diffusion_xl", {"negative_prompt": "fog"}, marks=pytest.mark.slow),
    pytest.param("build_stable_diffusion_3", {"negative_prompt": "fog"}, marks=pytest.mark.slow),
    ("build_flux", {}),
    pytest.param("build_stable_diffusion", {"dtype": "bfloat16"}, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("name", "changes"), CASES, ids=lambda value: str(value))
def test_every_picture_has_the_bytes_of_the_plain_script(shared_manager, build_model, name, changes):
    first = builders.make_default_recipe(build_model(name), **(SIZE | VARIED | changes))
    recipes = [replace(first, seed=seed) for seed in (0, 1, 2**32 + 2)]
    plain = [run_plainly(recipe, shared_manager.environment(recipe).memory_format) for recipe in recipes]
    assert make(shared_manager, recipes) == plain
    assert make(shared_manager, recipes[1:2]) == plain[1:2]
    without = replace(first, seed_variety=0, seed_variety_steps=0)
    assert len({*plain, *make(shared_manager, [without])}) == 4


def test_noise_of_another_strength_or_length_is_another_picture(shared_manager, tiny):
    first = builders.make_recipe(tiny, **VARIED)
    others = [replace(first, seed_variety=0.6), replace(first, seed_variety_steps=1), replace(first, prompt="a car")]
    assert len(set(make(shared_manager, [first, *others]))) == 4


def test_a_draft_is_finished_with_the_same_bytes(tiny, tmp_path):
    manager = PipelineManager(device="cpu", runs=RunStore(tmp_path, 2**20))
    recipes = [builders.make_recipe(tiny, seed=seed, **VARIED) for seed in (5, 6)]
    for draft_steps in (1, 2, 3):
        reports = manager.generate(recipes, Event(), draft_steps=draft_steps)
        assert [end.draft_steps for end in reports if isinstance(end, Finished)] == [draft_steps] * 2
    assert make(manager, recipes) == [run_plainly(recipe) for recipe in recipes]


def test_a_script_gives_the_same_bytes(shared_manager, tiny, tmp_path):
    parent = builders.make_recipe(tiny, seed=7, negative_prompt="fog")
    recipes = list(Sweep.parse({"sweep_setting": "variety", "sweep": "0, 0.25, 1"}).make(parent))
    assert [(each.seed_variety, each.seed_variety_steps) for each in recipes] == [(0, 0), (0.25, 1), (1, 1)]
    script = write_script(recipes, shared_manager.environment(parent), find_model(str(tiny)))
    assert len(script.splitlines()) <= 30
    assert run_script(script, tmp_path) == make(shared_manager, recipes)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["build_stable_diffusion_xl", "build_stable_diffusion_3", "build_flux"])
def test_a_script_of_another_family_gives_the_same_bytes(shared_manager, build_model, tmp_path, name):
    first = builders.make_default_recipe(build_model(name), **(SIZE | VARIED))
    recipes = [replace(first, seed=seed) for seed in (0, 1)]
    script = write_script(recipes, shared_manager.environment(first), find_model(first.model_id))
    assert run_script(script, tmp_path) == make(shared_manager, recipes)


def test_a_prompt_with_weights_is_varied_too(shared_manager, tiny, tmp_path):
    recipes = [builders.make_recipe(tiny, prompt="a (red:1.3) boat", prompt_syntax="weights", **VARIED)]
    script = write_script(recipes, shared_manager.environment(recipes[0]), find_model(str(tiny)))
    assert run_script(script, tmp_path) == make(shared_manager, recipes)


def test_a_pipeline_that_cannot_change_its_prompt_is_refused_before_any_work(shared_manager, build_model):
    plain = builders.make_default_recipe(build_model("build_pixart"), **SIZE)
    recipe = replace(plain, **VARIED)
    with pytest.raises(RecipeError, match="no seed variety") as caught:
        find_model(recipe.model_id).check(recipe)
    assert caught.value.field == "seed_variety"
    (report,) = [each for each in shared_manager.generate([recipe], Event()) if isinstance(each, Failed)]
    assert report.sentence == str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed_variety": 0.5}, "both its strength and the number of its steps"),
        ({"seed_variety_steps": 1}, "both its strength and the number of its steps"),
        ({"seed_variety": 3, "seed_variety_steps": 1}, "from 0 to 2"),
        ({"seed_variety": "much", "seed_variety_steps": 1}, "from 0 to 2"),
        ({"seed_variety": 0.5, "seed_variety_steps": 9}, "steps with seed variety"),
        ({**VARIED, "late_prompt": "a red boat", "late_step": 1}, "exclude each other"),
    ],
)
def test_values_that_mean_nothing_are_refused(tiny, changes, words):
    with pytest.raises(RecipeError, match=words):
        builders.make_recipe(tiny, **changes)


def test_old_recipes_keep_their_fingerprint(tiny):
    plain = builders.make_recipe(tiny)
    assert not {"seed_variety", "seed_variety_steps"} & set(plain.to_dict())
    assert replace(plain, **VARIED).fingerprint != plain.fingerprint


@pytest.mark.parametrize("steps", ["many", 10**400, -1])
def test_steps_that_are_none_are_refused_in_words_with_seed_variety_too(tiny, steps):
    with pytest.raises(RecipeError) as caught:
        find_model(str(tiny)).make_recipe(prompt="", seed=0, num_inference_steps=steps, seed_variety=0.5)
    assert caught.value.field == "num_inference_steps"


def test_a_script_of_an_empty_prompt_passes_it_as_words(tiny):
    script = write_script([builders.make_recipe(tiny, prompt="")])
    assert "prompt_embeds" not in script
    assert "encode" not in script
