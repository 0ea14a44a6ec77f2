"""Pictures from noise of another size have the bytes of a plain script that passes the pipeline this noise."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Event

import diffusers
import numpy as np
import pytest
import torch

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.additions import Nudge
from seedlab.core.recipes.recipe import Recipe
from seedlab.images.metadata import Metadata, read_metadata, write_picture
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.models.capabilities import resizes_noise
from seedlab.pipelines.models.catalog import CATALOG
from seedlab.rules.kinds.shapes import Shapes
from seedlab.workflow.scripts.script import write_script
from tests.pipelines import builders
from tests.pipelines.plain import hash_pixels
from tests.pipelines.test_contract import make
from tests.pipelines.test_export import make as make_with_environment
from tests.pipelines.test_export import run_script
from tests.pipelines.test_nudges import BUILDERS, build, run_by_hand  # noqa: F401

SIZES = ((64, 96), (96, 64), (72, 104))
"""(width, height) of pictures from noise of 64 x 64."""

REFUSED = ("pixart", "sana")
QUICK = (("flux", "float32"),)


def shape(recipe: Recipe, sizes: Sequence[tuple[int, int]] = SIZES) -> list[Recipe]:
    return list(Shapes(tuple(sizes)).make(recipe))


def resize_by_hand(noise: np.ndarray, size: int, generator: torch.Generator) -> np.ndarray:
    """Resize the last axis, with one loop for the pieces: each lies in one old and in one new cell."""
    count = noise.shape[-1]
    if count == size:
        return noise
    edges = sorted({*range(0, count * size + 1, size), *range(0, count * size + 1, count)})
    lengths = np.diff(edges)
    drawn = torch.randn((*noise.shape[:-1], len(lengths)), generator=generator).double().numpy() * np.sqrt(lengths)
    resized = np.zeros((*noise.shape[:-1], size))
    for cell in range(count):
        inside = [piece for piece, edge in enumerate(edges[:-1]) if edge // size == cell]
        rest = noise[..., cell] * np.sqrt(size) - drawn[..., inside].sum(-1)
        for piece in inside:
            resized[..., edges[piece] // count] += drawn[..., piece] + rest * lengths[piece] / size
    return resized / np.sqrt(count)


def draw_by_hand(recipe: Recipe, generator: torch.Generator) -> torch.Tensor:
    rows, columns = (side // 8 for side in recipe.noise_size)
    dtype = getattr(torch, recipe.dtype)
    noise = torch.randn((1, 4, rows, columns), generator=generator, dtype=dtype).double().numpy()
    noise = resize_by_hand(noise, recipe.width // 8, generator)
    noise = resize_by_hand(noise.swapaxes(2, 3), recipe.height // 8, generator).swapaxes(2, 3)
    return torch.from_numpy(noise.copy()).to(dtype)


@pytest.mark.parametrize("dtype", ["float32", pytest.param("bfloat16", marks=pytest.mark.slow)])
def test_latents_given_to_the_plain_pipeline_give_the_same_bytes_alone_and_in_batches(shared_manager, tiny, dtype):
    """With noise at every step, which still comes from the seed's own generator."""
    recipe = builders.make_recipe(tiny, seed=3, dtype=dtype, height=64, width=64)
    recipe = replace(recipe, scheduler="EulerAncestralDiscreteScheduler")
    recipes = [each for seed in (3, 4) for each in shape(replace(recipe, seed=seed), SIZES[1:])]
    alone = [run_by_hand(each, draw_by_hand) for each in recipes]
    assert make(shared_manager, *recipes) == alone
    assert [make(shared_manager, each) for each in recipes] == [[each] for each in alone]
    assert len(set(alone)) == len(alone)


@pytest.mark.parametrize(
    ("model", "dtype"),
    [
        pytest.param(model, dtype, marks=() if (model, dtype) in QUICK else pytest.mark.slow)
        for model in BUILDERS
        for dtype in ("float32", "bfloat16")
        if model not in REFUSED
    ],
)
def test_an_exported_script_in_a_new_process_gives_the_same_bytes(shared_manager, build, tmp_path, model, dtype):  # noqa: F811
    """One of the pictures is nudged too, and one has the size that its noise has."""
    recipe = builders.make_default_recipe(build(model), dtype=dtype, num_inference_steps=2, height=64, width=64)
    first, *others = shape(recipe, ((96, 80), (128, 64)))
    recipes = [replace(first, nudges=(Nudge(seed=7, weight=0.1),)), *others, recipe]
    hashes, environment = make_with_environment(shared_manager, recipes)
    script = write_script(recipes, environment, find_model(recipe.model_id))
    assert len(script.splitlines()) <= 44
    assert run_script(script, tmp_path) == hashes
    assert len(set(hashes)) == len(hashes)


def test_a_picture_is_read_back_with_the_size_of_its_noise(shared_manager, tiny, tmp_path):
    (recipe,) = shape(builders.make_recipe(tiny), [(96, 64)])
    *_, finished = shared_manager.generate([recipe], Event())
    write_picture(tmp_path / "a.png", finished.image, Metadata.describe(recipe, finished, ()))
    metadata = read_metadata(tmp_path / "a.png")
    assert metadata.recipe.noise_size == recipe.noise_size != (recipe.height, recipe.width)
    assert make(shared_manager, replace(metadata.recipe, model_id=recipe.model_id)) == [hash_pixels(finished.image)]


def test_what_the_catalogue_says_of_its_models_is_true_of_their_pipelines():
    named = {each.name: each for each in CATALOG}
    for name, pipeline in (("PixArt-Sigma", "PixArtSigma"), ("Sana 1.6B", "Sana"), ("Sketch", "StableDiffusion")):
        assert named[name].resizes_noise == resizes_noise(getattr(diffusers, f"{pipeline}Pipeline"))


@pytest.mark.parametrize("model", ["ddim", *REFUSED])
def test_models_whose_noise_has_not_the_size_of_the_picture_are_refused_before_any_work(
    shared_manager, tmp_path, model
):
    build_model = {**BUILDERS, "ddim": builders.build_ddim}[model]
    folder = build_model(tmp_path)
    recipe = builders.make_default_recipe(folder)
    with pytest.raises(RecipeError, match="which cannot be resized: explore its seeds instead") as caught:
        shared_manager.resolve(str(folder)).check(replace(recipe, noise_height=64, noise_width=96))
    assert caught.value.field == "noise_height"
