"""Nudged noise: spherical interpolation between the noise of several seeds."""

import math

import diffusers
import pytest
import torch

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.additions import Nudge
from seedlab.pipelines.models.capabilities import takes_nudges
from seedlab.pipelines.sampling.noise import draw_noise, interpolate, nudge, replace_noise
from tests.examples import RECIPE
from tests.pipelines.builders import make_recipe

SHAPE = (1, 4, 16, 16)


def draw(seed: int, dtype=torch.float32):
    return draw_noise(torch.Generator("cpu").manual_seed(seed), SHAPE, dtype)


def nudge_towards(*pairs, dtype=torch.float32):
    recipe = type("Fields", (), {"nudges": [type("Pair", (), {"seed": s, "weight": w}) for s, w in pairs]})
    return nudge(draw(0, dtype), recipe)


def measure_angle(one, other) -> float:
    one, other = one.double().flatten(), other.double().flatten()
    return math.acos(float(one @ other / (one.norm() * other.norm())))


@pytest.mark.parametrize("seed", [5, 2**32 + 5, 2**53 + 5, 2**63 + 5, 2**64 - 2**32 + 5])
def test_the_lower_32_bits_of_a_seed_decide_the_noise_of_the_cpu(seed):
    """torch takes the whole range of seeds; the Mersenne Twister of the CPU begins with 32 bits of them."""
    assert torch.Generator("cpu").manual_seed(seed).initial_seed() == seed
    assert torch.equal(draw(seed), draw(5))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_strength_near_0_changes_nothing_and_one_near_1_gives_the_other_noise(dtype):
    assert torch.equal(nudge_towards((7, 1e-12), dtype=dtype), draw(0, dtype))
    assert torch.equal(nudge_towards((7, 1 - 1e-12), dtype=dtype), draw(7, dtype))


def test_the_noise_changes_more_the_stronger_the_nudge_and_stays_noise():
    whole = measure_angle(draw(0), draw(7))
    for weight in (0.001, 0.01, 0.1, 0.3, 0.5, 0.9):
        nudged = nudge_towards((7, weight))
        assert measure_angle(draw(0), nudged) == pytest.approx(weight * whole, rel=0.05)
        assert float(nudged.std()) == pytest.approx(1, abs=0.05), "a linear mixture of halves would have 0.71"


def test_the_order_of_nudges_counts_and_each_begins_where_the_one_before_ended():
    one, other = nudge_towards((7, 0.3), (9, 0.3)), nudge_towards((9, 0.3), (7, 0.3))
    assert not torch.equal(one, other)
    by_hand = interpolate(interpolate(draw(0).double(), draw(7).double(), 0.3), draw(9).double(), 0.3)
    assert torch.equal(one, by_hand.float())


@pytest.mark.parametrize("seed", [0, 2**32])
def test_towards_the_same_noise_there_is_nothing_to_turn(seed):
    assert torch.equal(nudge_towards((seed, 0.5)), draw(0))


def test_which_pipelines_take_nudged_noise():
    classes = ("StableDiffusion", "StableDiffusionXL", "StableDiffusion3", "Flux", "QwenImage", "PixArtSigma", "Sana")
    classes += ("PixArtAlpha", "ZImage", "LatentConsistencyModel")
    assert all(takes_nudges(getattr(diffusers, f"{name}Pipeline")) for name in classes)
    assert not any(takes_nudges(getattr(diffusers, f"{name}Pipeline")) for name in ("DDPM", "DDIM", "Flux2"))


def test_a_pipeline_that_draws_otherwise_than_it_takes_noise_is_refused(tiny):
    """As would one whose latents have another shape, or which scales what it draws."""
    pipe = diffusers.StableDiffusionPipeline.from_pretrained(tiny)
    plain = pipe.prepare_latents

    def prepare_latents(batch_size, num_channels_latents, height, width, dtype, device, generator, latents=None):
        made = plain(batch_size, num_channels_latents, height, width, dtype, device, generator, latents)
        return made if latents is not None else 2 * made

    pipe.prepare_latents = prepare_latents
    recipe = make_recipe(tiny, nudges=(Nudge(seed=7, weight=0.1),))
    generator = torch.Generator("cpu").manual_seed(0)
    with (
        replace_noise(pipe, [recipe]),
        pytest.raises(SeedLabError, match="cannot be nudged or resized: choose another model"),
    ):
        pipe("a boat", generator=generator, num_inference_steps=1, height=64, width=64)


def test_without_nudges_a_pipeline_is_left_alone():
    with replace_noise(None, [RECIPE]):
        pass
