"""What a step of the denoiser's training is made of."""

import torch

from seedlab.sketch.denoiser import diffuse, sample_timesteps


def test_noise_levels_are_spread_over_all_and_high_ones_are_likelier() -> None:
    timesteps = sample_timesteps(10_000, 1_000, torch.Generator().manual_seed(0))
    assert timesteps.min() >= 0
    assert timesteps.max() <= 999
    tenths = torch.histc(timesteps.double(), 10, 0, 1_000) / 10_000
    expected = 0.1 * (0.55 + 0.1 * torch.arange(10))
    assert torch.allclose(tenths, expected.double(), atol=0.002)


def test_a_step_sees_every_range_of_levels() -> None:
    timesteps = sample_timesteps(24, 1_000, torch.Generator().manual_seed(0))
    assert torch.equal(timesteps, timesteps.sort().values)
    assert timesteps[0] < 100
    assert timesteps[-1] > 900


def test_the_clean_latents_follow_from_the_noisy_ones_and_the_velocity() -> None:
    clean, noise = torch.randn((2, 3, 4, 5, 5), generator=torch.Generator().manual_seed(0))
    signal = torch.tensor([0.99, 0.5, 0.01])
    noisy, velocity = diffuse(clean, noise, signal)
    again = signal.sqrt().view(-1, 1, 1, 1) * noisy - (1 - signal).sqrt().view(-1, 1, 1, 1) * velocity
    assert torch.allclose(again, clean, atol=1e-5)
