"""What is left out of a denoiser's calls: no bit of what it makes, and nothing once it is over."""

import inspect

import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention
from diffusers.models.resnet import ResnetBlock2D

from seedlab.pipelines.exact.trimming import trim


@pytest.fixture
def unet():
    torch.manual_seed(0)
    return UNet2DConditionModel(
        sample_size=8, in_channels=2, out_channels=2, block_out_channels=(8, 16), layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16, attention_head_dim=2, norm_num_groups=4,
    )  # fmt: skip


def run(unet):
    """Run it once; returns what it made, and which operators it took."""
    noise = torch.randn((2, 2, 8, 8), generator=torch.Generator().manual_seed(0))
    with torch.no_grad(), torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        made = unet(noise, 5, torch.ones(2, 3, 16)).sample
    return made, [event.name for event in profile.events()]


def test_divisions_by_one_are_left_out_and_the_bits_are_the_same(unet):
    made, operators = run(unet)
    with trim(unet):
        trimmed, fewer = run(unet)
    assert torch.equal(trimmed, made)
    blocks = sum(isinstance(module, ResnetBlock2D | Attention) for module in unet.modules())
    assert operators.count("aten::div") - fewer.count("aten::div") == blocks > 0


def test_other_divisors_stay(unet):
    block = unet.mid_block.resnets[0]
    block.output_scale_factor = 2.0
    made, _ = run(unet)
    with trim(unet):
        assert block.output_scale_factor == 2.0
        assert torch.equal(run(unet)[0], made)


def test_dropout_is_not_called_where_nothing_is_dropped(unet):
    unet.eval()
    made, operators = run(unet)
    with trim(unet):
        trimmed, fewer = run(unet)
    assert torch.equal(trimmed, made)
    assert "aten::dropout" in operators
    assert "aten::dropout" not in fewer


def test_dropout_that_drops_stays(unet):
    with trim(unet.train()):
        assert "aten::dropout" in run(unet)[1]


def test_a_signature_is_read_once(unet, monkeypatch):
    with trim(unet):
        monkeypatch.setattr(inspect, "_signature_from_function", None)
        run(unet)


def test_nothing_is_left_behind(unet):
    modules = list(unet.modules())
    before = [dict(vars(module)) for module in modules]
    with trim(unet):
        assert [dict(vars(module)) for module in modules] != before
    assert [dict(vars(module)) for module in modules] == before
    assert not any("__call__" in vars(module.processor) for module in modules if isinstance(module, Attention))
