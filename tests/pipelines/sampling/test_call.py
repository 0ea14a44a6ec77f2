"""One call of a pipeline: its arguments and its scheduler."""

from contextlib import suppress
from dataclasses import replace

import diffusers
import numpy as np
import pytest
import torch
from diffusers import (
    DDIMPipeline,
    DDIMScheduler,
    DEISMultistepScheduler,
    DiffusionPipeline,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FluxPipeline,
    PixArtSigmaPipeline,
)
from diffusers.schedulers.scheduling_utils import SchedulerMixin
from PIL import Image

from seedlab.core.checksums import Checksums
from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.recipes.schedulers import find_scheduler, list_family, name_scheduler
from seedlab.pipelines.models.capabilities import Capabilities
from seedlab.pipelines.sampling.arguments import make_arguments, make_scheduler
from seedlab.pipelines.sampling.call import sample
from tests.pipelines.builders import make_recipe

ORIGINAL = DPMSolverMultistepScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")


class FakePipeline:
    """The least of a pipeline that `sample` needs, to return the images of one that fails."""

    def __init__(self, image, **outcome):
        array = np.asarray(image, dtype=np.float32)[None] / 255
        self.outcome = type("Output", (), {"images": array, **outcome})
        self.scheduler = DDIMScheduler()

    def __call__(self, prompt, generator=None, output_type="pil"):
        assert output_type == "np"
        return self.outcome

    def maybe_free_model_hooks(self):
        """Does nothing: there is no offloading."""

    numpy_to_pil = staticmethod(DiffusionPipeline.numpy_to_pil)


def test_capabilities_are_read_from_the_call():
    assert Capabilities.read(DDIMPipeline) == Capabilities(
        prompt=False,
        negative_prompt=False,
        guidance_scale=False,
        height=False,
        width=False,
        num_inference_steps=True,
        true_cfg_scale=False,
        clean_caption=False,
        image=False,
        strength=False,
    )
    assert Capabilities.read(FluxPipeline).guidance_scale


def test_prompts_are_not_cleaned_whichever_packages_are_installed(tmp_path):
    assert make_arguments(Capabilities.read(PixArtSigmaPipeline), make_recipe(tmp_path))["clean_caption"] is False


def test_arguments_are_those_of_the_plain_script_that_the_pipeline_takes(tmp_path):
    recipe = make_recipe(tmp_path)
    unconditional = make_arguments(Capabilities.read(DDIMPipeline), replace(recipe, prompt=""))
    assert set(unconditional) == {"num_inference_steps", "generator"}
    given = make_arguments(Capabilities.read(FluxPipeline), recipe)
    assert (given["prompt"], given["height"], given["guidance_scale"]) == (recipe.prompt, 64, 7.5)


@pytest.mark.parametrize("pipeline", [FluxPipeline, PixArtSigmaPipeline])
def test_an_empty_negative_prompt_is_omitted(tmp_path, pipeline):
    """SDXL treats "" differently from None, and PixArt does not accept None."""
    recipe = make_recipe(tmp_path)
    assert "negative_prompt" not in make_arguments(Capabilities.read(pipeline), recipe)
    blurry = make_arguments(Capabilities.read(pipeline), replace(recipe, negative_prompt="blurry"))
    assert blurry["negative_prompt"] == "blurry"


@pytest.mark.parametrize(("field", "words"), [("prompt", "prompt"), ("negative_prompt", "negative prompt")])
def test_prompts_that_a_pipeline_does_not_take_are_refused(tmp_path, field, words):
    recipe = replace(make_recipe(tmp_path, prompt=""), **{field: "artsy"})
    with pytest.raises(RecipeError, match=f"This model takes no {words}: leave it empty") as caught:
        make_arguments(Capabilities.read(DDIMPipeline), recipe)
    assert caught.value.field == field


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_generator_on_a_missing_device_is_refused(tmp_path, device):
    is_available = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}[device]()
    if is_available:
        pytest.skip(f"this machine has {device}")
    recipe = make_recipe(tmp_path, generator_device=device, prompt="")
    with pytest.raises(RecipeError, match=f"no device “{device}” on this machine.* choose cpu") as caught:
        make_arguments(Capabilities.read(DDIMPipeline), recipe)
    assert caught.value.field == "generator_device"


def test_every_call_gets_a_new_generator_with_the_same_seed(tmp_path):
    recipe = make_recipe(tmp_path, seed=0)
    first, second = (make_arguments(Capabilities.read(FluxPipeline), recipe)["generator"] for _ in range(2))
    assert first is not second
    assert first.initial_seed() == second.initial_seed() == 0


