"""Group norms in float32: the same bits as in half precision, or not, which is told."""

import pytest
import torch
from torch import nn

from seedlab.pipelines.exact.group_norm import is_slow, widen, widen_norms, widens_equally


def make_norm(channels: int, dtype: torch.dtype = torch.bfloat16) -> nn.GroupNorm:
    torch.manual_seed(0)
    norm = nn.GroupNorm(32, channels)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    return norm.to(dtype)


def make_values(channels: int, side: int, dtype: torch.dtype = torch.bfloat16, seed: int = 0) -> torch.Tensor:
    values = torch.randn(2, channels, side, side, generator=torch.Generator().manual_seed(seed))
    return values.to(dtype).to(memory_format=torch.channels_last)


@pytest.mark.parametrize(("channels", "side"), [(64, 16), (96, 12), (128, 8), (256, 16), (256, 4), (320, 16), (384, 4)])
def test_where_it_says_so_the_bits_are_the_same_of_inputs_that_it_never_saw(channels, side):
    norm = make_norm(channels)
    wide = widen(norm)
    with torch.no_grad():
        is_equal = widens_equally(norm, make_values(channels, side))
        for seed in range(1, 30):
            values = make_values(channels, side, seed=seed) * seed + seed
            assert torch.equal(norm(values), wide(values)) or not is_equal
            torch.testing.assert_close(norm(values), wide(values))


def test_the_values_lie_as_they_did():
    norm, values = make_norm(64), make_values(64, 8)
    with torch.no_grad():
        plain, wide = norm(values), widen(norm)(values)
    assert (plain.dtype, plain.stride()) == (wide.dtype, wide.stride())


def test_a_rounding_that_seldom_shows_is_told():
    """As float16 has it: one value of 100,000 is another."""
    norm, values = make_norm(128), make_values(128, 4)
    norm.forward = lambda value: nn.GroupNorm.forward(norm, value) + (value == value.max()) * (len(value) > 2)
    with torch.no_grad():
        assert torch.equal(norm(values), widen(norm)(values))
        assert not widens_equally(norm, values)


def test_another_rounding_is_told_where_no_value_shows_it():
    norm, values = make_norm(128), make_values(128, 4)
    norm.forward = lambda value: nn.GroupNorm.forward(norm, value * (1 + 2**-8) if value.mean() > 9 else value)
    with torch.no_grad():
        assert torch.equal(norm(values), widen(norm)(values))
        assert not widens_equally(norm, values)


def test_another_order_of_summation_is_told(monkeypatch):
    norm, values = make_norm(128), make_values(128, 4)
    native = torch.native_group_norm

    def sum_otherwise(value, *rest):
        result, mean, rstd = native(value, *rest)
        return result, mean * (1 + 2**-23 * (value.dtype != torch.float32)), rstd

    with torch.no_grad():
        assert widens_equally(norm, values)
        monkeypatch.setattr(torch, "native_group_norm", sum_otherwise)
        assert not widens_equally(norm, values)


@pytest.mark.parametrize(
    ("norm", "values", "slow"),
    [
        (make_norm(256), make_values(256, 16), True),
        (make_norm(256), make_values(256, 32), False),
        (make_norm(512), make_values(512, 16), False),
        (make_norm(256), make_values(256, 16).contiguous(), False),
        (make_norm(256, torch.float32), make_values(256, 16, torch.float32), False),
        (make_norm(256, torch.float16), make_values(256, 16, torch.float16), False),
        (make_norm(256), make_values(256, 16).flatten(2), False),
        (nn.GroupNorm(32, 256, affine=False), make_values(256, 16), False),
        (nn.LayerNorm(16), make_values(256, 16), False),
    ],
    ids=["small", "many places", "many channels", "rows", "float32", "float16", "sequence", "bare", "another norm"],
)
def test_small_pictures_with_few_channels_are_slow(norm, values, slow):
    assert is_slow(norm, values) == slow


def test_norms_are_wide_for_as_long_as_it_lasts():
    root, values = nn.Sequential(make_norm(64), nn.SiLU(), make_norm(64)), make_values(64, 8)
    with torch.no_grad():
        before = root(values)
        with widen_norms(root, ("0", "2")):
            assert ["forward" in vars(module) for module in root] == [True, False, True]
            torch.testing.assert_close(root(values), before)
    assert not any("forward" in vars(module) for module in root)
