"""The denoiser and its training steps."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel

from seedlab.sketch.training.denoiser import Denoiser, add_noise, sample_timesteps


@pytest.fixture
def denoiser() -> Denoiser:
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=8, in_channels=2, out_channels=2, block_out_channels=(8, 16), layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16, attention_head_dim=2, norm_num_groups=4,
    )  # fmt: skip
    config = CLIPTextConfig(
        vocab_size=20, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=4, bos_token_id=0, eos_token_id=1, pad_token_id=1,
    )  # fmt: skip
    denoiser = Denoiser(CLIPTextModel(config), unet)
    torch.nn.init.normal_(denoiser.composition_head.weight)
    return denoiser


def run(denoiser: Denoiser, seed: int) -> tuple[Tensor, Tensor]:
    noisy = torch.randn((3, 2, 8, 8), generator=torch.Generator().manual_seed(seed))
    velocity, scores = denoiser(noisy, torch.tensor([1, 500, 999]), torch.full((3, 4), 1))
    return velocity, scores


def test_composition_loss_trains_the_unet_up_to_its_middle_block(denoiser: Denoiser) -> None:
    velocity, scores = run(denoiser, 0)
    assert (velocity.shape, scores.shape) == ((3, 2, 8, 8), (3, 17))
    assert not torch.equal(scores, run(denoiser, 1)[1])
    scores.square().sum().backward()
    assert denoiser.unet.conv_in.weight.grad.abs().max() > 0
    assert denoiser.unet.conv_out.weight.grad is None


def test_parallel_shards_do_not_mix_their_compositions(denoiser: Denoiser) -> None:
    sequential = [run(denoiser, seed)[1] for seed in range(8)]
    with ThreadPoolExecutor(4) as threads:
        parallel = threads.map(lambda seed: run(denoiser, seed)[1], range(8))
    assert all(torch.equal(one, other) for one, other in zip(sequential, parallel, strict=True))


def test_timesteps_cover_all_levels_and_favour_high_noise() -> None:
    timesteps = sample_timesteps(10_000, 1_000, torch.Generator().manual_seed(0))
    assert timesteps.min() >= 0
    assert timesteps.max() <= 999
    frequencies = torch.histc(timesteps.double(), 10, 0, 1_000) / 10_000
    expected = 0.1 * (0.55 + 0.1 * torch.arange(10))
    assert torch.allclose(frequencies, expected.double(), atol=0.002)


def test_timesteps_of_a_batch_are_stratified() -> None:
    timesteps = sample_timesteps(24, 1_000, torch.Generator().manual_seed(0))
    assert torch.equal(timesteps, timesteps.sort().values)
    assert timesteps[0] < 100
    assert timesteps[-1] > 900


def test_clean_latents_can_be_computed_from_noisy_latents_and_velocity() -> None:
    clean, noise = torch.randn((2, 3, 4, 5, 5), generator=torch.Generator().manual_seed(0))
    alphas_cumprod = torch.tensor([0.99, 0.5, 0.01])
    noisy, velocity = add_noise(clean, noise, alphas_cumprod)
    alpha, sigma = (each.sqrt().view(-1, 1, 1, 1) for each in (alphas_cumprod, 1 - alphas_cumprod))
    assert torch.allclose(alpha * noisy - sigma * velocity, clean, atol=1e-5)
