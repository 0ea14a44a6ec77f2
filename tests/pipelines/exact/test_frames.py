"""Autoencoders of videos decode pictures faster, with the bits of their own layers."""

from itertools import chain

import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderKLQwenImage, AutoencoderKLWan
from torch import nn

from seedlab.pipelines.exact.kernels import frames
from seedlab.pipelines.exact.kernels.frames import (
    decode_frames_faster,
    is_causal_convolution,
    is_channel_norm,
    normalize,
)

LATENTS = torch.randn(2, 4, 1, 16, 16, generator=torch.Generator().manual_seed(0))


def make(kind=AutoencoderKLQwenImage, dtype=torch.float32):
    torch.manual_seed(0)
    vae = kind(base_dim=8, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1).to(dtype)
    vae.use_slicing = True
    return vae


@torch.no_grad()
def decode(vae, latents=LATENTS):
    return vae.decode(latents.to(vae.dtype), return_dict=False)[0]


def decode_faster(vae, latents=LATENTS):
    with decode_frames_faster(vae):
        return decode(vae, latents)


def record(monkeypatch, name, change=lambda value: value):
    """Return a list of the modules that one of the faster ways computes from now on, and change its results."""
    called, way = [], getattr(frames, name)
    monkeypatch.setattr(frames, name, lambda module, value: (called.append(module), change(way(module, value)))[1])
    return called


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("kind", [AutoencoderKLQwenImage, AutoencoderKLWan])
def test_pictures_keep_their_bits(kind, dtype):
    vae = make(kind, dtype)
    plain = decode(vae)
    for _ in range(2):  # layers are compared in the first call
        assert torch.equal(decode_faster(vae), plain)
    assert "decode" not in vars(vae)
    assert all("forward" not in vars(module) for module in vae.modules())


def test_the_layers_that_take_most_of_the_time_are_replaced(monkeypatch):
    normed = record(monkeypatch, "normalize_channels")
    convolved = record(monkeypatch, "convolve_flat"), record(monkeypatch, "convolve_last")
    vae = make()
    decode_faster(vae)
    names = {module: name for name, module in vae.named_modules()}
    assert {"decoder.norm_out", "decoder.up_blocks.3.resnets.0.norm1"} <= {names.get(module) for module in normed}
    assert {names.get(module) for module in chain(*convolved)} & {"decoder.conv_in", "decoder.conv_out"}


@pytest.mark.parametrize("is_found", [True, False])
@pytest.mark.parametrize("name", ["convolve_flat", "normalize_channels"])
def test_a_way_with_other_bits_is_not_used(monkeypatch, name, is_found):
    """It is found by comparing the layers, or else by comparing the picture."""
    vae = make()
    plain = decode(vae)
    called = record(monkeypatch, name, lambda value: value * (1 + 2**-20))
    if not is_found:
        monkeypatch.setattr(frames, "_is_equal", lambda *_: True)
    assert torch.equal(decode_faster(vae), plain)
    assert called
    called.clear()
    assert torch.equal(decode_faster(vae), plain)
    assert not called


def test_an_order_of_summation_that_bfloat16_hides_is_found(monkeypatch):
    monkeypatch.setattr(frames, "normalize", lambda value: normalize(value.flip(1)).flip(1))
    norm = make(dtype=torch.bfloat16).decoder.norm_out
    assert not frames._is_equal(norm, frames.normalize_channels, torch.ones(1, 8, 1, 32, 32, dtype=torch.bfloat16))


def test_lengths_of_zero_are_not_divided_by():
    assert torch.equal(normalize(torch.zeros(1, 8, 2, 2)), torch.zeros(1, 8, 2, 2))


def test_videos_are_decoded_as_ever():
    vae, video = make(), LATENTS.repeat(1, 1, 3, 1, 1)
    assert torch.equal(decode_faster(vae, video), decode(vae, video))


def test_other_autoencoders_are_left_as_they_are():
    for vae in (AutoencoderKL(block_out_channels=(32,)), nn.Identity(), None):
        with decode_frames_faster(vae):
            assert "decode" not in vars(vae or nn.Identity())


def test_layers_that_differ_in_more_than_zeros_are_not_taken_for_causal_ones():
    vae = make()
    assert is_causal_convolution(vae.decoder.conv_in)
    assert not is_causal_convolution(vae.post_quant_conv), "of one frame"
    assert not is_causal_convolution(nn.Conv3d(4, 4, 3, padding=1))
    assert is_channel_norm(vae.decoder.norm_out)
    assert not is_channel_norm(nn.GroupNorm(2, 4))
