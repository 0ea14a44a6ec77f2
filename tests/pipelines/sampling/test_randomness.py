"""Noise that no seed decides ends the work, in a sentence."""

from threading import Event

import pytest
import torch

from seedlab.core.errors import SeedLabError
from seedlab.core.reports import Failed, Finished, Progress
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.sampling.randomness import refuse_unseeded_noise
from tests.pipelines.builders import build_stable_diffusion_3, make_default_recipe


def test_noise_of_a_generator_is_what_a_seed_decides():
    with refuse_unseeded_noise() as check:
        torch.randn(3, generator=torch.Generator().manual_seed(0))
        check()


def test_noise_of_torchs_own_randomness_is_refused_at_the_end():
    with pytest.raises(SeedLabError, match="adds noise that the seed does not decide"), refuse_unseeded_noise():
        torch.randn(3)


def test_noise_of_torchs_own_randomness_is_refused_as_soon_as_somebody_looks():
    with refuse_unseeded_noise() as check:
        state = torch.get_rng_state()
        torch.randn(3)
        with pytest.raises(SeedLabError, match="choose another scheduler, or another model"):
            check()
        torch.set_rng_state(state)


def test_what_goes_wrong_meanwhile_is_what_is_said():
    with pytest.raises(ZeroDivisionError), refuse_unseeded_noise():
        print(torch.randn(3) / (1 // 0))


@pytest.mark.parametrize("stochastic", [False, True])
def test_a_flow_matching_model_whose_scheduler_draws_noise_is_refused(manager, tmp_path, stochastic):
    """Stable Diffusion 3 does not hand its generator to the scheduler, which then draws from torch's own randomness."""
    folder = build_stable_diffusion_3(tmp_path, stochastic_sampling=stochastic)
    reports = list(manager.generate([make_default_recipe(folder)], Event()))
    assert isinstance(reports[-1], Failed if stochastic else Finished)
    if stochastic:
        assert "noise that the seed does not decide" in reports[-1].sentence
        assert not [report for report in reports if isinstance(report, Progress)], "found out at the first step"


def test_a_picture_moves_nobody_elses_randomness(tiny):
    """So that another thread's numbers stay its own, and the guard stays silent in the next call."""
    manager = PipelineManager(device="cpu")
    before = torch.get_rng_state()
    reports = list(manager.generate([make_default_recipe(tiny, scheduler="Euler ancestral", seed=5)], Event()))
    assert isinstance(reports[-1], Finished)
    assert torch.equal(before, torch.get_rng_state())
    manager.close()