@pytest.mark.parametrize("name", [scheduler.name for scheduler in list_family("DDIMScheduler")])
def test_every_scheduler_is_created_from_the_original_configuration(name):
    made = make_scheduler(ORIGINAL, name)
    assert type(made).__name__ == name.split()[0]
    assert made is not make_scheduler(ORIGINAL, name)
    assert made.config.beta_schedule == "scaled_linear"
    assert bool(made.config.get("use_karras_sigmas", False)) == name.endswith("Karras")


def test_a_scheduler_without_variants_keeps_the_sigmas_of_the_saved_one():
    """`EulerDiscreteScheduler.from_config(pipe.scheduler.config)` does the same in the plain script."""
    original = EulerDiscreteScheduler(use_karras_sigmas=True)
    assert make_scheduler(original, "EulerDiscreteScheduler").config.use_karras_sigmas
    assert make_scheduler(original, "DPMSolverMultistepScheduler Karras").config.use_karras_sigmas
    assert not make_scheduler(original, "DPMSolverMultistepScheduler").config.use_karras_sigmas


@pytest.mark.parametrize("name", [scheduler.name for scheduler in list_family("DDIMScheduler")])
@pytest.mark.parametrize("algorithm", ["dpmsolver++", "sde-dpmsolver++", "deis"])
def test_a_schedulers_settings_do_not_depend_on_the_saved_one(name, algorithm):
    """Related schedulers share the names of their settings, and from_config copies them."""
    saved = {"deis": DEISMultistepScheduler(), "dpmsolver++": ORIGINAL}
    original = saved.get(algorithm) or DPMSolverMultistepScheduler(algorithm_type=algorithm)
    made = make_scheduler(original, name)
    settings = find_scheduler(name).settings
    assert {key: made.config[key] for key in settings} == settings


def list_usable() -> list[type]:
    """List the schedulers of diffusers whose models are accepted."""
    found = {getattr(diffusers, name) for name in dir(diffusers) if name.endswith("Scheduler")}
    classes = sorted((each for each in found if type(each) is type and issubclass(each, SchedulerMixin)), key=str)
    usable = []
    for each in classes:
        with suppress(RecipeError):
            name_scheduler({"_class_name": each.__name__})
            usable.append(each)
    return usable


@pytest.mark.parametrize("scheduler_class", list_usable(), ids=lambda each: each.__name__)
def test_an_accepted_model_works_with_its_default_scheduler(scheduler_class):
    name = name_scheduler({"_class_name": scheduler_class.__name__})
    assert type(make_scheduler(scheduler_class(), name)).__name__ == find_scheduler(name).class_name


def test_a_scheduler_of_another_family_is_refused():
    with pytest.raises(SeedLabError, match="Flow-match Euler does not work with this model"):
        make_scheduler(ORIGINAL, "FlowMatchEulerDiscreteScheduler")


def test_a_black_image_is_an_error(tmp_path):
    with pytest.raises(SeedLabError, match="came out black"):
        sample(FakePipeline(Image.new("RGB", (8, 8))), make_recipe(tmp_path), lambda *_: None)


def test_an_image_hidden_by_the_safety_checker_is_an_error(tmp_path):
    pipeline = FakePipeline(Image.new("RGB", (8, 8)), nsfw_content_detected=[True])
    with pytest.raises(SeedLabError, match="safety checker"):
        sample(pipeline, make_recipe(tmp_path), lambda *_: None)


def test_an_image_with_one_pixel_that_is_not_black_is_valid(tmp_path):
    image = Image.new("RGB", (8, 8))
    image.putpixel((7, 7), (0, 0, 1))
    made = sample(FakePipeline(image), make_recipe(tmp_path), lambda *_: None)
    assert made.image.tobytes() == image.tobytes()
    assert made.checksums == Checksums(latents="", total=pytest.approx(1 / 255)), (
        "no step was taken, so no latents are known"
    )


def test_the_call_gets_a_new_scheduler_and_the_pipeline_keeps_its_own(tmp_path, monkeypatch):
    pipeline, used = FakePipeline(Image.new("RGB", (8, 8), "red")), []
    own, call = pipeline.scheduler, FakePipeline.__call__
    monkeypatch.setattr(
        FakePipeline,
        "__call__",
        lambda self, prompt, **given: (used.append(self.scheduler), call(self, prompt, **given))[1],
    )
    recipe = make_recipe(tmp_path, scheduler="DPMSolverMultistepScheduler Karras")
    for _ in range(2):
        sample(pipeline, recipe, lambda *_: None)
    assert [type(scheduler) for scheduler in used] == [DPMSolverMultistepScheduler] * 2
    assert used[0] is not used[1]
    assert pipeline.scheduler is own


def test_the_pipeline_keeps_its_own_scheduler_if_the_call_fails(tmp_path):
    pipeline = FakePipeline(Image.new("RGB", (8, 8)))
    own = pipeline.scheduler
    with pytest.raises(SeedLabError):
        sample(pipeline, make_recipe(tmp_path), lambda *_: None)
    assert pipeline.scheduler is own
