"""Checkpoints that were trained otherwise than their kind are run as they were trained."""

import shutil
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from seedlab.core.errors import RecipeError
from seedlab.images.compare import hash_pixels
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.models.single_files.training import STANDARD, make_schedule, rescale
from seedlab.workflow.scripts.script import write_script
from tests.pipelines.builders import make_recipe, make_shapes, write_header
from tests.pipelines.models.test_refusals import rewrite
from tests.pipelines.test_export import run_script

VELOCITY = ("prediction_type", "v_prediction")
ZERO = (("rescale_betas_zero_snr", True), ("timestep_spacing", "trailing"))
EMPTY = np.zeros(0, "float32")
USUAL = make_schedule(STANDARD)


@pytest.fixture
def save(checkpoint, tmp_path):
    """Save the checkpoint with further tensors and metadata, next to a folder whose scheduler predicts noise."""
    shutil.copytree(checkpoint.with_suffix(""), tmp_path / "mine")

    def save(tensors=(), metadata=None, **scheduler) -> Path:
        rewrite(tmp_path / "mine" / "scheduler" / "scheduler_config.json", **scheduler)
        save_file(load_file(checkpoint) | dict(tensors), tmp_path / "mine.safetensors", metadata)
        return tmp_path / "mine.safetensors"

    return save


@pytest.mark.parametrize(
    ("tensors", "metadata", "settings"),
    [
        ({}, {}, ()),
        ({"v_pred": EMPTY}, {}, (VELOCITY,)),
        ({}, {"modelspec.prediction_type": "v"}, (VELOCITY,)),
        ({}, {"ss_v_parameterization": "True"}, (VELOCITY,)),
        ({"v_pred": EMPTY, "ztsnr": EMPTY}, {}, (VELOCITY, *ZERO)),
        ({"v_pred": EMPTY, "alphas_cumprod": rescale(USUAL).astype("float32")}, {}, (VELOCITY, *ZERO)),
        ({"alphas_cumprod": USUAL.astype("float16")}, {}, ()),
        ({"denoiser.sigmas": (((1 - USUAL) / USUAL) ** 0.5).astype("float32")}, {}, ()),
    ],
)
def test_the_scheduler_is_set_as_the_file_says_also_next_to_a_folder_that_says_otherwise(
    save, tensors, metadata, settings
):
    model = find_model(str(save(tensors, metadata)))
    assert model.scheduler_settings == settings
    if ("rescale_betas_zero_snr", True) in settings:
        assert {each.class_name for each in model.schedulers}.isdisjoint({"PNDMScheduler", "HeunDiscreteScheduler"})


def test_what_the_folder_says_too_is_not_set_again(save):
    assert find_model(str(save({"v_pred": EMPTY}, prediction_type="v_prediction"))).scheduler_settings == ()
    said = find_model(str(save({}, {"modelspec.prediction_type": "epsilon"}, prediction_type="v_prediction")))
    assert said.scheduler_settings == (("prediction_type", "epsilon"),)


@pytest.mark.parametrize("kind", ["1", "XL"])
def test_a_v_prediction_checkpoint_without_a_folder_is_run_as_one(tmp_path, kind):
    model = find_model(str(write_header(tmp_path / "mine.safetensors", make_shapes(kind) | {"v_pred": [0]})))
    assert model.scheduler_settings == (VELOCITY,)


def test_another_noise_schedule_and_another_prediction_are_refused(save):
    with pytest.raises(RecipeError, match="was trained with another noise schedule than others of its kind"):
        find_model(str(save({"betas": np.linspace(1e-4, 0.02, 1000, dtype="float32")})))
    with pytest.raises(RecipeError, match="was trained to predict “flow”, which is neither epsilon nor v"):
        find_model(str(save({}, {"modelspec.prediction_type": "flow"})))


def test_a_v_prediction_checkpoint_gives_the_bytes_of_its_script_and_not_those_of_noise_prediction(
    save, shared_manager, checkpoint, tmp_path
):
    file = save({"v_pred": EMPTY, "ztsnr": EMPTY})
    recipe = replace(make_recipe(file), scheduler="EulerDiscreteScheduler")
    model = shared_manager.resolve(str(file))
    made, other = (
        list(shared_manager.generate([each], Event()))[-1]
        for each in (recipe, replace(recipe, model_id=str(checkpoint)))
    )
    script = write_script([recipe], made.environment, model)
    assert run_script(script, tmp_path) == [hash_pixels(made.image)]
    assert hash_pixels(made.image) != hash_pixels(other.image)
