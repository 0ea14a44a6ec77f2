"""ZeroGPU on the simulated device: weights that were placed without a GPU are on it in the forked process."""

import os

import pytest

from tests.pipelines import builders
from tests.pipelines.plain import run_plainly
from tests.pipelines.workers import Worker
from tests.rounds import seed_round
from tests.simulated_cuda.remote import LIBRARY

MAKE = """
from pathlib import Path
from tests.simulated_cuda.device import SimulatedDevice

device = SimulatedDevice(Path(argument["library"]))  # torch comes after it
from tests.pipelines.zerogpu.host import DeviceApi, enter_space

api = DeviceApi()
enter_space(api.url)
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.zerogpu.executor import ZeroGpuExecutor
from tests.pipelines.zerogpu.rounds import make

manager = PipelineManager(executor=ZeroGpuExecutor())
manager.preload(argument["model"])
(loaded,) = manager._executor._runner.cache._loaded.values()
placed = loaded.pipeline.device.type
made = make(manager, [Recipe.from_dict(each) for each in argument["recipes"]])
manager.close()
answer({"placed on": placed, "used": device.used, **made})
"""


@pytest.mark.slow
@pytest.mark.usefixtures("device")
def test_placed_weights_make_the_plain_scripts_pictures_on_the_device(tmp_path):
    recipe = builders.make_default_recipe(builders.build_stable_diffusion(tmp_path), height=64, width=64)
    recipes = seed_round(recipe, range(2))
    worker = Worker({})
    argument = {"library": os.environ[LIBRARY], "model": recipe.model_id}
    made = worker.ask(MAKE, {**argument, "recipes": [each.to_dict() for each in recipes]})
    worker.close()
    assert made["failures"] == []
    assert (made["placed on"], made["used"]) == ("cuda", 0)
    assert made["devices"] == ["Simulated CUDA device"]
    assert made["pixels"] == [run_plainly(each, "contiguous_format", "cuda") for each in recipes]
