"""What pipelines take, by their signatures; and where guidance is true guidance."""

import inspect
from threading import Event

import pytest
import torch
from diffusers import DiffusionPipeline, FluxPipeline, QwenImagePipeline

from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.models.capabilities import Capabilities, is_video_module
from seedlab.workflow.scripts.script import write_script
from tests.pipelines.builders import build_flux, build_qwen_image, make_default_recipe
from tests.pipelines.plain import hash_pixels, load_plainly
from tests.pipelines.test_export import run_script

SIZE = {"height": 64, "width": 64}


@pytest.fixture(scope="module")
def schnell(tmp_path_factory):
    return build_flux(tmp_path_factory.mktemp("flux"), guidance_embeds=False)


@pytest.fixture(scope="module")
def qwen(tmp_path_factory):
    return build_qwen_image(tmp_path_factory.mktemp("qwen"))


def run_plainly(recipe, **arguments) -> str:
    pipe, _ = load_plainly(recipe.model_id, recipe.dtype)
    generator = torch.Generator("cpu").manual_seed(recipe.seed)
    arguments |= SIZE | {"num_inference_steps": recipe.num_inference_steps}
    return hash_pixels(pipe(recipe.prompt, generator=generator, **arguments).images[0])


def test_true_guidance_is_read_of_the_model_and_not_of_its_class(schnell, tmp_path):
    assert Capabilities.read(DiffusionPipeline.from_pretrained(schnell)).true_cfg_scale
    assert not Capabilities.read(DiffusionPipeline.from_pretrained(build_flux(tmp_path))).true_cfg_scale
    assert not Capabilities.read(FluxPipeline).true_cfg_scale
    assert find_model("Qwen/Qwen-Image").uses_true_cfg
    assert "true_cfg_scale" in inspect.signature(QwenImagePipeline.__call__).parameters


def test_what_works_on_films_is_told_by_its_weights(qwen):
    parts = DiffusionPipeline.from_pretrained(qwen).components
    assert {name: is_video_module(parts[name]) for name in ("vae", "text_encoder", "transformer")} == {
        "vae": True,
        "text_encoder": True,  # the half of it that sees, which is not used
        "transformer": False,
    }


@pytest.mark.parametrize(
    ("changes", "arguments"),
    [
        pytest.param({"guidance_scale": 0.0}, {}, marks=pytest.mark.slow),
        pytest.param({"guidance_scale": 4.0}, {"true_cfg_scale": 4.0, "negative_prompt": " "}, marks=pytest.mark.slow),
        ({"guidance_scale": 4.0, "negative_prompt": "fog"}, {"true_cfg_scale": 4.0, "negative_prompt": "fog"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["schnell", "qwen"])
def test_true_guidance_reaches_the_pipeline_and_the_script(request, shared_manager, name, tmp_path, changes, arguments):
    folder = request.getfixturevalue(name)
    recipe = make_default_recipe(folder, **SIZE, **changes)
    finished = list(shared_manager.generate([recipe], Event()))[-1]
    plain = run_plainly(recipe, **arguments)
    assert hash_pixels(finished.image) == plain
    script = write_script([recipe], shared_manager.environment(recipe), find_model(str(folder)))
    assert run_script(script, tmp_path) == [plain]
