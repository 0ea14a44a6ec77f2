"""The contract: a tile is byte for byte what the plain diffusers script gives for its recipe alone.

In the same environment: on a CPU the script puts the colours last, as SeedLab does.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import diffusers
import pytest
import torch

from seedlab.core.picture import Picture
from seedlab.core.recipes.recipe import Recipe
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.workflow.sessions.session import Session
from tests.pipelines.builders import make_recipe
from tests.pipelines.plain import hash_pixels, run_in_new_process, run_plainly

SCHEDULERS = ("DDIMScheduler", "EulerAncestralDiscreteScheduler", "DPMSolverMultistepScheduler")


def make(manager, *recipes: Recipe) -> list[str]:
    # By index, because a report may be said again while the next tile is made.
    ends = {report.index: report for report in manager.generate(recipes, Event())}
    return [hash_pixels(ends[index].image) for index in range(len(recipes))]


@pytest.mark.parametrize("dtype", ["float32", pytest.param("bfloat16", marks=pytest.mark.slow)])
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_grid_gives_what_the_plain_script_gives_for_each_recipe_alone(shared_manager, tiny, scheduler, dtype):
    recipes = [make_recipe(tiny, seed=seed, scheduler=scheduler, dtype=dtype) for seed in range(4)]
    hashes = make(shared_manager, *recipes)
    assert hashes == [run_plainly(recipe) for recipe in recipes]
    assert len(set(hashes)) == 4


@pytest.mark.parametrize("size", [(64, 64), pytest.param((128, 128), marks=pytest.mark.slow)], ids=str)
def test_our_own_model_gives_each_seed_the_bytes_that_it_has_alone(shared_manager, size):
    """In the dtype of this machine. In the smallest pictures a layer has one position, which has kernels of its own."""
    height, width = size
    recipe = shared_manager.resolve("sketch").make_recipe(prompt="a red boat", seed=0)
    recipe = replace(recipe, height=height, width=width, num_inference_steps=4)
    recipes = [replace(recipe, seed=seed) for seed in range(8)]
    assert make(shared_manager, *recipes) == [make(shared_manager, recipe)[0] for recipe in recipes]


def test_the_order_and_the_neighbours_change_nothing(shared_manager, tiny):
    recipes = [make_recipe(tiny, seed=seed, scheduler="EulerAncestralDiscreteScheduler") for seed in range(4)]
    forwards, backwards = make(shared_manager, *recipes), make(shared_manager, *reversed(recipes))
    assert forwards == backwards[::-1]
    assert make(shared_manager, recipes[2]) == [forwards[2]]


@pytest.mark.parametrize(
    "changes",
    [
        {"negative_prompt": "blurry"},
        {"height": 64, "width": 96},
        {"guidance_scale": 1.0},
        {"prompt": ""},
        {"num_inference_steps": 1},
        {"seed": 2**32 - 1},
    ],
    ids=str,
)
def test_every_field_reaches_the_pipeline(shared_manager, tiny, changes):
    recipe = make_recipe(tiny, **changes)
    assert make(shared_manager, recipe) == [run_plainly(recipe)]
    assert make(shared_manager, recipe) != make(shared_manager, make_recipe(tiny))


def test_the_same_recipe_in_round_1_and_met_again_in_round_3(shared_manager, tiny, tmp_path):
    """Round 3 comes to ", artsy" of round 1's prompt by another way: seed 2, then a first round of the long prompt."""
    made: list[tuple[Recipe, str]] = []

    def keep(recipe, finished, lineage):
        made.append((recipe, hash_pixels(finished.image)))
        file = tmp_path / recipe.fingerprint
        finished.image.save(file, "PNG")
        return Picture(file)

    session = Session(shared_manager.generate, lambda recipe, draft_steps: None, keep)
    recipe = make_recipe(tiny, prompt="a boat, artsy", scheduler="EulerAncestralDiscreteScheduler")
    session.explore(recipe, Seeds((2, 3)))
    list(session.develop())
    second = session.explore(replace(recipe, prompt="a boat"), Seeds((0, 2))).newest
    list(session.develop())
    session.lock(second.id, 1, Suffixes((", colorful", ", artsy")))
    list(session.develop())
    assert made[0][0] == made[-1][0]
    assert made[0][1] == made[-1][1] == run_plainly(made[0][0])


@pytest.mark.slow  # the matrix does this with every kind of model
def test_while_a_second_visitor_generates(shared_manager, tiny):
    """Both get the bytes that they get alone, and take turns tile by tile."""
    mine = [make_recipe(tiny, seed=seed, scheduler="EulerAncestralDiscreteScheduler") for seed in range(3)]
    theirs = [make_recipe(tiny, seed=seed, prompt="a red boat", dtype="bfloat16") for seed in range(3)]
    alone = make(shared_manager, *mine), make(shared_manager, *theirs)
    with ThreadPoolExecutor(2) as visitors:
        together = tuple(visitors.map(lambda recipes: make(shared_manager, *recipes), (mine, theirs)))
    assert together == alone


@pytest.mark.slow  # the matrix does this with every kind of model
def test_in_a_new_process_by_the_plain_script(shared_manager, tiny):
    recipe = make_recipe(tiny, seed=3, scheduler="EulerAncestralDiscreteScheduler")
    recipes = [replace(recipe, dtype=dtype) for dtype in ("float32", "bfloat16")]
    assert run_in_new_process(recipes) == make(shared_manager, *recipes)


def test_one_generator_drawn_from_four_times_would_not_keep_the_contract(shared_manager, tiny):
    """The classic mistake, `[torch.Generator().manual_seed(0)] * 4`: the tests above would notice it."""
    pipe = diffusers.DiffusionPipeline.from_pretrained(tiny, use_safetensors=True)
    pipe.set_progress_bar_config(disable=True)
    generators = [torch.Generator("cpu").manual_seed(0)] * 4
    recipe = make_recipe(tiny)
    images = pipe([recipe.prompt] * 4, generator=generators, num_inference_steps=4, height=64, width=64).images
    assert hash_pixels(images[1]) != make(shared_manager, recipe)[0]


def test_the_pipeline_folder_is_only_read(tiny: Path, shared_manager):
    before = {file: file.stat().st_mtime_ns for file in tiny.rglob("*")}
    make(shared_manager, make_recipe(tiny, seed=11))
    assert {file: file.stat().st_mtime_ns for file in tiny.rglob("*")} == before
