"""What the pipeline class and configurations add to what is known about a model."""

import json
import shutil
from dataclasses import replace
from threading import Event

import pytest

from seedlab.core.errors import RecipeError
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.models.introspection import inspect_pipeline
from tests.pipelines.builders import build_ddpm, build_stable_diffusion, flatten, make_recipe


@pytest.fixture
def fit_to(tmp_path):
    def fit_to(kind, guidance=None, **parts):
        if guidance is not None:
            (tmp_path / "transformer").mkdir(exist_ok=True)
            (tmp_path / "transformer" / "config.json").write_text(json.dumps(guidance))
        (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": kind, **parts}))
        return inspect_pipeline(find_model("owner/name"), tmp_path)

    return fit_to


def test_a_flow_matching_model_of_the_hub_has_the_defaults_and_the_scheduler_of_its_kind(fit_to):
    model = fit_to("StableDiffusion3Pipeline", scheduler=["diffusers", "FlowMatchEulerDiscreteScheduler"])
    assert (model.guidance_scale, model.num_inference_steps, model.size_multiple) == (4.5, 28, 16)
    assert [scheduler.label for scheduler in model.schedulers] == ["Flow-match Euler"]


def test_what_the_signature_does_not_have_is_not_asked_for(fit_to):
    assert fit_to("LatentConsistencyModelPipeline", scheduler=["diffusers", "LCMScheduler"]).ignores == (
        "negative_prompt",
    )
    assert fit_to("WuerstchenCombinedPipeline").ignores == ("guidance_scale",)
    assert fit_to("StableDiffusionPipeline").ignores == ()


def test_guidance_is_what_the_transformer_beside_the_index_reads(fit_to):
    assert fit_to("FluxPipeline", {"guidance_embeds": False}).uses_true_cfg
    dev = fit_to("FluxPipeline", {"guidance_embeds": True})
    assert (dev.uses_true_cfg, dev.ignores) == (False, ("negative_prompt",))
    # Without the argument for it there is no true guidance.
    assert not fit_to("StableDiffusion3Pipeline", {"guidance_embeds": False}).uses_true_cfg


def test_a_stable_diffusion_is_offered_the_schedulers_of_its_kind(fit_to):
    model = fit_to("StableDiffusionPipeline", scheduler=["diffusers", "EulerDiscreteScheduler"])
    assert (model.scheduler, model.any_scheduler) == ("EulerDiscreteScheduler", False)


@pytest.mark.parametrize(("build", "flat"), [(build_ddpm, False), (build_ddpm, True), (build_stable_diffusion, False)])
def test_a_model_of_the_hub_is_described_by_its_configurations_as_a_folder_is(tmp_path, build, flat):
    folder = flatten(build(tmp_path)) if flat else build(tmp_path)
    model, local = inspect_pipeline(find_model("owner/name@v1"), folder), find_model(str(folder))
    assert model == replace(local, model_id="owner/name", name="owner/name", revision="v1")
    assert model.unconditional == (build is build_ddpm)


@pytest.mark.parametrize("kind", ["MyOwnPipeline", ["my_pipeline", "MyOwnPipeline"], "os.system", "__name__x"])
def test_code_that_comes_with_a_model_is_refused(fit_to, kind):
    with pytest.raises(RecipeError, match="SeedLab runs no code that comes with a model") as caught:
        fit_to(kind)
    assert caught.value.field == "model_id"


@pytest.mark.parametrize("kind", ["StableDiffusionImg2ImgPipeline", "StableVideoDiffusionPipeline"])
def test_what_makes_its_pictures_of_others_is_refused(fit_to, kind):
    with pytest.raises(RecipeError, match="does not make pictures from a prompt alone"):
        fit_to(kind)


@pytest.mark.parametrize("content", ["", "[]", "{", "{}"])
def test_an_index_that_tells_nothing_changes_nothing(tmp_path, content):
    (tmp_path / "model_index.json").write_text(content)
    model = find_model("owner/name")
    assert inspect_pipeline(model, tmp_path) == model
    assert inspect_pipeline(model, tmp_path / "missing") == model


def test_a_part_whose_code_comes_with_the_model_is_refused_before_anything_is_loaded(fit_to, manager, tiny, tmp_path):
    with pytest.raises(RecipeError, match="owner/name needs code of its own"):
        fit_to("StableDiffusionPipeline", unet=["my_unet", "MyUNet"])
    parts = {"safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"], "image_encoder": [None, None]}
    assert fit_to("StableDiffusionPipeline", unet=["diffusers", "UNet2DConditionModel"], **parts).ignores == ()
    folder = shutil.copytree(tiny, tmp_path / "coded")
    (folder / "unet" / "my_unet.py").write_text("raise SystemExit('this must not run')")
    index = json.loads((folder / "model_index.json").read_text()) | {"unet": ["my_unet", "MyUNet"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    (failed,) = manager.generate([make_recipe(folder)], Event())
    assert failed.sentence.startswith("coded needs code of its own (“MyUNet”)")
