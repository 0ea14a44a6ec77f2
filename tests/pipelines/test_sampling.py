"""One call of a pipeline: its arguments and its scheduler."""

import numpy as np
import pytest
from diffusers import (
    DDIMPipeline,
    DiffusionPipeline,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FluxPipeline,
    PixArtSigmaPipeline,
)
from PIL import Image

from seedlab.pipelines.capabilities import Capabilities
from seedlab.pipelines.sampling import make_arguments, make_scheduler, sample
from seedlab.proof import Proof
from seedlab.recipe import SeedLabError
from seedlab.schedulers import list_family
from tests.pipelines.builders import make_recipe

ORIGINAL = DPMSolverMultistepScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")


class Painter:
    """As little of a pipeline as `sample` needs, to paint what a real one does when it goes wrong."""

    def __init__(self, image, **outcome):
        array = np.asarray(image, dtype=np.float32)[None] / 255
        self.outcome = type("Output", (), {"images": array, **outcome})

    def __call__(self, prompt, generator=None, output_type="pil"):
        assert output_type == "np"
        return self.outcome

    numpy_to_pil = staticmethod(DiffusionPipeline.numpy_to_pil)


def test_capabilities_are_read_from_the_call():
    assert Capabilities.read(DDIMPipeline) == Capabilities(
        prompt=False,
        negative_prompt=False,
        guidance_scale=False,
        height=False,
        width=False,
        num_inference_steps=True,
        callback_on_step_end=False,
    )
    assert Capabilities.read(FluxPipeline).callback_on_step_end
    assert not Capabilities.read(PixArtSigmaPipeline).callback_on_step_end


def test_arguments_are_those_of_the_plain_script_and_only_what_is_taken(tmp_path):
    recipe = make_recipe(tmp_path)
    unconditional = make_arguments(Capabilities.read(DDIMPipeline), recipe)
    assert set(unconditional) == {"num_inference_steps", "generator"}
    assert make_arguments(Capabilities.read(FluxPipeline), recipe)["negative_prompt"] is None


def test_every_call_gets_a_generator_of_its_own_seeded_alike(tmp_path):
    recipe = make_recipe(tmp_path, seed=0)
    first, second = (make_arguments(Capabilities.read(DDIMPipeline), recipe)["generator"] for _ in range(2))
    assert first is not second
    assert first.initial_seed() == second.initial_seed() == 0


@pytest.mark.parametrize("name", [scheduler.name for scheduler in list_family("DDIMScheduler")])
def test_every_scheduler_is_made_fresh_from_the_original_configuration(name):
    made = make_scheduler(ORIGINAL, name)
    assert type(made).__name__ == name.split()[0]
    assert made is not make_scheduler(ORIGINAL, name)
    assert made.config.beta_schedule == "scaled_linear"
    assert bool(made.config.get("use_karras_sigmas", False)) == name.endswith("Karras")


def test_a_scheduler_that_is_offered_one_way_keeps_the_levels_that_the_model_was_saved_with():
    """As `EulerDiscreteScheduler.from_config(pipe.scheduler.config)` does in the plain script."""
    original = EulerDiscreteScheduler(use_karras_sigmas=True)
    assert make_scheduler(original, "EulerDiscreteScheduler").config.use_karras_sigmas
    assert make_scheduler(original, "DPMSolverMultistepScheduler Karras").config.use_karras_sigmas
    assert not make_scheduler(original, "DPMSolverMultistepScheduler").config.use_karras_sigmas


def test_a_scheduler_of_another_family_is_refused():
    with pytest.raises(SeedLabError, match="Flow-match Euler does not work with this model"):
        make_scheduler(ORIGINAL, "FlowMatchEulerDiscreteScheduler")


def test_a_black_picture_is_not_shown_as_a_result(tmp_path):
    with pytest.raises(SeedLabError, match="came out black"):
        sample(Painter(Image.new("RGB", (8, 8))), make_recipe(tmp_path), lambda *_: None)


def test_a_picture_that_the_safety_checker_hid_is_said(tmp_path):
    painter = Painter(Image.new("RGB", (8, 8)), nsfw_content_detected=[True])
    with pytest.raises(SeedLabError, match="safety checker"):
        sample(painter, make_recipe(tmp_path), lambda *_: None)


def test_a_picture_with_one_pixel_that_is_not_black_is_a_picture(tmp_path):
    image = Image.new("RGB", (8, 8))
    image.putpixel((7, 7), (0, 0, 1))
    made = sample(Painter(image), make_recipe(tmp_path), lambda *_: None)
    assert made.image.tobytes() == image.tobytes()
    assert made.proof == Proof(latents="", total=pytest.approx(1 / 255)), "no callback, so no latents are known"
