"""Pictures that are decoded in tiles have the bytes of the plain script with `vae.enable_tiling()`."""

from dataclasses import replace
from threading import Event
from types import SimpleNamespace

import pytest
from diffusers import AutoencoderTiny

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.sampling.tiling import tile_autoencoder
from seedlab.workflow.scripts.script import write_script
from tests.pipelines import builders
from tests.pipelines.plain import run_plainly
from tests.pipelines.test_contract import make
from tests.pipelines.test_export import make as make_with_environment
from tests.pipelines.test_export import run_script
from tests.pipelines.test_matrix import BUILDERS
from tests.pipelines.test_stages import develop


def make_tiled(folder, **changes: object) -> Recipe:
    return builders.make_default_recipe(folder, width=96, height=64, vae_tiling=True, **changes)


@pytest.mark.parametrize(
    "name", ["tiny", *(pytest.param(each, marks=pytest.mark.slow) for each in ("xl", "sd3", "flux"))]
)
def test_alone_and_in_a_batch_of_four_they_have_the_bytes_of_the_plain_script(shared_manager, tmp_path, name):
    recipe = make_tiled(BUILDERS[name](tmp_path), dtype="bfloat16" if name == "flux" else "float32")
    recipes = [replace(recipe, seed=seed) for seed in range(4)]
    plain = [run_plainly(each) for each in recipes]
    assert make(shared_manager, *recipes) == plain
    assert make(shared_manager, recipes[1]) == [plain[1]]
    whole = replace(recipe, vae_tiling=False)
    assert make(shared_manager, whole) == [run_plainly(whole)]
    assert run_plainly(whole) != plain[recipe.seed], "it changes bits"


@pytest.mark.slow
def test_a_larger_picture_and_its_script(shared_manager, tiny, tmp_path):
    recipe = replace(develop(builders.make_recipe(tiny, width=64, height=64)), vae_tiling=True)
    (expected,), environment = make_with_environment(shared_manager, [recipe])
    assert expected == run_plainly(recipe)
    script = write_script([recipe], environment, find_model(recipe.model_id))
    assert run_script(script, tmp_path) == [run_plainly(recipe.stages[0]), expected]
    assert script.count("pipe.vae.use_tiling = tiled") == 2


def test_models_without_tiles_refuse_in_words(shared_manager, tmp_path):
    unconditional = builders.make_default_recipe(builders.build_ddim(tmp_path))
    sketch = find_model("sketch").make_recipe(prompt="a cat", seed=0, dtype="float32")
    for recipe, name in ((unconditional, "ddim"), (sketch, "Sketch")):
        (failed,) = shared_manager.generate([replace(recipe, vae_tiling=True)], Event())
        assert isinstance(failed, Failed)
        assert failed.sentence == f"{name} cannot decode in tiles: decode the whole picture."


def test_a_small_autoencoder_refuses_too():
    pipeline = SimpleNamespace(vae=AutoencoderTiny(latent_channels=8))
    recipe = find_model("sketch").make_recipe(prompt="a cat", seed=0, dtype="float32")
    with pytest.raises(RecipeError, match="This model cannot decode in tiles"):
        tile_autoencoder(pipeline, replace(recipe, vae_tiling=True)).__enter__()
    with tile_autoencoder(pipeline, recipe):
        assert not pipeline.vae.use_tiling
