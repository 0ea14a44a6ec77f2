"""Nudged pictures have the bytes of a plain script that passes the pipeline its noise."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import torch

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.additions import Nudge
from seedlab.core.recipes.recipe import Recipe
from seedlab.images.metadata import Metadata, read_metadata, write_picture
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.sampling.call import sample
from seedlab.pipelines.sampling.paused import PausedError
from seedlab.workflow.scripts.script import write_script
from tests.pipelines import builders
from tests.pipelines.plain import hash_pixels, load_plainly, make_scheduler_plainly, run_plainly
from tests.pipelines.test_contract import make
from tests.pipelines.test_export import make as make_with_environment
from tests.pipelines.test_export import run_script
from tests.pipelines.test_matrix import BUILDERS as ALL_BUILDERS
from tests.pipelines.test_matrix import UNCONDITIONAL

SEVEN, NINE = Nudge(seed=7, weight=0.1), Nudge(seed=2**64 - 1, weight=0.3)
NUDGES = ((), (SEVEN,), (SEVEN, NINE))
BUILDERS = {name: build for name, build in ALL_BUILDERS.items() if name not in UNCONDITIONAL}
BUILDERS["qwen"] = builders.build_qwen_image
QUICK = (("flux", "float32"),)
"""What is tested every time."""


def nudge_each(recipe: Recipe, nudges: Sequence[tuple[Nudge, ...]] = NUDGES) -> tuple[Recipe, ...]:
    return tuple(replace(recipe, nudges=each) for each in nudges)


def draw_by_hand(recipe: Recipe, generator: torch.Generator) -> torch.Tensor:
    """Draw a tiny Stable Diffusion's noise with numpy, from the words of the documentation alone."""
    shape = (1, 4, recipe.height // 8, recipe.width // 8)
    dtype = getattr(torch, recipe.dtype)
    noise = torch.randn(shape, generator=generator, dtype=dtype).double().numpy()
    for each in recipe.nudges:
        other = torch.randn(shape, generator=torch.Generator().manual_seed(each.seed), dtype=dtype).double().numpy()
        cosine = np.vdot(noise, other) / np.linalg.norm(noise) / np.linalg.norm(other)
        angle = np.arccos(cosine)
        parts = np.sin((1 - each.weight) * angle) * noise, np.sin(each.weight * angle) * other
        noise = sum(parts) / np.sin(angle)
    return torch.from_numpy(noise).to(dtype)


def run_by_hand(recipe: Recipe, draw: Callable[[Recipe, torch.Generator], torch.Tensor] = draw_by_hand) -> str:
    pipe, scheduler = load_plainly(recipe.model_id, recipe.dtype)
    pipe.scheduler = make_scheduler_plainly(scheduler, recipe.scheduler)
    generator = torch.Generator().manual_seed(recipe.seed)
    made = pipe(
        recipe.prompt,
        latents=draw(recipe, generator),
        generator=generator,
        num_inference_steps=recipe.num_inference_steps,
        guidance_scale=recipe.guidance_scale,
        height=recipe.height,
        width=recipe.width,
    )
    return hash_pixels(made.images[0])


@pytest.mark.parametrize("dtype", ["float32", pytest.param("bfloat16", marks=pytest.mark.slow)])
def test_latents_given_to_the_plain_pipeline_give_the_same_bytes_alone_and_in_batches(shared_manager, tiny, dtype):
    """With noise at every step, which still comes from the seed's own generator."""
    recipe = builders.make_recipe(tiny, seed=3, dtype=dtype, scheduler="EulerAncestralDiscreteScheduler")
    recipes = nudge_each(recipe)
    alone = [run_plainly(recipe), *map(run_by_hand, recipes[1:])]
    assert make(shared_manager, *recipes) == alone
    assert make(shared_manager, *recipes[::-1]) == alone[::-1]
    assert [make(shared_manager, each) for each in recipes] == [[each] for each in alone]
    assert len(set(alone)) == 3


def test_a_nudge_that_is_nearly_nothing_gives_the_same_bytes_and_one_that_is_nearly_all_the_other_seeds(
    shared_manager, tiny
):
    recipe = builders.make_recipe(tiny, scheduler="DDIMScheduler")
    nothing, other = (replace(recipe, nudges=(Nudge(seed=7, weight=each),)) for each in (1e-12, 1 - 1e-12))
    assert make(shared_manager, nothing, other) == make(shared_manager, recipe, replace(recipe, seed=7))


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Callable[[str], Path]:
    """Build a model the first time that it is asked for."""
    folder = tmp_path_factory.mktemp("nudges")
    return cache(lambda name: BUILDERS[name](folder))


@pytest.mark.parametrize(
    ("model", "dtype"),
    [
        pytest.param(model, dtype, marks=() if (model, dtype) in QUICK else pytest.mark.slow)
        for model in BUILDERS
        for dtype in ("float32", "bfloat16")
    ],
)
def test_an_exported_script_in_a_new_process_gives_the_same_bytes(shared_manager, build, tmp_path, model, dtype):
    size = {"height": 64, "width": 96} if model in ("flux", "qwen") else {}
    recipe = builders.make_default_recipe(build(model), dtype=dtype, num_inference_steps=2, **size)
    recipes = nudge_each(recipe)
    hashes, environment = make_with_environment(shared_manager, recipes)
    script = write_script(recipes, environment, find_model(recipe.model_id))
    assert len(script.splitlines()) <= 30
    assert run_script(script, tmp_path) == hashes
    assert len(set(hashes)) == len(hashes)
    assert {file.stem for file in tmp_path.glob("*.png")} == {
        "plain-seed-0",
        "plain-seed-0-toward-7-0-1",
        "plain-seed-0-toward-7-0-1-toward-18446744073709551615-0-3",
    }


@pytest.mark.slow
def test_a_script_of_sketch_gives_the_same_bytes(shared_manager, tmp_path):
    model = shared_manager.resolve("sketch")
    (recipe,) = nudge_each(model.make_recipe(prompt="a red boat", seed=2, num_inference_steps=3), NUDGES[2:])
    hashes, environment = make_with_environment(shared_manager, [recipe])
    script = write_script([recipe], environment, model)
    assert len(script.splitlines()) <= 30
    assert run_script(script, tmp_path) == hashes


def test_a_picture_is_read_back_with_its_nudges(shared_manager, tiny, tmp_path):
    recipe = builders.make_recipe(tiny, nudges=NUDGES[2])
    *_, finished = shared_manager.generate([recipe], Event())
    write_picture(tmp_path / "a.png", finished.image, Metadata.describe(recipe, finished, ()))
    read = read_metadata(tmp_path / "a.png").recipe
    assert read.nudges == recipe.nudges
    assert make(shared_manager, replace(read, model_id=recipe.model_id)) == [hash_pixels(finished.image)]


@pytest.mark.parametrize("step", [1, 3])
def test_a_picture_that_was_paused_has_the_same_bytes(tiny, step):
    recipe = builders.make_recipe(tiny, nudges=NUDGES[2], scheduler="EulerAncestralDiscreteScheduler")
    pipe, _ = load_plainly(recipe.model_id, recipe.dtype)
    with pytest.raises(PausedError) as paused:
        sample(pipe, recipe, lambda at: at.number == step)
    made = sample(pipe, recipe, lambda at: False, start=paused.value.runs)
    assert hash_pixels(made.image) == run_by_hand(recipe)


def test_models_without_a_prompt_are_refused_before_any_work(tmp_path):
    folder = builders.build_ddim(tmp_path)
    recipe = builders.make_default_recipe(folder, nudges=())
    with pytest.raises(RecipeError, match="draws its noise in a way of its own, which cannot be nudged") as caught:
        find_model(str(folder)).check(replace(recipe, nudges=(SEVEN,)))
    assert caught.value.field == "nudges"
