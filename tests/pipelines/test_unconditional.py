"""Models without a prompt, from a folder to a picture: the guide's `DDIMPipeline`, and `DDPMPipeline`."""

from threading import Event

import numpy as np
import pytest
import torch
from diffusers import DDIMPipeline

from seedlab.core.picture import Picture
from seedlab.core.reports import Finished, Progress
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.workflow.sessions.session import Session
from seedlab.workflow.trails.trail import State
from tests.pipelines.builders import build_ddim, build_ddpm, build_pixart, flatten, make_default_recipe
from tests.pipelines.plain import hash_pixels, run_plainly
from tests.pipelines.turns import run_in_one_turn
from tests.rounds import seed_round


@pytest.fixture(scope="module")
def ddpm(tmp_path_factory):
    return build_ddpm(tmp_path_factory.mktemp("models"))


def run(manager, *recipes):
    return list(manager.generate(recipes, Event()))


def test_the_number_that_the_guide_prints_is_the_pictures_proof(shared_manager, ddpm):
    """`DDIMPipeline.from_pretrained("google/ddpm-cifar10-32")`, 2 steps: saved as a DDPMPipeline, in flat files."""
    guide = DDIMPipeline.from_pretrained(ddpm, use_safetensors=True)
    guide.unet.to(memory_format=torch.channels_last)
    guide.set_progress_bar_config(disable=True)
    image = guide(num_inference_steps=2, output_type="np", generator=torch.Generator("cpu").manual_seed(0)).images
    recipe = make_default_recipe(ddpm, scheduler="DDIM", num_inference_steps=2)
    finished = run(shared_manager, recipe)[-1]
    assert finished.checksums.total == float(np.abs(image).sum())
    assert hash_pixels(finished.image) == hash_pixels(guide.numpy_to_pil(image)[0])


def test_a_model_whose_files_lie_flat_makes_the_same_picture(shared_manager, ddpm, tmp_path):
    flat = make_default_recipe(flatten(build_ddpm(tmp_path)))
    (mine, theirs) = (run(shared_manager, recipe)[-1].image for recipe in (flat, make_default_recipe(ddpm)))
    assert hash_pixels(mine) == hash_pixels(theirs)


@pytest.mark.parametrize("build", [build_ddpm, build_ddim])
def test_a_grid_is_one_call_a_step_with_the_bytes_of_single_pictures(manager, tmp_path, build):
    """DDPM draws noise at every step: from each picture's own generator."""
    recipes = seed_round(make_default_recipe(build(tmp_path), num_inference_steps=5), range(4))
    run(manager, *recipes)
    (loaded,) = manager._executor._cache._loaded.values()
    rows = []
    loaded.pipeline.unet.register_forward_pre_hook(lambda _, args: rows.append(len(args[0])))
    ends = {report.index: report for report in run(manager, *recipes)}
    assert rows == [4] * 5
    assert [hash_pixels(ends[index].image) for index in range(4)] == [run_plainly(recipe) for recipe in recipes]


def test_every_step_is_reported_with_a_preview(shared_manager, ddpm):
    recipe = make_default_recipe(ddpm, num_inference_steps=6)
    reports = run_in_one_turn(shared_manager.resolve(recipe.model_id), [recipe])
    steps = [report for report in reports if isinstance(report, Progress)]
    assert [(report.step, report.steps) for report in steps] == [(number, 6) for number in range(1, 7)]
    assert steps[-1].preview.size == (32, 32)
    assert steps[-1].preview.tobytes() == reports[-1].image.tobytes(), "the last preview is the picture"


@pytest.mark.parametrize("build", [build_ddpm, build_ddim, build_pixart])
def test_stop_ends_the_work_within_one_step(manager, tmp_path, build):
    recipe = make_default_recipe(build(tmp_path))
    assert isinstance(run(manager, recipe)[-1], Finished)
    (loaded,) = manager._executor._cache._loaded.values()
    denoiser = getattr(loaded.pipeline, "unet", None) or loaded.pipeline.transformer
    calls, stop, seen = [], Event(), []
    denoiser.register_forward_hook(lambda *_: calls.append(stop.is_set()))
    for report in manager.generate([make_default_recipe(build(tmp_path), num_inference_steps=500)], stop):
        seen.append(report)
        if isinstance(report, Progress):
            stop.set()
    assert isinstance(run(manager, recipe)[-1], Finished)
    assert not [report for report in seen if isinstance(report, Finished)]
    assert sum(calls) <= 1 + 4, "the step that was under way, and those of the picture after it"


def test_a_locked_picture_without_a_prompt_is_not_varied_by_words(shared_manager, ddpm, tmp_path):
    def keep(recipe, finished, lineage):
        finished.image.save(file := tmp_path / recipe.fingerprint, "PNG")
        return Picture(file)

    session = Session(shared_manager.generate, lambda recipe, draft_steps: None, keep)
    first = session.explore(make_default_recipe(ddpm), Seeds((0, 1))).newest
    list(session.develop())
    session.lock(first.id, 0, Suffixes((", artsy", ", colorful")))
    list(session.develop())
    tiles = session.trail.newest.tiles
    assert [tile.state for tile in tiles] == [State.FAILED] * 2
    assert {tile.sentence for tile in tiles} == {
        "ddpm takes no prompt and no suffixes: leave it empty, and explore its seeds."
    }


def test_seeds_are_what_there_is_to_explore(shared_manager, ddpm):
    recipes = seed_round(make_default_recipe(ddpm), range(4))
    ends = {report.index: report for report in run(shared_manager, *recipes)}
    hashes = [hash_pixels(ends[index].image) for index in range(4)]
    assert hashes == [run_plainly(recipe) for recipe in recipes]
    assert len(set(hashes)) == 4
