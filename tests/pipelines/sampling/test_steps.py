"""The steps of a call are reported, and the receiver can end the call."""

import inspect

import diffusers
import pytest
import torch
from diffusers import DiffusionPipeline, DPMSolverMultistepScheduler, EulerAncestralDiscreteScheduler, PNDMScheduler

from seedlab.core.recipes.schedulers import SCHEDULERS
from seedlab.pipelines.sampling.steps import count_steps, follow_steps
from tests.pipelines.builders import build_ddim, build_pixart


class StopHereError(Exception):
    pass


def load(folder):
    pipeline = DiffusionPipeline.from_pretrained(folder, use_safetensors=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.fixture(scope="module")
def pixart(tmp_path_factory):
    return load(build_pixart(tmp_path_factory.mktemp("models")))


@pytest.fixture(scope="module")
def ddim(tmp_path_factory):
    return load(build_ddim(tmp_path_factory.mktemp("models")))


def run(pipeline, on_step=lambda _: None, **arguments):
    with follow_steps(pipeline, on_step):
        return pipeline(generator=torch.Generator().manual_seed(0), output_type="np", **arguments).images


def test_steps_are_reported_with_their_latents(ddim):
    seen = []
    image = run(ddim, seen.append, num_inference_steps=3)
    assert [step.number for step in seen] == [1, 2, 3]
    last = (seen[-1].latents / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).numpy()
    assert (last == image).all(), "the last report is the finished image"


def test_following_changes_no_bits(ddim, pixart):
    generator = torch.Generator().manual_seed(0)
    plain = ddim(generator=generator, output_type="np", num_inference_steps=3).images
    assert (run(ddim, num_inference_steps=3) == plain).all()
    pixart.scheduler = EulerAncestralDiscreteScheduler.from_config(pixart.scheduler.config)
    arguments = {"prompt": "a boat", "height": 256, "width": 256, "num_inference_steps": 2}
    plain = pixart(generator=torch.Generator().manual_seed(0), output_type="np", **arguments).images
    assert (run(pixart, **arguments) == plain).all(), "a scheduler that draws noise still gets the generator"


@pytest.mark.parametrize("name", ["ddim", "pixart"])
def test_the_receiver_can_end_the_call_at_once(name, request):
    pipeline, steps = request.getfixturevalue(name), []

    def stop(step):
        steps.append(step.number)
        if step.number == 2:
            raise StopHereError

    prompt = {"prompt": "a boat"} if name == "pixart" else {}
    with pytest.raises(StopHereError):
        run(pipeline, stop, num_inference_steps=50, **prompt)
    assert steps == [1, 2]
    assert "step" not in vars(pipeline.scheduler), "the scheduler is restored"


def test_the_schedulers_signature_stays_the_same(ddim):
    """Pipelines inspect the signature of `step` to find out which arguments it takes."""
    ddim.scheduler = DPMSolverMultistepScheduler()
    theirs = inspect.signature(ddim.scheduler.step)
    with follow_steps(ddim, print):
        assert inspect.signature(ddim.scheduler.step) == theirs


TWO_STAGES = {"HeunDiscreteScheduler", "KDPM2DiscreteScheduler", "KDPM2AncestralDiscreteScheduler"}


@pytest.mark.parametrize("name", sorted({scheduler.class_name for scheduler in SCHEDULERS}))
def test_a_recipes_steps_are_counted_in_steps_of_its_scheduler(name):
    scheduler = getattr(diffusers, name)(**({"skip_prk_steps": True} if name == "PNDMScheduler" else {}))
    scheduler.set_timesteps(6)
    expected = [2, 4, 6, 8, 10, 11] if name in TWO_STAGES else [1, 2, 3, 4, 5, 6]
    expected = [2, 3, 4, 5, 6, 7] if name == "PNDMScheduler" else expected
    assert [count_steps(scheduler, steps) for steps in range(1, 7)] == expected
    assert expected[-1] == len(scheduler.timesteps)


def test_runge_kutta_steps_take_four():
    scheduler = PNDMScheduler()
    scheduler.set_timesteps(6)
    assert [count_steps(scheduler, steps) for steps in range(1, 7)] == [4, 8, 12, 13, 14, 15]
