"""The clean image that a model predicts is found at every step, whatever the scheduler and the prediction type."""

import pytest
import torch
from diffusers import (
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    LCMScheduler,
    UniPCMultistepScheduler,
)

from seedlab.core.schedulers import SCHEDULERS
from seedlab.pipelines.sampling.arguments import make_scheduler
from seedlab.pipelines.sampling.clean import predict_clean

LEVELS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
GENERATOR = torch.Generator().manual_seed(0)
CLEAN = torch.rand(2, 4, 8, 8, generator=GENERATOR) * 1.8 - 0.9
NOISE = torch.randn(2, 4, 8, 8, generator=GENERATOR)
NAMES = [scheduler.name for scheduler in SCHEDULERS if not scheduler.name.startswith("Flow")]


def find_output(kind: str, scheduler, timestep) -> torch.Tensor:
    """Return what a model that knows the clean image predicts."""
    if kind == "flow_prediction":
        return NOISE - CLEAN
    if kind == "epsilon":
        return NOISE
    alpha = scheduler.alphas_cumprod[int(timestep.round())]
    return alpha**0.5 * NOISE - (1 - alpha) ** 0.5 * CLEAN


def check(scheduler, kind: str, tolerance: float) -> None:
    scheduler.set_timesteps(5)
    # Between two timesteps, DPM2's second stage has a noise level that `add_noise` does not know.
    every = 2 if type(scheduler).__name__.startswith("KDPM2") else 1
    for index, timestep in enumerate(scheduler.timesteps):
        noisy = add_noise(scheduler, timestep)
        output = find_output(kind, scheduler, timestep)
        result = scheduler.step(output, timestep, noisy, return_dict=False)
        if index % every == 0:
            clean = predict_clean(scheduler, output, timestep, noisy, result)
            assert (clean - CLEAN).abs().max() < tolerance, f"at step {index + 1}"


def add_noise(scheduler, timestep) -> torch.Tensor:
    if isinstance(scheduler, FlowMatchEulerDiscreteScheduler):
        return scheduler.scale_noise(CLEAN, timestep[None], NOISE)
    return scheduler.add_noise(CLEAN, NOISE, timestep.expand(2))


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("name", NAMES)
def test_the_clean_image_is_found(name, kind):
    original_class = LCMScheduler if name == "LCMScheduler" else DPMSolverMultistepScheduler
    original = original_class(**LEVELS, prediction_type=kind)
    # LCM mixes a little of the noisy image into its prediction; noise levels between timesteps are rounded here.
    check(make_scheduler(original, name), kind, tolerance=0.05)


@pytest.mark.parametrize("scheduler_class", [DPMSolverMultistepScheduler, UniPCMultistepScheduler])
def test_flow_solvers(scheduler_class):
    check(scheduler_class(prediction_type="flow_prediction", use_flow_sigmas=True), "flow_prediction", 1e-4)


def test_flow_matching():
    check(FlowMatchEulerDiscreteScheduler(shift=3.0), "flow_prediction", 1e-4)
