"""Group norms computed in float32, where that gives the bits of bfloat16 and takes a fifth of the time.

torch's kernel for channels-last memory goes over a picture place by place when there are few places; with few channels
in a group it then works on a handful of numbers at a time, and in bfloat16 each such handful takes it five times as
long (`GroupNormKernelImplChannelsLastInternal` in torch's group_norm_kernel.cpp, measured with torch 2.13). It sums in
float32 either way, so that the bits are often the same; calibration sees whether they are. In float16 they are not.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from seedlab.pipelines.patching import replace_attribute

PLACES = 1024
"""From so many places on the kernel goes over whole rows of channels."""

LANES = 16
"""Channels of a group that it works on at a time: the numbers of a vector."""

TRIALS = 2**20
"""Values that are compared, at the least: what rounds otherwise may show in one of 100,000."""


def is_slow(norm: nn.Module, value: Any) -> bool:
    """Whether torch takes the slow way for this input."""
    return (
        type(norm) is nn.GroupNorm
        and norm.affine
        and isinstance(value, Tensor)
        and value.ndim == 4
        and value.device.type == "cpu"
        and value.dtype is torch.bfloat16
        and value.is_contiguous(memory_format=torch.channels_last)
        and value.shape[2] * value.shape[3] < PLACES
        and norm.num_channels // norm.num_groups < LANES
    )


def widen(norm: Any) -> Callable[[Tensor], Tensor]:
    """Return a group norm's `forward` that computes in float32."""
    weight, bias = norm.weight.float(), norm.bias.float()
    return lambda value: functional.group_norm(value.float(), norm.num_groups, weight, bias, norm.eps).to(value.dtype)


def widens_equally(norm: Any, value: Tensor) -> bool:
    """Whether a norm gives the same bits in float32 as for this input.

    It is looked for on a million values of noise, too, on noise far from zero, of which the norm leaves little but
    rounding, and in the statistics, where another order of summation shows.
    """
    rows = -(-TRIALS // value[0].numel())
    noise = torch.randn((rows, *value.shape[1:]), generator=torch.Generator().manual_seed(0))
    near, far = (each.to(value.dtype).to(memory_format=torch.channels_last) for each in (noise, 1024 + 8 * noise))
    wide = widen(norm)
    return all(torch.equal(norm.forward(each), wide(each)) for each in (value, near, far)) and all(
        map(torch.equal, _summarize(norm, near), _summarize(norm, near.float()))
    )


@contextmanager
def widen_norms(root: nn.Module, names: Sequence[str]) -> Iterator[None]:
    """Let the group norms of these names compute in float32, as long as this lasts."""
    with ExitStack() as stack:
        for name in names:
            norm = root.get_submodule(name)
            stack.enter_context(replace_attribute(norm, "forward", widen(norm)))
        yield


def _summarize(norm: Any, value: Tensor) -> tuple[Tensor, Tensor]:
    """Return the means and the inverse deviations of all groups; with weights in float32 they are told in that."""
    rows, channels = value.shape[:2]
    places, weight, bias = value[0, 0].numel(), norm.weight.float(), norm.bias.float()
    _, mean, rstd = torch.native_group_norm(value, weight, bias, rows, channels, places, norm.num_groups, norm.eps)
    return mean, rstd
