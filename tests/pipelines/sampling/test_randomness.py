"""Noise that does not depend on the seed ends the call with an error."""

from threading import Event

import pytest
import torch

from seedlab.core.errors import SeedLabError
from seedlab.core.reports import Failed, Finished, Progress
from seedlab.pipelines.manager import PipelineManager
from seedlab.pipelines.sampling.randomness import refuse_unseeded_noise
from tests.pipelines.builders import build_stable_diffusion_3, make_default_recipe


def test_noise_from_a_generator_is_accepted():
    with refuse_unseeded_noise() as check:
        torch.randn(3, generator=torch.Generator().manual_seed(0))
        check()


def test_noise_from_the_global_generator_is_refused_at_the_end():
    with pytest.raises(SeedLabError, match="adds noise that the seed does not decide"), refuse_unseeded_noise():
        torch.randn(3)


def test_noise_from_the_global_generator_is_refused_by_the_function():
    with refuse_unseeded_noise() as check:
        state = torch.get_rng_state()
        torch.randn(3)
        with pytest.raises(SeedLabError, match="choose another scheduler, or another model"):
            check()
        torch.set_rng_state(state)


def test_another_error_takes_precedence():
    with pytest.raises(ZeroDivisionError), refuse_unseeded_noise():
        print(torch.randn(3) / (1 // 0))


@pytest.mark.parametrize("stochastic", [False, True])
def test_a_flow_matching_model_whose_scheduler_draws_noise_is_refused(manager, tmp_path, stochastic):
    """Stable Diffusion 3 does not pass its generator to the scheduler, which then uses torch's global generator."""
    folder = build_stable_diffusion_3(tmp_path, stochastic_sampling=stochastic)
    reports = list(manager.generate([make_default_recipe(folder)], Event()))
    assert isinstance(reports[-1], Failed if stochastic else Finished)
    if stochastic:
        assert "noise that the seed does not decide" in reports[-1].sentence
        assert not [report for report in reports if isinstance(report, Progress)], (
            "the error is raised at the first step"
        )


def test_an_image_does_not_change_the_global_random_state(tiny):
    """Otherwise it would affect other threads, and the check would fail in the next call."""
    manager = PipelineManager(device="cpu")
    before = torch.get_rng_state()
    reports = list(manager.generate([make_default_recipe(tiny, scheduler="Euler ancestral", seed=5)], Event()))
    assert isinstance(reports[-1], Finished)
    assert torch.equal(before, torch.get_rng_state())
    manager.close()
