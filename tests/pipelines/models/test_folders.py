"""What is read of a folder: kinds of pipelines have defaults and limits of their own."""

import json
import shutil

import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.schedulers import REPLACED
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.models.folders import check_folder, find_pipeline, name_pipeline, read_folder
from tests.pipelines.builders import (
    build_flux,
    build_pixart,
    build_qwen_image,
    build_stable_diffusion,
    build_stable_diffusion_3,
)


def change(file, **values):
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def test_a_folder_without_an_index_holds_no_pipeline(tiny, tmp_path):
    assert find_pipeline(str(tmp_path)) is None
    assert find_pipeline(str(tiny)) == tiny
    assert name_pipeline(tiny) == "StableDiffusionPipeline"
    assert name_pipeline(tmp_path) == ""


def test_stable_diffusion_3_has_its_own_guidance_and_sizes(tmp_path):
    model = read_folder(build_stable_diffusion_3(tmp_path))
    assert (model.num_inference_steps, model.guidance_scale, model.size_multiple) == (28, 4.5, 16)
    assert (model.half_dtype, model.ignores) == ("bfloat16", ())


def test_guidance_that_was_distilled_reads_no_negative_prompt(tmp_path):
    folder = build_flux(tmp_path)
    assert read_folder(folder).guidance_scale == 3.5
    assert read_folder(folder).ignores == ("negative_prompt",)
    change(folder / "transformer" / "config.json", guidance_embeds=False)
    assert read_folder(folder).ignores == ()
    assert read_folder(folder).uses_true_cfg


def test_a_flow_matching_model_that_dpm_solves_is_offered_what_solves_it(tmp_path):
    folder = build_pixart(tmp_path)
    assert len(read_folder(folder).schedulers) > 10
    change(folder / "scheduler" / "scheduler_config.json", prediction_type="flow_prediction")
    assert [scheduler.label for scheduler in read_folder(folder).schedulers] == ["DPM++ 2M", "UniPC"]


@pytest.mark.parametrize("name", [*REPLACED, "DDIMScheduler"])
def test_a_scheduler_that_is_replaced_is_told(tiny, tmp_path, name):
    folder = shutil.copytree(tiny, tmp_path / "mine")
    change(folder / "scheduler" / "scheduler_config.json", _class_name=name)
    saved = name.removesuffix("Scheduler")
    sentence = f"It was saved with the scheduler {saved}, which SeedLab does not offer: DPM++ 2M is its default here."
    assert read_folder(folder).format_replaced_scheduler() == (sentence if name in REPLACED else "")


def test_a_stable_diffusion_keeps_the_defaults_of_its_kind(tmp_path):
    model = read_folder(build_stable_diffusion(tmp_path))
    assert (model.num_inference_steps, model.guidance_scale, model.size_multiple, model.half_dtype) == (
        30,
        7.5,
        8,
        "float16",
    )


def test_what_says_no_size_has_that_of_its_kind(tmp_path):
    flux, qwen = read_folder(build_flux(tmp_path)), read_folder(build_qwen_image(tmp_path))
    assert (flux.width, flux.height) == (1024, 1024)
    assert (qwen.width, qwen.height) == (1328, 1328)


def test_a_denoiser_that_takes_guidance_as_a_number_reads_no_negative_prompt(tmp_path):
    folder = build_stable_diffusion(tmp_path)
    change(folder / "unet" / "config.json", time_cond_proj_dim=256)
    assert read_folder(folder).ignores == ("negative_prompt",)


def test_a_folder_of_pickles_is_refused_as_soon_as_it_is_chosen(tiny, tmp_path):
    check_folder(tiny)
    folder = build_stable_diffusion(tmp_path)
    for weights in folder.rglob("*.safetensors"):
        weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(RecipeError, match="SeedLab loads no pickles") as caught:
        find_model(str(folder))
    assert caught.value.field == "model_id"
