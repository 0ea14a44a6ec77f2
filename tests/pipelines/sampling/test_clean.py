"""The clean image that a model predicts is found at every step, whatever the scheduler and the prediction type."""

import pytest
import torch
from diffusers import (
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    LCMScheduler,
    UniPCMultistepScheduler,
)

from seedlab.core.recipes.schedulers import SCHEDULERS
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
    # The second stage of Heun and DPM2 has a noise level that `add_noise` does not know.
    stages, result = scheduler.order, (NOISE,)
    for index, timestep in enumerate(scheduler.timesteps):
        noisy = result[0] if index % stages else add_noise(scheduler, timestep)
        output = find_output(kind, scheduler, timestep)
        result = scheduler.step(output, timestep, noisy, return_dict=False)
        clean = predict_clean(scheduler, output, timestep, noisy, result)
        assert (clean - CLEAN).abs().max() < tolerance, f"at step {index + 1}"


def check_last(scheduler, kind: str, tolerance: float) -> None:
    """Check that nothing is left to do after the last step: the predicted image is the result."""
    scheduler.set_timesteps(6)
    latents = NOISE * scheduler.init_noise_sigma if hasattr(scheduler, "init_noise_sigma") else NOISE
    for timestep in scheduler.timesteps:
        output = find_output(kind, scheduler, timestep)
        before, result = latents, scheduler.step(output, timestep, latents, return_dict=False)
        latents = result[0]
    clean = predict_clean(scheduler, output, timestep, before, result)
    assert (clean - latents).abs().max() < tolerance


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


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("name", NAMES)
def test_at_the_last_step_it_is_the_result(name, kind):
    original_class = LCMScheduler if name == "LCMScheduler" else DPMSolverMultistepScheduler
    # PNDM and DDIM end at the first noise level instead of 0, if their models were trained so.
    check_last(make_scheduler(original_class(**LEVELS, prediction_type=kind), name), kind, tolerance=0.15)


@pytest.mark.parametrize("scheduler_class", [DPMSolverMultistepScheduler, UniPCMultistepScheduler])
def test_flow_solvers(scheduler_class):
    check(scheduler_class(prediction_type="flow_prediction", use_flow_sigmas=True), "flow_prediction", 1e-4)
    check_last(scheduler_class(prediction_type="flow_prediction", use_flow_sigmas=True), "flow_prediction", 1e-4)


def test_flow_matching():
    check(FlowMatchEulerDiscreteScheduler(shift=3.0), "flow_prediction", 1e-4)
    check_last(FlowMatchEulerDiscreteScheduler(shift=3.0), "flow_prediction", 1e-4)
