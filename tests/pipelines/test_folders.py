"""What is read of a folder: kinds of pipelines have defaults and limits of their own."""

import json

from seedlab.pipelines.folders import find_pipeline, name_pipeline, read_folder
from tests.pipelines.builders import build_flux, build_pixart, build_stable_diffusion, build_stable_diffusion_3


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
    assert (model.half, model.ignores) == ("bfloat16", ())


def test_guidance_that_was_distilled_reads_no_negative_prompt(tmp_path):
    folder = build_flux(tmp_path)
    assert read_folder(folder).guidance_scale == 3.5
    assert read_folder(folder).ignores == ("negative_prompt",)
    change(folder / "transformer" / "config.json", guidance_embeds=False)
    assert read_folder(folder).ignores == ()
    assert read_folder(folder).true_guidance


def test_a_flow_matching_model_that_dpm_solves_is_offered_what_solves_it(tmp_path):
    folder = build_pixart(tmp_path)
    assert len(read_folder(folder).schedulers) > 10
    change(folder / "scheduler" / "scheduler_config.json", prediction_type="flow_prediction")
    assert [scheduler.label for scheduler in read_folder(folder).schedulers] == ["DPM++ 2M", "UniPC"]


def test_a_stable_diffusion_keeps_the_defaults_of_its_kind(tmp_path):
    model = read_folder(build_stable_diffusion(tmp_path))
    assert (model.num_inference_steps, model.guidance_scale, model.size_multiple, model.half) == (30, 7.5, 8, "float16")
