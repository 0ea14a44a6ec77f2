"""Group norms in float32 give the bits of half precision, or the check detects that they do not."""

import pytest
import torch
from torch import nn

from seedlab.pipelines.exact.kernels.group_norm import is_equal_upcast, is_slow, upcast, upcast_norms


def make_norm(channels: int, dtype: torch.dtype = torch.bfloat16) -> nn.GroupNorm:
    torch.manual_seed(0)
    norm = nn.GroupNorm(32, channels)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    return norm.to(dtype)


def make_values(channels: int, side: int, dtype: torch.dtype = torch.bfloat16, seed: int = 0) -> torch.Tensor:
    values = torch.randn(2, channels, side, side, generator=torch.Generator().manual_seed(seed))
    return values.to(dtype).to(memory_format=torch.channels_last)


SHAPES = [(64, 16), (96, 12), (128, 8), (256, 16), (256, 4), (320, 16), (384, 4)]


@pytest.mark.parametrize(("channels", "side"), SHAPES)
def test_norms_that_are_equal_by_the_check_are_equal_for_other_inputs(channels, side):
    norm = make_norm(channels)
    forward = upcast(norm)
    with torch.no_grad():
        if not is_equal_upcast(norm, make_values(channels, side)):
            pytest.skip("this processor rounds this shape differently")
        for seed in range(1, 30):
            values = make_values(channels, side, seed=seed) * seed + seed
            assert torch.equal(norm(values), forward(values))


def test_some_norms_are_equal():
    """Otherwise the test above would check nothing."""
    with torch.no_grad():
        assert any(is_equal_upcast(make_norm(channels), make_values(channels, side)) for channels, side in SHAPES)


@pytest.mark.parametrize(("channels", "side"), SHAPES)
def test_all_norms_are_close(channels, side):
    norm, values = make_norm(channels), make_values(channels, side) * 9 + 9
    with torch.no_grad():
        torch.testing.assert_close(norm(values), upcast(norm)(values))


def test_dtype_and_strides_stay_the_same():
    norm, values = make_norm(64), make_values(64, 8)
    with torch.no_grad():
        plain, result = norm(values), upcast(norm)(values)
    assert (plain.dtype, plain.stride()) == (result.dtype, result.stride())


def test_a_rare_difference_is_detected():
    """In float16 one value of 100,000 differs."""
    norm, values = make_norm(128), make_values(128, 4)
    norm.forward = lambda value: nn.GroupNorm.forward(norm, value) + (value == value.max()) * (len(value) > 2)
    with torch.no_grad():
        assert torch.equal(norm(values), upcast(norm)(values))
        assert not is_equal_upcast(norm, values)


def test_a_different_rounding_is_detected_if_the_input_does_not_reveal_it():
    norm, values = make_norm(128), make_values(128, 4)
    norm.forward = lambda value: nn.GroupNorm.forward(norm, value * (1 + 2**-8) if value.mean() > 9 else value)
    with torch.no_grad():
        assert torch.equal(norm(values), upcast(norm)(values))
        assert not is_equal_upcast(norm, values)


def test_a_different_order_of_summation_is_detected(monkeypatch):
    norm, values = make_norm(128), make_values(128, 4)
    native = torch.native_group_norm

    def sum_differently(value, *rest):
        result, mean, rstd = native(value, *rest)
        return result, mean * (1 + 2**-23 * (value.dtype != torch.float32)), rstd

    with torch.no_grad():
        assert is_equal_upcast(norm, values)
        monkeypatch.setattr(torch, "native_group_norm", sum_differently)
        assert not is_equal_upcast(norm, values)


@pytest.mark.parametrize(
    ("norm", "values", "slow"),
    [
        (make_norm(256), make_values(256, 16), True),
        (make_norm(256), make_values(256, 32), False),
        (make_norm(512), make_values(512, 16), False),
        (make_norm(256), make_values(256, 16).contiguous(), False),
        (make_norm(384), make_values(384, 1), False),
        (make_norm(256, torch.float32), make_values(256, 16, torch.float32), False),
        (make_norm(256, torch.float16), make_values(256, 16, torch.float16), False),
        (make_norm(256), make_values(256, 16).flatten(2), False),
        (nn.GroupNorm(32, 256, affine=False), make_values(256, 16), False),
        (nn.LayerNorm(16), make_values(256, 16), False),
    ],
    ids=[
        "slow",
        "many positions",
        "many channels",
        "contiguous",
        "one position",
        "float32",
        "float16",
        "sequence",
        "no weights",
        "another norm",
    ],
)
def test_small_images_with_few_channels_are_slow(norm, values, slow):
    assert is_slow(norm, values) == slow


def test_norms_are_upcast_inside_the_context_only():
    root, values = nn.Sequential(make_norm(64), nn.SiLU(), make_norm(64)), make_values(64, 8)
    with torch.no_grad():
        before = root(values)
        with upcast_norms(root, ("0", "2")):
            assert ["forward" in vars(module) for module in root] == [True, False, True]
            torch.testing.assert_close(root(values), before)
    assert not any("forward" in vars(module) for module in root)
